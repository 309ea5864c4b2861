/* How the lexer reports: syntax errors, unfinished input, warnings.
 *
 * The first error stays; it stops the lexer. Positions are those that CPython 3.13 shows, its oddities included: most
 * errors point at the character in front of the cursor, some have a start and no end.
 * To add an error: call lexer_fail (a range), lexer_fail_here or lexer_fail_point where it is found.
 */
#include "lexer/state.h"

#include <stdarg.h>
#include <stdio.h>

static TokenKind set_error(Lexer *lexer, SyntaxErrorKind kind, Position start, Position end, const char *format,
                           va_list arguments)
{
    SyntaxErrorInfo *error = lexer->error;

    lexer->stopped = true;
    if (error->set)
        return TOKEN_ERRORTOKEN;
    error->set = true;
    error->kind = kind;
    error->start = start;
    error->end = end;
    error->end_offset = 0;
    vsnprintf(error->message, sizeof error->message, format, arguments);
    return TOKEN_ERRORTOKEN;
}

TokenKind lexer_fail(Lexer *lexer, SyntaxErrorKind kind, Position start, Position end, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    set_error(lexer, kind, start, end, format, arguments);
    va_end(arguments);
    return TOKEN_ERRORTOKEN;
}

TokenKind lexer_fail_here(Lexer *lexer, const char *cursor, const char *format, ...)
{
    va_list arguments;
    Position where;

    lexer->cursor = cursor;
    if (cursor > lexer->line_start)
        cursor--;
    while (cursor > lexer->line_start && (*cursor & 0xC0) == 0x80)
        cursor--;
    where = lexer_where(lexer, cursor);
    va_start(arguments, format);
    set_error(lexer, SYNTAX_ERROR, where, where, format, arguments);
    va_end(arguments);
    return TOKEN_ERRORTOKEN;
}

TokenKind lexer_fail_point(Lexer *lexer, SyntaxErrorKind kind, Position at, int end_offset, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    set_error(lexer, kind, at, (Position){0, 0}, format, arguments);
    va_end(arguments);
    lexer->error->end_offset = end_offset;
    return TOKEN_ERRORTOKEN;
}

TokenKind lexer_mark_incomplete(Lexer *lexer)
{
    if (lexer->interactive)
        lexer->error->kind = SYNTAX_INCOMPLETE;
    return TOKEN_ERRORTOKEN;
}

bool lexer_fail_memory(Lexer *lexer)
{
    lexer_fail_point(lexer, SYNTAX_MEMORY, lexer_where(lexer, lexer->cursor), 0, "out of memory");
    return false;
}

void lexer_warn(Lexer *lexer, Position at, const char *format, ...)
{
    char message[128];
    va_list arguments;

    if (!lexer->warn)
        return;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    lexer->warn(lexer->warn_user, message, at);
}
