/* int: powers, plain and modulo a number.
 *
 * Plain powers take out the factor 2**k first, then square and multiply from the left. Modular powers of one-limb numbers are
 * done in 128 bits; larger ones by GMP's mpz_powm, whose operands are read in place and whose result is bounded by the modulus.
 */
#include "vm/types/int_limbs.h"

#include "vm/types/float.h"

static Value power_negative(Vm *vm, Value a, Value b) {
    double x, y;
    if (!int_to_double(vm, a, &x) || !int_to_double(vm, b, &y)) return VALUE_ERROR;
    return float_power(vm, x, y);
}

/* base ** exponent for one odd limb while it fits one limb; false when it does not. */
static bool power_one_limb(mp_limb_t base, uint64_t exponent, mp_limb_t *out) {
    mp_limb_t result = 1;
    for (;;) {
        if ((exponent & 1) && __builtin_mul_overflow(result, base, &result)) return false;
        exponent >>= 1;
        if (!exponent) break;
        if (__builtin_mul_overflow(base, base, &base)) return false;
    }
    *out = result;
    return true;
}

/* Squares and multiplies between the two halves of `work` (2 * room limbs). Returns the limbs of the result, its size in *size;
 * NULL: interrupted or out of memory. */
static mp_limb_t *power_limbs(Vm *vm, mp_limb_t *work, size_t room, const mp_limb_t *base, mp_size_t n, uint64_t exponent,
                              mp_size_t *size) {
    mp_limb_t *result = work, *other = work + room;
    mpn_copyi(result, base, n);
    mp_size_t length = n;
    for (int bit = 62 - __builtin_clzll(exponent); bit >= 0; bit--) {
        if (!int_reserve(vm, SCRATCH_MUL(2 * length))) return NULL;
        mpn_sqr(other, result, length);
        length = limbs_trim(other, 2 * length);
        mp_limb_t *swap = result;
        result = other;
        other = swap;
        if (!(exponent >> bit & 1)) continue;
        mpn_mul(other, result, length, base, n);
        length = limbs_trim(other, length + n);
        swap = result;
        result = other;
        other = swap;
    }
    *size = length;
    return result;
}

/* odd ** exponent << shift, the odd base in {base, n}. */
static Value power_shifted(Vm *vm, const mp_limb_t *base, mp_size_t n, uint64_t exponent, uint64_t shift, bool negative) {
    mp_limb_t one;
    if (n == 1 && power_one_limb(base[0], exponent, &one)) {
        Value small = int_from_limbs(vm, &one, 1, negative);
        if (!shift || value_is_error(small)) return small;
        Value result = int_shift(vm, small, (int64_t)shift);
        value_release(vm, small);
        return result;
    }
    size_t bits = limbs_bit_length(base, n);
    size_t room = (size_t)((unsigned __int128)bits * exponent / LIMB_BITS) + (size_t)n + 2;
    size_t whole = (size_t)(shift / LIMB_BITS);
    Scratch scratch;
    if (!scratch_get(vm, &scratch, 2 * room)) return VALUE_ERROR;
    mp_size_t size;
    Value v = VALUE_ERROR;
    const mp_limb_t *result = power_limbs(vm, scratch.limbs, room, base, n, exponent, &size);
    IntObject *o = result ? int_alloc(vm, whole + (size_t)size + 1) : NULL;
    if (o) {
        unsigned part = (unsigned)(shift % LIMB_BITS);
        mpn_zero(o->limbs, (mp_size_t)whole);
        o->limbs[whole + (size_t)size] = 0;
        if (part) o->limbs[whole + (size_t)size] = mpn_lshift(o->limbs + whole, result, size, part);
        else mpn_copyi(o->limbs + whole, result, size);
        v = int_finish_take(vm, o, negative);
    }
    scratch_drop(vm, &scratch);
    return v;
}

static Value power_positive(Vm *vm, const IntView *a, uint64_t exponent) {
    size_t zeros = mpn_scan1(a->limbs, 0);
    size_t bits = limbs_bit_length(a->limbs, a->size);
    if ((unsigned __int128)(bits - 1) * exponent > INT_MAX_POWER_BITS) return error_no_memory(vm);
    bool negative = a->negative && (exponent & 1);
    if (!zeros) return power_shifted(vm, a->limbs, a->size, exponent, 0, negative);
    Scratch odd;
    mp_size_t whole = (mp_size_t)(zeros / LIMB_BITS), n = a->size - whole;
    unsigned part = (unsigned)(zeros % LIMB_BITS);
    if (!scratch_get(vm, &odd, (size_t)n)) return VALUE_ERROR;
    if (part) mpn_rshift(odd.limbs, a->limbs + whole, n, part);
    else mpn_copyi(odd.limbs, a->limbs + whole, n);
    Value v = power_shifted(vm, odd.limbs, limbs_trim(odd.limbs, n), exponent, (uint64_t)zeros * exponent, negative);
    scratch_drop(vm, &odd);
    return v;
}

