/* Slots of built-in types as special methods: `list.__len__` (wrapper_descriptor) and `[].__len__` (method-wrapper).
 *
 * A wrapper calls the slot function of the type that owns it with the arguments of the special method, as vm/slots.def says. To add
 * a way of calling: a wrap function here, named in the table's rows. */
#include "vm/types/descriptors.h"

#include "vm/attr.h"
#include "vm/ops.h"
#include "vm/types/int.h"
#include "vm/types/str.h"
#include "vm/vm.h"

/* --- calling a slot function as a special method --- */

static bool expect(Vm *vm, int nargs, int count) {
    if (nargs == count) return true;
    error_type(vm, "expected %d argument%s, got %d", count, count == 1 ? "" : "s", nargs);
    return false;
}

/* CPython's PyArg_UnpackTuple without a function name. */
static bool expect_unnamed(Vm *vm, int nargs, int min, int max) {
    if (nargs >= min && nargs <= max) return true;
    const char *amount = min == max ? "" : nargs < min ? "at least " : "at most ";
    int bound = nargs < min ? min : max;
    error_type(vm, " expected %s%d argument%s, got %d", amount, bound, bound == 1 ? "" : "s", nargs);
    return false;
}

static Value none_unless(bool ok) { return ok ? VALUE_NONE : VALUE_ERROR; }

#define WRAP(name) static Value name(Vm *vm, const SlotRow *row, SlotFn fn, Value self, Value *args, int nargs, Tuple *kwnames)
#define UNUSED (void)row, (void)kwnames, (void)args

WRAP(wrap_unary) {
    UNUSED;
    return expect(vm, nargs, 0) ? ((UnaryFn)fn)(vm, self) : VALUE_ERROR;
}

WRAP(wrap_next) {
    UNUSED;
    if (!expect(vm, nargs, 0)) return VALUE_ERROR;
    Value result = ((UnaryFn)fn)(vm, self);
    return value_is_empty(result) ? error_stop_iteration(vm, VALUE_NONE) : result;
}

WRAP(wrap_hash) {
    UNUSED;
    Hash hash;
    if (!expect(vm, nargs, 0) || !((bool (*)(Vm *, Value, Hash *))fn)(vm, self, &hash)) return VALUE_ERROR;
    return int_from_i64(vm, hash);
}

WRAP(wrap_truth) {
    UNUSED;
    if (!expect(vm, nargs, 0)) return VALUE_ERROR;
    int truth = ((int (*)(Vm *, Value))fn)(vm, self);
    return truth < 0 ? VALUE_ERROR : value_from_bool(truth);
}

WRAP(wrap_length) {
    UNUSED;
    if (!expect(vm, nargs, 0)) return VALUE_ERROR;
    int64_t length = ((int64_t(*)(Vm *, Value))fn)(vm, self);
    return length < 0 ? VALUE_ERROR : int_from_i64(vm, length);
}

WRAP(wrap_compare) {
    (void)kwnames;
    if (!expect(vm, nargs, 1)) return VALUE_ERROR;
    return ((Value(*)(Vm *, Value, Value, CompareOperator))fn)(vm, self, args[0], (CompareOperator)row->operation);
}

WRAP(wrap_binary) {
    UNUSED;
    return expect(vm, nargs, 1) ? ((BinaryFn)fn)(vm, self, args[0]) : VALUE_ERROR;
}

WRAP(wrap_reflected) {
    UNUSED;
    return expect(vm, nargs, 1) ? ((BinaryFn)fn)(vm, args[0], self) : VALUE_ERROR;
}

/* fn is the two-operand slot; a third operand goes to the type's own three-operand one. */
static Value power_of(Vm *vm, SlotFn fn, Value self, Value a, Value b, Value third) {
    if (value_is_none(third)) return ((BinaryFn)fn)(vm, a, b);
    TernaryFn power = type_builtin_base(value_type(vm, self))->slots.power;
    return power ? power(vm, a, b, third) : VALUE_NOT_IMPLEMENTED;
}

