/* dict_keys, dict_values, dict_items: live views of a dict, with set operations for keys and items, and the iterators of
 * dicts and views, forwards and backwards.
 *
 * An iterator notices that the dict has changed its size (or that keys were exchanged, when more turn up than there
 * were) and raises RuntimeError; it keeps the dict until its end. To add an operation: the view's spec at the end.
 */
#include "vm/types/dict_table.h"

#include "vm/types/function.h"
#include "vm/types/generic_alias.h"
#include "vm/types/list.h"
#include "vm/types/set.h"
#include "vm/types/tuple.h"

/* --- iterators --- */

Value dict_iterator_new(Vm *vm, Type *type, Dict *d) {
    DictIterator *it = object_new(&vm->heap, type->shape, sizeof(DictIterator));
    if (!it) return error_no_memory(vm);
    it->dict = retain_object(d);
    it->count = it->left = d->count;
    bool backwards = type == TYPE(vm, DICT_REVERSE_KEY_ITERATOR) || type == TYPE(vm, DICT_REVERSE_VALUE_ITERATOR) ||
                     type == TYPE(vm, DICT_REVERSE_ITEM_ITERATOR);
    it->position = backwards && d->count > 0 ? d->table->used : 0;
    it->pair = VALUE_EMPTY;
    object_track(&vm->heap, &it->head);
    return value_from_object(it);
}

/* Lets go of the dict: VALUE_EMPTY. */
static Value dict_iterator_end(Vm *vm, DictIterator *it) {
    Dict *d = it->dict;
    it->dict = NULL;
    release_object(vm, d);
    return VALUE_EMPTY;
}

static Value dict_iterator_changed(Vm *vm, DictIterator *it) {
    it->count = UINT32_MAX;
    return error_raise(vm, EXC_RuntimeError, "dictionary changed size during iteration");
}

/* The next entry; *result: what to return when there is none (VALUE_EMPTY or VALUE_ERROR). */
static inline bool dict_iterator_step(Vm *vm, DictIterator *it, Value *key, Value *value, Value *result) {
    Dict *d = it->dict;
    *result = VALUE_EMPTY;
    if (!d) return false;
    if (it->count != d->count) {
        *result = dict_iterator_changed(vm, it);
        return false;
    }
    if (!dict_next(d, &it->position, key, value)) {
        dict_iterator_end(vm, it);
        return false;
    }
    if (it->left == 0) {
        *result = error_raise(vm, EXC_RuntimeError, "dictionary keys changed during iteration");
        dict_iterator_end(vm, it);
        return false;
    }
    it->left--;
    return true;
}

static bool dict_iterator_step_back(Vm *vm, DictIterator *it, Value *key, Value *value, Value *result) {
    Dict *d = it->dict;
    *result = VALUE_EMPTY;
    if (!d) return false;
    if (it->count != d->count) {
        *result = dict_iterator_changed(vm, it);
        return false;
    }
    const DictTable *t = d->table;
    if (t && it->position > t->used) it->position = t->used;
    while (t && it->position > 0) {
        const DictEntry *e = table_entry(t, (uint32_t)--it->position);
        if (value_is_empty(e->key)) continue;
        *key = e->key;
        *value = e->value;
        it->left--;
        return true;
    }
    dict_iterator_end(vm, it);
    return false;
}

static Value dict_key_next(Vm *vm, Value self) {
    Value key, value, result;
    bool more = dict_iterator_step(vm, (DictIterator *)value_object(self), &key, &value, &result);
    return more ? value_retain(key) : result;
}
static Value dict_value_next(Vm *vm, Value self) {
    Value key, value, result;
    bool more = dict_iterator_step(vm, (DictIterator *)value_object(self), &key, &value, &result);
    return more ? value_retain(value) : result;
}
static Value dict_item_next(Vm *vm, Value self) {
    DictIterator *it = (DictIterator *)value_object(self);
    Value key, value, result;
    if (!dict_iterator_step(vm, it, &key, &value, &result)) return result;
    return tuple_pair_reuse_take(vm, &it->pair, value_retain(key), value_retain(value));
}
static Value dict_reverse_key_next(Vm *vm, Value self) {
    Value key, value, result;
    bool more = dict_iterator_step_back(vm, (DictIterator *)value_object(self), &key, &value, &result);
    return more ? value_retain(key) : result;
}
static Value dict_reverse_value_next(Vm *vm, Value self) {
    Value key, value, result;
    bool more = dict_iterator_step_back(vm, (DictIterator *)value_object(self), &key, &value, &result);
    return more ? value_retain(value) : result;
}
static Value dict_reverse_item_next(Vm *vm, Value self) {
    DictIterator *it = (DictIterator *)value_object(self);
    Value key, value, result;
    if (!dict_iterator_step_back(vm, it, &key, &value, &result)) return result;
    return tuple_pair_reuse_take(vm, &it->pair, value_retain(key), value_retain(value));
}

