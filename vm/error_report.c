/* What is reported without being raised: unraisable exceptions and warnings.
 *
 * Both must work at any time, also while memory is short or the VM is closing: a failure on the way makes the report shorter and is
 * dropped. Once the warnings module is imported, warnings go through it; before, CPython's default filters are applied
 * here, without the cost of that module.
 */
#include "vm/error.h"

#include <stdarg.h>

#include "vm/format_error.h"
#include "vm/ops.h"
#include "vm/source.h"
#include "vm/structseq.h"
#include "vm/types/exception.h"
#include "vm/types/set.h"
#include "vm/vm.h"

#define TRACEBACK_REPEATS 3 /* equal entries shown */

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

/* The file's line without its indentation; false: there is none, or it is empty. New Str in *out. */
static bool source_line(Vm *vm, SourceCache *sources, Str *filename, int line, Value *out) {
    if (filename->length == 0 || str_at(filename, 0) == '<') return false;
    Text text = source_cache_line(sources, filename, line);
    while (text.length && strchr(" \t\f", *text.data)) text.data++, text.length--;
    if (!text.length) return false;
    *out = str_format(vm, "%.*s", (int)text.length, text.data);
    if (!value_is_error(*out)) return true;
    error_clear(vm);
    return false;
}

/* A traceback in its plain form: no carets, one line of source an entry. */
static void write_traceback(Vm *vm, Traceback *t) {
    SourceCache sources;
    const Code *last_code = NULL;
    int last_line = -1, same = 0;
    source_cache_init(&sources, vm);
    error_write_take(vm, str_format(vm, "Traceback (most recent call last):\n"));
    for (; t; t = t->next) {
        Code *code = t->frame->code;
        int line = traceback_line(t);
        same = code == last_code && line == last_line ? same + 1 : 0;
        last_code = code;
        last_line = line;
        if (same >= TRACEBACK_REPEATS) {
            bool ends = !t->next || t->next->frame->code != code || traceback_line(t->next) != line;
            int more = same - TRACEBACK_REPEATS + 1;
            if (ends) error_write_take(vm, str_format(vm, "  [Previous line repeated %d more time%s]\n", more, more > 1 ? "s" : ""));
            continue;
        }
        error_write_take(vm, str_format(vm, "  File \"%U\", line %d, in %U\n", code->filename, line, code->name));
        Value source;
        if (source_line(vm, &sources, code->filename, line, &source)) {
            error_write_take(vm, str_format(vm, "    %S\n", source));
            value_release(vm, source);
        }
    }
    source_cache_drop(&sources);
}

/* "module.Name: text" without what the exception is chained to. */
static void write_exception(Vm *vm, Value exception) {
    Type *type = value_type(vm, exception);
    Value module = value_get_attr(vm, value_from_object(type), NAME(vm, __module__));
    error_clear(vm);
    bool plain = value_is_str(module) && (str_equal(value_str_peek(module), NAME(vm, builtins)) ||
                                          str_equal(value_str_peek(module), NAME(vm, __main__)));
    if (!plain) error_write_take(vm, value_is_str(module) ? str_format(vm, "%S.", module) : str_format(vm, "<unknown>."));
    if (!value_is_error(module)) value_release(vm, module);
    Value text = value_str(vm, exception);
    if (value_is_error(text)) {
        error_clear(vm);
        text = str_format(vm, "<exception str() failed>");
    }
    if (value_is_error(text)) error_clear(vm);
    else if (value_str_peek(text)->length) error_write_take(vm, str_format(vm, "%S: %S\n", type->qualname, text));
    else error_write_take(vm, str_format(vm, "%S\n", type->qualname));
    value_release(vm, text);
}

static void unraisable_write_exception(Vm *vm, Value exception) {
    Traceback *traceback = value_exception(exception)->traceback;
    if (traceback) write_traceback(vm, traceback);
    write_exception(vm, exception);
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

static void write_source_line(Vm *vm, Str *filename, int line) {
    SourceCache sources;
    Value source;
    source_cache_init(&sources, vm);
    if (source_line(vm, &sources, filename, line, &source)) {
        error_write_take(vm, str_format(vm, "  %S\n", source));
        value_release(vm, source);
    }
    source_cache_drop(&sources);
}

/* repeats: also when the same has been shown before. sourced: it is about an object. */
static bool warn_by_default(Vm *vm, ExceptionId category, Str *filename, int line, Value message, bool repeats, bool sourced) {
    if (!warning_is_shown(vm, category)) return true;
    Value text = str_format(vm, "%U:%d: %N: %S\n", filename, line, vm->exception_types[category], message);
    if (value_is_error(text)) return false;
    if (repeats || warning_is_new(vm, text)) {
        error_write(vm, text);
        write_source_line(vm, filename, line);
        if (sourced)
            error_write_take(vm, str_format(vm, "%N: Enable tracemalloc to get the object allocation traceback\n",
                                            vm->exception_types[category]));
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
    if (!value_is_module(module)) return warn_by_default(vm, category, filename, line, message, true, false);
    Value args[4] = {message, value_from_object(vm->exception_types[category]), value_from_object(filename), value_from_small(line)};
    return warn_by_module(vm, module, "warn_explicit", args, 4);
}

/* source: VALUE_EMPTY: none. */
static bool warn_here(Vm *vm, ExceptionId category, Value message, Value source) {
    Value module = warnings_module_peek(vm);
    bool sourced = !value_is_empty(source);
    if (value_is_module(module)) {
        Value args[4] = {message, value_from_object(vm->exception_types[category]), value_from_small(1), source};
        return warn_by_module(vm, module, "warn", args, sourced ? 4 : 3);
    }
    Str *filename = vm->frame ? vm->frame->code->filename : NAME(vm, sys);
    int line = vm->frame ? frame_line(vm->frame) : 1;
    return warn_by_default(vm, category, filename, line, message, false, sourced);
}

bool error_warn(Vm *vm, ExceptionId category, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Value message = str_format_list(vm, format, args);
    va_end(args);
    if (value_is_error(message)) return false;
    bool ok = warn_here(vm, category, message, VALUE_EMPTY);
    value_release(vm, message);
    return ok;
}

bool error_warn_source(Vm *vm, ExceptionId category, Value source, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Value message = str_format_list(vm, format, args);
    va_end(args);
    if (value_is_error(message)) return false;
    bool ok = warn_here(vm, category, message, source);
    value_release(vm, message);
    return ok;
}
