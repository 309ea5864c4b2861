/* float: arithmetic, comparison, hash, methods and the type's description.
 *
 * Floats are immediate values; a FloatObject exists only for instances of subclasses. Operators take floats and ints and convert the
 * int first (OverflowError when it is too large); comparison with an int is exact instead.
 * To add a method, write it here and add its row to float_methods.
 */
#include "vm/types/float.h"

#include <math.h>

#include "vm/ops.h"
#include "vm/types/bytes.h"
#include "vm/types/float_digits.h"
#include "vm/types/float_text.h"
#include "vm/types/int_limbs.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

int float_operand(Vm *vm, Value v, double *out) {
    if (value_is_float_like(v)) {
        *out = float_value(v);
        return 1;
    }
    if (!value_is_int(v)) return 0;
    return int_to_double(vm, v, out) ? 1 : -1;
}

/* Converts both operands; when that fails returns from the slot function. */
#define FLOAT_OPERANDS(x, y)                                                        \
    double x, y;                                                                    \
    do {                                                                            \
        int is_number = float_operand(vm, left, &x);                                \
        if (is_number > 0) is_number = float_operand(vm, right, &y);                \
        if (is_number < 0) return VALUE_ERROR;                                      \
        if (is_number == 0) return VALUE_NOT_IMPLEMENTED;                           \
    } while (0)

static Value error_zero_division(Vm *vm, const char *message) {
    return error_raise(vm, EXC_ZeroDivisionError, "%s", message);
}

static Value float_add(Vm *vm, Value left, Value right) {
    FLOAT_OPERANDS(x, y);
    return value_from_float(x + y);
}

static Value float_subtract(Vm *vm, Value left, Value right) {
    FLOAT_OPERANDS(x, y);
    return value_from_float(x - y);
}

static Value float_multiply(Vm *vm, Value left, Value right) {
    FLOAT_OPERANDS(x, y);
    return value_from_float(x * y);
}

static Value float_divide(Vm *vm, Value left, Value right) {
    FLOAT_OPERANDS(x, y);
    if (y == 0.0) return error_zero_division(vm, "float division by zero");
    return value_from_float(x / y);
}

double float_floor_mod(double a, double b, double *floor_quotient) {
    double mod = fmod(a, b), quotient = (a - mod) / b;
    if (mod != 0.0) {
        if ((b < 0) != (mod < 0)) {
            mod += b;
            quotient -= 1.0;
        }
    } else {
        mod = copysign(0.0, b);
    }
    if (quotient != 0.0) {
        double down = floor(quotient);
        *floor_quotient = quotient - down > 0.5 ? down + 1.0 : down;
    } else {
        *floor_quotient = copysign(0.0, a / b);
    }
    return mod;
}

static Value float_floor_divide(Vm *vm, Value left, Value right) {
    FLOAT_OPERANDS(x, y);
    if (y == 0.0) return error_zero_division(vm, "float floor division by zero");
    double quotient;
    float_floor_mod(x, y, &quotient);
    return value_from_float(quotient);
}

static Value float_modulo(Vm *vm, Value left, Value right) {
    FLOAT_OPERANDS(x, y);
    if (y == 0.0) return error_zero_division(vm, "float modulo by zero");
    double quotient;
    return value_from_float(float_floor_mod(x, y, &quotient));
}

static Value float_divmod(Vm *vm, Value left, Value right) {
    FLOAT_OPERANDS(x, y);
    if (y == 0.0) return error_zero_division(vm, "float divmod()");
    double quotient, mod = float_floor_mod(x, y, &quotient);
    Tuple *t = tuple_pack(vm, 2, value_from_float(quotient), value_from_float(mod));
    return t ? value_from_object(t) : VALUE_ERROR;
}

/* --- power --- */

Value error_numerical_range(Vm *vm) {
    Value args[2] = {value_from_small(34), VALUE_ERROR};
    Str *text = str_from_ascii(vm, "Numerical result out of range");
    if (!text) return VALUE_ERROR;
    args[1] = value_from_object(text);
    Value exception = value_call(vm, value_from_object(vm->exception_types[EXC_OverflowError]), args, 2, NULL);
    release_object(vm, text);
    if (value_is_error(exception)) return VALUE_ERROR;
    error_raise_value(vm, exception, VALUE_EMPTY);
    value_release(vm, exception);
    return VALUE_ERROR;
}

static bool is_odd_integer(double d) { return fmod(fabs(d), 2.0) == 1.0; }

