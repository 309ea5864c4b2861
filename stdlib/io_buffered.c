/* BufferedReader, BufferedWriter, BufferedRandom: a buffer in front of a raw stream.
 *
 * The buffer holds either bytes read ahead (read_at..read_end) or bytes waiting to be written (0..write_end), never both: a write first drops the
 * read-ahead (moving the raw stream back to the logical position), a read first flushes. The logical position is the raw one minus
 * the read-ahead plus what waits. */
#include "stdlib/io.h"

#include <unistd.h>

#include "vm/types/int.h"
#include "vm/types/list.h"

static Buffered *self_of(Value v) { return (Buffered *)value_object(v); }
static FileIO *raw_file(Vm *vm, Buffered *b) {
    return value_is_object(b->raw) && value_object(b->raw)->shape->type == io_type(vm, IO_FILE) ? (FileIO *)value_object(b->raw) : NULL;
}

/* A FileIO below another stream leaves its finalizer's work to that one. */
static void raw_mark(Vm *vm, Buffered *b, bool wrapped) {
    FileIO *f = raw_file(vm, b);
    if (f) f->wrapped = wrapped;
}

static bool buffered_init(Vm *vm, Buffered *b, Value raw, size_t size) {
    uint8_t *buffer = heap_alloc(&vm->heap, size);
    if (!buffer) return error_no_memory(vm), false;
    if (b->buffer) heap_free(&vm->heap, b->buffer, b->size);
    b->buffer = buffer;
    b->size = size;
    b->read_at = b->read_end = b->write_end = 0;
    value_replace_take(vm, &b->raw, value_retain(raw));
    raw_mark(vm, b, true);
    return true;
}

static Buffered *buffered_alloc(Vm *vm, Type *type) {
    Buffered *b = type_alloc(vm, type, sizeof *b);
    if (!b) return NULL;
    b->raw = VALUE_EMPTY;
    const TypeSpec *spec = type->spec;
    b->can_read = spec != &buffered_writer_spec;
    b->can_write = spec != &buffered_reader_spec;
    object_track(&vm->heap, &b->head);
    return b;
}

Value buffered_new(Vm *vm, IoType id, Value raw, size_t size) {
    Type *type = io_type(vm, id);
    Buffered *b = type ? buffered_alloc(vm, type) : NULL;
    if (!b) return VALUE_ERROR;
    if (buffered_init(vm, b, raw, size)) return value_from_object(b);
    release_object(vm, b);
    return VALUE_ERROR;
}

/* --- the raw stream --- */

static int64_t raw_result(Vm *vm, Value v, const char *what) {
    int64_t n;
    if (value_is_error(v)) return -1;
    if (value_is_none(v)) return -2;
    bool ok = value_as_i64(vm, v, &n);
    value_release(vm, v);
    if (ok && n < 0) error_raise(vm, EXC_OSError, "raw %s() returned invalid length %lld", what, (long long)n);
    return ok && n >= 0 ? n : -1;
}

/* readinto() of a script's raw stream, by way of a bytearray. */
static int64_t raw_read_slow(Vm *vm, Buffered *b, uint8_t *into, size_t size) {
    Value array = bytearray_new(vm, NULL, size);
    if (value_is_error(array)) return -1;
    Str *name = str_intern(vm, "readinto", 8);
    int64_t n = name ? raw_result(vm, value_call_method(vm, b->raw, name, &array, 1), "readinto") : -1;
    release_object(vm, name);
    if (n > (int64_t)size) {
        error_raise(vm, EXC_OSError, "raw readinto() returned invalid length %lld (should have been between 0 and %zu)", (long long)n, size);
        n = -1;
    }
    if (n > 0) memcpy(into, value_bytearray(array)->data, (size_t)n);
    value_release(vm, array);
    return n;
}

static int64_t raw_read(Vm *vm, Buffered *b, uint8_t *into, size_t size) {
    FileIO *f = raw_file(vm, b);
    return f ? file_read(vm, f, into, size) : raw_read_slow(vm, b, into, size);
}

