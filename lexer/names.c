/* Character names: a table of runs (names.def) and rules for families that number their members or compose them.
 *
 * A name is looked for in the table, then by rule: "LATIN SMALL LETTER E WITH ACUTE" is what NFC composes of the letter
 * and the mark. The table ends where its use does (no historic scripts); a rule may know combinations that Unicode
 * has no name for. Only \N{...} and namereplace look names up, so a linear search does. character_name goes the other way.
 * To add a name: a RUN in names.def; to add a family: a row in one of the tables below.
 */
#include "lexer/names.h"

#include "lexer/identifier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { LONGEST_NAME = CHARACTER_NAME_MAX };

/* Characters in a row whose names are `prefix` and one of `rest`, which are separated by '|'. */
typedef struct Run {
    uint32_t first;
    const char *prefix, *rest;
} Run;

static const Run RUNS[] = {
#define RUN(first, prefix, rest) {first, prefix, rest},
#define ALIAS(character, names)
#include "lexer/names.def"
#undef ALIAS
#undef RUN
};

/* Further names of one character, separated by '|'. */
typedef struct Alias {
    uint32_t character;
    const char *names;
} Alias;

static const Alias ALIASES[] = {
#define RUN(first, prefix, rest)
#define ALIAS(character, names) {character, names},
#include "lexer/names.def"
#undef ALIAS
#undef RUN
};

/* Names that end in the character's number. */
static const struct {
    const char *prefix;
    uint32_t first, last;
} NUMBERED[] = {
    {"CJK UNIFIED IDEOGRAPH-", 0x3400, 0x4DBF},   {"CJK UNIFIED IDEOGRAPH-", 0x4E00, 0x9FFF},
    {"CJK UNIFIED IDEOGRAPH-", 0x20000, 0x2A6DF}, {"CJK UNIFIED IDEOGRAPH-", 0x2A700, 0x2B739},
    {"CJK UNIFIED IDEOGRAPH-", 0x2B740, 0x2B81D}, {"CJK UNIFIED IDEOGRAPH-", 0x2B820, 0x2CEA1},
    {"CJK UNIFIED IDEOGRAPH-", 0x2CEB0, 0x2EBE0}, {"CJK UNIFIED IDEOGRAPH-", 0x2EBF0, 0x2EE5D},
    {"CJK UNIFIED IDEOGRAPH-", 0x30000, 0x3134A}, {"CJK UNIFIED IDEOGRAPH-", 0x31350, 0x323AF},
    {"CJK COMPATIBILITY IDEOGRAPH-", 0xF900, 0xFA6D}, {"CJK COMPATIBILITY IDEOGRAPH-", 0xFA70, 0xFAD9},
    {"CJK COMPATIBILITY IDEOGRAPH-", 0x2F800, 0x2FA1D}, {"TANGUT IDEOGRAPH-", 0x17000, 0x187F7},
    {"TANGUT IDEOGRAPH-", 0x18D00, 0x18D08},      {"NUSHU CHARACTER-", 0x1B170, 0x1B2FB},
    {"KHITAN SMALL SCRIPT CHARACTER-", 0x18B00, 0x18CD5},
};

/* Families that repeat [first, last] at `there` under names with a prefix. */
static const struct {
    const char *prefix;
    uint32_t first, last, there;
} REPEATED[] = {
    {"FULLWIDTH ", '!', '~', 0xFF01},          {"CIRCLED ", 'A', 'Z', 0x24B6},
    {"CIRCLED ", 'a', 'z', 0x24D0},            {"CIRCLED ", '1', '9', 0x2460},
    {"CIRCLED ", '0', '0', 0x24EA},            {"PARENTHESIZED ", 'a', 'z', 0x249C},
    {"PARENTHESIZED ", 'A', 'Z', 0x1F110},     {"PARENTHESIZED ", '1', '9', 0x2474},
    {"NEGATIVE CIRCLED ", 'A', 'Z', 0x1F150},  {"SQUARED ", 'A', 'Z', 0x1F130},
    {"NEGATIVE SQUARED ", 'A', 'Z', 0x1F170},  {"DOUBLE CIRCLED ", '1', '9', 0x24F5},
    {"DINGBAT NEGATIVE CIRCLED ", '1', '9', 0x2776}, {"TAG ", ' ', '~', 0xE0020},
    {"MATHEMATICAL BOLD ", '0', '9', 0x1D7CE}, {"MATHEMATICAL DOUBLE-STRUCK ", '0', '9', 0x1D7D8},
    {"MATHEMATICAL SANS-SERIF ", '0', '9', 0x1D7E2}, {"MATHEMATICAL SANS-SERIF BOLD ", '0', '9', 0x1D7EC},
    {"MATHEMATICAL MONOSPACE ", '0', '9', 0x1D7F6}, {"SEGMENTED ", '0', '9', 0x1FBF0},
};

