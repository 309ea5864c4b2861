/* Rare operations behind the INTRINSIC instruction: INTRINSIC A B C is R[A] := intrinsic C of R[B], R[B+1], ... (consumed). */
#ifndef MINI_VM_INTRINSICS_H
#define MINI_VM_INTRINSICS_H

#include "vm/type.h"

typedef enum Intrinsic {
    INTRINSIC_TYPE_VAR,            /* name -> TypeVar (inferred variance) */
    INTRINSIC_TYPE_VAR_WITH_BOUND, /* name, function that evaluates the bound */
    INTRINSIC_TYPE_VAR_WITH_CONSTRAINTS, /* name, function that evaluates the constraints' tuple */
    INTRINSIC_PARAM_SPEC,          /* name */
    INTRINSIC_TYPE_VAR_TUPLE,      /* name */
    INTRINSIC_SET_DEFAULT,         /* type parameter, function that evaluates its default -> the parameter */
    INTRINSIC_SUBSCRIPT_GENERIC,   /* tuple of type parameters -> typing.Generic[...] */
    INTRINSIC_TYPE_ALIAS,          /* name, tuple of type parameters or None, function that evaluates the value */
    INTRINSIC_SET_TYPE_PARAMS,     /* function, tuple of type parameters -> the function */
    INTRINSIC_STOP_ITERATION_ERROR, /* exception in flight in a generator: StopIteration -> RuntimeError -> exception to re-raise */
    /* names and locals that instructions cannot reach (more than 65,536 names, or 120 locals, in one code object) */
    INTRINSIC_LOAD_GLOBAL,    /* name -> its value as LOAD_GLOBAL in vm->frame */
    INTRINSIC_STORE_GLOBAL,   /* name, value -> None */
    INTRINSIC_DELETE_GLOBAL,  /* name -> None */
    INTRINSIC_LOAD_NAME,      /* name -> its value as LOAD_NAME in vm->frame */
    INTRINSIC_STORE_NAME,     /* name, value -> None */
    INTRINSIC_DELETE_NAME,    /* name -> None */
    INTRINSIC_CHECK_LOCAL,    /* value or empty, name -> the value; UnboundLocalError */
    INTRINSIC_LOAD_CLASS_FREE, /* class namespace, name, cell -> namespace[name] if present, else the cell's content; NameError */
    INTRINSIC_UNPACK,         /* iterable, count before, -1 or count after a star -> tuple of the items, the starred list among them;
                                 errors as UNPACK and UNPACK_EX */
    INTRINSIC_COUNT
} Intrinsic;

/* args: owned by the caller. */
Value vm_intrinsic(Vm *vm, Intrinsic which, Value *args);
Value intrinsic_of_names(Vm *vm, Intrinsic which, Value *args); /* vm/intrinsics_names.c: those from INTRINSIC_LOAD_GLOBAL on */

#endif
