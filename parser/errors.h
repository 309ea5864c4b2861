/* Syntax errors: what CPython says about a source that the grammar has refused. */
#ifndef MINI_PARSER_ERRORS_H
#define MINI_PARSER_ERRORS_H

#include "parser/parser.h"

enum { NO_TOKEN = UINT32_MAX };

/* Reads the source again, statement by statement, until the first mistake that has a message of its own; else it is
 * "invalid syntax" at token number `refused` (counted from 0; NO_TOKEN: where the reading got stuck).
 * *error is set in every case. */
void errors_find(Arena *arena, const char *source, size_t length, ParseMode mode, uint32_t refused,
                 SyntaxErrorInfo *error);

#endif
