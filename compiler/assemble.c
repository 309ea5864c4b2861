/* Units: opening one for a scope, and making its Code when all is emitted.
 *
 * Jumps to jumps are threaded here. Everything a Code holds is a heap block of its own or a retained reference; code_free (vm/code.c) gives
 * it back, also when the making fails half way. */
#include "compiler/codegen.h"
#include "compiler/verify.h"

#include <stdio.h>

#include "vm/types/str.h"
#include "vm/types/tuple.h"

/* --- opening --- */

static Name *unit_name(Compiler *c, const Scope *scope) {
    if (scope->kind != SCOPE_TYPE_PARAMS) return scope->name;
    static const char format[] = "<generic parameters of %s>";
    size_t size = sizeof format + scope->name->length;
    char *text = compiler_alloc(c, size);
    if (!text) return scope->name;
    int length = snprintf(text, size, format, scope->name->data);
    return name_get(c, text, (size_t)length);
}

/* Whether the parent declares the function's or class's name global: then it is not qualified. */
static bool is_declared_global(Compiler *c, const Unit *parent, const Scope *scope) {
    if (scope->kind != SCOPE_CLASS && (scope->kind != SCOPE_FUNCTION || scope->is_lambda || scope->comprehension)) return false;
    Name *name = name_mangle(c, parent->names->private_class, (Text){scope->name->data, scope->name->length});
    Symbol *symbol = scope_find(parent->names, name);
    return symbol && symbol->kind == SYMBOL_GLOBAL_EXPLICIT;
}

static Str *qualified_name(Compiler *c, const Unit *parent, const Scope *scope, Name *name) {
    if (parent && parent->scope->kind == SCOPE_TYPE_PARAMS) parent = parent->parent;
    Value v;
    if (!parent || !parent->parent || is_declared_global(c, parent, scope)) {
        v = constant_string(c, name->data, name->length);
    } else {
        bool function = scope_is_function_like(parent->scope) && parent->scope->kind == SCOPE_FUNCTION;
        Str *own = name_str(c, name);
        if (!own || !parent->qualname) return NULL;
        v = str_format(c->vm, function ? "%U.<locals>.%U" : "%U.%U", parent->qualname, own);
        v = constant_intern_take(c, v);
    }
    return value_is_str(v) ? value_str_peek(v) : NULL;
}

static uint32_t unit_flags(const Compiler *c, const Scope *scope) {
    uint32_t flags = c->flags & CODE_FUTURE_ANNOTATIONS;
    if (scope->kind == SCOPE_CLASS) return flags | CODE_CLASS_BODY | CODE_NAMESPACE;
    if (scope->kind == SCOPE_MODULE) return flags | (c->options->namespace_locals ? CODE_NAMESPACE : 0);
    flags |= CODE_OPTIMIZED | CODE_NEWLOCALS;
    if (scope->nested) flags |= CODE_NESTED;
    if (scope->is_generator) flags |= scope->is_coroutine ? CODE_ASYNC_GENERATOR : CODE_GENERATOR;
    else if (scope->is_coroutine) flags |= CODE_COROUTINE;
    if (scope->has_varargs) flags |= CODE_VARARGS;
    if (scope->has_varkeywords) flags |= CODE_VARKEYWORDS;
    if (scope->parent->kind == SCOPE_CLASS && scope->node->kind == NODE_FunctionDef && scope->kind == SCOPE_FUNCTION) flags |= CODE_METHOD;
    return flags;
}

static int32_t first_line(const Node *node) {
    const NodeList *decorators = node->kind == NODE_FunctionDef ? &node->as.FunctionDef.decorators
                                 : node->kind == NODE_ClassDef  ? &node->as.ClassDef.decorators
                                                                : NULL;
    if (decorators && decorators->count) return (int32_t)decorators->items[0]->start.line;
    return node->kind == NODE_Module || node->kind == NODE_Expression || node->kind == NODE_Interactive ? 1 : (int32_t)node->start.line;
}

