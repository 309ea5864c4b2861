/* The table of a dict: looking up, adding, deleting, resizing. See dict_table.h for the layout and the invariants.
 *
 * Probing: slot i, then i := 5 * i + 1 + perturb with the hash shifted into perturb, so that every bit of the hash counts
 * and every slot is reached. Comparing keys can run script code, which can do anything to the dict: after each such
 * comparison the look-up checks that table and entry are still there, and starts again when they are not.
 */
#include "vm/types/dict_table.h"

#define PERTURB_SHIFT 5

/* --- blocks --- */

static uint8_t width_for(uint8_t log2_size) { return log2_size <= 8 ? 0 : log2_size <= 16 ? 1 : 2; }

static size_t block_size(uint8_t log2_size, size_t stride) {
    return sizeof(DictTable) + ((size_t)1 << (log2_size + width_for(log2_size))) + table_capacity(log2_size) * stride;
}

size_t table_size(const DictTable *t) { return t ? block_size(t->log2_size, t->stride) : 0; }

static uint32_t next_stamp(Vm *vm) {
    if (++vm->next_dict_version == 0) vm->next_dict_version = 1;
    return vm->next_dict_version;
}

static DictTable *table_new(Vm *vm, uint8_t log2_size, bool general) {
    size_t stride = general ? sizeof(DictEntry) : DICT_STR_STRIDE;
    DictTable *t = log2_size <= 31 ? heap_alloc(&vm->heap, block_size(log2_size, stride)) : NULL;
    if (!t) {
        error_no_memory(vm);
        return NULL;
    }
    t->used = 0;
    t->usable = (int32_t)table_capacity(log2_size);
    t->stamp = next_stamp(vm);
    t->log2_size = log2_size;
    t->log2_width = width_for(log2_size);
    t->general = general;
    t->stride = (uint8_t)stride;
    memset(t + 1, 0, (size_t)1 << (log2_size + t->log2_width));
    return t;
}

void table_free(Vm *vm, DictTable *t) {
    if (!t) return;
    for (uint32_t i = 0; i < t->used; i++) {
        DictEntry *e = table_entry(t, i);
        value_release(vm, e->key);
        value_release(vm, e->value);
    }
    heap_free(&vm->heap, t, table_size(t));
}

DictTable *table_clone(Vm *vm, const DictTable *t) {
    size_t size = table_size(t);
    DictTable *copy = heap_alloc(&vm->heap, size);
    if (!copy) {
        error_no_memory(vm);
        return NULL;
    }
    memcpy(copy, t, size - (table_capacity(t->log2_size) - t->used) * (size_t)t->stride);
    copy->stamp = next_stamp(vm);
    for (uint32_t i = 0; i < t->used; i++) {
        DictEntry *e = table_entry(copy, i);
        value_retain(e->key);
        value_retain(e->value);
    }
    return copy;
}

/* --- slots --- */

static inline void slot_set(DictTable *t, size_t slot, uint32_t entry) {
    uint32_t v = entry + 2u;
    if (t->log2_width == 0)
        ((uint8_t *)(t + 1))[slot] = (uint8_t)v;
    else if (t->log2_width == 1)
        ((uint16_t *)(t + 1))[slot] = (uint16_t)v;
    else
        ((uint32_t *)(t + 1))[slot] = v;
}

#define PROBE_START(hash) size_t mask = ((size_t)1 << t->log2_size) - 1, perturb = (size_t)(hash), slot = perturb & mask
#define PROBE_NEXT() (perturb >>= PERTURB_SHIFT, slot = (slot * 5 + perturb + 1) & mask)

/* The first slot on the key's path that holds no live entry. */
static size_t slot_vacant(const DictTable *t, Hash hash) {
    PROBE_START(hash);
    while (slot_entry(t, slot) < ENTRY_FREE) PROBE_NEXT();
    return slot;
}

static size_t slot_of_entry(const DictTable *t, Hash hash, uint32_t entry) {
    PROBE_START(hash);
    while (slot_entry(t, slot) != entry) PROBE_NEXT();
    return slot;
}

/* --- growing --- */

