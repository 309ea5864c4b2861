/* The driver: feeds the lexer's tokens to the generated parser, tells soft keywords from names, ends the parse.
 *
 * Soft keywords are decided here, because LALR(1) cannot: `match` starts a statement if its logical line ends with a
 * colon outside brackets, `case` where a case block may start, `type` if a name follows. Tokens that had to be read
 * ahead for this wait in the window.
 * Whatever goes wrong, errors.c finds out what to say by reading the source again; the good case pays nothing for it.
 * To add a soft keyword: a symbol behind TOKEN_COUNT (build.h, grammar.y) and a case in soft_keyword. */
#include "parser/parser.h"

#include <stdio.h>
#include <string.h>

#include "parser/build.h"
#include "parser/errors.h"

enum { BLOCK_LIMIT = 128 }; /* the lexer allows 100 levels of indentation */

typedef struct Driver {
    Parser parser;
    Grammar *grammar;
    Lexer *lexer;
    ParseMode mode;
    Token *window; /* tokens read ahead: [next, count) */
    uint32_t next, count, capacity;
    TokenKind previous; /* the last token fed; NEWLINE before the first */
    TokenKind before_end; /* the one before that */
    uint32_t fed;       /* how many */
    bool is_case_block[BLOCK_LIMIT]; /* for every INDENT that is open: whether it holds the cases of a match */
    uint32_t block_count;
    bool in_match_line; /* the line began with the keyword match */
} Driver;

/* --- tokens read ahead --- */

/* Token number `ahead` from here (0: the next to be fed); the last one there is when the source ends before. NULL: no memory. */
static const Token *driver_peek(Driver *d, uint32_t ahead)
{
    if (d->next == d->count)
        d->next = d->count = 0;
    while (d->count - d->next <= ahead) {
        if (d->count > d->next) {
            TokenKind last = d->window[d->count - 1].kind;
            if (last == TOKEN_ENDMARKER || last == TOKEN_ERRORTOKEN)
                return &d->window[d->count - 1];
        }
        if (d->count == d->capacity) {
            uint32_t capacity = d->capacity ? d->capacity * 2 : 16;
            Token *window = arena_alloc(d->parser.arena, capacity * sizeof *window);
            if (!window)
                return NULL;
            if (d->count)
                memcpy(window, d->window, d->count * sizeof *window);
            d->window = window;
            d->capacity = capacity;
        }
        lexer_next(d->lexer, &d->window[d->count++]);
    }
    return &d->window[d->next + ahead];
}

static bool token_is_word(const Token *token, const char *word)
{
    return token->kind == TOKEN_NAME && token->length == strlen(word) && memcmp(token->text, word, token->length) == 0;
}

/* Whether an expression can start with it, so that `match` in front of it may be the keyword. */
static bool token_starts_expression(TokenKind kind)
{
    switch (kind) {
    case TOKEN_NAME: case TOKEN_NUMBER: case TOKEN_STRING: case TOKEN_FSTRING_START: case TOKEN_LPAREN:
    case TOKEN_LBRACKET: case TOKEN_LBRACE: case TOKEN_PLUS: case TOKEN_MINUS: case TOKEN_TILDE: case TOKEN_STAR:
    case TOKEN_ELLIPSIS: case TOKEN_KW_FALSE: case TOKEN_KW_NONE: case TOKEN_KW_TRUE: case TOKEN_KW_AWAIT:
    case TOKEN_KW_LAMBDA: case TOKEN_KW_NOT:
        return true;
    default:
        return false;
    }
}

static int bracket_change(TokenKind kind)
{
    switch (kind) {
    case TOKEN_LPAREN: case TOKEN_LBRACKET: case TOKEN_LBRACE:
        return 1;
    case TOKEN_RPAREN: case TOKEN_RBRACKET: case TOKEN_RBRACE:
        return -1;
    default:
        return 0;
    }
}

/* Whether the logical line that starts here ends with a colon outside brackets. */
static bool line_ends_with_colon(Driver *d)
{
    bool colon = false;
    int depth = 0;
    for (uint32_t ahead = 1;; ahead++) {
        const Token *token = driver_peek(d, ahead);
        if (!token || token->kind == TOKEN_ENDMARKER || token->kind == TOKEN_ERRORTOKEN)
            return false;
        if (token->kind == TOKEN_NEWLINE)
            return colon;
        depth += bracket_change(token->kind);
        colon = token->kind == TOKEN_COLON && depth == 0;
    }
}

