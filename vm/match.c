/* Pattern matching: what the MATCH_ instructions ask (PEP 634). */
#include "vm/loop.h"

#include "vm/types/dict.h"
#include "vm/types/list.h"
#include "vm/types/set.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

bool op_match_sequence(Vm *vm, Frame *frame, Instr i, uint32_t flag) {
    bool fits = value_type(vm, frame->registers[INSTR_B(i)])->flags & flag;
    return result_set(vm, frame, INSTR_A(i), value_from_bool(fits));
}

bool op_get_length(Vm *vm, Frame *frame, Instr i) {
    int64_t length = value_length(vm, frame->registers[INSTR_B(i)]);
    return length >= 0 && result_set(vm, frame, INSTR_A(i), value_from_small(length));
}

/* mapping.get(key, absent) through the method, as defaultdict must not grow. New; VALUE_EMPTY: absent. */
static Value mapping_find(Vm *vm, Value mapping, Value get, Value absent, Value key) {
    if (value_is_exact(mapping, LAYOUT_DICT)) {
        Value v;
        return dict_find(vm, value_dict(mapping), key, &v) ? v : VALUE_ERROR;
    }
    Value v = value_call2(vm, get, key, absent);
    if (value_same(v, absent)) {
        value_release(vm, v);
        return VALUE_EMPTY;
    }
    return v;
}

static bool check_duplicate_keys(Vm *vm, Tuple *keys) {
    Set *seen = set_new(vm, TYPE(vm, SET));
    if (!seen) return false;
    bool ok = true;
    for (size_t k = 0; ok && k < keys->count; k++) {
        int found = set_contains(vm, seen, keys->items[k]);
        if (found > 0) error_value(vm, "mapping pattern checks duplicate key (%V)", keys->items[k]);
        ok = found == 0 && set_add(vm, seen, keys->items[k]);
    }
    release_object(vm, seen);
    return ok;
}

/* The tuple of values, or None. */
static Value match_keys(Vm *vm, Value mapping, Tuple *keys) {
    if (keys->count > 1 && !check_duplicate_keys(vm, keys)) return VALUE_ERROR;
    Tuple *values = tuple_new(vm, keys->count);
    if (!values) return VALUE_ERROR;
    Value get = VALUE_NONE, absent = VALUE_NONE, result = value_from_object(values);
    if (!value_is_exact(mapping, LAYOUT_DICT) && keys->count) {
        List *unique = list_new(vm, 0);
        if (unique) absent = value_from_object(unique);
        Str *name = unique ? str_intern(vm, "get", 3) : NULL;
        get = name ? value_get_attr(vm, mapping, name) : VALUE_ERROR;
        release_object(vm, name);
    }
    for (size_t k = 0; !value_is_error(get) && k < keys->count && !value_is_none(result); k++) {
        Value v = mapping_find(vm, mapping, get, absent, keys->items[k]);
        if (value_is_error(v)) result = VALUE_ERROR;
        else if (value_is_empty(v)) result = VALUE_NONE;
        else values->items[k] = v;
        if (value_is_error(v)) break;
    }
    if (value_is_error(get)) result = VALUE_ERROR;
    value_release(vm, get);
    value_release(vm, absent);
    if (!value_is_object(result)) release_object(vm, values);
    else tuple_track(vm, values);
    return result;
}

bool op_match_keys(Vm *vm, Frame *frame, Instr i) {
    Value v = match_keys(vm, frame->registers[INSTR_B(i)], value_tuple(frame->registers[INSTR_C(i)]));
    return result_set(vm, frame, INSTR_A(i), v);
}

bool op_match_rest(Vm *vm, Frame *frame, Instr i) {
    Dict *rest = dict_new(vm);
    if (!rest) return false;
    bool ok = dict_merge(vm, rest, frame->registers[INSTR_B(i)], true);
    Tuple *keys = value_tuple(frame->registers[INSTR_C(i)]);
    for (size_t k = 0; ok && k < keys->count; k++) ok = dict_delete(vm, rest, keys->items[k]) >= 0;
    if (!ok) {
        release_object(vm, rest);
        return false;
    }
    return result_set(vm, frame, INSTR_A(i), value_from_object(rest));
}

