/* Generators and coroutines: functions whose frame can be put aside.
 *
 * While suspended, a generator owns its registers (Generator.registers) and its place in the code (pc). Resuming moves the registers
 * onto the stack and pushes a frame; YIELD moves them back. FOR_ITER and SEND push the frame in the running loop (kind
 * RETURN_GENERATOR, RETURN_SEND); next(), send() and the like run a loop of their own (RETURN_TO_C).
 *
 * Invariants: function is NULL once finished; registers hold no pointers unless created or suspended. Async generators add
 * vm/types/async_generator.c. */
#include "vm/types/generator.h"

#include "vm/loop.h"
#include "vm/types/exception.h"
#include "vm/types/str.h"

static const char *kind_name(const Generator *g) {
    if (g->code->flags & CODE_COROUTINE) return "coroutine";
    return g->code->flags & CODE_ASYNC_GENERATOR ? "async generator" : "generator";
}

static Type *generator_type(Vm *vm, const Code *code) {
    if (code->flags & CODE_COROUTINE) return TYPE(vm, COROUTINE);
    return code->flags & CODE_ASYNC_GENERATOR ? TYPE(vm, ASYNC_GENERATOR) : TYPE(vm, GENERATOR);
}

Value generator_from_frame(Vm *vm, Frame *frame) {
    Code *code = frame->code;
    Generator *g = object_new(&vm->heap, generator_type(vm, code)->shape, sizeof(Generator) + code->register_count * sizeof(Value));
    if (!g) return error_no_memory(vm);
    g->function = frame->function;
    g->code = retain_object(code);
    g->frame = frame->object;
    g->pc = frame->pc;
    g->exc_state = (ExcState){.handled = VALUE_EMPTY};
    g->name = retain_object(frame->function->name);
    g->qualname = retain_object(frame->function->qualname);
    g->origin = VALUE_EMPTY;
    g->state = GENERATOR_CREATED;
    g->kind = g->closing = g->ag_running = 0;
    g->send_register = 0;
    g->register_count = code->register_count;
    for (uint32_t i = 0; i < code->register_count; i++) {
        g->registers[i] = i < code->local_count || code->far_local_count ? frame->registers[i] : VALUE_EMPTY;
        frame->registers[i] = VALUE_EMPTY;
    }
    if (frame->object) {
        frame->object->live = NULL;
        frame->object->generator = g;
        frame->object = NULL;
    }
    frame->generator = g; /* the function is the generator's now */
    frame_leave(vm, frame, 0);
    object_track(&vm->heap, &g->head);
    return value_from_object(g);
}

static Frame *push_failed(Vm *vm, Value sent) {
    value_release(vm, sent);
    return NULL;
}

static void frame_resume(Vm *vm, Generator *g, Frame *frame) {
    frame->generator = g;
    frame->object = g->frame;
    frame->pc = g->pc;
    g->frame = NULL;
    if (frame->object) {
        frame->object->live = frame;
        frame->object->generator = NULL;
    }
    g->exc_state.previous = vm->exc_state;
    vm->exc_state = &g->exc_state;
}

Frame *generator_push(Vm *vm, Generator *g, Value sent, Value *result, FrameReturn kind) {
    StackChunk *restore = vm->stack;
    uint32_t count = g->code->register_count;
    Value *place = stack_reserve(restore, vm, stack_top(vm), count, 0);
    if (!place) return push_failed(vm, sent);
    Frame *frame = frame_push(vm, retain_object(g->function), place, 0, result, kind, restore);
    if (!frame) return push_failed(vm, sent);
    g->function->head.count--; /* the frame borrows it from the generator */
    for (uint32_t i = 0; i < count; i++) {
        place[i] = g->registers[i];
        g->registers[i] = VALUE_EMPTY;
    }
    frame_resume(vm, g, frame);
    if (g->state == GENERATOR_CREATED) value_release(vm, sent);
    else if (!value_is_empty(sent)) value_replace_take(vm, &place[g->send_register], sent); /* empty: an exception is thrown in */
    g->state = GENERATOR_RUNNING;
    return frame;
}

void generator_suspend(Vm *vm, Frame *frame, uint32_t send_register) {
    Generator *g = frame->generator;
    for (uint32_t i = 0; i < frame->code->register_count; i++) {
        g->registers[i] = frame->registers[i];
        frame->registers[i] = VALUE_EMPTY;
    }
    g->pc = frame->pc;
    g->send_register = (uint8_t)send_register;
    g->state = GENERATOR_SUSPENDED;
    g->frame = frame->object;
    if (g->frame) {
        g->frame->live = NULL;
        g->frame->generator = g;
        frame->object = NULL;
    }
    vm->exc_state = g->exc_state.previous;
    g->exc_state.previous = NULL;
    frame_leave(vm, frame, 0);
}

