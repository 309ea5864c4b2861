/* dict: operators, methods, and the type itself.
 *
 * Keys and values that are shown or compared are retained meanwhile: that can run script code, which may change the dict.
 * To add a method: a function and a row in dict_methods; an operator: dict_spec.
 */
#include "vm/types/dict_table.h"

#include "vm/types/function.h"
#include "vm/types/list.h"
#include "vm/types/set.h"
#include "vm/types/tuple.h"

/* --- the slots --- */

static bool dict_set_item(Vm *vm, Value self, Value key, Value value) {
    Dict *d = value_dict(self);
    if (!value_is_empty(value)) return dict_set(vm, d, key, value);
    int deleted = dict_delete(vm, d, key);
    if (deleted == 0) error_key(vm, key);
    return deleted > 0;
}

static int64_t dict_length(Vm *vm, Value self) {
    (void)vm;
    return value_dict(self)->count;
}

static int dict_contains_slot(Vm *vm, Value self, Value key) { return dict_contains(vm, value_dict(self), key); }

static Value dict_iter(Vm *vm, Value self) {
    return dict_iterator_new(vm, TYPE(vm, DICT_KEY_ITERATOR), value_dict(self));
}

static Value dict_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    if (!value_is_dict(self) || !value_is_dict(other) || (op != COMPARE_EQ && op != COMPARE_NE)) return VALUE_NOT_IMPLEMENTED;
    int equal = dict_equal(vm, value_dict(self), value_dict(other));
    return equal < 0 ? VALUE_ERROR : value_from_bool(equal == (op == COMPARE_EQ));
}

static Value dict_or(Vm *vm, Value left, Value right) {
    if (!value_is_dict(left) || !value_is_dict(right)) return VALUE_NOT_IMPLEMENTED;
    Dict *result = dict_copy(vm, value_dict(left));
    if (!result) return VALUE_ERROR;
    if (dict_update(vm, result, right)) return value_from_object(result);
    release_object(vm, result);
    return VALUE_ERROR;
}

static Value dict_inplace_or(Vm *vm, Value self, Value other) {
    return dict_update(vm, value_dict(self), other) ? value_retain(self) : VALUE_ERROR;
}

static bool dict_repr_entry(StrBuilder *b, Value key, Value value) {
    if (!sequence_add_repr(b, key)) return false;
    builder_add_ascii(b, ": ", 2);
    return sequence_add_repr(b, value);
}

static Value dict_repr_entries(Vm *vm, Dict *d) {
    StrBuilder b;
    builder_init(&b, vm);
    builder_add_char(&b, '{');
    Value key, value;
    bool first = true;
    for (size_t position = 0; dict_next(d, &position, &key, &value); first = false) {
        if (!first) builder_add_ascii(&b, ", ", 2);
        value_retain(key);
        value_retain(value);
        bool added = dict_repr_entry(&b, key, value);
        value_release(vm, key);
        value_release(vm, value);
        if (!added) return VALUE_ERROR;
    }
    builder_add_char(&b, '}');
    return builder_finish(&b);
}

static Value dict_repr(Vm *vm, Value self) {
    Dict *d = value_dict(self);
    if (d->count == 0) return str_format(vm, "{}");
    int entered = vm_repr_enter(vm, &d->head);
    if (entered < 0) return VALUE_ERROR;
    if (entered == 0) return str_format(vm, "{...}");
    Value result = dict_repr_entries(vm, d);
    vm_repr_leave(vm, &d->head);
    return result;
}

static Value dict_new_instance(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    (void)args, (void)nargs, (void)kwnames;
    Dict *d = dict_alloc(vm, type);
    return d ? value_from_object(d) : VALUE_ERROR;
}

static bool dict_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    Dict *d = value_dict(self);
    if (nargs > 1) {
        error_type(vm, "dict expected at most 1 argument, got %d", nargs);
        return false;
    }
    if (nargs == 1 && !dict_update(vm, d, args[0])) return false;
    for (size_t i = 0; kwnames && i < kwnames->count; i++)
        if (!dict_set(vm, d, kwnames->items[i], args[(size_t)nargs + i])) return false;
    return true;
}

