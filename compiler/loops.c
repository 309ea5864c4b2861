/* Loops, and leaving blocks: while, for, async for, break, continue, return. */
#include "compiler/codegen.h"

/* --- leaving blocks --- */

/* The finally clause, in the middle of a jump: one that it makes itself drops the value that is being returned. */
static void finally_inline(Compiler *c, const Node *node, Reg value) {
    Block holding;
    if (value != NO_REGISTER) block_push(c, &holding, BLOCK_VALUE, NULL, value);
    body(c, node->as.Try.finalbody);
    if (value != NO_REGISTER) block_pop(c, &holding);
}

static void block_leave(Compiler *c, Block *block, Reg value) {
    switch (block->kind) {
    case BLOCK_VALUE:
    case BLOCK_LOOP:
        if (block->reg != NO_REGISTER) emit_clear(c, block->reg);
        break;
    case BLOCK_FINALLY: finally_inline(c, block->node, value); break;
    case BLOCK_HANDLING: emit1(c, OP_POP_EXC, block->reg); break;
    case BLOCK_HANDLER_NAME: {
        Ref ref = name_ref(c, block->node->as.ExceptHandler.name);
        ref_unbind(c, &ref);
        break;
    }
    case BLOCK_WITH: with_exit_call(c, block); break;
    case BLOCK_TRY:
    case BLOCK_EXCEPT_STAR: break;
    }
}

Block *blocks_leave(Compiler *c, Block *end, Reg value) {
    Unit *u = c->unit;
    Block *innermost = u->blocks;
    for (Block *block = innermost; block != end && !c->failed; block = block->outer) {
        region_close(c, block);
        u->blocks = block->outer;
        u->block_depth--;
        block_leave(c, block, value);
    }
    return innermost;
}

void blocks_resume(Compiler *c, Block *innermost, Block *end) {
    c->unit->blocks = innermost;
    for (Block *block = innermost; block != end && !c->failed; block = block->outer) {
        region_open(c, block);
        c->unit->block_depth++;
    }
}

static bool in_except_star(Compiler *c, const Node *node, const Block *end) {
    for (const Block *block = c->unit->blocks; block != end; block = block->outer) {
        if (block->kind != BLOCK_EXCEPT_STAR) continue;
        compiler_error(c, node, "'break', 'continue' and 'return' cannot appear in an except* block");
        return true;
    }
    return false;
}

static Block *innermost_loop(Compiler *c, const Node *node, const char *message) {
    for (Block *block = c->unit->blocks; block; block = block->outer) {
        if (block->kind == BLOCK_LOOP) return block;
        if (block->kind == BLOCK_EXCEPT_STAR) {
            in_except_star(c, node, NULL);
            return NULL;
        }
    }
    compiler_error(c, node, "%s", message);
    return NULL;
}

void break_statement(Compiler *c, Node *node) {
    Block *loop = innermost_loop(c, node, "'break' outside loop");
    if (!loop) return;
    Block *innermost = blocks_leave(c, loop->outer, NO_REGISTER);
    emit_jump(c, loop->break_to);
    blocks_resume(c, innermost, loop->outer);
}

void continue_statement(Compiler *c, Node *node) {
    Block *loop = innermost_loop(c, node, "'continue' not properly in loop");
    if (!loop) return;
    Block *innermost = blocks_leave(c, loop, NO_REGISTER);
    emit_jump_back(c, loop->continue_to);
    blocks_resume(c, innermost, loop);
}

/* Whether leaving the blocks runs code that could rebind a local. */
static bool leaving_runs_code(const Block *block) {
    for (; block; block = block->outer)
        if (block->kind == BLOCK_FINALLY || block->kind == BLOCK_WITH || block->kind == BLOCK_HANDLER_NAME) return true;
    return false;
}

/* Nothing is to be left: each branch of a conditional expression returns by itself. */
static void return_directly(Compiler *c, Node *node, Node *value) {
    if (value->kind == NODE_IfExp && compiler_enter(c)) {
        Label *other = label_new(c);
        branch_on(c, value->as.IfExp.test, false, other);
        return_directly(c, node, value->as.IfExp.body);
        label_place(c, other);
        return_directly(c, node, value->as.IfExp.orelse);
        return;
    }
    Reg mark = c->unit->temp_top, result = NO_REGISTER;
    if (value->kind != NODE_Constant || !value_is_none(node_constant(c, value))) result = expr_operand(c, value, NO_REGISTER, NULL);
    position_set(c, node);
    emit_return(c, result);
    c->unit->temp_top = mark;
}

void return_statement(Compiler *c, Node *node) {
    Node *value = node->as.Return.value;
    const Scope *scope = c->unit->scope;
    if (!scope_is_function_like(scope)) {
        compiler_error(c, node, "'return' outside function");
        return;
    }
    if (value && scope->is_coroutine && scope->is_generator) compiler_error(c, node, "'return' with value in async generator");
    if (c->failed || in_except_star(c, node, NULL)) return;
    if (value && !c->unit->blocks) {
        return_directly(c, node, value);
        return;
    }
    Reg mark = c->unit->temp_top, result = NO_REGISTER;
    if (value && !node_is_constant(value))
        result = leaving_runs_code(c->unit->blocks) ? expr_new(c, value) : expr_operand(c, value, NO_REGISTER, NULL);
    Block *innermost = blocks_leave(c, NULL, result != NO_REGISTER && reg_is_temp(c, result) ? result : NO_REGISTER);
    if (value && node_is_constant(value) && !value_is_none(node_constant(c, value))) {
        result = temp_new(c);
        expr_to(c, value, result);
    }
    position_set(c, node);
    emit_return(c, result);
    blocks_resume(c, innermost, NULL);
    c->unit->temp_top = mark;
}

