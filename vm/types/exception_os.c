/* OSError: errno, strerror, filename; the subclass that an error number asks for. */
#include "vm/types/exception_family.h"

#include <errno.h>

#include "vm/ops.h"
#include "vm/types/int.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

static const struct {
    int number;
    ExceptionId id;
} by_number[] = {
    {EAGAIN, EXC_BlockingIOError},      {EALREADY, EXC_BlockingIOError},        {EINPROGRESS, EXC_BlockingIOError},
    {EPIPE, EXC_BrokenPipeError},       {ESHUTDOWN, EXC_BrokenPipeError},       {ECHILD, EXC_ChildProcessError},
    {ECONNABORTED, EXC_ConnectionAbortedError}, {ECONNREFUSED, EXC_ConnectionRefusedError}, {ECONNRESET, EXC_ConnectionResetError},
    {EEXIST, EXC_FileExistsError},      {ENOENT, EXC_FileNotFoundError},        {EINTR, EXC_InterruptedError},
    {EISDIR, EXC_IsADirectoryError},    {ENOTDIR, EXC_NotADirectoryError},      {EACCES, EXC_PermissionError},
    {EPERM, EXC_PermissionError},       {ESRCH, EXC_ProcessLookupError},        {ETIMEDOUT, EXC_TimeoutError},
};

static Type *type_for(Vm *vm, Value number) {
    int64_t n;
    if (value_is_int(number) && int_to_i64(number, &n)) {
        for (size_t k = 0; k < sizeof by_number / sizeof *by_number; k++)
            if (by_number[k].number == n) return vm->exception_types[by_number[k].id];
    }
    return vm->exception_types[EXC_OSError];
}

Value os_error_new(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    if (type == vm->exception_types[EXC_OSError] && nargs >= 2 && nargs <= 5) type = type_for(vm, args[0]);
    return exception_base_new(vm, type, args, nargs, kwnames);
}

/* OSError(errno, strerror[, filename[, winerror[, filename2]]]): args keeps the first two only. */
bool os_error_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    if (!exception_no_keywords(vm, self, kwnames)) return false;
    ExceptionObject *e = value_exception(self);
    bool parsed = nargs >= 2 && nargs <= 5;
    if (!exception_set_args(vm, e, args, parsed && nargs > 2 && !value_is_none(args[2]) ? 2 : nargs)) return false;
    if (!parsed) return true;
    value_replace_take(vm, &e->extra[EXTRA_ERRNO], value_retain(args[0]));
    value_replace_take(vm, &e->extra[EXTRA_STRERROR], value_retain(args[1]));
    if (nargs > 2 && !value_is_none(args[2])) value_replace_take(vm, &e->extra[EXTRA_FILENAME], value_retain(args[2]));
    if (nargs > 4) value_replace_take(vm, &e->extra[EXTRA_FILENAME2], value_retain(args[4]));
    return true;
}

Value os_error_str(Vm *vm, Value self) {
    const Value *extra = value_exception(self)->extra;
    Value number = extra[EXTRA_ERRNO], text = extra[EXTRA_STRERROR], file = extra[EXTRA_FILENAME], file2 = extra[EXTRA_FILENAME2];
    if (value_is_empty(number) && value_is_empty(text)) return exception_base_str(vm, self);
    if (value_is_empty(number)) number = VALUE_NONE;
    if (value_is_empty(text)) text = VALUE_NONE;
    if (value_is_empty(file)) return str_format(vm, "[Errno %S] %S", number, text);
    if (value_is_empty(file2)) return str_format(vm, "[Errno %S] %S: %V", number, text, file);
    return str_format(vm, "[Errno %S] %S: %V -> %V", number, text, file, file2);
}

static Value get_at(Value self, int index) {
    Value v = value_exception(self)->extra[index];
    return value_is_empty(v) ? VALUE_NONE : value_retain(v);
}

static bool set_at(Vm *vm, Value self, int index, Value value) {
    value_replace_take(vm, &value_exception(self)->extra[index], value_retain(value));
    return true;
}

static Value get_errno(Vm *vm, Value self) { return (void)vm, get_at(self, EXTRA_ERRNO); }
static Value get_strerror(Vm *vm, Value self) { return (void)vm, get_at(self, EXTRA_STRERROR); }
static Value get_filename(Vm *vm, Value self) { return (void)vm, get_at(self, EXTRA_FILENAME); }
static Value get_filename2(Vm *vm, Value self) { return (void)vm, get_at(self, EXTRA_FILENAME2); }
static bool set_errno(Vm *vm, Value self, Value value) { return set_at(vm, self, EXTRA_ERRNO, value); }
static bool set_strerror(Vm *vm, Value self, Value value) { return set_at(vm, self, EXTRA_STRERROR, value); }
static bool set_filename(Vm *vm, Value self, Value value) { return set_at(vm, self, EXTRA_FILENAME, value); }
static bool set_filename2(Vm *vm, Value self, Value value) { return set_at(vm, self, EXTRA_FILENAME2, value); }

static Value get_written(Vm *vm, Value self) {
    Value v = value_exception(self)->extra[EXTRA_WRITTEN];
    return value_is_empty(v) ? error_raise(vm, EXC_AttributeError, "characters_written") : value_retain(v);
}

static bool set_written(Vm *vm, Value self, Value value) {
    if (!value_is_empty(value) && !value_is_int(value)) {
        error_type(vm, "'%T' object cannot be interpreted as an integer", value);
        return false;
    }
    return set_at(vm, self, EXTRA_WRITTEN, value);
}

const GetSetDef os_error_getset[] = {
    {"errno", get_errno, set_errno, "POSIX exception code"},
    {"strerror", get_strerror, set_strerror, "exception strerror"},
    {"filename", get_filename, set_filename, "exception filename"},
    {"filename2", get_filename2, set_filename2, "second exception filename"},
    {"characters_written", get_written, set_written, NULL},
    {0}};

static Value os_error_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    ExceptionObject *e = value_exception(args[0]);
    Value type = value_from_object(e->head.shape->type), file = e->extra[EXTRA_FILENAME];
    Tuple *all = NULL;
    if (e->args->count == 2 && !value_is_empty(file)) all = tuple_pack(vm, 3, e->args->items[0], e->args->items[1], file);
    else all = retain_object(e->args);
    if (!all) return VALUE_ERROR;
    Tuple *result = tuple_pack(vm, 2, type, value_from_object(all));
    release_object(vm, all);
    return result ? value_from_object(result) : VALUE_ERROR;
}

const NativeDef os_error_methods[] = {{"__reduce__", os_error_reduce, "($self, /)", NULL, 0}, {0}};
