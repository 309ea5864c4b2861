/* sys: what the interpreter is and can do: version, limits, flags, names of modules.
 *
 * The version is that of the language: programs ask for it to know what they may use. sys.implementation tells whose interpreter it is. */
#include "stdlib/sys.h"

#include <float.h>

#include "vm/import.h"
#include "vm/module.h"
#include "vm/ops.h"
#include "vm/structseq.h"
#include "vm/types/dict.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/set.h"
#include "vm/types/simple_namespace.h"
#include "vm/types/str.h"
#include "vm/vm.h"

#ifndef MINI_VERSION
#define MINI_VERSION "0.1.0"
#endif
#ifndef MINI_PREFIX
#define MINI_PREFIX "/usr/local"
#endif
#define LANGUAGE_VERSION "3.13.0"
#define LANGUAGE_HEX_VERSION 0x030d00f0

static Value text(Vm *vm, const char *s) { return str_value(str_from_ascii(vm, s)); }
static Value number(int64_t n) { return value_from_small(n); }

static bool add_take(Vm *vm, Dict *dict, const char *name, Value v) {
    bool ok = !value_is_error(v) && dict_set_ascii(vm, dict, name, v);
    value_release(vm, v);
    return ok;
}

/* --- struct sequences --- */

static const char *const version_names[] = {"major", "minor", "micro", "releaselevel", "serial"};
static const GetSetDef version_fields[] = {
    STRUCTSEQ_FIELD(0, "major", "Major release number"), STRUCTSEQ_FIELD(1, "minor", "Minor release number"),
    STRUCTSEQ_FIELD(2, "micro", "Patch release number"), STRUCTSEQ_FIELD(3, "releaselevel", "'alpha', 'beta', 'candidate', or 'final'"),
    STRUCTSEQ_FIELD(4, "serial", "Serial release number"), {0}};
static const StructSeqSpec version_spec = {
    STRUCTSEQ_TYPE_FLAGS("sys.version_info", "sys.version_info\n\nVersion information as a named tuple.", version_fields, TYPE_FLAG_NO_NEW),
    version_names, 5, 5};

static Value version_info(Vm *vm) {
    const Value values[] = {number(3), number(13), number(0), text(vm, "final"), number(0)};
    return structseq_single_take(vm, &version_spec, values);
}

static const char *const float_names[] = {"max", "max_exp", "max_10_exp", "min", "min_exp", "min_10_exp", "dig", "mant_dig", "epsilon", "radix", "rounds"};
static const GetSetDef float_fields[] = {
    STRUCTSEQ_FIELD(0, "max", "DBL_MAX -- maximum representable finite float"),
    STRUCTSEQ_FIELD(1, "max_exp", "DBL_MAX_EXP -- maximum int e such that radix**(e-1) is representable"),
    STRUCTSEQ_FIELD(2, "max_10_exp", "DBL_MAX_10_EXP -- maximum int e such that 10**e is representable"),
    STRUCTSEQ_FIELD(3, "min", "DBL_MIN -- Minimum positive normalized float"),
    STRUCTSEQ_FIELD(4, "min_exp", "DBL_MIN_EXP -- minimum int e such that radix**(e-1) is a normalized float"),
    STRUCTSEQ_FIELD(5, "min_10_exp", "DBL_MIN_10_EXP -- minimum int e such that 10**e is a normalized float"),
    STRUCTSEQ_FIELD(6, "dig", "DBL_DIG -- maximum number of decimal digits that can be faithfully represented in a float"),
    STRUCTSEQ_FIELD(7, "mant_dig", "DBL_MANT_DIG -- mantissa digits"),
    STRUCTSEQ_FIELD(8, "epsilon", "DBL_EPSILON -- Difference between 1 and the next representable float"),
    STRUCTSEQ_FIELD(9, "radix", "FLT_RADIX -- radix of exponent"),
    STRUCTSEQ_FIELD(10, "rounds", "FLT_ROUNDS -- rounding mode used for arithmetic operations"),
    {0}};
static const StructSeqSpec float_info_spec = {STRUCTSEQ_TYPE("sys.float_info", "What floats can hold.", float_fields), float_names, 11, 11};

static Value float_info(Vm *vm) {
    const Value values[] = {value_from_float(DBL_MAX), number(DBL_MAX_EXP),  number(DBL_MAX_10_EXP), value_from_float(DBL_MIN),
                            number(DBL_MIN_EXP),       number(DBL_MIN_10_EXP), number(DBL_DIG),      number(DBL_MANT_DIG),
                            value_from_float(DBL_EPSILON), number(FLT_RADIX), number(1)};
    return structseq_single_take(vm, &float_info_spec, values);
}

