/* bytes: making, operators, iteration. Methods are in bytes_methods.c and its neighbours, which serve bytearray too.
 *
 * Invariants: immutable once seen; a NUL stands behind the last byte; the empty bytes is one object, vm->empty_bytes.
 */
#include "vm/types/bytes.h"

#include "vm/ops.h"
#include "vm/types/bytes_internal.h"
#include "vm/types/codecs.h"
#include "vm/types/format.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/memoryview.h"
#include "vm/types/sequence.h"

#define BYTES_LENGTH_MAX ((size_t)PTRDIFF_MAX - 64)

/* --- making --- */

static size_t cell_size(size_t length) { return (sizeof(Bytes) + length + 1 + 7) & ~(size_t)7; }
static size_t bytes_size(const Object *self) { return cell_size(((const Bytes *)self)->length); }

static Bytes *bytes_init(Bytes *b, const void *data, size_t length) {
    b->length = length;
    b->hash = -1;
    b->data[length] = 0;
    if (data && length) memcpy(b->data, data, length);
    return b;
}

Bytes *bytes_new(Vm *vm, const void *data, size_t length) {
    Bytes *b = NULL;
    if (length == 0 && value_is_object(vm->empty_bytes)) return retain_object(value_object(vm->empty_bytes));
    if (length <= BYTES_LENGTH_MAX) b = object_new(&vm->heap, TYPE(vm, BYTES)->shape, cell_size(length));
    if (!b) return error_no_memory(vm), NULL;
    bytes_init(b, data, length);
    if (length == 0) vm->empty_bytes = value_retain(value_from_object(b));
    return b;
}

static Value bytes_value(Bytes *b) { return b ? value_from_object(b) : VALUE_ERROR; }

Value bytes_make_raw(Vm *vm, Value like, size_t length, uint8_t **data) {
    if (value_is_bytearray(like)) {
        Value v = bytearray_new(vm, NULL, length);
        if (!value_is_error(v)) *data = value_bytearray(v)->data;
        return v;
    }
    Bytes *b = bytes_new(vm, NULL, length);
    if (b) *data = b->data;
    return bytes_value(b);
}

Value bytes_make(Vm *vm, Value like, const void *data, size_t length) {
    if (value_is_bytearray(like)) return bytearray_new(vm, data, length);
    return bytes_value(bytes_new(vm, data, length));
}

Value bytes_part(Vm *vm, Value like, size_t start, size_t end) {
    TextSpan t = bytes_span(like);
    if (start >= end) return bytes_make(vm, like, NULL, 0);
    if (start == 0 && end == t.length && value_is_exact(like, LAYOUT_BYTES)) return value_retain(like);
    return bytes_make(vm, like, (const uint8_t *)t.data + start, end - start);
}

/* --- collecting bytes --- */

bool writer_put(ByteWriter *w, const void *bytes, size_t count) {
    if (count > w->capacity - w->size) {
        size_t capacity = w->capacity + w->capacity / 2 + count + 16;
        uint8_t *data = heap_realloc(&w->vm->heap, w->data, w->capacity, capacity);
        if (!data) {
            error_no_memory(w->vm);
            return false;
        }
        w->data = data;
        w->capacity = capacity;
    }
    if (count) memcpy(w->data + w->size, bytes, count);
    w->size += count;
    return true;
}

void writer_drop(ByteWriter *w) {
    if (w->data) heap_free(&w->vm->heap, w->data, w->capacity);
    w->data = NULL;
    w->size = w->capacity = 0;
}

bool byte_value(Vm *vm, Value v, const char *message, uint8_t *out) {
    int64_t i;
    if (value_is_small(v)) i = value_small(v);
    else if (!value_as_index(vm, v, &i, true)) return false;
    if (i < 0 || i > 255) {
        error_value(vm, message);
        return false;
    }
    *out = (uint8_t)i;
    return true;
}

typedef struct ItemSink {
    ByteWriter *writer;
    const char *message;
} ItemSink;

static bool put_item(Vm *vm, Value item, void *arg) {
    ItemSink *sink = arg;
    uint8_t byte;
    return byte_value(vm, item, sink->message, &byte) && writer_put(sink->writer, &byte, 1);
}

