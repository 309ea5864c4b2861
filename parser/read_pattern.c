/* Reader, part 5: the patterns of match statements.
 *
 * To add a message: find the CPython rule (invalid_...) that gives it, and put the check where that rule stands among
 * its alternatives. */
#include "parser/reader.h"

static bool read_pattern(Reader *r);

static bool fail(Reader *r, uint32_t mark)
{
    reader_back(r, mark);
    return false;
}

/* --- literals and names --- */

/* A number, or two that make a complex one. */
static bool read_number(Reader *r)
{
    uint32_t from = r->mark;
    reader_accept(r, TOKEN_MINUS);
    uint32_t real = r->mark;
    if (!reader_accept(r, TOKEN_NUMBER))
        return fail(r, from);
    uint32_t mark = r->mark;
    if ((reader_accept(r, TOKEN_PLUS) || reader_accept(r, TOKEN_MINUS)) && reader_accept(r, TOKEN_NUMBER)) {
        if (r->tokens[real].as.number.kind == NUMBER_IMAGINARY)
            raise_at_token(r, real, "real number required in complex literal");
        else if (r->tokens[r->mark - 1].as.number.kind != NUMBER_IMAGINARY)
            raise_at_token(r, r->mark - 1, "imaginary number required in complex literal");
        return !r->raised;
    }
    r->mark = mark;
    return !r->raised;
}

static bool read_literal(Reader *r)
{
    switch (reader_peek(r)) {
    case TOKEN_KW_NONE: case TOKEN_KW_TRUE: case TOKEN_KW_FALSE:
        r->mark++;
        return true;
    case TOKEN_STRING: case TOKEN_FSTRING_START:
        return read_strings(r) != NULL;
    case TOKEN_NUMBER: case TOKEN_MINUS:
        return read_number(r);
    default:
        return false;
    }
}

/* name.name...; at least one dot. */
static bool read_qualified(Reader *r)
{
    uint32_t from = r->mark;
    if (!reader_accept(r, TOKEN_NAME))
        return false;
    uint32_t mark = r->mark;
    while (reader_accept(r, TOKEN_DOT) && reader_accept(r, TOKEN_NAME))
        mark = r->mark;
    r->mark = mark;
    return mark > from + 1 ? !r->raised : fail(r, from);
}

static bool next_binds(Reader *r)
{
    TokenKind next = reader_peek(r);
    return r->raised || next == TOKEN_DOT || next == TOKEN_LPAREN || next == TOKEN_EQUAL;
}

/* A name that takes a value: not _, and nothing that makes it something else behind it. */
static bool read_capture(Reader *r)
{
    uint32_t from = r->mark;
    if (!reader_next_is_word(r, "_") && reader_accept(r, TOKEN_NAME) && !next_binds(r))
        return true;
    return fail(r, from);
}

/* --- sequences and mappings --- */

static bool read_star_pattern(Reader *r)
{
    uint32_t from = r->mark;
    if (!reader_accept(r, TOKEN_STAR))
        return read_pattern(r);
    return read_capture(r) || reader_accept_word(r, "_") || fail(r, from);
}

/* Commas between, perhaps one behind. How many; *comma: whether there was any comma. */
static uint32_t read_star_patterns(Reader *r, bool *comma)
{
    uint32_t count = 0;
    *comma = false;
    while (read_star_pattern(r)) {
        count++;
        if (!reader_accept(r, TOKEN_COMMA))
            break;
        *comma = true;
    }
    return r->raised ? 0 : count;
}

static bool read_paren_pattern(Reader *r)
{
    uint32_t from = r->mark++;
    bool comma;
    if (read_pattern(r) && reader_accept(r, TOKEN_RPAREN))
        return true;
    r->mark = from + 1;
    uint32_t count = read_star_patterns(r, &comma);
    if (count == 1 && !comma)
        r->mark = from + 1;
    return reader_accept(r, TOKEN_RPAREN) || fail(r, from);
}

static bool read_list_pattern(Reader *r)
{
    uint32_t from = r->mark++;
    bool comma;
    read_star_patterns(r, &comma);
    return reader_accept(r, TOKEN_RBRACKET) || fail(r, from);
}

