/* Arena: memory that is given back all at once, for trees and token texts. */
#ifndef MINI_LEXER_ARENA_H
#define MINI_LEXER_ARENA_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ArenaBlock ArenaBlock;

/* Where an arena gets its blocks: the VM's heap in the library, malloc in tools. */
typedef struct ArenaSource {
    void *(*alloc)(void *user, size_t size); /* NULL when there is no memory */
    void (*free)(void *user, void *block, size_t size);
    void *user;
} ArenaSource;

typedef struct Arena {
    ArenaBlock *blocks;
    char *next, *end;
    ArenaSource source;
    bool failed; /* an allocation has failed: the result of the whole pass is MemoryError */
} Arena;

void arena_init(Arena *arena, ArenaSource source);
/* Zeroed, aligned to 8. NULL when there is no memory, and `failed` is set. */
void *arena_alloc(Arena *arena, size_t size);
/* A copy of `length` bytes with a NUL behind. */
char *arena_copy(Arena *arena, const char *text, size_t length);
void arena_release(Arena *arena);

#endif
