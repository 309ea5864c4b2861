/* What is reported without being raised: unraisable exceptions and warnings.
 *
 * Both must work at any time, also while memory is short or the VM is closing: a failure on the way makes the report shorter and is
 * dropped. Once the warnings module is imported, warnings go through it; before, CPython's default filters are applied
 * here, without the cost of that module.
 */
#include "vm/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "vm/format_error.h"
#include "vm/ops.h"
#include "vm/structseq.h"
#include "vm/types/exception.h"
#include "vm/types/set.h"
#include "vm/vm.h"

/* --- sys.stderr --- */

static Value sys_attribute_peek(Vm *vm, const char *name) {
    if (!value_is_module(vm->sys_module)) return VALUE_EMPTY;
    Dict *dict = ((Module *)value_object(vm->sys_module))->dict;
    return dict ? dict_peek_ascii(vm, dict, name) : VALUE_EMPTY;
}

static void host_write(Vm *vm, Str *text) {
    size_t length = str_utf8_length(text);
    char *utf8 = heap_alloc(&vm->heap, length + 1);
    if (!utf8) return;
    str_utf8_copy(text, utf8);
    if (vm->streams.write_err) vm->streams.write_err(vm->streams.user, utf8, length);
    heap_free(&vm->heap, utf8, length + 1);
}

void error_write(Vm *vm, Value text) {
    if (!value_is_str(text)) {
        error_clear(vm);
        return;
    }
    Value file = sys_attribute_peek(vm, "stderr");
    if (value_is_none(file)) return;
    if (!value_is_empty(file)) {
        Value done = value_call_method(vm, value_retain(file), NAME(vm, write), &text, 1);
        value_release(vm, file);
        if (!value_is_error(done)) {
            value_release(vm, done);
            return;
        }
        error_clear(vm);
    }
    host_write(vm, value_str_peek(text));
}

static void error_write_take(Vm *vm, Value text) {
    error_write(vm, text);
    if (!value_is_error(text)) value_release(vm, text);
}

/* --- unraisable exceptions --- */

/* The traceback and the exception's own line, without what it is chained to. */
static void unraisable_write_exception(Vm *vm, Value exception) {
    ExceptionObject *e = value_exception(exception);
    Value context = e->context, cause = e->cause;
    e->context = e->cause = VALUE_EMPTY;
    Value text = traceback_format(vm, exception);
    value_replace_take(vm, &e->context, context);
    value_replace_take(vm, &e->cause, cause);
    error_write_take(vm, text);
}

void error_unraisable_report(Vm *vm, Value exception, Value message, Value object) {
    bool named = value_is_str(message);
    if (!value_is_empty(object) && !value_is_none(object)) {
        Value repr = value_repr(vm, object);
        if (value_is_error(repr)) {
            error_clear(vm);
            repr = str_format(vm, "<object repr() failed>");
        }
        if (!value_is_error(repr)) {
            if (named) error_write_take(vm, str_format(vm, "%S: %S\n", message, repr));
            else error_write_take(vm, str_format(vm, "Exception ignored in: %S\n", repr));
            value_release(vm, repr);
        }
    } else if (named) {
        error_write_take(vm, str_format(vm, "%S:\n", message));
    }
    if (value_is_exception(exception)) unraisable_write_exception(vm, exception);
    error_clear(vm);
}

/* sys.UnraisableHookArgs: what a hook written in a script gets. */
static const char *const unraisable_names[] = {"exc_type", "exc_value", "exc_traceback", "err_msg", "object", NULL};
static const GetSetDef unraisable_fields[] = {
    STRUCTSEQ_FIELD(0, "exc_type", "Exception type"),
    STRUCTSEQ_FIELD(1, "exc_value", "Exception value"),
    STRUCTSEQ_FIELD(2, "exc_traceback", "Exception traceback"),
    STRUCTSEQ_FIELD(3, "err_msg", "Error message"),
    STRUCTSEQ_FIELD(4, "object", "Object causing the exception"),
    {0},
};
static const StructSeqSpec unraisable_spec = {
    STRUCTSEQ_TYPE("sys.UnraisableHookArgs", "UnraisableHookArgs\n\nType used to pass arguments to sys.unraisablehook.",
                   unraisable_fields),
    unraisable_names, 5, 5};

