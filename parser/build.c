/* Nodes, lists in progress, and the builders of expressions.
 *
 * Invariants: a node's depth is above that of every child it has adopted; the item stack's top belongs to the list that
 * was opened last. Builders do not recurse (check_target does, as deep as brackets nest).
 * To add an expression: a row in ast.def, a rule in grammar.y, a builder here. */
#include "parser/build.h"

#include <string.h>

void parser_reject(Parser *p)
{
    p->rejected = true;
}

/* Ends the parse with a MemoryError; CPython's message when its own parser runs too deep, none for no memory. */
void parser_fail(Parser *p, const char *message)
{
    if (!p->failed) {
        p->failed = true;
        p->error->set = true;
        p->error->kind = SYNTAX_MEMORY;
        strcpy(p->error->message, message);
    }
}

void grammar_overflow(Parser *p)
{
    parser_fail(p, "Parser stack overflowed - Python source too complex to parse");
}

/* The generated parser's stack, in place of malloc and realloc. */
void *grammar_stack_grow(Parser *p, void *old, size_t size)
{
    enum { STACK_LIMIT = 1 << 20 };
    void *stack = size > STACK_LIMIT ? NULL : arena_alloc(p->arena, size);
    if (stack && old)
        memcpy(stack, old, p->stack_bytes);
    if (stack)
        p->stack_bytes = size;
    return stack;
}

/* --- nodes --- */

/* A node from `start` to the end of the last token shifted. */
Node *node_new(Parser *p, NodeKind kind, Position start)
{
    Node *node = arena_alloc(p->arena, node_kind_size(kind));
    if (!node) {
        parser_fail(p, "");
        node = &p->nowhere;
        memset(node, 0, sizeof *node);
    }
    node->kind = kind;
    node->start = start;
    node->end = p->last_end;
    node->depth = 1;
    return node;
}

static void node_deepen(Parser *p, Node *parent, uint32_t depth)
{
    if (depth <= parent->depth)
        return;
    if (depth > NODE_DEPTH_LIMIT)
        grammar_overflow(p);
    else
        parent->depth = (uint16_t)depth;
}

Node *node_adopt(Parser *p, Node *parent, Node *child)
{
    if (child)
        node_deepen(p, parent, child->depth + 1u);
    return child;
}

NodeList node_adopt_all(Parser *p, Node *parent, NodeList children)
{
    for (uint32_t i = 0; i < children.count; i++)
        node_adopt(p, parent, children.items[i]);
    return children;
}

Text node_text(const Node *name)
{
    return name && name->kind == NODE_Name ? name->as.Name.id : (Text){NULL, 0};
}

static Item item_of(Position start, Node *node)
{
    return (Item){start, {node}};
}

/* --- lists in progress --- */

void list_add(Parser *p, void *item)
{
    if (p->count == p->capacity) {
        uint32_t capacity = p->capacity ? p->capacity * 2 : 64;
        void **items = arena_alloc(p->arena, capacity * sizeof *items);
        if (!items) {
            parser_fail(p, "");
            p->count = 0;
            return;
        }
        if (p->count)
            memcpy(items, p->items, p->count * sizeof *items);
        p->items = items;
        p->capacity = capacity;
    }
    p->items[p->count++] = item;
}

Mark list_empty(Parser *p)
{
    return (Mark){{0, 0}, p->count};
}

Mark list_open(Parser *p, Item first)
{
    Mark list = {first.start, p->count};
    list_add(p, first.node);
    return list;
}

uint32_t list_count(const Parser *p, Mark list)
{
    return p->failed ? 0 : p->count - list.from;
}

/* The items in an array of their own, taken from the stack. */
NodeList list_close(Parser *p, Mark list)
{
    NodeList closed = {NULL, list_count(p, list)};
    if (!closed.count)
        return closed;
    closed.items = arena_alloc(p->arena, closed.count * sizeof *closed.items);
    p->count = list.from;
    if (!closed.items) {
        parser_fail(p, "");
        return NO_NODES;
    }
    memcpy(closed.items, p->items + list.from, closed.count * sizeof *closed.items);
    return closed;
}

Item list_only(Parser *p, Mark list)
{
    if (p->failed)
        return item_of(list.start, &p->nowhere);
    p->count = list.from;
    return item_of(list.start, p->items[list.from]);
}

