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
    CONSTANT_BYTES,
    CONSTANT_VALUE    /* integer: the bits of a Value that the compiler folded and owns */
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

enum NodeFlag {
    NODE_PARENTHESIZED = 1,   /* stood in parentheses of its own (a Tuple's own parentheses do not count) */
    NODE_BARE_GENERATOR = 2,  /* an argument without parentheses of its own (parser only) */
    NODE_WITH_ITEMS = 4,      /* a Tuple of WithItems (parser only) */
    NODE_EXCEPT_STAR = 8,     /* ExceptHandler: except* (parser only) */
};

/* A node is allocated in the size of its kind: copy pointers, not nodes.
 * depth: levels of nodes below, at most NODE_DEPTH_LIMIT (build.h), where a chain of binary operators nested in their
 * left operands, and a chain of elif (an If alone in an If's orelse), count as one: whoever recurses over the tree must
 * loop over these two. */
struct Node {
    NodeKind kind;
    Position start, end;
    uint8_t flags;
    uint16_t depth;
    union {
#define F(type, name) type name;
#define NODE(kind, fields) struct { fields } kind;
#include "parser/ast.def"
#undef NODE
#undef F
    } as;
};

const char *node_kind_name(NodeKind kind);
size_t node_kind_size(NodeKind kind); /* bytes of a node of this kind */

#endif
