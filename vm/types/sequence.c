/* Helpers of the container types; see sequence.h. */
#include "vm/types/sequence.h"

#include <stdarg.h>

#include "vm/types/function.h"
#include "vm/types/generic_alias.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/tuple.h"

int sequence_index_slow(Vm *vm, Value key, int64_t *out) {
    if (value_is_bool(key)) {
        *out = value_is_true(key);
        return 1;
    }
    if (!value_is_int(key) && !value_type(vm, key)->slots.as_index) return 0;
    Value index = value_index(vm, key);
    if (value_is_error(index)) return -1;
    bool fits = int_to_i64(index, out);
    value_release(vm, index);
    if (fits) return 1;
    error_raise(vm, EXC_IndexError, "cannot fit '%T' into an index-sized integer", key);
    return -1;
}

bool sequence_size_argument(Vm *vm, Value v, int64_t *out) {
    if (value_is_small(v)) {
        *out = value_small(v);
        return true;
    }
    Value index = value_index(vm, v);
    if (value_is_error(index)) return false;
    bool fits = int_to_i64(index, out);
    value_release(vm, index);
    if (!fits) error_raise(vm, EXC_OverflowError, "Python int too large to convert to C ssize_t");
    return fits;
}

bool sequence_bound(Vm *vm, Value v, int64_t otherwise, int64_t *out) {
    if (value_is_empty(v)) {
        *out = otherwise;
        return true;
    }
    if (!value_is_int(v) && !value_type(vm, v)->slots.as_index) {
        error_type(vm, "slice indices must be integers or have an __index__ method");
        return false;
    }
    return value_as_index(vm, v, out, true);
}

void sequence_clip(int64_t *start, int64_t *stop, int64_t length) {
    if (*start < 0 && (*start += length) < 0) *start = 0;
    if (*stop < 0 && (*stop += length) < 0) *stop = 0;
    if (*stop > length) *stop = length;
}

/* Clips an already adjusted slice to a sequence that has changed its length meanwhile. */
static void slice_reclip(int64_t *start, int64_t *stop, int64_t step, int64_t length, size_t *count) {
    int64_t top = step > 0 ? length : length - 1;
    if (*start > top) *start = top;
    if (*stop > top) *stop = top;
    int64_t distance = step > 0 ? *stop - *start : *start - *stop;
    *count = distance <= 0 ? 0 : (size_t)((distance - 1) / (step > 0 ? step : -step) + 1);
}

bool sequence_slice(Vm *vm, Value slice, const size_t *length, int64_t *start, int64_t *stop, int64_t *step, size_t *count) {
    size_t before = *length;
    if (!slice_indices(vm, (Slice *)value_object(slice), before, start, stop, step, count)) return false;
    if (*length != before) slice_reclip(start, stop, *step, (int64_t)*length, count);
    return true;
}

bool sequence_repeat(Vm *vm, Value count, size_t length, size_t *times) {
    int64_t n;
    if (!value_as_index(vm, count, &n, false)) return false;
    if (n < 0) n = 0;
    if (length > 0 && (uint64_t)n > PTRDIFF_MAX / sizeof(Value) / length) {
        error_no_memory(vm);
        return false;
    }
    *times = (size_t)n;
    return true;
}

Value sequence_fast(Vm *vm, Value v, const char *message) {
    if (value_is_exact(v, LAYOUT_LIST) || value_is_exact(v, LAYOUT_TUPLE)) return value_retain(v);
    Value iterator = value_iter(vm, v);
    if (value_is_error(iterator)) {
        if (error_clear_if(vm, EXC_TypeError)) error_type(vm, "%s", message);
        return VALUE_ERROR;
    }
    List *list = list_from_iterable(vm, iterator);
    value_release(vm, iterator);
    return list ? value_from_object(list) : VALUE_ERROR;
}

const Value *sequence_items(Value v, size_t *count) {
    if (value_is_list(v)) {
        *count = value_list(v)->count;
        return value_list(v)->items;
    }
    *count = value_tuple(v)->count;
    return value_tuple(v)->items;
}

bool sequence_add_repr(StrBuilder *b, Value v) {
    Vm *vm = b->vm;
    if (builder_add_repr(b, v)) return true;
    builder_drop(b);
    if (!error_pending(vm)) error_no_memory(vm);
    return false;
}

Value sequence_class_getitem(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return generic_alias_new(vm, args[0], args[1]);
}

Value sequence_compare_lengths(size_t a, size_t b, CompareOperator op) {
    switch (op) {
    case COMPARE_LT: return value_from_bool(a < b);
    case COMPARE_LE: return value_from_bool(a <= b);
    case COMPARE_EQ: return value_from_bool(a == b);
    case COMPARE_NE: return value_from_bool(a != b);
    case COMPARE_GT: return value_from_bool(a > b);
    default: return value_from_bool(a >= b);
    }
}

Value sequence_builtin(Vm *vm, const char *builtin) {
    Value v = dict_peek_ascii(vm, vm->builtins, builtin);
    if (value_is_empty(v)) return error_raise(vm, EXC_AttributeError, "module 'builtins' has no attribute '%s'", builtin);
    return value_retain(v);
}

Value sequence_pack_take(Vm *vm, size_t count, ...) {
    Value items[4];
    bool failed = false;
    va_list list;
    va_start(list, count);
    for (size_t i = 0; i < count; i++) {
        items[i] = va_arg(list, Value);
        failed |= value_is_error(items[i]);
    }
    va_end(list);
    if (failed) {
        values_release(vm, items, count);
        return VALUE_ERROR;
    }
    Tuple *tuple = tuple_from_values_take(vm, items, count);
    return tuple ? value_from_object(tuple) : VALUE_ERROR;
}
