/* Records of allocations: two tables of open addressing with linear probing, in the host's memory and not part of the heap's figures.
 *
 *   records   cell -> site, size. Deleting moves later entries of the run back, so that no tombstones pile up.
 *   sites     key -> site. The key is a hash of the addresses of the instructions that the kept frames are at and of how many frames there are, 64 bits taken for
 *             the frames themselves. Finding a file and a line is slow and happens once for each site.
 *
 * Invariants: while tracing is on, heap->object_pages are all empty and the real lists stand in state->traced_pages (gc/heap_state.h), so that
 * every allocation takes the slow function; a record's cell is alive. Sites are never freed before tracing stops, but a site whose code has
 * died is taken out of the table (trace_forget_code), since its key may come up again.
 */
#include "gc/trace.h"

#include <string.h>

#include "gc/heap_state.h"

#define RECENT_COUNT 64 /* a power of two */

typedef struct Trace {
    TraceRecord *records;
    size_t record_count, record_capacity; /* capacities are powers of two */
    TraceSite **table;
    size_t table_count, table_capacity;
    TraceSite **sites; /* by index */
    size_t site_count, site_capacity;
    size_t own; /* bytes of all this */
    size_t now, peak;
    uint32_t limit, paused;
    /* For a limit of one frame, the usual case: sites by the low bits of the frame's place. A cache of `table`. */
    struct {
        const void *place;
        TraceSite *site;
    } recent[RECENT_COUNT];
} Trace;

#define KEYS_MAX 64 /* frames that take part in a key */

/* --- memory of its own --- */

static void *own_alloc(Heap *heap, Trace *t, size_t size) {
    HeapAllocator *host = &heap->more->allocator;
    void *block = host->alloc(host->user, size);
    if (!block) return NULL;
    memset(block, 0, size);
    t->own += size;
    return block;
}

static void own_free(Heap *heap, Trace *t, void *block, size_t size) {
    HeapAllocator *host = &heap->more->allocator;
    if (!block) return;
    host->free(host->user, block, size);
    t->own -= size;
}

/* --- records --- */

static size_t cell_hash(const void *cell) { return (size_t)(((uint64_t)(uintptr_t)cell >> 3) * 0x9E3779B97F4A7C15u >> 20); }

static TraceRecord *record_find(const Trace *t, const void *cell) {
    if (!t->record_capacity) return NULL;
    for (size_t i = cell_hash(cell);; i++) {
        TraceRecord *r = &t->records[i & (t->record_capacity - 1)];
        if (r->cell == cell) return r;
        if (!r->cell) return NULL;
    }
}

static void record_put(TraceRecord *records, size_t capacity, TraceRecord record) {
    size_t i = cell_hash(record.cell);
    while (records[i & (capacity - 1)].cell) i++;
    records[i & (capacity - 1)] = record;
}

static bool records_grow(Heap *heap, Trace *t) {
    size_t capacity = t->record_capacity ? t->record_capacity * 2 : 1024;
    TraceRecord *records = own_alloc(heap, t, capacity * sizeof *records);
    if (!records) return false;
    for (size_t i = 0; i < t->record_capacity; i++)
        if (t->records[i].cell) record_put(records, capacity, t->records[i]);
    own_free(heap, t, t->records, t->record_capacity * sizeof *records);
    t->records = records;
    t->record_capacity = capacity;
    return true;
}

/* Knuth, The Art of Computer Programming 3, 6.4, algorithm R. */
static void record_delete(Trace *t, TraceRecord *r) {
    size_t mask = t->record_capacity - 1, hole = (size_t)(r - t->records);
    for (size_t i = (hole + 1) & mask; t->records[i].cell; i = (i + 1) & mask) {
        size_t home = cell_hash(t->records[i].cell) & mask;
        if (((i - home) & mask) < ((i - hole) & mask)) continue; /* its home lies behind the hole */
        t->records[hole] = t->records[i];
        hole = i;
    }
    t->records[hole].cell = NULL;
    t->record_count--;
}

/* --- sites --- */

static uint64_t places_hash(const void *const *places, uint32_t count, uint32_t total) {
    uint64_t h = count + ((uint64_t)total << 16);
    for (uint32_t i = 0; i < count; i++) h = (h ^ (uint64_t)(uintptr_t)places[i]) * 0x9E3779B97F4A7C15u, h ^= h >> 29;
    return h | 1; /* never 0 */
}

