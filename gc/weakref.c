/* The table of weak references: open addressing by the target's address, one entry for each object that has any.
 *
 * Invariants: an object has an entry if and only if GC_HAS_WEAKREFS is set; an entry has at least one reference. A reference that is not
 * shared knows its index in the entry's list; unlinking leaves a hole there, so that the order of creation stays.
 * Entries move when the table changes: no pointer to one survives a call that can run script code.
 */
#include "gc/weakref.h"

#include "gc/heap_state.h"

typedef struct Entry {
    Object *target; /* NULL: free */
    Weakref *basic[WEAKREF_KIND_COUNT];
    Weakref **list; /* [1..end-1]; NULL where one was unlinked */
    uint32_t end, capacity;
    uint32_t live; /* in list */
} Entry;

typedef struct WeakrefTable {
    Entry *entries;
    size_t mask, count;
} WeakrefTable;

#define TABLE_MIN 16

static inline size_t table_slot(const WeakrefTable *t, const Object *o) {
    return (size_t)(((uint64_t)(uintptr_t)o >> 3) * 0x9E3779B97F4A7C15u >> 20) & t->mask;
}

static Entry *entry_find(const WeakrefTable *t, const Object *o) {
    for (size_t i = table_slot(t, o);; i = (i + 1) & t->mask) {
        if (t->entries[i].target == o) return &t->entries[i];
        if (!t->entries[i].target) return NULL;
    }
}

static Entry *entry_of(Heap *heap, const Object *o) {
    return o->gc & GC_HAS_WEAKREFS ? entry_find(heap->more->weakrefs, o) : NULL;
}

static Entry *entry_place(WeakrefTable *t, const Object *o) {
    size_t i = table_slot(t, o);
    while (t->entries[i].target) i = (i + 1) & t->mask;
    return &t->entries[i];
}

static bool table_resize(Heap *heap, size_t size) {
    WeakrefTable *t = heap->more->weakrefs;
    Entry *old = t->entries;
    size_t old_size = old ? t->mask + 1 : 0;
    Entry *entries = heap_alloc(heap, size * sizeof *entries);
    if (!entries) return false;
    memset(entries, 0, size * sizeof *entries);
    t->entries = entries;
    t->mask = size - 1;
    for (size_t i = 0; i < old_size; i++) {
        if (old[i].target) *entry_place(t, old[i].target) = old[i];
    }
    heap_free(heap, old, old_size * sizeof *old);
    return true;
}

static bool table_reserve(Heap *heap) {
    WeakrefTable *t = heap->more->weakrefs;
    if (!t) {
        if (!(t = heap_alloc(heap, sizeof *t))) return false;
        *t = (WeakrefTable){0};
        heap->more->weakrefs = t;
    }
    if (!t->entries) return table_resize(heap, TABLE_MIN);
    return (t->count + 1) * 4 <= (t->mask + 1) * 3 || table_resize(heap, (t->mask + 1) * 2);
}

/* Removes the entry, moving later ones of its run up (Knuth's algorithm R). */
static void entry_remove(Heap *heap, Entry *e) {
    WeakrefTable *t = heap->more->weakrefs;
    size_t hole = (size_t)(e - t->entries);
    e->target->gc &= ~GC_HAS_WEAKREFS;
    heap_free(heap, e->list, e->capacity * sizeof *e->list);
    for (size_t i = (hole + 1) & t->mask; t->entries[i].target; i = (i + 1) & t->mask) {
        size_t wanted = table_slot(t, t->entries[i].target);
        if (((i - wanted) & t->mask) < ((i - hole) & t->mask)) continue;
        t->entries[hole] = t->entries[i];
        hole = i;
    }
    t->entries[hole] = (Entry){0};
    t->count--;
    if (t->mask + 1 > TABLE_MIN && t->count * 8 < t->mask + 1) table_resize(heap, (t->mask + 1) / 2);
}

static Entry *entry_make(Heap *heap, Object *o) {
    Entry *e = entry_of(heap, o);
    if (e) return e;
    if (!table_reserve(heap)) return NULL;
    e = entry_place(heap->more->weakrefs, o);
    *e = (Entry){.target = o, .end = 1};
    o->gc |= GC_HAS_WEAKREFS;
    heap->more->weakrefs->count++;
    return e;
}

static void entry_compact(Entry *e) {
    uint32_t to = 1;
    for (uint32_t i = 1; i < e->end; i++) {
        if (!e->list[i]) continue;
        e->list[i]->index = to;
        e->list[to++] = e->list[i];
    }
    e->end = to;
}

