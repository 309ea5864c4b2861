/* types.GenericAlias: list[int] and its like. An alias acts as its origin, but for what concerns its arguments.
 *
 * Parameters are the type variables among the arguments (also inside of aliases in them); alias[...] puts arguments in their
 * place. union.c shares the helpers declared in generic_internal.h. */
#include "vm/types/generic_alias.h"

#include "vm/attr.h"
#include "vm/ops.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/generic_internal.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/types/type_create.h"
#include "vm/vm.h"

typedef struct GenericAlias {
    Object head;
    Value origin;
    Value args;       /* Tuple */
    Value parameters; /* Tuple; VALUE_EMPTY until asked for */
    bool starred;     /* *tuple[int]: to be unpacked */
} GenericAlias;

static inline GenericAlias *self_of(Value v) { return (GenericAlias *)value_object(v); }

bool value_is_generic_alias(const Vm *vm, Value v) { return value_is_instance(vm, v, TYPE(vm, GENERIC_ALIAS)); }

static Value alias_new(Vm *vm, Type *type, Value origin, Value args, bool starred) {
    Value tuple = value_retain(args);
    if (!value_is_tuple(args)) {
        Tuple *one = tuple_from_values(vm, &args, 1);
        value_release(vm, tuple);
        if (!one) return VALUE_ERROR;
        tuple = value_from_object(one);
    }
    GenericAlias *a = type_alloc(vm, type, sizeof *a);
    if (!a) {
        value_release(vm, tuple);
        return VALUE_ERROR;
    }
    a->origin = value_retain(origin);
    a->args = tuple;
    a->parameters = VALUE_EMPTY;
    a->starred = starred;
    object_track(&vm->heap, &a->head);
    return value_from_object(a);
}

Value generic_alias_new(Vm *vm, Value origin, Value args) { return alias_new(vm, TYPE(vm, GENERIC_ALIAS), origin, args, false); }

static Value alias_new_native(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return alias_new(vm, (Type *)value_object(args[0]), args[1], args[2], false);
}

/* --- text --- */

static void add_list(StrBuilder *b, const Value *items, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (i) builder_add_ascii(b, ", ", 2);
        generic_add_repr(b, items[i]);
    }
}

/* module.qualname of what has both, without "builtins."; *done false: it has not. */
static void add_qualified(StrBuilder *b, Value v, bool *done) {
    Vm *vm = b->vm;
    Value qualname = value_find_attr(vm, v, NAME(vm, __qualname__));
    Value module = value_is_str(qualname) ? value_find_attr(vm, v, NAME(vm, __module__)) : VALUE_EMPTY;
    *done = value_is_str(qualname) && !value_is_empty(module) && !value_is_none(module) && !value_is_error(module);
    if (value_is_error(qualname) || value_is_error(module)) b->failed = true;
    else if (*done) {
        if (!value_is_str(module) || !str_equal_ascii(value_str_peek(module), "builtins")) {
            builder_add_value(b, module);
            builder_add_char(b, '.');
        }
        builder_add_value(b, qualname);
    }
    value_release(vm, qualname);
    value_release(vm, module);
}

void generic_add_repr(StrBuilder *b, Value v) {
    Vm *vm = b->vm;
    bool done = false;
    if (value_same(v, VALUE_ELLIPSIS)) {
        builder_add_ascii(b, "...", 3);
    } else if (value_has_layout(v, LAYOUT_LIST)) {
        builder_add_char(b, '[');
        add_list(b, value_list(v)->items, value_list(v)->count);
        builder_add_char(b, ']');
    } else if (value_is_generic_alias(vm, v)) {
        builder_add_repr(b, v);
    } else {
        if (value_is_object(v)) add_qualified(b, v, &done);
        if (!done && !b->failed) builder_add_repr(b, v);
    }
}

static Value alias_repr(Vm *vm, Value self) {
    GenericAlias *a = self_of(self);
    Tuple *args = value_tuple(a->args);
    if (!vm_enter_c(vm, " while getting the repr of an object")) return VALUE_ERROR;
    StrBuilder b;
    builder_init(&b, vm);
    if (a->starred) builder_add_char(&b, '*');
    generic_add_repr(&b, a->origin);
    builder_add_char(&b, '[');
    add_list(&b, args->items, args->count);
    if (!args->count) builder_add_ascii(&b, "()", 2);
    builder_add_char(&b, ']');
    vm_leave_c(vm);
    return builder_finish(&b);
}

/* --- parameters --- */

