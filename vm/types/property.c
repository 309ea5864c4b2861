/* property: attributes computed by functions of the class. */
#include "vm/types/descriptors.h"

#include "vm/attr.h"
#include "vm/ops.h"
#include "vm/types/exception.h"
#include "vm/types/str.h"
#include "vm/vm.h"

static inline Property *self_of(Value v) { return (Property *)value_object(v); }
static inline Value empty_to_none(Value v) { return value_is_empty(v) ? VALUE_NONE : v; }
static inline Value none_to_empty(Value v) { return value_is_none(v) ? VALUE_EMPTY : v; }

static size_t property_size(const Object *self) {
    (void)self;
    return sizeof(Property);
}

static void property_visit(Object *self, VisitFn visit, void *arg) {
    Property *p = (Property *)self;
    visit(p->get, arg);
    visit(p->set, arg);
    visit(p->del, arg);
    visit(p->doc, arg);
    visit(p->name, arg);
}

static void property_clear(Vm *vm, Object *self) {
    Property *p = (Property *)self;
    value_clear(vm, &p->get);
    value_clear(vm, &p->set);
    value_clear(vm, &p->del);
    value_clear(vm, &p->doc);
    value_clear(vm, &p->name);
}

static Value property_new(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    (void)args, (void)nargs, (void)kwnames;
    Property *p = type_alloc(vm, type, sizeof *p);
    if (!p) return VALUE_ERROR;
    p->get = p->set = p->del = p->doc = p->name = VALUE_EMPTY;
    object_track(&vm->heap, &p->head);
    return value_from_object(p);
}

/* The getter's doc string stands in where none is given; in a subclass it has to be an attribute of the instance. */
static bool take_doc(Vm *vm, Value self, Value given) {
    Property *p = self_of(self);
    Value doc = value_retain(none_to_empty(given));
    p->getter_doc = false;
    if (value_is_empty(doc) && !value_is_empty(p->get)) {
        Value found = value_find_attr(vm, p->get, NAME(vm, __doc__));
        if (value_is_error(found)) return false;
        doc = none_to_empty(found);
        p->getter_doc = !value_is_empty(doc);
    }
    if (value_type(vm, self) == TYPE(vm, PROPERTY)) {
        value_replace_take(vm, &p->doc, doc);
        return true;
    }
    bool ok = value_set_attr(vm, self, NAME(vm, __doc__), empty_to_none(doc));
    value_release(vm, doc);
    return ok || (!p->getter_doc && error_clear_if(vm, EXC_AttributeError)); /* a lost doc string is no error unless it was copied */
}

static Value property_init(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Property *p = self_of(args[0]);
    value_replace_take(vm, &p->get, value_retain(none_to_empty(args[1])));
    value_replace_take(vm, &p->set, value_retain(none_to_empty(args[2])));
    value_replace_take(vm, &p->del, value_retain(none_to_empty(args[3])));
    value_clear(vm, &p->name);
    return take_doc(vm, args[0], args[4]) ? VALUE_NONE : VALUE_ERROR;
}

/* --- access --- */

/* The name it was bound to in a class, or its getter's. New; VALUE_EMPTY: unknown. */
static Value name_of(Vm *vm, Property *p) {
    if (!value_is_empty(p->name)) return value_retain(p->name);
    return value_is_empty(p->get) ? VALUE_EMPTY : value_find_attr(vm, p->get, NAME(vm, __name__));
}

static Value error_lacks(Vm *vm, Property *p, Value instance, const char *what) {
    Value name = name_of(vm, p);
    if (value_is_error(name)) return VALUE_ERROR;
    Value class = value_from_object(value_type(vm, instance)), qualname = ((Type *)value_object(class))->qualname;
    if (value_is_empty(name)) error_raise(vm, EXC_AttributeError, "property of %V object has no %s", qualname, what);
    else error_raise(vm, EXC_AttributeError, "property %V of %V object has no %s", name, qualname, what);
    value_release(vm, name);
    return VALUE_ERROR;
}

static Value property_get(Vm *vm, Value self, Value instance, Value owner) {
    (void)owner;
    Property *p = self_of(self);
    if (value_is_empty(instance) || value_is_none(instance)) return value_retain(self);
    if (value_is_empty(p->get)) return error_lacks(vm, p, instance, "getter");
    Value get = value_retain(p->get);
    Value result = value_call1(vm, get, instance);
    value_release(vm, get);
    return result;
}

static bool property_set(Vm *vm, Value self, Value instance, Value value) {
    Property *p = self_of(self);
    bool deletes = value_is_empty(value);
    Value function = deletes ? p->del : p->set;
    if (value_is_empty(function)) {
        error_lacks(vm, p, instance, deletes ? "deleter" : "setter");
        return false;
    }
    value_retain(function);
    Value result = deletes ? value_call1(vm, function, instance) : value_call2(vm, function, instance, value);
    value_release(vm, function);
    bool ok = !value_is_error(result);
    value_release(vm, result);
    return ok;
}

/* --- methods --- */

