/* int: the object, its conversions from and to C numbers, comparison, hash, and the type's description.
 *
 * Invariants: an IntObject of the type int itself never fits 50 bits (int_finish_take sees to it), has no leading zero
 * limb and at most INT_MAX_LIMBS; an instance of a subclass may hold any number, 0 (size 0) included.
 * Arithmetic is in int_arith.c (and int_power.c), text in int_text.c, methods in int_methods.c.
 * To add an operator's slot, edit int_spec below.
 */
#include "vm/types/int.h"

#include <math.h>

#include "vm/ops.h"
#include "vm/types/float.h"
#include "vm/types/int_limbs.h"
#include "vm/types/tuple.h"

static size_t int_cell_size(size_t limbs) { return sizeof(IntObject) + limbs * sizeof(mp_limb_t); }

IntObject *int_alloc(Vm *vm, size_t limbs) {
    IntObject *o = limbs <= INT_MAX_LIMBS ? object_new(&vm->heap, TYPE(vm, INT)->shape, int_cell_size(limbs)) : NULL;
    if (!o) {
        error_no_memory(vm);
        return NULL;
    }
    o->size = (int32_t)limbs;
    o->spare = 0;
    return o;
}

static bool limbs_fit_immediate(const mp_limb_t *limbs, mp_size_t size, bool negative) {
    return size == 0 || (size == 1 && limbs[0] <= (mp_limb_t)VALUE_INT_MAX + negative);
}

static Value immediate_from_limbs(const mp_limb_t *limbs, mp_size_t size, bool negative) {
    int64_t i = size ? (int64_t)limbs[0] : 0;
    return value_from_small(negative ? -i : i);
}

/* Moves a result into a smaller cell when much of its own would be wasted. */
static IntObject *int_shrink(Vm *vm, IntObject *o, mp_size_t size, size_t cell_limbs) {
    IntObject *small = object_new(&vm->heap, TYPE(vm, INT)->shape, int_cell_size((size_t)size));
    if (!small) return o; /* the large cell serves too */
    mpn_copyi(small->limbs, o->limbs, size);
    small->spare = 0;
    object_free_cell(&vm->heap, &o->head, int_cell_size(cell_limbs));
    return small;
}

Value int_finish_take(Vm *vm, IntObject *o, bool negative) {
    mp_size_t cell_limbs = o->size;
    mp_size_t size = limbs_trim(o->limbs, cell_limbs);
    if (limbs_fit_immediate(o->limbs, size, negative)) {
        Value v = immediate_from_limbs(o->limbs, size, negative);
        object_free_cell(&vm->heap, &o->head, int_cell_size((size_t)cell_limbs));
        return v;
    }
    o->spare = (uint32_t)(cell_limbs - size);
    if (cell_limbs - size > 4 && cell_limbs - size > size / 4) o = int_shrink(vm, o, size, (size_t)cell_limbs);
    o->size = (int32_t)(negative ? -size : size);
    return value_from_object(o);
}

Value int_from_limbs(Vm *vm, const mp_limb_t *limbs, mp_size_t size, bool negative) {
    size = limbs_trim(limbs, size);
    if (limbs_fit_immediate(limbs, size, negative)) return immediate_from_limbs(limbs, size, negative);
    IntObject *o = int_alloc(vm, (size_t)size);
    if (!o) return VALUE_ERROR;
    mpn_copyi(o->limbs, limbs, size);
    o->size = (int32_t)(negative ? -size : size);
    return value_from_object(o);
}

Value int_from_u128(Vm *vm, unsigned __int128 magnitude, bool negative) {
    mp_limb_t limbs[2] = {(mp_limb_t)magnitude, (mp_limb_t)(magnitude >> 64)};
    return int_from_limbs(vm, limbs, 2, negative);
}

Value int_from_i64_slow(Vm *vm, int64_t i) {
    mp_limb_t limb = i < 0 ? -(mp_limb_t)i : (mp_limb_t)i;
    return int_from_limbs(vm, &limb, 1, i < 0);
}

Value int_from_u64(Vm *vm, uint64_t u) {
    mp_limb_t limb = u;
    return int_from_limbs(vm, &limb, 1, false);
}

