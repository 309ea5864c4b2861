/* The VM's side of the heap. */
#ifndef MINI_VM_HEAP_HOOKS_H
#define MINI_VM_HEAP_HOOKS_H

#include "gc/heap.h"

extern const HeapHooks vm_heap_hooks;
/* Calls visit for every reference that the VM itself holds. */
void vm_visit_roots(Vm *vm, VisitFn visit, void *arg);
/* Built-in modules (rows of stdlib/modules.def). */
int vm_module_count(void);

#endif
