/* Encoding: text to bytes, with error handlers.
 *
 * An encoder step writes one character or says that the encoding has no place for it; the run of such characters then goes to the error
 * handler. To add an encoding: a case in encode_char; to add a handler: a case in handle_run.
 */
#include "vm/types/codecs.h"

#include <stdio.h>

#include "lexer/identifier.h"
#include "lexer/names.h"
#include "vm/types/str_internal.h"

typedef struct Encoder {
    Vm *vm;
    Str *text;
    EncodingId encoding;
    ErrorHandler handler;
    const char *errors;
    uint8_t *data;
    size_t size, capacity;
} Encoder;

static bool reserve(Encoder *e, size_t count) {
    if (count <= e->capacity - e->size) return true;
    size_t capacity = e->capacity + e->capacity / 2 + count;
    uint8_t *data = heap_realloc(&e->vm->heap, e->data, e->capacity, capacity);
    if (!data) {
        error_no_memory(e->vm);
        return false;
    }
    e->data = data;
    e->capacity = capacity;
    return true;
}

static bool put(Encoder *e, const void *bytes, size_t count) {
    if (!reserve(e, count)) return false;
    memcpy(e->data + e->size, bytes, count);
    e->size += count;
    return true;
}

static bool put_unit(Encoder *e, uint32_t unit, int size, bool big) {
    uint8_t bytes[4];
    for (int i = 0; i < size; i++) bytes[i] = (uint8_t)(unit >> 8 * (big ? size - 1 - i : i));
    return put(e, bytes, (size_t)size);
}

static bool is_surrogate(uint32_t c) { return c - 0xD800 < 0x800; }
static bool is_16(EncodingId id) { return id >= ENCODING_UTF_16 && id <= ENCODING_UTF_16_BE; }
static bool is_32(EncodingId id) { return id >= ENCODING_UTF_32 && id <= ENCODING_UTF_32_BE; }
static bool is_big(EncodingId id) { return id == ENCODING_UTF_16_BE || id == ENCODING_UTF_32_BE; }
static bool is_utf_8(EncodingId id) { return id == ENCODING_UTF_8 || id == ENCODING_UTF_8_SIG; }

static bool can_encode(EncodingId id, uint32_t c) {
    switch (id) {
    case ENCODING_ASCII: return c < 0x80;
    case ENCODING_LATIN_1: return c < 0x100;
    case ENCODING_CP1252:
        if (c < 0x80 || (c >= 0xA0 && c < 0x100)) return true;
        for (int i = 0; i < 32; i++)
            if (CP1252_HIGH[i] == c) return true;
        return false;
    default: return !is_surrogate(c);
    }
}

/* Writes a character that can be encoded (or a surrogate that is let pass). */
static bool encode_char(Encoder *e, uint32_t c) {
    char utf8[4];
    if (is_utf_8(e->encoding)) return put(e, utf8, (size_t)codepoint_encode(c, utf8));
    bool big = is_big(e->encoding);
    if (is_32(e->encoding)) return put_unit(e, c, 4, big);
    if (is_16(e->encoding)) {
        if (c < 0x10000) return put_unit(e, c, 2, big);
        return put_unit(e, 0xD800 + ((c - 0x10000) >> 10), 2, big) && put_unit(e, 0xDC00 + ((c - 0x10000) & 0x3FF), 2, big);
    }
    uint8_t byte = (uint8_t)c;
    if (e->encoding == ENCODING_CP1252 && c >= 0x100)
        for (int i = 0; i < 32; i++)
            if (CP1252_HIGH[i] == c) byte = (uint8_t)(0x80 + i);
    return put(e, &byte, 1);
}

static bool encode_ascii(Encoder *e, const char *text) {
    while (*text)
        if (!encode_char(e, (uint8_t)*text++)) return false;
    return true;
}

static const char *reason_of(EncodingId id) {
    switch (id) {
    case ENCODING_ASCII: return "ordinal not in range(128)";
    case ENCODING_LATIN_1: return "ordinal not in range(256)";
    case ENCODING_CP1252: return "character maps to <undefined>";
    default: return "surrogates not allowed";
    }
}

