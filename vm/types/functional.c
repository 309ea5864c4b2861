/* enumerate, zip, map, filter, reversed: iterators over other iterators. All five share one struct.
 *
 * Invariants: source is VALUE_EMPTY when there is nothing more to come. Result tuples of enumerate and zip are used again when
 * nobody else holds the last one.
 * To add one: a next function, a new function, a spec, a row in types.def.
 */
#include "vm/types/function.h"
#include "vm/types/int.h"
#include "vm/types/sequence.h"
#include "vm/types/tuple.h"

typedef struct Functional {
    Object head;
    Value source;   /* enumerate, filter: iterator; zip, map: Tuple of iterators; reversed: the sequence */
    Value function; /* map, filter: callable or None; enumerate: the next number */
    Value last;     /* enumerate, zip: the last result tuple, or VALUE_EMPTY */
    int64_t index;  /* reversed: of the next item; zip: 1 when strict */
} Functional;

#define STACK_ARGS 8

static Functional *functional(Value v) { return (Functional *)value_object(v); }

/* Steals source and function. */
static Value functional_new_take(Vm *vm, Type *type, Value source, Value function, int64_t index) {
    Functional *f = container_alloc(vm, type, sizeof(Functional));
    if (!f) {
        value_release(vm, source);
        value_release(vm, function);
        return VALUE_ERROR;
    }
    f->source = source;
    f->function = function;
    f->last = VALUE_EMPTY;
    f->index = index;
    object_track(&vm->heap, &f->head);
    return value_from_object(f);
}

/* A Tuple of iterators over args; VALUE_ERROR. */
static Value iterators_of(Vm *vm, Value *args, int count) {
    Tuple *iterators = tuple_new(vm, (size_t)count);
    if (!iterators) return VALUE_ERROR;
    for (int i = 0; i < count; i++) {
        Value it = value_iter(vm, args[i]);
        if (value_is_error(it)) {
            release_object(vm, iterators);
            return VALUE_ERROR;
        }
        iterators->items[i] = it;
    }
    if (count > 0) tuple_track(vm, iterators);
    return value_from_object(iterators);
}

/* Keywords that the type does not take are an error, but for a subclass with an __init__ of its own. */
static bool keywords_fit(Vm *vm, Type *type, TypeId id, const Tuple *kwnames) {
    if (!kwnames || kwnames->count == 0 || type->slots.init != vm->types[id]->slots.init) return true;
    error_type(vm, "%N() takes no keyword arguments", vm->types[id]);
    return false;
}

static Value functional_self(Vm *vm, Value self) {
    (void)vm;
    return value_retain(self);
}

/* --- enumerate --- */

static Value enumerate_make(Vm *vm, Type *type, Value iterable, Value start) {
    Value number = value_from_small(0);
    if (!value_is_empty(start)) {
        number = value_index(vm, start);
        if (value_is_error(number)) return VALUE_ERROR;
    }
    Value iterator = value_iter(vm, iterable);
    if (value_is_error(iterator)) {
        value_release(vm, number);
        return VALUE_ERROR;
    }
    return functional_new_take(vm, type, iterator, number, 0);
}

/* enumerate itself words its complaints otherwise than its subclasses do. */
static Value enumerate_complain(Vm *vm, Type *type, int nargs, int given) {
    bool plain = type == TYPE(vm, ENUMERATE);
    if (given > 2 && (nargs > 0 || !plain))
        return error_type(vm, "enumerate() takes at most 2 arguments (%d given)", given);
    return error_type(vm, "enumerate() missing required argument 'iterable'%s", plain ? "" : " (pos 1)");
}

