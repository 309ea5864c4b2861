/* float: to and from text (repr, printf styles, hexadecimal), without the C library's locale.
 *
 * Digits come from float_digits.c; this file knows where the point, the zeros and the exponent go.
 */
#include "vm/types/float_text.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "vm/types/float.h"
#include "vm/types/float_digits.h"
#include "vm/types/int_limbs.h"
#include "vm/types/str.h"

/* --- to text --- */

/* Where the parts of a number go: digits from..to around the point at `point`, then an exponent. */
typedef struct FloatLayout {
    int64_t from, point, to;
    int exponent;
    bool has_exponent, has_point;
} FloatLayout;

static char *put(char *out, const char *text) {
    while (*text) *out++ = *text++;
    return out;
}

static char *put_zeros(char *out, int64_t count) {
    if (count <= 0) return out;
    memset(out, '0', (size_t)count);
    return out + count;
}

/* Digits from..to of the number, zeros where it has none. */
static char *put_digits(char *out, const FloatDigits *d, int64_t from, int64_t to) {
    int64_t first = from < 0 ? 0 : from, last = to < d->count ? to : d->count;
    if (first >= last) return put_zeros(out, to - from);
    out = put_zeros(out, first - from);
    memcpy(out, d->digits + first, (size_t)(last - first));
    return put_zeros(out + (last - first), to - last);
}

static char *put_exponent(char *out, int exponent) {
    *out++ = 'e';
    *out++ = exponent < 0 ? '-' : '+';
    unsigned e = (unsigned)(exponent < 0 ? -exponent : exponent);
    if (e >= 100) *out++ = (char)('0' + e / 100);
    *out++ = (char)('0' + e / 10 % 10);
    *out++ = (char)('0' + e % 10);
    return out;
}

/* kind is lower case. */
static FloatLayout layout_of(const FloatDigits *d, char kind, int64_t precision, unsigned flags) {
    FloatLayout l = {.point = d->point, .to = d->count};
    bool dot_zero = flags & FLOAT_TEXT_DOT_ZERO;
    if (kind == 'e') {
        l.has_exponent = true;
        l.to = precision + 1;
    } else if (kind == 'f') {
        l.to = l.point + precision;
    } else if (kind == 'g') {
        l.has_exponent = l.point <= -4 || l.point > precision - dot_zero;
        if (flags & FLOAT_TEXT_ALTERNATE) l.to = precision;
    } else {
        l.has_exponent = l.point <= -4 || l.point > 16;
    }
    if (l.has_exponent) {
        l.exponent = (int)l.point - 1;
        l.point = 1;
    }
    l.from = l.point <= 0 ? l.point - 1 : 0;
    int64_t least = !l.has_exponent && dot_zero ? l.point + 1 : l.point;
    if (l.to < least) l.to = least;
    l.has_point = l.to > l.point || (flags & FLOAT_TEXT_ALTERNATE);
    return l;
}

static char *put_layout(char *out, const FloatDigits *d, const FloatLayout *l) {
    out = put_digits(out, d, l->from, l->point);
    if (l->has_point) *out++ = '.';
    out = put_digits(out, d, l->point, l->to);
    return l->has_exponent ? put_exponent(out, l->exponent) : out;
}

static void digits_for(double d, char kind, int64_t precision, FloatDigits *digits) {
    if (kind == 'r') float_digits_shortest(d, digits);
    else if (kind == 'f') float_digits_places(d, precision, digits);
    else float_digits_significant(d, kind == 'e' ? precision + 1 : precision, digits);
}

static bool text_room(Vm *vm, FloatText *t, int64_t length) {
    t->bytes = 0;
    t->text = t->local;
    if (length < FLOAT_TEXT_LOCAL) return true;
    t->text = heap_alloc(&vm->heap, (size_t)length + 1);
    if (!t->text) {
        error_no_memory(vm);
        return false;
    }
    t->bytes = (size_t)length + 1;
    return true;
}

static void text_finish(FloatText *t, char *end, bool capital) {
    *end = 0;
    t->length = (size_t)(end - t->text);
    for (char *p = t->text; capital && p < end; p++) {
        if (*p >= 'a' && *p <= 'z') *p -= 'a' - 'A';
    }
}

