/* What the parts of the math module share: special functions, exact sums, functions of integers. */
#ifndef MINI_STDLIB_MATH_PARTS_H
#define MINI_STDLIB_MATH_PARTS_H

#include "vm/native.h"
#include "vm/vm.h"

/* Both raise: "math domain error" (ValueError) and "math range error" (OverflowError). */
Value math_domain_error(Vm *vm);
Value math_range_error(Vm *vm);

/* math_special.c. The Gamma function and the logarithm of its absolute value; *problem is 0, EDOM or ERANGE. */
double math_gamma(double x, int *problem);
double math_log_gamma(double x, int *problem);

/* math_sums.c: NativeFn's. */
Value math_fsum(Vm *vm, Value *args, int nargs);
Value math_prod(Vm *vm, Value *args, int nargs);
Value math_sumprod(Vm *vm, Value *args, int nargs);
Value math_hypot(Vm *vm, Value *args, int nargs);
Value math_dist(Vm *vm, Value *args, int nargs);

/* math_integers.c: NativeFn's. */
Value math_gcd(Vm *vm, Value *args, int nargs);
Value math_lcm(Vm *vm, Value *args, int nargs);
Value math_isqrt(Vm *vm, Value *args, int nargs);
Value math_factorial(Vm *vm, Value *args, int nargs);
Value math_perm(Vm *vm, Value *args, int nargs);
Value math_comb(Vm *vm, Value *args, int nargs);

#endif
