/* Assignments: targets of every form, unpacking, augmented and annotated assignment, :=, del. */
#include "compiler/codegen.h"

#include "vm/intrinsics.h"
#include "vm/types/str.h"

enum { UNPACK_LIMIT = 40, STAR_LIMIT = 256 };

/* --- unpacking --- */

static NodeList target_elements(const Node *target) {
    return target->kind == NODE_Tuple ? target->as.Tuple.elements : target->as.List.elements;
}

/* Index of the starred target, or -1. */
static int64_t find_star(Compiler *c, const Node *target, NodeList targets) {
    int64_t star = -1;
    for (uint32_t i = 0; i < targets.count; i++) {
        if (targets.items[i]->kind != NODE_Starred) continue;
        if (star >= 0) compiler_error(c, target, "multiple starred expressions in assignment");
        star = i;
    }
    if (star >= STAR_LIMIT) compiler_error(c, target, "too many expressions in star-unpacking assignment");
    return star;
}

static Node *without_star(Node *target) { return target->kind == NODE_Starred ? target->as.Starred.value : target; }

/* Locals in registers that follow each other take the items directly. */
static Reg adjacent_locals(Compiler *c, NodeList targets) {
    Reg first = NO_REGISTER;
    for (uint32_t i = 0; i < targets.count; i++) {
        if (targets.items[i]->kind != NODE_Name) return NO_REGISTER;
        Ref ref = name_ref(c, targets.items[i]->as.Name.id);
        if (ref.kind != REF_LOCAL || ref.index >= FAR_BASE || (i && ref.index != first + i)) return NO_REGISTER;
        if (!i) first = ref.index;
    }
    return first;
}

/* Very many targets: through a tuple of all the items. */
static void unpack_many(Compiler *c, NodeList targets, int64_t star, Reg from) {
    Reg mark = c->unit->temp_top, args = temp_block(c, 3);
    emit_move(c, args, from);
    emit_constant(c, args + 1, value_from_small(star < 0 ? targets.count : star));
    emit_constant(c, args + 2, value_from_small(star < 0 ? -1 : (int64_t)targets.count - star - 1));
    emit(c, OP_INTRINSIC, args, args, INTRINSIC_UNPACK);
    c->unit->temp_top = args + 1;
    for (uint32_t i = 0; i < targets.count && !c->failed; i++) {
        Reg pair = temp_block(c, 2);
        emit2(c, OP_COPY, pair, args);
        emit_constant(c, pair + 1, value_from_small(i));
        emit(c, OP_GET_ITEM, pair, pair, pair + 1);
        c->unit->temp_top = pair + 1;
        target_store(c, without_star(targets.items[i]), pair);
        c->unit->temp_top = args + 1;
    }
    emit_clear(c, args);
    c->unit->temp_top = mark;
}

static void unpack_store(Compiler *c, Node *target, Reg from) {
    NodeList targets = target_elements(target);
    int64_t star = find_star(c, target, targets);
    Reg adjacent = star < 0 && targets.count ? adjacent_locals(c, targets) : NO_REGISTER;
    if (adjacent != NO_REGISTER) {
        emit(c, OP_UNPACK, adjacent, from, targets.count);
        for (uint32_t i = 0; i < targets.count; i++) local_set_bound(c, adjacent + i, true);
        return;
    }
    if (targets.count > UNPACK_LIMIT || c->unit->temp_top > SPILL_LIMIT) {
        unpack_many(c, targets, star, from);
        return;
    }
    Reg mark = c->unit->temp_top, base = temp_block(c, targets.count);
    uint32_t at = emit(c, star < 0 ? OP_UNPACK : OP_UNPACK_EX, base, from, targets.count);
    if (star >= 0) emit_word(c, at, 1, (uint32_t)star | (targets.count - (uint32_t)star - 1) << 16);
    for (uint32_t i = 0; i < targets.count && !c->failed; i++) target_store(c, without_star(targets.items[i]), base + i);
    c->unit->temp_top = mark;
}

/* --- targets --- */

static void attribute_store(Compiler *c, Node *target, Reg from) {
    check_name(c, target->as.Attribute.attr, target, "assign to");
    Reg object = expr_operand(c, target->as.Attribute.value, NO_REGISTER, NULL);
    position_attribute(c, target);
    uint32_t at = emit2_at(c, OP_STORE_ATTR, object, from);
    emit_word(c, at, 1, name_index(c, name_mangle(c, c->unit->names->private_class, target->as.Attribute.attr)));
}

