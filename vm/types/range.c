/* range and its two iterators: one for numbers that fit 64 bits, one for any size.
 *
 * A Range holds exact ints, its length worked out once; arithmetic tries 64 bits first. The loop reads Range and
 * RangeIterator itself for `for i in range(...)`: keep their meaning in function.h.
 */
#include "vm/types/function.h"

#include "vm/ops.h"
#include "vm/types/int.h"
#include "vm/types/str.h"
#include "vm/vm.h"

/* --- arithmetic on the parts --- */

/* a op b, a stolen; VALUE_ERROR passes through. */
static Value calculate_take(Vm *vm, BinaryOperator op, Value a, Value b) {
    if (value_is_error(a)) return VALUE_ERROR;
    Value result = int_binary(vm, op, a, b);
    value_release(vm, a);
    return result;
}

/* start + index * step */
static Value range_item(Vm *vm, const Range *r, Value index) {
    if (value_are_small(r->start, r->step) && value_is_small(index)) {
        int64_t offset, item;
        if (!__builtin_mul_overflow(value_small(index), value_small(r->step), &offset) &&
            !__builtin_add_overflow(value_small(r->start), offset, &item)) {
            return int_from_i64(vm, item);
        }
    }
    return calculate_take(vm, BINARY_ADD, int_binary(vm, BINARY_MUL, index, r->step), r->start);
}

/* How many numbers lie in lower..upper-1, `step` > 0 apart: (upper - lower - 1) // step + 1. */
static Value count_steps(Vm *vm, Value lower, Value upper, Value step) {
    if (int_compare(lower, upper) >= 0) return value_from_small(0);
    if (value_are_small(lower, upper) && value_is_small(step)) {
        return int_from_i64(vm, (value_small(upper) - value_small(lower) - 1) / value_small(step) + 1);
    }
    Value n = calculate_take(vm, BINARY_SUB, int_binary(vm, BINARY_SUB, upper, lower), value_from_small(1));
    return calculate_take(vm, BINARY_ADD, calculate_take(vm, BINARY_FLOORDIV, n, step), value_from_small(1));
}

static Value range_length(Vm *vm, Value start, Value stop, Value step) {
    if (int_sign(step) > 0) return count_steps(vm, start, stop, step);
    Value positive = int_negative(vm, step);
    if (value_is_error(positive)) return VALUE_ERROR;
    Value length = count_steps(vm, stop, start, positive);
    value_release(vm, positive);
    return length;
}

/* Steals the three exact ints. */
static Value range_from_ints_take(Vm *vm, Value start, Value stop, Value step) {
    Value length = range_length(vm, start, stop, step);
    Range *r = value_is_error(length) ? NULL : object_new(&vm->heap, TYPE(vm, RANGE)->shape, sizeof(Range));
    if (r) {
        r->start = start;
        r->stop = stop;
        r->step = step;
        r->length = length;
        return value_from_object(r);
    }
    if (!value_is_error(length)) error_no_memory(vm);
    value_release(vm, start);
    value_release(vm, stop);
    value_release(vm, step);
    value_release(vm, length);
    return VALUE_ERROR;
}

static Value range_new(Vm *vm, Value *args, int nargs) {
    Value start = value_from_small(0), stop = VALUE_ERROR, step = value_from_small(1);
    if (nargs == 2) {
        stop = value_index(vm, args[1]);
    } else {
        start = value_index(vm, args[1]);
        if (!value_is_error(start)) stop = value_index(vm, args[2]);
        if (!value_is_error(stop) && nargs > 3) step = value_index(vm, args[3]);
    }
    bool ok = !value_is_error(stop) && !value_is_error(step);
    if (ok && int_sign(step) == 0) {
        error_value(vm, "range() arg 3 must not be zero");
        ok = false;
    }
    if (ok) return range_from_ints_take(vm, start, stop, step);
    value_release(vm, start);
    value_release(vm, stop);
    value_release(vm, step);
    return VALUE_ERROR;
}

