/* super without the object: for the instruction that looks up super().name. */
#ifndef MINI_VM_TYPES_SUPER_H
#define MINI_VM_TYPES_SUPER_H

#include "vm/type.h"

/* The attribute of self_type's MRO that comes behind `type`, as it stands in a dict: borrowed; VALUE_EMPTY: none. */
Value super_find(Vm *vm, Type *type, Type *self_type, Str *name);
/* super(type, object).name, where `super` is what that name stands for (the type itself in all but odd programs): makes no object
 * where it can do without. New. */
Value super_get(Vm *vm, Value super, Value type, Value object, Str *name);

#endif
