/* Binding a call's arguments to a script function's parameters, with CPython's messages.
 *
 * The arguments arrive where the callee's registers are: positional ones first, then one value for each keyword name. Binding moves
 * them to their parameters in place; on an error everything is released. */
#include "vm/frame.h"

#include <stdio.h>

#include "vm/suggest.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

#define KEYWORD_BUFFER 16

static void release_range(Vm *vm, Value *values, size_t count) {
    for (size_t i = 0; i < count; i++) value_clear(vm, &values[i]);
}

/* "'a', 'b', and 'c'" of the parameters in [start, end) that are empty. New Str value. */
static Value missing_names(Vm *vm, const Code *code, const Value *registers, uint32_t start, uint32_t end, int count) {
    StrBuilder b;
    builder_init(&b, vm);
    int seen = 0;
    for (uint32_t i = start; i < end; i++) {
        if (!value_is_empty(registers[i])) continue;
        seen++;
        if (seen > 1) {
            const char *glue = count == 2 ? " and " : seen == count ? ", and " : ", ";
            builder_add_ascii(&b, glue, strlen(glue));
        }
        builder_add_char(&b, '\'');
        builder_add_str(&b, code->local_names[i]);
        builder_add_char(&b, '\'');
    }
    return builder_finish(&b);
}

static bool error_missing(Vm *vm, Function *f, const Value *registers, uint32_t start, uint32_t end, int count, const char *kind) {
    Value names = missing_names(vm, f->code, registers, start, end, count);
    if (value_is_error(names)) return false;
    error_type(vm, "%U() missing %d required %s argument%s: %S", f->qualname, count, kind, count == 1 ? "" : "s", names);
    value_release(vm, names);
    return false;
}

/* How many keyword-only arguments were given: part of the message of too many positional ones. */
static bool error_too_many(Vm *vm, Function *f, const Value *registers, int given) {
    const Code *code = f->code;
    size_t defaults = f->defaults ? f->defaults->count : 0;
    int kwonly_given = 0;
    for (uint32_t i = code->arg_count; i < (uint32_t)code->arg_count + code->kwonly_count; i++)
        if (!value_is_empty(registers[i])) kwonly_given++;
    char takes[64], extra[96] = "";
    int required = code->arg_count - (int)defaults;
    bool plural = defaults ? true : code->arg_count != 1;
    if (defaults) snprintf(takes, sizeof takes, "from %d to %d", required, (int)code->arg_count);
    else snprintf(takes, sizeof takes, "%d", (int)code->arg_count);
    if (kwonly_given)
        snprintf(extra, sizeof extra, " positional argument%s (and %d keyword-only argument%s)", given == 1 ? "" : "s", kwonly_given,
                 kwonly_given == 1 ? "" : "s");
    error_type(vm, "%U() takes %s positional argument%s but %d%s %s given", f->qualname, takes, plural ? "s" : "", given, extra,
               given == 1 && !kwonly_given ? "was" : "were");
    return false;
}

static int find_parameter(const Code *code, const Str *name, uint32_t start) {
    uint32_t end = (uint32_t)code->arg_count + code->kwonly_count;
    for (uint32_t i = start; i < end; i++)
        if (code->local_names[i] == name) return (int)i;
    for (uint32_t i = start; i < end; i++)
        if (str_equal(code->local_names[i], name)) return (int)i;
    return -1;
}

/* f(x=1) where x is positional-only: lists all such. */
static bool error_positional_only(Vm *vm, Function *f, Tuple *kwnames) {
    StrBuilder b;
    builder_init(&b, vm);
    bool any = false;
    for (uint32_t p = 0; p < f->code->posonly_count; p++) {
        for (size_t k = 0; k < kwnames->count; k++) {
            if (!str_equal(f->code->local_names[p], value_str_peek(kwnames->items[k]))) continue;
            if (any) builder_add_ascii(&b, ", ", 2);
            builder_add_str(&b, f->code->local_names[p]);
            any = true;
        }
    }
    Value names = builder_finish(&b);
    if (value_is_error(names)) return true;
    if (any) error_type(vm, "%U() got some positional-only arguments passed as keyword arguments: '%S'", f->qualname, names);
    value_release(vm, names);
    return any;
}

static bool error_unexpected(Vm *vm, Function *f, Str *name, Tuple *kwnames) {
    const Code *code = f->code;
    if (code->posonly_count && error_positional_only(vm, f, kwnames)) return false;
    uint32_t end = (uint32_t)code->arg_count + code->kwonly_count;
    Str *near = suggest_name(vm, name, code->local_names + code->posonly_count, end - code->posonly_count);
    if (near) error_type(vm, "%U() got an unexpected keyword argument '%U'. Did you mean '%U'?", f->qualname, name, near);
    else error_type(vm, "%U() got an unexpected keyword argument '%U'", f->qualname, name);
    return false;
}

/* One keyword argument: to its parameter, or into **kwargs. Steals value. */
static bool bind_keyword(Vm *vm, Function *f, Value *registers, Str *name, Value value, Tuple *kwnames, Value kwargs) {
    int index = find_parameter(f->code, name, f->code->posonly_count);
    if (index < 0) {
        bool ok = value_is_empty(kwargs) ? error_unexpected(vm, f, name, kwnames) : dict_set_str(vm, value_dict(kwargs), name, value);
        value_release(vm, value);
        return ok;
    }
    if (!value_is_empty(registers[index])) {
        error_type(vm, "%U() got multiple values for argument '%U'", f->qualname, name);
        value_release(vm, value);
        return false;
    }
    registers[index] = value;
    return true;
}

