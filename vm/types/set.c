/* The table of set and frozenset, and the algebra on it. Operators and methods are in set_methods.c.
 *
 * The order of iteration is the order of the slots, and scripts see it: so the probe sequence (linear stretches of ten, then
 * a jump that mixes in the hash), the moments and factors of growth, and the way each operation walks its operands
 * must stay CPython's.
 *
 * Invariants: table NULL stands for eight free slots; fill * 5 < mask * 3 after every change, so free slots end each
 * search; of the deleted slots (VALUE_ERROR, hash -1) on its path a new key takes the last one. Comparing keys can run script
 * code: searches notice that the table has changed, and start again.
 */
#include "vm/types/set.h"

#include "vm/types/dict_table.h"
#include "vm/types/key.h"

#define SET_MIN_SIZE 8u
#define LINEAR_PROBES 9
#define PERTURB_SHIFT 5
#define ENTRY_VACANT ((SetEntry){VALUE_EMPTY, 0})
#define ENTRY_DUMMY ((SetEntry){VALUE_ERROR, -1})

extern const TypeSpec frozenset_spec;

/* --- making --- */

Set *set_new(Vm *vm, Type *type) {
    Set *s = container_alloc(vm, type, sizeof(Set));
    if (!s) return NULL;
    s->count = s->fill = s->hash_known = 0;
    s->mask = SET_MIN_SIZE - 1;
    s->table = NULL;
    s->hash = 0;
    object_track(&vm->heap, &s->head);
    return s;
}

Set *set_from_iterable(Vm *vm, Type *type, Value iterable) {
    Set *s = set_new(vm, type);
    if (s && !set_update(vm, s, iterable)) {
        release_object(vm, s);
        return NULL;
    }
    return s;
}

Value set_copy(Vm *vm, Set *s, Type *type) {
    Set *copy = set_from_iterable(vm, type, value_from_object(s));
    return copy ? value_from_object(copy) : VALUE_ERROR;
}

/* What operations on s give: set or frozenset themselves, also for subclasses. */
static Type *set_result_type(Vm *vm, const Set *s) {
    return s->head.shape->type->spec == &frozenset_spec ? TYPE(vm, FROZENSET) : TYPE(vm, SET);
}

/* --- the table --- */

static SetEntry *set_table_new(Vm *vm, size_t size) {
    SetEntry *table = size <= UINT32_MAX / 2 ? heap_alloc(&vm->heap, size * sizeof(SetEntry)) : NULL;
    if (!table) {
        error_no_memory(vm);
        return NULL;
    }
    for (size_t i = 0; i < size; i++) table[i] = ENTRY_VACANT;
    return table;
}

static void set_table_free(Vm *vm, SetEntry *table, size_t size) {
    if (table) heap_free(&vm->heap, table, size * sizeof(SetEntry));
}

static bool set_has_table(Vm *vm, Set *s) {
    if (!s->table) s->table = set_table_new(vm, (size_t)s->mask + 1);
    return s->table != NULL;
}

/* Stores a key known to be absent in a table without deleted slots. */
static void table_add(SetEntry *table, size_t mask, Value key, Hash hash) {
    size_t perturb = (size_t)hash, i = perturb & mask;
    for (;;) {
        SetEntry *e = &table[i], *last = i + LINEAR_PROBES <= mask ? e + LINEAR_PROBES : e;
        for (; e <= last; e++) {
            if (!value_is_empty(e->key)) continue;
            *e = (SetEntry){key, hash};
            return;
        }
        perturb >>= PERTURB_SHIFT;
        i = (i * 5 + 1 + perturb) & mask;
    }
}

/* Rebuilds the table with more than `least` slots, without deleted ones. */
static bool set_resize(Vm *vm, Set *s, size_t least) {
    size_t size = SET_MIN_SIZE;
    while (size <= least) size <<= 1;
    if (size == SET_MIN_SIZE && s->mask == size - 1 && s->fill == s->count) return true;
    SetEntry *table = set_table_new(vm, size), *old = s->table;
    if (!table) return false;
    if (old)
        for (size_t i = 0; i <= s->mask; i++)
            if (set_entry_live(&old[i])) table_add(table, size - 1, old[i].key, old[i].hash);
    set_table_free(vm, old, (size_t)s->mask + 1);
    s->table = table;
    s->mask = (uint32_t)(size - 1);
    s->fill = s->count;
    return true;
}

