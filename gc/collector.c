/* The cycle collector: finds objects that only hold each other alive.
 *
 * Generational trial deletion, as in CPython: from each candidate's count subtract the references that come from candidates; what has
 * references left is held from outside; what that reaches lives, the rest is trash. The trial counts lie in a side array, by index.
 *
 * Then, in the one order of this interpreter (docs/design.md, section 7): finalizers of all trash, each once; what a finalizer brought back, with all
 * that it reaches, lives on; weak references to the rest are cleared and the callbacks of those outside of the trash run; the objects
 * are emptied. During all this the trash sits at the end of the generation that is set aside. An object that dies on the way
 * (a finalizer broke the cycle) leaves a hole there, so script code may do whatever it likes.
 *
 * To add a step that runs script code: between finalize_trash and trash_clear, and read arrays anew after it.
 */
#include "gc/collector.h"

#include <stdio.h>
#include <time.h>

#include "gc/heap_state.h"
#include "gc/weakref.h"

#define GENERATION_OF(o) (((o)->gc & GC_GENERATION_MASK) >> GC_GENERATION_SHIFT)
#define INDEX_OF(o) ((o)->gc & GC_INDEX_MASK)

/* One analysis: objects items[start..end-1] of a generation, with their trial counts (by index - start). */
typedef struct Trial {
    Heap *heap;
    uint32_t generation, start, end;
    uint32_t *counts; /* REACHED: found to be reachable */
    uint32_t *stack;  /* reached objects that are still to be visited */
    uint32_t depth;
} Trial;

#define REACHED 0xffffffffu

static bool trial_init(Trial *t, Heap *heap, int generation, uint32_t start) {
    Generation *g = &heap->generations[generation];
    size_t count = g->end - start;
    *t = (Trial){.heap = heap, .generation = (uint32_t)generation, .start = start, .end = g->end};
    t->counts = heap_alloc(heap, 2 * count * sizeof *t->counts + 1);
    t->stack = t->counts + count;
    return t->counts != NULL;
}

static void trial_drop(Trial *t) {
    heap_free(t->heap, t->counts, 2 * (size_t)(t->end - t->start) * sizeof *t->counts + 1);
}

/* The trial index of a candidate, or -1. */
static inline int64_t trial_index(const Trial *t, Value ref) {
    if (!value_is_object(ref) || ref.bits == 0) return -1;
    const Object *o = value_object(ref);
    uint32_t index = INDEX_OF(o);
    if (index < t->start || index == 0 || GENERATION_OF(o) != t->generation) return -1;
    return (int64_t)index - t->start;
}

static void visit_subtract(Value ref, void *arg) {
    Trial *t = arg;
    int64_t i = trial_index(t, ref);
    if (i >= 0 && t->counts[i] > 0) t->counts[i]--;
}

static void trial_reach(Trial *t, uint32_t i) {
    if (t->counts[i] == REACHED) return;
    t->counts[i] = REACHED;
    t->stack[t->depth++] = i;
}

static void visit_reach(Value ref, void *arg) {
    Trial *t = arg;
    int64_t i = trial_index(t, ref);
    if (i >= 0) trial_reach(t, (uint32_t)i);
}

/* Marks what is held from outside: counts are REACHED for the living, something else for the others. Result: the number of
 * objects not reached. */
static uint32_t trial_run(Trial *t) {
    Object **items = t->heap->generations[t->generation].items + t->start;
    uint32_t count = t->end - t->start, unreached = 0;
    for (uint32_t i = 0; i < count; i++) t->counts[i] = items[i] ? items[i]->count : 0;
    for (uint32_t i = 0; i < count; i++) {
        if (items[i]) object_visit(t->heap, items[i], visit_subtract, t);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (t->counts[i] == 0 || t->counts[i] == REACHED) continue;
        trial_reach(t, i);
        while (t->depth > 0) object_visit(t->heap, items[t->stack[--t->depth]], visit_reach, t);
    }
    for (uint32_t i = 0; i < count; i++) unreached += items[i] && t->counts[i] != REACHED;
    return unreached;
}

/* --- moving objects between generations --- */

static int older(int generation) { return generation < GENERATION_OLDEST ? generation + 1 : GENERATION_OLDEST; }

/* Takes the unreached out of the generation and sets them aside; the others go to the older one (room is there). */
static void separate(Trial *t) {
    Heap *heap = t->heap;
    Generation *g = &heap->generations[t->generation];
    int to = older((int)t->generation);
    bool stay = to == (int)t->generation;
    for (uint32_t i = 1; i < t->end; i++) {
        Object *o = g->items[i];
        if (t->counts[i - t->start] == REACHED) {
            if (!stay) generation_append(heap, to, o);
            continue;
        }
        generation_append(heap, GENERATION_ASIDE, o);
        g->items[i] = NULL;
        g->holes++;
    }
    if (stay) {
        generation_compact(heap, to);
    } else {
        g->end = 1;
        g->holes = 0;
    }
}

