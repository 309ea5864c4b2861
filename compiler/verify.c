/* A check of compiled code, for development: follows every path and watches which temporaries are full.
 *
 * Found are: registers out of range, jumps into the middle of an instruction, a temporary that is read while it may be empty, overwritten
 * while it may be full, or left full at a return. Registers beyond 255 are not followed. The effects of each instruction are written
 * down here a second time on purpose. To add an instruction, add it to effects(). */
#include "compiler/verify.h"

#include <stdlib.h>

#include "vm/intrinsics.h"

enum { EMPTY, FULL, MAYBE, UNKNOWN };
enum { MAX_TEMPS = 256 };

typedef struct Verifier {
    const Code *code;
    uint8_t *states;   /* instr_count rows of `temps` */
    bool *starts, *queued, *seen;
    uint32_t *queue;
    uint32_t head, tail, temps;
    const char *error;
    uint32_t error_at;
} Verifier;

/* A register range that an instruction touches. */
typedef struct Span {
    uint32_t first, count;
} Span;

typedef struct Effects {
    Span reads[4], keeps[3], writes[3]; /* count 0 ends */
    uint32_t read_count, keep_count, write_count;
    uint32_t clear; /* register that is emptied whatever it held; UINT32_MAX */
} Effects;

static void reads(Effects *e, uint32_t first, uint32_t count) { e->reads[e->read_count++] = (Span){first, count}; }
static void keeps(Effects *e, uint32_t r) { e->keeps[e->keep_count++] = (Span){r, 1}; }
static void writes(Effects *e, uint32_t first, uint32_t count) { e->writes[e->write_count++] = (Span){first, count}; }

static uint32_t intrinsic_operands(uint32_t which) {
    switch (which) {
    case INTRINSIC_TYPE_VAR_WITH_BOUND:
    case INTRINSIC_TYPE_VAR_WITH_CONSTRAINTS:
    case INTRINSIC_SET_DEFAULT:
    case INTRINSIC_SET_TYPE_PARAMS:
    case INTRINSIC_STORE_GLOBAL:
    case INTRINSIC_STORE_NAME:
    case INTRINSIC_CHECK_LOCAL: return 2;
    case INTRINSIC_TYPE_ALIAS:
    case INTRINSIC_LOAD_CLASS_FREE:
    case INTRINSIC_UNPACK: return 3;
    default: return 1;
    }
}

/* Loads, stores, attributes, items. false: none of these. */
static bool effects_data(Effects *e, const Instr *at, uint32_t a, uint32_t b, uint32_t c) {
    switch (INSTR_OP(*at)) {
    case OP_MOVE: reads(e, b, 1); writes(e, a, 1); return true;
    case OP_COPY: keeps(e, b); writes(e, a, 1); return true;
    case OP_LOAD_CONST: case OP_LOAD_INT: case OP_LOAD_NONE: case OP_LOAD_EMPTY: case OP_LOAD_FAR: case OP_LOAD_GLOBAL: case OP_LOAD_NAME:
    case OP_LOAD_CELL: case OP_LOAD_FREE: case OP_LOAD_FREE_CELL: case OP_LOAD_CLASS_FREE: case OP_LOAD_BUILD_CLASS: case OP_LOAD_LOCALS:
    case OP_LOAD_ASSERTION_ERROR: writes(e, a, 1); return true;
    case OP_CLEAR: case OP_STORE_FAR: e->clear = a; return true;
    case OP_STORE_GLOBAL: case OP_STORE_NAME: case OP_STORE_CELL: case OP_STORE_FREE: case OP_DEL_ATTR: case OP_RETURN: case OP_RAISE:
    case OP_PRINT_EXPR: case OP_IMPORT_STAR: case OP_RERAISE: reads(e, a, 1); return true;
    case OP_LOAD_CLASS_GLOBAL: reads(e, a, 1); writes(e, a, 1); return true;
    case OP_LOAD_METHOD: reads(e, b, 1); writes(e, a, 2); return true;
    case OP_STORE_ATTR: case OP_DEL_ITEM: case OP_RAISE_FROM: reads(e, a, 1); reads(e, b, 1); return true;
    case OP_LOAD_SUPER_ATTR: reads(e, b, 2); reads(e, c, 1); writes(e, a, 1); return true;
    case OP_SET_ITEM: reads(e, a, 1); reads(e, b, 1); reads(e, c, 1); return true;
    case OP_BUILD_SLICE: reads(e, b, 3); writes(e, a, 1); return true;
    case OP_GET_SLICE: reads(e, b, 1); reads(e, c, 2); writes(e, a, 1); return true;
    case OP_SET_SLICE: reads(e, a, 1); reads(e, b, 2); reads(e, c, 1); return true;
    default: return false;
    }
}

