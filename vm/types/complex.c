/* complex: pairs of doubles, always on the heap.
 *
 * Arithmetic is CPython 3.13's to the last bit: the other operand is converted to a complex first, division is Smith's
 * algorithm, integer powers up to 100 are repeated multiplication. To add a method, write it here and add its row.
 */
#include "vm/types/float.h"

#include <math.h>
#include <stdio.h>

#include "vm/ops.h"
#include "vm/types/float_text.h"
#include "vm/types/function.h"
#include "vm/types/int_limbs.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

typedef struct Complex {
    double real, imag;
} Complex;

static Value complex_of_type(Vm *vm, Type *type, Complex c) {
    ComplexObject *o;
    if (type == TYPE(vm, COMPLEX)) {
        o = object_new(&vm->heap, type->shape, sizeof(ComplexObject));
        if (!o) return error_no_memory(vm);
    } else {
        o = type_alloc(vm, type, sizeof(ComplexObject));
        if (!o) return VALUE_ERROR;
    }
    o->real = c.real;
    o->imag = c.imag;
    if (type != TYPE(vm, COMPLEX)) object_track(&vm->heap, &o->head); /* it holds its class */
    return value_from_object(o);
}

static Value complex_value(Vm *vm, Complex c) { return complex_of_type(vm, TYPE(vm, COMPLEX), c); }
Value complex_new(Vm *vm, double real, double imag) { return complex_value(vm, (Complex){real, imag}); }

static Complex complex_of(Value v) {
    const ComplexObject *o = (const ComplexObject *)value_object(v);
    return (Complex){o->real, o->imag};
}

/* As float_operand, for any number. */
static int complex_operand(Vm *vm, Value v, Complex *out) {
    if (value_is_complex(v)) {
        *out = complex_of(v);
        return 1;
    }
    out->imag = 0.0;
    return float_operand(vm, v, &out->real);
}

#define COMPLEX_OPERANDS(x, y)                                                        \
    Complex x, y;                                                                     \
    do {                                                                              \
        int is_number = complex_operand(vm, left, &x);                                \
        if (is_number > 0) is_number = complex_operand(vm, right, &y);                \
        if (is_number < 0) return VALUE_ERROR;                                        \
        if (is_number == 0) return VALUE_NOT_IMPLEMENTED;                             \
    } while (0)

/* --- arithmetic --- */

static Complex product(Complex a, Complex b) {
    return (Complex){a.real * b.real - a.imag * b.imag, a.real * b.imag + a.imag * b.real};
}

/* b is not 0. */
static Complex quotient(Complex a, Complex b) {
    double real = fabs(b.real), imag = fabs(b.imag);
    if (real >= imag) {
        double ratio = b.imag / b.real, denominator = b.real + b.imag * ratio;
        return (Complex){(a.real + a.imag * ratio) / denominator, (a.imag - a.real * ratio) / denominator};
    }
    if (imag >= real) {
        double ratio = b.real / b.imag, denominator = b.real * ratio + b.imag;
        return (Complex){(a.real * ratio + a.imag) / denominator, (a.imag * ratio - a.real) / denominator};
    }
    return (Complex){NAN, NAN};
}

static Value complex_add(Vm *vm, Value left, Value right) {
    COMPLEX_OPERANDS(x, y);
    return complex_new(vm, x.real + y.real, x.imag + y.imag);
}

static Value complex_subtract(Vm *vm, Value left, Value right) {
    COMPLEX_OPERANDS(x, y);
    return complex_new(vm, x.real - y.real, x.imag - y.imag);
}

static Value complex_multiply(Vm *vm, Value left, Value right) {
    COMPLEX_OPERANDS(x, y);
    return complex_value(vm, product(x, y));
}

static bool is_zero(Complex c) { return c.real == 0.0 && c.imag == 0.0; }

static Value complex_divide(Vm *vm, Value left, Value right) {
    COMPLEX_OPERANDS(x, y);
    if (is_zero(y)) return error_raise(vm, EXC_ZeroDivisionError, "complex division by zero");
    return complex_value(vm, quotient(x, y));
}

static Complex power_unsigned(Complex x, unsigned n) {
    Complex result = {1.0, 0.0};
    for (unsigned mask = 1; mask && mask <= n; mask <<= 1) {
        if (n & mask) result = product(result, x);
        x = product(x, x);
    }
    return result;
}

