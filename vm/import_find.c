/* Finding the source of a module. All that imports ask of the file system is in this file.
 *
 * In each folder of the path, NAME/__init__.mini and NAME/__init__.py make a package, then NAME.mini and NAME.py a module; folders NAME
 * without __init__ are gathered over the whole path and make a namespace package. */
#include "vm/import_find.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vm/error.h"
#include "vm/types/bytes.h"
#include "vm/types/list.h"
#include "vm/types/sequence.h"
#include "vm/types/str.h"
#include "vm/vm.h"

static const char *const suffixes[] = {".mini", ".py"};
#define SUFFIX_COUNT 2

const FrozenModule *frozen_find(const Str *name) {
    for (const FrozenModule *f = frozen_modules; f->name; f++)
        if (str_equal_ascii(name, f->name)) return f;
    return NULL;
}

/* --- the file system --- */

typedef enum PathKind { PATH_NONE, PATH_FILE, PATH_FOLDER } PathKind;

static PathKind path_kind(Vm *vm, Str *path) {
    struct stat info;
    size_t size;
    char *c = str_to_c(vm, path, &size, true);
    if (!c) {
        error_clear(vm);
        return PATH_NONE;
    }
    int failed = stat(c, &info);
    heap_free(&vm->heap, c, size);
    if (failed) return PATH_NONE;
    return S_ISDIR(info.st_mode) ? PATH_FOLDER : S_ISREG(info.st_mode) ? PATH_FILE : PATH_NONE;
}

/* The working folder; NULL: exception pending. */
static Str *working_folder(Vm *vm) {
    char buffer[4096];
    if (!getcwd(buffer, sizeof buffer)) return error_os(vm, errno, VALUE_EMPTY), NULL;
    Value text = bytes_decode(vm, (const uint8_t *)buffer, strlen(buffer), "utf-8", "surrogateescape");
    return value_is_error(text) ? NULL : value_str_peek(text);
}

/* The whole file into a new Bytes; errno is set when *ok becomes false. */
static Bytes *read_all(Vm *vm, int fd, size_t size, bool *ok) {
    Bytes *bytes = bytes_new(vm, NULL, size);
    size_t length = 0;
    *ok = true;
    while (bytes && length < size) {
        ssize_t n = read(fd, bytes->data + length, size - length);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            *ok = n == 0; /* it has become shorter */
            break;
        }
        length += (size_t)n;
    }
    if (!bytes || length == size) return bytes;
    Bytes *shorter = *ok ? bytes_new(vm, bytes->data, length) : NULL;
    release_object(vm, bytes);
    return shorter;
}

Value import_read_file(Vm *vm, Str *path) {
    struct stat info;
    size_t size;
    char *c = str_to_c(vm, path, &size, true);
    if (!c) return VALUE_ERROR;
    int fd = open(c, O_RDONLY | O_CLOEXEC);
    heap_free(&vm->heap, c, size);
    if (fd < 0) return error_os(vm, errno, value_from_object(path));
    bool ok = fstat(fd, &info) == 0;
    Bytes *bytes = ok ? read_all(vm, fd, (size_t)info.st_size, &ok) : NULL;
    int number = errno;
    close(fd);
    if (!ok) return error_os(vm, number, value_from_object(path));
    return bytes ? value_from_object(bytes) : VALUE_ERROR;
}

/* --- paths --- */

/* folder/tail.suffix; NULL: no memory. */
static Str *path_join(Vm *vm, Str *folder, Str *tail, const char *suffix) {
    size_t length = folder->length;
    while (length > 1 && str_at(folder, length - 1) == '/') length--;
    StrBuilder b;
    builder_init(&b, vm);
    builder_add_range(&b, folder, 0, length);
    if (!length || str_at(folder, length - 1) != '/') builder_add_char(&b, '/');
    builder_add_str(&b, tail);
    builder_add_ascii(&b, suffix, strlen(suffix));
    Value path = builder_finish(&b);
    return value_is_error(path) ? NULL : value_str_peek(path);
}

