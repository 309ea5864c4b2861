/* str: methods that take texts apart and put them together: split, partition, splitlines, strip, join. */
#include "vm/types/str_internal.h"

#include "vm/ops.h"
#include "vm/types/list.h"
#include "vm/types/sequence.h"
#include "vm/types/tuple.h"

/* Adds s[start:end] to the list. */
static bool add_part(Vm *vm, List *parts, Str *s, size_t start, size_t end) {
    Str *part = str_substring(vm, s, start, end);
    return part && list_append_take(vm, parts, value_from_object(part));
}

static Value finish_parts(Vm *vm, List *parts, bool ok) {
    if (ok) return value_from_object(parts);
    release_object(vm, parts);
    return VALUE_ERROR;
}

static void reverse_parts(List *parts) {
    for (size_t i = 0, j = parts->count; i + 1 < j; i++) {
        Value v = parts->items[i];
        parts->items[i] = parts->items[--j];
        parts->items[j] = v;
    }
}

/* --- split --- */

static inline bool is_space_at(const Str *s, size_t i) {
    uint32_t c = str_at(s, i);
    return c > ' ' && c < 0x80 ? false : char_is_space(c);
}

static bool split_spaces(Vm *vm, List *parts, Str *s, size_t most) {
    size_t i = 0, length = s->length;
    for (;;) {
        while (i < length && is_space_at(s, i)) i++;
        if (i == length) return true;
        if (most-- == 0) break;
        size_t start = i++;
        while (i < length && !is_space_at(s, i)) i++;
        if (!add_part(vm, parts, s, start, i)) return false;
    }
    return add_part(vm, parts, s, i, length); /* the rest, with the spaces behind it */
}

static bool rsplit_spaces(Vm *vm, List *parts, Str *s, size_t most) {
    size_t i = s->length;
    for (;;) {
        while (i > 0 && is_space_at(s, i - 1)) i--;
        if (i == 0) return true;
        if (most-- == 0) break;
        size_t end = i--;
        while (i > 0 && !is_space_at(s, i - 1)) i--;
        if (!add_part(vm, parts, s, i, end)) return false;
    }
    return add_part(vm, parts, s, 0, i); /* the rest, with the spaces before it */
}

static bool split_at(Vm *vm, List *parts, Str *s, const Str *separator, size_t most) {
    size_t start = 0;
    while (most-- > 0) {
        int64_t at = str_find(s, separator, start, s->length, false);
        if (at < 0) break;
        if (!add_part(vm, parts, s, start, (size_t)at)) return false;
        start = (size_t)at + separator->length;
    }
    return add_part(vm, parts, s, start, s->length);
}

static bool rsplit_at(Vm *vm, List *parts, Str *s, const Str *separator, size_t most) {
    size_t end = s->length;
    while (most-- > 0) {
        int64_t at = str_find(s, separator, 0, end, true);
        if (at < 0) break;
        if (!add_part(vm, parts, s, (size_t)at + separator->length, end)) return false;
        end = (size_t)at;
    }
    return add_part(vm, parts, s, 0, end);
}

static Value split_with(Vm *vm, Value *args, bool backwards) {
    Str *s = value_str_peek(args[0]), *separator = NULL;
    int64_t most = -1;
    if (!value_is_empty(args[2]) && !sequence_size_argument(vm, args[2], &most)) return VALUE_ERROR;
    if (!value_is_empty(args[1]) && !value_is_none(args[1])) {
        if (!value_is_str(args[1])) return error_type(vm, "must be str or None, not %T", args[1]);
        separator = value_str_peek(args[1]);
        if (separator->length == 0) return error_value(vm, "empty separator");
    }
    List *parts = list_new(vm, 0);
    size_t limit = most < 0 ? SIZE_MAX : (size_t)most;
    bool ok;
    if (!parts) return VALUE_ERROR;
    if (separator) ok = backwards ? rsplit_at(vm, parts, s, separator, limit) : split_at(vm, parts, s, separator, limit);
    else ok = backwards ? rsplit_spaces(vm, parts, s, limit) : split_spaces(vm, parts, s, limit);
    if (ok && backwards) reverse_parts(parts);
    return finish_parts(vm, parts, ok);
}

Value str_method_split(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return split_with(vm, args, false);
}
Value str_method_rsplit(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return split_with(vm, args, true);
}

Value str_method_splitlines(Vm *vm, Value *args, int nargs) {
    Str *s = value_str_peek(args[0]);
    int keep_ends = value_is_empty(args[1]) ? 0 : value_truth(vm, args[1]);
    (void)nargs;
    List *lines = keep_ends < 0 ? NULL : list_new(vm, 0);
    if (!lines) return VALUE_ERROR;
    bool ok = true;
    for (size_t i = 0, start = 0; ok && i < s->length; start = i) {
        while (i < s->length && !char_is_line_break(str_at(s, i))) i++;
        size_t end = i;
        if (i < s->length) i += str_at(s, i) == '\r' && i + 1 < s->length && str_at(s, i + 1) == '\n' ? 2 : 1;
        ok = add_part(vm, lines, s, start, keep_ends ? i : end);
    }
    return finish_parts(vm, lines, ok);
}

