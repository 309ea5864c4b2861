/* The % operator of str, bytes and bytearray: printf-style formatting.
 *
 * All three share one engine: the format is read character by character whatever its width, and the output is built as
 * text; for bytes every character of it is below 256 and the text is turned into bytes at the end.
 * To add a conversion, edit convert().
 */
#include "vm/types/format.h"

#include <limits.h>
#include <math.h>

#include "vm/ops.h"
#include "vm/types/bytes.h"
#include "vm/types/float.h"
#include "vm/types/float_text.h"
#include "vm/types/int_limbs.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

typedef struct Percent {
    Vm *vm;
    const void *format;
    int width;            /* bytes a character of the format */
    bool is_bytes;
    size_t length, at;
    Value args;           /* a Tuple, one value, or, after %(key), the value found (owned then: see key_value) */
    int64_t count, index; /* arguments in args, -1: args is the one; next of them, -2: the one is unused */
    Value mapping;        /* VALUE_EMPTY: args is none */
    Value key_value;      /* owned */
    StrBuilder out;
} Percent;

typedef struct Conversion {
    bool left, plus, blank, alternate, zero;
    bool has_sign; /* a number: the sign options apply */
    int64_t width, precision; /* precision -1: none */
    uint32_t kind;
} Conversion;

static uint32_t format_char(const Percent *p, size_t i) {
    if (p->width == 1) return ((const uint8_t *)p->format)[i];
    if (p->width == 2) return ((const uint16_t *)p->format)[i];
    return ((const uint32_t *)p->format)[i];
}

/* The next argument, borrowed; VALUE_ERROR when there is none. */
static Value next_argument(Percent *p) {
    if (p->index >= p->count) return error_type(p->vm, "not enough arguments for format string");
    int64_t i = p->index++;
    return p->count < 0 ? p->args : value_tuple(p->args)->items[i];
}

/* --- reading a conversion --- */

/* The text between the parentheses as a key. */
static Value key_from_format(Percent *p, size_t start, size_t end) {
    if (p->is_bytes) {
        Bytes *b = bytes_new(p->vm, (const uint8_t *)p->format + start, end - start);
        return b ? value_from_object(b) : VALUE_ERROR;
    }
    const char *data = (const char *)p->format + start * (size_t)p->width;
    Str *s = str_from_ucs(p->vm, data, end - start, p->width);
    return s ? value_from_object(s) : VALUE_ERROR;
}

/* %(key): the value becomes the one argument. */
static bool read_key(Percent *p) {
    if (value_is_empty(p->mapping)) {
        error_type(p->vm, "format requires a mapping");
        return false;
    }
    size_t start = ++p->at;
    for (int depth = 1; p->at < p->length; p->at++) {
        uint32_t c = format_char(p, p->at);
        if (c == '(') depth++;
        if (c == ')' && --depth == 0) break;
    }
    if (p->at >= p->length) {
        error_value(p->vm, "incomplete format key");
        return false;
    }
    Value key = key_from_format(p, start, p->at++);
    if (value_is_error(key)) return false;
    Value found = value_get_item(p->vm, p->mapping, key);
    value_release(p->vm, key);
    if (value_is_error(found)) return false;
    value_replace_take(p->vm, &p->key_value, found);
    p->args = found;
    p->count = -1;
    p->index = -2;
    return true;
}

static void read_flags(Percent *p, Conversion *c) {
    for (; p->at < p->length; p->at++) {
        switch (format_char(p, p->at)) {
        case '-': c->left = true; break;
        case '+': c->plus = true; break;
        case ' ': c->blank = true; break;
        case '#': c->alternate = true; break;
        case '0': c->zero = true; break;
        default: return;
        }
    }
}

