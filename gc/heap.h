/* The heap: all memory of one VM, reference counts, and the entry points of the collector.
 *
 * Cells for objects and raw blocks come from pages of one size class each, so that every live object can be found by
 * walking the pages; large blocks come from the host's allocator. Sizes are given back by the caller: blocks carry
 * no header. Any allocation may fail: the function returns NULL and sets no exception (vm/error.h: error_no_memory).
 *
 * A count of zero frees at once. Any release may therefore run script code: finish the change first, release last.
 */
#ifndef MINI_GC_HEAP_H
#define MINI_GC_HEAP_H

#include "gc/object.h"

typedef struct HeapAllocator {
    void *(*alloc)(void *user, size_t size);
    void (*free)(void *user, void *block, size_t size);
    void *user;
} HeapAllocator;

#define HEAP_SIZE_STEP 8
#define HEAP_SMALL_MAX 512 /* larger blocks go to the host's allocator */
#define HEAP_CLASS_COUNT (HEAP_SMALL_MAX / HEAP_SIZE_STEP + 1)

/* What the heap asks of the layer above when an object dies or a callback is due. */
typedef struct HeapHooks {
    /* Runs the object's __del__ if its class has one. Errors go to sys.unraisablehook. */
    void (*finalize)(Vm *vm, Object *self);
    /* true: the object has a finalizer that must run before it dies. */
    bool (*has_finalizer)(const Object *self);
    /* Visits / releases the attribute slots and the type reference of an object, besides ops->visit. */
    void (*visit_attrs)(Object *self, VisitFn visit, void *arg);
    void (*clear_attrs)(Vm *vm, Object *self);
    void (*free_attrs)(Vm *vm, Object *self);
    /* Visits every root (stack registers, VM fields) for the recounting mode. */
    void (*visit_roots)(Vm *vm, VisitFn visit, void *arg);
    /* Calls a weak reference's callback with the reference. Errors go to sys.unraisablehook. */
    void (*call_callback)(Vm *vm, Value callback, Value ref);
} HeapHooks;

typedef struct FreeCell {
    uint64_t zero; /* where an Object's count stands: 0 marks a free cell */
    struct FreeCell *next;
} FreeCell;

/* gc/heap_state.h (private to gc/) completes the state behind `more`. */
struct Heap {
    FreeCell *object_free[HEAP_CLASS_COUNT]; /* free cells for objects, by size class */
    FreeCell *raw_free[HEAP_CLASS_COUNT];    /* free raw blocks, by size class */
    Vm *vm;
    const HeapHooks *hooks;
    struct HeapState *more;
    /* Net container allocations since the last young collection; at the threshold `pending` is set. */
    int32_t young_count;
    int32_t young_threshold; /* 0: automatic collection is off */
    /* Looked at by the loop at safe points: nonzero asks for vm_safe_point. Bits: HEAP_PENDING_... */
    uint32_t pending;
    uint32_t release_depth; /* nesting of object_die, bounded: deeper objects are queued */
};

#define HEAP_PENDING_COLLECT 1u  /* a collection is due */
#define HEAP_PENDING_SIGNAL 2u   /* a signal or interrupt was noted */
#define HEAP_PENDING_ALWAYS 4u   /* test mode: collect at every safe point */

/* Sets up an empty heap. allocator: NULL for malloc/free. limit: most bytes held at once, 0 for none. */
bool heap_init(Heap *heap, Vm *vm, const HeapHooks *hooks, const HeapAllocator *allocator, size_t limit);
/* Gives back every page. Live objects are dropped without finalizers. */
void heap_destroy(Heap *heap);

/* --- raw blocks: buffers that objects own --- */
void *heap_alloc(Heap *heap, size_t size);
void heap_free(Heap *heap, void *block, size_t size);
/* Keeps the contents up to the smaller size; on failure NULL, the old block stays. block may be NULL (old_size 0). */
void *heap_realloc(Heap *heap, void *block, size_t old_size, size_t new_size);

/* --- objects --- */
/* A cell of `size` bytes with count 1, not tracked; bytes behind the header are not initialised. NULL: no memory.
 * If the shape's owns_type is set, takes a reference to the type. */
void *object_new(Heap *heap, Shape *shape, size_t size);
/* Makes the object known to the collector. Its fields must all be valid. Tracking twice is harmless. */
void object_track(Heap *heap, Object *o);
void object_untrack(Heap *heap, Object *o);
static inline bool object_is_tracked(const Object *o) { return (o->gc & GC_INDEX_MASK) != 0; }

/* The count has fallen to zero: finalizer, weak references, free. */
void object_die(Heap *heap, Object *o);
/* Frees a cell of an object that was never finished (a constructor that failed before its fields were valid). */
void object_free_cell(Heap *heap, Object *o, size_t size);

static inline Value value_retain(Value v) {
    if (value_is_object(v)) value_object(v)->count++;
    return v;
}
static inline void object_release(Heap *heap, Object *o) {
    if (--o->count == 0) object_die(heap, o);
}
static inline void heap_release(Heap *heap, Value v) {
    if (value_is_object(v)) object_release(heap, value_object(v));
}

/* Every live object, in no order. */
void heap_each_object(Heap *heap, void (*fn)(Object *o, void *arg), void *arg);
/* Bytes held by live cells and blocks; the most there have been. */
size_t heap_used(const Heap *heap);
size_t heap_peak(const Heap *heap);
size_t heap_live_objects(const Heap *heap);

/* --- the cycle collector (gc/collector.c) --- */
/* Collects generation 0..2 and the younger ones. Result: unreachable objects found. Only at safe points. */
size_t heap_collect(Heap *heap, int generation);
/* A safe point at which HEAP_PENDING_COLLECT is set: collects what is due. */
void heap_collect_due(Heap *heap);
/* Recounts every reference by a walk over roots and objects, compares with the headers; writes each difference to
 * stderr (test builds only) and returns their number. */
size_t heap_recount(Heap *heap);

#endif
