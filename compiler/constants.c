/* Constants: Values of the tree's literals, and tables that hold each one once.
 *
 * Two constants are the same when they have the same type and value, items included: 1, 1.0 and True differ, and so do 0.0 and
 * -0.0. The Compiler's table owns one reference to each; a Unit's table borrows them. */
#include "compiler/context.h"

#include "vm/types/bytes.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

static uint64_t mix(uint64_t hash, uint64_t bits) { return (hash ^ bits) * UINT64_C(0x9E3779B97F4A7C15) ^ (hash >> 29); }

static uint64_t bytes_mix(uint64_t hash, const void *data, size_t length) {
    const uint8_t *bytes = data;
    for (size_t i = 0; i < length; i++) hash = (hash ^ bytes[i]) * UINT64_C(0x100000001B3);
    return hash;
}

static size_t int_limb_count(const IntObject *i) { return (size_t)(i->size < 0 ? -i->size : i->size); }

static uint64_t constant_hash(const Vm *vm, Value v) {
    if (value_is_str(v)) return mix(1, str_hash(value_str_peek(v), vm));
    if (value_is_bytes(v)) return bytes_mix(2, value_bytes(v)->data, value_bytes(v)->length);
    if (value_has_layout(v, LAYOUT_INT)) {
        IntObject *i = (IntObject *)value_object(v);
        return bytes_mix((uint64_t)(int64_t)i->size, i->limbs, int_limb_count(i) * sizeof(mp_limb_t));
    }
    if (value_is_complex(v)) return bytes_mix(3, &((ComplexObject *)value_object(v))->real, 2 * sizeof(double));
    if (value_is_tuple(v)) {
        uint64_t hash = 4;
        for (size_t i = 0; i < value_tuple(v)->count; i++) hash = mix(hash, constant_hash(vm, value_tuple(v)->items[i]));
        return hash;
    }
    return mix(5, v.bits);
}

static bool constant_same(Value a, Value b) {
    if (value_same(a, b)) return true;
    if (!value_is_object(a) || !value_is_object(b)) return false;
    if (value_object(a)->shape != value_object(b)->shape) return false;
    switch ((Layout)value_object(a)->shape->layout) {
    case LAYOUT_STR: return str_equal(value_str_peek(a), value_str_peek(b));
    case LAYOUT_BYTES:
        return value_bytes(a)->length == value_bytes(b)->length &&
               !memcmp(value_bytes(a)->data, value_bytes(b)->data, value_bytes(a)->length);
    case LAYOUT_INT: return !int_compare(a, b);
    case LAYOUT_COMPLEX:
        return !memcmp(&((ComplexObject *)value_object(a))->real, &((ComplexObject *)value_object(b))->real, 2 * sizeof(double));
    case LAYOUT_TUPLE:
        if (value_tuple(a)->count != value_tuple(b)->count) return false;
        for (size_t i = 0; i < value_tuple(a)->count; i++)
            if (!constant_same(value_tuple(a)->items[i], value_tuple(b)->items[i])) return false;
        return true;
    default: return false;
    }
}

static uint32_t table_slot(const Vm *vm, const ValueTable *table, Value v) {
    uint32_t i = (uint32_t)(constant_hash(vm, v) >> 16) & (table->size - 1);
    while (table->slots[i] && !constant_same(table->items[table->slots[i] - 1], v)) i = (i + 1) & (table->size - 1);
    return i;
}

static bool table_resize(Compiler *c, ValueTable *table) {
    uint32_t old_size = table->size;
    uint32_t *old = table->slots;
    table->size = old_size ? old_size * 2 : 16;
    table->slots = compiler_alloc(c, table->size * sizeof(uint32_t));
    if (!table->slots) {
        table->slots = old;
        table->size = old_size;
        return false;
    }
    for (uint32_t i = 0; i < old_size; i++)
        if (old[i]) table->slots[table_slot(c->vm, table, table->items[old[i] - 1])] = old[i];
    return true;
}

