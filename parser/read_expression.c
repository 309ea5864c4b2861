/* Reader, part 1: expressions down to arithmetic, and the mistakes between them.
 *
 * To add a message: find the CPython rule (invalid_...) that gives it, and put the check where that rule stands among
 * its alternatives. */
#include "parser/reader.h"

#include <string.h>

/* --- lists of expressions --- */

static Node *star_expression(Reader *r)
{
    uint32_t from = r->mark;
    if (reader_accept(r, TOKEN_STAR)) {
        Node *value = read_arithmetic(r);
        if (value) {
            Node *node = reader_node(r, NODE_Starred, from);
            node->as.Starred.value = value;
            return node;
        }
        reader_back(r, from);
    }
    return read_expression(r);
}

static Node *read_star_expression(Reader *r)
{
    return reader_memo(r, RULE_STAR_EXPRESSION, star_expression);
}

/* Elements with commas between and perhaps one behind: a Tuple, unless it is one without a comma. */
static Node *read_tuple_of(Reader *r, Node *(*read)(Reader *r))
{
    uint32_t from = r->mark;
    NodeList elements = {NULL, 0};
    Node *first = read(r);
    if (!first || reader_peek(r) != TOKEN_COMMA)
        return first;
    nodes_add(r, &elements, first);
    while (reader_accept(r, TOKEN_COMMA)) {
        Node *next = read(r);
        if (!next)
            break;
        nodes_add(r, &elements, next);
    }
    if (r->raised)
        return reader_back(r, from);
    Node *node = reader_node(r, NODE_Tuple, from);
    node->as.Tuple.elements = elements;
    return node;
}

Node *read_star_expressions(Reader *r)
{
    return read_tuple_of(r, read_star_expression);
}

Node *read_star_named_expression(Reader *r)
{
    return reader_peek(r) == TOKEN_STAR ? read_star_expression(r) : read_named_expression(r);
}

/* One or more with commas between, perhaps one behind. Result: the last one. */
Node *read_star_named_expressions(Reader *r, NodeList *elements)
{
    Node *last = NULL;
    do {
        Node *element = read_star_named_expression(r);
        if (!element)
            break;
        last = element;
        nodes_add(r, elements, element);
    } while (reader_accept(r, TOKEN_COMMA));
    return r->raised ? NULL : last;
}

Node *read_yield(Reader *r)
{
    uint32_t from = r->mark;
    if (!reader_accept(r, TOKEN_KW_YIELD))
        return NULL;
    if (reader_accept(r, TOKEN_KW_FROM)) {
        if (read_expression(r))
            return reader_node(r, NODE_YieldFrom, from);
        r->mark = from + 1;
    }
    read_star_expressions(r);
    return r->raised ? NULL : reader_node(r, NODE_Yield, from);
}

Node *read_rhs(Reader *r)
{
    return reader_peek(r) == TOKEN_KW_YIELD ? read_yield(r) : read_star_expressions(r);
}

/* --- name := value --- */

Node *read_assignment_expression(Reader *r)
{
    uint32_t from = r->mark;
    if (reader_accept(r, TOKEN_NAME) && reader_accept(r, TOKEN_COLONEQUAL) && read_expression(r))
        return reader_node(r, NODE_NamedExpr, from);
    return reader_back(r, from);
}

static bool next_ends_comparison(Reader *r)
{
    TokenKind next = reader_peek(r);
    return !r->raised && next != TOKEN_EQUAL && next != TOKEN_COLONEQUAL;
}

/* What must not stand before `=` to be told "maybe you meant '=='". */
static bool starts_with_display(Reader *r)
{
    uint32_t from = r->mark;
    TokenKind next = reader_peek(r);
    if (next == TOKEN_KW_TRUE || next == TOKEN_KW_FALSE || next == TOKEN_KW_NONE)
        return true;
    if (next != TOKEN_LBRACKET && next != TOKEN_LPAREN)
        return false;
    Node *display = read_display(r);
    r->mark = from;
    return display != NULL;
}

