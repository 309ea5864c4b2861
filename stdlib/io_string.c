/* StringIO: a stream of characters in memory.
 *
 * Invariants: the block holds `capacity` characters of `width` bytes, wide enough for all of them (it never narrows); position may lie behind length
 * (a write fills the gap with NULs). Line ends are translated when they are written. */
#include "stdlib/io.h"

#include "vm/types/int.h"
#include "vm/types/text.h"

typedef struct StringIO {
    Object head;
    void *data; /* NULL if and only if capacity is 0 */
    size_t length, capacity, position;
    Newlines newlines;
    uint8_t width;
    bool closed, ready; /* ready: __init__ has run */
} StringIO;

static StringIO *self_of(Value v) { return (StringIO *)value_object(v); }

static bool check_open(Vm *vm, const StringIO *s) {
    if (s->ready && !s->closed) return true;
    error_value(vm, s->ready ? "I/O operation on closed file" : "I/O operation on uninitialized object");
    return false;
}

static void drop_block(Vm *vm, StringIO *s) {
    if (s->data) heap_free(&vm->heap, s->data, s->capacity * s->width);
    s->data = NULL;
    s->length = s->capacity = s->position = 0;
    s->width = 1;
}

/* A block for so many characters of that width. */
static bool resize(Vm *vm, StringIO *s, size_t capacity, int width) {
    if (capacity > (size_t)PTRDIFF_MAX / 4) return error_no_memory(vm), false;
    if (width == s->width) {
        void *same = heap_realloc(&vm->heap, s->data, s->capacity * s->width, capacity * s->width);
        if (!same) return error_no_memory(vm), false;
        s->data = same;
    } else {
        void *wider = heap_alloc(&vm->heap, capacity * (size_t)width);
        if (!wider) return error_no_memory(vm), false;
        if (s->data) {
            text_copy(wider, width, s->data, s->width, s->length);
            heap_free(&vm->heap, s->data, s->capacity * s->width);
        }
        s->data = wider;
        s->width = (uint8_t)width;
    }
    s->capacity = capacity;
    return true;
}

static size_t ahead(const StringIO *s) { return s->position < s->length ? s->length - s->position : 0; }

static Value take(Vm *vm, StringIO *s, size_t size) {
    Str *text = str_from_ucs(vm, (const char *)s->data + (size ? s->position * s->width : 0), size, s->width);
    if (!text) return VALUE_ERROR;
    s->position += size;
    return value_from_object(text);
}

/* --- writing --- */

static bool put(Vm *vm, StringIO *s, const Str *text) {
    size_t end = s->position + text->length;
    int width = text->width > s->width ? text->width : s->width;
    if (end < text->length) return error_no_memory(vm), false;
    if ((end > s->capacity || width > s->width) && !resize(vm, s, end > s->capacity ? end + end / 8 + 16 : s->capacity, width)) return false;
    if (s->position > s->length) text_fill((char *)s->data + s->length * s->width, s->width, 0, s->position - s->length);
    text_copy((char *)s->data + s->position * s->width, s->width, str_data(text), text->width, text->length);
    s->position = end;
    if (end > s->length) s->length = end;
    return true;
}

static bool string_io_put(Vm *vm, StringIO *s, Value text) {
    text = newlines_read_take(vm, &s->newlines, value_retain(text));
    Str *written = value_is_error(text) ? NULL : newlines_write(vm, &s->newlines, value_str_peek(text));
    bool ok = written && (!written->length || put(vm, s, written));
    release_object(vm, written);
    value_release(vm, text);
    return ok;
}

static Value string_io_write(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!value_is_str(args[1])) return error_type(vm, "string argument expected, got '%T'", args[1]);
    if (!check_open(vm, self_of(args[0])) || !string_io_put(vm, self_of(args[0]), args[1])) return VALUE_ERROR;
    return int_from_i64(vm, (int64_t)value_str_peek(args[1])->length);
}

