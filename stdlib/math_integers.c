/* math's functions of integers, on GMP: gcd, lcm, isqrt, factorial, perm, comb.
 *
 * GMP's mpz functions take their memory from malloc; before one that can be large, int_reserve asks the heap for as much as the
 * result needs, so that a memory limit is met with MemoryError.
 */
#include "stdlib/math_parts.h"

#include <math.h>

#include "vm/ops.h"
#include "vm/types/int_limbs.h"

static Value int_from_mpz(Vm *vm, mpz_t z) {
    return int_from_limbs(vm, mpz_limbs_read(z), (mp_size_t)mpz_size(z), mpz_sgn(z) < 0);
}

static void mpz_from_view(mpz_ptr z, const IntView *v) { mpz_roinit_n(z, v->limbs, v->negative ? -v->size : v->size); }

/* --- gcd and lcm --- */

static Value absolute(Vm *vm, Value v) { return int_sign(v) < 0 ? int_negative(vm, v) : int_exact(vm, v); }

/* Greatest common divisor of two ints. */
static Value gcd_pair(Vm *vm, Value a, Value b) {
    IntView x, y;
    int_view(a, &x);
    int_view(b, &y);
    if (!x.size) return absolute(vm, b);
    if (!y.size) return absolute(vm, a);
    if (y.size == 1) return int_from_u64(vm, mpn_gcd_1(x.limbs, x.size, y.limbs[0]));
    if (x.size == 1) return int_from_u64(vm, mpn_gcd_1(y.limbs, y.size, x.limbs[0]));
    if (!int_reserve(vm, SCRATCH_GCD(x.size + y.size))) return VALUE_ERROR;
    mpz_t p, q, result;
    mpz_from_view(p, &x);
    mpz_from_view(q, &y);
    mpz_init(result);
    mpz_gcd(result, p, q);
    Value v = int_from_mpz(vm, result);
    mpz_clear(result);
    return v;
}

/* Least common multiple of two ints. */
static Value lcm_pair(Vm *vm, Value a, Value b) {
    if (int_sign(a) == 0 || int_sign(b) == 0) return value_from_small(0);
    Value divisor = gcd_pair(vm, a, b);
    if (value_is_error(divisor)) return VALUE_ERROR;
    Value part = int_binary(vm, BINARY_FLOORDIV, a, divisor);
    value_release(vm, divisor);
    if (value_is_error(part)) return VALUE_ERROR;
    Value multiple = int_binary(vm, BINARY_MUL, part, b);
    value_release(vm, part);
    if (value_is_error(multiple) || int_sign(multiple) > 0) return multiple;
    Value positive = int_negative(vm, multiple);
    value_release(vm, multiple);
    return positive;
}

/* Folds all arguments, each as an index; `first` is the result for none. */
static Value fold(Vm *vm, Value *args, int nargs, Value first, Value (*pair)(Vm *vm, Value a, Value b)) {
    Value result = first;
    for (int i = 0; i < nargs; i++) {
        Value v = value_index(vm, args[i]);
        Value next = value_is_error(v) ? VALUE_ERROR : i ? pair(vm, result, v) : absolute(vm, v);
        value_release(vm, v);
        value_release(vm, result);
        if (value_is_error(next)) return VALUE_ERROR;
        result = next;
    }
    return result;
}

Value math_gcd(Vm *vm, Value *args, int nargs) { return fold(vm, args, nargs, value_from_small(0), gcd_pair); }
Value math_lcm(Vm *vm, Value *args, int nargs) { return fold(vm, args, nargs, value_from_small(1), lcm_pair); }

/* --- isqrt --- */

static Value square_root(Vm *vm, Value n) {
    if (int_sign(n) < 0) return error_value(vm, "isqrt() argument must be nonnegative");
    IntView view;
    int_view(n, &view);
    if (!view.size) return value_from_small(0);
    IntObject *root = int_alloc(vm, (size_t)(view.size + 1) / 2);
    if (!root) return VALUE_ERROR;
    if (!int_reserve(vm, SCRATCH_SQRT(view.size))) {
        int_discard_take(vm, root);
        return VALUE_ERROR;
    }
    mpn_sqrtrem(root->limbs, NULL, view.limbs, view.size);
    return int_finish_take(vm, root, false);
}

Value math_isqrt(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value n = value_index(vm, args[0]);
    if (value_is_error(n)) return VALUE_ERROR;
    Value root = square_root(vm, n);
    value_release(vm, n);
    return root;
}

/* --- factorial, perm, comb --- */

/* Whether a result of about so many bits may be made, GMP taking `factor` times its limbs: MemoryError otherwise. */
static bool reserve_bits(Vm *vm, double bits, size_t factor) {
    if (bits > (double)INT_MAX_POWER_BITS) {
        error_no_memory(vm);
        return false;
    }
    return int_reserve(vm, factor * ((size_t)(bits / LIMB_BITS) + 1));
}

