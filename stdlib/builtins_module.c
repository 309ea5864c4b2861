/* The builtins module: its table of functions, its types and constants. The functions are in builtins_*.c. */
#include "stdlib/builtins.h"

#include "stdlib/io.h"

#include "vm/ops.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/vm.h"

static const NativeDef functions[] = {
    {"__build_class__", builtins_build_class, "(*args, **kwds)", "Internal helper function used by the class statement.", 0},
    {"__import__", builtins_import, "(name, globals=None, locals=None, fromlist=(), level=0)", "Import a module.", 0},
    {"abs", builtins_abs, "(x, /)", "Return the absolute value of the argument.", 0},
    {"aiter", builtins_aiter, "(async_iterable, /)", "Return an asynchronous iterator for an asynchronous iterable.", 0},
    {"all", builtins_all, "(iterable, /)", "True if every item is true, also of an empty iterable.", 0},
    {"anext", builtins_anext, "(aiterator, default=<unrepresentable>, /)", "An awaitable of an async iterator's next item.", 0},
    {"any", builtins_any, "(iterable, /)", "True if some item is true.", 0},
    {"ascii", builtins_ascii, "(obj, /)", "repr() with everything but ASCII escaped.", 0},
    {"bin", builtins_bin, "(number, /)", "The binary text of an integer: bin(10) == '0b1010'.", 0},
    {"breakpoint", builtins_breakpoint, "(*args, **kws)", "Calls sys.breakpointhook.", 0},
    {"callable", builtins_callable, "(obj, /)", "Whether the object can be called.", 0},
    {"chr", builtins_chr, "(i, /)", "The one-character str of a code point.", 0},
    {"compile", builtins_compile,
     "(source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, _feature_version=-1)",
     "Compiles source to a code object for exec() or eval().", 0},
    {"delattr", builtins_delattr, "(obj, name, /)", "delattr(x, 'y') is del x.y.", 0},
    {"dir", builtins_dir, "(object=None, /)", "A sorted list of names: of an object's attributes, or in scope.", 0},
    {"divmod", builtins_divmod, "(x, y, /)", "The tuple (x//y, x%y).", 0},
    {"eval", builtins_eval, "(source, /, globals=None, locals=None)", "Evaluates an expression.", 0},
    {"exec", builtins_exec, "(source, /, globals=None, locals=None, *, closure=None)", "Runs statements.", 0},
    {"format", builtins_format, "(value, format_spec='', /)", "value.__format__(format_spec)", 0},
    {"getattr", builtins_getattr, "(object, name, default=None, /)", "getattr(x, 'y') is x.y; default when there is none.", 0},
    {"globals", builtins_globals, "()", "The dict of the running module's names.", 0},
    {"hasattr", builtins_hasattr, "(obj, name, /)", "Whether the object has an attribute of that name.", 0},
    {"hash", builtins_hash, "(obj, /)", "The hash of the object: equal objects have equal hashes.", 0},
    {"hex", builtins_hex, "(number, /)", "The hexadecimal text of an integer: hex(255) == '0xff'.", 0},
    {"id", builtins_id, "(obj, /)", "A number that is the object's own while it lives.", 0},
    {"input", builtins_input, "(prompt='', /)", "Reads a line from sys.stdin, without its newline.", 0},
    {"isinstance", builtins_isinstance, "(obj, class_or_tuple, /)", "Whether the object is an instance of a class, or of one of several.", 0},
    {"issubclass", builtins_issubclass, "(cls, class_or_tuple, /)", "Whether a class is derived from another, or from one of several.", 0},
    {"iter", builtins_iter, "(object, sentinel=None, /)", "An iterator of an iterable, or of a callable until it gives the sentinel.", 0},
    {"len", builtins_len, "(obj, /)", "The number of items in a container.", 0},
    {"locals", builtins_locals, "()", "A dict of the names in the current scope.", 0},
    {"max", builtins_max, "(*args, default=None, key=None)", "The largest item of an iterable, or of the arguments.", 0},
    {"min", builtins_min, "(*args, default=None, key=None)", "The smallest item of an iterable, or of the arguments.", 0},
    {"next", builtins_next, "(iterator, default=None, /)", "The next item; default when there is none.", 0},
    {"oct", builtins_oct, "(number, /)", "The octal text of an integer: oct(8) == '0o10'.", 0},
    {"open", io_open,
     "(file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None)", "Opens a file.", 0},
    {"ord", builtins_ord, "(c, /)", "The code point of a one-character str.", 0},
    {"pow", builtins_pow, "(base, exp, mod=None)", "base**exp, or base**exp % mod without the large number between.", 0},
    {"print", builtins_print, "(*args, sep=' ', end='\\n', file=None, flush=False)", "Writes the values to a stream, sys.stdout if none is named.", 0},
    {"repr", builtins_repr, "(obj, /)", "The text that shows what an object is.", 0},
    {"round", builtins_round, "(number, ndigits=None)", "The number rounded to ndigits behind the point, half to even.", 0},
    {"setattr", builtins_setattr, "(obj, name, value, /)", "setattr(x, 'y', v) is x.y = v.", 0},
    {"sorted", builtins_sorted, "(iterable, /, *, key=None, reverse=False)", "A new list of the items in ascending order.", 0},
    {"sum", builtins_sum, "(iterable, /, start=0)", "The sum of start and the items.", 0},
    {"vars", builtins_vars, "(object=None, /)", "The __dict__ of an object, or locals().", 0},
    {0}};

