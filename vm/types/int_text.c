/* int: to and from text and bytes.
 *
 * Decimal conversion goes through GMP's mpn_get_str and mpn_set_str, which are sub-quadratic; vm->int_max_str_digits limits
 * the number of decimal digits all the same, as CPython does. Text is parsed as ASCII: str_number_text turns
 * Unicode digits and spaces into ASCII ones first.
 */
#include "vm/types/int_limbs.h"

#include "vm/ops.h"
#include "vm/types/bytes.h"
#include "vm/types/str.h"

#define DIGITS_NEVER_LIMITED 640 /* shorter texts pass whatever the limit is */

/* --- to text --- */

/* Decimal digits of u, ending before `end`; returns where they begin. */
static char *decimal_backwards(uint64_t u, char *end) {
    do {
        *--end = (char)('0' + u % 10);
        u /= 10;
    } while (u);
    return end;
}

static Value immediate_to_decimal(Vm *vm, int64_t i) {
    char buffer[24], *end = buffer + sizeof buffer;
    char *start = decimal_backwards(i < 0 ? -(uint64_t)i : (uint64_t)i, end);
    if (i < 0) *--start = '-';
    Str *s = str_from_utf8(vm, start, (size_t)(end - start));
    return s ? value_from_object(s) : VALUE_ERROR;
}

static Value error_too_many_digits(Vm *vm) {
    return error_value(vm, "Exceeds the limit (%d digits) for integer string conversion; use sys.set_int_max_str_digits() to increase the limit",
                       vm->int_max_str_digits);
}

/* Whether so many limbs are certain to have more decimal digits than allowed: saves the conversion. */
static bool limit_certainly_exceeded(const Vm *vm, const IntView *v) {
    double digits = (double)(limbs_bit_length(v->limbs, v->size) - 1) * 0.30102999566398119;
    return vm->int_max_str_digits > 0 && digits > DIGITS_NEVER_LIMITED && digits - 1 > vm->int_max_str_digits;
}

/* Writes sign, prefix and digit characters of raw digits (values 0..base-1) to a new Str. */
static Value digits_to_str(Vm *vm, const unsigned char *raw, size_t count, bool negative, const char *prefix) {
    size_t lead = negative + strlen(prefix);
    Str *s = str_new(vm, lead + count, 'z');
    if (!s) return VALUE_ERROR;
    char *out = str_data(s);
    if (negative) *out++ = '-';
    for (; *prefix; prefix++) *out++ = *prefix;
    for (size_t i = 0; i < count; i++) out[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[raw[i]];
    return value_from_object(s);
}

static const char *base_prefix(int base) { return base == 2 ? "0b" : base == 8 ? "0o" : base == 16 ? "0x" : ""; }

static Value view_to_str(Vm *vm, const IntView *v, int base, const char *prefix) {
    if (base == 10 && limit_certainly_exceeded(vm, v)) return error_too_many_digits(vm);
    size_t room = (v->size ? mpn_sizeinbase(v->limbs, v->size, base) : 1) + 2;
    unsigned char *raw = heap_alloc(&vm->heap, room);
    if (!raw) return error_no_memory(vm);
    Value result = VALUE_ERROR;
    Scratch scratch;
    if (scratch_get(vm, &scratch, (size_t)v->size + 1)) {
        if (int_reserve(vm, SCRATCH_TO_TEXT(v->size))) {
            mpn_copyi(scratch.limbs, v->limbs, v->size);
            size_t count = v->size ? mpn_get_str(raw, base, scratch.limbs, v->size) : (raw[0] = 0, 1);
            unsigned char *first = raw;
            while (count > 1 && *first == 0) first++, count--;
            bool limited = base == 10 && vm->int_max_str_digits > 0 && count > DIGITS_NEVER_LIMITED;
            if (limited && count > (size_t)vm->int_max_str_digits) error_too_many_digits(vm);
            else result = digits_to_str(vm, first, count, v->negative, prefix);
        }
        scratch_drop(vm, &scratch);
    }
    heap_free(&vm->heap, raw, room);
    return result;
}

Value int_to_str(Vm *vm, Value v, int base, bool prefix) {
    if (base == 10 && int_is_immediate(v)) return immediate_to_decimal(vm, int_immediate(v));
    IntView view;
    int_view(v, &view);
    return view_to_str(vm, &view, base, prefix ? base_prefix(base) : "");
}

Value int_repr(Vm *vm, Value v) { return int_to_str(vm, v, 10, false); }

/* --- from digits --- */

static int digit_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'z') return c - 'a' + 10;
    if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
    return 99;
}

