/* memoryview: making, indexing, comparing, releasing. Single items are in memory_items.c, cast and tolist in
 * memoryview_methods.c.
 *
 * Every view, also one made from another view, holds a Buffer of the owner, so the owner's memory stays put while one of them
 * lives unreleased. Writing an item runs script code (__index__), which may release the view: it is checked again behind it.
 */
#include "vm/types/memoryview.h"

#include "vm/ops.h"
#include "vm/types/bytes_internal.h"
#include "vm/types/function.h"
#include "vm/types/int.h"
#include "vm/types/sequence.h"
#include "vm/types/tuple.h"

/* --- making --- */

static MemoryView *view_alloc(Vm *vm, int ndim) {
    MemoryView *m = object_new(&vm->heap, TYPE(vm, MEMORYVIEW)->shape, sizeof *m + (size_t)ndim * 2 * sizeof(int64_t));
    if (!m) return error_no_memory(vm), NULL;
    m->buffer.owner = NULL;
    m->ndim = (uint8_t)ndim;
    m->exports = 0;
    m->hash = -1;
    return m;
}

void memoryview_set_strides(MemoryView *m) {
    int64_t stride = m->item_size;
    for (int i = m->ndim; i-- > 0; stride *= m->dims[i]) memoryview_strides(m)[i] = stride;
}

MemoryView *memoryview_derive(Vm *vm, MemoryView *m, int ndim) {
    MemoryView *view = view_alloc(vm, ndim);
    if (!view) return NULL;
    if (!buffer_get(vm, value_from_object(m->buffer.owner), &view->buffer, false)) {
        view->buffer.owner = NULL;
        release_object(vm, view);
        return NULL;
    }
    view->start = m->start;
    view->format = m->format;
    view->native_prefix = m->native_prefix;
    view->readonly = m->readonly;
    view->item_size = m->item_size;
    container_note(vm, view, value_from_object(view->buffer.owner));
    return view;
}

static Value view_copy(Vm *vm, MemoryView *m) {
    MemoryView *view = memoryview_derive(vm, m, m->ndim);
    if (!view) return VALUE_ERROR;
    memcpy(view->dims, m->dims, 2 * (size_t)m->ndim * sizeof *m->dims);
    return value_from_object(view);
}

Value memoryview_new(Vm *vm, Value v) {
    if (value_is_memoryview(v)) return memoryview_check(vm, value_memoryview(v)) ? view_copy(vm, value_memoryview(v)) : VALUE_ERROR;
    if (!value_type(vm, v)->slots.get_buffer) return error_type(vm, "memoryview: a bytes-like object is required, not '%T'", v);
    MemoryView *m = view_alloc(vm, 1);
    if (!m) return VALUE_ERROR;
    if (!buffer_get(vm, v, &m->buffer, false)) {
        m->buffer.owner = NULL;
        release_object(vm, m);
        return VALUE_ERROR;
    }
    m->start = m->buffer.data;
    m->format = m->buffer.format;
    m->native_prefix = false;
    m->readonly = m->buffer.readonly;
    m->item_size = m->buffer.item_size;
    m->dims[0] = (int64_t)(m->buffer.length / m->item_size);
    m->dims[1] = m->item_size;
    container_note(vm, m, v);
    return value_from_object(m);
}

static Value memoryview_new_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return memoryview_new(vm, args[1]);
}

static size_t view_size(const Object *self) { return sizeof(MemoryView) + (size_t)((const MemoryView *)self)->ndim * 2 * sizeof(int64_t); }
static void view_visit(Object *self, VisitFn visit, void *arg) {
    MemoryView *m = (MemoryView *)self;
    if (m->buffer.owner) visit(value_from_object(m->buffer.owner), arg);
}
static void view_clear(Vm *vm, Object *self) { buffer_release(vm, &((MemoryView *)self)->buffer); }

/* --- what it is like --- */

bool memoryview_check(Vm *vm, const MemoryView *m) {
    if (m->buffer.owner) return true;
    error_value(vm, "operation forbidden on released memoryview object");
    return false;
}

