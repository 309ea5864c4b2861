/* The interactive session on GNU readline: continuation lines, history, completion, interrupts. */
#include "cli/cli.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#define HISTORY_LINES 1000

/* readline's callbacks have no user pointer. */
static MiniVm *session;
static volatile sig_atomic_t interrupted;

/* --- completion --- */

static char *next_candidate(const char *text, int state) {
    static int index;
    index = state ? index + 1 : 0;
    char *found = mini_complete(session, text, index);
    char *copy = found ? strdup(found) : NULL; /* readline frees it */
    mini_free_text(session, found);
    return copy;
}

static char **complete(const char *text, int start, int end) {
    (void)end;
    rl_attempted_completion_over = 1;
    rl_completion_append_character = 0;
    bool blank = true;
    for (int k = 0; k < start; k++) blank = blank && strchr(" \t", rl_line_buffer[k]);
    if (blank && !*text) { /* Tab in front of a line indents it */
        rl_insert_text("    ");
        return NULL;
    }
    return rl_completion_matches(text, next_candidate);
}

/* --- history --- */

static char *history_path(void) {
    const char *own = getenv("MINI_HISTORY"), *home = getenv("HOME");
    if (own) return *own ? strdup(own) : NULL;
    if (!home) return NULL;
    size_t size = strlen(home) + sizeof "/.mini_history";
    char *path = malloc(size);
    if (path) snprintf(path, size, "%s/.mini_history", home);
    return path;
}

static void remember(const char *line) {
    if (!line[strspn(line, " \t")]) return;
    HIST_ENTRY *newest = history_length ? history_get(history_base + history_length - 1) : NULL;
    if (!newest || strcmp(newest->line, line)) add_history(line);
}

/* --- interrupts at the prompt --- */

static int on_signal(void) {
    if (!interrupted) return 0;
    rl_done = 1;
    return 0;
}

static void on_interrupt(int number) {
    (void)number;
    interrupted = 1;
    rl_done = 1;
}

/* A line without its newline; NULL at the end. *stopped: Ctrl-C. */
static char *read_line(int which, bool *stopped) {
    struct sigaction action = {.sa_handler = on_interrupt}, before;
    char *prompt = mini_prompt(session, which);
    sigemptyset(&action.sa_mask);
    interrupted = 0;
    sigaction(SIGINT, &action, &before);
    char *line = readline(prompt ? prompt : ">>> ");
    sigaction(SIGINT, &before, NULL);
    mini_free_text(session, prompt);
    *stopped = interrupted;
    if (*stopped) {
        free(line);
        line = NULL;
        printf("\nKeyboardInterrupt\n");
        fflush(stdout);
    }
    return line;
}

/* --- the session --- */

/* Appends a line and its newline. NULL: no memory. */
static char *source_append(char *source, const char *line) {
    size_t used = source ? strlen(source) : 0, length = strlen(line);
    char *longer = realloc(source, used + length + 2);
    if (!longer) {
        free(source);
        return NULL;
    }
    memcpy(longer + used, line, length);
    memcpy(longer + used + length, "\n", 2);
    return longer;
}

typedef enum Ended { GO_ON, END_OF_INPUT, EXITED } Ended;

static Ended report(MiniStatus status) {
    mini_flush(session);
    if (status == MINI_ERROR) mini_print_error(session);
    if (status == MINI_NO_MEMORY) fputs("MemoryError\n", stderr);
    return status == MINI_EXIT ? EXITED : GO_ON;
}

/* Reads and runs one statement. */
static Ended statement(void) {
    char *source = NULL;
    MiniStatus status = MINI_INCOMPLETE;
    while (status == MINI_INCOMPLETE) {
        bool stopped;
        char *line = read_line(source ? 2 : 1, &stopped);
        if (!line) {
            bool at_end = !stopped && !source;
            if (!stopped && source) status = mini_run_interactive(session, source_append(source, ""));
            else free(source);
            if (stopped) return GO_ON;
            return at_end ? END_OF_INPUT : report(status);
        }
        remember(line);
        source = source_append(source, line);
        free(line);
        if (!source) return GO_ON;
        status = mini_run_interactive(session, source);
    }
    free(source);
    return report(status);
}

int repl_run(MiniVm *vm, bool greet) {
    session = vm;
    rl_readline_name = "mini";
    rl_attempted_completion_function = complete;
    rl_completer_word_break_characters = " \t\n`~!@#$%^&*()-=+[{]}\\|;:'\",<>/?";
    rl_catch_signals = 0;
    rl_signal_event_hook = on_signal;
    rl_event_hook = on_signal;
    using_history();
    stifle_history(HISTORY_LINES);
    char *path = history_path();
    if (path) read_history(path);
    if (greet) printf("mini %s (Python 3.13 syntax). Ctrl-D or exit() leaves.\n", mini_version());
    mini_add_path(vm, "");
    Ended ended;
    do ended = statement();
    while (ended == GO_ON);
    if (ended == END_OF_INPUT) printf("\n");
    if (path) write_history(path);
    free(path);
    session = NULL;
    return ended == EXITED ? mini_exit_status(vm) : 0;
}
