/* The table of exception types, and the small families: StopIteration.value, SystemExit.code, NameError.name, AttributeError.name and .obj,
 * ImportError's and SyntaxError's attributes, KeyError's text. OSError, the Unicode errors and groups have files of their own.
 *
 * To add an exception type: a row in vm/exceptions.def; for attributes of its own a FAMILY_ macro and its extras below. */
#include "vm/types/exception_family.h"

#include "vm/ops.h"
#include "vm/types/int.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

/* --- extras as attributes --- */

static Value extra_get(Value self, int index) {
    Value v = value_exception(self)->extra[index];
    return value_is_empty(v) ? VALUE_NONE : value_retain(v);
}

static bool extra_set(Vm *vm, Value self, int index, Value value) {
    value_replace_take(vm, &value_exception(self)->extra[index], value_retain(value));
    return true;
}

#define EXTRA_ATTRIBUTE(n) \
    static Value get_extra_##n(Vm *vm, Value self) { return (void)vm, extra_get(self, n); } \
    static bool set_extra_##n(Vm *vm, Value self, Value value) { return extra_set(vm, self, n, value); }
EXTRA_ATTRIBUTE(0)
EXTRA_ATTRIBUTE(1)
EXTRA_ATTRIBUTE(2)
EXTRA_ATTRIBUTE(3)
EXTRA_ATTRIBUTE(4)
EXTRA_ATTRIBUTE(5)
EXTRA_ATTRIBUTE(6)
EXTRA_ATTRIBUTE(7)
#define EXTRA_ROW(name, n) {name, get_extra_##n, set_extra_##n, NULL}

static const GetSetDef stop_getset[] = {EXTRA_ROW("value", 0), {0}};
static const GetSetDef exit_getset[] = {EXTRA_ROW("code", 0), {0}};
static const GetSetDef name_getset[] = {EXTRA_ROW("name", 0), {0}};
static const GetSetDef attribute_getset[] = {EXTRA_ROW("name", 0), EXTRA_ROW("obj", 1), {0}};
static const GetSetDef import_getset[] = {EXTRA_ROW("msg", 0), EXTRA_ROW("name", 1), EXTRA_ROW("path", 2), EXTRA_ROW("name_from", 3), {0}};
static const GetSetDef syntax_getset[] = {
    EXTRA_ROW("msg", 0),  EXTRA_ROW("filename", 1),   EXTRA_ROW("lineno", 2),     EXTRA_ROW("offset", 3),
    EXTRA_ROW("text", 4), EXTRA_ROW("end_lineno", 5), EXTRA_ROW("end_offset", 6), EXTRA_ROW("print_file_and_line", 7),
    {0}};

/* Keyword arguments that go to extras: names[k] to extra first+k. */
static bool keyword_extras(Vm *vm, Value self, Value *values, Tuple *kwnames, const char *const *names, int first) {
    for (size_t k = 0; kwnames && k < kwnames->count; k++) {
        Str *name = value_str_peek(kwnames->items[k]);
        int index = 0;
        while (names[index] && !str_equal_ascii(name, names[index])) index++;
        if (!names[index]) {
            error_type(vm, "%T() got an unexpected keyword argument '%U'", self, name);
            return false;
        }
        extra_set(vm, self, first + index, values[k]);
    }
    return true;
}

/* --- StopIteration, SystemExit --- */

static bool stop_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    if (!exception_base_init(vm, self, args, nargs, kwnames)) return false;
    return extra_set(vm, self, EXTRA_STOP_VALUE, nargs ? args[0] : VALUE_NONE);
}

static bool exit_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    if (!exception_base_init(vm, self, args, nargs, kwnames)) return false;
    if (!nargs) return extra_set(vm, self, EXTRA_EXIT_CODE, VALUE_NONE);
    return extra_set(vm, self, EXTRA_EXIT_CODE, nargs == 1 ? args[0] : value_from_object(value_exception(self)->args));
}

/* --- NameError, AttributeError, ImportError --- */

static bool name_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    static const char *const names[] = {"name", NULL};
    return exception_set_args(vm, value_exception(self), args, nargs) && keyword_extras(vm, self, args + nargs, kwnames, names, EXTRA_NAME);
}

static bool attribute_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    static const char *const names[] = {"name", "obj", NULL};
    return exception_set_args(vm, value_exception(self), args, nargs) && keyword_extras(vm, self, args + nargs, kwnames, names, EXTRA_NAME);
}

static bool import_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    static const char *const names[] = {"name", "path", "name_from", NULL};
    if (!exception_set_args(vm, value_exception(self), args, nargs)) return false;
    if (nargs == 1) extra_set(vm, self, EXTRA_MSG, args[0]);
    return keyword_extras(vm, self, args + nargs, kwnames, names, EXTRA_IMPORT_NAME);
}

static Value import_str(Vm *vm, Value self) {
    Value msg = value_exception(self)->extra[EXTRA_MSG];
    return value_is_exact(msg, LAYOUT_STR) ? value_retain(msg) : exception_base_str(vm, self);
}

/* --- KeyError: one argument is shown by its repr --- */

static Value key_str(Vm *vm, Value self) {
    Tuple *args = value_exception(self)->args;
    return args->count == 1 ? value_repr(vm, args->items[0]) : exception_base_str(vm, self);
}

/* --- SyntaxError(msg, (filename, lineno, offset, text[, end_lineno, end_offset])) --- */

