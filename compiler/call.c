/* Calls: f(...), o.m(...), super().m(...), with every form of argument. */
#include "compiler/codegen.h"

#include "vm/types/tuple.h"
#include "vm/types/str.h"

/* --- arguments --- */

static bool needs_unpacking(NodeList args, NodeList keywords, uint32_t extra) {
    if (args.count + keywords.count + extra > CHUNK) return true;
    for (uint32_t i = 0; i < args.count; i++)
        if (args.items[i]->kind == NODE_Starred) return true;
    for (uint32_t i = 0; i < keywords.count; i++)
        if (!keywords.items[i]->as.Keyword.name.data) return true;
    return false;
}

static Name *keyword_name(Compiler *c, const Node *keyword) {
    check_name(c, keyword->as.Keyword.name, keyword, "assign to");
    return name_mangle(c, c->unit->names->private_class, keyword->as.Keyword.name);
}

static Value keyword_names(Compiler *c, NodeList keywords) {
    Tuple *names = tuple_new(c->vm, keywords.count);
    for (uint32_t i = 0; names && i < keywords.count; i++) {
        Name *name = keyword_name(c, keywords.items[i]);
        Str *s = name_str(c, name);
        names->items[i] = s ? value_retain(value_from_object(s)) : VALUE_NONE;
    }
    return constant_intern_take(c, names ? value_from_object(names) : VALUE_ERROR);
}

/* The keyword arguments as a dict in `to`, a temporary. callee is for messages. */
static void keyword_dict(Compiler *c, NodeList keywords, Reg to, Reg callee) {
    emit(c, OP_BUILD_MAP, to, to, 0);
    Reg mark = c->unit->temp_top;
    for (uint32_t i = 0; i < keywords.count && !c->failed; i++) {
        Node *keyword = keywords.items[i];
        if (keyword->as.Keyword.name.data) {
            Name *name = keyword_name(c, keyword);
            Reg key = temp_new(c);
            emit_constant(c, key, constant_string(c, name->data, name->length));
            Reg value = expr_operand(c, keyword->as.Keyword.value, NO_REGISTER, NULL);
            emit(c, OP_MAP_ADD, to, key, value);
        } else {
            Reg value = expr_operand(c, keyword->as.Keyword.value, NO_REGISTER, NULL);
            emit(c, OP_DICT_MERGE, to, value, callee);
        }
        c->unit->temp_top = mark;
    }
}

/* The positional arguments as one iterable in `to`; `count` of them are already in the registers from `to` on. */
static void argument_list(Compiler *c, uint32_t count, NodeList args, Node *extra, Reg to) {
    if (!count && !extra && args.count == 1 && args.items[0]->kind == NODE_Starred) {
        expr_to(c, args.items[0]->as.Starred.value, to);
        return;
    }
    emit(c, OP_BUILD_LIST, to, to, count);
    c->unit->temp_top = to + 1;
    Reg mark = c->unit->temp_top;
    for (uint32_t i = 0; i < args.count && !c->failed; i++) {
        Node *arg = args.items[i];
        bool star = arg->kind == NODE_Starred;
        Reg value = expr_operand(c, star ? arg->as.Starred.value : arg, NO_REGISTER, NULL);
        emit2(c, star ? OP_LIST_EXTEND : OP_LIST_APPEND, to, value);
        c->unit->temp_top = mark;
    }
    if (extra) {
        Reg value = expr_operand(c, extra, NO_REGISTER, NULL);
        emit2(c, OP_LIST_APPEND, to, value);
        c->unit->temp_top = mark;
    }
}

static void call_unpacked(Compiler *c, Reg base, uint32_t count, NodeList args, NodeList keywords, Node *extra, Reg to) {
    CodePosition position = c->unit->position;
    Reg list = base + 1;
    if (!count) temp_new(c);
    argument_list(c, count, args, extra, list);
    c->unit->temp_top = list + 1;
    Reg dict = temp_new(c);
    if (keywords.count) keyword_dict(c, keywords, dict, base);
    else emit1(c, OP_LOAD_EMPTY, dict);
    position_restore(c, position);
    emit(c, OP_CALL_EX, base, 0, to);
}

/* The registers base+1.. hold `count` arguments; `extra` is one more positional one behind args (NULL: none). */
void call_arguments(Compiler *c, Reg base, uint32_t count, NodeList args, NodeList keywords, Node *extra, Reg to) {
    CodePosition position = c->unit->position;
    if (needs_unpacking(args, keywords, count + (extra != NULL))) {
        call_unpacked(c, base, count, args, keywords, extra, to);
    } else {
        for (uint32_t i = 0; i < args.count; i++) expr_new(c, args.items[i]);
        if (extra) expr_new(c, extra);
        for (uint32_t i = 0; i < keywords.count; i++) expr_new(c, keywords.items[i]->as.Keyword.value);
        uint32_t total = count + args.count + (extra != NULL) + keywords.count;
        position_restore(c, position);
        uint32_t at = emit(c, keywords.count ? OP_CALL_KW : OP_CALL, base, total, to);
        if (keywords.count) emit_word(c, at, 1, constant_index(c, keyword_names(c, keywords)));
    }
    c->unit->temp_top = base;
}

