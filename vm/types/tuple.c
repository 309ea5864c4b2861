/* tuple: making, items, hashing, comparing, the type and its methods.
 *
 * Invariants: items never change after the tuple has been handed out (but for tuples that an iterator reuses: nobody else holds
 * them then). A tuple is tracked only when it holds something that can be part of a cycle.
 * To add a method: a function and a row in tuple_methods; an operator: tuple_spec.
 */
#include "vm/types/tuple.h"

#include <stdarg.h>

#include "vm/types/function.h"
#include "vm/types/list.h"
#include "vm/types/sequence.h"

/* --- making --- */

static Tuple *tuple_alloc(Vm *vm, size_t count) {
    if (count > (PTRDIFF_MAX - sizeof(Tuple)) / sizeof(Value)) {
        error_no_memory(vm);
        return NULL;
    }
    Tuple *t = container_alloc(vm, TYPE(vm, TUPLE), sizeof(Tuple) + count * sizeof(Value));
    if (t) t->count = count;
    return t;
}

/* The VM's empty tuple, made by the first who asks. */
static Tuple *tuple_empty(Vm *vm) {
    if (vm->empty_tuple.bits == 0 || !value_is_object(vm->empty_tuple)) {
        Tuple *t = tuple_alloc(vm, 0);
        if (!t) return NULL;
        vm->empty_tuple = value_from_object(t);
    }
    return retain_object(value_object(vm->empty_tuple));
}

Tuple *tuple_new(Vm *vm, size_t count) {
    if (count == 0) return tuple_empty(vm);
    Tuple *t = tuple_alloc(vm, count);
    if (!t) return NULL;
    for (size_t i = 0; i < count; i++) t->items[i] = VALUE_NONE;
    return t;
}

void tuple_track(Vm *vm, Tuple *t) {
    for (size_t i = 0; i < t->count; i++) {
        if (value_is_container(t->items[i])) {
            object_track(&vm->heap, &t->head);
            return;
        }
    }
}

Tuple *tuple_from_values_take(Vm *vm, const Value *items, size_t count) {
    if (count == 0) return tuple_empty(vm);
    Tuple *t = tuple_alloc(vm, count);
    if (!t) {
        values_release(vm, items, count);
        return NULL;
    }
    memcpy(t->items, items, count * sizeof(Value));
    tuple_track(vm, t);
    return t;
}

Tuple *tuple_from_values(Vm *vm, const Value *items, size_t count) {
    for (size_t i = 0; i < count; i++) value_retain(items[i]);
    return tuple_from_values_take(vm, items, count);
}

Tuple *tuple_pack(Vm *vm, size_t count, ...) {
    Tuple *t = tuple_new(vm, count);
    if (!t) return NULL;
    va_list list;
    va_start(list, count);
    for (size_t i = 0; i < count; i++) t->items[i] = value_retain(va_arg(list, Value));
    va_end(list);
    tuple_track(vm, t);
    return t;
}

Tuple *tuple_pair_take(Vm *vm, Value first, Value second) {
    Value items[2] = {first, second};
    return tuple_from_values_take(vm, items, 2);
}

Value tuple_pair_reuse_take(Vm *vm, Value *cache, Value first, Value second) {
    if (!value_is_empty(*cache)) {
        Tuple *t = value_tuple(*cache);
        if (t->head.count == 1 && !(t->head.gc & GC_HAS_WEAKREFS)) {
            Value old_first = t->items[0], old_second = t->items[1];
            t->items[0] = first;
            t->items[1] = second;
            tuple_track(vm, t);
            t->head.count++;
            value_release(vm, old_first);
            value_release(vm, old_second);
            return value_from_object(t);
        }
    }
    Tuple *t = tuple_pair_take(vm, first, second);
    if (!t) return VALUE_ERROR;
    if (value_is_empty(*cache)) *cache = value_retain(value_from_object(t));
    return value_from_object(t);
}

