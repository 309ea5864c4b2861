/* object.__reduce_ex__, __reduce__ and __getstate__: what pickle and copy ask of an object. */
#include "vm/types/object.h"

#include "vm/ops.h"
#include "vm/shape.h"
#include "vm/types/descriptors.h"
#include "vm/types/dict.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

static Str *name_of(Vm *vm, const char *text) { return str_intern(vm, text, __builtin_strlen(text)); }

/* v.name, or VALUE_EMPTY. */
static Value find_named(Vm *vm, Value v, const char *text) {
    Str *name = name_of(vm, text);
    Value result = name ? value_find_attr(vm, v, name) : VALUE_ERROR;
    release_object(vm, name);
    return result;
}

static Value special_named(Vm *vm, Value v, const char *text) {
    Str *name = name_of(vm, text);
    Value result = name ? value_special(vm, v, name) : VALUE_ERROR;
    release_object(vm, name);
    return result;
}

/* A function of the module copyreg. */
static Value copyreg_function(Vm *vm, const char *text) {
    Value import = dict_peek_str(vm, vm->builtins, NAME(vm, __import__));
    Str *module_name = name_of(vm, "copyreg"), *name = name_of(vm, text);
    Value module = VALUE_ERROR, function = VALUE_ERROR;
    if (value_is_empty(import)) error_raise(vm, EXC_ImportError, "__import__ not found");
    else if (module_name && name) module = value_call1(vm, import, value_from_object(module_name));
    if (!value_is_error(module)) function = value_get_attr(vm, module, name);
    value_release(vm, module);
    release_object(vm, module_name);
    release_object(vm, name);
    return function;
}

/* --- state --- */

/* Adds every filled __slots__ member of the classes in the MRO to `out`. */
static bool collect_members(Vm *vm, Value self, Dict *out) {
    if (value_is_empty(value_type(vm, self)->mro)) return true;
    Tuple *mro = value_tuple(value_type(vm, self)->mro);
    for (size_t i = 0; i < mro->count; i++) {
        Type *t = (Type *)value_object(mro->items[i]);
        if (!(t->flags & TYPE_FLAG_HEAP) || !t->dict) continue;
        size_t position = 0;
        Value key, value;
        while (dict_next(t->dict, &position, &key, &value)) {
            if (!value_is_object(value) || value_object(value)->shape->type != TYPE(vm, MEMBER_DESCRIPTOR)) continue;
            const MemberDescriptor *m = (MemberDescriptor *)value_object(value);
            Value held = object_members(value_object(self))[m->index];
            if (!value_is_empty(held) && !dict_set_str(vm, out, m->name, held)) return false;
        }
    }
    return true;
}

static bool holds_more_than_attributes(Type *type) {
    Layout layout = type->spec->layout;
    return layout != LAYOUT_OBJECT && layout != LAYOUT_LIST && layout != LAYOUT_DICT;
}

static Value default_state(Vm *vm, Value self, bool required) {
    Type *type = value_type(vm, self);
    if (required && holds_more_than_attributes(type)) return error_type(vm, "cannot pickle '%T' object", self);
    Value state = find_named(vm, self, "__dict__");
    if (value_is_error(state)) return VALUE_ERROR;
    if (value_is_empty(state)) state = VALUE_NONE;
    if (value_is_dict(state) && !value_dict(state)->count && !(type->flags & TYPE_FLAG_HAS_DICT)) {
        value_release(vm, state);
        state = VALUE_NONE;
    }
    if (!type->slot_names_count) return state;
    Dict *members = dict_new(vm);
    Value result = VALUE_ERROR;
    if (members && collect_members(vm, self, members)) {
        if (!members->count) result = value_retain(state);
        else {
            Tuple *both = tuple_pack(vm, 2, state, value_from_object(members));
            if (both) result = value_from_object(both);
        }
    }
    release_object(vm, members);
    value_release(vm, state);
    return result;
}

/* __dict__ is made by asking for it; an instance without attributes has the state None. */
static bool has_no_state(Vm *vm, Value self) {
    (void)vm;
    if (!value_is_object(self)) return true;
    Object *o = value_object(self);
    Attrs *attrs = object_attrs(o);
    if (o->shape->type->slot_names_count || !attrs) return false;
    return o->shape->dict_mode ? ((Dict *)attrs->overflow)->count == 0 : o->shape->slot_count == 0;
}

Value object_getstate(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return has_no_state(vm, args[0]) ? VALUE_NONE : default_state(vm, args[0], false);
}

static Value state_of(Vm *vm, Value self, bool required) {
    Value method = value_get_attr(vm, self, NAME(vm, __getstate__));
    if (value_is_error(method)) return VALUE_ERROR;
    bool standard = value_is_native(method) && ((NativeFunction *)value_object(method))->fn == object_getstate;
    Value result;
    if (!standard) result = value_call0(vm, method);
    else if (required && value_is_object(self) && holds_more_than_attributes(value_type(vm, self)))
        result = error_type(vm, "cannot pickle '%T' object", self);
    else result = object_getstate(vm, &self, 1);
    value_release(vm, method);
    return result;
}

/* --- __reduce_ex__ --- */

