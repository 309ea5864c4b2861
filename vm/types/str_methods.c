/* str: the table of its methods, and those that have no file of their own: padding, expandtabs, encode.
 *
 * To add a method: declare it in str_internal.h, write it in the file of its subject, add its row here.
 */
#include "vm/types/str_internal.h"

#include "vm/ops.h"
#include "vm/types/codecs.h"
#include "vm/types/float.h"
#include "vm/types/format.h"
#include "vm/types/int.h"
#include "vm/types/sequence.h"
#include "vm/types/tuple.h"

/* --- padding --- */

static Str *pad(Vm *vm, Str *s, size_t left, size_t right, uint32_t fill) {
    if (left + right == 0) return str_exact(vm, s);
    if (left + right > (size_t)PTRDIFF_MAX - s->length) {
        error_raise(vm, EXC_OverflowError, "padded string is too long");
        return NULL;
    }
    size_t length = left + s->length + right;
    if (length == 1) return str_from_char(vm, fill);
    Str *out = str_new(vm, length, str_max_char(s) | fill);
    if (!out) return NULL;
    char *data = str_data(out);
    size_t width = out->width;
    text_fill(data, out->width, fill, left);
    text_copy(data + left * width, out->width, str_data(s), s->width, s->length);
    text_fill(data + (left + s->length) * width, out->width, fill, right);
    return out;
}

/* side -1: the text stays at the left, 1: at the right, 0: in the middle */
static Value justify(Vm *vm, Value *args, int side) {
    Str *s = value_str_peek(args[0]);
    int64_t width;
    uint32_t fill = ' ';
    if (!sequence_size_argument(vm, args[1], &width)) return VALUE_ERROR;
    if (!value_is_empty(args[2])) {
        if (!value_is_str(args[2])) return error_type(vm, "The fill character must be a unicode character, not %T", args[2]);
        if (value_str_peek(args[2])->length != 1) return error_type(vm, "The fill character must be exactly one character long");
        fill = str_at(value_str_peek(args[2]), 0);
    }
    size_t missing = width > (int64_t)s->length ? (size_t)width - s->length : 0;
    size_t left = side < 0 ? 0 : side > 0 ? missing : missing / 2 + (missing & (size_t)width & 1);
    return str_value(pad(vm, s, left, missing - left, fill));
}

static Value str_center(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return justify(vm, args, 0);
}
static Value str_ljust(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return justify(vm, args, -1);
}
static Value str_rjust(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    return justify(vm, args, 1);
}

static Value str_zfill(Vm *vm, Value *args, int nargs) {
    Str *s = value_str_peek(args[0]);
    int64_t width;
    (void)nargs;
    if (!sequence_size_argument(vm, args[1], &width)) return VALUE_ERROR;
    if (width <= (int64_t)s->length) return str_value(str_exact(vm, s));
    size_t fill = (size_t)width - s->length;
    Str *out = pad(vm, s, fill, 0, '0');
    if (!out || s->length == 0) return str_value(out);
    uint32_t first = str_at(s, 0);
    if (first == '+' || first == '-') { /* the sign goes to the front */
        text_put(str_data(out), out->width, 0, first);
        text_put(str_data(out), out->width, fill, '0');
    }
    return value_from_object(out);
}

static Value str_expandtabs(Vm *vm, Value *args, int nargs) {
    Str *s = value_str_peek(args[0]);
    int tab_size = 8;
    StrBuilder b;
    (void)nargs;
    if (!value_is_empty(args[1]) && !value_as_int(vm, args[1], &tab_size)) return VALUE_ERROR;
    if (text_find_char(str_span(s), '\t') < 0) return str_value(str_exact(vm, s));
    builder_init(&b, vm);
    size_t column = 0;
    for (size_t i = 0; i < s->length && !b.failed; i++) {
        uint32_t c = str_at(s, i);
        if (c == '\t') {
            size_t spaces = tab_size > 0 ? (size_t)tab_size - column % (size_t)tab_size : 0;
            column += spaces;
            while (spaces-- > 0 && builder_add_char(&b, ' ')) {}
        } else {
            column = c == '\n' || c == '\r' ? 0 : column + 1;
            builder_add_char(&b, c);
        }
    }
    return builder_finish(&b);
}

/* --- others --- */

