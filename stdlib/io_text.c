/* TextIOWrapper: characters over a buffered stream of bytes.
 *
 * Writing: texts are encoded at once and gathered in `pending`, which goes down when it is full, at a newline of a line-buffered stream,
 * before a read and at flush(). Reading: a chunk of bytes is decoded to `decoded`, of which `decoded_at` characters are
 * used; bytes of an unfinished character wait in `tail`. chunk keeps the bytes that decoded came from, so that tell() can count back. */
#include "stdlib/io.h"

#include <unistd.h>

#include "vm/types/codecs.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/int.h"
#include "vm/types/list.h"

typedef struct TextWrapper {
    Object head;
    Value buffer; /* VALUE_EMPTY: detached or not initialised */
    Value encoding, errors, mode;
    char encoding_name[CODEC_NAME_MAX], errors_name[CODEC_NAME_MAX];
    Newlines newlines;
    bool line_buffering, write_through, at_end, broken;
    uint8_t *pending;
    size_t pending_size;
    Value decoded; /* Str or VALUE_EMPTY */
    size_t decoded_at;
    uint8_t tail[16];
    size_t tail_size;
    uint8_t *chunk;
    size_t chunk_size, chunk_capacity;
} TextWrapper;

static TextWrapper *self_of(Value v) { return (TextWrapper *)value_object(v); }

static bool check_ready(Vm *vm, TextWrapper *t) {
    if (value_is_empty(t->buffer)) return error_value(vm, "underlying buffer has been detached"), false;
    int closed = stream_closed(vm, t->buffer);
    if (closed > 0) error_closed(vm);
    return closed == 0;
}

static Buffered *own_buffered(Vm *vm, TextWrapper *t) {
    if (!value_is_object(t->buffer)) return NULL;
    Type *type = value_object(t->buffer)->shape->type;
    bool own = type == io_type(vm, IO_BUFFERED_READER) || type == io_type(vm, IO_BUFFERED_WRITER) || type == io_type(vm, IO_BUFFERED_RANDOM);
    return own ? (Buffered *)value_object(t->buffer) : NULL;
}

/* --- writing --- */

static bool send_down(Vm *vm, TextWrapper *t, const uint8_t *data, size_t size) {
    Buffered *b = own_buffered(vm, t);
    if (b) {
        if (b->can_write) return buffered_write(vm, b, data, size);
        io_unsupported(vm, "write");
        return false;
    }
    Bytes *bytes = bytes_new(vm, data, size);
    if (!bytes) return false;
    Value v = value_from_object(bytes), done = value_call_method(vm, t->buffer, NAME(vm, write), &v, 1);
    release_object(vm, bytes);
    if (value_is_error(done)) return false;
    value_release(vm, done);
    return true;
}

static bool pending_flush(Vm *vm, TextWrapper *t) {
    size_t size = t->pending_size;
    t->pending_size = 0;
    return !size || send_down(vm, t, t->pending, size);
}

static bool buffer_flush(Vm *vm, TextWrapper *t) {
    Buffered *b = own_buffered(vm, t);
    return b ? !b->write_end || buffered_flush(vm, b) : stream_call(vm, t->buffer, "flush");
}

static bool pending_add(Vm *vm, TextWrapper *t, const uint8_t *data, size_t size) {
    if (!t->pending && !(t->pending = heap_alloc(&vm->heap, IO_BUFFER_SIZE))) return error_no_memory(vm), false;
    if (t->pending_size + size > IO_BUFFER_SIZE && !pending_flush(vm, t)) return false;
    if (size > IO_BUFFER_SIZE) return send_down(vm, t, data, size);
    memcpy(t->pending + t->pending_size, data, size);
    t->pending_size += size;
    return true;
}

