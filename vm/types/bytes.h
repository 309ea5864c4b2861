/* bytes, bytearray and the Buffer view shared by everything that holds bytes. */
#ifndef MINI_VM_TYPES_BYTES_H
#define MINI_VM_TYPES_BYTES_H

#include "vm/type.h"

typedef struct Bytes {
    Object head;
    size_t length;
    Hash hash; /* -1: not known */
    uint8_t data[]; /* length + a NUL */
} Bytes;

typedef struct ByteArray {
    Object head;
    size_t length, capacity; /* bytes in use; bytes of the block */
    uint8_t *data;           /* `start` bytes into its block: what was deleted at the front */
    size_t start;
    uint32_t exports; /* buffers in use: resizing is a BufferError */
} ByteArray;

static inline bool value_is_bytes(Value v) { return value_has_layout(v, LAYOUT_BYTES); }
static inline Bytes *value_bytes(Value v) { return (Bytes *)value_object(v); }
static inline bool value_is_bytearray(Value v) { return value_has_layout(v, LAYOUT_BYTEARRAY); }
static inline ByteArray *value_bytearray(Value v) { return (ByteArray *)value_object(v); }

Bytes *bytes_new(Vm *vm, const void *data, size_t length); /* data NULL: not initialised; the NUL is set */
Value bytearray_new(Vm *vm, const void *data, size_t length);
bool bytearray_resize(Vm *vm, ByteArray *b, size_t length);
/* Any object with a buffer: bytes, bytearray, memoryview, array... false: TypeError "a bytes-like object is required, not 'x'". */
bool buffer_get(Vm *vm, Value v, Buffer *out, bool writable);
void buffer_release(Vm *vm, Buffer *buffer);
Value memoryview_new(Vm *vm, Value v);

/* Codecs (vm/types/codecs.c). encoding NULL: utf-8; errors NULL: strict. */
Value str_encode(Vm *vm, Str *s, const char *encoding, const char *errors); /* Bytes */
Value bytes_decode(Vm *vm, const uint8_t *data, size_t length, const char *encoding, const char *errors); /* Str */

#endif
