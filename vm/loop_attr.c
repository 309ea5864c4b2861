/* The loop's longer work: attributes (through the inline caches of vm/attr.h), items and slices. */
#include "vm/loop.h"

#include "vm/attr.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/super.h"

static AttrCache *cache_of(Instr *words) { return (AttrCache *)(words + 1); }
static Str *name_of(const Frame *frame, const Instr *words) { return frame->code->names[words[0]]; }

/* What the cache knows of o.name as a value. New; VALUE_EMPTY: it cannot tell. */
static Value cached_value(Vm *vm, Object *o, Str *name, const AttrCache *cache) {
    switch ((AttrKind)cache->kind) {
    case ATTR_SLOT: return value_retain(*attr_slot(o, cache->info));
    case ATTR_OVERFLOW: return value_retain(attr_overflow(o, cache->info));
    case ATTR_DICT: return value_retain(dict_peek_str(vm, attr_dict(o, cache->info), name));
    case ATTR_CLASS_VALUE: return value_retain(attr_cache_value(cache));
    case ATTR_CLASS_PLACE:
        if (attr_cache_dict(cache)->version != cache->version) return VALUE_EMPTY;
        return value_retain(*attr_cache_place(cache));
    case ATTR_STATIC: return value_retain(attr_wrapped(attr_cache_value(cache)));
    case ATTR_METHOD: return attr_bind(vm, attr_cache_value(cache), value_from_object(o));
    case ATTR_CLASS_METHOD:
        return attr_bind(vm, attr_wrapped(attr_cache_value(cache)), value_from_object(o->shape->type));
    case ATTR_GETTER: return value_call1(vm, property_getter(attr_cache_value(cache)), value_from_object(o));
    default: return VALUE_EMPTY;
    }
}

static Value cached_type_value(Vm *vm, Object *o, const AttrCache *cache) {
    Type *type = (Type *)o;
    switch ((AttrKind)cache->kind) {
    case ATTR_TYPE_PLACE:
        if (attr_cache_dict(cache) != type->dict || type->dict->version != cache->version) return VALUE_EMPTY;
        return value_retain(*attr_cache_place(cache));
    case ATTR_MODULE: {
        Dict *d = ((Module *)o)->dict;
        return d->version == cache->version ? value_retain(*dict_value_at(d, cache->info)) : VALUE_EMPTY;
    }
    case ATTR_TYPE_VALUE:
    case ATTR_TYPE_STATIC:
    case ATTR_TYPE_CLASS_METHOD: break;
    default: return VALUE_EMPTY;
    }
    if (type->version != cache->version) return VALUE_EMPTY;
    Value v = attr_cache_value(cache);
    if (cache->kind == ATTR_TYPE_VALUE) return value_retain(v);
    if (cache->kind == ATTR_TYPE_STATIC) return value_retain(attr_wrapped(v));
    return attr_bind(vm, attr_wrapped(v), value_from_object(o));
}

static Value load_through_cache(Vm *vm, Value v, Str *name, AttrCache *cache) {
    if (!value_is_object(v)) return value_get_attr(vm, v, name);
    Object *o = value_object(v);
    if (o->shape->id == cache->shape_id) {
        Value found = cache->kind < ATTR_TYPE_VALUE ? cached_value(vm, o, name, cache) : cached_type_value(vm, o, cache);
        if (!value_is_empty(found)) return found;
    }
    attr_cache_load(vm, v, name, cache);
    return value_get_attr(vm, v, name);
}

bool op_load_attr(Vm *vm, Frame *frame, Instr i, Instr *words) {
    Value v = load_through_cache(vm, frame->registers[INSTR_B(i)], name_of(frame, words), cache_of(words));
    if (value_is_error(v)) return false;
    operand_consume(vm, frame, INSTR_B(i));
    return result_set(vm, frame, INSTR_A(i), v);
}

