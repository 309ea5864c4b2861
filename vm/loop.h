/* What the loop (vm/loop.c) shares with the functions that do its longer work. Private to vm/.
 *
 * An op_ function carries out one instruction: frame->pc is saved (behind the instruction), operands are read from
 * frame->registers, temporaries consumed, the result stored. false: an exception is pending. */
#ifndef MINI_VM_LOOP_H
#define MINI_VM_LOOP_H

#include "vm/frame.h"
#include "vm/ops.h"
#include "vm/vm.h"

/* A temporary is consumed by whoever reads it; a local stays. */
static inline void operand_consume(Vm *vm, Frame *frame, uint32_t r) {
    if (r < frame->code->local_count) return;
    value_clear(vm, &frame->registers[r]);
}
/* The operand as a reference of one's own: moved out of a temporary, copied from a local. */
static inline Value operand_take(Frame *frame, uint32_t r) {
    Value v = frame->registers[r];
    if (r < frame->code->local_count) return value_retain(v);
    frame->registers[r] = VALUE_EMPTY;
    return v;
}
static inline bool result_set(Vm *vm, Frame *frame, uint32_t r, Value v) {
    if (value_is_error(v)) return false;
    value_replace_take(vm, &frame->registers[r], v);
    return true;
}

/* --- vm/loop_arith.c --- */
bool op_binary(Vm *vm, Frame *frame, Instr i, BinaryOperator op);
bool op_inplace(Vm *vm, Frame *frame, Instr i, BinaryOperator op);
bool op_binary_small(Vm *vm, Frame *frame, Instr i, BinaryOperator op);  /* right operand sC */
bool op_inplace_small(Vm *vm, Frame *frame, Instr i, BinaryOperator op); /* right operand sC */
bool op_binary_right_constant(Vm *vm, Frame *frame, Instr i, BinaryOperator op);
bool op_binary_left_constant(Vm *vm, Frame *frame, Instr i, BinaryOperator op);
bool op_unary(Vm *vm, Frame *frame, Instr i, Value (*fn)(Vm *vm, Value v));
bool op_compare(Vm *vm, Frame *frame, Instr i, CompareOperator op);
/* Of a compare-and-branch: 1, 0, -1: error. */
int op_test(Vm *vm, Frame *frame, Instr i, CompareOperator op);
int op_test_small(Vm *vm, Frame *frame, Instr i, CompareOperator op);
int op_truth(Vm *vm, Frame *frame, uint32_t r); /* consumes r */
bool op_is(Vm *vm, Frame *frame, Instr i, bool wanted);
bool op_in(Vm *vm, Frame *frame, Instr i, bool wanted);

/* --- vm/loop_names.c --- */
bool op_unbound_local(Vm *vm, Frame *frame, uint32_t r);
bool op_load_global(Vm *vm, Frame *frame, Instr i, Instr *cache);
bool op_store_global(Vm *vm, Frame *frame, Instr i, Instr *cache);
bool op_del_global(Vm *vm, Frame *frame, Instr i);
bool op_load_name(Vm *vm, Frame *frame, Instr i);
bool op_store_name(Vm *vm, Frame *frame, Instr i);
bool op_del_name(Vm *vm, Frame *frame, Instr i);
bool op_load_class_free(Vm *vm, Frame *frame, Instr i, Str *name);
bool op_load_class_global(Vm *vm, Frame *frame, Instr i);
bool op_unbound_free(Vm *vm, Frame *frame, uint32_t index);
bool op_unbound_cell(Vm *vm, Frame *frame, uint32_t r);
bool op_make_function(Vm *vm, Frame *frame, Instr i, Value code);
bool op_setup_annotations(Vm *vm, Frame *frame);

/* --- vm/loop_attr.c --- */
bool op_load_attr(Vm *vm, Frame *frame, Instr i, Instr *words);
bool op_store_attr(Vm *vm, Frame *frame, Instr i, Instr *words);
bool op_del_attr(Vm *vm, Frame *frame, Instr i, const Instr *words);
bool op_load_method(Vm *vm, Frame *frame, Instr i, Instr *words);
bool op_load_super_attr(Vm *vm, Frame *frame, Instr i, Str *name);
bool op_get_item(Vm *vm, Frame *frame, Instr i);
bool op_get_item_small(Vm *vm, Frame *frame, Instr i);
bool op_set_item(Vm *vm, Frame *frame, Instr i);
bool op_del_item(Vm *vm, Frame *frame, Instr i);
bool op_build_slice(Vm *vm, Frame *frame, Instr i);
bool op_get_slice(Vm *vm, Frame *frame, Instr i);
bool op_set_slice(Vm *vm, Frame *frame, Instr i);

