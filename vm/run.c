/* Running a source text as the code of a module. */
#include "vm/vm.h"

#include "compiler/compiler.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"

Value vm_run_source(Vm *vm, const char *bytes, size_t length, const char *filename, int parse_mode, Dict *globals, Dict *locals) {
    CompileOptions options = {.mode = (ParseMode)parse_mode, .filename = filename, .optimize = vm->optimize};
    options.namespace_locals = locals && locals != globals;
    Value code = compile_source(vm, bytes, length, &options);
    if (value_is_error(code)) return code;
    Value result = vm_run_code(vm, code, globals, locals);
    value_release(vm, code);
    return result;
}

Value vm_run_code(Vm *vm, Value code, Dict *globals, Dict *locals) {
    if (value_is_empty(dict_peek_str(vm, globals, NAME(vm, __builtins__))) &&
        !dict_set_str(vm, globals, NAME(vm, __builtins__), vm->builtins_module))
        return VALUE_ERROR;
    Function *f = function_new(vm, (Code *)value_object(code), globals);
    if (!f) return VALUE_ERROR;
    Value result = f->code->flags & CODE_NAMESPACE ? function_run_body(vm, f, value_from_object(locals ? locals : globals))
                                                   : function_call(vm, f, NULL, 0, NULL);
    release_object(vm, f);
    return result;
}
