/* atexit: callbacks for the end of the program. They are kept in vm->atexit_callbacks and run by vm_run_atexit. */
#include "vm/finalize.h"

#include "vm/ops.h"
#include "vm/types/dict.h"
#include "vm/types/list.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

/* args: the callback and its positional arguments, then a dict of keyword arguments or VALUE_EMPTY. */
static Value atexit_register(Vm *vm, Value *args, int nargs) {
    if (nargs < 1) return error_type(vm, "register() takes at least 1 argument (0 given)");
    if (!value_is_callable(vm, args[0])) return error_type(vm, "the first argument must be callable");
    if (value_is_empty(vm->atexit_callbacks)) {
        List *list = list_new(vm, 1);
        if (!list) return VALUE_ERROR;
        vm->atexit_callbacks = value_from_object(list);
    }
    Tuple *positional = tuple_from_values(vm, args + 1, (size_t)nargs - 1);
    if (!positional) return VALUE_ERROR;
    Value kwargs = value_is_empty(args[nargs]) ? VALUE_NONE : args[nargs];
    Tuple *entry = tuple_pack(vm, 3, args[0], value_from_object(positional), kwargs);
    release_object(vm, positional);
    if (!entry || !list_append_take(vm, value_list(vm->atexit_callbacks), value_from_object(entry))) return VALUE_ERROR;
    return value_retain(args[0]);
}

static Value atexit_unregister(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    for (size_t i = value_is_list(vm->atexit_callbacks) ? value_list(vm->atexit_callbacks)->count : 0; i-- > 0;) {
        List *list = value_list(vm->atexit_callbacks);
        if (i >= list->count) continue;
        Value entry = value_retain(list->items[i]);
        int equal = value_equal(vm, value_tuple(entry)->items[0], args[0]);
        bool there = equal > 0 && i < list->count && value_same(list->items[i], entry);
        bool ok = equal >= 0 && (!there || list_delete_range(vm, list, i, i + 1));
        value_release(vm, entry);
        if (!ok) return VALUE_ERROR;
    }
    return VALUE_NONE;
}

static Value atexit_clear(Vm *vm, Value *args, int nargs) {
    (void)args;
    (void)nargs;
    value_clear(vm, &vm->atexit_callbacks);
    return VALUE_NONE;
}

static Value atexit_ncallbacks(Vm *vm, Value *args, int nargs) {
    (void)args;
    (void)nargs;
    return value_from_small(value_is_list(vm->atexit_callbacks) ? (int64_t)value_list(vm->atexit_callbacks)->count : 0);
}

static Value atexit_run(Vm *vm, Value *args, int nargs) {
    (void)args;
    (void)nargs;
    vm_run_atexit(vm);
    return VALUE_NONE;
}

static const NativeDef atexit_functions[] = {
    {"register", atexit_register, "($module, *args, **kwargs)",
     "register(func, /, *args, **kwargs)\n--\n\nRegister a function to be executed upon normal program termination", NATIVE_METHOD},
    {"unregister", atexit_unregister, "($module, func, /)", "Unregister an exit function which was previously registered.",
     NATIVE_METHOD},
    {"_clear", atexit_clear, "($module, /)", "Clear the list of previously registered exit functions.", NATIVE_METHOD},
    {"_run_exitfuncs", atexit_run, "($module, /)", "Run all registered exit functions.", NATIVE_METHOD},
    {"_ncallbacks", atexit_ncallbacks, "($module, /)", "Return the number of registered exit functions.", NATIVE_METHOD},
    {0},
};

const ModuleDef atexit_module = {
    .name = "atexit",
    .doc = "allow programmer to define multiple exit functions to be executed upon normal program termination.\n\n"
           "Two public functions, register and unregister, are defined.\n",
    .functions = atexit_functions,
};
