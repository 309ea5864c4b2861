/* posix: file descriptors: open, read, write, pipes, copies, terminals. */
#include "stdlib/os.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vm/types/int.h"
#include "vm/types/tuple.h"

static Value failure(Vm *vm) { return error_os(vm, errno, VALUE_EMPTY); }
static Value done(Vm *vm, int result) { return result < 0 ? failure(vm) : VALUE_NONE; }

/* "(path, flags, mode=0o777, *, dir_fd=None)" */
static Value posix_open(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    OsPath path;
    int flags, mode = 0777, dir, fd;
    if (!value_as_int(vm, args[1], &flags) || (!value_is_empty(args[2]) && !value_as_int(vm, args[2], &mode))) return VALUE_ERROR;
    if (!os_dir_fd(vm, args[3], &dir) || !os_path_get(vm, args[0], "open", "path", 0, &path)) return VALUE_ERROR;
    do fd = openat(dir, path.text, flags | O_CLOEXEC, mode);
    while (fd < 0 && errno == EINTR && os_retry(vm));
    int number = errno;
    if (fd < 0 && !error_pending(vm)) os_path_error(vm, number, &path);
    os_path_release(vm, &path);
    return fd < 0 ? VALUE_ERROR : value_from_small(fd);
}

static Value posix_close(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int fd;
    if (!value_as_int(vm, args[0], &fd)) return VALUE_ERROR;
    return close(fd) < 0 && errno != EINTR ? failure(vm) : VALUE_NONE;
}

static Value posix_closerange(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int low, high;
    if (!value_as_int(vm, args[0], &low) || !value_as_int(vm, args[1], &high)) return VALUE_ERROR;
    for (int fd = low < 0 ? 0 : low; fd < high; fd++) close(fd);
    return VALUE_NONE;
}

/* offset -1: at the descriptor's own position. */
static Value read_at(Vm *vm, int fd, int64_t size, int64_t offset) {
    if (size < 0) return error_os(vm, EINVAL, VALUE_EMPTY);
    Bytes *bytes = bytes_new(vm, NULL, (size_t)size);
    if (!bytes) return VALUE_ERROR;
    ssize_t n;
    do n = offset < 0 ? read(fd, bytes->data, (size_t)size) : pread(fd, bytes->data, (size_t)size, offset);
    while (n < 0 && errno == EINTR && os_retry(vm));
    if (n == size) return value_from_object(bytes);
    if (n < 0 && !error_pending(vm)) failure(vm);
    Bytes *shorter = n < 0 ? NULL : bytes_new(vm, bytes->data, (size_t)n);
    release_object(vm, bytes);
    return shorter ? value_from_object(shorter) : VALUE_ERROR;
}

static Value posix_read(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int fd;
    int64_t size;
    return value_as_int(vm, args[0], &fd) && value_as_index(vm, args[1], &size, false) ? read_at(vm, fd, size, -1) : VALUE_ERROR;
}

static Value posix_pread(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int fd;
    int64_t size, offset;
    if (!value_as_int(vm, args[0], &fd) || !value_as_index(vm, args[1], &size, false) || !value_as_i64(vm, args[2], &offset)) return VALUE_ERROR;
    return offset < 0 ? error_os(vm, EINVAL, VALUE_EMPTY) : read_at(vm, fd, size, offset);
}

static Value write_at(Vm *vm, int fd, Value data, int64_t offset) {
    Buffer buffer;
    if (!buffer_get(vm, data, &buffer, false)) return VALUE_ERROR;
    ssize_t n;
    do n = offset < 0 ? write(fd, buffer.data, buffer.length) : pwrite(fd, buffer.data, buffer.length, offset);
    while (n < 0 && errno == EINTR && os_retry(vm));
    if (n < 0 && !error_pending(vm)) failure(vm);
    buffer_release(vm, &buffer);
    return n < 0 ? VALUE_ERROR : int_from_i64(vm, n);
}

static Value posix_write(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int fd;
    return value_as_int(vm, args[0], &fd) ? write_at(vm, fd, args[1], -1) : VALUE_ERROR;
}

static Value posix_pwrite(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int fd;
    int64_t offset;
    if (!value_as_int(vm, args[0], &fd) || !value_as_i64(vm, args[2], &offset)) return VALUE_ERROR;
    return offset < 0 ? error_os(vm, EINVAL, VALUE_EMPTY) : write_at(vm, fd, args[1], offset);
}