static Value none_or(Value v) { return value_is_empty(v) ? VALUE_NONE : value_retain(v); }

static Value unraisable_args_new(Vm *vm, Value exception, Value message, Value object) {
    if (!vm->unraisable_type) vm->unraisable_type = structseq_type_new(vm, &unraisable_spec);
    if (!vm->unraisable_type) return VALUE_ERROR;
    Traceback *traceback = value_is_exception(exception) ? value_exception(exception)->traceback : NULL;
    const Value values[] = {value_retain(value_from_object(value_type(vm, exception))), value_retain(exception),
                            traceback ? value_retain(value_from_object(traceback)) : VALUE_NONE, none_or(message), none_or(object)};
    return structseq_new_take(vm, vm->unraisable_type, values);
}

static bool is_default_hook(Value hook) {
    return value_is_native(hook) && strcmp(((NativeFunction *)value_object(hook))->def->name, "unraisablehook") == 0;
}

/* The hook has failed: its own exception is reported. */
static void unraisable_hook_failed(Vm *vm, Value hook) {
    Value exception = error_fetch(vm);
    Value message = str_format(vm, "Exception ignored in sys.unraisablehook");
    if (value_is_error(message)) error_clear(vm);
    error_unraisable_report(vm, exception, message, hook);
    if (!value_is_error(message)) value_release(vm, message);
    value_release(vm, exception);
}

static void unraisable_call_hook(Vm *vm, Value hook, Value exception, Value message, Value object) {
    Value args = unraisable_args_new(vm, exception, message, object);
    Value done = value_is_error(args) ? VALUE_ERROR : value_call1(vm, hook, args);
    if (!value_is_error(args)) value_release(vm, args);
    if (value_is_error(done)) unraisable_hook_failed(vm, hook);
    else value_release(vm, done);
}

/* message: stolen; a Str, VALUE_EMPTY, or VALUE_ERROR when making it has failed. */
static void unraisable_take(Vm *vm, Value exception, Value message, Value object) {
    if (value_is_error(message)) {
        error_clear(vm);
        message = VALUE_EMPTY;
    }
    Value hook = sys_attribute_peek(vm, "unraisablehook");
    if (value_is_empty(hook) || value_is_none(hook) || is_default_hook(hook)) {
        error_unraisable_report(vm, exception, message, object);
    } else {
        unraisable_call_hook(vm, value_retain(hook), exception, message, object);
        value_release(vm, hook);
    }
    value_release(vm, message);
    value_release(vm, exception);
}

void error_unraisable(Vm *vm, const char *where, Value object) {
    Value exception = error_fetch(vm);
    if (!value_is_empty(exception)) unraisable_take(vm, exception, where ? str_format(vm, "%s", where) : VALUE_EMPTY, object);
}

void error_unraisable_format(Vm *vm, Value object, const char *format, ...) {
    Value exception = error_fetch(vm);
    va_list args;
    if (value_is_empty(exception)) return;
    va_start(args, format);
    Value message = str_format_list(vm, format, args);
    va_end(args);
    unraisable_take(vm, exception, message, object);
}

/* --- warnings --- */

/* Whether CPython's default filters show the category when warned of from the running module. */
static bool warning_is_shown(Vm *vm, ExceptionId category) {
    switch (category) {
    case EXC_PendingDeprecationWarning:
    case EXC_ImportWarning:
    case EXC_ResourceWarning: return false;
    case EXC_DeprecationWarning: {
        Value name = vm->frame ? dict_peek_str(vm, vm->frame->globals, NAME(vm, __name__)) : VALUE_EMPTY;
        return value_is_str(name) && str_equal(value_str_peek(name), NAME(vm, __main__));
    }
    default: return true;
    }
}

