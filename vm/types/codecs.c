/* Codecs: their names, their errors, and the ways that need no error handler; see codecs.h. */
#include "vm/types/codecs.h"

#include <string.h>

#include "vm/ops.h"
#include "vm/types/int.h"
#include "vm/types/str_internal.h"

const uint16_t CP1252_HIGH[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
    0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
};

/* Names in normal form: lower case, anything but letters, digits and dots as one '_'. */
static const struct {
    const char *name;
    EncodingId id;
} ENCODINGS[] = {
    {"utf_8", ENCODING_UTF_8}, {"utf8", ENCODING_UTF_8}, {"u8", ENCODING_UTF_8}, {"utf", ENCODING_UTF_8},
    {"utf8_ucs2", ENCODING_UTF_8}, {"utf8_ucs4", ENCODING_UTF_8}, {"cp65001", ENCODING_UTF_8},
    {"utf_8_sig", ENCODING_UTF_8_SIG}, {"utf8_sig", ENCODING_UTF_8_SIG},
    {"latin_1", ENCODING_LATIN_1}, {"latin1", ENCODING_LATIN_1}, {"iso_8859_1", ENCODING_LATIN_1}, {"iso8859_1", ENCODING_LATIN_1},
    {"8859", ENCODING_LATIN_1}, {"cp819", ENCODING_LATIN_1}, {"l1", ENCODING_LATIN_1}, {"latin", ENCODING_LATIN_1},
    {"iso8859", ENCODING_LATIN_1}, {"ibm819", ENCODING_LATIN_1}, {"csisolatin1", ENCODING_LATIN_1}, {"iso_ir_100", ENCODING_LATIN_1},
    {"iso_8859_1_1987", ENCODING_LATIN_1},
    {"ascii", ENCODING_ASCII}, {"us_ascii", ENCODING_ASCII}, {"646", ENCODING_ASCII}, {"us", ENCODING_ASCII},
    {"ansi_x3.4_1968", ENCODING_ASCII}, {"ansi_x3_4_1968", ENCODING_ASCII}, {"ansi_x3.4_1986", ENCODING_ASCII},
    {"cp367", ENCODING_ASCII}, {"csascii", ENCODING_ASCII}, {"ibm367", ENCODING_ASCII}, {"iso646_us", ENCODING_ASCII},
    {"iso_646.irv_1991", ENCODING_ASCII}, {"iso_ir_6", ENCODING_ASCII},
    {"cp1252", ENCODING_CP1252}, {"1252", ENCODING_CP1252}, {"windows_1252", ENCODING_CP1252},
    {"utf_16", ENCODING_UTF_16}, {"utf16", ENCODING_UTF_16}, {"u16", ENCODING_UTF_16},
    {"utf_16_le", ENCODING_UTF_16_LE}, {"utf_16le", ENCODING_UTF_16_LE}, {"unicodelittleunmarked", ENCODING_UTF_16_LE},
    {"utf_16_be", ENCODING_UTF_16_BE}, {"utf_16be", ENCODING_UTF_16_BE}, {"unicodebigunmarked", ENCODING_UTF_16_BE},
    {"utf_32", ENCODING_UTF_32}, {"utf32", ENCODING_UTF_32}, {"u32", ENCODING_UTF_32},
    {"utf_32_le", ENCODING_UTF_32_LE}, {"utf_32le", ENCODING_UTF_32_LE},
    {"utf_32_be", ENCODING_UTF_32_BE}, {"utf_32be", ENCODING_UTF_32_BE},
};

static void normalize_name(const char *name, char out[CODEC_NAME_MAX]) {
    size_t n = 0;
    for (; *name && n < CODEC_NAME_MAX - 2; name++) {
        char c = *name;
        if (c >= 'A' && c <= 'Z') c = (char)(c + 32);
        bool keep = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.';
        if (keep) out[n++] = c;
        else if (n && out[n - 1] != '_') out[n++] = '_';
    }
    if (n && out[n - 1] == '_') n--;
    out[n] = '\0';
}

EncodingId encoding_find(const char *name) {
    char normal[CODEC_NAME_MAX];
    if (!name || strcmp(name, "utf-8") == 0) return ENCODING_UTF_8;
    normalize_name(name, normal);
    for (size_t i = 0; i < sizeof ENCODINGS / sizeof *ENCODINGS; i++)
        if (strcmp(ENCODINGS[i].name, normal) == 0) return ENCODINGS[i].id;
    return ENCODING_UNKNOWN;
}

const char *encoding_error_name(EncodingId id) {
    static const char *const names[] = {"utf-8", "utf-8", "latin-1", "ascii", "charmap", "utf-16", "utf-16-le", "utf-16-be",
                                        "utf-32", "utf-32-le", "utf-32-be", "unknown"};
    return names[id];
}