static Node *seek_named_expression(Reader *r)
{
    uint32_t from = r->mark;
    Node *target = read_expression(r);
    if (target && reader_accept(r, TOKEN_COLONEQUAL) && read_expression(r))
        return raise_at_node(r, target, "cannot use assignment expressions with %s", expression_name(target));
    r->mark = from;
    if (reader_accept(r, TOKEN_NAME) && reader_accept(r, TOKEN_EQUAL)) {
        Node *value = read_arithmetic(r);
        if (value && next_ends_comparison(r))
            return raise_range(r, r->tokens[from].start, value->end,
                               "invalid syntax. Maybe you meant '==' or ':=' instead of '='?");
    }
    r->mark = from;
    if (!starts_with_display(r)) {
        target = read_arithmetic(r);
        if (target && reader_accept(r, TOKEN_EQUAL) && read_arithmetic(r) && next_ends_comparison(r))
            return raise_at_node(r, target, "cannot assign to %s here. Maybe you meant '==' instead of '='?",
                                 expression_name(target));
    }
    return reader_back(r, from);
}

Node *read_named_expression(Reader *r)
{
    uint32_t from = r->mark;
    Node *node = read_assignment_expression(r);
    if (node)
        return node;
    if (r->seeking)
        reader_memo(r, RULE_SEEK_NAMED_EXPRESSION, seek_named_expression);
    r->mark = from;
    node = read_expression(r);
    return node && reader_peek(r) != TOKEN_COLONEQUAL ? node : reader_back(r, from);
}

/* --- conditional expressions and lambda --- */

static Node *lambda(Reader *r)
{
    uint32_t from = r->mark;
    if (reader_accept(r, TOKEN_KW_LAMBDA) && read_parameters(r, TOKEN_COLON) && reader_accept(r, TOKEN_COLON) &&
        read_expression(r))
        return reader_node(r, NODE_Lambda, from);
    return reader_back(r, from);
}

static Node *read_lambda(Reader *r)
{
    return reader_peek(r) == TOKEN_KW_LAMBDA ? reader_memo(r, RULE_LAMBDA, lambda) : NULL;
}

/* `a if b else c`, else NULL: what follows is not conditional. */
static Node *read_conditional(Reader *r)
{
    uint32_t from = r->mark;
    Node *body = read_disjunction(r);
    if (!body)
        return NULL;
    if (!reader_accept(r, TOKEN_KW_IF))
        return body;
    uint32_t mark = r->mark - 1;
    if (read_disjunction(r) && reader_accept(r, TOKEN_KW_ELSE) && read_expression(r))
        return reader_node(r, NODE_IfExp, from);
    r->mark = mark;
    return r->raised ? NULL : body;
}

static Node *read_expression_without_seeking(Reader *r)
{
    bool seeking = r->seeking;
    r->seeking = false;
    Node *node = read_conditional(r);
    if (!node)
        node = read_lambda(r);
    r->seeking = seeking;
    return node;
}

static bool text_is(const Token *token, const char *text)
{
    return token->kind == TOKEN_NAME && token->length == strlen(text) && memcmp(token->text, text, token->length) == 0;
}

static bool name_is_legacy(const Token *name)
{
    return text_is(name, "print") || text_is(name, "exec");
}

/* CPython compares no further than the name goes, so that `c` and `ty` are soft keywords to it here. */
static bool token_begins(const Token *name, const char *keyword)
{
    return strncmp(name->text, keyword, name->length) == 0;
}

static bool starts_with_prefix_or_soft_keyword(Reader *r)
{
    if (reader_peek(r) != TOKEN_NAME)
        return false;
    if (token_begins(&r->tokens[r->mark], "_") || token_begins(&r->tokens[r->mark], "case") ||
        token_begins(&r->tokens[r->mark], "match") || token_begins(&r->tokens[r->mark], "type"))
        return true;
    return reader_peek_behind(r) == TOKEN_STRING;
}

static void *seek_missing_comma(Reader *r)
{
    uint32_t from = r->mark;
    if (starts_with_prefix_or_soft_keyword(r))
        return NULL;
    Node *left = read_disjunction(r);
    Node *right = left ? read_expression_without_seeking(r) : NULL;
    if (right && !(left->kind == NODE_Name && name_is_legacy(&r->tokens[from])) && r->levels[r->mark - 1] > 0)
        return raise_range(r, left->start, right->end, "invalid syntax. Perhaps you forgot a comma?");
    return reader_back(r, from);
}

static void *seek_missing_else(Reader *r)
{
    uint32_t from = r->mark;
    Node *body = read_disjunction(r), *test = NULL;
    if (body && reader_accept(r, TOKEN_KW_IF) && (test = read_disjunction(r))) {
        TokenKind next = reader_peek(r);
        if (!r->raised && next != TOKEN_KW_ELSE && next != TOKEN_COLON)
            return raise_range(r, body->start, test->end, "expected 'else' after 'if' expression");
    }
    return reader_back(r, from);
}

