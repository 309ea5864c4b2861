/* The abstract bases of module io (_IOBase, _RawIOBase, _BufferedIOBase, _TextIOBase): what a stream, ours or a script's, has by
 * inheritance, made of its own read, write, close. A stream that is dropped is closed. */
#include "stdlib/io.h"

#include "vm/shape.h"
#include "vm/types/int.h"
#include "vm/types/list.h"

Value error_closed(Vm *vm) { return error_value(vm, "I/O operation on closed file."); }

int stream_closed(Vm *vm, Value stream) {
    if (value_is_object(stream)) { /* the common layers without a look-up */
        Type *type = value_object(stream)->shape->type;
        if (type == io_type(vm, IO_FILE)) return ((FileIO *)value_object(stream))->fd < 0;
        if (type == io_type(vm, IO_BUFFERED_READER) || type == io_type(vm, IO_BUFFERED_WRITER) || type == io_type(vm, IO_BUFFERED_RANDOM)) {
            Value raw = ((Buffered *)value_object(stream))->raw;
            return value_is_empty(raw) ? 0 : stream_closed(vm, raw);
        }
    }
    Str *name = str_intern(vm, "closed", 6);
    Value v = name ? value_get_attr(vm, stream, name) : VALUE_ERROR;
    release_object(vm, name);
    if (value_is_error(v)) return -1;
    int truth = value_truth(vm, v);
    value_release(vm, v);
    return truth;
}

bool size_argument(Vm *vm, Value v, int64_t *out) {
    *out = -1;
    if (value_is_empty(v) || value_is_none(v)) return true;
    if (!value_is_int(v) && !value_type(vm, v)->slots.as_index)
        return error_type(vm, "argument should be integer or None, not '%T'", v), false;
    return value_as_index(vm, v, out, true);
}

bool io_writable_buffer(Vm *vm, Value v, const char *function, Buffer *out) {
    if (value_type(vm, v)->slots.get_buffer) {
        if (buffer_get(vm, v, out, true)) {
            if (!out->readonly) return true;
            buffer_release(vm, out);
        } else if (!error_clear_if(vm, EXC_BufferError) && !error_clear_if(vm, EXC_TypeError)) {
            return false;
        }
    }
    error_type(vm, "%s must be read-write bytes-like object, not %T", function, v);
    return false;
}

bool io_set_readonly(Vm *vm, Value self, Value value) {
    (void)self, (void)value;
    error_raise(vm, EXC_AttributeError, "readonly attribute");
    return false;
}

Value io_next_text(Vm *vm, Value self) {
    Value line = value_call_method(vm, self, NAME(vm, readline), NULL, 0);
    if (value_is_error(line)) return line;
    if (!value_is_str(line)) {
        error_raise(vm, EXC_OSError, "readline() should have returned a str object, not '%T'", line);
        value_release(vm, line);
        return VALUE_ERROR;
    }
    if (value_str_peek(line)->length) return line;
    value_release(vm, line);
    return VALUE_EMPTY;
}

bool stream_call(Vm *vm, Value stream, const char *method) {
    Str *name = str_from_ascii(vm, method);
    Value v = name ? value_call_method(vm, stream, name, NULL, 0) : VALUE_ERROR;
    release_object(vm, name);
    if (value_is_error(v)) return false;
    value_release(vm, v);
    return true;
}

static bool check_open(Vm *vm, Value self) {
    int closed = stream_closed(vm, self);
    if (closed > 0) error_closed(vm);
    return closed == 0;
}

/* --- what a script's stream leaves out --- */

