/* The lexer around its rules: indentation, brackets, the stack of f-strings, the end of the input, line access.
 *
 * Invariants: `cursor` is where the next token is looked for, `line` and `line_start` belong to it. Indentation is
 * looked at once per logical line, when at_line_start is set and no bracket is open. The innermost f-string says
 * whether its text or a field's expression comes next. The brackets of a field, its own braces included, are on the
 * bracket stack, so a newline inside a field is white space.
 * To add a token: a row in tokens.def and a rule in lexer.re.
 */
#include "lexer/lexer.h"

#include "lexer/identifier.h"
#include "lexer/state.h"

#include <string.h>

static const struct {
    const char *name, *text;
} TOKENS[TOKEN_COUNT] = {
#define TOKEN(name, text) {#name, text},
#include "lexer/tokens.def"
#undef TOKEN
};

const char *token_name(TokenKind kind)
{
    return kind < TOKEN_COUNT ? TOKENS[kind].name : "?";
}

const char *token_text(TokenKind kind)
{
    return kind < TOKEN_COUNT ? TOKENS[kind].text : NULL;
}

Lexer *lexer_new(Arena *arena, const char *source, size_t length, bool interactive, SyntaxErrorInfo *error)
{
    Lexer *lexer = arena_alloc(arena, sizeof *lexer);

    if (!lexer) {
        error->set = true;
        error->kind = SYNTAX_MEMORY;
        return NULL;
    }
    lexer->arena = arena;
    lexer->error = error;
    lexer->source = lexer->cursor = lexer->line_start = source;
    lexer->end = source + length;
    lexer->line = 1;
    lexer_begin_token(lexer, source);
    lexer->interactive = interactive;
    lexer->at_line_start = true;
    lexer->previous = TOKEN_NEWLINE;
    lexer->indent_count = 1;
    if (memchr(source, '\0', length))
        lexer_fail(lexer, SYNTAX_ERROR, (Position){0, 0}, (Position){0, 0},
                   "source code string cannot contain null bytes");
    return lexer;
}

void lexer_set_warnings(Lexer *lexer, SyntaxWarningFn fn, void *user)
{
    lexer->warn = fn;
    lexer->warn_user = user;
}

bool lexer_open_bracket(const Lexer *lexer, char *bracket, Position *where)
{
    const Bracket *top;

    if (lexer->bracket_count == 0)
        return false;
    top = &lexer->brackets[lexer->bracket_count - 1];
    *bracket = top->character;
    *where = top->where;
    return true;
}

const char *lexer_line(const Lexer *lexer, uint32_t line, size_t *length)
{
    const char *start = lexer->source, *newline;

    for (uint32_t number = 1; number < line; number++) {
        newline = memchr(start, '\n', (size_t)(lexer->end - start));
        start = newline ? newline + 1 : lexer->end;
    }
    newline = memchr(start, '\n', (size_t)(lexer->end - start));
    *length = (size_t)((newline ? newline : lexer->end) - start);
    return start;
}

/* Indentation */

/* `newline` is behind a backslash. false: it isn't one, or nothing follows it. */
static bool join_line(Lexer *lexer, const char *newline)
{
    if (*newline == '\0' || (*newline == '\n' && newline[1] == '\0'))
        lexer_eof_after_backslash(lexer, newline);
    else if (*newline != '\n')
        lexer_bad_continuation(lexer, newline);
    else
        lexer_start_line(lexer, newline + 1);
    return !lexer->stopped;
}

/* The white space in front of a line's first character, which *cursor is left at. Form feeds start the count again; a
 * backslash joins lines, and then the first one's indentation counts. false: the error is set. */
static bool measure_indent(Lexer *lexer, const char **cursor, Indent *indent)
{
    const char *p = *cursor;
    Indent width = {0, 0};
    bool joined = false;

    for (;; p++) {
        if (*p == ' ') {
            width.column++;
            width.narrow++;
        } else if (*p == '\t') {
            width.column = (width.column / 8 + 1) * 8;
            width.narrow++;
        } else if (*p == '\f') {
            width = (Indent){0, 0};
        } else if (*p == '\\') {
            if (!joined || indent->column == 0)
                *indent = (Indent){width.column, width.column};
            joined = true;
            if (!join_line(lexer, ++p))
                return false;
        } else {
            break;
        }
    }
    if (!joined || indent->column == 0)
        *indent = width;
    *cursor = p;
    return true;
}

