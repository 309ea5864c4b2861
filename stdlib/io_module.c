/* Module _io: its types, open(), constants. Module io (stdlib/io.mini) adds the abstract classes scripts inherit from. */
#include "stdlib/io.h"

#include <stdio.h>

#include "vm/module.h"
#include "vm/shape.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/tuple.h"

/* The types live in the module's state: a tuple of them, and UnsupportedOperation behind. */
static const struct {
    const TypeSpec *spec;
    int base; /* IoType; -1: object */
} rows[IO_TYPE_COUNT] = {
    [IO_BASE] = {&io_base_spec, -1},
    [IO_RAW_BASE] = {&raw_base_spec, IO_BASE},
    [IO_BUFFERED_BASE] = {&buffered_base_spec, IO_BASE},
    [IO_TEXT_BASE] = {&text_base_spec, IO_BASE},
    [IO_FILE] = {&file_io_spec, IO_RAW_BASE},
    [IO_BUFFERED_READER] = {&buffered_reader_spec, IO_BUFFERED_BASE},
    [IO_BUFFERED_WRITER] = {&buffered_writer_spec, IO_BUFFERED_BASE},
    [IO_BUFFERED_RANDOM] = {&buffered_random_spec, IO_BUFFERED_BASE},
    [IO_TEXT_WRAPPER] = {&text_wrapper_spec, IO_TEXT_BASE},
    [IO_BYTES] = {&bytes_io_spec, IO_BUFFERED_BASE},
    [IO_STRING] = {&string_io_spec, IO_TEXT_BASE},
    [IO_BYTES_BUFFER] = {&bytes_buffer_spec, -1},
    [IO_BUFFERED_PAIR] = {&buffered_pair_spec, IO_BUFFERED_BASE},
    [IO_NEWLINE_DECODER] = {&newline_decoder_spec, -1},
};

static bool types_make(Vm *vm) {
    Tuple *types = tuple_new(vm, IO_TYPE_COUNT + 1);
    if (!types) return false;
    for (int k = 0; k < IO_TYPE_COUNT; k++) {
        Type *base = rows[k].base < 0 ? TYPE(vm, OBJECT) : (Type *)value_object(types->items[rows[k].base]);
        Type *type = type_from_spec(vm, rows[k].spec, base);
        if (!type) return release_object(vm, types), false;
        types->items[k] = value_retain(value_from_object(type));
    }
    MODULE_STATE(vm, io) = value_from_object(types);
    return true;
}

Type *io_type(Vm *vm, IoType id) {
    if (value_is_empty(MODULE_STATE(vm, io)) && !types_make(vm)) return NULL;
    return (Type *)value_object(value_tuple(MODULE_STATE(vm, io))->items[id]);
}

bool io_is(Vm *vm, Value v, IoType id) { return value_is_instance(vm, v, io_type(vm, id)); }

/* class UnsupportedOperation(OSError, ValueError), made when first asked for. Borrowed. */
static Value unsupported_operation(Vm *vm) {
    if (!io_type(vm, IO_BASE)) return VALUE_ERROR;
    Value *place = &value_tuple(MODULE_STATE(vm, io))->items[IO_TYPE_COUNT];
    if (!value_is_none(*place)) return *place;
    Str *name = str_intern(vm, "UnsupportedOperation", 20), *module = str_intern(vm, "io", 2);
    Tuple *bases = tuple_pack(vm, 2, value_from_object(vm->exception_types[EXC_OSError]), value_from_object(vm->exception_types[EXC_ValueError]));
    Dict *dict = dict_new(vm);
    Value type = VALUE_ERROR;
    if (name && module && bases && dict && dict_set_str(vm, dict, NAME(vm, __module__), value_from_object(module)))
        type = type_create(vm, TYPE(vm, TYPE), name, bases, dict, NULL, NULL);
    release_object(vm, name);
    release_object(vm, module);
    release_object(vm, bases);
    release_object(vm, dict);
    if (!value_is_error(type)) *place = type;
    return type;
}