/* --- loops --- */

void while_statement(Compiler *c, Node *node) {
    Label *head = label_new(c), *exit = label_new(c), *end = label_new(c);
    Block block;
    label_place(c, head);
    bound_enter_loop(c);
    block_push(c, &block, BLOCK_LOOP, NULL, NO_REGISTER);
    block.break_to = end;
    block.continue_to = head;
    branch_on(c, node->as.While.test, false, exit);
    body(c, node->as.While.body);
    position_set(c, node);
    emit_jump_back(c, head);
    block_pop(c, &block);
    label_place(c, exit);
    body(c, node->as.While.orelse);
    label_place(c, end);
}

/* The register that takes the next item: the target itself when it is a local. */
static Reg loop_target(Compiler *c, Node *target, Ref *ref) {
    if (target->kind != NODE_Name) return NO_REGISTER;
    check_name(c, target->as.Name.id, target, "assign to");
    *ref = name_ref(c, target->as.Name.id);
    return ref->kind == REF_LOCAL && ref->index < FAR_BASE ? ref->index : NO_REGISTER;
}

/* FOR_ITER and the store to the target; to `exhausted` at the end. */
void emit_for_iter(Compiler *c, Reg iterator, Node *target, Label *exhausted) {
    Ref ref;
    Reg mark = c->unit->temp_top, local = loop_target(c, target, &ref);
    Reg item = local == NO_REGISTER ? temp_new(c) : local;
    emit_branch(c, OP_FOR_ITER, iterator, item, 0, exhausted);
    if (local != NO_REGISTER) local_set_bound(c, local, true);
    else target_store(c, target, item);
    c->unit->temp_top = mark;
}

static void for_loop(Compiler *c, Node *node) {
    Label *head = label_new(c), *exhausted = label_new(c), *end = label_new(c);
    Block block;
    Reg mark = c->unit->temp_top, iterator = temp_new(c);
    Reg iterable = expr_operand(c, node->as.For.iter, iterator, NULL);
    CodePosition old = position_set(c, node->as.For.iter);
    emit2(c, OP_GET_ITER, iterator, iterable);
    label_place(c, head);
    bound_enter_loop(c);
    block_push(c, &block, BLOCK_LOOP, NULL, iterator);
    block.break_to = end;
    block.continue_to = head;
    emit_for_iter(c, iterator, node->as.For.target, exhausted);
    body(c, node->as.For.body);
    position_set(c, node->as.For.iter);
    emit_jump_back(c, head);
    block_pop(c, &block);
    label_place(c, exhausted);
    c->unit->temp_top = mark;
    position_restore(c, old);
    body(c, node->as.For.orelse);
    label_place(c, end);
}

/* The awaited next item of an asynchronous iterator: in a new temporary behind it. StopAsyncIteration leads to `finished`. */
Reg emit_async_next(Compiler *c, Reg iterator, Label *finished) {
    Block block;
    Reg item = temp_new(c);
    block_push(c, &block, BLOCK_TRY, finished, NO_REGISTER);
    block.depth = item;
    emit2(c, OP_GET_ANEXT, item, iterator);
    emit1(c, OP_LOAD_NONE, temp_new(c));
    emit_send_loop(c, item);
    block_pop(c, &block);
    c->unit->temp_top = item + 1;
    emit_move(c, item, item + 1);
    return item;
}

/* At `finished`: drops the iterator after StopAsyncIteration, or raises again. */
void emit_async_end(Compiler *c, Reg iterator, Label *finished, const uint64_t *bound) {
    handler_place(c, finished, bound);
    Reg exc = temp_block(c, 2), copy = temp_new(c);
    emit1(c, OP_PUSH_EXC, exc);
    emit2(c, OP_COPY, copy, exc);
    emit1(c, OP_POP_EXC, exc);
    emit2(c, OP_END_ASYNC_FOR, iterator, copy);
    c->unit->temp_top = exc;
}

static void async_for_loop(Compiler *c, Node *node) {
    Label *head = label_new(c), *finished = label_new(c), *end = label_new(c);
    Block block;
    Reg mark = c->unit->temp_top, iterator = temp_new(c);
    Reg iterable = expr_operand(c, node->as.For.iter, iterator, NULL);
    CodePosition old = position_set(c, node->as.For.iter);
    emit2(c, OP_GET_AITER, iterator, iterable);
    label_place(c, head);
    bound_enter_loop(c);
    uint64_t *bound = bound_snapshot(c);
    block_push(c, &block, BLOCK_LOOP, NULL, iterator);
    block.break_to = end;
    block.continue_to = head;
    Reg item = emit_async_next(c, iterator, finished);
    target_store(c, node->as.For.target, item);
    c->unit->temp_top = item;
    body(c, node->as.For.body);
    position_set(c, node->as.For.iter);
    emit_jump_back(c, head);
    block_pop(c, &block);
    emit_async_end(c, iterator, finished, bound);
    c->unit->temp_top = mark;
    position_restore(c, old);
    body(c, node->as.For.orelse);
    label_place(c, end);
}

void for_statement(Compiler *c, Node *node) {
    if (!node->as.For.is_async) {
        for_loop(c, node);
        return;
    }
    if (!unit_is_async(c)) {
        compiler_error(c, node, "'async for' outside async function");
        return;
    }
    async_for_loop(c, node);
}
