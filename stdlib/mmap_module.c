/* mmap: files and anonymous memory as a mutable array of bytes.
 *
 * Invariants: data is NULL if and only if the map is closed; position <= length. fd is a duplicate of the caller's, -1 for anonymous memory.
 * While exports is not 0 a buffer is in use: the map is neither closed nor moved.
 * A file that somebody truncates under the map raises SIGBUS when it is touched, as everywhere on POSIX: nothing here can prevent that. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fcntl.h>

#include "vm/module.h"
#include "vm/ops.h"
#include "vm/types/bytes.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/int.h"
#include "vm/types/iterators.h"
#include "vm/types/sequence.h"
#include "vm/types/str.h"
#include "vm/vm.h"

typedef enum Access { ACCESS_DEFAULT, ACCESS_READ, ACCESS_WRITE, ACCESS_COPY } Access;

typedef struct Mmap {
    Object head;
    uint8_t *data;
    size_t length, position;
    int64_t offset;
    uint32_t exports;
    int fd;
    Access access;
} Mmap;

static Mmap *self_of(Value v) { return (Mmap *)value_object(v); }

static bool check_open(Vm *vm, const Mmap *m) {
    if (m->data) return true;
    error_value(vm, "mmap closed or invalid");
    return false;
}

static bool check_writable(Vm *vm, const Mmap *m) {
    if (!check_open(vm, m)) return false;
    if (m->access != ACCESS_READ) return true;
    error_type(vm, "mmap can't modify a readonly memory map.");
    return false;
}

static void unmap(Mmap *m) {
    if (m->data) munmap(m->data, m->length);
    if (m->fd >= 0) close(m->fd);
    m->data = NULL;
    m->fd = -1;
}

/* --- making --- */

typedef struct Wanted {
    int fd, flags, prot;
    int64_t length, offset;
    Access access;
} Wanted;

static bool int_argument(Vm *vm, Value v, int otherwise, int *out) {
    *out = otherwise;
    return value_is_empty(v) || value_as_int(vm, v, out);
}

/* access stands for flags and prot; both at once are refused. */
static bool access_apply(Vm *vm, Wanted *w, int access, bool given) {
    if (access != ACCESS_DEFAULT && given) return error_value(vm, "mmap can't specify both access and flags, prot."), false;
    switch (access) {
    case ACCESS_READ: w->flags = MAP_SHARED, w->prot = PROT_READ; break;
    case ACCESS_WRITE: w->flags = MAP_SHARED, w->prot = PROT_READ | PROT_WRITE; break;
    case ACCESS_COPY: w->flags = MAP_PRIVATE, w->prot = PROT_READ | PROT_WRITE; break;
    case ACCESS_DEFAULT:
        w->access = w->prot & PROT_WRITE ? (w->prot & PROT_READ ? ACCESS_DEFAULT : ACCESS_WRITE) : ACCESS_READ;
        return true;
    default: return error_value(vm, "mmap invalid access parameter."), false;
    }
    w->access = (Access)access;
    return true;
}

/* args: fileno, length, flags, prot, access, offset, trackfd */
static bool wanted_read(Vm *vm, Value *args, Wanted *w) {
    int access;
    bool given = (!value_is_empty(args[2]) && !(value_is_small(args[2]) && value_small(args[2]) == MAP_SHARED)) ||
                 (!value_is_empty(args[3]) && !(value_is_small(args[3]) && value_small(args[3]) == (PROT_READ | PROT_WRITE)));
    if (!value_as_int(vm, args[0], &w->fd) || !sequence_size_argument(vm, args[1], &w->length)) return false;
    if (!int_argument(vm, args[2], MAP_SHARED, &w->flags) || !int_argument(vm, args[3], PROT_READ | PROT_WRITE, &w->prot)) return false;
    if (!int_argument(vm, args[4], ACCESS_DEFAULT, &access)) return false;
    w->offset = 0;
    if (!value_is_empty(args[5]) && !value_as_i64(vm, args[5], &w->offset)) return false;
    if (w->length < 0) return error_raise(vm, EXC_OverflowError, "memory mapped length must be positive"), false;
    if (w->offset < 0) return error_raise(vm, EXC_OverflowError, "memory mapped offset must be positive"), false;
    return access_apply(vm, w, access, given);
}

