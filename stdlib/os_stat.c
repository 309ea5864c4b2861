/* posix: what the system knows about a file: stat, access, permissions, owners, times. */
#include "stdlib/os.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "vm/types/descriptors.h"
#include "vm/types/int.h"
#include "vm/types/tuple.h"

/* --- stat_result --- */

static const char *const stat_names[] = {"st_mode",     "st_ino",      "st_dev",      "st_nlink",   "st_uid",    "st_gid",   "st_size",
                                         "",            "",            "",            "st_atime",   "st_mtime",  "st_ctime", "st_atime_ns",
                                         "st_mtime_ns", "st_ctime_ns", "st_blksize",  "st_blocks",  "st_rdev"};
/* A result that a script made of ten values has its times in them. */
static Value time_field(Value self, int k) {
    Value v = structseq_peek(self, k);
    return value_retain(value_is_none(v) ? structseq_peek(self, k - 3) : v);
}
static Value get_atime(Vm *vm, Value self) { return (void)vm, time_field(self, 10); }
static Value get_mtime(Vm *vm, Value self) { return (void)vm, time_field(self, 11); }
static Value get_ctime(Vm *vm, Value self) { return (void)vm, time_field(self, 12); }

static const GetSetDef stat_fields[] = {
    STRUCTSEQ_FIELD(0, "st_mode", "protection bits"),
    STRUCTSEQ_FIELD(1, "st_ino", "inode"),
    STRUCTSEQ_FIELD(2, "st_dev", "device"),
    STRUCTSEQ_FIELD(3, "st_nlink", "number of hard links"),
    STRUCTSEQ_FIELD(4, "st_uid", "user ID of owner"),
    STRUCTSEQ_FIELD(5, "st_gid", "group ID of owner"),
    STRUCTSEQ_FIELD(6, "st_size", "total size, in bytes"),
    {"st_atime", get_atime, member_readonly, "time of last access"},
    {"st_mtime", get_mtime, member_readonly, "time of last modification"},
    {"st_ctime", get_ctime, member_readonly, "time of last change"},
    STRUCTSEQ_FIELD(13, "st_atime_ns", "time of last access in nanoseconds"),
    STRUCTSEQ_FIELD(14, "st_mtime_ns", "time of last modification in nanoseconds"),
    STRUCTSEQ_FIELD(15, "st_ctime_ns", "time of last change in nanoseconds"),
    STRUCTSEQ_FIELD(16, "st_blksize", "blocksize for filesystem I/O"),
    STRUCTSEQ_FIELD(17, "st_blocks", "number of blocks allocated"),
    STRUCTSEQ_FIELD(18, "st_rdev", "device type (if inode device)"),
    {0}};
const StructSeqSpec stat_result_spec = {STRUCTSEQ_TYPE("os.stat_result", "stat_result: Result from stat, fstat, or lstat.", stat_fields), stat_names, 10, 19};

static Value stat_result(Vm *vm, const struct stat *s) {
    Type *type = os_type(vm, OS_STAT_RESULT);
    if (!type) return VALUE_ERROR;
    const struct timespec *times[] = {&s->st_atim, &s->st_mtim, &s->st_ctim};
    Value values[19] = {
        value_from_small(s->st_mode), int_from_u64(vm, s->st_ino), int_from_u64(vm, s->st_dev), int_from_u64(vm, s->st_nlink),
        value_from_small(s->st_uid),  value_from_small(s->st_gid), int_from_i64(vm, s->st_size)};
    for (int k = 0; k < 3; k++) {
        values[7 + k] = int_from_i64(vm, times[k]->tv_sec);
        values[10 + k] = value_from_float((double)times[k]->tv_sec + 1e-9 * (double)times[k]->tv_nsec);
        values[13 + k] = int_from_i64(vm, (int64_t)times[k]->tv_sec * 1000000000 + times[k]->tv_nsec);
    }
    values[16] = int_from_i64(vm, s->st_blksize);
    values[17] = int_from_i64(vm, s->st_blocks);
    values[18] = int_from_u64(vm, s->st_rdev);
    return structseq_new_take(vm, type, values);
}

static int stat_path(const OsPath *path, int dir_fd, bool follow, struct stat *out) {
    if (!path->text) return fstat(path->fd, out);
    return fstatat(dir_fd, path->text, out, follow ? 0 : AT_SYMLINK_NOFOLLOW);
}

