/* Formatting: str.format and its kin, and the % operator. The format mini-language itself is declared in float.h
 * (int_format, float_format, complex_format, str_format_spec). */
#ifndef MINI_VM_TYPES_FORMAT_H
#define MINI_VM_TYPES_FORMAT_H

#include "vm/type.h"

/* str.format: "($self, /, *args, **kwargs)", and str.format_map: "($self, mapping, /)". NativeFn's both. */
Value str_format_method(Vm *vm, Value *args, int nargs);
Value str_format_map_method(Vm *vm, Value *args, int nargs);

/* format % args. A new Str; for bytes and bytearray formats a new object of that type. args may be anything. */
Value str_percent(Vm *vm, Str *format, Value args);
Value bytes_percent(Vm *vm, Value format, Value args);

#endif
