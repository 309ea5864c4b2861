/* Struct sequences: tuples whose items have names (sys.version_info, os.stat_result, time.struct_time).
 *
 * The author writes three const tables:
 *
 *     static const char *const names[] = {"tm_year", ..., "tm_zone", NULL};
 *     static const GetSetDef fields[] = {STRUCTSEQ_FIELD(0, "tm_year", "year, for example, 1993"), ..., {0}};
 *     static const StructSeqSpec spec = {STRUCTSEQ_TYPE("time.struct_time", "doc", fields), names, 9, 11};
 *
 * Field k is items[k]; the first `visible` fields are the tuple's items, those behind are attributes only. A field without a
 * name (os.stat_result[7]) has "" in names.
 */
#ifndef MINI_VM_STRUCTSEQ_H
#define MINI_VM_STRUCTSEQ_H

#include "vm/types/descriptors.h"

typedef struct StructSeqSpec {
    TypeSpec type; /* first: a type's spec leads back here */
    const char *const *names; /* `total` of them */
    uint8_t visible, total;
} StructSeqSpec;

/* A new type; VM-lived like all built-in types. NULL: exception pending. */
Type *structseq_type_new(Vm *vm, const StructSeqSpec *spec);
/* An instance; values: `total` of them, stolen, also on failure; VALUE_ERROR among them: an exception is pending already. */
Value structseq_new_take(Vm *vm, Type *type, const Value *values);
/* The only instance there will be: makes the type and it. Scripts cannot make others when the spec's type has TYPE_FLAG_NO_NEW. */
Value structseq_single_take(Vm *vm, const StructSeqSpec *spec, const Value *values);
/* Field k of an instance, borrowed. */
Value structseq_peek(Value self, int k);

/* --- for the macros --- */
#define STRUCTSEQ_FIELD_MAX 24
#define STRUCTSEQ_GETTER(k) Value structseq_get_##k(Vm *vm, Value self);
#define STRUCTSEQ_EACH_FIELD(X) \
    X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23)
STRUCTSEQ_EACH_FIELD(STRUCTSEQ_GETTER)
#undef STRUCTSEQ_GETTER

#define STRUCTSEQ_FIELD(k, name, doc) {name, structseq_get_##k, member_readonly, doc}

size_t structseq_size(const Object *self);
void structseq_visit(Object *self, VisitFn visit, void *arg);
void structseq_free(Vm *vm, Object *self);
Value structseq_repr(Vm *vm, Value self);
Value structseq_construct(Vm *vm, Value *args, int nargs);
extern const NativeDef structseq_methods[];

#define STRUCTSEQ_TYPE(full_name, text, fields) STRUCTSEQ_TYPE_FLAGS(full_name, text, fields, 0)
#define STRUCTSEQ_TYPE_FLAGS(full_name, text, fields, more_flags) \
    {.name = full_name, .doc = text, .layout = LAYOUT_TUPLE, .flags = TYPE_FLAG_IMMUTABLE | (more_flags), .size = sizeof(Object), \
     .variable_size = true, .ops = {.size = structseq_size, .visit = structseq_visit, .free = structseq_free}, \
     .slots = {.repr = structseq_repr}, \
     .new_ = {"structseq", structseq_construct, "($type, sequence, dict={})", NULL, NATIVE_METHOD}, \
     .methods = structseq_methods, .getset = fields}

#endif