/* Length 0 means the rest of the file; a regular file must be long enough. */
static bool wanted_fit_file(Vm *vm, Wanted *w) {
    struct stat st;
    if (w->fd == -1) return true;
    if (fstat(w->fd, &st) < 0) return error_os(vm, errno, VALUE_EMPTY), false;
    if (!S_ISREG(st.st_mode)) return true;
    if (w->length == 0) {
        if (st.st_size == 0) return error_value(vm, "cannot mmap an empty file"), false;
        if (w->offset >= st.st_size) return error_value(vm, "mmap offset is greater than file size"), false;
        w->length = st.st_size - w->offset;
    } else if (w->offset > st.st_size || st.st_size - w->offset < w->length) {
        return error_value(vm, "mmap length is greater than file size"), false;
    }
    return true;
}

static Value mmap_new(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Wanted w;
    if (!wanted_read(vm, args + 1, &w) || !wanted_fit_file(vm, &w)) return VALUE_ERROR;
    int track = value_is_empty(args[7]) ? 1 : value_truth(vm, args[7]);
    if (track < 0) return VALUE_ERROR;
    Mmap *m = type_alloc(vm, (Type *)value_object(args[0]), sizeof *m);
    if (!m) return VALUE_ERROR;
    m->fd = -1;
    if (w.fd == -1) w.flags |= MAP_ANONYMOUS;
    else if (track) m->fd = fcntl(w.fd, F_DUPFD_CLOEXEC, 0);
    void *data = w.fd != -1 && track && m->fd < 0 ? MAP_FAILED : mmap(NULL, (size_t)w.length, w.prot, w.flags, w.fd, w.offset);
    if (data == MAP_FAILED) {
        error_os(vm, errno, VALUE_EMPTY);
        release_object(vm, m);
        return VALUE_ERROR;
    }
    m->data = data;
    m->length = (size_t)w.length;
    m->offset = w.offset;
    m->access = w.access;
    return value_from_object(m);
}

/* --- the file's side --- */

static Value mmap_close(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Mmap *m = self_of(args[0]);
    if (m->exports) return error_raise(vm, EXC_BufferError, "cannot close exported pointers exist");
    unmap(m);
    return VALUE_NONE;
}

static Value mmap_exit(Vm *vm, Value *args, int nargs) { return mmap_close(vm, args, nargs); }

static Value mmap_enter(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return check_open(vm, self_of(args[0])) ? value_retain(args[0]) : VALUE_ERROR;
}

static Value mmap_flush(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Mmap *m = self_of(args[0]);
    int64_t offset = 0, size = (int64_t)m->length;
    if (!value_is_empty(args[1]) && !sequence_size_argument(vm, args[1], &offset)) return VALUE_ERROR;
    if (!value_is_empty(args[2]) && !sequence_size_argument(vm, args[2], &size)) return VALUE_ERROR;
    if (!check_open(vm, m)) return VALUE_ERROR;
    if (size < 0 || offset < 0 || (int64_t)m->length - offset < size) return error_value(vm, "flush values out of range");
    if (m->access == ACCESS_READ || m->access == ACCESS_COPY) return VALUE_NONE;
    return msync(m->data + offset, (size_t)size, MS_SYNC) < 0 ? error_os(vm, errno, VALUE_EMPTY) : VALUE_NONE;
}

static Value mmap_size(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Mmap *m = self_of(args[0]);
    struct stat st;
    if (!check_open(vm, m)) return VALUE_ERROR;
    return fstat(m->fd, &st) < 0 ? error_os(vm, errno, VALUE_EMPTY) : int_from_i64(vm, st.st_size);
}

