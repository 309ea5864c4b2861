/* types.SimpleNamespace: an object that is nothing but its attributes. */
#ifndef MINI_VM_TYPES_SIMPLE_NAMESPACE_H
#define MINI_VM_TYPES_SIMPLE_NAMESPACE_H

#include "vm/type.h"

Value simple_namespace_new(Vm *vm);
bool simple_namespace_set(Vm *vm, Value self, const char *name, Value value);

#endif
