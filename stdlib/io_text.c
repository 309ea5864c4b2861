/* TextIOWrapper: characters over a buffered stream of bytes: making, writing, attributes; sys.stdin, sys.stdout, sys.stderr. See io_text.h. */
#include "stdlib/io_text.h"

#include "vm/shape.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/int.h"

bool text_check_attached(Vm *vm, TextWrapper *t) {
    if (!value_is_empty(t->buffer)) return true;
    error_value(vm, t->ready ? "underlying buffer has been detached" : "I/O operation on uninitialized object");
    return false;
}

bool text_check_open(Vm *vm, TextWrapper *t) {
    if (!text_check_attached(vm, t)) return false;
    int closed = stream_closed(vm, t->buffer);
    if (closed > 0) error_closed(vm);
    return closed == 0;
}

Buffered *text_own_buffer(Vm *vm, TextWrapper *t) {
    if (!value_is_object(t->buffer)) return NULL;
    Type *type = value_object(t->buffer)->shape->type;
    bool own = type == io_type(vm, IO_BUFFERED_READER) || type == io_type(vm, IO_BUFFERED_WRITER) || type == io_type(vm, IO_BUFFERED_RANDOM);
    return own ? (Buffered *)value_object(t->buffer) : NULL;
}

Value text_call_buffer(Vm *vm, TextWrapper *t, const char *method, Value *args, int nargs) {
    Str *name = str_intern(vm, method, strlen(method));
    Value buffer = value_retain(t->buffer);
    Value v = name ? value_call_method(vm, buffer, name, args, nargs) : VALUE_ERROR;
    value_release(vm, buffer);
    release_object(vm, name);
    return v;
}

/* --- writing --- */

static bool send_down(Vm *vm, TextWrapper *t, const uint8_t *data, size_t size) {
    Buffered *b = text_own_buffer(vm, t);
    if (b) return buffered_write(vm, b, data, size);
    Bytes *bytes = bytes_new(vm, data, size);
    if (!bytes) return false;
    Value v = value_from_object(bytes), done = text_call_buffer(vm, t, "write", &v, 1);
    release_object(vm, bytes);
    if (value_is_error(done)) return false;
    value_release(vm, done);
    return true;
}

bool text_pending_flush(Vm *vm, TextWrapper *t) {
    size_t size = t->pending_size;
    t->pending_size = 0;
    return !size || send_down(vm, t, t->pending, size);
}

bool text_flush_all(Vm *vm, TextWrapper *t) {
    t->telling = t->seekable;
    if (!text_pending_flush(vm, t)) return false;
    Buffered *b = text_own_buffer(vm, t);
    bool plain = b && value_is_object(b->raw) && value_object(b->raw)->shape->type == io_type(vm, IO_FILE);
    return plain ? !b->write_end || buffered_flush(vm, b) : stream_call(vm, t->buffer, "flush");
}

static bool pending_add(Vm *vm, TextWrapper *t, const uint8_t *data, size_t size) {
    if (!t->pending && !(t->pending = heap_alloc(&vm->heap, IO_BUFFER_SIZE))) return error_no_memory(vm), false;
    if (t->pending_size + size > IO_BUFFER_SIZE && !text_pending_flush(vm, t)) return false;
    if (size > IO_BUFFER_SIZE) return send_down(vm, t, data, size);
    memcpy(t->pending + t->pending_size, data, size);
    t->pending_size += size;
    return true;
}

/* The codec for the next text: behind the byte order mark it is one that writes none. */
static const char *write_codec(const TextWrapper *t) {
    if (t->mark_due) return t->encoding_name;
    switch (t->id) {
    case ENCODING_UTF_8_SIG: return "utf-8";
    case ENCODING_UTF_16: return "utf-16-le";
    case ENCODING_UTF_32: return "utf-32-le";
    default: return t->encoding_name;
    }
}

