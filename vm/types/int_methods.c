/* int: methods and attributes, registered in the two tables at the end. To add a method, write it here and add its row. */
#include "vm/types/int_limbs.h"

#include "vm/ops.h"
#include "vm/types/bytes.h"
#include "vm/types/float.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

static Value int_method_exact(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return int_exact(vm, args[0]);
}

static Value int_method_bit_length(Vm *vm, Value *args, int nargs) {
    (void)vm;
    (void)nargs;
    return value_from_small((int64_t)int_bit_length(args[0]));
}

static Value int_method_bit_count(Vm *vm, Value *args, int nargs) {
    (void)vm;
    (void)nargs;
    IntView view;
    int_view(args[0], &view);
    return value_from_small(view.size ? (int64_t)mpn_popcount(view.limbs, view.size) : 0);
}

static Value int_method_is_integer(Vm *vm, Value *args, int nargs) {
    (void)vm;
    (void)args;
    (void)nargs;
    return VALUE_TRUE;
}

static Value int_method_as_integer_ratio(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value pair[2] = {int_exact(vm, args[0]), value_from_small(1)};
    if (value_is_error(pair[0])) return VALUE_ERROR;
    Tuple *t = tuple_from_values_take(vm, pair, 2);
    return t ? value_from_object(t) : VALUE_ERROR;
}

static Value int_method_getnewargs(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value exact = int_exact(vm, args[0]);
    if (value_is_error(exact)) return VALUE_ERROR;
    Tuple *t = tuple_from_values_take(vm, &exact, 1);
    return t ? value_from_object(t) : VALUE_ERROR;
}

static Value int_method_format(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!value_is_str(args[1])) return error_type(vm, "__format__() argument must be str, not %T", args[1]);
    return int_format(vm, args[0], value_str_peek(args[1]));
}

/* --- rounding to tens --- */

/* Whether the quotient q with remainder r (0 <= r < unit) rounds up: 1, 0; -1: error. Halves go to the even quotient. */
static int rounds_up(Vm *vm, Value q, Value r, Value unit) {
    Value twice = int_binary(vm, BINARY_ADD, r, r);
    if (value_is_error(twice)) return -1;
    int order = int_compare(twice, unit);
    value_release(vm, twice);
    IntView view;
    int_view(q, &view);
    return order > 0 || (order == 0 && view.size && (view.limbs[0] & 1));
}

static Value round_to_unit(Vm *vm, Value v, Value unit) {
    Value r, q = int_divmod(vm, v, unit, &r);
    if (value_is_error(q)) return VALUE_ERROR;
    int up = rounds_up(vm, q, r, unit);
    Value result = up < 0 ? VALUE_ERROR : int_binary(vm, BINARY_SUB, v, r);
    value_release(vm, r);
    value_release(vm, q);
    if (up <= 0 || value_is_error(result)) return result;
    Value raised = int_binary(vm, BINARY_ADD, result, unit);
    value_release(vm, result);
    return raised;
}

static Value int_method_round(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (value_is_empty(args[1])) return int_exact(vm, args[0]);
    Value digits = value_index(vm, args[1]);
    if (value_is_error(digits)) return VALUE_ERROR;
    Value result;
    int64_t places;
    if (int_sign(digits) >= 0) {
        result = int_exact(vm, args[0]);
    } else if (!int_to_i64(digits, &places) || (uint64_t)-places > int_bit_length(args[0])) {
        result = value_from_small(0); /* 10**n is more than twice the number */
    } else {
        Value unit = int_binary(vm, BINARY_POW, value_from_small(10), value_from_small(-places));
        result = value_is_error(unit) ? VALUE_ERROR : round_to_unit(vm, args[0], unit);
        value_release(vm, unit);
    }
    value_release(vm, digits);
    return result;
}

/* --- bytes --- */

/* 1: little, 0: big, -1: error. */
static int byteorder_is_little(Vm *vm, Value order, const char *function) {
    if (value_is_empty(order)) return 0;
    if (!value_is_str(order)) {
        error_type(vm, "%s() argument 'byteorder' must be str, not %T", function, order);
        return -1;
    }
    if (str_equal_ascii(value_str_peek(order), "little")) return 1;
    if (str_equal_ascii(value_str_peek(order), "big")) return 0;
    error_value(vm, "byteorder must be either 'little' or 'big'");
    return -1;
}

static bool length_argument(Vm *vm, Value v, int64_t *out) {
    Value index = value_index(vm, v);
    if (value_is_error(index)) return false;
    bool fits = int_to_i64(index, out);
    value_release(vm, index);
    if (!fits) error_raise(vm, EXC_OverflowError, "Python int too large to convert to C ssize_t");
    return fits;
}

