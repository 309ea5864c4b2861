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

#include "gc/hooks.h"
#include "gc/object.h"

typedef struct HeapAllocator {
    void *(*alloc)(void *user, size_t size);
    void (*free)(void *user, void *block, size_t size);
    void *user;
    /* NULL: blocks are resized by alloc, copy, free. */
    void *(*realloc)(void *user, void *block, size_t old_size, size_t new_size);
} HeapAllocator;

#define HEAP_SIZE_STEP 8
#define HEAP_SMALL_MAX 512 /* larger blocks go to the host's allocator */
#define HEAP_CLASS_COUNT (HEAP_SMALL_MAX / HEAP_SIZE_STEP + 1)
#define HEAP_PAGE_SIZE ((size_t)16384) /* and its alignment */

typedef struct FreeCell {
    uint64_t zero; /* where an Object's count stands: 0 marks a free cell */
    struct FreeCell *next;
} FreeCell;

/* The head of a page; its cells follow. Pages of a class that may have room form a list, the first one is allocated from. */
typedef struct HeapPage {
    FreeCell *free;
    uint32_t used;              /* live cells */
    uint8_t size_class;         /* cell size / HEAP_SIZE_STEP */
    uint8_t kind;               /* PAGE_... (gc/heap_state.h) */
    uint8_t full;               /* not in its class's list */
    uint8_t unused;
    char *carved, *end;         /* cells from `carved` on have never been handed out */
    struct HeapPage *next, *previous;
    struct HeapArena *arena;
    FreeCell *last_free;        /* ASan builds: cells are reused as late as possible */
} HeapPage;

/* Tracked objects in order of tracking: items[1..end-1], NULL where one was untracked. */
typedef struct Generation {
    Object **items;
    uint32_t end, capacity;
    uint32_t holes;
    uint32_t count; /* generation 1, 2: collections of the younger one since its last collection */
    uint32_t threshold;
} Generation;

/* Generation 3: objects set aside by gc.freeze(); during a collection, behind them, the trash. */
#define GENERATION_COUNT 4
#define GENERATION_OLDEST 2
#define GENERATION_ASIDE 3

/* gc/heap_state.h (private to gc/) completes the state behind `more`. */
struct Heap {
    HeapPage *object_pages[HEAP_CLASS_COUNT]; /* by size class; a const empty page where there is none */
    HeapPage *raw_pages[HEAP_CLASS_COUNT];
    Vm *vm;
    const HeapHooks *hooks;
    struct HeapState *more;
    Generation generations[GENERATION_COUNT];
    /* Objects tracked since the last young collection, less those untracked: beyond young_trigger `pending` is set. */
    int32_t young_count;
    int32_t young_trigger; /* the threshold; INT32_MAX: automatic collection is off */
    /* Looked at by the loop at safe points: nonzero asks for vm_safe_point. Bits: HEAP_PENDING_... */
    uint32_t pending;
    bool tracing; /* gc/trace.h: every allocation is recorded; object_pages are empty */
    uint32_t release_depth; /* nesting of object_die, bounded: deeper objects are queued */
};

#define HEAP_PENDING_COLLECT 1u  /* a collection is due */
#define HEAP_PENDING_SIGNAL 2u   /* a signal or interrupt was noted */
#define HEAP_PENDING_ALWAYS 4u   /* test mode: collect at every safe point */

/* `pending` is written by signal handlers and other threads too: only through these. */
static inline void heap_request(Heap *heap, uint32_t bit) { __atomic_fetch_or(&heap->pending, bit, __ATOMIC_RELAXED); }
static inline void heap_request_done(Heap *heap, uint32_t bit) { __atomic_fetch_and(&heap->pending, ~bit, __ATOMIC_RELAXED); }

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
void *object_new_slow(Heap *heap, Shape *shape, size_t size);
/* A cell of `size` bytes with count 1, not tracked; bytes behind the header are not initialised. NULL: no memory.
 * If the shape's owns_type is set, takes a reference to the type. */
