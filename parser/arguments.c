/* Builders of arguments (of calls and class definitions) and of parameters (of functions and lambdas).
 *
 * grammar.y takes both in any order; the order is checked here, and what is wrong rejected (errors.c finds the words).
 * To allow another kind of argument: a rule for `argument` in grammar.y, and split_arguments. */
#include "parser/build.h"

#include <string.h>

/* --- arguments --- */

/* name=value. The name must be a plain name. */
Item build_keyword(Parser *p, Item name, Item value)
{
    if (name.node->kind != NODE_Name || name.node->flags & NODE_PARENTHESIZED)
        parser_reject(p);
    Node *node = node_new(p, NODE_Keyword, name.start);
    node->as.Keyword.name = node_text(name.node);
    node->as.Keyword.value = node_adopt(p, node, value.node);
    return (Item){name.start, {node}};
}

Item build_double_starred(Parser *p, Item stars, Item value)
{
    Node *node = node_new(p, NODE_Keyword, stars.start);
    node->as.Keyword.value = node_adopt(p, node, value.node);
    return (Item){stars.start, {node}};
}

/* A generator that has no parentheses of its own. */
Item build_generator_argument(Parser *p, Item element, Mark clauses)
{
    Item generator = build_comprehension(p, NODE_GeneratorExp, element, element, clauses);
    generator.node->flags |= NODE_BARE_GENERATOR;
    return generator;
}

static void check_arguments(Parser *p, NodeList arguments, bool trailing_comma, bool is_class)
{
    bool seen_keyword = false, seen_double_star = false;
    for (uint32_t i = 0; i < arguments.count; i++) {
        const Node *argument = arguments.items[i];
        if (argument->kind == NODE_Keyword) {
            seen_keyword = true;
            seen_double_star |= !argument->as.Keyword.name.data;
        } else if (argument->kind == NODE_Starred ? seen_double_star : seen_keyword) {
            parser_reject(p);
        }
        if (argument->flags & NODE_BARE_GENERATOR && (is_class || arguments.count > 1 || trailing_comma))
            parser_reject(p);
    }
}

static bool keyword_is_repeated(const Node *keyword, Node *const *before, uint32_t count)
{
    Text name = keyword->as.Keyword.name;
    for (uint32_t i = 0; name.data && i < count; i++) {
        Text other = before[i]->as.Keyword.name;
        if (other.data && other.length == name.length && memcmp(other.data, name.data, name.length) == 0)
            return true;
    }
    return false;
}

static bool position_is_before(Position a, Position b)
{
    return a.line < b.line || (a.line == b.line && a.column < b.column);
}

/* Notes the first keyword that comes twice. The calls inside have been looked at before, but come after their owner. */
static void check_repeated(Parser *p, const Node *owner, NodeList keywords)
{
    if (p->repeated && position_is_before(p->repeated->start, owner->start))
        return;
    for (uint32_t i = 1; i < keywords.count; i++)
        if (keyword_is_repeated(keywords.items[i], keywords.items, i)) {
            p->repeated = keywords.items[i];
            return;
        }
}

static void split_arguments(Parser *p, Node *owner, NodeList all, NodeList *positional, NodeList *keywords)
{
    if (!all.count)
        return;
    Node **items = arena_alloc(p->arena, all.count * sizeof *items);
    uint32_t count = 0;
    node_adopt_all(p, owner, all);
    if (!items) {
        parser_fail(p, "");
        return;
    }
    for (uint32_t i = 0; i < all.count; i++)
        if (all.items[i]->kind != NODE_Keyword)
            items[count++] = all.items[i];
    *positional = (NodeList){items, count};
    items += count;
    count = 0;
    for (uint32_t i = 0; i < all.count; i++)
        if (all.items[i]->kind == NODE_Keyword)
            items[count++] = all.items[i];
    *keywords = (NodeList){items, count};
    check_repeated(p, owner, *keywords);
}

Item build_call(Parser *p, Item func, Item paren, Mark arguments, bool trailing_comma)
{
    Node *node = node_new(p, NODE_Call, func.start);
    NodeList all = list_close(p, arguments);
    check_arguments(p, all, trailing_comma, false);
    if (all.count == 1 && all.items[0]->flags & NODE_BARE_GENERATOR) {
        all.items[0]->start = paren.start; /* it owns the call's parentheses */
        all.items[0]->end = p->last_end;
    }
    node->as.Call.func = node_adopt(p, node, func.node);
    split_arguments(p, node, all, &node->as.Call.args, &node->as.Call.keywords);
    return (Item){func.start, {node}};
}

NodeList build_class_arguments(Parser *p, Mark arguments)
{
    NodeList all = list_close(p, arguments);
    check_arguments(p, all, false, true);
    return all;
}

Item build_class(Parser *p, Item token, Item name, NodeList type_params, NodeList arguments, NodeList body)
{
    Node *node = node_new(p, NODE_ClassDef, token.start);
    node->as.ClassDef.name = node_text(name.node);
    node->as.ClassDef.type_params = node_adopt_all(p, node, type_params);
    split_arguments(p, node, arguments, &node->as.ClassDef.bases, &node->as.ClassDef.keywords);
    node->as.ClassDef.body = node_adopt_all(p, node, body);
    return (Item){token.start, {node}};
}

/* --- parameters --- */

