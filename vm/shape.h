/* Shapes (hidden classes): where an instance's attributes lie.
 *
 * Every class has a root shape (no attributes). Setting a new attribute moves the instance to the child shape for that name;
 * instances built by the same code share one shape, and an inline cache that has seen the shape's id knows the slot.
 * Slots 0..inline_count-1 lie inside the object behind Attrs.overflow; the rest in the array that overflow points to.
 * The inline count is chosen per class from its earlier instances (and __static_attributes__); a class that learns a
 * better count gets a new root for its next instances.
 *
 *     an instance:  [fixed C struct][__slots__ members][overflow][slot 0][slot 1]...
 *                                                      '-- Attrs, if the class has __dict__
 *
 * Members are at the same place in subclasses; object_members finds them.
 *
 * dict_mode: after __dict__ was asked for, or beyond SHAPE_MAX_SLOTS attributes: overflow is a Dict *, inline slots are
 * unused. A shape's id changes when its class changes, so a cached id also vouches for what the class holds.
 */
#ifndef MINI_VM_SHAPE_H
#define MINI_VM_SHAPE_H

#include "vm/type.h"

#define SHAPE_MAX_SLOTS 200

typedef struct Attrs {
    void *overflow; /* Value * (capacity by shape_overflow_capacity), or Dict * in dict mode, or NULL */
    Value slots[];
} Attrs;

/* Where o's Attrs are; NULL when its shape has none. */
Attrs *object_attrs(const Object *o);

/* The __slots__ members of o: type->slot_names_count Values, VALUE_EMPTY where unset. */
Value *object_members(const Object *o);
/* The overflow array holds this many slots when `count` are in use. */
uint32_t shape_overflow_capacity(uint32_t count);
/* The shape that an object of `shape` gets by a new attribute. NULL: no memory (no exception), or *full: no more shapes, the
 * object has to go to dict mode. */
Shape *shape_child(Vm *vm, Shape *shape, Str *name, bool *full);

/* The slot of `name` in the shape, or -1. */
int shape_find(const Shape *shape, const Str *name);
/* The address of slot `slot`; valid until the object's shape changes. */
static inline Value *shape_slot(const Shape *shape, Attrs *attrs, uint32_t slot) {
    return slot < shape->inline_count ? &attrs->slots[slot] : (Value *)attrs->overflow + (slot - shape->inline_count);
}

/* --- instance attributes (no descriptors, no class lookup) --- */
/* Borrowed; VALUE_EMPTY when absent. */
Value object_attr_peek(Vm *vm, Object *o, Str *name);
/* Sets or (VALUE_EMPTY) deletes: false with an exception pending on lack of memory. Deleting what is absent: *found false. */
bool object_attr_set(Vm *vm, Object *o, Str *name, Value value);
bool object_attr_delete(Vm *vm, Object *o, Str *name, bool *found);
/* The object's __dict__, made on demand (the object goes to dict mode). New reference. */
Value object_dict(Vm *vm, Object *o);
bool object_set_dict(Vm *vm, Object *o, Value dict);
/* A fresh dict with a copy of the attributes; the object stays as it is. */
Value object_attrs_copy(Vm *vm, Object *o);

/* --- shapes --- */
/* A root shape; type->spec, flags and slot_names_count must be set. NULL: no memory (no exception). */
Shape *shape_root_new(Vm *vm, Type *type, uint16_t inline_count);
/* The root shape for the next instance: type->shape, or a new one where earlier instances would have used more slots. */
Shape *type_instance_shape(Vm *vm, Type *type);
void shapes_free(Vm *vm, Type *type);
/* New ids for all shapes of the type. */
void shapes_renew(Vm *vm, Type *type);
/* Heap hooks for the attribute part of objects. */
void object_attrs_visit(Object *o, VisitFn visit, void *arg);
void object_attrs_clear(Vm *vm, Object *o);
void object_attrs_free(Vm *vm, Object *o);
/* Bytes inside the cell behind ops->size(o), padding included; outside of it. */
size_t object_attrs_size(const Object *o);
size_t object_attrs_extra(const Object *o);
/* o.__class__ = type, layouts being compatible. false: no memory (exception pending). */
bool object_set_class(Vm *vm, Object *o, Type *type);

#endif
