/* Shapes (hidden classes): where an instance's attributes lie.
 *
 * Every class has a root shape (no attributes). Setting a new attribute moves the instance to the child shape for that name;
 * instances built by the same code share one shape, and an inline cache that has seen the shape's id knows the slot.
 * Slots 0..inline_count-1 lie inside the object behind Attrs.overflow; the rest in the array that overflow points to.
 * The inline count is chosen per class from its earlier instances (and __static_attributes__); a class that learns a
 * better count gets a new root for its next instances.
 *
 *     Attrs of a class with __dict__:   [overflow][slot 0][slot 1]...     closed (__slots__ only): [slot 0]...
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
Shape *shape_root_new(Vm *vm, Type *type, uint16_t inline_count);
void shapes_free(Vm *vm, Type *type);
/* New ids for all shapes of the type. */
void shapes_renew(Vm *vm, Type *type);
/* Heap hooks for the attribute part of objects. */
void object_attrs_visit(Object *o, VisitFn visit, void *arg);
void object_attrs_clear(Vm *vm, Object *o);
void object_attrs_free(Vm *vm, Object *o);
size_t object_attrs_size(const Object *o); /* bytes inside the cell */

#endif
