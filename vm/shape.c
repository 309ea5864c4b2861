/* Shapes: the tree of attribute layouts of each class, and the attribute storage of instances.
 *
 * A class's shapes form trees, one for each inline slot count in use; a shape and its ShapeKeys are one block, linked in
 * type->all_shapes. The names along one path of a tree stand in one shared array (ShapeNames), of which each shape uses
 * the first slot_count entries; a branch copies the part it shares.
 *
 * Invariants: slots of a shape are never VALUE_EMPTY in an object of that shape (deleting an attribute moves the object to
 * another shape); unused inline slots are VALUE_EMPTY; names are interned and owned by their ShapeNames.
 */
#include "vm/shape.h"

#include <string.h>

#include "vm/ops.h"
#include "vm/types/dict.h"
#include "vm/types/str.h"
#include "vm/vm.h"

#define INLINE_MAX 32        /* slots inside an object at most (__static_attributes__) */
#define LEARNED_MAX 16       /* the same, where only earlier instances tell */
#define SHAPES_PER_TYPE 1500 /* more: a class used as a dictionary, its instances get dicts */
#define CHILDREN_MAX 64
#define TABLE_FREE 0xff
#define TABLE_FROM 9 /* names from which on a hash table is kept */

typedef struct ShapeNames {
    uint32_t references;
    uint16_t count, capacity;
    uint16_t table_size; /* a power of two; 0: few names, linear search */
    Str **names;
    uint8_t *table; /* index into names, TABLE_FREE */
} ShapeNames;

struct ShapeKeys {
    ShapeNames *names; /* NULL: no attributes yet */
    Shape *root, *parent;
    Shape *dict_shape; /* of a root: its instances in dict mode; NULL until needed */
    Shape *next;       /* in type->all_shapes */
    Shape **children;
    uint16_t child_count, child_capacity;
};

typedef struct ShapeBlock {
    Shape shape;
    ShapeKeys keys;
} ShapeBlock;

static inline size_t align8(size_t n) { return (n + 7) & ~(size_t)7; }

/* --- names --- */

static inline uint32_t name_hash(const Str *name) { return (uint32_t)(((uintptr_t)name >> 4) * 0x9E3779B1u) >> 8; }

static void names_release(Vm *vm, ShapeNames *n) {
    if (!n || --n->references) return;
    for (uint32_t i = 0; i < n->count; i++) release_object(vm, n->names[i]);
    if (n->names) heap_free(&vm->heap, n->names, n->capacity * sizeof(Str *));
    if (n->table_size) heap_free(&vm->heap, n->table, n->table_size);
    heap_free(&vm->heap, n, sizeof *n);
}

static void names_index(ShapeNames *n, uint32_t i) {
    uint32_t mask = n->table_size - 1u, h = name_hash(n->names[i]) & mask;
    while (n->table[h] != TABLE_FREE) h = (h + 1) & mask;
    n->table[h] = (uint8_t)i;
}

static bool names_reserve(Vm *vm, ShapeNames *n, uint32_t count) {
    if (count <= n->capacity) return true;
    uint32_t capacity = count < 4 ? 4 : count < 16 ? 16 : SHAPE_MAX_SLOTS;
    uint16_t table_size = capacity == SHAPE_MAX_SLOTS ? 512 : capacity >= TABLE_FROM ? 64 : 0;
    uint8_t *table = NULL;
    if (table_size && !(table = heap_alloc(&vm->heap, table_size))) return false;
    Str **names = heap_realloc(&vm->heap, n->names, n->capacity * sizeof(Str *), capacity * sizeof(Str *));
    if (!names) {
        if (table) heap_free(&vm->heap, table, table_size);
        return false;
    }
    if (n->table_size) heap_free(&vm->heap, n->table, n->table_size);
    n->names = names;
    n->capacity = (uint16_t)capacity;
    n->table = table;
    n->table_size = table_size;
    if (table) memset(table, TABLE_FREE, table_size);
    for (uint32_t i = 0; table && i < n->count; i++) names_index(n, i);
    return true;
}

