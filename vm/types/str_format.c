/* str.format and str.format_map: replacement fields with names, attributes, indices, conversions and nested specs.
 *
 *     field: "{" [name ("." attribute | "[" index "]")*] ["!" conversion] [":" spec] "}"
 *
 * The format is read in place: ranges of positions in one Str, no copies but for keys and attribute names. A spec with
 * fields of its own is formatted first, one level deep, with the same numbering.
 */
#include "vm/types/format.h"

#include "vm/ops.h"
#include "vm/types/int.h"
#include "vm/types/str.h"
#include "vm/vm.h"

#define NESTING_MAX 2

typedef enum Numbering { NUMBERING_OPEN, NUMBERING_AUTO, NUMBERING_MANUAL } Numbering;

/* One call of format: its arguments and how fields have been numbered so far. */
typedef struct FormatCall {
    Vm *vm;
    const Value *args; /* NULL: format_map */
    int64_t arg_count;
    Value mapping; /* of keyword arguments; VALUE_EMPTY: none */
    Numbering numbering;
    int64_t next_index;
} FormatCall;

typedef struct Span {
    size_t start, end;
} Span;

typedef struct Field {
    Span name, spec;
    uint32_t conversion; /* 0: none */
    bool nested;         /* the spec has fields */
} Field;

static bool fail(Vm *vm, const char *message) {
    error_value(vm, "%s", message);
    return false;
}

/* The number that the characters are; -1: they are none; -2: too large, ValueError. */
static int64_t span_number(Vm *vm, const Str *s, Span span) {
    if (span.start >= span.end) return -1;
    int64_t n = 0;
    for (size_t i = span.start; i < span.end; i++) {
        int digit = char_decimal_value(str_at(s, i));
        if (digit < 0) return -1;
        if (n > (INT64_MAX - digit) / 10) {
            error_value(vm, "Too many decimal digits in format string");
            return -2;
        }
        n = n * 10 + digit;
    }
    return n;
}

/* --- which object a field names --- */

/* Fields are numbered all by hand or all automatically. *index -1 and empty: the next one. */
static bool number_field(FormatCall *call, bool is_empty, int64_t *index) {
    Numbering kind = is_empty ? NUMBERING_AUTO : NUMBERING_MANUAL;
    if (!is_empty && *index < 0) return true; /* a keyword */
    if (call->numbering == NUMBERING_OPEN) call->numbering = kind;
    if (call->numbering != kind) {
        return fail(call->vm, kind == NUMBERING_AUTO
                                  ? "cannot switch from manual field specification to automatic field numbering"
                                  : "cannot switch from automatic field numbering to manual field specification");
    }
    if (is_empty) *index = call->next_index++;
    return true;
}

static Value argument_at(FormatCall *call, int64_t index) {
    if (!call->args) return error_value(call->vm, "Format string contains positional fields");
    if (index >= call->arg_count) {
        return error_raise(call->vm, EXC_IndexError, "Replacement index %lld out of range for positional args tuple",
                           (long long)index);
    }
    return value_retain(call->args[index]);
}

static Value argument_named(FormatCall *call, const Str *s, Span name) {
    Str *key = str_substring(call->vm, (Str *)s, name.start, name.end);
    if (!key) return VALUE_ERROR;
    Value v;
    if (value_is_empty(call->mapping)) v = error_key(call->vm, value_from_object(key));
    else v = value_get_item(call->vm, call->mapping, value_from_object(key));
    release_object(call->vm, key);
    return v;
}

static Value first_object(FormatCall *call, const Str *s, Span name) {
    int64_t index = span_number(call->vm, s, name);
    if (index == -2 || !number_field(call, name.start == name.end, &index)) return VALUE_ERROR;
    return index >= 0 ? argument_at(call, index) : argument_named(call, s, name);
}

