/* Line ends of text streams: newline= of TextIOWrapper and StringIO, and IncrementalNewlineDecoder, which scripts may use by itself.
 *
 * A decoder holds back a "\r" at the end of its input until it knows whether a "\n" follows. */
#include "stdlib/io.h"

#include "vm/types/int.h"
#include "vm/types/text.h"
#include "vm/types/tuple.h"

bool newlines_set(Newlines *n, Value newline) {
    static const char *const allowed[] = {"", "\n", "\r", "\r\n"};
    bool none = value_is_empty(newline) || value_is_none(newline);
    int k = 0;
    while (!none && k < 4 && !str_equal_ascii(value_str_peek(newline), allowed[k])) k++;
    if (k == 4) return false;
    *n = (Newlines){.universal = k == 0, .translate = none};
    if (k >= 2) strcpy(n->end, allowed[k]);
    return true;
}

static size_t find_char(const Str *s, size_t at, uint32_t c) {
    int64_t found = text_find_char((TextSpan){(const char *)str_data(s) + at * s->width, s->length - at, s->width}, c);
    return found < 0 ? s->length : at + (size_t)found;
}

/* Which line ends a text has, beginning at its first "\r". */
static uint8_t find_kinds(const Str *s, size_t cr) {
    uint8_t seen = find_char(s, 0, '\n') < cr ? NEWLINE_LF : 0;
    for (size_t k = cr; k < s->length; k++) {
        uint32_t c = str_at(s, k);
        if (c == '\n') seen |= NEWLINE_LF;
        if (c != '\r') continue;
        bool both = k + 1 < s->length && str_at(s, k + 1) == '\n';
        seen |= both ? NEWLINE_CRLF : NEWLINE_CR;
        k += both;
    }
    return seen;
}

static Value translated(Vm *vm, const Str *s, size_t cr) {
    StrBuilder b;
    builder_init(&b, vm);
    size_t start = 0;
    while (cr < s->length) {
        builder_add_range(&b, s, start, cr);
        builder_add_char(&b, '\n');
        start = cr + 1 + (cr + 1 < s->length && str_at(s, cr + 1) == '\n');
        cr = find_char(s, start, '\r');
    }
    builder_add_range(&b, s, start, s->length);
    return builder_finish(&b);
}

Value newlines_read_take(Vm *vm, Newlines *n, Value text) {
    if (value_is_error(text) || !n->universal) return text;
    const Str *s = value_str_peek(text);
    size_t cr = find_char(s, 0, '\r');
    if (cr == s->length) {
        if (!(n->seen & NEWLINE_LF) && find_char(s, 0, '\n') < s->length) n->seen |= NEWLINE_LF;
        return text;
    }
    if (n->seen != (NEWLINE_CR | NEWLINE_LF | NEWLINE_CRLF)) n->seen |= find_kinds(s, cr);
    if (!n->translate) return text;
    Value result = translated(vm, s, cr);
    value_release(vm, text);
    return result;
}

Str *newlines_write(Vm *vm, const Newlines *n, Str *s) {
    size_t at = n->end[0] ? find_char(s, 0, '\n') : s->length, start = 0;
    if (at == s->length) return retain_object(s);
    StrBuilder b;
    builder_init(&b, vm);
    for (; at < s->length; at = find_char(s, start, '\n')) {
        builder_add_range(&b, s, start, at);
        builder_add_ascii(&b, n->end, strlen(n->end));
        start = at + 1;
    }
    builder_add_range(&b, s, start, s->length);
    Value v = builder_finish(&b);
    return value_is_error(v) ? NULL : value_str_peek(v);
}

static size_t line_end_universal(const Str *s, size_t at) {
    for (size_t k = at; k < s->length; k++) {
        uint32_t c = str_at(s, k);
        if (c == '\n') return k + 1;
        if (c == '\r') return k + 1 + (k + 1 < s->length && str_at(s, k + 1) == '\n');
    }
    return 0;
}

size_t newlines_line_end(const Newlines *n, const Str *s, size_t at) {
    if (n->universal && !n->translate) return line_end_universal(s, at);
    bool both = n->end[0] && n->end[1];
    uint32_t first = n->end[0] ? '\r' : '\n';
    for (size_t k = find_char(s, at, first); k < s->length; k = find_char(s, k + 1, first)) {
        if (!both) return k + 1;
        if (k + 1 < s->length && str_at(s, k + 1) == '\n') return k + 2;
    }
    return 0;
}

