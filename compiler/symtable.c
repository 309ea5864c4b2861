/* The first pass over names: a Scope for every block of the tree, a Symbol for every name in it.
 *
 * The order in which names are met decides CPython's messages ("used prior to global declaration"), so children are visited in
 * its order where that differs from the order of fields in ast.def. To handle a new kind of node that binds names or opens a scope,
 * add a case in visit. */
#include "compiler/symtable.h"

typedef struct Builder {
    Compiler *c;
    Scope *scope; /* innermost */
} Builder;

static void visit(Builder *b, Node *n);
static void visit_target(Builder *b, Node *n);

/* --- symbols and scopes --- */

Scope *scope_of(const Compiler *c, const Node *node, ScopeRole role) { return map_get(&c->scopes, scope_key(node, role)); }
Symbol *scope_find(const Scope *scope, const Name *name) { return map_get(&scope->symbols, name); }

Symbol *scope_symbol(Compiler *c, Scope *scope, Name *name) {
    Symbol *symbol = scope_find(scope, name);
    if (symbol) return symbol;
    symbol = compiler_alloc(c, sizeof *symbol);
    Symbol **order = compiler_grow(c, scope->order, &scope->capacity, scope->count + 1, sizeof *order);
    if (!symbol || !order) return NULL;
    symbol->name = name;
    symbol->serial = ++c->serial;
    symbol->reg = NO_REGISTER;
    scope->order = order;
    order[scope->count++] = symbol;
    map_set(c, &scope->symbols, name, symbol);
    return symbol;
}

static void check_comprehension_target(Builder *b, const Symbol *symbol, Position start, Position end) {
    if (symbol->flags & (DEF_GLOBAL | DEF_NONLOCAL))
        compiler_error_at(b->c, start, end, "comprehension inner loop cannot rebind assignment expression target '%s'", symbol->name->data);
}

static void define(Builder *b, Name *name, uint32_t flags, Position start, Position end) {
    if (b->c->failed) return;
    Scope *scope = b->scope;
    Symbol *symbol = scope_symbol(b->c, scope, name);
    if (!symbol) return;
    if (flags & symbol->flags & DEF_PARAM)
        compiler_error_at(b->c, start, end, "duplicate argument '%s' in function definition", name->data);
    if (flags & symbol->flags & DEF_TYPE_PARAM)
        compiler_error_at(b->c, start, end, "duplicate type parameter '%s'", name->data);
    if (scope->iteration_target && !(flags & USE)) {
        check_comprehension_target(b, symbol, start, end);
        flags |= DEF_COMP_ITER;
    }
    if (flags & (DEF_GLOBAL | DEF_NONLOCAL) && !symbol->start.line) {
        symbol->start = start;
        symbol->end = end;
    }
    symbol->flags |= flags;
    if (flags & DEF_GLOBAL && scope != b->c->module) {
        Symbol *global = scope_symbol(b->c, b->c->module, name);
        if (global) global->flags |= DEF_GLOBAL;
    }
}

static Name *mangled(Builder *b, Text text) { return name_mangle(b->c, b->scope->private_class, text); }
static void define_text(Builder *b, Text text, uint32_t flags, const Node *at) {
    define(b, mangled(b, text), flags, at->start, at->end);
}

static Scope *scope_enter(Builder *b, ScopeKind kind, Node *node, ScopeRole role, Name *name) {
    Scope *scope = compiler_alloc(b->c, sizeof *scope), *parent = b->scope;
    if (!scope) return NULL;
    scope->kind = kind;
    scope->serial = ++b->c->serial;
    scope->node = node;
    scope->name = name;
    scope->parent = parent;
    scope->class_cell = scope->classdict_cell = NO_REGISTER;
    if (parent) {
        scope->private_class = parent->private_class;
        scope->iterable_depth = parent->iterable_depth;
        scope->nested = parent->nested || scope_is_function_like(parent);
        if (parent->last_child) parent->last_child->next = scope;
        else parent->first_child = scope;
        parent->last_child = scope;
    }
    map_set(b->c, &b->c->scopes, scope_key(node, role), scope);
    b->scope = scope;
    return scope;
}

static void scope_leave(Builder *b) { b->scope = b->scope->parent; }

/* --- children --- */

