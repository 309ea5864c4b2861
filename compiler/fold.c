/* Constant folding: replaces expressions of constants by their values before scopes are looked at.
 *
 * What is folded, and the limits on the size of results, are those of CPython 3.13's AST optimiser, since the difference can be
 * seen (`is` between constants, positions in tracebacks, time). An operation that raises is left for run time. Nodes are never
 * changed in place, since a node is only as large as its kind: the slot that points to it is. To fold another kind of
 * node, add a function and a case in fold_node. */
#include "compiler/context.h"

#include "vm/ops.h"
#include "vm/types/bytes.h"
#include "vm/types/int.h"
#include "vm/types/set.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

enum { MAX_INT_BITS = 128, MAX_COLLECTION_SIZE = 256, MAX_STR_SIZE = 4096, MAX_TOTAL_ITEMS = 1024 };

static void fold_slot(Compiler *c, Node **slot);

static void fold_child(Compiler *c, void *field) {
    Node **slot = field;
    if (*slot) fold_slot(c, slot);
}

static void fold_children(Compiler *c, void *field) {
    NodeList *list = field;
    for (uint32_t i = 0; i < list->count; i++)
        if (list->items[i]) fold_slot(c, &list->items[i]);
}

static void fold_nothing(Compiler *c, void *field) {
    (void)c;
    (void)field;
}

/* Folds everything below a node, by the fields that ast.def lists. */
static void fold_fields(Compiler *c, Node *n) {
    switch (n->kind) {
#define F(type, name) _Generic(&field->name, Node **: fold_child, NodeList *: fold_children, default: fold_nothing)(c, (void *)&field->name);
#define NODE(name, fields) \
    case NODE_##name: { \
        __typeof__(&n->as.name) field = &n->as.name; \
        (void)field; \
        fields \
        break; \
    }
#include "parser/ast.def"
#undef NODE
#undef F
    default: break;
    }
}

/* --- constants in the tree --- */

bool node_is_string(const Node *node) {
    return node->kind == NODE_Constant && node->as.Constant.constant.kind == CONSTANT_STR;
}

int node_truth(Compiler *c, const Node *node) {
    if (!node_is_constant(node)) return -1;
    int truth = value_truth(c->vm, node_constant(c, node));
    return truth;
}

/* A Constant with the value (stolen) in place of a node. An error is forgotten, and the slot left as it is. */
static void replace_take(Compiler *c, Node **slot, Value v) {
    if (value_is_error(v)) {
        error_clear(c->vm);
        return;
    }
    Node *old = *slot, *node = compiler_alloc(c, node_kind_size(NODE_Constant));
    v = constant_intern_take(c, v);
    if (!node) return;
    node->kind = NODE_Constant;
    node->start = old->start;
    node->end = old->end;
    node->flags = old->flags;
    node->depth = 1;
    Constant *constant = &node->as.Constant.constant;
    constant->kind = value_is_none(v)    ? CONSTANT_NONE
                     : value_is_true(v)  ? CONSTANT_TRUE
                     : value_is_false(v) ? CONSTANT_FALSE
                                         : CONSTANT_VALUE;
    constant->integer = (int64_t)v.bits;
    *slot = node;
}

static bool all_constant(const NodeList *list) {
    for (uint32_t i = 0; i < list->count; i++)
        if (!node_is_constant(list->items[i])) return false;
    return true;
}

static Value tuple_of(Compiler *c, const NodeList *list) {
    Tuple *tuple = tuple_new(c->vm, list->count);
    if (!tuple) return VALUE_ERROR;
    for (uint32_t i = 0; i < list->count; i++) tuple->items[i] = value_retain(node_constant(c, list->items[i]));
    tuple_track(c->vm, tuple);
    return value_from_object(tuple);
}

/* --- arithmetic --- */

/* Items of a constant tuple or frozenset, nested ones counted; beyond the limit, -1. */
static int64_t total_items(Value v, int64_t limit) {
    if (!value_is_tuple(v)) return limit;
    Tuple *tuple = value_tuple(v);
    limit -= (int64_t)tuple->count;
    for (size_t i = 0; i < tuple->count && limit >= 0; i++) limit = total_items(tuple->items[i], limit);
    return limit;
}

