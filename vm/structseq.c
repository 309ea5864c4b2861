/* Struct sequences: tuples with named items, see vm/structseq.h.
 *
 * Invariant: an instance's cell holds `total` values, all of them valid; Tuple.count is `visible`, so that everything that knows
 * tuples sees the visible fields and no more. There are no subclasses: the spec is always the type's own. */
#include "vm/structseq.h"

#include "vm/ops.h"
#include "vm/types/dict.h"
#include "vm/types/list.h"
#include "vm/types/sequence.h"
#include "vm/types/tuple.h"

static const StructSeqSpec *spec_of(const Type *type) { return (const StructSeqSpec *)(const void *)type->spec; }
static const StructSeqSpec *spec_of_value(Value self) { return spec_of(value_object(self)->shape->type); }

static bool is_named(const StructSeqSpec *spec, int k) { return spec->names[k][0] != 0; }

static int unnamed_count(const StructSeqSpec *spec) {
    int count = 0;
    for (int k = 0; k < spec->total; k++) count += !is_named(spec, k);
    return count;
}

/* --- memory --- */

size_t structseq_size(const Object *self) { return sizeof(Tuple) + spec_of(self->shape->type)->total * sizeof(Value); }

void structseq_visit(Object *self, VisitFn visit, void *arg) {
    for (int k = 0; k < spec_of(self->shape->type)->total; k++) visit(((Tuple *)self)->items[k], arg);
}

void structseq_free(Vm *vm, Object *self) { values_release(vm, ((Tuple *)self)->items, spec_of(self->shape->type)->total); }

/* --- making --- */

static bool add_count(Vm *vm, Type *type, const char *name, int count) {
    return dict_set_ascii(vm, type->dict, name, value_from_small(count));
}

static bool add_match_args(Vm *vm, Type *type, const StructSeqSpec *spec) {
    List *names = list_new(vm, spec->visible);
    bool ok = names != NULL;
    for (int k = 0; ok && k < spec->visible; k++) {
        if (!is_named(spec, k)) continue;
        Str *name = str_intern(vm, spec->names[k], strlen(spec->names[k]));
        ok = name && list_append_take(vm, names, value_from_object(name));
    }
    Value tuple = ok ? list_to_tuple(vm, names) : VALUE_ERROR;
    release_object(vm, names);
    ok = !value_is_error(tuple) && dict_set_str(vm, type->dict, NAME(vm, __match_args__), tuple);
    value_release(vm, tuple);
    return ok;
}

Type *structseq_type_new(Vm *vm, const StructSeqSpec *spec) {
    Type *type = type_from_spec(vm, &spec->type, TYPE(vm, TUPLE));
    if (!type || !type_dict(vm, type)) return NULL;
    bool ok = add_count(vm, type, "n_sequence_fields", spec->visible) && add_count(vm, type, "n_fields", spec->total) &&
              add_count(vm, type, "n_unnamed_fields", unnamed_count(spec)) && add_match_args(vm, type, spec);
    return ok ? type : NULL;
}

/* Room for all fields, not filled. */
static Tuple *instance_new(Vm *vm, Type *type) {
    const StructSeqSpec *spec = spec_of(type);
    Tuple *t = object_new(&vm->heap, type->shape, sizeof(Tuple) + spec->total * sizeof(Value));
    if (!t) {
        error_no_memory(vm);
        return NULL;
    }
    t->count = spec->visible;
    return t;
}

Value structseq_new_take(Vm *vm, Type *type, const Value *values) {
    int total = spec_of(type)->total;
    bool ok = true;
    for (int k = 0; k < total; k++) ok = ok && !value_is_error(values[k]);
    Tuple *t = ok ? instance_new(vm, type) : NULL;
    if (!t) {
        values_release(vm, values, (size_t)total);
        return VALUE_ERROR;
    }
    memcpy(t->items, values, (size_t)total * sizeof(Value));
    for (int k = 0; k < total; k++) container_note(vm, t, t->items[k]);
    return value_from_object(t);
}

Value structseq_single_take(Vm *vm, const StructSeqSpec *spec, const Value *values) {
    Type *type = structseq_type_new(vm, spec);
    if (type) return structseq_new_take(vm, type, values);
    values_release(vm, values, spec->total);
    return VALUE_ERROR;
}

Value structseq_peek(Value self, int k) { return value_tuple(self)->items[k]; }

/* --- the constructor: type(sequence, dict) --- */

static bool check_length(Vm *vm, const StructSeqSpec *spec, size_t given) {
    bool fixed = spec->visible == spec->total;
    if (given >= spec->visible && given <= spec->total) return true;
    const char *amount = fixed ? "a" : given < spec->visible ? "an at least" : "an at most";
    error_type(vm, "%s() takes %s %d-sequence (%zu-sequence given)", spec->type.name, amount,
               given < spec->visible ? spec->visible : spec->total, given);
    return false;
}

/* Field k from the dict of hidden fields: new; VALUE_NONE when it is not there. */
static Value hidden_field(Vm *vm, const StructSeqSpec *spec, Value dict, int k) {
    if (!value_is_dict(dict)) return VALUE_NONE;
    Value v = dict_peek_ascii(vm, value_dict(dict), spec->names[k]);
    return value_is_empty(v) ? VALUE_NONE : value_retain(v);
}

