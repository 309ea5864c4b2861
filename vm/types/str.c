/* str: making, comparing and reading texts. The type's table is in str_type.c, the methods in str_methods.c and its neighbours.
 *
 * Invariants: width is the smallest that holds every character; ascii is set if and only if all characters are below 128; the
 * data ends in a NUL character; a Str changes only while its count is 1 and nobody has seen it (str_new's caller, and
 * str_append_take).
 *
 * Room: `s += x` in a loop is linear because a Str that grows gets a cell larger than its text. The cell's size
 * is then not computed from the length but told by `room`, a size code with steps of an eighth: see room_size.
 *
 * To add a way of making a Str, write it here on top of str_new (and str_settle_take).
 */
#include "vm/types/str.h"

#include "lexer/identifier.h"
#include "vm/types/codecs.h"
#include "vm/types/text.h"
#include "vm/vm.h"

#define STR_LENGTH_MAX ((size_t)PTRDIFF_MAX / 4 - sizeof(Str))
#define ROOM_CODE_MAX 255

static TextSpan span_of(const Str *s) { return (TextSpan){str_data(s), s->length, s->width}; }

/* --- making --- */

static size_t cell_size(size_t length, int width) {
    return (sizeof(Str) + (length + 1) * (size_t)width + 7) & ~(size_t)7;
}
/* 64, 72 ... 120, 128, 144 ...: the codes of one octave are 8 steps. */
static size_t room_size(unsigned room) { return (size_t)(8 + (room & 7)) << ((room >> 3) + 3); }

size_t str_cell_size(const Object *self) {
    const Str *s = (const Str *)self;
    return s->room ? room_size(s->room) : cell_size(s->length, s->width);
}

static Str *str_init(Str *s, size_t length, uint32_t max_char) {
    s->hash = 0;
    s->width = (uint8_t)text_width(max_char);
    s->ascii = max_char < 0x80;
    s->interned = 0;
    s->room = 0;
    s->length = length;
    text_put(str_data(s), s->width, length, 0);
    return s;
}

Str *str_new(Vm *vm, size_t length, uint32_t max_char) {
    Str *s = NULL;
    if (length == 0 && NAME(vm, empty)) return retain_object(NAME(vm, empty));
    if (length <= STR_LENGTH_MAX) s = object_new(&vm->heap, TYPE(vm, STR)->shape, cell_size(length, text_width(max_char)));
    if (!s) {
        error_no_memory(vm);
        return NULL;
    }
    return str_init(s, length, max_char);
}

Str *str_new_of_type(Vm *vm, Type *type, const Str *text) {
    Str *s = type_alloc(vm, type, cell_size(text->length, text->width));
    if (!s) return NULL;
    str_init(s, text->length, text->ascii ? 0 : text->width == 1 ? 0xFF : text->width == 2 ? 0xFFFF : 0x10FFFF);
    memcpy(str_data(s), str_data(text), (text->length + 1) * text->width);
    s->hash = text->hash;
    object_track(&vm->heap, &s->head); /* its attributes may lead back to it */
    return s;
}

Str *str_from_char(Vm *vm, uint32_t character) {
    if (character < 0x100) {
        if (!vm->latin1[character]) {
            char utf8[4];
            vm->latin1[character] = str_intern(vm, utf8, (size_t)codepoint_encode(character, utf8));
        }
        return vm->latin1[character] ? retain_object(vm->latin1[character]) : NULL;
    }
    Str *s = str_new(vm, 1, character);
    if (s) text_put(str_data(s), s->width, 0, character);
    return s;
}

/* A Str of its own, never the cached one of a single character. */
Str *str_from_utf8_new(Vm *vm, const char *text, size_t length) {
    size_t ascii = text_ascii_prefix((const uint8_t *)text, length), count = ascii;
    uint32_t mask = ascii ? 0x7F : 0;
    const char *end = text + length;
    int size;
    for (const char *p = text + ascii; p < end; p += size, count++) mask |= codepoint_decode(p, end, &size);
    Str *s = str_new(vm, count, mask);
    if (!s) return NULL;
    text_copy(str_data(s), s->width, text, 1, ascii);
    size_t i = ascii;
    for (const char *p = text + ascii; p < end; p += size) text_put(str_data(s), s->width, i++, codepoint_decode(p, end, &size));
    return s;
}

Str *str_from_utf8(Vm *vm, const char *text, size_t length) {
    if (length == 1 && (uint8_t)*text < 0x80) return str_from_char(vm, (uint8_t)*text);
    Str *s = str_from_utf8_new(vm, text, length);
    if (s && s->length == 1 && s->width == 1) {
        uint32_t c = str_at(s, 0);
        release_object(vm, s);
        return str_from_char(vm, c);
    }
    return s;
}

