/* The loop's longer work: unwinding, handlers, with. */
#include "vm/loop.h"

#include "vm/types/exception.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

static const ExceptionEntry *find_handler(const Code *code, uint32_t offset) {
    for (uint32_t k = 0; k < code->exception_count; k++) {
        const ExceptionEntry *entry = &code->exceptions[k];
        if (offset >= entry->start && offset < entry->end) return entry;
    }
    return NULL;
}

/* Temporaries above `depth` die from the top down, as on CPython's stack. */
static void release_above(Vm *vm, Frame *frame, uint32_t depth) {
    const Code *code = frame->code;
    uint32_t far_end = FAR_LOCAL_BASE + code->far_local_count;
    for (uint32_t r = code->register_count; r-- > depth;) {
        if (r == far_end - 1 && code->far_local_count) r = FAR_LOCAL_BASE - 1; /* far locals are no temporaries */
        if (value_is_object(frame->registers[r])) value_clear(vm, &frame->registers[r]);
    }
}

/* The innermost frame ends by the pending exception. */
static void leave_by_exception(Vm *vm, Frame *frame) {
    Generator *generator = frame->generator;
    Value self = frame->init_self;
    release_above(vm, frame, frame->code->local_count);
    frame_leave(vm, frame, frame->code->local_count);
    value_release(vm, self);
    if (generator) {
        generator_convert_stop(vm, generator);
        generator_finish(vm, generator);
    }
}

Frame *op_unwind(Vm *vm, bool again) {
    for (;; again = false) {
        Frame *frame = vm->frame;
        uint32_t offset = frame_offset(frame);
        if (!again) traceback_add(vm, frame, offset);
        const ExceptionEntry *entry = find_handler(frame->code, offset);
        if (entry) {
            release_above(vm, frame, entry->depth);
            frame->pc = frame->code->instrs + entry->handler;
            return frame;
        }
        bool is_entry = frame->is_entry;
        leave_by_exception(vm, frame);
        if (is_entry) return NULL;
    }
}

Value vm_run_raising(Vm *vm) { return op_unwind(vm, false) ? vm_run(vm) : VALUE_ERROR; }

void op_push_exc(Vm *vm, Frame *frame, uint32_t a) {
    Value *R = frame->registers;
    R[a] = vm->exception;
    vm->exception = VALUE_EMPTY;
    R[a + 1] = vm->exc_state->handled;
    vm->exc_state->handled = value_retain(R[a]);
}

void op_pop_exc(Vm *vm, Frame *frame, uint32_t a) {
    Value *R = frame->registers, handled = vm->exc_state->handled, exception = R[a];
    vm->exc_state->handled = R[a + 1];
    R[a] = R[a + 1] = VALUE_EMPTY;
    value_release(vm, handled);
    value_release(vm, exception);
}

bool op_raise_again(Vm *vm) {
    Value handled = vm_handled_exception_peek(vm);
    if (value_is_empty(handled)) {
        error_raise(vm, EXC_RuntimeError, "No active exception to reraise");
        return false;
    }
    error_restore_take(vm, value_retain(handled));
    return true;
}

void op_reraise(Vm *vm, Frame *frame, uint32_t a) { error_restore_take(vm, operand_take(frame, a)); }

static bool catchable(Vm *vm, Value type) {
    if (value_has_layout(type, LAYOUT_TYPE) && type_is_subtype((Type *)value_object(type), vm->exception_types[EXC_BaseException]))
        return true;
    error_type(vm, "catching classes that do not inherit from BaseException is not allowed");
    return false;
}

/* Every member of a tuple must be an exception type, also those behind the one that matches. */
static bool check_catchable(Vm *vm, Value match) {
    if (!value_is_tuple(match)) return catchable(vm, match);
    for (size_t k = 0; k < value_tuple(match)->count; k++)
        if (!catchable(vm, value_tuple(match)->items[k])) return false;
    return true;
}

static bool matches(const Vm *vm, Value exception, Value match) {
    if (!value_is_tuple(match)) return value_is_instance(vm, exception, (Type *)value_object(match));
    for (size_t k = 0; k < value_tuple(match)->count; k++)
        if (value_is_instance(vm, exception, (Type *)value_object(value_tuple(match)->items[k]))) return true;
    return false;
}