size_t memoryview_items(const MemoryView *m) {
    size_t items = 1;
    for (int i = 0; i < m->ndim; i++) items *= (size_t)m->dims[i];
    return items;
}

bool memoryview_is_contiguous(MemoryView *m, bool fortran) {
    int64_t stride = m->item_size;
    if (memoryview_items(m) == 0) return true;
    for (int i = 0; i < m->ndim; i++) {
        int d = fortran ? i : m->ndim - 1 - i;
        if (m->dims[d] > 1 && memoryview_strides(m)[d] != stride) return false;
        stride *= m->dims[d];
    }
    return true;
}

/* Copies the items from dimension d on (up to d, for Fortran order). */
static uint8_t *flatten_dim(MemoryView *m, const uint8_t *from, int d, bool fortran, uint8_t *out) {
    if (d == (fortran ? -1 : m->ndim)) {
        memcpy(out, from, m->item_size);
        return out + m->item_size;
    }
    for (int64_t i = 0; i < m->dims[d]; i++) out = flatten_dim(m, from + i * memoryview_strides(m)[d], d + (fortran ? -1 : 1), fortran, out);
    return out;
}

void memoryview_flatten(MemoryView *m, uint8_t *out, bool fortran) {
    size_t size = memoryview_items(m) * m->item_size;
    if (size == 0) return;
    if (memoryview_is_contiguous(m, fortran)) memcpy(out, m->start, size);
    else flatten_dim(m, m->start, fortran ? m->ndim - 1 : 0, fortran, out);
}

static Value to_bytes(Vm *vm, MemoryView *m, bool fortran) {
    if (!memoryview_check(vm, m)) return VALUE_ERROR;
    Bytes *b = bytes_new(vm, NULL, memoryview_items(m) * m->item_size);
    if (!b) return VALUE_ERROR;
    memoryview_flatten(m, b->data, fortran);
    return value_from_object(b);
}

Value memoryview_to_bytes(Vm *vm, MemoryView *m) { return to_bytes(vm, m, false); }

/* --- indexing --- */

/* The item at `index` (made positive) of dimension d, counted from p. NULL: IndexError. */
static uint8_t *step_into(Vm *vm, MemoryView *m, uint8_t *p, int d, int64_t index) {
    if (index < 0) index += m->dims[d];
    if (index >= 0 && index < m->dims[d]) return p + index * memoryview_strides(m)[d];
    error_raise(vm, EXC_IndexError, "index out of bounds on dimension %d", d + 1);
    return NULL;
}

static uint8_t *item_at_tuple(Vm *vm, MemoryView *m, const Tuple *key) {
    uint8_t *p = m->start;
    if (key->count < m->ndim) return error_raise(vm, EXC_NotImplementedError, "sub-views are not implemented"), NULL;
    if (key->count > m->ndim) {
        error_type(vm, "cannot index %d-dimension view with %zu-element tuple", (int)m->ndim, key->count);
        return NULL;
    }
    for (size_t d = 0; p && d < key->count; d++) {
        int64_t index;
        int known = sequence_index(vm, key->items[d], &index);
        if (known < 0 || !memoryview_check(vm, m)) return NULL;
        p = step_into(vm, m, p, (int)d, index);
    }
    return p;
}

static bool is_index(Vm *vm, Value v) { return value_is_int(v) || value_type(vm, v)->slots.as_index; }

/* All indices, or all slices. */
static bool tuple_is(Vm *vm, const Tuple *key, bool slices) {
    for (size_t i = 0; i < key->count; i++)
        if (slices ? !value_has_layout(key->items[i], LAYOUT_SLICE) : !is_index(vm, key->items[i])) return false;
    return true;
}

/* The address of the item that a key other than a slice means; NULL: error. */
static uint8_t *item_at(Vm *vm, MemoryView *m, Value key) {
    int64_t index;
    if (is_index(vm, key)) {
        if (m->ndim == 0) return error_type(vm, "invalid indexing of 0-dim memory"), NULL;
        if (m->ndim > 1) return error_raise(vm, EXC_NotImplementedError, "multi-dimensional sub-views are not implemented"), NULL;
        if (sequence_index(vm, key, &index) < 0 || !memoryview_check(vm, m)) return NULL;
        return step_into(vm, m, m->start, 0, index);
    }
    if (value_is_tuple(key) && tuple_is(vm, value_tuple(key), false)) return item_at_tuple(vm, m, value_tuple(key));
    if (value_is_tuple(key) && tuple_is(vm, value_tuple(key), true))
        return error_raise(vm, EXC_NotImplementedError, "multi-dimensional slicing is not implemented"), NULL;
    error_type(vm, "memoryview: invalid slice key");
    return NULL;
}

