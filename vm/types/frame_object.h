/* What C code asks of frame objects (vm/types/frame_object.c). */
#ifndef MINI_VM_TYPES_FRAME_OBJECT_H
#define MINI_VM_TYPES_FRAME_OBJECT_H

#include "vm/types/function.h"

/* f_locals: the namespace of module and class code itself, a fresh dict for functions. New. */
Value frame_locals(Vm *vm, FrameObject *frame);

#endif
