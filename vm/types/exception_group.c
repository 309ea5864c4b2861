/* BaseExceptionGroup and ExceptionGroup: making, splitting, and what except* asks of them (PEP 654).
 *
 * extra[EXTRA_GROUP_EXCEPTIONS] is a Tuple of exceptions with at least one item, extra[EXTRA_GROUP_MESSAGE] a Str, both from __new__
 * on. An ExceptionGroup holds instances of Exception only; BaseExceptionGroup(...) of such makes an ExceptionGroup. */
#include "vm/types/exception_family.h"

#include "vm/ops.h"
#include "vm/types/descriptors.h"
#include "vm/types/list.h"
#include "vm/types/sequence.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

static bool is_group(const Vm *vm, Value v) { return value_is_instance(vm, v, vm->exception_types[EXC_BaseExceptionGroup]); }

static Tuple *group_exceptions(Value group) { return value_tuple(value_exception(group)->extra[EXTRA_GROUP_EXCEPTIONS]); }

/* --- making --- */

static bool check_exceptions(Vm *vm, Tuple *exceptions, bool *all_plain) {
    *all_plain = true;
    if (!exceptions->count) return error_value(vm, "second argument (exceptions) must be a non-empty sequence"), false;
    for (size_t k = 0; k < exceptions->count; k++) {
        if (!value_is_exception(exceptions->items[k])) {
            error_value(vm, "Item %zu of second argument (exceptions) is not an exception", k);
            return false;
        }
        if (!value_is_instance(vm, exceptions->items[k], vm->exception_types[EXC_Exception])) *all_plain = false;
    }
    return true;
}

/* The type of the group to be made; NULL: TypeError. */
static Type *group_type(Vm *vm, Type *type, bool all_plain) {
    if (type == vm->exception_types[EXC_BaseExceptionGroup]) return all_plain ? vm->exception_types[EXC_ExceptionGroup] : type;
    if (all_plain) return type;
    if (type == vm->exception_types[EXC_ExceptionGroup]) return error_type(vm, "Cannot nest BaseExceptions in an ExceptionGroup"), NULL;
    if (!type_is_subtype(type, vm->exception_types[EXC_Exception])) return type;
    error_type(vm, "Cannot nest BaseExceptions in '%.200N'", type);
    return NULL;
}

static bool is_sequence(const Vm *vm, Value v) { return !value_is_dict(v) && value_type(vm, v)->slots.get_item != NULL; }

Value group_new(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    if (nargs != 2) return error_type(vm, "BaseExceptionGroup.__new__() takes exactly 2 arguments (%d given)", nargs);
    if (!value_is_str(args[0])) return error_type(vm, "BaseExceptionGroup.__new__() argument 1 must be str, not %T", args[0]);
    if (!is_sequence(vm, args[1])) return error_type(vm, "second argument (exceptions) must be a sequence");
    Value exceptions = tuple_from_iterable(vm, args[1]), self = VALUE_ERROR;
    bool all_plain;
    if (value_is_error(exceptions)) return VALUE_ERROR;
    Type *chosen = check_exceptions(vm, value_tuple(exceptions), &all_plain) ? group_type(vm, type, all_plain) : NULL;
    if (chosen) self = exception_base_new(vm, chosen, args, nargs, kwnames);
    if (value_is_error(self)) {
        value_release(vm, exceptions);
        return VALUE_ERROR;
    }
    value_exception(self)->extra[EXTRA_GROUP_MESSAGE] = value_retain(args[0]);
    value_exception(self)->extra[EXTRA_GROUP_EXCEPTIONS] = exceptions;
    return self;
}

bool group_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    return exception_base_init(vm, self, args, nargs, kwnames);
}

Value group_str(Vm *vm, Value self) {
    size_t count = group_exceptions(self)->count;
    return str_format(vm, "%S (%zu sub-exception%s)", value_exception(self)->extra[EXTRA_GROUP_MESSAGE], count, count == 1 ? "" : "s");
}

/* BaseExceptionGroup(message, exceptions) */
static Value group_make(Vm *vm, Value message, Value exceptions) {
    return value_call2(vm, value_from_object(vm->exception_types[EXC_BaseExceptionGroup]), message, exceptions);
}

/* --- matching --- */

typedef enum MatchKind { MATCH_TYPE, MATCH_PREDICATE, MATCH_LEAVES } MatchKind;

typedef struct Matcher {
    MatchKind kind;
    Value by; /* a type or a tuple of types; a callable; a List of groups whose leaves are meant */
} Matcher;

