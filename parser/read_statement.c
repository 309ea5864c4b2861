/* Reader, part 4: targets, simple statements and the first lines of compound statements.
 *
 * To add a statement: a case in read_simple or read_line. To add a message: find the CPython rule (invalid_...) that
 * gives it, and put the check where that rule stands among its alternatives. */
#include "parser/reader.h"

/* --- targets --- */

static Node *read_star_target_sequence(Reader *r, NodeKind kind, TokenKind close)
{
    uint32_t from = r->mark++, count = 0;
    bool comma = false;
    while (read_star_target(r)) {
        count++;
        comma = reader_accept(r, TOKEN_COMMA);
        if (!comma)
            break;
    }
    if ((kind == NODE_Tuple && count == 1 && !comma) || !reader_accept(r, close))
        return reader_back(r, from);
    return reader_node(r, kind, from);
}

static Node *read_attribute_target(Reader *r)
{
    uint32_t from = r->mark;
    Node *node = read_primary(r);
    if (node && (node->kind == NODE_Attribute || node->kind == NODE_Subscript) && !(node->flags & NODE_PARENTHESIZED))
        return node;
    return reader_back(r, from);
}

/* target_with_star_atom */
static Node *read_plain_target(Reader *r)
{
    uint32_t from = r->mark;
    Node *node = read_attribute_target(r);
    if (node)
        return node;
    switch (reader_peek(r)) {
    case TOKEN_NAME:
        r->mark++;
        return reader_node(r, NODE_Name, from);
    case TOKEN_LPAREN:
        r->mark++;
        if ((node = read_plain_target(r)) && reader_accept(r, TOKEN_RPAREN))
            return node;
        r->mark = from;
        return read_star_target_sequence(r, NODE_Tuple, TOKEN_RPAREN);
    case TOKEN_LBRACKET:
        return read_star_target_sequence(r, NODE_List, TOKEN_RBRACKET);
    default:
        return NULL;
    }
}

static Node *star_target(Reader *r)
{
    uint32_t from = r->mark;
    if (!reader_accept(r, TOKEN_STAR))
        return read_plain_target(r);
    if (reader_peek(r) != TOKEN_STAR && read_star_target(r))
        return reader_node(r, NODE_Starred, from);
    return reader_back(r, from);
}

Node *read_star_target(Reader *r)
{
    return reader_memo(r, RULE_STAR_TARGET, star_target);
}

Node *read_star_targets(Reader *r)
{
    uint32_t from = r->mark;
    Node *first = read_star_target(r);
    if (!first || reader_peek(r) != TOKEN_COMMA)
        return first;
    while (reader_accept(r, TOKEN_COMMA))
        if (!read_star_target(r))
            break;
    return r->raised ? NULL : reader_node(r, NODE_Tuple, from);
}

static Node *single_target(Reader *r)
{
    uint32_t from = r->mark;
    Node *node = read_attribute_target(r);
    if (node)
        return node;
    if (reader_accept(r, TOKEN_NAME))
        return reader_node(r, NODE_Name, from);
    if (reader_accept(r, TOKEN_LPAREN) && (node = read_single_target(r)) && reader_accept(r, TOKEN_RPAREN))
        return node;
    return reader_back(r, from);
}

Node *read_single_target(Reader *r)
{
    return reader_memo(r, RULE_SINGLE_TARGET, single_target);
}

static Node *read_delete_target(Reader *r);

static Node *delete_target(Reader *r)
{
    uint32_t from = r->mark;
    Node *node = read_attribute_target(r);
    if (node)
        return node;
    if (reader_accept(r, TOKEN_NAME))
        return reader_node(r, NODE_Name, from);
    TokenKind open = reader_peek(r);
    if (open != TOKEN_LPAREN && open != TOKEN_LBRACKET)
        return NULL;
    r->mark++;
    read_delete_targets(r);
    if (reader_accept(r, open == TOKEN_LPAREN ? TOKEN_RPAREN : TOKEN_RBRACKET))
        return reader_node(r, NODE_Tuple, from);
    return reader_back(r, from);
}

static Node *read_delete_target(Reader *r)
{
    return reader_memo(r, RULE_DELETE_TARGET, delete_target);
}