/* Cases with a nan, an infinity, a 0 or a 1, as C99 has them; false: an ordinary power. b is not 0. */
static bool power_special(double a, double b, double *out) {
    bool odd = is_odd_integer(b);
    if (isnan(a)) *out = a;
    else if (isnan(b)) *out = a == 1.0 ? 1.0 : b;
    else if (isinf(b)) *out = fabs(a) == 1.0 ? 1.0 : (b > 0) == (fabs(a) > 1.0) ? fabs(b) : 0.0;
    else if (isinf(a) && b > 0) *out = odd ? a : fabs(a);
    else if (isinf(a)) *out = odd ? copysign(0.0, a) : 0.0;
    else if (a == 0.0) *out = odd ? a : 0.0; /* b > 0 */
    else return false;
    return true;
}

Value float_power(Vm *vm, double a, double b) {
    double result;
    if (b == 0.0) return value_from_float(1.0);
    if (a == 0.0 && b < 0 && isfinite(b)) return error_zero_division(vm, "0.0 cannot be raised to a negative power");
    if (power_special(a, b, &result)) return value_from_float(result);
    if (a < 0 && b != floor(b)) return complex_power(vm, a, 0.0, b, 0.0);
    result = pow(fabs(a), b);
    if (isinf(result)) return error_numerical_range(vm);
    return value_from_float(a < 0 && is_odd_integer(b) ? -result : result);
}

static Value float_slot_power(Vm *vm, Value left, Value right) {
    FLOAT_OPERANDS(x, y);
    return float_power(vm, x, y);
}

static Value float_slot_power3(Vm *vm, Value left, Value right, Value modulus) {
    if (!value_is_none(modulus)) {
        return error_type(vm, "pow() 3rd argument not allowed unless all arguments are integers");
    }
    return float_slot_power(vm, left, right);
}

/* --- comparison and hash --- */

/* The first 64 bits of a magnitude, the top bit set, and whether bits below were cut. */
static uint64_t leading_bits(const IntView *v, bool *cut) {
    uint64_t top = v->limbs[v->size - 1], next = v->size > 1 ? v->limbs[v->size - 2] : 0;
    int lead = __builtin_clzll(top);
    *cut = v->size > 2 && limbs_trim(v->limbs, v->size - 2) != 0;
    if (!lead) {
        *cut |= next != 0;
        return top;
    }
    *cut |= next << lead != 0;
    return top << lead | next >> (LIMB_BITS - lead);
}

int float_compare_int(double d, Value i) {
    if (isnan(d)) return 2;
    if (int_is_immediate(i)) {
        double other = (double)int_immediate(i);
        return (d > other) - (d < other);
    }
    int sign = int_sign(i), d_sign = (d > 0) - (d < 0);
    if (d_sign != sign) return d_sign < sign ? -1 : 1;
    if (sign == 0) return 0;
    if (isinf(d)) return d_sign;
    IntView view;
    int_view(i, &view);
    int exponent;
    double fraction = frexp(fabs(d), &exponent);
    int64_t bits = (int64_t)limbs_bit_length(view.limbs, view.size);
    if (exponent != bits) return exponent < bits ? -sign : sign;
    bool cut;
    uint64_t mine = (uint64_t)ldexp(fraction, 64), theirs = leading_bits(&view, &cut);
    if (mine != theirs) return mine < theirs ? -sign : sign;
    return cut ? -sign : 0;
}

static Value compare_result(CompareOperator op, int order) {
    switch (op) {
    case COMPARE_LT: return value_from_bool(order == -1);
    case COMPARE_LE: return value_from_bool(order == -1 || order == 0);
    case COMPARE_EQ: return value_from_bool(order == 0);
    case COMPARE_NE: return value_from_bool(order != 0);
    case COMPARE_GT: return value_from_bool(order == 1);
    case COMPARE_GE: return value_from_bool(order == 1 || order == 0);
    default: return VALUE_NOT_IMPLEMENTED;
    }
}

static Value float_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    (void)vm;
    if (!value_is_float_like(self)) return VALUE_NOT_IMPLEMENTED;
    double a = float_value(self);
    if (value_is_float_like(other)) {
        double b = float_value(other);
        return compare_result(op, isnan(a) || isnan(b) ? 2 : (a > b) - (a < b));
    }
    if (value_is_int(other)) return compare_result(op, float_compare_int(a, other));
    return VALUE_NOT_IMPLEMENTED;
}

#define HASH_BITS 61
#define HASH_MODULUS (((uint64_t)1 << HASH_BITS) - 1)