static Value dict_iterator_self(Vm *vm, Value self) {
    (void)vm;
    return value_retain(self);
}

static Value dict_iterator_length_hint(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    DictIterator *it = (DictIterator *)value_object(args[0]);
    return value_from_small(it->dict && it->count == it->dict->count ? it->left : 0);
}

/* (iter, (list of what is left,)); the iterator itself does not move. */
static Value dict_iterator_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    DictIterator *it = (DictIterator *)value_object(args[0]);
    List *rest = NULL;
    if (it->dict) {
        Value copy = dict_iterator_new(vm, it->head.shape->type, it->dict);
        if (value_is_error(copy)) return VALUE_ERROR;
        DictIterator *c = (DictIterator *)value_object(copy);
        c->count = it->count;
        c->left = it->left;
        c->position = it->position;
        rest = list_from_iterable(vm, copy);
        value_release(vm, copy);
    } else {
        rest = list_new(vm, 0);
    }
    if (!rest) return VALUE_ERROR;
    return sequence_pack_take(vm, 2, sequence_builtin(vm, "iter"), sequence_pack_take(vm, 1, value_from_object(rest)));
}

static const NativeDef dict_iterator_methods[] = {
    {"__length_hint__", dict_iterator_length_hint, "($self, /)", "How many items are left.", NATIVE_METHOD},
    {"__reduce__", dict_iterator_reduce, "($self, /)", NULL, NATIVE_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};

static size_t dict_iterator_size(const Object *self) {
    (void)self;
    return sizeof(DictIterator);
}
static void dict_iterator_visit(Object *self, VisitFn visit, void *arg) {
    DictIterator *it = (DictIterator *)self;
    if (it->dict) visit(value_from_object(it->dict), arg);
    visit(it->pair, arg);
}
static void dict_iterator_drop(Vm *vm, Object *self) {
    DictIterator *it = (DictIterator *)self;
    Value pair = it->pair;
    it->pair = VALUE_EMPTY;
    dict_iterator_end(vm, it);
    value_release(vm, pair);
}

#define DICT_ITERATOR_SPEC(spec, text, step)                                                                        \
    const TypeSpec spec = {                                                                                         \
        .name = text,                                                                                               \
        .layout = LAYOUT_DICT_ITERATOR,                                                                             \
        .flags = TYPE_FLAG_NO_NEW | TYPE_FLAG_IMMUTABLE,                                                            \
        .size = sizeof(DictIterator),                                                                               \
        .ops = {.size = dict_iterator_size,                                                                         \
                .visit = dict_iterator_visit,                                                                       \
                .clear = dict_iterator_drop,                                                                        \
                .free = dict_iterator_drop},                                                                        \
        .slots = {.iter = dict_iterator_self, .next = step},                                                        \
        .methods = dict_iterator_methods,                                                                           \
    }
DICT_ITERATOR_SPEC(dict_key_iterator_spec, "dict_keyiterator", dict_key_next);
DICT_ITERATOR_SPEC(dict_value_iterator_spec, "dict_valueiterator", dict_value_next);
DICT_ITERATOR_SPEC(dict_item_iterator_spec, "dict_itemiterator", dict_item_next);
DICT_ITERATOR_SPEC(dict_reverse_key_iterator_spec, "dict_reversekeyiterator", dict_reverse_key_next);
DICT_ITERATOR_SPEC(dict_reverse_value_iterator_spec, "dict_reversevalueiterator", dict_reverse_value_next);
DICT_ITERATOR_SPEC(dict_reverse_item_iterator_spec, "dict_reverseitemiterator", dict_reverse_item_next);

/* --- views --- */

Value dict_view_new(Vm *vm, Type *type, Dict *d) {
    DictView *view = object_new(&vm->heap, type->shape, sizeof(DictView));
    if (!view) return error_no_memory(vm);
    view->dict = retain_object(d);
    object_track(&vm->heap, &view->head);
    return value_from_object(view);
}

static Dict *view_dict(Value view) { return ((DictView *)value_object(view))->dict; }
static bool is_keys_view(Vm *vm, Value v) { return value_type(vm, v) == TYPE(vm, DICT_KEYS); }
static bool is_items_view(Vm *vm, Value v) { return value_type(vm, v) == TYPE(vm, DICT_ITEMS); }
static bool is_set_view(Vm *vm, Value v) { return is_keys_view(vm, v) || is_items_view(vm, v); }

static Value keys_iter(Vm *vm, Value self) {
    return dict_iterator_new(vm, TYPE(vm, DICT_KEY_ITERATOR), view_dict(self));
}
static Value values_iter(Vm *vm, Value self) {
    return dict_iterator_new(vm, TYPE(vm, DICT_VALUE_ITERATOR), view_dict(self));
}
static Value items_iter(Vm *vm, Value self) {
    return dict_iterator_new(vm, TYPE(vm, DICT_ITEM_ITERATOR), view_dict(self));
}

static int64_t view_length(Vm *vm, Value self) {
    (void)vm;
    return view_dict(self)->count;
}

static int keys_contains(Vm *vm, Value self, Value key) { return dict_contains(vm, view_dict(self), key); }

static int items_contains(Vm *vm, Value self, Value item) {
    if (!value_is_tuple(item) || value_tuple(item)->count != 2) return 0;
    Value found;
    if (!dict_find(vm, view_dict(self), value_tuple(item)->items[0], &found)) return -1;
    if (value_is_empty(found)) return 0;
    int equal = value_equal(vm, found, value_tuple(item)->items[1]);
    value_release(vm, found);
    return equal;
}

static Value view_repr(Vm *vm, Value self) {
    Object *o = value_object(self);
    int entered = vm_repr_enter(vm, o);
    if (entered < 0) return VALUE_ERROR;
    if (entered == 0) return str_format(vm, "...");
    Value result = VALUE_ERROR;
    List *items = list_from_iterable(vm, self);
    if (items) {
        result = str_format(vm, "%T(%V)", self, value_from_object(items));
        release_object(vm, items);
    }
    vm_repr_leave(vm, o);
    return result;
}

/* Whether every item of a is in b: 1, 0, -1. */
static int all_contained(Vm *vm, Value a, Value b) {
    Value iterator = value_iter(vm, a);
    if (value_is_error(iterator)) return -1;
    int contained = 1;
    while (contained > 0) {
        Value item = value_next(vm, iterator);
        if (value_is_empty(item)) break;
        if (value_is_error(item)) {
            contained = -1;
            break;
        }
        contained = value_contains(vm, b, item);
        value_release(vm, item);
    }
    value_release(vm, iterator);
    return contained;
}

static Value view_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    if (!is_set_view(vm, self) || (!value_is_set(other) && !is_set_view(vm, other))) return VALUE_NOT_IMPLEMENTED;
    int64_t a = view_length(vm, self), b = value_length(vm, other);
    if (b < 0) return VALUE_ERROR;
    int holds;
    switch (op) {
    case COMPARE_EQ:
    case COMPARE_NE: holds = a == b ? all_contained(vm, self, other) : 0; break;
    case COMPARE_LT: holds = a < b ? all_contained(vm, self, other) : 0; break;
    case COMPARE_LE: holds = a <= b ? all_contained(vm, self, other) : 0; break;
    case COMPARE_GT: holds = a > b ? all_contained(vm, other, self) : 0; break;
    default: holds = a >= b ? all_contained(vm, other, self) : 0; break;
    }
    if (holds < 0) return VALUE_ERROR;
    return value_from_bool(op == COMPARE_NE ? !holds : holds);
}