void generator_finish(Vm *vm, Generator *g) {
    g->state = GENERATOR_FINISHED;
    vm->exc_state = g->exc_state.previous;
    g->exc_state.previous = NULL;
    Function *function = g->function;
    g->function = NULL;
    value_clear(vm, &g->exc_state.handled);
    release_object(vm, function);
}

void generator_convert_stop(Vm *vm, Generator *g) {
    bool is_async = g->code->flags & CODE_ASYNC_GENERATOR;
    bool stop = error_matches(vm, EXC_StopIteration);
    if (!stop && !(is_async && error_matches(vm, EXC_StopAsyncIteration))) return;
    Value cause = error_fetch(vm);
    error_raise(vm, EXC_RuntimeError, "%s raised %s", kind_name(g), stop ? "StopIteration" : "StopAsyncIteration");
    ExceptionObject *e = value_exception(vm->exception);
    value_replace_take(vm, &e->context, value_retain(cause));
    value_replace_take(vm, &e->cause, cause);
    e->suppress_context = true;
}

static Value error_state(Vm *vm, Generator *g) {
    if (g->state == GENERATOR_RUNNING) return error_value(vm, "%s already executing", kind_name(g));
    return error_raise(vm, EXC_RuntimeError, "cannot reuse already awaited coroutine");
}

/* Ends a generator that has not started or whose body will not be run again. */
static void generator_drop(Vm *vm, Generator *g) {
    g->state = GENERATOR_FINISHED;
    for (uint32_t i = 0; i < g->register_count; i++) value_clear(vm, &g->registers[i]);
    value_clear(vm, &g->exc_state.handled);
    Function *function = g->function;
    FrameObject *frame = g->frame;
    g->function = NULL;
    g->frame = NULL;
    if (frame) frame->generator = NULL;
    release_object(vm, frame);
    release_object(vm, function);
}

/* The pending exception is raised at the generator's yield (or at its start). */
static Value throw_into(Vm *vm, Generator *g) {
    Value exception = error_fetch(vm);
    Frame *frame = generator_push(vm, g, VALUE_EMPTY, NULL, RETURN_TO_C);
    if (!frame) {
        value_release(vm, exception);
        return VALUE_ERROR;
    }
    if (value_is_empty(g->exc_state.handled)) error_restore_take(vm, exception);
    else error_set_take(vm, exception); /* raised while the generator handles another one: that is its context */
    return vm_run_raising(vm);
}

Value generator_resume(Vm *vm, Generator *g, Value sent, bool throwing, bool *finished) {
    *finished = false;
    if (g->state == GENERATOR_RUNNING || (g->state == GENERATOR_FINISHED && !throwing && g->code->flags & CODE_COROUTINE)) {
        if (throwing) error_clear(vm);
        return error_state(vm, g);
    }
    if (g->state == GENERATOR_FINISHED) {
        *finished = true;
        return throwing ? VALUE_ERROR : VALUE_NONE;
    }
    if (g->state == GENERATOR_CREATED && !throwing && !value_is_none(sent))
        return error_type(vm, "can't send non-None value to a just-started %s", kind_name(g));
    if (!vm_enter_c(vm, "")) return VALUE_ERROR;
    retain_object(g);
    Value v = VALUE_ERROR;
    if (throwing) v = throw_into(vm, g);
    else if (generator_push(vm, g, value_retain(sent), NULL, RETURN_TO_C)) v = vm_run(vm);
    *finished = g->state == GENERATOR_FINISHED;
    release_object(vm, g);
    vm_leave_c(vm);
    return v;
}

/* For C code and FOR_ITER: the value returned is of no interest. */
static Value generator_next(Vm *vm, Value self) {
    bool finished;
    Value v = generator_resume(vm, (Generator *)value_object(self), VALUE_NONE, false, &finished);
    if (value_is_error(v) || !finished) return v;
    value_release(vm, v);
    return VALUE_EMPTY;
}

/* Result of send() and throw(): StopIteration when the body has returned. */
static Value sent_result(Vm *vm, Value v, bool finished) {
    if (value_is_error(v) || !finished) return v;
    error_stop_iteration(vm, v);
    value_release(vm, v);
    return VALUE_ERROR;
}

Value generator_send(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    bool finished;
    Value v = generator_resume(vm, (Generator *)value_object(args[0]), args[1], false, &finished);
    return sent_result(vm, v, finished);
}