static bool write_encoded(Vm *vm, TextWrapper *t, Str *s) {
    EncodingId id = encoding_find(t->encoding_name);
    if (s->ascii && (id == ENCODING_UTF_8 || id == ENCODING_ASCII || id == ENCODING_LATIN_1 || id == ENCODING_CP1252))
        return pending_add(vm, t, str_bytes1(s), s->length);
    Value bytes = str_encode(vm, s, t->encoding_name, t->errors_name);
    if (value_is_error(bytes)) return false;
    bool ok = pending_add(vm, t, value_bytes(bytes)->data, value_bytes(bytes)->length);
    value_release(vm, bytes);
    return ok;
}

static bool has_line_end(const Str *s) {
    if (s->width == 1) return memchr(str_data(s), '\n', s->length) || memchr(str_data(s), '\r', s->length);
    for (size_t k = 0; k < s->length; k++)
        if (str_at(s, k) == '\n' || str_at(s, k) == '\r') return true;
    return false;
}

/* Forgets what was read ahead: the next read starts at the buffer's position. */
static void read_reset(Vm *vm, TextWrapper *t) {
    value_clear(vm, &t->decoded);
    t->decoded_at = t->tail_size = t->chunk_size = 0;
    t->at_end = false;
}

static bool text_write(Vm *vm, TextWrapper *t, Str *s) {
    bool flush = t->write_through || (t->line_buffering && has_line_end(s));
    bool ok;
    if (t->newlines.end[0]) {
        Str *translated = newlines_write(vm, &t->newlines, s);
        ok = translated && write_encoded(vm, t, translated);
        release_object(vm, translated);
    } else {
        ok = write_encoded(vm, t, s);
    }
    if (ok && flush) ok = pending_flush(vm, t) && buffer_flush(vm, t);
    if (!value_is_empty(t->decoded)) read_reset(vm, t);
    return ok;
}

static Value text_write_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    TextWrapper *t = self_of(args[0]);
    if (!value_is_str(args[1])) return error_type(vm, "write() argument must be str, not %T", args[1]);
    if (!check_ready(vm, t) || !text_write(vm, t, value_str_peek(args[1]))) return VALUE_ERROR;
    return int_from_i64(vm, (int64_t)value_str_peek(args[1])->length);
}

/* --- reading --- */

static bool chunk_keep(Vm *vm, TextWrapper *t, const uint8_t *data, size_t size) {
    if (size > t->chunk_capacity) {
        uint8_t *larger = heap_realloc(&vm->heap, t->chunk, t->chunk_capacity, size);
        if (!larger) return error_no_memory(vm), false;
        t->chunk = larger;
        t->chunk_capacity = size;
    }
    memcpy(t->chunk, data, size);
    t->chunk_size = size;
    return true;
}

static size_t unfinished(TextWrapper *t, const uint8_t *data, size_t size) {
    switch (encoding_find(t->encoding_name)) {
    case ENCODING_UTF_8:
    case ENCODING_UTF_8_SIG: return utf8_incomplete(data, size);
    case ENCODING_UTF_16:
    case ENCODING_UTF_16_LE:
    case ENCODING_UTF_16_BE: return size % 2;
    case ENCODING_UTF_32:
    case ENCODING_UTF_32_LE:
    case ENCODING_UTF_32_BE: return size % 4;
    default: return 0;
    }
}

static int64_t read_below(Vm *vm, TextWrapper *t, uint8_t *into, size_t size) {
    Buffered *b = own_buffered(vm, t);
    if (b) {
        if (b->can_read) return buffered_read1(vm, b, into, size);
        io_unsupported(vm, "not readable");
        return -1;
    }
    Value wanted = value_from_small((int64_t)size);
    Value method = value_find_attr(vm, t->buffer, vm->names[NAME_read1]);
    Value bytes = value_is_error(method) ? method : value_is_empty(method) ? value_call_method(vm, t->buffer, NAME(vm, read), &wanted, 1)
                                                                            : value_call1(vm, method, wanted);
    if (!value_is_error(method)) value_release(vm, method);
    if (value_is_error(bytes)) return -1;
    Buffer buffer;
    int64_t n = -1;
    if (buffer_get(vm, bytes, &buffer, false)) {
        n = (int64_t)(buffer.length < size ? buffer.length : size);
        memcpy(into, buffer.data, (size_t)n);
        buffer_release(vm, &buffer);
    }
    value_release(vm, bytes);
    return n;
}