static void *seek_fstring_lambda(Reader *r)
{
    uint32_t from = r->mark;
    if (reader_accept(r, TOKEN_KW_LAMBDA) && read_parameters(r, TOKEN_COLON) && reader_accept(r, TOKEN_COLON)) {
        TokenKind next = reader_peek(r);
        if (next == TOKEN_FSTRING_MIDDLE)
            return raise_range(r, r->tokens[from].start, r->tokens[r->mark - 1].end,
                               "f-string: lambda expressions are not allowed without parentheses");
    }
    return reader_back(r, from);
}

static void *seek_legacy_statement(Reader *r)
{
    uint32_t from = r->mark;
    if (reader_accept(r, TOKEN_NAME) && reader_peek(r) != TOKEN_LPAREN && !r->raised) {
        const Token *name = &r->tokens[from];
        Node *rest = read_star_expressions(r);
        if (rest && name_is_legacy(name))
            return raise_range(r, name->start, rest->end,
                               "Missing parentheses in call to '%.*s'. Did you mean %.*s(...)?", (int)name->length,
                               name->text, (int)name->length, name->text);
    }
    return reader_back(r, from);
}

static Node *expression(Reader *r)
{
    if (r->seeking) {
        seek_missing_comma(r);
        seek_missing_else(r);
        seek_fstring_lambda(r);
        seek_legacy_statement(r);
    }
    Node *node = read_conditional(r);
    return node ? node : read_lambda(r);
}

Node *read_expression(Reader *r)
{
    return reader_memo(r, RULE_EXPRESSION, expression);
}

/* --- boolean operators and comparisons --- */

/* read (separator read)*: the first alone, or a node of `kind` over all. */
static Node *read_chain(Reader *r, Node *(*read)(Reader *r), TokenKind separator, NodeKind kind)
{
    uint32_t from = r->mark, mark = 0;
    Node *first = read(r);
    if (!first)
        return NULL;
    bool chain = false;
    for (;;) {
        mark = r->mark;
        if (!reader_accept(r, separator) || !read(r))
            break;
        chain = true;
    }
    r->mark = mark;
    if (r->raised)
        return reader_back(r, from);
    return chain ? reader_node(r, kind, from) : first;
}

static bool accept_comparison_operator(Reader *r)
{
    switch (reader_peek(r)) {
    case TOKEN_LESS: case TOKEN_LESSEQUAL: case TOKEN_EQEQUAL: case TOKEN_NOTEQUAL: case TOKEN_GREATER:
    case TOKEN_GREATEREQUAL: case TOKEN_KW_IN:
        r->mark++;
        return true;
    case TOKEN_KW_NOT:
        if (reader_peek_behind(r) != TOKEN_KW_IN)
            return false;
        r->mark += 2;
        return true;
    case TOKEN_KW_IS:
        r->mark++;
        reader_accept(r, TOKEN_KW_NOT);
        return true;
    default:
        return false;
    }
}

/* Keeps the left side and whether the first operator is `in`: `for x in y` may have read as a comparison. */
static Node *read_comparison(Reader *r)
{
    uint32_t from = r->mark, mark = 0;
    Node *left = read_arithmetic(r);
    if (!left)
        return NULL;
    bool chain = false, first_is_in = reader_peek(r) == TOKEN_KW_IN;
    for (;;) {
        mark = r->mark;
        if (!accept_comparison_operator(r) || !read_arithmetic(r))
            break;
        chain = true;
    }
    r->mark = mark;
    if (r->raised)
        return reader_back(r, from);
    if (!chain)
        return left;
    static const CompareOperator in[] = {COMPARE_IN}, other[] = {COMPARE_EQ};
    Node *node = reader_node(r, NODE_Compare, from);
    node->as.Compare.left = left;
    node->as.Compare.ops = (CompareOperator *)(first_is_in ? in : other);
    return node;
}

static Node *inversion(Reader *r)
{
    uint32_t from = r->mark;
    if (!reader_accept(r, TOKEN_KW_NOT))
        return read_comparison(r);
    return reader_memo(r, RULE_INVERSION, inversion) ? reader_node(r, NODE_UnaryOp, from) : reader_back(r, from);
}

static Node *read_inversion(Reader *r)
{
    return reader_memo(r, RULE_INVERSION, inversion);
}

static Node *conjunction(Reader *r)
{
    return read_chain(r, read_inversion, TOKEN_KW_AND, NODE_BoolOp);
}

