/* Reader, part 3: parameters of functions and lambdas, and what can be wrong with their order.
 *
 * A parameter is read with the comma behind it, or up to the end token. To add a message: another seek_ function, called
 * where CPython's invalid_ rule stands. */
#include "parser/reader.h"

typedef enum Default { WITHOUT, WITH, EITHER } Default;

static bool read_annotation(Reader *r, TokenKind end, bool starred)
{
    if (end == TOKEN_COLON || !reader_accept(r, TOKEN_COLON))
        return true;
    if (starred && reader_peek(r) == TOKEN_STAR) {
        r->mark++;
        return read_arithmetic(r) != NULL;
    }
    return read_expression(r) != NULL;
}

/* name [: annotation] */
static bool read_parameter(Reader *r, TokenKind end, bool starred)
{
    uint32_t from = r->mark;
    if (reader_accept(r, TOKEN_NAME)) {
        uint32_t mark = r->mark;
        if (!read_annotation(r, end, starred))
            r->mark = mark;
        return !r->raised;
    }
    reader_back(r, from);
    return false;
}

static bool read_default(Reader *r)
{
    uint32_t from = r->mark;
    if (!reader_accept(r, TOKEN_EQUAL))
        return false;
    if (read_expression(r))
        return true;
    TokenKind next = reader_peek(r);
    if (r->seeking && !r->raised && (next == TOKEN_RPAREN || next == TOKEN_COMMA))
        raise_at_token(r, from, "expected default value expression");
    reader_back(r, from);
    return false;
}

/* A parameter and its comma (or the end behind it). */
static bool read_item(Reader *r, TokenKind end, Default with)
{
    uint32_t from = r->mark;
    if (read_parameter(r, end, false)) {
        bool has_default = with != WITHOUT && read_default(r);
        if ((has_default || with != WITH) && (reader_accept(r, TOKEN_COMMA) || reader_peek(r) == end) && !r->raised)
            return true;
    }
    reader_back(r, from);
    return false;
}

static uint32_t read_items(Reader *r, TokenKind end, Default with)
{
    uint32_t count = 0;
    while (read_item(r, end, with))
        count++;
    return count;
}

/* Parameters, a slash, and its comma (or the end). */
static bool read_slash(Reader *r, TokenKind end)
{
    uint32_t from = r->mark;
    uint32_t count = read_items(r, end, WITHOUT);
    count += read_items(r, end, WITH);
    if (count && reader_accept(r, TOKEN_SLASH) && (reader_accept(r, TOKEN_COMMA) || reader_peek(r) == end) && !r->raised)
        return true;
    reader_back(r, from);
    return false;
}

/* --- mistakes --- */

static void seek_slash(Reader *r, TokenKind end)
{
    uint32_t from = r->mark;
    if (reader_peek(r) == TOKEN_SLASH && reader_peek_behind(r) == TOKEN_COMMA)
        raise_at_token(r, from, "at least one argument must precede /");
    if (read_slash(r, end)) {
        read_items(r, end, EITHER);
        if (reader_accept(r, TOKEN_SLASH))
            raise_at_token(r, r->mark - 1, "/ may appear only once");
    }
    r->mark = from;
}

static void seek_missing_default(Reader *r, TokenKind end)
{
    uint32_t from = r->mark;
    bool plain_slash = false;
    if (read_items(r, end, WITHOUT) && reader_accept(r, TOKEN_SLASH) &&
        (reader_accept(r, TOKEN_COMMA) || reader_peek(r) == end))
        plain_slash = true;
    if (!plain_slash)
        r->mark = from;
    read_items(r, end, WITHOUT);
    uint32_t mark = r->mark;
    bool with_default = read_items(r, end, WITH) > 0;
    uint32_t behind = r->mark;
    if (with_default && !(reader_accept(r, TOKEN_SLASH) && reader_accept(r, TOKEN_COMMA)))
        r->mark = behind;
    uint32_t name = r->mark;
    if (with_default && mark < behind && read_item(r, end, WITHOUT)) {
        Position stop = r->tokens[r->mark - 1].end;
        if (r->tokens[r->mark - 1].kind == TOKEN_COMMA)
            stop = r->tokens[r->mark - 2].end;
        raise_range(r, r->tokens[name].start, stop, "parameter without a default follows parameter with a default");
    }
    r->mark = from;
}

static void seek_parenthesized(Reader *r, TokenKind end)
{
    uint32_t from = r->mark;
    read_items(r, end, WITHOUT);
    uint32_t open = r->mark;
    if (reader_accept(r, TOKEN_LPAREN)) {
        uint32_t count = 0;
        while (read_parameter(r, end, false)) {
            count++;
            if (!reader_accept(r, TOKEN_COMMA))
                break;
        }
        if (count && reader_accept(r, TOKEN_RPAREN))
            raise_range(r, r->tokens[open].start, r->tokens[r->mark - 1].end, "%s parameters cannot be parenthesized",
                        end == TOKEN_COLON ? "Lambda expression" : "Function");
    }
    r->mark = from;
}

