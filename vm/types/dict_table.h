/* The table of a dict (private to dict*.c): one block of
 *
 *     DictTable | index: 2**log2_size slots of 1, 2 or 4 bytes | entries: 2/3 as many, in order of insertion
 *
 * A slot holds 0 (free), 1 (deleted), or the entry's number + 2. A deleted entry is a hole (key VALUE_EMPTY) until the next
 * resize closes it. Sizes and moments of growth are CPython's: they show when a dict is changed while it is iterated over.
 *
 * Invariants: used + usable <= capacity; at least a third of the slots is free; a table that is not general has exact
 * strs as keys only, and their hashes are known. `stamp` tells a table from another one at the same address.
 */
#ifndef MINI_VM_TYPES_DICT_TABLE_H
#define MINI_VM_TYPES_DICT_TABLE_H

#include "vm/types/dict.h"
#include "vm/types/key.h"

struct DictTable {
    uint32_t used;   /* entries made so far, holes included */
    int32_t usable;  /* entries that may still be added before a resize */
    uint32_t stamp;
    uint8_t log2_size;
    uint8_t log2_width; /* of a slot, in bytes */
    uint8_t general;    /* entries have a hash */
    uint8_t stride;     /* bytes of an entry */
};

typedef struct DictEntry {
    Value key, value; /* VALUE_EMPTY both: a hole */
    Hash hash;        /* only in general tables */
} DictEntry;

#define DICT_STR_STRIDE (2 * sizeof(Value))
#define DICT_LOG2_MIN 3

#define ENTRY_FREE 0xfffffffeu    /* as slot_entry shows a free slot; also: "no such key" */
#define ENTRY_DELETED 0xffffffffu /* as slot_entry shows a deleted entry's slot; also: "an exception is pending" */
#define ENTRY_NONE ENTRY_FREE
#define ENTRY_ERROR ENTRY_DELETED

static inline uint32_t table_capacity(uint8_t log2_size) { return (uint32_t)(((uint64_t)1 << log2_size) * 2 / 3); }
static inline char *table_entries(const DictTable *t) {
    return (char *)(t + 1) + ((size_t)1 << (t->log2_size + t->log2_width));
}
static inline DictEntry *table_entry(const DictTable *t, uint32_t i) {
    return (DictEntry *)(table_entries(t) + (size_t)i * t->stride);
}
static inline uint32_t slot_entry(const DictTable *t, size_t slot) {
    if (t->log2_width == 0) return (uint32_t)((const uint8_t *)(t + 1))[slot] - 2u;
    if (t->log2_width == 1) return (uint32_t)((const uint16_t *)(t + 1))[slot] - 2u;
    return ((const uint32_t *)(t + 1))[slot] - 2u;
}
static inline Hash entry_hash(Vm *vm, const DictTable *t, const DictEntry *e) {
    return t->general ? e->hash : (Hash)str_hash_known(vm, value_str_peek(e->key));
}
/* A key came or went, or the block has moved. */
static inline void dict_touch(Vm *vm, Dict *d) {
    if (!d->version) return;
    if (++vm->next_dict_version == 0) vm->next_dict_version = 1;
    d->version = vm->next_dict_version;
}

size_t table_size(const DictTable *t); /* bytes */
/* Releases all entries and the block. NULL is ignored. */
void table_free(Vm *vm, DictTable *t);
/* A copy of the block, holes included, with its references retained. NULL with MemoryError. */
DictTable *table_clone(Vm *vm, const DictTable *t);

/* Rebuilds the table with 2**log2_size slots, without holes. false: MemoryError, nothing has changed. */
bool dict_resize(Vm *vm, Dict *d, uint8_t log2_size, bool general);
/* The size for `slots` slots at least / for `count` entries. */
uint8_t dict_log2_for_slots(size_t slots);
uint8_t dict_log2_for_count(size_t count);

/* The entry of an exact str: ENTRY_NONE when absent. No script code runs. */
uint32_t dict_lookup_str(Vm *vm, const Dict *d, Str *key);
/* The entry of any key; ENTRY_NONE, ENTRY_ERROR. Key comparisons may change d; the answer is for its present table. */
uint32_t dict_lookup(Vm *vm, Dict *d, Value key, Hash hash);
/* Adds a key that is absent; retains both. false: MemoryError. */
bool dict_insert(Vm *vm, Dict *d, Value key, Hash hash, Value value);
/* Sets a key whose hash is known. */
bool dict_set_hashed(Vm *vm, Dict *d, Value key, Hash hash, Value value);
/* Makes a hole of the entry and hands over its references. */
void dict_take_entry(Vm *vm, Dict *d, uint32_t entry, Value *key, Value *value);
/* Hands over the last entry's references; its place is used again. d is not empty. */
void dict_take_last(Vm *vm, Dict *d, Value *key, Value *value);
/* Iteration with hashes; see dict_next. */
bool dict_next_entry(Vm *vm, const Dict *d, size_t *position, Value *key, Value *value, Hash *hash);
/* dict or a subclass: an empty one. NULL with MemoryError. */
Dict *dict_alloc(Vm *vm, Type *type);
/* dict == dict: 1, 0, -1. */
int dict_equal(Vm *vm, Dict *a, Dict *b);
/* Forgets the dict's table and releases it. */
void dict_drop_table(Vm *vm, Dict *d);

#endif
