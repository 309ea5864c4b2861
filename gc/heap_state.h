/* The heap's inside: arenas, pages, large cells, and the collector's state. Private to gc/.
 *
 * Invariants: a page's list holds exactly the pages of its class that are not `full`; a page outside of any class has its bit
 * set in its arena's `free`; heap->object_pages and raw_pages are never NULL (empty_page stands for none).
 */
#ifndef MINI_GC_HEAP_STATE_H
#define MINI_GC_HEAP_STATE_H

#include "gc/heap.h"

#define PAGE_OBJECTS 1
#define PAGE_RAW 2
#define ARENA_PAGES_MAX 64
#define RELEASE_DEPTH_MAX 50 /* as CPython nests the release of containers */

/* A run of pages from the host's allocator. */
typedef struct HeapArena {
    struct HeapArena *next, *previous; /* ring; those with free pages come first */
    void *block; /* as allocated, to be given back */
    size_t block_size;
    char *pages; /* page_count of them, aligned to their size */
    uint32_t page_count;
    uint64_t free;   /* one bit for each page: not in use */
    uint64_t unbacked; /* of those: the system holds no memory for it */
} HeapArena;

/* In front of every block of its own, an object's or a raw one: heap_destroy finds them all. */
typedef struct LargeCell {
    struct LargeCell *next, *previous;
    size_t size; /* without this header */
    size_t kind; /* PAGE_OBJECTS or PAGE_RAW; keeps what follows aligned to 16 */
} LargeCell;

typedef struct GenerationStats {
    size_t collections, collected, uncollectable;
} GenerationStats;

typedef struct HeapState {
    HeapAllocator allocator;
    bool own_allocator; /* malloc's memory: the system can take pages back */
    HeapArena arenas; /* head of the ring of arenas */
    LargeCell large; /* head of the ring of large cells */
    size_t limit, held, peak;
    size_t large_bytes;
    size_t pages_in_use, pages_free; /* pages_free: backed by memory, not in use */
    size_t fail_countdown;

    Shape *dying; /* shapes with objects that wait to be freed */

    bool collecting, disabled;
    uint32_t trash_start; /* index in the generation set aside from which on objects are trash; 0: none are */
    unsigned debug; /* DEBUG_... (gc/collector.h) */
    uint32_t pace;  /* the young threshold is multiplied by it: see pace_update in gc/collector.c; 0: a script has set thresholds */
    size_t long_lived_total, long_lived_pending;
    size_t always_skipped; /* test mode: safe points since the last full collection */
    GenerationStats stats[3];

    struct WeakrefTable *weakrefs; /* gc/weakref.c */
    struct Trace *trace;           /* gc/trace.c; NULL: tracing is off */
    HeapPage *traced_pages[HEAP_CLASS_COUNT]; /* in place of heap->object_pages while tracing is on */
} HeapState;

/* The list of pages of one class. */
static inline HeapPage **page_list(Heap *heap, int kind, unsigned size_class) {
    if (kind == PAGE_RAW) return &heap->raw_pages[size_class];
    return heap->tracing ? &heap->more->traced_pages[size_class] : &heap->object_pages[size_class];
}

/* --- gc/trace.c, while heap->tracing --- */
void trace_add(Heap *heap, const void *cell, size_t size);
void trace_remove(Heap *heap, const void *cell);

/* --- gc/pages.c --- */
extern const HeapPage heap_empty_page;
/* A page with room for the class, at the head of its list. NULL: no memory. */
HeapPage *page_refill(Heap *heap, int kind, unsigned size_class);
/* A page's cell was freed and the page is now empty, or was full before. */
void page_settle(Heap *heap, HeapPage *page);
void pages_destroy(Heap *heap);
static inline HeapPage *page_of(const void *cell) {
    return (HeapPage *)((uintptr_t)cell & ~(uintptr_t)(HEAP_PAGE_SIZE - 1));
}
static inline size_t page_cell_size(const HeapPage *page) { return (size_t)page->size_class * HEAP_SIZE_STEP; }

/* --- gc/heap.c --- */
/* Counts bytes held; false: beyond the limit. */
bool held_add(Heap *heap, size_t size);
void held_subtract(Heap *heap, size_t size);
static inline LargeCell *large_cell(const void *block) { return (LargeCell *)(uintptr_t)block - 1; }
size_t object_cell_size(const Object *o);
void object_free_memory(Heap *heap, Object *o); /* the cell alone */

/* --- gc/generations.c --- */
bool generation_reserve(Heap *heap, Generation *g, size_t extra);
/* Adds the object (untracked, or its index no longer valid) at the end; room is there. */
void generation_append(Heap *heap, int generation, Object *o);
void generation_compact(Heap *heap, int generation);
/* Moves everything from one generation to the end of another. false: no memory. */
bool generation_move(Heap *heap, int from, int to);
/* true: the collection that is going on has found the object to be unreachable. */
static inline bool object_is_trash(const Heap *heap, const Object *o) {
    return heap->more->trash_start && (o->gc & GC_GENERATION_MASK) == (uint32_t)GENERATION_ASIDE << GC_GENERATION_SHIFT &&
           (o->gc & GC_INDEX_MASK) >= heap->more->trash_start;
}

/* --- poisoning, so that ASan finds uses of free cells --- */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define CELL_POISON(p, size) __asan_poison_memory_region((p), (size))
#define CELL_UNPOISON(p, size) __asan_unpoison_memory_region((p), (size))
#define CELL_NO_SANITIZE __attribute__((no_sanitize_address))
#else
#define CELL_POISON(p, size) ((void)(p), (void)(size))
#define CELL_UNPOISON(p, size) ((void)(p), (void)(size))
#define CELL_NO_SANITIZE
#endif

#endif