static Value unsupported_seek(Vm *vm, Value *args, int nargs) { return (void)args, (void)nargs, io_unsupported(vm, "seek"); }
static Value unsupported_truncate(Vm *vm, Value *args, int nargs) { return (void)args, (void)nargs, io_unsupported(vm, "truncate"); }
static Value unsupported_fileno(Vm *vm, Value *args, int nargs) { return (void)args, (void)nargs, io_unsupported(vm, "fileno"); }
static Value unsupported_read(Vm *vm, Value *args, int nargs) { return (void)args, (void)nargs, io_unsupported(vm, "read"); }
static Value unsupported_read1(Vm *vm, Value *args, int nargs) { return (void)args, (void)nargs, io_unsupported(vm, "read1"); }
static Value unsupported_readline(Vm *vm, Value *args, int nargs) { return (void)args, (void)nargs, io_unsupported(vm, "readline"); }
static Value unsupported_write(Vm *vm, Value *args, int nargs) { return (void)args, (void)nargs, io_unsupported(vm, "write"); }
static Value unsupported_detach(Vm *vm, Value *args, int nargs) { return (void)args, (void)nargs, io_unsupported(vm, "detach"); }
static Value answer_false(Vm *vm, Value *args, int nargs) { return (void)vm, (void)args, (void)nargs, VALUE_FALSE; }

static Value base_tell(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value down[2] = {value_from_small(0), value_from_small(1)};
    Str *name = str_intern(vm, "seek", 4);
    Value v = name ? value_call_method(vm, args[0], name, down, 2) : VALUE_ERROR;
    release_object(vm, name);
    return v;
}

static Value base_isatty(Vm *vm, Value *args, int nargs) { return (void)nargs, check_open(vm, args[0]) ? VALUE_FALSE : VALUE_ERROR; }
static Value base_flush(Vm *vm, Value *args, int nargs) { return (void)nargs, check_open(vm, args[0]) ? VALUE_NONE : VALUE_ERROR; }

/* --- closing. A script's stream remembers it in the attribute __IOBase_closed. --- */

static Str *closed_name(Vm *vm) { return str_intern(vm, "__IOBase_closed", 15); }

static Value base_get_closed(Vm *vm, Value self) {
    Str *name = closed_name(vm);
    if (!name) return VALUE_ERROR;
    Value v = object_attr_peek(vm, value_object(self), name);
    release_object(vm, name);
    return value_from_bool(value_is_true(v));
}

static Value base_close(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value closed = base_get_closed(vm, args[0]);
    if (value_is_error(closed) || value_is_true(closed)) return value_is_error(closed) ? closed : VALUE_NONE;
    bool flushed = stream_call(vm, args[0], "flush");
    Value exception = flushed ? VALUE_EMPTY : error_fetch(vm);
    Str *name = closed_name(vm);
    bool ok = name && object_attr_set(vm, value_object(args[0]), name, VALUE_TRUE);
    release_object(vm, name);
    if (flushed) return ok ? VALUE_NONE : VALUE_ERROR;
    error_clear(vm);
    error_restore_take(vm, exception);
    return VALUE_ERROR;
}

/* Whether a stream above will close this one. */
static bool is_wrapped(Vm *vm, Object *o) {
    Type *type = o->shape->type;
    if (type == io_type(vm, IO_FILE)) return ((FileIO *)o)->wrapped;
    bool buffered = type == io_type(vm, IO_BUFFERED_READER) || type == io_type(vm, IO_BUFFERED_WRITER) || type == io_type(vm, IO_BUFFERED_RANDOM);
    return buffered && ((Buffered *)o)->wrapped;
}

static Value base_del(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (is_wrapped(vm, value_object(args[0]))) return VALUE_NONE;
    int closed = stream_closed(vm, args[0]);
    if (closed == 0 && !stream_call(vm, args[0], "close")) {
        if (vm->finalizing) error_clear(vm); /* there is no stream left to tell it to */
        else error_unraisable(vm, NULL, args[0]);
    }
    if (closed < 0) error_clear(vm);
    return VALUE_NONE;
}

static Value base_enter(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return check_open(vm, args[0]) ? value_retain(args[0]) : VALUE_ERROR;
}

static Value base_exit(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return stream_call(vm, args[0], "close") ? VALUE_NONE : VALUE_ERROR;
}

static Value check_closed(Vm *vm, Value *args, int nargs) { return (void)nargs, check_open(vm, args[0]) ? VALUE_NONE : VALUE_ERROR; }

