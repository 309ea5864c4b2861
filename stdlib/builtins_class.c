/* __build_class__: what a class statement calls (PEP 3115, PEP 487, PEP 560). */
#include "stdlib/builtins.h"

#include "vm/frame.h"
#include "vm/ops.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

/* The bases after __mro_entries__ of those that are no types. New tuple (the same one when nothing changes), NULL on error. */
static Tuple *resolve_bases(Vm *vm, Tuple *bases) {
    List *resolved = NULL;
    for (size_t k = 0; k < bases->count; k++) {
        Value base = bases->items[k];
        Value method = value_has_layout(base, LAYOUT_TYPE) ? VALUE_EMPTY : value_find_attr(vm, base, NAME(vm, __mro_entries__));
        if (value_is_error(method)) goto failed;
        if (value_is_empty(method)) {
            if (resolved && !list_append(vm, resolved, base)) goto failed;
            continue;
        }
        if (!resolved && !(resolved = list_from_values(vm, bases->items, k))) goto failed;
        Value entries = value_call1(vm, method, value_from_object(bases));
        value_release(vm, method);
        if (value_is_error(entries)) goto failed;
        bool ok = value_is_tuple(entries);
        if (!ok) error_type(vm, "__mro_entries__ must return a tuple");
        for (size_t n = 0; ok && n < value_tuple(entries)->count; n++) ok = list_append(vm, resolved, value_tuple(entries)->items[n]);
        value_release(vm, entries);
        if (!ok) goto failed;
    }
    if (!resolved) return retain_object(bases);
    Value tuple = list_to_tuple(vm, resolved);
    release_object(vm, resolved);
    return value_is_error(tuple) ? NULL : value_tuple(tuple);
failed:
    release_object(vm, resolved);
    return NULL;
}

/* The metaclass: the keyword's, else the first base's type, else type; a class is refined to the most derived one. New. */
static Value find_metaclass(Vm *vm, Tuple *bases, Dict *keywords) {
    Value meta = keywords ? value_retain(dict_peek_str(vm, keywords, NAME(vm, metaclass))) : VALUE_EMPTY;
    if (!value_is_empty(meta)) {
        dict_delete_str(vm, keywords, NAME(vm, metaclass));
        if (!value_has_layout(meta, LAYOUT_TYPE)) return meta;
    } else {
        Type *type = bases->count ? value_type(vm, bases->items[0]) : TYPE(vm, TYPE);
        meta = value_retain(value_from_object(type));
    }
    Type *winner = type_calculate_metaclass(vm, (Type *)value_object(meta), bases);
    value_release(vm, meta);
    return winner ? value_retain(value_from_object(winner)) : VALUE_ERROR;
}

/* metaclass.__prepare__(name, bases, **keywords), or a dict. New. */
static Value prepare_namespace(Vm *vm, Value meta, Value name, Tuple *bases, Dict *keywords) {
    Value prepare = value_find_attr(vm, meta, NAME(vm, __prepare__));
    if (value_is_error(prepare)) return prepare;
    if (value_is_empty(prepare)) {
        Dict *d = dict_new(vm);
        return d ? value_from_object(d) : VALUE_ERROR;
    }
    Tuple *args = tuple_pack(vm, 2, name, value_from_object(bases));
    Value namespace = args ? value_call_ex(vm, prepare, args, keywords) : VALUE_ERROR;
    release_object(vm, args);
    value_release(vm, prepare);
    if (value_is_error(namespace)) return namespace;
    if (!value_type(vm, namespace)->slots.get_item) {
        const char *who = value_has_layout(meta, LAYOUT_TYPE) ? type_name((Type *)value_object(meta)) : "<metaclass>";
        error_type(vm, "%s.__prepare__() must return a mapping, not %T", who, namespace);
        value_release(vm, namespace);
        return VALUE_ERROR;
    }
    return namespace;
}

/* The cell that the body returned (for __class__) must hold the class now. */
static bool check_class_cell(Vm *vm, Value cell, Value cls, Value name) {
    if (!value_has_layout(cell, LAYOUT_CELL) || !value_has_layout(cls, LAYOUT_TYPE)) return true;
    Value held = ((Cell *)value_object(cell))->content;
    if (value_same(held, cls)) return true;
    if (value_is_empty(held))
        error_raise(vm, EXC_RuntimeError, "__class__ not set defining %V as %V. Was __classcell__ propagated to type.__new__?", name, cls);
    else error_type(vm, "__class__ set to %V defining %V as %V", held, name, cls);
    return false;
}

static Value make_class(Vm *vm, Function *body, Value name, Tuple *original, Tuple *bases, Dict *keywords) {
    Value meta = find_metaclass(vm, bases, keywords);
    if (value_is_error(meta)) return meta;
    Value cls = VALUE_ERROR, cell = VALUE_ERROR;
    Value namespace = prepare_namespace(vm, meta, name, bases, keywords);
    if (value_is_error(namespace)) goto done;
    cell = function_run_body(vm, body, namespace);
    if (value_is_error(cell)) goto done;
    if (bases != original && !value_set_item(vm, namespace, value_from_object(NAME(vm, __orig_bases__)), value_from_object(original)))
        goto done;
    Tuple *args = tuple_pack(vm, 3, name, value_from_object(bases), namespace);
    if (args) cls = value_call_ex(vm, meta, args, keywords);
    release_object(vm, args);
    if (!value_is_error(cls) && !check_class_cell(vm, cell, cls, name)) {
        value_release(vm, cls);
        cls = VALUE_ERROR;
    }
done:
    if (!value_is_error(cell)) value_release(vm, cell);
    if (!value_is_error(namespace)) value_release(vm, namespace);
    value_release(vm, meta);
    return cls;
}

/* "(func, name, /, *bases, **kwds)": args[2..nargs) are the bases, args[nargs] the keywords. */
Value builtins_build_class(Vm *vm, Value *args, int nargs) {
    if (nargs < 2) return error_type(vm, "__build_class__: not enough arguments");
    if (!value_is_function(args[0])) return error_type(vm, "__build_class__: func must be a function");
    if (!value_is_str(args[1])) return error_type(vm, "__build_class__: name is not a string");
    Tuple *original = tuple_from_values(vm, args + 2, (size_t)(nargs - 2));
    Tuple *bases = original ? resolve_bases(vm, original) : NULL;
    Dict *keywords = value_is_dict(args[nargs]) ? value_dict(args[nargs]) : NULL;
    Value cls = bases ? make_class(vm, (Function *)value_object(args[0]), args[1], original, bases, keywords) : VALUE_ERROR;
    release_object(vm, bases);
    release_object(vm, original);
    return cls;
}
