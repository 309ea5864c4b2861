/* The text of code, as `mini --dis` prints it: one line an instruction, with its source line, operands and what they mean. Everything about an
 * instruction's form comes from opcodes.def. */
#include <stdio.h>

#include "vm/ops.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

typedef enum Format { FORMAT__, FORMAT_A, FORMAT_AB, FORMAT_ABC, FORMAT_ABs, FORMAT_ABx, FORMAT_AsBx, FORMAT_J } Format;

typedef struct OpcodeRow {
    const char *name;
    Format format;
} OpcodeRow;

static const OpcodeRow rows[256] = {
#define OPCODE(name, format, words, doc) [OP_##name] = {#name, FORMAT_##format},
#include "vm/opcodes.def"
#undef OPCODE
};

typedef struct Printer {
    StrBuilder out;
    Code *code;
} Printer;

static void add(Printer *p, const char *text) { builder_add_ascii(&p->out, text, strlen(text)); }

#define PRINT(p, ...) \
    do { \
        char buffer_[96]; \
        snprintf(buffer_, sizeof buffer_, __VA_ARGS__); \
        add(p, buffer_); \
    } while (0)

/* --- what operands mean --- */

static void add_register(Printer *p, uint32_t r) {
    const Code *code = p->code;
    if (r < code->local_count) {
        add(p, " ");
        builder_add_str(&p->out, code->local_names[r]);
    } else {
        PRINT(p, " r%u", r);
    }
}

static void add_constant(Printer *p, uint32_t index) {
    if (index >= p->code->constant_count) return;
    add(p, " ");
    Value v = p->code->constants[index];
    if (value_has_layout(v, LAYOUT_CODE)) {
        add(p, "<code ");
        builder_add_str(&p->out, ((Code *)value_object(v))->qualname);
        add(p, ">");
    } else {
        builder_add_repr(&p->out, v);
    }
}

static void add_name(Printer *p, uint32_t index) {
    add(p, " ");
    if (index < p->code->name_count) builder_add_str(&p->out, p->code->names[index]);
}

static bool is_branch(Opcode op) { return (op >= OP_JUMP_IF && op <= OP_JUMP_GE_I) || op == OP_FOR_ITER || op == OP_SEND; }

static bool reads_name_word(Opcode op) {
    return op == OP_LOAD_ATTR || op == OP_STORE_ATTR || op == OP_DEL_ATTR || op == OP_LOAD_METHOD || op == OP_LOAD_SUPER_ATTR ||
           op == OP_IMPORT_NAME || op == OP_IMPORT_FROM || op == OP_LOAD_CLASS_FREE;
}

static bool reads_name_bx(Opcode op) {
    return op == OP_LOAD_GLOBAL || op == OP_STORE_GLOBAL || op == OP_DEL_GLOBAL || op == OP_LOAD_NAME || op == OP_STORE_NAME ||
           op == OP_DEL_NAME || op == OP_LOAD_CLASS_GLOBAL;
}

static void add_free(Printer *p, uint32_t index) {
    add(p, " ");
    if (index < p->code->free_count) builder_add_str(&p->out, p->code->free_names[index]);
}

static void add_b(Printer *p, Opcode op, uint32_t b) {
    if (op == OP_LOAD_FREE || op == OP_STORE_FREE || op == OP_LOAD_FREE_CELL || op == OP_LOAD_CLASS_FREE) add_free(p, b);
    else if (op >= OP_K_ADD && op <= OP_K_DIV) add_constant(p, b);
    else if (op == OP_CALL || op == OP_CALL_METHOD || op == OP_CALL_KW || op == OP_CALL_METHOD_KW) PRINT(p, " (%u)", b);
    else add_register(p, b);
}

static void add_c(Printer *p, Opcode op, uint32_t operand) {
    if (op >= OP_ADD_K && op <= OP_AND_K) add_constant(p, operand);
    else if ((op >= OP_BUILD_LIST && op <= OP_BUILD_MAP) || op == OP_BUILD_STRING || op == OP_UNPACK || op == OP_FORMAT || op == OP_GET_AWAITABLE ||
             op == OP_INTRINSIC || op == OP_MAKE_FUNCTION)
        PRINT(p, " %u", operand);
    else add_register(p, operand);
}

