/* The source text of an annotation, normalised, as `from __future__ import annotations` keeps it: CPython's spacing, quotes and parentheses.
 *
 * An expression is written with the precedence that its place asks for; where its own is lower it gets parentheses. To add a kind of
 * expression, add a case in write. */
#include "compiler/codegen.h"

#include <stdio.h>

#include "vm/ops.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

typedef enum Precedence {
    AT_TUPLE, AT_TEST, AT_OR, AT_AND, AT_NOT, AT_COMPARE, AT_BOR, AT_BXOR, AT_BAND, AT_SHIFT, AT_ARITH, AT_TERM, AT_FACTOR, AT_POWER,
    AT_AWAIT, AT_ATOM
} Precedence;

typedef struct Writer {
    Compiler *c;
    StrBuilder out;
} Writer;

static void write(Writer *w, const Node *n, Precedence level);

static void text(Writer *w, const char *s) { builder_add_ascii(&w->out, s, strlen(s)); }
static void name(Writer *w, Text t) { builder_add_utf8(&w->out, t.data, t.length); }

static void open_if(Writer *w, bool needed) {
    if (needed) text(w, "(");
}
static void close_if(Writer *w, bool needed) {
    if (needed) text(w, ")");
}

static void write_list(Writer *w, NodeList list, Precedence level) {
    for (uint32_t i = 0; i < list.count; i++) {
        if (i) text(w, ", ");
        write(w, list.items[i], level);
    }
}

/* --- operators --- */

typedef struct OperatorText {
    const char *text;
    Precedence level;
} OperatorText;

static const OperatorText binary_texts[] = {
    {" + ", AT_ARITH}, {" - ", AT_ARITH}, {" * ", AT_TERM},   {" @ ", AT_TERM},  {" / ", AT_TERM}, {" // ", AT_TERM}, {" % ", AT_TERM},
    {" ** ", AT_POWER}, {" << ", AT_SHIFT}, {" >> ", AT_SHIFT}, {" & ", AT_BAND}, {" | ", AT_BOR}, {" ^ ", AT_BXOR},
};

static void write_binary(Writer *w, const Node *n, Precedence level) {
    OperatorText op = binary_texts[n->as.BinOp.op];
    bool right_associative = n->as.BinOp.op == BINARY_POW, parens = level > op.level;
    open_if(w, parens);
    write(w, n->as.BinOp.left, (Precedence)(op.level + right_associative));
    text(w, op.text);
    write(w, n->as.BinOp.right, (Precedence)(op.level + !right_associative));
    close_if(w, parens);
}

static void write_unary(Writer *w, const Node *n, Precedence level) {
    static const char *const texts[] = {"-", "+", "~", "not "};
    Precedence own = n->as.UnaryOp.op == UNARY_NOT ? AT_NOT : AT_FACTOR;
    open_if(w, level > own);
    text(w, texts[n->as.UnaryOp.op]);
    write(w, n->as.UnaryOp.operand, own);
    close_if(w, level > own);
}

static void write_bool_op(Writer *w, const Node *n, Precedence level) {
    Precedence own = n->as.BoolOp.is_or ? AT_OR : AT_AND;
    open_if(w, level > own);
    for (uint32_t i = 0; i < n->as.BoolOp.values.count; i++) {
        if (i) text(w, n->as.BoolOp.is_or ? " or " : " and ");
        write(w, n->as.BoolOp.values.items[i], (Precedence)(own + 1));
    }
    close_if(w, level > own);
}

static void write_compare(Writer *w, const Node *n, Precedence level) {
    static const char *const texts[] = {" < ", " <= ", " == ", " != ", " > ", " >= ", " is ", " is not ", " in ", " not in "};
    open_if(w, level > AT_COMPARE);
    write(w, n->as.Compare.left, (Precedence)(AT_COMPARE + 1));
    for (uint32_t i = 0; i < n->as.Compare.comparators.count; i++) {
        text(w, texts[n->as.Compare.ops[i]]);
        write(w, n->as.Compare.comparators.items[i], (Precedence)(AT_COMPARE + 1));
    }
    close_if(w, level > AT_COMPARE);
}