/* A number or '*'; *out keeps its value when there is neither. */
static bool read_number(Percent *p, int64_t *out, int64_t limit, const char *too_big) {
    if (p->at < p->length && format_char(p, p->at) == '*') {
        p->at++;
        Value v = next_argument(p);
        if (value_is_error(v)) return false;
        if (!value_is_int(v)) {
            error_type(p->vm, "* wants int");
            return false;
        }
        if (!int_to_i64(v, out) || (limit == INT_MAX && (*out > INT_MAX || *out < INT_MIN))) {
            error_raise(p->vm, EXC_OverflowError, "Python int too large to convert to C %s", limit == INT_MAX ? "int" : "ssize_t");
            return false;
        }
        return true;
    }
    int64_t n = -1;
    for (; p->at < p->length; p->at++) {
        uint32_t c = format_char(p, p->at);
        if (c < '0' || c > '9') break;
        if (n < 0) n = 0;
        if (n > (limit - (int64_t)(c - '0')) / 10) {
            error_value(p->vm, "%s", too_big);
            return false;
        }
        n = n * 10 + (int64_t)(c - '0');
    }
    if (n >= 0) *out = n;
    return true;
}

static bool read_conversion(Percent *p, Conversion *c) {
    *c = (Conversion){.width = -1, .precision = -1};
    if (p->at < p->length && format_char(p, p->at) == '(' && !read_key(p)) return false;
    read_flags(p, c);
    if (!read_number(p, &c->width, INT64_MAX, "width too big")) return false;
    if (c->width < -1) {
        c->left = true;
        c->width = -c->width;
    }
    if (p->at < p->length && format_char(p, p->at) == '.') {
        p->at++;
        c->precision = 0;
        if (!read_number(p, &c->precision, INT_MAX, "precision too big")) return false;
        if (c->precision < 0) c->precision = 0;
    }
    if (p->at < p->length) {
        uint32_t modifier = format_char(p, p->at);
        if (modifier == 'h' || modifier == 'l' || modifier == 'L') p->at++;
    }
    if (p->at >= p->length) {
        error_value(p->vm, "incomplete format");
        return false;
    }
    c->kind = format_char(p, p->at++);
    return true;
}

/* --- output --- */

static bool add_fill(Percent *p, char fill, int64_t count) {
    if (count <= 0) return true;
    if (count <= 64) {
        char text[64];
        memset(text, fill, (size_t)count);
        return builder_add_ascii(&p->out, text, (size_t)count);
    }
    Str *s = str_new(p->vm, (size_t)count, (uint32_t)fill);
    if (!s) return false;
    memset(str_bytes1(s), fill, (size_t)count);
    bool ok = builder_add_str(&p->out, s);
    release_object(p->vm, s);
    return ok;
}

/* Text of a number with sign, prefix and zeros in the right order. text: ASCII, may begin with '-', then 0x. */
static bool add_number(Percent *p, const Conversion *c, const char *text, size_t length, size_t prefix_length) {
    char sign = *text == '-' || *text == '+' ? *text : 0;
    if (sign) text++, length--;
    else if (c->plus) sign = '+';
    else if (c->blank) sign = ' ';
    int64_t total = (int64_t)length + (sign != 0);
    int64_t fill = c->width > total ? c->width - total : 0;
    bool zeros = c->zero && !c->left;
    if (!zeros && !c->left && !add_fill(p, ' ', fill)) return false;
    if (sign && !builder_add_ascii(&p->out, &sign, 1)) return false;
    if (!builder_add_ascii(&p->out, text, prefix_length)) return false;
    if (zeros && !add_fill(p, '0', fill)) return false;
    if (!builder_add_ascii(&p->out, text + prefix_length, length - prefix_length)) return false;
    return !c->left || add_fill(p, ' ', fill);
}

/* s[:precision] in a field of spaces. */
static bool add_text(Percent *p, const Conversion *c, const Str *s) {
    size_t length = s->length;
    if (c->precision >= 0 && (uint64_t)c->precision < length) length = (size_t)c->precision;
    int64_t fill = c->width > (int64_t)length ? c->width - (int64_t)length : 0;
    if (!c->left && !add_fill(p, ' ', fill)) return false;
    if (!builder_add_range(&p->out, s, 0, length)) return false;
    return !c->left || add_fill(p, ' ', fill);
}