static bool multiply_is_small(Value a, Value b) {
    if (value_is_int(a) && value_is_int(b)) return int_bit_length(a) + int_bit_length(b) <= MAX_INT_BITS;
    if (!value_is_int(a)) {
        Value other = a;
        a = b;
        b = other;
    }
    int64_t n;
    if (!value_is_int(a)) return true;
    if (value_is_tuple(b) && value_tuple(b)->count) {
        if (!int_to_i64(a, &n) || n < 0 || n > MAX_COLLECTION_SIZE / (int64_t)value_tuple(b)->count) return false;
        return !n || total_items(b, MAX_TOTAL_ITEMS / n) >= 0;
    }
    size_t length = value_is_str(b) ? value_str_peek(b)->length : value_is_bytes(b) ? value_bytes(b)->length : 0;
    return !length || (int_to_i64(a, &n) && n >= 0 && n <= MAX_STR_SIZE / (int64_t)length);
}

static bool power_is_small(Value a, Value b) {
    int64_t n;
    if (!value_is_int(a) || !value_is_int(b) || int_sign(b) <= 0 || !int_sign(a)) return true;
    return int_to_i64(b, &n) && n <= MAX_INT_BITS && int_bit_length(a) * (uint64_t)n <= MAX_INT_BITS;
}

static bool shift_is_small(Value a, Value b) {
    int64_t n;
    if (!value_is_int(a) || !value_is_int(b) || !int_sign(a) || !int_sign(b)) return true;
    return int_to_i64(b, &n) && n <= MAX_INT_BITS && (n < 0 || int_bit_length(a) <= (uint64_t)(MAX_INT_BITS - n));
}

static bool binary_folds(BinaryOperator op, Value a, Value b) {
    switch (op) {
    case BINARY_MUL: return multiply_is_small(a, b);
    case BINARY_POW: return power_is_small(a, b);
    case BINARY_LSHIFT: return shift_is_small(a, b);
    case BINARY_MOD: return !value_is_str(a) && !value_is_bytes(a);
    case BINARY_MATMUL: return false;
    default: return true;
    }
}

static void fold_binary(Compiler *c, Node **slot) {
    Node *n = *slot;
    if (!node_is_constant(n->as.BinOp.left) || !node_is_constant(n->as.BinOp.right)) return;
    Value a = node_constant(c, n->as.BinOp.left), b = node_constant(c, n->as.BinOp.right);
    if (c->failed || !binary_folds(n->as.BinOp.op, a, b)) return;
    replace_take(c, slot, value_binary(c->vm, n->as.BinOp.op, a, b));
}

/* A chain a + b + c + ... is deep to the left: it is folded from its innermost operation outwards. */
static void fold_binary_chain(Compiler *c, Node **slot) {
    uint32_t count = 0, capacity = 0;
    Node ***chain = NULL;
    for (Node **s = slot; (*s)->kind == NODE_BinOp; s = &(*s)->as.BinOp.left) {
        chain = compiler_grow(c, chain, &capacity, count + 1, sizeof *chain);
        if (!chain) return;
        chain[count++] = s;
    }
    fold_slot(c, &(*chain[count - 1])->as.BinOp.left);
    while (count && !c->failed) {
        Node **s = chain[--count];
        fold_slot(c, &(*s)->as.BinOp.right);
        fold_binary(c, s);
    }
}

/* `not (a in b)` is `a not in b`. */
static bool invert_comparison(Compiler *c, Node **slot) {
    Node *compare = (*slot)->as.UnaryOp.operand;
    if (compare->kind != NODE_Compare || compare->as.Compare.comparators.count != 1) return false;
    CompareOperator *op = &compare->as.Compare.ops[0];
    (void)c;
    switch (*op) {
    case COMPARE_IS: *op = COMPARE_IS_NOT; break;
    case COMPARE_IS_NOT: *op = COMPARE_IS; break;
    case COMPARE_IN: *op = COMPARE_NOT_IN; break;
    case COMPARE_NOT_IN: *op = COMPARE_IN; break;
    default: return false;
    }
    compare->start = (*slot)->start;
    compare->end = (*slot)->end;
    *slot = compare;
    return true;
}

