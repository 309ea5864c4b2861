/* FileIO: a file descriptor as a raw stream. Reads and writes that a signal interrupts go on, after the VM has looked at the signal.
 *
 * sys.stdin, sys.stdout and sys.stderr stand on FileIO objects whose reads and writes go to the VM's streams (VmStreams), so that the library
 * touches no descriptor of its own accord. */
#include "stdlib/io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vm/types/int.h"
#include "vm/types/list.h"

static FileIO *self_of(Value v) { return (FileIO *)value_object(v); }

static FileIO *file_alloc(Vm *vm, Type *type) {
    FileIO *f = type_alloc(vm, type, sizeof *f);
    if (!f) return NULL;
    f->fd = -1;
    f->name = VALUE_EMPTY;
    f->seekable = -1;
    f->block_size = IO_BUFFER_SIZE;
    f->close_fd = true;
    object_track(&vm->heap, &f->head);
    return f;
}

/* --- opening --- */

/* "rb+" and the like to open(2)'s flags. -1: ValueError. */
static int mode_flags(Vm *vm, FileIO *f, const char *mode) {
    int kinds = 0, flags = 0;
    bool plus = false;
    for (const char *m = mode; *m; m++) {
        switch (*m) {
        case 'r': kinds++; f->readable = true; break;
        case 'w': kinds++; f->writable = true; flags |= O_CREAT | O_TRUNC; break;
        case 'a': kinds++; f->writable = f->appending = true; flags |= O_CREAT | O_APPEND; break;
        case 'x': kinds++; f->writable = f->created = true; flags |= O_CREAT | O_EXCL; break;
        case '+': plus = f->readable = f->writable = true; break;
        case 'b': break;
        default: error_value(vm, "invalid mode: %s", mode); return -1;
        }
    }
    if (kinds != 1) {
        error_value(vm, "Must have exactly one of create/read/write/append mode and at most one plus");
        return -1;
    }
    (void)plus;
    return flags | (f->readable && f->writable ? O_RDWR : f->writable ? O_WRONLY : O_RDONLY) | O_CLOEXEC;
}

/* A path argument: str, bytes or os.PathLike, as a heap block of *size bytes. */
static char *path_text(Vm *vm, Value name, size_t *size) {
    Value path = value_retain(name);
    if (!value_is_str(path) && !value_is_bytes(path)) {
        Str *dunder = str_intern(vm, "__fspath__", 10);
        Value method = dunder ? value_special(vm, name, dunder) : VALUE_ERROR;
        release_object(vm, dunder);
        value_release(vm, path);
        if (value_is_error(method)) return NULL;
        if (value_is_empty(method)) return error_type(vm, "expected str, bytes or os.PathLike object, not %T", name), NULL;
        path = value_call0(vm, method);
        value_release(vm, method);
        if (value_is_error(path)) return NULL;
    }
    char *text = NULL;
    if (value_is_bytes(path)) {
        *size = value_bytes(path)->length + 1;
        if (memchr(value_bytes(path)->data, 0, *size - 1)) error_value(vm, "embedded null byte");
        else if (!(text = heap_alloc(&vm->heap, *size))) error_no_memory(vm);
        else memcpy(text, value_bytes(path)->data, *size);
    } else if (value_is_str(path)) {
        text = str_to_c(vm, value_str_peek(path), size, true);
        if (!text && error_clear_if(vm, EXC_ValueError)) error_value(vm, "embedded null byte");
    } else {
        error_type(vm, "expected %T.__fspath__() to return str or bytes, not %T", name, path);
    }
    value_release(vm, path);
    return text;
}

static int open_path(Vm *vm, Value name, int flags) {
    size_t size;
    char *path = path_text(vm, name, &size);
    if (!path) return -1;
    int fd;
    do fd = open(path, flags, 0666);
    while (fd < 0 && errno == EINTR && vm_safe_point(vm));
    int number = errno;
    heap_free(&vm->heap, path, size);
    if (fd < 0 && !error_pending(vm)) error_os(vm, number, name);
    return fd;
}

static int open_by(Vm *vm, Value opener, Value name, int flags) {
    Value v = value_call2(vm, opener, name, value_from_small(flags));
    if (value_is_error(v)) return -1;
    int fd = -1;
    bool ok = value_is_int(v);
    if (!ok) error_type(vm, "expected integer from opener");
    else ok = value_as_int(vm, v, &fd);
    value_release(vm, v);
    if (ok && fd < 0) error_value(vm, "opener returned %d", fd);
    return ok ? fd : -1;
}