static bool syntax_details(Vm *vm, Value self, Value details) {
    Value tuple = tuple_from_iterable(vm, details);
    if (value_is_error(tuple)) return false;
    Tuple *t = value_tuple(tuple);
    bool ok = t->count == 4 || t->count == 6;
    if (t->count < 4) error_type(vm, "function takes at least 4 arguments (%d given)", (int)t->count);
    else if (t->count > 6) error_type(vm, "function takes at most 6 arguments (%d given)", (int)t->count);
    else if (t->count == 5) error_type(vm, "end_offset must be provided when end_lineno is provided");
    for (size_t k = 0; ok && k < t->count; k++) extra_set(vm, self, EXTRA_SYNTAX_FILENAME + (int)k, t->items[k]);
    value_release(vm, tuple);
    return ok;
}

static bool syntax_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames) {
    if (!exception_base_init(vm, self, args, nargs, kwnames)) return false;
    if (nargs >= 1) extra_set(vm, self, EXTRA_SYNTAX_MSG, args[0]);
    return nargs != 2 || syntax_details(vm, self, args[1]);
}

static Value file_base_name(Vm *vm, Str *path) {
    size_t start = path->length;
    while (start > 0 && str_at(path, start - 1) != '/') start--;
    Str *name = str_substring(vm, path, start, path->length);
    return name ? value_from_object(name) : VALUE_ERROR;
}

static Value syntax_str(Vm *vm, Value self) {
    Value *extra = value_exception(self)->extra;
    Value msg = value_is_empty(extra[EXTRA_SYNTAX_MSG]) ? VALUE_NONE : extra[EXTRA_SYNTAX_MSG];
    Value file = extra[EXTRA_SYNTAX_FILENAME], line = extra[EXTRA_LINENO];
    bool has_file = value_is_str(file), has_line = value_is_exact_int(line);
    if (!has_file && !has_line) return value_str(vm, msg);
    if (!has_file) return str_format(vm, "%S (line %S)", msg, line);
    Value base = file_base_name(vm, value_str_peek(file));
    if (value_is_error(base)) return base;
    Value text = has_line ? str_format(vm, "%S (%S, line %S)", msg, base, line) : str_format(vm, "%S (%S)", msg, base);
    value_release(vm, base);
    return text;
}

/* --- the table --- */

uint8_t exception_extra_count(ExceptionId id) {
    for (;; id = exception_bases[id]) {
        switch (id) {
        case EXC_StopIteration:
        case EXC_SystemExit:
        case EXC_NameError: return 1;
        case EXC_AttributeError:
        case EXC_BaseExceptionGroup: return 2;
        case EXC_ImportError: return 4;
        case EXC_OSError:
        case EXC_UnicodeDecodeError:
        case EXC_UnicodeEncodeError:
        case EXC_UnicodeTranslateError: return 5;
        case EXC_SyntaxError: return 8;
        case EXC_BaseException: return 0;
        default: break;
        }
    }
}

#define FAMILY_PLAIN
#define FAMILY_BASE \
    .slots = {.repr = exception_base_repr, .str = exception_base_str, .new_ = exception_base_new, .init = exception_base_init}, \
    .methods = exception_methods, .getset = exception_getset,
#define FAMILY_STOP .slots = {.init = stop_init}, .getset = stop_getset,
#define FAMILY_EXIT .slots = {.init = exit_init}, .getset = exit_getset,
#define FAMILY_NAME .slots = {.init = name_init}, .getset = name_getset,
#define FAMILY_ATTRIBUTE .slots = {.init = attribute_init}, .getset = attribute_getset,
#define FAMILY_IMPORT .slots = {.init = import_init, .str = import_str}, .getset = import_getset,
#define FAMILY_KEY .slots = {.str = key_str},
#define FAMILY_SYNTAX .slots = {.init = syntax_init, .str = syntax_str}, .getset = syntax_getset,
#define FAMILY_OS \
    .slots = {.new_ = os_error_new, .init = os_error_init, .str = os_error_str}, .methods = os_error_methods, .getset = os_error_getset,
#define FAMILY_DECODE .slots = {.init = decode_error_init, .str = decode_error_str}, .getset = unicode_error_getset,
#define FAMILY_ENCODE .slots = {.init = encode_error_init, .str = encode_error_str}, .getset = unicode_error_getset,
#define FAMILY_TRANSLATE .slots = {.init = translate_error_init, .str = translate_error_str}, .getset = translate_error_getset,
#define FAMILY_GROUP .slots = {.new_ = group_new, .init = group_init, .str = group_str}, .methods = group_methods, .getset = group_getset,

const TypeSpec exception_specs[EXC_COUNT] = {
#define EXCEPTION(type, base, family) \
    [EXC_##type] = {.name = #type, \
                    .layout = LAYOUT_EXCEPTION, \
                    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_HAS_DICT, \
                    .size = sizeof(ExceptionObject), \
                    .ops = {exception_size, exception_visit, exception_clear, exception_free, exception_extra_size}, \
                    FAMILY_##family},
#include "vm/exceptions.def"
#undef EXCEPTION
};

const ExceptionId exception_bases[EXC_COUNT] = {
#define EXCEPTION(type, base, family) [EXC_##type] = EXC_##base,
#include "vm/exceptions.def"
#undef EXCEPTION
};
