/* posix: what is in a folder: listdir, scandir and its DirEntry objects. */
#include "stdlib/os.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vm/types/function.h"
#include "vm/types/int.h"
#include "vm/types/list.h"

static bool is_dots(const char *name) { return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2])); }

/* The folder that the path names; NULL: an exception is pending. A descriptor stays the caller's. */
static DIR *folder_open(Vm *vm, const OsPath *path) {
    DIR *folder;
    int number;
    if (path->text) {
        folder = opendir(path->text);
        number = errno;
    } else {
        int fd = fcntl(path->fd, F_DUPFD_CLOEXEC, 0);
        folder = fd < 0 ? NULL : fdopendir(fd);
        number = errno;
        if (!folder && fd >= 0) close(fd);
        if (folder) rewinddir(folder);
    }
    if (!folder) os_path_error(vm, number, path);
    return folder;
}

static Value posix_listdir(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    OsPath path;
    if (!os_path_get(vm, args[0], "listdir", "path", OS_PATH_FD | OS_PATH_NONE, &path)) return VALUE_ERROR;
    DIR *folder = folder_open(vm, &path);
    List *names = folder ? list_new(vm, 0) : NULL;
    bool ok = names != NULL;
    while (ok) {
        errno = 0;
        struct dirent *entry = readdir(folder);
        if (!entry) {
            if (errno) ok = (os_path_error(vm, errno, &path), false);
            break;
        }
        if (is_dots(entry->d_name)) continue;
        Value name = os_text(vm, entry->d_name, strlen(entry->d_name), path.is_bytes);
        ok = !value_is_error(name) && list_append_take(vm, names, name);
    }
    if (folder) closedir(folder);
    os_path_release(vm, &path);
    if (ok) return value_from_object(names);
    release_object(vm, names);
    return VALUE_ERROR;
}

/* --- DirEntry --- */

typedef struct DirEntry {
    Object head;
    Value name, path;  /* both str, or both bytes */
    Value stat, lstat; /* VALUE_EMPTY: not asked yet */
    uint64_t inode;
    int dir_fd;        /* AT_FDCWD, or the descriptor that scandir was given: then `name` is looked up in it */
    uint8_t kind;      /* DT_... */
} DirEntry;

static DirEntry *entry_of(Value v) { return (DirEntry *)value_object(v); }

/* A new stat_result; VALUE_EMPTY where there is no such file and `missing` allows that. */
static Value entry_stat(Vm *vm, DirEntry *e, bool follow, bool missing) {
    Value *place = follow ? &e->stat : &e->lstat;
    if (!value_is_empty(*place)) return value_retain(*place);
    if (follow && e->kind != DT_LNK && e->kind != DT_UNKNOWN) { /* the same as without following */
        Value plain = entry_stat(vm, e, false, missing);
        if (!value_is_error(plain) && !value_is_empty(plain)) e->stat = value_retain(plain);
        return plain;
    }
    OsPath path;
    if (!os_path_get(vm, e->dir_fd == AT_FDCWD ? e->path : e->name, "DirEntry", "path", 0, &path)) return VALUE_ERROR;
    path.given = e->path;
    Value result = os_stat_new(vm, &path, e->dir_fd, follow);
    os_path_release(vm, &path);
    if (value_is_error(result)) return missing && error_clear_if(vm, EXC_FileNotFoundError) ? VALUE_EMPTY : VALUE_ERROR;
    value_replace_take(vm, place, value_retain(result));
    return result;
}

static bool entry_is_link(Vm *vm, DirEntry *e, bool *out) {
    *out = e->kind == DT_LNK;
    if (e->kind != DT_UNKNOWN) return true;
    Value s = entry_stat(vm, e, false, true);
    if (value_is_error(s)) return false;
    *out = !value_is_empty(s) && (value_small(structseq_peek(s, 0)) & S_IFMT) == S_IFLNK;
    value_release(vm, s);
    return true;
}

static Value entry_is(Vm *vm, Value self, Value follow_argument, unsigned char kind, unsigned mode) {
    DirEntry *e = entry_of(self);
    int follow = os_flag(vm, follow_argument, true);
    bool link;
    if (follow < 0 || !entry_is_link(vm, e, &link)) return VALUE_ERROR;
    if (e->kind != DT_UNKNOWN && !(follow && link)) return value_from_bool(e->kind == kind);
    Value s = entry_stat(vm, e, follow, true);
    if (value_is_error(s) || value_is_empty(s)) return value_is_error(s) ? s : VALUE_FALSE;
    bool is = (value_small(structseq_peek(s, 0)) & S_IFMT) == mode;
    value_release(vm, s);
    return value_from_bool(is);
}

