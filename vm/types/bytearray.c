/* bytearray: bytes that can change. Methods that only read are those of bytes (bytes_methods.c).
 *
 * Invariants: data points `start` bytes into a block of `capacity` bytes (NULL when capacity is 0); deleting at the front only moves
 * data, so that a queue of bytes is cheap; while exports is not 0 neither the block nor the length changes. Script
 * code that runs while arguments are read may change the array: lengths are read after the arguments.
 */
#include "vm/types/bytes.h"

#include <stdio.h>

#include "vm/ops.h"
#include "vm/types/bytes_internal.h"
#include "vm/types/codecs.h"
#include "vm/types/format.h"
#include "vm/types/function.h"
#include "vm/types/int.h"
#include "vm/types/sequence.h"

#define BYTEARRAY_MAX ((size_t)PTRDIFF_MAX)

/* --- size --- */

static uint8_t *block_of(const ByteArray *b) { return b->data ? b->data - b->start : NULL; }

static bool check_exports(Vm *vm, const ByteArray *b) {
    if (!b->exports) return true;
    error_raise(vm, EXC_BufferError, "Existing exports of data: object cannot be re-sized");
    return false;
}

static void drop_block(Vm *vm, ByteArray *b) {
    uint8_t *block = block_of(b);
    if (block) heap_free(&vm->heap, block, b->capacity);
    b->data = NULL;
    b->length = b->capacity = b->start = 0;
}

/* A block of `capacity` bytes for the contents, which begin at its start. */
static bool move_block(Vm *vm, ByteArray *b, size_t capacity) {
    uint8_t *block = block_of(b);
    if (b->start) memmove(block, b->data, b->length);
    b->data = block;
    b->start = 0;
    if (capacity == b->capacity) return true;
    block = heap_realloc(&vm->heap, block, b->capacity, capacity);
    if (!block) {
        error_no_memory(vm);
        return false;
    }
    b->data = block;
    b->capacity = capacity;
    return true;
}

bool bytearray_resize(Vm *vm, ByteArray *b, size_t length) {
    if (length == b->length) return true;
    if (!check_exports(vm, b)) return false;
    if (length > BYTEARRAY_MAX) {
        error_no_memory(vm);
        return false;
    }
    if (length == 0) {
        drop_block(vm, b);
        return true;
    }
    bool fits = b->start + length <= b->capacity, wasteful = length < b->capacity / 2 && b->capacity > 64;
    if (!fits || wasteful) {
        size_t capacity = fits ? length : length + length / 8 + (length < 9 ? 3 : 6);
        if (!fits && length <= b->capacity && b->start >= length / 2) capacity = b->capacity; /* the room is at the front */
        size_t keep = b->length;
        if (length < keep) b->length = length;
        if (!move_block(vm, b, capacity)) {
            b->length = keep;
            return false;
        }
    }
    b->length = length;
    return true;
}

/* --- making --- */

Value bytearray_new(Vm *vm, const void *data, size_t length) {
    ByteArray *b = object_new(&vm->heap, TYPE(vm, BYTEARRAY)->shape, sizeof *b);
    if (!b) return error_no_memory(vm);
    b->length = b->capacity = b->start = 0;
    b->data = NULL;
    b->exports = 0;
    if (length) {
        b->data = length <= BYTEARRAY_MAX ? heap_alloc(&vm->heap, length) : NULL;
        if (!b->data) {
            release_object(vm, b);
            return error_no_memory(vm);
        }
        b->length = b->capacity = length;
        if (data) memcpy(b->data, data, length);
    }
    return value_from_object(b);
}

static Value bytearray_new_method(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    (void)args, (void)nargs, (void)kwnames;
    if (type == TYPE(vm, BYTEARRAY)) return bytearray_new(vm, NULL, 0);
    ByteArray *b = type_alloc(vm, type, sizeof *b);
    if (!b) return VALUE_ERROR;
    object_track(&vm->heap, &b->head);
    return value_from_object(b);
}

