/* Module _thread: locks. A VM runs one thread for now: a lock that is held can only be waited for in vain, so that waiting for ever is an error and
 * waiting with a timeout sleeps. */
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "vm/module.h"
#include "vm/ops.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/int.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

#define TIMEOUT_MAX 9223372036.0 /* seconds: nanoseconds in 64 bits */

typedef struct Lock {
    Object head;
    bool recursive; /* an RLock */
    uint64_t owner; /* of an RLock that is held: get_ident() of the holder */
    uint32_t count; /* 0: free */
} Lock;

static Lock *self_of(Value v) { return (Lock *)value_object(v); }
static uint64_t thread_ident(void) { return (uint64_t)pthread_self(); }

/* --- waiting --- */

/* The arguments of acquire(): *seconds negative means for ever. */
static bool acquire_arguments(Vm *vm, Value *args, double *seconds) {
    int blocking = value_is_empty(args[1]) ? 1 : value_truth(vm, args[1]);
    if (blocking < 0) return false;
    *seconds = -1;
    if (!value_is_empty(args[2]) && !value_is_int(args[2]) && !value_is_float(args[2]) && !value_has_layout(args[2], LAYOUT_FLOAT))
        return error_type(vm, "'%T' object cannot be interpreted as an integer", args[2]), false;
    if (!value_is_empty(args[2]) && !value_as_double(vm, args[2], seconds)) return false;
    if (!blocking && *seconds != -1) return error_value(vm, "can't specify a timeout for a non-blocking call"), false;
    if (*seconds < 0 && *seconds != -1) return error_value(vm, "timeout value must be a non-negative number"), false;
    if (*seconds > TIMEOUT_MAX) return error_raise(vm, EXC_OverflowError, "timestamp out of range for platform time_t"), false;
    if (!blocking) *seconds = 0;
    return true;
}

/* Nobody can release the lock meanwhile. */
static Value wait_in_vain(Vm *vm, double seconds) {
    if (seconds < 0) return error_raise(vm, EXC_RuntimeError, "deadlock: the lock is held, and there is no other thread to release it");
    while (seconds > 0) {
        double piece = seconds > 0.05 ? 0.05 : seconds;
        struct timespec t = {.tv_nsec = (long)(piece * 1e9)};
        nanosleep(&t, NULL);
        seconds -= piece;
        if (vm->heap.pending && !vm_safe_point(vm)) return VALUE_ERROR;
    }
    return VALUE_FALSE;
}

/* "($self, blocking=True, timeout=-1)" */
static Value lock_acquire(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Lock *lock = self_of(args[0]);
    double seconds;
    if (!acquire_arguments(vm, args, &seconds)) return VALUE_ERROR;
    if (lock->count && !(lock->recursive && lock->owner == thread_ident())) return wait_in_vain(vm, seconds);
    if (lock->count == UINT32_MAX) return error_raise(vm, EXC_OverflowError, "Internal lock count overflowed");
    lock->owner = thread_ident();
    lock->count++;
    return VALUE_TRUE;
}

static Value lock_release(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Lock *lock = self_of(args[0]);
    if (!lock->count) return error_raise(vm, EXC_RuntimeError, lock->recursive ? "cannot release un-acquired lock" : "release unlocked lock");
    lock->count--;
    return VALUE_NONE;
}

static Value lock_enter(Vm *vm, Value *args, int nargs) {
    Value down[3] = {args[0], VALUE_EMPTY, VALUE_EMPTY};
    return lock_acquire(vm, down, nargs);
}

static Value lock_locked(Vm *vm, Value *args, int nargs) { return (void)vm, (void)nargs, value_from_bool(self_of(args[0])->count > 0); }
static Value lock_is_owned(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    return value_from_bool(self_of(args[0])->count && self_of(args[0])->owner == thread_ident());
}
static Value lock_recursion_count(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    return value_from_small(self_of(args[0])->count);
}

static Value lock_reset(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)nargs;
    self_of(args[0])->count = 0;
    return VALUE_NONE;
}

static Value lock_repr(Vm *vm, Value self) {
    Lock *lock = self_of(self);
    const char *state = lock->count ? "locked" : "unlocked";
    if (!lock->recursive) return str_format(vm, "<%s %T object at 0x%llx>", state, self, (unsigned long long)self.bits);
    unsigned long long owner = lock->count ? (unsigned long long)lock->owner : 0;
    return str_format(vm, "<%s %T object owner=%llu count=%u at 0x%llx>", state, self, owner, lock->count, (unsigned long long)self.bits);
}

/* --- the types --- */

static Value lock_alloc(Vm *vm, Type *type, bool recursive) {
    Lock *lock = type_alloc(vm, type, sizeof *lock);
    if (!lock) return VALUE_ERROR;
    lock->recursive = recursive;
    object_track(&vm->heap, &lock->head);
    return value_from_object(lock);
}

static Value lock_new(Vm *vm, Value *args, int nargs) { return (void)nargs, lock_alloc(vm, (Type *)value_object(args[0]), false); }
static Value recursive_new(Vm *vm, Value *args, int nargs) { return (void)nargs, lock_alloc(vm, (Type *)value_object(args[0]), true); }
static size_t lock_size(const Object *o) { return (void)o, sizeof(Lock); }
static void lock_free(Vm *vm, Object *o) { (void)vm, (void)o; }

