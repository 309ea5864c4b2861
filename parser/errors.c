/* Syntax errors: finds the line that the grammar stopped in, and has the reader find the words for it.
 *
 * The source is read again line by line with a fresh lexer. The lines before the one at fault are known to be right;
 * only what they open is kept: blocks, and `try` statements that still want a handler. As in CPython, an error of the
 * lexer anywhere behind the line at fault is reported in place of the parser's.
 * To add a statement that has a block: line_header. */
#include "parser/errors.h"

#include <stdio.h>
#include <string.h>

#include "parser/reader.h"

enum { LEVEL_LIMIT = 128 }; /* the lexer allows 100 levels of indentation */

/* What is known about the statements of one block. */
typedef struct Level {
    bool wants_handler; /* a try block has just ended */
    bool star_handlers, plain_handlers; /* of the current try statement */
    bool in_match;                      /* the block holds cases */
} Level;

/* The first line of a compound statement. */
typedef struct Header {
    TokenKind kind; /* KW_...; NAME for match and case; ENDMARKER: none */
    const char *word; /* "match" or "case" */
    bool star;        /* except* */
    bool open;        /* its block has to follow on lines of its own */
    uint32_t line;
} Header;

typedef struct Search {
    Reader reader;
    Lexer *lexer;
    Token *tokens;
    uint32_t *levels;
    uint32_t count, capacity, depth;
    uint32_t first; /* number of tokens before tokens[0] */
    Level blocks[LEVEL_LIMIT];
    uint32_t block;
    Header header; /* of the line before */
    bool simple_line; /* the line before was the first and no compound statement */
    Token newline;    /* its end */
    ParseMode mode;
    uint32_t last_line; /* of the source */
    bool unfinished;    /* no newline at its end: CPython supplies one for PARSE_EXEC alone */
    bool false_match; /* a line_is_false_match has been seen */
    bool final; /* no error of the lexer goes before the one found */
    SyntaxErrorInfo lexical;
} Search;

/* --- tokens --- */

static bool search_grow(Search *s)
{
    uint32_t capacity = s->capacity ? 2 * s->capacity : 64;
    Token *tokens = arena_alloc(s->reader.arena, capacity * sizeof *tokens);
    uint32_t *levels = arena_alloc(s->reader.arena, capacity * sizeof *levels);
    if (!tokens || !levels)
        return false;
    if (s->count) {
        memcpy(tokens, s->tokens, s->count * sizeof *tokens);
        memcpy(levels, s->levels, s->count * sizeof *levels);
    }
    s->tokens = tokens;
    s->levels = levels;
    s->capacity = capacity;
    return true;
}

static void depth_track(Search *s, TokenKind kind)
{
    switch (kind) {
    case TOKEN_LPAREN: case TOKEN_LBRACKET: case TOKEN_LBRACE:
        s->depth++;
        break;
    case TOKEN_RPAREN: case TOKEN_RBRACKET: case TOKEN_RBRACE:
        if (s->depth)
            s->depth--;
        break;
    default:
        break;
    }
}

/* In CPython's parser a comment belongs to the NEWLINE behind it. */
static void newline_widen(Token *newline, const Token *before)
{
    if (newline->start.line != before->end.line)
        return;
    const char *text = before->text + before->length;
    while (*text == ' ' || *text == '\t' || *text == '\f')
        text++;
    if (*text == '#') {
        newline->start.column -= (uint32_t)(newline->text - text);
        newline->text = text;
    }
}

/* Reads one more token. NULL: no memory. A character that starts no token is an ERRORTOKEN that means nothing more. */
static const Token *search_next(Search *s)
{
    if (s->count == s->capacity && !search_grow(s))
        return NULL;
    Token *token = &s->tokens[s->count];
    lexer_next(s->lexer, token);
    if (token->kind == TOKEN_ERRORTOKEN && strcmp(s->lexical.message, "invalid syntax") == 0)
        s->lexical.set = false;
    if (token->kind == TOKEN_NEWLINE && s->count)
        newline_widen(token, token - 1);
    depth_track(s, token->kind);
    s->levels[s->count++] = s->depth;
    return token;
}

static bool token_is_end(const Search *s, const Token *token)
{
    return token->kind == TOKEN_ENDMARKER || (token->kind == TOKEN_ERRORTOKEN && s->lexical.set);
}

/* --- lines that are right --- */

