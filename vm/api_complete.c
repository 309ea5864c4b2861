/* Completion for interactive sessions. The candidates for a text are made when the first of them is asked for.
 *
 * A dotted text is evaluated up to its last dot by attribute access alone: no calls, no subscripts. */
#include "vm/api.h"

#include "lexer/lexer.h"
#include "vm/ops.h"
#include "vm/types/dict.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

static bool has_prefix(const Str *s, const char *prefix, size_t length) {
    if (s->length < length) return false;
    for (size_t k = 0; k < length; k++)
        if (str_at(s, k) != (uint8_t)prefix[k]) return false;
    return true;
}

/* Adds what stands before the completed part, and the name. */
static bool candidate_add(Vm *vm, List *into, const char *head, size_t head_length, Str *name) {
    Value text = str_format(vm, "%.*s%U", (int)head_length, head, name);
    return !value_is_error(text) && list_append_take(vm, into, text);
}

static bool keywords_add(Vm *vm, List *into, const char *text, size_t length) {
    for (int kind = TOKEN_KW_FALSE; kind <= TOKEN_KW_YIELD; kind++) {
        const char *keyword = token_text((TokenKind)kind);
        if (strncmp(keyword, text, length)) continue;
        Str *s = str_from_ascii(vm, keyword);
        if (!s || !list_append_take(vm, into, value_from_object(s))) return false;
    }
    return true;
}

static bool names_add(Vm *vm, List *into, Dict *names, const char *text, size_t length) {
    size_t position = 0;
    Value key, value;
    while (names && dict_next(names, &position, &key, &value)) {
        if (!value_is_str(key) || !has_prefix(value_str_peek(key), text, length)) continue;
        if (!length && has_prefix(value_str_peek(key), "_", 1)) continue;
        if (!list_append(vm, into, key)) return false;
    }
    return true;
}

/* The object that a dotted text without its last part names. New; VALUE_EMPTY: there is none. */
static Value object_find(Vm *vm, const char *text, size_t length) {
    Value object = VALUE_EMPTY;
    for (size_t start = 0; start <= length;) {
        size_t end = start;
        while (end < length && text[end] != '.') end++;
        Str *name = str_intern(vm, text + start, end - start);
        if (!name) return VALUE_ERROR;
        Value next;
        if (start) {
            next = value_find_attr(vm, object, name);
        } else {
            Dict *globals = api_main_dict(vm);
            next = globals ? dict_peek_str(vm, globals, name) : VALUE_EMPTY;
            next = value_retain(value_is_empty(next) ? dict_peek_str(vm, vm->builtins, name) : next);
        }
        release_object(vm, name);
        value_release(vm, object);
        object = next;
        if (!value_is_object(object) && (value_is_empty(object) || value_is_error(object))) return object;
        start = end + 1;
    }
    return object;
}

static bool attributes_add(Vm *vm, List *into, const char *text, size_t dot) {
    Value object = object_find(vm, text, dot);
    if (value_is_error(object)) return false;
    if (value_is_empty(object)) return true;
    Value dir = value_call1(vm, dict_peek_ascii(vm, vm->builtins, "dir"), object);
    value_release(vm, object);
    if (value_is_error(dir)) return false;
    const char *prefix = text + dot + 1;
    size_t length = strlen(prefix);
    bool ok = true;
    for (size_t k = 0; ok && value_is_list(dir) && k < value_list(dir)->count; k++) {
        Value name = value_list(dir)->items[k];
        if (!value_is_str(name) || !has_prefix(value_str_peek(name), prefix, length)) continue;
        if (!length && has_prefix(value_str_peek(name), "_", 1)) continue;
        ok = candidate_add(vm, into, text, dot + 1, value_str_peek(name));
    }
    value_release(vm, dir);
    return ok;
}

static Value candidates_new(Vm *vm, const char *text) {
    List *list = list_new(vm, 0);
    if (!list) return VALUE_ERROR;
    const char *dot = strrchr(text, '.');
    size_t length = strlen(text);
    bool ok = dot ? attributes_add(vm, list, text, (size_t)(dot - text))
                  : keywords_add(vm, list, text, length) && names_add(vm, list, api_main_dict(vm), text, length) &&
                        names_add(vm, list, vm->builtins, text, length);
    if (ok && list_sort(vm, list, VALUE_NONE, false)) return value_from_object(list);
    release_object(vm, list);
    return VALUE_ERROR;
}

char *mini_complete(MiniVm *mini, const char *text, int index) {
    Vm *vm = mini->vm;
    if (index == 0) {
        Value list = candidates_new(vm, text);
        if (value_is_error(list)) {
            error_clear(vm);
            list = VALUE_EMPTY;
        }
        value_replace_take(vm, &mini->completions, list);
    }
    if (!value_is_list(mini->completions) || (size_t)index >= value_list(mini->completions)->count) return NULL;
    return api_text_copy(vm, value_list(mini->completions)->items[index]);
}
