/* What generators, coroutines and async generators share. Private to vm/. */
#ifndef MINI_VM_TYPES_GENERATOR_H
#define MINI_VM_TYPES_GENERATOR_H

#include "vm/types/function.h"

/* The iterator that a suspended generator or coroutine delegates to (`yield from`, `await`): borrowed, VALUE_EMPTY when none. */
Value generator_delegate_peek(const Generator *g);
/* Makes what throw(type, value, traceback) means the pending exception. false: wrong arguments. */
bool generator_set_thrown(Vm *vm, Value type, Value value, Value traceback);
/* Raises the pending exception in the generator, through its delegates. Result as generator_resume. */
Value generator_throw(Vm *vm, Generator *g, bool *finished);
/* The frame object of a generator that is not finished: borrowed. NULL: MemoryError. */
FrameObject *generator_frame_object(Vm *vm, Generator *g);
/* Heap hooks: whether a dying generator has something to do, and doing it (close; the warning for a coroutine never awaited). */
bool generator_needs_close(const Object *o);
void generator_finalize(Vm *vm, Object *o);
/* coroutine.__await__(): the iterator that drives it. New. */
Value coroutine_wrapper_new(Vm *vm, Value coroutine);
/* Methods send and throw, also those of coroutine_wrapper. args[0] is a Generator. */
Value generator_next_method(Vm *vm, Value *args, int nargs);
Value generator_send(Vm *vm, Value *args, int nargs);
Value generator_throw_method(Vm *vm, Value *args, int nargs);

/* ops shared by the types with this layout */
extern const ObjectOps generator_ops;

#endif