static const char *const int_names[] = {"bits_per_digit", "sizeof_digit", "default_max_str_digits", "str_digits_check_threshold"};
static const GetSetDef int_fields[] = {
    STRUCTSEQ_FIELD(0, "bits_per_digit", "size of a digit in bits"), STRUCTSEQ_FIELD(1, "sizeof_digit", "size in bytes of a digit"),
    STRUCTSEQ_FIELD(2, "default_max_str_digits", "maximum string conversion digits limitation"),
    STRUCTSEQ_FIELD(3, "str_digits_check_threshold", "minimum positive value for int_max_str_digits"), {0}};
static const StructSeqSpec int_info_spec = {STRUCTSEQ_TYPE("sys.int_info", "How ints are stored.", int_fields), int_names, 4, 4};

static Value int_info(Vm *vm) {
    const Value values[] = {number(64), number(8), number(4300), number(640)};
    return structseq_single_take(vm, &int_info_spec, values);
}

static const char *const hash_names[] = {"width", "modulus", "inf", "nan", "imag", "algorithm", "hash_bits", "seed_bits", "cutoff"};
static const GetSetDef hash_fields[] = {
    STRUCTSEQ_FIELD(0, "width", "width of the type used for hashing, in bits"),
    STRUCTSEQ_FIELD(1, "modulus", "prime number giving the modulus on which the hash function is based"),
    STRUCTSEQ_FIELD(2, "inf", "value to be used for hash of a positive infinity"),
    STRUCTSEQ_FIELD(3, "nan", "value to be used for hash of a nan"),
    STRUCTSEQ_FIELD(4, "imag", "multiplier used for the imaginary part of a complex number"),
    STRUCTSEQ_FIELD(5, "algorithm", "name of the algorithm for hashing of str, bytes and memoryviews"),
    STRUCTSEQ_FIELD(6, "hash_bits", "internal output size of hash algorithm"),
    STRUCTSEQ_FIELD(7, "seed_bits", "seed size of hash algorithm"),
    STRUCTSEQ_FIELD(8, "cutoff", "small string optimization cutoff"), {0}};
static const StructSeqSpec hash_info_spec = {STRUCTSEQ_TYPE("sys.hash_info", "How hashes are made.", hash_fields), hash_names, 9, 9};

static Value hash_info(Vm *vm) {
    const Value values[] = {number(64), int_from_i64(vm, ((int64_t)1 << 61) - 1), number(314159), number(0), number(1000003),
                            text(vm, "mini"), number(32), number(64), number(0)};
    return structseq_single_take(vm, &hash_info_spec, values);
}

static const char *const flag_names[] = {"debug", "inspect", "interactive", "optimize", "dont_write_bytecode", "no_user_site", "no_site",
                                         "ignore_environment", "verbose", "bytes_warning", "quiet", "hash_randomization", "isolated",
                                         "dev_mode", "utf8_mode", "warn_default_encoding", "safe_path", "int_max_str_digits"};
static const GetSetDef flag_fields[] = {
    STRUCTSEQ_FIELD(0, "debug", "-d"), STRUCTSEQ_FIELD(1, "inspect", "-i"), STRUCTSEQ_FIELD(2, "interactive", "-i"),
    STRUCTSEQ_FIELD(3, "optimize", "-O or -OO"), STRUCTSEQ_FIELD(4, "dont_write_bytecode", "-B"), STRUCTSEQ_FIELD(5, "no_user_site", "-s"),
    STRUCTSEQ_FIELD(6, "no_site", "-S"), STRUCTSEQ_FIELD(7, "ignore_environment", "-E"), STRUCTSEQ_FIELD(8, "verbose", "-v"),
    STRUCTSEQ_FIELD(9, "bytes_warning", "-b"), STRUCTSEQ_FIELD(10, "quiet", "-q"), STRUCTSEQ_FIELD(11, "hash_randomization", "-R"),
    STRUCTSEQ_FIELD(12, "isolated", "-I"), STRUCTSEQ_FIELD(13, "dev_mode", "-X dev"), STRUCTSEQ_FIELD(14, "utf8_mode", "-X utf8"),
    STRUCTSEQ_FIELD(15, "warn_default_encoding", "-X warn_default_encoding"), STRUCTSEQ_FIELD(16, "safe_path", "-P"),
    STRUCTSEQ_FIELD(17, "int_max_str_digits", "-X int_max_str_digits"), {0}};
static const StructSeqSpec flags_spec = {
    STRUCTSEQ_TYPE_FLAGS("sys.flags", "sys.flags\n\nFlags provided through command line arguments or environment vars.", flag_fields, TYPE_FLAG_NO_NEW),
    flag_names, 18, 18};

static Value flags(Vm *vm) {
    const Value zero = number(0);
    const Value values[] = {zero, zero, zero, number(vm->optimize), number(1), zero, zero, zero, zero, zero, zero,
                            number(1), zero, VALUE_FALSE, number(1), zero, VALUE_FALSE, number(vm->int_max_str_digits)};
    return structseq_single_take(vm, &flags_spec, values);
}

