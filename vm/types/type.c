/* Types as objects of the VM: lookup along the MRO, the method cache, changing a class, memory, built-in types from specs.
 *
 * Invariants: every key of a type's dict is an interned str if it is a str at all (the method cache compares addresses and
 * trusts that a cached name stays alive with the class); a type's version is renewed before anything can see a change of what
 * lookup finds. What scripts see of types is in type_attributes.c; making classes is in type_create.c; MROs in type_mro.c.
 *
 * To add a built-in type: a TypeSpec in its file and a row in vm/types/types.def. */
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

/* --- values' types --- */

Type *value_type_slow(const Vm *vm, Value v) {
    if (value_is_small(v)) return TYPE(vm, INT);
    if (value_is_float(v)) return TYPE(vm, FLOAT);
    if (value_is_bool(v)) return TYPE(vm, BOOL);
    if (value_is_none(v)) return TYPE(vm, NONE);
    if (value_same(v, VALUE_NOT_IMPLEMENTED)) return TYPE(vm, NOT_IMPLEMENTED);
    if (value_same(v, VALUE_ELLIPSIS)) return TYPE(vm, ELLIPSIS);
    return TYPE(vm, OBJECT);
}

const char *type_name(const Type *type) {
    if (!(type->flags & TYPE_FLAG_HEAP)) return type->spec->name;
    return type->c_name ? type->c_name : (const char *)str_data(value_str_peek(type->name));
}

bool type_set_name(Vm *vm, Type *type, Str *name) {
    char *text = NULL;
    size_t size = 0;
    if (!name->ascii) {
        size = str_utf8_length(name) + 1;
        if (!(text = heap_alloc(&vm->heap, size))) return error_no_memory(vm), false;
        str_utf8_copy(name, text);
    }
    if (type->c_name) heap_free(&vm->heap, type->c_name, type->c_name_size);
    type->c_name = text;
    type->c_name_size = (uint32_t)size;
    value_replace_take(vm, &type->name, value_retain(value_from_object(name)));
    return true;
}

const char *value_type_name(const Vm *vm, Value v) { return type_name(value_type(vm, v)); }

bool type_is_subtype(const Type *type, const Type *base) {
    if (type == base) return true;
    if (value_is_empty(type->mro)) {
        for (; type; type = type->base)
            if (type == base) return true;
        return false;
    }
    const Tuple *mro = value_tuple(type->mro);
    for (size_t i = 1; i < mro->count; i++)
        if (value_object(mro->items[i]) == (const Object *)base) return true;
    return false;
}

bool value_is_instance(const Vm *vm, Value v, const Type *type) { return type_is_subtype(value_type(vm, v), type); }

Type *type_builtin_base(Type *type) {
    while (type->flags & TYPE_FLAG_HEAP) type = type->base;
    return type;
}

/* --- lookup --- */

Dict *type_dict(Vm *vm, Type *type) {
    if (type->flags & TYPE_FLAG_LAZY && !type_populate(vm, type)) error_clear(vm);
    return type->dict;
}

Value type_own_peek(Vm *vm, Type *type, Str *name) {
    Dict *dict = type_dict(vm, type);
    return dict ? dict_peek_str(vm, dict, name) : VALUE_EMPTY;
}

static Value lookup_in_mro(Vm *vm, Type *type, Str *name) {
    const Tuple *mro = value_tuple(type->mro);
    for (size_t i = 0; i < mro->count; i++) {
        Value found = type_own_peek(vm, (Type *)value_object(mro->items[i]), name);
        if (!value_is_empty(found)) return found;
    }
    return VALUE_EMPTY;
}

static inline MethodCacheEntry *cache_entry(Vm *vm, const Type *type, const Str *name) {
    uint32_t h = (uint32_t)((uintptr_t)name >> 4) ^ type->version * 0x9E3779B1u >> 12;
    return &vm->method_cache[h & (METHOD_CACHE_SIZE - 1)];
}

