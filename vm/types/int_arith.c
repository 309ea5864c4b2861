/* int: addition, subtraction, multiplication, the divisions, shifts and bit operations, on GMP's mpn functions.
 *
 * Every operation has a path for immediates, where nothing is allocated unless the result needs more than 50 bits; the
 * rest works on views (int_limbs.h). Floor division and the bit operations follow two's complement of infinite width.
 * To add an operator, edit int_binary at the end.
 */
#include "vm/types/int_limbs.h"

#include <math.h>

#include "vm/types/float.h"

/* --- sums and products --- */

static Value add_magnitudes(Vm *vm, const IntView *a, const IntView *b, bool negative) {
    if (a->size < b->size) {
        const IntView *other = a;
        a = b;
        b = other;
    }
    IntObject *o = int_alloc(vm, (size_t)a->size + 1);
    if (!o) return VALUE_ERROR;
    o->limbs[a->size] = b->size ? mpn_add(o->limbs, a->limbs, a->size, b->limbs, b->size)
                                : (mpn_copyi(o->limbs, a->limbs, a->size), (mp_limb_t)0);
    return int_finish_take(vm, o, negative);
}

static Value subtract_magnitudes(Vm *vm, const IntView *a, const IntView *b, bool negative) {
    int order = limbs_compare(a->limbs, a->size, b->limbs, b->size);
    if (order == 0) return value_from_small(0);
    if (order < 0) {
        const IntView *other = a;
        a = b;
        b = other;
        negative = !negative;
    }
    IntObject *o = int_alloc(vm, (size_t)a->size);
    if (!o) return VALUE_ERROR;
    if (b->size) mpn_sub(o->limbs, a->limbs, a->size, b->limbs, b->size);
    else mpn_copyi(o->limbs, a->limbs, a->size);
    return int_finish_take(vm, o, negative);
}

static Value int_add(Vm *vm, Value a, Value b, bool subtract) {
    if (int_is_immediate(a) && int_is_immediate(b)) {
        int64_t x = int_immediate(a), y = int_immediate(b);
        return int_from_i64(vm, subtract ? x - y : x + y);
    }
    IntView x, y;
    int_view(a, &x);
    int_view(b, &y);
    if (x.negative == (y.negative != subtract)) return add_magnitudes(vm, &x, &y, x.negative);
    return subtract_magnitudes(vm, &x, &y, x.negative);
}

static Value int_multiply(Vm *vm, Value a, Value b) {
    if (int_is_immediate(a) && int_is_immediate(b)) {
        int64_t x = int_immediate(a), y = int_immediate(b), product;
        if (!__builtin_mul_overflow(x, y, &product)) return int_from_i64(vm, product);
        __int128 wide = (__int128)x * y;
        return int_from_u128(vm, wide < 0 ? -(unsigned __int128)wide : (unsigned __int128)wide, wide < 0);
    }
    IntView x, y;
    int_view(a, &x);
    int_view(b, &y);
    if (!x.size || !y.size) return value_from_small(0);
    size_t size = (size_t)x.size + (size_t)y.size;
    IntObject *o = int_alloc(vm, size);
    if (!o) return VALUE_ERROR;
    if (!int_reserve(vm, SCRATCH_MUL(size))) {
        int_discard_take(vm, o);
        return VALUE_ERROR;
    }
    if (x.limbs == y.limbs && x.size == y.size) mpn_sqr(o->limbs, x.limbs, x.size);
    else if (x.size >= y.size) mpn_mul(o->limbs, x.limbs, x.size, y.limbs, y.size);
    else mpn_mul(o->limbs, y.limbs, y.size, x.limbs, x.size);
    return int_finish_take(vm, o, x.negative != y.negative);
}

Value int_negative(Vm *vm, Value v) {
    if (int_is_immediate(v)) return int_from_i64(vm, -int_immediate(v));
    IntView view;
    int_view(v, &view);
    return int_from_limbs(vm, view.limbs, view.size, !view.negative);
}

/* --- floor division --- */

/* Division of immediates, b not 0, rounding towards minus infinity. */
static int64_t floor_divide_i64(int64_t a, int64_t b, int64_t *remainder) {
    int64_t q = a / b, r = a % b;
    if (r != 0 && (r < 0) != (b < 0)) {
        q--;
        r += b;
    }
    *remainder = r;
    return q;
}

