/* Built-in types: made from their const TypeSpec when the VM opens, their dicts filled when first looked at.
 *
 * Opening a VM makes about 170 types, so a type costs one cell, one shape and its names. Types that are made before str and tuple
 * exist get names, bases and MRO as soon as these do (complete_early). */
#include "vm/types/descriptors.h"

#include <string.h>

#include "vm/attr.h"
#include "vm/ops.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

/* --- slots --- */

/* Functions of the spec over those of the base. TypeSlots is a struct of function pointers throughout. */
static void overlay_slots(TypeSlots *slots, const TypeSlots *own) {
    SlotFn *to = (SlotFn *)slots;
    const SlotFn *from = (const SlotFn *)own;
    for (size_t i = 0; i < sizeof *slots / sizeof *to; i++)
        if (from[i]) to[i] = from[i];
}

static void build_slots(Type *type, const Type *base) {
    const TypeSpec *spec = type->spec;
    if (base) type->slots = base->slots;
    if (spec->slots.compare && !spec->slots.hash) type->flags |= TYPE_FLAG_UNHASHABLE;
    if (spec->slots.hash) type->flags &= ~TYPE_FLAG_UNHASHABLE;
    if (type->flags & TYPE_FLAG_UNHASHABLE) type->slots.hash = NULL;
    overlay_slots(&type->slots, &spec->slots);
    if (spec->new_.fn) type->slots.new_ = slot_new_native;
    if (spec->init.fn) type->slots.init = slot_init_native;
    if (type->slots.get_attr == value_get_attr_generic) type->slots.get_attr = NULL;
    if (type->slots.set_attr == value_set_attr_generic) type->slots.set_attr = NULL;
}

static uint32_t inherited_flags(const Type *base) {
    const uint32_t passed_on = TYPE_FLAG_HAS_DICT | TYPE_FLAG_WEAKREFS | TYPE_FLAG_MAPPING | TYPE_FLAG_SEQUENCE |
                               TYPE_FLAG_MATCH_SELF | TYPE_FLAG_UNHASHABLE;
    return base ? base->flags & passed_on : 0;
}

/* --- making --- */

static bool type_complete(Vm *vm, Type *type) {
    const char *full = type->spec->name, *dot = strrchr(full, '.');
    const char *short_name = dot ? dot + 1 : full;
    Str *name = str_intern(vm, short_name, strlen(short_name));
    Str *module = dot ? str_intern(vm, full, (size_t)(dot - full)) : str_intern(vm, "builtins", 8);
    if (name) type->name = value_from_object(name);
    if (name) type->qualname = value_retain(type->name);
    if (module) type->module = value_from_object(module);
    Value base = type->base ? value_from_object(type->base) : VALUE_EMPTY;
    Tuple *bases = tuple_from_values(vm, &base, type->base ? 1 : 0);
    if (bases) type->bases = value_from_object(bases);
    size_t inherited = type->base ? value_tuple(type->base->mro)->count : 0;
    Tuple *mro = bases && name && module ? tuple_new(vm, inherited + 1) : NULL;
    if (!mro) return false;
    mro->items[0] = value_retain(value_from_object(type));
    for (size_t i = 0; i < inherited; i++) mro->items[i + 1] = value_retain(value_tuple(type->base->mro)->items[i]);
    type->mro = value_from_object(mro);
    return !type->base || subclasses_add(vm, type->base, type);
}

/* Completes what was made before there were strs and tuples. */
static bool complete_early(Vm *vm) {
    if (!vm->types[TYPE_OBJECT] || !value_is_empty(vm->types[TYPE_OBJECT]->mro)) return true;
    for (int i = 0; i < TYPE_ID_COUNT && vm->types[i]; i++)
        if (!type_complete(vm, vm->types[i])) return false;
    return true;
}

