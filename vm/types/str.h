/* str: immutable text, 1, 2 or 4 bytes a character (the smallest that holds all of them), NUL-terminated. */
#ifndef MINI_VM_TYPES_STR_H
#define MINI_VM_TYPES_STR_H

#include "vm/type.h"

struct Str {
    Object head;
    uint32_t hash;    /* 0: not known yet */
    uint8_t width;    /* bytes a character: 1, 2, 4; minimal for the contents */
    uint8_t ascii;    /* all characters below 128 (then width is 1, and the data is its own UTF-8) */
    uint8_t interned; /* the one Str of this text in the VM's intern table */
    uint8_t room;     /* 0: the cell fits the text; else a size code of a cell with room to grow (str.c) */
    size_t length;    /* characters */
    /* data follows: (length + 1) * width bytes */
};

static inline void *str_data(const Str *s) { return (void *)(s + 1); }
static inline uint8_t *str_bytes1(const Str *s) { return (uint8_t *)(s + 1); }
static inline uint32_t str_at(const Str *s, size_t i) {
    if (s->width == 1) return ((const uint8_t *)str_data(s))[i];
    if (s->width == 2) return ((const uint16_t *)str_data(s))[i];
    return ((const uint32_t *)str_data(s))[i];
}
static inline bool value_is_str(Value v) { return value_has_layout(v, LAYOUT_STR); }
static inline Str *value_str_peek(Value v) { return (Str *)value_object(v); }
/* Of a new Str, NULL standing for a pending exception. */
static inline Value str_value(Str *s) { return s ? value_from_object(s) : VALUE_ERROR; }
/* The cached hash, made on first use. Never 0. */
uint32_t str_hash(Str *s, const Vm *vm);
static inline uint32_t str_hash_fast(Str *s, const Vm *vm) { return s->hash ? s->hash : str_hash(s, vm); }
/* The intern table: made before the first Str; its memory goes with the heap. */
bool str_state_init(Vm *vm);

/* --- making (all: new Str, or NULL with MemoryError) --- */
Str *str_from_utf8(Vm *vm, const char *text, size_t length); /* valid UTF-8 or WTF-8 (trusted sources) */
Str *str_from_ascii(Vm *vm, const char *text);               /* NUL-terminated ASCII or UTF-8 */
Str *str_from_char(Vm *vm, uint32_t character);
/* Uninitialised characters of a width fit for `max_char`; the caller fills all. Terminator and ascii flag are set. */
Str *str_new(Vm *vm, size_t length, uint32_t max_char);
Str *str_from_ucs(Vm *vm, const void *data, size_t length, int width); /* narrows to the minimal width */
Str *str_substring(Vm *vm, Str *s, size_t start, size_t end);
Str *str_concat(Vm *vm, Str *a, Str *b);
/* left + right where left (a Str, stolen, also on failure) may be nobody else's: then it grows in place, so that `s += x` in a
 * loop is linear. */
Value str_append_take(Vm *vm, Value left, Str *right);
/* s itself, or a plain str of its text when it is an instance of a subclass. New. */
Str *str_exact(Vm *vm, Str *s);
/* For a Str from str_new that was filled with narrower characters than announced: sets width and ascii right. Steals s
 * (count 1); NULL: no memory. s may be NULL. */
Str *str_settle_take(Vm *vm, Str *s);
/* repr(s): quotes, escapes. */
Str *str_repr(Vm *vm, Str *s);
Str *str_join_values(Vm *vm, const Value *strs, size_t count); /* "".join of Strs */
/* left + right where nobody else holds left: grows it in place when it can. Steals left, also on failure. */
Value str_append_take(Vm *vm, Value left, Str *right);
/* The interned Str of this text. intern_take steals. */
Str *str_intern(Vm *vm, const char *utf8, size_t length);
Str *str_intern_take(Vm *vm, Str *s);
void str_interned_dying(Vm *vm, Str *s); /* called by str's free */

/* --- reading --- */
bool str_equal(const Str *a, const Str *b);
int str_compare(const Str *a, const Str *b); /* <0, 0, >0 by code points */
bool str_equal_ascii(const Str *s, const char *ascii);
/* UTF-8 of a Str. For ASCII strings the data itself; else a heap block owned by the returned bytes object... use str_utf8_copy. */
size_t str_utf8_length(const Str *s);
/* Writes UTF-8 (lone surrogates as three bytes) and a NUL into `out` (str_utf8_length + 1 bytes). */
void str_utf8_copy(const Str *s, char *out);
/* UTF-8 for C calls: a heap block of *size bytes (NUL-terminated; give back with heap_free(&vm->heap, p, *size)), NULL on error:
 * ValueError "embedded null character" when reject_nul, UnicodeEncodeError for surrogates unless the file-system's surrogateescape undoes them. */
char *str_to_c(Vm *vm, Str *s, size_t *size, bool reject_nul);
/* Index of needle in s[start:end], searching forwards or backwards; -1 when absent. */
int64_t str_find(const Str *s, const Str *needle, size_t start, size_t end, bool backwards);

/* --- building --- */
/* A growing text. Widens as needed. Errors stick: builder_finish reports them. */
typedef struct StrBuilder {
    Vm *vm;
    void *data;
    size_t length, capacity; /* characters */
    uint8_t width;
    uint32_t max_char;
    bool failed;
} StrBuilder;
void builder_init(StrBuilder *b, Vm *vm);
bool builder_add_char(StrBuilder *b, uint32_t character);
bool builder_add_str(StrBuilder *b, const Str *s);
bool builder_add_range(StrBuilder *b, const Str *s, size_t start, size_t end);
bool builder_add_ascii(StrBuilder *b, const char *text, size_t length);
bool builder_add_utf8(StrBuilder *b, const char *text, size_t length);
bool builder_add_repr(StrBuilder *b, Value v); /* repr(v) */
bool builder_add_value(StrBuilder *b, Value v); /* str(v) */
Value builder_finish(StrBuilder *b); /* the Str, or VALUE_ERROR; the builder is empty afterwards */
void builder_drop(StrBuilder *b);

/* --- character classes (utf8proc; vm/types/unicode.c) --- */
bool char_is_space(uint32_t c);
bool char_is_printable(uint32_t c);
bool char_is_alpha(uint32_t c);
bool char_is_decimal(uint32_t c);
bool char_is_digit(uint32_t c);
bool char_is_numeric(uint32_t c);
bool char_is_upper(uint32_t c);
bool char_is_lower(uint32_t c);
bool char_is_title(uint32_t c);
int char_decimal_value(uint32_t c); /* -1: none */
int char_digit_value(uint32_t c);   /* as char_decimal_value, also superscripts, circled digits ... */
bool char_is_line_break(uint32_t c);
bool char_is_cased(uint32_t c);
bool char_is_case_ignorable(uint32_t c);
/* Full case mappings: 1 to 3 characters into out; their number. */
int char_upper(uint32_t c, uint32_t out[3]);
int char_lower(uint32_t c, uint32_t out[3]);
int char_title(uint32_t c, uint32_t out[3]);
int char_fold(uint32_t c, uint32_t out[3]);
bool char_is_identifier_start(uint32_t c);
bool char_is_identifier_part(uint32_t c);

#endif
