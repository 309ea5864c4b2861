/* str: changing case, and the is...() questions about characters. */
#include "vm/types/str_internal.h"

/* --- changing case --- */

typedef int (*CaseMap)(uint32_t c, uint32_t out[3]);

/* A capital sigma is a final one when a cased letter stands before it and none behind it, case-ignorable ones not counted. */
static bool is_final_sigma(const Str *s, size_t i) {
    size_t j = i;
    while (j > 0 && char_is_case_ignorable(str_at(s, j - 1))) j--;
    if (j == 0 || !char_is_cased(str_at(s, j - 1))) return false;
    j = i + 1;
    while (j < s->length && char_is_case_ignorable(str_at(s, j))) j++;
    return j == s->length || !char_is_cased(str_at(s, j));
}

static int lower_at(const Str *s, size_t i, uint32_t out[3]) {
    uint32_t c = str_at(s, i);
    if (c != 0x3A3) return char_lower(c, out);
    out[0] = is_final_sigma(s, i) ? 0x3C2 : 0x3C3;
    return 1;
}

static Value map_ascii(Vm *vm, const Str *s, bool upper) {
    uint8_t first = upper ? 'a' : 'A';
    if (s->length == 1) return str_value(str_from_char(vm, *str_bytes1(s) ^ (uint8_t)((uint8_t)(*str_bytes1(s) - first) < 26 ? 0x20 : 0)));
    Str *out = str_new(vm, s->length, 0x7F);
    if (!out || s->length == 0) return str_value(out);
    const uint8_t *from = str_bytes1(s);
    uint8_t *to = str_bytes1(out);
    for (size_t i = 0; i < s->length; i++) to[i] = from[i] ^ (uint8_t)((uint8_t)(from[i] - first) < 26 ? 0x20 : 0);
    return value_from_object(out);
}

static Value map_all(Vm *vm, const Str *s, CaseMap map) {
    StrBuilder b;
    uint32_t out[3];
    builder_init(&b, vm);
    for (size_t i = 0; i < s->length; i++) {
        int count = map ? map(str_at(s, i), out) : lower_at(s, i, out);
        for (int k = 0; k < count; k++)
            if (!builder_add_char(&b, out[k])) return builder_finish(&b);
    }
    return builder_finish(&b);
}

Value str_method_upper(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    const Str *s = value_str_peek(args[0]);
    return s->ascii ? map_ascii(vm, s, true) : map_all(vm, s, char_upper);
}
Value str_method_lower(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    const Str *s = value_str_peek(args[0]);
    return s->ascii ? map_ascii(vm, s, false) : map_all(vm, s, NULL);
}
Value str_method_casefold(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    const Str *s = value_str_peek(args[0]);
    return s->ascii ? map_ascii(vm, s, false) : map_all(vm, s, char_fold);
}

typedef enum CaseStyle { STYLE_SWAP, STYLE_TITLE, STYLE_CAPITALIZE } CaseStyle;

/* Characters whose mapping depends on their own case or on the one before. */
static Value map_styled(Vm *vm, const Str *s, CaseStyle style) {
    StrBuilder b;
    uint32_t out[3];
    bool after_cased = false;
    builder_init(&b, vm);
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_at(s, i);
        int count;
        if (style == STYLE_SWAP) {
            count = char_is_upper(c) ? lower_at(s, i, out) : char_is_lower(c) ? char_upper(c, out) : (out[0] = c, 1);
        } else {
            count = after_cased ? lower_at(s, i, out) : char_title(c, out);
            after_cased = style == STYLE_CAPITALIZE || char_is_cased(c);
        }
        for (int k = 0; k < count; k++)
            if (!builder_add_char(&b, out[k])) return builder_finish(&b);
    }
    return builder_finish(&b);
}

Value str_method_swapcase(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return map_styled(vm, value_str_peek(args[0]), STYLE_SWAP);
}
Value str_method_title(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return map_styled(vm, value_str_peek(args[0]), STYLE_TITLE);
}
Value str_method_capitalize(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return map_styled(vm, value_str_peek(args[0]), STYLE_CAPITALIZE);
}

/* --- questions --- */

/* Every character is of the class, and there is one. */
static Value all_are(Value self, bool (*is)(uint32_t)) {
    const Str *s = value_str_peek(self);
    for (size_t i = 0; i < s->length; i++)
        if (!is(str_at(s, i))) return VALUE_FALSE;
    return value_from_bool(s->length > 0);
}

static bool is_alnum(uint32_t c) { return char_is_alpha(c) || char_is_numeric(c); }

Value str_method_isalnum(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    return all_are(args[0], is_alnum);
}
Value str_method_isalpha(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    return all_are(args[0], char_is_alpha);
}
Value str_method_isdecimal(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    return all_are(args[0], char_is_decimal);
}
Value str_method_isdigit(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    return all_are(args[0], char_is_digit);
}
Value str_method_isnumeric(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    return all_are(args[0], char_is_numeric);
}
Value str_method_isspace(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    return all_are(args[0], char_is_space);
}
Value str_method_isprintable(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    return value_from_bool(value_str_peek(args[0])->length == 0 || value_is_true(all_are(args[0], char_is_printable)));
}
Value str_method_isascii(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    return value_from_bool(value_str_peek(args[0])->ascii);
}

Value str_method_isidentifier(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    const Str *s = value_str_peek(args[0]);
    if (s->length == 0 || !char_is_identifier_start(str_at(s, 0))) return VALUE_FALSE;
    for (size_t i = 1; i < s->length; i++)
        if (!char_is_identifier_part(str_at(s, i))) return VALUE_FALSE;
    return VALUE_TRUE;
}

/* No character of the other cases, and one of this case. */
static Value all_cased(Value self, bool (*is)(uint32_t), bool (*is_other)(uint32_t)) {
    const Str *s = value_str_peek(self);
    bool seen = false;
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_at(s, i);
        if (is_other(c) || char_is_title(c)) return VALUE_FALSE;
        seen = seen || is(c);
    }
    return value_from_bool(seen);
}

Value str_method_islower(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    return all_cased(args[0], char_is_lower, char_is_upper);
}
Value str_method_isupper(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    return all_cased(args[0], char_is_upper, char_is_lower);
}

Value str_method_istitle(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    const Str *s = value_str_peek(args[0]);
    bool seen = false, after_cased = false;
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_at(s, i);
        bool capital = char_is_upper(c) || char_is_title(c), small = !capital && char_is_lower(c);
        if ((capital && after_cased) || (small && !after_cased)) return VALUE_FALSE;
        after_cased = capital || small;
        seen = seen || after_cased;
    }
    return value_from_bool(seen);
}