/* Arguments for __new__ from __getnewargs_ex__ or __getnewargs__; *kwargs VALUE_EMPTY where there are none. VALUE_EMPTY: neither. */
static Value new_arguments(Vm *vm, Value self, Value *kwargs) {
    *kwargs = VALUE_EMPTY;
    Value method = special_named(vm, self, "__getnewargs_ex__");
    bool extended = !value_is_empty(method);
    if (!extended) method = special_named(vm, self, "__getnewargs__");
    if (value_is_error(method) || value_is_empty(method)) return method;
    Value result = value_call0(vm, method);
    value_release(vm, method);
    if (value_is_error(result)) return VALUE_ERROR;
    const char *name = extended ? "__getnewargs_ex__" : "__getnewargs__";
    if (!value_is_tuple(result)) error_type(vm, "%s should return a tuple, not '%T'", name, result);
    else if (!extended) return result;
    else if (value_tuple(result)->count != 2)
        error_value(vm, "__getnewargs_ex__ should return a tuple of length 2, not %zu", value_tuple(result)->count);
    else if (!value_is_tuple(value_tuple(result)->items[0]))
        error_type(vm, "first item of the tuple returned by __getnewargs_ex__ must be a tuple, not '%T'", value_tuple(result)->items[0]);
    else if (!value_is_dict(value_tuple(result)->items[1]))
        error_type(vm, "second item of the tuple returned by __getnewargs_ex__ must be a dict, not '%T'", value_tuple(result)->items[1]);
    else {
        Value args = value_retain(value_tuple(result)->items[0]);
        *kwargs = value_retain(value_tuple(result)->items[1]);
        value_release(vm, result);
        return args;
    }
    value_release(vm, result);
    return VALUE_ERROR;
}

/* (copyreg.__newobj__, (class, *args)) or (copyreg.__newobj_ex__, (class, args, kwargs)): the first two items of the result. */
static bool new_object_call(Vm *vm, Value self, Value args, Value kwargs, Value *function, Value *arguments) {
    Value class = value_from_object(value_type(vm, self));
    bool extended = value_is_dict(kwargs) && value_dict(kwargs)->count;
    *function = copyreg_function(vm, extended ? "__newobj_ex__" : "__newobj__");
    if (value_is_error(*function)) return false;
    Tuple *all;
    if (extended) all = tuple_pack(vm, 3, class, args, kwargs);
    else {
        size_t count = value_is_tuple(args) ? value_tuple(args)->count : 0;
        all = tuple_new(vm, count + 1);
        if (all) all->items[0] = value_retain(class);
        for (size_t i = 0; all && i < count; i++) all->items[i + 1] = value_retain(value_tuple(args)->items[i]);
        if (all) tuple_track(vm, all);
    }
    *arguments = all ? value_from_object(all) : VALUE_NONE;
    return all != NULL;
}

static Value item_iterator(Vm *vm, Value self, bool wanted, const char *method_name) {
    if (!wanted) return VALUE_NONE;
    if (!method_name) return value_iter(vm, self);
    Str *name = name_of(vm, method_name);
    Value items = name ? value_call_method(vm, self, name, NULL, 0) : VALUE_ERROR;
    release_object(vm, name);
    Value iterator = value_is_error(items) ? VALUE_ERROR : value_iter(vm, items);
    value_release(vm, items);
    return iterator;
}

static Value reduce_new(Vm *vm, Value self) {
    Value kwargs, parts[5] = {VALUE_NONE, VALUE_NONE, VALUE_NONE, VALUE_NONE, VALUE_NONE}, result = VALUE_ERROR;
    Value args = new_arguments(vm, self, &kwargs);
    bool is_list = value_has_layout(self, LAYOUT_LIST), is_dict = value_is_dict(self);
    if (!value_is_error(args) && new_object_call(vm, self, args, kwargs, &parts[0], &parts[1]) &&
        !value_is_error(parts[2] = state_of(vm, self, value_is_empty(args) && !is_list && !is_dict)) &&
        !value_is_error(parts[3] = item_iterator(vm, self, is_list, NULL)) &&
        !value_is_error(parts[4] = item_iterator(vm, self, is_dict, "items"))) {
        Tuple *t = tuple_from_values(vm, parts, 5);
        if (t) result = value_from_object(t);
    }
    for (int i = 0; i < 5; i++) value_release(vm, parts[i]);
    value_release(vm, args);
    value_release(vm, kwargs);
    return result;
}

static Value reduce_default(Vm *vm, Value self, int64_t protocol) {
    if (protocol >= 2) return reduce_new(vm, self);
    Value function = copyreg_function(vm, "_reduce_ex");
    if (value_is_error(function)) return VALUE_ERROR;
    Value result = value_call2(vm, function, self, value_from_small(protocol));
    value_release(vm, function);
    return result;
}

Value object_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return reduce_default(vm, args[0], 0);
}

/* A __reduce__ of the class's own goes first. */
Value object_reduce_ex(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int64_t protocol;
    if (!value_as_i64(vm, args[1], &protocol)) return VALUE_ERROR;
    Value own = type_lookup_peek(vm, value_type(vm, args[0]), NAME(vm, __reduce__));
    Value standard = type_lookup_peek(vm, TYPE(vm, OBJECT), NAME(vm, __reduce__));
    if (value_is_empty(own) || value_same(own, standard)) return reduce_default(vm, args[0], protocol);
    return value_call_method(vm, args[0], NAME(vm, __reduce__), NULL, 0);
}