/* --- methods --- */

/* Where an attribute stands on another line than its expression begins, it is the attribute that the instruction is about. */
void position_attribute(Compiler *c, const Node *attribute) {
    CodePosition *p = &c->unit->position;
    if (p->line == (int32_t)attribute->end.line) return;
    int32_t length = (int32_t)attribute->as.Attribute.attr.length, end = (int32_t)attribute->end.column;
    p->line = (int32_t)attribute->end.line;
    p->column = length <= end ? end - length : -1;
}

static bool is_super_call(Compiler *c, const Node *node) {
    if (node->kind != NODE_Call || node->as.Call.args.count || node->as.Call.keywords.count) return false;
    const Node *func = node->as.Call.func;
    if (func->kind != NODE_Name || !text_is(func->as.Name.id, "super")) return false;
    const Scope *unit = c->unit->scope;
    if (c->unit->names != unit || unit->kind != SCOPE_FUNCTION || !unit->arg_count || unit->can_see_class) return false;
    Name *super = KNOWN(c, super_);
    Symbol *symbol = scope_find(unit, super), *global = scope_find(c->module, super);
    return symbol && symbol->kind == SYMBOL_GLOBAL_IMPLICIT && !(global && global->flags & DEF_BOUND) &&
           map_get(&unit->free_index, KNOWN(c, class_cell));
}

/* super().name: without the super object. */
static void super_attribute_to(Compiler *c, Node *node, Reg to) {
    Reg mark = c->unit->temp_top, super = temp_new(c), args = temp_block(c, 2);
    Scope *unit = c->unit->scope;
    Ref super_ref = name_ref_plain(c, KNOWN(c, super_)), class_ref = name_ref_plain(c, KNOWN(c, class_cell));
    Ref self_ref = name_ref_plain(c, unit->order[0]->name);
    CodePosition old = position_set(c, node->as.Attribute.value->as.Call.func);
    ref_load(c, &super_ref, super);
    position_set(c, node->as.Attribute.value);
    ref_load(c, &class_ref, args);
    ref_load(c, &self_ref, args + 1);
    position_restore(c, old);
    uint32_t at = emit(c, OP_LOAD_SUPER_ATTR, to, args, super);
    emit_word(c, at, 1, name_index(c, name_mangle(c, unit->private_class, node->as.Attribute.attr)));
    c->unit->temp_top = mark;
}

bool super_to(Compiler *c, Node *node, Reg to) {
    if (!is_super_call(c, node->as.Attribute.value)) return false;
    super_attribute_to(c, node, to);
    return true;
}

static void method_call_to(Compiler *c, Node *node, Reg to) {
    Node *func = node->as.Call.func;
    NodeList args = node->as.Call.args, keywords = node->as.Call.keywords;
    Reg base = temp_block(c, 2);
    CodePosition position = c->unit->position;
    Reg object = expr_operand(c, func->as.Attribute.value, base, NULL);
    position_set(c, func);
    position_attribute(c, func);
    uint32_t at = emit2_at(c, OP_LOAD_METHOD, base, object);
    emit_word(c, at, 1, name_index(c, name_mangle(c, c->unit->names->private_class, func->as.Attribute.attr)));
    for (uint32_t i = 0; i < args.count; i++) expr_new(c, args.items[i]);
    for (uint32_t i = 0; i < keywords.count; i++) expr_new(c, keywords.items[i]->as.Keyword.value);
    position_restore(c, position);
    position_attribute(c, func);
    at = emit(c, keywords.count ? OP_CALL_METHOD_KW : OP_CALL_METHOD, base, args.count + keywords.count, to);
    if (keywords.count) emit_word(c, at, 1, constant_index(c, keyword_names(c, keywords)));
    position_restore(c, position);
    c->unit->temp_top = base;
}

/* --- calls --- */

static void warn_callee(Compiler *c, const Node *node) {
    const Node *func = node->as.Call.func;
    const char *type = NULL;
    switch (func->kind) {
    case NODE_Tuple: type = "tuple"; break;
    case NODE_List:
    case NODE_ListComp: type = "list"; break;
    case NODE_Dict:
    case NODE_DictComp: type = "dict"; break;
    case NODE_Set:
    case NODE_SetComp: type = "set"; break;
    case NODE_GeneratorExp: type = "generator"; break;
    case NODE_JoinedStr:
    case NODE_FormattedValue: type = "str"; break;
    case NODE_Constant: type = value_type_name(c->vm, node_constant(c, func)); break;
    default: return;
    }
    compiler_warn(c, func, "'%s' object is not callable; perhaps you missed a comma?", type);
}

void call_to(Compiler *c, Node *node, Reg to) {
    Node *func = node->as.Call.func;
    NodeList args = node->as.Call.args, keywords = node->as.Call.keywords;
    Reg mark = c->unit->temp_top;
    warn_callee(c, node);
    if (func->kind == NODE_Attribute && !needs_unpacking(args, keywords, 0) && !is_super_call(c, func->as.Attribute.value)) {
        method_call_to(c, node, to);
    } else {
        Reg base = expr_new(c, func);
        call_arguments(c, base, 0, args, keywords, NULL, to);
    }
    c->unit->temp_top = mark;
}