TextList list_close_names(Parser *p, Mark list)
{
    NodeList nodes = list_close(p, list);
    TextList names = {arena_alloc(p->arena, nodes.count * sizeof(Text)), nodes.count};
    if (!names.items) {
        parser_fail(p, "");
        return (TextList){NULL, 0};
    }
    for (uint32_t i = 0; i < nodes.count; i++)
        names.items[i] = node_text(nodes.items[i]);
    return names;
}

/* --- targets --- */

static bool target_is_valid(const Node *target)
{
    const NodeList *elements;
    switch (target->kind) {
    case NODE_Name: case NODE_Attribute: case NODE_Subscript:
        return true;
    case NODE_Starred:
        return target->as.Starred.value->kind != NODE_Starred && target_is_valid(target->as.Starred.value);
    case NODE_List:
        elements = &target->as.List.elements;
        break;
    case NODE_Tuple:
        if (target->flags & NODE_WITH_ITEMS)
            return false;
        elements = &target->as.Tuple.elements;
        break;
    default:
        return false;
    }
    for (uint32_t i = 0; i < elements->count; i++)
        if (!target_is_valid(elements->items[i]))
            return false;
    return true;
}

Item check_target(Parser *p, Item target)
{
    if (!p->failed && !target_is_valid(target.node))
        parser_reject(p);
    return target;
}

/* What can be annotated or be the target of an augmented assignment. */
Item check_single_target(Parser *p, Item target)
{
    NodeKind kind = target.node->kind;
    if (kind != NODE_Name && kind != NODE_Attribute && kind != NODE_Subscript)
        parser_reject(p);
    return target;
}

void check_delete_target(Parser *p, const Node *target)
{
    if (p->failed || target->kind == NODE_Starred || !target_is_valid(target)) {
        parser_reject(p);
        return;
    }
    if (target->kind == NODE_Tuple || target->kind == NODE_List) {
        NodeList elements = target->kind == NODE_Tuple ? target->as.Tuple.elements : target->as.List.elements;
        for (uint32_t i = 0; i < elements.count; i++)
            check_delete_target(p, elements.items[i]);
    }
}

/* --- operators --- */

Item build_named_expression(Parser *p, Item target, Item value)
{
    if (target.node->kind != NODE_Name || target.node->flags & NODE_PARENTHESIZED)
        parser_reject(p);
    Node *node = node_new(p, NODE_NamedExpr, target.start);
    node->as.NamedExpr.target = node_adopt(p, node, target.node);
    node->as.NamedExpr.value = node_adopt(p, node, value.node);
    return item_of(target.start, node);
}

Item build_if_expression(Parser *p, Item body, Item test, Item orelse)
{
    Node *node = node_new(p, NODE_IfExp, body.start);
    node->as.IfExp.test = node_adopt(p, node, test.node);
    node->as.IfExp.body = node_adopt(p, node, body.node);
    node->as.IfExp.orelse = node_adopt(p, node, orelse.node);
    return item_of(body.start, node);
}

Item build_bool_op(Parser *p, bool is_or, Mark values)
{
    Node *node = node_new(p, NODE_BoolOp, values.start);
    node->as.BoolOp.is_or = is_or;
    node->as.BoolOp.values = node_adopt_all(p, node, list_close(p, values));
    return item_of(values.start, node);
}

Item build_binary(Parser *p, Item left, BinaryOperator op, Item right)
{
    Node *node = node_new(p, NODE_BinOp, left.start);
    node->as.BinOp.op = op;
    node->as.BinOp.left = left.node;
    if (left.node->kind == NODE_BinOp)
        node_deepen(p, node, left.node->depth);
    else
        node_adopt(p, node, left.node);
    node->as.BinOp.right = node_adopt(p, node, right.node);
    return item_of(left.start, node);
}

Item build_unary(Parser *p, Item token, UnaryOperator op, Item operand)
{
    Node *node = node_new(p, NODE_UnaryOp, token.start);
    node->as.UnaryOp.op = op;
    node->as.UnaryOp.operand = node_adopt(p, node, operand.node);
    return item_of(token.start, node);
}

/* A chain lies on the item stack as operand, operator, operand, operator, operand ... */
Mark build_comparison_first(Parser *p, Item left, CompareOperator op, Item right)
{
    Mark chain = list_open(p, left);
    build_comparison_next(p, op, right);
    return chain;
}