static void subscript_store(Compiler *c, Node *target, Reg from) {
    Node *slice = target->as.Subscript.slice;
    Reg object = expr_operand(c, target->as.Subscript.value, NO_REGISTER, slice);
    if (slice_is_simple(slice)) {
        Reg first;
        subscript_parts(c, slice, &first);
        emit(c, OP_SET_SLICE, object, first, from);
    } else {
        Reg key = expr_operand(c, slice, NO_REGISTER, NULL);
        emit(c, OP_SET_ITEM, object, key, from);
    }
}

/* Notes self.x = ... for the class's __static_attributes__. */
static void note_static_attribute(Compiler *c, const Node *target) {
    if (target->as.Attribute.value->kind != NODE_Name || !text_is(target->as.Attribute.value->as.Name.id, "self")) return;
    Unit *u = c->unit;
    while (u && u->scope->kind != SCOPE_CLASS) u = u->parent;
    if (!u) return;
    Name *name = name_from_text(c, target->as.Attribute.attr);
    if (map_get(&u->static_seen, name)) return;
    Name **names = compiler_grow(c, u->static_attributes, &u->static_capacity, u->static_count + 1, sizeof *names);
    if (!names) return;
    u->static_attributes = names;
    names[u->static_count++] = name;
    map_set(c, &u->static_seen, name, name);
}

void target_store(Compiler *c, Node *target, Reg from) {
    if (!compiler_enter(c)) return;
    CodePosition old = position_set(c, target);
    Reg mark = c->unit->temp_top;
    switch (target->kind) {
    case NODE_Name: {
        check_name(c, target->as.Name.id, target, "assign to");
        Ref ref = name_ref(c, target->as.Name.id);
        ref_store(c, &ref, from);
        break;
    }
    case NODE_Attribute:
        note_static_attribute(c, target);
        attribute_store(c, target, from);
        break;
    case NODE_Subscript: subscript_store(c, target, from); break;
    case NODE_Tuple:
    case NODE_List: unpack_store(c, target, from); break;
    case NODE_Starred: compiler_error(c, target, "starred assignment target must be in a list or tuple"); break;
    default: compiler_error(c, target, "cannot assign to this expression");
    }
    c->unit->temp_top = mark;
    position_restore(c, old);
}

/* Whether the value is a local that none of the first `count` targets binds. */
static bool stays_until(Compiler *c, const Node *value, NodeList targets, uint32_t count) {
    if (value->kind != NODE_Name) return false;
    Ref ref = name_ref(c, value->as.Name.id);
    for (uint32_t i = 0; i < count; i++) {
        const Node *target = targets.items[i];
        if (target->kind == NODE_Tuple || target->kind == NODE_List) return false;
        if (target->kind == NODE_Name && name_ref(c, target->as.Name.id).name == ref.name) return false;
    }
    return ref.kind == REF_LOCAL;
}

/* a, b = x, y: without a tuple. */
static bool assign_pairwise(Compiler *c, Node *target, Node *value) {
    if ((target->kind != NODE_Tuple && target->kind != NODE_List) || value->kind != NODE_Tuple) return false;
    NodeList targets = target_elements(target), values = value->as.Tuple.elements;
    if (targets.count != values.count || !values.count || values.count > CHUNK || c->unit->temp_top > SPILL_LIMIT) return false;
    for (uint32_t i = 0; i < values.count; i++)
        if (values.items[i]->kind == NODE_Starred || targets.items[i]->kind == NODE_Starred) return false;
    Reg base = c->unit->temp_top, from[CHUNK];
    for (uint32_t i = 0; i < values.count; i++) {
        bool in_place = stays_until(c, values.items[i], targets, i) && !expr_may_assign(c, value);
        from[i] = in_place ? expr_operand(c, values.items[i], NO_REGISTER, NULL) : expr_new(c, values.items[i]);
    }
    for (uint32_t i = 0; i < targets.count; i++) target_store(c, targets.items[i], from[i]);
    c->unit->temp_top = base;
    return true;
}

void target_assign(Compiler *c, Node *target, Node *value) {
    if (target->kind == NODE_Name) {
        check_name(c, target->as.Name.id, target, "assign to");
        Ref ref = name_ref(c, target->as.Name.id);
        CodePosition old = position_set(c, target);
        ref_assign(c, &ref, value);
        position_restore(c, old);
        return;
    }
    if (assign_pairwise(c, target, value)) return;
    Reg mark = c->unit->temp_top;
    Reg from = expr_operand(c, value, NO_REGISTER, target);
    target_store(c, target, from);
    c->unit->temp_top = mark;
}