/* How many digits always fit one limb. */
static size_t digits_per_limb(int base) {
    size_t n = 0;
    for (uint64_t limit = UINT64_MAX; limit >= (uint64_t)base; limit /= (uint64_t)base) n++;
    return n;
}

/* length digits, the first not zero, to a number. */
static Value large_from_digits(Vm *vm, const char *digits, size_t length, int base, bool negative) {
    unsigned char *raw = heap_alloc(&vm->heap, length);
    if (!raw) return error_no_memory(vm);
    for (size_t i = 0; i < length; i++) raw[i] = (unsigned char)digit_value(digits[i]);
    Value v = VALUE_ERROR;
    size_t limbs = length / digits_per_limb(base) + 2;
    IntObject *o = int_alloc(vm, limbs);
    if (o && !int_reserve(vm, SCRATCH_FROM_TEXT(limbs))) {
        int_discard_take(vm, o);
    } else if (o) {
        mpn_zero(o->limbs, (mp_size_t)limbs);
        mpn_set_str(o->limbs, raw, length, base);
        v = int_finish_take(vm, o, negative);
    }
    heap_free(&vm->heap, raw, length);
    return v;
}

Value int_from_digits(Vm *vm, const char *digits, size_t length, int base, bool negative) {
    bool power_of_two = (base & (base - 1)) == 0;
    if (!power_of_two && length > DIGITS_NEVER_LIMITED && vm->int_max_str_digits > 0 &&
        length > (size_t)vm->int_max_str_digits) {
        return error_value(vm, "Exceeds the limit (%d digits) for integer string conversion: value has %zu digits; use sys.set_int_max_str_digits() to increase the limit",
                           vm->int_max_str_digits, length);
    }
    while (length && *digits == '0') digits++, length--;
    if (length > digits_per_limb(base)) return large_from_digits(vm, digits, length, base, negative);
    mp_limb_t u = 0;
    for (size_t i = 0; i < length; i++) u = u * (mp_limb_t)base + (mp_limb_t)digit_value(digits[i]);
    return int_from_limbs(vm, &u, 1, negative);
}

/* --- from text --- */

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

char *str_number_text(Vm *vm, Str *s, size_t *size) {
    *size = 0;
    if (s->ascii) return str_data(s);
    char *text = heap_alloc(&vm->heap, s->length + 1);
    if (!text) {
        error_no_memory(vm);
        return NULL;
    }
    *size = s->length + 1;
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_at(s, i);
        int digit = c < 128 ? -1 : char_decimal_value(c);
        text[i] = c < 128 ? (char)c : digit >= 0 ? (char)('0' + digit) : char_is_space(c) ? ' ' : '?';
    }
    text[s->length] = 0;
    return text;
}

typedef struct Literal {
    const char *digits; /* without sign and prefix, underscores still in */
    size_t length, underscores;
    int base;
    bool negative;
} Literal;

/* Takes a prefix off; false: base 0 and the literal is "0123". */
static bool literal_take_prefix(Literal *l) {
    const char *p = l->digits;
    if (l->length >= 2 && p[0] == '0') {
        char kind = p[1] | 0x20;
        int base = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 0;
        if (base && (l->base == 0 || l->base == base)) {
            l->base = base;
            l->digits += 2;
            l->length -= 2;
            if (l->length && *l->digits == '_') l->digits++, l->length--;
            return true;
        }
    }
    if (l->base != 0) return true;
    l->base = 10;
    if (!l->length || p[0] != '0') return true;
    for (size_t i = 0; i < l->length; i++) {
        if (p[i] != '0' && p[i] != '_') return false;
    }
    return true;
}

/* Checks digits and underscores: each underscore stands between two digits. */
static bool literal_check(Literal *l) {
    bool digit_before = false;
    l->underscores = 0;
    for (size_t i = 0; i < l->length; i++) {
        if (l->digits[i] == '_') {
            if (!digit_before) return false;
            l->underscores++;
            digit_before = false;
        } else {
            if (digit_value(l->digits[i]) >= l->base) return false;
            digit_before = true;
        }
    }
    return digit_before;
}