bool writer_put_items(ByteWriter *w, Value iterable, const char *target, const char *range_message) {
    Vm *vm = w->vm;
    ItemSink sink = {w, range_message};
    if (value_is_exact(iterable, LAYOUT_LIST) || value_is_exact(iterable, LAYOUT_TUPLE)) return value_each(vm, iterable, put_item, &sink);
    Value iterator = value_is_str(iterable) ? VALUE_EMPTY : value_iter(vm, iterable);
    if (value_is_error(iterator) && !error_clear_if(vm, EXC_TypeError)) return false;
    if (!value_is_object(iterator)) {
        error_type(vm, "cannot convert '%T' object to %s", iterable, target);
        return false;
    }
    bool ok = value_each(vm, iterator, put_item, &sink);
    value_release(vm, iterator);
    return ok;
}

/* --- bytes(source, encoding, errors) --- */

/* args[1..3] as in __new__; the encoded text, VALUE_EMPTY when the source is no text to be encoded. */
static Value encode_source(Vm *vm, const Value *args, const char *function) {
    char encoding_buffer[CODEC_NAME_MAX], errors_buffer[CODEC_NAME_MAX];
    const char *encoding, *errors;
    if (!codec_name_argument(vm, args[2], function, "encoding", encoding_buffer, &encoding)) return VALUE_ERROR;
    if (!codec_name_argument(vm, args[3], function, "errors", errors_buffer, &errors)) return VALUE_ERROR;
    bool is_text = value_is_str(args[1]);
    if (encoding && is_text) return str_encode(vm, value_str_peek(args[1]), encoding, errors);
    if (is_text) return error_type(vm, "string argument without an encoding");
    if (encoding) return error_type(vm, "encoding without a string argument");
    if (errors) return error_type(vm, "errors without a string argument");
    return VALUE_EMPTY;
}

/* obj.__bytes__(), VALUE_EMPTY when it has none. */
static Value call_bytes_method(Vm *vm, Value object) {
    Value method = value_special(vm, object, NAME(vm, __bytes__));
    if (!value_is_object(method)) return method;
    Value result = value_call0(vm, method);
    value_release(vm, method);
    if (value_is_error(result) || value_is_bytes(result)) return result;
    error_type(vm, "__bytes__ returned non-bytes (type %T)", result);
    value_release(vm, result);
    return VALUE_ERROR;
}

static bool put_zeros(ByteWriter *w, int64_t count) {
    Vm *vm = w->vm;
    if (count < 0) {
        error_value(vm, "negative count");
        return false;
    }
    if (count == 0) return true;
    w->data = (uint64_t)count <= BYTES_LENGTH_MAX ? heap_alloc(&vm->heap, (size_t)count) : NULL;
    if (!w->data) {
        error_no_memory(vm);
        return false;
    }
    w->size = w->capacity = (size_t)count;
    memset(w->data, 0, (size_t)count);
    return true;
}

/* A plain bytes with a buffer's contents. */
static Value copy_buffer(Vm *vm, Value v) {
    Buffer buffer;
    if (value_is_memoryview(v)) return memoryview_to_bytes(vm, value_memoryview(v));
    if (!buffer_get(vm, v, &buffer, false)) return VALUE_ERROR;
    Value copy = bytes_value(bytes_new(vm, buffer.data, buffer.length));
    buffer_release(vm, &buffer);
    return copy;
}

bool writer_put_buffer(ByteWriter *w, Value v) {
    Buffer buffer;
    if (value_is_memoryview(v)) { /* its items need not lie one behind the other */
        Value copy = memoryview_to_bytes(w->vm, value_memoryview(v));
        bool copied = !value_is_error(copy) && writer_put(w, value_bytes(copy)->data, value_bytes(copy)->length);
        value_release(w->vm, copy);
        return copied;
    }
    if (!buffer_get(w->vm, v, &buffer, false)) return false;
    bool ok = writer_put(w, buffer.data, buffer.length);
    buffer_release(w->vm, &buffer);
    return ok;
}

bool bytes_from_arguments(Vm *vm, const Value *args, bool is_bytearray, ByteWriter *w, Value *kept) {
    Value source = args[1];
    const char *name = is_bytearray ? "bytearray" : "bytes";
    int64_t count;
    *w = (ByteWriter){.vm = vm};
    *kept = encode_source(vm, args, name);
    if (!value_is_empty(*kept)) return !value_is_error(*kept);
    if (value_is_empty(source)) return true;
    if (!is_bytearray) {
        *kept = value_is_exact(source, LAYOUT_BYTES) ? value_retain(source) : call_bytes_method(vm, source);
        if (!value_is_empty(*kept)) return !value_is_error(*kept);
    }
    const TypeSlots *slots = &value_type(vm, source)->slots;
    if (value_is_int(source) || slots->as_index) {
        if (value_as_index(vm, source, &count, false)) return put_zeros(w, count);
        if (!error_clear_if(vm, EXC_TypeError)) return false;
    }
    if (slots->get_buffer && !is_bytearray) {
        *kept = copy_buffer(vm, source);
        return !value_is_error(*kept);
    }
    bool ok = slots->get_buffer ? writer_put_buffer(w, source)
                                : writer_put_items(w, source, name, is_bytearray ? BYTE_RANGE_MESSAGE : "bytes must be in range(0, 256)");
    if (!ok) writer_drop(w);
    return ok;
}

