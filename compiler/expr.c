/* Expressions: the dispatch over kinds of nodes, operands, attributes and subscripts.
 *
 * To add a kind of expression: a function in the file of its group, a case in expr_dispatch. */
#include "compiler/codegen.h"

#include "vm/types/str.h"

static void expr_dispatch(Compiler *c, Node *node, Reg to);

/* --- operands --- */

/* Whether evaluating the node may assign a local of this code: only := does. */
bool expr_may_assign(const Compiler *c, const Node *node) {
    if (!node || node->kind == NODE_Constant || node->kind == NODE_Name) return false;
    return c->unit->scope->has_walrus || c->unit->names->has_walrus;
}

static Reg name_operand(Compiler *c, Node *node, Reg hint, const Node *later) {
    Ref ref = name_ref(c, node->as.Name.id);
    CodePosition old = position_set(c, node);
    Reg reg = ref_in_place(c, &ref);
    if (reg == NO_REGISTER || expr_may_assign(c, later)) {
        Reg to = hint == NO_REGISTER ? temp_new(c) : hint;
        if (reg == NO_REGISTER) ref_load(c, &ref, to);
        else emit_move(c, to, reg);
        reg = to;
    }
    position_restore(c, old);
    return reg;
}

Reg expr_operand(Compiler *c, Node *node, Reg hint, const Node *later) {
    if (c->failed) return c->unit->temp_base;
    if (node->kind == NODE_Name) return name_operand(c, node, hint, later);
    if (node->kind == NODE_NamedExpr && !expr_may_assign(c, later)) {
        Ref ref = name_ref(c, node->as.NamedExpr.target->as.Name.id);
        if (ref.kind == REF_LOCAL && ref.index < FAR_BASE) {
            expr_to(c, node, ref.index);
            return ref.index;
        }
    }
    Reg to = hint == NO_REGISTER ? temp_new(c) : hint;
    expr_to(c, node, to);
    return to;
}

Reg expr_new(Compiler *c, Node *node) {
    Reg to = temp_new(c);
    expr_to(c, node, to);
    return to;
}

Reg scratch_for(Compiler *c, Reg to) { return reg_is_temp(c, to) ? to : temp_new(c); }

static bool is_leaf(const Node *node) { return node->kind == NODE_Constant || node->kind == NODE_Name; }

/* Few registers are left: what the statement has in temporaries so far moves to far registers while the expression runs. */
static void expr_spilled(Compiler *c, Node *node, Reg to) {
    Unit *u = c->unit;
    Reg base = u->statement_base, top = u->temp_top, first = u->spill_top;
    bool result_is_temp = reg_is_temp(c, to);
    Reg slot = first + (top - base);
    for (Reg r = base; r < top; r++)
        if (r != to) emit_abx(c, OP_STORE_FAR, r, first + (r - base));
    u->spill_top = slot + 1;
    if (u->spill_top > u->spill_max) u->spill_max = u->spill_top;
    u->temp_top = base;
    Reg result = result_is_temp ? temp_new(c) : to;
    expr_dispatch(c, node, result);
    if (result_is_temp) emit_abx(c, OP_STORE_FAR, result, slot);
    u->temp_top = top;
    for (Reg r = base; r < top; r++)
        if (r != to) emit_abx(c, OP_LOAD_FAR, r, first + (r - base));
    if (result_is_temp) emit_abx(c, OP_LOAD_FAR, to, slot);
    u->spill_top = first;
}

void expr_to(Compiler *c, Node *node, Reg to) {
    if (!compiler_enter(c)) return;
    CodePosition old = position_set(c, node);
    if (c->unit->temp_top > SPILL_LIMIT && !is_leaf(node)) expr_spilled(c, node, to);
    else expr_dispatch(c, node, to);
    position_restore(c, old);
}