static void site_put(TraceSite **table, size_t capacity, TraceSite *site) {
    size_t i = (size_t)site->key;
    while (table[i & (capacity - 1)]) i++;
    table[i & (capacity - 1)] = site;
}

static bool table_grow(Heap *heap, Trace *t) {
    if (t->table_count * 2 < t->table_capacity) return true;
    size_t capacity = t->table_capacity ? t->table_capacity * 2 : 256;
    TraceSite **table = own_alloc(heap, t, capacity * sizeof *table);
    if (!table) return false;
    for (size_t i = 0; i < t->table_capacity; i++)
        if (t->table[i]) site_put(table, capacity, t->table[i]);
    own_free(heap, t, t->table, t->table_capacity * sizeof *table);
    t->table = table;
    t->table_capacity = capacity;
    return true;
}

static bool sites_grow(Heap *heap, Trace *t) {
    if (!table_grow(heap, t)) return false;
    if (t->site_count < t->site_capacity) return true;
    size_t capacity = t->site_capacity ? t->site_capacity * 2 : 256;
    TraceSite **sites = own_alloc(heap, t, capacity * sizeof *sites);
    if (!sites) return false;
    if (t->sites) memcpy(sites, t->sites, t->site_count * sizeof *sites);
    own_free(heap, t, t->sites, t->site_capacity * sizeof *sites);
    t->sites = sites;
    t->site_capacity = capacity;
    return true;
}

static size_t site_size(const TraceSite *site) { return sizeof *site + site->frame_count * sizeof(TraceFrame); }

static TraceSite *site_new(Heap *heap, Trace *t, uint64_t key, uint32_t count, uint32_t total) {
    uint32_t kept = count ? count : 1;
    TraceSite *site = sites_grow(heap, t) ? own_alloc(heap, t, sizeof *site + kept * sizeof(TraceFrame)) : NULL;
    if (!site) return NULL;
    *site = (TraceSite){.key = key, .index = (uint32_t)t->site_count, .frame_count = (uint16_t)kept, .total = (uint16_t)(total < 65535 ? total : 65535)};
    if (!site->total) site->total = 1;
    for (uint32_t i = 0; i < kept; i++) {
        site->frames[i] = (TraceFrame){NULL, 0};
        if (i < count) heap->hooks->frame_place(heap->vm, i, &site->frames[i].file, &site->frames[i].line);
        if (site->frames[i].file) site->frames[i].file->count++;
    }
    t->sites[t->site_count++] = site;
    site_put(t->table, t->table_capacity, site);
    t->table_count++;
    return site;
}

static TraceSite *site_find(Heap *heap, Trace *t, const void *const *places, uint32_t count, uint32_t total) {
    uint64_t key = places_hash(places, count, total);
    for (size_t i = (size_t)key; t->table_capacity; i++) {
        TraceSite *site = t->table[i & (t->table_capacity - 1)];
        if (!site) break;
        if (site->key == key) return site;
    }
    return site_new(heap, t, key, count, total);
}

static TraceSite *site_of_frames(Heap *heap, Trace *t) {
    const void *places[KEYS_MAX];
    uint32_t most = t->limit < KEYS_MAX ? t->limit : KEYS_MAX, total;
    uint32_t count = heap->hooks->frame_places(heap->vm, places, most, &total);
    return site_find(heap, t, places, count, total);
}

static TraceSite *site_now(Heap *heap, Trace *t) {
    const void *places[1];
    uint32_t total;
    if (t->limit != 1 || !heap->hooks->frame_places(heap->vm, places, 1, &total)) return site_of_frames(heap, t);
    size_t slot = ((uintptr_t)places[0] >> 2) & (RECENT_COUNT - 1);
    if (t->recent[slot].place == places[0] && t->recent[slot].site->total == total) return t->recent[slot].site;
    TraceSite *site = site_find(heap, t, places, 1, total);
    if (site) t->recent[slot].place = places[0], t->recent[slot].site = site;
    return site;
}

/* A key does not tell which code it is of: all are made anew. */
void trace_forget_code(Heap *heap) {
    Trace *t = heap->more->trace;
    if (!t || !t->table_count) return;
    memset(t->table, 0, t->table_capacity * sizeof *t->table);
    t->table_count = 0;
    memset(t->recent, 0, sizeof t->recent);
}

void trace_visit(const Heap *heap, VisitFn visit, void *arg) {
    const Trace *t = heap->more->trace;
    for (size_t i = 0; t && i < t->site_count; i++)
        for (uint32_t k = 0; k < t->sites[i]->frame_count; k++)
            if (t->sites[i]->frames[k].file) visit(value_from_object(t->sites[i]->frames[k].file), arg);
}