/* A folder can be opened but not read: say so at once. */
static bool check_not_folder(Vm *vm, FileIO *f, Value name) {
    struct stat info;
    if (fstat(f->fd, &info) < 0) {
        error_os(vm, errno, value_is_int(name) ? VALUE_EMPTY : name);
        return false;
    }
    f->block_size = info.st_blksize > 1 && info.st_blksize <= 1 << 20 ? (uint32_t)info.st_blksize : IO_BUFFER_SIZE;
    if (!S_ISDIR(info.st_mode)) return true;
    error_os(vm, EISDIR, name);
    return false;
}

static bool file_init(Vm *vm, FileIO *f, Value name, const char *mode, bool close_fd, Value opener) {
    f->readable = f->writable = f->appending = f->created = false;
    int flags = mode_flags(vm, f, mode);
    if (flags < 0) return false;
    bool own = true;
    if (value_is_int(name)) {
        int fd;
        if (!value_as_int(vm, name, &fd)) return false;
        if (fd < 0) return error_value(vm, "negative file descriptor"), false;
        f->fd = fd;
        own = false;
    } else {
        if (!close_fd) return error_value(vm, "Cannot use closefd=False with file name"), false;
        f->fd = value_is_empty(opener) || value_is_none(opener) ? open_path(vm, name, flags) : open_by(vm, opener, name, flags);
        if (f->fd < 0) return false;
    }
    f->close_fd = close_fd;
    value_replace_take(vm, &f->name, value_retain(name));
    if (!check_not_folder(vm, f, name)) {
        if (own) close(f->fd);
        f->fd = -1;
        return false;
    }
    if (f->appending) lseek(f->fd, 0, SEEK_END);
    return true;
}

Value file_open(Vm *vm, Value name, const char *mode, bool close_fd, Value opener) {
    Type *type = io_type(vm, IO_FILE);
    FileIO *f = type ? file_alloc(vm, type) : NULL;
    if (!f) return VALUE_ERROR;
    if (file_init(vm, f, name, mode, close_fd, opener)) return value_from_object(f);
    release_object(vm, f);
    return VALUE_ERROR;
}

Value file_from_stream(Vm *vm, HostStream which) {
    static const char *const names[] = {"", "<stdin>", "<stdout>", "<stderr>"};
    Type *type = io_type(vm, IO_FILE);
    FileIO *f = type ? file_alloc(vm, type) : NULL;
    Str *name = f ? str_from_ascii(vm, names[which]) : NULL;
    if (!name) {
        release_object(vm, f);
        return VALUE_ERROR;
    }
    f->fd = which - HOST_IN;
    f->host = which;
    f->name = value_from_object(name);
    f->readable = which == HOST_IN;
    f->writable = !f->readable;
    f->close_fd = false;
    f->seekable = 0;
    return value_from_object(f);
}

/* --- reading and writing --- */

static int64_t host_read(Vm *vm, uint8_t *into, size_t size) {
    return vm->streams.read_in ? vm->streams.read_in(vm->streams.user, (char *)into, size) : 0;
}

static int64_t read_retrying(Vm *vm, FileIO *f, uint8_t *into, size_t size) {
    for (;;) {
        int64_t n = f->host ? host_read(vm, into, size) : read(f->fd, into, size);
        if (n >= 0) return n;
        int number = errno;
        if (number == EAGAIN) return -2;
        if (number != EINTR) return error_os(vm, number, VALUE_EMPTY), -1;
        if (!vm_safe_point(vm)) return -1;
    }
}

int64_t file_read(Vm *vm, FileIO *f, uint8_t *into, size_t size) {
    if (f->fd < 0) return error_value(vm, "I/O operation on closed file"), -1;
    if (!f->readable) return io_unsupported(vm, "File not open for reading"), -1;
    return read_retrying(vm, f, into, size);
}