/* v.name or v[name]. */
static Value step_into(FormatCall *call, Value v, const Str *s, Span name, bool is_item) {
    Vm *vm = call->vm;
    int64_t index = is_item ? span_number(vm, s, name) : -1;
    if (index == -2) return VALUE_ERROR;
    if (index >= 0) {
        Value key = int_from_i64(vm, index);
        Value item = value_is_error(key) ? VALUE_ERROR : value_get_item(vm, v, key);
        value_release(vm, key);
        return item;
    }
    Str *key = str_substring(vm, (Str *)s, name.start, name.end);
    if (key && !is_item) key = str_intern_take(vm, key);
    if (!key) return VALUE_ERROR;
    Value result = is_item ? value_get_item(vm, v, value_from_object(key)) : value_get_attr(vm, v, key);
    release_object(vm, key);
    return result;
}

/* Where the name that starts at `at` ends: at ']' of an index, or before the next '.' or '['. */
static size_t accessor_end(const Str *s, size_t at, size_t end, bool is_item) {
    for (; at < end; at++) {
        uint32_t c = str_at(s, at);
        if (is_item ? c == ']' : c == '.' || c == '[') break;
    }
    return at;
}

/* The object of "name.attribute[index]...". New. */
static Value field_object(FormatCall *call, const Str *s, Span name) {
    size_t at = accessor_end(s, name.start, name.end, false);
    Value v = first_object(call, s, (Span){name.start, at});
    while (at < name.end && !value_is_error(v)) {
        uint32_t opener = str_at(s, at++);
        bool is_item = opener == '[';
        size_t end = accessor_end(s, at, name.end, is_item);
        Value next = VALUE_ERROR;
        if (!is_item && opener != '.') fail(call->vm, "Only '.' or '[' may follow ']' in format field specifier");
        else if (is_item && end == name.end) fail(call->vm, "Missing ']' in format string");
        else if (at == end) fail(call->vm, "Empty attribute in format string");
        else next = step_into(call, v, s, (Span){at, end}, is_item);
        value_replace_take(call->vm, &v, next);
        at = end + is_item;
    }
    return v;
}

/* --- reading a field --- */

/* The name, up to '}', ':' or '!'. *stop is that character, or the last one read. */
static bool read_name(Vm *vm, const Str *s, size_t *at, size_t end, Field *field, uint32_t *stop) {
    field->name.start = *at;
    uint32_t c = 0;
    while (*at < end) {
        c = str_at(s, (*at)++);
        if (c == '{') return fail(vm, "unexpected '{' in field name");
        if (c == '[') {
            while (*at < end && str_at(s, *at) != ']') (*at)++;
        } else if (c == '}' || c == ':' || c == '!') {
            break;
        }
    }
    field->name.end = *at - (c == '}' || c == ':' || c == '!');
    *stop = c;
    return true;
}

/* The spec, up to the '}' that ends the field. */
static bool read_spec(Vm *vm, const Str *s, size_t *at, size_t end, Field *field) {
    field->spec.start = *at;
    for (int depth = 1; *at < end;) {
        uint32_t c = str_at(s, (*at)++);
        if (c == '{') {
            field->nested = true;
            depth++;
        } else if (c == '}' && --depth == 0) {
            field->spec.end = *at - 1;
            return true;
        }
    }
    return fail(vm, "unmatched '{' in format spec");
}

/* The field behind '{', through its '}'. */
static bool read_field(Vm *vm, const Str *s, size_t *at, size_t end, Field *field) {
    uint32_t stop;
    *field = (Field){0};
    if (!read_name(vm, s, at, end, field, &stop)) return false;
    if (stop == '}') return true;
    if (stop == '!') {
        if (*at >= end) return fail(vm, "end of string while looking for conversion specifier");
        field->conversion = str_at(s, (*at)++);
        if (*at < end) {
            uint32_t c = str_at(s, (*at)++);
            if (c == '}') return true;
            if (c != ':') return fail(vm, "expected ':' after conversion specifier");
        }
    } else if (stop != ':') {
        return fail(vm, "expected '}' before end of string");
    }
    return read_spec(vm, s, at, end, field);
}

/* --- output --- */

