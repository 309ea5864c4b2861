/* What generic_alias.c and union.c share. */
#ifndef MINI_VM_TYPES_GENERIC_INTERNAL_H
#define MINI_VM_TYPES_GENERIC_INTERNAL_H

#include "vm/types/str.h"

bool value_is_generic_alias(const Vm *vm, Value v);
/* Adds an argument's text: `int` for <class 'int'>, `...`, [int, str]. */
void generic_add_repr(StrBuilder *b, Value v);
/* The type variables in args, each once: a new Tuple. */
Value generic_parameters(Vm *vm, Tuple *args);
/* args with `item` (or the items of that tuple) in place of parameters: a new Tuple. */
Value generic_substitute(Vm *vm, Value self, Tuple *args, Tuple *parameters, Value item);

#endif
