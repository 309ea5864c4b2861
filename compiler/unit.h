/* A Unit: the code object under construction, and what emits its instructions (emit.c, registers.c).
 *
 * Code that cannot be reached is not emitted: after a jump or return `reachable` is false until a label with a jump to it is placed.
 * Temporaries are a stack: temp_top is the first free register. Whoever takes temporaries gives them back by resetting temp_top;
 * the instruction that reads them has emptied them.
 * `bound` holds a bit for each local that certainly has a value here. It travels along jumps with the labels: a label's set
 * is what all jumps to it agree on. */
#ifndef MINI_COMPILER_UNIT_H
#define MINI_COMPILER_UNIT_H

#include "compiler/symtable.h"

typedef uint32_t Reg; /* 0..255, or a far register from FAR_BASE on */

enum {
    TEMP_LIMIT = 255,      /* the last register an instruction can name */
    SPILL_LIMIT = 205,     /* an expression that starts above it moves the temporaries below it away */
    CHUNK = 30,            /* most items that one BUILD_ or CALL instruction takes */
    TRACKED_LOCALS = 2048, /* locals beyond are always checked */
    CONSTANT_LIMIT = 65000, /* constants from here on are reached through tuples */
    CONSTANT_CHUNKS = 512,
    CONSTANT_CHUNK_SIZE = 32768,
    NO_OFFSET = 0xffffffff
};

typedef struct Fixup {
    uint32_t word;  /* to be patched */
    bool is_jump;   /* the word is a JUMP itself, not an operand */
    struct Fixup *next;
} Fixup;

typedef struct Label {
    uint32_t offset; /* NO_OFFSET until placed */
    bool used;
    Fixup *fixups;
    uint64_t *bound; /* NULL until the first jump */
} Label;

typedef enum BlockKind {
    BLOCK_LOOP,         /* while; for: reg holds the iterator */
    BLOCK_TRY,          /* the body of try .. except */
    BLOCK_FINALLY,      /* what a finally clause protects */
    BLOCK_HANDLING,     /* an exception is being handled: reg is PUSH_EXC's */
    BLOCK_HANDLER_NAME, /* except .. as name */
    BLOCK_WITH,         /* reg holds __exit__ */
    BLOCK_VALUE,        /* reg holds what a return statement returns, while a finally clause runs */
    BLOCK_EXCEPT_STAR   /* must not be left by return, break, continue */
} BlockKind;

typedef struct Block {
    BlockKind kind;
    struct Block *outer;
    Label *break_to, *continue_to; /* BLOCK_LOOP */
    Label *handler;                /* where exceptions go; NULL: nowhere of its own */
    uint32_t start;                /* of the protected region that is open */
    uint32_t depth;                /* registers that stay alive at the handler */
    Reg reg;                       /* NO_REGISTER: none */
    bool is_async;
    Node *node;                    /* BLOCK_WITH: the item; BLOCK_HANDLER_NAME: the handler; BLOCK_FINALLY: the try */
} Block;

typedef struct Region {
    uint32_t start, end, depth;
    Label *handler;
} Region;

typedef struct Deferred {
    Label *from, *to;
    Reg temp;
    CodePosition position;
} Deferred;

typedef struct CodeSpot {
    uint32_t offset;
    CodePosition position;
} CodeSpot;

struct Unit {
    Unit *parent;
    Scope *scope;      /* of the code object */
    Scope *names;      /* innermost: `scope`, or a comprehension inlined in it */
    Name *private_class;
    Str *qualname;     /* owned by c->constants */
    uint32_t flags;    /* of the code object */
    int32_t first_line;
    bool has_docstring;

    Instr *code;
    uint32_t count, capacity;
    Deferred *deferred;
    uint32_t deferred_count, deferred_capacity;
    CodeSpot *spots;
    uint32_t spot_count, spot_capacity;
    Region *regions;
    uint32_t region_count, region_capacity;
    uint32_t fixed_offset; /* code before it must not shrink: a label or region border is there */
    CodePosition position; /* of what is emitted next */
    bool reachable;