/* --- partition --- */

/* (s[:at], separator, s[at + its length:]) */
static Value parts_at(Vm *vm, Str *s, Value separator, size_t at) {
    Value before = str_value(str_substring(vm, s, 0, at));
    Value after = str_value(str_substring(vm, s, at + value_str_peek(separator)->length, s->length));
    return sequence_pack_take(vm, 3, before, value_retain(separator), after);
}

static Value partition(Vm *vm, Value *args, bool backwards) {
    Str *s = value_str_peek(args[0]);
    if (!value_is_str(args[1])) return error_type(vm, "must be str, not %T", args[1]);
    const Str *separator = value_str_peek(args[1]);
    if (separator->length == 0) return error_value(vm, "empty separator");
    int64_t at = str_find(s, separator, 0, s->length, backwards);
    if (at >= 0) return parts_at(vm, s, args[1], (size_t)at);
    Value whole = value_retain(args[0]), none = str_value(str_new(vm, 0, 0)), other = value_retain(none);
    return backwards ? sequence_pack_take(vm, 3, none, other, whole) : sequence_pack_take(vm, 3, whole, none, other);
}

Value str_method_partition(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return partition(vm, args, false);
}
Value str_method_rpartition(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return partition(vm, args, true);
}

/* --- strip --- */

static bool is_stripped(uint32_t c, const Str *chars) {
    return chars ? text_find_char(str_span(chars), c) >= 0 : char_is_space(c);
}

static Value strip(Vm *vm, Value *args, const char *function, bool left, bool right) {
    Str *s = value_str_peek(args[0]), *chars = NULL;
    size_t start = 0, end = s->length;
    if (!value_is_empty(args[1]) && !value_is_none(args[1])) {
        if (!value_is_str(args[1])) return error_type(vm, "%s arg must be None or str", function);
        chars = value_str_peek(args[1]);
    }
    while (left && start < end && is_stripped(str_at(s, start), chars)) start++;
    while (right && end > start && is_stripped(str_at(s, end - 1), chars)) end--;
    return str_value(str_substring(vm, s, start, end));
}

Value str_method_strip(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return strip(vm, args, "strip", true, true);
}
Value str_method_lstrip(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return strip(vm, args, "lstrip", true, false);
}
Value str_method_rstrip(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return strip(vm, args, "rstrip", false, true);
}

/* --- join --- */

/* All items are Strs; their total length with separators between them. */
static bool measure_items(Vm *vm, const Value *items, size_t count, const Str *separator, size_t *length, uint32_t *max_char) {
    *length = 0;
    *max_char = count > 1 ? str_max_char(separator) : 0;
    for (size_t i = 0; i < count; i++) {
        if (!value_is_str(items[i])) {
            error_type(vm, "sequence item %zu: expected str instance, %T found", i, items[i]);
            return false;
        }
        const Str *s = value_str_peek(items[i]);
        *length += s->length + (i ? separator->length : 0);
        *max_char |= str_max_char(s);
        if (*length > (size_t)PTRDIFF_MAX) {
            error_raise(vm, EXC_OverflowError, "join() result is too long for a Python string");
            return false;
        }
    }
    return true;
}

static Str *join(Vm *vm, Str *separator, const Value *items, size_t count) {
    size_t length;
    uint32_t max_char;
    if (!measure_items(vm, items, count, separator, &length, &max_char)) return NULL;
    if (count == 1) return str_exact(vm, value_str_peek(items[0]));
    Str *joined = str_new(vm, length, max_char);
    if (!joined || length == 0) return joined;
    char *out = str_data(joined);
    int width = joined->width;
    for (size_t i = 0; i < count; i++) {
        const Str *s = value_str_peek(items[i]);
        if (i && separator->length) {
            text_copy(out, width, str_data(separator), separator->width, separator->length);
            out += separator->length * (size_t)width;
        }
        text_copy(out, width, str_data(s), s->width, s->length);
        out += s->length * (size_t)width;
    }
    return joined;
}

Value str_method_join(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    size_t count;
    Value sequence = sequence_fast(vm, args[1], "can only join an iterable");
    if (value_is_error(sequence)) return VALUE_ERROR;
    const Value *items = sequence_items(sequence, &count);
    Value joined = str_value(join(vm, value_str_peek(args[0]), items, count));
    value_release(vm, sequence);
    return joined;
}