static bool literal_scan(Literal *l, const char *text, size_t length, int base) {
    while (length && is_space(*text)) text++, length--;
    while (length && is_space(text[length - 1])) length--;
    l->negative = length && *text == '-';
    if (length && (*text == '+' || *text == '-')) text++, length--;
    l->digits = text;
    l->length = length;
    l->base = base;
    return literal_take_prefix(l) && literal_check(l);
}

static Value literal_value(Vm *vm, const Literal *l) {
    if (!l->underscores) return int_from_digits(vm, l->digits, l->length, l->base, l->negative);
    size_t count = 0, size = l->length;
    char *plain = heap_alloc(&vm->heap, size);
    if (!plain) return error_no_memory(vm);
    for (size_t i = 0; i < l->length; i++) {
        if (l->digits[i] != '_') plain[count++] = l->digits[i];
    }
    Value v = int_from_digits(vm, plain, count, l->base, l->negative);
    heap_free(&vm->heap, plain, size);
    return v;
}

/* As int(text, base); `original` is what the error message shows. */
static Value int_from_text(Vm *vm, const char *text, size_t length, int base, Value original) {
    Literal literal;
    if (literal_scan(&literal, text, length, base)) return literal_value(vm, &literal);
    Value repr = value_repr(vm, original);
    if (value_is_error(repr)) return VALUE_ERROR;
    Str *shown = value_str_peek(repr); /* at most 200 characters of it */
    Str *cut = shown->length > 200 ? str_substring(vm, shown, 0, 200) : retain_object(shown);
    if (cut) error_value(vm, "invalid literal for int() with base %d: %U", base, cut);
    release_object(vm, cut);
    value_release(vm, repr);
    return VALUE_ERROR;
}

Value int_from_str(Vm *vm, Str *s, int base) {
    size_t size;
    char *text = str_number_text(vm, s, &size);
    if (!text) return VALUE_ERROR;
    Value v = int_from_text(vm, text, s->length, base, value_from_object(s));
    if (size) heap_free(&vm->heap, text, size);
    return v;
}

/* bytes, bytearray or another buffer, as text. */
static Value int_from_buffer(Vm *vm, Value v, int base) {
    Buffer buffer;
    if (!buffer_get(vm, v, &buffer, false)) return VALUE_ERROR;
    Value shown = VALUE_EMPTY, result = VALUE_ERROR;
    if (value_is_bytes(v) || value_is_bytearray(v)) {
        shown = value_retain(v);
    } else {
        Bytes *copy = bytes_new(vm, buffer.data, buffer.length);
        shown = copy ? value_from_object(copy) : VALUE_ERROR;
    }
    if (!value_is_error(shown)) result = int_from_text(vm, (const char *)buffer.data, buffer.length, base, shown);
    value_release(vm, shown);
    buffer_release(vm, &buffer);
    return result;
}

static bool has_buffer(Vm *vm, Value v) { return value_type(vm, v)->slots.get_buffer != NULL; }

/* int(x, base) */
static Value int_from_based(Vm *vm, Value x, Value base_value) {
    int64_t base;
    if (value_is_empty(x)) return error_type(vm, "int() missing string argument");
    if (!value_as_index(vm, base_value, &base, true)) return VALUE_ERROR;
    if (base != 0 && (base < 2 || base > 36)) return error_value(vm, "int() base must be >= 2 and <= 36, or 0");
    if (value_is_str(x)) return int_from_str(vm, value_str_peek(x), (int)base);
    if (value_is_bytes(x) || value_is_bytearray(x)) return int_from_buffer(vm, x, (int)base);
    return error_type(vm, "int() can't convert non-string with explicit base");
}

/* --- int(x) --- */

/* What __int__ or __trunc__ gave (stolen) as an exact int. */
static Value int_from_special_take(Vm *vm, Value result) {
    if (value_is_error(result) || value_is_exact_int(result)) return result;
    Value exact;
    if (!value_is_int(result)) {
        exact = error_type(vm, "__int__ returned non-int (type %T)", result);
    } else if (!error_warn(vm, EXC_DeprecationWarning,
                           "__int__ returned non-int (type %T).  The ability to return an instance of a strict subclass "
                           "of int is deprecated, and may be removed in a future version of Python.",
                           result)) {
        exact = VALUE_ERROR;
    } else {
        exact = int_exact(vm, result);
    }
    value_release(vm, result);
    return exact;
}

