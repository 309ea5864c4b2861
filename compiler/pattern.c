/* match statements.
 *
 * The subject stays in one register while cases are tried; patterns read it without consuming it. What a pattern takes apart sits in
 * temporaries above. Captured values wait in temporaries of their own until the whole pattern has matched. A pattern that does not
 * match jumps to `fail`, where every temporary that a jump may have left full is emptied. */
#include "compiler/codegen.h"

#include "vm/ops.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

typedef struct Capture {
    Text name;
    Reg reg;
    bool bound; /* on the path that is being compiled */
} Capture;

typedef struct Matching {
    Capture *captures;
    uint32_t capture_count, capture_capacity;
    Label *fail;
    Reg max;          /* temporaries below may be full at `fail` */
    bool irrefutable; /* a pattern that always matches is allowed here */
} Matching;

static void pattern(Compiler *c, Matching *m, Node *node, Reg subject);

/* --- temporaries and captures --- */

static Reg pattern_temps(Compiler *c, Matching *m, uint32_t count) {
    Reg first = temp_block(c, count);
    if (c->unit->temp_top > m->max) m->max = c->unit->temp_top;
    return first;
}

static bool text_same(Text a, Text b) { return a.length == b.length && !memcmp(a.data, b.data, a.length); }

static Capture *capture_find(Matching *m, Text name) {
    for (uint32_t i = 0; i < m->capture_count; i++)
        if (text_same(m->captures[i].name, name)) return &m->captures[i];
    return NULL;
}

static void capture_declare(Compiler *c, Matching *m, Text name) {
    if (!name.data || capture_find(m, name)) return;
    Capture *captures = compiler_grow(c, m->captures, &m->capture_capacity, m->capture_count + 1, sizeof *captures);
    if (!captures) return;
    m->captures = captures;
    captures[m->capture_count++] = (Capture){name, pattern_temps(c, m, 1), false};
}

static void captures_declare(Compiler *c, Matching *m, const Node *node);

static void captures_declare_all(Compiler *c, Matching *m, NodeList patterns) {
    for (uint32_t i = 0; i < patterns.count; i++) captures_declare(c, m, patterns.items[i]);
}

/* Takes a register for every name that the pattern binds. */
static void captures_declare(Compiler *c, Matching *m, const Node *node) {
    if (!compiler_enter(c)) return;
    switch (node->kind) {
    case NODE_MatchAs:
        if (node->as.MatchAs.pattern) captures_declare(c, m, node->as.MatchAs.pattern);
        capture_declare(c, m, node->as.MatchAs.name);
        break;
    case NODE_MatchStar: capture_declare(c, m, node->as.MatchStar.name); break;
    case NODE_MatchSequence: captures_declare_all(c, m, node->as.MatchSequence.patterns); break;
    case NODE_MatchMapping:
        captures_declare_all(c, m, node->as.MatchMapping.patterns);
        capture_declare(c, m, node->as.MatchMapping.rest);
        break;
    case NODE_MatchClass:
        captures_declare_all(c, m, node->as.MatchClass.patterns);
        captures_declare_all(c, m, node->as.MatchClass.kwd_patterns);
        break;
    case NODE_MatchOr: captures_declare_all(c, m, node->as.MatchOr.patterns); break;
    default: break;
    }
}

static void capture(Compiler *c, Matching *m, Text name, const Node *at, Reg value, bool keep) {
    if (!name.data) return;
    Capture *captured = capture_find(m, name);
    check_name(c, name, at, "assign to");
    if (!captured || c->failed) return;
    if (captured->bound) compiler_error(c, at, "multiple assignments to name '%.*s' in pattern", (int)name.length, name.data);
    emit2(c, keep ? OP_COPY : OP_MOVE, captured->reg, value);
    captured->bound = true;
}

/* The subject for an instruction that consumes temporaries. */
static Reg subject_copy(Compiler *c, Reg subject) {
    if (!reg_is_temp(c, subject)) return subject;
    Reg copy = temp_new(c);
    emit2(c, OP_COPY, copy, subject);
    return copy;
}

static bool is_wildcard(const Node *node) {
    return node->kind == NODE_MatchAs && !node->as.MatchAs.pattern && !node->as.MatchAs.name.data;
}

