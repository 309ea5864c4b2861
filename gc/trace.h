/* Where memory was allocated: while tracing is on, each cell of the heap has a record of its size and of the script frames that were
 * running. Off, it costs nothing: the fast paths of allocation see empty pages only while it is on.
 *
 * Sources of the idea: CPython's tracemalloc (PEP 454).
 */
#ifndef MINI_GC_TRACE_H
#define MINI_GC_TRACE_H

#include "gc/heap.h"

typedef struct TraceFrame {
    Object *file; /* a Str, owned; NULL: no script was running */
    uint32_t line;
} TraceFrame;

/* A sequence of frames, the innermost first; made once and shared by all records. Lives until tracing stops. */
typedef struct TraceSite {
    uint64_t key;   /* hash of the frames' places in the code */
    uint32_t index; /* sites are numbered from 0 */
    uint16_t frame_count;
    uint16_t total; /* frames there were, those beyond the limit included */
    TraceFrame frames[];
} TraceSite;

typedef struct TraceRecord {
    const void *cell; /* NULL: no record */
    TraceSite *site;
    size_t size;
} TraceRecord;

/* Begins with an empty table, `frames` (1 or more) kept of each allocation. Nothing changes if it is on. false: no memory. */
bool trace_start(Heap *heap, uint32_t frames);
void trace_stop(Heap *heap);
static inline bool trace_is_on(const Heap *heap) { return heap->tracing; }
/* Forgets all records; allocations go on being recorded. */
void trace_clear(Heap *heap);
/* Frames kept; 0: off. */
uint32_t trace_limit(const Heap *heap);
/* Bytes of recorded cells now, and the most there have been since the start or trace_reset_peak. */
void trace_totals(const Heap *heap, size_t *now, size_t *peak);
void trace_reset_peak(Heap *heap);
size_t trace_own_memory(const Heap *heap);
size_t trace_site_count(const Heap *heap);
/* While paused, new cells get no record. Calls nest. */
void trace_pause(Heap *heap);
void trace_resume(Heap *heap);
/* The site of an object's cell; NULL: not recorded. */
const TraceSite *trace_of_object(const Heap *heap, const Object *o);
/* Every record, in no order. fn may not allocate from the heap unless tracing is paused. */
void trace_each(const Heap *heap, void (*fn)(const TraceRecord *record, void *arg), void *arg);
/* Visits the files' names, which the sites own. */
void trace_visit(const Heap *heap, VisitFn visit, void *arg);
/* Some code has died: its places may come to mean something else. */
void trace_forget_code(Heap *heap);

#endif
