/* Builders of statements.
 *
 * A block's list is closed when the block ends; the statement that owns it adopts it.
 * To add a statement: a row in ast.def, a rule in grammar.y, a builder here. */
#include "parser/build.h"

#include <string.h>

static Item item_of(Item token, Node *node)
{
    return (Item){token.start, {node}};
}

/* --- the root --- */

static Node *root_new(Parser *p, NodeKind kind)
{
    p->result = node_new(p, kind, (Position){1, 0});
    return p->result;
}

void build_file(Parser *p, NodeList body)
{
    Node *node = root_new(p, NODE_Module);
    node->as.Module.body = node_adopt_all(p, node, body);
}

void build_eval(Parser *p, Item body)
{
    Node *node = root_new(p, NODE_Expression);
    node->as.Expression.body = node_adopt(p, node, body.node);
}

void build_single(Parser *p, NodeList body)
{
    Node *node = root_new(p, NODE_Interactive);
    node->as.Interactive.body = node_adopt_all(p, node, body);
}

/* --- simple statements --- */

Item build_expression_statement(Parser *p, Item value)
{
    Node *node = node_new(p, NODE_Expr, value.start);
    node->as.Expr.value = node_adopt(p, node, value.node);
    return item_of(value, node);
}

Item build_assign(Parser *p, Mark targets, Item value)
{
    Node *node = node_new(p, NODE_Assign, targets.start);
    node->as.Assign.targets = node_adopt_all(p, node, list_close(p, targets));
    node->as.Assign.value = node_adopt(p, node, value.node);
    return (Item){targets.start, {node}};
}

Item build_annotated_assign(Parser *p, Item target, Item annotation, Item value)
{
    check_single_target(p, target);
    Node *node = node_new(p, NODE_AnnAssign, target.start);
    node->as.AnnAssign.target = node_adopt(p, node, target.node);
    node->as.AnnAssign.annotation = node_adopt(p, node, annotation.node);
    node->as.AnnAssign.value = node_adopt(p, node, value.node);
    node->as.AnnAssign.simple = target.node->kind == NODE_Name && !(target.node->flags & NODE_PARENTHESIZED);
    return item_of(target, node);
}

Item build_augmented_assign(Parser *p, Item target, BinaryOperator op, Item value)
{
    check_single_target(p, target);
    Node *node = node_new(p, NODE_AugAssign, target.start);
    node->as.AugAssign.target = node_adopt(p, node, target.node);
    node->as.AugAssign.op = op;
    node->as.AugAssign.value = node_adopt(p, node, value.node);
    return item_of(target, node);
}

/* pass, break, continue. */
Item build_plain(Parser *p, NodeKind kind, Item token)
{
    return item_of(token, node_new(p, kind, token.start));
}

Item build_return(Parser *p, Item token, Item value)
{
    Node *node = node_new(p, NODE_Return, token.start);
    node->as.Return.value = node_adopt(p, node, value.node);
    return item_of(token, node);
}

Item build_raise(Parser *p, Item token, Item exc, Item cause)
{
    Node *node = node_new(p, NODE_Raise, token.start);
    node->as.Raise.exc = node_adopt(p, node, exc.node);
    node->as.Raise.cause = node_adopt(p, node, cause.node);
    return item_of(token, node);
}

Item build_assert(Parser *p, Item token, Item test, Item message)
{
    Node *node = node_new(p, NODE_Assert, token.start);
    node->as.Assert.test = node_adopt(p, node, test.node);
    node->as.Assert.message = node_adopt(p, node, message.node);
    return item_of(token, node);
}

Item build_delete(Parser *p, Item token, Mark targets)
{
    Node *node = node_new(p, NODE_Delete, token.start);
    NodeList list = node_adopt_all(p, node, list_close(p, targets));
    for (uint32_t i = 0; i < list.count; i++)
        check_delete_target(p, list.items[i]);
    node->as.Delete.targets = list;
    return item_of(token, node);
}

/* global and nonlocal: the same fields. */
Item build_scope_names(Parser *p, NodeKind kind, Item token, Mark names)
{
    Node *node = node_new(p, kind, token.start);
    TextList list = list_close_names(p, names);
    if (kind == NODE_Global)
        node->as.Global.names = list;
    else
        node->as.Nonlocal.names = list;
    return item_of(token, node);
}

Item build_type_alias(Parser *p, Item token, Item name, NodeList type_params, Item value)
{
    Node *node = node_new(p, NODE_TypeAlias, token.start);
    node->as.TypeAlias.name = node_adopt(p, node, name.node);
    node->as.TypeAlias.type_params = node_adopt_all(p, node, type_params);
    node->as.TypeAlias.value = node_adopt(p, node, value.node);
    return item_of(token, node);
}

