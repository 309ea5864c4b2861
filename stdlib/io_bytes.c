/* BytesIO: a stream of bytes in memory.
 *
 * Invariants: data is NULL if and only if capacity is 0; position may lie behind length (a write fills the gap with zeros). While `exports` is not 0,
 * a getbuffer() is in use: the block neither moves nor changes its length. */
#include "stdlib/io.h"

#include "vm/types/int.h"

typedef struct BytesIO {
    Object head;
    uint8_t *data;
    size_t length, capacity, position;
    uint32_t exports;
    bool closed;
} BytesIO;

/* What getbuffer() gives memoryview to hold. */
typedef struct BytesBuffer {
    Object head;
    BytesIO *source;
} BytesBuffer;

static BytesIO *self_of(Value v) { return (BytesIO *)value_object(v); }

static bool check_open(Vm *vm, const BytesIO *b) {
    if (!b->closed) return true;
    error_closed(vm);
    return false;
}

static bool check_exports(Vm *vm, const BytesIO *b) {
    if (!b->exports) return true;
    error_raise(vm, EXC_BufferError, "Existing exports of data: object cannot be re-sized");
    return false;
}

static bool resize(Vm *vm, BytesIO *b, size_t capacity) {
    uint8_t *block = NULL;
    if (capacity == b->capacity) return true;
    if (capacity) block = capacity > PTRDIFF_MAX ? NULL : heap_realloc(&vm->heap, b->data, b->capacity, capacity);
    else heap_free(&vm->heap, b->data, b->capacity);
    if (capacity && !block) return error_no_memory(vm), false;
    b->data = block;
    b->capacity = capacity;
    return true;
}

static size_t ahead(const BytesIO *b) { return b->position < b->length ? b->length - b->position : 0; }

static Value take(Vm *vm, BytesIO *b, size_t size) {
    Bytes *bytes = bytes_new(vm, size ? b->data + b->position : NULL, size);
    if (!bytes) return VALUE_ERROR;
    b->position += size;
    return value_from_object(bytes);
}

/* --- reading --- */

/* "($self, size=-1, /)" */
static Value bytes_io_read(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    BytesIO *b = self_of(args[0]);
    int64_t size;
    if (!size_argument(vm, args[1], &size) || !check_open(vm, b)) return VALUE_ERROR;
    return take(vm, b, size < 0 || (size_t)size > ahead(b) ? ahead(b) : (size_t)size);
}

static size_t line_length(const BytesIO *b, int64_t limit) {
    size_t most = ahead(b);
    if (limit >= 0 && (size_t)limit < most) most = (size_t)limit;
    const uint8_t *start = b->data + b->position, *newline = most ? memchr(start, '\n', most) : NULL;
    return newline ? (size_t)(newline - start) + 1 : most;
}

static Value bytes_io_readline(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    BytesIO *b = self_of(args[0]);
    int64_t size;
    if (!size_argument(vm, args[1], &size) || !check_open(vm, b)) return VALUE_ERROR;
    return take(vm, b, line_length(b, size));
}

static Value bytes_io_next(Vm *vm, Value self) {
    BytesIO *b = self_of(self);
    if (!check_open(vm, b)) return VALUE_ERROR;
    size_t length = line_length(b, -1);
    return length ? take(vm, b, length) : VALUE_EMPTY;
}

static Value bytes_io_readinto(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    BytesIO *b = self_of(args[0]);
    Buffer buffer;
    if (!check_open(vm, b)) return VALUE_ERROR;
    if (!io_writable_buffer(vm, args[1], "readinto() argument", &buffer)) return VALUE_ERROR;
    size_t n = buffer.length < ahead(b) ? buffer.length : ahead(b);
    if (n) memmove(buffer.data, b->data + b->position, n);
    b->position += n;
    buffer_release(vm, &buffer);
    return int_from_i64(vm, (int64_t)n);
}

/* --- writing --- */

static bool put(Vm *vm, BytesIO *b, const uint8_t *data, size_t size) {
    size_t end = b->position + size;
    if (end < size) return error_no_memory(vm), false;
    if (end > b->capacity && !resize(vm, b, end + end / 8 + 16)) return false;
    if (b->position > b->length) memset(b->data + b->length, 0, b->position - b->length);
    memmove(b->data + b->position, data, size);
    b->position = end;
    if (end > b->length) b->length = end;
    return true;
}

static Value bytes_io_write(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    BytesIO *b = self_of(args[0]);
    Buffer buffer;
    if (!check_open(vm, b) || !check_exports(vm, b) || !buffer_get(vm, args[1], &buffer, false)) return VALUE_ERROR;
    size_t size = buffer.length;
    bool ok = !size || put(vm, b, buffer.data, size);
    buffer_release(vm, &buffer);
    return ok ? int_from_i64(vm, (int64_t)size) : VALUE_ERROR;
}

