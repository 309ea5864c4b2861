/* The heap: set-up, the slow paths of allocation, raw blocks, large cells, accounting and enumeration.
 *
 * `held` counts whole pages in use and large blocks; it is what the limit is for. `used` counts live cells and is summed up when asked
 * for, so that the fast paths keep no books but the page's.
 */
#include "gc/heap.h"

#include <stdlib.h>

#include "gc/heap_state.h"
#include "gc/trace.h"

static void *system_alloc(void *user, size_t size) {
    (void)user;
    return malloc(size);
}
static void system_free(void *user, void *block, size_t size) {
    (void)user;
    (void)size;
    free(block);
}
static void *system_realloc(void *user, void *block, size_t old_size, size_t new_size) {
    (void)user;
    (void)old_size;
    return realloc(block, new_size);
}
static const HeapAllocator system_allocator = {system_alloc, system_free, NULL, system_realloc};

static void generations_init(Heap *heap) {
    static const uint32_t thresholds[3] = {700, 10, 10};
    for (int i = 0; i < GENERATION_COUNT; i++) {
        heap->generations[i] = (Generation){.end = 1, .capacity = 1, .threshold = i < 3 ? thresholds[i] : 0};
    }
    heap->young_trigger = 700;
    heap->more->pace = 1;
}

bool heap_init(Heap *heap, Vm *vm, const HeapHooks *hooks, const HeapAllocator *allocator, size_t limit) {
    const HeapAllocator *host = allocator ? allocator : &system_allocator;
    HeapState *state = host->alloc(host->user, sizeof *state);
    if (!state) return false;
    *heap = (Heap){.vm = vm, .hooks = hooks, .more = state};
    *state = (HeapState){.allocator = *host, .own_allocator = !allocator, .limit = limit};
    state->arenas.next = state->arenas.previous = &state->arenas;
    state->large.next = state->large.previous = &state->large;
    for (int i = 0; i < HEAP_CLASS_COUNT; i++) {
        heap->object_pages[i] = heap->raw_pages[i] = (HeapPage *)&heap_empty_page; /* never written: it has no cell */
    }
    generations_init(heap);
    return true;
}

void heap_destroy(Heap *heap) {
    HeapState *state = heap->more;
    HeapAllocator host = state->allocator;
    trace_stop(heap);
    while (state->large.next != &state->large) {
        LargeCell *cell = state->large.next;
        state->large.next = cell->next;
        host.free(host.user, cell, cell->size + sizeof *cell);
    }
    pages_destroy(heap);
    host.free(host.user, state, sizeof *state);
    heap->more = NULL;
}

/* --- accounting --- */

bool held_add(Heap *heap, size_t size) {
    HeapState *state = heap->more;
    if (state->limit && (size > state->limit || state->held > state->limit - size)) return false;
    state->held += size;
    if (state->held > state->peak) state->peak = state->held;
    return true;
}

void held_subtract(Heap *heap, size_t size) { heap->more->held -= size; }

void heap_set_limit(Heap *heap, size_t limit) { heap->more->limit = limit; }
size_t heap_held(const Heap *heap) { return heap->more->held; }
size_t heap_peak(const Heap *heap) { return heap->more->peak; }

void heap_fail_after(Heap *heap, size_t n) { heap->more->fail_countdown = n; }

/* Counts an allocation for heap_fail_after. true: it is to fail, as are those after it. */
static bool allocation_fails(HeapState *state) {
    if (__builtin_expect(state->fail_countdown == 0, 1)) return false;
    if (state->fail_countdown == 1) return true;
    state->fail_countdown--;
    return false;
}

/* --- large cells: blocks of the host's allocator --- */

static void *large_alloc(Heap *heap, size_t size, size_t kind) {
    HeapState *state = heap->more;
    LargeCell *ring = &state->large;
    if (allocation_fails(state) || size > PTRDIFF_MAX / 2 || !held_add(heap, size + sizeof *ring)) return NULL;
    LargeCell *cell = state->allocator.alloc(state->allocator.user, size + sizeof *cell);
    if (!cell) {
        held_subtract(heap, size + sizeof *cell);
        return NULL;
    }
    *cell = (LargeCell){ring->next, ring, size, kind};
    ring->next->previous = cell;
    ring->next = cell;
    state->large_bytes += size;
    return cell + 1;
}