static Value check_kind(Vm *vm, Value self, const char *method, const char *message) {
    Str *name = str_from_ascii(vm, method);
    Value v = name ? value_call_method(vm, self, name, NULL, 0) : VALUE_ERROR;
    release_object(vm, name);
    if (value_is_error(v)) return v;
    bool is = value_is_true(v);
    value_release(vm, v);
    return is ? VALUE_TRUE : io_unsupported(vm, message);
}
static Value check_readable(Vm *vm, Value *args, int nargs) { return (void)nargs, check_kind(vm, args[0], "readable", "File or stream is not readable."); }
static Value check_writable(Vm *vm, Value *args, int nargs) { return (void)nargs, check_kind(vm, args[0], "writable", "File or stream is not writable."); }
static Value check_seekable(Vm *vm, Value *args, int nargs) { return (void)nargs, check_kind(vm, args[0], "seekable", "File or stream is not seekable."); }

/* --- lines --- */

/* readline() by read(1), for streams without one of their own. */
static Value base_readline(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int64_t limit;
    if (!size_argument(vm, args[1], &limit)) return VALUE_ERROR;
    Value line = bytearray_new(vm, NULL, 0), one = value_from_small(1), result = VALUE_ERROR;
    if (value_is_error(line)) return line;
    for (;;) {
        size_t used = value_bytearray(line)->length;
        if (limit >= 0 && (int64_t)used >= limit) break;
        Value piece = value_call_method(vm, args[0], NAME(vm, read), &one, 1);
        if (value_is_error(piece)) goto failed;
        if (!value_is_bytes(piece)) {
            error_raise(vm, EXC_OSError, "read() should have returned a bytes object, not '%T'", piece);
            value_release(vm, piece);
            goto failed;
        }
        size_t n = value_bytes(piece)->length;
        bool newline = n && value_bytes(piece)->data[n - 1] == '\n', ok = bytearray_resize(vm, value_bytearray(line), used + n);
        if (ok && n) memcpy(value_bytearray(line)->data + used, value_bytes(piece)->data, n);
        value_release(vm, piece);
        if (!ok) goto failed;
        if (!n || newline) break;
    }
    Bytes *bytes = bytes_new(vm, value_bytearray(line)->data, value_bytearray(line)->length);
    if (bytes) result = value_from_object(bytes);
failed:
    value_release(vm, line);
    return result;
}

static Value base_readlines(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int64_t hint, total = 0;
    if (!size_argument(vm, args[1], &hint)) return VALUE_ERROR;
    Value iterator = value_iter(vm, args[0]), line = VALUE_ERROR;
    List *lines = value_is_error(iterator) ? NULL : list_new(vm, 0);
    while (lines && !(hint > 0 && total >= hint)) {
        line = value_next(vm, iterator);
        if (value_is_empty(line) || value_is_error(line)) break;
        int64_t length = hint > 0 ? value_length(vm, line) : 0;
        total += length;
        if (list_append_take(vm, lines, line) && length >= 0) continue;
        line = VALUE_ERROR;
        break;
    }
    value_release(vm, iterator);
    if (lines && !value_is_error(line)) return value_from_object(lines);
    release_object(vm, lines);
    return VALUE_ERROR;
}

static bool write_line(Vm *vm, Value line, void *arg) {
    Value v = value_call_method(vm, *(Value *)arg, NAME(vm, write), &line, 1);
    if (value_is_error(v)) return false;
    value_release(vm, v);
    return true;
}

static Value base_writelines(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!check_open(vm, args[0])) return VALUE_ERROR;
    Value self = args[0];
    return value_each(vm, args[1], write_line, &self) ? VALUE_NONE : VALUE_ERROR;
}

static Value base_iter(Vm *vm, Value self) { return check_open(vm, self) ? value_retain(self) : VALUE_ERROR; }

static Value base_next(Vm *vm, Value self) {
    Value line = value_call_method(vm, self, NAME(vm, readline), NULL, 0);
    if (value_is_error(line)) return line;
    int64_t length = value_length(vm, line);
    if (length > 0) return line;
    value_release(vm, line);
    return length < 0 ? VALUE_ERROR : VALUE_EMPTY;
}

