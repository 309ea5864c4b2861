/* builtins: iteration. */
#include "stdlib/builtins.h"

#include "vm/ops.h"
#include "vm/types/anext_awaitable.h"
#include "vm/types/generator.h"
#include "vm/types/iterators.h"
#include "vm/types/list.h"
#include "vm/vm.h"

Value builtins_iter(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    if (value_is_empty(args[1])) return value_iter(vm, args[0]);
    if (!value_is_callable(vm, args[0])) return error_type(vm, "iter(v, w): v must be callable");
    return callable_iterator_new(vm, args[0], args[1]);
}

Value builtins_next(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    UnaryFn next = value_type(vm, args[0])->slots.next;
    if (!next) return error_type(vm, "'%T' object is not an iterator", args[0]);
    Value v = value_is_generator(args[0]) ? generator_next_method(vm, args, 1) : next(vm, args[0]);
    bool otherwise = !value_is_empty(args[1]);
    if (value_is_error(v)) return otherwise && error_clear_if(vm, EXC_StopIteration) ? value_retain(args[1]) : v;
    if (!value_is_empty(v)) return v;
    return otherwise ? value_retain(args[1]) : error_stop_iteration(vm, VALUE_NONE);
}

/* Whether an item's truth is `wanted`: iteration stops there. */
typedef struct Search {
    int wanted;
    bool found;
    bool failed;
} Search;

static bool search_step(Vm *vm, Value item, void *arg) {
    Search *search = arg;
    int truth = value_truth(vm, item);
    search->failed = truth < 0;
    search->found = truth == search->wanted;
    return !search->failed && !search->found;
}

/* 1 found, 0 not, -1 error. */
static int search(Vm *vm, Value iterable, int wanted) {
    Search s = {wanted, false, false};
    bool ended = value_each(vm, iterable, search_step, &s);
    if (s.found) return 1;
    return ended ? 0 : -1;
}

Value builtins_all(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int found = search(vm, args[0], 0);
    return found < 0 ? VALUE_ERROR : value_from_bool(!found);
}

Value builtins_any(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int found = search(vm, args[0], 1);
    return found < 0 ? VALUE_ERROR : value_from_bool(found);
}

Value builtins_sorted(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    List *list = list_from_iterable(vm, args[0]);
    if (!list) return VALUE_ERROR;
    int reverse = value_is_empty(args[2]) ? 0 : value_truth(vm, args[2]);
    if (reverse >= 0 && list_sort(vm, list, value_is_empty(args[1]) ? VALUE_NONE : args[1], reverse)) return value_from_object(list);
    release_object(vm, list);
    return VALUE_ERROR;
}

Value builtins_aiter(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    UnaryFn aiter = value_type(vm, args[0])->slots.aiter;
    if (!aiter) return error_type(vm, "'%T' object is not an async iterable", args[0]);
    Value iterator = aiter(vm, args[0]);
    if (value_is_error(iterator) || value_type(vm, iterator)->slots.anext) return iterator;
    error_type(vm, "aiter() returned not an async iterator of type '%T'", iterator);
    value_release(vm, iterator);
    return VALUE_ERROR;
}

/* "(aiterator, default=<unrepresentable>, /)" */
Value builtins_anext(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    UnaryFn anext = value_type(vm, args[0])->slots.anext;
    if (!anext) return error_type(vm, "'%T' object is not an async iterator", args[0]);
    Value awaitable = anext(vm, args[0]);
    if (value_is_error(awaitable) || value_is_empty(args[1])) return awaitable;
    Value v = anext_awaitable_new(vm, awaitable, args[1]);
    value_release(vm, awaitable);
    return v;
}
