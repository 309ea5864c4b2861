/* Raising: the pending exception of a VM, and the shorthands by which C code sets it.
 *
 * An exception is pending if and only if vm->exception is not VALUE_EMPTY. Functions report it by their error result.
 */
#ifndef MINI_VM_ERROR_H
#define MINI_VM_ERROR_H

#include "vm/type.h"

typedef enum ExceptionId {
#define EXCEPTION(name, base, family) EXC_##name,
#include "vm/exceptions.def"
#undef EXCEPTION
    EXC_COUNT
} ExceptionId;

/* Sets a pending exception with a formatted message. Result: VALUE_ERROR, for `return error_raise(...)`.
 * Format: %s char* (UTF-8), %.*s, %c, %d %i %u %x (int), %ld %lu %lld %llu %zd %zu, %g, %%; and
 *   %V repr of a Value, %S str of a Value, %U text of a Str *, %T type name of a Value, %N name of a Type *.
 * A pending exception is replaced (and becomes the context only where a handler is active). */
Value error_raise(Vm *vm, ExceptionId id, const char *format, ...);
Value error_type(Vm *vm, const char *format, ...);  /* TypeError */
Value error_value(Vm *vm, const char *format, ...); /* ValueError */
Value error_key(Vm *vm, Value key);                 /* KeyError(key) */
Value error_no_memory(Vm *vm);                      /* MemoryError, without allocating */
Value error_os(Vm *vm, int error_number, Value filename); /* OSError or its subclass; filename VALUE_EMPTY: none */
Value error_attribute(Vm *vm, Value object, Str *name); /* 'x' object has no attribute 'y', with obj and name set */
/* NameError with its name set; format takes the name as %U. UnboundLocalError is raised by error_raise. */
Value error_name(Vm *vm, Str *name, const char *format);
Value error_stop_iteration(Vm *vm, Value value);
/* Raises an instance, or calls a class for one (as `raise x`); cause VALUE_EMPTY: no `from`. */
Value error_raise_value(Vm *vm, Value exception, Value cause);
/* Sets `exception` (a BaseException instance) as pending as it is: no context, no new traceback. Steals. */
void error_restore_take(Vm *vm, Value exception);
/* The pending exception, no longer pending. New reference; VALUE_EMPTY when there was none. */
Value error_fetch(Vm *vm);
void error_clear(Vm *vm);
bool error_pending(const Vm *vm);
/* Whether the pending exception is an instance of the built-in exception type. */
bool error_matches(const Vm *vm, ExceptionId id);
/* When the pending exception matches: clears it and says true. */
bool error_clear_if(Vm *vm, ExceptionId id);
/* The pending exception goes to sys.unraisablehook: clears it. The report begins with `where` (NULL: "Exception ignored in") and the
 * repr of object (VALUE_EMPTY: none). */
void error_unraisable(Vm *vm, const char *where, Value object);
void error_unraisable_format(Vm *vm, Value object, const char *format, ...); /* where: a format */
/* The default sys.unraisablehook: writes the report to sys.stderr. message: a Str or None. Never raises. */
void error_unraisable_report(Vm *vm, Value exception, Value message, Value object);
/* Writes a Str to sys.stderr, or to the host's error stream when there is none. Never raises. */
void error_write(Vm *vm, Value text);
/* Hands an exception that nobody caught to sys.excepthook. Never raises. Result: a SystemExit that the hook has raised (new), VALUE_EMPTY. */
Value error_print(Vm *vm, Value exception);
/* A warning through warnings.warn's default filter: printed as CPython does. false: turned into an exception. */
bool error_warn(Vm *vm, ExceptionId category, const char *format, ...);
/* The same about an object (an unawaited coroutine, an unclosed file): CPython adds a line that tells how to find where it was made. */
bool error_warn_source(Vm *vm, ExceptionId category, Value source, const char *format, ...);
/* The same at a place that is not the running line (SyntaxWarning). */
bool error_warn_at(Vm *vm, ExceptionId category, Str *filename, int line, Value message);
/* Makes `exception` (stolen) pending; its context becomes the exception being handled, if there is one. Result: VALUE_ERROR. */
Value error_set_take(Vm *vm, Value exception);

/* A Str by the format above. Value: Str, or VALUE_ERROR. */
Value str_format(Vm *vm, const char *format, ...);

#endif