/* "($self, pos=None, /)": a position beyond the end changes nothing. */
static Value string_io_truncate(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    StringIO *s = self_of(args[0]);
    int64_t size;
    if (!check_open(vm, s)) return VALUE_ERROR;
    if (value_is_empty(args[1]) || value_is_none(args[1])) size = (int64_t)s->position;
    else if (!size_argument(vm, args[1], &size)) return VALUE_ERROR;
    if (size < 0) return error_value(vm, "Negative size value %lld", (long long)size);
    if ((size_t)size < s->length) s->length = (size_t)size;
    return int_from_i64(vm, size);
}

/* --- reading --- */

static Value string_io_read(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    StringIO *s = self_of(args[0]);
    int64_t size;
    if (!size_argument(vm, args[1], &size) || !check_open(vm, s)) return VALUE_ERROR;
    return take(vm, s, size < 0 || (size_t)size > ahead(s) ? ahead(s) : (size_t)size);
}

static size_t line_length(const StringIO *s) {
    const Newlines *n = &s->newlines;
    const char *start = (const char *)s->data + s->position * s->width;
    TextSpan rest = {start, ahead(s), s->width};
    for (size_t k = 0; k < rest.length; k++) {
        uint32_t c = text_at(start, s->width, k);
        if (c != '\n' && c != '\r') continue;
        bool both = c == '\r' && k + 1 < rest.length && text_at(start, s->width, k + 1) == '\n';
        if (n->universal && !n->translate) return k + 1 + both;
        if (n->end[0] ? c == '\r' && (both || !n->end[1]) : c == '\n') return k + 1 + (n->end[0] && n->end[1]);
    }
    return rest.length;
}

static Value string_io_readline(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    StringIO *s = self_of(args[0]);
    int64_t limit;
    if (!size_argument(vm, args[1], &limit) || !check_open(vm, s)) return VALUE_ERROR;
    size_t length = ahead(s) ? line_length(s) : 0;
    return take(vm, s, limit >= 0 && (size_t)limit < length ? (size_t)limit : length);
}

static Value string_io_next(Vm *vm, Value self) {
    StringIO *s = self_of(self);
    if (s->head.shape->type != io_type(vm, IO_STRING)) return io_next_text(vm, self);
    if (!check_open(vm, s)) return VALUE_ERROR;
    return ahead(s) ? take(vm, s, line_length(s)) : VALUE_EMPTY;
}

static Value string_io_getvalue(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    StringIO *s = self_of(args[0]);
    return check_open(vm, s) ? str_value(str_from_ucs(vm, s->data, s->length, s->width)) : VALUE_ERROR;
}

/* --- position --- */

static Value string_io_seek(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    StringIO *s = self_of(args[0]);
    int64_t offset;
    int whence = 0;
    if (!value_as_index(vm, args[1], &offset, false)) return VALUE_ERROR;
    if (!value_is_empty(args[2]) && !value_as_int(vm, args[2], &whence)) return VALUE_ERROR;
    if (!check_open(vm, s)) return VALUE_ERROR;
    if (whence < 0 || whence > 2) return error_value(vm, "Invalid whence (%d, should be 0, 1 or 2)", whence);
    if (offset < 0 && whence == 0) return error_value(vm, "Negative seek position %lld", (long long)offset);
    if (whence && offset) return error_raise(vm, EXC_OSError, "Can't do nonzero cur-relative seeks");
    s->position = whence == 0 ? (size_t)offset : whence == 1 ? s->position : s->length;
    return int_from_i64(vm, (int64_t)s->position);
}

static Value string_io_tell(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return check_open(vm, self_of(args[0])) ? int_from_i64(vm, (int64_t)self_of(args[0])->position) : VALUE_ERROR;
}

/* --- the rest --- */

static Value string_io_close(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    self_of(args[0])->closed = true;
    drop_block(vm, self_of(args[0]));
    return VALUE_NONE;
}

static Value string_io_yes(Vm *vm, Value *args, int nargs) { return (void)nargs, check_open(vm, self_of(args[0])) ? VALUE_TRUE : VALUE_ERROR; }

static Value string_io_flush(Vm *vm, Value *args, int nargs) { return (void)vm, (void)args, (void)nargs, VALUE_NONE; }