/* Equal to the hash of an int of the same value: the number modulo 2**61 - 1. */
Hash float_hash(double d) {
    if (isinf(d)) return d > 0 ? 314159 : -314159;
    if (isnan(d) || d == 0.0) return 0;
    int exponent;
    uint64_t mantissa = (uint64_t)ldexp(frexp(fabs(d), &exponent), 53); /* below 2**61 - 1 */
    exponent = (exponent - 53) % HASH_BITS;
    if (exponent < 0) exponent += HASH_BITS;
    uint64_t hash = ((mantissa << exponent) & HASH_MODULUS) | mantissa >> (HASH_BITS - exponent);
    Hash result = d < 0 ? -(Hash)hash : (Hash)hash;
    return result == -1 ? -2 : result;
}

static bool float_slot_hash(Vm *vm, Value self, Hash *out) {
    (void)vm;
    *out = float_hash(float_value(self));
    return true;
}

/* --- unary slots --- */

static Value float_slot_repr(Vm *vm, Value self) {
    char text[32];
    size_t length = float_repr(float_value(self), text);
    Str *s = str_from_utf8(vm, text, length);
    return s ? value_from_object(s) : VALUE_ERROR;
}

static Value float_negative(Vm *vm, Value self) {
    (void)vm;
    return value_from_float(-float_value(self));
}

static Value float_exact(Vm *vm, Value self) {
    (void)vm;
    return value_from_float(float_value(self));
}

static Value float_absolute(Vm *vm, Value self) {
    (void)vm;
    return value_from_float(fabs(float_value(self)));
}

static Value float_as_int(Vm *vm, Value self) { return int_from_double(vm, float_value(self)); }

static int float_truth(Vm *vm, Value self) {
    (void)vm;
    return float_value(self) != 0.0;
}

/* --- float(x) --- */

static Value error_float_text(Vm *vm, Value original) {
    return error_value(vm, "could not convert string to float: %V", original);
}

static Value float_from_str(Vm *vm, Str *s) {
    size_t size;
    char *text = str_number_text(vm, s, &size);
    if (!text) return VALUE_ERROR;
    double d;
    bool ok = float_parse(text, s->length, &d);
    if (size) heap_free(&vm->heap, text, size);
    return ok ? value_from_float(d) : error_float_text(vm, value_from_object(s));
}

static Value float_from_buffer(Vm *vm, Value v) {
    Buffer buffer;
    if (!buffer_get(vm, v, &buffer, false)) return VALUE_ERROR;
    double d;
    bool ok = float_parse((const char *)buffer.data, buffer.length, &d);
    buffer_release(vm, &buffer);
    return ok ? value_from_float(d) : error_float_text(vm, v);
}

/* What __float__ gave (stolen), as an exact float. */
static Value float_from_special_take(Vm *vm, Value v, Value result) {
    if (value_is_error(result) || value_is_float(result)) return result;
    Value exact = VALUE_ERROR;
    if (!value_has_layout(result, LAYOUT_FLOAT)) {
        error_type(vm, "%T.__float__ returned non-float (type %T)", v, result);
    } else if (error_warn(vm, EXC_DeprecationWarning,
                          "%T.__float__ returned non-float (type %T).  The ability to return an instance of a strict subclass of "
                          "float is deprecated, and may be removed in a future version of Python.",
                          v, result)) {
        exact = value_from_float(float_value(result));
    }
    value_release(vm, result);
    return exact;
}

static Value float_from_value(Vm *vm, Value v) {
    if (value_is_float(v)) return v;
    if (value_is_exact(v, LAYOUT_STR)) return float_from_str(vm, value_str_peek(v));
    const TypeSlots *slots = &value_type(vm, v)->slots;
    if (slots->as_float) return float_from_special_take(vm, v, slots->as_float(vm, v));
    if (slots->as_index) {
        Value index = value_index(vm, v);
        double d;
        bool ok = !value_is_error(index) && int_to_double(vm, index, &d);
        value_release(vm, index);
        return ok ? value_from_float(d) : VALUE_ERROR;
    }
    if (value_is_str(v)) return float_from_str(vm, value_str_peek(v));
    if (slots->get_buffer) return float_from_buffer(vm, v);
    return error_type(vm, "float() argument must be a string or a real number, not '%T'", v);
}

static Value float_new(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Type *type = (Type *)value_object(args[0]);
    Value v = value_is_empty(args[1]) ? value_from_float(0.0) : float_from_value(vm, args[1]);
    if (type == TYPE(vm, FLOAT) || value_is_error(v)) return v;
    FloatObject *o = type_alloc(vm, type, sizeof(FloatObject));
    if (!o) return VALUE_ERROR;
    o->value = value_float(v);
    object_track(&vm->heap, &o->head); /* it holds its class */
    return value_from_object(o);
}

