/* Modules written in C: the registry (stdlib/modules.def) and how a module object is made of a ModuleDef. */
#ifndef MINI_VM_MODULE_H
#define MINI_VM_MODULE_H

#include "vm/type.h"

typedef enum ModuleId {
#define MODULE(id, def) MODULE_STATE_##id,
#include "stdlib/modules.def"
#undef MODULE
    MODULE_STATE_COUNT
} ModuleId;

/* What a module keeps for the VM's life: a Value, VALUE_EMPTY at first. */
#define MODULE_STATE(vm, id) ((vm)->module_states[MODULE_STATE_##id])

/* The built-in module of that name, or NULL. */
const ModuleDef *module_def_find(const char *name);
/* The i-th registered module, for sys.builtin_module_names; NULL behind the last. */
const ModuleDef *module_def_at(int i);
/* A new Module with the def's functions, initialised. It is not entered in sys.modules. */
Value module_from_def(Vm *vm, const ModuleDef *def);
/* Adds functions of a table to a module. */
bool module_add_functions(Vm *vm, Value module, const NativeDef *functions);

#endif
