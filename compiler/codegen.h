/* Generating code: one function a kind of node, grouped in files by what they are about.
 *
 * expr_to(c, node, to) leaves the value in `to`, a local or a temporary that the caller has taken. Only the last instruction writes
 * a local: an exception before it must not have touched the variable, and the old value may be read until then.
 * expr_operand(c, node, hint, later) is for operands that an instruction then reads: a local is used where it is, anything else
 * goes to a temporary: `hint` when it is one, else a new one. */
#ifndef MINI_COMPILER_CODEGEN_H
#define MINI_COMPILER_CODEGEN_H

#include "compiler/unit.h"

/* --- expr.c --- */
void expr_to(Compiler *c, Node *node, Reg to);
Reg expr_new(Compiler *c, Node *node); /* in a new temporary */
/* later: what is evaluated before the operand is read; NULL: nothing that could assign the local. */
Reg expr_operand(Compiler *c, Node *node, Reg hint, const Node *later);
void expr_discard(Compiler *c, Node *node); /* for its effects */
bool expr_may_assign(const Compiler *c, const Node *node);
static inline Reg temp_hint(const Compiler *c, Reg to) { return reg_is_temp(c, to) ? to : NO_REGISTER; }
/* A temporary for values that are built step by step: `to` itself when it is one. finish moves the value to `to`. */
Reg scratch_for(Compiler *c, Reg to);
void subscript_parts(Compiler *c, Node *slice, Reg *first); /* lower and upper in two new temporaries */
bool slice_is_simple(const Node *slice);
void attribute_load(Compiler *c, Reg to, Reg object, Text name);

/* --- operators.c --- */
void binary_to(Compiler *c, Node *node, Reg to);
void unary_to(Compiler *c, Node *node, Reg to);
void compare_to(Compiler *c, Node *node, Reg to);
void bool_op_to(Compiler *c, Node *node, Reg to);
void if_expression_to(Compiler *c, Node *node, Reg to);
/* Jumps to the label when the truth of the node is `sense`, else goes on. */
void branch_on(Compiler *c, Node *node, bool sense, Label *label);
void inplace_to(Compiler *c, BinaryOperator op, Reg to, Reg left, Node *right); /* to := left op= right; left is read */

/* --- displays.c --- */
void list_to(Compiler *c, NodeList elements, Reg to, bool constant_allowed);
void tuple_to(Compiler *c, NodeList elements, Reg to);
void set_to(Compiler *c, NodeList elements, Reg to);
void dict_to(Compiler *c, Node *node, Reg to);
void joined_string_to(Compiler *c, Node *node, Reg to);
void formatted_value_to(Compiler *c, Node *node, Reg to);

/* --- call.c --- */
void call_to(Compiler *c, Node *node, Reg to);
/* Calls what is in `base` (a temporary on top of the stack) with arguments after the `count` that are in place behind it. */
void call_arguments(Compiler *c, Reg base, uint32_t count, NodeList args, NodeList keywords, Node *extra, Reg to);

/* For instructions about an attribute that stands on a later line than its expression begins. */
void position_attribute(Compiler *c, const Node *attribute);
bool super_to(Compiler *c, Node *node, Reg to); /* super().name; false: node is something else */

/* --- variables.c --- */
typedef enum RefKind { REF_LOCAL, REF_CELL, REF_FREE, REF_CLASS_FREE, REF_GLOBAL, REF_NAMESPACE, REF_CLASSDICT_GLOBAL, REF_CLASSDICT_FREE } RefKind;
typedef struct Ref {
    RefKind kind;
    uint32_t index; /* register or index of the free variable */
    Name *name;
} Ref;
Ref name_ref(Compiler *c, Text text);
Ref name_ref_plain(Compiler *c, Name *name); /* already mangled */
void ref_load(Compiler *c, const Ref *ref, Reg to);
void ref_store(Compiler *c, const Ref *ref, Reg from);
void ref_delete(Compiler *c, const Ref *ref);
void ref_unbind(Compiler *c, const Ref *ref); /* without an error when it is unbound already */
/* The value of the expression becomes that of the variable. */
void ref_assign(Compiler *c, const Ref *ref, Node *value);
void check_name(Compiler *c, Text text, const Node *at, const char *verb); /* __debug__ */
/* The register of a local that can be read in place, its value checked; NO_REGISTER. */
Reg ref_in_place(Compiler *c, const Ref *ref);
/* A tuple of the cells that a function of `scope` closes over, in `to`. false: it needs none. */
bool closure_to(Compiler *c, const Scope *scope, Reg to);

