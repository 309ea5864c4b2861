/* The syntax tree. ast.def has one row for each kind of node; all memory is the arena's. */
#ifndef MINI_PARSER_AST_H
#define MINI_PARSER_AST_H

#include "lexer/lexer.h"

typedef struct Node Node;

typedef struct NodeList {
    Node **items;
    uint32_t count;
} NodeList;

typedef struct Text {
    const char *data; /* UTF-8; NULL: absent */
    uint32_t length;
} Text;

typedef struct TextList {
    Text *items;
    uint32_t count;
} TextList;

/* The order is that of vm/type.h's binary slots. */
typedef enum BinaryOperator {
    BINARY_ADD, BINARY_SUB, BINARY_MUL, BINARY_MATMUL, BINARY_DIV, BINARY_FLOORDIV, BINARY_MOD, BINARY_POW,
    BINARY_LSHIFT, BINARY_RSHIFT, BINARY_AND, BINARY_OR, BINARY_XOR,
    BINARY_OPERATOR_COUNT
} BinaryOperator;

typedef enum UnaryOperator { UNARY_NEGATIVE, UNARY_POSITIVE, UNARY_INVERT, UNARY_NOT } UnaryOperator;

typedef enum CompareOperator {
    COMPARE_LT, COMPARE_LE, COMPARE_EQ, COMPARE_NE, COMPARE_GT, COMPARE_GE,
    COMPARE_IS, COMPARE_IS_NOT, COMPARE_IN, COMPARE_NOT_IN
} CompareOperator;

typedef enum ConstantKind {
    CONSTANT_NONE, CONSTANT_TRUE, CONSTANT_FALSE, CONSTANT_ELLIPSIS,
    CONSTANT_INT,     /* integer */
    CONSTANT_BIG,     /* digits, base */
    CONSTANT_FLOAT,   /* real */
    CONSTANT_COMPLEX, /* real: the imaginary part */
    CONSTANT_STR,     /* data, length: UTF-8 with lone surrogates as three bytes */
    CONSTANT_BYTES
} ConstantKind;

typedef struct Constant {
    ConstantKind kind;
    bool unicode_prefix; /* u'...' */
    int base;
    int64_t integer;
    double real;
    const char *data; /* digits, or string contents */
    size_t length;
} Constant;

typedef enum NodeKind {
#define NODE(kind, fields) NODE_##kind,
#include "parser/ast.def"
#undef NODE
    NODE_KIND_COUNT
} NodeKind;

struct Node {
    NodeKind kind;
    Position start, end;
    union {
#define F(type, name) type name;
#define NODE(kind, fields) struct { char unused_; fields } kind;
#include "parser/ast.def"
#undef NODE
#undef F
    } as;
};

const char *node_kind_name(NodeKind kind);

#endif