static Value factorial_of(Vm *vm, uint64_t n) {
    if (!reserve_bits(vm, n < 2 ? 1 : (double)n * log2((double)n), SCRATCH_FACTORIAL(1))) return VALUE_ERROR;
    mpz_t result;
    mpz_init(result);
    mpz_fac_ui(result, n);
    Value v = int_from_mpz(vm, result);
    mpz_clear(result);
    return v;
}

Value math_factorial(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value v = value_index(vm, args[0]);
    if (value_is_error(v)) return VALUE_ERROR;
    int64_t n = -1;
    bool fits = int_to_i64(v, &n), negative = int_sign(v) < 0;
    value_release(vm, v);
    if (negative) return error_value(vm, "factorial() not defined for negative values");
    if (!fits) return error_raise(vm, EXC_OverflowError, "factorial() argument should not exceed %lld", (long long)INT64_MAX);
    return factorial_of(vm, (uint64_t)n);
}

/* How many bits n has, as a number that logarithms of huge ints do not overflow. */
static double log2_of(Value n) {
    size_t bits = int_bit_length(n);
    return bits < 50 ? log2((double)int_immediate(n)) : (double)bits;
}

/* n * (n-1) * ... for k factors, by halves; k >= 1, n >= k. */
static Value falling_product(Vm *vm, Value n, uint64_t k) {
    if (k == 1) return int_exact(vm, n);
    uint64_t half = k / 2;
    Value middle = int_binary(vm, BINARY_SUB, n, value_from_small((int64_t)half));
    if (value_is_error(middle)) return VALUE_ERROR;
    Value high = falling_product(vm, n, half);
    Value low = value_is_error(high) ? VALUE_ERROR : falling_product(vm, middle, k - half);
    value_release(vm, middle);
    Value result = value_is_error(low) ? VALUE_ERROR : int_binary(vm, BINARY_MUL, high, low);
    value_release(vm, high);
    value_release(vm, low);
    return result;
}

/* n and k of perm and comb as indices that are not negative. Both new. */
static bool counts_from_args(Vm *vm, Value *args, Value *n, Value *k) {
    *n = value_index(vm, args[0]);
    if (value_is_error(*n)) return false;
    *k = value_index(vm, args[1]);
    if (!value_is_error(*k)) {
        if (int_sign(*n) < 0) error_value(vm, "n must be a non-negative integer");
        else if (int_sign(*k) < 0) error_value(vm, "k must be a non-negative integer");
        else return true;
        value_release(vm, *k);
    }
    value_release(vm, *n);
    return false;
}

static Value perm_of(Vm *vm, Value n, Value k) {
    int64_t factors;
    if (int_compare(n, k) < 0) return value_from_small(0);
    if (!int_to_i64(k, &factors)) {
        return error_raise(vm, EXC_OverflowError, "k must not exceed %lld", (long long)INT64_MAX);
    }
    if (factors == 0) return value_from_small(1);
    if (!reserve_bits(vm, (double)factors * log2_of(n), 1)) return VALUE_ERROR;
    return falling_product(vm, n, (uint64_t)factors);
}

Value math_perm(Vm *vm, Value *args, int nargs) {
    if (value_is_empty(args[1]) || value_is_none(args[1])) return math_factorial(vm, args, nargs);
    Value n, k;
    if (!counts_from_args(vm, args, &n, &k)) return VALUE_ERROR;
    Value result = perm_of(vm, n, k);
    value_release(vm, n);
    value_release(vm, k);
    return result;
}

/* k <= n / 2 */
static Value comb_of(Vm *vm, Value n, uint64_t k) {
    double bits = k ? (double)k * (log2_of(n) - log2((double)k) + 2) : 1; /* (n * e / k) ** k */
    if (!reserve_bits(vm, bits < log2_of(n) ? log2_of(n) : bits, SCRATCH_BINOMIAL(1))) return VALUE_ERROR;
    IntView view;
    int_view(n, &view);
    mpz_t result, from;
    uint64_t word;
    mpz_from_view(from, &view);
    mpz_init(result);
    if (int_to_u64(n, &word)) mpz_bin_uiui(result, word, k); /* far better than mpz_bin_ui */
    else mpz_bin_ui(result, from, k);
    Value v = int_from_mpz(vm, result);
    mpz_clear(result);
    return v;
}

Value math_comb(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value n, k, result = VALUE_ERROR;
    if (!counts_from_args(vm, args, &n, &k)) return VALUE_ERROR;
    Value rest = int_binary(vm, BINARY_SUB, n, k);
    if (!value_is_error(rest)) {
        int64_t count;
        Value smaller = int_compare(rest, k) < 0 ? rest : k;
        if (int_sign(rest) < 0) result = value_from_small(0);
        else if (int_to_i64(smaller, &count)) result = comb_of(vm, n, (uint64_t)count);
        else error_raise(vm, EXC_OverflowError, "min(n - k, k) must not exceed %lld", (long long)INT64_MAX);
    }
    value_release(vm, rest);
    value_release(vm, n);
    value_release(vm, k);
    return result;
}
