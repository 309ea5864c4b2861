/* Frame objects (what sys._getframe and tracebacks show of a frame), traceback objects, and cells.
 *
 * A FrameObject is made on demand. While its frame runs, `live` leads to it; when the frame ends and somebody still holds the object, the
 * locals move into it (vm/frame.c), so that values live as long as a traceback that shows them. A suspended generator's frame object reads the
 * generator's registers. */
#include "vm/types/frame_object.h"

#include "vm/loop.h"
#include "vm/types/generator.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
#include "vm/types/int.h"
#include "vm/types/str.h"

static FrameObject *frame_object_new(Vm *vm, Function *function, Code *code) {
    FrameObject *o = object_new(&vm->heap, TYPE(vm, FRAME)->shape, sizeof(FrameObject) + code_local_total(code) * sizeof(Value));
    if (!o) {
        error_no_memory(vm);
        return NULL;
    }
    o->live = NULL;
    o->function = retain_object(function);
    o->code = retain_object(code);
    o->offset = 0;
    o->local_count = code_local_total(code);
    o->back = NULL;
    o->generator = NULL;
    o->trace = o->locals = VALUE_EMPTY;
    for (uint32_t i = 0; i < o->local_count; i++) o->registers[i] = VALUE_EMPTY;
    return o;
}

FrameObject *frame_object(Vm *vm, Frame *frame) {
    if (frame->object) return frame->object;
    FrameObject *o = frame_object_new(vm, frame->function, frame->code);
    if (!o) return NULL;
    o->live = frame;
    frame->object = o;
    object_track(&vm->heap, &o->head);
    return o;
}

FrameObject *generator_frame_object(Vm *vm, Generator *g) {
    if (g->frame) return g->frame;
    if (g->state == GENERATOR_RUNNING) {
        for (Frame *frame = vm->frame; frame; frame = frame->previous)
            if (frame->generator == g) return frame_object(vm, frame);
    }
    FrameObject *o = frame_object_new(vm, g->function, g->code);
    if (!o) return NULL;
    o->generator = g;
    g->frame = o;
    object_track(&vm->heap, &o->head);
    return o;
}

/* Where the object's registers are now. */
static Value *registers_of(FrameObject *o) {
    if (o->live) return o->live->registers;
    return o->generator ? o->generator->registers : o->registers;
}

static uint32_t offset_of(const FrameObject *o) {
    if (o->live) return frame_offset(o->live);
    if (!o->generator) return o->offset;
    uint32_t offset = (uint32_t)(o->generator->pc - o->code->instrs);
    return offset ? offset - 1 : 0;
}

/* --- memory --- */

static size_t frame_object_size(const Object *o) {
    return sizeof(FrameObject) + ((const FrameObject *)o)->local_count * sizeof(Value);
}

static void frame_object_visit(Object *self, VisitFn visit, void *arg) {
    FrameObject *o = (FrameObject *)self;
    if (o->function) visit(value_from_object(o->function), arg);
    visit(value_from_object(o->code), arg);
    if (o->back) visit(value_from_object(o->back), arg);
    visit(o->trace, arg);
    visit(o->locals, arg);
    for (uint32_t i = 0; i < o->local_count; i++) visit(o->registers[i], arg);
}

static void frame_object_clear(Vm *vm, Object *self) {
    FrameObject *o = (FrameObject *)self, *back = o->back;
    o->back = NULL;
    value_clear(vm, &o->trace);
    value_clear(vm, &o->locals);
    for (uint32_t i = 0; i < o->local_count; i++) value_clear(vm, &o->registers[i]);
    release_object(vm, back);
}

static void frame_object_free(Vm *vm, Object *self) {
    FrameObject *o = (FrameObject *)self;
    frame_object_clear(vm, self);
    release_object(vm, o->function);
    release_object(vm, o->code);
}

/* --- attributes --- */

static Value frame_repr(Vm *vm, Value self) {
    FrameObject *o = (FrameObject *)value_object(self);
    return str_format(vm, "<frame at %p, file %V, line %d, code %U>", (void *)o, value_from_object(o->code->filename),
                      code_line(o->code, offset_of(o)), o->code->name);
}

static Value get_back(Vm *vm, Value self) {
    FrameObject *o = (FrameObject *)value_object(self);
    if (o->live && o->live->previous) {
        FrameObject *back = frame_object(vm, o->live->previous);
        return back ? value_retain(value_from_object(back)) : VALUE_ERROR;
    }
    return o->back ? value_retain(value_from_object(o->back)) : VALUE_NONE;
}

static Value get_code(Vm *vm, Value self) {
    (void)vm;
    return value_retain(value_from_object(((FrameObject *)value_object(self))->code));
}

static Value get_globals(Vm *vm, Value self) {
    (void)vm;
    return value_retain(value_from_object(((FrameObject *)value_object(self))->function->globals));
}

static Value get_builtins(Vm *vm, Value self) {
    (void)vm;
    return value_retain(value_from_object(((FrameObject *)value_object(self))->function->builtins));
}

static Value get_line(Vm *vm, Value self) {
    FrameObject *o = (FrameObject *)value_object(self);
    return int_from_i64(vm, code_line(o->code, offset_of(o)));
}

static Value get_offset(Vm *vm, Value self) {
    return int_from_i64(vm, (int64_t)offset_of((FrameObject *)value_object(self)) * (int64_t)sizeof(Instr));
}

static Value get_trace(Vm *vm, Value self) {
    (void)vm;
    Value trace = ((FrameObject *)value_object(self))->trace;
    return value_is_empty(trace) ? VALUE_NONE : value_retain(trace);
}

