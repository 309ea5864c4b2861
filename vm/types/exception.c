/* BaseException: the struct that all exceptions share, its memory, attributes and methods. What the other types add is in
 * vm/types/exception_types.c.
 *
 * args is never NULL. extra has as many values as the type's family asks for (exception_extra_count), VALUE_EMPTY where not set. */
#include "vm/types/exception.h"

#include "vm/ops.h"
#include "vm/shape.h"
#include "vm/types/dict.h"
#include "vm/types/exception_family.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

ExceptionId exception_id(const Type *type) { return (ExceptionId)(type->spec - exception_specs); }

static bool extras_alloc(Vm *vm, ExceptionObject *e, uint8_t count) {
    e->extra_count = 0;
    e->extra = NULL;
    if (!count) return true;
    e->extra = heap_alloc(&vm->heap, count * sizeof(Value));
    if (!e->extra) return error_no_memory(vm), false;
    for (uint8_t k = 0; k < count; k++) e->extra[k] = VALUE_EMPTY;
    e->extra_count = count;
    return true;
}

/* An instance with these args; __init__ has not run. */
static ExceptionObject *exception_alloc(Vm *vm, Type *type, Tuple *args) {
    ExceptionObject *e = type_alloc(vm, type, sizeof *e);
    if (!e) return NULL;
    e->args = retain_object(args);
    e->traceback = NULL;
    e->cause = e->context = VALUE_EMPTY;
    e->suppress_context = false;
    bool ok = extras_alloc(vm, e, exception_extra_count(exception_id(type)));
    object_track(&vm->heap, &e->head);
    if (ok) return e;
    release_object(vm, e);
    return NULL;
}

Value exception_base_new(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    (void)kwnames;
    Tuple *tuple = tuple_from_values(vm, args, (size_t)nargs);
    if (!tuple) return VALUE_ERROR;
    ExceptionObject *e = exception_alloc(vm, type, tuple);
    release_object(vm, tuple);
    return e ? value_from_object(e) : VALUE_ERROR;
}

bool exception_set_args(Vm *vm, ExceptionObject *e, Value *args, int nargs) {
    Tuple *tuple = tuple_from_values(vm, args, (size_t)nargs), *old = e->args;
    if (!tuple) return false;
    e->args = tuple;
    release_object(vm, old);
    return true;
}

bool exception_no_keywords(Vm *vm, Value self, Tuple *kwnames) {
    if (!kwnames || !kwnames->count) return true;
    error_type(vm, "%T() takes no keyword arguments", self);
    return false;
}

bool exception_base_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    return exception_no_keywords(vm, self, kwnames) && exception_set_args(vm, value_exception(self), args, nargs);
}

Value exception_new(Vm *vm, ExceptionId id, Value argument) {
    Type *type = vm->exception_types[id];
    Tuple *args = value_is_empty(argument) ? retain_object(value_object(vm->empty_tuple)) : tuple_from_values(vm, &argument, 1);
    if (!args) return VALUE_ERROR;
    ExceptionObject *e = exception_alloc(vm, type, args);
    if (e && e->extra_count) {
        Value self = value_from_object(e);
        if (!type->slots.init(vm, self, args->items, (int)args->count, NULL)) {
            release_object(vm, e);
            e = NULL;
        }
    }
    release_object(vm, args);
    return e ? value_from_object(e) : VALUE_ERROR;
}

/* --- memory --- */

size_t exception_size(const Object *o) {
    (void)o;
    return sizeof(ExceptionObject);
}

size_t exception_extra_size(const Object *o) { return ((const ExceptionObject *)o)->extra_count * sizeof(Value); }

void exception_visit(Object *o, VisitFn visit, void *arg) {
    ExceptionObject *e = (ExceptionObject *)o;
    visit(value_from_object(e->args), arg);
    if (e->traceback) visit(value_from_object(e->traceback), arg);
    visit(e->cause, arg);
    visit(e->context, arg);
    for (uint8_t k = 0; k < e->extra_count; k++) visit(e->extra[k], arg);
}

