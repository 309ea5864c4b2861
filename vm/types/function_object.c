/* Script functions: code with the globals, defaults and closure it runs with. */
#include "vm/types/function.h"

#include "vm/attr.h"
#include "vm/loop.h"
#include "vm/types/dict.h"
#include "vm/types/str.h"

/* The builtins that code with these globals sees: their __builtins__ (module or dict), else the VM's. Borrowed. */
static Dict *builtins_of(Vm *vm, Dict *globals) {
    Value v = dict_peek_str(vm, globals, NAME(vm, __builtins__));
    if (value_is_module(v)) return ((Module *)value_object(v))->dict;
    return value_is_dict(v) ? value_dict(v) : vm->builtins;
}

static Value docstring(const Code *code) {
    if (!(code->flags & CODE_HAS_DOCSTRING) || !code->constant_count) return VALUE_NONE;
    return code->constants[0];
}

Function *function_new(Vm *vm, Code *code, Dict *globals) {
    Function *f = object_new(&vm->heap, TYPE(vm, FUNCTION)->shape, sizeof *f);
    if (!f) {
        error_no_memory(vm);
        return NULL;
    }
    f->code = retain_object(code);
    f->globals = retain_object(globals);
    f->builtins = retain_object(builtins_of(vm, globals));
    f->closure = f->defaults = NULL;
    f->kwdefaults = f->dict = NULL;
    f->name = retain_object(code->name);
    f->qualname = retain_object(code->qualname);
    f->doc = value_retain(docstring(code));
    f->module = value_retain(dict_peek_str(vm, globals, NAME(vm, __name__)));
    f->annotations = f->type_params = VALUE_EMPTY;
    if (!f->globals->version) dict_watch(vm, f->globals); /* caches compare it with 0 when empty */
    if (!f->builtins->version) dict_watch(vm, f->builtins);
    object_track(&vm->heap, &f->head);
    return f;
}

static Function *self_of(Value self) { return (Function *)value_object(self); }

/* --- memory --- */

static size_t function_size(const Object *o) {
    (void)o;
    return sizeof(Function);
}

static void visit_object(void *o, VisitFn visit, void *arg) {
    if (o) visit(value_from_object(o), arg);
}

static void function_visit(Object *o, VisitFn visit, void *arg) {
    Function *f = (Function *)o;
    void *objects[] = {f->code, f->globals, f->builtins, f->closure, f->defaults, f->kwdefaults, f->name, f->qualname, f->dict};
    for (size_t k = 0; k < sizeof objects / sizeof *objects; k++) visit_object(objects[k], visit, arg);
    visit(f->doc, arg);
    visit(f->module, arg);
    visit(f->annotations, arg);
    visit(f->type_params, arg);
}

/* The code, names and globals stay: a function that is being cleared may still be called by a finalizer. */
static void function_clear(Vm *vm, Object *o) {
    Function *f = (Function *)o;
    void *objects[] = {f->defaults, f->kwdefaults, f->dict};
    f->defaults = NULL;
    f->kwdefaults = f->dict = NULL;
    value_clear(vm, &f->doc);
    value_clear(vm, &f->module);
    value_clear(vm, &f->annotations);
    value_clear(vm, &f->type_params);
    for (size_t k = 0; k < sizeof objects / sizeof *objects; k++) release_object(vm, objects[k]);
}

static void function_free(Vm *vm, Object *o) {
    Function *f = (Function *)o;
    function_clear(vm, o);
    release_object(vm, f->closure);
    release_object(vm, f->code);
    release_object(vm, f->globals);
    release_object(vm, f->builtins);
    release_object(vm, f->name);
    release_object(vm, f->qualname);
}

/* --- behaviour --- */

static Value function_repr(Vm *vm, Value self) {
    return str_format(vm, "<function %U at %p>", self_of(self)->qualname, (void *)self_of(self));
}

static Value function_call_slot(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    return function_call(vm, self_of(self), args, nargs, kwnames);
}

static Value function_get(Vm *vm, Value self, Value instance, Value owner) {
    if (value_is_empty(instance)) return value_retain(self);
    if (value_is_none(instance) && value_is_empty(owner)) return value_retain(self);
    return method_new(vm, self, instance);
}

