/* ModuleSpec and the loaders of modules: what __spec__ and __loader__ hold. Imports themselves are vm/import*.c; loaders tell where a
 * module came from, and give its source.
 *
 * To add a kind of module: a row in ModuleOrigin, its loader in loader_new. */
#include "vm/types/module_spec.h"

#include "vm/frozen.h"
#include "vm/import_find.h"
#include "vm/ops.h"
#include "vm/types/bytes.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/list.h"
#include "vm/types/sequence.h"
#include "vm/types/str.h"
#include "vm/vm.h"

static ModuleSpec *spec_of(Value v) { return (ModuleSpec *)value_object(v); }

/* --- loaders with state: SourceFileLoader(name, path), NamespaceLoader --- */

typedef struct Loader {
    Object head;
    Value name, path;
} Loader;

static Loader *loader_of(Value v) { return (Loader *)value_object(v); }

static size_t loader_size(const Object *o) {
    (void)o;
    return sizeof(Loader);
}
static void loader_visit(Object *o, VisitFn visit, void *arg) {
    visit(((Loader *)o)->name, arg);
    visit(((Loader *)o)->path, arg);
}
static void loader_clear(Vm *vm, Object *o) {
    value_clear(vm, &((Loader *)o)->name);
    value_clear(vm, &((Loader *)o)->path);
}

static Value loader_make(Vm *vm, Type *type, Value name, Value path) {
    Loader *l = object_new(&vm->heap, type->shape, sizeof *l);
    if (!l) return error_no_memory(vm);
    l->name = value_retain(name);
    l->path = value_retain(path);
    object_track(&vm->heap, &l->head);
    return value_from_object(l);
}

static Value loader_construct(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return loader_make(vm, (Type *)value_object(args[0]), args[1], args[2]);
}

static Value loader_get_name(Vm *vm, Value self) {
    (void)vm;
    return value_retain(loader_of(self)->name);
}
static Value loader_get_path(Vm *vm, Value self) {
    (void)vm;
    return value_retain(loader_of(self)->path);
}

static Value loader_get_filename(Vm *vm, Value *args, int nargs) {
    (void)vm;
    (void)nargs;
    return value_retain(loader_of(args[0])->path);
}

static Value loader_get_data(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!value_is_str(args[1])) return error_type(vm, "path must be str, not %T", args[1]);
    return import_read_file(vm, value_str_peek(args[1]));
}

/* The source text, decoded as UTF-8. */
static Value loader_get_source(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!value_is_str(loader_of(args[0])->path)) return VALUE_NONE;
    Value bytes = import_read_file(vm, value_str_peek(loader_of(args[0])->path));
    if (value_is_error(bytes)) return VALUE_ERROR;
    Value text = bytes_decode(vm, value_bytes(bytes)->data, value_bytes(bytes)->length, "utf-8", NULL);
    value_release(vm, bytes);
    return text;
}

static Value loader_is_package(Vm *vm, Value *args, int nargs) {
    (void)vm;
    (void)nargs;
    Value path = loader_of(args[0])->path;
    if (!value_is_str(path)) return VALUE_TRUE;
    const Str *s = value_str_peek(path);
    static const char stem[] = "__init__.";
    size_t start = s->length;
    while (start > 0 && str_at(s, start - 1) != '/') start--;
    for (size_t i = 0; i < sizeof stem - 1; i++)
        if (start + i >= s->length || str_at(s, start + i) != (uint32_t)stem[i]) return VALUE_FALSE;
    return VALUE_TRUE;
}

static const NativeDef loader_methods[] = {
    {"get_filename", loader_get_filename, "($self, name=None)", "The path of the source file.", NATIVE_METHOD},
    {"get_data", loader_get_data, "($self, path)", "The contents of a file as bytes.", NATIVE_METHOD},
    {"get_source", loader_get_source, "($self, fullname=None)", "The module's source text.", NATIVE_METHOD},
    {"is_package", loader_is_package, "($self, fullname=None)", "Whether the module is a package.", NATIVE_METHOD},
    {0},
};

static const GetSetDef loader_getset[] = {
    {"name", loader_get_name, NULL, NULL},
    {"path", loader_get_path, NULL, NULL},
    {0},
};

const TypeSpec source_file_loader_spec = {
    .name = "_frozen_importlib_external.SourceFileLoader",
    .doc = "Where a module came from: a source file.",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_IMMUTABLE,
    .size = sizeof(Loader),
    .ops = {loader_size, loader_visit, loader_clear, loader_clear, NULL},
    .new_ = {"SourceFileLoader", loader_construct, "($type, fullname, path)", NULL, NATIVE_METHOD},
    .methods = loader_methods,
    .getset = loader_getset,
};

const TypeSpec namespace_loader_spec = {
    .name = "_frozen_importlib_external.NamespaceLoader",
    .doc = "Where a namespace package came from: folders without __init__.",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_IMMUTABLE | TYPE_FLAG_NO_NEW,
    .size = sizeof(Loader),
    .ops = {loader_size, loader_visit, loader_clear, loader_clear, NULL},
    .methods = loader_methods,
};

