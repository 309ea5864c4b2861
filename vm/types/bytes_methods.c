/* bytes and bytearray: the tables of methods, and those without a file of their own: padding, hex, decode, translate.
 *
 * Both types share one implementation: args[0] is a bytes or a bytearray, results are of its kind.
 * To add a method: declare it in bytes_internal.h, write it in the file of its subject, add its row to the table.
 */
#include "vm/types/bytes_internal.h"

#include "vm/ops.h"
#include "vm/types/codecs.h"
#include "vm/types/sequence.h"

/* --- padding --- */

static Value pad(Vm *vm, Value self, size_t left, size_t right, uint8_t fill) {
    TextSpan t = bytes_span(self);
    uint8_t *data;
    if (left + right == 0) return bytes_part(vm, self, 0, t.length);
    Value result = bytes_make_raw(vm, self, left + t.length + right, &data);
    if (value_is_error(result)) return result;
    memset(data, fill, left);
    if (t.length) memcpy(data + left, t.data, t.length);
    memset(data + left + t.length, fill, right);
    return result;
}

static bool fill_argument(Vm *vm, Value v, const char *function, uint8_t *fill) {
    bool known = value_is_bytes(v) || value_is_bytearray(v);
    if (known && bytes_span(v).length == 1) {
        *fill = *(const uint8_t *)bytes_span(v).data;
        return true;
    }
    error_type(vm, "%s() argument 2 must be a byte string of length 1, not %s", function, value_is_none(v) ? "None" : value_type_name(vm, v));
    return false;
}

/* side -1: the bytes stay at the left, 1: at the right, 0: in the middle */
static Value justify(Vm *vm, Value *args, const char *function, int side) {
    int64_t width;
    uint8_t fill = ' ';
    if (!sequence_size_argument(vm, args[1], &width)) return VALUE_ERROR;
    if (!value_is_empty(args[2]) && !fill_argument(vm, args[2], function, &fill)) return VALUE_ERROR;
    size_t length = bytes_span(args[0]).length, missing = width > (int64_t)length ? (size_t)width - length : 0;
    size_t left = side < 0 ? 0 : side > 0 ? missing : missing / 2 + (missing & (size_t)width & 1);
    return pad(vm, args[0], left, missing - left, fill);
}

Value bytes_method_center(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return justify(vm, args, "center", 0);
}
Value bytes_method_ljust(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return justify(vm, args, "ljust", -1);
}
Value bytes_method_rjust(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return justify(vm, args, "rjust", 1);
}

Value bytes_method_zfill(Vm *vm, Value *args, int nargs) {
    int64_t width;
    (void)nargs;
    if (!sequence_size_argument(vm, args[1], &width)) return VALUE_ERROR;
    TextSpan t = bytes_span(args[0]);
    if (width <= (int64_t)t.length) return bytes_part(vm, args[0], 0, t.length);
    size_t fill = (size_t)width - t.length;
    Value result = pad(vm, args[0], fill, 0, '0');
    if (value_is_error(result) || t.length == 0) return result;
    uint8_t *data = (uint8_t *)(uintptr_t)bytes_span(result).data, first = data[fill];
    if (first == '+' || first == '-') { /* the sign goes to the front */
        data[0] = first;
        data[fill] = '0';
    }
    return result;
}

Value bytes_method_expandtabs(Vm *vm, Value *args, int nargs) {
    int tab_size = 8;
    ByteWriter w = {.vm = vm};
    (void)nargs;
    if (!value_is_empty(args[1]) && !value_as_int(vm, args[1], &tab_size)) return VALUE_ERROR;
    TextSpan t = bytes_span(args[0]);
    const uint8_t *data = t.data;
    size_t column = 0;
    bool ok = true;
    for (size_t i = 0; ok && i < t.length; i++) {
        if (data[i] != '\t') {
            column = data[i] == '\n' || data[i] == '\r' ? 0 : column + 1;
            ok = writer_put(&w, &data[i], 1);
            continue;
        }
        size_t spaces = tab_size > 0 ? (size_t)tab_size - column % (size_t)tab_size : 0;
        column += spaces;
        while (ok && spaces-- > 0) ok = writer_put(&w, " ", 1);
    }
    Value result = ok ? bytes_make(vm, args[0], w.data, w.size) : VALUE_ERROR;
    writer_drop(&w);
    return result;
}