static Range *range_of(Value v) { return (Range *)value_object(v); }

/* --- items --- */

static Value error_range_index(Vm *vm) { return error_raise(vm, EXC_IndexError, "range object index out of range"); }

static Value range_at(Vm *vm, const Range *r, Value index) {
    Value i = int_sign(index) < 0 ? int_binary(vm, BINARY_ADD, index, r->length) : value_retain(index), item;
    if (value_is_error(i)) return VALUE_ERROR;
    if (int_sign(i) < 0 || int_compare(i, r->length) >= 0) item = error_range_index(vm);
    else item = range_item(vm, r, i);
    value_release(vm, i);
    return item;
}

/* The item at an index that may be the length itself, or -1: a bound of a slice. */
static Value range_slice(Vm *vm, const Range *r, Slice *slice) {
    Value parts[3];
    if (!slice_long_indices(vm, slice, r->length, parts)) return VALUE_ERROR;
    Value start = range_item(vm, r, parts[0]), stop = range_item(vm, r, parts[1]);
    Value step = int_binary(vm, BINARY_MUL, parts[2], r->step);
    for (int i = 0; i < 3; i++) value_release(vm, parts[i]);
    if (!value_is_error(start) && !value_is_error(stop) && !value_is_error(step)) {
        return range_from_ints_take(vm, start, stop, step);
    }
    value_release(vm, start);
    value_release(vm, stop);
    value_release(vm, step);
    return VALUE_ERROR;
}

static Value range_get_item(Vm *vm, Value self, Value key) {
    const Range *r = range_of(self);
    if (value_is_int(key)) return range_at(vm, r, key);
    if (value_has_layout(key, LAYOUT_SLICE)) return range_slice(vm, r, (Slice *)value_object(key));
    if (!value_type(vm, key)->slots.as_index) {
        return error_type(vm, "range indices must be integers or slices, not %T", key);
    }
    Value index = value_index(vm, key);
    if (value_is_error(index)) return VALUE_ERROR;
    Value item = range_at(vm, r, index);
    value_release(vm, index);
    return item;
}

static int64_t range_len(Vm *vm, Value self) {
    int64_t length;
    if (int_to_i64(range_of(self)->length, &length)) return length;
    error_raise(vm, EXC_OverflowError, "Python int too large to convert to C ssize_t");
    return -1;
}

static int range_truth(Vm *vm, Value self) {
    (void)vm;
    return int_sign(range_of(self)->length) != 0;
}

/* --- searching --- */

/* Where the exact int (or bool) stands in the range: new; VALUE_EMPTY when it does not; VALUE_ERROR. */
static Value range_position(Vm *vm, const Range *r, Value item) {
    bool up = int_sign(r->step) > 0;
    int from_start = int_compare(item, r->start), from_stop = int_compare(item, r->stop);
    if (up ? from_start < 0 || from_stop >= 0 : from_start > 0 || from_stop <= 0) return VALUE_EMPTY;
    Value distance = int_binary(vm, BINARY_SUB, item, r->start), remainder;
    if (value_is_error(distance)) return VALUE_ERROR;
    Value index = int_divmod(vm, distance, r->step, &remainder);
    value_release(vm, distance);
    if (value_is_error(index)) return VALUE_ERROR;
    bool hit = int_sign(remainder) == 0;
    value_release(vm, remainder);
    if (hit) return index;
    value_release(vm, index);
    return VALUE_EMPTY;
}

static bool is_plain_int(Value v) { return value_is_exact_int(v) || value_is_bool(v); }

