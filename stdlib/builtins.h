/* The functions of the builtins module, by file. Private to stdlib/builtins_*.c. */
#ifndef MINI_STDLIB_BUILTINS_H
#define MINI_STDLIB_BUILTINS_H

#include "vm/type.h"

/* builtins_class.c */
Value builtins_build_class(Vm *vm, Value *args, int nargs);

/* builtins_numbers.c */
Value builtins_abs(Vm *vm, Value *args, int nargs);
Value builtins_bin(Vm *vm, Value *args, int nargs);
Value builtins_divmod(Vm *vm, Value *args, int nargs);
Value builtins_hex(Vm *vm, Value *args, int nargs);
Value builtins_max(Vm *vm, Value *args, int nargs);
Value builtins_min(Vm *vm, Value *args, int nargs);
Value builtins_oct(Vm *vm, Value *args, int nargs);
Value builtins_pow(Vm *vm, Value *args, int nargs);
Value builtins_round(Vm *vm, Value *args, int nargs);
Value builtins_sum(Vm *vm, Value *args, int nargs);
Value builtins_chr(Vm *vm, Value *args, int nargs);
Value builtins_ord(Vm *vm, Value *args, int nargs);

/* builtins_objects.c */
Value builtins_ascii(Vm *vm, Value *args, int nargs);
Value builtins_callable(Vm *vm, Value *args, int nargs);
Value builtins_delattr(Vm *vm, Value *args, int nargs);
Value builtins_dir(Vm *vm, Value *args, int nargs);
Value builtins_format(Vm *vm, Value *args, int nargs);
Value builtins_getattr(Vm *vm, Value *args, int nargs);
Value builtins_hasattr(Vm *vm, Value *args, int nargs);
Value builtins_hash(Vm *vm, Value *args, int nargs);
Value builtins_id(Vm *vm, Value *args, int nargs);
Value builtins_isinstance(Vm *vm, Value *args, int nargs);
Value builtins_issubclass(Vm *vm, Value *args, int nargs);
Value builtins_len(Vm *vm, Value *args, int nargs);
Value builtins_repr(Vm *vm, Value *args, int nargs);
Value builtins_setattr(Vm *vm, Value *args, int nargs);
Value builtins_vars(Vm *vm, Value *args, int nargs);

/* builtins_iterate.c */
Value builtins_aiter(Vm *vm, Value *args, int nargs);
Value builtins_all(Vm *vm, Value *args, int nargs);
Value builtins_anext(Vm *vm, Value *args, int nargs);
Value builtins_any(Vm *vm, Value *args, int nargs);
Value builtins_iter(Vm *vm, Value *args, int nargs);
Value builtins_next(Vm *vm, Value *args, int nargs);
Value builtins_sorted(Vm *vm, Value *args, int nargs);

/* builtins_exec.c */
Value builtins_compile(Vm *vm, Value *args, int nargs);
Value builtins_eval(Vm *vm, Value *args, int nargs);
Value builtins_exec(Vm *vm, Value *args, int nargs);
Value builtins_globals(Vm *vm, Value *args, int nargs);
Value builtins_locals(Vm *vm, Value *args, int nargs);
Value builtins_import(Vm *vm, Value *args, int nargs);

/* builtins_io.c */
Value builtins_print(Vm *vm, Value *args, int nargs);
Value builtins_input(Vm *vm, Value *args, int nargs);
Value builtins_breakpoint(Vm *vm, Value *args, int nargs);

#endif
