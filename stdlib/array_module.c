/* array: a growable array of numbers or characters in machine form.
 *
 * Invariants: data is NULL if and only if capacity is 0; count <= capacity, both in items. While exports is not 0 a buffer is in use: the block
 * neither moves nor changes its length. Converting an item can run script code (__index__, __float__): it happens before the array is looked at.
 * To add a typecode: a row in `codes`, a case in item_get and item_set. */
#include <string.h>
#include <wchar.h>

#include "vm/module.h"
#include "vm/ops.h"
#include "vm/types/bytes.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/int.h"
#include "vm/types/iterators.h"
#include "vm/types/list.h"
#include "vm/types/sequence.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

typedef struct ItemCode {
    char code;
    uint8_t size;
    int64_t min, max; /* integers of up to 4 bytes */
    const char *name; /* in messages about the range */
} ItemCode;

static const ItemCode codes[] = {
    {'b', 1, INT8_MIN, INT8_MAX, "signed char"},
    {'B', 1, 0, UINT8_MAX, "unsigned byte integer"},
    {'u', sizeof(wchar_t), 0, 0, NULL},
    {'w', 4, 0, 0, NULL},
    {'h', 2, INT16_MIN, INT16_MAX, "signed short integer"},
    {'H', 2, 0, UINT16_MAX, "unsigned short"},
    {'i', 4, INT32_MIN, INT32_MAX, "signed integer"},
    {'I', 4, 0, UINT32_MAX, "unsigned int"},
    {'l', 8, 0, 0, NULL},
    {'L', 8, 0, 0, NULL},
    {'q', 8, 0, 0, NULL},
    {'Q', 8, 0, 0, NULL},
    {'f', 4, 0, 0, NULL},
    {'d', 8, 0, 0, NULL},
};

typedef struct Array {
    Object head;
    uint8_t *data;
    size_t count, capacity;
    const ItemCode *code;
    uint32_t exports;
} Array;

static Array *self_of(Value v) { return (Array *)value_object(v); }
static Type *array_type(Vm *vm) { return (Type *)value_object(MODULE_STATE(vm, array)); }
static bool is_array(Vm *vm, Value v) { return value_is_instance(vm, v, array_type(vm)); }
static uint8_t *item_at(const Array *a, size_t i) { return a->data + i * a->code->size; }
static bool is_text(const Array *a) { return a->code->code == 'u' || a->code->code == 'w'; }

static bool resize(Vm *vm, Array *a, size_t count) {
    size_t size = a->code->size, capacity = a->capacity;
    if (count != a->count && a->exports)
        return error_raise(vm, EXC_BufferError, "cannot resize an array that is exporting buffers"), false;
    if (count > capacity) capacity = a->capacity ? count + count / 8 + 4 : count;
    else if (count < capacity / 2) capacity = count;
    if (capacity != a->capacity) {
        if (capacity > PTRDIFF_MAX / size) return error_no_memory(vm), false;
        uint8_t *block = capacity ? heap_realloc(&vm->heap, a->data, a->capacity * size, capacity * size) : NULL;
        if (capacity && !block) return error_no_memory(vm), false;
        if (!capacity) heap_free(&vm->heap, a->data, a->capacity * size);
        a->data = block;
        a->capacity = capacity;
    }
    a->count = count;
    return true;
}

/* --- items --- */

static Value item_get(Vm *vm, const Array *a, size_t index) {
    union { int8_t b; uint8_t B; int16_t h; uint16_t H; int32_t i; uint32_t I; int64_t q; uint64_t Q; float f; double d; } x;
    memcpy(&x, item_at(a, index), a->code->size);
    switch (a->code->code) {
    case 'b': return value_from_small(x.b);
    case 'B': return value_from_small(x.B);
    case 'h': return value_from_small(x.h);
    case 'H': return value_from_small(x.H);
    case 'i': return value_from_small(x.i);
    case 'I': return value_from_small(x.I);
    case 'l':
    case 'q': return int_from_i64(vm, x.q);
    case 'L':
    case 'Q': return int_from_u64(vm, x.Q);
    case 'f': return value_from_float((double)x.f);
    case 'd': return value_from_float(x.d);
    default: return x.I > 0x10ffff ? error_value(vm, "character U+%x is not in range [U+0000; U+10ffff]", x.I) : str_value(str_from_char(vm, x.I));
    }
}