static bool names_add(Vm *vm, ShapeNames *n, Str *name) {
    if (!names_reserve(vm, n, n->count + 1u)) return false;
    n->names[n->count] = retain_object(name);
    if (n->table_size) names_index(n, n->count);
    n->count++;
    return true;
}

/* The names array of a child: the parent's own where nobody has continued it, else a copy. */
static ShapeNames *names_extend(Vm *vm, ShapeNames *parent, uint32_t used, Str *name) {
    if (parent && parent->count == used) {
        if (!names_add(vm, parent, name)) return NULL;
        parent->references++;
        return parent;
    }
    ShapeNames *n = heap_alloc(&vm->heap, sizeof *n);
    if (!n) return NULL;
    *n = (ShapeNames){.references = 1};
    bool ok = names_reserve(vm, n, used + 1);
    for (uint32_t i = 0; ok && i < used; i++) ok = names_add(vm, n, parent->names[i]);
    if (ok && names_add(vm, n, name)) return n;
    names_release(vm, n);
    return NULL;
}

int shape_find(const Shape *shape, const Str *name) {
    if (!shape->slot_count) return -1;
    const ShapeNames *n = shape->keys->names;
    if (!n->table_size) {
        for (uint32_t i = 0; i < shape->slot_count; i++)
            if (n->names[i] == name) return (int)i;
        return -1;
    }
    uint32_t mask = n->table_size - 1u, h = name_hash(name) & mask;
    for (; n->table[h] != TABLE_FREE; h = (h + 1) & mask)
        if (n->names[n->table[h]] == name) return n->table[h] < shape->slot_count ? n->table[h] : -1;
    return -1;
}

/* --- shapes --- */

static void shape_fill(Vm *vm, Shape *s, Type *type, uint32_t inline_count) {
    const TypeSpec *spec = type->spec;
    *s = (Shape){.ops = &spec->ops, .type = type, .layout = (uint8_t)spec->layout};
    s->id = ++vm->next_shape_id;
    s->exact = !(type->flags & TYPE_FLAG_HEAP) && !(type->base && type->base->spec->layout == spec->layout);
    s->owns_type = (type->flags & TYPE_FLAG_HEAP) != 0;
    if (type->flags & TYPE_FLAG_HAS_DICT) {
        s->inline_count = (uint16_t)inline_count;
        s->attrs_offset = spec->variable_size ? SHAPE_ATTRS_AT_END
                                              : (uint32_t)(align8(spec->size) + type->slot_names_count * sizeof(Value));
    }
}

static Shape *shape_block_new(Vm *vm, Type *type, uint32_t inline_count) {
    ShapeBlock *b = heap_alloc(&vm->heap, sizeof *b);
    if (!b) return NULL;
    shape_fill(vm, &b->shape, type, inline_count);
    b->keys = (ShapeKeys){.root = &b->shape, .next = type->all_shapes};
    b->shape.keys = &b->keys;
    type->all_shapes = &b->shape;
    type->shape_count++;
    return &b->shape;
}

Shape *shape_root_new(Vm *vm, Type *type, uint16_t inline_count) {
    return shape_block_new(vm, type, inline_count);
}

void shapes_free(Vm *vm, Type *type) {
    Shape *s = type->all_shapes;
    type->all_shapes = type->shape = NULL;
    while (s) {
        Shape *next = s->keys->next;
        names_release(vm, s->keys->names);
        if (s->keys->children) heap_free(&vm->heap, s->keys->children, s->keys->child_capacity * sizeof(Shape *));
        heap_free(&vm->heap, s, sizeof(ShapeBlock));
        s = next;
    }
}

void shapes_renew(Vm *vm, Type *type) {
    for (Shape *s = type->all_shapes; s; s = s->keys->next) s->id = ++vm->next_shape_id;
}

static bool children_reserve(Vm *vm, ShapeKeys *k) {
    if (k->child_count < k->child_capacity) return true;
    uint32_t capacity = k->child_capacity ? k->child_capacity * 2u : 1;
    Shape **children = heap_realloc(&vm->heap, k->children, k->child_capacity * sizeof(Shape *), capacity * sizeof(Shape *));
    if (!children) return false;
    k->children = children;
    k->child_capacity = (uint16_t)capacity;
    return true;
}

