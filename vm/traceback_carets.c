/* Which part of a failing expression gets ^, and which ~: found by parsing the source text again, as CPython's traceback module does,
 * since code keeps an expression's range only.
 *
 * All offsets are bytes. Whatever does not fit (text that is no expression, a line too short) means: no anchors. */
#include "vm/traceback_text.h"

#include "lexer/lexer.h"
#include "parser/parser.h"

static Node *parse(Arena *arena, const char *text, size_t length) {
    SyntaxErrorInfo error = {0};
    size_t decoded;
    const char *source = lexer_decode_text(arena, text, length, &decoded, &error);
    return source ? parser_parse(arena, source, decoded, PARSE_EXEC, false, &error, NULL, NULL) : NULL;
}

/* --- walking over the segment's characters --- */

typedef struct Segment {
    Text *lines;
    uint32_t count;
} Segment;

typedef struct Place {
    uint32_t line, column;
    bool valid; /* false: beyond the end */
} Place;

static bool segment_split(Arena *arena, Segment *segment, Text text) {
    uint32_t count = 1, line = 0;
    for (uint32_t i = 0; i < text.length; i++) count += text.data[i] == '\n';
    segment->lines = arena_alloc(arena, count * sizeof(Text));
    segment->count = count;
    if (!segment->lines) return false;
    const char *start = text.data, *end = text.data + text.length;
    for (const char *p = start; p <= end; p++) {
        if (p < end && *p != '\n') continue;
        segment->lines[line++] = (Text){start, (uint32_t)(p - start)};
        start = p + 1;
    }
    return true;
}

/* The place itself, or the first character behind it when it is at the end of a line. */
static Place next_valid(const Segment *s, Place at) {
    while (at.line < s->count && at.column >= s->lines[at.line].length) {
        at.column = 0;
        at.line++;
    }
    at.valid = at.line < s->count;
    return at;
}

/* The end of a node, which was parsed with one more line in front. */
static Place end_of(const Segment *s, const Node *node) {
    Place at = {node->end.line - 2, node->end.column, true};
    if (node->end.line < 2 || at.line >= s->count) at.valid = false;
    else if (at.column > s->lines[at.line].length) at.column = s->lines[at.line].length;
    return at;
}

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* From `at` on, over comments and line ends, to `wanted`; wanted 0: to the first character that is neither blank nor ')'. */
static Place skip_until(const Segment *s, Place at, char wanted) {
    at = next_valid(s, at);
    while (at.valid) {
        char c = s->lines[at.line].data[at.column];
        if (c == '\\' || c == '#') {
            at.line++;
            at.column = 0;
        } else if (wanted ? c != wanted : is_blank(c) || c == ')') {
            at.column++;
        } else {
            break;
        }
        at = next_valid(s, at);
    }
    return at;
}

/* --- anchors --- */

static Anchors no_anchors(void) { return (Anchors){.found = false}; }

/* One or two characters of the operator. */
static Anchors binary_anchors(const Segment *s, const Node *node) {
    const Node *left = node->as.BinOp.left, *right = node->as.BinOp.right;
    Place at = end_of(s, left);
    if (at.valid) at = skip_until(s, at, 0);
    if (!at.valid) return no_anchors();
    const Text *line = &s->lines[at.line];
    uint32_t end = at.column + 1, right_line = right->start.line - 2;
    bool more = end < line->length && (right_line > at.line || end < right->start.column);
    if (more && !is_blank(line->data[end]) && line->data[end] != '\\' && line->data[end] != '#') end++;
    return (Anchors){true, at.line, at.column, at.line, end};
}

static Anchors bracket_anchors(const Segment *s, const Node *node, const Node *inner, char bracket) {
    Place left = end_of(s, inner), right = end_of(s, node);
    if (left.valid) left = skip_until(s, left, bracket);
    if (!left.valid || !right.valid) return no_anchors();
    return (Anchors){true, left.line, left.column, right.line, right.column};
}

Anchors anchors_find(Arena *arena, Text text) {
    Segment segment;
    char *wrapped = arena_alloc(arena, text.length + 6);
    if (!wrapped || !segment_split(arena, &segment, text)) return no_anchors();
    memcpy(wrapped, "(\n", 2);
    memcpy(wrapped + 2, text.data, text.length);
    memcpy(wrapped + 2 + text.length, "\n)", 2);
    Node *module = parse(arena, wrapped, text.length + 4);
    if (!module || module->as.Module.body.count != 1) return no_anchors();
    const Node *statement = module->as.Module.body.items[0];
    if (statement->kind != NODE_Expr) return no_anchors();
    const Node *node = statement->as.Expr.value;
    switch (node->kind) {
    case NODE_BinOp: return binary_anchors(&segment, node);
    case NODE_Subscript: return bracket_anchors(&segment, node, node->as.Subscript.value, '[');
    case NODE_Call: return bracket_anchors(&segment, node, node->as.Call.func, '(');
    default: return no_anchors();
    }
}

/* --- statements that are all call --- */

/* The call in `return f(...)` or `x = f(...)`; NULL: another statement. */
static const Node *whole_call(const Node *statement) {
    if (statement->kind == NODE_Return) {
        const Node *value = statement->as.Return.value;
        return value && value->kind == NODE_Call && value->as.Call.func->kind == NODE_Name ? value : NULL;
    }
    if (statement->kind != NODE_Assign) return NULL;
    const Node *value = statement->as.Assign.value;
    bool simple = statement->as.Assign.targets.count == 1 && statement->as.Assign.targets.items[0]->kind == NODE_Name;
    return value->kind == NODE_Call && simple ? value : NULL;
}

bool carets_are_pointless(Arena *arena, Text text, uint32_t line_count, uint32_t start, uint32_t end) {
    Node *module = parse(arena, text.data, text.length);
    if (!module) return false;
    if (!module->as.Module.body.count) return true;
    const Node *call = whole_call(module->as.Module.body.items[0]);
    return call && call->start.line == 1 && call->end.line == line_count && call->start.column == start && call->end.column == end;
}
