/* The `mini` program: command line, running files, modules and texts. It is the library's first host: it uses mini.h alone. */
#include "cli/cli.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage_line[] = "usage: mini [option] ... [-c cmd | -m mod | file | -] [arg] ...";
static const char help_text[] =
    "Runs scripts in Python 3 syntax.\n"
    "\n"
    "  file       run this script; - reads it from standard input\n"
    "  -c cmd     run this text\n"
    "  -m mod     run this module of the search path as a script\n"
    "  -i         go on interactively afterwards\n"
    "  -O, -OO    leave out assert statements; docstrings too\n"
    "  -q         no greeting in interactive mode\n"
    "  -u         write standard output without buffering\n"
    "  -x         skip the first line of the script\n"
    "  --dis      print the instructions of the script instead of running it\n"
    "  --leaks    report on stderr what leaked; --leaks=json for machines; --leaks=error: exit status 3 if anything did\n"
    "  -V         print the version\n"
    "  -h         print this help\n"
    "\n"
    "Without file, -c or -m: an interactive session on a terminal, else a script from standard input.\n"
    "\n"
    "MINIPATH      folders to import from, with ':' between\n"
    "MINI_HISTORY  file of the interactive session's history (default ~/.mini_history)\n";

/* --- streams --- */

static int write_all(int fd, const char *text, size_t length) {
    while (length > 0) {
        ssize_t n = write(fd, text, length);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        text += n;
        length -= (size_t)n;
    }
    return 0;
}

static int write_out(void *user, const char *text, size_t length) {
    (void)user;
    return write_all(1, text, length);
}

static int write_err(void *user, const char *text, size_t length) {
    (void)user;
    return write_all(2, text, length);
}

static long read_in(void *user, char *buffer, size_t size) {
    (void)user;
    return (long)read(0, buffer, size);
}

/* --- interrupts --- */

static MiniVm *interrupted_vm; /* for the signal handler: this program has one VM */

static void on_interrupt(int number) {
    (void)number;
    if (interrupted_vm) mini_interrupt(interrupted_vm);
}

static void catch_interrupts(MiniVm *vm) {
    struct sigaction action = {.sa_handler = on_interrupt};
    interrupted_vm = vm;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Ends the way a program ends that the terminal has interrupted. */
static void die_interrupted(void) {
    signal(SIGINT, SIG_DFL);
    raise(SIGINT);
}

/* --- reading scripts --- */

/* The whole of an open file; *length without the NUL behind. NULL: errno. */
static char *read_stream(FILE *f, size_t *length) {
    size_t capacity = 4096, used = 0;
    char *text = malloc(capacity + 1);
    while (text) {
        used += fread(text + used, 1, capacity - used, f);
        if (used < capacity) break;
        capacity *= 2;
        char *larger = realloc(text, capacity + 1);
        if (!larger) free(text);
        text = larger;
    }
    if (!text) return NULL;
    if (ferror(f)) {
        free(text);
        return NULL;
    }
    text[used] = 0;
    *length = used;
    return text;
}

static void absolute_path(const char *path, char *out, size_t size) {
    if (path[0] == '/' || !getcwd(out, size - 1)) {
        snprintf(out, size, "%s", path);
        return;
    }
    size_t length = strlen(out);
    snprintf(out + length, size - length, "%s%s", out[length - 1] == '/' ? "" : "/", path);
}

static int cannot_open(const char *path, int number) {
    char full[4096];
    absolute_path(path, full, sizeof full);
    fprintf(stderr, "mini: can't open file '%s': [Errno %d] %s\n", full, number, strerror(number));
    return 2;
}

/* The script's text, or NULL with *status set. */
static char *read_script(const char *path, size_t *length, int *status) {
    struct stat info;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        char full[4096];
        absolute_path(path, full, sizeof full);
        fprintf(stderr, "mini: can't find '__main__' module in '%s'\n", full);
        *status = 1;
        return NULL;
    }
    FILE *f = fopen(path, "rb");
    char *text = f ? read_stream(f, length) : NULL;
    if (!text) *status = cannot_open(path, errno);
    if (f) fclose(f);
    return text;
}

/* Blanks the first line, which may be in another language (-x). */
static void skip_first_line(char *text) {
    for (; *text && *text != '\n'; text++) *text = ' ';
}

/* sys.path[0] of a script: its folder, links followed. */
static void add_script_folder(MiniVm *vm, const char *path) {
    char *real = realpath(path, NULL);
    char *slash = real ? strrchr(real, '/') : NULL;
    if (slash) slash[slash == real] = 0;
    mini_add_path(vm, real ? real : "");
    free(real);
}

/* --- running --- */

/* The exit status that a run's end means; prints the error. */
static int finish(MiniVm *vm, MiniStatus status) {
    switch (status) {
    case MINI_OK: return 0;
    case MINI_EXIT: return mini_exit_status(vm);
    case MINI_NO_MEMORY: fputs("mini: out of memory\n", stderr); return 1;
    default: mini_print_error(vm); return mini_error_is_interrupt(vm) ? STATUS_INTERRUPTED : mini_exit_status(vm);
    }
}