static void write_if_expression(Writer *w, const Node *n, Precedence level) {
    open_if(w, level > AT_TEST);
    write(w, n->as.IfExp.body, (Precedence)(AT_TEST + 1));
    text(w, " if ");
    write(w, n->as.IfExp.test, (Precedence)(AT_TEST + 1));
    text(w, " else ");
    write(w, n->as.IfExp.orelse, AT_TEST);
    close_if(w, level > AT_TEST);
}

/* --- functions and calls --- */

static void write_arg(Writer *w, const Node *arg, const Node *default_value, bool *first) {
    if (!*first) text(w, ", ");
    *first = false;
    name(w, arg->as.Arg.name);
    if (!default_value) return;
    text(w, "=");
    write(w, default_value, AT_TEST);
}

static void write_arguments(Writer *w, const Node *args) {
    NodeList posonly = args->as.Arguments.posonly, plain = args->as.Arguments.args, kwonly = args->as.Arguments.kwonly;
    NodeList defaults = args->as.Arguments.defaults;
    uint32_t total = posonly.count + plain.count, first_default = total - defaults.count;
    bool first = true;
    for (uint32_t i = 0; i < total; i++) {
        write_arg(w, i < posonly.count ? posonly.items[i] : plain.items[i - posonly.count],
                  i >= first_default ? defaults.items[i - first_default] : NULL, &first);
        if (posonly.count && i + 1 == posonly.count) text(w, ", /");
    }
    if (args->as.Arguments.vararg || kwonly.count) {
        if (!first) text(w, ", ");
        first = false;
        text(w, "*");
        if (args->as.Arguments.vararg) name(w, args->as.Arguments.vararg->as.Arg.name);
    }
    for (uint32_t i = 0; i < kwonly.count; i++) write_arg(w, kwonly.items[i], args->as.Arguments.kw_defaults.items[i], &first);
    if (!args->as.Arguments.kwarg) return;
    if (!first) text(w, ", ");
    text(w, "**");
    name(w, args->as.Arguments.kwarg->as.Arg.name);
}

static void write_lambda(Writer *w, const Node *n, Precedence level) {
    const Node *args = n->as.Lambda.args;
    bool any = args->as.Arguments.posonly.count || args->as.Arguments.args.count || args->as.Arguments.kwonly.count ||
               args->as.Arguments.vararg || args->as.Arguments.kwarg;
    open_if(w, level > AT_TEST);
    text(w, any ? "lambda " : "lambda");
    write_arguments(w, args);
    text(w, ": ");
    write(w, n->as.Lambda.body, AT_TEST);
    close_if(w, level > AT_TEST);
}

static void write_call(Writer *w, const Node *n) {
    NodeList args = n->as.Call.args, keywords = n->as.Call.keywords;
    write(w, n->as.Call.func, AT_ATOM);
    if (args.count == 1 && !keywords.count && args.items[0]->kind == NODE_GeneratorExp) {
        write(w, args.items[0], AT_ATOM);
        return;
    }
    text(w, "(");
    write_list(w, args, AT_TEST);
    for (uint32_t i = 0; i < keywords.count; i++) {
        if (i || args.count) text(w, ", ");
        if (keywords.items[i]->as.Keyword.name.data) {
            name(w, keywords.items[i]->as.Keyword.name);
            text(w, "=");
        } else {
            text(w, "**");
        }
        write(w, keywords.items[i]->as.Keyword.value, AT_TEST);
    }
    text(w, ")");
}

/* --- displays --- */

static void write_clauses(Writer *w, NodeList clauses) {
    for (uint32_t i = 0; i < clauses.count; i++) {
        const Node *clause = clauses.items[i];
        text(w, clause->as.Comprehension.is_async ? " async for " : " for ");
        write(w, clause->as.Comprehension.target, AT_TUPLE);
        text(w, " in ");
        write(w, clause->as.Comprehension.iter, (Precedence)(AT_TEST + 1));
        for (uint32_t k = 0; k < clause->as.Comprehension.ifs.count; k++) {
            text(w, " if ");
            write(w, clause->as.Comprehension.ifs.items[k], (Precedence)(AT_TEST + 1));
        }
    }
}

