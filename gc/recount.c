/* A check of all reference counts: walks the roots and every object, counts the references it meets, and compares the sums with the headers.
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
    bool trash = object_is_trash(r->heap, o); /* the collector holds one reference */
    if (o->count - trash == met || (!r->all && o->count - trash > met)) return;
    r->differences++;
    fprintf(stderr, "recount: %s object at %p: count %u, references found %u\n", r->heap->hooks->type_name(o), (void *)o,
            o->count - trash, met);
}

/* Test builds only; without memory for its table it answers that all is well. */
size_t heap_recount(Heap *heap, bool all) {
    size_t size = 1024;
    Recount r = {.heap = heap, .all = all};
    while (size < heap_live_objects(heap) * 2 + 64) size *= 2;
    r.table = heap->more->allocator.alloc(heap->more->allocator.user, size * sizeof *r.table);
    if (!r.table) return 0;
    memset(r.table, 0, size * sizeof *r.table);
    r.mask = size - 1;
    heap_each_object(heap, object_enter, &r);
    heap->hooks->visit_roots(heap->vm, visit_count, &r);
    heap_each_object(heap, object_count, &r);
    dying_count(&r);
    heap_each_object(heap, object_compare, &r);
    heap->more->allocator.free(heap->more->allocator.user, r.table, size * sizeof *r.table);
    return r.differences;
}
