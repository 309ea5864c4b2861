/* The rules: which characters make which token.
 *
 * re2c turns this file into build/gen/lexer.c. Input is the lexer's buffer, whose only NUL is its end, so no rule needs
 * to ask for more. Actions that do more than name a token are in lexer.c. Rules of equal length: the first one wins;
 * a keyword or a number therefore stands above the rule that would match it too.
 * To add a keyword or an operator: a row in tokens.def, a rule in lexer_scan.
 */
#include "lexer/state.h"

/*!re2c
    re2c:define:YYCTYPE = "unsigned char";
    re2c:define:YYCURSOR = cursor;
    re2c:define:YYMARKER = marker;
    re2c:yyfill:enable = 0;
    re2c:flags:bit-vectors = 1;

    end = "\x00";
    blank = [ \t\f];
    first = [A-Za-z_\x80-\xff];
    follow = [A-Za-z0-9_\x80-\xff];

    digits = [0-9] ("_"? [0-9])*;
    zeros = "0" ("_"? "0")*;
    fraction = digits "." digits? | "." digits;
    exponent = [eE] [+-]? digits;
    float = fraction exponent? | digits exponent;
    digit_tail = digits | "." digits | digits "." digits | (digits | fraction) exponent;
    hex = "0" [xX] ("_"? [0-9a-fA-F])*;
    octal = "0" [oO] ("_"? [0-7])*;
    binary = "0" [bB] ("_"? [01])*;

    prefix = [uUrRbB] | [bB] [rR] | [rR] [bB];
    fprefix = [fF] | [fF] [rR] | [rR] [fF];
    quote = ['"];
    triple = "'''" | '"""';
*/