static size_t set_grown(const Set *s) { return s->count > 50000 ? (size_t)s->count * 2 : (size_t)s->count * 4; }

/* Room at once for the items of another container, few of which are expected to be there already. */
static bool set_reserve(Vm *vm, Set *s, size_t more) {
    if (((size_t)s->fill + more) * 5 < (size_t)s->mask * 3) return true;
    return set_resize(vm, s, ((size_t)s->count + more) * 2);
}

/* Compares the key in a slot with `key`: 1, 0, -1: error, 2: the table has changed. */
static int set_compare_slot(Vm *vm, Set *s, size_t slot, Value key) {
    SetEntry *table = s->table;
    uint32_t mask = s->mask;
    Value other = table[slot].key;
    int equal = keys_equal_fast(other, key);
    if (equal >= 0) return equal;
    value_retain(other);
    equal = value_equal(vm, other, key);
    value_release(vm, other);
    if (equal < 0) return -1;
    return s->table == table && s->mask == mask && value_same(table[slot].key, other) ? equal : 2;
}

/* One walk along the key's path. 1: *slot has the key; 0: it is absent, *slot is where it would go; -1: error; 2: the table has
 * changed. */
static int set_walk(Vm *vm, Set *s, Value key, Hash hash, size_t *slot) {
    size_t mask = s->mask, perturb = (size_t)hash, i = perturb & mask, deleted = SIZE_MAX;
    for (;;) {
        size_t last = i + LINEAR_PROBES <= mask ? i + LINEAR_PROBES : i;
        for (size_t j = i; j <= last; j++) {
            SetEntry *e = &s->table[j];
            if (value_is_empty(e->key)) {
                *slot = deleted == SIZE_MAX ? j : deleted;
                return 0;
            }
            if (e->hash == -1) deleted = j; /* no key has this hash */
            if (e->hash != hash) continue;
            *slot = j;
            int equal = set_compare_slot(vm, s, j, key);
            if (equal != 0) return equal;
        }
        perturb >>= PERTURB_SHIFT;
        i = (i * 5 + 1 + perturb) & mask;
    }
}

static int set_find(Vm *vm, Set *s, Value key, Hash hash, size_t *slot) {
    int found = 0;
    do found = s->table ? set_walk(vm, s, key, hash, slot) : 0;
    while (found == 2);
    return found;
}

bool set_add_hashed(Vm *vm, Set *s, Value key, Hash hash) {
    size_t slot;
    if (!set_has_table(vm, s)) return false;
    int found = set_find(vm, s, key, hash, &slot);
    if (found != 0) return found > 0;
    if (!s->table) return set_add_hashed(vm, s, key, hash); /* a comparison has cleared the set */
    bool reused = s->table[slot].hash == -1;
    s->table[slot] = (SetEntry){value_retain(key), hash};
    s->count++;
    container_note(vm, s, key);
    if (reused) return true;
    s->fill++;
    if ((size_t)s->fill * 5 < (size_t)s->mask * 3 || set_resize(vm, s, set_grown(s))) return true;
    s->table[slot] = ENTRY_VACANT;
    s->fill--;
    s->count--;
    value_release(vm, key);
    return false;
}

int set_contains_hashed(Vm *vm, Set *s, Value key, Hash hash) {
    size_t slot;
    return set_find(vm, s, key, hash, &slot);
}

static int set_discard_hashed(Vm *vm, Set *s, Value key, Hash hash) {
    size_t slot;
    int found = set_find(vm, s, key, hash, &slot);
    if (found <= 0) return found;
    Value old = s->table[slot].key;
    s->table[slot] = ENTRY_DUMMY;
    s->count--;
    value_release(vm, old);
    return 1;
}

bool set_next_entry(const Set *s, size_t *position, Value *key, Hash *hash) {
    if (!s->table) return false;
    size_t i = *position;
    while (i <= s->mask && !set_entry_live(&s->table[i])) i++;
    *position = i + 1;
    if (i > s->mask) return false;
    *key = s->table[i].key;
    *hash = s->table[i].hash;
    return true;
}

bool set_next(const Set *s, size_t *position, Value *item) {
    Hash hash;
    return set_next_entry(s, position, item, &hash);
}

