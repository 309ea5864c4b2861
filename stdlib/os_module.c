/* Module posix: path arguments, errors, types and constants that its files (os_*.c) share.
 *
 * To add a function: a row in the table of the file that it belongs to; a constant: a row in `constants`. */
#include "stdlib/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "vm/module.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/tuple.h"

/* --- path arguments --- */

/* os.fspath: a str or bytes; VALUE_EMPTY: it is no path. New. */
static Value path_value(Vm *vm, Value v) {
    if (value_is_str(v) || value_is_bytes(v)) return value_retain(v);
    Str *name = str_intern(vm, "__fspath__", 10);
    Value method = name ? value_special(vm, v, name) : VALUE_ERROR;
    release_object(vm, name);
    if (value_is_error(method) || value_is_empty(method)) return method;
    Value path = value_call0(vm, method);
    value_release(vm, method);
    if (value_is_error(path) || value_is_str(path) || value_is_bytes(path)) return path;
    error_type(vm, "expected %T.__fspath__() to return str or bytes, not %T", v, path);
    value_release(vm, path);
    return VALUE_ERROR;
}

static char *path_copy(Vm *vm, Value path, size_t *size) {
    if (value_is_str(path)) return str_to_c(vm, value_str_peek(path), size, true);
    *size = value_bytes(path)->length + 1;
    if (memchr(value_bytes(path)->data, 0, *size - 1)) return error_value(vm, "embedded null byte"), NULL;
    char *text = heap_alloc(&vm->heap, *size);
    if (!text) return error_no_memory(vm), NULL;
    return memcpy(text, value_bytes(path)->data, *size);
}

static Value wrong_path(Vm *vm, Value v, const char *function, const char *argument, unsigned allowed) {
    static const char *const kinds[] = {"string, bytes or os.PathLike", "string, bytes, os.PathLike or integer", "string, bytes, os.PathLike or None",
                                        "string, bytes, os.PathLike, integer or None"};
    return error_type(vm, "%s: %s should be %s, not %T", function, argument, kinds[allowed], v);
}

bool os_path_get(Vm *vm, Value v, const char *function, const char *argument, unsigned allowed, OsPath *out) {
    *out = (OsPath){.given = v, .fd = -1};
    if (allowed & OS_PATH_NONE && (value_is_empty(v) || value_is_none(v))) {
        out->given = VALUE_NONE;
        out->size = 2;
        out->text = heap_alloc(&vm->heap, 2);
        if (!out->text) return error_no_memory(vm), false;
        strcpy(out->text, ".");
        return true;
    }
    Value path = path_value(vm, v);
    if (value_is_error(path)) return false;
    if (value_is_empty(path)) {
        bool number = allowed & OS_PATH_FD && (value_is_int(v) || value_type(vm, v)->slots.as_index);
        if (number) return value_as_int(vm, v, &out->fd);
        wrong_path(vm, v, function, argument, allowed);
        return false;
    }
    out->is_bytes = value_is_bytes(path);
    out->text = path_copy(vm, path, &out->size);
    value_release(vm, path);
    if (out->text) return true;
    if (!error_matches(vm, EXC_UnicodeError) && error_clear_if(vm, EXC_ValueError))
        error_value(vm, "%s: embedded null character in %s", function, argument);
    return false;
}

bool os_string_get(Vm *vm, Value v, OsPath *out) {
    if (os_path_get(vm, v, "os", "argument", 0, out)) return true;
    if (!error_matches(vm, EXC_UnicodeError) && error_clear_if(vm, EXC_ValueError)) error_value(vm, "embedded null byte");
    else if (error_clear_if(vm, EXC_TypeError)) error_type(vm, "expected str, bytes or os.PathLike object, not %T", v);
    return false;
}

void os_path_release(Vm *vm, OsPath *path) {
    if (path->text) heap_free(&vm->heap, path->text, path->size);
    path->text = NULL;
}

/* --- errors --- */

