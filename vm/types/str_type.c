/* str: the type itself: construction, operators, repr, iteration. Texts are made in str.c, methods are in str_methods.c. */
#include "vm/types/str.h"

#include <stdio.h>

#include "vm/ops.h"
#include "vm/types/codecs.h"
#include "vm/types/format.h"
#include "vm/types/function.h"
#include "vm/types/sequence.h"
#include "vm/types/str_internal.h"

/* --- construction --- */

static Value decode_object(Vm *vm, Value object, const char *encoding, const char *errors) {
    Buffer buffer;
    if (value_is_str(object)) return error_type(vm, "decoding str is not supported");
    if (!value_type(vm, object)->slots.get_buffer)
        return error_type(vm, "decoding to str: need a bytes-like object, %T found", object);
    if (!buffer_get(vm, object, &buffer, false)) return VALUE_ERROR;
    Value text = bytes_decode(vm, buffer.data, buffer.length, encoding, errors);
    buffer_release(vm, &buffer);
    return text;
}

/* str(object='', encoding='utf-8', errors='strict') */
static Value str_new_method(Vm *vm, Value *args, int nargs) {
    Type *type = (Type *)value_object(args[0]);
    char encoding_buffer[CODEC_NAME_MAX], errors_buffer[CODEC_NAME_MAX];
    const char *encoding, *errors;
    Value text;
    (void)nargs;
    if (!codec_name_argument(vm, args[2], "str", "encoding", encoding_buffer, &encoding)) return VALUE_ERROR;
    if (!codec_name_argument(vm, args[3], "str", "errors", errors_buffer, &errors)) return VALUE_ERROR;
    if (value_is_empty(args[1])) text = str_value(str_new(vm, 0, 0));
    else if (encoding || errors) text = decode_object(vm, args[1], encoding, errors);
    else text = value_str(vm, args[1]);
    if (value_is_error(text) || type == TYPE(vm, STR)) return text;
    Str *s = str_new_of_type(vm, type, value_str_peek(text));
    value_release(vm, text);
    return str_value(s);
}

static void str_free(Vm *vm, Object *self) {
    Str *s = (Str *)self;
    if (s->interned) str_interned_dying(vm, s);
}

/* --- repr --- */

/* Characters that repr needs for c. */
static int repr_width(uint32_t c, uint32_t quote) {
    if (c == quote || c == '\\' || c == '\n' || c == '\r' || c == '\t') return 2;
    if (char_is_printable(c)) return 1;
    return c < 0x100 ? 4 : c < 0x10000 ? 6 : 10;
}

static size_t write_escape(void *out, int width, size_t at, uint32_t c, uint32_t quote) {
    char text[12];
    int size;
    if (c == quote || c == '\\') size = snprintf(text, sizeof text, "\\%c", (int)c);
    else if (c == '\n') size = snprintf(text, sizeof text, "\\n");
    else if (c == '\r') size = snprintf(text, sizeof text, "\\r");
    else if (c == '\t') size = snprintf(text, sizeof text, "\\t");
    else if (c < 0x100) size = snprintf(text, sizeof text, "\\x%02x", c);
    else if (c < 0x10000) size = snprintf(text, sizeof text, "\\u%04x", c);
    else size = snprintf(text, sizeof text, "\\U%08x", c);
    for (int i = 0; i < size; i++) text_put(out, width, at + (size_t)i, (uint8_t)text[i]);
    return at + (size_t)size;
}

Str *str_repr(Vm *vm, Str *s) {
    TextSpan span = str_span(s);
    uint32_t quote = text_find_char(span, '\'') >= 0 && text_find_char(span, '"') < 0 ? '"' : '\'', mask = 0x7F;
    size_t length = 2, at = 1;
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_at(s, i);
        int width = repr_width(c, quote);
        length += (size_t)width;
        if (width == 1) mask |= c;
    }
    Str *r = str_new(vm, length, mask);
    if (!r) return NULL;
    text_put(str_data(r), r->width, 0, quote);
    text_put(str_data(r), r->width, length - 1, quote);
    if (length == s->length + 2) {
        text_copy((char *)str_data(r) + r->width, r->width, str_data(s), s->width, s->length);
        return r;
    }
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_at(s, i);
        if (repr_width(c, quote) == 1) text_put(str_data(r), r->width, at++, c);
        else at = write_escape(str_data(r), r->width, at, c, quote);
    }
    return r;
}

static Value slot_repr(Vm *vm, Value self) { return str_value(str_repr(vm, value_str_peek(self))); }
static Value slot_str(Vm *vm, Value self) { return str_value(str_exact(vm, value_str_peek(self))); }

