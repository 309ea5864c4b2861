/* Scopes: which variable every name means.
 *
 * A first pass over the tree makes a Scope for each module, class body, function, comprehension and annotation scope, with a Symbol
 * for every name that occurs in it; a second pass (resolve.c) decides for each Symbol whether it is a local, a cell, free or
 * global, and gives every local a register. A comprehension that is inlined (PEP 709) keeps a Scope of its own, but its locals are
 * registers of the code around it. */
#ifndef MINI_COMPILER_SYMTABLE_H
#define MINI_COMPILER_SYMTABLE_H

#include "compiler/context.h"

typedef enum ScopeKind {
    SCOPE_MODULE,
    SCOPE_CLASS,
    SCOPE_FUNCTION, /* def, lambda, comprehension */
    SCOPE_ANNOTATION, /* annotations that are not evaluated: nothing but checks */
    SCOPE_TYPE_PARAMS,
    SCOPE_TYPE_ALIAS,
    SCOPE_TYPE_VARIABLE /* a bound, constraint or default of a type parameter */
} ScopeKind;

typedef enum ComprehensionKind { NO_COMPREHENSION, COMPREHENSION_LIST, COMPREHENSION_SET, COMPREHENSION_DICT, COMPREHENSION_GENERATOR } ComprehensionKind;

/* Symbol.flags: what the scope's text does with the name. */
#define DEF_GLOBAL 0x001u
#define DEF_LOCAL 0x002u
#define DEF_PARAM 0x004u
#define DEF_NONLOCAL 0x008u
#define USE 0x010u
#define DEF_IMPORT 0x020u
#define DEF_ANNOTATED 0x040u
#define DEF_COMP_ITER 0x080u
#define DEF_TYPE_PARAM 0x100u
#define DEF_DELETED 0x200u  /* unbound somewhere: del, end of an except clause */
#define DEF_BOUND (DEF_LOCAL | DEF_PARAM | DEF_IMPORT | DEF_TYPE_PARAM)

typedef enum SymbolKind { SYMBOL_UNKNOWN, SYMBOL_LOCAL, SYMBOL_CELL, SYMBOL_FREE, SYMBOL_GLOBAL_EXPLICIT, SYMBOL_GLOBAL_IMPLICIT } SymbolKind;

#define NO_REGISTER UINT32_MAX

typedef struct Symbol {
    Name *name;
    uint32_t flags;
    uint32_t serial;    /* symbols and scopes are numbered as they are met */
    SymbolKind kind;
    uint32_t reg;       /* SYMBOL_LOCAL, SYMBOL_CELL in function-like scopes: the register (256 and up: far) */
    Position start, end; /* of the first global or nonlocal statement about it */
} Symbol;

struct Scope {
    ScopeKind kind;
    ComprehensionKind comprehension;
    Node *node;
    Scope *parent, *first_child, *last_child, *next;
    Name *name;          /* of the code object */
    Name *private_class; /* for mangling; NULL */
    uint32_t serial;
    PtrMap symbols;
    Symbol **order;
    uint32_t count, capacity;
    Name **free_names;   /* variables of outer scopes, in order of their index */
    uint32_t free_count, free_capacity;
    PtrMap free_index;   /* name -> index + 1 */
    uint32_t posonly_count, arg_count, kwonly_count, param_count;
    bool has_varargs, has_varkeywords;
    bool nested, is_generator, is_coroutine, is_inlined, is_lambda;
    bool can_see_class;     /* an annotation scope directly in a class */
    bool needs_class_cell, needs_classdict;
    bool has_walrus;        /* an expression may assign a local while a statement is evaluated */
    bool has_import_star;
    bool uses_annotations;  /* module or class: has annotated names */
    uint32_t iterable_depth; /* while a comprehension's iterables are visited */
    bool iteration_target;  /* while a comprehension's targets are visited */
    const char *where;      /* "a TypeVar bound" ...: for messages */
    /* registers (resolve.c), of scopes that become code */
    Name **local_names;     /* by local number; hidden ones begin with '.' */
    uint32_t local_count, local_capacity;
    uint32_t class_cell, classdict_cell; /* registers; NO_REGISTER: none */
};

static inline bool scope_is_function_like(const Scope *s) {
    return s->kind != SCOPE_MODULE && s->kind != SCOPE_CLASS;
}
/* Where a scope is found: by its node's address and, as one node may have several, this. */
typedef enum ScopeRole { ROLE_BODY, ROLE_TYPE_PARAMS, ROLE_BOUND, ROLE_DEFAULT } ScopeRole;
static inline const void *scope_key(const Node *node, ScopeRole role) { return (const char *)node + role; }

/* Builds and resolves. The module's scope is c->module; failed is set on an error. */
void symtable_build(Compiler *c, Node *tree);
Scope *scope_of(const Compiler *c, const Node *node, ScopeRole role);
Symbol *scope_find(const Scope *scope, const Name *name); /* NULL: does not occur in it */
Symbol *scope_symbol(Compiler *c, Scope *scope, Name *name);
/* --- resolve.c --- */
void scope_resolve_all(Compiler *c);
/* The scope whose code the scope's text is part of: itself, unless it is an inlined comprehension. */
static inline Scope *scope_unit(Scope *scope) {
    while (scope->is_inlined) scope = scope->parent;
    return scope;
}
/* Index of a free variable of the scope's code. */
uint32_t scope_free_index(const Scope *scope, const Name *name);

/* Registers 0..NEAR_LOCALS-1 hold locals directly; local number n beyond that lives in register FAR_BASE + n - NEAR_LOCALS. */
enum { NEAR_LOCALS = 120, FAR_BASE = 256 };
static inline uint32_t register_local(uint32_t reg) { return reg < FAR_BASE ? reg : reg - FAR_BASE + NEAR_LOCALS; }
static inline uint32_t local_register(uint32_t number) {
    return number < NEAR_LOCALS ? number : FAR_BASE + (number - NEAR_LOCALS);
}

#endif
