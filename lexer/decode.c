/* Decoding: a file's bytes to the lexer's source text.
 *
 * The encoding is UTF-8 unless a comment in one of the first two lines names another (PEP 263). The result is UTF-8
 * that was checked, without BOM, with LF as its only line end, and with one NUL, behind its last character.
 * To add an encoding: a row in ENCODINGS and its case in decode_source.
 */
#include "lexer/identifier.h"
#include "lexer/lexer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef enum Encoding { ENCODING_UTF8, ENCODING_LATIN1, ENCODING_ASCII, ENCODING_UNKNOWN } Encoding;

enum { NAME_MAX_LENGTH = 64 };

typedef struct Source {
    Arena *arena;
    SyntaxErrorInfo *error;
    const char *filename; /* NULL: compile(bytes) or compile(str) */
    const char *bytes;
    size_t length;
    char encoding_name[NAME_MAX_LENGTH]; /* as the comment has it; empty: no comment */
    Encoding encoding;
    bool declared; /* by the comment or a BOM */
} Source;

static const struct {
    const char *name; /* lower case, '_' for '-' */
    Encoding encoding;
} ENCODINGS[] = {
    {"utf_8", ENCODING_UTF8},       {"utf8", ENCODING_UTF8},           {"utf_8_sig", ENCODING_UTF8},
    {"u8", ENCODING_UTF8},          {"utf", ENCODING_UTF8},            {"cp65001", ENCODING_UTF8},
    {"latin_1", ENCODING_LATIN1},   {"iso_8859_1", ENCODING_LATIN1},   {"iso8859_1", ENCODING_LATIN1},
    {"latin1", ENCODING_LATIN1},    {"latin", ENCODING_LATIN1},        {"l1", ENCODING_LATIN1},
    {"8859", ENCODING_LATIN1},      {"cp819", ENCODING_LATIN1},        {"iso8859", ENCODING_LATIN1},
    {"iso88591", ENCODING_LATIN1},  {"iso_latin_1", ENCODING_LATIN1},  {"iso_8859_1_1987", ENCODING_LATIN1},
    {"ascii", ENCODING_ASCII},      {"us_ascii", ENCODING_ASCII},      {"646", ENCODING_ASCII},
    {"us", ENCODING_ASCII},         {"cp367", ENCODING_ASCII},         {"ibm367", ENCODING_ASCII},
    {"iso646_us", ENCODING_ASCII},  {"iso_646.irv_1991", ENCODING_ASCII}, {"ansi_x3.4_1968", ENCODING_ASCII},
    {"ansi_x3.4_1986", ENCODING_ASCII}, {"ansi_x3_4_1968", ENCODING_ASCII},
};

/* false */
static bool fail(Source *source, Position at, const char *format, ...) __attribute__((format(printf, 3, 4)));

static bool fail(Source *source, Position at, const char *format, ...)
{
    SyntaxErrorInfo *error = source->error;
    va_list arguments;

    if (error->set)
        return false;
    error->set = true;
    error->kind = SYNTAX_ERROR;
    error->start = error->end = at;
    error->end_offset = 0;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return false;
}

static const char *fail_memory(Source *source)
{
    fail(source, (Position){0, 0}, "out of memory");
    source->error->kind = SYNTAX_MEMORY;
    return NULL;
}

static Position position_of(const Source *source, const char *place)
{
    Position at = {1, 0};
    const char *line = source->bytes;

    for (const char *p = source->bytes; p < place; p++) {
        if (*p != '\n' && (*p != '\r' || p[1] == '\n'))
            continue;
        at.line++;
        line = p + 1;
    }
    at.column = (uint32_t)(place - line);
    return at;
}

/* The encoding line */

static bool is_name_character(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
           c == '.';
}

/* Looks for `coding[:=]\s*NAME` in a comment. */
static void find_name(Source *source, const char *comment, const char *end)
{
    static const char WORD[] = "coding";
    const size_t word = sizeof WORD - 1;

    for (const char *p = comment; p + word < end; p++) {
        const char *name = p + word + 1;
        size_t length = 0;

        if (memcmp(p, WORD, word) != 0 || (p[word] != ':' && p[word] != '='))
            continue;
        while (name < end && (*name == ' ' || *name == '\t'))
            name++;
        while (name + length < end && is_name_character(name[length]))
            length++;
        if (length == 0)
            continue;
        snprintf(source->encoding_name, sizeof source->encoding_name, "%.*s", (int)length, name);
        return;
    }
}