static Value enumerate_new_instance(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    static const char *const names[] = {"iterable", "start"};
    bool plain = type == TYPE(vm, ENUMERATE);
    int given = nargs + (kwnames ? (int)kwnames->count : 0);
    Value slots[2] = {VALUE_EMPTY, VALUE_EMPTY};
    if (given > 2 || given == 0) return enumerate_complain(vm, type, nargs, given);
    for (int i = 0; i < nargs; i++) slots[i] = args[i];
    for (int i = nargs; i < given; i++) {
        Str *name = value_str_peek(kwnames->items[i - nargs]);
        int slot = plain && given == 1 ? 0 : str_equal_ascii(name, names[0]) ? 0 : 1;
        if (!str_equal_ascii(name, names[slot]) || !value_is_empty(slots[slot]))
            return plain ? error_type(vm, "'%U' is an invalid keyword argument for enumerate()", name)
                         : error_type(vm, "enumerate() got an unexpected keyword argument '%U'", name);
        slots[slot] = args[i];
    }
    if (value_is_empty(slots[0])) return enumerate_complain(vm, type, nargs, given);
    return enumerate_make(vm, type, slots[0], slots[1]);
}

/* The number to give now; the one after it is ready then. VALUE_ERROR. */
static Value enumerate_number(Vm *vm, Functional *f) {
    Value number = f->function, one = value_from_small(1);
    Value next = value_is_small(number) ? int_from_i64(vm, value_small(number) + 1) : int_binary(vm, BINARY_ADD, number, one);
    if (value_is_error(next)) return VALUE_ERROR;
    f->function = next;
    return number;
}

static Value enumerate_next(Vm *vm, Value self) {
    Functional *f = functional(self);
    if (value_is_empty(f->source)) return VALUE_EMPTY;
    Value item = value_next(vm, f->source);
    if (value_is_empty(item) || value_is_error(item)) return item;
    Value number = enumerate_number(vm, f);
    if (!value_is_error(number)) return tuple_pair_reuse_take(vm, &f->last, number, item);
    value_release(vm, item);
    return VALUE_ERROR;
}

static Value enumerate_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Functional *f = functional(args[0]);
    Value arguments = sequence_pack_take(vm, 2, value_retain(f->source), value_retain(f->function));
    if (value_is_error(arguments)) return VALUE_ERROR;
    return sequence_pack_take(vm, 2, value_retain(value_from_object(value_type(vm, args[0]))), arguments);
}

static const NativeDef enumerate_methods[] = {
    {"__reduce__", enumerate_reduce, "($self, /)", NULL, NATIVE_METHOD},
    {"__class_getitem__", sequence_class_getitem, "($type, object, /)", "enumerate[int] and the like.", NATIVE_CLASS_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};

/* --- zip --- */

static Value zip_make(Vm *vm, Type *type, Value *args, int nargs, int strict) {
    Value iterators = iterators_of(vm, args, nargs);
    if (value_is_error(iterators)) return VALUE_ERROR;
    return functional_new_take(vm, type, iterators, VALUE_EMPTY, strict);
}

static Value zip_new_instance(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    size_t keywords = kwnames ? kwnames->count : 0;
    if (keywords > 1) return error_type(vm, "zip() takes at most 1 keyword argument (%zu given)", keywords);
    int strict = 0;
    if (keywords == 1) {
        Str *name = value_str_peek(kwnames->items[0]);
        if (!str_equal_ascii(name, "strict")) return error_type(vm, "zip() got an unexpected keyword argument '%U'", name);
        strict = value_truth(vm, args[nargs]);
    }
    return strict < 0 ? VALUE_ERROR : zip_make(vm, type, args, nargs, strict);
}

static Value zip_mismatch(Vm *vm, size_t i, const char *how) {
    return error_value(vm, "zip() argument %zu is %s than argument%s%zu", i + 1, how, i == 1 ? " " : "s 1-", i);
}

/* Argument `ended` is exhausted: VALUE_EMPTY, or, when strict, an error unless all are. */
static Value zip_end(Vm *vm, Functional *f, size_t ended) {
    if (!f->index) return VALUE_EMPTY;
    if (ended > 0) return zip_mismatch(vm, ended, "shorter");
    Tuple *iterators = value_tuple(f->source);
    for (size_t i = 1; i < iterators->count; i++) {
        Value item = value_next(vm, iterators->items[i]);
        if (value_is_error(item)) return VALUE_ERROR;
        if (value_is_empty(item)) continue;
        value_release(vm, item);
        return zip_mismatch(vm, i, "longer");
    }
    return VALUE_EMPTY;
}

/* The tuple to fill: the last one when nobody else holds it. NULL with MemoryError. */
static Tuple *zip_result(Vm *vm, Functional *f, size_t count) {
    if (!value_is_empty(f->last)) {
        Tuple *last = value_tuple(f->last);
        if (last->head.count == 1) return retain_object(last);
    }
    Tuple *result = tuple_new(vm, count);
    if (result && value_is_empty(f->last)) f->last = value_retain(value_from_object(result));
    return result;
}

static Value zip_next(Vm *vm, Value self) {
    Functional *f = functional(self);
    if (value_is_empty(f->source)) return VALUE_EMPTY;
    Tuple *iterators = value_tuple(f->source);
    if (iterators->count == 0) return VALUE_EMPTY;
    Tuple *result = zip_result(vm, f, iterators->count);
    if (!result) return VALUE_ERROR;
    for (size_t i = 0; i < iterators->count; i++) {
        Value item = value_next(vm, iterators->items[i]);
        if (value_is_empty(item) || value_is_error(item)) {
            release_object(vm, result);
            return value_is_error(item) ? VALUE_ERROR : zip_end(vm, f, i);
        }
        container_note(vm, result, item);
        value_replace_take(vm, &result->items[i], item);
    }
    return value_from_object(result);
}

static Value zip_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Functional *f = functional(args[0]);
    Value type = value_retain(value_from_object(value_type(vm, args[0])));
    if (!f->index) return sequence_pack_take(vm, 2, type, value_retain(f->source));
    return sequence_pack_take(vm, 3, type, value_retain(f->source), VALUE_TRUE);
}

