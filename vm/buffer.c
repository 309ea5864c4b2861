/* Buffers: how bytes are read out of (and written into) objects that hold them.
 *
 * A type that has bytes fills in get_buffer; whoever asked gives the Buffer back with buffer_release, on every path. While a buffer
 * is held its owner neither moves nor frees the memory.
 */
#include "vm/types/bytes.h"

#include "vm/vm.h"

bool buffer_get(Vm *vm, Value v, Buffer *out, bool writable) {
    const Type *type = value_type(vm, v);
    if (!type->slots.get_buffer) {
        error_type(vm, "a bytes-like object is required, not '%T'", v);
        return false;
    }
    return type->slots.get_buffer(vm, v, out, writable);
}

void buffer_release(Vm *vm, Buffer *buffer) {
    Object *owner = buffer->owner;
    if (!owner) return;
    buffer->owner = NULL;
    buffer->data = NULL;
    const Type *type = owner->shape->type;
    if (type->slots.buffer_released) type->slots.buffer_released(vm, owner);
    object_release(&vm->heap, owner);
}
