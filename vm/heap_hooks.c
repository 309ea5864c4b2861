/* What the heap asks of the VM: finalizers, attributes, callbacks of weak references, roots, the collector's reports.
 *
 * Whatever runs script code here is run in between of something else: the exception in flight is put aside and restored, and
 * an exception raised goes to sys.unraisablehook. To add a root, that is a field of Vm that holds a reference: a line in
 * vm_visit_roots.
 */
#include "vm/heap_hooks.h"

#include "vm/ops.h"
#include "vm/shape.h"
#include "vm/types/function.h"
#include "vm/types/generator.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/vm.h"
#include "gc/collector.h"
#include "gc/trace.h"

#include <stdio.h>

/* --- finalizers --- */

static bool has_finalizer(const Object *self) {
    const Shape *shape = self->shape;
    if (shape->layout == LAYOUT_GENERATOR) return generator_needs_close(self);
    return (shape->type->flags & TYPE_FLAG_HAS_DEL) != 0;
}

/* self.__del__(), looked up on the class. */
static void call_del(Vm *vm, Object *self) {
    Value del = value_retain(type_lookup_peek(vm, self->shape->type, NAME(vm, __del__)));
    Value receiver = value_from_object(self), done;
    if (value_is_empty(del)) return;
    if (value_is_function(del)) {
        done = value_call(vm, del, &receiver, 1, NULL);
    } else {
        Value bound = value_special(vm, receiver, NAME(vm, __del__));
        done = value_is_error(bound) || value_is_empty(bound) ? bound : value_call0(vm, bound);
        value_release(vm, bound);
    }
    if (value_is_error(done)) error_unraisable(vm, NULL, del);
    else value_release(vm, done);
    value_release(vm, del);
}

static void finalize(Vm *vm, Object *self) {
    Value in_flight = error_fetch(vm);
    if (self->shape->layout == LAYOUT_GENERATOR) generator_finalize(vm, self);
    else call_del(vm, self);
    error_restore_take(vm, in_flight);
}

static void call_callback(Vm *vm, Value callback, Value ref) {
    Value in_flight = error_fetch(vm);
    Value done = value_call1(vm, callback, ref);
    if (value_is_error(done)) error_unraisable(vm, NULL, callback);
    else value_release(vm, done);
    error_restore_take(vm, in_flight);
}

/* --- frames, for gc/trace.c --- */

static uint32_t frame_places(Vm *vm, const void **places, uint32_t most, uint32_t *total) {
    uint32_t count = 0;
    for (const Frame *f = vm->frame; f && count < most; f = f->previous) places[count++] = f->pc;
    *total = vm->frame_depth;
    return count;
}

static void frame_place(Vm *vm, uint32_t level, Object **file, uint32_t *line) {
    const Frame *f = vm->frame;
    while (level-- && f) f = f->previous;
    if (!f) return;
    *file = (Object *)f->code->filename;
    *line = (uint32_t)frame_line(f);
}

/* --- roots --- */

static void visit_pointer(const void *o, VisitFn visit, void *arg) {
    if (o) visit(value_from_object(o), arg);
}

/* A register that holds no live value holds no pointer: all of a chunk can be visited. */
static void visit_stack(Vm *vm, VisitFn visit, void *arg) {
    StackChunk *chunk = vm->stack;
    while (chunk && chunk->next) chunk = chunk->next;
    for (; chunk; chunk = chunk->previous) {
        for (Value *v = chunk->values; v < chunk->end; v++) visit(*v, arg);
    }
}

static void visit_frames(Vm *vm, VisitFn visit, void *arg) {
    for (Frame *frame = vm->frame; frame; frame = frame->previous) {
        if (!frame->generator) visit_pointer(frame->function, visit, arg);
        visit_pointer(frame->object, visit, arg);
        visit(frame->init_self, arg);
    }
}

void vm_visit_roots(Vm *vm, VisitFn visit, void *arg) {
    const Value fields[] = {vm->exception, vm->base_exc_state.handled, vm->sys_module, vm->builtins_module, vm->empty_tuple,
                            vm->empty_bytes, vm->empty_frozenset, vm->memory_error, vm->trash_watcher, vm->warned,
                            vm->gc_callbacks, vm->gc_garbage, vm->main_args, vm->atexit_callbacks, vm->interrupt_handler};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) visit(fields[i], arg);
    for (int i = 0; i < TYPE_ID_COUNT; i++) visit_pointer(vm->types[i], visit, arg);
    for (int i = 0; i < EXC_COUNT; i++) visit_pointer(vm->exception_types[i], visit, arg);
    for (int i = 0; i < NAME_COUNT; i++) visit_pointer(vm->names[i], visit, arg);
    for (int i = 0; i < 256; i++) visit_pointer(vm->latin1[i], visit, arg);
    visit_pointer(vm->modules, visit, arg);
    visit_pointer(vm->builtins, visit, arg);
    visit_pointer(vm->repr_stack, visit, arg);
    visit_pointer(vm->unraisable_type, visit, arg);
    for (int i = 0; vm->module_states && i < vm_module_count(); i++) visit(vm->module_states[i], arg);
    trace_visit(&vm->heap, visit, arg);
    visit_stack(vm, visit, arg);
    visit_frames(vm, visit, arg);
}

/* Built-in types, those of modules included; and interned names, which shapes hold without showing it. */
static bool is_immortal(const Object *self) {
    if (self->shape->layout == LAYOUT_STR) return ((const Str *)self)->interned;
    return self->shape->layout == LAYOUT_TYPE && !(((const Type *)self)->flags & TYPE_FLAG_HEAP);
}

