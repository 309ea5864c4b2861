/* builtins: what can be asked of any object. */
#include "stdlib/builtins.h"

#include "vm/frame.h"
#include "vm/ops.h"
#include "vm/types/dict.h"
#include "vm/types/frame_object.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

Value builtins_ascii(Vm *vm, Value *args, int nargs) { return (void)nargs, value_ascii(vm, args[0]); }
Value builtins_repr(Vm *vm, Value *args, int nargs) { return (void)nargs, value_repr(vm, args[0]); }
Value builtins_callable(Vm *vm, Value *args, int nargs) { return (void)nargs, value_from_bool(value_is_callable(vm, args[0])); }

static bool check_name(Vm *vm, Value name) {
    if (!value_is_str(name)) error_type(vm, "attribute name must be string, not '%T'", name);
    return value_is_str(name);
}

Value builtins_getattr(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!check_name(vm, args[1])) return VALUE_ERROR;
    if (value_is_empty(args[2])) return value_get_attr(vm, args[0], value_str_peek(args[1]));
    Value v = value_find_attr(vm, args[0], value_str_peek(args[1]));
    return value_is_empty(v) ? value_retain(args[2]) : v;
}

Value builtins_hasattr(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!check_name(vm, args[1])) return VALUE_ERROR;
    Value v = value_find_attr(vm, args[0], value_str_peek(args[1]));
    if (value_is_error(v)) return v;
    value_release(vm, v);
    return value_from_bool(!value_is_empty(v));
}

Value builtins_setattr(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!check_name(vm, args[1])) return VALUE_ERROR;
    return value_set_attr(vm, args[0], value_str_peek(args[1]), args[2]) ? VALUE_NONE : VALUE_ERROR;
}

Value builtins_delattr(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!check_name(vm, args[1])) return VALUE_ERROR;
    return value_set_attr(vm, args[0], value_str_peek(args[1]), VALUE_EMPTY) ? VALUE_NONE : VALUE_ERROR;
}

Value builtins_hash(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Hash hash;
    return value_hash(vm, args[0], &hash) ? int_from_i64(vm, hash) : VALUE_ERROR;
}

Value builtins_id(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return int_from_u64(vm, args[0].bits);
}

Value builtins_isinstance(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int is = value_isinstance(vm, args[0], args[1]);
    return is < 0 ? VALUE_ERROR : value_from_bool(is);
}

Value builtins_issubclass(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int is = value_issubclass(vm, args[0], args[1]);
    return is < 0 ? VALUE_ERROR : value_from_bool(is);
}

Value builtins_len(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int64_t length = value_length(vm, args[0]);
    return length < 0 ? VALUE_ERROR : int_from_i64(vm, length);
}

Value builtins_format(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (value_is_empty(args[1])) return value_format(vm, args[0], NULL);
    if (!value_is_str(args[1])) return error_type(vm, "format() argument 2 must be str, not %T", args[1]);
    return value_format(vm, args[0], value_str_peek(args[1]));
}

/* The names in the frame that called: sorted. */
static Value names_here(Vm *vm) {
    if (!vm->frame) return error_raise(vm, EXC_SystemError, "frame does not exist");
    FrameObject *frame = frame_object(vm, vm->frame);
    Value locals = frame ? frame_locals(vm, frame) : VALUE_ERROR;
    if (value_is_error(locals)) return locals;
    Value keys = value_is_dict(locals) ? dict_keys_list(vm, value_dict(locals)) : value_call_method(vm, locals, NAME(vm, keys), NULL, 0);
    value_release(vm, locals);
    return keys;
}

Value builtins_dir(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value names;
    if (value_is_empty(args[0])) {
        names = names_here(vm);
    } else {
        Value method = value_special(vm, args[0], NAME(vm, __dir__));
        if (value_is_error(method)) return method;
        if (value_is_empty(method)) return error_type(vm, "object does not provide __dir__");
        names = value_call0(vm, method);
        value_release(vm, method);
    }
    if (value_is_error(names)) return names;
    List *list = list_from_iterable(vm, names);
    value_release(vm, names);
    if (!list) return VALUE_ERROR;
    if (list_sort(vm, list, VALUE_NONE, false)) return value_from_object(list);
    release_object(vm, list);
    return VALUE_ERROR;
}

Value builtins_vars(Vm *vm, Value *args, int nargs) {
    if (value_is_empty(args[0])) return builtins_locals(vm, args, nargs);
    Value dict = value_find_attr(vm, args[0], NAME(vm, __dict__));
    return value_is_empty(dict) ? error_type(vm, "vars() argument must have __dict__ attribute") : dict;
}