/* Makes `decoded` hold unused characters. 1, 0 at the end, -1 error. */
static int fill(Vm *vm, TextWrapper *t) {
    uint8_t data[IO_BUFFER_SIZE + 32];
    if (t->at_end) return 0;
    if (t->pending_size && !pending_flush(vm, t)) return -1;
    for (;;) {
        memcpy(data, t->tail, t->tail_size);
        int64_t n = read_below(vm, t, data + t->tail_size, IO_BUFFER_SIZE);
        if (n < 0) return -1;
        size_t size = t->tail_size + (size_t)n, rest = n ? unfinished(t, data, size) : 0;
        if (n && size > rest && t->newlines.universal && data[size - rest - 1] == '\r') rest++; /* its '\n' may follow */
        if (!chunk_keep(vm, t, data, size - rest)) return -1;
        Value text = bytes_decode(vm, data, size - rest, t->encoding_name, t->errors_name);
        text = newlines_read_take(vm, &t->newlines, text);
        if (value_is_error(text)) return -1;
        memcpy(t->tail, data + size - rest, rest);
        t->tail_size = rest;
        bool some = value_str_peek(text)->length > 0;
        value_replace_take(vm, &t->decoded, text);
        t->decoded_at = 0;
        if (!n) t->at_end = true;
        if (some || !n) return some;
    }
}

static size_t available(TextWrapper *t) { return value_is_empty(t->decoded) ? 0 : value_str_peek(t->decoded)->length - t->decoded_at; }

/* A line of at most limit characters (negative: any). An empty Str at the end. */
static Value read_line(Vm *vm, TextWrapper *t, int64_t limit) {
    StrBuilder b;
    builder_init(&b, vm);
    for (bool ended = false; !ended && (limit < 0 || (int64_t)b.length < limit);) {
        if (!available(t)) {
            int filled = fill(vm, t);
            if (filled < 0) return builder_drop(&b), VALUE_ERROR;
            if (!filled) break;
        }
        Str *s = value_str_peek(t->decoded);
        size_t end = newlines_line_end(&t->newlines, s, t->decoded_at);
        ended = end != 0;
        if (!ended) end = s->length;
        if (limit >= 0 && (int64_t)(end - t->decoded_at) > limit - (int64_t)b.length) end = t->decoded_at + (size_t)(limit - (int64_t)b.length);
        if (ended && !b.length && t->decoded_at == 0 && end == s->length) { /* the whole text: no copy */
            t->decoded_at = end;
            builder_drop(&b);
            return value_retain(t->decoded);
        }
        builder_add_range(&b, s, t->decoded_at, end);
        t->decoded_at = end;
    }
    return builder_finish(&b);
}

static Value text_readline(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int64_t size;
    if (!check_ready(vm, self_of(args[0])) || !size_argument(vm, args[1], &size)) return VALUE_ERROR;
    return read_line(vm, self_of(args[0]), size);
}

static Value text_next(Vm *vm, Value self) {
    if (!check_ready(vm, self_of(self))) return VALUE_ERROR;
    Value line = read_line(vm, self_of(self), -1);
    if (value_is_error(line) || value_str_peek(line)->length) return line;
    value_release(vm, line);
    return VALUE_EMPTY;
}

