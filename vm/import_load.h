/* Loading modules: what vm/import.c and vm/import_main.c share. Private to vm/import*.c. */
#ifndef MINI_VM_IMPORT_LOAD_H
#define MINI_VM_IMPORT_LOAD_H

#include "vm/import_find.h"
#include "vm/types/module_spec.h"

/* sys.modules[name] after loading the module and its parents as needed. New. */
Value import_find_and_load(Vm *vm, Str *name);
/* sys.modules[name], borrowed; VALUE_EMPTY. */
Value import_loaded_peek(Vm *vm, Str *name);
/* A module's attribute, VALUE_EMPTY when it has none: no exception is made for plain modules. New. */
Value import_find_attr(Vm *vm, Value module, Str *name);
/* The path along which submodules of `parent` (its full name) are found: new; ModuleNotFoundError naming `name` when it is no package. */
Value import_parent_path(Vm *vm, Str *parent, Str *name);
/* ModuleNotFoundError(message, name=name); the message is stolen. */
Value import_error_not_found_take(Vm *vm, Value message, Str *name);
/* Compiles a module's source file, or a frozen module's source: a Code. */
Value import_compile_file(Vm *vm, Str *path);
Value import_compile_frozen(Vm *vm, const FrozenModule *frozen);
/* The part of a dotted name before the last dot, NULL when there is none (or, with an exception pending, no memory), and the last part. */
Str *import_parent_name(Vm *vm, Str *name);
Str *import_last_part(Vm *vm, Str *name);
/* Sets __spec__, __loader__, __package__, and where the spec has them __path__ and __file__. */
bool import_set_attributes(Vm *vm, Dict *dict, ModuleSpec *spec);

#endif