static Value posix_lseek(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int fd, whence;
    int64_t position;
    if (!value_as_int(vm, args[0], &fd) || !value_as_i64(vm, args[1], &position) || !value_as_int(vm, args[2], &whence)) return VALUE_ERROR;
    off_t at = lseek(fd, position, whence);
    return at < 0 ? failure(vm) : int_from_i64(vm, at);
}

static Value posix_ftruncate(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int fd;
    int64_t length;
    return value_as_int(vm, args[0], &fd) && value_as_i64(vm, args[1], &length) ? done(vm, ftruncate(fd, length)) : VALUE_ERROR;
}

static Value posix_fsync(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int fd;
    return os_file_descriptor(vm, args[0], &fd) ? done(vm, fsync(fd)) : VALUE_ERROR;
}

static Value posix_fdatasync(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int fd;
    return os_file_descriptor(vm, args[0], &fd) ? done(vm, fdatasync(fd)) : VALUE_ERROR;
}

static Value posix_sync(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)args, (void)nargs;
    sync();
    return VALUE_NONE;
}

/* --- pipes and copies --- */

static Value new_pipe(Vm *vm, int flags) {
    int ends[2];
    if (pipe2(ends, flags) < 0) return failure(vm);
    Tuple *t = tuple_pack(vm, 2, value_from_small(ends[0]), value_from_small(ends[1]));
    return t ? value_from_object(t) : VALUE_ERROR;
}

static Value posix_pipe(Vm *vm, Value *args, int nargs) { return (void)args, (void)nargs, new_pipe(vm, O_CLOEXEC); }

static Value posix_pipe2(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int flags;
    return value_as_int(vm, args[0], &flags) ? new_pipe(vm, flags) : VALUE_ERROR;
}

static Value posix_dup(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int fd;
    if (!value_as_int(vm, args[0], &fd)) return VALUE_ERROR;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return copy < 0 ? failure(vm) : value_from_small(copy);
}

/* "(fd, fd2, inheritable=True)" */
static Value posix_dup2(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int fd, fd2, inheritable = os_flag(vm, args[2], true);
    if (inheritable < 0 || !value_as_int(vm, args[0], &fd) || !value_as_int(vm, args[1], &fd2)) return VALUE_ERROR;
    if (fd < 0 || fd2 < 0) return error_os(vm, EBADF, VALUE_EMPTY);
    int copy = inheritable || fd == fd2 ? dup2(fd, fd2) : dup3(fd, fd2, O_CLOEXEC);
    return copy < 0 ? failure(vm) : value_from_small(copy);
}

static Value posix_get_inheritable(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int fd;
    if (!value_as_int(vm, args[0], &fd)) return VALUE_ERROR;
    int flags = fcntl(fd, F_GETFD);
    return flags < 0 ? failure(vm) : value_from_bool(!(flags & FD_CLOEXEC));
}

static Value posix_set_inheritable(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int fd, on;
    if (!value_as_int(vm, args[0], &fd) || !value_as_int(vm, args[1], &on)) return VALUE_ERROR;
    int flags = fcntl(fd, F_GETFD);
    return flags < 0 ? failure(vm) : done(vm, fcntl(fd, F_SETFD, on ? flags & ~FD_CLOEXEC : flags | FD_CLOEXEC));
}

static Value posix_get_blocking(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int fd;
    if (!value_as_int(vm, args[0], &fd)) return VALUE_ERROR;
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 ? failure(vm) : value_from_bool(!(flags & O_NONBLOCK));
}

static Value posix_set_blocking(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int fd, on = value_truth(vm, args[1]);
    if (on < 0 || !value_as_int(vm, args[0], &fd)) return VALUE_ERROR;
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 ? failure(vm) : done(vm, fcntl(fd, F_SETFL, on ? flags & ~O_NONBLOCK : flags | O_NONBLOCK));
}

/* --- terminals --- */

static Value posix_isatty(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int fd;
    return value_as_int(vm, args[0], &fd) ? value_from_bool(isatty(fd)) : VALUE_ERROR;
}

static Value posix_ttyname(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int fd;
    char name[256];
    if (!value_as_int(vm, args[0], &fd)) return VALUE_ERROR;
    int number = ttyname_r(fd, name, sizeof name);
    return number ? error_os(vm, number, VALUE_EMPTY) : os_text(vm, name, strlen(name), false);
}

static Value posix_device_encoding(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int fd;
    if (!value_as_int(vm, args[0], &fd)) return VALUE_ERROR;
    return isatty(fd) ? os_text(vm, "utf-8", 5, false) : VALUE_NONE;
}

