/* memoryview: methods and attributes. */
#include "vm/types/memoryview.h"

#include "vm/ops.h"
#include "vm/types/bytes_internal.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/sequence.h"
#include "vm/types/tuple.h"

#define DIMENSIONS_MAX 64

/* --- cast --- */

/* The format character of "x" or "@x"; 0 with ValueError when it is none. */
static char format_of(Vm *vm, const Str *s, bool *prefix) {
    *prefix = s->length == 2 && str_at(s, 0) == '@';
    uint32_t c = s->length == 1 || *prefix ? str_at(s, s->length - 1) : 0;
    if (c < 0x80 && c && memory_item_size((char)c)) return (char)c;
    error_value(vm, "memoryview: destination format must be a native single character format prefixed with an optional '@'");
    return 0;
}

static bool read_shape(Vm *vm, Value shape, MemoryView *view) {
    size_t count;
    for (int i = 0; i < view->ndim; i++) {
        const Value *items = sequence_items(shape, &count);
        int64_t length;
        if ((size_t)i >= count || !value_is_int(items[i])) {
            error_type(vm, "memoryview.cast(): elements of shape must be integers");
            return false;
        }
        if (!int_to_i64(items[i], &length) || length <= 0) {
            error_value(vm, "memoryview.cast(): elements of shape must be integers > 0");
            return false;
        }
        view->dims[i] = length;
    }
    return true;
}

static bool shape_fits(const MemoryView *view, size_t size) {
    size_t product = view->item_size;
    for (int i = 0; i < view->ndim; i++)
        if (__builtin_mul_overflow(product, (size_t)view->dims[i], &product)) return false;
    return product == size;
}

static bool can_cast(Vm *vm, MemoryView *m, char format, size_t size) {
    if (!memory_format_is_byte(m->format) && !memory_format_is_byte(format))
        return error_type(vm, "memoryview: cannot cast between two non-byte formats"), false;
    if (size % memory_item_size(format)) return error_type(vm, "memoryview: length is not a multiple of itemsize"), false;
    return true;
}

/* The number of dimensions that cast()'s shape asks for; -1: error. */
static int dimensions_of(Vm *vm, MemoryView *m, Value shape) {
    size_t count = 1;
    if (value_is_empty(shape)) return 1;
    if (!value_is_list(shape) && !value_is_tuple(shape)) return error_type(vm, "shape must be a list or a tuple"), -1;
    sequence_items(shape, &count);
    if (count > DIMENSIONS_MAX) return error_value(vm, "memoryview: number of dimensions must not exceed %d", DIMENSIONS_MAX), -1;
    if (m->ndim != 1 && count != 1) return error_type(vm, "memoryview: cast must be 1D -> ND or ND -> 1D"), -1;
    return (int)count;
}

static Value memoryview_cast(Vm *vm, Value *args, int nargs) {
    MemoryView *m = value_memoryview(args[0]);
    bool prefix;
    (void)nargs;
    if (!memoryview_check(vm, m)) return VALUE_ERROR;
    if (!value_is_str(args[1]))
        return error_type(vm, "cast() argument 'format' must be str, not %s", value_is_none(args[1]) ? "None" : value_type_name(vm, args[1]));
    if (!memoryview_is_contiguous(m, false)) return error_type(vm, "memoryview: casts are restricted to C-contiguous views");
    size_t size = memoryview_items(m) * m->item_size;
    if ((!value_is_empty(args[2]) || m->ndim != 1) && size == 0)
        return error_type(vm, "memoryview: cannot cast view with zeros in shape or strides");
    int ndim = dimensions_of(vm, m, args[2]);
    char format = ndim < 0 ? 0 : format_of(vm, value_str_peek(args[1]), &prefix);
    if (!format || !can_cast(vm, m, format, size)) return VALUE_ERROR;
    MemoryView *view = memoryview_derive(vm, m, ndim);
    if (!view) return VALUE_ERROR;
    view->format = format;
    view->native_prefix = prefix;
    view->item_size = memory_item_size(format);
    bool ok = true;
    if (value_is_empty(args[2])) view->dims[0] = (int64_t)(size / view->item_size);
    else if ((ok = read_shape(vm, args[2], view)) && !(ok = shape_fits(view, size)))
        error_type(vm, "memoryview: product(shape) * itemsize != buffer size");
    if (ok) {
        memoryview_set_strides(view);
        return value_from_object(view);
    }
    release_object(vm, view);
    return VALUE_ERROR;
}

