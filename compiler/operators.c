/* Operators: arithmetic, comparisons, `and` and `or`, conditional expressions, and conditions that jump.
 *
 * Every loop and statement with a condition goes through branch_on, which knows how to jump straight from a comparison. */
#include "compiler/codegen.h"

/* --- operands inside the instruction --- */

static Opcode opcode_immediate(BinaryOperator op) {
    switch (op) {
    case BINARY_ADD: return OP_ADD_I;
    case BINARY_SUB: return OP_SUB_I;
    case BINARY_MUL: return OP_MUL_I;
    case BINARY_FLOORDIV: return OP_FLOORDIV_I;
    case BINARY_MOD: return OP_MOD_I;
    case BINARY_LSHIFT: return OP_LSHIFT_I;
    case BINARY_RSHIFT: return OP_RSHIFT_I;
    case BINARY_AND: return OP_AND_I;
    default: return OP_NOP;
    }
}

static Opcode opcode_right_constant(BinaryOperator op) {
    switch (op) {
    case BINARY_ADD: return OP_ADD_K;
    case BINARY_SUB: return OP_SUB_K;
    case BINARY_MUL: return OP_MUL_K;
    case BINARY_DIV: return OP_DIV_K;
    case BINARY_POW: return OP_POW_K;
    case BINARY_AND: return OP_AND_K;
    default: return OP_NOP;
    }
}

static Opcode opcode_left_constant(BinaryOperator op) {
    switch (op) {
    case BINARY_ADD: return OP_K_ADD;
    case BINARY_SUB: return OP_K_SUB;
    case BINARY_MUL: return OP_K_MUL;
    case BINARY_DIV: return OP_K_DIV;
    default: return OP_NOP;
    }
}

/* A constant int of -128..127 (not a bool). */
static bool small_constant(Compiler *c, const Node *node, Reg *immediate) {
    if (node->kind != NODE_Constant) return false;
    Value v = node_constant(c, node);
    if (!value_is_small(v) || value_small(v) < INT8_MIN || value_small(v) > INT8_MAX) return false;
    *immediate = (Reg)(uint8_t)(int8_t)value_small(v);
    return true;
}

/* A constant whose index fits 8 bits. */
static bool near_constant(Compiler *c, const Node *node, Reg *index) {
    if (node->kind != NODE_Constant) return false;
    *index = constant_index(c, node_constant(c, node));
    return *index <= 255;
}

/* --- arithmetic --- */

/* to := left op right */
static void binary_step(Compiler *c, BinaryOperator op, Reg to, Reg left, Node *right) {
    Reg operand, mark = c->unit->temp_top;
    if (opcode_immediate(op) != OP_NOP && small_constant(c, right, &operand)) {
        emit(c, opcode_immediate(op), to, left, operand);
    } else if (opcode_right_constant(op) != OP_NOP && near_constant(c, right, &operand)) {
        emit(c, opcode_right_constant(op), to, left, operand);
    } else {
        operand = expr_operand(c, right, NO_REGISTER, NULL);
        emit(c, (Opcode)(OP_ADD + op), to, left, operand);
    }
    c->unit->temp_top = mark;
}

/* constant op right, where there is an instruction for it. */
static bool constant_step(Compiler *c, Node *node, Reg to) {
    Reg index, mark = c->unit->temp_top;
    Opcode op = opcode_left_constant(node->as.BinOp.op);
    if (op == OP_NOP || !near_constant(c, node->as.BinOp.left, &index)) return false;
    Reg right = expr_operand(c, node->as.BinOp.right, NO_REGISTER, NULL);
    emit(c, op, to, index, right);
    c->unit->temp_top = mark;
    return true;
}

/* Goes along a chain a + b + c from its innermost operation; the running result is in one temporary. */
void binary_to(Compiler *c, Node *node, Reg to) {
    uint32_t count = 0, capacity = 0;
    Node **chain = NULL;
    for (Node *n = node; n->kind == NODE_BinOp; n = n->as.BinOp.left) {
        chain = compiler_grow(c, chain, &capacity, count + 1, sizeof *chain);
        if (!chain) return;
        chain[count++] = n;
    }
    Reg mark = c->unit->temp_top, sum = temp_hint(c, to);
    Node *first = chain[count - 1];
    if (count > 1 && sum == NO_REGISTER) sum = temp_new(c);
    position_set(c, first);
    if (constant_step(c, first, count > 1 ? sum : to)) {
        count--;
    } else {
        Reg left = expr_operand(c, first->as.BinOp.left, sum, first->as.BinOp.right);
        binary_step(c, first->as.BinOp.op, --count ? sum : to, left, first->as.BinOp.right);
    }
    while (count && !c->failed) {
        Node *n = chain[--count];
        position_set(c, n);
        binary_step(c, n->as.BinOp.op, count ? sum : to, sum, n->as.BinOp.right);
    }
    c->unit->temp_top = mark;
}

