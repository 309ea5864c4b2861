/* The report of an exception as CPython 3.13 prints it: tracebacks, chained exceptions, notes, syntax errors, the boxes of exception
 * groups.
 *
 * First the exceptions that belong together (causes, contexts, members of groups) are found and become Reports, each exception once;
 * then they are printed, the first cause first. Script code may run on the way (__str__, __repr__, __notes__); what it
 * raises is shown as "<exception str() failed>".
 *
 * To change a frame's source lines: traceback_excerpt.c; suggestions: traceback_suggest.c. */
#include "vm/traceback_text.h"

#include "vm/ops.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/set.h"
#include "vm/vm.h"

#define REPEAT_LIMIT 3      /* equal lines are shown so many times */
#define GROUP_WIDTH_MAX 15  /* members of a group that are shown */
#define GROUP_DEPTH_MAX 10

/* --- the printer --- */

static void line_begin(Printer *p) {
    p->inside = true;
    for (int i = 0; i < 2 * p->depth; i++) builder_add_char(&p->out, ' ');
    if (!p->depth || !p->margin) return;
    builder_add_char(&p->out, (uint32_t)p->margin);
    builder_add_char(&p->out, ' ');
}

void printer_add(Printer *p, const char *utf8, size_t length) {
    while (length) {
        const char *newline = memchr(utf8, '\n', length);
        size_t n = newline ? (size_t)(newline - utf8) + 1 : length;
        if (!p->inside) line_begin(p);
        builder_add_utf8(&p->out, utf8, n);
        if (newline) p->inside = false;
        utf8 += n;
        length -= n;
    }
}

void printer_ascii(Printer *p, const char *text) { printer_add(p, text, strlen(text)); }

void printer_str(Printer *p, const Str *s) {
    size_t start = 0;
    while (start < s->length) {
        size_t end = start;
        while (end < s->length && str_at(s, end) != '\n') end++;
        if (!p->inside) line_begin(p);
        bool newline = end < s->length;
        builder_add_range(&p->out, s, start, end + newline);
        if (newline) p->inside = false;
        start = end + newline;
    }
}

void printer_color(Printer *p, const char *code) {
    if (!p->color) return;
    printer_ascii(p, "\x1b[");
    printer_ascii(p, code);
    printer_ascii(p, "m");
}

void printer_plain(Printer *p) {
    if (p->color) printer_ascii(p, "\x1b[0m");
}

static void printer_colored(Printer *p, const char *code, Value text) {
    printer_color(p, code);
    if (value_is_str(text)) printer_str(p, value_str_peek(text));
    printer_plain(p);
}

/* str() or repr() of v, or what stands for it when that fails: "<note str() failed>". New Str, or VALUE_ERROR without memory. */
static Value safe_text(Vm *vm, Value v, const char *what, bool repr) {
    Value text = repr ? value_repr(vm, v) : value_str(vm, v);
    if (!value_is_error(text)) return text;
    error_clear(vm);
    return str_format(vm, "<%s %s() failed>", what, repr ? "repr" : "str");
}

/* Prints and releases it. */
static void printer_text_take(Printer *p, Value text) {
    if (value_is_error(text)) {
        error_clear(p->vm);
        return;
    }
    printer_str(p, value_str_peek(text));
    value_release(p->vm, text);
}

/* --- frames --- */

static void print_number(Printer *p, int n) {
    char text[16];
    int k = sizeof text;
    unsigned u = n < 0 ? 0 : (unsigned)n;
    text[--k] = 0;
    do text[--k] = (char)('0' + u % 10);
    while (u /= 10);
    printer_color(p, COLOR_MAGENTA);
    printer_ascii(p, text + k);
    printer_plain(p);
}

/* What was typed at the prompt is told apart as "<stdin>-7". */
static bool is_prompt(const Str *filename) {
    static const char prefix[] = "<stdin>-";
    for (size_t i = 0; i < sizeof prefix - 1; i++)
        if (i >= filename->length || str_at(filename, i) != (uint32_t)prefix[i]) return false;
    return true;
}