Value int_from_double(Vm *vm, double d) {
    if (fabs(d) <= (double)VALUE_INT_MAX) return value_from_small((int64_t)d);
    if (isinf(d)) return error_raise(vm, EXC_OverflowError, "cannot convert float infinity to integer");
    if (isnan(d)) return error_value(vm, "cannot convert float NaN to integer");
    int exponent;
    double fraction = frexp(fabs(d), &exponent);
    mp_limb_t mantissa = (mp_limb_t)ldexp(fraction, 64); /* the top 53 of its bits are the number's */
    int shift = exponent - 64;
    if (shift <= 0) {
        mantissa >>= -shift;
        return int_from_limbs(vm, &mantissa, 1, d < 0);
    }
    mp_limb_t limbs[1024 / LIMB_BITS + 1] = {0};
    int whole = shift / LIMB_BITS, part = shift % LIMB_BITS;
    limbs[whole] = mantissa << part;
    if (part) limbs[whole + 1] = mantissa >> (LIMB_BITS - part);
    return int_from_limbs(vm, limbs, whole + 2, d < 0);
}

Value int_of_type(Vm *vm, Type *type, Value v) {
    if (type == TYPE(vm, INT)) return int_exact(vm, v);
    IntView view;
    int_view(v, &view);
    IntObject *o = type_alloc(vm, type, int_cell_size((size_t)view.size));
    if (!o) return VALUE_ERROR;
    o->spare = 0;
    mpn_copyi(o->limbs, view.limbs, view.size);
    o->size = (int32_t)(view.negative ? -view.size : view.size);
    object_track(&vm->heap, &o->head); /* it holds its class */
    return value_from_object(o);
}

Value int_exact(Vm *vm, Value v) {
    if (value_is_exact_int(v)) return value_retain(v);
    IntView view;
    int_view(v, &view);
    return int_from_limbs(vm, view.limbs, view.size, view.negative);
}

/* --- to C numbers --- */

bool int_to_i64(Value v, int64_t *out) {
    IntView view;
    int_view(v, &view);
    mp_limb_t magnitude = view.size ? view.limbs[0] : 0;
    if (view.size > 1 || magnitude > (mp_limb_t)INT64_MAX + view.negative) return false;
    *out = view.negative ? (int64_t)-magnitude : (int64_t)magnitude;
    return true;
}

bool int_to_u64(Value v, uint64_t *out) {
    IntView view;
    int_view(v, &view);
    if (view.size > 1 || (view.negative && view.size)) return false;
    *out = view.size ? view.limbs[0] : 0;
    return true;
}

double limbs_to_double(const mp_limb_t *limbs, mp_size_t size, int64_t exponent, bool sticky) {
    if (!size) return 0.0;
    int64_t bits = (int64_t)limbs_bit_length(limbs, size);
    int lead = (int)(bits % LIMB_BITS), k;
    uint64_t top = limbs[size - 1];
    if (lead) {
        top <<= LIMB_BITS - lead;
        if (size > 1) {
            top |= limbs[size - 2] >> lead;
            sticky |= limbs[size - 2] << (LIMB_BITS - lead) != 0;
        }
    } else if (size > 1) {
        sticky |= limbs[size - 2] != 0;
    }
    for (mp_size_t i = size - 2; i-- > 0 && !sticky;) sticky = limbs[i] != 0;
    /* value = 0.top * 2**(bits + exponent): 53 bits are kept, fewer for a subnormal */
    int64_t magnitude = bits + exponent;
    if (magnitude > 1024) return INFINITY;
    if (magnitude < -1080) return 0.0;
    int keep = magnitude < -1021 ? (int)(magnitude + 1074) : 53;
    if (keep < 0) return 0.0;
    k = LIMB_BITS - keep;
    uint64_t kept = keep ? top >> k : 0, rest = keep ? top << keep : top;
    uint64_t half = (uint64_t)1 << 63;
    if (rest > half || (rest == half && (sticky || (kept & 1)))) kept++;
    return ldexp((double)kept, (int)(magnitude - keep));
}

bool int_to_double(Vm *vm, Value v, double *out) {
    if (int_is_immediate(v)) {
        *out = (double)int_immediate(v);
        return true;
    }
    IntView view;
    int_view(v, &view);
    double d = limbs_to_double(view.limbs, view.size, 0, false);
    if (isinf(d)) {
        error_raise(vm, EXC_OverflowError, "int too large to convert to float");
        return false;
    }
    *out = view.negative ? -d : d;
    return true;
}

