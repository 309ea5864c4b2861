/* Variables: loading, storing and deleting names, wherever they live. */
#include "compiler/codegen.h"

#include "vm/intrinsics.h"

enum { NAME_LIMIT = 65536 }; /* names that LOAD_GLOBAL and its like can reach */

/* --- what a name means here --- */

static Ref free_ref(Compiler *c, const Scope *scope, Name *name) {
    uint32_t index = scope_free_index(scope, name);
    RefKind kind = REF_FREE;
    if (scope->kind == SCOPE_CLASS && c->unit->names == scope) kind = REF_CLASS_FREE;
    if (scope->can_see_class && name != KNOWN(c, classdict)) kind = REF_CLASSDICT_FREE;
    return (Ref){kind, index, name};
}

static Ref global_ref(Compiler *c, const Scope *unit, Name *name) {
    RefKind kind = REF_GLOBAL;
    if (unit->kind == SCOPE_MODULE) kind = c->options->namespace_locals ? REF_NAMESPACE : REF_GLOBAL;
    else if (unit->kind == SCOPE_CLASS) kind = c->unit->names == unit ? REF_NAMESPACE : REF_GLOBAL;
    else if (unit->can_see_class) kind = REF_CLASSDICT_GLOBAL;
    return (Ref){kind, 0, name};
}

Ref name_ref_plain(Compiler *c, Name *name) {
    Scope *scope = c->unit->names;
    Symbol *symbol = scope_find(scope, name);
    while (scope->is_inlined && (!symbol || symbol->kind == SYMBOL_FREE)) {
        scope = scope->parent;
        symbol = scope->kind == SCOPE_CLASS ? NULL : scope_find(scope, name); /* names of the class body are not seen */
    }
    const Scope *unit = c->unit->scope;
    if (!symbol) return map_get(&unit->free_index, name) ? free_ref(c, unit, name) : global_ref(c, unit, name);
    bool has_registers = scope_is_function_like(scope);
    switch (symbol->kind) {
    case SYMBOL_LOCAL:
        if (has_registers) return (Ref){REF_LOCAL, symbol->reg, name};
        return (Ref){unit->kind == SCOPE_MODULE && !c->options->namespace_locals ? REF_GLOBAL : REF_NAMESPACE, 0, name};
    case SYMBOL_CELL: return (Ref){REF_CELL, symbol->reg, name};
    case SYMBOL_FREE: return free_ref(c, scope, name);
    case SYMBOL_GLOBAL_EXPLICIT: return (Ref){REF_GLOBAL, 0, name};
    default: return global_ref(c, unit, name);
    }
}

Ref name_ref(Compiler *c, Text text) { return name_ref_plain(c, name_mangle(c, c->unit->names->private_class, text)); }

void check_name(Compiler *c, Text text, const Node *at, const char *verb) {
    if (text_is(text, "__debug__")) compiler_error(c, at, "cannot %s __debug__", verb);
}

/* --- names beyond the reach of 16 bits --- */

static void emit_name_string(Compiler *c, Reg to, Name *name) {
    emit_constant(c, to, constant_string(c, name->data, name->length));
}

/* reg: what is stored, or where the value goes. */
static void emit_named(Compiler *c, Opcode op, Intrinsic wide, Reg reg, Name *name) {
    uint32_t index = name_index(c, name);
    bool loads = wide == INTRINSIC_LOAD_GLOBAL || wide == INTRINSIC_LOAD_NAME;
    bool stores = wide == INTRINSIC_STORE_GLOBAL || wide == INTRINSIC_STORE_NAME;
    if (index < NAME_LIMIT) {
        emit_abx(c, op, reg, index);
        return;
    }
    Reg mark = c->unit->temp_top, args = temp_block(c, 2);
    emit_name_string(c, args, name);
    if (stores) emit_move(c, args + 1, reg);
    emit(c, OP_INTRINSIC, loads ? reg : args, args, wide);
    if (!loads) emit_clear(c, args);
    c->unit->temp_top = mark;
}

/* --- far locals --- */