static void write_comprehension(Writer *w, const char *open, const Node *element, NodeList clauses, const char *close) {
    text(w, open);
    write(w, element, AT_TEST);
    write_clauses(w, clauses);
    text(w, close);
}

static void write_dict(Writer *w, const Node *n) {
    text(w, "{");
    for (uint32_t i = 0; i < n->as.Dict.keys.count; i++) {
        if (i) text(w, ", ");
        if (n->as.Dict.keys.items[i]) {
            write(w, n->as.Dict.keys.items[i], AT_TEST);
            text(w, ": ");
            write(w, n->as.Dict.values.items[i], AT_TEST);
        } else {
            text(w, "**");
            write(w, n->as.Dict.values.items[i], AT_BOR);
        }
    }
    text(w, "}");
}

static void write_tuple(Writer *w, NodeList elements, Precedence level) {
    bool parens = !elements.count || level > AT_TUPLE;
    open_if(w, parens);
    write_list(w, elements, AT_TEST);
    if (elements.count == 1) text(w, ",");
    close_if(w, parens);
}

static void write_slice(Writer *w, const Node *n) {
    if (n->as.Slice.lower) write(w, n->as.Slice.lower, AT_TEST);
    text(w, ":");
    if (n->as.Slice.upper) write(w, n->as.Slice.upper, AT_TEST);
    if (!n->as.Slice.step) return;
    text(w, ":");
    write(w, n->as.Slice.step, AT_TEST);
}

/* --- constants and formatted strings --- */

static void write_constant(Writer *w, const Node *n) {
    const Constant *constant = &n->as.Constant.constant;
    if (constant->kind == CONSTANT_ELLIPSIS) {
        text(w, "...");
        return;
    }
    if (constant->unicode_prefix) text(w, "u");
    builder_add_repr(&w->out, node_constant(w->c, n));
}

static void write_formatted_parts(Writer *w, StrBuilder *body, const Node *n);

static void write_replacement(Writer *w, StrBuilder *body, const Node *n) {
    Writer inner = {.c = w->c};
    builder_init(&inner.out, w->c->vm);
    write(&inner, n->as.FormattedValue.value, (Precedence)(AT_TEST + 1));
    Value v = builder_finish(&inner.out);
    if (value_is_error(v)) {
        compiler_fail(w->c);
        return;
    }
    builder_add_char(body, '{');
    if (value_str_peek(v)->length && str_at(value_str_peek(v), 0) == '{') builder_add_char(body, ' ');
    builder_add_str(body, value_str_peek(v));
    value_release(w->c->vm, v);
    if (n->as.FormattedValue.conversion) {
        builder_add_char(body, '!');
        builder_add_char(body, (uint32_t)n->as.FormattedValue.conversion);
    }
    if (n->as.FormattedValue.format_spec) {
        builder_add_char(body, ':');
        write_formatted_parts(w, body, n->as.FormattedValue.format_spec);
    }
    builder_add_char(body, '}');
}

static void write_formatted_parts(Writer *w, StrBuilder *body, const Node *n) {
    for (uint32_t i = 0; i < n->as.JoinedStr.values.count && !w->c->failed; i++) {
        const Node *part = n->as.JoinedStr.values.items[i];
        if (part->kind == NODE_FormattedValue) {
            write_replacement(w, body, part);
            continue;
        }
        Str *s = value_str_peek(node_constant(w->c, part));
        for (size_t k = 0; k < s->length; k++) {
            uint32_t ch = str_at(s, k);
            if (ch == '{' || ch == '}') builder_add_char(body, ch);
            builder_add_char(body, ch);
        }
    }
}

static void write_joined(Writer *w, const Node *n) {
    StrBuilder inner;
    builder_init(&inner, w->c->vm);
    write_formatted_parts(w, &inner, n);
    Value v = builder_finish(&inner);
    if (value_is_error(v)) {
        compiler_fail(w->c);
        return;
    }
    text(w, "f");
    builder_add_repr(&w->out, v);
    value_release(w->c->vm, v);
}

