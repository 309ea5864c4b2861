/* What all passes of the compiler share: scratch memory, errors and warnings, names, maps.
 *
 * Invariant: whoever sets `failed` has made sure that an exception is pending, except for compiler_alloc, whose caller
 * compile_tree turns a failed arena into MemoryError. To add a name that the compiler uses, edit KNOWN_NAMES in context.h. */
#include "compiler/context.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "vm/types/str.h"

void *compiler_alloc(Compiler *c, size_t size) {
    void *block = arena_alloc(c->arena, size);
    if (!block) c->failed = true;
    return block;
}

void *compiler_grow(Compiler *c, void *items, uint32_t *capacity, uint32_t needed, size_t item_size) {
    if (needed <= *capacity) return items;
    uint32_t grown = *capacity ? *capacity : 8;
    while (grown < needed) grown *= 2;
    void *block = compiler_alloc(c, grown * item_size);
    if (!block) return NULL;
    if (items) memcpy(block, items, *capacity * item_size);
    *capacity = grown;
    return block;
}

bool compiler_enter(Compiler *c) {
    if (c->failed) return false;
    if ((char *)__builtin_frame_address(0) > c->vm->c_stack_limit) return true;
    error_raise(c->vm, EXC_RecursionError, "maximum recursion depth exceeded during compilation");
    compiler_fail(c);
    return false;
}

void compiler_fail(Compiler *c) { c->failed = true; }

Value compiler_check(Compiler *c, Value v) {
    if (value_is_error(v)) compiler_fail(c);
    return v;
}

void compiler_error_at(Compiler *c, Position start, Position end, const char *format, ...) {
    if (c->failed) return;
    SyntaxErrorInfo error = {.set = true, .kind = SYNTAX_ERROR, .start = start, .end = end};
    va_list args;
    va_start(args, format);
    vsnprintf(error.message, sizeof error.message, format, args);
    va_end(args);
    /* as CPython has it: the compiler, unlike the parser, shows the line of a file only */
    bool is_file = access(c->options->filename, R_OK) == 0;
    compile_error_raise(c->vm, &error, c->options->filename, is_file ? c->source : NULL, is_file ? c->length : 0);
    compiler_fail(c);
}

/* --- maps --- */

static uint32_t pointer_hash(const void *key) {
    uint64_t bits = (uint64_t)(uintptr_t)key;
    return (uint32_t)((bits * UINT64_C(0x9E3779B97F4A7C15)) >> 32);
}

static uint32_t map_slot(const PtrMap *map, const void *key) {
    uint32_t i = pointer_hash(key) & (map->size - 1);
    while (map->keys[i] && map->keys[i] != key) i = (i + 1) & (map->size - 1);
    return i;
}

void *map_get(const PtrMap *map, const void *key) {
    if (!map->size) return NULL;
    uint32_t i = map_slot(map, key);
    return map->keys[i] ? map->values[i] : NULL;
}

static bool map_resize(Compiler *c, PtrMap *map) {
    PtrMap bigger = {.size = map->size ? map->size * 2 : 8, .count = map->count};
    bigger.keys = compiler_alloc(c, bigger.size * sizeof(void *));
    bigger.values = compiler_alloc(c, bigger.size * sizeof(void *));
    if (!bigger.keys || !bigger.values) return false;
    for (uint32_t i = 0; i < map->size; i++) {
        if (!map->keys[i]) continue;
        uint32_t slot = map_slot(&bigger, map->keys[i]);
        bigger.keys[slot] = map->keys[i];
        bigger.values[slot] = map->values[i];
    }
    *map = bigger;
    return true;
}

void map_set(Compiler *c, PtrMap *map, const void *key, void *value) {
    if (map->count * 4 >= map->size * 3 && !map_resize(c, map)) return;
    uint32_t slot = map_slot(map, key);
    if (!map->keys[slot]) map->count++;
    map->keys[slot] = key;
    map->values[slot] = value;
}

/* --- names --- */

static uint32_t text_hash(const char *text, size_t length) {
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < length; i++) hash = (hash ^ (uint8_t)text[i]) * 16777619u;
    return hash;
}

static bool names_resize(Compiler *c) {
    uint32_t size = c->name_size ? c->name_size * 2 : 256;
    Name **table = compiler_alloc(c, size * sizeof(Name *));
    if (!table) return false;
    for (uint32_t i = 0; i < c->name_size; i++) {
        for (Name *name = c->names[i], *next; name; name = next) {
            next = name->next;
            name->next = table[name->hash & (size - 1)];
            table[name->hash & (size - 1)] = name;
        }
    }
    c->names = table;
    c->name_size = size;
    return true;
}

/* After a failure the answer is some name that is not NULL, as long as there is one. */
static Name *name_nowhere(Compiler *c) { return c->known[0]; }

Name *name_get(Compiler *c, const char *text, size_t length) {
    uint32_t hash = text_hash(text, length);
    if (c->name_count >= c->name_size && !names_resize(c)) return name_nowhere(c);
    Name **bucket = &c->names[hash & (c->name_size - 1)];
    for (Name *name = *bucket; name; name = name->next)
        if (name->hash == hash && name->length == length && !memcmp(name->data, text, length)) return name;
    Name *name = compiler_alloc(c, sizeof *name);
    char *copy = arena_copy(c->arena, text, length);
    if (!name || !copy) {
        compiler_fail(c);
        return name_nowhere(c);
    }
    *name = (Name){copy, (uint32_t)length, hash, NULL, *bucket};
    *bucket = name;
    c->name_count++;
    return name;
}

Name *name_mangle(Compiler *c, const Name *private_class, Text text) {
    if (!private_class || text.length < 2 || text.data[0] != '_' || text.data[1] != '_') return name_from_text(c, text);
    if (text.data[text.length - 1] == '_' && text.data[text.length - 2] == '_') return name_from_text(c, text);
    if (memchr(text.data, '.', text.length)) return name_from_text(c, text);
    const char *cls = private_class->data;
    uint32_t length = private_class->length;
    while (length && *cls == '_') cls++, length--;
    if (!length) return name_from_text(c, text);
    char *mangled = compiler_alloc(c, 1 + (size_t)length + text.length);
    if (!mangled) return name_nowhere(c);
    mangled[0] = '_';
    memcpy(mangled + 1, cls, length);
    memcpy(mangled + 1 + length, text.data, text.length);
    return name_get(c, mangled, 1 + (size_t)length + text.length);
}

bool name_is(const Name *name, const char *text) { return !strcmp(name->data, text); }

bool text_is(Text text, const char *literal) {
    return text.data && text.length == strlen(literal) && !memcmp(text.data, literal, text.length);
}

Str *name_str(Compiler *c, Name *name) {
    if (!name->str) name->str = str_intern(c->vm, name->data, name->length);
    if (!name->str) compiler_fail(c);
    return name->str;
}
