/* Modules written in C.
 *
 * A module's functions are made when it is imported, its types and constants by its init function. To add a module, add a row to
 * stdlib/modules.def.
 */
#include "vm/module.h"

#include "vm/heap_hooks.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/str.h"
#include "vm/vm.h"

#define MODULE(id, def) extern const ModuleDef def;
#include "stdlib/modules.def"
#undef MODULE

static const ModuleDef *const module_defs[] = {
#define MODULE(id, def) &def,
#include "stdlib/modules.def"
#undef MODULE
    NULL,
};

int vm_module_count(void) { return MODULE_STATE_COUNT; }

const ModuleDef *module_def_at(int i) { return module_defs[i]; }

const ModuleDef *module_def_find(const char *name) {
    for (const ModuleDef *const *def = module_defs; *def; def++) {
        if (strcmp((*def)->name, name) == 0) return *def;
    }
    return NULL;
}

static bool add_function(Vm *vm, Module *module, const NativeDef *def, Value name) {
    NativeFunction *n = native_new(vm, TYPE(vm, NATIVE), def, value_from_object(module), NULL);
    if (!n) return false;
    value_replace_take(vm, &n->module, value_retain(name));
    bool ok = dict_set_str(vm, module->dict, n->name, value_from_object(n));
    release_object(vm, n);
    return ok;
}

bool module_add_functions(Vm *vm, Value module, const NativeDef *functions) {
    Module *m = (Module *)value_object(module);
    Value name = dict_peek_str(vm, m->dict, NAME(vm, __name__));
    for (const NativeDef *def = functions; def && def->name; def++) {
        if (!add_function(vm, m, def, name)) return false;
    }
    return true;
}

/* The module without its contents. */
static Value module_bare(Vm *vm, const ModuleDef *def) {
    Str *name = str_intern(vm, def->name, strlen(def->name));
    Str *doc = name && def->doc ? str_from_utf8(vm, def->doc, strlen(def->doc)) : NULL;
    Value module = VALUE_ERROR;
    if (name && (doc || !def->doc)) module = module_new(vm, name, doc ? value_from_object(doc) : VALUE_NONE);
    release_object(vm, name);
    release_object(vm, doc);
    return module;
}

Value module_from_def(Vm *vm, const ModuleDef *def) {
    Value module = module_bare(vm, def);
    if (value_is_error(module)) return VALUE_ERROR;
    ((Module *)value_object(module))->def = def;
    ((Module *)value_object(module))->incomplete = def->complete != NULL;
    if (module_add_functions(vm, module, def->functions) && (!def->init || def->init(vm, module))) return module;
    value_release(vm, module);
    return VALUE_ERROR;
}