static bool bind_keywords(Vm *vm, Function *f, Value *registers, Value *values, Tuple *kwnames, Value kwargs) {
    for (size_t i = 0; i < kwnames->count; i++) {
        Value value = values[i];
        values[i] = VALUE_EMPTY;
        if (!bind_keyword(vm, f, registers, value_str_peek(kwnames->items[i]), value, kwnames, kwargs)) return false;
    }
    return true;
}

/* Parameters not given: defaults, or the error that names the missing ones. */
static bool bind_defaults(Vm *vm, Function *f, Value *registers) {
    const Code *code = f->code;
    uint32_t first_default = code->arg_count - (f->defaults ? (uint32_t)f->defaults->count : 0);
    int missing = 0;
    for (uint32_t i = 0; i < code->arg_count; i++) {
        if (!value_is_empty(registers[i])) continue;
        if (i < first_default) missing++;
        else registers[i] = value_retain(f->defaults->items[i - first_default]);
    }
    if (missing) return error_missing(vm, f, registers, 0, first_default, missing, "positional");
    uint32_t end = (uint32_t)code->arg_count + code->kwonly_count;
    for (uint32_t i = code->arg_count; i < end; i++) {
        if (!value_is_empty(registers[i])) continue;
        Value value = f->kwdefaults ? dict_peek_str(vm, f->kwdefaults, code->local_names[i]) : VALUE_EMPTY;
        if (value_is_empty(value)) missing++;
        else registers[i] = value_retain(value);
    }
    return !missing || error_missing(vm, f, registers, code->arg_count, end, missing, "keyword-only");
}

/* *args of the surplus positional arguments at registers[arg_count..nargs). */
static bool bind_varargs(Vm *vm, const Code *code, Value *registers, int nargs, Value *out) {
    size_t surplus = nargs > code->arg_count ? (size_t)(nargs - code->arg_count) : 0;
    Tuple *rest = tuple_from_values_take(vm, registers + code->arg_count, surplus);
    for (size_t i = 0; i < surplus; i++) registers[code->arg_count + i] = VALUE_EMPTY;
    if (!rest) return false;
    *out = value_from_object(rest);
    return true;
}

/* The part that runs with keyword values moved aside: registers hold positional arguments only. */
static bool bind_aside(Vm *vm, Function *f, Value *registers, int nargs, Value *values, Tuple *kwnames) {
    Code *code = f->code;
    Value varargs = VALUE_EMPTY, kwargs = VALUE_EMPTY;
    bool too_many = nargs > code->arg_count && !(code->flags & CODE_VARARGS);
    uint32_t named = (uint32_t)code->arg_count + code->kwonly_count;
    bool ok = true;
    if (code->flags & CODE_VARARGS) ok = bind_varargs(vm, code, registers, nargs, &varargs);
    else if (too_many) release_range(vm, registers + code->arg_count, (size_t)(nargs - code->arg_count));
    for (uint32_t i = (uint32_t)(nargs < code->arg_count ? nargs : code->arg_count); i < named; i++) registers[i] = VALUE_EMPTY;
    if (ok && code->flags & CODE_VARKEYWORDS) {
        Dict *d = dict_new(vm);
        ok = d != NULL;
        if (d) kwargs = value_from_object(d);
    }
    if (ok && kwnames) ok = bind_keywords(vm, f, registers, values, kwnames, kwargs);
    if (ok && too_many) ok = error_too_many(vm, f, registers, nargs);
    if (ok) ok = bind_defaults(vm, f, registers);
    if (!ok) {
        value_release(vm, varargs);
        value_release(vm, kwargs);
        release_range(vm, registers, named);
        return false;
    }
    uint32_t next = named;
    if (code->flags & CODE_VARARGS) registers[next++] = varargs;
    if (code->flags & CODE_VARKEYWORDS) registers[next] = kwargs;
    return true;
}

bool frame_bind(Vm *vm, Function *f, Value *registers, int nargs, Tuple *kwnames) {
    size_t keywords = kwnames ? kwnames->count : 0;
    if (!keywords && !(f->code->flags & (CODE_VARARGS | CODE_VARKEYWORDS)) && nargs == f->code->arg_count && !f->code->kwonly_count)
        return true;
    Value buffer[KEYWORD_BUFFER];
    Value *values = buffer;
    if (keywords > KEYWORD_BUFFER) {
        values = heap_alloc(&vm->heap, keywords * sizeof(Value));
        if (!values) {
            error_no_memory(vm);
            release_range(vm, registers, (size_t)nargs + keywords);
            return false;
        }
    }
    for (size_t i = 0; i < keywords; i++) {
        values[i] = registers[(size_t)nargs + i];
        registers[(size_t)nargs + i] = VALUE_EMPTY;
    }
    bool ok = bind_aside(vm, f, registers, nargs, values, kwnames);
    if (!ok) release_range(vm, values, keywords);
    if (values != buffer) heap_free(&vm->heap, values, keywords * sizeof(Value));
    return ok;
}
