/* getset_descriptor (attributes of built-in types) and member_descriptor (__slots__). */
#include "vm/types/descriptors.h"

#include <string.h>

#include "vm/attr.h"
#include "vm/ops.h"
#include "vm/types/str.h"
#include "vm/vm.h"

/* --- getset --- */

static inline GetSetDescriptor *getset_of(Value v) { return (GetSetDescriptor *)value_object(v); }

static inline bool owner_is_counted(const Type *owner) { return owner->flags & TYPE_FLAG_HEAP; }

Value getset_new(Vm *vm, Type *owner, const GetSetDef *def) {
    Str *name = str_intern(vm, def->name, strlen(def->name));
    GetSetDescriptor *g = name ? object_new(&vm->heap, TYPE(vm, GETSET_DESCRIPTOR)->shape, sizeof *g) : NULL;
    if (!g) {
        release_object(vm, name);
        return error_pending(vm) ? VALUE_ERROR : error_no_memory(vm);
    }
    g->def = def;
    g->owner = owner;
    g->name = name;
    if (owner_is_counted(owner)) {
        retain_object(owner);
        object_track(&vm->heap, &g->head);
    }
    return value_from_object(g);
}

static size_t getset_size(const Object *self) {
    (void)self;
    return sizeof(GetSetDescriptor);
}

static void getset_visit(Object *self, VisitFn visit, void *arg) {
    GetSetDescriptor *g = (GetSetDescriptor *)self;
    visit(value_from_object(g->name), arg);
    if (g->owner && owner_is_counted(g->owner)) visit(value_from_object(g->owner), arg);
}

static void getset_free(Vm *vm, Object *self) {
    GetSetDescriptor *g = (GetSetDescriptor *)self;
    release_object(vm, g->name);
    if (g->owner && owner_is_counted(g->owner)) release_object(vm, g->owner);
}

static bool check_instance(Vm *vm, Str *name, Type *owner, Value instance) {
    if (value_is_instance(vm, instance, owner)) return true;
    error_type(vm, "descriptor '%U' for '%N' objects doesn't apply to a '%T' object", name, owner, instance);
    return false;
}

static Value getset_get(Vm *vm, Value self, Value instance, Value owner) {
    (void)owner;
    GetSetDescriptor *g = getset_of(self);
    if (value_is_empty(instance)) return value_retain(self);
    if (!check_instance(vm, g->name, g->owner, instance)) return VALUE_ERROR;
    if (g->def->get) return g->def->get(vm, instance);
    return error_raise(vm, EXC_AttributeError, "attribute '%U' of '%N' objects is not readable", g->name, g->owner);
}

static bool getset_set(Vm *vm, Value self, Value instance, Value value) {
    GetSetDescriptor *g = getset_of(self);
    if (!check_instance(vm, g->name, g->owner, instance)) return false;
    if (g->def->set) return g->def->set(vm, instance, value);
    error_raise(vm, EXC_AttributeError, "attribute '%U' of '%N' objects is not writable", g->name, g->owner);
    return false;
}

static Value getset_repr(Vm *vm, Value self) {
    return str_format(vm, "<attribute '%U' of '%N' objects>", getset_of(self)->name, getset_of(self)->owner);
}

static Value getset_get_name(Vm *vm, Value self) {
    (void)vm;
    return value_retain(value_from_object(getset_of(self)->name));
}
static Value getset_get_qualname(Vm *vm, Value self) {
    return str_format(vm, "%S.%U", getset_of(self)->owner->qualname, getset_of(self)->name);
}
static Value getset_get_class(Vm *vm, Value self) {
    (void)vm;
    return value_retain(value_from_object(getset_of(self)->owner));
}
static Value getset_get_doc(Vm *vm, Value self) {
    const char *doc = getset_of(self)->def->doc;
    if (!doc) return VALUE_NONE;
    Str *s = str_from_ascii(vm, doc);
    return s ? value_from_object(s) : VALUE_ERROR;
}

static const GetSetDef getset_getset[] = {
    {"__objclass__", getset_get_class, NULL, NULL},
    {"__name__", getset_get_name, NULL, NULL},
    {"__doc__", getset_get_doc, NULL, NULL},
    {"__qualname__", getset_get_qualname, NULL, NULL},
    {0},
};