/* --- _RawIOBase, _BufferedIOBase: read() by readinto() and the reverse --- */

static Value read_into_new(Vm *vm, Value self, int64_t size) {
    Value array = bytearray_new(vm, NULL, (size_t)size), result = VALUE_ERROR;
    if (value_is_error(array)) return array;
    Str *name = str_intern(vm, "readinto", 8);
    Value n = name ? value_call_method(vm, self, name, &array, 1) : VALUE_ERROR;
    release_object(vm, name);
    int64_t count;
    if (value_is_none(n)) result = VALUE_NONE;
    else if (!value_is_error(n) && value_as_i64(vm, n, &count)) {
        Bytes *bytes = bytes_new(vm, value_bytearray(array)->data, (size_t)(count < size ? count : size));
        if (bytes) result = value_from_object(bytes);
    }
    if (!value_is_error(n)) value_release(vm, n);
    value_release(vm, array);
    return result;
}

static Value raw_readall(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value all = bytearray_new(vm, NULL, 0), size = value_from_small(IO_BUFFER_SIZE);
    while (!value_is_error(all)) {
        Value piece = value_call_method(vm, args[0], NAME(vm, read), &size, 1);
        if (value_is_error(piece) || !value_is_bytes(piece) || !value_bytes(piece)->length) {
            if (!value_is_error(piece)) value_release(vm, piece);
            else {
                value_release(vm, all);
                return piece;
            }
            break;
        }
        size_t used = value_bytearray(all)->length, n = value_bytes(piece)->length;
        bool ok = bytearray_resize(vm, value_bytearray(all), used + n);
        if (ok) memcpy(value_bytearray(all)->data + used, value_bytes(piece)->data, n);
        value_release(vm, piece);
        if (ok) continue;
        value_release(vm, all);
        return VALUE_ERROR;
    }
    if (value_is_error(all)) return all;
    Bytes *bytes = bytes_new(vm, value_bytearray(all)->data, value_bytearray(all)->length);
    value_release(vm, all);
    return bytes ? value_from_object(bytes) : VALUE_ERROR;
}

static Value not_implemented(Vm *vm, Value *args, int nargs) {
    (void)args, (void)nargs;
    error_set_take(vm, value_call0(vm, value_from_object(vm->exception_types[EXC_NotImplementedError])));
    return VALUE_ERROR;
}

static Value raw_read(Vm *vm, Value *args, int nargs) {
    int64_t size;
    if (!size_argument(vm, args[1], &size)) return VALUE_ERROR;
    return size < 0 ? raw_readall(vm, args, nargs) : read_into_new(vm, args[0], size);
}

static Value buffered_readinto(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Buffer buffer;
    if (!io_writable_buffer(vm, args[1], "readinto() argument", &buffer)) return VALUE_ERROR;
    Value size = int_from_i64(vm, (int64_t)buffer.length), piece = value_call_method(vm, args[0], NAME(vm, read), &size, 1);
    Value result = VALUE_ERROR;
    if (value_is_bytes(piece) && value_bytes(piece)->length <= buffer.length) {
        memcpy(buffer.data, value_bytes(piece)->data, value_bytes(piece)->length);
        result = int_from_i64(vm, (int64_t)value_bytes(piece)->length);
    } else if (!value_is_error(piece)) {
        error_type(vm, "read() should return bytes");
    }
    if (!value_is_error(piece)) value_release(vm, piece);
    buffer_release(vm, &buffer);
    return result;
}

static Value none_attribute(Vm *vm, Value self) { return (void)vm, (void)self, VALUE_NONE; }