Shape *shape_child(Vm *vm, Shape *shape, Str *name, bool *full) {
    ShapeKeys *k = shape->keys;
    uint32_t slot = shape->slot_count;
    *full = false;
    for (uint32_t i = 0; i < k->child_count; i++)
        if (k->children[i]->keys->names->names[slot] == name) return k->children[i];
    *full = slot >= SHAPE_MAX_SLOTS || shape->type->shape_count >= SHAPES_PER_TYPE || k->child_count >= CHILDREN_MAX;
    if (*full || !children_reserve(vm, k)) return NULL;
    ShapeNames *names = names_extend(vm, k->names, slot, name);
    Shape *child = names ? shape_block_new(vm, shape->type, shape->inline_count) : NULL;
    if (!child) {
        names_release(vm, names);
        return NULL;
    }
    child->slot_count = slot + 1;
    child->keys->names = names;
    child->keys->root = k->root;
    child->keys->parent = shape;
    k->children[k->child_count++] = child;
    return child;
}

static Shape *shape_dict(Vm *vm, Shape *shape) {
    ShapeKeys *root = shape->keys->root->keys;
    if (!root->dict_shape) {
        Shape *s = shape_block_new(vm, shape->type, shape->inline_count);
        if (!s) return NULL;
        s->dict_mode = 1;
        s->keys->root = shape->keys->root;
        root->dict_shape = s;
    }
    return root->dict_shape;
}

Shape *type_instance_shape(Vm *vm, Type *type) {
    Shape *root = type->shape;
    if (type->wanted_inline <= root->inline_count || !root->attrs_offset) return root;
    uint32_t count = type->wanted_inline;
    for (Shape *s = type->all_shapes; s; s = s->keys->next)
        if (s->keys->root == s && s->inline_count == count) return type->shape = s;
    Shape *wider = shape_root_new(vm, type, (uint16_t)count);
    if (wider) type->shape = wider;
    return wider;
}

/* An attribute did not fit inside the object: later instances get the room, but for the rare ones with very many. */
static void type_wants_inline(Type *type, uint32_t count) {
    if (count <= LEARNED_MAX && count > type->wanted_inline) type->wanted_inline = (uint16_t)count;
}

/* --- storage --- */

Value *object_members(const Object *o) {
    const TypeSpec *spec = o->shape->type->spec;
    size_t fixed = spec->variable_size ? o->shape->ops->size(o) : spec->size;
    return (Value *)((char *)o + align8(fixed));
}

Attrs *object_attrs(const Object *o) {
    const Shape *s = o->shape;
    if (!s->attrs_offset) return NULL;
    if (s->attrs_offset != SHAPE_ATTRS_AT_END) return (Attrs *)((char *)o + s->attrs_offset);
    return (Attrs *)(object_members(o) + s->type->slot_names_count);
}

size_t object_attrs_size(const Object *o) {
    const Shape *s = o->shape;
    size_t members = s->type->slot_names_count;
    if (!members && !s->attrs_offset) return 0;
    size_t size = members * sizeof(Value);
    if (s->attrs_offset) size += sizeof(Attrs) + s->inline_count * sizeof(Value);
    size_t own = s->ops->size(o);
    return size + align8(own) - own;
}

uint32_t shape_overflow_capacity(uint32_t count) {
    uint32_t capacity = 4;
    if (!count) return 0;
    while (capacity < count) capacity *= 2;
    return capacity;
}

static inline uint32_t overflow_count(const Shape *s) {
    return s->slot_count > s->inline_count ? s->slot_count - s->inline_count : 0;
}

size_t object_attrs_extra(const Object *o) {
    const Shape *s = o->shape;
    return s->dict_mode ? 0 : shape_overflow_capacity(overflow_count(s)) * sizeof(Value);
}

/* Only objects matter to a visitor: calls for anything else are spared. */
static inline void values_visit(const Value *values, uint32_t count, VisitFn visit, void *arg) {
    for (uint32_t i = 0; i < count; i++)
        if (value_is_object(values[i])) visit(values[i], arg);
}

