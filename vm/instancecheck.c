/* isinstance and issubclass: real classes, tuples, unions, __instancecheck__ and __subclasscheck__, and objects that only look
 * like classes (they have __bases__). */
#include "vm/ops.h"

#include "vm/types/descriptors.h"
#include "vm/types/generic_alias.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

static const char error_instance[] = "isinstance() arg 2 must be a type, a tuple of types, or a union";
static const char error_subclass[] = "issubclass() arg 2 must be a class, a tuple of classes, or a union";

static inline bool is_type(Value v) { return value_has_layout(v, LAYOUT_TYPE); }
static inline Type *as_type(Value v) { return (Type *)value_object(v); }

/* The __bases__ of something that looks like a class: a Tuple, new; VALUE_EMPTY: it does not. */
static Value bases_of(Vm *vm, Value v) {
    Value bases = value_find_attr(vm, v, NAME(vm, __bases__));
    if (value_is_error(bases) || value_is_empty(bases) || value_is_tuple(bases)) return bases;
    value_release(vm, bases);
    return VALUE_EMPTY;
}

/* 1; 0 with TypeError(message) or another exception. */
static bool check_class(Vm *vm, Value v, const char *message) {
    Value bases = bases_of(vm, v);
    if (value_is_error(bases)) return false;
    if (value_is_empty(bases)) return error_type(vm, "%s", message), false;
    value_release(vm, bases);
    return true;
}

/* Walks __bases__ of what looks like a class. */
static int derives_by_bases(Vm *vm, Value derived, Value class) {
    if (value_same(derived, class)) return 1;
    Value bases = bases_of(vm, derived);
    if (value_is_error(bases)) return -1;
    if (value_is_empty(bases)) return 0;
    int found = 0;
    if (!vm_enter_c(vm, " in __issubclass__")) found = -1;
    Tuple *t = value_tuple(bases);
    for (size_t i = 0; !found && i < t->count; i++) found = derives_by_bases(vm, t->items[i], class);
    value_release(vm, bases);
    return found;
}

/* Whether v.__class__ can only be its type: nothing stands in front of object's own __class__. */
static bool has_true_class(Vm *vm, Value v) {
    Type *type = value_type(vm, v);
    if (type->slots.get_attr) return false;
    return value_same(type_lookup_peek(vm, type, NAME(vm, __class__)), type_lookup_peek(vm, TYPE(vm, OBJECT), NAME(vm, __class__)));
}

int value_isinstance_plain(Vm *vm, Value v, Value class) {
    if (is_type(class) && value_is_instance(vm, v, as_type(class))) return 1;
    if (is_type(class) && has_true_class(vm, v)) return 0;
    if (!is_type(class) && !check_class(vm, class, error_instance)) return -1;
    Value claimed = value_find_attr(vm, v, NAME(vm, __class__)); /* a proxy may claim another class than it has */
    if (value_is_error(claimed)) return -1;
    int result = 0;
    if (value_is_empty(claimed)) return 0;
    if (!is_type(class)) result = derives_by_bases(vm, claimed, class);
    else if (is_type(claimed) && as_type(claimed) != value_type(vm, v)) result = type_is_subtype(as_type(claimed), as_type(class));
    value_release(vm, claimed);
    return result;
}

int value_issubclass_plain(Vm *vm, Value type, Value class) {
    if (is_type(type) && is_type(class)) return type_is_subtype(as_type(type), as_type(class));
    if (!check_class(vm, type, "issubclass() arg 1 must be a class") || !check_class(vm, class, error_subclass)) return -1;
    return derives_by_bases(vm, type, class);
}

typedef int (*CheckFn)(Vm *, Value, Value);

#define TUPLE_DEPTH_MAX 10000 /* as CPython's limit for C recursion */

static int check_tuple(Vm *vm, Value v, Tuple *classes, CheckFn check, const char *what, int depth) {
    if (depth > TUPLE_DEPTH_MAX) return error_raise(vm, EXC_RecursionError, "maximum recursion depth exceeded%s", what), -1;
    if (!vm_enter_c(vm, what)) return -1;
    int result = 0;
    retain_object(classes);
    for (size_t i = 0; !result && i < classes->count; i++) {
        Value item = classes->items[i];
        result = value_is_tuple(item) ? check_tuple(vm, v, value_tuple(item), check, what, depth + 1) : check(vm, v, item);
    }
    release_object(vm, classes);
    vm_leave_c(vm);
    return result;
}

/* class.__instancecheck__(v) or class.__subclasscheck__(v), if its type has one. */
static int check_by_method(Vm *vm, Value class, Value v, Str *name, CheckFn otherwise, const char *what) {
    Value method = type_lookup_peek(vm, value_type(vm, class), name);
    if (value_is_empty(method)) return otherwise(vm, v, class);
    if (!vm_enter_c(vm, what)) return -1;
    Value args[2] = {class, v};
    Value result = call_found(vm, method, args, 2);
    vm_leave_c(vm);
    if (value_is_error(result)) return -1;
    int truth = value_truth(vm, result);
    value_release(vm, result);
    return truth;
}

int value_isinstance(Vm *vm, Value v, Value class) {
    if (is_type(class)) {
        if (value_type(vm, v) == as_type(class)) return 1;
        if (value_object(class)->shape->type == TYPE(vm, TYPE)) return value_isinstance_plain(vm, v, class);
    }
    if (value_is_union(vm, class)) return union_has_instance(vm, class, v);
    if (value_is_tuple(class)) return check_tuple(vm, v, value_tuple(class), value_isinstance, " in __instancecheck__", 0);
    return check_by_method(vm, class, v, NAME(vm, __instancecheck__), value_isinstance_plain, " in __instancecheck__");
}

int value_issubclass(Vm *vm, Value type, Value class) {
    if (is_type(class) && value_object(class)->shape->type == TYPE(vm, TYPE))
        return value_same(type, class) ? 1 : value_issubclass_plain(vm, type, class);
    if (value_is_union(vm, class)) return union_has_subclass(vm, class, type);
    if (value_is_tuple(class)) return check_tuple(vm, type, value_tuple(class), value_issubclass, " in __subclasscheck__", 0);
    return check_by_method(vm, class, type, NAME(vm, __subclasscheck__), value_issubclass_plain, " in __subclasscheck__");
}
