/* posix: files by their names: making, removing, renaming, links, the current folder. */
#include "stdlib/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vm/types/int.h"

static bool mode_argument(Vm *vm, Value v, int otherwise, int *mode) {
    *mode = otherwise;
    return value_is_empty(v) || value_as_int(vm, v, mode);
}

/* "(path, mode=0o777, *, dir_fd=None)" */
static Value posix_mkdir(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    OsPath path;
    int mode, dir;
    if (!os_path_get(vm, args[0], "mkdir", "path", 0, &path)) return VALUE_ERROR;
    if (!mode_argument(vm, args[1], 0777, &mode) || !os_dir_fd(vm, args[2], &dir)) return os_path_release(vm, &path), VALUE_ERROR;
    return os_path_done(vm, mkdirat(dir, path.text, (mode_t)mode) < 0, &path);
}

static Value posix_mkfifo(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    OsPath path;
    int mode, dir;
    if (!os_path_get(vm, args[0], "mkfifo", "path", 0, &path)) return VALUE_ERROR;
    if (!mode_argument(vm, args[1], 0666, &mode) || !os_dir_fd(vm, args[2], &dir)) return os_path_release(vm, &path), VALUE_ERROR;
    return os_path_done(vm, mkfifoat(dir, path.text, (mode_t)mode) < 0, &path);
}

static Value remove_named(Vm *vm, Value *args, const char *function, int flags) {
    OsPath path;
    int dir;
    if (!os_path_get(vm, args[0], function, "path", 0, &path)) return VALUE_ERROR;
    if (!os_dir_fd(vm, args[1], &dir)) return os_path_release(vm, &path), VALUE_ERROR;
    return os_path_done(vm, unlinkat(dir, path.text, flags) < 0, &path);
}

static Value posix_remove(Vm *vm, Value *args, int nargs) { return (void)nargs, remove_named(vm, args, "remove", 0); }
static Value posix_unlink(Vm *vm, Value *args, int nargs) { return (void)nargs, remove_named(vm, args, "unlink", 0); }
static Value posix_rmdir(Vm *vm, Value *args, int nargs) { return (void)nargs, remove_named(vm, args, "rmdir", AT_REMOVEDIR); }

/* --- two paths --- */

static bool two_paths(Vm *vm, Value *args, const char *function, OsPath *source, OsPath *target) {
    if (!os_path_get(vm, args[0], function, "src", 0, source)) return false;
    if (os_path_get(vm, args[1], function, "dst", 0, target)) return true;
    os_path_release(vm, source);
    return false;
}

static Value two_paths_done(Vm *vm, bool failed, OsPath *source, OsPath *target) {
    int number = errno;
    if (failed) os_path_error2(vm, number, source, target);
    os_path_release(vm, source);
    os_path_release(vm, target);
    return failed ? VALUE_ERROR : VALUE_NONE;
}

static Value rename_named(Vm *vm, Value *args, const char *function) {
    OsPath source, target;
    int source_dir, target_dir;
    if (!os_dir_fd(vm, args[2], &source_dir) || !os_dir_fd(vm, args[3], &target_dir)) return VALUE_ERROR;
    if (!two_paths(vm, args, function, &source, &target)) return VALUE_ERROR;
    return two_paths_done(vm, renameat(source_dir, source.text, target_dir, target.text) < 0, &source, &target);
}

static Value posix_rename(Vm *vm, Value *args, int nargs) { return (void)nargs, rename_named(vm, args, "rename"); }
static Value posix_replace(Vm *vm, Value *args, int nargs) { return (void)nargs, rename_named(vm, args, "replace"); }

/* "(src, dst, *, src_dir_fd=None, dst_dir_fd=None, follow_symlinks=True)" */
static Value posix_link(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    OsPath source, target;
    int source_dir, target_dir, follow = os_flag(vm, args[4], true);
    if (follow < 0 || !os_dir_fd(vm, args[2], &source_dir) || !os_dir_fd(vm, args[3], &target_dir)) return VALUE_ERROR;
    if (!two_paths(vm, args, "link", &source, &target)) return VALUE_ERROR;
    int flags = follow && !value_is_empty(args[4]) ? AT_SYMLINK_FOLLOW : 0;
    return two_paths_done(vm, linkat(source_dir, source.text, target_dir, target.text, flags) < 0, &source, &target);
}

/* "(src, dst, target_is_directory=False, *, dir_fd=None)" */
static Value posix_symlink(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    OsPath source, target;
    int dir;
    if (!os_dir_fd(vm, args[3], &dir) || !two_paths(vm, args, "symlink", &source, &target)) return VALUE_ERROR;
    return two_paths_done(vm, symlinkat(source.text, dir, target.text) < 0, &source, &target);
}

