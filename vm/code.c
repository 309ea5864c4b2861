/* Code objects: making and freeing, and the type `code` as scripts see it.
 *
 * A Code never changes once the compiler has filled it, but for the inline caches in its instructions. It refers to nothing that could refer
 * back, so it is not tracked by the collector. co_code and the tables are mini's own format; the rest is CPython's.
 * To add an attribute, add a getter and a row to code_getset. */
#include "vm/code.h"

#include <stdlib.h>

#include "gc/trace.h"
#include "vm/ops.h"
#include "vm/types/bytes.h"
#include "vm/types/dict.h"
#include "vm/types/list.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

static Code *self_of(Value self) { return (Code *)value_object(self); }

/* --- the object --- */

uint32_t instr_words(Instr instr) {
    static const uint8_t words[256] = {
#define OPCODE(name, format, count, doc) [OP_##name] = count,
#include "vm/opcodes.def"
#undef OPCODE
    };
    return 1u + words[INSTR_OP(instr)];
}

Code *code_new(Vm *vm) {
    Code *code = object_new(&vm->heap, TYPE(vm, CODE)->shape, sizeof *code);
    if (!code) return NULL;
    memset((char *)code + sizeof(Object), 0, sizeof *code - sizeof(Object));
    code->lines_cache = VALUE_EMPTY;
    return code;
}

static size_t code_size(const Object *o) {
    (void)o;
    return sizeof(Code);
}

static size_t code_extra_size(const Object *o) {
    const Code *code = (const Code *)o;
    size_t pointers = code->name_count + code_local_total(code) + code->free_count + code->constant_count;
    return code->instr_count * sizeof(Instr) + pointers * sizeof(void *) + code->cell_count * sizeof(uint16_t) +
           code->exception_count * sizeof(ExceptionEntry) + code->position_size;
}

static void visit_names(Str *const *names, uint32_t count, VisitFn visit, void *arg) {
    for (uint32_t i = 0; names && i < count; i++)
        if (names[i]) visit(value_from_object(names[i]), arg);
}

static void code_visit(Object *o, VisitFn visit, void *arg) {
    Code *code = (Code *)o;
    Str *own[] = {code->name, code->qualname, code->filename};
    for (uint32_t i = 0; i < code->constant_count; i++) visit(code->constants[i], arg);
    visit_names(code->names, code->name_count, visit, arg);
    visit_names(code->local_names, code_local_total(code), visit, arg);
    visit_names(code->free_names, code->free_count, visit, arg);
    visit_names(own, 3, visit, arg);
    visit(code->lines_cache, arg);
}

static void free_names(Vm *vm, Str **names, uint32_t count) {
    if (!names) return;
    for (uint32_t i = 0; i < count; i++) release_object(vm, names[i]);
    heap_free(&vm->heap, names, count * sizeof *names);
}

static void free_block(Vm *vm, void *block, size_t size) {
    if (block) heap_free(&vm->heap, block, size);
}

static void code_free(Vm *vm, Object *o) {
    Code *code = (Code *)o;
    if (trace_is_on(&vm->heap)) trace_forget_code(&vm->heap);
    for (uint32_t i = 0; i < code->constant_count; i++) value_release(vm, code->constants[i]);
    free_block(vm, code->constants, code->constant_count * sizeof(Value));
    free_names(vm, code->names, code->name_count);
    free_names(vm, code->local_names, code_local_total(code));
    free_names(vm, code->free_names, code->free_count);
    free_block(vm, code->instrs, code->instr_count * sizeof(Instr));
    free_block(vm, code->cell_registers, code->cell_count * sizeof(uint16_t));
    free_block(vm, code->exceptions, code->exception_count * sizeof(ExceptionEntry));
    free_block(vm, code->positions, code->position_size);
    release_object(vm, code->name);
    release_object(vm, code->qualname);
    release_object(vm, code->filename);
    value_release(vm, code->lines_cache);
}

/* --- attributes --- */

static Value int_attribute(Vm *vm, int64_t i) {
    (void)vm;
    return value_from_small(i);
}
static Value str_attribute(Str *s) { return s ? value_retain(value_from_object(s)) : VALUE_NONE; }