bool float_text_make(Vm *vm, FloatText *t, double d, char kind, int64_t precision, unsigned flags) {
    bool capital = kind < 'a', negative = signbit(d) && !isnan(d);
    if (capital) kind += 'a' - 'A';
    if (kind == 'g' && precision == 0) precision = 1;
    const char *sign = negative ? "-" : flags & FLOAT_TEXT_SIGN ? "+" : "";
    if (!isfinite(d)) {
        t->bytes = 0;
        t->text = t->local;
        text_finish(t, put(put(t->text, sign), isnan(d) ? "nan" : "inf"), capital);
        return true;
    }
    FloatDigits digits;
    digits_for(d, kind, precision, &digits);
    if (negative && !digits.count && (flags & FLOAT_TEXT_NO_NEGATIVE_ZERO)) sign = flags & FLOAT_TEXT_SIGN ? "+" : "";
    FloatLayout layout = layout_of(&digits, kind, precision, flags);
    if (!text_room(vm, t, layout.to - layout.from + 16)) return false;
    text_finish(t, put_layout(put(t->text, sign), &digits, &layout), capital);
    return true;
}

void float_text_drop(Vm *vm, FloatText *t) {
    if (t->bytes) heap_free(&vm->heap, t->text, t->bytes);
}

size_t float_repr(double d, char *out) {
    char *end = out;
    if (!isfinite(d)) {
        end = put(out, isnan(d) ? "nan" : d < 0 ? "-inf" : "inf");
    } else {
        FloatDigits digits;
        float_digits_shortest(d, &digits);
        FloatLayout layout = layout_of(&digits, 'r', 17, FLOAT_TEXT_DOT_ZERO);
        end = put_layout(put(out, signbit(d) ? "-" : ""), &digits, &layout);
    }
    *end = 0;
    return (size_t)(end - out);
}

Value float_to_str(Vm *vm, double d, char kind, int precision, bool alternate, bool always_sign) {
    FloatText t;
    unsigned flags = (alternate ? FLOAT_TEXT_ALTERNATE : 0) | (always_sign ? FLOAT_TEXT_SIGN : 0);
    if (!float_text_make(vm, &t, d, kind, precision, flags)) return VALUE_ERROR;
    Str *s = str_from_utf8(vm, t.text, t.length);
    float_text_drop(vm, &t);
    return s ? value_from_object(s) : VALUE_ERROR;
}

/* --- from text --- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* Length of a word at p, whatever its case; 0: it is not there. */
static size_t word_length(const char *p, const char *end, const char *word) {
    size_t length = strlen(word);
    if ((size_t)(end - p) < length) return 0;
    for (size_t i = 0; i < length; i++) {
        if ((p[i] | 0x20) != word[i]) return 0;
    }
    return length;
}

/* inf, infinity or nan, after a sign. */
static const char *scan_word(const char *p, const char *end, double *out) {
    size_t length = word_length(p, end, "infinity");
    if (!length) length = word_length(p, end, "inf");
    if (length) {
        *out = INFINITY;
        return p + length;
    }
    length = word_length(p, end, "nan");
    if (!length) return NULL;
    *out = NAN;
    return p + length;
}

#define SCAN_DIGITS_MAX 801

/* Significant digits as they are read; those beyond the buffer only count for being not zero. */
typedef struct DigitScan {
    size_t count;
    int64_t exponent;
    bool any, more;
    char digits[SCAN_DIGITS_MAX + 1];
} DigitScan;

static void scan_digit(DigitScan *s, char c, bool fraction) {
    s->any = true;
    if (s->count < SCAN_DIGITS_MAX) {
        if (s->count || c != '0') s->digits[s->count++] = c;
        s->exponent -= fraction;
    } else {
        s->more |= c != '0';
        s->exponent += !fraction;
    }
}

/* A run of digits, single underscores between two of them. */
static const char *scan_digits(DigitScan *s, const char *p, const char *end, bool underscores, bool fraction) {
    while (p < end) {
        if (is_digit(*p)) {
            scan_digit(s, *p++, fraction);
        } else if (underscores && *p == '_' && is_digit(p[-1]) && p + 1 < end && is_digit(p[1])) {
            p++;
        } else {
            break;
        }
    }
    return p;
}

/* e+12 at p, if complete. */
static const char *scan_exponent(const char *p, const char *end, bool underscores, int64_t *exponent) {
    if (p == end || (*p | 0x20) != 'e') return p;
    const char *q = p + 1;
    bool negative = q < end && *q == '-';
    if (q < end && (*q == '-' || *q == '+')) q++;
    if (q == end || !is_digit(*q)) return p;
    int64_t e = 0;
    while (q < end) {
        if (is_digit(*q)) {
            if (e < 1000000000000) e = e * 10 + (*q - '0');
        } else if (!underscores || *q != '_' || q + 1 == end || !is_digit(q[1])) {
            break;
        }
        q++;
    }
    *exponent += negative ? -e : e;
    return q;
}

