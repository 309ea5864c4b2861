/* Making classes: what type(name, bases, dict, **kwds) and so a class statement do.
 *
 * Order, as CPython's: bases and metaclass, __slots__, the type object, its attributes, MRO and slots, then __set_name__ of every
 * value, then __init_subclass__ of the parent. The class is complete and known to its bases before script code runs.
 */
#include "vm/types/type_create.h"

#include <string.h>

#include "vm/attr.h"
#include "vm/ops.h"
#include "vm/types/descriptors.h"
#include "vm/types/exception.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

typedef struct Creation {
    Type *metatype, *base;
    Str *name;
    Tuple *bases;
    Dict *dict;    /* the class's own: a copy */
    List *members; /* names of __slots__ that become members; NULL: none */
    bool has_slots, add_dict, add_weakrefs;
    bool may_dict, may_weakrefs;
} Creation;

static inline Type *type_of_item(Value v) { return (Type *)value_object(v); }

/* --- the namespace --- */

/* A copy whose str keys are interned: type lookup depends on it. */
static Dict *copy_namespace(Vm *vm, Dict *source) {
    size_t position = 0;
    Value key, value;
    bool interned = true;
    while (interned && dict_next(source, &position, &key, &value))
        interned = value_is_str(key) && value_str_peek(key)->interned;
    Dict *copy = dict_copy(vm, source);
    if (interned || !copy) return copy;
    Dict *result = dict_new(vm);
    position = 0;
    bool ok = result != NULL;
    while (ok && dict_next(copy, &position, &key, &value)) {
        if (!value_is_exact(key, LAYOUT_STR)) {
            ok = dict_set(vm, result, key, value);
            continue;
        }
        Str *name = str_intern_take(vm, retain_object(value_str_peek(key)));
        ok = name && dict_set_str(vm, result, name, value);
        release_object(vm, name);
    }
    release_object(vm, copy);
    if (ok) return result;
    release_object(vm, result);
    return NULL;
}

static bool set_module(Vm *vm, Dict *dict) {
    if (!value_is_empty(dict_peek_str(vm, dict, NAME(vm, __module__)))) return true;
    Value module = vm->frame ? dict_peek_str(vm, vm->frame->globals, NAME(vm, __name__)) : VALUE_EMPTY;
    return value_is_empty(module) || dict_set_str(vm, dict, NAME(vm, __module__), module);
}

/* __new__ is a static method, __init_subclass__ and __class_getitem__ are class methods, without being told so. */
static bool wrap_function(Vm *vm, Dict *dict, Str *name, Value (*wrap)(Vm *, Value)) {
    Value function = dict_peek_str(vm, dict, name);
    if (!value_is_function(function)) return true;
    Value wrapped = wrap(vm, function);
    bool ok = !value_is_error(wrapped) && dict_set_str(vm, dict, name, wrapped);
    value_release(vm, wrapped);
    return ok;
}

/* --- __slots__ --- */

static bool is_identifier(const Str *s) {
    if (!s->length || !char_is_identifier_start(str_at(s, 0))) return false;
    for (size_t i = 1; i < s->length; i++)
        if (!char_is_identifier_part(str_at(s, i))) return false;
    return true;
}

/* __name in a class C is stored as _C__name. New, interned; NULL: no memory. */
static Str *mangle(Vm *vm, Str *class_name, Str *name) {
    size_t skip = 0, n = name->length;
    bool private = n > 2 && str_at(name, 0) == '_' && str_at(name, 1) == '_' && !(str_at(name, n - 1) == '_' && str_at(name, n - 2) == '_');
    while (skip < class_name->length && str_at(class_name, skip) == '_') skip++;
    if (!private || skip == class_name->length) return str_intern_take(vm, retain_object(name));
    StrBuilder b;
    builder_init(&b, vm);
    builder_add_char(&b, '_');
    builder_add_range(&b, class_name, skip, class_name->length);
    builder_add_str(&b, name);
    Value result = builder_finish(&b);
    return value_is_error(result) ? NULL : str_intern_take(vm, value_str_peek(result));
}