static bool fail_tabs(Lexer *lexer)
{
    lexer_fail_point(lexer, SYNTAX_TAB, (Position){lexer->line, 0}, 0,
                     "inconsistent use of tabs and spaces in indentation");
    return false;
}

static bool fail_unindent(Lexer *lexer, const char *cursor)
{
    const char *newline = memchr(cursor, '\n', (size_t)(lexer->end - cursor));

    lexer_fail_point(lexer, SYNTAX_INDENTATION, lexer_where(lexer, newline ? newline : lexer->end), -1,
                     "unindent does not match any outer indentation level");
    return false;
}

/* Compares a logical line's indentation with the stack and notes the INDENT or DEDENTs that are due. */
static bool apply_indent(Lexer *lexer, const char *cursor, Indent indent)
{
    Indent *top = &lexer->indents[lexer->indent_count - 1];

    if (indent.column > top->column) {
        if (lexer->indent_count == LEXER_MAX_INDENTS) {
            lexer_fail_point(lexer, SYNTAX_INDENTATION, (Position){lexer->line, 0}, 0,
                             "too many levels of indentation");
            return false;
        }
        if (indent.narrow <= top->narrow)
            return fail_tabs(lexer);
        lexer->indents[lexer->indent_count++] = indent;
        lexer->pending_indents = 1;
        return true;
    }
    while (indent.column < top->column) {
        lexer->indent_count--;
        lexer->pending_indents--;
        top--;
    }
    if (indent.column != top->column)
        return fail_unindent(lexer, cursor);
    return indent.narrow == top->narrow || fail_tabs(lexer);
}

/* Interactive: an empty line ends the compound statement that is being typed. */
static void close_block(Lexer *lexer)
{
    lexer->block_open = false;
    lexer->pending_indents = 1 - lexer->indent_count;
    lexer->indent_count = 1;
}

/* Skips empty lines and comment lines up to a line that holds a token, or the end, and looks at its indentation. */
static bool begin_logical_line(Lexer *lexer)
{
    const char *cursor = lexer->cursor;
    Indent indent = {0, 0};

    for (;;) {
        if (!measure_indent(lexer, &cursor, &indent))
            return false;
        if (*cursor == '#')
            cursor += strcspn(cursor, "\n");
        if (*cursor != '\n')
            break;
        if (lexer->interactive && cursor == lexer->line_start)
            close_block(lexer);
        lexer_start_line(lexer, ++cursor);
        if (lexer->pending_indents) {
            lexer->cursor = cursor;
            return true;
        }
    }
    lexer->cursor = cursor;
    if (*cursor == '\0') {
        if (lexer->interactive && (lexer->indent_count > 1 || lexer->block_open)) {
            lexer_fail_point(lexer, SYNTAX_INCOMPLETE, lexer_where(lexer, cursor), 0, "unexpected EOF while parsing");
            return false;
        }
        if (cursor > lexer->line_start)
            lexer_start_line(lexer, cursor);
        indent = (Indent){0, 0};
    }
    lexer->at_line_start = false;
    return apply_indent(lexer, cursor, indent);
}

/* Actions of the rules: ends of input and joined lines */

TokenKind lexer_end_of_input(Lexer *lexer, const char *cursor)
{
    char bracket;
    Position where;

    lexer->cursor = cursor;
    if (lexer_open_bracket(lexer, &bracket, &where)) {
        lexer_fail_point(lexer, SYNTAX_ERROR, where, 0, "'%c' was never closed", bracket);
        return lexer_mark_incomplete(lexer);
    }
    return lexer->line_has_token ? TOKEN_NEWLINE : TOKEN_ENDMARKER;
}