/* --- hexadecimal --- */

/* The separator's character; -1: error. */
static int separator_of(Vm *vm, Value v) {
    int64_t length = value_length(vm, v);
    if (length < 0) return -1;
    if (length != 1) return error_value(vm, "sep must be length 1."), -1;
    uint32_t c;
    if (value_is_str(v)) c = str_at(value_str_peek(v), 0);
    else if (value_is_bytes(v)) c = value_bytes(v)->data[0];
    else return error_type(vm, "sep must be str or bytes."), -1;
    if (c >= 0x80) return error_value(vm, "sep must be ASCII."), -1;
    return (int)c;
}

bool hex_style_get(Vm *vm, Value separator, Value group, HexStyle *out) {
    *out = (HexStyle){0, 1};
    if (!value_is_empty(group) && !value_as_int(vm, group, &out->group)) return false;
    if (value_is_empty(separator)) out->group = 0;
    else out->separator = separator_of(vm, separator);
    return out->separator >= 0;
}

Value bytes_hex(Vm *vm, TextSpan t, HexStyle style) {
    static const char digits[] = "0123456789abcdef";
    const uint8_t *data = t.data;
    size_t size = (size_t)(style.group < 0 ? -(int64_t)style.group : style.group);
    size_t separators = size && t.length ? (t.length - 1) / size : 0;
    if (t.length > (size_t)PTRDIFF_MAX / 4) return error_no_memory(vm);
    Str *s = str_new(vm, t.length * 2 + separators, 0x7F);
    if (!s || t.length == 0) return str_value(s);
    uint8_t *out = str_bytes1(s);
    for (size_t i = 0; i < t.length; i++) {
        size_t from_edge = style.group < 0 ? i : t.length - i;
        if (i && size && from_edge % size == 0) *out++ = (uint8_t)style.separator;
        *out++ = (uint8_t)digits[data[i] >> 4];
        *out++ = (uint8_t)digits[data[i] & 15];
    }
    return value_from_object(s);
}

Value bytes_method_hex(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    HexStyle style;
    return hex_style_get(vm, args[1], args[2], &style) ? bytes_hex(vm, bytes_span(args[0]), style) : VALUE_ERROR;
}

static int hex_digit(uint32_t c) {
    if (c >= '0' && c <= '9') return (int)c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? (int)c - 'a' + 10 : -1;
}

static bool error_hex(Vm *vm, size_t at) {
    error_value(vm, "non-hexadecimal number found in fromhex() arg at position %zu", at);
    return false;
}

static bool put_hex(ByteWriter *w, const Str *s) {
    for (size_t i = 0; !s->ascii; i++)
        if (str_at(s, i) >= 0x80) return error_hex(w->vm, i);
    for (size_t i = 0; i < s->length;) {
        uint32_t c = str_at(s, i);
        if (c == ' ' || (c >= 9 && c <= 13)) {
            i++;
            continue;
        }
        int high = hex_digit(c), low = i + 1 < s->length ? hex_digit(str_at(s, i + 1)) : -1;
        if (high < 0 || low < 0) return error_hex(w->vm, high < 0 ? i : i + 1);
        uint8_t byte = (uint8_t)(high << 4 | low);
        if (!writer_put(w, &byte, 1)) return false;
        i += 2;
    }
    return true;
}

/* A class method: args[0] is bytes, bytearray or a subclass. */
Value bytes_method_fromhex(Vm *vm, Value *args, int nargs) {
    ByteWriter w = {.vm = vm};
    Type *type = (Type *)value_object(args[0]);
    bool is_bytearray = type_is_subtype(type, TYPE(vm, BYTEARRAY));
    Value result = VALUE_ERROR;
    (void)nargs;
    if (!value_is_str(args[1]))
        return error_type(vm, "fromhex() argument must be str, not %s", value_is_none(args[1]) ? "None" : value_type_name(vm, args[1]));
    if (put_hex(&w, value_str_peek(args[1]))) {
        if (is_bytearray) {
            result = bytearray_new(vm, w.data, w.size);
        } else {
            Bytes *b = bytes_new(vm, w.data, w.size);
            if (b) result = value_from_object(b);
        }
    }
    writer_drop(&w);
    if (value_is_error(result) || type == TYPE(vm, BYTES) || type == TYPE(vm, BYTEARRAY)) return result;
    Value instance = value_call1(vm, args[0], result);
    value_release(vm, result);
    return instance;
}