Value tuple_from_iterable(Vm *vm, Value iterable) {
    if (value_is_exact(iterable, LAYOUT_TUPLE)) return value_retain(iterable);
    if (value_is_exact(iterable, LAYOUT_LIST)) return list_to_tuple(vm, value_list(iterable));
    List *l = list_from_iterable(vm, iterable);
    if (!l) return VALUE_ERROR;
    Tuple *t = tuple_from_values_take(vm, l->items, l->count);
    l->count = 0; /* its items are the tuple's now */
    release_object(vm, l);
    return t ? value_from_object(t) : VALUE_ERROR;
}

/* A subclass instance with the items of `source`. */
static Value tuple_new_subclass(Vm *vm, Type *type, Tuple *source) {
    Tuple *t = container_alloc(vm, type, sizeof(Tuple) + source->count * sizeof(Value));
    if (!t) return VALUE_ERROR;
    t->count = source->count;
    for (size_t i = 0; i < t->count; i++) t->items[i] = value_retain(source->items[i]);
    container_ready(vm, t, type);
    return value_from_object(t);
}

/* tuple(iterable) for the type or a subclass; VALUE_EMPTY: no items. */
static Value tuple_make(Vm *vm, Type *type, Value iterable) {
    Value items;
    if (value_is_empty(iterable)) {
        Tuple *empty = tuple_empty(vm);
        items = empty ? value_from_object(empty) : VALUE_ERROR;
    } else {
        items = tuple_from_iterable(vm, iterable);
    }
    if (value_is_error(items)) return VALUE_ERROR;
    if (type == TYPE(vm, TUPLE)) return items;
    Value result = tuple_new_subclass(vm, type, value_tuple(items));
    value_release(vm, items);
    return result;
}

/* A subclass with an __init__ of its own may be called with keywords. */
static Value tuple_new_instance(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    if (kwnames && kwnames->count > 0 && type->slots.init == TYPE(vm, TUPLE)->slots.init)
        return error_type(vm, "tuple() takes no keyword arguments");
    if (nargs > 1) return error_type(vm, "tuple expected at most 1 argument, got %d", nargs);
    return tuple_make(vm, type, nargs > 0 ? args[0] : VALUE_EMPTY);
}

/* --- the slots --- */

static Value tuple_slice(Vm *vm, Tuple *t, int64_t start, int64_t step, size_t count) {
    if (count == t->count && step == 1 && t->head.shape->exact) return value_retain(value_from_object(t));
    Tuple *result = tuple_new(vm, count);
    if (!result) return VALUE_ERROR;
    for (size_t i = 0; i < count; i++) result->items[i] = value_retain(t->items[start + (int64_t)i * step]);
    if (count > 0) tuple_track(vm, result);
    return value_from_object(result);
}

static Value tuple_get_item(Vm *vm, Value self, Value key) {
    Tuple *t = value_tuple(self);
    int64_t i;
    int is_index = sequence_index(vm, key, &i);
    if (is_index < 0) return VALUE_ERROR;
    if (is_index) {
        if (i < 0) i += (int64_t)t->count;
        if ((uint64_t)i >= t->count) return error_raise(vm, EXC_IndexError, "tuple index out of range");
        return value_retain(t->items[i]);
    }
    if (!value_has_layout(key, LAYOUT_SLICE)) return error_type(vm, "tuple indices must be integers or slices, not %T", key);
    int64_t start, stop, step;
    size_t count;
    if (!sequence_slice(vm, key, &t->count, &start, &stop, &step, &count)) return VALUE_ERROR;
    return tuple_slice(vm, t, start, step, count);
}

static int64_t tuple_length(Vm *vm, Value self) {
    (void)vm;
    return (int64_t)value_tuple(self)->count;
}

static int tuple_contains(Vm *vm, Value self, Value item) {
    Tuple *t = value_tuple(self);
    for (size_t i = 0; i < t->count; i++) {
        int equal = value_equal(vm, t->items[i], item);
        if (equal != 0) return equal;
    }
    return 0;
}

