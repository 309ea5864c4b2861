/* The public interface (include/mini.h) on the VM's own functions. */
#include "mini.h"

#include <stdio.h>

#include "compiler/compiler.h"
#include "vm/api.h"
#include "vm/finalize.h"
#include "vm/import.h"
#include "vm/ops.h"
#include "vm/source.h"
#include "vm/types/bytes.h"
#include "vm/types/dict.h"
#include "vm/types/exception.h"
#include "vm/types/function.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/module_spec.h"
#include "vm/types/str.h"
#include "vm/vm.h"

const char *mini_version(void) { return MINI_VERSION_TEXT; }

static Dict *module_dict(Value module) { return ((Module *)value_object(module))->dict; }

/* __main__, made when the VM opens. */
static bool main_module_init(Vm *vm) {
    Value module = module_new(vm, NAME(vm, __main__), VALUE_NONE);
    if (value_is_error(module)) return false;
    Dict *annotations = dict_new(vm), *globals = module_dict(module);
    bool ok = annotations && dict_set_str(vm, vm->modules, NAME(vm, __main__), module) &&
              dict_set_str(vm, globals, NAME(vm, __annotations__), value_from_object(annotations)) &&
              dict_set_str(vm, globals, NAME(vm, __builtins__), vm->builtins_module) &&
              dict_set_str(vm, globals, NAME(vm, __loader__), value_from_object(TYPE(vm, BUILTIN_IMPORTER)));
    release_object(vm, annotations);
    value_release(vm, module);
    return ok;
}

Dict *api_main_dict(Vm *vm) {
    Value module = dict_peek_str(vm, vm->modules, NAME(vm, __main__));
    return value_is_module(module) ? module_dict(module) : NULL;
}

static void config_apply(const MiniConfig *from, VmConfig *to, HeapAllocator *allocator) {
    if (from->alloc) {
        *allocator = (HeapAllocator){.alloc = from->alloc, .free = from->free, .user = from->memory_user};
        to->allocator = allocator;
    }
    to->memory_limit = from->memory_limit;
    to->streams = (VmStreams){.write_out = from->write_out,
                              .write_err = from->write_err,
                              .read_in = from->read_in,
                              .user = from->stream_user,
                              .out_is_terminal = from->out_is_terminal,
                              .in_is_terminal = from->in_is_terminal,
                              .err_is_terminal = from->err_is_terminal,
                              .unbuffered = from->unbuffered};
    to->optimize = from->optimize;
    to->leak_checks = from->check_leaks;
}

MiniVm *mini_open(const MiniConfig *config) {
    static const MiniConfig none = MINI_CONFIG_INIT;
    const MiniConfig *from = config ? config : &none;
    HeapAllocator allocator;
    VmConfig vm_config = {0};
    config_apply(from, &vm_config, &allocator);
    Vm *vm = vm_new(&vm_config);
    if (!vm) return NULL;
    MiniVm *mini = heap_alloc(&vm->heap, sizeof *mini);
    if (!mini || !main_module_init(vm)) {
        if (mini) heap_free(&vm->heap, mini, sizeof *mini);
        vm_free(vm);
        return NULL;
    }
    *mini = (MiniVm){.vm = vm, .error = VALUE_EMPTY, .completions = VALUE_EMPTY};
    vm->recount_checks = from->recount;
    vm->color_tracebacks = from->color_errors;
    if (from->gc_always) heap_request(&vm->heap, HEAP_PENDING_ALWAYS);
    return mini;
}

size_t mini_close(MiniVm *mini) {
    if (!mini) return 0;
    Vm *vm = mini->vm;
    value_clear(vm, &mini->error);
    value_clear(vm, &mini->completions);
    heap_free(&vm->heap, mini, sizeof *mini);
    return vm_free(vm);
}

/* --- how calls end --- */