/* By logarithms. An angle beyond all doubles is told by a nan in both parts and *lost. */
static Complex power_general(Complex a, Complex b, bool *lost) {
    double size = hypot(a.real, a.imag), length = pow(size, b.real), angle = atan2(a.imag, a.real);
    double phase = angle * b.real;
    if (b.imag != 0.0) {
        length /= exp(angle * b.imag);
        phase += b.imag * log(size);
    }
    *lost = isinf(phase);
    return (Complex){length * cos(phase), length * sin(phase)};
}

Value complex_power(Vm *vm, double ar, double ai, double br, double bi) {
    Complex a = {ar, ai}, b = {br, bi}, result = {1.0, 0.0};
    bool small_integer = bi == 0.0 && br == floor(br) && fabs(br) <= 100.0, to_zero_power = is_zero(b), lost = false;
    if (is_zero(a) && !to_zero_power) {
        if (bi != 0.0 || br < 0.0) return error_raise(vm, EXC_ZeroDivisionError, "0.0 to a negative or complex power");
    }
    if (small_integer && br > 0) {
        result = power_unsigned(a, (unsigned)br);
    } else if (small_integer) {
        Complex denominator = power_unsigned(a, (unsigned)-br);
        if (is_zero(denominator)) return error_raise(vm, EXC_ZeroDivisionError, "0.0 to a negative or complex power");
        result = quotient(result, denominator);
    } else if (is_zero(a)) {
        result = (Complex){0.0, 0.0};
    } else {
        result = power_general(a, b, &lost);
    }
    if (lost) return error_raise(vm, EXC_ZeroDivisionError, "0.0 to a negative or complex power"); /* as CPython says it */
    if (isinf(result.real) || isinf(result.imag)) return error_raise(vm, EXC_OverflowError, "complex exponentiation");
    return complex_value(vm, result);
}

static Value complex_slot_power(Vm *vm, Value left, Value right) {
    COMPLEX_OPERANDS(x, y);
    return complex_power(vm, x.real, x.imag, y.real, y.imag);
}

static Value complex_slot_power3(Vm *vm, Value left, Value right, Value modulus) {
    COMPLEX_OPERANDS(x, y);
    if (!value_is_none(modulus)) return error_value(vm, "complex modulo");
    return complex_power(vm, x.real, x.imag, y.real, y.imag);
}

/* --- unary slots, comparison, text --- */

static Value complex_negative(Vm *vm, Value self) {
    Complex c = complex_of(self);
    return complex_new(vm, -c.real, -c.imag);
}

static Value complex_exact(Vm *vm, Value self) {
    return value_is_exact(self, LAYOUT_COMPLEX) ? value_retain(self) : complex_value(vm, complex_of(self));
}

static Value complex_absolute(Vm *vm, Value self) {
    Complex c = complex_of(self);
    double size = hypot(c.real, c.imag);
    if (isinf(size) && isfinite(c.real) && isfinite(c.imag)) {
        return error_raise(vm, EXC_OverflowError, "absolute value too large");
    }
    return value_from_float(size);
}

static int complex_truth(Vm *vm, Value self) {
    (void)vm;
    return !is_zero(complex_of(self));
}

static bool complex_hash(Vm *vm, Value self, Hash *out) {
    (void)vm;
    Complex c = complex_of(self);
    Hash hash = (Hash)((uint64_t)float_hash(c.real) + 1000003u * (uint64_t)float_hash(c.imag));
    *out = hash == -1 ? -2 : hash;
    return true;
}

static Value complex_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    (void)vm;
    if ((op != COMPARE_EQ && op != COMPARE_NE) || !value_is_complex(self)) return VALUE_NOT_IMPLEMENTED;
    Complex a = complex_of(self);
    bool equal;
    if (value_is_complex(other)) {
        Complex b = complex_of(other);
        equal = a.real == b.real && a.imag == b.imag;
    } else if (value_is_int(other)) {
        equal = a.imag == 0.0 && float_compare_int(a.real, other) == 0;
    } else if (value_is_float_like(other)) {
        equal = a.imag == 0.0 && a.real == float_value(other);
    } else {
        return VALUE_NOT_IMPLEMENTED;
    }
    return value_from_bool(equal == (op == COMPARE_EQ));
}