/* File "x", line 1 */
static void print_place(Printer *p, const Str *filename, int line) {
    printer_ascii(p, "  File ");
    printer_color(p, COLOR_MAGENTA);
    printer_ascii(p, "\"");
    if (is_prompt(filename)) printer_ascii(p, "<stdin>");
    else printer_str(p, filename);
    printer_ascii(p, "\"");
    printer_plain(p);
    printer_ascii(p, ", line ");
    print_number(p, line);
}

/* What the entry was doing; where the code does not tell, the line that the entry itself has. */
static CodePosition entry_position(Traceback *t) {
    CodePosition position = code_position(t->frame->code, t->offset);
    int line = traceback_line(t);
    return position.line > 0 ? position : (CodePosition){line, line, -1, -1};
}

static void print_frame(Printer *p, Traceback *t, CodePosition position) {
    Code *code = t->frame->code;
    print_place(p, code->filename, position.line);
    printer_ascii(p, ", in ");
    printer_colored(p, COLOR_MAGENTA, value_from_object(code->name));
    printer_ascii(p, "\n");
    excerpt_print(p, code->filename, position);
}

static void print_repeats(Printer *p, int count) {
    if (count <= REPEAT_LIMIT) return;
    int more = count - REPEAT_LIMIT;
    printer_text_take(p, str_format(p->vm, "  [Previous line repeated %d more time%s]\n", more, more > 1 ? "s" : ""));
}

/* The traceback's entries from `t` on. */
static void print_stack(Printer *p, Traceback *t) {
    const Code *last_code = NULL;
    int last_line = -1, count = 0;
    for (; t; t = t->next) {
        const Code *code = t->frame->code;
        CodePosition position = entry_position(t);
        bool same = last_code && position.line == last_line &&
                    (code == last_code || (str_equal(code->filename, last_code->filename) && str_equal(code->name, last_code->name)));
        if (!same) {
            print_repeats(p, count);
            count = 0;
        }
        last_code = code;
        last_line = position.line;
        if (++count <= REPEAT_LIMIT) print_frame(p, t, position);
    }
    print_repeats(p, count);
}

/* sys.tracebacklimit: only the innermost entries are shown. NULL: none. */
static Traceback *first_shown(Vm *vm, Traceback *t) {
    Value limit = VALUE_EMPTY;
    if (value_is_module(vm->sys_module)) limit = dict_peek_ascii(vm, ((Module *)value_object(vm->sys_module))->dict, "tracebacklimit");
    int64_t most, length = 0;
    if (!value_is_int(limit) || !int_to_i64(limit, &most)) return t;
    for (const Traceback *at = t; at; at = at->next) length++;
    if (most < 0) most = 0;
    while (t && length-- > most) t = t->next;
    return t;
}

/* --- the exception itself --- */

/* "module.Name"; the module is left out for built-in types and those of the program. */
static void print_type_name(Printer *p, Value exception) {
    Vm *vm = p->vm;
    Value type = value_from_object(value_type(vm, exception));
    Value module = value_get_attr(vm, type, NAME(vm, __module__)), name = value_get_attr(vm, type, NAME(vm, __qualname__));
    if (value_is_error(module) || value_is_error(name)) error_clear(vm);
    printer_color(p, COLOR_BOLD_MAGENTA);
    if (!value_is_str(module)) {
        printer_ascii(p, "<unknown>.");
    } else if (!str_equal(value_str_peek(module), NAME(vm, __main__)) && !str_equal(value_str_peek(module), NAME(vm, builtins))) {
        printer_str(p, value_str_peek(module));
        printer_ascii(p, ".");
    }
    if (value_is_str(name)) printer_str(p, value_str_peek(name));
    printer_plain(p);
    if (!value_is_error(module)) value_release(vm, module);
    if (!value_is_error(name)) value_release(vm, name);
}