/* --- methods --- */

static Value dict_get_method(Vm *vm, Value *args, int nargs) {
    Value value;
    if (!dict_find(vm, value_dict(args[0]), args[1], &value)) return VALUE_ERROR;
    if (!value_is_empty(value)) return value;
    return nargs > 2 ? value_retain(args[2]) : VALUE_NONE;
}

static Value dict_setdefault_method(Vm *vm, Value *args, int nargs) {
    return dict_set_default(vm, value_dict(args[0]), args[1], nargs > 2 ? args[2] : VALUE_NONE);
}

static Value dict_pop_absent(Vm *vm, Value *args, int nargs) {
    return nargs > 2 ? value_retain(args[2]) : error_key(vm, args[1]);
}

static Value dict_pop_method(Vm *vm, Value *args, int nargs) {
    Dict *d = value_dict(args[0]);
    Hash hash;
    if (d->count == 0) return dict_pop_absent(vm, args, nargs);
    if (!key_hash(vm, args[1], &hash)) return VALUE_ERROR;
    uint32_t entry = dict_lookup(vm, d, args[1], hash);
    if (entry == ENTRY_ERROR) return VALUE_ERROR;
    if (entry == ENTRY_NONE) return dict_pop_absent(vm, args, nargs);
    Value key, value;
    dict_take_entry(vm, d, entry, &key, &value);
    value_release(vm, key);
    return value;
}

static Value dict_popitem_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Dict *d = value_dict(args[0]);
    if (d->count == 0) return error_raise(vm, EXC_KeyError, "popitem(): dictionary is empty");
    Tuple *pair = tuple_new(vm, 2); /* before the change: it can fail */
    if (!pair) return VALUE_ERROR;
    dict_take_last(vm, d, &pair->items[0], &pair->items[1]);
    tuple_track(vm, pair);
    return value_from_object(pair);
}

static Value dict_clear_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    dict_clear(vm, value_dict(args[0]));
    return VALUE_NONE;
}

static Value dict_copy_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Dict *copy = dict_copy(vm, value_dict(args[0]));
    return copy ? value_from_object(copy) : VALUE_ERROR;
}

static Value dict_update_method(Vm *vm, Value *args, int nargs) {
    Dict *d = value_dict(args[0]);
    Value kwargs = args[nargs];
    if (nargs > 2) return error_type(vm, "update expected at most 1 argument, got %d", nargs - 1);
    if (nargs == 2 && !dict_update(vm, d, args[1])) return VALUE_ERROR;
    return value_is_empty(kwargs) || dict_merge(vm, d, kwargs, true) ? VALUE_NONE : VALUE_ERROR;
}

static Value dict_keys_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return dict_view_new(vm, TYPE(vm, DICT_KEYS), value_dict(args[0]));
}

static Value dict_values_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return dict_view_new(vm, TYPE(vm, DICT_VALUES), value_dict(args[0]));
}

static Value dict_items_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return dict_view_new(vm, TYPE(vm, DICT_ITEMS), value_dict(args[0]));
}

static Value dict_reversed_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return dict_iterator_new(vm, TYPE(vm, DICT_REVERSE_KEY_ITERATOR), value_dict(args[0]));
}

typedef struct FromKeys {
    Value target, value;
} FromKeys;

static bool dict_fromkeys_add(Vm *vm, Value key, void *arg) {
    FromKeys *f = arg;
    value_retain(key);
    bool done = value_is_exact(f->target, LAYOUT_DICT) ? dict_set(vm, value_dict(f->target), key, f->value)
                                                      : value_set_item(vm, f->target, key, f->value);
    value_release(vm, key);
    return done;
}

