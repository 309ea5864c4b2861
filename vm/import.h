/* Imports: finding, loading and binding modules. */
#ifndef MINI_VM_IMPORT_H
#define MINI_VM_IMPORT_H

#include "vm/type.h"

/* __import__(name, globals, locals, fromlist, level): globals a Dict or VALUE_NONE, fromlist a sequence or VALUE_NONE. New. */
Value import_by_name(Vm *vm, Str *name, Value globals, Value fromlist, int level);
/* The module `name` itself (dotted: the last one), imported if need be. New. */
Value import_module(Vm *vm, Str *name);
Value import_module_ascii(Vm *vm, const char *name);
/* AttributeError: the module has no attribute `name`; says so where a circular import or a misnamed file explains it. VALUE_ERROR. */
Value import_error_attribute(Vm *vm, Value module, Str *name);
/* `-m name`: runs the module (of a package: its __main__) as __main__. false: an exception is pending. */
bool import_run_main(Vm *vm, const char *name);

#endif
