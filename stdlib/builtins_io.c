/* builtins: print, input, open, breakpoint. */
#include "stdlib/builtins.h"

#include "vm/import.h"
#include "vm/ops.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

static Value sys_attribute_peek(Vm *vm, Str *name) {
    return dict_peek_str(vm, ((Module *)value_object(vm->sys_module))->dict, name);
}

/* None or a str; *out NULL for the default. */
static bool text_option(Vm *vm, Value v, const char *name, Str **out) {
    *out = NULL;
    if (value_is_empty(v) || value_is_none(v)) return true;
    if (!value_is_str(v)) return error_type(vm, "%s must be None or a string, not %T", name, v), false;
    *out = value_str_peek(v);
    return true;
}

/* write(text), the bound method of a file. text is stolen. */
static bool write_take(Vm *vm, Value write, Value text) {
    if (value_is_error(text)) return false;
    Value result = value_call1(vm, write, text);
    value_release(vm, text);
    if (value_is_error(result)) return false;
    value_release(vm, result);
    return true;
}

static bool print_values(Vm *vm, Value write, const Value *values, int count, Str *sep, Str *end) {
    Value newline = value_from_object(vm->names[NAME_newline]), space = value_from_object(vm->names[NAME_space]);
    for (int k = 0; k < count; k++) {
        if (k && !write_take(vm, write, value_retain(sep ? value_from_object(sep) : space))) return false;
        if (!write_take(vm, write, value_str(vm, values[k]))) return false;
    }
    return write_take(vm, write, value_retain(end ? value_from_object(end) : newline));
}

/* All of one print in a single text: for the VM's own stdout, whose write does not care. */
static bool print_joined(Vm *vm, Value write, const Value *values, int count, Str *sep, Str *end) {
    if (count == 1 && !end && value_is_exact(values[0], LAYOUT_STR)) {
        Str *s = str_concat(vm, value_str_peek(values[0]), vm->names[NAME_newline]);
        return write_take(vm, write, s ? value_from_object(s) : VALUE_ERROR);
    }
    StrBuilder b;
    builder_init(&b, vm);
    for (int k = 0; k < count; k++) {
        if (k) builder_add_str(&b, sep ? sep : vm->names[NAME_space]);
        if (builder_add_value(&b, values[k])) continue;
        builder_drop(&b);
        return false;
    }
    builder_add_str(&b, end ? end : vm->names[NAME_newline]);
    return write_take(vm, write, builder_finish(&b));
}

/* "(*args, sep=' ', end='\\n', file=None, flush=False)": options at args[nargs..]. */
Value builtins_print(Vm *vm, Value *args, int nargs) {
    Str *sep, *end;
    Value file = args[nargs + 2];
    if (value_is_empty(file) || value_is_none(file)) {
        file = sys_attribute_peek(vm, NAME(vm, stdout));
        if (value_is_empty(file)) return error_raise(vm, EXC_RuntimeError, "lost sys.stdout");
        if (value_is_none(file)) return VALUE_NONE;
    }
    if (!text_option(vm, args[nargs], "sep", &sep) || !text_option(vm, args[nargs + 1], "end", &end)) return VALUE_ERROR;
    value_retain(file);
    Value write = value_get_attr(vm, file, NAME(vm, write));
    bool own = value_is_object(write) && value_is_native(write);
    bool ok = !value_is_error(write) &&
              (own ? print_joined(vm, write, args, nargs, sep, end) : print_values(vm, write, args, nargs, sep, end));
    if (!value_is_error(write)) value_release(vm, write);
    int flush = ok && !value_is_empty(args[nargs + 3]) ? value_truth(vm, args[nargs + 3]) : 0;
    if (ok && flush) {
        Value result = flush > 0 ? value_call_method(vm, file, NAME(vm, flush), NULL, 0) : VALUE_ERROR;
        ok = !value_is_error(result);
        if (ok) value_release(vm, result);
    }
    value_release(vm, file);
    return ok ? VALUE_NONE : VALUE_ERROR;
}

static bool call_ignored(Vm *vm, Value object, Str *name, Value *args, int nargs) {
    Value v = value_call_method(vm, object, name, args, nargs);
    if (value_is_error(v)) return false;
    value_release(vm, v);
    return true;
}

/* "(prompt='', /)" */
Value builtins_input(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value in = sys_attribute_peek(vm, NAME(vm, stdin)), out = sys_attribute_peek(vm, NAME(vm, stdout));
    if (value_is_empty(in) || value_is_none(in)) return error_raise(vm, EXC_RuntimeError, "input(): lost sys.stdin");
    if (value_is_empty(out) || value_is_none(out)) return error_raise(vm, EXC_RuntimeError, "input(): lost sys.stdout");
    if (!value_is_empty(args[0])) {
        Value text = value_str(vm, args[0]);
        bool ok = !value_is_error(text) && call_ignored(vm, out, NAME(vm, write), &text, 1);
        if (!value_is_error(text)) value_release(vm, text);
        if (!ok) return VALUE_ERROR;
    }
    if (!call_ignored(vm, out, NAME(vm, flush), NULL, 0)) return VALUE_ERROR;
    Value line = value_call_method(vm, in, NAME(vm, readline), NULL, 0);
    if (value_is_error(line)) return line;
    if (!value_is_str(line)) {
        value_release(vm, line);
        return error_type(vm, "object.readline() returned non-string");
    }
    Str *s = value_str_peek(line);
    if (!s->length) {
        value_release(vm, line);
        return error_raise(vm, EXC_EOFError, "EOF when reading a line");
    }
    if (str_at(s, s->length - 1) != '\n') return line;
    Str *shorter = str_substring(vm, s, 0, s->length - 1);
    value_release(vm, line);
    return shorter ? value_from_object(shorter) : VALUE_ERROR;
}

/* sys.breakpointhook(*args, **kws) */
Value builtins_breakpoint(Vm *vm, Value *args, int nargs) {
    (void)args;
    (void)nargs;
    return error_raise(vm, EXC_RuntimeError, "lost sys.breakpointhook");
}
