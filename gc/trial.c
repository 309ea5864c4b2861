/* Trial deletion: count for each object the references that come from the objects themselves; what has more is held from outside; what that
 * reaches lives as well. The counts lie in a side array, by index, and later become marks; so the objects are gone over twice.
 *
 * The order in which objects are reached is that of CPython's collector, and decides about the order of later finalizers: objects
 * keep their places, but one that comes before everything that holds it goes to the end when its holder is reached.
 */
#include "gc/trial.h"

#include <string.h>

#define TO_COME 0xfffffffdu /* reached, its place is still to come */
#define PASSED 0xfffffffeu  /* no references from outside so far, and its place has been passed */
#define REACHED 0xffffffffu
#define COUNT_MAX 0xfffffff0u

/* The walk over the objects waits for memory more than it computes. */
#define PREFETCH_AHEAD 12

static size_t trial_size(const Trial *t) { return 3 * (size_t)t->count * sizeof *t->counts + 1; }

bool trial_init(Trial *t, Heap *heap, int generation, uint32_t start) {
    Generation *g = &heap->generations[generation];
    *t = (Trial){.heap = heap, .generation = (uint32_t)generation, .start = start, .count = g->end - start};
    t->counts = heap_alloc(heap, trial_size(t));
    if (!t->counts) return false;
    t->order = t->counts + t->count;
    t->again = t->order + t->count;
    return true;
}

void trial_drop(Trial *t) { heap_free(t->heap, t->counts, trial_size(t)); }

/* The number of an object of the trial, or -1. */
static inline int64_t trial_number(const Trial *t, Value ref) {
    if (!value_is_object(ref) || ref.bits == 0) return -1;
    uint32_t gc = value_object(ref)->gc, index = gc & GC_INDEX_MASK;
    if (index == 0 || index < t->start || (gc & GC_GENERATION_MASK) >> GC_GENERATION_SHIFT != t->generation) return -1;
    return (int64_t)index - t->start;
}

static void visit_count(Value ref, void *arg) {
    Trial *t = arg;
    int64_t i = trial_number(t, ref);
    if (i >= 0 && t->counts[i] < COUNT_MAX) t->counts[i]++;
}

static void visit_reach(Value ref, void *arg) {
    Trial *t = arg;
    int64_t i = trial_number(t, ref);
    if (i < 0) return;
    if (t->counts[i] < TO_COME) {
        t->counts[i] = TO_COME;
    } else if (t->counts[i] == PASSED) {
        t->counts[i] = TO_COME;
        t->again[t->again_count++] = (uint32_t)i;
    }
}

static void trial_reach(Trial *t, Object **items, uint32_t i) {
    t->counts[i] = REACHED;
    t->order[t->reached++] = i;
    object_visit(t->heap, items[i], visit_reach, t);
}

static inline void prefetch(const Trial *t, Object **items, uint32_t i) {
    if (i + PREFETCH_AHEAD < t->count) __builtin_prefetch(items[i + PREFETCH_AHEAD]);
}

void trial_run(Trial *t) {
    Object **items = t->heap->generations[t->generation].items + t->start;
    memset(t->counts, 0, t->count * sizeof *t->counts);
    for (uint32_t i = 0; i < t->count; i++) {
        prefetch(t, items, i);
        if (items[i]) object_visit(t->heap, items[i], visit_count, t);
    }
    for (uint32_t i = 0; i < t->count; i++) {
        prefetch(t, items, i);
        bool held = items[i] && (t->counts[i] == TO_COME || t->counts[i] < items[i]->count);
        if (held) trial_reach(t, items, i);
        else t->counts[i] = PASSED;
    }
    for (uint32_t k = 0; k < t->again_count; k++) trial_reach(t, items, t->again[k]);
    for (uint32_t i = 0; i < t->count; i++) {
        if (items[i] && t->counts[i] == PASSED) t->order[t->reached + t->unreached++] = i;
    }
}