WRAP(wrap_power) {
    UNUSED;
    if (!expect_unnamed(vm, nargs, 1, 2)) return VALUE_ERROR;
    return power_of(vm, fn, self, self, args[0], nargs > 1 ? args[1] : VALUE_NONE);
}

WRAP(wrap_reflected_power) {
    UNUSED;
    if (!expect_unnamed(vm, nargs, 1, 2)) return VALUE_ERROR;
    return power_of(vm, fn, self, args[0], self, nargs > 1 ? args[1] : VALUE_NONE);
}

WRAP(wrap_repeat) {
    UNUSED;
    if (!expect(vm, nargs, 1)) return VALUE_ERROR;
    Value count = value_index(vm, args[0]);
    if (value_is_error(count)) return VALUE_ERROR;
    Value result = ((BinaryFn)fn)(vm, self, count);
    value_release(vm, count);
    return result;
}

WRAP(wrap_call) {
    (void)row;
    return ((Value(*)(Vm *, Value, Value *, int, Tuple *))fn)(vm, self, args, nargs, kwnames);
}

WRAP(wrap_init) {
    (void)row;
    return none_unless(((bool (*)(Vm *, Value, Value *, int, Tuple *))fn)(vm, self, args, nargs, kwnames));
}

static Str *attribute_name(Vm *vm, Value v) {
    if (value_is_str(v)) return value_str_peek(v);
    error_type(vm, "attribute name must be string, not '%T'", v);
    return NULL;
}

WRAP(wrap_get_attr) {
    UNUSED;
    if (!expect(vm, nargs, 1)) return VALUE_ERROR;
    Str *name = attribute_name(vm, args[0]);
    return name ? ((Value(*)(Vm *, Value, Str *))fn)(vm, self, name) : VALUE_ERROR;
}

/* object.__setattr__ must not go behind the back of a class that guards its attributes better (type, for one): the nearest
 * built-in base decides. */
static bool may_set(Vm *vm, SlotFn fn, Value self, const char *method) {
    Type *type = value_type(vm, self);
    while (type->slots.set_attr == slot_set_attr && type->base) type = type->base;
    SlotFn own = type->slots.set_attr ? (SlotFn)type->slots.set_attr : (SlotFn)value_set_attr_generic;
    if (own == fn) return true;
    error_type(vm, "can't apply this %s to %N object", method, value_type(vm, self));
    return false;
}

WRAP(wrap_set_attr) {
    UNUSED;
    if (!expect_unnamed(vm, nargs, 2, 2) || !may_set(vm, fn, self, "__setattr__")) return VALUE_ERROR;
    Str *name = attribute_name(vm, args[0]);
    return none_unless(name && ((bool (*)(Vm *, Value, Str *, Value))fn)(vm, self, name, args[1]));
}

WRAP(wrap_del_attr) {
    UNUSED;
    if (!expect(vm, nargs, 1) || !may_set(vm, fn, self, "__delattr__")) return VALUE_ERROR;
    Str *name = attribute_name(vm, args[0]);
    return none_unless(name && ((bool (*)(Vm *, Value, Str *, Value))fn)(vm, self, name, VALUE_EMPTY));
}

WRAP(wrap_descr_get) {
    UNUSED;
    if (!expect_unnamed(vm, nargs, 1, 2)) return VALUE_ERROR;
    Value instance = value_is_none(args[0]) ? VALUE_EMPTY : args[0];
    Value owner = nargs < 2 || value_is_none(args[1]) ? VALUE_EMPTY : args[1];
    if (value_is_empty(instance) && value_is_empty(owner)) return error_type(vm, "__get__(None, None) is invalid");
    return ((Value(*)(Vm *, Value, Value, Value))fn)(vm, self, instance, owner);
}