/* A part of the subject, in a temporary that is emptied here. */
static void part_pattern(Compiler *c, Matching *m, Node *node, Reg part) {
    bool irrefutable = m->irrefutable;
    m->irrefutable = true;
    if (node->kind == NODE_MatchAs && !node->as.MatchAs.pattern && node->as.MatchAs.name.data) {
        CodePosition old = position_set(c, node);
        capture(c, m, node->as.MatchAs.name, node, part, false);
        position_restore(c, old);
    } else {
        if (!is_wildcard(node)) pattern(c, m, node, part);
        emit_clear(c, part);
    }
    m->irrefutable = irrefutable;
}

/* --- values --- */

static void value_pattern(Compiler *c, Matching *m, Node *node, Reg subject) {
    Reg mark = c->unit->temp_top, left = subject_copy(c, subject);
    Reg value = expr_operand(c, node->as.MatchValue.value, NO_REGISTER, NULL);
    emit_branch(c, OP_JUMP_EQ, false, left, value, m->fail);
    c->unit->temp_top = mark;
}

static void singleton_pattern(Compiler *c, Matching *m, Node *node, Reg subject) {
    Reg mark = c->unit->temp_top, left = subject_copy(c, subject);
    Value v = node_constant(c, node->as.MatchSingleton.value);
    if (value_is_none(v)) {
        emit_branch(c, OP_JUMP_IF_NONE, false, left, 0, m->fail);
    } else {
        Reg value = temp_new(c);
        emit_constant(c, value, v);
        emit_branch(c, OP_JUMP_IS, false, left, value, m->fail);
    }
    c->unit->temp_top = mark;
}

static void as_pattern(Compiler *c, Matching *m, Node *node, Reg subject) {
    Text name = node->as.MatchAs.name;
    if (node->as.MatchAs.pattern) {
        pattern(c, m, node->as.MatchAs.pattern, subject);
    } else if (!m->irrefutable) {
        if (name.data) compiler_error(c, node, "name capture '%.*s' makes remaining patterns unreachable", (int)name.length, name.data);
        else compiler_error(c, node, "wildcard makes remaining patterns unreachable");
    }
    capture(c, m, name, node, subject, true);
}

/* --- sequences --- */

/* len(subject) compared with a count; fails when the comparison is false. */
static void check_length(Compiler *c, Matching *m, Reg subject, Opcode immediate, Opcode plain, uint32_t count) {
    Reg mark = c->unit->temp_top, length = temp_new(c);
    emit2(c, OP_GET_LENGTH, length, subject);
    if (count <= INT8_MAX) {
        emit_branch(c, immediate, false, length, count, m->fail);
    } else {
        Reg wanted = temp_new(c);
        emit_constant(c, wanted, value_from_small(count));
        emit_branch(c, plain, false, length, wanted, m->fail);
    }
    c->unit->temp_top = mark;
}

/* One item by its index, where a star without a name spares the rest. */
static void indexed_item(Compiler *c, Matching *m, Node *node, Reg subject, uint32_t index, uint32_t from_end) {
    Reg mark = c->unit->temp_top, item = pattern_temps(c, m, 1), key = temp_new(c);
    if (from_end) {
        Reg count = temp_new(c);
        emit2(c, OP_GET_LENGTH, key, subject);
        emit_constant(c, count, value_from_small(from_end));
        emit(c, OP_SUB, key, key, count);
        c->unit->temp_top = count;
    } else {
        emit_constant(c, key, value_from_small(index));
    }
    if (reg_is_temp(c, subject)) {
        emit2(c, OP_COPY, item, subject);
        emit(c, OP_GET_ITEM, item, item, key);
    } else {
        emit(c, OP_GET_ITEM, item, subject, key);
    }
    c->unit->temp_top = item + 1;
    part_pattern(c, m, node, item);
    c->unit->temp_top = mark;
}