static Value get_closed(Vm *vm, Value self) {
    StringIO *s = self_of(self);
    return s->ready ? value_from_bool(s->closed) : error_value(vm, "I/O operation on uninitialized object");
}
static Value get_line_buffering(Vm *vm, Value self) { return check_open(vm, self_of(self)) ? VALUE_FALSE : VALUE_ERROR; }
static Value get_newlines(Vm *vm, Value self) {
    return check_open(vm, self_of(self)) ? newlines_seen(vm, self_of(self)->newlines.seen) : VALUE_ERROR;
}

static Value string_io_new(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    (void)args, (void)nargs, (void)kwnames;
    StringIO *s = type_alloc(vm, type, sizeof *s);
    if (!s) return VALUE_ERROR;
    s->width = 1;
    object_track(&vm->heap, &s->head);
    return value_from_object(s);
}

/* "($self, initial_value='', newline='\n')" */
static Value string_io_init(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    StringIO *s = self_of(args[0]);
    bool has_text = !value_is_empty(args[1]) && !value_is_none(args[1]);
    Newlines newlines = {0};
    bool has_newline = !value_is_empty(args[2]);
    if (has_newline && !value_is_none(args[2]) && !value_is_str(args[2])) return error_type(vm, "newline must be str or None, not %T", args[2]);
    if (has_newline && !newlines_set(&newlines, args[2])) return error_value(vm, "illegal newline value: %V", args[2]);
    if (has_text && !value_is_str(args[1])) return error_type(vm, "initial_value must be str or None, not %T", args[1]);
    drop_block(vm, s);
    s->newlines = newlines;
    s->closed = false;
    s->ready = true;
    if (has_text && !string_io_put(vm, s, args[1])) return VALUE_ERROR;
    s->position = 0;
    return VALUE_NONE;
}

static size_t string_io_size(const Object *o) { return (void)o, sizeof(StringIO); }
static size_t string_io_extra(const Object *o) { return ((const StringIO *)o)->capacity * ((const StringIO *)o)->width; }
static void string_io_free(Vm *vm, Object *o) { drop_block(vm, (StringIO *)o); }

static const NativeDef string_io_methods[] = {
    {"write", string_io_write, "($self, s, /)", "Writes a text; its length.", NATIVE_METHOD},
    {"read", string_io_read, "($self, size=-1, /)", "Reads size characters, or all.", NATIVE_METHOD},
    {"readline", string_io_readline, "($self, size=-1, /)", "A line, its newline included.", NATIVE_METHOD},
    {"truncate", string_io_truncate, "($self, pos=None, /)", "Cuts the contents off.", NATIVE_METHOD},
    {"seek", string_io_seek, "($self, pos, whence=0, /)", "Moves to a position; the new one.", NATIVE_METHOD},
    {"tell", string_io_tell, "($self, /)", "The position.", NATIVE_METHOD},
    {"getvalue", string_io_getvalue, "($self, /)", "All of the contents.", NATIVE_METHOD},
    {"close", string_io_close, "($self, /)", "Drops the contents.", NATIVE_METHOD},
    {"flush", string_io_flush, "($self, /)", "Does nothing.", NATIVE_METHOD},
    {"readable", string_io_yes, "($self, /)", "True.", NATIVE_METHOD},
    {"writable", string_io_yes, "($self, /)", "True.", NATIVE_METHOD},
    {"seekable", string_io_yes, "($self, /)", "True.", NATIVE_METHOD},
    {0}};

static const GetSetDef string_io_getset[] = {
    {"closed", get_closed, NULL, NULL}, {"line_buffering", get_line_buffering, NULL, NULL}, {"newlines", get_newlines, NULL, NULL}, {0}};

const TypeSpec string_io_spec = {
    .name = "_io.StringIO",
    .doc = "Text I/O implementation using an in-memory buffer.",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_HAS_DICT | TYPE_FLAG_WEAKREFS,
    .size = sizeof(StringIO),
    .ops = {string_io_size, NULL, NULL, string_io_free, string_io_extra},
    .slots = {.new_ = string_io_new, .next = string_io_next},
    .init = {"StringIO", string_io_init, "($self, /, initial_value='', newline='\\n')", NULL, NATIVE_METHOD},
    .methods = string_io_methods,
    .getset = string_io_getset,
};
