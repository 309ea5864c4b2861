/* object's methods that stand in a file of their own. */
#ifndef MINI_VM_TYPES_OBJECT_H
#define MINI_VM_TYPES_OBJECT_H

#include "vm/type.h"

Value object_reduce_ex(Vm *vm, Value *args, int nargs);
Value object_reduce(Vm *vm, Value *args, int nargs);
Value object_getstate(Vm *vm, Value *args, int nargs);

#endif