static Value get_argcount(Vm *vm, Value self) { return int_attribute(vm, self_of(self)->arg_count); }
static Value get_posonly(Vm *vm, Value self) { return int_attribute(vm, self_of(self)->posonly_count); }
static Value get_kwonly(Vm *vm, Value self) { return int_attribute(vm, self_of(self)->kwonly_count); }
static Value get_stacksize(Vm *vm, Value self) { return int_attribute(vm, self_of(self)->register_count - self_of(self)->local_count); }
static Value get_firstline(Vm *vm, Value self) { return int_attribute(vm, self_of(self)->first_line); }
static Value get_name(Vm *vm, Value self) { (void)vm; return str_attribute(self_of(self)->name); }
static Value get_qualname(Vm *vm, Value self) { (void)vm; return str_attribute(self_of(self)->qualname); }
static Value get_filename(Vm *vm, Value self) { (void)vm; return str_attribute(self_of(self)->filename); }

static Value get_flags(Vm *vm, Value self) {
    uint32_t own = CODE_SIMPLE | CODE_CLASS_BODY | CODE_NAMESPACE | CODE_HAS_DOCSTRING | CODE_METHOD;
    return int_attribute(vm, self_of(self)->flags & ~own);
}

static Value bytes_attribute(Vm *vm, const void *data, size_t size) {
    Bytes *bytes = bytes_new(vm, data ? data : "", size);
    return bytes ? value_from_object(bytes) : VALUE_ERROR;
}

/* The instructions without what the loop has cached in them. */
static Value get_code(Vm *vm, Value self) {
    const Code *code = self_of(self);
    return bytes_attribute(vm, code->instrs, code->instr_count * sizeof(Instr));
}
static Value get_linetable(Vm *vm, Value self) { return bytes_attribute(vm, self_of(self)->positions, self_of(self)->position_size); }
static Value get_exceptiontable(Vm *vm, Value self) {
    return bytes_attribute(vm, self_of(self)->exceptions, self_of(self)->exception_count * sizeof(ExceptionEntry));
}

static Value get_consts(Vm *vm, Value self) {
    Tuple *tuple = tuple_from_values(vm, self_of(self)->constants, self_of(self)->constant_count);
    return tuple ? value_from_object(tuple) : VALUE_ERROR;
}

static Value names_tuple(Vm *vm, Str *const *names, uint32_t count) {
    Tuple *tuple = tuple_new(vm, count);
    if (!tuple) return VALUE_ERROR;
    for (uint32_t i = 0; i < count; i++) tuple->items[i] = str_attribute(names[i]);
    return value_from_object(tuple);
}

static Value get_names(Vm *vm, Value self) { return names_tuple(vm, self_of(self)->names, self_of(self)->name_count); }
static Value get_freevars(Vm *vm, Value self) { return names_tuple(vm, self_of(self)->free_names, self_of(self)->free_count); }

static bool is_cell(const Code *code, uint32_t local) {
    for (uint32_t i = 0; i < code->cell_count; i++)
        if (code->cell_registers[i] == local) return true;
    return false;
}

static int compare_names(const void *a, const void *b) { return str_compare(*(Str *const *)a, *(Str *const *)b); }

/* Parameters that are cells come first, in their order; the others by name. */
static Value get_cellvars(Vm *vm, Value self) {
    const Code *code = self_of(self);
    Str *names[256];
    uint32_t count = 0, params = 0;
    for (uint32_t i = 0; i < code->local_count && count < 256; i++) {
        if (!is_cell(code, i)) continue;
        names[count++] = code->local_names[i];
        if (i < code->total_params) params = count;
    }
    qsort(names + params, count - params, sizeof *names, compare_names);
    return names_tuple(vm, names, count);
}

static bool name_is_hidden(const Str *name) { return name->length && str_at(name, 0) == '.' && !str_equal_ascii(name, ".0"); }

static bool is_variable(const Code *code, uint32_t i) {
    if (i >= code->total_params && (is_cell(code, i) || name_is_hidden(code->local_names[i]))) return false;
    for (uint32_t k = code->total_params; k < i && k + 64 > i; k++)
        if (str_equal(code->local_names[k], code->local_names[i])) return false;
    return true;
}