/* `cursor` is at the end of the line, where its newline is or should be. */
TokenKind lexer_eof_after_backslash(Lexer *lexer, const char *cursor)
{
    if (lexer->bracket_count)
        return lexer_end_of_input(lexer, cursor);
    lexer_fail_point(lexer, SYNTAX_ERROR, lexer_where(lexer, cursor), -1, "unexpected EOF while parsing");
    return lexer_mark_incomplete(lexer);
}

/* `cursor` is behind the backslash. */
TokenKind lexer_bad_continuation(Lexer *lexer, const char *cursor)
{
    return lexer_fail_point(lexer, SYNTAX_ERROR, lexer_where(lexer, cursor), 0,
                            "unexpected character after line continuation character");
}

TokenKind lexer_unknown_token(Lexer *lexer, const char *cursor)
{
    unsigned char first = (unsigned char)*lexer->token_start;

    if (first < ' ' || first == 0x7F)
        return lexer_fail_here(lexer, cursor, "invalid non-printable character U+%04X", first);
    lexer_fail(lexer, SYNTAX_ERROR, lexer->token_where, lexer_where(lexer, cursor), "invalid syntax");
    lexer->stopped = false;
    lexer->line_has_token = true;
    return lexer_accept(lexer, cursor, TOKEN_ERRORTOKEN);
}

/* Names and numbers */

/* The name has characters that aren't ASCII. */
TokenKind lexer_name_token(Lexer *lexer, const char *cursor)
{
    const char *bad = identifier_find_bad(lexer->token_start, (size_t)(cursor - lexer->token_start));
    uint32_t character;
    int length;

    if (!bad)
        return lexer_accept(lexer, cursor, TOKEN_NAME);
    character = codepoint_decode(bad, cursor, &length);
    if (codepoint_is_printable(character))
        return lexer_fail_here(lexer, bad + length, "invalid character '%.*s' (U+%04X)", length, bad, character);
    return lexer_fail_here(lexer, bad + length, "invalid non-printable character U+%04X", character);
}

/* A character of an identifier; every byte beyond ASCII counts as one here. */
static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

/* Whether a keyword that may follow a number in valid code starts here: "1if x else y" is only warned about. */
static bool starts_keyword(const char *text)
{
    static const char *const KEYWORDS[] = {"and", "else", "for", "if", "in", "is", "not", "or"};

    for (size_t i = 0; i < sizeof KEYWORDS / sizeof *KEYWORDS; i++)
        if (strncmp(text, KEYWORDS[i], strlen(KEYWORDS[i])) == 0)
            return text[0] == 'i' || !is_word(text[strlen(KEYWORDS[i])]); /* "1iff" counts, as in CPython */
    return false;
}

TokenKind lexer_number_token(Lexer *lexer, const char *cursor, const char *what)
{
    if (is_word(*cursor) && (unsigned char)*cursor < 0x80) {
        if (!starts_keyword(cursor))
            return lexer_fail_here(lexer, cursor, "invalid %s literal", what);
        lexer_warn(lexer, lexer->token_where, "invalid %s literal", what);
    }
    return lexer_accept(lexer, cursor, TOKEN_NUMBER);
}

/* Digits that start with a zero but aren't all zeros. */
TokenKind lexer_leading_zeros_token(Lexer *lexer, const char *cursor)
{
    const char *zeros = lexer->token_start;

    if ((*cursor | 0x20) == 'e')
        return lexer_number_token(lexer, cursor, "decimal");
    zeros += strspn(zeros, "0_");
    return lexer_fail(lexer, SYNTAX_ERROR, lexer->token_where, lexer_where(lexer, zeros),
                      "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal "
                      "integers");
}

/* Brackets */

TokenKind lexer_open_bracket_token(Lexer *lexer, const char *cursor, TokenKind kind)
{
    FString *string = lexer_fstring(lexer);

    if (lexer->bracket_count == LEXER_MAX_BRACKETS)
        return lexer_fail_here(lexer, cursor, "too many nested parentheses");
    lexer->brackets[lexer->bracket_count++] = (Bracket){cursor[-1], lexer->token_where};
    if (string)
        string->depth++;
    return lexer_accept(lexer, cursor, kind);
}

