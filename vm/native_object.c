/* Native functions as objects: builtin_function_or_method (`len`, `[].append`), method_descriptor (`list.append`) and
 * classmethod_descriptor (`dict.__dict__['fromkeys']`). vm/native.c calls them. */
#include "vm/native.h"

#include <string.h>

#include "vm/attr.h"
#include "vm/ops.h"
#include "vm/types/descriptors.h"
#include "vm/types/function.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

static inline NativeFunction *self_of(Value v) { return (NativeFunction *)value_object(v); }
static inline Value object_or_error(void *o) { return o ? value_from_object(o) : VALUE_ERROR; }

NativeFunction *native_new(Vm *vm, Type *type, const NativeDef *def, Value self, Type *owner) {
    const char *text = def->name ? def->name : "__new__";
    Str *name = str_intern(vm, text, strlen(text));
    NativeFunction *n = name ? object_new(&vm->heap, type->shape, sizeof *n) : NULL;
    if (!n) {
        release_object(vm, name);
        if (!error_pending(vm)) error_no_memory(vm);
        return NULL;
    }
    n->def = def;
    n->fn = def->fn;
    n->flags = 0;
    n->self = value_retain(self);
    n->owner = owner;
    n->name = name;
    n->module = VALUE_EMPTY;
    n->param_names = NULL;
    if (value_is_module(self)) n->module = value_retain(dict_peek_str(vm, ((Module *)value_object(self))->dict, NAME(vm, __name__)));
    native_parse(n);
    if (value_is_object(self)) object_track(&vm->heap, &n->head);
    return n;
}

Value native_bind(Vm *vm, NativeFunction *d, Value self) {
    NativeFunction *n = object_new(&vm->heap, TYPE(vm, NATIVE)->shape, sizeof *n);
    if (!n) return error_no_memory(vm);
    memcpy((char *)n + sizeof(Object), (char *)d + sizeof(Object), sizeof *n - sizeof(Object));
    n->self = value_retain(self);
    retain_object(n->name);
    value_retain(n->module);
    if (n->param_names) retain_object(n->param_names);
    if (value_is_object(self)) object_track(&vm->heap, &n->head);
    return value_from_object(n);
}

/* --- memory --- */

static size_t native_size(const Object *self) {
    (void)self;
    return sizeof(NativeFunction);
}

static void native_visit(Object *self, VisitFn visit, void *arg) {
    NativeFunction *n = (NativeFunction *)self;
    visit(n->self, arg);
    visit(n->module, arg);
    visit(value_from_object(n->name), arg);
    if (n->param_names) visit(value_from_object(n->param_names), arg);
}

static void native_clear(Vm *vm, Object *self) { value_clear(vm, &((NativeFunction *)self)->self); }

static void native_free(Vm *vm, Object *self) {
    NativeFunction *n = (NativeFunction *)self;
    release_object(vm, n->name);
    release_object(vm, n->param_names);
    value_release(vm, n->module);
    value_release(vm, n->self);
}

#define NATIVE_OPS {.size = native_size, .visit = native_visit, .clear = native_clear, .free = native_free}

static Value native_call_slot(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    return native_call(vm, self_of(self), args, nargs, kwnames);
}

/* --- attributes --- */

static Value get_name(Vm *vm, Value self) {
    (void)vm;
    return value_retain(value_from_object(self_of(self)->name));
}

static Value get_doc(Vm *vm, Value self) {
    const char *doc = self_of(self)->def->doc;
    return doc ? object_or_error(str_from_ascii(vm, doc)) : VALUE_NONE;
}

static Value get_text_signature(Vm *vm, Value self) {
    NativeFunction *n = self_of(self);
    const char *s = n->def->signature;
    if (!s) return VALUE_NONE;
    bool shown_module = value_is_module(n->self) && !(n->flags & NATIVE_HAS_SELF) && strncmp(s, "($module", 8) != 0;
    if (!shown_module) return object_or_error(str_from_ascii(vm, s));
    return str_format(vm, s[1] == ')' ? "($module, /%s" : "($module, %s", s + 1);
}

/* The class that a bound native belongs to; NULL: a module's function. */
static Type *bound_class(Vm *vm, const NativeFunction *n) {
    if (value_is_empty(n->self) || value_is_module(n->self)) return NULL;
    return value_has_layout(n->self, LAYOUT_TYPE) ? (Type *)value_object(n->self) : value_type(vm, n->self);
}

static Value native_get_qualname(Vm *vm, Value self) {
    NativeFunction *n = self_of(self);
    Type *type = bound_class(vm, n);
    return type ? str_format(vm, "%S.%U", type->qualname, n->name) : get_name(vm, self);
}

static Value native_get_self(Vm *vm, Value self) {
    (void)vm;
    Value bound = self_of(self)->self;
    return value_is_empty(bound) ? VALUE_NONE : value_retain(bound);
}

static Value native_get_module(Vm *vm, Value self) {
    (void)vm;
    Value module = self_of(self)->module;
    return value_is_empty(module) ? VALUE_NONE : value_retain(module);
}

static Value native_repr(Vm *vm, Value self) {
    NativeFunction *n = self_of(self);
    if (value_is_empty(n->self) || value_is_module(n->self)) return str_format(vm, "<built-in function %U>", n->name);
    return str_format(vm, "<built-in method %U of %T object at 0x%llx>", n->name, n->self, (unsigned long long)n->self.bits);
}

static Value native_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    if ((op != COMPARE_EQ && op != COMPARE_NE) || value_type(vm, other) != TYPE(vm, NATIVE)) return VALUE_NOT_IMPLEMENTED;
    NativeFunction *a = self_of(self), *b = self_of(other);
    bool equal = a->def == b->def && value_same(a->self, b->self);
    return value_from_bool(equal == (op == COMPARE_EQ));
}