Value structseq_construct(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Type *type = (Type *)value_object(args[0]);
    const StructSeqSpec *spec = spec_of(type);
    Value dict = args[2], values[STRUCTSEQ_FIELD_MAX];
    Value sequence = sequence_fast(vm, args[1], "constructor requires a sequence");
    if (value_is_error(sequence)) return VALUE_ERROR;
    if (!value_is_empty(dict) && !value_is_dict(dict)) {
        value_release(vm, sequence);
        return error_type(vm, "%s() takes a dict as second arg, if any", spec->type.name);
    }
    size_t count;
    const Value *items = sequence_items(sequence, &count);
    if (!check_length(vm, spec, count)) {
        value_release(vm, sequence);
        return VALUE_ERROR;
    }
    for (size_t k = 0; k < spec->total; k++) values[k] = k < count ? value_retain(items[k]) : hidden_field(vm, spec, dict, (int)k);
    value_release(vm, sequence);
    return structseq_new_take(vm, type, values);
}

/* --- what instances can do --- */

/* CPython's repr counts names, not fields: where a field has no name, the next name stands there. */
Value structseq_repr(Vm *vm, Value self) {
    const StructSeqSpec *spec = spec_of_value(self);
    StrBuilder b;
    builder_init(&b, vm);
    builder_add_ascii(&b, spec->type.name, strlen(spec->type.name));
    builder_add_char(&b, '(');
    for (int k = 0, name = 0; k < spec->visible && name < spec->total; k++, name++) {
        while (name < spec->total && !is_named(spec, name)) name++;
        if (name == spec->total) break;
        if (k) builder_add_ascii(&b, ", ", 2);
        builder_add_ascii(&b, spec->names[name], strlen(spec->names[name]));
        builder_add_char(&b, '=');
        if (!sequence_add_repr(&b, value_tuple(self)->items[k])) return VALUE_ERROR;
    }
    builder_add_char(&b, ')');
    return builder_finish(&b);
}

static Value structseq_reduce(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    const StructSeqSpec *spec = spec_of_value(args[0]);
    const Value *items = value_tuple(args[0])->items;
    Tuple *visible = tuple_from_values(vm, items, spec->visible);
    Dict *hidden = visible ? dict_new(vm) : NULL;
    bool ok = hidden != NULL;
    for (int k = spec->visible; ok && k < spec->total; k++) ok = dict_set_ascii(vm, hidden, spec->names[k], items[k]);
    Tuple *arguments = ok ? tuple_pack(vm, 2, value_from_object(visible), value_from_object(hidden)) : NULL;
    Tuple *result = NULL;
    if (arguments) result = tuple_pack(vm, 2, value_from_object(value_type(vm, args[0])), value_from_object(arguments));
    release_object(vm, visible);
    release_object(vm, hidden);
    release_object(vm, arguments);
    return result ? value_from_object(result) : VALUE_ERROR;
}

/* Puts the changes into values; names that are no fields are left in the list. */
static bool apply_changes(Vm *vm, const StructSeqSpec *spec, Dict *changes, Value *values, List *unknown) {
    size_t position = 0;
    Value key, value;
    while (dict_next(changes, &position, &key, &value)) {
        int k = 0;
        while (k < spec->total && !str_equal_ascii(value_str_peek(key), spec->names[k])) k++;
        if (k < spec->total) value_replace_take(vm, &values[k], value_retain(value));
        else if (!list_append(vm, unknown, key)) return false;
    }
    return true;
}

static Value structseq_replace(Vm *vm, Value *args, int nargs) {
    Type *type = value_type(vm, args[0]);
    const StructSeqSpec *spec = spec_of(type);
    if (unnamed_count(spec))
        return error_type(vm, "__replace__() is not supported for %s because it has unnamed field(s)", spec->type.name);
    Value values[STRUCTSEQ_FIELD_MAX], changes = args[nargs];
    List *unknown = list_new(vm, 0);
    if (!unknown) return VALUE_ERROR;
    for (int k = 0; k < spec->total; k++) values[k] = value_retain(value_tuple(args[0])->items[k]);
    bool ok = value_is_empty(changes) || apply_changes(vm, spec, value_dict(changes), values, unknown);
    if (ok && unknown->count) {
        ok = false;
        error_type(vm, "Got unexpected field name(s): %V", value_from_object(unknown));
    }
    release_object(vm, unknown);
    if (ok) return structseq_new_take(vm, type, values);
    values_release(vm, values, spec->total);
    return VALUE_ERROR;
}

#define GETTER(k) \
    Value structseq_get_##k(Vm *vm, Value self) { \
        (void)vm; \
        return value_retain(value_tuple(self)->items[k]); \
    }
STRUCTSEQ_EACH_FIELD(GETTER)

const NativeDef structseq_methods[] = {
    {"__reduce__", structseq_reduce, "($self, /)", NULL, NATIVE_METHOD},
    {"__replace__", structseq_replace, "($self, /, **changes)",
     "Return a copy of the structure with new values for the specified fields.", NATIVE_METHOD},
    {0},
};
