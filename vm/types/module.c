/* Modules: a dict with a name. Attribute access goes to the dict, then to a __getattr__ that stands in it. */
#include "vm/types/function.h"

#include "vm/attr.h"
#include "vm/import.h"
#include "vm/ops.h"
#include "vm/types/descriptors.h"
#include "vm/types/str.h"
#include "vm/vm.h"

static inline Module *self_of(Value v) { return (Module *)value_object(v); }

/* --- making --- */

static Module *module_alloc(Vm *vm, Type *type) {
    Dict *dict = dict_new(vm);
    Module *m = dict ? type_alloc(vm, type, sizeof *m) : NULL;
    if (!m) {
        release_object(vm, dict);
        return NULL;
    }
    m->dict = dict;
    m->incomplete = false;
    m->def = NULL;
    object_track(&vm->heap, &m->head);
    return m;
}

static bool module_fill(Vm *vm, Module *m, Value name, Value doc) {
    Dict *d = m->dict;
    return dict_set_str(vm, d, NAME(vm, __name__), name) && dict_set_str(vm, d, NAME(vm, __doc__), doc) &&
           dict_set_str(vm, d, NAME(vm, __package__), VALUE_NONE) && dict_set_str(vm, d, NAME(vm, __loader__), VALUE_NONE) &&
           dict_set_str(vm, d, NAME(vm, __spec__), VALUE_NONE);
}

Value module_new(Vm *vm, Str *name, Value doc) {
    Module *m = module_alloc(vm, TYPE(vm, MODULE));
    if (!m) return VALUE_ERROR;
    if (module_fill(vm, m, value_from_object(name), value_is_empty(doc) ? VALUE_NONE : doc)) return value_from_object(m);
    release_object(vm, m);
    return VALUE_ERROR;
}

static Value module_new_slot(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    (void)args, (void)nargs, (void)kwnames;
    Module *m = module_alloc(vm, type);
    return m ? value_from_object(m) : VALUE_ERROR;
}

static Value module_init(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!value_is_str(args[1])) return error_type(vm, "module() argument 'name' must be str, not %T", args[1]);
    return module_fill(vm, self_of(args[0]), args[1], value_is_empty(args[2]) ? VALUE_NONE : args[2]) ? VALUE_NONE : VALUE_ERROR;
}

/* --- memory --- */

static size_t module_size(const Object *self) {
    (void)self;
    return sizeof(Module);
}
static void module_visit(Object *self, VisitFn visit, void *arg) { visit(value_from_object(((Module *)self)->dict), arg); }
static void module_clear(Vm *vm, Object *self) { dict_clear(vm, ((Module *)self)->dict); }
static void module_free(Vm *vm, Object *self) { release_object(vm, ((Module *)self)->dict); }

/* --- attributes --- */

bool module_complete(Vm *vm, Module *m) {
    if (!m->incomplete) return true;
    m->incomplete = false;
    return m->def->complete(vm, value_from_object(m));
}

static Value bind(Vm *vm, Value found, Value self, Type *type) {
    value_retain(found);
    Type *kind = value_type(vm, found);
    if (!kind->slots.descr_get) return found;
    Value result = kind->slots.descr_get(vm, found, self, value_from_object(type));
    value_release(vm, found);
    return result;
}

static Value module_get_attr(Vm *vm, Value self, Str *name) {
    Module *m = self_of(self);
    Type *type = m->head.shape->type;
    Value found = type_lookup_peek(vm, type, name);
    if (value_is_object(found) && value_type(vm, found)->slots.descr_set && value_type(vm, found)->slots.descr_get)
        return bind(vm, found, self, type);
    Value own = dict_peek_str(vm, m->dict, name);
    if (!value_is_empty(own)) return value_retain(own);
    if (m->incomplete) return module_complete(vm, m) ? module_get_attr(vm, self, name) : VALUE_ERROR;
    if (!value_is_empty(found)) return bind(vm, found, self, type);
    Value hook = dict_peek_str(vm, m->dict, NAME(vm, __getattr__));
    if (value_is_empty(hook)) return import_error_attribute(vm, self, name);
    value_retain(hook);
    Value result = value_call1(vm, hook, value_from_object(name));
    value_release(vm, hook);
    return result;
}

static bool module_set_attr(Vm *vm, Value self, Str *name, Value value) {
    Module *m = self_of(self);
    Value found = type_lookup_peek(vm, m->head.shape->type, name);
    if (value_is_object(found) && value_type(vm, found)->slots.descr_set) {
        value_retain(found);
        bool ok = value_type(vm, found)->slots.descr_set(vm, found, self, value);
        value_release(vm, found);
        return ok;
    }
    if (m->incomplete && value_is_empty(dict_peek_str(vm, m->dict, name)) && !module_complete(vm, m)) return false;
    if (!value_is_empty(value)) {
        Str *interned = str_intern_take(vm, retain_object(name));
        bool ok = interned && dict_set_str(vm, m->dict, interned, value);
        release_object(vm, interned);
        return ok;
    }
    if (dict_delete_str(vm, m->dict, name)) return true;
    error_attribute(vm, self, name);
    return false;
}

static Value get_dict(Vm *vm, Value self) {
    if (!module_complete(vm, self_of(self))) return VALUE_ERROR;
    return value_retain(value_from_object(self_of(self)->dict));
}

static bool set_dict(Vm *vm, Value self, Value value) {
    (void)self, (void)value;
    error_raise(vm, EXC_AttributeError, "readonly attribute");
    return false;
}