static Value tuple_concat(Vm *vm, Value left, Value right) {
    if (!value_is_tuple(right)) return error_type(vm, "can only concatenate tuple (not \"%T\") to tuple", right);
    Tuple *a = value_tuple(left), *b = value_tuple(right);
    if (b->count == 0 && a->head.shape->exact) return value_retain(left);
    if (a->count == 0 && b->head.shape->exact) return value_retain(right);
    Tuple *result = tuple_new(vm, a->count + b->count);
    if (!result) return VALUE_ERROR;
    for (size_t i = 0; i < a->count; i++) result->items[i] = value_retain(a->items[i]);
    for (size_t i = 0; i < b->count; i++) result->items[a->count + i] = value_retain(b->items[i]);
    tuple_track(vm, result);
    return value_from_object(result);
}

static Value tuple_repeat(Vm *vm, Value self, Value count) {
    Tuple *t = value_tuple(self);
    size_t times;
    if (!sequence_repeat(vm, count, t->count, &times)) return VALUE_ERROR;
    if ((times == 1 || t->count == 0) && t->head.shape->exact) return value_retain(self);
    Tuple *result = tuple_new(vm, t->count * times);
    if (!result) return VALUE_ERROR;
    for (size_t i = 0, j = 0; i < result->count; i++) {
        result->items[i] = value_retain(t->items[j]);
        if (++j == t->count) j = 0;
    }
    if (result->count > 0) tuple_track(vm, result);
    return value_from_object(result);
}

static Value tuple_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    if (!value_is_tuple(self) || !value_is_tuple(other)) return VALUE_NOT_IMPLEMENTED;
    Tuple *a = value_tuple(self), *b = value_tuple(other);
    size_t shorter = a->count < b->count ? a->count : b->count;
    for (size_t i = 0; i < shorter; i++) {
        int equal = value_equal(vm, a->items[i], b->items[i]);
        if (equal < 0) return VALUE_ERROR;
        if (equal) continue;
        if (op == COMPARE_EQ || op == COMPARE_NE) return value_from_bool(op == COMPARE_NE);
        return value_compare(vm, a->items[i], b->items[i], op);
    }
    return sequence_compare_lengths(a->count, b->count, op);
}

#define HASH_PRIME_1 11400714785074694791u
#define HASH_PRIME_2 14029467366897019727u
#define HASH_PRIME_5 2870177450012600261u

/* xxHash's accumulation of 64-bit lanes, as CPython uses it: the order of sets of tuples depends on it. */
static bool tuple_hash_items(Vm *vm, Tuple *t, Hash *out) {
    uint64_t sum = HASH_PRIME_5;
    for (size_t i = 0; i < t->count; i++) {
        Hash lane;
        if (!value_hash(vm, t->items[i], &lane)) return false;
        sum += (uint64_t)lane * HASH_PRIME_2;
        sum = (sum << 31 | sum >> 33) * HASH_PRIME_1;
    }
    sum += t->count ^ (HASH_PRIME_5 ^ 3527539u);
    *out = sum == UINT64_MAX ? 1546275796 : (Hash)sum;
    return true;
}

static bool tuple_hash(Vm *vm, Value self, Hash *out) {
    if (!vm_enter_c(vm, "")) return false;
    bool done = tuple_hash_items(vm, value_tuple(self), out);
    vm_leave_c(vm);
    return done;
}

static Value tuple_repr_items(Vm *vm, Tuple *t) {
    StrBuilder b;
    builder_init(&b, vm);
    builder_add_char(&b, '(');
    for (size_t i = 0; i < t->count; i++) {
        if (i > 0) builder_add_ascii(&b, ", ", 2);
        if (!sequence_add_repr(&b, t->items[i])) return VALUE_ERROR;
    }
    if (t->count == 1) builder_add_char(&b, ',');
    builder_add_char(&b, ')');
    return builder_finish(&b);
}

static Value tuple_repr(Vm *vm, Value self) {
    Tuple *t = value_tuple(self);
    if (t->count == 0) return str_format(vm, "()");
    int entered = vm_repr_enter(vm, &t->head);
    if (entered < 0) return VALUE_ERROR;
    if (entered == 0) return str_format(vm, "(...)");
    Value result = tuple_repr_items(vm, t);
    vm_repr_leave(vm, &t->head);
    return result;
}

