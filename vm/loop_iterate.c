/* The loop's longer work: iteration, delegation to generators, awaiting. */
#include "vm/loop.h"

#include "vm/types/exception.h"
#include "vm/types/generator.h"

/* A generator that can be resumed by pushing its frame here. */
static bool pushable(const Vm *vm, Value v) {
    if (!value_is_generator(v) || value_object(v)->shape->type == TYPE(vm, ASYNC_GENERATOR)) return false;
    Generator *g = (Generator *)value_object(v);
    return g->state == GENERATOR_CREATED || g->state == GENERATOR_SUSPENDED;
}

int op_for_iter(Vm *vm, Frame *frame, Instr i) {
    Value *R = frame->registers, iterator = R[INSTR_A(i)];
    if (pushable(vm, iterator))
        return generator_push(vm, (Generator *)value_object(iterator), VALUE_NONE, &R[INSTR_B(i)], RETURN_GENERATOR) ? 2 : -1;
    Value v = value_next(vm, iterator);
    if (value_is_error(v)) return -1;
    if (value_is_empty(v)) {
        value_clear(vm, &R[INSTR_A(i)]);
        return 0;
    }
    value_replace_take(vm, &R[INSTR_B(i)], v);
    return 1;
}

/* The pending StopIteration's value; other exceptions: VALUE_ERROR. */
static Value stop_value(Vm *vm) {
    if (!error_matches(vm, EXC_StopIteration)) return VALUE_ERROR;
    Value stop = error_fetch(vm);
    Value v = value_retain(value_exception(stop)->extra[EXTRA_STOP_VALUE]);
    value_release(vm, stop);
    return value_is_empty(v) ? VALUE_NONE : v;
}

/* next(receiver) for None, receiver.send(sent) for other values. A script's __next__ is called as a method: its StopIteration may carry a value. */
static Value send_value(Vm *vm, Value receiver, Value sent) {
    Type *type = value_type(vm, receiver);
    if (!value_is_none(sent) || !type->slots.next) return value_call_method(vm, receiver, NAME(vm, send), &sent, 1);
    if (type->flags & TYPE_FLAG_HEAP) return value_call_method(vm, receiver, NAME(vm, __next__), NULL, 0);
    return value_is_generator(receiver) ? generator_next_method(vm, &receiver, 1) : type->slots.next(vm, receiver);
}

int op_send(Vm *vm, Frame *frame, Instr i) {
    Value *R = frame->registers, receiver = R[INSTR_A(i)];
    if (pushable(vm, receiver)) {
        Value sent = R[INSTR_B(i)];
        R[INSTR_B(i)] = VALUE_EMPTY;
        return generator_push(vm, (Generator *)value_object(receiver), sent, &R[INSTR_B(i)], RETURN_SEND) ? 2 : -1;
    }
    Value sent = R[INSTR_B(i)];
    Value v = send_value(vm, receiver, sent);
    bool ended = value_is_empty(v);
    if (ended) v = VALUE_NONE;
    if (value_is_error(v)) {
        v = stop_value(vm);
        if (value_is_error(v)) return -1;
        ended = true;
    }
    value_replace_take(vm, &R[INSTR_B(i)], v);
    if (!ended) return 1;
    value_clear(vm, &R[INSTR_A(i)]);
    return 0;
}

static bool is_coroutine(const Vm *vm, Value v) {
    if (!value_is_generator(v)) return false;
    return value_object(v)->shape->type == TYPE(vm, COROUTINE) || ((Generator *)value_object(v))->code->flags & CODE_ITERABLE_COROUTINE;
}

static bool finish(Vm *vm, Frame *frame, Instr i, Value v) {
    if (value_is_error(v)) return false;
    operand_consume(vm, frame, INSTR_B(i));
    return result_set(vm, frame, INSTR_A(i), v);
}

bool op_get_yield_from_iter(Vm *vm, Frame *frame, Instr i) {
    Value v = frame->registers[INSTR_B(i)];
    if (is_coroutine(vm, v)) {
        if (!(frame->code->flags & (CODE_COROUTINE | CODE_ITERABLE_COROUTINE))) {
            error_type(vm, "cannot 'yield from' a coroutine object in a non-coroutine generator");
            return false;
        }
        return finish(vm, frame, i, value_retain(v));
    }
    return finish(vm, frame, i, value_is_generator(v) ? value_retain(v) : value_iter(vm, v));
}

