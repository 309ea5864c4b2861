/* Which characters make an identifier (UAX 31: XID_Start, XID_Continue), its normal form, and which are printable. */
#ifndef MINI_LEXER_IDENTIFIER_H
#define MINI_LEXER_IDENTIFIER_H

#include <stdint.h>

#include "lexer/arena.h"

bool codepoint_is_identifier_start(uint32_t c);
bool codepoint_is_identifier_part(uint32_t c);
/* As str.isprintable. */
bool codepoint_is_printable(uint32_t c);

/* The character at `text`, whose length in bytes is stored. Bytes that are no UTF-8 count as one character, U+FFFD. */
uint32_t codepoint_decode(const char *text, const char *end, int *length);
/* Writes UTF-8 (a surrogate as three bytes) and returns its length, at most 4. */
int codepoint_encode(uint32_t c, char *out);

/* The first character that makes `text` (not empty) no identifier; NULL if it is one. */
const char *identifier_find_bad(const char *text, size_t length);
/* NFKC in the arena; the text itself if it is ASCII. false: no memory. */
bool identifier_normalize(Arena *arena, const char *text, size_t length, const char **out, size_t *out_length);

#endif
