/* Type parameters (TypeVar, ParamSpec, TypeVarTuple) and type aliases of PEP 695 and PEP 696.
 *
 * Bounds, constraints, defaults and alias values are functions until somebody asks: then they are called once and the result kept. */
#include "vm/types/typing.h"

#include "vm/ops.h"
#include "vm/types/generic_alias.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

/* A value that a function gives when it is first asked for. */
typedef struct Lazy {
    Value evaluate; /* VALUE_EMPTY: done, or nothing to do */
    Value value;    /* VALUE_EMPTY: not yet */
} Lazy;

static Value lazy_get(Vm *vm, Lazy *lazy) {
    if (value_is_empty(lazy->value) && !value_is_empty(lazy->evaluate)) {
        Value v = value_call0(vm, lazy->evaluate);
        if (value_is_error(v)) return v;
        value_replace_take(vm, &lazy->value, v);
        value_clear(vm, &lazy->evaluate);
    }
    return value_retain(lazy->value);
}

static void lazy_visit(const Lazy *lazy, VisitFn visit, void *arg) {
    visit(lazy->evaluate, arg);
    visit(lazy->value, arg);
}

static void lazy_clear(Vm *vm, Lazy *lazy) {
    value_clear(vm, &lazy->evaluate);
    value_clear(vm, &lazy->value);
}

/* --- parameters --- */

typedef struct TypeParameter {
    Object head;
    Value name;
    Lazy bound, constraints, default_value;
    bool covariant, contravariant, infer_variance;
} TypeParameter;

static TypeParameter *parameter_of(Value v) { return (TypeParameter *)value_object(v); }

Value type_parameter_new(Vm *vm, Type *type, Value name) {
    TypeParameter *p = object_new(&vm->heap, type->shape, sizeof *p);
    if (!p) return error_no_memory(vm);
    p->name = value_retain(name);
    p->bound = p->constraints = p->default_value = (Lazy){VALUE_EMPTY, VALUE_EMPTY};
    p->covariant = p->contravariant = false;
    p->infer_variance = true;
    object_track(&vm->heap, &p->head);
    return value_from_object(p);
}

Value type_var_new(Vm *vm, Value name, Value bound, Value constraints) {
    Value v = type_parameter_new(vm, TYPE(vm, TYPE_VAR), name);
    if (value_is_error(v)) return v;
    parameter_of(v)->bound.evaluate = value_retain(bound);
    parameter_of(v)->constraints.evaluate = value_retain(constraints);
    return v;
}

Value type_parameter_set_default(Vm *vm, Value parameter, Value evaluate) {
    value_replace_take(vm, &parameter_of(parameter)->default_value.evaluate, value_retain(evaluate));
    return value_retain(parameter);
}

/* typing.TypeVar('T', *constraints, bound=None, covariant=False, contravariant=False, infer_variance=False) */
static Value type_var_construct(Vm *vm, Value *args, int nargs) {
    if (nargs < 2 || !value_is_str(args[1])) return error_type(vm, "TypeVar() missing required argument 'name' (pos 1)");
    if (nargs == 3) return error_type(vm, "A single constraint is not allowed");
    Value v = type_parameter_new(vm, TYPE(vm, TYPE_VAR), args[1]);
    if (value_is_error(v)) return v;
    TypeParameter *p = parameter_of(v);
    const Value *options = args + nargs;
    p->infer_variance = !value_is_empty(options[3]) && value_is_true(options[3]);
    p->covariant = value_is_true(options[1]);
    p->contravariant = value_is_true(options[2]);
    if (!value_is_empty(options[0])) p->bound.value = value_retain(options[0]);
    if (!value_is_empty(options[4])) p->default_value.value = value_retain(options[4]);
    Tuple *constraints = tuple_from_values(vm, args + 2, (size_t)(nargs - 2));
    if (constraints) p->constraints.value = value_from_object(constraints);
    if (constraints) return v;
    value_release(vm, v);
    return VALUE_ERROR;
}

static Value named_construct(Vm *vm, Type *type, Value name, const char *what) {
    if (!value_is_str(name)) return error_type(vm, "%s() argument 'name' must be str, not %T", what, name);
    Value v = type_parameter_new(vm, type, name);
    if (!value_is_error(v)) parameter_of(v)->infer_variance = false;
    return v;
}

