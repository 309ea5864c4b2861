/* What the files of the `mini` program share. */
#ifndef MINI_CLI_CLI_H
#define MINI_CLI_CLI_H

#include <stdbool.h>

#include "mini.h"

#define STATUS_INTERRUPTED 130  /* then the program ends by SIGINT itself */
#define STATUS_FLUSH_FAILED 120 /* as CPython: standard output could not be written */
#define STATUS_LEAKED 70        /* test mode */
#define STATUS_LEAKS_FOUND 3    /* --leaks=error */

typedef enum LeakReport { LEAKS_OFF, LEAKS_TEXT, LEAKS_JSON, LEAKS_ERROR } LeakReport;

typedef struct Options {
    const char *script, *command, *module;
    char **args; /* behind the script, -c text or -m module */
    int arg_count;
    int optimize;
    LeakReport leaks;
    bool interactive, quiet, unbuffered, skip_first, disassemble, help, version;
} Options;

/* Reads the command line. 0, or the exit status after a message about bad usage. */
int options_read(Options *o, int argc, char **argv);
/* An interactive session on the terminal; the exit status. */
int repl_run(MiniVm *vm, bool greet);

#endif