static bool write_encoded(Vm *vm, TextWrapper *t, Str *s) {
    bool plain = t->id == ENCODING_UTF_8 || t->id == ENCODING_ASCII || t->id == ENCODING_LATIN_1 || t->id == ENCODING_CP1252;
    if (s->ascii && plain) return pending_add(vm, t, str_bytes1(s), s->length);
    Value bytes = str_encode(vm, s, write_codec(t), t->errors_name);
    if (value_is_error(bytes)) return false;
    if (s->length) t->mark_due = false;
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

static bool text_write(Vm *vm, TextWrapper *t, Str *s) {
    bool flush = t->unbuffered || (t->line_buffering && has_line_end(s)), ok;
    if (t->newlines.end[0]) {
        Str *translated = newlines_write(vm, &t->newlines, s);
        ok = translated && write_encoded(vm, t, translated);
        release_object(vm, translated);
    } else {
        ok = write_encoded(vm, t, s);
    }
    if (ok && (flush || t->write_through)) ok = text_pending_flush(vm, t);
    if (ok && flush) ok = text_flush_all(vm, t);
    if (!value_is_empty(t->decoded)) text_read_reset(vm, t, false);
    return ok;
}

static Value text_write_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    TextWrapper *t = text_of(args[0]);
    if (!value_is_str(args[1])) return error_type(vm, "write() argument must be str, not %T", args[1]);
    if (!text_check_open(vm, t)) return VALUE_ERROR;
    if (!t->writable) return io_unsupported(vm, "not writable");
    int64_t length = (int64_t)value_str_peek(args[1])->length;
    return text_write(vm, t, value_str_peek(args[1])) ? int_from_i64(vm, length) : VALUE_ERROR;
}

/* --- other methods --- */

static Value text_flush(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return text_check_open(vm, text_of(args[0])) && text_flush_all(vm, text_of(args[0])) ? VALUE_NONE : VALUE_ERROR;
}

static Value text_truncate(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    TextWrapper *t = text_of(args[0]);
    if (!text_check_attached(vm, t) || !stream_call(vm, args[0], "flush")) return VALUE_ERROR;
    return text_call_buffer(vm, t, "truncate", args + 1, value_is_empty(args[1]) ? 0 : 1);
}

static Value text_close(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    TextWrapper *t = text_of(args[0]);
    if (!text_check_attached(vm, t)) return VALUE_ERROR;
    int closed = stream_closed(vm, t->buffer);
    if (closed) return closed < 0 ? VALUE_ERROR : VALUE_NONE;
    bool ok = stream_call(vm, args[0], "flush");
    Value exception = ok ? VALUE_EMPTY : error_fetch(vm);
    t->pending_size = 0;
    bool done = stream_call(vm, t->buffer, "close");
    if (ok) return done ? VALUE_NONE : VALUE_ERROR;
    error_clear(vm);
    error_restore_take(vm, exception);
    return VALUE_ERROR;
}

static void buffer_mark(Vm *vm, TextWrapper *t, bool wrapped) {
    Buffered *b = text_own_buffer(vm, t);
    if (b) b->wrapped = wrapped;
}

static Value text_detach(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    TextWrapper *t = text_of(args[0]);
    if (!text_check_attached(vm, t) || !stream_call(vm, args[0], "flush") || !text_check_attached(vm, t)) return VALUE_ERROR;
    buffer_mark(vm, t, false);
    Value buffer = t->buffer;
    t->buffer = VALUE_EMPTY;
    return buffer;
}

static Value forward(Vm *vm, Value self, const char *method) {
    return text_check_attached(vm, text_of(self)) ? text_call_buffer(vm, text_of(self), method, NULL, 0) : VALUE_ERROR;
}
static Value text_readable(Vm *vm, Value *args, int nargs) { return (void)nargs, forward(vm, args[0], "readable"); }
static Value text_writable(Vm *vm, Value *args, int nargs) { return (void)nargs, forward(vm, args[0], "writable"); }
static Value text_seekable(Vm *vm, Value *args, int nargs) { return (void)nargs, forward(vm, args[0], "seekable"); }
static Value text_fileno(Vm *vm, Value *args, int nargs) { return (void)nargs, forward(vm, args[0], "fileno"); }
static Value text_isatty(Vm *vm, Value *args, int nargs) { return (void)nargs, forward(vm, args[0], "isatty"); }