static bool token_is_word(const Token *token, const char *word)
{
    return token->kind == TOKEN_NAME && token->length == strlen(word) && memcmp(token->text, word, token->length) == 0;
}

static Header line_header(const Search *s)
{
    const Token *first = s->tokens;
    if (first->kind == TOKEN_KW_ASYNC && s->count > 1)
        first++;
    Header header = {TOKEN_ENDMARKER, NULL, false, false, first->start.line};
    header.open = s->count > 1 && s->tokens[s->count - 2].kind == TOKEN_COLON;
    switch (first->kind) {
    case TOKEN_KW_EXCEPT:
        header.star = s->count > 1 && first[1].kind == TOKEN_STAR;
        /* fall through */
    case TOKEN_KW_IF: case TOKEN_KW_ELIF: case TOKEN_KW_ELSE: case TOKEN_KW_WHILE: case TOKEN_KW_FOR: case TOKEN_KW_WITH:
    case TOKEN_KW_TRY: case TOKEN_KW_FINALLY: case TOKEN_KW_DEF: case TOKEN_KW_CLASS:
        header.kind = first->kind;
        break;
    case TOKEN_NAME:
        if (header.open && (token_is_word(first, "match") || token_is_word(first, "case"))) {
            header.kind = TOKEN_NAME;
            header.word = first->text[0] == 'm' ? "match" : "case";
        }
        break;
    default:
        break;
    }
    return header;
}

static void reader_take_line(Search *s)
{
    Reader *r = &s->reader;
    r->tokens = s->tokens;
    r->levels = s->levels;
    r->count = s->count;
    r->lexical = s->lexical;
    r->mark = r->furthest = 0;
    r->memo = arena_alloc(r->arena, s->count * sizeof *r->memo);
    r->raised = !r->memo;
}

/* A line like `match (x)`, which is a call. CPython, looking for mistakes, takes it for a match statement without a
 * colon, and reports that as soon as anything is wrong further down. */
static bool line_is_false_match(Search *s)
{
    if (s->mode != PARSE_EXEC || s->count < 3 || !token_is_word(s->tokens, "match") ||
        s->tokens[s->count - 2].kind == TOKEN_COLON)
        return false;
    SyntaxErrorInfo error = {0}, *outer = s->reader.error;
    s->reader.error = &error;
    reader_take_line(s);
    s->reader.seeking = true;
    read_line(&s->reader, false, false, false);
    s->reader.error = outer;
    s->reader.raised = false;
    return error.set && strcmp(error.message, "expected ':'") == 0;
}

/* Takes note of a whole line, and forgets its tokens. */
static void line_pass(Search *s)
{
    Level *level = &s->blocks[s->block];
    Header header = line_header(s);
    if (header.kind == TOKEN_KW_TRY)
        level->star_handlers = level->plain_handlers = false;
    if (header.kind == TOKEN_KW_EXCEPT)
        *(header.star ? &level->star_handlers : &level->plain_handlers) = true;
    level->wants_handler = header.kind == TOKEN_KW_TRY;
    s->false_match |= line_is_false_match(s);
    s->simple_line = s->first == 0 && header.kind == TOKEN_ENDMARKER && s->tokens->kind != TOKEN_AT;
    s->newline = s->tokens[s->count - 1];
    s->header = header;
    s->first += s->count;
    s->count = 0;
}

/* Takes note of an INDENT or DEDENT between two lines, and forgets it. */
static void indentation_pass(Search *s, TokenKind kind)
{
    if (kind == TOKEN_INDENT && s->block + 1 < LEVEL_LIMIT) {
        bool in_match = s->header.kind == TOKEN_NAME && strcmp(s->header.word, "match") == 0;
        s->blocks[++s->block] = (Level){.in_match = in_match};
    } else if (kind == TOKEN_DEDENT && s->block) {
        s->block--;
    }
    s->header = (Header){TOKEN_ENDMARKER, NULL, false, false, 0};
    s->first++;
    s->count = 0;
}

/* --- errors between lines --- */

/* CPython has no columns for INDENT, DEDENT and the end: where it reports the last token read, it gives the place where
 * its lexer stands, counted from 0, and end -1. The end of the source belongs to its last line. */