void set_clear(Vm *vm, Set *s) {
    SetEntry *table = s->table;
    size_t size = (size_t)s->mask + 1;
    s->table = NULL;
    s->count = s->fill = 0;
    s->mask = SET_MIN_SIZE - 1;
    if (!table) return;
    for (size_t i = 0; i < size; i++)
        if (set_entry_live(&table[i])) value_release(vm, table[i].key);
    set_table_free(vm, table, size);
}

void set_swap(Vm *vm, Set *a, Set *b) {
    Set old = *a;
    a->count = b->count, a->fill = b->fill, a->mask = b->mask, a->table = b->table;
    b->count = old.count, b->fill = old.fill, b->mask = old.mask, b->table = old.table;
    a->hash_known = b->hash_known = 0;
    if (object_is_tracked(&a->head)) object_track(&vm->heap, &b->head);
    if (object_is_tracked(&b->head)) object_track(&vm->heap, &a->head);
}

/* --- single items --- */

bool set_add(Vm *vm, Set *s, Value item) {
    Hash hash;
    return key_hash(vm, item, &hash) && set_add_hashed(vm, s, item, hash);
}

/* The hash of an item that is looked for. A set, which has none, stands for the frozenset of its items: *stand_in (new). */
static bool set_search_hash(Vm *vm, Value item, Hash *hash, Value *stand_in) {
    *stand_in = VALUE_EMPTY;
    if (key_hash(vm, item, hash)) return true;
    if (!value_is_set(item) || value_type(vm, item)->spec == &frozenset_spec || !error_clear_if(vm, EXC_TypeError)) return false;
    *stand_in = set_copy(vm, value_set(item), TYPE(vm, FROZENSET));
    if (value_is_error(*stand_in)) return false;
    return value_hash(vm, *stand_in, hash);
}

static int set_search(Vm *vm, Set *s, Value item, int (*act)(Vm *vm, Set *s, Value key, Hash hash)) {
    Hash hash;
    Value stand_in;
    int result = -1;
    if (set_search_hash(vm, item, &hash, &stand_in)) result = act(vm, s, value_is_empty(stand_in) ? item : stand_in, hash);
    value_release(vm, stand_in);
    return result;
}

int set_contains(Vm *vm, Set *s, Value item) { return set_search(vm, s, item, set_contains_hashed); }
int set_discard(Vm *vm, Set *s, Value item) { return set_search(vm, s, item, set_discard_hashed); }

/* --- walking any iterable with hashes --- */

typedef bool (*EntryFn)(Vm *vm, Set *s, Value key, Hash hash, void *arg);

static bool entry_do(Vm *vm, Set *s, Value key, Hash hash, EntryFn fn, void *arg) {
    value_retain(key);
    bool going = fn(vm, s, key, hash, arg);
    value_release(vm, key);
    return going;
}

static bool each_of_set(Vm *vm, Set *s, Set *other, EntryFn fn, void *arg) {
    Value key;
    Hash hash;
    for (size_t position = 0; set_next_entry(other, &position, &key, &hash);)
        if (!entry_do(vm, s, key, hash, fn, arg)) return false;
    return true;
}

static bool each_of_dict(Vm *vm, Set *s, Dict *other, EntryFn fn, void *arg) {
    Value key, value;
    Hash hash;
    for (size_t position = 0; dict_next_entry(vm, other, &position, &key, &value, &hash);)
        if (!entry_do(vm, s, key, hash, fn, arg)) return false;
    return true;
}

static bool each_of_iterable(Vm *vm, Set *s, Value iterable, EntryFn fn, void *arg) {
    Value iterator = value_iter(vm, iterable);
    if (value_is_error(iterator)) return false;
    bool going = true;
    while (going) {
        Value item = value_next(vm, iterator);
        if (value_is_empty(item)) break;
        Hash hash;
        going = !value_is_error(item) && key_hash(vm, item, &hash) && fn(vm, s, item, hash, arg);
        value_release(vm, item);
    }
    value_release(vm, iterator);
    return going;
}

/* Calls fn for each item (kept alive meanwhile) until it answers false. The hashes of sets and dicts are at hand. */
static bool each_entry(Vm *vm, Set *s, Value other, EntryFn fn, void *arg) {
    if (value_is_set(other)) return each_of_set(vm, s, value_set(other), fn, arg);
    if (value_is_exact(other, LAYOUT_DICT)) return each_of_dict(vm, s, value_dict(other), fn, arg);
    return each_of_iterable(vm, s, other, fn, arg);
}