static int64_t raw_write(Vm *vm, Buffered *b, const uint8_t *data, size_t size) {
    FileIO *f = raw_file(vm, b);
    if (f) return file_write(vm, f, data, size);
    Bytes *bytes = bytes_new(vm, data, size);
    if (!bytes) return -1;
    Value v = value_from_object(bytes);
    int64_t n = raw_result(vm, value_call_method(vm, b->raw, NAME(vm, write), &v, 1), "write");
    release_object(vm, bytes);
    return n;
}

static int64_t raw_seek(Vm *vm, Buffered *b, int64_t offset, int whence) {
    FileIO *f = raw_file(vm, b);
    if (f) return file_seek(vm, f, offset, whence);
    Value args[2] = {int_from_i64(vm, offset), value_from_small(whence)};
    Str *name = str_intern(vm, "seek", 4);
    Value v = name && !value_is_error(args[0]) ? value_call_method(vm, b->raw, name, args, 2) : VALUE_ERROR;
    release_object(vm, name);
    if (!value_is_error(args[0])) value_release(vm, args[0]);
    return raw_result(vm, v, "seek");
}

static bool check_attached(Vm *vm, Buffered *b) {
    if (!value_is_empty(b->raw)) return true;
    error_value(vm, b->buffer ? "raw stream has been detached" : "I/O operation on uninitialized object");
    return false;
}

/* what: the message when it is closed. */
static bool check_open(Vm *vm, Buffered *b, const char *what) {
    if (!check_attached(vm, b)) return false;
    FileIO *f = raw_file(vm, b);
    int closed = f ? f->fd < 0 : stream_closed(vm, b->raw);
    if (closed > 0) error_value(vm, "%s", what);
    return closed == 0;
}

/* Asks the raw stream a question that it must answer with True. */
static bool check_raw(Vm *vm, Value raw, const char *method, const char *message) {
    Str *name = str_from_ascii(vm, method);
    Value v = name ? value_call_method(vm, raw, name, NULL, 0) : VALUE_ERROR;
    release_object(vm, name);
    int truth = value_is_error(v) ? -1 : value_truth(vm, v);
    if (!value_is_error(v)) value_release(vm, v);
    if (truth == 0) io_unsupported(vm, message);
    return truth > 0;
}

/* --- writing --- */

bool buffered_flush(Vm *vm, Buffered *b) {
    size_t done = 0;
    while (done < b->write_end) {
        int64_t n = raw_write(vm, b, b->buffer + done, b->write_end - done);
        if (n < 0) {
            memmove(b->buffer, b->buffer + done, b->write_end - done);
            b->write_end -= done;
            if (n == -2) error_raise(vm, EXC_BlockingIOError, "write could not complete without blocking");
            return false;
        }
        done += (size_t)n;
    }
    b->write_end = 0;
    return true;
}

/* Before writing: what was read ahead is given back. */
static bool drop_read_ahead(Vm *vm, Buffered *b) {
    int64_t ahead = (int64_t)(b->read_end - b->read_at);
    b->read_at = b->read_end = 0;
    return !ahead || raw_seek(vm, b, -ahead, SEEK_CUR) >= 0;
}

bool buffered_write(Vm *vm, Buffered *b, const uint8_t *data, size_t size) {
    if (!drop_read_ahead(vm, b)) return false;
    if (b->write_end + size > b->size && !buffered_flush(vm, b)) return false;
    while (size >= b->size) { /* more than the buffer holds: straight to the raw stream */
        int64_t n = raw_write(vm, b, data, size);
        if (n == -2) error_raise(vm, EXC_BlockingIOError, "write could not complete without blocking");
        if (n < 0) return false;
        data += n;
        size -= (size_t)n;
    }
    memcpy(b->buffer + b->write_end, data, size);
    b->write_end += size;
    return true;
}

/* --- reading --- */

static size_t take_ahead(Buffered *b, uint8_t *into, size_t size) {
    size_t ahead = b->read_end - b->read_at, n = size < ahead ? size : ahead;
    memcpy(into, b->buffer + b->read_at, n);
    b->read_at += n;
    return n;
}