Value newlines_seen(Vm *vm, uint8_t seen) {
    static const char *const texts[] = {"\r", "\n", "\r\n"};
    Value items[3];
    size_t count = 0;
    for (int k = 0; k < 3; k++) {
        if (!(seen >> k & 1)) continue;
        Str *s = str_from_ascii(vm, texts[k]);
        if (s) items[count++] = value_from_object(s);
        else {
            while (count > 0) value_release(vm, items[--count]);
            return VALUE_ERROR;
        }
    }
    if (count < 2) return count ? items[0] : VALUE_NONE;
    Tuple *t = tuple_from_values_take(vm, items, count);
    return t ? value_from_object(t) : VALUE_ERROR;
}

/* --- IncrementalNewlineDecoder --- */

typedef struct NewlineDecoder {
    Object head;
    Value decoder; /* None: the input is text; VALUE_EMPTY: __init__ has not run */
    Newlines newlines;
    bool pending; /* a "\r" is held back */
} NewlineDecoder;

static NewlineDecoder *self_of(Value v) { return (NewlineDecoder *)value_object(v); }

static Value decoder_new(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    (void)args, (void)nargs, (void)kwnames;
    NewlineDecoder *d = type_alloc(vm, type, sizeof *d);
    if (!d) return VALUE_ERROR;
    d->decoder = VALUE_EMPTY;
    object_track(&vm->heap, &d->head);
    return value_from_object(d);
}

/* "($self, decoder, translate, errors='strict')" */
static Value decoder_init(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int translate = value_truth(vm, args[2]);
    if (translate < 0) return VALUE_ERROR;
    NewlineDecoder *d = self_of(args[0]);
    d->newlines = (Newlines){.universal = true, .translate = translate};
    d->pending = false;
    value_replace_take(vm, &d->decoder, value_retain(args[1]));
    return VALUE_NONE;
}

static Value call_inner(Vm *vm, NewlineDecoder *d, const char *method, Value *args, int nargs) {
    Str *name = str_intern(vm, method, strlen(method));
    Value inner = value_retain(d->decoder);
    Value v = name ? value_call_method(vm, inner, name, args, nargs) : VALUE_ERROR;
    value_release(vm, inner);
    release_object(vm, name);
    return v;
}

/* Puts the "\r" held back in front and holds back the one at the end. */
static Value hold_back_take(Vm *vm, NewlineDecoder *d, Value text, bool final) {
    Str *s = value_str_peek(text);
    if (d->pending && (final || s->length)) {
        Str *cr = str_from_char(vm, '\r'), *longer = cr ? str_concat(vm, cr, s) : NULL;
        release_object(vm, cr);
        value_release(vm, text);
        if (!longer) return VALUE_ERROR;
        d->pending = false;
        s = longer;
        text = value_from_object(s);
    }
    if (final || !s->length || str_at(s, s->length - 1) != '\r') return text;
    Str *shorter = str_substring(vm, s, 0, s->length - 1);
    d->pending = shorter != NULL;
    value_release(vm, text);
    return str_value(shorter);
}

/* "($self, input, final=False)" */
static Value decoder_decode(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    NewlineDecoder *d = self_of(args[0]);
    int final = value_is_empty(args[2]) ? 0 : value_truth(vm, args[2]);
    if (final < 0) return VALUE_ERROR;
    if (value_is_empty(d->decoder)) return error_value(vm, "IncrementalNewlineDecoder.__init__() not called");
    Value down[2] = {args[1], value_from_bool(final)};
    Value text = value_is_none(d->decoder) ? value_retain(args[1]) : call_inner(vm, d, "decode", down, 2);
    if (value_is_error(text)) return text;
    if (!value_is_str(text)) {
        error_type(vm, "decoder should return a string result, not '%T'", text);
        value_release(vm, text);
        return VALUE_ERROR;
    }
    text = hold_back_take(vm, d, text, final);
    return newlines_read_take(vm, &d->newlines, text);
}

