/* set and frozenset: operators, methods, types, and their iterator. The algebra is in set.c.
 *
 * Operators take sets only, methods any iterables. To add a method: a function and a row in both tables where it does not
 * change the set, else in set_methods; an operator: the specs.
 */
#include "vm/types/set.h"

#include "vm/types/function.h"
#include "vm/types/list.h"
#include "vm/types/sequence.h"
#include "vm/types/tuple.h"

extern const TypeSpec frozenset_spec;

static bool is_frozen(const Set *s) { return s->head.shape->type->spec == &frozenset_spec; }
static Type *result_type(Vm *vm, const Set *s) { return is_frozen(s) ? TYPE(vm, FROZENSET) : TYPE(vm, SET); }

/* Both operands are sets: else the operator is not this type's. */
static bool are_sets(Value a, Value b) { return value_is_set(a) && value_is_set(b); }

static Value done_or_error(bool done) { return done ? VALUE_NONE : VALUE_ERROR; }
static Value bool_or_error(int result) { return result < 0 ? VALUE_ERROR : value_from_bool(result); }

/* --- operators --- */

static Value set_or(Vm *vm, Value left, Value right) {
    if (!are_sets(left, right)) return VALUE_NOT_IMPLEMENTED;
    Value result = set_copy(vm, value_set(left), result_type(vm, value_set(left)));
    if (value_is_error(result) || value_same(left, right) || set_update(vm, value_set(result), right)) return result;
    value_release(vm, result);
    return VALUE_ERROR;
}
static Value set_and(Vm *vm, Value left, Value right) {
    return are_sets(left, right) ? set_intersection(vm, value_set(left), right) : VALUE_NOT_IMPLEMENTED;
}
static Value set_subtract_operator(Vm *vm, Value left, Value right) {
    return are_sets(left, right) ? set_difference(vm, value_set(left), right) : VALUE_NOT_IMPLEMENTED;
}
static Value set_xor(Vm *vm, Value left, Value right) {
    return are_sets(left, right) ? set_symmetric_difference(vm, value_set(left), right) : VALUE_NOT_IMPLEMENTED;
}
static Value set_inplace_or(Vm *vm, Value self, Value other) {
    if (!are_sets(self, other)) return VALUE_NOT_IMPLEMENTED;
    return set_update(vm, value_set(self), other) ? value_retain(self) : VALUE_ERROR;
}
static Value set_inplace_subtract(Vm *vm, Value self, Value other) {
    if (!are_sets(self, other)) return VALUE_NOT_IMPLEMENTED;
    return set_difference_update(vm, value_set(self), other) ? value_retain(self) : VALUE_ERROR;
}
static Value set_inplace_xor(Vm *vm, Value self, Value other) {
    if (!are_sets(self, other)) return VALUE_NOT_IMPLEMENTED;
    return set_symmetric_difference_update(vm, value_set(self), other) ? value_retain(self) : VALUE_ERROR;
}
static Value set_inplace_and(Vm *vm, Value self, Value other) {
    if (!are_sets(self, other)) return VALUE_NOT_IMPLEMENTED;
    Value common = set_intersection(vm, value_set(self), other);
    if (value_is_error(common)) return VALUE_ERROR;
    set_swap(vm, value_set(self), value_set(common));
    value_release(vm, common);
    return value_retain(self);
}

static Value set_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    if (!are_sets(self, other)) return VALUE_NOT_IMPLEMENTED;
    Set *a = value_set(self), *b = value_set(other);
    switch (op) {
    case COMPARE_EQ:
    case COMPARE_NE: {
        bool differ = a->count != b->count || (a->hash_known && b->hash_known && a->hash != b->hash);
        int equal = differ ? 0 : set_is_subset(vm, a, b);
        return equal < 0 ? VALUE_ERROR : value_from_bool(equal == (op == COMPARE_EQ));
    }
    case COMPARE_LT: return a->count >= b->count ? VALUE_FALSE : bool_or_error(set_is_subset(vm, a, b));
    case COMPARE_LE: return bool_or_error(set_is_subset(vm, a, b));
    case COMPARE_GT: return a->count <= b->count ? VALUE_FALSE : bool_or_error(set_is_subset(vm, b, a));
    default: return bool_or_error(set_is_subset(vm, b, a));
    }
}

static uint64_t shuffle_bits(uint64_t h) { return ((h ^ 89869747u) ^ (h << 16)) * 3644798167u; }