/* One or more, perhaps with a comma behind. */
Node *read_delete_targets(Reader *r)
{
    Node *last = NULL, *target;
    while ((target = read_delete_target(r))) {
        last = target;
        if (!reader_accept(r, TOKEN_COMMA))
            break;
    }
    return r->raised ? NULL : last;
}

/* --- assignments --- */

static bool accept_augmented(Reader *r)
{
    switch (reader_peek(r)) {
    case TOKEN_PLUSEQUAL: case TOKEN_MINEQUAL: case TOKEN_STAREQUAL: case TOKEN_SLASHEQUAL: case TOKEN_PERCENTEQUAL:
    case TOKEN_AMPEREQUAL: case TOKEN_VBAREQUAL: case TOKEN_CIRCUMFLEXEQUAL: case TOKEN_LEFTSHIFTEQUAL:
    case TOKEN_RIGHTSHIFTEQUAL: case TOKEN_DOUBLESTAREQUAL: case TOKEN_DOUBLESLASHEQUAL: case TOKEN_ATEQUAL:
        r->mark++;
        return true;
    default:
        return false;
    }
}

/* list, tuple, or one of them in parentheses. */
static Node *read_sequence_annotated(Reader *r)
{
    uint32_t from = r->mark;
    Node *node = reader_peek(r) == TOKEN_LPAREN || reader_peek(r) == TOKEN_LBRACKET ? read_atom(r) : NULL;
    return node && (node->kind == NODE_List || node->kind == NODE_Tuple) ? node : reader_back(r, from);
}

static void seek_annotation(Reader *r)
{
    uint32_t from = r->mark;
    Node *target = read_sequence_annotated(r);
    if (target && reader_accept(r, TOKEN_COLON) && read_expression(r))
        raise_at_node(r, target, "only single target (not %s) can be annotated", expression_name(target));
    r->mark = from;
    target = read_star_named_expression(r);
    if (target && reader_accept(r, TOKEN_COMMA)) {
        NodeList rest = {NULL, 0};
        while (read_star_named_expressions(r, &rest))
            ;
        if (reader_accept(r, TOKEN_COLON) && read_expression(r))
            raise_at_node(r, target, "only single target (not tuple) can be annotated");
    }
    r->mark = from;
    target = read_expression(r);
    if (target && reader_accept(r, TOKEN_COLON) && read_expression(r))
        raise_at_node(r, target, "illegal target for annotation");
    r->mark = from;
}

/* Behind any number of `targets =`. */
static uint32_t skip_target_assignments(Reader *r)
{
    uint32_t mark = r->mark;
    while (read_star_targets(r) && reader_accept(r, TOKEN_EQUAL))
        mark = r->mark;
    r->mark = mark;
    return mark;
}

static void seek_assignment(Reader *r)
{
    uint32_t from = r->mark;
    seek_annotation(r);
    uint32_t last = skip_target_assignments(r);
    Node *target = read_star_expressions(r);
    if (target && reader_accept(r, TOKEN_EQUAL))
        raise_invalid_target(r, target, TARGET_STAR);
    r->mark = last;
    target = read_yield(r);
    if (target && reader_accept(r, TOKEN_EQUAL))
        raise_at_node(r, target, "assignment to yield expression not possible");
    r->mark = from;
    target = read_star_expressions(r);
    if (target && accept_augmented(r) && read_rhs(r))
        raise_at_node(r, target, "'%s' is an illegal expression for augmented assignment", expression_name(target));
    r->mark = from;
}

static bool read_annotated_assignment(Reader *r)
{
    uint32_t from = r->mark;
    bool target = reader_accept(r, TOKEN_NAME) && reader_peek(r) == TOKEN_COLON;
    if (!target) {
        r->mark = from;
        if (reader_accept(r, TOKEN_LPAREN))
            target = read_single_target(r) && reader_accept(r, TOKEN_RPAREN);
        if (!target) {
            r->mark = from;
            target = read_attribute_target(r) != NULL;
        }
    }
    if (!target || !reader_accept(r, TOKEN_COLON) || !read_expression(r)) {
        reader_back(r, from);
        return false;
    }
    uint32_t mark = r->mark;
    if (reader_accept(r, TOKEN_EQUAL) && !read_rhs(r))
        r->mark = mark;
    return !r->raised;
}

