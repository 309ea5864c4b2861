/* TextIOWrapper: reading, and positions in the stream. See io_text.h. */
#include "stdlib/io_text.h"

#include <unistd.h>

#include "vm/types/int.h"

void text_read_reset(Vm *vm, TextWrapper *t, bool start) {
    t->decoded_at = t->tail_size = t->chunk_size = t->chunk_mark = 0;
    t->at_end = false;
    if (start) t->mark_read = false;
    value_clear(vm, &t->decoded);
}

/* --- decoding --- */

static const char *codec_name(EncodingId id, const char *otherwise) {
    switch (id) {
    case ENCODING_UTF_8: return "utf-8";
    case ENCODING_UTF_16_LE: return "utf-16-le";
    case ENCODING_UTF_16_BE: return "utf-16-be";
    case ENCODING_UTF_32_LE: return "utf-32-le";
    case ENCODING_UTF_32_BE: return "utf-32-be";
    default: return otherwise;
    }
}

static size_t unit_size(EncodingId id) {
    switch (id) {
    case ENCODING_UTF_16:
    case ENCODING_UTF_16_LE:
    case ENCODING_UTF_16_BE: return 2;
    case ENCODING_UTF_32:
    case ENCODING_UTF_32_LE:
    case ENCODING_UTF_32_BE: return 4;
    default: return 1;
    }
}

static uint32_t unit_at(EncodingId id, const uint8_t *p) {
    switch (id) {
    case ENCODING_UTF_16_LE: return (uint32_t)(p[0] | p[1] << 8);
    case ENCODING_UTF_16_BE: return (uint32_t)(p[0] << 8 | p[1]);
    case ENCODING_UTF_32_LE: return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    case ENCODING_UTF_32_BE: return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
    default: return *p;
    }
}

/* The start of a stream may tell its byte order. Result: bytes of the mark; -1: more bytes are needed to know. */
static int find_mark(TextWrapper *t, const uint8_t *data, size_t size, bool final) {
    static const uint8_t mark_8[] = {0xEF, 0xBB, 0xBF};
    bool wide = t->id == ENCODING_UTF_32;
    EncodingId little = wide ? ENCODING_UTF_32_LE : ENCODING_UTF_16_LE, big = wide ? ENCODING_UTF_32_BE : ENCODING_UTF_16_BE;
    t->read_id = t->id;
    if (t->id == ENCODING_UTF_8_SIG) {
        t->read_id = ENCODING_UTF_8;
        size_t n = size < 3 ? size : 3;
        if (n && memcmp(data, mark_8, n)) return 0;
        return n == 3 ? 3 : final ? 0 : -1;
    }
    if (t->id != ENCODING_UTF_16 && t->id != ENCODING_UTF_32) return 0;
    t->read_id = little;
    size_t unit = wide ? 4 : 2;
    if (size < unit) return final ? 0 : -1;
    if (unit_at(big, data) == 0xFEFF) t->read_id = big;
    return unit_at(t->read_id, data) == 0xFEFF ? (int)unit : 0;
}

/* How many bytes at the end do not make a whole character, or are a "\r" whose "\n" may follow. */
static size_t unfinished(TextWrapper *t, const uint8_t *data, size_t size) {
    size_t unit = unit_size(t->read_id), rest = size % unit;
    if (t->read_id == ENCODING_UTF_8) rest = utf8_incomplete(data, size);
    if (size - rest < unit) return rest;
    uint32_t last = unit_at(t->read_id, data + size - rest - unit);
    bool half = unit == 2 && last >> 10 == 0xD800 >> 10; /* of a surrogate pair */
    bool cr = last == '\r' && (t->newlines.universal || t->newlines.end[1]);
    return half || cr ? rest + unit : rest;
}

static Value decode(Vm *vm, TextWrapper *t, const uint8_t *data, size_t size) {
    return bytes_decode(vm, data, size, codec_name(t->read_id, t->encoding_name), t->errors_name);
}

/* --- filling --- */

static int64_t read_below(Vm *vm, TextWrapper *t, uint8_t *into, size_t size) {
    Buffered *b = text_own_buffer(vm, t);
    if (b) return buffered_read1(vm, b, into, size);
    Value wanted = value_from_small((int64_t)size);
    Value method = value_find_attr(vm, t->buffer, NAME(vm, read1));
    if (value_is_error(method)) return -1;
    Value bytes = value_is_empty(method) ? value_call_method(vm, t->buffer, NAME(vm, read), &wanted, 1) : value_call1(vm, method, wanted);
    if (!value_is_empty(method)) value_release(vm, method);
    if (value_is_error(bytes)) return -1;
    Buffer buffer;
    int64_t n = -1;
    if (!value_type(vm, bytes)->slots.get_buffer) {
        error_type(vm, "underlying %s() should have returned a bytes-like object, not '%T'", value_is_empty(method) ? "read" : "read1", bytes);
    } else if (buffer_get(vm, bytes, &buffer, false)) {
        n = (int64_t)(buffer.length < size ? buffer.length : size);
        memcpy(into, buffer.data, (size_t)n);
        buffer_release(vm, &buffer);
    }
    value_release(vm, bytes);
    return n;
}

