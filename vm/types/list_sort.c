/* list.sort: a stable, adaptive merge sort.
 *
 * The algorithm is Tim Peters' (natural runs, binary insertion for short ones, merges with galloping), merged in the order of
 * Munro and Wild's powersort. The list is empty while it is sorted: its items are here, so that a comparison that looks at
 * the list or changes it meets nothing half done. Keys, when there is a key function, are in a side array that is
 * permuted together with the items.
 *
 * Invariants: at every moment keys[0..count) is a permutation of what it was, but while a merge is at work, whose
 * temporary array then holds what is missing; a merge that fails copies it back. Comparisons are chosen once, by a look
 * at all keys: ints, floats and strs compare without a call of script code.
 */
#include "vm/types/list.h"

#include "vm/types/sequence.h"
#include "vm/types/tuple.h"

#define MIN_GALLOP 7
#define MAX_RUNS 85 /* powers on the stack increase strictly and are below 64: ample */
#define SMALL_KEYS 64

/* keys[i] decides, values[i] (when there are any) goes along. */
typedef struct Pairs {
    Value *keys, *values;
} Pairs;

typedef struct Run {
    size_t start, length;
    int power; /* of the boundary to the next run */
} Run;

typedef struct Sort {
    Vm *vm;
    int (*less)(Vm *vm, Value a, Value b); /* 1, 0, -1: error */
    size_t count;
    size_t min_gallop;
    Pairs temp;
    size_t temp_capacity;
    Run runs[MAX_RUNS];
    int run_count;
    Pairs all;
} Sort;

/* --- comparisons --- */

static int less_any(Vm *vm, Value a, Value b) { return value_compare_bool(vm, a, b, COMPARE_LT); }
static int less_small(Vm *vm, Value a, Value b) {
    (void)vm;
    return (int64_t)(a.bits << VALUE_INT_SHIFT) < (int64_t)(b.bits << VALUE_INT_SHIFT);
}
static int less_float(Vm *vm, Value a, Value b) {
    (void)vm;
    return value_float(a) < value_float(b);
}
static int less_str(Vm *vm, Value a, Value b) {
    (void)vm;
    const Str *x = value_str_peek(a), *y = value_str_peek(b);
    if (x->width != 1 || y->width != 1) return str_compare(x, y) < 0;
    size_t shorter = x->length < y->length ? x->length : y->length;
    int order = memcmp(str_data(x), str_data(y), shorter);
    return order < 0 || (order == 0 && x->length < y->length);
}

/* Tuples: items of one kind decide here, the first others leave it to the general comparison. */
static int less_tuple(Vm *vm, Value a, Value b) {
    const Tuple *s = value_tuple(a), *t = value_tuple(b);
    size_t shorter = s->count < t->count ? s->count : t->count;
    for (size_t i = 0; i < shorter; i++) {
        Value x = s->items[i], y = t->items[i];
        if (value_same(x, y)) continue;
        if (value_are_small(x, y)) {
            return less_small(vm, x, y);
        } else if (value_is_float(x) && value_is_float(y)) {
            if (value_float(x) != value_float(y)) return value_float(x) < value_float(y);
        } else if (value_is_exact(x, LAYOUT_STR) && value_is_exact(y, LAYOUT_STR)) {
            if (!str_equal(value_str_peek(x), value_str_peek(y))) return less_str(vm, x, y);
        } else {
            return less_any(vm, a, b);
        }
    }
    return s->count < t->count;
}

static void sort_choose(Sort *s) {
    bool small = true, floats = true, strs = true, tuples = true;
    for (size_t i = 0; i < s->count && (small || floats || strs || tuples); i++) {
        Value v = s->all.keys[i];
        small &= value_is_small(v);
        floats &= value_is_float(v);
        strs &= value_is_exact(v, LAYOUT_STR);
        tuples &= value_is_exact(v, LAYOUT_TUPLE);
    }
    s->less = small ? less_small : floats ? less_float : strs ? less_str : tuples ? less_tuple : less_any;
}

static inline int sort_less(Sort *s, Value a, Value b) {
    if (s->less == less_small) return less_small(s->vm, a, b);
    return s->less(s->vm, a, b);
}

/* --- moving pairs --- */