static void visit_list(Builder *b, NodeList list) {
    for (uint32_t i = 0; i < list.count; i++)
        if (list.items[i]) visit(b, list.items[i]);
}
static void visit_optional(Builder *b, Node *n) {
    if (n) visit(b, n);
}
static void visit_targets(Builder *b, NodeList list) {
    for (uint32_t i = 0; i < list.count; i++) visit_target(b, list.items[i]);
}
static void visit_nothing(Builder *b, const void *field) {
    (void)b;
    (void)field;
}
static void visit_node_field(Builder *b, Node *const *field) { visit_optional(b, *field); }
static void visit_list_field(Builder *b, const NodeList *field) { visit_list(b, *field); }

/* Everything below a node, in the order of ast.def's fields. */
static void visit_fields(Builder *b, Node *n) {
    switch (n->kind) {
#define F(type, name) \
    _Generic(&field->name, Node **: visit_node_field, NodeList *: visit_list_field, default: visit_nothing)(b, (void *)&field->name);
#define NODE(name, fields) \
    case NODE_##name: { \
        __typeof__(&n->as.name) field = &n->as.name; \
        (void)field; \
        fields \
        break; \
    }
#include "parser/ast.def"
#undef NODE
#undef F
    default: break;
    }
}

/* --- annotation scopes --- */

static bool is_annotation_scope(const Scope *scope) {
    return scope->kind == SCOPE_ANNOTATION || scope->kind == SCOPE_TYPE_PARAMS || scope->kind == SCOPE_TYPE_ALIAS ||
           scope->kind == SCOPE_TYPE_VARIABLE;
}

static void reject_in_annotation(Builder *b, const char *what, const Node *n) {
    if (is_annotation_scope(b->scope)) compiler_error(b->c, n, "%s cannot be used within %s", what, b->scope->where);
}

static void see_class(Builder *b, Scope *scope) {
    scope->can_see_class = true;
    define(b, KNOWN(b->c, classdict), USE, (Position){0, 0}, (Position){0, 0});
}

static void visit_annotation(Builder *b, Node *annotation) {
    if (!(b->c->flags & CODE_FUTURE_ANNOTATIONS)) {
        visit(b, annotation);
        return;
    }
    Scope *scope = scope_enter(b, SCOPE_ANNOTATION, annotation, ROLE_BODY, KNOWN(b->c, empty));
    if (!scope) return;
    scope->where = "an annotation";
    visit(b, annotation);
    scope_leave(b);
}

static void visit_type_variable(Builder *b, Node *param, Node *value, ScopeRole role, const char *where, Text name) {
    if (!value) return;
    bool sees_class = b->scope->can_see_class;
    Scope *scope = scope_enter(b, SCOPE_TYPE_VARIABLE, param, role, name_from_text(b->c, name));
    if (!scope) return;
    scope->where = where;
    if (sees_class) see_class(b, scope);
    visit(b, value);
    scope_leave(b);
}

static void visit_type_param(Builder *b, Node *n) {
    Text name = n->kind == NODE_TypeVar ? n->as.TypeVar.name : n->kind == NODE_ParamSpec ? n->as.ParamSpec.name : n->as.TypeVarTuple.name;
    define_text(b, name, DEF_TYPE_PARAM | DEF_LOCAL, n);
    if (n->kind == NODE_TypeVar) {
        Node *bound = n->as.TypeVar.bound;
        const char *where = bound && bound->kind == NODE_Tuple ? "a TypeVar constraint" : "a TypeVar bound";
        visit_type_variable(b, n, bound, ROLE_BOUND, where, name);
        visit_type_variable(b, n, n->as.TypeVar.default_value, ROLE_DEFAULT, "a TypeVar default", name);
    } else if (n->kind == NODE_ParamSpec) {
        visit_type_variable(b, n, n->as.ParamSpec.default_value, ROLE_DEFAULT, "a ParamSpec default", name);
    } else {
        visit_type_variable(b, n, n->as.TypeVarTuple.default_value, ROLE_DEFAULT, "a TypeVarTuple default", name);
    }
}

static Node *type_param_default(const Node *n) {
    return n->kind == NODE_TypeVar ? n->as.TypeVar.default_value
           : n->kind == NODE_ParamSpec ? n->as.ParamSpec.default_value
                                       : n->as.TypeVarTuple.default_value;
}

