/* Loading: from a module's full name to an entry in sys.modules.
 *
 * Parents first; then C modules, frozen modules, source files. A module stands in sys.modules while its body runs, so that cycles find it,
 * and is taken out again when the body raises. What stands there afterwards is the result: a module may replace itself.
 *
 * Script code runs in every body: nothing is kept across it but references of our own. */
#include "vm/import_load.h"

#include "compiler/compiler.h"
#include "vm/import.h"
#include "vm/module.h"
#include "vm/ops.h"
#include "vm/types/bytes.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
#include "vm/types/function.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/vm.h"

/* --- names --- */

Str *import_parent_name(Vm *vm, Str *name) {
    int64_t dot = str_find(name, NAME(vm, dot), 0, name->length, true);
    return dot < 0 ? NULL : str_substring(vm, name, 0, (size_t)dot);
}

Str *import_last_part(Vm *vm, Str *name) {
    int64_t dot = str_find(name, NAME(vm, dot), 0, name->length, true);
    Str *part = dot < 0 ? retain_object(name) : str_substring(vm, name, (size_t)dot + 1, name->length);
    return part ? str_intern_take(vm, part) : NULL;
}

Value import_loaded_peek(Vm *vm, Str *name) { return dict_peek_str(vm, vm->modules, name); }

Value import_error_not_found_take(Vm *vm, Value message, Str *name) {
    Value e = value_is_error(message) ? VALUE_ERROR : exception_new(vm, EXC_ModuleNotFoundError, message);
    value_release(vm, message);
    if (value_is_error(e)) return VALUE_ERROR;
    value_replace_take(vm, &value_exception(e)->extra[EXTRA_IMPORT_NAME], value_retain(value_from_object(name)));
    return error_set_take(vm, e);
}

Value import_find_attr(Vm *vm, Value module, Str *name) {
    if (!value_is_module(module)) return value_find_attr(vm, module, name);
    Dict *dict = ((Module *)value_object(module))->dict;
    Value found = dict_peek_str(vm, dict, name);
    if (!value_is_empty(found)) return value_retain(found);
    Type *type = value_type(vm, module);
    bool plain = type == TYPE(vm, MODULE) && value_is_empty(dict_peek_str(vm, dict, NAME(vm, __getattr__)));
    return plain && value_is_empty(type_lookup_peek(vm, type, name)) ? VALUE_EMPTY : value_find_attr(vm, module, name);
}

/* --- compiling --- */

static Value compile_bytes(Vm *vm, const char *bytes, size_t length, Str *filename) {
    size_t size = str_utf8_length(filename) + 1;
    char *text = heap_alloc(&vm->heap, size);
    if (!text) return error_no_memory(vm);
    str_utf8_copy(filename, text);
    CompileOptions options = {.mode = PARSE_EXEC, .filename = text, .optimize = vm->optimize};
    Value code = compile_source(vm, bytes, length, &options);
    heap_free(&vm->heap, text, size);
    return code;
}

Value import_compile_file(Vm *vm, Str *path) {
    Value bytes = import_read_file(vm, path);
    if (value_is_error(bytes)) return VALUE_ERROR;
    Value code = compile_bytes(vm, (const char *)value_bytes(bytes)->data, value_bytes(bytes)->length, path);
    value_release(vm, bytes);
    return code;
}

Value import_compile_frozen(Vm *vm, const FrozenModule *frozen) {
    Value filename = str_format(vm, "<frozen %s>", frozen->name);
    if (value_is_error(filename)) return VALUE_ERROR;
    Value code = compile_bytes(vm, frozen->source, frozen->length, value_str_peek(filename));
    value_release(vm, filename);
    return code;
}

/* --- a module's attributes --- */

bool import_set_attributes(Vm *vm, Dict *dict, ModuleSpec *spec) {
    Str *parent = module_spec_parent(vm, spec);
    bool ok = parent && dict_set_str(vm, dict, NAME(vm, __package__), value_from_object(parent)) &&
              dict_set_str(vm, dict, NAME(vm, __loader__), spec->loader) &&
              dict_set_str(vm, dict, NAME(vm, __spec__), value_from_object(spec));
    release_object(vm, parent);
    if (ok && !value_is_none(spec->locations)) ok = dict_set_str(vm, dict, NAME(vm, __path__), spec->locations);
    bool is_namespace = value_is_object(spec->loader) && value_type(vm, spec->loader) == TYPE(vm, NAMESPACE_LOADER);
    if (ok && is_namespace) ok = dict_set_str(vm, dict, NAME(vm, __file__), VALUE_NONE);
    if (ok && spec->has_location)
        ok = dict_set_str(vm, dict, NAME(vm, __file__), spec->origin) && dict_set_str(vm, dict, NAME(vm, __cached__), spec->cached);
    return ok;
}

