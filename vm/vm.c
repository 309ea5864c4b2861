/* Opening a VM, and what it does at safe points. Closing it is finalize.c.
 *
 * Order at opening: heap and intern table; types, which lay the ground for everything else (the first of them exist before there are strs and
 * tuples, see vm/types/type_builtin.c); names; exception types and the MemoryError in reserve; the register stack;
 * the modules builtins and sys. Whatever fails on the way, vm_new gives all memory back and answers NULL.
 */
#include "vm/vm.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vm/heap_hooks.h"
#include "vm/module.h"
#include "vm/types/exception.h"
#include "vm/types/str.h"

/* --- the types --- */

#define TYPE_ROW(id, spec, base) extern const TypeSpec spec;
#include "vm/types/types.def"
#undef TYPE_ROW

typedef struct TypeRow {
    const TypeSpec *spec;
    TypeId base;
} TypeRow;

static const TypeRow type_rows[TYPE_ID_COUNT] = {
#define TYPE_ROW(id, spec, base) [TYPE_##id] = {&spec, TYPE_##base},
#include "vm/types/types.def"
#undef TYPE_ROW
};

static bool types_init(Vm *vm) {
    for (int i = 0; i < TYPE_ID_COUNT; i++) {
        Type *base = i == TYPE_OBJECT ? NULL : vm->types[type_rows[i].base];
        vm->types[i] = type_from_spec(vm, type_rows[i].spec, base);
        if (!vm->types[i]) return false;
    }
    return true;
}

static bool names_init(Vm *vm) {
    static const char *const texts[NAME_COUNT] = {
#define NAME_ROW(id, text) [NAME_##id] = text,
#include "vm/names.def"
#undef NAME_ROW
    };
    for (int i = 0; i < NAME_COUNT; i++) {
        vm->names[i] = str_intern(vm, texts[i], strlen(texts[i]));
        if (!vm->names[i]) return false;
    }
    return true;
}

/* ExceptionGroup is the one built-in type with two bases. */
static bool group_bases_init(Vm *vm) {
    Type *group = vm->exception_types[EXC_ExceptionGroup];
    Value base = value_from_object(vm->exception_types[EXC_BaseExceptionGroup]);
    Value exception = value_from_object(vm->exception_types[EXC_Exception]);
    Tuple *bases = tuple_pack(vm, 2, base, exception);
    Tuple *mro = tuple_pack(vm, 5, value_from_object(group), base, exception,
                            value_from_object(vm->exception_types[EXC_BaseException]), value_from_object(TYPE(vm, OBJECT)));
    if (bases) value_replace_take(vm, &group->bases, value_from_object(bases));
    if (mro) value_replace_take(vm, &group->mro, value_from_object(mro));
    return bases && mro;
}

static bool exceptions_init(Vm *vm) {
    Tuple *none = tuple_new(vm, 0); /* the VM's empty tuple: every exception without arguments has it */
    if (!none) return false;
    release_object(vm, none);
    for (int i = 0; i < EXC_COUNT; i++) {
        Type *base = i == EXC_BaseException ? TYPE(vm, OBJECT) : vm->exception_types[exception_bases[i]];
        vm->exception_types[i] = type_from_spec(vm, &exception_specs[i], base);
        if (!vm->exception_types[i]) return false;
    }
    vm->memory_error = exception_new(vm, EXC_MemoryError, VALUE_EMPTY);
    return value_is_object(vm->memory_error) && group_bases_init(vm);
}

/* --- the first modules --- */

static Value first_module(Vm *vm, const char *name) {
    const ModuleDef none = {.name = name}, *def = module_def_find(name);
    Value module = module_from_def(vm, def ? def : &none);
    if (!value_is_error(module) && !def) ((Module *)value_object(module))->def = NULL;
    if (value_is_error(module) || dict_set_ascii(vm, vm->modules, name, module)) return module;
    value_release(vm, module);
    return VALUE_ERROR;
}

static bool modules_init(Vm *vm) {
    size_t size = MODULE_STATE_COUNT * sizeof(Value);
    vm->module_states = heap_alloc(&vm->heap, size);
    for (int i = 0; vm->module_states && i < MODULE_STATE_COUNT; i++) vm->module_states[i] = VALUE_EMPTY;
    if (!vm->module_states || !(vm->modules = dict_new(vm))) return false;
    vm->builtins_module = first_module(vm, "builtins");
    if (value_is_error(vm->builtins_module)) return false;
    vm->builtins = retain_object(((Module *)value_object(vm->builtins_module))->dict);
    vm->sys_module = first_module(vm, "sys");
    return !value_is_error(vm->sys_module);
}

