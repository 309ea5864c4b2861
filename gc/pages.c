/* Arenas and pages: where small cells come from.
 *
 * A page (16 KiB, aligned to its size, so that a cell's address tells its page) belongs to one size class and to one kind,
 * objects or raw blocks. Its cells are first carved off its end in small pieces, so that memory is touched only when it
 * is used, and then recycled through its own free list. An empty page goes back to its arena unless it is the one its
 * class allocates from. Arenas that are wholly free, and pages beyond a reserve, are given back to the host or the
 * system; the reserve grows with the pages in use, which keeps the cost of that constant for each page freed.
 */
#include "gc/heap_state.h"

#include <sys/mman.h>
#include <unistd.h>

const HeapPage heap_empty_page = {0};

#define CARVE_BYTES 2048 /* carved at a time */
#define PAGE_RESERVE 256  /* free pages kept at least (4 MiB): taking memory anew costs far more than keeping it */

static void page_link(Heap *heap, HeapPage *page, bool first) {
    HeapPage **list = page_list(heap, page->kind, page->size_class);
    HeapPage *head = *list;
    if (head == &heap_empty_page) {
        page->next = page->previous = NULL;
        *list = page;
    } else if (first) {
        page->next = head;
        page->previous = NULL;
        head->previous = page;
        *list = page;
    } else { /* behind the first one */
        page->next = head->next;
        page->previous = head;
        if (head->next) head->next->previous = page;
        head->next = page;
    }
}

static void page_unlink(Heap *heap, HeapPage *page) {
    HeapPage **list = page_list(heap, page->kind, page->size_class);
    if (page->previous) page->previous->next = page->next;
    else *list = page->next ? page->next : (HeapPage *)&heap_empty_page;
    if (page->next) page->next->previous = page->previous;
    page->next = page->previous = NULL;
}

/* --- arenas --- */

/* malloc's memory costs nothing until it is touched, a call of the system for each block does; a host's blocks are small at first. */
static uint32_t arena_next_page_count(const HeapState *state) {
    size_t count = state->own_allocator ? ARENA_PAGES_MAX : state->pages_in_use / 4;
    if (count < 16) return 16;
    return count > ARENA_PAGES_MAX ? ARENA_PAGES_MAX : (uint32_t)count;
}

static void arena_link(HeapArena *after, HeapArena *arena) {
    arena->previous = after;
    arena->next = after->next;
    after->next->previous = arena;
    after->next = arena;
}

static void arena_unlink(HeapArena *arena) {
    arena->previous->next = arena->next;
    arena->next->previous = arena->previous;
}

static HeapArena *arena_new(Heap *heap) {
    HeapState *state = heap->more;
    HeapAllocator *host = &state->allocator;
    uint32_t count = arena_next_page_count(state);
    size_t size = (count + 1) * HEAP_PAGE_SIZE;
    HeapArena *arena = host->alloc(host->user, sizeof *arena);
    if (!arena) return NULL;
    arena->block = host->alloc(host->user, size);
    if (!arena->block) {
        host->free(host->user, arena, sizeof *arena);
        return NULL;
    }
    arena->block_size = size;
    arena->pages = (char *)(((uintptr_t)arena->block + HEAP_PAGE_SIZE - 1) & ~(uintptr_t)(HEAP_PAGE_SIZE - 1));
    arena->page_count = count;
    arena->free = arena->unbacked = count == 64 ? ~(uint64_t)0 : ((uint64_t)1 << count) - 1;
    arena_link(&state->arenas, arena);
    return arena;
}

static void arena_destroy(Heap *heap, HeapArena *arena) {
    HeapAllocator *host = &heap->more->allocator;
    CELL_UNPOISON(arena->block, arena->block_size);
    host->free(host->user, arena->block, arena->block_size);
    host->free(host->user, arena, sizeof *arena);
}

/* An arena with a free page, if one of the first has it one that has memory already. NULL: no memory. */
static HeapArena *arena_with_room(Heap *heap) {
    HeapArena *ring = &heap->more->arenas;
    int tries = 8;
    for (HeapArena *a = ring->next; a != ring && a->free && tries > 0; a = a->next, tries--) {
        if (a->free & ~a->unbacked) return a;
    }
    return ring->next != ring && ring->next->free ? ring->next : arena_new(heap);
}

/* A page nobody uses. NULL: no memory. */
static HeapPage *page_take(Heap *heap) {
    HeapState *state = heap->more;
    if (!held_add(heap, HEAP_PAGE_SIZE)) return NULL;
    HeapArena *arena = arena_with_room(heap);
    if (!arena) {
        held_subtract(heap, HEAP_PAGE_SIZE);
        return NULL;
    }
    uint64_t backed = arena->free & ~arena->unbacked;
    unsigned index = (unsigned)__builtin_ctzll(backed ? backed : arena->free);
    if (backed) state->pages_free--;
    arena->free &= ~((uint64_t)1 << index);
    arena->unbacked &= ~((uint64_t)1 << index);
    if (!arena->free) { /* full ones go last */
        arena_unlink(arena);
        arena_link(state->arenas.previous, arena);
    }
    state->pages_in_use++;
    HeapPage *page = (HeapPage *)(void *)(arena->pages + index * HEAP_PAGE_SIZE);
    CELL_UNPOISON(page, sizeof *page);
    page->arena = arena;
    return page;
}