static Dict *dict_of(Value module) { return ((Module *)value_object(module))->dict; }

/* --- running a body --- */

/* Takes a module whose body has raised out of sys.modules; the exception stays pending. */
static void module_forget(Vm *vm, Str *name) {
    Value exception = error_fetch(vm);
    dict_delete_str(vm, vm->modules, name);
    error_clear(vm);
    error_restore_take(vm, exception);
}

/* What the body has left in sys.modules, moved to the end. New. */
static Value module_settle(Vm *vm, Str *name) {
    Value module = value_retain(import_loaded_peek(vm, name));
    if (value_is_empty(module)) return error_key(vm, value_from_object(name));
    dict_delete_str(vm, vm->modules, name);
    if (dict_set_str(vm, vm->modules, name, module)) return module;
    value_release(vm, module);
    return VALUE_ERROR;
}

static Value run_body(Vm *vm, Value module, Value code) {
    Function *body = function_new(vm, (Code *)value_object(code), dict_of(module));
    Value result = body ? function_call(vm, body, NULL, 0, NULL) : VALUE_ERROR;
    release_object(vm, body);
    return result;
}

/* Makes the module, enters it and runs `code` in it. New: what is in sys.modules then. */
static Value load_code(Vm *vm, Str *name, ModuleSpec *spec, Value code) {
    Value module = module_new(vm, name, VALUE_NONE);
    if (value_is_error(module)) return VALUE_ERROR;
    bool ok = import_set_attributes(vm, dict_of(module), spec) &&
              dict_set_str(vm, dict_of(module), NAME(vm, __builtins__), value_from_object(vm->builtins)) &&
              dict_set_str(vm, vm->modules, name, module);
    Value result = VALUE_ERROR;
    if (ok) {
        spec->initializing = true;
        Value done = value_is_empty(code) ? VALUE_NONE : run_body(vm, module, code);
        spec->initializing = false;
        if (value_is_error(done)) module_forget(vm, name);
        else result = module_settle(vm, name);
        value_release(vm, done);
    }
    value_release(vm, module);
    return result;
}

/* --- the kinds of modules --- */

static Value load_native(Vm *vm, Str *name, const ModuleDef *def) {
    Value module = module_from_def(vm, def);
    if (value_is_error(module)) return VALUE_ERROR;
    ModuleSpec *spec = module_spec_new(vm, name, MODULE_BUILTIN, NULL, NULL);
    bool ok = spec && import_set_attributes(vm, dict_of(module), spec) && dict_set_str(vm, vm->modules, name, module);
    release_object(vm, spec);
    if (ok) return module;
    value_release(vm, module);
    return VALUE_ERROR;
}

static Value load_frozen(Vm *vm, Str *name, const FrozenModule *frozen) {
    List *locations = frozen->is_package ? list_new(vm, 0) : NULL;
    if (frozen->is_package && !locations) return VALUE_ERROR;
    ModuleSpec *spec = module_spec_new(vm, name, MODULE_FROZEN, NULL, locations);
    Value code = spec ? import_compile_frozen(vm, frozen) : VALUE_ERROR;
    Value module = value_is_error(code) ? VALUE_ERROR : load_code(vm, name, spec, code);
    value_release(vm, code);
    release_object(vm, spec);
    release_object(vm, locations);
    return module;
}

static Value load_found(Vm *vm, Str *name, const FoundModule *found) {
    ModuleSpec *spec = module_spec_new(vm, name, found->path ? MODULE_FILE : MODULE_NAMESPACE, found->path, found->locations);
    Value code = !spec ? VALUE_ERROR : found->path ? import_compile_file(vm, found->path) : VALUE_EMPTY;
    Value module = value_is_error(code) ? VALUE_ERROR : load_code(vm, name, spec, code);
    value_release(vm, code);
    release_object(vm, spec);
    return module;
}

/* From a source file along `path`; VALUE_EMPTY: there is none. */
static Value load_file(Vm *vm, Str *name, Value path) {
    FoundModule found;
    Str *tail = import_last_part(vm, name);
    bool ok = tail && import_find_file(vm, path, tail, &found);
    release_object(vm, tail);
    if (!ok) return VALUE_ERROR;
    Value module = found.found ? load_found(vm, name, &found) : VALUE_EMPTY;
    found_drop(vm, &found);
    return module;
}

static const ModuleDef *native_find(const Str *name) {
    const ModuleDef *def = NULL;
    for (int i = 0; (def = module_def_at(i)); i++)
        if (str_equal_ascii(name, def->name)) return def;
    return NULL;
}

static Value system_path(Vm *vm) {
    Value path = value_is_module(vm->sys_module) ? dict_peek_str(vm, dict_of(vm->sys_module), NAME(vm, path)) : VALUE_NONE;
    return value_is_empty(path) ? VALUE_NONE : value_retain(path);
}