/* --- assign.c --- */
void target_store(Compiler *c, Node *target, Reg from); /* from: a temporary (consumed) or a local */
void target_assign(Compiler *c, Node *target, Node *value);
void assign_statement(Compiler *c, Node *node);
void augmented_assign(Compiler *c, Node *node);
void annotated_assign(Compiler *c, Node *node);
void delete_target(Compiler *c, Node *target);
void walrus_to(Compiler *c, Node *node, Reg to);

/* --- statements.c, try.c, with.c, loops.c, imports.c --- */
void body(Compiler *c, NodeList statements);
void statement(Compiler *c, Node *node);
void body_with_docstring(Compiler *c, NodeList statements); /* of a module or class */
bool is_docstring(NodeList statements);
/* return, break and continue: code that leaves all blocks up to (not including) `end`. The answer goes to blocks_resume once the
 * jump behind it is emitted. value: the temporary with what is returned, or NO_REGISTER. */
Block *blocks_leave(Compiler *c, Block *end, Reg value);
void blocks_resume(Compiler *c, Block *innermost, Block *end);
void try_statement(Compiler *c, Node *node);
void with_statement(Compiler *c, Node *node);
void with_exit_call(Compiler *c, Block *block);
void break_statement(Compiler *c, Node *node);
void continue_statement(Compiler *c, Node *node);
void return_statement(Compiler *c, Node *node);
void emit_for_iter(Compiler *c, Reg iterator, Node *target, Label *exhausted);
Reg emit_async_next(Compiler *c, Reg iterator, Label *finished);
void emit_async_end(Compiler *c, Reg iterator, Label *finished, const uint64_t *bound);
bool unit_is_async(const Compiler *c); /* the code is that of an async def */
void hidden_clear(Compiler *c, uint32_t from); /* at a handler: locals of comprehensions that the exception cut short */
void for_statement(Compiler *c, Node *node);
void while_statement(Compiler *c, Node *node);
void import_statement(Compiler *c, Node *node);
void import_from_statement(Compiler *c, Node *node);
void future_read(Compiler *c, Node *tree);
bool future_is_allowed(Compiler *c, const Node *node);
void match_statement(Compiler *c, Node *node);
/* Handling of exc ends because of another exception, which arrives at `cleanup`: what was handled before is restored, the new one goes on.
 * unbind: the variable of `except .. as`; NULL: none. */
void handling_abandoned(Compiler *c, Reg exc, Label *cleanup, const Ref *unbind);
void handler_enter(Compiler *c, Reg exc, uint32_t hidden); /* hidden: hidden_count when the region began */
void reraise_handled(Compiler *c, Reg exc); /* the handler is done, the exception goes on */

/* --- functions.c, classes.c, generics.c, comprehensions.c, coroutines.c --- */
void function_statement(Compiler *c, Node *node);
void lambda_to(Compiler *c, Node *node, Reg to);
void class_statement(Compiler *c, Node *node);
void type_alias_statement(Compiler *c, Node *node);
/* Code for a function-like scope whose body is one expression. Borrowed from the compiler. */
Value expression_function(Compiler *c, Node *node, Scope *scope, Node *value);
/* MAKE_FUNCTION: parts as in opcodes.def, in registers from `parts_base` on; the closure is added here. */
void make_function(Compiler *c, Value code, const Scope *scope, Reg to, uint32_t parts, Reg parts_base);
uint32_t function_defaults(Compiler *c, Node *args, Reg base); /* parts 1, 2 in new temporaries */
uint32_t function_annotations(Compiler *c, Node *args, Node *returns);
Value function_code(Compiler *c, Node *node, Scope *scope, Node *args, NodeList statements);
void decorators_enter(Compiler *c, NodeList decorators);
Reg decorators_apply(Compiler *c, NodeList decorators, Reg value);
/* The parameters of a generic: a tuple of them in `to`. */
void type_params_to(Compiler *c, NodeList params, Reg to);
void unit_prologue(Compiler *c); /* cells, far locals, the start of a generator */
void comprehension_to(Compiler *c, Node *node, Reg to);
void await_to(Compiler *c, Node *node, Reg to);
/* Awaits what is in `base` (temporary); `base`+1 is used too and must be the next free one or taken. Result in base+1. */
void emit_await(Compiler *c, Reg base, uint32_t kind);
void emit_send_loop(Compiler *c, Reg iterator);
void yield_to(Compiler *c, Node *node, Reg to);
void yield_from_to(Compiler *c, Node *node, Reg to);
Value clean_docstring(Compiler *c, const Node *node);
Value annotation_text(Compiler *c, Node *annotation); /* borrowed from the compiler */

#endif