void exception_clear(Vm *vm, Object *o) {
    ExceptionObject *e = (ExceptionObject *)o;
    Traceback *traceback = e->traceback;
    Tuple *args = e->args;
    e->traceback = NULL;
    e->args = retain_object(value_object(vm->empty_tuple));
    value_clear(vm, &e->cause);
    value_clear(vm, &e->context);
    for (uint8_t k = 0; k < e->extra_count; k++) value_clear(vm, &e->extra[k]);
    release_object(vm, traceback);
    release_object(vm, args);
}

void exception_free(Vm *vm, Object *o) {
    ExceptionObject *e = (ExceptionObject *)o;
    Traceback *traceback = e->traceback;
    e->traceback = NULL;
    value_clear(vm, &e->cause);
    value_clear(vm, &e->context);
    for (uint8_t k = 0; k < e->extra_count; k++) value_clear(vm, &e->extra[k]);
    if (e->extra) heap_free(&vm->heap, e->extra, e->extra_count * sizeof(Value));
    release_object(vm, traceback);
    release_object(vm, e->args);
}

/* --- texts --- */

Value exception_base_repr(Vm *vm, Value self) {
    ExceptionObject *e = value_exception(self);
    if (e->args->count == 1) return str_format(vm, "%T(%V)", self, e->args->items[0]);
    return str_format(vm, "%T%V", self, value_from_object(e->args));
}

Value exception_base_str(Vm *vm, Value self) {
    ExceptionObject *e = value_exception(self);
    if (!e->args->count) return value_retain(value_from_object(NAME(vm, empty)));
    if (e->args->count == 1) return value_str(vm, e->args->items[0]);
    return value_str(vm, value_from_object(e->args));
}

Value exception_str(Vm *vm, Value self) { return value_str(vm, self); }

/* --- attributes --- */

static Value get_args(Vm *vm, Value self) {
    (void)vm;
    return value_retain(value_from_object(value_exception(self)->args));
}

static bool set_args(Vm *vm, Value self, Value value) {
    if (value_is_empty(value)) return error_type(vm, "args may not be deleted"), false;
    Value tuple = tuple_from_iterable(vm, value);
    if (value_is_error(tuple)) return false;
    Tuple *old = value_exception(self)->args;
    value_exception(self)->args = value_tuple(tuple);
    release_object(vm, old);
    return true;
}

static Value get_traceback(Vm *vm, Value self) {
    (void)vm;
    Traceback *traceback = value_exception(self)->traceback;
    return traceback ? value_retain(value_from_object(traceback)) : VALUE_NONE;
}

static bool set_traceback(Vm *vm, Value self, Value value) {
    if (value_is_empty(value)) return error_type(vm, "__traceback__ may not be deleted"), false;
    bool none = value_is_none(value);
    if (!none && !value_has_layout(value, LAYOUT_TRACEBACK)) return error_type(vm, "__traceback__ must be a traceback or None"), false;
    Traceback *old = value_exception(self)->traceback;
    value_exception(self)->traceback = none ? NULL : retain_object(value_object(value));
    release_object(vm, old);
    return true;
}

static Value exception_or_none(Value v) { return value_is_empty(v) ? VALUE_NONE : value_retain(v); }

static Value get_context(Vm *vm, Value self) { return (void)vm, exception_or_none(value_exception(self)->context); }
static Value get_cause(Vm *vm, Value self) { return (void)vm, exception_or_none(value_exception(self)->cause); }

static bool set_linked(Vm *vm, Value *place, Value value, const char *what) {
    if (value_is_empty(value)) return error_type(vm, "__%s__ may not be deleted", what), false;
    if (!value_is_none(value) && !value_is_exception(value))
        return error_type(vm, "exception %s must be None or derive from BaseException", what), false;
    value_replace_take(vm, place, value_is_none(value) ? VALUE_EMPTY : value_retain(value));
    return true;
}

static bool set_context(Vm *vm, Value self, Value value) { return set_linked(vm, &value_exception(self)->context, value, "context"); }

