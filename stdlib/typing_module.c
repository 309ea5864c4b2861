/* Module _typing: the types behind PEP 695's syntax, for stdlib/typing.mini. */
#include "vm/types/typing.h"

#include "vm/import.h"
#include "vm/ops.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/str.h"
#include "vm/vm.h"

Value typing_generic(Vm *vm, Value params) {
    Value typing = import_module_ascii(vm, "typing");
    if (value_is_error(typing)) return typing;
    Str *name = str_intern(vm, "Generic", 7);
    Value generic = name ? value_get_attr(vm, typing, name) : VALUE_ERROR;
    release_object(vm, name);
    value_release(vm, typing);
    if (value_is_error(generic)) return generic;
    Value alias = value_get_item(vm, generic, params);
    value_release(vm, generic);
    return alias;
}

static bool typing_init(Vm *vm, Value module) {
    static const struct {
        const char *name;
        TypeId id;
    } types[] = {{"TypeVar", TYPE_TYPE_VAR},
                 {"ParamSpec", TYPE_PARAM_SPEC},
                 {"TypeVarTuple", TYPE_TYPE_VAR_TUPLE},
                 {"TypeAliasType", TYPE_TYPE_ALIAS},
                 {"GenericAlias", TYPE_GENERIC_ALIAS}};
    Dict *d = ((Module *)value_object(module))->dict;
    for (size_t k = 0; k < sizeof types / sizeof *types; k++)
        if (!dict_set_ascii(vm, d, types[k].name, value_from_object(vm->types[types[k].id]))) return false;
    return true;
}

const ModuleDef typing_module = {.name = "_typing", .init = typing_init};
