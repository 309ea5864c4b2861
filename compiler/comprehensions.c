/* Comprehensions and generator expressions.
 *
 * List, set and dict comprehensions are part of the code around them (PEP 709): their locals are registers of it, emptied at the end.
 * A generator expression, and any comprehension in an annotation scope of a class, is a function called with the outermost iterator. */
#include "compiler/codegen.h"

#include "vm/types/str.h"

typedef struct Comprehension {
    NodeList clauses;
    Node *element, *value; /* value: of a dict comprehension, whose key is `element` */
    ComprehensionKind kind;
    Reg result;            /* the growing list, set or dict */
} Comprehension;

static Comprehension comprehension_of(const Node *n) {
    switch (n->kind) {
    case NODE_ListComp: return (Comprehension){n->as.ListComp.generators, n->as.ListComp.element, NULL, COMPREHENSION_LIST, 0};
    case NODE_SetComp: return (Comprehension){n->as.SetComp.generators, n->as.SetComp.element, NULL, COMPREHENSION_SET, 0};
    case NODE_DictComp: return (Comprehension){n->as.DictComp.generators, n->as.DictComp.key, n->as.DictComp.value, COMPREHENSION_DICT, 0};
    default: return (Comprehension){n->as.GeneratorExp.generators, n->as.GeneratorExp.element, NULL, COMPREHENSION_GENERATOR, 0};
    }
}

/* --- the innermost part --- */

static void yield_element(Compiler *c, const Comprehension *comp) {
    Reg value = expr_operand(c, comp->element, NO_REGISTER, NULL);
    if (c->unit->flags & CODE_ASYNC_GENERATOR) {
        Reg wrapped = reg_is_temp(c, value) ? value : temp_new(c);
        emit2(c, OP_ASYNC_GEN_WRAP, wrapped, value);
        value = wrapped;
    }
    Reg sent = reg_is_temp(c, value) ? value : temp_new(c);
    position_set(c, comp->element);
    emit2(c, OP_YIELD, sent, value);
    emit_clear(c, sent);
}

static void add_element(Compiler *c, const Comprehension *comp) {
    Reg mark = c->unit->temp_top;
    CodePosition old = c->unit->position;
    if (comp->kind == COMPREHENSION_GENERATOR) {
        yield_element(c, comp);
    } else {
        Reg element = expr_operand(c, comp->element, NO_REGISTER, comp->value);
        Reg value = comp->value ? expr_operand(c, comp->value, NO_REGISTER, NULL) : 0;
        position_set(c, comp->element);
        if (comp->value) c->unit->position.end_line = (int32_t)comp->value->end.line, c->unit->position.end_column = (int32_t)comp->value->end.column;
        if (comp->kind == COMPREHENSION_LIST) emit2(c, OP_LIST_APPEND, comp->result, element);
        else if (comp->kind == COMPREHENSION_SET) emit2(c, OP_SET_ADD, comp->result, element);
        else emit(c, OP_MAP_ADD, comp->result, element, value);
    }
    position_restore(c, old);
    c->unit->temp_top = mark;
}

/* --- clauses --- */

static void emit_clauses(Compiler *c, const Comprehension *comp, uint32_t index, Reg iterator);

static void emit_clause_body(Compiler *c, const Comprehension *comp, uint32_t index, Label *head) {
    NodeList ifs = comp->clauses.items[index]->as.Comprehension.ifs;
    for (uint32_t i = 0; i < ifs.count; i++) {
        Label *keep = label_new(c);
        branch_on(c, ifs.items[i], true, keep);
        emit_jump_back(c, head);
        label_place(c, keep);
    }
    if (index + 1 < comp->clauses.count) emit_clauses(c, comp, index + 1, NO_REGISTER);
    else add_element(c, comp);
}