/* --- set operations: any iterable may stand on the other side --- */

/* A new set of the items of v (a view, or what stands left of it). */
static Set *view_to_set(Vm *vm, Value v) {
    bool keys = is_keys_view(vm, v) && value_is_exact(value_from_object(view_dict(v)), LAYOUT_DICT);
    return set_from_iterable(vm, TYPE(vm, SET), keys ? value_from_object(view_dict(v)) : v);
}

static Value view_combine(Vm *vm, Value left, Value right, bool (*combine)(Vm *vm, Set *s, Value other)) {
    Set *result = view_to_set(vm, left);
    if (!result) return VALUE_ERROR;
    if (combine(vm, result, right)) return value_from_object(result);
    release_object(vm, result);
    return VALUE_ERROR;
}

static Value view_subtract(Vm *vm, Value left, Value right) { return view_combine(vm, left, right, set_difference_update); }
static Value view_or(Vm *vm, Value left, Value right) { return view_combine(vm, left, right, set_update); }

/* Adds to `result` the items of `other` that the view has. */
static bool view_collect(Vm *vm, Set *result, Value view, Value other) {
    Value iterator = value_iter(vm, other);
    if (value_is_error(iterator)) return false;
    bool done = false;
    for (;;) {
        Value item = value_next(vm, iterator);
        done = value_is_empty(item);
        if (done || value_is_error(item)) break;
        int found = is_keys_view(vm, view) ? keys_contains(vm, view, item) : items_contains(vm, view, item);
        bool added = found == 0 || (found > 0 && set_add(vm, result, item));
        value_release(vm, item);
        if (!added) break;
    }
    value_release(vm, iterator);
    return done;
}

