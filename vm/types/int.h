/* int: immediate up to 50 bits, else an IntObject in sign and magnitude on GMP's mpn functions. */
#ifndef MINI_VM_TYPES_INT_H
#define MINI_VM_TYPES_INT_H

#include <gmp.h>

#include "vm/type.h"

typedef struct IntObject {
    Object head;
    int32_t size; /* limbs; negative for a negative number; 0 only in instances of subclasses */
    uint32_t spare; /* limbs of the cell beyond abs(size): never read */
    mp_limb_t limbs[];
} IntObject;

/* True of int, bool and instances of subclasses. */
static inline bool value_is_int(Value v) {
    return value_is_small(v) || value_is_bool(v) || value_has_layout(v, LAYOUT_INT);
}
/* int itself or an immediate (not bool, not a subclass). */
static inline bool value_is_exact_int(Value v) { return value_is_small(v) || value_is_exact(v, LAYOUT_INT); }

Value int_from_i64_slow(Vm *vm, int64_t i);
static inline Value int_from_i64(Vm *vm, int64_t i) {
    return small_fits(i) ? value_from_small(i) : int_from_i64_slow(vm, i);
}
Value int_from_u64(Vm *vm, uint64_t u);
Value int_from_double(Vm *vm, double d); /* truncates; OverflowError / ValueError for inf and nan */
/* Digits in base 2..36 (no prefix, no underscores, no sign unless negative is set). */
Value int_from_digits(Vm *vm, const char *digits, size_t length, int base, bool negative);
/* As int(text, base) does; ValueError: invalid literal for int() with base 10: 'x'. */
Value int_from_str(Vm *vm, Str *s, int base);
Value int_from_bytes(Vm *vm, const uint8_t *bytes, size_t length, bool little, bool is_signed);
/* false with OverflowError when it does not fit. */
bool int_to_bytes(Vm *vm, Value v, uint8_t *out, size_t length, bool little, bool is_signed);
/* v must be value_is_int. false: does not fit (no exception). */
bool int_to_i64(Value v, int64_t *out);
bool int_to_u64(Value v, uint64_t *out);
bool int_to_double(Vm *vm, Value v, double *out); /* correctly rounded; OverflowError: int too large to convert to float */
Value int_to_str(Vm *vm, Value v, int base, bool prefix); /* base 2, 8, 10, 16; ValueError beyond sys.set_int_max_str_digits */
int int_sign(Value v); /* -1, 0, 1 */
int int_compare(Value a, Value b);
size_t int_bit_length(Value v);
Hash int_hash(Value v); /* modulo 2**61 - 1, as CPython */
Value int_exact(Vm *vm, Value v); /* the plain int of the same value for a bool or subclass instance */
/* The arithmetic on any two value_is_int values: +, -, *, //, %, **, <<, >>, &, |, ^, and / (float). */
Value int_binary(Vm *vm, BinaryOperator op, Value a, Value b);
Value int_negative(Vm *vm, Value v);
Value int_divmod(Vm *vm, Value a, Value b, Value *remainder);
Value int_pow_mod(Vm *vm, Value a, Value b, Value modulus);

#endif
