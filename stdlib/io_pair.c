/* BufferedRWPair: a reader and a writer over two raw streams that together make one object (a socket, a pair of pipes). */
#include "stdlib/io.h"

#include "vm/types/int.h"
#include "vm/types/tuple.h"

typedef struct BufferedPair {
    Object head;
    Value reader, writer; /* VALUE_EMPTY: __init__ has not run */
} BufferedPair;

static BufferedPair *self_of(Value v) { return (BufferedPair *)value_object(v); }

static Value forward(Vm *vm, Value stream, const char *method, Value *args, int nargs) {
    if (value_is_empty(stream)) return error_value(vm, "I/O operation on uninitialized object");
    Str *name = str_intern(vm, method, strlen(method));
    Value kept = value_retain(stream);
    Value v = name ? value_call_method(vm, kept, name, args, nargs) : VALUE_ERROR;
    value_release(vm, kept);
    release_object(vm, name);
    return v;
}

/* Arguments from args[1] on, absent ones left out. */
static Value forward_args(Vm *vm, Value stream, const char *method, Value *args) {
    return forward(vm, stream, method, args + 1, value_is_empty(args[1]) ? 0 : 1);
}

static Value pair_read(Vm *vm, Value *args, int nargs) { return (void)nargs, forward_args(vm, self_of(args[0])->reader, "read", args); }
static Value pair_read1(Vm *vm, Value *args, int nargs) { return (void)nargs, forward_args(vm, self_of(args[0])->reader, "read1", args); }
static Value pair_peek(Vm *vm, Value *args, int nargs) { return (void)nargs, forward_args(vm, self_of(args[0])->reader, "peek", args); }
static Value pair_readinto(Vm *vm, Value *args, int nargs) { return (void)nargs, forward_args(vm, self_of(args[0])->reader, "readinto", args); }
static Value pair_readinto1(Vm *vm, Value *args, int nargs) { return (void)nargs, forward_args(vm, self_of(args[0])->reader, "readinto1", args); }
static Value pair_write(Vm *vm, Value *args, int nargs) { return (void)nargs, forward_args(vm, self_of(args[0])->writer, "write", args); }
static Value pair_flush(Vm *vm, Value *args, int nargs) { return (void)nargs, forward(vm, self_of(args[0])->writer, "flush", NULL, 0); }
static Value pair_readable(Vm *vm, Value *args, int nargs) { return (void)nargs, forward(vm, self_of(args[0])->reader, "readable", NULL, 0); }
static Value pair_writable(Vm *vm, Value *args, int nargs) { return (void)nargs, forward(vm, self_of(args[0])->writer, "writable", NULL, 0); }

static Value pair_isatty(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value v = forward(vm, self_of(args[0])->writer, "isatty", NULL, 0);
    if (!value_is_false(v)) return v;
    return forward(vm, self_of(args[0])->reader, "isatty", NULL, 0);
}

/* Both are closed, whatever the first one raises; its exception wins. */
static Value pair_close(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Value first = forward(vm, self_of(args[0])->writer, "close", NULL, 0), exception = value_is_error(first) ? error_fetch(vm) : VALUE_EMPTY;
    value_release(vm, first);
    Value second = forward(vm, self_of(args[0])->reader, "close", NULL, 0);
    if (value_is_empty(exception)) return second;
    if (value_is_error(second)) error_clear(vm);
    value_release(vm, second);
    error_restore_take(vm, exception);
    return VALUE_ERROR;
}

static Value get_closed(Vm *vm, Value self) {
    if (value_is_empty(self_of(self)->writer)) return error_raise(vm, EXC_RuntimeError, "the BufferedRWPair object is being garbage-collected");
    int closed = stream_closed(vm, self_of(self)->writer);
    return closed < 0 ? VALUE_ERROR : value_from_bool(closed);
}

static Value pair_new(Vm *vm, Type *type, Value *args, int nargs, Tuple *kwnames) {
    (void)args, (void)nargs, (void)kwnames;
    BufferedPair *p = type_alloc(vm, type, sizeof *p);
    if (!p) return VALUE_ERROR;
    p->reader = p->writer = VALUE_EMPTY;
    object_track(&vm->heap, &p->head);
    return value_from_object(p);
}

