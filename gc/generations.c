/* The arrays of tracked objects, one for each generation.
 *
 * An object knows its index. Untracking leaves a hole, so that the rest keep the order in which they were tracked: finalizers of a cycle
 * then run in the order of creation, as in CPython. Holes at the end vanish at once; when half of an array is holes
 * it is compacted, which costs a constant for each object untracked. (Moving the last entry into the hole, the usual way,
 * would write that object's header: a hole is cheaper as well.)
 */
#include "gc/heap_state.h"

bool generation_reserve(Heap *heap, Generation *g, size_t extra) {
    size_t needed = g->end + extra, capacity = g->items ? g->capacity : 0;
    if (needed <= g->capacity) return true;
    if (needed > GC_INDEX_MASK) return false;
    size_t larger = capacity + capacity / 2 + 64;
    if (larger < needed) larger = needed;
    if (larger > GC_INDEX_MASK) larger = GC_INDEX_MASK;
    Object **items = heap_realloc(heap, g->items, capacity * sizeof *items, larger * sizeof *items);
    if (!items) return false;
    items[0] = NULL;
    g->items = items;
    g->capacity = (uint32_t)larger;
    return true;
}

void generation_append(Heap *heap, int generation, Object *o) {
    Generation *g = &heap->generations[generation];
    o->gc = (o->gc & ~(GC_INDEX_MASK | GC_GENERATION_MASK)) | (uint32_t)generation << GC_GENERATION_SHIFT | g->end;
    g->items[g->end++] = o;
}

void generation_compact(Heap *heap, int generation) {
    Generation *g = &heap->generations[generation];
    uint32_t to = 1;
    if (g->holes == 0) return;
    for (uint32_t from = 1; from < g->end; from++) {
        Object *o = g->items[from];
        if (!o) continue;
        o->gc = (o->gc & ~GC_INDEX_MASK) | to;
        g->items[to++] = o;
    }
    g->end = to;
    g->holes = 0;
}

bool generation_move(Heap *heap, int from, int to) {
    Generation *g = &heap->generations[from];
    if (!generation_reserve(heap, &heap->generations[to], g->end)) return false;
    for (uint32_t i = 1; i < g->end; i++) {
        if (g->items[i]) generation_append(heap, to, g->items[i]);
    }
    g->end = 1;
    g->holes = 0;
    return true;
}

/* Gives memory back when the array has become far too large. */
static void generation_shrink(Heap *heap, Generation *g) {
    size_t wanted = (size_t)g->end * 2 + 64;
    if (!g->items || g->capacity / 4 < wanted) return;
    Object **items = heap_realloc(heap, g->items, g->capacity * sizeof *items, wanted * sizeof *items);
    if (!items) return;
    g->items = items;
    g->capacity = (uint32_t)wanted;
}

void object_track_slow(Heap *heap, Object *o) {
    if (!generation_reserve(heap, &heap->generations[0], 1)) return; /* not tracked: only a cycle through it would leak */
    generation_append(heap, 0, o);
    if (++heap->young_count > heap->young_trigger && !heap->more->collecting) heap_request(heap, HEAP_PENDING_COLLECT);
}

void object_untrack_slow(Heap *heap, Object *o) {
    uint32_t index = o->gc & GC_INDEX_MASK, generation = (o->gc & GC_GENERATION_MASK) >> GC_GENERATION_SHIFT;
    Generation *g = &heap->generations[generation];
    o->gc &= ~(GC_INDEX_MASK | GC_GENERATION_MASK);
    if (heap->young_count > 0) heap->young_count--;
    g->items[index] = NULL;
    if (index + 1 != g->end) {
        g->holes++;
        if (g->holes > 512 && g->holes > g->end / 2 && generation != GENERATION_ASIDE) {
            generation_compact(heap, (int)generation);
            generation_shrink(heap, g);
        }
        return;
    }
    g->end--;
    while (g->end > 1 && !g->items[g->end - 1]) {
        g->end--;
        g->holes--;
    }
    if (g->capacity > 4096 && g->end < g->capacity / 8) generation_shrink(heap, g);
}