static void seek_late_slash(Reader *r, TokenKind end)
{
    uint32_t from = r->mark;
    read_slash(r, end);
    read_items(r, end, EITHER);
    if (reader_accept(r, TOKEN_STAR) && (reader_accept(r, TOKEN_COMMA) || read_item(r, end, WITHOUT))) {
        read_items(r, end, EITHER);
        if (reader_accept(r, TOKEN_SLASH))
            raise_at_token(r, r->mark - 1, "/ must be ahead of *");
    }
    r->mark = from;
    if (read_items(r, end, EITHER) && reader_accept(r, TOKEN_SLASH) && reader_accept(r, TOKEN_STAR))
        raise_at_token(r, r->mark - 1, "expected comma between / and *");
    r->mark = from;
}

static void seek_star(Reader *r, TokenKind end)
{
    uint32_t from = r->mark;
    if (!reader_accept(r, TOKEN_STAR))
        return;
    TokenKind next = reader_peek(r), behind = next == TOKEN_COMMA ? reader_peek_behind(r) : TOKEN_ENDMARKER;
    if (!r->raised && (next == end || (next == TOKEN_COMMA && (behind == end || behind == TOKEN_DOUBLESTAR)))) {
        if (end == TOKEN_COLON)
            raise_at_last(r, "named arguments must follow bare *");
        else
            raise_at_token(r, from, "named arguments must follow bare *");
    }
    if (read_parameter(r, end, false) && reader_accept(r, TOKEN_EQUAL))
        raise_at_token(r, r->mark - 1, "var-positional argument cannot have default value");
    r->mark = from + 1;
    if (read_item(r, end, WITHOUT) || reader_accept(r, TOKEN_COMMA)) {
        read_items(r, end, EITHER);
        uint32_t star = r->mark;
        if (reader_accept(r, TOKEN_STAR) && (read_item(r, end, WITHOUT) || reader_accept(r, TOKEN_COMMA)))
            raise_at_token(r, star, "* argument may appear only once");
    }
    r->mark = from;
}

static void seek_double_star(Reader *r, TokenKind end)
{
    uint32_t from = r->mark;
    if (reader_accept(r, TOKEN_DOUBLESTAR) && read_parameter(r, end, false)) {
        uint32_t mark = r->mark;
        if (reader_accept(r, TOKEN_EQUAL))
            raise_at_token(r, mark, "var-keyword argument cannot have default value");
        if (reader_accept(r, TOKEN_COMMA)) {
            TokenKind next = reader_peek(r);
            uint32_t late = r->mark;
            if (read_parameter(r, end, false))
                raise_range(r, r->tokens[late].start, r->tokens[r->mark - 1].end,
                            "arguments cannot follow var-keyword argument");
            if (next == TOKEN_STAR || next == TOKEN_DOUBLESTAR || next == TOKEN_SLASH)
                raise_at_token(r, late, "arguments cannot follow var-keyword argument");
        }
    }
    r->mark = from;
}

/* --- the list --- */

static void read_double_star(Reader *r, TokenKind end)
{
    uint32_t from = r->mark;
    if (r->seeking)
        seek_double_star(r, end);
    if (reader_accept(r, TOKEN_DOUBLESTAR) && read_item(r, end, WITHOUT))
        return;
    reader_back(r, from);
}

static void read_star_parameters(Reader *r, TokenKind end)
{
    uint32_t from = r->mark;
    if (r->seeking)
        seek_star(r, end);
    if (reader_accept(r, TOKEN_STAR)) {
        uint32_t mark = r->mark;
        bool found = read_item(r, end, WITHOUT);
        if (!found) {
            found = read_parameter(r, end, true) && (reader_accept(r, TOKEN_COMMA) || reader_peek(r) == end);
            if (!found)
                r->mark = mark;
        }
        if (found) {
            read_items(r, end, EITHER);
            read_double_star(r, end);
            return;
        }
        if (reader_accept(r, TOKEN_COMMA) && read_items(r, end, EITHER)) {
            read_double_star(r, end);
            return;
        }
        reader_back(r, from);
    }
    read_double_star(r, end);
}

/* False only when an error has been raised. */
bool read_parameters(Reader *r, TokenKind end)
{
    if (r->seeking) {
        seek_slash(r, end);
        seek_missing_default(r, end);
        seek_parenthesized(r, end);
        seek_late_slash(r, end);
    }
    if (!read_slash(r, end))
        read_items(r, end, WITHOUT);
    read_items(r, end, WITHOUT);
    read_items(r, end, WITH);
    read_star_parameters(r, end);
    return !r->raised;
}
