/* builtins: numbers and characters. */
#include "stdlib/builtins.h"

#include <math.h>

#include "vm/ops.h"
#include "vm/types/bytes.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/str.h"
#include "vm/vm.h"

Value builtins_abs(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return value_absolute(vm, args[0]);
}

static Value in_base(Vm *vm, Value v, int base) {
    Value index = value_index(vm, v);
    if (value_is_error(index)) return index;
    Value text = int_to_str(vm, index, base, true);
    value_release(vm, index);
    return text;
}

Value builtins_bin(Vm *vm, Value *args, int nargs) { return (void)nargs, in_base(vm, args[0], 2); }
Value builtins_hex(Vm *vm, Value *args, int nargs) { return (void)nargs, in_base(vm, args[0], 16); }
Value builtins_oct(Vm *vm, Value *args, int nargs) { return (void)nargs, in_base(vm, args[0], 8); }

Value builtins_divmod(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return value_divmod(vm, args[0], args[1]);
}

Value builtins_pow(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return value_power(vm, args[0], args[1], value_is_empty(args[2]) ? VALUE_NONE : args[2]);
}

/* The largest (COMPARE_GT) or smallest of an iterator's items. */
typedef struct Extreme {
    Value best, best_key, key;
    CompareOperator op;
} Extreme;

static bool extreme_step(Vm *vm, Value item, void *arg) {
    Extreme *e = arg;
    Value key = value_is_none(e->key) ? value_retain(item) : value_call1(vm, e->key, item);
    if (value_is_error(key)) return false;
    if (!value_is_empty(e->best)) {
        Value result = value_compare(vm, key, e->best_key, e->op);
        int better = value_is_error(result) ? -1 : value_truth(vm, result);
        if (!value_is_error(result)) value_release(vm, result);
        if (better <= 0) {
            value_release(vm, key);
            return better == 0;
        }
    }
    value_replace_take(vm, &e->best_key, key);
    value_replace_take(vm, &e->best, value_retain(item));
    return true;
}

/* "(*args, default, key)": the keyword-only ones are at args[nargs] and args[nargs+1]. */
static Value extreme(Vm *vm, Value *args, int nargs, CompareOperator op, const char *name) {
    Value otherwise = args[nargs], key = args[nargs + 1];
    Extreme e = {VALUE_EMPTY, VALUE_EMPTY, value_is_empty(key) ? VALUE_NONE : key, op};
    if (nargs == 0) return error_type(vm, "%s expected at least 1 argument, got 0", name);
    if (nargs > 1 && !value_is_empty(otherwise))
        return error_type(vm, "Cannot specify a default for %s() with multiple positional arguments", name);
    bool ok = true;
    if (nargs == 1) ok = value_each(vm, args[0], extreme_step, &e);
    else
        for (int k = 0; ok && k < nargs; k++) ok = extreme_step(vm, args[k], &e);
    value_release(vm, e.best_key);
    if (!ok) {
        value_release(vm, e.best);
        return VALUE_ERROR;
    }
    if (!value_is_empty(e.best)) return e.best;
    if (!value_is_empty(otherwise)) return value_retain(otherwise);
    return error_value(vm, "%s() iterable argument is empty", name);
}

Value builtins_max(Vm *vm, Value *args, int nargs) { return extreme(vm, args, nargs, COMPARE_GT, "max"); }
Value builtins_min(Vm *vm, Value *args, int nargs) { return extreme(vm, args, nargs, COMPARE_LT, "min"); }

Value builtins_round(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value digits = args[1];
    Value method = value_special(vm, args[0], NAME(vm, __round__));
    if (value_is_error(method)) return method;
    if (value_is_empty(method)) return error_type(vm, "type %T doesn't define __round__ method", args[0]);
    bool plain = value_is_empty(digits) || value_is_none(digits);
    Value v = plain ? value_call0(vm, method) : value_call1(vm, method, digits);
    value_release(vm, method);
    return v;
}

