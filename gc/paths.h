/* The shortest chains of strong references from roots to one object: a breadth-first search over the heap. It reads only; its tables are in
 * the host's memory and not part of the heap's figures. */
#ifndef MINI_GC_PATHS_H
#define MINI_GC_PATHS_H

#include "gc/heap.h"

#define PATHS_NONE UINT32_MAX

typedef struct PathNode {
    Object *object;
    uint32_t parent; /* the node that holds it; PATHS_NONE: a root does */
    uint32_t root;
} PathNode;

/* One holder of the target. */
typedef struct PathEnd {
    uint32_t holder; /* a node; PATHS_NONE: the root itself */
    uint32_t root;
} PathEnd;

typedef struct Paths {
    Heap *heap;
    const Object *target;
    PathNode *nodes; /* in the order in which they were reached */
    uint32_t *table; /* object -> node + 1, open addressing; 0: free */
    PathEnd *ends;   /* one for each direct holder of the target that roots reach, the shortest chain first */
    uint32_t count, capacity, mask, end_count, end_most;
    uint32_t current, root; /* whose references are being visited */
} Paths;

/* At most `most` ends are wanted. false: no memory (no exception). The heap must stay as it is until paths_drop, but for new objects. */
bool paths_init(Paths *p, Heap *heap, const Object *target, uint32_t most);
void paths_drop(Paths *p);
/* Begins chains at a value that the root numbered `root` holds; earlier ones win. */
void paths_add_root(Paths *p, Value held, uint32_t root);
void paths_search(Paths *p);

#endif