static void unpacked_items(Compiler *c, Matching *m, NodeList patterns, int64_t star, Reg subject) {
    Reg mark = c->unit->temp_top, base = pattern_temps(c, m, patterns.count);
    Reg copy = subject_copy(c, subject);
    uint32_t at = emit(c, star < 0 ? OP_UNPACK : OP_UNPACK_EX, base, copy, patterns.count);
    if (star >= 0) emit_word(c, at, 1, (uint32_t)star | (patterns.count - (uint32_t)star - 1) << 16);
    c->unit->temp_top = base + patterns.count;
    for (uint32_t i = 0; i < patterns.count && !c->failed; i++) {
        Node *part = patterns.items[i];
        if (part->kind != NODE_MatchStar) {
            part_pattern(c, m, part, base + i);
        } else if (part->as.MatchStar.name.data) {
            capture(c, m, part->as.MatchStar.name, part, base + i, false);
        } else {
            emit_clear(c, base + i);
        }
    }
    c->unit->temp_top = mark;
}

static void sequence_pattern(Compiler *c, Matching *m, Node *node, Reg subject) {
    NodeList patterns = node->as.MatchSequence.patterns;
    int64_t star = -1;
    bool only_wildcards = true, star_is_wildcard = false;
    for (uint32_t i = 0; i < patterns.count; i++) {
        const Node *part = patterns.items[i];
        if (part->kind == NODE_MatchStar) {
            if (star >= 0) compiler_error(c, node, "multiple starred names in sequence pattern");
            star = i;
            star_is_wildcard = !part->as.MatchStar.name.data;
            only_wildcards &= star_is_wildcard;
        } else {
            only_wildcards &= is_wildcard(part);
        }
    }
    Reg mark = c->unit->temp_top, fits = temp_new(c);
    emit2(c, OP_MATCH_SEQUENCE, fits, subject);
    emit_branch(c, OP_JUMP_IF, false, fits, 0, m->fail);
    c->unit->temp_top = mark;
    if (star < 0) check_length(c, m, subject, OP_JUMP_EQ_I, OP_JUMP_EQ, patterns.count);
    else if (patterns.count > 1) check_length(c, m, subject, OP_JUMP_GE_I, OP_JUMP_GE, patterns.count - 1);
    if (only_wildcards) return;
    if (!star_is_wildcard) {
        unpacked_items(c, m, patterns, star, subject);
        return;
    }
    for (uint32_t i = 0; i < patterns.count && !c->failed; i++)
        if (i != star && !is_wildcard(patterns.items[i]))
            indexed_item(c, m, patterns.items[i], subject, i, i > star ? patterns.count - i : 0);
}

/* --- mappings --- */

static void check_keys(Compiler *c, Node *node, NodeList keys) {
    for (uint32_t i = 0; i < keys.count && !c->failed; i++) {
        if (!node_is_constant(keys.items[i])) {
            if (keys.items[i]->kind != NODE_Attribute)
                compiler_error(c, node, "mapping pattern keys may only match literals and attribute lookups");
            continue;
        }
        Value key = node_constant(c, keys.items[i]);
        for (uint32_t k = 0; k < i; k++) {
            if (!node_is_constant(keys.items[k]) || value_equal(c->vm, key, node_constant(c, keys.items[k])) != 1) continue;
            Value repr = value_repr(c->vm, key);
            if (value_is_error(repr)) {
                compiler_fail(c);
                return;
            }
            size_t size = str_utf8_length(value_str_peek(repr));
            char *text = compiler_alloc(c, size + 1);
            if (text) str_utf8_copy(value_str_peek(repr), text);
            value_release(c->vm, repr);
            compiler_error(c, node, "mapping pattern checks duplicate key (%s)", text ? text : "");
            return;
        }
    }
}

/* `values` holds the tuple of parts, or None: no match. Takes it apart. */
static void values_pattern(Compiler *c, Matching *m, Reg values, uint32_t count, Node *const *patterns, Node *const *more, uint32_t split) {
    Reg copy = temp_new(c);
    emit2(c, OP_COPY, copy, values);
    emit_branch(c, OP_JUMP_IF_NONE, true, copy, 0, m->fail);
    c->unit->temp_top = copy;
    if (!count) {
        emit_clear(c, values);
        return;
    }
    Reg base = pattern_temps(c, m, count);
    emit(c, OP_UNPACK, base, values, count);
    for (uint32_t i = 0; i < count && !c->failed; i++) part_pattern(c, m, i < split ? patterns[i] : more[i - split], base + i);
    c->unit->temp_top = base;
}