    ValueTable constants; /* borrowed from the compiler's */
    Name **names_used;    /* co_names */
    uint32_t name_count, name_capacity;
    PtrMap name_index;    /* -> index + 1 */

    Reg temp_base, temp_top, temp_max;
    Reg statement_base;   /* temporaries of the running expression start here */
    Reg spill_top, spill_max;
    uint64_t *bound, *deleted; /* deleted: locals that some statement unbinds */
    uint32_t bound_words;
    Block *blocks;
    uint32_t block_depth;
    Reg *hidden; /* locals of inlined comprehensions, in the order in which their code was emitted */
    uint32_t hidden_count, hidden_capacity;

    Name **static_attributes; /* class bodies: names assigned through self */
    uint32_t static_count, static_capacity;
    PtrMap static_seen;
};

/* --- instructions (emit.c) --- */
/* The instruction's offset (its words are zeroed), NO_OFFSET when it is not reachable. */
uint32_t emit(Compiler *c, Opcode op, Reg a, Reg b, Reg third);
uint32_t emit_abx(Compiler *c, Opcode op, Reg a, uint32_t bx);
void emit_word(Compiler *c, uint32_t instr, uint32_t index, uint32_t value); /* index from 1 */
static inline uint32_t emit2_at(Compiler *c, Opcode op, Reg a, Reg b) { return emit(c, op, a, b, 0); }
static inline void emit1(Compiler *c, Opcode op, Reg a) { emit(c, op, a, 0, 0); }
static inline void emit2(Compiler *c, Opcode op, Reg a, Reg b) { emit(c, op, a, b, 0); }
/* Sets the position for what is emitted next; the old one. */
CodePosition position_set(Compiler *c, const Node *node);
void position_restore(Compiler *c, CodePosition position);

Label *label_new(Compiler *c);
void label_place(Compiler *c, Label *label);
void emit_jump(Compiler *c, Label *label);      /* forward */
void emit_jump_back(Compiler *c, Label *label); /* to a placed label; safe point */
void emit_branch(Compiler *c, Opcode op, Reg a, Reg b, Reg third, Label *label); /* forward; word 1 is the target */
void emit_return(Compiler *c, Reg reg); /* NO_REGISTER: None */
void code_unreachable(Compiler *c);
/* Out of the way, at the end of the code: at `from`, empties the temporary and jumps to `to`, a label that is placed soon. */
void clear_later(Compiler *c, Label *from, Reg temp, Label *to);
void emit_deferred(Compiler *c);

/* --- blocks and protected regions --- */
void block_push(Compiler *c, Block *block, BlockKind kind, Label *handler, Reg reg);
void block_pop(Compiler *c, Block *block); /* closes its region */
void region_close(Compiler *c, Block *block);
void region_open(Compiler *c, Block *block);
/* The start of a handler: reachable when a region leads there; bound as it was at the region's start. */
void handler_place(Compiler *c, Label *handler, const uint64_t *bound);
uint64_t *bound_snapshot(Compiler *c); /* without the locals that may be deleted meanwhile */

/* --- registers (registers.c) --- */
Reg temp_new(Compiler *c);
Reg temp_block(Compiler *c, uint32_t count);
static inline bool reg_is_temp(const Compiler *c, Reg reg) { return reg >= c->unit->temp_base && reg < FAR_BASE; }
bool local_is_bound(const Compiler *c, Reg reg);
void local_set_bound(Compiler *c, Reg reg, bool bound);
void bound_enter_loop(Compiler *c); /* at a loop's head: what the body may unbind is not certain */
void emit_move(Compiler *c, Reg to, Reg from);
void emit_clear(Compiler *c, Reg reg);

/* --- constants and names --- */
uint32_t constant_index(Compiler *c, Value v); /* v borrowed from the compiler */
void emit_constant(Compiler *c, Reg to, Value v); /* v borrowed from the compiler */
uint32_t name_index(Compiler *c, Name *name);

/* --- whole units (assemble.c) --- */
void unit_open(Compiler *c, Unit *unit, Scope *scope, const Node *node);
/* Makes the Code, borrowed from the compiler; VALUE_NONE after a failure. The unit is closed. */
Value unit_close(Compiler *c);

#endif