static Value complex_repr(Vm *vm, Value self) {
    Complex c = complex_of(self);
    bool only_imaginary = c.real == 0.0 && !signbit(c.real);
    FloatText real, imag;
    if (!float_text_make(vm, &real, c.real, 'r', 0, 0)) return VALUE_ERROR;
    Str *s = NULL;
    if (float_text_make(vm, &imag, c.imag, 'r', 0, only_imaginary ? 0 : FLOAT_TEXT_SIGN)) {
        char text[80];
        int length = only_imaginary ? snprintf(text, sizeof text, "%sj", imag.text)
                                    : snprintf(text, sizeof text, "(%s%sj)", real.text, imag.text);
        s = str_from_utf8(vm, text, (size_t)length);
        float_text_drop(vm, &imag);
    }
    float_text_drop(vm, &real);
    return s ? value_from_object(s) : VALUE_ERROR;
}

/* --- complex(real, imag) --- */

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* The number without brackets at p: real, imaginary or both. NULL: malformed. */
static const char *scan_parts(const char *p, const char *end, Complex *out) {
    double first, second = 1.0;
    const char *after = float_scan(p, end, true, &first);
    *out = (Complex){0.0, 0.0};
    if (after && (after == end || (*after != '+' && *after != '-' && (*after | 0x20) != 'j'))) {
        out->real = first;
        return after;
    }
    if (after && (*after | 0x20) == 'j') {
        out->imag = first;
        return after + 1;
    }
    if (after) {
        out->real = first;
        p = after;
    }
    after = float_scan(p, end, true, &second);
    if (!after) {
        if (p < end && *p == '-') second = -1.0;
        after = p + (p < end && (*p == '+' || *p == '-'));
    }
    out->imag = second;
    return after < end && (*after | 0x20) == 'j' ? after + 1 : NULL;
}

static bool complex_parse(const char *p, size_t length, Complex *out) {
    const char *end = p + length;
    while (p < end && is_space(*p)) p++;
    bool bracket = p < end && *p == '(';
    if (bracket) p++;
    while (p < end && is_space(*p)) p++;
    p = scan_parts(p, end, out);
    if (!p) return false;
    while (p < end && is_space(*p)) p++;
    if (bracket) {
        if (p == end || *p != ')') return false;
        p++;
        while (p < end && is_space(*p)) p++;
    }
    return p == end;
}

static Value complex_from_str(Vm *vm, Type *type, Str *s) {
    size_t size;
    char *text = str_number_text(vm, s, &size);
    if (!text) return VALUE_ERROR;
    Complex c;
    bool ok = complex_parse(text, s->length, &c);
    if (size) heap_free(&vm->heap, text, size);
    return ok ? complex_of_type(vm, type, c) : error_value(vm, "complex() arg is a malformed string");
}

/* What __complex__ makes of v, or v itself when it has none. New. */
static Value complex_special(Vm *vm, Value v) {
    if (value_is_exact(v, LAYOUT_COMPLEX) || !value_is_object(v)) return value_retain(v);
    Value method = value_special(vm, v, NAME(vm, __complex__));
    if (value_is_error(method)) return VALUE_ERROR;
    if (value_is_empty(method)) return value_retain(v);
    Value result = value_call0(vm, method);
    value_release(vm, method);
    if (value_is_error(result) || value_is_exact(result, LAYOUT_COMPLEX)) return result;
    bool ok = value_is_complex(result);
    if (!ok) {
        error_type(vm, "__complex__ returned non-complex (type %T)", result);
    } else {
        ok = error_warn(vm, EXC_DeprecationWarning,
                        "__complex__ returned non-complex (type %T).  The ability to return an instance of a strict subclass "
                        "of complex is deprecated, and may be removed in a future version of Python.",
                        result);
    }
    if (ok) return result;
    value_release(vm, result);
    return VALUE_ERROR;
}

static bool is_number(Vm *vm, Value v) {
    const TypeSlots *slots = &value_type(vm, v)->slots;
    return value_is_complex(v) || slots->as_float || slots->as_index;
}

/* The part given by one argument; a complex may come where a real number is expected. */
static bool complex_argument(Vm *vm, Value v, Complex *out) {
    if (value_is_complex(v)) {
        *out = complex_of(v);
        return true;
    }
    out->imag = 0.0;
    return value_as_double(vm, v, &out->real);
}

/* real and imag have been found to be numbers; imag VALUE_EMPTY: not given. */
static Value complex_from_parts(Vm *vm, Type *type, Value real, Value imag) {
    Complex r, i = {0.0, 0.0};
    if (!complex_argument(vm, real, &r)) return VALUE_ERROR;
    if (value_is_empty(imag)) return complex_of_type(vm, type, r);
    if (!complex_argument(vm, imag, &i)) return VALUE_ERROR;
    if (value_is_complex(imag)) r.real -= i.imag;
    if (value_is_complex(real)) i.real += r.imag;
    return complex_of_type(vm, type, (Complex){r.real, i.real});
}

