/* Displays and formatted strings: lists, tuples, sets, dicts, f-strings.
 *
 * A short display is evaluated into consecutive temporaries and built by one instruction; longer ones, and those with stars, grow step
 * by step, in a temporary that is always the same. */
#include "compiler/codegen.h"

#include "vm/ops.h"
#include "vm/types/set.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

static bool has_star(NodeList elements) {
    for (uint32_t i = 0; i < elements.count; i++)
        if (elements.items[i]->kind == NODE_Starred) return true;
    return false;
}

static bool all_constant(NodeList elements) {
    for (uint32_t i = 0; i < elements.count; i++)
        if (!node_is_constant(elements.items[i])) return false;
    return true;
}

static Value constant_tuple(Compiler *c, NodeList elements) {
    Tuple *tuple = tuple_new(c->vm, elements.count);
    for (uint32_t i = 0; tuple && i < elements.count; i++) tuple->items[i] = value_retain(node_constant(c, elements.items[i]));
    if (tuple) tuple_track(c->vm, tuple);
    return constant_intern_take(c, tuple ? value_from_object(tuple) : VALUE_ERROR);
}

/* One element of a growing list or set. */
static void add_element(Compiler *c, Node *element, Reg to, bool is_set) {
    Reg mark = c->unit->temp_top;
    if (element->kind == NODE_Starred) {
        Reg value = expr_operand(c, element->as.Starred.value, NO_REGISTER, NULL);
        emit2(c, is_set ? OP_SET_UPDATE : OP_LIST_EXTEND, to, value);
    } else {
        Reg value = expr_operand(c, element, NO_REGISTER, NULL);
        emit2(c, is_set ? OP_SET_ADD : OP_LIST_APPEND, to, value);
    }
    c->unit->temp_top = mark;
}

/* Evaluates the first elements, up to a star or a chunk, and builds the list or set of them in `to` (a temporary); adds the rest. */
static void grow(Compiler *c, NodeList elements, Reg to, bool is_set) {
    Reg mark = c->unit->temp_top, base = mark;
    uint32_t count = 0;
    while (count < elements.count && count < CHUNK && elements.items[count]->kind != NODE_Starred) count++;
    for (uint32_t i = 0; i < count; i++) expr_new(c, elements.items[i]);
    emit(c, is_set ? OP_BUILD_SET : OP_BUILD_LIST, to, base, count);
    c->unit->temp_top = mark;
    for (uint32_t i = count; i < elements.count && !c->failed; i++) add_element(c, elements.items[i], to, is_set);
}

static bool is_short(NodeList elements) { return elements.count <= CHUNK && !has_star(elements); }

static void build_short(Compiler *c, Opcode op, NodeList elements, Reg to) {
    Reg mark = c->unit->temp_top;
    for (uint32_t i = 0; i < elements.count; i++) expr_new(c, elements.items[i]);
    c->unit->temp_top = mark;
    emit(c, op, to, mark, elements.count);
}

void list_to(Compiler *c, NodeList elements, Reg to, bool constant_allowed) {
    Reg mark = c->unit->temp_top;
    if (constant_allowed && elements.count > 2 && all_constant(elements)) {
        Reg list = scratch_for(c, to), items = temp_new(c);
        emit(c, OP_BUILD_LIST, list, items, 0);
        emit_constant(c, items, constant_tuple(c, elements));
        emit2(c, OP_LIST_EXTEND, list, items);
        emit_move(c, to, list);
    } else if (is_short(elements)) {
        build_short(c, OP_BUILD_LIST, elements, to);
    } else {
        Reg list = scratch_for(c, to);
        grow(c, elements, list, false);
        emit_move(c, to, list);
    }
    c->unit->temp_top = mark;
}