/* --- the dispatch --- */

static void write_attribute(Writer *w, const Node *n) {
    const Node *value = n->as.Attribute.value;
    write(w, value, AT_ATOM);
    bool is_int = value->kind == NODE_Constant &&
                  (value->as.Constant.constant.kind == CONSTANT_INT || value->as.Constant.constant.kind == CONSTANT_BIG);
    text(w, is_int ? " ." : ".");
    name(w, n->as.Attribute.attr);
}

static void write_prefixed(Writer *w, const char *prefix, const Node *value, bool parens, Precedence level) {
    open_if(w, parens);
    text(w, prefix);
    if (value) write(w, value, level);
    close_if(w, parens);
}

static void write(Writer *w, const Node *n, Precedence level) {
    if (!compiler_enter(w->c)) return;
    switch (n->kind) {
    case NODE_Constant: write_constant(w, n); break;
    case NODE_Name: name(w, n->as.Name.id); break;
    case NODE_Attribute: write_attribute(w, n); break;
    case NODE_Subscript:
        write(w, n->as.Subscript.value, AT_ATOM);
        text(w, "[");
        write(w, n->as.Subscript.slice, AT_TUPLE);
        text(w, "]");
        break;
    case NODE_Slice: write_slice(w, n); break;
    case NODE_BinOp: write_binary(w, n, level); break;
    case NODE_UnaryOp: write_unary(w, n, level); break;
    case NODE_BoolOp: write_bool_op(w, n, level); break;
    case NODE_Compare: write_compare(w, n, level); break;
    case NODE_IfExp: write_if_expression(w, n, level); break;
    case NODE_Lambda: write_lambda(w, n, level); break;
    case NODE_Call: write_call(w, n); break;
    case NODE_Tuple: write_tuple(w, n->as.Tuple.elements, level); break;
    case NODE_List:
        text(w, "[");
        write_list(w, n->as.List.elements, AT_TEST);
        text(w, "]");
        break;
    case NODE_Set:
        text(w, "{");
        write_list(w, n->as.Set.elements, AT_TEST);
        text(w, "}");
        break;
    case NODE_Dict: write_dict(w, n); break;
    case NODE_ListComp: write_comprehension(w, "[", n->as.ListComp.element, n->as.ListComp.generators, "]"); break;
    case NODE_SetComp: write_comprehension(w, "{", n->as.SetComp.element, n->as.SetComp.generators, "}"); break;
    case NODE_GeneratorExp: write_comprehension(w, "(", n->as.GeneratorExp.element, n->as.GeneratorExp.generators, ")"); break;
    case NODE_DictComp:
        text(w, "{");
        write(w, n->as.DictComp.key, AT_TEST);
        text(w, ": ");
        write(w, n->as.DictComp.value, AT_TEST);
        write_clauses(w, n->as.DictComp.generators);
        text(w, "}");
        break;
    case NODE_JoinedStr: write_joined(w, n); break;
    case NODE_Starred: write_prefixed(w, "*", n->as.Starred.value, false, AT_BOR); break;
    case NODE_Await: write_prefixed(w, "await ", n->as.Await.value, level > AT_AWAIT, AT_ATOM); break;
    case NODE_Yield: write_prefixed(w, n->as.Yield.value ? "yield " : "yield", n->as.Yield.value, true, AT_TUPLE); break;
    case NODE_YieldFrom: write_prefixed(w, "yield from ", n->as.YieldFrom.value, true, AT_TEST); break;
    case NODE_NamedExpr:
        open_if(w, level > AT_TUPLE);
        write(w, n->as.NamedExpr.target, AT_ATOM);
        text(w, " := ");
        write(w, n->as.NamedExpr.value, AT_ATOM);
        close_if(w, level > AT_TUPLE);
        break;
    default: break;
    }
}

Value annotation_text(Compiler *c, Node *annotation) {
    Writer w = {.c = c};
    builder_init(&w.out, c->vm);
    write(&w, annotation, AT_TEST);
    return constant_intern_take(c, builder_finish(&w.out));
}
