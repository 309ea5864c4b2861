/* Containers: len(), subscription, membership, on any value. */
#include "vm/ops.h"

#include "vm/types/descriptors.h"
#include "vm/types/generic_alias.h"
#include "vm/types/int.h"
#include "vm/types/str.h"
#include "vm/vm.h"

int64_t value_length(Vm *vm, Value v) {
    const TypeSlots *slots = &value_type(vm, v)->slots;
    if (slots->length) return slots->length(vm, v);
    error_type(vm, "object of type '%T' has no len()", v);
    return -1;
}

/* C[key] for a class without a metaclass that knows about it. */
static Value class_get_item(Vm *vm, Value class, Value key) {
    if (value_object(class) == &TYPE(vm, TYPE)->head) return generic_alias_new(vm, class, key);
    Value method = value_find_attr(vm, class, NAME(vm, __class_getitem__));
    if (value_is_error(method)) return VALUE_ERROR;
    if (value_is_empty(method)) return error_type(vm, "type '%N' is not subscriptable", (Type *)value_object(class));
    Value result = value_is_none(method) ? error_type(vm, "type '%N' is not subscriptable", (Type *)value_object(class))
                                         : value_call1(vm, method, key);
    value_release(vm, method);
    return result;
}

Value value_get_item(Vm *vm, Value v, Value key) {
    const TypeSlots *slots = &value_type(vm, v)->slots;
    if (slots->get_item) return slots->get_item(vm, v, key);
    if (value_has_layout(v, LAYOUT_TYPE)) return class_get_item(vm, v, key);
    return error_type(vm, "'%T' object is not subscriptable", v);
}

bool value_set_item(Vm *vm, Value v, Value key, Value value) {
    const TypeSlots *slots = &value_type(vm, v)->slots;
    if (slots->set_item) return slots->set_item(vm, v, key, value);
    error_type(vm, "'%T' object does not support item assignment", v);
    return false;
}

/* CPython words it differently for what its C code takes for a sequence. */
static bool reads_as_sequence(const Type *type, Value key) {
    const TypeSlots *s = &type->slots;
    bool index = value_is_int(key);
    return index && (type->flags & TYPE_FLAG_HEAP || s->concat || s->repeat || s->contains);
}

bool value_delete_item(Vm *vm, Value v, Value key) {
    Type *type = value_type(vm, v);
    if (type->slots.set_item) return type->slots.set_item(vm, v, key, VALUE_EMPTY);
    const char *verb = reads_as_sequence(type, key) ? "doesn't" : "does not";
    error_type(vm, "'%N' object %s support item deletion", type, verb);
    return false;
}

static int contains_by_iteration(Vm *vm, Value container, Value item) {
    Value iterator = value_iter(vm, container);
    if (value_is_error(iterator)) {
        if (error_clear_if(vm, EXC_TypeError)) error_type(vm, "argument of type '%T' is not iterable", container);
        return -1;
    }
    int found = 0;
    while (!found) {
        Value next = value_next(vm, iterator);
        if (value_is_empty(next)) break;
        found = value_is_error(next) ? -1 : value_equal(vm, next, item);
        value_release(vm, next);
    }
    value_release(vm, iterator);
    return found;
}

int value_contains(Vm *vm, Value container, Value item) {
    const TypeSlots *slots = &value_type(vm, container)->slots;
    return slots->contains ? slots->contains(vm, container, item) : contains_by_iteration(vm, container, item);
}
