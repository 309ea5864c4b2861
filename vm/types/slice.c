/* slice: start, stop and step of a subscript, and how they are clipped to a sequence.
 *
 * A slice is immutable and may hold any objects; it is tracked only when one of them can be part of a cycle.
 */
#include "vm/types/function.h"

#include "vm/ops.h"
#include "vm/types/int.h"
#include "vm/types/sequence.h"
#include "vm/types/str.h"
#include "vm/vm.h"

Value slice_new(Vm *vm, Value start, Value stop, Value step) {
    Slice *s = object_new(&vm->heap, TYPE(vm, SLICE)->shape, sizeof(Slice));
    if (!s) return error_no_memory(vm);
    s->start = value_retain(start);
    s->stop = value_retain(stop);
    s->step = value_retain(step);
    if (value_is_container(start) || value_is_container(stop) || value_is_container(step)) object_track(&vm->heap, &s->head);
    return value_from_object(s);
}

static Value slice_new_method(Vm *vm, Value *args, int nargs) {
    Value step = value_is_empty(args[3]) ? VALUE_NONE : args[3];
    if (nargs == 2) return slice_new(vm, VALUE_NONE, args[1], VALUE_NONE);
    return slice_new(vm, args[1], args[2], step);
}

/* --- clipping --- */

static bool check_index(Vm *vm, Value v) {
    if (value_is_int(v) || value_type(vm, v)->slots.as_index) return true;
    error_type(vm, "slice indices must be integers or None or have an __index__ method");
    return false;
}

/* v as an index; `otherwise` for None. Numbers beyond int64 are clipped. */
static bool slice_index(Vm *vm, Value v, int64_t otherwise, int64_t *out) {
    if (value_is_small(v)) *out = value_small(v);
    else if (value_is_none(v)) *out = otherwise;
    else return check_index(vm, v) && value_as_index(vm, v, out, true);
    return true;
}

static int64_t clip(int64_t i, int64_t length, bool backwards) {
    int64_t lowest = backwards ? -1 : 0;
    if (i < 0) {
        i += length;
        return i < 0 ? lowest : i;
    }
    return i < length ? i : length + lowest;
}

bool slice_indices(Vm *vm, Slice *s, size_t length, int64_t *start, int64_t *stop, int64_t *step, size_t *count) {
    int64_t n = (int64_t)length;
    if (!slice_index(vm, s->step, 1, step)) return false;
    if (*step == 0) {
        error_value(vm, "slice step cannot be zero");
        return false;
    }
    if (*step == INT64_MIN) *step = -INT64_MAX;
    bool backwards = *step < 0;
    if (!slice_index(vm, s->start, backwards ? INT64_MAX : 0, start)) return false;
    if (!slice_index(vm, s->stop, backwards ? INT64_MIN : INT64_MAX, stop)) return false;
    *start = clip(*start, n, backwards);
    *stop = clip(*stop, n, backwards);
    if (backwards) *count = *stop < *start ? (size_t)((*start - *stop - 1) / -*step) + 1 : 0;
    else *count = *start < *stop ? (size_t)((*stop - *start - 1) / *step) + 1 : 0;
    return true;
}

/* v (None: otherwise), moved by length when negative and clipped to lower..upper. All ints; new. */
static Value long_bound(Vm *vm, Value v, Value otherwise, Value length, Value lower, Value upper) {
    if (value_is_none(v)) return value_retain(otherwise);
    if (!check_index(vm, v)) return VALUE_ERROR;
    Value i = value_index(vm, v);
    if (value_is_error(i)) return VALUE_ERROR;
    if (int_sign(i) < 0) {
        Value moved = int_binary(vm, BINARY_ADD, i, length);
        value_release(vm, i);
        if (value_is_error(moved)) return VALUE_ERROR;
        i = moved;
        if (int_compare(i, lower) >= 0) return i;
        value_release(vm, i);
        return value_retain(lower);
    }
    if (int_compare(i, upper) <= 0) return i;
    value_release(vm, i);
    return value_retain(upper);
}

static Value long_step(Vm *vm, Value v) {
    if (value_is_none(v)) return value_from_small(1);
    if (!check_index(vm, v)) return VALUE_ERROR;
    Value step = value_index(vm, v);
    if (value_is_error(step) || int_sign(step) != 0) return step;
    return error_value(vm, "slice step cannot be zero");
}

bool slice_long_indices(Vm *vm, Slice *s, Value length, Value *out) {
    Value step = long_step(vm, s->step), start = VALUE_ERROR, stop = VALUE_ERROR;
    if (value_is_error(step)) return false;
    bool backwards = int_sign(step) < 0;
    Value lower = value_from_small(backwards ? -1 : 0);
    Value upper = int_binary(vm, BINARY_ADD, length, lower);
    if (!value_is_error(upper)) {
        start = long_bound(vm, s->start, backwards ? upper : lower, length, lower, upper);
        if (!value_is_error(start)) stop = long_bound(vm, s->stop, backwards ? lower : upper, length, lower, upper);
        value_release(vm, upper);
    }
    if (value_is_error(stop)) {
        value_release(vm, start);
        value_release(vm, step);
        return false;
    }
    out[0] = start;
    out[1] = stop;
    out[2] = step;
    return true;
}