static Value view_and(Vm *vm, Value left, Value right) {
    Value view = is_set_view(vm, left) ? left : right, other = is_set_view(vm, left) ? right : left;
    int64_t length = view_length(vm, view);
    if (value_is_exact(other, LAYOUT_SET) && value_type(vm, other) == TYPE(vm, SET) && length <= value_set(other)->count)
        return set_intersection(vm, value_set(other), view);
    if (is_set_view(vm, other) && view_length(vm, other) > length) {
        Value bigger = other;
        other = view;
        view = bigger;
    }
    Set *result = set_new(vm, TYPE(vm, SET));
    if (!result) return VALUE_ERROR;
    if (view_collect(vm, result, view, other)) return value_from_object(result);
    release_object(vm, result);
    return VALUE_ERROR;
}

/* One entry of the second dict: what is in both leaves `rest`, what is only in the second goes to `result`. */
static bool items_xor_entry(Vm *vm, Set *result, Dict *rest, Value key, Hash hash, Value value) {
    uint32_t entry = dict_lookup(vm, rest, key, hash);
    if (entry == ENTRY_ERROR) return false;
    if (entry != ENTRY_NONE) {
        Value own = value_retain(table_entry(rest->table, entry)->value);
        int equal = value_equal(vm, own, value);
        value_release(vm, own);
        if (equal != 0) return equal > 0 && dict_delete(vm, rest, key) >= 0;
    }
    Tuple *pair = tuple_pack(vm, 2, key, value);
    bool added = pair && set_add(vm, result, value_from_object(pair));
    release_object(vm, pair);
    return added;
}

static bool items_xor_into(Vm *vm, Set *result, Dict *rest, Dict *other) {
    Value key, value;
    Hash hash;
    for (size_t position = 0; dict_next_entry(vm, other, &position, &key, &value, &hash);) {
        value_retain(key);
        value_retain(value);
        bool done = items_xor_entry(vm, result, rest, key, hash, value);
        value_release(vm, key);
        value_release(vm, value);
        if (!done) return false;
    }
    Value items = dict_view_new(vm, TYPE(vm, DICT_ITEMS), rest);
    if (value_is_error(items)) return false;
    bool done = set_update(vm, result, items);
    value_release(vm, items);
    return done;
}

static Value items_xor(Vm *vm, Dict *a, Dict *b) {
    Dict *rest = dict_copy(vm, a);
    Set *result = rest ? set_new(vm, TYPE(vm, SET)) : NULL;
    bool done = result && items_xor_into(vm, result, rest, b);
    release_object(vm, rest);
    if (done) return value_from_object(result);
    release_object(vm, result);
    return VALUE_ERROR;
}

static Value view_xor(Vm *vm, Value left, Value right) {
    if (is_items_view(vm, left) && is_items_view(vm, right)) return items_xor(vm, view_dict(left), view_dict(right));
    return view_combine(vm, left, right, set_symmetric_difference_update);
}