static void mapping_pattern(Compiler *c, Matching *m, Node *node, Reg subject) {
    NodeList keys = node->as.MatchMapping.keys, patterns = node->as.MatchMapping.patterns;
    Text rest = node->as.MatchMapping.rest;
    Reg mark = c->unit->temp_top, fits = temp_new(c);
    check_keys(c, node, keys);
    emit2(c, OP_MATCH_MAPPING, fits, subject);
    emit_branch(c, OP_JUMP_IF, false, fits, 0, m->fail);
    c->unit->temp_top = mark;
    if (!keys.count && !rest.data) return;
    if (keys.count) check_length(c, m, subject, OP_JUMP_GE_I, OP_JUMP_GE, keys.count);
    Reg key_tuple = pattern_temps(c, m, 2), values = key_tuple + 1;
    c->unit->temp_top = values;
    tuple_to(c, keys, key_tuple);
    c->unit->temp_top = values + 1;
    if (keys.count) {
        emit(c, OP_MATCH_KEYS, values, subject, key_tuple);
        values_pattern(c, m, values, keys.count, patterns.items, NULL, keys.count);
    }
    if (rest.data) {
        emit(c, OP_MATCH_REST, values, subject, key_tuple);
        capture(c, m, rest, node, values, false);
    } else {
        emit_clear(c, key_tuple);
    }
    c->unit->temp_top = mark;
}

/* --- classes --- */

static void check_attributes(Compiler *c, Node *node) {
    TextList names = node->as.MatchClass.kwd_attrs;
    for (uint32_t i = 0; i < names.count; i++) {
        check_name(c, names.items[i], node->as.MatchClass.kwd_patterns.items[i], "assign to");
        for (uint32_t k = i + 1; k < names.count; k++)
            if (text_same(names.items[i], names.items[k]))
                compiler_error(c, node->as.MatchClass.kwd_patterns.items[k], "attribute name repeated in class pattern: %.*s",
                               (int)names.items[k].length, names.items[k].data);
    }
}

static Value attribute_names(Compiler *c, TextList names) {
    Tuple *tuple = tuple_new(c->vm, names.count);
    for (uint32_t i = 0; tuple && i < names.count; i++) {
        Str *s = name_str(c, name_from_text(c, names.items[i]));
        tuple->items[i] = s ? value_retain(value_from_object(s)) : VALUE_NONE;
    }
    return constant_intern_take(c, tuple ? value_from_object(tuple) : VALUE_ERROR);
}

static void class_pattern(Compiler *c, Matching *m, Node *node, Reg subject) {
    NodeList positional = node->as.MatchClass.patterns, keywords = node->as.MatchClass.kwd_patterns;
    Reg mark = c->unit->temp_top, values = pattern_temps(c, m, 1), cls = temp_block(c, 2);
    check_attributes(c, node);
    expr_to(c, node->as.MatchClass.cls, cls);
    emit_constant(c, cls + 1, attribute_names(c, node->as.MatchClass.kwd_attrs));
    uint32_t at = emit(c, OP_MATCH_CLASS, values, subject, cls);
    emit_word(c, at, 1, positional.count);
    c->unit->temp_top = cls;
    values_pattern(c, m, values, positional.count + keywords.count, positional.items, keywords.items, positional.count);
    c->unit->temp_top = mark;
}

/* --- alternatives --- */

/* Empties what an alternative that failed may have left, from its first temporary on, and its captures. */
static void clear_alternative(Compiler *c, const Matching *m, Reg from, const bool *before) {
    for (uint32_t i = 0; i < m->capture_count; i++)
        if (m->captures[i].bound && !before[i]) emit_clear(c, m->captures[i].reg);
    for (Reg r = from; r < m->max; r++) emit_clear(c, r);
}

