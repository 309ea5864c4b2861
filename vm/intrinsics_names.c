/* Intrinsics for names and locals that instructions cannot address: code with more than 65,536 names or 120 locals, or with
 * very many targets in one unpacking. What they do is what the instructions of the same names do. */
#include "vm/intrinsics.h"

#include "vm/loop.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

static Value undefined(Vm *vm, Str *name) {
    error_name(vm, name, "name '%U' is not defined");
    return VALUE_ERROR;
}

static Value global_load(Vm *vm, Str *name) {
    Value v = dict_peek_str(vm, vm->frame->globals, name);
    if (value_is_empty(v)) v = dict_peek_str(vm, vm->frame->builtins, name);
    return value_is_empty(v) ? undefined(vm, name) : value_retain(v);
}

/* The mapping's item; VALUE_EMPTY when it has none, VALUE_ERROR. */
static Value mapping_find(Vm *vm, Value mapping, Value name) {
    Value v = value_get_item(vm, mapping, name);
    if (value_is_error(v) && error_clear_if(vm, EXC_KeyError)) return VALUE_EMPTY;
    return v;
}

static Value name_load(Vm *vm, Value name) {
    Value v = mapping_find(vm, vm->frame->registers[0], name);
    return value_is_empty(v) ? global_load(vm, value_str_peek(name)) : v;
}

static Value name_delete(Vm *vm, Value name) {
    if (value_delete_item(vm, vm->frame->registers[0], name)) return VALUE_NONE;
    return error_clear_if(vm, EXC_KeyError) ? undefined(vm, value_str_peek(name)) : VALUE_ERROR;
}

static Value class_free_load(Vm *vm, Value mapping, Value name, Value cell) {
    Value v = mapping_find(vm, mapping, name);
    if (value_is_empty(v)) v = value_retain(((Cell *)value_object(cell))->content);
    if (!value_is_empty(v)) return v;
    error_name(vm, value_str_peek(name), "cannot access free variable '%U' where it is not associated with a value in enclosing scope");
    return VALUE_ERROR;
}

static Value check_local(Vm *vm, Value v, Value name) {
    if (!value_is_empty(v)) return value_retain(v);
    return error_raise(vm, EXC_UnboundLocalError, "cannot access local variable '%S' where it is not associated with a value", name);
}

/* --- unpacking --- */

static Value wrong_count(Vm *vm, int64_t expected, bool at_least, size_t got, bool too_many) {
    const char *more = at_least ? "at least " : "";
    if (too_many) return error_value(vm, "too many values to unpack (expected %lld)", (long long)expected);
    return error_value(vm, "not enough values to unpack (expected %s%lld, got %zu)", more, (long long)expected, got);
}

static Value not_iterable(Vm *vm, Value v) {
    const Type *type = value_type(vm, v);
    if (!error_matches(vm, EXC_TypeError) || type->slots.iter || type->slots.get_item) return VALUE_ERROR;
    error_clear(vm);
    return error_type(vm, "cannot unpack non-iterable %T object", v);
}

/* The items with those of the star gathered in a list: a tuple as long as there are targets. */
static Value gather(Vm *vm, List *items, size_t before, size_t after) {
    size_t starred = items->count - before - after;
    Tuple *tuple = tuple_new(vm, before + 1 + after);
    List *middle = tuple ? list_from_values(vm, items->items + before, starred) : NULL;
    if (!middle) {
        release_object(vm, tuple);
        return VALUE_ERROR;
    }
    for (size_t i = 0; i < before; i++) tuple->items[i] = value_retain(items->items[i]);
    tuple->items[before] = value_from_object(middle);
    for (size_t i = 0; i < after; i++) tuple->items[before + 1 + i] = value_retain(items->items[before + starred + i]);
    tuple_track(vm, tuple);
    return value_from_object(tuple);
}

static Value unpack(Vm *vm, Value iterable, int64_t before, int64_t after) {
    Value iterator = value_iter(vm, iterable);
    if (value_is_error(iterator)) return not_iterable(vm, iterable);
    List *items = list_new(vm, (size_t)before);
    Value item = VALUE_EMPTY, result = VALUE_ERROR;
    bool ok = items != NULL;
    size_t most = after < 0 ? (size_t)before + 1 : SIZE_MAX;
    while (ok && items->count < most) {
        item = value_next(vm, iterator);
        if (value_is_empty(item)) break;
        ok = !value_is_error(item) && list_append_take(vm, items, item);
    }
    if (ok) {
        size_t needed = (size_t)before + (after < 0 ? 0 : (size_t)after);
        if (items->count < needed) wrong_count(vm, (int64_t)needed, after >= 0, items->count, false);
        else if (after < 0 && items->count > needed) wrong_count(vm, before, false, items->count, true);
        else result = after < 0 ? list_to_tuple(vm, items) : gather(vm, items, (size_t)before, (size_t)after);
    }
    release_object(vm, items);
    value_release(vm, iterator);
    return result;
}

Value intrinsic_of_names(Vm *vm, Intrinsic which, Value *args) {
    Str *name = value_is_str(args[0]) ? value_str_peek(args[0]) : NULL;
    switch (which) {
    case INTRINSIC_LOAD_GLOBAL: return global_load(vm, name);
    case INTRINSIC_STORE_GLOBAL: return dict_set_str(vm, vm->frame->globals, name, args[1]) ? VALUE_NONE : VALUE_ERROR;
    case INTRINSIC_DELETE_GLOBAL: return dict_delete_str(vm, vm->frame->globals, name) ? VALUE_NONE : undefined(vm, name);
    case INTRINSIC_LOAD_NAME: return name_load(vm, args[0]);
    case INTRINSIC_STORE_NAME: return value_set_item(vm, vm->frame->registers[0], args[0], args[1]) ? VALUE_NONE : VALUE_ERROR;
    case INTRINSIC_DELETE_NAME: return name_delete(vm, args[0]);
    case INTRINSIC_CHECK_LOCAL: return check_local(vm, args[0], args[1]);
    case INTRINSIC_LOAD_CLASS_FREE: return class_free_load(vm, args[0], args[1], args[2]);
    case INTRINSIC_UNPACK: return unpack(vm, args[0], value_small(args[1]), value_small(args[2]));
    default: return error_raise(vm, EXC_SystemError, "unknown intrinsic");
    }
}
