/* Builders of match statements and patterns.
 *
 * The name `_` captures nothing: it is a wildcard where a pattern stands alone, and not allowed behind `as` and `**`.
 * To add a pattern: a row in ast.def, a rule for closed_pattern in grammar.y, a builder here. */
#include "parser/build.h"

static Item item_of(Position start, Node *node)
{
    return (Item){start, {node}};
}

static bool text_is_wildcard(Text text)
{
    return text.length == 1 && text.data[0] == '_';
}

Item build_match(Parser *p, Item token, Item subject, Mark cases)
{
    Node *node = node_new(p, NODE_Match, token.start);
    node->as.Match.subject = node_adopt(p, node, subject.node);
    node->as.Match.cases = node_adopt_all(p, node, list_close(p, cases));
    return item_of(token.start, node);
}

Item build_case(Parser *p, Item token, Item pattern, Item guard, NodeList body)
{
    Node *node = node_new(p, NODE_MatchCase, token.start);
    node->as.MatchCase.pattern = node_adopt(p, node, pattern.node);
    node->as.MatchCase.guard = node_adopt(p, node, guard.node);
    node->as.MatchCase.body = node_adopt_all(p, node, body);
    return item_of(token.start, node);
}

Item build_as_pattern(Parser *p, Item pattern, Item name)
{
    Node *node = node_new(p, NODE_MatchAs, pattern.start);
    node->as.MatchAs.pattern = node_adopt(p, node, pattern.node);
    node->as.MatchAs.name = node_text(name.node);
    if (text_is_wildcard(node->as.MatchAs.name))
        parser_reject(p);
    return item_of(pattern.start, node);
}

Item build_or_pattern(Parser *p, Mark patterns)
{
    if (list_count(p, patterns) == 1)
        return list_only(p, patterns);
    Node *node = node_new(p, NODE_MatchOr, patterns.start);
    node->as.MatchOr.patterns = node_adopt_all(p, node, list_close(p, patterns));
    return item_of(patterns.start, node);
}

/* `_.name` and `_(...)`: CPython has taken `_` for the wildcard already. */
static void check_qualified(Parser *p, const Node *node)
{
    if (p->failed)
        return;
    while (node->kind == NODE_Attribute)
        node = node->as.Attribute.value;
    if (node->kind == NODE_Name && text_is_wildcard(node->as.Name.id))
        parser_reject(p);
}

Item build_value_pattern(Parser *p, Item value)
{
    check_qualified(p, value.node);
    Node *node = node_new(p, NODE_MatchValue, value.start);
    node->as.MatchValue.value = node_adopt(p, node, value.node);
    return item_of(value.start, node);
}

Item build_singleton_pattern(Parser *p, Item token, ConstantKind kind)
{
    Node *node = node_new(p, NODE_MatchSingleton, token.start);
    node->as.MatchSingleton.value = node_adopt(p, node, build_constant(p, token, kind).node);
    return item_of(token.start, node);
}

Item build_capture_pattern(Parser *p, Item name)
{
    Node *node = node_new(p, NODE_MatchAs, name.start);
    Text text = node_text(name.node);
    if (!text_is_wildcard(text))
        node->as.MatchAs.name = text;
    return item_of(name.start, node);
}

Item build_star_pattern(Parser *p, Item star, Item name)
{
    Node *node = node_new(p, NODE_MatchStar, star.start);
    Text text = node_text(name.node);
    if (!text_is_wildcard(text))
        node->as.MatchStar.name = text;
    return item_of(star.start, node);
}

Item build_sequence_pattern(Parser *p, Item bracket, Mark patterns)
{
    Node *node = node_new(p, NODE_MatchSequence, bracket.start);
    node->as.MatchSequence.patterns = node_adopt_all(p, node, list_close(p, patterns));
    return item_of(bracket.start, node);
}

/* A sequence without brackets. */
Item build_open_sequence(Parser *p, Mark patterns)
{
    return build_sequence_pattern(p, (Item){patterns.start, {NULL}}, patterns);
}

/* Parentheses without a comma behind the last pattern: a sequence, or one pattern in parentheses. */
Item build_paren_pattern(Parser *p, Item paren, Mark patterns)
{
    if (list_count(p, patterns) != 1)
        return build_sequence_pattern(p, paren, patterns);
    Node *inner = list_only(p, patterns).node;
    if (inner->kind == NODE_MatchStar)
        parser_reject(p);
    return item_of(paren.start, inner);
}

/* Items lie on the item stack as key, pattern, key, pattern ...; **rest is a NULL key and a Name, and comes last. */
Item build_mapping_pattern(Parser *p, Item brace, Mark list)
{
    Node *node = node_new(p, NODE_MatchMapping, brace.start);
    uint32_t count = list_count(p, list) / 2;
    Node **keys = arena_alloc(p->arena, 2 * (count + 1) * sizeof *keys);
    if (!keys) {
        parser_fail(p, "");
        return item_of(brace.start, node);
    }
    Node **items = count ? (Node **)p->items + list.from : NULL;
    if (count && !items[2 * count - 2]) {
        count--;
        node->as.MatchMapping.rest = node_text(items[2 * count + 1]);
        if (text_is_wildcard(node->as.MatchMapping.rest))
            parser_reject(p);
    }
    for (uint32_t i = 0; i < count; i++) {
        keys[i] = node_adopt(p, node, items[2 * i]);
        keys[count + i] = node_adopt(p, node, items[2 * i + 1]);
        if (!keys[i])
            parser_reject(p);
    }
    node->as.MatchMapping.keys = (NodeList){keys, count};
    node->as.MatchMapping.patterns = (NodeList){keys + count, count};
    p->count = p->failed ? 0 : list.from;
    return item_of(brace.start, node);
}

/* Positional patterns, then name=pattern (a Keyword each). */
Item build_class_pattern(Parser *p, Item cls, Mark arguments)
{
    Node *node = node_new(p, NODE_MatchClass, cls.start);
    check_qualified(p, cls.node);
    NodeList all = node_adopt_all(p, node, list_close(p, arguments));
    uint32_t positional = 0;
    while (positional < all.count && all.items[positional]->kind != NODE_Keyword)
        positional++;
    uint32_t count = all.count - positional;
    Text *names = arena_alloc(p->arena, (count + 1) * sizeof *names);
    if (!names) {
        parser_fail(p, "");
        return item_of(cls.start, node);
    }
    node->as.MatchClass.cls = node_adopt(p, node, cls.node);
    node->as.MatchClass.patterns = (NodeList){all.items, positional};
    node->as.MatchClass.kwd_attrs = (TextList){names, count};
    node->as.MatchClass.kwd_patterns = (NodeList){all.items + positional, count};
    for (uint32_t i = 0; i < count; i++) {
        Node *keyword = all.items[positional + i];
        if (keyword->kind != NODE_Keyword) {
            parser_reject(p);
            break;
        }
        names[i] = keyword->as.Keyword.name;
        all.items[positional + i] = keyword->as.Keyword.value;
    }
    return item_of(cls.start, node);
}

static bool number_is_imaginary(const Node *node)
{
    if (node->kind == NODE_UnaryOp)
        node = node->as.UnaryOp.operand;
    return node->kind == NODE_Constant && node->as.Constant.constant.kind == CONSTANT_COMPLEX;
}

Item build_complex_number(Parser *p, Item real, BinaryOperator op, Item imaginary)
{
    if (p->failed || number_is_imaginary(real.node) || !number_is_imaginary(imaginary.node))
        parser_reject(p);
    return build_binary(p, real, op, imaginary);
}
