/* Reader, the engine: tokens, memory of results, nodes, and how errors are raised.
 *
 * Messages and ranges are CPython 3.13's. To add a way of placing an error, add a raise_ function here. */
#include "parser/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { READ_DEPTH_LIMIT = 3000 }; /* rules inside rules; deeper, the reader gives up and the error has no words of its own */

struct Memo {
    Memo *next;
    Rule rule;
    uint32_t mark; /* behind the result */
    Node *node;
};

/* --- tokens --- */

TokenKind reader_peek(Reader *r)
{
    if (r->raised || r->mark >= r->count)
        return TOKEN_ENDMARKER;
    if (r->mark > r->furthest)
        r->furthest = r->mark;
    TokenKind kind = r->tokens[r->mark].kind;
    if (kind == TOKEN_ERRORTOKEN && r->lexical.set && r->mark + 1 == r->count) {
        *r->error = r->lexical;
        r->raised = true;
    }
    return kind;
}

TokenKind reader_peek_behind(Reader *r)
{
    r->mark++;
    TokenKind kind = reader_peek(r);
    r->mark--;
    return kind;
}

bool reader_accept(Reader *r, TokenKind kind)
{
    if (reader_peek(r) != kind || r->raised || r->mark >= r->count)
        return false;
    r->mark++;
    return true;
}

bool reader_next_is_word(Reader *r, const char *word)
{
    if (reader_peek(r) != TOKEN_NAME)
        return false;
    const Token *token = &r->tokens[r->mark];
    return token->length == strlen(word) && memcmp(token->text, word, token->length) == 0;
}

bool reader_accept_word(Reader *r, const char *word)
{
    if (!reader_next_is_word(r, word))
        return false;
    r->mark++;
    return true;
}

/* --- results --- */

void *reader_back(Reader *r, uint32_t mark)
{
    r->mark = mark;
    return NULL;
}

Node *reader_node(Reader *r, NodeKind kind, uint32_t from)
{
    Node *node = arena_alloc(r->arena, node_kind_size(kind));
    if (!node) {
        r->raised = true;
        node = &r->nowhere;
        memset(node, 0, sizeof *node);
    }
    node->kind = kind;
    node->start = r->tokens[from].start;
    node->end = r->tokens[r->mark > from ? r->mark - 1 : from].end;
    return node;
}

void nodes_add(Reader *r, NodeList *list, Node *node)
{
    uint32_t count = list->count;
    if ((count & (count - 1)) == 0) { /* room for a power of two */
        Node **items = arena_alloc(r->arena, (count ? 2 * count : 1) * sizeof *items);
        if (!items) {
            r->raised = true;
            return;
        }
        if (count)
            memcpy(items, list->items, count * sizeof *items);
        list->items = items;
    }
    list->items[list->count++] = node;
}

Node *reader_memo(Reader *r, Rule rule, Node *(*read)(Reader *r))
{
    uint32_t from = r->mark;
    if (r->raised || from >= r->count)
        return NULL;
    for (Memo *memo = r->memo[from]; memo; memo = memo->next)
        if (memo->rule == rule) {
            r->mark = memo->mark;
            return memo->node;
        }
    if (++r->depth > READ_DEPTH_LIMIT)
        r->raised = true;
    Node *node = read(r);
    r->depth--;
    if (r->raised)
        return NULL;
    Memo *memo = arena_alloc(r->arena, sizeof *memo);
    if (!memo) {
        r->raised = true;
        return NULL;
    }
    *memo = (Memo){r->memo[from], rule, r->mark, node};
    r->memo[from] = memo;
    return node;
}

/* --- names of expressions --- */

static const char *constant_name(ConstantKind kind)
{
    switch (kind) {
    case CONSTANT_NONE:
        return "None";
    case CONSTANT_TRUE:
        return "True";
    case CONSTANT_FALSE:
        return "False";
    case CONSTANT_ELLIPSIS:
        return "ellipsis";
    default:
        return "literal";
    }
}

