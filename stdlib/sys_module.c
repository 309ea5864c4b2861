/* The sys module: functions, the program's arguments, the paths of modules. Constants are in sys_info.c, hooks in sys_hooks.c.
 *
 * sys.modules is vm->modules, sys.argv begins as vm->main_args. The module's state (MODULE_STATE) is the Dict of registered source texts
 * (vm/source.c). To add a function: here, and a row in sys_functions. */
#include "stdlib/sys.h"

#include <stdlib.h>

#include "stdlib/io.h"
#include "vm/import_load.h"
#include "vm/module.h"
#include "vm/ops.h"
#include "vm/structseq.h"
#include "vm/types/bytes.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
#include "vm/types/frame_object.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

/* --- ending --- */

static Value sys_exit(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value type = value_from_object(vm->exception_types[EXC_SystemExit]), status = args[0], e;
    if (value_is_empty(status) || value_is_none(status)) e = value_call0(vm, type);
    else if (value_is_tuple(status)) e = value_call_ex(vm, type, value_tuple(status), NULL);
    else e = value_call1(vm, type, status);
    return error_set_take(vm, e);
}

static Value sys_is_finalizing(Vm *vm, Value *args, int nargs) {
    (void)args, (void)nargs;
    return value_from_bool(vm->finalizing);
}

/* --- exceptions --- */

static Value sys_exception(Vm *vm, Value *args, int nargs) {
    (void)args, (void)nargs;
    Value e = vm_handled_exception_peek(vm);
    return value_is_exception(e) ? value_retain(e) : VALUE_NONE;
}

static Value sys_exc_info(Vm *vm, Value *args, int nargs) {
    (void)args, (void)nargs;
    Value e = vm_handled_exception_peek(vm), type = VALUE_NONE, traceback = VALUE_NONE;
    if (value_is_exception(e)) {
        type = value_from_object(value_type(vm, e));
        if (value_exception(e)->traceback) traceback = value_from_object(value_exception(e)->traceback);
    } else {
        e = VALUE_NONE;
    }
    Tuple *t = tuple_pack(vm, 3, type, e, traceback);
    return t ? value_from_object(t) : VALUE_ERROR;
}

/* --- objects --- */

#define IMMEDIATE_COUNT 0xffffffff /* what CPython tells of objects that never die */

static Value sys_getrefcount(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return int_from_i64(vm, value_is_object(args[0]) ? value_object(args[0])->count : IMMEDIATE_COUNT);
}

static Value size_of(Vm *vm, Value v) {
    Value method = value_special(vm, v, NAME(vm, __sizeof__));
    if (value_is_empty(method)) return error_type(vm, "Type %.100T doesn't define __sizeof__", v);
    Value size = value_is_error(method) ? VALUE_ERROR : value_call0(vm, method);
    value_release(vm, method);
    if (value_is_error(size)) return VALUE_ERROR;
    int64_t n;
    bool ok = value_as_i64(vm, size, &n);
    value_release(vm, size);
    if (!ok) return VALUE_ERROR;
    return n < 0 ? error_value(vm, "__sizeof__() should return >= 0") : int_from_i64(vm, n);
}

static Value sys_getsizeof(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value size = size_of(vm, args[0]);
    if (!value_is_error(size) || value_is_empty(args[1]) || !error_clear_if(vm, EXC_TypeError)) return size;
    return value_retain(args[1]);
}

static Value sys_intern(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!value_is_str(args[0])) return error_type(vm, "intern() argument must be str, not %T", args[0]);
    if (!value_is_exact(args[0], LAYOUT_STR)) return error_type(vm, "can't intern %.400T", args[0]);
    return str_value(str_intern_take(vm, retain_object(value_str_peek(args[0]))));
}

static Value sys_is_interned(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!value_is_str(args[0])) return error_type(vm, "_is_interned() argument must be str, not %T", args[0]);
    return value_from_bool(value_str_peek(args[0])->interned);
}

static Value sys_getallocatedblocks(Vm *vm, Value *args, int nargs) {
    (void)args, (void)nargs;
    return int_from_i64(vm, (int64_t)heap_live_objects(&vm->heap));
}

/* --- frames --- */

static Frame *frame_at(Vm *vm, Value depth_value, bool *ok) {
    int depth = 0;
    *ok = value_is_empty(depth_value) || value_as_int(vm, depth_value, &depth);
    Frame *frame = vm->frame;
    while (*ok && frame && depth-- > 0) frame = frame->previous;
    return frame;
}

static Value sys_getframe(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    bool ok;
    Frame *frame = frame_at(vm, args[0], &ok);
    if (!ok) return VALUE_ERROR;
    if (!frame) return error_value(vm, "call stack is not deep enough");
    FrameObject *object = frame_object(vm, frame);
    return object ? value_retain(value_from_object(object)) : VALUE_ERROR;
}

static Value sys_getframemodulename(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    bool ok;
    Frame *frame = frame_at(vm, args[0], &ok);
    if (!ok) return VALUE_ERROR;
    Value name = frame ? dict_peek_str(vm, frame->globals, NAME(vm, __name__)) : VALUE_NONE;
    return value_is_empty(name) ? VALUE_NONE : value_retain(name);
}

