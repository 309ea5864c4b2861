/* bytes and bytearray: methods that look for other bytes. self is one or the other; results are of self's kind. */
#include "vm/types/bytes_internal.h"

#include "vm/ops.h"
#include "vm/types/int.h"
#include "vm/types/sequence.h"
#include "vm/types/tuple.h"

/* --- arguments --- */

bool byte_argument_get(Vm *vm, Value v, ByteArgument *out) {
    out->buffer.owner = NULL;
    if (value_is_int(v) || value_type(vm, v)->slots.as_index) {
        if (!byte_value(vm, v, BYTE_RANGE_MESSAGE, &out->byte)) return false;
        out->span = (TextSpan){&out->byte, 1, 1};
        return true;
    }
    if (!value_type(vm, v)->slots.get_buffer) {
        error_type(vm, "argument should be integer or bytes-like object, not '%T'", v);
        return false;
    }
    if (!buffer_get(vm, v, &out->buffer, false)) return false;
    out->span = buffer_span(&out->buffer);
    return true;
}

void byte_argument_drop(Vm *vm, ByteArgument *argument) { buffer_release(vm, &argument->buffer); }

/* --- find, index, count --- */

/* Index, -1 when absent, -2 on an error. */
static int64_t find_with(Vm *vm, Value *args, bool backwards) {
    size_t start, end;
    ByteArgument sub;
    if (!slice_arguments(vm, args[2], args[3], bytes_length(args[0]), &start, &end)) return -2;
    if (!byte_argument_get(vm, args[1], &sub)) return -2;
    TextSpan self = bytes_span(args[0]); /* read behind the arguments: their __index__ may have changed it */
    int64_t at = -1;
    if (end > self.length) end = self.length;
    if (start <= end) {
        at = backwards ? text_find_last(text_part(self, start, end), sub.span) : text_find(text_part(self, start, end), sub.span);
        if (at >= 0) at += (int64_t)start;
    }
    byte_argument_drop(vm, &sub);
    return at;
}

static Value find_result(int64_t at) { return at == -2 ? VALUE_ERROR : value_from_small(at); }
static Value index_result(Vm *vm, int64_t at) { return at == -1 ? error_value(vm, "subsection not found") : find_result(at); }

Value bytes_method_find(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return find_result(find_with(vm, args, false));
}
Value bytes_method_rfind(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return find_result(find_with(vm, args, true));
}
Value bytes_method_index(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return index_result(vm, find_with(vm, args, false));
}
Value bytes_method_rindex(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return index_result(vm, find_with(vm, args, true));
}

Value bytes_method_count(Vm *vm, Value *args, int nargs) {
    size_t start, end, count = 0;
    ByteArgument sub;
    (void)nargs;
    if (!slice_arguments(vm, args[2], args[3], bytes_length(args[0]), &start, &end)) return VALUE_ERROR;
    if (!byte_argument_get(vm, args[1], &sub)) return VALUE_ERROR;
    TextSpan self = bytes_span(args[0]);
    if (end > self.length) end = self.length;
    if (start <= end) count = text_count(text_part(self, start, end), sub.span, SIZE_MAX);
    byte_argument_drop(vm, &sub);
    return value_from_small((int64_t)count);
}

/* --- startswith, endswith, removeprefix, removesuffix --- */

static bool matches_end(TextSpan self, size_t start, size_t end, TextSpan affix, bool at_end) {
    if (end > self.length) end = self.length;
    if (start > end || affix.length > end - start) return false;
    size_t at = at_end ? end - affix.length : start;
    return text_equal(text_part(self, at, at + affix.length), affix);
}

/* 1, 0, -1: error */
static int has_affix(Vm *vm, Value self, size_t start, size_t end, Value affix, bool at_end) {
    Buffer buffer;
    if (!buffer_get(vm, affix, &buffer, false)) return -1;
    bool found = matches_end(bytes_span(self), start, end, buffer_span(&buffer), at_end);
    buffer_release(vm, &buffer);
    return found;
}

static Value affix_method(Vm *vm, Value *args, const char *function, bool at_end) {
    size_t start, end;
    int found = 0;
    if (!slice_arguments(vm, args[2], args[3], bytes_length(args[0]), &start, &end)) return VALUE_ERROR;
    if (value_is_tuple(args[1])) {
        const Tuple *affixes = value_tuple(args[1]);
        for (size_t i = 0; found == 0 && i < affixes->count; i++) found = has_affix(vm, args[0], start, end, affixes->items[i], at_end);
    } else if (!value_type(vm, args[1])->slots.get_buffer) {
        return error_type(vm, "%s first arg must be bytes or a tuple of bytes, not %T", function, args[1]);
    } else {
        found = has_affix(vm, args[0], start, end, args[1], at_end);
    }
    return found < 0 ? VALUE_ERROR : value_from_bool(found);
}