static inline Pairs pairs_at(Pairs p, size_t i) { return (Pairs){p.keys + i, p.values ? p.values + i : NULL}; }
static inline void pairs_set(Pairs to, size_t i, Pairs from, size_t j) {
    to.keys[i] = from.keys[j];
    if (to.values) to.values[i] = from.values[j];
}
static void pairs_move(Pairs to, size_t i, Pairs from, size_t j, size_t count) {
    memmove(to.keys + i, from.keys + j, count * sizeof(Value));
    if (to.values) memmove(to.values + i, from.values + j, count * sizeof(Value));
}
static void values_reverse(Value *low, size_t count) {
    if (count < 2) return;
    for (Value *high = low + count - 1; low < high; low++, high--) {
        Value v = *low;
        *low = *high;
        *high = v;
    }
}
static void pairs_reverse(Pairs p, size_t count) {
    values_reverse(p.keys, count);
    if (p.values) values_reverse(p.values, count);
}

/* --- runs --- */

/* The end of the ascending run that p[0..n) begins; 0: error. */
static size_t sort_extend_run(Sort *s, Pairs p, size_t n, size_t count) {
    for (; n < count; n++) {
        int less = sort_less(s, p.keys[n], p.keys[n - 1]);
        if (less < 0) return 0;
        if (less) break;
    }
    return n;
}

/* Turns the last `equal` + 1 pairs below `end` round, which have equal keys: when the whole run is turned, they are in order again. */
static void reverse_equals(Pairs p, size_t end, size_t *equal) {
    if (*equal > 0) pairs_reverse(pairs_at(p, end - *equal - 1), *equal + 1);
    *equal = 0;
}

/* The end of the run p[0..n), of which the last key is below the others, going on without rising. The run is turned
 * round. 0: error. */
static size_t sort_reverse_run(Sort *s, Pairs p, size_t n, size_t count) {
    size_t equal = 0;
    for (; n < count; n++) {
        int less = sort_less(s, p.keys[n], p.keys[n - 1]);
        if (less < 0) return 0;
        if (less) {
            reverse_equals(p, n, &equal);
            continue;
        }
        if ((less = sort_less(s, p.keys[n - 1], p.keys[n])) < 0) return 0;
        if (less) break;
        equal++;
    }
    reverse_equals(p, n, &equal);
    pairs_reverse(p, n);
    return n;
}

/* Length of the run at p, ascending when it returns; 0: error. A run that never rises is turned round. */
static size_t sort_count_run(Sort *s, Pairs p, size_t count) {
    if (count < 2) return count;
    size_t n = sort_extend_run(s, p, 1, count);
    if (n == 0 || n == count) return n;
    if (n > 1) {
        int less = sort_less(s, p.keys[0], p.keys[n - 1]);
        if (less != 0) return less < 0 ? 0 : n;
        size_t equal = n - 1; /* all equal so far: the run may be a falling one */
        reverse_equals(p, n, &equal);
    }
    n = sort_reverse_run(s, p, n + 1, count);
    return n == 0 ? 0 : sort_extend_run(s, p, n, count);
}

/* Sorts p[0..count) of which the first `sorted` are in order, by binary insertion. */
static bool sort_insert(Sort *s, Pairs p, size_t count, size_t sorted) {
    for (size_t i = sorted ? sorted : 1; i < count; i++) {
        Value key = p.keys[i];
        size_t low = 0, high = i;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            int less = sort_less(s, key, p.keys[middle]);
            if (less < 0) return false;
            if (less)
                high = middle;
            else
                low = middle + 1;
        }
        Value value = p.values ? p.values[i] : key;
        pairs_move(p, low + 1, p, low, i - low);
        p.keys[low] = key;
        if (p.values) p.values[low] = value;
    }
    return true;
}

/* --- galloping --- */

/* Where to insert key in the sorted keys[0..count): in front of equal ones (left) or behind them. The search starts at `hint`
 * and doubles its steps. *place is the answer; false: error. */
static bool sort_gallop(Sort *s, Value key, const Value *keys, size_t count, size_t hint, bool left, size_t *place) {
    size_t offset = 1, last = 0, limit;
    /* after(x): key belongs behind x */
#define AFTER(x) (left ? sort_less(s, (x), key) : (less = sort_less(s, key, (x))) < 0 ? -1 : !less)
    int less, after = AFTER(keys[hint]);
    if (after < 0) return false;
    size_t low, high; /* key belongs behind all below low, and not behind keys[high] */
    if (after) {
        limit = count - hint;
        while (offset < limit && (after = AFTER(keys[hint + offset])) > 0) {
            last = offset;
            offset = offset * 2 + 1;
        }
        if (after < 0) return false;
        if (offset > limit) offset = limit;
        low = hint + last + 1;
        high = hint + offset;
    } else {
        limit = hint + 1;
        while (offset < limit && (after = AFTER(keys[hint - offset])) == 0) {
            last = offset;
            offset = offset * 2 + 1;
        }
        if (after < 0) return false;
        if (offset > limit) offset = limit;
        low = hint + 1 - offset;
        high = hint - last;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if ((after = AFTER(keys[middle])) < 0) return false;
        if (after)
            low = middle + 1;
        else
            high = middle;
    }
#undef AFTER
    *place = low;
    return true;
}

