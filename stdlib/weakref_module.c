/* _weakref: the types and the few functions of the weakref module that need the table of weak references. The rest is
 * stdlib/weakref.mini. */
#include "vm/types/weakref.h"

#include "vm/ops.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/list.h"
#include "vm/vm.h"

static Value weakref_proxy(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return weakproxy_new(vm, args[0], args[1]);
}

static Value weakref_getweakrefcount(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    size_t count = value_is_object(args[0]) ? weakref_count(&vm->heap, value_object(args[0])) : 0;
    return value_from_small((int64_t)count);
}

static Value weakref_getweakrefs(Vm *vm, Value *args, int nargs) {
    List *list = list_new(vm, 0);
    size_t position = 0;
    (void)nargs;
    if (!list || !value_is_object(args[0])) return list ? value_from_object(list) : VALUE_ERROR;
    for (Weakref *r; (r = weakref_next(&vm->heap, value_object(args[0]), &position));) {
        if (list_append(vm, list, value_from_object(r))) continue;
        release_object(vm, list);
        return VALUE_ERROR;
    }
    return value_from_object(list);
}

/* Atomically removes key from the dict when the reference there is dead: the callbacks of weak dicts. */
static Value weakref_remove_dead(Vm *vm, Value *args, int nargs) {
    Value found;
    (void)nargs;
    if (!value_is_dict(args[0])) return error_type(vm, "_remove_dead_weakref() argument 1 must be dict, not %T", args[0]);
    if (!dict_find(vm, value_dict(args[0]), args[1], &found)) return VALUE_ERROR;
    if (value_is_empty(found)) return VALUE_NONE;
    if (!value_is_weakref(found)) {
        value_release(vm, found);
        return error_type(vm, "not a weakref");
    }
    Value target = weakref_target((Weakref *)value_object(found));
    bool dead = value_is_empty(target);
    value_release(vm, found);
    value_release(vm, target);
    if (dead && dict_delete(vm, value_dict(args[0]), args[1]) < 0) return VALUE_ERROR;
    return VALUE_NONE;
}

static const NativeDef weakref_functions[] = {
    {"proxy", weakref_proxy, "($module, object, callback=None, /)",
     "Create a proxy object that weakly references 'object'.\n\n'callback', if given, is called with a reference to the\n"
     "proxy when 'object' is about to be finalized.",
     NATIVE_METHOD},
    {"getweakrefcount", weakref_getweakrefcount, "($module, object, /)", "Return the number of weak references to 'object'.",
     NATIVE_METHOD},
    {"getweakrefs", weakref_getweakrefs, "($module, object, /)", "Return a list of all weak reference objects pointing to 'object'.",
     NATIVE_METHOD},
    {"_remove_dead_weakref", weakref_remove_dead, "($module, dct, key, /)",
     "Atomically remove key from dict if it points to a dead weakref.", NATIVE_METHOD},
    {0},
};

static bool weakref_init(Vm *vm, Value module) {
    Dict *dict = ((Module *)value_object(module))->dict;
    Value ref = value_from_object(TYPE(vm, WEAKREF));
    return dict_set_ascii(vm, dict, "ref", ref) && dict_set_ascii(vm, dict, "ReferenceType", ref) &&
           dict_set_ascii(vm, dict, "ProxyType", value_from_object(TYPE(vm, WEAKPROXY))) &&
           dict_set_ascii(vm, dict, "CallableProxyType", value_from_object(TYPE(vm, WEAKCALLABLEPROXY)));
}

const ModuleDef weakref_module = {
    .name = "_weakref",
    .doc = "Weak-reference support module.",
    .functions = weakref_functions,
    .init = weakref_init,
};