/* --- BuiltinImporter, FrozenImporter: the classes themselves are the loaders --- */

static size_t importer_size(const Object *o) {
    (void)o;
    return sizeof(Object);
}

static Value importer_is_package(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    const FrozenModule *frozen = value_is_str(args[0]) ? frozen_find(value_str_peek(args[0])) : NULL;
    (void)vm;
    return value_from_bool(frozen && frozen->is_package);
}

static Value importer_get_source(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    const FrozenModule *frozen = value_is_str(args[0]) ? frozen_find(value_str_peek(args[0])) : NULL;
    return frozen ? str_value(str_from_utf8(vm, frozen->source, frozen->length)) : VALUE_NONE;
}

static const NativeDef importer_methods[] = {
    {"is_package", importer_is_package, "(fullname)", "Whether the module is a package.", NATIVE_STATIC_METHOD},
    {"get_source", importer_get_source, "(fullname)", "The module's source text, or None.", NATIVE_STATIC_METHOD},
    {0},
};

const TypeSpec builtin_importer_spec = {
    .name = "_frozen_importlib.BuiltinImporter",
    .doc = "Where a module came from: it is written in C.",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_IMMUTABLE | TYPE_FLAG_NO_NEW,
    .size = sizeof(Object),
    .ops = {.size = importer_size},
    .methods = importer_methods,
};

const TypeSpec frozen_importer_spec = {
    .name = "_frozen_importlib.FrozenImporter",
    .doc = "Where a module came from: its source is built into the interpreter.",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_IMMUTABLE | TYPE_FLAG_NO_NEW,
    .size = sizeof(Object),
    .ops = {.size = importer_size},
    .methods = importer_methods,
};

static Value loader_new(Vm *vm, Str *name, ModuleOrigin origin, Str *path) {
    switch (origin) {
    case MODULE_BUILTIN: return value_retain(value_from_object(TYPE(vm, BUILTIN_IMPORTER)));
    case MODULE_FROZEN: return value_retain(value_from_object(TYPE(vm, FROZEN_IMPORTER)));
    case MODULE_FILE: return loader_make(vm, TYPE(vm, SOURCE_FILE_LOADER), value_from_object(name), value_from_object(path));
    case MODULE_NAMESPACE: return loader_make(vm, TYPE(vm, NAMESPACE_LOADER), value_from_object(name), VALUE_NONE);
    }
    return VALUE_NONE;
}

/* --- specs --- */

static ModuleSpec *spec_alloc(Vm *vm, Value name, Value loader) {
    ModuleSpec *s = object_new(&vm->heap, TYPE(vm, MODULE_SPEC)->shape, sizeof *s);
    if (!s) {
        error_no_memory(vm);
        return NULL;
    }
    s->name = value_retain(name);
    s->loader = value_retain(loader);
    s->origin = s->locations = s->loader_state = s->cached = VALUE_NONE;
    s->uninitialized = VALUE_EMPTY;
    s->has_location = s->initializing = false;
    object_track(&vm->heap, &s->head);
    return s;
}

ModuleSpec *module_spec_new(Vm *vm, Str *name, ModuleOrigin origin, Str *path, List *locations) {
    Value loader = loader_new(vm, name, origin, path), text = VALUE_NONE;
    if (value_is_error(loader)) return NULL;
    if (path) text = value_retain(value_from_object(path));
    else if (origin != MODULE_NAMESPACE) text = str_format(vm, "%s", origin == MODULE_BUILTIN ? "built-in" : "frozen");
    ModuleSpec *s = value_is_error(text) ? NULL : spec_alloc(vm, value_from_object(name), loader);
    value_release(vm, loader);
    if (!s) {
        if (!value_is_error(text)) value_release(vm, text);
        return NULL;
    }
    s->origin = text;
    s->has_location = path != NULL;
    if (locations) s->locations = value_retain(value_from_object(locations));
    return s;
}

ModuleSpec *module_spec_peek(Vm *vm, Value module) {
    if (!value_is_module(module)) return NULL;
    Value spec = dict_peek_str(vm, ((Module *)value_object(module))->dict, NAME(vm, __spec__));
    return value_is_object(spec) && value_type(vm, spec) == TYPE(vm, MODULE_SPEC) ? spec_of(spec) : NULL;
}

Str *module_spec_parent(Vm *vm, ModuleSpec *spec) {
    Str *name = value_is_str(spec->name) ? value_str_peek(spec->name) : NAME(vm, empty);
    if (!value_is_none(spec->locations)) return retain_object(name);
    int64_t dot = str_find(name, NAME(vm, dot), 0, name->length, true);
    return dot < 0 ? retain_object(NAME(vm, empty)) : str_substring(vm, name, 0, (size_t)dot);
}

/* ModuleSpec(name, loader, *, origin=None, loader_state=None, is_package=None) */
static Value spec_construct(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    ModuleSpec *s = spec_alloc(vm, args[1], args[2]);
    if (!s) return VALUE_ERROR;
    if (!value_is_empty(args[3])) s->origin = value_retain(args[3]);
    if (!value_is_empty(args[4])) s->loader_state = value_retain(args[4]);
    int package = value_is_empty(args[5]) ? 0 : value_truth(vm, args[5]);
    List *locations = package > 0 ? list_new(vm, 0) : NULL;
    if (locations) s->locations = value_from_object(locations);
    if (package == 0 || locations) return value_from_object(s);
    release_object(vm, s);
    return VALUE_ERROR;
}