static bool add_text_take(Percent *p, const Conversion *c, Value s) {
    bool ok = !value_is_error(s) && add_text(p, c, value_str_peek(s));
    value_release(p->vm, s);
    return ok;
}

/* --- integers --- */

/* The int that a conversion shows: index() for o, x, X, int() for d, i, u. */
static Value integer_argument(Percent *p, const Conversion *c, Value v) {
    if (value_is_int(v)) return value_retain(v);
    const TypeSlots *slots = &value_type(p->vm, v)->slots;
    bool hex = c->kind == 'o' || c->kind == 'x' || c->kind == 'X';
    bool number = slots->as_index || (!hex && (slots->as_int || slots->as_float));
    Value result = VALUE_ERROR;
    if (number) {
        result = hex ? value_index(p->vm, v) : int_from_value(p->vm, v);
        if (!value_is_error(result) || !error_clear_if(p->vm, EXC_TypeError)) return result;
    }
    return error_type(p->vm, hex ? "%%%c format: an integer is required, not %T" : "%%%c format: a real number is required, not %T",
                      p->is_bytes && c->kind == 'i' ? 'd' : (int)c->kind, v);
}

/* Zeros in front so that there are at least `precision` digits. text: sign and digits. */
static Value widen_digits(Percent *p, const Str *s, int64_t precision) {
    const char *text = str_data(s);
    size_t sign = *text == '-', digits = s->length - sign;
    Str *wide = str_new(p->vm, sign + (size_t)precision, 127);
    if (!wide) return VALUE_ERROR;
    char *out = str_data(wide);
    if (sign) *out++ = '-';
    memset(out, '0', (size_t)precision - digits);
    memcpy(out + ((size_t)precision - digits), text + sign, digits);
    return value_from_object(wide);
}

/* Inserts the prefix of '#' behind the sign and hands the number on. */
static bool add_integer_text(Percent *p, const Conversion *c, const Str *s, const char *prefix) {
    if (!*prefix && c->kind != 'X') return add_number(p, c, str_data(s), s->length, 0);
    size_t prefix_length = strlen(prefix), size = s->length + prefix_length + 1;
    char *text = heap_alloc(&p->vm->heap, size), *out = text;
    if (!text) {
        error_no_memory(p->vm);
        return false;
    }
    const char *from = str_data(s), *end = from + s->length;
    if (*from == '-') *out++ = *from++;
    for (; *prefix; prefix++) *out++ = *prefix;
    for (; from < end; from++) *out++ = c->kind == 'X' && *from >= 'a' ? (char)(*from - 32) : *from;
    bool ok = add_number(p, c, text, (size_t)(out - text), prefix_length);
    heap_free(&p->vm->heap, text, size);
    return ok;
}

static bool convert_integer(Percent *p, const Conversion *c, Value v) {
    Value number = integer_argument(p, c, v);
    if (value_is_error(number)) return false;
    int base = c->kind == 'o' ? 8 : c->kind == 'x' || c->kind == 'X' ? 16 : 10;
    const char *prefix = !c->alternate ? "" : c->kind == 'o' ? "0o" : c->kind == 'x' ? "0x" : c->kind == 'X' ? "0X" : "";
    Value text = int_to_str(p->vm, number, base, false);
    int sign = int_sign(number) < 0;
    value_release(p->vm, number);
    if (!value_is_error(text) && c->precision > (int64_t)value_str_peek(text)->length - sign) {
        Value wide = widen_digits(p, value_str_peek(text), c->precision);
        value_release(p->vm, text);
        text = wide;
    }
    bool ok = !value_is_error(text) && add_integer_text(p, c, value_str_peek(text), prefix);
    value_release(p->vm, text);
    return ok;
}

/* --- floats, characters, objects --- */

static bool convert_float(Percent *p, const Conversion *c, Value v) {
    double d;
    if (!value_as_double(p->vm, v, &d)) {
        if (p->is_bytes && error_clear_if(p->vm, EXC_TypeError)) error_type(p->vm, "float argument required, not %T", v);
        return false;
    }
    FloatText text;
    unsigned flags = c->alternate ? FLOAT_TEXT_ALTERNATE : 0;
    if (!float_text_make(p->vm, &text, d, (char)c->kind, c->precision < 0 ? 6 : c->precision, flags)) return false;
    bool ok = add_number(p, c, text.text, text.length, 0);
    float_text_drop(p->vm, &text);
    return ok;
}

