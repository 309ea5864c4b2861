/* What list, tuple, dict, set and the iterators share: making objects, tracking them for the collector, reading indices.
 *
 * Tracking: a container is tracked from the moment it first holds something that can be part of a cycle; a container of
 * atoms costs the collector nothing. Instances of script subclasses are always tracked: they may have attributes. Lists and
 * sets are tracked from the start, as in CPython: their place among the tracked objects decides about the order of finalizers.
 */
#ifndef MINI_VM_TYPES_SEQUENCE_H
#define MINI_VM_TYPES_SEQUENCE_H

#include "vm/ops.h"
#include "vm/types/str.h"
#include "vm/vm.h"

/* Whether v can be part of a cycle. */
static inline bool value_is_container(Value v) {
    if (!value_is_object(v)) return false;
    const Shape *shape = value_object(v)->shape;
    return shape->ops->visit != NULL || shape->owns_type || shape->attrs_offset != 0;
}
/* o now holds v. */
static inline void container_note(Vm *vm, void *o, Value v) {
    if (value_is_container(v)) object_track(&vm->heap, o);
}
/* The cell for an instance of `type`: bytes behind the header are not initialised for built-in types. NULL with MemoryError. */
static inline void *container_alloc(Vm *vm, Type *type, size_t size) {
    void *o = type->flags & TYPE_FLAG_HEAP ? type_alloc(vm, type, size) : object_new(&vm->heap, type->shape, size);
    if (!o) error_no_memory(vm);
    return o;
}
/* The fields are valid now. */
static inline void container_ready(Vm *vm, void *o, const Type *type) {
    if (type->flags & TYPE_FLAG_HEAP) object_track(&vm->heap, o);
}

/* Releases items[0..count-1] from the last to the first. */
static inline void values_release(Vm *vm, const Value *items, size_t count) {
    while (count > 0) value_release(vm, items[--count]);
}

/* A key of s[key] as an index, not yet adjusted: 1, 0 when the key is no index at all, -1 (IndexError when too large). */
int sequence_index_slow(Vm *vm, Value key, int64_t *out);
static inline int sequence_index(Vm *vm, Value key, int64_t *out) {
    if (value_is_small(key)) {
        *out = value_small(key);
        return 1;
    }
    return sequence_index_slow(vm, key, out);
}
/* An argument declared as a C ssize_t. OverflowError: Python int too large to convert to C ssize_t. */
bool sequence_size_argument(Vm *vm, Value v, int64_t *out);
/* start or stop of index(): clipped; VALUE_EMPTY: `otherwise`. */
bool sequence_bound(Vm *vm, Value v, int64_t otherwise, int64_t *out);
/* Brings start and stop, as given to index(), into a sequence of `length` items. */
void sequence_clip(int64_t *start, int64_t *stop, int64_t length);
/* slice_indices for a sequence that __index__ may resize meanwhile: *length is re-read. */
bool sequence_slice(Vm *vm, Value slice, const size_t *length, int64_t *start, int64_t *stop, int64_t *step, size_t *count);
/* Items times repetitions, for sequence * count. false: MemoryError or the error of __index__. Negative counts are 0. */
bool sequence_repeat(Vm *vm, Value count, size_t length, size_t *times);
/* v itself when it is a list or a tuple, else a List of its items; TypeError with `message` when it cannot be iterated. New. */
Value sequence_fast(Vm *vm, Value v, const char *message);
/* The items of a list or tuple; valid until it changes. */
const Value *sequence_items(Value list_or_tuple, size_t *count);
/* Adds repr(v); on failure drops the builder: false with an exception pending. */
bool sequence_add_repr(StrBuilder *b, Value v);
/* list[int] and the like, for __class_getitem__. */
Value sequence_class_getitem(Vm *vm, Value *args, int nargs);
/* Compares item for item, as lists and tuples do. */
Value sequence_compare_lengths(size_t a, size_t b, CompareOperator op);
/* The tuple (callable, (arguments...)) and so on for __reduce__: `builtin` names the callable in builtins. New; VALUE_ERROR. */
Value sequence_builtin(Vm *vm, const char *builtin);
/* A tuple of the values, which are stolen; VALUE_ERROR when one of them is, or without memory. */
Value sequence_pack_take(Vm *vm, size_t count, ...);

#endif
