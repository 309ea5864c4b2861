/* Lines of source files, for tracebacks: read when first asked for, kept as long as one report takes. */
#ifndef MINI_VM_SOURCE_H
#define MINI_VM_SOURCE_H

#include "lexer/arena.h"
#include "parser/ast.h"
#include "vm/type.h"

typedef struct SourceFile SourceFile;

typedef struct SourceCache {
    Vm *vm;
    Arena arena;
    SourceFile *files;
} SourceCache;

/* An arena on the VM's heap. */
void arena_init_vm(Arena *arena, Vm *vm);

void source_cache_init(SourceCache *cache, Vm *vm);
void source_cache_drop(SourceCache *cache);
/* Line `line` (from 1) of the file as UTF-8, without white space at its end; empty when there is none. Valid until the cache is
 * dropped. Never raises. */
Text source_cache_line(SourceCache *cache, Str *filename, int line);

/* From now on the VM's tracebacks show lines of `text` for code whose filename is `filename` (the program given on the command
 * line as "<string>", lines typed at the prompt). false: no memory (exception pending). */
bool source_register(Vm *vm, Str *filename, Str *text);

#endif