static void fold_unary(Compiler *c, Node **slot) {
    Node *operand = (*slot)->as.UnaryOp.operand;
    UnaryOperator op = (*slot)->as.UnaryOp.op;
    if (op == UNARY_NOT && invert_comparison(c, slot)) return;
    if (!node_is_constant(operand)) return;
    Value v = node_constant(c, operand);
    if (c->failed) return;
    switch (op) {
    case UNARY_NEGATIVE: replace_take(c, slot, value_negative(c->vm, v)); break;
    case UNARY_POSITIVE: replace_take(c, slot, value_positive(c->vm, v)); break;
    case UNARY_INVERT:
        if (!value_is_bool(v)) replace_take(c, slot, value_invert(c->vm, v));
        break;
    case UNARY_NOT: {
        int truth = value_truth(c->vm, v);
        replace_take(c, slot, truth < 0 ? VALUE_ERROR : value_from_bool(!truth));
    }
    }
}

static void fold_subscript(Compiler *c, Node **slot) {
    Node *value = (*slot)->as.Subscript.value, *key = (*slot)->as.Subscript.slice;
    if (!node_is_constant(value) || !node_is_constant(key)) return;
    replace_take(c, slot, value_get_item(c->vm, node_constant(c, value), node_constant(c, key)));
}

static void fold_tuple(Compiler *c, Node **slot) {
    if (all_constant(&(*slot)->as.Tuple.elements)) replace_take(c, slot, tuple_of(c, &(*slot)->as.Tuple.elements));
}

/* What is only iterated over or searched: a list becomes a tuple, a set of constants a frozenset. */
static void fold_iterable(Compiler *c, Node **slot) {
    Node *n = *slot;
    if (n->kind == NODE_List) {
        for (uint32_t i = 0; i < n->as.List.elements.count; i++)
            if (n->as.List.elements.items[i]->kind == NODE_Starred) return;
        if (all_constant(&n->as.List.elements)) {
            replace_take(c, slot, tuple_of(c, &n->as.List.elements));
            return;
        }
        Node *tuple = compiler_alloc(c, node_kind_size(NODE_Tuple));
        if (!tuple) return;
        tuple->kind = NODE_Tuple;
        tuple->start = n->start;
        tuple->end = n->end;
        tuple->depth = n->depth;
        tuple->as.Tuple.elements = n->as.List.elements;
        tuple->as.Tuple.parenthesized = true;
        *slot = tuple;
    } else if (n->kind == NODE_Set && all_constant(&n->as.Set.elements)) {
        Value tuple = tuple_of(c, &n->as.Set.elements);
        if (value_is_error(tuple)) {
            compiler_fail(c);
            return;
        }
        Set *set = set_from_iterable(c->vm, TYPE(c->vm, FROZENSET), tuple);
        value_release(c->vm, tuple);
        replace_take(c, slot, set ? value_from_object(set) : VALUE_ERROR);
    }
}

static void fold_compare(Compiler *c, Node *n) {
    uint32_t last = n->as.Compare.comparators.count - 1;
    CompareOperator op = n->as.Compare.ops[last];
    if (op == COMPARE_IN || op == COMPARE_NOT_IN) fold_iterable(c, &n->as.Compare.comparators.items[last]);
}

static void fold_name(Compiler *c, Node **slot) {
    if (text_is((*slot)->as.Name.id, "__debug__")) replace_take(c, slot, value_from_bool(c->options->optimize == 0));
}

/* --- the walk --- */

/* Targets hold no constants, but indices and values inside them may. */
static void fold_target(Compiler *c, Node **slot) {
    Node *n = *slot;
    switch (n->kind) {
    case NODE_Name: break;
    case NODE_Starred: fold_target(c, &n->as.Starred.value); break;
    case NODE_List:
    case NODE_Tuple: {
        NodeList *list = n->kind == NODE_List ? &n->as.List.elements : &n->as.Tuple.elements;
        for (uint32_t i = 0; i < list->count; i++) fold_target(c, &list->items[i]);
        break;
    }
    default: fold_fields(c, n);
    }
}