/* --- merging --- */

static bool sort_reserve(Sort *s, size_t count) {
    if (count <= s->temp_capacity) return true;
    Heap *heap = &s->vm->heap;
    size_t width = s->all.values ? 2 : 1;
    Value *block = heap_alloc(heap, count * width * sizeof(Value));
    if (!block) {
        error_no_memory(s->vm);
        return false;
    }
    if (s->temp.keys) heap_free(heap, s->temp.keys, s->temp_capacity * width * sizeof(Value));
    s->temp = (Pairs){block, s->all.values ? block + count : NULL};
    s->temp_capacity = count;
    return true;
}

/* The state of a merge of two neighbours, the shorter one in temp. In merge_low: a is temp[a_at..a_end), b is p[b_at..b_end),
 * the result goes to p[to..]. */
typedef struct Merge {
    Pairs p;
    size_t a_at, a_end, b_at, b_end, to;
} Merge;

/* One pair at a time, until one side has won min_gallop times in a row. 1: gallop, 0: one side is used up, -1: error. */
static int merge_low_step(Sort *s, Merge *m) {
    size_t a_wins = 0, b_wins = 0;
    while (a_wins < s->min_gallop && b_wins < s->min_gallop) {
        int less = sort_less(s, m->p.keys[m->b_at], s->temp.keys[m->a_at]);
        if (less < 0) return -1;
        if (less) {
            pairs_set(m->p, m->to++, m->p, m->b_at++);
            b_wins++;
            a_wins = 0;
            if (m->b_at == m->b_end) return 0;
        } else {
            pairs_set(m->p, m->to++, s->temp, m->a_at++);
            a_wins++;
            b_wins = 0;
            if (m->a_at + 1 == m->a_end) return 0;
        }
    }
    return 1;
}

static int merge_low_gallop(Sort *s, Merge *m) {
    size_t a_moved, b_moved;
    s->min_gallop++;
    do {
        s->min_gallop -= s->min_gallop > 1;
        if (!sort_gallop(s, m->p.keys[m->b_at], s->temp.keys + m->a_at, m->a_end - m->a_at, 0, false, &a_moved)) return -1;
        pairs_move(m->p, m->to, s->temp, m->a_at, a_moved);
        m->to += a_moved;
        m->a_at += a_moved;
        if (m->a_at + 1 >= m->a_end) return 0;
        pairs_set(m->p, m->to++, m->p, m->b_at++);
        if (m->b_at == m->b_end) return 0;
        if (!sort_gallop(s, s->temp.keys[m->a_at], m->p.keys + m->b_at, m->b_end - m->b_at, 0, true, &b_moved)) return -1;
        pairs_move(m->p, m->to, m->p, m->b_at, b_moved);
        m->to += b_moved;
        m->b_at += b_moved;
        if (m->b_at == m->b_end) return 0;
        pairs_set(m->p, m->to++, s->temp, m->a_at++);
        if (m->a_at + 1 == m->a_end) return 0;
    } while (a_moved >= MIN_GALLOP || b_moved >= MIN_GALLOP);
    s->min_gallop++; /* leaving costs */
    return 1;
}

/* Merges p[0..a) and p[a..a+b), a <= b, b's first < a's first, a's last > all of b. */
static bool sort_merge_low(Sort *s, Pairs p, size_t a, size_t b) {
    if (!sort_reserve(s, a)) return false;
    pairs_move(s->temp, 0, p, 0, a);
    Merge m = {p, 0, a, a, a + b, 0};
    pairs_set(p, m.to++, p, m.b_at++);
    int more = m.b_at == m.b_end || a == 1 ? 0 : 1;
    while (more > 0 && (more = merge_low_step(s, &m)) > 0) more = merge_low_gallop(s, &m);
    if (more == 0 && m.b_at < m.b_end && m.a_at + 1 == m.a_end) {
        /* a's last pair belongs behind all that is left of b */
        pairs_move(p, m.to, p, m.b_at, m.b_end - m.b_at);
        m.to += m.b_end - m.b_at;
        m.b_at = m.b_end;
    }
    pairs_move(p, m.to, s->temp, m.a_at, m.a_end - m.a_at);
    return more == 0;
}