/* The one character that v stands for as text or bytes; -1: it is something else; -2: error. */
static int64_t character_of_text(Percent *p, Value v) {
    if (!p->is_bytes) return value_is_str(v) ? (value_str_peek(v)->length == 1 ? (int64_t)str_at(value_str_peek(v), 0) : -2) : -1;
    if (value_is_bytes(v)) return value_bytes(v)->length == 1 ? value_bytes(v)->data[0] : -2;
    if (value_is_bytearray(v)) return value_bytearray(v)->length == 1 ? value_bytearray(v)->data[0] : -2;
    return -1;
}

static bool error_character(Percent *p) {
    error_type(p->vm, p->is_bytes ? "%%c requires an integer in range(256) or a single byte" : "%%c requires int or char");
    return false;
}

static bool convert_character(Percent *p, Conversion *c, Value v) {
    int64_t character = character_of_text(p, v);
    if (character == -2) return error_character(p);
    if (character == -1) {
        if (!value_is_int(v) && !value_type(p->vm, v)->slots.as_index) return error_character(p);
        Value index = value_index(p->vm, v);
        if (value_is_error(index)) return error_clear_if(p->vm, EXC_TypeError) && error_character(p);
        if (!int_to_i64(index, &character)) character = -1;
        value_release(p->vm, index);
        if (character < 0 || character > (p->is_bytes ? 255 : 0x10ffff)) {
            error_raise(p->vm, EXC_OverflowError, p->is_bytes ? "%%c arg not in range(256)" : "%%c arg not in range(0x110000)");
            return false;
        }
    }
    c->precision = -1;
    Str *s = str_from_char(p->vm, (uint32_t)character);
    return s && add_text_take(p, c, value_from_object(s));
}

/* Bytes as a text of the same codes. */
static Value text_from_bytes(Vm *vm, const uint8_t *data, size_t length) {
    Str *s = str_from_ucs(vm, data, length, 1);
    return s ? value_from_object(s) : VALUE_ERROR;
}

/* %s and %b of bytes: a buffer, or what __bytes__ gives. */
static Value text_of_bytes_like(Percent *p, Value v) {
    Vm *vm = p->vm;
    if (value_is_bytes(v)) return text_from_bytes(vm, value_bytes(v)->data, value_bytes(v)->length);
    if (value_type(vm, v)->slots.get_buffer) {
        Buffer buffer;
        if (!buffer_get(vm, v, &buffer, false)) return VALUE_ERROR;
        Value text = text_from_bytes(vm, buffer.data, buffer.length);
        buffer_release(vm, &buffer);
        return text;
    }
    Value method = value_special(vm, v, NAME(vm, __bytes__));
    if (value_is_error(method)) return VALUE_ERROR;
    if (value_is_empty(method)) {
        return error_type(vm, "%%b requires a bytes-like object, or an object that implements __bytes__, not '%T'", v);
    }
    Value bytes = value_call0(vm, method), text = VALUE_ERROR;
    value_release(vm, method);
    if (value_is_error(bytes)) return VALUE_ERROR;
    if (value_is_bytes(bytes)) text = text_from_bytes(vm, value_bytes(bytes)->data, value_bytes(bytes)->length);
    else error_type(vm, "__bytes__ returned non-bytes (type %T)", bytes);
    value_release(vm, bytes);
    return text;
}

static bool error_conversion(Percent *p, const Conversion *c) {
    char shown = c->kind > 31 && c->kind < 127 ? (char)c->kind : '?';
    error_value(p->vm, "unsupported format character '%c' (0x%x) at index %zu", shown, c->kind, p->at - 1);
    return false;
}

