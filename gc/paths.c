/* Breadth-first search from roots; see paths.h.
 *
 * Invariants: nodes[0..count) are all different and none is the target, so chains never lead through the target itself; nodes are
 * numbered in the order of their distance, so the ends come out with the shortest chain first. Room for every object of the heap is taken at
 * the start: visiting never allocates. */
#include "gc/paths.h"

#include <string.h>

#include "gc/heap_state.h"

bool paths_init(Paths *p, Heap *heap, const Object *target, uint32_t most) {
    HeapAllocator *host = &heap->more->allocator;
    uint32_t capacity = 1024;
    while (capacity < heap_live_objects(heap) + 64) capacity *= 2;
    *p = (Paths){.heap = heap, .target = target, .capacity = capacity, .mask = capacity * 2 - 1, .end_most = most};
    p->nodes = host->alloc(host->user, capacity * sizeof *p->nodes);
    p->table = host->alloc(host->user, capacity * 2 * sizeof *p->table);
    p->ends = host->alloc(host->user, most * sizeof *p->ends);
    if (!p->nodes || !p->table || !p->ends) {
        paths_drop(p);
        return false;
    }
    memset(p->table, 0, capacity * 2 * sizeof *p->table);
    return true;
}

void paths_drop(Paths *p) {
    HeapAllocator *host = &p->heap->more->allocator;
    if (p->nodes) host->free(host->user, p->nodes, p->capacity * sizeof *p->nodes);
    if (p->table) host->free(host->user, p->table, p->capacity * 2 * sizeof *p->table);
    if (p->ends) host->free(host->user, p->ends, p->end_most * sizeof *p->ends);
}

/* A holder that refers to the target twice is one end. */
static void end_add(Paths *p) {
    const PathEnd *last = p->end_count ? &p->ends[p->end_count - 1] : NULL;
    if (p->end_count == p->end_most || (last && p->current != PATHS_NONE && last->holder == p->current)) return;
    p->ends[p->end_count++] = (PathEnd){p->current, p->root};
}

static void visit_node(Value ref, void *arg) {
    Paths *p = arg;
    if (!value_is_object(ref) || ref.bits == 0) return;
    Object *o = value_object(ref);
    if (o == p->target) {
        end_add(p);
        return;
    }
    uint32_t i = (uint32_t)(((uint64_t)(uintptr_t)o >> 3) * 0x9E3779B97F4A7C15u >> 32);
    for (; p->table[i & p->mask]; i++)
        if (p->nodes[p->table[i & p->mask] - 1].object == o) return;
    if (p->count == p->capacity) return;
    p->nodes[p->count] = (PathNode){o, p->current, p->root};
    p->table[i & p->mask] = ++p->count;
}

void paths_add_root(Paths *p, Value held, uint32_t root) {
    p->current = PATHS_NONE;
    p->root = root;
    visit_node(held, p);
}

void paths_search(Paths *p) {
    for (uint32_t i = 0; i < p->count && p->end_count < p->end_most; i++) {
        p->current = i;
        p->root = p->nodes[i].root;
        object_visit(p->heap, p->nodes[i].object, visit_node, p);
    }
}