static bool add_member(Vm *vm, Creation *c, Str *name) {
    Str *mangled = mangle(vm, c->name, name);
    if (!mangled) return false;
    Value key = value_from_object(mangled);
    bool ok = true;
    if (!value_is_empty(dict_peek_str(vm, c->dict, mangled)) && mangled != NAME(vm, __qualname__) && mangled != NAME(vm, __classcell__)) {
        error_value(vm, "%V in __slots__ conflicts with class variable", value_from_object(name));
        ok = false;
    }
    for (size_t i = 0; ok && i < c->members->count; i++)
        if (value_same(c->members->items[i], key)) return release_object(vm, mangled), true;
    ok = ok && list_append(vm, c->members, key);
    release_object(vm, mangled);
    return ok;
}

static bool take_slot(Vm *vm, Creation *c, Value item) {
    if (!value_is_str(item)) return error_type(vm, "__slots__ items must be strings, not '%T'", item), false;
    Str *name = value_str_peek(item);
    if (!is_identifier(name)) return error_type(vm, "__slots__ must be identifiers"), false;
    if (str_equal(name, NAME(vm, __dict__))) {
        if (!c->may_dict || c->add_dict) return error_type(vm, "__dict__ slot disallowed: we already got one"), false;
        return c->add_dict = true;
    }
    if (str_equal(name, NAME(vm, __weakref__))) {
        if (!c->may_weakrefs || c->add_weakrefs) return error_type(vm, "__weakref__ slot disallowed: we already got one"), false;
        return c->add_weakrefs = true;
    }
    return add_member(vm, c, name);
}

static bool has_items(const Type *type) {
    Layout layout = type->spec->layout;
    return layout == LAYOUT_INT || layout == LAYOUT_BYTES || layout == LAYOUT_TUPLE || layout == LAYOUT_TYPE;
}

static bool has_dict(const Type *type) {
    return type->flags & TYPE_FLAG_HAS_DICT || type->spec->layout == LAYOUT_TYPE || type->spec->layout == LAYOUT_MODULE;
}

/* Bases beyond the one that gives the layout may have what it lacks. */
static void take_from_other_bases(Creation *c) {
    for (size_t i = 0; i < c->bases->count; i++) {
        Type *base = type_of_item(c->bases->items[i]);
        if (base == c->base) continue;
        if (c->may_dict && base->flags & TYPE_FLAG_HAS_DICT) c->add_dict = true;
        if (c->may_weakrefs && base->flags & TYPE_FLAG_WEAKREFS) c->add_weakrefs = true;
    }
}

static bool read_slots(Vm *vm, Creation *c) {
    Value slots = dict_peek_str(vm, c->dict, NAME(vm, __slots__));
    c->has_slots = !value_is_empty(slots);
    c->may_dict = !has_dict(c->base);
    c->may_weakrefs = !(c->base->flags & TYPE_FLAG_WEAKREFS) && !has_items(c->base);
    if (!c->has_slots) {
        c->add_dict = c->may_dict;
        c->add_weakrefs = c->may_weakrefs;
        return true;
    }
    Value names = value_is_str(slots) ? value_from_object(tuple_from_values(vm, &slots, 1)) : tuple_from_iterable(vm, slots);
    if (value_is_error(names) || !names.bits) return false;
    Tuple *t = value_tuple(names);
    bool ok = (c->members = list_new(vm, t->count)) != NULL;
    if (ok && t->count && has_items(c->base)) {
        error_type(vm, "nonempty __slots__ not supported for subtype of '%N'", c->base);
        ok = false;
    }
    for (size_t i = 0; ok && i < t->count; i++) ok = take_slot(vm, c, t->items[i]);
    if (ok) ok = list_sort(vm, c->members, VALUE_NONE, false);
    if (ok) take_from_other_bases(c);
    release_object(vm, t);
    return ok;
}

/* --- the type object --- */

