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
        } string; /* STRING, and FSTRING_MIDDLE (never empty): decoded contents */
        struct {
            const char *data; /* not NUL-terminated */
            size_t length;
        } name; /* NAME: in normal form NFKC; text itself when that is ASCII */
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
    Position start, end;  /* column UINT32_MAX: offset 0; end.line 0: no end; start.line 0: no place in the source */
    int end_offset;       /* no end: what end_offset is in CPython, 0 or -1 (with end_lineno = lineno) */
} SyntaxErrorInfo;

/* A warning (SyntaxWarning: invalid escape sequence, "is" with a literal ...). */
typedef void (*SyntaxWarningFn)(void *user, const char *message, Position at);

typedef struct Lexer Lexer;

/* Turns a file's bytes into what lexer_new takes: decodes the declared encoding (utf-8, latin-1, ascii; PEP 263), drops a
 * BOM, makes CRLF and CR into LF. The result is in the arena, NUL-terminated. NULL with error set. */
const char *lexer_decode(Arena *arena, const char *bytes, size_t length, size_t *out_length, SyntaxErrorInfo *error);
/* The same for a file: CPython words some errors differently for compile(bytes) and for a file. */
const char *lexer_decode_file(Arena *arena, const char *filename, const char *bytes, size_t length, size_t *out_length,
                              SyntaxErrorInfo *error);
/* The same for a str's text, UTF-8 already: a BOM or an encoding line mean nothing. */
const char *lexer_decode_text(Arena *arena, const char *text, size_t length, size_t *out_length,
                              SyntaxErrorInfo *error);

/* source: as lexer_decode makes it; must outlive the lexer. interactive: running out of input inside a bracket, a
 * string, a block or behind a backslash is SYNTAX_INCOMPLETE instead of an error. Lines then end in newlines (all of
 * them): a compound statement is complete, and its block closed, at an empty line, which makes no token of its own.
 * NULL when there is no memory. */
Lexer *lexer_new(Arena *arena, const char *source, size_t length, bool interactive, SyntaxErrorInfo *error);
void lexer_set_warnings(Lexer *lexer, SyntaxWarningFn fn, void *user);
/* The next token; ENDMARKER for ever at the end; ERRORTOKEN when error is set. The error "invalid syntax" is a character
 * that starts no token ('$', '?', '`', "<>"): the lexer can go on behind it if the caller clears error->set. After any
 * other error all tokens are ERRORTOKENs. Input that ends in an open bracket is the error "'(' was never closed". */
void lexer_next(Lexer *lexer, Token *token);
/* Whether a bracket is open, and where: for "'(' was never closed". */
bool lexer_open_bracket(const Lexer *lexer, char *bracket, Position *where);
/* The source line (without its newline) that holds line `line`. */
const char *lexer_line(const Lexer *lexer, uint32_t line, size_t *length);

const char *token_name(TokenKind kind); /* "NAME", "INDENT" ... */
const char *token_text(TokenKind kind); /* "(", "while" ...; NULL when it has none of its own */

#endif