Value os_path_error2(Vm *vm, int number, const OsPath *path, const OsPath *path2) {
    if (!path2) return error_os(vm, number, value_is_none(path->given) ? VALUE_EMPTY : path->given);
    Value plain = error_os(vm, number, path->given), exception = error_fetch(vm);
    Str *name = str_intern(vm, "filename2", 9);
    bool ok = value_is_object(exception) && name && value_set_attr(vm, exception, name, path2->given);
    release_object(vm, name);
    if (ok) return error_set_take(vm, exception);
    value_release(vm, exception);
    return plain;
}

Value os_path_error(Vm *vm, int number, const OsPath *path) { return os_path_error2(vm, number, path, NULL); }

Value os_path_done(Vm *vm, bool failed, OsPath *path) {
    int number = errno;
    if (failed) os_path_error(vm, number, path);
    os_path_release(vm, path);
    return failed ? VALUE_ERROR : VALUE_NONE;
}

bool os_retry(Vm *vm) { return vm_safe_point(vm); }

/* --- other arguments and results --- */

Value os_text(Vm *vm, const char *text, size_t length, bool as_bytes) {
    if (!as_bytes) return bytes_decode(vm, (const uint8_t *)text, length, "utf-8", "surrogateescape");
    Bytes *bytes = bytes_new(vm, text, length);
    return bytes ? value_from_object(bytes) : VALUE_ERROR;
}

bool os_dir_fd(Vm *vm, Value v, int *out) {
    *out = AT_FDCWD;
    if (value_is_empty(v) || value_is_none(v)) return true;
    if (value_is_int(v) || value_type(vm, v)->slots.as_index) return value_as_int(vm, v, out);
    error_type(vm, "argument should be integer or None, not %T", v);
    return false;
}

int os_flag(Vm *vm, Value v, bool otherwise) { return value_is_empty(v) ? otherwise : value_truth(vm, v); }

bool os_file_descriptor(Vm *vm, Value v, int *out) {
    if (!value_is_int(v)) {
        Str *name = str_intern(vm, "fileno", 6);
        Value method = name ? value_find_attr(vm, v, name) : VALUE_ERROR;
        release_object(vm, name);
        if (value_is_error(method)) return false;
        if (value_is_empty(method)) return error_type(vm, "argument must be an int, or have a fileno() method."), false;
        Value number = value_call0(vm, method);
        value_release(vm, method);
        if (value_is_error(number)) return false;
        bool ok = value_is_int(number);
        if (!ok) error_type(vm, "fileno() returned a non-integer");
        ok = ok && value_as_int(vm, number, out);
        value_release(vm, number);
        if (!ok) return false;
    } else if (!value_as_int(vm, v, out)) {
        return false;
    }
    if (*out < 0) error_value(vm, "file descriptor cannot be a negative integer (%d)", *out);
    return *out >= 0;
}

static Value posix_fspath(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value path = path_value(vm, args[0]);
    return value_is_empty(path) ? error_type(vm, "expected str, bytes or os.PathLike object, not %T", args[0]) : path;
}

static Value posix_strerror(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int code;
    char buffer[128];
    if (!value_as_int(vm, args[0], &code)) return VALUE_ERROR;
    const char *text = strerror_r(code, buffer, sizeof buffer);
    return os_text(vm, text, strlen(text), false);
}

/* --- types --- */

Type *os_type(Vm *vm, OsType id) {
    if (value_is_empty(MODULE_STATE(vm, posix))) {
        Tuple *types = tuple_new(vm, OS_TYPE_COUNT);
        if (!types) return NULL;
        Type *made[OS_TYPE_COUNT] = {
            [OS_STAT_RESULT] = structseq_type_new(vm, &stat_result_spec),
            [OS_TERMINAL_SIZE] = structseq_type_new(vm, &terminal_size_spec),
            [OS_TIMES_RESULT] = structseq_type_new(vm, &times_result_spec),
            [OS_UNAME_RESULT] = structseq_type_new(vm, &uname_result_spec),
            [OS_DIR_ENTRY] = type_from_spec(vm, &dir_entry_spec, TYPE(vm, OBJECT)),
            [OS_SCANDIR] = type_from_spec(vm, &scandir_spec, TYPE(vm, OBJECT)),
        };
        for (int k = 0; k < OS_TYPE_COUNT; k++) {
            if (!made[k]) return release_object(vm, types), NULL;
            types->items[k] = value_retain(value_from_object(made[k]));
        }
        MODULE_STATE(vm, posix) = value_from_object(types);
    }
    return (Type *)value_object(value_tuple(MODULE_STATE(vm, posix))->items[id]);
}

