/* posix: processes, the environment, the machine. */
#include "stdlib/os.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vm/types/dict.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/sequence.h"
#include "vm/types/set.h"
#include "vm/types/tuple.h"

extern char **environ;

static Value failure(Vm *vm) { return error_os(vm, errno, VALUE_EMPTY); }
static Value done(Vm *vm, int result) { return result < 0 ? failure(vm) : VALUE_NONE; }

/* --- who and what --- */

#define NUMBER_FUNCTION(name) \
    static Value posix_##name(Vm *vm, Value *args, int nargs) { return (void)vm, (void)args, (void)nargs, value_from_small(name()); }
NUMBER_FUNCTION(getpid)
NUMBER_FUNCTION(getppid)
NUMBER_FUNCTION(getuid)
NUMBER_FUNCTION(geteuid)
NUMBER_FUNCTION(getgid)
NUMBER_FUNCTION(getegid)
NUMBER_FUNCTION(getpgrp)
#undef NUMBER_FUNCTION

static Value posix_getpgid(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int pid;
    if (!value_as_int(vm, args[0], &pid)) return VALUE_ERROR;
    pid_t group = getpgid(pid);
    return group < 0 ? failure(vm) : value_from_small(group);
}

static Value posix_getsid(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int pid;
    if (!value_as_int(vm, args[0], &pid)) return VALUE_ERROR;
    pid_t session = getsid(pid);
    return session < 0 ? failure(vm) : value_from_small(session);
}

static Value posix_setsid(Vm *vm, Value *args, int nargs) { return (void)args, (void)nargs, done(vm, setsid()); }

static Value posix_setpgid(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int pid, group;
    return value_as_int(vm, args[0], &pid) && value_as_int(vm, args[1], &group) ? done(vm, setpgid(pid, group)) : VALUE_ERROR;
}

static Value posix_getgroups(Vm *vm, Value *args, int nargs) {
    (void)args, (void)nargs;
    gid_t groups[256];
    int count = getgroups(256, groups);
    List *list = count < 0 ? NULL : list_new(vm, (size_t)count);
    if (count < 0) return failure(vm);
    for (int k = 0; list && k < count; k++)
        if (!list_append(vm, list, value_from_small(groups[k]))) return release_object(vm, list), VALUE_ERROR;
    return list ? value_from_object(list) : VALUE_ERROR;
}

static Value posix_getlogin(Vm *vm, Value *args, int nargs) {
    (void)args, (void)nargs;
    char name[256];
    int number = getlogin_r(name, sizeof name);
    return number ? error_os(vm, number, VALUE_EMPTY) : os_text(vm, name, strlen(name), false);
}

static Value posix_cpu_count(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)args, (void)nargs;
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? VALUE_NONE : value_from_small(count);
}

static Value posix_sched_getaffinity(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int pid;
    cpu_set_t set;
    if (!value_as_int(vm, args[0], &pid)) return VALUE_ERROR;
    if (sched_getaffinity(pid, sizeof set, &set) < 0) return failure(vm);
    Set *cpus = set_new(vm, TYPE(vm, SET));
    for (int k = 0; cpus && k < CPU_SETSIZE; k++)
        if (CPU_ISSET(k, &set) && !set_add(vm, cpus, value_from_small(k))) return release_object(vm, cpus), VALUE_ERROR;
    return cpus ? value_from_object(cpus) : VALUE_ERROR;
}

static Value posix_sched_yield(Vm *vm, Value *args, int nargs) { return (void)args, (void)nargs, done(vm, sched_yield()); }

static Value posix_getloadavg(Vm *vm, Value *args, int nargs) {
    (void)args, (void)nargs;
    double load[3];
    if (getloadavg(load, 3) != 3) return error_raise(vm, EXC_OSError, "Load averages are unobtainable");
    Tuple *t = tuple_pack(vm, 3, value_from_float(load[0]), value_from_float(load[1]), value_from_float(load[2]));
    return t ? value_from_object(t) : VALUE_ERROR;
}

static Value posix_umask(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int mask;
    return value_as_int(vm, args[0], &mask) ? value_from_small(umask((mode_t)mask)) : VALUE_ERROR;
}

static Value posix_nice(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int by;
    if (!value_as_int(vm, args[0], &by)) return VALUE_ERROR;
    errno = 0;
    int value = nice(by);
    return value == -1 && errno ? failure(vm) : value_from_small(value);
}

