/* What the exception types' files share: BaseException's functions, and the extras of each family. Private to vm/types/. */
#ifndef MINI_VM_TYPES_EXCEPTION_FAMILY_H
#define MINI_VM_TYPES_EXCEPTION_FAMILY_H

#include "vm/types/exception.h"

/* Extra values that instances of a built-in exception type have. */
uint8_t exception_extra_count(ExceptionId id);

Value exception_base_new(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames);
bool exception_base_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames);
Value exception_base_repr(Vm *vm, Value self);
Value exception_base_str(Vm *vm, Value self);
bool exception_set_args(Vm *vm, ExceptionObject *e, Value *args, int nargs);
/* TypeError when there are keyword arguments. */
bool exception_no_keywords(Vm *vm, Value self, Tuple *kwnames);

size_t exception_size(const Object *o);
size_t exception_extra_size(const Object *o);
void exception_visit(Object *o, VisitFn visit, void *arg);
void exception_clear(Vm *vm, Object *o);
void exception_free(Vm *vm, Object *o);
extern const NativeDef exception_methods[];
extern const GetSetDef exception_getset[];

/* exception_os.c */
Value os_error_new(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames);
bool os_error_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames);
Value os_error_str(Vm *vm, Value self);
extern const NativeDef os_error_methods[];
extern const GetSetDef os_error_getset[];

/* exception_unicode.c */
bool decode_error_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames);
bool encode_error_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames);
bool translate_error_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames);
Value decode_error_str(Vm *vm, Value self);
Value encode_error_str(Vm *vm, Value self);
Value translate_error_str(Vm *vm, Value self);
extern const GetSetDef unicode_error_getset[];
extern const GetSetDef translate_error_getset[];

/* exception_group.c */
Value group_new(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames);
bool group_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames);
Value group_str(Vm *vm, Value self);
extern const NativeDef group_methods[];
extern const GetSetDef group_getset[];

#endif
