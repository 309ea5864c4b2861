/* Reader, part 2: primaries, atoms, calls, comprehensions and strings, and the mistakes inside brackets.
 *
 * To add a message: find the CPython rule (invalid_...) that gives it, and put the check where that rule stands among
 * its alternatives. */
#include "parser/reader.h"

#include <string.h>

/* --- comprehensions --- */

static Node *read_clause(Reader *r)
{
    uint32_t from = r->mark;
    reader_accept(r, TOKEN_KW_ASYNC);
    if (!reader_accept(r, TOKEN_KW_FOR) || !read_star_targets(r) || !reader_accept(r, TOKEN_KW_IN))
        return reader_back(r, from);
    Node *last = read_disjunction(r);
    if (!last) /* CPython commits to this alternative behind `in` */
        return reader_back(r, from);
    for (uint32_t mark = r->mark; reader_accept(r, TOKEN_KW_IF); mark = r->mark) {
        Node *condition = read_disjunction(r);
        if (!condition) {
            r->mark = mark;
            break;
        }
        last = condition;
    }
    return r->raised ? NULL : last;
}

static bool clause_reached_in(Reader *r)
{
    uint32_t from = r->mark;
    reader_accept(r, TOKEN_KW_ASYNC);
    bool reached = reader_accept(r, TOKEN_KW_FOR) && read_star_targets(r) && reader_accept(r, TOKEN_KW_IN);
    r->mark = from;
    return reached;
}

static void seek_clause(Reader *r)
{
    uint32_t from = r->mark;
    reader_accept(r, TOKEN_KW_ASYNC);
    if (!reader_accept(r, TOKEN_KW_FOR)) {
        r->mark = from;
        return;
    }
    uint32_t targets = r->mark;
    bool some = false;
    while (read_arithmetic(r)) {
        some = true;
        if (!reader_accept(r, TOKEN_COMMA))
            break;
    }
    if (some && reader_peek(r) != TOKEN_KW_IN && !r->raised) /* in CPython's first pass, too */
        raise_at_last(r, "'in' expected after for-loop variables");
    r->mark = targets;
    Node *target = r->seeking ? read_star_expressions(r) : NULL;
    if (target)
        raise_invalid_target(r, target, TARGET_FOR);
    r->mark = from;
}

static Node *clauses(Reader *r)
{
    Node *last = NULL;
    for (;;) {
        TokenKind next = reader_peek(r);
        if (next != TOKEN_KW_FOR && !(next == TOKEN_KW_ASYNC && reader_peek_behind(r) == TOKEN_KW_FOR))
            break;
        Node *clause = read_clause(r);
        if (!clause && !clause_reached_in(r))
            seek_clause(r);
        if (!clause)
            break;
        last = clause;
    }
    return r->raised ? NULL : last;
}

Node *read_clauses(Reader *r)
{
    return reader_memo(r, RULE_CLAUSES, clauses);
}

/* `[`, `(` or `{`, then what looks like a comprehension but is none. */
static void seek_comprehension(Reader *r)
{
    uint32_t from = r->mark;
    bool paren = reader_peek(r) == TOKEN_LPAREN;
    r->mark++;
    Node *starred = read_starred_expression(r);
    if (starred && read_clauses(r)) {
        raise_at_node(r, starred, "iterable unpacking cannot be used in comprehension");
        return;
    }
    r->mark = from + 1;
    Node *first = paren ? NULL : read_star_named_expression(r);
    if (first && reader_accept(r, TOKEN_COMMA)) {
        uint32_t comma = r->mark - 1;
        NodeList rest = {NULL, 0};
        Node *last = read_star_named_expressions(r, &rest);
        if (last && read_clauses(r)) {
            raise_range(r, first->start, last->end, "did you forget parentheses around the comprehension target?");
            return;
        }
        r->mark = comma + 1;
        if (read_clauses(r))
            raise_range(r, first->start, r->tokens[comma].end,
                        "did you forget parentheses around the comprehension target?");
    }
    r->mark = from;
}

