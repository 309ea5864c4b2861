/* Items in memory, by struct format characters: reading them as values, writing values. For memoryview (and array).
 *
 * To add a format: a row in memory_item_size, a case in get and set.
 */
#include "vm/types/memoryview.h"

#include <math.h>

#include "vm/ops.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/vm.h"

uint32_t memory_item_size(char format) {
    switch (format) {
    case 'c': case 'b': case 'B': case '?': return 1;
    case 'h': case 'H': case 'e': return 2;
    case 'i': case 'I': case 'f': return 4;
    case 'l': case 'L': case 'q': case 'Q': case 'n': case 'N': case 'd': case 'P': return 8;
    default: return 0;
    }
}

bool memory_format_is_byte(char format) { return format == 'B' || format == 'b' || format == 'c'; }

static bool is_signed(char format) { return format == 'b' || format == 'h' || format == 'i' || format == 'l' || format == 'q' || format == 'n'; }

/* --- half precision (IEEE 754 binary16) --- */

static double half_get(const uint8_t *p) {
    unsigned bits = p[0] | (unsigned)p[1] << 8, exponent = bits >> 10 & 31, fraction = bits & 1023;
    double d = exponent == 31 ? (fraction ? NAN : INFINITY)
               : exponent     ? ldexp(1024 + fraction, (int)exponent - 25)
                              : ldexp(fraction, -24);
    return bits >> 15 ? -d : d;
}

/* Rounds to the nearest, ties to even. false: too large. */
static bool half_set(uint8_t *p, double d) {
    unsigned sign = signbit(d) ? 0x8000 : 0, bits;
    double a = fabs(d);
    if (isnan(d)) {
        bits = 0x7E00;
    } else if (isinf(d)) {
        bits = 0x7C00;
    } else {
        int exponent = a == 0 ? -14 : ilogb(a);
        if (exponent < -14) exponent = -14;
        double units = nearbyint(ldexp(a, 10 - exponent)); /* 1024..2048 for normal numbers */
        bits = units >= 1024 ? (unsigned)(exponent + 14) * 1024 + (unsigned)units : (unsigned)units;
        if (exponent > 15 || bits >= 0x7C00) return false;
    }
    bits |= sign;
    p[0] = (uint8_t)bits;
    p[1] = (uint8_t)(bits >> 8);
    return true;
}

/* --- reading --- */

static Value get_int(Vm *vm, char format, uint32_t size, const uint8_t *p) {
    uint64_t bits = 0;
    memcpy(&bits, p, size);
    if (!is_signed(format)) return int_from_u64(vm, bits);
    int shift = 64 - 8 * (int)size;
    return int_from_i64(vm, (int64_t)(bits << shift) >> shift);
}

Value memory_item_get(Vm *vm, char format, const uint8_t *p) {
    switch (format) {
    case 'B': return value_from_small(*p);
    case '?': return value_from_bool(*p != 0);
    case 'c': {
        Bytes *b = bytes_new(vm, p, 1);
        return b ? value_from_object(b) : VALUE_ERROR;
    }
    case 'e': return value_from_foreign_float(half_get(p));
    case 'f': {
        float f;
        memcpy(&f, p, sizeof f);
        return value_from_foreign_float(f);
    }
    case 'd': {
        double d;
        memcpy(&d, p, sizeof d);
        return value_from_foreign_float(d);
    }
    default: return get_int(vm, format, memory_item_size(format), p);
    }
}

/* --- writing --- */

static bool error_item(Vm *vm, ExceptionId id, const char *what, char format) {
    error_raise(vm, id, "memoryview: invalid %s for format '%c'", what, format);
    return false;
}

static bool set_int(Vm *vm, char format, uint8_t *p, Value v) {
    uint32_t size = memory_item_size(format);
    Value index = value_index(vm, v);
    if (value_is_error(index)) return error_clear_if(vm, EXC_TypeError) ? error_item(vm, EXC_TypeError, "type", format) : false;
    int64_t i = 0;
    uint64_t u = 0;
    bool fits;
    if (is_signed(format)) {
        int shift = 64 - 8 * (int)size;
        fits = int_to_i64(index, &i) && (int64_t)((uint64_t)i << shift) >> shift == i;
        u = (uint64_t)i;
    } else {
        fits = int_to_u64(index, &u) && (size == 8 || u >> 8 * size == 0);
    }
    value_release(vm, index);
    if (!fits) return error_item(vm, EXC_ValueError, "value", format);
    memcpy(p, &u, size);
    return true;
}

static bool set_float(Vm *vm, char format, uint8_t *p, Value v) {
    double d;
    if (!value_as_double(vm, v, &d)) return error_clear_if(vm, EXC_TypeError) ? error_item(vm, EXC_TypeError, "type", format) : false;
    float f = (float)d;
    if (format == 'd') memcpy(p, &d, sizeof d);
    else if (format == 'f') memcpy(p, &f, sizeof f);
    else if (!half_set(p, d)) return error_raise(vm, EXC_OverflowError, "float too large to pack with e format"), false;
    return true;
}

bool memory_item_set(Vm *vm, char format, uint8_t *p, Value v) {
    switch (format) {
    case 'e': case 'f': case 'd': return set_float(vm, format, p, v);
    case '?': {
        int truth = value_truth(vm, v);
        if (truth >= 0) *p = (uint8_t)truth;
        return truth >= 0;
    }
    case 'c':
        if (!value_is_bytes(v)) return error_item(vm, EXC_TypeError, "type", format);
        if (value_bytes(v)->length != 1) return error_item(vm, EXC_ValueError, "value", format);
        *p = value_bytes(v)->data[0];
        return true;
    default: return set_int(vm, format, p, v);
    }
}
