/* UnicodeDecodeError, UnicodeEncodeError, UnicodeTranslateError: (encoding, object, start, end, reason). */
#include "vm/types/exception_family.h"

#include "vm/ops.h"
#include "vm/types/bytes.h"
#include "vm/types/int.h"
#include "vm/types/str.h"
#include "vm/vm.h"

static bool expect(Vm *vm, bool fits, const char *function, int position, const char *type, Value got) {
    if (!fits) error_type(vm, "%s argument %d must be %s, not %T", function, position, type, got);
    return fits;
}

/* The five values; first: EXTRA_ENCODING, or EXTRA_OBJECT for the translate error, which has no encoding. */
static bool unicode_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames, int first, bool bytes, const char *name) {
    if (!exception_base_init(vm, self, args, nargs, kwnames)) return false;
    int wanted = 5 - first;
    if (nargs != wanted) {
        error_type(vm, "function takes exactly %d arguments (%d given)", wanted, nargs);
        return false;
    }
    Value *at = args - first;
    if (!first && !expect(vm, value_is_str(at[0]), name, 1, "str", at[0])) return false;
    Buffer buffer;
    Value object = value_retain(at[EXTRA_OBJECT]);
    if (bytes && !value_is_bytes(object)) {
        if (!buffer_get(vm, object, &buffer, false)) {
            value_release(vm, object);
            return false;
        }
        Bytes *copy = bytes_new(vm, buffer.data, buffer.length);
        buffer_release(vm, &buffer);
        value_release(vm, object);
        if (!copy) return false;
        object = value_from_object(copy);
    }
    bool ok = (bytes || expect(vm, value_is_str(object), name, 2 - first, "str", object)) &&
              expect(vm, value_is_int(at[EXTRA_START]), name, 3 - first, "int", at[EXTRA_START]) &&
              expect(vm, value_is_int(at[EXTRA_END]), name, 4 - first, "int", at[EXTRA_END]) &&
              expect(vm, value_is_str(at[EXTRA_REASON]), name, 5 - first, "str", at[EXTRA_REASON]);
    Value *extra = value_exception(self)->extra;
    for (int k = first; ok && k < 5; k++)
        value_replace_take(vm, &extra[k], value_retain(k == EXTRA_OBJECT ? object : at[k]));
    value_release(vm, object);
    return ok;
}

bool decode_error_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    return unicode_init(vm, self, args, nargs, kwnames, 0, true, "UnicodeDecodeError()");
}
bool encode_error_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    return unicode_init(vm, self, args, nargs, kwnames, 0, false, "UnicodeEncodeError()");
}
bool translate_error_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    return unicode_init(vm, self, args, nargs, kwnames, 1, false, "UnicodeTranslateError()");
}

/* start and end clipped to the object; false: attributes are not what they should be. */
static bool range_of(Value self, size_t length, int64_t *start, int64_t *end) {
    const Value *extra = value_exception(self)->extra;
    if (!value_is_int(extra[EXTRA_START]) || !value_is_int(extra[EXTRA_END])) return false;
    if (!int_to_i64(extra[EXTRA_START], start) || !int_to_i64(extra[EXTRA_END], end)) return false;
    int64_t n = (int64_t)length;
    if (*start < 0) *start = 0;
    if (*start >= n) *start = n ? n - 1 : 0;
    if (*end < 1) *end = 1;
    if (*end > n) *end = n;
    return true;
}

Value decode_error_str(Vm *vm, Value self) {
    const Value *extra = value_exception(self)->extra;
    int64_t start, end;
    if (!value_is_bytes(extra[EXTRA_OBJECT])) return value_retain(value_from_object(NAME(vm, empty)));
    Bytes *object = value_bytes(extra[EXTRA_OBJECT]);
    if (!range_of(self, object->length, &start, &end)) return value_retain(value_from_object(NAME(vm, empty)));
    if (end == start + 1 && (size_t)start < object->length)
        return str_format(vm, "'%S' codec can't decode byte 0x%02x in position %lld: %S", extra[EXTRA_ENCODING],
                          (unsigned)object->data[start], (long long)start, extra[EXTRA_REASON]);
    return str_format(vm, "'%S' codec can't decode bytes in position %lld-%lld: %S", extra[EXTRA_ENCODING], (long long)start,
                      (long long)(end - 1), extra[EXTRA_REASON]);
}

static Value encode_text(Vm *vm, Value self, const char *verb, Value encoding) {
    const Value *extra = value_exception(self)->extra;
    int64_t start, end;
    if (!value_is_str(extra[EXTRA_OBJECT])) return value_retain(value_from_object(NAME(vm, empty)));
    Str *object = value_str_peek(extra[EXTRA_OBJECT]);
    if (!range_of(self, object->length, &start, &end)) return value_retain(value_from_object(NAME(vm, empty)));
    Value prefix = value_is_empty(encoding) ? value_retain(value_from_object(NAME(vm, empty))) : str_format(vm, "'%S' codec ", encoding);
    if (value_is_error(prefix)) return prefix;
    Value text;
    if (end == start + 1 && (size_t)start < object->length) {
        uint32_t c = str_at(object, (size_t)start);
        const char *form = c <= 0xff     ? "%Scan't %s character '\\x%02x' in position %lld: %S"
                           : c <= 0xffff ? "%Scan't %s character '\\u%04x' in position %lld: %S"
                                         : "%Scan't %s character '\\U%08x' in position %lld: %S";
        text = str_format(vm, form, prefix, verb, c, (long long)start, extra[EXTRA_REASON]);
    } else {
        text = str_format(vm, "%Scan't %s characters in position %lld-%lld: %S", prefix, verb, (long long)start, (long long)(end - 1),
                          extra[EXTRA_REASON]);
    }
    value_release(vm, prefix);
    return text;
}

Value encode_error_str(Vm *vm, Value self) { return encode_text(vm, self, "encode", value_exception(self)->extra[EXTRA_ENCODING]); }
Value translate_error_str(Vm *vm, Value self) { return encode_text(vm, self, "translate", VALUE_EMPTY); }

static Value get_at(Value self, int index) {
    Value v = value_exception(self)->extra[index];
    return value_is_empty(v) ? VALUE_NONE : value_retain(v);
}

static bool set_at(Vm *vm, Value self, int index, Value value) {
    value_replace_take(vm, &value_exception(self)->extra[index], value_retain(value));
    return true;
}

#define ATTRIBUTE(name, index) \
    static Value get_##name(Vm *vm, Value self) { return (void)vm, get_at(self, index); } \
    static bool set_##name(Vm *vm, Value self, Value value) { return set_at(vm, self, index, value); }
ATTRIBUTE(encoding, EXTRA_ENCODING)
ATTRIBUTE(object, EXTRA_OBJECT)
ATTRIBUTE(start, EXTRA_START)
ATTRIBUTE(end, EXTRA_END)
ATTRIBUTE(reason, EXTRA_REASON)

#define OBJECT_ROWS \
    {"object", get_object, set_object, "exception object"}, {"start", get_start, set_start, "exception start"}, \
        {"end", get_end, set_end, "exception end"}, {"reason", get_reason, set_reason, "exception reason"}, {0}

const GetSetDef unicode_error_getset[] = {{"encoding", get_encoding, set_encoding, "exception encoding"}, OBJECT_ROWS};
const GetSetDef translate_error_getset[] = {OBJECT_ROWS};