/* How many attributes instances will have, by what the class's methods assign to (__static_attributes__) and the base's have. */
static uint32_t expected_attributes(Vm *vm, const Creation *c) {
    uint32_t count = c->base->wanted_inline;
    Value names = dict_peek_str(vm, c->dict, NAME(vm, __static_attributes__));
    if (!value_is_tuple(names)) return count;
    for (size_t i = 0; i < value_tuple(names)->count; i++) {
        Value name = value_tuple(names)->items[i], inherited = VALUE_EMPTY;
        if (!value_is_str(name) || !value_is_empty(dict_peek_str(vm, c->dict, value_str_peek(name)))) continue;
        bool known = false;
        Tuple *mro = value_tuple(c->base->mro);
        for (size_t k = 0; !known && k < mro->count; k++) {
            Type *t = type_of_item(mro->items[k]);
            if (!(t->flags & TYPE_FLAG_HEAP)) break;
            inherited = type_own_peek(vm, t, NAME(vm, __static_attributes__));
            for (size_t j = 0; value_is_tuple(inherited) && j < value_tuple(inherited)->count && !known; j++)
                known = value_same(value_tuple(inherited)->items[j], name);
        }
        count += !known;
    }
    return count > 30 ? 30 : count;
}

static uint32_t new_flags(const Creation *c) {
    const uint32_t passed_on = TYPE_FLAG_HAS_DICT | TYPE_FLAG_WEAKREFS | TYPE_FLAG_MAPPING | TYPE_FLAG_SEQUENCE |
                               TYPE_FLAG_MATCH_SELF | TYPE_FLAG_UNHASHABLE;
    uint32_t flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_HEAP | (c->base->flags & passed_on);
    for (size_t i = 0; i < c->bases->count; i++)
        flags |= type_of_item(c->bases->items[i])->flags & (TYPE_FLAG_MAPPING | TYPE_FLAG_SEQUENCE);
    if (c->add_dict) flags |= TYPE_FLAG_HAS_DICT;
    if (c->add_weakrefs) flags |= TYPE_FLAG_WEAKREFS;
    return flags;
}

/* Owns all it needs but has no MRO yet; its fields are valid, it is tracked. */
static Type *type_object_new(Vm *vm, const Creation *c) {
    Type *type = type_alloc(vm, c->metatype, sizeof *type);
    if (!type) return NULL;
    type->name = value_retain(value_from_object(c->name));
    type->qualname = value_retain(type->name);
    type->bases = value_retain(value_from_object(c->bases));
    type->module = type->doc = type->mro = type->subclasses = type->member_names = VALUE_EMPTY;
    type->base = retain_object(c->base);
    type->dict = retain_object(c->dict);
    type->spec = c->base->spec;
    type->flags = new_flags(c);
    type->version = ++vm->next_type_version;
    type->slot_names_count = c->base->slot_names_count + (c->members ? (uint32_t)c->members->count : 0);
    type->wanted_inline = (uint16_t)(type->flags & TYPE_FLAG_HAS_DICT ? expected_attributes(vm, c) : 0);
    type->slots = c->base->slots;
    type->shape = shape_root_new(vm, type, type->wanted_inline);
    object_track(&vm->heap, &type->head);
    Value members = c->members && c->members->count ? list_to_tuple(vm, c->members) : VALUE_EMPTY;
    if (!value_is_error(members)) type->member_names = members;
    if (!value_is_error(members) && type->shape && (c->name->ascii || type_set_name(vm, type, c->name))) return type;
    if (!error_pending(vm)) error_no_memory(vm);
    release_object(vm, type);
    return NULL;
}

/* --- attributes that every class gets --- */

static bool put_take(Vm *vm, Dict *dict, Str *name, Value value) {
    bool ok = !value_is_error(value) && dict_set_str(vm, dict, name, value);
    value_release(vm, value);
    return ok;
}

/* An instance of this class and of a built-in type with a __dict__ of its own (module, type): that type's descriptor serves it.
 * Borrowed; VALUE_EMPTY: there is none. */
static Value builtin_dict_descriptor(Vm *vm, Value self) {
    return type_lookup_peek(vm, type_builtin_base(value_type(vm, self)), NAME(vm, __dict__));
}