static bool in_range(Vm *vm, const char *name, int64_t min, int64_t max, int64_t i) {
    if (i < min) error_raise(vm, EXC_OverflowError, "%s is less than minimum", name);
    if (i > max) error_raise(vm, EXC_OverflowError, "%s is greater than maximum", name);
    return i >= min && i <= max;
}

/* An integer of up to 4 bytes within its code's range. */
static bool small_int_item(Vm *vm, const ItemCode *code, Value v, int64_t *out) {
    if (code->code == 'I') {
        Value index = value_index(vm, v);
        bool ok = !value_is_error(index) && value_as_i64(vm, index, out);
        value_release(vm, index);
        if (!ok) return false;
        if (*out < 0) return error_raise(vm, EXC_OverflowError, "can't convert negative value to unsigned int"), false;
    } else if (!value_as_i64(vm, v, out)) {
        return false;
    }
    /* CPython reads these two by way of a wider type, whose range comes first. */
    if (code->code == 'b' && !in_range(vm, "signed short integer", INT16_MIN, INT16_MAX, *out)) return false;
    if (code->code == 'H' && !in_range(vm, "signed integer", INT32_MIN, INT32_MAX, *out)) return false;
    return in_range(vm, code->name, code->min, code->max, *out);
}

static bool text_item(Vm *vm, Value v, uint32_t *out) {
    if (!value_has_layout(v, LAYOUT_STR)) return error_type(vm, "array item must be a unicode character, not %T", v), false;
    const Str *s = (const Str *)value_object(v);
    if (s->length != 1) {
        error_type(vm, "array item must be a string of length 1, not a string of length %zu", s->length);
        return false;
    }
    *out = str_at(s, 0);
    return true;
}

static bool unsigned_item(Vm *vm, Value v, uint64_t *out) {
    Value index = value_index(vm, v);
    if (value_is_error(index)) return false;
    bool negative = int_sign(index) < 0, ok = !negative && int_to_u64(index, out);
    value_release(vm, index);
    if (negative) error_raise(vm, EXC_OverflowError, "can't convert negative int to unsigned");
    else if (!ok) error_raise(vm, EXC_OverflowError, "int too big to convert");
    return ok;
}

/* v as the bytes of an item: at most 8. */
static bool item_convert(Vm *vm, const ItemCode *code, Value v, uint8_t *out) {
    int64_t i = 0;
    uint64_t u;
    uint32_t c;
    double d;
    float f;
    switch (code->code) {
    case 'l':
    case 'q':
        if (!value_as_i64(vm, v, &i)) return false;
        break;
    case 'L':
    case 'Q':
        if (!unsigned_item(vm, v, &u)) return false;
        memcpy(out, &u, 8);
        return true;
    case 'f':
    case 'd':
        if (!value_as_double(vm, v, &d)) return false;
        f = (float)d;
        memcpy(out, code->code == 'd' ? (void *)&d : (void *)&f, code->size);
        return true;
    case 'u':
    case 'w':
        if (!text_item(vm, v, &c)) return false;
        memcpy(out, &c, 4);
        return true;
    default:
        if (!small_int_item(vm, code, v, &i)) return false;
    }
    memcpy(out, &i, code->size); /* little-endian machines alone are supported, as everywhere in mini */
    return true;
}

static bool insert(Vm *vm, Array *a, int64_t at, Value v) {
    uint8_t item[8];
    if (!item_convert(vm, a->code, v, item)) return false;
    int64_t count = (int64_t)a->count;
    if (at < 0) at = at + count < 0 ? 0 : at + count;
    if (at > count) at = count;
    if (!resize(vm, a, a->count + 1)) return false;
    memmove(item_at(a, (size_t)at + 1), item_at(a, (size_t)at), (size_t)(count - at) * a->code->size);
    memcpy(item_at(a, (size_t)at), item, a->code->size);
    return true;
}

static bool append(Vm *vm, Value item, void *arg) { return insert(vm, arg, INT64_MAX, item); }

static bool append_bytes(Vm *vm, Array *a, const void *data, size_t length) {
    size_t old = a->count, count = length / a->code->size;
    if (length % a->code->size) return error_value(vm, "bytes length not a multiple of item size"), false;
    if (!resize(vm, a, old + count)) return false;
    if (count) memcpy(item_at(a, old), data, length);
    return true;
}

/* --- making --- */

