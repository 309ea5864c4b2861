/* Which of some tracked objects are held from outside of them. Private to gc/. */
#ifndef MINI_GC_TRIAL_H
#define MINI_GC_TRIAL_H

#include "gc/heap_state.h"

/* One analysis: objects items[start..] of a generation, numbered from 0. */
typedef struct Trial {
    Heap *heap;
    uint32_t generation, start, count;
    uint32_t *counts; /* by number: references from outside, later a mark (trial.c) */
    uint32_t *order;  /* numbers: the reached ones in the order in which they were, then the others in their own order */
    uint32_t *again;  /* reached after they had been passed over */
    uint32_t reached, unreached, again_count;
} Trial;

/* false: no memory. */
bool trial_init(Trial *t, Heap *heap, int generation, uint32_t start);
void trial_drop(Trial *t);
/* Fills order, reached and unreached. */
void trial_run(Trial *t);

#endif
