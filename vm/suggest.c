/* "Did you mean": Levenshtein distance with substitution of another case costing less, as CPython's suggestions weigh it
 * (Python/suggestions.c: move cost 2, case cost 1, at most (len a + len b + 3) * move / 6, names up to 40 characters, 750 candidates). */
#include "vm/suggest.h"

#include "vm/types/str.h"

#define MOVE_COST 2
#define CASE_COST 1
#define MAX_LENGTH 40
#define MAX_CANDIDATES 750

static uint32_t lower_ascii(uint32_t c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }

static size_t substitution_cost(uint32_t a, uint32_t b) {
    if (a == b) return 0;
    return lower_ascii(a) == lower_ascii(b) ? CASE_COST : MOVE_COST;
}

static size_t distance(const Str *a, const Str *b, size_t most) {
    size_t row[MAX_LENGTH + 1];
    if (a->length > MAX_LENGTH || b->length > MAX_LENGTH) return most + 1;
    for (size_t i = 0; i <= a->length; i++) row[i] = i * MOVE_COST;
    for (size_t j = 0; j < b->length; j++) {
        size_t diagonal = j * MOVE_COST, least = SIZE_MAX;
        row[0] = (j + 1) * MOVE_COST;
        for (size_t i = 0; i < a->length; i++) {
            size_t substitute = diagonal + substitution_cost(str_at(a, i), str_at(b, j));
            size_t insert = (row[i] < row[i + 1] ? row[i] : row[i + 1]) + MOVE_COST;
            diagonal = row[i + 1];
            row[i + 1] = substitute < insert ? substitute : insert;
            if (row[i + 1] < least) least = row[i + 1];
        }
        if (least > most) return most + 1;
    }
    return row[a->length];
}

Str *suggest_name(Vm *vm, Str *name, Str *const *candidates, size_t count) {
    (void)vm;
    if (count > MAX_CANDIDATES) return NULL;
    Str *best = NULL;
    size_t best_distance = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        Str *candidate = candidates[i];
        if (str_equal(candidate, name)) continue;
        size_t most = (name->length + candidate->length + 3) * MOVE_COST / 6;
        if (best && most >= best_distance) most = best_distance - 1;
        size_t d = distance(name, candidate, most);
        if (d > most || d >= best_distance) continue;
        best = candidate;
        best_distance = d;
    }
    return best;
}