/* The same for any order of the items; CPython's figures, as the order of sets of frozensets depends on them. */
static bool frozenset_hash(Vm *vm, Value self, Hash *out) {
    (void)vm;
    Set *s = value_set(self);
    if (!s->hash_known) {
        uint64_t sum = 0;
        Value key;
        Hash hash;
        for (size_t position = 0; set_next_entry(s, &position, &key, &hash);) sum ^= shuffle_bits((uint64_t)hash);
        sum ^= ((uint64_t)s->count + 1) * 1927868237u;
        sum ^= (sum >> 11) ^ (sum >> 25);
        sum = sum * 69069u + 907133923u;
        s->hash = sum == UINT64_MAX ? 590923713 : (Hash)sum;
        s->hash_known = 1;
    }
    *out = s->hash;
    return true;
}

static Value set_repr_items(Vm *vm, Value self) {
    Set *s = value_set(self);
    if (s->count == 0) return str_format(vm, "%T()", self);
    List *items = list_from_iterable(vm, self);
    if (!items) return VALUE_ERROR;
    bool plain = value_type(vm, self) == TYPE(vm, SET);
    StrBuilder b;
    builder_init(&b, vm);
    if (!plain) {
        const char *name = value_type_name(vm, self);
        builder_add_utf8(&b, name, strlen(name));
        builder_add_char(&b, '(');
    }
    builder_add_char(&b, '{');
    bool going = true;
    for (size_t i = 0; going && i < items->count; i++) {
        if (i > 0) builder_add_ascii(&b, ", ", 2);
        going = sequence_add_repr(&b, items->items[i]);
    }
    release_object(vm, items);
    if (!going) return VALUE_ERROR;
    builder_add_ascii(&b, plain ? "}" : "})", plain ? 1 : 2);
    return builder_finish(&b);
}

static Value set_repr(Vm *vm, Value self) {
    int entered = vm_repr_enter(vm, value_object(self));
    if (entered < 0) return VALUE_ERROR;
    if (entered == 0) return str_format(vm, "%T(...)", self);
    Value result = set_repr_items(vm, self);
    vm_repr_leave(vm, value_object(self));
    return result;
}

static int64_t set_length(Vm *vm, Value self) {
    (void)vm;
    return value_set(self)->count;
}
static int set_contains_slot(Vm *vm, Value self, Value item) { return set_contains(vm, value_set(self), item); }

/* --- making --- */

static Value set_new_instance(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    (void)args, (void)nargs, (void)kwnames;
    Set *s = set_new(vm, type);
    return s ? value_from_object(s) : VALUE_ERROR;
}

static bool set_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    if (kwnames && kwnames->count > 0) {
        error_type(vm, "set() takes no keyword arguments");
        return false;
    }
    if (nargs > 1) {
        error_type(vm, "%T expected at most 1 argument, got %d", self, nargs);
        return false;
    }
    set_clear(vm, value_set(self));
    return nargs == 0 || set_update(vm, value_set(self), args[0]);
}

/* frozenset(iterable) for the type or a subclass; VALUE_EMPTY: no items. */
static Value frozenset_make(Vm *vm, Type *type, Value iterable) {
    bool given = !value_is_empty(iterable);
    if (given && type == TYPE(vm, FROZENSET) && value_type(vm, iterable) == type) return value_retain(iterable);
    Set *s = given ? set_from_iterable(vm, type, iterable) : set_new(vm, type);
    return s ? value_from_object(s) : VALUE_ERROR;
}

/* A subclass with an __init__ of its own may be called with keywords. */
static Value frozenset_new_instance(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    if (kwnames && kwnames->count > 0 && type->slots.init == TYPE(vm, FROZENSET)->slots.init)
        return error_type(vm, "frozenset() takes no keyword arguments");
    if (nargs > 1) return error_type(vm, "%N expected at most 1 argument, got %d", type, nargs);
    return frozenset_make(vm, type, nargs > 0 ? args[0] : VALUE_EMPTY);
}

/* --- methods that leave the set as it is --- */

static Value set_copy_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (value_type(vm, args[0]) == TYPE(vm, FROZENSET)) return value_retain(args[0]);
    return set_copy(vm, value_set(args[0]), result_type(vm, value_set(args[0])));
}

