/* list: making, growing, items and slices, and the type itself. Methods are in list_methods.c, sorting in list_sort.c.
 *
 * Invariants: see list.h. Comparing items and releasing them can run script code that changes the list: items are retained
 * while they are looked at, counts are read anew afterwards, and what was taken out is released last.
 * To add a method, edit list_methods.c; an operator: list_spec below.
 */
#include "vm/types/list.h"

#include "vm/types/function.h"
#include "vm/types/sequence.h"
#include "vm/types/tuple.h"

/* --- making --- */

static List *list_alloc(Vm *vm, Type *type) {
    List *l = container_alloc(vm, type, sizeof(List));
    if (!l) return NULL;
    l->count = l->capacity = 0;
    l->items = NULL;
    object_track(&vm->heap, &l->head); /* from the start: see sequence.h */
    return l;
}

bool list_reserve(Vm *vm, List *l, size_t capacity) {
    if (capacity <= l->capacity) return true;
    Value *items = NULL;
    if (capacity <= PTRDIFF_MAX / sizeof(Value))
        items = heap_realloc(&vm->heap, l->items, l->capacity * sizeof(Value), capacity * sizeof(Value));
    if (!items) {
        error_no_memory(vm);
        return false;
    }
    l->items = items;
    l->capacity = capacity;
    return true;
}

/* Room for `count` items, with some to spare for the next ones. */
static bool list_grow(Vm *vm, List *l, size_t count) {
    if (count <= l->capacity) return true;
    return list_reserve(vm, l, (count + (count >> (count < 64 ? 2 : 3)) + 4) & ~(size_t)3);
}

/* Gives back memory when less than half of it is in use. */
static void list_shrink(Vm *vm, List *l) {
    if (l->capacity <= 16 || l->count >= l->capacity / 2) return;
    size_t capacity = (l->count + (l->count >> 3) + 7) & ~(size_t)3;
    Value *items = heap_realloc(&vm->heap, l->items, l->capacity * sizeof(Value), capacity * sizeof(Value));
    if (!items) return;
    l->items = items;
    l->capacity = capacity;
}

List *list_new(Vm *vm, size_t capacity) {
    List *l = list_alloc(vm, TYPE(vm, LIST));
    if (l && !list_reserve(vm, l, capacity)) {
        release_object(vm, l);
        return NULL;
    }
    return l;
}

List *list_from_values_take(Vm *vm, const Value *items, size_t count) {
    List *l = list_new(vm, count);
    if (!l) {
        values_release(vm, items, count);
        return NULL;
    }
    if (count > 0) memcpy(l->items, items, count * sizeof(Value));
    l->count = count;
    for (size_t i = 0; i < count && !object_is_tracked(&l->head); i++) container_note(vm, l, items[i]);
    return l;
}

List *list_from_values(Vm *vm, const Value *items, size_t count) {
    for (size_t i = 0; i < count; i++) value_retain(items[i]);
    return list_from_values_take(vm, items, count);
}

List *list_from_iterable(Vm *vm, Value iterable) {
    List *l = list_new(vm, 0);
    if (l && !list_extend(vm, l, iterable)) {
        release_object(vm, l);
        return NULL;
    }
    return l;
}

/* --- adding --- */

bool list_append_slow(Vm *vm, List *l, Value item) {
    if (!list_grow(vm, l, l->count + 1)) return false;
    container_note(vm, l, item);
    l->items[l->count++] = value_retain(item);
    return true;
}

bool list_append_take(Vm *vm, List *l, Value item) {
    bool done = list_append(vm, l, item);
    value_release(vm, item);
    return done;
}

/* items may be l's own. */
static bool list_extend_sequence(Vm *vm, List *l, Value sequence) {
    size_t count;
    sequence_items(sequence, &count);
    if (l->count == 0 ? !list_reserve(vm, l, count) : !list_grow(vm, l, l->count + count)) return false;
    const Value *items = sequence_items(sequence, &count);
    for (size_t i = 0; i < count; i++) {
        if (!object_is_tracked(&l->head)) container_note(vm, l, items[i]);
        l->items[l->count++] = value_retain(items[i]);
    }
    return true;
}

static bool list_extend_iterator(Vm *vm, List *l, Value iterator) {
    for (;;) {
        Value item = value_next(vm, iterator);
        if (value_is_empty(item)) return true;
        if (value_is_error(item) || !list_append_take(vm, l, item)) return false;
    }
}