static Value text_read(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    TextWrapper *t = self_of(args[0]);
    int64_t size;
    if (!check_ready(vm, t) || !size_argument(vm, args[1], &size)) return VALUE_ERROR;
    StrBuilder b;
    builder_init(&b, vm);
    while (size < 0 || (int64_t)b.length < size) {
        if (!available(t)) {
            int filled = fill(vm, t);
            if (filled < 0) return builder_drop(&b), VALUE_ERROR;
            if (!filled) break;
        }
        Str *s = value_str_peek(t->decoded);
        size_t n = available(t), wanted = size < 0 ? n : (size_t)(size - (int64_t)b.length);
        if (n > wanted) n = wanted;
        builder_add_range(&b, s, t->decoded_at, t->decoded_at + n);
        t->decoded_at += n;
    }
    t->at_end = false;
    return builder_finish(&b);
}

/* --- position --- */

static Value call_buffer(Vm *vm, TextWrapper *t, const char *method, Value *args, int nargs) {
    Str *name = str_from_ascii(vm, method);
    Value v = name ? value_call_method(vm, t->buffer, name, args, nargs) : VALUE_ERROR;
    release_object(vm, name);
    return v;
}

/* How many bytes of the chunk the characters used so far came from. */
static size_t bytes_used(TextWrapper *t) {
    size_t characters = 0, at = 0;
    EncodingId id = encoding_find(t->encoding_name);
    while (characters < t->decoded_at && at < t->chunk_size) {
        uint8_t c = t->chunk[at++];
        if (id == ENCODING_UTF_8)
            while (at < t->chunk_size && (t->chunk[at] & 0xC0) == 0x80) at++;
        if (t->newlines.translate && c == '\r' && at < t->chunk_size && t->chunk[at] == '\n') at++;
        characters++;
    }
    return at;
}

static Value text_tell(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    TextWrapper *t = self_of(args[0]);
    if (!check_ready(vm, t) || !pending_flush(vm, t)) return VALUE_ERROR;
    Value at = call_buffer(vm, t, "tell", NULL, 0);
    if (value_is_error(at) || value_is_empty(t->decoded)) return at;
    int64_t position;
    bool ok = value_as_i64(vm, at, &position);
    value_release(vm, at);
    return ok ? int_from_i64(vm, position - (int64_t)t->tail_size - (int64_t)(t->chunk_size - bytes_used(t))) : VALUE_ERROR;
}

static Value text_seek(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    TextWrapper *t = self_of(args[0]);
    int whence = 0;
    if (!check_ready(vm, t) || (!value_is_empty(args[2]) && !value_as_int(vm, args[2], &whence))) return VALUE_ERROR;
    bool zero = value_is_small(args[1]) && value_small(args[1]) == 0;
    if (whence == SEEK_CUR && !zero) return io_unsupported(vm, "can't do nonzero cur-relative seeks");
    if (whence == SEEK_END && !zero) return io_unsupported(vm, "can't do nonzero end-relative seeks");
    if (whence < 0 || whence > 2) return error_value(vm, "invalid whence (%d, should be 0, 1 or 2)", whence);
    if (whence == 0 && value_is_small(args[1]) && value_small(args[1]) < 0)
        return error_value(vm, "negative seek position %V", args[1]);
    if (whence == SEEK_CUR) return text_tell(vm, args, 1);
    if (!pending_flush(vm, t) || !buffer_flush(vm, t)) return VALUE_ERROR;
    read_reset(vm, t);
    Value down[2] = {args[1], value_from_small(whence)};
    return call_buffer(vm, t, "seek", down, 2);
}

static Value text_truncate(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    TextWrapper *t = self_of(args[0]);
    if (!check_ready(vm, t) || !pending_flush(vm, t) || !buffer_flush(vm, t)) return VALUE_ERROR;
    return call_buffer(vm, t, "truncate", args + 1, value_is_empty(args[1]) ? 0 : 1);
}

/* --- other methods --- */

static Value text_flush(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    TextWrapper *t = self_of(args[0]);
    if (!check_ready(vm, t)) return VALUE_ERROR;
    return pending_flush(vm, t) && buffer_flush(vm, t) ? VALUE_NONE : VALUE_ERROR;
}

