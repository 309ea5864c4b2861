/* The formatter behind error_raise and str_format. */
#ifndef MINI_VM_FORMAT_ERROR_H
#define MINI_VM_FORMAT_ERROR_H

#include <stdarg.h>

#include "vm/types/str.h"

/* A new Str by vm/error.h's format, or VALUE_ERROR. */
Value str_format_list(Vm *vm, const char *format, va_list args);

#endif