/* Compares every item with `wanted`. Stops at the first when positions are asked for. -1: error. */
static int64_t range_search(Vm *vm, Value self, Value wanted, bool count_all) {
    int64_t found = 0, at = 0;
    Value iterator = value_iter(vm, self);
    if (value_is_error(iterator)) return -2;
    for (;; at++) {
        Value item = value_next(vm, iterator);
        int equal = value_is_error(item) ? -1 : 0;
        if (value_is_empty(item)) break;
        if (!equal) equal = value_equal(vm, item, wanted);
        value_release(vm, item);
        if (equal < 0) {
            value_release(vm, iterator);
            return -2;
        }
        found += equal;
        if (equal && !count_all) break;
    }
    value_release(vm, iterator);
    return count_all ? found : found ? at : -1;
}

static int range_contains(Vm *vm, Value self, Value item) {
    if (is_plain_int(item)) {
        Value at = range_position(vm, range_of(self), item);
        if (value_is_error(at)) return -1;
        value_release(vm, at);
        return !value_is_empty(at);
    }
    int64_t at = range_search(vm, self, item, false);
    return at == -2 ? -1 : at >= 0;
}

static Value range_count(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int64_t count = is_plain_int(args[1]) ? range_contains(vm, args[0], args[1]) : range_search(vm, args[0], args[1], true);
    return count < 0 ? VALUE_ERROR : value_from_small(count);
}

static Value range_index(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (is_plain_int(args[1])) {
        Value at = range_position(vm, range_of(args[0]), args[1]);
        return value_is_empty(at) ? error_value(vm, "%V is not in range", args[1]) : at;
    }
    int64_t at = range_search(vm, args[0], args[1], false);
    if (at == -1) return error_value(vm, "sequence.index(x): x not in sequence");
    return at < 0 ? VALUE_ERROR : value_from_small(at);
}

/* --- comparison, hash, text --- */

static bool range_equal(const Range *a, const Range *b) {
    if (int_compare(a->length, b->length) != 0) return false;
    if (int_sign(a->length) == 0) return true;
    if (int_compare(a->start, b->start) != 0) return false;
    return int_compare(a->length, value_from_small(1)) == 0 || int_compare(a->step, b->step) == 0;
}

static Value range_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    (void)vm;
    if (op != COMPARE_EQ && op != COMPARE_NE) return VALUE_NOT_IMPLEMENTED;
    if (!value_has_layout(self, LAYOUT_RANGE) || !value_has_layout(other, LAYOUT_RANGE)) return VALUE_NOT_IMPLEMENTED;
    return value_from_bool(range_equal(range_of(self), range_of(other)) == (op == COMPARE_EQ));
}

static bool range_hash(Vm *vm, Value self, Hash *out) {
    const Range *r = range_of(self);
    bool some = int_sign(r->length) != 0, many = int_compare(r->length, value_from_small(1)) > 0;
    Tuple *t = tuple_pack(vm, 3, r->length, some ? r->start : VALUE_NONE, many ? r->step : VALUE_NONE);
    if (!t) return false;
    bool ok = value_hash(vm, value_from_object(t), out);
    release_object(vm, t);
    return ok;
}

static Value range_repr(Vm *vm, Value self) {
    const Range *r = range_of(self);
    if (int_compare(r->step, value_from_small(1)) == 0) return str_format(vm, "range(%V, %V)", r->start, r->stop);
    return str_format(vm, "range(%V, %V, %V)", r->start, r->stop, r->step);
}

static Value range_get_start(Vm *vm, Value self) {
    (void)vm;
    return value_retain(range_of(self)->start);
}

static Value range_get_stop(Vm *vm, Value self) {
    (void)vm;
    return value_retain(range_of(self)->stop);
}

static Value range_get_step(Vm *vm, Value self) {
    (void)vm;
    return value_retain(range_of(self)->step);
}

static Value range_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    const Range *r = range_of(args[0]);
    Tuple *parts = tuple_pack(vm, 3, r->start, r->stop, r->step);
    if (!parts) return VALUE_ERROR;
    Tuple *t = tuple_pack(vm, 2, value_from_object(TYPE(vm, RANGE)), value_from_object(parts));
    release_object(vm, parts);
    return t ? value_from_object(t) : VALUE_ERROR;
}

