/* The iterator of bytearray: the array may grow and shrink meanwhile; once at the end it stays there. */
#include "vm/types/bytes.h"

#include "vm/types/bytes_internal.h"
#include "vm/types/sequence.h"

typedef struct ByteArrayIterator {
    Object head;
    ByteArray *array; /* NULL at the end */
    size_t index;
} ByteArrayIterator;

Value bytearray_iter(Vm *vm, Value self) {
    ByteArrayIterator *it = object_new(&vm->heap, TYPE(vm, BYTEARRAY_ITERATOR)->shape, sizeof *it);
    if (!it) return error_no_memory(vm);
    it->array = retain_object(value_bytearray(self));
    it->index = 0;
    if (!it->array->head.shape->exact) object_track(&vm->heap, &it->head);
    return value_from_object(it);
}

static void iterator_clear(Vm *vm, Object *self) {
    ByteArrayIterator *it = (ByteArrayIterator *)self;
    ByteArray *b = it->array;
    it->array = NULL;
    release_object(vm, b);
}

static Value iterator_next(Vm *vm, Value self) {
    ByteArrayIterator *it = (ByteArrayIterator *)value_object(self);
    if (!it->array) return VALUE_EMPTY;
    if (it->index < it->array->length) return value_from_small(it->array->data[it->index++]);
    iterator_clear(vm, &it->head);
    return VALUE_EMPTY;
}

static Value iterator_iter(Vm *vm, Value self) {
    (void)vm;
    return value_retain(self);
}

static size_t iterator_size(const Object *self) {
    (void)self;
    return sizeof(ByteArrayIterator);
}
static void iterator_visit(Object *self, VisitFn visit, void *arg) {
    ByteArrayIterator *it = (ByteArrayIterator *)self;
    if (it->array) visit(value_from_object(it->array), arg);
}

static Value iterator_length_hint(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    ByteArrayIterator *it = (ByteArrayIterator *)value_object(args[0]);
    if (!it->array || it->index >= it->array->length) return value_from_small(0);
    return value_from_small((int64_t)(it->array->length - it->index));
}

static Value iterator_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    ByteArrayIterator *it = (ByteArrayIterator *)value_object(args[0]);
    Value iter = sequence_builtin(vm, "iter");
    if (!it->array) return sequence_pack_take(vm, 2, iter, sequence_pack_take(vm, 1, sequence_pack_take(vm, 0)));
    Value argument = sequence_pack_take(vm, 1, value_retain(value_from_object(it->array)));
    return sequence_pack_take(vm, 3, iter, argument, value_from_small((int64_t)it->index));
}

static Value iterator_setstate(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    ByteArrayIterator *it = (ByteArrayIterator *)value_object(args[0]);
    int64_t index;
    if (!sequence_size_argument(vm, args[1], &index)) return VALUE_ERROR;
    if (it->array) it->index = index < 0 ? 0 : (size_t)index;
    return VALUE_NONE;
}

static const NativeDef ITERATOR_METHODS[] = {
    {"__length_hint__", iterator_length_hint, "($self, /)", "An estimate of how many items are left.", NATIVE_METHOD},
    {"__reduce__", iterator_reduce, "($self, /)", "State for pickling.", NATIVE_METHOD},
    {"__setstate__", iterator_setstate, "($self, state, /)", "Sets the state from pickling.", NATIVE_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};

const TypeSpec bytearray_iterator_spec = {
    .name = "bytearray_iterator",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_NO_NEW,
    .size = sizeof(ByteArrayIterator),
    .ops = {.size = iterator_size, .visit = iterator_visit, .clear = iterator_clear, .free = iterator_clear},
    .slots = {.iter = iterator_iter, .next = iterator_next},
    .methods = ITERATOR_METHODS,
};