static bool entry_add(Vm *vm, Set *s, Value key, Hash hash, void *arg) {
    (void)arg;
    return set_add_hashed(vm, s, key, hash);
}

/* --- union --- */

/* s is empty and as large as `other`, which has no deleted slots: its slots are copied as they are. */
static bool set_merge_same(Vm *vm, Set *s, const Set *other) {
    if (!set_has_table(vm, s)) return false;
    for (size_t i = 0; i <= other->mask; i++) {
        s->table[i] = other->table[i];
        value_retain(s->table[i].key);
    }
    s->fill = s->count = other->count;
    return true;
}

static bool set_merge_clean(Vm *vm, Set *s, const Set *other) {
    if (!set_has_table(vm, s)) return false;
    Value key;
    Hash hash;
    for (size_t position = 0; set_next_entry(other, &position, &key, &hash);)
        table_add(s->table, s->mask, value_retain(key), hash);
    s->fill = s->count = other->count;
    return true;
}

static bool set_merge(Vm *vm, Set *s, Set *other) {
    if (other == s || other->count == 0) return true;
    if (!set_reserve(vm, s, other->count)) return false;
    if (s->fill > 0) return each_of_set(vm, s, other, entry_add, NULL);
    if (object_is_tracked(&other->head)) object_track(&vm->heap, &s->head);
    return s->mask == other->mask && other->fill == other->count ? set_merge_same(vm, s, other) : set_merge_clean(vm, s, other);
}

bool set_update(Vm *vm, Set *s, Value iterable) {
    if (value_is_set(iterable)) return set_merge(vm, s, value_set(iterable));
    if (value_is_exact(iterable, LAYOUT_DICT) && !set_reserve(vm, s, value_dict(iterable)->count)) return false;
    return each_entry(vm, s, iterable, entry_add, NULL);
}

/* --- intersection --- */

static bool entry_add_if_in(Vm *vm, Set *s, Value key, Hash hash, void *arg) {
    int found = set_contains_hashed(vm, arg, key, hash);
    return found == 0 || (found > 0 && set_add_hashed(vm, s, key, hash));
}

Value set_intersection(Vm *vm, Set *s, Value other) {
    Type *type = set_result_type(vm, s);
    if (value_is_set(other) && value_set(other) == s) return set_copy(vm, s, type);
    Set *result = set_new(vm, type);
    if (!result) return VALUE_ERROR;
    bool done;
    if (value_is_set(other)) {
        Set *shorter = s, *longer = value_set(other);
        if (longer->count <= shorter->count) {
            shorter = longer;
            longer = s;
        }
        done = each_of_set(vm, result, shorter, entry_add_if_in, longer);
    } else {
        done = each_of_iterable(vm, result, other, entry_add_if_in, s);
    }
    if (done) return value_from_object(result);
    release_object(vm, result);
    return VALUE_ERROR;
}

/* --- difference --- */

static bool entry_discard(Vm *vm, Set *s, Value key, Hash hash, void *arg) {
    (void)arg;
    return set_discard_hashed(vm, s, key, hash) >= 0;
}

static bool set_subtract(Vm *vm, Set *s, Value other) {
    if (!value_is_set(other)) return each_of_iterable(vm, s, other, entry_discard, NULL);
    if (value_set(other)->count >> 3 <= s->count) return each_of_set(vm, s, value_set(other), entry_discard, NULL);
    Value common = set_intersection(vm, s, other);
    if (value_is_error(common)) return false;
    bool done = each_of_set(vm, s, value_set(common), entry_discard, NULL);
    value_release(vm, common);
    return done;
}

bool set_difference_update(Vm *vm, Set *s, Value other) {
    if (value_is_set(other) && value_set(other) == s) {
        set_clear(vm, s);
        return true;
    }
    if (!set_subtract(vm, s, other)) return false;
    if (s->fill - s->count <= s->mask / 4) return true;
    return set_resize(vm, s, set_grown(s));
}

static Value set_copy_and_subtract(Vm *vm, Set *s, Value other) {
    Value result = set_copy(vm, s, set_result_type(vm, s));
    if (value_is_error(result) || set_difference_update(vm, value_set(result), other)) return result;
    value_release(vm, result);
    return VALUE_ERROR;
}