static bool convert(Percent *p, Conversion *c, Value v) {
    Vm *vm = p->vm;
    switch (c->kind) {
    case 's':
        return add_text_take(p, c, p->is_bytes ? text_of_bytes_like(p, v) : value_str(vm, v));
    case 'b':
        return p->is_bytes ? add_text_take(p, c, text_of_bytes_like(p, v)) : error_conversion(p, c);
    case 'r':
        return add_text_take(p, c, p->is_bytes ? value_ascii(vm, v) : value_repr(vm, v));
    case 'a': return add_text_take(p, c, value_ascii(vm, v));
    case 'd':
    case 'i':
    case 'u':
    case 'o':
    case 'x':
    case 'X': return convert_integer(p, c, v);
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G': return convert_float(p, c, v);
    case 'c': return convert_character(p, c, v);
    default: return error_conversion(p, c);
    }
}

/* --- the engine --- */

static bool add_literal(Percent *p) {
    size_t start = p->at;
    while (p->at < p->length && format_char(p, p->at) != '%') p->at++;
    if (p->at == start) return true;
    const char *data = (const char *)p->format + start * (size_t)p->width;
    Str *s = str_from_ucs(p->vm, data, p->at - start, p->width);
    bool ok = s && builder_add_str(&p->out, s);
    release_object(p->vm, s);
    return ok;
}

static bool run(Percent *p) {
    while (p->at < p->length) {
        if (format_char(p, p->at) != '%') {
            if (!add_literal(p)) return false;
            continue;
        }
        p->at++;
        if (p->at < p->length && format_char(p, p->at) == '%') {
            p->at++;
            if (!builder_add_char(&p->out, '%')) return false;
            continue;
        }
        Conversion c;
        if (!read_conversion(p, &c)) return false;
        Value v = next_argument(p);
        if (value_is_error(v)) return false;
        value_retain(v); /* script code called by the conversion may drop it */
        bool ok = convert(p, &c, v);
        value_release(p->vm, v);
        if (!ok) return false;
    }
    if (p->index < p->count && value_is_empty(p->mapping)) {
        error_type(p->vm, "not all arguments converted during %s formatting", p->is_bytes ? "bytes" : "string");
        return false;
    }
    return true;
}

/* The text made, or VALUE_ERROR. p holds vm, format, width, is_bytes, length. */
static Value percent_run(Percent *p, Value args) {
    Vm *vm = p->vm;
    bool is_tuple = value_is_tuple(args);
    p->args = args;
    p->count = is_tuple ? (int64_t)value_tuple(args)->count : -1;
    p->index = is_tuple ? 0 : -2;
    bool text_like = p->is_bytes ? value_is_bytes(args) || value_is_bytearray(args) || value_is_str(args) : value_is_str(args);
    p->mapping = !is_tuple && !text_like && value_type(vm, args)->slots.get_item ? args : VALUE_EMPTY;
    p->key_value = VALUE_EMPTY;
    p->at = 0;
    builder_init(&p->out, vm);
    bool ok = run(p);
    value_release(vm, p->key_value);
    if (ok) return builder_finish(&p->out);
    builder_drop(&p->out);
    return VALUE_ERROR;
}

Value str_percent(Vm *vm, Str *format, Value args) {
    Percent p = {.vm = vm, .format = str_data(format), .width = format->width, .length = format->length};
    return percent_run(&p, args);
}

Value bytes_percent(Vm *vm, Value format, Value args) {
    Buffer buffer;
    if (!buffer_get(vm, format, &buffer, false)) return VALUE_ERROR;
    Percent p = {.vm = vm, .format = buffer.data, .width = 1, .is_bytes = true, .length = buffer.length};
    Value text = percent_run(&p, args);
    buffer_release(vm, &buffer);
    if (value_is_error(text)) return VALUE_ERROR;
    Str *s = value_str_peek(text);
    Value result;
    if (value_is_bytearray(format)) {
        result = bytearray_new(vm, str_bytes1(s), s->length);
    } else {
        Bytes *b = bytes_new(vm, str_bytes1(s), s->length);
        result = b ? value_from_object(b) : VALUE_ERROR;
    }
    value_release(vm, text);
    return result;
}
