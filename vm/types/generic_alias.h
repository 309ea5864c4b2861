/* list[int], int | str, and read-only views of mappings. */
#ifndef MINI_VM_TYPES_GENERIC_ALIAS_H
#define MINI_VM_TYPES_GENERIC_ALIAS_H

#include "vm/type.h"

/* origin[args]: args a Tuple, or one argument. For __class_getitem__. */
Value generic_alias_new(Vm *vm, Value origin, Value args);
/* left | right for classes, None, aliases and unions; NotImplemented for other operands. */
Value union_or(Vm *vm, Value left, Value right);
/* 1, 0, -1: v is an instance (a class: a subclass) of a member of the union. */
int union_has_instance(Vm *vm, Value union_value, Value v);
int union_has_subclass(Vm *vm, Value union_value, Value type);
bool value_is_union(const Vm *vm, Value v);
/* A read-only view: types.MappingProxyType(mapping). */
Value mapping_proxy_new(Vm *vm, Value mapping);

#endif
