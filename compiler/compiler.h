/* Compiler: tree to code. */
#ifndef MINI_COMPILER_COMPILER_H
#define MINI_COMPILER_COMPILER_H

#include "parser/parser.h"
#include "vm/code.h"

typedef struct CompileOptions {
    ParseMode mode;
    const char *filename; /* UTF-8 */
    bool interactive;     /* an unfinished input raises _IncompleteInputError */
    bool namespace_locals; /* exec with separate locals: names through register 0 (CODE_NAMESPACE) */
    int optimize;         /* 0; 1: asserts left out; 2: docstrings too */
    uint32_t flags;       /* CODE_FUTURE_ANNOTATIONS to inherit; 0x2000 PyCF_ALLOW_TOP_LEVEL_AWAIT is not supported */
} CompileOptions;

/* Source bytes (any encoding that PEP 263 allows) to a code object. Result: Code, VALUE_ERROR with SyntaxError, ... pending
 * (filename, lineno, offset, text, end_lineno, end_offset set). SyntaxWarnings go through error_warn. */
Value compile_source(Vm *vm, const char *bytes, size_t length, const CompileOptions *options);
/* A tree that parser_parse made. */
Value compile_tree(Vm *vm, Arena *arena, Node *tree, const char *source, size_t length, const CompileOptions *options);
/* Raises what SyntaxErrorInfo says, with the source line. Result: VALUE_ERROR. */
Value compile_error_raise(Vm *vm, const SyntaxErrorInfo *error, const char *filename, const char *source, size_t length);

#endif