static void check_type_param_defaults(Builder *b, NodeList params) {
    bool seen = false;
    for (uint32_t i = 0; i < params.count; i++) {
        Node *n = params.items[i];
        if (type_param_default(n)) seen = true;
        else if (seen) {
            Text name = n->kind == NODE_TypeVar ? n->as.TypeVar.name : n->kind == NODE_ParamSpec ? n->as.ParamSpec.name : n->as.TypeVarTuple.name;
            compiler_error(b->c, n, "non-default type parameter '%.*s' follows default type parameter", (int)name.length, name.data);
        }
    }
}

/* The scope of [T, ...] behind a function's, class's or type alias's name. */
static bool type_params_enter(Builder *b, Node *node, Text name, NodeList params, bool has_defaults, bool has_kwdefaults) {
    static const Position nowhere = {0, 0};
    bool in_class = b->scope->kind == SCOPE_CLASS;
    Scope *scope = scope_enter(b, SCOPE_TYPE_PARAMS, node, ROLE_TYPE_PARAMS, name_from_text(b->c, name));
    if (!scope) return false;
    Compiler *c = b->c;
    scope->where = "the definition of a generic";
    if (has_defaults) define(b, KNOWN(c, dot_defaults), DEF_PARAM, nowhere, nowhere);
    if (has_kwdefaults) define(b, KNOWN(c, dot_kwdefaults), DEF_PARAM, nowhere, nowhere);
    scope->arg_count = scope->param_count = (uint32_t)has_defaults + has_kwdefaults;
    if (in_class) see_class(b, scope);
    if (node->kind == NODE_ClassDef) {
        define(b, KNOWN(c, dot_type_params), DEF_LOCAL | USE, nowhere, nowhere);
        define(b, KNOWN(c, dot_generic_base), DEF_LOCAL | USE, nowhere, nowhere);
    }
    check_type_param_defaults(b, params);
    for (uint32_t i = 0; i < params.count; i++) visit_type_param(b, params.items[i]);
    return true;
}

/* --- functions and classes --- */

static void define_arg(Builder *b, Node *arg) { define_text(b, arg->as.Arg.name, DEF_PARAM, arg); }

static void define_args(Builder *b, NodeList args) {
    for (uint32_t i = 0; i < args.count; i++) define_arg(b, args.items[i]);
}

static void define_parameters(Builder *b, Node *n) {
    Scope *scope = b->scope;
    define_args(b, n->as.Arguments.posonly);
    define_args(b, n->as.Arguments.args);
    define_args(b, n->as.Arguments.kwonly);
    scope->posonly_count = n->as.Arguments.posonly.count;
    scope->arg_count = scope->posonly_count + n->as.Arguments.args.count;
    scope->kwonly_count = n->as.Arguments.kwonly.count;
    scope->has_varargs = n->as.Arguments.vararg != NULL;
    scope->has_varkeywords = n->as.Arguments.kwarg != NULL;
    scope->param_count = scope->arg_count + scope->kwonly_count + scope->has_varargs + scope->has_varkeywords;
    if (scope->has_varargs) define_arg(b, n->as.Arguments.vararg);
    if (scope->has_varkeywords) define_arg(b, n->as.Arguments.kwarg);
}

static void visit_defaults(Builder *b, Node *args) {
    visit_list(b, args->as.Arguments.defaults);
    visit_list(b, args->as.Arguments.kw_defaults);
}

static void visit_arg_annotations(Builder *b, NodeList args) {
    for (uint32_t i = 0; i < args.count; i++)
        if (args.items[i]->as.Arg.annotation) visit_annotation(b, args.items[i]->as.Arg.annotation);
}

static void visit_annotations(Builder *b, Node *args, Node *returns) {
    visit_arg_annotations(b, args->as.Arguments.posonly);
    visit_arg_annotations(b, args->as.Arguments.args);
    Node *vararg = args->as.Arguments.vararg, *kwarg = args->as.Arguments.kwarg;
    if (vararg && vararg->as.Arg.annotation) visit_annotation(b, vararg->as.Arg.annotation);
    if (kwarg && kwarg->as.Arg.annotation) visit_annotation(b, kwarg->as.Arg.annotation);
    visit_arg_annotations(b, args->as.Arguments.kwonly);
    if (returns) visit_annotation(b, returns);
}

static bool has_any(NodeList list) {
    for (uint32_t i = 0; i < list.count; i++)
        if (list.items[i]) return true;
    return false;
}

