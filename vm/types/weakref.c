/* weakref.ref: an object that leads to another without holding it.
 *
 * Calling it gives the target or None. It hashes and compares as its target does; the hash is kept, so that a dead reference can
 * still be found in a dict. Scripts may subclass it. Making and sharing references of all kinds is here as well; the
 * proxies' operations are in weakproxy.c.
 */
#include "vm/types/weakref.h"

#include "vm/ops.h"
#include "vm/types/generic_alias.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

static Weakref *weakref_of(Value v) { return (Weakref *)value_object(v); }

/* --- making --- */

static bool check_target(Vm *vm, Value target) {
    if (value_is_object(target) && value_type(vm, target)->flags & TYPE_FLAG_WEAKREFS) return true;
    error_type(vm, "cannot create weak reference to '%.200T' object", target);
    return false;
}

/* Enters a new reference in the table. r is stolen, also on failure. */
static Value weakref_finish_take(Vm *vm, Weakref *r, Value target, Value callback, WeakrefKind kind, bool basic) {
    r->target = NULL;
    r->dead = 1;
    r->hash_known = 0;
    r->kind = (uint8_t)kind;
    r->callback = value_is_none(callback) ? VALUE_EMPTY : value_retain(callback);
    if (!weakref_link(&vm->heap, r, value_object(target), basic)) {
        release_object(vm, r);
        return error_no_memory(vm);
    }
    if (value_is_object(callback) || !r->head.shape->exact) object_track(&vm->heap, &r->head);
    return value_from_object(r);
}

/* A reference of one of the three types themselves: shared when it has no callback. */
static Value weakref_make(Vm *vm, Type *type, Value target, Value callback, WeakrefKind kind) {
    if (!check_target(vm, target)) return VALUE_ERROR;
    bool basic = !value_is_object(callback);
    Weakref *shared = basic ? weakref_basic_peek(&vm->heap, value_object(target), kind) : NULL;
    if (shared && shared->head.count) return value_retain(value_from_object(shared));
    Weakref *r = object_new(&vm->heap, type->shape, sizeof *r);
    if (!r) return error_no_memory(vm);
    return weakref_finish_take(vm, r, target, callback, kind, basic && !shared);
}

Value weakref_new(Vm *vm, Value target, Value callback) {
    return weakref_make(vm, TYPE(vm, WEAKREF), target, callback, WEAKREF_REF);
}

Value weakproxy_new(Vm *vm, Value target, Value callback) {
    Type *type = value_is_callable(vm, target) ? TYPE(vm, WEAKCALLABLEPROXY) : TYPE(vm, WEAKPROXY);
    return weakref_make(vm, type, target, callback, WEAKREF_PROXY);
}

static Value new_ref(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    if (kwnames && kwnames->count && type == TYPE(vm, WEAKREF)) return error_type(vm, "ref() takes no keyword arguments");
    if (nargs < 1) return error_type(vm, "__new__ expected at least 1 argument, got 0");
    if (nargs > 2) return error_type(vm, "__new__ expected at most 2 arguments, got %d", nargs);
    Value callback = nargs == 2 ? args[1] : VALUE_EMPTY;
    if (type == TYPE(vm, WEAKREF)) return weakref_new(vm, args[0], callback);
    if (!check_target(vm, args[0])) return VALUE_ERROR;
    Weakref *r = type_alloc(vm, type, sizeof *r);
    if (!r) return VALUE_ERROR;
    return weakref_finish_take(vm, r, args[0], callback, WEAKREF_REF, false);
}

static bool init_ref(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    (void)self;
    (void)args;
    if (kwnames && kwnames->count) {
        error_type(vm, "ref() takes no keyword arguments");
        return false;
    }
    if (nargs >= 1 && nargs <= 2) return true;
    error_type(vm, "__init__ expected at %s argument%s, got %d", nargs ? "most 2" : "least 1", nargs ? "s" : "", nargs);
    return false;
}

/* --- operations --- */