static bool read_mapping_pattern(Reader *r)
{
    uint32_t from = r->mark++;
    for (uint32_t mark = r->mark;;) {
        if (reader_accept(r, TOKEN_DOUBLESTAR)) {
            if (read_capture(r))
                reader_accept(r, TOKEN_COMMA);
            else
                r->mark = mark;
            break;
        }
        if (!(read_literal(r) || read_qualified(r)) || !reader_accept(r, TOKEN_COLON) || !read_pattern(r)) {
            r->mark = mark;
            break;
        }
        if (!reader_accept(r, TOKEN_COMMA))
            break;
        mark = r->mark;
    }
    return reader_accept(r, TOKEN_RBRACE) || fail(r, from);
}

/* --- classes --- */

static bool read_keyword_pattern(Reader *r)
{
    uint32_t from = r->mark;
    return (reader_accept(r, TOKEN_NAME) && reader_accept(r, TOKEN_EQUAL) && read_pattern(r)) || fail(r, from);
}

/* Commas between, none behind. */
static bool read_class_patterns(Reader *r, bool (*read)(Reader *r))
{
    if (!read(r))
        return false;
    for (uint32_t mark = r->mark; reader_accept(r, TOKEN_COMMA); mark = r->mark)
        if (!read(r)) {
            r->mark = mark;
            break;
        }
    return !r->raised;
}

/* Positional patterns behind keyword patterns. */
static void seek_class_pattern(Reader *r)
{
    if (read_class_patterns(r, read_pattern))
        reader_accept(r, TOKEN_COMMA);
    if (read_class_patterns(r, read_keyword_pattern) && reader_accept(r, TOKEN_COMMA)) {
        uint32_t first = r->mark;
        if (read_class_patterns(r, read_pattern))
            raise_range(r, r->tokens[first].start, r->tokens[r->mark - 1].end,
                        "positional patterns follow keyword patterns");
    }
}

static bool read_class_pattern(Reader *r)
{
    uint32_t from = r->mark;
    if (!(read_qualified(r) || reader_accept(r, TOKEN_NAME)) || !reader_accept(r, TOKEN_LPAREN))
        return fail(r, from);
    uint32_t open = r->mark;
    uint32_t mark = r->mark;
    if (read_class_patterns(r, read_pattern)) {
        mark = r->mark;
        if (reader_accept(r, TOKEN_COMMA) && !read_class_patterns(r, read_keyword_pattern))
            r->mark = mark;
    } else {
        read_class_patterns(r, read_keyword_pattern);
    }
    if (r->mark > open)
        reader_accept(r, TOKEN_COMMA);
    if (reader_accept(r, TOKEN_RPAREN))
        return true;
    r->mark = open;
    if (r->seeking)
        seek_class_pattern(r);
    return fail(r, from);
}

/* --- patterns --- */

static Node *closed_pattern(Reader *r)
{
    uint32_t from = r->mark;
    bool found;
    switch (reader_peek(r)) {
    case TOKEN_NAME:
        found = read_capture(r) || reader_accept_word(r, "_");
        if (!found && read_qualified(r) && !(found = !next_binds(r)))
            r->mark = from;
        if (!found)
            found = read_class_pattern(r);
        break;
    case TOKEN_LPAREN:
        found = read_paren_pattern(r);
        break;
    case TOKEN_LBRACKET:
        found = read_list_pattern(r);
        break;
    case TOKEN_LBRACE:
        found = read_mapping_pattern(r);
        break;
    default:
        found = read_literal(r);
    }
    return found && !r->raised ? reader_node(r, NODE_MatchAs, from) : reader_back(r, from);
}

static bool read_closed_pattern(Reader *r)
{
    return reader_memo(r, RULE_CLOSED_PATTERN, closed_pattern) != NULL;
}

static bool read_pattern(Reader *r)
{
    if (!read_closed_pattern(r))
        return false;
    for (uint32_t mark = r->mark; reader_accept(r, TOKEN_VBAR); mark = r->mark)
        if (!read_closed_pattern(r)) {
            r->mark = mark;
            break;
        }
    uint32_t mark = r->mark;
    if (!reader_accept(r, TOKEN_KW_AS))
        return !r->raised;
    if (read_capture(r))
        return true;
    if (r->seeking) {
        if (reader_next_is_word(r, "_"))
            raise_at_token(r, mark + 1, "cannot use '_' as a target");
        Node *target = reader_peek(r) == TOKEN_NAME ? NULL : read_expression(r);
        if (target)
            raise_at_node(r, target, "invalid pattern target");
    }
    r->mark = mark;
    return !r->raised;
}

bool read_patterns(Reader *r)
{
    uint32_t from = r->mark;
    bool comma;
    if (read_star_patterns(r, &comma) && comma)
        return true;
    r->mark = from;
    return !r->raised && read_pattern(r);
}
