/* try statements: except, finally, except*.
 *
 * A handler begins with PUSH_EXC, which keeps the exception (register exc) and the one handled before (exc + 1). All code between it and POP_EXC is
 * a protected region of its own, whose handler (handling_abandoned) restores the older exception when another one comes. The body of a
 * finally clause is compiled for each way of reaching it. */
#include "compiler/codegen.h"

/* --- the ends of a handler --- */

void reraise_handled(Compiler *c, Reg exc) {
    Reg mark = c->unit->temp_top, again = temp_new(c);
    emit2(c, OP_COPY, again, exc);
    emit1(c, OP_POP_EXC, exc);
    emit1(c, OP_RERAISE, again);
    code_unreachable(c);
    c->unit->temp_top = mark;
}

/* Locals are not read here, but they may be unbound: nothing is taken for certain. */
static void cleanup_place(Compiler *c, Label *cleanup) {
    uint64_t *bound = compiler_alloc(c, (c->unit->bound_words + 1) * sizeof *bound);
    if (bound) handler_place(c, cleanup, bound);
}

void handling_abandoned(Compiler *c, Reg exc, Label *cleanup, const Ref *unbind) {
    cleanup_place(c, cleanup);
    Reg mark = c->unit->temp_top, newer = temp_block(c, 2), again = temp_new(c);
    emit1(c, OP_PUSH_EXC, newer);
    if (unbind) ref_unbind(c, unbind);
    emit2(c, OP_COPY, again, newer);
    emit1(c, OP_POP_EXC, newer);
    emit1(c, OP_POP_EXC, exc);
    emit1(c, OP_RERAISE, again);
    code_unreachable(c);
    c->unit->temp_top = mark;
}

void hidden_clear(Compiler *c, uint32_t from) {
    Unit *u = c->unit;
    for (uint32_t i = from; i < u->hidden_count; i++) {
        bool seen = false;
        for (uint32_t k = from; k < i && k < from + 64; k++) seen |= u->hidden[k] == u->hidden[i];
        if (!seen && u->hidden[i] < FAR_BASE) emit_clear(c, u->hidden[i]);
    }
}

/* --- except --- */

typedef struct Handling {
    Reg exc;
    Label *cleanup, *end;
} Handling;

static void handler_body(Compiler *c, Node *clause, const Handling *h) {
    Ref ref = name_ref(c, clause->as.ExceptHandler.name);
    Block named;
    Label *cleanup = label_new(c);
    Reg copy = temp_new(c);
    check_name(c, clause->as.ExceptHandler.name, clause, "assign to");
    emit2(c, OP_COPY, copy, h->exc);
    ref_store(c, &ref, copy);
    c->unit->temp_top = copy;
    block_push(c, &named, BLOCK_HANDLER_NAME, cleanup, NO_REGISTER);
    named.node = clause;
    body(c, clause->as.ExceptHandler.body);
    block_pop(c, &named);
    Block *handling = c->unit->blocks;
    block_pop(c, handling);
    emit1(c, OP_POP_EXC, h->exc);
    ref_unbind(c, &ref);
    emit_jump(c, h->end);
    handling_abandoned(c, h->exc, cleanup, &ref);
}

static void except_clause(Compiler *c, Node *clause, const Handling *h, bool is_last) {
    Node *type = clause->as.ExceptHandler.type;
    Label *next = label_new(c);
    Block handling;
    position_set(c, clause);
    if (!type && !is_last) compiler_error(c, clause, "default 'except:' must be last");
    block_push(c, &handling, BLOCK_HANDLING, h->cleanup, h->exc);
    if (type) {
        Reg match = expr_new(c, type);
        emit(c, OP_EXC_MATCH, match, h->exc, match);
        c->unit->temp_top = match;
        emit_branch(c, OP_JUMP_IF, false, match, 0, next);
    }
    if (clause->as.ExceptHandler.name.data) {
        handler_body(c, clause, h);
    } else {
        body(c, clause->as.ExceptHandler.body);
        block_pop(c, &handling);
        emit1(c, OP_POP_EXC, h->exc);
        emit_jump(c, h->end);
    }
    label_place(c, next);
}

/* PUSH_EXC; hidden: how many comprehensions' locals there were when the region began. */
void handler_enter(Compiler *c, Reg exc, uint32_t hidden) {
    emit1(c, OP_PUSH_EXC, exc);
    hidden_clear(c, hidden);
}

static void except_clauses(Compiler *c, NodeList clauses, Label *end, uint32_t hidden) {
    Reg mark = c->unit->temp_top;
    Handling h = {.exc = temp_block(c, 2), .cleanup = label_new(c), .end = end};
    handler_enter(c, h.exc, hidden);
    for (uint32_t i = 0; i < clauses.count && !c->failed; i++) except_clause(c, clauses.items[i], &h, i + 1 == clauses.count);
    reraise_handled(c, h.exc);
    handling_abandoned(c, h.exc, h.cleanup, NULL);
    c->unit->temp_top = mark;
}

/* --- except* --- */

/* Registers while except* clauses run: exc, exc + 1 (PUSH_EXC), the list of what was raised, what is left, what matched. */
typedef struct StarHandling {
    Reg exc, raised, rest, match;
    Label *cleanup, *end;
} StarHandling;

