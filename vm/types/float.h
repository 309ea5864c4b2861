/* float: immediate in a Value; FloatObject only for instances of subclasses. */
#ifndef MINI_VM_TYPES_FLOAT_H
#define MINI_VM_TYPES_FLOAT_H

#include "vm/type.h"

typedef struct FloatObject {
    Object head;
    double value;
} FloatObject;

typedef struct ComplexObject {
    Object head;
    double real, imag;
} ComplexObject;

/* float or instance of a subclass. */
static inline bool value_is_float_like(Value v) { return value_is_float(v) || value_has_layout(v, LAYOUT_FLOAT); }
static inline double float_value(Value v) {
    return value_is_float(v) ? value_float(v) : ((FloatObject *)value_object(v))->value;
}
static inline bool value_is_complex(Value v) { return value_has_layout(v, LAYOUT_COMPLEX); }

Value complex_new(Vm *vm, double real, double imag);
/* Shortest text that reads back as the same double ("1.0", "1e+16", "inf"); returns its length. out: 32 bytes. */
size_t float_repr(double d, char *out);
Hash float_hash(double d);
/* Parses as float() does: whitespace, underscores, inf, nan. false: not a float (no exception). */
bool float_parse(const char *text, size_t length, double *out);
double float_floor_mod(double a, double b, double *floor_quotient);
Value float_power(Vm *vm, double a, double b); /* complex for a negative base; ZeroDivisionError, OverflowError */
Value complex_power(Vm *vm, double ar, double ai, double br, double bi); /* (ar+ai*j) ** (br+bi*j) */
/* Any number or text as float() takes it, or as an operand: 1 done, 0 not a number (no exception), -1 error. */
int float_operand(Vm *vm, Value v, double *out); /* float or int only */
Value error_numerical_range(Vm *vm); /* OverflowError(34, 'Numerical result out of range') */
int float_compare_int(double d, Value i); /* -1, 0, 1, 2: unordered (nan) */

/* The format mini-language for numbers (vm/types/format.c): spec as in format(v, spec). */
Value int_format(Vm *vm, Value v, Str *spec);
Value float_format(Vm *vm, double d, Str *spec);
Value complex_format(Vm *vm, Value v, Str *spec);
Value str_format_spec(Vm *vm, Str *s, Str *spec); /* format(str, spec) */
/* printf-like conversion of one double for % formatting: kind 'e','f','g','r' etc.; flags: alt '#'. New Str. */
Value float_to_str(Vm *vm, double d, char kind, int precision, bool alternate, bool always_sign);

#endif