WRAP(wrap_descr_set) {
    UNUSED;
    if (!expect_unnamed(vm, nargs, 2, 2)) return VALUE_ERROR;
    return none_unless(((bool (*)(Vm *, Value, Value, Value))fn)(vm, self, args[0], args[1]));
}

WRAP(wrap_descr_delete) {
    UNUSED;
    if (!expect(vm, nargs, 1)) return VALUE_ERROR;
    return none_unless(((bool (*)(Vm *, Value, Value, Value))fn)(vm, self, args[0], VALUE_EMPTY));
}

WRAP(wrap_get_item) {
    UNUSED;
    if (nargs != 1) return error_type(vm, "%N.__getitem__() takes exactly one argument (%d given)", value_type(vm, self), nargs);
    return ((BinaryFn)fn)(vm, self, args[0]);
}

WRAP(wrap_set_item) {
    UNUSED;
    if (!expect_unnamed(vm, nargs, 2, 2)) return VALUE_ERROR;
    return none_unless(((bool (*)(Vm *, Value, Value, Value))fn)(vm, self, args[0], args[1]));
}

WRAP(wrap_del_item) {
    UNUSED;
    if (!expect(vm, nargs, 1)) return VALUE_ERROR;
    return none_unless(((bool (*)(Vm *, Value, Value, Value))fn)(vm, self, args[0], VALUE_EMPTY));
}

WRAP(wrap_contains) {
    UNUSED;
    if (!expect(vm, nargs, 1)) return VALUE_ERROR;
    int found = ((int (*)(Vm *, Value, Value))fn)(vm, self, args[0]);
    return found < 0 ? VALUE_ERROR : value_from_bool(found);
}