/* --- tolist, tobytes, hex --- */

static Value list_of(Vm *vm, MemoryView *m, const uint8_t *p, int d) {
    if (d == m->ndim) return memory_item_get(vm, m->format, p);
    List *list = list_new(vm, (size_t)m->dims[d]);
    if (!list) return VALUE_ERROR;
    for (int64_t i = 0; i < m->dims[d]; i++) {
        Value item = list_of(vm, m, p + i * memoryview_strides(m)[d], d + 1);
        if (value_is_error(item) || !list_append_take(vm, list, item)) {
            release_object(vm, list);
            return VALUE_ERROR;
        }
    }
    return value_from_object(list);
}

static Value memoryview_tolist(Vm *vm, Value *args, int nargs) {
    MemoryView *m = value_memoryview(args[0]);
    (void)nargs;
    return memoryview_check(vm, m) ? list_of(vm, m, m->start, 0) : VALUE_ERROR;
}

static Value memoryview_tobytes(Vm *vm, Value *args, int nargs) {
    MemoryView *m = value_memoryview(args[0]);
    uint32_t order = 'C';
    (void)nargs;
    if (!memoryview_check(vm, m)) return VALUE_ERROR;
    if (!value_is_empty(args[1]) && !value_is_none(args[1])) {
        if (!value_is_str(args[1])) return error_type(vm, "tobytes() argument 'order' must be str or None, not %T", args[1]);
        const Str *s = value_str_peek(args[1]);
        order = s->length == 1 ? str_at(s, 0) : 0;
        if (order != 'C' && order != 'F' && order != 'A') return error_value(vm, "order must be 'C', 'F' or 'A'");
    }
    bool fortran = order == 'F' || (order == 'A' && !memoryview_is_contiguous(m, false) && memoryview_is_contiguous(m, true));
    Bytes *b = bytes_new(vm, NULL, memoryview_items(m) * m->item_size);
    if (!b) return VALUE_ERROR;
    memoryview_flatten(m, b->data, fortran);
    return value_from_object(b);
}

static Value memoryview_hex(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    HexStyle style;
    if (!memoryview_check(vm, value_memoryview(args[0])) || !hex_style_get(vm, args[1], args[2], &style)) return VALUE_ERROR;
    Value bytes = memoryview_to_bytes(vm, value_memoryview(args[0]));
    if (value_is_error(bytes)) return VALUE_ERROR;
    Value hex = bytes_hex(vm, bytes_span(bytes), style);
    value_release(vm, bytes);
    return hex;
}

/* --- others --- */

static Value memoryview_release(Vm *vm, Value *args, int nargs) {
    MemoryView *m = value_memoryview(args[0]);
    (void)nargs;
    if (m->exports)
        return error_raise(vm, EXC_BufferError, "memoryview has %u exported buffer%s", m->exports, m->exports == 1 ? "" : "s");
    buffer_release(vm, &m->buffer);
    return VALUE_NONE;
}

static Value memoryview_enter(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return memoryview_check(vm, value_memoryview(args[0])) ? value_retain(args[0]) : VALUE_ERROR;
}

static Value memoryview_toreadonly(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value view = memoryview_new(vm, args[0]);
    if (!value_is_error(view)) value_memoryview(view)->readonly = true;
    return view;
}

