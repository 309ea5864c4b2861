/* Identifiers: character classes and normal form, from utf8proc's tables.
 *
 * XID_Start and XID_Continue are the general categories that UAX 31 names, plus Other_ID_Start/Other_ID_Continue, minus
 * what NFKC would break; the exceptions are the tables below, in order. To add a character that a newer Unicode
 * knows: a row in the table that fits.
 */
#include "lexer/identifier.h"

#include <string.h>
#include <utf8proc.h>

typedef struct Range {
    uint32_t first, last;
} Range;

/* What utf8proc's Unicode version (15.0) lacks against CPython 3.13's (15.1): CJK extension I. */
static const Range NEWER_LETTERS[] = {{0x2EBF0, 0x2EE5D}};

static const Range NEWER_SYMBOLS[] = {{0x2FFC, 0x2FFF}, {0x31EF, 0x31EF}};

static const Range OTHER_START[] = {{0x1885, 0x1886}, {0x2118, 0x2118}, {0x212E, 0x212E}};

static const Range OTHER_PART[] = {
    {0x00B7, 0x00B7}, {0x0387, 0x0387}, {0x0E33, 0x0E33}, {0x0EB3, 0x0EB3},
    {0x1369, 0x1371}, {0x19DA, 0x19DA}, {0x200C, 0x200D}, {0x30FB, 0x30FB}, {0xFF65, 0xFF65}, {0xFF9E, 0xFF9F},
};

/* Letters whose NFKC form doesn't start (and, but for the last rows, doesn't continue) an identifier. */
static const Range BROKEN_START[] = {
    {0x037A, 0x037A}, {0x0E33, 0x0E33}, {0x0EB3, 0x0EB3}, {0x2E2F, 0x2E2F}, {0xFC5E, 0xFC63},
    {0xFDFA, 0xFDFB}, {0xFE70, 0xFE70}, {0xFE72, 0xFE72}, {0xFE74, 0xFE74}, {0xFE76, 0xFE76},
    {0xFE78, 0xFE78}, {0xFE7A, 0xFE7A}, {0xFE7C, 0xFE7C}, {0xFE7E, 0xFE7E}, {0xFF9E, 0xFF9F},
};

#define IN(table, c) in_ranges(table, sizeof(table) / sizeof *(table), c)

static bool in_ranges(const Range *ranges, size_t count, uint32_t c)
{
    for (size_t i = 0; i < count; i++)
        if (c <= ranges[i].last)
            return c >= ranges[i].first;
    return false;
}

static utf8proc_category_t category_of(uint32_t c)
{
    return c <= 0x10FFFF ? utf8proc_category((utf8proc_int32_t)c) : UTF8PROC_CATEGORY_CN;
}

bool codepoint_is_identifier_start(uint32_t c)
{
    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    switch (category_of(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_NL:
        return !IN(BROKEN_START, c);
    case UTF8PROC_CATEGORY_CN:
        return IN(NEWER_LETTERS, c);
    default:
        return IN(OTHER_START, c);
    }
}

bool codepoint_is_identifier_part(uint32_t c)
{
    if (c < 0x80)
        return (c >= '0' && c <= '9') || codepoint_is_identifier_start(c);
    if (codepoint_is_identifier_start(c))
        return true;
    switch (category_of(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_PC:
        return true;
    default:
        return IN(OTHER_PART, c);
    }
}

bool codepoint_is_printable(uint32_t c)
{
    switch (category_of(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return false;
    case UTF8PROC_CATEGORY_ZS:
        return c == ' ';
    case UTF8PROC_CATEGORY_CN:
        return IN(NEWER_LETTERS, c) || IN(NEWER_SYMBOLS, c);
    default:
        return true;
    }
}

uint32_t codepoint_decode(const char *text, const char *end, int *length)
{
    const unsigned char *p = (const unsigned char *)text;
    uint32_t c = *p;
    int size = c < 0x80 ? 1 : c >= 0xF0 && c < 0xF8 ? 4 : c >= 0xE0 ? 3 : 2;

    *length = 1;
    if (size == 1)
        return c;
    if (c < 0xC0 || c >= 0xF8 || size > end - text)
        return 0xFFFD;
    c &= 0x7Fu >> size;
    for (int i = 1; i < size; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0xFFFD;
        c = c << 6 | (p[i] & 0x3F);
    }
    *length = size;
    return c;
}

int codepoint_encode(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

const char *identifier_find_bad(const char *text, size_t length)
{
    const char *end = text + length;
    int size;

    for (const char *p = text; p < end; p += size) {
        uint32_t c = codepoint_decode(p, end, &size);

        if (!(p == text ? codepoint_is_identifier_start(c) : codepoint_is_identifier_part(c)))
            return p;
    }
    return NULL;
}

bool identifier_normalize(Arena *arena, const char *text, size_t length, const char **out, size_t *out_length)
{
    const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT;
    utf8proc_ssize_t count;
    utf8proc_int32_t *characters;
    char *result;
    size_t i = 0;

    *out = text;
    *out_length = length;
    while (i < length && (text[i] & 0x80) == 0)
        i++;
    if (i == length)
        return true;
    count = utf8proc_decompose((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)length, NULL, 0, options);
    if (count <= 0)
        return true;
    /* utf8proc wants a unit of room behind the last character. */
    characters = arena_alloc(arena, ((size_t)count + 1) * sizeof *characters);
    result = arena_alloc(arena, (size_t)count * 4 + 1);
    if (!characters || !result)
        return false;
    utf8proc_decompose((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)length, characters, count, options);
    count = utf8proc_normalize_utf32(characters, count, options);
    *out = result;
    for (utf8proc_ssize_t at = 0; at < count; at++)
        result += codepoint_encode((uint32_t)characters[at], result);
    *out_length = (size_t)(result - *out);
    return true;
}