static Value param_spec_construct(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return named_construct(vm, TYPE(vm, PARAM_SPEC), args[1], "paramspec");
}

static Value type_var_tuple_construct(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return named_construct(vm, TYPE(vm, TYPE_VAR_TUPLE), args[1], "typevartuple");
}

static size_t parameter_size(const Object *o) {
    (void)o;
    return sizeof(TypeParameter);
}

static void parameter_visit(Object *o, VisitFn visit, void *arg) {
    TypeParameter *p = (TypeParameter *)o;
    visit(p->name, arg);
    lazy_visit(&p->bound, visit, arg);
    lazy_visit(&p->constraints, visit, arg);
    lazy_visit(&p->default_value, visit, arg);
}

static void parameter_clear(Vm *vm, Object *o) {
    TypeParameter *p = (TypeParameter *)o;
    lazy_clear(vm, &p->bound);
    lazy_clear(vm, &p->constraints);
    lazy_clear(vm, &p->default_value);
}

static void parameter_free(Vm *vm, Object *o) {
    parameter_clear(vm, o);
    value_release(vm, ((TypeParameter *)o)->name);
}

static Value parameter_repr(Vm *vm, Value self) {
    TypeParameter *p = parameter_of(self);
    if (p->infer_variance || p->head.shape->type == TYPE(vm, TYPE_VAR_TUPLE)) return value_retain(p->name);
    return str_format(vm, "%s%S", p->covariant ? "+" : p->contravariant ? "-" : "~", p->name);
}

static Value get_name(Vm *vm, Value self) { return (void)vm, value_retain(parameter_of(self)->name); }

static Value get_bound(Vm *vm, Value self) {
    Value v = lazy_get(vm, &parameter_of(self)->bound);
    return value_is_empty(v) ? VALUE_NONE : v;
}

static Value get_constraints(Vm *vm, Value self) {
    Value v = lazy_get(vm, &parameter_of(self)->constraints);
    return value_is_empty(v) ? value_retain(vm->empty_tuple) : v;
}

static Value get_default(Vm *vm, Value self) {
    Value v = lazy_get(vm, &parameter_of(self)->default_value);
    return value_is_empty(v) ? VALUE_NONE : v;
}

static Value get_covariant(Vm *vm, Value self) { return (void)vm, value_from_bool(parameter_of(self)->covariant); }
static Value get_contravariant(Vm *vm, Value self) { return (void)vm, value_from_bool(parameter_of(self)->contravariant); }
static Value get_infer(Vm *vm, Value self) { return (void)vm, value_from_bool(parameter_of(self)->infer_variance); }

static Value has_default(Vm *vm, Value *args, int nargs) {
    (void)vm;
    (void)nargs;
    const Lazy *lazy = &parameter_of(args[0])->default_value;
    return value_from_bool(!value_is_empty(lazy->value) || !value_is_empty(lazy->evaluate));
}

static Value parameter_or(Vm *vm, Value left, Value right) { return union_or(vm, left, right); }

static const NativeDef parameter_methods[] = {
    {"has_default", has_default, "($self, /)", "Whether the parameter has a default.", 0},
    {0}};

static const GetSetDef type_var_getset[] = {
    {"__name__", get_name, NULL, NULL},           {"__bound__", get_bound, NULL, NULL},
    {"__constraints__", get_constraints, NULL, NULL}, {"__default__", get_default, NULL, NULL},
    {"__covariant__", get_covariant, NULL, NULL}, {"__contravariant__", get_contravariant, NULL, NULL},
    {"__infer_variance__", get_infer, NULL, NULL}, {0}};

static const GetSetDef named_getset[] = {{"__name__", get_name, NULL, NULL}, {"__default__", get_default, NULL, NULL}, {0}};

#define PARAMETER_OPS {parameter_size, parameter_visit, parameter_clear, parameter_free, NULL}
#define PARAMETER_SLOTS {.repr = parameter_repr, .binary = {[BINARY_OR] = parameter_or}}