static const char *const thread_names[] = {"name", "lock", "version"};
static const GetSetDef thread_fields[] = {
    STRUCTSEQ_FIELD(0, "name", "name of the thread implementation"), STRUCTSEQ_FIELD(1, "lock", "name of the lock implementation"),
    STRUCTSEQ_FIELD(2, "version", "name and version of the thread library"), {0}};
static const StructSeqSpec thread_info_spec = {STRUCTSEQ_TYPE("sys.thread_info", "What threads are made of.", thread_fields), thread_names, 3, 3};

static Value thread_info(Vm *vm) {
    const Value values[] = {text(vm, "pthread"), text(vm, "semaphore"), VALUE_NONE};
    return structseq_single_take(vm, &thread_info_spec, values);
}

/* --- names of modules --- */

static Value stdlib_module_names(Vm *vm) {
    static const char *const names[] = {
#define MODULE_NAME(name) name,
#include "stdlib/module_names.def"
#undef MODULE_NAME
    };
    Set *set = set_new(vm, TYPE(vm, FROZENSET));
    if (!set) return VALUE_ERROR;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        Str *name = str_from_ascii(vm, names[i]);
        bool ok = name && set_add(vm, set, value_from_object(name));
        release_object(vm, name);
        if (!ok) {
            release_object(vm, set);
            return VALUE_ERROR;
        }
    }
    return value_from_object(set);
}

static Value builtin_module_names(Vm *vm) {
    List *names = list_new(vm, 0);
    const ModuleDef *def;
    bool ok = names != NULL;
    for (int i = 0; ok && (def = module_def_at(i)); i++) {
        Str *name = str_from_ascii(vm, def->name);
        ok = name && list_append_take(vm, names, value_from_object(name));
    }
    Value tuple = ok && list_sort(vm, names, VALUE_NONE, false) ? list_to_tuple(vm, names) : VALUE_ERROR;
    release_object(vm, names);
    return tuple;
}

/* --- plain values --- */

static Value implementation(Vm *vm, Dict *dict) {
    Value namespace = simple_namespace_new(vm), name = text(vm, "mini");
    bool ok = !value_is_error(namespace) && !value_is_error(name) && simple_namespace_set(vm, namespace, "name", name) &&
              simple_namespace_set(vm, namespace, "cache_tag", VALUE_NONE) &&
              simple_namespace_set(vm, namespace, "version", dict_peek_ascii(vm, dict, "version_info")) &&
              simple_namespace_set(vm, namespace, "hexversion", number(LANGUAGE_HEX_VERSION));
    value_release(vm, name);
    if (ok) return namespace;
    value_release(vm, namespace);
    return VALUE_ERROR;
}

static bool add_texts(Vm *vm, Dict *dict) {
    static const char *const texts[][2] = {
        {"version", LANGUAGE_VERSION " (mini " MINI_VERSION ") [C " __VERSION__ "]"},
        {"copyright", "Copyright (c) the mini authors. MIT licence."},
#ifdef __APPLE__
        {"platform", "darwin"},
#else
        {"platform", "linux"},
#endif
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        {"byteorder", "little"},
#else
        {"byteorder", "big"},
#endif
        {"abiflags", ""},
        {"platlibdir", "lib"},
        {"float_repr_style", "short"},
        {"_framework", ""},
        {"prefix", MINI_PREFIX},
        {"exec_prefix", MINI_PREFIX},
        {"base_prefix", MINI_PREFIX},
        {"base_exec_prefix", MINI_PREFIX},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!add_take(vm, dict, texts[i][0], text(vm, texts[i][1]))) return false;
    return true;
}

static bool add_numbers(Vm *vm, Dict *dict) {
    return add_take(vm, dict, "hexversion", number(LANGUAGE_HEX_VERSION)) && add_take(vm, dict, "api_version", number(1013)) &&
           add_take(vm, dict, "maxsize", int_from_i64(vm, INT64_MAX)) && add_take(vm, dict, "maxunicode", number(0x10FFFF)) &&
           add_take(vm, dict, "dont_write_bytecode", VALUE_TRUE) && add_take(vm, dict, "pycache_prefix", VALUE_NONE);
}

bool sys_add_info(Vm *vm, Dict *dict) {
    return add_texts(vm, dict) && add_numbers(vm, dict) && add_take(vm, dict, "version_info", version_info(vm)) &&
           add_take(vm, dict, "implementation", implementation(vm, dict)) && add_take(vm, dict, "float_info", float_info(vm)) &&
           add_take(vm, dict, "int_info", int_info(vm)) && add_take(vm, dict, "hash_info", hash_info(vm)) &&
           add_take(vm, dict, "flags", flags(vm)) && add_take(vm, dict, "thread_info", thread_info(vm)) &&
           add_take(vm, dict, "stdlib_module_names", stdlib_module_names(vm)) &&
           add_take(vm, dict, "builtin_module_names", builtin_module_names(vm));
}