static Value bytes_new_method(Vm *vm, Value *args, int nargs) {
    Type *type = (Type *)value_object(args[0]);
    ByteWriter w;
    Value kept, result;
    (void)nargs;
    if (!bytes_from_arguments(vm, args, false, &w, &kept)) return VALUE_ERROR;
    if (type == TYPE(vm, BYTES)) {
        result = value_is_object(kept) ? value_retain(kept) : bytes_value(bytes_new(vm, w.data, w.size));
    } else {
        TextSpan t = value_is_object(kept) ? bytes_span(kept) : (TextSpan){w.data, w.size, 1};
        Bytes *b = type_alloc(vm, type, cell_size(t.length));
        if (b) object_track(&vm->heap, &bytes_init(b, t.data, t.length)->head);
        result = bytes_value(b);
    }
    value_release(vm, kept);
    writer_drop(&w);
    return result;
}

/* --- operators --- */

Value bytes_repr_with(Vm *vm, TextSpan t, const char *prefix, const char *suffix) {
    static const char digits[] = "0123456789abcdef";
    char quote = text_find_char(t, '\'') >= 0 && text_find_char(t, '"') < 0 ? '"' : '\'';
    const uint8_t *data = t.data;
    StrBuilder b;
    builder_init(&b, vm);
    builder_add_ascii(&b, prefix, strlen(prefix));
    builder_add_char(&b, 'b');
    builder_add_char(&b, (uint8_t)quote);
    for (size_t i = 0; i < t.length && !b.failed; i++) {
        uint8_t c = data[i];
        char escape[4] = {'\\', (char)c, digits[c >> 4], digits[c & 15]};
        size_t size = 1;
        if (c == '\\' || c == (uint8_t)quote || (c == '\'' && *prefix)) size = 2; /* bytearray's repr escapes every ' */
        else if (c == '\t' || c == '\n' || c == '\r') size = 2, escape[1] = c == '\t' ? 't' : c == '\n' ? 'n' : 'r';
        else if (c < ' ' || c >= 0x7F) size = 4, escape[1] = 'x';
        if (size == 1) builder_add_char(&b, c);
        else builder_add_ascii(&b, escape, size);
    }
    builder_add_char(&b, (uint8_t)quote);
    builder_add_ascii(&b, suffix, strlen(suffix));
    return builder_finish(&b);
}

static Value slot_repr(Vm *vm, Value self) { return bytes_repr_with(vm, bytes_span(self), "", ""); }

static bool slot_hash(Vm *vm, Value self, Hash *out) {
    Bytes *b = value_bytes(self);
    if (b->hash == -1) b->hash = text_hash(b->data, b->length, vm->hash_seed);
    *out = b->hash;
    return true;
}

Value bytes_compare_spans(TextSpan a, TextSpan b, CompareOperator op) {
    if (op == COMPARE_EQ) return value_from_bool(text_equal(a, b));
    if (op == COMPARE_NE) return value_from_bool(!text_equal(a, b));
    int order = text_compare(a, b);
    switch (op) {
    case COMPARE_LT: return value_from_bool(order < 0);
    case COMPARE_LE: return value_from_bool(order <= 0);
    case COMPARE_GT: return value_from_bool(order > 0);
    default: return value_from_bool(order >= 0);
    }
}

static Value slot_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    (void)vm;
    if (!value_is_bytes(self) || !value_is_bytes(other)) return VALUE_NOT_IMPLEMENTED;
    return bytes_compare_spans(bytes_span(self), bytes_span(other), op);
}

static int64_t slot_length(Vm *vm, Value self) {
    (void)vm;
    return (int64_t)value_bytes(self)->length;
}

