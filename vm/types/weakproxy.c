/* weakref.proxy objects: every operation goes to the target, or raises ReferenceError when that is gone.
 *
 * Operands that are proxies are replaced by their targets (held for the time of the operation), then the operation on values of vm/ops.h does the
 * work. To forward one more slot: a function here, a line in PROXY_SLOTS.
 */
#include "vm/ops.h"
#include "vm/types/str.h"
#include "vm/types/weakref.h"
#include "vm/vm.h"

static bool is_proxy(Value v) {
    return value_has_layout(v, LAYOUT_WEAKREF) && ((Weakref *)value_object(v))->kind == WEAKREF_PROXY;
}

/* The target of a proxy, anything else itself; new. VALUE_ERROR: the target is gone. */
static Value unwrap(Vm *vm, Value v) {
    if (!is_proxy(v)) return value_retain(v);
    Value target = weakref_target((Weakref *)value_object(v));
    if (!value_is_empty(target)) return target;
    return error_raise(vm, EXC_ReferenceError, "weakly-referenced object no longer exists");
}

/* --- one operand --- */

static Value forward_unary(Vm *vm, Value self, Value (*fn)(Vm *vm, Value v)) {
    Value target = unwrap(vm, self);
    if (value_is_error(target)) return VALUE_ERROR;
    Value result = fn(vm, target);
    value_release(vm, target);
    return result;
}

static Value proxy_str(Vm *vm, Value self) { return forward_unary(vm, self, value_str); }
static Value proxy_negative(Vm *vm, Value self) { return forward_unary(vm, self, value_negative); }
static Value proxy_positive(Vm *vm, Value self) { return forward_unary(vm, self, value_positive); }
static Value proxy_invert(Vm *vm, Value self) { return forward_unary(vm, self, value_invert); }
static Value proxy_absolute(Vm *vm, Value self) { return forward_unary(vm, self, value_absolute); }
static Value proxy_index(Vm *vm, Value self) { return forward_unary(vm, self, value_index); }
static Value proxy_iter(Vm *vm, Value self) { return forward_unary(vm, self, value_iter); }

static Value to_int(Vm *vm, Value v) { return value_call1(vm, value_from_object(TYPE(vm, INT)), v); }
static Value to_float(Vm *vm, Value v) { return value_call1(vm, value_from_object(TYPE(vm, FLOAT)), v); }
static Value proxy_int(Vm *vm, Value self) { return forward_unary(vm, self, to_int); }
static Value proxy_float(Vm *vm, Value self) { return forward_unary(vm, self, to_float); }

static Value target_next(Vm *vm, Value target) {
    if (!value_type(vm, target)->slots.next)
        return error_type(vm, "Weakref proxy referenced a non-iterator '%.200T' object", target);
    return value_next(vm, target);
}
static Value proxy_next(Vm *vm, Value self) { return forward_unary(vm, self, target_next); }

static Value proxy_repr(Vm *vm, Value self) {
    Value target = weakref_target((Weakref *)value_object(self));
    if (value_is_empty(target)) return str_format(vm, "<weakproxy at %p; dead>", (void *)value_object(self));
    Value text = str_format(vm, "<weakproxy at %p; to '%T' at %p>", (void *)value_object(self), target, (void *)value_object(target));
    value_release(vm, target);
    return text;
}

static int proxy_truth(Vm *vm, Value self) {
    Value target = unwrap(vm, self);
    if (value_is_error(target)) return -1;
    int truth = value_truth(vm, target);
    value_release(vm, target);
    return truth;
}

static int64_t proxy_length(Vm *vm, Value self) {
    Value target = unwrap(vm, self);
    if (value_is_error(target)) return -1;
    int64_t length = value_length(vm, target);
    value_release(vm, target);
    return length;
}

/* --- two and three operands --- */

typedef Value (*BinaryOpFn)(Vm *vm, BinaryOperator op, Value a, Value b);

static Value forward_binary(Vm *vm, BinaryOpFn fn, BinaryOperator op, Value a, Value b) {
    Value x = unwrap(vm, a), y = value_is_error(x) ? VALUE_ERROR : unwrap(vm, b), result = VALUE_ERROR;
    if (!value_is_error(y)) result = fn(vm, op, x, y);
    value_release(vm, x);
    value_release(vm, y);
    return result;
}

#define FORWARD_BINARY(name, op) \
    static Value proxy_##name(Vm *vm, Value a, Value b) { return forward_binary(vm, value_binary, op, a, b); } \
    static Value proxy_inplace_##name(Vm *vm, Value a, Value b) { return forward_binary(vm, value_inplace, op, a, b); }
FORWARD_BINARY(add, BINARY_ADD)
FORWARD_BINARY(sub, BINARY_SUB)
FORWARD_BINARY(mul, BINARY_MUL)
FORWARD_BINARY(matmul, BINARY_MATMUL)
FORWARD_BINARY(div, BINARY_DIV)
FORWARD_BINARY(floordiv, BINARY_FLOORDIV)
FORWARD_BINARY(mod, BINARY_MOD)
FORWARD_BINARY(pow, BINARY_POW)
FORWARD_BINARY(lshift, BINARY_LSHIFT)
FORWARD_BINARY(rshift, BINARY_RSHIFT)
FORWARD_BINARY(and, BINARY_AND)
FORWARD_BINARY(or, BINARY_OR)
FORWARD_BINARY(xor, BINARY_XOR)
#undef FORWARD_BINARY

static Value divmod_op(Vm *vm, BinaryOperator op, Value a, Value b) {
    (void)op;
    return value_divmod(vm, a, b);
}
static Value proxy_divmod(Vm *vm, Value a, Value b) { return forward_binary(vm, divmod_op, BINARY_FLOORDIV, a, b); }

