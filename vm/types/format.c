/* The format mini-language, format(value, spec), for int, float, complex and str.
 *
 *     spec: [[fill]align][sign]["z"]["#"]["0"][width][grouping]["." precision][type]
 *
 * A spec is parsed to a FormatSpec; a number is cut into a NumberText (sign, prefix, digits that can be grouped, rest); and
 * put_number lays that out in one new Str. To add a presentation type, edit the switch of its value's function.
 */
#include "vm/types/format.h"

#include <limits.h>
#include <math.h>

#include "vm/ops.h"
#include "vm/types/float.h"
#include "vm/types/float_text.h"
#include "vm/types/int_limbs.h"
#include "vm/types/str.h"

typedef struct FormatSpec {
    uint32_t fill, type;
    char align, sign, grouping; /* grouping: 0, ',' or '_' */
    bool alternate, no_negative_zero;
    int64_t width, precision; /* -1: not given */
} FormatSpec;

/* --- the spec --- */

static bool is_align(uint32_t c) { return c == '<' || c == '>' || c == '=' || c == '^'; }
static bool spec_at(const Str *s, size_t i, uint32_t c) { return i < s->length && str_at(s, i) == c; }

/* Decimal digits at *position; -1 when there are none; false: too many. */
static bool spec_number(Vm *vm, const Str *s, size_t *position, int64_t *out) {
    int64_t n = -1;
    for (; *position < s->length; (*position)++) {
        int digit = char_decimal_value(str_at(s, *position));
        if (digit < 0) break;
        if (n < 0) n = 0;
        if (n > (INT64_MAX - digit) / 10) {
            error_value(vm, "Too many decimal digits in format string");
            return false;
        }
        n = n * 10 + digit;
    }
    *out = n;
    return true;
}

/* Fill, alignment, sign, z, #, 0. */
static size_t spec_flags(const Str *s, FormatSpec *spec, char default_align) {
    size_t i = 0;
    bool fill_given = false, align_given = false;
    if (s->length >= 2 && is_align(str_at(s, 1))) {
        spec->fill = str_at(s, 0);
        spec->align = (char)str_at(s, 1);
        fill_given = align_given = true;
        i = 2;
    } else if (s->length >= 1 && is_align(str_at(s, 0))) {
        spec->align = (char)str_at(s, 0);
        align_given = true;
        i = 1;
    }
    if (spec_at(s, i, '+') || spec_at(s, i, '-') || spec_at(s, i, ' ')) spec->sign = (char)str_at(s, i++);
    if (spec_at(s, i, 'z')) spec->no_negative_zero = true, i++;
    if (spec_at(s, i, '#')) spec->alternate = true, i++;
    if (!fill_given && spec_at(s, i, '0')) {
        spec->fill = '0';
        if (!align_given && default_align == '>') spec->align = '=';
        i++;
    }
    return i;
}

static bool spec_grouping(Vm *vm, const Str *s, size_t *i, FormatSpec *spec) {
    if (spec_at(s, *i, ',')) spec->grouping = ',', (*i)++;
    bool both = false;
    if (spec_at(s, *i, '_')) {
        both = spec->grouping != 0;
        spec->grouping = '_';
        (*i)++;
    }
    if (!both && spec->grouping == '_' && spec_at(s, *i, ',')) both = true;
    if (both) error_value(vm, "Cannot specify both ',' and '_'.");
    return !both;
}

/* Whether the type can be grouped at all. */
static bool spec_check_grouping(Vm *vm, const FormatSpec *spec) {
    uint32_t type = spec->type;
    if (!spec->grouping || type == 0 || (type < 128 && strchr("defgEGF%", (int)type))) return true;
    if (spec->grouping == '_' && type < 128 && strchr("boxX", (int)type)) return true;
    if (type > 32 && type < 128) error_value(vm, "Cannot specify '%c' with '%c'.", spec->grouping, (int)type);
    else error_value(vm, "Cannot specify '%c' with '\\x%x'.", spec->grouping, type);
    return false;
}

