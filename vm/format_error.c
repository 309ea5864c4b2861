/* Text from a printf-like format with the extensions that vm/error.h lists.
 *
 * Numbers and floats go through snprintf piece by piece; texts are added to the builder as they are, cut to the precision where one is given
 * (in characters for %U %S %V, in bytes for %s, never inside a character). To add a conversion: a case in
 * format_object or format_number.
 */
#include "vm/format_error.h"

#include <inttypes.h>
#include <stdio.h>

#include "vm/error.h"
#include "vm/ops.h"
#include "vm/vm.h"

/* One conversion: %[flags][width][.precision][length]kind. */
typedef struct Conversion {
    char flags[24];     /* the text from '%' up to the kind, '*' replaced by its number */
    size_t length;
    int precision;      /* -1: none */
    char size;          /* 0, 'l', 'L' (ll), 'z' */
    char kind;
} Conversion;

static void conversion_add(Conversion *c, const char *text, size_t length) {
    if (c->length + length >= sizeof c->flags - 4) return;
    memcpy(c->flags + c->length, text, length);
    c->length += length;
}

/* Reads a conversion behind '%'; returns what follows its kind. The list is passed by a struct so that it moves on. */
typedef struct Arguments {
    va_list list;
} Arguments;

static const char *conversion_read(Conversion *c, const char *p, Arguments *args) {
    *c = (Conversion){.precision = -1};
    conversion_add(c, "%", 1);
    while (*p && strchr("-+ #0123456789", *p)) conversion_add(c, p++, 1);
    if (*p == '.') {
        char number[16];
        c->precision = 0;
        p++;
        if (*p == '*') {
            c->precision = va_arg(args->list, int);
            p++;
        }
        while (*p >= '0' && *p <= '9') c->precision = c->precision * 10 + (*p++ - '0');
        conversion_add(c, number, (size_t)snprintf(number, sizeof number, ".%d", c->precision));
    }
    while (*p == 'l' || *p == 'z') {
        c->size = *p == 'z' ? 'z' : c->size == 'l' ? 'L' : 'l';
        conversion_add(c, p++, 1);
    }
    c->kind = *p;
    conversion_add(c, p, 1);
    c->flags[c->length] = 0;
    return *p ? p + 1 : p;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the flags were read from a literal format */
static void format_number(StrBuilder *b, const Conversion *c, Arguments *args) {
    char text[400];
    int n;
    if (strchr("eEfFgG", c->kind)) n = snprintf(text, sizeof text, c->flags, va_arg(args->list, double));
    else if (c->size == 'L') n = snprintf(text, sizeof text, c->flags, va_arg(args->list, long long));
    else if (c->size) n = snprintf(text, sizeof text, c->flags, va_arg(args->list, long));
    else n = snprintf(text, sizeof text, c->flags, va_arg(args->list, int));
    builder_add_ascii(b, text, n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}
#pragma GCC diagnostic pop

static void format_bytes(StrBuilder *b, const Conversion *c, const char *text) {
    size_t length = !text ? 0 : c->precision < 0 ? strlen(text) : strnlen(text, (size_t)c->precision);
    if (c->precision >= 0 && length == (size_t)c->precision) {
        while (length > 0 && ((uint8_t)text[length] & 0xc0) == 0x80) length--;
    }
    if (length) builder_add_utf8(b, text, length);
}

static void format_pointer(StrBuilder *b, const void *p) {
    char text[24];
    builder_add_ascii(b, text, (size_t)snprintf(text, sizeof text, "0x%" PRIxPTR, (uintptr_t)p));
}

static void format_str(StrBuilder *b, const Conversion *c, const Str *s) {
    if (!s) return;
    if (c->precision >= 0 && (size_t)c->precision < s->length) builder_add_range(b, s, 0, (size_t)c->precision);
    else builder_add_str(b, s);
}

/* repr(v) or str(v); a failure sticks to the builder. */
static bool format_value(Vm *vm, StrBuilder *b, const Conversion *c, Value v) {
    Value text = c->kind == 'V' ? value_repr(vm, v) : value_str(vm, v);
    if (value_is_error(text)) return false;
    format_str(b, c, value_str_peek(text));
    value_release(vm, text);
    return true;
}

static bool format_one(Vm *vm, StrBuilder *b, const Conversion *c, Arguments *args) {
    switch (c->kind) {
    case 's': format_bytes(b, c, va_arg(args->list, const char *)); return true;
    case 'c': builder_add_char(b, (uint32_t)va_arg(args->list, int)); return true;
    case 'U': format_str(b, c, va_arg(args->list, const Str *)); return true;
    case 'p': format_pointer(b, va_arg(args->list, void *)); return true;
    case 'V':
    case 'S': return format_value(vm, b, c, va_arg(args->list, Value));
    case 'T': format_bytes(b, c, value_type_name(vm, va_arg(args->list, Value))); return true;
    case 'N': format_bytes(b, c, type_name(va_arg(args->list, const Type *))); return true;
    case '%': builder_add_char(b, '%'); return true;
    case 0: return true;
    default: format_number(b, c, args); return true;
    }
}

Value str_format_list(Vm *vm, const char *format, va_list args) {
    StrBuilder b;
    Arguments arguments;
    bool ok = true;
    builder_init(&b, vm);
    va_copy(arguments.list, args);
    while (ok && *format) {
        const char *percent = strchrnul(format, '%');
        if (percent != format) builder_add_utf8(&b, format, (size_t)(percent - format));
        format = percent;
        if (!*format) break;
        Conversion c;
        format = conversion_read(&c, format + 1, &arguments);
        ok = format_one(vm, &b, &c, &arguments);
    }
    va_end(arguments.list);
    if (ok) return builder_finish(&b);
    builder_drop(&b);
    return VALUE_ERROR;
}

Value str_format(Vm *vm, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Value text = str_format_list(vm, format, args);
    va_end(args);
    return text;
}
