/* Iteration over any value: iter(), next(), and the loop that C code uses. */
#include "vm/ops.h"

#include "vm/types/descriptors.h"
#include "vm/types/int.h"
#include "vm/types/iterators.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

/* Values that are iterated by index from 0 until IndexError: classes with __getitem__, and built-in sequences. */
static bool is_indexed(const Type *type) {
    if (type->slots.get_item == slot_get_item) return type->spec->layout != LAYOUT_DICT;
    return type->slots.get_item && (type->flags & TYPE_FLAG_SEQUENCE || type->slots.concat);
}

Value value_iter(Vm *vm, Value v) {
    const Type *type = value_type(vm, v);
    if (type->slots.iter) {
        Value iterator = type->slots.iter(vm, v);
        if (value_is_error(iterator) || value_type(vm, iterator)->slots.next) return iterator;
        error_type(vm, "iter() returned non-iterator of type '%T'", iterator);
        value_release(vm, iterator);
        return VALUE_ERROR;
    }
    if (is_indexed(type)) return sequence_iterator_new(vm, v);
    return error_type(vm, "'%T' object is not iterable", v);
}

Value value_next(Vm *vm, Value iterator) {
    UnaryFn next = value_type(vm, iterator)->slots.next;
    return next ? next(vm, iterator) : error_type(vm, "'%T' object is not an iterator", iterator);
}

/* The callback may change the list: count and items are read anew each time. */
static bool each_of_list(Vm *vm, List *list, bool (*fn)(Vm *vm, Value item, void *arg), void *arg) {
    bool ok = true;
    retain_object(list);
    for (size_t i = 0; ok && i < list->count; i++) {
        Value item = value_retain(list->items[i]);
        ok = fn(vm, item, arg);
        value_release(vm, item);
    }
    release_object(vm, list);
    return ok;
}

static bool each_of_tuple(Vm *vm, Tuple *tuple, bool (*fn)(Vm *vm, Value item, void *arg), void *arg) {
    bool ok = true;
    retain_object(tuple);
    for (size_t i = 0; ok && i < tuple->count; i++) ok = fn(vm, tuple->items[i], arg);
    release_object(vm, tuple);
    return ok;
}

bool value_each(Vm *vm, Value iterable, bool (*fn)(Vm *vm, Value item, void *arg), void *arg) {
    if (value_is_exact(iterable, LAYOUT_LIST)) return each_of_list(vm, value_list(iterable), fn, arg);
    if (value_is_exact(iterable, LAYOUT_TUPLE)) return each_of_tuple(vm, value_tuple(iterable), fn, arg);
    Value iterator = value_iter(vm, iterable);
    if (value_is_error(iterator)) return false;
    bool ok = true;
    while (ok) {
        Value item = value_next(vm, iterator);
        if (value_is_empty(item)) break;
        ok = !value_is_error(item) && fn(vm, item, arg);
        value_release(vm, item);
    }
    value_release(vm, iterator);
    return ok;
}

/* What __length_hint__ answered (owned), as a length. */
static int64_t hint_from(Vm *vm, Value hint, int64_t otherwise) {
    if (value_is_error(hint)) return error_clear_if(vm, EXC_TypeError) ? otherwise : -1;
    if (value_same(hint, VALUE_NOT_IMPLEMENTED)) return otherwise;
    int64_t length = -1;
    if (!value_is_int(hint)) error_type(vm, "__length_hint__ must be an integer, not %T", hint);
    else if (!int_to_i64(hint, &length)) {
        error_raise(vm, EXC_OverflowError, "Python int too large to convert to C ssize_t");
        length = -1;
    } else if (length < 0) {
        error_value(vm, "__length_hint__() should return >= 0");
        length = -1;
    }
    value_release(vm, hint);
    return length;
}

int64_t value_length_hint(Vm *vm, Value v, int64_t otherwise) {
    const Type *type = value_type(vm, v);
    if (type->slots.length) {
        int64_t length = type->slots.length(vm, v);
        if (length >= 0 || !error_clear_if(vm, EXC_TypeError)) return length;
    }
    Value method = type_lookup_peek(vm, value_type(vm, v), NAME(vm, __length_hint__));
    return value_is_empty(method) ? otherwise : hint_from(vm, call_found(vm, method, &v, 1), otherwise);
}