/* --- the collector's reports --- */

static void describe(const Object *self, char *out, size_t size) {
    int n = snprintf(out, size, "%s object", type_name(self->shape->type));
    if (self->shape->layout == LAYOUT_STR && ((const Str *)self)->ascii)
        snprintf(out + n, size - (size_t)n, " '%.50s'", (const char *)str_data((const Str *)self));
    else if (self->shape->layout == LAYOUT_TYPE)
        snprintf(out + n, size - (size_t)n, " %.50s", type_name((const Type *)self));
    else if (self->shape->layout == LAYOUT_FUNCTION && ((const Function *)self)->name->ascii)
        snprintf(out + n, size - (size_t)n, " %.50s", (const char *)str_data(((const Function *)self)->name));
}

static void debug_write(Vm *vm, const char *text) {
    Value in_flight = error_fetch(vm);
    Value s = str_format(vm, "%s", text);
    error_write(vm, s);
    value_release(vm, s);
    error_clear(vm);
    error_restore_take(vm, in_flight);
}

static void report(Vm *vm, const char *text) {
    if (vm->streams.write_err) vm->streams.write_err(vm->streams.user, text, strlen(text));
}

/* As CPython's debug_cycle prints it. */
static void debug_object(Vm *vm, Object *o, unsigned flags) {
    Value in_flight = error_fetch(vm);
    if (flags & GC_DEBUG_COLLECTABLE) {
        Value s = str_format(vm, "gc: collectable <%N %p>\n", o->shape->type, (void *)o);
        error_write(vm, s);
        value_release(vm, s);
    }
    if (flags & GC_DEBUG_SAVEALL && value_is_list(vm->gc_garbage)) list_append(vm, value_list(vm->gc_garbage), value_from_object(o));
    error_clear(vm);
    error_restore_take(vm, in_flight);
}

/* info = {"generation": ..., "collected": ..., "uncollectable": ...} */
static Value collection_info(Vm *vm, int generation, size_t collected, size_t uncollectable) {
    Dict *info = dict_new(vm);
    if (info && dict_set_ascii(vm, info, "generation", value_from_small(generation)) &&
        dict_set_ascii(vm, info, "collected", value_from_small((int64_t)collected)) &&
        dict_set_ascii(vm, info, "uncollectable", value_from_small((int64_t)uncollectable)))
        return value_from_object(info);
    release_object(vm, info);
    return VALUE_ERROR;
}

static void call_collection_callbacks(Vm *vm, List *callbacks, Value phase, Value info) {
    for (size_t i = 0; i < callbacks->count; i++) {
        Value callback = value_retain(callbacks->items[i]);
        Value done = value_call2(vm, callback, phase, info);
        if (value_is_error(done)) error_unraisable(vm, NULL, callback);
        else value_release(vm, done);
        value_release(vm, callback);
    }
}

static void collection(Vm *vm, bool start, int generation, size_t collected, size_t uncollectable) {
    if (!value_is_list(vm->gc_callbacks) || value_list(vm->gc_callbacks)->count == 0) return;
    Value in_flight = error_fetch(vm);
    Value callbacks = value_retain(vm->gc_callbacks);
    Value phase = str_format(vm, "%s", start ? "start" : "stop");
    Value info = value_is_error(phase) ? VALUE_ERROR : collection_info(vm, generation, collected, uncollectable);
    if (value_is_error(info)) error_unraisable(vm, "Exception ignored on invoking gc callbacks", VALUE_EMPTY);
    else call_collection_callbacks(vm, value_list(callbacks), phase, info);
    value_release(vm, info);
    value_release(vm, phase);
    value_release(vm, callbacks);
    error_restore_take(vm, in_flight);
}

/* The watcher's list is empty again before the trash dies: what the watcher saw, it cannot keep alive by its argument. */
static void trash_found(Vm *vm, Object **objects, size_t count) {
    if (!value_is_object(vm->trash_watcher)) return;
    Value in_flight = error_fetch(vm);
    trace_pause(&vm->heap);
    List *list = list_new(vm, count);
    for (size_t i = 0; list && i < count; i++) {
        if (objects[i] && !list_append(vm, list, value_from_object(objects[i]))) break;
    }
    Value watcher = value_retain(vm->trash_watcher);
    Value result = list && !error_pending(vm) ? value_call1(vm, watcher, value_from_object(list)) : VALUE_ERROR;
    if (value_is_error(result)) error_unraisable(vm, "Exception ignored while a collection was watched", VALUE_EMPTY);
    value_release(vm, result);
    value_release(vm, watcher);
    if (list) list_clear(vm, list);
    release_object(vm, list);
    trace_resume(&vm->heap);
    error_restore_take(vm, in_flight);
}

const HeapHooks vm_heap_hooks = {
    .finalize = finalize,
    .has_finalizer = has_finalizer,
    .visit_attrs = object_attrs_visit,
    .clear_attrs = object_attrs_clear,
    .free_attrs = object_attrs_free,
    .visit_roots = vm_visit_roots,
    .is_immortal = is_immortal,
    .call_callback = call_callback,
    .attrs_extra = object_attrs_extra,
    .frame_places = frame_places,
    .frame_place = frame_place,
    .trash_found = trash_found,
    .collection = collection,
    .describe = describe,
    .debug_write = debug_write,
    .report = report,
    .debug_object = debug_object,
};