static int64_t fill(Vm *vm, Buffered *b) {
    if (b->write_end && !buffered_flush(vm, b)) return -1;
    int64_t n = raw_read(vm, b, b->buffer, b->size);
    b->read_at = 0;
    b->read_end = n > 0 ? (size_t)n : 0;
    return n;
}

int64_t buffered_read1(Vm *vm, Buffered *b, uint8_t *into, size_t size) {
    if (b->read_at == b->read_end && size >= b->size) {
        if (b->write_end && !buffered_flush(vm, b)) return -1;
        int64_t n = raw_read(vm, b, into, size);
        return n == -2 ? 0 : n;
    }
    if (b->read_at == b->read_end && fill(vm, b) == -1) return -1;
    return (int64_t)take_ahead(b, into, size);
}

Value buffered_read(Vm *vm, Buffered *b, int64_t size) {
    size_t capacity = size < 0 ? IO_BUFFER_SIZE : (size_t)size, used = 0;
    if (size < 0 && raw_file(vm, b)) {
        FileIO *f = raw_file(vm, b);
        off_t at = f->host ? -1 : lseek(f->fd, 0, SEEK_CUR), end = at < 0 ? -1 : lseek(f->fd, 0, SEEK_END);
        if (end > at && at >= 0) capacity = (size_t)(end - at) + (b->read_end - b->read_at) + 1;
        if (at >= 0) lseek(f->fd, at, SEEK_SET);
    }
    uint8_t *data = heap_alloc(&vm->heap, capacity ? capacity : 1);
    if (!data) return error_no_memory(vm);
    size_t block = capacity ? capacity : 1;
    int64_t n = 1;
    while (n > 0 && (size < 0 || used < (size_t)size)) {
        if (used == block) {
            uint8_t *larger = heap_realloc(&vm->heap, data, block, block * 2);
            if (!larger) {
                n = (error_no_memory(vm), -1);
                break;
            }
            data = larger;
            block *= 2;
        }
        n = b->read_at < b->read_end ? (int64_t)take_ahead(b, data + used, block - used) : buffered_read1(vm, b, data + used, block - used);
        if (n > 0) used += (size_t)n;
    }
    Bytes *bytes = n < 0 ? NULL : bytes_new(vm, data, used);
    heap_free(&vm->heap, data, block);
    return bytes ? value_from_object(bytes) : VALUE_ERROR;
}

static Value buffered_read_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Buffered *b = self_of(args[0]);
    int64_t size;
    if (!check_open(vm, b, "read of closed file") || !size_argument(vm, args[1], &size)) return VALUE_ERROR;
    if (size < -1) return error_value(vm, "read length must be non-negative or -1");
    return buffered_read(vm, b, size);
}

static Value buffered_read1_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Buffered *b = self_of(args[0]);
    int64_t size;
    if (!check_open(vm, b, "read of closed file") || !size_argument(vm, args[1], &size)) return VALUE_ERROR;
    if (size < 0) size = (int64_t)b->size;
    uint8_t *data = heap_alloc(&vm->heap, (size_t)size + 1);
    if (!data) return error_no_memory(vm);
    int64_t n = size ? buffered_read1(vm, b, data, (size_t)size) : 0;
    Bytes *bytes = n < 0 ? NULL : bytes_new(vm, data, (size_t)n);
    heap_free(&vm->heap, data, (size_t)size + 1);
    return bytes ? value_from_object(bytes) : VALUE_ERROR;
}

static Value read_into(Vm *vm, Value *args, bool once) {
    Buffered *b = self_of(args[0]);
    Buffer buffer;
    if (!check_open(vm, b, "readinto of closed file") || !io_writable_buffer(vm, args[1], once ? "readinto1() argument" : "readinto() argument", &buffer)) return VALUE_ERROR;
    size_t used = 0;
    int64_t n = 1;
    while (n > 0 && used < buffer.length && !(once && used)) {
        n = buffered_read1(vm, b, buffer.data + used, buffer.length - used);
        if (n > 0) used += (size_t)n;
    }
    buffer_release(vm, &buffer);
    return n < 0 ? VALUE_ERROR : int_from_i64(vm, (int64_t)used);
}