/* element clauses close. */
static Node *read_comprehension(Reader *r, NodeKind kind, TokenKind close)
{
    uint32_t from = r->mark++;
    Node *element = read_assignment_expression(r);
    if (!element && kind != NODE_GeneratorExp)
        element = read_named_expression(r);
    else if (!element && (element = read_expression(r)) && reader_peek(r) == TOKEN_COLONEQUAL)
        element = NULL;
    if (element && read_clauses(r) && reader_accept(r, close))
        return reader_node(r, kind, from);
    r->mark = from;
    if (r->seeking)
        seek_comprehension(r);
    return NULL;
}

/* --- displays --- */

static Node *read_plain_list(Reader *r)
{
    uint32_t from = r->mark++;
    NodeList elements = {NULL, 0};
    read_star_named_expressions(r, &elements);
    if (reader_accept(r, TOKEN_RBRACKET)) {
        Node *node = reader_node(r, NODE_List, from);
        node->as.List.elements = elements;
        return node;
    }
    return reader_back(r, from);
}

static Node *read_list(Reader *r)
{
    Node *node = read_plain_list(r);
    return node ? node : read_comprehension(r, NODE_ListComp, TOKEN_RBRACKET);
}

static Node *read_tuple(Reader *r)
{
    uint32_t from = r->mark++;
    NodeList elements = {NULL, 0};
    Node *first = read_star_named_expression(r);
    if (first) {
        nodes_add(r, &elements, first);
        if (!reader_accept(r, TOKEN_COMMA))
            return reader_back(r, from);
        read_star_named_expressions(r, &elements);
    }
    if (!reader_accept(r, TOKEN_RPAREN))
        return reader_back(r, from);
    Node *node = reader_node(r, NODE_Tuple, from);
    node->as.Tuple.elements = elements;
    return node;
}

/* The node inside, as a copy that knows about its parentheses. */
static Node *node_parenthesize(Reader *r, const Node *inner)
{
    Node *node = arena_alloc(r->arena, node_kind_size(inner->kind));
    if (!node) {
        r->raised = true;
        return NULL;
    }
    memcpy(node, inner, node_kind_size(inner->kind));
    node->flags |= NODE_PARENTHESIZED;
    return node;
}

static Node *read_group(Reader *r)
{
    uint32_t from = r->mark++;
    Node *inner = reader_peek(r) == TOKEN_KW_YIELD ? read_yield(r) : read_named_expression(r);
    if (inner && reader_accept(r, TOKEN_RPAREN))
        return node_parenthesize(r, inner);
    r->mark = from + 1;
    if (r->seeking && !r->raised) {
        Node *starred = read_starred_expression(r);
        if (starred && reader_accept(r, TOKEN_RPAREN))
            raise_at_node(r, starred, "cannot use starred expression here");
        r->mark = from + 1;
        if (reader_accept(r, TOKEN_DOUBLESTAR) && read_expression(r) && reader_accept(r, TOKEN_RPAREN))
            raise_at_token(r, from + 1, "cannot use double starred expression here");
    }
    return reader_back(r, from);
}

static Node *read_parentheses(Reader *r)
{
    Node *node = read_tuple(r);
    if (!node)
        node = read_group(r);
    return node ? node : read_comprehension(r, NODE_GeneratorExp, TOKEN_RPAREN);
}

Node *read_display(Reader *r)
{
    if (reader_peek(r) == TOKEN_LBRACKET)
        return read_plain_list(r);
    Node *node = read_tuple(r);
    return node ? node : read_comprehension(r, NODE_GeneratorExp, TOKEN_RPAREN);
}

