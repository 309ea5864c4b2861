/* str: methods that look for other strs: find, index, count, startswith, replace and their kin. */
#include "vm/types/str_internal.h"

#include "vm/ops.h"
#include "vm/types/int.h"
#include "vm/types/sequence.h"
#include "vm/types/tuple.h"

/* --- arguments --- */

Str *str_argument(Vm *vm, Value v, const char *function, int number) {
    if (value_is_str(v)) return value_str_peek(v);
    const char *given = value_is_none(v) ? "None" : value_type_name(vm, v);
    if (number) error_type(vm, "%s() argument %d must be str, not %s", function, number, given);
    else error_type(vm, "%s() argument must be str, not %s", function, given);
    return NULL;
}

static bool slice_argument(Vm *vm, Value v, int64_t *out) {
    if (value_is_empty(v) || value_is_none(v)) return true;
    if (value_is_small(v)) {
        *out = value_small(v);
        return true;
    }
    if (!value_is_int(v) && !value_type(vm, v)->slots.as_index) {
        error_type(vm, "slice indices must be integers or None or have an __index__ method");
        return false;
    }
    return value_as_index(vm, v, out, true);
}

bool slice_arguments(Vm *vm, Value start_value, Value end_value, const size_t *length, size_t *start, size_t *end) {
    int64_t from = 0, to = INT64_MAX;
    if (!slice_argument(vm, start_value, &from) || !slice_argument(vm, end_value, &to)) return false;
    int64_t size = (int64_t)*length;
    if (to > size) to = size;
    else if (to < 0 && (to += size) < 0) to = 0;
    if (from < 0 && (from += size) < 0) from = 0;
    *start = (size_t)from;
    *end = (size_t)to;
    return true;
}

/* --- find, index, count --- */

/* The index, -1 when absent, -2 on an error. */
static int64_t find_with(Vm *vm, Value *args, const char *function, bool backwards) {
    const Str *s = value_str_peek(args[0]), *sub = str_argument(vm, args[1], function, 1);
    size_t start, end;
    if (!sub || !slice_arguments(vm, args[2], args[3], &s->length, &start, &end)) return -2;
    return str_find(s, sub, start, end, backwards);
}

static Value find_result(int64_t at) { return at == -2 ? VALUE_ERROR : value_from_small(at); }
static Value index_result(Vm *vm, int64_t at) { return at == -1 ? error_value(vm, "substring not found") : find_result(at); }

Value str_method_find(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return find_result(find_with(vm, args, "find", false));
}
Value str_method_rfind(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return find_result(find_with(vm, args, "rfind", true));
}
Value str_method_index(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return index_result(vm, find_with(vm, args, "index", false));
}
Value str_method_rindex(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return index_result(vm, find_with(vm, args, "rindex", true));
}

Value str_method_count(Vm *vm, Value *args, int nargs) {
    const Str *s = value_str_peek(args[0]), *sub = str_argument(vm, args[1], "count", 1);
    size_t start, end;
    (void)nargs;
    if (!sub || !slice_arguments(vm, args[2], args[3], &s->length, &start, &end)) return VALUE_ERROR;
    if (start > end || sub->width > s->width) return value_from_small(0);
    return value_from_small((int64_t)text_count(text_part(str_span(s), start, end), str_span(sub), SIZE_MAX));
}

/* --- startswith, endswith, removeprefix, removesuffix --- */

static bool matches_end(const Str *s, size_t start, size_t end, const Str *affix, bool at_end) {
    if (start > end || affix->length > end - start || affix->width > s->width) return false;
    size_t at = at_end ? end - affix->length : start;
    return text_equal(text_part(str_span(s), at, at + affix->length), str_span(affix));
}

static Value has_affix(Vm *vm, Value *args, const char *function, bool at_end) {
    const Str *s = value_str_peek(args[0]);
    size_t start, end;
    if (!slice_arguments(vm, args[2], args[3], &s->length, &start, &end)) return VALUE_ERROR;
    if (value_is_str(args[1])) return value_from_bool(matches_end(s, start, end, value_str_peek(args[1]), at_end));
    if (!value_is_tuple(args[1])) return error_type(vm, "%s first arg must be str or a tuple of str, not %T", function, args[1]);
    const Tuple *affixes = value_tuple(args[1]);
    for (size_t i = 0; i < affixes->count; i++) {
        Value affix = affixes->items[i];
        if (!value_is_str(affix)) return error_type(vm, "tuple for %s must only contain str, not %T", function, affix);
        if (matches_end(s, start, end, value_str_peek(affix), at_end)) return VALUE_TRUE;
    }
    return VALUE_FALSE;
}

