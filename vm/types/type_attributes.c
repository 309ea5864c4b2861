/* The type `type` as scripts see it: attributes of classes, type's methods, attribute access on classes.
 *
 * To add an attribute of classes: a getter here and a row in the table at the end. */
#include "vm/type.h"

#include <string.h>

#include "vm/attr.h"
#include "vm/ops.h"
#include "vm/types/descriptors.h"
#include "vm/types/generic_alias.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/types/type_create.h"
#include "vm/vm.h"

static inline Type *self_of(Value v) { return (Type *)value_object(v); }
static inline bool is_heap(const Type *t) { return t->flags & TYPE_FLAG_HEAP; }
static inline Value own_attr(Vm *vm, Type *t, Str *name) { return type_own_peek(vm, t, name); }

/* --- attribute access --- */

static inline bool is_data_descriptor(Value v) {
    return value_is_object(v) && value_object(v)->shape->type->slots.descr_set;
}

static inline bool is_read_descriptor(Value v) { return is_data_descriptor(v) && value_object(v)->shape->type->slots.descr_get; }

static Value bind(Vm *vm, Value found, Value instance, Type *owner) {
    if (!value_is_object(found)) return found;
    Type *kind = value_object(found)->shape->type;
    value_retain(found);
    if (!kind->slots.descr_get) return found;
    Value result = kind->slots.descr_get(vm, found, instance, value_from_object(owner));
    value_release(vm, found);
    return result;
}

static Value type_get_attr(Vm *vm, Value self, Str *name) {
    Type *type = self_of(self), *meta = type->head.shape->type;
    Value in_meta = type_lookup_peek(vm, meta, name);
    if (is_read_descriptor(in_meta)) return bind(vm, in_meta, self, meta);
    Value found = type_lookup_peek(vm, type, name);
    if (!value_is_empty(found)) return bind(vm, found, VALUE_EMPTY, type);
    if (!value_is_empty(in_meta)) return bind(vm, in_meta, self, meta);
    return error_attribute_named(vm, self, name, "type object '%N' has no attribute '%U'", type, name);
}

static bool type_set_attr_slot(Vm *vm, Value self, Str *name, Value value) {
    Type *type = self_of(self);
    if (type->flags & TYPE_FLAG_IMMUTABLE) {
        error_type(vm, "cannot set %V attribute of immutable type '%N'", value_from_object(name), type);
        return false;
    }
    Value in_meta = type_lookup_peek(vm, type->head.shape->type, name);
    if (!is_data_descriptor(in_meta)) return type_set_attr(vm, type, name, value);
    value_retain(in_meta);
    bool ok = value_object(in_meta)->shape->type->slots.descr_set(vm, in_meta, self, value);
    value_release(vm, in_meta);
    return ok;
}

static bool check_settable(Vm *vm, Type *type, const char *name, Value value) {
    const char *verb = value_is_empty(value) ? "delete" : "set";
    if (!(type->flags & TYPE_FLAG_IMMUTABLE) && !value_is_empty(value)) return true;
    error_type(vm, "cannot %s '%s' attribute of immutable type '%N'", verb, name, type);
    return false;
}

/* --- names --- */

static Value get_name(Vm *vm, Value self) {
    (void)vm;
    return value_retain(self_of(self)->name);
}

static Value get_qualname(Vm *vm, Value self) {
    (void)vm;
    return value_retain(self_of(self)->qualname);
}

static bool check_text(Vm *vm, Type *type, const char *attribute, Value value) {
    if (!check_settable(vm, type, attribute, value)) return false;
    if (value_is_str(value)) return true;
    error_type(vm, "can only assign string to %N.%s, not '%T'", type, attribute, value);
    return false;
}

static bool set_name(Vm *vm, Value self, Value value) {
    Type *type = self_of(self);
    if (!check_text(vm, type, "__name__", value)) return false;
    const Str *s = value_str_peek(value);
    for (size_t i = 0; i < s->length; i++)
        if (str_at(s, i) == 0) return error_value(vm, "type name must not contain null characters"), false;
    return type_set_name(vm, type, value_str_peek(value));
}