/* Displays, calls, functions, unpacking. */
static bool effects_build(Effects *e, const Instr *at, uint32_t a, uint32_t b, uint32_t c) {
    switch (INSTR_OP(*at)) {
    case OP_UNPACK: reads(e, b, 1); writes(e, a, c); return true;
    case OP_UNPACK_EX: reads(e, b, 1); writes(e, a, (at[1] & 0xffff) + 1 + (at[1] >> 16)); return true;
    case OP_BUILD_LIST: case OP_BUILD_TUPLE: case OP_BUILD_SET: case OP_BUILD_STRING: reads(e, b, c); writes(e, a, 1); return true;
    case OP_BUILD_MAP: reads(e, b, 2 * c); writes(e, a, 1); return true;
    case OP_LIST_APPEND: case OP_SET_ADD: case OP_LIST_EXTEND: case OP_SET_UPDATE: case OP_DICT_UPDATE: keeps(e, a); reads(e, b, 1); return true;
    case OP_MAP_ADD: keeps(e, a); reads(e, b, 1); reads(e, c, 1); return true;
    case OP_DICT_MERGE: keeps(e, a); keeps(e, c); reads(e, b, 1); return true;
    case OP_FORMAT: reads(e, b, 1); writes(e, a, 1); return true;
    case OP_CALL: case OP_CALL_KW: reads(e, a, b + 1); writes(e, c, 1); return true;
    case OP_CALL_METHOD: case OP_CALL_METHOD_KW: reads(e, a, b + 2); writes(e, c, 1); return true;
    case OP_CALL_EX: reads(e, a, 3); writes(e, c, 1); return true;
    case OP_MAKE_FUNCTION: reads(e, b, (uint32_t)__builtin_popcount(c)); writes(e, a, 1); return true;
    case OP_INTRINSIC: reads(e, b, intrinsic_operands(c)); writes(e, a, 1); return true;
    default: return false;
    }
}

/* Iteration, generators, exceptions, imports, match. FOR_ITER and SEND: on the path that goes on. */
static bool effects_control(Effects *e, const Instr *at, uint32_t a, uint32_t b, uint32_t c) {
    switch (INSTR_OP(*at)) {
    case OP_FOR_ITER: keeps(e, a); writes(e, b, 1); return true;
    case OP_SEND: keeps(e, a); reads(e, b, 1); writes(e, b, 1); return true;
    case OP_GET_AWAITABLE: reads(e, b, 1); writes(e, a, 1); return true;
    case OP_GET_ANEXT: keeps(e, b); writes(e, a, 1); return true;
    case OP_END_ASYNC_FOR: reads(e, b, 1); e->clear = a; return true;
    case OP_PUSH_EXC: writes(e, a, 2); return true;
    case OP_POP_EXC: reads(e, a, 2); return true;
    case OP_EXC_MATCH: keeps(e, b); reads(e, c, 1); writes(e, a, 1); return true;
    case OP_EXC_GROUP_MATCH: reads(e, b, 1); reads(e, c, 1); writes(e, a, 2); return true;
    case OP_BEFORE_WITH: case OP_BEFORE_ASYNC_WITH: reads(e, b, 1); writes(e, a, 2); return true;
    case OP_WITH_EXIT: keeps(e, b); keeps(e, c); writes(e, a, 1); return true;
    case OP_IMPORT_NAME: reads(e, b, 2); writes(e, a, 1); return true;
    case OP_IMPORT_FROM: keeps(e, b); writes(e, a, 1); return true;
    case OP_MATCH_SEQUENCE: case OP_MATCH_MAPPING: case OP_GET_LENGTH: keeps(e, b); writes(e, a, 1); return true;
    case OP_MATCH_KEYS: keeps(e, b); keeps(e, c); writes(e, a, 1); return true;
    case OP_MATCH_CLASS: keeps(e, b); reads(e, c, 2); writes(e, a, 1); return true;
    case OP_MATCH_REST: keeps(e, b); reads(e, c, 1); writes(e, a, 1); return true;
    default: return false;
    }
}

static bool is_branch(Opcode op) { return op >= OP_JUMP_IF && op <= OP_JUMP_GE_I; }