static Value lookup_uninterned(Vm *vm, Type *type, Str *name) {
    Str *interned = str_intern_take(vm, retain_object(name));
    if (!interned) {
        if (error_pending(vm)) error_clear(vm);
        return VALUE_EMPTY;
    }
    Value found = type_lookup_peek(vm, type, interned);
    release_object(vm, interned);
    return found;
}

Value type_lookup_peek(Vm *vm, Type *type, Str *name) {
    if (!name->interned) return lookup_uninterned(vm, type, name);
    MethodCacheEntry *entry = cache_entry(vm, type, name);
    if (entry->version == type->version && entry->name == name) return entry->value;
    if (value_is_empty(type->mro)) return VALUE_EMPTY; /* in the making, or cleared */
    Value found = lookup_in_mro(vm, type, name);
    *entry = (MethodCacheEntry){.version = type->version, .name = name, .value = found};
    return found;
}

/* --- change --- */

void type_changed(Vm *vm, Type *type) {
    type->version = ++vm->next_type_version;
    shapes_renew(vm, type);
    for (uint32_t i = 0; i < type->subclass_count; i++) type_changed(vm, type->subclass_list[i]);
}

static void forget_cached(Vm *vm, Type *type, const Str *name) {
    MethodCacheEntry *entry = cache_entry(vm, type, name);
    if (entry->version == type->version && entry->name == name) entry->version = 0;
    for (uint32_t i = 0; i < type->subclass_count; i++) forget_cached(vm, type->subclass_list[i], name);
}

static bool is_plain(const Vm *vm, Value v) {
    if (!value_is_object(v)) return true;
    const TypeSlots *s = &value_type(vm, v)->slots;
    return !s->descr_get && !s->descr_set;
}

static bool is_special_name(const Str *name) {
    return name->width == 1 && name->length > 4 && str_bytes1(name)[0] == '_' && str_bytes1(name)[1] == '_' &&
           str_bytes1(name)[name->length - 1] == '_' && str_bytes1(name)[name->length - 2] == '_';
}

/* A class that gets __get__, __set__ or __delete__ late changes what its instances are in every class that holds them. */
static bool makes_descriptors(Vm *vm, const Str *name) {
    return name == NAME(vm, __get__) || name == NAME(vm, __set__) || name == NAME(vm, __delete__);
}

static bool set_attr_full(Vm *vm, Type *type, Str *name, Value value) {
    bool ok;
    if (value_is_empty(value)) {
        ok = dict_delete_str(vm, type->dict, name);
        if (!ok && !error_pending(vm))
            error_attribute_named(vm, value_from_object(type), name, "type object '%N' has no attribute '%U'", type, name);
    } else {
        ok = dict_set_str(vm, type->dict, name, value);
    }
    if (!ok) return false;
    if (type->dict->version) type->dict->version = ++vm->next_dict_version;
    type_changed(vm, makes_descriptors(vm, name) ? TYPE(vm, OBJECT) : type);
    if (is_special_name(name)) type_update_slot(vm, type, name);
    return true;
}

/* Replacing a plain value by a plain one, as counters in classes do: caches of the class stay. They may not hold such a value, which
 * TYPE_FLAG_VOLATILE sees to from the second time on. */
static bool set_attr_plain(Vm *vm, Type *type, Str *name, Value value) {
    if (!(type->flags & TYPE_FLAG_VOLATILE)) {
        type->flags |= TYPE_FLAG_VOLATILE;
        type_changed(vm, type);
    }
    forget_cached(vm, type, name);
    return dict_set_str(vm, type->dict, name, value);
}

static bool set_attr_interned(Vm *vm, Type *type, Str *name, Value value) {
    if (!type_dict(vm, type)) return error_no_memory(vm), false;
    Value old = dict_peek_str(vm, type->dict, name);
    bool replaces = !value_is_empty(old) && !value_is_empty(value) && !is_special_name(name);
    value_retain(old);
    retain_object(type);
    bool ok = replaces && is_plain(vm, old) && is_plain(vm, value) ? set_attr_plain(vm, type, name, value)
                                                                   : set_attr_full(vm, type, name, value);
    value_release(vm, old);
    release_object(vm, type);
    return ok;
}

