/* The import statement and __import__: names, packages, what is bound. Loading is vm/import_load.c.
 *
 * The steps and messages are those of CPython's import machinery (importlib._bootstrap, Python/import.c); there are no Python frames of an
 * importer in tracebacks. */
#include "vm/import.h"

#include "vm/import_load.h"
#include "vm/loop.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
#include "vm/types/function.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

/* --- relative names --- */

static bool error_import(Vm *vm, const char *message) {
    error_raise(vm, EXC_ImportError, "%s", message);
    return false;
}

static Value globals_find(Vm *vm, Dict *globals, Str *name) {
    Value v = dict_peek_str(vm, globals, name);
    return value_is_none(v) ? VALUE_EMPTY : v;
}

/* The package by __name__ and __path__, where neither __package__ nor __spec__ tell. New; NULL: exception pending. */
static Str *package_by_name(Vm *vm, Dict *globals) {
    if (!error_warn(vm, EXC_ImportWarning, "can't resolve package from __spec__ or __package__, falling back on __name__ and __path__"))
        return NULL;
    Value name = dict_peek_str(vm, globals, NAME(vm, __name__));
    if (value_is_empty(name)) {
        Value key = str_format(vm, "'__name__' not in globals");
        if (!value_is_error(key)) error_key(vm, key);
        value_release(vm, key);
        return NULL;
    }
    if (!value_is_str(name)) return error_type(vm, "__name__ must be a string"), NULL;
    Str *text = value_str_peek(name);
    if (!value_is_empty(dict_peek_str(vm, globals, NAME(vm, __path__)))) return retain_object(text);
    int64_t dot = str_find(text, NAME(vm, dot), 0, text->length, true);
    return str_substring(vm, text, 0, dot < 0 ? 0 : (size_t)dot);
}

static Str *package_by_spec(Vm *vm, Value spec) {
    Str *name = str_intern(vm, "parent", 6);
    Value parent = name ? value_get_attr(vm, spec, name) : VALUE_ERROR;
    release_object(vm, name);
    if (value_is_error(parent)) return NULL;
    if (value_is_str(parent)) return value_str_peek(parent);
    value_release(vm, parent);
    error_type(vm, "__spec__.parent must be a string");
    return NULL;
}

/* The package that relative imports from these globals start at. New; NULL: exception pending. */
static Str *package_of(Vm *vm, Dict *globals) {
    Value package = globals_find(vm, globals, NAME(vm, __package__)), spec = globals_find(vm, globals, NAME(vm, __spec__));
    if (!value_is_empty(package)) {
        if (!value_is_str(package)) return error_type(vm, "package must be a string"), NULL;
        return retain_object(value_str_peek(package));
    }
    return value_is_empty(spec) ? package_by_name(vm, globals) : package_by_spec(vm, spec);
}

/* The part of the package's name that `level` dots lead to: its length; -1: exception pending. */
static int64_t climb(Vm *vm, const Str *package, int level) {
    if (!package->length) return error_import(vm, "attempted relative import with no known parent package"), -1;
    int64_t end = (int64_t)package->length;
    for (int k = 1; k < level; k++) {
        end = str_find(package, NAME(vm, dot), 0, (size_t)end, true);
        if (end < 0) return error_import(vm, "attempted relative import beyond top-level package"), -1;
    }
    return end;
}

/* The absolute name. New; NULL: exception pending. */
static Str *resolve(Vm *vm, Str *name, Value globals, int level) {
    if (level == 0) {
        if (!name->length) return error_value(vm, "Empty module name"), NULL;
        return retain_object(name);
    }
    if (!value_is_dict(globals) && !value_is_none(globals)) return error_type(vm, "globals must be a dict"), NULL;
    if (value_is_none(globals)) {
        Value key = str_format(vm, "'__name__' not in globals");
        if (!value_is_error(key)) error_key(vm, key);
        value_release(vm, key);
        return NULL;
    }
    Str *package = package_of(vm, value_dict(globals));
    if (!package) return NULL;
    int64_t end = climb(vm, package, level);
    Str *base = end < 0 ? NULL : str_substring(vm, package, 0, (size_t)end);
    release_object(vm, package);
    if (!base || !name->length) return base;
    Value full = str_format(vm, "%U.%U", base, name);
    release_object(vm, base);
    return value_is_error(full) ? NULL : value_str_peek(full);
}

