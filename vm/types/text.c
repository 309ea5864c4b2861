/* Character arrays: copying, hashing, searching; see text.h.
 *
 * Searching: memchr and memmem where both sides have one byte a character. Else a plain scan for first and last
 * character, which counts its comparisons; once they outgrow the distance covered, the two-way algorithm
 * (Crochemore and Perrin, 1991) takes over, so that no input makes a search quadratic. Backward searches are the same code
 * reading both arrays from their ends.
 */
#include "vm/types/text.h"

#include <string.h>

#define SEARCH static inline __attribute__((always_inline))

uint32_t text_mask(const void *data, int width, size_t length) {
    uint32_t mask = 0;
    if (width == 1) {
        const uint8_t *p = data;
        for (size_t i = 0; i < length; i++) mask |= p[i];
    } else if (width == 2) {
        const uint16_t *p = data;
        for (size_t i = 0; i < length; i++) mask |= p[i];
    } else {
        const uint32_t *p = data;
        for (size_t i = 0; i < length; i++) mask |= p[i];
    }
    return mask;
}

void text_copy(void *to, int to_width, const void *from, int from_width, size_t length) {
    if (length == 0) return;
    if (to_width == from_width) {
        memcpy(to, from, length * (size_t)to_width);
    } else if (to_width == 2 && from_width == 1) {
        for (size_t i = 0; i < length; i++) ((uint16_t *)to)[i] = ((const uint8_t *)from)[i];
    } else if (to_width == 4 && from_width == 1) {
        for (size_t i = 0; i < length; i++) ((uint32_t *)to)[i] = ((const uint8_t *)from)[i];
    } else if (to_width == 4 && from_width == 2) {
        for (size_t i = 0; i < length; i++) ((uint32_t *)to)[i] = ((const uint16_t *)from)[i];
    } else if (to_width == 1 && from_width == 2) {
        for (size_t i = 0; i < length; i++) ((uint8_t *)to)[i] = (uint8_t)((const uint16_t *)from)[i];
    } else if (to_width == 1) {
        for (size_t i = 0; i < length; i++) ((uint8_t *)to)[i] = (uint8_t)((const uint32_t *)from)[i];
    } else {
        for (size_t i = 0; i < length; i++) ((uint16_t *)to)[i] = (uint16_t)((const uint32_t *)from)[i];
    }
}

void text_fill(void *to, int width, uint32_t c, size_t length) {
    if (width == 1) memset(to, (int)c, length);
    else for (size_t i = 0; i < length; i++) text_put(to, width, i, c);
}

size_t text_ascii_prefix(const uint8_t *data, size_t length) {
    size_t i = 0;
    for (; i + 8 <= length; i += 8) {
        uint64_t word;
        memcpy(&word, data + i, 8);
        if (word & 0x8080808080808080u) break;
    }
    while (i < length && data[i] < 0x80) i++;
    return i;
}

/* --- hashing: a multiply-and-fold hash in the manner of wyhash --- */