bool type_set_attr(Vm *vm, Type *type, Str *name, Value value) {
    Str *interned = str_intern_take(vm, retain_object(name));
    if (!interned) return false;
    bool ok = set_attr_interned(vm, type, interned, value);
    release_object(vm, interned);
    return ok;
}

/* --- memory --- */

size_t type_size(const Object *self) {
    (void)self;
    return sizeof(Type);
}

size_t type_extra_size(const Object *self) {
    const Type *t = (const Type *)self;
    return t->subclass_capacity * sizeof(Type *) + t->shape_count * sizeof(Shape);
}

void type_visit(Object *self, VisitFn visit, void *arg) {
    Type *t = (Type *)self;
    const Value values[] = {t->name, t->qualname, t->module, t->doc, t->bases, t->mro, t->subclasses, t->member_names};
    void *const objects[] = {t->base, t->dict, t->new_native, t->init_native};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) visit(values[i], arg);
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++)
        if (objects[i]) visit(value_from_object(objects[i]), arg);
}

static void leave_bases(Type *t) {
    if (value_is_empty(t->bases)) return;
    const Tuple *bases = value_tuple(t->bases);
    for (size_t i = 0; i < bases->count; i++) subclasses_remove((Type *)value_object(bases->items[i]), t);
}

/* The dict goes first, as a whole: objects of the class that are still alive find no attributes then. */
void type_clear(Vm *vm, Object *self) {
    Type *t = (Type *)self;
    Value mro = t->mro;
    Dict *dict = t->dict;
    t->mro = VALUE_EMPTY;
    t->version = ++vm->next_type_version;
    shapes_renew(vm, t);
    t->flags &= ~(TYPE_FLAG_HAS_DEL | TYPE_FLAG_LAZY);
    t->dict = NULL;
    leave_bases(t);
    value_clear(vm, &t->bases);
    value_release(vm, mro);
    release_object(vm, dict);
}

void type_free(Vm *vm, Object *self) {
    Type *t = (Type *)self;
    type_clear(vm, self);
    shapes_free(vm, t);
    if (t->subclass_list) heap_free(&vm->heap, t->subclass_list, t->subclass_capacity * sizeof(Type *));
    if (t->c_name) heap_free(&vm->heap, t->c_name, t->c_name_size);
    value_release(vm, t->name);
    value_release(vm, t->qualname);
    value_release(vm, t->module);
    value_release(vm, t->doc);
    value_release(vm, t->subclasses);
    value_release(vm, t->member_names);
    release_object(vm, t->new_native);
    release_object(vm, t->init_native);
    release_object(vm, t->base);
}

void type_dismantle(Vm *vm, Type *type) {
    retain_object(type);
    type_clear(vm, &type->head);
    release_object(vm, type);
}

/* --- instances --- */

void *type_alloc(Vm *vm, Type *type, size_t size) {
    Shape *shape = type_instance_shape(vm, type);
    if (!shape) return error_no_memory(vm), NULL;
    size_t members = type->slot_names_count, fixed = size;
    if (members || shape->attrs_offset) fixed = (size + 7) & ~(size_t)7;
    size_t slots = members + (shape->attrs_offset ? 1u + shape->inline_count : 0);
    Object *o = object_new(&vm->heap, shape, fixed + slots * sizeof(Value));
    if (!o) return error_no_memory(vm), NULL;
    memset(o + 1, 0, fixed - sizeof *o);
    Value *place = (Value *)((char *)o + fixed);
    for (size_t i = 0; i < slots; i++) place[i] = VALUE_EMPTY;
    if (shape->attrs_offset) ((Attrs *)(place + members))->overflow = NULL;
    return o;
}