/* merge_high: a is p[a_at..a_end), b is temp[b_at..b_end), taken from the ends; the result goes below p[to]. */
static int merge_high_step(Sort *s, Merge *m) {
    size_t a_wins = 0, b_wins = 0;
    while (a_wins < s->min_gallop && b_wins < s->min_gallop) {
        int less = sort_less(s, s->temp.keys[m->b_end - 1], m->p.keys[m->a_end - 1]);
        if (less < 0) return -1;
        if (less) {
            pairs_set(m->p, --m->to, m->p, --m->a_end);
            a_wins++;
            b_wins = 0;
            if (m->a_end == m->a_at) return 0;
        } else {
            pairs_set(m->p, --m->to, s->temp, --m->b_end);
            b_wins++;
            a_wins = 0;
            if (m->b_end - m->b_at == 1) return 0;
        }
    }
    return 1;
}

static int merge_high_gallop(Sort *s, Merge *m) {
    size_t place, a_moved, b_moved;
    s->min_gallop++;
    do {
        s->min_gallop -= s->min_gallop > 1;
        size_t a = m->a_end - m->a_at, b = m->b_end - m->b_at;
        if (!sort_gallop(s, s->temp.keys[m->b_end - 1], m->p.keys + m->a_at, a, a - 1, false, &place)) return -1;
        a_moved = a - place;
        m->to -= a_moved;
        m->a_end -= a_moved;
        pairs_move(m->p, m->to, m->p, m->a_end, a_moved);
        if (m->a_end == m->a_at) return 0;
        pairs_set(m->p, --m->to, s->temp, --m->b_end);
        b--;
        if (b == 1) return 0;
        if (!sort_gallop(s, m->p.keys[m->a_end - 1], s->temp.keys + m->b_at, b, b - 1, true, &place)) return -1;
        b_moved = b - place;
        m->to -= b_moved;
        m->b_end -= b_moved;
        pairs_move(m->p, m->to, s->temp, m->b_end, b_moved);
        if (m->b_end - m->b_at <= 1) return 0;
        pairs_set(m->p, --m->to, m->p, --m->a_end);
        if (m->a_end == m->a_at) return 0;
    } while (a_moved >= MIN_GALLOP || b_moved >= MIN_GALLOP);
    s->min_gallop++;
    return 1;
}

/* As sort_merge_low, for b < a; b's first < all of a. */
static bool sort_merge_high(Sort *s, Pairs p, size_t a, size_t b) {
    if (!sort_reserve(s, b)) return false;
    pairs_move(s->temp, 0, p, a, b);
    Merge m = {p, 0, a, 0, b, a + b};
    pairs_set(p, --m.to, p, --m.a_end);
    int more = m.a_end == 0 || b == 1 ? 0 : 1;
    while (more > 0 && (more = merge_high_step(s, &m)) > 0) more = merge_high_gallop(s, &m);
    if (more == 0 && m.a_end > 0 && m.b_end == 1) {
        /* b's first pair belongs in front of all that is left of a */
        m.to -= m.a_end;
        pairs_move(p, m.to, p, 0, m.a_end);
        m.a_end = 0;
    }
    pairs_move(p, m.to - m.b_end, s->temp, 0, m.b_end);
    return more == 0;
}

/* Merges runs i and i + 1 of the stack. */
static bool sort_merge_at(Sort *s, int i) {
    Run *x = &s->runs[i], *y = x + 1;
    size_t start = x->start, a = x->length, b = y->length, skip;
    Pairs p = pairs_at(s->all, start);
    x->length = a + b;
    x->power = y->power;
    for (int j = i + 1; j < s->run_count - 1; j++) s->runs[j] = s->runs[j + 1];
    s->run_count--;
    /* What of a is below b's first, and of b above a's last, is in place. */
    if (!sort_gallop(s, p.keys[a], p.keys, a, 0, false, &skip)) return false;
    p = pairs_at(p, skip);
    a -= skip;
    if (a == 0) return true;
    if (!sort_gallop(s, p.keys[a - 1], p.keys + a, b, b - 1, true, &b)) return false;
    if (b == 0) return true;
    return a <= b ? sort_merge_low(s, p, a, b) : sort_merge_high(s, p, a, b);
}

/* Powersort: the depth, in an ideal merge tree over `count` items, of the node between the two runs that meet at
 * start + length. */