/* m[key] for a slice: a view. */
static MemoryView *slice_of(Vm *vm, MemoryView *m, Value key) {
    int64_t start, stop, step;
    size_t count;
    if (m->ndim == 0) return error_type(vm, "invalid indexing of 0-dim memory"), NULL;
    if (!slice_indices(vm, (Slice *)value_object(key), (size_t)m->dims[0], &start, &stop, &step, &count) || !memoryview_check(vm, m)) return NULL;
    MemoryView *part = memoryview_derive(vm, m, m->ndim);
    if (!part) return NULL;
    memcpy(part->dims, m->dims, 2 * (size_t)m->ndim * sizeof *m->dims);
    part->start += start * memoryview_strides(m)[0];
    part->dims[0] = (int64_t)count;
    memoryview_strides(part)[0] *= step;
    return part;
}

static Value slot_get_item(Vm *vm, Value self, Value key) {
    MemoryView *m = value_memoryview(self);
    if (!memoryview_check(vm, m)) return VALUE_ERROR;
    if (value_has_layout(key, LAYOUT_SLICE)) {
        MemoryView *part = slice_of(vm, m, key);
        return part ? value_from_object(part) : VALUE_ERROR;
    }
    if (m->ndim == 0 && value_same(key, VALUE_ELLIPSIS)) return value_retain(self);
    const uint8_t *p = item_at(vm, m, key);
    return p ? memory_item_get(vm, m->format, p) : VALUE_ERROR;
}

static bool same_structure(const MemoryView *a, const MemoryView *b) {
    return a->format == b->format && a->ndim == b->ndim && memcmp(a->dims, b->dims, a->ndim * sizeof *a->dims) == 0;
}

/* Copies a row; source and destination may overlap. */
static bool copy_row(Vm *vm, MemoryView *to, MemoryView *from) {
    size_t size = memoryview_items(from) * from->item_size;
    if (!same_structure(to, from)) {
        error_value(vm, "memoryview assignment: lvalue and rvalue have different structures");
        return false;
    }
    if (size == 0) return true;
    uint8_t *copy = heap_alloc(&vm->heap, size);
    if (!copy) return error_no_memory(vm), false;
    memoryview_flatten(from, copy, false);
    for (int64_t i = 0; i < to->dims[0]; i++) memcpy(to->start + i * to->dims[1], copy + i * to->item_size, to->item_size);
    heap_free(&vm->heap, copy, size);
    return true;
}

static bool set_slice(Vm *vm, MemoryView *m, Value key, Value value) {
    if (m->ndim != 1)
        return error_raise(vm, EXC_NotImplementedError, "memoryview slice assignments are currently restricted to ndim = 1"), false;
    if (!value_type(vm, value)->slots.get_buffer) return error_type(vm, "a bytes-like object is required, not '%T'", value), false;
    Value source = memoryview_new(vm, value);
    MemoryView *part = value_is_error(source) ? NULL : slice_of(vm, m, key);
    bool ok = part && copy_row(vm, part, value_memoryview(source));
    release_object(vm, part);
    value_release(vm, source);
    return ok;
}

static bool slot_set_item(Vm *vm, Value self, Value key, Value value) {
    MemoryView *m = value_memoryview(self);
    uint8_t item[8];
    if (!memoryview_check(vm, m)) return false;
    if (m->readonly) return error_type(vm, "cannot modify read-only memory"), false;
    if (value_is_empty(value)) return error_type(vm, "cannot delete memory"), false;
    if (value_has_layout(key, LAYOUT_SLICE)) return set_slice(vm, m, key, value);
    uint8_t *p = m->ndim == 0 && value_same(key, VALUE_ELLIPSIS) ? m->start : item_at(vm, m, key);
    if (!p || !memory_item_set(vm, m->format, item, value) || !memoryview_check(vm, m)) return false;
    memcpy(p, item, m->item_size);
    return true;
}