/* The raw stream must answer True to `method`. */
static bool check_raw(Vm *vm, Value raw, const char *method, const char *message) {
    Value v = forward(vm, raw, method, NULL, 0);
    int truth = value_is_error(v) ? -1 : value_truth(vm, v);
    value_release(vm, v);
    if (truth == 0) io_unsupported(vm, message);
    return truth > 0;
}

/* "($self, reader, writer, buffer_size=8192, /)" */
static Value pair_init(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int64_t size = IO_BUFFER_SIZE;
    if (!value_is_empty(args[3]) && !value_as_index(vm, args[3], &size, false)) return VALUE_ERROR;
    if (!check_raw(vm, args[1], "readable", "File or stream is not readable.")) return VALUE_ERROR;
    if (!check_raw(vm, args[2], "writable", "File or stream is not writable.")) return VALUE_ERROR;
    if (size <= 0) return error_value(vm, "buffer size must be strictly positive");
    Value reader = buffered_new(vm, IO_BUFFERED_READER, args[1], (size_t)size);
    Value writer = value_is_error(reader) ? reader : buffered_new(vm, IO_BUFFERED_WRITER, args[2], (size_t)size);
    if (value_is_error(writer)) return value_release(vm, reader), VALUE_ERROR;
    value_replace_take(vm, &self_of(args[0])->reader, reader);
    value_replace_take(vm, &self_of(args[0])->writer, writer);
    return VALUE_NONE;
}

static size_t pair_size(const Object *o) { return (void)o, sizeof(BufferedPair); }

static void pair_visit(Object *o, VisitFn visit, void *arg) {
    visit(((BufferedPair *)o)->reader, arg);
    visit(((BufferedPair *)o)->writer, arg);
}

static void pair_clear(Vm *vm, Object *o) {
    value_clear(vm, &((BufferedPair *)o)->reader);
    value_clear(vm, &((BufferedPair *)o)->writer);
}

static const NativeDef pair_methods[] = {
    {"read", pair_read, "($self, size=-1, /)", "Reads from the reader.", NATIVE_METHOD},
    {"read1", pair_read1, "($self, size=-1, /)", "Reads from the reader, at most once from its raw stream.", NATIVE_METHOD},
    {"peek", pair_peek, "($self, size=0, /)", "Bytes the reader has read ahead.", NATIVE_METHOD},
    {"readinto", pair_readinto, "($self, buffer, /)", "Reads into a writable buffer.", NATIVE_METHOD},
    {"readinto1", pair_readinto1, "($self, buffer, /)", "Reads into a writable buffer, at most once.", NATIVE_METHOD},
    {"write", pair_write, "($self, buffer, /)", "Writes to the writer.", NATIVE_METHOD},
    {"flush", pair_flush, "($self, /)", "Flushes the writer.", NATIVE_METHOD},
    {"close", pair_close, "($self, /)", "Closes both.", NATIVE_METHOD},
    {"readable", pair_readable, "($self, /)", NULL, NATIVE_METHOD},
    {"writable", pair_writable, "($self, /)", NULL, NATIVE_METHOD},
    {"isatty", pair_isatty, "($self, /)", NULL, NATIVE_METHOD},
    {0}};
static const GetSetDef pair_getset[] = {{"closed", get_closed, NULL, NULL}, {0}};

const TypeSpec buffered_pair_spec = {
    .name = "_io.BufferedRWPair",
    .doc = "A buffered reader and a buffered writer in one object.",
    .layout = LAYOUT_OTHER,
    .flags = TYPE_FLAG_BASETYPE | TYPE_FLAG_HAS_DICT | TYPE_FLAG_WEAKREFS,
    .size = sizeof(BufferedPair),
    .ops = {pair_size, pair_visit, pair_clear, pair_clear, NULL},
    .slots = {.new_ = pair_new},
    .init = {"BufferedRWPair", pair_init, "($self, reader, writer, buffer_size=8192, /)", NULL, NATIVE_METHOD},
    .methods = pair_methods,
    .getset = pair_getset,
};