static Value bytearray_init(Vm *vm, Value *args, int nargs) {
    ByteArray *b = value_bytearray(args[0]);
    ByteWriter w;
    Value kept;
    (void)nargs;
    if (b->length && !bytearray_resize(vm, b, 0)) return VALUE_ERROR;
    if (!bytes_from_arguments(vm, args, true, &w, &kept)) return VALUE_ERROR;
    bool ok = true;
    if (value_is_object(kept)) {
        TextSpan t = bytes_span(kept);
        ok = bytearray_resize(vm, b, t.length);
        if (ok && t.length) memcpy(b->data, t.data, t.length);
    } else if (w.size && (ok = check_exports(vm, b))) { /* what was collected becomes the array's block */
        uint8_t *fitting = w.capacity > w.size ? heap_realloc(&vm->heap, w.data, w.capacity, w.size) : NULL;
        if (fitting) w = (ByteWriter){vm, fitting, w.size, w.size};
        drop_block(vm, b);
        b->data = w.data;
        b->length = w.size;
        b->capacity = w.capacity;
        w = (ByteWriter){.vm = vm};
    }
    value_release(vm, kept);
    writer_drop(&w);
    return ok ? VALUE_NONE : VALUE_ERROR;
}

static size_t bytearray_size(const Object *self) {
    (void)self;
    return sizeof(ByteArray);
}
static size_t bytearray_extra_size(const Object *self) { return ((const ByteArray *)self)->capacity; }
static void bytearray_free(Vm *vm, Object *self) { drop_block(vm, (ByteArray *)self); }

/* --- reading --- */

static Value slot_repr(Vm *vm, Value self) {
    char prefix[128];
    snprintf(prefix, sizeof prefix, "%.100s(", value_type_name(vm, self));
    return bytes_repr_with(vm, bytes_span(self), prefix, ")");
}

static Value slot_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    Buffer a = {0}, b = {0};
    Value result = VALUE_ERROR;
    if (!value_type(vm, self)->slots.get_buffer || !value_type(vm, other)->slots.get_buffer) return VALUE_NOT_IMPLEMENTED;
    if (buffer_get(vm, self, &a, false) && buffer_get(vm, other, &b, false)) result = bytes_compare_spans(buffer_span(&a), buffer_span(&b), op);
    buffer_release(vm, &a);
    buffer_release(vm, &b);
    return result;
}

static int64_t slot_length(Vm *vm, Value self) {
    (void)vm;
    return (int64_t)value_bytearray(self)->length;
}

static Value slice_of(Vm *vm, Value self, Value key) {
    ByteArray *b = value_bytearray(self);
    int64_t start, stop, step;
    size_t count;
    uint8_t *data;
    if (!sequence_slice(vm, key, &b->length, &start, &stop, &step, &count)) return VALUE_ERROR;
    if (step == 1) return bytes_part(vm, self, (size_t)start, (size_t)start + count);
    Value part = bytes_make_raw(vm, self, count, &data);
    for (size_t i = 0; !value_is_error(part) && i < count; i++) data[i] = b->data[start + (int64_t)i * step];
    return part;
}

/* What key says, not yet adjusted. */
static bool read_index(Vm *vm, Value key, int64_t *index) {
    int known = sequence_index(vm, key, index);
    if (!known) error_type(vm, "bytearray indices must be integers or slices, not %T", key);
    return known > 0;
}

static bool adjust_index(Vm *vm, const ByteArray *b, int64_t *index) {
    if (*index < 0) *index += (int64_t)b->length;
    if (*index >= 0 && *index < (int64_t)b->length) return true;
    error_raise(vm, EXC_IndexError, "bytearray index out of range");
    return false;
}

static Value slot_get_item(Vm *vm, Value self, Value key) {
    if (value_has_layout(key, LAYOUT_SLICE)) return slice_of(vm, self, key);
    int64_t i;
    if (!read_index(vm, key, &i) || !adjust_index(vm, value_bytearray(self), &i)) return VALUE_ERROR;
    return value_from_small(value_bytearray(self)->data[i]);
}

/* --- changing --- */

/* Replaces b[start:end] by other bytes, which must not lie in b. */
static bool splice(Vm *vm, ByteArray *b, size_t start, size_t end, const uint8_t *data, size_t count) {
    size_t removed = end - start, tail = b->length - end;
    if (removed != count && !check_exports(vm, b)) return false;
    if (count < removed && start == 0 && tail) { /* the front goes: the block stays */
        b->data += removed - count;
        b->start += removed - count;
        b->length -= removed - count;
        if (b->capacity > 64 && b->length < b->capacity / 2 && !move_block(vm, b, b->length)) error_clear(vm);
    } else if (count < removed) {
        memmove(b->data + start + count, b->data + end, tail);
        if (!bytearray_resize(vm, b, b->length - (removed - count))) return false;
    } else if (count > removed) {
        if (count - removed > BYTEARRAY_MAX - b->length) return error_no_memory(vm), false;
        if (!bytearray_resize(vm, b, b->length + (count - removed))) return false;
        memmove(b->data + start + count, b->data + end, tail);
    }
    if (count) memcpy(b->data + start, data, count);
    return true;
}