static bool encode_escaped(Encoder *e, uint32_t c) {
    char text[24], name[CHARACTER_NAME_MAX];
    if (e->handler == HANDLER_NAME_REPLACE && character_name(c, name))
        return encode_ascii(e, "\\N{") && encode_ascii(e, name) && encode_ascii(e, "}");
    if (e->handler == HANDLER_XML_REPLACE) snprintf(text, sizeof text, "&#%u;", c);
    else if (c < 0x100) snprintf(text, sizeof text, "\\x%02x", c);
    else if (c < 0x10000) snprintf(text, sizeof text, "\\u%04x", c);
    else snprintf(text, sizeof text, "\\U%08x", c);
    return encode_ascii(e, text);
}

/* What the handler makes of one character: 1 written, 0 it refuses, -1 error. */
static int handle_char(Encoder *e, uint32_t c) {
    bool ok;
    switch (e->handler) {
    case HANDLER_IGNORE: return 1;
    case HANDLER_REPLACE: ok = encode_char(e, '?'); break;
    case HANDLER_SURROGATE_ESCAPE: {
        uint8_t byte = (uint8_t)c;
        if (c < 0xDC80 || c > 0xDCFF || is_16(e->encoding) || is_32(e->encoding)) return 0;
        ok = put(e, &byte, 1);
        break;
    }
    case HANDLER_SURROGATE_PASS:
        if (!is_surrogate(c) || e->encoding == ENCODING_ASCII || e->encoding == ENCODING_LATIN_1 || e->encoding == ENCODING_CP1252) return 0;
        ok = encode_char(e, c);
        break;
    case HANDLER_BACKSLASH_REPLACE:
    case HANDLER_XML_REPLACE:
    case HANDLER_NAME_REPLACE: ok = encode_escaped(e, c); break;
    default: return 0;
    }
    return ok ? 1 : -1;
}

/* The characters [start, end) cannot be encoded. */
static bool handle_run(Encoder *e, size_t start, size_t end) {
    if (e->handler == HANDLER_UNKNOWN) {
        error_raise(e->vm, EXC_LookupError, "unknown error handler name '%s'", e->errors);
        return false;
    }
    for (size_t i = start; i < end; i++) {
        int done = handle_char(e, str_at(e->text, i));
        if (done < 0) return false;
        if (done == 0) return codec_encode_error(e->vm, encoding_error_name(e->encoding), e->text, i, end, reason_of(e->encoding));
    }
    return true;
}

static bool encode_all(Encoder *e) {
    const Str *s = e->text;
    bool single = is_16(e->encoding) || is_32(e->encoding); /* these report one character at a time */
    if (e->encoding == ENCODING_UTF_8_SIG || e->encoding == ENCODING_UTF_16 || e->encoding == ENCODING_UTF_32)
        if (!encode_char(e, 0xFEFF)) return false;
    for (size_t i = 0; i < s->length;) {
        uint32_t c = str_at(s, i);
        size_t end = i + 1;
        if (can_encode(e->encoding, c)) {
            if (!encode_char(e, c)) return false;
        } else {
            while (!single && end < s->length && !can_encode(e->encoding, str_at(s, end))) end++;
            if (!handle_run(e, i, end)) return false;
        }
        i = end;
    }
    return true;
}

Value text_encode(Vm *vm, Str *s, EncodingId encoding, const char *errors) {
    Encoder e = {.vm = vm, .text = s, .encoding = encoding, .handler = error_handler_find(errors), .errors = errors};
    Bytes *bytes = NULL;
    size_t unit = is_32(encoding) ? 4 : is_16(encoding) ? 2 : 1;
    if (reserve(&e, (s->length + 1) * unit + 8) && encode_all(&e)) bytes = bytes_new(vm, e.data, e.size);
    if (e.data) heap_free(&vm->heap, e.data, e.capacity);
    return bytes ? value_from_object(bytes) : VALUE_ERROR;
}