/* The next power of two, 8 at least; but 16 for 1 to 7 slots, as CPython has it: a table that grows is meant to. */
uint8_t dict_log2_for_slots(size_t slots) {
    size_t last = ((slots | 8) - 1) | 7;
    return (uint8_t)(64 - __builtin_clzll(last));
}

uint8_t dict_log2_for_count(size_t count) { return dict_log2_for_slots((count * 3 + 1) / 2); }

/* Moves the live entries of `old` into the empty table t. */
static void table_move(Vm *vm, DictTable *t, const DictTable *old) {
    char *to = table_entries(t);
    const char *from = table_entries(old);
    uint32_t count = 0;
    for (uint32_t i = 0; i < old->used; i++, from += old->stride) {
        const DictEntry *e = (const DictEntry *)from;
        if (value_is_empty(e->key)) continue;
        DictEntry *copy = (DictEntry *)to;
        copy->key = e->key;
        copy->value = e->value;
        Hash hash = entry_hash(vm, old, e);
        if (t->general) copy->hash = hash;
        slot_set(t, slot_vacant(t, hash), count++);
        to += t->stride;
    }
    t->used = count;
    t->usable = (int32_t)(table_capacity(t->log2_size) - count);
}

bool dict_resize(Vm *vm, Dict *d, uint8_t log2_size, bool general) {
    DictTable *t = table_new(vm, log2_size, general);
    if (!t) return false;
    DictTable *old = d->table;
    if (old) {
        table_move(vm, t, old);
        heap_free(&vm->heap, old, table_size(old));
    }
    d->table = t;
    dict_touch(vm, d);
    return true;
}

/* Room for one more entry, in a table that can hold the key. */
static bool dict_make_room(Vm *vm, Dict *d, Value key) {
    bool is_str = value_is_exact_str(key);
    if (!d->table) return dict_resize(vm, d, DICT_LOG2_MIN, !is_str);
    bool general = d->table->general || !is_str;
    if (general == d->table->general && d->table->usable > 0) return true;
    return dict_resize(vm, d, dict_log2_for_slots((size_t)d->count * 3), general);
}

bool dict_insert(Vm *vm, Dict *d, Value key, Hash hash, Value value) {
    if (!dict_make_room(vm, d, key)) return false;
    DictTable *t = d->table;
    DictEntry *e = table_entry(t, t->used);
    e->key = value_retain(key);
    e->value = value_retain(value);
    if (t->general) e->hash = hash;
    slot_set(t, slot_vacant(t, hash), t->used);
    t->used++;
    t->usable--;
    d->count++;
    if (!object_is_tracked(&d->head)) {
        container_note(vm, d, key);
        container_note(vm, d, value);
    }
    dict_touch(vm, d);
    return true;
}

/* --- looking up --- */

static inline uint32_t table_find_str(const DictTable *t, const Str *key, uint32_t hash) {
    const char *entries = table_entries(t);
    PROBE_START(hash);
    for (;;) {
        uint32_t entry = slot_entry(t, slot);
        if (entry < ENTRY_FREE) {
            const Str *k = value_str_peek(((const DictEntry *)(entries + entry * DICT_STR_STRIDE))->key);
            if (k == key || str_keys_equal(k, key)) return entry;
        } else if (entry == ENTRY_FREE) {
            return ENTRY_NONE;
        }
        PROBE_NEXT();
    }
}

/* In a table with other keys too; an instance of a subclass of str is compared by its text. */
static uint32_t table_find_str_general(const DictTable *t, const Str *key, uint32_t hash) {
    PROBE_START(hash);
    for (;;) {
        uint32_t entry = slot_entry(t, slot);
        if (entry < ENTRY_FREE) {
            const DictEntry *e = table_entry(t, entry);
            if (e->hash == (Hash)hash && value_is_str(e->key) &&
                (value_str_peek(e->key) == key || str_equal(value_str_peek(e->key), key)))
                return entry;
        } else if (entry == ENTRY_FREE) {
            return ENTRY_NONE;
        }
        PROBE_NEXT();
    }
}

