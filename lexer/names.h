/* Unicode character names, for \N{...}. */
#ifndef MINI_LEXER_NAMES_H
#define MINI_LEXER_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The character of that name (any case), or false if no table or rule knows it. */
bool character_find(const char *name, size_t length, uint32_t *character);

/* The other way round: writes the name of a character, ended by NUL, and returns its length; 0 if tables and rules have none. */
#define CHARACTER_NAME_MAX 128
size_t character_name(uint32_t character, char out[CHARACTER_NAME_MAX]);

#endif