static void visit_function(Builder *b, Node *n) {
    Node *args = n->as.FunctionDef.args;
    NodeList params = n->as.FunctionDef.type_params;
    define_text(b, n->as.FunctionDef.name, DEF_LOCAL, n);
    visit_defaults(b, args);
    visit_list(b, n->as.FunctionDef.decorators);
    if (params.count && !type_params_enter(b, n, n->as.FunctionDef.name, params, args->as.Arguments.defaults.count,
                                           has_any(args->as.Arguments.kw_defaults)))
        return;
    visit_annotations(b, args, n->as.FunctionDef.returns);
    Scope *scope = scope_enter(b, SCOPE_FUNCTION, n, ROLE_BODY, name_from_text(b->c, n->as.FunctionDef.name));
    if (!scope) return;
    scope->is_coroutine = n->as.FunctionDef.is_async;
    define_parameters(b, args);
    visit_list(b, n->as.FunctionDef.body);
    scope_leave(b);
    if (params.count) scope_leave(b);
}

static void visit_lambda(Builder *b, Node *n) {
    visit_defaults(b, n->as.Lambda.args);
    Scope *scope = scope_enter(b, SCOPE_FUNCTION, n, ROLE_BODY, KNOWN(b->c, lambda));
    if (!scope) return;
    scope->is_lambda = true;
    define_parameters(b, n->as.Lambda.args);
    visit(b, n->as.Lambda.body);
    scope_leave(b);
}

static void visit_class(Builder *b, Node *n) {
    NodeList params = n->as.ClassDef.type_params;
    define_text(b, n->as.ClassDef.name, DEF_LOCAL, n);
    visit_list(b, n->as.ClassDef.decorators);
    Name *name = name_from_text(b->c, n->as.ClassDef.name), *outer = NULL;
    if (params.count) {
        outer = b->scope->private_class;
        b->scope->private_class = name; /* type parameters are mangled as the class's own names are */
        bool entered = type_params_enter(b, n, n->as.ClassDef.name, params, false, false);
        if (!entered) return;
        b->scope->parent->private_class = outer;
    }
    visit_list(b, n->as.ClassDef.bases);
    visit_list(b, n->as.ClassDef.keywords);
    Scope *scope = scope_enter(b, SCOPE_CLASS, n, ROLE_BODY, name);
    if (!scope) return;
    scope->private_class = name;
    if (params.count) {
        define(b, KNOWN(b->c, type_params), DEF_LOCAL, n->start, n->end);
        define(b, KNOWN(b->c, dot_type_params), USE, n->start, n->end);
    }
    visit_list(b, n->as.ClassDef.body);
    scope_leave(b);
    if (params.count) scope_leave(b);
}

static void visit_type_alias(Builder *b, Node *n) {
    Node *name = n->as.TypeAlias.name;
    NodeList params = n->as.TypeAlias.type_params;
    bool in_class = b->scope->kind == SCOPE_CLASS;
    visit_target(b, name);
    if (params.count && !type_params_enter(b, n, name->as.Name.id, params, false, false)) return;
    Scope *scope = scope_enter(b, SCOPE_TYPE_ALIAS, n, ROLE_BODY, name_from_text(b->c, name->as.Name.id));
    if (!scope) return;
    scope->where = "a type alias";
    if (in_class) see_class(b, scope);
    visit(b, n->as.TypeAlias.value);
    scope_leave(b);
    if (params.count) scope_leave(b);
}

/* --- comprehensions --- */

static void visit_clause(Builder *b, Node *clause, bool outermost) {
    Scope *scope = b->scope;
    scope->iteration_target = true;
    visit_target(b, clause->as.Comprehension.target);
    scope->iteration_target = false;
    if (!outermost) {
        scope->iterable_depth++;
        visit(b, clause->as.Comprehension.iter);
        scope->iterable_depth--;
    }
    visit_list(b, clause->as.Comprehension.ifs);
    if (clause->as.Comprehension.is_async) scope->is_coroutine = true;
}

static void visit_comprehension(Builder *b, Node *n, NodeList clauses, Node *element, Node *value, ComprehensionKind kind, Name *name) {
    b->scope->iterable_depth++;
    visit(b, clauses.items[0]->as.Comprehension.iter);
    b->scope->iterable_depth--;
    Scope *outer = b->scope, *scope = scope_enter(b, SCOPE_FUNCTION, n, ROLE_BODY, name);
    if (!scope) return;
    scope->comprehension = kind;
    scope->arg_count = scope->posonly_count = scope->param_count = 1;
    scope->is_inlined = kind != COMPREHENSION_GENERATOR && !outer->can_see_class;
    define(b, KNOWN(b->c, dot_zero), DEF_PARAM, n->start, n->end);
    for (uint32_t i = 0; i < clauses.count; i++) visit_clause(b, clauses.items[i], i == 0);
    if (value) visit(b, value);
    visit(b, element);
    bool is_async = scope->is_coroutine && kind != COMPREHENSION_GENERATOR;
    if (kind == COMPREHENSION_GENERATOR) scope->is_generator = true;
    scope_leave(b);
    if (is_async) outer->is_coroutine = true;
}

