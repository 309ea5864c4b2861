/* Weak references: the table that leads from an object to the references to it.
 *
 * A Weakref is an object of type weakref.ref or one of the proxy types (vm/types/weakref.c). An object with weak references has
 * GC_HAS_WEAKREFS set and one entry in the heap's table. Linking, unlinking and reuse take constant time.
 * A reference without callback of the plain type is made once for each object and then shared (`basic`).
 */
#ifndef MINI_GC_WEAKREF_H
#define MINI_GC_WEAKREF_H

#include "gc/heap.h"

typedef enum WeakrefKind { WEAKREF_REF, WEAKREF_PROXY, WEAKREF_KIND_COUNT } WeakrefKind;

typedef struct Weakref {
    Object head;
    Object *target; /* borrowed; while `dead`: the next one in a WeakrefChain */
    Value callback; /* VALUE_EMPTY: none */
    int64_t hash;
    uint32_t index; /* in the entry's list; 0: it is the entry's basic reference */
    uint8_t kind;   /* WeakrefKind */
    uint8_t hash_known;
    uint8_t dead;
    uint8_t unused;
} Weakref;

/* Dead references whose callbacks are to run, in this order. The chain holds a reference to each. */
typedef struct WeakrefChain {
    Weakref *first, *last;
} WeakrefChain;

/* The target, new; VALUE_EMPTY when it is dead or dying. */
static inline Value weakref_target(const Weakref *r) {
    Object *o = r->target;
    if (r->dead || o->count == 0) return VALUE_EMPTY;
    o->count++;
    return value_from_object(o);
}
/* The shared reference of a kind. Borrowed; NULL: there is none. */
Weakref *weakref_basic_peek(Heap *heap, Object *target, WeakrefKind kind);
/* Enters r (dead so far, kind set) as a reference to target. basic: it is the shared one. false: no memory. */
bool weakref_link(Heap *heap, Weakref *r, Object *target, bool basic);
/* Takes r out of the table, when its target lives. */
void weakref_unlink(Heap *heap, Weakref *r);
size_t weakref_count(Heap *heap, Object *target);
/* The references to target, the shared ones first, then the newest first. Borrowed; *position starts at 0; NULL at the end. */
Weakref *weakref_next(Heap *heap, Object *target, size_t *position);

/* The object dies: clears its references and runs their callbacks, the newest first. */
void weakrefs_object_died(Heap *heap, Object *o);
/* Clears the references to o. Those whose callbacks are to run, which are those with a callback that are not themselves trash of
 * a collection, join the chain. */
void weakrefs_detach(Heap *heap, Object *o, WeakrefChain *chain);
void weakrefs_run_callbacks(Heap *heap, WeakrefChain *chain);

#endif