static Value instance_get_dict(Vm *vm, Value self) {
    Value own = builtin_dict_descriptor(vm, self);
    if (value_is_empty(own) && object_attrs(value_object(self))) return object_dict(vm, value_object(self));
    if (value_is_empty(own)) return error_attribute(vm, self, NAME(vm, __dict__));
    return value_type(vm, own)->slots.descr_get(vm, own, self, value_from_object(value_type(vm, self)));
}

static bool instance_set_dict(Vm *vm, Value self, Value value) {
    Value own = builtin_dict_descriptor(vm, self);
    if (!value_is_empty(own)) return value_type(vm, own)->slots.descr_set(vm, own, self, value);
    if (!object_attrs(value_object(self))) {
        error_raise(vm, EXC_AttributeError, "This object has no __dict__");
        return false;
    }
    if (value_is_empty(value)) {
        Dict *fresh = dict_new(vm);
        bool ok = fresh && object_set_dict(vm, value_object(self), value_from_object(fresh));
        release_object(vm, fresh);
        return ok;
    }
    if (value_is_dict(value)) return object_set_dict(vm, value_object(self), value);
    error_type(vm, "__dict__ must be set to a dictionary, not a '%T'", value);
    return false;
}

static Value instance_get_weakref(Vm *vm, Value self) {
    (void)vm, (void)self;
    return VALUE_NONE;
}

static const GetSetDef dict_getset = {"__dict__", instance_get_dict, instance_set_dict, "dictionary for instance variables"};
static const GetSetDef weakref_getset = {"__weakref__", instance_get_weakref, NULL, "list of weak references to the object"};

static bool add_descriptors(Vm *vm, Type *type, const Creation *c) {
    size_t count = c->members ? c->members->count : 0;
    for (size_t i = 0; i < count; i++) {
        Str *name = value_str_peek(c->members->items[i]);
        if (!put_take(vm, type->dict, name, member_new(vm, type, name, c->base->slot_names_count + (uint32_t)i))) return false;
    }
    if (c->add_dict && !put_take(vm, type->dict, NAME(vm, __dict__), getset_new(vm, type, &dict_getset))) return false;
    return !c->add_weakrefs || put_take(vm, type->dict, NAME(vm, __weakref__), getset_new(vm, type, &weakref_getset));
}

static bool take_qualname(Vm *vm, Type *type) {
    Value qualname = dict_peek_str(vm, type->dict, NAME(vm, __qualname__));
    if (value_is_empty(qualname)) return true;
    if (!value_is_str(qualname)) return error_type(vm, "type __qualname__ must be a str, not %T", qualname), false;
    value_replace_take(vm, &type->qualname, value_retain(qualname));
    dict_delete_str(vm, type->dict, NAME(vm, __qualname__));
    return true;
}

static bool fill_cell(Vm *vm, Type *type, const char *key, Value content) {
    Value cell = dict_peek_ascii(vm, type->dict, key);
    if (value_is_empty(cell)) return true;
    if (!value_has_layout(cell, LAYOUT_CELL)) {
        error_type(vm, "%s must be a nonlocal cell, not %V", key, value_from_object(value_type(vm, cell)));
        return false;
    }
    value_replace_take(vm, &((Cell *)value_object(cell))->content, value_retain(content));
    Str *name = str_intern(vm, key, strlen(key));
    if (!name) return error_no_memory(vm), false;
    dict_delete_str(vm, type->dict, name);
    release_object(vm, name);
    return true;
}