static bool entry_add_unless_in_set(Vm *vm, Set *s, Value key, Hash hash, void *arg) {
    int found = set_contains_hashed(vm, arg, key, hash);
    return found > 0 || (found == 0 && set_add_hashed(vm, s, key, hash));
}

static bool entry_add_unless_in_dict(Vm *vm, Set *s, Value key, Hash hash, void *arg) {
    uint32_t entry = dict_lookup(vm, arg, key, hash);
    if (entry == ENTRY_ERROR) return false;
    return entry != ENTRY_NONE || set_add_hashed(vm, s, key, hash);
}

Value set_difference(Vm *vm, Set *s, Value other) {
    bool is_dict = value_is_exact(other, LAYOUT_DICT);
    if (!is_dict && !value_is_set(other)) return set_copy_and_subtract(vm, s, other);
    uint32_t other_count = is_dict ? value_dict(other)->count : value_set(other)->count;
    /* Much smaller than s: cheaper to copy s and look its items up. */
    if (s->count >> 2 > other_count) return set_copy_and_subtract(vm, s, other);
    Set *result = set_new(vm, set_result_type(vm, s));
    if (!result) return VALUE_ERROR;
    EntryFn add = is_dict ? entry_add_unless_in_dict : entry_add_unless_in_set;
    if (each_of_set(vm, result, s, add, value_object(other))) return value_from_object(result);
    release_object(vm, result);
    return VALUE_ERROR;
}

/* --- symmetric difference --- */

static bool entry_toggle(Vm *vm, Set *s, Value key, Hash hash, void *arg) {
    (void)arg;
    int removed = set_discard_hashed(vm, s, key, hash);
    return removed > 0 || (removed == 0 && set_add_hashed(vm, s, key, hash));
}

bool set_symmetric_difference_update(Vm *vm, Set *s, Value other) {
    if (value_is_set(other) && value_set(other) == s) {
        set_clear(vm, s);
        return true;
    }
    if (value_is_set(other)) return each_of_set(vm, s, value_set(other), entry_toggle, NULL);
    if (value_is_exact(other, LAYOUT_DICT)) return each_of_dict(vm, s, value_dict(other), entry_toggle, NULL);
    Set *items = set_from_iterable(vm, set_result_type(vm, s), other); /* each item counts once */
    if (!items) return false;
    bool done = each_of_set(vm, s, items, entry_toggle, NULL);
    release_object(vm, items);
    return done;
}

Value set_symmetric_difference(Vm *vm, Set *s, Value other) {
    Set *result = set_from_iterable(vm, set_result_type(vm, s), other);
    if (!result) return VALUE_ERROR;
    if (set_symmetric_difference_update(vm, result, value_from_object(s))) return value_from_object(result);
    release_object(vm, result);
    return VALUE_ERROR;
}

/* --- comparing --- */

typedef struct Search {
    Set *in;
    bool wanted; /* go on while this is the answer */
    int result;  /* 1: it was for all */
} Search;

static bool entry_search(Vm *vm, Set *s, Value key, Hash hash, void *arg) {
    (void)s;
    Search *search = arg;
    int found = set_contains_hashed(vm, search->in, key, hash);
    if (found < 0)
        search->result = -1;
    else if (found != search->wanted)
        search->result = 0;
    return search->result > 0;
}

int set_is_subset(Vm *vm, Set *a, Set *b) {
    if (a->count > b->count) return 0;
    Search search = {b, true, 1};
    each_of_set(vm, a, a, entry_search, &search);
    return search.result;
}

/* Looks the items of any iterable but a set up. */
static int set_search_iterable(Vm *vm, Set *s, Value iterable, bool wanted) {
    Search search = {s, wanted, 1};
    bool done = each_of_iterable(vm, s, iterable, entry_search, &search);
    return done || search.result == 0 ? search.result : -1;
}

int set_is_superset(Vm *vm, Set *s, Value other) {
    if (value_is_set(other)) return set_is_subset(vm, value_set(other), s);
    return set_search_iterable(vm, s, other, true);
}

int set_is_disjoint(Vm *vm, Set *s, Value other) {
    if (!value_is_set(other)) return set_search_iterable(vm, s, other, false);
    Set *o = value_set(other);
    if (o == s) return s->count == 0;
    Search search = {o->count > s->count ? o : s, false, 1};
    each_of_set(vm, s, o->count > s->count ? s : o, entry_search, &search);
    return search.result;
}