void inplace_to(Compiler *c, BinaryOperator op, Reg to, Reg left, Node *right) {
    Reg operand, mark = c->unit->temp_top;
    if ((op == BINARY_ADD || op == BINARY_SUB) && small_constant(c, right, &operand)) {
        emit(c, op == BINARY_ADD ? OP_IADD_I : OP_ISUB_I, to, left, operand);
    } else {
        operand = expr_operand(c, right, NO_REGISTER, NULL);
        if (op == BINARY_ADD || op == BINARY_SUB || op == BINARY_MUL) {
            emit(c, op == BINARY_ADD ? OP_IADD : op == BINARY_SUB ? OP_ISUB : OP_IMUL, to, left, operand);
        } else {
            uint32_t at = emit(c, OP_INPLACE, to, left, operand);
            emit_word(c, at, 1, op);
        }
    }
    c->unit->temp_top = mark;
}

void unary_to(Compiler *c, Node *node, Reg to) {
    static const Opcode opcodes[] = {OP_NEGATIVE, OP_POSITIVE, OP_INVERT, OP_NOT};
    Reg mark = c->unit->temp_top;
    Reg operand = expr_operand(c, node->as.UnaryOp.operand, temp_hint(c, to), NULL);
    c->unit->temp_top = mark;
    emit2(c, opcodes[node->as.UnaryOp.op], to, operand);
}

/* --- comparisons --- */

static const char *literal_type(const Node *node) {
    if (node->kind == NODE_Tuple) return "tuple";
    if (node->kind != NODE_Constant) return NULL;
    switch (node->as.Constant.constant.kind) {
    case CONSTANT_INT:
    case CONSTANT_BIG: return "int";
    case CONSTANT_FLOAT: return "float";
    case CONSTANT_COMPLEX: return "complex";
    case CONSTANT_STR: return "str";
    case CONSTANT_BYTES: return "bytes";
    case CONSTANT_VALUE: {
        Value v = {(uint64_t)node->as.Constant.constant.integer};
        if (value_is_small(v) || value_has_layout(v, LAYOUT_INT)) return "int";
        if (value_is_float(v)) return "float";
        return value_has_layout(v, LAYOUT_STR) ? "str" : value_has_layout(v, LAYOUT_TUPLE) ? "tuple" : NULL;
    }
    default: return NULL;
    }
}

static void warn_identity(Compiler *c, const Node *node) {
    const Node *left = node->as.Compare.left;
    for (uint32_t i = 0; i < node->as.Compare.comparators.count; i++) {
        const Node *right = node->as.Compare.comparators.items[i];
        CompareOperator op = node->as.Compare.ops[i];
        if (op == COMPARE_IS || op == COMPARE_IS_NOT) {
            const char *type = literal_type(left) ? literal_type(left) : literal_type(right);
            if (type && op == COMPARE_IS) compiler_warn(c, node, "\"is\" with '%s' literal. Did you mean \"==\"?", type);
            else if (type) compiler_warn(c, node, "\"is not\" with '%s' literal. Did you mean \"!=\"?", type);
            if (type) return;
        }
        left = right;
    }
}

/* The operand in the middle of a < b < c: a copy for the first comparison; *kept stays for the second. */
static Reg middle_operand(Compiler *c, Node *node, const Node *later, Reg hint, Reg *kept) {
    *kept = expr_operand(c, node, hint, later);
    if (!reg_is_temp(c, *kept)) return *kept;
    Reg copy = temp_new(c);
    emit2(c, OP_COPY, copy, *kept);
    return copy;
}

static void compare_chain_to(Compiler *c, Node *node, Reg to) {
    NodeList right = node->as.Compare.comparators;
    Reg mark = c->unit->temp_top, result = scratch_for(c, to);
    Reg left = expr_operand(c, node->as.Compare.left, NO_REGISTER, right.items[0]);
    Label *end = label_new(c), *cleanup = label_new(c);
    bool needs_cleanup = false;
    uint32_t last = right.count - 1;
    /* The left operand of each comparison sits in a register of its own, which the failing path has to empty. */
    Reg keep = temp_new(c);
    for (uint32_t i = 0; i < last && !c->failed; i++) {
        Reg kept, top = c->unit->temp_top, operand = middle_operand(c, right.items[i], right.items[i + 1], NO_REGISTER, &kept);
        emit(c, (Opcode)(OP_LT + node->as.Compare.ops[i]), result, left, operand);
        if (reg_is_temp(c, kept)) emit_move(c, keep, kept);
        c->unit->temp_top = top;
        emit_branch(c, OP_JUMP_OR_POP, 0, result, 0, reg_is_temp(c, kept) ? cleanup : end);
        needs_cleanup |= reg_is_temp(c, kept);
        left = reg_is_temp(c, kept) ? keep : kept;
    }
    Reg operand = expr_operand(c, right.items[last], NO_REGISTER, NULL);
    emit(c, (Opcode)(OP_LT + node->as.Compare.ops[last]), result, left, operand);
    if (needs_cleanup) {
        emit_jump(c, end);
        label_place(c, cleanup);
        emit_clear(c, keep);
    }
    label_place(c, end);
    c->unit->temp_top = mark;
    emit_move(c, to, result);
}

