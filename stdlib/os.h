/* What the files of module posix (stdlib/os_*.c) share: path arguments, errors, the module's types. Scripts import `os` (stdlib/os.mini), which adds
 * what needs no C. Functions are in tables by what they touch: a sandbox refuses a table as a whole. */
#ifndef MINI_STDLIB_OS_H
#define MINI_STDLIB_OS_H

#include "vm/ops.h"
#include "vm/structseq.h"
#include "vm/types/bytes.h"
#include "vm/types/str.h"
#include "vm/vm.h"

/* A path argument as C wants it. */
typedef struct OsPath {
    Value given;    /* the argument, borrowed: what errors show */
    char *text;     /* NUL-terminated; NULL: it is a descriptor, or None */
    size_t size;    /* bytes of the block at text */
    int fd;         /* -1: none */
    bool is_bytes;  /* results are bytes too */
} OsPath;
#define OS_PATH_FD 1u   /* an open file's descriptor will do */
#define OS_PATH_NONE 2u /* None (or no argument) means the current folder: text is "." */
/* function and argument are for the TypeError: "stat: path should be string, bytes, os.PathLike or integer, not float". */
bool os_path_get(Vm *vm, Value v, const char *function, const char *argument, unsigned allowed, OsPath *out);
/* A str, bytes or path that names no file (an argument of a program, a variable's name), with other errors. */
bool os_string_get(Vm *vm, Value v, OsPath *out);
void os_path_release(Vm *vm, OsPath *path);
/* OSError with errno and the path as given; always VALUE_ERROR. number: errno as it was. */
Value os_path_error(Vm *vm, int number, const OsPath *path);
Value os_path_error2(Vm *vm, int number, const OsPath *path, const OsPath *path2);
/* The path is released; OSError when `failed`, else None. errno tells why. */
Value os_path_done(Vm *vm, bool failed, OsPath *path);
/* A name from the system: a Str (bytes that are not UTF-8 become surrogates) or Bytes. */
Value os_text(Vm *vm, const char *text, size_t length, bool as_bytes);
/* dir_fd=: AT_FDCWD when absent or None. */
bool os_dir_fd(Vm *vm, Value v, int *out);
/* A flag argument with its default: 1, 0, -1 error. */
int os_flag(Vm *vm, Value v, bool otherwise);
/* An int, or an object with fileno(). */
bool os_file_descriptor(Vm *vm, Value v, int *out);
/* After a system call failed with EINTR: true to try it again; false: a signal handler has raised. */
bool os_retry(Vm *vm);

typedef enum OsType { OS_STAT_RESULT, OS_TERMINAL_SIZE, OS_TIMES_RESULT, OS_UNAME_RESULT, OS_DIR_ENTRY, OS_SCANDIR, OS_TYPE_COUNT } OsType;
Type *os_type(Vm *vm, OsType id); /* borrowed */

/* os_stat.c: an os.stat_result of a path or of an entry of an open folder (dir_fd). */
Value os_stat_new(Vm *vm, const OsPath *path, int dir_fd, bool follow);

extern const StructSeqSpec stat_result_spec, terminal_size_spec, times_result_spec, uname_result_spec;
extern const TypeSpec dir_entry_spec, scandir_spec;
extern const NativeDef os_file_functions[], os_stat_functions[], os_folder_functions[], os_descriptor_functions[], os_process_functions[],
    os_environment_functions[];
/* environ as a dict of bytes. */
Value os_environment(Vm *vm);

#endif