/* --- the module --- */

static const struct {
    const char *name;
    int value;
} constants[] = {
#define C(name) {#name, name}
    C(F_OK), C(R_OK), C(W_OK), C(X_OK), C(O_RDONLY), C(O_WRONLY), C(O_RDWR), C(O_APPEND), C(O_CREAT), C(O_EXCL), C(O_TRUNC), C(O_NONBLOCK),
    C(O_NDELAY), C(O_NOCTTY), C(O_SYNC), C(O_DSYNC), C(O_RSYNC), C(O_CLOEXEC), C(O_DIRECTORY), C(O_NOFOLLOW), C(O_ACCMODE), C(O_ASYNC),
    C(O_DIRECT), C(O_LARGEFILE), C(O_NOATIME), C(O_PATH), C(O_TMPFILE), C(SEEK_DATA), C(SEEK_HOLE), C(WNOHANG), C(WUNTRACED), C(WCONTINUED),
    C(WEXITED), C(WSTOPPED), C(WNOWAIT), C(P_ALL), C(P_PID), C(P_PGID), C(EX_OK), C(EX_USAGE), C(EX_DATAERR), C(EX_NOINPUT), C(EX_NOUSER),
    C(EX_NOHOST), C(EX_UNAVAILABLE), C(EX_SOFTWARE), C(EX_OSERR), C(EX_OSFILE), C(EX_CANTCREAT), C(EX_IOERR), C(EX_TEMPFAIL),
    C(EX_PROTOCOL), C(EX_NOPERM), C(EX_CONFIG), C(GRND_NONBLOCK), C(GRND_RANDOM), C(F_LOCK), C(F_TLOCK), C(F_ULOCK), C(F_TEST),
#undef C
};

static bool posix_init(Vm *vm, Value module) {
    static const char *const type_names[] = {"stat_result", "terminal_size", "times_result", "uname_result", "DirEntry", NULL};
    static const NativeDef *const tables[] = {os_file_functions,    os_stat_functions,        os_folder_functions, os_descriptor_functions,
                                              os_process_functions, os_environment_functions, NULL};
    Dict *d = ((Module *)value_object(module))->dict;
    for (int k = 0; tables[k]; k++)
        if (!module_add_functions(vm, module, tables[k])) return false;
    for (size_t k = 0; k < sizeof constants / sizeof *constants; k++)
        if (!dict_set_ascii(vm, d, constants[k].name, value_from_small(constants[k].value))) return false;
    for (int k = 0; type_names[k]; k++) {
        Type *type = os_type(vm, (OsType)k);
        if (!type || !dict_set_ascii(vm, d, type_names[k], value_from_object(type))) return false;
    }
    Value environment = os_environment(vm);
    bool ok = !value_is_error(environment) && dict_set_ascii(vm, d, "environ", environment) &&
              dict_set_ascii(vm, d, "error", value_from_object(vm->exception_types[EXC_OSError]));
    value_release(vm, environment);
    return ok;
}

static const NativeDef posix_functions[] = {
    {"fspath", posix_fspath, "($module, /, path)", "The str or bytes of a path: __fspath__() is asked where there is one.", NATIVE_METHOD},
    {"strerror", posix_strerror, "($module, code, /)", "The message of an error number.", NATIVE_METHOD},
    {0}};

const ModuleDef posix_module = {.name = "posix", .doc = "System calls; import os instead.", .functions = posix_functions, .init = posix_init};