static Value get_varnames(Vm *vm, Value self) {
    const Code *code = self_of(self);
    List *list = list_new(vm, code_local_total(code));
    if (!list) return VALUE_ERROR;
    bool ok = true;
    for (uint32_t i = 0; i < code_local_total(code) && ok; i++)
        if (is_variable(code, i)) ok = list_append(vm, list, value_from_object(code->local_names[i]));
    Value tuple = ok ? list_to_tuple(vm, list) : VALUE_ERROR;
    release_object(vm, list);
    return tuple;
}

static Value get_nlocals(Vm *vm, Value self) {
    const Code *code = self_of(self);
    int64_t count = 0;
    for (uint32_t i = 0; i < code_local_total(code); i++) count += is_variable(code, i);
    return int_attribute(vm, count);
}

/* --- co_lines, co_positions, replace --- */

static Value iterator_of_take(Vm *vm, List *list, bool ok) {
    Value iterator = ok ? value_iter(vm, value_from_object(list)) : VALUE_ERROR;
    release_object(vm, list);
    return iterator;
}

static bool append_pack(Vm *vm, List *list, const Value *items, size_t count) {
    Tuple *tuple = tuple_from_values(vm, items, count);
    return tuple && list_append_take(vm, list, value_from_object(tuple));
}

/* Byte ranges with their line, as CPython's co_lines gives them. */
static Value code_lines(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    const Code *code = self_of(args[0]);
    List *list = list_new(vm, 16);
    if (!list) return VALUE_ERROR;
    bool ok = true;
    uint32_t start = 0;
    for (uint32_t at = 0; at < code->instr_count && ok;) {
        uint32_t next = at + instr_words(code->instrs[at]);
        if (next >= code->instr_count || code_line(code, next) != code_line(code, at)) {
            Value items[3] = {value_from_small((int64_t)start * 4), value_from_small((int64_t)next * 4), value_from_small(code_line(code, at))};
            ok = append_pack(vm, list, items, 3);
            start = next;
        }
        at = next;
    }
    return iterator_of_take(vm, list, ok);
}

static Value column_value(int32_t column) { return column < 0 ? VALUE_NONE : value_from_small(column); }

static Value code_positions(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    const Code *code = self_of(args[0]);
    List *list = list_new(vm, 16);
    if (!list) return VALUE_ERROR;
    bool ok = true;
    for (uint32_t at = 0; at < code->instr_count && ok; at += instr_words(code->instrs[at])) {
        CodePosition p = code_position(code, at);
        Value items[4] = {value_from_small(p.line), value_from_small(p.end_line), column_value(p.column), column_value(p.end_column)};
        ok = append_pack(vm, list, items, 4);
    }
    return iterator_of_take(vm, list, ok);
}

static Str **copy_names(Vm *vm, Str *const *names, uint32_t count) {
    Str **copy = count ? heap_alloc(&vm->heap, count * sizeof *copy) : NULL;
    for (uint32_t i = 0; copy && i < count; i++) copy[i] = retain_object(names[i]);
    return copy;
}

static void *copy_block(Vm *vm, const void *data, size_t size) {
    void *copy = size ? heap_alloc(&vm->heap, size) : NULL;
    return copy ? memcpy(copy, data, size) : NULL;
}

