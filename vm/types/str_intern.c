/* The intern table: at most one interned Str of a text, so that names compare by address.
 *
 * Open addressing with linear probing; the table does not own its Strs: a dying one takes itself out (str_interned_dying),
 * and the entries behind it move up, so that there are no tombstones. Cached one-character strings are interned too and are
 * owned by vm->latin1. The table's memory goes with the heap.
 */
#include "vm/types/str.h"

#include "vm/types/str_internal.h"
#include "vm/types/text.h"
#include "vm/vm.h"

#define INTERN_SLOTS_MIN 1024u

typedef struct InternTable {
    Str **slots;
    uint32_t mask, count; /* slots - 1; entries */
} InternTable;

bool str_state_init(Vm *vm) {
    InternTable *table = heap_alloc(&vm->heap, sizeof *table);
    Str **slots = table ? heap_alloc(&vm->heap, INTERN_SLOTS_MIN * sizeof *slots) : NULL;
    if (!slots) {
        if (table) heap_free(&vm->heap, table, sizeof *table);
        return false;
    }
    memset(slots, 0, INTERN_SLOTS_MIN * sizeof *slots);
    *table = (InternTable){slots, INTERN_SLOTS_MIN - 1, 0};
    vm->interned = table;
    return true;
}

static bool intern_grow(Vm *vm, InternTable *table) {
    uint32_t size = (table->mask + 1) * 2;
    Str **slots = heap_alloc(&vm->heap, size * sizeof *slots);
    if (!slots) return false;
    memset(slots, 0, size * sizeof *slots);
    for (uint32_t i = 0; i <= table->mask; i++) {
        Str *s = table->slots[i];
        if (!s) continue;
        uint32_t at = s->hash & (size - 1);
        while (slots[at]) at = (at + 1) & (size - 1);
        slots[at] = s;
    }
    heap_free(&vm->heap, table->slots, ((size_t)table->mask + 1) * sizeof *slots);
    table->slots = slots;
    table->mask = size - 1;
    return true;
}

/* Puts s (exact, its hash known, its text not in the table) at a free slot. A table that cannot grow gets fuller, never full. */
static bool intern_add(Vm *vm, InternTable *table, Str *s) {
    if (table->count >= (table->mask + 1) / 3 * 2 && !intern_grow(vm, table) && table->count >= table->mask) return false;
    uint32_t at = s->hash & table->mask;
    while (table->slots[at]) at = (at + 1) & table->mask;
    table->slots[at] = s;
    table->count++;
    s->interned = 1;
    return true;
}

static Str *find_ascii(const InternTable *table, const char *text, size_t length, uint32_t hash) {
    for (uint32_t at = hash & table->mask; table->slots[at]; at = (at + 1) & table->mask) {
        Str *s = table->slots[at];
        if (s->hash == hash && s->length == length && s->ascii && memcmp(str_data(s), text, length) == 0) return s;
    }
    return NULL;
}

static Str *find_equal(const InternTable *table, const Str *text) {
    for (uint32_t at = text->hash & table->mask; table->slots[at]; at = (at + 1) & table->mask)
        if (table->slots[at]->hash == text->hash && str_equal(table->slots[at], text)) return table->slots[at];
    return NULL;
}

Str *str_intern(Vm *vm, const char *utf8, size_t length) {
    if (text_ascii_prefix((const uint8_t *)utf8, length) == length) {
        uint32_t hash = text_hash(utf8, length, vm->hash_seed);
        Str *known = find_ascii(vm->interned, utf8, length, hash);
        if (known) return retain_object(known);
    }
    Str *s = str_from_utf8_new(vm, utf8, length);
    return s ? str_intern_take(vm, s) : NULL;
}

Str *str_intern_take(Vm *vm, Str *s) {
    if (s->interned) return s;
    str_hash(s, vm);
    Str *known = find_equal(vm->interned, s);
    if (known) {
        retain_object(known);
        release_object(vm, s);
        return known;
    }
    if (!s->head.shape->exact) {
        Str *exact = str_exact(vm, s);
        release_object(vm, s);
        return exact ? str_intern_take(vm, exact) : NULL;
    }
    if (!intern_add(vm, vm->interned, s)) {
        release_object(vm, s);
        error_no_memory(vm);
        return NULL;
    }
    return s;
}

void str_interned_dying(Vm *vm, Str *s) {
    InternTable *table = vm->interned;
    if (!table) return;
    uint32_t at = s->hash & table->mask;
    while (table->slots[at] && table->slots[at] != s) at = (at + 1) & table->mask;
    if (!table->slots[at]) return;
    table->count--;
    for (uint32_t next = at;;) {
        table->slots[at] = NULL;
        for (;;) { /* the next entry whose home is not between the hole and itself fills the hole */
            next = (next + 1) & table->mask;
            if (!table->slots[next]) return;
            uint32_t home = table->slots[next]->hash & table->mask;
            if (((next - home) & table->mask) >= ((next - at) & table->mask)) break;
        }
        table->slots[at] = table->slots[next];
        at = next;
    }
}
