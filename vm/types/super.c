/* super: attribute access from behind a class in the MRO of an object's class. */
#include "vm/types/super.h"

#include "vm/attr.h"
#include "vm/frame.h"
#include "vm/ops.h"
#include "vm/types/descriptors.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

typedef struct Super {
    Object head;
    Value type;      /* the class behind which the search begins; VALUE_EMPTY before __init__ */
    Value object;    /* VALUE_EMPTY: unbound */
    Value self_type; /* the class whose MRO is searched */
} Super;

static inline Super *self_of(Value v) { return (Super *)value_object(v); }
static inline Type *as_type(Value v) { return (Type *)value_object(v); }
static inline bool is_type(Value v) { return value_has_layout(v, LAYOUT_TYPE); }

/* --- lookup --- */

Value super_find(Vm *vm, Type *type, Type *self_type, Str *name) {
    if (value_is_empty(self_type->mro)) return VALUE_EMPTY;
    Tuple *mro = value_tuple(self_type->mro);
    size_t i = 0;
    while (i < mro->count && as_type(mro->items[i]) != type) i++;
    for (i++; i < mro->count; i++) {
        Value found = type_own_peek(vm, as_type(mro->items[i]), name);
        if (!value_is_empty(found)) return found;
    }
    return VALUE_EMPTY;
}

static Value bind_found(Vm *vm, Value found, Value object, Value self_type) {
    Type *kind = value_type(vm, found);
    value_retain(found);
    if (!kind->slots.descr_get) return found;
    Value instance = value_same(object, self_type) ? VALUE_EMPTY : object;
    Value result = kind->slots.descr_get(vm, found, instance, self_type);
    value_release(vm, found);
    return result;
}

static Value super_get_attr(Vm *vm, Value self, Str *name) {
    Super *s = self_of(self);
    if (!value_is_empty(s->self_type) && name != NAME(vm, __class__)) {
        Value found = super_find(vm, as_type(s->type), as_type(s->self_type), name);
        if (!value_is_empty(found)) return bind_found(vm, found, s->object, s->self_type);
    }
    return value_get_attr_generic(vm, self, name);
}

/* What super(type, object) searches without further questions; NULL: ask check_object. */
static Type *quick_self_type(Vm *vm, Type *type, Value object) {
    Type *actual = value_type(vm, object);
    if (is_type(object) && type_is_subtype(as_type(object), type)) return as_type(object);
    return type_is_subtype(actual, type) ? actual : NULL;
}

Value super_get(Vm *vm, Value super, Value type, Value object, Str *name) {
    if (value_same(super, value_from_object(TYPE(vm, SUPER))) && is_type(type) && name != NAME(vm, __class__)) {
        Type *self_type = quick_self_type(vm, as_type(type), object);
        Value found = self_type ? super_find(vm, as_type(type), self_type, name) : VALUE_EMPTY;
        if (!value_is_empty(found)) return bind_found(vm, found, object, value_from_object(self_type));
    }
    Value args[2] = {type, object};
    Value made = value_call(vm, super, args, 2, NULL);
    if (value_is_error(made)) return VALUE_ERROR;
    Value result = value_get_attr(vm, made, name);
    value_release(vm, made);
    return result;
}

/* --- making --- */

/* The class in whose MRO super(type, object) searches: new; VALUE_ERROR: TypeError. */
static Value check_object(Vm *vm, Type *type, Value object) {
    if (is_type(object) && type_is_subtype(as_type(object), type)) return value_retain(object);
    Type *actual = value_type(vm, object);
    if (type_is_subtype(actual, type)) return value_retain(value_from_object(actual));
    Value claimed = value_find_attr(vm, object, NAME(vm, __class__));
    if (value_is_error(claimed)) return VALUE_ERROR;
    if (is_type(claimed) && as_type(claimed) != actual && type_is_subtype(as_type(claimed), type)) return claimed;
    value_release(vm, claimed);
    if (is_type(object))
        return error_type(vm, "super(type, obj): obj (type %N) is not an instance or subtype of type (%N).", as_type(object), type);
    return error_type(vm, "super(type, obj): obj (instance of %T) is not an instance or subtype of type (%N).", object, type);
}

static bool error_no_arguments(Vm *vm, const char *why) {
    error_raise(vm, EXC_RuntimeError, "super(): %s", why);
    return false;
}

static Value class_cell_content(Vm *vm, const Frame *frame) {
    const Code *code = frame->code;
    for (uint32_t i = 0; i < code->free_count; i++) {
        if (!str_equal_ascii(code->free_names[i], "__class__")) continue;
        Value cell = frame->function->closure->items[i];
        return value_has_layout(cell, LAYOUT_CELL) ? ((Cell *)value_object(cell))->content : VALUE_EMPTY;
    }
    error_no_arguments(vm, "__class__ cell not found");
    return VALUE_ERROR;
}

