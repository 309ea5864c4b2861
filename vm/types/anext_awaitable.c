/* What anext(iterator, default) gives: awaits the iterator's next item, and turns StopAsyncIteration into the default. */
#include "vm/types/anext_awaitable.h"

#include "vm/ops.h"
#include "vm/vm.h"

typedef struct AnextAwaitable {
    Object head;
    Value wrapped, otherwise; /* wrapped: the awaitable of __anext__() */
} AnextAwaitable;

static AnextAwaitable *self_of(Value v) { return (AnextAwaitable *)value_object(v); }

Value anext_awaitable_new(Vm *vm, Value awaitable, Value otherwise) {
    AnextAwaitable *a = object_new(&vm->heap, TYPE(vm, ANEXT_AWAITABLE)->shape, sizeof *a);
    if (!a) return error_no_memory(vm);
    a->wrapped = value_retain(awaitable);
    a->otherwise = value_retain(otherwise);
    object_track(&vm->heap, &a->head);
    return value_from_object(a);
}

/* The iterator behind the awaitable: itself, or what its __await__ gives. New. */
static Value iterator_of(Vm *vm, AnextAwaitable *a) {
    UnaryFn await = value_type(vm, a->wrapped)->slots.await;
    if (!await) return error_type(vm, "object %T can't be used in 'await' expression", a->wrapped);
    return await(vm, a->wrapped);
}

/* A step's result, with StopAsyncIteration turned into the default. */
static Value result_of(Vm *vm, AnextAwaitable *a, Value v) {
    if (!value_is_error(v) || !error_clear_if(vm, EXC_StopAsyncIteration)) return v;
    return error_stop_iteration(vm, a->otherwise);
}

/* The awaitable is driven through one iterator: it replaces the awaitable when first used. */
static bool start(Vm *vm, AnextAwaitable *a) {
    if (value_type(vm, a->wrapped)->slots.next) return true;
    Value iterator = iterator_of(vm, a);
    if (value_is_error(iterator)) return false;
    value_replace_take(vm, &a->wrapped, iterator);
    return true;
}

static Value awaitable_next(Vm *vm, Value self) {
    AnextAwaitable *a = self_of(self);
    if (!start(vm, a)) return VALUE_ERROR;
    Value v = value_type(vm, a->wrapped)->slots.next(vm, a->wrapped);
    return value_is_empty(v) ? error_stop_iteration(vm, VALUE_NONE) : result_of(vm, a, v);
}

static Value forward(Vm *vm, Value *args, int nargs, Str *name) {
    AnextAwaitable *a = self_of(args[0]);
    if (!start(vm, a)) return VALUE_ERROR;
    return result_of(vm, a, value_call_method(vm, a->wrapped, name, args + 1, nargs - 1));
}

static Value awaitable_send(Vm *vm, Value *args, int nargs) { return forward(vm, args, nargs, NAME(vm, send)); }
static Value awaitable_throw(Vm *vm, Value *args, int nargs) { return forward(vm, args, nargs, NAME(vm, throw)); }
static Value awaitable_close(Vm *vm, Value *args, int nargs) { return forward(vm, args, nargs, NAME(vm, close)); }
static Value iter_self(Vm *vm, Value self) { return (void)vm, value_retain(self); }

static size_t awaitable_size(const Object *o) {
    (void)o;
    return sizeof(AnextAwaitable);
}

static void awaitable_visit(Object *o, VisitFn visit, void *arg) {
    visit(((AnextAwaitable *)o)->wrapped, arg);
    visit(((AnextAwaitable *)o)->otherwise, arg);
}

static void awaitable_free(Vm *vm, Object *o) {
    value_release(vm, ((AnextAwaitable *)o)->wrapped);
    value_release(vm, ((AnextAwaitable *)o)->otherwise);
}

static const NativeDef awaitable_methods[] = {
    {"send", awaitable_send, "($self, value, /)", NULL, 0},
    {"throw", awaitable_throw, "($self, type, value=None, traceback=None, /)", NULL, 0},
    {"close", awaitable_close, "($self, /)", NULL, 0},
    {0}};

const TypeSpec anext_awaitable_spec = {
    .name = "anext_awaitable",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_NO_NEW,
    .size = sizeof(AnextAwaitable),
    .ops = {awaitable_size, awaitable_visit, NULL, awaitable_free, NULL},
    .slots = {.iter = iter_self, .next = awaitable_next, .await = iter_self},
    .methods = awaitable_methods,
};