/* v: for its type's name in a message. */
static bool spec_parse(Vm *vm, Value v, const Str *s, FormatSpec *spec, char default_align, char default_type) {
    *spec = (FormatSpec){.fill = ' ', .align = default_align, .type = (uint32_t)default_type, .width = -1, .precision = -1};
    size_t i = spec_flags(s, spec, default_align);
    if (!spec_number(vm, s, &i, &spec->width) || !spec_grouping(vm, s, &i, spec)) return false;
    if (spec_at(s, i, '.')) {
        i++;
        if (!spec_number(vm, s, &i, &spec->precision)) return false;
        if (spec->precision < 0) {
            error_value(vm, "Format specifier missing precision");
            return false;
        }
    }
    if (s->length - i > 1) {
        error_value(vm, "Invalid format specifier '%U' for object of type '%T'", s, v);
        return false;
    }
    if (i < s->length) spec->type = str_at(s, i);
    return spec_check_grouping(vm, spec);
}

static Value error_unknown_type(Vm *vm, uint32_t type, Value v) {
    if (type > 32 && type < 128) {
        return error_value(vm, "Unknown format code '%c' for object of type '%T'", (int)type, v);
    }
    return error_value(vm, "Unknown format code '\\x%x' for object of type '%T'", type, v);
}

/* --- layout --- */

/* A Str being filled from the left. */
typedef struct Writer {
    Str *s;
    size_t at;
} Writer;

static void put_char(Writer *w, uint32_t c) {
    void *data = str_data(w->s);
    if (w->s->width == 1) ((uint8_t *)data)[w->at++] = (uint8_t)c;
    else if (w->s->width == 2) ((uint16_t *)data)[w->at++] = (uint16_t)c;
    else ((uint32_t *)data)[w->at++] = c;
}

static void put_fill(Writer *w, uint32_t c, int64_t count) {
    if (w->s->width == 1 && count > 0) {
        memset(str_bytes1(w->s) + w->at, (int)c, (size_t)count);
        w->at += (size_t)count;
        return;
    }
    while (count-- > 0) put_char(w, c);
}

static void put_text(Writer *w, const char *text, size_t length) {
    if (w->s->width == 1) {
        memcpy(str_bytes1(w->s) + w->at, text, length);
        w->at += length;
        return;
    }
    for (size_t i = 0; i < length; i++) put_char(w, (uint8_t)text[i]);
}

/* A number cut into its parts; all texts are ASCII. */
typedef struct NumberText {
    char sign; /* 0: none */
    const char *prefix, *digits, *rest;
    size_t prefix_length, digit_count, rest_length;
    int group; /* digits between separators; 0: none */
} NumberText;

/* How many digits, zeros in front included, make at least `width` characters once they are grouped. */
static int64_t grouped_digits(int64_t digits, int64_t width, int group) {
    int64_t total = 0;
    for (;;) {
        int64_t least = digits > width ? digits : width;
        int64_t part = least < 1 ? 1 : least < group ? least : group;
        total += part;
        digits -= part;
        width -= part;
        if (digits <= 0 && width <= 0) return total;
        width--; /* the separator */
    }
}

static void put_grouped(Writer *w, const NumberText *n, int64_t total, char separator) {
    int64_t zeros = total - (int64_t)n->digit_count;
    for (int64_t i = 0; i < total; i++) {
        if (i && (total - i) % n->group == 0) put_char(w, (uint32_t)separator);
        put_char(w, i < zeros ? '0' : (uint8_t)n->digits[i - zeros]);
    }
}

static void put_number(Writer *w, const NumberText *n, const FormatSpec *spec, int64_t total, int64_t inner_fill) {
    if (n->sign) put_char(w, (uint32_t)n->sign);
    put_text(w, n->prefix, n->prefix_length);
    put_fill(w, spec->fill, inner_fill);
    if (n->group && n->digit_count) put_grouped(w, n, total, spec->grouping);
    else put_text(w, n->digits, n->digit_count);
    put_text(w, n->rest, n->rest_length);
}

/* Fill before, inside (for '=') and after. */
typedef struct Padding {
    int64_t before, inside, after;
} Padding;

static Padding padding_for(char align, int64_t length, int64_t width) {
    int64_t fill = width > length ? width - length : 0;
    switch (align) {
    case '<': return (Padding){0, 0, fill};
    case '^': return (Padding){fill / 2, 0, fill - fill / 2};
    case '=': return (Padding){0, fill, 0};
    default: return (Padding){fill, 0, 0};
    }
}