static void add_operands(Printer *p, Instr i, uint32_t next) {
    Opcode op = (Opcode)INSTR_OP(i);
    Format format = rows[op].format;
    bool sense = op >= OP_JUMP_IF && op <= OP_JUMP_GE_I;
    if (format == FORMAT_J) {
        PRINT(p, " to %u", next + (uint32_t)((int32_t)i >> 8));
        return;
    }
    if (sense) PRINT(p, " %s", INSTR_A(i) ? "true" : "false");
    else if (op == OP_DEL_FREE) add_free(p, INSTR_A(i));
    else if (format != FORMAT__) add_register(p, INSTR_A(i));
    if (format == FORMAT_AB || format == FORMAT_ABC || format == FORMAT_ABs) add_b(p, op, INSTR_B(i));
    if (format == FORMAT_ABC) add_c(p, op, INSTR_C(i));
    if (format == FORMAT_ABs) PRINT(p, " %d", INSTR_SC(i));
    if (format == FORMAT_AsBx) PRINT(p, " %d", INSTR_SBX(i));
    if (format != FORMAT_ABx) return;
    if (reads_name_bx(op)) add_name(p, INSTR_BX(i));
    else if (op == OP_LOAD_CONST) add_constant(p, INSTR_BX(i));
    else PRINT(p, " R%u", INSTR_BX(i));
}

static void add_words(Printer *p, const Instr *at, uint32_t next) {
    Opcode op = (Opcode)INSTR_OP(*at);
    if (is_branch(op)) PRINT(p, " to %u", next + at[1]);
    else if (reads_name_word(op)) add_name(p, at[1]);
    else if (op == OP_MAKE_FUNCTION || op == OP_CALL_KW || op == OP_CALL_METHOD_KW) add_constant(p, at[1]);
    else if (op == OP_INPLACE || op == OP_MATCH_CLASS || op == OP_FORMAT_SPEC || op == OP_UNPACK_EX) PRINT(p, " %u", at[1]);
}

/* --- code --- */

static void add_instructions(Printer *p) {
    const Code *code = p->code;
    int32_t line = -1;
    for (uint32_t at = 0; at < code->instr_count;) {
        uint32_t next = at + instr_words(code->instrs[at]);
        CodePosition position = code_position(code, at);
        if (position.line != line) PRINT(p, "%6d ", position.line);
        else add(p, "       ");
        line = position.line;
        PRINT(p, "%5u  %-20s", at, rows[INSTR_OP(code->instrs[at])].name);
        add_operands(p, code->instrs[at], next);
        add_words(p, &code->instrs[at], next);
        add(p, "\n");
        at = next;
    }
    for (uint32_t i = 0; i < code->exception_count; i++) {
        const ExceptionEntry *e = &code->exceptions[i];
        PRINT(p, "        %u..%u -> %u, registers below %u stay\n", e->start, e->end, e->handler, e->depth);
    }
}

static void add_code(Printer *p, Code *code) {
    Code *outer = p->code;
    p->code = code;
    builder_add_str(&p->out, code->qualname);
    PRINT(p, ", line %d: %u parameters, %u locals, %u registers\n", code->first_line, (unsigned)code->total_params, code_local_total(code),
          (unsigned)code->register_count);
    add_instructions(p);
    for (uint32_t i = 0; i < code->constant_count; i++) {
        if (!value_has_layout(code->constants[i], LAYOUT_CODE)) continue;
        add(p, "\n");
        add_code(p, (Code *)value_object(code->constants[i]));
    }
    p->code = outer;
}

Value code_disassemble(Vm *vm, Code *code) {
    Printer p = {.code = code};
    builder_init(&p.out, vm);
    add_code(&p, code);
    return builder_finish(&p.out);
}