Value io_unsupported(Vm *vm, const char *what) {
    Value type = unsupported_operation(vm);
    Str *text = value_is_error(type) ? NULL : str_from_ascii(vm, what);
    if (!text) return VALUE_ERROR;
    Value exception = value_call1(vm, type, value_from_object(text));
    release_object(vm, text);
    if (value_is_error(exception)) return exception;
    error_raise_value(vm, exception, VALUE_EMPTY);
    value_release(vm, exception);
    return VALUE_ERROR;
}

/* --- open() --- */

typedef struct OpenMode {
    char raw[8]; /* what FileIO is told */
    bool text, binary, reading, writing, updating;
} OpenMode;

static bool mode_parse(Vm *vm, Value v, OpenMode *out) {
    *out = (OpenMode){0};
    char seen[8] = "";
    Str *mode = value_is_empty(v) ? NULL : value_str_peek(v);
    size_t length = mode ? mode->length : 1, raw = 0, count = 0, kinds = 0;
    for (size_t k = 0; k < length; k++) {
        uint32_t c = mode ? str_at(mode, k) : 'r';
        bool known = c < 128 && c && strchr("axrwb+t", (int)c);
        if (!known || strchr(seen, (int)c) || length > 7) return error_value(vm, "invalid mode: %V", v), false;
        seen[count++] = (char)c;
        if (c == 't') out->text = true;
        else if (c == 'b') out->binary = true;
        else out->raw[raw++] = (char)c;
        if (strchr("axrw", (int)c)) kinds++;
    }
    out->updating = strchr(seen, '+') != NULL;
    out->reading = strchr(seen, 'r') != NULL;
    out->writing = kinds && !out->reading;
    if (out->text && out->binary) return error_value(vm, "can't have text and binary mode at once"), false;
    if (kinds == 1) return true;
    if (kinds > 1) error_value(vm, "must have exactly one of create/read/write/append mode");
    else error_value(vm, "Must have exactly one of create/read/write/append mode and at most one plus");
    return false;
}

static bool check_text_options(Vm *vm, Value *args) {
    static const char *const names[] = {"encoding", "errors", "newline"};
    for (int k = 0; k < 3; k++) {
        if (value_is_empty(args[3 + k]) || value_is_none(args[3 + k])) continue;
        error_value(vm, "binary mode doesn't take %s argument", k == 0 ? "an encoding" : k == 1 ? "an errors" : "a newline");
        (void)names;
        return false;
    }
    return true;
}

static IoType buffered_kind(const OpenMode *mode) {
    if (mode->updating) return IO_BUFFERED_RANDOM;
    return mode->writing ? IO_BUFFERED_WRITER : IO_BUFFERED_READER;
}

static Value wrap_text(Vm *vm, Value buffer, Value *args, bool line_buffering) {
    Value text = text_wrapper_new(vm, buffer, args[3], args[4], args[5], line_buffering, false);
    if (value_is_error(text)) return text;
    Str *name = str_intern(vm, "mode", 4), *r = value_is_empty(args[1]) ? str_from_ascii(vm, "r") : NULL;
    bool ok = name && object_attr_set(vm, value_object(text), name, r ? value_from_object(r) : args[1]);
    release_object(vm, name);
    release_object(vm, r);
    if (ok) return text;
    value_release(vm, text);
    return VALUE_ERROR;
}

/* The text options of open() are str or None. */
static bool check_options(Vm *vm, Value *args) {
    static const char *const names[] = {"encoding", "errors", "newline"};
    for (int k = 0; k < 3; k++) {
        if (value_is_empty(args[3 + k]) || value_is_none(args[3 + k]) || value_is_str(args[3 + k])) continue;
        return error_type(vm, "open() argument '%s' must be str or None, not %T", names[k], args[3 + k]), false;
    }
    return true;
}