const TypeSpec getset_descriptor_spec = {
    .name = "getset_descriptor",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_NO_NEW,
    .size = sizeof(GetSetDescriptor),
    .ops = {.size = getset_size, .visit = getset_visit, .free = getset_free},
    .slots = {.repr = getset_repr, .descr_get = getset_get, .descr_set = getset_set},
    .getset = getset_getset,
};

/* --- members --- */

static inline MemberDescriptor *member_of(Value v) { return (MemberDescriptor *)value_object(v); }

Value member_new(Vm *vm, Type *owner, Str *name, uint32_t index) {
    MemberDescriptor *m = object_new(&vm->heap, TYPE(vm, MEMBER_DESCRIPTOR)->shape, sizeof *m);
    if (!m) return error_no_memory(vm);
    m->owner = retain_object(owner);
    m->name = retain_object(name);
    m->index = index;
    object_track(&vm->heap, &m->head);
    return value_from_object(m);
}

static size_t member_size(const Object *self) {
    (void)self;
    return sizeof(MemberDescriptor);
}

static void member_visit(Object *self, VisitFn visit, void *arg) {
    MemberDescriptor *m = (MemberDescriptor *)self;
    visit(value_from_object(m->owner), arg);
    visit(value_from_object(m->name), arg);
}

static void member_free(Vm *vm, Object *self) {
    MemberDescriptor *m = (MemberDescriptor *)self;
    release_object(vm, m->name);
    release_object(vm, m->owner);
}

static Value member_get(Vm *vm, Value self, Value instance, Value owner) {
    (void)owner;
    MemberDescriptor *m = member_of(self);
    if (value_is_empty(instance)) return value_retain(self);
    if (!check_instance(vm, m->name, m->owner, instance)) return VALUE_ERROR;
    Value held = object_members(value_object(instance))[m->index];
    return value_is_empty(held) ? error_attribute(vm, instance, m->name) : value_retain(held);
}

static bool member_set(Vm *vm, Value self, Value instance, Value value) {
    MemberDescriptor *m = member_of(self);
    if (!check_instance(vm, m->name, m->owner, instance)) return false;
    Object *o = value_object(instance);
    Value *place = &object_members(o)[m->index];
    if (value_is_empty(value) && value_is_empty(*place)) {
        error_raise(vm, EXC_AttributeError, "%U", m->name);
        return false;
    }
    if (value_is_object(value)) object_track(&vm->heap, o);
    value_replace_take(vm, place, value_retain(value));
    return true;
}

static Value member_repr(Vm *vm, Value self) {
    return str_format(vm, "<member '%U' of '%N' objects>", member_of(self)->name, member_of(self)->owner);
}

static Value member_get_name(Vm *vm, Value self) {
    (void)vm;
    return value_retain(value_from_object(member_of(self)->name));
}
static Value member_get_qualname(Vm *vm, Value self) {
    return str_format(vm, "%S.%U", member_of(self)->owner->qualname, member_of(self)->name);
}
static Value member_get_class(Vm *vm, Value self) {
    (void)vm;
    return value_retain(value_from_object(member_of(self)->owner));
}

/* Where __slots__ is a dict, its values are the members' doc strings (inspect reads them there); the descriptor has none. */
static Value member_get_doc(Vm *vm, Value self) {
    (void)vm, (void)self;
    return VALUE_NONE;
}

static const GetSetDef member_getset[] = {
    {"__objclass__", member_get_class, NULL, NULL},
    {"__name__", member_get_name, NULL, NULL},
    {"__doc__", member_get_doc, NULL, NULL},
    {"__qualname__", member_get_qualname, NULL, NULL},
    {0},
};

const TypeSpec member_descriptor_spec = {
    .name = "member_descriptor",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_NO_NEW,
    .size = sizeof(MemberDescriptor),
    .ops = {.size = member_size, .visit = member_visit, .free = member_free},
    .slots = {.repr = member_repr, .descr_get = member_get, .descr_set = member_set},
    .getset = member_getset,
};
