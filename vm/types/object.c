/* object: the base of all types; making instances; what every object can do unless its type knows better.
 *
 * Pickling's side of object (__reduce_ex__, __getstate__) is in object_reduce.c. */
#include "vm/type.h"

#include "vm/attr.h"
#include "vm/ops.h"
#include "vm/types/descriptors.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/object.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/types/type_create.h"
#include "vm/vm.h"

/* --- making instances --- */

/* "'f', 'g'" of a class's abstract methods, sorted. */
static Value abstract_names(Vm *vm, Type *type, size_t *count) {
    Value names = type_own_peek(vm, type, NAME(vm, __abstractmethods__));
    List *list = value_is_empty(names) ? list_new(vm, 0) : list_from_iterable(vm, names);
    if (!list || !list_sort(vm, list, VALUE_NONE, false)) {
        release_object(vm, list);
        return VALUE_ERROR;
    }
    StrBuilder b;
    builder_init(&b, vm);
    *count = list->count;
    for (size_t i = 0; i < list->count; i++) {
        if (i) builder_add_ascii(&b, "', '", 4);
        builder_add_value(&b, list->items[i]);
    }
    release_object(vm, list);
    return builder_finish(&b);
}

static Value error_abstract(Vm *vm, Type *type) {
    size_t count = 0;
    Value names = abstract_names(vm, type, &count);
    if (value_is_error(names)) return VALUE_ERROR;
    error_type(vm, "Can't instantiate abstract class %N without an implementation for abstract method%s '%S'", type,
               count > 1 ? "s" : "", names);
    value_release(vm, names);
    return VALUE_ERROR;
}

Value instance_new(Vm *vm, Type *type) {
    if (__builtin_expect(type->flags & TYPE_FLAG_ABSTRACT, 0)) return error_abstract(vm, type);
    Shape *shape = type_instance_shape(vm, type);
    if (!shape) return error_no_memory(vm);
    if (shape->layout != LAYOUT_OBJECT) {
        Object *other = type_alloc(vm, type, type->spec->size);
        if (!other) return VALUE_ERROR;
        object_track(&vm->heap, other);
        return value_from_object(other);
    }
    size_t slots = type->slot_names_count, members = slots;
    if (shape->attrs_offset) slots += 1u + shape->inline_count;
    Object *o = object_new(&vm->heap, shape, sizeof *o + slots * sizeof(Value));
    if (!o) return error_no_memory(vm);
    Value *place = (Value *)(o + 1);
    for (size_t i = 0; i < slots; i++) place[i] = VALUE_EMPTY;
    if (shape->attrs_offset) ((Attrs *)(place + members))->overflow = NULL;
    if (type->flags & TYPE_FLAG_HEAP) object_track(&vm->heap, o);
    return value_from_object(o);
}

static inline bool has_arguments(int nargs, const Tuple *kwnames) { return nargs > 0 || (kwnames && kwnames->count); }

Value object_new_slot(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    (void)args;
    if (has_arguments(nargs, kwnames)) {
        if (type->slots.new_ != object_new_slot)
            return error_type(vm, "object.__new__() takes exactly one argument (the type to instantiate)");
        if (type->slots.init == object_init_slot) return error_type(vm, "%N() takes no arguments", type);
    }
    return instance_new(vm, type);
}

bool object_init_slot(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    (void)args;
    if (!has_arguments(nargs, kwnames)) return true;
    Type *type = value_type(vm, self);
    if (type->slots.init != object_init_slot) {
        error_type(vm, "object.__init__() takes exactly one argument (the instance to initialize)");
        return false;
    }
    if (type->slots.new_ != object_new_slot) return true;
    error_type(vm, "%N.__init__() takes exactly one argument (the instance to initialize)", type);
    return false;
}

static bool init_instance(Vm *vm, Type *called, Value instance, Value *args, int nargs, Tuple *kwnames) {
    Type *type = value_type(vm, instance);
    if (!type_is_subtype(type, called) || !type->slots.init) return true;
    return type->slots.init(vm, instance, args, nargs, kwnames);
}

