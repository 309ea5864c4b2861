/* Decoding: bytes to text, with error handlers.
 *
 * A decoder step reads one character, or describes why there is none (DecodeError), which then goes to the error handler; the handler says
 * where to go on. To add an encoding: a step function and its case in decode_step; to add a handler: a case in handle_error.
 */
#include "vm/types/codecs.h"

#include <stdio.h>

#include "vm/types/str_internal.h"

typedef struct Decoder {
    Vm *vm;
    const uint8_t *data;
    size_t length, at;
    EncodingId encoding; /* with its byte order settled */
    ErrorHandler handler;
    const char *errors;
    StrBuilder out;
} Decoder;

typedef struct DecodeError {
    size_t start, end;
    const char *reason;
} DecodeError;

static int step_error(DecodeError *e, size_t start, size_t end, const char *reason) {
    *e = (DecodeError){start, end, reason};
    return 0;
}

/* --- one character; the number of its bytes, or 0 with *e filled --- */

static int step_utf_8(const uint8_t *data, size_t at, size_t length, uint32_t *c, DecodeError *e) {
    uint8_t lead = data[at];
    if (lead >= 0xC2 && lead < 0xE0 && at + 1 < length && (data[at + 1] & 0xC0) == 0x80) {
        *c = (lead & 0x1Fu) << 6 | (data[at + 1] & 0x3F);
        return 2;
    }
    int size = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (size == 0) return step_error(e, at, at + 1, "invalid start byte");
    *c = size == 1 ? lead : lead & (0x7F >> size);
    for (int i = 1; i < size; i++) {
        if (at + (size_t)i >= length) return step_error(e, at, length, "unexpected end of data");
        uint8_t byte = data[at + (size_t)i], low = 0x80, high = 0xBF;
        if (i == 1) { /* no overlong forms, no surrogates, nothing beyond U+10FFFF */
            if (lead == 0xE0) low = 0xA0;
            if (lead == 0xED) high = 0x9F;
            if (lead == 0xF0) low = 0x90;
            if (lead == 0xF4) high = 0x8F;
        }
        if (byte < low || byte > high) return step_error(e, at, at + (size_t)i, "invalid continuation byte");
        *c = *c << 6 | (byte & 0x3F);
    }
    return size;
}

static uint32_t read_unit(const uint8_t *p, int size, bool big) {
    uint32_t unit = 0;
    for (int i = 0; i < size; i++) unit |= (uint32_t)p[i] << 8 * (big ? size - 1 - i : i);
    return unit;
}

static int step_utf_16(const uint8_t *data, size_t at, size_t length, bool big, uint32_t *c, DecodeError *e) {
    if (length - at < 2) return step_error(e, at, length, "truncated data");
    *c = read_unit(data + at, 2, big);
    if (*c - 0xD800 >= 0x800) return 2;
    if (*c >= 0xDC00) return step_error(e, at, at + 2, "illegal encoding");
    if (length - at < 4) return step_error(e, at, length, "unexpected end of data");
    uint32_t low = read_unit(data + at + 2, 2, big);
    if (low - 0xDC00 >= 0x400) return step_error(e, at, at + 2, "illegal UTF-16 surrogate");
    *c = 0x10000 + ((*c - 0xD800) << 10) + (low - 0xDC00);
    return 4;
}

static int step_utf_32(const uint8_t *data, size_t at, size_t length, bool big, uint32_t *c, DecodeError *e) {
    if (length - at < 4) return step_error(e, at, length, "truncated data");
    *c = read_unit(data + at, 4, big);
    if (*c - 0xD800 < 0x800) return step_error(e, at, at + 4, "code point in surrogate code point range(0xd800, 0xe000)");
    if (*c > 0x10FFFF) return step_error(e, at, at + 4, "code point not in range(0x110000)");
    return 4;
}