const NativeDef MEMORYVIEW_METHODS[] = {
    {"__enter__", memoryview_enter, "($self, /)", NULL, NATIVE_METHOD},
    {"__exit__", memoryview_release, "($self, /, *exc_info)", "Releases the view.", NATIVE_METHOD},
    {"cast", memoryview_cast, "($self, /, format, shape=<unrepresentable>)", "A view of the same memory in another format or shape.", NATIVE_METHOD},
    {"hex", memoryview_hex, "($self, /, sep=<unrepresentable>, bytes_per_sep=1)",
     "Hexadecimal digits, with sep between groups counted from the right, or from the left if negative.", NATIVE_METHOD},
    {"release", memoryview_release, "($self, /)", "Gives the memory back to its owner: the view cannot be used any more.", NATIVE_METHOD},
    {"tobytes", memoryview_tobytes, "($self, /, order='C')", "The items as bytes, in C or Fortran order.", NATIVE_METHOD},
    {"tolist", memoryview_tolist, "($self, /)", "The items as a list, of lists for more than one dimension.", NATIVE_METHOD},
    {"toreadonly", memoryview_toreadonly, "($self, /)", "A view that cannot be written to.", NATIVE_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};

/* --- attributes --- */

static Value get_obj(Vm *vm, Value self) {
    MemoryView *m = value_memoryview(self);
    return memoryview_check(vm, m) ? value_retain(value_from_object(m->buffer.owner)) : VALUE_ERROR;
}
static Value get_nbytes(Vm *vm, Value self) {
    MemoryView *m = value_memoryview(self);
    return memoryview_check(vm, m) ? value_from_small((int64_t)(memoryview_items(m) * m->item_size)) : VALUE_ERROR;
}
static Value get_itemsize(Vm *vm, Value self) {
    return memoryview_check(vm, value_memoryview(self)) ? value_from_small(value_memoryview(self)->item_size) : VALUE_ERROR;
}
static Value get_ndim(Vm *vm, Value self) {
    return memoryview_check(vm, value_memoryview(self)) ? value_from_small(value_memoryview(self)->ndim) : VALUE_ERROR;
}
static Value get_readonly(Vm *vm, Value self) {
    return memoryview_check(vm, value_memoryview(self)) ? value_from_bool(value_memoryview(self)->readonly) : VALUE_ERROR;
}
static Value get_format(Vm *vm, Value self) {
    const MemoryView *m = value_memoryview(self);
    const char text[] = {'@', m->format};
    return memoryview_check(vm, m) ? str_value(str_from_utf8(vm, m->native_prefix ? text : text + 1, m->native_prefix ? 2 : 1)) : VALUE_ERROR;
}

static Value ints_tuple(Vm *vm, const MemoryView *m, const int64_t *ints) {
    Tuple *t = memoryview_check(vm, m) ? tuple_new(vm, m->ndim) : NULL;
    if (!t) return VALUE_ERROR;
    for (int i = 0; i < m->ndim; i++) t->items[i] = value_from_small(ints[i]);
    return value_from_object(t);
}
static Value get_shape(Vm *vm, Value self) { return ints_tuple(vm, value_memoryview(self), value_memoryview(self)->dims); }
static Value get_strides(Vm *vm, Value self) { return ints_tuple(vm, value_memoryview(self), memoryview_strides(value_memoryview(self))); }
static Value get_suboffsets(Vm *vm, Value self) {
    return memoryview_check(vm, value_memoryview(self)) ? sequence_pack_take(vm, 0) : VALUE_ERROR;
}

static Value get_c_contiguous(Vm *vm, Value self) {
    MemoryView *m = value_memoryview(self);
    return memoryview_check(vm, m) ? value_from_bool(memoryview_is_contiguous(m, false)) : VALUE_ERROR;
}
static Value get_f_contiguous(Vm *vm, Value self) {
    MemoryView *m = value_memoryview(self);
    return memoryview_check(vm, m) ? value_from_bool(memoryview_is_contiguous(m, true)) : VALUE_ERROR;
}
static Value get_contiguous(Vm *vm, Value self) {
    MemoryView *m = value_memoryview(self);
    if (!memoryview_check(vm, m)) return VALUE_ERROR;
    return value_from_bool(memoryview_is_contiguous(m, false) || memoryview_is_contiguous(m, true));
}

const GetSetDef MEMORYVIEW_GETSET[] = {
    {"c_contiguous", get_c_contiguous, NULL, "Whether the items lie one behind the other, the last index running fastest."},
    {"contiguous", get_contiguous, NULL, "Whether the items lie one behind the other."},
    {"f_contiguous", get_f_contiguous, NULL, "Whether the items lie one behind the other, the first index running fastest."},
    {"format", get_format, NULL, "The items' format, as in the struct module."},
    {"itemsize", get_itemsize, NULL, "Bytes of an item."},
    {"nbytes", get_nbytes, NULL, "Bytes of all items."},
    {"ndim", get_ndim, NULL, "How many dimensions it has."},
    {"obj", get_obj, NULL, "The object whose memory it is."},
    {"readonly", get_readonly, NULL, "Whether it cannot be written to."},
    {"shape", get_shape, NULL, "The length of each dimension."},
    {"strides", get_strides, NULL, "Bytes from one item to the next, in each dimension."},
    {"suboffsets", get_suboffsets, NULL, "Always empty."},
    {NULL, NULL, NULL, NULL},
};
