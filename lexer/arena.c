/* Arena: blocks of growing size; an allocation is a move of a pointer.
 *
 * Invariant: [next, end) is the free rest of the newest block. A large request gets a block of its own behind the newest
 * one, so that the rest isn't lost.
 */
#include "lexer/arena.h"

#include <stdint.h>
#include <string.h>

enum { FIRST_BLOCK = 8 * 1024, LARGEST_BLOCK = 256 * 1024, ALIGNMENT = 8 };

struct ArenaBlock {
    ArenaBlock *older;
    size_t size; /* with this header */
};

void arena_init(Arena *arena, ArenaSource source)
{
    *arena = (Arena){.source = source};
}

static ArenaBlock *new_block(Arena *arena, size_t size)
{
    ArenaBlock *block = arena->source.alloc(arena->source.user, size);

    if (!block) {
        arena->failed = true;
        return NULL;
    }
    block->size = size;
    return block;
}

static void *alloc_large(Arena *arena, size_t size)
{
    ArenaBlock *block = new_block(arena, sizeof *block + size);

    if (!block)
        return NULL;
    if (arena->blocks) {
        block->older = arena->blocks->older;
        arena->blocks->older = block;
    } else {
        block->older = NULL;
        arena->blocks = block;
    }
    return memset(block + 1, 0, size);
}

static bool add_block(Arena *arena)
{
    size_t size = arena->next ? arena->blocks->size * 2 : FIRST_BLOCK;
    ArenaBlock *block = new_block(arena, size < LARGEST_BLOCK ? size : LARGEST_BLOCK);

    if (!block)
        return false;
    block->older = arena->blocks;
    arena->blocks = block;
    arena->next = (char *)(block + 1);
    arena->end = (char *)block + block->size;
    return true;
}

void *arena_alloc(Arena *arena, size_t size)
{
    char *result;

    if (size > SIZE_MAX / 2) {
        arena->failed = true;
        return NULL;
    }
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (size > (size_t)(arena->end - arena->next)) {
        if (size > FIRST_BLOCK / 4)
            return alloc_large(arena, size);
        if (!add_block(arena))
            return NULL;
    }
    result = arena->next;
    arena->next += size;
    return memset(result, 0, size);
}

char *arena_copy(Arena *arena, const char *text, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);

    if (copy)
        memcpy(copy, text, length);
    return copy;
}

void arena_release(Arena *arena)
{
    ArenaBlock *block = arena->blocks;

    while (block) {
        ArenaBlock *older = block->older;

        arena->source.free(arena->source.user, block, block->size);
        block = older;
    }
    *arena = (Arena){.source = arena->source};
}
