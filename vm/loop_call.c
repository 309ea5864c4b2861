/* The loop's longer work: calls of everything but a plain script function with matching arguments.
 *
 * Arguments are in the caller's registers and owned by the call. The register in front of the first argument (the callee's, or the
 * empty self of CALL_METHOD) is free for a self, so that bound methods, constructors and bound natives need no copying. */
#include "vm/loop.h"

#include "vm/attr.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

static void release_range(Vm *vm, Value *values, size_t count) {
    for (size_t k = 0; k < count; k++) value_clear(vm, &values[k]);
}

static size_t total_args(int nargs, Tuple *kwnames) { return (size_t)nargs + (kwnames ? kwnames->count : 0); }

static CallOutcome pushed(const Frame *frame) { return frame ? CALL_PUSHED : CALL_FAILED; }

/* The result of a call that needed no frame. The callee is released last. */
static CallOutcome done(Vm *vm, Value callee, Value *args, size_t count, Value *result, Value v) {
    release_range(vm, args, count);
    value_release(vm, callee);
    if (value_is_error(v)) return CALL_FAILED;
    value_replace_take(vm, result, v);
    return CALL_DONE;
}

/* C(...) where object's __new__ and a script's __init__ do the work. */
static CallOutcome call_class(Vm *vm, Type *type, Value init, Value *args, int nargs, Tuple *kwnames, Value *result) {
    Value self = instance_new(vm, type);
    if (value_is_error(self)) return done(vm, value_from_object(type), args, total_args(nargs, kwnames), result, self);
    if (value_is_empty(init)) return done(vm, value_from_object(type), args, 0, result, self);
    args[-1] = value_retain(self);
    Function *function = retain_object(value_object(init));
    Frame *frame = frame_call(vm, function, args - 1, nargs + 1, kwnames, result, RETURN_INIT, vm->stack);
    if (frame) frame->init_self = self;
    else value_release(vm, self);
    release_object(vm, type);
    return pushed(frame);
}

/* A native function called with its arguments where they are. false: its signature asks for more than that. */
static bool native_in_place(Vm *vm, Frame *frame, NativeFunction *native, Value *args, int nargs, Value *v) {
    bool wants_self = native->flags & NATIVE_HAS_SELF, has_self = wants_self && !value_is_empty(native->self);
    int given = nargs + has_self;
    /* A method descriptor's receiver is args[0]; native_call checks what is not of its very class. */
    if (wants_self && !has_self && (!nargs || value_type(vm, args[0]) != native->owner)) return false;
    if (native->flags & (NATIVE_VARARGS | NATIVE_KWARGS) || given < native->min_args || given > native->max_args) return false;
    Value *first = args - has_self;
    Value *end = frame->registers + frame->code->register_count;
    if (first + native->param_count > end) return false;
    for (int k = given; k < native->param_count; k++) first[k] = VALUE_EMPTY;
    if (has_self) first[0] = value_retain(native->self);
    *v = native->fn(vm, first, given);
    if (has_self) value_clear(vm, first);
    return true;
}

static CallOutcome call_native(Vm *vm, Frame *frame, Value callee, Value *args, int nargs, Tuple *kwnames, Value *result) {
    NativeFunction *native = (NativeFunction *)value_object(callee);
    Value v;
    if (kwnames || !native_in_place(vm, frame, native, args, nargs, &v)) v = native_call(vm, native, args, nargs, kwnames);
    return done(vm, callee, args, total_args(nargs, kwnames), result, v);
}

static CallOutcome call_method(Vm *vm, Frame *frame, Value callee, Value *args, int nargs, Tuple *kwnames, Value *result) {
    Method *method = (Method *)value_object(callee);
    Value function = value_retain(method->function);
    args[-1] = value_retain(method->self);
    value_release(vm, callee);
    if (value_is_function(function)) {
        Function *f = (Function *)value_object(function);
        return pushed(frame_call(vm, f, args - 1, nargs + 1, kwnames, result, RETURN_VALUE, vm->stack));
    }
    Value v = value_call(vm, function, args - 1, nargs + 1, kwnames);
    (void)frame;
    return done(vm, function, args - 1, total_args(nargs, kwnames) + 1, result, v);
}