int64_t file_write(Vm *vm, FileIO *f, const uint8_t *data, size_t size) {
    if (f->fd < 0) return error_value(vm, "I/O operation on closed file"), -1;
    if (!f->writable) return io_unsupported(vm, "File not open for writing"), -1;
    if (f->host) {
        VmStreams *s = &vm->streams;
        int (*write_fn)(void *, const char *, size_t) = f->host == HOST_ERR ? s->write_err : s->write_out;
        int number = write_fn ? write_fn(s->user, (const char *)data, size) : 0;
        if (number) return error_os(vm, number, VALUE_EMPTY), -1;
        return (int64_t)size;
    }
    for (;;) {
        ssize_t n = write(f->fd, data, size);
        if (n >= 0) return n;
        int number = errno;
        if (number == EAGAIN) return -2;
        if (number != EINTR) return error_os(vm, number, VALUE_EMPTY), -1;
        if (!vm_safe_point(vm)) return -1;
    }
}

int64_t file_seek(Vm *vm, FileIO *f, int64_t offset, int whence) {
    if (f->fd < 0) return error_value(vm, "I/O operation on closed file"), -1;
    off_t at = lseek(f->fd, offset, whence);
    if (at < 0) error_os(vm, errno, VALUE_EMPTY);
    return at;
}

int file_seekable(FileIO *f) {
    if (f->seekable < 0) f->seekable = lseek(f->fd, 0, SEEK_CUR) >= 0;
    return f->seekable;
}

bool file_isatty(Vm *vm, const FileIO *f) {
    if (f->host == HOST_IN) return vm->streams.in_is_terminal;
    if (f->host == HOST_OUT) return vm->streams.out_is_terminal;
    return f->host == HOST_ERR ? vm->streams.err_is_terminal : isatty(f->fd);
}

bool file_close(Vm *vm, FileIO *f) {
    int fd = f->fd;
    f->fd = -1;
    if (fd < 0 || !f->close_fd || f->host) return true;
    if (close(fd) == 0 || errno == EINTR) return true;
    error_os(vm, errno, VALUE_EMPTY);
    return false;
}

const char *file_mode(const FileIO *f) {
    if (f->created) return f->readable ? "xb+" : "xb";
    if (f->appending) return f->readable ? "ab+" : "ab";
    if (f->readable) return f->writable ? "rb+" : "rb";
    return "wb";
}

/* --- methods --- */

static bool check_open(Vm *vm, FileIO *f) {
    if (f->fd >= 0) return true;
    error_value(vm, "I/O operation on closed file");
    return false;
}

static Value file_new(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    (void)args;
    (void)nargs;
    (void)kwnames;
    FileIO *f = file_alloc(vm, type);
    return f ? value_from_object(f) : VALUE_ERROR;
}

/* "($self, file, mode='r', closefd=True, opener=None)" */
static Value file_construct(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    FileIO *f = self_of(args[0]);
    if (!value_is_empty(args[2]) && !value_is_str(args[2])) return error_type(vm, "FileIO() argument 'mode' must be str, not %T", args[2]);
    char mode[16] = "r";
    if (!value_is_empty(args[2])) {
        Str *s = value_str_peek(args[2]);
        if (s->length >= sizeof mode || !s->ascii) return error_value(vm, "invalid mode: %U", s);
        memcpy(mode, str_data(s), s->length + 1);
    }
    int close_fd = value_is_empty(args[3]) ? 1 : value_truth(vm, args[3]);
    if (close_fd < 0 || !file_close(vm, f)) return VALUE_ERROR;
    return file_init(vm, f, args[1], mode, close_fd, args[4]) ? VALUE_NONE : VALUE_ERROR;
}

static Value read_all(Vm *vm, FileIO *f) {
    size_t capacity = IO_BUFFER_SIZE, used = 0;
    struct stat info;
    if (!f->host && fstat(f->fd, &info) == 0 && S_ISREG(info.st_mode)) {
        off_t at = lseek(f->fd, 0, SEEK_CUR);
        if (at >= 0 && info.st_size > at) capacity = (size_t)(info.st_size - at) + 1;
    }
    uint8_t *buffer = heap_alloc(&vm->heap, capacity);
    int64_t n = buffer ? 1 : (error_no_memory(vm), -1);
    while (n > 0) {
        if (used == capacity) {
            uint8_t *larger = heap_realloc(&vm->heap, buffer, capacity, capacity * 2);
            if (!larger) n = (error_no_memory(vm), -1);
            if (n < 0) break;
            buffer = larger;
            capacity *= 2;
        }
        n = read_retrying(vm, f, buffer + used, capacity - used);
        if (n > 0) used += (size_t)n;
    }
    Value result = VALUE_ERROR;
    if (n == -2 && !used) result = VALUE_NONE;
    else if (n != -1) {
        Bytes *bytes = bytes_new(vm, buffer, used);
        if (bytes) result = value_from_object(bytes);
    }
    if (buffer) heap_free(&vm->heap, buffer, capacity);
    return result;
}

