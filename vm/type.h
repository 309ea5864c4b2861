/* Types (classes), what they can do (slots), and how built-in ones are described (TypeSpec).
 *
 * Every operation on a value looks only at its type's slots. A built-in type fills them from its const TypeSpec; a
 * class made by a script inherits its base's slots, and where its dict defines the special method, gets a slot function
 * that calls it (vm/slots.c). The other way round, a built-in type's dict shows its slots as special methods
 * (`list.__getitem__`), made when the dict is first looked at. So the author of a built-in type writes a TypeSpec
 * and nothing else.
 */
#ifndef MINI_VM_TYPE_H
#define MINI_VM_TYPE_H

#include "gc/heap.h"
#include "parser/ast.h" /* BinaryOperator, CompareOperator: the same numbering in tree, code and slots */
#include "vm/native.h"

typedef struct Str Str;
typedef struct Dict Dict;
typedef struct Tuple Tuple;
typedef struct List List;
typedef int64_t Hash; /* never -1 */

#define BINARY_DIVMOD BINARY_OPERATOR_COUNT /* one more binary slot, for divmod() */
#define BINARY_SLOT_COUNT (BINARY_OPERATOR_COUNT + 1)

typedef Value (*UnaryFn)(Vm *vm, Value self);
typedef Value (*BinaryFn)(Vm *vm, Value left, Value right); /* may return VALUE_NOT_IMPLEMENTED */
typedef Value (*TernaryFn)(Vm *vm, Value left, Value right, Value third); /* third: VALUE_NONE when absent */

/* A buffer as memoryview, bytes() and file writes want it: contiguous memory that stays put until released. */
typedef struct Buffer {
    uint8_t *data;
    size_t length; /* bytes */
    bool readonly;
    char format;      /* struct format character of an item: 'B', 'i' ... */
    uint8_t item_size;
    Object *owner; /* retained */
} Buffer;

typedef struct TypeSlots {
    UnaryFn repr, str;
    bool (*hash)(Vm *vm, Value self, Hash *out); /* NULL after inheritance: unhashable is type->unhashable */
    Value (*compare)(Vm *vm, Value self, Value other, CompareOperator op); /* LT..GE; may give VALUE_NOT_IMPLEMENTED */
    /* args: nargs positional, then one for each name in kwnames (NULL: none). All borrowed. */
    Value (*call)(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames);
    UnaryFn iter;
    UnaryFn next; /* VALUE_EMPTY at the end, with no exception */
    /* Attribute access; NULL: the generic algorithm. */
    Value (*get_attr)(Vm *vm, Value self, Str *name);
    bool (*set_attr)(Vm *vm, Value self, Str *name, Value value); /* VALUE_EMPTY: delete */
    Value (*descr_get)(Vm *vm, Value self, Value instance, Value owner); /* instance VALUE_EMPTY: through the class */
    bool (*descr_set)(Vm *vm, Value self, Value instance, Value value);  /* VALUE_EMPTY: delete */
    /* __new__ and __init__, arguments as for call. */
    Value (*new_)(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames);
    bool (*init)(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames);
    /* Numbers. Called with the operands in source order, for the left one's type and then the right one's: the function finds out
     * which of them is its own. */
    BinaryFn binary[BINARY_SLOT_COUNT];
    BinaryFn inplace[BINARY_SLOT_COUNT];
    TernaryFn power; /* pow(a, b, c); binary[BINARY_POW] is for two */
    UnaryFn negative, positive, invert, absolute, as_int, as_float, as_index;
    int (*truth)(Vm *vm, Value self); /* 1, 0, -1: error */
    /* Containers. */
    int64_t (*length)(Vm *vm, Value self); /* -1: error */
    Value (*get_item)(Vm *vm, Value self, Value key);
    bool (*set_item)(Vm *vm, Value self, Value key, Value value); /* VALUE_EMPTY: delete */
    int (*contains)(Vm *vm, Value self, Value item);              /* 1, 0, -1: error */
    BinaryFn concat;                                /* sequence + sequence, tried after the numeric slots */
    Value (*repeat)(Vm *vm, Value self, Value count); /* sequence * int, count is indexable; after the numeric slots */
    BinaryFn inplace_concat;
    Value (*inplace_repeat)(Vm *vm, Value self, Value count);
    /* Coroutines. */
    UnaryFn await, aiter, anext;
    /* Fills *out and retains the owner; buffer_release (vm/buffer.h) gives it back. */
    bool (*get_buffer)(Vm *vm, Value self, Buffer *out, bool writable);
    void (*buffer_released)(Vm *vm, Object *self); /* bytearray counts its exports; NULL: nothing to do */
} TypeSlots;