/* Parameters have values from the start; what some statement unbinds is remembered. */
static bool open_bound(Compiler *c, Unit *u, const Scope *scope) {
    uint32_t tracked = scope->local_count < TRACKED_LOCALS ? scope->local_count : TRACKED_LOCALS;
    u->bound_words = (tracked + 63) / 64;
    u->bound = compiler_alloc(c, (u->bound_words + 1) * sizeof(uint64_t));
    u->deleted = compiler_alloc(c, (u->bound_words + 1) * sizeof(uint64_t));
    if (!u->bound || !u->deleted) return false;
    for (uint32_t i = 0; i < scope->count; i++) {
        const Symbol *symbol = scope->order[i];
        if (symbol->reg == NO_REGISTER) continue;
        uint32_t number = register_local(symbol->reg);
        if (number >= tracked) continue;
        if (symbol->flags & DEF_PARAM) u->bound[number / 64] |= UINT64_C(1) << number % 64;
        if (symbol->flags & DEF_DELETED) u->deleted[number / 64] |= UINT64_C(1) << number % 64;
    }
    return true;
}

void unit_open(Compiler *c, Unit *u, Scope *scope, const Node *node) {
    *u = (Unit){.parent = c->unit, .reachable = true};
    if (!scope) {
        compiler_fail(c);
        scope = c->module;
    }
    u->scope = u->names = scope;
    Name *name = unit_name(c, scope);
    u->qualname = qualified_name(c, c->unit, scope, name);
    u->flags = unit_flags(c, scope);
    u->first_line = first_line(node);
    u->temp_base = scope->local_count < NEAR_LOCALS ? scope->local_count : NEAR_LOCALS;
    u->temp_top = u->temp_max = u->statement_base = u->temp_base;
    u->spill_top = FAR_BASE + (scope->local_count > NEAR_LOCALS ? scope->local_count - NEAR_LOCALS : 0);
    u->fixed_offset = 0;
    open_bound(c, u, scope);
    c->unit = u;
}

/* --- jumps to jumps --- */

static bool has_target(Opcode op) {
    return (op >= OP_JUMP_IF && op <= OP_JUMP_GE_I) || op == OP_FOR_ITER || op == OP_SEND;
}

static uint32_t final_target(const Unit *u, uint32_t target) {
    for (int hops = 0; hops < 64 && target < u->count && INSTR_OP(u->code[target]) == OP_JUMP; hops++)
        target = target + 1 + (uint32_t)((int32_t)u->code[target] >> 8);
    return target;
}

static void thread_jumps(Unit *u) {
    for (uint32_t i = 0; i < u->spot_count; i++) {
        uint32_t at = u->spots[i].offset;
        Opcode op = (Opcode)INSTR_OP(u->code[at]);
        if (has_target(op)) {
            uint32_t target = final_target(u, at + 2 + u->code[at + 1]);
            u->code[at + 1] = target - (at + 2);
        } else if (op == OP_JUMP) {
            uint32_t target = final_target(u, at + 1 + (uint32_t)((int32_t)u->code[at] >> 8));
            if (target < u->count && INSTR_OP(u->code[target]) == OP_JUMP_BACK) {
                target = target + 1 + (uint32_t)((int32_t)u->code[target] >> 8);
                op = OP_JUMP_BACK;
            }
            u->code[at] = (Instr)op | (Instr)(target - (at + 1)) << 8;
        }
    }
}

/* --- making the Code --- */

static void *block_copy(Compiler *c, const void *data, size_t size) {
    if (!size) return NULL;
    void *block = heap_alloc(&c->vm->heap, size);
    if (block) memcpy(block, data, size);
    return block;
}

static Str **names_copy(Compiler *c, Name *const *names, uint32_t count) {
    Str **copy = count ? heap_alloc(&c->vm->heap, count * sizeof *copy) : NULL;
    if (!copy) return NULL;
    memset(copy, 0, count * sizeof *copy);
    for (uint32_t i = 0; i < count; i++) {
        Str *s = name_str(c, names[i]);
        copy[i] = s ? retain_object(s) : NULL;
    }
    return copy;
}

