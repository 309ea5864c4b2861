/* The table of source positions of a code object.
 *
 * Layout: the number of marks (uint32), the marks, then one record for each instruction, in order. A mark (offset, line, place) stands for every
 * MARK_INTERVAL-th record: looking one up starts at the last mark before it. A record is a sequence of varints (7 bits a byte, low
 * first, high bit: more follow):
 *     words since the last instruction * 2 + 1 when the position is that of the instruction before; else
 *     words * 2, line difference (zigzag), end_line - line (zigzag), column + 1, end_column + 1 */
#include "vm/code.h"

#include "vm/vm.h"

enum { MARK_INTERVAL = 128 };

typedef struct Mark {
    uint32_t offset; /* of the instruction before the record */
    int32_t line;    /* the line before the record */
    uint32_t place;  /* of the record, from the first one */
} Mark;

typedef struct Writer {
    uint8_t *out; /* NULL: only counts */
    uint32_t size;
} Writer;

static void put(Writer *w, uint32_t v) {
    while (v >= 0x80) {
        if (w->out) w->out[w->size] = (uint8_t)(v | 0x80);
        w->size++;
        v >>= 7;
    }
    if (w->out) w->out[w->size] = (uint8_t)v;
    w->size++;
}

static uint32_t zigzag(int32_t v) { return (uint32_t)v << 1 ^ (uint32_t)(v >> 31); }
static int32_t unzigzag(uint32_t v) { return (int32_t)(v >> 1) ^ -(int32_t)(v & 1); }

static bool position_same(const CodePosition *a, const CodePosition *b) {
    return a->line == b->line && a->end_line == b->end_line && a->column == b->column && a->end_column == b->end_column;
}

static void write_all(Writer *w, Mark *marks, const uint32_t *offsets, const CodePosition *positions, uint32_t count) {
    uint32_t offset = 0;
    int32_t line = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool marked = i % MARK_INTERVAL == 0;
        if (marked && marks) marks[i / MARK_INTERVAL] = (Mark){offset, line, w->size};
        bool same = i && !marked && position_same(&positions[i], &positions[i - 1]);
        put(w, (offsets[i] - offset) * 2 + same);
        offset = offsets[i];
        if (same) continue;
        const CodePosition *p = &positions[i];
        put(w, zigzag(p->line - line));
        put(w, zigzag(p->end_line - p->line));
        put(w, (uint32_t)(p->column + 1));
        put(w, (uint32_t)(p->end_column + 1));
        line = p->line;
    }
}

uint8_t *code_positions_encode(Vm *vm, const uint32_t *offsets, const CodePosition *positions, uint32_t count, uint32_t *size) {
    uint32_t mark_count = (count + MARK_INTERVAL - 1) / MARK_INTERVAL;
    size_t head = sizeof(uint32_t) + mark_count * sizeof(Mark);
    Writer counting = {NULL, 0};
    write_all(&counting, NULL, offsets, positions, count);
    uint8_t *block = heap_alloc(&vm->heap, head + counting.size);
    if (!block) return NULL;
    memcpy(block, &mark_count, sizeof mark_count);
    Writer writer = {block + head, 0};
    write_all(&writer, (Mark *)(void *)(block + sizeof mark_count), offsets, positions, count);
    *size = (uint32_t)(head + counting.size);
    return block;
}

static uint32_t get(const uint8_t **p) {
    uint32_t v = 0;
    for (int shift = 0;; shift += 7) {
        uint8_t byte = *(*p)++;
        v |= (uint32_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) return v;
    }
}

/* The last mark whose record is for an instruction at or before `offset`. */
static Mark mark_find(const uint8_t *marks, uint32_t count, uint32_t offset) {
    Mark best = {0, 0, 0};
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        Mark mark;
        memcpy(&mark, marks + middle * sizeof mark, sizeof mark);
        if (mark.offset < offset || middle == 0) {
            best = mark;
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return best;
}

CodePosition code_position(const Code *code, uint32_t offset) {
    CodePosition p = {code->first_line, code->first_line, -1, -1};
    if (!code->positions) return p;
    uint32_t mark_count;
    memcpy(&mark_count, code->positions, sizeof mark_count);
    const uint8_t *marks = code->positions + sizeof mark_count, *records = marks + mark_count * sizeof(Mark);
    const uint8_t *end = code->positions + code->position_size;
    Mark mark = mark_find(marks, mark_count, offset);
    uint32_t at = mark.offset;
    int32_t line = mark.line;
    for (const uint8_t *in = records + mark.place; in < end;) {
        uint32_t head = get(&in);
        at += head >> 1;
        if (at > offset) break;
        if (head & 1) continue;
        p.line = line + unzigzag(get(&in));
        p.end_line = p.line + unzigzag(get(&in));
        p.column = (int32_t)get(&in) - 1;
        p.end_column = (int32_t)get(&in) - 1;
        line = p.line;
    }
    return p;
}