Value bytes_method_startswith(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return affix_method(vm, args, "startswith", false);
}
Value bytes_method_endswith(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return affix_method(vm, args, "endswith", true);
}

static Value remove_affix(Vm *vm, Value *args, bool at_end) {
    Buffer buffer;
    if (!buffer_get(vm, args[1], &buffer, false)) return VALUE_ERROR;
    TextSpan self = bytes_span(args[0]);
    size_t size = matches_end(self, 0, self.length, buffer_span(&buffer), at_end) ? buffer.length : 0;
    buffer_release(vm, &buffer);
    return at_end ? bytes_part(vm, args[0], 0, self.length - size) : bytes_part(vm, args[0], size, self.length);
}

Value bytes_method_removeprefix(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return remove_affix(vm, args, false);
}
Value bytes_method_removesuffix(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return remove_affix(vm, args, true);
}

/* --- partition --- */

static Value partition(Vm *vm, Value *args, bool backwards) {
    Buffer buffer;
    if (!buffer_get(vm, args[1], &buffer, false)) return VALUE_ERROR;
    TextSpan self = bytes_span(args[0]), separator = buffer_span(&buffer);
    Value like = args[0], parts[3] = {VALUE_ERROR, VALUE_ERROR, VALUE_ERROR};
    if (separator.length == 0) {
        buffer_release(vm, &buffer);
        return error_value(vm, "empty separator");
    }
    int64_t at = backwards ? text_find_last(self, separator) : text_find(self, separator);
    if (at >= 0) {
        parts[0] = bytes_part(vm, like, 0, (size_t)at);
        parts[1] = value_is_bytes(like) ? value_retain(args[1]) : bytes_make(vm, like, separator.data, separator.length);
        parts[2] = bytes_part(vm, like, (size_t)at + separator.length, self.length);
    } else {
        parts[backwards ? 2 : 0] = value_is_bytes(like) ? value_retain(like) : bytes_part(vm, like, 0, self.length);
        parts[1] = bytes_make(vm, like, NULL, 0);
        parts[backwards ? 0 : 2] = bytes_make(vm, like, NULL, 0);
    }
    buffer_release(vm, &buffer);
    return sequence_pack_take(vm, 3, parts[0], parts[1], parts[2]);
}

Value bytes_method_partition(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return partition(vm, args, false);
}
Value bytes_method_rpartition(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return partition(vm, args, true);
}

/* --- replace --- */

static uint8_t *put(uint8_t *out, TextSpan t) {
    if (t.length) memcpy(out, t.data, t.length);
    return out + t.length;
}

static void replace_into(uint8_t *out, TextSpan self, TextSpan old, TextSpan new, size_t count) {
    for (size_t i = 0; i < count; i++) {
        size_t at = old.length ? (size_t)text_find(self, old) : i > 0; /* b'' is before every byte and at the end */
        out = put(out, text_part(self, 0, at));
        out = put(out, new);
        self = text_part(self, at + old.length, self.length);
    }
    put(out, self);
}

static Value replace(Vm *vm, Value like, TextSpan old, TextSpan new, size_t most) {
    TextSpan self = bytes_span(like);
    size_t count = old.length > self.length ? 0 : text_count(self, old, most);
    uint8_t *data;
    if (count == 0) return bytes_part(vm, like, 0, self.length);
    if (new.length > old.length && ((size_t)PTRDIFF_MAX - self.length) / count < new.length - old.length)
        return error_raise(vm, EXC_OverflowError, "replace bytes is too long");
    size_t length = self.length + count * new.length - count * old.length;
    Value result = bytes_make_raw(vm, like, length, &data);
    if (!value_is_error(result) && length) replace_into(data, self, old, new, count);
    return result;
}

Value bytes_method_replace(Vm *vm, Value *args, int nargs) {
    Buffer old = {0}, new = {0};
    int64_t most = -1;
    Value result = VALUE_ERROR;
    (void)nargs;
    if (buffer_get(vm, args[1], &old, false) && buffer_get(vm, args[2], &new, false) &&
        (value_is_empty(args[3]) || sequence_size_argument(vm, args[3], &most)))
        result = replace(vm, args[0], buffer_span(&old), buffer_span(&new), most < 0 ? SIZE_MAX : (size_t)most);
    buffer_release(vm, &old);
    buffer_release(vm, &new);
    return result;
}