static Array *array_alloc(Vm *vm, Type *type, const ItemCode *code) {
    Array *a = type_alloc(vm, type, sizeof *a);
    if (a) a->code = code;
    return a;
}

static Array *array_copy(Vm *vm, const Array *from, size_t start, size_t count) {
    Array *a = array_alloc(vm, array_type(vm), from->code);
    if (a && append_bytes(vm, a, count ? item_at(from, start) : NULL, count * from->code->size)) return a;
    release_object(vm, a);
    return NULL;
}

static const ItemCode *code_argument(Vm *vm, Value v) {
    if (!value_is_str(v) || value_str_peek(v)->length != 1)
        return error_type(vm, "array() argument 1 must be a unicode character, not %T", v), NULL;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if ((uint32_t)codes[i].code == str_at(value_str_peek(v), 0)) return &codes[i];
    error_value(vm, "bad typecode (must be b, B, u, h, H, i, I, l, L, q, Q, f or d)");
    return NULL;
}

static bool extend(Vm *vm, Array *a, Value v) {
    if (!is_array(vm, v)) return value_each(vm, v, append, a);
    Array *other = self_of(v);
    if (other->code != a->code) return error_type(vm, "can only extend with array of same kind"), false;
    size_t old = a->count, count = other->count;
    if (!resize(vm, a, old + count)) return false;
    if (count) memcpy(item_at(a, old), other->data, count * a->code->size);
    return true;
}

static bool extend_text(Vm *vm, Array *a, const Str *s) {
    size_t old = a->count;
    if (!resize(vm, a, old + s->length)) return false;
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_at(s, i);
        memcpy(item_at(a, old + i), &c, sizeof c);
    }
    return true;
}

static bool fill(Vm *vm, Array *a, Value initial) {
    if (value_is_empty(initial)) return true;
    if (value_is_str(initial)) {
        if (is_text(a)) return extend_text(vm, a, value_str_peek(initial));
        error_type(vm, "cannot use a str to initialize an array with typecode '%c'", a->code->code);
        return false;
    }
    if (value_is_bytes(initial)) return append_bytes(vm, a, value_bytes(initial)->data, value_bytes(initial)->length);
    if (value_is_bytearray(initial)) return append_bytes(vm, a, value_bytearray(initial)->data, value_bytearray(initial)->length);
    if (is_array(vm, initial) && self_of(initial)->code != a->code && is_text(self_of(initial)) && !is_text(a)) {
        error_type(vm, "cannot use a unicode array to initialize an array with typecode '%c'", a->code->code);
        return false;
    }
    if (is_array(vm, initial) && self_of(initial)->code == a->code) return extend(vm, a, initial);
    return value_each(vm, initial, append, a);
}

static Value array_new(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    const ItemCode *code = code_argument(vm, args[1]);
    Array *a = code ? array_alloc(vm, (Type *)value_object(args[0]), code) : NULL;
    if (a && fill(vm, a, args[2])) return value_from_object(a);
    release_object(vm, a);
    return VALUE_ERROR;
}

/* --- methods --- */

static Value none_if(bool ok) { return ok ? VALUE_NONE : VALUE_ERROR; }
static Value array_append(Vm *vm, Value *args, int nargs) { return (void)nargs, none_if(append(vm, args[1], self_of(args[0]))); }
static Value array_extend(Vm *vm, Value *args, int nargs) { return (void)nargs, none_if(extend(vm, self_of(args[0]), args[1])); }

static Value array_insert(Vm *vm, Value *args, int nargs) {
    int64_t at;
    (void)nargs;
    if (!sequence_size_argument(vm, args[1], &at)) return VALUE_ERROR;
    return none_if(insert(vm, self_of(args[0]), at, args[2]));
}

static bool delete_range(Vm *vm, Array *a, size_t start, size_t end) {
    size_t tail = a->count - end;
    if (start < end && a->exports) return resize(vm, a, a->count - (end - start));
    if (start < end) memmove(item_at(a, start), item_at(a, end), tail * a->code->size);
    return resize(vm, a, start + tail);
}

