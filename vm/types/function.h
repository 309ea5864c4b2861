/* Functions, native functions, bound methods, cells, modules, generators, frame and traceback objects. */
#ifndef MINI_VM_TYPES_FUNCTION_H
#define MINI_VM_TYPES_FUNCTION_H

#include "vm/frame.h"
#include "vm/types/dict.h"
#include "vm/types/tuple.h"

struct Function {
    Object head;
    Code *code;
    Dict *globals, *builtins;
    Tuple *closure;    /* Cells; NULL: none */
    Tuple *defaults;   /* NULL: none */
    Dict *kwdefaults;  /* NULL: none */
    Str *name, *qualname;
    Value doc, module, annotations, type_params; /* VALUE_EMPTY: default */
    Dict *dict;        /* NULL until an attribute is set */
};
static inline bool value_is_function(Value v) { return value_has_layout(v, LAYOUT_FUNCTION); }
Function *function_new(Vm *vm, Code *code, Dict *globals); /* builtins from globals' __builtins__ or the VM's */

/* A C function as scripts see it. self: bound instance, module, or VALUE_EMPTY for an unbound method descriptor. */
typedef struct NativeFunction {
    Object head;
    const NativeDef *def;
    NativeFn fn;
    int16_t min_args, max_args; /* positional slots self included; max -1: *args */
    uint8_t param_count;        /* named parameters, self included */
    uint8_t posonly_count;      /* of them positional-only */
    uint8_t kwonly_count;
    uint8_t flags;              /* NATIVE_VARARGS, NATIVE_KWARGS, NATIVE_HAS_SELF */
    Value self;
    Type *owner;                /* type of a method descriptor; NULL */
    Str *name;
    Value module;               /* Str or VALUE_EMPTY */
    Tuple *param_names;         /* made when a keyword call or an error first needs it; NULL */
} NativeFunction;
#define NATIVE_VARARGS 1u
#define NATIVE_KWARGS 2u
#define NATIVE_HAS_SELF 4u
static inline bool value_is_native(Value v) { return value_has_layout(v, LAYOUT_NATIVE); }
/* type: TYPE NATIVE, METHOD_DESCRIPTOR or CLASS_METHOD_DESCRIPTOR. */
NativeFunction *native_new(Vm *vm, Type *type, const NativeDef *def, Value self, Type *owner);
/* Calls with the signature checked. args as for value_call, without self when native->self is set. */
Value native_call(Vm *vm, NativeFunction *native, Value *args, int nargs, Tuple *kwnames);
/* Checks a call against def's signature, then calls it: for TypeSpec.new_ and init. `first` goes in front. */
Value native_call_def(Vm *vm, const NativeDef *def, Value first, Value *args, int nargs, Tuple *kwnames);

typedef struct Method {
    Object head;
    Value function, self;
} Method;
static inline bool value_is_method(Value v) { return value_has_layout(v, LAYOUT_METHOD); }
Value method_new(Vm *vm, Value function, Value self);

typedef struct Cell {
    Object head;
    Value content; /* VALUE_EMPTY: unbound */
} Cell;
Value cell_new(Vm *vm, Value content);

typedef struct Module {
    Object head;
    Dict *dict;
    const ModuleDef *def; /* NULL */
    bool incomplete;      /* def->complete is still to be called */
} Module;
/* Calls def->complete where that is due. */
bool module_complete(Vm *vm, Module *m);
static inline bool value_is_module(Value v) { return value_has_layout(v, LAYOUT_MODULE); }
Value module_new(Vm *vm, Str *name, Value doc);

typedef enum GeneratorState { GENERATOR_CREATED, GENERATOR_SUSPENDED, GENERATOR_RUNNING, GENERATOR_FINISHED } GeneratorState;

/* Generators, coroutines and async generators. Registers live here while it is suspended. */
struct Generator {
    Object head;
    Function *function;
    Code *code;          /* borrowed from function */
    FrameObject *frame;  /* NULL until asked for */
    const Instr *pc;
    ExcState exc_state;
    Str *name, *qualname;
    Value origin;        /* async: hooks state; VALUE_EMPTY */
    uint8_t state;       /* GeneratorState */
    uint8_t kind;        /* CODE_GENERATOR.. as 0, 1, 2 */
    uint8_t closing, ag_running;
    uint8_t send_register; /* where YIELD stores the value sent */
    uint32_t register_count;
    Value registers[];   /* code->register_count; VALUE_EMPTY where dead */
};
static inline bool value_is_generator(Value v) { return value_has_layout(v, LAYOUT_GENERATOR); }
/* Resumes with a value sent, or (exception not VALUE_EMPTY) an exception raised at the yield. Result: new value yielded;
 * *finished set: the value returned. VALUE_ERROR. */
Value generator_resume(Vm *vm, Generator *g, Value sent, bool throwing, bool *finished);
Value generator_close(Vm *vm, Generator *g);

/* A frame as scripts see it. While the frame runs, `live` points to it; afterwards the object owns the registers. */
struct FrameObject {
    Object head;
    Frame *live;             /* NULL once the frame has ended */
    Function *function;
    Code *code;
    uint32_t offset;         /* of the last instruction, once ended */
    uint32_t local_count;
    FrameObject *back;       /* owned, filled when the frame ends while the object lives on */
    Generator *generator;    /* borrowed: a suspended generator's frame; NULL */
    Value trace, locals;     /* VALUE_EMPTY */
    Value registers[];       /* code->local_count, moved here when the frame ends; VALUE_EMPTY before */
};

typedef struct Traceback {
    Object head;
    FrameObject *frame;
    struct Traceback *next; /* inner one */
    uint32_t offset;        /* of the instruction in frame's code */
    int32_t line;
} Traceback;

/* slice and range, read by many. */
typedef struct Slice {
    Object head;
    Value start, stop, step;
} Slice;
Value slice_new(Vm *vm, Value start, Value stop, Value step);
/* Clips to a sequence of `length` items as PySlice_AdjustIndices does. ValueError: slice step cannot be zero. */
bool slice_indices(Vm *vm, Slice *s, size_t length, int64_t *start, int64_t *stop, int64_t *step, size_t *count);
/* The same for a length of any size: start, stop and step as new ints in out[0..2]. */
bool slice_long_indices(Vm *vm, Slice *s, Value length, Value *out);
/* A SetterFn for what CPython calls members: AttributeError "readonly attribute". */
bool attribute_read_only(Vm *vm, Value self, Value value);

typedef struct Range {
    Object head;
    Value start, stop, step, length; /* ints */
} Range;
typedef struct RangeIterator { /* all values fit int64 */
    Object head;
    int64_t next, step, remaining;
} RangeIterator;

typedef struct ListIterator { /* also for tuples: sequence is a List or a Tuple */
    Object head;
    Value sequence; /* VALUE_EMPTY at the end */
    size_t index;
} ListIterator;

#endif
