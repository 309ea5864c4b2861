/* What the heap asks of the layer above it: gc/ knows neither types nor scripts. The VM's answers are vm/heap_hooks.c. */
#ifndef MINI_GC_HOOKS_H
#define MINI_GC_HOOKS_H

#include "gc/object.h"

typedef struct HeapHooks {
    /* Runs the object's __del__ if its class has one. Errors go to sys.unraisablehook. */
    void (*finalize)(Vm *vm, Object *self);
    /* true: the object has a finalizer that must run before it dies. */
    bool (*has_finalizer)(const Object *self);
    /* Visits / releases the attribute slots and the type reference of an object, besides ops->visit. */
    void (*visit_attrs)(Object *self, VisitFn visit, void *arg);
    void (*clear_attrs)(Vm *vm, Object *self);
    void (*free_attrs)(Vm *vm, Object *self);
    /* Visits every root (stack registers, VM fields) for the recounting mode. */
    void (*visit_roots)(Vm *vm, VisitFn visit, void *arg);
    /* Whether an object lives as long as the VM without anybody holding it (built-in types). NULL: none does. */
    bool (*is_immortal)(const Object *self);
    /* Calls a weak reference's callback with the reference. Errors go to sys.unraisablehook. */
    void (*call_callback)(Vm *vm, Value callback, Value ref);
    /* Bytes of attribute storage outside of the object's cell. NULL: never any. */
    size_t (*attrs_extra)(const Object *self);
    /* A collection starts or has stopped (gc.callbacks). NULL: nobody wants to know. */
    void (*collection)(Vm *vm, bool start, int generation, size_t collected, size_t uncollectable);
    void (*describe)(const Object *self, char *out, size_t size); /* for reports: "list", "str 'abc'" */
    /* gc/trace.c: the instructions that the innermost frames are at (up to `most`), innermost first; *total: frames there are. */
    uint32_t (*frame_places)(Vm *vm, const void **places, uint32_t most, uint32_t *total);
    /* The file (a Str, borrowed) and line of frame number `level`, 0 being the innermost. */
    void (*frame_place)(Vm *vm, uint32_t level, Object **file, uint32_t *line);
    /* The objects (some NULL) that a collection is about to break. It may neither change them nor keep references. */
    void (*trash_found)(Vm *vm, Object **objects, size_t count);
    /* Text of the collector's debug output: to sys.stderr. */
    void (*debug_write)(Vm *vm, const char *text);
    /* Text of the checks of gc/recount.c: straight to the host, no memory is touched. */
    void (*report)(Vm *vm, const char *text);
    /* One unreachable object: "gc: collectable <...>" and gc.garbage, as the debug flags say. */
    void (*debug_object)(Vm *vm, Object *o, unsigned flags);
} HeapHooks;

#endif
