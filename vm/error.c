/* Raising: makes exceptions pending and keeps their context.
 *
 * vm->exception holds an instance from the moment of raising: there is no lazy (type, value) form. Raising while a handler runs makes the
 * exception being handled the context of the new one, as CPython's _PyErr_SetObject does. Memory running out must
 * not need memory to report: vm->memory_error is kept in reserve.
 */
#include "vm/error.h"

#include <errno.h>
#include <stdarg.h>

#include "vm/format_error.h"
#include "vm/ops.h"
#include "vm/types/exception.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

/* --- the pending exception --- */

bool error_pending(const Vm *vm) { return !value_is_empty(vm->exception); }

void error_clear(Vm *vm) { value_clear(vm, &vm->exception); }

Value error_fetch(Vm *vm) {
    Value exception = vm->exception;
    vm->exception = VALUE_EMPTY;
    return exception;
}

void error_restore_take(Vm *vm, Value exception) { value_replace_take(vm, &vm->exception, exception); }

bool error_matches(const Vm *vm, ExceptionId id) {
    return error_pending(vm) && value_is_instance(vm, vm->exception, vm->exception_types[id]);
}

bool error_clear_if(Vm *vm, ExceptionId id) {
    if (!error_matches(vm, id)) return false;
    error_clear(vm);
    return true;
}

/* --- context --- */

/* Takes `exception` out of the chain of contexts that starts at `handled`, which is to become its context: no cycles. A chain that has a
 * cycle already is followed to its beginning only (Floyd). */
static void context_unlink(Vm *vm, Value handled, Value exception) {
    Value o = handled, slow = handled;
    bool step = false;
    for (;;) {
        Value context = value_exception(o)->context;
        if (!value_is_object(context)) return;
        if (value_same(context, exception)) {
            value_clear(vm, &value_exception(o)->context);
            return;
        }
        o = context;
        if (value_same(o, slow)) return;
        if (step) slow = value_exception(slow)->context;
        step = !step;
    }
}

static void context_set(Vm *vm, Value exception) {
    Value handled = vm_handled_exception_peek(vm);
    if (!value_is_exception(handled) || value_same(handled, exception)) return;
    value_retain(handled);
    context_unlink(vm, handled, exception);
    value_replace_take(vm, &value_exception(exception)->context, handled);
}

Value error_set_take(Vm *vm, Value exception) {
    if (value_is_error(exception)) return VALUE_ERROR; /* making it failed: that is pending */
    context_set(vm, exception);
    error_restore_take(vm, exception);
    return VALUE_ERROR;
}

/* --- messages --- */

/* Raises the built-in exception with one argument, a Str (stolen) or VALUE_ERROR. */
static Value raise_message_take(Vm *vm, ExceptionId id, Value message) {
    if (value_is_error(message)) return VALUE_ERROR;
    Value exception = exception_new(vm, id, message);
    value_release(vm, message);
    return error_set_take(vm, exception);
}

#define RAISE_FORMATTED(id) \
    va_list args; \
    error_clear(vm); \
    va_start(args, format); \
    Value message = str_format_list(vm, format, args); \
    va_end(args); \
    return raise_message_take(vm, (id), message)

Value error_raise(Vm *vm, ExceptionId id, const char *format, ...) { RAISE_FORMATTED(id); }
Value error_type(Vm *vm, const char *format, ...) { RAISE_FORMATTED(EXC_TypeError); }
Value error_value(Vm *vm, const char *format, ...) { RAISE_FORMATTED(EXC_ValueError); }

Value error_key(Vm *vm, Value key) {
    error_clear(vm);
    return error_set_take(vm, exception_new(vm, EXC_KeyError, key));
}

/* Stores into one of the exception's extra values, where it has that many. */
static void extra_set(Vm *vm, Value exception, int index, Value v) {
    ExceptionObject *e = value_exception(exception);
    if (e->extra && index < e->extra_count) value_replace_take(vm, &e->extra[index], value_retain(v));
}

/* An exception whose one argument is a Str (stolen) or VALUE_ERROR. */
static Value exception_from_message_take(Vm *vm, ExceptionId id, Value message) {
    if (value_is_error(message)) return VALUE_ERROR;
    Value exception = exception_new(vm, id, message);
    value_release(vm, message);
    return exception;
}

