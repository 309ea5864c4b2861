/* tuple: a fixed array of references.
 *
 * Invariant: all tuples of the exact type without items are one object, vm->empty_tuple.
 */
#ifndef MINI_VM_TYPES_TUPLE_H
#define MINI_VM_TYPES_TUPLE_H

#include "vm/type.h"

struct Tuple {
    Object head;
    size_t count;
    Value items[];
};

static inline bool value_is_tuple(Value v) { return value_has_layout(v, LAYOUT_TUPLE); }
static inline Tuple *value_tuple(Value v) { return (Tuple *)value_object(v); }

/* Items VALUE_NONE until filled by the caller (who calls tuple_track when done). count 0: the VM's empty tuple. */
Tuple *tuple_new(Vm *vm, size_t count);
Tuple *tuple_from_values(Vm *vm, const Value *items, size_t count);      /* retains items */
Tuple *tuple_from_values_take(Vm *vm, const Value *items, size_t count); /* steals items, even on failure */
Tuple *tuple_pack(Vm *vm, size_t count, ...);                            /* Values; retains */
Tuple *tuple_pair_take(Vm *vm, Value first, Value second);               /* steals both, even on failure */
Value tuple_from_iterable(Vm *vm, Value iterable);
/* Tracks the tuple if an item can be part of a cycle. */
void tuple_track(Vm *vm, Tuple *t);
/* For iterators that hand out tuples: *cache (VALUE_EMPTY or an owned tuple of two), reused when nobody else holds it. */
Value tuple_pair_reuse_take(Vm *vm, Value *cache, Value first, Value second);

#endif