/* A copy whose blocks are its own. NULL: no memory (a half-made copy has been freed). */
static Code *code_copy(Vm *vm, const Code *code) {
    Code *copy = code_new(vm);
    if (!copy) return NULL;
    uint32_t locals = code_local_total(code);
    copy->instrs = copy_block(vm, code->instrs, code->instr_count * sizeof(Instr));
    copy->constants = copy_block(vm, code->constants, code->constant_count * sizeof(Value));
    copy->names = copy_names(vm, code->names, code->name_count);
    copy->local_names = copy_names(vm, code->local_names, locals);
    copy->free_names = copy_names(vm, code->free_names, code->free_count);
    copy->cell_registers = copy_block(vm, code->cell_registers, code->cell_count * sizeof(uint16_t));
    copy->exceptions = copy_block(vm, code->exceptions, code->exception_count * sizeof(ExceptionEntry));
    copy->positions = copy_block(vm, code->positions, code->position_size);
    bool ok = (copy->instrs || !code->instr_count) && (copy->constants || !code->constant_count) && (copy->names || !code->name_count) &&
              (copy->local_names || !locals) && (copy->free_names || !code->free_count) && (copy->cell_registers || !code->cell_count) &&
              (copy->exceptions || !code->exception_count) && (copy->positions || !code->position_size);
    for (uint32_t i = 0; copy->constants && i < code->constant_count; i++) value_retain(copy->constants[i]);
    if (copy->constants) copy->constant_count = code->constant_count;
    if (copy->names) copy->name_count = code->name_count;
    copy->instr_count = code->instr_count;
    copy->exception_count = code->exception_count;
    copy->position_size = code->position_size;
    copy->register_count = code->register_count;
    copy->local_count = code->local_count;
    copy->far_local_count = code->far_local_count;
    copy->arg_count = code->arg_count;
    copy->posonly_count = code->posonly_count;
    copy->kwonly_count = code->kwonly_count;
    copy->cell_count = code->cell_count;
    copy->free_count = code->free_count;
    copy->total_params = code->total_params;
    copy->flags = code->flags;
    copy->first_line = code->first_line;
    copy->name = retain_object(code->name);
    copy->qualname = retain_object(code->qualname);
    copy->filename = retain_object(code->filename);
    if (ok) return copy;
    object_release(&vm->heap, &copy->head);
    error_no_memory(vm);
    return NULL;
}

static bool replace_str(Vm *vm, Str **place, Value value, const char *what) {
    if (value_is_empty(value)) return true;
    if (!value_is_str(value)) {
        error_type(vm, "replace() argument '%s' must be str, not %T", what, value);
        return false;
    }
    Str *old = *place;
    *place = retain_object(value_str_peek(value));
    release_object(vm, old);
    return true;
}

static bool replace_constants(Vm *vm, Code *code, Value value) {
    if (value_is_empty(value)) return true;
    if (!value_is_tuple(value) || value_tuple(value)->count != code->constant_count) {
        error_value(vm, "replace(): co_consts must be a tuple of the same length");
        return false;
    }
    for (uint32_t i = 0; i < code->constant_count; i++) value_replace_take(vm, &code->constants[i], value_retain(value_tuple(value)->items[i]));
    return true;
}

static Value code_replace(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Code *copy = code_copy(vm, self_of(args[0]));
    if (!copy) return VALUE_ERROR;
    int64_t line = copy->first_line, flags = copy->flags;
    bool ok = replace_str(vm, &copy->name, args[1], "co_name") && replace_str(vm, &copy->qualname, args[2], "co_qualname") &&
              replace_str(vm, &copy->filename, args[3], "co_filename") && replace_constants(vm, copy, args[6]);
    if (ok && !value_is_empty(args[4])) ok = value_as_i64(vm, args[4], &line);
    if (ok && !value_is_empty(args[5])) ok = value_as_i64(vm, args[5], &flags);
    uint32_t own = CODE_SIMPLE | CODE_CLASS_BODY | CODE_NAMESPACE | CODE_HAS_DOCSTRING | CODE_METHOD;
    copy->first_line = (int32_t)line;
    copy->flags = ((uint32_t)flags & ~own) | (copy->flags & own);
    if (ok) return value_from_object(copy);
    object_release(&vm->heap, &copy->head);
    return VALUE_ERROR;
}

/* --- comparison, hash, repr --- */

static bool names_same(Str *const *a, Str *const *b, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (!str_equal(a[i], b[i])) return false;
    return true;
}

/* The same text compiled twice is equal; instructions are compared by their opcodes and operands, not by what is cached. */
static bool instrs_same(const Code *a, const Code *b) {
    for (uint32_t at = 0; at < a->instr_count; at += instr_words(a->instrs[at]))
        if (a->instrs[at] != b->instrs[at]) return false;
    return true;
}

static int constants_same(Vm *vm, const Code *a, const Code *b) {
    for (uint32_t i = 0; i < a->constant_count; i++) {
        Value x = a->constants[i], y = b->constants[i];
        if (value_type(vm, x) != value_type(vm, y)) return 0;
        int same = value_equal(vm, x, y);
        if (same != 1) return same;
    }
    return 1;
}