/* One attribute of a class pattern. 1: found; 0: the pattern does not match; -1: error. */
static int match_attribute(Vm *vm, Value subject, Type *type, Value name, List *seen, Value *out) {
    for (size_t k = 0; k < seen->count; k++) {
        if (!str_equal(value_str_peek(seen->items[k]), value_str_peek(name))) continue;
        error_type(vm, "%N() got multiple sub-patterns for attribute %V", type, name);
        return -1;
    }
    if (!list_append(vm, seen, name)) return -1;
    *out = value_find_attr(vm, subject, value_str_peek(name));
    if (value_is_error(*out)) return -1;
    return !value_is_empty(*out);
}

static Tuple *match_args(Vm *vm, Type *type, Value cls, size_t *allowed, bool *match_self) {
    *match_self = false;
    Value v = value_find_attr(vm, cls, NAME(vm, __match_args__));
    if (value_is_error(v)) return NULL;
    if (value_is_empty(v)) {
        *match_self = type->flags & TYPE_FLAG_MATCH_SELF;
        *allowed = *match_self;
        return retain_object(value_object(vm->empty_tuple));
    }
    if (!value_is_exact(v, LAYOUT_TUPLE)) {
        error_type(vm, "%N.__match_args__ must be a tuple (got %T)", type, v);
        value_release(vm, v);
        return NULL;
    }
    *allowed = value_tuple(v)->count;
    return value_tuple(v);
}

static bool check_positional(Vm *vm, Type *type, size_t allowed, size_t given) {
    if (given <= allowed) return true;
    error_type(vm, "%N() accepts %zu positional sub-pattern%s (%zu given)", type, allowed, allowed == 1 ? "" : "s", given);
    return false;
}

/* Attributes into `found`; 1, 0, -1 as match_attribute. */
static int match_attributes(Vm *vm, Value subject, Value cls, size_t positional, Tuple *keywords, List *found) {
    Type *type = (Type *)value_object(cls);
    size_t allowed = 0;
    bool match_self = false;
    int fits = -1;
    List *seen = list_new(vm, 0);
    Tuple *names = NULL;
    if (!seen) return -1;
    if (positional && !(names = match_args(vm, type, cls, &allowed, &match_self))) goto done;
    if (!check_positional(vm, type, allowed, positional)) goto done;
    fits = 1;
    if (positional && match_self) fits = list_append(vm, found, subject) ? 1 : -1;
    for (size_t k = 0; fits == 1 && k < (match_self ? 0 : positional) + keywords->count; k++) {
        size_t named = match_self ? 0 : positional;
        Value name = k < named ? names->items[k] : keywords->items[k - named], v = VALUE_EMPTY;
        if (!value_is_str(name)) {
            error_type(vm, "__match_args__ elements must be strings (got %T)", name);
            fits = -1;
            break;
        }
        fits = match_attribute(vm, subject, type, name, seen, &v);
        if (fits == 1 && !list_append_take(vm, found, v)) fits = -1;
    }
done:
    release_object(vm, names);
    release_object(vm, seen);
    return fits;
}

bool op_match_class(Vm *vm, Frame *frame, Instr i, uint32_t positional) {
    Value *R = frame->registers, cls = R[INSTR_C(i)], result = VALUE_NONE;
    if (!value_has_layout(cls, LAYOUT_TYPE)) {
        error_type(vm, "called match pattern must be a class");
        return false;
    }
    int fits = value_isinstance(vm, R[INSTR_B(i)], cls);
    if (fits < 0) return false;
    if (fits) {
        List *found = list_new(vm, 0);
        if (!found) return false;
        fits = match_attributes(vm, R[INSTR_B(i)], cls, positional, value_tuple(R[INSTR_C(i) + 1]), found);
        if (fits > 0) result = list_to_tuple(vm, found);
        release_object(vm, found);
        if (fits < 0 || value_is_error(result)) return false;
    }
    operand_consume(vm, frame, INSTR_C(i));
    operand_consume(vm, frame, INSTR_C(i) + 1u);
    return result_set(vm, frame, INSTR_A(i), result);
}