void compare_to(Compiler *c, Node *node, Reg to) {
    NodeList right = node->as.Compare.comparators;
    warn_identity(c, node);
    if (right.count > 1) {
        compare_chain_to(c, node, to);
        return;
    }
    Reg mark = c->unit->temp_top;
    Reg left = expr_operand(c, node->as.Compare.left, temp_hint(c, to), right.items[0]);
    Reg operand = expr_operand(c, right.items[0], NO_REGISTER, NULL);
    c->unit->temp_top = mark;
    emit(c, (Opcode)(OP_LT + node->as.Compare.ops[0]), to, left, operand);
}

/* --- conditions --- */

static bool is_none(const Node *node) {
    return node->kind == NODE_Constant && node->as.Constant.constant.kind == CONSTANT_NONE;
}

static void branch_operands(Compiler *c, CompareOperator op, Reg left, Reg operand, bool sense, Label *label) {
    switch (op) {
    case COMPARE_IS: emit_branch(c, OP_JUMP_IS, sense, left, operand, label); break;
    case COMPARE_IS_NOT: emit_branch(c, OP_JUMP_IS, !sense, left, operand, label); break;
    case COMPARE_IN: emit_branch(c, OP_JUMP_IN, sense, left, operand, label); break;
    case COMPARE_NOT_IN: emit_branch(c, OP_JUMP_IN, !sense, left, operand, label); break;
    default: emit_branch(c, (Opcode)(OP_JUMP_LT + op), sense, left, operand, label);
    }
}

/* Jumps when (left op right) is `sense`. */
static void branch_compare(Compiler *c, CompareOperator op, Reg left, Node *right, bool sense, Label *label) {
    Reg immediate, mark = c->unit->temp_top;
    if ((op == COMPARE_IS || op == COMPARE_IS_NOT) && is_none(right)) {
        emit_branch(c, OP_JUMP_IF_NONE, sense == (op == COMPARE_IS), left, 0, label);
        return;
    }
    if (op <= COMPARE_GE && small_constant(c, right, &immediate)) {
        emit_branch(c, (Opcode)(OP_JUMP_LT_I + op), sense, left, immediate, label);
        return;
    }
    Reg operand = expr_operand(c, right, NO_REGISTER, NULL);
    branch_operands(c, op, left, operand, sense, label);
    c->unit->temp_top = mark;
}

static void branch_comparison(Compiler *c, Node *node, bool sense, Label *label) {
    Node *right = node->as.Compare.comparators.items[0];
    Reg mark = c->unit->temp_top;
    Reg left = expr_operand(c, node->as.Compare.left, NO_REGISTER, right);
    branch_compare(c, node->as.Compare.ops[0], left, right, sense, label);
    c->unit->temp_top = mark;
}

/* One link of a < b < c but the last: to `fail` when it is false. The register that holds b for the next link: `keep` when it is a
 * temporary, which is then empty at `fail` and full at `fail_full`. */
static Reg branch_link(Compiler *c, CompareOperator op, Reg left, Node *right, const Node *later, Reg keep, Label *fail, Label *fail_full) {
    if (node_is_constant(right)) {
        branch_compare(c, op, left, right, false, fail);
        emit_constant(c, keep, node_constant(c, right));
        return keep;
    }
    Reg kept, top = c->unit->temp_top;
    Reg copy = middle_operand(c, right, later, left == keep ? NO_REGISTER : keep, &kept);
    bool is_temp = reg_is_temp(c, kept);
    if (is_temp && left == keep) { /* keep is still to be read: the new value waits in `kept` */
        Reg result = temp_new(c);
        emit(c, (Opcode)(OP_LT + op), result, left, copy);
        emit_move(c, keep, kept);
        emit_branch(c, OP_JUMP_IF, false, result, 0, fail_full);
    } else {
        branch_operands(c, op, left, copy, false, is_temp ? fail_full : fail);
    }
    c->unit->temp_top = top;
    return is_temp ? keep : kept;
}

