/* The second pass over names: what each Symbol is, and where it lives.
 *
 * Scopes are resolved from the outside in, so an enclosing scope's symbols are known when an inner one looks for them. A variable
 * becomes a cell when code other than its own uses it; every code object between the two gets it as a free variable. A name of an
 * inlined comprehension that belongs to the code around it stays a plain local there: its Symbol is FREE, and whoever
 * generates code goes on looking in the parent scope.
 *
 * Order of a code object's locals: parameters, the namespace of a class body, other locals and those of inlined comprehensions in the
 * order of the source, cells. The locals of comprehensions that have one name share a register unless they are nested. */
#include "compiler/symtable.h"

#include <stdlib.h>

/* --- which variable --- */

static void add_free(Compiler *c, Scope *unit, Name *name) {
    if (map_get(&unit->free_index, name)) return;
    Name **names = compiler_grow(c, unit->free_names, &unit->free_capacity, unit->free_count + 1, sizeof *names);
    if (!names) return;
    unit->free_names = names;
    names[unit->free_count++] = name;
    map_set(c, &unit->free_index, name, (void *)(uintptr_t)unit->free_count);
}

uint32_t scope_free_index(const Scope *scope, const Name *name) {
    return (uint32_t)(uintptr_t)map_get(&scope->free_index, name) - 1;
}

/* Whether a class provides the name as a cell of its own to the functions in it. */
static bool class_provides(Compiler *c, Scope *scope, Scope *user, const Name *name) {
    if (scope_unit(user) == scope) return false;
    if (name == KNOWN(c, class_cell)) scope->needs_class_cell = true;
    else if (name == KNOWN(c, classdict)) scope->needs_classdict = true;
    else return false;
    return true;
}

/* The scope that binds a name which `user` does not: NULL when it is global. */
static Scope *find_binding(Compiler *c, Scope *user, const Name *name) {
    for (Scope *scope = user->parent; scope && scope->kind != SCOPE_MODULE; scope = scope->parent) {
        if (scope->kind == SCOPE_CLASS) {
            if (class_provides(c, scope, user, name)) return scope;
            continue;
        }
        Symbol *symbol = scope_find(scope, name);
        if (!symbol) continue;
        if (symbol->flags & DEF_GLOBAL) return NULL;
        if (symbol->flags & DEF_NONLOCAL) continue;
        if (symbol->flags & DEF_BOUND) return scope;
    }
    return NULL;
}

/* `user` uses the variable `name` of `owner`: makes it a cell when they are different code, and hands it down. */
static void connect(Compiler *c, Scope *user, Scope *owner, Name *name) {
    Scope *unit = scope_unit(user), *owner_unit = scope_unit(owner);
    if (unit == owner_unit) return;
    Symbol *symbol = scope_find(owner, name);
    if (owner->kind != SCOPE_CLASS && symbol) symbol->kind = SYMBOL_CELL;
    for (; unit != owner_unit; unit = scope_unit(unit->parent)) add_free(c, unit, name);
}

static void resolve_nonlocal(Compiler *c, Scope *scope, Symbol *symbol) {
    if (scope->kind == SCOPE_MODULE) {
        compiler_error_at(c, symbol->start, symbol->end, "nonlocal declaration not allowed at module level");
        return;
    }
    Scope *owner = find_binding(c, scope, symbol->name);
    Symbol *bound = owner ? scope_find(owner, symbol->name) : NULL;
    if (!owner) compiler_error_at(c, symbol->start, symbol->end, "no binding for nonlocal '%s' found", symbol->name->data);
    else if (bound && bound->flags & DEF_TYPE_PARAM)
        compiler_error_at(c, symbol->start, symbol->end, "nonlocal binding not allowed for type parameter '%s'", symbol->name->data);
    else connect(c, scope, owner, symbol->name);
    symbol->kind = SYMBOL_FREE;
}

/* In an annotation scope of a class: what the class makes of the name; SYMBOL_UNKNOWN: nothing. Its own names are looked up in its
 * namespace, then as globals, even where a function around it has such a variable. */