static bool chunk_keep(Vm *vm, TextWrapper *t, const uint8_t *data, size_t size, size_t mark) {
    if (size > t->chunk_capacity) {
        size_t capacity = size < IO_BUFFER_SIZE ? IO_BUFFER_SIZE + sizeof t->tail : size;
        uint8_t *larger = heap_realloc(&vm->heap, t->chunk, t->chunk_capacity, capacity);
        if (!larger) return error_no_memory(vm), false;
        t->chunk = larger;
        t->chunk_capacity = capacity;
    }
    if (size) memcpy(t->chunk, data, size);
    t->chunk_size = size;
    t->chunk_mark = mark;
    return true;
}

/* Decodes data (what is finished of it) as the stream's next chunk; the rest becomes the tail. */
static bool take_chunk(Vm *vm, TextWrapper *t, const uint8_t *data, size_t size, bool final) {
    int mark = t->mark_read ? 0 : find_mark(t, data, size, final);
    size_t rest = mark < 0 ? size : final ? 0 : unfinished(t, data + mark, size - (size_t)mark), skip = mark > 0 ? (size_t)mark : 0;
    if (mark >= 0) t->mark_read = true;
    if (t->seekable && !chunk_keep(vm, t, data, size - rest, skip)) return false;
    Value text = newlines_read_take(vm, &t->newlines, decode(vm, t, data + skip, size - rest - skip));
    if (value_is_error(text)) return false;
    memmove(t->tail, data + size - rest, rest);
    t->tail_size = rest;
    t->decoded_at = 0;
    value_replace_take(vm, &t->decoded, text);
    return true;
}

/* Makes `decoded` hold unused characters. 1, 0 at the end, -1 error. */
static int fill(Vm *vm, TextWrapper *t) {
    uint8_t data[IO_BUFFER_SIZE + sizeof t->tail];
    if (!t->readable) return io_unsupported(vm, "not readable"), -1;
    if (t->at_end) return 0;
    if (t->pending_size && !text_pending_flush(vm, t)) return -1;
    for (;;) {
        size_t tail = t->tail_size;
        memcpy(data, t->tail, tail);
        int64_t n = read_below(vm, t, data + tail, IO_BUFFER_SIZE);
        if (n < 0 || !take_chunk(vm, t, data, tail + (size_t)n, n == 0)) return -1;
        if (!n) t->at_end = true;
        bool some = value_str_peek(t->decoded)->length > 0;
        if (some || !n) return some;
    }
}

static size_t available(TextWrapper *t) { return value_is_empty(t->decoded) ? 0 : value_str_peek(t->decoded)->length - t->decoded_at; }

/* --- lines --- */

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
        size_t at = t->decoded_at, end = newlines_line_end(&t->newlines, s, at);
        ended = end != 0;
        if (!ended) end = s->length;
        if (limit >= 0 && (int64_t)(end - at) > limit - (int64_t)b.length) end = at + (size_t)(limit - (int64_t)b.length);
        t->decoded_at = end;
        if (ended && !b.length) return str_value(at || end < s->length ? str_substring(vm, s, at, end) : retain_object(s));
        builder_add_range(&b, s, at, end);
    }
    t->at_end = false;
    return builder_finish(&b);
}

Value text_readline(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int64_t size;
    if (!text_check_open(vm, text_of(args[0])) || !size_argument(vm, args[1], &size)) return VALUE_ERROR;
    return read_line(vm, text_of(args[0]), size);
}

Value text_next(Vm *vm, Value self) {
    TextWrapper *t = text_of(self);
    if (!text_check_open(vm, t)) return VALUE_ERROR;
    t->telling = false;
    bool own = t->head.shape->type == io_type(vm, IO_TEXT_WRAPPER);
    Value line = own ? read_line(vm, t, -1) : io_next_text(vm, self);
    if (own && !value_is_error(line) && !value_str_peek(line)->length) {
        value_release(vm, line);
        line = VALUE_EMPTY;
    }
    if (value_is_empty(line)) t->telling = t->seekable;
    return line;
}

