/* The source lines of one frame in a traceback, with carets under the part that was being executed.
 *
 * What is printed where follows CPython 3.13: a range of several lines shows its first and last line and those around the operator or
 * bracket; the lines between become "...<N lines>..."; there are no carets when the range is all there is to see.
 * Offsets are bytes until carets are drawn; a caret line counts columns, wide characters taking two. */
#include "vm/traceback_text.h"

#include <stdio.h>
#include <utf8proc.h>

/* A printed line: source text, with the line of carets below it where has_carets. */
typedef struct Row {
    Text text, carets;
    bool has_carets;
} Row;

typedef struct Excerpt {
    Arena arena;
    Text *lines;     /* of the range, dedented; `count` of them */
    uint32_t count;
    uint32_t start, end;                 /* of the range: in the first line, in the last line */
    uint32_t start_column, end_column;
    Anchors anchors;
    uint32_t left_column, right_column;  /* of the anchors */
    bool show_carets;
    Row *rows;
    uint32_t row_count;
} Excerpt;

/* --- dedenting --- */

static uint32_t indentation(Text line) {
    uint32_t n = 0;
    while (n < line.length && (line.data[n] == ' ' || line.data[n] == '\t')) n++;
    return n;
}

/* Length of the white space that *margin (its length; UINT32_MAX: none yet) and the line begin with. */
static void margin_narrow(Text line, Text *margin, bool *known) {
    uint32_t n = indentation(line);
    if (n == line.length) return;
    if (!*known) {
        *margin = (Text){line.data, n};
        *known = true;
        return;
    }
    uint32_t common = 0;
    while (common < n && common < margin->length && line.data[common] == margin->data[common]) common++;
    margin->length = common;
}

/* A line without the margin; a blank line becomes empty. */
static Text line_dedented(Text line, uint32_t margin) {
    if (indentation(line) == line.length) return (Text){line.data, 0};
    return (Text){line.data + margin, line.length - margin};
}

/* --- columns --- */

/* Columns that the first `offset` bytes of the line take. */
static uint32_t display_columns(Text line, uint32_t offset, bool wide_counts) {
    uint32_t columns = 0;
    if (offset > line.length) offset = line.length;
    for (uint32_t i = 0; i < offset;) {
        utf8proc_int32_t c;
        utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)line.data + i, offset - i, &c);
        if (n <= 0) n = 1, c = '?';
        columns += wide_counts && c >= 0x1100 && utf8proc_charwidth(c) == 2 ? 2 : 1;
        i += (uint32_t)n;
    }
    return columns;
}

/* --- the range --- */

/* Reads the lines of the range. false: there is nothing to show. */
static bool excerpt_read(Excerpt *x, Printer *p, Str *filename, CodePosition position) {
    Text margin = {"", 0};
    bool known = false;
    x->count = (uint32_t)(position.end_line - position.line) + 1;
    x->lines = arena_alloc(&x->arena, x->count * sizeof(Text));
    if (!x->lines) return false;
    for (uint32_t i = 0; i < x->count; i++) {
        x->lines[i] = source_cache_line(&p->sources, filename, position.line + (int)i);
        margin_narrow(x->lines[i], &margin, &known);
    }
    if (!known) return false;
    Text first = x->lines[0], last = x->lines[x->count - 1];
    uint32_t start = (uint32_t)position.column, end = (uint32_t)position.end_column;
    if (start > first.length) start = first.length;
    if (end > last.length) end = last.length;
    for (uint32_t i = 0; i < x->count; i++) x->lines[i] = line_dedented(x->lines[i], margin.length);
    uint32_t removed = first.length - x->lines[0].length;
    x->start = start > removed ? start - removed : 0;
    x->end = end > removed ? end - removed : 0;
    if (x->end > x->lines[x->count - 1].length) x->end = x->lines[x->count - 1].length;
    return true;
}

/* All lines joined. */
static Text excerpt_join(Excerpt *x) {
    uint32_t length = x->count - 1, at = 0;
    for (uint32_t i = 0; i < x->count; i++) length += x->lines[i].length;
    char *text = arena_alloc(&x->arena, length + 1);
    if (!text) return (Text){NULL, 0};
    for (uint32_t i = 0; i < x->count; i++) {
        if (i) text[at++] = '\n';
        memcpy(text + at, x->lines[i].data, x->lines[i].length);
        at += x->lines[i].length;
    }
    return (Text){text, length};
}

static bool is_blank_text(const char *text, uint32_t length) {
    for (uint32_t i = 0; i < length; i++)
        if (text[i] != ' ' && (text[i] < '\t' || text[i] > '\r')) return false;
    return true;
}

static bool covers_all(const Excerpt *x) {
    Text first = x->lines[0], last = x->lines[x->count - 1];
    return is_blank_text(first.data, x->start) && is_blank_text(last.data + x->end, last.length - x->end);
}

static void excerpt_find_anchors(Excerpt *x, Text all) {
    uint32_t tail = x->lines[x->count - 1].length - x->end;
    if (x->start + tail < all.length) {
        Text segment = {all.data + x->start, all.length - tail - x->start};
        x->anchors = anchors_find(&x->arena, segment);
    }
    Anchors *a = &x->anchors;
    if (a->found && (a->left_line >= x->count || a->right_line >= x->count)) a->found = false;
    if (!a->found) return;
    if (a->left_line == 0) a->left_offset += x->start;
    if (a->right_line == 0) a->right_offset += x->start;
    x->left_column = display_columns(x->lines[a->left_line], a->left_offset, true);
    x->right_column = display_columns(x->lines[a->right_line], a->right_offset, true);
}