static void fold_targets(Compiler *c, NodeList *targets) {
    for (uint32_t i = 0; i < targets->count; i++) fold_target(c, &targets->items[i]);
}

/* An if and the elifs behind it: iterates along the chain. */
static void fold_if(Compiler *c, Node *n) {
    for (;;) {
        fold_child(c, &n->as.If.test);
        fold_children(c, &n->as.If.body);
        NodeList *orelse = &n->as.If.orelse;
        if (orelse->count != 1 || orelse->items[0]->kind != NODE_If) {
            fold_children(c, orelse);
            return;
        }
        n = orelse->items[0];
    }
}

/* Statements that assign: their targets are not expressions. */
static bool fold_assignment(Compiler *c, Node *n) {
    switch (n->kind) {
    case NODE_Assign:
        fold_targets(c, &n->as.Assign.targets);
        fold_child(c, &n->as.Assign.value);
        return true;
    case NODE_AugAssign:
        fold_target(c, &n->as.AugAssign.target);
        fold_child(c, &n->as.AugAssign.value);
        return true;
    case NODE_AnnAssign:
        fold_target(c, &n->as.AnnAssign.target);
        if (!(c->flags & CODE_FUTURE_ANNOTATIONS)) fold_child(c, &n->as.AnnAssign.annotation);
        fold_child(c, &n->as.AnnAssign.value);
        return true;
    case NODE_Delete: fold_targets(c, &n->as.Delete.targets); return true;
    case NODE_For:
        fold_target(c, &n->as.For.target);
        fold_child(c, &n->as.For.iter);
        fold_children(c, &n->as.For.body);
        fold_children(c, &n->as.For.orelse);
        if (!c->failed) fold_iterable(c, &n->as.For.iter);
        return true;
    case NODE_Comprehension:
        fold_target(c, &n->as.Comprehension.target);
        fold_child(c, &n->as.Comprehension.iter);
        fold_children(c, &n->as.Comprehension.ifs);
        if (!c->failed) fold_iterable(c, &n->as.Comprehension.iter);
        return true;
    case NODE_WithItem:
        fold_child(c, &n->as.WithItem.context);
        if (n->as.WithItem.vars) fold_target(c, &n->as.WithItem.vars);
        return true;
    case NODE_TypeAlias:
        fold_children(c, &n->as.TypeAlias.type_params);
        fold_child(c, &n->as.TypeAlias.value);
        return true;
    case NODE_NamedExpr: fold_child(c, &n->as.NamedExpr.value); return true;
    default: return false;
    }
}

static void fold_slot(Compiler *c, Node **slot) {
    if (!compiler_enter(c)) return;
    Node *n = *slot;
    if (fold_assignment(c, n)) return;
    if (n->kind == NODE_BinOp) {
        fold_binary_chain(c, slot);
        return;
    }
    if (n->kind == NODE_If) {
        fold_if(c, n);
        return;
    }
    if (n->kind == NODE_Arg && c->flags & CODE_FUTURE_ANNOTATIONS) return;
    if (n->kind == NODE_FunctionDef && c->flags & CODE_FUTURE_ANNOTATIONS) { /* its text is what counts */
        Node *returns = n->as.FunctionDef.returns;
        n->as.FunctionDef.returns = NULL;
        fold_fields(c, n);
        n->as.FunctionDef.returns = returns;
        return;
    }
    fold_fields(c, n);
    if (c->failed) return;
    switch (n->kind) {
    case NODE_UnaryOp: fold_unary(c, slot); break;
    case NODE_Tuple: fold_tuple(c, slot); break;
    case NODE_Subscript: fold_subscript(c, slot); break;
    case NODE_Compare: fold_compare(c, n); break;
    case NODE_Name: fold_name(c, slot); break;
    default: break;
    }
}

void fold_tree(Compiler *c, Node *tree) { fold_fields(c, tree); }