/* Alphabets: CAPITAL A ... CAPITAL Z, SMALL A ... SMALL Z. */
static const struct {
    const char *prefix;
    uint32_t first;
} ALPHABETS[] = {
    {"MATHEMATICAL BOLD ", 0x1D400},
    {"MATHEMATICAL ITALIC ", 0x1D434},
    {"MATHEMATICAL BOLD ITALIC ", 0x1D468},
    {"MATHEMATICAL SCRIPT ", 0x1D49C},
    {"MATHEMATICAL BOLD SCRIPT ", 0x1D4D0},
    {"MATHEMATICAL FRAKTUR ", 0x1D504},
    {"MATHEMATICAL DOUBLE-STRUCK ", 0x1D538},
    {"MATHEMATICAL BOLD FRAKTUR ", 0x1D56C},
    {"MATHEMATICAL SANS-SERIF ", 0x1D5A0},
    {"MATHEMATICAL SANS-SERIF BOLD ", 0x1D5D4},
    {"MATHEMATICAL SANS-SERIF ITALIC ", 0x1D608},
    {"MATHEMATICAL SANS-SERIF BOLD ITALIC ", 0x1D63C},
    {"MATHEMATICAL MONOSPACE ", 0x1D670},
};

/* Marks, as they are called in the names of composed letters. */
static const struct {
    const char *name;
    uint32_t mark;
} MARKS[] = {
    {"GRAVE", 0x300},         {"ACUTE", 0x301},          {"CIRCUMFLEX", 0x302},     {"TILDE", 0x303},
    {"MACRON", 0x304},        {"BREVE", 0x306},          {"DOT ABOVE", 0x307},      {"DIAERESIS", 0x308},
    {"HOOK ABOVE", 0x309},    {"RING ABOVE", 0x30A},     {"DOUBLE ACUTE", 0x30B},   {"CARON", 0x30C},
    {"DOUBLE GRAVE", 0x30F},  {"INVERTED BREVE", 0x311}, {"HORN", 0x31B},           {"DOT BELOW", 0x323},
    {"DIAERESIS BELOW", 0x324}, {"RING BELOW", 0x325},   {"COMMA BELOW", 0x326},    {"CEDILLA", 0x327},
    {"OGONEK", 0x328},        {"CIRCUMFLEX BELOW", 0x32D}, {"BREVE BELOW", 0x32E},  {"TILDE BELOW", 0x330},
    {"LINE BELOW", 0x331},    {"TONOS", 0x301},          {"DIALYTIKA", 0x308},      {"PSILI", 0x313},
    {"DASIA", 0x314},         {"VARIA", 0x300},          {"OXIA", 0x301},           {"PERISPOMENI", 0x342},
    {"YPOGEGRAMMENI", 0x345}, {"PROSGEGRAMMENI", 0x345}, {"VRACHY", 0x306},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* What is behind `prefix`, or NULL. */
static const char *skip_prefix(const char *name, const char *prefix)
{
    size_t length = strlen(prefix);

    return strncmp(name, prefix, length) == 0 ? name + length : NULL;
}

/* The index of `item` in a list with '|' between its items; -1: not there. */
static int find_in_list(const char *list, const char *item)
{
    size_t length = strlen(item);

    for (int index = 0;; index++) {
        size_t size = strcspn(list, "|");

        if (size == length && memcmp(list, item, length) == 0)
            return index;
        if (list[size] == '\0')
            return -1;
        list += size + 1;
    }
}

static bool find_in_table(const char *name, uint32_t *c)
{
    for (size_t i = 0; i < COUNT(RUNS); i++) {
        const char *rest = skip_prefix(name, RUNS[i].prefix);
        int index = rest && *rest ? find_in_list(RUNS[i].rest, rest) : -1;

        *c = RUNS[i].first + (uint32_t)index;
        if (index >= 0)
            return true;
    }
    for (size_t i = 0; i < COUNT(ALIASES); i++) {
        *c = ALIASES[i].character;
        if (find_in_list(ALIASES[i].names, name) >= 0)
            return true;
    }
    return false;
}

static bool find_numbered(const char *name, uint32_t *c)
{
    const char *hex = strrchr(name, '-');

    if (!hex || strspn(hex + 1, "0123456789ABCDEF") != strlen(hex + 1) || strlen(hex + 1) < 4 || strlen(hex + 1) > 5)
        return false;
    *c = (uint32_t)strtoul(hex + 1, NULL, 16);
    for (size_t i = 0; i < COUNT(NUMBERED); i++)
        if (skip_prefix(name, NUMBERED[i].prefix) == hex + 1 && *c >= NUMBERED[i].first && *c <= NUMBERED[i].last)
            return true;
    return false;
}

/* Hangul syllables are named after their letters (Unicode 3.12): initial, vowel, final. */
static const char *const INITIALS[] = {"G", "GG", "N", "D", "DD", "R", "M",  "B", "BB", "S",
                                       "SS", "", "J", "JJ", "C", "K", "T", "P", "H"};
static const char *const VOWELS[] = {"A",  "AE", "YA", "YAE", "EO", "E",  "YEO", "YE", "O",  "WA", "WAE",
                                     "OE", "YO", "U",  "WEO", "WE", "WI", "YU",  "EU", "YI", "I"};
static const char *const FINALS[] = {"",   "G",  "GG", "GS", "N",  "NJ", "NH", "D", "L",  "LG", "LM", "LB", "LS", "LT",
                                     "LP", "LH", "M",  "B",  "BS", "S",  "SS", "NG", "J", "C",  "K",  "T",  "P",  "H"};

static bool find_hangul(const char *name, uint32_t *c)
{
    const char *rest = skip_prefix(name, "HANGUL SYLLABLE ");

    for (uint32_t i = 0; rest && i < COUNT(INITIALS); i++) {
        const char *vowel = skip_prefix(rest, INITIALS[i]);

        for (uint32_t v = 0; vowel && v < COUNT(VOWELS); v++) {
            const char *last = skip_prefix(vowel, VOWELS[v]);

            for (uint32_t f = 0; last && f < COUNT(FINALS); f++) {
                *c = 0xAC00 + (i * (uint32_t)COUNT(VOWELS) + v) * (uint32_t)COUNT(FINALS) + f;
                if (strcmp(last, FINALS[f]) == 0)
                    return true;
            }
        }
    }
    return false;
}

static bool find_repeated(const char *name, uint32_t *c)
{
    for (size_t i = 0; i < COUNT(REPEATED); i++) {
        const char *rest = skip_prefix(name, REPEATED[i].prefix);

        if (!rest || !find_in_table(rest, c) || *c < REPEATED[i].first || *c > REPEATED[i].last)
            continue;
        *c += REPEATED[i].there - REPEATED[i].first;
        return true;
    }
    return false;
}

static bool find_alphabet(const char *name, uint32_t *c)
{
    for (size_t i = 0; i < COUNT(ALPHABETS); i++) {
        const char *rest = skip_prefix(name, ALPHABETS[i].prefix);
        const char *capital = rest ? skip_prefix(rest, "CAPITAL ") : NULL;
        const char *letter = capital ? capital : rest ? skip_prefix(rest, "SMALL ") : NULL;

        if (!letter || *letter < 'A' || *letter > 'Z' || letter[1])
            continue;
        *c = ALPHABETS[i].first + (capital ? 0 : 26) + (uint32_t)(*letter - 'A');
        return utf8proc_category((utf8proc_int32_t)*c) != UTF8PROC_CATEGORY_CN;
    }
    return false;
}

static bool find_braille(const char *name, uint32_t *c)
{
    const char *dots = skip_prefix(name, "BRAILLE PATTERN DOTS-");

    if (!dots || !*dots)
        return false;
    *c = 0x2800;
    for (; *dots; dots++) {
        if (*dots < '1' || *dots > '8' || *c - 0x2800 >= 1u << (*dots - '1'))
            return false;
        *c |= 1u << (*dots - '1');
    }
    return true;
}

static bool find_selector(const char *name, uint32_t *c)
{
    const char *number = skip_prefix(name, "VARIATION SELECTOR-");

    if (!number || *number < '1' || *number > '9' || strspn(number, "0123456789") != strlen(number))
        return false;
    *c = (uint32_t)strtoul(number, NULL, 10);
    if (*c > 256)
        return false;
    *c += *c <= 16 ? 0xFE00 - 1 : 0xE0100 - 17;
    return true;
}

static bool find_mark(const char *name, size_t length, uint32_t *mark)
{
    for (size_t i = 0; i < COUNT(MARKS); i++) {
        *mark = MARKS[i].mark;
        if (strlen(MARKS[i].name) == length && memcmp(MARKS[i].name, name, length) == 0)
            return true;
    }
    return false;
}

/* "... WITH mark AND mark" */
static bool find_composed(const char *name, uint32_t *c)
{
    enum { MOST = 4 };
    const char *with = strstr(name, " WITH "), *marks;
    char base[LONGEST_NAME];
    utf8proc_int32_t text[MOST * 4];
    utf8proc_ssize_t count = 1;

    if (!with)
        return false;
    memcpy(base, name, (size_t)(with - name));
    base[with - name] = '\0';
    if (!find_in_table(base, c))
        return false;
    text[0] = (utf8proc_int32_t)*c;
    for (marks = with + strlen(" WITH "); *marks;) {
        const char *and = strstr(marks, " AND ");

        if (count == MOST || !find_mark(marks, and ? (size_t)(and - marks) : strlen(marks), c))
            return false;
        text[count++] = (utf8proc_int32_t)*c;
        marks = and ? and + strlen(" AND ") : "";
    }
    count = utf8proc_normalize_utf32(text, count, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    *c = (uint32_t)text[0];
    return count == 1;
}

bool character_find(const char *name, size_t length, uint32_t *character)
{
    char copy[LONGEST_NAME];

    if (length == 0 || length >= sizeof copy || memchr(name, '\0', length) || memchr(name, '|', length))
        return false;
    memcpy(copy, name, length);
    copy[length] = '\0';
    /* CPython wants these in capitals. */
    if (find_numbered(copy, character) || find_hangul(copy, character))
        return true;
    for (char *p = copy; *p; p++)
        if (*p >= 'a' && *p <= 'z')
            *p &= ~0x20;
    return find_in_table(copy, character) || find_repeated(copy, character) || find_alphabet(copy, character) ||
           find_braille(copy, character) || find_selector(copy, character) || find_composed(copy, character);
}

/* --- names of characters --- */

/* Writes "prefix" and `length` bytes of `rest`. */
static size_t write_name(char *out, const char *prefix, const char *rest, size_t length)
{
    size_t start = strlen(prefix);

    if (start + length >= CHARACTER_NAME_MAX)
        return 0;
    memcpy(out, prefix, start);
    memcpy(out + start, rest, length);
    out[start + length] = '\0';
    return start + length;
}

static size_t name_in_table(uint32_t c, char *out)
{
    for (size_t i = 0; i < COUNT(RUNS); i++) {
        const char *item = RUNS[i].rest;
        uint32_t at = RUNS[i].first;

        if (c < at || c - at >= 0x400)
            continue;
        for (; at < c && (item = strchr(item, '|')) != NULL; at++)
            item++;
        if (item)
            return write_name(out, RUNS[i].prefix, item, strcspn(item, "|"));
    }
    return 0;
}

static size_t name_numbered(uint32_t c, char *out)
{
    char hex[16];

    for (size_t i = 0; i < COUNT(NUMBERED); i++)
        if (c >= NUMBERED[i].first && c <= NUMBERED[i].last && *NUMBERED[i].prefix != 'T') /* CPython names no Tangut */
            return write_name(out, NUMBERED[i].prefix, hex, (size_t)snprintf(hex, sizeof hex, "%04X", (unsigned)c));
    return 0;
}

static size_t name_hangul(uint32_t c, char *out)
{
    char syllable[16];
    uint32_t index = c - 0xAC00, finals = (uint32_t)COUNT(FINALS), vowels = (uint32_t)COUNT(VOWELS);

    if (index >= COUNT(INITIALS) * vowels * finals)
        return 0;
    snprintf(syllable, sizeof syllable, "%s%s%s", INITIALS[index / finals / vowels], VOWELS[index / finals % vowels], FINALS[index % finals]);
    return write_name(out, "HANGUL SYLLABLE ", syllable, strlen(syllable));
}

static size_t name_repeated(uint32_t c, char *out)
{
    char rest[CHARACTER_NAME_MAX];

    for (size_t i = 0; i < COUNT(REPEATED); i++)
        if (c >= REPEATED[i].there && c - REPEATED[i].there <= REPEATED[i].last - REPEATED[i].first)
            return write_name(out, REPEATED[i].prefix, rest, name_in_table(c - REPEATED[i].there + REPEATED[i].first, rest));
    return 0;
}

/* What a mark is called on this letter: Greek has words of its own. */
static const char *mark_name(uint32_t letter, bool capital, uint32_t mark)
{
    bool greek = letter >= 0x370 && letter < 0x400, polytonic = letter >= 0x1F00 && letter < 0x2000;

    if (greek || polytonic) {
        switch (mark) {
        case 0x300: return "VARIA";
        case 0x301: return greek ? "TONOS" : "OXIA";
        case 0x306: return "VRACHY";
        case 0x308: return "DIALYTIKA";
        case 0x345: return capital ? "PROSGEGRAMMENI" : "YPOGEGRAMMENI";
        }
    }
    for (size_t i = 0; i < COUNT(MARKS); i++)
        if (MARKS[i].mark == mark)
            return MARKS[i].name;
    return NULL;
}

/* A letter and its marks. From U+1EA0 on (Vietnamese) the dot below comes last. */
static size_t name_composed(uint32_t c, char *out)
{
    utf8proc_int32_t parts[8];
    int unused = 0;
    utf8proc_ssize_t count = utf8proc_decompose_char((utf8proc_int32_t)c, parts, 8, UTF8PROC_DECOMPOSE, &unused);
    size_t length = count > 1 && count <= 8 ? name_in_table((uint32_t)parts[0], out) : 0;

    if (!length || !strstr(out, " LETTER ") || strstr(out, " WITH "))
        return 0;
    bool capital = strstr(out, " CAPITAL ") != NULL;
    if (count == 3 && parts[1] == 0x323 && c >= 0x1EA0 && c < 0x1F00) {
        parts[1] = parts[2];
        parts[2] = 0x323;
    }
    for (utf8proc_ssize_t i = 1; i < count; i++) {
        const char *mark = mark_name(c, capital, (uint32_t)parts[i]), *glue = i == 1 ? " WITH " : " AND ";

        if (!mark || length + strlen(glue) + strlen(mark) >= CHARACTER_NAME_MAX)
            return 0;
        length += (size_t)snprintf(out + length, CHARACTER_NAME_MAX - length, "%s%s", glue, mark);
    }
    return length;
}

size_t character_name(uint32_t character, char out[CHARACTER_NAME_MAX])
{
    size_t length = name_in_table(character, out);

    if (!length)
        length = name_numbered(character, out);
    if (!length)
        length = name_hangul(character, out);
    if (!length)
        length = name_repeated(character, out);
    return length ? length : name_composed(character, out);
}