void tuple_to(Compiler *c, NodeList elements, Reg to) {
    Reg mark = c->unit->temp_top;
    if (all_constant(elements)) {
        emit_constant(c, to, constant_tuple(c, elements));
    } else if (is_short(elements)) {
        build_short(c, OP_BUILD_TUPLE, elements, to);
    } else {
        Reg list = scratch_for(c, to);
        grow(c, elements, list, false);
        emit2(c, OP_LIST_TO_TUPLE, to, list);
    }
    c->unit->temp_top = mark;
}

void set_to(Compiler *c, NodeList elements, Reg to) {
    Reg mark = c->unit->temp_top;
    if (is_short(elements)) {
        build_short(c, OP_BUILD_SET, elements, to);
    } else {
        Reg set = scratch_for(c, to);
        grow(c, elements, set, true);
        emit_move(c, to, set);
    }
    c->unit->temp_top = mark;
}

/* --- dicts --- */

static void build_pairs(Compiler *c, const Node *node, uint32_t count, Reg to) {
    Reg mark = c->unit->temp_top;
    for (uint32_t i = 0; i < count; i++) {
        expr_new(c, node->as.Dict.keys.items[i]);
        expr_new(c, node->as.Dict.values.items[i]);
    }
    c->unit->temp_top = mark;
    emit(c, OP_BUILD_MAP, to, mark, count);
}

static void add_pair(Compiler *c, Node *key, Node *value, Reg to) {
    Reg mark = c->unit->temp_top;
    if (key) {
        Reg k = expr_operand(c, key, NO_REGISTER, value), v = expr_operand(c, value, NO_REGISTER, NULL);
        emit(c, OP_MAP_ADD, to, k, v);
    } else {
        Reg v = expr_operand(c, value, NO_REGISTER, NULL);
        emit2(c, OP_DICT_UPDATE, to, v);
    }
    c->unit->temp_top = mark;
}

void dict_to(Compiler *c, Node *node, Reg to) {
    NodeList keys = node->as.Dict.keys, values = node->as.Dict.values;
    uint32_t count = 0;
    while (count < keys.count && count < CHUNK / 2 && keys.items[count]) count++;
    if (count == keys.count) {
        build_pairs(c, node, count, to);
        return;
    }
    Reg mark = c->unit->temp_top, dict = scratch_for(c, to);
    build_pairs(c, node, count, dict);
    for (uint32_t i = count; i < keys.count && !c->failed; i++) add_pair(c, keys.items[i], values.items[i], dict);
    emit_move(c, to, dict);
    c->unit->temp_top = mark;
}

/* --- formatted strings --- */

void formatted_value_to(Compiler *c, Node *node, Reg to) {
    Node *spec = node->as.FormattedValue.format_spec;
    Reg mark = c->unit->temp_top, conversion = (Reg)(uint8_t)node->as.FormattedValue.conversion;
    Reg value = expr_operand(c, node->as.FormattedValue.value, temp_hint(c, to), spec);
    if (spec) {
        Reg text = expr_operand(c, spec, NO_REGISTER, NULL);
        uint32_t at = emit(c, OP_FORMAT_SPEC, to, value, text);
        emit_word(c, at, 1, conversion);
    } else {
        emit(c, OP_FORMAT, to, value, conversion);
    }
    c->unit->temp_top = mark;
}

void joined_string_to(Compiler *c, Node *node, Reg to) {
    NodeList values = node->as.JoinedStr.values;
    if (!values.count) {
        emit_constant(c, to, value_from_object(NAME(c->vm, empty)));
        return;
    }
    if (values.count == 1) {
        expr_to(c, values.items[0], to);
        return;
    }
    Reg mark = c->unit->temp_top;
    for (uint32_t i = 0; i < values.count && !c->failed; i++) {
        if (c->unit->temp_top == mark + CHUNK) { /* what is there so far becomes the first part */
            emit(c, OP_BUILD_STRING, mark, mark, CHUNK);
            c->unit->temp_top = mark + 1;
        }
        expr_new(c, values.items[i]);
    }
    uint32_t count = c->unit->temp_top - mark;
    c->unit->temp_top = mark;
    emit(c, OP_BUILD_STRING, to, mark, count);
}
