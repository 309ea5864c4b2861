/* BaseException and all its subtypes share one struct; the extra values that some types have (StopIteration.value,
 * OSError.errno, SyntaxError.lineno ...) are in `extra`, by the indices below. */
#ifndef MINI_VM_TYPES_EXCEPTION_H
#define MINI_VM_TYPES_EXCEPTION_H

#include "vm/error.h"
#include "vm/types/function.h"

#define EXCEPTION_EXTRAS 10

typedef struct ExceptionObject {
    Object head;
    Tuple *args;
    Traceback *traceback; /* NULL: none */
    Value cause, context; /* exceptions, VALUE_EMPTY: none; cause VALUE_NONE: `from None` */
    bool suppress_context;
    uint8_t extra_count;
    Value *extra; /* heap block; NULL for types without */
} ExceptionObject;

static inline bool value_is_exception(Value v) { return value_has_layout(v, LAYOUT_EXCEPTION); }
static inline ExceptionObject *value_exception(Value v) { return (ExceptionObject *)value_object(v); }

/* Indices into extra. */
enum { EXTRA_STOP_VALUE = 0 };                                                        /* StopIteration */
enum { EXTRA_EXIT_CODE = 0 };                                                         /* SystemExit */
enum { EXTRA_NAME = 0, EXTRA_OBJ = 1 };                                               /* NameError, AttributeError */
enum { EXTRA_MSG = 0, EXTRA_IMPORT_NAME = 1, EXTRA_IMPORT_PATH = 2, EXTRA_IMPORT_FROM = 3 }; /* ImportError */
enum { EXTRA_ERRNO = 0, EXTRA_STRERROR = 1, EXTRA_FILENAME = 2, EXTRA_FILENAME2 = 3, EXTRA_WRITTEN = 4 }; /* OSError */
enum { EXTRA_SYNTAX_MSG = 0, EXTRA_SYNTAX_FILENAME = 1, EXTRA_LINENO = 2, EXTRA_OFFSET = 3, EXTRA_TEXT = 4, EXTRA_END_LINENO = 5,
       EXTRA_END_OFFSET = 6, EXTRA_PRINT_FILE = 7 };                                  /* SyntaxError */
enum { EXTRA_ENCODING = 0, EXTRA_OBJECT = 1, EXTRA_START = 2, EXTRA_END = 3, EXTRA_REASON = 4 }; /* UnicodeError's */
enum { EXTRA_GROUP_MESSAGE = 0, EXTRA_GROUP_EXCEPTIONS = 1 };                         /* BaseExceptionGroup */

/* The exception types' specs and bases, by ExceptionId (vm/exceptions.def). ExceptionGroup has Exception as its second base. */
extern const TypeSpec exception_specs[EXC_COUNT];
extern const ExceptionId exception_bases[EXC_COUNT];
/* The built-in exception type that a type is or inherits its struct from. */
ExceptionId exception_id(const Type *type);
/* An exception's str() as tracebacks show it. */
Value exception_str(Vm *vm, Value self);

/* An instance of a built-in exception type with args (one Value, or none when VALUE_EMPTY). */
Value exception_new(Vm *vm, ExceptionId id, Value argument);
/* Adds the frame to the pending exception's traceback (called by the loop as it unwinds). */
void traceback_add(Vm *vm, Frame *frame, uint32_t offset);
/* The line that an entry stands for. */
int traceback_line(Traceback *t);
/* The whole report as CPython prints it (chained exceptions, notes, groups, source lines, carets), ending in a newline. A Str. */
Value traceback_format(Vm *vm, Value exception);
/* Prints it to sys.stderr (or the VM's error stream). Never raises. */
void traceback_print(Vm *vm, Value exception);
/* Splits a group by a type, predicate...: see vm/types/exception_group.c */
bool exception_group_match(Vm *vm, Value exception, Value match_type, Value *matching, Value *rest);
Value exception_prepare_reraise_star(Vm *vm, Value original, List *raised);

#endif