static Value buffered_readinto(Vm *vm, Value *args, int nargs) { return (void)nargs, read_into(vm, args, false); }
static Value buffered_readinto1(Vm *vm, Value *args, int nargs) { return (void)nargs, read_into(vm, args, true); }

static Value buffered_peek(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Buffered *b = self_of(args[0]);
    if (!check_open(vm, b, "peek of closed file")) return VALUE_ERROR;
    if (b->read_at == b->read_end && fill(vm, b) == -1) return VALUE_ERROR;
    Bytes *bytes = bytes_new(vm, b->buffer + b->read_at, b->read_end - b->read_at);
    return bytes ? value_from_object(bytes) : VALUE_ERROR;
}

/* A line, its newline included; at most limit bytes unless limit is negative. VALUE_EMPTY at the end when `for_next`. */
static Value read_line(Vm *vm, Buffered *b, int64_t limit, bool for_next) {
    Value line = bytearray_new(vm, NULL, 0);
    if (value_is_error(line)) return line;
    ByteArray *array = value_bytearray(line);
    bool ok = true, ended = false;
    while (ok && !ended && (limit < 0 || array->length < (size_t)limit)) {
        if (b->read_at == b->read_end) {
            int64_t n = fill(vm, b);
            ok = n != -1;
            if (n <= 0) break;
        }
        size_t ahead = b->read_end - b->read_at, room = limit < 0 ? ahead : (size_t)limit - array->length;
        size_t n = ahead < room ? ahead : room, used = array->length;
        uint8_t *newline = memchr(b->buffer + b->read_at, '\n', n);
        if (newline) n = (size_t)(newline - (b->buffer + b->read_at)) + 1;
        ended = newline != NULL;
        ok = bytearray_resize(vm, array, used + n);
        if (ok) take_ahead(b, array->data + used, n);
    }
    Value result = VALUE_ERROR;
    if (ok && for_next && !array->length) result = VALUE_EMPTY;
    else if (ok) {
        Bytes *bytes = bytes_new(vm, array->data, array->length);
        if (bytes) result = value_from_object(bytes);
    }
    value_release(vm, line);
    return result;
}

static Value buffered_readline(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Buffered *b = self_of(args[0]);
    int64_t size;
    if (!check_open(vm, b, "readline of closed file") || !size_argument(vm, args[1], &size)) return VALUE_ERROR;
    return read_line(vm, b, size, false);
}

/* A subclass may have a readline() of its own. */
static Value next_by_readline(Vm *vm, Value self) {
    Value line = value_call_method(vm, self, NAME(vm, readline), NULL, 0);
    if (value_is_error(line)) return line;
    if (!value_is_bytes(line)) {
        error_raise(vm, EXC_OSError, "readline() should have returned a bytes object, not '%T'", line);
        value_release(vm, line);
        return VALUE_ERROR;
    }
    if (value_bytes(line)->length) return line;
    value_release(vm, line);
    return VALUE_EMPTY;
}

static Value buffered_next(Vm *vm, Value self) {
    Buffered *b = self_of(self);
    Type *type = b->head.shape->type;
    bool own = type == io_type(vm, IO_BUFFERED_READER) || type == io_type(vm, IO_BUFFERED_RANDOM);
    if (!own) return next_by_readline(vm, self);
    return check_open(vm, b, "readline of closed file") ? read_line(vm, b, -1, true) : VALUE_ERROR;
}

/* --- other methods --- */

static Value buffered_write_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Buffered *b = self_of(args[0]);
    Buffer buffer;
    if (value_is_str(args[1])) return error_type(vm, "a bytes-like object is required, not 'str'");
    if (!check_open(vm, b, "write to closed file") || !buffer_get(vm, args[1], &buffer, false)) return VALUE_ERROR;
    int64_t length = (int64_t)buffer.length;
    bool ok = buffered_write(vm, b, buffer.data, buffer.length);
    buffer_release(vm, &buffer);
    return ok ? int_from_i64(vm, length) : VALUE_ERROR;
}

static bool flush_all(Vm *vm, Buffered *b) {
    if (b->write_end && !buffered_flush(vm, b)) return false;
    return raw_file(vm, b) != NULL || stream_call(vm, b->raw, "flush");
}