static Value set_union_method(Vm *vm, Value *args, int nargs) {
    Value result = set_copy(vm, value_set(args[0]), result_type(vm, value_set(args[0])));
    for (int i = 1; i < nargs && !value_is_error(result); i++) {
        if (value_same(args[i], args[0]) || set_update(vm, value_set(result), args[i])) continue;
        value_release(vm, result);
        return VALUE_ERROR;
    }
    return result;
}

static Value set_intersection_method(Vm *vm, Value *args, int nargs) {
    if (nargs == 1) return set_copy(vm, value_set(args[0]), result_type(vm, value_set(args[0])));
    Value result = value_retain(args[0]);
    for (int i = 1; i < nargs && !value_is_error(result); i++) {
        Value next = set_intersection(vm, value_set(result), args[i]);
        value_release(vm, result);
        result = next;
    }
    return result;
}

static Value set_difference_method(Vm *vm, Value *args, int nargs) {
    if (nargs == 1) return set_copy(vm, value_set(args[0]), result_type(vm, value_set(args[0])));
    Value result = set_difference(vm, value_set(args[0]), args[1]);
    for (int i = 2; i < nargs && !value_is_error(result); i++) {
        if (set_difference_update(vm, value_set(result), args[i])) continue;
        value_release(vm, result);
        return VALUE_ERROR;
    }
    return result;
}

static Value set_symmetric_difference_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return set_symmetric_difference(vm, value_set(args[0]), args[1]);
}

static Value set_isdisjoint_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return bool_or_error(set_is_disjoint(vm, value_set(args[0]), args[1]));
}

static Value set_issubset_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Set *s = value_set(args[0]);
    if (value_is_set(args[1])) return bool_or_error(set_is_subset(vm, s, value_set(args[1])));
    Value common = set_intersection(vm, s, args[1]);
    if (value_is_error(common)) return VALUE_ERROR;
    bool all = value_set(common)->count == s->count;
    value_release(vm, common);
    return value_from_bool(all);
}

static Value set_issuperset_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return bool_or_error(set_is_superset(vm, value_set(args[0]), args[1]));
}

static Value set_reduce_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    List *items = list_from_iterable(vm, args[0]);
    if (!items) return VALUE_ERROR;
    Value arguments = sequence_pack_take(vm, 1, value_from_object(items));
    if (value_is_error(arguments)) return VALUE_ERROR;
    Value state = value_call_method(vm, args[0], NAME(vm, __getstate__), NULL, 0);
    Value type = value_retain(value_from_object(value_type(vm, args[0])));
    return sequence_pack_take(vm, 3, type, arguments, state);
}

/* --- methods that change it --- */

static Value set_add_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return done_or_error(set_add(vm, value_set(args[0]), args[1]));
}

static Value set_discard_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return done_or_error(set_discard(vm, value_set(args[0]), args[1]) >= 0);
}

static Value set_remove_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int removed = set_discard(vm, value_set(args[0]), args[1]);
    return removed == 0 ? error_key(vm, args[1]) : done_or_error(removed > 0);
}

/* Goes on where the last pop ended: popping all items takes linear time. */
static Value set_pop_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Set *s = value_set(args[0]);
    if (s->count == 0) return error_raise(vm, EXC_KeyError, "pop from an empty set");
    size_t i = (size_t)s->hash & s->mask;
    while (!set_entry_live(&s->table[i])) i = i == s->mask ? 0 : i + 1;
    Value key = s->table[i].key;
    s->table[i] = (SetEntry){VALUE_ERROR, -1};
    s->count--;
    s->hash = (Hash)i + 1;
    return key;
}

static Value set_clear_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    set_clear(vm, value_set(args[0]));
    return VALUE_NONE;
}

static Value set_update_method(Vm *vm, Value *args, int nargs) {
    for (int i = 1; i < nargs; i++)
        if (!set_update(vm, value_set(args[0]), args[i])) return VALUE_ERROR;
    return VALUE_NONE;
}

static Value set_difference_update_method(Vm *vm, Value *args, int nargs) {
    for (int i = 1; i < nargs; i++)
        if (!set_difference_update(vm, value_set(args[0]), args[i])) return VALUE_ERROR;
    return VALUE_NONE;
}

static Value set_intersection_update_method(Vm *vm, Value *args, int nargs) {
    Value common = set_intersection_method(vm, args, nargs);
    if (value_is_error(common)) return VALUE_ERROR;
    set_swap(vm, value_set(args[0]), value_set(common));
    value_release(vm, common);
    return VALUE_NONE;
}