ErrorHandler error_handler_find(const char *errors) {
    static const char *const names[] = {"strict", "ignore", "replace", "surrogateescape", "surrogatepass", "backslashreplace",
                                        "xmlcharrefreplace", "namereplace"};
    if (!errors) return HANDLER_STRICT;
    for (int i = 0; i < HANDLER_UNKNOWN; i++)
        if (strcmp(names[i], errors) == 0) return (ErrorHandler)i;
    return HANDLER_UNKNOWN;
}

/* --- errors --- */

static void raise_coding_error(Vm *vm, ExceptionId id, const char *encoding, Value object, size_t start, size_t end, const char *reason) {
    Value name = str_value(str_from_ascii(vm, encoding)), why = str_value(str_from_ascii(vm, reason));
    if (!value_is_error(name) && !value_is_error(why)) {
        Value args[] = {name, object, value_from_small((int64_t)start), value_from_small((int64_t)end), why};
        Value exception = value_call(vm, value_from_object(vm->exception_types[id]), args, 5, NULL);
        if (!value_is_error(exception)) error_raise_value(vm, exception, VALUE_EMPTY);
        value_release(vm, exception);
    }
    value_release(vm, name);
    value_release(vm, why);
}

bool codec_encode_error(Vm *vm, const char *encoding, Str *s, size_t start, size_t end, const char *reason) {
    raise_coding_error(vm, EXC_UnicodeEncodeError, encoding, value_from_object(s), start, end, reason);
    return false;
}

bool codec_decode_error(Vm *vm, const char *encoding, const uint8_t *data, size_t length, size_t start, size_t end, const char *reason) {
    Bytes *object = bytes_new(vm, data, length);
    if (!object) return false;
    raise_coding_error(vm, EXC_UnicodeDecodeError, encoding, value_from_object(object), start, end, reason);
    release_object(vm, object);
    return false;
}

bool codec_name_argument(Vm *vm, Value v, const char *function, const char *argument, char buffer[CODEC_NAME_MAX], const char **out) {
    *out = NULL;
    if (value_is_empty(v)) return true;
    if (!value_is_str(v)) {
        error_type(vm, "%s() argument '%s' must be str, not %s", function, argument, value_is_none(v) ? "None" : value_type_name(vm, v));
        return false;
    }
    const Str *s = value_str_peek(v);
    size_t n = 0;
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_at(s, i);
        if (c == 0) {
            error_value(vm, "embedded null character");
            return false;
        }
        if (n < CODEC_NAME_MAX - 1) buffer[n++] = c < 0x80 ? (char)c : '?';
    }
    buffer[n] = '\0';
    *out = buffer;
    return true;
}

/* Codecs of CPython that do not turn text into bytes: no method of str or bytes accepts them. */
static Value error_unknown_encoding(Vm *vm, const char *encoding, const char *action) {
    static const char *const others[] = {"hex", "hex_codec", "base64", "base64_codec", "rot13", "rot_13", "bz2", "bz2_codec", "zip", "zlib",
                                         "zlib_codec", "quopri", "quopri_codec", "uu", "uu_codec"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(others[i], encoding) == 0)
            return error_raise(vm, EXC_LookupError, "'%s' is not a text encoding; use codecs.%s() to handle arbitrary codecs", encoding, action);
    return error_raise(vm, EXC_LookupError, "unknown encoding: %s", encoding);
}

/* --- the simple cases, and the way into the general ones --- */

static bool has_surrogates(const Str *s) {
    if (s->width == 1) return false;
    for (size_t i = 0; i < s->length; i++)
        if (str_at(s, i) - 0xD800 < 0x800) return true;
    return false;
}

Value str_encode(Vm *vm, Str *s, const char *encoding, const char *errors) {
    EncodingId id = encoding_find(encoding);
    Bytes *bytes;
    if (id == ENCODING_UNKNOWN) return error_unknown_encoding(vm, encoding, "encode");
    bool plain = s->ascii ? id <= ENCODING_CP1252 && id != ENCODING_UTF_8_SIG : s->width == 1 && id == ENCODING_LATIN_1;
    if (plain) {
        bytes = bytes_new(vm, str_data(s), s->length);
    } else if (id == ENCODING_UTF_8 && !has_surrogates(s)) {
        bytes = bytes_new(vm, NULL, str_utf8_length(s));
        if (bytes) str_utf8_copy(s, (char *)bytes->data);
    } else {
        return text_encode(vm, s, id, errors);
    }
    return bytes ? value_from_object(bytes) : VALUE_ERROR;
}

Value bytes_decode(Vm *vm, const uint8_t *data, size_t length, const char *encoding, const char *errors) {
    EncodingId id = encoding_find(encoding);
    if (length == 0) return str_value(str_new(vm, 0, 0));
    if (id == ENCODING_UNKNOWN) return error_unknown_encoding(vm, encoding, "decode");
    if (id == ENCODING_LATIN_1) return str_value(str_from_ucs(vm, data, length, 1));
    if (id <= ENCODING_CP1252 && text_ascii_prefix(data, length) == length) return str_value(str_from_ucs(vm, data, length, 1));
    return text_decode(vm, data, length, id, errors);
}
