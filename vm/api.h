/* What the files of the public interface share. Private to vm/api*.c. */
#ifndef MINI_VM_API_H
#define MINI_VM_API_H

#include "mini.h"
#include "vm/vm.h"

/* A MiniVm is a Vm and what the last call left for the host. */
struct MiniVm {
    Vm *vm;
    Value error;       /* VALUE_EMPTY: none */
    Value completions; /* List of Str, or VALUE_EMPTY */
    int exit_status;
    unsigned input_count; /* of interactive statements */
};

/* A host's copy of a Str, for mini_free_text; NULL when text is none or memory is short. */
char *api_text_copy(Vm *vm, Value text);
/* The dict of __main__; borrowed, NULL when a script has removed it. */
Dict *api_main_dict(Vm *vm);

#endif