static bool read_pair(Reader *r)
{
    uint32_t from = r->mark;
    if (reader_accept(r, TOKEN_DOUBLESTAR) ? read_arithmetic(r) != NULL
                                           : read_expression(r) && reader_accept(r, TOKEN_COLON) && read_expression(r))
        return true;
    reader_back(r, from);
    return false;
}

static bool read_plain_pair(Reader *r)
{
    uint32_t from = r->mark;
    if (read_expression(r) && reader_accept(r, TOKEN_COLON) && read_expression(r))
        return true;
    reader_back(r, from);
    return false;
}

/* One or more pairs with commas between, none behind. */
static bool read_pairs(Reader *r)
{
    if (!read_pair(r))
        return false;
    for (uint32_t mark = r->mark; reader_accept(r, TOKEN_COMMA); mark = r->mark)
        if (!read_pair(r)) {
            r->mark = mark;
            break;
        }
    return !r->raised;
}

/* A key whose value is missing or starred. */
static void seek_pair_value(Reader *r)
{
    uint32_t from = r->mark;
    if (read_expression(r) && reader_accept(r, TOKEN_COLON)) {
        uint32_t colon = r->mark - 1;
        if (reader_accept(r, TOKEN_STAR) && read_arithmetic(r))
            raise_from_token(r, colon + 1, "cannot use a starred expression in a dictionary value");
        r->mark = colon + 1;
        TokenKind next = reader_peek(r);
        if (!r->raised && (next == TOKEN_RBRACE || next == TOKEN_COMMA))
            raise_at_token(r, colon, "expression expected after dictionary key and ':'");
    }
    r->mark = from;
}

static void seek_pairs(Reader *r)
{
    uint32_t from = r->mark;
    if (read_pairs(r) && reader_accept(r, TOKEN_COMMA)) {
        uint32_t mark = r->mark;
        Node *key = read_expression(r);
        if (key && reader_peek(r) != TOKEN_COLON && !r->raised) {
            Position start = {key->start.line, key->end.column ? key->end.column - 1 : 0};
            raise_range(r, start, (Position){key->end.line, NO_COLUMN}, "':' expected after dictionary key");
        }
        r->mark = mark;
        seek_pair_value(r);
    }
    r->mark = from;
    seek_pair_value(r);
}

static Node *read_dict(Reader *r)
{
    uint32_t from = r->mark++;
    if (read_pairs(r))
        reader_accept(r, TOKEN_COMMA);
    if (reader_accept(r, TOKEN_RBRACE))
        return reader_node(r, NODE_Dict, from);
    r->mark = from + 1;
    seek_pairs(r); /* CPython does so in its first pass already */
    return reader_back(r, from);
}

static Node *read_set(Reader *r)
{
    uint32_t from = r->mark++;
    NodeList elements = {NULL, 0};
    if (read_star_named_expressions(r, &elements) && reader_accept(r, TOKEN_RBRACE))
        return reader_node(r, NODE_Set, from);
    return reader_back(r, from);
}

static Node *read_dict_comprehension(Reader *r)
{
    uint32_t from = r->mark++;
    if (read_plain_pair(r) && read_clauses(r) && reader_accept(r, TOKEN_RBRACE))
        return reader_node(r, NODE_DictComp, from);
    r->mark = from + 1;
    if (r->seeking && reader_accept(r, TOKEN_DOUBLESTAR) && read_arithmetic(r) && read_clauses(r) &&
        reader_accept(r, TOKEN_RBRACE))
        raise_at_token(r, from + 1, "dict unpacking cannot be used in dict comprehension");
    return reader_back(r, from);
}

static Node *read_braces(Reader *r)
{
    Node *node = read_dict(r);
    if (!node)
        node = read_set(r);
    if (!node)
        node = read_dict_comprehension(r);
    return node ? node : read_comprehension(r, NODE_SetComp, TOKEN_RBRACE);
}

/* --- strings --- */

static bool read_fstring_parts(Reader *r);

