/* What all passes of the compiler share: the Compiler itself, names, maps, constants, errors.
 *
 * Invariants: scratch memory is the arena's, so nothing of it is freed one by one. Every Value and Str that the compiler holds
 * belongs to `constants` or to a Name, and is released when the compilation ends. After an error `failed` is set, an
 * exception is pending (or the arena has failed), and every function does nothing but return quickly. */
#ifndef MINI_COMPILER_CONTEXT_H
#define MINI_COMPILER_CONTEXT_H

#include "compiler/compiler.h"
#include "vm/vm.h"

typedef struct Scope Scope;
typedef struct Unit Unit;

/* A name of the source: one for each spelling, so that names compare by address. */
typedef struct Name {
    const char *data; /* UTF-8, NUL-terminated */
    uint32_t length, hash;
    Str *str; /* made when code first needs it; NULL */
    struct Name *next;
} Name;

/* Map from addresses to addresses. */
typedef struct PtrMap {
    const void **keys;
    void **values;
    uint32_t count, size; /* size: a power of two, or 0 */
} PtrMap;

/* Constants, each value and type once. */
typedef struct ValueTable {
    Value *items;
    uint32_t count, capacity;
    uint32_t *slots; /* index + 1, or 0 */
    uint32_t size;   /* of slots: a power of two, or 0 */
} ValueTable;

/* Names that the compiler itself uses: KNOWN_NAME(id, text). */
#define KNOWN_NAMES(KNOWN_NAME) \
    KNOWN_NAME(class_cell, "__class__") KNOWN_NAME(classdict, "__classdict__") KNOWN_NAME(super_, "super") \
    KNOWN_NAME(debug, "__debug__") KNOWN_NAME(module, "__module__") KNOWN_NAME(qualname, "__qualname__") \
    KNOWN_NAME(name, "__name__") KNOWN_NAME(doc, "__doc__") KNOWN_NAME(firstlineno, "__firstlineno__") \
    KNOWN_NAME(static_attributes, "__static_attributes__") KNOWN_NAME(classcell, "__classcell__") \
    KNOWN_NAME(classdictcell, "__classdictcell__") KNOWN_NAME(type_params, "__type_params__") \
    KNOWN_NAME(annotations, "__annotations__") KNOWN_NAME(self, "self") KNOWN_NAME(dot_zero, ".0") \
    KNOWN_NAME(dot_namespace, ".namespace") KNOWN_NAME(dot_type_params, ".type_params") \
    KNOWN_NAME(dot_defaults, ".defaults") KNOWN_NAME(dot_kwdefaults, ".kwdefaults") \
    KNOWN_NAME(dot_generic_base, ".generic_base") KNOWN_NAME(return_, "return") KNOWN_NAME(module_top, "<module>") \
    KNOWN_NAME(lambda, "<lambda>") KNOWN_NAME(listcomp, "<listcomp>") KNOWN_NAME(setcomp, "<setcomp>") \
    KNOWN_NAME(dictcomp, "<dictcomp>") KNOWN_NAME(genexpr, "<genexpr>") KNOWN_NAME(empty, "")

typedef enum KnownName {
#define KNOWN_NAME(id, text) KNOWN_##id,
    KNOWN_NAMES(KNOWN_NAME)
#undef KNOWN_NAME
    KNOWN_COUNT
} KnownName;

typedef struct Compiler {
    Vm *vm;
    Arena *arena;
    const CompileOptions *options;
    const char *source; /* decoded */
    size_t length;
    Str *filename;      /* borrowed from compile_tree */
    uint32_t flags;     /* CODE_FUTURE_ANNOTATIONS */
    Position future_end; /* of the last __future__ import */
    bool failed;
    uint32_t serial;    /* of the last symbol or scope */
    Name **names;       /* hash table */
    uint32_t name_count, name_size;
    Name *known[KNOWN_COUNT];
    ValueTable constants;
    PtrMap scopes;      /* tree node (see scope_key) -> Scope */
    Scope *module;
    Unit *unit;
} Compiler;

#define KNOWN(c, id) ((c)->known[KNOWN_##id])

/* --- context.c --- */
void *compiler_alloc(Compiler *c, size_t size); /* zeroed; NULL with failed set */
/* A bigger copy of an arena array: doubled until it holds `needed` items. NULL with failed set. */
void *compiler_grow(Compiler *c, void *items, uint32_t *capacity, uint32_t needed, size_t item_size);
/* Guards recursion over the tree: false with RecursionError. */
bool compiler_enter(Compiler *c);
/* Raises SyntaxError over the range. */
void compiler_error_at(Compiler *c, Position start, Position end, const char *format, ...) __attribute__((format(printf, 4, 5)));
#define compiler_error(c, node, ...) compiler_error_at((c), (node)->start, (node)->end, __VA_ARGS__)
/* SyntaxWarning at the node; may become an error. */
void compiler_warn(Compiler *c, const Node *node, const char *format, ...) __attribute__((format(printf, 3, 4)));
void compiler_fail(Compiler *c); /* an exception is pending */
/* Checks a result that is VALUE_ERROR on failure. */
Value compiler_check(Compiler *c, Value v);

void *map_get(const PtrMap *map, const void *key); /* NULL: absent */
void map_set(Compiler *c, PtrMap *map, const void *key, void *value);

Name *name_get(Compiler *c, const char *text, size_t length);
static inline Name *name_from_text(Compiler *c, Text text) { return name_get(c, text.data, text.length); }
/* The name as a class body spells it: __x becomes _Class__x. private_class NULL: as it is. */
Name *name_mangle(Compiler *c, const Name *private_class, Text text);
bool name_is(const Name *name, const char *text);
bool text_is(Text text, const char *literal);
Str *name_str(Compiler *c, Name *name); /* borrowed, interned; NULL with failed set */

/* --- constants.c --- */
/* The index of the constant equal to v (same value and type), added if need be; v is borrowed from the compiler. */
uint32_t value_table_add(Compiler *c, ValueTable *table, Value v);
uint32_t value_table_add_unique(Compiler *c, ValueTable *table, Value v);
/* The compilation's one Value equal to v, borrowed from the compiler; v is stolen. VALUE_NONE after a failure. */
Value constant_intern_take(Compiler *c, Value v);
/* The same for a Value that is like no other (code objects). */
Value constant_keep_take(Compiler *c, Value v);
/* The Value of a Constant node, borrowed from the compiler. */
Value node_constant(Compiler *c, const Node *node);
Value constant_string(Compiler *c, const char *text, size_t length); /* borrowed from the compiler */
void constants_release(Compiler *c);

/* --- fold.c --- */
void fold_tree(Compiler *c, Node *tree);
/* The Value of a node that folding made constant. */
static inline bool node_is_constant(const Node *node) { return node->kind == NODE_Constant; }
bool node_is_string(const Node *node);
/* 1 true, 0 false, -1 not a constant. */
int node_truth(Compiler *c, const Node *node);

#endif
