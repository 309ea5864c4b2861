/* The loop's longer work: arithmetic and comparisons on other than two small ints or two floats. */
#include "vm/loop.h"

#include "vm/types/int.h"
#include "vm/types/str.h"

/* Operands released in source order, then the result stored: the order in which values die is CPython's. */
static bool finish_two(Vm *vm, Frame *frame, Instr i, Value result) {
    if (value_is_error(result)) return false;
    operand_consume(vm, frame, INSTR_B(i));
    operand_consume(vm, frame, INSTR_C(i));
    return result_set(vm, frame, INSTR_A(i), result);
}

static bool finish_one(Vm *vm, Frame *frame, Instr i, uint32_t operand, Value result) {
    if (value_is_error(result)) return false;
    operand_consume(vm, frame, operand);
    return result_set(vm, frame, INSTR_A(i), result);
}

bool op_binary(Vm *vm, Frame *frame, Instr i, BinaryOperator op) {
    Value left = frame->registers[INSTR_B(i)], right = frame->registers[INSTR_C(i)];
    return finish_two(vm, frame, i, value_binary(vm, op, left, right));
}

/* s += t where this register holds the only reference: grows in place. */
static bool append_str(Vm *vm, Frame *frame, Instr i) {
    Value *left = &frame->registers[INSTR_B(i)];
    Value right = frame->registers[INSTR_C(i)], taken = *left;
    *left = VALUE_EMPTY;
    Value result = str_append_take(vm, taken, value_str_peek(right));
    if (value_is_error(result)) return false;
    operand_consume(vm, frame, INSTR_C(i));
    return result_set(vm, frame, INSTR_A(i), result);
}

bool op_inplace(Vm *vm, Frame *frame, Instr i, BinaryOperator op) {
    Value left = frame->registers[INSTR_B(i)], right = frame->registers[INSTR_C(i)];
    if (op == BINARY_ADD && INSTR_A(i) == INSTR_B(i) && value_is_exact(left, LAYOUT_STR) && value_is_exact(right, LAYOUT_STR) &&
        value_object(left)->count == 1)
        return append_str(vm, frame, i);
    return finish_two(vm, frame, i, value_inplace(vm, op, left, right));
}

bool op_binary_small(Vm *vm, Frame *frame, Instr i, BinaryOperator op) {
    Value result = value_binary(vm, op, frame->registers[INSTR_B(i)], value_from_small(INSTR_SC(i)));
    return finish_one(vm, frame, i, INSTR_B(i), result);
}

bool op_inplace_small(Vm *vm, Frame *frame, Instr i, BinaryOperator op) {
    Value result = value_inplace(vm, op, frame->registers[INSTR_B(i)], value_from_small(INSTR_SC(i)));
    return finish_one(vm, frame, i, INSTR_B(i), result);
}

bool op_binary_right_constant(Vm *vm, Frame *frame, Instr i, BinaryOperator op) {
    Value result = value_binary(vm, op, frame->registers[INSTR_B(i)], frame->code->constants[INSTR_C(i)]);
    return finish_one(vm, frame, i, INSTR_B(i), result);
}

bool op_binary_left_constant(Vm *vm, Frame *frame, Instr i, BinaryOperator op) {
    Value result = value_binary(vm, op, frame->code->constants[INSTR_B(i)], frame->registers[INSTR_C(i)]);
    return finish_one(vm, frame, i, INSTR_C(i), result);
}

bool op_unary(Vm *vm, Frame *frame, Instr i, Value (*fn)(Vm *vm, Value v)) {
    return finish_one(vm, frame, i, INSTR_B(i), fn(vm, frame->registers[INSTR_B(i)]));
}

bool op_compare(Vm *vm, Frame *frame, Instr i, CompareOperator op) {
    Value left = frame->registers[INSTR_B(i)], right = frame->registers[INSTR_C(i)];
    return finish_two(vm, frame, i, value_compare(vm, left, right, op));
}

/* The truth of `left op right` without making a bool where both are strs. */
static int test(Vm *vm, Value left, Value right, CompareOperator op) {
    if (op == COMPARE_IN) return value_contains(vm, right, left);
    if ((op == COMPARE_EQ || op == COMPARE_NE) && value_is_exact(left, LAYOUT_STR) && value_is_exact(right, LAYOUT_STR))
        return str_equal(value_str_peek(left), value_str_peek(right)) == (op == COMPARE_EQ);
    Value result = value_compare(vm, left, right, op);
    if (value_is_error(result)) return -1;
    int truth = value_truth(vm, result);
    value_release(vm, result);
    return truth;
}

int op_test(Vm *vm, Frame *frame, Instr i, CompareOperator op) {
    int truth = test(vm, frame->registers[INSTR_B(i)], frame->registers[INSTR_C(i)], op);
    if (truth < 0) return -1;
    operand_consume(vm, frame, INSTR_B(i));
    operand_consume(vm, frame, INSTR_C(i));
    return truth;
}

int op_test_small(Vm *vm, Frame *frame, Instr i, CompareOperator op) {
    int truth = test(vm, frame->registers[INSTR_B(i)], value_from_small(INSTR_SC(i)), op);
    if (truth >= 0) operand_consume(vm, frame, INSTR_B(i));
    return truth;
}

int op_truth(Vm *vm, Frame *frame, uint32_t r) {
    int truth = value_truth(vm, frame->registers[r]);
    if (truth >= 0) operand_consume(vm, frame, r);
    return truth;
}

bool op_is(Vm *vm, Frame *frame, Instr i, bool wanted) {
    bool same = value_is_identical(frame->registers[INSTR_B(i)], frame->registers[INSTR_C(i)]);
    return finish_two(vm, frame, i, value_from_bool(same == wanted));
}

bool op_in(Vm *vm, Frame *frame, Instr i, bool wanted) {
    int found = value_contains(vm, frame->registers[INSTR_C(i)], frame->registers[INSTR_B(i)]);
    return finish_two(vm, frame, i, found < 0 ? VALUE_ERROR : value_from_bool(found == wanted));
}
