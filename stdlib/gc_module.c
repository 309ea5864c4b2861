/* The gc module: the collector's controls and questions about references.
 *
 * The collector itself is gc/collector.c; its settings live in the heap. gc.callbacks and gc.garbage are lists that the VM holds as
 * well, so that the collector finds them after a script has rebound the names.
 */
#include "gc/collector.h"

#include "vm/ops.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/list.h"
#include "vm/vm.h"

/* --- control --- */

static Value gc_enable(Vm *vm, Value *args, int nargs) {
    (void)args;
    (void)nargs;
    collector_set_enabled(&vm->heap, true);
    return VALUE_NONE;
}

static Value gc_disable(Vm *vm, Value *args, int nargs) {
    (void)args;
    (void)nargs;
    collector_set_enabled(&vm->heap, false);
    return VALUE_NONE;
}

static Value gc_isenabled(Vm *vm, Value *args, int nargs) {
    (void)args;
    (void)nargs;
    return value_from_bool(collector_is_enabled(&vm->heap));
}

static Value gc_collect(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int generation = GENERATION_OLDEST;
    if (!value_is_empty(args[0]) && !value_as_int(vm, args[0], &generation)) return VALUE_ERROR;
    if (generation < 0 || generation > GENERATION_OLDEST) return error_value(vm, "invalid generation");
    return value_from_small((int64_t)heap_collect(&vm->heap, generation));
}

static Value gc_set_threshold(Vm *vm, Value *args, int nargs) {
    if (nargs < 1 || nargs > 3) return error_type(vm, "gc.set_threshold requires 1 to 3 arguments");
    for (int i = 0; i < nargs; i++) {
        int threshold;
        if (!value_as_int(vm, args[i], &threshold)) return VALUE_ERROR;
        collector_set_threshold(&vm->heap, i, (uint32_t)threshold);
    }
    return VALUE_NONE;
}

static Value three(Vm *vm, int64_t a, int64_t b, int64_t c) {
    Tuple *t = tuple_pack(vm, 3, value_from_small(a), value_from_small(b), value_from_small(c));
    return t ? value_from_object(t) : VALUE_ERROR;
}

static Value gc_get_threshold(Vm *vm, Value *args, int nargs) {
    const Generation *g = vm->heap.generations;
    (void)args;
    (void)nargs;
    return three(vm, (int32_t)g[0].threshold, (int32_t)g[1].threshold, (int32_t)g[2].threshold);
}

static Value gc_get_count(Vm *vm, Value *args, int nargs) {
    (void)args;
    (void)nargs;
    return three(vm, collector_count(&vm->heap, 0), collector_count(&vm->heap, 1), collector_count(&vm->heap, 2));
}

static Value gc_set_debug(Vm *vm, Value *args, int nargs) {
    int flags;
    (void)nargs;
    if (!value_as_int(vm, args[0], &flags)) return VALUE_ERROR;
    collector_set_debug(&vm->heap, (unsigned)flags);
    return VALUE_NONE;
}

static Value gc_get_debug(Vm *vm, Value *args, int nargs) {
    (void)args;
    (void)nargs;
    return value_from_small(collector_debug(&vm->heap));
}

static Value gc_freeze(Vm *vm, Value *args, int nargs) {
    (void)args;
    (void)nargs;
    return collector_freeze(&vm->heap) ? VALUE_NONE : error_no_memory(vm);
}

static Value gc_unfreeze(Vm *vm, Value *args, int nargs) {
    (void)args;
    (void)nargs;
    return collector_unfreeze(&vm->heap) ? VALUE_NONE : error_no_memory(vm);
}

static Value gc_get_freeze_count(Vm *vm, Value *args, int nargs) {
    (void)args;
    (void)nargs;
    return value_from_small((int64_t)generation_size(&vm->heap, GENERATION_ASIDE));
}

/* --- figures --- */

static Value generation_stats(Vm *vm, int generation) {
    CollectorStats s = collector_stats(&vm->heap, generation);
    Dict *d = dict_new(vm);
    if (d && dict_set_ascii(vm, d, "collections", value_from_small((int64_t)s.collections)) &&
        dict_set_ascii(vm, d, "collected", value_from_small((int64_t)s.collected)) &&
        dict_set_ascii(vm, d, "uncollectable", value_from_small((int64_t)s.uncollectable)))
        return value_from_object(d);
    release_object(vm, d);
    return VALUE_ERROR;
}