const SlotRow slot_rows[] = {
#define SLOT(name, slot, wrap, operation, function, signature, doc) \
    {NAME_##name, offsetof(TypeSlots, slot), operation, wrap, signature, doc},
#include "vm/slots.def"
#undef SLOT
};
const int slot_row_count = sizeof slot_rows / sizeof *slot_rows;

/* --- wrapper_descriptor --- */

bool value_is_wrapper(const Vm *vm, Value v) {
    return value_is_object(v) && value_object(v)->shape->type == TYPE(vm, WRAPPER_DESCRIPTOR);
}

static Value wrapper_new(Vm *vm, Type *owner, const SlotRow *row, SlotFn fn) {
    WrapperDescriptor *w = object_new(&vm->heap, TYPE(vm, WRAPPER_DESCRIPTOR)->shape, sizeof *w);
    if (!w) return error_no_memory(vm);
    w->row = row;
    w->owner = owner;
    w->fn = fn;
    return value_from_object(w);
}

bool type_add_wrappers(Vm *vm, Type *type) {
    for (int i = 0; i < slot_row_count; i++) {
        const SlotRow *row = &slot_rows[i];
        SlotFn fn = spec_slot(type->spec, row);
        if (!fn || !row->wrap) continue;
        Str *name = vm->names[row->name];
        if (!value_is_empty(dict_peek_str(vm, type->dict, name))) continue;
        Value w = wrapper_new(vm, type, row, fn);
        bool ok = !value_is_error(w) && dict_set_str(vm, type->dict, name, w);
        value_release(vm, w);
        if (!ok) return false;
    }
    return true;
}

static Str *wrapper_name(Vm *vm, const WrapperDescriptor *w) { return vm->names[w->row->name]; }

static Value wrapper_invoke(Vm *vm, WrapperDescriptor *w, Value self, Value *args, int nargs, Tuple *kwnames) {
    if (kwnames && kwnames->count && w->row->wrap != wrap_call && w->row->wrap != wrap_init)
        return error_type(vm, "wrapper %U() takes no keyword arguments", wrapper_name(vm, w));
    return w->row->wrap(vm, w->row, w->fn, self, args, nargs, kwnames);
}

static Value wrapper_call(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    WrapperDescriptor *w = (WrapperDescriptor *)value_object(self);
    if (nargs < 1)
        return error_type(vm, "descriptor '%U' of '%N' object needs an argument", wrapper_name(vm, w), w->owner);
    if (!value_is_instance(vm, args[0], w->owner))
        return error_type(vm, "descriptor '%U' requires a '%N' object but received a '%T'", wrapper_name(vm, w), w->owner, args[0]);
    return wrapper_invoke(vm, w, args[0], args + 1, nargs - 1, kwnames);
}

static Value wrapper_get(Vm *vm, Value self, Value instance, Value owner) {
    (void)owner;
    if (value_is_empty(instance)) return value_retain(self);
    WrapperDescriptor *w = (WrapperDescriptor *)value_object(self);
    if (!value_is_instance(vm, instance, w->owner))
        return error_type(vm, "descriptor '%U' for '%N' objects doesn't apply to a '%T' object", wrapper_name(vm, w), w->owner,
                          instance);
    MethodWrapper *m = object_new(&vm->heap, TYPE(vm, METHOD_WRAPPER)->shape, sizeof *m);
    if (!m) return error_no_memory(vm);
    m->descriptor = retain_object(w);
    m->self = value_retain(instance);
    if (value_is_object(instance)) object_track(&vm->heap, &m->head);
    return value_from_object(m);
}

static Value wrapper_repr(Vm *vm, Value self) {
    WrapperDescriptor *w = (WrapperDescriptor *)value_object(self);
    return str_format(vm, "<slot wrapper '%U' of '%N' objects>", wrapper_name(vm, w), w->owner);
}

static Value name_of(Vm *vm, WrapperDescriptor *w) { return value_retain(value_from_object(wrapper_name(vm, w))); }
static Value qualname_of(Vm *vm, WrapperDescriptor *w) {
    return str_format(vm, "%S.%U", w->owner->qualname, wrapper_name(vm, w));
}
static Value doc_of(Vm *vm, WrapperDescriptor *w) {
    Str *s = str_from_ascii(vm, w->row->doc);
    return s ? value_from_object(s) : VALUE_ERROR;
}
static Value signature_of(Vm *vm, WrapperDescriptor *w) {
    Str *s = str_from_ascii(vm, w->row->signature);
    return s ? value_from_object(s) : VALUE_ERROR;
}
static Value class_of(Vm *vm, WrapperDescriptor *w) {
    (void)vm;
    return value_retain(value_from_object(w->owner));
}

#define WRAPPER_GETTER(fn, reader) \
    static Value fn(Vm *vm, Value self) { return reader(vm, (WrapperDescriptor *)value_object(self)); }
WRAPPER_GETTER(wrapper_get_name, name_of)
WRAPPER_GETTER(wrapper_get_qualname, qualname_of)
WRAPPER_GETTER(wrapper_get_doc, doc_of)
WRAPPER_GETTER(wrapper_get_signature, signature_of)
WRAPPER_GETTER(wrapper_get_class, class_of)

static const GetSetDef wrapper_getset[] = {
    {"__doc__", wrapper_get_doc, NULL, NULL},
    {"__name__", wrapper_get_name, NULL, NULL},
    {"__objclass__", wrapper_get_class, NULL, NULL},
    {"__qualname__", wrapper_get_qualname, NULL, NULL},
    {"__text_signature__", wrapper_get_signature, NULL, NULL},
    {0},
};

static size_t wrapper_size(const Object *self) {
    (void)self;
    return sizeof(WrapperDescriptor);
}
static void wrapper_free(Vm *vm, Object *self) { (void)vm, (void)self; }

const TypeSpec wrapper_descriptor_spec = {
    .name = "wrapper_descriptor",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_NO_NEW | TYPE_FLAG_METHOD_DESCRIPTOR,
    .size = sizeof(WrapperDescriptor),
    .ops = {.size = wrapper_size, .free = wrapper_free},
    .slots = {.repr = wrapper_repr, .call = wrapper_call, .descr_get = wrapper_get},
    .getset = wrapper_getset,
};

/* --- method-wrapper --- */

static Value method_wrapper_call(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    MethodWrapper *m = (MethodWrapper *)value_object(self);
    retain_object(m);
    Value result = wrapper_invoke(vm, m->descriptor, m->self, args, nargs, kwnames);
    release_object(vm, m);
    return result;
}

static Value method_wrapper_repr(Vm *vm, Value self) {
    MethodWrapper *m = (MethodWrapper *)value_object(self);
    return str_format(vm, "<method-wrapper '%U' of %T object at 0x%llx>", wrapper_name(vm, m->descriptor), m->self,
                      (unsigned long long)m->self.bits);
}

static Value method_wrapper_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    MethodWrapper *a = (MethodWrapper *)value_object(self);
    if ((op != COMPARE_EQ && op != COMPARE_NE) || value_type(vm, other) != TYPE(vm, METHOD_WRAPPER)) return VALUE_NOT_IMPLEMENTED;
    MethodWrapper *b = (MethodWrapper *)value_object(other);
    bool equal = a->descriptor == b->descriptor && value_same(a->self, b->self);
    return value_from_bool(equal == (op == COMPARE_EQ));
}