static Value slice_of(Vm *vm, Value self, Value key) {
    const Bytes *b = value_bytes(self);
    int64_t start, stop, step;
    size_t count;
    uint8_t *data;
    if (!sequence_slice(vm, key, &b->length, &start, &stop, &step, &count)) return VALUE_ERROR;
    if (step == 1) return bytes_part(vm, self, (size_t)start, (size_t)start + count);
    Value part = bytes_make_raw(vm, self, count, &data);
    if (value_is_error(part)) return part;
    for (size_t i = 0; i < count; i++) data[i] = b->data[start + (int64_t)i * step];
    return part;
}

static Value slot_get_item(Vm *vm, Value self, Value key) {
    const Bytes *b = value_bytes(self);
    int64_t i;
    if (value_has_layout(key, LAYOUT_SLICE)) return slice_of(vm, self, key);
    int known = sequence_index(vm, key, &i);
    if (known < 0) return VALUE_ERROR;
    if (!known) return error_type(vm, "byte indices must be integers or slices, not %T", key);
    if (i < 0) i += (int64_t)b->length;
    if (i < 0 || i >= (int64_t)b->length) return error_raise(vm, EXC_IndexError, "index out of range");
    return value_from_small(b->data[i]);
}

int bytes_contains(Vm *vm, Value self, Value item) {
    uint8_t byte;
    Buffer buffer;
    if (value_is_int(item) || value_type(vm, item)->slots.as_index) {
        if (!byte_value(vm, item, BYTE_RANGE_MESSAGE, &byte)) return -1;
        return text_find_char(bytes_span(self), byte) >= 0;
    }
    if (!buffer_get(vm, item, &buffer, false)) return -1;
    bool found = text_find(bytes_span(self), buffer_span(&buffer)) >= 0;
    buffer_release(vm, &buffer);
    return found;
}

Value bytes_concat(Vm *vm, Value left, Value right) {
    Buffer a = {0}, b = {0};
    Value result = VALUE_ERROR;
    uint8_t *data;
    bool buffers = value_type(vm, left)->slots.get_buffer && value_type(vm, right)->slots.get_buffer;
    if (!buffers) return error_type(vm, "can't concat %T to %T", right, left);
    if (!buffer_get(vm, left, &a, false) || !buffer_get(vm, right, &b, false)) {
        if (error_clear_if(vm, EXC_BufferError)) error_type(vm, "can't concat %T to %T", right, left);
        goto done;
    }
    if (b.length == 0 && value_is_exact(left, LAYOUT_BYTES)) {
        result = value_retain(left);
    } else if (a.length == 0 && value_is_bytes(left) && value_is_exact(right, LAYOUT_BYTES)) {
        result = value_retain(right);
    } else if (!value_is_error(result = bytes_make_raw(vm, left, a.length + b.length, &data))) {
        if (a.length) memcpy(data, a.data, a.length);
        if (b.length) memcpy(data + a.length, b.data, b.length);
    }
done:
    buffer_release(vm, &a);
    buffer_release(vm, &b);
    return result;
}

Value bytes_repeat(Vm *vm, Value self, Value count_value) {
    int64_t count;
    uint8_t *data;
    if (!value_as_index(vm, count_value, &count, false)) return VALUE_ERROR;
    TextSpan t = bytes_span(self);
    if (count <= 0 || t.length == 0) return bytes_make(vm, self, NULL, 0);
    if (count == 1 && value_is_exact(self, LAYOUT_BYTES)) return value_retain(self);
    if ((uint64_t)count > BYTES_LENGTH_MAX / t.length) {
        if (value_is_bytearray(self)) return error_no_memory(vm);
        return error_raise(vm, EXC_OverflowError, "repeated bytes are too long");
    }
    size_t whole = t.length * (size_t)count;
    Value result = bytes_make_raw(vm, self, whole, &data);
    if (value_is_error(result)) return result;
    memcpy(data, t.data, t.length);
    for (size_t done = t.length; done < whole;) {
        size_t step = done < whole - done ? done : whole - done;
        memcpy(data + done, data, step);
        done += step;
    }
    return result;
}

static Value slot_modulo(Vm *vm, Value left, Value right) {
    return value_is_bytes(left) ? bytes_percent(vm, left, right) : VALUE_NOT_IMPLEMENTED;
}

static bool slot_get_buffer(Vm *vm, Value self, Buffer *out, bool writable) {
    Bytes *b = value_bytes(self);
    if (writable) {
        error_raise(vm, EXC_BufferError, "Object is not writable.");
        return false;
    }
    *out = (Buffer){.data = b->data, .length = b->length, .readonly = true, .format = 'B', .item_size = 1, .owner = retain_object(b)};
    return true;
}

/* --- iteration --- */

