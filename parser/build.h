/* Builders: what the actions of grammar.y call to make nodes, one for each grammar symbol.
 *
 * A value on the grammar's stack is an Item (a token or a finished node, with the position of its first token, which
 * is not the node's when the node stands in parentheses), a Mark (a list that still grows) or a closed list.
 * A node ends where the last token ends that the grammar has shifted: every rule is reduced before the next one is.
 *
 * Nothing here fails by its result: what is not Python sets `rejected` before its logical line ends (errors.c then finds
 * the message), no memory or
 * too deep a tree sets `failed`; either ends the parse after the current token. Nodes for which there is no memory all
 * are `nowhere`, so that builders need no checks; what walks a tree looks at `failed` first. */
#ifndef MINI_PARSER_BUILD_H
#define MINI_PARSER_BUILD_H

#include "parser/parser.h"

/* Nodes nested deeper than this are an error: later passes recurse. A chain of binary operators to the left and a chain
 * of elif count as one level. */
enum { NODE_DEPTH_LIMIT = 2000 };

typedef struct Item {
    Position start;
    union {
        Node *node;       /* expressions; NAME, NUMBER, STRING and FSTRING_MIDDLE tokens */
        const char *text; /* other tokens: where they stand in the source */
    };
} Item;

/* A list in progress: everything that lies on the parser's item stack from `from` on. Lists close in LIFO order. */
typedef struct Mark {
    Position start;
    uint32_t from;
} Mark;

typedef enum ParamKind { PARAM_PLAIN, PARAM_STAR, PARAM_BARE_STAR, PARAM_DOUBLE_STAR, PARAM_SLASH } ParamKind;

typedef struct Param {
    ParamKind kind;
    Node *arg;           /* Arg; NULL for a bare star and a slash */
    Node *default_value; /* NULL: none */
} Param;

typedef struct Parser {
    Arena *arena;
    SyntaxErrorInfo *error;
    const Token *current; /* the token that is being fed */
    Position last_end;    /* end of the last shifted token that is not NEWLINE, INDENT, DEDENT */
    void **items;         /* the item stack: Node *, or Param * in lists of parameters */
    uint32_t count, capacity;
    uint32_t open_with_items; /* parentheses with `as` inside that no `with` has claimed yet */
    size_t stack_bytes;       /* what the grammar's stack holds */
    Node *result;
    bool rejected, failed;
    const Node *repeated; /* a Keyword whose name its call has used before: an error, unless there are others */
    Node nowhere;
} Parser;

/* --- the generated parser (end of grammar.y) --- */
typedef struct Grammar Grammar;
enum { SYMBOL_START_EXEC = TOKEN_COUNT, SYMBOL_START_EVAL, SYMBOL_START_SINGLE, SYMBOL_MATCH, SYMBOL_CASE, SYMBOL_TYPE };
Grammar *grammar_new(Parser *p); /* in the arena; NULL with p->failed set */
void grammar_feed(Grammar *grammar, int symbol, Item value);
void *grammar_stack_grow(Parser *p, void *old, size_t size);
void grammar_overflow(Parser *p);

/* --- nodes and lists --- */
#define NO_ITEM ((Item){{0, 0}, {NULL}})
#define NO_NODES ((NodeList){NULL, 0})
void parser_reject(Parser *p);
void parser_fail(Parser *p, const char *message);
Node *node_new(Parser *p, NodeKind kind, Position start);
Node *node_adopt(Parser *p, Node *parent, Node *child); /* child; keeps the tree's depth */
NodeList node_adopt_all(Parser *p, Node *parent, NodeList children);
void list_add(Parser *p, void *item);
Mark list_empty(Parser *p);
Mark list_open(Parser *p, Item first);
uint32_t list_count(const Parser *p, Mark list);
Item list_only(Parser *p, Mark list); /* closes a list of one */
NodeList list_close(Parser *p, Mark list);
TextList list_close_names(Parser *p, Mark list);
Text node_text(const Node *name); /* a Name's id; NULL: absent */

/* --- expressions --- */
Item build_group(Parser *p, Item paren, Mark elements);
Item build_yield_group(Item paren, Item yield);
Item build_paren_tuple(Parser *p, Item paren, Mark elements);
Item build_tuple(Parser *p, Mark elements);
Item build_named_expression(Parser *p, Item target, Item value);
Item build_if_expression(Parser *p, Item body, Item test, Item orelse);
Item build_bool_op(Parser *p, bool is_or, Mark values);
Item build_binary(Parser *p, Item left, BinaryOperator op, Item right);
Item build_unary(Parser *p, Item token, UnaryOperator op, Item operand);
Mark build_comparison_first(Parser *p, Item left, CompareOperator op, Item right);
void build_comparison_next(Parser *p, CompareOperator op, Item right);
Item build_comparison(Parser *p, Mark chain);
Item build_await(Parser *p, Item token, Item value);
Item build_yield(Parser *p, Item token, Item value);
Item build_yield_from(Parser *p, Item token, Item value);
Item build_lambda(Parser *p, Item token, Node *args, Item body);
Item build_starred(Parser *p, Item star, Item value);
Item build_attribute(Parser *p, Item value, Item name);
Item build_subscript(Parser *p, Item value, Item slice);
Item build_slice(Parser *p, Item colon, Item lower, Item upper, Item step);
Item build_call(Parser *p, Item func, Item paren, Mark arguments, bool trailing_comma);
Item build_keyword(Parser *p, Item name, Item value);
Item build_double_starred(Parser *p, Item stars, Item value);
Item build_generator_argument(Parser *p, Item element, Mark clauses);
Item build_constant(Parser *p, Item token, ConstantKind kind);
Item build_sequence(Parser *p, NodeKind kind, Item bracket, Mark elements); /* List, Set */
Item build_dict(Parser *p, Item brace, Mark pairs);
Item build_comprehension(Parser *p, NodeKind kind, Item bracket, Item element, Mark clauses);
Item build_dict_comprehension(Parser *p, Item brace, Item key, Item value, Mark clauses);
Item build_clause(Parser *p, Item token, Item target, Item iter, Mark ifs, bool is_async);
Item build_paren_with_item(Parser *p, Item context, Item target);
Item check_target(Parser *p, Item target); /* target; rejects what star_targets does not allow */
Item check_single_target(Parser *p, Item target);
void check_delete_target(Parser *p, const Node *target);
void check_with_items(Parser *p); /* at the end of a logical line: rejects `(a as b)` outside `with` */
Item token_leaf(Parser *p, const Token *token); /* the Item of a token, with a node for tokens that have a value */

