/* Type parameters and type aliases (PEP 695, 696). */
#include "compiler/codegen.h"

#include "vm/intrinsics.h"

static Text param_name(const Node *n) {
    return n->kind == NODE_TypeVar ? n->as.TypeVar.name : n->kind == NODE_ParamSpec ? n->as.ParamSpec.name : n->as.TypeVarTuple.name;
}

static Node *param_default(const Node *n) {
    return n->kind == NODE_TypeVar     ? n->as.TypeVar.default_value
           : n->kind == NODE_ParamSpec ? n->as.ParamSpec.default_value
                                       : n->as.TypeVarTuple.default_value;
}

/* A function that evaluates the expression when it is asked for. */
static void lazy_to(Compiler *c, Node *node, ScopeRole role, Node *value, Reg to) {
    Scope *scope = scope_of(c, node, role);
    Value code = expression_function(c, value, scope, value);
    make_function(c, code, scope, to, 0, to);
}

static void type_param_to(Compiler *c, Node *n, Reg to) {
    Reg mark = c->unit->temp_top, args = temp_block(c, 2);
    Text text = param_name(n);
    Intrinsic which = n->kind == NODE_TypeVar ? INTRINSIC_TYPE_VAR : n->kind == NODE_ParamSpec ? INTRINSIC_PARAM_SPEC : INTRINSIC_TYPE_VAR_TUPLE;
    CodePosition old = position_set(c, n);
    check_name(c, text, n, "assign to");
    emit_constant(c, args, constant_string(c, text.data, text.length));
    if (n->kind == NODE_TypeVar && n->as.TypeVar.bound) {
        Node *bound = n->as.TypeVar.bound;
        bool constraints = bound->kind == NODE_Tuple ||
                           (bound->kind == NODE_Constant && value_has_layout(node_constant(c, bound), LAYOUT_TUPLE));
        lazy_to(c, n, ROLE_BOUND, bound, args + 1);
        which = constraints ? INTRINSIC_TYPE_VAR_WITH_CONSTRAINTS : INTRINSIC_TYPE_VAR_WITH_BOUND;
    }
    emit(c, OP_INTRINSIC, args, args, which);
    if (param_default(n)) {
        lazy_to(c, n, ROLE_DEFAULT, param_default(n), args + 1);
        emit(c, OP_INTRINSIC, args, args, INTRINSIC_SET_DEFAULT);
    }
    emit2(c, OP_COPY, args + 1, args);
    Ref ref = name_ref(c, text);
    ref_store(c, &ref, args + 1);
    emit_move(c, to, args);
    position_restore(c, old);
    c->unit->temp_top = mark;
}

void type_params_to(Compiler *c, NodeList params, Reg to) {
    Reg mark = c->unit->temp_top;
    if (params.count <= CHUNK) {
        for (uint32_t i = 0; i < params.count; i++) type_param_to(c, params.items[i], temp_new(c));
        emit(c, OP_BUILD_TUPLE, to, mark, params.count);
    } else {
        Reg list = temp_block(c, 2);
        emit(c, OP_BUILD_LIST, list, list, 0);
        for (uint32_t i = 0; i < params.count; i++) {
            type_param_to(c, params.items[i], list + 1);
            emit2(c, OP_LIST_APPEND, list, list + 1);
        }
        emit2(c, OP_LIST_TO_TUPLE, to, list);
    }
    c->unit->temp_top = mark;
}

/* --- type X[T] = value --- */

static void alias_to(Compiler *c, Node *node, Reg to) {
    Reg mark = c->unit->temp_top, args = temp_block(c, 3);
    Text name = node->as.TypeAlias.name->as.Name.id;
    emit_constant(c, args, constant_string(c, name.data, name.length));
    if (node->as.TypeAlias.type_params.count) type_params_to(c, node->as.TypeAlias.type_params, args + 1);
    else emit1(c, OP_LOAD_NONE, args + 1);
    Scope *scope = scope_of(c, node, ROLE_BODY);
    Value code = expression_function(c, node, scope, node->as.TypeAlias.value);
    make_function(c, code, scope, args + 2, 0, args + 2);
    emit(c, OP_INTRINSIC, to, args, INTRINSIC_TYPE_ALIAS);
    c->unit->temp_top = mark;
}

static Value generic_code(Compiler *c, Node *node, Scope *scope) {
    Unit unit;
    unit_open(c, &unit, scope, node);
    unit_prologue(c);
    position_set(c, node);
    Reg mark = unit.temp_top, result = temp_new(c);
    alias_to(c, node, result);
    emit_return(c, result);
    unit.temp_top = mark;
    return unit_close(c);
}

void type_alias_statement(Compiler *c, Node *node) {
    Node *name = node->as.TypeAlias.name;
    Reg mark = c->unit->temp_top, result = temp_new(c);
    check_name(c, name->as.Name.id, node, "assign to");
    if (node->as.TypeAlias.type_params.count) {
        Scope *scope = scope_of(c, node, ROLE_TYPE_PARAMS);
        Value code = generic_code(c, node, scope);
        make_function(c, code, scope, result, 0, result);
        emit(c, OP_CALL, result, 0, result);
    } else {
        alias_to(c, node, result);
    }
    target_store(c, name, result);
    c->unit->temp_top = mark;
}
