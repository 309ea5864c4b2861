/* set and frozenset: open addressing with the probe order and growth of CPython's, so that iteration order is the same for
 * the same operations (Objects/setobject.c describes it). */
#ifndef MINI_VM_TYPES_SET_H
#define MINI_VM_TYPES_SET_H

#include "vm/type.h"

typedef struct SetEntry {
    Value key; /* VALUE_EMPTY: free; VALUE_ERROR: deleted (dummy) */
    Hash hash;
} SetEntry;

typedef struct Set {
    Object head;
    uint32_t count, fill; /* live entries; live and dummy ones */
    uint32_t mask;        /* table size - 1 */
    uint32_t hash_known;  /* frozenset: hash is valid */
    SetEntry *table;      /* NULL: empty */
    Hash hash;            /* set: where pop() goes on searching */
} Set;

static inline bool value_is_set(Value v) { return value_has_layout(v, LAYOUT_SET); }
static inline Set *value_set(Value v) { return (Set *)value_object(v); }
static inline bool set_entry_live(const SetEntry *e) { return !value_is_empty(e->key) && !value_is_error(e->key); }

Set *set_new(Vm *vm, Type *type); /* type: TYPE(vm, SET) or TYPE(vm, FROZENSET) or a subclass */
Set *set_from_iterable(Vm *vm, Type *type, Value iterable);
bool set_add(Vm *vm, Set *s, Value item);
int set_contains(Vm *vm, Set *s, Value item);
int set_discard(Vm *vm, Set *s, Value item); /* 1 removed, 0 absent, -1 error */
bool set_update(Vm *vm, Set *s, Value iterable);
bool set_next(const Set *s, size_t *position, Value *item); /* borrowed */

/* --- the algebra: any iterable may be the other side; results are new sets (frozensets, when s is one) --- */
Value set_copy(Vm *vm, Set *s, Type *type);
Value set_intersection(Vm *vm, Set *s, Value other);
Value set_difference(Vm *vm, Set *s, Value other);
Value set_symmetric_difference(Vm *vm, Set *s, Value other);
bool set_difference_update(Vm *vm, Set *s, Value other);
bool set_symmetric_difference_update(Vm *vm, Set *s, Value other);
int set_is_subset(Vm *vm, Set *a, Set *b); /* 1, 0, -1 */
int set_is_superset(Vm *vm, Set *s, Value other);
int set_is_disjoint(Vm *vm, Set *s, Value other);
void set_clear(Vm *vm, Set *s);
void set_swap(Vm *vm, Set *a, Set *b); /* exchanges the contents */

/* --- with the hash known --- */
bool set_add_hashed(Vm *vm, Set *s, Value key, Hash hash);
int set_contains_hashed(Vm *vm, Set *s, Value key, Hash hash);
bool set_next_entry(const Set *s, size_t *position, Value *key, Hash *hash); /* borrowed */

#endif