static Value mmap_resize(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Mmap *m = self_of(args[0]);
    int64_t size;
    if (!sequence_size_argument(vm, args[1], &size) || !check_open(vm, m)) return VALUE_ERROR;
    if (m->exports) return error_raise(vm, EXC_BufferError, "mmap can't resize with extant buffers exported.");
    if (m->access == ACCESS_READ || m->access == ACCESS_COPY)
        return error_type(vm, "mmap can't resize a readonly or copy-on-write memory map.");
    if (size < 0 || INT64_MAX - size < m->offset) return error_value(vm, "new size out of range");
    if (m->fd >= 0 && ftruncate(m->fd, m->offset + size) < 0) return error_os(vm, errno, VALUE_EMPTY);
    void *moved = mremap(m->data, m->length, (size_t)size, MREMAP_MAYMOVE);
    if (moved == MAP_FAILED) return error_os(vm, errno, VALUE_EMPTY);
    m->data = moved;
    m->length = (size_t)size;
    if (m->position > m->length) m->position = m->length;
    return VALUE_NONE;
}

/* --- as a stream --- */

static Value take(Vm *vm, Mmap *m, size_t size) {
    Bytes *bytes = bytes_new(vm, m->data + m->position, size);
    if (!bytes) return VALUE_ERROR;
    m->position += size;
    return value_from_object(bytes);
}

static Value mmap_read(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Mmap *m = self_of(args[0]);
    int64_t size = -1;
    bool all = value_is_empty(args[1]) || value_is_none(args[1]);
    if (!all && !value_as_index(vm, args[1], &size, false)) return VALUE_ERROR;
    if (!check_open(vm, m)) return VALUE_ERROR;
    size_t ahead = m->length - m->position;
    return take(vm, m, size < 0 || (size_t)size > ahead ? ahead : (size_t)size);
}

static Value mmap_readline(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Mmap *m = self_of(args[0]);
    if (!check_open(vm, m)) return VALUE_ERROR;
    size_t ahead = m->length - m->position;
    const uint8_t *start = m->data + m->position, *newline = ahead ? memchr(start, '\n', ahead) : NULL;
    return take(vm, m, newline ? (size_t)(newline - start) + 1 : ahead);
}

static Value mmap_read_byte(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Mmap *m = self_of(args[0]);
    if (!check_open(vm, m)) return VALUE_ERROR;
    if (m->position >= m->length) return error_value(vm, "read byte out of range");
    return value_from_small(m->data[m->position++]);
}

static Value mmap_write(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Mmap *m = self_of(args[0]);
    Buffer data;
    if (!buffer_get(vm, args[1], &data, false)) return VALUE_ERROR;
    bool ok = check_writable(vm, m);
    if (ok && data.length > m->length - m->position) ok = (error_value(vm, "data out of range"), false);
    if (ok) {
        memmove(m->data + m->position, data.data, data.length);
        m->position += data.length;
    }
    int64_t written = (int64_t)data.length;
    buffer_release(vm, &data);
    return ok ? int_from_i64(vm, written) : VALUE_ERROR;
}

static Value mmap_write_byte(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Mmap *m = self_of(args[0]);
    int byte;
    if (!value_as_int(vm, args[1], &byte) || !check_writable(vm, m)) return VALUE_ERROR;
    if (byte < 0) return error_raise(vm, EXC_OverflowError, "unsigned byte integer is less than minimum");
    if (byte > 255) return error_raise(vm, EXC_OverflowError, "unsigned byte integer is greater than maximum");
    if (m->position >= m->length) return error_value(vm, "write byte out of range");
    m->data[m->position++] = (uint8_t)byte;
    return VALUE_NONE;
}

static Value mmap_tell(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return check_open(vm, self_of(args[0])) ? int_from_i64(vm, (int64_t)self_of(args[0])->position) : VALUE_ERROR;
}

static Value mmap_seek(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Mmap *m = self_of(args[0]);
    int64_t distance;
    int whence;
    if (!sequence_size_argument(vm, args[1], &distance) || !int_argument(vm, args[2], 0, &whence)) return VALUE_ERROR;
    if (!check_open(vm, m)) return VALUE_ERROR;
    if (whence < 0 || whence > 2) return error_value(vm, "unknown seek type");
    int64_t from = whence == 0 ? 0 : whence == 1 ? (int64_t)m->position : (int64_t)m->length;
    if (distance < -from || distance > (int64_t)m->length - from) return error_value(vm, "seek out of range");
    m->position = (size_t)(from + distance);
    return int_from_i64(vm, (int64_t)m->position);
}

