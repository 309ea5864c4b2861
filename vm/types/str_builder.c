/* StrBuilder: a text that grows piece by piece. It holds a block of characters as wide as the widest so far.
 *
 * A failed call leaves an exception pending and sets `failed`; later calls do nothing, builder_finish says VALUE_ERROR.
 * To add a kind of piece, write builder_add_x on top of reserve.
 */
#include "vm/types/str.h"

#include "lexer/identifier.h"
#include "vm/ops.h"
#include "vm/types/text.h"
#include "vm/vm.h"

#define CAPACITY_MIN 56
#define CAPACITY_MAX ((size_t)PTRDIFF_MAX / 8)

void builder_init(StrBuilder *b, Vm *vm) { *b = (StrBuilder){.vm = vm, .width = 1}; }

static size_t block_size(const StrBuilder *b) { return b->capacity * b->width; }

void builder_drop(StrBuilder *b) {
    if (b->data) heap_free(&b->vm->heap, b->data, block_size(b));
    bool failed = b->failed;
    builder_init(b, b->vm);
    b->failed = failed;
}

static bool fail(StrBuilder *b) {
    builder_drop(b);
    b->failed = true;
    return false;
}

/* Moves the text to a block of `capacity` characters of the width. */
static bool move(StrBuilder *b, size_t capacity, int width) {
    Heap *heap = &b->vm->heap;
    void *data;
    if (width == b->width) {
        data = heap_realloc(heap, b->data, block_size(b), capacity * (size_t)width);
    } else {
        data = heap_alloc(heap, capacity * (size_t)width);
        if (data && b->data) {
            text_copy(data, width, b->data, b->width, b->length);
            heap_free(heap, b->data, block_size(b));
        }
    }
    if (!data) {
        error_no_memory(b->vm);
        return fail(b);
    }
    b->data = data;
    b->capacity = capacity;
    b->width = (uint8_t)width;
    return true;
}

/* Room for `count` more characters, whose or is `mask`. */
static bool reserve(StrBuilder *b, size_t count, uint32_t mask) {
    if (b->failed) return false;
    int width = text_width(mask);
    b->max_char |= mask;
    if (width < b->width) width = b->width;
    if (count <= b->capacity - b->length && width == b->width) return true;
    if (count > CAPACITY_MAX - b->length) {
        error_no_memory(b->vm);
        return fail(b);
    }
    size_t need = b->length + count, capacity = b->capacity;
    if (need > capacity) capacity = need > capacity + capacity / 2 ? need : capacity + capacity / 2;
    if (capacity < CAPACITY_MIN) capacity = CAPACITY_MIN;
    return move(b, capacity, width);
}

static void *end_of(const StrBuilder *b) { return (char *)b->data + b->length * b->width; }

bool builder_add_char(StrBuilder *b, uint32_t character) {
    if (!reserve(b, 1, character)) return false;
    text_put(b->data, b->width, b->length++, character);
    return true;
}

bool builder_add_range(StrBuilder *b, const Str *s, size_t start, size_t end) {
    if (start >= end) return !b->failed;
    const char *from = (const char *)str_data(s) + start * s->width;
    uint32_t mask = s->ascii ? 0x7F : text_mask(from, s->width, end - start);
    if (!reserve(b, end - start, mask)) return false;
    text_copy(end_of(b), b->width, from, s->width, end - start);
    b->length += end - start;
    return true;
}

bool builder_add_str(StrBuilder *b, const Str *s) { return builder_add_range(b, s, 0, s->length); }

bool builder_add_ascii(StrBuilder *b, const char *text, size_t length) {
    if (!reserve(b, length, 0x7F)) return false;
    text_copy(end_of(b), b->width, text, 1, length);
    b->length += length;
    return true;
}

bool builder_add_utf8(StrBuilder *b, const char *text, size_t length) {
    const char *end = text + length;
    while (text < end) {
        size_t ascii = text_ascii_prefix((const uint8_t *)text, (size_t)(end - text));
        if (ascii && !builder_add_ascii(b, text, ascii)) return false;
        text += ascii;
        while (text < end && (uint8_t)*text >= 0x80) {
            int size;
            if (!builder_add_char(b, codepoint_decode(text, end, &size))) return false;
            text += size;
        }
    }
    return !b->failed;
}

static bool add_str_take(StrBuilder *b, Value text) {
    if (value_is_error(text)) return fail(b);
    bool ok = builder_add_str(b, value_str_peek(text));
    value_release(b->vm, text);
    return ok;
}

bool builder_add_repr(StrBuilder *b, Value v) { return !b->failed && add_str_take(b, value_repr(b->vm, v)); }

bool builder_add_value(StrBuilder *b, Value v) {
    if (b->failed) return false;
    if (value_is_exact(v, LAYOUT_STR)) return builder_add_str(b, value_str_peek(v));
    return add_str_take(b, value_str(b->vm, v));
}

Value builder_finish(StrBuilder *b) {
    Str *s = NULL;
    if (!b->failed) {
        if (b->length == 1) s = str_from_char(b->vm, text_at(b->data, b->width, 0));
        else if ((s = str_new(b->vm, b->length, b->length ? b->max_char : 0)) && b->length)
            text_copy(str_data(s), s->width, b->data, b->width, b->length);
    }
    builder_drop(b);
    return str_value(s);
}