static Value buffered_flush_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    const char *message = self_of(args[0])->can_write ? "flush of closed file" : "I/O operation on closed file.";
    return check_open(vm, self_of(args[0]), message) && flush_all(vm, self_of(args[0])) ? VALUE_NONE : VALUE_ERROR;
}

static Value buffered_close(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Buffered *b = self_of(args[0]);
    if (!check_attached(vm, b)) return VALUE_ERROR;
    int closed = stream_closed(vm, b->raw);
    if (closed) return closed < 0 ? VALUE_ERROR : VALUE_NONE;
    bool ok = stream_call(vm, args[0], "flush");
    Value exception = ok ? VALUE_EMPTY : error_fetch(vm);
    b->write_end = 0;
    FileIO *f = raw_file(vm, b);
    bool done = f ? file_close(vm, f) : stream_call(vm, b->raw, "close");
    if (ok) return done ? VALUE_NONE : VALUE_ERROR;
    error_clear(vm);
    error_restore_take(vm, exception);
    return VALUE_ERROR;
}

static Value buffered_tell(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Buffered *b = self_of(args[0]);
    if (!check_attached(vm, b)) return VALUE_ERROR;
    int64_t at = raw_seek(vm, b, 0, SEEK_CUR);
    if (at < 0) return VALUE_ERROR;
    return int_from_i64(vm, at - (int64_t)(b->read_end - b->read_at) + (int64_t)b->write_end);
}

static bool check_seekable(Vm *vm, Buffered *b) {
    FileIO *f = raw_file(vm, b);
    return f ? file_seekable(f) || (io_unsupported(vm, "File or stream is not seekable."), false)
             : check_raw(vm, b->raw, "seekable", "File or stream is not seekable.");
}

static Value buffered_seek(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Buffered *b = self_of(args[0]);
    int64_t offset;
    int whence = 0;
    if (!value_is_empty(args[2]) && !value_as_int(vm, args[2], &whence)) return VALUE_ERROR;
    if (whence < 0 || whence > 4) return error_value(vm, "whence value %d unsupported", whence);
    if (!check_open(vm, b, "seek of closed file") || !check_seekable(vm, b) || !value_as_i64(vm, args[1], &offset)) return VALUE_ERROR;
    if (b->write_end && !buffered_flush(vm, b)) return VALUE_ERROR;
    if (whence == SEEK_CUR) offset -= (int64_t)(b->read_end - b->read_at);
    b->read_at = b->read_end = 0;
    int64_t at = raw_seek(vm, b, offset, whence);
    return at < 0 ? VALUE_ERROR : int_from_i64(vm, at);
}

static Value buffered_truncate(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Buffered *b = self_of(args[0]);
    if (!check_open(vm, b, "truncate of closed file")) return VALUE_ERROR;
    if (!b->can_write) return io_unsupported(vm, "truncate");
    if ((b->write_end && !buffered_flush(vm, b)) || !drop_read_ahead(vm, b)) return VALUE_ERROR;
    Str *name = str_intern(vm, "truncate", 8);
    Value v = name ? value_call_method(vm, b->raw, name, args + 1, value_is_empty(args[1]) ? 0 : 1) : VALUE_ERROR;
    release_object(vm, name);
    return v;
}

static Value buffered_detach(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Buffered *b = self_of(args[0]);
    if (!check_attached(vm, b) || !stream_call(vm, args[0], "flush")) return VALUE_ERROR;
    if (!check_attached(vm, b)) return VALUE_ERROR;
    raw_mark(vm, b, false);
    Value raw = b->raw;
    b->raw = VALUE_EMPTY;
    return raw;
}

static Value forward(Vm *vm, Value self, const char *method) {
    Buffered *b = self_of(self);
    if (!check_attached(vm, b)) return VALUE_ERROR;
    Str *name = str_from_ascii(vm, method);
    Value v = name ? value_call_method(vm, b->raw, name, NULL, 0) : VALUE_ERROR;
    release_object(vm, name);
    return v;
}

