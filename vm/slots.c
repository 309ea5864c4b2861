/* Slot functions of classes made by scripts: each looks the special method up on the type and calls it.
 *
 * To add a special method: a row in vm/slots.def and its function here. vm/slot_update.c decides which classes get them. */
#include "vm/ops.h"

#include "vm/types/descriptors.h"
#include "vm/types/int.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

#define ARGS_ON_STACK 8

/* args[0] is self. */
Value call_found(Vm *vm, Value function, Value *args, int nargs) {
    Type *type = value_type(vm, function);
    value_retain(function);
    Value result;
    if (type->flags & TYPE_FLAG_METHOD_DESCRIPTOR) {
        result = value_call(vm, function, args, nargs, NULL);
    } else if (type->slots.descr_get) {
        Value bound = type->slots.descr_get(vm, function, args[0], value_from_object(value_type(vm, args[0])));
        result = value_is_error(bound) ? VALUE_ERROR : value_call(vm, bound, args + 1, nargs - 1, NULL);
        value_release(vm, bound);
    } else {
        result = value_call(vm, function, args + 1, nargs - 1, NULL);
    }
    value_release(vm, function);
    return result;
}

Value call_prepend(Vm *vm, Value callee, Value first, Value *args, int nargs, Tuple *kwnames) {
    size_t given = (size_t)nargs + (kwnames ? kwnames->count : 0);
    Value buffer[ARGS_ON_STACK];
    Value *all = given < ARGS_ON_STACK ? buffer : heap_alloc(&vm->heap, (given + 1) * sizeof(Value));
    if (!all) return error_no_memory(vm);
    all[0] = first;
    for (size_t i = 0; i < given; i++) all[i + 1] = args[i];
    Value result = value_call(vm, callee, all, nargs + 1, kwnames);
    if (all != buffer) heap_free(&vm->heap, all, (given + 1) * sizeof(Value));
    return result;
}

/* The special method of args[0], called; VALUE_EMPTY: it has none. */
static Value call_special(Vm *vm, NameId name, Value *args, int nargs) {
    Value function = type_lookup_peek(vm, value_type(vm, args[0]), vm->names[name]);
    return value_is_empty(function) ? VALUE_EMPTY : call_found(vm, function, args, nargs);
}

/* The same; absence is an AttributeError. */
static Value call_required(Vm *vm, NameId name, Value *args, int nargs) {
    Value result = call_special(vm, name, args, nargs);
    return value_is_empty(result) ? error_raise(vm, EXC_AttributeError, "%U", vm->names[name]) : result;
}

static bool done_with(Vm *vm, Value result) {
    if (value_is_error(result)) return false;
    value_release(vm, result);
    return true;
}

static Value slot_repr(Vm *vm, Value self) { return call_required(vm, NAME___repr__, &self, 1); }
static Value slot_str(Vm *vm, Value self) { return call_required(vm, NAME___str__, &self, 1); }
static Value slot_await(Vm *vm, Value self) { return call_required(vm, NAME___await__, &self, 1); }
static Value slot_aiter(Vm *vm, Value self) { return call_required(vm, NAME___aiter__, &self, 1); }
static Value slot_anext(Vm *vm, Value self) { return call_required(vm, NAME___anext__, &self, 1); }
static Value slot_negative(Vm *vm, Value self) { return call_required(vm, NAME___neg__, &self, 1); }
static Value slot_positive(Vm *vm, Value self) { return call_required(vm, NAME___pos__, &self, 1); }
static Value slot_invert(Vm *vm, Value self) { return call_required(vm, NAME___invert__, &self, 1); }
static Value slot_absolute(Vm *vm, Value self) { return call_required(vm, NAME___abs__, &self, 1); }
static Value slot_as_int(Vm *vm, Value self) { return call_required(vm, NAME___int__, &self, 1); }
static Value slot_as_float(Vm *vm, Value self) { return call_required(vm, NAME___float__, &self, 1); }
static Value slot_as_index(Vm *vm, Value self) { return call_required(vm, NAME___index__, &self, 1); }

static bool slot_hash(Vm *vm, Value self, Hash *out) {
    Value result = call_required(vm, NAME___hash__, &self, 1);
    if (value_is_error(result)) return false;
    if (!value_is_int(result)) {
        value_release(vm, result);
        error_type(vm, "__hash__ method should return an integer");
        return false;
    }
    int64_t hash;
    if (!int_to_i64(result, &hash)) hash = int_hash(result);
    *out = hash == -1 ? -2 : hash;
    value_release(vm, result);
    return true;
}