/* "($self, size=None, /)": a size beyond the end changes nothing. */
static Value bytes_io_truncate(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    BytesIO *b = self_of(args[0]);
    int64_t size;
    if (!check_open(vm, b) || !check_exports(vm, b)) return VALUE_ERROR;
    if (value_is_empty(args[1]) || value_is_none(args[1])) size = (int64_t)b->position;
    else if (!size_argument(vm, args[1], &size)) return VALUE_ERROR;
    if (size < 0) return error_value(vm, "negative size value %lld", (long long)size);
    if ((size_t)size < b->length) {
        b->length = (size_t)size;
        if (!resize(vm, b, b->length)) return VALUE_ERROR;
    }
    return int_from_i64(vm, size);
}

/* --- position --- */

static Value bytes_io_seek(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    BytesIO *b = self_of(args[0]);
    int64_t offset, base;
    int whence = 0;
    if (!value_as_index(vm, args[1], &offset, false)) return VALUE_ERROR;
    if (!value_is_empty(args[2]) && !value_as_int(vm, args[2], &whence)) return VALUE_ERROR;
    if (!check_open(vm, b)) return VALUE_ERROR;
    if (offset < 0 && whence == 0) return error_value(vm, "negative seek value %lld", (long long)offset);
    if (whence < 0 || whence > 2) return error_value(vm, "invalid whence (%d, should be 0, 1 or 2)", whence);
    base = whence == 0 ? 0 : whence == 1 ? (int64_t)b->position : (int64_t)b->length;
    if (offset > INT64_MAX - base) return error_raise(vm, EXC_OverflowError, "new position too large");
    b->position = base + offset < 0 ? 0 : (size_t)(base + offset);
    return int_from_i64(vm, (int64_t)b->position);
}

static Value bytes_io_tell(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    BytesIO *b = self_of(args[0]);
    return check_open(vm, b) ? int_from_i64(vm, (int64_t)b->position) : VALUE_ERROR;
}

/* --- contents --- */

static Value bytes_io_getvalue(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    BytesIO *b = self_of(args[0]);
    if (!check_open(vm, b)) return VALUE_ERROR;
    Bytes *bytes = bytes_new(vm, b->data, b->length);
    return bytes ? value_from_object(bytes) : VALUE_ERROR;
}

static Value bytes_io_getbuffer(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    BytesIO *b = self_of(args[0]);
    Type *type = check_open(vm, b) ? io_type(vm, IO_BYTES_BUFFER) : NULL;
    BytesBuffer *buffer = type ? type_alloc(vm, type, sizeof *buffer) : NULL;
    if (!buffer) return VALUE_ERROR;
    buffer->source = retain_object(b);
    object_track(&vm->heap, &buffer->head);
    Value view = memoryview_new(vm, value_from_object(buffer));
    release_object(vm, buffer);
    return view;
}

static bool bytes_buffer_get(Vm *vm, Value self, Buffer *out, bool writable) {
    (void)vm, (void)writable;
    BytesBuffer *buffer = (BytesBuffer *)value_object(self);
    static const uint8_t nothing[1] = {0};
    BytesIO *b = buffer->source;
    b->exports++;
    uint8_t *data = b->data ? b->data : (uint8_t *)(uintptr_t)nothing; /* of length 0: never written */
    *out = (Buffer){.data = data, .length = b->length, .format = 'B', .item_size = 1, .owner = retain_object(buffer)};
    return true;
}

static void bytes_buffer_released(Vm *vm, Object *self) {
    (void)vm;
    ((BytesBuffer *)self)->source->exports--;
}

/* --- the rest --- */

static Value bytes_io_close(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    BytesIO *b = self_of(args[0]);
    if (!check_exports(vm, b) || !resize(vm, b, 0)) return VALUE_ERROR;
    b->closed = true;
    b->length = 0;
    return VALUE_NONE;
}

static Value bytes_io_flush(Vm *vm, Value *args, int nargs) { return (void)nargs, check_open(vm, self_of(args[0])) ? VALUE_NONE : VALUE_ERROR; }
static Value bytes_io_iter(Vm *vm, Value self) { return (void)vm, value_retain(self); }
static Value bytes_io_yes(Vm *vm, Value *args, int nargs) { return (void)nargs, check_open(vm, self_of(args[0])) ? VALUE_TRUE : VALUE_ERROR; }
static Value bytes_io_isatty(Vm *vm, Value *args, int nargs) { return (void)nargs, check_open(vm, self_of(args[0])) ? VALUE_FALSE : VALUE_ERROR; }
static Value get_closed(Vm *vm, Value self) { return (void)vm, value_from_bool(self_of(self)->closed); }