Value os_stat_new(Vm *vm, const OsPath *path, int dir_fd, bool follow) {
    struct stat s;
    if (stat_path(path, dir_fd, follow, &s) < 0) return os_path_error(vm, errno, path);
    return stat_result(vm, &s);
}

/* "(path, *, dir_fd=None, follow_symlinks=True)" */
static Value posix_stat(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    OsPath path;
    int dir, follow = os_flag(vm, args[2], true);
    if (follow < 0 || !os_dir_fd(vm, args[1], &dir) || !os_path_get(vm, args[0], "stat", "path", OS_PATH_FD, &path)) return VALUE_ERROR;
    Value result = VALUE_ERROR;
    if (!path.text && dir != AT_FDCWD) error_value(vm, "stat: can't specify dir_fd without matching path");
    else if (!path.text && !follow) error_value(vm, "stat: cannot use fd and follow_symlinks together");
    else result = os_stat_new(vm, &path, dir, follow);
    os_path_release(vm, &path);
    return result;
}

static Value posix_lstat(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    OsPath path;
    int dir;
    if (!os_dir_fd(vm, args[1], &dir) || !os_path_get(vm, args[0], "lstat", "path", 0, &path)) return VALUE_ERROR;
    Value result = os_stat_new(vm, &path, dir, false);
    os_path_release(vm, &path);
    return result;
}

static Value posix_fstat(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    struct stat s;
    int fd;
    if (!value_as_int(vm, args[0], &fd)) return VALUE_ERROR;
    return fstat(fd, &s) < 0 ? error_os(vm, errno, VALUE_EMPTY) : stat_result(vm, &s);
}

/* --- questions that are never errors: os.path's --- */

/* The mode of what the path names, 0: nothing there. -1: an exception that is no OSError or ValueError. */
static int64_t path_mode(Vm *vm, Value v, bool follow) {
    OsPath path;
    struct stat s;
    if (!os_path_get(vm, v, follow ? "stat" : "lstat", "path", follow ? OS_PATH_FD : 0, &path)) return error_clear_if(vm, EXC_ValueError) ? 0 : -1;
    bool found = stat_path(&path, AT_FDCWD, follow, &s) == 0;
    os_path_release(vm, &path);
    return found ? (int64_t)s.st_mode : 0;
}

static Value mode_is(Vm *vm, Value v, bool follow, unsigned kind) {
    int64_t mode = path_mode(vm, v, follow);
    return mode < 0 ? VALUE_ERROR : value_from_bool(kind ? (mode & S_IFMT) == kind : mode != 0);
}

static Value path_exists(Vm *vm, Value *args, int nargs) { return (void)nargs, mode_is(vm, args[0], true, 0); }
static Value path_lexists(Vm *vm, Value *args, int nargs) { return (void)nargs, mode_is(vm, args[0], false, 0); }
static Value path_isdir(Vm *vm, Value *args, int nargs) { return (void)nargs, mode_is(vm, args[0], true, S_IFDIR); }
static Value path_isfile(Vm *vm, Value *args, int nargs) { return (void)nargs, mode_is(vm, args[0], true, S_IFREG); }
static Value path_islink(Vm *vm, Value *args, int nargs) { return (void)nargs, mode_is(vm, args[0], false, S_IFLNK); }

/* "(path, mode, *, dir_fd=None, effective_ids=False, follow_symlinks=True)" */
static Value posix_access(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    OsPath path;
    int mode, dir, effective = os_flag(vm, args[3], false), follow = os_flag(vm, args[4], true);
    if (effective < 0 || follow < 0 || !os_path_get(vm, args[0], "access", "path", 0, &path)) return VALUE_ERROR;
    bool ok = value_as_int(vm, args[1], &mode) && os_dir_fd(vm, args[2], &dir);
    int flags = (effective ? AT_EACCESS : 0) | (follow ? 0 : AT_SYMLINK_NOFOLLOW);
    bool may = ok && faccessat(dir, path.text, mode, flags) == 0;
    os_path_release(vm, &path);
    return ok ? value_from_bool(may) : VALUE_ERROR;
}

/* --- changes --- */