/* " (name)" of a target that has a __name__; a Str. */
static Value target_name(Vm *vm, Value target) {
    Value name = value_find_attr(vm, target, NAME(vm, __name__));
    if (value_is_error(name)) {
        error_clear(vm);
        name = VALUE_EMPTY;
    }
    Value text = value_is_str(name) ? str_format(vm, " (%S)", name) : value_retain(value_from_object(NAME(vm, empty)));
    value_release(vm, name);
    return text;
}

static Value ref_repr(Vm *vm, Value self) {
    Value target = weakref_target(weakref_of(self));
    if (value_is_empty(target)) return str_format(vm, "<weakref at %p; dead>", (void *)value_object(self));
    Value name = target_name(vm, target), text = VALUE_ERROR;
    if (!value_is_error(name)) {
        text = str_format(vm, "<weakref at %p; to '%T' at %p%S>", (void *)value_object(self), target, (void *)value_object(target), name);
        value_release(vm, name);
    }
    value_release(vm, target);
    return text;
}

static bool ref_hash(Vm *vm, Value self, Hash *out) {
    Weakref *r = weakref_of(self);
    if (!r->hash_known) {
        Value target = weakref_target(r);
        if (value_is_empty(target)) {
            error_type(vm, "weak object has gone away");
            return false;
        }
        bool ok = value_hash(vm, target, out);
        if (ok) {
            r->hash = *out;
            r->hash_known = 1;
        }
        value_release(vm, target);
        return ok;
    }
    *out = r->hash;
    return true;
}

static Value ref_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    if ((op != COMPARE_EQ && op != COMPARE_NE) || !value_is_weakref(other)) return VALUE_NOT_IMPLEMENTED;
    Value a = weakref_target(weakref_of(self)), b = weakref_target(weakref_of(other)), result;
    if (value_is_empty(a) || value_is_empty(b)) result = value_from_bool(value_same(self, other) == (op == COMPARE_EQ));
    else result = value_compare(vm, a, b, op);
    value_release(vm, a);
    value_release(vm, b);
    return result;
}

static Value ref_call(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    (void)args;
    if (kwnames && kwnames->count) return error_type(vm, "weakref() takes no keyword arguments");
    if (nargs) return error_type(vm, "weakref expected 0 arguments, got %d", nargs);
    Value target = weakref_target(weakref_of(self));
    return value_is_empty(target) ? VALUE_NONE : target;
}

static Value ref_get_callback(Vm *vm, Value self) {
    (void)vm;
    Value callback = weakref_of(self)->callback;
    return value_is_empty(callback) ? VALUE_NONE : value_retain(callback);
}

/* --- memory --- */

size_t weakref_size(const Object *o) {
    (void)o;
    return sizeof(Weakref);
}
void weakref_visit(Object *o, VisitFn visit, void *arg) { visit(((Weakref *)o)->callback, arg); }
void weakref_clear(Vm *vm, Object *o) {
    Weakref *r = (Weakref *)o;
    weakref_unlink(&vm->heap, r);
    value_clear(vm, &r->callback);
}

static const GetSetDef ref_getset[] = {
    {"__callback__", ref_get_callback, NULL, NULL},
    {0},
};

static Value ref_class_getitem(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return generic_alias_new(vm, args[0], args[1]);
}

static const NativeDef ref_methods[] = {
    {"__class_getitem__", ref_class_getitem, "($type, item, /)", "See PEP 585", NATIVE_CLASS_METHOD},
    {0},
};

const TypeSpec weakref_spec = {
    .name = "weakref.ReferenceType",
    .layout = LAYOUT_WEAKREF,
    .flags = TYPE_FLAG_BASETYPE,
    .size = sizeof(Weakref),
    .ops = {weakref_size, weakref_visit, weakref_clear, weakref_clear, NULL},
    .slots = {.repr = ref_repr, .hash = ref_hash, .compare = ref_compare, .call = ref_call, .new_ = new_ref, .init = init_ref},
    .methods = ref_methods,
    .getset = ref_getset,
};
