/* Syntax errors: what CPython says about a source that the grammar has refused. */
#ifndef MINI_PARSER_ERRORS_H
#define MINI_PARSER_ERRORS_H

#include "parser/parser.h"

/* Reads the source again, up to the line that holds token number `refused` (counted from 0), where the grammar stopped,
 * and sets *error: the message of the first mistake in it that has one of its own, else "invalid syntax". */
void errors_find(Arena *arena, const char *source, size_t length, ParseMode mode, bool interactive, uint32_t refused,
                 SyntaxErrorInfo *error);

#endif