static Value file_read_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    FileIO *f = self_of(args[0]);
    int64_t size;
    if (!check_open(vm, f) || !size_argument(vm, args[1], &size)) return VALUE_ERROR;
    if (!f->readable) return io_unsupported(vm, "File not open for reading");
    if (size < 0) return read_all(vm, f);
    Bytes *bytes = bytes_new(vm, NULL, (size_t)size);
    if (!bytes) return VALUE_ERROR;
    int64_t n = file_read(vm, f, bytes->data, (size_t)size);
    Value result = n == -2 ? VALUE_NONE : VALUE_ERROR;
    if (n == size) return value_from_object(bytes);
    if (n >= 0) {
        Bytes *shorter = bytes_new(vm, bytes->data, (size_t)n);
        if (shorter) result = value_from_object(shorter);
    }
    release_object(vm, bytes);
    return result;
}

static Value file_readall(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    FileIO *f = self_of(args[0]);
    return check_open(vm, f) ? read_all(vm, f) : VALUE_ERROR;
}

static Value file_readinto(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Buffer buffer;
    if (!check_open(vm, self_of(args[0])) || !io_writable_buffer(vm, args[1], "readinto() argument 1", &buffer)) return VALUE_ERROR;
    int64_t n = file_read(vm, self_of(args[0]), buffer.data, buffer.length);
    buffer_release(vm, &buffer);
    return n == -1 ? VALUE_ERROR : n == -2 ? VALUE_NONE : int_from_i64(vm, n);
}

static Value file_write_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Buffer buffer;
    if (!check_open(vm, self_of(args[0])) || !buffer_get(vm, args[1], &buffer, false)) return VALUE_ERROR;
    int64_t n = file_write(vm, self_of(args[0]), buffer.data, buffer.length);
    buffer_release(vm, &buffer);
    return n == -1 ? VALUE_ERROR : n == -2 ? VALUE_NONE : int_from_i64(vm, n);
}

static Value file_seek_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int64_t offset;
    int whence = 0;
    if (!check_open(vm, self_of(args[0])) || !value_as_i64(vm, args[1], &offset)) return VALUE_ERROR;
    if (!value_is_empty(args[2]) && !value_as_int(vm, args[2], &whence)) return VALUE_ERROR;
    int64_t at = file_seek(vm, self_of(args[0]), offset, whence);
    return at < 0 ? VALUE_ERROR : int_from_i64(vm, at);
}

static Value file_tell(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int64_t at = file_seek(vm, self_of(args[0]), 0, SEEK_CUR);
    return at < 0 ? VALUE_ERROR : int_from_i64(vm, at);
}

static Value file_truncate(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    FileIO *f = self_of(args[0]);
    int64_t size;
    if (!check_open(vm, f)) return VALUE_ERROR;
    if (!f->writable) return io_unsupported(vm, "File not open for writing");
    if (value_is_empty(args[1]) || value_is_none(args[1])) size = file_seek(vm, f, 0, SEEK_CUR);
    else if (!value_as_i64(vm, args[1], &size)) return VALUE_ERROR;
    if (size < 0 && error_pending(vm)) return VALUE_ERROR;
    if (ftruncate(f->fd, size) < 0) return error_os(vm, errno, VALUE_EMPTY);
    return int_from_i64(vm, size);
}

static Value file_close_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return file_close(vm, self_of(args[0])) ? VALUE_NONE : VALUE_ERROR;
}

static Value flag(Vm *vm, Value self, bool is) { return check_open(vm, self_of(self)) ? value_from_bool(is) : VALUE_ERROR; }
static Value file_readable(Vm *vm, Value *args, int nargs) { return (void)nargs, flag(vm, args[0], self_of(args[0])->readable); }
static Value file_writable(Vm *vm, Value *args, int nargs) { return (void)nargs, flag(vm, args[0], self_of(args[0])->writable); }

static Value file_seekable_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return check_open(vm, self_of(args[0])) ? value_from_bool(file_seekable(self_of(args[0]))) : VALUE_ERROR;
}

static Value file_fileno(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return check_open(vm, self_of(args[0])) ? value_from_small(self_of(args[0])->fd) : VALUE_ERROR;
}