/* "(path, mode, *, dir_fd=None, follow_symlinks=True)" */
static Value posix_chmod(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    OsPath path;
    int mode, dir, follow = os_flag(vm, args[3], true);
    if (follow < 0 || !value_as_int(vm, args[1], &mode) || !os_dir_fd(vm, args[2], &dir)) return VALUE_ERROR;
    if (!os_path_get(vm, args[0], "chmod", "path", OS_PATH_FD, &path)) return VALUE_ERROR;
    int done = path.text ? fchmodat(dir, path.text, (mode_t)mode, follow ? 0 : AT_SYMLINK_NOFOLLOW) : fchmod(path.fd, (mode_t)mode);
    return os_path_done(vm, done < 0, &path);
}

static Value posix_fchmod(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int fd, mode;
    if (!value_as_int(vm, args[0], &fd) || !value_as_int(vm, args[1], &mode)) return VALUE_ERROR;
    return fchmod(fd, (mode_t)mode) < 0 ? error_os(vm, errno, VALUE_EMPTY) : VALUE_NONE;
}

/* A user or group number; -1: leave it. */
static bool id_argument(Vm *vm, Value v, uint32_t *out) {
    int64_t id;
    if (!value_as_i64(vm, v, &id)) return false;
    *out = (uint32_t)id;
    return true;
}

static Value chown_path(Vm *vm, Value *args, const char *function, unsigned allowed, int dir, bool follow) {
    OsPath path;
    uint32_t user, group;
    if (!id_argument(vm, args[1], &user) || !id_argument(vm, args[2], &group)) return VALUE_ERROR;
    if (!os_path_get(vm, args[0], function, "path", allowed, &path)) return VALUE_ERROR;
    int done = path.text ? fchownat(dir, path.text, user, group, follow ? 0 : AT_SYMLINK_NOFOLLOW) : fchown(path.fd, user, group);
    return os_path_done(vm, done < 0, &path);
}

/* "(path, uid, gid, *, dir_fd=None, follow_symlinks=True)" */
static Value posix_chown(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int dir, follow = os_flag(vm, args[4], true);
    if (follow < 0 || !os_dir_fd(vm, args[3], &dir)) return VALUE_ERROR;
    return chown_path(vm, args, "chown", OS_PATH_FD, dir, follow);
}

static Value posix_lchown(Vm *vm, Value *args, int nargs) { return (void)nargs, chown_path(vm, args, "lchown", 0, AT_FDCWD, false); }

static Value posix_fchown(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int fd;
    uint32_t user, group;
    if (!value_as_int(vm, args[0], &fd) || !id_argument(vm, args[1], &user) || !id_argument(vm, args[2], &group)) return VALUE_ERROR;
    return fchown(fd, user, group) < 0 ? error_os(vm, errno, VALUE_EMPTY) : VALUE_NONE;
}

/* Seconds as an int or float. */
static bool seconds_argument(Vm *vm, Value v, struct timespec *out) {
    double seconds;
    if (value_is_int(v)) {
        int64_t whole;
        if (!value_as_i64(vm, v, &whole)) return false;
        *out = (struct timespec){.tv_sec = whole};
        return true;
    }
    if (!value_is_float(v) && !value_has_layout(v, LAYOUT_FLOAT)) return error_type(vm, "'%T' object cannot be interpreted as an integer", v), false;
    if (!value_as_double(vm, v, &seconds)) return false;
    if (isnan(seconds)) return error_value(vm, "Invalid value NaN (not a number)"), false;
    double whole = floor(seconds);
    *out = (struct timespec){.tv_sec = (time_t)whole, .tv_nsec = (long)floor((seconds - whole) * 1e9)};
    return true;
}

static bool nanoseconds_argument(Vm *vm, Value v, struct timespec *out) {
    int64_t ns;
    if (!value_as_i64(vm, v, &ns)) return false;
    int64_t rest = (ns % 1000000000 + 1000000000) % 1000000000;
    *out = (struct timespec){.tv_sec = (ns - rest) / 1000000000, .tv_nsec = rest};
    return true;
}