/* --- operators --- */

static bool slot_hash(Vm *vm, Value self, Hash *out) {
    *out = str_hash_fast(value_str_peek(self), vm);
    return true;
}

static Value slot_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    (void)vm;
    if (!value_is_str(self) || !value_is_str(other)) return VALUE_NOT_IMPLEMENTED;
    const Str *a = value_str_peek(self), *b = value_str_peek(other);
    if (op == COMPARE_EQ) return value_from_bool(str_equal(a, b));
    if (op == COMPARE_NE) return value_from_bool(!str_equal(a, b));
    int order = str_compare(a, b);
    switch (op) {
    case COMPARE_LT: return value_from_bool(order < 0);
    case COMPARE_LE: return value_from_bool(order <= 0);
    case COMPARE_GT: return value_from_bool(order > 0);
    default: return value_from_bool(order >= 0);
    }
}

static int64_t slot_length(Vm *vm, Value self) {
    (void)vm;
    return (int64_t)value_str_peek(self)->length;
}

static Value slice_of(Vm *vm, Str *s, Value key) {
    int64_t start, stop, step;
    size_t count;
    if (!sequence_slice(vm, key, &s->length, &start, &stop, &step, &count)) return VALUE_ERROR;
    if (count == 0) return str_value(str_new(vm, 0, 0));
    if (step == 1) return str_value(str_substring(vm, s, (size_t)start, (size_t)start + count));
    if (count == 1) return str_value(str_from_char(vm, str_at(s, (size_t)start)));
    Str *part = str_new(vm, count, str_max_char(s));
    if (!part) return VALUE_ERROR;
    for (size_t i = 0; i < count; i++) text_put(str_data(part), part->width, i, str_at(s, (size_t)(start + (int64_t)i * step)));
    return str_value(s->ascii ? part : str_settle_take(vm, part));
}

static Value slot_get_item(Vm *vm, Value self, Value key) {
    Str *s = value_str_peek(self);
    int64_t i;
    if (value_has_layout(key, LAYOUT_SLICE)) return slice_of(vm, s, key);
    int known = sequence_index(vm, key, &i);
    if (known < 0) return VALUE_ERROR;
    if (!known) return error_type(vm, "string indices must be integers, not '%T'", key);
    if (i < 0) i += (int64_t)s->length;
    if (i < 0 || i >= (int64_t)s->length) return error_raise(vm, EXC_IndexError, "string index out of range");
    return str_value(str_from_char(vm, str_at(s, (size_t)i)));
}

static int slot_contains(Vm *vm, Value self, Value item) {
    if (!value_is_str(item)) {
        error_type(vm, "'in <string>' requires string as left operand, not %T", item);
        return -1;
    }
    const Str *s = value_str_peek(self);
    return str_find(s, value_str_peek(item), 0, s->length, false) >= 0;
}

static Value slot_concat(Vm *vm, Value left, Value right) {
    if (!value_is_str(right)) return error_type(vm, "can only concatenate str (not \"%T\") to str", right);
    return str_value(str_concat(vm, value_str_peek(left), value_str_peek(right)));
}

static Value slot_repeat(Vm *vm, Value self, Value count_value) {
    Str *s = value_str_peek(self);
    int64_t count;
    if (!value_as_index(vm, count_value, &count, false)) return VALUE_ERROR;
    if (count <= 0 || s->length == 0) return str_value(str_new(vm, 0, 0));
    if (count == 1) return str_value(str_exact(vm, s));
    if ((uint64_t)count > (size_t)PTRDIFF_MAX / s->length) return error_raise(vm, EXC_OverflowError, "repeated string is too long");
    size_t length = s->length * (size_t)count, size = s->length * s->width, whole = length * s->width;
    Str *r = str_new(vm, length, str_max_char(s));
    if (!r) return VALUE_ERROR;
    char *data = str_data(r);
    if (size == 1) {
        memset(data, *(char *)str_data(s), whole);
        return value_from_object(r);
    }
    memcpy(data, str_data(s), size);
    for (size_t done = size; done < whole;) { /* what is there doubles */
        size_t step = done < whole - done ? done : whole - done;
        memcpy(data + done, data, step);
        done += step;
    }
    return value_from_object(r);
}

static Value slot_modulo(Vm *vm, Value left, Value right) {
    return value_is_str(left) ? str_percent(vm, value_str_peek(left), right) : VALUE_NOT_IMPLEMENTED;
}

/* --- iteration --- */

