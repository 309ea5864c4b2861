/* Filling of inline caches: what vm/attr.c and the types' get_attr slots would do, told ahead by shape and version.
 *
 * Only what a shape (or a class's version, a dict's version) vouches for is told; everything else is ATTR_NONE. */
#include "vm/attr.h"

#include "vm/ops.h"
#include "vm/types/descriptors.h"
#include "vm/types/str.h"
#include "vm/vm.h"

#define INFO_MAX 0xffffffu

static void set_pointer(AttrCache *cache, uint64_t bits) {
    cache->pointer_low = (uint32_t)bits;
    cache->pointer_high = (uint32_t)(bits >> 32);
}

static void fill(AttrCache *cache, const Object *o, AttrKind kind, uint32_t info, uint64_t pointer) {
    cache->shape_id = o->shape->id;
    cache->kind = kind;
    cache->info = info & INFO_MAX;
    set_pointer(cache, pointer);
}

static inline Type *kind_of(Value v) { return value_is_object(v) ? value_object(v)->shape->type : NULL; }

Value attr_wrapped(Value wrapper) { return ((Wrapped *)value_object(wrapper))->callable; }

Value property_getter(Value property) { return ((Property *)value_object(property))->get; }

/* --- instances --- */

static uint32_t member_offset(const Object *o, uint32_t index) {
    return (uint32_t)((char *)(object_members(o) + index) - (const char *)o);
}

/* An attribute of the instance itself. false: it has none of this name, as far as the shape knows. */
static bool cache_own(AttrCache *cache, Object *o, Str *name, AttrKind inside, AttrKind overflow, AttrKind dict) {
    const Shape *s = o->shape;
    if (!s->attrs_offset) return false;
    if (s->attrs_offset == SHAPE_ATTRS_AT_END) return true; /* its place depends on the object: ATTR_NONE */
    if (s->dict_mode) {
        fill(cache, o, dict, s->attrs_offset, 0);
        return true;
    }
    int slot = shape_find(s, name);
    if (slot < 0) return false;
    uint32_t offset = s->attrs_offset, index = (uint32_t)slot;
    if (index < s->inline_count) fill(cache, o, inside, offset + (uint32_t)offsetof(Attrs, slots) + index * 8, 0);
    else if (offset <= 0xfff) fill(cache, o, overflow, offset << 12 | (index - s->inline_count), 0);
    return true;
}

static void cache_data_descriptor(Vm *vm, AttrCache *cache, Object *o, Value found) {
    if (kind_of(found) == TYPE(vm, MEMBER_DESCRIPTOR)) {
        const MemberDescriptor *m = (MemberDescriptor *)value_object(found);
        if (!o->shape->type->spec->variable_size && type_is_subtype(o->shape->type, m->owner))
            fill(cache, o, ATTR_SLOT, member_offset(o, m->index), 0);
    } else if (kind_of(found) == TYPE(vm, PROPERTY) && value_is_function(property_getter(found))) {
        fill(cache, o, ATTR_GETTER, 0, found.bits);
    }
}

/* The class in the MRO that holds the name in its own dict; NULL. */
static Type *defining_type(Vm *vm, Type *type, Str *name) {
    if (value_is_empty(type->mro)) return NULL;
    Tuple *mro = value_tuple(type->mro);
    for (size_t i = 0; i < mro->count; i++) {
        Type *t = (Type *)value_object(mro->items[i]);
        if (!value_is_empty(type_own_peek(vm, t, name))) return t;
    }
    return NULL;
}

static bool cache_place(Vm *vm, AttrCache *cache, Object *o, Type *owner, Str *name, AttrKind kind) {
    uint32_t version = dict_watch(vm, owner->dict), offset = dict_value_offset(vm, owner->dict, name);
    if (!offset || offset > INFO_MAX) return false;
    fill(cache, o, kind, offset, (uint64_t)(uintptr_t)owner->dict);
    cache->version = version;
    return true;
}

static void cache_class_attribute(Vm *vm, AttrCache *cache, Object *o, Str *name, Value found) {
    Type *kind = kind_of(found);
    if (kind && kind->flags & TYPE_FLAG_METHOD_DESCRIPTOR) {
        fill(cache, o, ATTR_METHOD, 0, found.bits);
    } else if (kind == TYPE(vm, STATICMETHOD) || kind == TYPE(vm, CLASSMETHOD)) {
        if (value_is_empty(attr_wrapped(found))) return;
        fill(cache, o, kind == TYPE(vm, STATICMETHOD) ? ATTR_STATIC : ATTR_CLASS_METHOD, 0, found.bits);
    } else if (!kind || !kind->slots.descr_get) {
        Type *owner = defining_type(vm, o->shape->type, name);
        if (owner && owner->flags & TYPE_FLAG_VOLATILE) cache_place(vm, cache, o, owner, name, ATTR_CLASS_PLACE);
        else fill(cache, o, ATTR_CLASS_VALUE, 0, found.bits);
    }
}

/* Whether reading attributes of the type follows the generic algorithm where there is an attribute. */
static bool reads_generically(Vm *vm, Type *type) {
    if (!type->slots.get_attr) return true;
    if (type->slots.get_attr != slot_get_attr) return false;
    Value function = type_lookup_peek(vm, type, NAME(vm, __getattribute__));
    return value_is_wrapper(vm, function) && ((WrapperDescriptor *)value_object(function))->owner == TYPE(vm, OBJECT);
}

