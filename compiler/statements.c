/* Statements: the dispatch over kinds of nodes, the simple ones, if, bodies with docstrings. */
#include "compiler/codegen.h"

#include "vm/types/str.h"

static void expression_statement(Compiler *c, Node *node) {
    if (c->options->mode != PARSE_SINGLE || c->unit->scope->kind != SCOPE_MODULE) {
        expr_discard(c, node->as.Expr.value);
        return;
    }
    Reg mark = c->unit->temp_top;
    Reg value = expr_operand(c, node->as.Expr.value, NO_REGISTER, NULL);
    emit1(c, OP_PRINT_EXPR, value);
    c->unit->temp_top = mark;
}

/* Along a chain of elif. */
static void if_statement(Compiler *c, Node *node) {
    Label *end = label_new(c);
    for (;;) {
        Label *other = label_new(c);
        position_set(c, node);
        branch_on(c, node->as.If.test, false, other);
        body(c, node->as.If.body);
        NodeList orelse = node->as.If.orelse;
        if (orelse.count) emit_jump(c, end);
        label_place(c, other);
        if (orelse.count != 1 || orelse.items[0]->kind != NODE_If) {
            body(c, orelse);
            break;
        }
        node = orelse.items[0];
    }
    label_place(c, end);
}

static void raise_statement(Compiler *c, Node *node) {
    Reg mark = c->unit->temp_top;
    if (!node->as.Raise.exc) {
        emit(c, OP_RAISE_AGAIN, 0, 0, 0);
    } else {
        Reg exc = expr_operand(c, node->as.Raise.exc, NO_REGISTER, node->as.Raise.cause);
        if (node->as.Raise.cause) {
            Reg cause = expr_operand(c, node->as.Raise.cause, NO_REGISTER, NULL);
            emit2(c, OP_RAISE_FROM, exc, cause);
        } else {
            emit1(c, OP_RAISE, exc);
        }
    }
    code_unreachable(c);
    c->unit->temp_top = mark;
}

static void assert_statement(Compiler *c, Node *node) {
    Node *test = node->as.Assert.test;
    bool is_tuple = (test->kind == NODE_Tuple && test->as.Tuple.elements.count) ||
                    (test->kind == NODE_Constant && value_has_layout(node_constant(c, test), LAYOUT_TUPLE) && node_truth(c, test) == 1);
    if (is_tuple) compiler_warn(c, node, "assertion is always true, perhaps remove parentheses?");
    if (c->options->optimize || c->failed) return;
    Label *end = label_new(c);
    Reg mark = c->unit->temp_top;
    branch_on(c, test, true, end);
    Reg error = temp_new(c);
    emit1(c, OP_LOAD_ASSERTION_ERROR, error);
    if (node->as.Assert.message) {
        expr_new(c, node->as.Assert.message);
        emit(c, OP_CALL, error, 1, error);
    }
    position_set(c, test);
    emit1(c, OP_RAISE, error);
    code_unreachable(c);
    label_place(c, end);
    c->unit->temp_top = mark;
}

static void dispatch(Compiler *c, Node *node) {
    switch (node->kind) {
    case NODE_Expr: expression_statement(c, node); break;
    case NODE_Assign: assign_statement(c, node); break;
    case NODE_AugAssign: augmented_assign(c, node); break;
    case NODE_AnnAssign: annotated_assign(c, node); break;
    case NODE_If: if_statement(c, node); break;
    case NODE_For: for_statement(c, node); break;
    case NODE_While: while_statement(c, node); break;
    case NODE_Return: return_statement(c, node); break;
    case NODE_FunctionDef: function_statement(c, node); break;
    case NODE_ClassDef: class_statement(c, node); break;
    case NODE_TypeAlias: type_alias_statement(c, node); break;
    case NODE_Try: try_statement(c, node); break;
    case NODE_With: with_statement(c, node); break;
    case NODE_Match: match_statement(c, node); break;
    case NODE_Raise: raise_statement(c, node); break;
    case NODE_Assert: assert_statement(c, node); break;
    case NODE_Delete:
        for (uint32_t i = 0; i < node->as.Delete.targets.count; i++) delete_target(c, node->as.Delete.targets.items[i]);
        break;
    case NODE_Import: import_statement(c, node); break;
    case NODE_ImportFrom: import_from_statement(c, node); break;
    case NODE_Break: break_statement(c, node); break;
    case NODE_Continue: continue_statement(c, node); break;
    case NODE_Pass:
    case NODE_Global:
    case NODE_Nonlocal: break;
    default: compiler_error(c, node, "this is not a statement"); break;
    }
}

