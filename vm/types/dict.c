/* dict: the functions that C code calls (dict.h), on the table of dict_table.c. Methods and operators are in
 * dict_methods.c, views in dict_views.c.
 *
 * Invariants: table is NULL if and only if nothing has been stored since the dict was made or cleared. A dict is tracked when
 * it has held something that can be part of a cycle.
 */
#include "vm/types/dict.h"

#include "vm/types/dict_table.h"
#include "vm/types/function.h"
#include "vm/types/list.h"
#include "vm/types/tuple.h"

/* --- making --- */

Dict *dict_alloc(Vm *vm, Type *type) {
    Dict *d = container_alloc(vm, type, sizeof(Dict));
    if (!d) return NULL;
    d->count = d->version = 0;
    d->table = NULL;
    container_ready(vm, d, type);
    return d;
}

Dict *dict_new(Vm *vm) { return dict_alloc(vm, TYPE(vm, DICT)); }

bool dict_reserve(Vm *vm, Dict *d, size_t count) {
    if (count <= table_capacity(DICT_LOG2_MIN) || d->table) return true;
    return dict_resize(vm, d, dict_log2_for_count(count), false);
}

Dict *dict_new_sized(Vm *vm, size_t count) {
    Dict *d = dict_new(vm);
    if (d && !dict_reserve(vm, d, count)) {
        release_object(vm, d);
        return NULL;
    }
    return d;
}

/* d, which is empty, takes over a copy of the other's table. */
static bool dict_clone_table(Vm *vm, Dict *d, const Dict *other) {
    DictTable *t = table_clone(vm, other->table);
    if (!t) return false;
    DictTable *old = d->table;
    d->table = t;
    d->count = other->count;
    if (object_is_tracked(&other->head)) object_track(&vm->heap, &d->head);
    dict_touch(vm, d);
    table_free(vm, old);
    return true;
}

/* Whether iterating over the mapping gives the table's keys: not when a subclass has its own __iter__. */
static bool is_plain_dict(Vm *vm, Value v) {
    return value_is_dict(v) && value_type(vm, v)->slots.iter == TYPE(vm, DICT)->slots.iter;
}

Dict *dict_copy(Vm *vm, Dict *d) {
    Dict *copy = dict_new(vm);
    if (!copy || d->count == 0) return copy;
    Value source = value_from_object(d);
    bool dense = d->count >= (uint64_t)d->table->used * 2 / 3 && is_plain_dict(vm, source);
    if (dense ? dict_clone_table(vm, copy, d) : dict_merge(vm, copy, source, true)) return copy;
    release_object(vm, copy);
    return NULL;
}

/* --- exact string keys --- */

Value dict_peek_str(Vm *vm, Dict *d, Str *key) {
    uint32_t entry = dict_lookup_str(vm, d, key);
    return entry == ENTRY_NONE ? VALUE_EMPTY : table_entry(d->table, entry)->value;
}

bool dict_set_str(Vm *vm, Dict *d, Str *key, Value value) {
    uint32_t entry = dict_lookup_str(vm, d, key);
    if (entry == ENTRY_NONE) return dict_insert(vm, d, value_from_object(key), (Hash)str_hash_known(vm, key), value);
    if (!object_is_tracked(&d->head)) container_note(vm, d, value);
    value_replace_take(vm, &table_entry(d->table, entry)->value, value_retain(value));
    return true;
}

static void dict_delete_entry(Vm *vm, Dict *d, uint32_t entry) {
    Value key, value;
    dict_take_entry(vm, d, entry, &key, &value);
    value_release(vm, key);
    value_release(vm, value);
}

bool dict_delete_str(Vm *vm, Dict *d, Str *key) {
    uint32_t entry = dict_lookup_str(vm, d, key);
    if (entry == ENTRY_NONE) return false;
    dict_delete_entry(vm, d, entry);
    return true;
}

bool dict_set_ascii(Vm *vm, Dict *d, const char *key, Value value) {
    Str *s = str_intern(vm, key, strlen(key));
    if (!s) return false;
    bool done = dict_set_str(vm, d, s, value);
    release_object(vm, s);
    return done;
}

Value dict_peek_ascii(Vm *vm, Dict *d, const char *key) {
    Str *s = str_from_ascii(vm, key);
    if (!s) {
        error_clear(vm);
        return VALUE_EMPTY;
    }
    Value value = dict_peek_str(vm, d, s);
    release_object(vm, s);
    return value;
}

uint32_t dict_watch(Vm *vm, Dict *d) {
    if (!d->version) {
        d->version = 1;
        dict_touch(vm, d);
    }
    return d->version;
}

uint32_t dict_value_offset(Vm *vm, Dict *d, Str *key) {
    uint32_t entry = dict_lookup_str(vm, d, key);
    if (entry == ENTRY_NONE) return 0;
    size_t offset = (size_t)((char *)&table_entry(d->table, entry)->value - (char *)d->table);
    return offset <= UINT32_MAX ? (uint32_t)offset : 0;
}