/* next(g), g.__next__(): like send(None). */
Value generator_next_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    bool finished;
    Value v = generator_resume(vm, (Generator *)value_object(args[0]), VALUE_NONE, false, &finished);
    return sent_result(vm, v, finished);
}

/* close() of what a generator delegates to: false with an exception pending. */
static bool delegate_close(Vm *vm, Value delegate) {
    if (value_is_generator(delegate)) {
        Value v = generator_close(vm, (Generator *)value_object(delegate));
        value_release(vm, v);
        return !value_is_error(v);
    }
    Value method = value_find_attr(vm, delegate, NAME(vm, close));
    if (value_is_error(method)) return false;
    if (value_is_empty(method)) return true;
    Value v = value_call0(vm, method);
    value_release(vm, method);
    if (value_is_error(v)) return false;
    value_release(vm, v);
    return true;
}

Value generator_close(Vm *vm, Generator *g) {
    if (g->state == GENERATOR_RUNNING) return error_state(vm, g);
    if (g->state == GENERATOR_CREATED) g->state = GENERATOR_FINISHED; /* its arguments live as long as itself, as in CPython */
    if (g->state == GENERATOR_FINISHED) return VALUE_NONE;
    Value delegate = value_retain(generator_delegate_peek(g));
    bool ok = value_is_empty(delegate) || delegate_close(vm, delegate);
    value_release(vm, delegate);
    if (ok) error_raise_value(vm, value_from_object(vm->exception_types[EXC_GeneratorExit]), VALUE_EMPTY);
    bool finished;
    Value v = generator_resume(vm, g, VALUE_NONE, true, &finished);
    if (!value_is_error(v)) {
        if (finished) return v;
        value_release(vm, v);
        return error_raise(vm, EXC_RuntimeError, "%s ignored GeneratorExit", kind_name(g));
    }
    if (error_clear_if(vm, EXC_GeneratorExit) || error_clear_if(vm, EXC_StopIteration)) return VALUE_NONE;
    return VALUE_ERROR;
}

static Value generator_close_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return generator_close(vm, (Generator *)value_object(args[0]));
}

/* Sets the exception that throw(type, value, traceback) or throw(exception) means. */
bool generator_set_thrown(Vm *vm, Value type, Value value, Value traceback) {
    if (!value_is_empty(traceback) && !value_is_none(traceback) && !value_has_layout(traceback, LAYOUT_TRACEBACK)) {
        error_type(vm, "throw() third argument must be a traceback object");
        return false;
    }
    Value exception;
    if (value_is_exception(type)) {
        if (!value_is_empty(value) && !value_is_none(value)) {
            error_type(vm, "instance exception may not have a separate value");
            return false;
        }
        exception = value_retain(type);
    } else if (value_has_layout(type, LAYOUT_TYPE) && type_is_subtype((Type *)value_object(type), vm->exception_types[EXC_BaseException])) {
        if (!value_is_empty(value) && value_is_instance(vm, value, (Type *)value_object(type))) exception = value_retain(value);
        else if (value_is_empty(value) || value_is_none(value)) exception = value_call0(vm, type);
        else if (value_is_tuple(value)) exception = value_call_ex(vm, type, value_tuple(value), NULL);
        else exception = value_call1(vm, type, value);
        if (value_is_error(exception)) return false;
    } else {
        error_type(vm, "exceptions must be classes or instances deriving from BaseException, not %T", type);
        return false;
    }
    if (value_has_layout(traceback, LAYOUT_TRACEBACK)) {
        Traceback *old = value_exception(exception)->traceback;
        value_exception(exception)->traceback = retain_object(value_object(traceback));
        release_object(vm, old);
    }
    error_restore_take(vm, exception);
    return true;
}

/* throw() goes to the innermost generator of a chain of delegations. VALUE_EMPTY: the delegate has ended or none takes it: the pending exception is
 * for g itself. */
static Value throw_to_delegate(Vm *vm, Generator *g, Value delegate) {
    if (error_matches(vm, EXC_GeneratorExit)) {
        Value exit = error_fetch(vm);
        bool ok = delegate_close(vm, delegate);
        if (ok) error_restore_take(vm, exit);
        else value_release(vm, exit);
        return VALUE_EMPTY;
    }
    Value v;
    Value exception = error_fetch(vm);
    g->state = GENERATOR_RUNNING;
    Value method = value_find_attr(vm, delegate, NAME(vm, throw));
    if (value_is_error(method)) v = VALUE_ERROR;
    else if (value_is_empty(method)) v = VALUE_EMPTY;
    else v = value_call1(vm, method, exception);
    g->state = GENERATOR_SUSPENDED;
    value_release(vm, method);
    if (value_is_empty(v)) error_restore_take(vm, exception);
    else value_release(vm, exception);
    return v;
}

