/* Modules written in mini whose source is built into the library (stdlib/ *.mini, by scripts/freeze). */
#ifndef MINI_VM_FROZEN_H
#define MINI_VM_FROZEN_H

#include <stdbool.h>
#include <stddef.h>

typedef struct FrozenModule {
    const char *name; /* NULL ends the table */
    const char *source;
    size_t length;
    bool is_package;
} FrozenModule;

extern const FrozenModule frozen_modules[];

#endif