static Value buffered_readable(Vm *vm, Value *args, int nargs) { return (void)nargs, forward(vm, args[0], "readable"); }
static Value buffered_writable(Vm *vm, Value *args, int nargs) { return (void)nargs, forward(vm, args[0], "writable"); }
static Value buffered_seekable(Vm *vm, Value *args, int nargs) { return (void)nargs, forward(vm, args[0], "seekable"); }
static Value buffered_fileno(Vm *vm, Value *args, int nargs) { return (void)nargs, forward(vm, args[0], "fileno"); }
static Value buffered_isatty(Vm *vm, Value *args, int nargs) { return (void)nargs, forward(vm, args[0], "isatty"); }

static Value raw_attribute(Vm *vm, Value self, const char *name) {
    Buffered *b = self_of(self);
    if (!check_attached(vm, b)) return VALUE_ERROR;
    Str *s = str_intern(vm, name, strlen(name));
    Value v = s ? value_get_attr(vm, b->raw, s) : VALUE_ERROR;
    release_object(vm, s);
    return v;
}

static Value get_raw(Vm *vm, Value self) { return (void)vm, value_is_empty(self_of(self)->raw) ? VALUE_NONE : value_retain(self_of(self)->raw); }
static Value get_closed(Vm *vm, Value self) { return raw_attribute(vm, self, "closed"); }
static Value get_name(Vm *vm, Value self) { return raw_attribute(vm, self, "name"); }
static Value get_mode(Vm *vm, Value self) { return raw_attribute(vm, self, "mode"); }

static Value buffered_repr(Vm *vm, Value self) {
    Buffered *b = self_of(self);
    const char *type = type_name(b->head.shape->type);
    Value name = value_is_empty(b->raw) ? VALUE_EMPTY : value_find_attr(vm, b->raw, NAME(vm, name));
    if (value_is_error(name)) error_clear(vm);
    if (value_is_error(name) || value_is_empty(name)) return str_format(vm, "<%s>", type);
    Value text = str_format(vm, "<%s name=%V>", type, name);
    value_release(vm, name);
    return text;
}

/* --- making, memory --- */

static Value buffered_new_slot(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    (void)args;
    (void)nargs;
    (void)kwnames;
    Buffered *b = buffered_alloc(vm, type);
    return b ? value_from_object(b) : VALUE_ERROR;
}

/* "($self, raw, buffer_size=8192)" */
static Value buffered_construct(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Buffered *b = self_of(args[0]);
    int64_t size = IO_BUFFER_SIZE;
    if (!value_is_empty(args[2]) && !value_as_i64(vm, args[2], &size)) return VALUE_ERROR;
    if (size <= 0) return error_value(vm, "buffer size must be strictly positive");
    if (b->can_read && b->can_write && !check_raw(vm, args[1], "seekable", "File or stream is not seekable.")) return VALUE_ERROR;
    if (b->can_read && !check_raw(vm, args[1], "readable", "File or stream is not readable.")) return VALUE_ERROR;
    if (b->can_write && !check_raw(vm, args[1], "writable", "File or stream is not writable.")) return VALUE_ERROR;
    return buffered_init(vm, b, args[1], (size_t)size) ? VALUE_NONE : VALUE_ERROR;
}

static size_t buffered_size(const Object *o) {
    (void)o;
    return sizeof(Buffered);
}

static void buffered_visit(Object *o, VisitFn visit, void *arg) { visit(((Buffered *)o)->raw, arg); }

/* A file of ours answers for itself; a script's raw stream is told to close. */
static bool buffered_is_noticed(const Object *o) {
    const Buffered *b = (const Buffered *)o;
    return b->write_end || (value_is_object(b->raw) && value_object(b->raw)->shape->ops != &file_io_spec.ops);
}

/* What still waits is written before the raw stream goes: a finalizer that did not run, or a stream above that is gone already. */
static void buffered_clear(Vm *vm, Object *o) {
    Buffered *b = (Buffered *)o;
    FileIO *f = raw_file(vm, b);
    if (b->write_end && f && f->fd >= 0) {
        Value in_flight = error_fetch(vm);
        if (!buffered_flush(vm, b)) error_clear(vm);
        error_restore_take(vm, in_flight);
    }
    b->write_end = 0;
    raw_mark(vm, b, false);
    value_clear(vm, &b->raw);
}