static const NativeDef base_methods[] = {
    {"seek", unsupported_seek, "($self, offset, whence=0, /)", NULL, 0},
    {"tell", base_tell, "($self, /)", NULL, 0},
    {"truncate", unsupported_truncate, "($self, size=None, /)", NULL, 0},
    {"flush", base_flush, "($self, /)", NULL, 0},
    {"close", base_close, "($self, /)", "Flush and close the stream; nothing when it is closed already.", 0},
    {"seekable", answer_false, "($self, /)", NULL, 0},
    {"readable", answer_false, "($self, /)", NULL, 0},
    {"writable", answer_false, "($self, /)", NULL, 0},
    {"fileno", unsupported_fileno, "($self, /)", NULL, 0},
    {"isatty", base_isatty, "($self, /)", NULL, 0},
    {"readline", base_readline, "($self, size=-1, /)", NULL, 0},
    {"readlines", base_readlines, "($self, hint=-1, /)", "A list of lines.", 0},
    {"writelines", base_writelines, "($self, lines, /)", "Writes each of an iterable's items.", 0},
    {"_checkClosed", check_closed, "($self, msg=None, /)", NULL, 0},
    {"_checkReadable", check_readable, "($self, msg=None, /)", NULL, 0},
    {"_checkWritable", check_writable, "($self, msg=None, /)", NULL, 0},
    {"_checkSeekable", check_seekable, "($self, msg=None, /)", NULL, 0},
    {"__enter__", base_enter, "($self, /)", NULL, 0},
    {"__exit__", base_exit, "($self, *args)", NULL, 0},
    {"__del__", base_del, "($self, /)", NULL, 0},
    {0}};

static const NativeDef raw_methods[] = {
    {"read", raw_read, "($self, size=-1, /)", NULL, 0},
    {"readall", raw_readall, "($self, /)", "Reads to the end.", 0},
    {"readinto", not_implemented, "($self, buffer, /)", NULL, 0},
    {"write", not_implemented, "($self, b, /)", NULL, 0},
    {0}};

static const NativeDef buffered_methods[] = {
    {"read", unsupported_read, "($self, size=-1, /)", NULL, 0},     {"read1", unsupported_read1, "($self, size=-1, /)", NULL, 0},
    {"readinto", buffered_readinto, "($self, buffer, /)", NULL, 0}, {"readinto1", buffered_readinto, "($self, buffer, /)", NULL, 0},
    {"write", unsupported_write, "($self, b, /)", NULL, 0},         {"detach", unsupported_detach, "($self, /)", NULL, 0},
    {0}};

static const NativeDef text_methods[] = {
    {"read", unsupported_read, "($self, size=-1, /)", NULL, 0},
    {"readline", unsupported_readline, "($self, size=-1, /)", NULL, 0},
    {"write", unsupported_write, "($self, s, /)", NULL, 0},
    {"detach", unsupported_detach, "($self, /)", NULL, 0},
    {0}};

static Value get_dict(Vm *vm, Value self) { return object_dict(vm, value_object(self)); }
static const GetSetDef base_getset[] = {{"closed", base_get_closed, NULL, NULL}, {"__dict__", get_dict, NULL, NULL}, {0}};
static const GetSetDef text_getset[] = {
    {"encoding", none_attribute, NULL, NULL}, {"newlines", none_attribute, NULL, NULL}, {"errors", none_attribute, NULL, NULL}, {0}};

static size_t base_size(const Object *o) {
    (void)o;
    return sizeof(Object);
}

#define BASE_SPEC(text, ...) \
    {.name = "_io." text, .layout = LAYOUT_OBJECT, .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_HAS_DICT | TYPE_FLAG_WEAKREFS | TYPE_FLAG_HAS_DEL, \
     .size = sizeof(Object), \
     .ops = {base_size, NULL, NULL, NULL, NULL}, __VA_ARGS__}

const TypeSpec io_base_spec = BASE_SPEC("_IOBase", .slots = {.iter = base_iter, .next = base_next}, .methods = base_methods, .getset = base_getset);
const TypeSpec raw_base_spec = BASE_SPEC("_RawIOBase", .methods = raw_methods);
const TypeSpec buffered_base_spec = BASE_SPEC("_BufferedIOBase", .methods = buffered_methods);
const TypeSpec text_base_spec = BASE_SPEC("_TextIOBase", .methods = text_methods, .getset = text_getset);