static bool read_assignment(Reader *r)
{
    uint32_t from = r->mark;
    if (read_annotated_assignment(r))
        return true;
    if (skip_target_assignments(r) > from && read_rhs(r) && reader_peek(r) != TOKEN_EQUAL && !r->raised)
        return true;
    r->mark = from;
    if (read_single_target(r) && accept_augmented(r)) {
        if (read_rhs(r))
            return true;
        r->mark = from; /* CPython commits to this alternative behind the operator */
        return false;
    }
    r->mark = from;
    if (r->seeking)
        seek_assignment(r);
    reader_back(r, from);
    return false;
}

/* --- imports --- */

static bool read_dotted_name(Reader *r)
{
    uint32_t from = r->mark;
    if (!reader_accept(r, TOKEN_NAME)) {
        reader_back(r, from);
        return false;
    }
    for (uint32_t mark = r->mark; reader_accept(r, TOKEN_DOT); mark = r->mark)
        if (!reader_accept(r, TOKEN_NAME)) {
            r->mark = mark;
            break;
        }
    return true;
}

static bool read_alias(Reader *r, bool dotted)
{
    if (!(dotted ? read_dotted_name(r) : reader_accept(r, TOKEN_NAME)))
        return false;
    uint32_t mark = r->mark;
    if (reader_accept(r, TOKEN_KW_AS) && !reader_accept(r, TOKEN_NAME))
        r->mark = mark;
    return true;
}

/* Commas between, none behind. */
static bool read_aliases(Reader *r, bool dotted)
{
    if (!read_alias(r, dotted))
        return false;
    for (uint32_t mark = r->mark; reader_accept(r, TOKEN_COMMA); mark = r->mark)
        if (!read_alias(r, dotted)) {
            r->mark = mark;
            break;
        }
    return !r->raised;
}

static void seek_import(Reader *r)
{
    uint32_t from = r->mark;
    r->mark++;
    bool names = read_dotted_name(r);
    while (names && reader_accept(r, TOKEN_COMMA))
        if (!read_dotted_name(r)) {
            r->mark--;
            break;
        }
    if (names && reader_accept(r, TOKEN_KW_FROM) && read_dotted_name(r))
        raise_from_token(r, from, "Did you mean to use 'from ... import ...' instead?");
    r->mark = from + 1;
    if (reader_accept(r, TOKEN_NEWLINE))
        raise_from_token(r, from + 1, "Expected one or more names after 'import'");
    r->mark = from;
}

static bool read_import_name(Reader *r)
{
    if (r->seeking)
        seek_import(r);
    uint32_t from = r->mark;
    if (reader_accept(r, TOKEN_KW_IMPORT) && read_aliases(r, true))
        return true;
    reader_back(r, from);
    return false;
}

static bool read_from_targets(Reader *r)
{
    uint32_t from = r->mark;
    if (reader_accept(r, TOKEN_LPAREN) && read_aliases(r, false)) {
        reader_accept(r, TOKEN_COMMA);
        if (reader_accept(r, TOKEN_RPAREN))
            return true;
    }
    r->mark = from;
    if (read_aliases(r, false) && reader_peek(r) != TOKEN_COMMA && !r->raised)
        return true;
    r->mark = from;
    if (reader_accept(r, TOKEN_STAR))
        return true;
    if (r->seeking) {
        if (read_aliases(r, false) && reader_accept(r, TOKEN_COMMA) && reader_accept(r, TOKEN_NEWLINE))
            raise_at_last(r, "trailing comma not allowed without surrounding parentheses");
        r->mark = from;
        if (reader_accept(r, TOKEN_NEWLINE))
            raise_from_token(r, from, "Expected one or more names after 'import'");
    }
    reader_back(r, from);
    return false;
}

static bool read_import_from(Reader *r)
{
    uint32_t from = r->mark++;
    bool dots = false;
    while (reader_accept(r, TOKEN_DOT) || reader_accept(r, TOKEN_ELLIPSIS))
        dots = true;
    if ((read_dotted_name(r) || dots) && reader_accept(r, TOKEN_KW_IMPORT) && read_from_targets(r))
        return true;
    reader_back(r, from);
    return false;
}