static void buffered_free(Vm *vm, Object *o) {
    Buffered *b = (Buffered *)o;
    buffered_clear(vm, o);
    if (b->buffer) heap_free(&vm->heap, b->buffer, b->size);
}

static size_t buffered_extra(const Object *o) { return ((const Buffered *)o)->buffer ? ((const Buffered *)o)->size : 0; }

#define COMMON_METHODS \
    {"flush", buffered_flush_method, "($self, /)", "Writes what waits in the buffer.", 0}, \
    {"close", buffered_close, "($self, /)", "Flushes and closes.", 0}, \
    {"tell", buffered_tell, "($self, /)", "The position.", 0}, \
    {"seek", buffered_seek, "($self, target, whence=0, /)", "Moves to a position; the new one.", 0}, \
    {"truncate", buffered_truncate, "($self, pos=None, /)", "Sets the size.", 0}, \
    {"detach", buffered_detach, "($self, /)", "Separates and gives back the raw stream.", 0}, \
    {"seekable", buffered_seekable, "($self, /)", NULL, 0}, \
    {"fileno", buffered_fileno, "($self, /)", NULL, 0}, \
    {"isatty", buffered_isatty, "($self, /)", NULL, 0}
#define READ_METHODS \
    {"read", buffered_read_method, "($self, size=-1, /)", "Reads size bytes, or all.", 0}, \
    {"read1", buffered_read1_method, "($self, size=-1, /)", "Reads with at most one read of the raw stream.", 0}, \
    {"readinto", buffered_readinto, "($self, buffer, /)", "Reads into a writable buffer.", 0}, \
    {"readinto1", buffered_readinto1, "($self, buffer, /)", "Reads into a buffer with at most one read.", 0}, \
    {"peek", buffered_peek, "($self, size=0, /)", "Bytes read ahead, without taking them.", 0}, \
    {"readline", buffered_readline, "($self, size=-1, /)", "A line, its newline included.", 0}, \
    {"readable", buffered_readable, "($self, /)", NULL, 0}
#define WRITE_METHODS \
    {"write", buffered_write_method, "($self, buffer, /)", "Writes bytes; their number.", 0}, \
    {"writable", buffered_writable, "($self, /)", NULL, 0}

static const NativeDef reader_methods[] = {READ_METHODS, COMMON_METHODS, {0}};
static const NativeDef writer_methods[] = {WRITE_METHODS, COMMON_METHODS, {0}};
static const NativeDef random_methods[] = {READ_METHODS, WRITE_METHODS, COMMON_METHODS, {0}};

static const GetSetDef buffered_getset[] = {
    {"raw", get_raw, io_set_readonly, NULL}, {"closed", get_closed, NULL, NULL}, {"name", get_name, NULL, NULL}, {"mode", get_mode, NULL, NULL}, {0}};

#define BUFFERED_SPEC(text, table, next_fn) \
    {.name = "_io." text, .doc = "A buffer in front of a raw stream.", .layout = LAYOUT_OTHER, \
     .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_HAS_DICT | TYPE_FLAG_WEAKREFS | TYPE_FLAG_HAS_DEL, .size = sizeof(Buffered), \
     .ops = {buffered_size, buffered_visit, buffered_clear, buffered_free, buffered_extra, buffered_is_noticed}, \
     .slots = {.repr = buffered_repr, .new_ = buffered_new_slot, .next = next_fn}, \
     .init = {text, buffered_construct, "($self, /, raw, buffer_size=8192)", NULL, 0}, .methods = table, .getset = buffered_getset}

const TypeSpec buffered_reader_spec = BUFFERED_SPEC("BufferedReader", reader_methods, buffered_next);
const TypeSpec buffered_writer_spec = BUFFERED_SPEC("BufferedWriter", writer_methods, NULL);
const TypeSpec buffered_random_spec = BUFFERED_SPEC("BufferedRandom", random_methods, buffered_next);