/* --- the C stack --- */

/* The lowest address that scripts may use of this thread's stack of `size` bytes (0: find out). */
static char *find_c_stack_limit(size_t size) {
    char *here = __builtin_frame_address(0);
    if (size) return here - size;
    size_t margin = 128 * 1024;
    if (getpid() == (pid_t)syscall(SYS_gettid)) { /* the main thread: its stack grows up to the limit */
        struct rlimit limit;
        size = 8u << 20;
        if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) size = limit.rlim_cur;
        if (size > 64u << 20) size = 64u << 20;
        margin += size / 8; /* for the arguments and environment above, and what is in use already */
        return size > 2 * margin ? here - (size - margin) : here - size / 4;
    }
    pthread_attr_t attributes;
    void *lowest = here - (256 * 1024);
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        pthread_attr_getstack(&attributes, &lowest, &size);
        pthread_attr_destroy(&attributes);
    }
    return (char *)lowest + margin;
}

void vm_set_c_stack(Vm *vm, size_t size) { vm->c_stack_limit = find_c_stack_limit(size); }

/* --- opening --- */

static uint64_t random_seed(void) {
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed) seed = (uintptr_t)&seed * 0x9E3779B97F4A7C15u;
    return seed ? seed : 1;
}

/* Values of a new Vm, all of whose bytes are zero. */
static void fields_init(Vm *vm, const VmConfig *config) {
    Value *const empty[] = {&vm->exception, &vm->base_exc_state.handled, &vm->sys_module, &vm->builtins_module, &vm->empty_tuple,
                            &vm->empty_bytes, &vm->empty_frozenset, &vm->memory_error, &vm->trash_watcher, &vm->warned,
                            &vm->gc_callbacks, &vm->gc_garbage, &vm->main_args, &vm->atexit_callbacks, &vm->interrupt_handler};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) *empty[i] = VALUE_EMPTY;
    vm->exc_state = &vm->base_exc_state;
    vm->recursion_limit = 1000;
    vm->int_max_str_digits = 4300;
    vm->streams = config->streams;
    vm->host = config->host;
    vm->optimize = config->optimize;
    vm->leak_checks = config->leak_checks;
    vm->hash_seed = config->hash_seed ? config->hash_seed : random_seed();
    vm_set_c_stack(vm, config->c_stack_size);
}

static bool vm_init(Vm *vm) {
    return str_state_init(vm) && types_init(vm) && names_init(vm) && exceptions_init(vm) && stack_init(vm) && modules_init(vm);
}

static void *plain_alloc(void *user, size_t size) {
    (void)user;
    return malloc(size);
}
static void plain_free(void *user, void *block, size_t size) {
    (void)user;
    (void)size;
    free(block);
}

Vm *vm_new(const VmConfig *config) {
    static const HeapAllocator plain = {.alloc = plain_alloc, .free = plain_free};
    const HeapAllocator *host = config->allocator ? config->allocator : &plain;
    Vm *vm = host->alloc(host->user, sizeof *vm);
    if (!vm) return NULL;
    memset(vm, 0, sizeof *vm);
    if (heap_init(&vm->heap, vm, &vm_heap_hooks, config->allocator, config->memory_limit)) {
        fields_init(vm, config);
        vm->allocator = *host;
        if (vm_init(vm)) return vm;
        heap_destroy(&vm->heap);
    }
    host->free(host->user, vm, sizeof *vm);
    return NULL;
}

/* --- safe points --- */

static bool handle_interrupt(Vm *vm) {
    heap_request_done(&vm->heap, HEAP_PENDING_SIGNAL);
    if (!__atomic_exchange_n(&vm->interrupted, 0, __ATOMIC_RELAXED)) return true;
    error_set_take(vm, exception_new(vm, EXC_KeyboardInterrupt, VALUE_EMPTY));
    return false;
}

bool vm_safe_point(Vm *vm) {
    uint32_t pending = vm->heap.pending;
    if (pending & (HEAP_PENDING_COLLECT | HEAP_PENDING_ALWAYS)) heap_collect_due(&vm->heap);
    if (vm->recount_checks && heap_recount(&vm->heap, false)) abort();
    return !(pending & HEAP_PENDING_SIGNAL) || handle_interrupt(vm);
}

void vm_interrupt(Vm *vm) {
    __atomic_store_n(&vm->interrupted, 1, __ATOMIC_RELAXED);
    heap_request(&vm->heap, HEAP_PENDING_SIGNAL);
}