void build_comparison_next(Parser *p, CompareOperator op, Item right)
{
    list_add(p, (void *)(uintptr_t)op);
    list_add(p, right.node);
}

Item build_comparison(Parser *p, Mark chain)
{
    Node *node = node_new(p, NODE_Compare, chain.start);
    uint32_t count = list_count(p, chain) / 2;
    CompareOperator *ops = arena_alloc(p->arena, count * sizeof *ops);
    Node **comparators = arena_alloc(p->arena, count * sizeof *comparators);
    if (!ops || !comparators || p->failed) {
        parser_fail(p, "");
        return item_of(chain.start, node);
    }
    void **items = p->items + chain.from;
    node->as.Compare.left = node_adopt(p, node, items[0]);
    for (uint32_t i = 0; i < count; i++) {
        ops[i] = (CompareOperator)(uintptr_t)items[2 * i + 1];
        comparators[i] = node_adopt(p, node, items[2 * i + 2]);
    }
    node->as.Compare.ops = ops;
    node->as.Compare.comparators = (NodeList){comparators, count};
    p->count = chain.from;
    return item_of(chain.start, node);
}

Item build_await(Parser *p, Item token, Item value)
{
    Node *node = node_new(p, NODE_Await, token.start);
    node->as.Await.value = node_adopt(p, node, value.node);
    return item_of(token.start, node);
}

Item build_yield(Parser *p, Item token, Item value)
{
    Node *node = node_new(p, NODE_Yield, token.start);
    node->as.Yield.value = node_adopt(p, node, value.node);
    return item_of(token.start, node);
}

Item build_yield_from(Parser *p, Item token, Item value)
{
    Node *node = node_new(p, NODE_YieldFrom, token.start);
    node->as.YieldFrom.value = node_adopt(p, node, value.node);
    return item_of(token.start, node);
}

Item build_lambda(Parser *p, Item token, Node *args, Item body)
{
    Node *node = node_new(p, NODE_Lambda, token.start);
    node->as.Lambda.args = node_adopt(p, node, args);
    node->as.Lambda.body = node_adopt(p, node, body.node);
    return item_of(token.start, node);
}

Item build_starred(Parser *p, Item star, Item value)
{
    Node *node = node_new(p, NODE_Starred, star.start);
    node->as.Starred.value = node_adopt(p, node, value.node);
    return item_of(star.start, node);
}

/* --- primaries --- */

Item build_attribute(Parser *p, Item value, Item name)
{
    Node *node = node_new(p, NODE_Attribute, value.start);
    node->as.Attribute.value = node_adopt(p, node, value.node);
    node->as.Attribute.attr = node_text(name.node);
    return item_of(value.start, node);
}

Item build_subscript(Parser *p, Item value, Item slice)
{
    Node *node = node_new(p, NODE_Subscript, value.start);
    node->as.Subscript.value = node_adopt(p, node, value.node);
    node->as.Subscript.slice = node_adopt(p, node, slice.node);
    return item_of(value.start, node);
}

Item build_slice(Parser *p, Item colon, Item lower, Item upper, Item step)
{
    Position start = lower.node ? lower.start : colon.start;
    Node *node = node_new(p, NODE_Slice, start);
    node->as.Slice.lower = node_adopt(p, node, lower.node);
    node->as.Slice.upper = node_adopt(p, node, upper.node);
    node->as.Slice.step = node_adopt(p, node, step.node);
    return item_of(start, node);
}

/* --- atoms --- */

Item build_constant(Parser *p, Item token, ConstantKind kind)
{
    Node *node = node_new(p, NODE_Constant, token.start);
    node->as.Constant.constant.kind = kind;
    return item_of(token.start, node);
}

Item build_tuple(Parser *p, Mark elements)
{
    Node *node = node_new(p, NODE_Tuple, elements.start);
    node->as.Tuple.elements = node_adopt_all(p, node, list_close(p, elements));
    return item_of(elements.start, node);
}

Item build_paren_tuple(Parser *p, Item paren, Mark elements)
{
    elements.start = paren.start;
    Item tuple = build_tuple(p, elements);
    NodeList list = tuple.node->as.Tuple.elements;
    tuple.node->as.Tuple.parenthesized = true;
    for (uint32_t i = 0; i < list.count; i++)
        if (list.items[i]->kind == NODE_WithItem)
            tuple.node->flags |= NODE_WITH_ITEMS;
    if (tuple.node->flags & NODE_WITH_ITEMS)
        p->open_with_items++;
    return tuple;
}