void expr_discard(Compiler *c, Node *node) {
    if (node->kind == NODE_Constant) return;
    Reg mark = c->unit->temp_top;
    Reg reg = expr_operand(c, node, NO_REGISTER, NULL);
    if (reg_is_temp(c, reg)) emit_clear(c, reg);
    c->unit->temp_top = mark;
}

/* --- attributes --- */

void attribute_load(Compiler *c, Reg to, Reg object, Text name) {
    uint32_t at = emit2_at(c, OP_LOAD_ATTR, to, object);
    emit_word(c, at, 1, name_index(c, name_mangle(c, c->unit->names->private_class, name)));
}

static void attribute_to(Compiler *c, Node *node, Reg to) {
    if (super_to(c, node, to)) return;
    Reg mark = c->unit->temp_top;
    Reg object = expr_operand(c, node->as.Attribute.value, temp_hint(c, to), NULL);
    c->unit->temp_top = mark;
    position_attribute(c, node);
    attribute_load(c, to, object, node->as.Attribute.attr);
}

/* --- subscripts --- */

bool slice_is_simple(const Node *slice) { return slice->kind == NODE_Slice && !slice->as.Slice.step; }

static void slice_part(Compiler *c, Node *part, Reg to) {
    if (part) expr_to(c, part, to);
    else emit1(c, OP_LOAD_NONE, to);
}

void subscript_parts(Compiler *c, Node *slice, Reg *first) {
    *first = temp_block(c, 2);
    slice_part(c, slice->as.Slice.lower, *first);
    slice_part(c, slice->as.Slice.upper, *first + 1);
}

static void slice_to(Compiler *c, Node *node, Reg to) {
    Reg mark = c->unit->temp_top, first;
    subscript_parts(c, node, &first);
    slice_part(c, node->as.Slice.step, temp_new(c));
    c->unit->temp_top = mark;
    emit2(c, OP_BUILD_SLICE, to, first);
}

static bool small_index(Compiler *c, const Node *node, int64_t *index) {
    if (node->kind != NODE_Constant) return false;
    Value v = node_constant(c, node);
    if (!value_is_small(v) || value_small(v) < -128 || value_small(v) > 127) return false;
    *index = value_small(v);
    return true;
}

/* The type of what cannot be subscripted; NULL: it may be. */
static const char *unsubscriptable(Compiler *c, const Node *node) {
    switch (node->kind) {
    case NODE_Set:
    case NODE_SetComp: return "set";
    case NODE_GeneratorExp: return "generator";
    case NODE_Lambda: return "function";
    case NODE_Constant: {
        Value v = node_constant(c, node);
        return value_is_object(v) && !value_has_layout(v, LAYOUT_INT) && !value_has_layout(v, LAYOUT_COMPLEX) ? NULL : value_type_name(c->vm, v);
    }
    default: return NULL;
    }
}

/* The type of an index, where it is sure that it is no int and no slice. */
static const char *bad_index(Compiler *c, const Node *node) {
    switch (node->kind) {
    case NODE_Constant: {
        Value v = node_constant(c, node);
        return value_is_small(v) || value_is_bool(v) || value_has_layout(v, LAYOUT_INT) ? NULL : value_type_name(c->vm, v);
    }
    case NODE_Tuple: return "tuple";
    case NODE_List:
    case NODE_ListComp: return "list";
    case NODE_Dict:
    case NODE_DictComp: return "dict";
    case NODE_JoinedStr:
    case NODE_FormattedValue: return "str";
    default: return unsubscriptable(c, node);
    }
}

/* The type of what only takes ints and slices; NULL: not sure. */
static const char *sequence_type(Compiler *c, const Node *node) {
    switch (node->kind) {
    case NODE_Tuple: return "tuple";
    case NODE_List:
    case NODE_ListComp: return "list";
    case NODE_JoinedStr:
    case NODE_FormattedValue: return "str";
    case NODE_Constant: {
        Value v = node_constant(c, node);
        bool sequence = value_has_layout(v, LAYOUT_STR) || value_has_layout(v, LAYOUT_BYTES) || value_has_layout(v, LAYOUT_TUPLE);
        return sequence ? value_type_name(c->vm, v) : NULL;
    }
    default: return NULL;
    }
}