/* The stream over a raw file, as mode and buffering say. raw is stolen. */
static Value wrap_take(Vm *vm, Value raw, Value *args, const OpenMode *mode, int buffering) {
    bool terminal = buffering < 0 && file_isatty(vm, (FileIO *)value_object(raw)), lines = buffering == 1 || terminal;
    if (buffering == 0) {
        if (mode->binary) return raw;
        value_release(vm, raw);
        return error_value(vm, "can't have unbuffered text I/O");
    }
    Value buffer = buffered_new(vm, buffered_kind(mode), raw, buffering > 1 ? (size_t)buffering : ((FileIO *)value_object(raw))->block_size);
    value_release(vm, raw);
    if (value_is_error(buffer) || mode->binary) return buffer;
    Value text = wrap_text(vm, buffer, args, lines);
    value_release(vm, buffer);
    return text;
}

/* What FileIO is to open: a descriptor, or the str or bytes of a path. New. */
static Value file_name(Vm *vm, Value v) {
    if (value_is_str(v) || value_is_bytes(v) || value_is_int(v)) return value_retain(v);
    Str *name = str_intern(vm, "__fspath__", 10);
    Value method = name ? value_special(vm, v, name) : VALUE_ERROR;
    release_object(vm, name);
    if (value_is_error(method)) return method;
    if (value_is_empty(method)) return value_type(vm, v)->slots.as_index ? value_index(vm, v) : value_retain(v); /* FileIO refuses it */
    Value path = value_call0(vm, method);
    value_release(vm, method);
    if (value_is_error(path) || value_is_str(path) || value_is_bytes(path)) return path;
    error_type(vm, "expected %T.__fspath__() to return str or bytes, not %T", v, path);
    value_release(vm, path);
    return VALUE_ERROR;
}

/* builtins.open: "(file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None)" */
Value io_open(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    OpenMode mode;
    int buffering = -1;
    if (!value_is_empty(args[1]) && !value_is_str(args[1])) return error_type(vm, "open() argument 'mode' must be str, not %T", args[1]);
    if (!value_is_empty(args[2]) && !value_as_int(vm, args[2], &buffering)) return VALUE_ERROR;
    if (!check_options(vm, args)) return VALUE_ERROR;
    int close_fd = value_is_empty(args[6]) ? 1 : value_truth(vm, args[6]);
    if (close_fd < 0) return VALUE_ERROR;
    Value name = file_name(vm, args[0]);
    if (value_is_error(name)) return name;
    bool ok = mode_parse(vm, args[1], &mode) && (!mode.binary || check_text_options(vm, args));
    Value raw = ok ? file_open(vm, name, mode.raw, close_fd, args[7]) : VALUE_ERROR;
    value_release(vm, name);
    return value_is_error(raw) ? raw : wrap_take(vm, raw, args, &mode, buffering);
}

/* "(encoding, stacklevel=2, /)" */
static Value io_text_encoding(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!value_is_none(args[0])) return value_retain(args[0]);
    Str *s = str_from_ascii(vm, "locale");
    return s ? value_from_object(s) : VALUE_ERROR;
}

static const NativeDef io_functions[] = {
    {"text_encoding", io_text_encoding, "(encoding, stacklevel=2, /)", "The encoding, or 'locale' for None.", 0},
    {0}};

static bool io_init(Vm *vm, Value module) {
    Dict *d = ((Module *)value_object(module))->dict;
    for (int k = 0; k < IO_TYPE_COUNT; k++) {
        Type *type = io_type(vm, (IoType)k);
        if (!type || !dict_set_str(vm, d, value_str_peek(type->name), value_from_object(type))) return false;
    }
    Value unsupported = unsupported_operation(vm);
    return !value_is_error(unsupported) && dict_set_ascii(vm, d, "UnsupportedOperation", unsupported) &&
           dict_set_ascii(vm, d, "open", dict_peek_ascii(vm, vm->builtins, "open")) &&
           dict_set_ascii(vm, d, "BlockingIOError", value_from_object(vm->exception_types[EXC_BlockingIOError])) &&
           dict_set_ascii(vm, d, "DEFAULT_BUFFER_SIZE", value_from_small(IO_BUFFER_SIZE));
}

const ModuleDef io_module = {.name = "_io", .doc = "The types behind module io.", .functions = io_functions, .init = io_init};