static const char *const uname_names[] = {"sysname", "nodename", "release", "version", "machine"};
static const GetSetDef uname_fields[] = {
    STRUCTSEQ_FIELD(0, "sysname", "operating system name"), STRUCTSEQ_FIELD(1, "nodename", "name of machine on network (implementation-defined)"),
    STRUCTSEQ_FIELD(2, "release", "operating system release"), STRUCTSEQ_FIELD(3, "version", "operating system version"),
    STRUCTSEQ_FIELD(4, "machine", "hardware identifier"), {0}};
const StructSeqSpec uname_result_spec = {STRUCTSEQ_TYPE("posix.uname_result", "uname_result: Result from os.uname().", uname_fields), uname_names, 5, 5};

static Value posix_uname(Vm *vm, Value *args, int nargs) {
    (void)args, (void)nargs;
    struct utsname u;
    Type *type = os_type(vm, OS_UNAME_RESULT);
    if (!type) return VALUE_ERROR;
    if (uname(&u) < 0) return failure(vm);
    const char *const texts[] = {u.sysname, u.nodename, u.release, u.version, u.machine};
    Value values[5];
    for (int k = 0; k < 5; k++) values[k] = os_text(vm, texts[k], strlen(texts[k]), false);
    return structseq_new_take(vm, type, values);
}

static const char *const times_names[] = {"user", "system", "children_user", "children_system", "elapsed"};
static const GetSetDef times_fields[] = {
    STRUCTSEQ_FIELD(0, "user", "user time"), STRUCTSEQ_FIELD(1, "system", "system time"),
    STRUCTSEQ_FIELD(2, "children_user", "user time of children"), STRUCTSEQ_FIELD(3, "children_system", "system time of children"),
    STRUCTSEQ_FIELD(4, "elapsed", "elapsed time since an arbitrary point in the past"), {0}};
const StructSeqSpec times_result_spec = {STRUCTSEQ_TYPE("posix.times_result", "times_result: Result from os.times().", times_fields), times_names, 5, 5};

static Value posix_times(Vm *vm, Value *args, int nargs) {
    (void)args, (void)nargs;
    struct tms t;
    Type *type = os_type(vm, OS_TIMES_RESULT);
    clock_t elapsed = times(&t);
    if (!type) return VALUE_ERROR;
    if (elapsed == (clock_t)-1) return failure(vm);
    double ticks = (double)sysconf(_SC_CLK_TCK);
    const Value values[] = {value_from_float((double)t.tms_utime / ticks), value_from_float((double)t.tms_stime / ticks),
                            value_from_float((double)t.tms_cutime / ticks), value_from_float((double)t.tms_cstime / ticks),
                            value_from_float((double)elapsed / ticks)};
    return structseq_new_take(vm, type, values);
}

/* --- random bytes --- */

static Value random_bytes(Vm *vm, int64_t size, int flags) {
    if (size < 0) return error_value(vm, "negative argument not allowed");
    Bytes *bytes = bytes_new(vm, NULL, (size_t)size);
    if (!bytes) return VALUE_ERROR;
    for (size_t at = 0; at < (size_t)size;) {
        ssize_t n = getrandom(bytes->data + at, (size_t)size - at, (unsigned)flags);
        if (n >= 0) at += (size_t)n;
        else if (errno != EINTR || !os_retry(vm)) {
            int number = errno;
            release_object(vm, bytes);
            return error_pending(vm) ? VALUE_ERROR : error_os(vm, number, VALUE_EMPTY);
        }
    }
    return value_from_object(bytes);
}

static Value posix_urandom(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int64_t size;
    return value_as_index(vm, args[0], &size, false) ? random_bytes(vm, size, 0) : VALUE_ERROR;
}

static Value posix_getrandom(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int64_t size;
    int flags = 0;
    if (!value_as_index(vm, args[0], &size, false) || (!value_is_empty(args[1]) && !value_as_int(vm, args[1], &flags))) return VALUE_ERROR;
    return size < 0 ? error_os(vm, EINVAL, VALUE_EMPTY) : random_bytes(vm, size, flags);
}

/* --- other processes --- */

static Value posix_kill(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int pid, number;
    if (!value_as_int(vm, args[0], &pid) || !value_as_int(vm, args[1], &number)) return VALUE_ERROR;
    if (kill(pid, number) < 0) return failure(vm);
    return vm->heap.pending && !vm_safe_point(vm) ? VALUE_ERROR : VALUE_NONE; /* it may have been for us */
}