static Value dict_fromkeys_method(Vm *vm, Value *args, int nargs) {
    FromKeys f = {value_call0(vm, args[0]), nargs > 2 ? args[2] : VALUE_NONE};
    if (value_is_error(f.target)) return VALUE_ERROR;
    bool done = true;
    if (value_is_exact(f.target, LAYOUT_DICT)) {
        size_t count = value_is_exact(args[1], LAYOUT_DICT)  ? value_dict(args[1])->count
                       : value_is_exact(args[1], LAYOUT_SET) ? value_set(args[1])->count
                                                             : 0;
        done = dict_reserve(vm, value_dict(f.target), count);
    }
    if (done && value_each(vm, args[1], dict_fromkeys_add, &f)) return f.target;
    value_release(vm, f.target);
    return VALUE_ERROR;
}

static const NativeDef dict_methods[] = {
    {"get", dict_get_method, "($self, key, default=None, /)", "The value of the key, or the default when it is absent.",
     NATIVE_METHOD},
    {"setdefault", dict_setdefault_method, "($self, key, default=None, /)",
     "The value of the key; when it is absent, the default, which becomes its value.", NATIVE_METHOD},
    {"pop", dict_pop_method, "($self, key, default=<unrepresentable>, /)",
     "Removes the key and returns its value; when it is absent, the default, or a KeyError.", NATIVE_METHOD},
    {"popitem", dict_popitem_method, "($self, /)", "Removes the key added last; returns it with its value.", NATIVE_METHOD},
    {"keys", dict_keys_method, "($self, /)", "A live view of the keys.", NATIVE_METHOD},
    {"items", dict_items_method, "($self, /)", "A live view of the (key, value) pairs.", NATIVE_METHOD},
    {"values", dict_values_method, "($self, /)", "A live view of the values.", NATIVE_METHOD},
    {"update", dict_update_method, "($self, /, *args, **kwargs)",
     "Sets the keys of a mapping or of an iterable of pairs, then those given by name.", NATIVE_METHOD},
    {"fromkeys", dict_fromkeys_method, "($type, iterable, value=None, /)",
     "A new dict with keys from the iterable, all with the same value.", NATIVE_CLASS_METHOD},
    {"clear", dict_clear_method, "($self, /)", "Removes all keys.", NATIVE_METHOD},
    {"copy", dict_copy_method, "($self, /)", "A new dict of the same keys and values.", NATIVE_METHOD},
    {"__reversed__", dict_reversed_method, "($self, /)", "An iterator over the keys, the last one first.", NATIVE_METHOD},
    {"__class_getitem__", sequence_class_getitem, "($type, object, /)", "dict[str, int] and the like.", NATIVE_CLASS_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};

/* --- memory management --- */

static size_t dict_size(const Object *self) {
    (void)self;
    return sizeof(Dict);
}
static void dict_visit(Object *self, VisitFn visit, void *arg) {
    Value key, value;
    for (size_t position = 0; dict_next((Dict *)self, &position, &key, &value);) {
        visit(key, arg);
        visit(value, arg);
    }
}
static void dict_drop(Vm *vm, Object *self) { dict_drop_table(vm, (Dict *)self); }
static size_t dict_extra_size(const Object *self) { return table_size(((const Dict *)self)->table); }

const TypeSpec dict_spec = {
    .name = "dict",
    .doc = "A mapping that keeps the order in which its keys were added.\n\ndict(mapping, **pairs), dict(iterable_of_pairs, **pairs)",
    .layout = LAYOUT_DICT,
    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_UNHASHABLE | TYPE_FLAG_MAPPING | TYPE_FLAG_MATCH_SELF | TYPE_FLAG_IMMUTABLE,
    .size = sizeof(Dict),
    .ops = {.size = dict_size, .visit = dict_visit, .clear = dict_drop, .free = dict_drop, .extra_size = dict_extra_size},
    .slots = {.repr = dict_repr,
              .compare = dict_compare,
              .iter = dict_iter,
              .new_ = dict_new_instance,
              .init = dict_init,
              .binary = {[BINARY_OR] = dict_or},
              .inplace = {[BINARY_OR] = dict_inplace_or},
              .length = dict_length,
              .get_item = dict_subscript,
              .set_item = dict_set_item,
              .contains = dict_contains_slot},
    .methods = dict_methods,
};
