/* Doubles to and from decimal digits.
 *
 * Shortest digits: Schubfach (Giulietti, "The Schubfach way to render doubles"). Reading: exact products for short
 * numbers, else 128 bits of the power of ten with an error bound (the idea of Eisel and Lemire), else big integers.
 * Rounding to places or digits: m * 2**e * 10**p in 128 bits when it fits, else in big integers on the C stack.
 *
 * Powers of five come from one table: 192 bits of 5**(27 * i), from which power_of_five makes the exact leading 128 bits of every
 * 5**k with -351 <= k <= 350 (all of them have been checked).
 */
#include "vm/types/float_digits.h"

#include <gmp.h>
#include <math.h>
#include <string.h>

#include "vm/types/int_limbs.h"

typedef unsigned __int128 Wide;

#define POWERS_STEP 27
#define POWERS_FIRST (-13)

static const uint64_t powers_192[26][3] = {
    {0x8049a4ac0c5811ae, 0x205b896d777d6278, 0xac261e9f5141430b}, /* 5**-351 */
    {0xcf42894a5dce35ea, 0x52064cac828675b9, 0x475f2b7d7df1ad7a}, /* 5**-324 */
    {0xa76c582338ed2621, 0xaf2af2b80af6f24e, 0x657c8f4d43323a36}, /* 5**-297 */
    {0x873e4f75e2224e68, 0x5a7744a6e804a291, 0xcc35eddfcf0996d7}, /* 5**-270 */
    {0xda7f5bf590966848, 0xaf39a475506a899e, 0xa30294cc2934e662}, /* 5**-243 */
    {0xb080392cc4349dec, 0xbd8d794d96aacfb3, 0xfe13a5c86af64418}, /* 5**-216 */
    {0x8e938662882af53e, 0x547eb47b7282ee9c, 0x41b0230e1421487d}, /* 5**-189 */
    {0xe65829b3046b0afa, 0x0cb4a5a3112a5112, 0xa3b561b1cb208396}, /* 5**-162 */
    {0xba121a4650e4ddeb, 0x92f34d62616ce413, 0x21a0183e10583cd3}, /* 5**-135 */
    {0x964e858c91ba2655, 0x3a6a07f8d510f86f, 0xe9082f25e9c5e9ec}, /* 5**-108 */
    {0xf2d56790ab41c2a2, 0xfae27299423fb9c3, 0x3695dad7e8858901}, /* 5**-81 */
    {0xc428d05aa4751e4c, 0xaa97e14c3c26b886, 0x96842dc95323f5a8}, /* 5**-54 */
    {0x9e74d1b791e07e48, 0x775ea264cf55347d, 0xca49f1c05120c9c7}, /* 5**-27 */
    {0x8000000000000000, 0x0000000000000000, 0x0000000000000000}, /* 5**0 */
    {0xcecb8f27f4200f3a, 0x0000000000000000, 0x0000000000000000}, /* 5**27 */
    {0xa70c3c40a64e6c51, 0x999090b65f67d924, 0x0000000000000000}, /* 5**54 */
    {0x86f0ac99b4e8dafd, 0x69a028bb3ded71a3, 0xdf9f915627c04e28}, /* 5**81 */
    {0xda01ee641a708de9, 0xe80e6f4820cc9495, 0xd74baad03bc1d8d3}, /* 5**108 */
    {0xb01ae745b101e9e4, 0x5ec05dcff72e7f8f, 0xc04c79ffe324301f}, /* 5**135 */
    {0x8e41ade9fbebc27d, 0x14588f13be847307, 0x23bd6a2059c002f5}, /* 5**162 */
    {0xe5d3ef282a242e81, 0x8f1668c8a86da5fa, 0xf0b5ccf5176ecc7c}, /* 5**189 */
    {0xb9a74a0637ce2ee1, 0x6d953e2bd7173692, 0x88efb0037ac08bde}, /* 5**216 */
    {0x95f83d0a1fb69cd9, 0x4abdaf101564f98e, 0x0d5a4af7b3a98e47}, /* 5**243 */
    {0xf24a01a73cf2dccf, 0xbc633b39673c8cec, 0x3d9c44cd2f36917c}, /* 5**270 */
    {0xc3b8358109e84f07, 0x0a862f80ec4700c8, 0x02606ea01029dc37}, /* 5**297 */
    {0x9e19db92b4e31ba9, 0x6c07a2c26a8346d1, 0x4944d9f52cd0dec2}, /* 5**324 */
};