static int decode_step(const Decoder *d, uint32_t *c, DecodeError *e) {
    uint8_t byte = d->data[d->at];
    *c = byte;
    switch (d->encoding) {
    case ENCODING_ASCII: return byte < 0x80 ? 1 : step_error(e, d->at, d->at + 1, "ordinal not in range(128)");
    case ENCODING_CP1252:
        if (byte >= 0x80 && byte < 0xA0) *c = CP1252_HIGH[byte - 0x80];
        return *c || !byte ? 1 : step_error(e, d->at, d->at + 1, "character maps to <undefined>");
    case ENCODING_UTF_16_LE:
    case ENCODING_UTF_16_BE: return step_utf_16(d->data, d->at, d->length, d->encoding == ENCODING_UTF_16_BE, c, e);
    case ENCODING_UTF_32_LE:
    case ENCODING_UTF_32_BE: return step_utf_32(d->data, d->at, d->length, d->encoding == ENCODING_UTF_32_BE, c, e);
    case ENCODING_UTF_8: return step_utf_8(d->data, d->at, d->length, c, e);
    default: return 1;
    }
}

/* --- error handlers --- */

static bool raise_error(const Decoder *d, const DecodeError *e) {
    return codec_decode_error(d->vm, encoding_error_name(d->encoding), d->data, d->length, e->start, e->end, e->reason);
}

/* Bytes from 128 up become U+DC80..U+DCFF. */
static bool escape_bytes(Decoder *d, const DecodeError *e) {
    size_t i = e->start;
    for (; i < e->end && i < e->start + 4 && d->data[i] >= 0x80; i++)
        if (!builder_add_char(&d->out, 0xDC00u + d->data[i])) return false;
    d->at = i;
    return i > e->start || raise_error(d, e);
}