/* --- names bound in unusual ways --- */

static void visit_directive(Builder *b, Node *n, TextList names, bool is_global) {
    const char *word = is_global ? "global" : "nonlocal";
    for (uint32_t i = 0; i < names.count && !b->c->failed; i++) {
        Name *name = mangled(b, names.items[i]);
        Symbol *symbol = scope_find(b->scope, name);
        const char *text = name_from_text(b->c, names.items[i])->data;
        uint32_t flags = symbol ? symbol->flags : 0;
        if (flags & DEF_PARAM) compiler_error(b->c, n, "name '%s' is parameter and %s", text, word);
        else if (flags & USE) compiler_error(b->c, n, "name '%s' is used prior to %s declaration", text, word);
        else if (flags & DEF_ANNOTATED) compiler_error(b->c, n, "annotated name '%s' can't be %s", text, word);
        else if (flags & DEF_LOCAL) compiler_error(b->c, n, "name '%s' is assigned to before %s declaration", text, word);
        define(b, name, is_global ? DEF_GLOBAL : DEF_NONLOCAL, n->start, n->end);
    }
}

static void visit_annotated_assign(Builder *b, Node *n) {
    Node *target = n->as.AnnAssign.target;
    if (target->kind == NODE_Name) {
        Name *name = mangled(b, target->as.Name.id);
        Symbol *symbol = scope_find(b->scope, name);
        uint32_t declared = symbol ? symbol->flags & (DEF_GLOBAL | DEF_NONLOCAL) : 0;
        if (declared && b->scope != b->c->module && n->as.AnnAssign.simple)
            compiler_error(b->c, n, "annotated name '%s' can't be %s", name->data, declared & DEF_GLOBAL ? "global" : "nonlocal");
        if (n->as.AnnAssign.simple) define(b, name, DEF_ANNOTATED | DEF_LOCAL, target->start, target->end);
        else if (n->as.AnnAssign.value) define(b, name, DEF_LOCAL, target->start, target->end);
    } else {
        visit_target(b, target);
    }
    b->scope->uses_annotations = true;
    visit_annotation(b, n->as.AnnAssign.annotation);
    visit_optional(b, n->as.AnnAssign.value);
}

/* The target of := in a comprehension is a name of the scope around all comprehensions. */
static void extend_walrus_scope(Builder *b, Node *target) {
    Name *name = mangled(b, target->as.Name.id);
    Scope *inner = b->scope;
    for (Scope *scope = inner; scope && !b->c->failed; scope = scope->parent) {
        if (scope->kind == SCOPE_ANNOTATION) continue;
        if (scope->comprehension) {
            Symbol *symbol = scope_find(scope, name);
            if (symbol && symbol->flags & DEF_COMP_ITER && symbol->flags & DEF_LOCAL)
                compiler_error(b->c, target, "assignment expression cannot rebind comprehension iteration variable '%s'", name->data);
            scope->has_walrus = true;
            continue;
        }
        if (scope->kind == SCOPE_CLASS)
            compiler_error(b->c, target, "assignment expression within a comprehension cannot be used in a class body");
        else if (is_annotation_scope(scope))
            compiler_error(b->c, target, "assignment expression within a comprehension cannot be used %s",
                           scope->kind == SCOPE_TYPE_PARAMS  ? "within the definition of a generic"
                           : scope->kind == SCOPE_TYPE_ALIAS ? "in a type alias"
                                                             : "in a TypeVar bound");
        if (b->c->failed) return;
        Symbol *outer = scope_symbol(b->c, scope, name);
        if (!outer) return;
        scope->has_walrus = true;
        bool is_global = scope->kind == SCOPE_MODULE || outer->flags & DEF_GLOBAL;
        define(b, name, is_global ? DEF_GLOBAL : DEF_NONLOCAL, target->start, target->end);
        if (scope->kind == SCOPE_MODULE) outer->flags |= DEF_GLOBAL;
        else if (!(outer->flags & DEF_GLOBAL)) outer->flags |= DEF_LOCAL;
        return;
    }
}