static Value posix_readlink(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    OsPath path;
    int dir;
    char target[4096];
    if (!os_dir_fd(vm, args[1], &dir) || !os_path_get(vm, args[0], "readlink", "path", 0, &path)) return VALUE_ERROR;
    ssize_t length = readlinkat(dir, path.text, target, sizeof target);
    bool as_bytes = path.is_bytes;
    if (value_is_error(os_path_done(vm, length < 0, &path))) return VALUE_ERROR;
    return os_text(vm, target, (size_t)length, as_bytes);
}

static Value posix_truncate(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    OsPath path;
    int64_t length;
    if (!value_as_i64(vm, args[1], &length) || !os_path_get(vm, args[0], "truncate", "path", OS_PATH_FD, &path)) return VALUE_ERROR;
    return os_path_done(vm, (path.text ? truncate(path.text, length) : ftruncate(path.fd, length)) < 0, &path);
}

/* --- the current folder --- */

static Value current_folder(Vm *vm, bool as_bytes) {
    size_t size = 1024;
    for (;; size *= 2) {
        char *folder = heap_alloc(&vm->heap, size);
        if (!folder) return error_no_memory(vm);
        bool ok = getcwd(folder, size) != NULL;
        int number = errno;
        Value v = ok ? os_text(vm, folder, strlen(folder), as_bytes) : VALUE_ERROR;
        heap_free(&vm->heap, folder, size);
        if (ok) return v;
        if (number != ERANGE) return error_os(vm, number, VALUE_EMPTY);
    }
}

static Value posix_getcwd(Vm *vm, Value *args, int nargs) { return (void)args, (void)nargs, current_folder(vm, false); }
static Value posix_getcwdb(Vm *vm, Value *args, int nargs) { return (void)args, (void)nargs, current_folder(vm, true); }

static Value posix_chdir(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    OsPath path;
    if (!os_path_get(vm, args[0], "chdir", "path", OS_PATH_FD, &path)) return VALUE_ERROR;
    return os_path_done(vm, (path.text ? chdir(path.text) : fchdir(path.fd)) < 0, &path);
}

static Value posix_fchdir(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int fd;
    if (!os_file_descriptor(vm, args[0], &fd)) return VALUE_ERROR;
    return fchdir(fd) < 0 ? error_os(vm, errno, VALUE_EMPTY) : VALUE_NONE;
}

const NativeDef os_file_functions[] = {
    {"mkdir", posix_mkdir, "($module, /, path, mode=511, *, dir_fd=None)", "Makes a folder.", NATIVE_METHOD},
    {"mkfifo", posix_mkfifo, "($module, /, path, mode=438, *, dir_fd=None)", "Makes a named pipe.", NATIVE_METHOD},
    {"remove", posix_remove, "($module, /, path, *, dir_fd=None)", "Removes a file.", NATIVE_METHOD},
    {"unlink", posix_unlink, "($module, /, path, *, dir_fd=None)", "Removes a file.", NATIVE_METHOD},
    {"rmdir", posix_rmdir, "($module, /, path, *, dir_fd=None)", "Removes an empty folder.", NATIVE_METHOD},
    {"rename", posix_rename, "($module, /, src, dst, *, src_dir_fd=None, dst_dir_fd=None)", "Renames a file or folder.", NATIVE_METHOD},
    {"replace", posix_replace, "($module, /, src, dst, *, src_dir_fd=None, dst_dir_fd=None)", "Renames a file or folder, over another one.",
     NATIVE_METHOD},
    {"link", posix_link, "($module, /, src, dst, *, src_dir_fd=None, dst_dir_fd=None, follow_symlinks=True)", "Makes a hard link.", NATIVE_METHOD},
    {"symlink", posix_symlink, "($module, /, src, dst, target_is_directory=False, *, dir_fd=None)", "Makes a symbolic link named dst.",
     NATIVE_METHOD},
    {"readlink", posix_readlink, "($module, /, path, *, dir_fd=None)", "What a symbolic link points to.", NATIVE_METHOD},
    {"truncate", posix_truncate, "($module, /, path, length)", "Sets a file's size.", NATIVE_METHOD},
    {"getcwd", posix_getcwd, "($module, /)", "The current folder.", NATIVE_METHOD},
    {"getcwdb", posix_getcwdb, "($module, /)", "The current folder, as bytes.", NATIVE_METHOD},
    {"chdir", posix_chdir, "($module, /, path)", "Changes the current folder.", NATIVE_METHOD},
    {"fchdir", posix_fchdir, "($module, /, fd)", "Changes the current folder to an open one.", NATIVE_METHOD},
    {0}};
