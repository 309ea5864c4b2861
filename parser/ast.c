/* Tables over ast.def: names and sizes of the kinds of nodes. To add a kind, add its row to ast.def. */
#include "parser/ast.h"

const char *node_kind_name(NodeKind kind)
{
    static const char *const names[] = {
#define NODE(kind, fields) #kind,
#include "parser/ast.def"
#undef NODE
    };
    return names[kind];
}

size_t node_kind_size(NodeKind kind)
{
    static const uint8_t sizes[] = {
#define NODE(kind, fields) offsetof(Node, as) + sizeof(((Node *)NULL)->as.kind),
#include "parser/ast.def"
#undef NODE
    };
    return sizes[kind];
}
