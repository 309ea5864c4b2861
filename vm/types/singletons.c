/* The types of None, NotImplemented and Ellipsis. The values themselves are immediate. */
#include "vm/type.h"

#include "vm/ops.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

static Value text(Vm *vm, const char *ascii) {
    Str *s = str_intern(vm, ascii, __builtin_strlen(ascii));
    return s ? value_from_object(s) : VALUE_ERROR;
}

static Value singleton_new(Vm *vm, Type *type, Value singleton, int nargs, Tuple *kwnames) {
    if (nargs || (kwnames && kwnames->count)) return error_type(vm, "%N takes no arguments", type);
    return singleton;
}

static size_t no_size(const Object *self) {
    (void)self;
    return sizeof(Object);
}

static void no_free(Vm *vm, Object *self) { (void)vm, (void)self; }

#define NO_OBJECTS {.size = no_size, .free = no_free}

static Value none_repr(Vm *vm, Value self) {
    (void)self;
    return text(vm, "None");
}

static Value none_new(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    (void)args;
    return singleton_new(vm, type, VALUE_NONE, nargs, kwnames);
}

static int none_truth(Vm *vm, Value self) {
    (void)vm, (void)self;
    return 0;
}

static bool none_hash(Vm *vm, Value self, Hash *out) {
    (void)vm, (void)self;
    *out = 0xfca86420;
    return true;
}

const TypeSpec none_spec = {
    .name = "NoneType",
    .doc = "The type of the None singleton.",
    .layout = LAYOUT_OTHER,
    .size = sizeof(Object),
    .ops = NO_OBJECTS,
    .slots = {.repr = none_repr, .new_ = none_new, .truth = none_truth, .hash = none_hash},
};

static Value not_implemented_repr(Vm *vm, Value self) {
    (void)self;
    return text(vm, "NotImplemented");
}

static Value not_implemented_new(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    (void)args;
    return singleton_new(vm, type, VALUE_NOT_IMPLEMENTED, nargs, kwnames);
}

static int not_implemented_truth(Vm *vm, Value self) {
    (void)self;
    return error_warn(vm, EXC_DeprecationWarning, "NotImplemented should not be used in a boolean context") ? 1 : -1;
}

static Value reduce_to_name(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return value_repr(vm, args[0]);
}

static const NativeDef reduce_methods[] = {{"__reduce__", reduce_to_name, "($self, /)", NULL, NATIVE_METHOD}, {0}};

const TypeSpec not_implemented_spec = {
    .name = "NotImplementedType",
    .doc = "The type of the NotImplemented singleton.",
    .layout = LAYOUT_OTHER,
    .size = sizeof(Object),
    .ops = NO_OBJECTS,
    .slots = {.repr = not_implemented_repr, .new_ = not_implemented_new, .truth = not_implemented_truth},
    .methods = reduce_methods,
};

static Value ellipsis_repr(Vm *vm, Value self) {
    (void)self;
    return text(vm, "Ellipsis");
}

static Value ellipsis_new(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    (void)args;
    return singleton_new(vm, type, VALUE_ELLIPSIS, nargs, kwnames);
}

const TypeSpec ellipsis_spec = {
    .name = "ellipsis",
    .doc = "The type of the Ellipsis singleton.",
    .layout = LAYOUT_OTHER,
    .size = sizeof(Object),
    .ops = NO_OBJECTS,
    .slots = {.repr = ellipsis_repr, .new_ = ellipsis_new},
    .methods = reduce_methods,
};