/* --- making --- */

static bool text_argument(Vm *vm, Value v, const char *what) {
    if (value_is_empty(v) || value_is_none(v) || value_is_str(v)) return true;
    error_type(vm, "TextIOWrapper() argument '%s' must be str or None, not %T", what, v);
    return false;
}

static bool newline_set(Vm *vm, TextWrapper *t, Value newline) {
    if (!text_argument(vm, newline, "newline")) return false;
    if (newlines_set(&t->newlines, newline)) return true;
    error_value(vm, "illegal newline value: %S", newline);
    return false;
}

static bool name_set(Vm *vm, Value v, const char *what, const char *otherwise, char *out, Value *place) {
    const char *unused;
    if (!text_argument(vm, v, what)) return false;
    if (value_is_str(v)) {
        if (!codec_name_argument(vm, v, "TextIOWrapper", what, out, &unused)) return false;
        value_replace_take(vm, place, value_retain(v));
        return true;
    }
    strcpy(out, otherwise);
    Str *s = str_from_ascii(vm, otherwise);
    if (s) value_replace_take(vm, place, value_from_object(s));
    return s != NULL;
}

static bool encoding_set(Vm *vm, TextWrapper *t, Value encoding, Value errors) {
    bool is_locale = value_is_str(encoding) && str_equal_ascii(value_str_peek(encoding), "locale");
    if (!name_set(vm, is_locale ? VALUE_EMPTY : encoding, "encoding", "UTF-8", t->encoding_name, &t->encoding)) return false;
    if (!name_set(vm, errors, "errors", "strict", t->errors_name, &t->errors)) return false;
    t->id = t->read_id = encoding_find(t->encoding_name);
    if (t->id != ENCODING_UNKNOWN) return true;
    error_raise(vm, EXC_LookupError, "unknown encoding: %s", t->encoding_name);
    return false;
}

/* buffer.method(): 1, 0, -1 error. */
static int ask_buffer(Vm *vm, TextWrapper *t, const char *method) {
    Value v = text_call_buffer(vm, t, method, NULL, 0);
    int truth = value_is_error(v) ? -1 : value_truth(vm, v);
    value_release(vm, v);
    return truth;
}

/* Writing in the middle of a file leaves the byte order mark out. */
static bool find_mark_due(Vm *vm, TextWrapper *t) {
    int64_t at = 0;
    t->mark_due = t->id == ENCODING_UTF_8_SIG || t->id == ENCODING_UTF_16 || t->id == ENCODING_UTF_32;
    if (!t->mark_due || !t->seekable || !t->writable) return true;
    Value v = text_call_buffer(vm, t, "tell", NULL, 0);
    bool ok = !value_is_error(v) && value_as_i64(vm, v, &at);
    value_release(vm, v);
    t->mark_due = at == 0;
    return ok;
}

static bool abilities_find(Vm *vm, TextWrapper *t) {
    Buffered *b = text_own_buffer(vm, t);
    FileIO *f = b && value_is_object(b->raw) && value_object(b->raw)->shape->type == io_type(vm, IO_FILE) ? (FileIO *)value_object(b->raw) : NULL;
    if (f && f->fd >= 0) {
        t->readable = b->can_read;
        t->writable = b->can_write;
        t->seekable = file_seekable(f);
    } else {
        int readable = ask_buffer(vm, t, "readable"), writable = readable < 0 ? -1 : ask_buffer(vm, t, "writable");
        int seekable = writable < 0 ? -1 : ask_buffer(vm, t, "seekable");
        if (seekable < 0) return false;
        t->readable = readable, t->writable = writable, t->seekable = seekable;
    }
    t->telling = t->seekable;
    return find_mark_due(vm, t);
}

