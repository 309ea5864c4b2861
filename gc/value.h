/* Values: 64 bits that hold every float, every int of up to 50 bits, the singletons, or a pointer to an Object.
 *
 * Encoding (NaN boxing, pointers untagged):
 *
 *     0000 pppp pppp pppp   pointer to a heap Object (never null)
 *     0001 .... .... ....   to FFF9 ....: a double, its bits plus 2^48
 *     FFFA 0000 0000 000x   a singleton or an internal mark, see below
 *     FFFC .... .... ....   to FFFF ....: an int, 50 bits, two's complement
 *
 * Invariants: a double in a Value is never a NaN with a sign and a payload (value_from_float's callers that read
 * foreign bits go through value_from_foreign_float); an int that fits 50 bits is never a heap object unless its type
 * is a subclass of int; VALUE_EMPTY and VALUE_ERROR are never seen by scripts.
 */
#ifndef MINI_GC_VALUE_H
#define MINI_GC_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct Value {
    uint64_t bits;
} Value;

typedef struct Object Object;

#define VALUE_FLOAT_OFFSET ((uint64_t)1 << 48)
#define VALUE_SPECIAL_TAG ((uint64_t)0xFFFA << 48)
#define VALUE_INT_TAG ((uint64_t)0xFFFC << 48)
#define VALUE_INT_SHIFT 14 /* 64 - 50 */
#define VALUE_INT_MAX (((int64_t)1 << 49) - 1)
#define VALUE_INT_MIN (-((int64_t)1 << 49))

#define VALUE_SPECIAL(n) ((Value){VALUE_SPECIAL_TAG | (n)})
#define VALUE_EMPTY VALUE_SPECIAL(0) /* no value: unbound local, absent argument, absent key, exhausted iterator */
#define VALUE_ERROR VALUE_SPECIAL(1) /* an exception is pending */
#define VALUE_FALSE VALUE_SPECIAL(2)
#define VALUE_TRUE VALUE_SPECIAL(3)
#define VALUE_NONE VALUE_SPECIAL(4)
#define VALUE_NOT_IMPLEMENTED VALUE_SPECIAL(5)
#define VALUE_ELLIPSIS VALUE_SPECIAL(6)
#define VALUE_SPECIAL_COUNT 7

static inline bool value_same(Value a, Value b) { return a.bits == b.bits; }
static inline bool value_is_object(Value v) { return v.bits >> 48 == 0; }
static inline bool value_is_empty(Value v) { return v.bits == VALUE_EMPTY.bits; }
static inline bool value_is_error(Value v) { return v.bits == VALUE_ERROR.bits; }
static inline bool value_is_none(Value v) { return v.bits == VALUE_NONE.bits; }
static inline bool value_is_true(Value v) { return v.bits == VALUE_TRUE.bits; }
static inline bool value_is_false(Value v) { return v.bits == VALUE_FALSE.bits; }
static inline bool value_is_bool(Value v) { return (v.bits | 1) == VALUE_TRUE.bits; }
static inline bool value_is_special(Value v) { return v.bits >> 49 == VALUE_SPECIAL_TAG >> 49; }
static inline Value value_from_bool(bool b) { return (Value){VALUE_FALSE.bits + b}; }

static inline Object *value_object(Value v) { return (Object *)(uintptr_t)v.bits; }
static inline Value value_from_object(const void *o) { return (Value){(uint64_t)(uintptr_t)o}; }

/* Immediate ints. */
static inline bool value_is_small(Value v) { return v.bits >= VALUE_INT_TAG; }
static inline bool value_are_small(Value a, Value b) { return (a.bits & b.bits) >= VALUE_INT_TAG; }
static inline int64_t value_small(Value v) { return (int64_t)(v.bits << VALUE_INT_SHIFT) >> VALUE_INT_SHIFT; }
static inline bool small_fits(int64_t i) { return i >= VALUE_INT_MIN && i <= VALUE_INT_MAX; }
/* i must fit 50 bits; int_from_i64 (vm/types/int.h) takes any. */
static inline Value value_from_small(int64_t i) { return (Value){(uint64_t)i | VALUE_INT_TAG}; }

/* Immediate floats. */
static inline bool value_is_float(Value v) {
    return v.bits - VALUE_FLOAT_OFFSET < VALUE_SPECIAL_TAG - VALUE_FLOAT_OFFSET;
}
static inline double value_float(Value v) {
    uint64_t bits = v.bits - VALUE_FLOAT_OFFSET;
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}
static inline Value value_from_float(double d) {
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    return (Value){bits + VALUE_FLOAT_OFFSET};
}
/* For doubles whose bits came from outside (struct.unpack, buffers): NaN payloads are dropped. */
static inline Value value_from_foreign_float(double d) {
    return value_from_float(d != d ? (double)__builtin_nan("") : d);
}

#endif
