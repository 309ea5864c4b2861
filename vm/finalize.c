/* Closing a VM, in CPython's order, so that finalizers written in scripts see what they see there:
 *
 *   atexit callbacks, the last registered first; a collection; sys.modules is emptied, so that modules nobody else holds go, their globals
 *   in order of insertion; a collection, which takes those held by their own functions, with globals still in place;
 *   modules that live on lose their globals, the last imported first, names with one underscore before others;
 *   sys and builtins last.
 *
 * Then nothing of the scripts may be left: what no root of the VM leads to has leaked.
 *
 * Where nobody could notice all this, because no live object has a finalizer, a weak reference's callback or anything open, the heap goes in one piece.
 */
#include "vm/finalize.h"

#include "gc/collector.h"
#include "gc/trace.h"
#include "vm/ops.h"
#include "vm/types/function.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/weakref.h"
#include "vm/vm.h"

/* --- atexit --- */

/* One callback: a tuple (function, args, kwargs), or a callable. */
static Value atexit_call(Vm *vm, Value entry, Value *function) {
    *function = entry;
    if (!value_is_tuple(entry)) return value_call0(vm, entry);
    Tuple *t = value_tuple(entry);
    *function = t->items[0];
    Dict *kwargs = t->count > 2 && value_is_dict(t->items[2]) ? value_dict(t->items[2]) : NULL;
    return t->count > 1 ? value_call_ex(vm, t->items[0], value_tuple(t->items[1]), kwargs) : value_call0(vm, t->items[0]);
}

void vm_run_atexit(Vm *vm) {
    while (value_is_list(vm->atexit_callbacks) && value_list(vm->atexit_callbacks)->count > 0) {
        List *list = value_list(vm->atexit_callbacks);
        Value entry = list_pop(vm, list, list->count - 1), function;
        if (value_is_error(entry)) break;
        Value done = atexit_call(vm, entry, &function);
        if (value_is_error(done)) error_unraisable_format(vm, VALUE_EMPTY, "Exception ignored in atexit callback %V", function);
        else value_release(vm, done);
        value_release(vm, entry);
    }
    error_clear(vm);
}

/* --- streams --- */

static bool file_is_closed(Vm *vm, Value file) {
    Str *name = str_intern(vm, "closed", 6);
    Value closed = name ? value_find_attr(vm, file, name) : VALUE_ERROR;
    release_object(vm, name);
    int truth = value_is_empty(closed) || value_is_error(closed) ? 0 : value_truth(vm, closed);
    if (value_is_error(closed) || truth < 0) error_clear(vm);
    value_release(vm, closed);
    return truth > 0;
}

/* sys.NAME.flush(); true when there is no such stream. The error is told once. */
static bool flush_stream(Vm *vm, const char *name, bool tell) {
    Value file = dict_peek_ascii(vm, ((Module *)value_object(vm->sys_module))->dict, name);
    if (value_is_empty(file) || value_is_none(file)) return true;
    value_retain(file);
    Value done = file_is_closed(vm, file) ? VALUE_NONE : value_call_method(vm, file, NAME(vm, flush), NULL, 0);
    if (value_is_error(done) && tell && !vm->flush_failed) error_unraisable(vm, "Exception ignored on flushing sys.stdout", VALUE_EMPTY);
    error_clear(vm);
    value_release(vm, done);
    value_release(vm, file);
    return !value_is_error(done);
}

bool vm_flush_streams(Vm *vm) {
    if (!value_is_module(vm->sys_module)) return true;
    bool ok = flush_stream(vm, "stdout", true);
    if (!ok) vm->flush_failed = true;
    return flush_stream(vm, "stderr", false) && ok;
}

/* --- modules --- */

static bool name_is_private(const Str *name) {
    return name->length > 0 && str_at(name, 0) == '_' && (name->length == 1 || str_at(name, 1) != '_');
}

/* Sets globals to None: either the names with one underscore in front, or all but __builtins__. */
static void globals_clear(Vm *vm, Dict *dict, bool only_private) {
    Value key, value;
    for (size_t position = 0; dict_next(dict, &position, &key, &value);) {
        if (value_is_none(value) || !value_is_str(key)) continue;
        Str *name = value_str_peek(key);
        if (only_private ? !name_is_private(name) : str_equal(name, NAME(vm, __builtins__))) continue;
        retain_object(name);
        if (!dict_set_str(vm, dict, name, VALUE_NONE)) error_clear(vm);
        release_object(vm, name);
    }
}

static void module_clear(Vm *vm, Value module) {
    Dict *dict = ((Module *)value_object(module))->dict;
    if (!dict) return;
    ((Module *)value_object(module))->incomplete = false;
    retain_object(dict);
    globals_clear(vm, dict, true);
    globals_clear(vm, dict, false);
    release_object(vm, dict);
}