static Value bytes_io_new(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    (void)args, (void)nargs, (void)kwnames;
    BytesIO *b = type_alloc(vm, type, sizeof *b);
    if (!b) return VALUE_ERROR;
    object_track(&vm->heap, &b->head);
    return value_from_object(b);
}

/* "($self, initial_bytes=b'')" */
static Value bytes_io_init(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    BytesIO *b = self_of(args[0]);
    if (!check_exports(vm, b)) return VALUE_ERROR;
    b->length = b->position = 0;
    b->closed = false;
    if (value_is_empty(args[1]) || value_is_none(args[1])) return VALUE_NONE;
    Buffer buffer;
    if (!buffer_get(vm, args[1], &buffer, false)) return VALUE_ERROR;
    bool ok = resize(vm, b, buffer.length);
    if (ok && buffer.length) memcpy(b->data, buffer.data, buffer.length);
    if (ok) b->length = buffer.length;
    buffer_release(vm, &buffer);
    return ok ? VALUE_NONE : VALUE_ERROR;
}

static size_t bytes_io_size(const Object *o) { return (void)o, sizeof(BytesIO); }
static size_t bytes_io_extra(const Object *o) { return ((const BytesIO *)o)->capacity; }

static void bytes_io_free(Vm *vm, Object *o) {
    BytesIO *b = (BytesIO *)o;
    if (b->data) heap_free(&vm->heap, b->data, b->capacity);
}

static size_t bytes_buffer_size(const Object *o) { return (void)o, sizeof(BytesBuffer); }
static void bytes_buffer_visit(Object *o, VisitFn visit, void *arg) { visit(value_from_object(((BytesBuffer *)o)->source), arg); }
static void bytes_buffer_free(Vm *vm, Object *o) { release_object(vm, ((BytesBuffer *)o)->source); }

static const NativeDef bytes_io_methods[] = {
    {"read", bytes_io_read, "($self, size=-1, /)", "Reads size bytes, or all.", NATIVE_METHOD},
    {"read1", bytes_io_read, "($self, size=-1, /)", "Reads size bytes, or all.", NATIVE_METHOD},
    {"readline", bytes_io_readline, "($self, size=-1, /)", "A line, its newline included.", NATIVE_METHOD},
    {"readinto", bytes_io_readinto, "($self, buffer, /)", "Reads into a writable buffer; the number of bytes.", NATIVE_METHOD},
    {"write", bytes_io_write, "($self, b, /)", "Writes bytes; their number.", NATIVE_METHOD},
    {"truncate", bytes_io_truncate, "($self, size=None, /)", "Cuts the contents off at size, or at the position.", NATIVE_METHOD},
    {"seek", bytes_io_seek, "($self, pos, whence=0, /)", "Moves to a position; the new one.", NATIVE_METHOD},
    {"tell", bytes_io_tell, "($self, /)", "The position.", NATIVE_METHOD},
    {"getvalue", bytes_io_getvalue, "($self, /)", "All of the contents.", NATIVE_METHOD},
    {"getbuffer", bytes_io_getbuffer, "($self, /)", "A view of the contents that can be written to.", NATIVE_METHOD},
    {"close", bytes_io_close, "($self, /)", "Drops the contents.", NATIVE_METHOD},
    {"flush", bytes_io_flush, "($self, /)", "Does nothing.", NATIVE_METHOD},
    {"isatty", bytes_io_isatty, "($self, /)", "False.", NATIVE_METHOD},
    {"readable", bytes_io_yes, "($self, /)", "True.", NATIVE_METHOD},
    {"writable", bytes_io_yes, "($self, /)", "True.", NATIVE_METHOD},
    {"seekable", bytes_io_yes, "($self, /)", "True.", NATIVE_METHOD},
    {0}};

static const GetSetDef bytes_io_getset[] = {{"closed", get_closed, NULL, "True if the file is closed."}, {0}};

const TypeSpec bytes_io_spec = {
    .name = "_io.BytesIO",
    .doc = "Buffered I/O implementation using an in-memory bytes buffer.",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_HAS_DICT | TYPE_FLAG_WEAKREFS,
    .size = sizeof(BytesIO),
    .ops = {bytes_io_size, NULL, NULL, bytes_io_free, bytes_io_extra},
    .slots = {.new_ = bytes_io_new, .iter = bytes_io_iter, .next = bytes_io_next},
    .init = {"BytesIO", bytes_io_init, "($self, /, initial_bytes=b'')", NULL, NATIVE_METHOD},
    .methods = bytes_io_methods,
    .getset = bytes_io_getset,
};

const TypeSpec bytes_buffer_spec = {
    .name = "_io._BytesIOBuffer",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_NO_NEW,
    .size = sizeof(BytesBuffer),
    .ops = {bytes_buffer_size, bytes_buffer_visit, NULL, bytes_buffer_free, NULL},
    .slots = {.get_buffer = bytes_buffer_get, .buffer_released = bytes_buffer_released},
};
