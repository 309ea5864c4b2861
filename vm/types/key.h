/* Hashing and comparing the keys of dicts and sets without calls where that can be (private to dict*.c and set*.c). */
#ifndef MINI_VM_TYPES_KEY_H
#define MINI_VM_TYPES_KEY_H

#include "vm/types/sequence.h"

static inline bool value_is_exact_str(Value v) { return value_is_exact(v, LAYOUT_STR); }
static inline uint32_t str_hash_known(Vm *vm, Str *s) { return s->hash ? s->hash : str_hash(s, vm); }

/* hash(key). */
static inline bool key_hash(Vm *vm, Value key, Hash *out) {
    if (value_is_small(key)) {
        int64_t i = value_small(key);
        *out = i == -1 ? -2 : i;
        return true;
    }
    if (value_is_exact_str(key)) {
        *out = (Hash)str_hash_known(vm, value_str_peek(key));
        return true;
    }
    return value_hash(vm, key, out);
}

/* Two strs whose hashes are known. */
static inline bool str_keys_equal(const Str *a, const Str *b) {
    return a->hash == b->hash && a->length == b->length && a->width == b->width && !(a->interned && b->interned) &&
           memcmp(str_data(a), str_data(b), a->length * a->width) == 0;
}

/* Compares keys whose hashes are equal: 1, 0; -1: it takes value_equal, which may run script code. */
static inline int keys_equal_fast(Value a, Value b) {
    if (value_same(a, b)) return 1;
    if (value_are_small(a, b)) return 0;
    if (value_is_exact_str(a) && value_is_exact_str(b)) {
        const Str *x = value_str_peek(a), *y = value_str_peek(b);
        return x == y || str_keys_equal(x, y);
    }
    return -1;
}

#endif