static bool set_cause(Vm *vm, Value self, Value value) {
    if (!set_linked(vm, &value_exception(self)->cause, value, "cause")) return false;
    value_exception(self)->suppress_context = true;
    return true;
}

static Value get_suppress(Vm *vm, Value self) { return (void)vm, value_from_bool(value_exception(self)->suppress_context); }

static bool set_suppress(Vm *vm, Value self, Value value) {
    int truth = value_is_bool(value) ? value_is_true(value) : -1;
    if (truth < 0) return error_type(vm, "attribute value type must be bool"), false;
    value_exception(self)->suppress_context = truth;
    return true;
}

/* --- methods --- */

static Value with_traceback(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return set_traceback(vm, args[0], args[1]) ? value_retain(args[0]) : VALUE_ERROR;
}

static Value add_note(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!value_is_str(args[1])) return error_type(vm, "add_note() argument must be str, not %T", args[1]);
    Value notes = value_find_attr(vm, args[0], NAME(vm, __notes__));
    if (value_is_error(notes)) return notes;
    if (value_is_empty(notes)) {
        List *list = list_new(vm, 1);
        if (!list) return VALUE_ERROR;
        notes = value_from_object(list);
        if (!value_set_attr(vm, args[0], NAME(vm, __notes__), notes)) {
            value_release(vm, notes);
            return VALUE_ERROR;
        }
    }
    bool ok = value_is_list(notes);
    if (!ok) error_type(vm, "Cannot add note: __notes__ is not a list");
    else ok = list_append(vm, value_list(notes), args[1]);
    value_release(vm, notes);
    return ok ? VALUE_NONE : VALUE_ERROR;
}

static Value exception_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value type = value_from_object(value_object(args[0])->shape->type), tuple = value_from_object(value_exception(args[0])->args);
    Value dict = object_attrs_copy(vm, value_object(args[0]));
    if (value_is_error(dict)) return dict;
    bool empty = !value_is_dict(dict) || !value_dict(dict)->count;
    Tuple *result = empty ? tuple_pack(vm, 2, type, tuple) : tuple_pack(vm, 3, type, tuple, dict);
    value_release(vm, dict);
    return result ? value_from_object(result) : VALUE_ERROR;
}

static Value exception_setstate(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (value_is_none(args[1])) return VALUE_NONE;
    if (!value_is_dict(args[1])) return error_type(vm, "state is not a dictionary");
    size_t position = 0;
    Value key, value;
    while (dict_next(value_dict(args[1]), &position, &key, &value))
        if (!value_is_str(key) || !value_set_attr(vm, args[0], value_str_peek(key), value)) return VALUE_ERROR;
    return VALUE_NONE;
}

const NativeDef exception_methods[] = {
    {"with_traceback", with_traceback, "($self, tb, /)", "Sets the traceback; returns the exception itself.", 0},
    {"add_note", add_note, "($self, note, /)", "Adds a note that tracebacks show below the message.", 0},
    {"__reduce__", exception_reduce, "($self, /)", NULL, 0},
    {"__setstate__", exception_setstate, "($self, state, /)", NULL, 0},
    {0}};

static Value get_dict(Vm *vm, Value self) { return object_dict(vm, value_object(self)); }
static bool set_dict(Vm *vm, Value self, Value value) {
    if (value_is_empty(value)) return error_type(vm, "cannot delete __dict__"), false;
    if (!value_is_dict(value)) return error_type(vm, "__dict__ must be set to a dictionary, not a '%T'", value), false;
    return object_set_dict(vm, value_object(self), value);
}

const GetSetDef exception_getset[] = {
    {"__dict__", get_dict, set_dict, NULL},
    {"args", get_args, set_args, NULL},
    {"__traceback__", get_traceback, set_traceback, NULL},
    {"__context__", get_context, set_context, "exception context"},
    {"__cause__", get_cause, set_cause, "exception cause"},
    {"__suppress_context__", get_suppress, set_suppress, NULL},
    {0}};
