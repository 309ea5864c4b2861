/* Bases: the linearisation (C3), which base gives the layout, the metaclass, lists of subclasses, assignment to __bases__. */
#include "vm/type.h"

#include <string.h>

#include "vm/attr.h"
#include "vm/ops.h"
#include "vm/types/descriptors.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/types/type_create.h"
#include "vm/vm.h"

static inline Type *type_of_item(Value v) { return (Type *)value_object(v); }
static inline bool is_type(Value v) { return value_has_layout(v, LAYOUT_TYPE); }

/* --- lists of subclasses --- */

static bool subclasses_reserve(Vm *vm, Type *base) {
    if (base->subclass_count < base->subclass_capacity) return true;
    uint32_t capacity = base->subclass_capacity ? base->subclass_capacity * 2 : 4;
    Type **list = heap_realloc(&vm->heap, base->subclass_list, base->subclass_capacity * sizeof(Type *), capacity * sizeof(Type *));
    if (!list) return error_no_memory(vm), false;
    base->subclass_list = list;
    base->subclass_capacity = capacity;
    return true;
}

bool subclasses_add(Vm *vm, Type *base, Type *type) {
    if (!subclasses_reserve(vm, base)) return false;
    base->subclass_list[base->subclass_count++] = type;
    return true;
}

void subclasses_remove(Type *base, Type *type) {
    for (uint32_t i = base->subclass_count; i-- > 0;) {
        if (base->subclass_list[i] != type) continue;
        memmove(&base->subclass_list[i], &base->subclass_list[i + 1], (base->subclass_count - i - 1) * sizeof(Type *));
        base->subclass_count--;
        return;
    }
}

/* --- C3 --- */

/* The sequences that are merged: the MROs of the bases, then the list of bases itself. */
typedef struct Merge {
    Tuple **lists;
    size_t *heads; /* by list: how many of its items are taken */
    size_t count;
} Merge;

static bool in_tail(const Merge *m, Value candidate) {
    for (size_t i = 0; i < m->count; i++)
        for (size_t k = m->heads[i] + 1; k < m->lists[i]->count; k++)
            if (value_same(m->lists[i]->items[k], candidate)) return true;
    return false;
}

/* The next class of the linearisation; VALUE_EMPTY at the end, VALUE_ERROR where no order fits. */
static Value merge_next(Merge *m) {
    bool any = false;
    for (size_t i = 0; i < m->count; i++) {
        if (m->heads[i] >= m->lists[i]->count) continue;
        any = true;
        Value candidate = m->lists[i]->items[m->heads[i]];
        if (in_tail(m, candidate)) continue;
        for (size_t k = 0; k < m->count; k++)
            if (m->heads[k] < m->lists[k]->count && value_same(m->lists[k]->items[m->heads[k]], candidate)) m->heads[k]++;
        return candidate;
    }
    return any ? VALUE_ERROR : VALUE_EMPTY;
}

static Value error_no_order(Vm *vm, const Merge *m) {
    StrBuilder b;
    builder_init(&b, vm);
    size_t named = 0;
    for (size_t i = 0; i < m->count; i++) {
        if (m->heads[i] >= m->lists[i]->count) continue;
        Value head = m->lists[i]->items[m->heads[i]];
        bool seen = false;
        for (size_t k = 0; k < i && !seen; k++)
            seen = m->heads[k] < m->lists[k]->count && value_same(m->lists[k]->items[m->heads[k]], head);
        if (seen) continue;
        if (named++) builder_add_ascii(&b, ", ", 2);
        builder_add_value(&b, type_of_item(head)->name);
    }
    Value names = builder_finish(&b);
    if (value_is_error(names)) return VALUE_ERROR;
    error_type(vm, "Cannot create a consistent method resolution order (MRO) for bases %S", names);
    value_release(vm, names);
    return VALUE_ERROR;
}

