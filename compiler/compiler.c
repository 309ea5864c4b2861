/* The compiler's entry: source or tree to code, and the raising of syntax errors and warnings.
 *
 * Passes over the tree, in order: __future__ imports, constant folding (fold.c), scopes (symtable.c, resolve.c), code (statements.c and
 * the files it leads to, through emit.c and registers.c), assembly (assemble.c). */
#include "compiler/codegen.h"

#include <stdarg.h>
#include <stdio.h>

#include "vm/ops.h"
#include "vm/types/exception.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

/* --- errors --- */

/* The text of a source line, with its newline. */
static const char *line_find(const char *source, size_t length, uint32_t line, size_t *size) {
    const char *p = source, *end = source + length;
    for (uint32_t n = 1; n < line && p; n++) {
        p = memchr(p, '\n', (size_t)(end - p));
        if (p) p++;
    }
    if (!p || p >= end || !line) return NULL;
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    *size = (size_t)((newline ? newline + 1 : end) - p);
    return p;
}

/* Characters in the first `bytes` bytes. */
static int64_t character_offset(const char *line, size_t size, uint32_t bytes) {
    int64_t count = 0;
    for (size_t i = 0; i < bytes && i < size; i++) count += ((unsigned char)line[i] & 0xc0) != 0x80;
    return bytes > size ? count + (int64_t)(bytes - size) : count;
}

static ExceptionId error_kind(SyntaxErrorKind kind) {
    switch (kind) {
    case SYNTAX_INDENTATION: return EXC_IndentationError;
    case SYNTAX_TAB: return EXC_TabError;
    case SYNTAX_INCOMPLETE: return EXC__IncompleteInputError;
    default: return EXC_SyntaxError;
    }
}

static Value string_value(Vm *vm, const char *text, size_t length) {
    Str *s = str_from_utf8(vm, text, length);
    return s ? value_from_object(s) : VALUE_ERROR;
}

/* The line as CPython shows it: the parser's always ends in a newline, that of an error inside a token (which has no width) is the source's. */
static Value line_value(Vm *vm, const SyntaxErrorInfo *error, const char *line, size_t length) {
    bool in_token = error->end.line == error->start.line && error->end.column == error->start.column;
    if (in_token || (length && line[length - 1] == '\n')) return string_value(vm, line, length);
    return str_format(vm, "%.*s\n", (int)length, line);
}

/* (filename, line, offset, text, end line, end offset). New. */
static Value error_details(Vm *vm, const SyntaxErrorInfo *error, const char *filename, const char *source, size_t length) {
    size_t size = 0, end_size = 0;
    const char *line = source ? line_find(source, length, error->start.line, &size) : NULL;
    const char *last = source && error->end.line && error->end.column != UINT32_MAX ? line_find(source, length, error->end.line, &end_size) : NULL;
    int64_t offset = line ? character_offset(line, size, error->start.column) + 1 : (int64_t)(int32_t)error->start.column + 1; /* column -1: before the line */
    int64_t end_offset = last ? character_offset(last, end_size, error->end.column) + 1 : (int64_t)error->end.column + 1;
    if (!error->end.line) end_offset = error->end_offset;
    Value items[6] = {string_value(vm, filename, strlen(filename)),
                      value_from_small(error->start.line),
                      value_from_small(offset),
                      line ? line_value(vm, error, line, size) : VALUE_NONE,
                      value_from_small(error->end.line ? error->end.line : error->start.line),
                      error->end.line && error->end.column == UINT32_MAX ? VALUE_NONE : value_from_small(end_offset)};
    bool ok = true;
    for (int i = 0; i < 6; i++) ok &= !value_is_error(items[i]);
    Tuple *tuple = ok ? tuple_from_values(vm, items, 6) : NULL;
    for (int i = 0; i < 6; i++)
        if (!value_is_error(items[i])) value_release(vm, items[i]);
    return tuple ? value_from_object(tuple) : VALUE_ERROR;
}

Value compile_error_raise(Vm *vm, const SyntaxErrorInfo *error, const char *filename, const char *source, size_t length) {
    if (error->kind == SYNTAX_MEMORY) {
        if (!error->message[0]) return error_no_memory(vm);
        return error_raise(vm, EXC_MemoryError, "%s", error->message);
    }
    Value details = error_details(vm, error, filename, source, length);
    if (value_is_error(details)) return VALUE_ERROR;
    Value message = string_value(vm, error->message, strlen(error->message));
    Value args[2] = {message, details};
    Value exception = VALUE_ERROR;
    if (!value_is_error(message)) {
        exception = value_call(vm, value_from_object(vm->exception_types[error_kind(error->kind)]), args, 2, NULL);
        value_release(vm, message);
    }
    value_release(vm, details);
    if (!value_is_error(exception)) {
        error_raise_value(vm, exception, VALUE_EMPTY);
        value_release(vm, exception);
    }
    return VALUE_ERROR;
}

/* --- warnings --- */