static Value error_not_awaitable(Vm *vm, Value v, int where) {
    if (where == 1) return error_type(vm, "'async with' received an object from __aenter__ that does not implement __await__: %T", v);
    if (where == 2) return error_type(vm, "'async with' received an object from __aexit__ that does not implement __await__: %T", v);
    return error_type(vm, "object %T can't be used in 'await' expression", v);
}

/* The iterator behind an awaitable; where: as GET_AWAITABLE's C. */
static Value awaitable_iter(Vm *vm, Value v, int where) {
    if (is_coroutine(vm, v)) return value_retain(v);
    Type *type = value_type(vm, v);
    if (!type->slots.await) return error_not_awaitable(vm, v, where);
    Value iterator = type->slots.await(vm, v);
    if (value_is_error(iterator)) return iterator;
    if (is_coroutine(vm, iterator)) {
        value_release(vm, iterator);
        return error_type(vm, "__await__() returned a coroutine");
    }
    if (!value_type(vm, iterator)->slots.next) {
        error_type(vm, "__await__() returned non-iterator of type '%T'", iterator);
        value_release(vm, iterator);
        return VALUE_ERROR;
    }
    return iterator;
}

Value generator_delegate_peek(const Generator *g) {
    if (g->state != GENERATOR_SUSPENDED) return VALUE_EMPTY;
    Instr yield = g->pc[-1], back = g->pc[0];
    if (INSTR_OP(yield) != OP_YIELD || (INSTR_OP(back) != OP_JUMP_BACK && INSTR_OP(back) != OP_JUMP)) return VALUE_EMPTY;
    const Instr *target = g->pc + 1 + ((int32_t)back >> 8);
    return INSTR_OP(*target) == OP_SEND ? g->registers[INSTR_A(*target)] : VALUE_EMPTY;
}

bool op_get_awaitable(Vm *vm, Frame *frame, Instr i) {
    Value v = frame->registers[INSTR_B(i)];
    Value iterator = awaitable_iter(vm, v, INSTR_C(i));
    if (!value_is_error(iterator) && is_coroutine(vm, iterator) &&
        !value_is_empty(generator_delegate_peek((Generator *)value_object(iterator)))) {
        value_release(vm, iterator);
        iterator = error_raise(vm, EXC_RuntimeError, "coroutine is being awaited already");
    }
    return finish(vm, frame, i, iterator);
}

bool op_get_aiter(Vm *vm, Frame *frame, Instr i) {
    Value v = frame->registers[INSTR_B(i)];
    Type *type = value_type(vm, v);
    if (!type->slots.aiter) {
        error_type(vm, "'async for' requires an object with __aiter__ method, got %T", v);
        return false;
    }
    Value iterator = type->slots.aiter(vm, v);
    if (!value_is_error(iterator) && !value_type(vm, iterator)->slots.anext) {
        error_type(vm, "'async for' received an object from __aiter__ that does not implement __anext__: %T", iterator);
        value_release(vm, iterator);
        return false;
    }
    return finish(vm, frame, i, iterator);
}

bool op_get_anext(Vm *vm, Frame *frame, Instr i) {
    Value v = frame->registers[INSTR_B(i)];
    Type *type = value_type(vm, v);
    if (!type->slots.anext) {
        error_type(vm, "'async for' requires an iterator with __anext__ method, got %T", v);
        return false;
    }
    Value awaitable = type->slots.anext(vm, v);
    if (value_is_error(awaitable)) return false;
    Value iterator = awaitable_iter(vm, awaitable, 0);
    if (value_is_error(iterator)) {
        Value cause = error_fetch(vm);
        error_type(vm, "'async for' received an invalid object from __anext__: %T", awaitable);
        value_replace_take(vm, &value_exception(vm->exception)->cause, value_retain(cause));
        value_replace_take(vm, &value_exception(vm->exception)->context, cause);
    }
    value_release(vm, awaitable);
    return result_set(vm, frame, INSTR_A(i), iterator);
}

bool op_end_async_for(Vm *vm, Frame *frame, Instr i) {
    Value *R = frame->registers, exception = R[INSTR_B(i)];
    if (!value_is_instance(vm, exception, vm->exception_types[EXC_StopAsyncIteration])) {
        error_restore_take(vm, operand_take(frame, INSTR_B(i)));
        return false;
    }
    value_clear(vm, &R[INSTR_B(i)]);
    value_clear(vm, &R[INSTR_A(i)]);
    return true;
}