uint32_t dict_lookup_str(Vm *vm, const Dict *d, Str *key) {
    const DictTable *t = d->table;
    if (!t) return ENTRY_NONE;
    uint32_t hash = str_hash_known(vm, key);
    return t->general ? table_find_str_general(t, key, hash) : table_find_str(t, key, hash);
}

/* One walk along the key's path. *changed: the dict is not what it was, walk again. */
static uint32_t dict_walk(Vm *vm, Dict *d, Value key, Hash hash, bool *changed) {
    DictTable *t = d->table;
    uint32_t stamp = t->stamp;
    PROBE_START(hash);
    for (;; PROBE_NEXT()) {
        uint32_t entry = slot_entry(t, slot);
        if (entry == ENTRY_FREE) return ENTRY_NONE;
        if (entry == ENTRY_DELETED) continue;
        DictEntry *e = table_entry(t, entry);
        if (entry_hash(vm, t, e) != hash) continue;
        Value other = e->key;
        int equal = keys_equal_fast(other, key);
        if (equal < 0) {
            value_retain(other);
            equal = value_equal(vm, other, key);
            bool same = d->table == t && t->stamp == stamp && slot_entry(t, slot) == entry && value_same(e->key, other);
            value_release(vm, other);
            if (equal < 0) return ENTRY_ERROR;
            if (!same || d->table != t || t->stamp != stamp || !value_same(e->key, other)) {
                *changed = true;
                return ENTRY_NONE;
            }
        }
        if (equal) return entry;
    }
}

uint32_t dict_lookup(Vm *vm, Dict *d, Value key, Hash hash) {
    for (;;) {
        DictTable *t = d->table;
        if (!t) return ENTRY_NONE;
        if (!t->general) {
            if (value_is_exact_str(key)) return table_find_str(t, value_str_peek(key), (uint32_t)hash);
            if (!value_is_object(key)) return ENTRY_NONE; /* never equal to a str */
        }
        bool changed = false;
        uint32_t entry = dict_walk(vm, d, key, hash, &changed);
        if (!changed) return entry;
    }
}

bool dict_set_hashed(Vm *vm, Dict *d, Value key, Hash hash, Value value) {
    uint32_t entry = dict_lookup(vm, d, key, hash);
    if (entry == ENTRY_ERROR) return false;
    if (entry == ENTRY_NONE) return dict_insert(vm, d, key, hash, value);
    if (!object_is_tracked(&d->head)) container_note(vm, d, value);
    value_replace_take(vm, &table_entry(d->table, entry)->value, value_retain(value));
    return true;
}

/* --- taking out --- */

void dict_take_entry(Vm *vm, Dict *d, uint32_t entry, Value *key, Value *value) {
    DictTable *t = d->table;
    DictEntry *e = table_entry(t, entry);
    *key = e->key;
    *value = e->value;
    slot_set(t, slot_of_entry(t, entry_hash(vm, t, e), entry), ENTRY_DELETED);
    e->key = e->value = VALUE_EMPTY;
    d->count--;
    dict_touch(vm, d);
}

void dict_take_last(Vm *vm, Dict *d, Value *key, Value *value) {
    uint32_t entry = d->table->used - 1;
    while (value_is_empty(table_entry(d->table, entry)->key)) entry--;
    dict_take_entry(vm, d, entry, key, value);
    d->table->used = entry;
}

void dict_drop_table(Vm *vm, Dict *d) {
    DictTable *t = d->table;
    if (!t) return;
    d->table = NULL;
    d->count = 0;
    dict_touch(vm, d);
    table_free(vm, t);
}

bool dict_next_entry(Vm *vm, const Dict *d, size_t *position, Value *key, Value *value, Hash *hash) {
    const DictTable *t = d->table;
    if (!t) return false;
    for (size_t i = *position; i < t->used; i++) {
        const DictEntry *e = table_entry(t, (uint32_t)i);
        if (value_is_empty(e->key)) continue;
        *position = i + 1;
        *key = e->key;
        *value = e->value;
        *hash = entry_hash(vm, t, e);
        return true;
    }
    *position = t->used;
    return false;
}