void object_attrs_visit(Object *o, VisitFn visit, void *arg) {
    const Shape *s = o->shape;
    uint32_t members = s->type->slot_names_count;
    if (members) values_visit(object_members(o), members, visit, arg);
    if (s->attrs_offset) {
        Attrs *attrs = object_attrs(o);
        uint32_t count = s->slot_count, inside = count < s->inline_count ? count : s->inline_count;
        if (s->dict_mode) {
            visit(value_from_object(attrs->overflow), arg);
        } else {
            values_visit(attrs->slots, inside, visit, arg);
            values_visit(attrs->overflow, count - inside, visit, arg);
        }
    }
    if (s->owns_type) visit(value_from_object(s->type), arg);
}

/* Takes all attributes but members away: the object is empty (root shape) before anything is released. */
static void attrs_drop(Vm *vm, Object *o) {
    Shape *s = o->shape;
    Attrs *attrs = object_attrs(o);
    if (!attrs) return;
    void *overflow = attrs->overflow;
    Value inlined[INLINE_MAX];
    uint32_t count = s->slot_count, inside = count < s->inline_count ? count : s->inline_count;
    memcpy(inlined, attrs->slots, inside * sizeof(Value));
    for (uint32_t i = 0; i < inside; i++) attrs->slots[i] = VALUE_EMPTY;
    attrs->overflow = NULL;
    o->shape = s->keys->root;
    if (s->dict_mode) {
        release_object(vm, overflow);
        return;
    }
    for (uint32_t i = 0; i < inside; i++) value_release(vm, inlined[i]);
    if (count == inside) return;
    for (uint32_t i = 0; i < count - inside; i++) value_release(vm, ((Value *)overflow)[i]);
    heap_free(&vm->heap, overflow, shape_overflow_capacity(count - inside) * sizeof(Value));
}

void object_attrs_clear(Vm *vm, Object *o) {
    uint32_t members = o->shape->type->slot_names_count;
    for (uint32_t i = 0; i < members; i++) value_clear(vm, &object_members(o)[i]);
    attrs_drop(vm, o);
}

/* The object is dead and nobody can see it: its slots need no care. */
void object_attrs_free(Vm *vm, Object *o) {
    const Shape *s = o->shape;
    uint32_t members = s->type->slot_names_count, count = s->slot_count;
    Value *member = members ? object_members(o) : NULL;
    for (uint32_t i = 0; i < members; i++) value_release(vm, member[i]);
    Attrs *attrs = object_attrs(o);
    if (!attrs) return;
    void *overflow = attrs->overflow;
    if (s->dict_mode) {
        release_object(vm, overflow);
        return;
    }
    uint32_t inside = count < s->inline_count ? count : s->inline_count, outside = count - inside;
    for (uint32_t i = 0; i < inside; i++) value_release(vm, attrs->slots[i]);
    if (!outside) return;
    for (uint32_t i = 0; i < outside; i++) value_release(vm, ((Value *)overflow)[i]);
    heap_free(&vm->heap, overflow, shape_overflow_capacity(outside) * sizeof(Value));
}

/* --- reading and writing attributes --- */

static inline Str *name_interned(Vm *vm, Str *name) {
    return name->interned ? retain_object(name) : str_intern_take(vm, retain_object(name));
}

Value object_attr_peek(Vm *vm, Object *o, Str *name) {
    const Shape *s = o->shape;
    Attrs *attrs = object_attrs(o);
    if (!attrs) return VALUE_EMPTY;
    if (s->dict_mode) return dict_peek_str(vm, attrs->overflow, name);
    if (!s->slot_count) return VALUE_EMPTY;
    int slot;
    if (name->interned) {
        slot = shape_find(s, name);
    } else {
        Str *interned = name_interned(vm, name);
        if (!interned) {
            error_clear(vm);
            return VALUE_EMPTY;
        }
        slot = shape_find(s, interned);
        release_object(vm, interned);
    }
    return slot < 0 ? VALUE_EMPTY : *shape_slot(s, attrs, (uint32_t)slot);
}

/* Room for slot number `slot` (the next one) in the overflow array. Places that no attribute has yet hold VALUE_EMPTY, as inside the object: a store by
 * way of an inline cache releases what was there. */