static Value mmap_seekable(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)args, (void)nargs;
    return VALUE_TRUE;
}

/* --- searching and moving --- */

static const uint8_t *search_last(const uint8_t *data, size_t length, const uint8_t *what, size_t size) {
    for (size_t at = length - size + 1; length >= size && at-- > 0;)
        if (!memcmp(data + at, what, size)) return data + at;
    return NULL;
}

static Value search(Vm *vm, Value *args, bool last) {
    Mmap *m = self_of(args[0]);
    Buffer what;
    int64_t start = (int64_t)m->position, stop = (int64_t)m->length;
    if (!buffer_get(vm, args[1], &what, false)) return VALUE_ERROR;
    bool ok = (value_is_empty(args[2]) || sequence_size_argument(vm, args[2], &start)) &&
              (value_is_empty(args[3]) || sequence_size_argument(vm, args[3], &stop)) && check_open(vm, m);
    const uint8_t *found = NULL;
    if (ok) {
        sequence_clip(&start, &stop, (int64_t)m->length);
        size_t length = stop > start ? (size_t)(stop - start) : 0;
        if (last) found = search_last(m->data + start, length, what.data, what.length);
        else found = stop >= start ? memmem(m->data + start, length, what.data, what.length) : NULL;
    }
    buffer_release(vm, &what);
    if (!ok) return VALUE_ERROR;
    return int_from_i64(vm, found ? found - m->data : -1);
}

static Value mmap_find(Vm *vm, Value *args, int nargs) { return (void)nargs, search(vm, args, false); }
static Value mmap_rfind(Vm *vm, Value *args, int nargs) { return (void)nargs, search(vm, args, true); }

static Value mmap_move(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Mmap *m = self_of(args[0]);
    int64_t to, from, count;
    if (!sequence_size_argument(vm, args[1], &to) || !sequence_size_argument(vm, args[2], &from) ||
        !sequence_size_argument(vm, args[3], &count) || !check_writable(vm, m))
        return VALUE_ERROR;
    int64_t length = (int64_t)m->length;
    if (to < 0 || from < 0 || count < 0 || length - to < count || length - from < count)
        return error_value(vm, "source, destination, or count out of range");
    memmove(m->data + to, m->data + from, (size_t)count);
    return VALUE_NONE;
}

/* --- as a sequence --- */

static int64_t mmap_length(Vm *vm, Value self) { return check_open(vm, self_of(self)) ? (int64_t)self_of(self)->length : -1; }

/* The place of m[key]; false with an exception. */
static bool item_index(Vm *vm, Mmap *m, Value key, int64_t *index) {
    int is = sequence_index(vm, key, index);
    if (is == 0) error_type(vm, "mmap indices must be integers");
    if (is <= 0 || !check_open(vm, m)) return false;
    if (*index < 0) *index += (int64_t)m->length;
    if (*index >= 0 && *index < (int64_t)m->length) return true;
    error_raise(vm, EXC_IndexError, "mmap index out of range");
    return false;
}

static Value slice_of(Vm *vm, Mmap *m, Value key) {
    int64_t start, stop, step;
    size_t count;
    if (!sequence_slice(vm, key, &m->length, &start, &stop, &step, &count) || !check_open(vm, m)) return VALUE_ERROR;
    Bytes *bytes = bytes_new(vm, step == 1 ? m->data + start : NULL, count);
    for (size_t i = 0; bytes && step != 1 && i < count; i++) bytes->data[i] = m->data[start + (int64_t)i * step];
    return bytes ? value_from_object(bytes) : VALUE_ERROR;
}

static Value mmap_get_item(Vm *vm, Value self, Value key) {
    Mmap *m = self_of(self);
    int64_t i;
    if (!check_open(vm, m)) return VALUE_ERROR;
    if (value_has_layout(key, LAYOUT_SLICE)) return slice_of(vm, m, key);
    return item_index(vm, m, key, &i) ? value_from_small(m->data[i]) : VALUE_ERROR;
}

