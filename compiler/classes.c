/* Class statements. */
#include "compiler/codegen.h"

#include "vm/intrinsics.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

static void store_name_constant(Compiler *c, Name *name, Value v) {
    Reg mark = c->unit->temp_top, temp = temp_new(c);
    Ref ref = {REF_NAMESPACE, 0, name};
    emit_constant(c, temp, v);
    ref_store(c, &ref, temp);
    c->unit->temp_top = mark;
}

static void copy_name(Compiler *c, Name *from, Name *to) {
    Reg mark = c->unit->temp_top, temp = temp_new(c);
    Ref source = name_ref_plain(c, from), target = {REF_NAMESPACE, 0, to};
    ref_load(c, &source, temp);
    ref_store(c, &target, temp);
    c->unit->temp_top = mark;
}

static Value static_attributes(Compiler *c) {
    Unit *u = c->unit;
    Tuple *names = tuple_new(c->vm, u->static_count);
    for (uint32_t i = 0; names && i < u->static_count; i++) {
        Str *s = name_str(c, u->static_attributes[i]);
        names->items[i] = s ? value_retain(value_from_object(s)) : VALUE_NONE;
    }
    return constant_intern_take(c, names ? value_from_object(names) : VALUE_ERROR);
}

static void store_cell(Compiler *c, Name *name, Reg cell) {
    Ref ref = {REF_NAMESPACE, 0, name};
    ref_store(c, &ref, cell);
}

/* __module__, __qualname__ and what else is there before the body. */
static void class_head(Compiler *c, Node *node) {
    const Scope *scope = c->unit->scope;
    copy_name(c, KNOWN(c, name), KNOWN(c, module));
    store_name_constant(c, KNOWN(c, qualname), value_from_object(c->unit->qualname));
    store_name_constant(c, KNOWN(c, firstlineno), value_from_small(c->unit->first_line));
    if (node->as.ClassDef.type_params.count) copy_name(c, KNOWN(c, dot_type_params), KNOWN(c, type_params));
    if (scope->classdict_cell == NO_REGISTER) return;
    Reg mark = c->unit->temp_top, namespace = temp_new(c);
    emit1(c, OP_LOAD_LOCALS, namespace);
    emit2(c, OP_STORE_CELL, namespace, scope->classdict_cell);
    c->unit->temp_top = mark;
}

static Value class_code(Compiler *c, Node *node, Scope *scope) {
    Unit unit;
    unit_open(c, &unit, scope, node);
    if (c->failed) return unit_close(c);
    unit_prologue(c);
    unit.position = (CodePosition){unit.first_line, unit.first_line, 0, 0};
    class_head(c, node);
    body_with_docstring(c, node->as.ClassDef.body);
    unit.position = (CodePosition){unit.first_line, unit.first_line, 0, 0};
    store_name_constant(c, KNOWN(c, static_attributes), static_attributes(c));
    if (scope->classdict_cell != NO_REGISTER) store_cell(c, KNOWN(c, classdictcell), scope->classdict_cell);
    if (scope->class_cell != NO_REGISTER) store_cell(c, KNOWN(c, classcell), scope->class_cell);
    emit_return(c, scope->class_cell);
    return unit_close(c);
}

static Node *generic_base_node(Compiler *c, const Node *at) {
    Node *node = compiler_alloc(c, node_kind_size(NODE_Name));
    if (!node) return NULL;
    Name *name = KNOWN(c, dot_generic_base);
    node->kind = NODE_Name;
    node->start = at->start;
    node->end = at->end;
    node->as.Name.id = (Text){name->data, name->length};
    return node;
}

/* __build_class__(body, name, *bases, **keywords) */
static void build_class_to(Compiler *c, Node *node, Reg to, bool generic) {
    Scope *scope = scope_of(c, node, ROLE_BODY);
    Value code = class_code(c, node, scope);
    Reg base = temp_block(c, 3);
    emit1(c, OP_LOAD_BUILD_CLASS, base);
    make_function(c, code, scope, base + 1, 0, base + 2);
    Text name = node->as.ClassDef.name;
    emit_constant(c, base + 2, constant_string(c, name.data, name.length));
    Node *extra = NULL;
    if (generic) {
        Ref params = name_ref_plain(c, KNOWN(c, dot_type_params)), generic_base = name_ref_plain(c, KNOWN(c, dot_generic_base));
        Reg temp = temp_new(c);
        ref_load(c, &params, temp);
        emit(c, OP_INTRINSIC, temp, temp, INTRINSIC_SUBSCRIPT_GENERIC);
        ref_store(c, &generic_base, temp);
        c->unit->temp_top = temp;
        extra = generic_base_node(c, node);
    }
    call_arguments(c, base, 2, node->as.ClassDef.bases, node->as.ClassDef.keywords, extra, to);
    c->unit->temp_top = base;
}

static Value generic_code(Compiler *c, Node *node, Scope *scope) {
    Unit unit;
    unit_open(c, &unit, scope, node);
    unit_prologue(c);
    position_set(c, node);
    Reg mark = unit.temp_top, temp = temp_new(c);
    Ref params = name_ref_plain(c, KNOWN(c, dot_type_params));
    type_params_to(c, node->as.ClassDef.type_params, temp);
    ref_store(c, &params, temp);
    build_class_to(c, node, temp, true);
    emit_return(c, temp);
    unit.temp_top = mark;
    return unit_close(c);
}

void class_statement(Compiler *c, Node *node) {
    NodeList decorators = node->as.ClassDef.decorators;
    Reg mark = c->unit->temp_top;
    check_name(c, node->as.ClassDef.name, node, "assign to");
    decorators_enter(c, decorators);
    Reg result = temp_new(c);
    if (node->as.ClassDef.type_params.count) {
        Scope *scope = scope_of(c, node, ROLE_TYPE_PARAMS);
        Value code = generic_code(c, node, scope);
        make_function(c, code, scope, result, 0, result);
        emit(c, OP_CALL, result, 0, result);
    } else {
        build_class_to(c, node, result, false);
    }
    result = decorators_apply(c, decorators, result);
    Ref ref = name_ref(c, node->as.ClassDef.name);
    ref_store(c, &ref, result);
    c->unit->temp_top = mark;
}