static const uint64_t powers_small[POWERS_STEP + 1] = {
    1ull, 5ull, 25ull, 125ull, 625ull, 3125ull, 15625ull, 78125ull, 390625ull, 1953125ull, 9765625ull, 48828125ull,
    244140625ull, 1220703125ull, 6103515625ull, 30517578125ull, 152587890625ull, 762939453125ull, 3814697265625ull,
    19073486328125ull, 95367431640625ull, 476837158203125ull, 2384185791015625ull, 11920928955078125ull,
    59604644775390625ull, 298023223876953125ull, 1490116119384765625ull, 7450580596923828125ull,
};

static const double exact_tens[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                      1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static int floor_log10_pow2(int e) { return (e * 1262611) >> 22; }
static int floor_log10_three_quarters_pow2(int e) { return (e * 1262611 - 524031) >> 22; }
static int floor_log2_pow10(int e) { return (e * 1741647) >> 19; }

/* The leading 128 bits of 5**k, cut, the top bit set: 5**k is about that * 2**(floor_log2_pow10(k) - k - 127). */
static Wide power_of_five(int k) {
    int i = (k - POWERS_FIRST * POWERS_STEP) / POWERS_STEP, j = k - (i + POWERS_FIRST) * POWERS_STEP;
    const uint64_t *entry = powers_192[i];
    uint64_t factor = powers_small[j];
    Wide low = (Wide)entry[2] * factor;
    Wide middle = (Wide)entry[1] * factor + (uint64_t)(low >> 64);
    Wide high = (Wide)entry[0] * factor + (uint64_t)(middle >> 64);
    /* high:middle:low is at least 191 + j bits long; bring its top bit to the top */
    uint64_t limbs[4] = {(uint64_t)low, (uint64_t)middle, (uint64_t)high, (uint64_t)(high >> 64)};
    if (limbs[3] == 0) return (Wide)limbs[2] << 64 | limbs[1];
    int shift = __builtin_clzll(limbs[3]);
    if (!shift) return (Wide)limbs[3] << 64 | limbs[2];
    uint64_t top = limbs[3] << shift | limbs[2] >> (64 - shift);
    uint64_t next = limbs[2] << shift | limbs[1] >> (64 - shift);
    return (Wide)top << 64 | next;
}

/* |d| = mantissa * 2**exponent; regular: the double below is as near as the one above. */
typedef struct Binary {
    uint64_t mantissa;
    int exponent;
    bool regular;
} Binary;

static Binary binary_of(double d) {
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
    int biased = (int)(bits >> 52) & 0x7ff;
    if (!biased) return (Binary){fraction, -1074, true};
    return (Binary){fraction | (uint64_t)1 << 52, biased - 1075, fraction != 0 || biased == 1};
}

/* --- digits of integers --- */

static void digits_strip(FloatDigits *out) {
    while (out->count && out->digits[out->count - 1] == '0') out->count--;
    if (!out->count) out->point = 1;
}

/* The digits of u * 10**exponent. */
static void digits_from_u64(uint64_t u, int exponent, FloatDigits *out) {
    char buffer[24], *end = buffer + sizeof buffer, *p = end;
    while (u) {
        *--p = (char)('0' + u % 10);
        u /= 10;
    }
    out->count = (int)(end - p);
    out->point = out->count + exponent;
    memcpy(out->digits, p, (size_t)out->count);
    digits_strip(out);
}

/* --- shortest --- */

/* The product g * x / 2**128 rounded to odd (the last bit set when something was cut). */
static uint64_t round_to_odd(Wide g, uint64_t x) {
    Wide low = (Wide)(uint64_t)g * x;
    Wide high = (Wide)(uint64_t)(g >> 64) * x + (uint64_t)(low >> 64);
    return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

void float_digits_shortest(double d, FloatDigits *out) {
    Binary b = binary_of(d);
    if (b.exponent <= 0 && b.exponent > -53 && (b.mantissa & (((uint64_t)1 << -b.exponent) - 1)) == 0) {
        digits_from_u64(b.mantissa >> -b.exponent, 0, out); /* an integer below 2**53 */
        return;
    }
    if (!b.mantissa) {
        out->count = 0;
        out->point = 1;
        return;
    }
    int k = b.regular ? floor_log10_pow2(b.exponent) : floor_log10_three_quarters_pow2(b.exponent);
    int h = b.exponent + floor_log2_pow10(-k) + 1;
    Wide g = power_of_five(-k) + 1;
    uint64_t odd = b.mantissa & 1;
    uint64_t lower = round_to_odd(g, (4 * b.mantissa - 2 + !b.regular) << h) + odd;
    uint64_t value = round_to_odd(g, (4 * b.mantissa) << h);
    uint64_t upper = round_to_odd(g, (4 * b.mantissa + 2) << h) - odd;
    uint64_t s = value / 4;
    if (s >= 10) {
        uint64_t tens = s / 10;
        bool down_inside = lower <= 40 * tens, up_inside = 40 * tens + 40 <= upper;
        if (down_inside != up_inside) {
            digits_from_u64(tens + up_inside, k + 1, out);
            return;
        }
    }
    bool down_inside = lower <= 4 * s, up_inside = 4 * s + 4 <= upper;
    bool up = down_inside != up_inside ? up_inside : value > 4 * s + 2 || (value == 4 * s + 2 && (s & 1));
    digits_from_u64(s + up, k, out);
}

/* --- rounding to a decimal place --- */

#define EXACT_LIMBS 80 /* 5**1100 and a mantissa, or 2**1024 times 5**350 */

/* {out, n} *= 5**k. */
static mp_size_t limbs_times_five(mp_limb_t *out, mp_size_t n, int k) {
    while (k > 0 && n) {
        int step = k < POWERS_STEP ? k : POWERS_STEP;
        mp_limb_t carry = mpn_mul_1(out, out, n, powers_small[step]);
        if (carry) out[n++] = carry;
        k -= step;
    }
    return n;
}

static mp_size_t limbs_shift_left(mp_limb_t *out, mp_size_t n, int bits) {
    if (!n || !bits) return n;
    int whole = bits / LIMB_BITS, part = bits % LIMB_BITS;
    memmove(out + whole, out, (size_t)n * sizeof *out);
    mpn_zero(out, whole);
    n += whole;
    if (part) {
        mp_limb_t carry = mpn_lshift(out + whole, out + whole, n - whole, (unsigned)part);
        if (carry) out[n++] = carry;
    }
    return n;
}

/* Adds one where twice the remainder is above the divisor, or equal and the quotient odd. */
static mp_size_t quotient_round(mp_limb_t *q, mp_size_t n, mp_limb_t *remainder, const mp_limb_t *divisor, mp_size_t dn) {
    mp_limb_t carry = mpn_lshift(remainder, remainder, dn, 1);
    int order = carry ? 1 : mpn_cmp(remainder, divisor, dn);
    bool odd = n && (q[0] & 1);
    n = limbs_trim(q, n);
    if (order > 0 || (order == 0 && odd)) {
        if (!n) q[n++] = 1;
        else if (mpn_add_1(q, q, n, 1)) q[n++] = 1;
    }
    return n;
}

/* round_half_even(mantissa * 2**exponent * 10**p) in out (EXACT_LIMBS of room); its size. */
static mp_size_t exact_scaled(Binary b, int p, mp_limb_t *out) {
    mp_limb_t top[EXACT_LIMBS], bottom[EXACT_LIMBS], remainder[EXACT_LIMBS];
    int shift = b.exponent + p;
    mp_size_t n = 1, dn = 1;
    top[0] = b.mantissa;
    bottom[0] = 1;
    if (p > 0) n = limbs_times_five(top, n, p);
    else dn = limbs_times_five(bottom, dn, -p);
    if (shift > 0) n = limbs_shift_left(top, n, shift);
    else dn = limbs_shift_left(bottom, dn, -shift);
    mp_size_t quotient_size = n - dn + 1;
    if (n < dn) {
        mpn_zero(top + n, dn - n);
        mpn_copyi(remainder, top, dn);
        out[0] = 0;
        return quotient_round(out, 0, remainder, bottom, dn);
    }
    mpn_tdiv_qr(out, remainder, 0, top, n, bottom, dn);
    return quotient_round(out, quotient_size, remainder, bottom, dn);
}

/* The same where 128 bits suffice: then true. */
static bool exact_scaled_fast(Binary b, int p, Wide *out) {
    if (p < 0 || p > POWERS_STEP) return false;
    Wide product = (Wide)b.mantissa * powers_small[p]; /* below 2**116 */
    int shift = b.exponent + p;
    if (shift >= 0) {
        if (shift > 10) return false;
        *out = product << shift;
        return true;
    }
    if (shift <= -120) {
        *out = 0;
        return true;
    }
    Wide half = (Wide)1 << (-shift - 1), rest = product & ((half << 1) - 1);
    Wide result = product >> -shift;
    *out = result + (rest > half || (rest == half && (result & 1)));
    return true;
}

/* Digits of the integer round(|d| * 10**p), as digits of that * 10**-p. Returns how many digits the integer has. */
static int digits_scaled(Binary b, int p, FloatDigits *out) {
    Wide wide;
    int length;
    if (exact_scaled_fast(b, p, &wide) && (uint64_t)(wide >> 64) == 0) {
        digits_from_u64((uint64_t)wide, -p, out);
        return out->count ? out->point + p : 0;
    }
    mp_limb_t limbs[EXACT_LIMBS + 1];
    mp_size_t n = exact_scaled(b, p, limbs);
    out->count = 0;
    if (n) out->count = (int)mpn_get_str((unsigned char *)out->digits, 10, limbs, n);
    int zeros = 0;
    while (zeros < out->count && out->digits[zeros] == 0) zeros++;
    out->count -= zeros;
    for (int i = 0; i < out->count; i++) out->digits[i] = (char)('0' + out->digits[i + zeros]);
    length = out->count;
    out->point = length - p;
    digits_strip(out);
    return length;
}

void float_digits_places(double d, int64_t places, FloatDigits *out) {
    Binary b = binary_of(d);
    int finest = b.exponent < 0 ? -b.exponent : 0; /* more decimals are all 0 */
    out->count = 0;
    out->point = 1;
    if (!b.mantissa || places < -310) return;
    digits_scaled(b, places > finest ? finest : (int)places, out);
}

void float_digits_significant(double d, int64_t digits, FloatDigits *out) {
    Binary b = binary_of(d);
    out->count = 0;
    out->point = 1;
    if (!b.mantissa) return;
    if (digits > 800) digits = 800;
    int exponent;
    frexp(d, &exponent);
    int leading = floor_log10_pow2(exponent - 1); /* the decimal exponent of d, or one less */
    int length = digits_scaled(b, (int)digits - 1 - leading, out);
    if (length > digits) digits_scaled(b, (int)digits - 2 - leading, out);
}

double float_round_places(double d, int places) {
    Binary b = binary_of(d);
    Wide wide;
    double result;
    if (places <= 22 && exact_scaled_fast(b, places, &wide) && wide <= (Wide)1 << 53) {
        result = (double)(uint64_t)wide / exact_tens[places];
    } else {
        FloatDigits digits;
        float_digits_places(d, places, &digits);
        result = float_from_decimal(digits.digits, (size_t)digits.count, digits.point - digits.count);
    }
    return copysign(result, d);
}

/* --- reading --- */

/* mantissa * 10**exponent from the leading bits of both; false when those cannot decide the rounding. */
static bool decimal_from_bits(uint64_t mantissa, int exponent, double *out) {
    int lead = __builtin_clzll(mantissa);
    mantissa <<= lead;
    Wide power = power_of_five(exponent);
    Wide low = (Wide)(uint64_t)power * mantissa;
    Wide product = (Wide)(uint64_t)(power >> 64) * mantissa + (uint64_t)(low >> 64); /* short by less than 2 */
    int scale = floor_log2_pow10(exponent) - 127 + 64 - lead;
    int error = 2;
    if (!(product >> 127)) {
        product <<= 1;
        error = 4;
        scale--;
    }
    int magnitude = scale + 128; /* value = 0.product * 2**magnitude */
    if (magnitude > 1024) {
        *out = INFINITY;
        return true;
    }
    int keep = magnitude < -1021 ? magnitude + 1074 : 53;
    if (keep < 1) return false;
    Wide rest = product << keep, half = (Wide)1 << 127;
    Wide slack = (Wide)error << keep;
    uint64_t kept = (uint64_t)(product >> (128 - keep));
    if (rest > half) kept++;
    else if (rest + slack > half) return false;
    *out = ldexp((double)kept, magnitude - keep);
    return true;
}

#define DECIMAL_DIGITS_MAX 800 /* more cannot matter but for being not zero */

/* {out} := value of the digits; room for DECIMAL_DIGITS_MAX + 1 of them. */
static mp_size_t limbs_from_digits(mp_limb_t *out, const char *digits, size_t count, bool more) {
    unsigned char raw[DECIMAL_DIGITS_MAX + 1];
    for (size_t i = 0; i < count; i++) raw[i] = (unsigned char)(digits[i] - '0');
    if (more) raw[count++] = 1;
    return limbs_trim(out, mpn_set_str(out, raw, count, 10));
}

/* top / bottom * 2**exponent, the division carried on until 64 bits and a remainder are known. */
static double limbs_ratio(mp_limb_t *top, mp_size_t n, mp_limb_t *bottom, mp_size_t dn, int exponent) {
    mp_limb_t quotient[2 * EXACT_LIMBS], remainder[2 * EXACT_LIMBS];
    int shift = 66 + (int)limbs_bit_length(bottom, dn) - (int)limbs_bit_length(top, n);
    if (shift > 0) n = limbs_shift_left(top, n, shift);
    else shift = 0;
    mpn_tdiv_qr(quotient, remainder, 0, top, n, bottom, dn);
    mp_size_t size = limbs_trim(quotient, n - dn + 1);
    return limbs_to_double(quotient, size, exponent - shift, limbs_trim(remainder, dn) != 0);
}

/* Exact for anything. digits: no zeros in front; -1200 < exponent < 400. */
static double decimal_exact(const char *digits, size_t count, int exponent, bool more) {
    mp_limb_t top[2 * EXACT_LIMBS], bottom[2 * EXACT_LIMBS];
    mp_size_t n = limbs_from_digits(top, digits, count, more), dn = 1;
    exponent -= more;
    bottom[0] = 1;
    if (exponent >= 0) {
        n = limbs_times_five(top, n, exponent);
        return limbs_to_double(top, n, exponent, false);
    }
    dn = limbs_times_five(bottom, dn, -exponent);
    return limbs_ratio(top, n, bottom, dn, exponent);
}

static uint64_t leading_u64(const char *digits, size_t count) {
    uint64_t u = 0;
    for (size_t i = 0; i < count; i++) u = u * 10 + (uint64_t)(digits[i] - '0');
    return u;
}

double float_from_decimal(const char *digits, size_t count, int64_t exponent) {
    while (count && *digits == '0') digits++, count--;
    while (count && digits[count - 1] == '0') count--, exponent++;
    if (!count) return 0.0;
    int64_t magnitude = (int64_t)count + exponent; /* below 10**magnitude */
    if (magnitude > 310) return INFINITY;
    if (magnitude < -326) return 0.0;
    size_t used = count < 19 ? count : 19;
    uint64_t mantissa = leading_u64(digits, used);
    int scale = (int)(exponent + (int64_t)(count - used));
    if (count <= 19) {
        if (scale == 0) return (double)mantissa;
        if (mantissa <= (uint64_t)1 << 53) {
            if (scale > 0 && scale <= 22) return (double)mantissa * exact_tens[scale];
            if (scale < 0 && scale >= -22) return (double)mantissa / exact_tens[-scale];
        }
    }
    double low, high;
    if (scale >= -345 && decimal_from_bits(mantissa, scale, &low)) {
        if (count <= 19) return low;
        if (decimal_from_bits(mantissa + 1, scale, &high) && low == high) return low;
    }
    bool more = count > DECIMAL_DIGITS_MAX;
    size_t kept = more ? DECIMAL_DIGITS_MAX : count;
    return decimal_exact(digits, kept, (int)(exponent + (int64_t)(count - kept)), more);
}