static bool is_exception_type(const Vm *vm, Value v) {
    return value_has_layout(v, LAYOUT_TYPE) && type_is_subtype((Type *)value_object(v), vm->exception_types[EXC_BaseException]);
}

static bool is_exception_type_tuple(const Vm *vm, Value v) {
    if (!value_is_tuple(v)) return false;
    for (size_t k = 0; k < value_tuple(v)->count; k++)
        if (!is_exception_type(vm, value_tuple(v)->items[k])) return false;
    return true;
}

/* What split() and subgroup() were given. */
static bool matcher_init(Vm *vm, Matcher *m, Value by) {
    m->by = by;
    m->kind = MATCH_TYPE;
    if (is_exception_type(vm, by) || is_exception_type_tuple(vm, by)) return true;
    m->kind = MATCH_PREDICATE;
    if (value_is_callable(vm, by) && !value_has_layout(by, LAYOUT_TYPE)) return true;
    error_type(vm, "expected an exception type, a tuple of exception types, or a callable (other than a class)");
    return false;
}

static bool is_instance_of(const Vm *vm, Value exception, Value types) {
    if (!value_is_tuple(types)) return value_is_instance(vm, exception, (Type *)value_object(types));
    for (size_t k = 0; k < value_tuple(types)->count; k++)
        if (is_instance_of(vm, exception, value_tuple(types)->items[k])) return true;
    return false;
}

static int matches_predicate(Vm *vm, Value predicate, Value exception) {
    Value answer = value_call1(vm, predicate, exception);
    if (value_is_error(answer)) return -1;
    int truth = value_truth(vm, answer);
    value_release(vm, answer);
    return truth;
}

/* Whether `leaf` is in one of the groups; nesting is bounded by what could be built. */
static bool is_leaf_of(const Vm *vm, Value group, Value leaf) {
    if (!is_group(vm, group)) return value_same(group, leaf);
    Tuple *exceptions = group_exceptions(group);
    for (size_t k = 0; k < exceptions->count; k++)
        if (is_leaf_of(vm, exceptions->items[k], leaf)) return true;
    return false;
}

/* 1, 0, -1: error. */
static int matcher_matches(Vm *vm, const Matcher *m, Value exception) {
    if (m->kind == MATCH_TYPE) return is_instance_of(vm, exception, m->by);
    if (m->kind == MATCH_PREDICATE) return matches_predicate(vm, m->by, exception);
    if (is_group(vm, exception)) return 0;
    for (size_t k = 0; k < value_list(m->by)->count; k++)
        if (is_leaf_of(vm, value_list(m->by)->items[k], exception)) return 1;
    return 0;
}

/* --- splitting --- */

/* Notes are copied when they are a sequence, as a list of its own. */
static bool copy_notes(Vm *vm, Value from, Value to) {
    Value notes = value_find_attr(vm, from, NAME(vm, __notes__));
    if (value_is_error(notes)) return false;
    if (value_is_empty(notes)) return true;
    bool ok = true;
    if (is_sequence(vm, notes)) {
        List *copy = list_from_iterable(vm, notes);
        ok = copy && value_set_attr(vm, to, NAME(vm, __notes__), value_from_object(copy));
        release_object(vm, copy);
    }
    value_release(vm, notes);
    return ok;
}

static bool copy_metadata(Vm *vm, Value from, Value to) {
    ExceptionObject *a = value_exception(from), *b = value_exception(to);
    Traceback *old = b->traceback;
    b->traceback = a->traceback ? retain_object(a->traceback) : NULL;
    release_object(vm, old);
    value_replace_take(vm, &b->context, value_retain(a->context));
    value_replace_take(vm, &b->cause, value_retain(a->cause));
    b->suppress_context = true;
    return copy_notes(vm, from, to);
}

/* group.derive(exceptions) with group's metadata; None when there are no exceptions. */
static Value group_subset(Vm *vm, Value group, List *exceptions) {
    if (!exceptions->count) return VALUE_NONE;
    Str *name = str_intern(vm, "derive", 6);
    Value list = value_from_object(exceptions);
    Value made = name ? value_call_method(vm, group, name, &list, 1) : VALUE_ERROR;
    release_object(vm, name);
    if (value_is_error(made)) return VALUE_ERROR;
    bool ok = is_group(vm, made);
    if (!ok) error_type(vm, "derive must return an instance of BaseExceptionGroup");
    else ok = copy_metadata(vm, group, made);
    if (ok) return made;
    value_release(vm, made);
    return VALUE_ERROR;
}