static Value posix_killpg(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int group, number;
    return value_as_int(vm, args[0], &group) && value_as_int(vm, args[1], &number) ? done(vm, killpg(group, number)) : VALUE_ERROR;
}

static Value posix_system(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    OsPath command;
    if (!os_string_get(vm, args[0], &command)) return VALUE_ERROR;
    int status = system(command.text);
    os_path_release(vm, &command);
    return value_from_small(status);
}

static Value posix_fork(Vm *vm, Value *args, int nargs) {
    (void)args, (void)nargs;
    pid_t pid = fork();
    return pid < 0 ? failure(vm) : value_from_small(pid);
}

static Value wait_for(Vm *vm, int pid, int options) {
    int status = 0;
    pid_t found;
    do found = waitpid(pid, &status, options);
    while (found < 0 && errno == EINTR && os_retry(vm));
    if (found < 0) return error_pending(vm) ? VALUE_ERROR : failure(vm);
    Tuple *t = tuple_pack(vm, 2, value_from_small(found), value_from_small(status));
    return t ? value_from_object(t) : VALUE_ERROR;
}

static Value posix_wait(Vm *vm, Value *args, int nargs) { return (void)args, (void)nargs, wait_for(vm, -1, 0); }

static Value posix_waitpid(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int pid, options;
    return value_as_int(vm, args[0], &pid) && value_as_int(vm, args[1], &options) ? wait_for(vm, pid, options) : VALUE_ERROR;
}

#define STATUS_FUNCTION(name, make) \
    static Value posix_##name(Vm *vm, Value *args, int nargs) { \
        int status; \
        (void)nargs; \
        return value_as_int(vm, args[0], &status) ? make(name(status)) : VALUE_ERROR; \
    }
STATUS_FUNCTION(WIFEXITED, value_from_bool)
STATUS_FUNCTION(WIFSIGNALED, value_from_bool)
STATUS_FUNCTION(WIFSTOPPED, value_from_bool)
STATUS_FUNCTION(WIFCONTINUED, value_from_bool)
STATUS_FUNCTION(WCOREDUMP, value_from_bool)
STATUS_FUNCTION(WEXITSTATUS, value_from_small)
STATUS_FUNCTION(WTERMSIG, value_from_small)
STATUS_FUNCTION(WSTOPSIG, value_from_small)
#undef STATUS_FUNCTION

static Value posix_exitcode(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int status;
    if (!value_as_int(vm, args[0], &status)) return VALUE_ERROR;
    if (WIFEXITED(status)) return value_from_small(WEXITSTATUS(status));
    if (WIFSIGNALED(status)) return value_from_small(-WTERMSIG(status));
    if (WIFSTOPPED(status)) return error_value(vm, "process stopped by delivery of signal %d", WSTOPSIG(status));
    return error_value(vm, "invalid wait status: %d", status);
}

static Value posix_exit_now(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int status;
    if (!value_as_int(vm, args[0], &status)) return VALUE_ERROR;
    _exit(status);
}

static Value posix_abort(Vm *vm, Value *args, int nargs) {
    (void)vm, (void)args, (void)nargs;
    abort();
}

/* --- running another program in place of this one --- */

typedef struct Strings {
    char **items; /* NULL-terminated */
    size_t *sizes, count;
} Strings;

static void strings_release(Vm *vm, Strings *s) {
    for (size_t k = 0; s->items && s->sizes && k < s->count; k++)
        if (s->items[k]) heap_free(&vm->heap, s->items[k], s->sizes[k]);
    if (s->items) heap_free(&vm->heap, s->items, (s->count + 1) * sizeof *s->items);
    if (s->sizes) heap_free(&vm->heap, s->sizes, (s->count + 1) * sizeof *s->sizes);
}

static bool strings_alloc(Vm *vm, Strings *s, size_t count) {
    *s = (Strings){.count = count};
    s->items = heap_alloc(&vm->heap, (count + 1) * sizeof *s->items);
    s->sizes = heap_alloc(&vm->heap, (count + 1) * sizeof *s->sizes);
    if (s->items) memset(s->items, 0, (count + 1) * sizeof *s->items);
    if (s->items && s->sizes) return true;
    strings_release(vm, s);
    error_no_memory(vm);
    return false;
}