/* --- methods --- */

static Value float_method_exact(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return float_exact(vm, args[0]);
}

static Value float_method_trunc(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return int_from_double(vm, float_value(args[0]));
}

static Value float_method_floor(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return int_from_double(vm, floor(float_value(args[0])));
}

static Value float_method_ceil(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return int_from_double(vm, ceil(float_value(args[0])));
}

static Value float_method_is_integer(Vm *vm, Value *args, int nargs) {
    (void)vm;
    (void)nargs;
    double d = float_value(args[0]);
    return value_from_bool(isfinite(d) && floor(d) == d);
}

/* round(d, places): outside of these bounds rounding changes nothing, or gives 0. */
#define ROUND_PLACES_MAX 323
#define ROUND_PLACES_MIN (-308)

static Value float_method_round(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    double d = float_value(args[0]);
    if (value_is_empty(args[1]) || value_is_none(args[1])) return int_from_double(vm, rint(d));
    int64_t places;
    if (!value_as_index(vm, args[1], &places, true)) return VALUE_ERROR;
    if (!isfinite(d) || places > ROUND_PLACES_MAX) return value_from_float(d);
    if (places < ROUND_PLACES_MIN) return value_from_float(0.0 * d);
    double rounded = float_round_places(d, (int)places);
    if (isinf(rounded)) return error_raise(vm, EXC_OverflowError, "rounded value too large to represent");
    return value_from_float(rounded);
}

/* numerator and denominator of the finite double |mantissa| * 2**exponent, mantissa odd. */
static Value ratio_from_binary(Vm *vm, int64_t mantissa, int exponent) {
    Value pair[2];
    Value whole = int_from_i64(vm, mantissa);
    if (value_is_error(whole)) return VALUE_ERROR;
    pair[0] = int_shift(vm, whole, exponent > 0 ? exponent : 0);
    value_release(vm, whole);
    pair[1] = int_shift(vm, value_from_small(1), exponent < 0 ? -exponent : 0);
    if (value_is_error(pair[0]) || value_is_error(pair[1])) {
        value_release(vm, pair[0]);
        value_release(vm, pair[1]);
        return VALUE_ERROR;
    }
    Tuple *t = tuple_from_values_take(vm, pair, 2);
    return t ? value_from_object(t) : VALUE_ERROR;
}

static Value float_method_as_integer_ratio(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    double d = float_value(args[0]);
    if (isinf(d)) return error_raise(vm, EXC_OverflowError, "cannot convert Infinity to integer ratio");
    if (isnan(d)) return error_value(vm, "cannot convert NaN to integer ratio");
    if (d == 0.0) return ratio_from_binary(vm, 0, 0);
    int exponent;
    int64_t mantissa = (int64_t)ldexp(frexp(d, &exponent), 53);
    int zeros = __builtin_ctzll((uint64_t)mantissa);
    return ratio_from_binary(vm, mantissa >> zeros, exponent - 53 + zeros);
}

static Value float_method_hex(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    char text[32];
    size_t length = float_to_hex(float_value(args[0]), text);
    Str *s = str_from_utf8(vm, text, length);
    return s ? value_from_object(s) : VALUE_ERROR;
}

static Value float_method_fromhex(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!value_is_str(args[1])) return error_type(vm, "bad argument type for built-in operation");
    Str *s = value_str_peek(args[1]);
    double d;
    int result = s->ascii ? float_from_hex(str_data(s), s->length, &d) : 0;
    if (result == 0) return error_value(vm, "invalid hexadecimal floating-point string");
    if (result < 0) return error_raise(vm, EXC_OverflowError, "hexadecimal value too large to represent as a float");
    if (value_same(args[0], value_from_object(TYPE(vm, FLOAT)))) return value_from_float(d);
    return value_call1(vm, args[0], value_from_float(d));
}

static Value float_method_getnewargs(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Tuple *t = tuple_pack(vm, 1, value_from_float(float_value(args[0])));
    return t ? value_from_object(t) : VALUE_ERROR;
}

