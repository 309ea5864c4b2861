/* ModuleSpec (a module's __spec__) and the loaders that stand in __loader__. */
#ifndef MINI_VM_TYPES_MODULE_SPEC_H
#define MINI_VM_TYPES_MODULE_SPEC_H

#include "vm/type.h"

typedef struct ModuleSpec {
    Object head;
    Value name, loader, origin;
    Value locations;     /* submodule_search_locations: a List for packages, else None */
    Value loader_state, cached;
    Value uninitialized; /* names of submodules being loaded: a List, or VALUE_EMPTY */
    bool has_location;   /* origin is a file */
    bool initializing;   /* the module's body is running */
} ModuleSpec;

/* What a module comes from. */
typedef enum ModuleOrigin { MODULE_BUILTIN, MODULE_FROZEN, MODULE_FILE, MODULE_NAMESPACE } ModuleOrigin;

/* A new spec with a loader. path: the file's (MODULE_FILE), else NULL. locations: of a package, else NULL. All borrowed. NULL: exception pending. */
ModuleSpec *module_spec_new(Vm *vm, Str *name, ModuleOrigin origin, Str *path, List *locations);
/* A module's __spec__ when it is one of these: borrowed; NULL. */
ModuleSpec *module_spec_peek(Vm *vm, Value module);
/* "a.b" of "a.b.c"; the name itself for a package. New; NULL: exception pending. */
Str *module_spec_parent(Vm *vm, ModuleSpec *spec);

#endif