/* The argument list of a program. On failure nothing is held. */
static bool strings_from_args(Vm *vm, Value argv, const char *what, Strings *s) {
    if (!value_is_list(argv) && !value_is_tuple(argv)) return error_type(vm, "%s must be a tuple or list", what), false;
    size_t count;
    const Value *items = sequence_items(argv, &count);
    if (!count) return error_value(vm, "%s must not be empty", what), false;
    if (!strings_alloc(vm, s, count)) return false;
    for (size_t k = 0; k < count; k++) {
        items = sequence_items(argv, &count);
        OsPath arg;
        if (count != s->count || !os_string_get(vm, items[k], &arg)) break;
        if (!k && arg.size == 1) {
            error_value(vm, "%s first element cannot be empty", what);
            os_path_release(vm, &arg);
            break;
        }
        s->items[k] = arg.text;
        s->sizes[k] = arg.size;
        if (k + 1 == count) return true;
    }
    if (!error_pending(vm)) error_raise(vm, EXC_RuntimeError, "argv changed size");
    strings_release(vm, s);
    return false;
}

/* "name=value" of every item of a mapping's items(), a list of pairs. */
static bool strings_from_environment(Vm *vm, List *pairs, Strings *s) {
    if (!strings_alloc(vm, s, pairs->count)) return false;
    for (size_t k = 0; k < s->count && k < pairs->count; k++) {
        OsPath name = {0}, value = {0};
        Value pair = pairs->items[k];
        if (!value_is_tuple(pair) || value_tuple(pair)->count != 2) {
            error_type(vm, "items() returned item which is not a tuple");
            break;
        }
        bool ok = os_string_get(vm, value_tuple(pair)->items[0], &name) && os_string_get(vm, value_tuple(pair)->items[1], &value);
        size_t size = ok ? name.size + value.size : 0;
        char *text = ok ? heap_alloc(&vm->heap, size) : NULL;
        if (text) {
            memcpy(text, name.text, name.size);
            text[name.size - 1] = '=';
            memcpy(text + name.size, value.text, value.size);
        } else if (ok) {
            error_no_memory(vm);
        }
        os_path_release(vm, &name);
        os_path_release(vm, &value);
        s->items[k] = text;
        s->sizes[k] = size;
        if (!text) break;
        if (k + 1 == s->count) return true;
    }
    if (!s->count) return true;
    strings_release(vm, s);
    return false;
}

/* what: names argv in errors. Comes back only with an error. */
static void execute(Vm *vm, const OsPath *path, Value args, const char *what, char **environment, bool tells_path) {
    Strings argv;
    if (!strings_from_args(vm, args, what, &argv)) return;
    execve(path->text, argv.items, environment);
    int number = errno;
    strings_release(vm, &argv);
    if (tells_path) os_path_error(vm, number, path);
    else error_os(vm, number, VALUE_EMPTY);
}

static Value posix_execv(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    OsPath path;
    if (!os_path_get(vm, args[0], "execv", "path", 0, &path)) return VALUE_ERROR;
    execute(vm, &path, args[1], "execv() arg 2", environ, false);
    os_path_release(vm, &path);
    return VALUE_ERROR;
}

static Value posix_execve(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    OsPath path;
    Strings environment;
    Str *keys = str_intern(vm, "keys", 4);
    Value has_keys = keys ? value_find_attr(vm, args[2], keys) : VALUE_ERROR;
    release_object(vm, keys);
    if (value_is_error(has_keys)) return VALUE_ERROR;
    if (value_is_empty(has_keys)) return error_type(vm, "execve: environment must be a mapping object");
    value_release(vm, has_keys);
    if (!os_path_get(vm, args[0], "execve", "path", 0, &path)) return VALUE_ERROR;
    Value pairs = value_call_method(vm, args[2], NAME(vm, items), NULL, 0);
    List *list = value_is_error(pairs) ? NULL : list_from_iterable(vm, pairs);
    value_release(vm, pairs);
    if (list && strings_from_environment(vm, list, &environment)) {
        execute(vm, &path, args[1], "execve: argv", environment.items, true);
        strings_release(vm, &environment);
    }
    release_object(vm, list);
    os_path_release(vm, &path);
    return VALUE_ERROR;
}