/* --- strings --- */
Item build_strings(Parser *p, Mark parts);
Item build_fstring(Parser *p, Item start, Mark parts);
void build_replacement(Parser *p, Item brace, Item value, Item debug, Item conversion, Item spec);
Item build_debug_end(Parser *p);
Item build_conversion(Parser *p, Item token, Item name);

/* --- statements --- */
void build_file(Parser *p, NodeList body);
void build_eval(Parser *p, Item body);
void build_single(Parser *p, NodeList body);
Item build_expression_statement(Parser *p, Item value);
Item build_assign(Parser *p, Mark targets, Item value);
Item build_annotated_assign(Parser *p, Item target, Item annotation, Item value);
Item build_augmented_assign(Parser *p, Item target, BinaryOperator op, Item value);
Item build_plain(Parser *p, NodeKind kind, Item token);
Item build_return(Parser *p, Item token, Item value);
Item build_raise(Parser *p, Item token, Item exc, Item cause);
Item build_assert(Parser *p, Item token, Item test, Item message);
Item build_delete(Parser *p, Item token, Mark targets);
Item build_scope_names(Parser *p, NodeKind kind, Item token, Mark names);
Item build_type_alias(Parser *p, Item token, Item name, NodeList type_params, Item value);
Item build_import(Parser *p, Item token, Mark names);
Item build_import_from(Parser *p, Item token, int level, Item module, Mark names);
Item build_alias(Parser *p, Item name, Item asname);
Item build_star_alias(Parser *p, Item star);
Item build_dotted_name(Parser *p, Mark names);
Item build_if(Parser *p, Item token, Item test, NodeList body, Mark elifs, NodeList orelse);
Item build_elif(Parser *p, Item token, Item test, NodeList body);
Item build_while(Parser *p, Item token, Item test, NodeList body, NodeList orelse);
Item build_for(Parser *p, Item token, Item target, Item iter, NodeList body, NodeList orelse);
Item build_with_head(Parser *p, Item token, Mark items);
Item build_with(Parser *p, Item head, NodeList body);
Item build_with_item(Parser *p, Item context, Item target);
Item build_try(Parser *p, Item token, NodeList body, Mark handlers, NodeList orelse, NodeList finalbody);
Item build_handler(Parser *p, Item token, Item type, Item name, bool is_star);
void build_next_handler(Parser *p, Mark handlers, Item next);
void build_handler_body(Parser *p, NodeList body); /* of the handler that was added last */
Item build_async(Parser *p, Item token, Item statement);
Item build_decorated(Parser *p, Mark decorators, Item definition);
NodeList build_class_arguments(Parser *p, Mark arguments);
Item build_class(Parser *p, Item token, Item name, NodeList type_params, NodeList arguments, NodeList body);
Item build_function(Parser *p, Item token, Item name, NodeList type_params, Node *args, Item returns, NodeList body);
Item build_type_param(Parser *p, NodeKind kind, Position start, Item name, Item bound, Item default_value);

/* --- parameters --- */
Mark build_param_first(Parser *p);
Item build_arg(Parser *p, Item name, Item annotation);
void build_param(Parser *p, ParamKind kind, Item arg, Item default_value);
Node *build_arguments(Parser *p, Mark params);

/* --- match --- */
Item build_match(Parser *p, Item token, Item subject, Mark cases);
Item build_case(Parser *p, Item token, Item pattern, Item guard, NodeList body);
Item build_open_sequence(Parser *p, Mark patterns);
Item build_as_pattern(Parser *p, Item pattern, Item name);
Item build_or_pattern(Parser *p, Mark patterns);
Item build_value_pattern(Parser *p, Item value);
Item build_singleton_pattern(Parser *p, Item token, ConstantKind kind);
Item build_capture_pattern(Parser *p, Item name);
Item build_star_pattern(Parser *p, Item star, Item name);
Item build_paren_pattern(Parser *p, Item paren, Mark patterns);
Item build_sequence_pattern(Parser *p, Item bracket, Mark patterns);
Item build_mapping_pattern(Parser *p, Item brace, Mark items);
Item build_class_pattern(Parser *p, Item cls, Mark arguments);
Item build_complex_number(Parser *p, Item real, BinaryOperator op, Item imaginary);

#endif
