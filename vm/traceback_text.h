/* What the files that write tracebacks share. Private to vm/traceback_*.c.
 *
 * A Printer collects the report's text. Inside exception groups each line gets a prefix, two spaces a level and a margin; nobody but the
 * printer knows. */
#ifndef MINI_VM_TRACEBACK_TEXT_H
#define MINI_VM_TRACEBACK_TEXT_H

#include "vm/source.h"
#include "vm/types/exception.h"
#include "vm/types/str.h"

typedef struct Printer {
    Vm *vm;
    StrBuilder out;
    SourceCache sources;
    int depth;       /* of exception groups */
    char margin;     /* '|', '+', or 0: two spaces a level and nothing else */
    bool inside;     /* a line has been begun */
    bool need_close; /* the innermost group that ends here has to draw the box's last line */
    bool color;
} Printer;

/* Pieces of text, with any number of newlines. (traceback_format.c) */
void printer_add(Printer *p, const char *utf8, size_t length);
void printer_ascii(Printer *p, const char *text);
void printer_str(Printer *p, const Str *s);
/* Text in an ANSI colour ("1;31") when the printer has colours. */
void printer_color(Printer *p, const char *code);
void printer_plain(Printer *p);
#define COLOR_RED "31"
#define COLOR_BOLD_RED "1;31"
#define COLOR_MAGENTA "35"
#define COLOR_BOLD_MAGENTA "1;35"

/* The source lines of a frame, with carets (traceback_excerpt.c). position.line 0: none. */
void excerpt_print(Printer *p, Str *filename, CodePosition position);

/* --- traceback_carets.c --- */
/* The part of an expression that matters: a binary operator, or the brackets of a call or subscript. Lines from 0; offsets in
 * bytes, in the first line counted from the segment's start. */
typedef struct Anchors {
    bool found;
    uint32_t left_line, left_offset, right_line, right_offset;
} Anchors;
/* segment: text of the expression that failed. */
Anchors anchors_find(Arena *arena, Text segment);
/* Whether carets would tell nothing: the text is no code at all, or `return f(...)` or `x = f(...)` over all `line_count` lines, the
 * call standing at columns start (of the first line) to end (of the last). */
bool carets_are_pointless(Arena *arena, Text text, uint32_t line_count, uint32_t start, uint32_t end);

/* "x", "self.x": what was probably meant by the name that a NameError, AttributeError or ImportError complains of. A Str, VALUE_NONE; never
 * raises (traceback_suggest.c). */
Value suggestion_for(Vm *vm, Value exception);
/* Whether a module of the standard library has this name. */
bool stdlib_has_module(const Str *name);

#endif