/* Behind `{`: nothing that could be an expression. */
static void seek_field_expression(Reader *r)
{
    static const char *const marks[] = {"=", "!", ":", "}"};
    static const TokenKind kinds[] = {TOKEN_EQUAL, TOKEN_EXCLAMATION, TOKEN_COLON, TOKEN_RBRACE};
    for (int i = 0; i < 4; i++)
        if (reader_peek(r) == kinds[i])
            raise_at_token(r, r->mark, "f-string: valid expression required before '%s'", marks[i]);
    uint32_t from = r->mark;
    if (!r->raised && !read_rhs(r))
        raise_at_token(r, from, "f-string: expecting a valid expression after '{'");
    r->mark = from;
}

static bool next_is_any(Reader *r, TokenKind a, TokenKind b, TokenKind c)
{
    TokenKind next = reader_peek(r);
    return r->raised || next == a || next == b || next == c;
}

/* A field that does not end as it should; `from`: behind its `{`. */
static void seek_field_end(Reader *r, uint32_t from)
{
    r->mark = from;
    if (!read_rhs(r))
        return;
    if (!next_is_any(r, TOKEN_EQUAL, TOKEN_EXCLAMATION, TOKEN_COLON) && reader_peek(r) != TOKEN_RBRACE)
        raise_at_token(r, r->mark, "f-string: expecting '=', or '!', or ':', or '}'");
    if (reader_accept(r, TOKEN_EQUAL) && !next_is_any(r, TOKEN_EXCLAMATION, TOKEN_COLON, TOKEN_RBRACE))
        raise_at_token(r, r->mark, "f-string: expecting '!', or ':', or '}'");
    if (reader_accept(r, TOKEN_EXCLAMATION)) {
        if (!r->raised && next_is_any(r, TOKEN_COLON, TOKEN_RBRACE, TOKEN_RBRACE))
            raise_at_token(r, r->mark, "f-string: missing conversion character");
        if (!reader_accept(r, TOKEN_NAME))
            raise_at_token(r, r->mark, "f-string: invalid conversion character");
    }
    if (!next_is_any(r, TOKEN_COLON, TOKEN_RBRACE, TOKEN_RBRACE))
        raise_at_token(r, r->mark, "f-string: expecting ':' or '}'");
    if (reader_accept(r, TOKEN_COLON)) {
        read_fstring_parts(r);
        if (reader_peek(r) != TOKEN_RBRACE && !r->raised)
            raise_at_token(r, r->mark, "f-string: expecting '}', or format specs");
    }
    if (reader_peek(r) != TOKEN_RBRACE && !r->raised)
        raise_at_token(r, r->mark, "f-string: expecting '}'");
}

static bool read_conversion(Reader *r)
{
    uint32_t mark = r->mark;
    if (!reader_accept(r, TOKEN_EXCLAMATION) || !reader_accept(r, TOKEN_NAME)) {
        r->mark = mark;
        return true;
    }
    const Token *name = &r->tokens[mark + 1];
    if (name->start.line != r->tokens[mark].end.line || name->start.column != r->tokens[mark].end.column) {
        raise_range(r, r->tokens[mark].start, name->end,
                    "f-string: conversion type must come right after the exclamanation mark");
        return false;
    }
    if (name->length == 1 && memchr("sra", name->text[0], 3))
        return true;
    raise_at_token(r, mark + 1, "f-string: invalid conversion character %s%.*s%s: expected 's', 'r', or 'a'", "'",
                   (int)name->as.name.length, name->as.name.data, "'");
    return false;
}

static bool read_field(Reader *r)
{
    uint32_t from = r->mark;
    if (!reader_accept(r, TOKEN_LBRACE))
        return false;
    if (read_rhs(r)) {
        reader_accept(r, TOKEN_EQUAL);
        if (read_conversion(r)) {
            if (reader_accept(r, TOKEN_COLON))
                read_fstring_parts(r);
            if (reader_accept(r, TOKEN_RBRACE))
                return true;
        }
    }
    r->mark = from + 1;
    if (r->seeking) {
        seek_field_expression(r);
        seek_field_end(r, from + 1);
    }
    reader_back(r, from);
    return false;
}

