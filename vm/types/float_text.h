/* Text of a double in the printf styles, for format(), the % operator and complex numbers. */
#ifndef MINI_VM_TYPES_FLOAT_TEXT_H
#define MINI_VM_TYPES_FLOAT_TEXT_H

#include "vm/vm.h"

#define FLOAT_TEXT_SIGN 1u      /* '+' before numbers that are not negative */
#define FLOAT_TEXT_DOT_ZERO 2u  /* ".0" after what looks like an integer */
#define FLOAT_TEXT_ALTERNATE 4u /* keep the point and, with 'g', zeros at the end */
#define FLOAT_TEXT_NO_NEGATIVE_ZERO 8u
#define FLOAT_TEXT_LOCAL 400

typedef struct FloatText {
    char *text; /* ASCII, NUL-terminated */
    size_t length, bytes; /* bytes: of the heap block; 0: local is used */
    char local[FLOAT_TEXT_LOCAL];
} FloatText;

/* kind: e, f, g with a precision >= 0; r (shortest, precision ignored); capital letters give capital text. false: MemoryError. */
bool float_text_make(Vm *vm, FloatText *t, double d, char kind, int64_t precision, unsigned flags);
void float_text_drop(Vm *vm, FloatText *t);

/* float.hex() and float.fromhex(). float_from_hex: 1 done, 0 malformed, -1 too large. out of float_to_hex: 32 bytes. */
size_t float_to_hex(double d, char *out);
int float_from_hex(const char *text, size_t length, double *out);
/* The longest float at the start of the text (no whitespace; inf and nan with any case; underscores between digits only when
 * allowed). Result: where it ends; NULL: none. */
const char *float_scan(const char *text, const char *end, bool underscores, double *out);

#endif
