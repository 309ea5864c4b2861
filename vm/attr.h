/* Inline caches of attribute access: what an instruction may remember of `o.name`, and under which condition it holds.
 *
 * An AttrCache fills the five cache words of LOAD_ATTR, LOAD_METHOD and STORE_ATTR. It holds while the receiver is an object and
 *
 *     o->shape->id == cache->shape_id        (0 is never a shape's id: an empty cache never matches)
 *
 * since a shape vouches for the instance's attributes and for everything that its class and the bases hold; some kinds ask
 * for one more comparison, told at the kind. When the guard fails: the slow function (value_get_attr, value_get_method,
 * value_set_attr), and attr_cache_load / _method / _store to fill the cache anew (call it BEFORE the slow function: that
 * may run script code and change the object; for a store it tells the transition that the store is about to make).
 *
 * Values in a cache are borrowed: the guard vouches that the class still holds them. To add a kind: a row here, its fill in
 * vm/attr_cache.c, its handlers in vm/loop.c.
 */
#ifndef MINI_VM_ATTR_H
#define MINI_VM_ATTR_H

#include "vm/shape.h"
#include "vm/types/dict.h"

typedef enum AttrKind {
    ATTR_NONE, /* nothing to remember: always the slow function */

    /* --- loads from an instance --- */
    ATTR_SLOT,     /* value at byte `info` of the object (attribute or __slots__ member); VALUE_EMPTY there: slow function */
    ATTR_OVERFLOW, /* attr_overflow(o, info); never empty */
    ATTR_DICT,     /* attributes are in a dict: dict_peek_str(attr_dict(o, info), name); VALUE_EMPTY: slow function */
    ATTR_METHOD,   /* attr_cache_value: a function (TYPE_FLAG_METHOD_DESCRIPTOR) of the class; LOAD_METHOD: it and o;
                    * LOAD_ATTR: attr_bind(vm, it, o) */
    ATTR_CLASS_VALUE,  /* attr_cache_value: the result itself, found in the class */
    ATTR_CLASS_PLACE,  /* a class variable that scripts reassign: attr_cache_place; guard: its dict's version */
    ATTR_STATIC,       /* attr_cache_value is a staticmethod: attr_wrapped(it) is the result */
    ATTR_CLASS_METHOD, /* attr_cache_value is a classmethod: function attr_wrapped(it), self value_type(o) */
    ATTR_GETTER,       /* attr_cache_value is a property with a script Function in fget: call property_getter(it) with o */

    /* --- loads from a class (o is a Type). Guard besides the shape: ((Type *)o)->version == cache->version --- */
    ATTR_TYPE_VALUE,        /* attr_cache_value: the result itself */
    ATTR_TYPE_STATIC,       /* as ATTR_STATIC */
    ATTR_TYPE_CLASS_METHOD, /* function attr_wrapped(it), self o */
    /* Guard besides the shape: attr_cache_dict(cache) == ((Type *)o)->dict and that dict's version == cache->version */
    ATTR_TYPE_PLACE, /* attr_cache_place */

    /* --- loads from a module. Guard besides the shape: ((Module *)o)->dict->version == cache->version --- */
    ATTR_MODULE, /* *dict_value_at(module's dict, info) */

    /* --- stores --- */
    ATTR_STORE_SLOT,     /* replaces the value at byte `info` (may be VALUE_EMPTY before: a member) */
    ATTR_STORE_OVERFLOW, /* replaces attr_overflow_place(o, info) */
    ATTR_STORE_DICT,     /* dict_set_str(vm, attr_dict(o, info), name, value) */
    ATTR_ADD_SLOT,     /* o->shape = attr_cache_shape; then stores at byte `info`, which holds VALUE_EMPTY */
    ATTR_ADD_OVERFLOW, /* o->shape = attr_cache_shape; then stores at attr_overflow_place(o, info): room is there */
} AttrKind;

typedef struct AttrCache {
    uint32_t shape_id;
    uint32_t kind : 8, info : 24;
    uint32_t pointer_low, pointer_high; /* a Value, Shape * or Dict *, in halves: instruction words are 4-byte aligned */
    uint32_t version;
} AttrCache;

_Static_assert(sizeof(AttrCache) == 20, "an AttrCache is five instruction words");

static inline uint64_t attr_cache_bits(const AttrCache *cache) {
    return (uint64_t)cache->pointer_high << 32 | cache->pointer_low;
}
static inline Value attr_cache_value(const AttrCache *cache) { return (Value){attr_cache_bits(cache)}; }
static inline Shape *attr_cache_shape(const AttrCache *cache) { return (Shape *)(uintptr_t)attr_cache_bits(cache); }
static inline Dict *attr_cache_dict(const AttrCache *cache) { return (Dict *)(uintptr_t)attr_cache_bits(cache); }
/* ATTR_CLASS_PLACE, ATTR_TYPE_PLACE: where the value stands now; valid when attr_cache_dict's version == cache->version. */
static inline Value *attr_cache_place(const AttrCache *cache) {
    return dict_value_at(attr_cache_dict(cache), cache->info);
}

static inline Value *attr_slot(Object *o, uint32_t info) { return (Value *)((char *)o + info); }
/* info of overflow kinds: bits 0..11 index, 12..23 offset of the Attrs in the object. */
static inline Value *attr_overflow_place(Object *o, uint32_t info) {
    return (Value *)((Attrs *)((char *)o + (info >> 12)))->overflow + (info & 0xfff);
}
static inline Value attr_overflow(Object *o, uint32_t info) { return *attr_overflow_place(o, info); }
static inline Dict *attr_dict(Object *o, uint32_t info) { return (Dict *)((Attrs *)((char *)o + info))->overflow; }

/* The callable in a staticmethod or classmethod; borrowed. */
Value attr_wrapped(Value wrapper);
/* A property's fget; borrowed. A Function, if the property was cached. */
Value property_getter(Value property);
/* function.__get__(self): a bound method (or bound native function). New. */
Value attr_bind(Vm *vm, Value function, Value self);

/* What `v.name` would do now, told by the cache; no script code runs, nothing raises. kind is ATTR_NONE (and shape_id 0) where
 * it cannot be told. `name` must be interned. Kinds for LOAD_ATTR and LOAD_METHOD are the same. */
void attr_cache_load(Vm *vm, Value v, Str *name, AttrCache *cache);
/* What `v.name = x` would do. Call it before the store. */
void attr_cache_store(Vm *vm, Value v, Str *name, AttrCache *cache);

/* --- calls of classes --- */
/* For the loop's fast call of a class C(...): true when __new__ is object's and the metaclass's __call__ is type's, so that the
 * call is instance_new and then __init__. *init: a plain script Function (borrowed, holds while type->version does) or
 * VALUE_EMPTY when there is no __init__ but object's (then arguments are an error). Otherwise false: type_call. */
bool type_simple_call(Vm *vm, Type *type, Value *init);
/* A new instance of a class whose __new__ is object's: attribute slots empty, tracked. VALUE_ERROR: no memory, or the class
 * is abstract. */
Value instance_new(Vm *vm, Type *type);

#endif
