/* Attribute access: the generic algorithm (object.__getattribute__, __setattr__) and the entries that every access goes through.
 *
 * Order for reading: data descriptor of the class, attribute of the instance, other descriptor or value of the class; then
 * AttributeError, and __getattr__ (vm/slots.c). vm/attr_cache.c tells the same by shape, for inline caches: change both. */
#include "vm/attr.h"

#include <stdarg.h>

#include "vm/format_error.h"
#include "vm/ops.h"
#include "vm/types/descriptors.h"
#include "vm/types/exception.h"
#include "vm/types/str.h"
#include "vm/vm.h"

/* --- errors --- */

static void set_name_and_object(Vm *vm, Value object, Str *name) {
    if (!value_is_exception(vm->exception)) return;
    ExceptionObject *e = value_exception(vm->exception);
    if (!e->extra || e->extra_count <= EXTRA_OBJ) return;
    value_replace_take(vm, &e->extra[EXTRA_NAME], value_retain(value_from_object(name)));
    value_replace_take(vm, &e->extra[EXTRA_OBJ], value_retain(object));
}

Value error_attribute_named(Vm *vm, Value object, Str *name, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Value message = str_format_list(vm, format, args);
    va_end(args);
    if (value_is_error(message)) return VALUE_ERROR;
    error_raise(vm, EXC_AttributeError, "%S", message);
    value_release(vm, message);
    set_name_and_object(vm, object, name);
    return VALUE_ERROR;
}

bool member_readonly(Vm *vm, Value self, Value value) {
    (void)self;
    (void)value;
    error_raise(vm, EXC_AttributeError, "readonly attribute");
    return false;
}

/* --- reading --- */

/* The value that a class attribute gives for instance v: bound where it is a descriptor. `found` is borrowed. */
static Value bind_found(Vm *vm, Value found, Value v, Type *type) {
    if (!value_is_object(found)) return found;
    value_retain(found);
    Type *kind = value_object(found)->shape->type;
    if (!kind->slots.descr_get) return found;
    Value result = kind->slots.descr_get(vm, found, v, value_from_object(type));
    value_release(vm, found);
    return result;
}

static inline bool is_data_descriptor(Value found) {
    return value_is_object(found) && value_object(found)->shape->type->slots.descr_set;
}

/* With __set__ alone an attribute of the instance goes first. */
static inline bool is_read_descriptor(Value found) {
    return is_data_descriptor(found) && value_object(found)->shape->type->slots.descr_get;
}

/* VALUE_EMPTY: there is none. AttributeErrors that a descriptor raises pass through. */
static Value get_generic(Vm *vm, Value v, Str *name) {
    Type *type = value_type(vm, v);
    Value found = type_lookup_peek(vm, type, name);
    if (is_read_descriptor(found)) return bind_found(vm, found, v, type);
    if (value_is_object(v) && value_object(v)->shape->attrs_offset) {
        Value own = object_attr_peek(vm, value_object(v), name);
        if (!value_is_empty(own)) return value_retain(own);
    }
    return value_is_empty(found) ? VALUE_EMPTY : bind_found(vm, found, v, type);
}

Value value_get_attr_generic(Vm *vm, Value v, Str *name) {
    Value result = get_generic(vm, v, name);
    return value_is_empty(result) ? error_attribute(vm, v, name) : result;
}

Value value_find_attr_generic(Vm *vm, Value v, Str *name) {
    Value result = get_generic(vm, v, name);
    return value_is_error(result) && error_clear_if(vm, EXC_AttributeError) ? VALUE_EMPTY : result;
}

Value value_get_attr(Vm *vm, Value v, Str *name) {
    Type *type = value_type(vm, v);
    return type->slots.get_attr ? type->slots.get_attr(vm, v, name) : value_get_attr_generic(vm, v, name);
}

Value value_find_attr(Vm *vm, Value v, Str *name) {
    Type *type = value_type(vm, v);
    if (!type->slots.get_attr) return value_find_attr_generic(vm, v, name);
    Value result = type->slots.get_attr(vm, v, name);
    return value_is_error(result) && error_clear_if(vm, EXC_AttributeError) ? VALUE_EMPTY : result;
}

Value value_get_method(Vm *vm, Value v, Str *name, Value *self) {
    Type *type = value_type(vm, v);
    *self = VALUE_EMPTY;
    if (type->slots.get_attr) return type->slots.get_attr(vm, v, name);
    Value found = type_lookup_peek(vm, type, name);
    bool function = value_is_object(found) && value_object(found)->shape->type->flags & TYPE_FLAG_METHOD_DESCRIPTOR;
    if (!function) return value_get_attr_generic(vm, v, name);
    if (value_is_object(v) && value_object(v)->shape->attrs_offset) {
        Value own = object_attr_peek(vm, value_object(v), name);
        if (!value_is_empty(own)) return value_retain(own);
    }
    *self = v;
    return value_retain(found);
}

Value value_special(Vm *vm, Value v, Str *name) {
    Type *type = value_type(vm, v);
    Value found = type_lookup_peek(vm, type, name);
    return value_is_empty(found) ? VALUE_EMPTY : bind_found(vm, found, v, type);
}

Value attr_bind(Vm *vm, Value function, Value self) {
    return bind_found(vm, function, self, value_type(vm, self));
}

/* --- writing --- */

static bool error_not_settable(Vm *vm, Value v, Str *name, Value found, Type *type) {
    if (!value_is_empty(found))
        error_attribute_named(vm, v, name, "'%N' object attribute %V is read-only", type, value_from_object(name));
    else if (type->slots.set_attr && type->slots.set_attr != slot_set_attr)
        error_attribute_named(vm, v, name, "'%N' object has no attribute '%U'", type, name);
    else
        error_attribute_named(vm, v, name, "'%N' object has no attribute '%U' and no __dict__ for setting new attributes", type, name);
    return false;
}

static bool delete_own(Vm *vm, Value v, Str *name) {
    bool found;
    if (!object_attr_delete(vm, value_object(v), name, &found)) return false;
    if (!found) error_attribute(vm, v, name);
    return found;
}

bool value_set_attr_generic(Vm *vm, Value v, Str *name, Value value) {
    Type *type = value_type(vm, v);
    Value found = type_lookup_peek(vm, type, name);
    if (is_data_descriptor(found)) {
        value_retain(found);
        bool ok = value_object(found)->shape->type->slots.descr_set(vm, found, v, value);
        value_release(vm, found);
        return ok;
    }
    if (!value_is_object(v) || !value_object(v)->shape->attrs_offset) return error_not_settable(vm, v, name, found, type);
    return value_is_empty(value) ? delete_own(vm, v, name) : object_attr_set(vm, value_object(v), name, value);
}

bool value_set_attr(Vm *vm, Value v, Str *name, Value value) {
    Type *type = value_type(vm, v);
    return type->slots.set_attr ? type->slots.set_attr(vm, v, name, value) : value_set_attr_generic(vm, v, name, value);
}