/* The file's line without its indentation and end, up to `size` bytes; false: there is none. */
static bool source_line(Vm *vm, Str *filename, int line, char *out, size_t size) {
    size_t path_size;
    char *path = str_to_c(vm, filename, &path_size, true);
    if (!path) {
        error_clear(vm);
        return false;
    }
    FILE *file = fopen(path, "r");
    bool found = false;
    heap_free(&vm->heap, path, path_size);
    if (!file) return false;
    for (int at = 1; fgets(out, (int)size, file);) {
        if (at == line) {
            found = true;
            break;
        }
        at += strchr(out, '\n') != NULL;
    }
    fclose(file);
    if (!found) return false;
    size_t start = strspn(out, " \t\f");
    memmove(out, out + start, strlen(out + start) + 1);
    out[strcspn(out, "\r\n")] = 0;
    return *out != 0;
}

/* true the first time that this text is to be shown. */
static bool warning_is_new(Vm *vm, Value text) {
    if (value_is_empty(vm->warned)) {
        Set *set = set_new(vm, TYPE(vm, SET));
        if (!set) {
            error_clear(vm);
            return true;
        }
        vm->warned = value_from_object(set);
    }
    int seen = set_contains(vm, value_set(vm->warned), text);
    if (seen != 0 || !set_add(vm, value_set(vm->warned), text)) error_clear(vm);
    return seen != 1;
}

static bool warn_by_default(Vm *vm, ExceptionId category, Str *filename, int line, Value message) {
    char source[512];
    if (!warning_is_shown(vm, category)) return true;
    Value text = str_format(vm, "%U:%d: %N: %S\n", filename, line, vm->exception_types[category], message);
    if (value_is_error(text)) return false;
    if (warning_is_new(vm, text)) {
        error_write(vm, text);
        if (source_line(vm, filename, line, source, sizeof source)) error_write_take(vm, str_format(vm, "  %s\n", source));
    }
    value_release(vm, text);
    return true;
}

/* The warnings module once it is imported; borrowed, VALUE_EMPTY. */
static Value warnings_module_peek(Vm *vm) {
    return vm->modules && !vm->finalizing ? dict_peek_ascii(vm, vm->modules, "warnings") : VALUE_EMPTY;
}

/* warnings.<function>(*args): true when it did not raise. */
static bool warn_by_module(Vm *vm, Value module, const char *function, Value *args, int nargs) {
    Str *name = str_intern(vm, function, strlen(function));
    if (!name) return false;
    Value done = value_call_method(vm, value_retain(module), name, args, nargs);
    release_object(vm, name);
    value_release(vm, module);
    if (value_is_error(done)) return false;
    value_release(vm, done);
    return true;
}

bool error_warn_at(Vm *vm, ExceptionId category, Str *filename, int line, Value message) {
    Value module = warnings_module_peek(vm);
    if (!value_is_module(module)) return warn_by_default(vm, category, filename, line, message);
    Value args[4] = {message, value_from_object(vm->exception_types[category]), value_from_object(filename), value_from_small(line)};
    return warn_by_module(vm, module, "warn_explicit", args, 4);
}

static bool warn_here(Vm *vm, ExceptionId category, Value message) {
    Value module = warnings_module_peek(vm);
    if (value_is_module(module)) {
        Value args[3] = {message, value_from_object(vm->exception_types[category]), value_from_small(1)};
        return warn_by_module(vm, module, "warn", args, 3);
    }
    if (vm->frame) return warn_by_default(vm, category, vm->frame->code->filename, frame_line(vm->frame), message);
    return warn_by_default(vm, category, NAME(vm, sys), 1, message);
}

bool error_warn(Vm *vm, ExceptionId category, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Value message = str_format_list(vm, format, args);
    va_end(args);
    if (value_is_error(message)) return false;
    bool ok = warn_here(vm, category, message);
    value_release(vm, message);
    return ok;
}