static bool assign_slice(Vm *vm, Mmap *m, Value key, Value value) {
    int64_t start, stop, step;
    size_t count;
    Buffer data;
    if (value_is_empty(value)) return error_type(vm, "mmap object doesn't support slice deletion"), false;
    if (!sequence_slice(vm, key, &m->length, &start, &stop, &step, &count) || !buffer_get(vm, value, &data, false)) return false;
    bool ok = check_writable(vm, m);
    if (ok && data.length != count) ok = (error_raise(vm, EXC_IndexError, "mmap slice assignment is wrong size"), false);
    if (ok && step == 1) memmove(m->data + start, data.data, count);
    for (size_t i = 0; ok && step != 1 && i < count; i++) m->data[start + (int64_t)i * step] = data.data[i];
    buffer_release(vm, &data);
    return ok;
}

static bool mmap_set_item(Vm *vm, Value self, Value key, Value value) {
    Mmap *m = self_of(self);
    int64_t i, byte;
    if (!check_writable(vm, m)) return false;
    if (value_has_layout(key, LAYOUT_SLICE)) return assign_slice(vm, m, key, value);
    if (!item_index(vm, m, key, &i)) return false;
    if (value_is_empty(value)) return error_type(vm, "mmap doesn't support item deletion"), false;
    int is = sequence_index(vm, value, &byte);
    if (is == 0) error_type(vm, "mmap item value must be an int");
    if (is <= 0) return false;
    if (byte < 0 || byte > 255) return error_value(vm, "mmap item value must be in range(0, 256)"), false;
    if (!check_open(vm, m) || (size_t)i >= m->length) return error_pending(vm) ? false : (error_value(vm, "mmap closed or invalid"), false);
    m->data[i] = (uint8_t)byte;
    return true;
}

static bool mmap_get_buffer(Vm *vm, Value self, Buffer *out, bool writable) {
    Mmap *m = self_of(self);
    if (!check_open(vm, m)) return false;
    if (writable && m->access == ACCESS_READ) return error_raise(vm, EXC_BufferError, "Object is not writable."), false;
    m->exports++;
    *out = (Buffer){m->data, m->length, m->access == ACCESS_READ, 'B', 1, value_object(value_retain(self))};
    return true;
}

static void mmap_buffer_released(Vm *vm, Object *self) { (void)vm, ((Mmap *)self)->exports--; }

/* --- the type --- */

static Value mmap_repr(Vm *vm, Value self) {
    static const char *const names[] = {"ACCESS_DEFAULT", "ACCESS_READ", "ACCESS_WRITE", "ACCESS_COPY"};
    const Mmap *m = self_of(self);
    if (!m->data) return str_format(vm, "<%T closed=True>", self);
    return str_format(vm, "<%T closed=False, access=%s, length=%zu, pos=%zu, offset=%lld>", self, names[m->access], m->length, m->position,
                      (long long)m->offset);
}

static Value get_closed(Vm *vm, Value self) { return (void)vm, value_from_bool(!self_of(self)->data); }
static size_t mmap_cell_size(const Object *o) { return (void)o, sizeof(Mmap); }
static void mmap_free(Vm *vm, Object *o) { (void)vm, unmap((Mmap *)o); }
static bool mmap_is_noticed(const Object *o) { return ((const Mmap *)o)->data != NULL; }