uint32_t value_table_add_unique(Compiler *c, ValueTable *table, Value v) {
    Value *items = compiler_grow(c, table->items, &table->capacity, table->count + 1, sizeof(Value));
    if (!items) return UINT32_MAX;
    table->items = items;
    items[table->count] = v;
    return table->count++;
}

/* `v` is borrowed here: what becomes of the reference is the caller's affair. *added: it was new. */
static uint32_t table_add(Compiler *c, ValueTable *table, Value v, bool *added) {
    *added = false;
    if (table->count * 4 >= table->size * 3 && !table_resize(c, table)) return UINT32_MAX;
    uint32_t slot = table_slot(c->vm, table, v);
    if (table->slots[slot]) return table->slots[slot] - 1;
    uint32_t index = value_table_add_unique(c, table, v);
    if (index == UINT32_MAX) return index;
    table->slots[slot] = index + 1;
    *added = true;
    return index;
}

uint32_t value_table_add(Compiler *c, ValueTable *table, Value v) {
    bool added;
    return table_add(c, table, v, &added);
}

Value constant_intern_take(Compiler *c, Value v) {
    if (value_is_error(v)) {
        compiler_fail(c);
        return VALUE_NONE;
    }
    if (!value_is_object(v)) return v;
    bool added;
    uint32_t index = table_add(c, &c->constants, v, &added);
    if (!added) value_release(c->vm, v);
    return index == UINT32_MAX ? VALUE_NONE : c->constants.items[index];
}

Value constant_keep_take(Compiler *c, Value v) {
    if (value_is_error(v)) {
        compiler_fail(c);
        return VALUE_NONE;
    }
    if (value_table_add_unique(c, &c->constants, v) != UINT32_MAX) return v;
    value_release(c->vm, v);
    return VALUE_NONE;
}

void constants_release(Compiler *c) {
    for (uint32_t i = 0; i < c->constants.count; i++) value_release(c->vm, c->constants.items[i]);
    c->constants.count = 0;
}

/* --- literals --- */

/* CPython interns constants that could be identifiers. */
static bool looks_like_name(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        char ch = text[i];
        if (!(ch == '_' || (ch >= '0' && ch <= '9') || ((ch | 32) >= 'a' && (ch | 32) <= 'z'))) return false;
    }
    return true;
}

static Value string_new(Vm *vm, const char *text, size_t length) {
    Str *s = looks_like_name(text, length) ? str_intern(vm, text, length) : str_from_utf8(vm, text, length);
    return s ? value_from_object(s) : VALUE_ERROR;
}

Value constant_string(Compiler *c, const char *text, size_t length) {
    return constant_intern_take(c, string_new(c->vm, text, length));
}

static Value literal_value(Vm *vm, const Constant *constant) {
    switch (constant->kind) {
    case CONSTANT_NONE: return VALUE_NONE;
    case CONSTANT_TRUE: return VALUE_TRUE;
    case CONSTANT_FALSE: return VALUE_FALSE;
    case CONSTANT_ELLIPSIS: return VALUE_ELLIPSIS;
    case CONSTANT_INT: return int_from_i64(vm, constant->integer);
    case CONSTANT_BIG: return int_from_digits(vm, constant->data, constant->length, constant->base, false);
    case CONSTANT_FLOAT: return value_from_float(constant->real);
    case CONSTANT_COMPLEX: return complex_new(vm, 0.0, constant->real);
    case CONSTANT_STR: return string_new(vm, constant->data, constant->length);
    case CONSTANT_BYTES: {
        Bytes *bytes = bytes_new(vm, constant->data, constant->length);
        return bytes ? value_from_object(bytes) : VALUE_ERROR;
    }
    case CONSTANT_VALUE: return value_retain((Value){(uint64_t)constant->integer});
    }
    return VALUE_ERROR;
}

Value node_constant(Compiler *c, const Node *node) {
    return constant_intern_take(c, literal_value(c->vm, &node->as.Constant.constant));
}
