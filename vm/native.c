/* Native functions: parsing of signatures, binding of arguments, CPython's messages for calls that do not fit.
 *
 * A signature is read once, when the NativeFunction is made: counts and flags; the parameters' names are made when the
 * first keyword argument or message needs them. Which words a message has follows from the signature, as it follows in CPython
 * from the calling convention: no or one positional-only parameter (METH_NOARGS, METH_O), several of them
 * (_PyArg_CheckPositional), or parameters that may be named (_PyArg_UnpackKeywords). native_object.c has the types.
 */
#include "vm/native.h"

#include <stdio.h>
#include <string.h>

#include "vm/ops.h"
#include "vm/suggest.h"
#include "vm/types/descriptors.h"
#include "vm/types/function.h"
#include "vm/types/str.h"
#include "vm/vm.h"

#define SLOTS_ON_STACK 10

/* --- signatures --- */

typedef struct Parameter {
    const char *name;
    size_t length;
    int stars; /* 1: *args, or * alone with length 0; 2: **kwargs */
    bool slash, has_default;
} Parameter;

/* The end of a default's text: a comma or closing parenthesis outside of brackets and quotes. */
static const char *skip_default(const char *p) {
    int depth = 0;
    for (char quote = 0; *p; p++) {
        if (quote) {
            if (*p == '\\' && p[1]) p++;
            else if (*p == quote) quote = 0;
        } else if (*p == '\'' || *p == '"') quote = *p;
        else if (*p == '(' || *p == '[' || *p == '{') depth++;
        else if ((*p == ')' || *p == ']' || *p == '}') && depth-- == 0) return p;
        else if (*p == ',' && depth == 0) return p;
    }
    return p;
}

/* Reads the next parameter at *text (behind the opening parenthesis); false at the end. */
static bool parameter_next(const char **text, Parameter *out) {
    const char *p = *text;
    while (*p == ' ' || *p == ',' || *p == '\n') p++;
    if (!*p || *p == ')') return false;
    *out = (Parameter){0};
    for (; *p == '*'; p++) out->stars++;
    if (*p == '/') {
        out->slash = true;
        p++;
    }
    out->name = p;
    while (*p && !strchr(" ,:=)", *p)) p++;
    out->length = (size_t)(p - out->name);
    const char *end = skip_default(p);
    out->has_default = memchr(p, '=', (size_t)(end - p)) != NULL;
    *text = end;
    return true;
}

static inline const char *signature_start(const NativeDef *def) {
    const char *p = def->signature ? def->signature : "()";
    return *p == '(' ? p + 1 : p;
}

static inline bool parameter_is(const Parameter *p, const char *name) {
    return p->length == strlen(name) && !memcmp(p->name, name, p->length);
}

void native_parse(NativeFunction *n) {
    const char *text = signature_start(n->def);
    Parameter p;
    int named = 0, kwonly = 0, required = 0;
    bool after_star = false;
    n->posonly_count = 0;
    while (parameter_next(&text, &p)) {
        if (parameter_is(&p, "$module")) continue;
        if (p.slash) {
            n->posonly_count = (uint8_t)named;
        } else if (p.stars == 2) {
            n->flags |= NATIVE_KWARGS;
        } else if (p.stars == 1) {
            after_star = true;
            if (p.length) n->flags |= NATIVE_VARARGS;
        } else {
            if (*p.name == '$' && named == 0) {
                n->flags |= NATIVE_HAS_SELF;
                n->posonly_count = 1;
            }
            named++;
            if (after_star) kwonly++;
            else if (!p.has_default) required++;
        }
    }
    if ((n->flags & NATIVE_HAS_SELF) && !n->posonly_count) n->posonly_count = 1;
    n->param_count = (uint8_t)named;
    n->kwonly_count = (uint8_t)kwonly;
    n->min_args = (int16_t)required;
    n->max_args = (int16_t)(n->flags & NATIVE_VARARGS ? -1 : named - kwonly);
}