static bool is_type_parameter(const Vm *vm, Value v) {
    if (!value_is_object(v)) return false;
    const Type *type = value_type(vm, v);
    return type == TYPE(vm, TYPE_VAR) || type == TYPE(vm, PARAM_SPEC) || type == TYPE(vm, TYPE_VAR_TUPLE);
}

static bool add_parameter(Vm *vm, List *out, Value v) {
    for (size_t i = 0; i < out->count; i++)
        if (value_same(out->items[i], v)) return true;
    return list_append(vm, out, v);
}

/* The __parameters__ of an argument that is generic itself: new Tuple; VALUE_EMPTY: none. */
static Value parameters_of(Vm *vm, Value v) {
    if (!value_is_object(v) || value_has_layout(v, LAYOUT_TYPE)) return VALUE_EMPTY;
    Str *name = str_intern(vm, "__parameters__", 14);
    Value found = name ? value_find_attr(vm, v, name) : VALUE_ERROR;
    release_object(vm, name);
    if (value_is_error(found) || value_is_tuple(found)) return found;
    value_release(vm, found);
    return VALUE_EMPTY;
}

static bool collect(Vm *vm, List *out, Value v) {
    if (is_type_parameter(vm, v)) return add_parameter(vm, out, v);
    if (value_has_layout(v, LAYOUT_LIST) || value_is_tuple(v)) {
        Value items = tuple_from_iterable(vm, v);
        bool ok = !value_is_error(items);
        for (size_t i = 0; ok && i < value_tuple(items)->count; i++) ok = collect(vm, out, value_tuple(items)->items[i]);
        value_release(vm, items);
        return ok;
    }
    Value inner = parameters_of(vm, v);
    if (value_is_error(inner)) return false;
    bool ok = true;
    for (size_t i = 0; ok && value_is_tuple(inner) && i < value_tuple(inner)->count; i++)
        ok = add_parameter(vm, out, value_tuple(inner)->items[i]);
    value_release(vm, inner);
    return ok;
}

Value generic_parameters(Vm *vm, Tuple *args) {
    List *found = list_new(vm, 0);
    bool ok = found != NULL;
    for (size_t i = 0; ok && i < args->count; i++) ok = collect(vm, found, args->items[i]);
    Value result = ok ? list_to_tuple(vm, found) : VALUE_ERROR;
    release_object(vm, found);
    return result;
}

/* --- substitution --- */

typedef struct Substitution {
    Tuple *parameters;
    const Value *values; /* one for each parameter */
} Substitution;

/* What stands for `v`: new. */
static Value substitute(Vm *vm, const Substitution *s, Value v) {
    for (size_t i = 0; i < s->parameters->count; i++)
        if (value_same(s->parameters->items[i], v)) return value_retain(s->values[i]);
    Value inner = parameters_of(vm, v);
    if (value_is_error(inner)) return VALUE_ERROR;
    if (!value_is_tuple(inner) || !value_tuple(inner)->count) {
        value_release(vm, inner);
        return value_retain(v);
    }
    Tuple *values = tuple_new(vm, value_tuple(inner)->count);
    Value result = VALUE_ERROR;
    bool ok = values != NULL;
    for (size_t i = 0; ok && i < values->count; i++) {
        Value one = substitute(vm, s, value_tuple(inner)->items[i]);
        ok = !value_is_error(one);
        if (ok) value_replace_take(vm, &values->items[i], one);
    }
    if (ok) {
        tuple_track(vm, values);
        result = value_get_item(vm, v, value_from_object(values));
    }
    release_object(vm, values);
    value_release(vm, inner);
    return result;
}

Value generic_substitute(Vm *vm, Value self, Tuple *args, Tuple *parameters, Value item) {
    if (!parameters->count) return error_type(vm, "%V is not a generic class", self);
    const Value *values = value_is_tuple(item) ? value_tuple(item)->items : &item;
    size_t count = value_is_tuple(item) ? value_tuple(item)->count : 1;
    if (count != parameters->count)
        return error_type(vm, "Too %s arguments for %V; actual %zu, expected %s%zu", count > parameters->count ? "many" : "few", self,
                          count, count > parameters->count ? "" : "at least ", parameters->count);
    Substitution s = {.parameters = parameters, .values = values};
    Tuple *out = tuple_new(vm, args->count);
    for (size_t i = 0; out && i < args->count; i++) {
        Value one = substitute(vm, &s, args->items[i]);
        if (value_is_error(one)) {
            release_object(vm, out);
            return VALUE_ERROR;
        }
        value_replace_take(vm, &out->items[i], one);
    }
    if (!out) return VALUE_ERROR;
    tuple_track(vm, out);
    return value_from_object(out);
}