static SymbolKind class_kind(const Scope *scope, const Name *name) {
    while (scope->kind != SCOPE_CLASS) scope = scope->parent;
    Symbol *symbol = scope_find(scope, name);
    uint32_t flags = symbol ? symbol->flags : 0;
    if (flags & DEF_GLOBAL) return SYMBOL_GLOBAL_EXPLICIT;
    return flags & DEF_BOUND && !(flags & DEF_NONLOCAL) ? SYMBOL_GLOBAL_IMPLICIT : SYMBOL_UNKNOWN;
}

static void resolve_symbol(Compiler *c, Scope *scope, Symbol *symbol) {
    if (symbol->flags & DEF_GLOBAL) {
        if (symbol->flags & DEF_NONLOCAL)
            compiler_error_at(c, symbol->start, symbol->end, "name '%s' is nonlocal and global", symbol->name->data);
        symbol->kind = SYMBOL_GLOBAL_EXPLICIT;
    } else if (symbol->flags & DEF_NONLOCAL) {
        resolve_nonlocal(c, scope, symbol);
    } else if (symbol->flags & DEF_BOUND) {
        symbol->kind = SYMBOL_LOCAL;
    } else if (scope->can_see_class && class_kind(scope, symbol->name) != SYMBOL_UNKNOWN) {
        symbol->kind = class_kind(scope, symbol->name);
    } else {
        Scope *owner = find_binding(c, scope, symbol->name);
        if (owner) connect(c, scope, owner, symbol->name);
        symbol->kind = owner ? SYMBOL_FREE : SYMBOL_GLOBAL_IMPLICIT;
    }
}

static void resolve_scope(Compiler *c, Scope *scope) {
    if (!compiler_enter(c) || scope->kind == SCOPE_ANNOTATION) return;
    for (uint32_t i = 0; i < scope->count && !c->failed; i++) resolve_symbol(c, scope, scope->order[i]);
    for (Scope *child = scope->first_child; child && !c->failed; child = child->next) resolve_scope(c, child);
}

static int compare_names(const void *a, const void *b) {
    return strcmp((*(Name *const *)a)->data, (*(Name *const *)b)->data);
}

/* Free variables are in the order of their names. */
static void sort_free(Compiler *c, Scope *scope) {
    if (scope->free_count < 2) return;
    qsort(scope->free_names, scope->free_count, sizeof *scope->free_names, compare_names);
    for (uint32_t i = 0; i < scope->free_count; i++) map_set(c, &scope->free_index, scope->free_names[i], (void *)(uintptr_t)(i + 1));
}

/* --- where it lives --- */

static uint32_t add_local(Compiler *c, Scope *unit, Name *name) {
    Name **names = compiler_grow(c, unit->local_names, &unit->local_capacity, unit->local_count + 1, sizeof *names);
    if (!names) return 0;
    unit->local_names = names;
    names[unit->local_count] = name;
    return local_register(unit->local_count++);
}

static Name *hidden_name(Compiler *c, const Name *name) {
    char *text = compiler_alloc(c, name->length + 2u);
    if (!text) return KNOWN(c, empty);
    text[0] = '.';
    memcpy(text + 1, name->data, name->length);
    return name_get(c, text, name->length + 1u);
}

static void check_cell(Compiler *c, const Symbol *symbol) {
    if (symbol->reg < FAR_BASE) return;
    error_raise(c->vm, EXC_SystemError, "too many variables of one function are used by inner functions");
    compiler_fail(c);
}