static void place_at_last(Search *s, const Token *token)
{
    SyntaxErrorInfo *error = s->reader.error;
    error->start = token->start;
    error->end = token->end;
    if (token->kind != TOKEN_INDENT && token->kind != TOKEN_DEDENT && token->kind != TOKEN_ENDMARKER)
        return;
    error->start = (Position){token->end.line, token->end.column - 1u};
    error->end = (Position){0, 0};
    error->end_offset = -1;
    if (*token->text == '\0') {
        size_t length;
        error->start.line = s->last_line;
        lexer_line(s->lexer, s->last_line, &length);
        error->start.column = (uint32_t)length - (s->mode != PARSE_EXEC && s->unfinished);
    }
}

/* A token with a place of its own; the end of the source has none on its line. */
static void place_at(Search *s, const Token *token)
{
    bool none = token->kind == TOKEN_ENDMARKER || (s->mode != PARSE_EXEC && *token->text == '\0');
    s->reader.error->start = none ? (Position){s->last_line, NO_COLUMN} : token->start;
    s->reader.error->end = none ? (Position){s->last_line, NO_COLUMN} : token->end;
}

static void set_error(Search *s, SyntaxErrorKind kind, const char *message)
{
    s->reader.error->set = true;
    s->reader.error->kind = kind;
    snprintf(s->reader.error->message, sizeof s->reader.error->message, "%s", message);
}

static void set_missing_block(Search *s)
{
    char message[128];
    const Header *header = &s->header;
    if (header->kind == TOKEN_KW_DEF || header->kind == TOKEN_KW_CLASS)
        snprintf(message, sizeof message, "expected an indented block after %s definition on line %u",
                 header->kind == TOKEN_KW_DEF ? "function" : "class", (unsigned)header->line);
    else
        snprintf(message, sizeof message, "expected an indented block after '%s%s' statement on line %u",
                 header->word ? header->word : token_text(header->kind), header->star ? "*" : "", (unsigned)header->line);
    set_error(s, SYNTAX_INDENTATION, message);
}

/* The grammar stopped at the first token of a line, at an INDENT or DEDENT, or at the end. */
static void find_between_lines(Search *s, const Token *token)
{
    place_at_last(s, token);
    if (s->false_match) {
        set_error(s, SYNTAX_ERROR, "expected ':'");
    } else if (s->header.open && s->header.kind != TOKEN_ENDMARKER && token->kind != TOKEN_INDENT) {
        set_missing_block(s);
    } else if (s->blocks[s->block].wants_handler) {
        set_error(s, SYNTAX_ERROR, "expected 'except' or 'finally' block");
    } else if (s->mode == PARSE_SINGLE && s->simple_line && token->kind != TOKEN_ENDMARKER) {
        place_at_last(s, &s->newline);
        set_error(s, SYNTAX_ERROR, "multiple statements found while compiling a single statement");
    } else if (token->kind == TOKEN_INDENT || token->kind == TOKEN_DEDENT) {
        set_error(s, SYNTAX_INDENTATION, token->kind == TOKEN_INDENT ? "unexpected indent" : "unexpected unindent");
        s->final = true;
    } else {
        s->reader.error->end_offset = 0;
        place_at(s, token);
        set_error(s, SYNTAX_ERROR, "invalid syntax");
    }
}

/* --- errors in a line --- */

static bool read_expressions_line(Reader *r)
{
    if (!read_expression(r))
        return false;
    while (reader_accept(r, TOKEN_COMMA))
        if (!read_expression(r))
            break;
    return reader_accept(r, TOKEN_NEWLINE);
}

static bool reader_pass(Search *s, bool seeking)
{
    Reader *r = &s->reader;
    const Level *level = &s->blocks[s->block];
    memset(r->memo, 0, s->count * sizeof *r->memo);
    r->mark = 0;
    r->seeking = seeking;
    return s->mode == PARSE_EVAL ? read_expressions_line(r)
                              : read_line(r, level->in_match, level->star_handlers, level->plain_handlers);
}

/* `refused`: the token of the line that the grammar did not take. */
static void find_in_line(Search *s, uint32_t refused)
{
    Reader *r = &s->reader;
    reader_take_line(s);
    if (!r->memo)
        return;
    bool right = reader_pass(s, false);
    uint32_t stopped = right && refused < s->count ? refused : r->furthest;
    if (!r->raised && s->false_match)
        raise_at_last(r, "expected ':'");
    else if (!r->raised)
        reader_pass(s, true);
    if (!r->error->set && r->raised && s->lexical.set) {
        *r->error = s->lexical;
    } else if (!r->error->set) {
        place_at(s, &s->tokens[stopped]);
        set_error(s, SYNTAX_ERROR, "invalid syntax");
    }
}