/* |a| < |b|: the quotient is 0 or -1. */
static Value divmod_smaller(Vm *vm, Value a, Value b, bool opposite, Value *remainder) {
    if (int_sign(a) == 0 || !opposite) {
        *remainder = int_exact(vm, a);
        return value_is_error(*remainder) ? VALUE_ERROR : value_from_small(0);
    }
    *remainder = int_add(vm, a, b, false);
    return value_is_error(*remainder) ? VALUE_ERROR : value_from_small(-1);
}

/* Quotient and remainder of magnitudes, x->size >= y->size, turned from truncation to floor. */
static Value divmod_magnitudes(Vm *vm, const IntView *x, const IntView *y, Value *remainder) {
    size_t quotient_size = (size_t)(x->size - y->size) + 1;
    IntObject *q = int_alloc(vm, quotient_size + 1); /* one more for the step down to the floor */
    if (!q) return VALUE_ERROR;
    Scratch scratch;
    if (!scratch_get(vm, &scratch, (size_t)y->size)) goto fail;
    if (!int_reserve(vm, SCRATCH_DIV(x->size))) {
        scratch_drop(vm, &scratch);
        goto fail;
    }
    mp_limb_t *r = scratch.limbs;
    mpn_tdiv_qr(q->limbs, r, 0, x->limbs, x->size, y->limbs, y->size);
    q->limbs[quotient_size] = 0;
    bool opposite = x->negative != y->negative;
    if (opposite && limbs_trim(r, y->size)) {
        mpn_sub_n(r, y->limbs, r, y->size);
        mpn_add_1(q->limbs, q->limbs, (mp_size_t)quotient_size + 1, 1);
    }
    *remainder = int_from_limbs(vm, r, y->size, y->negative);
    scratch_drop(vm, &scratch);
    if (value_is_error(*remainder)) goto fail;
    return int_finish_take(vm, q, opposite);
fail:
    int_discard_take(vm, q);
    return VALUE_ERROR;
}

/* Floor quotient and remainder of any two ints, b not 0. Both new. */
static Value int_divide(Vm *vm, Value a, Value b, Value *remainder) {
    if (int_is_immediate(a) && int_is_immediate(b)) {
        int64_t r, q = floor_divide_i64(int_immediate(a), int_immediate(b), &r);
        *remainder = value_from_small(r);
        return int_from_i64(vm, q);
    }
    IntView x, y;
    int_view(a, &x);
    int_view(b, &y);
    if (x.size < y.size) return divmod_smaller(vm, a, b, x.negative != y.negative, remainder);
    return divmod_magnitudes(vm, &x, &y, remainder);
}

static bool check_divisor(Vm *vm, Value b, const char *message) {
    if (int_sign(b) != 0) return true;
    error_raise(vm, EXC_ZeroDivisionError, "%s", message);
    return false;
}

Value int_divmod(Vm *vm, Value a, Value b, Value *remainder) {
    if (!check_divisor(vm, b, "integer division or modulo by zero")) return VALUE_ERROR;
    return int_divide(vm, a, b, remainder);
}

static Value int_floor_divide(Vm *vm, Value a, Value b) {
    if (!check_divisor(vm, b, "integer division or modulo by zero")) return VALUE_ERROR;
    Value remainder, quotient = int_divide(vm, a, b, &remainder);
    if (!value_is_error(quotient)) value_release(vm, remainder);
    return quotient;
}

static Value int_modulo(Vm *vm, Value a, Value b) {
    if (!check_divisor(vm, b, "integer modulo by zero")) return VALUE_ERROR;
    Value remainder, quotient = int_divide(vm, a, b, &remainder);
    if (value_is_error(quotient)) return VALUE_ERROR;
    value_release(vm, quotient);
    return remainder;
}

/* --- true division --- */