static Value file_isatty_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return check_open(vm, self_of(args[0])) ? value_from_bool(file_isatty(vm, self_of(args[0]))) : VALUE_ERROR;
}

static Value file_repr(Vm *vm, Value self) {
    FileIO *f = self_of(self);
    const char *type = type_name(f->head.shape->type);
    if (f->fd < 0) return str_format(vm, "<%s [closed]>", type);
    return str_format(vm, "<%s name=%V mode='%s' closefd=%s>", type, value_is_empty(f->name) ? VALUE_NONE : f->name, file_mode(f),
                      f->close_fd ? "True" : "False");
}

static Value get_block_size(Vm *vm, Value self) { return (void)vm, value_from_small(self_of(self)->block_size); }
static Value get_closed(Vm *vm, Value self) { return (void)vm, value_from_bool(self_of(self)->fd < 0); }
static Value get_close_fd(Vm *vm, Value self) { return (void)vm, value_from_bool(self_of(self)->close_fd); }

static Value get_mode(Vm *vm, Value self) {
    Str *s = str_from_ascii(vm, file_mode(self_of(self)));
    return s ? value_from_object(s) : VALUE_ERROR;
}

static Value get_name(Vm *vm, Value self) {
    Value name = self_of(self)->name;
    return value_is_empty(name) ? error_attribute(vm, self, NAME(vm, name)) : value_retain(name);
}

static bool set_name(Vm *vm, Value self, Value value) {
    value_replace_take(vm, &self_of(self)->name, value_retain(value));
    return true;
}

static size_t file_size(const Object *o) {
    (void)o;
    return sizeof(FileIO);
}

static void file_visit(Object *o, VisitFn visit, void *arg) { visit(((FileIO *)o)->name, arg); }

static bool file_is_noticed(const Object *o) {
    const FileIO *f = (const FileIO *)o;
    return f->fd >= 0 && f->host == HOST_NONE;
}

static void file_free(Vm *vm, Object *o) {
    FileIO *f = (FileIO *)o;
    Value in_flight = error_fetch(vm);
    if (!file_close(vm, f)) error_clear(vm);
    error_restore_take(vm, in_flight);
    value_clear(vm, &f->name);
}

static const NativeDef file_methods[] = {
    {"read", file_read_method, "($self, size=-1, /)", "Reads at most size bytes with one system call; all when negative.", 0},
    {"readall", file_readall, "($self, /)", "Reads to the end.", 0},
    {"readinto", file_readinto, "($self, buffer, /)", "Reads into a writable buffer; the number of bytes.", 0},
    {"write", file_write_method, "($self, b, /)", "Writes bytes; the number written.", 0},
    {"seek", file_seek_method, "($self, pos, whence=0, /)", "Moves to a position; the new one.", 0},
    {"tell", file_tell, "($self, /)", "The position.", 0},
    {"truncate", file_truncate, "($self, size=None, /)", "Sets the file's size.", 0},
    {"close", file_close_method, "($self, /)", "Closes the file.", 0},
    {"readable", file_readable, "($self, /)", "Whether it was opened for reading.", 0},
    {"writable", file_writable, "($self, /)", "Whether it was opened for writing.", 0},
    {"seekable", file_seekable_method, "($self, /)", "Whether it can be moved in.", 0},
    {"fileno", file_fileno, "($self, /)", "The descriptor.", 0},
    {"isatty", file_isatty_method, "($self, /)", "Whether it is a terminal.", 0},
    {0}};

static const GetSetDef file_getset[] = {
    {"closed", get_closed, NULL, "True if the file is closed"}, {"closefd", get_close_fd, NULL, "True if the descriptor is closed with the file"},
    {"_blksize", get_block_size, NULL, NULL},
    {"mode", get_mode, NULL, "String giving the file mode"},    {"name", get_name, set_name, NULL},
    {0}};

const TypeSpec file_io_spec = {
    .name = "_io.FileIO",
    .doc = "A file descriptor as a raw stream.",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_HAS_DICT | TYPE_FLAG_WEAKREFS | TYPE_FLAG_HAS_DEL,
    .size = sizeof(FileIO),
    .ops = {file_size, file_visit, NULL, file_free, NULL, file_is_noticed},
    .slots = {.repr = file_repr, .new_ = file_new},
    .init = {"FileIO", file_construct, "($self, /, file, mode='r', closefd=True, opener=None)", NULL, 0},
    .methods = file_methods,
    .getset = file_getset,
};