/* super() in a method: its class from the __class__ cell, its first argument from the frame. Both borrowed. */
static bool arguments_from_frame(Vm *vm, Value *type, Value *object) {
    const Frame *frame = vm->frame;
    if (!frame) return error_no_arguments(vm, "no current frame");
    if (!frame->code->arg_count) return error_no_arguments(vm, "no arguments");
    *object = frame->registers[0];
    for (uint32_t i = 0; i < frame->code->cell_count; i++)
        if (frame->code->cell_registers[i] == 0 && value_has_layout(*object, LAYOUT_CELL)) *object = ((Cell *)value_object(*object))->content;
    if (value_is_empty(*object)) return error_no_arguments(vm, "arg[0] deleted");
    *type = class_cell_content(vm, frame);
    if (value_is_error(*type)) return false;
    if (value_is_empty(*type)) return error_no_arguments(vm, "empty __class__ cell");
    if (is_type(*type)) return true;
    error_raise(vm, EXC_RuntimeError, "super(): __class__ is not a type (%T)", *type);
    return false;
}

static Value super_new(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    (void)args, (void)nargs, (void)kwnames;
    Super *s = type_alloc(vm, type, sizeof *s);
    if (!s) return VALUE_ERROR;
    s->type = s->object = s->self_type = VALUE_EMPTY;
    object_track(&vm->heap, &s->head);
    return value_from_object(s);
}

static bool super_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    Value type, object = VALUE_EMPTY, self_type = VALUE_EMPTY;
    if (kwnames && kwnames->count) return error_type(vm, "super() takes no keyword arguments"), false;
    if (nargs > 2) return error_type(vm, "super() expected at most 2 arguments, got %d", nargs), false;
    if (nargs == 0) {
        if (!arguments_from_frame(vm, &type, &object)) return false;
    } else {
        type = args[0];
        if (nargs > 1 && !value_is_none(args[1])) object = args[1];
        if (!is_type(type)) return error_type(vm, "super() argument 1 must be a type, not %T", type), false;
    }
    if (!value_is_empty(object)) self_type = check_object(vm, as_type(type), object);
    if (value_is_error(self_type)) return false;
    Super *s = self_of(self);
    value_retain(type);
    value_retain(object);
    value_replace_take(vm, &s->type, type);
    value_replace_take(vm, &s->object, object);
    value_replace_take(vm, &s->self_type, self_type);
    return true;
}

static Value super_bind(Vm *vm, Value self, Value instance, Value owner) {
    (void)owner;
    Super *s = self_of(self);
    if (value_is_empty(instance) || value_is_none(instance) || !value_is_empty(s->object)) return value_retain(self);
    Value args[2] = {s->type, instance};
    return value_call(vm, value_from_object(value_type(vm, self)), args, value_is_empty(s->type) ? 0 : 2, NULL);
}

static Value super_repr(Vm *vm, Value self) {
    Super *s = self_of(self);
    const char *type = value_is_empty(s->type) ? "NULL" : type_name(as_type(s->type));
    if (value_is_empty(s->self_type)) return str_format(vm, "<super: <class '%s'>, NULL>", type);
    return str_format(vm, "<super: <class '%s'>, <%N object>>", type, as_type(s->self_type));
}

/* --- memory, attributes --- */

static size_t super_size(const Object *self) {
    (void)self;
    return sizeof(Super);
}

static void super_visit(Object *self, VisitFn visit, void *arg) {
    Super *s = (Super *)self;
    visit(s->type, arg);
    visit(s->object, arg);
    visit(s->self_type, arg);
}

static void super_clear(Vm *vm, Object *self) {
    Super *s = (Super *)self;
    Value values[3] = {s->object, s->self_type, s->type};
    s->object = s->self_type = s->type = VALUE_EMPTY;
    for (int i = 0; i < 3; i++) value_release(vm, values[i]);
}

static Value value_or_none(Value v) { return value_is_empty(v) ? VALUE_NONE : value_retain(v); }

static Value get_this_class(Vm *vm, Value self) {
    (void)vm;
    return value_or_none(self_of(self)->type);
}
static Value get_self(Vm *vm, Value self) {
    (void)vm;
    return value_or_none(self_of(self)->object);
}
static Value get_self_class(Vm *vm, Value self) {
    (void)vm;
    return value_or_none(self_of(self)->self_type);
}

static const GetSetDef super_getset[] = {
    {"__thisclass__", get_this_class, NULL, "the class invoking super()"},
    {"__self__", get_self, NULL, "the instance invoking super(); may be None"},
    {"__self_class__", get_self_class, NULL, "the type of the instance invoking super(); may be None"},
    {0},
};

const TypeSpec super_spec = {
    .name = "super",
    .doc = "super() -> same as super(__class__, <first argument>)\nsuper(type) -> unbound super object\n"
           "super(type, obj) -> bound super object; requires isinstance(obj, type)\n"
           "super(type, type2) -> bound super object; requires issubclass(type2, type)\n"
           "Typical use to call a cooperative superclass method:\nclass C(B):\n    def meth(self, arg):\n        super().meth(arg)\n"
           "This works for class methods too:\nclass C(B):\n    @classmethod\n    def cmeth(cls, arg):\n        super().cmeth(arg)\n",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_BASETYPE,
    .size = sizeof(Super),
    .ops = {.size = super_size, .visit = super_visit, .clear = super_clear, .free = super_clear},
    .slots = {.repr = super_repr, .get_attr = super_get_attr, .descr_get = super_bind, .new_ = super_new, .init = super_init},
    .getset = super_getset,
};
