/* The loop: carries out instructions. vm/opcodes.def says what each one does; this file says how, for the common cases. Longer work is in
 * the op_ functions of vm/loop.h.
 *
 * Vocabulary:
 *   i          the instruction; pc points behind it (behind its words, once a handler has skipped them)
 *   A B C ...  its operands; R[x] registers, K[x] constants
 *   SAVE       stores pc in the frame: before anything that can raise, call or run a finalizer
 *   SET(a, v)  R[a] := v, releasing what was there
 *   NEXT       goes on with the next instruction
 *   ENTER      goes on in vm->frame, which has changed
 *
 * Small ints are compared and added shifted up by VALUE_INT_SHIFT, so that overflow of 50 bits is overflow of 64. */
#include "vm/loop.h"

#include "vm/attr.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

#define A INSTR_A(i)
#define B INSTR_B(i)
#define C INSTR_C(i)
#define SC INSTR_SC(i)
#define BX INSTR_BX(i)

#define CASE(name) label_##name
#define NEXT \
    do { \
        i = *pc++; \
        goto *labels[INSTR_OP(i)]; \
    } while (0)
#define SAVE (frame->pc = pc)
#define DO(call) /* carries out an op_ function */ \
    do { \
        SAVE; \
        if (!(call)) goto error; \
        NEXT; \
    } while (0)
#define RELEASE(value) \
    do { \
        Value released_ = (value); \
        if (value_is_object(released_) && --value_object(released_)->count == 0) { \
            SAVE; \
            object_die(&vm->heap, value_object(released_)); \
        } \
    } while (0)
#define SET(a, value) \
    do { \
        Value old_ = R[a]; \
        R[a] = (value); \
        RELEASE(old_); \
    } while (0)
#define CONSUME(r) /* a temporary that holds a pointer */ \
    do { \
        if ((r) >= locals) { \
            Value consumed_ = R[r]; \
            R[r] = VALUE_EMPTY; \
            RELEASE(consumed_); \
        } \
    } while (0)
#define ENTER \
    do { \
        frame = vm->frame; \
        R = frame->registers; \
        K = frame->code->constants; \
        locals = frame->code->local_count; \
        pc = frame->pc; \
    } while (0)
#define SAFE_POINT \
    do { \
        if (__builtin_expect(vm->heap.pending != 0, 0)) { \
            SAVE; \
            if (!vm_safe_point(vm)) goto error; \
        } \
    } while (0)
#define WORDS ((Instr *)(uintptr_t)pc) /* the words of the instruction: caches are written in place */
#define JUMP_WHEN(condition) /* to word1's target */ \
    do { \
        int32_t offset_ = (int32_t)*pc++; \
        if (condition) pc += offset_; \
        NEXT; \
    } while (0)

#define SHIFTED(v) ((int64_t)((v).bits << VALUE_INT_SHIFT))
static inline Value from_shifted(int64_t s) { return (Value){(uint64_t)s >> VALUE_INT_SHIFT | VALUE_INT_TAG}; }
static inline bool are_floats(Value a, Value b) { return value_is_float(a) && value_is_float(b); }

#define SMALL_ADD(x, y) \
    do { \
        int64_t sum_; \
        if (!__builtin_add_overflow(SHIFTED(x), SHIFTED(y), &sum_)) { \
            SET(A, from_shifted(sum_)); \
            NEXT; \
        } \
    } while (0)
#define SMALL_SUB(x, y) \
    do { \
        int64_t difference_; \
        if (!__builtin_sub_overflow(SHIFTED(x), SHIFTED(y), &difference_)) { \
            SET(A, from_shifted(difference_)); \
            NEXT; \
        } \
    } while (0)
#define SMALL_MUL(x, y) \
    do { \
        int64_t product_; \
        if (!__builtin_mul_overflow(SHIFTED(x), value_small(y), &product_)) { \
            SET(A, from_shifted(product_)); \
            NEXT; \
        } \
    } while (0)
/* x op y for two registers or constants; SMALL is one of the above; falls through to the slow part. */
#define ARITHMETIC(x, y, SMALL, operator) \
    Value x_ = (x), y_ = (y); \
    if (value_are_small(x_, y_)) SMALL(x_, y_); \
    else if (are_floats(x_, y_)) { \
        SET(A, value_from_float(value_float(x_) operator value_float(y_))); \
        NEXT; \
    }
#define ARITHMETIC_SMALL(SMALL, operator) /* right operand sC */ \
    Value x_ = R[B], y_ = value_from_small(SC); \
    if (value_is_small(x_)) SMALL(x_, y_); \
    else if (value_is_float(x_)) { \
        SET(A, value_from_float(value_float(x_) operator (double)SC)); \
        NEXT; \
    }

static inline int64_t floor_divide(int64_t x, int64_t y) {
    int64_t q = x / y;
    return q - (x % y != 0 && (x < 0) != (y < 0));
}
static inline int64_t floor_modulo(int64_t x, int64_t y) {
    int64_t r = x % y;
    return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}