static Value text_close(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    TextWrapper *t = self_of(args[0]);
    if (value_is_empty(t->buffer)) return check_ready(vm, t) ? VALUE_NONE : VALUE_ERROR;
    int closed = stream_closed(vm, t->buffer);
    if (closed) return closed < 0 ? VALUE_ERROR : VALUE_NONE;
    bool ok = stream_call(vm, args[0], "flush");
    Value exception = ok ? VALUE_EMPTY : error_fetch(vm);
    bool done = stream_call(vm, t->buffer, "close");
    if (ok) return done ? VALUE_NONE : VALUE_ERROR;
    error_clear(vm);
    error_restore_take(vm, exception);
    return VALUE_ERROR;
}

static Value text_detach(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    TextWrapper *t = self_of(args[0]);
    if (!check_ready(vm, t) || !pending_flush(vm, t) || !buffer_flush(vm, t)) return VALUE_ERROR;
    Value buffer = t->buffer;
    t->buffer = VALUE_EMPTY;
    return buffer;
}

static Value forward(Vm *vm, Value self, const char *method) {
    return check_ready(vm, self_of(self)) ? call_buffer(vm, self_of(self), method, NULL, 0) : VALUE_ERROR;
}
static Value text_readable(Vm *vm, Value *args, int nargs) { return (void)nargs, forward(vm, args[0], "readable"); }
static Value text_writable(Vm *vm, Value *args, int nargs) { return (void)nargs, forward(vm, args[0], "writable"); }
static Value text_seekable(Vm *vm, Value *args, int nargs) { return (void)nargs, forward(vm, args[0], "seekable"); }
static Value text_fileno(Vm *vm, Value *args, int nargs) { return (void)nargs, forward(vm, args[0], "fileno"); }
static Value text_isatty(Vm *vm, Value *args, int nargs) { return (void)nargs, forward(vm, args[0], "isatty"); }

/* --- making --- */

static bool name_set(Vm *vm, Value v, const char *what, const char *otherwise, char *out, Value *place) {
    if (value_is_empty(v) || value_is_none(v)) {
        strcpy(out, otherwise);
        Str *s = str_from_ascii(vm, otherwise);
        if (s) value_replace_take(vm, place, value_from_object(s));
        return s != NULL;
    }
    const char *unused;
    if (!value_is_str(v)) return error_type(vm, "TextIOWrapper() argument '%s' must be str or None, not %T", what, v), false;
    if (!codec_name_argument(vm, v, "TextIOWrapper", what, out, &unused)) return false;
    value_replace_take(vm, place, value_retain(v));
    return true;
}

static bool wrapper_init(Vm *vm, TextWrapper *t, Value buffer, Value encoding, Value errors, Value newline, bool line_buffering, bool write_through) {
    bool is_locale = value_is_str(encoding) && str_equal_ascii(value_str_peek(encoding), "locale");
    if (!name_set(vm, is_locale ? VALUE_EMPTY : encoding, "encoding", "UTF-8", t->encoding_name, &t->encoding)) return false;
    if (!name_set(vm, errors, "errors", "strict", t->errors_name, &t->errors) || !newlines_init(vm, &t->newlines, newline)) return false;
    if (encoding_find(t->encoding_name) == ENCODING_UNKNOWN) {
        error_raise(vm, EXC_LookupError, "unknown encoding: %s", t->encoding_name);
        return false;
    }
    t->line_buffering = line_buffering;
    t->write_through = write_through;
    value_replace_take(vm, &t->buffer, value_retain(buffer));
    read_reset(vm, t);
    return true;
}

static TextWrapper *wrapper_alloc(Vm *vm, Type *type) {
    TextWrapper *t = type_alloc(vm, type, sizeof *t);
    if (!t) return NULL;
    t->buffer = t->encoding = t->errors = t->mode = t->decoded = VALUE_EMPTY;
    object_track(&vm->heap, &t->head);
    return t;
}