TokenKind lexer_scan(Lexer *lexer)
{
    const char *cursor = lexer->cursor, *marker;

again:
    lexer_begin_token(lexer, cursor);
    /*!re2c
    blank+ { goto again; }
    "#" [^\n\x00]* { goto again; }
    "\\" "\n" {
        if (*cursor == '\0')
            return lexer_eof_after_backslash(lexer, cursor - 1);
        lexer_start_line(lexer, cursor);
        goto again;
    }
    "\\" end { return lexer_eof_after_backslash(lexer, cursor - 1); }
    "\\" { return lexer_bad_continuation(lexer, cursor); }
    "\n" {
        if (lexer->bracket_count == 0)
            return lexer_accept(lexer, cursor, TOKEN_NEWLINE);
        lexer_start_line(lexer, cursor);
        goto again;
    }
    end { return lexer_end_of_input(lexer, cursor - 1); }

    "False" { return lexer_accept(lexer, cursor, TOKEN_KW_FALSE); }
    "None" { return lexer_accept(lexer, cursor, TOKEN_KW_NONE); }
    "True" { return lexer_accept(lexer, cursor, TOKEN_KW_TRUE); }
    "and" { return lexer_accept(lexer, cursor, TOKEN_KW_AND); }
    "as" { return lexer_accept(lexer, cursor, TOKEN_KW_AS); }
    "assert" { return lexer_accept(lexer, cursor, TOKEN_KW_ASSERT); }
    "async" { return lexer_accept(lexer, cursor, TOKEN_KW_ASYNC); }
    "await" { return lexer_accept(lexer, cursor, TOKEN_KW_AWAIT); }
    "break" { return lexer_accept(lexer, cursor, TOKEN_KW_BREAK); }
    "class" { return lexer_accept(lexer, cursor, TOKEN_KW_CLASS); }
    "continue" { return lexer_accept(lexer, cursor, TOKEN_KW_CONTINUE); }
    "def" { return lexer_accept(lexer, cursor, TOKEN_KW_DEF); }
    "del" { return lexer_accept(lexer, cursor, TOKEN_KW_DEL); }
    "elif" { return lexer_accept(lexer, cursor, TOKEN_KW_ELIF); }
    "else" { return lexer_accept(lexer, cursor, TOKEN_KW_ELSE); }
    "except" { return lexer_accept(lexer, cursor, TOKEN_KW_EXCEPT); }
    "finally" { return lexer_accept(lexer, cursor, TOKEN_KW_FINALLY); }
    "for" { return lexer_accept(lexer, cursor, TOKEN_KW_FOR); }
    "from" { return lexer_accept(lexer, cursor, TOKEN_KW_FROM); }
    "global" { return lexer_accept(lexer, cursor, TOKEN_KW_GLOBAL); }
    "if" { return lexer_accept(lexer, cursor, TOKEN_KW_IF); }
    "import" { return lexer_accept(lexer, cursor, TOKEN_KW_IMPORT); }
    "in" { return lexer_accept(lexer, cursor, TOKEN_KW_IN); }
    "is" { return lexer_accept(lexer, cursor, TOKEN_KW_IS); }
    "lambda" { return lexer_accept(lexer, cursor, TOKEN_KW_LAMBDA); }
    "nonlocal" { return lexer_accept(lexer, cursor, TOKEN_KW_NONLOCAL); }
    "not" { return lexer_accept(lexer, cursor, TOKEN_KW_NOT); }
    "or" { return lexer_accept(lexer, cursor, TOKEN_KW_OR); }
    "pass" { return lexer_accept(lexer, cursor, TOKEN_KW_PASS); }
    "raise" { return lexer_accept(lexer, cursor, TOKEN_KW_RAISE); }
    "return" { return lexer_accept(lexer, cursor, TOKEN_KW_RETURN); }
    "try" { return lexer_accept(lexer, cursor, TOKEN_KW_TRY); }
    "while" { return lexer_accept(lexer, cursor, TOKEN_KW_WHILE); }
    "with" { return lexer_accept(lexer, cursor, TOKEN_KW_WITH); }
    "yield" { return lexer_accept(lexer, cursor, TOKEN_KW_YIELD); }
    [A-Za-z_] [A-Za-z0-9_]* { return lexer_accept(lexer, cursor, TOKEN_NAME); }
    first follow* { return lexer_name_token(lexer, cursor); }

    // A number that is followed by an underscore, or a prefix without digits, is an error that ends right there.
    [1-9] ("_"? [0-9])* | zeros | float { return lexer_number_token(lexer, cursor, "decimal"); }
    (digits | float) [jJ] { return lexer_number_token(lexer, cursor, "imaginary"); }
    digits { return lexer_leading_zeros_token(lexer, cursor); }
    digit_tail "_" | (digits | fraction) [eE] [+-] {
        return lexer_fail_here(lexer, cursor, "invalid decimal literal");
    }
    "0" [xX] "_"? | hex "_" { return lexer_fail_here(lexer, cursor, "invalid hexadecimal literal"); }
    "0" [oO] "_"? | octal "_" { return lexer_fail_here(lexer, cursor, "invalid octal literal"); }
    "0" [bB] "_"? | binary "_" { return lexer_fail_here(lexer, cursor, "invalid binary literal"); }
    octal "_"? [89] { return lexer_fail_here(lexer, cursor, "invalid digit '%c' in octal literal", cursor[-1]); }
    binary "_"? [2-9] { return lexer_fail_here(lexer, cursor, "invalid digit '%c' in binary literal", cursor[-1]); }
    hex { return lexer_number_token(lexer, cursor, "hexadecimal"); }
    octal { return lexer_number_token(lexer, cursor, "octal"); }
    binary { return lexer_number_token(lexer, cursor, "binary"); }

    prefix? quote { return lexer_string_token(lexer, cursor, 1); }
    prefix? triple { return lexer_string_token(lexer, cursor, 3); }
    fprefix quote { return lexer_fstring_start_token(lexer, cursor, 1); }
    fprefix triple { return lexer_fstring_start_token(lexer, cursor, 3); }

    "(" { return lexer_open_bracket_token(lexer, cursor, TOKEN_LPAREN); }
    "[" { return lexer_open_bracket_token(lexer, cursor, TOKEN_LBRACKET); }
    "{" { return lexer_open_bracket_token(lexer, cursor, TOKEN_LBRACE); }
    ")" { return lexer_close_bracket_token(lexer, cursor, TOKEN_RPAREN); }
    "]" { return lexer_close_bracket_token(lexer, cursor, TOKEN_RBRACKET); }
    "}" { return lexer_close_bracket_token(lexer, cursor, TOKEN_RBRACE); }

    ":" { return lexer_colon_token(lexer, cursor); }
    ":=" {
        if (lexer_colon_starts_spec(lexer))
            return lexer_colon_token(lexer, cursor - 1);
        return lexer_accept(lexer, cursor, TOKEN_COLONEQUAL);
    }
    "," { return lexer_accept(lexer, cursor, TOKEN_COMMA); }
    ";" { return lexer_accept(lexer, cursor, TOKEN_SEMICOLON); }
    "+" { return lexer_accept(lexer, cursor, TOKEN_PLUS); }
    "-" { return lexer_accept(lexer, cursor, TOKEN_MINUS); }
    "*" { return lexer_accept(lexer, cursor, TOKEN_STAR); }
    "/" { return lexer_accept(lexer, cursor, TOKEN_SLASH); }
    "|" { return lexer_accept(lexer, cursor, TOKEN_VBAR); }
    "&" { return lexer_accept(lexer, cursor, TOKEN_AMPERSAND); }
    "<" { return lexer_accept(lexer, cursor, TOKEN_LESS); }
    ">" { return lexer_accept(lexer, cursor, TOKEN_GREATER); }
    "=" { return lexer_accept(lexer, cursor, TOKEN_EQUAL); }
    "." { return lexer_accept(lexer, cursor, TOKEN_DOT); }
    "%" { return lexer_accept(lexer, cursor, TOKEN_PERCENT); }
    "==" { return lexer_accept(lexer, cursor, TOKEN_EQEQUAL); }
    "!=" { return lexer_accept(lexer, cursor, TOKEN_NOTEQUAL); }
    "<>" { return lexer_unknown_token(lexer, cursor); }
    "<=" { return lexer_accept(lexer, cursor, TOKEN_LESSEQUAL); }
    ">=" { return lexer_accept(lexer, cursor, TOKEN_GREATEREQUAL); }
    "~" { return lexer_accept(lexer, cursor, TOKEN_TILDE); }
    "^" { return lexer_accept(lexer, cursor, TOKEN_CIRCUMFLEX); }
    "<<" { return lexer_accept(lexer, cursor, TOKEN_LEFTSHIFT); }
    ">>" { return lexer_accept(lexer, cursor, TOKEN_RIGHTSHIFT); }
    "**" { return lexer_accept(lexer, cursor, TOKEN_DOUBLESTAR); }
    "+=" { return lexer_accept(lexer, cursor, TOKEN_PLUSEQUAL); }
    "-=" { return lexer_accept(lexer, cursor, TOKEN_MINEQUAL); }
    "*=" { return lexer_accept(lexer, cursor, TOKEN_STAREQUAL); }
    "/=" { return lexer_accept(lexer, cursor, TOKEN_SLASHEQUAL); }
    "%=" { return lexer_accept(lexer, cursor, TOKEN_PERCENTEQUAL); }
    "&=" { return lexer_accept(lexer, cursor, TOKEN_AMPEREQUAL); }
    "|=" { return lexer_accept(lexer, cursor, TOKEN_VBAREQUAL); }
    "^=" { return lexer_accept(lexer, cursor, TOKEN_CIRCUMFLEXEQUAL); }
    "<<=" { return lexer_accept(lexer, cursor, TOKEN_LEFTSHIFTEQUAL); }
    ">>=" { return lexer_accept(lexer, cursor, TOKEN_RIGHTSHIFTEQUAL); }
    "**=" { return lexer_accept(lexer, cursor, TOKEN_DOUBLESTAREQUAL); }
    "//" { return lexer_accept(lexer, cursor, TOKEN_DOUBLESLASH); }
    "//=" { return lexer_accept(lexer, cursor, TOKEN_DOUBLESLASHEQUAL); }
    "@" { return lexer_accept(lexer, cursor, TOKEN_AT); }
    "@=" { return lexer_accept(lexer, cursor, TOKEN_ATEQUAL); }
    "->" { return lexer_accept(lexer, cursor, TOKEN_RARROW); }
    "..." { return lexer_accept(lexer, cursor, TOKEN_ELLIPSIS); }
    "!" { return lexer_accept(lexer, cursor, TOKEN_EXCLAMATION); }
    * { return lexer_unknown_token(lexer, cursor); }
    */
}

