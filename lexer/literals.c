/* Literals: the value of a number, the contents of a string.
 *
 * A string without a backslash is a slice of the source. Else it is decoded into the arena: no escape is longer than
 * what it stands for, so the source's length suffices. Error positions inside of a string are CPython's: it first
 * writes every character that isn't ASCII as \UXXXXXXXX, and counts in that.
 * To add an escape: a case in decode_escape.
 */
#include "lexer/identifier.h"
#include "lexer/names.h"
#include "lexer/state.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Numbers */

/* Copies without underscores. NULL: no memory, the error is set. */
static char *copy_digits(Lexer *lexer, const char *text, size_t length)
{
    char *copy = arena_alloc(lexer->arena, length + 1), *out = copy;

    if (!copy) {
        lexer_fail_memory(lexer);
        return NULL;
    }
    for (size_t i = 0; i < length; i++)
        if (text[i] != '_')
            *out++ = text[i];
    return copy;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

static bool decode_integer(Lexer *lexer, Token *token, int base)
{
    const char *text = token->text + (base == 10 ? 0 : 2);
    size_t length = token->length - (base == 10 ? 0 : 2);
    int64_t value = 0;

    token->as.number.base = base;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '_')
            continue;
        if (__builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, digit_value(text[i]), &value)) {
            token->as.number.kind = NUMBER_BIG;
            token->as.number.digits = copy_digits(lexer, text, length);
            return token->as.number.digits != NULL;
        }
    }
    token->as.number.kind = NUMBER_INT;
    token->as.number.integer = value;
    return true;
}

/* An exponent's value; those too large for any float are cut off. */
static int64_t read_exponent(const char *text)
{
    bool negative = *text == '-';
    int64_t value = 0;

    if (*text == '-' || *text == '+')
        text++;
    for (; *text >= '0' && *text <= '9'; text++)
        if (value < INT64_C(1000000000000))
            value = value * 10 + (*text - '0');
    return negative ? -value : value;
}

/* The nearest float. The decimal point is moved into the exponent, since strtod would look for the locale's. */
static bool decode_float(Lexer *lexer, Token *token)
{
    enum { EXPONENT_ROOM = 24 };
    char *text = copy_digits(lexer, token->text, token->length);
    char *digits = text ? arena_alloc(lexer->arena, token->length + EXPONENT_ROOM) : NULL;
    char *out = digits;
    int64_t exponent = 0;
    bool behind_point = false;

    if (!digits)
        return lexer_fail_memory(lexer);
    for (; *text == '.' || (*text >= '0' && *text <= '9'); text++) {
        if (*text == '.') {
            behind_point = true;
        } else {
            *out++ = *text;
            exponent -= behind_point;
        }
    }
    token->as.number.kind = NUMBER_FLOAT;
    if ((*text | 0x20) == 'e') {
        exponent += read_exponent(text + 1);
        text += strlen(text) - 1;
    }
    if ((*text | 0x20) == 'j')
        token->as.number.kind = NUMBER_IMAGINARY;
    snprintf(out, EXPONENT_ROOM, "e%lld", (long long)exponent);
    token->as.number.real = strtod(digits, NULL);
    return true;
}

bool literal_decode_number(Lexer *lexer, Token *token)
{
    const char *text = token->text;
    char second = token->length > 1 ? (char)(text[1] | 0x20) : '\0';

    if (text[0] == '0' && second == 'x')
        return decode_integer(lexer, token, 16);
    if (text[0] == '0' && second == 'o')
        return decode_integer(lexer, token, 8);
    if (text[0] == '0' && second == 'b')
        return decode_integer(lexer, token, 2);
    for (uint32_t i = 0; i < token->length; i++)
        if (text[i] != '_' && (text[i] < '0' || text[i] > '9'))
            return decode_float(lexer, token);
    return decode_integer(lexer, token, 10);
}

/* Strings */

typedef struct Decoder {
    Lexer *lexer;
    Token *token;
    const char *body, *end;
    const char *cursor;
    char *out;
    const char *wrong; /* the first wrong escape, the only one that is warned about */
} Decoder;

/* How many characters CPython's rewritten text has in front of `to`. */
static size_t rewritten_offset(const Decoder *decoder, const char *to)
{
    size_t offset = 0;
    int length;

    for (const char *p = decoder->body; p < to;) {
        if (*p == '\\' && p + 1 < to) {
            bool rewritten = (p[1] & 0x80) != 0;

            offset += rewritten ? 6 : 2;
            p += rewritten ? 1 : 2;
        } else if ((*p & 0x80) == 0) {
            offset++;
            p++;
        } else {
            codepoint_decode(p, decoder->end, &length);
            offset += 10;
            p += length;
        }
    }
    return offset;
}