static void visit_walrus(Builder *b, Node *n) {
    reject_in_annotation(b, "named expression", n);
    if (b->scope->iterable_depth)
        compiler_error(b->c, n, "assignment expression cannot be used in a comprehension iterable expression");
    if (b->c->failed) return;
    b->scope->has_walrus = true;
    if (b->scope->comprehension) extend_walrus_scope(b, n->as.NamedExpr.target);
    visit(b, n->as.NamedExpr.value);
    visit_target(b, n->as.NamedExpr.target);
}

static void visit_alias(Builder *b, Node *alias) {
    Text name = alias->as.Alias.asname.data ? alias->as.Alias.asname : alias->as.Alias.name;
    if (text_is(name, "*")) {
        if (b->scope->kind != SCOPE_MODULE) compiler_error(b->c, alias, "import * only allowed at module level");
        b->scope->has_import_star = true;
        return;
    }
    const char *dot = memchr(name.data, '.', name.length);
    if (dot) name.length = (uint32_t)(dot - name.data);
    define_text(b, name, DEF_IMPORT, alias);
}

static void visit_yield(Builder *b, Node *n) {
    static const char *const places[] = {"", "list comprehension", "set comprehension", "dict comprehension", "generator expression"};
    reject_in_annotation(b, "yield expression", n);
    visit_optional(b, n->kind == NODE_Yield ? n->as.Yield.value : n->as.YieldFrom.value);
    b->scope->is_generator = true;
    if (b->scope->comprehension) compiler_error(b->c, n, "'yield' inside %s", places[b->scope->comprehension]);
}

static void visit_name(Builder *b, Node *n) {
    define_text(b, n->as.Name.id, USE, n);
    if (scope_is_function_like(b->scope) && text_is(n->as.Name.id, "super"))
        define(b, KNOWN(b->c, class_cell), USE, n->start, n->end);
}

static void define_pattern_name(Builder *b, Text name, const Node *n) {
    if (name.data) define_text(b, name, DEF_LOCAL, n);
}

static void visit_target(Builder *b, Node *n) {
    if (!compiler_enter(b->c)) return;
    switch (n->kind) {
    case NODE_Name: define_text(b, n->as.Name.id, DEF_LOCAL, n); break;
    case NODE_Starred: visit_target(b, n->as.Starred.value); break;
    case NODE_Tuple: visit_targets(b, n->as.Tuple.elements); break;
    case NODE_List: visit_targets(b, n->as.List.elements); break;
    default: visit(b, n);
    }
}

static void visit_deleted(Builder *b, Node *n) {
    visit_target(b, n);
    if (n->kind == NODE_Name) define_text(b, n->as.Name.id, DEF_DELETED, n);
    if (n->kind == NODE_Tuple || n->kind == NODE_List) {
        NodeList list = n->kind == NODE_Tuple ? n->as.Tuple.elements : n->as.List.elements;
        for (uint32_t i = 0; i < list.count; i++) visit_deleted(b, list.items[i]);
    }
}

static void visit_handler(Builder *b, Node *n) {
    visit_optional(b, n->as.ExceptHandler.type);
    if (n->as.ExceptHandler.name.data) define_text(b, n->as.ExceptHandler.name, DEF_LOCAL | DEF_DELETED, n);
    visit_list(b, n->as.ExceptHandler.body);
}

static void visit_if(Builder *b, Node *n) { /* along a chain of elif */
    for (;;) {
        visit(b, n->as.If.test);
        visit_list(b, n->as.If.body);
        NodeList orelse = n->as.If.orelse;
        if (orelse.count != 1 || orelse.items[0]->kind != NODE_If) {
            visit_list(b, orelse);
            return;
        }
        n = orelse.items[0];
    }
}

/* Along the left operands: names are met in the order of the source. */
static void visit_binary(Builder *b, Node *n) {
    uint32_t count = 0, capacity = 0;
    Node **chain = NULL;
    for (; n->kind == NODE_BinOp; n = n->as.BinOp.left) {
        chain = compiler_grow(b->c, chain, &capacity, count + 1, sizeof *chain);
        if (!chain) return;
        chain[count++] = n;
    }
    visit(b, n);
    while (count) visit(b, chain[--count]->as.BinOp.right);
}