static Value function_construct(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!value_has_layout(args[1], LAYOUT_CODE)) return error_type(vm, "function() argument 'code' must be code, not %T", args[1]);
    if (!value_is_dict(args[2])) return error_type(vm, "function() argument 'globals' must be dict, not %T", args[2]);
    Code *code = (Code *)value_object(args[1]);
    Value closure = value_is_empty(args[5]) ? VALUE_NONE : args[5];
    size_t cells = value_is_tuple(closure) ? value_tuple(closure)->count : 0;
    if (!value_is_none(closure) && !value_is_tuple(closure)) return error_type(vm, "arg 5 (closure) must be tuple");
    if (code->free_count && !value_is_tuple(closure)) return error_type(vm, "arg 5 (closure) must be tuple");
    if (code->free_count != cells)
        return error_value(vm, "%U requires closure of length %u, not %zu", code->name, (unsigned)code->free_count, cells);
    for (size_t k = 0; k < cells; k++)
        if (!value_has_layout(value_tuple(closure)->items[k], LAYOUT_CELL))
            return error_type(vm, "arg 5 (closure) expected cell, found %T", value_tuple(closure)->items[k]);
    Function *f = function_new(vm, code, value_dict(args[2]));
    if (!f) return VALUE_ERROR;
    if (value_is_str(args[3])) {
        release_object(vm, f->name);
        f->name = retain_object(value_object(args[3]));
    }
    if (value_is_tuple(args[4])) f->defaults = retain_object(value_object(args[4]));
    if (cells) f->closure = retain_object(value_object(closure));
    if (value_is_dict(args[6])) f->kwdefaults = retain_object(value_object(args[6]));
    return value_from_object(f);
}

/* --- attributes --- */

static Value object_or_none(void *o) { return o ? value_retain(value_from_object(o)) : VALUE_NONE; }

static Value get_code(Vm *vm, Value self) { return (void)vm, object_or_none(self_of(self)->code); }
static Value get_globals(Vm *vm, Value self) { return (void)vm, object_or_none(self_of(self)->globals); }
static Value get_builtins(Vm *vm, Value self) { return (void)vm, object_or_none(self_of(self)->builtins); }
static Value get_closure(Vm *vm, Value self) { return (void)vm, object_or_none(self_of(self)->closure); }
static Value get_defaults(Vm *vm, Value self) { return (void)vm, object_or_none(self_of(self)->defaults); }
static Value get_kwdefaults(Vm *vm, Value self) { return (void)vm, object_or_none(self_of(self)->kwdefaults); }
static Value get_name(Vm *vm, Value self) { return (void)vm, object_or_none(self_of(self)->name); }
static Value get_qualname(Vm *vm, Value self) { return (void)vm, object_or_none(self_of(self)->qualname); }

static bool replace_object(Vm *vm, void **place, Value value) {
    void *old = *place;
    *place = value_is_empty(value) || value_is_none(value) ? NULL : retain_object(value_object(value));
    release_object(vm, old);
    return true;
}

static bool set_code(Vm *vm, Value self, Value value) {
    Function *f = self_of(self);
    if (!value_has_layout(value, LAYOUT_CODE)) return error_type(vm, "__code__ must be set to a code object"), false;
    Code *code = (Code *)value_object(value);
    size_t cells = f->closure ? f->closure->count : 0;
    if (code->free_count != cells) {
        error_value(vm, "%U() requires a code object with %zu free vars, not %u", f->name, cells, (unsigned)code->free_count);
        return false;
    }
    return replace_object(vm, (void **)&f->code, value);
}

static bool set_defaults(Vm *vm, Value self, Value value) {
    if (!value_is_empty(value) && !value_is_none(value) && !value_is_tuple(value))
        return error_type(vm, "__defaults__ must be set to a tuple object"), false;
    return replace_object(vm, (void **)&self_of(self)->defaults, value);
}

static bool set_kwdefaults(Vm *vm, Value self, Value value) {
    if (!value_is_empty(value) && !value_is_none(value) && !value_is_dict(value))
        return error_type(vm, "__kwdefaults__ must be set to a dict object"), false;
    return replace_object(vm, (void **)&self_of(self)->kwdefaults, value);
}

static bool set_name(Vm *vm, Value self, Value value) {
    if (!value_is_str(value)) return error_type(vm, "__name__ must be set to a string object"), false;
    return replace_object(vm, (void **)&self_of(self)->name, value);
}

static bool set_qualname(Vm *vm, Value self, Value value) {
    if (!value_is_str(value)) return error_type(vm, "__qualname__ must be set to a string object"), false;
    return replace_object(vm, (void **)&self_of(self)->qualname, value);
}

static Value value_or_none(Value v) { return value_is_empty(v) ? VALUE_NONE : value_retain(v); }

static Value get_doc(Vm *vm, Value self) { return (void)vm, value_or_none(self_of(self)->doc); }
static Value get_module(Vm *vm, Value self) { return (void)vm, value_or_none(self_of(self)->module); }

static bool set_doc(Vm *vm, Value self, Value value) {
    value_replace_take(vm, &self_of(self)->doc, value_retain(value));
    return true;
}

