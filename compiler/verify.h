/* A check of compiled code, for development: see verify.c. */
#ifndef MINI_COMPILER_VERIFY_H
#define MINI_COMPILER_VERIFY_H

#include "vm/code.h"

/* What is wrong with the code (nested code not included), NULL when nothing is found. *offset: of the instruction. */
const char *code_verify(const Code *code, uint32_t *offset);

#endif