/* Always true: there may be none. */
static bool read_fstring_parts(Reader *r)
{
    while (reader_accept(r, TOKEN_FSTRING_MIDDLE) || read_field(r))
        ;
    return true;
}

Node *read_strings(Reader *r)
{
    uint32_t from = r->mark;
    bool bytes = false, text = false, formatted = false;
    for (;;) {
        uint32_t mark = r->mark;
        if (reader_accept(r, TOKEN_STRING)) {
            bytes |= r->tokens[mark].as.string.is_bytes;
            text |= !r->tokens[mark].as.string.is_bytes;
            continue;
        }
        if (!reader_accept(r, TOKEN_FSTRING_START))
            break;
        read_fstring_parts(r);
        if (!reader_accept(r, TOKEN_FSTRING_END)) {
            reader_back(r, mark);
            break;
        }
        text = formatted = true;
    }
    if (r->raised || r->mark == from)
        return reader_back(r, from);
    if (bytes && text)
        return raise_at_last(r, "cannot mix bytes and nonbytes literals");
    Node *node = reader_node(r, formatted ? NODE_JoinedStr : NODE_Constant, from);
    if (!formatted)
        node->as.Constant.constant.kind = bytes ? CONSTANT_BYTES : CONSTANT_STR;
    return node;
}

/* --- atoms --- */

static Node *read_simple_atom(Reader *r, NodeKind kind, ConstantKind constant)
{
    r->mark++;
    Node *node = reader_node(r, kind, r->mark - 1);
    if (kind == NODE_Constant)
        node->as.Constant.constant.kind = constant;
    return node;
}

Node *read_atom(Reader *r)
{
    Node *node;
    switch (reader_peek(r)) {
    case TOKEN_NAME:
        return read_simple_atom(r, NODE_Name, CONSTANT_NONE);
    case TOKEN_NUMBER:
        return read_simple_atom(r, NODE_Constant, CONSTANT_INT);
    case TOKEN_KW_NONE:
        return read_simple_atom(r, NODE_Constant, CONSTANT_NONE);
    case TOKEN_KW_TRUE:
        return read_simple_atom(r, NODE_Constant, CONSTANT_TRUE);
    case TOKEN_KW_FALSE:
        return read_simple_atom(r, NODE_Constant, CONSTANT_FALSE);
    case TOKEN_ELLIPSIS:
        return read_simple_atom(r, NODE_Constant, CONSTANT_ELLIPSIS);
    case TOKEN_STRING: case TOKEN_FSTRING_START:
        return read_strings(r);
    case TOKEN_LPAREN:
        node = read_parentheses(r);
        break;
    case TOKEN_LBRACKET:
        node = read_list(r);
        break;
    case TOKEN_LBRACE:
        node = read_braces(r);
        break;
    default:
        return NULL;
    }
    return r->raised ? NULL : node;
}

/* --- arguments --- */

static void *seek_starred_assignment(Reader *r, TokenKind stars, const char *what)
{
    uint32_t from = r->mark;
    Node *value;
    if (reader_accept(r, stars) && read_expression(r) && reader_accept(r, TOKEN_EQUAL) && (value = read_expression(r)))
        return raise_range(r, r->tokens[from].start, value->end, "cannot assign to %s argument unpacking", what);
    return reader_back(r, from);
}

Node *read_starred_expression(Reader *r)
{
    uint32_t from = r->mark;
    if (reader_peek(r) != TOKEN_STAR)
        return NULL;
    if (r->seeking)
        seek_starred_assignment(r, TOKEN_STAR, "iterable");
    r->mark = from + 1;
    Node *value = read_expression(r);
    if (!value) {
        if (!r->raised) /* in CPython's first pass, too */
            raise_at_last(r, "Invalid star expression");
        return reader_back(r, from);
    }
    Node *node = reader_node(r, NODE_Starred, from);
    node->as.Starred.value = value;
    return node;
}