Str *str_from_ascii(Vm *vm, const char *text) { return str_from_utf8(vm, text, strlen(text)); }

Str *str_from_ucs(Vm *vm, const void *data, size_t length, int width) {
    if (length == 1 && text_at(data, width, 0) < 0x100) return str_from_char(vm, text_at(data, width, 0));
    Str *s = str_new(vm, length, text_mask(data, width, length));
    if (s) text_copy(str_data(s), s->width, data, width, length);
    return s;
}

Str *str_exact(Vm *vm, Str *s) {
    if (s->head.shape->exact) return retain_object(s);
    return str_from_ucs(vm, str_data(s), s->length, s->width);
}

Str *str_substring(Vm *vm, Str *s, size_t start, size_t end) {
    if (start == 0 && end == s->length) return str_exact(vm, s);
    if (start >= end) return str_new(vm, 0, 0);
    if (end - start == 1) return str_from_char(vm, str_at(s, start));
    const char *data = (const char *)str_data(s) + start * s->width;
    if (!s->ascii) return str_from_ucs(vm, data, end - start, s->width);
    Str *part = str_new(vm, end - start, 0x7F);
    if (part) memcpy(str_data(part), data, end - start);
    return part;
}

Str *str_settle_take(Vm *vm, Str *s) {
    if (!s || s->length == 0) return s;
    uint32_t mask = text_mask(str_data(s), s->width, s->length);
    if (s->length > 1 && text_width(mask) == s->width) {
        s->ascii = mask < 0x80;
        return s;
    }
    Str *narrow = str_from_ucs(vm, str_data(s), s->length, s->width);
    release_object(vm, s);
    return narrow;
}

/* The widest character that a text's width and ascii flag allow. */
static uint32_t max_char_of(const Str *s) { return s->ascii ? 0x7F : s->width == 1 ? 0xFF : s->width == 2 ? 0xFFFF : 0x10FFFF; }

Str *str_concat(Vm *vm, Str *a, Str *b) {
    if (a->length == 0) return str_exact(vm, b);
    if (b->length == 0) return str_exact(vm, a);
    Str *s = str_new(vm, a->length + b->length, max_char_of(a) | max_char_of(b));
    if (!s) return NULL;
    text_copy(str_data(s), s->width, str_data(a), a->width, a->length);
    text_copy((char *)str_data(s) + a->length * s->width, s->width, str_data(b), b->width, b->length);
    return s;
}

/* Appends to a Str whose cell has room for it. */
static void append_here(Str *a, const Str *b) {
    text_copy((char *)str_data(a) + a->length * a->width, a->width, str_data(b), b->width, b->length);
    a->length += b->length;
    a->ascii &= b->ascii;
    a->hash = 0;
    text_put(str_data(a), a->width, a->length, 0);
}

/* The text of a in a cell with room for `length` characters and an eighth more. NULL without an exception when it cannot be had. */
static Str *copy_with_room(Vm *vm, const Str *a, size_t length) {
    size_t need = cell_size(length, a->width);
    unsigned room = 1;
    need += need / 8;
    while (room <= ROOM_CODE_MAX && room_size(room) < need) room++;
    if (room > ROOM_CODE_MAX) return NULL;
    Str *s = object_new(&vm->heap, TYPE(vm, STR)->shape, room_size(room));
    if (!s) return NULL;
    str_init(s, a->length, max_char_of(a));
    s->room = (uint8_t)room;
    memcpy(str_data(s), str_data(a), a->length * a->width);
    return s;
}

Value str_append_take(Vm *vm, Value left, Str *right) {
    Str *a = value_str_peek(left), *grown = NULL;
    size_t length = a->length + right->length;
    bool own = a->head.count == 1 && a->head.shape->exact && !a->interned && a != right && right->width <= a->width;
    if (own && length <= STR_LENGTH_MAX) {
        if (sizeof(Str) + (length + 1) * a->width <= str_cell_size(&a->head)) {
            append_here(a, right);
            return left;
        }
        if (right->length < a->length / 8) grown = copy_with_room(vm, a, length);
        if (grown) append_here(grown, right);
    }
    if (!grown) grown = str_concat(vm, a, right);
    value_release(vm, left);
    return str_value(grown);
}