typedef struct BytesIterator {
    Object head;
    Bytes *bytes; /* NULL at the end */
    size_t index;
} BytesIterator;

static Value slot_iter(Vm *vm, Value self) {
    BytesIterator *it = object_new(&vm->heap, TYPE(vm, BYTES_ITERATOR)->shape, sizeof *it);
    if (!it) return error_no_memory(vm);
    it->bytes = retain_object(value_bytes(self));
    it->index = 0;
    if (!it->bytes->head.shape->exact) object_track(&vm->heap, &it->head);
    return value_from_object(it);
}

static void iterator_clear(Vm *vm, Object *self) {
    BytesIterator *it = (BytesIterator *)self;
    Bytes *b = it->bytes;
    it->bytes = NULL;
    release_object(vm, b);
}

static Value iterator_next(Vm *vm, Value self) {
    BytesIterator *it = (BytesIterator *)value_object(self);
    if (!it->bytes) return VALUE_EMPTY;
    if (it->index < it->bytes->length) return value_from_small(it->bytes->data[it->index++]);
    iterator_clear(vm, &it->head);
    return VALUE_EMPTY;
}

static size_t iterator_size(const Object *self) {
    (void)self;
    return sizeof(BytesIterator);
}
static void iterator_visit(Object *self, VisitFn visit, void *arg) {
    BytesIterator *it = (BytesIterator *)self;
    if (it->bytes) visit(value_from_object(it->bytes), arg);
}

static Value iterator_length_hint(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    BytesIterator *it = (BytesIterator *)value_object(args[0]);
    return value_from_small(it->bytes ? (int64_t)(it->bytes->length - it->index) : 0);
}

static Value iterator_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    BytesIterator *it = (BytesIterator *)value_object(args[0]);
    Value iter = sequence_builtin(vm, "iter");
    if (!it->bytes) return sequence_pack_take(vm, 2, iter, sequence_pack_take(vm, 1, bytes_value(bytes_new(vm, NULL, 0))));
    Value argument = sequence_pack_take(vm, 1, value_retain(value_from_object(it->bytes)));
    return sequence_pack_take(vm, 3, iter, argument, value_from_small((int64_t)it->index));
}

static Value iterator_setstate(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    BytesIterator *it = (BytesIterator *)value_object(args[0]);
    int64_t index;
    if (!sequence_size_argument(vm, args[1], &index)) return VALUE_ERROR;
    if (it->bytes) it->index = index < 0 ? 0 : index > (int64_t)it->bytes->length ? it->bytes->length : (size_t)index;
    return VALUE_NONE;
}

static Value self_iter(Vm *vm, Value self) {
    (void)vm;
    return value_retain(self);
}

static const NativeDef ITERATOR_METHODS[] = {
    {"__length_hint__", iterator_length_hint, "($self, /)", "An estimate of how many items are left.", NATIVE_METHOD},
    {"__reduce__", iterator_reduce, "($self, /)", "State for pickling.", NATIVE_METHOD},
    {"__setstate__", iterator_setstate, "($self, state, /)", "Sets the state from pickling.", NATIVE_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};

const TypeSpec bytes_iterator_spec = {
    .name = "bytes_iterator",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_NO_NEW,
    .size = sizeof(BytesIterator),
    .ops = {.size = iterator_size, .visit = iterator_visit, .clear = iterator_clear, .free = iterator_clear},
    .slots = {.iter = self_iter, .next = iterator_next},
    .methods = ITERATOR_METHODS,
};

const TypeSpec bytes_spec = {
    .name = "bytes",
    .doc = "bytes(source=b'', encoding='utf-8', errors='strict')\n\n"
           "An immutable row of bytes: from an iterable of ints, from text and an encoding, from any bytes-like object, or so many\n"
           "zeros as an int says.",
    .layout = LAYOUT_BYTES,
    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_MATCH_SELF,
    .size = sizeof(Bytes),
    .variable_size = true,
    .ops = {.size = bytes_size},
    .slots = {.repr = slot_repr, .str = slot_repr, .hash = slot_hash, .compare = slot_compare, .iter = slot_iter,
              .binary[BINARY_MOD] = slot_modulo, .length = slot_length, .get_item = slot_get_item, .contains = bytes_contains,
              .concat = bytes_concat, .repeat = bytes_repeat, .get_buffer = slot_get_buffer},
    .new_ = {"__new__", bytes_new_method, "($type, /, source=b'', encoding='utf-8', errors='strict')", NULL, NATIVE_METHOD},
    .methods = BYTES_METHODS,
};