static Value int_method_to_bytes(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int64_t length = 1;
    if (!value_is_empty(args[1]) && !length_argument(vm, args[1], &length)) return VALUE_ERROR;
    int little = byteorder_is_little(vm, args[2], "to_bytes");
    int is_signed = value_is_empty(args[3]) ? 0 : value_truth(vm, args[3]);
    if (little < 0 || is_signed < 0) return VALUE_ERROR;
    if (length < 0) return error_value(vm, "length argument must be non-negative");
    Bytes *bytes = bytes_new(vm, NULL, (size_t)length);
    if (!bytes) return VALUE_ERROR;
    if (int_to_bytes(vm, args[0], bytes->data, (size_t)length, little, is_signed)) return value_from_object(bytes);
    release_object(vm, bytes);
    return VALUE_ERROR;
}

/* The bytes of any object that bytes() takes but str and int. */
static Value bytes_of_value(Vm *vm, Value v) {
    if (value_is_bytes(v)) return value_retain(v);
    if (value_is_str(v) || value_is_int(v) || value_is_float(v) || value_is_none(v)) {
        return error_type(vm, "cannot convert '%T' object to bytes", v);
    }
    return value_call1(vm, value_from_object(TYPE(vm, BYTES)), v);
}

static Value int_method_from_bytes(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int little = byteorder_is_little(vm, args[2], "from_bytes");
    int is_signed = value_is_empty(args[3]) ? 0 : value_truth(vm, args[3]);
    if (little < 0 || is_signed < 0) return VALUE_ERROR;
    Value bytes = bytes_of_value(vm, args[1]);
    if (value_is_error(bytes)) return VALUE_ERROR;
    Bytes *b = value_bytes(bytes);
    Value v = int_from_bytes(vm, b->data, b->length, little, is_signed);
    value_release(vm, bytes);
    if (value_is_error(v) || value_same(args[0], value_from_object(TYPE(vm, INT)))) return v;
    Value instance = value_call1(vm, args[0], v);
    value_release(vm, v);
    return instance;
}

/* --- attributes --- */

static Value int_get_zero(Vm *vm, Value self) {
    (void)vm;
    (void)self;
    return value_from_small(0);
}

static Value int_get_one(Vm *vm, Value self) {
    (void)vm;
    (void)self;
    return value_from_small(1);
}

const NativeDef int_methods[] = {
    {"conjugate", int_method_exact, "($self, /)", "Returns self, the complex conjugate of any int.", NATIVE_METHOD},
    {"bit_length", int_method_bit_length, "($self, /)",
     "Number of bits necessary to represent self in binary.\n\n>>> bin(37)\n'0b100101'\n>>> (37).bit_length()\n6", NATIVE_METHOD},
    {"bit_count", int_method_bit_count, "($self, /)",
     "Number of ones in the binary representation of the absolute value of self.\n\n>>> bin(13)\n'0b1101'\n"
     ">>> (13).bit_count()\n3",
     NATIVE_METHOD},
    {"to_bytes", int_method_to_bytes, "($self, /, length=1, byteorder='big', *, signed=False)",
     "Return an array of bytes representing an integer.\n\nOverflowError when it does not fit `length` bytes. byteorder is 'big' or "
     "'little'; signed\nsays whether two's complement is used.",
     NATIVE_METHOD},
    {"from_bytes", int_method_from_bytes, "($type, /, bytes, byteorder='big', *, signed=False)",
     "Return the integer represented by the given array of bytes.\n\nbytes is a bytes-like object or an iterable of ints.",
     NATIVE_CLASS_METHOD},
    {"as_integer_ratio", int_method_as_integer_ratio, "($self, /)",
     "Return a pair of integers, whose ratio is equal to the original int.", NATIVE_METHOD},
    {"is_integer", int_method_is_integer, "($self, /)",
     "Returns True. Exists for duck type compatibility with float.is_integer.", NATIVE_METHOD},
    {"__trunc__", int_method_exact, "($self, /)", "Truncating an Integral returns itself.", NATIVE_METHOD},
    {"__floor__", int_method_exact, "($self, /)", "Flooring an Integral returns itself.", NATIVE_METHOD},
    {"__ceil__", int_method_exact, "($self, /)", "Ceiling of an Integral returns itself.", NATIVE_METHOD},
    {"__round__", int_method_round, "($self, ndigits=<unrepresentable>, /)",
     "Rounding an Integral returns itself; with a negative ndigits, a multiple of 10**-ndigits.", NATIVE_METHOD},
    {"__getnewargs__", int_method_getnewargs, "($self, /)", NULL, NATIVE_METHOD},
    {"__format__", int_method_format, "($self, format_spec, /)", "Convert to a string according to format_spec.",
     NATIVE_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};

const GetSetDef int_getset[] = {
    {"real", int_exact, NULL, "the real part of a complex number"},
    {"imag", int_get_zero, NULL, "the imaginary part of a complex number"},
    {"numerator", int_exact, NULL, "the numerator of a rational number in lowest terms"},
    {"denominator", int_get_one, NULL, "the denominator of a rational number in lowest terms"},
    {NULL, NULL, NULL, NULL},
};
