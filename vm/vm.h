/* The VM: all state of one interpreter. Nothing of mini lives outside of a Vm but const tables.
 *
 * Invariants: exception is VALUE_EMPTY unless a function has just answered with an error; frame is the innermost frame of
 * a script, also while C code runs on its behalf.
 */
#ifndef MINI_VM_VM_H
#define MINI_VM_VM_H

#include "vm/error.h"
#include "vm/frame.h"
#include "vm/type.h"

typedef enum NameId {
#define NAME_ROW(id, text) NAME_##id,
#include "vm/names.def"
#undef NAME_ROW
    NAME_COUNT
} NameId;

#define METHOD_CACHE_SIZE 1024 /* a power of two */

typedef struct MethodCacheEntry {
    uint32_t version; /* of the type */
    Str *name;        /* interned; not retained: compared only */
    Value value;      /* borrowed from the type's dict: valid while the version is */
} MethodCacheEntry;

/* Where output and input go. NULL members: discarded / at the end. Set by the host (the `mini` program: stdio). */
typedef struct VmStreams {
    int (*write_out)(void *user, const char *text, size_t length); /* 0, or an error number */
    int (*write_err)(void *user, const char *text, size_t length);
    long (*read_in)(void *user, char *buffer, size_t size); /* bytes read, 0 at the end, -1: errno */
    void *user;
    bool out_is_terminal, in_is_terminal, err_is_terminal;
    bool unbuffered; /* every write to sys.stdout goes out at once */
} VmStreams;

struct Vm {
    Heap heap; /* first: a Vm * is a Heap * */
    Type *types[TYPE_ID_COUNT];
    Type *exception_types[EXC_COUNT];
    Str *names[NAME_COUNT];

    /* --- execution --- */
    Frame *frame;            /* innermost script frame; NULL outside of scripts */
    Value exception;         /* pending, or VALUE_EMPTY */
    ExcState *exc_state;     /* innermost of the stack of handled exceptions */
    ExcState base_exc_state;
    StackChunk *stack;       /* registers: the chunk in use */
    uint32_t frame_depth, recursion_limit;
    char *c_stack_limit;     /* lowest address that C code may use */
    Frame *free_frames;      /* pool */

    /* --- names --- */
    Dict *modules;           /* sys.modules */
    Dict *builtins;          /* the builtins module's dict */
    Value sys_module, builtins_module;
    struct InternTable *interned; /* vm/types/str_intern.c */
    Str *latin1[256];        /* one-character strings, made on demand: NULL until then */
    Value empty_tuple, empty_bytes, empty_frozenset;
    uint32_t next_shape_id, next_type_version, next_dict_version; /* counters; 0 is never given out */
    MethodCacheEntry method_cache[METHOD_CACHE_SIZE];

    /* --- state of parts, each owned by the file named --- */
    List *repr_stack;             /* vm/convert.c: containers whose repr is being made */
    struct ImportState *imports;  /* vm/import.c */
    struct WeakrefState *weakref_state; /* gc/weakref.c */
    Value memory_error;           /* vm/error.c: a ready-made MemoryError */
    Value warned;                 /* vm/error_report.c: a Set of warnings shown already, or VALUE_EMPTY */
    Type *unraisable_type;        /* vm/error_report.c: sys.UnraisableHookArgs; NULL until needed */
    Value gc_callbacks, gc_garbage; /* stdlib/gc_module.c: Lists, or VALUE_EMPTY */
    Value trash_watcher;          /* stdlib/memory_module.c: called with the trash of a collection, or VALUE_EMPTY */
    VmStreams streams;
    Value *module_states;         /* stdlib: one Value a module, by index in stdlib/modules.def; VALUE_EMPTY at first */
    Value main_args;              /* List: sys.argv */
    Value atexit_callbacks;       /* List, or VALUE_EMPTY */
    Value interrupt_handler;      /* spare */
    volatile uint32_t interrupted; /* set by vm_interrupt (any thread, signal handlers): KeyboardInterrupt at a safe point */
    bool interactive, finalizing, recount_checks, leak_checks;
    int optimize;
    bool color_tracebacks;        /* errors go to a terminal: traceback_print uses colours */
    bool raising_no_memory;       /* vm/error.c: a MemoryError is being made */
    bool flush_failed;            /* vm/finalize.c: sys.stdout could not be flushed, which was told */
    uint64_t hash_seed;
    HeapAllocator allocator;      /* of the Vm struct itself */
    int int_max_str_digits;       /* most decimal digits between int and str (4300 at first); 0: no limit */
    void *host;                   /* the host's user pointer */
};

#define NAME(vm, id) ((vm)->names[NAME_##id])
#define TYPE(vm, id) ((vm)->types[TYPE_##id])

static inline void value_release(Vm *vm, Value v) { heap_release(&vm->heap, v); }
static inline void release_object(Vm *vm, void *o) { /* NULL is ignored */
    if (o) object_release(&vm->heap, o);
}
static inline void *retain_object(void *o) {
    ((Object *)o)->count++;
    return o;
}
/* *place := value (stolen); what was there is released last. */
static inline void value_replace_take(Vm *vm, Value *place, Value value) {
    Value old = *place;
    *place = value;
    value_release(vm, old);
}
/* *place := VALUE_EMPTY. */
static inline void value_clear(Vm *vm, Value *place) { value_replace_take(vm, place, VALUE_EMPTY); }

/* Opens a VM: types, builtins, sys. NULL when there is no memory. */
typedef struct VmConfig {
    const HeapAllocator *allocator; /* NULL: malloc */
    size_t memory_limit;            /* 0: none */
    size_t c_stack_size;            /* bytes that scripts may use of the C stack; 0: found out from the thread */
    VmStreams streams;
    void *host;
    uint64_t hash_seed;             /* of str hashes; 0: random */
    int optimize;                   /* as compile()'s */
    bool leak_checks;               /* vm_free reports and counts what was left alive */
} VmConfig;
Vm *vm_new(const VmConfig *config);
/* Runs atexit callbacks and finalizers, drops modules, collects, frees. Result: objects left alive (0 unless there is a
 * reference count wrong somewhere). */
size_t vm_free(Vm *vm);

/* Finds anew how deep C code may nest: to be called when the VM goes on in another thread. size: bytes from here on; 0: to the
 * end of the thread's stack. */
void vm_set_c_stack(Vm *vm, size_t size);

/* Runs what is due: collection, signals. false: an exception is pending (KeyboardInterrupt). */
bool vm_safe_point(Vm *vm);
/* Asks for a KeyboardInterrupt; safe from any thread or signal handler. */
void vm_interrupt(Vm *vm);

/* Runs a code object of module code. globals get __builtins__; locals NULL: the globals. New. */
Value vm_run_code(Vm *vm, Value code, Dict *globals, Dict *locals);
/* Compiles and runs a source as module code in `globals`. Result: new, the value of an "eval". */
Value vm_run_source(Vm *vm, const char *bytes, size_t length, const char *filename, int parse_mode, Dict *globals, Dict *locals);

#endif
