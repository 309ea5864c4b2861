/* Code: what the compiler makes of a function, class body or module, and the loop runs.
 *
 * Instructions are 32-bit words: opcode in bits 0..7, A in 8..15, B in 16..23, C in 24..31; Bx is B and C together
 * (16 bits, unsigned), sBx the same signed, sC is C as int8_t. Some opcodes are followed by words of operands (jump offsets, name
 * indices) and of inline caches (zeroed by the compiler, written by the loop). vm/opcodes.def is the only list.
 *
 * Registers 0..local_count-1 are the locals (parameters first; hidden locals such as a class body's namespace among
 * them); registers from there to register_count-1 are temporaries. See the rules at the top of opcodes.def.
 */
#ifndef MINI_VM_CODE_H
#define MINI_VM_CODE_H

#include "vm/type.h"

typedef uint32_t Instr;

#define INSTR_OP(i) ((uint8_t)(i))
#define INSTR_A(i) ((uint8_t)((i) >> 8))
#define INSTR_B(i) ((uint8_t)((i) >> 16))
#define INSTR_C(i) ((uint8_t)((i) >> 24))
#define INSTR_SC(i) ((int8_t)((i) >> 24))
#define INSTR_BX(i) ((uint16_t)((i) >> 16))
#define INSTR_SBX(i) ((int16_t)((i) >> 16))
#define INSTR_ABC(op, a, b, c) \
    ((Instr)(op) | (Instr)(uint8_t)(a) << 8 | (Instr)(uint8_t)(b) << 16 | (Instr)(uint8_t)(c) << 24)
#define INSTR_ABX(op, a, bx) ((Instr)(op) | (Instr)(uint8_t)(a) << 8 | (Instr)(uint16_t)(bx) << 16)

typedef enum Opcode {
#define OPCODE(name, format, words, doc) OP_##name,
#include "vm/opcodes.def"
#undef OPCODE
    OP_COUNT
} Opcode;

#define CODE_OPTIMIZED 0x1u      /* function code: locals in registers (co_flags 0x1) */
#define CODE_NEWLOCALS 0x2u
#define CODE_VARARGS 0x4u        /* *args: local argcount + kwonly_count */
#define CODE_VARKEYWORDS 0x8u    /* **kwargs: the local behind it */
#define CODE_NESTED 0x10u
#define CODE_GENERATOR 0x20u
#define CODE_COROUTINE 0x80u
#define CODE_ITERABLE_COROUTINE 0x100u
#define CODE_ASYNC_GENERATOR 0x200u
#define CODE_FUTURE_ANNOTATIONS 0x1000000u
#define CODE_HAS_DOCSTRING 0x4000000u
#define CODE_METHOD 0x8000000u
/* mini's own */
#define CODE_SIMPLE 0x10000u     /* only positional parameters, no cells made of parameters, no generator: the fast call */
#define CODE_CLASS_BODY 0x20000u /* register 0 holds the namespace */
#define CODE_NAMESPACE 0x40000u  /* names by LOAD_NAME: register 0 holds the namespace (class body, exec with locals) */

/* One source range an instruction, by its word offset; column -1: unknown. Columns are bytes from 0. */
typedef struct CodePosition {
    int32_t line, end_line, column, end_column;
} CodePosition;

/* While pc is in [start, end) (word offsets), an exception continues at `handler` with registers >= depth released. Ordered
 * so that the first match from the front is the innermost. */
typedef struct ExceptionEntry {
    uint32_t start, end, handler, depth;
} ExceptionEntry;

typedef struct Code {
    Object head;
    Instr *instrs;
    Value *constants;
    Str **names;                 /* for attributes and globals; interned */
    uint32_t instr_count, constant_count, name_count; /* instr_count: words */
    uint16_t register_count, local_count;
    uint16_t arg_count;          /* positional parameters, positional-only ones included */
    uint16_t posonly_count, kwonly_count;
    uint16_t cell_count;         /* locals that are cells, incl. parameters; their registers: cell_registers */
    uint16_t free_count;
    uint16_t total_params;       /* arg_count + kwonly_count + *args + **kwargs: locals 0..total_params-1 */
    uint32_t flags;
    int32_t first_line;
    Str *name, *qualname, *filename;
    Str **local_names;           /* local_count + far_local_count of them; hidden ones begin with '.' */
    Str **free_names;            /* free_count */
    uint16_t *cell_registers;    /* cell_count: which locals hold a Cell; at entry a parameter's value is moved into one (MAKE_CELL) */
    ExceptionEntry *exceptions;
    uint32_t exception_count;
    uint32_t position_size;      /* bytes */
    uint8_t *positions;          /* encoded by compiler/positions.c; read by code_position */
    Value lines_cache;           /* spare */
    Str *first_parameter_class;  /* spare: NULL */
    uint16_t far_local_count;    /* locals beyond local_count: registers FAR_LOCAL_BASE.. (code_local_register); parameters among them
                                    arrive in registers local_count.. and are moved by the code itself */
} Code;

#define FAR_LOCAL_BASE 256
/* All locals, near and far; the register of the n-th. */
static inline uint32_t code_local_total(const Code *code) { return (uint32_t)code->local_count + code->far_local_count; }
static inline uint32_t code_local_register(const Code *code, uint32_t n) {
    return n < code->local_count ? n : FAR_LOCAL_BASE + (n - code->local_count);
}

/* What compiles: see compiler/compiler.h. What reads: */
CodePosition code_position(const Code *code, uint32_t offset);
static inline int code_line(const Code *code, uint32_t offset) { return code_position(code, offset).line; }
/* Encodes positions (compiler's side): one CodePosition for each instruction start; offsets ascending. The block is
 * heap_alloc'd for the VM; NULL: no memory. */
uint8_t *code_positions_encode(Vm *vm, const uint32_t *offsets, const CodePosition *positions, uint32_t count, uint32_t *size);
/* Words an instruction takes, operands and caches included. */
uint32_t instr_words(Instr instr);
/* Text of the code, nested code included, as `mini --dis` prints it. A Str. */
Value code_disassemble(Vm *vm, Code *code);
/* An empty code object for the compiler to fill (all pointers NULL, counts 0). */
Code *code_new(Vm *vm);

#endif