static Value float_method_getformat(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!value_is_str(args[1])) return error_type(vm, "__getformat__() argument must be str, not %T", args[1]);
    Str *s = value_str_peek(args[1]);
    if (!str_equal_ascii(s, "double") && !str_equal_ascii(s, "float")) {
        return error_value(vm, "__getformat__() argument 1 must be 'double' or 'float'");
    }
    Str *result = str_from_ascii(vm, __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? "IEEE, little-endian" : "IEEE, big-endian");
    return result ? value_from_object(result) : VALUE_ERROR;
}

static Value float_method_format(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!value_is_str(args[1])) return error_type(vm, "__format__() argument must be str, not %T", args[1]);
    Str *spec = value_str_peek(args[1]);
    if (!spec->length && !value_is_float(args[0])) return value_str(vm, args[0]); /* a subclass may have a __str__ of its own */
    return float_format(vm, float_value(args[0]), spec);
}

static Value float_get_zero(Vm *vm, Value self) {
    (void)vm;
    (void)self;
    return value_from_float(0.0);
}

static const NativeDef float_methods[] = {
    {"conjugate", float_method_exact, "($self, /)", "Return self, the complex conjugate of any float.", NATIVE_METHOD},
    {"as_integer_ratio", float_method_as_integer_ratio, "($self, /)",
     "Return a pair of integers, whose ratio is exactly equal to the original float.\n\nThe denominator is positive. OverflowError "
     "on infinities, ValueError on NaNs.",
     NATIVE_METHOD},
    {"fromhex", float_method_fromhex, "($type, string, /)",
     "Create a floating-point number from a hexadecimal string.\n\n>>> float.fromhex('0x1.ffffp10')\n2047.984375", NATIVE_CLASS_METHOD},
    {"hex", float_method_hex, "($self, /)",
     "Return a hexadecimal representation of a floating-point number.\n\n>>> (-0.1).hex()\n'-0x1.999999999999ap-4'", NATIVE_METHOD},
    {"is_integer", float_method_is_integer, "($self, /)", "Return True if the float is an integer.", NATIVE_METHOD},
    {"__trunc__", float_method_trunc, "($self, /)", "Return the Integral closest to x between 0 and x.", NATIVE_METHOD},
    {"__floor__", float_method_floor, "($self, /)", "Return the floor as an Integral.", NATIVE_METHOD},
    {"__ceil__", float_method_ceil, "($self, /)", "Return the ceiling as an Integral.", NATIVE_METHOD},
    {"__round__", float_method_round, "($self, ndigits=None, /)",
     "Return the Integral closest to x, rounding half toward even.\n\nWith ndigits, round to so many decimals.", NATIVE_METHOD},
    {"__getnewargs__", float_method_getnewargs, "($self, /)", NULL, NATIVE_METHOD},
    {"__getformat__", float_method_getformat, "($type, typestr, /)", "Tells how 'double' or 'float' is stored.",
     NATIVE_CLASS_METHOD},
    {"__format__", float_method_format, "($self, format_spec, /)", "Formats the float according to format_spec.",
     NATIVE_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};

static const GetSetDef float_getset[] = {
    {"real", float_exact, NULL, "the real part of a complex number"},
    {"imag", float_get_zero, NULL, "the imaginary part of a complex number"},
    {NULL, NULL, NULL, NULL},
};

static size_t float_object_size(const Object *self) {
    (void)self;
    return sizeof(FloatObject);
}

static void float_free(Vm *vm, Object *self) {
    (void)vm;
    (void)self;
}

const TypeSpec float_spec = {
    .name = "float",
    .doc = "Convert a string or number to a floating-point number, if possible.",
    .layout = LAYOUT_FLOAT,
    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_MATCH_SELF,
    .size = sizeof(FloatObject),
    .ops = {.size = float_object_size, .free = float_free},
    .slots =
        {
            .repr = float_slot_repr,
            .hash = float_slot_hash,
            .compare = float_compare,
            .binary =
                {
                    [BINARY_ADD] = float_add,
                    [BINARY_SUB] = float_subtract,
                    [BINARY_MUL] = float_multiply,
                    [BINARY_DIV] = float_divide,
                    [BINARY_FLOORDIV] = float_floor_divide,
                    [BINARY_MOD] = float_modulo,
                    [BINARY_POW] = float_slot_power,
                    [BINARY_DIVMOD] = float_divmod,
                },
            .power = float_slot_power3,
            .negative = float_negative,
            .positive = float_exact,
            .absolute = float_absolute,
            .as_int = float_as_int,
            .as_float = float_exact,
            .truth = float_truth,
        },
    .new_ = {"__new__", float_new, "($type, x=0, /)", NULL, NATIVE_METHOD},
    .methods = float_methods,
    .getset = float_getset,
};