static bool wrapper_init(Vm *vm, TextWrapper *t, Value buffer, Value encoding, Value errors, Value newline) {
    buffer_mark(vm, t, false);
    value_clear(vm, &t->buffer);
    t->ready = false;
    t->pending_size = 0;
    text_read_reset(vm, t, true);
    if (!newline_set(vm, t, newline) || !encoding_set(vm, t, encoding, errors)) return false;
    t->buffer = value_retain(buffer);
    if (!abilities_find(vm, t)) return value_clear(vm, &t->buffer), false;
    buffer_mark(vm, t, true);
    t->ready = true;
    return true;
}

static TextWrapper *wrapper_alloc(Vm *vm, Type *type) {
    TextWrapper *t = type_alloc(vm, type, sizeof *t);
    if (!t) return NULL;
    t->buffer = t->encoding = t->errors = t->decoded = VALUE_EMPTY;
    object_track(&vm->heap, &t->head);
    return t;
}

Value text_wrapper_new(Vm *vm, Value buffer, Value encoding, Value errors, Value newline, bool line_buffering, bool write_through) {
    Type *type = io_type(vm, IO_TEXT_WRAPPER);
    TextWrapper *t = type ? wrapper_alloc(vm, type) : NULL;
    if (!t) return VALUE_ERROR;
    t->line_buffering = line_buffering;
    t->write_through = write_through;
    if (wrapper_init(vm, t, buffer, encoding, errors, newline)) return value_from_object(t);
    release_object(vm, t);
    return VALUE_ERROR;
}

static Value wrapper_new_slot(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    (void)args, (void)nargs, (void)kwnames;
    TextWrapper *t = wrapper_alloc(vm, type);
    return t ? value_from_object(t) : VALUE_ERROR;
}

/* "($self, buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False)" */
static Value wrapper_construct(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    TextWrapper *t = text_of(args[0]);
    int line = value_is_empty(args[5]) ? 0 : value_truth(vm, args[5]), through = value_is_empty(args[6]) ? 0 : value_truth(vm, args[6]);
    if (line < 0 || through < 0) return VALUE_ERROR;
    t->line_buffering = line;
    t->write_through = through;
    return wrapper_init(vm, t, args[1], args[2], args[3], args[4]) ? VALUE_NONE : VALUE_ERROR;
}

/* None or absent: what it was. */
static bool flag_argument(Vm *vm, Value v, bool *flag) {
    if (value_is_empty(v) || value_is_none(v)) return true;
    int truth = value_truth(vm, v);
    if (truth >= 0) *flag = truth;
    return truth >= 0;
}

/* "($self, *, encoding=None, errors=None, newline=None, line_buffering=None, write_through=None)" */
static Value text_reconfigure(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    TextWrapper *t = text_of(args[0]);
    Value encoding = args[1], errors = args[2], kept = VALUE_EMPTY;
    bool given = value_is_str(encoding) || value_is_str(errors), line = t->line_buffering, through = t->write_through;
    if (!text_argument(vm, encoding, "encoding") || !text_argument(vm, errors, "errors") || !text_argument(vm, args[3], "newline")) return VALUE_ERROR;
    if (!value_is_empty(t->decoded) && (given || !value_is_empty(args[3])))
        return io_unsupported(vm, "It is not possible to set the encoding or newline of stream after the first read");
    if (!flag_argument(vm, args[4], &line) || !flag_argument(vm, args[5], &through) || !stream_call(vm, args[0], "flush")) return VALUE_ERROR;
    if (!value_is_empty(args[3]) && !newline_set(vm, t, args[3])) return VALUE_ERROR;
    if (given && !value_is_str(encoding)) encoding = kept = value_retain(t->encoding);
    bool ok = !given || (encoding_set(vm, t, encoding, errors) && find_mark_due(vm, t));
    value_release(vm, kept);
    t->line_buffering = line;
    t->write_through = through;
    return ok ? VALUE_NONE : VALUE_ERROR;
}