static Value decoder_getstate(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    NewlineDecoder *d = self_of(args[0]);
    Value buffer, flag;
    if (value_is_empty(d->decoder)) return error_value(vm, "IncrementalNewlineDecoder.__init__() not called");
    if (value_is_none(d->decoder)) {
        Bytes *none = bytes_new(vm, NULL, 0);
        if (!none) return VALUE_ERROR;
        buffer = value_from_object(none);
        flag = value_from_small(d->pending);
    } else {
        Value state = call_inner(vm, d, "getstate", NULL, 0), doubled;
        if (value_is_error(state)) return state;
        if (!value_is_tuple(state) || value_tuple(state)->count != 2 || !value_is_int(value_tuple(state)->items[1])) {
            value_release(vm, state);
            return error_type(vm, "illegal decoder state");
        }
        buffer = value_retain(value_tuple(state)->items[0]);
        doubled = int_binary(vm, BINARY_LSHIFT, value_tuple(state)->items[1], value_from_small(1));
        flag = value_is_error(doubled) ? doubled : int_binary(vm, BINARY_OR, doubled, value_from_small(d->pending));
        value_release(vm, doubled);
        value_release(vm, state);
    }
    if (value_is_error(flag)) {
        value_release(vm, buffer);
        return flag;
    }
    Tuple *pair = tuple_pair_take(vm, buffer, flag);
    return pair ? value_from_object(pair) : VALUE_ERROR;
}

static Value decoder_setstate(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    NewlineDecoder *d = self_of(args[0]);
    if (value_is_empty(d->decoder)) return error_value(vm, "IncrementalNewlineDecoder.__init__() not called");
    if (!value_is_tuple(args[1])) return error_type(vm, "state argument must be a tuple");
    Tuple *state = value_tuple(args[1]);
    if (state->count != 2 || !value_is_int(state->items[1])) return error_type(vm, "setstate(): illegal state argument");
    Value bit = int_binary(vm, BINARY_AND, state->items[1], value_from_small(1));
    if (value_is_error(bit)) return bit;
    d->pending = value_is_small(bit) && value_small(bit);
    value_release(vm, bit);
    if (value_is_none(d->decoder)) return VALUE_NONE;
    Value rest = int_binary(vm, BINARY_RSHIFT, state->items[1], value_from_small(1));
    Tuple *inner = value_is_error(rest) ? NULL : tuple_pair_take(vm, value_retain(state->items[0]), rest);
    if (!inner) return VALUE_ERROR;
    Value down = value_from_object(inner), result = call_inner(vm, d, "setstate", &down, 1);
    release_object(vm, inner);
    return result;
}

static Value decoder_reset(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    NewlineDecoder *d = self_of(args[0]);
    if (value_is_empty(d->decoder)) return error_value(vm, "IncrementalNewlineDecoder.__init__() not called");
    d->newlines.seen = 0;
    d->pending = false;
    return value_is_none(d->decoder) ? VALUE_NONE : call_inner(vm, d, "reset", NULL, 0);
}

static Value get_newlines(Vm *vm, Value self) { return newlines_seen(vm, self_of(self)->newlines.seen); }

static size_t decoder_size(const Object *o) { return (void)o, sizeof(NewlineDecoder); }
static void decoder_visit(Object *o, VisitFn visit, void *arg) { visit(((NewlineDecoder *)o)->decoder, arg); }
static void decoder_clear(Vm *vm, Object *o) { value_clear(vm, &((NewlineDecoder *)o)->decoder); }

static const NativeDef decoder_methods[] = {
    {"decode", decoder_decode, "($self, /, input, final=False)", "Decodes a piece of input.", NATIVE_METHOD},
    {"getstate", decoder_getstate, "($self, /)", "The state: (bytes held back, flags).", NATIVE_METHOD},
    {"setstate", decoder_setstate, "($self, state, /)", "Goes back to a state.", NATIVE_METHOD},
    {"reset", decoder_reset, "($self, /)", "Forgets all state.", NATIVE_METHOD},
    {0}};
static const GetSetDef decoder_getset[] = {{"newlines", get_newlines, NULL, "The line ends seen so far."}, {0}};

const TypeSpec newline_decoder_spec = {
    .name = "_io.IncrementalNewlineDecoder",
    .doc = "Decodes line ends: universal newlines, in pieces.",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_BASETYPE,
    .size = sizeof(NewlineDecoder),
    .ops = {decoder_size, decoder_visit, decoder_clear, decoder_clear, NULL},
    .slots = {.new_ = decoder_new},
    .init = {"IncrementalNewlineDecoder", decoder_init, "($self, /, decoder, translate, errors='strict')", NULL, NATIVE_METHOD},
    .methods = decoder_methods,
    .getset = decoder_getset,
};