static int soft_keyword(Driver *d, const Token *name)
{
    if (d->mode == PARSE_EVAL)
        return TOKEN_NAME;
    bool line_start = d->previous == TOKEN_NEWLINE || d->previous == TOKEN_INDENT || d->previous == TOKEN_DEDENT;
    if (line_start && token_is_word(name, "match")) {
        const Token *behind = driver_peek(d, 1);
        if (behind && token_starts_expression(behind->kind) && line_ends_with_colon(d))
            return SYMBOL_MATCH;
    } else if (line_start && d->block_count && d->is_case_block[d->block_count - 1] && token_is_word(name, "case")) {
        return SYMBOL_CASE;
    } else if ((line_start || d->previous == TOKEN_SEMICOLON || d->previous == TOKEN_COLON) &&
               token_is_word(name, "type")) {
        const Token *behind = driver_peek(d, 1);
        if (behind && behind->kind == TOKEN_NAME)
            return SYMBOL_TYPE;
    }
    return TOKEN_NAME;
}

/* --- token values --- */

static void constant_set(Constant *constant, const Token *token)
{
    if (token->kind != TOKEN_NUMBER) {
        constant->kind = token->as.string.is_bytes ? CONSTANT_BYTES : CONSTANT_STR;
        constant->data = token->as.string.data;
        constant->length = token->as.string.length;
        constant->unicode_prefix = token->kind == TOKEN_STRING && (token->text[0] == 'u' || token->text[0] == 'U');
        return;
    }
    switch (token->as.number.kind) {
    case NUMBER_INT:
        constant->kind = CONSTANT_INT;
        constant->integer = token->as.number.integer;
        break;
    case NUMBER_BIG:
        constant->kind = CONSTANT_BIG;
        constant->data = token->as.number.digits;
        constant->length = strlen(token->as.number.digits);
        constant->base = token->as.number.base;
        break;
    case NUMBER_FLOAT:
        constant->kind = CONSTANT_FLOAT;
        constant->real = token->as.number.real;
        break;
    case NUMBER_IMAGINARY:
        constant->kind = CONSTANT_COMPLEX;
        constant->real = token->as.number.real;
    }
}

/* Whether an f-string's text ends with a doubled brace, whose second half the token does not cover but the node does. */
static bool ends_with_doubled_brace(const Token *token)
{
    size_t length = token->as.string.length;
    char last = length ? token->as.string.data[length - 1] : '\0';
    return token->kind == TOKEN_FSTRING_MIDDLE && (last == '{' || last == '}') &&
           token->text[token->length - 1] == last && token->text[token->length] == last;
}

Item token_leaf(Parser *p, const Token *token)
{
    Item leaf = {token->start, {NULL}};
    switch (token->kind) {
    case TOKEN_NAME:
        leaf.node = node_new(p, NODE_Name, token->start);
        leaf.node->end = token->end;
        leaf.node->as.Name.id = (Text){token->as.name.data, (uint32_t)token->as.name.length};
        break;
    case TOKEN_NUMBER: case TOKEN_STRING: case TOKEN_FSTRING_MIDDLE:
        leaf.node = node_new(p, NODE_Constant, token->start);
        leaf.node->end = token->end;
        leaf.node->end.column += token->kind != TOKEN_NUMBER && ends_with_doubled_brace(token);
        constant_set(&leaf.node->as.Constant.constant, token);
        break;
    default:
        leaf.text = token->text;
    }
    return leaf;
}

/* --- the parse --- */

static void block_track(Driver *d, TokenKind kind)
{
    if (kind == TOKEN_INDENT) {
        if (d->block_count < BLOCK_LIMIT)
            d->is_case_block[d->block_count++] = d->in_match_line;
    } else if (kind == TOKEN_DEDENT && d->block_count) {
        d->block_count--;
    }
    if (kind != TOKEN_NEWLINE && (d->previous == TOKEN_NEWLINE || d->previous == TOKEN_INDENT || d->previous == TOKEN_DEDENT))
        d->in_match_line = false;
}

static void driver_feed(Driver *d, const Token *token)
{
    Parser *p = &d->parser;
    int symbol = token->kind;
    block_track(d, token->kind);
    if (token->kind == TOKEN_NAME) {
        symbol = soft_keyword(d, token);
        token = &d->window[d->next]; /* the window may have moved */
        d->in_match_line |= symbol == SYMBOL_MATCH;
    }
    p->current = token;
    Item value = symbol < TOKEN_COUNT ? token_leaf(p, token) : (Item){token->start, {NULL}};
    grammar_feed(d->grammar, symbol, value);
    if (token->kind == TOKEN_NEWLINE)
        check_with_items(p);
    if (token->kind != TOKEN_NEWLINE && token->kind != TOKEN_INDENT && token->kind != TOKEN_DEDENT)
        p->last_end = token->end;
    d->before_end = d->previous;
    d->previous = token->kind;
}