/* --- limits --- */

static Value sys_getrecursionlimit(Vm *vm, Value *args, int nargs) {
    (void)args, (void)nargs;
    return value_from_small(vm->recursion_limit);
}

static Value sys_setrecursionlimit(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int limit;
    if (!value_as_int(vm, args[0], &limit)) return VALUE_ERROR;
    if (limit < 1) return error_value(vm, "recursion limit must be greater or equal than 1");
    if (vm->frame_depth >= (uint32_t)limit)
        return error_raise(vm, EXC_RecursionError, "cannot set the recursion limit to %d at the recursion depth %d: the limit is too low",
                           limit, (int)vm->frame_depth);
    vm->recursion_limit = (uint32_t)limit;
    return VALUE_NONE;
}

#define INT_DIGITS_MIN 640

static Value sys_get_int_max_str_digits(Vm *vm, Value *args, int nargs) {
    (void)args, (void)nargs;
    return value_from_small(vm->int_max_str_digits);
}

static Value sys_set_int_max_str_digits(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int digits;
    if (!value_as_int(vm, args[0], &digits)) return VALUE_ERROR;
    if (digits && digits < INT_DIGITS_MIN) return error_value(vm, "maxdigits must be 0 or larger than %d", INT_DIGITS_MIN);
    vm->int_max_str_digits = digits;
    return VALUE_NONE;
}

/* One thread runs at a time and switches where it wants: the interval is checked and forgotten. */
static Value sys_getswitchinterval(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)args, (void)nargs;
    return value_from_float(0.005);
}

static Value sys_setswitchinterval(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    double interval;
    if (!value_as_double(vm, args[0], &interval)) return VALUE_ERROR;
    return interval > 0 ? VALUE_NONE : error_value(vm, "switch interval must be strictly positive");
}

/* --- constant answers --- */

static Value sys_utf8(Vm *vm, Value *args, int nargs) {
    (void)args, (void)nargs;
    return str_value(str_from_ascii(vm, "utf-8"));
}

static Value sys_surrogateescape(Vm *vm, Value *args, int nargs) {
    (void)args, (void)nargs;
    return str_value(str_from_ascii(vm, "surrogateescape"));
}

static Value sys_none(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)args, (void)nargs;
    return VALUE_NONE;
}

static Value sys_zero(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)args, (void)nargs;
    return value_from_small(0);
}

static Value sys_true(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)args, (void)nargs;
    return VALUE_TRUE;
}

static Value sys_audit(Vm *vm, Value *args, int nargs) {
    (void)args;
    if (nargs < 1) return error_type(vm, "audit() missing 1 required positional argument: 'event'");
    return VALUE_NONE;
}

/* --- the module --- */

static const NativeDef sys_functions[] = {
    {"exit", sys_exit, "($module, status=None, /)",
     "Exit the interpreter by raising SystemExit(status).\n\nNo status or None means success; an integer is the exit status itself;\n"
     "anything else is printed, and the exit status is one.",
     NATIVE_METHOD},
    {"is_finalizing", sys_is_finalizing, "($module, /)", "Return True if the interpreter is shutting down.", NATIVE_METHOD},
    {"exception", sys_exception, "($module, /)", "Return the exception that is being handled, or None.", NATIVE_METHOD},
    {"exc_info", sys_exc_info, "($module, /)", "Return (type, value, traceback) of the exception that is being handled.", NATIVE_METHOD},
    {"getrefcount", sys_getrefcount, "($module, object, /)",
     "Return the reference count of object; it includes the argument's own reference.", NATIVE_METHOD},
    {"getsizeof", sys_getsizeof, "($module, /, object, default=None)", "Return the size of object in bytes.", NATIVE_METHOD},
    {"intern", sys_intern, "($module, string, /)", "Return the one string of this text that all users of intern() share.", NATIVE_METHOD},
    {"_is_interned", sys_is_interned, "($module, string, /)", "Return True if the given string is interned.", NATIVE_METHOD},
    {"getallocatedblocks", sys_getallocatedblocks, "($module, /)", "Return the number of live objects.", NATIVE_METHOD},
    {"_getframe", sys_getframe, "($module, depth=0, /)", "Return the frame object of a caller, the own frame for depth 0.", NATIVE_METHOD},
    {"_getframemodulename", sys_getframemodulename, "($module, /, depth=0)", "Return the name of the module of a caller.", NATIVE_METHOD},
    {"getrecursionlimit", sys_getrecursionlimit, "($module, /)", "Return the greatest depth of calls.", NATIVE_METHOD},
    {"setrecursionlimit", sys_setrecursionlimit, "($module, limit, /)", "Set the greatest depth of calls.", NATIVE_METHOD},
    {"get_int_max_str_digits", sys_get_int_max_str_digits, "($module, /)", "Return the limit of digits between int and str.", NATIVE_METHOD},
    {"set_int_max_str_digits", sys_set_int_max_str_digits, "($module, /, maxdigits)", "Set the limit of digits between int and str.", NATIVE_METHOD},
    {"getswitchinterval", sys_getswitchinterval, "($module, /)", "Return the thread switch interval in seconds.", NATIVE_METHOD},
    {"setswitchinterval", sys_setswitchinterval, "($module, interval, /)", "Set the thread switch interval in seconds.", NATIVE_METHOD},
    {"getdefaultencoding", sys_utf8, "($module, /)", "Return the default encoding of strings.", NATIVE_METHOD},
    {"getfilesystemencoding", sys_utf8, "($module, /)", "Return the encoding of file names.", NATIVE_METHOD},
    {"getfilesystemencodeerrors", sys_surrogateescape, "($module, /)", "Return the error handler of file names.", NATIVE_METHOD},
    {"gettrace", sys_none, "($module, /)", "Return the trace function: there is none.", NATIVE_METHOD},
    {"getprofile", sys_none, "($module, /)", "Return the profiling function: there is none.", NATIVE_METHOD},
    {"get_coroutine_origin_tracking_depth", sys_zero, "($module, /)", "Return the depth of origin tracking of coroutines: 0.", NATIVE_METHOD},
    {"_is_gil_enabled", sys_true, "($module, /)", "Return True: one thread of a VM runs at a time.", NATIVE_METHOD},
    {"_clear_type_cache", sys_none, "($module, /)", "Does nothing.", NATIVE_METHOD},
    {"audit", sys_audit, "($module, *args)", "Audit events are not recorded.", NATIVE_METHOD},
    {"addaudithook", sys_none, "($module, /, hook)", "Audit events are not recorded.", NATIVE_METHOD},
    {0},
};

