/* Doubles to and from decimal digits, exactly: no locale, no allocation, no rounding but the one asked for. */
#ifndef MINI_VM_TYPES_FLOAT_DIGITS_H
#define MINI_VM_TYPES_FLOAT_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLOAT_DIGITS_MAX 1100 /* a double has at most 767 significant digits */

/* The number 0.d1d2d3... * 10**point; no zeros at the end; count 0: zero (point is then 1). */
typedef struct FloatDigits {
    int count, point;
    char digits[FLOAT_DIGITS_MAX]; /* '0'..'9' */
} FloatDigits;

/* d is finite; its sign is ignored. */
void float_digits_shortest(double d, FloatDigits *out);              /* the fewest digits that read back as d */
void float_digits_places(double d, int64_t places, FloatDigits *out);    /* rounded half even to so many decimals (may be < 0) */
void float_digits_significant(double d, int64_t digits, FloatDigits *out); /* rounded half even to so many digits, at least 1 */

/* The double nearest to the number of `count` digits (ASCII) * 10**exponent; infinity when too large. */
double float_from_decimal(const char *digits, size_t count, int64_t exponent);
/* round(d, places), correctly rounded; d finite. Infinity when too large. */
double float_round_places(double d, int places);

#endif