/* Deletes every step-th byte. */
static bool delete_steps(Vm *vm, ByteArray *b, int64_t start, int64_t step, size_t count) {
    if (!check_exports(vm, b)) return false;
    if (step < 0) {
        start += step * ((int64_t)count - 1);
        step = -step;
    }
    size_t to = (size_t)start, next = (size_t)start, left = count;
    for (size_t from = to; from < b->length; from++) {
        if (left && from == next) {
            next += (size_t)step;
            left--;
        } else {
            b->data[to++] = b->data[from];
        }
    }
    return bytearray_resize(vm, b, to);
}

typedef struct SliceRange {
    int64_t start, stop, step;
    size_t count;
} SliceRange;

static bool slice_range(Vm *vm, const ByteArray *b, Value key, SliceRange *r) {
    return sequence_slice(vm, key, &b->length, &r->start, &r->stop, &r->step, &r->count);
}

static bool assign_span(Vm *vm, ByteArray *b, const SliceRange *r, TextSpan data) {
    if (r->step == 1) return splice(vm, b, (size_t)r->start, (size_t)r->start + r->count, data.data, data.length);
    if (data.length == 0) return r->count == 0 || delete_steps(vm, b, r->start, r->step, r->count);
    if (data.length != r->count) {
        error_value(vm, "attempt to assign bytes of size %zu to extended slice of size %zu", data.length, r->count);
        return false;
    }
    for (size_t i = 0; i < r->count; i++) b->data[r->start + (int64_t)i * r->step] = ((const uint8_t *)data.data)[i];
    return true;
}

static bool is_number(Vm *vm, Value v) {
    const TypeSlots *slots = &value_type(vm, v)->slots;
    return slots->as_index || slots->as_int || slots->as_float;
}

/* Copies what is to be assigned: it may be a view of the array, or come from script code that changes it. */
static bool collect_value(ByteWriter *w, Value value) {
    if (value_type(w->vm, value)->slots.get_buffer) return writer_put_buffer(w, value);
    return writer_put_items(w, value, "bytearray", BYTE_RANGE_MESSAGE);
}

static bool set_slice(Vm *vm, ByteArray *b, Value key, Value value) {
    ByteWriter w = {.vm = vm};
    SliceRange range;
    if (!slice_range(vm, b, key, &range)) return false;
    if (value_is_empty(value)) return assign_span(vm, b, &range, (TextSpan){NULL, 0, 1});
    if (value_is_bytes(value)) return assign_span(vm, b, &range, bytes_span(value));
    if (value_is_str(value) || is_number(vm, value)) {
        error_type(vm, "can assign only bytes, buffers, or iterables of ints in range(0, 256)");
        return false;
    }
    size_t length = b->length;
    bool ok = collect_value(&w, value);
    if (ok && b->length != length) ok = slice_range(vm, b, key, &range);
    ok = ok && assign_span(vm, b, &range, (TextSpan){w.data, w.size, 1});
    writer_drop(&w);
    return ok;
}

static bool slot_set_item(Vm *vm, Value self, Value key, Value value) {
    ByteArray *b = value_bytearray(self);
    uint8_t byte = 0;
    if (value_has_layout(key, LAYOUT_SLICE)) return set_slice(vm, b, key, value);
    int64_t i;
    if (!read_index(vm, key, &i)) return false;
    if (!value_is_empty(value) && !byte_value(vm, value, BYTE_RANGE_MESSAGE, &byte)) return false; /* may change the array */
    if (!adjust_index(vm, b, &i)) return false;
    if (value_is_empty(value)) return splice(vm, b, (size_t)i, (size_t)i + 1, NULL, 0);
    b->data[i] = byte;
    return true;
}

static bool append_buffer_take(Vm *vm, ByteArray *b, Buffer *buffer) {
    bool ok = splice(vm, b, b->length, b->length, buffer->data, buffer->length);
    buffer_release(vm, buffer);
    return ok;
}

/* A view of the array itself is an export: BufferError, as in CPython. */
static Value slot_inplace_concat(Vm *vm, Value self, Value other) {
    if (!value_type(vm, other)->slots.get_buffer) return error_type(vm, "can't concat %T to %T", other, self);
    Buffer buffer;
    if (buffer_get(vm, other, &buffer, false)) return append_buffer_take(vm, value_bytearray(self), &buffer) ? value_retain(self) : VALUE_ERROR;
    if (error_clear_if(vm, EXC_BufferError)) error_type(vm, "can't concat %T to %T", other, self);
    return VALUE_ERROR;
}