/* SystemExit's code as an exit status: None 0, an int itself, anything else is printed and means 1. */
static int exit_status(Vm *vm, Value exception) {
    Value code = value_exception(exception)->extra[EXTRA_EXIT_CODE];
    int64_t status;
    if (value_is_empty(code) || value_is_none(code)) return 0;
    if (value_is_int(code)) return int_to_i64(code, &status) ? (int)status : -1;
    Value text = value_str(vm, code);
    if (value_is_error(text)) error_clear(vm);
    else {
        Str *line = str_concat(vm, value_str_peek(text), NAME(vm, newline));
        value_release(vm, text);
        if (line) error_write(vm, value_from_object(line));
        release_object(vm, line);
    }
    return 1;
}

static MiniStatus failed(MiniVm *mini) {
    Vm *vm = mini->vm;
    Value exception = error_fetch(vm);
    if (!value_is_exception(exception)) return MINI_NO_MEMORY;
    if (value_is_instance(vm, exception, vm->exception_types[EXC_SystemExit])) {
        mini->exit_status = exit_status(vm, exception);
        value_release(vm, exception);
        return MINI_EXIT;
    }
    if (value_is_instance(vm, exception, vm->exception_types[EXC__IncompleteInputError])) {
        value_release(vm, exception);
        return MINI_INCOMPLETE;
    }
    value_replace_take(vm, &mini->error, exception);
    return MINI_ERROR;
}

static MiniStatus finished_take(MiniVm *mini, Value result) {
    if (value_is_error(result)) return failed(mini);
    value_release(mini->vm, result);
    return MINI_OK;
}

static MiniStatus status_of(MiniVm *mini, bool ok) { return ok ? MINI_OK : failed(mini); }

/* --- set-up --- */

static bool sys_set(Vm *vm, const char *name, Value v) { return dict_set_ascii(vm, module_dict(vm->sys_module), name, v); }

/* A path or argument of the host's as a Str (UTF-8, other bytes as surrogates). */
static Value host_text(Vm *vm, const char *text) {
    return bytes_decode(vm, (const uint8_t *)text, strlen(text), "utf-8", "surrogateescape");
}

MiniStatus mini_set_args(MiniVm *mini, int count, const char *const *args) {
    Vm *vm = mini->vm;
    List *list = list_new(vm, (size_t)count);
    bool ok = list != NULL;
    for (int k = 0; ok && k < count; k++) {
        Value text = host_text(vm, args[k]);
        ok = !value_is_error(text) && list_append_take(vm, list, text);
    }
    ok = ok && sys_set(vm, "argv", value_from_object(list));
    release_object(vm, list);
    return status_of(mini, ok);
}

MiniStatus mini_add_path(MiniVm *mini, const char *folder) {
    Vm *vm = mini->vm;
    Value path = dict_peek_ascii(vm, module_dict(vm->sys_module), "path"), text = host_text(vm, folder);
    bool ok = !value_is_error(text) && (!value_is_list(path) || list_insert(vm, value_list(path), 0, text));
    if (!value_is_error(text)) value_release(vm, text);
    return status_of(mini, ok);
}

MiniStatus mini_set_executable(MiniVm *mini, const char *path) {
    Value text = host_text(mini->vm, path);
    bool ok = !value_is_error(text) && sys_set(mini->vm, "executable", text);
    if (!value_is_error(text)) value_release(mini->vm, text);
    return status_of(mini, ok);
}

/* --- running --- */

/* Tracebacks show lines of a program that is no file. */
static bool register_text(Vm *vm, const char *filename, const char *source, size_t length) {
    Value name = host_text(vm, filename), text = bytes_decode(vm, (const uint8_t *)source, length, "utf-8", "replace");
    bool ok = !value_is_error(name) && !value_is_error(text) && source_register(vm, value_str_peek(name), value_str_peek(text));
    if (!value_is_error(name)) value_release(vm, name);
    if (!value_is_error(text)) value_release(vm, text);
    return ok;
}

