/* The iterators of list and tuple (forwards; lists backwards too), of anything with __getitem__, and of iter(f, sentinel).
 *
 * The first three are ListIterators (vm/types/function.h): sequence and index; at the end the sequence is let go, and the
 * iterator stays at its end even if the list grows. Lists may shrink under them: the index is checked at each step. In a
 * reverse iterator index is one more than the item's that comes next.
 * To add an iterator of a sequence: a next function, a row of methods, a spec.
 */
#include "vm/types/iterators.h"

#include "vm/types/function.h"
#include "vm/types/list.h"
#include "vm/types/sequence.h"
#include "vm/types/tuple.h"

static ListIterator *iterator(Value v) { return (ListIterator *)value_object(v); }

static Value iterator_self(Vm *vm, Value self) {
    (void)vm;
    return value_retain(self);
}

/* The end is reached: VALUE_EMPTY. */
static Value iterator_end(Vm *vm, ListIterator *it) {
    value_clear(vm, &it->sequence);
    return VALUE_EMPTY;
}

/* --- steps --- */

static Value list_iterator_next(Vm *vm, Value self) {
    ListIterator *it = iterator(self);
    if (value_is_empty(it->sequence)) return VALUE_EMPTY;
    List *l = value_list(it->sequence);
    return it->index < l->count ? value_retain(l->items[it->index++]) : iterator_end(vm, it);
}

static Value list_reverse_iterator_next(Vm *vm, Value self) {
    ListIterator *it = iterator(self);
    if (value_is_empty(it->sequence)) return VALUE_EMPTY;
    List *l = value_list(it->sequence);
    return it->index > 0 && it->index <= l->count ? value_retain(l->items[--it->index]) : iterator_end(vm, it);
}

static Value tuple_iterator_next(Vm *vm, Value self) {
    ListIterator *it = iterator(self);
    if (value_is_empty(it->sequence)) return VALUE_EMPTY;
    Tuple *t = value_tuple(it->sequence);
    return it->index < t->count ? value_retain(t->items[it->index++]) : iterator_end(vm, it);
}

static Value sequence_iterator_next(Vm *vm, Value self) {
    ListIterator *it = iterator(self);
    if (value_is_empty(it->sequence)) return VALUE_EMPTY;
    Value sequence = value_retain(it->sequence);
    Value item = value_get_item(vm, sequence, value_from_small((int64_t)it->index));
    value_release(vm, sequence);
    if (!value_is_error(item)) {
        it->index++;
        return item;
    }
    if (!error_clear_if(vm, EXC_IndexError) && !error_clear_if(vm, EXC_StopIteration)) return VALUE_ERROR;
    return iterator_end(vm, it);
}

Value sequence_iterator_new(Vm *vm, Value sequence) {
    ListIterator *it = object_new(&vm->heap, TYPE(vm, SEQUENCE_ITERATOR)->shape, sizeof(ListIterator));
    if (!it) return error_no_memory(vm);
    it->sequence = value_retain(sequence);
    it->index = 0;
    container_note(vm, it, sequence);
    return value_from_object(it);
}

/* --- __length_hint__ --- */

static Value forward_length_hint(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    ListIterator *it = iterator(args[0]);
    if (value_is_empty(it->sequence)) return value_from_small(0);
    size_t count;
    sequence_items(it->sequence, &count);
    return value_from_small(it->index < count ? (int64_t)(count - it->index) : 0);
}

static Value reverse_length_hint(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    ListIterator *it = iterator(args[0]);
    if (value_is_empty(it->sequence) || value_list(it->sequence)->count < it->index) return value_from_small(0);
    return value_from_small((int64_t)it->index);
}

static Value sequence_length_hint(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    ListIterator *it = iterator(args[0]);
    if (value_is_empty(it->sequence)) return value_from_small(0);
    if (!value_type(vm, it->sequence)->slots.length) return VALUE_NOT_IMPLEMENTED;
    int64_t length = value_length(vm, it->sequence);
    if (length < 0) return VALUE_ERROR;
    return value_from_small(length > (int64_t)it->index ? length - (int64_t)it->index : 0);
}

/* --- __reduce__ and __setstate__ --- */