/* --- any keys --- */

bool dict_find(Vm *vm, Dict *d, Value key, Value *out) {
    Hash hash;
    *out = VALUE_EMPTY;
    if (!key_hash(vm, key, &hash)) return false;
    uint32_t entry = dict_lookup(vm, d, key, hash);
    if (entry == ENTRY_ERROR) return false;
    if (entry != ENTRY_NONE) *out = value_retain(table_entry(d->table, entry)->value);
    return true;
}

Value dict_get(Vm *vm, Dict *d, Value key) {
    Value value;
    if (!dict_find(vm, d, key, &value)) return VALUE_ERROR;
    return value_is_empty(value) ? error_key(vm, key) : value;
}

Value dict_subscript(Vm *vm, Value dict, Value key) {
    Value value;
    if (!dict_find(vm, value_dict(dict), key, &value)) return VALUE_ERROR;
    if (!value_is_empty(value)) return value;
    if (value_object(dict)->shape->exact) return error_key(vm, key);
    Value missing = value_special(vm, dict, NAME(vm, __missing__));
    if (value_is_error(missing)) return VALUE_ERROR;
    if (value_is_empty(missing)) return error_key(vm, key);
    value = value_call1(vm, missing, key);
    value_release(vm, missing);
    return value;
}

bool dict_set(Vm *vm, Dict *d, Value key, Value value) {
    Hash hash;
    return key_hash(vm, key, &hash) && dict_set_hashed(vm, d, key, hash, value);
}

int dict_delete(Vm *vm, Dict *d, Value key) {
    Hash hash;
    if (!key_hash(vm, key, &hash)) return -1;
    uint32_t entry = dict_lookup(vm, d, key, hash);
    if (entry == ENTRY_ERROR) return -1;
    if (entry == ENTRY_NONE) return 0;
    dict_delete_entry(vm, d, entry);
    return 1;
}

int dict_contains(Vm *vm, Dict *d, Value key) {
    Hash hash;
    if (!key_hash(vm, key, &hash)) return -1;
    uint32_t entry = dict_lookup(vm, d, key, hash);
    return entry == ENTRY_ERROR ? -1 : entry != ENTRY_NONE;
}

Value dict_set_default(Vm *vm, Dict *d, Value key, Value value) {
    Hash hash;
    if (!key_hash(vm, key, &hash)) return VALUE_ERROR;
    uint32_t entry = dict_lookup(vm, d, key, hash);
    if (entry == ENTRY_ERROR) return VALUE_ERROR;
    if (entry != ENTRY_NONE) return value_retain(table_entry(d->table, entry)->value);
    return dict_insert(vm, d, key, hash, value) ? value_retain(value) : VALUE_ERROR;
}

void dict_clear(Vm *vm, Dict *d) { dict_drop_table(vm, d); }

bool dict_next(const Dict *d, size_t *position, Value *key, Value *value) {
    const DictTable *t = d->table;
    if (!t) return false;
    for (size_t i = *position; i < t->used; i++) {
        const DictEntry *e = table_entry(t, (uint32_t)i);
        if (value_is_empty(e->key)) continue;
        *position = i + 1;
        *key = e->key;
        *value = e->value;
        return true;
    }
    *position = t->used;
    return false;
}

Value dict_keys_list(Vm *vm, Dict *d) {
    List *l = list_new(vm, d->count);
    if (!l) return VALUE_ERROR;
    Value key, value;
    for (size_t position = 0; dict_next(d, &position, &key, &value);) {
        if (list_append(vm, l, key)) continue;
        release_object(vm, l);
        return VALUE_ERROR;
    }
    return value_from_object(l);
}

/* --- merging --- */

static bool dict_merge_entry(Vm *vm, Dict *d, Value key, Hash hash, Value value, bool replace) {
    if (replace) return dict_set_hashed(vm, d, key, hash, value);
    uint32_t entry = dict_lookup(vm, d, key, hash);
    if (entry == ENTRY_NONE) return dict_insert(vm, d, key, hash, value);
    return entry != ENTRY_ERROR;
}

static bool dict_merge_entries(Vm *vm, Dict *d, Dict *other, bool replace) {
    Value key, value;
    Hash hash;
    for (size_t position = 0; dict_next_entry(vm, other, &position, &key, &value, &hash);) {
        uint32_t used = other->table->used;
        value_retain(key);
        value_retain(value);
        bool done = dict_merge_entry(vm, d, key, hash, value, replace);
        value_release(vm, key);
        value_release(vm, value);
        if (!done) return false;
        if (!other->table || other->table->used != used) {
            error_raise(vm, EXC_RuntimeError, "dict mutated during update");
            return false;
        }
    }
    return true;
}