static bool group_split(Vm *vm, Value exception, const Matcher *m, bool want_rest, Value *matching, Value *rest);

/* The parts of each member, in two lists. */
static bool split_members(Vm *vm, Value group, const Matcher *m, List *matching, List *rest) {
    Tuple *exceptions = group_exceptions(group);
    for (size_t k = 0; k < exceptions->count; k++) {
        Value in = VALUE_NONE, out = VALUE_NONE;
        bool ok = vm_enter_c(vm, " in exceptiongroup_split_recursive");
        if (!ok) return false;
        ok = group_split(vm, exceptions->items[k], m, rest != NULL, &in, &out);
        vm_leave_c(vm);
        if (ok && !value_is_none(in)) ok = list_append(vm, matching, in);
        if (ok && !value_is_none(out)) ok = list_append(vm, rest, out);
        value_release(vm, in);
        value_release(vm, out);
        if (!ok) return false;
    }
    return true;
}

static bool split_partly(Vm *vm, Value group, const Matcher *m, bool want_rest, Value *matching, Value *rest) {
    List *in = list_new(vm, 0), *out = want_rest ? list_new(vm, 0) : NULL;
    bool ok = in && (out || !want_rest) && split_members(vm, group, m, in, out);
    if (ok) *matching = group_subset(vm, group, in);
    ok = ok && !value_is_error(*matching);
    if (ok && want_rest) *rest = group_subset(vm, group, out);
    if (ok && value_is_error(*rest)) {
        value_release(vm, *matching);
        ok = false;
    }
    if (!ok) *matching = *rest = VALUE_NONE;
    release_object(vm, in);
    release_object(vm, out);
    return ok;
}

/* *matching and *rest (VALUE_NONE before) become new references. false: exception pending, both are None. */
static bool group_split(Vm *vm, Value exception, const Matcher *m, bool want_rest, Value *matching, Value *rest) {
    int fits = matcher_matches(vm, m, exception);
    if (fits < 0) return false;
    if (fits) *matching = value_retain(exception);
    else if (is_group(vm, exception)) return split_partly(vm, exception, m, want_rest, matching, rest);
    else if (want_rest) *rest = value_retain(exception);
    return true;
}

static Value method_split(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Matcher m;
    Value matching = VALUE_NONE, rest = VALUE_NONE;
    if (!matcher_init(vm, &m, args[1]) || !group_split(vm, args[0], &m, true, &matching, &rest)) return VALUE_ERROR;
    Tuple *pair = tuple_pair_take(vm, matching, rest);
    return pair ? value_from_object(pair) : VALUE_ERROR;
}

static Value method_subgroup(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Matcher m;
    Value matching = VALUE_NONE, rest = VALUE_NONE;
    if (!matcher_init(vm, &m, args[1]) || !group_split(vm, args[0], &m, false, &matching, &rest)) return VALUE_ERROR;
    return matching;
}

static Value method_derive(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return group_make(vm, value_exception(args[0])->extra[EXTRA_GROUP_MESSAGE], args[1]);
}

/* --- except* --- */

/* ExceptionGroup('', [exception]) as except* hands it to the handler. */
static Value wrap_naked(Vm *vm, Value exception) {
    List *list = list_from_values(vm, &exception, 1);
    Value group = list ? group_make(vm, value_from_object(NAME(vm, empty)), value_from_object(list)) : VALUE_ERROR;
    release_object(vm, list);
    return group;
}

/* exception.split(types), which a class may have overridden. */
static bool call_split(Vm *vm, Value exception, Value types, Value *matching, Value *rest) {
    Str *name = str_intern(vm, "split", 5);
    Value pair = name ? value_call_method(vm, exception, name, &types, 1) : VALUE_ERROR;
    release_object(vm, name);
    if (value_is_error(pair)) return false;
    bool ok = value_is_tuple(pair) && value_tuple(pair)->count >= 2;
    if (ok) {
        *matching = value_retain(value_tuple(pair)->items[0]);
        *rest = value_retain(value_tuple(pair)->items[1]);
    } else if (!value_is_tuple(pair)) {
        error_type(vm, "%.200T.split must return a tuple, not %.200T", exception, pair);
    } else {
        error_type(vm, "%.200T.split must return a 2-tuple, got tuple of size %zu", exception, value_tuple(pair)->count);
    }
    value_release(vm, pair);
    return ok;
}

