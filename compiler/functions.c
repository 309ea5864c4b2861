/* Functions and lambdas: defaults, annotations, bodies, decorators. */
#include "compiler/codegen.h"

#include "vm/intrinsics.h"
#include "vm/types/str.h"

/* --- the code object of a function --- */

static void fixed_position(Compiler *c, int32_t line) { c->unit->position = (CodePosition){line, line, -1, -1}; }

/* Parameters beyond the near registers move to their far homes, the last one first, since a home may be where a later parameter arrived. */
static void move_far_parameters(Compiler *c, const Scope *scope) {
    Unit *u = c->unit;
    uint32_t count = scope->param_count, first_far = TEMP_LIMIT + 1;
    Reg temp = TEMP_LIMIT, aside = u->spill_top;
    if (count > first_far) { /* all near registers are taken: the last one's parameter waits aside */
        emit_abx(c, OP_STORE_FAR, temp, aside);
        u->spill_max = aside + 1;
    }
    for (uint32_t i = count; i-- > first_far;) {
        emit_abx(c, OP_LOAD_FAR, temp, i);
        emit_abx(c, OP_STORE_FAR, temp, local_register(i));
    }
    for (uint32_t i = count > first_far ? TEMP_LIMIT : count; i-- > NEAR_LOCALS;) emit_abx(c, OP_STORE_FAR, i, local_register(i));
    if (count > first_far) {
        emit_abx(c, OP_LOAD_FAR, temp, aside);
        emit_abx(c, OP_STORE_FAR, temp, local_register(TEMP_LIMIT));
    }
}

/* Far locals that are no parameters start empty. */
static void clear_far_locals(Compiler *c, const Scope *scope) {
    Reg temp = c->unit->temp_base;
    uint32_t first = scope->param_count > NEAR_LOCALS ? scope->param_count : NEAR_LOCALS;
    for (uint32_t i = first; i < scope->local_count; i++) {
        emit1(c, OP_LOAD_EMPTY, temp);
        emit_abx(c, OP_STORE_FAR, temp, local_register(i));
    }
    if (scope->local_count > NEAR_LOCALS && c->unit->temp_max <= temp) c->unit->temp_max = temp + 1;
}

void unit_prologue(Compiler *c) {
    Unit *u = c->unit;
    const Scope *scope = u->scope;
    fixed_position(c, u->first_line);
    for (uint32_t i = 0; i < scope->count; i++)
        if (scope->order[i]->kind == SYMBOL_CELL && scope->order[i]->reg != NO_REGISTER) emit1(c, OP_MAKE_CELL, scope->order[i]->reg);
    if (scope->class_cell != NO_REGISTER) emit1(c, OP_MAKE_CELL, scope->class_cell);
    if (scope->classdict_cell != NO_REGISTER) emit1(c, OP_MAKE_CELL, scope->classdict_cell);
    if (scope->local_count > NEAR_LOCALS) {
        move_far_parameters(c, scope);
        clear_far_locals(c, scope);
    }
    if (u->flags & (CODE_GENERATOR | CODE_COROUTINE | CODE_ASYNC_GENERATOR)) emit(c, OP_RETURN_GENERATOR, 0, 0, 0);
}

Value function_code(Compiler *c, Node *node, Scope *scope, Node *args, NodeList statements) {
    Unit unit;
    (void)args;
    unit_open(c, &unit, scope, node);
    bool documented = is_docstring(statements);
    Value doc = documented && c->options->optimize < 2 ? clean_docstring(c, statements.items[0]->as.Expr.value) : VALUE_NONE;
    constant_index(c, doc);
    unit.has_docstring = !value_is_none(doc);
    unit_prologue(c);
    body(c, (NodeList){statements.items + documented, statements.count - documented});
    emit_return(c, NO_REGISTER);
    return unit_close(c);
}

Value expression_function(Compiler *c, Node *node, Scope *scope, Node *value) {
    Unit unit;
    unit_open(c, &unit, scope, node);
    constant_index(c, VALUE_NONE);
    unit_prologue(c);
    Reg mark = unit.temp_top;
    bool starred = value->kind == NODE_Starred; /* the default of a TypeVarTuple: *tuple[int, str] */
    Reg result = expr_operand(c, starred ? value->as.Starred.value : value, NO_REGISTER, NULL);
    position_set(c, value);
    if (starred) {
        Reg item = temp_new(c);
        emit(c, OP_UNPACK, item, result, 1);
        result = item;
    }
    emit_return(c, result);
    unit.temp_top = mark;
    return unit_close(c);
}

/* --- making the function --- */