/* Weak references to all modules but sys and builtins, whose entries in sys.modules become None one after the other. */
static List *modules_detach(Vm *vm) {
    List *weak = list_new(vm, 0);
    Value key, module;
    for (size_t position = 0; dict_next(vm->modules, &position, &key, &module);) {
        if (!value_is_module(module) || !value_is_str(key)) continue;
        bool first = value_same(module, vm->sys_module) || value_same(module, vm->builtins_module);
        Value ref = weak && !first ? weakref_new(vm, module, VALUE_EMPTY) : VALUE_ERROR;
        if (!value_is_error(ref)) list_append_take(vm, weak, ref);
        Str *name = retain_object(value_str_peek(key));
        dict_set_str(vm, vm->modules, name, VALUE_NONE);
        release_object(vm, name);
        error_clear(vm);
    }
    return weak;
}

/* Modules that are still there, the last imported first. */
static void modules_clear_rest(Vm *vm, List *weak) {
    for (size_t i = weak ? weak->count : 0; i-- > 0;) {
        Value module = weakref_target((Weakref *)value_object(weak->items[i]));
        if (value_is_module(module)) module_clear(vm, module);
        value_release(vm, module);
    }
}

/* What the last exceptions and the like in sys hold. */
static void sys_forget(Vm *vm) {
    static const char *const names[] = {"path",       "argv",           "ps1",        "ps2",       "last_exc", "last_type",
                                        "last_value", "last_traceback", "path_hooks", "meta_path", "path_importer_cache"};
    Dict *dict = ((Module *)value_object(vm->sys_module))->dict;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!value_is_empty(dict_peek_ascii(vm, dict, names[i])) && !dict_set_ascii(vm, dict, names[i], VALUE_NONE)) error_clear(vm);
    }
}

static void modules_finalize(Vm *vm) {
    sys_forget(vm);
    List *weak = modules_detach(vm);
    dict_clear(vm, vm->modules);
    heap_collect(&vm->heap, GENERATION_OLDEST);
    modules_clear_rest(vm, weak);
    release_object(vm, weak);
    heap_collect(&vm->heap, GENERATION_OLDEST);
    vm_flush_streams(vm);
    module_clear(vm, vm->sys_module);
    module_clear(vm, vm->builtins_module);
}

/* --- the VM's own --- */

static void clear_object(Vm *vm, void *field) { /* field: the address of a pointer to an object */
    void *o;
    memcpy(&o, field, sizeof o);
    memset(field, 0, sizeof o);
    release_object(vm, o);
}

static void fields_release(Vm *vm) {
    Value *const fields[] = {&vm->atexit_callbacks, &vm->main_args, &vm->warned, &vm->gc_callbacks, &vm->gc_garbage,
                             &vm->sys_module, &vm->builtins_module, &vm->trash_watcher, &vm->interrupt_handler,
                             &vm->base_exc_state.handled};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) value_clear(vm, fields[i]);
    for (int i = 0; vm->module_states && i < vm_module_count(); i++) value_clear(vm, &vm->module_states[i]);
    clear_object(vm, &vm->modules);
    clear_object(vm, &vm->builtins);
    clear_object(vm, &vm->repr_stack);
}

static bool end_is_noticed(Vm *vm) {
    bool watched = vm->leak_checks || collector_debug(&vm->heap) || (value_is_list(vm->gc_callbacks) && value_list(vm->gc_callbacks)->count);
    return watched || heap_end_is_noticed(&vm->heap);
}

size_t vm_finalize(Vm *vm) {
    error_clear(vm);
    vm_run_atexit(vm);
    vm_flush_streams(vm);
    if (!end_is_noticed(vm)) return 0;
    vm->finalizing = true;
    if (collector_is_enabled(&vm->heap)) heap_collect(&vm->heap, GENERATION_OLDEST);
    value_clear(vm, &vm->gc_callbacks); /* collections while modules go are told to nobody, as in CPython */
    if (value_is_module(vm->sys_module)) modules_finalize(vm);
    fields_release(vm);
    for (int i = 0; i < 3 && heap_collect(&vm->heap, GENERATION_OLDEST) > 0; i++) error_clear(vm);
    error_clear(vm);
    trace_stop(&vm->heap);
    return vm->leak_checks ? heap_count_leaks(&vm->heap, true) : 0;
}

size_t vm_free(Vm *vm) {
    size_t leaked = vm_finalize(vm);
    HeapAllocator host = vm->allocator;
    stack_destroy(vm);
    heap_destroy(&vm->heap);
    host.free(host.user, vm, sizeof *vm);
    return leaked;
}