/* --- from lists --- */

static bool error_item(Vm *vm, Value module, bool of_all, Value item) {
    Value name = of_all ? value_get_attr(vm, module, NAME(vm, __name__)) : VALUE_EMPTY;
    if (value_is_error(name)) return false;
    if (of_all) error_type(vm, "Item in %S.__all__ must be str, not %T", name, item);
    else error_type(vm, "Item in ``from list'' must be str, not %T", item);
    value_release(vm, name);
    return false;
}

/* Whether the pending exception says that `name` itself was not found, although nobody has said that it is not there. */
static bool clear_if_missing(Vm *vm, Str *name) {
    if (!error_matches(vm, EXC_ModuleNotFoundError)) return false;
    Value missing = value_exception(vm->exception)->extra[EXTRA_IMPORT_NAME];
    if (!value_is_str(missing) || !str_equal(value_str_peek(missing), name)) return false;
    if (value_is_none(import_loaded_peek(vm, name))) return false;
    error_clear(vm);
    return true;
}

/* Loads module.item, if there is such a submodule. */
static bool import_item(Vm *vm, Value module, Value item) {
    Value found = import_find_attr(vm, module, value_str_peek(item));
    if (value_is_error(found)) return false;
    if (!value_is_empty(found)) {
        value_release(vm, found);
        return true;
    }
    Value name = value_get_attr(vm, module, NAME(vm, __name__));
    Value full = value_is_error(name) ? VALUE_ERROR : str_format(vm, "%S.%S", name, item);
    value_release(vm, name);
    if (value_is_error(full)) return false;
    Value loaded = import_find_and_load(vm, value_str_peek(full));
    bool ok = !value_is_error(loaded) || clear_if_missing(vm, value_str_peek(full));
    value_release(vm, loaded);
    value_release(vm, full);
    return ok;
}

static bool import_items(Vm *vm, Value module, Value list, bool of_all);

/* `from package import *`: the submodules that __all__ names. */
static bool import_all(Vm *vm, Value module) {
    Value all = import_find_attr(vm, module, NAME(vm, __all__));
    if (value_is_error(all)) return false;
    bool ok = value_is_empty(all) || import_items(vm, module, all, true);
    value_release(vm, all);
    return ok;
}

typedef struct FromList {
    Value module;
    bool of_all;
} FromList;

static bool each_item(Vm *vm, Value item, void *arg) {
    FromList *from = arg;
    if (!value_is_str(item)) return error_item(vm, from->module, from->of_all, item);
    if (str_equal(value_str_peek(item), NAME(vm, star))) return from->of_all || import_all(vm, from->module);
    return import_item(vm, from->module, item);
}

static bool import_items(Vm *vm, Value module, Value list, bool of_all) {
    FromList from = {module, of_all};
    return value_each(vm, list, each_item, &from);
}

/* --- __import__ --- */

/* `import a.b.c` gives a; in relative imports, the part of the absolute name that stands for it. New. */
static Value first_module(Vm *vm, Str *name, Str *absolute, int level, Value module) {
    int64_t dot = str_find(name, NAME(vm, dot), 0, name->length, false);
    if (dot < 0 || (level > 0 && !name->length)) return value_retain(module);
    size_t length = level == 0 ? (size_t)dot : absolute->length - (name->length - (size_t)dot);
    Str *front = str_substring(vm, absolute, 0, length);
    if (!front) return VALUE_ERROR;
    Value result;
    if (level == 0) {
        result = import_find_and_load(vm, front);
    } else {
        result = value_retain(import_loaded_peek(vm, front));
        if (value_is_empty(result)) {
            Value text = str_format(vm, "%V not in sys.modules as expected", value_from_object(front));
            result = value_is_error(text) ? VALUE_ERROR : error_key(vm, text);
            value_release(vm, text);
        }
    }
    release_object(vm, front);
    return result;
}

/* A package's items are loaded where they are submodules; other modules have all they have. */
static bool load_items(Vm *vm, Value module, Value fromlist) {
    Value path = import_find_attr(vm, module, NAME(vm, __path__));
    if (value_is_error(path)) return false;
    bool is_package = !value_is_empty(path);
    value_release(vm, path);
    return !is_package || import_items(vm, module, fromlist, false);
}

