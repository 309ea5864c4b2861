/* The collector's settings and figures, as the gc module shows them, and gc.freeze. */
#include "gc/collector.h"

#include "gc/heap_state.h"

CollectorStats collector_stats(const Heap *heap, int generation) {
    const GenerationStats *s = &heap->more->stats[generation];
    return (CollectorStats){s->collections, s->collected, s->uncollectable};
}

unsigned collector_debug(const Heap *heap) { return heap->more->debug; }
void collector_set_debug(Heap *heap, unsigned flags) { heap->more->debug = flags; }
bool collector_is_running(const Heap *heap) { return heap->more->collecting; }
bool collector_is_enabled(const Heap *heap) { return !heap->more->disabled; }

static void trigger_update(Heap *heap) {
    uint32_t threshold = heap->generations[0].threshold;
    bool off = heap->more->disabled || threshold == 0 || threshold > INT32_MAX;
    uint64_t trigger = (uint64_t)threshold * (heap->more->pace ? heap->more->pace : 1);
    heap->young_trigger = off || trigger > INT32_MAX ? INT32_MAX : (int32_t)trigger;
}

void collector_set_pace(Heap *heap, uint32_t pace) {
    if (heap->more->pace == pace) return;
    heap->more->pace = pace;
    trigger_update(heap);
}

void collector_set_enabled(Heap *heap, bool enabled) {
    heap->more->disabled = !enabled;
    if (!enabled) heap_request_done(heap, HEAP_PENDING_COLLECT);
    trigger_update(heap);
}

void collector_set_threshold(Heap *heap, int generation, uint32_t threshold) {
    heap->generations[generation].threshold = threshold;
    heap->more->pace = 0;
    trigger_update(heap);
}

uint32_t collector_count(const Heap *heap, int generation) {
    return generation == 0 ? (uint32_t)heap->young_count : heap->generations[generation].count;
}

size_t generation_size(const Heap *heap, int generation) {
    const Generation *g = &heap->generations[generation];
    return g->end - 1 - g->holes;
}

bool collector_freeze(Heap *heap) {
    if (heap->more->collecting) return true; /* the generation set aside is in use */
    for (int i = 0; i <= GENERATION_OLDEST; i++) {
        if (!generation_move(heap, i, GENERATION_ASIDE)) return false;
        heap->generations[i].count = 0;
    }
    heap->young_count = 0;
    return true;
}

bool collector_unfreeze(Heap *heap) {
    return heap->more->collecting || generation_move(heap, GENERATION_ASIDE, GENERATION_OLDEST);
}