/* --- simple statements --- */

static bool read_names(Reader *r)
{
    if (!reader_accept(r, TOKEN_NAME))
        return false;
    while (reader_accept(r, TOKEN_COMMA))
        if (!reader_accept(r, TOKEN_NAME)) {
            r->mark--;
            break;
        }
    return true;
}

static bool read_delete(Reader *r)
{
    uint32_t from = r->mark++;
    if (read_delete_targets(r)) {
        TokenKind next = reader_peek(r);
        if (!r->raised && (next == TOKEN_SEMICOLON || next == TOKEN_NEWLINE))
            return true;
    }
    r->mark = from + 1;
    Node *target = r->seeking ? read_star_expressions(r) : NULL;
    if (target)
        raise_invalid_target(r, target, TARGET_DELETE);
    reader_back(r, from);
    return false;
}

static bool read_raise(Reader *r)
{
    r->mark++;
    if (!read_expression(r))
        return !r->raised;
    uint32_t mark = r->mark;
    if (reader_accept(r, TOKEN_KW_FROM) && !read_expression(r))
        r->mark = mark;
    return !r->raised;
}

static bool read_assert(Reader *r)
{
    uint32_t from = r->mark++;
    if (!read_expression(r)) {
        reader_back(r, from);
        return false;
    }
    uint32_t mark = r->mark;
    if (reader_accept(r, TOKEN_COMMA) && !read_expression(r))
        r->mark = mark;
    return !r->raised;
}

static void raise_type_bound(Reader *r, uint32_t colon, const Node *bound, const char *kind)
{
    raise_from_token(r, colon, "cannot use %s with %s", bound->kind == NODE_Tuple ? "constraints" : "bound", kind);
}

static bool read_type_param(Reader *r)
{
    uint32_t from = r->mark;
    TokenKind stars = reader_peek(r);
    if (stars == TOKEN_STAR || stars == TOKEN_DOUBLESTAR)
        r->mark++;
    if (!reader_accept(r, TOKEN_NAME)) {
        reader_back(r, from);
        return false;
    }
    uint32_t mark = r->mark;
    if (reader_accept(r, TOKEN_COLON)) {
        Node *bound = stars == TOKEN_NAME || r->seeking ? read_expression(r) : NULL;
        if (bound && stars != TOKEN_NAME)
            raise_type_bound(r, mark, bound, stars == TOKEN_STAR ? "TypeVarTuple" : "ParamSpec");
        if (!bound)
            r->mark = mark;
    }
    mark = r->mark;
    if (reader_accept(r, TOKEN_EQUAL)) {
        bool starred = stars == TOKEN_STAR && reader_accept(r, TOKEN_STAR);
        if (!(starred ? read_arithmetic(r) : read_expression(r)))
            r->mark = mark;
    }
    return !r->raised;
}

/* May be absent. False only when an error has been raised. */
static bool read_type_params(Reader *r)
{
    uint32_t from = r->mark;
    if (!reader_accept(r, TOKEN_LBRACKET))
        return !r->raised;
    if (r->seeking && reader_accept(r, TOKEN_RBRACKET))
        raise_from_token(r, r->mark - 1, "Type parameter list cannot be empty");
    while (read_type_param(r))
        if (!reader_accept(r, TOKEN_COMMA))
            break;
    if (r->mark > from + 1 && reader_accept(r, TOKEN_RBRACKET))
        return true;
    r->mark = from;
    return !r->raised;
}

static bool read_type_alias(Reader *r)
{
    uint32_t from = r->mark;
    if (reader_accept_word(r, "type") && reader_accept(r, TOKEN_NAME) && read_type_params(r) &&
        reader_accept(r, TOKEN_EQUAL) && read_expression(r))
        return true;
    reader_back(r, from);
    return false;
}