static Node *read_conjunction(Reader *r)
{
    return reader_memo(r, RULE_CONJUNCTION, conjunction);
}

static Node *disjunction(Reader *r)
{
    return read_chain(r, read_conjunction, TOKEN_KW_OR, NODE_BoolOp);
}

Node *read_disjunction(Reader *r)
{
    return reader_memo(r, RULE_DISJUNCTION, disjunction);
}

/* --- arithmetic --- */

typedef enum OperatorClass { NO_OPERATOR, BITWISE, SHIFT, SUM, PRODUCT } OperatorClass;

static OperatorClass operator_class(TokenKind kind)
{
    switch (kind) {
    case TOKEN_VBAR: case TOKEN_CIRCUMFLEX: case TOKEN_AMPERSAND:
        return BITWISE;
    case TOKEN_LEFTSHIFT: case TOKEN_RIGHTSHIFT:
        return SHIFT;
    case TOKEN_PLUS: case TOKEN_MINUS:
        return SUM;
    case TOKEN_STAR: case TOKEN_SLASH: case TOKEN_DOUBLESLASH: case TOKEN_PERCENT: case TOKEN_AT:
        return PRODUCT;
    default:
        return NO_OPERATOR;
    }
}

static Node *read_factor(Reader *r);

static Node *read_power(Reader *r)
{
    uint32_t from = r->mark;
    bool await = reader_accept(r, TOKEN_KW_AWAIT);
    Node *base = read_primary(r);
    if (!base)
        return reader_back(r, from);
    if (await)
        base = reader_node(r, NODE_Await, from);
    uint32_t mark = r->mark;
    if (!reader_accept(r, TOKEN_DOUBLESTAR))
        return base;
    if (read_factor(r))
        return reader_node(r, NODE_BinOp, from);
    r->mark = mark;
    return r->raised ? NULL : base;
}

static Node *factor(Reader *r)
{
    uint32_t from = r->mark;
    TokenKind next = reader_peek(r);
    if (next != TOKEN_PLUS && next != TOKEN_MINUS && next != TOKEN_TILDE)
        return read_power(r);
    r->mark++;
    return read_factor(r) ? reader_node(r, NODE_UnaryOp, from) : reader_back(r, from);
}

static Node *read_factor(Reader *r)
{
    return reader_memo(r, RULE_FACTOR, factor);
}

static void raise_late_not(Reader *r, uint32_t token, const Node *operand)
{
    raise_range(r, r->tokens[token].start, operand->end, "'not' after an operator must be parenthesized");
}

/* `- not a`. CPython sees it where a term starts. */
static void seek_not_behind_sign(Reader *r)
{
    uint32_t from = r->mark;
    TokenKind sign = reader_peek(r);
    if ((sign == TOKEN_PLUS || sign == TOKEN_MINUS || sign == TOKEN_TILDE) && reader_peek_behind(r) == TOKEN_KW_NOT) {
        r->mark = from + 2;
        Node *operand = read_factor(r);
        if (operand)
            raise_late_not(r, from + 1, operand);
    }
    r->mark = from;
}

/* `a + not b`, at the `not`. */
static void seek_not_behind_operator(Reader *r)
{
    uint32_t from = r->mark;
    if (reader_peek(r) == TOKEN_KW_NOT) {
        Node *operand = read_inversion(r);
        if (operand)
            raise_late_not(r, from, operand);
    }
    r->mark = from;
}

/* All binary operators in one loop: only the extent of the whole matters here, not its shape. */
static Node *arithmetic(Reader *r)
{
    uint32_t from = r->mark, mark = from;
    Node *first = NULL;
    bool chain = false, shifted = false; /* shifted: in the right operand of << or >> */
    for (OperatorClass op = BITWISE;;) {
        if (r->seeking && op != PRODUCT)
            seek_not_behind_sign(r);
        Node *operand = read_factor(r);
        if (!operand)
            break;
        chain = first != NULL;
        first = first ? first : operand;
        mark = r->mark;
        op = operator_class(reader_peek(r));
        if (op == NO_OPERATOR)
            break;
        r->mark++;
        shifted = op == SHIFT || (shifted && op != BITWISE);
        if (r->seeking && !shifted && op >= SUM)
            seek_not_behind_operator(r);
    }
    r->mark = mark;
    if (r->raised || !first)
        return reader_back(r, from);
    return chain ? reader_node(r, NODE_BinOp, from) : first;
}

Node *read_arithmetic(Reader *r)
{
    return reader_memo(r, RULE_ARITHMETIC, arithmetic);
}
