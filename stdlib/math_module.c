/* The math module: elementary functions on the C library, and the module's table.
 *
 * A function of one number is a row of UNARY below. Sums are in math_sums.c, integers in math_integers.c, the Gamma function in
 * math_special.c. To add a function, write it (there or here) and add a row to math_functions.
 */
#include "stdlib/math_parts.h"

#include <errno.h>
#include <limits.h>
#include <math.h>

#include "vm/ops.h"
#include "vm/types/dict.h"
#include "vm/types/float.h"
#include "vm/types/function.h"
#include "vm/types/int_limbs.h"
#include "vm/types/tuple.h"

Value math_domain_error(Vm *vm) { return error_value(vm, "math domain error"); }
Value math_range_error(Vm *vm) { return error_raise(vm, EXC_OverflowError, "math range error"); }

/* --- functions of one number --- */

/* f(x): a nan from a number is a domain error, an infinity from a finite number a range error or a pole. */
static Value call_unary(Vm *vm, Value v, double (*f)(double), bool can_overflow) {
    double x;
    if (!value_as_double(vm, v, &x)) return VALUE_ERROR;
    double result = f(x);
    if (isnan(result) && !isnan(x)) return math_domain_error(vm);
    if (isinf(result) && isfinite(x)) return can_overflow ? math_range_error(vm) : math_domain_error(vm);
    return value_from_float(result);
}

#define UNARY(name, can_overflow)                                  \
    static Value math_##name(Vm *vm, Value *args, int nargs) {     \
        (void)nargs;                                               \
        return call_unary(vm, args[0], name, can_overflow);        \
    }
UNARY(acos, false)
UNARY(acosh, false)
UNARY(asin, false)
UNARY(asinh, false)
UNARY(atan, false)
UNARY(atanh, false)
UNARY(cbrt, false)
UNARY(cos, false)
UNARY(cosh, true)
UNARY(erf, false)
UNARY(erfc, false)
UNARY(exp, true)
UNARY(exp2, true)
UNARY(expm1, true)
UNARY(fabs, false)
UNARY(log1p, false)
UNARY(sin, false)
UNARY(sinh, true)
UNARY(sqrt, false)
UNARY(tan, false)
UNARY(tanh, false)
#undef UNARY

static Value gamma_result(Vm *vm, Value v, double (*f)(double, int *)) {
    double x;
    int problem;
    if (!value_as_double(vm, v, &x)) return VALUE_ERROR;
    double result = f(x, &problem);
    if (problem == EDOM) return math_domain_error(vm);
    if (problem == ERANGE && fabs(result) >= 1.5) return math_range_error(vm);
    return value_from_float(result);
}

static Value math_gamma_function(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return gamma_result(vm, args[0], math_gamma);
}

static Value math_lgamma_function(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return gamma_result(vm, args[0], math_log_gamma);
}

static Value math_degrees(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    double x;
    return value_as_double(vm, args[0], &x) ? value_from_float(x * (180.0 / M_PI)) : VALUE_ERROR;
}

static Value math_radians(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    double x;
    return value_as_double(vm, args[0], &x) ? value_from_float(x * (M_PI / 180.0)) : VALUE_ERROR;
}

static Value math_isfinite(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    double x;
    return value_as_double(vm, args[0], &x) ? value_from_bool(isfinite(x)) : VALUE_ERROR;
}

static Value math_isinf(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    double x;
    return value_as_double(vm, args[0], &x) ? value_from_bool(isinf(x)) : VALUE_ERROR;
}

static Value math_isnan(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    double x;
    return value_as_double(vm, args[0], &x) ? value_from_bool(isnan(x)) : VALUE_ERROR;
}

/* --- to integers --- */

/* v.__floor__() and the like; VALUE_EMPTY when the type has no such method. */
static Value call_special(Vm *vm, Value v, Str *name) {
    Value method = value_special(vm, v, name);
    if (value_is_empty(method) || value_is_error(method)) return method;
    Value result = value_call0(vm, method);
    value_release(vm, method);
    return result;
}