static Value str_encode_method(Vm *vm, Value *args, int nargs) {
    char encoding_buffer[CODEC_NAME_MAX], errors_buffer[CODEC_NAME_MAX];
    const char *encoding, *errors;
    (void)nargs;
    if (!codec_name_argument(vm, args[1], "encode", "encoding", encoding_buffer, &encoding)) return VALUE_ERROR;
    if (!codec_name_argument(vm, args[2], "encode", "errors", errors_buffer, &errors)) return VALUE_ERROR;
    return str_encode(vm, value_str_peek(args[0]), encoding, errors);
}

static Value str_format_dunder(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Str *s = value_str_peek(args[0]), *spec = str_argument(vm, args[1], "__format__", 0);
    if (!spec) return VALUE_ERROR;
    if (spec->length == 0) return s->head.shape->exact ? value_retain(args[0]) : value_str(vm, args[0]);
    return str_format_spec(vm, s, spec);
}

static Value str_getnewargs(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Str *s = value_str_peek(args[0]);
    return sequence_pack_take(vm, 1, str_value(str_from_ucs(vm, str_data(s), s->length, s->width)));
}

const NativeDef STR_METHODS[] = {
    {"capitalize", str_method_capitalize, "($self, /)",
     "The text with its first character in title case and all others in lower case.", NATIVE_METHOD},
    {"casefold", str_method_casefold, "($self, /)", "The text in a form for comparing without regard to case.", NATIVE_METHOD},
    {"center", str_center, "($self, width, fillchar=' ', /)",
     "The text in the middle of `width` characters, padded with fillchar.", NATIVE_METHOD},
    {"count", str_method_count, "($self, sub, start=None, end=None, /)",
     "How often sub occurs in self[start:end], without overlaps.", NATIVE_METHOD},
    {"encode", str_encode_method, "($self, /, encoding='utf-8', errors='strict')",
     "The text as bytes. errors: strict, ignore, replace, backslashreplace, xmlcharrefreplace, surrogateescape ...", NATIVE_METHOD},
    {"endswith", str_method_endswith, "($self, suffix, start=None, end=None, /)",
     "Whether self[start:end] ends with the suffix, or with one of a tuple of them.", NATIVE_METHOD},
    {"expandtabs", str_expandtabs, "($self, /, tabsize=8)",
     "The text with spaces for tabs, up to the next column that is a multiple of tabsize.", NATIVE_METHOD},
    {"find", str_method_find, "($self, sub, start=None, end=None, /)",
     "Lowest index of sub in self[start:end]; -1 when it is not there.", NATIVE_METHOD},
    {"format", str_format_method, "($self, /, *args, **kwargs)", "The text with its {fields} replaced by the arguments.", NATIVE_METHOD},
    {"format_map", str_format_map_method, "($self, mapping, /)", "As format(**mapping), with the mapping itself.", NATIVE_METHOD},
    {"index", str_method_index, "($self, sub, start=None, end=None, /)",
     "Lowest index of sub in self[start:end]; ValueError when it is not there.", NATIVE_METHOD},
    {"isalnum", str_method_isalnum, "($self, /)", "Whether all characters are letters or numbers, and there is one.", NATIVE_METHOD},
    {"isalpha", str_method_isalpha, "($self, /)", "Whether all characters are letters, and there is one.", NATIVE_METHOD},
    {"isascii", str_method_isascii, "($self, /)", "Whether all characters are below 128.", NATIVE_METHOD},
    {"isdecimal", str_method_isdecimal, "($self, /)", "Whether all characters are decimal digits, and there is one.", NATIVE_METHOD},
    {"isdigit", str_method_isdigit, "($self, /)", "Whether all characters are digits (superscripts too), and there is one.", NATIVE_METHOD},
    {"isidentifier", str_method_isidentifier, "($self, /)",
     "Whether the text is a name in the sense of the language; keywords are.", NATIVE_METHOD},
    {"islower", str_method_islower, "($self, /)", "Whether all cased characters are lower case, and there is one.", NATIVE_METHOD},
    {"isnumeric", str_method_isnumeric, "($self, /)", "Whether all characters stand for numbers, and there is one.", NATIVE_METHOD},
    {"isprintable", str_method_isprintable, "($self, /)", "Whether repr() would show every character as it is.", NATIVE_METHOD},
    {"isspace", str_method_isspace, "($self, /)", "Whether all characters are white space, and there is one.", NATIVE_METHOD},
    {"istitle", str_method_istitle, "($self, /)", "Whether capitals start words and only they do, and there is one.", NATIVE_METHOD},
    {"isupper", str_method_isupper, "($self, /)", "Whether all cased characters are upper case, and there is one.", NATIVE_METHOD},
    {"join", str_method_join, "($self, iterable, /)", "The strings of the iterable, with this one between them.", NATIVE_METHOD},
    {"ljust", str_ljust, "($self, width, fillchar=' ', /)", "The text padded on the right to `width` characters.", NATIVE_METHOD},
    {"lower", str_method_lower, "($self, /)", "The text in lower case.", NATIVE_METHOD},
    {"lstrip", str_method_lstrip, "($self, chars=None, /)",
     "The text without leading white space, or without leading characters of chars.", NATIVE_METHOD},
    {"maketrans", str_method_maketrans, "(x, y=<unrepresentable>, z=<unrepresentable>, /)",
     "A table for translate(): from a dict, or from the characters of x to those of y, those of z to None.", NATIVE_STATIC_METHOD},
    {"partition", str_method_partition, "($self, sep, /)",
     "(before, sep, after) at the first sep; (self, '', '') without one.", NATIVE_METHOD},
    {"removeprefix", str_method_removeprefix, "($self, prefix, /)", "The text without the prefix, if it has it.", NATIVE_METHOD},
    {"removesuffix", str_method_removesuffix, "($self, suffix, /)", "The text without the suffix, if it has it.", NATIVE_METHOD},
    {"replace", str_method_replace, "($self, old, new, /, count=-1)",
     "The text with new for old, the first `count` times; -1: always.", NATIVE_METHOD},
    {"rfind", str_method_rfind, "($self, sub, start=None, end=None, /)",
     "Highest index of sub in self[start:end]; -1 when it is not there.", NATIVE_METHOD},
    {"rindex", str_method_rindex, "($self, sub, start=None, end=None, /)",
     "Highest index of sub in self[start:end]; ValueError when it is not there.", NATIVE_METHOD},
    {"rjust", str_rjust, "($self, width, fillchar=' ', /)", "The text padded on the left to `width` characters.", NATIVE_METHOD},
    {"rpartition", str_method_rpartition, "($self, sep, /)",
     "(before, sep, after) at the last sep; ('', '', self) without one.", NATIVE_METHOD},
    {"rsplit", str_method_rsplit, "($self, /, sep=None, maxsplit=-1)", "As split(), from the end.", NATIVE_METHOD},
    {"rstrip", str_method_rstrip, "($self, chars=None, /)",
     "The text without trailing white space, or without trailing characters of chars.", NATIVE_METHOD},
    {"split", str_method_split, "($self, /, sep=None, maxsplit=-1)",
     "The parts between occurrences of sep, or of white space; at most maxsplit splits, -1: no limit.", NATIVE_METHOD},
    {"splitlines", str_method_splitlines, "($self, /, keepends=False)", "The lines, with their ends if keepends is true.", NATIVE_METHOD},
    {"startswith", str_method_startswith, "($self, prefix, start=None, end=None, /)",
     "Whether self[start:end] starts with the prefix, or with one of a tuple of them.", NATIVE_METHOD},
    {"strip", str_method_strip, "($self, chars=None, /)",
     "The text without white space at both ends, or without characters of chars there.", NATIVE_METHOD},
    {"swapcase", str_method_swapcase, "($self, /)", "The text with upper and lower case exchanged.", NATIVE_METHOD},
    {"title", str_method_title, "($self, /)", "The text with words that start with a capital and go on in lower case.", NATIVE_METHOD},
    {"translate", str_method_translate, "($self, table, /)",
     "Each character replaced by table[its code]: a code, a string, or None to drop it; LookupError keeps it.", NATIVE_METHOD},
    {"upper", str_method_upper, "($self, /)", "The text in upper case.", NATIVE_METHOD},
    {"zfill", str_zfill, "($self, width, /)",
     "The text padded on the left with zeros to `width` characters, behind a sign.", NATIVE_METHOD},
    {"__format__", str_format_dunder, "($self, format_spec, /)", "The text formatted as the specification says.", NATIVE_METHOD},
    {"__getnewargs__", str_getnewargs, "($self, /)", NULL, NATIVE_METHOD},
    {NULL, NULL, NULL, NULL, NATIVE_METHOD},
};