static bool entry_append(Heap *heap, Entry *e, Weakref *r) {
    if (e->end >= e->capacity && e->live < e->end / 2) entry_compact(e);
    if (e->end >= e->capacity) {
        uint32_t capacity = e->capacity ? e->capacity * 2 : 4;
        Weakref **list = capacity < e->capacity ? NULL
                         : heap_realloc(heap, e->list, e->capacity * sizeof *list, capacity * sizeof *list);
        if (!list) return false;
        list[0] = NULL;
        e->list = list;
        e->capacity = capacity;
    }
    r->index = e->end;
    e->list[e->end++] = r;
    e->live++;
    return true;
}

static bool entry_is_empty(const Entry *e) {
    return e->live == 0 && !e->basic[WEAKREF_REF] && !e->basic[WEAKREF_PROXY];
}

/* --- references --- */

Weakref *weakref_basic_peek(Heap *heap, Object *target, WeakrefKind kind) {
    Entry *e = entry_of(heap, target);
    return e ? e->basic[kind] : NULL;
}

bool weakref_link(Heap *heap, Weakref *r, Object *target, bool basic) {
    Entry *e = entry_make(heap, target);
    if (!e) return false;
    if (basic) {
        e->basic[r->kind] = r;
        r->index = 0;
    } else if (!entry_append(heap, e, r)) {
        if (entry_is_empty(e)) entry_remove(heap, e);
        return false;
    }
    r->target = target;
    r->dead = 0;
    return true;
}

void weakref_unlink(Heap *heap, Weakref *r) {
    if (r->dead) return;
    Entry *e = entry_of(heap, r->target);
    if (r->index == 0) {
        e->basic[r->kind] = NULL;
    } else {
        e->list[r->index] = NULL;
        e->live--;
        while (e->end > 1 && !e->list[e->end - 1]) e->end--;
    }
    r->dead = 1;
    r->target = NULL;
    if (entry_is_empty(e)) entry_remove(heap, e);
}

size_t weakref_count(Heap *heap, Object *target) {
    Entry *e = entry_of(heap, target);
    return e ? (size_t)e->live + !!e->basic[WEAKREF_REF] + !!e->basic[WEAKREF_PROXY] : 0;
}

Weakref *weakref_next(Heap *heap, Object *target, size_t *position) {
    Entry *e = entry_of(heap, target);
    while (e && *position < WEAKREF_KIND_COUNT) {
        Weakref *r = e->basic[(*position)++];
        if (r) return r;
    }
    while (e && *position - WEAKREF_KIND_COUNT + 1 < e->end) {
        Weakref *r = e->list[e->end - 1 - (*position - WEAKREF_KIND_COUNT)];
        (*position)++;
        if (r) return r;
    }
    return NULL;
}

/* --- the end of a target --- */

static void weakref_detach(Heap *heap, Weakref *r, WeakrefChain *chain) {
    r->dead = 1;
    r->target = NULL;
    r->index = 0;
    if (!value_is_object(r->callback) || r->head.count == 0 || object_is_trash(heap, &r->head)) return;
    r->head.count++;
    if (chain->last) chain->last->target = &r->head;
    else chain->first = r;
    chain->last = r;
}

void weakrefs_detach(Heap *heap, Object *o, WeakrefChain *chain) {
    Entry *e = entry_of(heap, o);
    if (!e) return;
    for (int kind = 0; kind < WEAKREF_KIND_COUNT; kind++) {
        if (e->basic[kind]) weakref_detach(heap, e->basic[kind], chain);
    }
    for (uint32_t i = e->end; i-- > 1;) {
        if (e->list[i]) weakref_detach(heap, e->list[i], chain);
    }
    entry_remove(heap, e);
}

void weakrefs_run_callbacks(Heap *heap, WeakrefChain *chain) {
    for (Weakref *r = chain->first, *next; r; r = next) {
        Value callback = r->callback;
        next = (Weakref *)(void *)r->target;
        r->target = NULL;
        r->callback = VALUE_EMPTY;
        heap->hooks->call_callback(heap->vm, callback, value_from_object(r));
        heap_release(heap, callback);
        object_release(heap, &r->head);
    }
    chain->first = chain->last = NULL;
}

void weakrefs_object_died(Heap *heap, Object *o) {
    WeakrefChain chain = {0};
    weakrefs_detach(heap, o, &chain);
    weakrefs_run_callbacks(heap, &chain);
}