static Value alias_parameters(Vm *vm, GenericAlias *a) {
    if (value_is_empty(a->parameters)) {
        Value parameters = generic_parameters(vm, value_tuple(a->args));
        if (value_is_error(parameters)) return VALUE_ERROR;
        value_replace_take(vm, &a->parameters, parameters);
    }
    return a->parameters;
}

static Value alias_get_item(Vm *vm, Value self, Value item) {
    GenericAlias *a = self_of(self);
    Value parameters = alias_parameters(vm, a);
    if (value_is_error(parameters)) return VALUE_ERROR;
    Value args = generic_substitute(vm, self, value_tuple(a->args), value_tuple(parameters), item);
    if (value_is_error(args)) return VALUE_ERROR;
    Value result = alias_new(vm, value_type(vm, self), a->origin, args, a->starred);
    value_release(vm, args);
    return result;
}

/* --- slots --- */

/* Attributes that are the alias's own; all others are its origin's. */
static bool is_own_attribute(const Str *name) {
    static const char *const own[] = {"__class__", "__bases__", "__origin__", "__args__", "__unpacked__", "__parameters__",
                                      "__typing_unpacked_tuple_args__", "__mro_entries__", "__reduce_ex__", "__reduce__", "__copy__",
                                      "__deepcopy__"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (str_equal_ascii(name, own[i])) return true;
    return false;
}

static Value alias_get_attr(Vm *vm, Value self, Str *name) {
    return is_own_attribute(name) ? value_get_attr_generic(vm, self, name) : value_get_attr(vm, self_of(self)->origin, name);
}

/* The instance remembers the alias it was made by, if it has room for attributes. */
static Value alias_call(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    Value result = value_call(vm, self_of(self)->origin, args, nargs, kwnames);
    if (value_is_error(result)) return VALUE_ERROR;
    Str *name = str_intern(vm, "__orig_class__", 14);
    bool ok = name && value_set_attr(vm, result, name, self);
    release_object(vm, name);
    if (ok || error_clear_if(vm, EXC_AttributeError) || error_clear_if(vm, EXC_TypeError)) return result;
    value_release(vm, result);
    return VALUE_ERROR;
}

static Value alias_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    if ((op != COMPARE_EQ && op != COMPARE_NE) || !value_is_generic_alias(vm, other)) return VALUE_NOT_IMPLEMENTED;
    GenericAlias *a = self_of(self), *b = self_of(other);
    int equal = a->starred == b->starred ? value_equal(vm, a->origin, b->origin) : 0;
    if (equal > 0) equal = value_equal(vm, a->args, b->args);
    return equal < 0 ? VALUE_ERROR : value_from_bool(equal == (op == COMPARE_EQ));
}

static bool alias_hash(Vm *vm, Value self, Hash *out) {
    Hash origin, args;
    if (!value_hash(vm, self_of(self)->origin, &origin) || !value_hash(vm, self_of(self)->args, &args)) return false;
    *out = origin ^ args;
    if (*out == -1) *out = -2;
    return true;
}

/* iter(tuple[int]) gives *tuple[int], once. */
static Value alias_iter(Vm *vm, Value self) {
    GenericAlias *a = self_of(self);
    Value starred = alias_new(vm, TYPE(vm, GENERIC_ALIAS), a->origin, a->args, true);
    if (value_is_error(starred)) return VALUE_ERROR;
    Tuple *one = tuple_from_values_take(vm, &starred, 1);
    if (!one) return VALUE_ERROR;
    Value iterator = value_iter(vm, value_from_object(one));
    release_object(vm, one);
    return iterator;
}

/* --- methods --- */

static Value alias_mro_entries(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Tuple *t = tuple_from_values(vm, &self_of(args[0])->origin, 1);
    return t ? value_from_object(t) : VALUE_ERROR;
}

static Value alias_instancecheck(Vm *vm, Value *args, int nargs) {
    (void)args, (void)nargs;
    return error_type(vm, "isinstance() argument 2 cannot be a parameterized generic");
}

static Value alias_subclasscheck(Vm *vm, Value *args, int nargs) {
    (void)args, (void)nargs;
    return error_type(vm, "issubclass() argument 2 cannot be a parameterized generic");
}

static Value alias_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    GenericAlias *a = self_of(args[0]);
    Tuple *arguments = tuple_pack(vm, 2, a->origin, a->args);
    Tuple *t = arguments ? tuple_pack(vm, 2, value_from_object(TYPE(vm, GENERIC_ALIAS)), value_from_object(arguments)) : NULL;
    release_object(vm, arguments);
    return t ? value_from_object(t) : VALUE_ERROR;
}