static const char *const size_names[] = {"columns", "lines"};
static const GetSetDef size_fields[] = {STRUCTSEQ_FIELD(0, "columns", "width of the terminal window in characters"),
                                        STRUCTSEQ_FIELD(1, "lines", "height of the terminal window in characters"), {0}};
const StructSeqSpec terminal_size_spec = {
    STRUCTSEQ_TYPE("os.terminal_size", "A tuple of (columns, lines) for holding terminal window size", size_fields), size_names, 2, 2};

/* "(fd=stdout, /)" */
static Value posix_get_terminal_size(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int fd = 1;
    struct winsize size;
    if (!value_is_empty(args[0]) && !value_as_int(vm, args[0], &fd)) return VALUE_ERROR;
    if (ioctl(fd, TIOCGWINSZ, &size) < 0) return failure(vm);
    Type *type = os_type(vm, OS_TERMINAL_SIZE);
    const Value values[] = {value_from_small(size.ws_col), value_from_small(size.ws_row)};
    return type ? structseq_new_take(vm, type, values) : VALUE_ERROR;
}

const NativeDef os_descriptor_functions[] = {
    {"open", posix_open, "($module, /, path, flags, mode=511, *, dir_fd=None)", "Opens a file; its descriptor.", NATIVE_METHOD},
    {"close", posix_close, "($module, /, fd)", "Closes a descriptor.", NATIVE_METHOD},
    {"closerange", posix_closerange, "($module, fd_low, fd_high, /)", "Closes all descriptors of a range, whether open or not.", NATIVE_METHOD},
    {"read", posix_read, "($module, fd, length, /)", "Reads bytes.", NATIVE_METHOD},
    {"pread", posix_pread, "($module, fd, length, offset, /)", "Reads bytes at a place.", NATIVE_METHOD},
    {"write", posix_write, "($module, fd, data, /)", "Writes bytes; how many.", NATIVE_METHOD},
    {"pwrite", posix_pwrite, "($module, fd, buffer, offset, /)", "Writes bytes at a place; how many.", NATIVE_METHOD},
    {"lseek", posix_lseek, "($module, fd, position, whence, /)", "Sets the position; the new one.", NATIVE_METHOD},
    {"ftruncate", posix_ftruncate, "($module, fd, length, /)", "Sets the size of an open file.", NATIVE_METHOD},
    {"fsync", posix_fsync, "($module, /, fd)", "Waits until the file is on the disk.", NATIVE_METHOD},
    {"fdatasync", posix_fdatasync, "($module, /, fd)", "Waits until the file's contents are on the disk.", NATIVE_METHOD},
    {"sync", posix_sync, "($module, /)", "Has everything written to the disk.", NATIVE_METHOD},
    {"pipe", posix_pipe, "($module, /)", "A new pipe: (read end, write end).", NATIVE_METHOD},
    {"pipe2", posix_pipe2, "($module, flags, /)", "A new pipe with flags.", NATIVE_METHOD},
    {"dup", posix_dup, "($module, fd, /)", "A copy of a descriptor.", NATIVE_METHOD},
    {"dup2", posix_dup2, "($module, /, fd, fd2, inheritable=True)", "Makes fd2 a copy of fd.", NATIVE_METHOD},
    {"get_inheritable", posix_get_inheritable, "($module, fd, /)", "Whether programs that are started get it.", NATIVE_METHOD},
    {"set_inheritable", posix_set_inheritable, "($module, fd, inheritable, /)", "Sets whether programs that are started get it.", NATIVE_METHOD},
    {"get_blocking", posix_get_blocking, "($module, fd, /)", "Whether reads and writes wait.", NATIVE_METHOD},
    {"set_blocking", posix_set_blocking, "($module, fd, blocking, /)", "Sets whether reads and writes wait.", NATIVE_METHOD},
    {"isatty", posix_isatty, "($module, fd, /)", "Whether it is a terminal.", NATIVE_METHOD},
    {"ttyname", posix_ttyname, "($module, fd, /)", "The terminal's name.", NATIVE_METHOD},
    {"device_encoding", posix_device_encoding, "($module, /, fd)", "The encoding of a terminal, else None.", NATIVE_METHOD},
    {"get_terminal_size", posix_get_terminal_size, "($module, fd=<unrepresentable>, /)", "The size of a terminal: (columns, lines).", NATIVE_METHOD},
    {0}};
