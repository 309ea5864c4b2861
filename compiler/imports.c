/* import and from .. import. */
#include "compiler/codegen.h"

#include "vm/types/str.h"
#include "vm/types/tuple.h"

/* R[args] := fromlist, R[args + 1] := level; then the module in `args`. */
static void import_name(Compiler *c, Text module, Value fromlist, int level, Reg args) {
    emit_constant(c, args, fromlist);
    emit_constant(c, args + 1, value_from_small(level));
    uint32_t at = emit2_at(c, OP_IMPORT_NAME, args, args);
    emit_word(c, at, 1, name_index(c, name_from_text(c, module)));
}

/* import a.b.c as d: the innermost module. */
static void descend(Compiler *c, Text dotted, Reg module) {
    Reg next = temp_new(c);
    const char *end = dotted.data + dotted.length, *dot = memchr(dotted.data, '.', dotted.length);
    while (dot) {
        const char *start = dot + 1;
        dot = memchr(start, '.', (size_t)(end - start));
        uint32_t at = emit2_at(c, OP_IMPORT_FROM, next, module);
        emit_word(c, at, 1, name_index(c, name_get(c, start, (size_t)((dot ? dot : end) - start))));
        emit_clear(c, module);
        emit_move(c, module, next);
    }
    c->unit->temp_top = next;
}

static void import_alias(Compiler *c, Node *node, Node *alias) {
    Text name = alias->as.Alias.name, asname = alias->as.Alias.asname;
    Reg mark = c->unit->temp_top, args = temp_block(c, 2);
    import_name(c, name, VALUE_NONE, 0, args);
    c->unit->temp_top = args + 1;
    Text bound = asname;
    if (asname.data) {
        descend(c, name, args);
    } else {
        const char *dot = memchr(name.data, '.', name.length);
        bound = (Text){name.data, dot ? (uint32_t)(dot - name.data) : name.length};
    }
    check_name(c, bound, node, "assign to");
    Ref ref = name_ref(c, bound);
    ref_store(c, &ref, args);
    c->unit->temp_top = mark;
}

void import_statement(Compiler *c, Node *node) {
    for (uint32_t i = 0; i < node->as.Import.names.count && !c->failed; i++) import_alias(c, node, node->as.Import.names.items[i]);
}

static Value from_list(Compiler *c, NodeList names) {
    Tuple *tuple = tuple_new(c->vm, names.count);
    for (uint32_t i = 0; tuple && i < names.count; i++) {
        Str *s = name_str(c, name_from_text(c, names.items[i]->as.Alias.name));
        tuple->items[i] = s ? value_retain(value_from_object(s)) : VALUE_NONE;
    }
    return constant_intern_take(c, tuple ? value_from_object(tuple) : VALUE_ERROR);
}

void import_from_statement(Compiler *c, Node *node) {
    NodeList names = node->as.ImportFrom.names;
    Text module = node->as.ImportFrom.module;
    if (!module.data) module = (Text){"", 0};
    if (text_is(module, "__future__") && !node->as.ImportFrom.level && !future_is_allowed(c, node)) return;
    Reg mark = c->unit->temp_top, args = temp_block(c, 2);
    import_name(c, module, from_list(c, names), node->as.ImportFrom.level, args);
    c->unit->temp_top = args + 1;
    if (names.count == 1 && text_is(names.items[0]->as.Alias.name, "*")) {
        emit1(c, OP_IMPORT_STAR, args);
        c->unit->temp_top = mark;
        return;
    }
    for (uint32_t i = 0; i < names.count && !c->failed; i++) {
        const Node *alias = names.items[i];
        Text name = alias->as.Alias.name, bound = alias->as.Alias.asname.data ? alias->as.Alias.asname : name;
        Reg value = temp_new(c);
        uint32_t at = emit2_at(c, OP_IMPORT_FROM, value, args);
        emit_word(c, at, 1, name_index(c, name_from_text(c, name)));
        check_name(c, bound, node, "assign to");
        Ref ref = name_ref(c, bound);
        ref_store(c, &ref, value);
        c->unit->temp_top = value;
    }
    emit_clear(c, args);
    c->unit->temp_top = mark;
}

/* --- from __future__ import --- */

static bool is_feature(Text name) {
    static const char *const features[] = {"nested_scopes", "generators", "division", "absolute_import", "with_statement",
                                           "print_function", "unicode_literals", "barry_as_FLUFL", "generator_stop", "annotations"};
    for (size_t i = 0; i < sizeof features / sizeof *features; i++)
        if (text_is(name, features[i])) return true;
    return false;
}

static bool is_future(const Node *statement) {
    return statement->kind == NODE_ImportFrom && text_is(statement->as.ImportFrom.module, "__future__") && !statement->as.ImportFrom.level;
}

static void read_features(Compiler *c, const Node *statement) {
    for (uint32_t i = 0; i < statement->as.ImportFrom.names.count && !c->failed; i++) {
        Text name = statement->as.ImportFrom.names.items[i]->as.Alias.name;
        Position unknown = {statement->start.line, UINT32_MAX};
        if (text_is(name, "annotations")) c->flags |= CODE_FUTURE_ANNOTATIONS;
        else if (text_is(name, "braces")) compiler_error_at(c, statement->start, unknown, "not a chance");
        else if (!is_feature(name))
            compiler_error_at(c, statement->start, unknown, "future feature %.*s is not defined", (int)name.length, name.data);
    }
}

/* The statements that may stand before and among the __future__ imports; reads the features. */
void future_read(Compiler *c, Node *tree) {
    if (tree->kind == NODE_Expression) return;
    NodeList statements = tree->kind == NODE_Module ? tree->as.Module.body : tree->as.Interactive.body;
    uint32_t i = is_docstring(statements) ? 1 : 0;
    for (; i < statements.count && is_future(statements.items[i]); i++) {
        read_features(c, statements.items[i]);
        c->future_end = statements.items[i]->end;
    }
}

bool future_is_allowed(Compiler *c, const Node *node) {
    bool early = node->start.line < c->future_end.line || (node->start.line == c->future_end.line && node->start.column < c->future_end.column);
    if (!early) compiler_error(c, node, "from __future__ imports must occur at the beginning of the file");
    return early;
}