Value import_by_name(Vm *vm, Str *name, Value globals, Value fromlist, int level) {
    if (level < 0) return error_value(vm, "level must be >= 0");
    Str *absolute = resolve(vm, name, globals, level);
    if (!absolute) return VALUE_ERROR;
    Value module = import_find_and_load(vm, absolute), result = VALUE_ERROR;
    int has_items = value_is_error(module) ? -1 : value_is_none(fromlist) ? 0 : value_truth(vm, fromlist);
    if (has_items == 0) result = first_module(vm, name, absolute, level, module);
    else if (has_items > 0 && load_items(vm, module, fromlist)) result = value_retain(module);
    value_release(vm, module);
    release_object(vm, absolute);
    return result;
}

Value import_module(Vm *vm, Str *name) { return import_find_and_load(vm, name); }

Value import_module_ascii(Vm *vm, const char *name) {
    Str *s = str_intern(vm, name, strlen(name));
    if (!s) return VALUE_ERROR;
    Value module = import_find_and_load(vm, s);
    release_object(vm, s);
    return module;
}

/* --- the instructions --- */

/* Scripts may replace builtins.__import__. */
static bool is_own_import(Value v) {
    return value_is_native(v) && strcmp(((NativeFunction *)value_object(v))->def->name, "__import__") == 0;
}

static Value call_import(Vm *vm, Frame *frame, Value import, Str *name, Value fromlist, Value level) {
    bool in_function = frame->code->flags & CODE_OPTIMIZED;
    Value globals = value_from_object(frame->globals);
    Value args[5] = {value_from_object(name), globals, in_function ? VALUE_NONE : globals, fromlist, level};
    value_retain(import);
    Value module = value_call(vm, import, args, 5, NULL);
    value_release(vm, import);
    return module;
}

bool op_import_name(Vm *vm, Frame *frame, Instr i, Str *name) {
    uint32_t b = INSTR_B(i);
    Value fromlist = value_retain(frame->registers[b]), level = frame->registers[b + 1];
    Value import = dict_peek_str(vm, frame->builtins, NAME(vm, __import__)), module;
    if (value_is_empty(import)) {
        error_import(vm, "__import__ not found");
        module = VALUE_ERROR;
    } else if (is_own_import(import)) {
        module = import_by_name(vm, name, value_from_object(frame->globals), fromlist, (int)value_small(level));
    } else {
        module = call_import(vm, frame, import, name, fromlist, level);
    }
    value_release(vm, fromlist);
    if (value_is_error(module)) return false;
    operand_consume(vm, frame, b);
    operand_consume(vm, frame, b + 1);
    return result_set(vm, frame, INSTR_A(i), module);
}

/* ImportError(message, name=, path=, name_from=); the message is stolen. */
static bool error_cannot_import_take(Vm *vm, Value message, Value module_name, Value path, Str *name) {
    Value e = value_is_error(message) ? VALUE_ERROR : exception_new(vm, EXC_ImportError, message);
    value_release(vm, message);
    if (value_is_error(e)) return false;
    Value *extra = value_exception(e)->extra;
    value_replace_take(vm, &extra[EXTRA_IMPORT_NAME], value_retain(module_name));
    value_replace_take(vm, &extra[EXTRA_IMPORT_PATH], value_retain(path));
    value_replace_take(vm, &extra[EXTRA_IMPORT_FROM], value_retain(value_from_object(name)));
    error_set_take(vm, e);
    return false;
}

static bool error_cannot_import(Vm *vm, Value module, Value module_name, Str *name) {
    Value path = value_is_module(module) ? dict_peek_str(vm, ((Module *)value_object(module))->dict, NAME(vm, __file__)) : VALUE_NONE;
    path = value_is_str(path) ? value_retain(path) : VALUE_NONE;
    ModuleSpec *spec = module_spec_peek(vm, module);
    bool partial = spec && spec->initializing;
    Value shown = value_is_str(module_name) ? value_retain(module_name) : str_format(vm, "<unknown module name>");
    Value message = VALUE_ERROR, text = value_from_object(name);
    Value place = value_is_none(path) ? str_format(vm, "unknown location") : value_retain(path);
    if (!value_is_error(shown) && !value_is_error(place))
        message = partial ? str_format(vm, "cannot import name %V from partially initialized module %V (most likely due to a circular import) (%S)",
                                       text, shown, place)
                          : str_format(vm, "cannot import name %V from %V (%S)", text, shown, place);
    value_release(vm, shown);
    value_release(vm, place);
    error_cannot_import_take(vm, message, value_is_str(module_name) ? module_name : VALUE_NONE, path, name);
    value_release(vm, path);
    return false;
}