static bool add_take(Vm *vm, Dict *dict, const char *name, void *o) {
    bool ok = o && dict_set_ascii(vm, dict, name, value_from_object(o));
    release_object(vm, o);
    return ok;
}

/* sys.argv: [''] until the host says what the arguments are. */
static bool add_arguments(Vm *vm, Dict *dict) {
    Value empty = value_from_object(NAME(vm, empty));
    if (value_is_empty(vm->main_args)) {
        List *args = list_from_values(vm, &empty, 1);
        if (!args) return false;
        vm->main_args = value_from_object(args);
    }
    return dict_set_ascii(vm, dict, "argv", vm->main_args) && add_take(vm, dict, "orig_argv", list_new(vm, 0)) &&
           add_take(vm, dict, "warnoptions", list_new(vm, 0)) && add_take(vm, dict, "_xoptions", dict_new(vm));
}

/* The folders that MINIPATH names, separated by colons. */
static bool add_environment_path(Vm *vm, List *path) {
    const char *p = getenv("MINIPATH");
    while (p && *p) {
        size_t length = strcspn(p, ":");
        Value folder = length ? bytes_decode(vm, (const uint8_t *)p, length, "utf-8", "surrogateescape") : VALUE_NONE;
        if (value_is_error(folder) || (length && !list_append_take(vm, path, folder))) return false;
        p += length + (p[length] == ':');
    }
    return true;
}

static bool add_paths(Vm *vm, Dict *dict) {
    List *path = list_new(vm, 0);
    bool ok = path && add_environment_path(vm, path);
    if (!ok) {
        release_object(vm, path);
        return false;
    }
    return add_take(vm, dict, "path", path) && add_take(vm, dict, "meta_path", list_new(vm, 0)) &&
           add_take(vm, dict, "path_hooks", list_new(vm, 0)) && add_take(vm, dict, "path_importer_cache", dict_new(vm)) &&
           dict_set_ascii(vm, dict, "modules", value_from_object(vm->modules));
}

/* __spec__ and __loader__ of the two modules that are never imported. */
static bool add_spec(Vm *vm, Value module, const char *name) {
    Str *s = str_intern(vm, name, strlen(name));
    ModuleSpec *spec = s ? module_spec_new(vm, s, MODULE_BUILTIN, NULL, NULL) : NULL;
    bool ok = spec && import_set_attributes(vm, ((Module *)value_object(module))->dict, spec);
    release_object(vm, spec);
    release_object(vm, s);
    return ok;
}

static bool sys_init(Vm *vm, Value module) {
    Dict *dict = ((Module *)value_object(module))->dict;
    if (!module_add_functions(vm, module, sys_hooks) || !sys_add_original_hooks(vm, dict)) return false;
    if (!add_arguments(vm, dict) || !add_paths(vm, dict) || !add_take(vm, dict, "executable", str_from_ascii(vm, "")) || !io_std_streams(vm, dict)) return false;
    return add_spec(vm, module, "sys") && (!value_is_module(vm->builtins_module) || add_spec(vm, vm->builtins_module, "builtins"));
}

/* Facts and functions: most scripts ask for none of them. */
static bool sys_complete(Vm *vm, Value module) {
    return module_add_functions(vm, module, sys_functions) && sys_add_info(vm, ((Module *)value_object(module))->dict);
}

const ModuleDef sys_module = {
    .name = "sys",
    .doc = "This module provides access to some objects used or maintained by the\ninterpreter and to functions that interact strongly with the interpreter.",
    .init = sys_init,
    .complete = sys_complete,
};