static Value slice_indices_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value length = value_index(vm, args[1]), parts[3];
    if (value_is_error(length)) return VALUE_ERROR;
    bool ok = int_sign(length) >= 0;
    if (!ok) error_value(vm, "length should not be negative");
    else ok = slice_long_indices(vm, (Slice *)value_object(args[0]), length, parts);
    value_release(vm, length);
    if (!ok) return VALUE_ERROR;
    Tuple *t = tuple_from_values_take(vm, parts, 3);
    return t ? value_from_object(t) : VALUE_ERROR;
}

/* --- slots --- */

static Value slice_repr(Vm *vm, Value self) {
    Slice *s = (Slice *)value_object(self);
    return str_format(vm, "slice(%V, %V, %V)", s->start, s->stop, s->step);
}

static Tuple *slice_tuple(Vm *vm, Value v) {
    Slice *s = (Slice *)value_object(v);
    return tuple_pack(vm, 3, s->start, s->stop, s->step);
}

static Value slice_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    if (!value_has_layout(self, LAYOUT_SLICE) || !value_has_layout(other, LAYOUT_SLICE)) return VALUE_NOT_IMPLEMENTED;
    if (value_same(self, other)) return value_from_bool(op == COMPARE_EQ || op == COMPARE_LE || op == COMPARE_GE);
    Tuple *a = slice_tuple(vm, self), *b = a ? slice_tuple(vm, other) : NULL;
    Value result = b ? value_compare(vm, value_from_object(a), value_from_object(b), op) : VALUE_ERROR;
    release_object(vm, a);
    release_object(vm, b);
    return result;
}

#define PRIME_1 11400714785074694791ull
#define PRIME_2 14029467366897019727ull
#define PRIME_5 2870177450012600261ull

/* xxHash over the three hashes, as tuples do it but without the length. */
static bool slice_hash(Vm *vm, Value self, Hash *out) {
    Slice *s = (Slice *)value_object(self);
    Value parts[3] = {s->start, s->stop, s->step};
    uint64_t sum = PRIME_5;
    for (int i = 0; i < 3; i++) {
        Hash hash;
        if (!value_hash(vm, parts[i], &hash)) return false;
        sum += (uint64_t)hash * PRIME_2;
        sum = (sum << 31 | sum >> 33) * PRIME_1;
    }
    *out = sum == UINT64_MAX ? 1546275796 : (Hash)sum;
    return true;
}

bool attribute_read_only(Vm *vm, Value self, Value value) {
    (void)self;
    (void)value;
    error_raise(vm, EXC_AttributeError, "readonly attribute");
    return false;
}

static Value slice_get_start(Vm *vm, Value self) {
    (void)vm;
    return value_retain(((Slice *)value_object(self))->start);
}

static Value slice_get_stop(Vm *vm, Value self) {
    (void)vm;
    return value_retain(((Slice *)value_object(self))->stop);
}

static Value slice_get_step(Vm *vm, Value self) {
    (void)vm;
    return value_retain(((Slice *)value_object(self))->step);
}

static Value slice_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Tuple *parts = slice_tuple(vm, args[0]);
    if (!parts) return VALUE_ERROR;
    Tuple *t = tuple_pack(vm, 2, value_from_object(TYPE(vm, SLICE)), value_from_object(parts));
    release_object(vm, parts);
    return t ? value_from_object(t) : VALUE_ERROR;
}

/* --- memory --- */

static size_t slice_size(const Object *self) {
    (void)self;
    return sizeof(Slice);
}

static void slice_visit(Object *self, VisitFn visit, void *arg) {
    Slice *s = (Slice *)self;
    visit(s->start, arg);
    visit(s->stop, arg);
    visit(s->step, arg);
}

static void slice_free(Vm *vm, Object *self) {
    Slice *s = (Slice *)self;
    value_release(vm, s->start);
    value_release(vm, s->stop);
    value_release(vm, s->step);
}

static const NativeDef slice_methods[] = {
    {"indices", slice_indices_method, "($self, object, /)",
     "S.indices(len) -> (start, stop, stride)\n\nThe indices that the slice selects in a sequence of length len: out of bounds ones are "
     "clipped as in a subscript.",
     NATIVE_METHOD},
    {"__reduce__", slice_reduce, "($self, /)", "Return state information for pickling.", NATIVE_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};

static const GetSetDef slice_getset[] = {
    {"start", slice_get_start, attribute_read_only, NULL},
    {"stop", slice_get_stop, attribute_read_only, NULL},
    {"step", slice_get_step, attribute_read_only, NULL},
    {NULL, NULL, NULL, NULL},
};

const TypeSpec slice_spec = {
    .name = "slice",
    .doc = "slice(stop)\nslice(start, stop[, step])\n\nCreate a slice object.  This is used for extended slicing (e.g. a[0:10:2]).",
    .layout = LAYOUT_SLICE,
    .size = sizeof(Slice),
    .ops = {.size = slice_size, .visit = slice_visit, .free = slice_free},
    .slots = {.repr = slice_repr, .hash = slice_hash, .compare = slice_compare},
    .new_ = {"__new__", slice_new_method, "($type, start, stop=None, step=None, /)", NULL, NATIVE_METHOD},
    .methods = slice_methods,
    .getset = slice_getset,
};
