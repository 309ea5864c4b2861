/* Async generators, and the awaitables that drive them; coroutine.__await__'s iterator.
 *
 * An async generator's body both awaits (what the event loop must see) and yields (what its consumer gets). Values of the second kind are marked
 * by ASYNC_GEN_WRAP: they travel as a Wrapped object. asend() and athrow() give awaitables that resume the body: a Wrapped value ends the
 * awaitable (StopIteration with the value inside), anything else goes on to the event loop. */
#include "vm/types/generator.h"

#include "vm/loop.h"
#include "vm/types/exception.h"
#include "vm/types/str.h"

/* --- values yielded by the body: a Method object is never seen by scripts here, so a one-item tuple subclass would do; a Cell does --- */

/* A wrapped value is a Cell: bodies cannot yield cells to their consumers unwrapped, since every yield wraps. */
Value async_generator_wrap(Vm *vm, Value v) { return cell_new(vm, v); }

typedef enum AwaitState { AWAIT_NEW, AWAIT_RUNNING, AWAIT_CLOSED } AwaitState;

/* asend(), athrow() and aclose(). */
typedef struct AsyncAwait {
    Object head;
    Generator *generator;
    Value sent;       /* asend: the value; athrow: the exception type or instance; aclose: VALUE_EMPTY */
    Value value, traceback; /* athrow's further arguments */
    uint8_t state;    /* AwaitState */
    uint8_t throws;   /* athrow or aclose */
    uint8_t is_close;
} AsyncAwait;

static AsyncAwait *await_of(Value v) { return (AsyncAwait *)value_object(v); }

static Value await_new(Vm *vm, Value generator, Value sent, bool throws, bool is_close) {
    Type *type = throws ? TYPE(vm, ASYNC_GENERATOR_ATHROW) : TYPE(vm, ASYNC_GENERATOR_ASEND);
    AsyncAwait *a = object_new(&vm->heap, type->shape, sizeof *a);
    if (!a) return error_no_memory(vm);
    a->generator = retain_object(value_object(generator));
    a->sent = value_retain(sent);
    a->value = a->traceback = VALUE_EMPTY;
    a->state = AWAIT_NEW;
    a->throws = throws;
    a->is_close = is_close;
    object_track(&vm->heap, &a->head);
    return value_from_object(a);
}

static Value error_running(Vm *vm, const AsyncAwait *a) {
    const char *what = a->is_close ? "aclose" : a->throws ? "athrow" : "asend";
    return error_raise(vm, EXC_RuntimeError, "%s(): asynchronous generator is already running", what);
}

static Value stop_async(Vm *vm) {
    return error_raise_value(vm, value_from_object(vm->exception_types[EXC_StopAsyncIteration]), VALUE_EMPTY);
}

/* What a step of the body gave: ends the awaitable, or goes on to the event loop. */
static Value await_result(Vm *vm, AsyncAwait *a, Value v, bool finished) {
    Generator *g = a->generator;
    if (value_is_error(v)) {
        g->ag_running = 0;
        a->state = AWAIT_CLOSED;
        if (a->is_close && (error_clear_if(vm, EXC_StopAsyncIteration) || error_clear_if(vm, EXC_GeneratorExit)))
            return error_stop_iteration(vm, VALUE_NONE);
        return v;
    }
    if (finished) {
        g->ag_running = 0;
        a->state = AWAIT_CLOSED;
        value_release(vm, v);
        return a->is_close ? error_stop_iteration(vm, VALUE_NONE) : stop_async(vm);
    }
    if (!value_has_layout(v, LAYOUT_CELL)) return v;
    g->ag_running = 0;
    a->state = AWAIT_CLOSED;
    if (a->is_close) {
        value_release(vm, v);
        return error_raise(vm, EXC_RuntimeError, "async generator ignored GeneratorExit");
    }
    error_stop_iteration(vm, ((Cell *)value_object(v))->content);
    value_release(vm, v);
    return VALUE_ERROR;
}

static Value await_start_throw(Vm *vm, AsyncAwait *a) {
    Generator *g = a->generator;
    bool finished;
    if (a->is_close) {
        g->closing = 1;
        error_raise_value(vm, value_from_object(vm->exception_types[EXC_GeneratorExit]), VALUE_EMPTY);
    } else if (!generator_set_thrown(vm, a->sent, a->value, a->traceback)) {
        g->ag_running = 0;
        a->state = AWAIT_CLOSED;
        return VALUE_ERROR;
    }
    Value v = generator_throw(vm, g, &finished);
    return await_result(vm, a, v, finished);
}