static char closing_of(char opening)
{
    return opening == '(' ? ')' : opening == '[' ? ']' : '}';
}

static TokenKind fail_mismatch(Lexer *lexer, const char *cursor, char closing, Bracket open)
{
    const FString *string = lexer_fstring(lexer);

    if (string && open.character == '{' && string->depth - 1 == string->field)
        return lexer_fail_here(lexer, cursor, "f-string: unmatched '%c'", closing);
    if (open.where.line != lexer->line)
        return lexer_fail_here(lexer, cursor,
                               "closing parenthesis '%c' does not match opening parenthesis '%c' on line %u", closing,
                               open.character, open.where.line);
    return lexer_fail_here(lexer, cursor, "closing parenthesis '%c' does not match opening parenthesis '%c'", closing,
                           open.character);
}

TokenKind lexer_close_bracket_token(Lexer *lexer, const char *cursor, TokenKind kind)
{
    FString *string = lexer_fstring(lexer);
    char closing = cursor[-1];
    Bracket open;

    if (string && string->depth == 0 && closing == '}')
        return lexer_fail_here(lexer, cursor, "f-string: single '}' is not allowed");
    if (lexer->bracket_count == 0)
        return lexer_fail_here(lexer, cursor, "unmatched '%c'", closing);
    open = lexer->brackets[lexer->bracket_count - 1];
    if (closing_of(open.character) != closing)
        return fail_mismatch(lexer, cursor, closing, open);
    lexer->bracket_count--;
    if (string) {
        string->depth--;
        if (string->depth < 0)
            return lexer_fail_here(lexer, cursor, "f-string: unmatched '%c'", closing);
        if (closing == '}' && string->depth == string->field) {
            string->field--;
            string->in_text = true;
            string->in_spec = false;
        }
    }
    return lexer_accept(lexer, cursor, kind);
}

/* Strings and f-strings */

/* The line number that CPython calls "detected": that of the last character, a final newline not counted as a line. */
static uint32_t detected_line(const Lexer *lexer, const char *cursor)
{
    if (*cursor == '\0' && cursor == lexer->line_start && lexer->line > 1)
        return lexer->line - 1;
    return lexer->line;
}

TokenKind lexer_string_token(Lexer *lexer, const char *cursor, int quote_size)
{
    lexer->cursor = cursor;
    return lexer_scan_string(lexer, cursor[-1], quote_size);
}

static bool has_escaped_quote(const char *from, const char *to, char quote)
{
    for (; from + 1 < to; from++) {
        if (*from != '\\')
            continue;
        if (*++from == quote)
            return true;
    }
    return false;
}

/* Whether the input, and not the line, ended inside a one-line string: behind a backslash. */
static bool ends_behind_backslash(const Lexer *lexer, const char *cursor)
{
    if (*cursor != '\0' || cursor == lexer->source)
        return false;
    return cursor[-1] == '\\' || (cursor == lexer->line_start && cursor[-1] == '\n');
}

TokenKind lexer_unterminated_string(Lexer *lexer, const char *cursor, char quote, int quote_size)
{
    const FString *string = lexer_fstring(lexer);
    uint32_t line = detected_line(lexer, cursor);
    Position at = lexer->token_where;

    if (string && string->quote == quote && string->quote_size == quote_size) {
        lexer_fail(lexer, SYNTAX_ERROR, at, at, "f-string: expecting '}'");
    } else if (quote_size == 3) {
        lexer_fail(lexer, SYNTAX_ERROR, at, at, "unterminated triple-quoted string literal (detected at line %u)",
                   line);
        if (*cursor == '\0')
            lexer_mark_incomplete(lexer);
    } else {
        lexer_fail(lexer, SYNTAX_ERROR, at, at, "unterminated string literal (detected at line %u)%s", line,
                   has_escaped_quote(lexer->token_start, cursor, quote) ? "; perhaps you escaped the end quote?" : "");
        if (ends_behind_backslash(lexer, cursor))
            lexer_mark_incomplete(lexer);
    }
    return TOKEN_ERRORTOKEN;
}