/* Shifts so that the quotient has at least 64 bits, divides, and lets the remainder decide the rounding. */
bool limbs_divide(Vm *vm, const mp_limb_t *a, mp_size_t an, const mp_limb_t *b, mp_size_t bn, double *out) {
    if (!an) {
        *out = 0.0;
        return true;
    }
    int64_t difference = (int64_t)limbs_bit_length(a, an) - (int64_t)limbs_bit_length(b, bn);
    int64_t shift = difference < 66 ? 66 - difference : 0; /* a << shift is at least 65 bits longer than b */
    mp_size_t whole = (mp_size_t)(shift / LIMB_BITS), n = an + whole + 1;
    Scratch scratch;
    if (!scratch_get(vm, &scratch, (size_t)(n + (n - bn + 1) + bn))) return false;
    mp_limb_t *numerator = scratch.limbs, *quotient = numerator + n, *remainder = quotient + (n - bn + 1);
    mpn_zero(numerator, whole);
    unsigned part = (unsigned)(shift % LIMB_BITS);
    if (part) {
        numerator[n - 1] = mpn_lshift(numerator + whole, a, an, part);
    } else {
        mpn_copyi(numerator + whole, a, an);
        numerator[n - 1] = 0;
    }
    n = limbs_trim(numerator, n);
    bool ok = int_reserve(vm, SCRATCH_DIV(n));
    if (ok) {
        mpn_tdiv_qr(quotient, remainder, 0, numerator, n, b, bn);
        bool sticky = limbs_trim(remainder, bn) != 0;
        *out = limbs_to_double(quotient, limbs_trim(quotient, n - bn + 1), -shift, sticky);
    }
    scratch_drop(vm, &scratch);
    return ok;
}

Value int_true_divide(Vm *vm, Value a, Value b) {
    if (!check_divisor(vm, b, "division by zero")) return VALUE_ERROR;
    if (int_is_immediate(a) && int_is_immediate(b)) {
        return value_from_float((double)int_immediate(a) / (double)int_immediate(b));
    }
    IntView x, y;
    int_view(a, &x);
    int_view(b, &y);
    int64_t difference = (int64_t)limbs_bit_length(x.limbs, x.size) - (int64_t)limbs_bit_length(y.limbs, y.size);
    double quotient = 0.0;
    if (x.size && difference < -1100) return value_from_float(x.negative != y.negative ? -0.0 : 0.0);
    if (difference > 1100) quotient = INFINITY;
    else if (!limbs_divide(vm, x.limbs, x.size, y.limbs, y.size, &quotient)) return VALUE_ERROR;
    if (isinf(quotient)) {
        return error_raise(vm, EXC_OverflowError, "integer division result too large for a float");
    }
    return value_from_float(x.negative != y.negative ? -quotient : quotient);
}

/* --- shifts --- */

static Value shift_left(Vm *vm, Value a, uint64_t bits) {
    IntView x;
    int_view(a, &x);
    if (!x.size) return value_from_small(0);
    if (int_is_immediate(a) && bits < 14) return int_from_i64(vm, int_immediate(a) * ((int64_t)1 << bits));
    uint64_t whole = bits / LIMB_BITS;
    if (whole >= INT_MAX_LIMBS) return error_no_memory(vm);
    IntObject *o = int_alloc(vm, (size_t)x.size + whole + 1);
    if (!o) return VALUE_ERROR;
    mpn_zero(o->limbs, (mp_size_t)whole);
    unsigned part = (unsigned)(bits % LIMB_BITS);
    mp_limb_t *top = o->limbs + whole;
    if (part) {
        top[x.size] = mpn_lshift(top, x.limbs, x.size, part);
    } else {
        mpn_copyi(top, x.limbs, x.size);
        top[x.size] = 0;
    }
    return int_finish_take(vm, o, x.negative);
}

/* Rounds towards minus infinity: a negative number loses one more when a cut bit was set. */
static Value shift_right(Vm *vm, Value a, uint64_t bits) {
    if (int_is_immediate(a)) return value_from_small(int_immediate(a) >> (bits < 63 ? bits : 63));
    IntView x;
    int_view(a, &x);
    uint64_t whole = bits / LIMB_BITS;
    unsigned part = (unsigned)(bits % LIMB_BITS);
    if (whole >= (uint64_t)x.size) return value_from_small(x.negative && x.size ? -1 : 0);
    mp_size_t size = x.size - (mp_size_t)whole;
    bool cut = x.negative && (limbs_trim(x.limbs, (mp_size_t)whole) || (part && x.limbs[whole] << (LIMB_BITS - part)));
    IntObject *o = int_alloc(vm, (size_t)size + 1);
    if (!o) return VALUE_ERROR;
    if (part) mpn_rshift(o->limbs, x.limbs + whole, size, part);
    else mpn_copyi(o->limbs, x.limbs + whole, size);
    o->limbs[size] = 0;
    if (cut) mpn_add_1(o->limbs, o->limbs, size + 1, 1);
    return int_finish_take(vm, o, x.negative);
}