/* An encoded lone surrogate is let pass. */
static bool pass_surrogate(Decoder *d, const DecodeError *e) {
    const uint8_t *p = d->data + e->start;
    size_t left = d->length - e->start, size = 0;
    uint32_t c = 0;
    if (d->encoding == ENCODING_UTF_8) {
        size = 3;
        if (left >= 3 && (p[0] & 0xF0) == 0xE0 && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80)
            c = (uint32_t)(p[0] & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (p[2] & 0x3F);
    } else if (d->encoding >= ENCODING_UTF_16) {
        size = d->encoding >= ENCODING_UTF_32 ? 4 : 2;
        if (left >= size) c = read_unit(p, (int)size, d->encoding == ENCODING_UTF_16_BE || d->encoding == ENCODING_UTF_32_BE);
    }
    if (c - 0xD800 >= 0x800) return raise_error(d, e);
    d->at = e->start + size;
    return builder_add_char(&d->out, c);
}

static bool handle_error(Decoder *d, const DecodeError *e) {
    char text[8];
    d->at = e->end;
    switch (d->handler) {
    case HANDLER_STRICT: return raise_error(d, e);
    case HANDLER_IGNORE: return true;
    case HANDLER_REPLACE: return builder_add_char(&d->out, 0xFFFD);
    case HANDLER_SURROGATE_ESCAPE: return escape_bytes(d, e);
    case HANDLER_SURROGATE_PASS: return pass_surrogate(d, e);
    case HANDLER_BACKSLASH_REPLACE:
        for (size_t i = e->start; i < e->end; i++) {
            snprintf(text, sizeof text, "\\x%02x", d->data[i]);
            if (!builder_add_ascii(&d->out, text, 4)) return false;
        }
        return true;
    case HANDLER_UNKNOWN: error_raise(d->vm, EXC_LookupError, "unknown error handler name '%s'", d->errors); return false;
    default: error_type(d->vm, "don't know how to handle UnicodeDecodeError in error callback"); return false;
    }
}

/* --- whole texts --- */

/* Counts the characters of valid UTF-8 and ors them together. false: it is not valid. */
static bool measure_utf_8(const uint8_t *data, size_t length, size_t *count, uint32_t *mask) {
    DecodeError unused;
    *count = *mask = 0;
    for (size_t at = 0; at < length;) {
        uint32_t c = 0x7F;
        size_t ascii = text_ascii_prefix(data + at, length - at), size = ascii;
        if (!ascii && !(size = (size_t)step_utf_8(data, at, length, &c, &unused))) return false;
        *count += ascii ? ascii : 1;
        *mask |= c;
        at += size;
    }
    return true;
}

/* A character of more than one byte in UTF-8 that is known to be valid. */
static inline uint32_t read_valid(const uint8_t *p, size_t *at) {
    uint32_t c = p[*at];
    int more = c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
    c &= 0x3Fu >> more;
    for (++*at; more-- > 0; ++*at) c = c << 6 | (p[*at] & 0x3F);
    return c;
}

/* Valid UTF-8 is measured, then written at once. VALUE_EMPTY: it is not valid. */
static Value decode_valid_utf_8(Vm *vm, const uint8_t *data, size_t length) {
    size_t count, i = 0;
    uint32_t mask;
    if (!measure_utf_8(data, length, &count, &mask)) return VALUE_EMPTY;
    if (count == 1) return str_value(str_from_char(vm, length == 1 ? *data : read_valid(data, &i)));
    Str *s = str_new(vm, count, mask);
    if (!s) return VALUE_ERROR;
    for (size_t at = 0; at < length;) {
        size_t ascii = text_ascii_prefix(data + at, length - at);
        if (ascii) {
            text_copy((char *)str_data(s) + i * s->width, s->width, data + at, 1, ascii);
            i += ascii;
            at += ascii;
        } else {
            text_put(str_data(s), s->width, i++, read_valid(data, &at));
        }
    }
    return value_from_object(s);
}

/* Reads a byte order mark and settles the encoding. */
static void start_decoding(Decoder *d) {
    const uint8_t *p = d->data;
    if (d->encoding == ENCODING_UTF_8_SIG) {
        if (d->length >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0) { /* positions in errors count from behind it */
            d->data += 3;
            d->length -= 3;
        }
        d->encoding = ENCODING_UTF_8;
    } else if (d->encoding == ENCODING_UTF_16 || d->encoding == ENCODING_UTF_32) {
        size_t size = d->encoding == ENCODING_UTF_16 ? 2 : 4;
        bool big = d->length >= size && read_unit(p, (int)size, true) == 0xFEFF;
        bool little = d->length >= size && read_unit(p, (int)size, false) == 0xFEFF;
        d->at = big || little ? size : 0;
        d->encoding = (EncodingId)(d->encoding + (big ? 2 : 1));
    }
}

Value text_decode(Vm *vm, const uint8_t *data, size_t length, EncodingId encoding, const char *errors) {
    Decoder d = {.vm = vm, .data = data, .length = length, .encoding = encoding, .handler = error_handler_find(errors), .errors = errors};
    start_decoding(&d);
    if (d.encoding == ENCODING_UTF_8) {
        Value valid = decode_valid_utf_8(vm, d.data, d.length);
        if (!value_is_empty(valid)) return valid;
    }
    builder_init(&d.out, vm);
    while (d.at < d.length) {
        uint32_t c;
        DecodeError e;
        int size = decode_step(&d, &c, &e);
        bool ok = size ? builder_add_char(&d.out, c) : handle_error(&d, &e);
        if (!ok) {
            builder_drop(&d.out);
            return VALUE_ERROR;
        }
        d.at += (size_t)size;
    }
    return builder_finish(&d.out);
}

size_t utf8_incomplete(const uint8_t *data, size_t length) {
    for (size_t back = 1; back <= 3 && back <= length; back++) {
        uint32_t c;
        DecodeError e;
        size_t at = length - back;
        if ((data[at] & 0xC0) == 0x80) continue;
        if (step_utf_8(data, at, length, &c, &e) == 0 && e.end == length && e.reason[0] == 'u') return back;
        return 0;
    }
    return 0;
}