TokenKind lexer_scan_string(Lexer *lexer, char quote, int quote_size)
{
    const char *cursor = lexer->cursor;

again:;
    /*!re2c
    [^'"\\\n\x00]+ { goto again; }
    "\\" [^\n\x00] { goto again; }
    "\\" "\n" {
        lexer_start_line(lexer, cursor);
        goto again;
    }
    "\\" { goto again; }
    quote {
        if (cursor[-1] != quote || (quote_size == 3 && (cursor[0] != quote || cursor[1] != quote)))
            goto again;
        return lexer_accept(lexer, cursor + quote_size - 1, TOKEN_STRING);
    }
    "\n" {
        if (quote_size == 1)
            return lexer_unterminated_string(lexer, cursor - 1, quote, quote_size);
        lexer_start_line(lexer, cursor);
        goto again;
    }
    * { return lexer_unterminated_string(lexer, cursor - 1, quote, quote_size); }
    */
}

TokenKind lexer_scan_fstring(Lexer *lexer)
{
    FString *string = lexer_fstring(lexer);
    const char *cursor = lexer->cursor;
    bool in_name = false; /* behind \N{ */

    lexer_begin_token(lexer, cursor);
again:;
    /*!re2c
    [^'"\\\n{}\x00]+ { goto again; }
    quote {
        if (cursor[-1] != string->quote ||
            (string->quote_size == 3 && (cursor[0] != string->quote || cursor[1] != string->quote)))
            goto again;
        return lexer_fstring_end_token(lexer, cursor - 1);
    }
    "\\" / [{}] {
        if (!string->raw)
            lexer_warn(lexer, lexer_where(lexer, cursor), "invalid escape sequence '\\%c'", *cursor);
        goto again;
    }
    "\\N{" {
        in_name = !string->raw;
        if (string->raw)
            cursor--;
        goto again;
    }
    "\\" "\n" {
        lexer_start_line(lexer, cursor);
        goto again;
    }
    "\\" [^\n\x00] { goto again; }
    "\\" { goto again; }
    "{" { return lexer_field_token(lexer, cursor - 1); }
    "{{" {
        if (string->in_spec)
            return lexer_field_token(lexer, cursor - 2);
        return lexer_fstring_text_token(lexer, cursor - 1, 1);
    }
    "}" {
        if (in_name)
            return lexer_fstring_text_token(lexer, cursor, 0);
        return lexer_fstring_leave_text(lexer, cursor - 1);
    }
    "}}" {
        if (in_name)
            return lexer_fstring_text_token(lexer, cursor - 1, 0);
        if (string->in_spec || string->depth > 0)
            return lexer_fstring_leave_text(lexer, cursor - 2);
        return lexer_fstring_text_token(lexer, cursor - 1, 1);
    }
    "\n" {
        if (string->quote_size == 3) {
            lexer_start_line(lexer, cursor);
            goto again;
        }
        if (!string->in_spec)
            return lexer_unterminated_fstring(lexer, cursor - 1);
        return lexer_fstring_leave_text(lexer, cursor - 1);
    }
    * {
        if (string->in_spec && string->quote_size == 1)
            return lexer_fstring_leave_text(lexer, cursor - 1);
        return lexer_unterminated_fstring(lexer, cursor - 1);
    }
    */
}