static Value to_integer(Vm *vm, Value v, Str *name, double (*f)(double)) {
    double x;
    if (!value_is_float(v)) {
        Value result = call_special(vm, v, name);
        if (!value_is_empty(result)) return result;
    }
    return value_as_double(vm, v, &x) ? int_from_double(vm, f(x)) : VALUE_ERROR;
}

static Value math_ceil(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return to_integer(vm, args[0], NAME(vm, __ceil__), ceil);
}

static Value math_floor(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return to_integer(vm, args[0], NAME(vm, __floor__), floor);
}

static Value math_trunc(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (value_is_float(args[0])) return int_from_double(vm, value_float(args[0]));
    Value result = call_special(vm, args[0], NAME(vm, __trunc__));
    if (!value_is_empty(result)) return result;
    return error_type(vm, "type %T doesn't define __trunc__ method", args[0]);
}

/* --- logarithms --- */

/* log(v) by f, which has f(2); ints of any size. */
static Value logarithm(Vm *vm, Value v, double (*f)(double)) {
    double x;
    if (value_is_int(v)) {
        if (int_sign(v) <= 0) return math_domain_error(vm);
        IntView view;
        int_view(v, &view);
        x = limbs_to_double(view.limbs, view.size, 0, false);
        if (!isinf(x)) return value_from_float(f(x));
        int64_t exponent = (int64_t)limbs_bit_length(view.limbs, view.size);
        x = limbs_to_double(view.limbs, view.size, -exponent, false);
        if (x == 1.0) x = 0.5, exponent++;
        return value_from_float(f(x) + f(2.0) * (double)exponent);
    }
    if (!value_as_double(vm, v, &x)) return VALUE_ERROR;
    if (x <= 0.0) return math_domain_error(vm);
    return value_from_float(isfinite(x) ? f(x) : x);
}

static Value math_log(Vm *vm, Value *args, int nargs) {
    Value number = logarithm(vm, args[0], log);
    if (nargs < 2 || value_is_error(number)) return number;
    Value base = logarithm(vm, args[1], log);
    if (value_is_error(base)) return VALUE_ERROR;
    return value_binary(vm, BINARY_DIV, number, base);
}

static Value math_log2(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return logarithm(vm, args[0], log2);
}

static Value math_log10(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return logarithm(vm, args[0], log10);
}

/* --- functions of two numbers --- */

static bool two_doubles(Vm *vm, Value *args, double *x, double *y) {
    return value_as_double(vm, args[0], x) && value_as_double(vm, args[1], y);
}

/* A result that went wrong though the arguments were numbers. */
static Value check_binary(Vm *vm, double x, double y, double result) {
    if (isnan(result) && !isnan(x) && !isnan(y)) return math_domain_error(vm);
    if (isinf(result) && isfinite(x) && isfinite(y)) return math_range_error(vm);
    return value_from_float(result);
}

static Value math_atan2(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    double y, x;
    return two_doubles(vm, args, &y, &x) ? check_binary(vm, y, x, atan2(y, x)) : VALUE_ERROR;
}

static Value math_copysign(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    double x, y;
    return two_doubles(vm, args, &x, &y) ? value_from_float(copysign(x, y)) : VALUE_ERROR;
}

static Value math_remainder(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    double x, y;
    return two_doubles(vm, args, &x, &y) ? check_binary(vm, x, y, remainder(x, y)) : VALUE_ERROR;
}

static Value math_fmod(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    double x, y;
    if (!two_doubles(vm, args, &x, &y)) return VALUE_ERROR;
    if (isinf(y) && isfinite(x)) return value_from_float(x);
    return check_binary(vm, x, y, fmod(x, y));
}

static Value math_pow(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    double x, y;
    if (!two_doubles(vm, args, &x, &y)) return VALUE_ERROR;
    double result = pow(x, y);
    if (!isfinite(x) || !isfinite(y)) return value_from_float(result); /* Annex F of C99 */
    if (isnan(result)) return math_domain_error(vm);
    if (isinf(result)) return x == 0.0 ? math_domain_error(vm) : math_range_error(vm);
    return value_from_float(result);
}