static bool overflow_reserve(Vm *vm, const Shape *s, Attrs *attrs, uint32_t slot) {
    if (slot < s->inline_count) return true;
    uint32_t used = slot - s->inline_count, before = shape_overflow_capacity(used), after = shape_overflow_capacity(used + 1);
    if (before == after) return true;
    void *block = heap_realloc(&vm->heap, attrs->overflow, before * sizeof(Value), after * sizeof(Value));
    if (!block) return false;
    attrs->overflow = block;
    for (uint32_t i = before; i < after; i++) ((Value *)block)[i] = VALUE_EMPTY;
    return true;
}

/* The attributes of o as a dict: the dict itself in dict mode, else a new one. */
static Dict *attrs_to_dict(Vm *vm, Object *o) {
    const Shape *s = o->shape;
    Attrs *attrs = object_attrs(o);
    Dict *dict = dict_new(vm);
    for (uint32_t i = 0; dict && i < s->slot_count; i++) {
        if (dict_set_str(vm, dict, s->keys->names->names[i], *shape_slot(s, attrs, i))) continue;
        release_object(vm, dict);
        return NULL;
    }
    return dict;
}

static bool enter_dict_mode(Vm *vm, Object *o) {
    if (o->shape->dict_mode) return true;
    Dict *dict = attrs_to_dict(vm, o);
    if (!dict) return false;
    Shape *shape = shape_dict(vm, o->shape);
    if (!shape) {
        release_object(vm, dict);
        error_no_memory(vm);
        return false;
    }
    attrs_drop(vm, o); /* the dict holds every value: no script code runs */
    object_attrs(o)->overflow = dict;
    o->shape = shape;
    object_track(&vm->heap, &dict->head);
    object_track(&vm->heap, o);
    return true;
}

static bool attr_add(Vm *vm, Object *o, Str *name, Value value) {
    Shape *s = o->shape;
    bool full;
    Shape *child = shape_child(vm, s, name, &full);
    if (!child && full) {
        if (!enter_dict_mode(vm, o)) return false;
        return dict_set_str(vm, object_attrs(o)->overflow, name, value);
    }
    Attrs *attrs = object_attrs(o);
    if (!child || !overflow_reserve(vm, s, attrs, s->slot_count)) {
        error_no_memory(vm);
        return false;
    }
    if (s->slot_count >= s->inline_count) type_wants_inline(s->type, s->slot_count + 1);
    *shape_slot(child, attrs, s->slot_count) = value_retain(value);
    o->shape = child;
    return true;
}

bool object_attr_set(Vm *vm, Object *o, Str *name, Value value) {
    Attrs *attrs = object_attrs(o);
    if (!object_is_tracked(o) && value_is_object(value)) object_track(&vm->heap, o);
    if (o->shape->dict_mode) return dict_set_str(vm, attrs->overflow, name, value);
    Str *interned = name_interned(vm, name);
    if (!interned) {
        error_no_memory(vm);
        return false;
    }
    bool ok = true;
    int slot = shape_find(o->shape, interned);
    if (slot < 0) ok = attr_add(vm, o, interned, value);
    else value_replace_take(vm, shape_slot(o->shape, attrs, (uint32_t)slot), value_retain(value));
    release_object(vm, interned);
    return ok;
}

/* The shape with all names of `s` but the one of `slot`, in order. */
static Shape *shape_without(Vm *vm, Shape *s, uint32_t slot, bool *full) {
    Shape *shape = s;
    for (uint32_t i = s->slot_count; i > slot; i--) shape = shape->keys->parent;
    for (uint32_t i = slot + 1; shape && i < s->slot_count; i++) shape = shape_child(vm, shape, s->keys->names->names[i], full);
    return shape;
}