Str *import_entry_folder(Vm *vm, Str *entry) {
    if (entry->length && str_at(entry, 0) == '/') return retain_object(entry);
    Str *here = working_folder(vm);
    if (!here || !entry->length || str_equal_ascii(entry, ".")) return here;
    size_t start = entry->length > 1 && str_at(entry, 0) == '.' && str_at(entry, 1) == '/' ? 2 : 0;
    Str *rest = str_substring(vm, entry, start, entry->length);
    Str *folder = rest ? path_join(vm, here, rest, "") : NULL;
    release_object(vm, rest);
    release_object(vm, here);
    return folder;
}

/* folder/tail with the first suffix under which it is a file. *ok false: exception pending. */
static Str *find_with_suffix(Vm *vm, Str *folder, Str *tail, bool *ok) {
    for (int i = 0; i < SUFFIX_COUNT; i++) {
        Str *path = path_join(vm, folder, tail, suffixes[i]);
        if (!path) {
            *ok = false;
            return NULL;
        }
        if (path_kind(vm, path) == PATH_FILE) return path;
        release_object(vm, path);
    }
    return NULL;
}

/* --- looking in one folder --- */

static List *one_location(Vm *vm, Str *folder) {
    Value v = value_from_object(folder);
    return list_from_values(vm, &v, 1);
}

/* A folder of that name: a package, or a portion of a namespace package. */
static bool find_package(Vm *vm, Str *folder, FoundModule *out, List *portions) {
    bool ok = true;
    Str *stem = str_intern(vm, "__init__", 8);
    if (!stem) return false;
    out->path = find_with_suffix(vm, folder, stem, &ok);
    release_object(vm, stem);
    if (!ok) return false;
    if (!out->path) return list_append(vm, portions, value_from_object(folder));
    out->locations = one_location(vm, folder);
    out->found = true;
    return out->locations != NULL;
}

static bool find_in_folder(Vm *vm, Str *folder, Str *tail, FoundModule *out, List *portions) {
    Str *sub = path_join(vm, folder, tail, "");
    if (!sub) return false;
    size_t before = portions->count;
    bool ok = true, is_folder = path_kind(vm, sub) == PATH_FOLDER;
    if (is_folder) ok = find_package(vm, sub, out, portions);
    release_object(vm, sub);
    if (!ok || out->found) return ok;
    out->path = find_with_suffix(vm, folder, tail, &ok);
    out->found = out->path != NULL;
    if (out->found && portions->count > before) ok = list_delete_range(vm, portions, before, portions->count);
    return ok;
}

static bool find_in_entries(Vm *vm, List *entries, Str *tail, FoundModule *out, List *portions) {
    for (size_t i = 0; i < entries->count && !out->found; i++) {
        if (!value_is_str(entries->items[i])) continue;
        Str *folder = import_entry_folder(vm, value_str_peek(entries->items[i]));
        if (!folder && error_clear_if(vm, EXC_OSError)) continue; /* there is no working folder */
        if (!folder) return false;
        bool ok = find_in_folder(vm, folder, tail, out, portions);
        release_object(vm, folder);
        if (!ok) return false;
    }
    return true;
}

bool import_find_file(Vm *vm, Value path, Str *tail, FoundModule *out) {
    *out = (FoundModule){0};
    if (value_is_empty(path) || value_is_none(path)) return true;
    List *entries = list_from_iterable(vm, path), *portions = entries ? list_new(vm, 0) : NULL;
    bool ok = portions && find_in_entries(vm, entries, tail, out, portions);
    if (ok && !out->found && portions->count) {
        out->found = true;
        out->locations = retain_object(portions);
    }
    release_object(vm, entries);
    release_object(vm, portions);
    if (!ok) found_drop(vm, out);
    return ok;
}

void found_drop(Vm *vm, FoundModule *found) {
    release_object(vm, found->path);
    release_object(vm, found->locations);
    *found = (FoundModule){0};
}
