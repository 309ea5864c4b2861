/* bytes and bytearray: changing case and the is...() questions, for ASCII letters only. */
#include "vm/types/bytes_internal.h"

static bool is_upper(uint8_t c) { return c >= 'A' && c <= 'Z'; }
static bool is_lower(uint8_t c) { return c >= 'a' && c <= 'z'; }
static bool is_alpha(uint8_t c) { return is_upper(c) || is_lower(c); }
static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }
static bool is_alnum(uint8_t c) { return is_alpha(c) || is_digit(c); }
static bool is_space(uint8_t c) { return c == ' ' || (c >= 9 && c <= 13); }
static uint8_t to_upper(uint8_t c) { return is_lower(c) ? c - 32 : c; }
static uint8_t to_lower(uint8_t c) { return is_upper(c) ? c + 32 : c; }

typedef enum CaseStyle { STYLE_UPPER, STYLE_LOWER, STYLE_SWAP, STYLE_TITLE, STYLE_CAPITALIZE } CaseStyle;

static Value map_case(Vm *vm, Value self, CaseStyle style) {
    TextSpan t = bytes_span(self);
    const uint8_t *from = t.data;
    uint8_t *to;
    bool inside = false; /* of a word */
    Value result = bytes_make_raw(vm, self, t.length, &to);
    if (value_is_error(result)) return result;
    for (size_t i = 0; i < t.length; i++) {
        uint8_t c = from[i];
        switch (style) {
        case STYLE_UPPER: to[i] = to_upper(c); break;
        case STYLE_LOWER: to[i] = to_lower(c); break;
        case STYLE_SWAP: to[i] = is_upper(c) ? to_lower(c) : to_upper(c); break;
        case STYLE_TITLE:
        case STYLE_CAPITALIZE:
            to[i] = inside ? to_lower(c) : to_upper(c);
            inside = style == STYLE_CAPITALIZE || is_alpha(c);
            break;
        }
    }
    return result;
}

Value bytes_method_upper(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return map_case(vm, args[0], STYLE_UPPER);
}
Value bytes_method_lower(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return map_case(vm, args[0], STYLE_LOWER);
}
Value bytes_method_swapcase(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return map_case(vm, args[0], STYLE_SWAP);
}
Value bytes_method_title(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return map_case(vm, args[0], STYLE_TITLE);
}
Value bytes_method_capitalize(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return map_case(vm, args[0], STYLE_CAPITALIZE);
}

/* Every byte is of the class, and there is one. */
static Value all_are(Value self, bool (*is)(uint8_t)) {
    TextSpan t = bytes_span(self);
    for (size_t i = 0; i < t.length; i++)
        if (!is(((const uint8_t *)t.data)[i])) return VALUE_FALSE;
    return value_from_bool(t.length > 0);
}

Value bytes_method_isalnum(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    return all_are(args[0], is_alnum);
}
Value bytes_method_isalpha(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    return all_are(args[0], is_alpha);
}
Value bytes_method_isdigit(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    return all_are(args[0], is_digit);
}
Value bytes_method_isspace(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    return all_are(args[0], is_space);
}
Value bytes_method_isascii(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    TextSpan t = bytes_span(args[0]);
    return value_from_bool(text_ascii_prefix(t.data, t.length) == t.length);
}

/* No letter of the other case, and one of this case. */
static Value all_cased(Value self, bool (*is)(uint8_t), bool (*is_other)(uint8_t)) {
    TextSpan t = bytes_span(self);
    bool seen = false;
    for (size_t i = 0; i < t.length; i++) {
        uint8_t c = ((const uint8_t *)t.data)[i];
        if (is_other(c)) return VALUE_FALSE;
        seen = seen || is(c);
    }
    return value_from_bool(seen);
}

Value bytes_method_islower(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    return all_cased(args[0], is_lower, is_upper);
}
Value bytes_method_isupper(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    return all_cased(args[0], is_upper, is_lower);
}

Value bytes_method_istitle(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    TextSpan t = bytes_span(args[0]);
    bool seen = false, inside = false;
    for (size_t i = 0; i < t.length; i++) {
        uint8_t c = ((const uint8_t *)t.data)[i];
        if ((is_upper(c) && inside) || (is_lower(c) && !inside)) return VALUE_FALSE;
        inside = is_alpha(c);
        seen = seen || inside;
    }
    return value_from_bool(seen);
}