static bool times_argument(Vm *vm, Value times, Value ns, struct timespec out[2]) {
    bool has_times = !value_is_empty(times) && !value_is_none(times), has_ns = !value_is_empty(ns);
    if (has_times && has_ns) return error_value(vm, "utime: you may specify either 'times' or 'ns' but not both"), false;
    if (!has_times && !has_ns) {
        out[0].tv_nsec = out[1].tv_nsec = UTIME_NOW;
        return true;
    }
    Value pair = has_times ? times : ns;
    if (!value_is_tuple(pair) || value_tuple(pair)->count != 2) {
        error_type(vm, has_times ? "utime: 'times' must be either a tuple of two ints or None" : "utime: 'ns' must be a tuple of two ints");
        return false;
    }
    for (int k = 0; k < 2; k++) {
        Value item = value_tuple(pair)->items[k];
        if (!(has_times ? seconds_argument(vm, item, &out[k]) : nanoseconds_argument(vm, item, &out[k]))) return false;
    }
    return true;
}

/* "(path, times=None, *, ns=<unrepresentable>, dir_fd=None, follow_symlinks=True)" */
static Value posix_utime(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    OsPath path;
    struct timespec times[2] = {{0}};
    int dir, follow = os_flag(vm, args[4], true);
    if (follow < 0 || !times_argument(vm, args[1], args[2], times) || !os_dir_fd(vm, args[3], &dir)) return VALUE_ERROR;
    if (!os_path_get(vm, args[0], "utime", "path", OS_PATH_FD, &path)) return VALUE_ERROR;
    int done = path.text ? utimensat(dir, path.text, times, follow ? 0 : AT_SYMLINK_NOFOLLOW) : futimens(path.fd, times);
    return os_path_done(vm, done < 0, &path);
}

static Value posix_major(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int64_t device;
    return value_as_i64(vm, args[0], &device) ? int_from_i64(vm, major((dev_t)device)) : VALUE_ERROR;
}

static Value posix_minor(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int64_t device;
    return value_as_i64(vm, args[0], &device) ? int_from_i64(vm, minor((dev_t)device)) : VALUE_ERROR;
}

const NativeDef os_stat_functions[] = {
    {"stat", posix_stat, "($module, /, path, *, dir_fd=None, follow_symlinks=True)", "What the system knows about a file.", NATIVE_METHOD},
    {"lstat", posix_lstat, "($module, /, path, *, dir_fd=None)", "stat() that does not follow symbolic links.", NATIVE_METHOD},
    {"fstat", posix_fstat, "($module, /, fd)", "stat() of an open file.", NATIVE_METHOD},
    {"access", posix_access, "($module, /, path, mode, *, dir_fd=None, effective_ids=False, follow_symlinks=True)",
     "Whether the user may read, write, run the file.", NATIVE_METHOD},
    {"chmod", posix_chmod, "($module, /, path, mode, *, dir_fd=None, follow_symlinks=True)", "Changes permissions.", NATIVE_METHOD},
    {"fchmod", posix_fchmod, "($module, /, fd, mode)", "Changes permissions of an open file.", NATIVE_METHOD},
    {"chown", posix_chown, "($module, /, path, uid, gid, *, dir_fd=None, follow_symlinks=True)", "Changes the owner.", NATIVE_METHOD},
    {"lchown", posix_lchown, "($module, /, path, uid, gid)", "Changes the owner of a symbolic link.", NATIVE_METHOD},
    {"fchown", posix_fchown, "($module, /, fd, uid, gid)", "Changes the owner of an open file.", NATIVE_METHOD},
    {"utime", posix_utime, "($module, /, path, times=None, *, ns=<unrepresentable>, dir_fd=None, follow_symlinks=True)",
     "Sets the times of last access and modification.", NATIVE_METHOD},
    {"major", posix_major, "($module, device, /)", "The major number of a device.", NATIVE_METHOD},
    {"minor", posix_minor, "($module, device, /)", "The minor number of a device.", NATIVE_METHOD},
    {"_path_exists", path_exists, "($module, /, path)", "Test whether a path exists.  Returns False for broken symbolic links.", NATIVE_METHOD},
    {"_path_lexists", path_lexists, "($module, /, path)", "Test whether a path exists.  Returns True for broken symbolic links.", NATIVE_METHOD},
    {"_path_isdir", path_isdir, "($module, /, s)", "Return true if the pathname refers to an existing directory.", NATIVE_METHOD},
    {"_path_isfile", path_isfile, "($module, /, path)", "Test whether a path is a regular file", NATIVE_METHOD},
    {"_path_islink", path_islink, "($module, /, path)", "Test whether a path is a symbolic link", NATIVE_METHOD},
    {0}};