static bool set_qualname(Vm *vm, Value self, Value value) {
    Type *type = self_of(self);
    if (!check_text(vm, type, "__qualname__", value)) return false;
    value_replace_take(vm, &type->qualname, value_retain(value));
    return true;
}

static Value get_module(Vm *vm, Value self) {
    Type *type = self_of(self);
    Value module = is_heap(type) ? own_attr(vm, type, NAME(vm, __module__)) : type->module;
    return value_is_empty(module) ? error_raise(vm, EXC_AttributeError, "__module__") : value_retain(module);
}

static bool set_module(Vm *vm, Value self, Value value) {
    Type *type = self_of(self);
    if (!check_settable(vm, type, "__module__", value)) return false;
    if (!value_is_empty(own_attr(vm, type, NAME(vm, __firstlineno__))) &&
        !type_set_attr(vm, type, NAME(vm, __firstlineno__), VALUE_EMPTY))
        return false;
    return type_set_attr(vm, type, NAME(vm, __module__), value);
}

/* --- bases --- */

static Value get_bases(Vm *vm, Value self) {
    Value bases = self_of(self)->bases;
    return value_is_empty(bases) ? value_from_object(tuple_new(vm, 0)) : value_retain(bases);
}

static bool check_bases(Vm *vm, Type *type, Value value) {
    if (!value_is_tuple(value)) {
        error_type(vm, "can only assign tuple to %N.__bases__, not %T", type, value);
        return false;
    }
    Tuple *bases = value_tuple(value);
    if (!bases->count) return error_type(vm, "can only assign non-empty tuple to %N.__bases__, not ()", type), false;
    for (size_t i = 0; i < bases->count; i++) {
        Value base = bases->items[i];
        if (!value_has_layout(base, LAYOUT_TYPE)) {
            error_type(vm, "%N.__bases__ must be tuple of classes, not '%T'", type, base);
            return false;
        }
        bool cycle = type_is_subtype(self_of(base), type);
        for (Type *t = self_of(base); t && !cycle; t = t->base) cycle = t == type; /* its MRO may not be up to date */
        if (cycle) return error_type(vm, "a __bases__ item causes an inheritance cycle"), false;
    }
    return true;
}

static bool set_bases(Vm *vm, Value self, Value value) {
    Type *type = self_of(self);
    if (!check_settable(vm, type, "__bases__", value) || !check_bases(vm, type, value)) return false;
    Type *best = type_best_base(vm, value_tuple(value));
    return best && type_check_layout(vm, type->base, best, "__bases__") && type_set_bases(vm, type, value_tuple(value));
}

static Value get_base(Vm *vm, Value self) {
    (void)vm;
    Type *base = self_of(self)->base;
    return base ? value_retain(value_from_object(base)) : VALUE_NONE;
}

static Value get_mro(Vm *vm, Value self) {
    (void)vm;
    Value mro = self_of(self)->mro;
    return value_is_empty(mro) ? VALUE_NONE : value_retain(mro);
}

/* --- what stands in the dict --- */

static Value get_dict(Vm *vm, Value self) {
    Dict *dict = type_dict(vm, self_of(self));
    return dict ? mapping_proxy_new(vm, value_from_object(dict)) : VALUE_NONE;
}

static Value get_doc(Vm *vm, Value self) {
    const Type *type = self_of(self);
    if (!is_heap(type)) {
        Str *text = type->spec->doc ? str_from_ascii(vm, type->spec->doc) : NULL;
        return text ? value_from_object(text) : type->spec->doc ? VALUE_ERROR : VALUE_NONE;
    }
    Value doc = own_attr(vm, self_of(self), NAME(vm, __doc__));
    return value_is_empty(doc) ? VALUE_NONE : bind(vm, doc, VALUE_EMPTY, self_of(self));
}

static bool set_doc(Vm *vm, Value self, Value value) {
    return check_settable(vm, self_of(self), "__doc__", value) && type_set_attr(vm, self_of(self), NAME(vm, __doc__), value);
}