static Value slot_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    static const uint16_t names[] = {NAME___lt__, NAME___le__, NAME___eq__, NAME___ne__, NAME___gt__, NAME___ge__};
    Value function = type_lookup_peek(vm, value_type(vm, self), vm->names[names[op]]);
    if (value_is_empty(function)) return VALUE_NOT_IMPLEMENTED;
    if (value_is_wrapper(vm, function)) {
        const WrapperDescriptor *w = (WrapperDescriptor *)value_object(function);
        if (w->row->offset == offsetof(TypeSlots, compare) && value_is_instance(vm, self, w->owner))
            return ((Value(*)(Vm *, Value, Value, CompareOperator))w->fn)(vm, self, other, (CompareOperator)w->row->operation);
    }
    Value args[2] = {self, other};
    Type *kind = value_type(vm, function);
    if (kind->flags & TYPE_FLAG_METHOD_DESCRIPTOR || !kind->slots.descr_get) return call_found(vm, function, args, 2);
    Value bound = value_special(vm, self, vm->names[names[op]]);
    if (value_is_error(bound)) { /* an error on the way to the method counts as having none */
        error_clear(vm);
        return VALUE_NOT_IMPLEMENTED;
    }
    Value result = value_call1(vm, bound, other);
    value_release(vm, bound);
    return result;
}

/* self.function(...) for a special method found on self's type, with all kinds of arguments. */
static Value call_full(Vm *vm, Value function, Value self, Value *args, int nargs, Tuple *kwnames) {
    Type *type = value_type(vm, self), *kind = value_type(vm, function);
    Value result, bound = VALUE_EMPTY;
    value_retain(function);
    if (kind->flags & TYPE_FLAG_METHOD_DESCRIPTOR) {
        result = call_prepend(vm, function, self, args, nargs, kwnames);
    } else if (kind->slots.descr_get) {
        bound = kind->slots.descr_get(vm, function, self, value_from_object(type));
        result = value_is_error(bound) ? VALUE_ERROR : value_call(vm, bound, args, nargs, kwnames);
    } else {
        result = value_call(vm, function, args, nargs, kwnames);
    }
    value_release(vm, bound);
    value_release(vm, function);
    return result;
}

static Value slot_call(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    Value function = type_lookup_peek(vm, value_type(vm, self), NAME(vm, __call__));
    if (value_is_empty(function)) return error_raise(vm, EXC_AttributeError, "__call__");
    return call_full(vm, function, self, args, nargs, kwnames);
}

static Value slot_iter(Vm *vm, Value self) {
    Value function = type_lookup_peek(vm, value_type(vm, self), NAME(vm, __iter__));
    if (value_is_none(function)) return error_type(vm, "'%T' object is not iterable", self);
    return call_required(vm, NAME___iter__, &self, 1);
}

static Value slot_next(Vm *vm, Value self) {
    Value result = call_required(vm, NAME___next__, &self, 1);
    return value_is_error(result) && error_clear_if(vm, EXC_StopIteration) ? VALUE_EMPTY : result;
}

/* --- attributes --- */

/* What __getattribute__ does, without the error where there is no attribute: VALUE_EMPTY. */
static Value find_by_getattribute(Vm *vm, Value self, Str *name) {
    Value function = type_lookup_peek(vm, value_type(vm, self), NAME(vm, __getattribute__));
    Value result;
    if (value_is_wrapper(vm, function)) {
        const WrapperDescriptor *w = (WrapperDescriptor *)value_object(function);
        if (w->owner == TYPE(vm, OBJECT)) return value_find_attr_generic(vm, self, name);
        result = ((Value(*)(Vm *, Value, Str *))w->fn)(vm, self, name);
    } else {
        Value args[2] = {self, value_from_object(name)};
        result = call_required(vm, NAME___getattribute__, args, 2);
    }
    return value_is_error(result) && error_clear_if(vm, EXC_AttributeError) ? VALUE_EMPTY : result;
}

Value slot_get_attr(Vm *vm, Value self, Str *name) {
    Type *type = value_type(vm, self);
    Value args[2] = {self, value_from_object(name)};
    if (value_is_empty(type_lookup_peek(vm, type, NAME(vm, __getattr__)))) {
        Value function = type_lookup_peek(vm, type, NAME(vm, __getattribute__));
        if (value_is_empty(function)) return value_get_attr_generic(vm, self, name);
        return call_found(vm, function, args, 2);
    }
    value_retain(self);
    Value result = find_by_getattribute(vm, self, name);
    if (value_is_empty(result)) result = call_required(vm, NAME___getattr__, args, 2);
    value_release(vm, self);
    return result;
}

