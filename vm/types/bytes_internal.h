/* What the files of bytes, bytearray and memoryview share and nobody else needs. */
#ifndef MINI_VM_TYPES_BYTES_INTERNAL_H
#define MINI_VM_TYPES_BYTES_INTERNAL_H

#include "vm/types/bytes.h"
#include "vm/types/str.h"
#include "vm/types/text.h"
#include "vm/vm.h"

static inline TextSpan bytes_span(Value bytes_or_bytearray) {
    if (value_is_bytes(bytes_or_bytearray)) {
        const Bytes *b = value_bytes(bytes_or_bytearray);
        return (TextSpan){b->data, b->length, 1};
    }
    const ByteArray *b = value_bytearray(bytes_or_bytearray);
    return (TextSpan){b->data, b->length, 1};
}
static inline TextSpan buffer_span(const Buffer *buffer) { return (TextSpan){buffer->data, buffer->length, 1}; }

/* A plain bytes or bytearray, as `like` is one or the other. */
Value bytes_make(Vm *vm, Value like, const void *data, size_t length);
/* The same with uninitialised contents, whose address is stored. */
Value bytes_make_raw(Vm *vm, Value like, size_t length, uint8_t **data);
/* like[start:end]: bytes give themselves for the whole. */
Value bytes_part(Vm *vm, Value like, size_t start, size_t end);

/* Bytes that are collected one by one. */
typedef struct ByteWriter {
    Vm *vm;
    uint8_t *data;
    size_t size, capacity;
} ByteWriter;
bool writer_put(ByteWriter *w, const void *bytes, size_t count);
void writer_drop(ByteWriter *w);
bool writer_put_buffer(ByteWriter *w, Value v); /* a buffer's contents; of a memoryview, its items in their order */

/* An item: index() in range(256), else ValueError with the message. */
bool byte_value(Vm *vm, Value v, const char *message, uint8_t *out);
#define BYTE_RANGE_MESSAGE "byte must be in range(0, 256)"
/* All items of an iterable. TypeError "cannot convert 'x' object to bytes" (or bytearray) when it is none. */
bool writer_put_items(ByteWriter *w, Value iterable, const char *target, const char *range_message);
/* What bytes(...) and bytearray(...) are made of. *kept: bytes that can be used as they are (new), else VALUE_EMPTY and *w holds the data. */
bool bytes_from_arguments(Vm *vm, const Value *args, bool is_bytearray, ByteWriter *w, Value *kept);

/* What find() and its kin look for: a buffer's contents, or one byte given as an int. */
typedef struct ByteArgument {
    TextSpan span;
    uint8_t byte;
    Buffer buffer; /* owner NULL: none */
} ByteArgument;
bool byte_argument_get(Vm *vm, Value v, ByteArgument *out);
void byte_argument_drop(Vm *vm, ByteArgument *argument);

/* repr of bytes: prefix b'...' suffix. */
Value bytes_repr_with(Vm *vm, TextSpan data, const char *prefix, const char *suffix);
/* The arguments of hex(): group 0 for no separators. */
typedef struct HexStyle {
    int separator, group;
} HexStyle;
bool hex_style_get(Vm *vm, Value separator, Value group, HexStyle *out);
Value bytes_hex(Vm *vm, TextSpan data, HexStyle style);
bool slice_arguments(Vm *vm, Value start_value, Value end_value, const size_t *length, size_t *start, size_t *end);
static inline const size_t *bytes_length(Value bytes_or_bytearray) {
    return value_is_bytes(bytes_or_bytearray) ? &value_bytes(bytes_or_bytearray)->length : &value_bytearray(bytes_or_bytearray)->length;
}
/* bytes + other, where both are buffers. */
Value bytes_concat(Vm *vm, Value left, Value right);
Value bytes_repeat(Vm *vm, Value self, Value count);
int bytes_contains(Vm *vm, Value self, Value item);
Value bytes_compare_spans(TextSpan a, TextSpan b, CompareOperator op);

#define BYTES_METHOD(name) Value bytes_method_##name(Vm *vm, Value *args, int nargs);
/* --- bytes_find.c --- */
BYTES_METHOD(find) BYTES_METHOD(rfind) BYTES_METHOD(index) BYTES_METHOD(rindex) BYTES_METHOD(count) BYTES_METHOD(startswith)
BYTES_METHOD(endswith) BYTES_METHOD(replace) BYTES_METHOD(removeprefix) BYTES_METHOD(removesuffix) BYTES_METHOD(partition)
BYTES_METHOD(rpartition)
/* --- bytes_split.c --- */
BYTES_METHOD(split) BYTES_METHOD(rsplit) BYTES_METHOD(splitlines) BYTES_METHOD(strip) BYTES_METHOD(lstrip) BYTES_METHOD(rstrip)
BYTES_METHOD(join)
/* --- bytes_case.c --- */
BYTES_METHOD(upper) BYTES_METHOD(lower) BYTES_METHOD(swapcase) BYTES_METHOD(title) BYTES_METHOD(capitalize) BYTES_METHOD(isalnum)
BYTES_METHOD(isalpha) BYTES_METHOD(isascii) BYTES_METHOD(isdigit) BYTES_METHOD(islower) BYTES_METHOD(isspace) BYTES_METHOD(istitle)
BYTES_METHOD(isupper)
/* --- bytes_methods.c --- */
BYTES_METHOD(center) BYTES_METHOD(ljust) BYTES_METHOD(rjust) BYTES_METHOD(zfill) BYTES_METHOD(expandtabs) BYTES_METHOD(decode)
BYTES_METHOD(hex) BYTES_METHOD(fromhex) BYTES_METHOD(maketrans) BYTES_METHOD(translate)

/* Rows of both tables: those of bytes_methods.c. */
extern const NativeDef BYTES_METHODS[];
extern const NativeDef BYTEARRAY_METHODS[];
/* bytearray_iterator.c */
Value bytearray_iter(Vm *vm, Value self);
/* --- bytearray.c: methods that change it --- */
Value bytearray_append(Vm *vm, Value *args, int nargs);
Value bytearray_clear(Vm *vm, Value *args, int nargs);
Value bytearray_copy(Vm *vm, Value *args, int nargs);
Value bytearray_extend(Vm *vm, Value *args, int nargs);
Value bytearray_insert(Vm *vm, Value *args, int nargs);
Value bytearray_pop(Vm *vm, Value *args, int nargs);
Value bytearray_remove(Vm *vm, Value *args, int nargs);
Value bytearray_reverse(Vm *vm, Value *args, int nargs);
Value bytearray_alloc(Vm *vm, Value *args, int nargs);
Value bytearray_reduce(Vm *vm, Value *args, int nargs);
Value bytearray_reduce_ex(Vm *vm, Value *args, int nargs);

#endif