static void cache_instance(Vm *vm, AttrCache *cache, Object *o, Str *name) {
    Type *type = o->shape->type;
    if (!reads_generically(vm, type)) return;
    Value found = type_lookup_peek(vm, type, name);
    Type *kind = kind_of(found);
    if (kind && kind->slots.descr_set) {
        if (kind->slots.descr_get) cache_data_descriptor(vm, cache, o, found);
        return;
    }
    if (cache_own(cache, o, name, ATTR_SLOT, ATTR_OVERFLOW, ATTR_DICT)) return;
    if (!value_is_empty(found)) cache_class_attribute(vm, cache, o, name, found);
}

/* --- classes --- */

static void cache_type(Vm *vm, AttrCache *cache, Type *type, Str *name) {
    Type *meta = type->head.shape->type;
    Value in_meta = type_lookup_peek(vm, meta, name);
    Type *meta_kind = kind_of(in_meta);
    if (meta_kind && meta_kind->slots.descr_set) return;
    Value found = type_lookup_peek(vm, type, name);
    if (value_is_empty(found)) return;
    Type *kind = kind_of(found), *owner = defining_type(vm, type, name);
    cache->version = type->version;
    if (kind == TYPE(vm, STATICMETHOD) || kind == TYPE(vm, CLASSMETHOD)) {
        if (value_is_empty(attr_wrapped(found))) return;
        fill(cache, &type->head, kind == TYPE(vm, STATICMETHOD) ? ATTR_TYPE_STATIC : ATTR_TYPE_CLASS_METHOD, 0, found.bits);
    } else if (kind == TYPE(vm, FUNCTION) || kind == TYPE(vm, METHOD_DESCRIPTOR) || kind == TYPE(vm, WRAPPER_DESCRIPTOR)) {
        fill(cache, &type->head, ATTR_TYPE_VALUE, 0, found.bits);
    } else if ((!kind || !kind->slots.descr_get) && owner) {
        if (!(owner->flags & TYPE_FLAG_VOLATILE)) fill(cache, &type->head, ATTR_TYPE_VALUE, 0, found.bits);
        else if (owner == type && value_object(value_tuple(type->mro)->items[0]) == &type->head)
            cache_place(vm, cache, &type->head, type, name, ATTR_TYPE_PLACE);
    }
}

/* --- modules --- */

static void cache_module(Vm *vm, AttrCache *cache, Module *module, Str *name) {
    Value found = type_lookup_peek(vm, module->head.shape->type, name);
    Type *kind = kind_of(found);
    if (kind && kind->slots.descr_set) return;
    uint32_t version = dict_watch(vm, module->dict), offset = dict_value_offset(vm, module->dict, name);
    if (!offset || offset > INFO_MAX) return;
    fill(cache, &module->head, ATTR_MODULE, offset, 0);
    cache->version = version;
}

/* --- entries --- */

void attr_cache_load(Vm *vm, Value v, Str *name, AttrCache *cache) {
    *cache = (AttrCache){0};
    if (!value_is_object(v) || !name->interned) return;
    Object *o = value_object(v);
    Type *type = o->shape->type;
    if (o->shape->layout == LAYOUT_TYPE && type->slots.get_attr == TYPE(vm, TYPE)->slots.get_attr)
        cache_type(vm, cache, (Type *)o, name);
    else if (o->shape->layout == LAYOUT_MODULE && type->slots.get_attr == TYPE(vm, MODULE)->slots.get_attr)
        cache_module(vm, cache, (Module *)o, name);
    else
        cache_instance(vm, cache, o, name);
}

/* Whether `o.name = x` for a name without a data descriptor stores in the instance. */
static bool writes_generically(Vm *vm, Type *type) {
    if (!type->slots.set_attr) return true;
    if (type->slots.set_attr != slot_set_attr) return false;
    Value function = type_lookup_peek(vm, type, NAME(vm, __setattr__));
    return value_is_wrapper(vm, function) && ((WrapperDescriptor *)value_object(function))->owner == TYPE(vm, OBJECT);
}

static void cache_new_attribute(Vm *vm, AttrCache *cache, Object *o, Str *name) {
    Shape *s = o->shape;
    uint32_t slot = s->slot_count, offset = s->attrs_offset;
    bool full;
    Shape *child = shape_child(vm, s, name, &full);
    if (!child) return;
    if (slot < s->inline_count) {
        fill(cache, o, ATTR_ADD_SLOT, offset + (uint32_t)offsetof(Attrs, slots) + slot * 8, (uint64_t)(uintptr_t)child);
        return;
    }
    uint32_t index = slot - s->inline_count;
    if (shape_overflow_capacity(index) == shape_overflow_capacity(index + 1) && offset <= 0xfff)
        fill(cache, o, ATTR_ADD_OVERFLOW, offset << 12 | index, (uint64_t)(uintptr_t)child);
}

void attr_cache_store(Vm *vm, Value v, Str *name, AttrCache *cache) {
    *cache = (AttrCache){0};
    if (!value_is_object(v) || !name->interned) return;
    Object *o = value_object(v);
    Type *type = o->shape->type;
    /* Objects of other layouts are tracked on demand: see object_attr_set. */
    if (o->shape->layout != LAYOUT_OBJECT || !(type->flags & TYPE_FLAG_HEAP) || !writes_generically(vm, type)) return;
    Value found = type_lookup_peek(vm, type, name);
    Type *kind = kind_of(found);
    if (kind && kind->slots.descr_set) {
        if (kind != TYPE(vm, MEMBER_DESCRIPTOR)) return;
        const MemberDescriptor *m = (MemberDescriptor *)value_object(found);
        if (type_is_subtype(type, m->owner)) fill(cache, o, ATTR_STORE_SLOT, member_offset(o, m->index), 0);
        return;
    }
    if (cache_own(cache, o, name, ATTR_STORE_SLOT, ATTR_STORE_OVERFLOW, ATTR_STORE_DICT)) return;
    if (o->shape->attrs_offset) cache_new_attribute(vm, cache, o, name);
}