static Value zip_setstate(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int strict = value_truth(vm, args[1]);
    if (strict < 0) return VALUE_ERROR;
    functional(args[0])->index = strict;
    return VALUE_NONE;
}

static const NativeDef zip_methods[] = {
    {"__reduce__", zip_reduce, "($self, /)", NULL, NATIVE_METHOD},
    {"__setstate__", zip_setstate, "($self, object, /)", NULL, NATIVE_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};

/* --- map --- */

static Value map_new_instance(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    if (!keywords_fit(vm, type, TYPE_MAP, kwnames)) return VALUE_ERROR;
    if (nargs < 2) return error_type(vm, "map() must have at least two arguments.");
    Value iterators = iterators_of(vm, args + 1, nargs - 1);
    if (value_is_error(iterators)) return VALUE_ERROR;
    return functional_new_take(vm, type, iterators, value_retain(args[0]), 0);
}

static Value map_call(Vm *vm, Value function, Tuple *iterators, Value *items) {
    size_t count = 0;
    Value result = VALUE_EMPTY;
    while (count < iterators->count && value_is_empty(result)) {
        Value item = value_next(vm, iterators->items[count]);
        if (value_is_empty(item) || value_is_error(item)) {
            values_release(vm, items, count);
            return item;
        }
        items[count++] = item;
    }
    result = value_call(vm, function, items, (int)count, NULL);
    values_release(vm, items, count);
    return result;
}

static Value map_next(Vm *vm, Value self) {
    Functional *f = functional(self);
    if (value_is_empty(f->source)) return VALUE_EMPTY;
    Tuple *iterators = value_tuple(f->source);
    if (iterators->count == 1) {
        Value item = value_next(vm, iterators->items[0]);
        if (value_is_empty(item) || value_is_error(item)) return item;
        Value result = value_call1(vm, f->function, item);
        value_release(vm, item);
        return result;
    }
    if (iterators->count <= STACK_ARGS) {
        Value items[STACK_ARGS];
        return map_call(vm, f->function, iterators, items);
    }
    size_t size = iterators->count * sizeof(Value);
    Value *items = heap_alloc(&vm->heap, size);
    if (!items) return error_no_memory(vm);
    Value result = map_call(vm, f->function, iterators, items);
    heap_free(&vm->heap, items, size);
    return result;
}

static Value map_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Functional *f = functional(args[0]);
    Tuple *iterators = value_tuple(f->source);
    Tuple *arguments = tuple_new(vm, iterators->count + 1);
    if (!arguments) return VALUE_ERROR;
    arguments->items[0] = value_retain(f->function);
    for (size_t i = 0; i < iterators->count; i++) arguments->items[i + 1] = value_retain(iterators->items[i]);
    tuple_track(vm, arguments);
    return sequence_pack_take(vm, 2, value_retain(value_from_object(value_type(vm, args[0]))), value_from_object(arguments));
}