static int64_t slot_length(Vm *vm, Value self) {
    MemoryView *m = value_memoryview(self);
    if (!memoryview_check(vm, m)) return -1;
    if (m->ndim) return m->dims[0];
    error_type(vm, "0-dim memory has no length");
    return -1;
}

/* --- comparing, hashing, repr --- */

/* 1, 0, -1: error */
static int rows_equal(Vm *vm, MemoryView *a, MemoryView *b, const uint8_t *p, const uint8_t *q, int d) {
    if (d < a->ndim) {
        int equal = 1;
        for (int64_t i = 0; equal == 1 && i < a->dims[d]; i++)
            equal = rows_equal(vm, a, b, p + i * memoryview_strides(a)[d], q + i * memoryview_strides(b)[d], d + 1);
        return equal;
    }
    Value x = memory_item_get(vm, a->format, p), y = value_is_error(x) ? VALUE_ERROR : memory_item_get(vm, b->format, q);
    Value equal = value_is_error(y) ? VALUE_ERROR : value_compare(vm, x, y, COMPARE_EQ);
    value_release(vm, x);
    value_release(vm, y);
    return value_is_error(equal) ? -1 : value_is_true(equal);
}

static int views_equal(Vm *vm, MemoryView *a, MemoryView *b) {
    if (!a->buffer.owner || !b->buffer.owner) return a == b;
    if (a->ndim != b->ndim || memcmp(a->dims, b->dims, a->ndim * sizeof *a->dims) != 0) return 0;
    bool is_float = a->format == 'f' || a->format == 'd' || a->format == 'e' || a->format == '?';
    if (a->format == b->format && !is_float && memoryview_is_contiguous(a, false) && memoryview_is_contiguous(b, false))
        return memcmp(a->start, b->start, memoryview_items(a) * a->item_size) == 0;
    return rows_equal(vm, a, b, a->start, b->start, 0);
}

static Value slot_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    if (op != COMPARE_EQ && op != COMPARE_NE) return VALUE_NOT_IMPLEMENTED;
    if (!value_is_memoryview(other) && !value_type(vm, other)->slots.get_buffer) return VALUE_NOT_IMPLEMENTED;
    Value view = value_is_memoryview(other) ? value_retain(other) : memoryview_new(vm, other);
    if (value_is_error(view)) return VALUE_ERROR;
    int equal = views_equal(vm, value_memoryview(self), value_memoryview(view));
    value_release(vm, view);
    return equal < 0 ? VALUE_ERROR : value_from_bool(op == COMPARE_EQ ? equal : !equal);
}

static bool slot_hash(Vm *vm, Value self, Hash *out) {
    MemoryView *m = value_memoryview(self);
    Hash unused;
    if (m->hash == -1) {
        if (!memoryview_check(vm, m)) return false;
        if (!m->readonly) return error_value(vm, "cannot hash writable memoryview object"), false;
        if (!memory_format_is_byte(m->format)) return error_value(vm, "memoryview: hashing is restricted to formats 'B', 'b' or 'c'"), false;
        if (!value_hash(vm, value_from_object(m->buffer.owner), &unused)) return false;
        Value bytes = to_bytes(vm, m, false);
        if (value_is_error(bytes)) return false;
        m->hash = text_hash(value_bytes(bytes)->data, value_bytes(bytes)->length, vm->hash_seed);
        value_release(vm, bytes);
    }
    *out = m->hash;
    return true;
}

static Value slot_repr(Vm *vm, Value self) {
    MemoryView *m = value_memoryview(self);
    return str_format(vm, m->buffer.owner ? "<memory at 0x%llx>" : "<released memory at 0x%llx>", (unsigned long long)(uintptr_t)m);
}

/* --- buffers of views --- */