static Value array_pop(Vm *vm, Value *args, int nargs) {
    Array *a = self_of(args[0]);
    int64_t i = -1;
    (void)nargs;
    if (!value_is_empty(args[1]) && !sequence_size_argument(vm, args[1], &i)) return VALUE_ERROR;
    if (a->count == 0) return error_raise(vm, EXC_IndexError, "pop from empty array");
    if (i < 0) i += (int64_t)a->count;
    if (i < 0 || i >= (int64_t)a->count) return error_raise(vm, EXC_IndexError, "pop index out of range");
    Value item = item_get(vm, a, (size_t)i);
    if (!value_is_error(item) && delete_range(vm, a, (size_t)i, (size_t)i + 1)) return item;
    value_release(vm, item);
    return VALUE_ERROR;
}

/* The first index from start to stop with an equal item; -1 none, -2 error. The array may change meanwhile. */
static int64_t index_of(Vm *vm, Array *a, Value v, int64_t start, int64_t stop) {
    for (int64_t i = start; i < (int64_t)a->count && i < stop; i++) {
        Value item = item_get(vm, a, (size_t)i);
        int equal = value_is_error(item) ? -1 : value_compare_bool(vm, item, v, COMPARE_EQ);
        value_release(vm, item);
        if (equal) return equal < 0 ? -2 : i;
    }
    return -1;
}

static Value array_index(Vm *vm, Value *args, int nargs) {
    Array *a = self_of(args[0]);
    int64_t start, stop;
    (void)nargs;
    if (!sequence_bound(vm, args[2], 0, &start) || !sequence_bound(vm, args[3], INT64_MAX, &stop)) return VALUE_ERROR;
    sequence_clip(&start, &stop, (int64_t)a->count);
    int64_t i = index_of(vm, a, args[1], start, stop);
    if (i == -1) return error_value(vm, "array.index(x): x not in array");
    return i < 0 ? VALUE_ERROR : int_from_i64(vm, i);
}

static Value array_remove(Vm *vm, Value *args, int nargs) {
    Array *a = self_of(args[0]);
    (void)nargs;
    int64_t i = index_of(vm, a, args[1], 0, INT64_MAX);
    if (i == -1) return error_value(vm, "array.remove(x): x not in array");
    return none_if(i >= 0 && (size_t)i < a->count && delete_range(vm, a, (size_t)i, (size_t)i + 1));
}

static Value array_count(Vm *vm, Value *args, int nargs) {
    Array *a = self_of(args[0]);
    int64_t found = 0, i = -1;
    (void)nargs;
    while ((i = index_of(vm, a, args[1], i + 1, INT64_MAX)) >= 0) found++;
    return i == -1 ? int_from_i64(vm, found) : VALUE_ERROR;
}

static int array_contains(Vm *vm, Value self, Value item) {
    int64_t i = index_of(vm, self_of(self), item, 0, INT64_MAX);
    return i == -2 ? -1 : i >= 0;
}

static Value array_reverse(Vm *vm, Value *args, int nargs) {
    Array *a = self_of(args[0]);
    uint8_t swap[8];
    (void)vm, (void)nargs;
    for (size_t i = 0, k = a->count; k > 0 && i < --k; i++) {
        memcpy(swap, item_at(a, i), a->code->size);
        memcpy(item_at(a, i), item_at(a, k), a->code->size);
        memcpy(item_at(a, k), swap, a->code->size);
    }
    return VALUE_NONE;
}

static Value array_byteswap(Vm *vm, Value *args, int nargs) {
    Array *a = self_of(args[0]);
    (void)vm, (void)nargs;
    for (size_t i = 0; i < a->count; i++) {
        uint8_t *p = item_at(a, i), *q = p + a->code->size - 1;
        for (; p < q; p++, q--) {
            uint8_t swap = *p;
            *p = *q;
            *q = swap;
        }
    }
    return VALUE_NONE;
}

static Value array_buffer_info(Vm *vm, Value *args, int nargs) {
    const Array *a = self_of(args[0]);
    (void)nargs;
    Value address = int_from_u64(vm, (uint64_t)(uintptr_t)a->data);
    Tuple *t = value_is_error(address) ? NULL : tuple_pair_take(vm, address, value_from_small((int64_t)a->count));
    return t ? value_from_object(t) : VALUE_ERROR;
}

static Value array_tobytes(Vm *vm, Value *args, int nargs) {
    const Array *a = self_of(args[0]);
    (void)nargs;
    Bytes *b = bytes_new(vm, a->count ? (void *)a->data : "", a->count * a->code->size);
    return b ? value_from_object(b) : VALUE_ERROR;
}

