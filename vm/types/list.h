/* list: a growable array of references.
 *
 * Invariants: items is NULL if and only if capacity is 0; items[0..count-1] hold values. While a list is being sorted it is
 * empty (list_sort.c holds its items).
 */
#ifndef MINI_VM_TYPES_LIST_H
#define MINI_VM_TYPES_LIST_H

#include "vm/type.h"

struct List {
    Object head;
    size_t count, capacity;
    Value *items;
};

static inline bool value_is_list(Value v) { return value_has_layout(v, LAYOUT_LIST); }
static inline List *value_list(Value v) { return (List *)value_object(v); }

List *list_new(Vm *vm, size_t capacity); /* empty */
List *list_from_values(Vm *vm, const Value *items, size_t count);
List *list_from_values_take(Vm *vm, const Value *items, size_t count); /* steals items, even on failure */
List *list_from_iterable(Vm *vm, Value iterable);
bool list_append_slow(Vm *vm, List *l, Value item);
static inline bool list_append(Vm *vm, List *l, Value item) {
    if (l->count < l->capacity && (!value_is_object(item) || object_is_tracked(&l->head))) {
        l->items[l->count++] = value_retain(item);
        return true;
    }
    return list_append_slow(vm, l, item);
}
bool list_append_take(Vm *vm, List *l, Value item);
bool list_reserve(Vm *vm, List *l, size_t capacity); /* room for so many items in all */
bool list_extend(Vm *vm, List *l, Value iterable);
bool list_insert(Vm *vm, List *l, int64_t index, Value item); /* clips the index */
bool list_delete_range(Vm *vm, List *l, size_t start, size_t end); /* removes, then releases */
bool list_sort(Vm *vm, List *l, Value key, bool reverse); /* key VALUE_NONE: none */
Value list_slice(Vm *vm, List *l, int64_t start, int64_t stop, int64_t step, size_t length); /* `length` items */
Value list_to_tuple(Vm *vm, List *l);
Value list_pop(Vm *vm, List *l, size_t index); /* index < count */
void list_clear(Vm *vm, List *l);
/* l[start:stop:step], adjusted by slice_indices to `count` items, := value; VALUE_EMPTY: deletes them. */
bool list_assign_slice(Vm *vm, List *l, int64_t start, int64_t stop, int64_t step, size_t count, Value value);

extern const NativeDef list_methods[]; /* list_methods.c */

#endif