static const NativeDef map_methods[] = {
    {"__reduce__", map_reduce, "($self, /)", NULL, NATIVE_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};

/* --- filter --- */

static Value filter_make(Vm *vm, Type *type, Value function, Value iterable) {
    Value iterator = value_iter(vm, iterable);
    if (value_is_error(iterator)) return VALUE_ERROR;
    return functional_new_take(vm, type, iterator, value_retain(function), 0);
}

static Value filter_new_instance(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    if (!keywords_fit(vm, type, TYPE_FILTER, kwnames)) return VALUE_ERROR;
    if (nargs != 2) return error_type(vm, "filter expected 2 arguments, got %d", nargs);
    return filter_make(vm, type, args[0], args[1]);
}

/* Whether the item passes: 1, 0, -1. */
static int filter_passes(Vm *vm, Value function, Value item) {
    if (value_is_none(function) || value_same(function, value_from_object(TYPE(vm, BOOL)))) return value_truth(vm, item);
    Value verdict = value_call1(vm, function, item);
    if (value_is_error(verdict)) return -1;
    int passes = value_truth(vm, verdict);
    value_release(vm, verdict);
    return passes;
}

static Value filter_next(Vm *vm, Value self) {
    Functional *f = functional(self);
    while (!value_is_empty(f->source)) {
        Value item = value_next(vm, f->source);
        if (value_is_empty(item) || value_is_error(item)) return item;
        int passes = filter_passes(vm, f->function, item);
        if (passes > 0) return item;
        value_release(vm, item);
        if (passes < 0) return VALUE_ERROR;
    }
    return VALUE_EMPTY;
}

static Value filter_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Functional *f = functional(args[0]);
    Value arguments = sequence_pack_take(vm, 2, value_retain(f->function), value_retain(f->source));
    if (value_is_error(arguments)) return VALUE_ERROR;
    return sequence_pack_take(vm, 2, value_retain(value_from_object(value_type(vm, args[0]))), arguments);
}

static const NativeDef filter_methods[] = {
    {"__reduce__", filter_reduce, "($self, /)", NULL, NATIVE_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};

/* --- reversed --- */

static Value reversed_of_sequence(Vm *vm, Type *type, Value sequence) {
    if (value_is_dict(sequence) || !value_type(vm, sequence)->slots.get_item)
        return error_type(vm, "'%T' object is not reversible", sequence);
    int64_t length = value_length(vm, sequence);
    if (length < 0) return VALUE_ERROR;
    return functional_new_take(vm, type, value_retain(sequence), VALUE_EMPTY, length - 1);
}

static Value reversed_make(Vm *vm, Type *type, Value v) {
    if (value_is_exact(v, LAYOUT_TUPLE)) return reversed_of_sequence(vm, type, v);
    Value method = value_special(vm, v, NAME(vm, __reversed__));
    if (value_is_error(method)) return VALUE_ERROR;
    if (value_is_none(method)) return error_type(vm, "'%T' object is not reversible", v);
    if (value_is_empty(method)) return reversed_of_sequence(vm, type, v);
    Value result = value_call0(vm, method);
    value_release(vm, method);
    return result;
}

static Value reversed_new_instance(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    if (!keywords_fit(vm, type, TYPE_REVERSED, kwnames)) return VALUE_ERROR;
    if (nargs != 1) return error_type(vm, "reversed expected 1 argument, got %d", nargs);
    return reversed_make(vm, type, args[0]);
}

static Value reversed_next(Vm *vm, Value self) {
    Functional *f = functional(self);
    if (value_is_empty(f->source)) return VALUE_EMPTY;
    if (f->index >= 0) {
        Value sequence = value_retain(f->source);
        Value item = value_get_item(vm, sequence, value_from_small(f->index));
        value_release(vm, sequence);
        if (!value_is_error(item)) {
            f->index--;
            return item;
        }
        if (!error_clear_if(vm, EXC_IndexError) && !error_clear_if(vm, EXC_StopIteration)) return VALUE_ERROR;
    }
    f->index = -1;
    value_clear(vm, &f->source);
    return VALUE_EMPTY;
}

static Value reversed_length_hint(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Functional *f = functional(args[0]);
    if (value_is_empty(f->source)) return value_from_small(0);
    int64_t length = value_length(vm, f->source);
    if (length < 0) return VALUE_ERROR;
    return value_from_small(length < f->index + 1 ? 0 : f->index + 1);
}

static Value reversed_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Functional *f = functional(args[0]);
    Value type = value_retain(value_from_object(value_type(vm, args[0])));
    if (!value_is_empty(f->source))
        return sequence_pack_take(vm, 3, type, sequence_pack_take(vm, 1, value_retain(f->source)), value_from_small(f->index));
    return sequence_pack_take(vm, 2, type, sequence_pack_take(vm, 1, sequence_pack_take(vm, 0)));
}