/* Feeds until the end or the first thing that is wrong. Result: the kind of the token that was fed last. */
static TokenKind driver_run(Driver *d)
{
    Parser *p = &d->parser;
    for (;;) {
        const Token *token = driver_peek(d, 0);
        if (!token) {
            parser_fail(p, "");
            return TOKEN_ERRORTOKEN;
        }
        if (token->kind == TOKEN_ERRORTOKEN)
            return TOKEN_ERRORTOKEN;
        driver_feed(d, token);
        if (p->failed || p->rejected || d->previous == TOKEN_ENDMARKER)
            return d->previous;
        d->next++;
        d->fed++;
    }
}

/* An interactive block ends with an empty line: until then, an error at the end only means that more has to come. */
static bool source_can_go_on(const char *source, size_t length)
{
    if (length && source[length - 1] == '\n')
        length--;
    while (length && (source[length - 1] == ' ' || source[length - 1] == '\t'))
        length--;
    return length && source[length - 1] != '\n';
}

static bool node_is_compound(const Node *node)
{
    switch (node->kind) {
    case NODE_FunctionDef: case NODE_ClassDef: case NODE_For: case NODE_While: case NODE_If: case NODE_With:
    case NODE_Match: case NODE_Try:
        return true;
    default:
        return false;
    }
}

/* Not in a terminal, a compound statement that ends with a simple one on the same line wants a newline behind. */
static bool single_is_unfinished(const Driver *d, const char *source, size_t length)
{
    if (!d->parser.result || d->before_end != TOKEN_NEWLINE || source[length - 1] == '\n')
        return false;
    return node_is_compound(d->parser.result->as.Interactive.body.items[0]);
}

static int start_symbol(ParseMode mode)
{
    return mode == PARSE_EVAL ? SYMBOL_START_EVAL : mode == PARSE_SINGLE ? SYMBOL_START_SINGLE : SYMBOL_START_EXEC;
}

static bool driver_init(Driver *d, Arena *arena, const char *source, size_t length, ParseMode mode, bool interactive)
{
    d->parser.arena = arena;
    d->parser.last_end = (Position){1, 0};
    d->previous = TOKEN_NEWLINE;
    d->mode = mode;
    d->lexer = lexer_new(arena, source, length, interactive, d->parser.error);
    if (!d->lexer)
        return false;
    d->grammar = grammar_new(&d->parser);
    if (!d->grammar)
        return false;
    grammar_feed(d->grammar, start_symbol(mode), NO_ITEM);
    return true;
}

static Node *repeated_keyword(const Parser *p)
{
    Text name = p->repeated->as.Keyword.name;
    p->error->set = true;
    p->error->kind = SYNTAX_ERROR;
    p->error->start = p->repeated->start;
    p->error->end = p->repeated->end;
    snprintf(p->error->message, sizeof p->error->message, "keyword argument repeated: %.*s", (int)name.length, name.data);
    return NULL;
}

Node *parser_parse(Arena *arena, const char *source, size_t length, ParseMode mode, bool interactive,
                   SyntaxErrorInfo *error, SyntaxWarningFn warn, void *user)
{
    Driver d;
    memset(&d, 0, sizeof d);
    memset(error, 0, sizeof *error);
    d.parser.error = error;
    TokenKind last = TOKEN_ERRORTOKEN;
    if (driver_init(&d, arena, source, length, mode, interactive)) {
        if (warn)
            lexer_set_warnings(d.lexer, warn, user);
        last = driver_run(&d);
    }
    if (arena->failed || d.parser.failed) {
        error->set = true;
        error->kind = SYNTAX_MEMORY;
        return NULL;
    }
    if (last == TOKEN_ERRORTOKEN && error->kind == SYNTAX_INCOMPLETE)
        return NULL;
    if (!d.parser.rejected && !error->set && !(mode == PARSE_SINGLE && single_is_unfinished(&d, source, length)))
        return d.parser.repeated ? repeated_keyword(&d.parser) : d.parser.result;
    if (interactive && mode == PARSE_SINGLE && last == TOKEN_ENDMARKER && d.fed == 0) {
        build_single(&d.parser, NO_NODES);
        return d.parser.failed ? NULL : d.parser.result;
    }
    if (interactive && last == TOKEN_ENDMARKER && source_can_go_on(source, length)) {
        error->set = true;
        error->kind = SYNTAX_INCOMPLETE;
        return NULL;
    }
    memset(error, 0, sizeof *error);
    errors_find(arena, source, length, mode, interactive, d.fed, error);
    if (arena->failed || !error->set) {
        error->set = true;
        error->kind = SYNTAX_MEMORY;
    }
    return NULL;
}