void assign_statement(Compiler *c, Node *node) {
    NodeList targets = node->as.Assign.targets;
    if (targets.count == 1) {
        target_assign(c, targets.items[0], node->as.Assign.value);
        return;
    }
    Reg mark = c->unit->temp_top, value = expr_new(c, node->as.Assign.value);
    for (uint32_t i = 0; i + 1 < targets.count; i++) {
        Reg copy = temp_new(c);
        emit2(c, OP_COPY, copy, value);
        target_store(c, targets.items[i], copy);
        c->unit->temp_top = copy;
    }
    target_store(c, targets.items[targets.count - 1], value);
    c->unit->temp_top = mark;
}

/* --- augmented assignment --- */

/* A second reference to an operand: locals are read in place. */
static Reg operand_again(Compiler *c, Reg operand, Reg to) {
    if (!reg_is_temp(c, operand)) return operand;
    emit2(c, OP_COPY, to, operand);
    return to;
}

static void augmented_name(Compiler *c, Node *node, Node *target) {
    BinaryOperator op = node->as.AugAssign.op;
    check_name(c, target->as.Name.id, target, "assign to");
    Ref ref = name_ref(c, target->as.Name.id);
    Reg left = expr_operand(c, target, NO_REGISTER, node->as.AugAssign.value);
    bool direct = ref.kind == REF_LOCAL && ref.index < FAR_BASE;
    Reg result = direct ? ref.index : scratch_for(c, left);
    inplace_to(c, op, result, left, node->as.AugAssign.value);
    if (!direct) {
        position_set(c, target);
        ref_store(c, &ref, result);
    }
}

static void augmented_attribute(Compiler *c, Node *node, Node *target) {
    note_static_attribute(c, target);
    Reg object = expr_operand(c, target->as.Attribute.value, NO_REGISTER, node->as.AugAssign.value);
    Reg value = temp_new(c);
    CodePosition old = position_set(c, target);
    position_attribute(c, target);
    attribute_load(c, value, operand_again(c, object, value), target->as.Attribute.attr);
    position_restore(c, old);
    inplace_to(c, node->as.AugAssign.op, value, value, node->as.AugAssign.value);
    position_set(c, target);
    position_attribute(c, target);
    uint32_t at = emit2_at(c, OP_STORE_ATTR, object, value);
    emit_word(c, at, 1, name_index(c, name_mangle(c, c->unit->names->private_class, target->as.Attribute.attr)));
}

static void augmented_item(Compiler *c, Node *node, Node *target) {
    Node *slice = target->as.Subscript.slice, *right = node->as.AugAssign.value;
    Reg object = expr_operand(c, target->as.Subscript.value, NO_REGISTER, expr_may_assign(c, slice) ? slice : right);
    Reg key = expr_operand(c, slice, NO_REGISTER, right);
    Reg value = temp_block(c, 2);
    CodePosition old = position_set(c, target);
    Reg again = operand_again(c, object, value), key_again = operand_again(c, key, value + 1);
    emit(c, OP_GET_ITEM, value, again, key_again);
    c->unit->temp_top = value + 1;
    position_restore(c, old);
    inplace_to(c, node->as.AugAssign.op, value, value, right);
    position_set(c, target);
    emit(c, OP_SET_ITEM, object, key, value);
}

void augmented_assign(Compiler *c, Node *node) {
    Node *target = node->as.AugAssign.target;
    CodePosition old = c->unit->position;
    Reg mark = c->unit->temp_top;
    switch (target->kind) {
    case NODE_Name: augmented_name(c, node, target); break;
    case NODE_Attribute: augmented_attribute(c, node, target); break;
    case NODE_Subscript: augmented_item(c, node, target); break;
    default: compiler_error(c, target, "illegal expression for augmented assignment");
    }
    c->unit->temp_top = mark;
    position_restore(c, old);
}

/* --- annotations --- */

static bool evaluates_annotations(const Compiler *c) {
    return c->unit->scope->kind == SCOPE_MODULE || c->unit->scope->kind == SCOPE_CLASS;
}

