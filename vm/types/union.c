/* types.UnionType: int | str. Members are flattened, each is there once, None stands for its class. */
#include "vm/types/generic_alias.h"

#include "vm/ops.h"
#include "vm/types/generic_internal.h"
#include "vm/types/list.h"
#include "vm/types/set.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

typedef struct Union {
    Object head;
    Value args;       /* Tuple */
    Value parameters; /* Tuple; VALUE_EMPTY until asked for */
} Union;

static inline Union *self_of(Value v) { return (Union *)value_object(v); }
static inline Tuple *args_of(Value v) { return value_tuple(self_of(v)->args); }

bool value_is_union(const Vm *vm, Value v) { return value_is_object(v) && value_object(v)->shape->type == TYPE(vm, UNION); }

/* --- making --- */

static bool is_unionable(const Vm *vm, Value v) {
    return value_is_none(v) || value_has_layout(v, LAYOUT_TYPE) || value_is_generic_alias(vm, v) || value_is_union(vm, v) ||
           (value_is_object(v) && value_object(v)->shape->type == TYPE(vm, TYPE_ALIAS)) ||
           (value_is_object(v) && value_object(v)->shape->type == TYPE(vm, TYPE_VAR));
}

static bool add_member(Vm *vm, List *out, Value v) {
    if (value_is_union(vm, v)) {
        for (size_t i = 0; i < args_of(v)->count; i++)
            if (!add_member(vm, out, args_of(v)->items[i])) return false;
        return true;
    }
    if (value_is_none(v)) v = value_from_object(TYPE(vm, NONE));
    for (size_t i = 0; i < out->count; i++) {
        int same = value_is_generic_alias(vm, v) && value_is_generic_alias(vm, out->items[i]) ? value_equal(vm, v, out->items[i])
                                                                                             : value_same(v, out->items[i]);
        if (same) return same > 0;
    }
    return list_append(vm, out, v);
}

static Value union_from_list(Vm *vm, List *members) {
    if (members->count == 1) return value_retain(members->items[0]);
    Value args = list_to_tuple(vm, members);
    Union *u = value_is_error(args) ? NULL : object_new(&vm->heap, TYPE(vm, UNION)->shape, sizeof *u);
    if (!u) {
        value_release(vm, args);
        return error_pending(vm) ? VALUE_ERROR : error_no_memory(vm);
    }
    u->args = args;
    u->parameters = VALUE_EMPTY;
    object_track(&vm->heap, &u->head);
    return value_from_object(u);
}

Value union_or(Vm *vm, Value left, Value right) {
    if (!is_unionable(vm, left) || !is_unionable(vm, right)) return VALUE_NOT_IMPLEMENTED;
    List *members = list_new(vm, 4);
    Value result = VALUE_ERROR;
    if (members && add_member(vm, members, left) && add_member(vm, members, right)) result = union_from_list(vm, members);
    release_object(vm, members);
    return result;
}

/* --- isinstance, issubclass --- */

int union_has_instance(Vm *vm, Value self, Value v) {
    int found = 0;
    value_retain(self);
    for (size_t i = 0; !found && i < args_of(self)->count; i++) found = value_isinstance(vm, v, args_of(self)->items[i]);
    value_release(vm, self);
    return found;
}

int union_has_subclass(Vm *vm, Value self, Value type) {
    int found = 0;
    if (!value_has_layout(type, LAYOUT_TYPE)) return error_type(vm, "issubclass() arg 1 must be a class"), -1;
    value_retain(self);
    for (size_t i = 0; !found && i < args_of(self)->count; i++) found = value_issubclass(vm, type, args_of(self)->items[i]);
    value_release(vm, self);
    return found;
}

/* --- slots --- */

static Value union_repr(Vm *vm, Value self) {
    StrBuilder b;
    builder_init(&b, vm);
    for (size_t i = 0; i < args_of(self)->count; i++) {
        Value v = args_of(self)->items[i];
        if (i) builder_add_ascii(&b, " | ", 3);
        if (value_object(v) == &TYPE(vm, NONE)->head) builder_add_ascii(&b, "None", 4);
        else generic_add_repr(&b, v);
    }
    return builder_finish(&b);
}

static Value as_frozenset(Vm *vm, Value self) {
    Set *s = set_from_iterable(vm, TYPE(vm, FROZENSET), self_of(self)->args);
    return s ? value_from_object(s) : VALUE_ERROR;
}

static Value union_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    if ((op != COMPARE_EQ && op != COMPARE_NE) || !value_is_union(vm, other)) return VALUE_NOT_IMPLEMENTED;
    Value a = as_frozenset(vm, self), b = value_is_error(a) ? VALUE_ERROR : as_frozenset(vm, other);
    Value result = value_is_error(b) ? VALUE_ERROR : value_compare(vm, a, b, op);
    value_release(vm, a);
    value_release(vm, b);
    return result;
}

static bool union_hash(Vm *vm, Value self, Hash *out) {
    Value set = as_frozenset(vm, self);
    bool ok = !value_is_error(set) && value_hash(vm, set, out);
    value_release(vm, set);
    return ok;
}

static Value union_parameters(Vm *vm, Value self) {
    Union *u = self_of(self);
    if (value_is_empty(u->parameters)) {
        Value parameters = generic_parameters(vm, value_tuple(u->args));
        if (value_is_error(parameters)) return VALUE_ERROR;
        value_replace_take(vm, &u->parameters, parameters);
    }
    return value_retain(u->parameters);
}

/* (list[T] | T)[int]: the union of the members after substitution. */
static Value union_get_item(Vm *vm, Value self, Value item) {
    Value parameters = union_parameters(vm, self);
    if (value_is_error(parameters)) return VALUE_ERROR;
    Value args = generic_substitute(vm, self, args_of(self), value_tuple(parameters), item);
    value_release(vm, parameters);
    if (value_is_error(args)) return VALUE_ERROR;
    Value result = value_retain(value_tuple(args)->items[0]);
    for (size_t i = 1; !value_is_error(result) && i < value_tuple(args)->count; i++) {
        Value next = value_binary(vm, BINARY_OR, result, value_tuple(args)->items[i]);
        value_release(vm, result);
        result = next;
    }
    value_release(vm, args);
    return result;
}

static Value get_args(Vm *vm, Value self) {
    (void)vm;
    return value_retain(self_of(self)->args);
}

static size_t union_size(const Object *self) {
    (void)self;
    return sizeof(Union);
}
static void union_visit(Object *self, VisitFn visit, void *arg) {
    visit(((Union *)self)->args, arg);
    visit(((Union *)self)->parameters, arg);
}
static void union_free(Vm *vm, Object *self) {
    value_release(vm, ((Union *)self)->args);
    value_release(vm, ((Union *)self)->parameters);
}

static const GetSetDef union_getset[] = {
    {"__args__", get_args, NULL, NULL},
    {"__parameters__", union_parameters, NULL, "Type variables in the types.UnionType."},
    {0},
};

const TypeSpec union_spec = {
    .name = "types.UnionType",
    .doc = "Represent a PEP 604 union type\n\nE.g. for int | str",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_NO_NEW | TYPE_FLAG_WEAKREFS,
    .size = sizeof(Union),
    .ops = {.size = union_size, .visit = union_visit, .free = union_free},
    .slots = {.repr = union_repr, .compare = union_compare, .hash = union_hash, .get_item = union_get_item,
              .binary = {[BINARY_OR] = union_or}},
    .getset = union_getset,
};
