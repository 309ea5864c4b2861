/* Lines of source files for tracebacks.
 *
 * A report reads each file once, decodes it as the lexer does (encoding line, BOM, newlines) and finds its lines. A file that cannot be
 * read or decoded has no lines. Names in angle brackets are no files: they have lines when somebody registered a text
 * for them. A relative name that is no file is looked for along sys.path, as CPython's linecache does. */
#include "vm/source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lexer/lexer.h"
#include "vm/module.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/vm.h"

#define SOURCE_SIZE_MAX (64u << 20) /* larger files have no lines in tracebacks */

struct SourceFile {
    SourceFile *next;
    Str *name;          /* owned */
    const char *text;   /* NULL: none */
    uint32_t *starts;   /* of line_count lines, and the end of the last */
    uint32_t line_count;
};

/* --- arenas on the VM's heap --- */

static void *vm_alloc(void *user, size_t size) { return heap_alloc(user, size); }
static void vm_free_block(void *user, void *block, size_t size) { heap_free(user, block, size); }

void arena_init_vm(Arena *arena, Vm *vm) {
    arena_init(arena, (ArenaSource){.alloc = vm_alloc, .free = vm_free_block, .user = &vm->heap});
}

/* --- reading --- */

typedef struct FileBytes {
    char *data; /* in the arena; NULL: none */
    size_t length;
} FileBytes;

/* The only place where tracebacks touch the file system. */
static FileBytes file_read(Arena *arena, const char *path) {
    FileBytes bytes = {NULL, 0};
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return bytes;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size <= SOURCE_SIZE_MAX)
        bytes.data = arena_alloc(arena, (size_t)info.st_size + 1);
    while (bytes.data && bytes.length < (size_t)info.st_size) {
        ssize_t n = read(fd, bytes.data + bytes.length, (size_t)info.st_size - bytes.length);
        if (n <= 0) break;
        bytes.length += (size_t)n;
    }
    close(fd);
    return bytes;
}

static FileBytes str_to_arena(Arena *arena, const Str *s) {
    FileBytes bytes = {NULL, str_utf8_length(s)};
    bytes.data = arena_alloc(arena, bytes.length + 1);
    if (bytes.data) str_utf8_copy(s, bytes.data);
    return bytes;
}

/* directory/name along sys.path. */
static FileBytes file_read_along_path(SourceCache *cache, const char *name) {
    FileBytes none = {NULL, 0};
    Vm *vm = cache->vm;
    Value path = value_is_module(vm->sys_module) ? dict_peek_ascii(vm, ((Module *)value_object(vm->sys_module))->dict, "path") : VALUE_EMPTY;
    for (size_t i = 0; value_is_list(path) && i < value_list(path)->count; i++) {
        if (!value_is_str(value_list(path)->items[i])) continue;
        FileBytes directory = str_to_arena(&cache->arena, value_str_peek(value_list(path)->items[i]));
        size_t length = strlen(name);
        char *full = directory.data ? arena_alloc(&cache->arena, directory.length + length + 2) : NULL;
        if (!full) return none;
        memcpy(full, directory.data, directory.length);
        full[directory.length] = '/';
        memcpy(full + directory.length + 1, name, length);
        FileBytes bytes = file_read(&cache->arena, directory.length ? full : name);
        if (bytes.data) return bytes;
    }
    return none;
}

static Value registered_peek(Vm *vm, Str *filename) {
    Value texts = vm->module_states ? MODULE_STATE(vm, sys) : VALUE_EMPTY;
    return value_is_dict(texts) ? dict_peek_str(vm, value_dict(texts), filename) : VALUE_EMPTY;
}

static const char *decode(Arena *arena, FileBytes bytes, bool is_text, size_t *length) {
    SyntaxErrorInfo error = {0};
    if (!bytes.data) return NULL;
    return is_text ? lexer_decode_text(arena, bytes.data, bytes.length, length, &error)
                   : lexer_decode(arena, bytes.data, bytes.length, length, &error);
}

static const char *source_text(SourceCache *cache, Str *filename, size_t *length) {
    Value registered = registered_peek(cache->vm, filename);
    if (value_is_str(registered)) return decode(&cache->arena, str_to_arena(&cache->arena, value_str_peek(registered)), true, length);
    FileBytes name = str_to_arena(&cache->arena, filename);
    if (!name.length || !name.data || strlen(name.data) != name.length) return NULL;
    if (name.data[0] == '<' && name.data[name.length - 1] == '>') return NULL;
    FileBytes bytes = file_read(&cache->arena, name.data);
    if (!bytes.data && name.data[0] != '/') bytes = file_read_along_path(cache, name.data);
    return decode(&cache->arena, bytes, false, length);
}

/* --- lines --- */

static void find_lines(Arena *arena, SourceFile *file, size_t length) {
    uint32_t count = 0;
    for (size_t i = 0; i < length; i++) count += file->text[i] == '\n';
    if (length && file->text[length - 1] != '\n') count++;
    file->starts = arena_alloc(arena, (count + 1) * sizeof *file->starts);
    if (!file->starts) return;
    uint32_t line = 0;
    for (size_t i = 0; i < length && line < count; i++)
        if (i == 0 || file->text[i - 1] == '\n') file->starts[line++] = (uint32_t)i;
    file->starts[count] = (uint32_t)length;
    file->line_count = count;
}

static SourceFile *source_file(SourceCache *cache, Str *filename) {
    for (SourceFile *file = cache->files; file; file = file->next)
        if (file->name == filename || str_equal(file->name, filename)) return file;
    SourceFile *file = arena_alloc(&cache->arena, sizeof *file);
    if (!file) return NULL;
    size_t length = 0;
    file->name = retain_object(filename);
    file->next = cache->files;
    cache->files = file;
    file->text = source_text(cache, filename, &length);
    if (file->text && length <= SOURCE_SIZE_MAX) find_lines(&cache->arena, file, length);
    return file;
}

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f); }

Text source_cache_line(SourceCache *cache, Str *filename, int line) {
    Text none = {"", 0};
    SourceFile *file = line > 0 ? source_file(cache, filename) : NULL;
    if (!file || (uint32_t)line > file->line_count) return none;
    const char *start = file->text + file->starts[line - 1], *end = file->text + file->starts[line];
    while (end > start && is_space(end[-1])) end--;
    return (Text){start, (uint32_t)(end - start)};
}

void source_cache_init(SourceCache *cache, Vm *vm) {
    cache->vm = vm;
    cache->files = NULL;
    arena_init_vm(&cache->arena, vm);
}

void source_cache_drop(SourceCache *cache) {
    for (SourceFile *file = cache->files; file; file = file->next) release_object(cache->vm, file->name);
    cache->files = NULL;
    arena_release(&cache->arena);
}

bool source_register(Vm *vm, Str *filename, Str *text) {
    Value *texts = &MODULE_STATE(vm, sys);
    if (value_is_empty(*texts)) {
        Dict *d = dict_new(vm);
        if (!d) return false;
        *texts = value_from_object(d);
    }
    return dict_set_str(vm, value_dict(*texts), filename, value_from_object(text));
}