static Value tuple_iter(Vm *vm, Value self) {
    ListIterator *it = object_new(&vm->heap, TYPE(vm, TUPLE_ITERATOR)->shape, sizeof(ListIterator));
    if (!it) return error_no_memory(vm);
    it->sequence = value_retain(self);
    it->index = 0;
    container_note(vm, it, self);
    return value_from_object(it);
}

/* --- methods --- */

static Value tuple_index_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Tuple *t = value_tuple(args[0]);
    int64_t start, stop;
    if (!sequence_bound(vm, args[2], 0, &start) || !sequence_bound(vm, args[3], INT64_MAX, &stop)) return VALUE_ERROR;
    sequence_clip(&start, &stop, (int64_t)t->count);
    for (int64_t i = start; i < stop; i++) {
        int equal = value_equal(vm, t->items[i], args[1]);
        if (equal != 0) return equal > 0 ? value_from_small(i) : VALUE_ERROR;
    }
    return error_value(vm, "tuple.index(x): x not in tuple");
}

static Value tuple_count_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Tuple *t = value_tuple(args[0]);
    int64_t count = 0;
    for (size_t i = 0; i < t->count; i++) {
        int equal = value_equal(vm, t->items[i], args[1]);
        if (equal < 0) return VALUE_ERROR;
        count += equal;
    }
    return value_from_small(count);
}

static Value tuple_getnewargs(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Tuple *t = value_tuple(args[0]);
    Tuple *copy = tuple_from_values(vm, t->items, t->count);
    return copy ? sequence_pack_take(vm, 1, value_from_object(copy)) : VALUE_ERROR;
}

static const NativeDef tuple_methods[] = {
    {"count", tuple_count_method, "($self, value, /)", "How many items equal the value.", NATIVE_METHOD},
    {"index", tuple_index_method, "($self, value, start=0, stop=sys.maxsize, /)",
     "The first index of the value in tuple[start:stop]; ValueError when it is not there.", NATIVE_METHOD},
    {"__getnewargs__", tuple_getnewargs, "($self, /)", NULL, NATIVE_METHOD},
    {"__class_getitem__", sequence_class_getitem, "($type, object, /)", "tuple[int] and the like.", NATIVE_CLASS_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};

/* --- memory management --- */

static size_t tuple_size(const Object *self) { return sizeof(Tuple) + ((const Tuple *)self)->count * sizeof(Value); }
static void tuple_visit(Object *self, VisitFn visit, void *arg) {
    Tuple *t = (Tuple *)self;
    for (size_t i = t->count; i-- > 0;) visit(t->items[i], arg); /* backwards, as list_visit */
}
/* No clear: every cycle through a tuple goes through something that can be changed, and classes' mro tuples are read to the end. */
static void tuple_free(Vm *vm, Object *self) {
    Tuple *t = (Tuple *)self;
    values_release(vm, t->items, t->count);
}

const TypeSpec tuple_spec = {
    .name = "tuple",
    .doc = "An immutable sequence: the items of the iterable, in its order; empty without one.",
    .layout = LAYOUT_TUPLE,
    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_SEQUENCE | TYPE_FLAG_MATCH_SELF | TYPE_FLAG_IMMUTABLE,
    .size = sizeof(Tuple),
    .variable_size = true,
    .ops = {.size = tuple_size, .visit = tuple_visit, .free = tuple_free},
    .slots = {.repr = tuple_repr,
              .hash = tuple_hash,
              .compare = tuple_compare,
              .iter = tuple_iter,
              .new_ = tuple_new_instance,
              .length = tuple_length,
              .get_item = tuple_get_item,
              .contains = tuple_contains,
              .concat = tuple_concat,
              .repeat = tuple_repeat},
    .new_ = {.name = "tuple", .signature = "($type, iterable=(), /)"}, /* the slot makes it */
    .methods = tuple_methods,
};
