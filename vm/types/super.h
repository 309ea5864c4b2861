/* super without the object: for the instruction that looks up super().name. */
#ifndef MINI_VM_TYPES_SUPER_H
#define MINI_VM_TYPES_SUPER_H

#include "vm/type.h"

/* The attribute of self_type's MRO that comes behind `type`, as it stands in a dict: borrowed; VALUE_EMPTY: none. */
Value super_find(Vm *vm, Type *type, Type *self_type, Str *name);

#endif
