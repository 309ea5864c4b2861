/* Comparison, identity, truth and hashes of any values.
 *
 * Small ints, floats and strs are compared here without a look at types; the rest goes by the compare slots, the right
 * operand's first if its type is a proper subclass. */
#include "vm/ops.h"

#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/str.h"
#include "vm/vm.h"

static const char *const operator_texts[] = {"<", "<=", "==", "!=", ">", ">="};

static inline CompareOperator reflected(CompareOperator op) {
    static const uint8_t table[] = {COMPARE_GT, COMPARE_GE, COMPARE_EQ, COMPARE_NE, COMPARE_LT, COMPARE_LE};
    return (CompareOperator)table[op];
}

/* The outcome for operands of which the left one is less than (-1), equal to (0) or greater than (1) the right one. */
static inline bool holds(int order, CompareOperator op) {
    switch (op) {
    case COMPARE_LT: return order < 0;
    case COMPARE_LE: return order <= 0;
    case COMPARE_EQ: return order == 0;
    case COMPARE_NE: return order != 0;
    case COMPARE_GT: return order > 0;
    default: return order >= 0;
    }
}

static inline bool floats_hold(double a, double b, CompareOperator op) {
    switch (op) {
    case COMPARE_LT: return a < b;
    case COMPARE_LE: return a <= b;
    case COMPARE_EQ: return a == b;
    case COMPARE_NE: return a != b;
    case COMPARE_GT: return a > b;
    default: return a >= b;
    }
}

/* 1, 0; -1: not one of the quick kinds. */
static inline int compare_quick(Value a, Value b, CompareOperator op) {
    if (value_are_small(a, b)) {
        int64_t x = value_small(a), y = value_small(b);
        return holds(x < y ? -1 : x > y, op);
    }
    if (value_is_float(a) && value_is_float(b)) return floats_hold(value_float(a), value_float(b), op);
    if (value_is_exact(a, LAYOUT_STR) && value_is_exact(b, LAYOUT_STR)) {
        const Str *s = value_str_peek(a), *t = value_str_peek(b);
        if (op == COMPARE_EQ) return str_equal(s, t);
        if (op == COMPARE_NE) return !str_equal(s, t);
        return holds(str_compare(s, t), op);
    }
    return -1;
}

static Value compare_slots(Vm *vm, Value a, Value b, CompareOperator op) {
    const Type *left = value_type(vm, a), *right = value_type(vm, b);
    bool right_tried = false;
    if (left != right && right->slots.compare && type_is_subtype(right, left)) {
        right_tried = true;
        Value result = right->slots.compare(vm, b, a, reflected(op));
        if (!value_same(result, VALUE_NOT_IMPLEMENTED)) return result;
    }
    if (left->slots.compare) {
        Value result = left->slots.compare(vm, a, b, op);
        if (!value_same(result, VALUE_NOT_IMPLEMENTED)) return result;
    }
    if (!right_tried && right->slots.compare) {
        Value result = right->slots.compare(vm, b, a, reflected(op));
        if (!value_same(result, VALUE_NOT_IMPLEMENTED)) return result;
    }
    if (op == COMPARE_EQ) return value_from_bool(value_is_identical(a, b));
    if (op == COMPARE_NE) return value_from_bool(!value_is_identical(a, b));
    return error_type(vm, "'%s' not supported between instances of '%T' and '%T'", operator_texts[op], a, b);
}

Value value_compare(Vm *vm, Value a, Value b, CompareOperator op) {
    int quick = compare_quick(a, b, op);
    if (quick >= 0) return value_from_bool(quick);
    if (!vm_enter_c(vm, " in comparison")) return VALUE_ERROR;
    Value result = compare_slots(vm, a, b, op);
    vm_leave_c(vm);
    return result;
}

int value_compare_bool(Vm *vm, Value a, Value b, CompareOperator op) {
    if (value_same(a, b)) { /* also for floats: the same nan in two places counts as equal */
        if (op == COMPARE_EQ) return 1;
        if (op == COMPARE_NE) return 0;
    }
    int quick = compare_quick(a, b, op);
    if (quick >= 0) return quick;
    Value result = value_compare(vm, a, b, op);
    if (value_is_bool(result)) return value_is_true(result);
    if (value_is_error(result)) return -1;
    int truth = value_truth(vm, result);
    value_release(vm, result);
    return truth;
}

/* Immediate values are identical when their bits are; so are floats, each of which is its own object in CPython only while it is
 * the same one. */
bool value_is_identical(Value a, Value b) { return value_same(a, b); }

int value_truth_slow(Vm *vm, Value v) {
    if (value_is_small(v)) return value_small(v) != 0;
    if (value_is_float(v)) return value_float(v) != 0;
    if (value_is_exact(v, LAYOUT_STR)) return value_str_peek(v)->length != 0;
    const TypeSlots *slots = &value_type(vm, v)->slots;
    if (slots->truth) return slots->truth(vm, v);
    if (!slots->length) return 1;
    int64_t length = slots->length(vm, v);
    return length < 0 ? -1 : length > 0;
}

bool value_hash(Vm *vm, Value v, Hash *out) {
    if (value_is_small(v)) {
        int64_t i = value_small(v); /* below the modulus 2**61 - 1 */
        *out = i == -1 ? -2 : i;
        return true;
    }
    if (value_is_exact(v, LAYOUT_STR)) {
        *out = (Hash)str_hash(value_str_peek(v), vm);
        return true;
    }
    const Type *type = value_type(vm, v);
    if (type->slots.hash) return type->slots.hash(vm, v, out);
    error_type(vm, "unhashable type: '%N'", type);
    return false;
}