static Value slot_inplace_repeat(Vm *vm, Value self, Value count_value) {
    ByteArray *b = value_bytearray(self);
    int64_t count;
    if (!value_as_index(vm, count_value, &count, false)) return VALUE_ERROR;
    size_t length = b->length;
    if (count < 0) count = 0;
    if (length && (uint64_t)count > BYTEARRAY_MAX / length) return error_no_memory(vm);
    if (!bytearray_resize(vm, b, length * (size_t)count)) return VALUE_ERROR;
    for (int64_t i = 1; i < count && length; i++) memcpy(b->data + (size_t)i * length, b->data, length);
    return value_retain(self);
}

static Value slot_modulo(Vm *vm, Value left, Value right) {
    return value_is_bytearray(left) ? bytes_percent(vm, left, right) : VALUE_NOT_IMPLEMENTED;
}

static bool slot_get_buffer(Vm *vm, Value self, Buffer *out, bool writable) {
    ByteArray *b = value_bytearray(self);
    (void)vm, (void)writable;
    b->exports++;
    *out = (Buffer){.data = b->data, .length = b->length, .readonly = false, .format = 'B', .item_size = 1, .owner = retain_object(b)};
    return true;
}

static void slot_buffer_released(Vm *vm, Object *self) {
    (void)vm;
    ((ByteArray *)self)->exports--;
}

/* --- methods --- */

Value bytearray_append(Vm *vm, Value *args, int nargs) {
    ByteArray *b = value_bytearray(args[0]);
    uint8_t byte;
    (void)nargs;
    if (!byte_value(vm, args[1], BYTE_RANGE_MESSAGE, &byte) || !bytearray_resize(vm, b, b->length + 1)) return VALUE_ERROR;
    b->data[b->length - 1] = byte;
    return VALUE_NONE;
}

Value bytearray_clear(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return bytearray_resize(vm, value_bytearray(args[0]), 0) ? VALUE_NONE : VALUE_ERROR;
}

Value bytearray_copy(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return bytearray_new(vm, value_bytearray(args[0])->data, value_bytearray(args[0])->length);
}

static bool append_self(Vm *vm, ByteArray *b) {
    size_t length = b->length;
    if (!bytearray_resize(vm, b, length * 2)) return false;
    if (length) memcpy(b->data + length, b->data, length);
    return true;
}

Value bytearray_extend(Vm *vm, Value *args, int nargs) {
    ByteArray *b = value_bytearray(args[0]);
    ByteWriter w = {.vm = vm};
    (void)nargs;
    if (value_same(args[0], args[1])) return append_self(vm, b) ? VALUE_NONE : VALUE_ERROR;
    if (value_type(vm, args[1])->slots.get_buffer) {
        Buffer buffer;
        if (buffer_get(vm, args[1], &buffer, false)) return append_buffer_take(vm, b, &buffer) ? VALUE_NONE : VALUE_ERROR;
        if (error_clear_if(vm, EXC_BufferError)) error_type(vm, "can't set bytearray slice from %T", args[1]);
        return VALUE_ERROR;
    }
    if (value_is_str(args[1])) return error_type(vm, "expected iterable of integers; got: 'str'");
    Value iterator = value_iter(vm, args[1]);
    if (value_is_error(iterator)) {
        if (error_clear_if(vm, EXC_TypeError)) error_type(vm, "can't extend bytearray with %T", args[1]);
        return VALUE_ERROR;
    }
    bool ok = writer_put_items(&w, iterator, "bytearray", BYTE_RANGE_MESSAGE);
    value_release(vm, iterator);
    ok = ok && splice(vm, b, b->length, b->length, w.data, w.size);
    writer_drop(&w);
    return ok ? VALUE_NONE : VALUE_ERROR;
}

Value bytearray_insert(Vm *vm, Value *args, int nargs) {
    ByteArray *b = value_bytearray(args[0]);
    int64_t index;
    uint8_t byte;
    (void)nargs;
    if (!sequence_size_argument(vm, args[1], &index) || !byte_value(vm, args[2], BYTE_RANGE_MESSAGE, &byte)) return VALUE_ERROR;
    if (index < 0 && (index += (int64_t)b->length) < 0) index = 0;
    if (index > (int64_t)b->length) index = (int64_t)b->length;
    return splice(vm, b, (size_t)index, (size_t)index, &byte, 1) ? VALUE_NONE : VALUE_ERROR;
}