/* Tuples of the constants beyond CONSTANT_LIMIT go to the places that were kept for them. */
static bool fill_chunks(Compiler *c, ValueTable *table) {
    uint32_t first = CONSTANT_LIMIT + CONSTANT_CHUNKS;
    for (uint32_t chunk = 0; first + chunk * CONSTANT_CHUNK_SIZE < table->count; chunk++) {
        uint32_t start = first + chunk * CONSTANT_CHUNK_SIZE, count = table->count - start;
        if (count > CONSTANT_CHUNK_SIZE) count = CONSTANT_CHUNK_SIZE;
        Tuple *tuple = tuple_from_values(c->vm, table->items + start, count);
        if (chunk >= CONSTANT_CHUNKS || !tuple) return false;
        table->items[CONSTANT_LIMIT + chunk] = constant_keep_take(c, value_from_object(tuple));
    }
    return true;
}

static bool copy_constants(Compiler *c, Code *code, ValueTable *table) {
    if (!fill_chunks(c, table)) return false;
    code->constants = block_copy(c, table->items, table->count * sizeof(Value));
    if (table->count && !code->constants) return false;
    code->constant_count = table->count;
    for (uint32_t i = 0; i < table->count; i++) value_retain(code->constants[i]);
    return true;
}

static bool copy_regions(Compiler *c, Code *code) {
    const Unit *u = c->unit;
    if (!u->region_count) return true;
    code->exceptions = heap_alloc(&c->vm->heap, u->region_count * sizeof *code->exceptions);
    if (!code->exceptions) return false;
    code->exception_count = u->region_count;
    for (uint32_t i = 0; i < u->region_count; i++) {
        const Region *r = &u->regions[i];
        code->exceptions[i] = (ExceptionEntry){r->start, r->end, r->handler->offset, r->depth};
    }
    return true;
}

static bool copy_positions(Compiler *c, Code *code) {
    const Unit *u = c->unit;
    uint32_t *offsets = compiler_alloc(c, (u->spot_count + 1u) * sizeof *offsets);
    CodePosition *positions = compiler_alloc(c, (u->spot_count + 1u) * sizeof *positions);
    if (!offsets || !positions) return false;
    for (uint32_t i = 0; i < u->spot_count; i++) {
        offsets[i] = u->spots[i].offset;
        positions[i] = u->spots[i].position;
    }
    code->positions = code_positions_encode(c->vm, offsets, positions, u->spot_count, &code->position_size);
    return code->positions != NULL;
}

/* Which locals are cells from the code's start: those of inlined comprehensions come and go, and are not among them. */
static bool copy_cells(Compiler *c, Code *code, const Scope *scope) {
    uint16_t *cells = compiler_alloc(c, (scope->count + 3u) * sizeof *cells);
    uint32_t count = 0;
    if (!cells) return false;
    for (uint32_t i = 0; i < scope->count; i++)
        if (scope->order[i]->kind == SYMBOL_CELL && scope->order[i]->reg != NO_REGISTER) cells[count++] = (uint16_t)scope->order[i]->reg;
    if (scope->class_cell != NO_REGISTER) cells[count++] = (uint16_t)scope->class_cell;
    if (scope->classdict_cell != NO_REGISTER) cells[count++] = (uint16_t)scope->classdict_cell;
    code->cell_registers = block_copy(c, cells, count * sizeof *cells);
    if (count && !code->cell_registers) return false;
    code->cell_count = (uint16_t)count;
    return true;
}

static bool has_cell_parameter(const Scope *scope) {
    for (uint32_t i = 0; i < scope->count; i++)
        if (scope->order[i]->flags & DEF_PARAM && scope->order[i]->kind == SYMBOL_CELL) return true;
    return false;
}