Item build_arg(Parser *p, Item name, Item annotation)
{
    Node *node = node_new(p, NODE_Arg, name.start);
    node->as.Arg.name = node_text(name.node);
    node->as.Arg.annotation = node_adopt(p, node, annotation.node);
    return (Item){name.start, {node}};
}

void build_param(Parser *p, ParamKind kind, Item arg, Item default_value)
{
    Param *param = arena_alloc(p->arena, sizeof *param);
    if (!param) {
        parser_fail(p, "");
        return;
    }
    param->kind = kind;
    param->arg = arg.node;
    param->default_value = default_value.node;
    list_add(p, param);
}

/* The list whose first parameter has just been added. */
Mark build_param_first(Parser *p)
{
    return (Mark){{0, 0}, p->count ? p->count - 1 : 0};
}

static bool params_are_ordered(Param *const *params, uint32_t count)
{
    bool slash = false, star = false, with_default = false;
    for (uint32_t i = 0; i < count; i++) {
        const Param *param = params[i];
        switch (param->kind) {
        case PARAM_PLAIN:
            if (!star && with_default && !param->default_value)
                return false;
            with_default |= param->default_value != NULL;
            break;
        case PARAM_SLASH:
            if (i == 0 || slash || star)
                return false;
            slash = true;
            break;
        case PARAM_BARE_STAR:
            if (i + 1 == count || params[i + 1]->kind != PARAM_PLAIN)
                return false;
            /* fall through */
        case PARAM_STAR:
            if (star)
                return false;
            star = true;
            break;
        case PARAM_DOUBLE_STAR:
            if (i + 1 != count)
                return false;
        }
    }
    return true;
}

static void nodes_append(NodeList *list, Node *node)
{
    list->items[list->count++] = node;
}

/* Each list of an Arguments node gets room for all `count` parameters, in one block. */
static void arguments_fill(Node *node, Param *const *params, uint32_t count, Node **room)
{
    NodeList plain = {room, 0}, kwonly = {room + count, 0}, kw_defaults = {room + 2 * count, 0};
    NodeList defaults = {room + 3 * count, 0}, posonly = {room, 0};
    bool star = false;
    for (uint32_t i = 0; i < count; i++) {
        const Param *param = params[i];
        switch (param->kind) {
        case PARAM_PLAIN:
            nodes_append(star ? &kwonly : &plain, param->arg);
            if (star)
                nodes_append(&kw_defaults, param->default_value);
            else if (param->default_value)
                nodes_append(&defaults, param->default_value);
            break;
        case PARAM_SLASH:
            posonly = plain;
            plain = (NodeList){room + posonly.count, 0};
            break;
        case PARAM_STAR:
            node->as.Arguments.vararg = param->arg;
            /* fall through */
        case PARAM_BARE_STAR:
            star = true;
            break;
        case PARAM_DOUBLE_STAR:
            node->as.Arguments.kwarg = param->arg;
        }
    }
    node->as.Arguments.posonly = posonly;
    node->as.Arguments.args = plain;
    node->as.Arguments.kwonly = kwonly;
    node->as.Arguments.kw_defaults = kw_defaults;
    node->as.Arguments.defaults = defaults;
}

/* An Arguments node from a list of Params. */
Node *build_arguments(Parser *p, Mark list)
{
    Node *node = node_new(p, NODE_Arguments, list.start);
    uint32_t count = list_count(p, list);
    if (!count)
        return node;
    Param **params = (Param **)p->items + list.from;
    Node **room = arena_alloc(p->arena, 4 * count * sizeof *room);
    p->count = list.from;
    if (!room) {
        parser_fail(p, "");
        return node;
    }
    if (!params_are_ordered(params, count)) {
        parser_reject(p);
        return node;
    }
    for (uint32_t i = 0; i < count; i++) {
        node_adopt(p, node, params[i]->arg);
        node_adopt(p, node, params[i]->default_value);
    }
    arguments_fill(node, params, count, room);
    return node;
}

Item build_function(Parser *p, Item token, Item name, NodeList type_params, Node *args, Item returns, NodeList body)
{
    Node *node = node_new(p, NODE_FunctionDef, token.start);
    node->as.FunctionDef.name = node_text(name.node);
    node->as.FunctionDef.type_params = node_adopt_all(p, node, type_params);
    node->as.FunctionDef.args = node_adopt(p, node, args);
    node->as.FunctionDef.returns = node_adopt(p, node, returns.node);
    node->as.FunctionDef.body = node_adopt_all(p, node, body);
    return (Item){token.start, {node}};
}

Item build_type_param(Parser *p, NodeKind kind, Position start, Item name, Item bound, Item default_value)
{
    Node *node = node_new(p, kind, start);
    node_adopt(p, node, bound.node);
    node_adopt(p, node, default_value.node);
    switch (kind) {
    case NODE_TypeVar:
        node->as.TypeVar.name = node_text(name.node);
        node->as.TypeVar.bound = bound.node;
        node->as.TypeVar.default_value = default_value.node;
        break;
    case NODE_TypeVarTuple:
        node->as.TypeVarTuple.name = node_text(name.node);
        node->as.TypeVarTuple.default_value = default_value.node;
        break;
    default:
        node->as.ParamSpec.name = node_text(name.node);
        node->as.ParamSpec.default_value = default_value.node;
    }
    return (Item){start, {node}};
}