static bool method_wrapper_hash(Vm *vm, Value self, Hash *out) {
    (void)vm;
    MethodWrapper *m = (MethodWrapper *)value_object(self);
    *out = (Hash)(((uint64_t)(uintptr_t)m->descriptor >> 4) ^ (m->self.bits >> 3));
    return true;
}

#define METHOD_WRAPPER_GETTER(fn, reader) \
    static Value fn(Vm *vm, Value self) { return reader(vm, ((MethodWrapper *)value_object(self))->descriptor); }
METHOD_WRAPPER_GETTER(method_wrapper_get_name, name_of)
METHOD_WRAPPER_GETTER(method_wrapper_get_qualname, qualname_of)
METHOD_WRAPPER_GETTER(method_wrapper_get_doc, doc_of)
METHOD_WRAPPER_GETTER(method_wrapper_get_signature, signature_of)
METHOD_WRAPPER_GETTER(method_wrapper_get_class, class_of)

static Value method_wrapper_get_self(Vm *vm, Value self) {
    (void)vm;
    return value_retain(((MethodWrapper *)value_object(self))->self);
}

static const GetSetDef method_wrapper_getset[] = {
    {"__doc__", method_wrapper_get_doc, NULL, NULL},
    {"__name__", method_wrapper_get_name, NULL, NULL},
    {"__objclass__", method_wrapper_get_class, NULL, NULL},
    {"__qualname__", method_wrapper_get_qualname, NULL, NULL},
    {"__self__", method_wrapper_get_self, NULL, NULL},
    {"__text_signature__", method_wrapper_get_signature, NULL, NULL},
    {0},
};

static size_t method_wrapper_size(const Object *self) {
    (void)self;
    return sizeof(MethodWrapper);
}
static void method_wrapper_visit(Object *self, VisitFn visit, void *arg) {
    MethodWrapper *m = (MethodWrapper *)self;
    visit(value_from_object(m->descriptor), arg);
    visit(m->self, arg);
}
static void method_wrapper_free(Vm *vm, Object *self) {
    MethodWrapper *m = (MethodWrapper *)self;
    release_object(vm, m->descriptor);
    value_release(vm, m->self);
}

const TypeSpec method_wrapper_spec = {
    .name = "method-wrapper",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_NO_NEW,
    .size = sizeof(MethodWrapper),
    .ops = {.size = method_wrapper_size, .visit = method_wrapper_visit, .free = method_wrapper_free},
    .slots = {.repr = method_wrapper_repr, .call = method_wrapper_call, .compare = method_wrapper_compare, .hash = method_wrapper_hash},
    .getset = method_wrapper_getset,
};