Value int_power(Vm *vm, Value a, Value b) {
    int sign = int_sign(b);
    if (sign < 0) return power_negative(vm, a, b);
    if (sign == 0) return value_from_small(1);
    IntView x;
    int_view(a, &x);
    uint64_t exponent;
    if (!x.size) return value_from_small(0);
    if (x.size == 1 && x.limbs[0] == 1) {
        IntView y;
        int_view(b, &y);
        return value_from_small(x.negative && (y.limbs[0] & 1) ? -1 : 1);
    }
    if (!int_to_u64(b, &exponent)) return error_no_memory(vm);
    return power_positive(vm, &x, exponent);
}

/* --- modulo --- */

static uint64_t power_mod_u64(uint64_t base, uint64_t exponent, uint64_t modulus) {
    uint64_t result = 1 % modulus;
    base %= modulus;
    for (; exponent; exponent >>= 1) {
        if (exponent & 1) result = (uint64_t)((unsigned __int128)result * base % modulus);
        base = (uint64_t)((unsigned __int128)base * base % modulus);
    }
    return result;
}

/* Read-only mpz over the limbs of a view. */
static void mpz_from_view(mpz_ptr z, const IntView *v) { mpz_roinit_n(z, v->limbs, v->negative ? -v->size : v->size); }

/* The result, moved to the sign of the modulus. mpz results are at least 0 and below |modulus|. */
static Value mod_result(Vm *vm, mpz_t z, const IntView *modulus) {
    if (modulus->negative && mpz_sgn(z) != 0) {
        mpz_t m;
        mpz_from_view(m, modulus);
        mpz_add(z, z, m);
    }
    return int_from_limbs(vm, mpz_limbs_read(z), (mp_size_t)mpz_size(z), mpz_sgn(z) < 0);
}

/* Limbs that mpz_powm takes: mostly a table of powers that grows with the exponent, to 512 of them. */
static size_t power_mod_scratch(const IntView *a, const IntView *b, const IntView *m) {
    size_t bits = limbs_bit_length(b->limbs, b->size), powers = 1;
    for (size_t limit = 7; powers < 512 && bits > limit; limit = limit * 5 / 2) powers *= 2;
    return (powers + 10) * (size_t)m->size + 2 * (size_t)a->size;
}

static Value power_mod_large(Vm *vm, const IntView *a, const IntView *b, const IntView *m) {
    if (!int_reserve(vm, power_mod_scratch(a, b, m))) return VALUE_ERROR;
    mpz_t base, exponent, modulus, result;
    mpz_from_view(base, a);
    mpz_from_view(exponent, b);
    mpz_from_view(modulus, m);
    mpz_init(result);
    Value v = VALUE_ERROR;
    if (b->negative && !mpz_invert(result, base, modulus)) {
        error_value(vm, "base is not invertible for the given modulus");
    } else {
        if (b->negative) {
            IntView positive = {.limbs = b->limbs, .size = b->size};
            mpz_from_view(exponent, &positive);
            mpz_powm(result, result, exponent, modulus);
        } else {
            mpz_powm(result, base, exponent, modulus);
        }
        v = mod_result(vm, result, m);
    }
    mpz_clear(result);
    return v;
}

Value int_pow_mod(Vm *vm, Value a, Value b, Value modulus) {
    IntView x, y, m;
    int_view(modulus, &m);
    if (!m.size) return error_value(vm, "pow() 3rd argument cannot be 0");
    int_view(a, &x);
    int_view(b, &y);
    if (m.size == 1 && m.limbs[0] == 1) return value_from_small(0);
    if (!y.negative && y.size <= 1 && m.size == 1 && x.size <= 1) {
        uint64_t base = x.size ? x.limbs[0] % m.limbs[0] : 0;
        if (x.negative && base) base = m.limbs[0] - base;
        uint64_t result = power_mod_u64(base, y.size ? y.limbs[0] : 0, m.limbs[0]);
        if (m.negative && result) result = m.limbs[0] - result;
        return int_from_limbs(vm, &(mp_limb_t){result}, 1, m.negative);
    }
    return power_mod_large(vm, &x, &y, &m);
}