/* Type flags. */
#define TYPE_FLAG_BASETYPE 0x01u    /* scripts may subclass it */
#define TYPE_FLAG_HEAP 0x02u        /* made by a script: counted, mutable */
#define TYPE_FLAG_ABSTRACT 0x04u    /* __abstractmethods__ is not empty */
#define TYPE_FLAG_LAZY 0x08u        /* built-in, dict not filled yet (type_populate) */
#define TYPE_FLAG_UNHASHABLE 0x10u  /* __hash__ is None */
#define TYPE_FLAG_WEAKREFS 0x20u    /* instances can be weakly referenced */
#define TYPE_FLAG_HAS_DICT 0x40u    /* instances have attributes of their own */
#define TYPE_FLAG_MAPPING 0x80u     /* match: a mapping pattern fits */
#define TYPE_FLAG_SEQUENCE 0x100u   /* match: a sequence pattern fits */
#define TYPE_FLAG_MATCH_SELF 0x200u /* match: `int(x)` binds the subject itself */
#define TYPE_FLAG_NO_NEW 0x400u     /* calling the type is a TypeError: "cannot create 'x' instances" */
#define TYPE_FLAG_HAS_DEL 0x800u    /* a __del__ is found in its MRO */
#define TYPE_FLAG_HAS_GETATTR 0x1000u /* __getattribute__ or __getattr__ of a script class in its MRO */
#define TYPE_FLAG_METHOD_DESCRIPTOR 0x2000u /* instances are functions: `o.f()` needs no bound method */
#define TYPE_FLAG_IMMUTABLE 0x4000u /* its attributes cannot be set ("cannot set 'x' attribute of immutable type 'y'") */
#define TYPE_FLAG_VOLATILE 0x8000u  /* scripts reassign its class variables: caches read them from the dict */

/* A built-in type. NULL fields are inherited from the base (object when base is 0). */
typedef struct TypeSpec {
    const char *name; /* as __qualname__; "module.Name" for types that are not in builtins */
    const char *doc;
    Layout layout;
    uint32_t flags;
    uint32_t size; /* of the C struct; where subclasses' Attrs lie, unless variable_size */
    bool variable_size; /* cells differ in size: str, bytes, tuple, int */
    ObjectOps ops;
    TypeSlots slots;
    NativeDef new_, init; /* fn NULL: inherited. signature "($type, x=0, /)" and "($self, ...)" */
    const NativeDef *methods;
    const GetSetDef *getset;
} TypeSpec;

struct Type {
    Object head;
    Value name, qualname, module, doc; /* Str; doc may be VALUE_EMPTY: look in the dict */
    Type *base;  /* the base whose layout this has; NULL for object */
    Value bases; /* Tuple */
    Value mro;   /* Tuple; begins with the type itself */
    Dict *dict;  /* attributes; read with type_lookup / type_dict: it may not be filled yet */
    const TypeSpec *spec; /* of the nearest built-in base */
    uint32_t flags;
    uint32_t version; /* renewed when it or a base changes; keys the method cache */
    Shape *shape;     /* of a new instance (with no attributes yet) */
    Shape *all_shapes; /* vm/shape.c keeps its list of the class's shapes here */
    Value subclasses; /* List of weak references, or VALUE_EMPTY */
    char *c_name; /* UTF-8 of a name that is not ASCII, c_name_size bytes; NULL */
    uint32_t c_name_size;
    Type **subclass_list; /* not owned: a dying type takes itself off; in order of creation */
    uint32_t subclass_count, subclass_capacity;
    struct NativeFunction *new_native, *init_native; /* spec->new_ and init with parsed signatures, made on demand; owned */
    Value member_names; /* its own of them, sorted: Tuple, or VALUE_EMPTY */
    uint32_t slot_names_count; /* own and inherited __slots__: the members, Values that lie behind the fixed struct */
    uint16_t wanted_inline; /* vm/shape.c: inline slots that instances made so far could have used */
    uint16_t shape_count;
    uint32_t abstract_count;
    TypeSlots slots;
};

