/* What the files of the sys module share. Private to stdlib/sys_*.c. */
#ifndef MINI_STDLIB_SYS_H
#define MINI_STDLIB_SYS_H

#include "vm/type.h"

/* Adds constants: version, limits, flags ... (sys_info.c) */
bool sys_add_info(Vm *vm, Dict *dict);
/* displayhook, excepthook, unraisablehook, breakpointhook (sys_hooks.c) */
extern const NativeDef sys_hooks[];
/* The hooks under their original names too: __displayhook__ ... */
bool sys_add_original_hooks(Vm *vm, Dict *dict);

#endif
