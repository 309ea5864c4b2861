/* sys: the hooks that scripts may replace, in their original form. */
#include "stdlib/sys.h"

#include "vm/import.h"
#include "vm/ops.h"
#include "vm/types/codecs.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
#include "vm/types/function.h"
#include "vm/vm.h"

static Value sys_attribute_peek(Vm *vm, Str *name) {
    return value_is_module(vm->sys_module) ? dict_peek_str(vm, ((Module *)value_object(vm->sys_module))->dict, name) : VALUE_EMPTY;
}

/* --- displayhook --- */

/* Text that the stream's encoding has no characters for is written with escapes. */
static bool write_escaped(Vm *vm, Value out, Str *text) {
    Value encoded = str_encode(vm, text, "ascii", "backslashreplace");
    if (value_is_error(encoded)) return false;
    Value plain = bytes_decode(vm, value_bytes(encoded)->data, value_bytes(encoded)->length, "ascii", NULL);
    value_release(vm, encoded);
    if (value_is_error(plain)) return false;
    Value done = value_call_method(vm, out, NAME(vm, write), &plain, 1);
    value_release(vm, plain);
    if (value_is_error(done)) return false;
    value_release(vm, done);
    return true;
}

static bool write_value(Vm *vm, Value out, Value v) {
    Value text = value_repr(vm, v);
    if (value_is_error(text)) return false;
    Value done = value_call_method(vm, out, NAME(vm, write), &text, 1);
    bool ok = !value_is_error(done);
    if (ok) value_release(vm, done);
    else if (error_clear_if(vm, EXC_UnicodeEncodeError)) ok = write_escaped(vm, out, value_str_peek(text));
    value_release(vm, text);
    return ok;
}

static bool display(Vm *vm, Value out, Value v) {
    Value newline = str_format(vm, "\n");
    if (value_is_error(newline)) return false;
    Value done = write_value(vm, out, v) ? value_call_method(vm, out, NAME(vm, write), &newline, 1) : VALUE_ERROR;
    value_release(vm, newline);
    if (value_is_error(done)) return false;
    value_release(vm, done);
    return true;
}

/* builtins._ is None while the value is shown: its repr may display others. */
static Value displayhook(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (value_is_none(args[0])) return VALUE_NONE;
    if (!dict_set_str(vm, vm->builtins, NAME(vm, underscore), VALUE_NONE)) return VALUE_ERROR;
    Value out = sys_attribute_peek(vm, NAME(vm, stdout));
    if (value_is_empty(out) || value_is_none(out)) return error_raise(vm, EXC_RuntimeError, "lost sys.stdout");
    value_retain(out);
    bool ok = display(vm, out, args[0]);
    value_release(vm, out);
    return ok && dict_set_str(vm, vm->builtins, NAME(vm, underscore), args[0]) ? VALUE_NONE : VALUE_ERROR;
}

/* --- excepthook --- */

static Value excepthook(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!value_is_exception(args[1])) {
        Value text = str_format(vm, "TypeError: print_exception(): Exception expected for value, %T found\n", args[1]);
        if (value_is_error(text)) return text;
        error_write(vm, text);
        value_release(vm, text);
        return VALUE_NONE;
    }
    ExceptionObject *e = value_exception(args[1]);
    if (value_has_layout(args[2], LAYOUT_TRACEBACK) && !e->traceback) e->traceback = retain_object(value_object(args[2]));
    traceback_print(vm, args[1]);
    return VALUE_NONE;
}

/* --- unraisablehook --- */

static Value field(Vm *vm, Value args, const char *name) {
    Str *s = str_intern(vm, name, strlen(name));
    Value v = s ? value_get_attr(vm, args, s) : VALUE_ERROR;
    release_object(vm, s);
    return v;
}

static Value unraisablehook(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!vm->unraisable_type || value_type(vm, args[0]) != vm->unraisable_type)
        return error_type(vm, "sys.unraisablehook argument type must be UnraisableHookArgs");
    Value exception = field(vm, args[0], "exc_value"), message = field(vm, args[0], "err_msg"), object = field(vm, args[0], "object");
    bool ok = !value_is_error(exception) && !value_is_error(message) && !value_is_error(object);
    if (ok) error_unraisable_report(vm, exception, message, object);
    value_release(vm, exception);
    value_release(vm, message);
    value_release(vm, object);
    return ok ? VALUE_NONE : VALUE_ERROR;
}

/* --- breakpointhook --- */

/* The debugger is the module pdb, when there is one. args: *args, then **kws. */
static Value breakpointhook(Vm *vm, Value *args, int nargs) {
    Value module = import_module_ascii(vm, "pdb");
    Value set_trace = value_is_error(module) ? VALUE_ERROR : field(vm, module, "set_trace");
    value_release(vm, module);
    if (value_is_error(set_trace)) return VALUE_ERROR;
    Tuple *positional = tuple_from_values(vm, args, (size_t)nargs);
    Dict *keywords = value_is_dict(args[nargs]) ? value_dict(args[nargs]) : NULL;
    Value result = positional ? value_call_ex(vm, set_trace, positional, keywords) : VALUE_ERROR;
    release_object(vm, positional);
    value_release(vm, set_trace);
    return result;
}

const NativeDef sys_hooks[] = {
    {"displayhook", displayhook, "($module, object, /)", "Print an object to sys.stdout and also save it in builtins._", NATIVE_METHOD},
    {"excepthook", excepthook, "($module, exctype, value, traceback, /)", "Handle an exception by displaying it with a traceback on sys.stderr.",
     NATIVE_METHOD},
    {"unraisablehook", unraisablehook, "($module, unraisable, /)", "Handle an unraisable exception.", NATIVE_METHOD},
    {"breakpointhook", breakpointhook, "($module, *args, **kws)", "This hook function is called by built-in breakpoint().", NATIVE_METHOD},
    {0},
};

bool sys_add_original_hooks(Vm *vm, Dict *dict) {
    static const char *const names[][2] = {{"__displayhook__", "displayhook"},
                                           {"__excepthook__", "excepthook"},
                                           {"__unraisablehook__", "unraisablehook"},
                                           {"__breakpointhook__", "breakpointhook"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!dict_set_ascii(vm, dict, names[i][0], dict_peek_ascii(vm, dict, names[i][1]))) return false;
    return true;
}