static Value entry_is_dir(Vm *vm, Value *args, int nargs) { return (void)nargs, entry_is(vm, args[0], args[1], DT_DIR, S_IFDIR); }
static Value entry_is_file(Vm *vm, Value *args, int nargs) { return (void)nargs, entry_is(vm, args[0], args[1], DT_REG, S_IFREG); }
static Value entry_is_junction(Vm *vm, Value *args, int nargs) { return (void)vm, (void)args, (void)nargs, VALUE_FALSE; }

static Value entry_is_symlink(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    bool link;
    return entry_is_link(vm, entry_of(args[0]), &link) ? value_from_bool(link) : VALUE_ERROR;
}

static Value entry_stat_method(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int follow = os_flag(vm, args[1], true);
    return follow < 0 ? VALUE_ERROR : entry_stat(vm, entry_of(args[0]), follow, false);
}

static Value entry_inode(Vm *vm, Value *args, int nargs) { return (void)nargs, int_from_u64(vm, entry_of(args[0])->inode); }
static Value entry_fspath(Vm *vm, Value *args, int nargs) { return (void)vm, (void)nargs, value_retain(entry_of(args[0])->path); }
static Value entry_repr(Vm *vm, Value self) { return str_format(vm, "<DirEntry %V>", entry_of(self)->name); }
static Value get_name(Vm *vm, Value self) { return (void)vm, value_retain(entry_of(self)->name); }
static Value get_path(Vm *vm, Value self) { return (void)vm, value_retain(entry_of(self)->path); }

static size_t entry_size(const Object *o) { return (void)o, sizeof(DirEntry); }

static void entry_visit(Object *o, VisitFn visit, void *arg) {
    DirEntry *e = (DirEntry *)o;
    Value held[] = {e->name, e->path, e->stat, e->lstat};
    for (int k = 0; k < 4; k++) visit(held[k], arg);
}

static void entry_free(Vm *vm, Object *o) {
    DirEntry *e = (DirEntry *)o;
    Value *held[] = {&e->name, &e->path, &e->stat, &e->lstat};
    for (int k = 0; k < 4; k++) value_clear(vm, held[k]);
}

static const NativeDef entry_methods[] = {
    {"is_dir", entry_is_dir, "($self, /, *, follow_symlinks=True)", "Return True if the entry is a directory; cached per entry.", NATIVE_METHOD},
    {"is_file", entry_is_file, "($self, /, *, follow_symlinks=True)", "Return True if the entry is a file; cached per entry.", NATIVE_METHOD},
    {"is_symlink", entry_is_symlink, "($self, /)", "Return True if the entry is a symbolic link; cached per entry.", NATIVE_METHOD},
    {"is_junction", entry_is_junction, "($self, /)", "Return True if the entry is a junction; cached per entry.", NATIVE_METHOD},
    {"stat", entry_stat_method, "($self, /, *, follow_symlinks=True)", "Return stat_result object for the entry; cached per entry.", NATIVE_METHOD},
    {"inode", entry_inode, "($self, /)", "Return inode of the entry; cached per entry.", NATIVE_METHOD},
    {"__fspath__", entry_fspath, "($self, /)", "Returns the path for the entry.", NATIVE_METHOD},
    {0}};
static const GetSetDef entry_getset[] = {
    {"name", get_name, NULL, "the entry's base filename, relative to scandir() \"path\" argument"},
    {"path", get_path, NULL, "the entry's full path name; equivalent to os.path.join(scandir_path, entry.name)"},
    {0}};

const TypeSpec dir_entry_spec = {
    .name = "posix.DirEntry",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_NO_NEW,
    .size = sizeof(DirEntry),
    .ops = {entry_size, entry_visit, NULL, entry_free, NULL},
    .slots = {.repr = entry_repr},
    .methods = entry_methods,
    .getset = entry_getset,
};

/* --- the iterator --- */

typedef struct Scandir {
    Object head;
    DIR *folder; /* NULL: exhausted or closed */
    OsPath path; /* given is owned */
} Scandir;

static Scandir *scandir_of(Value v) { return (Scandir *)value_object(v); }

static void scandir_finish(Scandir *s) {
    if (s->folder) closedir(s->folder);
    s->folder = NULL;
}

