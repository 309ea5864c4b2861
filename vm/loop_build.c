/* The loop's longer work: displays, unpacking, string building. */
#include "vm/loop.h"

#include "vm/types/dict.h"
#include "vm/types/list.h"
#include "vm/types/set.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

/* Items of a display, taken out of their registers into `out`. */
static void take_range(Frame *frame, uint32_t r, uint32_t count, Value *out) {
    for (uint32_t k = 0; k < count; k++) out[k] = operand_take(frame, r + k);
}

static void consume_range(Vm *vm, Frame *frame, uint32_t r, uint32_t count) {
    for (uint32_t k = 0; k < count; k++) operand_consume(vm, frame, r + k);
}

bool op_build_list(Vm *vm, Frame *frame, Instr i) {
    List *list = list_from_values(vm, &frame->registers[INSTR_B(i)], INSTR_C(i));
    if (!list) return false;
    consume_range(vm, frame, INSTR_B(i), INSTR_C(i));
    return result_set(vm, frame, INSTR_A(i), value_from_object(list));
}

bool op_build_tuple(Vm *vm, Frame *frame, Instr i) {
    Value items[256];
    take_range(frame, INSTR_B(i), INSTR_C(i), items);
    Tuple *tuple = tuple_from_values_take(vm, items, INSTR_C(i));
    return tuple && result_set(vm, frame, INSTR_A(i), value_from_object(tuple));
}

bool op_build_set(Vm *vm, Frame *frame, Instr i) {
    Set *set = set_new(vm, TYPE(vm, SET));
    if (!set) return false;
    for (uint32_t k = 0; k < INSTR_C(i); k++) {
        if (set_add(vm, set, frame->registers[INSTR_B(i) + k])) continue;
        release_object(vm, set);
        return false;
    }
    consume_range(vm, frame, INSTR_B(i), INSTR_C(i));
    return result_set(vm, frame, INSTR_A(i), value_from_object(set));
}

bool op_build_map(Vm *vm, Frame *frame, Instr i) {
    Dict *dict = dict_new_sized(vm, INSTR_C(i));
    if (!dict) return false;
    const Value *pairs = &frame->registers[INSTR_B(i)];
    for (uint32_t k = 0; k < INSTR_C(i); k++) {
        if (dict_set(vm, dict, pairs[2 * k], pairs[2 * k + 1])) continue;
        release_object(vm, dict);
        return false;
    }
    consume_range(vm, frame, INSTR_B(i), 2 * INSTR_C(i));
    return result_set(vm, frame, INSTR_A(i), value_from_object(dict));
}

bool op_list_append(Vm *vm, Frame *frame, Instr i) {
    return list_append_take(vm, value_list(frame->registers[INSTR_A(i)]), operand_take(frame, INSTR_B(i)));
}

bool op_set_add(Vm *vm, Frame *frame, Instr i) {
    if (!set_add(vm, value_set(frame->registers[INSTR_A(i)]), frame->registers[INSTR_B(i)])) return false;
    operand_consume(vm, frame, INSTR_B(i));
    return true;
}

bool op_map_add(Vm *vm, Frame *frame, Instr i) {
    Value *R = frame->registers;
    if (!dict_set(vm, value_dict(R[INSTR_A(i)]), R[INSTR_B(i)], R[INSTR_C(i)])) return false;
    operand_consume(vm, frame, INSTR_B(i));
    operand_consume(vm, frame, INSTR_C(i));
    return true;
}

bool op_list_extend(Vm *vm, Frame *frame, Instr i) {
    Value iterable = frame->registers[INSTR_B(i)];
    if (!list_extend(vm, value_list(frame->registers[INSTR_A(i)]), iterable)) {
        Type *type = value_type(vm, iterable);
        if (error_matches(vm, EXC_TypeError) && !type->slots.iter && !type->slots.get_item)
            error_type(vm, "Value after * must be an iterable, not %T", iterable);
        return false;
    }
    operand_consume(vm, frame, INSTR_B(i));
    return true;
}

bool op_set_update(Vm *vm, Frame *frame, Instr i) {
    if (!set_update(vm, value_set(frame->registers[INSTR_A(i)]), frame->registers[INSTR_B(i)])) return false;
    operand_consume(vm, frame, INSTR_B(i));
    return true;
}