Value type_call(Vm *vm, Value callee, Value *args, int nargs, Tuple *kwnames) {
    Type *type = (Type *)value_object(callee);
    if (type == TYPE(vm, TYPE)) {
        bool keywords = kwnames && kwnames->count;
        if (nargs == 1 && !keywords) return value_retain(value_from_object(value_type(vm, args[0])));
        if (nargs != 3) return error_type(vm, "type() takes 1 or 3 arguments");
    }
    if (type->flags & TYPE_FLAG_NO_NEW || !type->slots.new_) return error_type(vm, "cannot create '%N' instances", type);
    retain_object(type);
    Value instance = type->slots.new_(vm, type, args, nargs, kwnames);
    if (!value_is_error(instance) && !init_instance(vm, type, instance, args, nargs, kwnames)) {
        value_release(vm, instance);
        instance = VALUE_ERROR;
    }
    release_object(vm, type);
    return instance;
}

bool type_simple_call(Vm *vm, Type *type, Value *init) {
    *init = VALUE_EMPTY;
    if (type->slots.new_ != object_new_slot || type->head.shape->type->slots.call != type_call) return false;
    if (!(type->flags & TYPE_FLAG_HEAP)) return false;
    if (type->slots.init == object_init_slot) return true;
    if (type->slots.init != slot_init) return false;
    *init = type_lookup_peek(vm, type, NAME(vm, __init__));
    return value_is_function(*init);
}

/* --- slots --- */

static Value object_repr(Vm *vm, Value self) {
    Type *type = value_type(vm, self);
    Value module = type->flags & TYPE_FLAG_HEAP ? type_own_peek(vm, type, NAME(vm, __module__)) : type->module;
    unsigned long long address = (unsigned long long)self.bits;
    if (value_is_str(module) && !str_equal_ascii(value_str_peek(module), "builtins"))
        return str_format(vm, "<%S.%S object at 0x%llx>", module, type->qualname, address);
    return str_format(vm, "<%N object at 0x%llx>", type, address);
}

static Value object_str(Vm *vm, Value self) { return value_repr(vm, self); }

static bool object_hash(Vm *vm, Value self, Hash *out) {
    (void)vm;
    *out = (Hash)(self.bits >> 4 | self.bits << 60);
    return true;
}

static Value object_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    if (op == COMPARE_EQ) return value_same(self, other) ? VALUE_TRUE : VALUE_NOT_IMPLEMENTED;
    if (op != COMPARE_NE) return VALUE_NOT_IMPLEMENTED;
    Value equal = value_type(vm, self)->slots.compare(vm, self, other, COMPARE_EQ);
    if (value_is_error(equal) || value_same(equal, VALUE_NOT_IMPLEMENTED)) return equal;
    int truth = value_truth(vm, equal);
    value_release(vm, equal);
    return truth < 0 ? VALUE_ERROR : value_from_bool(!truth);
}

/* --- methods --- */

static Value object_format(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!value_is_str(args[1])) return error_type(vm, "__format__() argument must be str, not %T", args[1]);
    if (value_str_peek(args[1])->length) return error_type(vm, "unsupported format string passed to %T.__format__", args[0]);
    return value_str(vm, args[0]);
}

static Value object_sizeof(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!value_is_object(args[0])) return value_from_small(sizeof(Value));
    return int_from_i64(vm, (int64_t)object_full_size(&vm->heap, value_object(args[0])));
}

static Value object_dir(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value own = value_find_attr(vm, args[0], NAME(vm, __dict__));
    if (value_is_error(own)) return VALUE_ERROR;
    Value class = value_find_attr(vm, args[0], NAME(vm, __class__));
    if (value_is_error(class)) {
        value_release(vm, own);
        return VALUE_ERROR;
    }
    Type *type = value_has_layout(class, LAYOUT_TYPE) ? (Type *)value_object(class) : value_type(vm, args[0]);
    Value keys = type_dir(vm, type, value_is_dict(own) ? value_dict(own) : NULL);
    value_release(vm, own);
    value_release(vm, class);
    return keys;
}

