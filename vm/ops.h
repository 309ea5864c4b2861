/* Operations on values: what the loop's instructions and C code share. All go by the types' slots; messages are CPython's. */
#ifndef MINI_VM_OPS_H
#define MINI_VM_OPS_H

#include "vm/type.h"

/* --- vm/arith.c --- */
Value value_binary(Vm *vm, BinaryOperator op, Value a, Value b); /* the whole protocol: reflected, subclass priority, concat, repeat */
Value value_inplace(Vm *vm, BinaryOperator op, Value a, Value b);
Value value_power(Vm *vm, Value a, Value b, Value modulus); /* modulus VALUE_NONE: none */
Value value_divmod(Vm *vm, Value a, Value b);
Value value_negative(Vm *vm, Value v);
Value value_positive(Vm *vm, Value v);
Value value_invert(Vm *vm, Value v);
Value value_absolute(Vm *vm, Value v);

/* --- vm/compare.c --- */
Value value_compare(Vm *vm, Value a, Value b, CompareOperator op); /* LT..GE, any result */
int value_compare_bool(Vm *vm, Value a, Value b, CompareOperator op); /* 1, 0, -1; identity implies EQ, as in containers */
static inline int value_equal(Vm *vm, Value a, Value b) { /* as containers compare: identity first */
    return value_same(a, b) && !value_is_float(a) ? 1 : value_compare_bool(vm, a, b, COMPARE_EQ);
}
bool value_is_identical(Value a, Value b); /* the `is` operator */
int value_truth_slow(Vm *vm, Value v);
static inline int value_truth(Vm *vm, Value v) { /* 1, 0, -1: error */
    if (value_is_bool(v)) return value_is_true(v);
    if (value_is_none(v)) return 0;
    return value_truth_slow(vm, v);
}
bool value_hash(Vm *vm, Value v, Hash *out); /* TypeError: unhashable type: 'list' */

/* --- vm/attr.c --- */
Value value_get_attr(Vm *vm, Value v, Str *name);
bool value_set_attr(Vm *vm, Value v, Str *name, Value value); /* VALUE_EMPTY: delete */
/* VALUE_EMPTY, without an exception, where getattr would raise AttributeError. */
Value value_find_attr(Vm *vm, Value v, Str *name);
/* object.__getattribute__ / __setattr__: the generic algorithm. */
Value value_get_attr_generic(Vm *vm, Value v, Str *name);
bool value_set_attr_generic(Vm *vm, Value v, Str *name, Value value);
/* As value_get_attr_generic; VALUE_EMPTY where that raises AttributeError. */
Value value_find_attr_generic(Vm *vm, Value v, Str *name);
/* For a call v.name(...): *self is v (borrowed) and the result a plain function to be called with it in front, or *self is
 * VALUE_EMPTY and the result is the bound attribute. Result new. */
Value value_get_method(Vm *vm, Value v, Str *name, Value *self);
/* The special method `name` looked up on the type, bound: VALUE_EMPTY when absent (no exception). */
Value value_special(Vm *vm, Value v, Str *name);

/* --- vm/call.c --- */
/* Calls with arguments borrowed; kwnames: Tuple of Str or NULL, their values behind the positional ones. */
Value value_call(Vm *vm, Value callee, Value *args, int nargs, Tuple *kwnames);
Value value_call0(Vm *vm, Value callee);
Value value_call1(Vm *vm, Value callee, Value a);
Value value_call2(Vm *vm, Value callee, Value a, Value b);
Value value_call_method(Vm *vm, Value self, Str *name, Value *args, int nargs); /* self.name(*args) */
/* callee(*args, **kwargs): kwargs a Dict or NULL. */
Value value_call_ex(Vm *vm, Value callee, Tuple *args, Dict *kwargs);
bool value_is_callable(const Vm *vm, Value v);

/* --- vm/iterate.c --- */
Value value_iter(Vm *vm, Value v);           /* TypeError: 'int' object is not iterable */
Value value_next(Vm *vm, Value iterator);    /* VALUE_EMPTY at the end; StopIteration is taken for the end */
/* Calls fn for each item (borrowed) until it returns false (an error, exception pending). Fast for lists, tuples. */
bool value_each(Vm *vm, Value iterable, bool (*fn)(Vm *vm, Value item, void *arg), void *arg);
int64_t value_length_hint(Vm *vm, Value v, int64_t otherwise); /* -1: error */

/* --- vm/container.c --- */
int64_t value_length(Vm *vm, Value v); /* -1: error */
Value value_get_item(Vm *vm, Value v, Value key); /* classes too: __class_getitem__ */
bool value_set_item(Vm *vm, Value v, Value key, Value value);
bool value_delete_item(Vm *vm, Value v, Value key);
int value_contains(Vm *vm, Value container, Value item);

/* --- vm/convert.c --- */
Value value_repr(Vm *vm, Value v); /* always a Str */
Value value_str(Vm *vm, Value v);
Value value_ascii(Vm *vm, Value v);
Value value_format(Vm *vm, Value v, Str *spec); /* spec NULL: '' */
Value value_index(Vm *vm, Value v);             /* an exact int; TypeError: 'x' object cannot be interpreted as an integer */
/* index() as C int, clipped where it does not fit when clip is set, else OverflowError "cannot fit 'int' into an index-sized integer". */
bool value_as_index(Vm *vm, Value v, int64_t *out, bool clip);
bool value_as_double(Vm *vm, Value v, double *out); /* float, int, __float__, __index__; "must be real number, not str" */
bool value_as_i64(Vm *vm, Value v, int64_t *out);   /* index() that must fit: OverflowError "Python int too large to convert to C long" */
bool value_as_int(Vm *vm, Value v, int *out);       /* the same for C int: "Python int too large to convert to C int" */

/* --- isinstance and issubclass with __instancecheck__, tuples, unions (vm/instancecheck.c): 1, 0, -1 --- */
int value_isinstance(Vm *vm, Value v, Value class_or_tuple);
int value_issubclass(Vm *vm, Value type, Value class_or_tuple);
/* The same without __instancecheck__ and __subclasscheck__: what type's own do. One class. */
int value_isinstance_plain(Vm *vm, Value v, Value class_);
int value_issubclass_plain(Vm *vm, Value type, Value class_);

/* Guards C recursion: false with RecursionError when the C stack is nearly used up. `what`: " while calling a Python object" ... */
bool vm_enter_c(Vm *vm, const char *what);
void vm_leave_c(Vm *vm);

/* Repr of a container within itself: 1 entered, 0 already inside (print [...]), -1 error. */
int vm_repr_enter(Vm *vm, Object *o);
void vm_repr_leave(Vm *vm, Object *o);

#endif