static const struct {
    const char *name;
    TypeId id;
} types[] = {
    {"bool", TYPE_BOOL},           {"bytearray", TYPE_BYTEARRAY},     {"bytes", TYPE_BYTES},         {"classmethod", TYPE_CLASSMETHOD},
    {"complex", TYPE_COMPLEX},     {"dict", TYPE_DICT},               {"enumerate", TYPE_ENUMERATE}, {"filter", TYPE_FILTER},
    {"float", TYPE_FLOAT},         {"frozenset", TYPE_FROZENSET},     {"int", TYPE_INT},             {"list", TYPE_LIST},
    {"map", TYPE_MAP},             {"memoryview", TYPE_MEMORYVIEW},   {"object", TYPE_OBJECT},       {"property", TYPE_PROPERTY},
    {"range", TYPE_RANGE},         {"reversed", TYPE_REVERSED},       {"set", TYPE_SET},             {"slice", TYPE_SLICE},
    {"staticmethod", TYPE_STATICMETHOD}, {"str", TYPE_STR},           {"super", TYPE_SUPER},         {"tuple", TYPE_TUPLE},
    {"type", TYPE_TYPE},           {"zip", TYPE_ZIP},
};

static const char *const exception_names[EXC_COUNT] = {
#define EXCEPTION(name, base, family) [EXC_##name] = #name,
#include "vm/exceptions.def"
#undef EXCEPTION
};

static bool add_exceptions(Vm *vm, Dict *d) {
    for (int k = 0; k < EXC_COUNT; k++)
        if (!dict_set_ascii(vm, d, exception_names[k], value_from_object(vm->exception_types[k]))) return false;
#define EXCEPTION(name, base, family)
#define EXCEPTION_ALIAS(name, target) \
    if (!dict_set_ascii(vm, d, #name, value_from_object(vm->exception_types[EXC_##target]))) return false;
#include "vm/exceptions.def"
#undef EXCEPTION_ALIAS
#undef EXCEPTION
    return true;
}

static bool builtins_init(Vm *vm, Value module) {
    Dict *d = ((Module *)value_object(module))->dict;
    for (size_t k = 0; k < sizeof types / sizeof *types; k++)
        if (!dict_set_ascii(vm, d, types[k].name, value_from_object(vm->types[types[k].id]))) return false;
    return dict_set_ascii(vm, d, "None", VALUE_NONE) && dict_set_ascii(vm, d, "True", VALUE_TRUE) &&
           dict_set_ascii(vm, d, "False", VALUE_FALSE) && dict_set_ascii(vm, d, "Ellipsis", VALUE_ELLIPSIS) &&
           dict_set_ascii(vm, d, "NotImplemented", VALUE_NOT_IMPLEMENTED) &&
           dict_set_ascii(vm, d, "__debug__", value_from_bool(!vm->optimize)) && add_exceptions(vm, d);
}

const ModuleDef builtins_module = {
    .name = "builtins",
    .doc = "Built-in functions, types, exceptions, and other objects.",
    .functions = functions,
    .init = builtins_init,
};