bool slot_set_attr(Vm *vm, Value self, Str *name, Value value) {
    bool deletes = value_is_empty(value);
    Value function = type_lookup_peek(vm, value_type(vm, self), deletes ? NAME(vm, __delattr__) : NAME(vm, __setattr__));
    if (value_is_wrapper(vm, function)) {
        const WrapperDescriptor *w = (WrapperDescriptor *)value_object(function);
        if (w->owner == TYPE(vm, OBJECT)) return value_set_attr_generic(vm, self, name, value);
        return ((bool (*)(Vm *, Value, Str *, Value))w->fn)(vm, self, name, value);
    }
    Value args[3] = {self, value_from_object(name), value};
    return done_with(vm, call_required(vm, deletes ? NAME___delattr__ : NAME___setattr__, args, deletes ? 2 : 3));
}

static inline Value empty_to_none(Value v) { return value_is_empty(v) ? VALUE_NONE : v; }

static Value slot_descr_get(Vm *vm, Value self, Value instance, Value owner) {
    Value args[3] = {self, empty_to_none(instance), empty_to_none(owner)};
    Value result = call_special(vm, NAME___get__, args, 3);
    return value_is_empty(result) ? value_retain(self) : result;
}

static bool slot_descr_set(Vm *vm, Value self, Value instance, Value value) {
    Value args[3] = {self, instance, value};
    bool deletes = value_is_empty(value);
    return done_with(vm, call_required(vm, deletes ? NAME___delete__ : NAME___set__, args, deletes ? 2 : 3));
}

/* --- making instances --- */

Value slot_new(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    Value self = value_from_object(type);
    Value function = value_get_attr(vm, self, NAME(vm, __new__));
    if (value_is_error(function)) return VALUE_ERROR;
    Value result = call_prepend(vm, function, self, args, nargs, kwnames);
    value_release(vm, function);
    return result;
}

bool slot_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    Value function = type_lookup_peek(vm, value_type(vm, self), NAME(vm, __init__));
    if (value_is_empty(function)) return error_raise(vm, EXC_AttributeError, "__init__"), false;
    Value result = call_full(vm, function, self, args, nargs, kwnames);
    if (value_is_error(result)) return false;
    if (!value_is_none(result)) error_type(vm, "__init__() should return None, not '%T'", result);
    bool ok = value_is_none(result);
    value_release(vm, result);
    return ok;
}

/* --- numbers --- */

static bool same_lookup(Vm *vm, Type *a, Type *b, Str *name) {
    return value_same(type_lookup_peek(vm, a, name), type_lookup_peek(vm, b, name));
}

static Value call_or_not(Vm *vm, NameId name, Value self, Value other) {
    Value args[2] = {self, other};
    Value result = call_special(vm, name, args, 2);
    return value_is_empty(result) ? VALUE_NOT_IMPLEMENTED : result;
}

/* self op other, where one of the two (or both) has `fn` in the slot: __op__ of the left, __rop__ of the right; a subclass on the
 * right that has its own __rop__ goes first. */
static Value slot_binary(Vm *vm, Value left, Value right, int slot, BinaryFn fn, NameId name, NameId reflected) {
    Type *a = value_type(vm, left), *b = value_type(vm, right);
    bool try_right = a != b && b->slots.binary[slot] == fn;
    if (a->slots.binary[slot] == fn) {
        if (try_right && type_is_subtype(b, a) && !same_lookup(vm, a, b, vm->names[reflected])) {
            Value result = call_or_not(vm, reflected, right, left);
            if (!value_same(result, VALUE_NOT_IMPLEMENTED)) return result;
            try_right = false;
        }
        Value result = call_or_not(vm, name, left, right);
        if (!value_same(result, VALUE_NOT_IMPLEMENTED) || a == b) return result;
    }
    return try_right ? call_or_not(vm, reflected, right, left) : VALUE_NOT_IMPLEMENTED;
}

#define BINARY(op, name, rname) \
    static Value slot_binary_##op(Vm *vm, Value left, Value right) { \
        return slot_binary(vm, left, right, op, slot_binary_##op, NAME_##name, NAME_##rname); \
    }
