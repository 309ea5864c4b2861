/* What the gc module wants of the collector beyond gc/heap.h. */
#ifndef MINI_GC_COLLECTOR_H
#define MINI_GC_COLLECTOR_H

#include "gc/heap.h"

#define GC_DEBUG_STATS 0x01u
#define GC_DEBUG_COLLECTABLE 0x02u
#define GC_DEBUG_UNCOLLECTABLE 0x04u
#define GC_DEBUG_SAVEALL 0x20u
#define GC_DEBUG_LEAK (GC_DEBUG_COLLECTABLE | GC_DEBUG_UNCOLLECTABLE | GC_DEBUG_SAVEALL)

typedef struct CollectorStats {
    size_t collections, collected, uncollectable;
} CollectorStats;

CollectorStats collector_stats(const Heap *heap, int generation);
unsigned collector_debug(const Heap *heap);
void collector_set_debug(Heap *heap, unsigned flags);
bool collector_is_enabled(const Heap *heap);
void collector_set_enabled(Heap *heap, bool enabled);
/* Thresholds take effect at once; 0 for the youngest turns automatic collection off. */
void collector_set_threshold(Heap *heap, int generation, uint32_t threshold);
/* The young threshold counts `pace` times; 0 and 1: once. */
void collector_set_pace(Heap *heap, uint32_t pace);
uint32_t collector_count(const Heap *heap, int generation);
bool collector_is_running(const Heap *heap);

/* Tracked objects of a generation (GENERATION_ASIDE: frozen ones). */
size_t generation_size(const Heap *heap, int generation);
/* gc.freeze: sets all tracked objects aside; gc.unfreeze: back into the oldest generation. false: no memory. */
bool collector_freeze(Heap *heap);
bool collector_unfreeze(Heap *heap);

#endif