/* --- attributes --- */

static Value attached(Vm *vm, Value self, Value v) {
    if (!text_check_attached(vm, text_of(self))) return VALUE_ERROR;
    return value_is_empty(v) ? VALUE_NONE : value_retain(v);
}
static Value get_buffer(Vm *vm, Value self) { return (void)vm, value_is_empty(text_of(self)->buffer) ? VALUE_NONE : value_retain(text_of(self)->buffer); }
static Value get_encoding(Vm *vm, Value self) { return (void)vm, value_is_empty(text_of(self)->encoding) ? VALUE_NONE : value_retain(text_of(self)->encoding); }
static Value get_errors(Vm *vm, Value self) { return text_of(self)->ready ? attached(vm, self, text_of(self)->errors) : attached(vm, self, VALUE_NONE); }
static Value get_line_buffering(Vm *vm, Value self) { return (void)vm, value_from_bool(text_of(self)->line_buffering); }
static Value get_write_through(Vm *vm, Value self) { return (void)vm, value_from_bool(text_of(self)->write_through); }
static Value get_newlines(Vm *vm, Value self) {
    return text_check_attached(vm, text_of(self)) ? newlines_seen(vm, text_of(self)->newlines.seen) : VALUE_ERROR;
}

static Value get_closed(Vm *vm, Value self) {
    if (!text_check_attached(vm, text_of(self))) return VALUE_ERROR;
    int closed = stream_closed(vm, text_of(self)->buffer);
    return closed < 0 ? VALUE_ERROR : value_from_bool(closed);
}

static Value get_name(Vm *vm, Value self) {
    return text_check_attached(vm, text_of(self)) ? value_get_attr(vm, text_of(self)->buffer, NAME(vm, name)) : VALUE_ERROR;
}

static Value text_repr(Vm *vm, Value self) {
    TextWrapper *t = text_of(self);
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
    Str *mode_name = str_intern(vm, "mode", 4);
    Value mode = mode_name ? value_find_attr(vm, self, mode_name) : VALUE_ERROR;
    release_object(vm, mode_name);
    if (value_is_error(mode)) error_clear(vm);
    else if (!value_is_empty(mode)) {
        builder_add_ascii(&b, " mode=", 6);
        builder_add_repr(&b, mode);
        value_release(vm, mode);
    }
    builder_add_ascii(&b, " encoding=", 10);
    builder_add_repr(&b, value_is_empty(t->encoding) ? VALUE_NONE : t->encoding);
    builder_add_char(&b, '>');
    return builder_finish(&b);
}

/* --- memory --- */

static size_t wrapper_size(const Object *o) { return (void)o, sizeof(TextWrapper); }

static void wrapper_visit(Object *o, VisitFn visit, void *arg) {
    TextWrapper *t = (TextWrapper *)o;
    Value held[] = {t->buffer, t->encoding, t->errors, t->decoded};
    for (int k = 0; k < 4; k++) visit(held[k], arg);
}

static bool wrapper_is_noticed(const Object *o) {
    const TextWrapper *t = (const TextWrapper *)o;
    return t->pending_size || (value_is_object(t->buffer) && value_object(t->buffer)->shape->owns_type);
}

/* The finalizer has closed the stream; what it could not write is lost. */
static void wrapper_clear(Vm *vm, Object *o) {
    TextWrapper *t = (TextWrapper *)o;
    t->pending_size = 0;
    buffer_mark(vm, t, false);
    value_clear(vm, &t->buffer);
}

