/* classmethod and staticmethod. Both hold a callable; its name, doc and other attributes are copied to them. */
#include "vm/types/descriptors.h"

#include "vm/attr.h"
#include "vm/ops.h"
#include "vm/types/str.h"
#include "vm/vm.h"

static inline Wrapped *self_of(Value v) { return (Wrapped *)value_object(v); }

static size_t wrapped_size(const Object *self) {
    (void)self;
    return sizeof(Wrapped);
}
static void wrapped_visit(Object *self, VisitFn visit, void *arg) { visit(((Wrapped *)self)->callable, arg); }
static void wrapped_clear(Vm *vm, Object *self) { value_clear(vm, &((Wrapped *)self)->callable); }

#define WRAPPED_OPS {.size = wrapped_size, .visit = wrapped_visit, .clear = wrapped_clear, .free = wrapped_clear}

static Value wrapped_new(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    (void)args, (void)nargs, (void)kwnames;
    Wrapped *w = type_alloc(vm, type, sizeof *w);
    if (!w) return VALUE_ERROR;
    w->callable = VALUE_EMPTY;
    object_track(&vm->heap, &w->head);
    return value_from_object(w);
}

/* functools.WRAPPER_ASSIGNMENTS: what wrapping copies, as far as the callable has it. */
static bool copy_attributes(Vm *vm, Value self, Value callable) {
    Str *const names[] = {NAME(vm, __module__), NAME(vm, __name__), NAME(vm, __qualname__), NAME(vm, __doc__),
                          NAME(vm, __annotations__)};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        Value found = value_find_attr(vm, callable, names[i]);
        if (value_is_error(found)) return false;
        if (value_is_empty(found)) continue;
        bool ok = object_attr_set(vm, value_object(self), names[i], found);
        value_release(vm, found);
        if (!ok) return false;
    }
    return true;
}

static Value wrapped_init(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    value_replace_take(vm, &self_of(args[0])->callable, value_retain(args[1]));
    return copy_attributes(vm, args[0], args[1]) ? VALUE_NONE : VALUE_ERROR;
}

/* Made by the VM itself, for functions that a class body names __new__ and the like: their attributes are not copied. */
static Value make(Vm *vm, Type *type, Value callable) {
    Value self = wrapped_new(vm, type, NULL, 0, NULL);
    if (!value_is_error(self)) self_of(self)->callable = value_retain(callable);
    return self;
}

Value staticmethod_new(Vm *vm, Value callable) { return make(vm, TYPE(vm, STATICMETHOD), callable); }
Value classmethod_new(Vm *vm, Value callable) { return make(vm, TYPE(vm, CLASSMETHOD), callable); }

static Value error_uninitialized(Vm *vm, const char *type) {
    return error_raise(vm, EXC_RuntimeError, "uninitialized %s object", type);
}

static Value static_get(Vm *vm, Value self, Value instance, Value owner) {
    (void)instance, (void)owner;
    Value callable = self_of(self)->callable;
    return value_is_empty(callable) ? error_uninitialized(vm, "staticmethod") : value_retain(callable);
}

static Value static_call(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    Value callable = value_retain(self_of(self)->callable);
    if (value_is_empty(callable)) return error_uninitialized(vm, "staticmethod");
    Value result = value_call(vm, callable, args, nargs, kwnames);
    value_release(vm, callable);
    return result;
}

static Value class_get(Vm *vm, Value self, Value instance, Value owner) {
    Value callable = self_of(self)->callable;
    if (value_is_empty(callable)) return error_uninitialized(vm, "classmethod");
    if (value_is_empty(owner)) owner = value_from_object(value_type(vm, instance));
    return method_new(vm, callable, owner);
}

static Value static_repr(Vm *vm, Value self) { return str_format(vm, "<staticmethod(%V)>", self_of(self)->callable); }
static Value class_repr(Vm *vm, Value self) { return str_format(vm, "<classmethod(%V)>", self_of(self)->callable); }

/* 1, 0, -1 */
int value_is_abstract(Vm *vm, Value v) {
    Value flag = value_find_attr(vm, v, NAME(vm, __isabstractmethod__));
    if (value_is_error(flag)) return -1;
    if (value_is_empty(flag)) return 0;
    int truth = value_truth(vm, flag);
    value_release(vm, flag);
    return truth;
}

static Value get_function(Vm *vm, Value self) {
    (void)vm;
    Value callable = self_of(self)->callable;
    return value_is_empty(callable) ? VALUE_NONE : value_retain(callable);
}

static Value get_abstract(Vm *vm, Value self) {
    Value callable = self_of(self)->callable;
    int abstract = value_is_empty(callable) ? 0 : value_is_abstract(vm, callable);
    return abstract < 0 ? VALUE_ERROR : value_from_bool(abstract);
}

static Value get_dict(Vm *vm, Value self) { return object_dict(vm, value_object(self)); }

static const GetSetDef wrapped_getset[] = {
    {"__func__", get_function, NULL, NULL},
    {"__wrapped__", get_function, NULL, NULL},
    {"__isabstractmethod__", get_abstract, NULL, NULL},
    {"__dict__", get_dict, NULL, NULL},
    {0},
};

const TypeSpec classmethod_spec = {
    .name = "classmethod",
    .doc = "classmethod(function) -> method\n\nConvert a function to be a class method.\n\nA class method receives the class as implicit first "
           "argument,\njust like an instance method receives the instance.\nTo declare a class method, use this idiom:\n\n  class C:\n"
           "      @classmethod\n      def f(cls, arg1, arg2, argN):\n          ...\n\nIt can be called either on the class (e.g. C.f()) or on an "
           "instance\n(e.g. C().f()).  The instance is ignored except for its class.\nIf a class method is called for a derived class, the "
           "derived class\nobject is passed as the implied first argument.\n\nClass methods are different than C++ or Java static methods.\n"
           "If you want those, see the staticmethod builtin.",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_HAS_DICT,
    .size = sizeof(Wrapped),
    .ops = WRAPPED_OPS,
    .slots = {.repr = class_repr, .new_ = wrapped_new, .descr_get = class_get},
    .init = {"classmethod", wrapped_init, "($self, function, /)", NULL, NATIVE_METHOD},
    .getset = wrapped_getset,
};

const TypeSpec staticmethod_spec = {
    .name = "staticmethod",
    .doc = "staticmethod(function) -> method\n\nConvert a function to be a static method.\n\nA static method does not receive an implicit first "
           "argument.\nTo declare a static method, use this idiom:\n\n     class C:\n         @staticmethod\n         def f(arg1, arg2, argN):\n"
           "             ...\n\nIt can be called either on the class (e.g. C.f()) or on an instance\n(e.g. C().f()). Both the class and the "
           "instance are ignored, and\nneither is passed implicitly as the first argument to the method.\n\nStatic methods in Python are similar "
           "to those found in Java or C++.\nFor a more advanced concept, see the classmethod builtin.",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_HAS_DICT,
    .size = sizeof(Wrapped),
    .ops = WRAPPED_OPS,
    .slots = {.repr = static_repr, .call = static_call, .new_ = wrapped_new, .descr_get = static_get},
    .init = {"staticmethod", wrapped_init, "($self, function, /)", NULL, NATIVE_METHOD},
    .getset = wrapped_getset,
};