static void branch_chain(Compiler *c, Node *node, bool sense, Label *label) {
    NodeList right = node->as.Compare.comparators;
    Reg mark = c->unit->temp_top, keep = temp_new(c);
    Label *end = label_new(c), *fail = sense ? end : label, *fail_full = label_new(c);
    Reg left = expr_operand(c, node->as.Compare.left, NO_REGISTER, right.items[0]);
    uint32_t last = right.count - 1;
    for (uint32_t i = 0; i < last && !c->failed; i++)
        left = branch_link(c, node->as.Compare.ops[i], left, right.items[i], right.items[i + 1], keep, fail, fail_full);
    branch_compare(c, node->as.Compare.ops[last], left, right.items[last], sense, label);
    if (fail_full->used) clear_later(c, fail_full, keep, sense ? end : label);
    label_place(c, end);
    c->unit->temp_top = mark;
}

static void branch_all(Compiler *c, Node *node, bool sense, Label *label);

/* `a and b`, `a or b`: jumps out as soon as the truth is known. */
static void branch_bool_op(Compiler *c, Node *node, bool sense, Label *label) {
    NodeList values = node->as.BoolOp.values;
    bool is_or = node->as.BoolOp.is_or;
    Label *end = is_or == sense ? label : label_new(c);
    for (uint32_t i = 0; i + 1 < values.count; i++) branch_all(c, values.items[i], is_or, end);
    branch_all(c, values.items[values.count - 1], sense, label);
    if (end != label) label_place(c, end);
}

static void branch_if_expression(Compiler *c, Node *node, bool sense, Label *label) {
    Label *other = label_new(c), *end = label_new(c);
    branch_all(c, node->as.IfExp.test, false, other);
    branch_all(c, node->as.IfExp.body, sense, label);
    emit_jump(c, end);
    label_place(c, other);
    branch_all(c, node->as.IfExp.orelse, sense, label);
    label_place(c, end);
}

static void branch_all(Compiler *c, Node *node, bool sense, Label *label) {
    if (!compiler_enter(c)) return;
    int truth = node_truth(c, node);
    if (truth >= 0) {
        if ((truth != 0) == sense) emit_jump(c, label);
        return;
    }
    CodePosition old = position_set(c, node);
    bool low = c->unit->temp_top <= SPILL_LIMIT;
    if (node->kind == NODE_UnaryOp && node->as.UnaryOp.op == UNARY_NOT) branch_all(c, node->as.UnaryOp.operand, !sense, label);
    else if (node->kind == NODE_BoolOp && low) branch_bool_op(c, node, sense, label);
    else if (node->kind == NODE_IfExp && low) branch_if_expression(c, node, sense, label);
    else if (node->kind == NODE_Compare && low) {
        warn_identity(c, node);
        if (node->as.Compare.comparators.count == 1) branch_comparison(c, node, sense, label);
        else branch_chain(c, node, sense, label);
    } else {
        Reg mark = c->unit->temp_top;
        Reg value = expr_operand(c, node, NO_REGISTER, NULL);
        c->unit->temp_top = mark;
        emit_branch(c, OP_JUMP_IF, sense, value, 0, label);
    }
    position_restore(c, old);
}

void branch_on(Compiler *c, Node *node, bool sense, Label *label) { branch_all(c, node, sense, label); }

/* --- and, or, if .. else as values --- */

void bool_op_to(Compiler *c, Node *node, Reg to) {
    NodeList values = node->as.BoolOp.values;
    Label *end = label_new(c);
    Reg mark = c->unit->temp_top, result = scratch_for(c, to);
    for (uint32_t i = 0; i + 1 < values.count && !c->failed; i++) {
        int truth = node_truth(c, values.items[i]);
        if (truth >= 0 && (truth != 0) != node->as.BoolOp.is_or) continue;
        expr_to(c, values.items[i], result);
        if (truth >= 0) emit_jump(c, end);
        else emit_branch(c, OP_JUMP_OR_POP, node->as.BoolOp.is_or, result, 0, end);
    }
    expr_to(c, values.items[values.count - 1], result);
    label_place(c, end);
    c->unit->temp_top = mark;
    emit_move(c, to, result);
}

void if_expression_to(Compiler *c, Node *node, Reg to) {
    Label *other = label_new(c), *end = label_new(c);
    branch_on(c, node->as.IfExp.test, false, other);
    expr_to(c, node->as.IfExp.body, to);
    emit_jump(c, end);
    label_place(c, other);
    expr_to(c, node->as.IfExp.orelse, to);
    label_place(c, end);
}
