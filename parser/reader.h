/* Reader: finds the words for a syntax error.
 *
 * The grammar only says which line is wrong. The reader then goes over that one logical line by recursive descent, in
 * the order in which CPython's PEG parser tries its alternatives, for that order decides which of several mistakes is
 * reported. As there, it goes twice: first without, then with the rules that look for particular mistakes (`seeking`).
 * No tree comes out of it: nodes only carry what messages need, their kind, place and, for targets, elements.
 *
 * A read_ function gives a node (or true) and moves on, or gives NULL (or false) and leaves `mark` where it was. Once
 * `raised` is set nothing matches any more. Results are remembered per token and rule (packrat parsing), which keeps
 * the time linear. */
#ifndef MINI_PARSER_READER_H
#define MINI_PARSER_READER_H

#include "parser/parser.h"

typedef enum Rule {
    RULE_STAR_EXPRESSION, RULE_SEEK_NAMED_EXPRESSION, RULE_EXPRESSION, RULE_DISJUNCTION, RULE_CONJUNCTION, RULE_INVERSION,
    RULE_ARITHMETIC, RULE_FACTOR, RULE_PRIMARY, RULE_SLICES, RULE_ARGUMENTS, RULE_ARGS, RULE_CLAUSES,
    RULE_STAR_TARGET, RULE_DELETE_TARGET, RULE_SINGLE_TARGET, RULE_SIMPLE, RULE_CLOSED_PATTERN, RULE_LAMBDA,
    RULE_COUNT
} Rule;

enum { NO_COLUMN = UINT32_MAX }; /* where CPython gives offset 0 */

typedef struct Memo Memo;

typedef struct Reader {
    Arena *arena;
    SyntaxErrorInfo *error;
    Lexer *lexer;
    const Token *tokens;   /* the logical line, up to its NEWLINE or the ERRORTOKEN; one token behind if there is one */
    const uint32_t *levels; /* brackets open behind each of them */
    uint32_t count;
    uint32_t mark;     /* the next token */
    uint32_t furthest; /* the last one looked at */
    SyntaxErrorInfo lexical; /* why the last token is an ERRORTOKEN, if set */
    Memo **memo;             /* per token */
    uint32_t depth;
    bool seeking; /* the second pass */
    bool raised;
    Node nowhere; /* every node for which there was no memory */
} Reader;

/* --- tokens --- */
TokenKind reader_peek(Reader *r);
TokenKind reader_peek_behind(Reader *r); /* the one behind the next */
bool reader_accept(Reader *r, TokenKind kind);
bool reader_accept_word(Reader *r, const char *word); /* a soft keyword */
bool reader_next_is_word(Reader *r, const char *word);
Node *reader_name(Reader *r);

/* --- raising: all return NULL --- */
void *raise_range(Reader *r, Position start, Position end, const char *format, ...) __attribute__((format(printf, 4, 5)));
void *raise_at_node(Reader *r, const Node *node, const char *format, ...) __attribute__((format(printf, 3, 4)));
void *raise_at_token(Reader *r, uint32_t token, const char *format, ...) __attribute__((format(printf, 3, 4)));
void *raise_at_last(Reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
void *raise_from_token(Reader *r, uint32_t token, const char *format, ...) __attribute__((format(printf, 3, 4)));
void *raise_from_position(Reader *r, Position start, const char *message);
typedef enum TargetUse { TARGET_STAR, TARGET_FOR, TARGET_DELETE } TargetUse;
void *raise_invalid_target(Reader *r, Node *target, TargetUse use); /* NULL without raising if the target is valid */
bool reader_force(Reader *r, TokenKind kind, const char *text);      /* seeking, raises "expected 'text'" */

/* --- nodes --- */
Node *reader_node(Reader *r, NodeKind kind, uint32_t from); /* from token `from` to the last one read; never NULL */
void *reader_back(Reader *r, uint32_t mark);                /* NULL, and back to `mark` */
void nodes_add(Reader *r, NodeList *list, Node *node);
Node *reader_memo(Reader *r, Rule rule, Node *(*read)(Reader *r));
const char *expression_name(const Node *node);

/* --- rules --- */
Node *read_star_expressions(Reader *r);
Node *read_star_named_expression(Reader *r);
Node *read_star_named_expressions(Reader *r, NodeList *elements);
Node *read_named_expression(Reader *r);
Node *read_assignment_expression(Reader *r);
Node *read_expression(Reader *r);
Node *read_yield(Reader *r);
Node *read_rhs(Reader *r);
Node *read_disjunction(Reader *r);
Node *read_arithmetic(Reader *r); /* bitwise_or */
Node *read_primary(Reader *r);
Node *read_atom(Reader *r);
Node *read_display(Reader *r); /* at a bracket: a list, a tuple or a generator, but no group and no comprehension */
Node *read_strings(Reader *r);
Node *read_arguments(Reader *r);
Node *read_starred_expression(Reader *r);
Node *read_slices(Reader *r);
Node *read_clauses(Reader *r); /* the last expression of the last for ... in ... if ... */
Node *read_star_targets(Reader *r);
Node *read_star_target(Reader *r);
Node *read_single_target(Reader *r);
Node *read_delete_targets(Reader *r);
bool read_parameters(Reader *r, TokenKind end); /* may be empty; end: RPAREN, COLON for lambda */
bool read_patterns(Reader *r);
bool read_line(Reader *r, bool in_match, bool star_handlers, bool plain_handlers);

#endif