Value text_wrapper_new(Vm *vm, Value buffer, Value encoding, Value errors, Value newline, bool line_buffering, bool write_through) {
    Type *type = io_type(vm, IO_TEXT_WRAPPER);
    TextWrapper *t = type ? wrapper_alloc(vm, type) : NULL;
    if (!t) return VALUE_ERROR;
    if (wrapper_init(vm, t, buffer, encoding, errors, newline, line_buffering, write_through)) return value_from_object(t);
    release_object(vm, t);
    return VALUE_ERROR;
}

static Value wrapper_new_slot(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    (void)args;
    (void)nargs;
    (void)kwnames;
    TextWrapper *t = wrapper_alloc(vm, type);
    return t ? value_from_object(t) : VALUE_ERROR;
}

/* "($self, buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False)" */
static Value wrapper_construct(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int line = value_is_empty(args[5]) ? 0 : value_truth(vm, args[5]), through = value_is_empty(args[6]) ? 0 : value_truth(vm, args[6]);
    if (line < 0 || through < 0) return VALUE_ERROR;
    return wrapper_init(vm, self_of(args[0]), args[1], args[2], args[3], args[4], line, through) ? VALUE_NONE : VALUE_ERROR;
}

/* "($self, *, encoding=None, errors=None, newline=None, line_buffering=None, write_through=None)" */
static Value text_reconfigure(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    TextWrapper *t = self_of(args[0]);
    if (!check_ready(vm, t) || !pending_flush(vm, t) || !buffer_flush(vm, t)) return VALUE_ERROR;
    bool reading = !value_is_empty(t->decoded);
    if (reading && (value_is_str(args[1]) || !value_is_empty(args[3])))
        return io_unsupported(vm, "It is not possible to set the encoding or newline of stream after the first read");
    if (value_is_str(args[1]) && !name_set(vm, args[1], "encoding", "utf-8", t->encoding_name, &t->encoding)) return VALUE_ERROR;
    if (value_is_str(args[2]) && !name_set(vm, args[2], "errors", "strict", t->errors_name, &t->errors)) return VALUE_ERROR;
    if (!value_is_empty(args[3]) && !newlines_init(vm, &t->newlines, args[3])) return VALUE_ERROR;
    if (value_is_bool(args[4])) t->line_buffering = value_is_true(args[4]);
    if (value_is_bool(args[5])) t->write_through = value_is_true(args[5]);
    return VALUE_NONE;
}

/* --- attributes --- */

static Value value_or_none(Value v) { return value_is_empty(v) ? VALUE_NONE : value_retain(v); }
static Value get_buffer(Vm *vm, Value self) { return (void)vm, value_or_none(self_of(self)->buffer); }
static Value get_encoding(Vm *vm, Value self) { return (void)vm, value_or_none(self_of(self)->encoding); }
static Value get_errors(Vm *vm, Value self) { return (void)vm, value_or_none(self_of(self)->errors); }
static Value get_line_buffering(Vm *vm, Value self) { return (void)vm, value_from_bool(self_of(self)->line_buffering); }
static Value get_write_through(Vm *vm, Value self) { return (void)vm, value_from_bool(self_of(self)->write_through); }
static Value get_newlines(Vm *vm, Value self) { return newlines_seen(vm, self_of(self)->newlines.seen); }

static Value get_closed(Vm *vm, Value self) {
    TextWrapper *t = self_of(self);
    if (value_is_empty(t->buffer)) return error_value(vm, "underlying buffer has been detached");
    int closed = stream_closed(vm, t->buffer);
    return closed < 0 ? VALUE_ERROR : value_from_bool(closed);
}

static Value get_name(Vm *vm, Value self) {
    TextWrapper *t = self_of(self);
    if (value_is_empty(t->buffer)) return error_value(vm, "underlying buffer has been detached");
    return value_get_attr(vm, t->buffer, NAME(vm, name));
}