static bool fail_text(Decoder *decoder, const char *message)
{
    Lexer *lexer = decoder->lexer;

    if (decoder->token->kind != TOKEN_FSTRING_MIDDLE) {
        lexer_fail(lexer, SYNTAX_ERROR, decoder->token->start, decoder->token->end, "%s", message);
        return false;
    }
    if (lexer->deferred_fstring < lexer->fstring_count) {
        lexer->deferred_fstring = lexer->fstring_count;
        snprintf(lexer->deferred_message, sizeof lexer->deferred_message, "%s", message);
    }
    return false;
}

static bool fail_escape(Decoder *decoder, const char *from, const char *to, const char *what)
{
    char message[160];
    size_t start = rewritten_offset(decoder, from), end = rewritten_offset(decoder, to);

    if (end == start + 1)
        snprintf(message, sizeof message,
                 "(unicode error) 'unicodeescape' codec can't decode byte 0x5c in position %zu: %s", start, what);
    else
        snprintf(message, sizeof message,
                 "(unicode error) 'unicodeescape' codec can't decode bytes in position %zu-%zu: %s", start, end - 1,
                 what);
    return fail_text(decoder, message);
}

static void note_wrong_escape(Decoder *decoder, const char *escape)
{
    if (!decoder->wrong)
        decoder->wrong = escape;
}

static void warn_late(Lexer *lexer, const char *message)
{
    LateWarning *warning = arena_alloc(lexer->arena, sizeof *warning);
    LateWarning **last = &lexer_fstring(lexer)->warnings;

    if (!warning)
        return;
    snprintf(warning->message, sizeof warning->message, "%s", message);
    while (*last)
        last = &(*last)->next;
    *last = warning;
}

static void warn_escape(Decoder *decoder)
{
    Lexer *lexer = decoder->lexer;
    const char *escape = decoder->wrong;
    char message[56];

    /* An f-string's rules have warned about a backslash in front of a brace. */
    if (decoder->token->kind == TOKEN_FSTRING_MIDDLE && (escape[1] == '{' || escape[1] == '}'))
        return;
    if (escape[1] >= '4' && escape[1] <= '7')
        snprintf(message, sizeof message, "invalid octal escape sequence '\\%.3s'", escape + 1);
    else
        snprintf(message, sizeof message, "invalid escape sequence '\\%c'", escape[1]);
    if (decoder->token->kind == TOKEN_FSTRING_MIDDLE && lexer_fstring(lexer)->field < 0)
        warn_late(lexer, message);
    else
        lexer_warn(lexer, decoder->token->start, "%s", message);
}

static int decode_octal(Decoder *decoder, const char *escape)
{
    int value = 0;

    decoder->cursor = escape + 1;
    for (int i = 0; i < 3 && decoder->cursor < decoder->end; i++) {
        char c = *decoder->cursor;

        if (c < '0' || c > '7')
            break;
        value = value * 8 + (c - '0');
        decoder->cursor++;
    }
    if (value > 0377)
        note_wrong_escape(decoder, escape);
    return value;
}

static bool decode_hex(Decoder *decoder, const char *escape, int count, const char *error)
{
    uint32_t value = 0;

    for (int i = 0; i < count; i++) {
        int digit = decoder->cursor < decoder->end ? digit_value(*decoder->cursor) : 99;

        if (digit > 15)
            return fail_escape(decoder, escape, decoder->cursor, error);
        value = value << 4 | (uint32_t)digit;
        decoder->cursor++;
    }
    if (value > 0x10FFFF)
        return fail_escape(decoder, escape, decoder->cursor, "illegal Unicode character");
    decoder->out += codepoint_encode(value, decoder->out);
    return true;
}

static bool decode_name(Decoder *decoder, const char *escape)
{
    const char *malformed = "malformed \\N character escape";
    const char *name = decoder->cursor + 1, *brace;
    uint32_t c;

    if (decoder->cursor == decoder->end || *decoder->cursor != '{')
        return fail_escape(decoder, escape, decoder->cursor, malformed);
    brace = memchr(name, '}', (size_t)(decoder->end - name));
    if (!brace)
        return fail_escape(decoder, escape, decoder->end, malformed);
    if (brace == name)
        return fail_escape(decoder, escape, brace, malformed);
    if (!character_find(name, (size_t)(brace - name), &c))
        return fail_escape(decoder, escape, brace + 1, "unknown Unicode character name");
    decoder->cursor = brace + 1;
    decoder->out += codepoint_encode(c, decoder->out);
    return true;
}

/* Escapes that strings and bytes share; the result is -1 for others, -2 for none (a joined line). */
static int simple_escape(char c)
{
    switch (c) {
    case '\n': return -2;
    case '\\': return '\\';
    case '\'': return '\'';
    case '"': return '"';
    case 'a': return '\a';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    default: return -1;
    }
}

