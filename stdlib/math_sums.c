/* math's sums and products over iterables: fsum, sumprod, prod, and the lengths hypot and dist.
 *
 * Sums keep what rounding loses: a Pair is an unevaluated sum of two doubles (Dekker, Knuth), fsum keeps as many partial sums as
 * it needs (Shewchuk), hypot and dist scale by a power of two and correct the square root once.
 * This file relies on IEEE arithmetic as written: it must not be compiled with -ffast-math or contraction.
 */
#include "stdlib/math_parts.h"

#include <float.h>
#include <math.h>

#include "vm/ops.h"
#include "vm/types/float.h"
#include "vm/types/int_limbs.h"
#include "vm/types/list.h"
#include "vm/types/tuple.h"

/* high + low, high being the sum rounded. */
typedef struct Pair {
    double high, low;
} Pair;

/* |a| >= |b| */
static Pair sum_ordered(double a, double b) {
    double high = a + b;
    return (Pair){high, (a - high) + b};
}

static Pair sum_exact(double a, double b) {
    double high = a + b, part = high - a;
    return (Pair){high, (a - (high - part)) + (b - part)};
}

static Pair product_exact(double a, double b) {
    double high = a * b;
    return (Pair){high, fma(a, b, -high)};
}

/* --- fsum --- */

#define PARTIALS_LOCAL 32

/* Partial sums of growing size that do not overlap; infinities and nans are summed apart. */
typedef struct Partials {
    Vm *vm;
    double *sums, local[PARTIALS_LOCAL];
    size_t count, capacity;
    double special, infinities;
    bool any_special;
} Partials;

static bool partials_grow(Partials *p) {
    size_t size = p->capacity * sizeof(double);
    double *sums = heap_alloc(&p->vm->heap, 2 * size);
    if (!sums) {
        error_no_memory(p->vm);
        return false;
    }
    memcpy(sums, p->sums, size);
    if (p->sums != p->local) heap_free(&p->vm->heap, p->sums, size);
    p->sums = sums;
    p->capacity *= 2;
    return true;
}

static bool partials_add_special(Partials *p, double original) {
    if (isfinite(original)) {
        error_raise(p->vm, EXC_OverflowError, "intermediate overflow in fsum");
        return false;
    }
    if (isinf(original)) p->infinities += original;
    p->special += original;
    p->any_special = true;
    p->count = 0;
    return true;
}

static bool partials_add(Partials *p, double x) {
    double original = x;
    size_t kept = 0;
    for (size_t i = 0; i < p->count; i++) {
        double y = p->sums[i];
        Pair s = fabs(x) < fabs(y) ? sum_ordered(y, x) : sum_ordered(x, y);
        if (s.low != 0.0) p->sums[kept++] = s.low;
        x = s.high;
    }
    p->count = kept;
    if (x == 0.0) return true;
    if (!isfinite(x)) return partials_add_special(p, original);
    if (p->count == p->capacity && !partials_grow(p)) return false;
    p->sums[p->count++] = x;
    return true;
}

static bool fsum_item(Vm *vm, Value item, void *arg) {
    double x;
    return value_as_double(vm, item, &x) && partials_add(arg, x);
}

/* The partial sums from the largest down, rounded half even in the end. */
static double partials_total(const Partials *p) {
    size_t n = p->count;
    if (!n) return 0.0;
    double high = p->sums[--n], low = 0.0;
    while (n > 0) {
        Pair s = sum_ordered(high, p->sums[--n]);
        high = s.high;
        low = s.low;
        if (low != 0.0) break;
    }
    if (n > 0 && ((low < 0.0 && p->sums[n - 1] < 0.0) || (low > 0.0 && p->sums[n - 1] > 0.0))) {
        double twice = low * 2.0, up = high + twice;
        if (twice == up - high) high = up; /* a half that is more than a half */
    }
    return high;
}

Value math_fsum(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Partials p = {.vm = vm, .capacity = PARTIALS_LOCAL};
    p.sums = p.local;
    Value result = VALUE_ERROR;
    if (value_each(vm, args[0], fsum_item, &p)) {
        if (p.any_special && isnan(p.infinities)) error_value(vm, "-inf + inf in fsum");
        else result = value_from_float(p.any_special ? p.special : partials_total(&p));
    }
    if (p.sums != p.local) heap_free(&vm->heap, p.sums, p.capacity * sizeof(double));
    return result;
}

/* --- prod --- */