/* --- read() --- */

/* buffer.read() with the tail in front, as an owned block of *size bytes. NULL: error. */
static uint8_t *read_rest_bytes(Vm *vm, TextWrapper *t, size_t *size) {
    Buffered *b = text_own_buffer(vm, t);
    Value rest = b ? buffered_read(vm, b, -1) : text_call_buffer(vm, t, "read", NULL, 0);
    Buffer buffer;
    if (value_is_error(rest)) return NULL;
    if (!value_type(vm, rest)->slots.get_buffer) {
        error_type(vm, "underlying read() should have returned a bytes-like object, not '%T'", rest);
        return value_release(vm, rest), NULL;
    }
    uint8_t *data = NULL;
    if (buffer_get(vm, rest, &buffer, false)) {
        *size = t->tail_size + buffer.length;
        data = heap_alloc(&vm->heap, *size + 1);
        if (!data) error_no_memory(vm);
        else {
            memcpy(data, t->tail, t->tail_size);
            if (buffer.length) memcpy(data + t->tail_size, buffer.data, buffer.length);
        }
        buffer_release(vm, &buffer);
    }
    value_release(vm, rest);
    return data;
}

static Value read_all(Vm *vm, TextWrapper *t) {
    size_t size;
    if (!t->readable) return io_unsupported(vm, "not readable");
    if (t->pending_size && !text_pending_flush(vm, t)) return VALUE_ERROR;
    uint8_t *data = read_rest_bytes(vm, t, &size);
    if (!data) return VALUE_ERROR;
    int mark = t->mark_read ? 0 : find_mark(t, data, size, true);
    t->mark_read = size > 0 || t->mark_read;
    Value text = newlines_read_take(vm, &t->newlines, decode(vm, t, data + mark, size - (size_t)mark));
    heap_free(&vm->heap, data, size + 1);
    if (value_is_error(text)) return text;
    size_t ahead = available(t);
    if (ahead) {
        Str *s = value_str_peek(t->decoded), *first = str_substring(vm, s, t->decoded_at, s->length);
        Value whole = first ? str_append_take(vm, value_from_object(first), value_str_peek(text)) : VALUE_ERROR;
        value_release(vm, text);
        text = whole;
    }
    text_read_reset(vm, t, false);
    return text;
}

Value text_read(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    TextWrapper *t = text_of(args[0]);
    int64_t size;
    if (!text_check_open(vm, t) || !size_argument(vm, args[1], &size)) return VALUE_ERROR;
    if (size < 0) return read_all(vm, t);
    if (!t->readable) return io_unsupported(vm, "not readable");
    StrBuilder b;
    builder_init(&b, vm);
    while ((int64_t)b.length < size) {
        if (!available(t)) {
            int filled = fill(vm, t);
            if (filled < 0) return builder_drop(&b), VALUE_ERROR;
            if (!filled) break;
        }
        size_t n = available(t), wanted = (size_t)(size - (int64_t)b.length);
        if (n > wanted) n = wanted;
        builder_add_range(&b, value_str_peek(t->decoded), t->decoded_at, t->decoded_at + n);
        t->decoded_at += n;
    }
    t->at_end = false;
    return builder_finish(&b);
}

/* --- positions --- */

static size_t character_size(TextWrapper *t, size_t at) {
    size_t unit = unit_size(t->read_id), size = unit, left = t->chunk_size - at;
    const uint8_t *p = t->chunk + at;
    if (t->read_id == ENCODING_UTF_8)
        while (size < left && (p[size] & 0xC0) == 0x80) size++;
    else if (unit == 2 && left >= 4 && unit_at(t->read_id, p) >> 10 == 0xD800 >> 10) size = 4;
    return size < left ? size : left;
}

static bool is_line_feed(TextWrapper *t, size_t at) {
    return at + unit_size(t->read_id) <= t->chunk_size && unit_at(t->read_id, t->chunk + at) == '\n';
}

/* How many bytes of the chunk the characters used so far came from, every byte being part of a good character. */
static size_t bytes_used_plain(TextWrapper *t) {
    size_t at = t->chunk_mark;
    for (size_t k = 0; k < t->decoded_at && at < t->chunk_size; k++) {
        bool cr = unit_at(t->read_id, t->chunk + at) == '\r';
        at += character_size(t, at);
        if (cr && t->newlines.translate && is_line_feed(t, at)) at += unit_size(t->read_id);
    }
    return at;
}

