/* The register stack and the life of frames: pushing, leaving, handing a frame's locals to its FrameObject.
 *
 * Invariant (vm/frame.h): a register that holds no live value never holds a pointer. New chunks are filled with VALUE_EMPTY to
 * begin with; everything else follows from leaving registers clean. */
#include "vm/frame.h"

#include "vm/types/function.h"
#include "vm/vm.h"

static StackChunk *chunk_new(Vm *vm, size_t values, StackChunk *previous) {
    size_t size = sizeof(StackChunk) + values * sizeof(Value);
    StackChunk *chunk = heap_alloc(&vm->heap, size);
    if (!chunk) return NULL;
    *chunk = (StackChunk){.previous = previous, .size = size, .end = chunk->values + values};
    for (size_t i = 0; i < values; i++) chunk->values[i] = VALUE_EMPTY;
    return chunk;
}

bool stack_init(Vm *vm) {
    vm->stack = chunk_new(vm, STACK_FIRST_VALUES, NULL);
    return vm->stack != NULL;
}

/* Frees a chunk and those kept ahead of it. */
static void chunk_free(Vm *vm, StackChunk *chunk) {
    while (chunk) {
        StackChunk *next = chunk->next;
        heap_free(&vm->heap, chunk, chunk->size);
        chunk = next;
    }
}

void stack_destroy(Vm *vm) {
    while (vm->stack) {
        StackChunk *previous = vm->stack->previous;
        chunk_free(vm, vm->stack);
        vm->stack = previous;
    }
    while (vm->free_frames) {
        Frame *frame = vm->free_frames;
        vm->free_frames = frame->previous;
        heap_free(&vm->heap, frame, sizeof *frame);
    }
}

Value *stack_top(const Vm *vm) {
    return vm->frame ? vm->frame->registers + vm->frame->code->register_count : vm->stack->values;
}

Value *stack_reserve_slow(Vm *vm, Value *at, size_t count, size_t used) {
    StackChunk *next = vm->stack->next;
    size_t need = count + STACK_SLACK;
    if (!next || next->values + need > next->end) {
        size_t values = need > STACK_CHUNK_VALUES ? need : STACK_CHUNK_VALUES;
        StackChunk *fresh = chunk_new(vm, values, vm->stack);
        if (!fresh) {
            error_no_memory(vm);
            return NULL;
        }
        chunk_free(vm, next);
        vm->stack->next = next = fresh;
    }
    for (size_t i = 0; i < used; i++) {
        next->values[i] = at[i];
        at[i] = VALUE_EMPTY;
    }
    vm->stack = next;
    return next->values;
}

/* Back to the chunk in use before; the one left is kept as the next, what it kept ahead is freed. */
static void stack_shrink(Vm *vm, StackChunk *chunk) {
    StackChunk *left = vm->stack;
    chunk_free(vm, left->next);
    left->next = NULL;
    vm->stack = chunk;
}

static void registers_release(Vm *vm, Value *registers, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        Value v = registers[i];
        if (!value_is_object(v)) continue;
        registers[i] = VALUE_EMPTY;
        value_release(vm, v);
    }
}

static Frame *frame_alloc(Vm *vm) {
    Frame *frame = vm->free_frames;
    if (frame) {
        vm->free_frames = frame->previous;
        return frame;
    }
    frame = heap_alloc(&vm->heap, sizeof *frame);
    if (!frame) error_no_memory(vm);
    return frame;
}

static Frame *push_failed(Vm *vm, Function *function, Value *registers, uint32_t owned, StackChunk *restore) {
    registers_release(vm, registers, owned);
    if (vm->stack != restore) stack_shrink(vm, restore);
    release_object(vm, function);
    return NULL;
}

static Frame *push_too_deep(Vm *vm, Function *function, Value *registers, uint32_t owned, StackChunk *restore) {
    error_raise(vm, EXC_RecursionError, "maximum recursion depth exceeded");
    return push_failed(vm, function, registers, owned, restore);
}