/* `for x in [value]`: an assignment. */
static bool emit_single_clause(Compiler *c, const Comprehension *comp, uint32_t index) {
    Node *clause = comp->clauses.items[index], *iter = clause->as.Comprehension.iter;
    if (clause->as.Comprehension.is_async || iter->kind != NODE_Tuple || iter->as.Tuple.elements.count != 1) return false;
    Node *item = iter->as.Tuple.elements.items[0];
    if (item->kind == NODE_Starred) return false;
    target_assign(c, clause->as.Comprehension.target, item);
    NodeList ifs = clause->as.Comprehension.ifs;
    Label *skip = label_new(c);
    for (uint32_t i = 0; i < ifs.count; i++) branch_on(c, ifs.items[i], false, skip);
    if (index + 1 < comp->clauses.count) emit_clauses(c, comp, index + 1, NO_REGISTER);
    else add_element(c, comp);
    label_place(c, skip);
    return true;
}

static void emit_iteration(Compiler *c, const Comprehension *comp, uint32_t index, Reg iterator) {
    Node *clause = comp->clauses.items[index];
    Label *head = label_new(c), *exhausted = label_new(c);
    CodePosition old = position_set(c, clause->as.Comprehension.iter);
    label_place(c, head);
    bound_enter_loop(c);
    emit_for_iter(c, iterator, clause->as.Comprehension.target, exhausted);
    emit_clause_body(c, comp, index, head);
    emit_jump_back(c, head);
    label_place(c, exhausted);
    position_restore(c, old);
}

static void emit_async_iteration(Compiler *c, const Comprehension *comp, uint32_t index, Reg iterator) {
    Node *clause = comp->clauses.items[index];
    Label *head = label_new(c), *finished = label_new(c);
    CodePosition old = position_set(c, clause->as.Comprehension.iter);
    label_place(c, head);
    bound_enter_loop(c);
    uint64_t *bound = bound_snapshot(c);
    Reg item = emit_async_next(c, iterator, finished);
    target_store(c, clause->as.Comprehension.target, item);
    c->unit->temp_top = item;
    emit_clause_body(c, comp, index, head);
    emit_jump_back(c, head);
    emit_async_end(c, iterator, finished, bound);
    position_restore(c, old);
}

/* iterator: NO_REGISTER when the clause's iterable is still to be evaluated. */
static void emit_clauses(Compiler *c, const Comprehension *comp, uint32_t index, Reg iterator) {
    if (!compiler_enter(c)) return;
    if (iterator == NO_REGISTER && emit_single_clause(c, comp, index)) return;
    Node *clause = comp->clauses.items[index];
    bool is_async = clause->as.Comprehension.is_async;
    Reg mark = c->unit->temp_top;
    if (iterator == NO_REGISTER) {
        iterator = temp_new(c);
        Reg iterable = expr_operand(c, clause->as.Comprehension.iter, iterator, NULL);
        CodePosition old = position_set(c, clause->as.Comprehension.iter);
        emit2(c, is_async ? OP_GET_AITER : OP_GET_ITER, iterator, iterable);
        position_restore(c, old);
    }
    if (is_async) emit_async_iteration(c, comp, index, iterator);
    else emit_iteration(c, comp, index, iterator);
    c->unit->temp_top = mark;
}

/* --- inlined --- */

static void note_hidden(Compiler *c, Reg reg) {
    Unit *u = c->unit;
    Reg *hidden = compiler_grow(c, u->hidden, &u->hidden_capacity, u->hidden_count + 1, sizeof *hidden);
    if (!hidden) return;
    u->hidden = hidden;
    hidden[u->hidden_count++] = reg;
}

static void locals_enter(Compiler *c, const Scope *scope) {
    for (uint32_t i = 0; i < scope->count; i++) {
        const Symbol *symbol = scope->order[i];
        if (symbol->reg == NO_REGISTER) continue;
        if (symbol->kind == SYMBOL_CELL) emit1(c, OP_MAKE_CELL, symbol->reg);
        local_set_bound(c, symbol->reg, false);
        note_hidden(c, symbol->reg);
    }
}

static void locals_leave(Compiler *c, const Scope *scope) {
    for (uint32_t i = 0; i < scope->count; i++) {
        Symbol *symbol = scope->order[i];
        if (symbol->reg == NO_REGISTER) continue;
        Ref ref = {REF_LOCAL, symbol->reg, symbol->name};
        ref_unbind(c, &ref);
    }
}