/* The constructor's signature, as inspect wants it: without the class in front. */
static Value get_text_signature(Vm *vm, Value self) {
    Type *type = self_of(self);
    const NativeDef *def = type->spec->new_.signature ? &type->spec->new_ : &type->spec->init;
    const char *s = is_heap(type) ? NULL : def->signature;
    if (type == TYPE(vm, OBJECT)) s = "()";
    static const TypeId untold[] = {TYPE_INT, TYPE_STR, TYPE_BYTES, TYPE_RANGE, TYPE_SLICE, TYPE_DICT, TYPE_BYTEARRAY, TYPE_SUPER};
    for (size_t i = 0; s && i < sizeof untold / sizeof *untold; i++)
        if (type == vm->types[untold[i]]) s = NULL; /* their forms of call fit no signature */
    if (!s) return VALUE_NONE;
    const char *rest = s[1] == '$' ? strchr(s, ',') : NULL;
    Str *text = rest ? NULL : str_from_ascii(vm, s);
    if (!rest) return text ? value_from_object(text) : VALUE_ERROR;
    while (*++rest == ' ') continue;
    if (!strncmp(rest, "/, ", 3)) rest += 3; /* only the class was positional-only */
    if (!strcmp(rest, "/)")) rest++;
    return str_format(vm, "(%s", rest);
}

static Value get_annotations(Vm *vm, Value self) {
    Type *type = self_of(self);
    if (!is_heap(type)) {
        Str *name = NAME(vm, __annotations__);
        return error_attribute_named(vm, self, name, "type object '%N' has no attribute '%U'", type, name);
    }
    Value found = own_attr(vm, type, NAME(vm, __annotations__));
    if (!value_is_empty(found)) return bind(vm, found, VALUE_EMPTY, type);
    Dict *fresh = dict_new(vm);
    if (fresh && type_set_attr(vm, type, NAME(vm, __annotations__), value_from_object(fresh))) return value_from_object(fresh);
    release_object(vm, fresh);
    return VALUE_ERROR;
}

static bool set_annotations(Vm *vm, Value self, Value value) {
    Type *type = self_of(self);
    if (!is_heap(type)) {
        error_type(vm, "cannot set '__annotations__' attribute of immutable type '%N'", type);
        return false;
    }
    if (value_is_empty(value) && value_is_empty(own_attr(vm, type, NAME(vm, __annotations__)))) {
        error_raise(vm, EXC_AttributeError, "__annotations__");
        return false;
    }
    return type_set_attr(vm, type, NAME(vm, __annotations__), value);
}

static Value get_type_params(Vm *vm, Value self) {
    Value found = is_heap(self_of(self)) ? own_attr(vm, self_of(self), NAME(vm, __type_params__)) : VALUE_EMPTY;
    if (!value_is_empty(found)) return value_retain(found);
    Tuple *none = tuple_new(vm, 0);
    return none ? value_from_object(none) : VALUE_ERROR;
}

static bool set_type_params(Vm *vm, Value self, Value value) {
    return check_settable(vm, self_of(self), "__type_params__", value) &&
           type_set_attr(vm, self_of(self), NAME(vm, __type_params__), value);
}

static Value get_abstract_methods(Vm *vm, Value self) {
    Type *type = self_of(self);
    Value found = type == TYPE(vm, TYPE) ? VALUE_EMPTY : own_attr(vm, type, NAME(vm, __abstractmethods__));
    return value_is_empty(found) ? error_raise(vm, EXC_AttributeError, "__abstractmethods__") : value_retain(found);
}

static bool set_abstract_methods(Vm *vm, Value self, Value value) {
    Type *type = self_of(self);
    int abstract = 0;
    if (value_is_empty(value) && value_is_empty(own_attr(vm, type, NAME(vm, __abstractmethods__)))) {
        error_raise(vm, EXC_AttributeError, "__abstractmethods__");
        return false;
    }
    if (!value_is_empty(value) && (abstract = value_truth(vm, value)) < 0) return false;
    if (!type_set_attr(vm, type, NAME(vm, __abstractmethods__), value)) return false;
    type->flags = abstract ? type->flags | TYPE_FLAG_ABSTRACT : type->flags & ~TYPE_FLAG_ABSTRACT;
    return true;
}