/* Tells the system that free pages hold nothing. Only memory of malloc is known to allow that. */
static void arena_drop_backing(HeapState *state, HeapArena *arena) {
    if (!state->own_allocator || (size_t)sysconf(_SC_PAGESIZE) > HEAP_PAGE_SIZE) return;
    for (uint32_t i = 0; i < arena->page_count; i++) {
        if (!((arena->free & ~arena->unbacked) >> i & 1)) continue;
        char *page = arena->pages + i * HEAP_PAGE_SIZE;
        CELL_UNPOISON(page, HEAP_PAGE_SIZE);
        if (madvise(page, HEAP_PAGE_SIZE, MADV_DONTNEED) != 0) continue;
        arena->unbacked |= (uint64_t)1 << i;
        state->pages_free--;
    }
}

static bool arena_is_free(const HeapArena *arena) {
    return arena->free == (arena->page_count == 64 ? ~(uint64_t)0 : ((uint64_t)1 << arena->page_count) - 1);
}

/* Gives back free arenas and the memory of free pages, all but the reserve's. */
static void pages_trim(Heap *heap) {
    HeapState *state = heap->more;
    size_t reserve = PAGE_RESERVE / 2 + state->pages_in_use / 8;
    HeapArena *ring = &state->arenas, *next;
    for (HeapArena *arena = ring->next; arena != ring && state->pages_free > reserve; arena = next) {
        next = arena->next;
        if (arena_is_free(arena)) {
            arena_unlink(arena);
            state->pages_free -= (size_t)__builtin_popcountll(arena->free & ~arena->unbacked);
            arena_destroy(heap, arena);
        } else if (arena->free & ~arena->unbacked) {
            arena_drop_backing(state, arena);
        }
    }
}

static void page_give_back(Heap *heap, HeapPage *page) {
    HeapState *state = heap->more;
    HeapArena *arena = page->arena;
    size_t index = (size_t)((char *)page - arena->pages) / HEAP_PAGE_SIZE;
    if (!arena->free) {
        arena_unlink(arena);
        arena_link(&state->arenas, arena);
    }
    arena->free |= (uint64_t)1 << index;
    state->pages_in_use--;
    state->pages_free++;
    CELL_POISON(page, HEAP_PAGE_SIZE);
    held_subtract(heap, HEAP_PAGE_SIZE);
    if (state->pages_free > PAGE_RESERVE + state->pages_in_use / 4) pages_trim(heap);
}

/* --- pages --- */

static HeapPage *page_new(Heap *heap, int kind, unsigned size_class) {
    HeapPage *page = page_take(heap);
    if (!page) return NULL;
    size_t cell = (size_t)size_class * HEAP_SIZE_STEP;
    page->free = page->last_free = NULL;
    page->used = 0;
    page->size_class = (uint8_t)size_class;
    page->kind = (uint8_t)kind;
    page->full = page->unused = 0;
    page->carved = (char *)(page + 1);
    page->end = page->carved + (HEAP_PAGE_SIZE - sizeof *page) / cell * cell;
    CELL_POISON(page->carved, HEAP_PAGE_SIZE - sizeof *page);
    page_link(heap, page, true);
    return page;
}

/* Puts more cells on the page's empty free list, in order of address. false: there are none left. */
CELL_NO_SANITIZE static bool page_carve(HeapPage *page) {
    size_t cell = page_cell_size(page);
    size_t count = (size_t)(page->end - page->carved) / cell, most = CARVE_BYTES / cell + 1;
    if (count == 0) return false;
    if (count > most) count = most;
    FreeCell **place = &page->free;
    for (size_t i = 0; i < count; i++, page->carved += cell) {
        FreeCell *f = (FreeCell *)(void *)page->carved;
        f->zero = 0;
        *place = f;
        place = &f->next;
        page->last_free = f;
    }
    *place = NULL;
    return true;
}

HeapPage *page_refill(Heap *heap, int kind, unsigned size_class) {
    HeapPage **list = page_list(heap, kind, size_class);
    for (;;) {
        HeapPage *page = *list;
        if (page == &heap_empty_page) {
            page = page_new(heap, kind, size_class);
            if (!page) return NULL;
        }
        if (page->free || page_carve(page)) return page;
        page_unlink(heap, page);
        page->full = 1;
    }
}

void page_settle(Heap *heap, HeapPage *page) {
    if (page->full) {
        page->full = 0;
        page_link(heap, page, false);
    }
    if (page->used == 0 && *page_list(heap, page->kind, page->size_class) != page) {
        page_unlink(heap, page);
        page_give_back(heap, page);
    }
}

void pages_destroy(Heap *heap) {
    HeapArena *ring = &heap->more->arenas;
    while (ring->next != ring) {
        HeapArena *arena = ring->next;
        arena_unlink(arena);
        arena_destroy(heap, arena);
    }
}