static Value get_mode(Vm *vm, Value self) {
    Value mode = self_of(self)->mode;
    if (!value_is_empty(mode)) return value_retain(mode);
    Str *name = str_intern(vm, "mode", 4);
    Value v = name ? error_attribute(vm, self, name) : VALUE_ERROR;
    release_object(vm, name);
    return v;
}

static bool set_mode(Vm *vm, Value self, Value value) {
    value_replace_take(vm, &self_of(self)->mode, value_retain(value));
    return true;
}

static Value text_repr(Vm *vm, Value self) {
    TextWrapper *t = self_of(self);
    Value name = value_is_empty(t->buffer) ? VALUE_EMPTY : value_find_attr(vm, t->buffer, NAME(vm, name));
    if (value_is_error(name)) error_clear(vm);
    bool has_name = !value_is_error(name) && !value_is_empty(name);
    StrBuilder b;
    builder_init(&b, vm);
    const char *type = type_name(t->head.shape->type);
    builder_add_char(&b, '<');
    builder_add_utf8(&b, type, strlen(type));
    if (has_name) {
        builder_add_ascii(&b, " name=", 6);
        builder_add_repr(&b, name);
        value_release(vm, name);
    }
    if (!value_is_empty(t->mode)) {
        builder_add_ascii(&b, " mode=", 6);
        builder_add_repr(&b, t->mode);
    }
    builder_add_ascii(&b, " encoding=", 10);
    builder_add_repr(&b, value_is_empty(t->encoding) ? VALUE_NONE : t->encoding);
    builder_add_char(&b, '>');
    return builder_finish(&b);
}

/* --- memory --- */

static size_t wrapper_size(const Object *o) {
    (void)o;
    return sizeof(TextWrapper);
}

static void wrapper_visit(Object *o, VisitFn visit, void *arg) {
    TextWrapper *t = (TextWrapper *)o;
    visit(t->buffer, arg);
    visit(t->encoding, arg);
    visit(t->errors, arg);
    visit(t->mode, arg);
    visit(t->decoded, arg);
}

static void wrapper_clear(Vm *vm, Object *o) {
    TextWrapper *t = (TextWrapper *)o;
    if (t->pending_size && !value_is_empty(t->buffer) && stream_closed(vm, t->buffer) == 0) pending_flush(vm, t);
    error_clear(vm);
    t->pending_size = 0;
    value_clear(vm, &t->buffer);
}

static void wrapper_free(Vm *vm, Object *o) {
    TextWrapper *t = (TextWrapper *)o;
    wrapper_clear(vm, o);
    value_clear(vm, &t->encoding);
    value_clear(vm, &t->errors);
    value_clear(vm, &t->mode);
    value_clear(vm, &t->decoded);
    if (t->pending) heap_free(&vm->heap, t->pending, IO_BUFFER_SIZE);
    if (t->chunk) heap_free(&vm->heap, t->chunk, t->chunk_capacity);
}

static size_t wrapper_extra(const Object *o) {
    const TextWrapper *t = (const TextWrapper *)o;
    return (t->pending ? IO_BUFFER_SIZE : 0) + t->chunk_capacity;
}