static void seek_keyword(Reader *r)
{
    uint32_t from = r->mark;
    TokenKind next = reader_peek(r);
    if ((next == TOKEN_KW_TRUE || next == TOKEN_KW_FALSE || next == TOKEN_KW_NONE) &&
        reader_peek_behind(r) == TOKEN_EQUAL)
        raise_range(r, r->tokens[from].start, r->tokens[from + 1].end, "cannot assign to %s", token_text(next));
    bool name = next == TOKEN_NAME && reader_peek_behind(r) == TOKEN_EQUAL;
    if (name) {
        r->mark += 2;
        if (read_expression(r) && read_clauses(r))
            raise_range(r, r->tokens[from].start, r->tokens[from + 1].end,
                        "invalid syntax. Maybe you meant '==' or ':=' instead of '='?");
    } else {
        Node *target = read_expression(r);
        if (target && reader_accept(r, TOKEN_EQUAL))
            raise_range(r, target->start, r->tokens[r->mark - 1].end,
                        "expression cannot contain assignment, perhaps you meant \"==\"?");
    }
    r->mark = from;
    seek_starred_assignment(r, TOKEN_DOUBLESTAR, "keyword");
    r->mark = from;
}

/* name=value and, as told, *value or **value. */
static Node *read_keyword(Reader *r, bool double_starred)
{
    uint32_t from = r->mark;
    if (r->seeking)
        seek_keyword(r);
    if (reader_accept(r, TOKEN_NAME) && reader_accept(r, TOKEN_EQUAL) && read_expression(r)) {
        Node *node = reader_node(r, NODE_Keyword, from);
        node->as.Keyword.name = (Text){r->tokens[from].text, r->tokens[from].length};
        return node;
    }
    reader_back(r, from);
    if (!double_starred)
        return read_starred_expression(r);
    if (reader_accept(r, TOKEN_DOUBLESTAR) && read_expression(r))
        return reader_node(r, NODE_Keyword, from);
    return reader_back(r, from);
}

/* Commas between, none behind. */
static bool read_keywords_of(Reader *r, Node *call, bool double_starred)
{
    bool some = false;
    uint32_t mark = r->mark;
    do {
        Node *item = read_keyword(r, double_starred);
        if (!item)
            break;
        nodes_add(r, item->kind == NODE_Starred ? &call->as.Call.args : &call->as.Call.keywords, item);
        some = true;
        mark = r->mark;
    } while (reader_accept(r, TOKEN_COMMA));
    r->mark = mark;
    return some && !r->raised;
}

static bool read_keywords(Reader *r, Node *call)
{
    bool some = read_keywords_of(r, call, false);
    uint32_t mark = r->mark;
    if (some && !reader_accept(r, TOKEN_COMMA))
        return !r->raised;
    if (!read_keywords_of(r, call, true))
        r->mark = mark;
    return !r->raised && (some || r->mark > mark);
}

static Node *read_positional(Reader *r)
{
    uint32_t from = r->mark;
    if (reader_peek(r) == TOKEN_STAR)
        return read_starred_expression(r);
    Node *node = read_assignment_expression(r);
    if (!node && ((node = read_expression(r)) == NULL || reader_peek(r) == TOKEN_COLONEQUAL))
        return reader_back(r, from);
    return reader_peek(r) == TOKEN_EQUAL ? reader_back(r, from) : node;
}

/* Positional arguments with commas between, none behind. */
static bool read_positionals(Reader *r, Node *call)
{
    uint32_t mark = r->mark;
    bool some = false;
    do {
        Node *item = read_positional(r);
        if (!item)
            break;
        nodes_add(r, &call->as.Call.args, item);
        some = true;
        mark = r->mark;
    } while (reader_accept(r, TOKEN_COMMA));
    r->mark = mark;
    return some && !r->raised;
}

