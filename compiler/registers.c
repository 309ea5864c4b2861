/* Registers, constants and names of the unit under construction. */
#include "compiler/unit.h"

/* --- temporaries --- */

Reg temp_block(Compiler *c, uint32_t count) {
    Unit *u = c->unit;
    Reg first = u->temp_top;
    if (first + count > TEMP_LIMIT + 1) {
        if (!c->failed) error_raise(c->vm, EXC_RecursionError, "maximum recursion depth exceeded during compilation");
        compiler_fail(c);
        return u->temp_base;
    }
    u->temp_top += count;
    if (u->temp_top > u->temp_max) u->temp_max = u->temp_top;
    return first;
}

Reg temp_new(Compiler *c) { return temp_block(c, 1); }

/* --- locals --- */

bool local_is_bound(const Compiler *c, Reg reg) {
    uint32_t number = register_local(reg);
    return !c->unit->reachable || (number / 64 < c->unit->bound_words && c->unit->bound[number / 64] >> number % 64 & 1);
}

void local_set_bound(Compiler *c, Reg reg, bool bound) {
    uint32_t number = register_local(reg);
    if (number / 64 >= c->unit->bound_words) return;
    uint64_t bit = UINT64_C(1) << number % 64, *word = &c->unit->bound[number / 64];
    *word = bound ? *word | bit : *word & ~bit;
}

void bound_enter_loop(Compiler *c) {
    Unit *u = c->unit;
    for (uint32_t i = 0; i < u->bound_words; i++) u->bound[i] &= ~u->deleted[i];
}

void emit_move(Compiler *c, Reg to, Reg from) {
    if (to != from) emit2(c, OP_MOVE, to, from);
}

void emit_clear(Compiler *c, Reg reg) { emit1(c, OP_CLEAR, reg); }

/* --- constants and names --- */

/* Room for the tuples through which constants beyond CONSTANT_LIMIT are reached (see assemble.c). */
static void reserve_chunks(Compiler *c, ValueTable *table) {
    for (uint32_t i = 0; i < CONSTANT_CHUNKS; i++) value_table_add_unique(c, table, VALUE_NONE);
}

uint32_t constant_index(Compiler *c, Value v) {
    if (!c->unit->reachable || c->failed) return 0;
    ValueTable *table = &c->unit->constants;
    if (table->count == CONSTANT_LIMIT) reserve_chunks(c, table);
    return value_table_add(c, table, v);
}

static void emit_far_constant(Compiler *c, Reg to, uint32_t index) {
    Reg mark = c->unit->temp_top, chunk = temp_block(c, 2);
    index -= CONSTANT_LIMIT + CONSTANT_CHUNKS;
    emit_abx(c, OP_LOAD_CONST, chunk, CONSTANT_LIMIT + index / CONSTANT_CHUNK_SIZE);
    emit_abx(c, OP_LOAD_INT, chunk + 1, index % CONSTANT_CHUNK_SIZE);
    emit(c, OP_GET_ITEM, to, chunk, chunk + 1);
    c->unit->temp_top = mark;
}

void emit_constant(Compiler *c, Reg to, Value v) {
    if (value_is_none(v)) {
        emit1(c, OP_LOAD_NONE, to);
    } else if (value_is_small(v) && value_small(v) >= INT16_MIN && value_small(v) <= INT16_MAX) {
        emit_abx(c, OP_LOAD_INT, to, (uint16_t)value_small(v));
    } else {
        uint32_t index = constant_index(c, v);
        if (index < CONSTANT_LIMIT) emit_abx(c, OP_LOAD_CONST, to, index);
        else emit_far_constant(c, to, index);
    }
}

uint32_t name_index(Compiler *c, Name *name) {
    Unit *u = c->unit;
    if (!u->reachable || c->failed) return 0;
    uint32_t index = (uint32_t)(uintptr_t)map_get(&u->name_index, name);
    if (index) return index - 1;
    Name **names = compiler_grow(c, u->names_used, &u->name_capacity, u->name_count + 1, sizeof *names);
    if (!names) return 0;
    u->names_used = names;
    names[u->name_count++] = name;
    map_set(c, &u->name_index, name, (void *)(uintptr_t)u->name_count);
    return u->name_count - 1;
}
