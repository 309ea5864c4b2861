/* Emitting instructions: words, positions, labels, protected regions.
 *
 * Instructions are written once, in their final form: jump operands are wide enough for any distance, so nothing is ever moved but
 * a jump to the very next instruction, which is dropped. assemble.c threads jumps to jumps at the end. */
#include "compiler/unit.h"

#include "vm/types/str.h"

/* --- words --- */

static bool code_reserve(Compiler *c, uint32_t words) {
    Unit *u = c->unit;
    Instr *code = compiler_grow(c, u->code, &u->capacity, u->count + words, sizeof *code);
    if (!code) return false;
    u->code = code;
    CodeSpot *spots = compiler_grow(c, u->spots, &u->spot_capacity, u->spot_count + 1, sizeof *spots);
    if (!spots) return false;
    u->spots = spots;
    return true;
}

static uint32_t emit_instr(Compiler *c, Instr instr) {
    Unit *u = c->unit;
    uint32_t words = instr_words(instr);
    if (c->failed || !u->reachable || !code_reserve(c, words)) return NO_OFFSET;
    u->spots[u->spot_count++] = (CodeSpot){u->count, u->position};
    uint32_t offset = u->count;
    u->code[offset] = instr;
    for (uint32_t i = 1; i < words; i++) u->code[offset + i] = 0;
    u->count += words;
    return offset;
}

uint32_t emit(Compiler *c, Opcode op, Reg a, Reg b, Reg third) { return emit_instr(c, INSTR_ABC(op, a, b, third)); }

uint32_t emit_abx(Compiler *c, Opcode op, Reg a, uint32_t bx) { return emit_instr(c, INSTR_ABX(op, a, bx)); }

void emit_word(Compiler *c, uint32_t instr, uint32_t index, uint32_t value) {
    if (instr != NO_OFFSET) c->unit->code[instr + index] = value;
}

CodePosition position_set(Compiler *c, const Node *node) {
    CodePosition old = c->unit->position;
    c->unit->position = (CodePosition){(int32_t)node->start.line, (int32_t)node->end.line, (int32_t)node->start.column, (int32_t)node->end.column};
    return old;
}

void position_restore(Compiler *c, CodePosition position) { c->unit->position = position; }

/* --- bound locals --- */

static uint64_t *bound_copy(Compiler *c) {
    Unit *u = c->unit;
    uint64_t *copy = compiler_alloc(c, (u->bound_words + 1) * sizeof *copy);
    if (copy) memcpy(copy, u->bound, u->bound_words * sizeof *copy);
    return copy;
}

uint64_t *bound_snapshot(Compiler *c) {
    Unit *u = c->unit;
    uint64_t *copy = bound_copy(c);
    for (uint32_t i = 0; copy && i < u->bound_words; i++) copy[i] &= ~u->deleted[i];
    return copy;
}

static void bound_meet(Compiler *c, Label *label) {
    Unit *u = c->unit;
    if (!label->bound) {
        label->bound = bound_copy(c);
        return;
    }
    for (uint32_t i = 0; i < u->bound_words; i++) label->bound[i] &= u->bound[i];
}

/* --- labels and jumps --- */

Label *label_new(Compiler *c) {
    static const Label nowhere = {.offset = NO_OFFSET};
    Label *label = compiler_alloc(c, sizeof *label);
    if (!label) return (Label *)(uintptr_t)&nowhere; /* never written: all stop once failed is set */
    label->offset = NO_OFFSET;
    return label;
}

static void patch(Unit *u, const Fixup *fixup, uint32_t target) {
    int32_t distance = (int32_t)(target - (fixup->word + 1));
    if (fixup->is_jump) u->code[fixup->word] = (Instr)INSTR_OP(u->code[fixup->word]) | (Instr)distance << 8;
    else u->code[fixup->word] = (uint32_t)distance;
}

/* A JUMP to the next instruction, if that is what was emitted last, is taken back. */
static void drop_useless_jump(Unit *u, Label *label) {
    Fixup *last = label->fixups;
    if (!last || !last->is_jump || last->word + 1 != u->count || u->fixed_offset >= u->count || u->reachable) return;
    if (u->spots[u->spot_count - 1].offset != last->word) return;
    label->fixups = last->next;
    u->count--;
    u->spot_count--;
    u->reachable = true;
    memcpy(u->bound, label->bound, u->bound_words * sizeof *u->bound);
}

void label_place(Compiler *c, Label *label) {
    Unit *u = c->unit;
    if (c->failed) return;
    drop_useless_jump(u, label);
    label->offset = u->count;
    u->fixed_offset = u->count;
    for (Fixup *fixup = label->fixups; fixup; fixup = fixup->next) patch(u, fixup, u->count);
    if (!label->used) return;
    for (uint32_t i = 0; i < u->bound_words; i++) u->bound[i] = u->reachable ? u->bound[i] & label->bound[i] : label->bound[i];
    u->reachable = true;
}

