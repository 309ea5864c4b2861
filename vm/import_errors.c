/* What a missing attribute of a module means: a circular import, a file that stands in the way of another module, or just that. */
#include "vm/import.h"

#include <string.h>

#include "vm/import_load.h"
#include "vm/traceback_text.h"
#include "vm/types/descriptors.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/list.h"
#include "vm/vm.h"

/* Length of the path's folder part, without the slash. */
static size_t folder_length(const Str *path, size_t length) {
    while (length > 0 && str_at(path, length - 1) != '/') length--;
    return length > 1 ? length - 1 : length;
}

static bool names_package(const Str *path) {
    static const char *const names[] = {"__init__.mini", "__init__.py"};
    size_t start = path->length;
    while (start > 0 && str_at(path, start - 1) != '/') start--;
    for (int k = 0; k < 2; k++) {
        size_t i = 0, length = strlen(names[k]);
        if (path->length - start != length) continue;
        while (i < length && str_at(path, start + i) == (uint32_t)names[k][i]) i++;
        if (i == length) return true;
    }
    return false;
}

/* Whether the module's file lies in the folder that is searched first, the program's own. */
static bool may_shadow(Vm *vm, const Str *path) {
    Value entries = value_is_module(vm->sys_module) ? dict_peek_str(vm, ((Module *)value_object(vm->sys_module))->dict, NAME(vm, path)) : VALUE_EMPTY;
    if (!value_is_list(entries) || !value_list(entries)->count || !value_is_str(value_list(entries)->items[0])) return false;
    Str *first = import_entry_folder(vm, value_str_peek(value_list(entries)->items[0]));
    if (!first) {
        error_clear(vm);
        return false;
    }
    size_t length = folder_length(path, path->length);
    if (names_package(path)) length = folder_length(path, length);
    bool same = first->length == length;
    for (size_t i = 0; same && i < length; i++) same = str_at(first, i) == str_at(path, i);
    release_object(vm, first);
    return same;
}

static bool is_being_loaded(const ModuleSpec *spec, const Str *name) {
    if (!value_is_list(spec->uninitialized)) return false;
    const List *list = value_list(spec->uninitialized);
    for (size_t i = 0; i < list->count; i++)
        if (value_is_str(list->items[i]) && str_equal(value_str_peek(list->items[i]), name)) return true;
    return false;
}

static Value error_initializing(Vm *vm, Value module, Str *module_name, Str *name, Value origin, bool shadowing) {
    if (shadowing)
        return error_attribute_named(vm, module, name,
                                     "module '%U' has no attribute '%U' (consider renaming '%S' if it has the same name as a "
                                     "third-party module you intended to import)", module_name, name, origin);
    if (value_is_str(origin))
        return error_attribute_named(vm, module, name,
                                     "partially initialized module '%U' from '%S' has no attribute '%U' (most likely due to a circular import)",
                                     module_name, origin, name);
    return error_attribute_named(vm, module, name,
                                 "partially initialized module '%U' has no attribute '%U' (most likely due to a circular import)",
                                 module_name, name);
}

Value import_error_attribute(Vm *vm, Value module, Str *name) {
    Value module_name = dict_peek_str(vm, ((Module *)value_object(module))->dict, NAME(vm, __name__));
    if (!value_is_str(module_name)) return error_attribute_named(vm, module, name, "module has no attribute '%U'", name);
    Str *text = value_str_peek(module_name);
    ModuleSpec *spec = module_spec_peek(vm, module);
    if (!spec) return error_attribute_named(vm, module, name, "module '%U' has no attribute '%U'", text, name);
    Value origin = spec->has_location && value_is_str(spec->origin) ? spec->origin : VALUE_NONE;
    bool shadowing = value_is_str(origin) && may_shadow(vm, value_str_peek(origin));
    if (shadowing && stdlib_has_module(text))
        return error_attribute_named(vm, module, name,
                                     "module '%U' has no attribute '%U' (consider renaming '%S' since it has the same name as the standard "
                                     "library module named '%U' and the import system gives it precedence)", text, name, origin, text);
    if (spec->initializing) return error_initializing(vm, module, text, name, origin, shadowing);
    if (is_being_loaded(spec, name))
        return error_attribute_named(vm, module, name, "cannot access submodule '%U' of module '%U' (most likely due to a circular import)",
                                     name, text);
    return error_attribute_named(vm, module, name, "module '%U' has no attribute '%U'", text, name);
}