/* --- what the heap tells (gc/heap.c) --- */

void trace_add(Heap *heap, const void *cell, size_t size) {
    Trace *t = heap->more->trace;
    if (t->paused || (t->record_count >= t->record_capacity / 2 && !records_grow(heap, t))) return;
    t->paused++;
    TraceSite *site = site_now(heap, t);
    t->paused--;
    if (!site) return;
    record_put(t->records, t->record_capacity, (TraceRecord){cell, site, size});
    t->record_count++;
    t->now += size;
    if (t->now > t->peak) t->peak = t->now;
}

void trace_remove(Heap *heap, const void *cell) {
    Trace *t = heap->more->trace;
    TraceRecord *r = record_find(t, cell);
    if (!r) return;
    t->now -= r->size;
    record_delete(t, r);
}

/* --- the rest of the interface --- */

static void pages_swap(Heap *heap, bool on) {
    for (int i = 0; i < HEAP_CLASS_COUNT; i++) {
        HeapPage **from = on ? &heap->object_pages[i] : &heap->more->traced_pages[i];
        HeapPage **to = on ? &heap->more->traced_pages[i] : &heap->object_pages[i];
        *to = *from;
        *from = (HeapPage *)&heap_empty_page;
    }
}

bool trace_start(Heap *heap, uint32_t frames) {
    HeapAllocator *host = &heap->more->allocator;
    if (heap->tracing) return true;
    Trace *t = host->alloc(host->user, sizeof *t);
    if (!t) return false;
    *t = (Trace){.own = sizeof *t, .limit = frames ? frames : 1};
    heap->more->trace = t;
    pages_swap(heap, true);
    heap->tracing = true;
    return true;
}

static void sites_free(Heap *heap, Trace *t) {
    for (size_t i = 0; i < t->site_count; i++) {
        TraceSite *site = t->sites[i];
        for (uint32_t k = 0; k < site->frame_count; k++)
            if (site->frames[k].file) object_release(heap, site->frames[k].file);
        own_free(heap, t, site, site_size(site));
    }
    own_free(heap, t, t->sites, t->site_capacity * sizeof *t->sites);
    own_free(heap, t, t->table, t->table_capacity * sizeof *t->table);
}

static void trace_drop(Heap *heap, Trace *t) {
    HeapAllocator *host = &heap->more->allocator;
    own_free(heap, t, t->records, t->record_capacity * sizeof *t->records);
    sites_free(heap, t);
    host->free(host->user, t, sizeof *t);
}

void trace_stop(Heap *heap) {
    Trace *t = heap->more->trace;
    if (!heap->tracing) return;
    heap->tracing = false;
    pages_swap(heap, false);
    heap->more->trace = NULL;
    trace_drop(heap, t);
}

void trace_clear(Heap *heap) {
    Trace *t = heap->more->trace;
    if (!t) return;
    if (t->records) memset(t->records, 0, t->record_capacity * sizeof *t->records);
    t->record_count = t->now = t->peak = 0;
}

uint32_t trace_limit(const Heap *heap) { return heap->more->trace ? heap->more->trace->limit : 0; }

void trace_totals(const Heap *heap, size_t *now, size_t *peak) {
    const Trace *t = heap->more->trace;
    *now = t ? t->now : 0;
    *peak = t ? t->peak : 0;
}

void trace_reset_peak(Heap *heap) {
    if (heap->more->trace) heap->more->trace->peak = heap->more->trace->now;
}

size_t trace_own_memory(const Heap *heap) { return heap->more->trace ? heap->more->trace->own : 0; }
size_t trace_site_count(const Heap *heap) { return heap->more->trace ? heap->more->trace->site_count : 0; }
void trace_pause(Heap *heap) {
    if (heap->more->trace) heap->more->trace->paused++;
}
void trace_resume(Heap *heap) {
    if (heap->more->trace && heap->more->trace->paused) heap->more->trace->paused--;
}

const TraceSite *trace_of_object(const Heap *heap, const Object *o) {
    const TraceRecord *r = heap->more->trace ? record_find(heap->more->trace, o) : NULL;
    return r ? r->site : NULL;
}

void trace_each(const Heap *heap, void (*fn)(const TraceRecord *record, void *arg), void *arg) {
    const Trace *t = heap->more->trace;
    for (size_t i = 0; t && i < t->record_capacity; i++)
        if (t->records[i].cell) fn(&t->records[i], arg);
}