static Value array_frombytes(Vm *vm, Value *args, int nargs) {
    Buffer data;
    (void)nargs;
    if (!buffer_get(vm, args[1], &data, false)) return VALUE_ERROR;
    bool ok = append_bytes(vm, self_of(args[0]), data.data, data.length);
    buffer_release(vm, &data);
    return none_if(ok);
}

static Value array_tolist(Vm *vm, Value *args, int nargs) {
    const Array *a = self_of(args[0]);
    (void)nargs;
    List *list = list_new(vm, a->count);
    for (size_t i = 0; list && i < a->count; i++) {
        Value item = item_get(vm, a, i);
        if (!value_is_error(item) && list_append_take(vm, list, item)) continue;
        release_object(vm, list);
        return VALUE_ERROR;
    }
    return list ? value_from_object(list) : VALUE_ERROR;
}

/* All or nothing. */
static Value array_fromlist(Vm *vm, Value *args, int nargs) {
    Array *a = self_of(args[0]);
    size_t old = a->count;
    (void)nargs;
    if (!value_is_list(args[1])) return error_type(vm, "arg must be list");
    if (value_each(vm, args[1], append, a)) return VALUE_NONE;
    if (a->count > old) a->count = old;
    return VALUE_ERROR;
}

static Value array_tounicode(Vm *vm, Value *args, int nargs) {
    const Array *a = self_of(args[0]);
    (void)nargs;
    if (!is_text(a)) return error_value(vm, "tounicode() may only be called on unicode type arrays ('u' or 'w')");
    return str_value(str_from_ucs(vm, a->data, a->count, 4));
}

static Value array_fromunicode(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!value_is_str(args[1])) return error_type(vm, "fromunicode() argument must be str, not %T", args[1]);
    if (!is_text(self_of(args[0]))) return error_value(vm, "fromunicode() may only be called on unicode type arrays ('u' or 'w')");
    return none_if(extend_text(vm, self_of(args[0]), value_str_peek(args[1])));
}

static Value array_tofile(Vm *vm, Value *args, int nargs) {
    Value bytes = array_tobytes(vm, args, nargs);
    Str *name = value_is_error(bytes) ? NULL : str_intern(vm, "write", 5);
    Value result = name ? value_call_method(vm, args[1], name, &bytes, 1) : VALUE_ERROR;
    release_object(vm, name);
    value_release(vm, bytes);
    bool ok = !value_is_error(result);
    value_release(vm, result);
    return none_if(ok);
}

static Value array_fromfile(Vm *vm, Value *args, int nargs) {
    Array *a = self_of(args[0]);
    int64_t count;
    (void)nargs;
    if (!sequence_size_argument(vm, args[2], &count)) return VALUE_ERROR;
    if (count < 0) return error_value(vm, "negative count");
    if (count > INT64_MAX / a->code->size) return error_no_memory(vm);
    Str *name = str_intern(vm, "read", 4);
    Value size = int_from_i64(vm, count * a->code->size);
    Value bytes = name && !value_is_error(size) ? value_call_method(vm, args[1], name, &size, 1) : VALUE_ERROR;
    release_object(vm, name);
    value_release(vm, size);
    if (value_is_error(bytes)) return VALUE_ERROR;
    if (!value_is_bytes(bytes)) {
        value_release(vm, bytes);
        return error_type(vm, "read() didn't return bytes");
    }
    size_t length = value_bytes(bytes)->length;
    bool ok = append_bytes(vm, a, value_bytes(bytes)->data, length);
    value_release(vm, bytes);
    if (ok && (int64_t)length != count * a->code->size) return error_raise(vm, EXC_EOFError, "read() didn't return enough bytes");
    return none_if(ok);
}

static Value array_copied(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Array *a = array_copy(vm, self_of(args[0]), 0, self_of(args[0])->count);
    return a ? value_from_object(a) : VALUE_ERROR;
}

/* --- as a sequence --- */

static int64_t array_length(Vm *vm, Value self) { return (void)vm, (int64_t)self_of(self)->count; }

static bool item_index(Vm *vm, const Array *a, Value key, const char *message, int64_t *i) {
    int is = sequence_index(vm, key, i);
    if (is == 0) error_type(vm, "array indices must be integers");
    if (is <= 0) return false;
    if (*i < 0) *i += (int64_t)a->count;
    if (*i >= 0 && *i < (int64_t)a->count) return true;
    error_raise(vm, EXC_IndexError, "%s", message);
    return false;
}