static Value view_isdisjoint(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value self = args[0], other = args[1];
    if (value_same(self, other)) return value_from_bool(view_dict(self)->count == 0);
    if (value_is_exact(other, LAYOUT_SET) || is_set_view(vm, other)) {
        int64_t length = value_length(vm, other);
        if (length < 0) return VALUE_ERROR;
        if (length > view_length(vm, self)) {
            Value longer = other;
            other = self;
            self = longer;
        }
    }
    Value iterator = value_iter(vm, other);
    if (value_is_error(iterator)) return VALUE_ERROR;
    Value result = VALUE_EMPTY;
    while (value_is_empty(result)) {
        Value item = value_next(vm, iterator);
        if (value_is_empty(item)) {
            result = VALUE_TRUE;
        } else if (value_is_error(item)) {
            result = VALUE_ERROR;
        } else {
            int found = value_contains(vm, self, item);
            value_release(vm, item);
            if (found != 0) result = found < 0 ? VALUE_ERROR : VALUE_FALSE;
        }
    }
    value_release(vm, iterator);
    return result;
}

static Value view_reversed(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Type *type = is_keys_view(vm, args[0])    ? TYPE(vm, DICT_REVERSE_KEY_ITERATOR)
                 : is_items_view(vm, args[0]) ? TYPE(vm, DICT_REVERSE_ITEM_ITERATOR)
                                              : TYPE(vm, DICT_REVERSE_VALUE_ITERATOR);
    return dict_iterator_new(vm, type, view_dict(args[0]));
}

static Value view_mapping(Vm *vm, Value self) { return mapping_proxy_new(vm, value_from_object(view_dict(self))); }

static const NativeDef set_view_methods[] = {
    {"isdisjoint", view_isdisjoint, "($self, object, /)", "Whether the view and the iterable have no item in common.",
     NATIVE_METHOD},
    {"__reversed__", view_reversed, "($self, /)", "An iterator over the view, the last item first.", NATIVE_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};
static const NativeDef values_view_methods[] = {
    {"__reversed__", view_reversed, "($self, /)", "An iterator over the view, the last item first.", NATIVE_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};
static const GetSetDef view_getset[] = {
    {"mapping", view_mapping, NULL, "The dict of the view, read-only."},
    {NULL, NULL, NULL, NULL},
};

static size_t view_size(const Object *self) {
    (void)self;
    return sizeof(DictView);
}
static void view_visit(Object *self, VisitFn visit, void *arg) { visit(value_from_object(((DictView *)self)->dict), arg); }
static void view_free(Vm *vm, Object *self) { release_object(vm, ((DictView *)self)->dict); }

#define VIEW_OPS {.size = view_size, .visit = view_visit, .free = view_free}
#define SET_VIEW_SPEC(spec, text, iterate, has)                                                                      \
    const TypeSpec spec = {                                                                                         \
        .name = text,                                                                                               \
        .layout = LAYOUT_OTHER,                                                                                     \
        .flags = TYPE_FLAG_NO_NEW | TYPE_FLAG_UNHASHABLE | TYPE_FLAG_IMMUTABLE,                                     \
        .size = sizeof(DictView),                                                                                   \
        .ops = VIEW_OPS,                                                                                            \
        .slots = {.repr = view_repr,                                                                                \
                  .compare = view_compare,                                                                          \
                  .iter = iterate,                                                                                  \
                  .length = view_length,                                                                            \
                  .contains = has,                                                                                  \
                  .binary = {[BINARY_SUB] = view_subtract,                                                          \
                             [BINARY_AND] = view_and,                                                               \
                             [BINARY_OR] = view_or,                                                                 \
                             [BINARY_XOR] = view_xor}},                                                             \
        .methods = set_view_methods,                                                                                \
        .getset = view_getset,                                                                                      \
    }
SET_VIEW_SPEC(dict_keys_spec, "dict_keys", keys_iter, keys_contains);
SET_VIEW_SPEC(dict_items_spec, "dict_items", items_iter, items_contains);

const TypeSpec dict_values_spec = {
    .name = "dict_values",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_NO_NEW | TYPE_FLAG_IMMUTABLE,
    .size = sizeof(DictView),
    .ops = VIEW_OPS,
    .slots = {.repr = view_repr, .iter = values_iter, .length = view_length},
    .methods = values_view_methods,
    .getset = view_getset,
};