/* --- figures --- */

static Value get_basic_size(Vm *vm, Value self) {
    const Type *t = self_of(self);
    return int_from_i64(vm, (int64_t)(t->spec->size + t->slot_names_count * sizeof(Value)));
}

static Value get_item_size(Vm *vm, Value self) {
    (void)vm;
    const Type *t = self_of(self);
    switch (t->spec->layout) {
    case LAYOUT_INT: return value_from_small(4);
    case LAYOUT_BYTES: return value_from_small(1);
    case LAYOUT_TUPLE: return value_from_small(8);
    default: return value_from_small(0);
    }
}

/* The bits of CPython's tp_flags that scripts ask for. */
static Value get_flags(Vm *vm, Value self) {
    (void)vm;
    static const struct { Layout layout; int bit; } families[] = {
        {LAYOUT_INT, 24},  {LAYOUT_LIST, 25}, {LAYOUT_TUPLE, 26},     {LAYOUT_BYTES, 27},
        {LAYOUT_STR, 28},  {LAYOUT_DICT, 29}, {LAYOUT_EXCEPTION, 30}, {LAYOUT_TYPE, 31},
    };
    const Type *t = self_of(self);
    int64_t bits = 1 << 12;
    if (t->flags & TYPE_FLAG_SEQUENCE) bits |= 1 << 5;
    if (t->flags & TYPE_FLAG_MAPPING) bits |= 1 << 6;
    if (t->flags & TYPE_FLAG_IMMUTABLE) bits |= 1 << 8;
    if (t->flags & TYPE_FLAG_HEAP) bits |= 1 << 9;
    if (t->flags & TYPE_FLAG_BASETYPE) bits |= 1 << 10;
    if (t->spec->ops.visit || t->flags & TYPE_FLAG_HEAP) bits |= 1 << 14;
    if (t->flags & TYPE_FLAG_METHOD_DESCRIPTOR) bits |= 1 << 17;
    if (t->flags & TYPE_FLAG_ABSTRACT) bits |= 1 << 20;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (t->spec->layout == families[i].layout) bits |= (int64_t)1 << families[i].bit;
    return value_from_small(bits);
}

static Value get_dict_offset(Vm *vm, Value self) {
    (void)vm;
    const Type *t = self_of(self);
    return value_from_small(t->flags & TYPE_FLAG_HAS_DICT ? -1 : 0);
}

static Value get_weakref_offset(Vm *vm, Value self) {
    (void)vm;
    return value_from_small(self_of(self)->flags & TYPE_FLAG_WEAKREFS ? -1 : 0);
}

/* --- methods --- */

static Value type_mro_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value mro = type_default_mro(vm, self_of(args[0]));
    if (value_is_error(mro)) return VALUE_ERROR;
    List *list = list_from_values(vm, value_tuple(mro)->items, value_tuple(mro)->count);
    value_release(vm, mro);
    return list ? value_from_object(list) : VALUE_ERROR;
}

static Value type_subclasses(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Type *type = self_of(args[0]);
    List *list = list_new(vm, type->subclass_count);
    for (uint32_t i = 0; list && i < type->subclass_count; i++) {
        if (list_append(vm, list, value_from_object(type->subclass_list[i]))) continue;
        release_object(vm, list);
        return VALUE_ERROR;
    }
    return list ? value_from_object(list) : VALUE_ERROR;
}

static Value type_prepare(Vm *vm, Value *args, int nargs) {
    (void)args, (void)nargs;
    Dict *namespace = dict_new(vm);
    return namespace ? value_from_object(namespace) : VALUE_ERROR;
}

static Value truth_or_error(int truth) { return truth < 0 ? VALUE_ERROR : value_from_bool(truth); }

static Value type_instancecheck(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return truth_or_error(value_isinstance_plain(vm, args[1], args[0]));
}

static Value type_subclasscheck(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return truth_or_error(value_issubclass_plain(vm, args[1], args[0]));
}