static int sort_power(size_t start, size_t length, size_t next_length, size_t count) {
    size_t a = 2 * start + length, b = a + length + next_length;
    int power = 0;
    for (;;) {
        power++;
        if (a >= count) {
            a -= count;
            b -= count;
        } else if (b >= count) {
            return power;
        }
        a <<= 1;
        b <<= 1;
    }
}

static bool sort_push_run(Sort *s, size_t start, size_t length) {
    if (s->run_count > 0) {
        Run *top = &s->runs[s->run_count - 1];
        int power = sort_power(top->start, top->length, length, s->count);
        while (s->run_count > 1 && s->runs[s->run_count - 2].power > power)
            if (!sort_merge_at(s, s->run_count - 2)) return false;
        s->runs[s->run_count - 1].power = power;
    }
    s->runs[s->run_count++] = (Run){start, length, 0};
    return true;
}

/* Short runs are lengthened to between 32 and 64, such that count / run is a power of two or a little less. */
static size_t sort_min_run(size_t count) {
    size_t rest = 0;
    while (count >= 64) {
        rest |= count & 1;
        count >>= 1;
    }
    return count + rest;
}

static bool sort_all(Sort *s) {
    size_t min_run = sort_min_run(s->count);
    for (size_t start = 0; start < s->count;) {
        size_t left = s->count - start;
        Pairs p = pairs_at(s->all, start);
        size_t length = sort_count_run(s, p, left);
        if (length == 0) return false;
        if (length < min_run) {
            size_t forced = left < min_run ? left : min_run;
            if (!sort_insert(s, p, forced, length)) return false;
            length = forced;
        }
        if (!sort_push_run(s, start, length)) return false;
        start += length;
    }
    while (s->run_count > 1) {
        int i = s->run_count - 2;
        if (i > 0 && s->runs[i - 1].length < s->runs[i + 1].length) i--;
        if (!sort_merge_at(s, i)) return false;
    }
    return true;
}

/* --- keys, and the list --- */

/* keys[i] := key(items[i]); on failure none is left. */
static bool sort_make_keys(Vm *vm, Value key, const Value *items, Value *keys, size_t count) {
    for (size_t i = 0; i < count; i++) {
        keys[i] = value_call1(vm, key, items[i]);
        if (value_is_error(keys[i])) {
            while (i > 0) value_release(vm, keys[--i]);
            return false;
        }
    }
    return true;
}

/* Sorts items by keys (NULL: by themselves). */
static bool sort_run(Vm *vm, Value *keys, Value *items, size_t count, bool reverse) {
    Sort s = {.vm = vm, .count = count, .min_gallop = MIN_GALLOP};
    s.all = keys ? (Pairs){keys, items} : (Pairs){items, NULL};
    /* Stable in reverse: sort the mirror image, mirror the result. */
    if (reverse) pairs_reverse(s.all, count);
    sort_choose(&s);
    bool done = sort_all(&s);
    if (reverse) pairs_reverse(s.all, count);
    if (s.temp.keys) heap_free(&vm->heap, s.temp.keys, s.temp_capacity * (keys ? 2 : 1) * sizeof(Value));
    return done;
}

static bool sort_with_key(Vm *vm, Value key, Value *items, size_t count, bool reverse) {
    Value small[SMALL_KEYS], *keys = small;
    if (count > SMALL_KEYS && !(keys = heap_alloc(&vm->heap, count * sizeof(Value)))) {
        error_no_memory(vm);
        return false;
    }
    bool done = sort_make_keys(vm, key, items, keys, count);
    if (done) {
        done = count < 2 || sort_run(vm, keys, items, count, reverse);
        for (size_t i = 0; i < count; i++) value_release(vm, keys[i]);
    }
    if (keys != small) heap_free(&vm->heap, keys, count * sizeof(Value));
    return done;
}

bool list_sort(Vm *vm, List *l, Value key, bool reverse) {
    List saved = *l;
    l->items = NULL;
    l->count = l->capacity = 0;
    bool done = true;
    if (!value_is_none(key))
        done = sort_with_key(vm, key, saved.items, saved.count, reverse);
    else if (saved.count > 1)
        done = sort_run(vm, NULL, saved.items, saved.count, reverse);
    List intruders = *l;
    l->items = saved.items;
    l->count = saved.count;
    l->capacity = saved.capacity;
    if (intruders.items) {
        if (done) error_value(vm, "list modified during sort");
        done = false;
        Value exception = error_fetch(vm);
        values_release(vm, intruders.items, intruders.count);
        heap_free(&vm->heap, intruders.items, intruders.capacity * sizeof(Value));
        error_restore_take(vm, exception);
    }
    return done;
}
