/* The cycle collector: finds objects that only hold each other alive.
 *
 * A generation and the younger ones are put to trial (trial.c); what nothing outside leads to is trash.
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
#include "gc/trial.h"
#include "gc/weakref.h"

/* --- moving objects between generations --- */

static int older(int generation) { return generation < GENERATION_OLDEST ? generation + 1 : GENERATION_OLDEST; }

/* Brings a generation without holes into the trial's order, in place: follows each cycle of the permutation. Uses up t->order. */
static void generation_reorder(Trial *t) {
    Object **items = t->heap->generations[t->generation].items + t->start;
    for (uint32_t first = 0; first < t->count; first++) {
        if (t->order[first] == first) continue;
        Object *displaced = items[first];
        for (uint32_t to = first;;) {
            uint32_t from = t->order[to];
            t->order[to] = to;
            items[to] = from == first ? displaced : items[from];
            items[to]->gc = (items[to]->gc & ~GC_INDEX_MASK) | (to + t->start);
            if (from == first) break;
            to = from;
        }
    }
}

/* Sets the unreached objects of a generation aside; the others go to the older one (room is there). */
static void separate(Trial *t) {
    Heap *heap = t->heap;
    Generation *g = &heap->generations[t->generation];
    int to = older((int)t->generation);
    bool stay = to == (int)t->generation;
    Object **items = g->items + t->start;
    if (stay) generation_reorder(t);
    for (uint32_t k = stay ? t->reached : 0; k < t->count; k++) {
        generation_append(heap, k < t->reached ? to : GENERATION_ASIDE, items[t->order[k]]);
    }
    g->end = stay ? t->start + t->reached : 1;
    g->holes = 0;
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
    Object **items = heap->generations[GENERATION_ASIDE].items + start;
    for (uint32_t k = 0; k < t.reached; k++) {
        Object *o = items[t.order[k]];
        items[t.order[k]] = NULL;
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

static void trash_show(Heap *heap, size_t count) {
    uint32_t start = heap->more->trash_start;
    if (count) heap->hooks->trash_found(heap->vm, heap->generations[GENERATION_ASIDE].items + start, trash_end(heap) - start);
}

/* Lets the trash die. Result: the number of objects that were trash in the end. */
static size_t trash_dispose(Heap *heap, int generation) {
    size_t count = 0;
    if (!trash_finalize(heap) || trash_rescue(heap, generation)) { /* else there is no memory to find out what may die */
        count = trash_count(heap);
        trash_report(heap);
        trash_show(heap, count);
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
    trial_run(&t);
    bool room = generation_reserve(heap, &heap->generations[GENERATION_ASIDE], t.unreached) &&
                (to == generation || generation_reserve(heap, &heap->generations[to], t.reached));
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
    if (generation == 0) return heap->young_count > heap->young_trigger;
    if (collector_count(heap, generation) <= heap->generations[generation].threshold) return false;
    return generation < GENERATION_OLDEST || state->long_lived_pending >= state->long_lived_total / 4;
}

#define PACE_MAX 8

/* Programs that make no cycles need not be searched so often: each collection that finds nothing doubles the number of objects that the
 * next one waits for, up to PACE_MAX thresholds; one that finds more than a few brings it back. Thresholds that a script has set hold as they are. */
static void pace_update(Heap *heap, size_t searched, size_t found) {
    uint32_t pace = heap->more->pace;
    if (pace == 0) return;
    if (found == 0) collector_set_pace(heap, pace < PACE_MAX ? pace * 2 : PACE_MAX);
    else if (found > searched / 16) collector_set_pace(heap, 1);
}

/* Test mode: a collection at each safe point, a full one as often as keeps the cost of a safe point bounded. */
static void collect_always(Heap *heap) {
    size_t objects = generation_size(heap, 0) + generation_size(heap, 1) + generation_size(heap, 2);
    bool full = ++heap->more->always_skipped * 100 >= objects || objects < 600;
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
        size_t searched = generation_size(heap, 0);
        pace_update(heap, searched, heap_collect(heap, i));
        return;
    }
}
