/* bytes and bytearray: methods that take them apart and put them together. Results are of self's kind. */
#include "vm/types/bytes_internal.h"

#include "vm/ops.h"
#include "vm/types/list.h"
#include "vm/types/sequence.h"

static bool is_space(uint8_t c) { return c == ' ' || (c >= 9 && c <= 13); }

static bool add_part(Vm *vm, List *parts, Value self, size_t start, size_t end) {
    Value part = bytes_part(vm, self, start, end);
    return !value_is_error(part) && list_append_take(vm, parts, part);
}

static Value finish_parts(Vm *vm, List *parts, bool ok) {
    if (ok) return value_from_object(parts);
    release_object(vm, parts);
    return VALUE_ERROR;
}

/* --- split --- */

static bool split_spaces(Vm *vm, List *parts, Value self, size_t most) {
    TextSpan t = bytes_span(self);
    const uint8_t *data = t.data;
    for (size_t i = 0, start;;) {
        while (i < t.length && is_space(data[i])) i++;
        if (i == t.length) return true;
        if (most-- == 0) return add_part(vm, parts, self, i, t.length);
        start = i;
        while (i < t.length && !is_space(data[i])) i++;
        if (!add_part(vm, parts, self, start, i)) return false;
    }
}

static bool rsplit_spaces(Vm *vm, List *parts, Value self, size_t most) {
    TextSpan t = bytes_span(self);
    const uint8_t *data = t.data;
    for (size_t i = t.length, end;;) {
        while (i > 0 && is_space(data[i - 1])) i--;
        if (i == 0) return true;
        if (most-- == 0) return add_part(vm, parts, self, 0, i);
        end = i;
        while (i > 0 && !is_space(data[i - 1])) i--;
        if (!add_part(vm, parts, self, i, end)) return false;
    }
}

static bool split_at(Vm *vm, List *parts, Value self, TextSpan separator, size_t most) {
    TextSpan t = bytes_span(self);
    size_t start = 0;
    while (most-- > 0) {
        int64_t at = text_find(text_part(t, start, t.length), separator);
        if (at < 0) break;
        if (!add_part(vm, parts, self, start, start + (size_t)at)) return false;
        start += (size_t)at + separator.length;
    }
    return add_part(vm, parts, self, start, t.length);
}

static bool rsplit_at(Vm *vm, List *parts, Value self, TextSpan separator, size_t most) {
    TextSpan t = bytes_span(self);
    size_t end = t.length;
    while (most-- > 0) {
        int64_t at = text_find_last(text_part(t, 0, end), separator);
        if (at < 0) break;
        if (!add_part(vm, parts, self, (size_t)at + separator.length, end)) return false;
        end = (size_t)at;
    }
    return add_part(vm, parts, self, 0, end);
}

static void reverse_parts(List *parts) {
    for (size_t i = 0, j = parts->count; i + 1 < j; i++) {
        Value v = parts->items[i];
        parts->items[i] = parts->items[--j];
        parts->items[j] = v;
    }
}

static bool split_into(Vm *vm, List *parts, Value self, Value separator, size_t most, bool backwards) {
    Buffer buffer;
    if (value_is_empty(separator) || value_is_none(separator))
        return backwards ? rsplit_spaces(vm, parts, self, most) : split_spaces(vm, parts, self, most);
    if (!buffer_get(vm, separator, &buffer, false)) return false;
    bool ok = buffer.length > 0;
    if (!ok) error_value(vm, "empty separator");
    else ok = backwards ? rsplit_at(vm, parts, self, buffer_span(&buffer), most) : split_at(vm, parts, self, buffer_span(&buffer), most);
    buffer_release(vm, &buffer);
    return ok;
}

static Value split_with(Vm *vm, Value *args, bool backwards) {
    int64_t most = -1;
    if (!value_is_empty(args[2]) && !sequence_size_argument(vm, args[2], &most)) return VALUE_ERROR;
    List *parts = list_new(vm, 0);
    if (!parts) return VALUE_ERROR;
    bool ok = split_into(vm, parts, args[0], args[1], most < 0 ? SIZE_MAX : (size_t)most, backwards);
    if (ok && backwards) reverse_parts(parts);
    return finish_parts(vm, parts, ok);
}

