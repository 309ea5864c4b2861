/* mini.h: the only header a host sees.
 *
 * A MiniVm is one interpreter with all its state; a program may have any number of them. A VM is used by one thread at a time;
 * only mini_interrupt may be called from another thread or from a signal handler.
 *
 *     MiniConfig config = MINI_CONFIG_INIT;
 *     MiniVm *vm = mini_open(&config);
 *     if (mini_run_string(vm, "print('hello')", "<host>") != MINI_OK) mini_print_error(vm);
 *     mini_close(vm);
 */
#ifndef MINI_H
#define MINI_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MINI_VERSION_MAJOR 0
#define MINI_VERSION_MINOR 1
#define MINI_VERSION_PATCH 0
#define MINI_VERSION_TEXT "0.1.0"

#if defined(__GNUC__)
#define MINI_API __attribute__((visibility("default")))
#else
#define MINI_API
#endif

typedef struct MiniVm MiniVm;

/* How a call that runs script code ended. */
typedef enum MiniStatus {
    MINI_OK,         /* done */
    MINI_ERROR,      /* an exception: see mini_error_text, mini_print_error; it is forgotten by the next call that runs code */
    MINI_EXIT,       /* SystemExit: see mini_exit_status */
    MINI_INCOMPLETE, /* mini_run_interactive: the input goes on */
    MINI_NO_MEMORY   /* the VM could not even make an exception */
} MiniStatus;

/* Where output goes. text is not NUL-terminated. 0, or an errno value when it could not be written. */
typedef int (*MiniWriteFn)(void *user, const char *text, size_t length);
/* Where input comes from: reads up to `size` bytes into buffer; the number read, 0 at the end, -1 on an error (errno). */
typedef long (*MiniReadFn)(void *user, char *buffer, size_t size);

typedef struct MiniConfig {
    size_t struct_size;       /* sizeof(MiniConfig) */
    /* Memory: all three, or none (malloc and free). alloc may answer NULL. free gets the block's size back. */
    void *(*alloc)(void *user, size_t size);
    void (*free)(void *user, void *block, size_t size);
    void *memory_user;
    size_t memory_limit;      /* most bytes a VM holds: MemoryError beyond; 0: no limit */
    MiniWriteFn write_out;    /* standard output of scripts; NULL: discarded */
    MiniWriteFn write_err;    /* error output and reports; NULL: discarded */
    MiniReadFn read_in;       /* standard input; NULL: at its end */
    void *stream_user;
    int out_is_terminal, in_is_terminal, err_is_terminal; /* what sys.stdout.isatty() and the like tell; output to a terminal goes out line by line */
    int optimize;             /* 0; 1 leaves out assert statements, 2 docstrings too */
    int gc_always;            /* test mode: collect at every safe point */
    int recount;              /* test mode: recount all references at safe points, abort on a difference */
    int check_leaks;          /* test mode: mini_close reports objects left alive on write_err and counts them */
    int unbuffered;           /* every write to standard output goes out at once */
    int color_errors;         /* reports of exceptions use colours (ANSI escapes) */
} MiniConfig;
#define MINI_CONFIG_INIT {sizeof(MiniConfig), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

/* The version of the library: MINI_VERSION_TEXT of its header. Static. */
MINI_API const char *mini_version(void);

/* Opens a VM. config may be NULL. The VM is the caller's; NULL when there is no memory. */
MINI_API MiniVm *mini_open(const MiniConfig *config);
/* Ends a VM: atexit callbacks, finalizers, memory. Result, with check_leaks: objects that were left alive, 0 unless
 * something is wrong (a native type that miscounts, an object that cannot die). */
MINI_API size_t mini_close(MiniVm *vm);

/* sys.argv. The texts are copied. MINI_NO_MEMORY or MINI_OK. */
MINI_API MiniStatus mini_set_args(MiniVm *vm, int count, const char *const *args);
/* sys.path[0]: the folder that imports look in first. */
MINI_API MiniStatus mini_add_path(MiniVm *vm, const char *folder);
/* sys.executable. */
MINI_API MiniStatus mini_set_executable(MiniVm *vm, const char *path);

/* Runs a source text, a file, a module (as `-m` does) as __main__. filename appears in tracebacks. */
MINI_API MiniStatus mini_run_string(MiniVm *vm, const char *source, const char *filename);
MINI_API MiniStatus mini_run_bytes(MiniVm *vm, const char *source, size_t length, const char *filename);
MINI_API MiniStatus mini_run_module(MiniVm *vm, const char *name);
/* Prints the instructions of a source text to standard output. */
/* Leak reports (docs/memory.md): watch before the run; report after it, which runs the atexit callbacks, collects and writes to sys.stderr, as text or
 * JSON. *count: the leaks found. */
MINI_API MiniStatus mini_watch_leaks(MiniVm *vm);
MINI_API MiniStatus mini_report_leaks(MiniVm *vm, int as_json, size_t *count);
MINI_API MiniStatus mini_disassemble(MiniVm *vm, const char *source, size_t length, const char *filename);

/* One statement of an interactive session, in __main__; the value of an expression is printed and bound to `_`. Source is all lines so
 * far, each with its newline. MINI_INCOMPLETE: call again with a further line. */
MINI_API MiniStatus mini_run_interactive(MiniVm *vm, const char *source);
/* Names that complete `text` (a name, or a dotted one: its last part is completed), the index-th of them from 0: a new string
 * for mini_free_text, NULL behind the last. */
MINI_API char *mini_complete(MiniVm *vm, const char *text, int index);
MINI_API void mini_free_text(MiniVm *vm, char *text);
/* sys.ps1 or sys.ps2 (which: 1, 2): a new string for mini_free_text. */
MINI_API char *mini_prompt(MiniVm *vm, int which);

/* The last error as CPython prints it, with its traceback: a new string for mini_free_text; NULL when there is none or no memory. */
MINI_API char *mini_error_text(MiniVm *vm);
/* Hands the last error to sys.excepthook, which prints it to sys.stderr. */
MINI_API void mini_print_error(MiniVm *vm);
/* Whether the last error was a KeyboardInterrupt. */
MINI_API int mini_error_is_interrupt(MiniVm *vm);
/* The status that SystemExit asked for; a message that it carries has been printed. After mini_print_error: 1, or what a SystemExit of
 * sys.excepthook asked for. */
MINI_API int mini_exit_status(MiniVm *vm);
/* Writes out what sys.stdout holds back. MINI_ERROR: it could not be written. */
MINI_API MiniStatus mini_flush(MiniVm *vm);

/* Asks for a KeyboardInterrupt in the running script. From any thread, and from signal handlers. */
MINI_API void mini_interrupt(MiniVm *vm);

#ifdef __cplusplus
}
#endif

#endif