/* The delegate returned: the generator goes on behind its SEND with the value. */
static void delegation_ended(Vm *vm, Generator *g) {
    const Instr *send = g->pc + 1 + ((int32_t)g->pc[0] >> 8);
    value_clear(vm, &g->registers[INSTR_A(*send)]);
    g->send_register = INSTR_B(*send);
    g->pc = send + 2 + (int32_t)send[1];
    value_clear(vm, &g->registers[g->send_register]);
}

Value generator_throw(Vm *vm, Generator *g, bool *finished) {
    *finished = false;
    if (g->state == GENERATOR_RUNNING) {
        error_clear(vm);
        return error_state(vm, g);
    }
    Value delegate = value_retain(generator_delegate_peek(g));
    if (value_is_empty(delegate)) return generator_resume(vm, g, VALUE_NONE, true, finished);
    Value v = throw_to_delegate(vm, g, delegate);
    value_release(vm, delegate);
    if (value_is_empty(v)) return generator_resume(vm, g, VALUE_NONE, true, finished);
    if (!value_is_error(v)) return v;
    if (!error_matches(vm, EXC_StopIteration)) return generator_resume(vm, g, VALUE_NONE, true, finished);
    Value stop = error_fetch(vm);
    Value returned = value_retain(value_exception(stop)->extra[EXTRA_STOP_VALUE]);
    value_release(vm, stop);
    delegation_ended(vm, g);
    v = generator_resume(vm, g, value_is_empty(returned) ? VALUE_NONE : returned, false, finished);
    value_release(vm, returned);
    return v;
}

Value generator_throw_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    bool finished;
    if (!generator_set_thrown(vm, args[1], args[2], args[3])) return VALUE_ERROR;
    Value v = generator_throw(vm, (Generator *)value_object(args[0]), &finished);
    return sent_result(vm, v, finished);
}

bool generator_needs_close(const Object *o) {
    const Generator *g = (const Generator *)o;
    return g->state == GENERATOR_SUSPENDED || (g->state == GENERATOR_CREATED && g->code->flags & CODE_COROUTINE);
}

void generator_finalize(Vm *vm, Object *o) {
    Generator *g = (Generator *)o;
    if (g->state == GENERATOR_CREATED) {
        error_warn(vm, EXC_RuntimeWarning, "coroutine '%U' was never awaited", g->qualname);
        error_clear(vm);
        return;
    }
    Value v = generator_close(vm, g);
    if (value_is_error(v)) error_unraisable(vm, NULL, value_from_object(o));
    value_release(vm, v);
}

/* --- memory --- */

static size_t generator_size(const Object *o) { return sizeof(Generator) + ((const Generator *)o)->code->register_count * sizeof(Value); }

static void generator_visit(Object *o, VisitFn visit, void *arg) {
    Generator *g = (Generator *)o;
    visit(value_from_object(g->code), arg);
    visit(value_from_object(g->name), arg);
    visit(value_from_object(g->qualname), arg);
    visit(g->origin, arg);
    visit(g->exc_state.handled, arg);
    if (g->function) visit(value_from_object(g->function), arg);
    if (g->frame) visit(value_from_object(g->frame), arg);
    if (g->state == GENERATOR_RUNNING) return;
    for (uint32_t i = 0; i < g->register_count; i++) visit(g->registers[i], arg);
}

static void generator_clear(Vm *vm, Object *o) {
    Generator *g = (Generator *)o;
    if (g->state != GENERATOR_RUNNING && g->function) generator_drop(vm, g); /* function NULL: nothing is left */
}

static void generator_free(Vm *vm, Object *o) {
    Generator *g = (Generator *)o;
    if (g->function) generator_drop(vm, g);
    FrameObject *frame = g->frame;
    g->frame = NULL;
    if (frame) frame->generator = NULL;
    release_object(vm, frame);
    value_release(vm, g->origin);
    release_object(vm, g->code);
    release_object(vm, g->name);
    release_object(vm, g->qualname);
}

const ObjectOps generator_ops = {.size = generator_size, .visit = generator_visit, .clear = generator_clear, .free = generator_free};

/* --- attributes --- */

static Value generator_repr(Vm *vm, Value self) {
    Generator *g = (Generator *)value_object(self);
    const char *kind = g->code->flags & CODE_ASYNC_GENERATOR ? "async_generator" : kind_name(g);
    return str_format(vm, "<%s object %U at %p>", kind, g->qualname, (void *)g);
}