static Value convert_take(Vm *vm, Value v, uint32_t conversion) {
    Value result;
    if (!conversion || value_is_error(v)) return v;
    if (conversion == 'r') result = value_repr(vm, v);
    else if (conversion == 's') result = value_str(vm, v);
    else if (conversion == 'a') result = value_ascii(vm, v);
    else if (conversion > 32 && conversion < 127) result = error_value(vm, "Unknown conversion specifier %c", (int)conversion);
    else result = error_value(vm, "Unknown conversion specifier \\x%x", conversion);
    value_release(vm, v);
    return result;
}

static bool format_span(FormatCall *call, StrBuilder *b, const Str *s, Span span, int depth);

/* The spec of a field, its own fields filled in. New; NULL: error. */
static Str *field_spec(FormatCall *call, const Str *s, const Field *field, int depth) {
    if (!field->nested) return str_substring(call->vm, (Str *)s, field->spec.start, field->spec.end);
    StrBuilder b;
    builder_init(&b, call->vm);
    if (!format_span(call, &b, s, field->spec, depth - 1)) {
        builder_drop(&b);
        return NULL;
    }
    Value spec = builder_finish(&b);
    return value_is_error(spec) ? NULL : value_str_peek(spec);
}

static bool add_field(FormatCall *call, StrBuilder *b, const Str *s, const Field *field, int depth) {
    Vm *vm = call->vm;
    Value v = convert_take(vm, field_object(call, s, field->name), field->conversion);
    if (value_is_error(v)) return false;
    bool ok = false;
    if (field->spec.start == field->spec.end && value_is_exact(v, LAYOUT_STR)) {
        ok = builder_add_str(b, value_str_peek(v));
    } else {
        Str *spec = field_spec(call, s, field, depth);
        Value text = spec ? value_format(vm, v, spec) : VALUE_ERROR;
        ok = !value_is_error(text) && builder_add_str(b, value_str_peek(text));
        value_release(vm, text);
        release_object(vm, spec);
    }
    value_release(vm, v);
    return ok;
}

/* Text up to the next field; "{{" and "}}" are one brace. *at is then behind a '{', or at the end. */
static bool add_literal(Vm *vm, StrBuilder *b, const Str *s, size_t *at, size_t end) {
    size_t start = *at;
    while (*at < end) {
        uint32_t c = str_at(s, (*at)++);
        if (c != '{' && c != '}') continue;
        if (*at < end && str_at(s, *at) == c) {
            if (!builder_add_range(b, s, start, *at)) return false;
            start = ++*at;
        } else if (c == '}') {
            return fail(vm, "Single '}' encountered in format string");
        } else if (*at == end) {
            return fail(vm, "Single '{' encountered in format string");
        } else {
            return builder_add_range(b, s, start, *at - 1);
        }
    }
    return builder_add_range(b, s, start, end);
}

static bool format_span(FormatCall *call, StrBuilder *b, const Str *s, Span span, int depth) {
    if (depth < 1) return fail(call->vm, "Max string recursion exceeded");
    size_t at = span.start;
    while (at < span.end) {
        if (!add_literal(call->vm, b, s, &at, span.end)) return false;
        if (at == span.end) break;
        Field field;
        if (!read_field(call->vm, s, &at, span.end, &field)) return false;
        if (!add_field(call, b, s, &field, depth)) return false;
    }
    return true;
}

static Value format_run(FormatCall *call, const Str *s) {
    StrBuilder b;
    builder_init(&b, call->vm);
    if (format_span(call, &b, s, (Span){0, s->length}, NESTING_MAX)) return builder_finish(&b);
    builder_drop(&b);
    return VALUE_ERROR;
}

Value str_format_method(Vm *vm, Value *args, int nargs) {
    FormatCall call = {.vm = vm, .args = args + 1, .arg_count = nargs - 1, .mapping = args[nargs]};
    return format_run(&call, value_str_peek(args[0]));
}

Value str_format_map_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    FormatCall call = {.vm = vm, .mapping = args[1]};
    return format_run(&call, value_str_peek(args[0]));
}