/* __file__, __cached__ and __loader__ of a program that is a file. */
static bool set_file(Vm *vm, Dict *globals, const char *filename) {
    Value path = host_text(vm, filename);
    if (value_is_error(path)) return false;
    ModuleSpec *spec = module_spec_new(vm, NAME(vm, __main__), MODULE_FILE, value_str_peek(path), NULL);
    bool ok = spec && dict_set_str(vm, globals, NAME(vm, __file__), path) && dict_set_str(vm, globals, NAME(vm, __cached__), VALUE_NONE) &&
              dict_set_str(vm, globals, NAME(vm, __loader__), spec->loader);
    release_object(vm, spec);
    value_release(vm, path);
    return ok;
}

MiniStatus mini_run_bytes(MiniVm *mini, const char *source, size_t length, const char *filename) {
    Vm *vm = mini->vm;
    Dict *globals = api_main_dict(vm);
    value_clear(vm, &mini->error);
    if (!globals) return MINI_NO_MEMORY;
    if (filename[0] != '<') {
        if (!set_file(vm, globals, filename)) return failed(mini);
    } else if (!strcmp(filename, "<string>") && !register_text(vm, filename, source, length)) {
        return failed(mini);
    }
    retain_object(globals);
    Value result = vm_run_source(vm, source, length, filename, PARSE_EXEC, globals, NULL);
    release_object(vm, globals);
    return finished_take(mini, result);
}

MiniStatus mini_run_string(MiniVm *mini, const char *source, const char *filename) {
    return mini_run_bytes(mini, source, strlen(source), filename);
}

MiniStatus mini_run_module(MiniVm *mini, const char *name) {
    value_clear(mini->vm, &mini->error);
    return status_of(mini, import_run_main(mini->vm, name));
}

/* _leaks.NAME(argument): the result, new; VALUE_ERROR. */
static Value leaks_call(Vm *vm, const char *name, Value argument) {
    Value module = import_module_ascii(vm, "_leaks");
    Value function = value_is_error(module) ? VALUE_ERROR : value_retain(dict_peek_ascii(vm, module_dict(module), name));
    Value result = value_is_error(function) ? VALUE_ERROR : value_call(vm, function, &argument, value_is_empty(argument) ? 0 : 1, NULL);
    value_release(vm, function);
    value_release(vm, module);
    return result;
}

MiniStatus mini_watch_leaks(MiniVm *mini) {
    value_clear(mini->vm, &mini->error);
    return finished_take(mini, leaks_call(mini->vm, "start", VALUE_EMPTY));
}

MiniStatus mini_report_leaks(MiniVm *mini, int as_json, size_t *count) {
    value_clear(mini->vm, &mini->error);
    vm_run_atexit(mini->vm);
    Value result = leaks_call(mini->vm, "report", value_from_bool(as_json != 0));
    *count = value_is_small(result) ? (size_t)value_small(result) : 0;
    return finished_take(mini, result);
}

MiniStatus mini_disassemble(MiniVm *mini, const char *source, size_t length, const char *filename) {
    Vm *vm = mini->vm;
    CompileOptions options = {.mode = PARSE_EXEC, .filename = filename, .optimize = vm->optimize};
    value_clear(vm, &mini->error);
    Value code = compile_source(vm, source, length, &options);
    if (value_is_error(code)) return failed(mini);
    Value text = code_disassemble(vm, (Code *)value_object(code));
    value_release(vm, code);
    if (value_is_error(text)) return failed(mini);
    Value out = dict_peek_str(vm, module_dict(vm->sys_module), NAME(vm, stdout));
    return finished_take(mini, value_call_method(vm, out, NAME(vm, write), &text, 1));
}