int int_sign(Value v) {
    if (int_is_immediate(v)) {
        int64_t i = int_immediate(v);
        return (i > 0) - (i < 0);
    }
    int32_t size = ((IntObject *)value_object(v))->size;
    return (size > 0) - (size < 0);
}

size_t int_bit_length(Value v) {
    IntView view;
    int_view(v, &view);
    return limbs_bit_length(view.limbs, view.size);
}

/* --- comparison and hash --- */

int int_compare(Value a, Value b) {
    if (value_are_small(a, b)) {
        int64_t x = value_small(a), y = value_small(b);
        return (x > y) - (x < y);
    }
    IntView x, y;
    int_view(a, &x);
    int_view(b, &y);
    if (x.negative != y.negative) return x.negative ? -1 : 1;
    int order = limbs_compare(x.limbs, x.size, y.limbs, y.size);
    order = (order > 0) - (order < 0);
    return x.negative ? -order : order;
}

Hash int_hash(Value v) {
    if (int_is_immediate(v)) {
        int64_t i = int_immediate(v);
        return i == -1 ? -2 : i;
    }
    IntView view;
    int_view(v, &view);
    Hash h = view.size ? (Hash)mpn_mod_1(view.limbs, view.size, ((mp_limb_t)1 << 61) - 1) : 0;
    if (view.negative) h = -h;
    return h == -1 ? -2 : h;
}

static bool int_slot_hash(Vm *vm, Value self, Hash *out) {
    (void)vm;
    *out = int_hash(self);
    return true;
}

static Value int_slot_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    (void)vm;
    if (!value_is_int(self) || !value_is_int(other)) return VALUE_NOT_IMPLEMENTED;
    int order = int_compare(self, other);
    switch (op) {
    case COMPARE_LT: return value_from_bool(order < 0);
    case COMPARE_LE: return value_from_bool(order <= 0);
    case COMPARE_EQ: return value_from_bool(order == 0);
    case COMPARE_NE: return value_from_bool(order != 0);
    case COMPARE_GT: return value_from_bool(order > 0);
    case COMPARE_GE: return value_from_bool(order >= 0);
    default: return VALUE_NOT_IMPLEMENTED;
    }
}

/* --- memory --- */

bool scratch_get(Vm *vm, Scratch *s, size_t limbs) {
    s->bytes = 0;
    s->limbs = s->local;
    if (limbs <= SCRATCH_LOCAL) return true;
    if (limbs <= 4 * INT_MAX_LIMBS) s->limbs = heap_alloc(&vm->heap, limbs * sizeof(mp_limb_t));
    else s->limbs = NULL;
    if (!s->limbs) {
        error_no_memory(vm);
        return false;
    }
    s->bytes = limbs * sizeof(mp_limb_t);
    return true;
}

bool int_reserve_slow(Vm *vm, size_t limbs) {
    if (vm->interrupted && !vm_safe_point(vm)) return false;
    Scratch scratch;
    if (!scratch_get(vm, &scratch, limbs)) return false;
    scratch_drop(vm, &scratch);
    return true;
}

static size_t int_object_size(const Object *self) {
    const IntObject *o = (const IntObject *)self;
    return int_cell_size((size_t)(o->size < 0 ? -o->size : o->size) + o->spare);
}

static void int_free(Vm *vm, Object *self) {
    (void)vm;
    (void)self;
}

/* --- slots --- */

#define INT_OPERATOR(name, op)                                                          \
    static Value name(Vm *vm, Value left, Value right) {                                \
        if (!value_is_int(left) || !value_is_int(right)) return VALUE_NOT_IMPLEMENTED;  \
        return int_binary(vm, op, left, right);                                         \
    }
INT_OPERATOR(int_slot_add, BINARY_ADD)
INT_OPERATOR(int_slot_subtract, BINARY_SUB)
INT_OPERATOR(int_slot_multiply, BINARY_MUL)
INT_OPERATOR(int_slot_divide, BINARY_DIV)
INT_OPERATOR(int_slot_floor_divide, BINARY_FLOORDIV)
INT_OPERATOR(int_slot_modulo, BINARY_MOD)
INT_OPERATOR(int_slot_power, BINARY_POW)
INT_OPERATOR(int_slot_lshift, BINARY_LSHIFT)
INT_OPERATOR(int_slot_rshift, BINARY_RSHIFT)
INT_OPERATOR(int_slot_and, BINARY_AND)
INT_OPERATOR(int_slot_or, BINARY_OR)
INT_OPERATOR(int_slot_xor, BINARY_XOR)
#undef INT_OPERATOR