/* --- vm/loop_build.c --- */
bool op_unpack(Vm *vm, Frame *frame, Instr i);
bool op_unpack_ex(Vm *vm, Frame *frame, Instr i, uint32_t before, uint32_t after);
bool op_build_list(Vm *vm, Frame *frame, Instr i);
bool op_build_tuple(Vm *vm, Frame *frame, Instr i);
bool op_build_set(Vm *vm, Frame *frame, Instr i);
bool op_build_map(Vm *vm, Frame *frame, Instr i);
bool op_list_append(Vm *vm, Frame *frame, Instr i);
bool op_set_add(Vm *vm, Frame *frame, Instr i);
bool op_map_add(Vm *vm, Frame *frame, Instr i);
bool op_list_extend(Vm *vm, Frame *frame, Instr i);
bool op_set_update(Vm *vm, Frame *frame, Instr i);
bool op_dict_update(Vm *vm, Frame *frame, Instr i);
bool op_dict_merge(Vm *vm, Frame *frame, Instr i);
/* What messages call a callable: "f()", "module.f()". A Str. */
Value callee_text(Vm *vm, Value callee);
bool op_list_to_tuple(Vm *vm, Frame *frame, Instr i);
bool op_format(Vm *vm, Frame *frame, Instr i);
bool op_format_spec(Vm *vm, Frame *frame, Instr i, int conversion);
bool op_build_string(Vm *vm, Frame *frame, Instr i);

/* --- vm/loop_call.c --- */
typedef enum CallOutcome { CALL_FAILED, CALL_DONE, CALL_PUSHED } CallOutcome; /* PUSHED: vm->frame is the callee's */
/* Calls the value in *base with owned arguments at `args` (nargs, then keyword values); all are consumed. */
CallOutcome op_call(Vm *vm, Frame *frame, Value *base, Value *args, int nargs, Tuple *kwnames, Value *result);
CallOutcome op_call_ex(Vm *vm, Frame *frame, Instr i);
/* The frame returned `value` (owned); it has been left. Stores it where `kind` says. false: exception pending. */
bool op_return_init(Vm *vm, Value *result, Value self, Value value);

/* --- vm/loop_exceptions.c --- */
/* Finds the handler of the pending exception: unwinds vm->frame and its callers. The frame to go on with (its pc at the handler), NULL when an
 * entry frame was left: the exception goes to the C caller. */
Frame *op_unwind(Vm *vm, bool again);
void op_push_exc(Vm *vm, Frame *frame, uint32_t a);
void op_pop_exc(Vm *vm, Frame *frame, uint32_t a);
bool op_raise_again(Vm *vm);
void op_reraise(Vm *vm, Frame *frame, uint32_t a);
bool op_exc_match(Vm *vm, Frame *frame, Instr i);
bool op_exc_group_match(Vm *vm, Frame *frame, Instr i);
bool op_prepare_reraise_star(Vm *vm, Frame *frame, Instr i);
bool op_before_with(Vm *vm, Frame *frame, Instr i, bool is_async);
bool op_with_exit(Vm *vm, Frame *frame, Instr i);

/* --- vm/loop_iterate.c --- */
/* FOR_ITER's and SEND's slow part. 1: a value is in place; 0: exhausted (returned); -1 error; 2: a generator's frame was pushed. */
int op_for_iter(Vm *vm, Frame *frame, Instr i);
int op_send(Vm *vm, Frame *frame, Instr i);
bool op_get_yield_from_iter(Vm *vm, Frame *frame, Instr i);
bool op_get_awaitable(Vm *vm, Frame *frame, Instr i);
bool op_get_aiter(Vm *vm, Frame *frame, Instr i);
bool op_get_anext(Vm *vm, Frame *frame, Instr i);
bool op_end_async_for(Vm *vm, Frame *frame, Instr i);

/* --- vm/types/generator.c --- */
/* Turns the innermost frame, at its RETURN_GENERATOR, into a generator and leaves it. VALUE_ERROR: the frame stays. */
Value generator_from_frame(Vm *vm, Frame *frame);
/* A frame that goes on with the generator. `sent` is stolen. NULL: exception pending. */
Frame *generator_push(Vm *vm, Generator *g, Value sent, Value *result, FrameReturn kind);
/* YIELD: the frame's registers go back into the generator; the frame is popped. */
void generator_suspend(Vm *vm, Frame *frame, uint32_t send_register);
/* The body has returned or raised: the frame has been left or is about to be. */
void generator_finish(Vm *vm, Generator *g);
/* An exception leaves a generator's body: StopIteration becomes RuntimeError. */
void generator_convert_stop(Vm *vm, Generator *g);

/* --- vm/types/async_generator.c --- */
/* Marks a value yielded by an async generator's body, so that awaits inside it can be told from yields. New. */
Value async_generator_wrap(Vm *vm, Value v);

/* --- vm/match.c --- */
bool op_match_sequence(Vm *vm, Frame *frame, Instr i, uint32_t flag);
bool op_match_keys(Vm *vm, Frame *frame, Instr i);
bool op_match_class(Vm *vm, Frame *frame, Instr i, uint32_t positional);
bool op_match_rest(Vm *vm, Frame *frame, Instr i);
bool op_get_length(Vm *vm, Frame *frame, Instr i);

/* --- vm/import.c --- */
bool op_import_name(Vm *vm, Frame *frame, Instr i, Str *name);
bool op_import_from(Vm *vm, Frame *frame, Instr i, Str *name);
bool op_import_star(Vm *vm, Frame *frame, Instr i);

bool op_print_expr(Vm *vm, Frame *frame, Instr i);
bool op_intrinsic(Vm *vm, Frame *frame, Instr i);

#endif
