#include "lexer/names.h"
bool character_find(const char *name, size_t length, uint32_t *character)
{
    (void)name; (void)length; (void)character;
    return false;
}