Value str_method_startswith(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return has_affix(vm, args, "startswith", false);
}
Value str_method_endswith(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return has_affix(vm, args, "endswith", true);
}

Value str_method_removeprefix(Vm *vm, Value *args, int nargs) {
    Str *s = value_str_peek(args[0]), *prefix = str_argument(vm, args[1], "removeprefix", 0);
    (void)nargs;
    if (!prefix) return VALUE_ERROR;
    bool found = matches_end(s, 0, s->length, prefix, false);
    return str_value(str_substring(vm, s, found ? prefix->length : 0, s->length));
}
Value str_method_removesuffix(Vm *vm, Value *args, int nargs) {
    Str *s = value_str_peek(args[0]), *suffix = str_argument(vm, args[1], "removesuffix", 0);
    (void)nargs;
    if (!suffix) return VALUE_ERROR;
    bool found = matches_end(s, 0, s->length, suffix, true);
    return str_value(str_substring(vm, s, 0, s->length - (found ? suffix->length : 0)));
}

/* --- replace --- */

typedef struct Writer {
    Str *out;
    size_t at;
} Writer;

static void write_text(Writer *w, TextSpan t) {
    text_copy((char *)str_data(w->out) + w->at * w->out->width, w->out->width, t.data, t.width, t.length);
    w->at += t.length;
}

static void replace_empty(Writer *w, TextSpan s, TextSpan new, size_t count) {
    for (size_t i = 0; i < count; i++) {
        write_text(w, new);
        if (i < s.length) write_text(w, text_part(s, i, i + 1));
    }
    if (count < s.length) write_text(w, text_part(s, count, s.length));
}

static void replace_found(Writer *w, TextSpan s, TextSpan old, TextSpan new, size_t count) {
    while (count-- > 0) {
        size_t at = (size_t)text_find(s, old);
        write_text(w, text_part(s, 0, at));
        write_text(w, new);
        s = text_part(s, at + old.length, s.length);
    }
    write_text(w, s);
}

/* One character by another of no other width: copied, then changed where it occurs. */
static void replace_chars(Writer *w, TextSpan s, uint32_t old, uint32_t new, size_t count) {
    write_text(w, s);
    TextSpan rest = {str_data(w->out), s.length, w->out->width};
    while (count-- > 0) {
        size_t at = (size_t)text_find_char(rest, old);
        text_put((void *)(uintptr_t)rest.data, rest.width, at, new);
        rest = text_part(rest, at + 1, rest.length);
    }
}

static Str *replace(Vm *vm, Str *s, Str *old, Str *new, size_t most) {
    if (old->width > s->width || old->length > s->length) return str_exact(vm, s);
    size_t count = text_count(str_span(s), str_span(old), most);
    if (count == 0) return str_exact(vm, s);
    if (new->length > old->length && (size_t)PTRDIFF_MAX / count < new->length - old->length) {
        error_raise(vm, EXC_OverflowError, "replace string is too long");
        return NULL;
    }
    size_t length = s->length + count * new->length - count * old->length;
    uint32_t max_char = str_max_char(s) | str_max_char(new);
    Str *out = str_new(vm, length, max_char);
    if (!out || length == 0) return out;
    Writer w = {out, 0};
    if (old->length == 0) replace_empty(&w, str_span(s), str_span(new), count);
    else if (old->length == 1 && new->length == 1) replace_chars(&w, str_span(s), str_at(old, 0), str_at(new, 0), count);
    else replace_found(&w, str_span(s), str_span(old), str_span(new), count);
    return max_char < 0x80 && length > 1 ? out : str_settle_take(vm, out);
}

Value str_method_replace(Vm *vm, Value *args, int nargs) {
    Str *s = value_str_peek(args[0]), *old = str_argument(vm, args[1], "replace", 1);
    Str *new = old ? str_argument(vm, args[2], "replace", 2) : NULL;
    int64_t most = -1;
    (void)nargs;
    if (!new || (!value_is_empty(args[3]) && !sequence_size_argument(vm, args[3], &most))) return VALUE_ERROR;
    return str_value(replace(vm, s, old, new, most < 0 ? SIZE_MAX : (size_t)most));
}
