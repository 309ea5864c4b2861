/* Conversions: repr, str, ascii, format, and numbers out of any value; the guards against endless recursion in C. */
#include "vm/ops.h"

#include "vm/types/descriptors.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/vm.h"

/* --- recursion --- */

bool vm_enter_c(Vm *vm, const char *what) {
    if (__builtin_expect((char *)__builtin_frame_address(0) > vm->c_stack_limit, 1)) return true;
    error_raise(vm, EXC_RecursionError, "maximum recursion depth exceeded%s", what);
    return false;
}

void vm_leave_c(Vm *vm) { (void)vm; }

int vm_repr_enter(Vm *vm, Object *o) {
    Value v = value_from_object(o);
    if (!vm->repr_stack && !(vm->repr_stack = list_new(vm, 4))) return -1;
    for (size_t i = vm->repr_stack->count; i-- > 0;)
        if (value_same(vm->repr_stack->items[i], v)) return 0;
    return list_append(vm, vm->repr_stack, v) ? 1 : -1;
}

void vm_repr_leave(Vm *vm, Object *o) {
    List *stack = vm->repr_stack;
    for (size_t i = stack->count; i-- > 0;) {
        if (value_object(stack->items[i]) != o) continue;
        list_delete_range(vm, stack, i, i + 1);
        return;
    }
}

/* --- text --- */

/* `text` (owned) must be a str. */
static Value check_text(Vm *vm, Value text, const char *method) {
    if (value_is_error(text) || value_is_str(text)) return text;
    error_type(vm, "%s returned non-string (type %T)", method, text);
    value_release(vm, text);
    return VALUE_ERROR;
}

Value value_repr(Vm *vm, Value v) {
    if (!vm_enter_c(vm, " while getting the repr of an object")) return VALUE_ERROR;
    Value text = check_text(vm, value_type(vm, v)->slots.repr(vm, v), "__repr__");
    vm_leave_c(vm);
    return text;
}

Value value_str(Vm *vm, Value v) {
    if (value_is_exact(v, LAYOUT_STR)) return value_retain(v);
    if (!vm_enter_c(vm, " while getting the str of an object")) return VALUE_ERROR;
    Value text = check_text(vm, value_type(vm, v)->slots.str(vm, v), "__str__");
    vm_leave_c(vm);
    return text;
}

static void add_escaped(StrBuilder *b, uint32_t c) {
    static const char digits[] = "0123456789abcdef";
    char text[10] = {'\\', c < 0x100 ? 'x' : c < 0x10000 ? 'u' : 'U'};
    int count = c < 0x100 ? 2 : c < 0x10000 ? 4 : 8;
    for (int i = 0; i < count; i++) text[2 + i] = digits[c >> (count - 1 - i) * 4 & 15];
    builder_add_ascii(b, text, (size_t)count + 2);
}

Value value_ascii(Vm *vm, Value v) {
    Value repr = value_repr(vm, v);
    if (value_is_error(repr) || value_str_peek(repr)->ascii) return repr;
    const Str *s = value_str_peek(repr);
    StrBuilder b;
    builder_init(&b, vm);
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_at(s, i);
        if (c < 0x80) builder_add_char(&b, c);
        else add_escaped(&b, c);
    }
    value_release(vm, repr);
    return builder_finish(&b);
}

/* Types whose formatting needs no look-up of __format__. VALUE_EMPTY: another type. */
static Value format_quick(Vm *vm, Value v, Str *spec) {
    bool plain = !spec || !spec->length;
    if (value_is_exact(v, LAYOUT_STR)) return plain ? value_retain(v) : str_format_spec(vm, value_str_peek(v), spec);
    if (value_is_small(v)) return plain ? value_str(vm, v) : int_format(vm, v, spec);
    if (value_is_float(v)) return plain ? value_str(vm, v) : float_format(vm, value_float(v), spec);
    return VALUE_EMPTY;
}

Value value_format(Vm *vm, Value v, Str *spec) {
    Value quick = format_quick(vm, v, spec);
    if (!value_is_empty(quick)) return quick;
    Value method = type_lookup_peek(vm, value_type(vm, v), NAME(vm, __format__));
    if (value_is_empty(method)) return error_type(vm, "Type %T doesn't define __format__", v);
    Value args[2] = {v, value_from_object(spec ? spec : NAME(vm, empty))};
    Value text = call_found(vm, method, args, 2);
    if (value_is_error(text) || value_is_str(text)) return text;
    error_type(vm, "__format__ must return a str, not %T", text);
    value_release(vm, text);
    return VALUE_ERROR;
}