#define COMMON_METHODS \
    {"acquire", lock_acquire, "($self, /, blocking=True, timeout=-1)", "Takes the lock; whether that worked.", NATIVE_METHOD}, \
    {"release", lock_release, "($self, /)", "Gives the lock back.", NATIVE_METHOD}, \
    {"__enter__", lock_enter, "($self, /)", "Takes the lock.", NATIVE_METHOD}, \
    {"__exit__", lock_release, "($self, /, *exc_info)", "Gives the lock back.", NATIVE_METHOD}, \
    {"_at_fork_reinit", lock_reset, "($self, /)", NULL, NATIVE_METHOD}

static const NativeDef lock_methods[] = {
    COMMON_METHODS,
    {"acquire_lock", lock_acquire, "($self, /, blocking=True, timeout=-1)", "An old name of acquire().", NATIVE_METHOD},
    {"release_lock", lock_release, "($self, /)", "An old name of release().", NATIVE_METHOD},
    {"locked", lock_locked, "($self, /)", "Whether the lock is held.", NATIVE_METHOD},
    {"locked_lock", lock_locked, "($self, /)", "An old name of locked().", NATIVE_METHOD},
    {0}};

static const NativeDef recursive_methods[] = {
    COMMON_METHODS,
    {"_is_owned", lock_is_owned, "($self, /)", "Whether this thread holds the lock.", NATIVE_METHOD},
    {"_recursion_count", lock_recursion_count, "($self, /)", "How often it is held.", NATIVE_METHOD},
    {0}};

static const TypeSpec lock_spec = {
    .name = "_thread.lock",
    .doc = "A lock object is a synchronization primitive.",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_WEAKREFS | TYPE_FLAG_IMMUTABLE,
    .size = sizeof(Lock),
    .ops = {lock_size, NULL, NULL, lock_free, NULL},
    .slots = {.repr = lock_repr},
    .new_ = {"lock", lock_new, "($type, /)", NULL, NATIVE_METHOD},
    .methods = lock_methods,
};

static const TypeSpec recursive_spec = {
    .name = "_thread.RLock",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_WEAKREFS | TYPE_FLAG_BASETYPE | TYPE_FLAG_IMMUTABLE,
    .size = sizeof(Lock),
    .ops = {lock_size, NULL, NULL, lock_free, NULL},
    .slots = {.repr = lock_repr},
    .new_ = {"RLock", recursive_new, "($type, /)", NULL, NATIVE_METHOD},
    .methods = recursive_methods,
};

/* --- the module; its state: the two types --- */

static Value thread_get_ident(Vm *vm, Value *args, int nargs) { return (void)args, (void)nargs, int_from_u64(vm, thread_ident()); }

static Value thread_get_native_id(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)args, (void)nargs;
    return value_from_small(syscall(SYS_gettid));
}

static Value thread_count(Vm *vm, Value *args, int nargs) { return (void)vm, (void)args, (void)nargs, value_from_small(0); }

static Value thread_allocate_lock(Vm *vm, Value *args, int nargs) {
    (void)args, (void)nargs;
    return lock_alloc(vm, (Type *)value_object(value_tuple(MODULE_STATE(vm, thread))->items[0]), false);
}

static Value thread_interrupt_main(Vm *vm, Value *args, int nargs) {
    (void)args, (void)nargs;
    vm_interrupt(vm);
    return VALUE_NONE;
}

static Value thread_start(Vm *vm, Value *args, int nargs) {
    (void)args, (void)nargs;
    return error_raise(vm, EXC_RuntimeError, "threads are not there yet");
}

static bool thread_init(Vm *vm, Value module) {
    Dict *d = ((Module *)value_object(module))->dict;
    if (value_is_empty(MODULE_STATE(vm, thread))) {
        Type *lock = type_from_spec(vm, &lock_spec, TYPE(vm, OBJECT)), *recursive = type_from_spec(vm, &recursive_spec, TYPE(vm, OBJECT));
        Tuple *types = lock && recursive ? tuple_pack(vm, 2, value_from_object(lock), value_from_object(recursive)) : NULL;
        if (!types) return false;
        MODULE_STATE(vm, thread) = value_from_object(types);
    }
    const Value *types = value_tuple(MODULE_STATE(vm, thread))->items;
    return dict_set_ascii(vm, d, "lock", types[0]) && dict_set_ascii(vm, d, "LockType", types[0]) && dict_set_ascii(vm, d, "RLock", types[1]) &&
           dict_set_ascii(vm, d, "error", value_from_object(vm->exception_types[EXC_RuntimeError])) &&
           dict_set_ascii(vm, d, "TIMEOUT_MAX", value_from_float(TIMEOUT_MAX));
}

static const NativeDef thread_functions[] = {
    {"allocate_lock", thread_allocate_lock, "($module, /)", "A new lock.", NATIVE_METHOD},
    {"get_ident", thread_get_ident, "($module, /)", "A number that no other running thread has.", NATIVE_METHOD},
    {"get_native_id", thread_get_native_id, "($module, /)", "The number that the system gave the thread.", NATIVE_METHOD},
    {"_count", thread_count, "($module, /)", "How many threads were started.", NATIVE_METHOD},
    {"interrupt_main", thread_interrupt_main, "($module, signum=2, /)", "Has the main thread raise KeyboardInterrupt.", NATIVE_METHOD},
    {"start_new_thread", thread_start, "($module, function, args, kwargs={}, /)", "Starts a thread.", NATIVE_METHOD},
    {0}};

const ModuleDef thread_module = {.name = "_thread", .doc = "Locks; import threading instead.", .functions = thread_functions, .init = thread_init};