/* The same where an error handler makes characters of bad bytes: the shortest start of the chunk that gives as many. */
static bool bytes_used_by_trial(Vm *vm, TextWrapper *t, size_t *out) {
    size_t low = t->chunk_mark, high = t->chunk_size;
    while (low < high) {
        size_t middle = low + (high - low) / 2, size = middle - t->chunk_mark;
        Newlines newlines = t->newlines;
        newlines.universal = newlines.translate;
        if (t->read_id == ENCODING_UTF_8) size -= utf8_incomplete(t->chunk + t->chunk_mark, size);
        Value text = newlines_read_take(vm, &newlines, decode(vm, t, t->chunk + t->chunk_mark, size));
        if (value_is_error(text)) return false;
        if (value_str_peek(text)->length < t->decoded_at) low = middle + 1;
        else high = middle;
        value_release(vm, text);
    }
    bool cr = low >= unit_size(t->read_id) + t->chunk_mark && unit_at(t->read_id, t->chunk + low - unit_size(t->read_id)) == '\r';
    if (cr && t->newlines.translate && is_line_feed(t, low)) low += unit_size(t->read_id);
    *out = low;
    return true;
}

Value text_tell(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    TextWrapper *t = text_of(args[0]);
    if (!text_check_open(vm, t)) return VALUE_ERROR;
    if (!t->seekable) return io_unsupported(vm, "underlying stream is not seekable");
    if (!t->telling) return error_raise(vm, EXC_OSError, "telling position disabled by next() call");
    if (!text_pending_flush(vm, t)) return VALUE_ERROR;
    Value at = text_call_buffer(vm, t, "tell", NULL, 0);
    if (value_is_error(at) || value_is_empty(t->decoded)) return at;
    int64_t position;
    size_t used = 0;
    bool ok = value_as_i64(vm, at, &position);
    value_release(vm, at);
    if (t->decoded_at && error_handler_find(t->errors_name) == HANDLER_STRICT) used = bytes_used_plain(t);
    else if (t->decoded_at) ok = ok && bytes_used_by_trial(vm, t, &used);
    return ok ? int_from_i64(vm, position - (int64_t)t->tail_size - (int64_t)(t->chunk_size - used)) : VALUE_ERROR;
}

static int is_zero(Vm *vm, Value v) { return value_compare_bool(vm, v, value_from_small(0), COMPARE_EQ); }

static Value seek_end(Vm *vm, TextWrapper *t) {
    Value down[2] = {value_from_small(0), value_from_small(SEEK_END)};
    if (!text_flush_all(vm, t)) return VALUE_ERROR;
    text_read_reset(vm, t, false);
    Value at = text_call_buffer(vm, t, "seek", down, 2);
    if (!value_is_error(at)) t->mark_due = is_zero(vm, at) > 0;
    return at;
}

static Value seek_to(Vm *vm, TextWrapper *t, Value cookie) {
    int negative = value_compare_bool(vm, cookie, value_from_small(0), COMPARE_LT);
    if (negative) return negative < 0 ? VALUE_ERROR : error_value(vm, "negative seek position %V", cookie);
    if (!text_flush_all(vm, t)) return VALUE_ERROR;
    int start = is_zero(vm, cookie);
    if (start < 0) return VALUE_ERROR;
    Value at = text_call_buffer(vm, t, "seek", &cookie, 1);
    if (value_is_error(at)) return at;
    value_release(vm, at);
    text_read_reset(vm, t, start);
    t->mark_due = start;
    t->telling = t->seekable;
    return value_retain(cookie);
}

/* "($self, cookie, whence=0, /)" */
Value text_seek(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    TextWrapper *t = text_of(args[0]);
    int whence = 0;
    if (!value_is_empty(args[2]) && !value_as_int(vm, args[2], &whence)) return VALUE_ERROR;
    if (!text_check_open(vm, t)) return VALUE_ERROR;
    if (!t->seekable) return io_unsupported(vm, "underlying stream is not seekable");
    if (whence < 0 || whence > 2) return error_value(vm, "invalid whence (%d, should be 0, 1 or 2)", whence);
    if (whence == SEEK_SET) return seek_to(vm, t, args[1]);
    int zero = is_zero(vm, args[1]);
    if (zero < 0) return VALUE_ERROR;
    if (!zero) return io_unsupported(vm, whence == SEEK_CUR ? "can't do nonzero cur-relative seeks" : "can't do nonzero end-relative seeks");
    if (whence == SEEK_END) return seek_end(vm, t);
    if (!text_flush_all(vm, t)) return VALUE_ERROR;
    Value here = text_tell(vm, args, 1), result = value_is_error(here) ? here : seek_to(vm, t, here);
    value_release(vm, here);
    return result;
}