Value bytes_method_split(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return split_with(vm, args, false);
}
Value bytes_method_rsplit(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return split_with(vm, args, true);
}

Value bytes_method_splitlines(Vm *vm, Value *args, int nargs) {
    int keep_ends = value_is_empty(args[1]) ? 0 : value_truth(vm, args[1]);
    (void)nargs;
    List *lines = keep_ends < 0 ? NULL : list_new(vm, 0);
    if (!lines) return VALUE_ERROR;
    TextSpan t = bytes_span(args[0]);
    const uint8_t *data = t.data;
    bool ok = true;
    for (size_t i = 0, start = 0; ok && i < t.length; start = i) {
        while (i < t.length && data[i] != '\n' && data[i] != '\r') i++;
        size_t end = i;
        if (i < t.length) i += data[i] == '\r' && i + 1 < t.length && data[i + 1] == '\n' ? 2 : 1;
        ok = add_part(vm, lines, args[0], start, keep_ends ? i : end);
    }
    return finish_parts(vm, lines, ok);
}

/* --- strip --- */

static Value strip(Vm *vm, Value *args, bool left, bool right) {
    Buffer chars = {0};
    bool given = !value_is_empty(args[1]) && !value_is_none(args[1]);
    if (given && !buffer_get(vm, args[1], &chars, false)) return VALUE_ERROR;
    TextSpan t = bytes_span(args[0]);
    const uint8_t *data = t.data;
    size_t start = 0, end = t.length;
    bool stripped[256] = {false};
    for (unsigned c = 0; c < 256 && !given; c++) stripped[c] = is_space((uint8_t)c);
    for (size_t i = 0; i < chars.length; i++) stripped[chars.data[i]] = true;
    while (left && start < end && stripped[data[start]]) start++;
    while (right && end > start && stripped[data[end - 1]]) end--;
    buffer_release(vm, &chars);
    return bytes_part(vm, args[0], start, end);
}

Value bytes_method_strip(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return strip(vm, args, true, true);
}
Value bytes_method_lstrip(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return strip(vm, args, true, false);
}
Value bytes_method_rstrip(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return strip(vm, args, false, true);
}

/* --- join --- */

/* Adds the items with separators between them to w. A buffer's __index__-free reading runs no script code. */
static bool join_items(ByteWriter *w, TextSpan separator, Value sequence) {
    Vm *vm = w->vm;
    for (size_t i = 0;; i++) {
        size_t count;
        const Value *items = sequence_items(sequence, &count);
        Buffer buffer;
        if (i >= count) return true;
        if (i && !writer_put(w, separator.data, separator.length)) return false;
        if (value_is_bytes(items[i])) {
            if (!writer_put(w, value_bytes(items[i])->data, value_bytes(items[i])->length)) return false;
            continue;
        }
        if (!value_type(vm, items[i])->slots.get_buffer || !buffer_get(vm, items[i], &buffer, false)) {
            if (!error_pending(vm) || error_clear_if(vm, EXC_BufferError))
                error_type(vm, "sequence item %zu: expected a bytes-like object, %T found", i, items[i]);
            return false;
        }
        bool ok = writer_put(w, buffer.data, buffer.length);
        buffer_release(vm, &buffer);
        if (!ok) return false;
    }
}

Value bytes_method_join(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    size_t count;
    ByteWriter w = {.vm = vm};
    Value result = VALUE_ERROR, sequence = sequence_fast(vm, args[1], "can only join an iterable");
    if (value_is_error(sequence)) return VALUE_ERROR;
    const Value *items = sequence_items(sequence, &count);
    if (count == 1 && value_is_bytes(args[0]) && value_is_exact(items[0], LAYOUT_BYTES)) {
        result = value_retain(items[0]);
    } else {
        TextSpan separator = bytes_span(args[0]);
        if (value_is_bytearray(args[0])) value_bytearray(args[0])->exports++;
        if (join_items(&w, separator, sequence)) result = bytes_make(vm, args[0], w.data, w.size);
        if (value_is_bytearray(args[0])) value_bytearray(args[0])->exports--;
    }
    writer_drop(&w);
    value_release(vm, sequence);
    return result;
}