/* Method kinds other than a plain function of the instance's class: function and self without a bound method. */
static bool method_through_cache(Vm *vm, Value v, const AttrCache *cache, Value *function, Value *self) {
    if (!value_is_object(v) || value_object(v)->shape->id != cache->shape_id) return false;
    Object *o = value_object(v);
    switch ((AttrKind)cache->kind) {
    case ATTR_METHOD:
        *function = attr_cache_value(cache);
        *self = v;
        break;
    case ATTR_CLASS_METHOD:
        *function = attr_wrapped(attr_cache_value(cache));
        *self = value_from_object(value_type(vm, v));
        break;
    case ATTR_TYPE_CLASS_METHOD:
        if (((Type *)o)->version != cache->version) return false;
        *function = attr_wrapped(attr_cache_value(cache));
        *self = v;
        break;
    default: return false;
    }
    value_retain(*function);
    value_retain(*self);
    return true;
}

bool op_load_method(Vm *vm, Frame *frame, Instr i, Instr *words) {
    Value v = frame->registers[INSTR_B(i)], function, self = VALUE_EMPTY;
    Str *name = name_of(frame, words);
    AttrCache *cache = cache_of(words);
    if (!method_through_cache(vm, v, cache, &function, &self)) {
        if (value_is_object(v) && value_object(v)->shape->id == cache->shape_id) {
            function = load_through_cache(vm, v, name, cache);
        } else {
            attr_cache_load(vm, v, name, cache);
            function = value_get_method(vm, v, name, &self);
            if (!value_is_error(function)) value_retain(self);
        }
        if (value_is_error(function)) return false;
    }
    operand_consume(vm, frame, INSTR_B(i));
    frame->registers[INSTR_A(i)] = function;
    frame->registers[INSTR_A(i) + 1] = self;
    return true;
}

/* Stores where the cache says. false: it does not hold. value: stolen then. */
static bool store_through_cache(Vm *vm, Object *o, Value value, Str *name, const AttrCache *cache) {
    if (o->shape->id != cache->shape_id) return false;
    Value *place;
    switch ((AttrKind)cache->kind) {
    case ATTR_ADD_SLOT: o->shape = attr_cache_shape(cache); __attribute__((fallthrough));
    case ATTR_STORE_SLOT: place = attr_slot(o, cache->info); break;
    case ATTR_ADD_OVERFLOW: o->shape = attr_cache_shape(cache); __attribute__((fallthrough));
    case ATTR_STORE_OVERFLOW: place = attr_overflow_place(o, cache->info); break;
    default: return false;
    }
    (void)name;
    value_replace_take(vm, place, value);
    return true;
}

bool op_store_attr(Vm *vm, Frame *frame, Instr i, Instr *words) {
    Value target = frame->registers[INSTR_A(i)], value = operand_take(frame, INSTR_B(i));
    Str *name = name_of(frame, words);
    AttrCache *cache = cache_of(words);
    bool ok = true;
    if (!value_is_object(target) || !store_through_cache(vm, value_object(target), value, name, cache)) {
        attr_cache_store(vm, target, name, cache);
        ok = value_set_attr(vm, target, name, value);
        value_release(vm, value);
    }
    if (ok) operand_consume(vm, frame, INSTR_A(i));
    return ok;
}

bool op_del_attr(Vm *vm, Frame *frame, Instr i, const Instr *words) {
    bool ok = value_set_attr(vm, frame->registers[INSTR_A(i)], name_of(frame, words), VALUE_EMPTY);
    if (ok) operand_consume(vm, frame, INSTR_A(i));
    return ok;
}

bool op_load_super_attr(Vm *vm, Frame *frame, Instr i, Str *name) {
    Value *R = frame->registers, *args = &R[INSTR_B(i)];
    Value v = super_get(vm, R[INSTR_C(i)], args[0], args[1], name);
    if (value_is_error(v)) return false;
    operand_consume(vm, frame, INSTR_B(i));
    operand_consume(vm, frame, INSTR_B(i) + 1u);
    operand_consume(vm, frame, INSTR_C(i));
    return result_set(vm, frame, INSTR_A(i), v);
}

