/* Which slot functions a script's class has: found from the special methods along its MRO.
 *
 * For each slot, the first class in the MRO that has one of the slot's special methods decides: a built-in type gives its own
 * function, a script's class the function of vm/slots.c, unless all it has is a wrapper of a built-in function, which is then
 * used directly. Classes with one base start from a copy of the base's slots and look only at what their own dict changes. */
#include "vm/types/descriptors.h"

#include "vm/attr.h"
#include "vm/ops.h"
#include "vm/types/dict.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

/* What one special method says about its slot. */
typedef struct Provider {
    Value value;   /* from a script's class; VALUE_EMPTY */
    SlotFn native; /* from a built-in type */
} Provider;

SlotFn spec_slot(const TypeSpec *spec, const SlotRow *row) {
    SlotFn fn = *(const SlotFn *)((const char *)&spec->slots + row->offset);
    if (fn) return fn;
    if (row->offset == offsetof(TypeSlots, new_) && spec->new_.fn) return (SlotFn)slot_new_native;
    if (row->offset == offsetof(TypeSlots, init) && spec->init.fn) return (SlotFn)slot_init_native;
    return NULL;
}

/* Built-in types with a comparison and no hash of their own are unhashable; they do not pass their base's hash on. */
static bool spec_drops_hash(const TypeSpec *spec, const SlotRow *row) {
    return row->offset == offsetof(TypeSlots, hash) && (spec->slots.compare || spec->flags & TYPE_FLAG_UNHASHABLE);
}

/* Sequences have __add__ and __mul__ from other slots than numbers: where a built-in type has the name by the one slot, the other
 * slot has nothing further on in the MRO. */
static bool spec_has_other_slot(const TypeSpec *spec, const SlotRow *row) {
    const TypeSlots *s = &spec->slots;
    switch (row->offset) {
    case offsetof(TypeSlots, concat): return s->binary[BINARY_ADD];
    case offsetof(TypeSlots, repeat): return s->binary[BINARY_MUL];
    case offsetof(TypeSlots, inplace_concat): return s->inplace[BINARY_ADD];
    case offsetof(TypeSlots, inplace_repeat): return s->inplace[BINARY_MUL];
    case offsetof(TypeSlots, binary[BINARY_ADD]): return row->name == NAME___add__ && s->concat;
    case offsetof(TypeSlots, binary[BINARY_MUL]): return s->repeat;
    case offsetof(TypeSlots, inplace[BINARY_ADD]): return s->inplace_concat;
    case offsetof(TypeSlots, inplace[BINARY_MUL]): return s->inplace_repeat;
    default: return false;
    }
}

static Provider find_provider(Vm *vm, Type *type, const SlotRow *row) {
    Tuple *mro = value_tuple(type->mro);
    Str *name = vm->names[row->name];
    for (size_t i = 0; i < mro->count; i++) {
        Type *t = (Type *)value_object(mro->items[i]);
        if (t->flags & TYPE_FLAG_HEAP) {
            Value value = type_own_peek(vm, t, name);
            if (!value_is_empty(value)) return (Provider){.value = value};
        } else {
            SlotFn fn = spec_slot(t->spec, row);
            if (fn) return (Provider){.value = VALUE_EMPTY, .native = fn};
            if (spec_drops_hash(t->spec, row)) return (Provider){.value = VALUE_NONE};
            if (spec_has_other_slot(t->spec, row)) break;
        }
    }
    return (Provider){.value = VALUE_EMPTY};
}

/* The built-in function that a provider comes down to; NULL with *script set: only the script's slot function will do. */
static SlotFn provider_native(Vm *vm, Type *type, const SlotRow *row, Provider p, bool *script) {
    if (value_is_empty(p.value)) return p.native;
    if (value_is_wrapper(vm, p.value)) {
        const WrapperDescriptor *w = (WrapperDescriptor *)value_object(p.value);
        if (w->row->offset == row->offset && w->row->name == row->name && type_is_subtype(type, w->owner)) return w->fn;
    }
    *script = true;
    return NULL;
}

static bool same_slot(int a, int b) { return b < slot_row_count && slot_rows[a].offset == slot_rows[b].offset; }

static SlotFn normal_attr_slot(SlotFn fn) {
    if (fn == (SlotFn)value_get_attr_generic || fn == (SlotFn)value_set_attr_generic) return NULL;
    return fn;
}

