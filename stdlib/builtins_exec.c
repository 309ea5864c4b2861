/* builtins: compiling and running source, the namespaces around it, __import__. */
#include "stdlib/builtins.h"

#include "compiler/compiler.h"
#include "vm/frame.h"
#include "vm/import.h"
#include "vm/ops.h"
#include "vm/types/bytes.h"
#include "vm/types/dict.h"
#include "vm/types/frame_object.h"
#include "vm/types/int.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

#define FLAG_INTERACTIVE_INCOMPLETE 0x4000 /* PyCF_ALLOW_INCOMPLETE_INPUT */

/* Source as bytes; owner: what keeps them alive. */
typedef struct Source {
    const char *bytes;
    size_t length;
    char *copy; /* heap block of length + 1 bytes, for str */
    Buffer buffer;
    bool has_buffer;
} Source;

static bool source_get(Vm *vm, Value v, const char *function, const char *what, Source *out) {
    *out = (Source){0};
    if (value_is_str(v)) {
        Str *s = value_str_peek(v);
        out->length = str_utf8_length(s);
        out->copy = heap_alloc(&vm->heap, out->length + 1);
        if (!out->copy) return error_no_memory(vm), false;
        str_utf8_copy(s, out->copy);
        out->bytes = out->copy;
    } else {
        if (!value_type(vm, v)->slots.get_buffer) {
            error_type(vm, "%s() arg 1 must be a %s", function, what);
            return false;
        }
        if (!buffer_get(vm, v, &out->buffer, false)) return false;
        out->has_buffer = true;
        out->bytes = (const char *)out->buffer.data;
        out->length = out->buffer.length;
    }
    if (!memchr(out->bytes, 0, out->length)) return true;
    error_raise(vm, EXC_SyntaxError, "source code string cannot contain null bytes");
    return false;
}

static void source_drop(Vm *vm, Source *s) {
    if (s->copy) heap_free(&vm->heap, s->copy, s->length + 1);
    if (s->has_buffer) buffer_release(vm, &s->buffer);
}

static bool parse_mode(Vm *vm, Value v, ParseMode *out) {
    static const char *const names[] = {"exec", "eval", "single"};
    static const ParseMode modes[] = {PARSE_EXEC, PARSE_EVAL, PARSE_SINGLE};
    if (!value_is_str(v)) return error_type(vm, "compile() argument 'mode' must be str, not %T", v), false;
    for (int k = 0; k < 3; k++) {
        *out = modes[k];
        if (str_equal_ascii(value_str_peek(v), names[k])) return true;
    }
    error_value(vm, "compile() mode must be 'exec', 'eval' or 'single'");
    return false;
}

/* "(source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, _feature_version=-1)" */
Value builtins_compile(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    CompileOptions options = {.optimize = vm->optimize};
    int64_t flags = 0, optimize = -1;
    if (!parse_mode(vm, args[2], &options.mode)) return VALUE_ERROR;
    if (!value_is_empty(args[3]) && !value_as_i64(vm, args[3], &flags)) return VALUE_ERROR;
    if (!value_is_empty(args[5]) && !value_as_i64(vm, args[5], &optimize)) return VALUE_ERROR;
    if (optimize < -1 || optimize > 2) return error_value(vm, "compile(): invalid optimize value");
    if (optimize >= 0) options.optimize = (int)optimize;
    options.flags = (uint32_t)flags & CODE_FUTURE_ANNOTATIONS;
    options.interactive = flags & FLAG_INTERACTIVE_INCOMPLETE;
    if (value_has_layout(args[0], LAYOUT_CODE)) return value_retain(args[0]);
    if (!value_is_str(args[1])) return error_type(vm, "compile() argument 'filename' must be str, not %T", args[1]);
    size_t size;
    char *filename = str_to_c(vm, value_str_peek(args[1]), &size, true);
    if (!filename) return VALUE_ERROR;
    options.filename = filename;
    Source source;
    Value code = VALUE_ERROR;
    if (source_get(vm, args[0], "compile", "string, bytes or AST object", &source))
        code = compile_source(vm, source.bytes, source.length, &options);
    source_drop(vm, &source);
    heap_free(&vm->heap, filename, size);
    return code;
}

static FrameObject *current_frame(Vm *vm) {
    if (vm->frame) return frame_object(vm, vm->frame);
    error_raise(vm, EXC_SystemError, "frame does not exist");
    return NULL;
}

Value builtins_globals(Vm *vm, Value *args, int nargs) {
    (void)args;
    (void)nargs;
    return vm->frame ? value_retain(value_from_object(vm->frame->globals)) : VALUE_NONE;
}

Value builtins_locals(Vm *vm, Value *args, int nargs) {
    (void)args;
    (void)nargs;
    FrameObject *frame = current_frame(vm);
    return frame ? frame_locals(vm, frame) : VALUE_ERROR;
}

/* The namespaces that eval and exec run in; both new. */
typedef struct Scope {
    Value globals, locals; /* locals VALUE_EMPTY: the globals */
} Scope;

