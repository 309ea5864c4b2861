/* Calls from C code: script functions run in the loop on frames of their own, everything else goes by the type's call slot. */
#include "vm/ops.h"

#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

#define CALL_BUFFER 8

Value function_call(Vm *vm, Function *function, Value *args, int nargs, Tuple *kwnames) {
    if (!vm_enter_c(vm, "")) return VALUE_ERROR;
    size_t given = (size_t)nargs + (kwnames ? kwnames->count : 0);
    StackChunk *restore = vm->stack;
    Value *place = stack_reserve(restore, vm, stack_top(vm), given, 0);
    Value result = VALUE_ERROR;
    if (place) {
        for (size_t i = 0; i < given; i++) place[i] = value_retain(args[i]);
        Frame *frame = frame_call(vm, retain_object(function), place, nargs, kwnames, NULL, RETURN_TO_C, restore);
        if (frame) result = vm_run(vm);
    }
    vm_leave_c(vm);
    return result;
}

Value function_run_body(Vm *vm, Function *function, Value namespace) {
    if (!vm_enter_c(vm, "")) return VALUE_ERROR;
    StackChunk *restore = vm->stack;
    Value *place = stack_reserve(restore, vm, stack_top(vm), 1, 0);
    Value result = VALUE_ERROR;
    if (place) {
        place[0] = value_retain(namespace);
        if (frame_push(vm, retain_object(function), place, 1, NULL, RETURN_TO_C, restore)) result = vm_run(vm);
    }
    vm_leave_c(vm);
    return result;
}

static Value method_call(Vm *vm, Method *method, Value *args, int nargs, Tuple *kwnames) {
    size_t given = (size_t)nargs + (kwnames ? kwnames->count : 0);
    Value buffer[CALL_BUFFER];
    Value *all = buffer;
    if (given + 1 > CALL_BUFFER) {
        all = heap_alloc(&vm->heap, (given + 1) * sizeof(Value));
        if (!all) return error_no_memory(vm);
    }
    all[0] = method->self;
    for (size_t i = 0; i < given; i++) all[i + 1] = args[i];
    retain_object(method);
    Value result = value_call(vm, method->function, all, nargs + 1, kwnames);
    release_object(vm, method);
    if (all != buffer) heap_free(&vm->heap, all, (given + 1) * sizeof(Value));
    return result;
}

Value value_call(Vm *vm, Value callee, Value *args, int nargs, Tuple *kwnames) {
    if (value_is_function(callee)) return function_call(vm, (Function *)value_object(callee), args, nargs, kwnames);
    if (value_is_method(callee)) return method_call(vm, (Method *)value_object(callee), args, nargs, kwnames);
    Type *type = value_type(vm, callee);
    if (!type->slots.call) return error_type(vm, "'%T' object is not callable", callee);
    if (!vm_enter_c(vm, " while calling a Python object")) return VALUE_ERROR;
    Value result = type->slots.call(vm, callee, args, nargs, kwnames);
    vm_leave_c(vm);
    return result;
}

Value value_call0(Vm *vm, Value callee) { return value_call(vm, callee, NULL, 0, NULL); }

Value value_call1(Vm *vm, Value callee, Value a) { return value_call(vm, callee, &a, 1, NULL); }

Value value_call2(Vm *vm, Value callee, Value a, Value b) {
    Value args[2] = {a, b};
    return value_call(vm, callee, args, 2, NULL);
}

Value value_call_method(Vm *vm, Value self, Str *name, Value *args, int nargs) {
    Value receiver;
    Value callee = value_get_method(vm, self, name, &receiver);
    if (value_is_error(callee)) return VALUE_ERROR;
    Value result;
    if (value_is_empty(receiver)) {
        result = value_call(vm, callee, args, nargs, NULL);
    } else {
        Method bound = {.function = callee, .self = receiver};
        bound.head = (Object){.count = 2}; /* on the C stack: never released for good */
        result = method_call(vm, &bound, args, nargs, NULL);
    }
    value_release(vm, callee);
    return result;
}

/* Positional values and the values of kwargs, side by side in one block; names get their own tuple. */
Value value_call_ex(Vm *vm, Value callee, Tuple *args, Dict *kwargs) {
    size_t keywords = kwargs ? kwargs->count : 0;
    if (!keywords) return value_call(vm, callee, args->items, (int)args->count, NULL);
    Tuple *names = tuple_new(vm, keywords);
    size_t total = args->count + keywords;
    Value *all = names ? heap_alloc(&vm->heap, total * sizeof(Value)) : NULL;
    if (!all) {
        release_object(vm, names);
        return error_no_memory(vm);
    }
    for (size_t i = 0; i < args->count; i++) all[i] = args->items[i];
    size_t position = 0, n = 0;
    Value key, value, result = VALUE_ERROR;
    while (dict_next(kwargs, &position, &key, &value)) {
        if (!value_is_str(key)) {
            error_type(vm, "keywords must be strings");
            goto done;
        }
        names->items[n] = value_retain(key);
        all[args->count + n++] = value_retain(value);
    }
    result = value_call(vm, callee, all, (int)args->count, names);
done:
    for (size_t i = 0; i < n; i++) value_release(vm, all[args->count + i]);
    heap_free(&vm->heap, all, total * sizeof(Value));
    release_object(vm, names);
    return result;
}

bool value_is_callable(const Vm *vm, Value v) { return value_type(vm, v)->slots.call != NULL; }