/* str(exception) with what was probably meant. New Str, or VALUE_ERROR without memory. */
static Value message_text(Vm *vm, Value exception) {
    Value text = safe_text(vm, exception, "exception", false);
    if (value_is_error(text)) return text;
    Value meant = suggestion_for(vm, exception), result;
    Value name = value_is_instance(vm, exception, vm->exception_types[EXC_NameError]) ? value_exception(exception)->extra[EXTRA_NAME] : VALUE_NONE;
    bool forgotten = value_is_str(name) && stdlib_has_module(value_str_peek(name));
    if (value_is_none(meant) && !forgotten) return text;
    if (value_is_none(meant)) result = str_format(vm, "%S. Did you forget to import '%S'?", text, name);
    else if (!forgotten) result = str_format(vm, "%S. Did you mean: '%S'?", text, meant);
    else result = str_format(vm, "%S. Did you mean: '%S'? Or did you forget to import '%S'?", text, meant, name);
    value_release(vm, text);
    value_release(vm, meant);
    return result;
}

static void print_final_line(Printer *p, Value exception) {
    Value text = message_text(p->vm, exception);
    print_type_name(p, exception);
    if (value_is_str(text) && value_str_peek(text)->length) {
        printer_ascii(p, ": ");
        printer_colored(p, COLOR_MAGENTA, text);
    }
    printer_ascii(p, "\n");
    if (value_is_error(text)) error_clear(p->vm);
    else value_release(p->vm, text);
}

/* --- syntax errors --- */

static bool small_extra(const Value *extra, int index, int64_t *out) { return value_is_int(extra[index]) && int_to_i64(extra[index], out); }

/* The range of carets in the line, from 0; counted in the line without its indentation. */
static void caret_range(const Value *extra, int64_t length, int64_t whole, int64_t spaces, int64_t *start, int64_t *end) {
    int64_t offset = 0, end_offset = 0, line, end_line;
    small_extra(extra, EXTRA_OFFSET, &offset);
    bool known = small_extra(extra, EXTRA_LINENO, &line), end_known = small_extra(extra, EXTRA_END_LINENO, &end_line);
    if (known == end_known && (!known || line == end_line)) {
        if (!small_extra(extra, EXTRA_END_OFFSET, &end_offset) || end_offset == 0) end_offset = offset;
    } else {
        end_offset = length + 1;
    }
    if (whole && offset > whole) offset = length + 1;
    if (whole && end_offset > whole) end_offset = length + 1;
    if (offset >= end_offset || end_offset < 0) end_offset = offset + 1;
    *start = offset - 1 - spaces;
    *end = end_offset - 1 - spaces;
}

static void print_carets(Printer *p, const Str *text, int64_t spaces, int64_t length, int64_t start, int64_t end) {
    printer_ascii(p, "    ");
    for (int64_t i = spaces; i < spaces + start && i < length; i++) { /* tabs are kept, so that carets stand where the text does */
        uint32_t c = str_at(text, (size_t)i);
        builder_add_char(&p->out, char_is_space(c) ? c : ' ');
    }
    printer_color(p, COLOR_BOLD_RED);
    for (int64_t i = start; i < end; i++) printer_ascii(p, "^");
    printer_plain(p);
    printer_ascii(p, "\n");
}

static void print_part(Printer *p, Str *text, int64_t start, int64_t end) {
    Str *part = end > start ? str_substring(p->vm, text, (size_t)start, (size_t)end) : NULL;
    if (part) printer_str(p, part);
    else error_clear(p->vm);
    release_object(p->vm, part);
}

/* The line of a syntax error, its part from start to end (counted behind the indentation) in colour. */
static void print_syntax_line(Printer *p, Str *text, int64_t spaces, int64_t length, int64_t start, int64_t end) {
    printer_ascii(p, "    ");
    int64_t from = spaces + start, to = spaces + end;
    if (from > length) from = length;
    if (to > length) to = length;
    if (!p->color || start < 0) from = to = spaces;
    print_part(p, text, spaces, from);
    if (p->color && start >= 0) {
        printer_color(p, COLOR_BOLD_RED);
        print_part(p, text, from, to);
        printer_plain(p);
    }
    print_part(p, text, to, length);
    printer_ascii(p, "\n");
}

