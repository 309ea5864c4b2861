/* Ints as arrays of limbs: what the parts of int (and math's integer functions) share.
 *
 * An IntView reads any int, immediate or not, as sign and magnitude. A result is built in place: int_alloc gives an object
 * with room for the most limbs it can have, the caller writes all of them, int_finish_take cuts leading zeros and
 * turns what fits 50 bits into an immediate. Scratch holds temporaries: a few limbs on the C stack, more from the heap.
 */
#ifndef MINI_VM_TYPES_INT_LIMBS_H
#define MINI_VM_TYPES_INT_LIMBS_H

#include "vm/types/int.h"
#include "vm/vm.h"

#define LIMB_BITS 64
#define INT_MAX_LIMBS ((size_t)1 << 28)
#define INT_MAX_POWER_BITS ((uint64_t)1 << 31) /* x ** y beyond this is a MemoryError */

typedef struct IntView {
    const mp_limb_t *limbs; /* size of them, the last one not 0; may point to `small` of this very view */
    mp_size_t size;         /* 0: the number is 0 */
    bool negative;
    mp_limb_t small;
} IntView;

/* The view is valid while v lives; it must not be copied. */
static inline void int_view(Value v, IntView *view) {
    if (value_is_object(v)) {
        const IntObject *o = (const IntObject *)value_object(v);
        view->negative = o->size < 0;
        view->size = o->size < 0 ? -o->size : o->size;
        view->limbs = o->limbs;
        return;
    }
    int64_t i = value_is_small(v) ? value_small(v) : value_is_true(v);
    view->negative = i < 0;
    view->small = i < 0 ? (mp_limb_t)-i : (mp_limb_t)i;
    view->size = i != 0;
    view->limbs = &view->small;
}

/* An immediate int or a bool, and its number. */
static inline bool int_is_immediate(Value v) { return !value_is_object(v); }
static inline int64_t int_immediate(Value v) { return value_is_small(v) ? value_small(v) : value_is_true(v); }

/* An unfinished int with `limbs` limbs to fill. NULL: MemoryError is pending. */
IntObject *int_alloc(Vm *vm, size_t limbs);
/* Finishes o, whose `size` limbs are all written. Cannot fail. */
Value int_finish_take(Vm *vm, IntObject *o, bool negative);
/* Gives back an unfinished int. */
static inline void int_discard_take(Vm *vm, IntObject *o) {
    object_free_cell(&vm->heap, &o->head, sizeof(IntObject) + (size_t)o->size * sizeof(mp_limb_t));
}
Value int_from_limbs(Vm *vm, const mp_limb_t *limbs, mp_size_t size, bool negative);
Value int_from_u128(Vm *vm, unsigned __int128 magnitude, bool negative);
/* A subclass instance with the value of the int v; for TYPE(vm, INT) v itself. */
Value int_of_type(Vm *vm, Type *type, Value v);

/* Leading zeros cut off. */
static inline mp_size_t limbs_trim(const mp_limb_t *limbs, mp_size_t size) {
    while (size > 0 && limbs[size - 1] == 0) size--;
    return size;
}
static inline size_t limbs_bit_length(const mp_limb_t *limbs, mp_size_t size) {
    return size ? (size_t)size * LIMB_BITS - (size_t)__builtin_clzll(limbs[size - 1]) : 0;
}
/* Compares magnitudes: <0, 0, >0. */
static inline int limbs_compare(const mp_limb_t *a, mp_size_t an, const mp_limb_t *b, mp_size_t bn) {
    if (an != bn) return an < bn ? -1 : 1;
    return an ? mpn_cmp(a, b, an) : 0;
}
/* The double nearest to limbs * 2**exponent, ties to even; sticky: bits below were cut off. Infinity when too large. */
double limbs_to_double(const mp_limb_t *limbs, mp_size_t size, int64_t exponent, bool sticky);
/* The double nearest to a / b (magnitudes, b not 0, any size). false: no memory (exception pending). Infinity when too large. */
bool limbs_divide(Vm *vm, const mp_limb_t *a, mp_size_t an, const mp_limb_t *b, mp_size_t bn, double *out);

#define SCRATCH_LOCAL 24

typedef struct Scratch {
    mp_limb_t *limbs;
    size_t bytes; /* of the heap block; 0: limbs is local */
    mp_limb_t local[SCRATCH_LOCAL];
} Scratch;

/* Room for `limbs` limbs, in s->limbs. false: MemoryError is pending. Every get is followed by a drop. */
bool scratch_get(Vm *vm, Scratch *s, size_t limbs);
static inline void scratch_drop(Vm *vm, Scratch *s) {
    if (s->bytes) heap_free(&vm->heap, s->limbs, s->bytes);
}
/* GMP takes its own scratch memory from malloc, and ends the process when there is none: before a large operation, asks the
 * heap whether that much would be allowed. false: MemoryError. Also lets a pending interrupt in: then false with
 * KeyboardInterrupt. How much GMP 6 takes, in limbs, was measured from 1,000 to 1,500,000 limbs: */
#define SCRATCH_MUL(result) (4 * (size_t)(result))
#define SCRATCH_DIV(dividend) (5 * (size_t)(dividend))
#define SCRATCH_TO_TEXT(size) (7 * (size_t)(size))
#define SCRATCH_FROM_TEXT(size) (6 * (size_t)(size))
#define SCRATCH_SQRT(size) (4 * (size_t)(size))
#define SCRATCH_GCD(both) (4 * (size_t)(both))
#define SCRATCH_FACTORIAL(result) (4 * (size_t)(result))
#define SCRATCH_BINOMIAL(result) (8 * (size_t)(result))
bool int_reserve_slow(Vm *vm, size_t limbs);
static inline bool int_reserve(Vm *vm, size_t limbs) { return limbs < 1000 || int_reserve_slow(vm, limbs); }

/* Parts of int's type description that live in files of their own. */
Value int_new(Vm *vm, Value *args, int nargs);
Value int_repr(Vm *vm, Value v);
extern const NativeDef int_methods[];
extern const GetSetDef int_getset[];
Value int_shift(Vm *vm, Value a, int64_t bits); /* a << bits, or a >> -bits */
Value int_power(Vm *vm, Value a, Value b);
Value int_bitwise(Vm *vm, BinaryOperator op, Value a, Value b);
Value int_true_divide(Vm *vm, Value a, Value b);
/* int(v) without a base: numbers, text and bytes. */
Value int_from_value(Vm *vm, Value v);
/* Text as ASCII for number parsing: Unicode spaces become ' ', decimal digits '0'..'9', anything else '?'. A heap block of
 * *size bytes (NUL-terminated; 0: the Str's own data, nothing to free); NULL: no memory. */
char *str_number_text(Vm *vm, Str *s, size_t *size);

#endif
