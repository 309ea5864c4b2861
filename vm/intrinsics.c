/* Rare operations behind INTRINSIC: type parameters and type aliases (PEP 695, PEP 696), mostly done by stdlib/typing_types.c. */
#include "vm/intrinsics.h"

#include "vm/loop.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/str.h"
#include "vm/types/typing.h"

/* Registers that an intrinsic reads. */
static const uint8_t operand_counts[INTRINSIC_COUNT] = {
    [INTRINSIC_TYPE_VAR] = 1,           [INTRINSIC_TYPE_VAR_WITH_BOUND] = 2, [INTRINSIC_TYPE_VAR_WITH_CONSTRAINTS] = 2,
    [INTRINSIC_PARAM_SPEC] = 1,         [INTRINSIC_TYPE_VAR_TUPLE] = 1,      [INTRINSIC_SET_DEFAULT] = 2,
    [INTRINSIC_SUBSCRIPT_GENERIC] = 1,  [INTRINSIC_TYPE_ALIAS] = 3,          [INTRINSIC_SET_TYPE_PARAMS] = 2,
    [INTRINSIC_STOP_ITERATION_ERROR] = 1,
    [INTRINSIC_LOAD_GLOBAL] = 1,        [INTRINSIC_STORE_GLOBAL] = 2,        [INTRINSIC_DELETE_GLOBAL] = 1,
    [INTRINSIC_LOAD_NAME] = 1,          [INTRINSIC_STORE_NAME] = 2,          [INTRINSIC_DELETE_NAME] = 1,
    [INTRINSIC_CHECK_LOCAL] = 2,        [INTRINSIC_LOAD_CLASS_FREE] = 3,     [INTRINSIC_UNPACK] = 3,
};

static Value set_type_params(Vm *vm, Value function, Value params) {
    if (value_is_function(function)) value_replace_take(vm, &((Function *)value_object(function))->type_params, value_retain(params));
    return value_retain(function);
}

Value vm_intrinsic(Vm *vm, Intrinsic which, Value *args) {
    switch (which) {
    case INTRINSIC_TYPE_VAR: return type_var_new(vm, args[0], VALUE_EMPTY, VALUE_EMPTY);
    case INTRINSIC_TYPE_VAR_WITH_BOUND: return type_var_new(vm, args[0], args[1], VALUE_EMPTY);
    case INTRINSIC_TYPE_VAR_WITH_CONSTRAINTS: return type_var_new(vm, args[0], VALUE_EMPTY, args[1]);
    case INTRINSIC_PARAM_SPEC: return type_parameter_new(vm, TYPE(vm, PARAM_SPEC), args[0]);
    case INTRINSIC_TYPE_VAR_TUPLE: return type_parameter_new(vm, TYPE(vm, TYPE_VAR_TUPLE), args[0]);
    case INTRINSIC_SET_DEFAULT: return type_parameter_set_default(vm, args[0], args[1]);
    case INTRINSIC_SUBSCRIPT_GENERIC: return typing_generic(vm, args[0]);
    case INTRINSIC_TYPE_ALIAS: return type_alias_new(vm, args[0], args[1], args[2]);
    case INTRINSIC_SET_TYPE_PARAMS: return set_type_params(vm, args[0], args[1]);
    default: return intrinsic_of_names(vm, which, args);
    }
}

bool op_intrinsic(Vm *vm, Frame *frame, Instr i) {
    Intrinsic which = (Intrinsic)INSTR_C(i);
    Value v = vm_intrinsic(vm, which, &frame->registers[INSTR_B(i)]);
    if (value_is_error(v)) return false;
    for (uint32_t k = 0; k < operand_counts[which]; k++) operand_consume(vm, frame, INSTR_B(i) + k);
    return result_set(vm, frame, INSTR_A(i), v);
}

/* sys.displayhook(value) */
bool op_print_expr(Vm *vm, Frame *frame, Instr i) {
    Value hook = dict_peek_str(vm, ((Module *)value_object(vm->sys_module))->dict, NAME(vm, displayhook));
    if (value_is_empty(hook)) {
        error_raise(vm, EXC_RuntimeError, "lost sys.displayhook");
        return false;
    }
    value_retain(hook);
    Value v = value_call1(vm, hook, frame->registers[INSTR_A(i)]);
    value_release(vm, hook);
    if (value_is_error(v)) return false;
    value_release(vm, v);
    operand_consume(vm, frame, INSTR_A(i));
    return true;
}
