/* TextIOWrapper's struct, shared by io_text.c (making, attributes, writing) and io_text_read.c (reading, positions).
 *
 * Writing: texts are encoded at once and gathered in `pending`, which goes down when it is full, at a line end of a line-buffered stream,
 * before a read and at flush(). Reading: a chunk of bytes is decoded to `decoded`, of which `decoded_at` characters are used; bytes at its end
 * that do not end a character (or a "\r" whose "\n" may follow) wait in `tail`. `chunk` keeps the bytes that decoded came from, so that
 * tell() can count back. A position is the byte offset at which the next character begins. */
#ifndef MINI_STDLIB_IO_TEXT_H
#define MINI_STDLIB_IO_TEXT_H

#include "stdlib/io.h"
#include "vm/types/codecs.h"

typedef struct TextWrapper {
    Object head;
    Value buffer; /* VALUE_EMPTY: detached or not initialised */
    Value encoding, errors;
    char encoding_name[CODEC_NAME_MAX], errors_name[CODEC_NAME_MAX];
    EncodingId id;      /* of encoding_name */
    EncodingId read_id; /* what is read now: id, or its byte order once that is known */
    Newlines newlines;
    bool ready;         /* __init__ has run */
    bool readable, writable, seekable;
    bool telling;       /* tell() works: not while next() reads on */
    bool mark_due;      /* writing: the byte order mark comes first */
    bool mark_read;     /* reading: it has been looked for */
    bool line_buffering, write_through;
    bool unbuffered;    /* every write goes through to the end (mini -u) */
    bool at_end;
    uint8_t *pending;
    size_t pending_size;
    Value decoded; /* Str or VALUE_EMPTY */
    size_t decoded_at;
    uint8_t tail[16];
    size_t tail_size;
    uint8_t *chunk;
    size_t chunk_size, chunk_capacity;
    size_t chunk_mark; /* bytes of a byte order mark at the start of chunk */
} TextWrapper;

static inline TextWrapper *text_of(Value v) { return (TextWrapper *)value_object(v); }
/* The buffer when it is one of ours, else NULL. */
Buffered *text_own_buffer(Vm *vm, TextWrapper *t);
bool text_check_attached(Vm *vm, TextWrapper *t);
bool text_check_open(Vm *vm, TextWrapper *t);
/* What waits goes to the buffer. */
bool text_pending_flush(Vm *vm, TextWrapper *t);
/* flush(): to the buffer and on. */
bool text_flush_all(Vm *vm, TextWrapper *t);
/* buffer.method(...). New. */
Value text_call_buffer(Vm *vm, TextWrapper *t, const char *method, Value *args, int nargs);

/* --- io_text_read.c --- */
/* Forgets what was read ahead: the next read starts at the buffer's position. start: that is the file's beginning. */
void text_read_reset(Vm *vm, TextWrapper *t, bool start);
Value text_read(Vm *vm, Value *args, int nargs);
Value text_readline(Vm *vm, Value *args, int nargs);
Value text_next(Vm *vm, Value self);
Value text_tell(Vm *vm, Value *args, int nargs);
Value text_seek(Vm *vm, Value *args, int nargs);

#endif