static bool read_simple(Reader *r)
{
    if (read_assignment(r) || read_type_alias(r) || read_star_expressions(r))
        return true;
    switch (reader_peek(r)) {
    case TOKEN_KW_RETURN:
        r->mark++;
        read_star_expressions(r);
        return !r->raised;
    case TOKEN_KW_IMPORT:
        return read_import_name(r);
    case TOKEN_KW_FROM:
        return read_import_from(r);
    case TOKEN_KW_RAISE:
        return read_raise(r);
    case TOKEN_KW_PASS: case TOKEN_KW_BREAK: case TOKEN_KW_CONTINUE:
        r->mark++;
        return true;
    case TOKEN_KW_DEL:
        return read_delete(r);
    case TOKEN_KW_YIELD:
        return read_yield(r) != NULL;
    case TOKEN_KW_ASSERT:
        return read_assert(r);
    case TOKEN_KW_GLOBAL: case TOKEN_KW_NONLOCAL:
        r->mark++;
        return read_names(r);
    default:
        return false;
    }
}

static bool read_simple_line(Reader *r)
{
    while (read_simple(r))
        if (!reader_accept(r, TOKEN_SEMICOLON))
            break;
    return reader_accept(r, TOKEN_NEWLINE);
}

/* --- compound statements: their first lines, and what stands on the same line behind the colon --- */

/* NEWLINE where a colon should be. */
static void seek_missing_colon(Reader *r)
{
    if (r->seeking && reader_accept(r, TOKEN_NEWLINE))
        raise_at_last(r, "expected ':'");
}

static bool read_block(Reader *r)
{
    return reader_accept(r, TOKEN_COLON) && (reader_accept(r, TOKEN_NEWLINE) || read_simple_line(r));
}

/* keyword, condition, block: if, elif, while. */
static bool read_conditional_line(Reader *r)
{
    uint32_t from = r->mark++;
    if (r->seeking) {
        if (read_named_expression(r))
            seek_missing_colon(r);
        r->mark = from + 1;
    }
    return read_named_expression(r) && read_block(r);
}

/* keyword, colon, block: else, try, finally. */
static bool read_bare_line(Reader *r)
{
    r->mark++;
    return reader_force(r, TOKEN_COLON, ":") && (reader_accept(r, TOKEN_NEWLINE) || read_simple_line(r));
}

static bool read_for_line(Reader *r)
{
    uint32_t from = r->mark;
    reader_accept(r, TOKEN_KW_ASYNC);
    r->mark++;
    uint32_t target = r->mark;
    if (r->seeking) {
        if (read_star_targets(r) && reader_accept(r, TOKEN_KW_IN) && read_star_expressions(r))
            seek_missing_colon(r);
        r->mark = target;
    }
    if (read_star_targets(r) && reader_accept(r, TOKEN_KW_IN))
        return read_star_expressions(r) && read_block(r);
    r->mark = target;
    Node *wrong = r->seeking ? read_star_expressions(r) : NULL;
    if (wrong)
        raise_invalid_target(r, wrong, TARGET_FOR);
    reader_back(r, from);
    return false;
}

static bool read_with_item(Reader *r)
{
    uint32_t from = r->mark;
    bool item = read_expression(r) != NULL;
    uint32_t mark = r->mark;
    if (!item) {
        reader_back(r, from);
        return false;
    }
    if (reader_accept(r, TOKEN_KW_AS)) {
        TokenKind next;
        if (read_star_target(r) &&
            ((next = reader_peek(r)) == TOKEN_COMMA || next == TOKEN_RPAREN || next == TOKEN_COLON) && !r->raised)
            return true;
        r->mark = mark + 1;
        Node *wrong = r->seeking ? read_expression(r) : NULL;
        next = wrong ? reader_peek(r) : TOKEN_ENDMARKER;
        if (next == TOKEN_COMMA || next == TOKEN_RPAREN || next == TOKEN_COLON)
            raise_invalid_target(r, wrong, TARGET_STAR);
    }
    r->mark = mark;
    return !r->raised;
}

static bool read_with_items(Reader *r)
{
    if (!read_with_item(r))
        return false;
    for (uint32_t mark = r->mark; reader_accept(r, TOKEN_COMMA); mark = r->mark)
        if (!read_with_item(r)) {
            r->mark = mark;
            break;
        }
    return !r->raised;
}