static void warn_at(Compiler *c, const char *message, Position at) {
    if (c->failed) return;
    Value text = string_value(c->vm, message, strlen(message));
    bool ok = !value_is_error(text) && error_warn_at(c->vm, EXC_SyntaxWarning, c->filename, (int)at.line, text);
    if (!value_is_error(text)) value_release(c->vm, text);
    if (ok) return;
    if (error_clear_if(c->vm, EXC_SyntaxWarning)) { /* the warning was made an error: a SyntaxError at the place */
        Position end = {0, 0};
        compiler_error_at(c, at, end, "%s", message);
    }
    compiler_fail(c);
}

void compiler_warn(Compiler *c, const Node *node, const char *format, ...) {
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    warn_at(c, message, node->start);
}

static void warn_from_parser(void *user, const char *message, Position at) { warn_at(user, message, at); }

/* --- compiling --- */

static void generate(Compiler *c, Node *tree) {
    switch (tree->kind) {
    case NODE_Module: body_with_docstring(c, tree->as.Module.body); break;
    case NODE_Interactive:
        if (c->module->uses_annotations) emit(c, OP_SETUP_ANNOTATIONS, 0, 0, 0);
        body(c, tree->as.Interactive.body);
        break;
    default: {
        Reg mark = c->unit->temp_top, value = expr_new(c, tree->as.Expression.body);
        position_set(c, tree->as.Expression.body);
        emit_return(c, value);
        c->unit->temp_top = mark;
        return;
    }
    }
    emit_return(c, NO_REGISTER);
}

static void names_release(Compiler *c) {
    for (uint32_t i = 0; i < c->name_size; i++)
        for (Name *name = c->names[i]; name; name = name->next) release_object(c->vm, name->str);
}

static bool compiler_open(Compiler *c) {
    static const char *const known[] = {
#define KNOWN_NAME(id, text) text,
        KNOWN_NAMES(KNOWN_NAME)
#undef KNOWN_NAME
    };
    for (int i = 0; i < KNOWN_COUNT; i++) {
        c->known[i] = name_get(c, known[i], strlen(known[i]));
        if (c->failed) return false;
    }
    c->filename = str_from_utf8(c->vm, c->options->filename, strlen(c->options->filename));
    if (!c->filename) compiler_fail(c);
    return !c->failed;
}

static Value compile_passes(Compiler *c, Node *tree) {
    Unit unit;
    future_read(c, tree);
    if (!c->failed) fold_tree(c, tree);
    if (!c->failed) symtable_build(c, tree);
    if (c->failed) return VALUE_NONE;
    unit_open(c, &unit, c->module, tree);
    if (c->failed) return VALUE_NONE;
    unit_prologue(c);
    generate(c, tree);
    return unit_close(c);
}

/* Gives back what the compilation holds; its result: `code` (borrowed from it) as a new reference, or the error. */
static Value compiler_close(Compiler *c, Value code) {
    if (c->failed) {
        if (!error_pending(c->vm)) error_no_memory(c->vm); /* the arena has failed */
        code = VALUE_ERROR;
    } else {
        value_retain(code);
    }
    constants_release(c);
    names_release(c);
    release_object(c->vm, c->filename);
    return code;
}

static Compiler compiler_init(Vm *vm, Arena *arena, const char *source, size_t length, const CompileOptions *options) {
    return (Compiler){.vm = vm, .arena = arena, .options = options, .source = source, .length = length,
                      .flags = options->flags & CODE_FUTURE_ANNOTATIONS};
}

Value compile_tree(Vm *vm, Arena *arena, Node *tree, const char *source, size_t length, const CompileOptions *options) {
    Compiler c = compiler_init(vm, arena, source, length, options);
    Value code = compiler_open(&c) ? compile_passes(&c, tree) : VALUE_NONE;
    return compiler_close(&c, code);
}

static void *arena_heap_alloc(void *user, size_t size) { return heap_alloc(user, size); }
static void arena_heap_free(void *user, void *block, size_t size) { heap_free(user, block, size); }

static Value parse_and_compile(Compiler *c) {
    SyntaxErrorInfo error = {0};
    const CompileOptions *options = c->options;
    Node *tree = parser_parse(c->arena, c->source, c->length, options->mode, options->interactive, &error, warn_from_parser, c);
    if (c->failed) return VALUE_NONE;
    if (tree) return compile_passes(c, tree);
    if (error.set) compile_error_raise(c->vm, &error, options->filename, c->source, c->length);
    compiler_fail(c);
    return VALUE_NONE;
}

static Value compile_in(Vm *vm, Arena *arena, const char *bytes, size_t size, const CompileOptions *options) {
    SyntaxErrorInfo error = {0};
    size_t length = 0;
    const char *source = lexer_decode(arena, bytes, size, &length, &error);
    if (!source) return error.set ? compile_error_raise(vm, &error, options->filename, NULL, 0) : error_no_memory(vm);
    Compiler c = compiler_init(vm, arena, source, length, options);
    Value code = compiler_open(&c) ? parse_and_compile(&c) : VALUE_NONE;
    return compiler_close(&c, code);
}

Value compile_source(Vm *vm, const char *bytes, size_t length, const CompileOptions *options) {
    Arena arena;
    arena_init(&arena, (ArenaSource){arena_heap_alloc, arena_heap_free, &vm->heap});
    Value code = compile_in(vm, &arena, bytes, length, options);
    arena_release(&arena);
    return code;
}