static Value array_get_item(Vm *vm, Value self, Value key) {
    Array *a = self_of(self);
    int64_t i, stop, step;
    size_t count;
    if (!value_has_layout(key, LAYOUT_SLICE))
        return item_index(vm, a, key, "array index out of range", &i) ? item_get(vm, a, (size_t)i) : VALUE_ERROR;
    if (!sequence_slice(vm, key, &a->count, &i, &stop, &step, &count)) return VALUE_ERROR;
    Array *part = array_alloc(vm, array_type(vm), a->code);
    if (!part || !resize(vm, part, count)) {
        release_object(vm, part);
        return VALUE_ERROR;
    }
    for (size_t k = 0; k < count; k++) memcpy(item_at(part, k), item_at(a, (size_t)(i + (int64_t)k * step)), a->code->size);
    return value_from_object(part);
}

/* Takes every step-th of `count` items out. */
static bool delete_steps(Vm *vm, Array *a, int64_t start, int64_t step, size_t count) {
    if (count == 0) return true;
    if (a->exports) return resize(vm, a, a->count - count);
    if (step < 0) {
        start += step * ((int64_t)count - 1);
        step = -step;
    }
    size_t to = (size_t)start;
    for (size_t from = to, next = to, left = count; from < a->count; from++) {
        if (left && from == next) {
            next += (size_t)step;
            left--;
        } else {
            memcpy(item_at(a, to++), item_at(a, from), a->code->size);
        }
    }
    return resize(vm, a, to);
}

/* a[start : start + count] = other, which is no part of a. */
static bool splice(Vm *vm, Array *a, size_t start, size_t count, const Array *other) {
    size_t old = a->count, tail = old - start - count, size = a->code->size;
    if (other->count > count && !resize(vm, a, old + other->count - count)) return false;
    if (other->count < count && a->exports) return resize(vm, a, old + other->count - count);
    memmove(item_at(a, start + other->count), item_at(a, start + count), tail * size);
    if (other->count) memcpy(item_at(a, start), other->data, other->count * size);
    return resize(vm, a, start + other->count + tail);
}

static bool assign_slice(Vm *vm, Array *a, Value key, Value value) {
    int64_t start, stop, step;
    size_t count;
    if (!sequence_slice(vm, key, &a->count, &start, &stop, &step, &count)) return false;
    if (value_is_empty(value)) return delete_steps(vm, a, start, step, count);
    if (!is_array(vm, value)) return error_type(vm, "can only assign array (not \"%T\") to array slice", value), false;
    if (self_of(value)->code != a->code) return error_type(vm, "bad argument type for built-in operation"), false;
    Array *other = array_copy(vm, self_of(value), 0, self_of(value)->count);
    bool ok = other != NULL;
    if (ok && step == 1) {
        ok = splice(vm, a, (size_t)start, count, other);
    } else if (ok && other->count != count) {
        error_value(vm, "attempt to assign array of size %zu to extended slice of size %zu", other->count, count);
        ok = false;
    } else {
        for (size_t k = 0; ok && k < count; k++) memcpy(item_at(a, (size_t)(start + (int64_t)k * step)), item_at(other, k), a->code->size);
    }
    release_object(vm, other);
    return ok;
}

static bool array_set_item(Vm *vm, Value self, Value key, Value value) {
    Array *a = self_of(self);
    int64_t i;
    uint8_t item[8];
    if (value_has_layout(key, LAYOUT_SLICE)) return assign_slice(vm, a, key, value);
    if (!item_index(vm, a, key, "array assignment index out of range", &i)) return false;
    if (value_is_empty(value)) return delete_range(vm, a, (size_t)i, (size_t)i + 1);
    if (!item_convert(vm, a->code, value, item)) return false;
    if ((size_t)i >= a->count) return error_raise(vm, EXC_IndexError, "array assignment index out of range"), false;
    memcpy(item_at(a, (size_t)i), item, a->code->size);
    return true;
}

static Value array_concat(Vm *vm, Value left, Value right) {
    if (!is_array(vm, right)) return error_type(vm, "can only append array (not \"%T\") to array", right);
    if (self_of(left)->code != self_of(right)->code) return error_type(vm, "bad argument type for built-in operation");
    Array *a = array_copy(vm, self_of(left), 0, self_of(left)->count);
    if (a && extend(vm, a, right)) return value_from_object(a);
    release_object(vm, a);
    return VALUE_ERROR;
}