bool exception_group_match(Vm *vm, Value exception, Value match_type, Value *matching, Value *rest) {
    *matching = *rest = VALUE_NONE;
    if (value_is_none(exception)) return true;
    if (is_instance_of(vm, exception, match_type)) {
        *matching = is_group(vm, exception) ? value_retain(exception) : wrap_naked(vm, exception);
        if (!value_is_error(*matching)) return true;
        *matching = VALUE_NONE;
        return false;
    }
    if (is_group(vm, exception)) return call_split(vm, exception, match_type, matching, rest);
    *rest = value_retain(exception);
    return true;
}

/* Whether b is a part of a that was raised again as it was: the metadata are the very same objects. */
static int has_metadata_of(Vm *vm, Value a, Value b) {
    const ExceptionObject *x = value_exception(a), *y = value_exception(b);
    if (x->traceback != y->traceback || !value_same(x->cause, y->cause) || !value_same(x->context, y->context)) return 0;
    Value notes = value_find_attr(vm, a, NAME(vm, __notes__));
    Value others = value_is_error(notes) ? VALUE_ERROR : value_find_attr(vm, b, NAME(vm, __notes__));
    int same = value_is_error(others) ? -1 : value_same(notes, others);
    value_release(vm, notes);
    value_release(vm, others);
    return same;
}

/* Sorts what the handlers left into raised anew and raised again. */
static bool sort_raised(Vm *vm, Value original, List *all, List *raised, List *again) {
    for (size_t k = 0; k < all->count; k++) {
        Value e = all->items[k];
        if (value_is_none(e)) continue;
        int same = has_metadata_of(vm, original, e);
        if (same < 0 || !list_append(vm, same ? again : raised, e)) return false;
    }
    return true;
}

/* The original group with those members only that are in `again`, in its own nesting. */
static Value reraised_part(Vm *vm, Value original, List *again) {
    Matcher m = {MATCH_LEAVES, value_from_object(again)};
    Value matching = VALUE_NONE, rest = VALUE_NONE;
    if (!again->count) return VALUE_NONE;
    return group_split(vm, original, &m, false, &matching, &rest) ? matching : VALUE_ERROR;
}

static Value join_raised(Vm *vm, Value original, List *raised, List *again) {
    Value part = reraised_part(vm, original, again);
    if (value_is_error(part) || !raised->count) return part;
    bool ok = value_is_none(part) || list_append(vm, raised, part);
    value_release(vm, part);
    if (ok && raised->count == 1) return value_retain(raised->items[0]);
    return ok ? group_make(vm, value_from_object(NAME(vm, empty)), value_from_object(raised)) : VALUE_ERROR;
}

Value exception_prepare_reraise_star(Vm *vm, Value original, List *all) {
    if (!all->count) return VALUE_NONE;
    if (!is_group(vm, original)) return value_retain(all->items[0]); /* one naked exception: at most one clause ran */
    List *raised = list_new(vm, 0), *again = list_new(vm, 0);
    Value result = VALUE_ERROR;
    if (raised && again && sort_raised(vm, original, all, raised, again)) result = join_raised(vm, original, raised, again);
    release_object(vm, raised);
    release_object(vm, again);
    return result;
}

/* --- tables --- */

static Value get_message(Vm *vm, Value self) {
    (void)vm;
    return value_retain(value_exception(self)->extra[EXTRA_GROUP_MESSAGE]);
}

static Value get_exceptions(Vm *vm, Value self) {
    (void)vm;
    return value_retain(value_exception(self)->extra[EXTRA_GROUP_EXCEPTIONS]);
}

const NativeDef group_methods[] = {
    {"__class_getitem__", sequence_class_getitem, "($type, object, /)", "See PEP 585", NATIVE_CLASS_METHOD},
    {"derive", method_derive, "($self, excs, /)", "A group of the same kind and message with other exceptions.", NATIVE_METHOD},
    {"split", method_split, "($self, matcher_value, /)", "The pair of the part that matches and the rest; None where empty.",
     NATIVE_METHOD},
    {"subgroup", method_subgroup, "($self, matcher_value, /)", "The part that matches, or None.", NATIVE_METHOD},
    {0},
};

const GetSetDef group_getset[] = {
    {"message", get_message, member_readonly, "exception message"},
    {"exceptions", get_exceptions, member_readonly, "nested exceptions"},
    {0},
};
