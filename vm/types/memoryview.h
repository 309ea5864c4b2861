/* memoryview: items of one format in another object's memory, in rows of any number of dimensions and any steps. */
#ifndef MINI_VM_TYPES_MEMORYVIEW_H
#define MINI_VM_TYPES_MEMORYVIEW_H

#include "vm/types/bytes.h"

typedef struct MemoryView {
    Object head;
    Buffer buffer;     /* what the owner gave; owner NULL: released */
    uint8_t *start;    /* the first item */
    uint8_t ndim;
    char format;       /* as in struct */
    bool native_prefix; /* the format was told as "@x" */
    bool readonly;
    uint32_t item_size;
    uint32_t exports;  /* buffers of this view that others hold: not released before they are */
    Hash hash;         /* -1: not known */
    int64_t dims[];    /* ndim lengths, then ndim strides in bytes */
} MemoryView;

static inline bool value_is_memoryview(Value v) { return value_has_layout(v, LAYOUT_MEMORYVIEW); }
static inline MemoryView *value_memoryview(Value v) { return (MemoryView *)value_object(v); }
static inline int64_t *memoryview_strides(MemoryView *m) { return m->dims + m->ndim; }

size_t memoryview_items(const MemoryView *m);   /* how many */
bool memoryview_is_contiguous(MemoryView *m, bool fortran);
/* false: ValueError, it is released. */
bool memoryview_check(Vm *vm, const MemoryView *m);
/* All items one behind the other, into `out` (items * item_size bytes). fortran: the first index runs fastest. */
void memoryview_flatten(MemoryView *m, uint8_t *out, bool fortran);
Value memoryview_to_bytes(Vm *vm, MemoryView *m);

/* --- single items (memory_items.c) --- */
/* Bytes of an item; 0: no such format. */
uint32_t memory_item_size(char format);
Value memory_item_get(Vm *vm, char format, const uint8_t *p);
bool memory_item_set(Vm *vm, char format, uint8_t *p, Value v);
bool memory_format_is_byte(char format);

/* --- memoryview_methods.c --- */
extern const NativeDef MEMORYVIEW_METHODS[];
extern const GetSetDef MEMORYVIEW_GETSET[];
/* A view of the same owner as m with `ndim` dimensions to be filled in; its other fields are m's. NULL: error. */
MemoryView *memoryview_derive(Vm *vm, MemoryView *m, int ndim);
/* Strides of rows that lie one behind the other. */
void memoryview_set_strides(MemoryView *m);

#endif