static void or_pattern(Compiler *c, Matching *m, Node *node, Reg subject) {
    NodeList patterns = node->as.MatchOr.patterns;
    Label *matched = label_new(c), *outer_fail = m->fail;
    Reg outer_max = m->max, from = c->unit->temp_top;
    bool outer_irrefutable = m->irrefutable;
    bool *before = compiler_alloc(c, m->capture_count + 1u), *first = compiler_alloc(c, m->capture_count + 1u);
    if (!before || !first) return;
    for (uint32_t k = 0; k < m->capture_count; k++) before[k] = m->captures[k].bound;
    for (uint32_t i = 0; i < patterns.count && !c->failed; i++) {
        bool last = i + 1 == patterns.count;
        m->irrefutable = last && outer_irrefutable;
        m->fail = label_new(c);
        m->max = from;
        for (uint32_t k = 0; k < m->capture_count; k++) m->captures[k].bound = before[k];
        pattern(c, m, patterns.items[i], subject);
        for (uint32_t k = 0; k < m->capture_count; k++) {
            if (!i) first[k] = m->captures[k].bound;
            else if (first[k] != m->captures[k].bound) compiler_error(c, node, "alternative patterns bind different names");
        }
        emit_jump(c, matched);
        label_place(c, m->fail);
        clear_alternative(c, m, from, before);
        if (m->max > outer_max) outer_max = m->max;
    }
    m->fail = outer_fail;
    m->max = outer_max;
    m->irrefutable = outer_irrefutable;
    emit_jump(c, m->fail);
    label_place(c, matched);
}

static void pattern(Compiler *c, Matching *m, Node *node, Reg subject) {
    if (!compiler_enter(c)) return;
    CodePosition old = position_set(c, node);
    switch (node->kind) {
    case NODE_MatchValue: value_pattern(c, m, node, subject); break;
    case NODE_MatchSingleton: singleton_pattern(c, m, node, subject); break;
    case NODE_MatchAs: as_pattern(c, m, node, subject); break;
    case NODE_MatchSequence: sequence_pattern(c, m, node, subject); break;
    case NODE_MatchMapping: mapping_pattern(c, m, node, subject); break;
    case NODE_MatchClass: class_pattern(c, m, node, subject); break;
    case NODE_MatchOr: or_pattern(c, m, node, subject); break;
    default: compiler_error(c, node, "this is not a pattern");
    }
    position_restore(c, old);
}

/* --- the statement --- */

static void store_captures(Compiler *c, Matching *m, const Node *at) {
    CodePosition old = position_set(c, at);
    for (uint32_t i = 0; i < m->capture_count; i++) {
        Ref ref = name_ref(c, m->captures[i].name);
        ref_store(c, &ref, m->captures[i].reg);
    }
    position_restore(c, old);
}

static void match_case(Compiler *c, Node *clause, Reg subject, bool is_last, Label *end) {
    Node *guard = clause->as.MatchCase.guard, *shape = clause->as.MatchCase.pattern;
    Label *next = label_new(c);
    Reg mark = c->unit->temp_top;
    Matching m = {.fail = label_new(c), .max = mark, .irrefutable = guard || is_last};
    captures_declare(c, &m, shape);
    pattern(c, &m, shape, subject);
    store_captures(c, &m, shape);
    c->unit->temp_top = mark;
    if (guard) branch_on(c, guard, false, next);
    if (reg_is_temp(c, subject)) emit_clear(c, subject);
    body(c, clause->as.MatchCase.body);
    emit_jump(c, end);
    label_place(c, m.fail);
    for (Reg r = mark; r < m.max; r++) emit_clear(c, r);
    label_place(c, next);
}

/* A subject that is a local is used in place, unless a case may bind it. */
static Reg match_subject(Compiler *c, Node *node) {
    Node *subject = node->as.Match.subject;
    bool binds = false;
    for (uint32_t i = 0; i < node->as.Match.cases.count; i++) {
        const Node *clause = node->as.Match.cases.items[i];
        Reg mark = c->unit->temp_top;
        Matching m = {.max = mark};
        captures_declare(c, &m, clause->as.MatchCase.pattern);
        binds |= (subject->kind == NODE_Name && capture_find(&m, subject->as.Name.id)) || expr_may_assign(c, clause->as.MatchCase.guard);
        c->unit->temp_top = mark;
    }
    return binds ? expr_new(c, subject) : expr_operand(c, subject, NO_REGISTER, NULL);
}

void match_statement(Compiler *c, Node *node) {
    NodeList cases = node->as.Match.cases;
    Label *end = label_new(c);
    Reg mark = c->unit->temp_top, subject = match_subject(c, node);
    for (uint32_t i = 0; i < cases.count && !c->failed; i++) match_case(c, cases.items[i], subject, i + 1 == cases.count, end);
    if (reg_is_temp(c, subject)) emit_clear(c, subject);
    label_place(c, end);
    c->unit->temp_top = mark;
}
