/* The methods of list. Comparisons (index, count, remove) can run script code: the item looked at is retained, the count
 * read anew after each. To add a method: a function and a row in list_methods.
 */
#include "vm/types/list.h"

#include "vm/types/function.h"
#include "vm/types/sequence.h"

static Value list_append_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return list_append(vm, value_list(args[0]), args[1]) ? VALUE_NONE : VALUE_ERROR;
}

static Value list_clear_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    list_clear(vm, value_list(args[0]));
    return VALUE_NONE;
}

static Value list_copy_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    List *l = value_list(args[0]);
    return list_slice(vm, l, 0, (int64_t)l->count, 1, l->count);
}

static Value list_extend_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return list_extend(vm, value_list(args[0]), args[1]) ? VALUE_NONE : VALUE_ERROR;
}

static Value list_insert_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int64_t index;
    if (!sequence_size_argument(vm, args[1], &index)) return VALUE_ERROR;
    return list_insert(vm, value_list(args[0]), index, args[2]) ? VALUE_NONE : VALUE_ERROR;
}

static Value list_pop_method(Vm *vm, Value *args, int nargs) {
    List *l = value_list(args[0]);
    int64_t index = -1;
    if (nargs > 1 && !sequence_size_argument(vm, args[1], &index)) return VALUE_ERROR;
    if (l->count == 0) return error_raise(vm, EXC_IndexError, "pop from empty list");
    if (index < 0) index += (int64_t)l->count;
    if ((uint64_t)index >= l->count) return error_raise(vm, EXC_IndexError, "pop index out of range");
    return list_pop(vm, l, (size_t)index);
}

/* The first index from `start` on, below `stop`, whose item equals v; -1: none, -2: error. */
static int64_t list_find(Vm *vm, List *l, Value v, int64_t start, int64_t stop) {
    for (int64_t i = start; i < stop && i < (int64_t)l->count; i++) {
        Value item = value_retain(l->items[i]);
        int equal = value_equal(vm, item, v);
        value_release(vm, item);
        if (equal != 0) return equal > 0 ? i : -2;
    }
    return -1;
}

static Value list_index_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    List *l = value_list(args[0]);
    int64_t start, stop;
    if (!sequence_bound(vm, args[2], 0, &start) || !sequence_bound(vm, args[3], INT64_MAX, &stop)) return VALUE_ERROR;
    sequence_clip(&start, &stop, (int64_t)l->count);
    int64_t index = list_find(vm, l, args[1], start, stop);
    if (index == -2) return VALUE_ERROR;
    if (index < 0) return error_value(vm, "%V is not in list", args[1]);
    return value_from_small(index);
}

static Value list_count_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    List *l = value_list(args[0]);
    int64_t count = 0;
    for (int64_t i = 0; (i = list_find(vm, l, args[1], i, INT64_MAX)) >= 0; i++) count++;
    return error_pending(vm) ? VALUE_ERROR : value_from_small(count);
}

static Value list_remove_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    List *l = value_list(args[0]);
    int64_t index = list_find(vm, l, args[1], 0, INT64_MAX);
    if (index == -2) return VALUE_ERROR;
    if (index < 0) return error_value(vm, "list.remove(x): x not in list");
    if ((size_t)index < l->count) value_release(vm, list_pop(vm, l, (size_t)index));
    return VALUE_NONE;
}

static Value list_reverse_method(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    List *l = value_list(args[0]);
    if (l->count < 2) return VALUE_NONE;
    for (Value *low = l->items, *high = l->items + l->count - 1; low < high; low++, high--) {
        Value v = *low;
        *low = *high;
        *high = v;
    }
    return VALUE_NONE;
}

static Value list_sort_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value key = value_is_empty(args[1]) ? VALUE_NONE : args[1];
    int reverse = value_is_empty(args[2]) ? 0 : value_truth(vm, args[2]);
    if (reverse < 0) return VALUE_ERROR;
    return list_sort(vm, value_list(args[0]), key, reverse > 0) ? VALUE_NONE : VALUE_ERROR;
}

static Value list_reversed_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    ListIterator *it = object_new(&vm->heap, TYPE(vm, LIST_REVERSE_ITERATOR)->shape, sizeof(ListIterator));
    if (!it) return error_no_memory(vm);
    it->sequence = value_retain(args[0]);
    it->index = value_list(args[0])->count;
    object_track(&vm->heap, &it->head);
    return value_from_object(it);
}

const NativeDef list_methods[] = {
    {"append", list_append_method, "($self, object, /)", "Adds the object at the end.", NATIVE_METHOD},
    {"clear", list_clear_method, "($self, /)", "Removes all items.", NATIVE_METHOD},
    {"copy", list_copy_method, "($self, /)", "A new list of the same items.", NATIVE_METHOD},
    {"count", list_count_method, "($self, value, /)", "How many items equal the value.", NATIVE_METHOD},
    {"extend", list_extend_method, "($self, iterable, /)", "Adds the iterable's items at the end.", NATIVE_METHOD},
    {"index", list_index_method, "($self, value, start=0, stop=sys.maxsize, /)",
     "The first index of the value in list[start:stop]; ValueError when it is not there.", NATIVE_METHOD},
    {"insert", list_insert_method, "($self, index, object, /)", "Puts the object in front of the item at the index.", NATIVE_METHOD},
    {"pop", list_pop_method, "($self, index=-1, /)", "Removes the item at the index and returns it.", NATIVE_METHOD},
    {"remove", list_remove_method, "($self, value, /)", "Removes the first item that equals the value.", NATIVE_METHOD},
    {"reverse", list_reverse_method, "($self, /)", "Turns the order round, in place.", NATIVE_METHOD},
    {"sort", list_sort_method, "($self, /, *, key=None, reverse=False)",
     "Sorts in place, in ascending order of the items or of key(item); equal items keep their order.", NATIVE_METHOD},
    {"__reversed__", list_reversed_method, "($self, /)", "An iterator over the items from the last to the first.", NATIVE_METHOD},
    {"__class_getitem__", sequence_class_getitem, "($type, object, /)", "list[int] and the like.", NATIVE_CLASS_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};
