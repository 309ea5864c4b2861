/* How an object dies: finalizer, weak references, attributes, fields, cell; in this order.
 *
 * Dying nests: freeing a list frees what it held. At most RELEASE_DEPTH_MAX levels nest on the C stack; a deeper object is queued, and the
 * outermost release frees it. The queue needs no memory: waiting objects of one shape are linked through their shape
 * field, from Shape.dying, and shapes that have any through Shape.next_dying. A waiting object has count 0 and is not
 * tracked, so enumeration, weak references and the collector take it for what it is: dead.
 */
#include "gc/heap_state.h"
#include "gc/weakref.h"

/* Built-in types without script code in them cannot have a finalizer; generators and modules' own types can. */
static inline bool may_have_finalizer(const Shape *shape) {
    return shape->owns_type || shape->layout == LAYOUT_GENERATOR || shape->layout == LAYOUT_OTHER;
}

/* true: the finalizer brought the object back to life. */
static bool object_finalize(Heap *heap, Object *o) {
    o->gc |= GC_FINALIZED;
    o->count = 1;
    heap->hooks->finalize(heap->vm, o);
    return --o->count != 0;
}

static void object_die_now(Heap *heap, Object *o) {
    if (may_have_finalizer(o->shape) && !(o->gc & GC_FINALIZED) && heap->hooks->has_finalizer(o)) {
        if (object_finalize(heap, o)) return;
    }
    Shape *shape = o->shape;
    Object *type = shape->owns_type ? (Object *)shape->type : NULL;
    object_untrack(heap, o);
    if (o->gc & GC_HAS_WEAKREFS) weakrefs_object_died(heap, o);
    if (shape->attrs_offset || type) heap->hooks->free_attrs(heap->vm, o);
    if (shape->ops->free) shape->ops->free(heap->vm, o);
    object_free_memory(heap, o);
    if (type) object_release(heap, type);
}

typedef struct NoticeSearch {
    Heap *heap;
    bool noticed;
} NoticeSearch;

static void note_noticed(Object *o, void *arg) {
    NoticeSearch *search = arg;
    const Shape *shape = o->shape;
    if (search->noticed) return;
    if (shape->layout == LAYOUT_WEAKREF) search->noticed = value_is_object(((Weakref *)o)->callback);
    else if (shape->ops->is_noticed && !shape->owns_type) search->noticed = shape->ops->is_noticed(o);
    else if (may_have_finalizer(shape) && !(o->gc & GC_FINALIZED)) search->noticed = search->heap->hooks->has_finalizer(o);
}

bool heap_end_is_noticed(Heap *heap) {
    NoticeSearch search = {heap, false};
    heap_each_object(heap, note_noticed, &search);
    return search.noticed;
}

static void object_die_later(Heap *heap, Object *o) {
    Shape *shape = o->shape;
    object_untrack(heap, o);
    if (!shape->dying) {
        shape->next_dying = heap->more->dying;
        heap->more->dying = shape;
    }
    o->shape = (Shape *)(void *)shape->dying; /* the link, until it is taken off again */
    shape->dying = o;
}

static Object *dying_take(Heap *heap) {
    Shape *shape = heap->more->dying;
    Object *o = shape->dying;
    shape->dying = (Object *)(void *)o->shape;
    o->shape = shape;
    if (!shape->dying) {
        heap->more->dying = shape->next_dying;
        shape->next_dying = NULL;
    }
    return o;
}

void object_die(Heap *heap, Object *o) {
    const Shape *shape = o->shape;
    if (!shape->ops->visit && !shape->owns_type && !shape->attrs_offset && !(o->gc & ~GC_LARGE) && !may_have_finalizer(shape)) {
        if (shape->ops->free) shape->ops->free(heap->vm, o); /* a leaf: nothing nests */
        object_free_memory(heap, o);
        return;
    }
    if (heap->release_depth >= RELEASE_DEPTH_MAX) {
        object_die_later(heap, o);
        return;
    }
    heap->release_depth++;
    object_die_now(heap, o);
    while (heap->release_depth == 1 && heap->more->dying) object_die_now(heap, dying_take(heap));
    heap->release_depth--;
}

void object_visit(Heap *heap, Object *o, VisitFn visit, void *arg) {
    const Shape *shape = o->shape;
    if (shape->ops->visit) shape->ops->visit(o, visit, arg);
    if (shape->attrs_offset || shape->owns_type) heap->hooks->visit_attrs(o, visit, arg);
}