bool op_dict_update(Vm *vm, Frame *frame, Instr i) {
    Value mapping = frame->registers[INSTR_B(i)];
    if (!dict_merge(vm, value_dict(frame->registers[INSTR_A(i)]), mapping, true)) {
        if (error_clear_if(vm, EXC_AttributeError)) error_type(vm, "'%T' object is not a mapping", mapping);
        return false;
    }
    operand_consume(vm, frame, INSTR_B(i));
    return true;
}

Value callee_text(Vm *vm, Value callee) {
    Value name = value_find_attr(vm, callee, NAME(vm, __qualname__));
    if (value_is_error(name)) return name;
    if (value_is_empty(name)) return value_str(vm, callee);
    Value module = value_find_attr(vm, callee, NAME(vm, __module__));
    Value text;
    if (value_is_str(module) && !str_equal_ascii(value_str_peek(module), "builtins"))
        text = str_format(vm, "%U.%S()", value_str_peek(module), name);
    else text = value_is_error(module) ? module : str_format(vm, "%S()", name);
    value_release(vm, name);
    value_release(vm, module);
    return text;
}

static bool error_keyword(Vm *vm, Value callee, Value key) {
    Value text = callee_text(vm, callee);
    if (value_is_error(text)) return false;
    if (value_is_str(key)) error_type(vm, "%S got multiple values for keyword argument '%S'", text, key);
    else error_type(vm, "keywords must be strings");
    value_release(vm, text);
    return false;
}

/* f(**mapping): every key a new str. */
static bool merge_keywords(Vm *vm, Dict *into, Value mapping, Value callee) {
    Dict *copy = dict_new(vm);
    if (!copy) return false;
    bool ok = dict_merge(vm, copy, mapping, true);
    if (!ok && error_clear_if(vm, EXC_AttributeError)) {
        Value text = callee_text(vm, callee);
        if (!value_is_error(text)) error_type(vm, "%S argument after ** must be a mapping, not %T", text, mapping);
        value_release(vm, text);
    }
    size_t position = 0;
    Value key, value;
    while (ok && dict_next(copy, &position, &key, &value)) {
        if (!value_is_str(key) || !value_is_empty(dict_peek_str(vm, into, value_str_peek(key)))) ok = error_keyword(vm, callee, key);
        else ok = dict_set_str(vm, into, value_str_peek(key), value);
    }
    release_object(vm, copy);
    return ok;
}

bool op_dict_merge(Vm *vm, Frame *frame, Instr i) {
    Value *R = frame->registers;
    if (!merge_keywords(vm, value_dict(R[INSTR_A(i)]), R[INSTR_B(i)], R[INSTR_C(i)])) return false;
    operand_consume(vm, frame, INSTR_B(i));
    return true;
}

bool op_list_to_tuple(Vm *vm, Frame *frame, Instr i) {
    Value list = frame->registers[INSTR_B(i)];
    Value tuple = value_is_list(list) ? list_to_tuple(vm, value_list(list)) : tuple_from_iterable(vm, list);
    if (value_is_error(tuple)) return false;
    operand_consume(vm, frame, INSTR_B(i));
    return result_set(vm, frame, INSTR_A(i), tuple);
}

static bool unpack_error(Vm *vm, size_t wanted, size_t got, bool too_many) {
    if (too_many) error_value(vm, "too many values to unpack (expected %zu)", wanted);
    else error_value(vm, "not enough values to unpack (expected %zu, got %zu)", wanted, got);
    return false;
}

/* Results to R[A..]: the source is released before they are stored, as results may overwrite it. */
static bool unpack_values(Vm *vm, Frame *frame, Instr i, const Value *items, size_t count) {
    Value taken[256];
    for (size_t k = 0; k < count; k++) taken[k] = value_retain(items[k]);
    operand_consume(vm, frame, INSTR_B(i));
    for (size_t k = 0; k < count; k++) value_replace_take(vm, &frame->registers[INSTR_A(i) + k], taken[k]);
    return true;
}

static bool unpack_iterator(Vm *vm, Value iterator, Value *taken, size_t wanted) {
    for (size_t k = 0; k <= wanted; k++) {
        Value v = value_next(vm, iterator);
        bool ended = value_is_empty(v);
        if (k == wanted && ended) return true;
        if (k < wanted && !ended && !value_is_error(v)) {
            taken[k] = v;
            continue;
        }
        if (!value_is_error(v)) unpack_error(vm, wanted, k, !ended);
        if (!ended) value_release(vm, v);
        for (size_t n = 0; n < k; n++) value_release(vm, taken[n]);
        return false;
    }
    return true;
}