const NativeDef os_process_functions[] = {
    {"getpid", posix_getpid, "($module, /)", "The process's number.", NATIVE_METHOD},
    {"getppid", posix_getppid, "($module, /)", "The parent's number.", NATIVE_METHOD},
    {"getuid", posix_getuid, "($module, /)", "The user.", NATIVE_METHOD},
    {"geteuid", posix_geteuid, "($module, /)", "The effective user.", NATIVE_METHOD},
    {"getgid", posix_getgid, "($module, /)", "The group.", NATIVE_METHOD},
    {"getegid", posix_getegid, "($module, /)", "The effective group.", NATIVE_METHOD},
    {"getgroups", posix_getgroups, "($module, /)", "The groups.", NATIVE_METHOD},
    {"getpgrp", posix_getpgrp, "($module, /)", "The process group.", NATIVE_METHOD},
    {"getpgid", posix_getpgid, "($module, /, pid)", "The group of a process.", NATIVE_METHOD},
    {"setpgid", posix_setpgid, "($module, pid, pgrp, /)", "Moves a process to a group.", NATIVE_METHOD},
    {"getsid", posix_getsid, "($module, pid, /)", "The session of a process.", NATIVE_METHOD},
    {"setsid", posix_setsid, "($module, /)", "Starts a session.", NATIVE_METHOD},
    {"getlogin", posix_getlogin, "($module, /)", "The user's login name.", NATIVE_METHOD},
    {"cpu_count", posix_cpu_count, "($module, /)", "How many processors there are.", NATIVE_METHOD},
    {"sched_getaffinity", posix_sched_getaffinity, "($module, pid, /)", "The processors that a process may use.", NATIVE_METHOD},
    {"sched_yield", posix_sched_yield, "($module, /)", "Lets others run.", NATIVE_METHOD},
    {"getloadavg", posix_getloadavg, "($module, /)", "The machine's load of the last 1, 5, 15 minutes.", NATIVE_METHOD},
    {"umask", posix_umask, "($module, mask, /)", "Sets the permissions new files do not get; the old value.", NATIVE_METHOD},
    {"nice", posix_nice, "($module, increment, /)", "Lowers the priority.", NATIVE_METHOD},
    {"uname", posix_uname, "($module, /)", "What system this is.", NATIVE_METHOD},
    {"times", posix_times, "($module, /)", "The time used so far.", NATIVE_METHOD},
    {"urandom", posix_urandom, "($module, size, /)", "Random bytes fit for cryptography.", NATIVE_METHOD},
    {"getrandom", posix_getrandom, "($module, /, size, flags=0)", "Random bytes from the system.", NATIVE_METHOD},
    {"kill", posix_kill, "($module, pid, signal, /)", "Sends a signal to a process.", NATIVE_METHOD},
    {"killpg", posix_killpg, "($module, pgid, signal, /)", "Sends a signal to a process group.", NATIVE_METHOD},
    {"system", posix_system, "($module, /, command)", "Runs a command of the shell; its wait status.", NATIVE_METHOD},
    {"fork", posix_fork, "($module, /)", "Splits the process in two: 0 in the child, its number in the parent.", NATIVE_METHOD},
    {"wait", posix_wait, "($module, /)", "Waits for a child: (number, status).", NATIVE_METHOD},
    {"waitpid", posix_waitpid, "($module, pid, options, /)", "Waits for one child: (number, status).", NATIVE_METHOD},
    {"WIFEXITED", posix_WIFEXITED, "($module, /, status)", NULL, NATIVE_METHOD},
    {"WIFSIGNALED", posix_WIFSIGNALED, "($module, /, status)", NULL, NATIVE_METHOD},
    {"WIFSTOPPED", posix_WIFSTOPPED, "($module, /, status)", NULL, NATIVE_METHOD},
    {"WIFCONTINUED", posix_WIFCONTINUED, "($module, /, status)", NULL, NATIVE_METHOD},
    {"WCOREDUMP", posix_WCOREDUMP, "($module, status, /)", NULL, NATIVE_METHOD},
    {"WEXITSTATUS", posix_WEXITSTATUS, "($module, /, status)", NULL, NATIVE_METHOD},
    {"WTERMSIG", posix_WTERMSIG, "($module, /, status)", NULL, NATIVE_METHOD},
    {"WSTOPSIG", posix_WSTOPSIG, "($module, /, status)", NULL, NATIVE_METHOD},
    {"waitstatus_to_exitcode", posix_exitcode, "($module, /, status)", "The exit code that a wait status means.", NATIVE_METHOD},
    {"_exit", posix_exit_now, "($module, /, status)", "Ends the process at once, without cleaning up.", NATIVE_METHOD},
    {"abort", posix_abort, "($module, /)", "Ends the process with SIGABRT.", NATIVE_METHOD},
    {"execv", posix_execv, "($module, path, argv, /)", "Runs another program in place of this one.", NATIVE_METHOD},
    {"execve", posix_execve, "($module, /, path, argv, env)", "Runs another program with another environment in place of this one.", NATIVE_METHOD},
    {0}};
