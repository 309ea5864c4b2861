/* str.maketrans and str.translate. */
#include "vm/types/str_internal.h"

#include "vm/ops.h"
#include "vm/types/dict.h"
#include "vm/types/int.h"

/* --- maketrans --- */

/* A dict with the keys of `source`, characters as ints. */
static Value table_from_dict(Vm *vm, Dict *source) {
    Dict *table = dict_new(vm);
    size_t position = 0;
    Value key, value;
    if (!table) return VALUE_ERROR;
    while (dict_next(source, &position, &key, &value)) {
        if (value_is_str(key)) {
            if (value_str_peek(key)->length != 1) {
                error_value(vm, "string keys in translate table must be of length 1");
                goto fail;
            }
            key = value_from_small(str_at(value_str_peek(key), 0));
        } else if (!value_is_int(key)) {
            error_type(vm, "keys in translate table must be strings or integers");
            goto fail;
        }
        if (!dict_set(vm, table, key, value)) goto fail;
    }
    return value_from_object(table);
fail:
    release_object(vm, table);
    return VALUE_ERROR;
}

static Value table_from_strs(Vm *vm, const Str *from, const Str *to, const Str *removed) {
    if (from->length != to->length) return error_value(vm, "the first two maketrans arguments must have equal length");
    Dict *table = dict_new(vm);
    bool ok = table != NULL;
    for (size_t i = 0; ok && i < from->length; i++)
        ok = dict_set(vm, table, value_from_small(str_at(from, i)), value_from_small(str_at(to, i)));
    for (size_t i = 0; ok && removed && i < removed->length; i++) ok = dict_set(vm, table, value_from_small(str_at(removed, i)), VALUE_NONE);
    if (ok) return value_from_object(table);
    release_object(vm, table);
    return VALUE_ERROR;
}

/* maketrans(x, y, z): a static method */
Value str_method_maketrans(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    Str *to = NULL, *removed = NULL;
    if (!value_is_empty(args[1]) && !(to = str_argument(vm, args[1], "maketrans", 2))) return VALUE_ERROR;
    if (!value_is_empty(args[2]) && !(removed = str_argument(vm, args[2], "maketrans", 3))) return VALUE_ERROR;
    if (to) {
        if (!value_is_str(args[0])) return error_type(vm, "first maketrans argument must be a string if there is a second argument");
        return table_from_strs(vm, value_str_peek(args[0]), to, removed);
    }
    if (!value_is_exact(args[0], LAYOUT_DICT))
        return error_type(vm, "if you give only one argument to maketrans it must be a dict");
    return table_from_dict(vm, value_dict(args[0]));
}

/* --- translate --- */

/* What the table has for c; VALUE_EMPTY: nothing. New. */
static Value look_up(Vm *vm, Value table, uint32_t c) {
    Value key = value_from_small(c), found;
    if (value_is_exact(table, LAYOUT_DICT)) return dict_find(vm, value_dict(table), key, &found) ? found : VALUE_ERROR;
    found = value_get_item(vm, table, key);
    if (value_is_error(found) && error_clear_if(vm, EXC_LookupError)) return VALUE_EMPTY;
    return found;
}

/* Adds what stands for c. */
static bool add_mapped(Vm *vm, StrBuilder *b, Value mapped, uint32_t c) {
    int64_t code;
    if (value_is_empty(mapped)) return builder_add_char(b, c);
    if (value_is_none(mapped)) return true;
    if (value_is_str(mapped)) return builder_add_str(b, value_str_peek(mapped));
    if (!value_is_int(mapped)) {
        error_type(vm, "character mapping must return integer, None or str");
        return false;
    }
    if (int_to_i64(mapped, &code) && code >= 0 && code <= 0x10FFFF) return builder_add_char(b, (uint32_t)code);
    error_value(vm, "character mapping must be in range(0x110000)");
    return false;
}

#define NOT_CACHED 0xFFFFu

Value str_method_translate(Vm *vm, Value *args, int nargs) {
    Str *s = value_str_peek(args[0]);
    uint16_t cache[128]; /* ASCII characters that map to one such */
    StrBuilder b;
    (void)nargs;
    for (int i = 0; i < 128; i++) cache[i] = NOT_CACHED;
    builder_init(&b, vm);
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_at(s, i);
        if (c < 128 && cache[c] != NOT_CACHED) {
            if (!builder_add_char(&b, cache[c])) return builder_finish(&b);
            continue;
        }
        Value mapped = look_up(vm, args[1], c);
        bool ok = !value_is_error(mapped) && add_mapped(vm, &b, mapped, c);
        if (ok && c < 128 && value_is_empty(mapped)) cache[c] = (uint16_t)c;
        if (ok && c < 128 && value_is_small(mapped) && value_small(mapped) < 128) cache[c] = (uint16_t)value_small(mapped);
        value_release(vm, mapped);
        if (!ok) {
            builder_drop(&b);
            return VALUE_ERROR;
        }
    }
    return builder_finish(&b);
}