/* --- the trash --- */

static Object *trash_at(Heap *heap, uint32_t i) { return heap->generations[GENERATION_ASIDE].items[i]; }
static uint32_t trash_end(Heap *heap) { return heap->generations[GENERATION_ASIDE].end; }

/* true: some finalizer has run. */
static bool trash_finalize(Heap *heap) {
    bool any = false;
    for (uint32_t i = heap->more->trash_start; i < trash_end(heap); i++) {
        Object *o = trash_at(heap, i);
        if (!o || o->gc & GC_FINALIZED || !heap->hooks->has_finalizer(o)) continue;
        o->gc |= GC_FINALIZED;
        o->count++;
        heap->hooks->finalize(heap->vm, o);
        object_release(heap, o);
        any = true;
    }
    return any;
}

/* Moves what finalizers brought back to life, and all that it reaches, into a generation. false: no memory, nothing is moved. */
static bool trash_rescue(Heap *heap, int generation) {
    Trial t;
    uint32_t start = heap->more->trash_start;
    if (!generation_reserve(heap, &heap->generations[generation], trash_end(heap) - start)) return false;
    if (!trial_init(&t, heap, GENERATION_ASIDE, start)) return false;
    trial_run(&t);
    Object **items = heap->generations[GENERATION_ASIDE].items;
    for (uint32_t i = start; i < t.end; i++) {
        Object *o = items[i];
        if (!o || t.counts[i - start] != REACHED) continue;
        items[i] = NULL;
        generation_append(heap, generation, o);
    }
    trial_drop(&t);
    return true;
}

/* What is left of the trash lives on, in a generation: it may die later. */
static void trash_release(Heap *heap, int generation) {
    for (uint32_t i = heap->more->trash_start; i < trash_end(heap); i++) {
        Object *o = trash_at(heap, i);
        if (!o) continue;
        heap->generations[GENERATION_ASIDE].items[i] = NULL;
        if (generation_reserve(heap, &heap->generations[generation], 1)) generation_append(heap, generation, o);
        else o->gc &= ~(GC_INDEX_MASK | GC_GENERATION_MASK);
    }
}

static void trash_clear_weakrefs(Heap *heap) {
    WeakrefChain chain = {0};
    for (uint32_t i = heap->more->trash_start; i < trash_end(heap); i++) {
        Object *o = trash_at(heap, i);
        if (o && o->gc & GC_HAS_WEAKREFS) weakrefs_detach(heap, o, &chain);
    }
    weakrefs_run_callbacks(heap, &chain);
}

static size_t trash_count(Heap *heap) {
    size_t count = 0;
    for (uint32_t i = heap->more->trash_start; i < trash_end(heap); i++) count += trash_at(heap, i) != NULL;
    return count;
}

static void trash_report(Heap *heap) {
    unsigned flags = heap->more->debug & (GC_DEBUG_COLLECTABLE | GC_DEBUG_SAVEALL);
    for (uint32_t i = heap->more->trash_start; flags && i < trash_end(heap); i++) {
        Object *o = trash_at(heap, i);
        if (o) heap->hooks->debug_object(heap->vm, o, flags);
    }
}

static void trash_clear(Heap *heap) {
    for (uint32_t i = heap->more->trash_start; i < trash_end(heap); i++) {
        Object *o = trash_at(heap, i);
        if (!o) continue;
        o->count++;
        if (o->shape->ops->clear) o->shape->ops->clear(heap->vm, o);
        if (o->shape->attrs_offset || o->shape->owns_type) heap->hooks->clear_attrs(heap->vm, o);
        object_release(heap, o);
    }
}

/* Lets the trash die. Result: the number of objects that were trash in the end. */
static size_t trash_dispose(Heap *heap, int generation) {
    size_t count = 0;
    if (!trash_finalize(heap) || trash_rescue(heap, generation)) { /* else there is no memory to find out what may die */
        count = trash_count(heap);
        trash_report(heap);
        trash_clear_weakrefs(heap);
        if (!(heap->more->debug & GC_DEBUG_SAVEALL)) trash_clear(heap);
    }
    trash_release(heap, generation);
    return count;
}

/* --- a collection --- */