static Value set_symmetric_difference_update_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return done_or_error(set_symmetric_difference_update(vm, value_set(args[0]), args[1]));
}

/* clang-format off */
#define COMMON_METHODS \
    {"copy", set_copy_method, "($self, /)", "A new set of the same items.", NATIVE_METHOD}, \
    {"union", set_union_method, "($self, /, *others)", "The items that are in any of them.", NATIVE_METHOD}, \
    {"intersection", set_intersection_method, "($self, /, *others)", "The items that are in all of them.", NATIVE_METHOD}, \
    {"difference", set_difference_method, "($self, /, *others)", "The items that are in none of the others.", NATIVE_METHOD}, \
    {"symmetric_difference", set_symmetric_difference_method, "($self, other, /)", "The items that are in just one of the two.", NATIVE_METHOD}, \
    {"isdisjoint", set_isdisjoint_method, "($self, other, /)", "Whether they have no item in common.", NATIVE_METHOD}, \
    {"issubset", set_issubset_method, "($self, other, /)", "Whether the other has all items.", NATIVE_METHOD}, \
    {"issuperset", set_issuperset_method, "($self, other, /)", "Whether all items of the other are here.", NATIVE_METHOD}, \
    {"__reduce__", set_reduce_method, "($self, /)", NULL, NATIVE_METHOD}, \
    {"__class_getitem__", sequence_class_getitem, "($type, object, /)", "set[int] and the like.", NATIVE_CLASS_METHOD}, \
    {NULL, NULL, NULL, NULL, NATIVE_METHOD}
/* clang-format on */

static const NativeDef set_methods[] = {
    {"add", set_add_method, "($self, object, /)", "Adds the object, unless it is there already.", NATIVE_METHOD},
    {"discard", set_discard_method, "($self, object, /)", "Removes the object, if it is there.", NATIVE_METHOD},
    {"remove", set_remove_method, "($self, object, /)", "Removes the object; KeyError when it is not there.", NATIVE_METHOD},
    {"pop", set_pop_method, "($self, /)", "Removes any item and returns it.", NATIVE_METHOD},
    {"clear", set_clear_method, "($self, /)", "Removes all items.", NATIVE_METHOD},
    {"update", set_update_method, "($self, /, *others)", "Adds the items of the others.", NATIVE_METHOD},
    {"difference_update", set_difference_update_method, "($self, /, *others)", "Removes the items of the others.",
     NATIVE_METHOD},
    {"intersection_update", set_intersection_update_method, "($self, /, *others)", "Keeps the items that are in all of them.",
     NATIVE_METHOD},
    {"symmetric_difference_update", set_symmetric_difference_update_method, "($self, other, /)",
     "Keeps the items that are in just one of the two.", NATIVE_METHOD},
    COMMON_METHODS,
};
static const NativeDef frozenset_methods[] = {COMMON_METHODS};

/* --- the iterator --- */

typedef struct SetIterator {
    Object head;
    Set *set;       /* NULL at the end */
    uint32_t count; /* the set's count when it began; UINT32_MAX: it has changed, for good */
    uint32_t left;
    size_t position;
} SetIterator;

static Value set_iter(Vm *vm, Value self) {
    SetIterator *it = object_new(&vm->heap, TYPE(vm, SET_ITERATOR)->shape, sizeof(SetIterator));
    if (!it) return error_no_memory(vm);
    it->set = retain_object(value_object(self));
    it->count = it->left = it->set->count;
    it->position = 0;
    object_track(&vm->heap, &it->head);
    return value_from_object(it);
}

static void set_iterator_drop(Vm *vm, Object *self) {
    SetIterator *it = (SetIterator *)self;
    Set *s = it->set;
    it->set = NULL;
    release_object(vm, s);
}

static Value set_iterator_next(Vm *vm, Value self) {
    SetIterator *it = (SetIterator *)value_object(self);
    if (!it->set) return VALUE_EMPTY;
    if (it->count != it->set->count) {
        it->count = UINT32_MAX;
        return error_raise(vm, EXC_RuntimeError, "Set changed size during iteration");
    }
    Value item;
    if (set_next(it->set, &it->position, &item)) {
        it->left--;
        return value_retain(item);
    }
    set_iterator_drop(vm, &it->head);
    return VALUE_EMPTY;
}

static Value set_iterator_self(Vm *vm, Value self) {
    (void)vm;
    return value_retain(self);
}