static bool slot_get_buffer(Vm *vm, Value self, Buffer *out, bool writable) {
    MemoryView *m = value_memoryview(self);
    if (!memoryview_check(vm, m)) return false;
    if (writable && m->readonly) return error_raise(vm, EXC_BufferError, "memoryview: underlying buffer is not writable"), false;
    if (!memoryview_is_contiguous(m, false))
        return error_raise(vm, EXC_BufferError, "memoryview: underlying buffer is not C-contiguous"), false;
    m->exports++;
    *out = (Buffer){.data = m->start, .length = memoryview_items(m) * m->item_size, .readonly = m->readonly, .format = m->format,
                    .item_size = (uint8_t)m->item_size, .owner = retain_object(m)};
    return true;
}

static void slot_buffer_released(Vm *vm, Object *self) {
    (void)vm;
    ((MemoryView *)self)->exports--;
}

/* --- iteration --- */

typedef struct MemoryIterator {
    Object head;
    MemoryView *view; /* NULL at the end */
    int64_t index;
} MemoryIterator;

static Value slot_iter(Vm *vm, Value self) {
    MemoryView *m = value_memoryview(self);
    if (!memoryview_check(vm, m)) return VALUE_ERROR;
    if (m->ndim == 0) return error_type(vm, "invalid indexing of 0-dim memory");
    if (m->ndim > 1) return error_raise(vm, EXC_NotImplementedError, "multi-dimensional sub-views are not implemented");
    MemoryIterator *it = object_new(&vm->heap, TYPE(vm, MEMORY_ITERATOR)->shape, sizeof *it);
    if (!it) return error_no_memory(vm);
    it->view = retain_object(m);
    it->index = 0;
    if (object_is_tracked(&m->head)) object_track(&vm->heap, &it->head);
    return value_from_object(it);
}

static void iterator_clear(Vm *vm, Object *self) {
    MemoryIterator *it = (MemoryIterator *)self;
    MemoryView *m = it->view;
    it->view = NULL;
    release_object(vm, m);
}

static Value iterator_next(Vm *vm, Value self) {
    MemoryIterator *it = (MemoryIterator *)value_object(self);
    MemoryView *m = it->view;
    if (!m) return VALUE_EMPTY;
    if (!memoryview_check(vm, m)) return VALUE_ERROR;
    if (it->index < m->dims[0]) return memory_item_get(vm, m->format, m->start + it->index++ * m->dims[1]);
    iterator_clear(vm, &it->head);
    return VALUE_EMPTY;
}

static Value iterator_iter(Vm *vm, Value self) {
    (void)vm;
    return value_retain(self);
}
static size_t iterator_size(const Object *self) {
    (void)self;
    return sizeof(MemoryIterator);
}
static void iterator_visit(Object *self, VisitFn visit, void *arg) {
    MemoryIterator *it = (MemoryIterator *)self;
    if (it->view) visit(value_from_object(it->view), arg);
}

const TypeSpec memory_iterator_spec = {
    .name = "memory_iterator",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_NO_NEW,
    .size = sizeof(MemoryIterator),
    .ops = {.size = iterator_size, .visit = iterator_visit, .clear = iterator_clear, .free = iterator_clear},
    .slots = {.iter = iterator_iter, .next = iterator_next},
};

const TypeSpec memoryview_spec = {
    .name = "memoryview",
    .doc = "memoryview(object)\n\nA view of the memory of a bytes-like object, without a copy.",
    .layout = LAYOUT_MEMORYVIEW,
    .flags = TYPE_FLAG_SEQUENCE | TYPE_FLAG_WEAKREFS,
    .size = sizeof(MemoryView),
    .variable_size = true,
    .ops = {.size = view_size, .visit = view_visit, .clear = view_clear, .free = view_clear},
    .slots = {.repr = slot_repr, .hash = slot_hash, .compare = slot_compare, .length = slot_length, .get_item = slot_get_item,
              .set_item = slot_set_item, .iter = slot_iter, .get_buffer = slot_get_buffer, .buffer_released = slot_buffer_released},
    .new_ = {"__new__", memoryview_new_method, "($type, object)", NULL, NATIVE_METHOD},
    .methods = MEMORYVIEW_METHODS,
    .getset = MEMORYVIEW_GETSET,
};
