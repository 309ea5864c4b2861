/* Binary, unary and in-place operators on any values: CPython's protocol of slots, reflected slots and sequences.
 *
 * Ints and floats never get here from the loop's own fast paths but through values of mixed kinds; the dispatch below is by
 * type slot alone. A slot function is called with the operands in source order, for the left operand's type and then
 * for the right one's, the right one first if its type is a proper subclass. */
#include "vm/ops.h"

#include <string.h>

#include "vm/types/descriptors.h"
#include "vm/types/int.h"
#include "vm/vm.h"

static const char *const operator_texts[] = {
    [BINARY_ADD] = "+",          [BINARY_SUB] = "-",     [BINARY_MUL] = "*",     [BINARY_MATMUL] = "@", [BINARY_DIV] = "/",
    [BINARY_FLOORDIV] = "//",    [BINARY_MOD] = "%",     [BINARY_POW] = "** or pow()", [BINARY_LSHIFT] = "<<", [BINARY_RSHIFT] = ">>",
    [BINARY_AND] = "&",          [BINARY_OR] = "|",      [BINARY_XOR] = "^",     [BINARY_DIVMOD] = "divmod()",
};

static inline bool is_not_implemented(Value v) { return value_same(v, VALUE_NOT_IMPLEMENTED); }

/* The two numeric slots in their order; VALUE_NOT_IMPLEMENTED when neither applies. */
static Value by_slots(Vm *vm, int slot, Value a, Value b) {
    const Type *left = value_type(vm, a), *right = value_type(vm, b);
    BinaryFn fn = left->slots.binary[slot], other = left == right ? NULL : right->slots.binary[slot];
    if (other == fn) other = NULL;
    if (fn) {
        if (other && type_is_subtype(right, left)) {
            Value result = other(vm, a, b);
            if (!is_not_implemented(result)) return result;
            other = NULL;
        }
        Value result = fn(vm, a, b);
        if (!is_not_implemented(result)) return result;
    }
    return other ? other(vm, a, b) : VALUE_NOT_IMPLEMENTED;
}

/* sequence * count, either way round. */
static Value repeat(Vm *vm, Value (*fn)(Vm *, Value, Value), Value sequence, Value count) {
    if (!value_is_int(count) && !value_type(vm, count)->slots.as_index)
        return error_type(vm, "can't multiply sequence by non-int of type '%T'", count);
    Value index = value_index(vm, count);
    if (value_is_error(index)) return VALUE_ERROR;
    Value result = fn(vm, sequence, index);
    value_release(vm, index);
    return result;
}

static Value by_sequence(Vm *vm, BinaryOperator op, Value a, Value b) {
    const TypeSlots *left = &value_type(vm, a)->slots, *right = &value_type(vm, b)->slots;
    if (op == BINARY_ADD && left->concat) return left->concat(vm, a, b);
    if (op == BINARY_MUL && left->repeat) return repeat(vm, left->repeat, a, b);
    if (op == BINARY_MUL && right->repeat) return repeat(vm, right->repeat, b, a);
    return VALUE_NOT_IMPLEMENTED;
}

static bool is_print(Value v) {
    return value_is_native(v) && ((NativeFunction *)value_object(v))->def && !strcmp(((NativeFunction *)value_object(v))->def->name, "print");
}

static Value error_operands(Vm *vm, const char *text, const char *suffix, Value a, Value b) {
    if (!*suffix && !strcmp(text, ">>") && is_print(a))
        return error_type(vm, "unsupported operand type(s) for >>: '%T' and '%T'. Did you mean \"print(<message>, file=<output_stream>)\"?",
                          a, b);
    return error_type(vm, "unsupported operand type(s) for %s%s: '%T' and '%T'", text, suffix, a, b);
}

Value value_binary(Vm *vm, BinaryOperator op, Value a, Value b) {
    Value result = by_slots(vm, op, a, b);
    if (!is_not_implemented(result)) return result;
    if (op == BINARY_ADD || op == BINARY_MUL) result = by_sequence(vm, op, a, b);
    return is_not_implemented(result) ? error_operands(vm, operator_texts[op], "", a, b) : result;
}

Value value_inplace(Vm *vm, BinaryOperator op, Value a, Value b) {
    const TypeSlots *slots = &value_type(vm, a)->slots;
    if (slots->inplace[op]) {
        Value result = slots->inplace[op](vm, a, b);
        if (!is_not_implemented(result)) return result;
    }
    Value result = by_slots(vm, op, a, b);
    if (!is_not_implemented(result)) return result;
    slots = &value_type(vm, a)->slots;
    if (op == BINARY_ADD && slots->inplace_concat) result = slots->inplace_concat(vm, a, b);
    else if (op == BINARY_MUL && slots->inplace_repeat) result = repeat(vm, slots->inplace_repeat, a, b);
    else if (op == BINARY_ADD || (op == BINARY_MUL && (slots->repeat || !(value_type(vm, a)->flags & TYPE_FLAG_HEAP))))
        result = by_sequence(vm, op, a, b); /* `instance *= list` does not ask the list, as in CPython */
    if (!is_not_implemented(result)) return result;
    return op == BINARY_POW ? error_operands(vm, "**=", "", a, b) : error_operands(vm, operator_texts[op], "=", a, b);
}

Value value_divmod(Vm *vm, Value a, Value b) {
    Value result = by_slots(vm, BINARY_DIVMOD, a, b);
    return is_not_implemented(result) ? error_operands(vm, operator_texts[BINARY_DIVMOD], "", a, b) : result;
}

Value value_power(Vm *vm, Value a, Value b, Value modulus) {
    if (value_is_none(modulus)) return value_binary(vm, BINARY_POW, a, b);
    const Type *left = value_type(vm, a), *right = value_type(vm, b), *third = value_type(vm, modulus);
    TernaryFn tried[3] = {0};
    const Type *types[3] = {left, right, third};
    if (right != left && right->slots.power && right->slots.power != left->slots.power && type_is_subtype(right, left)) {
        types[0] = right;
        types[1] = left;
    }
    for (int i = 0; i < 3; i++) {
        TernaryFn fn = types[i]->slots.power;
        if (!fn || fn == tried[0] || fn == tried[1]) continue;
        tried[i] = fn;
        Value result = fn(vm, a, b, modulus);
        if (!is_not_implemented(result)) return result;
    }
    return error_type(vm, "unsupported operand type(s) for ** or pow(): '%T', '%T', '%T'", a, b, modulus);
}

static Value unary(Vm *vm, UnaryFn fn, Value v, const char *name) {
    return fn ? fn(vm, v) : error_type(vm, "bad operand type for %s: '%T'", name, v);
}

Value value_negative(Vm *vm, Value v) { return unary(vm, value_type(vm, v)->slots.negative, v, "unary -"); }
Value value_positive(Vm *vm, Value v) { return unary(vm, value_type(vm, v)->slots.positive, v, "unary +"); }
Value value_invert(Vm *vm, Value v) { return unary(vm, value_type(vm, v)->slots.invert, v, "unary ~"); }
Value value_absolute(Vm *vm, Value v) { return unary(vm, value_type(vm, v)->slots.absolute, v, "abs()"); }
