/* The command line: options up to the script, -c or -m; everything behind is the script's. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

static int bad_usage(const char *what, const char *option) {
    fprintf(stderr, "mini: %s%s (try `mini -h')\n", what, option);
    return 2;
}

static int long_option(Options *o, const char *text) {
    if (!strcmp(text, "--dis")) o->disassemble = true;
    else if (!strcmp(text, "--leaks")) o->leaks = LEAKS_TEXT;
    else if (!strcmp(text, "--leaks=json")) o->leaks = LEAKS_JSON;
    else if (!strcmp(text, "--leaks=error")) o->leaks = LEAKS_ERROR;
    else if (!strcmp(text, "--help")) o->help = true;
    else if (!strcmp(text, "--version")) o->version = true;
    else return bad_usage("unknown option ", text);
    return 0;
}

static bool flag(Options *o, char letter) {
    switch (letter) {
    case 'i': return o->interactive = true;
    case 'O': return ++o->optimize > 0;
    case 'q': return o->quiet = true;
    case 'u': return o->unbuffered = true;
    case 'x': return o->skip_first = true;
    case 'V': return o->version = true;
    case 'h': return o->help = true;
    case 'B':
    case 'E':
    case 'I':
    case 's':
    case 'S': return true; /* CPython's: nothing to do */
    default: return false;
    }
}

/* One argument of letters, -uO or -c TEXT. *last: the options end here. *next: the index behind what was used. */
static int short_options(Options *o, char **argv, int argc, int *next, bool *last) {
    const char *text = argv[*next - 1];
    for (const char *letter = text + 1; *letter; letter++) {
        char option[3] = {'-', *letter, 0};
        if (flag(o, *letter)) continue;
        if (!strchr("cmW", *letter)) return bad_usage("unknown option ", option);
        const char *value = letter[1] ? letter + 1 : *next < argc ? argv[(*next)++] : NULL;
        if (!value) return bad_usage("argument expected for ", option);
        if (*letter == 'c') o->command = value;
        if (*letter == 'm') o->module = value;
        *last = *letter != 'W'; /* -W is read and left to warnings */
        return 0;
    }
    return 0;
}

int options_read(Options *o, int argc, char **argv) {
    int next = 1;
    bool last = false;
    while (next < argc && !last && argv[next][0] == '-' && argv[next][1]) {
        const char *text = argv[next++];
        if (!strcmp(text, "--")) break;
        int bad = text[1] == '-' ? long_option(o, text) : short_options(o, argv, argc, &next, &last);
        if (bad) return bad;
    }
    if (!o->command && !o->module && next < argc) o->script = argv[next++];
    o->args = argv + next;
    o->arg_count = argc - next;
    return 0;
}