/* --- the built-in types: vm->types[TYPE_...], one row each in vm/types/types.def --- */
typedef enum TypeId {
#define TYPE_ROW(id, spec, base) TYPE_##id,
#include "vm/types/types.def"
#undef TYPE_ROW
    TYPE_ID_COUNT
} TypeId;

/* --- values' types --- */
/* Borrowed. */
Type *value_type_slow(const Vm *vm, Value v);
static inline Type *value_type(const Vm *vm, Value v) {
    return value_is_object(v) ? value_object(v)->shape->type : value_type_slow(vm, v);
}
/* "int", "collections.deque", "Node": for messages (CPython's tp_name). Borrowed from the type. */
const char *value_type_name(const Vm *vm, Value v);
const char *type_name(const Type *type);

bool type_is_subtype(const Type *type, const Type *base); /* real MRO, no __subclasscheck__ */
bool value_is_instance(const Vm *vm, Value v, const Type *type);

/* --- lookup --- */
/* The attribute found along the MRO, borrowed; VALUE_EMPTY when there is none. Never raises. Uses the VM's method cache. */
Value type_lookup_peek(Vm *vm, Type *type, Str *name);
/* The type's own dict, filled. Borrowed. */
Dict *type_dict(Vm *vm, Type *type);
/* An attribute in the type's own dict: borrowed, VALUE_EMPTY when absent (also when the type has been cleared). */
Value type_own_peek(Vm *vm, Type *type, Str *name);
/* Sets or (VALUE_EMPTY) deletes an attribute of the class itself: updates slots, renews versions here and in subclasses. */
bool type_set_attr(Vm *vm, Type *type, Str *name, Value value);

/* --- making --- */
/* A built-in type from its spec; bases NULL-terminated. Used at start and by modules (stdlib) for theirs. Immortal
 * for the VM's life. */
Type *type_from_spec(Vm *vm, const TypeSpec *spec, Type *base);
/* type(name, bases, dict, **kwds) as a class statement does it. metatype: type or a subclass. */
Value type_create(Vm *vm, Type *metatype, Str *name, Tuple *bases, Dict *dict, Tuple *kwnames, Value *kwvalues);
/* Calls the type: __new__ then __init__ (the type's call slot). */
Value type_call(Vm *vm, Value type, Value *args, int nargs, Tuple *kwnames);
/* An instance of any type without running __new__ or __init__: fields zeroed behind the header, attribute slots empty.
 * `size` counts the fixed part and the variable part, without Attrs. Not tracked. For __new__ functions of built-in types that
 * allow subclasses. */
void *type_alloc(Vm *vm, Type *type, size_t size);

/* Renews the versions of the type and of all its subclasses. */
void type_changed(Vm *vm, Type *type);

/* --- for __build_class__, __class__ and __bases__ --- */
/* The most derived of metatype and the metatypes of all bases; NULL: TypeError (metaclass conflict). Borrowed. */
Type *type_calculate_metaclass(Vm *vm, Type *metatype, Tuple *bases);
/* The tuple in which each base that is no type is replaced by what its __mro_entries__(bases) gives: `bases` itself, retained,
 * when there is none. */
Value type_resolve_bases(Vm *vm, Tuple *bases);
/* Gives the type other bases: mro, slots and versions follow. Any type, built-in ones included (exception groups). */
bool type_set_bases(Vm *vm, Type *type, Tuple *bases);
/* Frees what a type owns at the end of the VM, when nothing uses it any more: breaks the cycles of built-in types. */
void type_dismantle(Vm *vm, Type *type);

#endif