static const NativeDef mmap_methods[] = {
    {"close", mmap_close, "($self, /)", "Close the map; further use is a ValueError.", NATIVE_METHOD},
    {"find", mmap_find, "($self, view, start=None, stop=None, /)", "The lowest index of the bytes at or behind the position; -1.", NATIVE_METHOD},
    {"rfind", mmap_rfind, "($self, view, start=None, stop=None, /)", "The highest index of the bytes; -1.", NATIVE_METHOD},
    {"flush", mmap_flush, "($self, offset=0, size=None, /)", "Write changes to the file.", NATIVE_METHOD},
    {"move", mmap_move, "($self, dest, src, count, /)", "Copy count bytes from src to dest.", NATIVE_METHOD},
    {"read", mmap_read, "($self, n=None, /)", "Up to n bytes from the position on, or all.", NATIVE_METHOD},
    {"read_byte", mmap_read_byte, "($self, /)", "The byte at the position, an int.", NATIVE_METHOD},
    {"readline", mmap_readline, "($self, /)", "A line, its newline included.", NATIVE_METHOD},
    {"resize", mmap_resize, "($self, newsize, /)", "Resize the map, and the file below it.", NATIVE_METHOD},
    {"seek", mmap_seek, "($self, pos, whence=0, /)", "Set the position; the new one.", NATIVE_METHOD},
    {"seekable", mmap_seekable, "($self, /)", "True.", NATIVE_METHOD},
    {"size", mmap_size, "($self, /)", "Bytes of the file.", NATIVE_METHOD},
    {"tell", mmap_tell, "($self, /)", "The position.", NATIVE_METHOD},
    {"write", mmap_write, "($self, bytes, /)", "Write bytes at the position; their number.", NATIVE_METHOD},
    {"write_byte", mmap_write_byte, "($self, byte, /)", "Write one byte, an int, at the position.", NATIVE_METHOD},
    {"__enter__", mmap_enter, "($self, /)", NULL, NATIVE_METHOD},
    {"__exit__", mmap_exit, "($self, exc_type, exc_value, traceback, /)", NULL, NATIVE_METHOD},
    {0},
};

static const GetSetDef mmap_getset[] = {{"closed", get_closed, NULL, NULL}, {0}};

static const TypeSpec mmap_spec = {
    .name = "mmap.mmap",
    .doc = "A file, or anonymous memory with fileno -1, as a mutable array of bytes.",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_WEAKREFS | TYPE_FLAG_IMMUTABLE,
    .size = sizeof(Mmap),
    .ops = {mmap_cell_size, NULL, NULL, mmap_free, NULL, mmap_is_noticed},
    .slots = {.repr = mmap_repr, .iter = sequence_iterator_new, .length = mmap_length, .get_item = mmap_get_item, .set_item = mmap_set_item, .get_buffer = mmap_get_buffer,
              .buffer_released = mmap_buffer_released},
    .new_ = {"mmap", mmap_new, "($type, /, fileno, length, flags=1, prot=3, access=0, offset=0, *, trackfd=True)", NULL, NATIVE_METHOD},
    .methods = mmap_methods,
    .getset = mmap_getset,
};

static bool mmap_init(Vm *vm, Value module) {
    static const struct {
        const char *name;
        int value;
    } rows[] = {{"ACCESS_DEFAULT", ACCESS_DEFAULT}, {"ACCESS_READ", ACCESS_READ}, {"ACCESS_WRITE", ACCESS_WRITE}, {"ACCESS_COPY", ACCESS_COPY},
                {"MAP_SHARED", MAP_SHARED}, {"MAP_PRIVATE", MAP_PRIVATE}, {"MAP_ANON", MAP_ANONYMOUS}, {"MAP_ANONYMOUS", MAP_ANONYMOUS},
                {"MAP_POPULATE", MAP_POPULATE}, {"MAP_NORESERVE", MAP_NORESERVE}, {"PROT_READ", PROT_READ}, {"PROT_WRITE", PROT_WRITE},
                {"PROT_EXEC", PROT_EXEC}};
    Dict *d = ((Module *)value_object(module))->dict;
    if (value_is_empty(MODULE_STATE(vm, mmap))) {
        Type *type = type_from_spec(vm, &mmap_spec, TYPE(vm, OBJECT));
        if (!type) return false;
        MODULE_STATE(vm, mmap) = value_from_object(type);
    }
    int page = (int)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!dict_set_ascii(vm, d, rows[i].name, value_from_small(rows[i].value))) return false;
    return dict_set_ascii(vm, d, "mmap", MODULE_STATE(vm, mmap)) && dict_set_ascii(vm, d, "PAGESIZE", value_from_small(page)) &&
           dict_set_ascii(vm, d, "ALLOCATIONGRANULARITY", value_from_small(page)) &&
           dict_set_ascii(vm, d, "error", value_from_object(vm->exception_types[EXC_OSError]));
}

const ModuleDef mmap_module = {.name = "mmap", .doc = "Memory-mapped files.", .init = mmap_init};