static void print_syntax_source(Printer *p, const Value *extra) {
    Str *text = value_str_peek(extra[EXTRA_TEXT]);
    int64_t length = (int64_t)text->length, spaces = 0, start = -1, end = -1;
    while (length > 0 && str_at(text, (size_t)length - 1) == '\n') length--;
    while (spaces < length && memchr(" \n\f", (int)str_at(text, (size_t)spaces), 3) && str_at(text, (size_t)spaces) < 0x80) spaces++;
    bool has_offset = value_is_int(extra[EXTRA_OFFSET]);
    if (has_offset) caret_range(extra, length, (int64_t)text->length, spaces, &start, &end);
    print_syntax_line(p, text, spaces, length, start, end);
    if (has_offset && start >= 0) print_carets(p, text, spaces, length, start, end);
}

static void print_syntax_error(Printer *p, Value exception) {
    const Value *extra = value_exception(exception)->extra;
    Vm *vm = p->vm;
    Value file = extra[EXTRA_SYNTAX_FILENAME], line = extra[EXTRA_LINENO], msg = extra[EXTRA_SYNTAX_MSG];
    bool has_line = !value_is_empty(line) && !value_is_none(line), has_file = !value_is_empty(file) && !value_is_none(file);
    if (has_line) {
        Value name = has_file ? safe_text(vm, file, "filename", false) : value_retain(value_from_object(NAME(vm, anonymous_string)));
        Value number = safe_text(vm, line, "lineno", false);
        printer_ascii(p, "  File ");
        printer_color(p, COLOR_MAGENTA);
        printer_ascii(p, "\"");
        if (value_is_str(name) && is_prompt(value_str_peek(name))) printer_ascii(p, "<stdin>");
        else if (value_is_str(name)) printer_str(p, value_str_peek(name));
        if (!value_is_error(name)) value_release(vm, name);
        printer_ascii(p, "\"");
        printer_plain(p);
        printer_ascii(p, ", line ");
        printer_colored(p, COLOR_MAGENTA, number);
        printer_ascii(p, "\n");
        if (!value_is_error(number)) value_release(vm, number);
        error_clear(vm);
    }
    if (value_is_str(extra[EXTRA_TEXT])) print_syntax_source(p, extra);
    print_type_name(p, exception);
    printer_ascii(p, ": ");
    bool has_msg = !value_is_empty(msg) && value_truth(vm, msg) > 0;
    Value text = has_msg ? safe_text(vm, msg, "msg", false) : str_format(vm, "<no detail available>");
    printer_colored(p, COLOR_MAGENTA, text);
    if (!value_is_error(text)) value_release(vm, text);
    if (!has_line && has_file) printer_text_take(p, str_format(vm, " (%S)", file));
    printer_ascii(p, "\n");
}

/* --- notes --- */

static void print_note(Printer *p, Value note) {
    printer_text_take(p, safe_text(p->vm, note, "note", false));
    printer_ascii(p, "\n");
}

static bool is_note_sequence(const Vm *vm, Value v) {
    return value_is_list(v) || value_is_tuple(v) || (value_type(vm, v)->flags & TYPE_FLAG_SEQUENCE && !value_is_str(v));
}

static bool print_each_note(Vm *vm, Value note, void *arg) {
    (void)vm;
    print_note(arg, note);
    return true;
}

static void print_notes(Printer *p, Value exception) {
    Vm *vm = p->vm;
    Value notes = value_find_attr(vm, exception, NAME(vm, __notes__));
    if (value_is_error(notes)) {
        Value error = error_fetch(vm);
        Value repr = safe_text(vm, error, "__notes__", true);
        if (!value_is_error(repr)) printer_text_take(p, str_format(vm, "Ignored error getting __notes__: %S\n", repr));
        value_release(vm, repr);
        value_release(vm, error);
        return;
    }
    if (value_is_empty(notes) || value_is_none(notes)) {
        value_release(vm, notes);
        return;
    }
    if (is_note_sequence(vm, notes)) {
        if (!value_each(vm, notes, print_each_note, p)) error_clear(vm);
    } else {
        printer_text_take(p, safe_text(vm, notes, "__notes__", true));
        printer_ascii(p, "\n");
    }
    value_release(vm, notes);
}