static uint64_t fold(uint64_t a, uint64_t b) {
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t read_8(const uint8_t *p) {
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

static uint64_t read_4(const uint8_t *p) {
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

uint32_t text_hash(const void *data, size_t size, uint64_t seed) {
    const uint64_t k1 = 0x9E3779B97F4A7C15u, k2 = 0xD6E8FEB86659FD93u;
    const uint8_t *p = data;
    uint64_t a = 0, b = 0;
    if (size > 16) {
        size_t left = size;
        for (; left > 16; left -= 16, p += 16) seed = fold(read_8(p) ^ k1, read_8(p + 8) ^ seed);
        a = read_8(p + left - 16);
        b = read_8(p + left - 8);
    } else if (size >= 8) {
        a = read_8(p);
        b = read_8(p + size - 8);
    } else if (size >= 4) {
        a = read_4(p);
        b = read_4(p + size - 4);
    } else if (size > 0) {
        a = (uint64_t)p[0] << 16 | (uint64_t)p[size >> 1] << 8 | p[size - 1];
    }
    uint64_t h = fold(k2 ^ size, fold(a ^ k1, b ^ seed ^ k2));
    uint32_t folded = (uint32_t)(h ^ h >> 32);
    return folded ? folded : 1;
}

/* --- comparing --- */

int text_compare(TextSpan a, TextSpan b) {
    size_t common = a.length < b.length ? a.length : b.length;
    if (a.width == 1 && b.width == 1) {
        int order = common ? memcmp(a.data, b.data, common) : 0;
        if (order) return order;
    } else {
        for (size_t i = 0; i < common; i++) {
            uint32_t x = text_at(a.data, a.width, i), y = text_at(b.data, b.width, i);
            if (x != y) return x < y ? -1 : 1;
        }
    }
    return a.length < b.length ? -1 : a.length > b.length;
}

bool text_equal(TextSpan a, TextSpan b) {
    if (a.length != b.length) return false;
    if (a.width == b.width) return a.length == 0 || memcmp(a.data, b.data, a.length * (size_t)a.width) == 0;
    for (size_t i = 0; i < a.length; i++)
        if (text_at(a.data, a.width, i) != text_at(b.data, b.width, i)) return false;
    return true;
}

/* --- searching --- */

/* A span read forwards, or from its end. */
SEARCH uint32_t span_at(TextSpan t, size_t i, bool reversed) {
    return text_at(t.data, t.width, reversed ? t.length - 1 - i : i);
}

/* Start of the maximal suffix of the needle under < or >, and its period. */
static size_t maximal_suffix(TextSpan needle, bool reversed, bool greater, size_t *period) {
    size_t suffix = SIZE_MAX, j = 0, k = 1, p = 1;
    while (j + k < needle.length) {
        uint32_t a = span_at(needle, j + k, reversed), b = span_at(needle, suffix + k, reversed);
        if (a == b) {
            if (k != p) {
                k++;
            } else {
                j += p;
                k = 1;
            }
        } else if (greater ? a > b : a < b) {
            j += k;
            k = 1;
            p = j - suffix;
        } else {
            suffix = j++;
            k = p = 1;
        }
    }
    *period = p;
    return suffix + 1;
}

static bool prefix_repeats(TextSpan needle, bool reversed, size_t length, size_t period) {
    if (length + period > needle.length) return false;
    for (size_t i = 0; i < length; i++)
        if (span_at(needle, i, reversed) != span_at(needle, i + period, reversed)) return false;
    return true;
}

/* First occurrence at or behind `at`, counted in reading direction; -1: none. */
static int64_t two_way(TextSpan hay, TextSpan needle, size_t at, bool reversed) {
    size_t period, other_period, m = needle.length, memory = 0;
    size_t cut = maximal_suffix(needle, reversed, false, &period);
    size_t other = maximal_suffix(needle, reversed, true, &other_period);
    if (other > cut) {
        cut = other;
        period = other_period;
    }
    bool periodic = prefix_repeats(needle, reversed, cut, period);
    if (!periodic) period = (cut > m - cut ? cut : m - cut) + 1;
    while (at + m <= hay.length) {
        size_t j = cut > memory ? cut : memory;
        while (j < m && span_at(needle, j, reversed) == span_at(hay, at + j, reversed)) j++;
        if (j < m) {
            at += j - cut + 1;
            memory = 0;
            continue;
        }
        j = cut;
        while (j > memory && span_at(needle, j - 1, reversed) == span_at(hay, at + j - 1, reversed)) j--;
        if (j <= memory) return (int64_t)at;
        at += period;
        memory = periodic ? m - period : 0;
    }
    return -1;
}

/* Inlined with constant widths and direction. Needle of at least 2 characters, hay no shorter. */
SEARCH int64_t scan(TextSpan hay, TextSpan needle, bool reversed) {
    size_t m = needle.length, work = 0;
    uint32_t first = span_at(needle, 0, reversed), last = span_at(needle, m - 1, reversed);
    for (size_t i = 0; i + m <= hay.length; i++) {
        if (span_at(hay, i, reversed) != first || span_at(hay, i + m - 1, reversed) != last) continue;
        size_t j = 1;
        while (j < m - 1 && span_at(hay, i + j, reversed) == span_at(needle, j, reversed)) j++;
        if (j == m - 1) return (int64_t)i;
        work += j;
        if (work > 4 * i + 256) return two_way(hay, needle, i + 1, reversed);
    }
    return -1;
}

SEARCH int64_t scan_widths(const void *hay, size_t n, int hay_width, const void *needle, size_t m, int needle_width, bool reversed) {
    return scan((TextSpan){hay, n, hay_width}, (TextSpan){needle, m, needle_width}, reversed);
}

SEARCH int64_t scan_any(TextSpan hay, TextSpan needle, bool reversed) {
    const void *h = hay.data, *p = needle.data;
    size_t n = hay.length, m = needle.length;
    switch (hay.width * 8 + needle.width) {
    case 1 * 8 + 1: return scan_widths(h, n, 1, p, m, 1, reversed);
    case 2 * 8 + 1: return scan_widths(h, n, 2, p, m, 1, reversed);
    case 2 * 8 + 2: return scan_widths(h, n, 2, p, m, 2, reversed);
    case 4 * 8 + 1: return scan_widths(h, n, 4, p, m, 1, reversed);
    case 4 * 8 + 2: return scan_widths(h, n, 4, p, m, 2, reversed);
    case 4 * 8 + 4: return scan_widths(h, n, 4, p, m, 4, reversed);
    default: return -1; /* a wider needle holds a character that the hay cannot hold */
    }
}

int64_t text_find_char(TextSpan hay, uint32_t c) {
    if (hay.length == 0 || text_width(c) > hay.width) return -1;
    if (hay.width == 1) {
        const uint8_t *p = hay.data, *hit = memchr(p, (int)c, hay.length);
        return hit ? hit - p : -1;
    }
    if (hay.width == 2) {
        const uint16_t *p = hay.data;
        for (size_t i = 0; i < hay.length; i++)
            if (p[i] == c) return (int64_t)i;
        return -1;
    }
    const uint32_t *p = hay.data;
    for (size_t i = 0; i < hay.length; i++)
        if (p[i] == c) return (int64_t)i;
    return -1;
}

static int64_t find_last_char(TextSpan hay, uint32_t c) {
    if (hay.width == 1 && c < 0x100) {
        const uint8_t *p = hay.data, *hit = memrchr(p, (int)c, hay.length);
        return hit ? hit - p : -1;
    }
    for (size_t i = hay.length; i > 0; i--)
        if (text_at(hay.data, hay.width, i - 1) == c) return (int64_t)i - 1;
    return -1;
}

int64_t text_find(TextSpan hay, TextSpan needle) {
    if (needle.length > hay.length) return -1;
    if (needle.length == 0) return 0;
    if (needle.length == 1) return text_find_char(hay, text_at(needle.data, needle.width, 0));
    if (hay.width == 1 && needle.width == 1) {
        const char *hit = memmem(hay.data, hay.length, needle.data, needle.length);
        return hit ? hit - (const char *)hay.data : -1;
    }
    return scan_any(hay, needle, false);
}

int64_t text_find_last(TextSpan hay, TextSpan needle) {
    if (needle.length > hay.length) return -1;
    if (needle.length == 0) return (int64_t)hay.length;
    if (needle.length == 1) return find_last_char(hay, text_at(needle.data, needle.width, 0));
    int64_t from_end = scan_any(hay, needle, true);
    return from_end < 0 ? -1 : (int64_t)(hay.length - needle.length) - from_end;
}

static size_t count_byte(const uint8_t *data, size_t length, uint8_t c) {
    size_t count = 0;
    for (size_t i = 0; i < length; i++) count += data[i] == c;
    return count;
}

size_t text_count(TextSpan hay, TextSpan needle, size_t most) {
    if (most == 0) return 0;
    if (needle.length == 0) return hay.length < most ? hay.length + 1 : most;
    if (needle.length == 1 && hay.width == 1 && needle.width == 1) {
        size_t all = count_byte(hay.data, hay.length, *(const uint8_t *)needle.data);
        return all < most ? all : most;
    }
    size_t count = 0;
    while (count < most) {
        int64_t at = text_find(hay, needle);
        if (at < 0) break;
        count++;
        hay = text_part(hay, (size_t)at + needle.length, hay.length);
    }
    return count;
}