static Value math_fma(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    double x, y, z;
    if (!two_doubles(vm, args, &x, &y) || !value_as_double(vm, args[2], &z)) return VALUE_ERROR;
    double result = fma(x, y, z);
    if (isnan(result) && !isnan(x) && !isnan(y) && !isnan(z)) return error_value(vm, "invalid operation in fma");
    if (isinf(result) && isfinite(x) && isfinite(y) && isfinite(z)) {
        return error_raise(vm, EXC_OverflowError, "overflow in fma");
    }
    return value_from_float(result);
}

static Value math_isclose(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    double a, b, relative = 1e-09, absolute = 0.0;
    if (!two_doubles(vm, args, &a, &b)) return VALUE_ERROR;
    if (!value_is_empty(args[2]) && !value_as_double(vm, args[2], &relative)) return VALUE_ERROR;
    if (!value_is_empty(args[3]) && !value_as_double(vm, args[3], &absolute)) return VALUE_ERROR;
    if (relative < 0.0 || absolute < 0.0) return error_value(vm, "tolerances must be non-negative");
    if (a == b) return VALUE_TRUE;
    if (isinf(a) || isinf(b)) return VALUE_FALSE;
    double difference = fabs(b - a);
    return value_from_bool(difference <= fabs(relative * b) || difference <= fabs(relative * a) || difference <= absolute);
}

/* --- the parts of a double --- */

static Value float_pair(Vm *vm, Value first, Value second) {
    Tuple *t = tuple_pack(vm, 2, first, second);
    return t ? value_from_object(t) : VALUE_ERROR;
}

static Value math_frexp(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    double x;
    int exponent = 0;
    if (!value_as_double(vm, args[0], &x)) return VALUE_ERROR;
    if (isfinite(x) && x != 0.0) x = frexp(x, &exponent);
    return float_pair(vm, value_from_float(x), value_from_small(exponent));
}

static Value math_modf(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    double x, whole;
    if (!value_as_double(vm, args[0], &x)) return VALUE_ERROR;
    double fraction = modf(x, &whole);
    return float_pair(vm, value_from_float(fraction), value_from_float(whole));
}

static Value math_ldexp(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    double x;
    if (!value_as_double(vm, args[0], &x)) return VALUE_ERROR;
    if (!value_is_int(args[1])) return error_type(vm, "Expected an int as second argument to ldexp.");
    int64_t exponent;
    if (!int_to_i64(args[1], &exponent)) exponent = int_sign(args[1]) < 0 ? INT64_MIN : INT64_MAX;
    if (x == 0.0 || !isfinite(x)) return value_from_float(x);
    if (exponent < INT_MIN) return value_from_float(copysign(0.0, x));
    if (exponent > INT_MAX) return math_range_error(vm);
    double result = ldexp(x, (int)exponent);
    return isinf(result) ? math_range_error(vm) : value_from_float(result);
}

static Value math_ulp(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    double x;
    if (!value_as_double(vm, args[0], &x)) return VALUE_ERROR;
    x = fabs(x);
    if (!isfinite(x)) return value_from_float(x);
    double next = nextafter(x, INFINITY);
    return value_from_float(isinf(next) ? x - nextafter(x, -INFINITY) : next - x);
}

/* `steps` doubles from x towards y, on the line of all doubles by their bits. */
static double step_towards(double x, double y, uint64_t steps) {
    const uint64_t sign = (uint64_t)1 << 63;
    uint64_t from, to;
    if (steps == 0 || isnan(x)) return x;
    if (isnan(y)) return y;
    memcpy(&from, &x, sizeof from);
    memcpy(&to, &y, sizeof to);
    if (from == to) return x;
    uint64_t from_size = from & ~sign, to_size = to & ~sign;
    if ((from ^ to) & sign) {
        if (from_size + to_size <= steps) return y; /* no overflow: both are below 2**63 */
        from = from_size < steps ? (to & sign) | (steps - from_size) : from - steps;
    } else if (from_size > to_size) {
        from = from_size - to_size >= steps ? from - steps : to;
    } else {
        from = to_size - from_size >= steps ? from + steps : to;
    }
    memcpy(&x, &from, sizeof x);
    return x;
}