static Value merge_all(Vm *vm, Type *type, Merge *m) {
    List *mro = list_new(vm, 8);
    if (!mro) return VALUE_ERROR;
    Value item = value_from_object(type);
    while (!value_is_empty(item)) {
        bool failed = value_is_error(item);
        if (failed) error_no_order(vm, m);
        if (failed || !list_append(vm, mro, item)) {
            release_object(vm, mro);
            return VALUE_ERROR;
        }
        item = merge_next(m);
    }
    Value result = list_to_tuple(vm, mro);
    release_object(vm, mro);
    return result;
}

static Value mro_single(Vm *vm, Type *type, Tuple *inherited) {
    Tuple *mro = tuple_new(vm, inherited->count + 1);
    if (!mro) return VALUE_ERROR;
    mro->items[0] = value_retain(value_from_object(type));
    for (size_t i = 0; i < inherited->count; i++) mro->items[i + 1] = value_retain(inherited->items[i]);
    tuple_track(vm, mro);
    return value_from_object(mro);
}

Value type_default_mro(Vm *vm, Type *type) {
    Tuple *bases = value_tuple(type->bases);
    size_t n = bases->count;
    for (size_t i = 0; i < n; i++) {
        Type *base = type_of_item(bases->items[i]);
        if (value_is_empty(base->mro)) return error_type(vm, "Cannot extend an incomplete type '%N'", base);
        for (size_t k = 0; k < i; k++)
            if (value_same(bases->items[i], bases->items[k])) return error_type(vm, "duplicate base class %N", base);
    }
    if (n == 1) return mro_single(vm, type, value_tuple(type_of_item(bases->items[0])->mro));
    size_t size = (n + 1) * (sizeof(Tuple *) + sizeof(size_t));
    char *block = heap_alloc(&vm->heap, size);
    if (!block) return error_no_memory(vm);
    Merge m = {.lists = (Tuple **)block, .heads = (size_t *)(block + (n + 1) * sizeof(Tuple *)), .count = n + 1};
    for (size_t i = 0; i <= n; i++) {
        m.lists[i] = i < n ? value_tuple(type_of_item(bases->items[i])->mro) : bases;
        m.heads[i] = 0;
    }
    Value result = merge_all(vm, type, &m);
    heap_free(&vm->heap, block, size);
    return result;
}

static bool check_mro(Vm *vm, Type *type, Tuple *mro) {
    Type *solid = type_solid_base(type);
    for (size_t i = 0; i < mro->count; i++) {
        if (!is_type(mro->items[i])) {
            error_type(vm, "mro() returned a non-class ('%T')", mro->items[i]);
            return false;
        }
        Type *t = type_of_item(mro->items[i]);
        if (type_is_subtype(solid, type_solid_base(t))) continue;
        error_type(vm, "mro() returned base with unsuitable layout ('%N')", t);
        return false;
    }
    return true;
}

Value type_compute_mro(Vm *vm, Type *type) {
    Type *meta = type->head.shape->type;
    if (meta == TYPE(vm, TYPE)) return type_default_mro(vm, type);
    Value method = type_lookup_peek(vm, meta, NAME(vm, mro));
    Value standard = type_lookup_peek(vm, TYPE(vm, TYPE), NAME(vm, mro));
    if (value_same(method, standard)) return type_default_mro(vm, type);
    Value self = value_from_object(type), result = call_found(vm, method, &self, 1);
    if (value_is_error(result)) return VALUE_ERROR;
    Value mro = tuple_from_iterable(vm, result);
    value_release(vm, result);
    if (value_is_error(mro) || check_mro(vm, type, value_tuple(mro))) return mro;
    value_release(vm, mro);
    return VALUE_ERROR;
}

/* --- layouts --- */

static bool adds_layout(const Type *type) {
    const Type *base = type->base;
    if (!base) return true;
    if (type->flags & TYPE_FLAG_HEAP) return type->slot_names_count > base->slot_names_count;
    return type->spec->size != base->spec->size || type->spec->layout != base->spec->layout;
}

