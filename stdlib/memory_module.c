/* _memory: what the module memory (memory.mini) asks of the heap: chains of references, counts by type and place.
 *
 * The search for chains (gc/paths.c) begins at named roots, in the order in which they explain most: locals of running functions, modules, then
 * what the VM itself holds. Temporaries of the innermost frame are left out: they are the question itself.
 */
#include "gc/paths.h"

#include "gc/trace.h"
#include "vm/heap_hooks.h"
#include "vm/ops.h"
#include "vm/shape.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

/* --- roots --- */

typedef struct Root {
    const char *kind;
    Frame *frame;  /* NULL: not of a frame */
    Str *name;     /* borrowed; NULL: it has none */
} Root;

#define ROOTS_MAX 20000

typedef struct Chains {
    Vm *vm;
    Paths paths;
    Root *roots;
    uint32_t root_count;
} Chains;

static void root_add(Chains *c, Value held, const char *kind, Frame *frame, Str *name) {
    if (!value_is_object(held) || held.bits == 0 || c->root_count == ROOTS_MAX) return;
    c->roots[c->root_count] = (Root){kind, frame, name};
    paths_add_root(&c->paths, held, c->root_count++);
}

static bool is_hidden(const Str *name) { return name->length && ((const char *)str_data(name))[0] == '.'; }

static void frame_locals_add(Chains *c, Frame *f) {
    for (uint32_t i = 0; i < code_local_total(f->code); i++) {
        Str *name = f->code->local_names[i];
        bool hidden = is_hidden(name);
        root_add(c, f->registers[code_local_register(f->code, i)], hidden ? "temporary" : "local", f, hidden ? NULL : name);
    }
}

/* What stands above an outer frame's locals, up to the frame that it called. */
static void frame_temporaries_add(Chains *c, Frame *f, const Frame *inner) {
    Value *end = f->chunk == inner->chunk && inner->registers > f->registers ? inner->registers : f->registers + f->code->register_count;
    for (Value *v = f->registers + f->code->local_count; v < end; v++) root_add(c, *v, "temporary", f, NULL);
}

static void modules_add(Chains *c) {
    Value name, module;
    for (size_t at = 0; dict_next(c->vm->modules, &at, &name, &module);)
        root_add(c, module, "module", NULL, value_has_layout(name, LAYOUT_STR) ? (Str *)value_object(name) : NULL);
}

static void roots_add(Chains *c, Frame *innermost) {
    Vm *vm = c->vm;
    Frame *inner = NULL;
    for (Frame *f = innermost; f; f = f->previous) frame_locals_add(c, f);
    modules_add(c);
    for (ExcState *s = vm->exc_state; s; s = s->previous) root_add(c, s->handled, "handled exception", NULL, NULL);
    root_add(c, vm->atexit_callbacks, "atexit callback", NULL, NULL);
    root_add(c, vm->gc_garbage, "gc.garbage", NULL, NULL);
    root_add(c, vm->gc_callbacks, "gc.callbacks", NULL, NULL);
    for (Frame *f = innermost; f; inner = f, f = f->previous) {
        if (inner) frame_temporaries_add(c, f, inner);
        if (f->generator) root_add(c, value_from_object(f->generator), "running generator", f, NULL);
        else if (f->function) root_add(c, value_from_object(f->function), "running function", f, NULL);
        root_add(c, f->init_self, "temporary", f, NULL);
    }
    for (int i = 0; i < TYPE_ID_COUNT; i++)
        if (vm->types[i]) root_add(c, value_from_object(vm->types[i]), "built-in type", NULL, NULL);
    for (int i = 0; vm->module_states && i < vm_module_count(); i++) root_add(c, vm->module_states[i], "state of a built-in module", NULL, NULL);
}

/* --- the answer --- */

static Value text_or_none(Str *s) { return s ? value_from_object(s) : VALUE_NONE; }

/* (kind, name, function, file, line) */
static Value root_describe(Vm *vm, const Root *r) {
    Frame *f = r->frame;
    Value kind = str_format(vm, "%s", r->kind);
    if (value_is_error(kind)) return VALUE_ERROR;
    Tuple *t = tuple_pack(vm, 5, kind, text_or_none(r->name), text_or_none(f ? f->code->qualname : NULL),
                          text_or_none(f ? f->code->filename : NULL), f ? value_from_small(frame_line(f)) : VALUE_NONE);
    value_release(vm, kind);
    return t ? value_from_object(t) : VALUE_ERROR;
}

/* [root, object, ..., target] */
static List *chain_build(Chains *c, PathEnd end) {
    Vm *vm = c->vm;
    uint32_t length = 0;
    for (uint32_t n = end.holder; n != PATHS_NONE; n = c->paths.nodes[n].parent) length++;
    List *chain = list_new(vm, length + 2);
    Value root = chain ? root_describe(vm, &c->roots[end.root]) : VALUE_ERROR;
    if (value_is_error(root) || !list_append_take(vm, chain, root)) goto failed;
    for (uint32_t i = 0; i < length; i++)
        if (!list_append(vm, chain, VALUE_NONE)) goto failed;
    if (!list_append(vm, chain, value_from_object((Object *)c->paths.target))) goto failed;
    for (uint32_t n = end.holder; n != PATHS_NONE; n = c->paths.nodes[n].parent)
        chain->items[length--] = value_retain(value_from_object(c->paths.nodes[n].object));
    return chain;
failed:
    release_object(vm, chain);
    return NULL;
}