const TypeSpec type_var_spec = {
    .name = "typing.TypeVar", .doc = "Type variable.", .layout = LAYOUT_OTHER, .flags = TYPE_FLAG_WEAKREFS,
    .size = sizeof(TypeParameter), .ops = PARAMETER_OPS, .slots = PARAMETER_SLOTS,
    .new_ = {"typevar", type_var_construct,
             "($type, *args, bound=None, covariant=False, contravariant=False, infer_variance=False, default=None)", NULL, 0},
    .methods = parameter_methods, .getset = type_var_getset};

const TypeSpec param_spec_spec = {
    .name = "typing.ParamSpec", .doc = "Parameter specification variable.", .layout = LAYOUT_OTHER, .flags = TYPE_FLAG_WEAKREFS,
    .size = sizeof(TypeParameter), .ops = PARAMETER_OPS, .slots = PARAMETER_SLOTS,
    .new_ = {"paramspec", param_spec_construct, "($type, name)", NULL, 0},
    .methods = parameter_methods, .getset = named_getset};

const TypeSpec type_var_tuple_spec = {
    .name = "typing.TypeVarTuple", .doc = "Type variable tuple.", .layout = LAYOUT_OTHER, .flags = TYPE_FLAG_WEAKREFS,
    .size = sizeof(TypeParameter), .ops = PARAMETER_OPS, .slots = {.repr = parameter_repr},
    .new_ = {"typevartuple", type_var_tuple_construct, "($type, name)", NULL, 0},
    .methods = parameter_methods, .getset = named_getset};

/* --- aliases --- */

typedef struct TypeAlias {
    Object head;
    Value name, params;
    Lazy value;
} TypeAlias;

static TypeAlias *alias_of(Value v) { return (TypeAlias *)value_object(v); }

Value type_alias_new(Vm *vm, Value name, Value params, Value evaluate) {
    TypeAlias *alias = object_new(&vm->heap, TYPE(vm, TYPE_ALIAS)->shape, sizeof *alias);
    if (!alias) return error_no_memory(vm);
    alias->name = value_retain(name);
    alias->params = value_retain(value_is_none(params) ? vm->empty_tuple : params);
    alias->value = (Lazy){value_retain(evaluate), VALUE_EMPTY};
    object_track(&vm->heap, &alias->head);
    return value_from_object(alias);
}

static size_t alias_size(const Object *o) {
    (void)o;
    return sizeof(TypeAlias);
}

static void alias_visit(Object *o, VisitFn visit, void *arg) {
    TypeAlias *alias = (TypeAlias *)o;
    visit(alias->name, arg);
    visit(alias->params, arg);
    lazy_visit(&alias->value, visit, arg);
}

static void alias_clear(Vm *vm, Object *o) {
    value_clear(vm, &((TypeAlias *)o)->params);
    lazy_clear(vm, &((TypeAlias *)o)->value);
}

static void alias_free(Vm *vm, Object *o) {
    alias_clear(vm, o);
    value_release(vm, ((TypeAlias *)o)->name);
}

static Value alias_repr(Vm *vm, Value self) { return (void)vm, value_retain(alias_of(self)->name); }
static Value alias_name(Vm *vm, Value self) { return (void)vm, value_retain(alias_of(self)->name); }
static Value alias_params(Vm *vm, Value self) { return (void)vm, value_retain(alias_of(self)->params); }
static Value alias_value(Vm *vm, Value self) { return lazy_get(vm, &alias_of(self)->value); }
static Value alias_get_item(Vm *vm, Value self, Value key) { return generic_alias_new(vm, self, key); }
static Value alias_or(Vm *vm, Value left, Value right) { return union_or(vm, left, right); }

static const GetSetDef alias_getset[] = {
    {"__name__", alias_name, NULL, NULL},
    {"__type_params__", alias_params, NULL, NULL},
    {"__parameters__", alias_params, NULL, NULL},
    {"__value__", alias_value, NULL, NULL},
    {0}};

const TypeSpec type_alias_spec = {
    .name = "typing.TypeAliasType", .doc = "Type alias.", .layout = LAYOUT_OTHER, .flags = TYPE_FLAG_NO_NEW | TYPE_FLAG_WEAKREFS,
    .size = sizeof(TypeAlias), .ops = {alias_size, alias_visit, alias_clear, alias_free, NULL},
    .slots = {.repr = alias_repr, .get_item = alias_get_item, .binary = {[BINARY_OR] = alias_or}},
    .getset = alias_getset};