Type *type_solid_base(Type *type) {
    while (!adds_layout(type)) type = type->base;
    return type;
}

Type *type_best_base(Vm *vm, Tuple *bases) {
    Type *winner = NULL, *best = NULL;
    for (size_t i = 0; i < bases->count; i++) {
        if (!is_type(bases->items[i])) return error_type(vm, "bases must be types"), NULL;
        Type *base = type_of_item(bases->items[i]);
        if (value_is_empty(base->mro)) return error_type(vm, "Cannot extend an incomplete type '%N'", base), NULL;
        if (!(base->flags & TYPE_FLAG_BASETYPE)) return error_type(vm, "type '%N' is not an acceptable base type", base), NULL;
        Type *solid = type_solid_base(base);
        if (!winner || (solid != winner && type_is_subtype(solid, winner))) {
            winner = solid;
            best = base;
        } else if (!type_is_subtype(winner, solid)) {
            return error_type(vm, "multiple bases have instance lay-out conflict"), NULL;
        }
    }
    return best;
}

#define LAYOUT_FLAGS (TYPE_FLAG_HAS_DICT | TYPE_FLAG_WEAKREFS)

/* Whether CPython would have the collector track instances: it tells such types apart. */
static bool is_collected(const Type *type) { return type->flags & TYPE_FLAG_HEAP || type->spec->ops.visit; }

static bool adds_nothing(const Type *type) {
    const Type *base = type->base;
    if (!base || adds_layout(type)) return false;
    return !((type->flags ^ base->flags) & LAYOUT_FLAGS) && is_collected(type) == is_collected(base);
}

static bool same_members_added(const Type *a, const Type *b) {
    if ((a->flags ^ b->flags) & LAYOUT_FLAGS || a->slot_names_count != b->slot_names_count || a->spec != b->spec) return false;
    if (!(a->flags & b->flags & TYPE_FLAG_HEAP) || value_is_empty(a->member_names) != value_is_empty(b->member_names)) return false;
    if (value_is_empty(a->member_names)) return true;
    const Tuple *x = value_tuple(a->member_names), *y = value_tuple(b->member_names);
    for (size_t i = 0; i < x->count; i++)
        if (i >= y->count || !value_same(x->items[i], y->items[i])) return false;
    return x->count == y->count;
}

bool type_check_layout(Vm *vm, Type *old, Type *new, const char *attribute) {
    if (is_collected(old) != is_collected(new)) {
        error_type(vm, "%s assignment: '%N' deallocator differs from '%N'", attribute, new, old);
        return false;
    }
    Type *a = new, *b = old;
    while (adds_nothing(a)) a = a->base;
    while (adds_nothing(b)) b = b->base;
    if (a == b || (a->base == b->base && same_members_added(a, b))) return true;
    error_type(vm, "%s assignment: '%N' object layout differs from '%N'", attribute, new, old);
    return false;
}

/* --- metaclass, __mro_entries__ --- */

Type *type_calculate_metaclass(Vm *vm, Type *metatype, Tuple *bases) {
    Type *winner = metatype;
    for (size_t i = 0; i < bases->count; i++) {
        Type *t = value_type(vm, bases->items[i]);
        if (type_is_subtype(winner, t)) continue;
        if (!type_is_subtype(t, winner)) {
            error_type(vm, "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the metaclasses of all "
                           "its bases");
            return NULL;
        }
        winner = t;
    }
    return winner;
}

/* Appends what stands for `base` in the list of bases. */
static bool add_resolved(Vm *vm, List *out, Value base, Tuple *bases) {
    if (is_type(base)) return list_append(vm, out, base);
    Value method = value_find_attr(vm, base, NAME(vm, __mro_entries__));
    if (value_is_error(method)) return false;
    if (value_is_empty(method)) return list_append(vm, out, base);
    Value entries = value_call1(vm, method, value_from_object(bases));
    value_release(vm, method);
    if (value_is_error(entries)) return false;
    bool ok = value_is_tuple(entries);
    if (!ok) error_type(vm, "__mro_entries__ must return a tuple");
    for (size_t i = 0; ok && i < value_tuple(entries)->count; i++) ok = list_append(vm, out, value_tuple(entries)->items[i]);
    value_release(vm, entries);
    return ok;
}

