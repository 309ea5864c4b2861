/* anext() with a default. */
#ifndef MINI_VM_TYPES_ANEXT_AWAITABLE_H
#define MINI_VM_TYPES_ANEXT_AWAITABLE_H

#include "vm/type.h"

Value anext_awaitable_new(Vm *vm, Value awaitable, Value otherwise);

#endif