static void star_body(Compiler *c, Node *clause, const StarHandling *h, Label *next) {
    Block star;
    Label *failed = label_new(c);
    bool named = clause->as.ExceptHandler.name.data != NULL;
    Ref ref = {0};
    if (named) {
        ref = name_ref(c, clause->as.ExceptHandler.name);
        ref_store(c, &ref, h->match);
    } else {
        emit_clear(c, h->match);
    }
    c->unit->temp_top = h->match;
    block_push(c, &star, BLOCK_EXCEPT_STAR, failed, NO_REGISTER);
    body(c, clause->as.ExceptHandler.body);
    block_pop(c, &star);
    if (named) ref_unbind(c, &ref);
    emit_jump(c, next);
    cleanup_place(c, failed);
    Reg newer = temp_block(c, 2), again = temp_new(c);
    emit1(c, OP_PUSH_EXC, newer);
    if (named) ref_unbind(c, &ref);
    emit2(c, OP_COPY, again, newer);
    emit1(c, OP_POP_EXC, newer);
    emit2(c, OP_LIST_APPEND, h->raised, again);
    c->unit->temp_top = h->match + 1;
}

static void star_clause(Compiler *c, Node *clause, const StarHandling *h) {
    Label *next = label_new(c), *no_match = label_new(c);
    position_set(c, clause);
    Reg type = expr_new(c, clause->as.ExceptHandler.type);
    emit(c, OP_EXC_GROUP_MATCH, h->rest, h->rest, type);
    emit2(c, OP_COPY, type, h->match);
    c->unit->temp_top = type;
    emit_branch(c, OP_JUMP_IF_NONE, true, type, 0, no_match);
    star_body(c, clause, h, next);
    emit_jump(c, next);
    label_place(c, no_match);
    emit_clear(c, h->match);
    label_place(c, next);
}

static void except_star_clauses(Compiler *c, NodeList clauses, Label *end, uint32_t hidden) {
    Reg mark = c->unit->temp_top, exc = temp_block(c, 2);
    Label *raise = label_new(c);
    StarHandling h = {.exc = exc, .cleanup = label_new(c), .end = end};
    Block handling;
    handler_enter(c, exc, hidden);
    block_push(c, &handling, BLOCK_HANDLING, h.cleanup, exc);
    h.raised = temp_new(c);
    h.rest = temp_new(c);
    h.match = temp_new(c);
    emit(c, OP_BUILD_LIST, h.raised, h.raised, 0);
    emit2(c, OP_COPY, h.rest, exc);
    for (uint32_t i = 0; i < clauses.count && !c->failed; i++) star_clause(c, clauses.items[i], &h);
    emit2(c, OP_LIST_APPEND, h.raised, h.rest);
    emit2(c, OP_COPY, h.rest, exc);
    emit(c, OP_PREPARE_RERAISE_STAR, h.rest, h.rest, h.raised);
    emit2(c, OP_COPY, h.match, h.rest);
    emit_branch(c, OP_JUMP_IF_NONE, false, h.match, 0, raise);
    emit_clear(c, h.rest);
    block_pop(c, &handling);
    emit1(c, OP_POP_EXC, exc);
    emit_jump(c, end);
    label_place(c, raise);
    emit1(c, OP_POP_EXC, exc);
    emit1(c, OP_RERAISE, h.rest);
    code_unreachable(c);
    c->unit->temp_top = exc + 2;
    handling_abandoned(c, exc, h.cleanup, NULL);
    c->unit->temp_top = mark;
}

/* --- try --- */

static void try_except(Compiler *c, Node *node) {
    Label *handler = label_new(c), *end = label_new(c);
    uint64_t *bound = bound_snapshot(c);
    uint32_t hidden = c->unit->hidden_count;
    Block block;
    block_push(c, &block, BLOCK_TRY, handler, NO_REGISTER);
    body(c, node->as.Try.body);
    block_pop(c, &block);
    body(c, node->as.Try.orelse);
    emit_jump(c, end);
    handler_place(c, handler, bound);
    if (node->as.Try.is_star) except_star_clauses(c, node->as.Try.handlers, end, hidden);
    else except_clauses(c, node->as.Try.handlers, end, hidden);
    label_place(c, end);
}

static void try_finally(Compiler *c, Node *node) {
    Label *handler = label_new(c), *end = label_new(c), *cleanup = label_new(c);
    uint64_t *bound = bound_snapshot(c);
    uint32_t hidden = c->unit->hidden_count;
    Block block, handling;
    block_push(c, &block, BLOCK_FINALLY, handler, NO_REGISTER);
    block.node = node;
    if (node->as.Try.handlers.count) try_except(c, node);
    else body(c, node->as.Try.body);
    block_pop(c, &block);
    body(c, node->as.Try.finalbody);
    emit_jump(c, end);
    handler_place(c, handler, bound);
    Reg mark = c->unit->temp_top, exc = temp_block(c, 2);
    handler_enter(c, exc, hidden);
    block_push(c, &handling, BLOCK_HANDLING, cleanup, exc);
    body(c, node->as.Try.finalbody);
    block_pop(c, &handling);
    reraise_handled(c, exc);
    handling_abandoned(c, exc, cleanup, NULL);
    c->unit->temp_top = mark;
    label_place(c, end);
}

void try_statement(Compiler *c, Node *node) {
    if (node->as.Try.finalbody.count) try_finally(c, node);
    else try_except(c, node);
}