BINARY(BINARY_ADD, __add__, __radd__)
BINARY(BINARY_SUB, __sub__, __rsub__)
BINARY(BINARY_MUL, __mul__, __rmul__)
BINARY(BINARY_MATMUL, __matmul__, __rmatmul__)
BINARY(BINARY_DIV, __truediv__, __rtruediv__)
BINARY(BINARY_FLOORDIV, __floordiv__, __rfloordiv__)
BINARY(BINARY_MOD, __mod__, __rmod__)
BINARY(BINARY_POW, __pow__, __rpow__)
BINARY(BINARY_LSHIFT, __lshift__, __rlshift__)
BINARY(BINARY_RSHIFT, __rshift__, __rrshift__)
BINARY(BINARY_AND, __and__, __rand__)
BINARY(BINARY_OR, __or__, __ror__)
BINARY(BINARY_XOR, __xor__, __rxor__)
BINARY(BINARY_DIVMOD, __divmod__, __rdivmod__)
#undef BINARY

#define INPLACE(op, name) \
    static Value slot_inplace_##op(Vm *vm, Value left, Value right) { return call_or_not(vm, NAME_##name, left, right); }
INPLACE(BINARY_ADD, __iadd__)
INPLACE(BINARY_SUB, __isub__)
INPLACE(BINARY_MUL, __imul__)
INPLACE(BINARY_MATMUL, __imatmul__)
INPLACE(BINARY_DIV, __itruediv__)
INPLACE(BINARY_FLOORDIV, __ifloordiv__)
INPLACE(BINARY_MOD, __imod__)
INPLACE(BINARY_POW, __ipow__)
INPLACE(BINARY_LSHIFT, __ilshift__)
INPLACE(BINARY_RSHIFT, __irshift__)
INPLACE(BINARY_AND, __iand__)
INPLACE(BINARY_OR, __ior__)
INPLACE(BINARY_XOR, __ixor__)
#undef INPLACE

/* pow() with three arguments never asks __rpow__. */
static Value slot_power(Vm *vm, Value left, Value right, Value third) {
    if (value_is_none(third)) return slot_binary_BINARY_POW(vm, left, right);
    if (value_type(vm, left)->slots.power != slot_power) return VALUE_NOT_IMPLEMENTED;
    Value args[3] = {left, right, third};
    Value result = call_special(vm, NAME___pow__, args, 3);
    return value_is_empty(result) ? VALUE_NOT_IMPLEMENTED : result;
}

static int slot_truth(Vm *vm, Value self) {
    Value result = call_required(vm, NAME___bool__, &self, 1);
    if (value_is_bool(result)) return value_is_true(result);
    if (value_is_error(result)) return -1;
    error_type(vm, "__bool__ should return bool, returned %T", result);
    value_release(vm, result);
    return -1;
}

/* --- containers --- */

static int64_t slot_length(Vm *vm, Value self) {
    Value result = call_required(vm, NAME___len__, &self, 1);
    if (value_is_error(result)) return -1;
    Value index = value_index(vm, result);
    value_release(vm, result);
    int64_t length = -1;
    if (value_is_error(index)) return -1;
    if (int_sign(index) < 0) error_value(vm, "__len__() should return >= 0");
    else if (!value_as_index(vm, index, &length, false)) length = -1;
    value_release(vm, index);
    return length;
}

Value slot_get_item(Vm *vm, Value self, Value key) {
    Value args[2] = {self, key};
    return call_required(vm, NAME___getitem__, args, 2);
}

static bool slot_set_item(Vm *vm, Value self, Value key, Value value) {
    Value args[3] = {self, key, value};
    bool deletes = value_is_empty(value);
    return done_with(vm, call_required(vm, deletes ? NAME___delitem__ : NAME___setitem__, args, deletes ? 2 : 3));
}

static int slot_contains(Vm *vm, Value self, Value item) {
    Value function = type_lookup_peek(vm, value_type(vm, self), NAME(vm, __contains__));
    if (value_is_none(function)) {
        error_type(vm, "'%T' object is not a container", self);
        return -1;
    }
    Value args[2] = {self, item};
    Value result = call_required(vm, NAME___contains__, args, 2);
    if (value_is_error(result)) return -1;
    int truth = value_truth(vm, result);
    value_release(vm, result);
    return truth;
}

const SlotFn slot_functions[] = {
#define SLOT(name, slot, wrap, operation, function, signature, doc) (SlotFn)function,
#include "vm/slots.def"
#undef SLOT
};