void make_function(Compiler *c, Value code, const Scope *scope, Reg to, uint32_t parts, Reg parts_base) {
    Reg mark = c->unit->temp_top;
    if (scope->free_count) {
        Reg closure = temp_new(c);
        closure_to(c, scope, closure);
        if (!parts) parts_base = closure;
        parts |= 8;
    }
    uint32_t index = c->failed || !c->unit->reachable ? 0 : value_table_add_unique(c, &c->unit->constants, code);
    uint32_t at = emit(c, OP_MAKE_FUNCTION, to, parts_base, parts);
    emit_word(c, at, 1, index);
    c->unit->temp_top = mark;
}

static bool has_kwdefaults(const Node *args) {
    for (uint32_t i = 0; i < args->as.Arguments.kw_defaults.count; i++)
        if (args->as.Arguments.kw_defaults.items[i]) return true;
    return false;
}

static void kwdefaults_to(Compiler *c, Node *args, Reg to) {
    NodeList names = args->as.Arguments.kwonly, values = args->as.Arguments.kw_defaults;
    emit(c, OP_BUILD_MAP, to, to, 0);
    Reg mark = c->unit->temp_top;
    for (uint32_t i = 0; i < values.count && !c->failed; i++) {
        if (!values.items[i]) continue;
        Name *name = name_mangle(c, c->unit->names->private_class, names.items[i]->as.Arg.name);
        Reg key = temp_new(c);
        emit_constant(c, key, constant_string(c, name->data, name->length));
        Reg value = expr_operand(c, values.items[i], NO_REGISTER, NULL);
        emit(c, OP_MAP_ADD, to, key, value);
        c->unit->temp_top = mark;
    }
}

uint32_t function_defaults(Compiler *c, Node *args, Reg base) {
    uint32_t parts = 0;
    (void)base;
    if (args->as.Arguments.defaults.count) {
        Reg defaults = temp_new(c);
        tuple_to(c, args->as.Arguments.defaults, defaults);
        parts |= 1;
    }
    if (has_kwdefaults(args)) {
        kwdefaults_to(c, args, temp_new(c));
        parts |= 2;
    }
    return parts;
}

/* --- annotations --- */

static void add_annotation(Compiler *c, Name *name, Node *annotation, Reg dict) {
    if (!annotation) return;
    Reg mark = c->unit->temp_top, key = temp_new(c), value = temp_new(c);
    emit_constant(c, key, constant_string(c, name->data, name->length));
    if (c->flags & CODE_FUTURE_ANNOTATIONS) {
        emit_constant(c, value, annotation_text(c, annotation));
    } else if (annotation->kind == NODE_Starred) { /* *args: *Ts */
        Reg star = expr_operand(c, annotation->as.Starred.value, value, NULL);
        emit(c, OP_UNPACK, value, star, 1);
    } else {
        expr_to(c, annotation, value);
    }
    emit(c, OP_MAP_ADD, dict, key, value);
    c->unit->temp_top = mark;
}

static void add_arg_annotation(Compiler *c, Node *arg, Reg dict) {
    if (arg) add_annotation(c, name_mangle(c, c->unit->names->private_class, arg->as.Arg.name), arg->as.Arg.annotation, dict);
}

static void add_arg_annotations(Compiler *c, NodeList args, Reg dict) {
    for (uint32_t i = 0; i < args.count; i++) add_arg_annotation(c, args.items[i], dict);
}

static bool any_annotated(NodeList args) {
    for (uint32_t i = 0; i < args.count; i++)
        if (args.items[i]->as.Arg.annotation) return true;
    return false;
}

static bool is_annotated(const Node *args, const Node *returns) {
    const Node *vararg = args->as.Arguments.vararg, *kwarg = args->as.Arguments.kwarg;
    return returns || (vararg && vararg->as.Arg.annotation) || (kwarg && kwarg->as.Arg.annotation) ||
           any_annotated(args->as.Arguments.posonly) || any_annotated(args->as.Arguments.args) || any_annotated(args->as.Arguments.kwonly);
}

/* The dict of annotations in a new temporary; 0: there are none. */
uint32_t function_annotations(Compiler *c, Node *args, Node *returns) {
    if (!is_annotated(args, returns)) return 0;
    Reg dict = temp_new(c);
    emit(c, OP_BUILD_MAP, dict, dict, 0);
    add_arg_annotations(c, args->as.Arguments.args, dict);
    add_arg_annotations(c, args->as.Arguments.posonly, dict);
    add_arg_annotation(c, args->as.Arguments.vararg, dict);
    add_arg_annotations(c, args->as.Arguments.kwonly, dict);
    add_arg_annotation(c, args->as.Arguments.kwarg, dict);
    add_annotation(c, KNOWN(c, return_), returns, dict);
    return 4;
}

static void check_args(Compiler *c, NodeList args) {
    for (uint32_t i = 0; i < args.count; i++) check_name(c, args.items[i]->as.Arg.name, args.items[i], "assign to");
}

