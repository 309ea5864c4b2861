/* with and async with.
 *
 * Registers: exit holds the bound __exit__ while the body runs; it is called at every way out. The values behind it on the way in and out are
 * temporaries of a moment. */
#include "compiler/codegen.h"

static void with_items(Compiler *c, Node *node, uint32_t index);

/* Calls __exit__(None, None, None), which is in the first of four temporaries at `base`; drops the result. */
static void call_exit(Compiler *c, Reg base, bool is_async) {
    for (Reg i = 1; i <= 3; i++) emit1(c, OP_LOAD_NONE, base + i);
    emit(c, OP_CALL, base, 3, base);
    if (is_async) emit_await(c, base, 2);
    emit_clear(c, base);
}

/* On return, break, continue: other temporaries may be alive above the register of __exit__. */
void with_exit_call(Compiler *c, Block *block) {
    CodePosition old = position_set(c, block->node->as.WithItem.context);
    Reg mark = c->unit->temp_top, base = temp_block(c, 4);
    emit_move(c, base, block->reg);
    call_exit(c, base, block->is_async);
    c->unit->temp_top = mark;
    position_restore(c, old);
}

static void enter_value_store(Compiler *c, Node *vars, Reg value) {
    c->unit->temp_top = value + 1;
    if (vars) target_store(c, vars, value);
    else emit_clear(c, value);
    c->unit->temp_top = value;
}

/* The handler: asks __exit__ whether the exception is dealt with. */
static void with_handler(Compiler *c, Reg exit, bool is_async, Label *end, uint32_t hidden) {
    Label *cleanup = label_new(c), *suppress = label_new(c);
    Block handling;
    Reg mark = c->unit->temp_top, exc = temp_block(c, 2);
    handler_enter(c, exc, hidden);
    block_push(c, &handling, BLOCK_HANDLING, cleanup, exc);
    Reg answer = temp_new(c);
    emit(c, OP_WITH_EXIT, answer, exit, exc);
    if (is_async) emit_await(c, answer, 2);
    emit_branch(c, OP_JUMP_IF, true, answer, 0, suppress);
    block_pop(c, &handling);
    c->unit->temp_top = answer;
    reraise_handled(c, exc);
    label_place(c, suppress);
    emit1(c, OP_POP_EXC, exc);
    emit_clear(c, exit);
    emit_jump(c, end);
    handling_abandoned(c, exc, cleanup, NULL);
    c->unit->temp_top = mark;
}

static void with_item(Compiler *c, Node *node, uint32_t index) {
    Node *item = node->as.With.items.items[index];
    bool is_async = node->as.With.is_async;
    Label *handler = label_new(c), *end = label_new(c);
    Block block;
    Reg exit = temp_block(c, 2);
    Reg context = expr_operand(c, item->as.WithItem.context, exit, NULL);
    CodePosition old = position_set(c, item->as.WithItem.context);
    emit2(c, is_async ? OP_BEFORE_ASYNC_WITH : OP_BEFORE_WITH, exit, context);
    if (is_async) emit_await(c, exit + 1, 1);
    uint64_t *bound = bound_snapshot(c);
    uint32_t hidden = c->unit->hidden_count;
    block_push(c, &block, BLOCK_WITH, handler, exit);
    block.depth = exit + 1;
    block.is_async = is_async;
    block.node = item;
    enter_value_store(c, item->as.WithItem.vars, exit + 1);
    with_items(c, node, index + 1);
    block_pop(c, &block);
    position_set(c, item->as.WithItem.context);
    temp_block(c, 3);
    call_exit(c, exit, is_async);
    c->unit->temp_top = exit + 1;
    emit_jump(c, end);
    handler_place(c, handler, bound);
    with_handler(c, exit, is_async, end, hidden);
    label_place(c, end);
    c->unit->temp_top = exit;
    position_restore(c, old);
}

static void with_items(Compiler *c, Node *node, uint32_t index) {
    if (!compiler_enter(c)) return;
    if (index < node->as.With.items.count) with_item(c, node, index);
    else body(c, node->as.With.body);
}

void with_statement(Compiler *c, Node *node) {
    if (node->as.With.is_async && !unit_is_async(c)) {
        compiler_error(c, node, "'async with' outside async function");
        return;
    }
    with_items(c, node, 0);
}