/* The cell. object and type come before the shape of types: they get it when type's shape is made. */
static Type *type_cell_new(Vm *vm) {
    Shape none = {0};
    Type *meta = vm->types[TYPE_TYPE];
    Type *type = object_new(&vm->heap, meta ? meta->shape : &none, sizeof *type);
    if (!type) return NULL;
    memset((char *)type + sizeof(Object), 0, sizeof *type - sizeof(Object));
    if (!meta) type->head.shape = NULL;
    type->name = type->qualname = type->module = type->doc = type->bases = type->mro = type->subclasses = type->member_names = VALUE_EMPTY;
    return type;
}

static void give_shape_to_first_types(Vm *vm, Type *meta) {
    meta->head.shape = meta->shape;
    vm->types[TYPE_OBJECT]->head.shape = meta->shape;
}

Type *type_from_spec(Vm *vm, const TypeSpec *spec, Type *base) {
    if (!base && vm->types[TYPE_OBJECT]) base = vm->types[TYPE_OBJECT];
    Type *type = type_cell_new(vm);
    if (!type) return error_no_memory(vm), NULL;
    if (base == type) base = NULL;
    type->spec = spec;
    type->base = base ? retain_object(base) : NULL;
    type->flags = spec->flags | TYPE_FLAG_LAZY | TYPE_FLAG_IMMUTABLE | inherited_flags(base);
    type->version = ++vm->next_type_version;
    build_slots(type, base);
    type->shape = shape_root_new(vm, type, 0);
    if (!type->shape) return error_no_memory(vm), NULL;
    if (vm->types[TYPE_OBJECT] && !vm->types[TYPE_TYPE]) give_shape_to_first_types(vm, type);
    if (!vm->types[TYPE_TUPLE] || !vm->types[TYPE_STR]) return type;
    if (complete_early(vm) && type_complete(vm, type)) return type;
    if (!error_pending(vm)) error_no_memory(vm);
    return NULL;
}

/* --- filling the dict --- */

/* Stores a new value (stolen). */
static bool put_take(Vm *vm, Type *type, const char *name, Value value) {
    if (value_is_error(value)) return false;
    Str *key = str_intern(vm, name, strlen(name));
    bool ok = key && dict_set_str(vm, type->dict, key, value);
    release_object(vm, key);
    value_release(vm, value);
    return ok;
}

static Value object_or_error(void *o) { return o ? value_from_object(o) : VALUE_ERROR; }

static Value method_attribute(Vm *vm, Type *type, const NativeDef *def) {
    const char *s = def->signature;
    if (def->kind == NATIVE_STATIC_METHOD) {
        Value fn = object_or_error(native_new(vm, TYPE(vm, NATIVE), def, value_from_object(type), type));
        Value wrapped = value_is_error(fn) ? VALUE_ERROR : staticmethod_new(vm, fn);
        value_release(vm, fn);
        return wrapped;
    }
    bool is_class = def->kind == NATIVE_CLASS_METHOD || (s && !strncmp(s, "($type", 6));
    Type *kind = is_class ? TYPE(vm, CLASS_METHOD_DESCRIPTOR) : TYPE(vm, METHOD_DESCRIPTOR);
    return object_or_error(native_new(vm, kind, def, VALUE_EMPTY, type));
}

static bool add_methods(Vm *vm, Type *type) {
    for (const NativeDef *def = type->spec->methods; def && def->name; def++)
        if (!put_take(vm, type, def->name, method_attribute(vm, type, def))) return false;
    for (const GetSetDef *def = type->spec->getset; def && def->name; def++)
        if (!put_take(vm, type, def->name, getset_new(vm, type, def))) return false;
    return true;
}

/* fn is never called: see NATIVE_NEW. */
static const NativeDef new_def = {"__new__", NULL, "($type, *args, **kwargs)",
                                  "Create and return a new object.  See help(type) for accurate signature.", NATIVE_METHOD};