const char *expression_name(const Node *node)
{
    static const struct {
        NodeKind kind;
        const char *name;
    } names[] = {
        {NODE_Attribute, "attribute"}, {NODE_Subscript, "subscript"}, {NODE_Starred, "starred"}, {NODE_Name, "name"},
        {NODE_List, "list"}, {NODE_Tuple, "tuple"}, {NODE_Lambda, "lambda"}, {NODE_Call, "function call"},
        {NODE_GeneratorExp, "generator expression"}, {NODE_Yield, "yield expression"},
        {NODE_YieldFrom, "yield expression"}, {NODE_Await, "await expression"}, {NODE_ListComp, "list comprehension"},
        {NODE_SetComp, "set comprehension"}, {NODE_DictComp, "dict comprehension"}, {NODE_Dict, "dict literal"},
        {NODE_Set, "set display"}, {NODE_JoinedStr, "f-string expression"}, {NODE_Compare, "comparison"},
        {NODE_IfExp, "conditional expression"}, {NODE_NamedExpr, "named expression"},
    };
    if (node->kind == NODE_Constant)
        return constant_name(node->as.Constant.constant.kind);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].kind == node->kind)
            return names[i].name;
    return "expression";
}

/* --- raising --- */

static void *raise_formatted(Reader *r, Position start, Position end, const char *format, va_list arguments)
{
    if (r->raised)
        return NULL;
    r->raised = true;
    r->error->set = true;
    r->error->kind = SYNTAX_ERROR;
    r->error->start = start;
    r->error->end = end;
    vsnprintf(r->error->message, sizeof r->error->message, format, arguments);
    return NULL;
}

#define RAISE(start, end)                                        \
    do {                                                         \
        va_list arguments;                                       \
        va_start(arguments, format);                             \
        raise_formatted(r, start, end, format, arguments);       \
        va_end(arguments);                                       \
        return NULL;                                             \
    } while (0)

void *raise_range(Reader *r, Position start, Position end, const char *format, ...)
{
    RAISE(start, end);
}

void *raise_at_node(Reader *r, const Node *node, const char *format, ...)
{
    RAISE(node->start, node->end);
}

void *raise_at_token(Reader *r, uint32_t token, const char *format, ...)
{
    if (token >= r->count)
        token = r->count - 1;
    RAISE(r->tokens[token].start, r->tokens[token].end);
}

/* At the last token that has been read, however far back the reader has gone since. */
void *raise_at_last(Reader *r, const char *format, ...)
{
    RAISE(r->tokens[r->furthest].start, r->tokens[r->furthest].end);
}

/* Where CPython's lexer stands behind the last token that has been read; it forgets to count from 1 there. */
static Position lexer_position(const Reader *r)
{
    Position end = r->tokens[r->furthest].end;
    return (Position){end.line, end.column - 1u};
}

void *raise_from_token(Reader *r, uint32_t token, const char *format, ...)
{
    RAISE(r->tokens[token].start, lexer_position(r));
}

void *raise_from_position(Reader *r, Position start, const char *message)
{
    return raise_range(r, start, lexer_position(r), "%s", message);
}

bool reader_force(Reader *r, TokenKind kind, const char *text)
{
    if (reader_accept(r, kind))
        return true;
    if (r->seeking && !r->raised)
        raise_at_token(r, r->mark, "expected '%s'", text);
    return false;
}

/* --- targets --- */

/* The first part of an expression that cannot be a target; NULL: all of it can. */
static Node *invalid_target(Node *node, TargetUse use)
{
    NodeList elements;
    switch (node->kind) {
    case NODE_Name: case NODE_Attribute: case NODE_Subscript:
        return NULL;
    case NODE_Starred:
        return use == TARGET_DELETE ? node : invalid_target(node->as.Starred.value, use);
    case NODE_Compare:
        if (use != TARGET_FOR)
            return node;
        return node->as.Compare.ops[0] == COMPARE_IN ? invalid_target(node->as.Compare.left, use) : NULL;
    case NODE_List:
        elements = node->as.List.elements;
        break;
    case NODE_Tuple:
        elements = node->as.Tuple.elements;
        break;
    default:
        return node;
    }
    for (uint32_t i = 0; i < elements.count; i++) {
        Node *wrong = invalid_target(elements.items[i], use);
        if (wrong)
            return wrong;
    }
    return NULL;
}

void *raise_invalid_target(Reader *r, Node *target, TargetUse use)
{
    Node *wrong = invalid_target(target, use);
    if (wrong)
        raise_at_node(r, wrong, "cannot %s %s", use == TARGET_DELETE ? "delete" : "assign to", expression_name(wrong));
    return NULL;
}