/* Finds the trash of a generation and the younger ones. false: there is none, or no memory to look for it. */
static bool find_trash(Heap *heap, int generation) {
    Trial t;
    int to = older(generation);
    for (int i = 0; i < generation; i++) {
        if (!generation_move(heap, i, generation)) return false;
    }
    generation_compact(heap, generation);
    if (!trial_init(&t, heap, generation, 1)) return false;
    uint32_t unreached = trial_run(&t);
    bool room = generation_reserve(heap, &heap->generations[GENERATION_ASIDE], unreached) &&
                (to == generation || generation_reserve(heap, &heap->generations[to], t.end));
    if (room) {
        heap->more->trash_start = trash_end(heap);
        separate(&t);
    }
    trial_drop(&t);
    return room;
}

static void note_long_lived(Heap *heap, int generation, size_t survivors) {
    HeapState *state = heap->more;
    if (generation == GENERATION_OLDEST) {
        state->long_lived_pending = 0;
        state->long_lived_total = survivors;
    } else if (generation == GENERATION_OLDEST - 1) {
        state->long_lived_pending += survivors;
    }
}

static size_t collect_generation(Heap *heap, int generation) {
    HeapState *state = heap->more;
    int to = older(generation);
    size_t before = generation_size(heap, to);
    if (!find_trash(heap, generation)) return 0;
    note_long_lived(heap, generation, generation_size(heap, to) - (to == generation ? 0 : before));
    size_t count = trash_dispose(heap, to);
    Generation *aside = &heap->generations[GENERATION_ASIDE];
    aside->end = state->trash_start;
    aside->holes = 0;
    for (uint32_t i = 1; i < aside->end; i++) aside->holes += !aside->items[i];
    state->trash_start = 0;
    return count;
}

static void debug_start(Heap *heap, int generation) {
    char text[200];
    if (!(heap->more->debug & GC_DEBUG_STATS)) return;
    snprintf(text, sizeof text,
             "gc: collecting generation %d...\ngc: objects in each generation: %zu %zu %zu\n"
             "gc: objects in permanent generation: %zu\n",
             generation, generation_size(heap, 0), generation_size(heap, 1), generation_size(heap, 2),
             generation_size(heap, GENERATION_ASIDE));
    heap->hooks->debug_write(heap->vm, text);
}

static double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void debug_stop(Heap *heap, size_t unreachable, double start) {
    char text[120];
    if (!(heap->more->debug & GC_DEBUG_STATS)) return;
    snprintf(text, sizeof text, "gc: done, %zu unreachable, 0 uncollectable, %.4fs elapsed\n", unreachable, seconds_now() - start);
    heap->hooks->debug_write(heap->vm, text);
}

size_t heap_collect(Heap *heap, int generation) {
    HeapState *state = heap->more;
    if (state->collecting) return 0;
    state->collecting = true;
    if (heap->hooks->collection) heap->hooks->collection(heap->vm, true, generation, 0, 0);
    double start = state->debug & GC_DEBUG_STATS ? seconds_now() : 0;
    debug_start(heap, generation);
    if (generation < GENERATION_OLDEST) heap->generations[generation + 1].count++;
    for (int i = 1; i <= generation; i++) heap->generations[i].count = 0;
    heap->young_count = 0;
    size_t unreachable = collect_generation(heap, generation);
    state->stats[generation].collections++;
    state->stats[generation].collected += unreachable;
    debug_stop(heap, unreachable, start);
    if (heap->hooks->collection) heap->hooks->collection(heap->vm, false, generation, unreachable, 0);
    state->collecting = false;
    return unreachable;
}

/* Full collections wait until a quarter of the old objects is new, or their cost would grow with the square of the objects. */
static bool generation_is_due(const Heap *heap, int generation) {
    const HeapState *state = heap->more;
    if (collector_count(heap, generation) <= heap->generations[generation].threshold) return false;
    return generation < GENERATION_OLDEST || state->long_lived_pending >= state->long_lived_total / 4;
}

/* Test mode: a collection at each safe point, a full one as often as keeps the cost of a safe point bounded. */
static void collect_always(Heap *heap) {
    size_t objects = generation_size(heap, 0) + generation_size(heap, 1) + generation_size(heap, 2);
    bool full = ++heap->more->always_skipped * 500 >= objects;
    if (full) heap->more->always_skipped = 0;
    heap_collect(heap, full ? GENERATION_OLDEST : 0);
}

void heap_collect_due(Heap *heap) {
    heap_request_done(heap, HEAP_PENDING_COLLECT);
    if (heap->pending & HEAP_PENDING_ALWAYS) {
        collect_always(heap);
        return;
    }
    for (int i = GENERATION_OLDEST; i >= 0; i--) {
        if (!generation_is_due(heap, i)) continue;
        heap_collect(heap, i);
        return;
    }
}