static Value await_send(Vm *vm, AsyncAwait *a, Value sent) {
    Generator *g = a->generator;
    bool finished;
    if (a->state == AWAIT_CLOSED)
        return error_raise(vm, EXC_RuntimeError, "cannot reuse already awaited %s",
                           a->throws ? "aclose()/athrow()" : "__anext__()/asend()");
    if (a->state == AWAIT_NEW) {
        if (g->ag_running) {
            a->state = AWAIT_CLOSED;
            return error_running(vm, a);
        }
        if (g->state == GENERATOR_FINISHED || (g->closing && !a->is_close)) {
            a->state = AWAIT_CLOSED;
            return a->is_close ? error_stop_iteration(vm, VALUE_NONE) : stop_async(vm);
        }
        if (a->throws && !value_is_none(sent))
            return error_raise(vm, EXC_RuntimeError, "can't send non-None value to a just-started async generator");
        a->state = AWAIT_RUNNING;
        g->ag_running = 1;
        if (a->throws) return await_start_throw(vm, a);
        if (value_is_none(sent)) sent = a->sent;
    }
    Value v = generator_resume(vm, g, sent, false, &finished);
    return await_result(vm, a, v, finished);
}

static Value await_next(Vm *vm, Value self) { return await_send(vm, await_of(self), VALUE_NONE); }

static Value await_send_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return await_send(vm, await_of(args[0]), args[1]);
}

static Value await_throw_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    AsyncAwait *a = await_of(args[0]);
    bool finished;
    if (a->state == AWAIT_CLOSED)
        return error_raise(vm, EXC_RuntimeError, "cannot reuse already awaited %s",
                           a->throws ? "aclose()/athrow()" : "__anext__()/asend()");
    if (!generator_set_thrown(vm, args[1], args[2], args[3])) return VALUE_ERROR;
    a->state = AWAIT_RUNNING;
    a->generator->ag_running = 1;
    Value v = generator_throw(vm, a->generator, &finished);
    return await_result(vm, a, v, finished);
}

static Value await_close_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    (void)vm;
    await_of(args[0])->state = AWAIT_CLOSED;
    return VALUE_NONE;
}

static Value iter_self(Vm *vm, Value self) {
    (void)vm;
    return value_retain(self);
}

static size_t await_size(const Object *o) {
    (void)o;
    return sizeof(AsyncAwait);
}

static void await_visit(Object *o, VisitFn visit, void *arg) {
    AsyncAwait *a = (AsyncAwait *)o;
    visit(value_from_object(a->generator), arg);
    visit(a->sent, arg);
    visit(a->value, arg);
    visit(a->traceback, arg);
}

static void await_clear(Vm *vm, Object *o) {
    AsyncAwait *a = (AsyncAwait *)o;
    value_clear(vm, &a->sent);
    value_clear(vm, &a->value);
    value_clear(vm, &a->traceback);
}

static void await_free(Vm *vm, Object *o) {
    await_clear(vm, o);
    release_object(vm, ((AsyncAwait *)o)->generator);
}

static const NativeDef await_methods[] = {
    {"send", await_send_method, "($self, value, /)", NULL, 0},
    {"throw", await_throw_method, "($self, type, value=None, traceback=None, /)", NULL, 0},
    {"close", await_close_method, "($self, /)", NULL, 0},
    {0}};

#define AWAIT_SPEC(text) \
    {.name = text, .layout = LAYOUT_OTHER, .flags = TYPE_FLAG_NO_NEW, .size = sizeof(AsyncAwait), \
     .ops = {await_size, await_visit, await_clear, await_free, NULL}, \
     .slots = {.iter = iter_self, .next = await_next, .await = iter_self}, .methods = await_methods}

const TypeSpec async_generator_asend_spec = AWAIT_SPEC("async_generator_asend");
const TypeSpec async_generator_athrow_spec = AWAIT_SPEC("async_generator_athrow");

/* --- the async generator itself --- */

static Value ag_anext(Vm *vm, Value self) { return await_new(vm, self, VALUE_NONE, false, false); }

static Value ag_asend(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return await_new(vm, args[0], args[1], false, false);
}

static Value ag_athrow(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value v = await_new(vm, args[0], args[1], true, false);
    if (value_is_error(v)) return v;
    await_of(v)->value = value_retain(args[2]);
    await_of(v)->traceback = value_retain(args[3]);
    return v;
}

static Value ag_aclose(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return await_new(vm, args[0], VALUE_EMPTY, true, true);
}

static Value ag_repr(Vm *vm, Value self) {
    Generator *g = (Generator *)value_object(self);
    return str_format(vm, "<async_generator object %U at %p>", g->qualname, (void *)g);
}

static Value get_name(Vm *vm, Value self) {
    (void)vm;
    return value_retain(value_from_object(((Generator *)value_object(self))->name));
}

static Value get_qualname(Vm *vm, Value self) {
    (void)vm;
    return value_retain(value_from_object(((Generator *)value_object(self))->qualname));
}

static Value get_running(Vm *vm, Value self) {
    (void)vm;
    return value_from_bool(((Generator *)value_object(self))->ag_running);
}

static Value get_code(Vm *vm, Value self) {
    (void)vm;
    return value_retain(value_from_object(((Generator *)value_object(self))->code));
}

