/* posix: the environment. os.environ (stdlib/os.mini) keeps its own copy and tells every change to putenv and unsetenv. */
#include "stdlib/os.h"

#include <errno.h>
#include <stdlib.h>

#include "vm/types/dict.h"

extern char **environ;

Value os_environment(Vm *vm) {
    Dict *d = dict_new(vm);
    bool ok = d != NULL;
    for (char **e = environ; ok && e && *e; e++) {
        const char *equals = strchr(*e, '=');
        if (!equals) continue;
        Value name = os_text(vm, *e, (size_t)(equals - *e), true), value = os_text(vm, equals + 1, strlen(equals + 1), true);
        ok = !value_is_error(name) && !value_is_error(value);
        if (ok) {
            Value first = dict_set_default(vm, d, name, value); /* the first of equal names counts */
            ok = !value_is_error(first);
            value_release(vm, first);
        }
        value_release(vm, name);
        value_release(vm, value);
    }
    if (ok) return value_from_object(d);
    release_object(vm, d);
    return VALUE_ERROR;
}

static bool name_is_legal(Vm *vm, const OsPath *name) {
    if (!strchr(name->text, '=')) return true;
    error_value(vm, "illegal environment variable name");
    return false;
}

static Value posix_putenv(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    OsPath name = {0}, value = {0};
    bool ok = os_string_get(vm, args[0], &name) && os_string_get(vm, args[1], &value) && name_is_legal(vm, &name);
    if (ok && setenv(name.text, value.text, 1) < 0) ok = (error_os(vm, errno, VALUE_EMPTY), false);
    os_path_release(vm, &name);
    os_path_release(vm, &value);
    return ok ? VALUE_NONE : VALUE_ERROR;
}

static Value posix_unsetenv(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    OsPath name;
    if (!os_string_get(vm, args[0], &name)) return VALUE_ERROR;
    bool ok = unsetenv(name.text) == 0;
    int number = errno;
    os_path_release(vm, &name);
    return ok ? VALUE_NONE : error_os(vm, number, VALUE_EMPTY);
}

const NativeDef os_environment_functions[] = {
    {"putenv", posix_putenv, "($module, name, value, /)", "Changes or adds an environment variable.", NATIVE_METHOD},
    {"unsetenv", posix_unsetenv, "($module, name, /)", "Deletes an environment variable.", NATIVE_METHOD},
    {0}};