const char *float_scan(const char *text, const char *end, bool underscores, double *out) {
    const char *p = text;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    const char *after = p < end && !is_digit(*p) && *p != '.' ? scan_word(p, end, out) : NULL;
    if (!after) {
        DigitScan s;
        s.count = 0;
        s.exponent = 0;
        s.any = s.more = false;
        if (p < end && is_digit(*p)) p = scan_digits(&s, p, end, underscores, false);
        if (p < end && *p == '.') p++;
        if (p < end && is_digit(*p)) p = scan_digits(&s, p, end, underscores, true);
        if (!s.any) return NULL;
        after = scan_exponent(p, end, underscores, &s.exponent);
        if (s.more) {
            s.digits[s.count++] = '1';
            s.exponent--;
        }
        *out = float_from_decimal(s.digits, s.count, s.exponent);
    }
    if (negative) *out = -*out;
    return after;
}

bool float_parse(const char *text, size_t length, double *out) {
    const char *end = text + length;
    while (text < end && is_space(*text)) text++;
    while (text < end && is_space(end[-1])) end--;
    return text < end && float_scan(text, end, true, out) == end;
}

/* --- hexadecimal --- */

size_t float_to_hex(double d, char *out) {
    char *p = out;
    if (!isfinite(d)) return float_repr(d, out);
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
    int exponent = (int)(bits >> 52) & 0x7ff;
    if (signbit(d)) *p++ = '-';
    if (d == 0.0) return (size_t)(put(p, "0x0.0p+0") - out);
    p = put(p, exponent ? "0x1." : "0x0.");
    for (int shift = 48; shift >= 0; shift -= 4) *p++ = "0123456789abcdef"[fraction >> shift & 15];
    exponent = exponent ? exponent - 1023 : -1022;
    *p++ = 'p';
    *p++ = exponent < 0 ? '-' : '+';
    unsigned e = (unsigned)(exponent < 0 ? -exponent : exponent);
    if (e >= 1000) *p++ = (char)('0' + e / 1000);
    if (e >= 100) *p++ = (char)('0' + e / 100 % 10);
    if (e >= 10) *p++ = (char)('0' + e / 10 % 10);
    *p++ = (char)('0' + e % 10);
    return (size_t)(p - out);
}

static int hex_value(char c) {
    if (is_digit(c)) return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The first 15 significant hexadecimal digits in a word, the rest as a sticky bit. */
typedef struct HexScan {
    mp_limb_t mantissa;
    int64_t exponent;
    bool any, sticky;
} HexScan;

static const char *scan_hex_digits(HexScan *s, const char *p, const char *end, bool fraction) {
    for (; p < end && hex_value(*p) >= 0; p++) {
        mp_limb_t digit = (mp_limb_t)hex_value(*p);
        s->any = true;
        if (s->mantissa >> 56 == 0) {
            s->mantissa = s->mantissa << 4 | digit;
            s->exponent -= fraction ? 4 : 0;
        } else {
            s->sticky |= digit != 0;
            s->exponent += fraction ? 0 : 4;
        }
    }
    return p;
}

/* p+12 at p; NULL when malformed. */
static const char *scan_binary_exponent(const char *p, const char *end, int64_t *exponent) {
    if (p == end || (*p | 0x20) != 'p') return p;
    p++;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (p == end || !is_digit(*p)) return NULL;
    int64_t e = 0;
    for (; p < end && is_digit(*p); p++) {
        if (e < 1000000000000) e = e * 10 + (*p - '0');
    }
    *exponent += negative ? -e : e;
    return p;
}

int float_from_hex(const char *text, size_t length, double *out) {
    const char *p = text, *end = text + length;
    while (p < end && is_space(*p)) p++;
    while (p < end && is_space(end[-1])) end--;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    const char *after = scan_word(p, end, out);
    if (!after) {
        HexScan s = {0};
        if (end - p >= 2 && p[0] == '0' && (p[1] | 0x20) == 'x') p += 2;
        p = scan_hex_digits(&s, p, end, false);
        if (p < end && *p == '.') p = scan_hex_digits(&s, p + 1, end, true);
        after = s.any ? scan_binary_exponent(p, end, &s.exponent) : NULL;
        if (after != end) return 0;
        *out = limbs_to_double(&s.mantissa, s.mantissa != 0, s.exponent, s.sticky);
        if (isinf(*out)) return -1;
    }
    if (after != end) return 0;
    if (negative) *out = -*out;
    return 1;
}