static const NativeDef text_methods[] = {
    {"write", text_write_method, "($self, text, /)", "Writes a text; its length.", 0},
    {"read", text_read, "($self, size=-1, /)", "Reads size characters, or all.", 0},
    {"readline", text_readline, "($self, size=-1, /)", "A line, its newline included.", 0},
    {"flush", text_flush, "($self, /)", "Writes what waits.", 0},
    {"close", text_close, "($self, /)", "Flushes and closes.", 0},
    {"detach", text_detach, "($self, /)", "Separates and gives back the buffer.", 0},
    {"seek", text_seek, "($self, cookie, whence=0, /)", "Moves to a position that tell() gave.", 0},
    {"tell", text_tell, "($self, /)", "The position, for seek().", 0},
    {"truncate", text_truncate, "($self, pos=None, /)", "Sets the size.", 0},
    {"reconfigure", text_reconfigure, "($self, *, encoding=None, errors=None, newline=None, line_buffering=None, write_through=None)",
     "Changes how the stream encodes and buffers.", 0},
    {"readable", text_readable, "($self, /)", NULL, 0},
    {"writable", text_writable, "($self, /)", NULL, 0},
    {"seekable", text_seekable, "($self, /)", NULL, 0},
    {"fileno", text_fileno, "($self, /)", NULL, 0},
    {"isatty", text_isatty, "($self, /)", NULL, 0},
    {0}};

static const GetSetDef text_getset[] = {
    {"buffer", get_buffer, NULL, NULL},     {"encoding", get_encoding, NULL, NULL},
    {"errors", get_errors, NULL, NULL},     {"line_buffering", get_line_buffering, NULL, NULL},
    {"newlines", get_newlines, NULL, NULL}, {"write_through", get_write_through, NULL, NULL},
    {"closed", get_closed, NULL, NULL},     {"name", get_name, NULL, NULL},
    {"mode", get_mode, set_mode, NULL},     {0}};

const TypeSpec text_wrapper_spec = {
    .name = "_io.TextIOWrapper",
    .doc = "Characters over a buffered stream of bytes.",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_HAS_DICT | TYPE_FLAG_WEAKREFS,
    .size = sizeof(TextWrapper),
    .ops = {wrapper_size, wrapper_visit, wrapper_clear, wrapper_free, wrapper_extra},
    .slots = {.repr = text_repr, .new_ = wrapper_new_slot, .next = text_next},
    .init = {"TextIOWrapper", wrapper_construct,
             "($self, buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False)", NULL, 0},
    .methods = text_methods,
    .getset = text_getset,
};

/* --- the standard streams --- */

static bool std_stream(Vm *vm, Dict *sys, HostStream which, const char *name) {
    Value raw = file_from_stream(vm, which), buffer = VALUE_ERROR, text = VALUE_ERROR;
    if (value_is_error(raw)) return false;
    buffer = buffered_new(vm, which == HOST_IN ? IO_BUFFERED_READER : IO_BUFFERED_WRITER, raw, IO_BUFFER_SIZE);
    Str *errors = str_from_ascii(vm, which == HOST_ERR ? "backslashreplace" : "strict"), *encoding = str_from_ascii(vm, "utf-8");
    Str *mode = str_from_ascii(vm, which == HOST_IN ? "r" : "w");
    bool lines = which == HOST_ERR || (which == HOST_OUT ? vm->streams.out_is_terminal : vm->streams.in_is_terminal);
    bool ok = !value_is_error(buffer) && errors && encoding && mode;
    if (ok)
        text = text_wrapper_new(vm, buffer, value_from_object(encoding), value_from_object(errors), VALUE_NONE, lines,
                                which == HOST_OUT && vm->streams.unbuffered);
    ok = ok && !value_is_error(text);
    if (ok) {
        self_of(text)->mode = value_retain(value_from_object(mode));
        char original[16] = "__";
        strcat(strcat(original, name), "__");
        ok = dict_set_ascii(vm, sys, name, text) && dict_set_ascii(vm, sys, original, text);
        value_release(vm, text);
    }
    release_object(vm, errors);
    release_object(vm, encoding);
    release_object(vm, mode);
    if (!value_is_error(buffer)) value_release(vm, buffer);
    value_release(vm, raw);
    return ok;
}

bool io_std_streams(Vm *vm, Dict *sys) {
    return std_stream(vm, sys, HOST_IN, "stdin") && std_stream(vm, sys, HOST_OUT, "stdout") && std_stream(vm, sys, HOST_ERR, "stderr");
}
