/* Native functions: C functions that scripts can call, described by const tables.
 *
 * A row is { "split", str_split, "($self, /, sep=None, maxsplit=-1)", "doc" }. The signature is the one source for
 * argument counts, keyword names and inspect.signature: the caller (vm/native.c) checks a call against it, so that the C
 * function never does:
 *
 *   - args[0] is self ($self), the class ($type, for class methods and __new__) or the module ($module is not passed);
 *   - parameters follow in the signature's order, keyword-only ones included; an absent one is VALUE_EMPTY: the text behind `=`
 *     is for people, the C code supplies the default;
 *   - nargs is the number of slots filled from position (self included);
 *   - with *args: the fixed parameters before it come first, then all positional arguments up to args[nargs-1], then the
 *     keyword-only parameters at args[nargs], args[nargs+1], ...;
 *   - with **kwargs: one more slot at the end: a new dict, or VALUE_EMPTY when there are none.
 *
 * Arguments are borrowed and stand in the caller's registers: the C function never writes to args (reading only). The result
 * is new, or VALUE_ERROR with an exception pending. Annotations, defaults with brackets or commas in quotes are understood.
 */
#ifndef MINI_VM_NATIVE_H
#define MINI_VM_NATIVE_H

#include "gc/object.h"

typedef Value (*NativeFn)(Vm *vm, Value *args, int nargs);

/* How a row of a type's table becomes an attribute. */
typedef enum NativeKind { NATIVE_METHOD, NATIVE_CLASS_METHOD, NATIVE_STATIC_METHOD } NativeKind;

typedef struct NativeDef {
    const char *name; /* NULL ends a table */
    NativeFn fn;
    const char *signature; /* "($self, x, /)"; a signature that starts with $type makes a class method */
    const char *doc;
    NativeKind kind; /* NATIVE_STATIC_METHOD where said so; class methods are seen by $type */
} NativeDef;

typedef Value (*GetterFn)(Vm *vm, Value self);
typedef bool (*SetterFn)(Vm *vm, Value self, Value value); /* value VALUE_EMPTY: delete */

typedef struct GetSetDef {
    const char *name; /* NULL ends a table */
    GetterFn get;
    SetterFn set; /* NULL: read-only */
    const char *doc;
} GetSetDef;

/* A module made of C functions: see vm/module.h for how it is registered (stdlib/modules.def). */
typedef struct ModuleDef {
    const char *name;
    const char *doc;
    const NativeDef *functions;
    bool (*init)(Vm *vm, Value module); /* adds types, constants; NULL: nothing to add */
    /* Adds attributes that few scripts ask for: called once, the first time that an attribute is missing or all are asked for. NULL: none. */
    bool (*complete)(Vm *vm, Value module);
} ModuleDef;

#endif
