/* dict: compact and ordered. One block holds an index table (1, 2 or 4 bytes a slot, open addressing) and an array of entries
 * in order of insertion. While all keys are exact strs, entries are {key, value} and the hash is read from the key;
 * the first other key turns them into {key, value, hash}.
 *
 * `version` is renewed (vm->next_dict_version) whenever a key is added or removed or the block moves, but not when a value is
 * replaced; it is 0 while nobody has asked for it (dict_watch), so that plain dicts pay nothing. Inline caches of
 * global names hold (version, offset of the value from `table`).
 */
#ifndef MINI_VM_TYPES_DICT_H
#define MINI_VM_TYPES_DICT_H

#include "vm/type.h"

typedef struct DictTable DictTable;

struct Dict {
    Object head;
    uint32_t count;   /* live entries */
    uint32_t version; /* 0: not watched */
    DictTable *table; /* NULL: empty, nothing allocated */
};

static inline bool value_is_dict(Value v) { return value_has_layout(v, LAYOUT_DICT); }
static inline Dict *value_dict(Value v) { return (Dict *)value_object(v); }

Dict *dict_new(Vm *vm);
Dict *dict_new_sized(Vm *vm, size_t count);
Dict *dict_copy(Vm *vm, Dict *d);

/* --- exact string keys: no script code runs, no error --- */
Value dict_peek_str(Vm *vm, Dict *d, Str *key); /* borrowed; VALUE_EMPTY when absent */
bool dict_set_str(Vm *vm, Dict *d, Str *key, Value value);
bool dict_delete_str(Vm *vm, Dict *d, Str *key); /* false: was absent (no exception) */
bool dict_set_ascii(Vm *vm, Dict *d, const char *key, Value value);
Value dict_peek_ascii(Vm *vm, Dict *d, const char *key);
/* Starts watching; the current version. */
uint32_t dict_watch(Vm *vm, Dict *d);
/* Byte offset from (char *)d->table of the value of `key`, or 0 when absent. */
uint32_t dict_value_offset(Vm *vm, Dict *d, Str *key);
static inline Value *dict_value_at(const Dict *d, uint32_t offset) { return (Value *)((char *)d->table + offset); }

/* --- any keys: __hash__ and __eq__ may run --- */
/* New reference in *out, VALUE_EMPTY when absent. false: an exception is pending. */
bool dict_find(Vm *vm, Dict *d, Value key, Value *out);
Value dict_get(Vm *vm, Dict *d, Value key); /* new; KeyError when absent; no __missing__ */
bool dict_set(Vm *vm, Dict *d, Value key, Value value);
/* 1 deleted, 0 absent, -1 error. */
int dict_delete(Vm *vm, Dict *d, Value key);
int dict_contains(Vm *vm, Dict *d, Value key);
/* dict.setdefault: new reference. */
Value dict_set_default(Vm *vm, Dict *d, Value key, Value value);
/* dict.update(other): mapping or iterable of pairs. */
bool dict_update(Vm *vm, Dict *d, Value other);
bool dict_merge(Vm *vm, Dict *d, Value mapping, bool replace);
void dict_clear(Vm *vm, Dict *d);

/* Iteration: *position starts at 0; false at the end. Key and value borrowed. The dict must not grow or shrink meanwhile. */
bool dict_next(const Dict *d, size_t *position, Value *key, Value *value);
Value dict_keys_list(Vm *vm, Dict *d); /* a List */
/* d[key] as scripts see it: __missing__ of a subclass is called. */
Value dict_subscript(Vm *vm, Value dict, Value key);
/* Room for `count` entries in all, in an empty dict. */
bool dict_reserve(Vm *vm, Dict *d, size_t count);

/* Views (keys(), values(), items()) and their iterators; the type tells which. */
typedef struct DictView {
    Object head;
    Dict *dict;
} DictView;

typedef struct DictIterator {
    Object head;
    Dict *dict;      /* NULL at the end */
    uint32_t count;  /* the dict's count when it began; UINT32_MAX: it has changed, for good */
    uint32_t left;   /* entries not yet given */
    size_t position; /* for dict_next; backwards: entries in front of the next one, + 1; 0: done */
    Value pair;      /* items: the last tuple, used again when nobody holds it; VALUE_EMPTY */
} DictIterator;
Value dict_view_new(Vm *vm, Type *type, Dict *d);     /* TYPE(vm, DICT_KEYS), DICT_VALUES, DICT_ITEMS */
Value dict_iterator_new(Vm *vm, Type *type, Dict *d); /* TYPE(vm, DICT_KEY_ITERATOR) ... DICT_REVERSE_ITEM_ITERATOR */

#endif