static Value array_inplace_concat(Vm *vm, Value left, Value right) {
    if (!is_array(vm, right)) return error_type(vm, "can only extend with array (not \"%T\")", right);
    return extend(vm, self_of(left), right) ? value_retain(left) : VALUE_ERROR;
}

/* Repeats the first `old` items. */
static bool repeat_items(Vm *vm, Array *a, size_t old, size_t times) {
    if (times && old > PTRDIFF_MAX / times / a->code->size) return error_no_memory(vm), false;
    if (!resize(vm, a, old * times)) return false;
    for (size_t k = 1; k < times; k++) memcpy(item_at(a, k * old), a->data, old * a->code->size);
    return true;
}

static Value array_inplace_repeat(Vm *vm, Value self, Value count) {
    size_t times;
    if (!sequence_repeat(vm, count, self_of(self)->count, &times)) return VALUE_ERROR;
    return repeat_items(vm, self_of(self), self_of(self)->count, times) ? value_retain(self) : VALUE_ERROR;
}

static Value array_repeat(Vm *vm, Value self, Value count) {
    Array *a = array_copy(vm, self_of(self), 0, self_of(self)->count);
    Value result = a ? array_inplace_repeat(vm, value_from_object(a), count) : VALUE_ERROR;
    release_object(vm, a);
    return result;
}

static Value array_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    if (!is_array(vm, self) || !is_array(vm, other)) return VALUE_NOT_IMPLEMENTED;
    Array *a = self_of(self), *b = self_of(other);
    if (a->count != b->count && (op == COMPARE_EQ || op == COMPARE_NE)) return value_from_bool(op == COMPARE_NE);
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        Value x = item_get(vm, a, i), y = value_is_error(x) ? VALUE_ERROR : item_get(vm, b, i);
        int equal = value_is_error(y) ? -1 : value_compare_bool(vm, x, y, COMPARE_EQ);
        Value result = equal < 0 ? VALUE_ERROR : equal ? VALUE_NONE : op == COMPARE_EQ ? VALUE_FALSE : op == COMPARE_NE ? VALUE_TRUE
                                                                      : value_compare(vm, x, y, op);
        value_release(vm, x);
        value_release(vm, y);
        if (equal <= 0) return result;
    }
    return value_compare(vm, value_from_small((int64_t)a->count), value_from_small((int64_t)b->count), op);
}

static Value array_repr(Vm *vm, Value self) {
    const Array *a = self_of(self);
    Value args[] = {self}, name = a->head.shape->type->name;
    if (!a->count) return str_format(vm, "%S('%c')", name, a->code->code);
    Value items = is_text(a) ? array_tounicode(vm, args, 1) : array_tolist(vm, args, 1);
    Value text = value_is_error(items) ? VALUE_ERROR : str_format(vm, "%S('%c', %V)", name, a->code->code, items);
    value_release(vm, items);
    return text;
}

static bool array_get_buffer(Vm *vm, Value self, Buffer *out, bool writable) {
    (void)vm, (void)writable;
    Array *a = self_of(self);
    a->exports++;
    *out = (Buffer){a->data, a->count * a->code->size, false, a->code->code, a->code->size, value_object(value_retain(self))};
    return true;
}

static void array_buffer_released(Vm *vm, Object *self) { (void)vm, ((Array *)self)->exports--; }

/* --- the type --- */

static Value get_typecode(Vm *vm, Value self) { return str_value(str_from_char(vm, (uint32_t)self_of(self)->code->code)); }
static Value get_itemsize(Vm *vm, Value self) { return (void)vm, value_from_small(self_of(self)->code->size); }
static size_t array_cell_size(const Object *o) { return (void)o, sizeof(Array); }
static size_t array_extra(const Object *o) { return ((const Array *)o)->capacity * ((const Array *)o)->code->size; }

static void array_free(Vm *vm, Object *o) {
    Array *a = (Array *)o;
    if (a->data) heap_free(&vm->heap, a->data, a->capacity * a->code->size);
}