static void set_counts(Code *code, const Unit *u) {
    const Scope *scope = u->scope;
    uint32_t highest = u->temp_max > u->spill_max ? u->temp_max : u->spill_max;
    if (highest < u->spill_top && scope->local_count > NEAR_LOCALS) highest = u->spill_top;
    if (highest < scope->param_count) highest = scope->param_count;
    code->register_count = (uint16_t)highest;
    code->arg_count = (uint16_t)scope->arg_count;
    code->posonly_count = (uint16_t)scope->posonly_count;
    code->kwonly_count = (uint16_t)scope->kwonly_count;
    code->total_params = (uint16_t)scope->param_count;
    code->first_line = u->first_line;
    code->flags = u->flags | (u->has_docstring ? CODE_HAS_DOCSTRING : 0);
    uint32_t not_simple = CODE_VARARGS | CODE_VARKEYWORDS | CODE_GENERATOR | CODE_COROUTINE | CODE_ASYNC_GENERATOR;
    if (u->flags & CODE_OPTIMIZED && !(u->flags & not_simple) && !scope->kwonly_count && !has_cell_parameter(scope)) code->flags |= CODE_SIMPLE;
}

static bool copy_names(Compiler *c, Code *code) {
    const Unit *u = c->unit;
    const Scope *scope = u->scope;
    code->names = names_copy(c, u->names_used, u->name_count);
    if (u->name_count && !code->names) return false;
    code->name_count = u->name_count;
    code->local_names = names_copy(c, scope->local_names, scope->local_count);
    if (scope->local_count && !code->local_names) return false;
    code->local_count = (uint16_t)(scope->local_count < NEAR_LOCALS ? scope->local_count : NEAR_LOCALS);
    code->far_local_count = (uint16_t)(scope->local_count - code->local_count);
    code->free_names = names_copy(c, scope->free_names, scope->free_count);
    if (scope->free_count && !code->free_names) return false;
    code->free_count = (uint16_t)scope->free_count;
    Str *name = name_str(c, unit_name(c, scope));
    if (!name) return false;
    code->name = retain_object(name);
    code->qualname = retain_object(u->qualname);
    code->filename = retain_object(c->filename);
    return !c->failed;
}

static bool code_fill(Compiler *c, Code *code) {
    Unit *u = c->unit;
    code->instrs = block_copy(c, u->code, u->count * sizeof(Instr));
    if (!code->instrs) return false;
    code->instr_count = u->count;
    set_counts(code, u);
    return copy_constants(c, code, &u->constants) && copy_names(c, code) && copy_cells(c, code, u->scope) && copy_regions(c, code) &&
           copy_positions(c, code);
}

static bool check_size(Compiler *c) {
    enum { CODE_LIMIT = 0x7fffff, REGISTER_LIMIT = 0xffff };
    const Unit *u = c->unit;
    if (u->count <= CODE_LIMIT && u->scope->local_count < REGISTER_LIMIT - FAR_BASE && u->spill_max < REGISTER_LIMIT) return true;
    error_raise(c->vm, EXC_OverflowError, "code object is too large");
    compiler_fail(c);
    return false;
}

/* Builds with sanitizers check what was compiled. */
static void check_sound(Compiler *c, const Code *code) {
#ifdef MINI_VERIFY_CODE
    uint32_t offset;
    const char *wrong = code_verify(code, &offset);
    if (wrong) {
        error_raise(c->vm, EXC_SystemError, "unsound code for %U at %d: %s", code->qualname, (int)offset, wrong);
        compiler_fail(c);
    }
#else
    (void)c, (void)code;
#endif
}

Value unit_close(Compiler *c) {
    Unit *u = c->unit;
    Value result = VALUE_NONE;
    if (!c->failed && check_size(c)) {
        if (u->reachable) emit_return(c, NO_REGISTER);
        emit_deferred(c);
        thread_jumps(u);
        Code *code = code_new(c->vm);
        if (!code || !code_fill(c, code)) {
            if (!c->failed) error_no_memory(c->vm);
            compiler_fail(c);
        } else {
            check_sound(c, code);
        }
        if (code) result = constant_keep_take(c, value_from_object(code));
    }
    c->unit = u->parent;
    return c->failed ? VALUE_NONE : result;
}