static Value get_annotations(Vm *vm, Value self) {
    Module *m = self_of(self);
    Value found = dict_peek_str(vm, m->dict, NAME(vm, __annotations__));
    if (!value_is_empty(found)) return value_retain(found);
    Dict *fresh = dict_new(vm);
    if (fresh && dict_set_str(vm, m->dict, NAME(vm, __annotations__), value_from_object(fresh))) return value_from_object(fresh);
    release_object(vm, fresh);
    return VALUE_ERROR;
}

static bool set_annotations(Vm *vm, Value self, Value value) {
    Module *m = self_of(self);
    if (!value_is_empty(value)) return dict_set_str(vm, m->dict, NAME(vm, __annotations__), value);
    if (dict_delete_str(vm, m->dict, NAME(vm, __annotations__))) return true;
    error_raise(vm, EXC_AttributeError, "__annotations__");
    return false;
}

static Value module_dir(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value dict = value_get_attr(vm, args[0], NAME(vm, __dict__)), hook = VALUE_EMPTY, result;
    if (value_is_error(dict)) return VALUE_ERROR;
    if (value_is_dict(dict)) hook = value_retain(dict_peek_str(vm, value_dict(dict), NAME(vm, __dir__)));
    if (!value_is_dict(dict)) result = error_type(vm, "<module>.__dict__ is not a dictionary");
    else result = value_is_empty(hook) ? dict_keys_list(vm, value_dict(dict)) : value_call0(vm, hook);
    value_release(vm, hook);
    value_release(vm, dict);
    return result;
}

/* --- repr --- */

static Value find_named(Vm *vm, Value v, const char *text) {
    Str *name = str_intern(vm, text, __builtin_strlen(text));
    Value result = name ? value_find_attr(vm, v, name) : VALUE_ERROR;
    release_object(vm, name);
    if (!value_is_error(result)) return result;
    error_clear(vm);
    return VALUE_EMPTY;
}

/* Of a module without an origin: by its loader. */
static Value repr_by_loader(Vm *vm, Value name, Value spec) {
    Value loader = find_named(vm, spec, "loader"), result = VALUE_EMPTY;
    if (value_is_object(loader) && value_type(vm, loader) == TYPE(vm, NAMESPACE_LOADER)) {
        Value path = find_named(vm, spec, "submodule_search_locations");
        result = str_format(vm, "<module %V (namespace) from %V>", name, path);
        value_release(vm, path);
    } else if (!value_is_empty(loader) && !value_is_none(loader)) {
        result = str_format(vm, "<module %V (%V)>", name, loader);
    }
    value_release(vm, loader);
    return result;
}

/* By the module's __spec__: <module 'm' from '/m.py'>, <module 'sys' (built-in)>. VALUE_EMPTY: it has no origin. */
static Value repr_by_spec(Vm *vm, Value name, Value spec) {
    Value origin = find_named(vm, spec, "origin"), has_location = find_named(vm, spec, "has_location"), result = VALUE_EMPTY;
    if (value_is_str(origin))
        result = value_is_true(has_location) ? str_format(vm, "<module %V from %V>", name, origin)
                                             : str_format(vm, "<module %V (%S)>", name, origin);
    else result = repr_by_loader(vm, name, spec);
    value_release(vm, origin);
    value_release(vm, has_location);
    return result;
}

static Value module_repr(Vm *vm, Value self) {
    Module *m = self_of(self);
    Value name = value_retain(dict_peek_str(vm, m->dict, NAME(vm, __name__)));
    Value spec = value_retain(dict_peek_str(vm, m->dict, NAME(vm, __spec__))), result = VALUE_EMPTY;
    Value file = value_retain(dict_peek_str(vm, m->dict, NAME(vm, __file__)));
    Str *unknown = value_is_empty(name) ? str_from_ascii(vm, "?") : NULL;
    if (unknown) name = value_from_object(unknown);
    if (!value_is_empty(spec) && !value_is_none(spec)) result = repr_by_spec(vm, name, spec);
    if (value_is_empty(result) && value_is_str(file)) result = str_format(vm, "<module %V from %V>", name, file);
    if (value_is_empty(result)) result = str_format(vm, m->def ? "<module %V (built-in)>" : "<module %V>", name);
    value_release(vm, name);
    value_release(vm, spec);
    value_release(vm, file);
    return result;
}

static const NativeDef module_methods[] = {
    {"__dir__", module_dir, "($self, /)", "__dir__() -> list\nspecialized dir() implementation", NATIVE_METHOD},
    {0},
};

static const GetSetDef module_getset[] = {
    {"__dict__", get_dict, set_dict, NULL},
    {"__annotations__", get_annotations, set_annotations, NULL},
    {0},
};

const TypeSpec module_spec = {
    .name = "module",
    .doc = "Create a module object.\n\nThe name must be a string; the optional docstring can have any type.",
    .layout = LAYOUT_MODULE,
    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_WEAKREFS,
    .size = sizeof(Module),
    .ops = {.size = module_size, .visit = module_visit, .clear = module_clear, .free = module_free},
    .slots = {.repr = module_repr, .get_attr = module_get_attr, .set_attr = module_set_attr, .new_ = module_new_slot},
    .init = {"module", module_init, "($self, name, doc=None)", NULL, NATIVE_METHOD},
    .methods = module_methods,
    .getset = module_getset,
};