static void find_encoding_line(Source *source)
{
    const char *p = source->bytes, *end = p + source->length;

    for (int line = 0; line < 2 && p < end; line++) {
        const char *start = p;

        while (p < end && *p != '\n' && *p != '\r')
            p++;
        while (start < p && (*start == ' ' || *start == '\t' || *start == '\f'))
            start++;
        if (start < p && *start != '#')
            return;
        find_name(source, start, p);
        if (source->encoding_name[0])
            return;
        p += p + 1 < end && p[0] == '\r' && p[1] == '\n' ? 2 : 1;
    }
}

static bool has_prefix(const char *name, const char *prefix)
{
    size_t length = strlen(prefix);

    return strncmp(name, prefix, length) == 0 && (name[length] == '\0' || name[length] == '_');
}

static Encoding encoding_of(const char *name)
{
    char normal[NAME_MAX_LENGTH];
    size_t i;

    for (i = 0; name[i]; i++) {
        normal[i] = name[i] == '-' ? '_' : name[i];
        if (name[i] >= 'A' && name[i] <= 'Z')
            normal[i] |= 0x20;
    }
    normal[i] = '\0';
    /* Emacs says "utf-8-unix". */
    if (has_prefix(normal, "utf_8"))
        return ENCODING_UTF8;
    if (has_prefix(normal, "latin_1") || has_prefix(normal, "iso_8859_1") || has_prefix(normal, "iso_latin_1"))
        return ENCODING_LATIN1;
    for (i = 0; i < sizeof ENCODINGS / sizeof *ENCODINGS; i++)
        if (strcmp(normal, ENCODINGS[i].name) == 0)
            return ENCODINGS[i].encoding;
    return ENCODING_UNKNOWN;
}

/* Takes the BOM off and settles the encoding. false: the error is set. */
static bool detect_encoding(Source *source)
{
    const Position nowhere = {0, 0};
    bool bom = source->length >= 3 && memcmp(source->bytes, "\xEF\xBB\xBF", 3) == 0;
    const char *name = source->encoding_name;

    if (bom) {
        source->bytes += 3;
        source->length -= 3;
    }
    find_encoding_line(source);
    source->encoding = name[0] ? encoding_of(name) : ENCODING_UTF8;
    source->declared = bom || name[0];
    /* CPython knows these two spellings before it looks for a codec. */
    if (bom && name[0] && (source->encoding != ENCODING_UTF8 || strcmp(name, "utf8") == 0))
        return fail(source, nowhere, "encoding problem: %s with BOM",
                    source->encoding == ENCODING_LATIN1 ? "iso-8859-1" : name);
    if (source->encoding == ENCODING_UNKNOWN)
        return fail(source, nowhere, "%s: %s", source->filename ? "encoding problem" : "unknown encoding", name);
    return true;
}

/* Checks */

/* The number of good bytes that a wrong UTF-8 sequence at `p` starts with, at least 1; 0: it is right, of *length. */
static int check_sequence(const unsigned char *p, size_t room, int *length, const char **reason)
{
    unsigned char low = 0x80, high = 0xBF;

    *length = *p < 0xE0 ? 2 : *p < 0xF0 ? 3 : 4;
    *reason = "invalid start byte";
    if (*p < 0xC2 || *p > 0xF4)
        return 1;
    if (*p == 0xE0)
        low = 0xA0;
    else if (*p == 0xED)
        high = 0x9F;
    else if (*p == 0xF0)
        low = 0x90;
    else if (*p == 0xF4)
        high = 0x8F;
    for (int i = 1; i < *length; i++) {
        *reason = (size_t)i == room ? "unexpected end of data" : "invalid continuation byte";
        if ((size_t)i == room || p[i] < low || p[i] > high)
            return i;
        low = 0x80;
        high = 0xBF;
    }
    return 0;
}