/* Loads one module whose parents are loaded. path VALUE_EMPTY: it has none. VALUE_EMPTY: not found. */
static Value load_one(Vm *vm, Str *name, Value path) {
    const ModuleDef *def = native_find(name);
    if (def) return load_native(vm, name, def);
    const FrozenModule *frozen = frozen_find(name);
    if (frozen) return load_frozen(vm, name, frozen);
    if (!value_is_empty(path)) return load_file(vm, name, path);
    Value system = system_path(vm);
    Value module = load_file(vm, name, system);
    value_release(vm, system);
    return module;
}

/* --- parents --- */

Value import_parent_path(Vm *vm, Str *parent, Str *name) {
    Value module = value_retain(import_loaded_peek(vm, parent));
    Value path = value_is_empty(module) ? VALUE_EMPTY : import_find_attr(vm, module, NAME(vm, __path__));
    value_release(vm, module);
    if (!value_is_empty(path)) return path;
    Value message = str_format(vm, "No module named %V; %V is not a package", value_from_object(name), value_from_object(parent));
    return import_error_not_found_take(vm, message, name);
}

/* Notes in the parent's spec that a submodule is being loaded. */
static bool note_submodule(Vm *vm, ModuleSpec *spec, Str *tail) {
    if (value_is_empty(spec->uninitialized)) {
        List *list = list_new(vm, 1);
        if (!list) return false;
        spec->uninitialized = value_from_object(list);
    }
    return !value_is_list(spec->uninitialized) || list_append(vm, value_list(spec->uninitialized), value_from_object(tail));
}

static void forget_submodule(Vm *vm, ModuleSpec *spec) {
    if (!value_is_list(spec->uninitialized) || !value_list(spec->uninitialized)->count) return;
    Value in_flight = error_fetch(vm);
    List *list = value_list(spec->uninitialized);
    value_release(vm, list_pop(vm, list, list->count - 1));
    error_restore_take(vm, in_flight);
}

static bool bind_in_parent(Vm *vm, Value parent, Str *tail, Value module) {
    if (value_set_attr(vm, parent, tail, module)) return true;
    if (!error_clear_if(vm, EXC_AttributeError)) return false;
    return error_warn(vm, EXC_ImportWarning, "Cannot set an attribute on %V for child module %V", parent, value_from_object(tail));
}

/* Loads `name`, a submodule of the loaded module `parent_name`. VALUE_EMPTY: not found. */
static Value load_submodule(Vm *vm, Str *name, Str *parent_name) {
    Value path = import_parent_path(vm, parent_name, name);
    if (value_is_error(path)) return VALUE_ERROR;
    Value parent = value_retain(import_loaded_peek(vm, parent_name)), module = VALUE_ERROR;
    Str *tail = import_last_part(vm, name);
    ModuleSpec *spec = module_spec_peek(vm, parent);
    if (spec) retain_object(spec);
    if (tail && (!spec || note_submodule(vm, spec, tail))) {
        module = load_one(vm, name, path);
        if (spec) forget_submodule(vm, spec);
    }
    bool loaded = !value_is_error(module) && !value_is_empty(module);
    if (loaded && !value_is_empty(parent) && !bind_in_parent(vm, parent, tail, module)) {
        value_release(vm, module);
        module = VALUE_ERROR;
    }
    release_object(vm, spec);
    release_object(vm, tail);
    value_release(vm, parent);
    value_release(vm, path);
    return module;
}

static Value load_with_parent(Vm *vm, Str *name, Str *parent) {
    if (value_is_empty(import_loaded_peek(vm, parent))) {
        Value loaded = import_find_and_load(vm, parent);
        if (value_is_error(loaded)) return VALUE_ERROR;
        value_release(vm, loaded);
        Value module = import_loaded_peek(vm, name); /* the parent's body may have imported it */
        if (!value_is_empty(module)) return value_retain(module);
    }
    return load_submodule(vm, name, parent);
}

static Value load(Vm *vm, Str *name) {
    Str *parent = import_parent_name(vm, name);
    if (!parent && error_pending(vm)) return VALUE_ERROR;
    Value module = parent ? load_with_parent(vm, name, parent) : load_one(vm, name, VALUE_EMPTY);
    release_object(vm, parent);
    if (!value_is_empty(module)) return module;
    return import_error_not_found_take(vm, str_format(vm, "No module named %V", value_from_object(name)), name);
}

Value import_find_and_load(Vm *vm, Str *name) {
    Value module = import_loaded_peek(vm, name);
    if (value_is_none(module)) {
        Value message = str_format(vm, "import of %U halted; None in sys.modules", name);
        return import_error_not_found_take(vm, message, name);
    }
    if (!value_is_empty(module)) return value_retain(module);
    if (!vm_enter_c(vm, "")) return VALUE_ERROR;
    module = load(vm, name);
    vm_leave_c(vm);
    return module;
}