/* sum: ints in an int64 while they fit, floats with Neumaier's compensation (as CPython since 3.12), anything else by +. */
typedef struct Sum {
    Value total;      /* VALUE_EMPTY while the fast forms hold it */
    int64_t integer;
    double sum, compensation;
    enum { SUM_INT, SUM_FLOAT, SUM_ANY } form;
} Sum;

static Value float_total(const Sum *s) {
    double c = s->compensation;
    return value_from_float(c != 0 && isfinite(c) ? s->sum + c : s->sum);
}

static bool sum_leave_fast(Vm *vm, Sum *s) {
    s->total = s->form == SUM_INT ? int_from_i64(vm, s->integer) : float_total(s);
    s->form = SUM_ANY;
    return !value_is_error(s->total);
}

static void sum_add_float(Sum *s, double x) {
    double t = s->sum + x;
    s->compensation += fabs(s->sum) >= fabs(x) ? (s->sum - t) + x : (x - t) + s->sum;
    s->sum = t;
}

static bool sum_step(Vm *vm, Value item, void *arg) {
    Sum *s = arg;
    if (s->form == SUM_INT) {
        if ((value_is_small(item) || value_is_bool(item)) &&
            !__builtin_add_overflow(s->integer, value_is_bool(item) ? value_is_true(item) : value_small(item), &s->integer))
            return true;
        if (value_is_float(item)) {
            s->form = SUM_FLOAT;
            s->sum = (double)s->integer;
        }
    }
    if (s->form == SUM_FLOAT) {
        if (value_is_float(item)) return sum_add_float(s, value_float(item)), true;
        if (value_is_small(item)) return sum_add_float(s, (double)value_small(item)), true;
    }
    if (s->form != SUM_ANY && !sum_leave_fast(vm, s)) return false;
    Value total = value_binary(vm, BINARY_ADD, s->total, item);
    if (value_is_error(total)) return false;
    value_replace_take(vm, &s->total, total);
    return true;
}

Value builtins_sum(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value start = value_is_empty(args[1]) ? value_from_small(0) : args[1];
    if (value_is_str(start)) return error_type(vm, "sum() can't sum strings [use ''.join(seq) instead]");
    if (value_is_bytes(start)) return error_type(vm, "sum() can't sum bytes [use b''.join(seq) instead]");
    if (value_is_bytearray(start)) return error_type(vm, "sum() can't sum bytearray [use b''.join(seq) instead]");
    Sum s = {VALUE_EMPTY, 0, 0, 0, SUM_ANY};
    if (value_is_small(start)) {
        s.form = SUM_INT;
        s.integer = value_small(start);
    } else if (value_is_float(start)) {
        s.form = SUM_FLOAT;
        s.sum = value_float(start);
    } else {
        s.total = value_retain(start);
    }
    if (value_each(vm, args[0], sum_step, &s)) {
        if (s.form == SUM_INT) return int_from_i64(vm, s.integer);
        return s.form == SUM_FLOAT ? float_total(&s) : s.total;
    }
    value_release(vm, s.total);
    return VALUE_ERROR;
}

Value builtins_chr(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value index = value_index(vm, args[0]);
    if (value_is_error(index)) return index;
    int64_t code;
    bool fits = int_to_i64(index, &code) && code >= 0 && code <= 0x10ffff;
    value_release(vm, index);
    if (!fits) return error_value(vm, "chr() arg not in range(0x110000)");
    Str *s = str_from_char(vm, (uint32_t)code);
    return s ? value_from_object(s) : VALUE_ERROR;
}

Value builtins_ord(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value v = args[0];
    size_t length;
    if (value_is_str(v)) {
        length = value_str_peek(v)->length;
        if (length == 1) return value_from_small(str_at(value_str_peek(v), 0));
    } else if (value_is_bytes(v) || value_is_bytearray(v)) {
        length = value_is_bytes(v) ? value_bytes(v)->length : value_bytearray(v)->length;
        if (length == 1) return value_from_small(value_is_bytes(v) ? value_bytes(v)->data[0] : value_bytearray(v)->data[0]);
    } else {
        return error_type(vm, "ord() expected string of length 1, but %T found", v);
    }
    return error_type(vm, "ord() expected a character, but string of length %zu found", length);
}