/* (builtin, (sequence,), index); at the end (iter, (empty,)). */
static Value iterator_reduce(Vm *vm, ListIterator *it, const char *builtin, int64_t index, bool empty_list) {
    if (!value_is_empty(it->sequence)) {
        Value arguments = sequence_pack_take(vm, 1, value_retain(it->sequence));
        if (value_is_error(arguments)) return VALUE_ERROR;
        return sequence_pack_take(vm, 3, sequence_builtin(vm, builtin), arguments, value_from_small(index));
    }
    Object *empty = empty_list ? (Object *)list_new(vm, 0) : (Object *)tuple_new(vm, 0);
    if (!empty) return VALUE_ERROR;
    Value arguments = sequence_pack_take(vm, 1, value_from_object(empty));
    if (value_is_error(arguments)) return VALUE_ERROR;
    return sequence_pack_take(vm, 2, sequence_builtin(vm, "iter"), arguments);
}

static Value list_iterator_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return iterator_reduce(vm, iterator(args[0]), "iter", (int64_t)iterator(args[0])->index, true);
}
static Value list_reverse_iterator_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return iterator_reduce(vm, iterator(args[0]), "reversed", (int64_t)iterator(args[0])->index - 1, true);
}
static Value tuple_iterator_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return iterator_reduce(vm, iterator(args[0]), "iter", (int64_t)iterator(args[0])->index, false);
}

/* Sets the index, brought into [low, high]. */
static Value iterator_set_index(Vm *vm, ListIterator *it, Value state, int64_t offset, int64_t high) {
    int64_t index;
    if (!sequence_size_argument(vm, state, &index)) return VALUE_ERROR;
    if (value_is_empty(it->sequence)) return VALUE_NONE;
    index = index < INT64_MAX ? index + offset : index;
    it->index = (size_t)(index < 0 ? 0 : index > high ? high : index);
    return VALUE_NONE;
}

static int64_t iterator_count(const ListIterator *it) {
    size_t count = 0;
    if (!value_is_empty(it->sequence)) sequence_items(it->sequence, &count);
    return (int64_t)count;
}

static Value forward_setstate(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return iterator_set_index(vm, iterator(args[0]), args[1], 0, iterator_count(iterator(args[0])));
}
static Value reverse_setstate(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return iterator_set_index(vm, iterator(args[0]), args[1], 1, iterator_count(iterator(args[0])));
}
static Value sequence_setstate(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return iterator_set_index(vm, iterator(args[0]), args[1], 0, VALUE_INT_MAX);
}

#define ITERATOR_METHODS(name, hint, reduce, setstate)                                          \
    static const NativeDef name[] = {                                                           \
        {"__length_hint__", hint, "($self, /)", "How many items are left.", NATIVE_METHOD},     \
        {"__reduce__", reduce, "($self, /)", NULL, NATIVE_METHOD},                              \
        {"__setstate__", setstate, "($self, object, /)", NULL, NATIVE_METHOD},                  \
        {NULL, NULL, NULL, NULL, NATIVE_METHOD},                                                \
    }
ITERATOR_METHODS(list_iterator_methods, forward_length_hint, list_iterator_reduce, forward_setstate);
ITERATOR_METHODS(list_reverse_iterator_methods, reverse_length_hint, list_reverse_iterator_reduce, reverse_setstate);
ITERATOR_METHODS(tuple_iterator_methods, forward_length_hint, tuple_iterator_reduce, forward_setstate);
ITERATOR_METHODS(sequence_iterator_methods, sequence_length_hint, tuple_iterator_reduce, sequence_setstate);

/* --- iter(callable, sentinel) --- */

typedef struct CallableIterator {
    Object head;
    Value callable, sentinel; /* VALUE_EMPTY both at the end */
} CallableIterator;

Value callable_iterator_new(Vm *vm, Value callable, Value sentinel) {
    CallableIterator *it = object_new(&vm->heap, TYPE(vm, CALLABLE_ITERATOR)->shape, sizeof(CallableIterator));
    if (!it) return error_no_memory(vm);
    it->callable = value_retain(callable);
    it->sentinel = value_retain(sentinel);
    object_track(&vm->heap, &it->head);
    return value_from_object(it);
}

static void callable_iterator_drop(Vm *vm, Object *self) {
    CallableIterator *it = (CallableIterator *)self;
    Value callable = it->callable, sentinel = it->sentinel;
    it->callable = it->sentinel = VALUE_EMPTY;
    value_release(vm, callable);
    value_release(vm, sentinel);
}