Value error_attribute(Vm *vm, Value object, Str *name) {
    error_clear(vm);
    Value message;
    if (value_has_layout(object, LAYOUT_TYPE))
        message = str_format(vm, "type object '%.50N' has no attribute '%U'", (Type *)value_object(object), name);
    else message = str_format(vm, "'%.100T' object has no attribute '%U'", object, name);
    Value exception = exception_from_message_take(vm, EXC_AttributeError, message);
    if (value_is_error(exception)) return VALUE_ERROR;
    extra_set(vm, exception, EXTRA_NAME, value_from_object(name));
    extra_set(vm, exception, EXTRA_OBJ, object);
    return error_set_take(vm, exception);
}

Value error_name(Vm *vm, Str *name, const char *format) {
    error_clear(vm);
    Value exception = exception_from_message_take(vm, EXC_NameError, str_format(vm, format, name));
    if (value_is_error(exception)) return VALUE_ERROR;
    extra_set(vm, exception, EXTRA_NAME, value_from_object(name));
    return error_set_take(vm, exception);
}

Value error_stop_iteration(Vm *vm, Value value) {
    error_clear(vm);
    return error_set_take(vm, exception_new(vm, EXC_StopIteration, value_is_none(value) ? VALUE_EMPTY : value));
}

/* --- lack of memory --- */

/* The instance in reserve, fit for another use unless somebody still holds it. */
static Value reserve_take(Vm *vm) {
    if (!value_is_exception(vm->memory_error)) return VALUE_NONE; /* the VM is only being made */
    ExceptionObject *e = value_exception(vm->memory_error);
    if (e->head.count == 1) {
        Traceback *traceback = e->traceback;
        e->traceback = NULL;
        release_object(vm, traceback);
        value_clear(vm, &e->context);
        value_clear(vm, &e->cause);
        e->suppress_context = false;
    }
    return value_retain(vm->memory_error);
}

Value error_no_memory(Vm *vm) {
    if (vm->raising_no_memory) return VALUE_ERROR;
    vm->raising_no_memory = true;
    Value exception = value_is_exception(vm->memory_error) ? exception_new(vm, EXC_MemoryError, VALUE_EMPTY) : VALUE_ERROR;
    vm->raising_no_memory = false;
    if (value_is_error(exception)) {
        exception = reserve_take(vm);
        if (value_is_none(exception)) {
            error_restore_take(vm, exception);
            return VALUE_ERROR;
        }
    }
    return error_set_take(vm, exception);
}

/* --- OSError --- */

Value error_os(Vm *vm, int error_number, Value filename) {
    char buffer[128];
    error_clear(vm);
    Str *text = str_from_ascii(vm, strerror_r(error_number, buffer, sizeof buffer));
    if (!text) return VALUE_ERROR;
    Value args[3] = {value_from_small(error_number), value_from_object(text), filename};
    Value type = value_from_object(vm->exception_types[EXC_OSError]); /* its __new__ finds the subclass for the number */
    Value exception = value_call(vm, type, args, value_is_empty(filename) ? 2 : 3, NULL);
    release_object(vm, text);
    return error_set_take(vm, exception);
}

/* --- the raise statement --- */

static bool value_is_exception_class(const Vm *vm, Value v) {
    return value_has_layout(v, LAYOUT_TYPE) && type_is_subtype((Type *)value_object(v), vm->exception_types[EXC_BaseException]);
}

/* An instance from an instance or a class. New, or VALUE_ERROR. */
static Value exception_from(Vm *vm, Value v, const char *otherwise) {
    if (value_is_exception(v)) return value_retain(v);
    if (!value_is_exception_class(vm, v)) return error_type(vm, "%s", otherwise);
    Value made = value_call0(vm, v);
    if (value_is_error(made) || value_is_exception(made)) return made;
    error_type(vm, "calling %V should have returned an instance of BaseException, not %V", v,
               value_from_object(value_type(vm, made)));
    value_release(vm, made);
    return VALUE_ERROR;
}

Value error_raise_value(Vm *vm, Value exception, Value cause) {
    error_clear(vm);
    Value raised = exception_from(vm, exception, "exceptions must derive from BaseException");
    if (value_is_error(raised)) return VALUE_ERROR;
    if (!value_is_empty(cause)) {
        Value from = value_is_none(cause) ? VALUE_NONE : exception_from(vm, cause, "exception causes must derive from BaseException");
        if (value_is_error(from)) {
            value_release(vm, raised);
            return VALUE_ERROR;
        }
        value_replace_take(vm, &value_exception(raised)->cause, from);
        value_exception(raised)->suppress_context = true;
    }
    return error_set_take(vm, raised);
}
