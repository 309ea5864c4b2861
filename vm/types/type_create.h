/* What the files of the type `type` share. */
#ifndef MINI_VM_TYPES_TYPE_CREATE_H
#define MINI_VM_TYPES_TYPE_CREATE_H

#include "vm/type.h"

/* The class in the base chain that added fields or __slots__ members to instances last. */
Type *type_solid_base(Type *type);
/* The base whose layout a class with these bases has; NULL: TypeError. Borrowed. */
Type *type_best_base(Vm *vm, Tuple *bases);
/* Whether instances of `new` are laid out as those of `old`, so that __class__ or __bases__ (`attribute`) may be assigned. false:
 * TypeError. */
bool type_check_layout(Vm *vm, Type *old, Type *new, const char *attribute);
/* C3 over the bases: what type.mro() gives. A Tuple. */
Value type_default_mro(Vm *vm, Type *type);

/* ObjectOps of types (type.c). */
size_t type_size(const Object *self);
size_t type_extra_size(const Object *self);
void type_visit(Object *self, VisitFn visit, void *arg);
void type_clear(Vm *vm, Object *self);
void type_free(Vm *vm, Object *self);
/* Sets __name__. */
bool type_set_name(Vm *vm, Type *type, Str *name);
/* dir(): the keys of `own` (NULL: none) and of every class in the MRO. A List, not sorted. */
Value type_dir(Vm *vm, Type *type, Dict *own);

/* type's own slots (type_create.c), put into type_spec by type_attributes.c. */
Value type_new_slot(Vm *vm, Type *metatype, Value *args, int nargs, Tuple *kwnames);
bool type_init_slot(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames);

#endif