/* Parentheses without a comma behind the last element: a tuple, or one expression in parentheses. */
Item build_group(Parser *p, Item paren, Mark elements)
{
    if (p->failed || list_count(p, elements) > 1)
        return build_paren_tuple(p, paren, elements);
    Node *inner = p->items[elements.from];
    if (inner->kind == NODE_WithItem)
        return build_paren_tuple(p, paren, elements);
    if (inner->kind == NODE_Starred)
        parser_reject(p);
    inner->flags |= NODE_PARENTHESIZED;
    p->count = elements.from;
    return item_of(paren.start, inner);
}

Item build_yield_group(Item paren, Item yield)
{
    yield.node->flags |= NODE_PARENTHESIZED;
    return item_of(paren.start, yield.node);
}

/* `a as b` inside parentheses: allowed only if a `with` statement takes the parentheses as its own. */
Item build_paren_with_item(Parser *p, Item context, Item target)
{
    return build_with_item(p, context, target);
}

Item build_sequence(Parser *p, NodeKind kind, Item bracket, Mark elements)
{
    Node *node = node_new(p, kind, bracket.start);
    NodeList list = node_adopt_all(p, node, list_close(p, elements));
    if (kind == NODE_List)
        node->as.List.elements = list;
    else
        node->as.Set.elements = list;
    return item_of(bracket.start, node);
}

/* Pairs lie on the item stack as key, value, key, value ...; the key is NULL for **value. */
Item build_dict(Parser *p, Item brace, Mark pairs)
{
    Node *node = node_new(p, NODE_Dict, brace.start);
    uint32_t count = list_count(p, pairs) / 2;
    Node **keys = arena_alloc(p->arena, 2 * count * sizeof *keys);
    if (!keys) {
        parser_fail(p, "");
        return item_of(brace.start, node);
    }
    for (uint32_t i = 0; i < count; i++) {
        keys[i] = node_adopt(p, node, p->items[pairs.from + 2 * i]);
        keys[count + i] = node_adopt(p, node, p->items[pairs.from + 2 * i + 1]);
    }
    node->as.Dict.keys = (NodeList){keys, count};
    node->as.Dict.values = (NodeList){keys + count, count};
    p->count = p->failed ? 0 : pairs.from;
    return item_of(brace.start, node);
}

/* --- comprehensions --- */

Item build_clause(Parser *p, Item token, Item target, Item iter, Mark ifs, bool is_async)
{
    Node *node = node_new(p, NODE_Comprehension, token.start);
    node->as.Comprehension.target = node_adopt(p, node, target.node);
    node->as.Comprehension.iter = node_adopt(p, node, iter.node);
    node->as.Comprehension.ifs = node_adopt_all(p, node, list_close(p, ifs));
    node->as.Comprehension.is_async = is_async;
    return item_of(token.start, node);
}

/* ListComp, SetComp and GeneratorExp: the same fields. */
Item build_comprehension(Parser *p, NodeKind kind, Item bracket, Item element, Mark clauses)
{
    Node *node = node_new(p, kind, bracket.start);
    NodeList generators = node_adopt_all(p, node, list_close(p, clauses));
    node_adopt(p, node, element.node);
    switch (kind) {
    case NODE_ListComp:
        node->as.ListComp.element = element.node;
        node->as.ListComp.generators = generators;
        break;
    case NODE_SetComp:
        node->as.SetComp.element = element.node;
        node->as.SetComp.generators = generators;
        break;
    default:
        node->as.GeneratorExp.element = element.node;
        node->as.GeneratorExp.generators = generators;
    }
    return item_of(bracket.start, node);
}

Item build_dict_comprehension(Parser *p, Item brace, Item key, Item value, Mark clauses)
{
    Node *node = node_new(p, NODE_DictComp, brace.start);
    node->as.DictComp.key = node_adopt(p, node, key.node);
    node->as.DictComp.value = node_adopt(p, node, value.node);
    node->as.DictComp.generators = node_adopt_all(p, node, list_close(p, clauses));
    return item_of(brace.start, node);
}