static Value chains_collect(Chains *c) {
    List *all = list_new(c->vm, c->paths.end_count);
    for (uint32_t i = 0; all && i < c->paths.end_count; i++) {
        List *chain = chain_build(c, c->paths.ends[i]);
        if (chain && list_append_take(c->vm, all, value_from_object(chain))) continue;
        release_object(c->vm, all);
        return VALUE_ERROR;
    }
    return all ? value_from_object(all) : VALUE_ERROR;
}

#define CHAINS_MAX 1000

static Value memory_chains(Vm *vm, Value *args, int nargs) {
    int most, skip;
    (void)nargs;
    if (!value_as_int(vm, args[1], &most) || !value_as_int(vm, args[2], &skip)) return VALUE_ERROR;
    if (most < 1 || most > CHAINS_MAX) return error_value(vm, "limit must be from 1 to %d", CHAINS_MAX);
    if (!value_is_object(args[0])) return error_type(vm, "a number or a singleton is not held: %V", args[0]);
    Frame *innermost = vm->frame;
    while (skip-- > 0 && innermost) innermost = innermost->previous;
    Chains c = {.vm = vm, .roots = heap_alloc(&vm->heap, ROOTS_MAX * sizeof(Root))};
    if (!c.roots || !paths_init(&c.paths, &vm->heap, value_object(args[0]), (uint32_t)most)) {
        heap_free(&vm->heap, c.roots, ROOTS_MAX * sizeof(Root));
        return error_no_memory(vm);
    }
    roots_add(&c, innermost);
    paths_search(&c.paths);
    Value result = chains_collect(&c);
    paths_drop(&c.paths);
    heap_free(&vm->heap, c.roots, ROOTS_MAX * sizeof(Root));
    return result;
}

/* --- what a holder calls what it holds --- */

static Value memory_attributes(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Object *o = value_is_object(args[0]) ? value_object(args[0]) : NULL;
    if (!o) return VALUE_NONE;
    if (o->shape->layout == LAYOUT_MODULE) return value_retain(value_from_object(((Module *)o)->dict));
    if (o->shape->layout == LAYOUT_TYPE) return value_retain(value_from_object(type_dict(vm, (Type *)o)));
    if (o->shape->layout == LAYOUT_FUNCTION) {
        Dict *dict = ((Function *)o)->dict;
        return dict ? value_retain(value_from_object(dict)) : VALUE_NONE;
    }
    if (!o->shape->attrs_offset) return VALUE_NONE;
    return o->shape->dict_mode ? object_dict(vm, o) : object_attrs_copy(vm, o);
}

static Value memory_generator_local(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!value_has_layout(args[0], LAYOUT_GENERATOR)) return error_type(vm, "not a generator: %V", args[0]);
    const Generator *g = (const Generator *)value_object(args[0]);
    for (uint32_t i = 0; i < code_local_total(g->code); i++) {
        uint32_t at = code_local_register(g->code, i);
        if (at >= g->register_count || is_hidden(g->code->local_names[i])) continue;
        if (value_same(g->registers[at], args[1])) return value_retain(value_from_object(g->code->local_names[i]));
    }
    return VALUE_NONE;
}

/* --- counting --- */

typedef struct CensusEntry {
    Type *type;
    const TraceSite *site;
    size_t count, bytes;
} CensusEntry;

typedef struct Census {
    Vm *vm;
    CensusEntry *entries; /* open addressing */
    size_t used, capacity;
    bool full;
} Census;

/* Types and sites are few beside objects: the table has room for CENSUS_MAX kinds, more are counted under their type alone. */
#define CENSUS_SLOTS 16384
#define CENSUS_MAX (CENSUS_SLOTS / 4 * 3)

static void census_add(Object *o, void *arg) {
    Census *c = arg;
    const TraceSite *site = c->used < CENSUS_MAX ? trace_of_object(&c->vm->heap, o) : NULL;
    size_t i = (size_t)(((uintptr_t)o->shape->type >> 3) * 31 + ((uintptr_t)site >> 3)) * 0x9E3779B97F4A7C15u >> 40;
    for (;; i++) {
        CensusEntry *e = &c->entries[i & (CENSUS_SLOTS - 1)];
        if (e->type && (e->type != o->shape->type || e->site != site)) continue;
        if (!e->type && c->used == CENSUS_SLOTS - 1) return;
        c->used += !e->type;
        e->type = o->shape->type;
        e->site = site;
        e->count++;
        e->bytes += object_full_size(&c->vm->heap, o);
        return;
    }
}