static void check_parameters(Compiler *c, const Node *args) {
    check_args(c, args->as.Arguments.posonly);
    check_args(c, args->as.Arguments.args);
    check_args(c, args->as.Arguments.kwonly);
    const Node *vararg = args->as.Arguments.vararg, *kwarg = args->as.Arguments.kwarg;
    if (vararg) check_name(c, vararg->as.Arg.name, vararg, "assign to");
    if (kwarg) check_name(c, kwarg->as.Arg.name, kwarg, "assign to");
}

/* --- def and lambda --- */

static void plain_function_to(Compiler *c, Node *node, Reg to) {
    Node *args = node->as.FunctionDef.args;
    Reg mark = c->unit->temp_top;
    uint32_t parts = function_defaults(c, args, mark);
    parts |= function_annotations(c, args, node->as.FunctionDef.returns);
    Scope *scope = scope_of(c, node, ROLE_BODY);
    Value code = function_code(c, node, scope, args, node->as.FunctionDef.body);
    make_function(c, code, scope, to, parts, mark);
    c->unit->temp_top = mark;
}

/* The code of the type parameters' scope: makes them, then the function, and returns it. */
static Value generic_code(Compiler *c, Node *node, Scope *scope, uint32_t outer_parts) {
    Unit unit;
    Node *args = node->as.FunctionDef.args;
    unit_open(c, &unit, scope, node);
    unit_prologue(c);
    position_set(c, node);
    Reg mark = unit.temp_top, base = temp_block(c, 2), parts_base = unit.temp_top;
    type_params_to(c, node->as.FunctionDef.type_params, base + 1);
    uint32_t next = 0;
    if (outer_parts & 1) emit_move(c, temp_new(c), next++);
    if (outer_parts & 2) emit_move(c, temp_new(c), next++);
    uint32_t parts = outer_parts | function_annotations(c, args, node->as.FunctionDef.returns);
    Scope *inner = scope_of(c, node, ROLE_BODY);
    Value code = function_code(c, node, inner, args, node->as.FunctionDef.body);
    make_function(c, code, inner, base, parts, parts_base);
    emit(c, OP_INTRINSIC, base, base, INTRINSIC_SET_TYPE_PARAMS);
    emit_return(c, base);
    unit.temp_top = mark;
    return unit_close(c);
}

static void generic_function_to(Compiler *c, Node *node, Reg to) {
    Reg base = temp_new(c);
    uint32_t parts = function_defaults(c, node->as.FunctionDef.args, base + 1);
    Scope *scope = scope_of(c, node, ROLE_TYPE_PARAMS);
    Value code = generic_code(c, node, scope, parts);
    make_function(c, code, scope, base, 0, base);
    emit(c, OP_CALL, base, (parts & 1) + (parts >> 1 & 1), to);
    c->unit->temp_top = base;
}

/* Evaluates decorators into consecutive new temporaries. */
void decorators_enter(Compiler *c, NodeList decorators) {
    for (uint32_t i = 0; i < decorators.count; i++) expr_new(c, decorators.items[i]);
}

/* Applies them, the last one first, to what is in `value`, the temporary behind them. The result is in the first one. */
Reg decorators_apply(Compiler *c, NodeList decorators, Reg value) {
    CodePosition old = c->unit->position;
    for (uint32_t i = decorators.count; i-- > 0;) {
        position_set(c, decorators.items[i]);
        emit(c, OP_CALL, value - 1, 1, value - 1);
        value--;
    }
    position_restore(c, old);
    return value;
}

void function_statement(Compiler *c, Node *node) {
    NodeList decorators = node->as.FunctionDef.decorators;
    Reg mark = c->unit->temp_top;
    check_parameters(c, node->as.FunctionDef.args);
    check_name(c, node->as.FunctionDef.name, node, "assign to");
    decorators_enter(c, decorators);
    Reg function = temp_new(c);
    if (node->as.FunctionDef.type_params.count) generic_function_to(c, node, function);
    else plain_function_to(c, node, function);
    function = decorators_apply(c, decorators, function);
    Ref ref = name_ref(c, node->as.FunctionDef.name);
    ref_store(c, &ref, function);
    c->unit->temp_top = mark;
}

void lambda_to(Compiler *c, Node *node, Reg to) {
    Reg mark = c->unit->temp_top;
    check_parameters(c, node->as.Lambda.args);
    uint32_t parts = function_defaults(c, node->as.Lambda.args, mark);
    Scope *scope = scope_of(c, node, ROLE_BODY);
    Value code = expression_function(c, node, scope, node->as.Lambda.body);
    make_function(c, code, scope, to, parts, mark);
    c->unit->temp_top = mark;
}