static bool set_trace(Vm *vm, Value self, Value value) {
    value_replace_take(vm, &((FrameObject *)value_object(self))->trace, value_retain(value));
    return true;
}

static bool is_cell_register(const Code *code, uint32_t r) {
    for (uint32_t k = 0; k < code->cell_count; k++)
        if (code->cell_registers[k] == r) return true;
    return false;
}

static bool add_local(Vm *vm, Dict *into, Str *name, Value v) {
    if (value_has_layout(v, LAYOUT_CELL)) v = ((Cell *)value_object(v))->content;
    return value_is_empty(v) || dict_set_str(vm, into, name, v);
}

/* A dict of the locals and free variables that are bound now. */
static Value snapshot(Vm *vm, FrameObject *o) {
    Dict *d = dict_new(vm);
    if (!d) return VALUE_ERROR;
    const Code *code = o->code;
    const Value *registers = registers_of(o);
    bool ok = true, detached = registers == o->registers; /* far locals have closed up there */
    for (uint32_t i = 0; ok && i < code_local_total(code); i++) {
        Str *name = code->local_names[i];
        if (str_at(name, 0) == '.') continue;
        Value v = registers[detached ? i : code_local_register(code, i)];
        ok = is_cell_register(code, i) || !value_has_layout(v, LAYOUT_CELL) ? add_local(vm, d, name, v) : dict_set_str(vm, d, name, v);
    }
    Tuple *closure = o->function->closure;
    for (uint32_t i = 0; ok && closure && i < code->free_count; i++) ok = add_local(vm, d, code->free_names[i], closure->items[i]);
    if (ok) return value_from_object(d);
    release_object(vm, d);
    return VALUE_ERROR;
}

Value frame_locals(Vm *vm, FrameObject *o) {
    if (o->code->flags & (CODE_NAMESPACE | CODE_CLASS_BODY)) return value_retain(registers_of(o)[0]);
    if (!(o->code->flags & CODE_OPTIMIZED)) return value_retain(value_from_object(o->function->globals));
    return snapshot(vm, o);
}

static Value get_locals(Vm *vm, Value self) { return frame_locals(vm, (FrameObject *)value_object(self)); }

static Value frame_clear_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    FrameObject *o = (FrameObject *)value_object(args[0]);
    if (o->live) return error_raise(vm, EXC_RuntimeError, "cannot clear an executing frame");
    if (o->generator) return error_raise(vm, EXC_RuntimeError, "cannot clear a suspended frame");
    frame_object_clear(vm, &o->head);
    return VALUE_NONE;
}

static const NativeDef frame_methods[] = {
    {"clear", frame_clear_method, "($self, /)", "Clears all references held by the frame.", 0},
    {0}};

static const GetSetDef frame_getset[] = {
    {"f_back", get_back, NULL, NULL},
    {"f_code", get_code, NULL, NULL},
    {"f_globals", get_globals, NULL, NULL},
    {"f_builtins", get_builtins, NULL, NULL},
    {"f_locals", get_locals, NULL, NULL},
    {"f_lineno", get_line, NULL, NULL},
    {"f_lasti", get_offset, NULL, NULL},
    {"f_trace", get_trace, set_trace, NULL},
    {0}};

const TypeSpec frame_spec = {
    .name = "frame",
    .layout = LAYOUT_FRAME,
    .flags = TYPE_FLAG_NO_NEW,
    .size = sizeof(FrameObject),
    .variable_size = true,
    .ops = {frame_object_size, frame_object_visit, frame_object_clear, frame_object_free, NULL},
    .slots = {.repr = frame_repr},
    .methods = frame_methods,
    .getset = frame_getset,
};

/* --- cells --- */

Value cell_new(Vm *vm, Value content) {
    Cell *cell = object_new(&vm->heap, TYPE(vm, CELL)->shape, sizeof *cell);
    if (!cell) return error_no_memory(vm);
    cell->content = value_retain(content);
    object_track(&vm->heap, &cell->head);
    return value_from_object(cell);
}

static size_t cell_size(const Object *o) {
    (void)o;
    return sizeof(Cell);
}

static void cell_visit(Object *o, VisitFn visit, void *arg) { visit(((Cell *)o)->content, arg); }
static void cell_clear(Vm *vm, Object *o) { value_clear(vm, &((Cell *)o)->content); }

static Value cell_construct(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return cell_new(vm, args[1]);
}

static Value get_contents(Vm *vm, Value self) {
    Value v = ((Cell *)value_object(self))->content;
    return value_is_empty(v) ? error_value(vm, "cell is empty") : value_retain(v);
}

static bool set_contents(Vm *vm, Value self, Value value) {
    value_replace_take(vm, &((Cell *)value_object(self))->content, value_retain(value));
    return true;
}

static Value cell_repr(Vm *vm, Value self) {
    Cell *cell = (Cell *)value_object(self);
    if (value_is_empty(cell->content)) return str_format(vm, "<cell at %p: empty>", (void *)cell);
    return str_format(vm, "<cell at %p: %T object at %p>", (void *)cell, cell->content, (void *)(uintptr_t)cell->content.bits);
}

static const GetSetDef cell_getset[] = {{"cell_contents", get_contents, set_contents, NULL}, {0}};

const TypeSpec cell_spec = {
    .name = "cell",
    .doc = "Create a new cell object.",
    .layout = LAYOUT_CELL,
    .size = sizeof(Cell),
    .ops = {cell_size, cell_visit, cell_clear, cell_clear, NULL},
    .slots = {.repr = cell_repr},
    .new_ = {"cell", cell_construct, "($type, contents=None, /)", NULL, 0},
    .getset = cell_getset,
};
