/* list: a growable array of references. */
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
List *list_from_iterable(Vm *vm, Value iterable);
bool list_append(Vm *vm, List *l, Value item);
bool list_append_take(Vm *vm, List *l, Value item);
bool list_extend(Vm *vm, List *l, Value iterable);
bool list_insert(Vm *vm, List *l, int64_t index, Value item);
bool list_delete_range(Vm *vm, List *l, size_t start, size_t end); /* removes, then releases */
bool list_sort(Vm *vm, List *l, Value key, bool reverse); /* key VALUE_NONE: none */
Value list_slice(Vm *vm, List *l, int64_t start, int64_t stop, int64_t step, size_t length);
Value list_to_tuple(Vm *vm, List *l);
Value list_pop(Vm *vm, List *l, size_t index);

#endif
