/* What the files of module io share. Private to stdlib/io_*.c.
 *
 * The layers are CPython's: FileIO (a file descriptor, or one of the VM's own streams), BufferedReader/Writer/Random around a raw
 * stream, TextIOWrapper around a buffered one; BytesIO and StringIO in memory. Each layer talks to the one below by its C function
 * where that is one of ours, and by method calls where it is a script's. */
#ifndef MINI_STDLIB_IO_H
#define MINI_STDLIB_IO_H

#include "vm/ops.h"
#include "vm/types/bytes.h"
#include "vm/types/str.h"
#include "vm/vm.h"

#define IO_BUFFER_SIZE 8192
#define IO_PIPE_SIZE 4096 /* what the system suggests for pipes: buffers of the VM's own streams */

/* The types, made when io is first needed; kept in the module's state. */
typedef enum IoType {
    IO_BASE, IO_RAW_BASE, IO_BUFFERED_BASE, IO_TEXT_BASE,
    IO_FILE, IO_BUFFERED_READER, IO_BUFFERED_WRITER, IO_BUFFERED_RANDOM, IO_TEXT_WRAPPER, IO_BYTES, IO_STRING,
    IO_BYTES_BUFFER, IO_BUFFERED_PAIR, IO_NEWLINE_DECODER,
    IO_TYPE_COUNT
} IoType;
/* Borrowed. NULL: no memory. */
Type *io_type(Vm *vm, IoType id);
bool io_is(Vm *vm, Value v, IoType id);
/* io.UnsupportedOperation with this text. */
Value io_unsupported(Vm *vm, const char *what);
Value error_closed(Vm *vm); /* ValueError: I/O operation on closed file. */

/* builtins.open (io_module.c). */
Value io_open(Vm *vm, Value *args, int nargs);

/* --- io_file.c --- */
typedef enum HostStream { HOST_NONE, HOST_IN, HOST_OUT, HOST_ERR } HostStream;

typedef struct FileIO {
    Object head;
    int fd; /* -1: closed */
    Value name;
    bool readable, writable, appending, created, close_fd;
    int8_t seekable; /* -1: not asked yet */
    uint32_t block_size; /* what the system suggests for reads and writes */
    uint8_t host;    /* HostStream: reads and writes go to the VM's streams */
    bool wrapped;    /* a Buffered stands on it: that one closes it */
} FileIO;
/* Opens name (a path or an int descriptor). */
Value file_open(Vm *vm, Value name, const char *mode, bool close_fd, Value opener);
Value file_from_stream(Vm *vm, HostStream which);
/* Bytes read or written, -1: error, -2: would block. */
int64_t file_read(Vm *vm, FileIO *f, uint8_t *into, size_t size);
int64_t file_write(Vm *vm, FileIO *f, const uint8_t *data, size_t size);
int64_t file_seek(Vm *vm, FileIO *f, int64_t offset, int whence); /* -1: error */
bool file_close(Vm *vm, FileIO *f);
int file_seekable(FileIO *f);
const char *file_mode(const FileIO *f);
bool file_isatty(Vm *vm, const FileIO *f);

/* --- io_buffered.c --- */
typedef struct Buffered {
    Object head;
    Value raw; /* VALUE_EMPTY: detached or not initialised */
    uint8_t *buffer;
    size_t size;
    size_t read_at, read_end; /* bytes read ahead */
    size_t write_end;         /* bytes waiting to be written, from 0; never together with read-ahead */
    bool can_read, can_write;
    bool wrapped;             /* a TextIOWrapper stands on it: that one closes it */
} Buffered;
Value buffered_new(Vm *vm, IoType id, Value raw, size_t size);
bool buffered_write(Vm *vm, Buffered *b, const uint8_t *data, size_t size);
bool buffered_flush(Vm *vm, Buffered *b);
/* size bytes, fewer at the end; negative: all. New Bytes. */
Value buffered_read(Vm *vm, Buffered *b, int64_t size);
/* Up to size bytes, with at most one read of the raw stream when nothing is buffered. -1: error; 0: at the end. */
int64_t buffered_read1(Vm *vm, Buffered *b, uint8_t *into, size_t size);

/* --- io_newline.c: newline= of text streams --- */
typedef struct Newlines {
    bool universal; /* lines end at "\n", "\r" or "\r\n"; otherwise at `end`, "\n" when that is empty */
    bool translate; /* reading: every line end becomes "\n" */
    char end[3];    /* "\r" or "\r\n": what "\n" becomes when written; else empty */
    uint8_t seen;   /* NEWLINE_... that a universal stream has read */
} Newlines;
#define NEWLINE_CR 1u
#define NEWLINE_LF 2u
#define NEWLINE_CRLF 4u
/* None (or absent), "", "\n", "\r", "\r\n". false: it is none of these; nothing is raised. */
bool newlines_set(Newlines *n, Value newline);
/* A decoded text as the stream gives it: notes what was seen, translates. The text is stolen. */
Value newlines_read_take(Vm *vm, Newlines *n, Value text);
/* A text as it is written: "\n" replaced by n->end. New. */
Str *newlines_write(Vm *vm, const Newlines *n, Str *s);
/* Index behind the line of s that starts at `at`; 0: it does not end there. */
size_t newlines_line_end(const Newlines *n, const Str *s, size_t at);
/* The attribute `newlines`: None, a str, or a tuple of strs. */
Value newlines_seen(Vm *vm, uint8_t seen);

/* --- io_text.c --- */
Value text_wrapper_new(Vm *vm, Value buffer, Value encoding, Value errors, Value newline, bool line_buffering, bool write_through);
/* Adds stdin, stdout, stderr to the dict of module sys. */
bool io_std_streams(Vm *vm, Dict *sys);

/* --- io_base.c: helpers for methods --- */
/* Whether the stream is closed: 1, 0, -1 error. */
int stream_closed(Vm *vm, Value stream);
/* A setter: AttributeError, readonly attribute. */
bool io_set_readonly(Vm *vm, Value self, Value value);
/* Reads a size argument: VALUE_EMPTY or None mean -1. */
bool size_argument(Vm *vm, Value v, int64_t *out);
/* A buffer to read into; `function` names the caller in the TypeError. */
bool io_writable_buffer(Vm *vm, Value v, const char *function, Buffer *out);
/* The next line by the stream's readline(), for subclasses. VALUE_EMPTY at the end. */
Value io_next_text(Vm *vm, Value self);
/* stream.method(): true when it did not raise. */
bool stream_call(Vm *vm, Value stream, const char *method);

extern const TypeSpec io_base_spec, raw_base_spec, buffered_base_spec, text_base_spec, file_io_spec, buffered_reader_spec,
    buffered_writer_spec, buffered_random_spec, buffered_pair_spec, text_wrapper_spec, bytes_io_spec, bytes_buffer_spec, string_io_spec,
    newline_decoder_spec;

#endif
