/* The lexer's state and what its files ask of each other. Private to lexer/.
 *
 * lexer.re (the rules) and lexer.c (indentation, brackets, f-strings) share the cursor; literals.c fills a finished
 * token's value. A function that returns a TokenKind has either moved the cursor behind the token or failed, and then
 * it returns TOKEN_ERRORTOKEN with the error set.
 */
#ifndef MINI_LEXER_STATE_H
#define MINI_LEXER_STATE_H

#include "lexer/lexer.h"

enum {
    LEXER_MAX_INDENTS = 100,  /* the outermost level, column 0, included */
    LEXER_MAX_BRACKETS = 200,
    LEXER_MAX_FSTRINGS = 149, /* one inside the other */
    LEXER_MAX_FIELDS = 3      /* replacement fields inside format specs, in one f-string */
};

/* Width of a line's white space: with tabs to multiples of 8, and with tabs as 1. Both must agree on every comparison. */
typedef struct Indent {
    uint32_t column, narrow;
} Indent;

typedef struct Bracket {
    char character;
    Position where;
} Bracket;

/* A warning about an f-string's text: CPython gives it the line that the f-string ends in. */
typedef struct LateWarning {
    struct LateWarning *next;
    char message[56];
} LateWarning;

typedef struct FString {
    char quote;
    uint8_t quote_size; /* 1 or 3 */
    bool raw;
    bool in_text; /* the next token is text (or what ends it); false inside a replacement field */
    bool in_spec; /* the text is a format spec */
    int depth;    /* open brackets inside this f-string, the fields' own included */
    int field;    /* -1 outside of a field, 0 in a field, 1 in a field of its format spec ... */
    Position start;
    LateWarning *warnings;
} FString;

struct Lexer {
    Arena *arena;
    SyntaxErrorInfo *error;
    const char *source, *end; /* *end is NUL, the only one */
    const char *cursor;
    const char *line_start; /* of the line that the cursor is in */
    uint32_t line;
    const char *token_start;
    Position token_where;

    int skip; /* characters behind the token that belong to none: the second of a doubled brace */

    bool interactive;
    bool stopped;       /* an error that lexing cannot go on from */
    bool at_line_start; /* the indentation of the line at the cursor has not been looked at */
    bool line_has_token;
    bool block_open;    /* interactive: a compound statement that only an empty line ends */
    TokenKind previous;
    int pending_indents; /* INDENT (> 0) or DEDENT (< 0) tokens that are due */

    int indent_count;
    int bracket_count;
    int fstring_count;
    Indent indents[LEXER_MAX_INDENTS];
    Bracket brackets[LEXER_MAX_BRACKETS];
    FString fstrings[LEXER_MAX_FSTRINGS];

    /* A wrong escape in an f-string is reported when that f-string ends, as CPython does. */
    int deferred_fstring; /* number of the f-string, from 1; 0: none */
    char deferred_message[160];

    SyntaxWarningFn warn;
    void *warn_user;
};

/* lexer.re: the next token of an expression or statement; the next token of an f-string's text; the end of a string
 * whose opening quotes are behind the cursor. */
TokenKind lexer_scan(Lexer *lexer);
TokenKind lexer_scan_fstring(Lexer *lexer);
TokenKind lexer_scan_string(Lexer *lexer, char quote, int quote_size);

/* lexer.c: what the rules' actions do. `cursor` is behind the lexeme. */
TokenKind lexer_open_bracket_token(Lexer *lexer, const char *cursor, TokenKind kind);
TokenKind lexer_close_bracket_token(Lexer *lexer, const char *cursor, TokenKind kind);
TokenKind lexer_colon_token(Lexer *lexer, const char *cursor);
bool lexer_colon_starts_spec(const Lexer *lexer);
TokenKind lexer_leading_zeros_token(Lexer *lexer, const char *cursor);
TokenKind lexer_number_token(Lexer *lexer, const char *cursor, const char *what);
TokenKind lexer_name_token(Lexer *lexer, const char *cursor);
TokenKind lexer_string_token(Lexer *lexer, const char *cursor, int quote_size);
TokenKind lexer_fstring_start_token(Lexer *lexer, const char *cursor, int quote_size);
TokenKind lexer_fstring_text_token(Lexer *lexer, const char *cursor, int skip);
TokenKind lexer_fstring_end_token(Lexer *lexer, const char *cursor);
TokenKind lexer_fstring_leave_text(Lexer *lexer, const char *cursor);
TokenKind lexer_field_token(Lexer *lexer, const char *cursor);
TokenKind lexer_end_of_input(Lexer *lexer, const char *cursor);
TokenKind lexer_unknown_token(Lexer *lexer, const char *cursor);
TokenKind lexer_unterminated_string(Lexer *lexer, const char *cursor, char quote, int quote_size);
TokenKind lexer_unterminated_fstring(Lexer *lexer, const char *cursor);
TokenKind lexer_eof_after_backslash(Lexer *lexer, const char *cursor);
TokenKind lexer_bad_continuation(Lexer *lexer, const char *cursor);
void lexer_warn(Lexer *lexer, Position at, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* errors.c. They return TOKEN_ERRORTOKEN. `here`: the character in front of the cursor. `point`: no end, see
 * SyntaxErrorInfo.end_offset. */
TokenKind lexer_fail(Lexer *lexer, SyntaxErrorKind kind, Position start, Position end, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
TokenKind lexer_fail_here(Lexer *lexer, const char *cursor, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
TokenKind lexer_fail_point(Lexer *lexer, SyntaxErrorKind kind, Position at, int end_offset, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* The error stays as it is, but more input could mend it: SYNTAX_INCOMPLETE in interactive mode. */
TokenKind lexer_mark_incomplete(Lexer *lexer);
bool lexer_fail_memory(Lexer *lexer); /* false */

/* literals.c: fill token->as from the token's text. false: the error is set. */
bool literal_decode_number(Lexer *lexer, Token *token);
bool literal_decode_string(Lexer *lexer, Token *token);
bool literal_decode_fstring_text(Lexer *lexer, Token *token, bool raw);

static inline FString *lexer_fstring(Lexer *lexer)
{
    return lexer->fstring_count ? &lexer->fstrings[lexer->fstring_count - 1] : NULL;
}

static inline Position lexer_where(const Lexer *lexer, const char *cursor)
{
    return (Position){lexer->line, (uint32_t)(cursor - lexer->line_start)};
}

static inline void lexer_begin_token(Lexer *lexer, const char *cursor)
{
    lexer->token_start = cursor;
    lexer->token_where = lexer_where(lexer, cursor);
}

static inline TokenKind lexer_accept(Lexer *lexer, const char *cursor, TokenKind kind)
{
    lexer->cursor = cursor;
    return kind;
}

/* The cursor is at the first character of a new line. */
static inline void lexer_start_line(Lexer *lexer, const char *cursor)
{
    lexer->line++;
    lexer->line_start = cursor;
}

#endif
