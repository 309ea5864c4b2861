/* `mini -m name`: a module's body run as __main__, as CPython's runpy does it.
 *
 * The module is found but not imported; its parents are. What is not found ends the program with one line. */
#include "vm/import.h"

#include "vm/import_load.h"
#include "vm/module.h"
#include "vm/ops.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
#include "vm/types/function.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/vm.h"

/* What runs: a file or a frozen module. */
typedef struct Program {
    Str *name; /* owned */
    FoundModule file;
    const FrozenModule *frozen;
    bool is_native, is_package;
} Program;

static Dict *dict_of(Value module) { return ((Module *)value_object(module))->dict; }

static void program_drop(Vm *vm, Program *p) {
    release_object(vm, p->name);
    found_drop(vm, &p->file);
    *p = (Program){0};
}

/* Ends the program with "executable: text" and status 1; the text is stolen. Result: false. */
static bool give_up_take(Vm *vm, Value text) {
    error_clear(vm);
    if (value_is_error(text)) return error_no_memory(vm), false;
    Value executable = dict_peek_ascii(vm, dict_of(vm->sys_module), "executable");
    Value line = value_is_str(executable) ? str_format(vm, "%S: %S", executable, text) : value_retain(text);
    value_release(vm, text);
    if (value_is_error(line)) return false;
    error_set_take(vm, exception_new(vm, EXC_SystemExit, line));
    value_release(vm, line);
    return false;
}

/* The pending exception tells why a parent could not be imported. */
static bool give_up_on_parent(Vm *vm, Str *name) {
    if (!error_matches(vm, EXC_ImportError)) return false;
    Value e = error_fetch(vm);
    Value text = str_format(vm, "Error while finding module specification for %V (%T: %S)", value_from_object(name), e, e);
    value_release(vm, e);
    return give_up_take(vm, text);
}

/* The path to look along: a parent's, or sys.path. New; VALUE_ERROR. */
static Value search_path(Vm *vm, Str *name) {
    Str *parent = import_parent_name(vm, name);
    if (!parent) {
        Value path = error_pending(vm) ? VALUE_ERROR : dict_peek_str(vm, dict_of(vm->sys_module), NAME(vm, path));
        return value_is_empty(path) ? VALUE_NONE : value_retain(path);
    }
    Value module = import_find_and_load(vm, parent);
    Value path = value_is_error(module) ? VALUE_ERROR : import_find_attr(vm, module, NAME(vm, __path__));
    value_release(vm, module);
    if (value_is_empty(path)) {
        Value full = value_from_object(name), above = value_from_object(parent);
        Value message = str_format(vm, "__path__ attribute not found on %V while trying to find %V", above, full);
        path = import_error_not_found_take(vm, message, name);
    }
    release_object(vm, parent);
    if (value_is_error(path)) give_up_on_parent(vm, name);
    return path;
}

static bool is_native(const Str *name) {
    const ModuleDef *def;
    for (int i = 0; (def = module_def_at(i)); i++)
        if (str_equal_ascii(name, def->name)) return true;
    return false;
}

/* Fills *p for the module of that name. *found; false: exception pending. */
static bool program_find(Vm *vm, Str *name, Program *p, bool *found) {
    *p = (Program){.name = retain_object(name)};
    *found = true;
    p->is_native = is_native(name);
    if (p->is_native) return true;
    Value path = search_path(vm, name);
    if (value_is_error(path)) return false;
    p->frozen = frozen_find(name);
    Str *tail = p->frozen ? NULL : import_last_part(vm, name);
    bool ok = p->frozen || (tail && import_find_file(vm, path, tail, &p->file));
    release_object(vm, tail);
    value_release(vm, path);
    *found = p->frozen || p->file.found;
    p->is_package = p->frozen ? p->frozen->is_package : p->file.locations != NULL;
    return ok;
}

/* A package: its submodule __main__ takes its place. */
static bool program_enter_package(Vm *vm, Program *p) {
    bool found;
    Value inner = str_format(vm, "%U.__main__", p->name);
    if (value_is_error(inner)) return false;
    Program main;
    bool ok = program_find(vm, value_str_peek(inner), &main, &found);
    if (ok && !found) {
        Value name = value_from_object(p->name);
        ok = give_up_take(vm, str_format(vm, "No module named %S; %V is a package and cannot be directly executed", inner, name));
    }
    value_release(vm, inner);
    program_drop(vm, p);
    *p = main;
    return ok;
}

static bool program_resolve(Vm *vm, Str *name, Program *p) {
    bool found;
    if (!program_find(vm, name, p, &found)) return false;
    if (!found) return give_up_take(vm, str_format(vm, "No module named %U", name));
    if (p->is_package && !program_enter_package(vm, p)) return false;
    if (p->is_native) return give_up_take(vm, str_format(vm, "No code object available for %U", p->name));
    return true;
}

/* sys.argv[0] becomes the file's path. */
static bool set_program_name(Vm *vm, Str *path) {
    Value argv = dict_peek_ascii(vm, dict_of(vm->sys_module), "argv");
    if (!value_is_list(argv)) return true;
    if (!value_list(argv)->count) return list_append(vm, value_list(argv), value_from_object(path));
    value_replace_take(vm, &value_list(argv)->items[0], value_retain(value_from_object(path)));
    return true;
}

static bool program_run(Vm *vm, Program *p) {
    Value module = import_loaded_peek(vm, NAME(vm, __main__));
    if (!value_is_module(module)) return error_raise(vm, EXC_RuntimeError, "no __main__ module"), false;
    Dict *globals = retain_object(dict_of(module));
    ModuleSpec *spec = module_spec_new(vm, p->name, p->frozen ? MODULE_FROZEN : MODULE_FILE, p->file.path, NULL);
    Value code = !spec ? VALUE_ERROR : p->frozen ? import_compile_frozen(vm, p->frozen) : import_compile_file(vm, p->file.path);
    bool ok = !value_is_error(code) && import_set_attributes(vm, globals, spec) && (!p->file.path || set_program_name(vm, p->file.path));
    Value result = ok ? vm_run_code(vm, code, globals, NULL) : VALUE_ERROR;
    ok = !value_is_error(result);
    value_release(vm, result);
    value_release(vm, code);
    release_object(vm, spec);
    release_object(vm, globals);
    return ok;
}

bool import_run_main(Vm *vm, const char *name) {
    Str *s = str_intern(vm, name, strlen(name));
    if (!s) return false;
    Program p = {0};
    bool ok = program_resolve(vm, s, &p) && program_run(vm, &p);
    program_drop(vm, &p);
    release_object(vm, s);
    return ok;
}