bool list_extend(Vm *vm, List *l, Value iterable) {
    if (value_is_exact(iterable, LAYOUT_LIST) || value_is_exact(iterable, LAYOUT_TUPLE))
        return list_extend_sequence(vm, l, iterable);
    Value iterator = value_iter(vm, iterable);
    if (value_is_error(iterator)) return false;
    int64_t hint = value_length_hint(vm, iterable, 8);
    bool done = hint >= 0;
    /* A hint is no promise: one that asks for too much is ignored. */
    if (done && hint > 8 && hint < PTRDIFF_MAX / 64 && !list_reserve(vm, l, l->count + (size_t)hint)) error_clear(vm);
    done = done && list_extend_iterator(vm, l, iterator);
    if (done && hint > 8) list_shrink(vm, l);
    value_release(vm, iterator);
    return done;
}

bool list_insert(Vm *vm, List *l, int64_t index, Value item) {
    if (!list_grow(vm, l, l->count + 1)) return false;
    int64_t count = (int64_t)l->count;
    if (index < 0 && (index += count) < 0) index = 0;
    if (index > count) index = count;
    container_note(vm, l, item);
    memmove(l->items + index + 1, l->items + index, (size_t)(count - index) * sizeof(Value));
    l->items[index] = value_retain(item);
    l->count++;
    return true;
}

/* --- taking out --- */

Value list_pop(Vm *vm, List *l, size_t index) {
    Value item = l->items[index];
    memmove(l->items + index, l->items + index + 1, (l->count - index - 1) * sizeof(Value));
    l->count--;
    list_shrink(vm, l);
    return item;
}

void list_clear(Vm *vm, List *l) {
    Value *items = l->items;
    size_t count = l->count, capacity = l->capacity;
    l->items = NULL;
    l->count = l->capacity = 0;
    values_release(vm, items, count);
    if (items) heap_free(&vm->heap, items, capacity * sizeof(Value));
}

bool list_delete_range(Vm *vm, List *l, size_t start, size_t end) {
    return list_assign_slice(vm, l, (int64_t)start, (int64_t)end, 1, end - start, VALUE_EMPTY);
}

/* A block with copies (not retained) of `count` values taken from `items` with a stride; NULL: MemoryError. */
static Value *values_copy(Vm *vm, const Value *items, int64_t step, size_t count) {
    Value *copy = heap_alloc(&vm->heap, (count ? count : 1) * sizeof(Value));
    if (!copy) {
        error_no_memory(vm);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) copy[i] = items[(int64_t)i * step];
    return copy;
}

static void values_free(Vm *vm, Value *copy, size_t count) { heap_free(&vm->heap, copy, (count ? count : 1) * sizeof(Value)); }

/* l[start:start+removed] := the `added` values, retained. */
static bool list_splice(Vm *vm, List *l, size_t start, size_t removed, const Value *values, size_t added) {
    if (added > removed && !list_grow(vm, l, l->count - removed + added)) return false;
    Value single = VALUE_EMPTY, *old = &single;
    if (removed == 1)
        single = l->items[start];
    else if (removed > 1 && !(old = values_copy(vm, l->items + start, 1, removed)))
        return false;
    if (added != removed)
        memmove(l->items + start + added, l->items + start + removed, (l->count - start - removed) * sizeof(Value));
    for (size_t i = 0; i < added; i++) {
        container_note(vm, l, values[i]);
        l->items[start + i] = value_retain(values[i]);
    }
    l->count = l->count - removed + added;
    list_shrink(vm, l);
    values_release(vm, old, removed);
    if (removed > 1) values_free(vm, old, removed);
    return true;
}

/* Deletes every step-th item; step is not 1. */
static bool list_delete_steps(Vm *vm, List *l, int64_t start, int64_t step, size_t count) {
    if (count == 0) return true;
    if (step < 0) {
        start += step * (int64_t)(count - 1);
        step = -step;
    }
    Value *old = values_copy(vm, l->items + start, step, count);
    if (!old) return false;
    size_t to = (size_t)start, from = to;
    for (size_t i = 0; i < count; i++) {
        from = (size_t)start + i * (size_t)step + 1;
        size_t next = i + 1 < count ? from + (size_t)step - 1 : l->count;
        memmove(l->items + to, l->items + from, (next - from) * sizeof(Value));
        to += next - from;
    }
    l->count = to;
    list_shrink(vm, l);
    for (size_t i = 0; i < count; i++) value_release(vm, old[i]);
    values_free(vm, old, count);
    return true;
}