static bool dict_merge_dict(Vm *vm, Dict *d, Dict *other, bool replace) {
    if (d == other || other->count == 0) return true;
    const DictTable *t = other->table;
    if (d->count == 0) {
        replace = true;
        bool tight = t->log2_size == DICT_LOG2_MIN || table_capacity(t->log2_size - 1) < other->count;
        if (other->count == t->used && tight) return dict_clone_table(vm, d, other);
    }
    if (table_capacity(d->table ? d->table->log2_size : 0) < other->count) {
        bool general = t->general || (d->table && d->table->general);
        size_t count = (size_t)d->count + other->count;
        if (!dict_resize(vm, d, dict_log2_for_count(count), general)) return false;
    }
    return dict_merge_entries(vm, d, other, replace);
}

/* One key of a mapping that is not a plain dict. */
static bool dict_merge_key(Vm *vm, Dict *d, Value mapping, Value key, bool replace) {
    if (!replace) {
        int present = dict_contains(vm, d, key);
        if (present != 0) return present > 0;
    }
    Value value = value_get_item(vm, mapping, key);
    if (value_is_error(value)) return false;
    bool done = dict_set(vm, d, key, value);
    value_release(vm, value);
    return done;
}

bool dict_merge(Vm *vm, Dict *d, Value mapping, bool replace) {
    if (is_plain_dict(vm, mapping)) return dict_merge_dict(vm, d, value_dict(mapping), replace);
    Value keys = value_call_method(vm, mapping, NAME(vm, keys), NULL, 0);
    if (value_is_error(keys)) return false;
    Value iterator = value_iter(vm, keys);
    value_release(vm, keys);
    if (value_is_error(iterator)) return false;
    bool done = false;
    for (;;) {
        Value key = value_next(vm, iterator);
        done = value_is_empty(key);
        if (done || value_is_error(key)) break;
        bool merged = dict_merge_key(vm, d, mapping, key, replace);
        value_release(vm, key);
        if (!merged) break;
    }
    value_release(vm, iterator);
    return done;
}

/* Element number `index` of an iterable of pairs. */
static bool dict_merge_pair(Vm *vm, Dict *d, Value element, int64_t index) {
    Value pair = sequence_fast(vm, element, "");
    if (value_is_error(pair)) {
        if (error_clear_if(vm, EXC_TypeError))
            error_type(vm, "cannot convert dictionary update sequence element #%lld to a sequence", (long long)index);
        return false;
    }
    size_t count;
    const Value *items = sequence_items(pair, &count);
    bool done = false;
    if (count == 2) {
        Value key = value_retain(items[0]), value = value_retain(items[1]);
        done = dict_set(vm, d, key, value);
        value_release(vm, key);
        value_release(vm, value);
    } else {
        error_value(vm, "dictionary update sequence element #%lld has length %zu; 2 is required", (long long)index, count);
    }
    value_release(vm, pair);
    return done;
}

static bool dict_merge_pairs(Vm *vm, Dict *d, Value pairs) {
    Value iterator = value_iter(vm, pairs);
    if (value_is_error(iterator)) return false;
    bool done = false;
    for (int64_t index = 0;; index++) {
        Value element = value_next(vm, iterator);
        done = value_is_empty(element);
        if (done || value_is_error(element)) break;
        bool merged = dict_merge_pair(vm, d, element, index);
        value_release(vm, element);
        if (!merged) break;
    }
    value_release(vm, iterator);
    return done;
}

bool dict_update(Vm *vm, Dict *d, Value other) {
    if (value_is_exact(other, LAYOUT_DICT)) return dict_merge(vm, d, other, true);
    Value keys = value_find_attr(vm, other, NAME(vm, keys));
    if (value_is_error(keys)) return false;
    if (value_is_empty(keys)) return dict_merge_pairs(vm, d, other);
    value_release(vm, keys);
    return dict_merge(vm, d, other, true);
}

/* --- comparing --- */

/* Whether b holds an equal value for the key: 1, 0, -1. key and value are kept alive by the caller. */
static int dict_entry_equal(Vm *vm, Dict *b, Value key, Hash hash, Value value) {
    uint32_t entry = dict_lookup(vm, b, key, hash);
    if (entry >= ENTRY_FREE) return entry == ENTRY_ERROR ? -1 : 0;
    Value other = value_retain(table_entry(b->table, entry)->value);
    int equal = value_equal(vm, value, other);
    value_release(vm, other);
    return equal;
}

int dict_equal(Vm *vm, Dict *a, Dict *b) {
    if (a->count != b->count) return 0;
    Value key, value;
    Hash hash;
    for (size_t position = 0; dict_next_entry(vm, a, &position, &key, &value, &hash);) {
        value_retain(key);
        value_retain(value);
        int equal = dict_entry_equal(vm, b, key, hash, value);
        value_release(vm, key);
        value_release(vm, value);
        if (equal <= 0) return equal;
    }
    return 1;
}