static bool native_hash(Vm *vm, Value self, Hash *out) {
    (void)vm;
    const NativeFunction *n = self_of(self);
    *out = (Hash)(((uint64_t)(uintptr_t)n->def >> 3 ^ n->self.bits >> 4) & INT64_MAX);
    return true;
}

/* For pickle and copy: the name, or (getattr, (self, name)) for a bound method. */
static Value reduce_bound(Vm *vm, Value self, Value object, Value name) {
    (void)self;
    Value getter = dict_peek_ascii(vm, vm->builtins, "getattr");
    if (value_is_empty(getter)) return error_raise(vm, EXC_RuntimeError, "lost builtins.getattr");
    Value pair = object_or_error(tuple_pack(vm, 2, object, name));
    Value result = value_is_error(pair) ? VALUE_ERROR : object_or_error(tuple_pack(vm, 2, getter, pair));
    value_release(vm, pair);
    return result;
}

static Value native_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    NativeFunction *n = self_of(args[0]);
    Value name = value_from_object(n->name);
    return bound_class(vm, n) ? reduce_bound(vm, args[0], n->self, name) : value_retain(name);
}

static const NativeDef native_methods[] = {{"__reduce__", native_reduce, "($self, /)", NULL, NATIVE_METHOD}, {0}};

static const GetSetDef native_getset[] = {
    {"__module__", native_get_module, NULL, NULL}, {"__doc__", get_doc, NULL, NULL},
    {"__name__", get_name, NULL, NULL},            {"__qualname__", native_get_qualname, NULL, NULL},
    {"__self__", native_get_self, NULL, NULL},     {"__text_signature__", get_text_signature, NULL, NULL},
    {0},
};

const TypeSpec native_spec = {
    .name = "builtin_function_or_method",
    .layout = LAYOUT_NATIVE,
    .flags = TYPE_FLAG_NO_NEW | TYPE_FLAG_WEAKREFS,
    .size = sizeof(NativeFunction),
    .ops = NATIVE_OPS,
    .slots = {.repr = native_repr, .call = native_call_slot, .compare = native_compare, .hash = native_hash},
    .methods = native_methods,
    .getset = native_getset,
};

/* --- method descriptors --- */

static Value descriptor_get(Vm *vm, Value self, Value instance, Value owner) {
    (void)owner;
    NativeFunction *n = self_of(self);
    if (value_is_empty(instance)) return value_retain(self);
    if (value_is_instance(vm, instance, n->owner)) return native_bind(vm, n, instance);
    return error_type(vm, "descriptor '%U' for '%N' objects doesn't apply to a '%T' object", n->name, n->owner, instance);
}

static Value descriptor_repr(Vm *vm, Value self) {
    NativeFunction *n = self_of(self);
    return str_format(vm, "<method '%U' of '%N' objects>", n->name, n->owner);
}

static Value descriptor_get_class(Vm *vm, Value self) {
    (void)vm;
    return value_retain(value_from_object(self_of(self)->owner));
}

static Value descriptor_get_qualname(Vm *vm, Value self) {
    NativeFunction *n = self_of(self);
    return str_format(vm, "%S.%U", n->owner->qualname, n->name);
}

static Value descriptor_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    NativeFunction *n = self_of(args[0]);
    return reduce_bound(vm, args[0], value_from_object(n->owner), value_from_object(n->name));
}

static const NativeDef descriptor_methods[] = {{"__reduce__", descriptor_reduce, "($self, /)", NULL, NATIVE_METHOD}, {0}};

static const GetSetDef descriptor_getset[] = {
    {"__objclass__", descriptor_get_class, NULL, NULL},
    {"__name__", get_name, NULL, NULL},
    {"__doc__", get_doc, NULL, NULL},
    {"__qualname__", descriptor_get_qualname, NULL, NULL},
    {"__text_signature__", get_text_signature, NULL, NULL},
    {0},
};

const TypeSpec method_descriptor_spec = {
    .name = "method_descriptor",
    .layout = LAYOUT_NATIVE,
    .flags = TYPE_FLAG_NO_NEW | TYPE_FLAG_METHOD_DESCRIPTOR,
    .size = sizeof(NativeFunction),
    .ops = NATIVE_OPS,
    .slots = {.repr = descriptor_repr, .call = native_call_slot, .descr_get = descriptor_get},
    .methods = descriptor_methods,
    .getset = descriptor_getset,
};

static Value class_descriptor_get(Vm *vm, Value self, Value instance, Value owner) {
    NativeFunction *n = self_of(self);
    Value type = owner;
    if (value_is_empty(type)) type = value_from_object(value_type(vm, instance));
    if (!value_has_layout(type, LAYOUT_TYPE))
        return error_type(vm, "descriptor '%U' for type '%N' needs a type, not a '%T' as arg 2", n->name, n->owner, type);
    if (type_is_subtype((Type *)value_object(type), n->owner)) return native_bind(vm, n, type);
    return error_type(vm, "descriptor '%U' requires a subtype of '%N' but received '%N'", n->name, n->owner, (Type *)value_object(type));
}

const TypeSpec class_method_descriptor_spec = {
    .name = "classmethod_descriptor",
    .layout = LAYOUT_NATIVE,
    .flags = TYPE_FLAG_NO_NEW,
    .size = sizeof(NativeFunction),
    .ops = NATIVE_OPS,
    .slots = {.repr = descriptor_repr, .call = native_call_slot, .descr_get = class_descriptor_get},
    .getset = descriptor_getset,
};