/* The rest goes by its form. */
static void effects_form(Effects *e, Opcode op, uint32_t a, uint32_t b, uint32_t c) {
    if (op == OP_JUMP_IF || op == OP_JUMP_IF_NONE || (op >= OP_JUMP_LT_I && op <= OP_JUMP_GE_I)) reads(e, b, 1);
    else if (op == OP_JUMP_OR_POP) keeps(e, b);
    else if (is_branch(op)) reads(e, b, 1), reads(e, c, 1);
    else if ((op >= OP_ADD && op <= OP_XOR) || (op >= OP_LT && op <= OP_NOT_IN) || op == OP_IADD || op == OP_ISUB || op == OP_IMUL ||
             op == OP_INPLACE || op == OP_GET_ITEM || op == OP_FORMAT_SPEC || op == OP_PREPARE_RERAISE_STAR)
        reads(e, b, 1), reads(e, c, 1), writes(e, a, 1);
    else if (op >= OP_K_ADD && op <= OP_K_DIV) reads(e, c, 1), writes(e, a, 1);
    else if ((op >= OP_ADD_I && op <= OP_AND_K) || op == OP_IADD_I || op == OP_ISUB_I || op == OP_LOAD_ATTR || op == OP_GET_ITEM_I ||
             (op >= OP_NEGATIVE && op <= OP_TO_BOOL) || op == OP_GET_ITER || op == OP_LIST_TO_TUPLE || op == OP_YIELD ||
             op == OP_GET_YIELD_FROM_ITER || op == OP_GET_AITER || op == OP_ASYNC_GEN_WRAP)
        reads(e, b, 1), writes(e, a, 1);
}

static Effects effects(const Instr *at) {
    Effects e = {.clear = UINT32_MAX};
    uint32_t a = INSTR_A(*at), b = INSTR_B(*at), c = INSTR_C(*at);
    if (!effects_data(&e, at, a, b, c) && !effects_build(&e, at, a, b, c) && !effects_control(&e, at, a, b, c))
        effects_form(&e, (Opcode)INSTR_OP(*at), a, b, c);
    return e;
}

/* --- following the paths --- */

static void fail(Verifier *v, uint32_t at, const char *error) {
    if (v->error) return;
    v->error = error;
    v->error_at = at;
}

static uint8_t *temp_of(Verifier *v, uint8_t *state, uint32_t r, uint32_t at) {
    static const char message[] = "register out of range";
    if (r >= v->code->register_count) fail(v, at, message);
    if (r < v->code->local_count || r - v->code->local_count >= v->temps) return NULL;
    return &state[r - v->code->local_count];
}

static void flow_to(Verifier *v, uint32_t at, uint32_t target, const uint8_t *state, uint32_t depth) {
    if (target >= v->code->instr_count || !v->starts[target]) {
        fail(v, at, "jump to no instruction");
        return;
    }
    uint8_t *known = v->states + (size_t)target * v->temps;
    bool changed = !v->seen[target];
    for (uint32_t i = 0; i < v->temps; i++) {
        uint8_t s = i + v->code->local_count < depth ? state[i] : EMPTY;
        uint8_t merged = !v->seen[target] || known[i] == s ? s : MAYBE;
        changed |= merged != known[i];
        known[i] = merged;
    }
    v->seen[target] = true;
    if (!changed || v->queued[target]) return;
    v->queued[target] = true;
    v->queue[v->tail] = target;
    v->tail = (v->tail + 1) % (v->code->instr_count + 1);
}

static void apply(Verifier *v, uint32_t at, const Effects *e, uint8_t *state) {
    bool spilled = INSTR_OP(v->code->instrs[at]) == OP_LOAD_FAR;
    for (uint32_t i = 0; i < e->keep_count; i++) {
        uint8_t *t = temp_of(v, state, e->keeps[i].first, at);
        if (t && *t != FULL) fail(v, at, "reads an empty temporary");
    }
    for (uint32_t i = 0; i < e->read_count; i++) {
        for (uint32_t k = 0; k < e->reads[i].count; k++) {
            uint8_t *t = temp_of(v, state, e->reads[i].first + k, at);
            if (t && *t != FULL && *t != UNKNOWN) fail(v, at, "consumes an empty temporary");
            if (t) *t = EMPTY;
        }
    }
    if (e->clear != UINT32_MAX) {
        uint8_t *t = temp_of(v, state, e->clear, at);
        if (t) *t = EMPTY;
    }
    for (uint32_t i = 0; i < e->write_count; i++) {
        for (uint32_t k = 0; k < e->writes[i].count; k++) {
            uint8_t *t = temp_of(v, state, e->writes[i].first + k, at);
            if (t && *t != EMPTY && *t != UNKNOWN) fail(v, at, "overwrites a full temporary");
            if (t) *t = spilled ? UNKNOWN : FULL;
        }
    }
}