/* Registers of a comprehension's locals in the code around it. shared: name -> register + 1 of registers that are free again. */
static void allocate_inlined(Compiler *c, Scope *scope, Scope *unit, PtrMap *shared) {
    for (uint32_t i = 0; i < scope->count && !c->failed; i++) {
        Symbol *symbol = scope->order[i];
        if ((symbol->kind != SYMBOL_LOCAL && symbol->kind != SYMBOL_CELL) || symbol->name == KNOWN(c, dot_zero)) continue;
        uint32_t reg = (uint32_t)(uintptr_t)map_get(shared, symbol->name);
        if (reg) {
            symbol->reg = reg - 1;
            map_set(c, shared, symbol->name, NULL);
        } else {
            Symbol *outer = scope_find(unit, symbol->name);
            bool hidden = unit->kind == SCOPE_MODULE || unit->kind == SCOPE_CLASS || symbol->kind == SYMBOL_CELL ||
                          (outer && outer->kind != SYMBOL_GLOBAL_IMPLICIT);
            symbol->reg = add_local(c, unit, hidden ? hidden_name(c, symbol->name) : symbol->name);
        }
        if (symbol->kind == SYMBOL_CELL) check_cell(c, symbol);
    }
    for (Scope *child = scope->first_child; child && !c->failed; child = child->next)
        if (child->is_inlined) allocate_inlined(c, child, unit, shared);
    for (uint32_t i = 0; i < scope->count && !c->failed; i++)
        if (scope->order[i]->reg != NO_REGISTER) map_set(c, shared, scope->order[i]->name, (void *)(uintptr_t)(scope->order[i]->reg + 1));
}

static uint32_t count_symbols(const Scope *scope) {
    uint32_t count = scope->count;
    for (const Scope *child = scope->first_child; child; child = child->next)
        if (child->is_inlined) count += count_symbols(child);
    return count;
}

static bool fits_near(const Scope *scope) { return count_symbols(scope) <= NEAR_LOCALS; }

/* Cells come last, since locals die in the order of their registers; but they must have near registers: where there may be too few, first. */
static void allocate_cells(Compiler *c, Scope *scope) {
    for (uint32_t i = 0; i < scope->count && !c->failed; i++) {
        Symbol *symbol = scope->order[i];
        if (symbol->kind != SYMBOL_CELL || symbol->reg != NO_REGISTER) continue;
        symbol->reg = add_local(c, scope, symbol->name);
        check_cell(c, symbol);
    }
}

/* Plain locals, and among them, in the order of the source, those of inlined comprehensions. */
static void allocate_locals(Compiler *c, Scope *scope) {
    PtrMap shared = {0};
    Scope *child = scope->first_child;
    for (uint32_t i = 0; i <= scope->count && !c->failed; i++) {
        uint32_t serial = i < scope->count ? scope->order[i]->serial : UINT32_MAX;
        for (; child && child->serial < serial; child = child->next)
            if (child->is_inlined) allocate_inlined(c, child, scope, &shared);
        if (i == scope->count || !scope_is_function_like(scope)) continue;
        Symbol *symbol = scope->order[i];
        if (symbol->kind == SYMBOL_LOCAL && symbol->reg == NO_REGISTER) symbol->reg = add_local(c, scope, symbol->name);
    }
}

static void allocate_parameters(Compiler *c, Scope *scope) {
    for (uint32_t i = 0; i < scope->count && !c->failed; i++) {
        Symbol *symbol = scope->order[i];
        if (!(symbol->flags & DEF_PARAM)) continue;
        symbol->reg = add_local(c, scope, symbol->name);
        if (symbol->kind == SYMBOL_CELL) check_cell(c, symbol);
    }
}

static void allocate_scope(Compiler *c, Scope *scope) {
    if (!compiler_enter(c) || scope->kind == SCOPE_ANNOTATION) return;
    if (!scope->is_inlined) {
        sort_free(c, scope);
        if (scope_is_function_like(scope)) {
            allocate_parameters(c, scope);
            if (!fits_near(scope)) allocate_cells(c, scope);
        } else if (scope->kind == SCOPE_CLASS || c->options->namespace_locals) {
            add_local(c, scope, KNOWN(c, dot_namespace));
            if (scope->needs_class_cell) scope->class_cell = add_local(c, scope, KNOWN(c, class_cell));
            if (scope->needs_classdict) scope->classdict_cell = add_local(c, scope, KNOWN(c, classdict));
        }
        allocate_locals(c, scope);
        if (scope_is_function_like(scope)) allocate_cells(c, scope);
    }
    for (Scope *child = scope->first_child; child && !c->failed; child = child->next) allocate_scope(c, child);
}

void scope_resolve_all(Compiler *c) {
    resolve_scope(c, c->module);
    if (!c->failed) allocate_scope(c, c->module);
}