static Value format_number(Vm *vm, const NumberText *n, const FormatSpec *spec) {
    int64_t fixed = (n->sign != 0) + (int64_t)(n->prefix_length + n->rest_length), total = (int64_t)n->digit_count;
    int64_t length = fixed + total;
    if (n->group && n->digit_count) {
        bool zero_fill = spec->fill == '0' && spec->align == '=';
        if (spec->width > (int64_t)INT_MAX * 4) return error_no_memory(vm);
        total = grouped_digits(total, zero_fill ? spec->width - fixed : 0, n->group);
        length = fixed + total + (total - 1) / n->group;
    }
    Padding padding = padding_for(spec->align, length, spec->width);
    bool padded = spec->width > length;
    Writer w = {.s = str_new(vm, (size_t)(padded ? spec->width : length), padded ? spec->fill | 127 : 127)};
    if (!w.s) return VALUE_ERROR;
    put_fill(&w, spec->fill, padding.before);
    put_number(&w, n, spec, total, padding.inside);
    put_fill(&w, spec->fill, padding.after);
    return value_from_object(w.s);
}

/* --- str --- */

/* s[:length] in a field. */
static Value pad_str(Vm *vm, Str *s, size_t length, const FormatSpec *spec) {
    Padding padding = padding_for(spec->align == '=' ? '>' : spec->align, (int64_t)length, spec->width);
    if (!padding.before && !padding.after && length == s->length && s->head.shape->exact) {
        return value_retain(value_from_object(s));
    }
    StrBuilder b;
    builder_init(&b, vm);
    Value fill = VALUE_EMPTY;
    int64_t most = padding.before > padding.after ? padding.before : padding.after;
    if (most) {
        Writer w = {.s = str_new(vm, (size_t)most, spec->fill)};
        if (!w.s) return VALUE_ERROR;
        put_fill(&w, spec->fill, most);
        fill = value_from_object(w.s);
        builder_add_range(&b, w.s, 0, (size_t)padding.before);
    }
    builder_add_range(&b, s, 0, length);
    if (padding.after) builder_add_range(&b, value_str_peek(fill), 0, (size_t)padding.after);
    value_release(vm, fill);
    return builder_finish(&b);
}

static bool check_str_spec(Vm *vm, const FormatSpec *spec) {
    const char *problem = spec->sign == ' '        ? "Space not allowed in string format specifier"
                          : spec->sign             ? "Sign not allowed in string format specifier"
                          : spec->no_negative_zero ? "Negative zero coercion (z) not allowed in string format specifier"
                          : spec->alternate        ? "Alternate form (#) not allowed in string format specifier"
                          : spec->align == '='     ? "'=' alignment not allowed in string format specifier"
                                                   : NULL;
    if (problem) error_value(vm, "%s", problem);
    return !problem;
}

Value str_format_spec(Vm *vm, Str *s, Str *spec_text) {
    if (!spec_text->length) return value_str(vm, value_from_object(s));
    FormatSpec spec;
    if (!spec_parse(vm, value_from_object(s), spec_text, &spec, '<', 's')) return VALUE_ERROR;
    if (spec.type != 's') return error_unknown_type(vm, spec.type, value_from_object(s));
    if (!check_str_spec(vm, &spec)) return VALUE_ERROR;
    size_t length = s->length;
    if (spec.precision >= 0 && (uint64_t)spec.precision < length) length = (size_t)spec.precision;
    return pad_str(vm, s, length, &spec);
}

/* --- float --- */

/* 0 where the number shows none. */
static char sign_for(bool negative, char sign_option) {
    return negative ? '-' : sign_option == '+' || sign_option == ' ' ? sign_option : 0;
}

/* Cuts "-12.5e+3" into sign, digits and rest. */
static void number_from_float_text(NumberText *n, const FloatText *t, const FormatSpec *spec) {
    const char *p = t->text;
    bool negative = *p == '-';
    p += negative;
    size_t digits = 0;
    while (p[digits] >= '0' && p[digits] <= '9') digits++;
    *n = (NumberText){.sign = sign_for(negative, spec->sign), .prefix = "", .digits = p, .digit_count = digits};
    n->rest = p + digits;
    n->rest_length = t->length - negative - digits;
    n->group = spec->grouping ? 3 : 0;
}