/* expression [as target], in any number, as the rules for mistakes in `with` have it. */
static bool read_loose_with_items(Reader *r, Node *(*read)(Reader *r))
{
    uint32_t count = 0, mark = r->mark;
    do {
        if (!read(r))
            break;
        mark = r->mark;
        if (!reader_accept(r, TOKEN_KW_AS) || !read_star_target(r))
            r->mark = mark;
        mark = r->mark;
        count++;
    } while (reader_accept(r, TOKEN_COMMA));
    r->mark = mark;
    return count && !r->raised;
}

static Node *read_plain_expressions(Reader *r)
{
    Node *first = read_expression(r);
    while (first && reader_accept(r, TOKEN_COMMA))
        if (!read_expression(r))
            break;
    return r->raised ? NULL : first;
}

static void seek_with(Reader *r)
{
    uint32_t from = r->mark;
    if (read_loose_with_items(r, read_expression))
        seek_missing_colon(r);
    r->mark = from;
    if (reader_accept(r, TOKEN_LPAREN) && read_loose_with_items(r, read_plain_expressions)) {
        reader_accept(r, TOKEN_COMMA);
        if (reader_accept(r, TOKEN_RPAREN))
            seek_missing_colon(r);
    }
    r->mark = from;
}

static bool read_with_line(Reader *r)
{
    reader_accept(r, TOKEN_KW_ASYNC);
    uint32_t items = ++r->mark;
    if (r->seeking) /* CPython looks for a missing block here, and so reads the items first in this way */
        seek_with(r);
    if (reader_accept(r, TOKEN_LPAREN) && read_with_items(r)) {
        reader_accept(r, TOKEN_COMMA);
        if (reader_accept(r, TOKEN_RPAREN) && reader_peek(r) == TOKEN_COLON)
            return read_block(r);
    }
    r->mark = items;
    if (read_with_items(r) && reader_peek(r) == TOKEN_COLON)
        return read_block(r);
    return false;
}

/* [as name]: all of it or nothing. */
static void read_as_name(Reader *r)
{
    uint32_t mark = r->mark;
    if (reader_accept(r, TOKEN_KW_AS) && !reader_accept(r, TOKEN_NAME))
        r->mark = mark;
}

/* except and except* in one try statement. `from`: the keyword; the type comes next. */
static void seek_mixed_handlers(Reader *r, uint32_t from, bool star)
{
    uint32_t mark = r->mark;
    bool type = read_expression(r) != NULL;
    if (type)
        read_as_name(r);
    if (reader_accept(r, TOKEN_COLON) && (type || !star))
        raise_range(r, r->tokens[from].start, r->tokens[mark - 1].end,
                    "cannot have both 'except' and 'except*' on the same 'try'");
    r->mark = mark;
}

static void seek_except(Reader *r, bool star)
{
    uint32_t mark = r->mark;
    Node *first = read_expression(r);
    if (first && reader_accept(r, TOKEN_COMMA) && read_plain_expressions(r)) {
        read_as_name(r);
        if (reader_accept(r, TOKEN_COLON))
            raise_from_position(r, first->start, "multiple exception types must be parenthesized");
    }
    r->mark = mark;
    if (read_expression(r))
        read_as_name(r);
    if (!star || r->mark > mark)
        seek_missing_colon(r);
    if (star && r->mark == mark && (reader_accept(r, TOKEN_NEWLINE) || reader_accept(r, TOKEN_COLON)))
        raise_at_last(r, "expected one or more exception types");
}

static bool read_except_line(Reader *r, bool star_handlers, bool plain_handlers)
{
    uint32_t from = r->mark++;
    bool star = reader_accept(r, TOKEN_STAR);
    if (r->seeking && (star ? plain_handlers : star_handlers))
        seek_mixed_handlers(r, from, star);
    uint32_t mark = r->mark;
    if (read_expression(r)) {
        read_as_name(r);
        if (reader_peek(r) == TOKEN_COLON)
            return read_block(r);
    }
    r->mark = mark;
    if (!star && reader_peek(r) == TOKEN_COLON)
        return read_block(r);
    if (r->seeking)
        seek_except(r, star);
    return false;
}