/* --- imports --- */

Item build_import(Parser *p, Item token, Mark names)
{
    Node *node = node_new(p, NODE_Import, token.start);
    node->as.Import.names = node_adopt_all(p, node, list_close(p, names));
    return item_of(token, node);
}

Item build_import_from(Parser *p, Item token, int level, Item module, Mark names)
{
    Node *node = node_new(p, NODE_ImportFrom, token.start);
    node->as.ImportFrom.module = node_text(module.node);
    node->as.ImportFrom.names = node_adopt_all(p, node, list_close(p, names));
    node->as.ImportFrom.level = level;
    return item_of(token, node);
}

Item build_alias(Parser *p, Item name, Item asname)
{
    Node *node = node_new(p, NODE_Alias, name.start);
    node->as.Alias.name = node_text(name.node);
    node->as.Alias.asname = node_text(asname.node);
    return item_of(name, node);
}

Item build_star_alias(Parser *p, Item star)
{
    Node *node = node_new(p, NODE_Alias, star.start);
    node->as.Alias.name = (Text){"*", 1};
    return item_of(star, node);
}

/* a.b.c as one Name; only its text is used. */
Item build_dotted_name(Parser *p, Mark names)
{
    if (list_count(p, names) == 1)
        return list_only(p, names);
    Node *node = node_new(p, NODE_Name, names.start);
    NodeList parts = list_close(p, names);
    size_t length = 0;
    for (uint32_t i = 0; i < parts.count; i++)
        length += node_text(parts.items[i]).length + 1u;
    char *text = arena_alloc(p->arena, length + 1);
    if (!text) {
        parser_fail(p, "");
        return (Item){names.start, {node}};
    }
    node->as.Name.id = (Text){text, length ? (uint32_t)length - 1 : 0};
    for (uint32_t i = 0; i < parts.count; i++) {
        Text part = node_text(parts.items[i]);
        memcpy(text, part.data, part.length);
        text += part.length;
        *text++ = i + 1 < parts.count ? '.' : '\0';
    }
    return (Item){names.start, {node}};
}

/* --- compound statements --- */

/* An If whose else branch is still open: build_if links it. */
Item build_elif(Parser *p, Item token, Item test, NodeList body)
{
    Node *node = node_new(p, NODE_If, token.start);
    node->as.If.test = node_adopt(p, node, test.node);
    node->as.If.body = node_adopt_all(p, node, body);
    return item_of(token, node);
}

Item build_if(Parser *p, Item token, Item test, NodeList body, Mark elifs, NodeList orelse)
{
    NodeList rest = list_close(p, elifs);
    Item first = build_elif(p, token, test, body);
    Node *last = rest.count ? rest.items[rest.count - 1] : first.node;
    last->as.If.orelse = node_adopt_all(p, last, orelse);
    last->end = p->last_end;
    for (uint32_t i = rest.count; i-- > 0;) {
        Node *owner = i ? rest.items[i - 1] : first.node;
        owner->as.If.orelse = (NodeList){rest.items + i, 1};
        owner->end = p->last_end;
        if (owner->depth < rest.items[i]->depth) /* the chain is one level */
            owner->depth = rest.items[i]->depth;
    }
    return first;
}

Item build_while(Parser *p, Item token, Item test, NodeList body, NodeList orelse)
{
    Node *node = node_new(p, NODE_While, token.start);
    node->as.While.test = node_adopt(p, node, test.node);
    node->as.While.body = node_adopt_all(p, node, body);
    node->as.While.orelse = node_adopt_all(p, node, orelse);
    return item_of(token, node);
}

Item build_for(Parser *p, Item token, Item target, Item iter, NodeList body, NodeList orelse)
{
    Node *node = node_new(p, NODE_For, token.start);
    node->as.For.target = node_adopt(p, node, target.node);
    node->as.For.iter = node_adopt(p, node, iter.node);
    node->as.For.body = node_adopt_all(p, node, body);
    node->as.For.orelse = node_adopt_all(p, node, orelse);
    return item_of(token, node);
}

Item build_with_item(Parser *p, Item context, Item target)
{
    Node *node = node_new(p, NODE_WithItem, context.start);
    node->as.WithItem.context = node_adopt(p, node, context.node);
    node->as.WithItem.vars = node_adopt(p, node, target.node);
    return item_of(context, node);
}