/* Moves o to `shape`, the one without `slot`. The value removed; VALUE_ERROR without a change: no memory (no exception). */
static Value attr_remove(Vm *vm, Object *o, uint32_t slot, Shape *shape) {
    Shape *s = o->shape;
    Attrs *attrs = object_attrs(o);
    uint32_t before = shape_overflow_capacity(overflow_count(s)), after = shape_overflow_capacity(overflow_count(shape));
    void *block = NULL, *old = attrs->overflow;
    if (before != after && after && !(block = heap_alloc(&vm->heap, after * sizeof(Value)))) return VALUE_ERROR;
    Value removed = *shape_slot(s, attrs, slot);
    for (uint32_t i = slot; i + 1 < s->slot_count; i++) *shape_slot(s, attrs, i) = *shape_slot(s, attrs, i + 1);
    *shape_slot(s, attrs, s->slot_count - 1) = VALUE_EMPTY;
    if (before != after) {
        if (after) memcpy(block, old, after * sizeof(Value));
        heap_free(&vm->heap, old, before * sizeof(Value));
        attrs->overflow = block;
    }
    o->shape = shape;
    return removed;
}

static bool attr_remove_release(Vm *vm, Object *o, uint32_t slot, Shape *shape) {
    Value removed = attr_remove(vm, o, slot, shape);
    if (value_is_error(removed)) {
        error_no_memory(vm);
        return false;
    }
    value_release(vm, removed);
    return true;
}

bool object_attr_delete(Vm *vm, Object *o, Str *name, bool *found) {
    *found = false;
    if (!object_attrs(o)) return true;
    Str *interned = name_interned(vm, name);
    if (!interned) {
        error_no_memory(vm);
        return false;
    }
    bool ok = true, full = false;
    int slot = o->shape->dict_mode ? -1 : shape_find(o->shape, interned);
    if (slot >= 0) {
        Shape *shape = shape_without(vm, o->shape, (uint32_t)slot, &full);
        *found = true;
        if (shape) ok = attr_remove_release(vm, o, (uint32_t)slot, shape);
        else if (full) ok = enter_dict_mode(vm, o);
        else ok = (error_no_memory(vm), false);
    }
    if (ok && o->shape->dict_mode && (slot < 0 || full)) *found = dict_delete_str(vm, object_attrs(o)->overflow, interned);
    release_object(vm, interned);
    return ok;
}

Value object_dict(Vm *vm, Object *o) {
    if (!enter_dict_mode(vm, o)) return VALUE_ERROR;
    return value_retain(value_from_object(object_attrs(o)->overflow));
}

bool object_set_dict(Vm *vm, Object *o, Value dict) {
    if (!enter_dict_mode(vm, o)) return false;
    Attrs *attrs = object_attrs(o);
    void *old = attrs->overflow;
    attrs->overflow = retain_object(value_object(dict));
    release_object(vm, old);
    return true;
}

Value object_attrs_copy(Vm *vm, Object *o) {
    Dict *dict = o->shape->dict_mode ? dict_copy(vm, object_attrs(o)->overflow) : attrs_to_dict(vm, o);
    return dict ? value_from_object(dict) : VALUE_ERROR;
}

/* --- __class__ --- */

static Shape *type_root_of_width(Vm *vm, Type *type, uint16_t inline_count) {
    for (Shape *s = type->all_shapes; s; s = s->keys->next)
        if (s->keys->root == s && s->inline_count == inline_count) return s;
    return shape_root_new(vm, type, inline_count);
}

/* The shape of `type` that corresponds to s; NULL: no memory or *full. */
static Shape *shape_translate(Vm *vm, Shape *s, Type *type, bool *full) {
    Shape *shape = type_root_of_width(vm, type, s->inline_count);
    *full = false;
    if (shape && s->dict_mode) return shape_dict(vm, shape);
    for (uint32_t i = 0; shape && i < s->slot_count; i++) shape = shape_child(vm, shape, s->keys->names->names[i], full);
    return shape;
}

bool object_set_class(Vm *vm, Object *o, Type *type) {
    bool full;
    Shape *old = o->shape, *shape = shape_translate(vm, old, type, &full);
    if (!shape && full) {
        if (!enter_dict_mode(vm, o)) return false;
        old = o->shape;
        shape = shape_translate(vm, old, type, &full);
    }
    if (!shape) {
        error_no_memory(vm);
        return false;
    }
    o->shape = shape;
    if (shape->owns_type) retain_object(type);
    if (old->owns_type) release_object(vm, old->type);
    return true;
}