static bool read_class_head(Reader *r)
{
    r->mark++;
    if (!reader_accept(r, TOKEN_NAME) || !read_type_params(r))
        return false;
    uint32_t mark = r->mark;
    if (reader_accept(r, TOKEN_LPAREN)) {
        read_arguments(r);
        if (!reader_accept(r, TOKEN_RPAREN))
            r->mark = mark;
    }
    return !r->raised;
}

static bool read_class_line(Reader *r)
{
    uint32_t from = r->mark;
    if (r->seeking) {
        if (read_class_head(r))
            seek_missing_colon(r);
        r->mark = from;
    }
    return read_class_head(r) && read_block(r);
}

static bool read_function_line(Reader *r)
{
    reader_accept(r, TOKEN_KW_ASYNC);
    r->mark++;
    if (!reader_accept(r, TOKEN_NAME) || !read_type_params(r) || !reader_force(r, TOKEN_LPAREN, "(") ||
        !read_parameters(r, TOKEN_RPAREN) || !reader_accept(r, TOKEN_RPAREN))
        return false;
    uint32_t mark = r->mark;
    if (reader_accept(r, TOKEN_RARROW) && !read_expression(r))
        r->mark = mark;
    return reader_force(r, TOKEN_COLON, ":") && (reader_accept(r, TOKEN_NEWLINE) || read_simple_line(r));
}

static bool read_subject(Reader *r)
{
    uint32_t from = r->mark;
    if (read_star_named_expression(r) && reader_accept(r, TOKEN_COMMA)) {
        NodeList rest = {NULL, 0};
        read_star_named_expressions(r, &rest);
        return !r->raised;
    }
    r->mark = from;
    return read_named_expression(r) != NULL;
}

/* False: not a match statement after all. */
static bool read_match_line(Reader *r)
{
    uint32_t from = r->mark++;
    if (read_subject(r) && reader_accept(r, TOKEN_COLON) && reader_accept(r, TOKEN_NEWLINE))
        return true;
    r->mark = from + 1;
    if (r->seeking && read_subject(r))
        seek_missing_colon(r);
    reader_back(r, from);
    return false;
}

static bool read_case_head(Reader *r)
{
    r->mark++;
    if (!read_patterns(r))
        return false;
    uint32_t mark = r->mark;
    if (reader_accept(r, TOKEN_KW_IF) && !read_named_expression(r))
        r->mark = mark;
    return !r->raised;
}

static bool read_case_line(Reader *r)
{
    uint32_t from = r->mark;
    if (r->seeking) {
        if (read_case_head(r))
            seek_missing_colon(r);
        r->mark = from;
    }
    return read_case_head(r) && read_block(r);
}

static bool read_async_line(Reader *r)
{
    switch (reader_peek_behind(r)) {
    case TOKEN_KW_DEF:
        return read_function_line(r);
    case TOKEN_KW_FOR:
        return read_for_line(r);
    case TOKEN_KW_WITH:
        return read_with_line(r);
    default:
        r->mark++;
        reader_peek(r);
        return false;
    }
}

/* The logical line from its first token on. True: nothing is wrong with it. */
bool read_line(Reader *r, bool in_match, bool star_handlers, bool plain_handlers)
{
    switch (reader_peek(r)) {
    case TOKEN_KW_IF: case TOKEN_KW_ELIF: case TOKEN_KW_WHILE:
        return read_conditional_line(r);
    case TOKEN_KW_ELSE: case TOKEN_KW_TRY: case TOKEN_KW_FINALLY:
        return read_bare_line(r);
    case TOKEN_KW_EXCEPT:
        return read_except_line(r, star_handlers, plain_handlers);
    case TOKEN_KW_FOR:
        return read_for_line(r);
    case TOKEN_KW_WITH:
        return read_with_line(r);
    case TOKEN_KW_CLASS:
        return read_class_line(r);
    case TOKEN_KW_DEF:
        return read_function_line(r);
    case TOKEN_KW_ASYNC:
        return read_async_line(r);
    case TOKEN_AT:
        r->mark++;
        return read_named_expression(r) && reader_accept(r, TOKEN_NEWLINE);
    default:
        break;
    }
    if (in_match && reader_next_is_word(r, "case"))
        return read_case_line(r);
    if (reader_next_is_word(r, "match") && read_match_line(r))
        return true;
    return read_simple_line(r);
}