MiniStatus mini_run_interactive(MiniVm *mini, const char *source) {
    Vm *vm = mini->vm;
    Dict *globals = api_main_dict(vm);
    value_clear(vm, &mini->error);
    if (!globals) return MINI_NO_MEMORY;
    vm->interactive = true;
    char filename[32]; /* tracebacks find the lines of each input by its number, and show "<stdin>" */
    snprintf(filename, sizeof filename, "<stdin>-%u", mini->input_count);
    CompileOptions options = {.mode = PARSE_SINGLE, .filename = filename, .interactive = true, .optimize = vm->optimize};
    Value code = compile_source(vm, source, strlen(source), &options);
    if (value_is_error(code)) return failed(mini);
    if (!register_text(vm, filename, source, strlen(source))) {
        value_release(vm, code);
        return failed(mini);
    }
    mini->input_count++;
    retain_object(globals);
    Value result = vm_run_code(vm, code, globals, NULL);
    release_object(vm, globals);
    value_release(vm, code);
    return finished_take(mini, result);
}

/* --- errors --- */

char *api_text_copy(Vm *vm, Value text) {
    if (!value_is_str(text)) return NULL;
    size_t length = str_utf8_length(value_str_peek(text));
    char *copy = vm->allocator.alloc(vm->allocator.user, length + sizeof(size_t) + 1);
    if (!copy) return NULL;
    memcpy(copy, &length, sizeof length); /* the size stands in front, for mini_free_text */
    str_utf8_copy(value_str_peek(text), copy + sizeof length);
    return copy + sizeof length;
}

void mini_free_text(MiniVm *mini, char *text) {
    if (!text) return;
    size_t length;
    char *block = text - sizeof length;
    memcpy(&length, block, sizeof length);
    mini->vm->allocator.free(mini->vm->allocator.user, block, length + sizeof length + 1);
}

char *mini_error_text(MiniVm *mini) {
    if (value_is_empty(mini->error)) return NULL;
    Value text = traceback_format(mini->vm, mini->error);
    char *copy = api_text_copy(mini->vm, text);
    if (value_is_error(text)) error_clear(mini->vm);
    else value_release(mini->vm, text);
    return copy;
}

void mini_print_error(MiniVm *mini) {
    if (value_is_empty(mini->error)) return;
    mini->exit_status = 1;
    Value exit = error_print(mini->vm, mini->error);
    if (value_is_empty(exit)) return;
    mini->exit_status = exit_status(mini->vm, exit);
    value_release(mini->vm, exit);
}

int mini_error_is_interrupt(MiniVm *mini) {
    return value_is_exception(mini->error) && value_is_instance(mini->vm, mini->error, mini->vm->exception_types[EXC_KeyboardInterrupt]);
}

int mini_exit_status(MiniVm *mini) { return mini->exit_status; }

MiniStatus mini_flush(MiniVm *mini) { return vm_flush_streams(mini->vm) ? MINI_OK : MINI_ERROR; }

void mini_interrupt(MiniVm *mini) { vm_interrupt(mini->vm); }

/* sys.ps1 or ps2; set where it is absent, so that scripts can tell an interactive session. */
static Value prompt_text(Vm *vm, const char *name, const char *standard) {
    Dict *sys = module_dict(vm->sys_module);
    Value prompt = dict_peek_ascii(vm, sys, name);
    if (!value_is_empty(prompt)) return value_str(vm, prompt);
    Str *text = str_from_ascii(vm, standard);
    if (!text) return VALUE_ERROR;
    if (dict_set_ascii(vm, sys, name, value_from_object(text))) return value_from_object(text);
    release_object(vm, text);
    return VALUE_ERROR;
}

char *mini_prompt(MiniVm *mini, int which) {
    Vm *vm = mini->vm;
    Value first = prompt_text(vm, "ps1", ">>> "), second = prompt_text(vm, "ps2", "... ");
    Value text = which == 1 ? first : second;
    value_release(vm, which == 1 ? second : first);
    char *copy = api_text_copy(vm, text);
    if (value_is_error(text)) error_clear(vm);
    else value_release(vm, text);
    return copy;
}