static Value set_iterator_length_hint(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    SetIterator *it = (SetIterator *)value_object(args[0]);
    return value_from_small(it->set && it->count == it->set->count ? it->left : 0);
}

/* (iter, (list of what is left,)); the iterator itself does not move. */
static Value set_iterator_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    SetIterator *it = (SetIterator *)value_object(args[0]);
    List *rest;
    if (it->set) {
        Value copy = set_iter(vm, value_from_object(it->set));
        if (value_is_error(copy)) return VALUE_ERROR;
        SetIterator *c = (SetIterator *)value_object(copy);
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

static const NativeDef set_iterator_methods[] = {
    {"__length_hint__", set_iterator_length_hint, "($self, /)", "How many items are left.", NATIVE_METHOD},
    {"__reduce__", set_iterator_reduce, "($self, /)", NULL, NATIVE_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};

static size_t set_iterator_size(const Object *self) {
    (void)self;
    return sizeof(SetIterator);
}
static void set_iterator_visit(Object *self, VisitFn visit, void *arg) {
    SetIterator *it = (SetIterator *)self;
    if (it->set) visit(value_from_object(it->set), arg);
}

const TypeSpec set_iterator_spec = {
    .name = "set_iterator",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_NO_NEW | TYPE_FLAG_IMMUTABLE,
    .size = sizeof(SetIterator),
    .ops = {.size = set_iterator_size, .visit = set_iterator_visit, .clear = set_iterator_drop, .free = set_iterator_drop},
    .slots = {.iter = set_iterator_self, .next = set_iterator_next},
    .methods = set_iterator_methods,
};

/* --- memory management, types --- */

static size_t set_size(const Object *self) {
    (void)self;
    return sizeof(Set);
}
static void set_visit(Object *self, VisitFn visit, void *arg) {
    Value item;
    for (size_t position = 0; set_next((Set *)self, &position, &item);) visit(item, arg);
}
static void set_drop(Vm *vm, Object *self) { set_clear(vm, (Set *)self); }
static size_t set_extra_size(const Object *self) {
    const Set *s = (const Set *)self;
    return s->table ? ((size_t)s->mask + 1) * sizeof(SetEntry) : 0;
}

#define SET_OPS {.size = set_size, .visit = set_visit, .clear = set_drop, .free = set_drop, .extra_size = set_extra_size}
#define SET_OPERATORS \
    {[BINARY_SUB] = set_subtract_operator, [BINARY_AND] = set_and, [BINARY_OR] = set_or, [BINARY_XOR] = set_xor}

const TypeSpec set_spec = {
    .name = "set",
    .doc = "A mutable collection of distinct hashable items, in no order.",
    .layout = LAYOUT_SET,
    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_UNHASHABLE | TYPE_FLAG_WEAKREFS | TYPE_FLAG_MATCH_SELF | TYPE_FLAG_IMMUTABLE,
    .size = sizeof(Set),
    .ops = SET_OPS,
    .slots = {.repr = set_repr,
              .compare = set_compare,
              .iter = set_iter,
              .new_ = set_new_instance,
              .init = set_init,
              .binary = SET_OPERATORS,
              .inplace = {[BINARY_SUB] = set_inplace_subtract,
                          [BINARY_AND] = set_inplace_and,
                          [BINARY_OR] = set_inplace_or,
                          [BINARY_XOR] = set_inplace_xor},
              .length = set_length,
              .contains = set_contains_slot},
    .init = {.name = "set", .signature = "($self, iterable=(), /)"}, /* the slot makes it */
    .methods = set_methods,
};

const TypeSpec frozenset_spec = {
    .name = "frozenset",
    .doc = "An immutable, hashable collection of distinct hashable items, in no order.",
    .layout = LAYOUT_SET,
    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_WEAKREFS | TYPE_FLAG_MATCH_SELF | TYPE_FLAG_IMMUTABLE,
    .size = sizeof(Set),
    .ops = SET_OPS,
    .slots = {.repr = set_repr,
              .hash = frozenset_hash,
              .compare = set_compare,
              .iter = set_iter,
              .new_ = frozenset_new_instance,
              .binary = SET_OPERATORS,
              .length = set_length,
              .contains = set_contains_slot},
    .new_ = {.name = "frozenset", .signature = "($type, iterable=(), /)"}, /* the slot makes it */
    .methods = frozenset_methods,
};
