/* Traceback objects: a list, outermost frame first, of where a pending exception has passed through.
 *
 * The line is worked out when somebody asks (line is LINE_UNKNOWN until then): raising must stay cheap. The list never has a cycle:
 * tb_next refuses to make one. */
#include "vm/types/exception.h"

#include "vm/ops.h"
#include "vm/types/descriptors.h"
#include "vm/types/int.h"
#include "vm/vm.h"

#define LINE_UNKNOWN (-1)

static Traceback *traceback_of(Value self) { return (Traceback *)value_object(self); }

/* All arguments borrowed. NULL: no memory (exception pending). */
static Traceback *traceback_new(Vm *vm, FrameObject *frame, Traceback *next, uint32_t offset, int line) {
    Traceback *t = object_new(&vm->heap, TYPE(vm, TRACEBACK)->shape, sizeof *t);
    if (!t) {
        error_no_memory(vm);
        return NULL;
    }
    t->frame = retain_object(frame);
    t->next = next ? retain_object(next) : NULL;
    t->offset = offset;
    t->line = line;
    object_track(&vm->heap, &t->head);
    return t;
}

/* Without memory the entry is left out: the exception in flight matters more. */
void traceback_add(Vm *vm, Frame *frame, uint32_t offset) {
    Value exception = error_fetch(vm);
    if (value_is_exception(exception)) {
        ExceptionObject *e = value_exception(exception);
        FrameObject *object = frame_object(vm, frame);
        Traceback *t = object ? traceback_new(vm, object, e->traceback, offset, LINE_UNKNOWN) : NULL;
        if (t) {
            Traceback *old = e->traceback;
            e->traceback = t;
            release_object(vm, old);
        } else {
            error_clear(vm);
        }
    }
    error_restore_take(vm, exception);
}

/* --- memory --- */

static size_t traceback_size(const Object *o) {
    (void)o;
    return sizeof(Traceback);
}

static void traceback_visit(Object *o, VisitFn visit, void *arg) {
    Traceback *t = (Traceback *)o;
    if (t->frame) visit(value_from_object(t->frame), arg);
    if (t->next) visit(value_from_object(t->next), arg);
}

static void traceback_clear(Vm *vm, Object *o) {
    Traceback *t = (Traceback *)o, *next = t->next;
    t->next = NULL;
    release_object(vm, next);
}

static void traceback_free(Vm *vm, Object *o) {
    traceback_clear(vm, o);
    release_object(vm, ((Traceback *)o)->frame);
}

/* --- attributes --- */

static Value get_frame(Vm *vm, Value self) {
    (void)vm;
    return value_retain(value_from_object(traceback_of(self)->frame));
}

static Value get_next(Vm *vm, Value self) {
    (void)vm;
    Traceback *next = traceback_of(self)->next;
    return next ? value_retain(value_from_object(next)) : VALUE_NONE;
}

/* None, or the traceback that `v` is, in *out; false: TypeError. */
static bool traceback_or_none(Vm *vm, Value v, Traceback **out) {
    *out = NULL;
    if (value_is_none(v)) return true;
    if (value_has_layout(v, LAYOUT_TRACEBACK)) {
        *out = traceback_of(v);
        return true;
    }
    error_type(vm, "expected traceback object, got '%T'", v);
    return false;
}

static bool set_next(Vm *vm, Value self, Value value) {
    Traceback *t = traceback_of(self), *next;
    if (value_is_empty(value)) return error_type(vm, "can't delete tb_next attribute"), false;
    if (!traceback_or_none(vm, value, &next)) return false;
    for (const Traceback *at = next; at; at = at->next)
        if (at == t) return error_value(vm, "traceback loop detected"), false;
    Traceback *old = t->next;
    t->next = next ? retain_object(next) : NULL;
    release_object(vm, old);
    return true;
}

static Value get_offset(Vm *vm, Value self) {
    return int_from_i64(vm, (int64_t)traceback_of(self)->offset * (int64_t)sizeof(Instr));
}

int traceback_line(Traceback *t) {
    if (t->line == LINE_UNKNOWN) t->line = code_line(t->frame->code, t->offset);
    return t->line;
}

static Value get_line(Vm *vm, Value self) { return int_from_i64(vm, traceback_line(traceback_of(self))); }

/* TracebackType(tb_next, tb_frame, tb_lasti, tb_lineno) */
static Value traceback_construct(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Traceback *next;
    int offset, line;
    if (!value_has_layout(args[2], LAYOUT_FRAME)) return error_type(vm, "traceback() argument 'tb_frame' must be frame, not %T", args[2]);
    if (!value_as_int(vm, args[3], &offset) || !value_as_int(vm, args[4], &line)) return VALUE_ERROR;
    if (!traceback_or_none(vm, args[1], &next)) return VALUE_ERROR;
    FrameObject *frame = (FrameObject *)value_object(args[2]);
    uint32_t word = offset < 0 ? 0 : (uint32_t)offset / sizeof(Instr);
    if (word >= frame->code->instr_count) word = 0;
    Traceback *t = traceback_new(vm, frame, next, word, line);
    return t ? value_from_object(t) : VALUE_ERROR;
}

static const GetSetDef traceback_getset[] = {
    {"tb_frame", get_frame, member_readonly, NULL},
    {"tb_next", get_next, set_next, NULL},
    {"tb_lasti", get_offset, member_readonly, NULL},
    {"tb_lineno", get_line, NULL, NULL},
    {0},
};

const TypeSpec traceback_spec = {
    .name = "traceback",
    .doc = "Create a new traceback object.",
    .layout = LAYOUT_TRACEBACK,
    .size = sizeof(Traceback),
    .ops = {traceback_size, traceback_visit, traceback_clear, traceback_free, NULL},
    .new_ = {"traceback", traceback_construct, "($type, tb_next, tb_frame, tb_lasti, tb_lineno)", NULL, NATIVE_METHOD},
    .getset = traceback_getset,
};