#define COMPARE(name, operator) \
    CASE(name) : { \
        Value x_ = R[B], y_ = R[C]; \
        if (value_are_small(x_, y_)) { \
            SET(A, value_from_bool(SHIFTED(x_) operator SHIFTED(y_))); \
            NEXT; \
        } \
        if (are_floats(x_, y_)) { \
            SET(A, value_from_bool(value_float(x_) operator value_float(y_))); \
            NEXT; \
        } \
        DO(op_compare(vm, frame, i, COMPARE_##name)); \
    }
#define JUMP_COMPARE(name, operator) \
    CASE(JUMP_##name) : { \
        Value x_ = R[B], y_ = R[C]; \
        if (value_are_small(x_, y_)) JUMP_WHEN((SHIFTED(x_) operator SHIFTED(y_)) == A); \
        if (are_floats(x_, y_)) JUMP_WHEN((value_float(x_) operator value_float(y_)) == A); \
        SAVE; \
        int truth_ = op_test(vm, frame, i, COMPARE_##name); \
        if (truth_ < 0) goto error; \
        JUMP_WHEN(truth_ == A); \
    }
#define JUMP_COMPARE_SMALL(name, operator) \
    CASE(JUMP_##name##_I) : { \
        Value x_ = R[B]; \
        if (value_is_small(x_)) JUMP_WHEN((SHIFTED(x_) operator (int64_t)SC * (1 << VALUE_INT_SHIFT)) == A); \
        if (value_is_float(x_)) JUMP_WHEN((value_float(x_) operator (double)SC) == A); \
        SAVE; \
        int truth_ = op_test_small(vm, frame, i, COMPARE_##name); \
        if (truth_ < 0) goto error; \
        JUMP_WHEN(truth_ == A); \
    }

/* The next value of an iterator that needs no call; VALUE_ERROR: not such an iterator; VALUE_EMPTY: at its end. */
static inline Value iterator_step(Value iterator) {
    if (!value_is_object(iterator)) return VALUE_ERROR;
    Object *o = value_object(iterator);
    if (o->shape->layout == LAYOUT_RANGE_ITERATOR) {
        RangeIterator *range = (RangeIterator *)o;
        if (range->remaining <= 0 || !small_fits(range->next)) return range->remaining <= 0 ? VALUE_EMPTY : VALUE_ERROR;
        Value v = value_from_small(range->next);
        range->next += range->step;
        range->remaining--;
        return v;
    }
    if (o->shape->layout == LAYOUT_LIST_ITERATOR) {
        ListIterator *it = (ListIterator *)o;
        if (value_is_empty(it->sequence)) return VALUE_EMPTY;
        List *list = value_list(it->sequence);
        return it->index < list->count ? value_retain(list->items[it->index++]) : VALUE_ERROR;
    }
    if (o->shape->layout == LAYOUT_TUPLE_ITERATOR) {
        ListIterator *it = (ListIterator *)o;
        if (value_is_empty(it->sequence)) return VALUE_EMPTY;
        Tuple *tuple = value_tuple(it->sequence);
        return it->index < tuple->count ? value_retain(tuple->items[it->index++]) : VALUE_ERROR;
    }
    return VALUE_ERROR;
}

Value vm_run(Vm *vm) {
    static const void *const labels[256] = {
#define OPCODE(name, format, words, doc) [OP_##name] = &&label_##name,
#include "vm/opcodes.def"
#undef OPCODE
    };
    Frame *frame;
    Value *R;
    const Value *K;
    const Instr *pc;
    uint32_t locals;
    Instr i;

    ENTER;
    SAFE_POINT;
    NEXT;

    /* --- moves, constants, locals --- */
    CASE(NOP) : NEXT;
    CASE(MOVE) : {
        Value v = R[B];
        if (B >= locals) R[B] = VALUE_EMPTY;
        else value_retain(v);
        SET(A, v);
        NEXT;
    }
    CASE(COPY) : {
        Value v = value_retain(R[B]);
        SET(A, v);
        NEXT;
    }
    CASE(LOAD_CONST) : {
        Value v = value_retain(K[BX]);
        SET(A, v);
        NEXT;
    }
    CASE(LOAD_INT) : SET(A, value_from_small(INSTR_SBX(i)));
    NEXT;
    CASE(LOAD_NONE) : SET(A, VALUE_NONE);
    NEXT;
    CASE(LOAD_FAR) : {
        Value v = R[BX];
        if (BX >= locals) R[BX] = VALUE_EMPTY;
        else value_retain(v);
        SET(A, v);
        NEXT;
    }
    CASE(STORE_FAR) : {
        Value v = R[A];
        if (A >= locals) R[A] = VALUE_EMPTY;
        else value_retain(v);
        SET(BX, v);
        NEXT;
    }
    CASE(CHECK_BOUND) : if (!value_is_empty(R[A])) NEXT;
    DO(op_unbound_local(vm, frame, A));
    CASE(DEL_LOCAL) : if (value_is_empty(R[A])) DO(op_unbound_local(vm, frame, A));
    CASE(CLEAR) : CASE(LOAD_EMPTY) : SET(A, VALUE_EMPTY);
    NEXT;

    /* --- globals, namespaces, cells --- */
    CASE(LOAD_GLOBAL) : {
        uint32_t builtins_version = pc[1];
        if (pc[0] == frame->globals->version && (!builtins_version || builtins_version == frame->builtins->version)) {
            Value v = value_retain(*dict_value_at(builtins_version ? frame->builtins : frame->globals, pc[2]));
            pc += 3;
            SET(A, v);
            NEXT;
        }
        pc += 3;
        DO(op_load_global(vm, frame, i, WORDS - 3));
    }
    CASE(STORE_GLOBAL) : {
        pc += 2;
        if (pc[-2] != frame->globals->version) DO(op_store_global(vm, frame, i, WORDS - 2));
        Value *place = dict_value_at(frame->globals, pc[-1]);
        Value v = R[A], old = *place;
        if (A >= locals) R[A] = VALUE_EMPTY;
        else value_retain(v);
        *place = v;
        RELEASE(old);
        NEXT;
    }
    CASE(DEL_GLOBAL) : DO(op_del_global(vm, frame, i));
    CASE(LOAD_NAME) : DO(op_load_name(vm, frame, i));
    CASE(STORE_NAME) : DO(op_store_name(vm, frame, i));
    CASE(DEL_NAME) : DO(op_del_name(vm, frame, i));
    CASE(MAKE_CELL) : {
        SAVE;
        Value cell = cell_new(vm, R[A]);
        if (value_is_error(cell)) goto error;
        SET(A, cell);
        NEXT;
    }
    CASE(LOAD_CELL) : {
        Value v = ((Cell *)value_object(R[B]))->content;
        if (value_is_empty(v)) DO(op_unbound_cell(vm, frame, B));
        value_retain(v);
        SET(A, v);
        NEXT;
    }
    CASE(STORE_CELL) : {
        Cell *cell = (Cell *)value_object(R[B]);
        Value v = operand_take(frame, A), old = cell->content;
        cell->content = v;
        RELEASE(old);
        NEXT;
    }
    CASE(DEL_CELL) : {
        Cell *cell = (Cell *)value_object(R[A]);
        Value old = cell->content;
        if (value_is_empty(old)) DO(op_unbound_cell(vm, frame, A));
        cell->content = VALUE_EMPTY;
        RELEASE(old);
        NEXT;
    }
    CASE(LOAD_FREE) : {
        Value v = ((Cell *)value_object(frame->function->closure->items[B]))->content;
        if (value_is_empty(v)) DO(op_unbound_free(vm, frame, B));
        value_retain(v);
        SET(A, v);
        NEXT;
    }
    CASE(STORE_FREE) : {
        Cell *cell = (Cell *)value_object(frame->function->closure->items[B]);
        Value v = operand_take(frame, A), old = cell->content;
        cell->content = v;
        RELEASE(old);
        NEXT;
    }
    CASE(DEL_FREE) : {
        Cell *cell = (Cell *)value_object(frame->function->closure->items[A]);
        Value old = cell->content;
        if (value_is_empty(old)) DO(op_unbound_free(vm, frame, A));
        cell->content = VALUE_EMPTY;
        RELEASE(old);
        NEXT;
    }
    CASE(LOAD_FREE_CELL) : {
        Value v = value_retain(frame->function->closure->items[B]);
        SET(A, v);
        NEXT;
    }
    CASE(LOAD_CLASS_FREE) : pc += 1;
    DO(op_load_class_free(vm, frame, i, frame->code->names[pc[-1]]));
    CASE(LOAD_CLASS_GLOBAL) : DO(op_load_class_global(vm, frame, i));

    /* --- attributes and items --- */
    CASE(LOAD_ATTR) : {
        Value o = R[B];
        const AttrCache *cache = (const AttrCache *)(pc + 1);
        pc += 6;
        if (value_is_object(o) && value_object(o)->shape->id == cache->shape_id && cache->kind == ATTR_SLOT) {
            Value v = *attr_slot(value_object(o), cache->info);
            if (!value_is_empty(v)) {
                value_retain(v);
                CONSUME(B);
                SET(A, v);
                NEXT;
            }
        }
        DO(op_load_attr(vm, frame, i, WORDS - 6));
    }
    CASE(STORE_ATTR) : {
        Value o = R[A];
        const AttrCache *cache = (const AttrCache *)(pc + 1);
        pc += 6;
        if (value_is_object(o) && value_object(o)->shape->id == cache->shape_id &&
            (cache->kind == ATTR_STORE_SLOT || cache->kind == ATTR_ADD_SLOT)) {
            if (cache->kind == ATTR_ADD_SLOT) value_object(o)->shape = attr_cache_shape(cache);
            Value v = R[B], *place = attr_slot(value_object(o), cache->info), old = *place;
            if (B >= locals) R[B] = VALUE_EMPTY;
            else value_retain(v);
            *place = v;
            RELEASE(old);
            CONSUME(A);
            NEXT;
        }
        DO(op_store_attr(vm, frame, i, WORDS - 6));
    }
    CASE(DEL_ATTR) : pc += 1;
    DO(op_del_attr(vm, frame, i, WORDS - 1));
    CASE(LOAD_METHOD) : {
        Value o = R[B];
        const AttrCache *cache = (const AttrCache *)(pc + 1);
        pc += 6;
        if (value_is_object(o) && value_object(o)->shape->id == cache->shape_id && cache->kind == ATTR_METHOD) {
            Value function = value_retain(attr_cache_value(cache)), self = value_retain(o);
            CONSUME(B);
            R[A] = function; /* temporaries, dead until now */
            R[A + 1] = self;
            NEXT;
        }
        DO(op_load_method(vm, frame, i, WORDS - 6));
    }
    CASE(LOAD_SUPER_ATTR) : pc += 1;
    DO(op_load_super_attr(vm, frame, i, frame->code->names[pc[-1]]));
    CASE(GET_ITEM) : {
        Value o = R[B], key = R[C];
        if (value_is_small(key) && value_is_exact(o, LAYOUT_LIST)) {
            List *list = value_list(o);
            int64_t index = value_small(key);
            if (index < 0) index += (int64_t)list->count;
            if ((uint64_t)index < list->count) {
                Value v = value_retain(list->items[index]);
                CONSUME(B);
                SET(A, v);
                NEXT;
            }
        }
        DO(op_get_item(vm, frame, i));
    }
    CASE(GET_ITEM_I) : DO(op_get_item_small(vm, frame, i));
    CASE(SET_ITEM) : {
        Value o = R[A], key = R[B];
        if (value_is_small(key) && value_is_exact(o, LAYOUT_LIST) && !value_is_object(R[C])) {
            List *list = value_list(o);
            int64_t index = value_small(key);
            if (index < 0) index += (int64_t)list->count;
            if ((uint64_t)index < list->count) {
                Value old = list->items[index];
                list->items[index] = R[C];
                RELEASE(old);
                CONSUME(A);
                NEXT;
            }
        }
        DO(op_set_item(vm, frame, i));
    }
    CASE(DEL_ITEM) : DO(op_del_item(vm, frame, i));
    CASE(BUILD_SLICE) : DO(op_build_slice(vm, frame, i));
    CASE(GET_SLICE) : DO(op_get_slice(vm, frame, i));
    CASE(SET_SLICE) : DO(op_set_slice(vm, frame, i));

    /* --- arithmetic --- */
    CASE(ADD) : {
        ARITHMETIC(R[B], R[C], SMALL_ADD, +)
        DO(op_binary(vm, frame, i, BINARY_ADD));
    }
    CASE(SUB) : {
        ARITHMETIC(R[B], R[C], SMALL_SUB, -)
        DO(op_binary(vm, frame, i, BINARY_SUB));
    }
    CASE(MUL) : {
        ARITHMETIC(R[B], R[C], SMALL_MUL, *)
        DO(op_binary(vm, frame, i, BINARY_MUL));
    }
    CASE(MATMUL) : DO(op_binary(vm, frame, i, BINARY_MATMUL));
    CASE(DIV) : {
        Value x = R[B], y = R[C];
        if (are_floats(x, y) && value_float(y) != 0.0) {
            SET(A, value_from_float(value_float(x) / value_float(y)));
            NEXT;
        }
        if (value_are_small(x, y) && value_small(y) != 0) {
            SET(A, value_from_float((double)value_small(x) / (double)value_small(y)));
            NEXT;
        }
        DO(op_binary(vm, frame, i, BINARY_DIV));
    }
    CASE(FLOORDIV) : {
        Value x = R[B], y = R[C];
        if (value_are_small(x, y) && value_small(y) > 0) {
            SET(A, value_from_small(floor_divide(value_small(x), value_small(y))));
            NEXT;
        }
        DO(op_binary(vm, frame, i, BINARY_FLOORDIV));
    }
    CASE(MOD) : {
        Value x = R[B], y = R[C];
        if (value_are_small(x, y) && value_small(y) > 0) {
            SET(A, value_from_small(floor_modulo(value_small(x), value_small(y))));
            NEXT;
        }
        DO(op_binary(vm, frame, i, BINARY_MOD));
    }
    CASE(POW) : DO(op_binary(vm, frame, i, BINARY_POW));
    CASE(LSHIFT) : DO(op_binary(vm, frame, i, BINARY_LSHIFT));
    CASE(RSHIFT) : {
        Value x = R[B], y = R[C];
        if (value_are_small(x, y) && (uint64_t)value_small(y) < 64) {
            SET(A, value_from_small(value_small(x) >> value_small(y)));
            NEXT;
        }
        DO(op_binary(vm, frame, i, BINARY_RSHIFT));
    }
    CASE(AND) : {
        Value x = R[B], y = R[C];
        if (value_are_small(x, y)) {
            SET(A, ((Value){x.bits & y.bits}));
            NEXT;
        }
        DO(op_binary(vm, frame, i, BINARY_AND));
    }
    CASE(OR) : {
        Value x = R[B], y = R[C];
        if (value_are_small(x, y)) {
            SET(A, ((Value){x.bits | y.bits}));
            NEXT;
        }
        DO(op_binary(vm, frame, i, BINARY_OR));
    }
    CASE(XOR) : {
        Value x = R[B], y = R[C];
        if (value_are_small(x, y)) {
            SET(A, ((Value){(x.bits ^ y.bits) | VALUE_INT_TAG}));
            NEXT;
        }
        DO(op_binary(vm, frame, i, BINARY_XOR));
    }
    CASE(ADD_I) : {
        ARITHMETIC_SMALL(SMALL_ADD, +)
        DO(op_binary_small(vm, frame, i, BINARY_ADD));
    }
    CASE(SUB_I) : {
        ARITHMETIC_SMALL(SMALL_SUB, -)
        DO(op_binary_small(vm, frame, i, BINARY_SUB));
    }
    CASE(MUL_I) : {
        ARITHMETIC_SMALL(SMALL_MUL, *)
        DO(op_binary_small(vm, frame, i, BINARY_MUL));
    }
    CASE(FLOORDIV_I) : {
        Value x = R[B];
        if (value_is_small(x) && SC > 0) {
            SET(A, value_from_small(floor_divide(value_small(x), SC)));
            NEXT;
        }
        DO(op_binary_small(vm, frame, i, BINARY_FLOORDIV));
    }
    CASE(MOD_I) : {
        Value x = R[B];
        if (value_is_small(x) && SC > 0) {
            SET(A, value_from_small(floor_modulo(value_small(x), SC)));
            NEXT;
        }
        DO(op_binary_small(vm, frame, i, BINARY_MOD));
    }
    CASE(LSHIFT_I) : {
        Value x = R[B];
        int64_t shifted;
        if (value_is_small(x) && SC >= 0 && SC < 49 && !__builtin_mul_overflow(SHIFTED(x), (int64_t)1 << SC, &shifted)) {
            SET(A, from_shifted(shifted));
            NEXT;
        }
        DO(op_binary_small(vm, frame, i, BINARY_LSHIFT));
    }
    CASE(RSHIFT_I) : {
        Value x = R[B];
        if (value_is_small(x) && SC >= 0 && SC < 64) {
            SET(A, value_from_small(value_small(x) >> SC));
            NEXT;
        }
        DO(op_binary_small(vm, frame, i, BINARY_RSHIFT));
    }
    CASE(AND_I) : {
        Value x = R[B];
        if (value_is_small(x)) {
            SET(A, value_from_small(value_small(x) & SC));
            NEXT;
        }
        DO(op_binary_small(vm, frame, i, BINARY_AND));
    }
    CASE(ADD_K) : {
        ARITHMETIC(R[B], K[C], SMALL_ADD, +)
        DO(op_binary_right_constant(vm, frame, i, BINARY_ADD));
    }
    CASE(SUB_K) : {
        ARITHMETIC(R[B], K[C], SMALL_SUB, -)
        DO(op_binary_right_constant(vm, frame, i, BINARY_SUB));
    }
    CASE(MUL_K) : {
        ARITHMETIC(R[B], K[C], SMALL_MUL, *)
        DO(op_binary_right_constant(vm, frame, i, BINARY_MUL));
    }
    CASE(DIV_K) : {
        Value x = R[B], y = K[C];
        if (are_floats(x, y) && value_float(y) != 0.0) {
            SET(A, value_from_float(value_float(x) / value_float(y)));
            NEXT;
        }
        DO(op_binary_right_constant(vm, frame, i, BINARY_DIV));
    }
    CASE(POW_K) : DO(op_binary_right_constant(vm, frame, i, BINARY_POW));
    CASE(AND_K) : {
        Value x = R[B], y = K[C];
        if (value_are_small(x, y)) {
            SET(A, ((Value){x.bits & y.bits}));
            NEXT;
        }
        DO(op_binary_right_constant(vm, frame, i, BINARY_AND));
    }
    CASE(K_ADD) : {
        ARITHMETIC(K[B], R[C], SMALL_ADD, +)
        DO(op_binary_left_constant(vm, frame, i, BINARY_ADD));
    }
    CASE(K_SUB) : {
        ARITHMETIC(K[B], R[C], SMALL_SUB, -)
        DO(op_binary_left_constant(vm, frame, i, BINARY_SUB));
    }
    CASE(K_MUL) : {
        ARITHMETIC(K[B], R[C], SMALL_MUL, *)
        DO(op_binary_left_constant(vm, frame, i, BINARY_MUL));
    }
    CASE(K_DIV) : {
        Value x = K[B], y = R[C];
        if (are_floats(x, y) && value_float(y) != 0.0) {
            SET(A, value_from_float(value_float(x) / value_float(y)));
            NEXT;
        }
        DO(op_binary_left_constant(vm, frame, i, BINARY_DIV));
    }
    CASE(IADD) : {
        ARITHMETIC(R[B], R[C], SMALL_ADD, +)
        DO(op_inplace(vm, frame, i, BINARY_ADD));
    }
    CASE(ISUB) : {
        ARITHMETIC(R[B], R[C], SMALL_SUB, -)
        DO(op_inplace(vm, frame, i, BINARY_SUB));
    }
    CASE(IMUL) : {
        ARITHMETIC(R[B], R[C], SMALL_MUL, *)
        DO(op_inplace(vm, frame, i, BINARY_MUL));
    }
    CASE(IADD_I) : {
        ARITHMETIC_SMALL(SMALL_ADD, +)
        DO(op_inplace_small(vm, frame, i, BINARY_ADD));
    }
    CASE(ISUB_I) : {
        ARITHMETIC_SMALL(SMALL_SUB, -)
        DO(op_inplace_small(vm, frame, i, BINARY_SUB));
    }
    CASE(INPLACE) : pc += 1;
    DO(op_inplace(vm, frame, i, (BinaryOperator)pc[-1]));
    CASE(NEGATIVE) : {
        Value x = R[B];
        if (value_is_float(x)) {
            SET(A, value_from_float(-value_float(x)));
            NEXT;
        }
        DO(op_unary(vm, frame, i, value_negative));
    }
    CASE(POSITIVE) : DO(op_unary(vm, frame, i, value_positive));
    CASE(INVERT) : DO(op_unary(vm, frame, i, value_invert));
    CASE(NOT) : CASE(TO_BOOL) : {
        SAVE;
        int truth = op_truth(vm, frame, B);
        if (truth < 0) goto error;
        SET(A, value_from_bool(truth != (INSTR_OP(i) == OP_NOT)));
        NEXT;
    }

    /* --- comparisons --- */
    COMPARE(LT, <)
    COMPARE(LE, <=)
    COMPARE(EQ, ==)
    COMPARE(NE, !=)
    COMPARE(GT, >)
    COMPARE(GE, >=)
    CASE(IS) : DO(op_is(vm, frame, i, true));
    CASE(IS_NOT) : DO(op_is(vm, frame, i, false));
    CASE(IN) : DO(op_in(vm, frame, i, true));
    CASE(NOT_IN) : DO(op_in(vm, frame, i, false));

    /* --- jumps --- */
    CASE(JUMP) : pc += (int32_t)i >> 8;
    NEXT;
    CASE(JUMP_BACK) : pc += (int32_t)i >> 8;
    SAFE_POINT;
    NEXT;
    CASE(JUMP_IF) : {
        Value v = R[B];
        if (value_is_bool(v)) JUMP_WHEN(value_is_true(v) == A);
        SAVE;
        int truth = op_truth(vm, frame, B);
        if (truth < 0) goto error;
        JUMP_WHEN(truth == A);
    }
    CASE(JUMP_OR_POP) : {
        SAVE;
        int truth = value_truth(vm, R[B]);
        if (truth < 0) goto error;
        if (truth != A) CONSUME(B);
        JUMP_WHEN(truth == A);
    }
    CASE(JUMP_IF_NONE) : {
        bool is_none = value_is_none(R[B]);
        if (!is_none) CONSUME(B);
        JUMP_WHEN(is_none == A);
    }
    CASE(JUMP_IS) : {
        bool same = value_is_identical(R[B], R[C]);
        CONSUME(B);
        CONSUME(C);
        JUMP_WHEN(same == A);
    }
    CASE(JUMP_IN) : {
        SAVE;
        int truth = op_test(vm, frame, i, COMPARE_IN);
        if (truth < 0) goto error;
        JUMP_WHEN(truth == A);
    }
    JUMP_COMPARE(LT, <)
    JUMP_COMPARE(LE, <=)
    JUMP_COMPARE(EQ, ==)
    JUMP_COMPARE(NE, !=)
    JUMP_COMPARE(GT, >)
    JUMP_COMPARE(GE, >=)
    JUMP_COMPARE_SMALL(LT, <)
    JUMP_COMPARE_SMALL(LE, <=)
    JUMP_COMPARE_SMALL(EQ, ==)
    JUMP_COMPARE_SMALL(NE, !=)
    JUMP_COMPARE_SMALL(GT, >)
    JUMP_COMPARE_SMALL(GE, >=)

    /* --- iteration --- */
    CASE(GET_ITER) : DO(op_unary(vm, frame, i, value_iter));
    CASE(FOR_ITER) : {
        pc += 1;
        Value v = iterator_step(R[A]);
        if (!value_is_special(v)) { /* the common case; special values (None, True) take the longer way */
            SET(B, v);
            NEXT;
        }
        if (v.bits > VALUE_ERROR.bits) {
            SET(B, v);
            NEXT;
        }
        SAVE;
        switch (op_for_iter(vm, frame, i)) {
        case 0: pc += (int32_t)pc[-1]; NEXT;
        case 1: NEXT;
        case 2: ENTER; NEXT;
        default: goto error;
        }
    }
    CASE(UNPACK) : DO(op_unpack(vm, frame, i));
    CASE(UNPACK_EX) : pc += 1;
    DO(op_unpack_ex(vm, frame, i, pc[-1] & 0xffff, pc[-1] >> 16));

    /* --- displays and strings --- */
    CASE(BUILD_LIST) : DO(op_build_list(vm, frame, i));
    CASE(BUILD_TUPLE) : DO(op_build_tuple(vm, frame, i));
    CASE(BUILD_SET) : DO(op_build_set(vm, frame, i));
    CASE(BUILD_MAP) : DO(op_build_map(vm, frame, i));
    CASE(LIST_APPEND) : DO(op_list_append(vm, frame, i));
    CASE(SET_ADD) : DO(op_set_add(vm, frame, i));
    CASE(MAP_ADD) : DO(op_map_add(vm, frame, i));
    CASE(LIST_EXTEND) : DO(op_list_extend(vm, frame, i));
    CASE(SET_UPDATE) : DO(op_set_update(vm, frame, i));
    CASE(DICT_UPDATE) : DO(op_dict_update(vm, frame, i));
    CASE(DICT_MERGE) : DO(op_dict_merge(vm, frame, i));
    CASE(LIST_TO_TUPLE) : DO(op_list_to_tuple(vm, frame, i));
    CASE(FORMAT) : DO(op_format(vm, frame, i));
    CASE(FORMAT_SPEC) : pc += 1;
    DO(op_format_spec(vm, frame, i, (int)pc[-1]));
    CASE(BUILD_STRING) : DO(op_build_string(vm, frame, i));

    /* --- calls --- */
    CASE(CALL) : {
        Value callee = R[A];
        pc += 1;
        SAVE;
        if (value_is_function(callee)) {
            Function *function = (Function *)value_object(callee);
            if (function->code->flags & CODE_SIMPLE && function->code->arg_count == B) {
                R[A] = VALUE_EMPTY;
                if (!frame_push(vm, function, &R[A + 1], B, &R[C], RETURN_VALUE, vm->stack)) goto error;
                goto enter;
            }
        }
        CallOutcome outcome = op_call(vm, frame, &R[A], &R[A + 1], B, NULL, &R[C]);
        if (outcome == CALL_DONE) NEXT;
        if (outcome == CALL_PUSHED) goto enter;
        goto error;
    }
    CASE(CALL_METHOD) : {
        Value callee = R[A];
        uint32_t bound = !value_is_empty(R[A + 1]);
        Value *args = &R[A + 2 - bound];
        pc += 1;
        SAVE;
        if (value_is_function(callee)) {
            Function *function = (Function *)value_object(callee);
            if (function->code->flags & CODE_SIMPLE && function->code->arg_count == B + bound) {
                R[A] = VALUE_EMPTY;
                if (!frame_push(vm, function, args, B + bound, &R[C], RETURN_VALUE, vm->stack)) goto error;
                goto enter;
            }
        }
        CallOutcome outcome = op_call(vm, frame, &R[A], args, (int)(B + bound), NULL, &R[C]);
        if (outcome == CALL_DONE) NEXT;
        if (outcome == CALL_PUSHED) goto enter;
        goto error;
    }
    CASE(CALL_KW) : {
        Tuple *names = value_tuple(K[*pc++]);
        SAVE;
        CallOutcome outcome = op_call(vm, frame, &R[A], &R[A + 1], B - (int)names->count, names, &R[C]);
        if (outcome == CALL_DONE) NEXT;
        if (outcome == CALL_PUSHED) goto enter;
        goto error;
    }
    CASE(CALL_METHOD_KW) : {
        Tuple *names = value_tuple(K[*pc++]);
        int bound = !value_is_empty(R[A + 1]);
        SAVE;
        CallOutcome outcome = op_call(vm, frame, &R[A], &R[A + 2 - bound], B + bound - (int)names->count, names, &R[C]);
        if (outcome == CALL_DONE) NEXT;
        if (outcome == CALL_PUSHED) goto enter;
        goto error;
    }
    CASE(CALL_EX) : {
        SAVE;
        CallOutcome outcome = op_call_ex(vm, frame, i);
        if (outcome == CALL_DONE) NEXT;
        if (outcome == CALL_PUSHED) goto enter;
        goto error;
    }
enter:
    ENTER;
    SAFE_POINT;
    NEXT;
    Value returned;
    CASE(RETURN_NONE) : returned = VALUE_NONE;
    goto leave;
    CASE(RETURN) : returned = R[A];
    R[A] = VALUE_EMPTY; /* moved out, of a local too: the frame ends here */
leave : {
    SAVE;
    FrameReturn kind = (FrameReturn)frame->return_kind;
    Value *result = frame->result, self = frame->init_self;
    Generator *generator = frame->generator;
    frame_leave(vm, frame, locals);
    if (generator) generator_finish(vm, generator);
    if (kind == RETURN_TO_C) return returned;
    ENTER;
    if (kind == RETURN_VALUE) {
        Value old = *result;
        *result = returned;
        RELEASE(old);
        NEXT;
    }
    if (kind == RETURN_INIT) DO(op_return_init(vm, result, self, returned));
    /* The generator behind a FOR_ITER or SEND is exhausted: pc is behind its word1. */
    i = pc[-2];
    if (kind == RETURN_SEND) SET(B, returned);
    else RELEASE(returned);
    SET(A, VALUE_EMPTY);
    pc += (int32_t)pc[-1];
    NEXT;
}
    CASE(MAKE_FUNCTION) : pc += 1;
    DO(op_make_function(vm, frame, i, K[pc[-1]]));
    CASE(LOAD_BUILD_CLASS) : {
        SAVE;
        Value v = dict_peek_str(vm, frame->builtins, NAME(vm, __build_class__));
        if (value_is_empty(v)) {
            error_raise(vm, EXC_NameError, "__build_class__ not found");
            goto error;
        }
        value_retain(v);
        SET(A, v);
        NEXT;
    }
    CASE(LOAD_LOCALS) : {
        Value v = value_retain(R[0]);
        SET(A, v);
        NEXT;
    }

    /* --- generators and coroutines --- */
    CASE(RETURN_GENERATOR) : {
        SAVE;
        Value *result = frame->result;
        FrameReturn kind = (FrameReturn)frame->return_kind;
        Value generator = generator_from_frame(vm, frame);
        if (value_is_error(generator)) goto error;
        if (kind == RETURN_TO_C) return generator;
        ENTER;
        if (kind == RETURN_INIT) DO(op_return_init(vm, result, VALUE_EMPTY, generator));
        Value old = *result;
        *result = generator;
        RELEASE(old);
        NEXT;
    }
    CASE(YIELD) : {
        SAVE;
        Value yielded = operand_take(frame, B);
        Value *result = frame->result;
        FrameReturn kind = (FrameReturn)frame->return_kind;
        generator_suspend(vm, frame, A);
        if (kind == RETURN_TO_C) return yielded;
        ENTER;
        Value old = *result;
        *result = yielded;
        RELEASE(old);
        NEXT;
    }
    CASE(GET_YIELD_FROM_ITER) : DO(op_get_yield_from_iter(vm, frame, i));
    CASE(SEND) : {
        pc += 1;
        SAVE;
        switch (op_send(vm, frame, i)) {
        case 0: pc += (int32_t)pc[-1]; NEXT;
        case 1: NEXT;
        case 2: ENTER; NEXT;
        default: goto error;
        }
    }
    CASE(GET_AWAITABLE) : DO(op_get_awaitable(vm, frame, i));
    CASE(GET_AITER) : DO(op_get_aiter(vm, frame, i));
    CASE(GET_ANEXT) : DO(op_get_anext(vm, frame, i));
    CASE(END_ASYNC_FOR) : {
        SAVE;
        if (op_end_async_for(vm, frame, i)) NEXT;
        goto error_again;
    }
    CASE(ASYNC_GEN_WRAP) : DO(op_unary(vm, frame, i, async_generator_wrap));

    /* --- exceptions --- */
    CASE(RAISE) : SAVE;
    error_raise_value(vm, R[A], VALUE_EMPTY);
    goto error;
    CASE(RAISE_FROM) : SAVE;
    error_raise_value(vm, R[A], R[B]);
    goto error;
    CASE(RAISE_AGAIN) : SAVE;
    if (op_raise_again(vm)) goto error_again;
    goto error;
    CASE(PUSH_EXC) : op_push_exc(vm, frame, A);
    NEXT;
    CASE(POP_EXC) : SAVE;
    op_pop_exc(vm, frame, A);
    NEXT;
    CASE(RERAISE) : SAVE;
    op_reraise(vm, frame, A);
    goto error_again;
    CASE(EXC_MATCH) : DO(op_exc_match(vm, frame, i));
    CASE(EXC_GROUP_MATCH) : DO(op_exc_group_match(vm, frame, i));
    CASE(PREPARE_RERAISE_STAR) : DO(op_prepare_reraise_star(vm, frame, i));
    CASE(BEFORE_WITH) : DO(op_before_with(vm, frame, i, false));
    CASE(BEFORE_ASYNC_WITH) : DO(op_before_with(vm, frame, i, true));
    CASE(WITH_EXIT) : DO(op_with_exit(vm, frame, i));
    CASE(LOAD_ASSERTION_ERROR) : {
        Value v = value_retain(value_from_object(vm->exception_types[EXC_AssertionError]));
        SET(A, v);
        NEXT;
    }

    /* --- imports --- */
    CASE(IMPORT_NAME) : pc += 1;
    DO(op_import_name(vm, frame, i, frame->code->names[pc[-1]]));
    CASE(IMPORT_FROM) : pc += 1;
    DO(op_import_from(vm, frame, i, frame->code->names[pc[-1]]));
    CASE(IMPORT_STAR) : DO(op_import_star(vm, frame, i));

    /* --- match --- */
    CASE(MATCH_SEQUENCE) : DO(op_match_sequence(vm, frame, i, TYPE_FLAG_SEQUENCE));
    CASE(MATCH_MAPPING) : DO(op_match_sequence(vm, frame, i, TYPE_FLAG_MAPPING));
    CASE(MATCH_KEYS) : DO(op_match_keys(vm, frame, i));
    CASE(MATCH_CLASS) : pc += 1;
    DO(op_match_class(vm, frame, i, pc[-1]));
    CASE(MATCH_REST) : DO(op_match_rest(vm, frame, i));
    CASE(GET_LENGTH) : DO(op_get_length(vm, frame, i));

    /* --- rare things --- */
    CASE(SETUP_ANNOTATIONS) : DO(op_setup_annotations(vm, frame));
    CASE(PRINT_EXPR) : DO(op_print_expr(vm, frame, i));
    CASE(INTRINSIC) : DO(op_intrinsic(vm, frame, i));

error:
    if (!op_unwind(vm, false)) return VALUE_ERROR;
    ENTER;
    NEXT;
error_again: /* re-raised: this frame is in the traceback already */
    if (!op_unwind(vm, true)) return VALUE_ERROR;
    ENTER;
    NEXT;
}