/* --- iterators --- */

typedef struct LongRangeIterator {
    Object head;
    Value next, step, remaining; /* ints */
} LongRangeIterator;

/* Whether the numbers that a RangeIterator would give all fit 64 bits. */
static bool last_fits(int64_t next, int64_t step, int64_t remaining) {
    int64_t distance, last;
    return remaining <= 0 || (!__builtin_mul_overflow(remaining - 1, step, &distance) &&
                              !__builtin_add_overflow(next, distance, &last));
}

/* An iterator over `length` numbers from start. Parameters borrowed. */
static Value range_iterator(Vm *vm, Value start, Value step, Value length) {
    int64_t next, increment, remaining;
    if (int_to_i64(start, &next) && int_to_i64(step, &increment) && int_to_i64(length, &remaining) &&
        last_fits(next, increment, remaining)) {
        RangeIterator *it = object_new(&vm->heap, TYPE(vm, RANGE_ITERATOR)->shape, sizeof(RangeIterator));
        if (!it) return error_no_memory(vm);
        it->next = next;
        it->step = increment;
        it->remaining = remaining;
        return value_from_object(it);
    }
    LongRangeIterator *it = object_new(&vm->heap, TYPE(vm, LONG_RANGE_ITERATOR)->shape, sizeof(LongRangeIterator));
    if (!it) return error_no_memory(vm);
    it->next = value_retain(start);
    it->step = value_retain(step);
    it->remaining = value_retain(length);
    return value_from_object(it);
}

static Value range_iter(Vm *vm, Value self) {
    const Range *r = range_of(self);
    return range_iterator(vm, r->start, r->step, r->length);
}

static Value range_reversed(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    const Range *r = range_of(args[0]);
    Value last = int_binary(vm, BINARY_SUB, r->length, value_from_small(1)), iterator = VALUE_ERROR;
    if (value_is_error(last)) return VALUE_ERROR;
    Value start = range_item(vm, r, last), step = int_negative(vm, r->step);
    if (!value_is_error(start) && !value_is_error(step)) iterator = range_iterator(vm, start, step, r->length);
    value_release(vm, last);
    value_release(vm, start);
    value_release(vm, step);
    return iterator;
}

static Value iterator_self(Vm *vm, Value self) {
    (void)vm;
    return value_retain(self);
}

static Value range_iterator_next(Vm *vm, Value self) {
    RangeIterator *it = (RangeIterator *)value_object(self);
    if (it->remaining <= 0) return VALUE_EMPTY;
    int64_t item = it->next;
    it->remaining--;
    it->next = (int64_t)((uint64_t)item + (uint64_t)it->step); /* the one behind the last may not fit */
    return int_from_i64(vm, item);
}

static Value long_range_iterator_next(Vm *vm, Value self) {
    LongRangeIterator *it = (LongRangeIterator *)value_object(self);
    if (int_sign(it->remaining) <= 0) return VALUE_EMPTY;
    Value next = int_binary(vm, BINARY_ADD, it->next, it->step);
    if (value_is_error(next)) return VALUE_ERROR;
    Value remaining = int_binary(vm, BINARY_SUB, it->remaining, value_from_small(1));
    if (value_is_error(remaining)) {
        value_release(vm, next);
        return VALUE_ERROR;
    }
    Value item = it->next;
    it->next = next;
    value_replace_take(vm, &it->remaining, remaining);
    return item;
}