bool op_exc_match(Vm *vm, Frame *frame, Instr i) {
    Value *R = frame->registers, match = R[INSTR_C(i)];
    if (!check_catchable(vm, match)) return false;
    bool fits = matches(vm, R[INSTR_B(i)], match);
    operand_consume(vm, frame, INSTR_C(i));
    return result_set(vm, frame, INSTR_A(i), value_from_bool(fits));
}

static bool names_group(Vm *vm, Value type) {
    if (!value_has_layout(type, LAYOUT_TYPE)) return false;
    if (!type_is_subtype((Type *)value_object(type), vm->exception_types[EXC_BaseExceptionGroup])) return false;
    error_type(vm, "catching ExceptionGroup with except* is not allowed. Use except instead.");
    return true;
}

bool op_exc_group_match(Vm *vm, Frame *frame, Instr i) {
    Value *R = frame->registers, match = R[INSTR_C(i)], matching = VALUE_NONE, rest = VALUE_NONE;
    if (!check_catchable(vm, match)) return false;
    if (!value_is_tuple(match) && names_group(vm, match)) return false;
    for (size_t k = 0; value_is_tuple(match) && k < value_tuple(match)->count; k++)
        if (names_group(vm, value_tuple(match)->items[k])) return false;
    Value exception = R[INSTR_B(i)];
    if (!value_is_none(exception) && !exception_group_match(vm, exception, match, &matching, &rest)) return false;
    operand_consume(vm, frame, INSTR_C(i));
    operand_consume(vm, frame, INSTR_B(i));
    value_replace_take(vm, &R[INSTR_A(i)], rest);
    value_replace_take(vm, &R[INSTR_A(i) + 1], matching);
    if (!value_is_none(matching)) { /* the part being handled is what sys.exc_info tells */
        value_replace_take(vm, &vm->exc_state->handled, value_retain(matching));
    }
    return true;
}

bool op_prepare_reraise_star(Vm *vm, Frame *frame, Instr i) {
    Value *R = frame->registers;
    Value v = exception_prepare_reraise_star(vm, R[INSTR_B(i)], value_list(R[INSTR_C(i)]));
    if (value_is_error(v)) return false;
    operand_consume(vm, frame, INSTR_B(i));
    operand_consume(vm, frame, INSTR_C(i));
    return result_set(vm, frame, INSTR_A(i), v);
}

static bool error_no_manager(Vm *vm, Value manager, bool is_async, bool has_enter) {
    const char *protocol = is_async ? "asynchronous context manager" : "context manager";
    const char *missing = !has_enter ? "" : is_async ? " (missed __aexit__ method)" : " (missed __exit__ method)";
    error_type(vm, "'%T' object does not support the %s protocol%s", manager, protocol, missing);
    return false;
}

bool op_before_with(Vm *vm, Frame *frame, Instr i, bool is_async) {
    Value manager = frame->registers[INSTR_B(i)];
    Value enter = value_special(vm, manager, is_async ? NAME(vm, __aenter__) : NAME(vm, __enter__));
    if (value_is_error(enter)) return false;
    if (value_is_empty(enter)) return error_no_manager(vm, manager, is_async, false);
    Value leave = value_special(vm, manager, is_async ? NAME(vm, __aexit__) : NAME(vm, __exit__));
    if (value_is_empty(leave)) error_no_manager(vm, manager, is_async, true);
    if (value_is_empty(leave) || value_is_error(leave)) {
        value_release(vm, enter);
        return false;
    }
    Value entered = value_call0(vm, enter);
    value_release(vm, enter);
    if (value_is_error(entered)) {
        value_release(vm, leave);
        return false;
    }
    operand_consume(vm, frame, INSTR_B(i));
    value_replace_take(vm, &frame->registers[INSTR_A(i)], leave);
    value_replace_take(vm, &frame->registers[INSTR_A(i) + 1], entered);
    return true;
}

bool op_with_exit(Vm *vm, Frame *frame, Instr i) {
    Value *R = frame->registers, exception = R[INSTR_C(i)];
    ExceptionObject *e = value_exception(exception);
    Value args[3] = {value_from_object(e->head.shape->type), exception, e->traceback ? value_from_object(e->traceback) : VALUE_NONE};
    value_retain(args[2]);
    Value v = value_call(vm, R[INSTR_B(i)], args, 3, NULL);
    value_release(vm, args[2]);
    return result_set(vm, frame, INSTR_A(i), v);
}
