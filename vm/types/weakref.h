/* The types weakref.ref and the proxies; the table behind them is gc/weakref.h. */
#ifndef MINI_VM_TYPES_WEAKREF_H
#define MINI_VM_TYPES_WEAKREF_H

#include "gc/weakref.h"
#include "vm/type.h"

static inline bool value_is_weakref(Value v) {
    return value_has_layout(v, LAYOUT_WEAKREF) && ((Weakref *)value_object(v))->kind == WEAKREF_REF;
}
/* A weakref.ref to target (shared where there is no callback). callback: VALUE_EMPTY or VALUE_NONE for none.
 * TypeError: cannot create weak reference to 'int' object. */
Value weakref_new(Vm *vm, Value target, Value callback);
/* weakref.proxy(target, callback). */
Value weakproxy_new(Vm *vm, Value target, Value callback);

/* ops of all weak references */
size_t weakref_size(const Object *o);
void weakref_visit(Object *o, VisitFn visit, void *arg);
void weakref_clear(Vm *vm, Object *o);

#endif
