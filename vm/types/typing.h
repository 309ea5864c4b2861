/* Type parameters and type aliases of PEP 695: what the compiler's code makes (vm/types/typing.c). */
#ifndef MINI_VM_TYPES_TYPING_H
#define MINI_VM_TYPES_TYPING_H

#include "vm/type.h"

/* A TypeVar; bound and constraints are functions evaluated when first asked for, VALUE_EMPTY: none. New. */
Value type_var_new(Vm *vm, Value name, Value bound, Value constraints);
/* A ParamSpec or TypeVarTuple. New. */
Value type_parameter_new(Vm *vm, Type *type, Value name);
/* Gives a parameter its default (a function evaluated when first asked for). The parameter, new reference. */
Value type_parameter_set_default(Vm *vm, Value parameter, Value evaluate);
/* The base class of a generic class: typing.Generic[params]. New. */
Value typing_generic(Vm *vm, Value params);
/* type Name[params] = ...: evaluate gives the value when first asked for. New. */
Value type_alias_new(Vm *vm, Value name, Value params, Value evaluate);

#endif
