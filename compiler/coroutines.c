/* await, yield, yield from. */
#include "compiler/codegen.h"

bool unit_is_async(const Compiler *c) {
    const Scope *scope = c->unit->scope;
    return scope->kind == SCOPE_FUNCTION && scope->node->kind == NODE_FunctionDef && scope->node->as.FunctionDef.is_async;
}

/* R[iterator + 1] holds what is sent first; at the end the result is there, and R[iterator] is empty. */
void emit_send_loop(Compiler *c, Reg iterator) {
    Label *head = label_new(c), *done = label_new(c);
    Reg value = iterator + 1;
    label_place(c, head);
    emit_branch(c, OP_SEND, iterator, value, 0, done);
    emit2(c, OP_YIELD, value, value);
    emit_jump_back(c, head);
    label_place(c, done);
}

void emit_await(Compiler *c, Reg base, uint32_t kind) {
    Reg mark = c->unit->temp_top;
    if (mark == base + 1) temp_new(c);
    emit(c, OP_GET_AWAITABLE, base, base, kind);
    emit1(c, OP_LOAD_NONE, base + 1);
    emit_send_loop(c, base);
    emit_move(c, base, base + 1);
    c->unit->temp_top = mark;
}

void await_to(Compiler *c, Node *node, Reg to) {
    if (!scope_is_function_like(c->unit->scope)) {
        compiler_error(c, node, "'await' outside function");
        return;
    }
    bool is_generator_expression = c->unit->scope->comprehension == COMPREHENSION_GENERATOR;
    if (!unit_is_async(c) && !is_generator_expression) {
        compiler_error(c, node, "'await' outside async function");
        return;
    }
    Reg mark = c->unit->temp_top, base = temp_block(c, 2);
    Reg value = expr_operand(c, node->as.Await.value, base, NULL);
    emit_move(c, base, value);
    emit_await(c, base, 0);
    emit_move(c, to, base);
    c->unit->temp_top = mark;
}

static bool check_yield(Compiler *c, Node *node) {
    if (scope_is_function_like(c->unit->scope)) return true;
    compiler_error(c, node, "'yield' outside function");
    return false;
}

void yield_to(Compiler *c, Node *node, Reg to) {
    if (!check_yield(c, node)) return;
    Reg mark = c->unit->temp_top, value;
    bool wrap = c->unit->flags & CODE_ASYNC_GENERATOR;
    if (node->as.Yield.value) {
        value = expr_operand(c, node->as.Yield.value, temp_hint(c, to), NULL);
    } else {
        value = scratch_for(c, to);
        emit1(c, OP_LOAD_NONE, value);
    }
    if (wrap) {
        Reg wrapped = reg_is_temp(c, value) ? value : temp_new(c);
        emit2(c, OP_ASYNC_GEN_WRAP, wrapped, value);
        value = wrapped;
    }
    emit2(c, OP_YIELD, to, value);
    c->unit->temp_top = mark;
}

void yield_from_to(Compiler *c, Node *node, Reg to) {
    if (!check_yield(c, node)) return;
    if (unit_is_async(c)) {
        compiler_error(c, node, "'yield from' inside async function");
        return;
    }
    Reg mark = c->unit->temp_top, base = temp_block(c, 2);
    Reg value = expr_operand(c, node->as.YieldFrom.value, base, NULL);
    emit2(c, OP_GET_YIELD_FROM_ITER, base, value);
    emit1(c, OP_LOAD_NONE, base + 1);
    emit_send_loop(c, base);
    emit_move(c, to, base + 1);
    c->unit->temp_top = mark;
}
