/* Running a source text as the code of a module, and what becomes of an exception that nobody caught. */
#include "vm/vm.h"

#include "compiler/compiler.h"
#include "vm/ops.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
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

static void write_text(Vm *vm, const char *text) {
    Value v = str_format(vm, "%s", text);
    error_write(vm, v);
    if (!value_is_error(v)) value_release(vm, v);
}

/* sys.last_exc and its elder siblings: what the exception refers to lives until the end of the program, as in CPython. */
static void set_last_exception(Vm *vm, Value exception, Value traceback) {
    Dict *sys = ((Module *)value_object(vm->sys_module))->dict;
    Value type = value_from_object(value_type(vm, exception));
    bool ok = dict_set_ascii(vm, sys, "last_exc", exception) && dict_set_ascii(vm, sys, "last_type", type) &&
              dict_set_ascii(vm, sys, "last_value", exception) && dict_set_ascii(vm, sys, "last_traceback", traceback);
    if (!ok) error_clear(vm);
}

static void print_hook_error(Vm *vm, Value exception, Value second) {
    write_text(vm, "Error in sys.excepthook:\n");
    traceback_print(vm, second);
    write_text(vm, "\nOriginal exception was:\n");
    traceback_print(vm, exception);
}

Value error_print(Vm *vm, Value exception) {
    Value hook = value_retain(dict_peek_str(vm, ((Module *)value_object(vm->sys_module))->dict, NAME(vm, excepthook)));
    ExceptionObject *e = value_exception(exception);
    Value traceback = value_retain(e->traceback ? value_from_object(e->traceback) : VALUE_NONE), exit = VALUE_EMPTY;
    set_last_exception(vm, exception, traceback);
    if (value_is_empty(hook)) {
        write_text(vm, "sys.excepthook is missing\n");
        traceback_print(vm, exception);
        value_release(vm, traceback);
        return VALUE_EMPTY;
    }
    Value args[3] = {value_from_object(e->head.shape->type), exception, traceback};
    Value result = value_call(vm, hook, args, 3, NULL);
    if (value_is_error(result)) {
        Value second = error_fetch(vm);
        if (value_is_instance(vm, second, vm->exception_types[EXC_SystemExit])) exit = value_retain(second);
        else print_hook_error(vm, exception, second);
        value_release(vm, second);
    } else {
        value_release(vm, result);
    }
    value_release(vm, traceback);
    value_release(vm, hook);
    return exit;
}