CallOutcome op_call(Vm *vm, Frame *frame, Value *base, Value *args, int nargs, Tuple *kwnames, Value *result) {
    Value callee = *base;
    *base = VALUE_EMPTY; /* now args[-1] is free, whichever call it is */
    Layout layout = value_is_object(callee) ? (Layout)value_object(callee)->shape->layout : LAYOUT_OTHER;
    if (layout == LAYOUT_FUNCTION)
        return pushed(frame_call(vm, (Function *)value_object(callee), args, nargs, kwnames, result, RETURN_VALUE, vm->stack));
    if (layout == LAYOUT_METHOD) return call_method(vm, frame, callee, args, nargs, kwnames, result);
    if (layout == LAYOUT_NATIVE) return call_native(vm, frame, callee, args, nargs, kwnames, result);
    if (layout == LAYOUT_TYPE) {
        Type *type = (Type *)value_object(callee);
        Value init;
        if (type_simple_call(vm, type, &init) && (!value_is_empty(init) || total_args(nargs, kwnames) == 0))
            return call_class(vm, type, init, args, nargs, kwnames, result);
    }
    Value v = value_call(vm, callee, args, nargs, kwnames);
    return done(vm, callee, args, total_args(nargs, kwnames), result, v);
}

static Tuple *arguments_tuple(Vm *vm, Value callee, Value args) {
    if (value_is_exact(args, LAYOUT_TUPLE)) return retain_object(value_object(args));
    if (value_is_exact(args, LAYOUT_LIST)) {
        Value tuple = list_to_tuple(vm, value_list(args));
        return value_is_error(tuple) ? NULL : value_tuple(tuple);
    }
    Type *type = value_type(vm, args);
    if (!type->slots.iter && !type->slots.get_item) {
        Value name = callee_text(vm, callee);
        if (!value_is_error(name)) error_type(vm, "%S argument after * must be an iterable, not %T", name, args);
        value_release(vm, name);
        return NULL;
    }
    Value tuple = tuple_from_iterable(vm, args);
    return value_is_error(tuple) ? NULL : value_tuple(tuple);
}

/* A script function called with a tuple and perhaps a dict: the values are laid out above this frame's registers. */
static CallOutcome call_function_ex(Vm *vm, Function *function, Tuple *args, Dict *kwargs, Value *result) {
    StackChunk *restore = vm->stack;
    size_t keywords = kwargs ? kwargs->count : 0;
    Tuple *names = keywords ? tuple_new(vm, keywords) : NULL;
    if (keywords && !names) return CALL_FAILED;
    Value *place = stack_reserve(vm->stack, vm, stack_top(vm), args->count + keywords, 0);
    Frame *callee = NULL;
    if (place) {
        for (size_t k = 0; k < args->count; k++) place[k] = value_retain(args->items[k]);
        size_t position = 0;
        Value key, value;
        for (size_t n = 0; n < keywords && dict_next(kwargs, &position, &key, &value); n++) {
            names->items[n] = value_retain(key);
            place[args->count + n] = value_retain(value);
        }
        callee = frame_call(vm, retain_object(function), place, (int)args->count, names, result, RETURN_VALUE, restore);
    }
    release_object(vm, names);
    return pushed(callee);
}

CallOutcome op_call_ex(Vm *vm, Frame *frame, Instr i) {
    Value *base = &frame->registers[INSTR_A(i)];
    Value callee = base[0];
    Tuple *args = arguments_tuple(vm, callee, base[1]);
    if (!args) return CALL_FAILED;
    Dict *kwargs = value_is_empty(base[2]) ? NULL : value_dict(base[2]);
    CallOutcome outcome = CALL_FAILED;
    if (value_is_function(callee)) {
        outcome = call_function_ex(vm, (Function *)value_object(callee), args, kwargs, &frame->registers[INSTR_C(i)]);
    } else {
        Value v = value_call_ex(vm, callee, args, kwargs);
        if (!value_is_error(v)) outcome = CALL_DONE;
        release_object(vm, args);
        release_range(vm, base, 3);
        if (outcome == CALL_DONE) value_replace_take(vm, &frame->registers[INSTR_C(i)], v);
        return outcome;
    }
    release_object(vm, args);
    release_range(vm, base, 3);
    return outcome;
}

bool op_return_init(Vm *vm, Value *result, Value self, Value value) {
    if (value_is_none(value)) {
        value_replace_take(vm, result, self);
        return true;
    }
    error_type(vm, "__init__() should return None, not '%T'", value);
    value_release(vm, value);
    value_release(vm, self);
    return false;
}