/* What is left: first number, step and how many, all new ints. */
static bool iterator_rest(Vm *vm, Value self, Value *next, Value *step, Value *remaining) {
    if (value_has_layout(self, LAYOUT_RANGE_ITERATOR)) {
        const RangeIterator *it = (const RangeIterator *)value_object(self);
        *next = int_from_i64(vm, it->next);
        *step = int_from_i64(vm, it->step);
        *remaining = int_from_i64(vm, it->remaining);
    } else {
        const LongRangeIterator *it = (const LongRangeIterator *)value_object(self);
        *next = value_retain(it->next);
        *step = value_retain(it->step);
        *remaining = value_retain(it->remaining);
    }
    if (!value_is_error(*next) && !value_is_error(*step) && !value_is_error(*remaining)) return true;
    value_release(vm, *next);
    value_release(vm, *step);
    value_release(vm, *remaining);
    return false;
}

static Value iterator_length_hint(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value next, step, remaining;
    if (!iterator_rest(vm, args[0], &next, &step, &remaining)) return VALUE_ERROR;
    value_release(vm, next);
    value_release(vm, step);
    return remaining;
}

/* (iter, (range(next, stop, step),), None) */
static Value iterator_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value next, step, remaining, range = VALUE_ERROR;
    if (!iterator_rest(vm, args[0], &next, &step, &remaining)) return VALUE_ERROR;
    Value stop = calculate_take(vm, BINARY_ADD, int_binary(vm, BINARY_MUL, remaining, step), next);
    value_release(vm, remaining);
    if (!value_is_error(stop)) {
        range = range_from_ints_take(vm, next, stop, step);
    } else {
        value_release(vm, next);
        value_release(vm, step);
    }
    if (value_is_error(range)) return VALUE_ERROR;
    Tuple *inner = tuple_from_values_take(vm, &range, 1);
    Value iter = dict_peek_ascii(vm, vm->builtins, "iter");
    Tuple *t = inner ? tuple_pack(vm, 3, value_is_empty(iter) ? VALUE_NONE : iter, value_from_object(inner), VALUE_NONE) : NULL;
    release_object(vm, inner);
    return t ? value_from_object(t) : VALUE_ERROR;
}

/* Skips so many numbers, clipped to what is left. */
static Value iterator_setstate(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value state = value_index(vm, args[1]), next, step, remaining;
    if (value_is_error(state)) return VALUE_ERROR;
    if (!iterator_rest(vm, args[0], &next, &step, &remaining)) {
        value_release(vm, state);
        return VALUE_ERROR;
    }
    Value zero = value_from_small(0);
    Value skip = int_sign(state) < 0 ? zero : int_compare(state, remaining) > 0 ? remaining : state;
    Value first = calculate_take(vm, BINARY_ADD, int_binary(vm, BINARY_MUL, skip, step), next);
    Value left = value_is_error(first) ? VALUE_ERROR : int_binary(vm, BINARY_SUB, remaining, skip);
    bool ok = !value_is_error(first) && !value_is_error(left);
    if (ok && value_has_layout(args[0], LAYOUT_RANGE_ITERATOR)) {
        RangeIterator *it = (RangeIterator *)value_object(args[0]);
        int_to_i64(left, &it->remaining);
        if (!int_to_i64(first, &it->next)) it->next = 0; /* only at the end */
    } else if (ok) {
        LongRangeIterator *it = (LongRangeIterator *)value_object(args[0]);
        value_replace_take(vm, &it->next, value_retain(first));
        value_replace_take(vm, &it->remaining, value_retain(left));
    }
    Value all[6] = {state, next, step, remaining, first, left};
    for (int i = 0; i < 6; i++) value_release(vm, all[i]);
    return ok ? VALUE_NONE : VALUE_ERROR;
}

/* --- memory --- */

static size_t range_size(const Object *self) {
    (void)self;
    return sizeof(Range);
}

static void range_visit(Object *self, VisitFn visit, void *arg) {
    Range *r = (Range *)self;
    visit(r->start, arg);
    visit(r->stop, arg);
    visit(r->step, arg);
    visit(r->length, arg);
}

static void range_free(Vm *vm, Object *self) {
    Range *r = (Range *)self;
    value_release(vm, r->start);
    value_release(vm, r->stop);
    value_release(vm, r->step);
    value_release(vm, r->length);
}