static void print_exception_only(Printer *p, Value exception) {
    if (value_is_instance(p->vm, exception, p->vm->exception_types[EXC_SyntaxError])) print_syntax_error(p, exception);
    else print_final_line(p, exception);
    print_notes(p, exception);
}

/* --- what belongs together --- */

typedef struct Report Report;
struct Report {
    Value exception; /* held by Collection.all */
    Report *earlier; /* the exception that this one was raised because of, or while it was handled */
    Report *later;   /* the other way round; set while printing */
    Report **members; /* of a group */
    size_t member_count;
    bool is_group, is_cause;
    Report *waiting; /* the next of those whose causes and members have not been looked at */
};

typedef struct Collection {
    Vm *vm;
    Arena arena;
    List *all;  /* keeps the exceptions alive */
    Set *seen;  /* their addresses */
    Report *waiting;
} Collection;

static bool was_seen(Collection *c, Value exception) {
    Value key = value_from_small((int64_t)exception.bits);
    return set_contains(c->vm, c->seen, key) != 0;
}

static Report *collect(Collection *c, Value exception) {
    Report *report = arena_alloc(&c->arena, sizeof *report);
    bool ok = report && list_append(c->vm, c->all, exception) && set_add(c->vm, c->seen, value_from_small((int64_t)exception.bits));
    if (!ok) return NULL;
    report->exception = exception;
    return report;
}

static void put_waiting(Collection *c, Report *report) {
    if (!report) return;
    report->waiting = c->waiting;
    c->waiting = report;
}

static bool collect_earlier(Collection *c, Report *report) {
    ExceptionObject *e = value_exception(report->exception);
    Value from = VALUE_EMPTY;
    bool has_cause = value_is_exception(e->cause) && !was_seen(c, e->cause);
    if (has_cause) from = e->cause;
    else if (value_is_exception(e->context) && !e->suppress_context && !was_seen(c, e->context)) from = e->context;
    if (value_is_empty(from)) return true;
    report->is_cause = has_cause;
    report->earlier = collect(c, from);
    return report->earlier != NULL;
}

static bool collect_members(Collection *c, Report *report) {
    Value exceptions = value_exception(report->exception)->extra[EXTRA_GROUP_EXCEPTIONS];
    if (!value_is_tuple(exceptions)) return true;
    size_t count = value_tuple(exceptions)->count;
    report->is_group = true;
    report->members = arena_alloc(&c->arena, count * sizeof(Report *));
    if (!report->members) return false;
    for (size_t i = 0; i < count; i++) {
        report->members[i] = collect(c, value_tuple(exceptions)->items[i]);
        if (!report->members[i]) return false;
    }
    report->member_count = count;
    return true;
}

/* The last one found is looked at first: which of two exceptions shows what they share depends on it. */
static bool collect_all(Collection *c, Report *first) {
    put_waiting(c, first);
    while (c->waiting) {
        Report *report = c->waiting;
        c->waiting = report->waiting;
        if (!collect_earlier(c, report)) return false;
        bool is_group = value_is_instance(c->vm, report->exception, c->vm->exception_types[EXC_BaseExceptionGroup]);
        if (is_group && !collect_members(c, report)) return false;
        put_waiting(c, report->earlier);
        for (size_t i = 0; i < report->member_count; i++) put_waiting(c, report->members[i]);
    }
    return true;
}

/* --- printing it all --- */

static void print_chain(Printer *p, Report *report);

static void print_title(Printer *p, size_t index, bool truncated) {
    p->margin = 0;
    printer_ascii(p, index == 0 ? "+-" : "  ");
    if (truncated) printer_ascii(p, "+---------------- ... ----------------\n");
    else printer_text_take(p, str_format(p->vm, "+---------------- %zu ----------------\n", index + 1));
    p->margin = '|';
}