Frame *frame_push(Vm *vm, Function *function, Value *registers, uint32_t owned, Value *result, FrameReturn kind, StackChunk *restore) {
    Code *code = function->code;
    if (vm->frame_depth >= vm->recursion_limit) return push_too_deep(vm, function, registers, owned, restore);
    Value *place = stack_reserve(vm->stack, vm, registers, code->register_count, owned);
    if (!place) return push_failed(vm, function, registers, owned, restore);
    registers = place;
    Frame *frame = frame_alloc(vm);
    if (!frame) return push_failed(vm, function, registers, owned, restore);
    frame->previous = vm->frame;
    frame->code = code;
    frame->pc = code->instrs;
    frame->registers = registers;
    frame->function = function;
    frame->result = result;
    frame->object = NULL;
    frame->generator = NULL;
    frame->globals = function->globals;
    frame->builtins = function->builtins;
    frame->chunk = restore;
    frame->init_self = VALUE_EMPTY;
    frame->return_kind = (uint8_t)kind;
    frame->is_entry = kind == RETURN_TO_C;
    vm->frame = frame;
    vm->frame_depth++;
    for (uint32_t i = owned; i < code->local_count; i++) registers[i] = VALUE_EMPTY;
    return frame;
}

Frame *frame_call(Vm *vm, Function *function, Value *args, int nargs, Tuple *kwnames, Value *result, FrameReturn kind, StackChunk *restore) {
    size_t given = (size_t)nargs + (kwnames ? kwnames->count : 0);
    size_t need = function->code->register_count > given ? function->code->register_count : given;
    Value *place = stack_reserve(vm->stack, vm, args, need, given);
    if (!place || !frame_bind(vm, function, place, nargs, kwnames))
        return push_failed(vm, function, place ? place : args, place ? 0 : (uint32_t)given, restore);
    return frame_push(vm, function, place, function->code->total_params, result, kind, restore);
}

/* The locals go to the frame's object, which outlives the frame. */
static void frame_detach(Vm *vm, Frame *frame) {
    FrameObject *object = frame->object;
    frame->object = NULL;
    object->offset = frame_offset(frame);
    object->live = NULL;
    if (object->head.count > 1) {
        for (uint32_t i = 0; i < code_local_total(frame->code); i++) {
            Value *local = &frame->registers[code_local_register(frame->code, i)];
            object->registers[i] = *local;
            *local = VALUE_EMPTY;
        }
        if (frame->previous) {
            object->back = frame_object(vm, frame->previous);
            if (object->back) retain_object(object->back);
            else error_clear(vm);
        }
        object_track(&vm->heap, &object->head);
    }
    release_object(vm, object);
}

void frame_leave(Vm *vm, Frame *frame, uint32_t count) {
    if (frame->object) frame_detach(vm, frame);
    if (count && frame->code->far_local_count) count = frame->code->register_count;
    registers_release(vm, frame->registers, count);
    if (frame->object) frame_detach(vm, frame); /* a finalizer that ran just now has asked for it */
    if (!frame->generator) object_release(&vm->heap, (Object *)frame->function);
    vm->frame = frame->previous;
    vm->frame_depth--;
    if (vm->stack != frame->chunk) stack_shrink(vm, frame->chunk);
    frame->previous = vm->free_frames;
    vm->free_frames = frame;
}

uint32_t frame_offset(const Frame *frame) {
    uint32_t offset = (uint32_t)(frame->pc - frame->code->instrs);
    return offset ? offset - 1 : 0;
}

int frame_line(const Frame *frame) { return code_line(frame->code, frame_offset(frame)); }

Value vm_handled_exception_peek(const Vm *vm) {
    for (const ExcState *state = vm->exc_state; state; state = state->previous)
        if (!value_is_empty(state->handled)) return state->handled;
    return VALUE_EMPTY;
}