static Value math_nextafter(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    double x, y;
    if (!two_doubles(vm, args, &x, &y)) return VALUE_ERROR;
    if (value_is_empty(args[2]) || value_is_none(args[2])) return value_from_float(nextafter(x, y));
    Value steps = value_index(vm, args[2]);
    if (value_is_error(steps)) return VALUE_ERROR;
    uint64_t count = UINT64_MAX;
    bool negative = int_sign(steps) < 0;
    int_to_u64(steps, &count);
    value_release(vm, steps);
    if (negative) return error_value(vm, "steps must be a non-negative integer");
    return value_from_float(step_towards(x, y, count));
}

/* --- the module --- */

#define FUNCTION(name, fn, signature, doc) {name, fn, signature, doc, NATIVE_METHOD}

static const NativeDef math_functions[] = {
    FUNCTION("acos", math_acos, "($module, x, /)", "Return the arc cosine (measured in radians) of x."),
    FUNCTION("acosh", math_acosh, "($module, x, /)", "Return the inverse hyperbolic cosine of x."),
    FUNCTION("asin", math_asin, "($module, x, /)", "Return the arc sine (measured in radians) of x."),
    FUNCTION("asinh", math_asinh, "($module, x, /)", "Return the inverse hyperbolic sine of x."),
    FUNCTION("atan", math_atan, "($module, x, /)", "Return the arc tangent (measured in radians) of x."),
    FUNCTION("atan2", math_atan2, "($module, y, x, /)",
             "Return the arc tangent (measured in radians) of y/x, the signs of both x and y considered."),
    FUNCTION("atanh", math_atanh, "($module, x, /)", "Return the inverse hyperbolic tangent of x."),
    FUNCTION("cbrt", math_cbrt, "($module, x, /)", "Return the cube root of x."),
    FUNCTION("ceil", math_ceil, "($module, x, /)", "Return the smallest integer >= x."),
    FUNCTION("comb", math_comb, "($module, n, k, /)",
             "Number of ways to choose k items from n items without repetition and without order."),
    FUNCTION("copysign", math_copysign, "($module, x, y, /)", "Return a float with the magnitude of x and the sign of y."),
    FUNCTION("cos", math_cos, "($module, x, /)", "Return the cosine of x (measured in radians)."),
    FUNCTION("cosh", math_cosh, "($module, x, /)", "Return the hyperbolic cosine of x."),
    FUNCTION("degrees", math_degrees, "($module, x, /)", "Convert angle x from radians to degrees."),
    FUNCTION("dist", math_dist, "($module, p, q, /)", "Return the Euclidean distance between two points p and q."),
    FUNCTION("erf", math_erf, "($module, x, /)", "Error function at x."),
    FUNCTION("erfc", math_erfc, "($module, x, /)", "Complementary error function at x."),
    FUNCTION("exp", math_exp, "($module, x, /)", "Return e raised to the power of x."),
    FUNCTION("exp2", math_exp2, "($module, x, /)", "Return 2 raised to the power of x."),
    FUNCTION("expm1", math_expm1, "($module, x, /)", "Return exp(x)-1, precise for small x."),
    FUNCTION("fabs", math_fabs, "($module, x, /)", "Return the absolute value of the float x."),
    FUNCTION("factorial", math_factorial, "($module, n, /)", "Find n!."),
    FUNCTION("floor", math_floor, "($module, x, /)", "Return the largest integer <= x."),
    FUNCTION("fma", math_fma, "($module, x, y, z, /)", "Compute (x * y) + z with one rounding."),
    FUNCTION("fmod", math_fmod, "($module, x, y, /)", "Return fmod(x, y), according to platform C."),
    FUNCTION("frexp", math_frexp, "($module, x, /)",
             "Return the mantissa and exponent of x, as pair (m, e): x = m * 2.**e, 0.5 <= abs(m) < 1.0."),
    FUNCTION("fsum", math_fsum, "($module, seq, /)", "Return an accurate floating-point sum of values in the iterable seq."),
    FUNCTION("gamma", math_gamma_function, "($module, x, /)", "Gamma function at x."),
    FUNCTION("gcd", math_gcd, "($module, *integers)", "Greatest Common Divisor."),
    FUNCTION("hypot", math_hypot, "(*coordinates)", "hypot(*coordinates) -> value\n\nThe Euclidean distance from the origin."),
    FUNCTION("isclose", math_isclose, "($module, /, a, b, *, rel_tol=1e-09, abs_tol=0.0)",
             "Determine whether two floating-point numbers are close in value."),
    FUNCTION("isfinite", math_isfinite, "($module, x, /)", "Return True if x is neither an infinity nor a NaN, and False otherwise."),
    FUNCTION("isinf", math_isinf, "($module, x, /)", "Return True if x is a positive or negative infinity, and False otherwise."),
    FUNCTION("isnan", math_isnan, "($module, x, /)", "Return True if x is a NaN (not a number), and False otherwise."),
    FUNCTION("isqrt", math_isqrt, "($module, n, /)", "Return the integer part of the square root of the input."),
    FUNCTION("lcm", math_lcm, "($module, *integers)", "Least Common Multiple."),
    FUNCTION("ldexp", math_ldexp, "($module, x, i, /)", "Return x * (2**i)."),
    FUNCTION("lgamma", math_lgamma_function, "($module, x, /)", "Natural logarithm of absolute value of Gamma function at x."),
    FUNCTION("log", math_log, "(x, base=math.e, /)", "log(x, [base=math.e])\nReturn the logarithm of x to the given base."),
    FUNCTION("log10", math_log10, "($module, x, /)", "Return the base 10 logarithm of x."),
    FUNCTION("log1p", math_log1p, "($module, x, /)", "Return the natural logarithm of 1+x (base e), precise for x near zero."),
    FUNCTION("log2", math_log2, "($module, x, /)", "Return the base 2 logarithm of x."),
    FUNCTION("modf", math_modf, "($module, x, /)", "Return the fractional and integer parts of x."),
    FUNCTION("nextafter", math_nextafter, "($module, x, y, /, *, steps=None)",
             "Return the floating-point value the given number of steps after x towards y."),
    FUNCTION("perm", math_perm, "($module, n, k=None, /)",
             "Number of ways to choose k items from n items without repetition and with order."),
    FUNCTION("pow", math_pow, "($module, x, y, /)", "Return x**y (x to the power of y)."),
    FUNCTION("prod", math_prod, "($module, iterable, /, *, start=1)", "Calculate the product of all the elements in the input iterable."),
    FUNCTION("radians", math_radians, "($module, x, /)", "Convert angle x from degrees to radians."),
    FUNCTION("remainder", math_remainder, "($module, x, y, /)", "Difference between x and the closest integer multiple of y."),
    FUNCTION("sin", math_sin, "($module, x, /)", "Return the sine of x (measured in radians)."),
    FUNCTION("sinh", math_sinh, "($module, x, /)", "Return the hyperbolic sine of x."),
    FUNCTION("sqrt", math_sqrt, "($module, x, /)", "Return the square root of x."),
    FUNCTION("sumprod", math_sumprod, "($module, p, q, /)", "Return the sum of products of values from two iterables p and q."),
    FUNCTION("tan", math_tan, "($module, x, /)", "Return the tangent of x (measured in radians)."),
    FUNCTION("tanh", math_tanh, "($module, x, /)", "Return the hyperbolic tangent of x."),
    FUNCTION("trunc", math_trunc, "($module, x, /)", "Truncates the Real x to the nearest Integral toward 0."),
    FUNCTION("ulp", math_ulp, "($module, x, /)", "Return the value of the least significant bit of the float x."),
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};

static bool math_init(Vm *vm, Value module) {
    Dict *dict = ((Module *)value_object(module))->dict;
    return dict_set_ascii(vm, dict, "pi", value_from_float(M_PI)) && dict_set_ascii(vm, dict, "e", value_from_float(M_E)) &&
           dict_set_ascii(vm, dict, "tau", value_from_float(2.0 * M_PI)) &&
           dict_set_ascii(vm, dict, "inf", value_from_float(INFINITY)) && dict_set_ascii(vm, dict, "nan", value_from_float(NAN));
}

const ModuleDef math_module = {
    .name = "math",
    .doc = "This module provides access to the mathematical functions\ndefined by the C standard.",
    .functions = math_functions,
    .init = math_init,
};