/* --- decode --- */

Value bytes_method_decode(Vm *vm, Value *args, int nargs) {
    char encoding_buffer[CODEC_NAME_MAX], errors_buffer[CODEC_NAME_MAX];
    const char *encoding, *errors;
    Buffer buffer;
    (void)nargs;
    if (!codec_name_argument(vm, args[1], "decode", "encoding", encoding_buffer, &encoding)) return VALUE_ERROR;
    if (!codec_name_argument(vm, args[2], "decode", "errors", errors_buffer, &errors)) return VALUE_ERROR;
    if (!buffer_get(vm, args[0], &buffer, false)) return VALUE_ERROR;
    Value text = bytes_decode(vm, buffer.data, buffer.length, encoding, errors);
    buffer_release(vm, &buffer);
    return text;
}

/* --- translate --- */

Value bytes_method_maketrans(Vm *vm, Value *args, int nargs) {
    Buffer from = {0}, to = {0};
    Value result = VALUE_ERROR;
    (void)nargs;
    if (buffer_get(vm, args[0], &from, false) && buffer_get(vm, args[1], &to, false)) {
        if (from.length != to.length) {
            error_value(vm, "maketrans arguments must have same length");
        } else {
            Bytes *table = bytes_new(vm, NULL, 256);
            for (size_t i = 0; table && i < 256; i++) table->data[i] = (uint8_t)i;
            for (size_t i = 0; table && i < from.length; i++) table->data[from.data[i]] = to.data[i];
            if (table) result = value_from_object(table);
        }
    }
    buffer_release(vm, &from);
    buffer_release(vm, &to);
    return result;
}

static Value translate(Vm *vm, Value self, const uint8_t *table, const Buffer *deleted) {
    TextSpan t = bytes_span(self);
    ByteWriter w = {.vm = vm};
    bool drop[256] = {false}, ok = true, changed = value_is_bytearray(self) || !value_is_exact(self, LAYOUT_BYTES);
    for (size_t i = 0; i < deleted->length; i++) drop[deleted->data[i]] = true;
    for (size_t i = 0; ok && i < t.length; i++) {
        uint8_t c = ((const uint8_t *)t.data)[i], mapped = table ? table[c] : c;
        if (drop[c] || mapped != c) changed = true;
        if (!drop[c]) ok = writer_put(&w, &mapped, 1);
    }
    Value result = !ok ? VALUE_ERROR : changed ? bytes_make(vm, self, w.data, w.size) : value_retain(self);
    writer_drop(&w);
    return result;
}

Value bytes_method_translate(Vm *vm, Value *args, int nargs) {
    Buffer table = {0}, deleted = {0};
    Value result = VALUE_ERROR;
    (void)nargs;
    if (!value_is_none(args[1])) {
        if (!buffer_get(vm, args[1], &table, false)) return VALUE_ERROR;
        if (table.length != 256) {
            error_value(vm, "translation table must be 256 characters long");
            goto done;
        }
    }
    if (!value_is_empty(args[2]) && !buffer_get(vm, args[2], &deleted, false)) goto done;
    result = translate(vm, args[0], table.owner ? table.data : NULL, &deleted);
done:
    buffer_release(vm, &table);
    buffer_release(vm, &deleted);
    return result;
}

/* --- the tables --- */

static Value bytes_dunder_bytes(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return bytes_part(vm, args[0], 0, value_bytes(args[0])->length);
}

static Value bytes_getnewargs(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return sequence_pack_take(vm, 1, bytes_part(vm, args[0], 0, value_bytes(args[0])->length));
}