static bool prod_item(Vm *vm, Value item, void *arg) {
    Value *total = arg;
    Value next;
    if (value_is_float(*total) && value_is_float(item)) {
        next = value_from_float(value_float(*total) * value_float(item));
    } else {
        next = value_binary(vm, BINARY_MUL, *total, item);
    }
    if (value_is_error(next)) return false;
    value_replace_take(vm, total, next);
    return true;
}

Value math_prod(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value total = value_is_empty(args[1]) ? value_from_small(1) : value_retain(args[1]);
    if (value_each(vm, args[0], prod_item, &total)) return total;
    value_release(vm, total);
    return VALUE_ERROR;
}

/* --- sumprod --- */

/* total plus what the fast paths have summed so far: ints that fit a word, floats in triple precision. */
typedef struct SumProduct {
    Vm *vm;
    Value total;
    int64_t int_total;
    double high, low, tiny;
    bool ints_open, int_used, floats_open, float_used;
} SumProduct;

/* total += v (stolen). */
static bool sum_add_take(SumProduct *s, Value v) {
    Value next = value_is_error(v) ? VALUE_ERROR : value_binary(s->vm, BINARY_ADD, s->total, v);
    value_release(s->vm, v);
    if (value_is_error(next)) return false;
    value_replace_take(s->vm, &s->total, next);
    return true;
}

static bool sum_close_ints(SumProduct *s) {
    if (!s->int_used) return true;
    Value v = int_from_i64(s->vm, s->int_total);
    s->int_total = 0;
    s->int_used = false;
    return sum_add_take(s, v);
}

static double sum_float_total(const SumProduct *s) {
    Pair last = sum_exact(s->low, s->tiny);
    return sum_exact(s->high, last.high).high;
}

static bool sum_close_floats(SumProduct *s) {
    if (!s->float_used) return true;
    double total = sum_float_total(s);
    s->high = s->low = s->tiny = 0.0;
    s->float_used = false;
    return sum_add_take(s, value_from_float(total));
}

/* Exact products of ints while everything fits 64 bits. 1: done, 0: not this way, -1: error. */
static int sum_try_ints(SumProduct *s, Value p, Value q) {
    if (!s->ints_open) return 0;
    int64_t a, b, product, total;
    if (value_is_exact_int(p) && value_is_exact_int(q) && int_to_i64(p, &a) && int_to_i64(q, &b) &&
        !__builtin_mul_overflow(a, b, &product) && !__builtin_add_overflow(s->int_total, product, &total)) {
        s->int_total = total;
        s->int_used = true;
        return 1;
    }
    s->ints_open = false;
    return sum_close_ints(s) ? 0 : -1;
}

/* Floats, or a float and an int; a product or sum that is not finite is left to ordinary arithmetic. */
static int sum_try_floats(SumProduct *s, Value p, Value q) {
    if (!s->floats_open) return 0;
    bool p_int = value_is_exact_int(p) || value_is_bool(p), q_int = value_is_exact_int(q) || value_is_bool(q);
    double a, b;
    if ((value_is_float(p) && (value_is_float(q) || q_int)) || (p_int && value_is_float(q))) {
        if (float_operand(s->vm, p, &a) > 0 && float_operand(s->vm, q, &b) > 0) {
            Pair product = product_exact(a, b), sum = sum_exact(s->high, product.high);
            Pair first = sum_exact(s->low, product.low), second = sum_exact(first.high, sum.low);
            SumProduct next = {.high = sum.high, .low = second.high, .tiny = s->tiny + first.low + second.low};
            if (isfinite(sum_float_total(&next))) {
                s->high = next.high;
                s->low = next.low;
                s->tiny = next.tiny;
                s->float_used = true;
                return 1;
            }
        } else {
            error_clear(s->vm); /* an int too large for a float */
        }
    }
    s->floats_open = false;
    return sum_close_floats(s) ? 0 : -1;
}

static bool sum_add_product(SumProduct *s, Value p, Value q) {
    int done = sum_try_ints(s, p, q);
    if (!done) done = sum_try_floats(s, p, q);
    if (done) return done > 0;
    return sum_add_take(s, value_binary(s->vm, BINARY_MUL, p, q));
}

/* Both iterables in step. */
static bool sum_pairs(SumProduct *s, Value p_iterator, Value q_iterator) {
    for (;;) {
        Value p = value_next(s->vm, p_iterator);
        if (value_is_error(p)) return false;
        Value q = value_next(s->vm, q_iterator);
        bool ok = !value_is_error(q), p_end = value_is_empty(p), q_end = value_is_empty(q);
        if (ok && p_end != q_end) {
            error_value(s->vm, "Inputs are not the same length");
            ok = false;
        }
        if (ok && !p_end) ok = sum_add_product(s, p, q);
        value_release(s->vm, p);
        value_release(s->vm, q);
        if (!ok) return false;
        if (p_end) return sum_close_ints(s) && sum_close_floats(s);
    }
}