/* An escape that the table of simple_escape doesn't have. */
static bool decode_escape(Decoder *decoder, const char *escape)
{
    char c = *decoder->cursor++;

    switch (c) {
    case 'x': return decode_hex(decoder, escape, 2, "truncated \\xXX escape");
    case 'u': return decode_hex(decoder, escape, 4, "truncated \\uXXXX escape");
    case 'U': return decode_hex(decoder, escape, 8, "truncated \\UXXXXXXXX escape");
    case 'N': return decode_name(decoder, escape);
    default: break;
    }
    if (c >= '0' && c <= '7') {
        decoder->out += codepoint_encode((uint32_t)decode_octal(decoder, escape), decoder->out);
        return true;
    }
    if ((c & 0x80) == 0)
        note_wrong_escape(decoder, escape);
    *decoder->out++ = '\\';
    *decoder->out++ = c;
    return true;
}

static bool decode_byte_escape(Decoder *decoder, const char *escape)
{
    char message[80];
    char c = *decoder->cursor++;

    if (c >= '0' && c <= '7') {
        *decoder->out++ = (char)decode_octal(decoder, escape);
        return true;
    }
    if (c == 'x') {
        const char *digits = decoder->cursor;

        if (decoder->end - digits >= 2 && digit_value(digits[0]) < 16 && digit_value(digits[1]) < 16) {
            *decoder->out++ = (char)(digit_value(digits[0]) << 4 | digit_value(digits[1]));
            decoder->cursor += 2;
            return true;
        }
        snprintf(message, sizeof message, "(value error) invalid \\x escape at position %zu",
                 (size_t)(escape - decoder->body));
        return fail_text(decoder, message);
    }
    note_wrong_escape(decoder, escape);
    *decoder->out++ = '\\';
    *decoder->out++ = c;
    return true;
}

static bool decode_escapes(Decoder *decoder, bool is_bytes)
{
    while (decoder->cursor < decoder->end) {
        const char *escape = memchr(decoder->cursor, '\\', (size_t)(decoder->end - decoder->cursor));
        size_t plain = (size_t)((escape ? escape : decoder->end) - decoder->cursor);
        int simple;

        memcpy(decoder->out, decoder->cursor, plain);
        decoder->out += plain;
        decoder->cursor += plain;
        if (!escape)
            break;
        if (++decoder->cursor == decoder->end) { /* f"\{x}": the text in front of the brace */
            *decoder->out++ = '\\';
            break;
        }
        simple = simple_escape(*decoder->cursor);
        if (simple != -1) {
            decoder->cursor++;
            if (simple != -2)
                *decoder->out++ = (char)simple;
        } else if (!(is_bytes ? decode_byte_escape(decoder, escape) : decode_escape(decoder, escape))) {
            return false;
        }
    }
    return true;
}

static bool decode_body(Lexer *lexer, Token *token, const char *body, size_t length, bool raw)
{
    bool is_bytes = token->as.string.is_bytes;
    Decoder decoder = {.lexer = lexer, .token = token, .body = body, .cursor = body, .end = body + length};
    char *out;

    token->as.string.data = body;
    token->as.string.length = length;
    if (raw || !memchr(body, '\\', length))
        return true;
    out = decoder.out = arena_alloc(lexer->arena, length + 1);
    if (!out)
        return lexer_fail_memory(lexer);
    if (!decode_escapes(&decoder, is_bytes))
        return false;
    if (decoder.wrong)
        warn_escape(&decoder);
    token->as.string.data = out;
    token->as.string.length = (size_t)(decoder.out - out);
    return true;
}

static bool is_ascii(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] & 0x80)
            return false;
    return true;
}

bool literal_decode_string(Lexer *lexer, Token *token)
{
    const char *body = token->text;
    size_t quotes = 1, length;
    bool raw = false;

    token->as.string.is_bytes = false;
    for (; *body != '"' && *body != '\''; body++) {
        raw |= (*body | 0x20) == 'r';
        token->as.string.is_bytes |= (*body | 0x20) == 'b';
    }
    length = token->length - (size_t)(body - token->text);
    if (length >= 6 && body[1] == body[0] && body[2] == body[0])
        quotes = 3;
    body += quotes;
    length -= 2 * quotes;
    if (token->as.string.is_bytes && !is_ascii(body, length)) {
        lexer_fail(lexer, SYNTAX_ERROR, token->start, token->end, "bytes can only contain ASCII literal characters");
        return false;
    }
    return decode_body(lexer, token, body, length, raw);
}

/* A wrong escape is reported at the end of the f-string, so this only fails for want of memory. */
bool literal_decode_fstring_text(Lexer *lexer, Token *token, bool raw)
{
    token->as.string.is_bytes = false;
    return decode_body(lexer, token, token->text, token->length, raw) || !lexer->stopped;
}
