/* mappingproxy: a read-only view of a mapping, above all of a class's dict. */
#include "vm/types/generic_alias.h"

#include "vm/ops.h"
#include "vm/types/dict.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

typedef struct MappingProxy {
    Object head;
    Value mapping;
} MappingProxy;

static inline Value mapping_of(Value self) { return ((MappingProxy *)value_object(self))->mapping; }
static inline bool is_proxy(const Vm *vm, Value v) { return value_type(vm, v) == TYPE(vm, MAPPING_PROXY); }
/* An operand as it counts: a proxy stands for its mapping. */
static inline Value unwrapped(const Vm *vm, Value v) { return is_proxy(vm, v) ? mapping_of(v) : v; }

Value mapping_proxy_new(Vm *vm, Value mapping) {
    MappingProxy *p = object_new(&vm->heap, TYPE(vm, MAPPING_PROXY)->shape, sizeof *p);
    if (!p) return error_no_memory(vm);
    p->mapping = value_retain(mapping);
    object_track(&vm->heap, &p->head);
    return value_from_object(p);
}

static size_t proxy_size(const Object *self) {
    (void)self;
    return sizeof(MappingProxy);
}
static void proxy_visit(Object *self, VisitFn visit, void *arg) { visit(((MappingProxy *)self)->mapping, arg); }
static void proxy_free(Vm *vm, Object *self) { value_release(vm, ((MappingProxy *)self)->mapping); }

static bool is_mapping(const Vm *vm, Value v) {
    const Type *type = value_type(vm, v);
    return type->slots.get_item && !(type->flags & TYPE_FLAG_SEQUENCE) && !value_has_layout(v, LAYOUT_LIST) &&
           !value_has_layout(v, LAYOUT_TUPLE) && !value_is_str(v);
}

static Value proxy_new(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (is_mapping(vm, args[1])) return mapping_proxy_new(vm, args[1]);
    return error_type(vm, "mappingproxy() argument must be a mapping, not %T", args[1]);
}

/* --- slots --- */

static Value proxy_repr(Vm *vm, Value self) { return str_format(vm, "mappingproxy(%V)", mapping_of(self)); }
static Value proxy_str(Vm *vm, Value self) { return value_str(vm, mapping_of(self)); }
static bool proxy_hash(Vm *vm, Value self, Hash *out) { return value_hash(vm, mapping_of(self), out); }
static Value proxy_iter(Vm *vm, Value self) { return value_iter(vm, mapping_of(self)); }
static int64_t proxy_length(Vm *vm, Value self) { return value_length(vm, mapping_of(self)); }
static Value proxy_get_item(Vm *vm, Value self, Value key) { return value_get_item(vm, mapping_of(self), key); }
static int proxy_contains(Vm *vm, Value self, Value key) { return value_contains(vm, mapping_of(self), key); }

static Value proxy_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    return value_compare(vm, mapping_of(self), unwrapped(vm, other), op);
}

static Value proxy_or(Vm *vm, Value left, Value right) {
    return value_binary(vm, BINARY_OR, unwrapped(vm, left), unwrapped(vm, right));
}

static Value proxy_ior(Vm *vm, Value left, Value right) {
    (void)right;
    return error_type(vm, "'|=' is not supported by %T; use '|' instead", left);
}

/* --- methods: those of the mapping --- */

static Value call_named(Vm *vm, Value self, const char *text, Value *args, int nargs) {
    Str *name = str_intern(vm, text, __builtin_strlen(text));
    Value result = name ? value_call_method(vm, mapping_of(self), name, args, nargs) : VALUE_ERROR;
    release_object(vm, name);
    return result;
}

static Value proxy_get(Vm *vm, Value *args, int nargs) {
    Value actual[2] = {args[1], nargs > 2 ? args[2] : VALUE_NONE};
    return call_named(vm, args[0], "get", actual, 2);
}
static Value proxy_keys(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return call_named(vm, args[0], "keys", NULL, 0);
}
static Value proxy_values(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return call_named(vm, args[0], "values", NULL, 0);
}
static Value proxy_items(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return call_named(vm, args[0], "items", NULL, 0);
}
static Value proxy_copy(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return call_named(vm, args[0], "copy", NULL, 0);
}
static Value proxy_reversed(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return call_named(vm, args[0], "__reversed__", NULL, 0);
}
static Value proxy_class_getitem(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return generic_alias_new(vm, args[0], args[1]);
}

static const NativeDef proxy_methods[] = {
    {"get", proxy_get, "($self, key, default=None, /)", "Return the value for key if key is in the mapping, else default.", NATIVE_METHOD},
    {"keys", proxy_keys, "($self, /)", "D.keys() -> a set-like object providing a view on D's keys", NATIVE_METHOD},
    {"values", proxy_values, "($self, /)", "D.values() -> an object providing a view on D's values", NATIVE_METHOD},
    {"items", proxy_items, "($self, /)", "D.items() -> a set-like object providing a view on D's items", NATIVE_METHOD},
    {"copy", proxy_copy, "($self, /)", "D.copy() -> a shallow copy of D", NATIVE_METHOD},
    {"__class_getitem__", proxy_class_getitem, "($type, object, /)", "See PEP 585", NATIVE_CLASS_METHOD},
    {"__reversed__", proxy_reversed, "($self, /)", "D.__reversed__() -> reverse iterator", NATIVE_METHOD},
    {0},
};

const TypeSpec mapping_proxy_spec = {
    .name = "mappingproxy",
    .doc = "Read-only proxy of a mapping.",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_MAPPING,
    .size = sizeof(MappingProxy),
    .ops = {.size = proxy_size, .visit = proxy_visit, .free = proxy_free},
    .slots = {.repr = proxy_repr, .str = proxy_str, .hash = proxy_hash, .compare = proxy_compare, .iter = proxy_iter, .length = proxy_length,
              .get_item = proxy_get_item, .contains = proxy_contains, .binary = {[BINARY_OR] = proxy_or},
              .inplace = {[BINARY_OR] = proxy_ior}},
    .new_ = {"mappingproxy", proxy_new, "($type, mapping)", NULL, NATIVE_METHOD},
    .methods = proxy_methods,
};