static bool merge_dir(Vm *vm, Dict *out, Type *type) {
    if (value_is_empty(type->mro)) return true;
    for (size_t i = value_tuple(type->mro)->count; i-- > 0;) {
        Dict *dict = type_dict(vm, self_of(value_tuple(type->mro)->items[i]));
        if (!dict || !dict_merge(vm, out, value_from_object(dict), true)) return false;
    }
    return true;
}

Value type_dir(Vm *vm, Type *type, Dict *own) {
    Dict *all = own ? dict_copy(vm, own) : dict_new(vm);
    Value keys = all && merge_dir(vm, all, type) ? dict_keys_list(vm, all) : VALUE_ERROR;
    release_object(vm, all);
    return keys;
}

static Value type_dir_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return type_dir(vm, self_of(args[0]), NULL);
}

static Value type_sizeof(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return int_from_i64(vm, (int64_t)object_full_size(&vm->heap, value_object(args[0])));
}

static Value type_repr(Vm *vm, Value self) {
    Type *type = self_of(self);
    Value module = is_heap(type) ? own_attr(vm, type, NAME(vm, __module__)) : type->module;
    if (value_is_str(module) && !str_equal_ascii(value_str_peek(module), "builtins"))
        return str_format(vm, "<class '%S.%S'>", module, type->qualname);
    return str_format(vm, "<class '%S'>", type->name);
}

static const NativeDef type_methods[] = {
    {"mro", type_mro_method, "($self, /)", "Return a type's method resolution order.", NATIVE_METHOD},
    {"__subclasses__", type_subclasses, "($self, /)", "Return a list of immediate subclasses.", NATIVE_METHOD},
    {"__prepare__", type_prepare, "($type, /, *args, **kwargs)", "Create the namespace for the class statement", NATIVE_CLASS_METHOD},
    {"__instancecheck__", type_instancecheck, "($self, instance, /)", "Check if an object is an instance.", NATIVE_METHOD},
    {"__subclasscheck__", type_subclasscheck, "($self, subclass, /)", "Check if a class is a subclass.", NATIVE_METHOD},
    {"__dir__", type_dir_method, "($self, /)", "Specialized __dir__ implementation for types.", NATIVE_METHOD},
    {"__sizeof__", type_sizeof, "($self, /)", "Return memory consumption of the type object.", NATIVE_METHOD},
    {0},
};

static const GetSetDef type_getset[] = {
    {"__basicsize__", get_basic_size, NULL, NULL},
    {"__itemsize__", get_item_size, NULL, NULL},
    {"__flags__", get_flags, NULL, NULL},
    {"__weakrefoffset__", get_weakref_offset, NULL, NULL},
    {"__base__", get_base, NULL, NULL},
    {"__dictoffset__", get_dict_offset, NULL, NULL},
    {"__name__", get_name, set_name, NULL},
    {"__qualname__", get_qualname, set_qualname, NULL},
    {"__bases__", get_bases, set_bases, NULL},
    {"__mro__", get_mro, NULL, NULL},
    {"__module__", get_module, set_module, NULL},
    {"__abstractmethods__", get_abstract_methods, set_abstract_methods, NULL},
    {"__dict__", get_dict, NULL, NULL},
    {"__doc__", get_doc, set_doc, NULL},
    {"__text_signature__", get_text_signature, NULL, NULL},
    {"__annotations__", get_annotations, set_annotations, NULL},
    {"__type_params__", get_type_params, set_type_params, NULL},
    {0},
};

const TypeSpec type_spec = {
    .name = "type",
    .doc = "type(object) -> the object's type\ntype(name, bases, dict, **kwds) -> a new type",
    .layout = LAYOUT_TYPE,
    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_WEAKREFS,
    .size = sizeof(Type),
    .ops = {.size = type_size, .visit = type_visit, .clear = type_clear, .free = type_free, .extra_size = type_extra_size},
    .slots = {.repr = type_repr, .call = type_call, .get_attr = type_get_attr, .set_attr = type_set_attr_slot, .new_ = type_new_slot,
              .init = type_init_slot, .binary = {[BINARY_OR] = union_or}},
    .methods = type_methods,
    .getset = type_getset,
};
