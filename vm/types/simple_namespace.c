/* types.SimpleNamespace. Attributes are ordinary instance attributes (vm/shape.h). */
#include "vm/types/simple_namespace.h"

#include "vm/ops.h"
#include "vm/shape.h"
#include "vm/types/dict.h"
#include "vm/types/sequence.h"
#include "vm/types/tuple.h"

static Value namespace_make(Vm *vm, Type *type) {
    Object *o = type_alloc(vm, type, sizeof(Object));
    if (!o) return VALUE_ERROR;
    object_track(&vm->heap, o);
    return value_from_object(o);
}

Value simple_namespace_new(Vm *vm) { return namespace_make(vm, TYPE(vm, SIMPLE_NAMESPACE)); }

bool simple_namespace_set(Vm *vm, Value self, const char *name, Value value) {
    Str *s = str_intern(vm, name, strlen(name));
    bool ok = s && object_attr_set(vm, value_object(self), s, value);
    release_object(vm, s);
    return ok;
}

static Value namespace_new(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    (void)args;
    (void)nargs;
    (void)kwnames;
    return namespace_make(vm, type);
}

static bool set_all(Vm *vm, Value self, Dict *d) {
    size_t position = 0;
    Value key, value;
    while (dict_next(d, &position, &key, &value)) {
        if (!value_is_str(key)) return error_type(vm, "keywords must be strings"), false;
        if (!object_attr_set(vm, value_object(self), value_str_peek(key), value)) return false;
    }
    return true;
}

/* SimpleNamespace(mapping_or_iterable=(), /, **kwargs) */
static bool namespace_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    if (nargs > 1) return error_type(vm, "%S expected at most 1 argument, got %d", value_type(vm, self)->name, nargs), false;
    if (nargs == 1) {
        Dict *d = dict_new(vm);
        bool ok = d && dict_update(vm, d, args[0]) && set_all(vm, self, d);
        release_object(vm, d);
        if (!ok) return false;
    }
    for (size_t i = 0; kwnames && i < kwnames->count; i++)
        if (!object_attr_set(vm, value_object(self), value_str_peek(kwnames->items[i]), args[nargs + (int)i])) return false;
    return true;
}

static bool add_attribute(StrBuilder *b, Str *name, Value value, bool first) {
    if (!first) builder_add_ascii(b, ", ", 2);
    builder_add_str(b, name);
    builder_add_char(b, '=');
    return sequence_add_repr(b, value);
}

static Value repr_attributes(Vm *vm, Value self, Dict *d) {
    bool plain = value_type(vm, self) == TYPE(vm, SIMPLE_NAMESPACE), first = true;
    const char *name = plain ? "namespace" : value_type_name(vm, self);
    StrBuilder b;
    builder_init(&b, vm);
    builder_add_utf8(&b, name, strlen(name));
    builder_add_char(&b, '(');
    size_t position = 0;
    Value key, value;
    while (dict_next(d, &position, &key, &value)) {
        if (!value_is_str(key) || !value_str_peek(key)->length) continue;
        if (!add_attribute(&b, value_str_peek(key), value, first)) return VALUE_ERROR;
        first = false;
    }
    builder_add_char(&b, ')');
    return builder_finish(&b);
}

static Value namespace_repr(Vm *vm, Value self) {
    int entered = vm_repr_enter(vm, value_object(self));
    if (entered < 0) return VALUE_ERROR;
    bool plain = value_type(vm, self) == TYPE(vm, SIMPLE_NAMESPACE);
    if (!entered) return str_format(vm, "%s(...)", plain ? "namespace" : value_type_name(vm, self));
    Value d = object_attrs_copy(vm, value_object(self));
    Value text = value_is_error(d) ? VALUE_ERROR : repr_attributes(vm, self, value_dict(d));
    value_release(vm, d);
    vm_repr_leave(vm, value_object(self));
    return text;
}

static Value namespace_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    Type *type = TYPE(vm, SIMPLE_NAMESPACE);
    if ((op != COMPARE_EQ && op != COMPARE_NE) || !value_is_instance(vm, self, type) || !value_is_instance(vm, other, type))
        return VALUE_NOT_IMPLEMENTED;
    Value a = object_attrs_copy(vm, value_object(self)), b = value_is_error(a) ? VALUE_ERROR : object_attrs_copy(vm, value_object(other));
    Value result = value_is_error(b) ? VALUE_ERROR : value_compare(vm, a, b, op);
    value_release(vm, a);
    value_release(vm, b);
    return result;
}

static Value namespace_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value d = object_attrs_copy(vm, value_object(args[0]));
    if (value_is_error(d)) return VALUE_ERROR;
    Tuple *t = tuple_pack(vm, 3, value_from_object(value_type(vm, args[0])), vm->empty_tuple, d);
    value_release(vm, d);
    return t ? value_from_object(t) : VALUE_ERROR;
}

static Value namespace_replace(Vm *vm, Value *args, int nargs) {
    Value copy = value_call0(vm, value_from_object(value_type(vm, args[0])));
    Value d = value_is_error(copy) ? VALUE_ERROR : object_attrs_copy(vm, value_object(args[0]));
    bool ok = !value_is_error(d) && set_all(vm, copy, value_dict(d)) &&
              (value_is_empty(args[nargs]) || set_all(vm, copy, value_dict(args[nargs])));
    value_release(vm, d);
    if (ok) return copy;
    value_release(vm, copy);
    return VALUE_ERROR;
}

static const NativeDef namespace_methods[] = {
    {"__reduce__", namespace_reduce, "($self, /)", "Return state information for pickling", NATIVE_METHOD},
    {"__replace__", namespace_replace, "($self, /, **changes)",
     "Return a copy of the namespace object with new values for the specified attributes.", NATIVE_METHOD},
    {0},
};

static Value get_dict(Vm *vm, Value self) { return object_dict(vm, value_object(self)); }

static const GetSetDef namespace_getset[] = {{"__dict__", get_dict, NULL, NULL}, {0}};

static size_t namespace_size(const Object *o) {
    (void)o;
    return sizeof(Object);
}

const TypeSpec simple_namespace_spec = {
    .name = "types.SimpleNamespace",
    .doc = "A simple attribute-based namespace.",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_HAS_DICT | TYPE_FLAG_IMMUTABLE,
    .size = sizeof(Object),
    .ops = {.size = namespace_size},
    .slots = {.repr = namespace_repr, .compare = namespace_compare, .new_ = namespace_new, .init = namespace_init},
    .methods = namespace_methods,
    .getset = namespace_getset,
};