/* Whether CPython's lexer raises this error itself, and does not only tell its parser when that asks. */
static bool lexical_is_raised(const SyntaxErrorInfo *lexical)
{
    return lexical->kind == SYNTAX_ERROR && strcmp(lexical->message, "unexpected EOF while parsing") != 0 &&
           strcmp(lexical->message, "unexpected character after line continuation character") != 0 &&
           !strstr(lexical->message, "was never closed");
}

static void set_unclosed(Search *s, char bracket, Position where)
{
    SyntaxErrorInfo *error = s->reader.error;
    memset(error, 0, sizeof *error);
    error->start = where;
    set_error(s, SYNTAX_ERROR, "");
    snprintf(error->message, sizeof error->message, "'%c' was never closed", bracket);
}

/* Lexes on to the end: an error there goes before the parser's, and so does a bracket that is open then and was opened
 * before `line`, that of the last token read. */
static void find_behind(Search *s, uint32_t line)
{
    while (!token_is_end(s, &s->tokens[s->count - 1])) {
        s->first += s->count;
        s->count = 0;
        if (!search_next(s))
            return;
    }
    if (!s->lexical.set)
        return;
    char bracket;
    Position where;
    if (lexical_is_raised(&s->lexical))
        *s->reader.error = s->lexical;
    else if (lexer_open_bracket(s->lexer, &bracket, &where) && line > where.line)
        set_unclosed(s, bracket, where);
}

/* --- the search --- */

/* Reads up to the end of the line that holds token number `refused`. Whether that is where an error can be found:
 * false when memory ends. On return either one token is left, or a line. */
static bool search_line(Search *s, uint32_t refused)
{
    for (;;) {
        const Token *token = search_next(s);
        if (!token)
            return false;
        bool at_start = s->count == 1;
        uint32_t number = s->first + s->count - 1;
        if (at_start && (token->kind == TOKEN_INDENT || token->kind == TOKEN_DEDENT) && number != refused)
            indentation_pass(s, token->kind);
        else if (token_is_end(s, token) || (at_start && number == refused))
            return true;
        else if (token->kind == TOKEN_NEWLINE && number < refused)
            line_pass(s);
        else if (token->kind == TOKEN_NEWLINE)
            return true;
    }
}

/* CPython counts the columns of a range's end in the line where the range starts. */
static void end_clip(Search *s, SyntaxErrorInfo *error)
{
    size_t length;
    if (error->end.line <= error->start.line || error->end.column == NO_COLUMN)
        return;
    lexer_line(s->lexer, error->start.line, &length);
    if (error->end.column > length)
        error->end.column = (uint32_t)length;
}

static uint32_t source_lines(const char *source, size_t length)
{
    uint32_t lines = length && source[length - 1] != '\n';
    for (const char *at = source; (at = memchr(at, '\n', length - (size_t)(at - source))); at++)
        lines++;
    return lines;
}

void errors_find(Arena *arena, const char *source, size_t length, ParseMode mode, bool interactive, uint32_t refused,
                 SyntaxErrorInfo *error)
{
    Search *s = arena_alloc(arena, sizeof *s);
    if (!s)
        return;
    s->reader.arena = arena;
    s->reader.error = error;
    s->header.kind = TOKEN_ENDMARKER;
    s->mode = mode;
    s->last_line = source_lines(source, length);
    s->unfinished = length && source[length - 1] != '\n';
    s->lexer = lexer_new(arena, source, length, interactive, &s->lexical);
    if (!s->lexer || !search_line(s, refused))
        return;
    uint32_t line = s->tokens[0].start.line;
    if (s->count == 1 && s->tokens->kind == TOKEN_ERRORTOKEN && s->lexical.set) {
        *error = s->lexical;
    } else if (s->count == 1 && s->first == refused) {
        find_between_lines(s, &s->tokens[0]);
    } else {
        find_in_line(s, refused - s->first);
        line = s->tokens[s->reader.furthest].start.line;
    }
    if (error->set && !interactive && !s->final && memcmp(error, &s->lexical, sizeof *error) != 0)
        find_behind(s, line);
    end_clip(s, error);
}