static int run_text(MiniVm *vm, const Options *o, char *text, size_t length, const char *filename) {
    if (o->skip_first) skip_first_line(text);
    MiniStatus status = o->disassemble ? mini_disassemble(vm, text, length, filename) : mini_run_bytes(vm, text, length, filename);
    return finish(vm, status);
}

static int run_file(MiniVm *vm, const Options *o) {
    size_t length = 0;
    int status = 1;
    char *text = read_script(o->script, &length, &status);
    if (!text) return status;
    char full[4096];
    absolute_path(o->script, full, sizeof full);
    add_script_folder(vm, o->script);
    status = run_text(vm, o, text, length, full);
    free(text);
    return status;
}

static int run_input(MiniVm *vm, const Options *o) {
    size_t length = 0;
    char *text = read_stream(stdin, &length);
    if (!text) return cannot_open("<stdin>", errno);
    mini_add_path(vm, "");
    int status = run_text(vm, o, text, length, "<stdin>");
    free(text);
    return status;
}

/* -c: CPython's compile sees a newline at the end. */
static int run_command(MiniVm *vm, const Options *o) {
    size_t length = strlen(o->command);
    char *text = malloc(length + 2);
    if (!text) return 1;
    memcpy(text, o->command, length);
    memcpy(text + length, "\n", 2);
    mini_add_path(vm, "");
    int status = run_text(vm, o, text, length + 1, "<string>");
    free(text);
    return status;
}

static int run_module(MiniVm *vm, const Options *o) {
    char folder[4096];
    mini_add_path(vm, getcwd(folder, sizeof folder) ? folder : "");
    return finish(vm, mini_run_module(vm, o->module));
}

static int run(MiniVm *vm, const Options *o) {
    int status;
    bool session = false;
    if (o->command) status = run_command(vm, o);
    else if (o->module) status = run_module(vm, o);
    else if (o->script && strcmp(o->script, "-")) status = run_file(vm, o);
    else if (o->script || !isatty(0)) status = run_input(vm, o);
    else {
        session = true;
        status = repl_run(vm, !o->quiet);
    }
    if (o->interactive && !session) status = repl_run(vm, false);
    return status;
}

/* sys.argv[0] is the script, "-c", "-m"'s module, or empty. */
static void set_args(MiniVm *vm, const Options *o) {
    const char **args = calloc((size_t)o->arg_count + 1, sizeof *args);
    if (!args) return;
    args[0] = o->command ? "-c" : o->module ? "-m" : o->script ? o->script : "";
    for (int k = 0; k < o->arg_count; k++) args[k + 1] = o->args[k];
    mini_set_args(vm, o->arg_count + 1, args);
    free(args);
}

/* As CPython decides it: the variables of the environment, then whether errors go to a terminal. */
static int wants_color(void) {
    const char *term = getenv("TERM"), *own = getenv("MINI_COLORS");
    if (own && (!strcmp(own, "0") || !strcmp(own, "1"))) return *own == '1';
    if (getenv("NO_COLOR")) return 0;
    if (getenv("FORCE_COLOR")) return 1;
    return !(term && !strcmp(term, "dumb")) && isatty(2);
}

static MiniVm *open_vm(const Options *o) {
    MiniConfig config = MINI_CONFIG_INIT;
    config.write_out = write_out;
    config.write_err = write_err;
    config.read_in = read_in;
    config.out_is_terminal = isatty(1);
    config.in_is_terminal = isatty(0);
    config.err_is_terminal = isatty(2);
    config.color_errors = wants_color();
    config.optimize = o->optimize;
    config.unbuffered = o->unbuffered;
    config.gc_always = getenv("MINI_GC_ALWAYS") != NULL;
    config.recount = getenv("MINI_RECOUNT") != NULL;
    config.check_leaks = getenv("MINI_CHECK_LEAKS") != NULL;
    return mini_open(&config);
}

/* The status of the run, or of --leaks=error. */
static int report_leaks(MiniVm *vm, const Options *o, int status) {
    size_t count = 0;
    if (mini_report_leaks(vm, o->leaks == LEAKS_JSON, &count) != MINI_OK) mini_print_error(vm);
    return o->leaks == LEAKS_ERROR && count ? STATUS_LEAKS_FOUND : status;
}

int main(int argc, char **argv) {
    Options options = {0};
    int bad = options_read(&options, argc, argv);
    if (bad) return bad;
    if (options.help) return printf("%s\n%s", usage_line, help_text) < 0;
    if (options.version) return printf("mini %s\n", mini_version()) < 0;
    MiniVm *vm = open_vm(&options);
    if (!vm) {
        fputs("mini: out of memory\n", stderr);
        return 1;
    }
    catch_interrupts(vm);
    mini_set_executable(vm, argv[0]);
    set_args(vm, &options);
    if (options.leaks && mini_watch_leaks(vm) != MINI_OK) mini_print_error(vm);
    int status = run(vm, &options);
    if (options.leaks) status = report_leaks(vm, &options, status);
    if (mini_flush(vm) != MINI_OK && status != STATUS_INTERRUPTED) status = STATUS_FLUSH_FAILED;
    interrupted_vm = NULL;
    size_t left = mini_close(vm);
    if (left) {
        fprintf(stderr, "mini: %zu objects left alive\n", left);
        return STATUS_LEAKED;
    }
    if (status == STATUS_INTERRUPTED) die_interrupted();
    return status;
}