static Value iter_self(Vm *vm, Value self) {
    (void)vm;
    return value_retain(self);
}

static Value get_running(Vm *vm, Value self) {
    (void)vm;
    return value_from_bool(((Generator *)value_object(self))->state == GENERATOR_RUNNING);
}

static Value get_suspended(Vm *vm, Value self) {
    (void)vm;
    return value_from_bool(((Generator *)value_object(self))->state == GENERATOR_SUSPENDED);
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

static Value get_delegate(Vm *vm, Value self) {
    (void)vm;
    Value v = generator_delegate_peek((Generator *)value_object(self));
    return value_is_empty(v) ? VALUE_NONE : value_retain(v);
}

static Value get_name(Vm *vm, Value self) {
    (void)vm;
    return value_retain(value_from_object(((Generator *)value_object(self))->name));
}

static Value get_qualname(Vm *vm, Value self) {
    (void)vm;
    return value_retain(value_from_object(((Generator *)value_object(self))->qualname));
}

static bool set_text(Vm *vm, Str **place, Value value, const char *what) {
    if (!value_is_str(value)) {
        error_type(vm, "%s must be set to a string object", what);
        return false;
    }
    Str *old = *place;
    *place = retain_object(value_object(value));
    release_object(vm, old);
    return true;
}

static bool set_name(Vm *vm, Value self, Value value) {
    return set_text(vm, &((Generator *)value_object(self))->name, value, "__name__");
}

static bool set_qualname(Vm *vm, Value self, Value value) {
    return set_text(vm, &((Generator *)value_object(self))->qualname, value, "__qualname__");
}

static Value get_origin(Vm *vm, Value self) {
    (void)vm;
    (void)self;
    return VALUE_NONE;
}

#define COMMON_METHODS \
    {"send", generator_send, "($self, value, /)", "Resumes with a value; the next value yielded, or StopIteration.", 0}, \
        {"throw", generator_throw_method, "($self, type, value=None, traceback=None, /)", "Raises an exception at the yield.", 0}, \
        {"close", generator_close_method, "($self, /)", "Raises GeneratorExit at the yield.", 0}

static const NativeDef generator_methods[] = {
    COMMON_METHODS, {"__next__", generator_next_method, "($self, /)", "Implement next(self).", 0}, {0}};
static const NativeDef coroutine_methods[] = {COMMON_METHODS, {0}};

static const GetSetDef generator_getset[] = {
    {"__name__", get_name, set_name, "name of the generator"},
    {"__qualname__", get_qualname, set_qualname, "qualified name of the generator"},
    {"gi_running", get_running, NULL, NULL},
    {"gi_suspended", get_suspended, NULL, NULL},
    {"gi_frame", get_frame, NULL, NULL},
    {"gi_code", get_code, NULL, NULL},
    {"gi_yieldfrom", get_delegate, NULL, "object being iterated by yield from, or None"},
    {0}};

const TypeSpec generator_spec = {
    .name = "generator",
    .layout = LAYOUT_GENERATOR,
    .flags = TYPE_FLAG_WEAKREFS | TYPE_FLAG_NO_NEW,
    .size = sizeof(Generator),
    .variable_size = true,
    .ops = {generator_size, generator_visit, generator_clear, generator_free, NULL},
    .slots = {.repr = generator_repr, .iter = iter_self, .next = generator_next},
    .methods = generator_methods,
    .getset = generator_getset,
};

static Value coroutine_await(Vm *vm, Value self) { return coroutine_wrapper_new(vm, self); }

static const GetSetDef coroutine_getset[] = {
    {"__name__", get_name, set_name, "name of the coroutine"},
    {"__qualname__", get_qualname, set_qualname, "qualified name of the coroutine"},
    {"cr_running", get_running, NULL, NULL},
    {"cr_suspended", get_suspended, NULL, NULL},
    {"cr_frame", get_frame, NULL, NULL},
    {"cr_code", get_code, NULL, NULL},
    {"cr_await", get_delegate, NULL, "object being awaited on, or None"},
    {"cr_origin", get_origin, NULL, NULL},
    {0}};

const TypeSpec coroutine_spec = {
    .name = "coroutine",
    .layout = LAYOUT_GENERATOR,
    .flags = TYPE_FLAG_WEAKREFS | TYPE_FLAG_NO_NEW,
    .size = sizeof(Generator),
    .variable_size = true,
    .ops = {generator_size, generator_visit, generator_clear, generator_free, NULL},
    .slots = {.repr = generator_repr, .await = coroutine_await},
    .methods = coroutine_methods,
    .getset = coroutine_getset,
};