static Node *args(Reader *r)
{
    uint32_t from = r->mark;
    Node *call = reader_node(r, NODE_Call, from);
    if (!read_positionals(r, call))
        return !r->raised && read_keywords(r, call) ? call : reader_back(r, from);
    uint32_t mark = r->mark;
    if (reader_accept(r, TOKEN_COMMA) && !read_keywords(r, call))
        r->mark = mark;
    return r->raised ? NULL : call;
}

static Node *read_args(Reader *r)
{
    return reader_memo(r, RULE_ARGS, args);
}

static bool call_has_keyword(const Node *call)
{
    return call->as.Call.keywords.count > 0;
}

static bool call_unpacks_keywords(const Node *call)
{
    for (uint32_t i = 0; i < call->as.Call.keywords.count; i++)
        if (!call->as.Call.keywords.items[i]->as.Keyword.name.data)
            return true;
    return false;
}

/* *iterable behind **mapping. */
static void seek_star_behind_keywords(Reader *r)
{
    uint32_t from = r->mark;
    Node *call = read_args(r);
    uint32_t comma = r->mark;
    if (call && call_has_keyword(call) && reader_accept(r, TOKEN_COMMA) && reader_peek(r) == TOKEN_STAR) {
        Node *last = NULL;
        uint32_t mark = r->mark;
        do {
            Node *starred = read_starred_expression(r);
            if (!starred || reader_peek(r) == TOKEN_EQUAL)
                break;
            last = starred;
            mark = r->mark;
        } while (reader_accept(r, TOKEN_COMMA));
        r->mark = mark;
        if (last && !r->raised)
            raise_range(r, r->tokens[comma].start, last->end,
                        "iterable argument unpacking follows keyword argument unpacking");
    }
    r->mark = from;
}

static void raise_bare_generator(Reader *r, const Node *element, const Node *last)
{
    raise_range(r, element->start, last->end, "Generator expression must be parenthesized");
}

/* element for ... , */
static void seek_first_generator(Reader *r)
{
    uint32_t from = r->mark;
    Node *element = read_expression(r), *last = element ? read_clauses(r) : NULL;
    if (last && reader_accept(r, TOKEN_COMMA)) {
        if (!read_args(r) && read_expression(r))
            read_clauses(r);
        if (!r->raised)
            raise_bare_generator(r, element, last);
    }
    r->mark = from;
}

static void seek_keyword_value(Reader *r)
{
    uint32_t from = r->mark;
    if (reader_accept(r, TOKEN_NAME) && reader_accept(r, TOKEN_EQUAL) && read_expression(r) && read_clauses(r))
        raise_range(r, r->tokens[from].start, r->tokens[from + 1].end,
                    "invalid syntax. Maybe you meant '==' or ':=' instead of '='?");
    r->mark = from;
    if (read_args(r) && !reader_accept(r, TOKEN_COMMA))
        r->mark = from;
    for (int i = 0; i < 2 && !r->raised; i++) {
        uint32_t name = r->mark;
        if (reader_accept(r, TOKEN_NAME) && reader_accept(r, TOKEN_EQUAL)) {
            TokenKind next = reader_peek(r);
            if (next == TOKEN_COMMA || next == TOKEN_RPAREN)
                raise_range(r, r->tokens[name].start, r->tokens[name + 1].end, "expected argument value expression");
        }
        r->mark = from;
    }
}