static void far_load(Compiler *c, const Ref *ref, Reg to) {
    Reg mark = c->unit->temp_top, moved = temp_new(c), args = temp_block(c, 2);
    bool bound = local_is_bound(c, ref->index);
    emit_abx(c, OP_LOAD_FAR, moved, ref->index);
    emit2(c, OP_COPY, bound ? to : args, moved);
    emit_abx(c, OP_STORE_FAR, moved, ref->index);
    if (!bound) {
        emit_name_string(c, args + 1, ref->name);
        emit(c, OP_INTRINSIC, to, args, INTRINSIC_CHECK_LOCAL);
        local_set_bound(c, ref->index, true);
    }
    c->unit->temp_top = mark;
}

static void far_store(Compiler *c, Reg far, Reg from) {
    emit_abx(c, OP_STORE_FAR, from, far);
    local_set_bound(c, far, true);
}

static void far_unbind(Compiler *c, const Ref *ref, bool check) {
    Reg mark = c->unit->temp_top, temp = temp_new(c);
    if (check) {
        far_load(c, ref, temp);
        emit_clear(c, temp);
    }
    emit1(c, OP_LOAD_EMPTY, temp);
    emit_abx(c, OP_STORE_FAR, temp, ref->index);
    local_set_bound(c, ref->index, false);
    c->unit->temp_top = mark;
}

/* --- the operations --- */

Reg ref_in_place(Compiler *c, const Ref *ref) {
    if (ref->kind != REF_LOCAL || ref->index >= FAR_BASE) return NO_REGISTER;
    if (!local_is_bound(c, ref->index)) emit1(c, OP_CHECK_BOUND, ref->index);
    local_set_bound(c, ref->index, true);
    return ref->index;
}

static void load_class_free(Compiler *c, const Ref *ref, Reg to) {
    uint32_t at = emit2_at(c, OP_LOAD_CLASS_FREE, to, ref->index);
    emit_word(c, at, 1, name_index(c, ref->name));
}

/* In an annotation scope of a class: the class's namespace first. */
static void load_through_classdict(Compiler *c, const Ref *ref, Reg to) {
    Ref dict = name_ref_plain(c, KNOWN(c, classdict));
    Reg mark = c->unit->temp_top;
    if (ref->kind == REF_CLASSDICT_GLOBAL) {
        Reg temp = temp_new(c);
        ref_load(c, &dict, temp);
        emit_named(c, OP_LOAD_CLASS_GLOBAL, INTRINSIC_LOAD_GLOBAL, temp, ref->name);
        emit_move(c, to, temp);
    } else {
        Reg args = temp_block(c, 3);
        ref_load(c, &dict, args);
        emit_name_string(c, args + 1, ref->name);
        emit2(c, OP_LOAD_FREE_CELL, args + 2, ref->index);
        emit(c, OP_INTRINSIC, to, args, INTRINSIC_LOAD_CLASS_FREE);
    }
    c->unit->temp_top = mark;
}

void ref_load(Compiler *c, const Ref *ref, Reg to) {
    switch (ref->kind) {
    case REF_LOCAL: {
        Reg local = ref_in_place(c, ref);
        if (local == NO_REGISTER) far_load(c, ref, to);
        else emit_move(c, to, local);
        break;
    }
    case REF_CELL: emit2(c, OP_LOAD_CELL, to, ref->index); break;
    case REF_FREE: emit2(c, OP_LOAD_FREE, to, ref->index); break;
    case REF_CLASS_FREE: load_class_free(c, ref, to); break;
    case REF_GLOBAL: emit_named(c, OP_LOAD_GLOBAL, INTRINSIC_LOAD_GLOBAL, to, ref->name); break;
    case REF_NAMESPACE: emit_named(c, OP_LOAD_NAME, INTRINSIC_LOAD_NAME, to, ref->name); break;
    case REF_CLASSDICT_GLOBAL:
    case REF_CLASSDICT_FREE: load_through_classdict(c, ref, to); break;
    }
}

void ref_store(Compiler *c, const Ref *ref, Reg from) {
    switch (ref->kind) {
    case REF_LOCAL:
        if (ref->index >= FAR_BASE) {
            far_store(c, ref->index, from);
            break;
        }
        emit_move(c, ref->index, from);
        local_set_bound(c, ref->index, true);
        break;
    case REF_CELL: emit2(c, OP_STORE_CELL, from, ref->index); break;
    case REF_FREE:
    case REF_CLASS_FREE:
    case REF_CLASSDICT_FREE: emit2(c, OP_STORE_FREE, from, ref->index); break;
    case REF_GLOBAL:
    case REF_CLASSDICT_GLOBAL: emit_named(c, OP_STORE_GLOBAL, INTRINSIC_STORE_GLOBAL, from, ref->name); break;
    case REF_NAMESPACE: emit_named(c, OP_STORE_NAME, INTRINSIC_STORE_NAME, from, ref->name); break;
    }
}

