/* The loop's longer work: names (globals, namespaces, unbound variables) and the making of functions. */
#include "vm/loop.h"

#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/str.h"

bool op_unbound_local(Vm *vm, Frame *frame, uint32_t r) {
    error_raise(vm, EXC_UnboundLocalError, "cannot access local variable '%U' where it is not associated with a value",
                frame->code->local_names[r]);
    return false;
}

bool op_unbound_cell(Vm *vm, Frame *frame, uint32_t r) { return op_unbound_local(vm, frame, r); }

bool op_unbound_free(Vm *vm, Frame *frame, uint32_t index) {
    Str *name = frame->code->free_names[index];
    error_name(vm, name, "cannot access free variable '%U' where it is not associated with a value in enclosing scope");
    return false;
}

static bool error_undefined(Vm *vm, Str *name) {
    error_name(vm, name, "name '%U' is not defined");
    return false;
}

/* Remembers where the name is: (globals version, builtins version or 0, offset). */
bool op_load_global(Vm *vm, Frame *frame, Instr i, Instr *cache) {
    Str *name = frame->code->names[INSTR_BX(i)];
    uint32_t offset = dict_value_offset(vm, frame->globals, name);
    cache[0] = 0;
    if (offset) {
        cache[1] = 0;
        cache[2] = offset;
        cache[0] = dict_watch(vm, frame->globals);
        return result_set(vm, frame, INSTR_A(i), value_retain(*dict_value_at(frame->globals, offset)));
    }
    offset = dict_value_offset(vm, frame->builtins, name);
    if (!offset) return error_undefined(vm, name);
    cache[1] = dict_watch(vm, frame->builtins);
    cache[2] = offset;
    cache[0] = dict_watch(vm, frame->globals);
    return result_set(vm, frame, INSTR_A(i), value_retain(*dict_value_at(frame->builtins, offset)));
}

bool op_store_global(Vm *vm, Frame *frame, Instr i, Instr *cache) {
    Str *name = frame->code->names[INSTR_BX(i)];
    Value v = operand_take(frame, INSTR_A(i));
    bool ok = dict_set_str(vm, frame->globals, name, v);
    value_release(vm, v);
    cache[0] = 0;
    uint32_t offset = ok ? dict_value_offset(vm, frame->globals, name) : 0;
    if (offset) {
        cache[1] = offset;
        cache[0] = dict_watch(vm, frame->globals);
    }
    return ok;
}

bool op_del_global(Vm *vm, Frame *frame, Instr i) {
    Str *name = frame->code->names[INSTR_BX(i)];
    return dict_delete_str(vm, frame->globals, name) || error_undefined(vm, name);
}

/* The namespace's value in *out, VALUE_EMPTY when it has none. */
static bool namespace_find(Vm *vm, Value namespace, Str *name, Value *out) {
    if (value_is_exact(namespace, LAYOUT_DICT)) {
        *out = value_retain(dict_peek_str(vm, value_dict(namespace), name));
        return true;
    }
    *out = value_get_item(vm, namespace, value_from_object(name));
    if (!value_is_error(*out)) return true;
    *out = VALUE_EMPTY;
    return error_clear_if(vm, EXC_KeyError);
}

static Value find_global(Vm *vm, Frame *frame, Str *name) {
    Value v = dict_peek_str(vm, frame->globals, name);
    if (value_is_empty(v)) v = dict_peek_str(vm, frame->builtins, name);
    return value_retain(v);
}

bool op_load_name(Vm *vm, Frame *frame, Instr i) {
    Str *name = frame->code->names[INSTR_BX(i)];
    Value v;
    if (!namespace_find(vm, frame->registers[0], name, &v)) return false;
    if (value_is_empty(v)) v = find_global(vm, frame, name);
    if (value_is_empty(v)) return error_undefined(vm, name);
    return result_set(vm, frame, INSTR_A(i), v);
}

bool op_store_name(Vm *vm, Frame *frame, Instr i) {
    Str *name = frame->code->names[INSTR_BX(i)];
    Value namespace = frame->registers[0], v = frame->registers[INSTR_A(i)];
    bool ok = value_is_exact(namespace, LAYOUT_DICT) ? dict_set_str(vm, value_dict(namespace), name, v)
                                                      : value_set_item(vm, namespace, value_from_object(name), v);
    if (ok) operand_consume(vm, frame, INSTR_A(i));
    return ok;
}

bool op_del_name(Vm *vm, Frame *frame, Instr i) {
    Str *name = frame->code->names[INSTR_BX(i)];
    if (value_delete_item(vm, frame->registers[0], value_from_object(name))) return true;
    return error_clear_if(vm, EXC_KeyError) ? error_undefined(vm, name) : false;
}

bool op_load_class_free(Vm *vm, Frame *frame, Instr i, Str *name) {
    Value v;
    if (!namespace_find(vm, frame->registers[0], name, &v)) return false;
    if (value_is_empty(v)) v = value_retain(((Cell *)value_object(frame->function->closure->items[INSTR_B(i)]))->content);
    if (value_is_empty(v)) return op_unbound_free(vm, frame, INSTR_B(i));
    return result_set(vm, frame, INSTR_A(i), v);
}

bool op_load_class_global(Vm *vm, Frame *frame, Instr i) {
    Str *name = frame->code->names[INSTR_BX(i)];
    Value v, *place = &frame->registers[INSTR_A(i)];
    if (!namespace_find(vm, *place, name, &v)) return false;
    if (value_is_empty(v)) v = find_global(vm, frame, name);
    if (value_is_empty(v)) return error_undefined(vm, name);
    value_replace_take(vm, place, v);
    return true;
}

bool op_make_function(Vm *vm, Frame *frame, Instr i, Value code) {
    Function *f = function_new(vm, (Code *)value_object(code), frame->globals);
    if (!f) return false;
    uint32_t r = INSTR_B(i), parts = INSTR_C(i);
    if (parts & 1) f->defaults = value_tuple(operand_take(frame, r++));
    if (parts & 2) f->kwdefaults = value_dict(operand_take(frame, r++));
    if (parts & 4) f->annotations = operand_take(frame, r++);
    if (parts & 8) f->closure = value_tuple(operand_take(frame, r++));
    return result_set(vm, frame, INSTR_A(i), value_from_object(f));
}

bool op_setup_annotations(Vm *vm, Frame *frame) {
    Str *name = NAME(vm, __annotations__);
    bool own = frame->code->flags & (CODE_NAMESPACE | CODE_CLASS_BODY);
    Value namespace = own ? frame->registers[0] : value_from_object(frame->globals), found;
    if (!namespace_find(vm, namespace, name, &found)) return false;
    if (!value_is_empty(found)) {
        value_release(vm, found);
        return true;
    }
    Dict *annotations = dict_new(vm);
    if (!annotations) return false;
    bool ok = value_set_item(vm, namespace, value_from_object(name), value_from_object(annotations));
    release_object(vm, annotations);
    return ok;
}