static bool finish_item(Vm *vm, Frame *frame, Instr i, Value v, bool key_too) {
    if (value_is_error(v)) return false;
    operand_consume(vm, frame, INSTR_B(i));
    if (key_too) operand_consume(vm, frame, INSTR_C(i));
    return result_set(vm, frame, INSTR_A(i), v);
}

bool op_get_item(Vm *vm, Frame *frame, Instr i) {
    Value container = frame->registers[INSTR_B(i)], key = frame->registers[INSTR_C(i)];
    if (value_is_exact(container, LAYOUT_DICT) && value_is_exact(key, LAYOUT_STR)) {
        Value v = dict_peek_str(vm, value_dict(container), value_str_peek(key));
        return finish_item(vm, frame, i, value_is_empty(v) ? error_key(vm, key) : value_retain(v), true);
    }
    return finish_item(vm, frame, i, value_get_item(vm, container, key), true);
}

bool op_get_item_small(Vm *vm, Frame *frame, Instr i) {
    Value container = frame->registers[INSTR_B(i)];
    int64_t index = INSTR_SC(i);
    const Value *items = NULL;
    size_t count = 0;
    if (value_is_exact(container, LAYOUT_TUPLE)) {
        items = value_tuple(container)->items;
        count = value_tuple(container)->count;
    } else if (value_is_exact(container, LAYOUT_LIST)) {
        items = value_list(container)->items;
        count = value_list(container)->count;
    }
    size_t at = (size_t)(index < 0 ? index + (int64_t)count : index);
    Value v = at < count ? value_retain(items[at]) : value_get_item(vm, container, value_from_small(index));
    return finish_item(vm, frame, i, v, false);
}

bool op_set_item(Vm *vm, Frame *frame, Instr i) {
    Value *R = frame->registers;
    if (!value_set_item(vm, R[INSTR_A(i)], R[INSTR_B(i)], R[INSTR_C(i)])) return false;
    operand_consume(vm, frame, INSTR_C(i));
    operand_consume(vm, frame, INSTR_A(i));
    operand_consume(vm, frame, INSTR_B(i));
    return true;
}

bool op_del_item(Vm *vm, Frame *frame, Instr i) {
    if (!value_delete_item(vm, frame->registers[INSTR_A(i)], frame->registers[INSTR_B(i)])) return false;
    operand_consume(vm, frame, INSTR_A(i));
    operand_consume(vm, frame, INSTR_B(i));
    return true;
}

/* A slice object of R[r], R[r+1] and, where there is one, R[r+2]. */
static Value slice_of(Vm *vm, Frame *frame, uint32_t r, bool has_step) {
    const Value *parts = &frame->registers[r];
    Value slice = slice_new(vm, parts[0], parts[1], has_step ? parts[2] : VALUE_NONE);
    if (value_is_error(slice)) return slice;
    for (uint32_t k = 0; k < 2u + has_step; k++) operand_consume(vm, frame, r + k);
    return slice;
}

bool op_build_slice(Vm *vm, Frame *frame, Instr i) {
    return result_set(vm, frame, INSTR_A(i), slice_of(vm, frame, INSTR_B(i), true));
}

bool op_get_slice(Vm *vm, Frame *frame, Instr i) {
    Value slice = slice_of(vm, frame, INSTR_C(i), false);
    if (value_is_error(slice)) return false;
    Value v = value_get_item(vm, frame->registers[INSTR_B(i)], slice);
    value_release(vm, slice);
    return finish_item(vm, frame, i, v, false);
}

bool op_set_slice(Vm *vm, Frame *frame, Instr i) {
    Value slice = slice_of(vm, frame, INSTR_B(i), false);
    if (value_is_error(slice)) return false;
    bool ok = value_set_item(vm, frame->registers[INSTR_A(i)], slice, frame->registers[INSTR_C(i)]);
    value_release(vm, slice);
    if (!ok) return false;
    operand_consume(vm, frame, INSTR_C(i));
    operand_consume(vm, frame, INSTR_A(i));
    return true;
}