static Value get_frame(Vm *vm, Value self) {
    Generator *g = (Generator *)value_object(self);
    if (g->state == GENERATOR_FINISHED) return VALUE_NONE;
    FrameObject *frame = generator_frame_object(vm, g);
    return frame ? value_retain(value_from_object(frame)) : VALUE_ERROR;
}

static Value get_await(Vm *vm, Value self) {
    (void)vm;
    Value v = generator_delegate_peek((Generator *)value_object(self));
    return value_is_empty(v) ? VALUE_NONE : value_retain(v);
}

static const NativeDef ag_methods[] = {
    {"asend", ag_asend, "($self, value, /)", "An awaitable that sends a value in; gives the next value yielded.", 0},
    {"athrow", ag_athrow, "($self, type, value=None, traceback=None, /)", "An awaitable that raises an exception at the yield.", 0},
    {"aclose", ag_aclose, "($self, /)", "An awaitable that raises GeneratorExit at the yield.", 0},
    {0}};

static const GetSetDef ag_getset[] = {
    {"__name__", get_name, NULL, NULL}, {"__qualname__", get_qualname, NULL, NULL}, {"ag_running", get_running, NULL, NULL},
    {"ag_code", get_code, NULL, NULL},  {"ag_frame", get_frame, NULL, NULL},        {"ag_await", get_await, NULL, NULL},
    {0}};

/* size and ops are the generator's (generator_ops); spelled out since a const initialiser cannot copy them. */
static size_t ag_size(const Object *o) { return generator_ops.size(o); }
static void ag_visit(Object *o, VisitFn visit, void *arg) { generator_ops.visit(o, visit, arg); }
static void ag_clear(Vm *vm, Object *o) { generator_ops.clear(vm, o); }
static void ag_free(Vm *vm, Object *o) { generator_ops.free(vm, o); }

const TypeSpec async_generator_spec = {
    .name = "async_generator",
    .layout = LAYOUT_GENERATOR,
    .flags = TYPE_FLAG_WEAKREFS | TYPE_FLAG_NO_NEW,
    .size = sizeof(Generator),
    .variable_size = true,
    .ops = {ag_size, ag_visit, ag_clear, ag_free, NULL},
    .slots = {.repr = ag_repr, .aiter = iter_self, .anext = ag_anext},
    .methods = ag_methods,
    .getset = ag_getset,
};

/* --- coroutine.__await__() --- */

typedef struct CoroutineWrapper {
    Object head;
    Generator *coroutine;
} CoroutineWrapper;

Value coroutine_wrapper_new(Vm *vm, Value coroutine) {
    CoroutineWrapper *w = object_new(&vm->heap, TYPE(vm, COROUTINE_WRAPPER)->shape, sizeof *w);
    if (!w) return error_no_memory(vm);
    w->coroutine = retain_object(value_object(coroutine));
    object_track(&vm->heap, &w->head);
    return value_from_object(w);
}

static Value wrapped(Value self) { return value_from_object(((CoroutineWrapper *)value_object(self))->coroutine); }

static Value wrapper_next(Vm *vm, Value self) {
    Value args[2] = {wrapped(self), VALUE_NONE};
    return generator_send(vm, args, 2);
}

static Value wrapper_send(Vm *vm, Value *args, int nargs) {
    Value inner[2] = {wrapped(args[0]), args[1]};
    return generator_send(vm, inner, nargs);
}

static Value wrapper_throw(Vm *vm, Value *args, int nargs) {
    Value inner[4] = {wrapped(args[0]), args[1], args[2], args[3]};
    return generator_throw_method(vm, inner, nargs);
}

static Value wrapper_close(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return generator_close(vm, (Generator *)value_object(wrapped(args[0])));
}

static size_t wrapper_size(const Object *o) {
    (void)o;
    return sizeof(CoroutineWrapper);
}

static void wrapper_visit(Object *o, VisitFn visit, void *arg) { visit(value_from_object(((CoroutineWrapper *)o)->coroutine), arg); }
static void wrapper_free(Vm *vm, Object *o) { release_object(vm, ((CoroutineWrapper *)o)->coroutine); }

static const NativeDef wrapper_methods[] = {
    {"send", wrapper_send, "($self, value, /)", NULL, 0},
    {"throw", wrapper_throw, "($self, type, value=None, traceback=None, /)", NULL, 0},
    {"close", wrapper_close, "($self, /)", NULL, 0},
    {0}};

const TypeSpec coroutine_wrapper_spec = {
    .name = "coroutine_wrapper",
    .doc = "A wrapper object implementing __await__ for coroutines.",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_NO_NEW,
    .size = sizeof(CoroutineWrapper),
    .ops = {wrapper_size, wrapper_visit, NULL, wrapper_free, NULL},
    .slots = {.iter = iter_self, .next = wrapper_next},
    .methods = wrapper_methods,
};
