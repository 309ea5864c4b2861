/* "Did you mean": what a NameError, AttributeError or ImportError probably meant.
 *
 * Candidates are gathered when a traceback is written, never when the exception is raised. Whatever goes wrong on the way (script code
 * may run: __dir__, __getattr__) means that there is no suggestion. */
#include "vm/traceback_text.h"

#include "vm/import.h"
#include "vm/ops.h"
#include "vm/suggest.h"
#include "vm/types/dict.h"
#include "vm/types/frame_object.h"
#include "vm/types/list.h"
#include "vm/vm.h"

#define CANDIDATES_MAX 749

bool stdlib_has_module(const Str *name) {
    static const char *const names[] = {
#define MODULE_NAME(text) text,
#include "stdlib/module_names.def"
#undef MODULE_NAME
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_equal_ascii(name, names[i])) return true;
    return false;
}

static bool is_underscored(const Str *s) { return s->length && str_at(s, 0) == '_'; }

/* Attribute names as dir() gives them. New List, or NULL. */
static List *dir_of(Vm *vm, Value v) {
    Value dir = dict_peek_ascii(vm, vm->builtins, "dir");
    if (value_is_empty(dir)) return NULL;
    value_retain(dir);
    Value names = value_call1(vm, dir, v);
    value_release(vm, dir);
    if (value_is_list(names)) return value_list(names);
    value_release(vm, names);
    return NULL;
}

/* The nearest of the strs in the list. New, or VALUE_NONE. */
static Value nearest(Vm *vm, Str *name, List *list, bool hide_underscored) {
    size_t count = 0;
    if (!list->count) return VALUE_NONE;
    Str **candidates = heap_alloc(&vm->heap, list->count * sizeof *candidates);
    if (!candidates) return VALUE_NONE;
    for (size_t i = 0; i < list->count; i++) {
        if (!value_is_str(list->items[i])) continue;
        Str *s = value_str_peek(list->items[i]);
        if (!hide_underscored || !is_underscored(s)) candidates[count++] = s;
    }
    Str *found = count <= CANDIDATES_MAX ? suggest_name(vm, name, candidates, count) : NULL;
    heap_free(&vm->heap, candidates, list->count * sizeof *candidates);
    return found ? value_retain(value_from_object(found)) : VALUE_NONE;
}

/* Where the exception was raised: the innermost frame. Borrowed; NULL. */
static FrameObject *innermost_frame(Value exception) {
    Traceback *t = value_exception(exception)->traceback;
    while (t && t->next) t = t->next;
    return t ? t->frame : NULL;
}

/* The local `self` of a frame: new, VALUE_EMPTY when there is none. */
static Value self_of(Vm *vm, Value locals) {
    Str *name = str_intern(vm, "self", 4);
    Value self = name && value_is_dict(locals) ? value_retain(dict_peek_str(vm, value_dict(locals), name)) : VALUE_EMPTY;
    release_object(vm, name);
    return self;
}

/* --- AttributeError --- */

static Value for_attribute(Vm *vm, Value exception, Str *name) {
    Value obj = value_exception(exception)->extra[EXTRA_OBJ];
    if (value_is_empty(obj)) obj = VALUE_NONE;
    value_retain(obj);
    List *names = dir_of(vm, obj);
    bool hide = !is_underscored(name);
    FrameObject *frame = innermost_frame(exception);
    if (names && hide && frame) {
        Value locals = frame_locals(vm, frame), self = value_is_error(locals) ? VALUE_EMPTY : self_of(vm, locals);
        hide = !value_same(self, obj);
        value_release(vm, self);
        value_release(vm, locals);
    }
    value_release(vm, obj);
    Value result = names ? nearest(vm, name, names, hide) : VALUE_NONE;
    release_object(vm, names);
    return result;
}

/* --- ImportError: cannot import name --- */

static Value for_import(Vm *vm, Value exception, Str *wrong) {
    Value module_name = value_exception(exception)->extra[EXTRA_IMPORT_NAME];
    if (!value_is_str(module_name)) return VALUE_NONE;
    Value module = import_by_name(vm, value_str_peek(module_name), VALUE_NONE, VALUE_NONE, 0);
    if (value_is_error(module)) return VALUE_NONE;
    List *names = dir_of(vm, module);
    value_release(vm, module);
    Value result = names ? nearest(vm, wrong, names, !is_underscored(wrong)) : VALUE_NONE;
    release_object(vm, names);
    return result;
}

/* --- NameError --- */

static bool add_keys(Vm *vm, List *names, Value mapping) {
    if (!value_is_dict(mapping)) return true;
    size_t position = 0;
    Value key, value;
    while (dict_next(value_dict(mapping), &position, &key, &value))
        if (!list_append(vm, names, key)) return false;
    return true;
}

static Value nearest_variable(Vm *vm, Str *name, Value locals, FrameObject *frame) {
    List *names = list_new(vm, 0);
    bool ok = names && add_keys(vm, names, locals) && add_keys(vm, names, value_from_object(frame->function->globals)) &&
              add_keys(vm, names, value_from_object(frame->function->builtins));
    Value result = ok ? nearest(vm, name, names, false) : VALUE_NONE;
    release_object(vm, names);
    return result;
}

static Value for_name(Vm *vm, Value exception, Str *name) {
    FrameObject *frame = innermost_frame(exception);
    if (!frame) return VALUE_NONE;
    Value locals = frame_locals(vm, frame), result = VALUE_NONE;
    if (value_is_error(locals)) return VALUE_NONE;
    Value self = self_of(vm, locals), found = value_is_empty(self) ? VALUE_EMPTY : value_find_attr(vm, self, name);
    if (value_is_error(found)) error_clear(vm);
    else if (!value_is_empty(found)) result = str_format(vm, "self.%U", name);
    else result = nearest_variable(vm, name, locals, frame);
    if (!value_is_error(found)) value_release(vm, found);
    value_release(vm, self);
    value_release(vm, locals);
    return result;
}

/* --- which of them --- */

static Value suggest(Vm *vm, Value exception) {
    const Value *extra = value_exception(exception)->extra;
    if (value_is_instance(vm, exception, vm->exception_types[EXC_ImportError])) {
        Value wrong = extra[EXTRA_IMPORT_FROM];
        return value_is_str(wrong) ? for_import(vm, exception, value_str_peek(wrong)) : VALUE_NONE;
    }
    bool is_name = value_is_instance(vm, exception, vm->exception_types[EXC_NameError]);
    bool is_attribute = value_is_instance(vm, exception, vm->exception_types[EXC_AttributeError]);
    if ((!is_name && !is_attribute) || !value_is_str(extra[EXTRA_NAME])) return VALUE_NONE;
    Str *name = retain_object(value_str_peek(extra[EXTRA_NAME]));
    Value result = is_name ? for_name(vm, exception, name) : for_attribute(vm, exception, name);
    release_object(vm, name);
    return result;
}

Value suggestion_for(Vm *vm, Value exception) {
    Value result = suggest(vm, exception);
    error_clear(vm);
    return value_is_error(result) ? VALUE_NONE : result;
}