#define BYTES_COMMON_METHODS \
    {"capitalize", bytes_method_capitalize, "($self, /)", \
     "A copy with its first letter in upper case and all others in lower case.", NATIVE_METHOD}, \
    {"center", bytes_method_center, "($self, width, fillchar=b' ', /)", \
     "The bytes in the middle of `width`, padded with fillchar.", NATIVE_METHOD}, \
    {"count", bytes_method_count, "($self, sub, start=None, end=None, /)", \
     "How often sub, bytes or an int, occurs in self[start:end], without overlaps.", NATIVE_METHOD}, \
    {"decode", bytes_method_decode, "($self, /, encoding='utf-8', errors='strict')", \
     "The text that the bytes encode. errors: strict, ignore, replace, backslashreplace, surrogateescape ...", NATIVE_METHOD}, \
    {"endswith", bytes_method_endswith, "($self, suffix, start=None, end=None, /)", \
     "Whether self[start:end] ends with the suffix, or with one of a tuple of them.", NATIVE_METHOD}, \
    {"expandtabs", bytes_method_expandtabs, "($self, /, tabsize=8)", \
     "A copy with spaces for tabs, up to the next column that is a multiple of tabsize.", NATIVE_METHOD}, \
    {"find", bytes_method_find, "($self, sub, start=None, end=None, /)", \
     "Lowest index of sub, bytes or an int, in self[start:end]; -1 when it is not there.", NATIVE_METHOD}, \
    {"fromhex", bytes_method_fromhex, "($type, string, /)", \
     "From hexadecimal digits; white space between bytes is skipped.", NATIVE_METHOD}, \
    {"hex", bytes_method_hex, "($self, /, sep=<unrepresentable>, bytes_per_sep=1)", \
     "Hexadecimal digits, with sep between groups counted from the right, or from the left if negative.", NATIVE_METHOD}, \
    {"index", bytes_method_index, "($self, sub, start=None, end=None, /)", \
     "Lowest index of sub in self[start:end]; ValueError when it is not there.", NATIVE_METHOD}, \
    {"isalnum", bytes_method_isalnum, "($self, /)", "Whether all bytes are ASCII letters or digits, and there is one.", NATIVE_METHOD}, \
    {"isalpha", bytes_method_isalpha, "($self, /)", "Whether all bytes are ASCII letters, and there is one.", NATIVE_METHOD}, \
    {"isascii", bytes_method_isascii, "($self, /)", "Whether all bytes are below 128.", NATIVE_METHOD}, \
    {"isdigit", bytes_method_isdigit, "($self, /)", "Whether all bytes are ASCII digits, and there is one.", NATIVE_METHOD}, \
    {"islower", bytes_method_islower, "($self, /)", "Whether all ASCII letters are lower case, and there is one.", NATIVE_METHOD}, \
    {"isspace", bytes_method_isspace, "($self, /)", "Whether all bytes are ASCII white space, and there is one.", NATIVE_METHOD}, \
    {"istitle", bytes_method_istitle, "($self, /)", "Whether capitals start words and only they do, and there is one.", NATIVE_METHOD}, \
    {"isupper", bytes_method_isupper, "($self, /)", "Whether all ASCII letters are upper case, and there is one.", NATIVE_METHOD}, \
    {"join", bytes_method_join, "($self, iterable_of_bytes, /)", \
     "The bytes-like objects of the iterable, with this one between them.", NATIVE_METHOD}, \
    {"ljust", bytes_method_ljust, "($self, width, fillchar=b' ', /)", "A copy padded on the right to `width` bytes.", NATIVE_METHOD}, \
    {"lower", bytes_method_lower, "($self, /)", "A copy with ASCII letters in lower case.", NATIVE_METHOD}, \
    {"lstrip", bytes_method_lstrip, "($self, bytes=None, /)", \
     "A copy without leading white space, or without leading bytes that are in the argument.", NATIVE_METHOD}, \
    {"maketrans", bytes_method_maketrans, "(frm, to, /)", \
     "A table for translate(): 256 bytes, those of frm mapped to those of to.", NATIVE_STATIC_METHOD}, \
    {"partition", bytes_method_partition, "($self, sep, /)", \
     "(before, sep, after) at the first sep; (self, b'', b'') without one.", NATIVE_METHOD}, \
    {"removeprefix", bytes_method_removeprefix, "($self, prefix, /)", "A copy without the prefix, if there is one.", NATIVE_METHOD}, \
    {"removesuffix", bytes_method_removesuffix, "($self, suffix, /)", "A copy without the suffix, if there is one.", NATIVE_METHOD}, \
    {"replace", bytes_method_replace, "($self, old, new, count=-1, /)", \
     "A copy with new for old, the first `count` times; -1: always.", NATIVE_METHOD}, \
    {"rfind", bytes_method_rfind, "($self, sub, start=None, end=None, /)", \
     "Highest index of sub in self[start:end]; -1 when it is not there.", NATIVE_METHOD}, \
    {"rindex", bytes_method_rindex, "($self, sub, start=None, end=None, /)", \
     "Highest index of sub in self[start:end]; ValueError when it is not there.", NATIVE_METHOD}, \
    {"rjust", bytes_method_rjust, "($self, width, fillchar=b' ', /)", "A copy padded on the left to `width` bytes.", NATIVE_METHOD}, \
    {"rpartition", bytes_method_rpartition, "($self, sep, /)", \
     "(before, sep, after) at the last sep; (b'', b'', self) without one.", NATIVE_METHOD}, \
    {"rsplit", bytes_method_rsplit, "($self, /, sep=None, maxsplit=-1)", "As split(), from the end.", NATIVE_METHOD}, \
    {"rstrip", bytes_method_rstrip, "($self, bytes=None, /)", \
     "A copy without trailing white space, or without trailing bytes that are in the argument.", NATIVE_METHOD}, \
    {"split", bytes_method_split, "($self, /, sep=None, maxsplit=-1)", \
     "The parts between occurrences of sep, or of white space; at most maxsplit splits, -1: no limit.", NATIVE_METHOD}, \
    {"splitlines", bytes_method_splitlines, "($self, /, keepends=False)", \
     "The lines, with their ends if keepends is true.", NATIVE_METHOD}, \
    {"startswith", bytes_method_startswith, "($self, prefix, start=None, end=None, /)", \
     "Whether self[start:end] starts with the prefix, or with one of a tuple of them.", NATIVE_METHOD}, \
    {"strip", bytes_method_strip, "($self, bytes=None, /)", \
     "A copy without white space at both ends, or without bytes that are in the argument.", NATIVE_METHOD}, \
    {"swapcase", bytes_method_swapcase, "($self, /)", "A copy with upper and lower case exchanged.", NATIVE_METHOD}, \
    {"title", bytes_method_title, "($self, /)", "A copy with words that start with a capital and go on in lower case.", NATIVE_METHOD}, \
    {"translate", bytes_method_translate, "($self, table, /, delete=b'')", \
     "A copy without the bytes in delete, the others mapped by a table of 256 bytes (None: as they are).", NATIVE_METHOD}, \
    {"upper", bytes_method_upper, "($self, /)", "A copy with ASCII letters in upper case.", NATIVE_METHOD}, \
    {"zfill", bytes_method_zfill, "($self, width, /)", \
     "A copy padded on the left with zeros to `width` bytes, behind a sign.", NATIVE_METHOD},

