/* Arrays of characters of 1, 2 or 4 bytes: what str, bytes and bytearray share. Nothing here allocates or raises. */
#ifndef MINI_VM_TYPES_TEXT_H
#define MINI_VM_TYPES_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A stretch of characters; borrowed. */
typedef struct TextSpan {
    const void *data;
    size_t length; /* characters */
    int width;     /* bytes a character: 1, 2 or 4 */
} TextSpan;

static inline uint32_t text_at(const void *data, int width, size_t i) {
    if (width == 1) return ((const uint8_t *)data)[i];
    if (width == 2) return ((const uint16_t *)data)[i];
    return ((const uint32_t *)data)[i];
}
static inline void text_put(void *data, int width, size_t i, uint32_t c) {
    if (width == 1) ((uint8_t *)data)[i] = (uint8_t)c;
    else if (width == 2) ((uint16_t *)data)[i] = (uint16_t)c;
    else ((uint32_t *)data)[i] = c;
}
static inline TextSpan text_part(TextSpan t, size_t start, size_t end) {
    return (TextSpan){(const char *)t.data + start * (size_t)t.width, end - start, t.width};
}
/* Bytes that a character up to c (or an or of characters) needs. */
static inline int text_width(uint32_t c) { return c < 0x100 ? 1 : c < 0x10000 ? 2 : 4; }

/* All characters or-ed together: below 0x80, 0x100, 0x10000 exactly when all of them are. */
uint32_t text_mask(const void *data, int width, size_t length);
/* Copies and changes the width; every character must fit. */
void text_copy(void *to, int to_width, const void *from, int from_width, size_t length);
void text_fill(void *to, int width, uint32_t c, size_t length);
/* Never 0. Equal bytes give equal hashes. */
uint32_t text_hash(const void *data, size_t size, uint64_t seed);
/* How many of the first bytes are below 128. */
size_t text_ascii_prefix(const uint8_t *data, size_t length);

/* --- searching: linear in the worst case --- */
/* Index of the first / last occurrence; -1: none. An empty needle is found at 0 / at the end. */
int64_t text_find(TextSpan hay, TextSpan needle);
int64_t text_find_last(TextSpan hay, TextSpan needle);
int64_t text_find_char(TextSpan hay, uint32_t c);
/* Occurrences that do not overlap, at most `most`; an empty needle occurs before each character and at the end. */
size_t text_count(TextSpan hay, TextSpan needle, size_t most);
/* <0, 0, >0 by characters, then by length. */
int text_compare(TextSpan a, TextSpan b);
bool text_equal(TextSpan a, TextSpan b);

#endif
