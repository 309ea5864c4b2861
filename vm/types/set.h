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
    Hash hash;
} Set;

static inline bool value_is_set(Value v) { return value_has_layout(v, LAYOUT_SET); }
static inline Set *value_set(Value v) { return (Set *)value_object(v); }

Set *set_new(Vm *vm, Type *type); /* type: TYPE(vm, SET) or TYPE(vm, FROZENSET) or a subclass */
Set *set_from_iterable(Vm *vm, Type *type, Value iterable);
bool set_add(Vm *vm, Set *s, Value item);
int set_contains(Vm *vm, Set *s, Value item);
int set_discard(Vm *vm, Set *s, Value item); /* 1 removed, 0 absent, -1 error */
bool set_update(Vm *vm, Set *s, Value iterable);
bool set_next(const Set *s, size_t *position, Value *item); /* borrowed */

#endif