static bool list_assign_steps(Vm *vm, List *l, int64_t start, int64_t step, size_t count, const Value *values, size_t added) {
    if (added != count) {
        error_value(vm, "attempt to assign sequence of size %zu to extended slice of size %zu", added, count);
        return false;
    }
    if (count == 0) return true;
    Value *old = values_copy(vm, l->items + start, step, count);
    if (!old) return false;
    for (size_t i = 0; i < count; i++) {
        container_note(vm, l, values[i]);
        l->items[start + (int64_t)i * step] = value_retain(values[i]);
    }
    for (size_t i = 0; i < count; i++) value_release(vm, old[i]);
    values_free(vm, old, count);
    return true;
}

bool list_assign_slice(Vm *vm, List *l, int64_t start, int64_t stop, int64_t step, size_t count, Value value) {
    size_t added = 0, length = l->count;
    Value source = VALUE_EMPTY;
    if (!value_is_empty(value)) {
        /* l itself is copied: its items move while they are assigned. */
        bool own = value_is_object(value) && value_object(value) == &l->head;
        source = own ? list_slice(vm, l, 0, (int64_t)length, 1, length)
                     : sequence_fast(vm, value, "must assign iterable to extended slice");
        if (value_is_error(source)) return false;
        sequence_items(source, &added);
    }
    bool done;
    if (l->count < length) { /* the iterable has taken items away from l */
        int64_t now = (int64_t)l->count;
        if (start > now) start = now;
        if (stop > now) stop = now;
        if (step == 1)
            count = stop > start ? (size_t)(stop - start) : 0;
        else
            while (count > 0 && (start >= now || start + step * (int64_t)(count - 1) >= now)) count--;
    }
    const Value *values = value_is_empty(source) ? NULL : sequence_items(source, &added);
    if (step == 1)
        done = list_splice(vm, l, (size_t)start, count, values, added);
    else if (value_is_empty(value))
        done = list_delete_steps(vm, l, start, step, count);
    else
        done = list_assign_steps(vm, l, start, step, count, values, added);
    value_release(vm, source);
    return done;
}

Value list_slice(Vm *vm, List *l, int64_t start, int64_t stop, int64_t step, size_t length) {
    (void)stop;
    List *result = list_new(vm, length);
    if (!result) return VALUE_ERROR;
    for (size_t i = 0; i < length; i++) {
        Value item = l->items[start + (int64_t)i * step];
        if (!object_is_tracked(&result->head)) container_note(vm, result, item);
        result->items[i] = value_retain(item);
    }
    result->count = length;
    return value_from_object(result);
}

Value list_to_tuple(Vm *vm, List *l) {
    Tuple *t = tuple_from_values(vm, l->items, l->count);
    return t ? value_from_object(t) : VALUE_ERROR;
}

/* --- the slots --- */

static Value list_get_item(Vm *vm, Value self, Value key) {
    List *l = value_list(self);
    int64_t i;
    int is_index = sequence_index(vm, key, &i);
    if (is_index < 0) return VALUE_ERROR;
    if (is_index) {
        if (i < 0) i += (int64_t)l->count;
        if ((uint64_t)i >= l->count) return error_raise(vm, EXC_IndexError, "list index out of range");
        return value_retain(l->items[i]);
    }
    if (!value_has_layout(key, LAYOUT_SLICE)) return error_type(vm, "list indices must be integers or slices, not %T", key);
    int64_t start, stop, step;
    size_t count;
    if (!sequence_slice(vm, key, &l->count, &start, &stop, &step, &count)) return VALUE_ERROR;
    return list_slice(vm, l, start, stop, step, count);
}

static bool list_set_index(Vm *vm, List *l, int64_t i, Value value) {
    if (i < 0) i += (int64_t)l->count;
    if ((uint64_t)i >= l->count) {
        error_raise(vm, EXC_IndexError, "list assignment index out of range");
        return false;
    }
    if (value_is_empty(value)) {
        value_release(vm, list_pop(vm, l, (size_t)i));
        return true;
    }
    container_note(vm, l, value);
    value_replace_take(vm, &l->items[i], value_retain(value));
    return true;
}

