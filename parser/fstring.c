/* Builders of strings: literals that stand side by side, and f-strings.
 *
 * A JoinedStr's values never hold an empty Constant, two Constants side by side, or a JoinedStr: what the parts give is
 * flattened and folded. `{x=}` becomes the text "x=" and a FormattedValue (repr, unless told otherwise).
 * To add a conversion: build_conversion, and FormattedValue in the compiler. */
#include "parser/build.h"

#include <string.h>

static Constant *constant_of(Node *node)
{
    return &node->as.Constant.constant;
}

/* One Constant from `count` Constants: the first one's start, kind and prefix, the last one's end. */
static Node *constants_join(Parser *p, Node **parts, uint32_t count)
{
    Node *node = node_new(p, NODE_Constant, parts[0]->start);
    size_t length = 0;
    for (uint32_t i = 0; i < count; i++)
        length += constant_of(parts[i])->length;
    char *data = arena_alloc(p->arena, length + 1);
    if (!data) {
        parser_fail(p, "");
        return node;
    }
    *constant_of(node) = *constant_of(parts[0]);
    constant_of(node)->data = data;
    constant_of(node)->length = length;
    node->end = parts[count - 1]->end;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(data, constant_of(parts[i])->data, constant_of(parts[i])->length);
        data += constant_of(parts[i])->length;
    }
    return node;
}

/* Adds the parts to the list in progress: constants folded, empty ones dropped. */
static void parts_fold(Parser *p, NodeList parts)
{
    for (uint32_t i = 0, next; i < parts.count; i = next) {
        next = i + 1;
        if (parts.items[i]->kind != NODE_Constant) {
            list_add(p, parts.items[i]);
            continue;
        }
        while (next < parts.count && parts.items[next]->kind == NODE_Constant)
            next++;
        Node *joined = next == i + 1 ? parts.items[i] : constants_join(p, parts.items + i, next - i);
        if (constant_of(joined)->length)
            list_add(p, joined);
    }
}

static Item joined_new(Parser *p, Position start, NodeList parts)
{
    Node *node = node_new(p, NODE_JoinedStr, start);
    Mark folded = list_empty(p);
    parts_fold(p, parts);
    node->as.JoinedStr.values = node_adopt_all(p, node, list_close(p, folded));
    return (Item){start, {node}};
}

/* An f-string, or a format specification (which starts at its colon). */
Item build_fstring(Parser *p, Item start, Mark parts)
{
    return joined_new(p, start.start, list_close(p, parts));
}

static bool strings_agree(NodeList strings)
{
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < strings.count; i++)
        bytes += strings.items[i]->kind == NODE_Constant && constant_of(strings.items[i])->kind == CONSTANT_BYTES;
    return bytes == 0 || bytes == strings.count;
}

static bool strings_are_plain(NodeList strings)
{
    for (uint32_t i = 0; i < strings.count; i++)
        if (strings.items[i]->kind != NODE_Constant)
            return false;
    return true;
}

/* One literal, or several side by side. */
Item build_strings(Parser *p, Mark strings)
{
    if (list_count(p, strings) == 1)
        return list_only(p, strings);
    NodeList all = list_close(p, strings);
    if (!all.count || !strings_agree(all)) {
        parser_reject(p);
        return (Item){strings.start, {node_new(p, NODE_Constant, strings.start)}};
    }
    if (strings_are_plain(all))
        return (Item){strings.start, {constants_join(p, all.items, all.count)}};
    Mark flat = list_empty(p);
    for (uint32_t i = 0; i < all.count; i++) {
        Node *part = all.items[i];
        if (part->kind != NODE_JoinedStr) {
            list_add(p, part);
            continue;
        }
        for (uint32_t k = 0; k < part->as.JoinedStr.values.count; k++)
            list_add(p, part->as.JoinedStr.values.items[k]);
    }
    return joined_new(p, strings.start, list_close(p, flat));
}

/* --- replacement fields --- */

/* Where the text of `{x = }` ends: at the token behind the equals sign, which is the one being fed. */
Item build_debug_end(Parser *p)
{
    Item end = {p->current->start, {NULL}};
    end.text = p->current->text;
    return end;
}

/* Behind the quotes of the string literal at `text`. */
static const char *string_skip(const char *text, const char *end)
{
    char quote = *text;
    size_t width = end - text >= 3 && text[1] == quote && text[2] == quote ? 3 : 1;
    for (text += width; text < end; text++) {
        if (*text == '\\')
            text++;
        else if (*text == quote && (width == 1 || (end - text >= 3 && text[1] == quote && text[2] == quote)))
            return text + width;
    }
    return end;
}

/* The text of an expression as `=` shows it: without comments. */
static size_t debug_text_copy(char *out, const char *text, const char *end)
{
    char *next = out;
    while (text < end) {
        const char *behind = text + 1;
        if (*text == '\'' || *text == '"')
            behind = string_skip(text, end);
        else if (*text == '#')
            for (; text < end && *text != '\n'; text++)
                behind = text;
        if (behind > end)
            behind = end;
        if (behind <= text)
            continue;
        memcpy(next, text, (size_t)(behind - text));
        next += behind - text;
        text = behind;
    }
    return (size_t)(next - out);
}

static Node *build_debug_text(Parser *p, Item brace, Item end)
{
    Node *node = node_new(p, NODE_Constant, brace.start);
    const char *text = brace.text + 1;
    char *data = arena_alloc(p->arena, (size_t)(end.text - text) + 1);
    node->start.column++;
    node->end = end.start;
    if (!data) {
        parser_fail(p, "");
        return node;
    }
    constant_of(node)->kind = CONSTANT_STR;
    constant_of(node)->data = data;
    constant_of(node)->length = debug_text_copy(data, text, end.text);
    return node;
}

/* !s, !r or !a, with nothing between the mark and the letter. */
Item build_conversion(Parser *p, Item token, Item name)
{
    Text text = node_text(name.node);
    bool adjacent = name.start.line == token.start.line && name.start.column == token.start.column + 1;
    if (!adjacent || text.length != 1 || !memchr("sra", text.data[0], 3))
        parser_reject(p);
    return name;
}

/* Adds what {...} stands for to the f-string's list. */
void build_replacement(Parser *p, Item brace, Item value, Item debug, Item conversion, Item spec)
{
    Node *node = node_new(p, NODE_FormattedValue, brace.start);
    node->as.FormattedValue.value = node_adopt(p, node, value.node);
    node->as.FormattedValue.format_spec = node_adopt(p, node, spec.node);
    if (conversion.node)
        node->as.FormattedValue.conversion = node_text(conversion.node).data[0];
    if (debug.text) {
        list_add(p, build_debug_text(p, brace, debug));
        if (!conversion.node && !spec.node)
            node->as.FormattedValue.conversion = 'r';
    }
    list_add(p, node);
}