/* Whether `with (a, b):` has read as a tuple what is a list of items. Only plain expressions and `a as b` can be items. */
static bool tuple_is_with_items(const Node *tuple)
{
    if (tuple->kind != NODE_Tuple || !tuple->as.Tuple.parenthesized || tuple->flags & NODE_PARENTHESIZED)
        return false;
    NodeList elements = tuple->as.Tuple.elements;
    for (uint32_t i = 0; i < elements.count; i++) {
        const Node *element = elements.items[i];
        if (element->kind == NODE_Starred ||
            (element->kind == NODE_NamedExpr && !(element->flags & NODE_PARENTHESIZED)))
            return false;
    }
    return elements.count > 0;
}

static NodeList with_items_of_tuple(Parser *p, Node *tuple)
{
    NodeList elements = tuple->as.Tuple.elements;
    if (tuple->flags & NODE_WITH_ITEMS)
        p->open_with_items--;
    for (uint32_t i = 0; i < elements.count; i++) {
        Node *element = elements.items[i];
        if (element->kind != NODE_WithItem)
            elements.items[i] = build_with_item(p, (Item){element->start, {element}}, NO_ITEM).node;
    }
    return elements;
}

/* A With without its block. */
Item build_with_head(Parser *p, Item token, Mark items)
{
    Node *node = node_new(p, NODE_With, token.start);
    NodeList list = list_close(p, items);
    if (list.count == 1 && !list.items[0]->as.WithItem.vars && tuple_is_with_items(list.items[0]->as.WithItem.context))
        list = with_items_of_tuple(p, list.items[0]->as.WithItem.context);
    node->as.With.items = node_adopt_all(p, node, list);
    check_with_items(p);
    return item_of(token, node);
}

Item build_with(Parser *p, Item head, NodeList body)
{
    head.node->as.With.body = node_adopt_all(p, head.node, body);
    head.node->end = p->last_end;
    return head;
}

void check_with_items(Parser *p)
{
    if (p->open_with_items)
        parser_reject(p);
}

/* A handler without its block. */
Item build_handler(Parser *p, Item token, Item type, Item name, bool is_star)
{
    Node *node = node_new(p, NODE_ExceptHandler, token.start);
    node->as.ExceptHandler.type = node_adopt(p, node, type.node);
    node->as.ExceptHandler.name = node_text(name.node);
    if (is_star)
        node->flags |= NODE_EXCEPT_STAR;
    return item_of(token, node);
}

/* except and except* do not mix. */
void build_next_handler(Parser *p, Mark handlers, Item next)
{
    const Node *first = p->failed ? next.node : p->items[handlers.from];
    if ((first->flags ^ next.node->flags) & NODE_EXCEPT_STAR)
        parser_reject(p);
    list_add(p, next.node);
}

void build_handler_body(Parser *p, NodeList body)
{
    Node *node = p->failed ? &p->nowhere : p->items[p->count - 1];
    node->as.ExceptHandler.body = node_adopt_all(p, node, body);
    node->end = p->last_end;
}

Item build_try(Parser *p, Item token, NodeList body, Mark handlers, NodeList orelse, NodeList finalbody)
{
    Node *node = node_new(p, NODE_Try, token.start);
    NodeList list = node_adopt_all(p, node, list_close(p, handlers));
    node->as.Try.body = node_adopt_all(p, node, body);
    node->as.Try.handlers = list;
    node->as.Try.orelse = node_adopt_all(p, node, orelse);
    node->as.Try.finalbody = node_adopt_all(p, node, finalbody);
    node->as.Try.is_star = list.count && list.items[0]->flags & NODE_EXCEPT_STAR;
    return item_of(token, node);
}

Item build_async(Parser *p, Item token, Item statement)
{
    Node *node = statement.node;
    node->start = token.start;
    switch (node->kind) {
    case NODE_FunctionDef:
        node->as.FunctionDef.is_async = true;
        break;
    case NODE_For:
        node->as.For.is_async = true;
        break;
    case NODE_With:
        node->as.With.is_async = true;
        break;
    default:
        parser_reject(p);
    }
    return item_of(token, node);
}

/* A decorated definition starts at its `def` or `class`, not at the decorators. */
Item build_decorated(Parser *p, Mark decorators, Item definition)
{
    Node *node = definition.node;
    NodeList list = node_adopt_all(p, node, list_close(p, decorators));
    if (node->kind == NODE_ClassDef)
        node->as.ClassDef.decorators = list;
    else
        node->as.FunctionDef.decorators = list;
    return definition;
}
