/* Finding modules: frozen ones, and source files along a search path. Private to vm/import*.c and module_spec.c. */
#ifndef MINI_VM_IMPORT_FIND_H
#define MINI_VM_IMPORT_FIND_H

#include "vm/frozen.h"
#include "vm/type.h"

/* Where a module's source is. path: of its file; NULL for namespace packages and when nothing was found (found false). */
typedef struct FoundModule {
    bool found;
    Str *path;       /* owned */
    List *locations; /* owned; for packages: where their submodules are; NULL */
} FoundModule;

/* The frozen module of that name; NULL. */
const FrozenModule *frozen_find(const Str *name);
/* Looks for `tail`, the last part of a module's name, in the folders of `path` (sys.path, or a package's __path__). false: an exception is
 * pending; not finding it is none. */
bool import_find_file(Vm *vm, Value path, Str *tail, FoundModule *out);
/* An entry of a path as an absolute folder; '' and '.' are the working folder. New; NULL: exception pending. */
Str *import_entry_folder(Vm *vm, Str *entry);
void found_drop(Vm *vm, FoundModule *found);
/* A file's contents: Bytes. OSError. */
Value import_read_file(Vm *vm, Str *path);

#endif