static Value callable_iterator_next(Vm *vm, Value self) {
    CallableIterator *it = (CallableIterator *)value_object(self);
    if (value_is_empty(it->callable)) return VALUE_EMPTY;
    Value callable = value_retain(it->callable);
    Value result = value_call0(vm, callable);
    value_release(vm, callable);
    if (value_is_error(result)) {
        if (!error_clear_if(vm, EXC_StopIteration)) return VALUE_ERROR;
        callable_iterator_drop(vm, &it->head);
        return VALUE_EMPTY;
    }
    Value sentinel = value_retain(it->sentinel);
    int equal = value_is_empty(sentinel) ? 1 : value_equal(vm, sentinel, result);
    value_release(vm, sentinel);
    if (equal == 0) return result;
    value_release(vm, result);
    if (equal < 0) return VALUE_ERROR;
    callable_iterator_drop(vm, &it->head);
    return VALUE_EMPTY;
}

static Value callable_iterator_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    CallableIterator *it = (CallableIterator *)value_object(args[0]);
    Value arguments;
    if (value_is_empty(it->callable)) {
        Tuple *empty = tuple_new(vm, 0);
        if (!empty) return VALUE_ERROR;
        arguments = sequence_pack_take(vm, 1, value_from_object(empty));
    } else {
        arguments = sequence_pack_take(vm, 2, value_retain(it->callable), value_retain(it->sentinel));
    }
    if (value_is_error(arguments)) return VALUE_ERROR;
    return sequence_pack_take(vm, 2, sequence_builtin(vm, "iter"), arguments);
}

static const NativeDef callable_iterator_methods[] = {
    {"__reduce__", callable_iterator_reduce, "($self, /)", NULL, NATIVE_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};

/* --- memory management, types --- */

static size_t iterator_size(const Object *self) {
    (void)self;
    return sizeof(ListIterator);
}
static void iterator_visit(Object *self, VisitFn visit, void *arg) { visit(((ListIterator *)self)->sequence, arg); }
static void iterator_drop(Vm *vm, Object *self) { iterator_end(vm, (ListIterator *)self); }

static size_t callable_iterator_size(const Object *self) {
    (void)self;
    return sizeof(CallableIterator);
}
static void callable_iterator_visit(Object *self, VisitFn visit, void *arg) {
    visit(((CallableIterator *)self)->callable, arg);
    visit(((CallableIterator *)self)->sentinel, arg);
}

#define ITERATOR_SPEC(spec, text, kind, step, table)                                                                        \
    const TypeSpec spec = {                                                                                                 \
        .name = text,                                                                                                       \
        .layout = kind,                                                                                                     \
        .flags = TYPE_FLAG_NO_NEW | TYPE_FLAG_IMMUTABLE,                                                                    \
        .size = sizeof(ListIterator),                                                                                       \
        .ops = {.size = iterator_size, .visit = iterator_visit, .clear = iterator_drop, .free = iterator_drop},             \
        .slots = {.iter = iterator_self, .next = step},                                                                     \
        .methods = table,                                                                                                   \
    }
ITERATOR_SPEC(list_iterator_spec, "list_iterator", LAYOUT_LIST_ITERATOR, list_iterator_next, list_iterator_methods);
ITERATOR_SPEC(list_reverse_iterator_spec, "list_reverseiterator", LAYOUT_OTHER, list_reverse_iterator_next,
              list_reverse_iterator_methods);
ITERATOR_SPEC(tuple_iterator_spec, "tuple_iterator", LAYOUT_TUPLE_ITERATOR, tuple_iterator_next, tuple_iterator_methods);
ITERATOR_SPEC(sequence_iterator_spec, "iterator", LAYOUT_OTHER, sequence_iterator_next, sequence_iterator_methods);

const TypeSpec callable_iterator_spec = {
    .name = "callable_iterator",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_NO_NEW | TYPE_FLAG_IMMUTABLE,
    .size = sizeof(CallableIterator),
    .ops = {.size = callable_iterator_size,
            .visit = callable_iterator_visit,
            .clear = callable_iterator_drop,
            .free = callable_iterator_drop},
    .slots = {.iter = iterator_self, .next = callable_iterator_next},
    .methods = callable_iterator_methods,
};
