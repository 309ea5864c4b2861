/* Checks that walk the whole heap: recounting of references, and the search for leaks.
 *
 * Recounting walks the roots and every object, counts the references it meets, and compares the sums with the headers.
 *
 * Fewer references in a header than were met: the object will be freed while it is still in use. More: it leaks, unless C code that is
 * running right now holds it.
 */
#include <stdio.h>

#include "gc/heap_state.h"

typedef struct Met {
    const Object *object; /* NULL: free */
    uint32_t count;
} Met;

typedef struct Recount {
    Heap *heap;
    Met *table;
    size_t mask;
    size_t differences;
    bool all;
} Recount;

static Met *met_place(const Recount *r, const Object *o) {
    size_t i = (size_t)(((uint64_t)(uintptr_t)o >> 3) * 0x9E3779B97F4A7C15u >> 16) & r->mask;
    while (r->table[i].object && r->table[i].object != o) i = (i + 1) & r->mask;
    return &r->table[i];
}

static void visit_count(Value ref, void *arg) {
    if (!value_is_object(ref) || ref.bits == 0) return;
    met_place(arg, value_object(ref))->count++;
}

static void object_enter(Object *o, void *arg) { met_place(arg, o)->object = o; }

static void object_count(Object *o, void *arg) {
    Recount *r = arg;
    object_visit(r->heap, o, visit_count, r);
}

/* Dead objects that wait in the queue still hold their references. */
static void dying_count(Recount *r) {
    for (Shape *shape = r->heap->more->dying; shape; shape = shape->next_dying) {
        for (Object *o = shape->dying, *next; o; o = next) {
            next = (Object *)(void *)o->shape;
            o->shape = shape;
            object_visit(r->heap, o, visit_count, r);
            o->shape = (Shape *)(void *)next;
        }
    }
}

static void object_compare(Object *o, void *arg) {
    Recount *r = arg;
    uint32_t met = met_place(r, o)->count;
    const HeapHooks *hooks = r->heap->hooks;
    bool leaf = !o->shape->ops->visit && !o->shape->owns_type; /* names in tables are not all met */
    if (hooks->is_immortal && hooks->is_immortal(o)) leaf = true;
    if (o->count == met || ((leaf || !r->all) && o->count > met)) return;
    r->differences++;
    char text[300], what[120];
    hooks->describe(o, what, sizeof what);
    snprintf(text, sizeof text, "recount: %s at %p: count %u, references found %u\n", what, (void *)o, o->count, met);
    hooks->report(r->heap->vm, text);
}

static bool recount_init(Recount *r, Heap *heap) {
    size_t size = 1024;
    *r = (Recount){.heap = heap};
    while (size < heap_live_objects(heap) * 2 + 64) size *= 2;
    r->table = heap->more->allocator.alloc(heap->more->allocator.user, size * sizeof *r->table);
    if (!r->table) return false;
    memset(r->table, 0, size * sizeof *r->table);
    r->mask = size - 1;
    heap_each_object(heap, object_enter, r);
    return true;
}

static void recount_drop(Recount *r) {
    r->heap->more->allocator.free(r->heap->more->allocator.user, r->table, (r->mask + 1) * sizeof *r->table);
}

/* Test builds only; without memory for its table it answers that all is well. */
size_t heap_recount(Heap *heap, bool all) {
    Recount r;
    if (!recount_init(&r, heap)) return 0;
    r.all = all;
    heap->hooks->visit_roots(heap->vm, visit_count, &r);
    heap_each_object(heap, object_count, &r);
    dying_count(&r);
    heap_each_object(heap, object_compare, &r);
    recount_drop(&r);
    return r.differences;
}

/* --- leaks --- */

/* Met.count: 1 when the object has been reached. */
typedef struct Reach {
    Recount recount;
    const Object **stack;
    size_t depth;
} Reach;

static void visit_reach(Value ref, void *arg) {
    Reach *reach = arg;
    if (!value_is_object(ref) || ref.bits == 0) return;
    Met *met = met_place(&reach->recount, value_object(ref));
    if (!met->object || met->count) return;
    met->count = 1;
    reach->stack[reach->depth++] = met->object;
}

static void object_reach_immortal(Object *o, void *arg) {
    Reach *reach = arg;
    const HeapHooks *hooks = reach->recount.heap->hooks;
    if (hooks->is_immortal && hooks->is_immortal(o)) visit_reach(value_from_object(o), reach);
}

static void object_check_reached(Object *o, void *arg) {
    Recount *r = arg;
    if (met_place(r, o)->count) return;
    r->differences++;
    if (!r->all) return;
    char text[300], what[120];
    r->heap->hooks->describe(o, what, sizeof what);
    snprintf(text, sizeof text, "leak: %s at %p, count %u\n", what, (void *)o, o->count);
    r->heap->hooks->report(r->heap->vm, text);
}

size_t heap_count_leaks(Heap *heap, bool report) {
    Reach reach = {0};
    HeapAllocator *host = &heap->more->allocator;
    if (!recount_init(&reach.recount, heap)) return 0;
    size_t size = (reach.recount.mask + 1) * sizeof *reach.stack;
    reach.recount.all = report;
    reach.stack = host->alloc(host->user, size);
    if (reach.stack) {
        heap->hooks->visit_roots(heap->vm, visit_reach, &reach);
        heap_each_object(heap, object_reach_immortal, &reach);
        while (reach.depth > 0) object_visit(heap, (Object *)(uintptr_t)reach.stack[--reach.depth], visit_reach, &reach);
        heap_each_object(heap, object_check_reached, &reach.recount);
        host->free(host->user, reach.stack, size);
    }
    recount_drop(&reach.recount);
    return reach.recount.differences;
}
