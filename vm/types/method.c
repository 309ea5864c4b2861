/* Bound methods: a function with the object it will be called on. */
#include "vm/types/function.h"

#include "vm/attr.h"
#include "vm/ops.h"
#include "vm/types/descriptors.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

static inline Method *self_of(Value v) { return (Method *)value_object(v); }

Value method_new(Vm *vm, Value function, Value self) {
    Method *m = object_new(&vm->heap, TYPE(vm, METHOD)->shape, sizeof *m);
    if (!m) return error_no_memory(vm);
    m->function = value_retain(function);
    m->self = value_retain(self);
    object_track(&vm->heap, &m->head);
    return value_from_object(m);
}

static size_t method_size(const Object *self) {
    (void)self;
    return sizeof(Method);
}

static void method_visit(Object *self, VisitFn visit, void *arg) {
    visit(((Method *)self)->function, arg);
    visit(((Method *)self)->self, arg);
}

static void method_clear(Vm *vm, Object *self) {
    Method *m = (Method *)self;
    Value function = m->function, bound = m->self;
    m->function = m->self = VALUE_NONE;
    value_release(vm, bound);
    value_release(vm, function);
}

static Value method_new_native(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!value_is_callable(vm, args[1])) return error_type(vm, "first argument must be callable");
    if (value_is_none(args[2])) return error_type(vm, "instance must not be None");
    return method_new(vm, args[1], args[2]);
}

static Value method_call_slot(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    Method *m = retain_object(self_of(self));
    Value result = call_prepend(vm, m->function, m->self, args, nargs, kwnames);
    release_object(vm, m);
    return result;
}

/* Attributes that a method has not itself are its function's. */
static Value method_get_attr(Vm *vm, Value self, Str *name) {
    Type *type = value_type(vm, self);
    Value found = type_lookup_peek(vm, type, name);
    if (value_is_empty(found)) return value_get_attr(vm, self_of(self)->function, name);
    Type *kind = value_type(vm, found);
    return kind->slots.descr_get ? kind->slots.descr_get(vm, found, self, value_from_object(type)) : value_retain(found);
}

static Value method_repr(Vm *vm, Value self) {
    Method *m = self_of(self);
    Value name = value_find_attr(vm, m->function, NAME(vm, __qualname__));
    if (value_is_empty(name)) name = value_find_attr(vm, m->function, NAME(vm, __name__));
    if (value_is_error(name)) return VALUE_ERROR;
    Value result = value_is_str(name) ? str_format(vm, "<bound method %S of %V>", name, m->self)
                                      : str_format(vm, "<bound method ? of %V>", m->self);
    value_release(vm, name);
    return result;
}

static Value method_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    if ((op != COMPARE_EQ && op != COMPARE_NE) || !value_is_method(other)) return VALUE_NOT_IMPLEMENTED;
    Method *a = self_of(self), *b = self_of(other);
    int equal = value_equal(vm, a->function, b->function);
    if (equal < 0) return VALUE_ERROR;
    equal = equal && value_same(a->self, b->self);
    return value_from_bool(equal == (op == COMPARE_EQ));
}

static bool method_hash(Vm *vm, Value self, Hash *out) {
    Hash function;
    if (!value_hash(vm, self_of(self)->function, &function)) return false;
    Hash hash = function ^ (Hash)(self_of(self)->self.bits >> 4 | self_of(self)->self.bits << 60);
    *out = hash == -1 ? -2 : hash;
    return true;
}

static Value method_get(Vm *vm, Value self, Value instance, Value owner) {
    (void)vm, (void)instance, (void)owner;
    return value_retain(self);
}

static Value get_function(Vm *vm, Value self) {
    (void)vm;
    return value_retain(self_of(self)->function);
}

static Value get_self(Vm *vm, Value self) {
    (void)vm;
    return value_retain(self_of(self)->self);
}

static Value get_doc(Vm *vm, Value self) {
    Value doc = value_find_attr(vm, self_of(self)->function, NAME(vm, __doc__));
    return value_is_empty(doc) ? VALUE_NONE : doc;
}

static Value method_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Method *m = self_of(args[0]);
    Value getter = dict_peek_ascii(vm, vm->builtins, "getattr");
    Value name = value_is_empty(getter) ? VALUE_ERROR : value_get_attr(vm, m->function, NAME(vm, __name__));
    if (value_is_error(name)) return VALUE_ERROR;
    Tuple *pair = tuple_pack(vm, 2, m->self, name);
    Tuple *result = pair ? tuple_pack(vm, 2, getter, value_from_object(pair)) : NULL;
    release_object(vm, pair);
    value_release(vm, name);
    return result ? value_from_object(result) : VALUE_ERROR;
}

static const NativeDef method_methods[] = {{"__reduce__", method_reduce, "($self, /)", NULL, NATIVE_METHOD}, {0}};

static const GetSetDef method_getset[] = {
    {"__func__", get_function, NULL, "the function (or other callable) implementing a method"},
    {"__self__", get_self, NULL, "the instance to which a method is bound"},
    {"__doc__", get_doc, NULL, NULL},
    {0},
};

const TypeSpec method_spec = {
    .name = "method",
    .doc = "Create a bound instance method object.",
    .layout = LAYOUT_METHOD,
    .flags = TYPE_FLAG_WEAKREFS,
    .size = sizeof(Method),
    .ops = {.size = method_size, .visit = method_visit, .clear = method_clear, .free = method_clear},
    .slots = {.repr = method_repr, .call = method_call_slot, .compare = method_compare, .hash = method_hash, .get_attr = method_get_attr,
              .descr_get = method_get},
    .new_ = {"method", method_new_native, "($type, function, instance, /)", NULL, NATIVE_METHOD},
    .methods = method_methods,
    .getset = method_getset,
};