/* folder/name, or name alone for a descriptor. */
static Value joined(Vm *vm, const OsPath *folder, const char *name, bool as_bytes) {
    if (!folder->text) return os_text(vm, name, strlen(name), as_bytes);
    size_t first = folder->size - 1, second = strlen(name), size = first + second + 2;
    char *text = heap_alloc(&vm->heap, size);
    if (!text) return error_no_memory(vm);
    memcpy(text, folder->text, first);
    bool slash = first && text[first - 1] != '/';
    if (slash) text[first++] = '/';
    memcpy(text + first, name, second);
    Value path = os_text(vm, text, first + second, as_bytes);
    heap_free(&vm->heap, text, size);
    return path;
}

static Value entry_new(Vm *vm, Scandir *s, const struct dirent *d) {
    Type *type = os_type(vm, OS_DIR_ENTRY);
    DirEntry *e = type ? type_alloc(vm, type, sizeof *e) : NULL;
    if (!e) return VALUE_ERROR;
    e->stat = e->lstat = e->path = VALUE_EMPTY;
    e->name = os_text(vm, d->d_name, strlen(d->d_name), s->path.is_bytes);
    if (!value_is_error(e->name)) e->path = joined(vm, &s->path, d->d_name, s->path.is_bytes);
    e->inode = d->d_ino;
    e->kind = d->d_type;
    e->dir_fd = s->path.text ? AT_FDCWD : s->path.fd;
    bool ok = !value_is_error(e->name) && !value_is_error(e->path);
    object_track(&vm->heap, &e->head);
    if (ok) return value_from_object(e);
    release_object(vm, e);
    return VALUE_ERROR;
}

static Value scandir_next(Vm *vm, Value self) {
    Scandir *s = scandir_of(self);
    while (s->folder) {
        errno = 0;
        struct dirent *d = readdir(s->folder);
        if (d && is_dots(d->d_name)) continue;
        if (d) return entry_new(vm, s, d);
        int number = errno;
        scandir_finish(s);
        if (number) return os_path_error(vm, number, &s->path);
    }
    return VALUE_EMPTY;
}

static Value scandir_iter(Vm *vm, Value self) { return (void)vm, value_retain(self); }
static Value scandir_enter(Vm *vm, Value *args, int nargs) { return (void)vm, (void)nargs, value_retain(args[0]); }

static Value scandir_close(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    scandir_finish(scandir_of(args[0]));
    return VALUE_NONE;
}

static size_t scandir_size(const Object *o) { return (void)o, sizeof(Scandir); }
static size_t scandir_extra(const Object *o) { return ((const Scandir *)o)->path.text ? ((const Scandir *)o)->path.size : 0; }
static void scandir_visit(Object *o, VisitFn visit, void *arg) { visit(((Scandir *)o)->path.given, arg); }

static bool scandir_is_noticed(const Object *o) { return ((const Scandir *)o)->folder != NULL; }

static void scandir_free(Vm *vm, Object *o) {
    Scandir *s = (Scandir *)o;
    scandir_finish(s);
    os_path_release(vm, &s->path);
    value_clear(vm, &s->path.given);
}

static const NativeDef scandir_methods[] = {{"close", scandir_close, "($self, /)", "Ends the iteration and closes the folder.", NATIVE_METHOD},
                                            {"__enter__", scandir_enter, "($self, /)", NULL, NATIVE_METHOD},
                                            {"__exit__", scandir_close, "($self, /, *args)", NULL, NATIVE_METHOD},
                                            {0}};

const TypeSpec scandir_spec = {
    .name = "posix.ScandirIterator",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_NO_NEW,
    .size = sizeof(Scandir),
    .ops = {scandir_size, scandir_visit, NULL, scandir_free, scandir_extra, scandir_is_noticed},
    .slots = {.iter = scandir_iter, .next = scandir_next},
    .methods = scandir_methods,
};

static Value posix_scandir(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Type *type = os_type(vm, OS_SCANDIR);
    OsPath path;
    if (!type || !os_path_get(vm, args[0], "scandir", "path", OS_PATH_FD | OS_PATH_NONE, &path)) return VALUE_ERROR;
    DIR *folder = folder_open(vm, &path);
    Scandir *s = folder ? type_alloc(vm, type, sizeof *s) : NULL;
    if (!s) {
        if (folder) closedir(folder);
        os_path_release(vm, &path);
        return VALUE_ERROR;
    }
    s->folder = folder;
    s->path = path;
    value_retain(path.given);
    object_track(&vm->heap, &s->head);
    return value_from_object(s);
}

const NativeDef os_folder_functions[] = {
    {"listdir", posix_listdir, "($module, /, path=None)", "The names in a folder, in no order.", NATIVE_METHOD},
    {"scandir", posix_scandir, "($module, /, path=None)", "An iterator of DirEntry objects of a folder.", NATIVE_METHOD},
    {0}};