static void excerpt_analyse(Excerpt *x) {
    Text all = excerpt_join(x), first = x->lines[0], last = x->lines[x->count - 1];
    x->start_column = display_columns(first, x->start, true);
    x->end_column = display_columns(last, x->end, true);
    if (!all.data) return;
    excerpt_find_anchors(x, all);
    uint32_t start = display_columns(first, x->start, false), end = display_columns(last, x->end, false);
    if (carets_are_pointless(&x->arena, all, x->count, start, end)) return;
    x->show_carets = x->anchors.found || !covers_all(x);
}

/* --- rows --- */

static bool is_between_anchors(const Excerpt *x, uint32_t line, uint32_t column) {
    const Anchors *a = &x->anchors;
    if (line < a->left_line || (line == a->left_line && column < x->left_column)) return false;
    return line < a->right_line || (line == a->right_line && column < x->right_column);
}

static Text caret_line(Excerpt *x, uint32_t line) {
    Text text = x->lines[line];
    uint32_t count = line == x->count - 1 ? x->end_column : display_columns(text, text.length, true), blank = 0;
    while (blank < text.length && is_blank_text(text.data + blank, 1)) blank++;
    char *carets = arena_alloc(&x->arena, count + 1);
    if (!carets) return (Text){"", 0};
    for (uint32_t i = 0; i < count; i++) {
        if (i < blank || (line == 0 && i < x->start_column)) carets[i] = ' ';
        else carets[i] = !x->anchors.found || is_between_anchors(x, line, i) ? '^' : '~';
    }
    return (Text){carets, count};
}

static void add_line(Excerpt *x, uint32_t line) {
    Row *row = &x->rows[x->row_count++];
    row->text = x->lines[line];
    row->has_carets = x->show_carets;
    row->carets = x->show_carets ? caret_line(x, line) : (Text){"", 0};
}

static void add_gap(Excerpt *x, uint32_t skipped) {
    char text[48];
    int length = snprintf(text, sizeof text, "...<%u lines>...", skipped);
    char *copy = arena_copy(&x->arena, text, (size_t)length);
    if (copy) x->rows[x->row_count++] = (Row){.text = {copy, (uint32_t)length}};
}

static bool is_significant(const Excerpt *x, uint32_t line) {
    const Anchors *a = &x->anchors;
    if (line == 0 || line == x->count - 1) return true;
    if (!a->found) return false;
    return (line + 1 >= a->left_line && line <= a->left_line + 1) || (line + 1 >= a->right_line && line <= a->right_line + 1);
}

static bool excerpt_fill_rows(Excerpt *x) {
    uint32_t last = 0;
    x->rows = arena_alloc(&x->arena, 2 * x->count * sizeof(Row));
    if (!x->rows) return false;
    add_line(x, 0);
    for (uint32_t line = 1; line < x->count; line++) {
        if (!is_significant(x, line)) continue;
        if (line - last == 2) add_line(x, line - 1);
        else if (line - last > 2) add_gap(x, line - last - 1);
        add_line(x, line);
        last = line;
    }
    return true;
}

/* --- printing --- */

static const char *caret_color(char c) { return c == '^' ? COLOR_BOLD_RED : c == '~' ? COLOR_RED : NULL; }

/* A line, its characters in the colours of the carets that stand at the same place in `carets`. */
static void print_colored(Printer *p, Text line, Text carets) {
    const char *now = NULL;
    for (uint32_t i = 0, at = 0; i < line.length; at++) {
        uint32_t n = 1;
        while (i + n < line.length && ((uint8_t)line.data[i + n] & 0xc0) == 0x80) n++;
        const char *wanted = at < carets.length ? caret_color(carets.data[at]) : NULL;
        if (wanted != now && now) printer_plain(p);
        if (wanted != now && wanted) printer_color(p, wanted);
        now = wanted;
        printer_add(p, line.data + i, n);
        i += n;
    }
    if (now) printer_plain(p);
}

static void print_line(Printer *p, Text line, Text carets, uint32_t margin) {
    Text shown = line_dedented(line, margin);
    printer_ascii(p, "    ");
    if (p->color && carets.length > margin && shown.length)
        print_colored(p, shown, (Text){carets.data + margin, carets.length - margin});
    else printer_add(p, shown.data, shown.length);
    printer_ascii(p, "\n");
}

static void print_rows(Printer *p, const Excerpt *x) {
    Text margin = {"", 0};
    bool known = false;
    for (uint32_t i = 0; i < x->row_count; i++) {
        margin_narrow(x->rows[i].text, &margin, &known);
        if (x->rows[i].has_carets) margin_narrow(x->rows[i].carets, &margin, &known);
    }
    for (uint32_t i = 0; i < x->row_count; i++) {
        const Row *row = &x->rows[i];
        print_line(p, row->text, row->carets, margin.length);
        if (row->has_carets) print_line(p, row->carets, row->carets, margin.length);
    }
}

/* Only the first line, when no columns are known. */
static void print_first_line(Printer *p, Text line) {
    uint32_t blank = 0;
    while (blank < line.length && is_blank_text(line.data + blank, 1)) blank++;
    if (blank == line.length) return;
    printer_ascii(p, "    ");
    printer_add(p, line.data + blank, line.length - blank);
    printer_ascii(p, "\n");
}

void excerpt_print(Printer *p, Str *filename, CodePosition position) {
    if (position.line <= 0) return;
    if (position.end_line < position.line) position.end_line = position.line;
    if (position.column < 0 || position.end_column < 0) {
        print_first_line(p, source_cache_line(&p->sources, filename, position.line));
        return;
    }
    Excerpt x = {0};
    arena_init_vm(&x.arena, p->vm);
    if (excerpt_read(&x, p, filename, position)) {
        excerpt_analyse(&x);
        if (excerpt_fill_rows(&x)) print_rows(p, &x);
    }
    arena_release(&x.arena);
}