static bool list_set_item(Vm *vm, Value self, Value key, Value value) {
    List *l = value_list(self);
    int64_t i;
    int is_index = sequence_index(vm, key, &i);
    if (is_index < 0) return false;
    if (is_index) return list_set_index(vm, l, i, value);
    if (!value_has_layout(key, LAYOUT_SLICE)) {
        error_type(vm, "list indices must be integers or slices, not %T", key);
        return false;
    }
    int64_t start, stop, step;
    size_t count;
    if (!sequence_slice(vm, key, &l->count, &start, &stop, &step, &count)) return false;
    return list_assign_slice(vm, l, start, stop, step, count, value);
}

static int64_t list_length(Vm *vm, Value self) {
    (void)vm;
    return (int64_t)value_list(self)->count;
}

static int list_contains(Vm *vm, Value self, Value item) {
    List *l = value_list(self);
    for (size_t i = 0; i < l->count; i++) {
        Value v = l->items[i];
        if (value_are_small(v, item)) {
            if (value_same(v, item)) return 1;
            continue;
        }
        value_retain(v);
        int equal = value_equal(vm, v, item);
        value_release(vm, v);
        if (equal != 0) return equal;
    }
    return 0;
}

static Value list_concat(Vm *vm, Value left, Value right) {
    if (!value_is_list(right)) return error_type(vm, "can only concatenate list (not \"%T\") to list", right);
    List *a = value_list(left), *b = value_list(right);
    List *result = list_new(vm, a->count + b->count);
    if (!result) return VALUE_ERROR;
    bool done = list_extend_sequence(vm, result, left) && list_extend_sequence(vm, result, right);
    if (done) return value_from_object(result);
    release_object(vm, result);
    return VALUE_ERROR;
}

/* Appends `times` - 1 further copies of the list's items. */
static bool list_repeat_in_place(Vm *vm, List *l, size_t times) {
    size_t count = l->count;
    if (!list_reserve(vm, l, count * times)) return false;
    for (size_t i = count; i < count * times; i++) l->items[i] = value_retain(l->items[i - count]);
    l->count = count * times;
    return true;
}

static Value list_repeat(Vm *vm, Value self, Value count) {
    List *l = value_list(self);
    size_t times;
    if (!sequence_repeat(vm, count, l->count, &times)) return VALUE_ERROR;
    if (times == 0 || l->count == 0) {
        List *empty = list_new(vm, 0);
        return empty ? value_from_object(empty) : VALUE_ERROR;
    }
    List *result = list_new(vm, l->count * times);
    if (!result) return VALUE_ERROR;
    if (list_extend_sequence(vm, result, self) && list_repeat_in_place(vm, result, times)) return value_from_object(result);
    release_object(vm, result);
    return VALUE_ERROR;
}

static Value list_inplace_concat(Vm *vm, Value self, Value other) {
    return list_extend(vm, value_list(self), other) ? value_retain(self) : VALUE_ERROR;
}

static Value list_inplace_repeat(Vm *vm, Value self, Value count) {
    List *l = value_list(self);
    size_t times;
    if (!sequence_repeat(vm, count, l->count, &times)) return VALUE_ERROR;
    if (times == 0)
        list_clear(vm, l);
    else if (l->count > 0 && !list_repeat_in_place(vm, l, times))
        return VALUE_ERROR;
    return value_retain(self);
}

/* The first index at which the lists differ, or the shorter one ends; -1: error. */
static int64_t list_first_difference(Vm *vm, List *a, List *b) {
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        Value x = a->items[i], y = b->items[i];
        if (value_same(x, y)) continue;
        value_retain(x);
        value_retain(y);
        int equal = value_equal(vm, x, y);
        value_release(vm, x);
        value_release(vm, y);
        if (equal <= 0) return equal < 0 ? -1 : (int64_t)i;
    }
    return (int64_t)(a->count < b->count ? a->count : b->count);
}