/* (type, file, line, count, bytes); file None: not recorded */
static Tuple *census_row(Vm *vm, const CensusEntry *e) {
    const TraceFrame *frame = e->site ? &e->site->frames[0] : NULL;
    Value file = frame && frame->file ? value_from_object(frame->file) : VALUE_NONE;
    return tuple_pack(vm, 5, value_from_object(e->type), file, value_from_small(frame ? frame->line : 0), value_from_small((int64_t)e->count),
                      value_from_small((int64_t)e->bytes));
}

static Value census_rows(Vm *vm, const CensusEntry *entries) {
    List *rows = list_new(vm, 0);
    for (size_t i = 0; rows && i < CENSUS_SLOTS; i++) {
        if (!entries[i].type) continue;
        Tuple *row = census_row(vm, &entries[i]);
        if (row && list_append_take(vm, rows, value_from_object(row))) continue;
        release_object(vm, rows);
        return VALUE_ERROR;
    }
    return rows ? value_from_object(rows) : VALUE_ERROR;
}

static Value memory_census(Vm *vm, Value *args, int nargs) {
    (void)args;
    (void)nargs;
    size_t size = CENSUS_SLOTS * sizeof(CensusEntry);
    trace_pause(&vm->heap);
    Census c = {.vm = vm, .entries = heap_alloc(&vm->heap, size)};
    Value result = VALUE_ERROR;
    if (c.entries) {
        for (size_t i = 0; i < CENSUS_SLOTS; i++) c.entries[i] = (CensusEntry){0};
        heap_each_object(&vm->heap, census_add, &c);
        result = census_rows(vm, c.entries);
        heap_free(&vm->heap, c.entries, size);
    } else {
        error_no_memory(vm);
    }
    trace_resume(&vm->heap);
    return result;
}

/* --- trash --- */

static Value memory_on_trash(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value old = vm->trash_watcher;
    vm->trash_watcher = value_retain(args[0]);
    value_release(vm, old);
    return VALUE_NONE;
}

static Value memory_place(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    const TraceSite *site = value_is_object(args[0]) ? trace_of_object(&vm->heap, value_object(args[0])) : NULL;
    if (!site || !site->frames[0].file) return VALUE_NONE;
    Tuple *t = tuple_pack(vm, 2, value_from_object(site->frames[0].file), value_from_small(site->frames[0].line));
    return t ? value_from_object(t) : VALUE_ERROR;
}

/* --- everything that was traced --- */

typedef struct Traced {
    Heap *heap;
    List *list; /* with room for all; NULL: count only */
    size_t count;
} Traced;

static void traced_add(Object *o, void *arg) {
    Traced *t = arg;
    int layout = o->shape->layout;
    bool plain = layout == LAYOUT_TUPLE || layout == LAYOUT_STR || layout == LAYOUT_BYTES || layout == LAYOUT_INT || layout == LAYOUT_CODE;
    if ((plain && !o->shape->owns_type) || !trace_of_object(t->heap, o)) return;
    if (t->list && t->list->count < t->list->capacity) t->list->items[t->list->count++] = value_retain(value_from_object(o));
    t->count++;
}

static Value memory_traced(Vm *vm, Value *args, int nargs) {
    (void)args;
    (void)nargs;
    Traced t = {&vm->heap, NULL, 0};
    heap_each_object(&vm->heap, traced_add, &t);
    trace_pause(&vm->heap);
    t.list = list_new(vm, t.count);
    trace_resume(&vm->heap);
    if (!t.list) return VALUE_ERROR;
    heap_each_object(&vm->heap, traced_add, &t);
    return value_from_object(t.list);
}

static const NativeDef memory_functions[] = {
    {"on_trash", memory_on_trash, "($module, function, /)",
     "Have function called with a list of the objects that a collection is about to break. It may keep none of them.", NATIVE_METHOD},
    {"traced", memory_traced, "($module, /)", "The live objects whose allocation was traced, but plain data.", NATIVE_METHOD},
    {"place", memory_place, "($module, obj, /)", "(file, line) that made obj; None if that was not traced.", NATIVE_METHOD},
    {"chains", memory_chains, "($module, obj, most, skip, /)",
     "The shortest chains of references to obj, at most one for each of its holders: lists [root, object, ..., obj] with root (kind, name,\n"
     "function, file, line). The innermost `skip` frames are left out.",
     NATIVE_METHOD},
    {"attributes", memory_attributes, "($module, obj, /)",
     "The dict of an object's attributes; a copy where they lie inside the object; None if it has none.", NATIVE_METHOD},
    {"generator_local", memory_generator_local, "($module, generator, value, /)",
     "The name of the local of a suspended generator that is value; None.", NATIVE_METHOD},
    {"census", memory_census, "($module, /)",
     "Live objects: a list of (type, file, line, count, bytes). file is None unless allocations are traced.", NATIVE_METHOD},
    {0},
};

const ModuleDef memory_module = {
    .name = "_memory",
    .doc = "Questions to the heap for the module memory.",
    .functions = memory_functions,
};