static bool fill_dict(Vm *vm, Type *type, const Creation *c) {
    Dict *d = type->dict;
    bool own_eq = !value_is_empty(dict_peek_str(vm, d, NAME(vm, __eq__)));
    return set_module(vm, d) && take_qualname(vm, type) && wrap_function(vm, d, NAME(vm, __new__), staticmethod_new) &&
           wrap_function(vm, d, NAME(vm, __init_subclass__), classmethod_new) &&
           wrap_function(vm, d, NAME(vm, __class_getitem__), classmethod_new) &&
           fill_cell(vm, type, "__classcell__", value_from_object(type)) &&
           fill_cell(vm, type, "__classdictcell__", value_from_object(d)) && add_descriptors(vm, type, c) &&
           (!value_is_empty(dict_peek_str(vm, d, NAME(vm, __doc__))) || dict_set_str(vm, d, NAME(vm, __doc__), VALUE_NONE)) &&
           (!own_eq || !value_is_empty(dict_peek_str(vm, d, NAME(vm, __hash__))) || dict_set_str(vm, d, NAME(vm, __hash__), VALUE_NONE));
}

/* MRO, slots, the bases' lists. A failure leaves the type out of all lists. */
static bool make_ready(Vm *vm, Type *type) {
    Value mro = type_compute_mro(vm, type);
    if (value_is_error(mro)) return false;
    value_replace_take(vm, &type->mro, mro);
    Tuple *bases = value_tuple(type->bases);
    bool plain = bases->count == 1 && value_tuple(mro)->count == value_tuple(type->base->mro)->count + 1;
    type_update_slots(vm, type, !plain);
    for (size_t i = 0; i < bases->count; i++)
        if (!subclasses_add(vm, type_of_item(bases->items[i]), type)) return false;
    return true;
}

/* --- __set_name__, __init_subclass__ --- */

static void note_set_name(Vm *vm, Type *type, Value key, Value value) {
    Value exception = error_fetch(vm);
    Value note = str_format(vm, "Error calling __set_name__ on '%T' instance %V in '%N'", value, key, type);
    Str *add_note = str_intern(vm, "add_note", 8);
    if (!value_is_error(note) && add_note) {
        Value result = value_call_method(vm, exception, add_note, &note, 1);
        value_release(vm, result);
    }
    if (error_pending(vm)) error_clear(vm);
    release_object(vm, add_note);
    value_release(vm, note);
    error_restore_take(vm, exception);
}

static bool call_set_name(Vm *vm, Type *type, Value key, Value value) {
    Value method = type_lookup_peek(vm, value_type(vm, value), NAME(vm, __set_name__));
    if (value_is_empty(method)) return true;
    Value args[3] = {value, value_from_object(type), key};
    Value result = call_found(vm, method, args, 3);
    if (value_is_error(result)) note_set_name(vm, type, key, value);
    bool ok = !value_is_error(result);
    value_release(vm, result);
    return ok;
}

static bool any_set_name(Vm *vm, Dict *dict) {
    size_t position = 0;
    Value key, value;
    while (dict_next(dict, &position, &key, &value))
        if (value_is_object(value) && !value_is_empty(type_lookup_peek(vm, value_type(vm, value), NAME(vm, __set_name__)))) return true;
    return false;
}

static bool set_names(Vm *vm, Type *type) {
    if (!any_set_name(vm, type->dict)) return true;
    Dict *names = dict_copy(vm, type->dict); /* the calls may change the class */
    if (!names) return false;
    size_t position = 0;
    Value key, value;
    bool ok = true;
    while (ok && dict_next(names, &position, &key, &value)) ok = call_set_name(vm, type, key, value);
    release_object(vm, names);
    return ok;
}

/* super(type, type).__init_subclass__(**kwds) */
static bool init_subclass(Vm *vm, Type *type, Tuple *kwnames, Value *kwvalues) {
    Tuple *mro = value_tuple(type->mro);
    Value method = VALUE_EMPTY;
    if (value_object(mro->items[0]) != &type->head) { /* a metaclass's mro() left it out */
        error_type(vm, "super(type, obj): obj (type %N) is not an instance or subtype of type (%N).", type, type);
        return false;
    }
    for (size_t i = 1; i < mro->count && value_is_empty(method); i++)
        method = type_own_peek(vm, type_of_item(mro->items[i]), NAME(vm, __init_subclass__));
    bool has_keywords = kwnames && kwnames->count;
    if (value_is_empty(method)) return true;
    Type *kind = value_type(vm, method);
    if (!has_keywords && kind == TYPE(vm, CLASS_METHOD_DESCRIPTOR)) return true; /* object's: does nothing */
    value_retain(method);
    Value bound = kind->slots.descr_get ? kind->slots.descr_get(vm, method, VALUE_EMPTY, value_from_object(type)) : value_retain(method);
    Value result = value_is_error(bound) ? VALUE_ERROR : value_call(vm, bound, kwvalues, 0, kwnames);
    value_release(vm, bound);
    value_release(vm, method);
    bool ok = !value_is_error(result);
    value_release(vm, result);
    return ok;
}

