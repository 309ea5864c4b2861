/* Frames: one activation of a script function, class body or module.
 *
 * Registers are Values in a chunked stack (chunks never move). A callee's register 0 is the caller's first argument
 * register: arguments are passed in place, and owned by the callee. The invariant that makes frames cheap:
 *
 *     A register that holds no live value never holds a pointer.
 *
 * Whoever takes a pointer out of a register leaves VALUE_EMPTY (or any immediate) there. So entering a frame has to set only
 * locals behind the arguments (to VALUE_EMPTY, for the check of unbound locals), temporaries need no set-up at all,
 * and unwinding releases whatever pointers it finds.
 *
 * Generators own their registers while they are suspended (Generator.registers) and run on the stack like any frame: resuming
 * moves them onto it, yielding moves them back.
 */
#ifndef MINI_VM_FRAME_H
#define MINI_VM_FRAME_H

#include "vm/code.h"

typedef struct Frame Frame;
typedef struct Function Function;
typedef struct Generator Generator;
typedef struct FrameObject FrameObject;

#define STACK_CHUNK_VALUES 4096
#define STACK_FIRST_VALUES 1000 /* the first chunk: enough for a small script */

typedef struct StackChunk {
    struct StackChunk *previous;
    struct StackChunk *next; /* one chunk is kept ahead, so that calls across a boundary do not allocate each time */
    size_t size; /* bytes, this header included */
    Value *end;
    Value values[];
} StackChunk;

/* What happens with the result when the frame returns. */
typedef enum FrameReturn {
    RETURN_VALUE,     /* stored to *result */
    RETURN_TO_C,      /* the loop returns it to its C caller */
    RETURN_INIT,      /* __init__: must be None; init_self is stored to *result */
    RETURN_GENERATOR, /* resumed by FOR_ITER: return means exhausted; yield stores to *result */
    RETURN_SEND       /* resumed by SEND: return means the delegation is over */
} FrameReturn;

struct Frame {
    Frame *previous;       /* the caller's frame (script or C in between) */
    Code *code;            /* borrowed from function, or owned by the FrameObject / caller for module code */
    const Instr *pc;       /* saved when another frame or C code runs: the next instruction */
    Value *registers;
    Function *function;    /* owned; never NULL (module code runs in a function too) */
    Value *result;         /* register of the caller that gets the result */
    FrameObject *object;   /* made on demand (tracebacks, sys._getframe); owned; NULL */
    Generator *generator;  /* the generator that this frame runs; borrowed; NULL */
    Dict *globals, *builtins; /* borrowed from function */
    StackChunk *chunk;     /* chunk to go back to when the frame ends */
    Value init_self;       /* RETURN_INIT: the instance, owned; else VALUE_EMPTY */
    uint8_t return_kind;   /* FrameReturn */
    uint8_t is_entry;      /* the loop's C invocation ends with this frame */
    uint16_t unused;
};

/* Handled exceptions (sys.exc_info, bare raise, __context__): one state for the VM and one for each generator. */
typedef struct ExcState {
    Value handled; /* VALUE_EMPTY: none */
    struct ExcState *previous;
} ExcState;

#define STACK_SLACK 8 /* values kept free behind a frame's registers */

/* --- the register stack --- */
bool stack_init(Vm *vm);
void stack_destroy(Vm *vm);
/* First register above the innermost frame's. */
Value *stack_top(const Vm *vm);
/* Makes room for `count` registers at `at`, which must be at or below the top of the current chunk; when there is none, the `used` values at `at`
 * move to a new chunk. NULL: MemoryError. */
Value *stack_reserve_slow(Vm *vm, Value *at, size_t count, size_t used);

static inline Value *stack_reserve(StackChunk *chunk, Vm *vm, Value *at, size_t count, size_t used) {
    return at + count + STACK_SLACK <= chunk->end ? at : stack_reserve_slow(vm, at, count, used);
}

/* --- pushing and leaving ---
 * frame_push: a frame for `function` (stolen, also on failure) whose parameters are bound at `registers`; the first `owned` values there are
 * owned. restore: the chunk in use before room was reserved. On failure (recursion limit, memory) all is released, result NULL. */
Frame *frame_push(Vm *vm, Function *function, Value *registers, uint32_t owned, Value *result, FrameReturn kind, StackChunk *restore);
/* Binds and pushes: a call of `function` (stolen) with owned arguments at `args` (nargs positional, then keyword values), which
 * are consumed, also on failure. restore: as above. */
Frame *frame_call(Vm *vm, Function *function, Value *args, int nargs, Tuple *kwnames, Value *result, FrameReturn kind, StackChunk *restore);
/* Ends vm->frame: releases registers 0..count-1 (or hands the locals to its FrameObject), pops it. */
void frame_leave(Vm *vm, Frame *frame, uint32_t count);
/* Binds a call's arguments to parameters, in place: registers[0..nargs) positional, then one value for each of kwnames; all owned. There is room
 * for the code's registers. false: TypeError pending, all of them released. */
bool frame_bind(Vm *vm, Function *function, Value *registers, int nargs, Tuple *kwnames);
/* The loop: runs until the frame that is innermost now (an entry frame) ends. */
Value vm_run(Vm *vm);
/* The same, beginning with the pending exception raised in the innermost frame. */
Value vm_run_raising(Vm *vm);
/* Runs a class body, or module code with separate locals: register 0 holds the namespace (borrowed). */
Value function_run_body(Vm *vm, Function *function, Value namespace);
/* Calls a function from C: args borrowed. */
Value function_call(Vm *vm, Function *function, Value *args, int nargs, Tuple *kwnames);

/* The exception being handled, looking through generators' states: borrowed, VALUE_EMPTY when none. */
Value vm_handled_exception_peek(const Vm *vm);

/* The offset (words) of the instruction that a frame is executing. */
uint32_t frame_offset(const Frame *frame);
int frame_line(const Frame *frame);
/* The frame's object, made on first demand. Borrowed from the frame; NULL with MemoryError. */
FrameObject *frame_object(Vm *vm, Frame *frame);

#endif