static Value gc_get_stats(Vm *vm, Value *args, int nargs) {
    (void)args;
    (void)nargs;
    List *list = list_new(vm, 3);
    if (!list) return VALUE_ERROR;
    for (int i = 0; i <= GENERATION_OLDEST; i++) {
        Value stats = generation_stats(vm, i);
        if (value_is_error(stats) || !list_append_take(vm, list, stats)) {
            release_object(vm, list);
            return VALUE_ERROR;
        }
    }
    return value_from_object(list);
}

static Value gc_is_tracked(Vm *vm, Value *args, int nargs) {
    (void)vm;
    (void)nargs;
    return value_from_bool(value_is_object(args[0]) && object_is_tracked(value_object(args[0])));
}

static Value gc_is_finalized(Vm *vm, Value *args, int nargs) {
    (void)vm;
    (void)nargs;
    return value_from_bool(value_is_object(args[0]) && value_object(args[0])->gc & GC_FINALIZED);
}

/* --- objects and references --- */

/* Objects of generations first..last for which `wanted` says true (NULL: all), but the list itself. Reads the arrays anew at each step:
 * appending may track the list. */
static Value list_tracked(Vm *vm, int first, int last, bool (*wanted)(Vm *vm, Object *o, void *arg), void *arg) {
    List *list = list_new(vm, 0);
    if (!list) return VALUE_ERROR;
    for (int generation = first; generation <= last; generation++) {
        const Generation *g = &vm->heap.generations[generation];
        for (uint32_t i = 1; i < g->end; i++) {
            Object *o = g->items[i];
            if (!o || o == &list->head || (wanted && !wanted(vm, o, arg))) continue;
            if (list_append(vm, list, value_from_object(o))) continue;
            release_object(vm, list);
            return VALUE_ERROR;
        }
    }
    return value_from_object(list);
}

static Value gc_get_objects(Vm *vm, Value *args, int nargs) {
    int generation = -1;
    (void)nargs;
    if (!value_is_empty(args[0]) && !value_is_none(args[0])) {
        Value index = value_index(vm, args[0]);
        if (value_is_error(index)) {
            if (!error_clear_if(vm, EXC_TypeError)) return VALUE_ERROR;
            return error_type(vm, "argument should be integer or None, not '%T'", args[0]);
        }
        bool ok = value_as_int(vm, index, &generation);
        value_release(vm, index);
        if (!ok) return VALUE_ERROR;
    }
    if (generation > GENERATION_OLDEST)
        return error_value(vm, "generation parameter must be less than the number of available generations (%d)", 3);
    if (generation < -1) return error_value(vm, "generation parameter cannot be negative");
    if (generation == -1) return list_tracked(vm, 0, GENERATION_OLDEST, NULL, NULL);
    return list_tracked(vm, generation, generation, NULL, NULL);
}

typedef struct Targets {
    const Value *items;
    int count;
    bool found;
} Targets;

static void visit_is_target(Value ref, void *arg) {
    Targets *t = arg;
    if (!value_is_object(ref)) return;
    for (int i = 0; i < t->count && !t->found; i++) t->found = value_same(ref, t->items[i]);
}

static bool refers_to_target(Vm *vm, Object *o, void *arg) {
    Targets *t = arg;
    t->found = false;
    object_visit(&vm->heap, o, visit_is_target, t);
    return t->found;
}

static Value gc_get_referrers(Vm *vm, Value *args, int nargs) {
    Targets targets = {args, nargs, false};
    return list_tracked(vm, 0, GENERATION_OLDEST, refers_to_target, &targets);
}

typedef struct Referents {
    Vm *vm;
    List *list;
    bool ok;
} Referents;

static void visit_append(Value ref, void *arg) {
    Referents *r = arg;
    bool internal = ref.bits == 0 || value_is_empty(ref) || value_is_error(ref);
    if (r->ok && !internal) r->ok = list_append(r->vm, r->list, ref);
}

static Value gc_get_referents(Vm *vm, Value *args, int nargs) {
    Referents r = {vm, list_new(vm, 0), true};
    if (!r.list) return VALUE_ERROR;
    for (int i = 0; i < nargs; i++) {
        if (value_is_object(args[i])) object_visit(&vm->heap, value_object(args[i]), visit_append, &r);
    }
    if (r.ok) return value_from_object(r.list);
    release_object(vm, r.list);
    return VALUE_ERROR;
}