static Value unpack_iter(Vm *vm, Value source) {
    Type *type = value_type(vm, source);
    if (!type->slots.iter && !type->slots.get_item) return error_type(vm, "cannot unpack non-iterable %T object", source);
    return value_iter(vm, source);
}

bool op_unpack(Vm *vm, Frame *frame, Instr i) {
    Value source = frame->registers[INSTR_B(i)];
    size_t wanted = INSTR_C(i);
    if (value_is_exact(source, LAYOUT_TUPLE) && value_tuple(source)->count == wanted)
        return unpack_values(vm, frame, i, value_tuple(source)->items, wanted);
    if (value_is_exact(source, LAYOUT_LIST) && value_list(source)->count == wanted)
        return unpack_values(vm, frame, i, value_list(source)->items, wanted);
    if (value_is_exact(source, LAYOUT_TUPLE) || value_is_exact(source, LAYOUT_LIST)) {
        size_t got = value_is_list(source) ? value_list(source)->count : value_tuple(source)->count;
        return unpack_error(vm, wanted, got, got > wanted);
    }
    Value taken[256], iterator = unpack_iter(vm, source);
    if (value_is_error(iterator)) return false;
    bool ok = unpack_iterator(vm, iterator, taken, wanted);
    value_release(vm, iterator);
    if (!ok) return false;
    operand_consume(vm, frame, INSTR_B(i));
    for (size_t k = 0; k < wanted; k++) value_replace_take(vm, &frame->registers[INSTR_A(i) + k], taken[k]);
    return true;
}

bool op_unpack_ex(Vm *vm, Frame *frame, Instr i, uint32_t before, uint32_t after) {
    Value iterator = unpack_iter(vm, frame->registers[INSTR_B(i)]);
    if (value_is_error(iterator)) return false;
    List *all = list_from_iterable(vm, iterator);
    value_release(vm, iterator);
    if (!all) return false;
    if (all->count < before + after) {
        error_value(vm, "not enough values to unpack (expected at least %u, got %zu)", before + after, all->count);
        release_object(vm, all);
        return false;
    }
    size_t middle = all->count - before - after;
    List *rest = list_from_values(vm, all->items + before, middle);
    if (rest) {
        operand_consume(vm, frame, INSTR_B(i));
        Value *target = &frame->registers[INSTR_A(i)];
        for (size_t k = 0; k < before; k++) value_replace_take(vm, target++, value_retain(all->items[k]));
        value_replace_take(vm, target++, value_from_object(rest));
        for (size_t k = 0; k < after; k++) value_replace_take(vm, target++, value_retain(all->items[before + middle + k]));
    }
    release_object(vm, all);
    return rest != NULL;
}

/* The value after !s, !r, !a; new. */
static Value converted(Vm *vm, Value v, int conversion) {
    switch (conversion) {
    case 's': return value_str(vm, v);
    case 'r': return value_repr(vm, v);
    case 'a': return value_ascii(vm, v);
    default: return value_retain(v);
    }
}

static bool format_operand(Vm *vm, Frame *frame, Instr i, int conversion, Str *spec, Value *out) {
    Value v = converted(vm, frame->registers[INSTR_B(i)], conversion);
    if (value_is_error(v)) return false;
    bool plain = value_is_exact(v, LAYOUT_STR) && (!spec || !spec->length);
    *out = plain ? value_retain(v) : value_format(vm, v, spec);
    value_release(vm, v);
    return !value_is_error(*out);
}

bool op_format(Vm *vm, Frame *frame, Instr i) {
    Value text;
    if (!format_operand(vm, frame, i, INSTR_C(i), NULL, &text)) return false;
    operand_consume(vm, frame, INSTR_B(i));
    return result_set(vm, frame, INSTR_A(i), text);
}

bool op_format_spec(Vm *vm, Frame *frame, Instr i, int conversion) {
    Value text;
    if (!format_operand(vm, frame, i, conversion, value_str_peek(frame->registers[INSTR_C(i)]), &text)) return false;
    operand_consume(vm, frame, INSTR_B(i));
    operand_consume(vm, frame, INSTR_C(i));
    return result_set(vm, frame, INSTR_A(i), text);
}

bool op_build_string(Vm *vm, Frame *frame, Instr i) {
    Str *s = str_join_values(vm, &frame->registers[INSTR_B(i)], INSTR_C(i));
    if (!s) return false;
    consume_range(vm, frame, INSTR_B(i), INSTR_C(i));
    return result_set(vm, frame, INSTR_A(i), value_from_object(s));
}
