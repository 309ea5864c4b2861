/* Closing a VM. */
#ifndef MINI_VM_FINALIZE_H
#define MINI_VM_FINALIZE_H

#include "vm/heap_hooks.h"

/* Runs and forgets the atexit callbacks (vm->atexit_callbacks: a List of tuples (function, args, kwargs)). */
void vm_run_atexit(Vm *vm);
/* Flushes sys.stdout and sys.stderr. false: stdout could not be flushed; that has been reported. */
bool vm_flush_streams(Vm *vm);
/* Everything up to giving back the memory. Result: leaked objects, counted only when vm->leak_checks is set. */
size_t vm_finalize(Vm *vm);

#endif