/* d in the float styles. kind: 'r' for none given. percent: '%' follows. */
static Value format_double(Vm *vm, double d, const FormatSpec *spec, char kind, bool percent) {
    unsigned flags = (spec->alternate ? FLOAT_TEXT_ALTERNATE : 0) | (spec->no_negative_zero ? FLOAT_TEXT_NO_NEGATIVE_ZERO : 0);
    int64_t precision = spec->precision;
    if (precision > INT_MAX) return error_value(vm, "precision too big");
    if (kind == 'r') {
        flags |= FLOAT_TEXT_DOT_ZERO;
        if (precision >= 0) kind = 'g';
    }
    FloatText text;
    if (!float_text_make(vm, &text, percent ? d * 100 : d, kind, precision < 0 ? 6 : precision, flags)) return VALUE_ERROR;
    NumberText number;
    number_from_float_text(&number, &text, spec);
    if (percent) text.text[text.length] = '%', number.rest_length++; /* in place of the NUL */
    Value v = format_number(vm, &number, spec);
    float_text_drop(vm, &text);
    return v;
}

static Value format_double_type(Vm *vm, double d, const FormatSpec *spec, Value original) {
    switch (spec->type) {
    case 0: return format_double(vm, d, spec, 'r', false);
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G': return format_double(vm, d, spec, (char)spec->type, false);
    case 'n': return format_double(vm, d, spec, 'g', false);
    case '%': return format_double(vm, d, spec, 'f', true);
    default: return error_unknown_type(vm, spec->type, original);
    }
}

Value float_format(Vm *vm, double d, Str *spec_text) {
    Value v = value_from_float(d);
    if (!spec_text->length) return value_repr(vm, v);
    FormatSpec spec;
    if (!spec_parse(vm, v, spec_text, &spec, '>', 0)) return VALUE_ERROR;
    return format_double_type(vm, d, &spec, v);
}

/* --- int --- */

static Value format_character(Vm *vm, Value v, const FormatSpec *spec) {
    int64_t c;
    if (spec->sign) return error_value(vm, "Sign not allowed with integer format specifier 'c'");
    if (spec->alternate) return error_value(vm, "Alternate form (#) not allowed with integer format specifier 'c'");
    if (!int_to_i64(v, &c)) return error_raise(vm, EXC_OverflowError, "Python int too large to convert to C long");
    if (c < 0 || c > 0x10ffff) return error_raise(vm, EXC_OverflowError, "%%c arg not in range(0x110000)");
    Str *s = str_from_char(vm, (uint32_t)c);
    if (!s) return VALUE_ERROR;
    Value result = pad_str(vm, s, 1, spec);
    release_object(vm, s);
    return result;
}

static void capitals(Str *s) {
    uint8_t *p = str_bytes1(s);
    for (size_t i = 0; i < s->length; i++) {
        if (p[i] >= 'a' && p[i] <= 'f') p[i] -= 'a' - 'A';
    }
}

static Value format_integer(Vm *vm, Value v, const FormatSpec *spec) {
    int base = spec->type == 'b' ? 2 : spec->type == 'o' ? 8 : spec->type == 'x' || spec->type == 'X' ? 16 : 10;
    const char *prefix = !spec->alternate ? "" : base == 2 ? "0b" : base == 8 ? "0o" : spec->type == 'x' ? "0x" : base == 16 ? "0X" : "";
    Value text = int_to_str(vm, v, base, false);
    if (value_is_error(text)) return VALUE_ERROR;
    Str *s = value_str_peek(text);
    if (base == 10 && spec->width <= (int64_t)s->length && !spec->grouping && !spec->sign) return text;
    if (spec->type == 'X') capitals(s);
    const char *digits = str_data(s);
    bool negative = *digits == '-';
    NumberText number = {.sign = sign_for(negative, spec->sign), .prefix = prefix, .prefix_length = strlen(prefix)};
    number.digits = digits + negative;
    number.digit_count = s->length - negative;
    number.rest = "";
    number.group = !spec->grouping ? 0 : base == 10 ? 3 : 4;
    Value result = format_number(vm, &number, spec);
    value_release(vm, text);
    return result;
}