static void wrapper_free(Vm *vm, Object *o) {
    TextWrapper *t = (TextWrapper *)o;
    wrapper_clear(vm, o);
    value_clear(vm, &t->encoding);
    value_clear(vm, &t->errors);
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
    {"reconfigure", text_reconfigure, "($self, /, *, encoding=None, errors=None, newline=None, line_buffering=None, write_through=None)",
     "Changes how the stream encodes and buffers.", 0},
    {"readable", text_readable, "($self, /)", NULL, 0},
    {"writable", text_writable, "($self, /)", NULL, 0},
    {"seekable", text_seekable, "($self, /)", NULL, 0},
    {"fileno", text_fileno, "($self, /)", NULL, 0},
    {"isatty", text_isatty, "($self, /)", NULL, 0},
    {0}};

static const GetSetDef text_getset[] = {
    {"buffer", get_buffer, io_set_readonly, NULL}, {"encoding", get_encoding, io_set_readonly, NULL},
    {"errors", get_errors, NULL, NULL},            {"line_buffering", get_line_buffering, io_set_readonly, NULL},
    {"newlines", get_newlines, NULL, NULL},        {"write_through", get_write_through, io_set_readonly, NULL},
    {"closed", get_closed, NULL, NULL},            {"name", get_name, NULL, NULL},
    {0}};

const TypeSpec text_wrapper_spec = {
    .name = "_io.TextIOWrapper",
    .doc = "Character and line based layer over a BufferedIOBase object, buffer.",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_HAS_DICT | TYPE_FLAG_WEAKREFS | TYPE_FLAG_HAS_DEL,
    .size = sizeof(TextWrapper),
    .ops = {wrapper_size, wrapper_visit, wrapper_clear, wrapper_free, wrapper_extra, wrapper_is_noticed},
    .slots = {.repr = text_repr, .new_ = wrapper_new_slot, .next = text_next},
    .init = {"TextIOWrapper", wrapper_construct,
             "($self, /, buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False)", NULL, 0},
    .methods = text_methods,
    .getset = text_getset,
};

/* --- the standard streams --- */

static bool std_stream(Vm *vm, Dict *sys, HostStream which, const char *name) {
    Value raw = file_from_stream(vm, which), buffer = VALUE_ERROR, text = VALUE_ERROR;
    if (value_is_error(raw)) return false;
    buffer = buffered_new(vm, which == HOST_IN ? IO_BUFFERED_READER : IO_BUFFERED_WRITER, raw, IO_PIPE_SIZE);
    Str *errors = str_from_ascii(vm, which == HOST_ERR ? "backslashreplace" : "strict"), *encoding = str_from_ascii(vm, "utf-8");
    Str *mode = str_from_char(vm, which == HOST_IN ? 'r' : 'w'), *mode_name = str_intern(vm, "mode", 4);
    bool lines = which == HOST_ERR || (which == HOST_OUT ? vm->streams.out_is_terminal : vm->streams.in_is_terminal);
    bool ok = !value_is_error(buffer) && errors && encoding && mode && mode_name;
    if (ok)
        text = text_wrapper_new(vm, buffer, value_from_object(encoding), value_from_object(errors), VALUE_NONE, lines,
                                which == HOST_OUT && vm->streams.unbuffered);
    ok = ok && !value_is_error(text);
    if (ok) {
        text_of(text)->unbuffered = which == HOST_OUT && vm->streams.unbuffered;
        char original[16] = "__";
        strcat(strcat(original, name), "__");
        ok = object_attr_set(vm, value_object(text), mode_name, value_from_object(mode)) && dict_set_ascii(vm, sys, name, text) &&
             dict_set_ascii(vm, sys, original, text);
        value_release(vm, text);
    }
    release_object(vm, errors);
    release_object(vm, encoding);
    release_object(vm, mode);
    release_object(vm, mode_name);
    if (!value_is_error(buffer)) value_release(vm, buffer);
    value_release(vm, raw);
    return ok;
}

bool io_std_streams(Vm *vm, Dict *sys) {
    return std_stream(vm, sys, HOST_IN, "stdin") && std_stream(vm, sys, HOST_OUT, "stdout") && std_stream(vm, sys, HOST_ERR, "stderr");
}