/* A copy of the same class in which one function is replaced. */
static Value copy_with(Vm *vm, Value self, Value get, Value set, Value del) {
    Property *p = self_of(self);
    Value doc = p->getter_doc ? VALUE_NONE : empty_to_none(p->doc); /* a doc string of the getter is found again */
    Value args[4] = {empty_to_none(value_is_empty(get) ? p->get : get), empty_to_none(value_is_empty(set) ? p->set : set),
                     empty_to_none(value_is_empty(del) ? p->del : del), doc};
    Value copy = value_call(vm, value_from_object(value_type(vm, self)), args, 4, NULL);
    if (value_has_layout(copy, LAYOUT_PROPERTY)) value_replace_take(vm, &self_of(copy)->name, value_retain(p->name));
    return copy;
}

static Value property_getter_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return copy_with(vm, args[0], args[1], VALUE_EMPTY, VALUE_EMPTY);
}
static Value property_setter_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return copy_with(vm, args[0], VALUE_EMPTY, args[1], VALUE_EMPTY);
}
static Value property_deleter_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return copy_with(vm, args[0], VALUE_EMPTY, VALUE_EMPTY, args[1]);
}

static Value property_set_name(Vm *vm, Value *args, int nargs) {
    if (nargs != 3) return error_type(vm, "__set_name__() takes 2 positional arguments but %d were given", nargs - 1);
    value_replace_take(vm, &self_of(args[0])->name, value_retain(args[2]));
    return VALUE_NONE;
}

static const NativeDef property_methods[] = {
    {"getter", property_getter_method, "($self, object, /)", "Descriptor to obtain a copy of the property with a different getter.", NATIVE_METHOD},
    {"setter", property_setter_method, "($self, object, /)", "Descriptor to obtain a copy of the property with a different setter.", NATIVE_METHOD},
    {"deleter", property_deleter_method, "($self, object, /)", "Descriptor to obtain a copy of the property with a different deleter.", NATIVE_METHOD},
    {"__set_name__", property_set_name, "($self, /, *args)", "Method to set name of a property.", NATIVE_METHOD},
    {0},
};

static Value get_fget(Vm *vm, Value self) {
    (void)vm;
    return value_retain(empty_to_none(self_of(self)->get));
}
static Value get_fset(Vm *vm, Value self) {
    (void)vm;
    return value_retain(empty_to_none(self_of(self)->set));
}
static Value get_fdel(Vm *vm, Value self) {
    (void)vm;
    return value_retain(empty_to_none(self_of(self)->del));
}
static bool set_readonly(Vm *vm, Value self, Value value) {
    (void)self, (void)value;
    error_raise(vm, EXC_AttributeError, "readonly attribute");
    return false;
}
static Value get_doc(Vm *vm, Value self) {
    (void)vm;
    return value_retain(empty_to_none(self_of(self)->doc));
}
static bool set_doc(Vm *vm, Value self, Value value) {
    value_replace_take(vm, &self_of(self)->doc, value_retain(value));
    return true;
}
static Value get_name(Vm *vm, Value self) {
    Value name = name_of(vm, self_of(self));
    return value_is_empty(name) ? error_attribute(vm, self, NAME(vm, __name__)) : name;
}
static bool set_name(Vm *vm, Value self, Value value) {
    value_replace_take(vm, &self_of(self)->name, value_retain(value));
    return true;
}

static Value get_abstract(Vm *vm, Value self) {
    Property *p = self_of(self);
    Value functions[3] = {p->get, p->set, p->del};
    for (int i = 0; i < 3; i++) {
        int abstract = value_is_empty(functions[i]) ? 0 : value_is_abstract(vm, functions[i]);
        if (abstract) return abstract < 0 ? VALUE_ERROR : VALUE_TRUE;
    }
    return VALUE_FALSE;
}

static const GetSetDef property_getset[] = {
    {"fget", get_fget, set_readonly, NULL}, {"fset", get_fset, set_readonly, NULL}, {"fdel", get_fdel, set_readonly, NULL},
    {"__doc__", get_doc, set_doc, NULL}, {"__name__", get_name, set_name, NULL}, {"__isabstractmethod__", get_abstract, NULL, NULL},
    {0},
};

const TypeSpec property_spec = {
    .name = "property",
    .doc = "Property attribute.\n\n  fget\n    function to be used for getting an attribute value\n  fset\n"
           "    function to be used for setting an attribute value\n  fdel\n    function to be used for del'ing an attribute\n  doc\n"
           "    docstring\n\nTypical use is to define a managed attribute x:\n\nclass C(object):\n"
           "    def getx(self): return self._x\n    def setx(self, value): self._x = value\n    def delx(self): del self._x\n"
           "    x = property(getx, setx, delx, \"I'm the 'x' property.\")\n\nDecorators make defining new properties or modifying existing "
           "ones easy:\n\nclass C(object):\n    @property\n    def x(self):\n        \"I am the 'x' property.\"\n        return self._x\n"
           "    @x.setter\n    def x(self, value):\n        self._x = value\n    @x.deleter\n    def x(self):\n        del self._x",
    .layout = LAYOUT_PROPERTY,
    .flags = TYPE_FLAG_BASETYPE,
    .size = sizeof(Property),
    .ops = {.size = property_size, .visit = property_visit, .clear = property_clear, .free = property_clear},
    .slots = {.new_ = property_new, .descr_get = property_get, .descr_set = property_set},
    .init = {"property", property_init, "($self, /, fget=None, fset=None, fdel=None, doc=None)", NULL, NATIVE_METHOD},
    .methods = property_methods,
    .getset = property_getset,
};