static Value object_init_subclass(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)args, (void)nargs;
    return VALUE_NONE;
}

static Value object_subclasshook(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)args, (void)nargs;
    return VALUE_NOT_IMPLEMENTED;
}

static Value get_class(Vm *vm, Value self) { return value_retain(value_from_object(value_type(vm, self))); }

static bool set_class(Vm *vm, Value self, Value value) {
    if (value_is_empty(value)) return error_type(vm, "can't delete __class__ attribute"), false;
    if (!value_has_layout(value, LAYOUT_TYPE)) {
        error_type(vm, "__class__ must be set to a class, not '%T' object", value);
        return false;
    }
    Type *old = value_type(vm, self), *type = (Type *)value_object(value);
    bool both_heap = old->flags & type->flags & TYPE_FLAG_HEAP;
    bool modules = old->spec->layout == LAYOUT_MODULE && type->spec->layout == LAYOUT_MODULE;
    if ((!both_heap && !modules) || !value_is_object(self)) {
        error_type(vm, "__class__ assignment only supported for mutable types or ModuleType subclasses");
        return false;
    }
    return (modules || type_check_layout(vm, old, type, "__class__")) && object_set_class(vm, value_object(self), type);
}

static const NativeDef object_methods[] = {
    {"__reduce_ex__", object_reduce_ex, "($self, protocol, /)", "Helper for pickle.", NATIVE_METHOD},
    {"__reduce__", object_reduce, "($self, /)", "Helper for pickle.", NATIVE_METHOD},
    {"__getstate__", object_getstate, "($self, /)", "Helper for pickle.", NATIVE_METHOD},
    {"__subclasshook__", object_subclasshook, "($type, object, /)",
     "Abstract classes can override this to customize issubclass().\n\nThis is invoked early on by abc.ABCMeta.__subclasscheck__().\n"
     "It should return True, False or NotImplemented.  If it returns\nNotImplemented, the normal algorithm is used.  Otherwise, it\n"
     "overrides the normal algorithm (and the outcome is cached).",
     NATIVE_CLASS_METHOD},
    {"__init_subclass__", object_init_subclass, "($type, /)",
     "This method is called when a class is subclassed.\n\nThe default implementation does nothing. It may be\n"
     "overridden to extend subclasses.",
     NATIVE_CLASS_METHOD},
    {"__format__", object_format, "($self, format_spec, /)",
     "Default object formatter.\n\nReturn str(self) if format_spec is empty. Raise TypeError otherwise.", NATIVE_METHOD},
    {"__sizeof__", object_sizeof, "($self, /)", "Size of object in memory, in bytes.", NATIVE_METHOD},
    {"__dir__", object_dir, "($self, /)", "Default dir() implementation.", NATIVE_METHOD},
    {0},
};

static const GetSetDef object_getset[] = {
    {"__class__", get_class, set_class, "the object's class"},
    {0},
};

static size_t object_size(const Object *self) {
    (void)self;
    return sizeof(Object);
}

static void object_free(Vm *vm, Object *self) { (void)vm, (void)self; }

const TypeSpec object_spec = {
    .name = "object",
    .doc = "The base class of the class hierarchy.\n\nWhen called, it accepts no arguments and returns a new featureless\n"
           "instance that has no instance attributes and cannot be given any.\n",
    .layout = LAYOUT_OBJECT,
    .flags = TYPE_FLAG_BASETYPE,
    .size = sizeof(Object),
    .ops = {.size = object_size, .free = object_free},
    .slots = {.repr = object_repr, .str = object_str, .hash = object_hash, .compare = object_compare, .get_attr = value_get_attr_generic,
              .set_attr = value_set_attr_generic, .new_ = object_new_slot, .init = object_init_slot},
    .methods = object_methods,
    .getset = object_getset,
};