/* Statements and helpers that bind names. */
static bool visit_binding(Builder *b, Node *n) {
    switch (n->kind) {
    case NODE_FunctionDef: visit_function(b, n); return true;
    case NODE_ClassDef: visit_class(b, n); return true;
    case NODE_TypeAlias: visit_type_alias(b, n); return true;
    case NODE_Assign:
        visit(b, n->as.Assign.value);
        visit_targets(b, n->as.Assign.targets);
        return true;
    case NODE_AugAssign:
        visit_target(b, n->as.AugAssign.target);
        visit(b, n->as.AugAssign.value);
        return true;
    case NODE_AnnAssign: visit_annotated_assign(b, n); return true;
    case NODE_Delete:
        for (uint32_t i = 0; i < n->as.Delete.targets.count; i++) visit_deleted(b, n->as.Delete.targets.items[i]);
        return true;
    case NODE_For:
        visit(b, n->as.For.iter);
        visit_target(b, n->as.For.target);
        visit_list(b, n->as.For.body);
        visit_list(b, n->as.For.orelse);
        return true;
    case NODE_WithItem:
        visit(b, n->as.WithItem.context);
        if (n->as.WithItem.vars) visit_target(b, n->as.WithItem.vars);
        return true;
    case NODE_Try:
        visit_list(b, n->as.Try.body);
        visit_list(b, n->as.Try.orelse);
        visit_list(b, n->as.Try.handlers);
        visit_list(b, n->as.Try.finalbody);
        return true;
    case NODE_ExceptHandler: visit_handler(b, n); return true;
    case NODE_Alias: visit_alias(b, n); return true;
    case NODE_Global: visit_directive(b, n, n->as.Global.names, true); return true;
    case NODE_Nonlocal: visit_directive(b, n, n->as.Nonlocal.names, false); return true;
    case NODE_MatchAs:
        visit_optional(b, n->as.MatchAs.pattern);
        define_pattern_name(b, n->as.MatchAs.name, n);
        return true;
    case NODE_MatchStar: define_pattern_name(b, n->as.MatchStar.name, n); return true;
    case NODE_MatchMapping:
        visit_list(b, n->as.MatchMapping.keys);
        visit_list(b, n->as.MatchMapping.patterns);
        define_pattern_name(b, n->as.MatchMapping.rest, n);
        return true;
    default: return false;
    }
}

static void visit(Builder *b, Node *n) {
    if (!compiler_enter(b->c) || visit_binding(b, n)) return;
    switch (n->kind) {
    case NODE_Name: visit_name(b, n); break;
    case NODE_BinOp: visit_binary(b, n); break;
    case NODE_If: visit_if(b, n); break;
    case NODE_Lambda: visit_lambda(b, n); break;
    case NODE_NamedExpr: visit_walrus(b, n); break;
    case NODE_Yield:
    case NODE_YieldFrom: visit_yield(b, n); break;
    case NODE_Await:
        reject_in_annotation(b, "await expression", n);
        visit(b, n->as.Await.value);
        b->scope->is_coroutine = true;
        break;
    case NODE_ListComp:
        visit_comprehension(b, n, n->as.ListComp.generators, n->as.ListComp.element, NULL, COMPREHENSION_LIST, KNOWN(b->c, listcomp));
        break;
    case NODE_SetComp:
        visit_comprehension(b, n, n->as.SetComp.generators, n->as.SetComp.element, NULL, COMPREHENSION_SET, KNOWN(b->c, setcomp));
        break;
    case NODE_DictComp:
        visit_comprehension(b, n, n->as.DictComp.generators, n->as.DictComp.key, n->as.DictComp.value, COMPREHENSION_DICT,
                            KNOWN(b->c, dictcomp));
        break;
    case NODE_GeneratorExp:
        visit_comprehension(b, n, n->as.GeneratorExp.generators, n->as.GeneratorExp.element, NULL, COMPREHENSION_GENERATOR,
                            KNOWN(b->c, genexpr));
        break;
    default: visit_fields(b, n);
    }
}

void symtable_build(Compiler *c, Node *tree) {
    Builder b = {.c = c};
    c->module = scope_enter(&b, SCOPE_MODULE, tree, ROLE_BODY, KNOWN(c, module_top));
    if (!c->module) return;
    visit_fields(&b, tree);
    if (!c->failed) scope_resolve_all(c);
}