static inline void *object_new(Heap *heap, Shape *shape, size_t size) {
#ifndef __SANITIZE_ADDRESS__
    if (__builtin_expect(size <= HEAP_SMALL_MAX, 1)) {
        HeapPage *page = heap->object_pages[(size + HEAP_SIZE_STEP - 1) / HEAP_SIZE_STEP];
        FreeCell *cell = page->free;
        if (__builtin_expect(cell != NULL, 1)) {
            Object *o = (Object *)cell;
            page->free = cell->next;
            page->used++;
            o->count = 1;
            o->gc = 0;
            o->shape = shape;
            if (shape->owns_type) ((Object *)shape->type)->count++;
            return o;
        }
    }
#endif
    return object_new_slow(heap, shape, size);
}

static inline bool object_is_tracked(const Object *o) { return (o->gc & GC_INDEX_MASK) != 0; }
void object_track_slow(Heap *heap, Object *o);
void object_untrack_slow(Heap *heap, Object *o);
/* Makes the object known to the collector. Its fields must all be valid. Tracking twice is harmless. */
static inline void object_track(Heap *heap, Object *o) {
    Generation *g = &heap->generations[0];
    if (object_is_tracked(o)) return;
    if (g->end == g->capacity || heap->young_count >= heap->young_trigger) {
        object_track_slow(heap, o);
        return;
    }
    heap->young_count++;
    o->gc |= g->end;
    g->items[g->end++] = o;
}
static inline void object_untrack(Heap *heap, Object *o) {
    uint32_t index = o->gc & GC_INDEX_MASK;
    if (!index) return;
    Generation *g = &heap->generations[(o->gc & GC_GENERATION_MASK) >> GC_GENERATION_SHIFT];
    if (index + 1 == g->end && g->items[index - 1] && heap->young_count > 0) { /* the last one, with no hole before it */
        g->end = index;
        heap->young_count--;
        o->gc &= ~(GC_INDEX_MASK | GC_GENERATION_MASK);
        return;
    }
    object_untrack_slow(heap, o);
}

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

/* Calls visit for every strong reference the object holds: its own, its attributes', and to its type if it owns that. */
void object_visit(Heap *heap, Object *o, VisitFn visit, void *arg);
/* Bytes an object takes in all: its cell, buffers and attribute storage. */
size_t object_full_size(Heap *heap, const Object *o);
/* Whether a script or the world could notice that all objects die now: by a finalizer, a weak reference's callback, an open file. */
bool heap_end_is_noticed(Heap *heap);
/* Every live object, in no order. fn may neither allocate nor release. */
void heap_each_object(Heap *heap, void (*fn)(Object *o, void *arg), void *arg);
/* Bytes held by live cells and blocks; bytes in pages and large blocks, and the most of them there have been. */
size_t heap_used(const Heap *heap);
size_t heap_held(const Heap *heap);
size_t heap_peak(const Heap *heap);
size_t heap_live_objects(const Heap *heap);
void heap_set_limit(Heap *heap, size_t limit); /* bytes held; 0: none */
/* Testing: the n-th allocation from now fails, and every one after it; 0: none does. ASan builds count each one, others
 * those that leave the fast path. */
void heap_fail_after(Heap *heap, size_t n);

/* --- the cycle collector (gc/collector.c); for the gc module see gc/collector.h --- */
/* Collects generation 0..2 and the younger ones. Result: unreachable objects found. Only at safe points. */
size_t heap_collect(Heap *heap, int generation);
/* A safe point at which HEAP_PENDING_COLLECT is set: collects what is due. */
void heap_collect_due(Heap *heap);
/* Recounts every reference by a walk over roots and objects, compares with the headers; reports each difference and
 * returns their number (test builds only). References held by C code that is running count as differences
 * only when all is set: fewer references found than the header says. */
size_t heap_recount(Heap *heap, bool all);
/* The number of live objects that no root leads to: what leaked, once nothing is running. report: each is told. */
size_t heap_count_leaks(Heap *heap, bool report);

#endif
