/* "Did you mean": the nearest name by edit distance. */
#ifndef MINI_VM_SUGGEST_H
#define MINI_VM_SUGGEST_H

#include "vm/type.h"

/* The candidate nearest to `name` (Levenshtein distance with CPython's costs and limits), borrowed; NULL when none is near. */
Str *suggest_name(Vm *vm, Str *name, Str *const *candidates, size_t count);

#endif