static Value int_slot_divmod(Vm *vm, Value left, Value right) {
    if (!value_is_int(left) || !value_is_int(right)) return VALUE_NOT_IMPLEMENTED;
    Value pair[2];
    pair[0] = int_divmod(vm, left, right, &pair[1]);
    if (value_is_error(pair[0])) return VALUE_ERROR;
    Tuple *t = tuple_from_values_take(vm, pair, 2);
    return t ? value_from_object(t) : VALUE_ERROR;
}

static Value int_slot_power3(Vm *vm, Value left, Value right, Value modulus) {
    if (!value_is_int(left) || !value_is_int(right)) return VALUE_NOT_IMPLEMENTED;
    if (value_is_none(modulus)) return int_binary(vm, BINARY_POW, left, right);
    if (!value_is_int(modulus)) return VALUE_NOT_IMPLEMENTED;
    return int_pow_mod(vm, left, right, modulus);
}

static Value int_absolute(Vm *vm, Value v) { return int_sign(v) < 0 ? int_negative(vm, v) : int_exact(vm, v); }

static Value int_invert(Vm *vm, Value v) {
    if (int_is_immediate(v)) return value_from_small(~int_immediate(v));
    Value negative = int_negative(vm, v);
    if (value_is_error(negative)) return VALUE_ERROR;
    Value result = int_binary(vm, BINARY_SUB, negative, value_from_small(1));
    value_release(vm, negative);
    return result;
}

static Value int_slot_as_float(Vm *vm, Value v) {
    double d;
    return int_to_double(vm, v, &d) ? value_from_float(d) : VALUE_ERROR;
}

static int int_truth(Vm *vm, Value v) {
    (void)vm;
    return int_sign(v) != 0;
}

static const char int_doc[] =
    "int([x]) -> integer\nint(x, base=10) -> integer\n\n"
    "Convert a number or a text to an integer; 0 without arguments. A float is cut towards zero.\n\n"
    "With a base, or when x is no number, x must be a str, bytes or bytearray that holds an integer literal in\n"
    "that base: whitespace around it, a sign and underscores between digits are allowed. The base is 10 or\n"
    "2 to 36; base 0 takes it from the literal's prefix.\n>>> int('0b100', base=0)\n4";

const TypeSpec int_spec = {
    .name = "int",
    .doc = int_doc,
    .layout = LAYOUT_INT,
    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_MATCH_SELF,
    .size = sizeof(IntObject),
    .variable_size = true,
    .ops = {.size = int_object_size, .free = int_free},
    .slots =
        {
            .repr = int_repr,
            .hash = int_slot_hash,
            .compare = int_slot_compare,
            .binary =
                {
                    [BINARY_ADD] = int_slot_add,
                    [BINARY_SUB] = int_slot_subtract,
                    [BINARY_MUL] = int_slot_multiply,
                    [BINARY_DIV] = int_slot_divide,
                    [BINARY_FLOORDIV] = int_slot_floor_divide,
                    [BINARY_MOD] = int_slot_modulo,
                    [BINARY_POW] = int_slot_power,
                    [BINARY_LSHIFT] = int_slot_lshift,
                    [BINARY_RSHIFT] = int_slot_rshift,
                    [BINARY_AND] = int_slot_and,
                    [BINARY_OR] = int_slot_or,
                    [BINARY_XOR] = int_slot_xor,
                    [BINARY_DIVMOD] = int_slot_divmod,
                },
            .power = int_slot_power3,
            .negative = int_negative,
            .positive = int_exact,
            .invert = int_invert,
            .absolute = int_absolute,
            .as_int = int_exact,
            .as_float = int_slot_as_float,
            .as_index = int_exact,
            .truth = int_truth,
        },
    .new_ = {"__new__", int_new, "($type, x=0, /, base=10)", NULL, NATIVE_METHOD},
    .methods = int_methods,
    .getset = int_getset,
};