static void flow_exception(Verifier *v, uint32_t at, const uint8_t *before, const uint8_t *after) {
    const Code *code = v->code;
    for (uint32_t i = 0; i < code->exception_count; i++) {
        const ExceptionEntry *entry = &code->exceptions[i];
        if (at < entry->start || at >= entry->end) continue;
        flow_to(v, at, entry->handler, before, entry->depth);
        (void)after;
        return;
    }
}

static void check_return(Verifier *v, uint32_t at, const uint8_t *state) {
    for (uint32_t i = 0; i < v->temps; i++)
        if (state[i] != EMPTY && state[i] != UNKNOWN) fail(v, at, "returns with a full temporary");
}

static void step(Verifier *v, uint32_t at) {
    const Instr *instr = v->code->instrs + at;
    Opcode op = (Opcode)INSTR_OP(*instr);
    uint32_t next = at + instr_words(*instr);
    uint8_t before[MAX_TEMPS], state[MAX_TEMPS], jumped[MAX_TEMPS];
    memcpy(before, v->states + (size_t)at * v->temps, v->temps);
    memcpy(state, before, v->temps);
    Effects e = effects(instr);
    apply(v, at, &e, state);
    flow_exception(v, at, before, state);
    memcpy(jumped, state, v->temps);
    if (op == OP_JUMP || op == OP_JUMP_BACK) {
        flow_to(v, at, next + (uint32_t)((int32_t)*instr >> 8), state, UINT32_MAX);
        return;
    }
    if (op == OP_RETURN || op == OP_RETURN_NONE) check_return(v, at, state);
    if (op == OP_RETURN || op == OP_RETURN_NONE || op == OP_RAISE || op == OP_RAISE_FROM || op == OP_RAISE_AGAIN || op == OP_RERAISE) return;
    if (op == OP_JUMP_OR_POP || op == OP_FOR_ITER || op == OP_SEND || is_branch(op)) {
        bool iterates = op == OP_FOR_ITER || op == OP_SEND;
        uint8_t *t = temp_of(v, state, INSTR_B(*instr), at), *a = iterates ? temp_of(v, jumped, INSTR_A(*instr), at) : NULL;
        if (op == OP_JUMP_OR_POP && t) *t = EMPTY;
        if (a) *a = EMPTY;
        if (op == OP_FOR_ITER && temp_of(v, jumped, INSTR_B(*instr), at)) *temp_of(v, jumped, INSTR_B(*instr), at) = EMPTY;
        flow_to(v, at, next + instr[1], jumped, UINT32_MAX);
    }
    if (next >= v->code->instr_count) fail(v, at, "runs off the end");
    else flow_to(v, at, next, state, UINT32_MAX);
}

static void run(Verifier *v) {
    const Code *code = v->code;
    for (uint32_t at = 0; at < code->instr_count; at += instr_words(code->instrs[at])) v->starts[at] = true;
    uint8_t state[MAX_TEMPS] = {0};
    for (uint32_t i = code->local_count; i < code->total_params && i - code->local_count < v->temps; i++) state[i - code->local_count] = FULL;
    flow_to(v, 0, 0, state, UINT32_MAX);
    while (v->head != v->tail && !v->error) {
        uint32_t at = v->queue[v->head];
        v->head = (v->head + 1) % (code->instr_count + 1);
        v->queued[at] = false;
        step(v, at);
    }
}

const char *code_verify(const Code *code, uint32_t *offset) {
    uint32_t temps = code->register_count < 256 ? code->register_count : 256;
    Verifier v = {.code = code, .temps = temps - (code->local_count < temps ? code->local_count : temps)};
    v.states = calloc((size_t)code->instr_count * v.temps + 1, 1);
    v.starts = calloc(code->instr_count + 1u, 1);
    v.queued = calloc(code->instr_count + 1u, 1);
    v.seen = calloc(code->instr_count + 1u, 1);
    v.queue = calloc(code->instr_count + 1u, sizeof *v.queue);
    if (v.states && v.starts && v.queued && v.seen && v.queue) run(&v);
    free(v.states);
    free(v.starts);
    free(v.queued);
    free(v.seen);
    free(v.queue);
    *offset = v.error_at;
    return v.error;
}