static Value proxy_power(Vm *vm, Value a, Value b, Value modulus) {
    Value x = unwrap(vm, a), y = value_is_error(x) ? VALUE_ERROR : unwrap(vm, b);
    Value z = value_is_error(y) ? VALUE_ERROR : unwrap(vm, modulus), result = VALUE_ERROR;
    if (!value_is_error(z)) result = value_power(vm, x, y, z);
    value_release(vm, x);
    value_release(vm, y);
    value_release(vm, z);
    return result;
}

static Value compare_op(Vm *vm, BinaryOperator op, Value a, Value b) { return value_compare(vm, a, b, (CompareOperator)op); }
static Value proxy_compare(Vm *vm, Value a, Value b, CompareOperator op) {
    return forward_binary(vm, compare_op, (BinaryOperator)op, a, b);
}

static Value get_item_op(Vm *vm, BinaryOperator op, Value v, Value key) {
    (void)op;
    return value_get_item(vm, v, key);
}
static Value proxy_get_item(Vm *vm, Value self, Value key) { return forward_binary(vm, get_item_op, BINARY_ADD, self, key); }

static bool proxy_set_item(Vm *vm, Value self, Value key, Value value) {
    Value target = unwrap(vm, self);
    if (value_is_error(target)) return false;
    bool ok = value_is_empty(value) ? value_delete_item(vm, target, key) : value_set_item(vm, target, key, value);
    value_release(vm, target);
    return ok;
}

static int proxy_contains(Vm *vm, Value self, Value item) {
    Value target = unwrap(vm, self);
    if (value_is_error(target)) return -1;
    int found = value_contains(vm, target, item);
    value_release(vm, target);
    return found;
}

/* --- attributes, calls --- */

static Value proxy_get_attr(Vm *vm, Value self, Str *name) {
    Value target = unwrap(vm, self);
    if (value_is_error(target)) return VALUE_ERROR;
    Value v = value_get_attr(vm, target, name);
    value_release(vm, target);
    return v;
}

static bool proxy_set_attr(Vm *vm, Value self, Str *name, Value value) {
    Value target = unwrap(vm, self);
    if (value_is_error(target)) return false;
    bool ok = value_set_attr(vm, target, name, value);
    value_release(vm, target);
    return ok;
}

static Value proxy_call(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    Value target = unwrap(vm, self);
    if (value_is_error(target)) return VALUE_ERROR;
    Value result = value_call(vm, target, args, nargs, kwnames);
    value_release(vm, target);
    return result;
}

static Value proxy_bytes(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value target = unwrap(vm, args[0]);
    if (value_is_error(target)) return VALUE_ERROR;
    Value result = value_call_method(vm, target, NAME(vm, __bytes__), NULL, 0);
    value_release(vm, target);
    return result;
}

static Value proxy_reversed(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value target = unwrap(vm, args[0]);
    if (value_is_error(target)) return VALUE_ERROR;
    Value result = value_call_method(vm, target, NAME(vm, __reversed__), NULL, 0);
    value_release(vm, target);
    return result;
}

static const NativeDef proxy_methods[] = {
    {"__bytes__", proxy_bytes, "($self, /)", NULL, NATIVE_METHOD},
    {"__reversed__", proxy_reversed, "($self, /)", NULL, NATIVE_METHOD},
    {0},
};

#define PROXY_OPERATORS(prefix) \
    {[BINARY_ADD] = prefix##add, [BINARY_SUB] = prefix##sub, [BINARY_MUL] = prefix##mul, [BINARY_MATMUL] = prefix##matmul, \
     [BINARY_DIV] = prefix##div, [BINARY_FLOORDIV] = prefix##floordiv, [BINARY_MOD] = prefix##mod, [BINARY_POW] = prefix##pow, \
     [BINARY_LSHIFT] = prefix##lshift, [BINARY_RSHIFT] = prefix##rshift, [BINARY_AND] = prefix##and, [BINARY_OR] = prefix##or, \
     [BINARY_XOR] = prefix##xor,
#define PROXY_SLOTS \
    .repr = proxy_repr, .str = proxy_str, .compare = proxy_compare, .iter = proxy_iter, .next = proxy_next, \
    .get_attr = proxy_get_attr, .set_attr = proxy_set_attr, .power = proxy_power, .negative = proxy_negative, \
    .positive = proxy_positive, .invert = proxy_invert, .absolute = proxy_absolute, .as_int = proxy_int, .as_float = proxy_float, \
    .as_index = proxy_index, .truth = proxy_truth, .length = proxy_length, .get_item = proxy_get_item, \
    .set_item = proxy_set_item, .contains = proxy_contains, \
    .binary = PROXY_OPERATORS(proxy_)[BINARY_DIVMOD] = proxy_divmod}, \
    .inplace = PROXY_OPERATORS(proxy_inplace_)}

const TypeSpec weakproxy_spec = {
    .name = "weakref.ProxyType",
    .layout = LAYOUT_WEAKREF,
    .flags = TYPE_FLAG_NO_NEW | TYPE_FLAG_UNHASHABLE,
    .size = sizeof(Weakref),
    .ops = {weakref_size, weakref_visit, weakref_clear, weakref_clear, NULL},
    .slots = {PROXY_SLOTS},
    .methods = proxy_methods,
};

const TypeSpec weakcallableproxy_spec = {
    .name = "weakref.CallableProxyType",
    .layout = LAYOUT_WEAKREF,
    .flags = TYPE_FLAG_NO_NEW | TYPE_FLAG_UNHASHABLE,
    .size = sizeof(Weakref),
    .ops = {weakref_size, weakref_visit, weakref_clear, weakref_clear, NULL},
    .slots = {PROXY_SLOTS, .call = proxy_call},
    .methods = proxy_methods,
};