static Value format_int_as_float(Vm *vm, Value v, const FormatSpec *spec) {
    double d;
    return int_to_double(vm, v, &d) ? format_double_type(vm, d, spec, v) : VALUE_ERROR;
}

Value int_format(Vm *vm, Value v, Str *spec_text) {
    if (!spec_text->length) return value_str(vm, v);
    FormatSpec spec;
    if (!spec_parse(vm, v, spec_text, &spec, '>', 'd')) return VALUE_ERROR;
    if (spec.type && spec.type < 128 && strchr("eEfFgG%", (int)spec.type)) return format_int_as_float(vm, v, &spec);
    if (!spec.type || spec.type >= 128 || !strchr("bcdoxXn", (int)spec.type)) return error_unknown_type(vm, spec.type, v);
    if (spec.precision >= 0) return error_value(vm, "Precision not allowed in integer format specifier");
    if (spec.no_negative_zero) {
        return error_value(vm, "Negative zero coercion (z) not allowed in integer format specifier");
    }
    return spec.type == 'c' ? format_character(vm, v, &spec) : format_integer(vm, v, &spec);
}

/* --- complex --- */

/* One part, without padding. kind as for float_text_make. */
static bool add_complex_part(Vm *vm, StrBuilder *b, double d, const FormatSpec *spec, char kind, char sign) {
    unsigned flags = (spec->alternate ? FLOAT_TEXT_ALTERNATE : 0) | (spec->no_negative_zero ? FLOAT_TEXT_NO_NEGATIVE_ZERO : 0);
    FormatSpec part = {.fill = ' ', .align = '<', .width = -1, .sign = sign, .grouping = spec->grouping};
    FloatText text;
    if (!float_text_make(vm, &text, d, kind, spec->precision < 0 ? 6 : spec->precision, flags)) return false;
    NumberText number;
    number_from_float_text(&number, &text, &part);
    Value v = format_number(vm, &number, &part);
    float_text_drop(vm, &text);
    bool ok = !value_is_error(v) && builder_add_str(b, value_str_peek(v));
    value_release(vm, v);
    return ok;
}

static Value format_complex(Vm *vm, const ComplexObject *c, const FormatSpec *spec) {
    bool plain = spec->type == 0, only_imaginary = plain && c->real == 0.0 && !signbit(c->real);
    char kind = spec->type == 'n' ? 'g' : (char)spec->type;
    if (plain) kind = spec->precision < 0 ? 'r' : 'g';
    StrBuilder b;
    builder_init(&b, vm);
    bool ok = true;
    if (plain && !only_imaginary) builder_add_char(&b, '(');
    if (!only_imaginary) ok = add_complex_part(vm, &b, c->real, spec, kind, spec->sign);
    if (ok) ok = add_complex_part(vm, &b, c->imag, spec, kind, only_imaginary ? spec->sign : '+');
    if (!ok) {
        builder_drop(&b);
        return VALUE_ERROR;
    }
    builder_add_char(&b, 'j');
    if (plain && !only_imaginary) builder_add_char(&b, ')');
    Value text = builder_finish(&b);
    if (value_is_error(text)) return VALUE_ERROR;
    Value result = pad_str(vm, value_str_peek(text), value_str_peek(text)->length, spec);
    value_release(vm, text);
    return result;
}

Value complex_format(Vm *vm, Value v, Str *spec_text) {
    if (!spec_text->length) return value_str(vm, v);
    FormatSpec spec;
    if (!spec_parse(vm, v, spec_text, &spec, '>', 0)) return VALUE_ERROR;
    if (spec.type && (spec.type >= 128 || !strchr("eEfFgGn", (int)spec.type))) return error_unknown_type(vm, spec.type, v);
    if (spec.precision > INT_MAX) return error_value(vm, "precision too big");
    if (spec.fill == '0') return error_value(vm, "Zero padding is not allowed in complex format specifier");
    if (spec.align == '=') return error_value(vm, "'=' alignment flag is not allowed in complex format specifier");
    return format_complex(vm, (ComplexObject *)value_object(v), &spec);
}
