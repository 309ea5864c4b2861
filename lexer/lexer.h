/* Lexer: characters to tokens (Python 3.13's lexical grammar).
 *
 * The source is one UTF-8 buffer (lexer_decode turns any other declared encoding, a BOM and CRLF into that), or grows
 * in pieces for the REPL. The lexer keeps the stack of indentations, the stack of open brackets and the stack of
 * f-strings that it is inside of; INDENT, DEDENT and NEWLINE are tokens of their own.
 *
 * Positions: lines from 1, columns in bytes from 0, as CPython's ast has them.
 */
#ifndef MINI_LEXER_LEXER_H
#define MINI_LEXER_LEXER_H

#include <stdint.h>

#include "lexer/arena.h"

typedef enum TokenKind {
#define TOKEN(name, text) TOKEN_##name,
#include "lexer/tokens.def"
#undef TOKEN
    TOKEN_COUNT
} TokenKind;

typedef struct Position {
    uint32_t line, column;
} Position;

typedef enum NumberKind { NUMBER_INT, NUMBER_BIG, NUMBER_FLOAT, NUMBER_IMAGINARY } NumberKind;

/* A decoded literal. Texts are in the arena, UTF-8 (lone surrogates as three bytes, "WTF-8") for strings. */
typedef struct Token {
    TokenKind kind;
    Position start, end;
    const char *text; /* in the source */
    uint32_t length;
    union {
        struct {
            const char *data;
            size_t length;
            bool is_bytes;
        } string; /* STRING, and FSTRING_MIDDLE: decoded contents */
        struct {
            NumberKind kind;
            int64_t integer;    /* NUMBER_INT: fits int64 */
            const char *digits; /* NUMBER_BIG: digits without underscores and prefix, NUL at the end */
            int base;           /* NUMBER_BIG: 2, 8, 10, 16 */
            double real;        /* NUMBER_FLOAT, NUMBER_IMAGINARY */
        } number;
    } as;
} Token;

/* A syntax error, found by the lexer, the parser or the compiler. */
typedef enum SyntaxErrorKind { SYNTAX_ERROR, SYNTAX_INDENTATION, SYNTAX_TAB, SYNTAX_INCOMPLETE, SYNTAX_MEMORY } SyntaxErrorKind;

typedef struct SyntaxErrorInfo {
    bool set;
    SyntaxErrorKind kind; /* SyntaxError, IndentationError, TabError; INCOMPLETE: only more input can tell */
    char message[512];    /* CPython 3.13's, word for word */
    Position start, end;  /* end.line 0: no end */
} SyntaxErrorInfo;

/* A warning (SyntaxWarning: invalid escape sequence, "is" with a literal ...). */
typedef void (*SyntaxWarningFn)(void *user, const char *message, Position at);

typedef struct Lexer Lexer;

/* Turns a file's bytes into what lexer_new takes: decodes the declared encoding (utf-8, latin-1, ascii; PEP 263), drops a
 * BOM, makes CRLF and CR into LF. The result is in the arena, NUL-terminated. NULL with error set. */
const char *lexer_decode(Arena *arena, const char *bytes, size_t length, size_t *out_length, SyntaxErrorInfo *error);

/* source: as lexer_decode makes it; must outlive the lexer. interactive: running out of input inside a bracket, a
 * string, a block or behind a backslash is SYNTAX_INCOMPLETE instead of an error. */
Lexer *lexer_new(Arena *arena, const char *source, size_t length, bool interactive, SyntaxErrorInfo *error);
void lexer_set_warnings(Lexer *lexer, SyntaxWarningFn fn, void *user);
/* The next token; ENDMARKER for ever at the end; ERRORTOKEN when error is set. */
void lexer_next(Lexer *lexer, Token *token);
/* Whether a bracket is open, and where: for "'(' was never closed". */
bool lexer_open_bracket(const Lexer *lexer, char *bracket, Position *where);
/* The source line (without its newline) that holds line `line`. */
const char *lexer_line(const Lexer *lexer, uint32_t line, size_t *length);

const char *token_name(TokenKind kind); /* "NAME", "INDENT" ... */
const char *token_text(TokenKind kind); /* "(", "while" ...; NULL when it has none of its own */

#endif