static Value complex_new_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Type *type = (Type *)value_object(args[0]);
    Value real = value_is_empty(args[1]) ? value_from_small(0) : args[1], imag = args[2];
    if (value_is_str(real)) {
        if (!value_is_empty(imag)) return error_type(vm, "complex() can't take second arg if first is a string");
        return complex_from_str(vm, type, value_str_peek(real));
    }
    if (!value_is_empty(imag) && value_is_str(imag)) return error_type(vm, "complex() second arg can't be a string");
    real = complex_special(vm, real);
    if (value_is_error(real)) return VALUE_ERROR;
    Value result;
    if (!is_number(vm, real)) {
        result = error_type(vm, "complex() first argument must be a string or a number, not '%T'", real);
    } else if (!value_is_empty(imag) && !is_number(vm, imag)) {
        result = error_type(vm, "complex() second argument must be a number, not '%T'", imag);
    } else if (value_is_empty(imag) && type == TYPE(vm, COMPLEX) && value_is_exact(real, LAYOUT_COMPLEX)) {
        return real;
    } else {
        result = complex_from_parts(vm, type, real, imag);
    }
    value_release(vm, real);
    return result;
}

/* --- methods --- */

static Value complex_conjugate(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Complex c = complex_of(args[0]);
    return complex_new(vm, c.real, -c.imag);
}

static Value complex_complex(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return complex_exact(vm, args[0]);
}

static Value complex_getnewargs(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Complex c = complex_of(args[0]);
    Tuple *t = tuple_pack(vm, 2, value_from_float(c.real), value_from_float(c.imag));
    return t ? value_from_object(t) : VALUE_ERROR;
}

static Value complex_format_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!value_is_str(args[1])) return error_type(vm, "__format__() argument must be str, not %T", args[1]);
    return complex_format(vm, args[0], value_str_peek(args[1]));
}

static Value complex_get_real(Vm *vm, Value self) {
    (void)vm;
    return value_from_float(complex_of(self).real);
}

static Value complex_get_imag(Vm *vm, Value self) {
    (void)vm;
    return value_from_float(complex_of(self).imag);
}

static const NativeDef complex_methods[] = {
    {"conjugate", complex_conjugate, "($self, /)", "Return the complex conjugate of its argument. (3-4j).conjugate() == 3+4j.",
     NATIVE_METHOD},
    {"__complex__", complex_complex, "($self, /)", "Convert this value to exact type complex.", NATIVE_METHOD},
    {"__getnewargs__", complex_getnewargs, "($self, /)", NULL, NATIVE_METHOD},
    {"__format__", complex_format_method, "($self, format_spec, /)", "Convert to a string according to format_spec.", NATIVE_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};

static const GetSetDef complex_getset[] = {
    {"real", complex_get_real, attribute_read_only, "the real part of a complex number"},
    {"imag", complex_get_imag, attribute_read_only, "the imaginary part of a complex number"},
    {NULL, NULL, NULL, NULL},
};

static size_t complex_size(const Object *self) {
    (void)self;
    return sizeof(ComplexObject);
}

static void complex_free(Vm *vm, Object *self) {
    (void)vm;
    (void)self;
}

const TypeSpec complex_spec = {
    .name = "complex",
    .doc = "Create a complex number from a string or numbers.\n\nWith a string, parse it; with one number, convert it; with two, "
           "return real + imag*1j.",
    .layout = LAYOUT_COMPLEX,
    .flags = TYPE_FLAG_BASETYPE,
    .size = sizeof(ComplexObject),
    .ops = {.size = complex_size, .free = complex_free},
    .slots =
        {
            .repr = complex_repr,
            .hash = complex_hash,
            .compare = complex_compare,
            .binary =
                {
                    [BINARY_ADD] = complex_add,
                    [BINARY_SUB] = complex_subtract,
                    [BINARY_MUL] = complex_multiply,
                    [BINARY_DIV] = complex_divide,
                    [BINARY_POW] = complex_slot_power,
                },
            .power = complex_slot_power3,
            .negative = complex_negative,
            .positive = complex_exact,
            .absolute = complex_absolute,
            .truth = complex_truth,
        },
    .new_ = {"__new__", complex_new_method, "($type, real=0, imag=0)", NULL, NATIVE_METHOD},
    .methods = complex_methods,
    .getset = complex_getset,
};