static bool fail_utf8(Source *source, const char *place, int good, const char *reason)
{
    unsigned byte = (unsigned char)*place;
    Position at = position_of(source, place);

    if (source->filename && !source->declared)
        return fail(source, (Position){0, 0},
                    "Non-UTF-8 code starting with '\\x%.2x' in file %s on line %u, but no encoding declared; "
                    "see https://peps.python.org/pep-0263/ for details",
                    byte, source->filename, at.line);
    if (good > 1)
        return fail(source, at, "(unicode error) 'utf-8' codec can't decode bytes in position 0-%d: %s", good - 1,
                    reason);
    return fail(source, at, "(unicode error) 'utf-8' codec can't decode byte 0x%02x in position 0: %s", byte, reason);
}

static bool check_utf8(Source *source)
{
    const unsigned char *p = (const unsigned char *)source->bytes, *end = p + source->length;
    const char *reason;
    int length, good;

    while (p < end) {
        if (*p < 0x80) {
            p++;
            continue;
        }
        good = check_sequence(p, (size_t)(end - p), &length, &reason);
        if (good)
            return fail_utf8(source, (const char *)p, good, reason);
        p += length;
    }
    return true;
}

static bool check_ascii(Source *source)
{
    for (size_t i = 0; i < source->length; i++) {
        unsigned byte = (unsigned char)source->bytes[i];

        if (byte < 0x80)
            continue;
        if (source->filename)
            return fail(source, (Position){0, 0}, "encoding problem: %s", source->encoding_name);
        return fail(source, (Position){0, 0},
                    "'ascii' codec can't decode byte 0x%02x in position %zu: ordinal not in range(128)", byte, i);
    }
    return true;
}

static bool check_null(Source *source)
{
    const char *null = memchr(source->bytes, '\0', source->length);
    Position at;

    if (!null)
        return true;
    if (!source->filename)
        return fail(source, (Position){0, 0}, "source code string cannot contain null bytes");
    at = position_of(source, null);
    return fail(source, at, "source code cannot contain null bytes");
}

/* Copies */

static size_t count_high_bytes(const Source *source)
{
    size_t count = 0;

    for (size_t i = 0; i < source->length; i++)
        count += (unsigned char)source->bytes[i] >= 0x80;
    return count;
}

static const char *copy_text(Source *source, size_t *out_length)
{
    bool latin1 = source->encoding == ENCODING_LATIN1;
    size_t room = source->length + (latin1 ? count_high_bytes(source) : 0) + 1;
    char *text = arena_alloc(source->arena, room), *out = text;
    const char *p = source->bytes, *end = p + source->length;

    if (!text)
        return fail_memory(source);
    for (; p < end; p++) {
        if (latin1 && (*p & 0x80)) {
            out += codepoint_encode((unsigned char)*p, out);
        } else if (*p == '\r') {
            *out++ = '\n';
            p += p + 1 < end && p[1] == '\n';
        } else {
            *out++ = *p;
        }
    }
    *out_length = (size_t)(out - text);
    return text;
}

static const char *decode_source(Source *source, size_t *out_length)
{
    if (!check_null(source) || !detect_encoding(source))
        return NULL;
    switch (source->encoding) {
    case ENCODING_ASCII:
        if (!check_ascii(source))
            return NULL;
        break;
    case ENCODING_LATIN1:
        break;
    default:
        if (!check_utf8(source))
            return NULL;
    }
    return copy_text(source, out_length);
}

const char *lexer_decode(Arena *arena, const char *bytes, size_t length, size_t *out_length, SyntaxErrorInfo *error)
{
    Source source = {.arena = arena, .error = error, .bytes = bytes, .length = length};

    return decode_source(&source, out_length);
}

const char *lexer_decode_file(Arena *arena, const char *filename, const char *bytes, size_t length, size_t *out_length,
                              SyntaxErrorInfo *error)
{
    Source source = {.arena = arena, .error = error, .filename = filename, .bytes = bytes, .length = length};

    return decode_source(&source, out_length);
}

const char *lexer_decode_text(Arena *arena, const char *text, size_t length, size_t *out_length,
                              SyntaxErrorInfo *error)
{
    Source source = {.arena = arena, .error = error, .bytes = text, .length = length};

    return check_null(&source) ? copy_text(&source, out_length) : NULL;
}