static void large_free(Heap *heap, void *block) {
    HeapState *state = heap->more;
    LargeCell *cell = large_cell(block);
    size_t size = cell->size;
    cell->previous->next = cell->next;
    cell->next->previous = cell->previous;
    state->large_bytes -= size;
    held_subtract(heap, size + sizeof *cell);
    state->allocator.free(state->allocator.user, cell, size + sizeof *cell);
}

/* The same for a host that cannot resize. */
static void *large_copy(Heap *heap, void *block, size_t size) {
    size_t old_size = large_cell(block)->size;
    void *copy = large_alloc(heap, size, PAGE_RAW);
    if (!copy) return NULL;
    memcpy(copy, block, old_size < size ? old_size : size);
    large_free(heap, block);
    return copy;
}

static void *large_realloc(Heap *heap, void *block, size_t size) {
    HeapState *state = heap->more;
    HeapAllocator *host = &state->allocator;
    LargeCell *cell = large_cell(block);
    size_t old_size = cell->size;
    if (!host->realloc) return large_copy(heap, block, size);
    if (allocation_fails(state) || size > PTRDIFF_MAX / 2) return NULL;
    if (size > old_size && !held_add(heap, size - old_size)) return NULL;
    cell = host->realloc(host->user, cell, old_size + sizeof *cell, size + sizeof *cell);
    if (!cell) {
        if (size > old_size) held_subtract(heap, size - old_size);
        return NULL;
    }
    if (size < old_size) held_subtract(heap, old_size - size);
    cell->size = size;
    cell->previous->next = cell->next->previous = cell;
    state->large_bytes += size - old_size;
    return cell + 1;
}

/* --- cells --- */

/* Takes a cell off the page's list, which is not empty. */
CELL_NO_SANITIZE static void *cell_take(HeapPage *page) {
    FreeCell *cell = page->free;
    page->free = cell->next;
    page->used++;
    CELL_UNPOISON(cell, page_cell_size(page));
    return cell;
}

/* Object cells keep 0 in their first word: that marks them as free. */
CELL_NO_SANITIZE static inline void cell_give_back(Heap *heap, HeapPage *page, FreeCell *cell) {
    cell->zero = 0;
#ifdef __SANITIZE_ADDRESS__
    CELL_POISON(cell, page_cell_size(page));
    cell->next = NULL;
    if (page->free) page->last_free->next = cell;
    else page->free = cell;
    page->last_free = cell;
#else
    cell->next = page->free;
    page->free = cell;
#endif
    if (--page->used == 0 || page->full) page_settle(heap, page);
}

static inline unsigned size_class(size_t size) {
    return size <= sizeof(FreeCell) ? sizeof(FreeCell) / HEAP_SIZE_STEP : (unsigned)((size + HEAP_SIZE_STEP - 1) / HEAP_SIZE_STEP);
}

static void *raw_alloc(Heap *heap, size_t size) {
    if (size > HEAP_SMALL_MAX) return large_alloc(heap, size, PAGE_RAW);
    unsigned class = size_class(size);
    HeapPage *page = heap->raw_pages[class];
    if (allocation_fails(heap->more)) return NULL;
    if (!page->free && !(page = page_refill(heap, PAGE_RAW, class))) return NULL;
    return cell_take(page);
}

void *heap_alloc(Heap *heap, size_t size) {
    void *block = raw_alloc(heap, size);
    if (__builtin_expect(heap->tracing, 0) && block) trace_add(heap, block, size);
    return block;
}

void heap_free(Heap *heap, void *block, size_t size) {
    if (!block) return;
    if (__builtin_expect(heap->tracing, 0)) trace_remove(heap, block);
    if (size > HEAP_SMALL_MAX) large_free(heap, block);
    else cell_give_back(heap, page_of(block), block);
}

void *heap_realloc(Heap *heap, void *block, size_t old_size, size_t new_size) {
    if (!block) return heap_alloc(heap, new_size);
    if (old_size > HEAP_SMALL_MAX && new_size > HEAP_SMALL_MAX) {
        void *resized = large_realloc(heap, block, new_size);
        if (__builtin_expect(heap->tracing, 0) && resized) {
            trace_remove(heap, block);
            trace_add(heap, resized, new_size);
        }
        return resized;
    }
    if (old_size <= HEAP_SMALL_MAX && new_size <= HEAP_SMALL_MAX && size_class(old_size) == size_class(new_size)) return block;
    void *moved = heap_alloc(heap, new_size);
    if (!moved) return NULL;
    memcpy(moved, block, old_size < new_size ? old_size : new_size);
    heap_free(heap, block, old_size);
    return moved;
}

/* --- objects' cells --- */