typedef struct StrIterator {
    Object head;
    Str *text; /* NULL at the end */
    size_t index;
} StrIterator;

static Value slot_iter(Vm *vm, Value self) {
    StrIterator *it = object_new(&vm->heap, TYPE(vm, STR_ITERATOR)->shape, sizeof *it);
    if (!it) return error_no_memory(vm);
    it->text = retain_object(value_str_peek(self));
    it->index = 0;
    /* An instance of a subclass may have attributes, which may lead back to the iterator. */
    if (!it->text->head.shape->exact) object_track(&vm->heap, &it->head);
    return value_from_object(it);
}

static Value iterator_next(Vm *vm, Value self) {
    StrIterator *it = (StrIterator *)value_object(self);
    Str *s = it->text;
    if (!s) return VALUE_EMPTY;
    if (it->index < s->length) {
        uint32_t c = str_at(s, it->index++);
        if (c < 0x100 && vm->latin1[c]) return value_from_object(retain_object(vm->latin1[c]));
        return str_value(str_from_char(vm, c));
    }
    it->text = NULL;
    release_object(vm, s);
    return VALUE_EMPTY;
}

static size_t iterator_size(const Object *self) {
    (void)self;
    return sizeof(StrIterator);
}
static void iterator_visit(Object *self, VisitFn visit, void *arg) {
    StrIterator *it = (StrIterator *)self;
    if (it->text) visit(value_from_object(it->text), arg);
}
static void iterator_clear(Vm *vm, Object *self) {
    StrIterator *it = (StrIterator *)self;
    Str *s = it->text;
    it->text = NULL;
    release_object(vm, s);
}

static Value iterator_length_hint(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    StrIterator *it = (StrIterator *)value_object(args[0]);
    return value_from_small(it->text ? (int64_t)(it->text->length - it->index) : 0);
}

static Value iterator_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    StrIterator *it = (StrIterator *)value_object(args[0]);
    Value iter = sequence_builtin(vm, "iter");
    Value text = it->text ? value_retain(value_from_object(it->text)) : str_value(str_new(vm, 0, 0));
    if (!it->text) return sequence_pack_take(vm, 2, iter, sequence_pack_take(vm, 1, text));
    return sequence_pack_take(vm, 3, iter, sequence_pack_take(vm, 1, text), value_from_small((int64_t)it->index));
}

static Value iterator_setstate(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    StrIterator *it = (StrIterator *)value_object(args[0]);
    int64_t index;
    if (!sequence_size_argument(vm, args[1], &index)) return VALUE_ERROR;
    if (it->text) it->index = index < 0 ? 0 : index > (int64_t)it->text->length ? it->text->length : (size_t)index;
    return VALUE_NONE;
}

static const NativeDef ITERATOR_METHODS[] = {
    {"__length_hint__", iterator_length_hint, "($self, /)", "Private method returning an estimate of len(list(it)).", NATIVE_METHOD},
    {"__reduce__", iterator_reduce, "($self, /)", "Return state information for pickling.", NATIVE_METHOD},
    {"__setstate__", iterator_setstate, "($self, state, /)", "Set state information for unpickling.", NATIVE_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};

static Value self_iter(Vm *vm, Value self) {
    (void)vm;
    return value_retain(self);
}

const TypeSpec str_iterator_spec = {
    .name = "str_ascii_iterator",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_NO_NEW,
    .size = sizeof(StrIterator),
    .ops = {.size = iterator_size, .visit = iterator_visit, .clear = iterator_clear, .free = iterator_clear},
    .slots = {.iter = self_iter, .next = iterator_next},
    .methods = ITERATOR_METHODS,
};

const TypeSpec str_spec = {
    .name = "str",
    .doc = "str(object='') or str(bytes, encoding='utf-8', errors='strict')\n\n"
           "Text: str() of an object is what print() shows of it; bytes-like objects are decoded when an encoding or an\n"
           "error handler is given.",
    .layout = LAYOUT_STR,
    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_MATCH_SELF,
    .size = sizeof(Str),
    .variable_size = true,
    .ops = {.size = str_cell_size, .free = str_free},
    .slots = {.repr = slot_repr, .str = slot_str, .hash = slot_hash, .compare = slot_compare, .iter = slot_iter,
              .binary[BINARY_MOD] = slot_modulo, .length = slot_length, .get_item = slot_get_item,
              .contains = slot_contains, .concat = slot_concat, .repeat = slot_repeat},
    .new_ = {"__new__", str_new_method, "($type, object='', encoding='utf-8', errors='strict')", NULL, NATIVE_METHOD},
    .methods = STR_METHODS,
};
