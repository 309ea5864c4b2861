/* Descriptors: what stands in classes' dicts for attributes that are computed. The native function objects' other side
 * (native_...) and the table of special methods (SlotRow) are declared here too. */
#ifndef MINI_VM_TYPES_DESCRIPTORS_H
#define MINI_VM_TYPES_DESCRIPTORS_H

#include "vm/types/function.h"

/* --- special methods and slots (vm/slots.def) --- */
typedef struct SlotRow SlotRow;
typedef void (*SlotFn)(void); /* any of the slots' types */
/* Calls the slot function `fn` as the special method `row` with args behind self. */
typedef Value (*WrapFn)(Vm *vm, const SlotRow *row, SlotFn fn, Value self, Value *args, int nargs, Tuple *kwnames);

struct SlotRow {
    uint16_t name;   /* a NameId */
    uint16_t offset; /* of the slot in TypeSlots */
    uint8_t operation; /* comparisons: CompareOperator */
    WrapFn wrap;
    const char *signature, *doc;
};
extern const SlotRow slot_rows[]; /* rows of one slot stand together (vm/slot_wrappers.c) */
extern const int slot_row_count;
/* By row: what a script's class has in the slot; NULL: only built-in types fill it (vm/slots.c). */
extern const SlotFn slot_functions[];

static inline SlotFn *slot_at(TypeSlots *slots, const SlotRow *row) { return (SlotFn *)((char *)slots + row->offset); }
/* What a built-in type's own spec puts into the row's slot; NULL: nothing. */
SlotFn spec_slot(const TypeSpec *spec, const SlotRow *row);
/* Slots of a class made by a script, after its dict, mro and base are set. all: whichever names it defines; else only slots
 * that a name in its own dict touches (single inheritance: slots hold a copy of the base's). */
void type_update_slots(Vm *vm, Type *type, bool all);
/* The same for one name, here and in all subclasses. */
void type_update_slot(Vm *vm, Type *type, const Str *name);
/* Puts wrapper descriptors for what spec->slots holds into a built-in type's dict. */
bool type_add_wrappers(Vm *vm, Type *type);
/* The slot functions of script classes that others need to recognise. */
bool slot_init(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames);
Value slot_new(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames);
Value slot_get_attr(Vm *vm, Value self, Str *name);
bool slot_set_attr(Vm *vm, Value self, Str *name, Value value);
Value slot_get_item(Vm *vm, Value self, Value key);
/* function(first, *args, **kw) where `function` was found in a class: bound or with self in front, as fits. */
Value call_found(Vm *vm, Value function, Value *args, int nargs);
Value call_prepend(Vm *vm, Value callee, Value first, Value *args, int nargs, Tuple *kwnames);

typedef struct WrapperDescriptor { /* list.__len__ */
    Object head;
    const SlotRow *row;
    Type *owner; /* built-in: immortal, not counted */
    SlotFn fn;
} WrapperDescriptor;

typedef struct MethodWrapper { /* [].__len__ */
    Object head;
    WrapperDescriptor *descriptor;
    Value self;
} MethodWrapper;
bool value_is_wrapper(const Vm *vm, Value v);

/* --- attributes of built-in types, __slots__ --- */
typedef struct GetSetDescriptor {
    Object head;
    const GetSetDef *def;
    Type *owner; /* built-in: not counted; of `__dict__` of a script's class: counted if heap */
    Str *name;
} GetSetDescriptor;
Value getset_new(Vm *vm, Type *owner, const GetSetDef *def);

typedef struct MemberDescriptor {
    Object head;
    Type *owner; /* counted */
    Str *name;
    uint32_t index; /* into object_members */
} MemberDescriptor;
Value member_new(Vm *vm, Type *owner, Str *name, uint32_t index);

/* --- property, classmethod, staticmethod --- */
typedef struct Property {
    Object head;
    Value get, set, del, doc, name; /* VALUE_EMPTY: none */
    bool getter_doc; /* doc was taken from the getter */
} Property;
static inline bool value_is_property(Value v) { return value_has_layout(v, LAYOUT_PROPERTY); }

typedef struct Wrapped { /* classmethod, staticmethod; attributes (__name__, __doc__ ...) in Attrs */
    Object head;
    Value callable; /* VALUE_EMPTY until __init__ */
} Wrapped;
Value staticmethod_new(Vm *vm, Value callable);
Value classmethod_new(Vm *vm, Value callable);
/* v.__isabstractmethod__ is true: 1, 0, -1. */
int value_is_abstract(Vm *vm, Value v);

/* --- native functions: beside function.h --- */
#define NATIVE_NEW 8u /* a type's __new__: def->fn is not called, see native_call_new */
#define NATIVE_CONSTRUCTOR 16u /* def is a spec's new_ or init: messages name the owner */
/* Reads def->signature into the counts and flags. */
void native_parse(NativeFunction *n);
/* The __new__ in a built-in type's dict: checks the class, then calls the type's new_ slot. */
Value native_call_new(Vm *vm, NativeFunction *n, Value *args, int nargs, Tuple *kwnames);
/* Whether it takes no argument by keyword. */
bool native_is_positional(const NativeFunction *n);
/* A call with `first` put in front, whatever n->self is. */
Value native_call_with(Vm *vm, NativeFunction *n, Value first, Value *args, int nargs, Tuple *kwnames);
/* The bound form of a method descriptor. */
Value native_bind(Vm *vm, NativeFunction *descriptor, Value self);

/* --- types, from type.c and type_create.c --- */
/* Fills a lazy type's dict. false: no memory (exception pending). */
bool type_populate(Vm *vm, Type *type);
/* Slot functions for built-in types whose spec has new_ / init as NativeDef. */
Value slot_new_native(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames);
bool slot_init_native(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames);
/* object's own, against which fast paths compare. */
Value object_new_slot(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames);
bool object_init_slot(Vm *vm, Value self, Value *args, int nargs, Tuple *kwnames);
/* A member of the base chain that is built-in. Never NULL. */
Type *type_builtin_base(Type *type);
/* The Tuple of the linearisation (C3), the type itself first; or what its metatype's mro() gives. VALUE_ERROR. */
Value type_compute_mro(Vm *vm, Type *type);
/* A base's list of subclasses. */
bool subclasses_add(Vm *vm, Type *base, Type *type);
void subclasses_remove(Type *base, Type *type);
/* A SetterFn for what CPython calls members: AttributeError "readonly attribute". */
bool member_readonly(Vm *vm, Value self, Value value);
/* AttributeError with name and obj set, message as given. */
Value error_attribute_named(Vm *vm, Value object, Str *name, const char *format, ...);

#endif