static const NativeDef array_methods[] = {
    {"append", array_append, "($self, v, /)", "Append new value v to the end of the array.", NATIVE_METHOD},
    {"buffer_info", array_buffer_info, "($self, /)", "Return (address, number of items) of the block.", NATIVE_METHOD},
    {"byteswap", array_byteswap, "($self, /)", "Turn the bytes of every item around.", NATIVE_METHOD},
    {"count", array_count, "($self, v, /)", "Return number of occurrences of v in the array.", NATIVE_METHOD},
    {"extend", array_extend, "($self, bb, /)", "Append items to the end of the array.", NATIVE_METHOD},
    {"frombytes", array_frombytes, "($self, buffer, /)", "Append items from machine values.", NATIVE_METHOD},
    {"fromfile", array_fromfile, "($self, f, n, /)", "Read n items from the file object f and append them.", NATIVE_METHOD},
    {"fromlist", array_fromlist, "($self, list, /)", "Append items of a list: all or, after an error, none.", NATIVE_METHOD},
    {"fromunicode", array_fromunicode, "($self, ustr, /)", "Append the characters of a string.", NATIVE_METHOD},
    {"index", array_index, "($self, v, start=0, stop=None, /)", "Return index of first occurrence of v in the array.", NATIVE_METHOD},
    {"insert", array_insert, "($self, i, v, /)", "Insert a new item v into the array before position i.", NATIVE_METHOD},
    {"pop", array_pop, "($self, i=-1, /)", "Return the i-th element and delete it from the array.", NATIVE_METHOD},
    {"remove", array_remove, "($self, v, /)", "Remove the first occurrence of v in the array.", NATIVE_METHOD},
    {"reverse", array_reverse, "($self, /)", "Reverse the order of the items in the array.", NATIVE_METHOD},
    {"tobytes", array_tobytes, "($self, /)", "The items as machine values.", NATIVE_METHOD},
    {"tofile", array_tofile, "($self, f, /)", "Write all items as machine values to the file object f.", NATIVE_METHOD},
    {"tolist", array_tolist, "($self, /)", "Convert array to an ordinary list with the same items.", NATIVE_METHOD},
    {"tounicode", array_tounicode, "($self, /)", "The items as a string.", NATIVE_METHOD},
    {"__copy__", array_copied, "($self, /)", "Return a copy of the array.", NATIVE_METHOD},
    {"__deepcopy__", array_copied, "($self, unused, /)", "Return a copy of the array.", NATIVE_METHOD},
    {0},
};

static const GetSetDef array_getset[] = {{"typecode", get_typecode, NULL, "the typecode character used to create the array"},
                                         {"itemsize", get_itemsize, NULL, "the size, in bytes, of one array item"},
                                         {0}};

static const TypeSpec array_spec = {
    .name = "array.array",
    .doc = "array(typecode [, initializer]) -> array\n\nA growable array of numbers or characters in machine form.",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_WEAKREFS | TYPE_FLAG_IMMUTABLE | TYPE_FLAG_SEQUENCE | TYPE_FLAG_UNHASHABLE,
    .size = sizeof(Array),
    .ops = {array_cell_size, NULL, NULL, array_free, array_extra},
    .slots = {.repr = array_repr, .compare = array_compare, .iter = sequence_iterator_new, .length = array_length, .get_item = array_get_item,
              .set_item = array_set_item, .contains = array_contains, .concat = array_concat, .repeat = array_repeat,
              .inplace_concat = array_inplace_concat, .inplace_repeat = array_inplace_repeat, .get_buffer = array_get_buffer,
              .buffer_released = array_buffer_released},
    .new_ = {"array", array_new, "($type, typecode, initializer=(), /)", NULL, NATIVE_METHOD},
    .methods = array_methods,
    .getset = array_getset,
};

static bool array_init(Vm *vm, Value module) {
    Dict *d = ((Module *)value_object(module))->dict;
    if (value_is_empty(MODULE_STATE(vm, array))) {
        Type *type = type_from_spec(vm, &array_spec, TYPE(vm, OBJECT));
        if (!type) return false;
        MODULE_STATE(vm, array) = value_from_object(type);
    }
    Value text = str_format(vm, "bBuwhHiIlLqQfd"), type = MODULE_STATE(vm, array);
    bool ok = !value_is_error(text) && dict_set_ascii(vm, d, "array", type) && dict_set_ascii(vm, d, "ArrayType", type) &&
              dict_set_ascii(vm, d, "typecodes", text);
    value_release(vm, text);
    return ok;
}

const ModuleDef array_module = {
    .name = "array",
    .doc = "This module defines an object type which can efficiently represent\nan array of basic values: characters, integers, floating-point\nnumbers.",
    .init = array_init,
};