Value math_sumprod(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value p = value_iter(vm, args[0]);
    if (value_is_error(p)) return VALUE_ERROR;
    Value q = value_iter(vm, args[1]);
    SumProduct s = {.vm = vm, .total = value_from_small(0), .ints_open = true, .floats_open = true};
    bool ok = !value_is_error(q) && sum_pairs(&s, p, q);
    value_release(vm, p);
    value_release(vm, q);
    if (ok) return s.total;
    value_release(vm, s.total);
    return VALUE_ERROR;
}

/* --- hypot and dist --- */

/* The root of the sum of squares of n numbers not below 0, the greatest of which is max. Changes `numbers`. */
static double norm(double *numbers, size_t n, double max) {
    int exponent;
    if (max == 0.0 || n <= 1) return max;
    frexp(max, &exponent);
    if (exponent < -1023) { /* 2**-exponent would overflow: move to normal numbers first */
        for (size_t i = 0; i < n; i++) numbers[i] /= DBL_MIN;
        return DBL_MIN * norm(numbers, n, max / DBL_MIN);
    }
    double scale = ldexp(1.0, -exponent), sum = 1.0, low_squares = 0.0, low_sums = 0.0;
    for (size_t i = 0; i < n; i++) {
        double x = numbers[i] * scale;
        Pair square = product_exact(x, x), s = sum_ordered(sum, square.high);
        sum = s.high;
        low_squares += square.low;
        low_sums += s.low;
    }
    double root = sqrt(sum - 1.0 + (low_squares + low_sums));
    Pair square = product_exact(-root, root), s = sum_ordered(sum, square.high);
    low_squares += square.low;
    low_sums += s.low;
    double rest = s.high - 1.0 + (low_squares + low_sums);
    return (root + rest / (2.0 * root)) / scale;
}

/* Magnitudes of coordinates, on the C stack while they are few. */
typedef struct Vector {
    Vm *vm;
    double *numbers, local[16], max;
    size_t count;
    bool has_nan;
} Vector;

static bool vector_init(Vector *v, Vm *vm, size_t count) {
    *v = (Vector){.vm = vm, .count = count};
    v->numbers = count <= 16 ? v->local : heap_alloc(&vm->heap, count * sizeof(double));
    if (!v->numbers) error_no_memory(vm);
    return v->numbers != NULL;
}

static void vector_set(Vector *v, size_t i, double x) {
    x = fabs(x);
    v->numbers[i] = x;
    v->has_nan |= isnan(x);
    if (x > v->max) v->max = x;
}

static Value vector_norm_take(Vector *v, bool ok) {
    Value result = VALUE_ERROR;
    if (ok) result = value_from_float(isinf(v->max) ? v->max : v->has_nan ? NAN : norm(v->numbers, v->count, v->max));
    if (v->numbers != v->local) heap_free(&v->vm->heap, v->numbers, v->count * sizeof(double));
    return result;
}

Value math_hypot(Vm *vm, Value *args, int nargs) {
    Vector v;
    if (!vector_init(&v, vm, (size_t)nargs)) return VALUE_ERROR;
    bool ok = true;
    for (int i = 0; i < nargs && ok; i++) {
        double x;
        ok = value_as_double(vm, args[i], &x);
        if (ok) vector_set(&v, (size_t)i, x);
    }
    return vector_norm_take(&v, ok);
}

static Value as_tuple(Vm *vm, Value v) { return value_is_tuple(v) ? value_retain(v) : tuple_from_iterable(vm, v); }

static Value distance(Vm *vm, const Tuple *p, const Tuple *q) {
    if (p->count != q->count) return error_value(vm, "both points must have the same number of dimensions");
    Vector v;
    if (!vector_init(&v, vm, p->count)) return VALUE_ERROR;
    bool ok = true;
    for (size_t i = 0; i < p->count && ok; i++) {
        double x, y;
        ok = value_as_double(vm, p->items[i], &x) && value_as_double(vm, q->items[i], &y);
        if (ok) vector_set(&v, i, x - y);
    }
    return vector_norm_take(&v, ok);
}

Value math_dist(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value p = as_tuple(vm, args[0]);
    if (value_is_error(p)) return VALUE_ERROR;
    Value q = as_tuple(vm, args[1]);
    Value result = value_is_error(q) ? VALUE_ERROR : distance(vm, value_tuple(p), value_tuple(q));
    value_release(vm, p);
    value_release(vm, q);
    return result;
}