static bool set_module(Vm *vm, Value self, Value value) {
    value_replace_take(vm, &self_of(self)->module, value_retain(value));
    return true;
}

static Value get_annotations(Vm *vm, Value self) {
    Function *f = self_of(self);
    if (value_is_empty(f->annotations) || value_is_none(f->annotations)) {
        Dict *d = dict_new(vm);
        if (!d) return VALUE_ERROR;
        f->annotations = value_from_object(d);
    }
    return value_retain(f->annotations);
}

static bool set_annotations(Vm *vm, Value self, Value value) {
    if (!value_is_empty(value) && !value_is_none(value) && !value_is_dict(value))
        return error_type(vm, "__annotations__ must be set to a dict object"), false;
    value_replace_take(vm, &self_of(self)->annotations, value_is_none(value) ? VALUE_EMPTY : value_retain(value));
    return true;
}

static Value get_type_params(Vm *vm, Value self) {
    Value v = self_of(self)->type_params;
    return value_retain(value_is_empty(v) ? vm->empty_tuple : v);
}

static bool set_type_params(Vm *vm, Value self, Value value) {
    if (!value_is_tuple(value)) return error_type(vm, "__type_params__ must be set to a tuple"), false;
    value_replace_take(vm, &self_of(self)->type_params, value_retain(value));
    return true;
}

static Value get_dict(Vm *vm, Value self) {
    Function *f = self_of(self);
    if (!f->dict && !(f->dict = dict_new(vm))) return VALUE_ERROR;
    return value_retain(value_from_object(f->dict));
}

static bool set_dict(Vm *vm, Value self, Value value) {
    if (!value_is_dict(value)) return error_type(vm, "__dict__ must be set to a dictionary, not a '%T'", value), false;
    return replace_object(vm, (void **)&self_of(self)->dict, value);
}

/* Attributes that scripts set on functions are in Function.dict, behind the type's own. */
static Value function_get_attr(Vm *vm, Value self, Str *name) {
    Dict *d = self_of(self)->dict;
    Value v = d ? dict_peek_str(vm, d, name) : VALUE_EMPTY;
    if (value_is_empty(v)) return value_get_attr_generic(vm, self, name);
    Value of_type = type_lookup_peek(vm, TYPE(vm, FUNCTION), name);
    if (!value_is_empty(of_type) && value_type(vm, of_type)->slots.descr_set) return value_get_attr_generic(vm, self, name);
    return value_retain(v);
}

static bool function_set_attr(Vm *vm, Value self, Str *name, Value value) {
    Value of_type = type_lookup_peek(vm, TYPE(vm, FUNCTION), name);
    if (!value_is_empty(of_type) && value_type(vm, of_type)->slots.descr_set) return value_set_attr_generic(vm, self, name, value);
    Function *f = self_of(self);
    if (value_is_empty(value)) {
        if (f->dict && dict_delete_str(vm, f->dict, name)) return true;
        return error_attribute(vm, self, name), false;
    }
    if (!f->dict && !(f->dict = dict_new(vm))) return false;
    return dict_set_str(vm, f->dict, name, value);
}

static const GetSetDef function_getset[] = {
    {"__code__", get_code, set_code, NULL},
    {"__globals__", get_globals, NULL, NULL},
    {"__builtins__", get_builtins, NULL, NULL},
    {"__closure__", get_closure, NULL, NULL},
    {"__defaults__", get_defaults, set_defaults, NULL},
    {"__kwdefaults__", get_kwdefaults, set_kwdefaults, NULL},
    {"__name__", get_name, set_name, NULL},
    {"__qualname__", get_qualname, set_qualname, NULL},
    {"__doc__", get_doc, set_doc, NULL},
    {"__module__", get_module, set_module, NULL},
    {"__annotations__", get_annotations, set_annotations, NULL},
    {"__type_params__", get_type_params, set_type_params, NULL},
    {"__dict__", get_dict, set_dict, NULL},
    {0}};

const TypeSpec function_spec = {
    .name = "function",
    .doc = "Create a function object.",
    .layout = LAYOUT_FUNCTION,
    .flags = TYPE_FLAG_WEAKREFS | TYPE_FLAG_METHOD_DESCRIPTOR,
    .size = sizeof(Function),
    .ops = {function_size, function_visit, function_clear, function_free, NULL},
    .slots = {.repr = function_repr,
              .call = function_call_slot,
              .descr_get = function_get,
              .get_attr = function_get_attr,
              .set_attr = function_set_attr},
    .new_ = {"function", function_construct, "($type, code, globals, name=None, argdefs=None, closure=None, kwdefaults=None)", NULL, 0},
    .getset = function_getset,
};