void statement(Compiler *c, Node *node) {
    if (!compiler_enter(c)) return;
    Unit *u = c->unit;
    Reg base = u->statement_base;
    position_set(c, node);
    u->statement_base = u->temp_top;
    dispatch(c, node);
    u->temp_top = u->statement_base;
    u->statement_base = base;
}

void body(Compiler *c, NodeList statements) {
    for (uint32_t i = 0; i < statements.count && !c->failed; i++) statement(c, statements.items[i]);
}

/* --- docstrings --- */

bool is_docstring(NodeList statements) {
    return statements.count && statements.items[0]->kind == NODE_Expr && node_is_string(statements.items[0]->as.Expr.value);
}

static size_t leading_spaces(const char *line, const char *end) {
    const char *p = line;
    while (p < end && *p == ' ') p++;
    return (size_t)(p - line);
}

/* The least indentation of the lines behind the first that are not blank. */
static size_t docstring_margin(const char *text, const char *end) {
    size_t margin = SIZE_MAX;
    const char *line = memchr(text, '\n', (size_t)(end - text));
    for (; line; line = memchr(line, '\n', (size_t)(end - line))) {
        line++;
        size_t spaces = leading_spaces(line, end);
        if (line + spaces < end && line[spaces] != '\n' && spaces < margin) margin = spaces;
    }
    return margin == SIZE_MAX ? 0 : margin;
}

static char *expand_tabs(Compiler *c, const char *text, size_t *length) {
    size_t column = 0, size = 0;
    char *out = compiler_alloc(c, *length * 8 + 1);
    for (size_t i = 0; out && i < *length; i++) {
        char ch = text[i];
        if (ch == '\t') {
            do out[size++] = ' ';
            while (++column % 8);
            continue;
        }
        out[size++] = ch;
        if (((unsigned char)ch & 0xc0) != 0x80) column++;
        if (ch == '\n' || ch == '\r') column = 0;
    }
    *length = size;
    return out;
}

/* The text without the indentation that all its lines share, as CPython 3.13 keeps it. */
Value clean_docstring(Compiler *c, const Node *node) {
    const Constant *constant = &node->as.Constant.constant;
    const char *text = constant->data;
    size_t length = constant->length;
    if (memchr(text, '\t', length)) text = expand_tabs(c, text, &length);
    char *out = text ? compiler_alloc(c, length + 1) : NULL;
    if (!out) return VALUE_NONE;
    const char *end = text + length, *p = text + leading_spaces(text, end);
    size_t margin = docstring_margin(text, end), size = 0;
    while (p < end) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        const char *stop = newline ? newline + 1 : end;
        memcpy(out + size, p, (size_t)(stop - p));
        size += (size_t)(stop - p);
        p = stop;
        size_t skip = leading_spaces(p, end);
        p += skip < margin ? skip : margin;
    }
    return constant_string(c, out, size);
}

void body_with_docstring(Compiler *c, NodeList statements) {
    bool documented = is_docstring(statements);
    if (c->unit->scope->uses_annotations) emit(c, OP_SETUP_ANNOTATIONS, 0, 0, 0);
    if (documented && c->options->optimize < 2) {
        Node *node = statements.items[0]->as.Expr.value;
        Reg mark = c->unit->temp_top, temp = temp_new(c);
        Ref ref = name_ref_plain(c, KNOWN(c, doc));
        position_set(c, node);
        emit_constant(c, temp, clean_docstring(c, node));
        ref_store(c, &ref, temp);
        c->unit->temp_top = mark;
    }
    body(c, (NodeList){statements.items + documented, statements.count - documented});
}