Value bytearray_pop(Vm *vm, Value *args, int nargs) {
    ByteArray *b = value_bytearray(args[0]);
    int64_t index = -1;
    (void)nargs;
    if (!value_is_empty(args[1]) && !sequence_size_argument(vm, args[1], &index)) return VALUE_ERROR;
    if (b->length == 0) return error_raise(vm, EXC_IndexError, "pop from empty bytearray");
    if (index < 0) index += (int64_t)b->length;
    if (index < 0 || index >= (int64_t)b->length) return error_raise(vm, EXC_IndexError, "pop index out of range");
    uint8_t byte = b->data[index];
    return splice(vm, b, (size_t)index, (size_t)index + 1, NULL, 0) ? value_from_small(byte) : VALUE_ERROR;
}

Value bytearray_remove(Vm *vm, Value *args, int nargs) {
    ByteArray *b = value_bytearray(args[0]);
    uint8_t byte;
    (void)nargs;
    if (!byte_value(vm, args[1], BYTE_RANGE_MESSAGE, &byte)) return VALUE_ERROR;
    int64_t at = text_find_char(bytes_span(args[0]), byte);
    if (at < 0) return error_value(vm, "value not found in bytearray");
    return splice(vm, b, (size_t)at, (size_t)at + 1, NULL, 0) ? VALUE_NONE : VALUE_ERROR;
}

Value bytearray_reverse(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    ByteArray *b = value_bytearray(args[0]);
    for (size_t i = 0, j = b->length; i + 1 < j; i++) {
        uint8_t byte = b->data[i];
        b->data[i] = b->data[--j];
        b->data[j] = byte;
    }
    return VALUE_NONE;
}

Value bytearray_alloc(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    return value_from_small((int64_t)value_bytearray(args[0])->capacity);
}

/* (type, (text, 'latin-1'), dict), or (type, (contents,), dict) from protocol 3 on */
static Value reduce_with(Vm *vm, Value self, bool as_bytes) {
    TextSpan t = bytes_span(self);
    Value type = value_retain(value_from_object(value_type(vm, self))), state = value_find_attr(vm, self, NAME(vm, __dict__)), arguments;
    if (t.length == 0) {
        arguments = sequence_pack_take(vm, 0);
    } else if (as_bytes) {
        Bytes *copy = bytes_new(vm, t.data, t.length);
        arguments = sequence_pack_take(vm, 1, copy ? value_from_object(copy) : VALUE_ERROR);
    } else {
        arguments = sequence_pack_take(vm, 2, str_value(str_from_ucs(vm, t.data, t.length, 1)), str_value(str_from_ascii(vm, "latin-1")));
    }
    return sequence_pack_take(vm, 3, type, arguments, value_is_empty(state) ? VALUE_NONE : state);
}

Value bytearray_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return reduce_with(vm, args[0], false);
}
Value bytearray_reduce_ex(Vm *vm, Value *args, int nargs) {
    int protocol = 0;
    (void)nargs;
    if (!value_is_empty(args[1]) && !value_as_int(vm, args[1], &protocol)) return VALUE_ERROR;
    return reduce_with(vm, args[0], protocol >= 3);
}

const TypeSpec bytearray_spec = {
    .name = "bytearray",
    .doc = "bytearray(source=b'', encoding='utf-8', errors='strict')\n\n"
           "A row of bytes that can change: from an iterable of ints, from text and an encoding, from any bytes-like object, or so many\n"
           "zeros as an int says.",
    .layout = LAYOUT_BYTEARRAY,
    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_MATCH_SELF | TYPE_FLAG_UNHASHABLE,
    .size = sizeof(ByteArray),
    .ops = {.size = bytearray_size, .free = bytearray_free, .extra_size = bytearray_extra_size},
    .slots = {.repr = slot_repr, .str = slot_repr, .compare = slot_compare, .iter = bytearray_iter, .new_ = bytearray_new_method,
              .binary[BINARY_MOD] = slot_modulo, .length = slot_length, .get_item = slot_get_item, .set_item = slot_set_item,
              .contains = bytes_contains, .concat = bytes_concat, .repeat = bytes_repeat, .inplace_concat = slot_inplace_concat,
              .inplace_repeat = slot_inplace_repeat, .get_buffer = slot_get_buffer, .buffer_released = slot_buffer_released},
    .init = {"__init__", bytearray_init, "($self, /, source=b'', encoding='utf-8', errors='strict')", NULL, NATIVE_METHOD},
    .methods = BYTEARRAY_METHODS,
};