Value type_resolve_bases(Vm *vm, Tuple *bases) {
    size_t i = 0;
    while (i < bases->count && is_type(bases->items[i])) i++;
    if (i == bases->count) return value_retain(value_from_object(bases));
    List *out = list_new(vm, bases->count);
    if (!out) return VALUE_ERROR;
    bool ok = true;
    for (i = 0; ok && i < bases->count; i++) ok = add_resolved(vm, out, bases->items[i], bases);
    Value result = ok ? list_to_tuple(vm, out) : VALUE_ERROR;
    release_object(vm, out);
    return result;
}

/* --- other bases --- */

/* New MROs for the type and all its subclasses, noted in `saved` (type, new, old) so that a failure can be undone. A metaclass's mro()
 * may come back here and do the same: then its newer result stands. */
static bool renew_mro(Vm *vm, Type *type, List *saved) {
    Value old = value_retain(type->mro), mro = type_compute_mro(vm, type);
    bool overtaken = !value_same(type->mro, old), ok = !value_is_error(mro);
    if (ok && !overtaken) {
        ok = list_append(vm, saved, value_from_object(type)) && list_append(vm, saved, mro) && list_append(vm, saved, old);
        if (ok) {
            value_replace_take(vm, &type->mro, mro);
            mro = VALUE_EMPTY;
        }
    }
    value_release(vm, old);
    value_release(vm, mro);
    for (uint32_t i = 0; ok && !overtaken && i < type->subclass_count; i++) ok = renew_mro(vm, type->subclass_list[i], saved);
    return ok;
}

static void restore_mros(Vm *vm, List *saved) {
    for (size_t i = saved->count - saved->count % 3; i >= 3; i -= 3) {
        Type *type = type_of_item(saved->items[i - 3]);
        if (value_same(type->mro, saved->items[i - 2])) value_replace_take(vm, &type->mro, value_retain(saved->items[i - 1]));
    }
}

static void update_all_slots(Vm *vm, Type *type) {
    if (type->flags & TYPE_FLAG_HEAP) type_update_slots(vm, type, true);
    for (uint32_t i = 0; i < type->subclass_count; i++) update_all_slots(vm, type->subclass_list[i]);
}

static bool move_to_bases(Vm *vm, Type *type, Tuple *old, Tuple *new) {
    for (size_t i = 0; i < new->count; i++)
        if (!subclasses_reserve(vm, type_of_item(new->items[i]))) return false;
    for (size_t i = 0; i < old->count; i++) subclasses_remove(type_of_item(old->items[i]), type);
    for (size_t i = 0; i < new->count; i++) subclasses_add(vm, type_of_item(new->items[i]), type);
    return true;
}

bool type_set_bases(Vm *vm, Type *type, Tuple *bases) {
    Type *best = type_best_base(vm, bases), *old_base = type->base;
    List *saved = best ? list_new(vm, 4) : NULL;
    if (!saved) return false;
    Value old = type->bases, new = value_from_object(bases);
    type->bases = value_retain(new);
    type->base = retain_object(best);
    bool ok = renew_mro(vm, type, saved), current = value_same(type->bases, new);
    if (ok && current) ok = move_to_bases(vm, type, value_tuple(old), bases);
    type_changed(vm, type);
    if (!ok) restore_mros(vm, saved);
    if (ok && current) update_all_slots(vm, type);
    if (!ok && current) { /* back: what is released below are the new ones */
        type->bases = old;
        type->base = old_base;
        old = new;
        old_base = best;
    }
    value_release(vm, old);
    release_object(vm, old_base);
    release_object(vm, saved);
    return ok;
}