void ref_delete(Compiler *c, const Ref *ref) {
    switch (ref->kind) {
    case REF_LOCAL:
        if (ref->index >= FAR_BASE) {
            far_unbind(c, ref, true);
            break;
        }
        emit1(c, local_is_bound(c, ref->index) ? OP_CLEAR : OP_DEL_LOCAL, ref->index);
        local_set_bound(c, ref->index, false);
        break;
    case REF_CELL: emit1(c, OP_DEL_CELL, ref->index); break;
    case REF_FREE:
    case REF_CLASS_FREE:
    case REF_CLASSDICT_FREE: emit1(c, OP_DEL_FREE, ref->index); break;
    case REF_GLOBAL:
    case REF_CLASSDICT_GLOBAL: emit_named(c, OP_DEL_GLOBAL, INTRINSIC_DELETE_GLOBAL, 0, ref->name); break;
    case REF_NAMESPACE: emit_named(c, OP_DEL_NAME, INTRINSIC_DELETE_NAME, 0, ref->name); break;
    }
}

void ref_unbind(Compiler *c, const Ref *ref) {
    if (ref->kind == REF_LOCAL) {
        if (ref->index >= FAR_BASE) {
            far_unbind(c, ref, false);
        } else {
            emit_clear(c, ref->index);
            local_set_bound(c, ref->index, false);
        }
        return;
    }
    Reg mark = c->unit->temp_top, temp = temp_new(c);
    emit1(c, OP_LOAD_NONE, temp);
    ref_store(c, ref, temp);
    c->unit->temp_top = mark;
    ref_delete(c, ref);
}

void ref_assign(Compiler *c, const Ref *ref, Node *value) {
    if (ref->kind == REF_LOCAL && ref->index < FAR_BASE) {
        expr_to(c, value, ref->index);
        local_set_bound(c, ref->index, true);
        return;
    }
    Reg mark = c->unit->temp_top;
    Reg from = expr_operand(c, value, NO_REGISTER, NULL);
    ref_store(c, ref, from);
    c->unit->temp_top = mark;
}

/* --- closures --- */

static void cell_to(Compiler *c, Name *name, Reg to) {
    Scope *scope = c->unit->names;
    for (;; scope = scope->parent) {
        if (scope->kind == SCOPE_CLASS) {
            Reg cell = name == KNOWN(c, class_cell) ? scope->class_cell : name == KNOWN(c, classdict) ? scope->classdict_cell : NO_REGISTER;
            if (cell != NO_REGISTER) {
                emit_move(c, to, cell);
                return;
            }
        }
        Symbol *symbol = scope_find(scope, name);
        if (symbol && symbol->kind == SYMBOL_CELL) {
            emit_move(c, to, symbol->reg);
            return;
        }
        if (!scope->is_inlined) break;
    }
    emit2(c, OP_LOAD_FREE_CELL, to, scope_free_index(scope, name));
}

bool closure_to(Compiler *c, const Scope *scope, Reg to) {
    if (!scope->free_count) return false;
    Reg mark = c->unit->temp_top;
    if (scope->free_count <= CHUNK) {
        Reg base = temp_block(c, scope->free_count);
        for (uint32_t i = 0; i < scope->free_count; i++) cell_to(c, scope->free_names[i], base + i);
        emit(c, OP_BUILD_TUPLE, to, base, scope->free_count);
    } else {
        Reg list = temp_block(c, 2);
        emit(c, OP_BUILD_LIST, list, list, 0);
        for (uint32_t i = 0; i < scope->free_count; i++) {
            cell_to(c, scope->free_names[i], list + 1);
            emit2(c, OP_LIST_APPEND, list, list + 1);
        }
        emit2(c, OP_LIST_TO_TUPLE, to, list);
    }
    c->unit->temp_top = mark;
    return true;
}
