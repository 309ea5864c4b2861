/* What the str files share and nobody else needs. */
#ifndef MINI_VM_TYPES_STR_INTERNAL_H
#define MINI_VM_TYPES_STR_INTERNAL_H

#include "vm/types/str.h"
#include "vm/types/text.h"
#include "vm/vm.h"

static inline TextSpan str_span(const Str *s) { return (TextSpan){str_data(s), s->length, s->width}; }
/* The widest character that a text's width and ascii flag allow. */
static inline uint32_t str_max_char(const Str *s) {
    return s->length == 0 ? 0 : s->ascii ? 0x7F : s->width == 1 ? 0xFF : s->width == 2 ? 0xFFFF : 0x10FFFF;
}

size_t str_cell_size(const Object *self);
/* Never the cached Str of a single character (it may be the one that is to be cached). */
Str *str_from_utf8_new(Vm *vm, const char *text, size_t length);
/* An instance of a subclass with this text. */
Str *str_new_of_type(Vm *vm, Type *type, const Str *text);

/* An argument that must be a str; NULL: TypeError "f() argument 1 must be str, not int"; number 0: "f() argument must ...". */
Str *str_argument(Vm *vm, Value v, const char *function, int number);
/* Start and end of find() and its like, clipped to the length, which is read behind __index__; *start > *end: nothing can be
 * found, not even ''. */
bool slice_arguments(Vm *vm, Value start_value, Value end_value, const size_t *length, size_t *start, size_t *end);
/* One item of a builder-less list: appends a new Str (stolen, NULL: error) to a List (borrowed). */
bool str_list_append_take(Vm *vm, List *list, Str *s);

/* --- the methods: args as vm/native.h tells. str_find.c --- */
Value str_method_find(Vm *vm, Value *args, int nargs);
Value str_method_rfind(Vm *vm, Value *args, int nargs);
Value str_method_index(Vm *vm, Value *args, int nargs);
Value str_method_rindex(Vm *vm, Value *args, int nargs);
Value str_method_count(Vm *vm, Value *args, int nargs);
Value str_method_startswith(Vm *vm, Value *args, int nargs);
Value str_method_endswith(Vm *vm, Value *args, int nargs);
Value str_method_replace(Vm *vm, Value *args, int nargs);
Value str_method_removeprefix(Vm *vm, Value *args, int nargs);
Value str_method_removesuffix(Vm *vm, Value *args, int nargs);
/* --- str_split.c --- */
Value str_method_split(Vm *vm, Value *args, int nargs);
Value str_method_rsplit(Vm *vm, Value *args, int nargs);
Value str_method_splitlines(Vm *vm, Value *args, int nargs);
Value str_method_partition(Vm *vm, Value *args, int nargs);
Value str_method_rpartition(Vm *vm, Value *args, int nargs);
Value str_method_strip(Vm *vm, Value *args, int nargs);
Value str_method_lstrip(Vm *vm, Value *args, int nargs);
Value str_method_rstrip(Vm *vm, Value *args, int nargs);
Value str_method_join(Vm *vm, Value *args, int nargs);
/* --- str_case.c --- */
Value str_method_upper(Vm *vm, Value *args, int nargs);
Value str_method_lower(Vm *vm, Value *args, int nargs);
Value str_method_casefold(Vm *vm, Value *args, int nargs);
Value str_method_swapcase(Vm *vm, Value *args, int nargs);
Value str_method_title(Vm *vm, Value *args, int nargs);
Value str_method_capitalize(Vm *vm, Value *args, int nargs);
Value str_method_isalnum(Vm *vm, Value *args, int nargs);
Value str_method_isalpha(Vm *vm, Value *args, int nargs);
Value str_method_isascii(Vm *vm, Value *args, int nargs);
Value str_method_isdecimal(Vm *vm, Value *args, int nargs);
Value str_method_isdigit(Vm *vm, Value *args, int nargs);
Value str_method_isidentifier(Vm *vm, Value *args, int nargs);
Value str_method_islower(Vm *vm, Value *args, int nargs);
Value str_method_isnumeric(Vm *vm, Value *args, int nargs);
Value str_method_isprintable(Vm *vm, Value *args, int nargs);
Value str_method_isspace(Vm *vm, Value *args, int nargs);
Value str_method_istitle(Vm *vm, Value *args, int nargs);
Value str_method_isupper(Vm *vm, Value *args, int nargs);
/* --- str_translate.c --- */
Value str_method_maketrans(Vm *vm, Value *args, int nargs);
Value str_method_translate(Vm *vm, Value *args, int nargs);

/* The table of all methods (str_methods.c). */
extern const NativeDef STR_METHODS[];

#endif