/* What differs is looked at anew after the search: comparing may have changed the lists. */
static Value list_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    if (!value_is_list(self) || !value_is_list(other)) return VALUE_NOT_IMPLEMENTED;
    List *a = value_list(self), *b = value_list(other);
    if (a->count != b->count && (op == COMPARE_EQ || op == COMPARE_NE)) return value_from_bool(op == COMPARE_NE);
    int64_t i = list_first_difference(vm, a, b);
    if (i < 0) return VALUE_ERROR;
    if ((size_t)i >= a->count || (size_t)i >= b->count) return sequence_compare_lengths(a->count, b->count, op);
    if (op == COMPARE_EQ || op == COMPARE_NE) return value_from_bool(op == COMPARE_NE);
    Value x = value_retain(a->items[i]), y = value_retain(b->items[i]);
    Value result = value_compare(vm, x, y, op);
    value_release(vm, x);
    value_release(vm, y);
    return result;
}

static Value list_repr_items(Vm *vm, List *l) {
    StrBuilder b;
    builder_init(&b, vm);
    builder_add_char(&b, '[');
    for (size_t i = 0; i < l->count; i++) {
        if (i > 0) builder_add_ascii(&b, ", ", 2);
        Value item = value_retain(l->items[i]);
        bool added = sequence_add_repr(&b, item);
        value_release(vm, item);
        if (!added) return VALUE_ERROR;
    }
    builder_add_char(&b, ']');
    return builder_finish(&b);
}

static Value list_repr(Vm *vm, Value self) {
    List *l = value_list(self);
    if (l->count == 0) return str_format(vm, "[]");
    int entered = vm_repr_enter(vm, &l->head);
    if (entered < 0) return VALUE_ERROR;
    if (entered == 0) return str_format(vm, "[...]");
    Value result = list_repr_items(vm, l);
    vm_repr_leave(vm, &l->head);
    return result;
}

static Value list_iter(Vm *vm, Value self) {
    ListIterator *it = object_new(&vm->heap, TYPE(vm, LIST_ITERATOR)->shape, sizeof(ListIterator));
    if (!it) return error_no_memory(vm);
    it->sequence = value_retain(self);
    it->index = 0;
    object_track(&vm->heap, &it->head);
    return value_from_object(it);
}

static Value list_new_instance(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    (void)args, (void)nargs, (void)kwnames;
    List *l = list_alloc(vm, type);
    return l ? value_from_object(l) : VALUE_ERROR;
}

/* A subclass with a __new__ of its own may be called with keywords. */
static bool list_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    List *l = value_list(self);
    if (kwnames && kwnames->count > 0 && value_type(vm, self)->slots.new_ == list_new_instance) {
        error_type(vm, "list() takes no keyword arguments");
        return false;
    }
    if (nargs > 1) {
        error_type(vm, "list expected at most 1 argument, got %d", nargs);
        return false;
    }
    if (l->items) list_clear(vm, l);
    return nargs == 0 || list_extend(vm, l, args[0]);
}

/* --- memory management --- */

static size_t list_size(const Object *self) {
    (void)self;
    return sizeof(List);
}
static void list_visit(Object *self, VisitFn visit, void *arg) {
    List *l = (List *)self;
    for (size_t i = l->count; i-- > 0;) visit(l->items[i], arg); /* backwards, as CPython: it decides about the order of finalizers */
}
static void list_drop(Vm *vm, Object *self) { list_clear(vm, (List *)self); }
static size_t list_extra_size(const Object *self) { return ((const List *)self)->capacity * sizeof(Value); }

const TypeSpec list_spec = {
    .name = "list",
    .doc = "A mutable sequence: the items of the iterable, in its order; empty without one.",
    .layout = LAYOUT_LIST,
    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_UNHASHABLE | TYPE_FLAG_SEQUENCE | TYPE_FLAG_MATCH_SELF | TYPE_FLAG_IMMUTABLE,
    .size = sizeof(List),
    .ops = {.size = list_size, .visit = list_visit, .clear = list_drop, .free = list_drop, .extra_size = list_extra_size},
    .slots = {.repr = list_repr,
              .compare = list_compare,
              .iter = list_iter,
              .new_ = list_new_instance,
              .init = list_init,
              .length = list_length,
              .get_item = list_get_item,
              .set_item = list_set_item,
              .contains = list_contains,
              .concat = list_concat,
              .repeat = list_repeat,
              .inplace_concat = list_inplace_concat,
              .inplace_repeat = list_inplace_repeat},
    .init = {.name = "list", .signature = "($self, iterable=(), /)"}, /* the slot makes it */
    .methods = list_methods,
};
