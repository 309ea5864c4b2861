/* Objects: the 16-byte header of everything on the heap, and what the collector needs to know of a kind of object.
 *
 * Every object points to a Shape. A shape says which C struct the object is (layout), how to visit, clear and free it
 * (ops), which class it has (type), and, for objects with attributes, at which place each attribute lies. Objects
 * of a built-in type share that type's one shape; an instance's shape changes as attributes are added (vm/shape.h).
 */
#ifndef MINI_GC_OBJECT_H
#define MINI_GC_OBJECT_H

#include <stddef.h>

#include "gc/value.h"

typedef struct Vm Vm;
typedef struct Heap Heap;
typedef struct Type Type;
typedef struct Shape Shape;

struct Object {
    uint32_t count; /* references held to this object; 0 only in a free cell */
    uint32_t gc;    /* the collector's word: flags, generation, index; see below */
    Shape *shape;
};

/* Object.gc: bits 0..26 the index in its generation's array (0: not tracked), 28..29 the generation. */
#define GC_INDEX_MASK 0x07ffffffu
#define GC_LARGE 0x08000000u /* the cell is a block of the host's allocator, not part of a page */
#define GC_GENERATION_SHIFT 28
#define GC_GENERATION_MASK 0x30000000u
#define GC_HAS_WEAKREFS 0x40000000u /* gc/weakref.c holds an entry for it */
#define GC_FINALIZED 0x80000000u    /* its __del__ has run */

/* Called with every strong reference that an object holds; a value that is no object is ignored by the callee. */
typedef void (*VisitFn)(Value ref, void *arg);

/* What memory management asks of a kind of object. Const, one per built-in type; subclasses written in scripts use
 * their base's, the attribute slots being handled by the caller (vm/shape.c). */
typedef struct ObjectOps {
    /* Bytes of the object's own cell (not of buffers it owns). */
    size_t (*size)(const Object *self);
    /* Calls visit once for each strong reference held. NULL: it holds none, and is never tracked. */
    void (*visit)(Object *self, VisitFn visit, void *arg);
    /* Drops the references that can be part of a cycle and leaves the object empty but valid. NULL: nothing to drop. */
    void (*clear)(Vm *vm, Object *self);
    /* The count is zero and finalizers have run: releases all references and buffers. The caller frees the cell. */
    void (*free)(Vm *vm, Object *self);
    /* Bytes of the buffers the object owns beyond its cell (for sys.getsizeof, census). NULL: none. */
    size_t (*extra_size)(const Object *self);
    /* Whether something outside of the heap would notice that the object dies: a file is closed, text that waits is written. NULL: nothing
     * would. What a script's finalizer may do counts apart. */
    bool (*is_noticed)(const Object *self);
} ObjectOps;

/* The C struct behind an object. Subclasses keep their base's layout. */
typedef enum Layout {
    LAYOUT_OBJECT, /* no fields of its own: instances of script classes */
    LAYOUT_INT,
    LAYOUT_FLOAT, /* only instances of subclasses of float */
    LAYOUT_COMPLEX,
    LAYOUT_STR,
    LAYOUT_BYTES,
    LAYOUT_BYTEARRAY,
    LAYOUT_MEMORYVIEW,
    LAYOUT_LIST,
    LAYOUT_TUPLE,
    LAYOUT_DICT,
    LAYOUT_SET, /* set and frozenset */
    LAYOUT_RANGE,
    LAYOUT_SLICE,
    LAYOUT_FUNCTION,
    LAYOUT_NATIVE, /* built-in functions and methods */
    LAYOUT_METHOD, /* bound methods */
    LAYOUT_CODE,
    LAYOUT_CELL,
    LAYOUT_FRAME,
    LAYOUT_TRACEBACK,
    LAYOUT_GENERATOR, /* generators, coroutines, async generators */
    LAYOUT_MODULE,
    LAYOUT_TYPE,
    LAYOUT_EXCEPTION,
    LAYOUT_WEAKREF,
    LAYOUT_PROPERTY,
    LAYOUT_RANGE_ITERATOR,
    LAYOUT_LIST_ITERATOR,
    LAYOUT_TUPLE_ITERATOR,
    LAYOUT_DICT_ITERATOR,
    LAYOUT_OTHER /* any other built-in struct: told apart by type */
} Layout;

typedef struct ShapeKeys ShapeKeys;

struct Shape {
    const ObjectOps *ops;
    Type *type;
    uint32_t id;          /* unique in the VM and never used again; renewed when the class changes: caches compare it */
    uint8_t layout;       /* a Layout */
    uint8_t exact;        /* 1: the type is the built-in type of that layout itself, not a subclass */
    uint16_t inline_count; /* attribute slots inside the object */
    uint32_t slot_count;  /* attributes in this shape; those from inline_count on are in the overflow array */
    uint32_t attrs_offset; /* where an object's Attrs (vm/shape.h) lies; 0: has none; SHAPE_ATTRS_AT_END */
    uint8_t dict_mode;    /* 1: attributes are in a dict, Attrs.overflow points to it */
    uint8_t owns_type;    /* 1: each instance owns a reference to the type (classes made by scripts) */
    ShapeKeys *keys;      /* name -> slot, and transitions; NULL for shapes without attributes (vm/shape.h) */
    /* Both NULL in a new shape; used by gc/objects.c alone. */
    Object *dying;        /* dead objects of this shape that wait to be freed, linked through Object.shape */
    Shape *next_dying;    /* the next shape that has any */
};

#define SHAPE_ATTRS_AT_END 0xffffffffu /* behind the last byte of a variable-sized object */

static inline bool value_has_layout(Value v, Layout layout) {
    return value_is_object(v) && value_object(v)->shape->layout == layout;
}
static inline bool value_is_exact(Value v, Layout layout) {
    return value_has_layout(v, layout) && value_object(v)->shape->exact;
}

#endif
