/* bool: True and False, immediate values whose type is a subclass of int.
 *
 * Everything that is not listed here (arithmetic, comparison, methods) is int's, which reads a bool as 0 or 1.
 */
#include "vm/types/int.h"

#include "vm/ops.h"
#include "vm/types/str.h"
#include "vm/vm.h"

static Value bool_repr(Vm *vm, Value self) {
    Str *s = value_is_true(self) ? str_intern(vm, "True", 4) : str_intern(vm, "False", 5);
    return s ? value_from_object(s) : VALUE_ERROR;
}

static Value bool_new(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int truth = value_is_empty(args[1]) ? 0 : value_truth(vm, args[1]);
    return truth < 0 ? VALUE_ERROR : value_from_bool(truth);
}

/* Two bools give a bool, anything else what int says. */
static Value bool_bitwise(Vm *vm, BinaryOperator op, Value left, Value right) {
    if (!value_is_int(left) || !value_is_int(right)) return VALUE_NOT_IMPLEMENTED;
    Value result = int_binary(vm, op, left, right);
    if (!value_is_bool(left) || !value_is_bool(right)) return result;
    return value_from_bool(value_small(result) != 0);
}

static Value bool_and(Vm *vm, Value left, Value right) { return bool_bitwise(vm, BINARY_AND, left, right); }
static Value bool_or(Vm *vm, Value left, Value right) { return bool_bitwise(vm, BINARY_OR, left, right); }
static Value bool_xor(Vm *vm, Value left, Value right) { return bool_bitwise(vm, BINARY_XOR, left, right); }

static Value bool_invert(Vm *vm, Value self) {
    if (!error_warn(vm, EXC_DeprecationWarning,
                    "Bitwise inversion '~' on bool is deprecated and will be removed in Python 3.16. This returns the bitwise "
                    "inversion of the underlying int object and is usually not what you expect from negating a bool. Use the "
                    "'not' operator for boolean negation or ~int(x) if you really want the bitwise inversion of the underlying int.")) {
        return VALUE_ERROR;
    }
    return value_from_small(value_is_true(self) ? -2 : -1);
}

const TypeSpec bool_spec = {
    .name = "bool",
    .doc = "Returns True when the argument is true, False otherwise.\n\nThe builtins True and False are the only two instances "
           "of the class bool.\nThe class bool is a subclass of the class int, and cannot be subclassed.",
    .layout = LAYOUT_INT,
    .flags = TYPE_FLAG_MATCH_SELF,
    .slots =
        {
            .repr = bool_repr,
            .binary = {[BINARY_AND] = bool_and, [BINARY_OR] = bool_or, [BINARY_XOR] = bool_xor},
            .invert = bool_invert,
        },
    .new_ = {"__new__", bool_new, "($type, object=False, /)", NULL, NATIVE_METHOD},
};