/* Decides the slot of rows first..; the result is the row behind them. */
static int update_group(Vm *vm, Type *type, int first) {
    const SlotRow *row = &slot_rows[first];
    SlotFn native = NULL;
    bool script = false, unhashable = false;
    int i = first;
    for (; i == first || same_slot(first, i); i++) {
        Provider p = find_provider(vm, type, &slot_rows[i]);
        if (row->offset == offsetof(TypeSlots, hash) && value_is_none(p.value)) {
            unhashable = true;
            continue;
        }
        SlotFn fn = provider_native(vm, type, &slot_rows[i], p, &script);
        if (fn && native && fn != native) script = true;
        if (fn) native = fn;
    }
    *slot_at(&type->slots, row) = normal_attr_slot(script ? slot_functions[first] : native);
    if (row->offset == offsetof(TypeSlots, hash))
        type->flags = unhashable ? type->flags | TYPE_FLAG_UNHASHABLE : type->flags & ~TYPE_FLAG_UNHASHABLE;
    return i;
}

/* Buffers come from the first base in the MRO that has one. */
static void inherit_buffer(Type *type) {
    Tuple *mro = value_tuple(type->mro);
    TypeSlots *s = &type->slots;
    for (size_t i = 1; i < mro->count; i++) {
        const Type *t = (Type *)value_object(mro->items[i]);
        if (t->flags & TYPE_FLAG_HEAP) continue;
        if (s->get_buffer || !t->slots.get_buffer) continue;
        s->get_buffer = t->slots.get_buffer;
        s->buffer_released = t->slots.buffer_released;
    }
}

static bool mro_has(Vm *vm, Type *type, Str *name) {
    Tuple *mro = value_tuple(type->mro);
    for (size_t i = 0; i < mro->count; i++) {
        Type *t = (Type *)value_object(mro->items[i]);
        if (t->flags & TYPE_FLAG_HEAP && !value_is_empty(type_own_peek(vm, t, name))) return true;
    }
    return false;
}

/* Whether a built-in base has a finalizer (streams have). */
static bool mro_finalizes(const Type *type) {
    const Tuple *mro = value_tuple(type->mro);
    for (size_t i = 0; i < mro->count; i++) {
        const Type *t = (const Type *)value_object(mro->items[i]);
        if (!(t->flags & TYPE_FLAG_HEAP) && t->spec->flags & TYPE_FLAG_HAS_DEL) return true;
    }
    return false;
}

static void update_flags(Vm *vm, Type *type) {
    type->flags &= ~(TYPE_FLAG_HAS_DEL | TYPE_FLAG_HAS_GETATTR);
    if (mro_has(vm, type, NAME(vm, __del__)) || mro_finalizes(type)) type->flags |= TYPE_FLAG_HAS_DEL;
    if (type->slots.get_attr == slot_get_attr) type->flags |= TYPE_FLAG_HAS_GETATTR;
}

static bool is_special(const Str *name) {
    const uint8_t *s = str_bytes1(name);
    size_t n = name->length;
    return name->width == 1 && n > 4 && s[0] == '_' && s[1] == '_' && s[n - 1] == '_' && s[n - 2] == '_';
}

static void update_named(Vm *vm, Type *type, const Str *name) {
    for (int i = 0; i < slot_row_count; i++) {
        if (vm->names[slot_rows[i].name] != name) continue;
        int first = i;
        while (first > 0 && same_slot(first, first - 1)) first--;
        update_group(vm, type, first);
    }
}

void type_update_slots(Vm *vm, Type *type, bool all) {
    if (all) {
        for (int i = 0; i < slot_row_count;) i = update_group(vm, type, i);
        inherit_buffer(type);
    } else {
        size_t position = 0;
        Value key, value;
        while (dict_next(type->dict, &position, &key, &value))
            if (value_is_str(key) && is_special(value_str_peek(key))) update_named(vm, type, value_str_peek(key));
    }
    update_flags(vm, type);
}

void type_update_slot(Vm *vm, Type *type, const Str *name) {
    if (type->flags & TYPE_FLAG_HEAP && !value_is_empty(type->mro)) {
        update_named(vm, type, name);
        update_flags(vm, type);
    }
    for (uint32_t i = 0; i < type->subclass_count; i++) type_update_slot(vm, type->subclass_list[i], name);
}