/* The name of named parameter i; has_default in *optional. */
static Parameter parameter_at(const NativeFunction *n, int index) {
    const char *text = signature_start(n->def);
    Parameter p = {0};
    while (parameter_next(&text, &p)) {
        if (parameter_is(&p, "$module") || p.slash || p.stars) continue;
        if (index-- == 0) return p;
    }
    return p;
}

static Tuple *param_names(Vm *vm, NativeFunction *n) {
    if (n->param_names) return n->param_names;
    Tuple *names = tuple_new(vm, n->param_count);
    for (int i = 0; names && i < n->param_count; i++) {
        Parameter p = parameter_at(n, i);
        Str *name = str_intern(vm, p.name, p.length);
        if (!name) {
            release_object(vm, names);
            names = NULL;
        } else names->items[i] = value_from_object(name);
    }
    if (!names && !error_pending(vm)) error_no_memory(vm);
    return n->param_names = names;
}

/* --- names in messages --- */

static inline bool is_constructor(const NativeFunction *n) { return n->flags & NATIVE_CONSTRUCTOR; }

/* "append", or the class's name for __new__ and __init__. Borrowed text. */
static const char *short_name(const NativeFunction *n) {
    if (!is_constructor(n)) return n->def->name ? n->def->name : "function";
    const char *name = type_name(n->owner), *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

/* "list.append", "math.sqrt", "len": as _PyObject_FunctionStr tells functions, without the parentheses. New Str value. */
static Value full_name(Vm *vm, const NativeFunction *n) {
    const char *name = short_name(n);
    if (n->owner && !is_constructor(n)) {
        Type *owner = n->owner;
        if (value_is_object(n->self) && value_is_instance(vm, n->self, TYPE(vm, TYPE))) owner = (Type *)value_object(n->self);
        return str_format(vm, "%S.%s", owner->qualname, name);
    }
    if (value_is_str(n->module) && !str_equal_ascii(value_str_peek(n->module), "builtins"))
        return str_format(vm, "%S.%s", n->module, name);
    return str_format(vm, "%s", name);
}

static Value error_full(Vm *vm, const NativeFunction *n, const char *text) {
    Value name = full_name(vm, n);
    if (value_is_error(name)) return VALUE_ERROR;
    error_type(vm, "%S() %s", name, text);
    value_release(vm, name);
    return VALUE_ERROR;
}

static inline int self_count(const NativeFunction *n) { return n->flags & NATIVE_HAS_SELF ? 1 : 0; }

/* Functions whose CPython counterparts have a calling convention of their own that counts like positional-only ones. */
static bool counts_positionally(const NativeFunction *n) {
    static const char *const names[] = {"sorted", "int", "str"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(short_name(n), names[i])) return true;
    return false;
}

bool native_is_positional(const NativeFunction *n) {
    int fixed = n->param_count - n->kwonly_count;
    return !n->kwonly_count && !(n->flags & NATIVE_KWARGS) && n->posonly_count >= fixed;
}

static const char *plural(int n) { return n == 1 ? "" : "s"; }

/* "pop expected at most 1 argument, got 2" */
static Value error_positional(Vm *vm, const NativeFunction *n, int given, int min, int max) {
    const char *amount = min == max ? "" : given < min ? "at least " : "at most ";
    int bound = given < min ? min : max;
    return error_type(vm, "%s expected %s%d argument%s, got %d", short_name(n), amount, bound, plural(bound), given);
}

/* A count of positional arguments that no parameter list of this function takes. `given` includes self. */
static Value error_count(Vm *vm, const NativeFunction *n, int given) {
    int self = self_count(n), min = n->min_args - self, fixed = n->param_count - n->kwonly_count - self, count = given - self;
    char text[80];
    if (count < 0) return error_full(vm, n, "needs an argument");
    if (native_is_positional(n) && !(n->flags & NATIVE_VARARGS) && !is_constructor(n) && fixed <= 1 && min == fixed) {
        snprintf(text, sizeof text, fixed ? "takes exactly one argument (%d given)" : "takes no arguments (%d given)", count);
        return error_full(vm, n, text);
    }
    if (n->flags & NATIVE_VARARGS || native_is_positional(n))
        return error_positional(vm, n, count, min, n->flags & NATIVE_VARARGS ? INT16_MAX : fixed);
    return error_positional(vm, n, count, min, fixed);
}

static Value error_unbound(Vm *vm, const NativeFunction *n) {
    if (n->head.shape->type == TYPE(vm, CLASS_METHOD_DESCRIPTOR))
        return error_type(vm, "descriptor '%s' of '%N' object needs an argument", n->def->name, n->owner);
    if (n->owner) return error_type(vm, "unbound method %S.%s() needs an argument", n->owner->qualname, n->def->name);
    return error_full(vm, n, "needs an argument");
}

/* --- binding with keywords, after _PyArg_UnpackKeywords --- */

typedef struct Binding {
    NativeFunction *native;
    Value *slots;
    int given;  /* positional arguments, self included */
    int fixed;  /* positional parameters */
    int extra;  /* positional arguments beyond them (*args) */
    Dict *rest; /* **kwargs; NULL: none yet */
} Binding;

static Value error_bind_count(Vm *vm, const NativeFunction *n, int given, int keywords) {
    int self = self_count(n), all = n->param_count - self, fixed = all - n->kwonly_count, min = n->min_args - self;
    int posonly = n->posonly_count - self, required = min < posonly ? min : posonly;
    given -= self;
    if (counts_positionally(n) && (given > fixed || given < min)) return error_positional(vm, n, given, min, fixed);
    if (given + keywords > all)
        return error_type(vm, "%s() takes at most %d %sargument%s (%d given)", short_name(n), all, given == 0 ? "keyword " : "",
                          plural(all), given + keywords);
    if (given > fixed && fixed == 0) return error_type(vm, "%s() takes no positional arguments", short_name(n));
    if (given > fixed)
        return error_type(vm, "%s() takes %s %d positional argument%s (%d given)", short_name(n),
                          min < fixed ? "at most" : "exactly", fixed, plural(fixed), given);
    if (given < required)
        return error_type(vm, "%s() takes %s %d positional argument%s (%d given)", short_name(n),
                          required < fixed ? "at least" : "exactly", required, plural(required), given);
    return VALUE_NONE;
}

/* Index of the parameter that keyword `name` may fill; -1: none. */
static int find_parameter(const NativeFunction *n, const Tuple *names, const Str *name, int from) {
    for (int i = from; i < n->param_count; i++)
        if (value_str_peek(names->items[i]) == name) return i;
    for (int i = from; i < n->param_count; i++)
        if (str_equal(value_str_peek(names->items[i]), name)) return i;
    return -1;
}

static bool error_unexpected(Vm *vm, const NativeFunction *n, const Tuple *names, Str *name) {
    Str *candidates[32];
    size_t count = 0;
    for (int i = n->posonly_count; i < n->param_count && count < 32; i++) candidates[count++] = value_str_peek(names->items[i]);
    Str *near = suggest_name(vm, name, candidates, count);
    if (near) error_type(vm, "%s() got an unexpected keyword argument '%U'. Did you mean '%U'?", short_name(n), name, near);
    else error_type(vm, "%s() got an unexpected keyword argument '%U'", short_name(n), name);
    return false;
}

static bool bind_rest(Vm *vm, Binding *b, Str *name, Value value) {
    if (!b->rest && !(b->rest = dict_new(vm))) return false;
    return dict_set_str(vm, b->rest, name, value);
}

/* Puts one keyword argument into its slot; *stray: it names no parameter that is still free. */
static bool bind_keyword(Vm *vm, Binding *b, Tuple *names, Str *name, Value value, bool *stray) {
    NativeFunction *n = b->native;
    int i = find_parameter(n, names, name, n->posonly_count);
    if (i < 0 && n->flags & NATIVE_KWARGS) return bind_rest(vm, b, name, value);
    if (i < 0 || (i < b->fixed && i < b->given)) {
        *stray = true;
        return true;
    }
    b->slots[i < b->fixed ? i : i + b->extra] = value;
    return true;
}

static bool error_stray(Vm *vm, Binding *b, Tuple *names, Tuple *kwnames) {
    NativeFunction *n = b->native;
    for (size_t k = 0; k < kwnames->count; k++) {
        Str *name = value_str_peek(kwnames->items[k]);
        int i = find_parameter(n, names, name, n->posonly_count);
        if (i >= 0 && i < b->fixed && i < b->given) {
            error_type(vm, "argument for %s() given by name ('%U') and position (%d)", short_name(n), name, i + 1 - self_count(n));
            return false;
        }
    }
    for (size_t k = 0; k < kwnames->count; k++) {
        Str *name = value_str_peek(kwnames->items[k]);
        if (find_parameter(n, names, name, n->posonly_count) < 0) return error_unexpected(vm, n, names, name);
    }
    return false;
}

static bool check_required(Vm *vm, Binding *b) {
    NativeFunction *n = b->native;
    for (int i = 0; i < n->param_count; i++) {
        if (!value_is_empty(b->slots[i < b->fixed ? i : i + b->extra])) continue;
        Parameter p = parameter_at(n, i);
        if (p.has_default) continue;
        error_type(vm, "%s() missing required argument '%.*s' (pos %d)", short_name(n), (int)p.length, p.name,
                   i + 1 - self_count(n));
        return false;
    }
    return true;
}

static bool bind_keywords(Vm *vm, Binding *b, Value *values, Tuple *kwnames) {
    bool stray = false;
    Tuple *names = param_names(vm, b->native);
    if (!names) return false;
    for (size_t i = 0; i < kwnames->count; i++) {
        Value name = kwnames->items[i];
        if (!bind_keyword(vm, b, names, value_str_peek(name), values[i], &stray)) return false;
    }
    return check_required(vm, b) && (!stray || error_stray(vm, b, names, kwnames));
}

static bool bind(Vm *vm, Binding *b, Value *args, int nargs, Tuple *kwnames) {
    NativeFunction *n = b->native;
    int keywords = kwnames ? (int)kwnames->count : 0;
    int first = b->given - nargs; /* self stands in slot 0 already */
    bool varargs = n->flags & NATIVE_VARARGS;
    if (keywords && native_is_positional(n)) return error_full(vm, n, "takes no keyword arguments"), false;
    if (varargs || native_is_positional(n)) {
        if (b->given < n->min_args && !keywords) return error_count(vm, n, b->given), false;
        if (!varargs && b->given > b->fixed) return error_count(vm, n, b->given), false;
    } else if (b->given > b->fixed || b->given < n->posonly_count || b->given + keywords > n->param_count) {
        if (n->flags & NATIVE_KWARGS) keywords = 0;
        if (value_is_error(error_bind_count(vm, n, b->given, keywords))) return false;
    }
    for (int i = 0; i < nargs; i++) b->slots[first + i] = args[i];
    if (kwnames && kwnames->count) return bind_keywords(vm, b, args + nargs, kwnames);
    return b->given >= b->fixed && !n->kwonly_count ? true : check_required(vm, b);
}

static Value call_bound(Vm *vm, NativeFunction *n, Value self, Value *args, int nargs, Tuple *kwnames) {
    int given = nargs + !value_is_empty(self), fixed = n->param_count - n->kwonly_count;
    int positional = n->flags & NATIVE_VARARGS && given > fixed ? given : fixed;
    size_t count = (size_t)positional + n->kwonly_count + 1;
    Value local[SLOTS_ON_STACK];
    Value *slots = count <= SLOTS_ON_STACK ? local : heap_alloc(&vm->heap, count * sizeof(Value));
    if (!slots) return error_no_memory(vm);
    Binding b = {.native = n, .slots = slots, .given = given, .fixed = fixed, .extra = positional - fixed};
    for (size_t i = 0; i < count; i++) slots[i] = VALUE_EMPTY;
    slots[0] = given > nargs ? self : VALUE_EMPTY;
    Value result = VALUE_ERROR;
    if (bind(vm, &b, args, nargs, kwnames)) {
        if (b.rest) slots[count - 1] = value_from_object(b.rest);
        result = n->fn(vm, slots, n->flags & NATIVE_VARARGS ? positional : given);
    }
    release_object(vm, b.rest);
    if (slots != local) heap_free(&vm->heap, slots, count * sizeof(Value));
    return result;
}

/* self VALUE_EMPTY: it is in args, or there is none. */
static Value call_with(Vm *vm, NativeFunction *n, Value self, Value *args, int nargs, Tuple *kwnames) {
    int first = !value_is_empty(self), given = nargs + first, count = n->param_count;
    if ((kwnames && kwnames->count) || n->flags & (NATIVE_VARARGS | NATIVE_KWARGS) || n->kwonly_count || count > SLOTS_ON_STACK)
        return call_bound(vm, n, self, args, nargs, kwnames);
    if (given < n->min_args || given > count) {
        if (native_is_positional(n)) return error_count(vm, n, given);
        return call_bound(vm, n, self, args, nargs, kwnames);
    }
    if (!first && given == count) return n->fn(vm, args, given);
    Value slots[SLOTS_ON_STACK];
    int i = 0;
    if (first) slots[i++] = self;
    for (int k = 0; k < nargs; k++) slots[i++] = args[k];
    while (i < count) slots[i++] = VALUE_EMPTY;
    return n->fn(vm, slots, given);
}

/* --- calls --- */

static bool check_receiver(Vm *vm, NativeFunction *n, Value *args, int nargs) {
    if (nargs < 1) return error_unbound(vm, n), false;
    bool is_type = value_has_layout(args[0], LAYOUT_TYPE);
    if (n->head.shape->type == TYPE(vm, CLASS_METHOD_DESCRIPTOR)) {
        if (!is_type) {
            error_type(vm, "descriptor '%s' for type '%N' needs a type, not a '%T' as arg 2", n->def->name, n->owner, args[0]);
            return false;
        }
        if (type_is_subtype((Type *)value_object(args[0]), n->owner)) return true;
        error_type(vm, "descriptor '%s' requires a subtype of '%N' but received '%N'", n->def->name, n->owner,
                   (Type *)value_object(args[0]));
        return false;
    }
    if (value_is_instance(vm, args[0], n->owner)) return true;
    error_type(vm, "descriptor '%s' for '%N' objects doesn't apply to a '%T' object", n->def->name, n->owner, args[0]);
    return false;
}

Value native_call(Vm *vm, NativeFunction *n, Value *args, int nargs, Tuple *kwnames) {
    if (n->flags & NATIVE_NEW) return native_call_new(vm, n, args, nargs, kwnames);
    bool has_self = n->flags & NATIVE_HAS_SELF;
    if (has_self && value_is_empty(n->self)) {
        if (n->owner && !check_receiver(vm, n, args, nargs)) return VALUE_ERROR;
        return call_with(vm, n, VALUE_EMPTY, args, nargs, kwnames);
    }
    retain_object(n); /* the callee may drop the last reference to it */
    Value result = call_with(vm, n, has_self ? n->self : VALUE_EMPTY, args, nargs, kwnames);
    release_object(vm, n);
    return result;
}

Value native_call_def(Vm *vm, const NativeDef *def, Value first, Value *args, int nargs, Tuple *kwnames) {
    NativeFunction n = {.def = def, .fn = def->fn, .self = VALUE_EMPTY, .module = VALUE_EMPTY};
    if (value_has_layout(first, LAYOUT_TYPE)) n.owner = (Type *)value_object(first);
    else if (!value_is_empty(first)) n.owner = value_type(vm, first);
    n.head = (Object){.count = 2, .shape = TYPE(vm, NATIVE)->shape}; /* on the C stack: never released for good */
    if (n.owner) n.flags = NATIVE_CONSTRUCTOR;
    native_parse(&n);
    Value result = call_with(vm, &n, first, args, nargs, kwnames);
    release_object(vm, n.param_names);
    return result;
}

Value native_call_with(Vm *vm, NativeFunction *n, Value first, Value *args, int nargs, Tuple *kwnames) {
    return call_with(vm, n, first, args, nargs, kwnames);
}