/* Positional arguments in the wrong place, and generators without parentheses behind other arguments. */
static void seek_late_argument(Reader *r)
{
    uint32_t from = r->mark;
    Node *call = read_args(r), *last = call ? read_clauses(r) : NULL;
    if (last && call->as.Call.args.count > 1)
        raise_bare_generator(r, call->as.Call.args.items[call->as.Call.args.count - 1], last);
    r->mark = from;
    call = read_args(r);
    uint32_t mark = r->mark;
    if (call && reader_accept(r, TOKEN_COMMA)) {
        Node *element = read_expression(r);
        if (element && (last = read_clauses(r)))
            raise_bare_generator(r, element, last);
        r->mark = mark + 1;
        if (read_args(r))
            raise_at_last(r, call_unpacks_keywords(call) ? "positional argument follows keyword argument unpacking"
                                                         : "positional argument follows keyword argument");
    }
    r->mark = from;
}

static Node *arguments(Reader *r)
{
    uint32_t from = r->mark;
    Node *call = read_args(r);
    if (call) {
        reader_accept(r, TOKEN_COMMA);
        if (reader_peek(r) == TOKEN_RPAREN)
            return call;
    }
    r->mark = from;
    if (r->seeking) {
        seek_star_behind_keywords(r);
        seek_first_generator(r);
        seek_keyword_value(r);
        seek_late_argument(r);
    }
    return reader_back(r, from);
}

Node *read_arguments(Reader *r)
{
    return reader_memo(r, RULE_ARGUMENTS, arguments);
}

/* --- subscripts and primaries --- */

static Node *read_slice(Reader *r)
{
    uint32_t from = r->mark;
    read_expression(r);
    if (reader_accept(r, TOKEN_COLON)) {
        read_expression(r);
        if (reader_accept(r, TOKEN_COLON))
            read_expression(r);
        return r->raised ? NULL : reader_node(r, NODE_Slice, from);
    }
    r->mark = from;
    return read_named_expression(r);
}

static Node *slices(Reader *r)
{
    uint32_t from = r->mark;
    Node *only = read_slice(r);
    if (only && reader_peek(r) != TOKEN_COMMA)
        return r->raised ? NULL : only;
    r->mark = from;
    bool some = false;
    do {
        Node *item = read_slice(r);
        if (!item)
            item = read_starred_expression(r);
        if (!item)
            break;
        some = true;
    } while (reader_accept(r, TOKEN_COMMA));
    return some && !r->raised ? reader_node(r, NODE_Tuple, from) : reader_back(r, from);
}

Node *read_slices(Reader *r)
{
    return reader_memo(r, RULE_SLICES, slices);
}

/* One suffix of a primary. Result: the node up to it, NULL if there is none. */
static Node *read_suffix(Reader *r, uint32_t from)
{
    uint32_t mark = r->mark;
    TokenKind next = reader_peek(r);
    if (r->seeking && (next == TOKEN_LBRACKET || next == TOKEN_LBRACE)) /* CPython looks for a generator here, if wrong */
        seek_comprehension(r);
    switch (next) {
    case TOKEN_DOT:
        r->mark++;
        if (reader_accept(r, TOKEN_NAME))
            return reader_node(r, NODE_Attribute, from);
        break;
    case TOKEN_LPAREN:
        if (read_comprehension(r, NODE_GeneratorExp, TOKEN_RPAREN))
            return reader_node(r, NODE_Call, from);
        r->mark = mark + 1;
        read_arguments(r);
        if (reader_accept(r, TOKEN_RPAREN))
            return reader_node(r, NODE_Call, from);
        break;
    case TOKEN_LBRACKET:
        r->mark++;
        if (read_slices(r) && reader_accept(r, TOKEN_RBRACKET))
            return reader_node(r, NODE_Subscript, from);
        break;
    default:
        break;
    }
    return reader_back(r, mark);
}

static Node *primary(Reader *r)
{
    uint32_t from = r->mark;
    Node *node = read_atom(r);
    for (Node *longer = node; longer; longer = read_suffix(r, from))
        node = longer;
    return r->raised ? NULL : node;
}

Node *read_primary(Reader *r)
{
    return reader_memo(r, RULE_PRIMARY, primary);
}