/* dir(): the origin's attributes, and the alias's own. */
static Value alias_dir(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    static const char *const own[] = {"__origin__", "__args__", "__parameters__", "__mro_entries__", "__reduce_ex__", "__reduce__",
                                      "__copy__", "__deepcopy__", "__unpacked__", "__typing_unpacked_tuple_args__"};
    Value origin = self_of(args[0])->origin;
    Value names = value_has_layout(origin, LAYOUT_TYPE) ? type_dir(vm, (Type *)value_object(origin), NULL)
                                                        : value_call_method(vm, origin, NAME(vm, __dir__), NULL, 0);
    if (value_is_error(names)) return VALUE_ERROR;
    List *list = list_from_iterable(vm, names);
    value_release(vm, names);
    for (size_t i = 0; list && i < sizeof own / sizeof *own; i++) {
        Str *name = str_intern(vm, own[i], __builtin_strlen(own[i]));
        bool ok = name && list_append(vm, list, value_from_object(name));
        release_object(vm, name);
        if (ok) continue;
        release_object(vm, list);
        return VALUE_ERROR;
    }
    return list ? value_from_object(list) : VALUE_ERROR;
}

static Value get_origin(Vm *vm, Value self) {
    (void)vm;
    return value_retain(self_of(self)->origin);
}
static Value get_args(Vm *vm, Value self) {
    (void)vm;
    return value_retain(self_of(self)->args);
}
static Value get_unpacked(Vm *vm, Value self) {
    (void)vm;
    return value_from_bool(self_of(self)->starred);
}
static Value get_parameters(Vm *vm, Value self) {
    Value parameters = alias_parameters(vm, self_of(self));
    return value_is_error(parameters) ? VALUE_ERROR : value_retain(parameters);
}
static Value get_unpacked_args(Vm *vm, Value self) {
    GenericAlias *a = self_of(self);
    return a->starred && value_same(a->origin, value_from_object(TYPE(vm, TUPLE))) ? value_retain(a->args) : VALUE_NONE;
}

static size_t alias_size(const Object *self) {
    (void)self;
    return sizeof(GenericAlias);
}
static void alias_visit(Object *self, VisitFn visit, void *arg) {
    GenericAlias *a = (GenericAlias *)self;
    visit(a->origin, arg);
    visit(a->args, arg);
    visit(a->parameters, arg);
}
static void alias_free(Vm *vm, Object *self) {
    GenericAlias *a = (GenericAlias *)self;
    value_release(vm, a->origin);
    value_release(vm, a->args);
    value_release(vm, a->parameters);
}

static const NativeDef alias_methods[] = {
    {"__mro_entries__", alias_mro_entries, "($self, bases, /)", NULL, NATIVE_METHOD},
    {"__instancecheck__", alias_instancecheck, "($self, instance, /)", NULL, NATIVE_METHOD},
    {"__subclasscheck__", alias_subclasscheck, "($self, subclass, /)", NULL, NATIVE_METHOD},
    {"__reduce__", alias_reduce, "($self, /)", NULL, NATIVE_METHOD},
    {"__dir__", alias_dir, "($self, /)", NULL, NATIVE_METHOD},
    {0},
};

static const GetSetDef alias_getset[] = {
    {"__origin__", get_origin, NULL, NULL},         {"__args__", get_args, NULL, NULL}, {"__unpacked__", get_unpacked, NULL, NULL},
    {"__parameters__", get_parameters, NULL, "Type variables in the GenericAlias."},
    {"__typing_unpacked_tuple_args__", get_unpacked_args, NULL, NULL},
    {0},
};

const TypeSpec generic_alias_spec = {
    .name = "types.GenericAlias",
    .doc = "Represent a PEP 585 generic type\n\nE.g. for t = list[int], t.__origin__ is list and t.__args__ is (int,).",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_WEAKREFS,
    .size = sizeof(GenericAlias),
    .ops = {.size = alias_size, .visit = alias_visit, .free = alias_free},
    .slots = {.repr = alias_repr, .call = alias_call, .get_attr = alias_get_attr, .compare = alias_compare, .hash = alias_hash,
              .iter = alias_iter, .get_item = alias_get_item, .binary = {[BINARY_OR] = union_or}},
    .new_ = {"GenericAlias", alias_new_native, "($type, origin, args, /)", NULL, NATIVE_METHOD},
    .methods = alias_methods,
    .getset = alias_getset,
};
