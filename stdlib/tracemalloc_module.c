/* _tracemalloc: the records of gc/trace.c as a script sees them; tracemalloc.mini makes snapshots and statistics of them.
 *
 * While a function here builds its result, recording is paused: what it allocates would otherwise change the table that it walks, and a
 * snapshot would count itself.
 */
#include "gc/trace.h"

#include "vm/ops.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

#define FRAMES_MAX 65535

/* --- switches and figures --- */

static Value tracemalloc_start(Vm *vm, Value *args, int nargs) {
    int frames = 1;
    (void)nargs;
    if (!value_is_empty(args[0]) && !value_as_int(vm, args[0], &frames)) return VALUE_ERROR;
    if (frames < 1 || frames > FRAMES_MAX) return error_value(vm, "the number of frames must be in range [1; %d]", FRAMES_MAX);
    return trace_start(&vm->heap, (uint32_t)frames) ? VALUE_NONE : error_no_memory(vm);
}

static Value tracemalloc_stop(Vm *vm, Value *args, int nargs) {
    (void)args;
    (void)nargs;
    trace_stop(&vm->heap);
    return VALUE_NONE;
}

static Value tracemalloc_is_tracing(Vm *vm, Value *args, int nargs) {
    (void)args;
    (void)nargs;
    return value_from_bool(trace_is_on(&vm->heap));
}

static Value tracemalloc_clear(Vm *vm, Value *args, int nargs) {
    (void)args;
    (void)nargs;
    trace_clear(&vm->heap);
    return VALUE_NONE;
}

static Value tracemalloc_limit(Vm *vm, Value *args, int nargs) {
    uint32_t limit = trace_limit(&vm->heap);
    (void)args;
    (void)nargs;
    return value_from_small(limit ? limit : 1);
}

static Value tracemalloc_memory(Vm *vm, Value *args, int nargs) {
    size_t now, peak;
    (void)args;
    (void)nargs;
    trace_totals(&vm->heap, &now, &peak);
    Tuple *t = tuple_pack(vm, 2, value_from_small((int64_t)now), value_from_small((int64_t)peak));
    return t ? value_from_object(t) : VALUE_ERROR;
}

static Value tracemalloc_reset_peak(Vm *vm, Value *args, int nargs) {
    (void)args;
    (void)nargs;
    trace_reset_peak(&vm->heap);
    return VALUE_NONE;
}

static Value tracemalloc_own_memory(Vm *vm, Value *args, int nargs) {
    (void)args;
    (void)nargs;
    return value_from_small((int64_t)trace_own_memory(&vm->heap));
}

/* --- records --- */

static Value frame_pair(Vm *vm, const TraceFrame *frame) {
    Value file = frame->file ? value_retain(value_from_object(frame->file)) : str_format(vm, "<unknown>");
    if (value_is_error(file)) return VALUE_ERROR;
    Tuple *pair = tuple_pair_take(vm, file, value_from_small(frame->line));
    return pair ? value_from_object(pair) : VALUE_ERROR;
}

/* ((file, line), ...), the innermost first. */
static Value site_frames(Vm *vm, const TraceSite *site) {
    Tuple *frames = tuple_new(vm, site->frame_count);
    for (uint32_t i = 0; frames && i < site->frame_count; i++) {
        Value pair = frame_pair(vm, &site->frames[i]);
        if (value_is_error(pair)) {
            release_object(vm, frames);
            return VALUE_ERROR;
        }
        frames->items[i] = pair;
    }
    return frames ? value_from_object(frames) : VALUE_ERROR;
}

static Value tracemalloc_object_traceback(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    const TraceSite *site = value_is_object(args[0]) ? trace_of_object(&vm->heap, value_object(args[0])) : NULL;
    return site ? site_frames(vm, site) : VALUE_NONE;
}

typedef struct Snapshot {
    Vm *vm;
    List *traces;
    Value *frames; /* by the site's index; VALUE_EMPTY: not made yet */
    bool ok;
} Snapshot;

/* One record as (domain, size, frames, frames there were). */
static void snapshot_add(const TraceRecord *record, void *arg) {
    Snapshot *s = arg;
    if (!s->ok) return;
    Value *frames = &s->frames[record->site->index];
    if (value_is_empty(*frames)) *frames = site_frames(s->vm, record->site);
    Tuple *trace = value_is_error(*frames) ? NULL
                                           : tuple_pack(s->vm, 4, value_from_small(0), value_from_small((int64_t)record->size), *frames,
                                                        value_from_small(record->site->total));
    s->ok = trace && list_append_take(s->vm, s->traces, value_from_object(trace));
}

static Value tracemalloc_traces(Vm *vm, Value *args, int nargs) {
    (void)args;
    (void)nargs;
    size_t sites = trace_site_count(&vm->heap), size = (sites + 1) * sizeof(Value);
    trace_pause(&vm->heap);
    Snapshot s = {vm, list_new(vm, 0), heap_alloc(&vm->heap, size), true};
    if (!s.frames && s.traces) error_no_memory(vm);
    s.ok = s.traces && s.frames;
    for (size_t i = 0; s.frames && i < sites; i++) s.frames[i] = VALUE_EMPTY;
    if (s.ok) trace_each(&vm->heap, snapshot_add, &s);
    for (size_t i = 0; s.frames && i < sites; i++) value_release(vm, s.frames[i]);
    heap_free(&vm->heap, s.frames, size);
    trace_resume(&vm->heap);
    if (s.ok) return value_from_object(s.traces);
    release_object(vm, s.traces);
    return VALUE_ERROR;
}

static const NativeDef tracemalloc_functions[] = {
    {"start", tracemalloc_start, "($module, nframe=1, /)",
     "Start tracing memory allocations, nframe (1 to 65535) frames kept of each. Does nothing when it is on.", NATIVE_METHOD},
    {"stop", tracemalloc_stop, "($module, /)", "Stop tracing memory allocations and forget all records.", NATIVE_METHOD},
    {"is_tracing", tracemalloc_is_tracing, "($module, /)", "Return True if memory allocations are being traced.", NATIVE_METHOD},
    {"clear_traces", tracemalloc_clear, "($module, /)", "Forget the records so far; tracing goes on.", NATIVE_METHOD},
    {"get_traceback_limit", tracemalloc_limit, "($module, /)", "Return the number of frames kept of an allocation.", NATIVE_METHOD},
    {"get_traced_memory", tracemalloc_memory, "($module, /)", "Return (bytes now, most bytes so far) of the recorded blocks.",
     NATIVE_METHOD},
    {"reset_peak", tracemalloc_reset_peak, "($module, /)", "Set the peak of get_traced_memory() to the bytes there are now.",
     NATIVE_METHOD},
    {"get_tracemalloc_memory", tracemalloc_own_memory, "($module, /)", "Return the bytes that the records themselves take.",
     NATIVE_METHOD},
    {"_get_object_traceback", tracemalloc_object_traceback, "($module, obj, /)",
     "The frames ((file, line), ...), innermost first, that made obj; None if that was not recorded.", NATIVE_METHOD},
    {"_get_traces", tracemalloc_traces, "($module, /)", "A list of (domain, size, frames, frames there were), one for each record.",
     NATIVE_METHOD},
    {0},
};

const ModuleDef tracemalloc_module = {
    .name = "_tracemalloc",
    .doc = "Debug module to trace memory blocks allocated by mini.",
    .functions = tracemalloc_functions,
};
