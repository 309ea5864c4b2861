/* Parser: tokens to tree (Python 3.13's grammar, grammar.y). */
#ifndef MINI_PARSER_PARSER_H
#define MINI_PARSER_PARSER_H

#include "parser/ast.h"

typedef enum ParseMode { PARSE_EXEC, PARSE_EVAL, PARSE_SINGLE } ParseMode;

/* Parses a whole source (as lexer_decode makes it). Result: a Module, Expression or Interactive in the arena, or NULL
 * with *error set. interactive: an unfinished input is SYNTAX_INCOMPLETE (the REPL asks for another line),
 * and a PARSE_SINGLE of blanks and comments alone an Interactive without statements.
 * warn may be NULL. */
Node *parser_parse(Arena *arena, const char *source, size_t length, ParseMode mode, bool interactive,
                   SyntaxErrorInfo *error, SyntaxWarningFn warn, void *user);

#endif
