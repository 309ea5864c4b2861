/* Iterators that iter() makes for objects without one of their own. */
#ifndef MINI_VM_TYPES_ITERATORS_H
#define MINI_VM_TYPES_ITERATORS_H

#include "vm/type.h"

/* iter(v) for a v with __getitem__ only: v[0], v[1], ... until IndexError or StopIteration. */
Value sequence_iterator_new(Vm *vm, Value sequence);
/* iter(callable, sentinel): callable() until it gives the sentinel. */
Value callable_iterator_new(Vm *vm, Value callable, Value sentinel);

#endif