/* --- numbers --- */

/* What __index__ or __float__ gave (owned) is an instance of a subclass: allowed, with a warning. */
static bool warn_subclass(Vm *vm, const char *prefix, const char *method, Value given, const char *type) {
    return error_warn(vm, EXC_DeprecationWarning,
                      "%s%s returned non-%s (type %T).  The ability to return an instance of a strict subclass of %s is deprecated, and "
                      "may be removed in a future version of Python.",
                      prefix, method, type, given, type);
}

static Value index_by_slot(Vm *vm, Value v) {
    UnaryFn fn = value_type(vm, v)->slots.as_index;
    if (!fn) return error_type(vm, "'%T' object cannot be interpreted as an integer", v);
    Value result = fn(vm, v);
    if (value_is_error(result) || value_is_exact_int(result)) return result;
    Value exact = VALUE_ERROR;
    if (!value_is_int(result)) error_type(vm, "__index__ returned non-int (type %T)", result);
    else if (warn_subclass(vm, "", "__index__", result, "int")) exact = int_exact(vm, result);
    value_release(vm, result);
    return exact;
}

Value value_index(Vm *vm, Value v) {
    if (value_is_small(v)) return v;
    if (value_is_int(v)) return value_is_exact_int(v) ? value_retain(v) : int_exact(vm, v);
    return index_by_slot(vm, v);
}

bool value_as_index(Vm *vm, Value v, int64_t *out, bool clip) {
    if (value_is_small(v)) {
        *out = value_small(v);
        return true;
    }
    Value index = value_index(vm, v);
    if (value_is_error(index)) return false;
    bool ok = int_to_i64(index, out);
    if (!ok && clip) {
        *out = int_sign(index) < 0 ? INT64_MIN : INT64_MAX;
        ok = true;
    } else if (!ok) {
        error_raise(vm, EXC_OverflowError, "cannot fit '%T' into an index-sized integer", v);
    }
    value_release(vm, index);
    return ok;
}

static bool double_by_slot(Vm *vm, Value v, double *out) {
    Value result = value_type(vm, v)->slots.as_float(vm, v);
    if (value_is_error(result)) return false;
    bool ok = value_is_float_like(result);
    const char *type = value_type_name(vm, v);
    if (!ok) error_type(vm, "%s.__float__ returned non-float (type %T)", type, result);
    else if (!value_is_float(result)) ok = warn_subclass(vm, type, ".__float__", result, "float");
    if (ok) *out = float_value(result);
    value_release(vm, result);
    return ok;
}

bool value_as_double(Vm *vm, Value v, double *out) {
    if (value_is_float_like(v)) {
        *out = float_value(v);
        return true;
    }
    if (value_is_small(v)) {
        *out = (double)value_small(v);
        return true;
    }
    const TypeSlots *slots = &value_type(vm, v)->slots;
    if (value_is_int(v) && value_type(vm, v)->slots.as_float == TYPE(vm, INT)->slots.as_float) return int_to_double(vm, v, out);
    if (slots->as_float) return double_by_slot(vm, v, out);
    if (!slots->as_index) return error_type(vm, "must be real number, not %T", v), false;
    Value index = value_index(vm, v);
    if (value_is_error(index)) return false;
    bool ok = int_to_double(vm, index, out);
    value_release(vm, index);
    return ok;
}

bool value_as_i64(Vm *vm, Value v, int64_t *out) {
    if (value_is_small(v)) {
        *out = value_small(v);
        return true;
    }
    Value index = value_index(vm, v);
    if (value_is_error(index)) return false;
    bool ok = int_to_i64(index, out);
    if (!ok) error_raise(vm, EXC_OverflowError, "Python int too large to convert to C long");
    value_release(vm, index);
    return ok;
}

bool value_as_int(Vm *vm, Value v, int *out) {
    int64_t wide;
    Value index = value_index(vm, v);
    if (value_is_error(index)) return false;
    bool ok = int_to_i64(index, &wide) && wide >= INT32_MIN && wide <= INT32_MAX;
    if (ok) *out = (int)wide;
    else error_raise(vm, EXC_OverflowError, "Python int too large to convert to C int");
    value_release(vm, index);
    return ok;
}