TokenKind lexer_unterminated_fstring(Lexer *lexer, const char *cursor)
{
    const FString *string = lexer_fstring(lexer);
    bool triple = string->quote_size == 3;

    lexer_fail(lexer, SYNTAX_ERROR, string->start, string->start,
               "unterminated %sf-string literal (detected at line %u)", triple ? "triple-quoted " : "",
               detected_line(lexer, cursor));
    if (triple ? *cursor == '\0' : ends_behind_backslash(lexer, cursor))
        lexer_mark_incomplete(lexer);
    return TOKEN_ERRORTOKEN;
}

TokenKind lexer_fstring_start_token(Lexer *lexer, const char *cursor, int quote_size)
{
    const char *prefix = lexer->token_start;
    FString *string;

    if (lexer->fstring_count == LEXER_MAX_FSTRINGS)
        return lexer_fail_here(lexer, cursor, "too many nested f-strings");
    string = &lexer->fstrings[lexer->fstring_count++];
    *string = (FString){
        .quote = cursor[-1],
        .quote_size = (uint8_t)quote_size,
        .raw = (prefix[0] | 0x20) == 'r' || (prefix[1] | 0x20) == 'r',
        .in_text = true,
        .field = -1,
        .start = lexer->token_where,
    };
    return lexer_accept(lexer, cursor, TOKEN_FSTRING_START);
}

/* Text up to `cursor`; `skip` characters behind it (the second of a doubled brace) are not part of it. */
TokenKind lexer_fstring_text_token(Lexer *lexer, const char *cursor, int skip)
{
    lexer->skip = skip;
    return lexer_accept(lexer, cursor, TOKEN_FSTRING_MIDDLE);
}

/* `cursor` is at the closing quotes. */
TokenKind lexer_fstring_end_token(Lexer *lexer, const char *cursor)
{
    const FString *string = lexer_fstring(lexer);

    if (cursor > lexer->token_start)
        return lexer_accept(lexer, cursor, TOKEN_FSTRING_MIDDLE);
    cursor += string->quote_size;
    if (lexer->deferred_fstring == lexer->fstring_count)
        return lexer_fail(lexer, SYNTAX_ERROR, lexer->token_where, lexer_where(lexer, cursor), "%s",
                          lexer->deferred_message);
    for (const LateWarning *warning = string->warnings; warning; warning = warning->next)
        lexer_warn(lexer, lexer->token_where, "%s", warning->message);
    lexer->fstring_count--;
    return lexer_accept(lexer, cursor, TOKEN_FSTRING_END);
}

/* `cursor` is at a brace, or the newline, that ends the text and is a token of the expression around it. */
TokenKind lexer_fstring_leave_text(Lexer *lexer, const char *cursor)
{
    FString *string = lexer_fstring(lexer);

    string->in_text = false;
    string->in_spec = false;
    lexer->cursor = cursor;
    return cursor > lexer->token_start ? TOKEN_FSTRING_MIDDLE : lexer_scan(lexer);
}

/* `cursor` is at the brace that opens a replacement field. */
TokenKind lexer_field_token(Lexer *lexer, const char *cursor)
{
    FString *string = lexer_fstring(lexer);

    if (cursor > lexer->token_start)
        return lexer_accept(lexer, cursor, TOKEN_FSTRING_MIDDLE);
    if (string->field + 1 >= LEXER_MAX_FIELDS)
        return lexer_fail_here(lexer, cursor, "f-string: expressions nested too deeply");
    string->field++;
    string->in_text = false;
    lexer->cursor = cursor;
    return lexer_scan(lexer);
}

bool lexer_colon_starts_spec(const Lexer *lexer)
{
    const FString *string = lexer->fstring_count ? &lexer->fstrings[lexer->fstring_count - 1] : NULL;

    return string && string->field >= 0 && string->depth - 1 == string->field;
}