Value int_shift(Vm *vm, Value a, int64_t bits) {
    return bits >= 0 ? shift_left(vm, a, (uint64_t)bits) : shift_right(vm, a, -(uint64_t)bits);
}

static Value int_shift_checked(Vm *vm, Value a, Value b, bool left) {
    if (int_sign(b) < 0) return error_value(vm, "negative shift count");
    int64_t bits;
    if (!int_to_i64(b, &bits)) {
        if (!left) return value_from_small(int_sign(a) < 0 ? -1 : 0);
        if (int_sign(a) == 0) return value_from_small(0);
        return error_no_memory(vm);
    }
    return left ? shift_left(vm, a, (uint64_t)bits) : shift_right(vm, a, (uint64_t)bits);
}

/* --- bit operations --- */

/* Two's complement of the view in `size` limbs. */
static void complement_from_view(mp_limb_t *out, mp_size_t size, const IntView *v) {
    mpn_copyi(out, v->limbs, v->size);
    mpn_zero(out + v->size, size - v->size);
    if (v->negative) mpn_neg(out, out, size);
}

static void limbs_bitwise(BinaryOperator op, mp_limb_t *out, const mp_limb_t *a, const mp_limb_t *b, mp_size_t size) {
    for (mp_size_t i = 0; i < size; i++) {
        if (op == BINARY_AND) out[i] = a[i] & b[i];
        else if (op == BINARY_OR) out[i] = a[i] | b[i];
        else out[i] = a[i] ^ b[i];
    }
}

static int64_t immediate_bitwise(BinaryOperator op, int64_t a, int64_t b) {
    return op == BINARY_AND ? a & b : op == BINARY_OR ? a | b : a ^ b;
}

Value int_bitwise(Vm *vm, BinaryOperator op, Value a, Value b) {
    if (int_is_immediate(a) && int_is_immediate(b)) {
        return value_from_small(immediate_bitwise(op, int_immediate(a), int_immediate(b)));
    }
    IntView x, y;
    int_view(a, &x);
    int_view(b, &y);
    mp_size_t size = (x.size > y.size ? x.size : y.size) + 1;
    Scratch scratch;
    if (!scratch_get(vm, &scratch, (size_t)size)) return VALUE_ERROR;
    IntObject *o = int_alloc(vm, (size_t)size);
    if (!o) {
        scratch_drop(vm, &scratch);
        return VALUE_ERROR;
    }
    complement_from_view(o->limbs, size, &x);
    complement_from_view(scratch.limbs, size, &y);
    limbs_bitwise(op, o->limbs, o->limbs, scratch.limbs, size);
    scratch_drop(vm, &scratch);
    bool negative = immediate_bitwise(op, x.negative, y.negative) != 0;
    if (negative) mpn_neg(o->limbs, o->limbs, size);
    return int_finish_take(vm, o, negative);
}

Value int_binary(Vm *vm, BinaryOperator op, Value a, Value b) {
    switch (op) {
    case BINARY_ADD: return int_add(vm, a, b, false);
    case BINARY_SUB: return int_add(vm, a, b, true);
    case BINARY_MUL: return int_multiply(vm, a, b);
    case BINARY_DIV: return int_true_divide(vm, a, b);
    case BINARY_FLOORDIV: return int_floor_divide(vm, a, b);
    case BINARY_MOD: return int_modulo(vm, a, b);
    case BINARY_POW: return int_power(vm, a, b);
    case BINARY_LSHIFT: return int_shift_checked(vm, a, b, true);
    case BINARY_RSHIFT: return int_shift_checked(vm, a, b, false);
    case BINARY_AND:
    case BINARY_OR:
    case BINARY_XOR: return int_bitwise(vm, op, a, b);
    default: return VALUE_NOT_IMPLEMENTED;
    }
}