/* Members have no colours in CPython either. */
static void print_members(Printer *p, Report *report) {
    bool color = p->color;
    size_t count = report->member_count, shown = count > GROUP_WIDTH_MAX ? GROUP_WIDTH_MAX + 1 : count;
    p->need_close = false;
    p->color = false;
    for (size_t i = 0; i < shown; i++) {
        bool truncated = i >= GROUP_WIDTH_MAX;
        if (i == shown - 1) p->need_close = true; /* by whoever ends there */
        print_title(p, i, truncated);
        p->depth++;
        if (truncated) {
            size_t more = count - GROUP_WIDTH_MAX;
            printer_text_take(p, str_format(p->vm, "and %zu more exception%s\n", more, more > 1 ? "s" : ""));
        } else {
            print_chain(p, report->members[i]);
        }
        if (i == shown - 1 && p->need_close) {
            p->margin = 0;
            printer_ascii(p, "+------------------------------------\n");
            p->margin = '|';
            p->need_close = false;
        }
        p->depth--;
    }
    p->color = color;
}

static void print_group(Printer *p, Report *report, Traceback *stack) {
    bool outermost = p->depth == 0;
    if (p->depth > GROUP_DEPTH_MAX) {
        printer_text_take(p, str_format(p->vm, "... (max_group_depth is %d)\n", GROUP_DEPTH_MAX));
        return;
    }
    if (outermost) p->depth = 1;
    if (stack) {
        p->margin = outermost ? '+' : '|';
        printer_ascii(p, "Exception Group Traceback (most recent call last):\n");
        p->margin = '|';
        print_stack(p, stack);
    }
    print_exception_only(p, report->exception);
    print_members(p, report);
    if (outermost) p->depth = 0;
}

static void print_report(Printer *p, Report *report) {
    Traceback *stack = first_shown(p->vm, value_exception(report->exception)->traceback);
    if (stack) retain_object(stack); /* script code may run while it is printed */
    p->margin = '|';
    if (report->is_group) {
        print_group(p, report, stack);
    } else {
        if (stack) {
            printer_ascii(p, "Traceback (most recent call last):\n");
            print_stack(p, stack);
        }
        print_exception_only(p, report->exception);
    }
    release_object(p->vm, stack);
}

/* The report and everything before it. */
static void print_chain(Printer *p, Report *report) {
    report->later = NULL;
    while (report->earlier) {
        report->earlier->later = report;
        report = report->earlier;
    }
    for (;;) {
        print_report(p, report);
        report = report->later;
        if (!report) break;
        if (report->is_cause) printer_ascii(p, "\nThe above exception was the direct cause of the following exception:\n\n");
        else printer_ascii(p, "\nDuring handling of the above exception, another exception occurred:\n\n");
    }
}

static Value format(Vm *vm, Value exception, bool color) {
    Collection c = {.vm = vm, .all = list_new(vm, 0), .seen = set_new(vm, TYPE(vm, SET))};
    Printer p = {.vm = vm, .margin = '|', .color = color};
    arena_init_vm(&c.arena, vm);
    builder_init(&p.out, vm);
    source_cache_init(&p.sources, vm);
    Report *first = c.all && c.seen ? collect(&c, exception) : NULL;
    bool ok = first && collect_all(&c, first);
    if (ok) print_chain(&p, first);
    else builder_drop(&p.out);
    source_cache_drop(&p.sources);
    arena_release(&c.arena);
    release_object(vm, c.seen);
    release_object(vm, c.all);
    Value text = ok ? builder_finish(&p.out) : VALUE_ERROR;
    if (value_is_error(text) && !error_pending(vm)) error_no_memory(vm);
    return text;
}

Value traceback_format(Vm *vm, Value exception) { return format(vm, exception, false); }

void traceback_print(Vm *vm, Value exception) {
    Value in_flight = error_fetch(vm);
    Value text = format(vm, exception, vm->color_tracebacks);
    if (value_is_error(text)) {
        error_clear(vm);
        text = str_format(vm, "%T\n", exception);
    }
    error_write(vm, text);
    if (!value_is_error(text)) value_release(vm, text);
    error_clear(vm);
    error_restore_take(vm, in_flight);
}