/* --- the module --- */

static const NativeDef gc_functions[] = {
    {"enable", gc_enable, "($module, /)", "Enable automatic garbage collection.", NATIVE_METHOD},
    {"disable", gc_disable, "($module, /)", "Disable automatic garbage collection.", NATIVE_METHOD},
    {"isenabled", gc_isenabled, "($module, /)", "Returns true if automatic garbage collection is enabled.", NATIVE_METHOD},
    {"collect", gc_collect, "($module, /, generation=2)",
     "Run the garbage collector: a generation (0 to 2) and the younger ones. Returns the number of unreachable objects.", NATIVE_METHOD},
    {"set_threshold", gc_set_threshold, "($module, *thresholds)",
     "set_threshold(threshold0, [threshold1, [threshold2]])\nSet how often collections happen; 0 for the first turns them off.",
     NATIVE_METHOD},
    {"get_threshold", gc_get_threshold, "($module, /)", "Return the current collection thresholds.", NATIVE_METHOD},
    {"get_count", gc_get_count, "($module, /)", "Return a three-tuple of the current collection counts.", NATIVE_METHOD},
    {"get_stats", gc_get_stats, "($module, /)", "Return a list of dictionaries containing per-generation statistics.", NATIVE_METHOD},
    {"set_debug", gc_set_debug, "($module, flags, /)",
     "Set the debugging flags, a sum of DEBUG_... The output goes to sys.stderr.", NATIVE_METHOD},
    {"get_debug", gc_get_debug, "($module, /)", "Get the garbage collection debugging flags.", NATIVE_METHOD},
    {"get_objects", gc_get_objects, "($module, /, generation=None)",
     "Return a list of the tracked objects, of one generation or of all, but the list itself.", NATIVE_METHOD},
    {"get_referrers", gc_get_referrers, "($module, /, *objs)",
     "Return the list of objects that directly refer to any of 'objs'.", NATIVE_METHOD},
    {"get_referents", gc_get_referents, "($module, /, *objs)",
     "Return the list of objects that are directly referred to by 'objs'.", NATIVE_METHOD},
    {"is_tracked", gc_is_tracked, "($module, obj, /)",
     "Returns true if the object is tracked by the garbage collector; atoms are not.", NATIVE_METHOD},
    {"is_finalized", gc_is_finalized, "($module, obj, /)",
     "Returns true if the object has been already finalized by the GC.", NATIVE_METHOD},
    {"freeze", gc_freeze, "($module, /)",
     "Freeze all current tracked objects and ignore them for future collections.", NATIVE_METHOD},
    {"unfreeze", gc_unfreeze, "($module, /)", "Unfreeze all objects in the permanent generation.", NATIVE_METHOD},
    {"get_freeze_count", gc_get_freeze_count, "($module, /)",
     "Return the number of objects in the permanent generation.", NATIVE_METHOD},
    {0},
};

/* The VM's list, made the first time, under the module's name for it. */
static bool add_list(Vm *vm, Dict *dict, const char *name, Value *place) {
    if (value_is_empty(*place)) {
        List *list = list_new(vm, 0);
        if (!list) return false;
        *place = value_from_object(list);
    }
    return dict_set_ascii(vm, dict, name, *place);
}

static bool gc_init(Vm *vm, Value module) {
    static const struct {
        const char *name;
        unsigned value;
    } flags[] = {{"DEBUG_STATS", GC_DEBUG_STATS},
                 {"DEBUG_COLLECTABLE", GC_DEBUG_COLLECTABLE},
                 {"DEBUG_UNCOLLECTABLE", GC_DEBUG_UNCOLLECTABLE},
                 {"DEBUG_SAVEALL", GC_DEBUG_SAVEALL},
                 {"DEBUG_LEAK", GC_DEBUG_LEAK}};
    Dict *dict = ((Module *)value_object(module))->dict;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (!dict_set_ascii(vm, dict, flags[i].name, value_from_small(flags[i].value))) return false;
    }
    return add_list(vm, dict, "garbage", &vm->gc_garbage) && add_list(vm, dict, "callbacks", &vm->gc_callbacks);
}

const ModuleDef gc_module = {
    .name = "gc",
    .doc = "This module provides access to the garbage collector for reference cycles.",
    .functions = gc_functions,
    .init = gc_init,
};