static Object *large_new(Heap *heap, size_t size) {
    Object *o = large_alloc(heap, size, PAGE_OBJECTS);
    if (o) o->gc = GC_LARGE;
    return o;
}

static Object *small_new(Heap *heap, size_t size) {
    unsigned class = size_class(size);
    HeapPage *page = *page_list(heap, PAGE_OBJECTS, class);
    if (allocation_fails(heap->more)) return NULL;
    if (!page->free && !(page = page_refill(heap, PAGE_OBJECTS, class))) return NULL;
    Object *o = cell_take(page);
    o->gc = 0;
    return o;
}

void *object_new_slow(Heap *heap, Shape *shape, size_t size) {
    Object *o = size > HEAP_SMALL_MAX ? large_new(heap, size) : small_new(heap, size);
    if (!o) return NULL;
    o->count = 1;
    o->shape = shape;
    if (shape->owns_type) ((Object *)shape->type)->count++;
    if (__builtin_expect(heap->tracing, 0)) trace_add(heap, o, size);
    return o;
}

void object_free_memory(Heap *heap, Object *o) {
    if (__builtin_expect(heap->tracing, 0)) trace_remove(heap, o);
    if (o->gc & GC_LARGE) large_free(heap, o);
    else cell_give_back(heap, page_of(o), (FreeCell *)(void *)o);
}

void object_free_cell(Heap *heap, Object *o, size_t size) {
    (void)size; /* the page knows */
    Object *type = o->shape->owns_type ? (Object *)o->shape->type : NULL;
    object_untrack(heap, o);
    object_free_memory(heap, o);
    if (type) object_release(heap, type);
}

size_t object_cell_size(const Object *o) {
    return o->gc & GC_LARGE ? large_cell(o)->size : page_cell_size(page_of(o));
}

size_t object_full_size(Heap *heap, const Object *o) {
    const Shape *shape = o->shape;
    size_t size = object_cell_size(o);
    if (shape->ops->extra_size) size += shape->ops->extra_size(o);
    if (shape->attrs_offset && heap->hooks->attrs_extra) size += heap->hooks->attrs_extra(o);
    return size;
}

/* --- enumeration --- */

typedef void (*PageFn)(HeapPage *page, void *arg);

static void heap_each_page(const Heap *heap, PageFn fn, void *arg) {
    const HeapArena *ring = &heap->more->arenas;
    for (const HeapArena *a = ring->next; a != ring; a = a->next) {
        for (uint32_t i = 0; i < a->page_count; i++) {
            if (!(a->free >> i & 1)) fn((HeapPage *)(void *)(a->pages + i * HEAP_PAGE_SIZE), arg);
        }
    }
}

typedef struct EachObject {
    void (*fn)(Object *o, void *arg);
    void *arg;
} EachObject;

CELL_NO_SANITIZE static uint32_t cell_count(const char *cell) { return ((const Object *)(const void *)cell)->count; }

static void page_each_object(HeapPage *page, void *arg) {
    EachObject *each = arg;
    size_t cell = page_cell_size(page);
    if (page->kind != PAGE_OBJECTS) return;
    for (char *p = (char *)(page + 1); p < page->carved; p += cell) {
        if (cell_count(p) != 0) each->fn((Object *)(void *)p, each->arg);
    }
}

void heap_each_object(Heap *heap, void (*fn)(Object *o, void *arg), void *arg) {
    EachObject each = {fn, arg};
    const LargeCell *ring = &heap->more->large;
    heap_each_page(heap, page_each_object, &each);
    for (LargeCell *cell = ring->next, *next; cell != ring; cell = next) {
        Object *o = (Object *)(void *)(cell + 1);
        next = cell->next;
        if (cell->kind == PAGE_OBJECTS && o->count != 0) fn(o, arg);
    }
}

static void page_add_used(HeapPage *page, void *arg) { *(size_t *)arg += page->used * page_cell_size(page); }

size_t heap_used(const Heap *heap) {
    size_t used = heap->more->large_bytes;
    heap_each_page(heap, page_add_used, &used);
    return used;
}

static void page_add_objects(HeapPage *page, void *arg) {
    if (page->kind == PAGE_OBJECTS) *(size_t *)arg += page->used;
}

size_t heap_live_objects(const Heap *heap) {
    size_t count = 0;
    const LargeCell *ring = &heap->more->large;
    heap_each_page(heap, page_add_objects, &count);
    for (const LargeCell *cell = ring->next; cell != ring; cell = cell->next) count += cell->kind == PAGE_OBJECTS;
    return count;
}