static void warn_subscript(Compiler *c, const Node *node) {
    const Node *value = node->as.Subscript.value;
    const char *type = unsubscriptable(c, value);
    if (type) {
        compiler_warn(c, node, "'%s' object is not subscriptable; perhaps you missed a comma?", type);
        return;
    }
    const char *sequence = sequence_type(c, value), *bad = sequence ? bad_index(c, node->as.Subscript.slice) : NULL;
    if (bad) compiler_warn(c, node, "%s indices must be integers or slices, not %s; perhaps you missed a comma?", sequence, bad);
}

static void subscript_to(Compiler *c, Node *node, Reg to) {
    Node *value = node->as.Subscript.value, *slice = node->as.Subscript.slice;
    int64_t index;
    warn_subscript(c, node);
    Reg mark = c->unit->temp_top;
    Reg object = expr_operand(c, value, temp_hint(c, to), slice);
    if (slice_is_simple(slice)) {
        Reg first;
        subscript_parts(c, slice, &first);
        emit(c, OP_GET_SLICE, to, object, first);
    } else if (small_index(c, slice, &index)) {
        emit(c, OP_GET_ITEM_I, to, object, (Reg)(uint8_t)index);
    } else {
        Reg key = expr_operand(c, slice, NO_REGISTER, NULL);
        emit(c, OP_GET_ITEM, to, object, key);
    }
    c->unit->temp_top = mark;
}

/* --- names and constants --- */

static void name_to(Compiler *c, Node *node, Reg to) {
    Ref ref = name_ref(c, node->as.Name.id);
    ref_load(c, &ref, to);
}

static void starred_misplaced(Compiler *c, const Node *node) {
    compiler_error(c, node, "can't use starred expression here");
}

static void expr_dispatch(Compiler *c, Node *node, Reg to) {
    switch (node->kind) {
    case NODE_Constant: emit_constant(c, to, node_constant(c, node)); break;
    case NODE_Name: name_to(c, node, to); break;
    case NODE_Attribute: attribute_to(c, node, to); break;
    case NODE_Subscript: subscript_to(c, node, to); break;
    case NODE_Slice: slice_to(c, node, to); break;
    case NODE_BinOp: binary_to(c, node, to); break;
    case NODE_UnaryOp: unary_to(c, node, to); break;
    case NODE_BoolOp: bool_op_to(c, node, to); break;
    case NODE_Compare: compare_to(c, node, to); break;
    case NODE_IfExp: if_expression_to(c, node, to); break;
    case NODE_NamedExpr: walrus_to(c, node, to); break;
    case NODE_Call: call_to(c, node, to); break;
    case NODE_Lambda: lambda_to(c, node, to); break;
    case NODE_List: list_to(c, node->as.List.elements, to, true); break;
    case NODE_Tuple: tuple_to(c, node->as.Tuple.elements, to); break;
    case NODE_Set: set_to(c, node->as.Set.elements, to); break;
    case NODE_Dict: dict_to(c, node, to); break;
    case NODE_ListComp:
    case NODE_SetComp:
    case NODE_DictComp:
    case NODE_GeneratorExp: comprehension_to(c, node, to); break;
    case NODE_JoinedStr: joined_string_to(c, node, to); break;
    case NODE_FormattedValue: formatted_value_to(c, node, to); break;
    case NODE_Await: await_to(c, node, to); break;
    case NODE_Yield: yield_to(c, node, to); break;
    case NODE_YieldFrom: yield_from_to(c, node, to); break;
    case NODE_Starred: starred_misplaced(c, node); break;
    default: compiler_error(c, node, "this is not an expression"); break;
    }
}