static Value code_compare(Vm *vm, Value self, Value other, CompareOperator op) {
    if (!value_has_layout(other, LAYOUT_CODE) || (op != COMPARE_EQ && op != COMPARE_NE)) return VALUE_NOT_IMPLEMENTED;
    const Code *a = self_of(self), *b = self_of(other);
    bool same = a->instr_count == b->instr_count && a->constant_count == b->constant_count && a->name_count == b->name_count &&
                code_local_total(a) == code_local_total(b) && a->free_count == b->free_count && a->flags == b->flags &&
                a->arg_count == b->arg_count && a->kwonly_count == b->kwonly_count && a->posonly_count == b->posonly_count &&
                a->first_line == b->first_line && a->exception_count == b->exception_count && str_equal(a->name, b->name) &&
                a->position_size == b->position_size && !memcmp(a->positions, b->positions, a->position_size) && instrs_same(a, b) &&
                names_same(a->names, b->names, a->name_count) && names_same(a->local_names, b->local_names, code_local_total(a)) &&
                names_same(a->free_names, b->free_names, a->free_count);
    int constants = same ? constants_same(vm, a, b) : 0;
    if (constants < 0) return VALUE_ERROR;
    return value_from_bool((constants == 1) == (op == COMPARE_EQ));
}

static bool code_hash(Vm *vm, Value self, Hash *out) {
    const Code *code = self_of(self);
    uint64_t hash = str_hash(code->name, vm);
    hash = hash * 1000003u ^ (uint64_t)code->first_line;
    hash = hash * 1000003u ^ code->instr_count;
    hash = hash * 1000003u ^ code->arg_count;
    *out = (Hash)hash == -1 ? -2 : (Hash)hash;
    return true;
}

static Value code_repr(Vm *vm, Value self) {
    const Code *code = self_of(self);
    return str_format(vm, "<code object %U at %p, file \"%U\", line %d>", code->name, (const void *)code, code->filename, code->first_line);
}

static const NativeDef code_methods[] = {
    {"co_lines", code_lines, "($self, /)", NULL, 0},
    {"co_positions", code_positions, "($self, /)", NULL, 0},
    {"replace", code_replace,
     "($self, /, *, co_name=None, co_qualname=None, co_filename=None, co_firstlineno=None, co_flags=None, co_consts=None)",
     "Return a copy of the code object with new values for the specified fields.", 0},
    {"__replace__", code_replace,
     "($self, /, *, co_name=None, co_qualname=None, co_filename=None, co_firstlineno=None, co_flags=None, co_consts=None)",
     "The same as replace().", 0},
    {0}};

static const GetSetDef code_getset[] = {
    {"co_argcount", get_argcount, NULL, NULL},
    {"co_posonlyargcount", get_posonly, NULL, NULL},
    {"co_kwonlyargcount", get_kwonly, NULL, NULL},
    {"co_nlocals", get_nlocals, NULL, NULL},
    {"co_stacksize", get_stacksize, NULL, NULL},
    {"co_flags", get_flags, NULL, NULL},
    {"co_code", get_code, NULL, NULL},
    {"co_consts", get_consts, NULL, NULL},
    {"co_names", get_names, NULL, NULL},
    {"co_varnames", get_varnames, NULL, NULL},
    {"co_cellvars", get_cellvars, NULL, NULL},
    {"co_freevars", get_freevars, NULL, NULL},
    {"co_filename", get_filename, NULL, NULL},
    {"co_name", get_name, NULL, NULL},
    {"co_qualname", get_qualname, NULL, NULL},
    {"co_firstlineno", get_firstline, NULL, NULL},
    {"co_linetable", get_linetable, NULL, NULL},
    {"co_exceptiontable", get_exceptiontable, NULL, NULL},
    {0}};

const TypeSpec code_spec = {
    .name = "code",
    .doc = "Create a code object.  Not for mere mortals.",
    .layout = LAYOUT_CODE,
    .flags = TYPE_FLAG_NO_NEW | TYPE_FLAG_WEAKREFS,
    .size = sizeof(Code),
    .ops = {code_size, code_visit, NULL, code_free, code_extra_size},
    .slots = {.repr = code_repr, .hash = code_hash, .compare = code_compare},
    .methods = code_methods,
    .getset = code_getset,
};