static bool add_new(Vm *vm, Type *type) {
    const TypeSpec *spec = type->spec;
    if (!spec->new_.fn && !spec->slots.new_) return true;
    NativeFunction *n = native_new(vm, TYPE(vm, NATIVE), &new_def, value_from_object(type), type);
    if (n) n->flags |= NATIVE_NEW;
    return put_take(vm, type, "__new__", object_or_error(n));
}

static bool add_doc(Vm *vm, Type *type) {
    if (!value_is_empty(dict_peek_str(vm, type->dict, NAME(vm, __doc__)))) return true;
    const char *doc = type->spec->doc;
    return put_take(vm, type, "__doc__", doc ? object_or_error(str_from_ascii(vm, doc)) : VALUE_NONE);
}

bool type_populate(Vm *vm, Type *type) {
    if (!(type->flags & TYPE_FLAG_LAZY)) return true;
    if (!type->dict && !(type->dict = dict_new(vm))) return false;
    type->flags &= ~TYPE_FLAG_LAZY;
    bool ok = add_new(vm, type) && type_add_wrappers(vm, type) && add_methods(vm, type) && add_doc(vm, type);
    const TypeSlots *own = &type->spec->slots;
    bool no_hash = !own->hash && (own->compare || type->spec->flags & TYPE_FLAG_UNHASHABLE);
    if (ok && no_hash) ok = dict_set_str(vm, type->dict, NAME(vm, __hash__), VALUE_NONE);
    if (ok) return true;
    type->flags |= TYPE_FLAG_LAZY;
    if (!error_pending(vm)) error_no_memory(vm);
    return false;
}

/* --- __new__ and __init__ of built-in types, from NativeDefs --- */

static NativeFunction *parsed(Vm *vm, NativeFunction **place, Type *type, const NativeDef *def) {
    if (*place) return *place;
    *place = native_new(vm, TYPE(vm, NATIVE), def, VALUE_EMPTY, type);
    if (*place) (*place)->flags |= NATIVE_CONSTRUCTOR;
    return *place;
}

Value slot_new_native(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    Type *t = type_builtin_base(type);
    while (!t->spec->new_.fn) t = t->base;
    NativeFunction *n = parsed(vm, &t->new_native, t, &t->spec->new_);
    if (n && kwnames && type->slots.init != t->slots.init && native_is_positional(n)) kwnames = NULL; /* they are for its own __init__ */
    return n ? native_call_with(vm, n, value_from_object(type), args, nargs, kwnames) : VALUE_ERROR;
}

bool slot_init_native(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    Type *t = type_builtin_base(value_type(vm, self));
    while (!t->spec->init.fn) t = t->base;
    NativeFunction *n = parsed(vm, &t->init_native, t, &t->spec->init);
    Value result = n ? native_call_with(vm, n, self, args, nargs, kwnames) : VALUE_ERROR;
    if (value_is_error(result)) return false;
    value_release(vm, result);
    return true;
}

/* The class in the base chain whose spec gives new_. */
static const TypeSpec *new_provider(Type *type) {
    for (Type *t = type_builtin_base(type); t; t = t->base)
        if (t->spec->new_.fn || t->spec->slots.new_) return t->spec;
    return NULL;
}

Value native_call_new(Vm *vm, NativeFunction *n, Value *args, int nargs, Tuple *kwnames) {
    Type *owner = (Type *)value_object(n->self);
    if (nargs < 1) return error_type(vm, "%N.__new__(): not enough arguments", owner);
    if (!value_has_layout(args[0], LAYOUT_TYPE))
        return error_type(vm, "%N.__new__(X): X is not a type object (%T)", owner, args[0]);
    Type *type = (Type *)value_object(args[0]);
    if (!type_is_subtype(type, owner))
        return error_type(vm, "%N.__new__(%N): %N is not a subtype of %N", owner, type, type, owner);
    if (new_provider(type) != new_provider(owner))
        return error_type(vm, "%N.__new__(%N) is not safe, use %N.__new__()", owner, type, type_builtin_base(type));
    return owner->slots.new_(vm, type, args + 1, nargs - 1, kwnames);
}