static void refer(Compiler *c, Label *label, uint32_t word, bool is_jump) {
    if (word == NO_OFFSET || c->failed) return;
    Fixup *fixup = compiler_alloc(c, sizeof *fixup);
    if (!fixup) return;
    *fixup = (Fixup){word, is_jump, label->fixups};
    label->fixups = fixup;
    label->used = true;
    bound_meet(c, label);
}

void emit_jump(Compiler *c, Label *label) {
    uint32_t offset = emit(c, OP_JUMP, 0, 0, 0);
    refer(c, label, offset, true);
    code_unreachable(c);
}

void emit_jump_back(Compiler *c, Label *label) {
    uint32_t offset = emit(c, OP_JUMP_BACK, 0, 0, 0);
    if (offset != NO_OFFSET) patch(c->unit, &(Fixup){offset, true, NULL}, label->offset);
    code_unreachable(c);
}

void emit_branch(Compiler *c, Opcode op, Reg a, Reg b, Reg third, Label *label) {
    uint32_t offset = emit(c, op, a, b, third);
    refer(c, label, offset == NO_OFFSET ? NO_OFFSET : offset + 1, false);
}

void emit_return(Compiler *c, Reg reg) {
    if (reg == NO_REGISTER) emit(c, OP_RETURN_NONE, 0, 0, 0);
    else emit1(c, OP_RETURN, reg);
    code_unreachable(c);
}

void code_unreachable(Compiler *c) { c->unit->reachable = false; }

void clear_later(Compiler *c, Label *from, Reg temp, Label *to) {
    Unit *u = c->unit;
    if (c->failed || !from->used) return;
    Deferred *deferred = compiler_grow(c, u->deferred, &u->deferred_capacity, u->deferred_count + 1, sizeof *deferred);
    if (!deferred) return;
    u->deferred = deferred;
    deferred[u->deferred_count++] = (Deferred){from, to, temp, u->position};
    if (!to->bound) {
        to->bound = compiler_alloc(c, (u->bound_words + 1) * sizeof *to->bound);
        if (to->bound) memcpy(to->bound, from->bound, u->bound_words * sizeof *to->bound);
    } else {
        for (uint32_t i = 0; i < u->bound_words; i++) to->bound[i] &= from->bound[i];
    }
    to->used = true;
}

void emit_deferred(Compiler *c) {
    Unit *u = c->unit;
    for (uint32_t i = 0; i < u->deferred_count && !c->failed; i++) {
        const Deferred *d = &u->deferred[i];
        u->reachable = false;
        label_place(c, d->from);
        u->position = d->position;
        emit1(c, OP_CLEAR, d->temp);
        uint32_t at = emit(c, OP_JUMP, 0, 0, 0);
        if (at != NO_OFFSET) patch(u, &(Fixup){at, true, NULL}, d->to->offset);
    }
    if (u->deferred_count) u->reachable = false;
}

/* --- blocks and protected regions --- */

void region_open(Compiler *c, Block *block) {
    if (!block->handler) return;
    block->start = c->unit->count;
    c->unit->fixed_offset = c->unit->count;
}

void region_close(Compiler *c, Block *block) {
    Unit *u = c->unit;
    if (c->failed || !block->handler || u->count == block->start) return;
    Region *regions = compiler_grow(c, u->regions, &u->region_capacity, u->region_count + 1, sizeof *regions);
    if (!regions) return;
    u->regions = regions;
    regions[u->region_count++] = (Region){block->start, u->count, block->depth, block->handler};
    block->handler->used = true;
    u->fixed_offset = u->count;
}

void block_push(Compiler *c, Block *block, BlockKind kind, Label *handler, Reg reg) {
    enum { BLOCK_LIMIT = 21 }; /* CPython's */
    Unit *u = c->unit;
    *block = (Block){.kind = kind, .outer = u->blocks, .handler = handler, .depth = u->temp_top, .reg = reg};
    u->blocks = block;
    if (++u->block_depth > BLOCK_LIMIT) {
        Position start = {(uint32_t)u->position.line, (uint32_t)u->position.column};
        Position end = {(uint32_t)u->position.end_line, (uint32_t)u->position.end_column};
        compiler_error_at(c, start, end, "too many statically nested blocks");
    }
    region_open(c, block);
}

void block_pop(Compiler *c, Block *block) {
    region_close(c, block);
    c->unit->blocks = block->outer;
    c->unit->block_depth--;
}

void handler_place(Compiler *c, Label *handler, const uint64_t *bound) {
    Unit *u = c->unit;
    if (c->failed) return;
    handler->offset = u->fixed_offset = u->count;
    u->reachable = handler->used;
    memcpy(u->bound, bound, u->bound_words * sizeof *u->bound);
}