TokenKind lexer_colon_token(Lexer *lexer, const char *cursor)
{
    if (lexer_colon_starts_spec(lexer)) {
        FString *string = lexer_fstring(lexer);

        string->in_text = true;
        string->in_spec = true;
    }
    return lexer_accept(lexer, cursor, TOKEN_COLON);
}

/* Tokens */

static bool starts_compound(TokenKind kind)
{
    switch (kind) {
    case TOKEN_AT:
    case TOKEN_KW_ASYNC:
    case TOKEN_KW_CLASS:
    case TOKEN_KW_DEF:
    case TOKEN_KW_ELIF:
    case TOKEN_KW_ELSE:
    case TOKEN_KW_EXCEPT:
    case TOKEN_KW_FINALLY:
    case TOKEN_KW_FOR:
    case TOKEN_KW_IF:
    case TOKEN_KW_TRY:
    case TOKEN_KW_WHILE:
    case TOKEN_KW_WITH:
        return true;
    default:
        return false;
    }
}

static void note_token(Lexer *lexer, TokenKind kind)
{
    if (kind == TOKEN_NEWLINE) {
        lexer->line_has_token = false;
        lexer->at_line_start = true;
        if (lexer->previous == TOKEN_COLON)
            lexer->block_open = true;
        if (*lexer->token_start == '\n')
            lexer_start_line(lexer, lexer->cursor);
    } else if (kind != TOKEN_ENDMARKER) {
        if (!lexer->line_has_token && lexer->indent_count == 1)
            lexer->block_open = starts_compound(kind);
        lexer->line_has_token = true;
    }
    lexer->previous = kind;
}

static TokenKind next_kind(Lexer *lexer)
{
    const FString *string = lexer_fstring(lexer);

    if (lexer->stopped)
        return TOKEN_ERRORTOKEN;
    if (string && string->in_text)
        return lexer_scan_fstring(lexer);
    if (lexer->at_line_start && lexer->bracket_count == 0 && !lexer->pending_indents && !begin_logical_line(lexer))
        return TOKEN_ERRORTOKEN;
    if (lexer->pending_indents == 0)
        return lexer_scan(lexer);
    if (lexer->pending_indents > 0) {
        lexer->pending_indents = 0;
        lexer_begin_token(lexer, lexer->line_start);
        return TOKEN_INDENT;
    }
    lexer->pending_indents++;
    lexer_begin_token(lexer, lexer->cursor);
    return TOKEN_DEDENT;
}

static bool decode_name(Lexer *lexer, Token *token)
{
    return identifier_normalize(lexer->arena, token->text, token->length, &token->as.name.data,
                                &token->as.name.length);
}

static bool decode_token(Lexer *lexer, Token *token)
{
    switch (token->kind) {
    case TOKEN_NAME:
        return decode_name(lexer, token) || lexer_fail_memory(lexer);
    case TOKEN_NUMBER:
        return literal_decode_number(lexer, token);
    case TOKEN_STRING:
        return literal_decode_string(lexer, token);
    case TOKEN_FSTRING_MIDDLE:
        return literal_decode_fstring_text(lexer, token, lexer_fstring(lexer)->raw);
    default:
        return true;
    }
}

void lexer_next(Lexer *lexer, Token *token)
{
    TokenKind kind = next_kind(lexer);

    token->kind = kind;
    token->text = lexer->token_start;
    token->start = lexer->token_where;
    token->end = token->start;
    token->length = 0;
    if (lexer->stopped)
        return;
    token->end = lexer_where(lexer, lexer->cursor);
    token->length = (uint32_t)(lexer->cursor - lexer->token_start);
    if (kind == TOKEN_ERRORTOKEN)
        return;
    if (kind == TOKEN_NEWLINE && token->length == 0)
        token->end.column++;
    lexer->cursor += lexer->skip;
    lexer->skip = 0;
    if (kind != TOKEN_INDENT && kind != TOKEN_DEDENT)
        note_token(lexer, kind);
    if (!decode_token(lexer, token))
        token->kind = TOKEN_ERRORTOKEN;
}