static size_t range_iterator_size(const Object *self) {
    (void)self;
    return sizeof(RangeIterator);
}

static void range_iterator_free(Vm *vm, Object *self) {
    (void)vm;
    (void)self;
}

static size_t long_range_iterator_size(const Object *self) {
    (void)self;
    return sizeof(LongRangeIterator);
}

static void long_range_iterator_visit(Object *self, VisitFn visit, void *arg) {
    LongRangeIterator *it = (LongRangeIterator *)self;
    visit(it->next, arg);
    visit(it->step, arg);
    visit(it->remaining, arg);
}

static void long_range_iterator_free(Vm *vm, Object *self) {
    LongRangeIterator *it = (LongRangeIterator *)self;
    value_release(vm, it->next);
    value_release(vm, it->step);
    value_release(vm, it->remaining);
}

static const NativeDef range_methods[] = {
    {"count", range_count, "($self, object, /)", "rangeobject.count(value) -> integer -- return number of occurrences of value",
     NATIVE_METHOD},
    {"index", range_index, "($self, object, /)",
     "rangeobject.index(value) -> integer -- return index of value.\nRaise ValueError if the value is not present.", NATIVE_METHOD},
    {"__reversed__", range_reversed, "($self, /)", "Return a reverse iterator.", NATIVE_METHOD},
    {"__reduce__", range_reduce, "($self, /)", NULL, NATIVE_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};

static const GetSetDef range_getset[] = {
    {"start", range_get_start, attribute_read_only, NULL},
    {"stop", range_get_stop, attribute_read_only, NULL},
    {"step", range_get_step, attribute_read_only, NULL},
    {NULL, NULL, NULL, NULL},
};

static const NativeDef iterator_methods[] = {
    {"__length_hint__", iterator_length_hint, "($self, /)", "Private method returning an estimate of len(list(it)).", NATIVE_METHOD},
    {"__reduce__", iterator_reduce, "($self, /)", "Return state information for pickling.", NATIVE_METHOD},
    {"__setstate__", iterator_setstate, "($self, object, /)", "Set state information for unpickling.", NATIVE_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};

const TypeSpec range_spec = {
    .name = "range",
    .doc = "range(stop) -> range object\nrange(start, stop[, step]) -> range object\n\n"
           "The integers from start (inclusive) to stop (exclusive) by step: range(4) is 0, 1, 2, 3. The step may be\n"
           "negative. Nothing is stored but the three numbers.",
    .layout = LAYOUT_RANGE,
    .flags = TYPE_FLAG_SEQUENCE,
    .size = sizeof(Range),
    .ops = {.size = range_size, .visit = range_visit, .free = range_free},
    .slots =
        {
            .repr = range_repr,
            .hash = range_hash,
            .compare = range_compare,
            .iter = range_iter,
            .truth = range_truth,
            .length = range_len,
            .get_item = range_get_item,
            .contains = range_contains,
        },
    .new_ = {"__new__", range_new, "($type, start, stop=None, step=None, /)", NULL, NATIVE_METHOD},
    .methods = range_methods,
    .getset = range_getset,
};

const TypeSpec range_iterator_spec = {
    .name = "range_iterator",
    .layout = LAYOUT_RANGE_ITERATOR,
    .flags = TYPE_FLAG_NO_NEW,
    .size = sizeof(RangeIterator),
    .ops = {.size = range_iterator_size, .free = range_iterator_free},
    .slots = {.iter = iterator_self, .next = range_iterator_next},
    .methods = iterator_methods,
};

const TypeSpec long_range_iterator_spec = {
    .name = "longrange_iterator",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_NO_NEW,
    .size = sizeof(LongRangeIterator),
    .ops = {.size = long_range_iterator_size, .visit = long_range_iterator_visit, .free = long_range_iterator_free},
    .slots = {.iter = iterator_self, .next = long_range_iterator_next},
    .methods = iterator_methods,
};