static Value reversed_setstate(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Functional *f = functional(args[0]);
    int64_t index;
    if (!sequence_size_argument(vm, args[1], &index)) return VALUE_ERROR;
    if (value_is_empty(f->source)) return VALUE_NONE;
    int64_t length = value_length(vm, f->source);
    if (length < 0) return VALUE_ERROR;
    f->index = index < -1 ? -1 : index > length - 1 ? length - 1 : index;
    return VALUE_NONE;
}

static const NativeDef reversed_methods[] = {
    {"__length_hint__", reversed_length_hint, "($self, /)", "How many items are left.", NATIVE_METHOD},
    {"__reduce__", reversed_reduce, "($self, /)", NULL, NATIVE_METHOD},
    {"__setstate__", reversed_setstate, "($self, object, /)", NULL, NATIVE_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};

/* --- memory management, types --- */

static size_t functional_size(const Object *self) {
    (void)self;
    return sizeof(Functional);
}
static void functional_visit(Object *self, VisitFn visit, void *arg) {
    Functional *f = (Functional *)self;
    visit(f->source, arg);
    visit(f->function, arg);
    visit(f->last, arg);
}
static void functional_drop(Vm *vm, Object *self) {
    Functional *f = (Functional *)self;
    Value source = f->source, function = f->function, last = f->last;
    f->source = f->function = f->last = VALUE_EMPTY;
    value_release(vm, source);
    value_release(vm, function);
    value_release(vm, last);
}

#define FUNCTIONAL_SPEC(spec, text, parameters, about, step, make, table)                                                \
    const TypeSpec spec = {                                                                                              \
        .name = text,                                                                                                    \
        .doc = about,                                                                                                    \
        .layout = LAYOUT_OTHER,                                                                                          \
        .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_IMMUTABLE,                                                               \
        .size = sizeof(Functional),                                                                                      \
        .ops = {.size = functional_size, .visit = functional_visit, .clear = functional_drop, .free = functional_drop},  \
        .slots = {.iter = functional_self, .next = step, .new_ = make},                                                  \
        .new_ = {.name = text, .signature = parameters}, /* the slot makes it */                                         \
        .methods = table,                                                                                                \
    }
FUNCTIONAL_SPEC(enumerate_spec, "enumerate", "($type, iterable, start=0)",
                "Pairs of a running number and an item of the iterable.", enumerate_next,
                enumerate_new_instance, enumerate_methods);
FUNCTIONAL_SPEC(zip_spec, "zip", "($type, /, *iterables, strict=False)",
                "Tuples of one item from each iterable, until the shortest ends; strict:\n"
                "ValueError when they are not equally long.",
                zip_next, zip_new_instance, zip_methods);
FUNCTIONAL_SPEC(map_spec, "map", "($type, function, iterable, /, *iterables)",
                "The function's results for the items of the iterables, until the\n"
                "shortest ends.",
                map_next, map_new_instance, map_methods);
FUNCTIONAL_SPEC(filter_spec, "filter", "($type, function, iterable, /)",
                "The items for which the function is true; None: the true items.",
                filter_next, filter_new_instance, filter_methods);
FUNCTIONAL_SPEC(reversed_spec, "reversed", "($type, sequence, /)",
                "The items of the sequence, the last one first.", reversed_next,
                reversed_new_instance, reversed_methods);