static void build_empty(Compiler *c, ComprehensionKind kind, Reg to) {
    static const Opcode opcodes[] = {OP_NOP, OP_BUILD_LIST, OP_BUILD_SET, OP_BUILD_MAP};
    emit(c, opcodes[kind], to, to, 0);
}

static void inlined_to(Compiler *c, Node *node, Scope *scope, Reg to) {
    Comprehension comp = comprehension_of(node);
    Node *clause = comp.clauses.items[0];
    Reg mark = c->unit->temp_top;
    comp.result = scratch_for(c, to);
    Reg iterator = temp_new(c);
    Reg iterable = expr_operand(c, clause->as.Comprehension.iter, iterator, NULL);
    CodePosition old = position_set(c, clause->as.Comprehension.iter);
    emit2(c, clause->as.Comprehension.is_async ? OP_GET_AITER : OP_GET_ITER, iterator, iterable);
    position_restore(c, old);
    Scope *outer = c->unit->names;
    c->unit->names = scope;
    locals_enter(c, scope);
    build_empty(c, comp.kind, comp.result);
    emit_clauses(c, &comp, 0, iterator);
    locals_leave(c, scope);
    c->unit->names = outer;
    c->unit->temp_top = mark;
    emit_move(c, to, comp.result);
}

/* --- as a function --- */

static Value comprehension_code(Compiler *c, Node *node, Scope *scope) {
    Comprehension comp = comprehension_of(node);
    Unit unit;
    unit_open(c, &unit, scope, node);
    unit_prologue(c);
    position_set(c, node);
    Reg mark = unit.temp_top, iterator;
    if (comp.kind != COMPREHENSION_GENERATOR) {
        comp.result = temp_new(c);
        build_empty(c, comp.kind, comp.result);
    }
    iterator = temp_new(c);
    emit_move(c, iterator, 0);
    emit_clear(c, 0);
    emit_clauses(c, &comp, 0, iterator);
    position_set(c, node);
    emit_return(c, comp.kind == COMPREHENSION_GENERATOR ? NO_REGISTER : comp.result);
    unit.temp_top = mark;
    return unit_close(c);
}

static void function_to(Compiler *c, Node *node, Scope *scope, Reg to) {
    Comprehension comp = comprehension_of(node);
    Node *clause = comp.clauses.items[0];
    bool is_async = clause->as.Comprehension.is_async;
    Value code = comprehension_code(c, node, scope);
    Reg mark = c->unit->temp_top, base = temp_block(c, 2);
    make_function(c, code, scope, base, 0, base + 1);
    Reg iterable = expr_operand(c, clause->as.Comprehension.iter, base + 1, NULL);
    CodePosition old = position_set(c, clause->as.Comprehension.iter);
    emit2(c, is_async ? OP_GET_AITER : OP_GET_ITER, base + 1, iterable);
    position_restore(c, old);
    if (scope->is_coroutine && comp.kind != COMPREHENSION_GENERATOR) {
        emit(c, OP_CALL, base, 1, base);
        c->unit->temp_top = base + 1;
        emit_await(c, base, 0);
        emit_move(c, to, base);
    } else {
        emit(c, OP_CALL, base, 1, to);
    }
    c->unit->temp_top = mark;
}

void comprehension_to(Compiler *c, Node *node, Reg to) {
    Scope *scope = scope_of(c, node, ROLE_BODY);
    if (!scope) {
        compiler_fail(c);
        return;
    }
    bool awaits = scope->is_coroutine && node->kind != NODE_GeneratorExp;
    bool inside = unit_is_async(c) || c->unit->scope->comprehension == COMPREHENSION_GENERATOR;
    if (awaits && !inside) {
        compiler_error(c, node, "asynchronous comprehension outside of an asynchronous function");
        return;
    }
    if (scope->is_inlined) inlined_to(c, node, scope, to);
    else function_to(c, node, scope, to);
}