const NativeDef BYTES_METHODS[] = {
    BYTES_COMMON_METHODS
    {"__bytes__", bytes_dunder_bytes, "($self, /)", "The bytes themselves, as an exact bytes.", NATIVE_METHOD},
    {"__getnewargs__", bytes_getnewargs, "($self, /)", NULL, NATIVE_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};

const NativeDef BYTEARRAY_METHODS[] = {
    BYTES_COMMON_METHODS
    {"__alloc__", bytearray_alloc, "($self, /)", "Bytes that are allocated.", NATIVE_METHOD},
    {"__reduce__", bytearray_reduce, "($self, /)", "State for pickling.", NATIVE_METHOD},
    {"__reduce_ex__", bytearray_reduce_ex, "($self, proto=0, /)", "State for pickling.", NATIVE_METHOD},
    {"append", bytearray_append, "($self, item, /)", "Adds one byte at the end.", NATIVE_METHOD},
    {"clear", bytearray_clear, "($self, /)", "Removes all bytes.", NATIVE_METHOD},
    {"copy", bytearray_copy, "($self, /)", "A copy.", NATIVE_METHOD},
    {"extend", bytearray_extend, "($self, iterable_of_ints, /)",
     "Adds the bytes of a bytes-like object or an iterable of ints at the end.", NATIVE_METHOD},
    {"insert", bytearray_insert, "($self, index, item, /)", "Puts one byte before the index.", NATIVE_METHOD},
    {"pop", bytearray_pop, "($self, index=-1, /)", "Removes the byte at the index and returns it.", NATIVE_METHOD},
    {"remove", bytearray_remove, "($self, value, /)",
     "Removes the first occurrence of a byte; ValueError when there is none.", NATIVE_METHOD},
    {"reverse", bytearray_reverse, "($self, /)", "Reverses the order of the bytes in place.", NATIVE_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};