static void store_annotation(Compiler *c, Node *node, Text name) {
    Reg mark = c->unit->temp_top, parts = temp_block(c, 3);
    Name *mangled = name_mangle(c, c->unit->names->private_class, name);
    Ref annotations = name_ref_plain(c, KNOWN(c, annotations));
    if (c->flags & CODE_FUTURE_ANNOTATIONS) emit_constant(c, parts, annotation_text(c, node->as.AnnAssign.annotation));
    else expr_to(c, node->as.AnnAssign.annotation, parts);
    ref_load(c, &annotations, parts + 1);
    emit_constant(c, parts + 2, constant_string(c, mangled->data, mangled->length));
    emit(c, OP_SET_ITEM, parts + 1, parts + 2, parts);
    c->unit->temp_top = mark;
}

/* x.y: int and x[y]: int evaluate x and y. */
static void evaluate_target(Compiler *c, Node *target) {
    if (target->kind == NODE_Attribute) {
        expr_discard(c, target->as.Attribute.value);
    } else if (target->kind == NODE_Subscript) {
        expr_discard(c, target->as.Subscript.value);
        Node *slice = target->as.Subscript.slice;
        if (slice->kind != NODE_Slice) {
            expr_discard(c, slice);
            return;
        }
        if (slice->as.Slice.lower) expr_discard(c, slice->as.Slice.lower);
        if (slice->as.Slice.upper) expr_discard(c, slice->as.Slice.upper);
        if (slice->as.Slice.step) expr_discard(c, slice->as.Slice.step);
    }
}

void annotated_assign(Compiler *c, Node *node) {
    Node *target = node->as.AnnAssign.target;
    if (node->as.AnnAssign.value) target_assign(c, target, node->as.AnnAssign.value);
    else if (target->kind != NODE_Name) evaluate_target(c, target);
    if (target->kind == NODE_Name) {
        check_name(c, target->as.Name.id, node, "assign to");
        if (node->as.AnnAssign.simple && evaluates_annotations(c)) {
            store_annotation(c, node, target->as.Name.id);
            return;
        }
    } else if (target->kind == NODE_Attribute) {
        check_name(c, target->as.Attribute.attr, node, "assign to");
    }
    if (!node->as.AnnAssign.simple && evaluates_annotations(c) && !(c->flags & CODE_FUTURE_ANNOTATIONS))
        expr_discard(c, node->as.AnnAssign.annotation);
}

/* --- := and del --- */

void walrus_to(Compiler *c, Node *node, Reg to) {
    Node *target = node->as.NamedExpr.target;
    check_name(c, target->as.Name.id, target, "assign to");
    Ref ref = name_ref(c, target->as.Name.id);
    if (ref.kind == REF_LOCAL && ref.index < FAR_BASE) {
        ref_assign(c, &ref, node->as.NamedExpr.value);
        emit_move(c, to, ref.index);
        return;
    }
    Reg mark = c->unit->temp_top, value = scratch_for(c, to), copy = temp_new(c);
    expr_to(c, node->as.NamedExpr.value, value);
    emit2(c, OP_COPY, copy, value);
    ref_store(c, &ref, copy);
    emit_move(c, to, value);
    c->unit->temp_top = mark;
}

void delete_target(Compiler *c, Node *target) {
    if (!compiler_enter(c)) return;
    CodePosition old = position_set(c, target);
    Reg mark = c->unit->temp_top;
    switch (target->kind) {
    case NODE_Name: {
        check_name(c, target->as.Name.id, target, "delete");
        Ref ref = name_ref(c, target->as.Name.id);
        ref_delete(c, &ref);
        break;
    }
    case NODE_Attribute: {
        Reg object = expr_operand(c, target->as.Attribute.value, NO_REGISTER, NULL);
        position_attribute(c, target);
        uint32_t at = emit(c, OP_DEL_ATTR, object, 0, 0);
        emit_word(c, at, 1, name_index(c, name_mangle(c, c->unit->names->private_class, target->as.Attribute.attr)));
        break;
    }
    case NODE_Subscript: {
        Reg object = expr_operand(c, target->as.Subscript.value, NO_REGISTER, target->as.Subscript.slice);
        Reg key = expr_operand(c, target->as.Subscript.slice, NO_REGISTER, NULL);
        emit2(c, OP_DEL_ITEM, object, key);
        break;
    }
    case NODE_Tuple:
    case NODE_List: {
        NodeList targets = target_elements(target);
        for (uint32_t i = 0; i < targets.count; i++) delete_target(c, targets.items[i]);
        break;
    }
    default: compiler_error(c, target, "cannot delete this expression");
    }
    c->unit->temp_top = mark;
    position_restore(c, old);
}