Str *str_join_values(Vm *vm, const Value *strs, size_t count) {
    size_t length = 0, at = 0;
    uint32_t max_char = 0;
    if (count == 1) return str_exact(vm, value_str_peek(strs[0]));
    for (size_t i = 0; i < count; i++) {
        const Str *s = value_str_peek(strs[i]);
        length += s->length;
        max_char |= s->length ? max_char_of(s) : 0;
        if (length > STR_LENGTH_MAX) break; /* str_new refuses */
    }
    Str *joined = str_new(vm, length, max_char);
    if (!joined) return NULL;
    for (size_t i = 0; i < count; i++) {
        const Str *s = value_str_peek(strs[i]);
        text_copy((char *)str_data(joined) + at * joined->width, joined->width, str_data(s), s->width, s->length);
        at += s->length;
    }
    return joined;
}

/* --- comparing --- */

uint32_t str_hash(Str *s, const Vm *vm) {
    if (!s->hash) s->hash = text_hash(str_data(s), s->length * s->width, vm->hash_seed);
    return s->hash;
}

bool str_equal(const Str *a, const Str *b) {
    if (a == b) return true;
    if (a->length != b->length || a->width != b->width) return false;
    if (a->hash && b->hash && a->hash != b->hash) return false;
    return memcmp(str_data(a), str_data(b), a->length * a->width) == 0;
}

int str_compare(const Str *a, const Str *b) { return text_compare(span_of(a), span_of(b)); }

bool str_equal_ascii(const Str *s, const char *ascii) {
    size_t length = strlen(ascii);
    return s->length == length && s->width == 1 && memcmp(str_data(s), ascii, length) == 0;
}

int64_t str_find(const Str *s, const Str *needle, size_t start, size_t end, bool backwards) {
    if (start > end || needle->width > s->width) return -1;
    TextSpan part = text_part(span_of(s), start, end);
    int64_t at = backwards ? text_find_last(part, span_of(needle)) : text_find(part, span_of(needle));
    return at < 0 ? -1 : at + (int64_t)start;
}

/* --- UTF-8 --- */

size_t str_utf8_length(const Str *s) {
    size_t size = s->length;
    const void *data = str_data(s);
    if (s->ascii) return size;
    if (s->width == 1)
        for (size_t i = 0; i < s->length; i++) size += ((const uint8_t *)data)[i] >= 0x80;
    else if (s->width == 2)
        for (size_t i = 0; i < s->length; i++) size += (size_t)(((const uint16_t *)data)[i] >= 0x80) + (((const uint16_t *)data)[i] >= 0x800);
    else
        for (size_t i = 0; i < s->length; i++) {
            uint32_t c = ((const uint32_t *)data)[i];
            size += (size_t)(c >= 0x80) + (c >= 0x800) + (c >= 0x10000);
        }
    return size;
}

static inline char *put_utf8(char *out, uint32_t c) {
    if (c < 0x80) {
        *out = (char)c;
        return out + 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return out + 2;
    }
    return out + codepoint_encode(c, out);
}

void str_utf8_copy(const Str *s, char *out) {
    if (s->ascii) {
        memcpy(out, str_data(s), s->length + 1);
        return;
    }
    for (size_t i = 0; i < s->length; i++) out = put_utf8(out, str_at(s, i));
    *out = '\0';
}

/* UTF-8 in which U+DC80..U+DCFF stand for the bytes that were no UTF-8. -1: another surrogate is in the way, at *at. */
static int64_t file_system_text(const Str *s, char *out, size_t *at) {
    char *start = out;
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_at(s, i);
        if (c >= 0xDC80 && c <= 0xDCFF) {
            *out++ = (char)(c - 0xDC00);
        } else if (c >= 0xD800 && c <= 0xDFFF) {
            *at = i;
            return -1;
        } else {
            out += codepoint_encode(c, out);
        }
    }
    *out = '\0';
    return out - start;
}

char *str_to_c(Vm *vm, Str *s, size_t *size, bool reject_nul) {
    size_t block = str_utf8_length(s) + 1, bad = 0;
    if (reject_nul && text_find_char(span_of(s), 0) >= 0) {
        error_value(vm, "embedded null character");
        return NULL;
    }
    char *out = heap_alloc(&vm->heap, block);
    if (!out) {
        error_no_memory(vm);
        return NULL;
    }
    *size = block;
    if (s->ascii) {
        memcpy(out, str_data(s), block);
    } else if (file_system_text(s, out, &bad) < 0) {
        heap_free(&vm->heap, out, block);
        codec_encode_error(vm, "utf-8", s, bad, bad + 1, "surrogates not allowed");
        return NULL;
    }
    return out;
}