static bool scope_get(Vm *vm, Value globals, Value locals, const char *function, Scope *out) {
    out->globals = out->locals = VALUE_EMPTY;
    bool has_locals = !value_is_empty(locals) && !value_is_none(locals);
    if (has_locals && !value_type(vm, locals)->slots.get_item) {
        error_type(vm, "locals must be a mapping or None, not %T", locals);
        return false;
    }
    if (value_is_empty(globals) || value_is_none(globals)) {
        FrameObject *frame = current_frame(vm);
        if (!frame) return false;
        out->globals = value_retain(value_from_object(frame->function->globals));
        out->locals = has_locals ? value_retain(locals) : frame_locals(vm, frame);
        if (value_is_error(out->locals)) return value_release(vm, out->globals), false;
    } else if (value_is_dict(globals)) {
        out->globals = value_retain(globals);
        out->locals = has_locals ? value_retain(locals) : VALUE_EMPTY;
    } else {
        const char *form = !strcmp(function, "eval") ? "globals must be a dict" : "exec() globals must be a dict, not %T";
        if (!strcmp(function, "eval") && value_type(vm, globals)->slots.get_item)
            form = "globals must be a real dict; try eval(code, {}, mapping)";
        error_type(vm, form, globals);
        return false;
    }
    if (value_same(out->globals, out->locals)) value_clear(vm, &out->locals);
    Dict *d = value_dict(out->globals);
    if (!value_is_empty(dict_peek_str(vm, d, NAME(vm, __builtins__)))) return true;
    return dict_set_str(vm, d, NAME(vm, __builtins__), vm->builtins_module);
}

static void scope_drop(Vm *vm, Scope *scope) {
    if (!value_is_error(scope->globals)) value_release(vm, scope->globals);
    if (!value_is_error(scope->locals)) value_release(vm, scope->locals);
}

/* Runs a code object; closure: Tuple of cells or VALUE_EMPTY. */
static Value run_code(Vm *vm, Code *code, const Scope *scope, Value closure) {
    Function *f = function_new(vm, code, value_dict(scope->globals));
    if (!f) return VALUE_ERROR;
    if (value_is_tuple(closure)) f->closure = retain_object(value_object(closure));
    Value result;
    if (code->flags & (CODE_NAMESPACE | CODE_CLASS_BODY))
        result = function_run_body(vm, f, value_is_empty(scope->locals) ? scope->globals : scope->locals);
    else result = function_call(vm, f, NULL, 0, NULL);
    release_object(vm, f);
    return result;
}

static Value run_source(Vm *vm, Value v, ParseMode mode, const Scope *scope, const char *function, const char *what) {
    CompileOptions options = {.mode = mode, .filename = "<string>", .optimize = vm->optimize};
    options.namespace_locals = !value_is_empty(scope->locals);
    if (vm->frame) options.flags = vm->frame->code->flags & CODE_FUTURE_ANNOTATIONS;
    Source source;
    Value code = VALUE_ERROR;
    if (source_get(vm, v, function, what, &source)) {
        size_t skip = 0; /* eval("  1") is no indentation error */
        while (mode == PARSE_EVAL && skip < source.length && (source.bytes[skip] == ' ' || source.bytes[skip] == '\t')) skip++;
        code = compile_source(vm, source.bytes + skip, source.length - skip, &options);
    }
    source_drop(vm, &source);
    if (value_is_error(code)) return code;
    Value result = run_code(vm, (Code *)value_object(code), scope, VALUE_EMPTY);
    value_release(vm, code);
    return result;
}

/* "(source, /, globals=None, locals=None)" */
Value builtins_eval(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Scope scope;
    if (!scope_get(vm, args[1], args[2], "eval", &scope)) return VALUE_ERROR;
    Value result;
    if (value_has_layout(args[0], LAYOUT_CODE)) {
        Code *code = (Code *)value_object(args[0]);
        if (code->free_count) result = error_type(vm, "code object passed to eval() may not contain free variables");
        else result = run_code(vm, code, &scope, VALUE_EMPTY);
    } else {
        result = run_source(vm, args[0], PARSE_EVAL, &scope, "eval", "string, bytes or code object");
    }
    scope_drop(vm, &scope);
    return result;
}

static bool check_closure(Vm *vm, const Code *code, Value closure) {
    bool given = !value_is_empty(closure) && !value_is_none(closure);
    if (!code->free_count) {
        if (given) error_type(vm, "cannot use a closure with this code object");
        return !given;
    }
    if (!given) error_type(vm, "code object requires a closure of exactly length %u", (unsigned)code->free_count);
    else if (!value_is_tuple(closure) || value_tuple(closure)->count != code->free_count)
        error_type(vm, "code object requires a closure of exactly length %u", (unsigned)code->free_count);
    else return true;
    return false;
}

/* "(source, /, globals=None, locals=None, *, closure=None)" */
Value builtins_exec(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Scope scope;
    if (!scope_get(vm, args[1], args[2], "exec", &scope)) return VALUE_ERROR;
    Value result = VALUE_ERROR;
    if (value_has_layout(args[0], LAYOUT_CODE)) {
        Code *code = (Code *)value_object(args[0]);
        if (check_closure(vm, code, args[3])) result = run_code(vm, code, &scope, args[3]);
    } else if (!value_is_empty(args[3]) && !value_is_none(args[3])) {
        error_type(vm, "closure can only be used when source is a code object");
    } else {
        result = run_source(vm, args[0], PARSE_EXEC, &scope, "exec", "string, bytes or code object");
    }
    scope_drop(vm, &scope);
    if (value_is_error(result)) return result;
    value_release(vm, result);
    return VALUE_NONE;
}

/* "(name, globals=None, locals=None, fromlist=(), level=0)" */
Value builtins_import(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (!value_is_str(args[0])) return error_type(vm, "module name must be a string");
    int level = 0;
    if (!value_is_empty(args[4]) && !value_as_int(vm, args[4], &level)) return VALUE_ERROR;
    Value globals = value_is_empty(args[1]) ? VALUE_NONE : args[1];
    return import_by_name(vm, value_str_peek(args[0]), globals, value_is_empty(args[3]) ? VALUE_NONE : args[3], level);
}