static Value int_from_trunc(Vm *vm, Value method) {
    if (!error_warn(vm, EXC_DeprecationWarning, "The delegation of int() to __trunc__ is deprecated.")) return VALUE_ERROR;
    Value result = value_call0(vm, method);
    if (value_is_error(result) || value_is_exact_int(result)) return result;
    Value exact;
    if (value_is_int(result)) exact = int_exact(vm, result);
    else if (value_type(vm, result)->slots.as_index) exact = value_index(vm, result);
    else exact = error_type(vm, "__trunc__ returned non-Integral (type %T)", result);
    value_release(vm, result);
    return exact;
}

Value int_from_value(Vm *vm, Value v) {
    if (value_is_exact_int(v)) return value_retain(v);
    if (value_is_float(v)) return int_from_double(vm, value_float(v));
    const TypeSlots *slots = &value_type(vm, v)->slots;
    if (slots->as_int) return int_from_special_take(vm, slots->as_int(vm, v));
    if (slots->as_index) return value_index(vm, v);
    Value trunc = value_special(vm, v, NAME(vm, __trunc__));
    if (value_is_error(trunc)) return VALUE_ERROR;
    if (!value_is_empty(trunc)) {
        Value result = int_from_trunc(vm, trunc);
        value_release(vm, trunc);
        return result;
    }
    if (value_is_str(v)) return int_from_str(vm, value_str_peek(v), 10);
    if (has_buffer(vm, v)) return int_from_buffer(vm, v, 10);
    return error_type(vm, "int() argument must be a string, a bytes-like object or a real number, not '%T'", v);
}

Value int_new(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Type *type = (Type *)value_object(args[0]);
    Value v;
    if (!value_is_empty(args[2])) v = int_from_based(vm, args[1], args[2]);
    else if (value_is_empty(args[1])) v = value_from_small(0);
    else v = int_from_value(vm, args[1]);
    if (type == TYPE(vm, INT) || value_is_error(v)) return v;
    Value instance = int_of_type(vm, type, v);
    value_release(vm, v);
    return instance;
}

/* --- bytes --- */

Value int_from_bytes(Vm *vm, const uint8_t *bytes, size_t length, bool little, bool is_signed) {
    bool negative = is_signed && length && (bytes[little ? length - 1 : 0] & 0x80);
    size_t limbs = length / sizeof(mp_limb_t) + 1;
    IntObject *o = int_alloc(vm, limbs);
    if (!o) return VALUE_ERROR;
    memset(o->limbs, negative ? 0xff : 0, limbs * sizeof(mp_limb_t));
    for (size_t i = 0; i < length; i++) {
        unsigned shift = (unsigned)(i % sizeof(mp_limb_t)) * 8;
        mp_limb_t *limb = &o->limbs[i / sizeof(mp_limb_t)];
        uint8_t byte = bytes[little ? i : length - 1 - i];
        *limb = (*limb & ~((mp_limb_t)0xff << shift)) | (mp_limb_t)byte << shift;
    }
    if (negative) mpn_neg(o->limbs, o->limbs, (mp_size_t)limbs);
    return int_finish_take(vm, o, negative);
}

/* Whether the number has a place in so many bytes. */
static bool fits_bytes(const IntView *v, size_t length, bool is_signed) {
    size_t bits = limbs_bit_length(v->limbs, v->size);
    if (!is_signed) return bits <= 8 * length;
    if (bits < 8 * length || bits == 0) return true;
    /* -2**(8 * length - 1) is the one number with all the bits */
    return v->negative && bits == 8 * length && (size_t)mpn_scan1(v->limbs, 0) == bits - 1;
}

bool int_to_bytes(Vm *vm, Value v, uint8_t *out, size_t length, bool little, bool is_signed) {
    IntView view;
    int_view(v, &view);
    if (view.negative && view.size && !is_signed) {
        error_raise(vm, EXC_OverflowError, "can't convert negative int to unsigned");
        return false;
    }
    if (!fits_bytes(&view, length, is_signed)) {
        error_raise(vm, EXC_OverflowError, "int too big to convert");
        return false;
    }
    bool carry = view.negative;
    for (size_t i = 0; i < length; i++) {
        size_t index = i / sizeof(mp_limb_t);
        mp_limb_t limb = index < (size_t)view.size ? view.limbs[index] : 0;
        uint8_t byte = (uint8_t)(limb >> (i % sizeof(mp_limb_t)) * 8);
        if (view.negative) {
            byte = (uint8_t)(~byte + carry);
            carry = carry && byte == 0;
        }
        out[little ? i : length - 1 - i] = byte;
    }
    return true;
}