static size_t spec_size(const Object *o) {
    (void)o;
    return sizeof(ModuleSpec);
}
static void spec_visit(Object *o, VisitFn visit, void *arg) {
    ModuleSpec *s = (ModuleSpec *)o;
    const Value held[] = {s->name, s->loader, s->origin, s->locations, s->loader_state, s->cached, s->uninitialized};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) visit(held[i], arg);
}
static void spec_clear(Vm *vm, Object *o) {
    ModuleSpec *s = (ModuleSpec *)o;
    Value *const held[] = {&s->name, &s->loader, &s->origin, &s->locations, &s->loader_state, &s->cached, &s->uninitialized};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) value_replace_take(vm, held[i], VALUE_NONE);
}

static bool add_part(StrBuilder *b, const char *label, Value v) {
    builder_add_ascii(b, label, strlen(label));
    return sequence_add_repr(b, v);
}

static Value spec_repr(Vm *vm, Value self) {
    ModuleSpec *s = spec_of(self);
    StrBuilder b;
    builder_init(&b, vm);
    if (!add_part(&b, "ModuleSpec(name=", s->name) || !add_part(&b, ", loader=", s->loader)) return VALUE_ERROR;
    if (!value_is_none(s->origin) && !add_part(&b, ", origin=", s->origin)) return VALUE_ERROR;
    if (!value_is_none(s->locations) && !add_part(&b, ", submodule_search_locations=", s->locations)) return VALUE_ERROR;
    builder_add_char(&b, ')');
    return builder_finish(&b);
}

#define SPEC_FIELD(field) \
    static Value spec_get_##field(Vm *vm, Value self) { \
        (void)vm; \
        return value_retain(spec_of(self)->field); \
    } \
    static bool spec_set_##field(Vm *vm, Value self, Value value) { \
        value_replace_take(vm, &spec_of(self)->field, value_is_empty(value) ? VALUE_NONE : value_retain(value)); \
        return true; \
    }
SPEC_FIELD(name)
SPEC_FIELD(loader)
SPEC_FIELD(origin)
SPEC_FIELD(locations)
SPEC_FIELD(loader_state)
SPEC_FIELD(cached)

static Value spec_get_parent(Vm *vm, Value self) { return str_value(module_spec_parent(vm, spec_of(self))); }

static bool set_flag(Vm *vm, bool *flag, Value value) {
    int truth = value_is_empty(value) ? 0 : value_truth(vm, value);
    if (truth >= 0) *flag = truth;
    return truth >= 0;
}

static Value spec_get_has_location(Vm *vm, Value self) {
    (void)vm;
    return value_from_bool(spec_of(self)->has_location);
}
static bool spec_set_has_location(Vm *vm, Value self, Value value) { return set_flag(vm, &spec_of(self)->has_location, value); }

static Value spec_get_initializing(Vm *vm, Value self) {
    (void)vm;
    return value_from_bool(spec_of(self)->initializing);
}
static bool spec_set_initializing(Vm *vm, Value self, Value value) { return set_flag(vm, &spec_of(self)->initializing, value); }

static Value spec_get_uninitialized(Vm *vm, Value self) {
    ModuleSpec *s = spec_of(self);
    if (!value_is_empty(s->uninitialized)) return value_retain(s->uninitialized);
    List *empty = list_new(vm, 0);
    return empty ? value_from_object(empty) : VALUE_ERROR;
}

static const GetSetDef spec_getset[] = {
    {"name", spec_get_name, spec_set_name, NULL},
    {"loader", spec_get_loader, spec_set_loader, NULL},
    {"origin", spec_get_origin, spec_set_origin, NULL},
    {"loader_state", spec_get_loader_state, spec_set_loader_state, NULL},
    {"submodule_search_locations", spec_get_locations, spec_set_locations, NULL},
    {"cached", spec_get_cached, spec_set_cached, NULL},
    {"parent", spec_get_parent, NULL, "The name of the module's parent."},
    {"has_location", spec_get_has_location, spec_set_has_location, NULL},
    {"_initializing", spec_get_initializing, spec_set_initializing, NULL},
    {"_uninitialized_submodules", spec_get_uninitialized, NULL, NULL},
    {0},
};

const TypeSpec module_spec_spec = {
    .name = "_frozen_importlib.ModuleSpec",
    .doc = "What was known of a module before it was loaded.",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_IMMUTABLE,
    .size = sizeof(ModuleSpec),
    .ops = {spec_size, spec_visit, spec_clear, spec_clear, NULL},
    .slots = {.repr = spec_repr},
    .new_ = {"ModuleSpec", spec_construct, "($type, name, loader, *, origin=None, loader_state=None, is_package=None)", NULL, NATIVE_METHOD},
    .getset = spec_getset,
};