/* A submodule that a cycle has not bound in its package yet. New, or VALUE_EMPTY. */
static Value loaded_submodule(Vm *vm, Value module_name, Str *name) {
    Value full = str_format(vm, "%S.%U", module_name, name);
    if (value_is_error(full)) return VALUE_ERROR;
    Value found = value_retain(import_loaded_peek(vm, value_str_peek(full)));
    value_release(vm, full);
    return found;
}

bool op_import_from(Vm *vm, Frame *frame, Instr i, Str *name) {
    Value module = frame->registers[INSTR_B(i)];
    Value v = import_find_attr(vm, module, name);
    if (value_is_error(v)) return false;
    if (!value_is_empty(v)) return result_set(vm, frame, INSTR_A(i), v);
    Value module_name = import_find_attr(vm, module, NAME(vm, __name__));
    if (value_is_error(module_name)) return false;
    v = value_is_str(module_name) ? loaded_submodule(vm, module_name, name) : VALUE_EMPTY;
    bool ok = !value_is_error(v);
    if (ok && value_is_empty(v)) ok = error_cannot_import(vm, module, module_name, name);
    value_release(vm, module_name);
    return ok && result_set(vm, frame, INSTR_A(i), v);
}

/* --- from module import * --- */

static bool error_star_name(Vm *vm, Value module, bool from_all, Value name) {
    Value module_name = value_get_attr(vm, module, NAME(vm, __name__));
    if (value_is_error(module_name)) return false;
    if (!value_is_str(module_name)) error_type(vm, "module __name__ must be a string, not %T", module_name);
    else if (from_all) error_type(vm, "Item in %S.__all__ must be str, not %T", module_name, name);
    else error_type(vm, "Key in %S.__dict__ must be str, not %T", module_name, name);
    value_release(vm, module_name);
    return false;
}

static bool bind_star_name(Vm *vm, Frame *frame, Value module, Value name) {
    Value v = value_get_attr(vm, module, value_str_peek(name));
    if (value_is_error(v)) return false;
    bool ok;
    if (frame->code->flags & (CODE_NAMESPACE | CODE_CLASS_BODY)) ok = value_set_item(vm, frame->registers[0], name, v);
    else ok = dict_set(vm, frame->globals, name, v);
    value_release(vm, v);
    return ok;
}

/* The names to bind: __all__, or the keys of __dict__. New; VALUE_ERROR. */
static Value star_names(Vm *vm, Value module, bool *from_all) {
    Value all = import_find_attr(vm, module, NAME(vm, __all__));
    *from_all = !value_is_empty(all);
    if (*from_all) return all;
    Value dict = import_find_attr(vm, module, NAME(vm, __dict__));
    if (value_is_empty(dict)) {
        error_import(vm, "from-import-* object has no __dict__ and no __all__");
        return VALUE_ERROR;
    }
    if (value_is_error(dict)) return VALUE_ERROR;
    Value keys = value_is_dict(dict) ? dict_keys_list(vm, value_dict(dict)) : value_call_method(vm, dict, NAME(vm, keys), NULL, 0);
    value_release(vm, dict);
    return keys;
}

static bool import_star(Vm *vm, Frame *frame, Value module, Value names, bool from_all) {
    for (int64_t k = 0;; k++) {
        Value name = value_get_item(vm, names, value_from_small(k));
        if (value_is_error(name)) return error_clear_if(vm, EXC_IndexError);
        bool ok = true;
        if (!value_is_str(name)) {
            ok = error_star_name(vm, module, from_all, name);
        } else {
            const Str *s = value_str_peek(name);
            if (from_all || !s->length || str_at(s, 0) != '_') ok = bind_star_name(vm, frame, module, name);
        }
        value_release(vm, name);
        if (!ok) return false;
    }
}

bool op_import_star(Vm *vm, Frame *frame, Instr i) {
    Value module = value_retain(frame->registers[INSTR_A(i)]);
    bool from_all;
    Value names = star_names(vm, module, &from_all);
    bool ok = !value_is_error(names) && import_star(vm, frame, module, names, from_all);
    value_release(vm, names);
    value_release(vm, module);
    if (ok) operand_consume(vm, frame, INSTR_A(i));
    return ok;
}