/* --- all together --- */

static Type *create(Vm *vm, Creation *c, Dict *namespace) {
    if (!(c->base = type_best_base(vm, c->bases)) || !(c->dict = copy_namespace(vm, namespace)) || !read_slots(vm, c)) return NULL;
    Type *type = type_object_new(vm, c);
    if (!type) return NULL;
    if (fill_dict(vm, type, c) && make_ready(vm, type)) return type;
    release_object(vm, type);
    return NULL;
}

Value type_create(Vm *vm, Type *metatype, Str *name, Tuple *bases, Dict *dict, Tuple *kwnames, Value *kwvalues) {
    for (size_t i = 0; i < name->length; i++)
        if (str_at(name, i) == 0) return error_value(vm, "type name must not contain null characters");
    Value object = value_from_object(TYPE(vm, OBJECT));
    Tuple *actual = bases->count ? retain_object(bases) : tuple_from_values(vm, &object, 1);
    if (!actual) return VALUE_ERROR;
    Creation c = {.metatype = metatype, .name = name, .bases = actual};
    Type *type = create(vm, &c, dict);
    release_object(vm, c.members);
    release_object(vm, c.dict);
    release_object(vm, actual);
    if (type && set_names(vm, type) && init_subclass(vm, type, kwnames, kwvalues)) return value_from_object(type);
    release_object(vm, type);
    return VALUE_ERROR;
}

/* --- type.__new__, type.__init__ --- */

static bool check_argument(Vm *vm, bool ok, int position, const char *expected, Value v) {
    if (!ok) error_type(vm, "type.__new__() argument %d must be %s, not %T", position, expected, v);
    return ok;
}

Value type_new_slot(Vm *vm, Type *metatype, Value *args, int nargs, Tuple *kwnames) {
    if (nargs != 3) return error_type(vm, "type.__new__() takes exactly 3 arguments (%d given)", nargs);
    if (!check_argument(vm, value_is_str(args[0]), 1, "str", args[0]) || !check_argument(vm, value_is_tuple(args[1]), 2, "tuple", args[1]) ||
        !check_argument(vm, value_is_dict(args[2]), 3, "dict", args[2]))
        return VALUE_ERROR;
    Tuple *bases = value_tuple(args[1]);
    for (size_t i = 0; i < bases->count; i++) {
        if (value_has_layout(bases->items[i], LAYOUT_TYPE)) continue;
        Value method = value_find_attr(vm, bases->items[i], NAME(vm, __mro_entries__));
        if (value_is_error(method)) return VALUE_ERROR;
        if (value_is_empty(method)) continue;
        value_release(vm, method);
        return error_type(vm, "type() doesn't support MRO entry resolution; use types.new_class()");
    }
    Type *winner = type_calculate_metaclass(vm, metatype, bases);
    if (!winner) return VALUE_ERROR;
    if (winner != metatype && winner->slots.new_ != type_new_slot) return winner->slots.new_(vm, winner, args, nargs, kwnames);
    return type_create(vm, winner, value_str_peek(args[0]), bases, value_dict(args[2]), kwnames, args + 3);
}

bool type_init_slot(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    (void)self, (void)args;
    if (kwnames && kwnames->count && nargs == 1) return error_type(vm, "type.__init__() takes no keyword arguments"), false;
    if (nargs == 1 || nargs == 3) return true;
    error_type(vm, "type.__init__() takes 1 or 3 arguments");
    return false;
}
