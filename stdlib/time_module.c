/* Module time: clocks, sleeping, calendar times.
 *
 * All clocks are read by clock_read and the calendar goes through libc's gmtime_r, localtime_r, mktime, strftime. The module's state is the type
 * struct_time. sleep() wakes up now and then to see whether the VM was asked to stop. There is no strptime yet. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <time.h>

#include "vm/module.h"
#include "vm/ops.h"
#include "vm/structseq.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/int.h"
#include "vm/types/simple_namespace.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/vm.h"

#define NS_PER_SECOND 1000000000

/* --- clocks --- */

static bool clock_read(Vm *vm, clockid_t id, struct timespec *out) {
    if (clock_gettime(id, out) == 0) return true;
    error_os(vm, errno, VALUE_EMPTY);
    return false;
}

static Value clock_seconds(Vm *vm, clockid_t id) {
    struct timespec t;
    return clock_read(vm, id, &t) ? value_from_float((double)t.tv_sec + (double)t.tv_nsec * 1e-9) : VALUE_ERROR;
}

static Value clock_nanoseconds(Vm *vm, clockid_t id) {
    struct timespec t;
    return clock_read(vm, id, &t) ? int_from_i64(vm, (int64_t)t.tv_sec * NS_PER_SECOND + t.tv_nsec) : VALUE_ERROR;
}

#define CLOCK(name, id) \
    static Value time_##name(Vm *vm, Value *args, int nargs) { return (void)args, (void)nargs, clock_seconds(vm, id); } \
    static Value time_##name##_ns(Vm *vm, Value *args, int nargs) { return (void)args, (void)nargs, clock_nanoseconds(vm, id); }
CLOCK(time, CLOCK_REALTIME)
CLOCK(monotonic, CLOCK_MONOTONIC)
CLOCK(perf_counter, CLOCK_MONOTONIC)
CLOCK(process_time, CLOCK_PROCESS_CPUTIME_ID)
CLOCK(thread_time, CLOCK_THREAD_CPUTIME_ID)
#undef CLOCK

static bool clock_argument(Vm *vm, Value v, int *id) {
    if (value_is_int(v) || value_type(vm, v)->slots.as_index) return value_as_int(vm, v, id);
    error_type(vm, "clk_id should be integer, not %T", v);
    return false;
}

static Value time_clock_gettime(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int id;
    return clock_argument(vm, args[0], &id) ? clock_seconds(vm, id) : VALUE_ERROR;
}

static Value time_clock_gettime_ns(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int id;
    return clock_argument(vm, args[0], &id) ? clock_nanoseconds(vm, id) : VALUE_ERROR;
}

static Value time_clock_getres(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int id;
    struct timespec t;
    if (!clock_argument(vm, args[0], &id)) return VALUE_ERROR;
    if (clock_getres(id, &t) < 0) return error_os(vm, errno, VALUE_EMPTY);
    return value_from_float((double)t.tv_sec + (double)t.tv_nsec * 1e-9);
}

static const struct {
    const char *name, *implementation;
    clockid_t id;
} clocks[] = {{"time", "clock_gettime(CLOCK_REALTIME)", CLOCK_REALTIME},
              {"monotonic", "clock_gettime(CLOCK_MONOTONIC)", CLOCK_MONOTONIC},
              {"perf_counter", "clock_gettime(CLOCK_MONOTONIC)", CLOCK_MONOTONIC},
              {"process_time", "clock_gettime(CLOCK_PROCESS_CPUTIME_ID)", CLOCK_PROCESS_CPUTIME_ID},
              {"thread_time", "clock_gettime(CLOCK_THREAD_CPUTIME_ID)", CLOCK_THREAD_CPUTIME_ID}};
#define CLOCK_COUNT (sizeof clocks / sizeof *clocks)

static Value time_get_clock_info(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    struct timespec t = {0};
    size_t k = 0;
    if (!value_is_str(args[0])) return error_type(vm, "get_clock_info() argument 1 must be str, not %T", args[0]);
    while (k < CLOCK_COUNT && !str_equal_ascii(value_str_peek(args[0]), clocks[k].name)) k++;
    if (k == CLOCK_COUNT) return error_value(vm, "unknown clock");
    clock_getres(clocks[k].id, &t);
    Value info = simple_namespace_new(vm);
    Str *implementation = value_is_error(info) ? NULL : str_from_ascii(vm, clocks[k].implementation);
    bool wall = clocks[k].id == CLOCK_REALTIME;
    bool ok = implementation && simple_namespace_set(vm, info, "implementation", value_from_object(implementation)) &&
              simple_namespace_set(vm, info, "monotonic", value_from_bool(!wall)) &&
              simple_namespace_set(vm, info, "adjustable", value_from_bool(wall)) &&
              simple_namespace_set(vm, info, "resolution", value_from_float((double)t.tv_sec + (double)t.tv_nsec * 1e-9));
    release_object(vm, implementation);
    if (ok) return info;
    value_release(vm, info);
    return VALUE_ERROR;
}

/* --- sleeping --- */

#define SLEEP_SLICE (NS_PER_SECOND / 20)

/* Seconds as nanoseconds, rounded up. */
static bool duration_argument(Vm *vm, Value v, int64_t *ns) {
    if (value_is_float(v) || value_has_layout(v, LAYOUT_FLOAT)) {
        double seconds;
        if (!value_as_double(vm, v, &seconds)) return false;
        if (isnan(seconds)) return error_value(vm, "Invalid value NaN (not a number)"), false;
        double whole = ceil(seconds * 1e9);
        if (!(whole > -9.3e18 && whole < 9.2e18)) return error_raise(vm, EXC_OverflowError, "timestamp out of range for platform time_t"), false;
        *ns = (int64_t)whole;
        return true;
    }
    int64_t seconds;
    if (!value_as_i64(vm, v, &seconds)) {
        if (error_clear_if(vm, EXC_OverflowError)) error_raise(vm, EXC_OverflowError, "timestamp too large to convert to C PyTime_t");
        return false;
    }
    if (!__builtin_mul_overflow(seconds, (int64_t)NS_PER_SECOND, ns)) return true;
    error_raise(vm, EXC_OverflowError, "timestamp too large to convert to C PyTime_t");
    return false;
}

static Value time_sleep(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    int64_t ns;
    struct timespec now;
    if (!duration_argument(vm, args[0], &ns)) return VALUE_ERROR;
    if (ns < 0) return error_value(vm, "sleep length must be non-negative");
    if (!clock_read(vm, CLOCK_MONOTONIC, &now)) return VALUE_ERROR;
    int64_t start = (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec, end = ns > INT64_MAX - start ? INT64_MAX : start + ns;
    for (int64_t at = start; at < end || at == start;) {
        int64_t until = end - at > SLEEP_SLICE ? at + SLEEP_SLICE : end;
        struct timespec wake = {.tv_sec = until / NS_PER_SECOND, .tv_nsec = until % NS_PER_SECOND};
        int number = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL);
        if (number && number != EINTR) return error_os(vm, number, VALUE_EMPTY);
        if (vm->heap.pending && !vm_safe_point(vm)) return VALUE_ERROR;
        if (number == 0 && until == end) break;
        if (number == 0) at = until;
    }
    return VALUE_NONE;
}

/* --- calendar times --- */

static const char *const time_names[] = {"tm_year", "tm_mon", "tm_mday", "tm_hour", "tm_min", "tm_sec", "tm_wday", "tm_yday", "tm_isdst", "tm_zone", "tm_gmtoff"};
static const GetSetDef time_fields[] = {
    STRUCTSEQ_FIELD(0, "tm_year", "year, for example, 1993"),     STRUCTSEQ_FIELD(1, "tm_mon", "month of year, range [1, 12]"),
    STRUCTSEQ_FIELD(2, "tm_mday", "day of month, range [1, 31]"), STRUCTSEQ_FIELD(3, "tm_hour", "hours, range [0, 23]"),
    STRUCTSEQ_FIELD(4, "tm_min", "minutes, range [0, 59]"),       STRUCTSEQ_FIELD(5, "tm_sec", "seconds, range [0, 61])"),
    STRUCTSEQ_FIELD(6, "tm_wday", "day of week, range [0, 6], Monday is 0"),
    STRUCTSEQ_FIELD(7, "tm_yday", "day of year, range [1, 366]"),
    STRUCTSEQ_FIELD(8, "tm_isdst", "1 if summer time is in effect, 0 if not, and -1 if unknown"),
    STRUCTSEQ_FIELD(9, "tm_zone", "abbreviation of timezone name"),
    STRUCTSEQ_FIELD(10, "tm_gmtoff", "offset from UTC in seconds"),
    {0}};
static const StructSeqSpec time_spec = {
    STRUCTSEQ_TYPE("time.struct_time", "The time value as returned by gmtime(), localtime(), and strptime(), and\n accepted by asctime(), mktime() and strftime().",
                   time_fields),
    time_names, 9, 11};

static Value struct_time(Vm *vm, const struct tm *t) {
    const int fields[] = {t->tm_year + 1900, t->tm_mon + 1, t->tm_mday, t->tm_hour, t->tm_min, t->tm_sec, (t->tm_wday + 6) % 7, t->tm_yday + 1, t->tm_isdst};
    Value values[11];
    for (int k = 0; k < 9; k++) values[k] = value_from_small(fields[k]);
    values[9] = str_value(str_from_ascii(vm, t->tm_zone));
    values[10] = value_from_small(t->tm_gmtoff);
    return structseq_new_take(vm, (Type *)value_object(MODULE_STATE(vm, time)), values);
}

/* Seconds since 1970, rounded down; now where v is None or absent. */
static bool seconds_argument(Vm *vm, Value v, time_t *out) {
    struct timespec now;
    if (value_is_empty(v) || value_is_none(v)) {
        bool ok = clock_read(vm, CLOCK_REALTIME, &now);
        *out = now.tv_sec;
        return ok;
    }
    if (value_is_float(v) || value_has_layout(v, LAYOUT_FLOAT)) {
        double seconds;
        if (!value_as_double(vm, v, &seconds)) return false;
        if (isnan(seconds)) return error_value(vm, "Invalid value NaN (not a number)"), false;
        seconds = floor(seconds);
        *out = (time_t)seconds;
        if (seconds > -9.2e18 && seconds < 9.2e18) return true;
    } else {
        int64_t seconds;
        bool ok = value_as_i64(vm, v, &seconds);
        *out = seconds;
        if (ok || !error_clear_if(vm, EXC_OverflowError)) return ok;
    }
    error_raise(vm, EXC_OverflowError, "timestamp out of range for platform time_t");
    return false;
}

static bool break_down(Vm *vm, Value seconds, bool local, struct tm *out) {
    time_t t;
    if (!seconds_argument(vm, seconds, &t)) return false;
    errno = 0;
    if (local ? localtime_r(&t, out) : gmtime_r(&t, out)) return true;
    error_os(vm, errno ? errno : EINVAL, VALUE_EMPTY);
    return false;
}

static Value time_gmtime(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    struct tm t;
    if (!break_down(vm, args[0], false, &t)) return VALUE_ERROR;
    return struct_time(vm, &t);
}

static Value time_localtime(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    struct tm t;
    return break_down(vm, args[0], true, &t) ? struct_time(vm, &t) : VALUE_ERROR;
}

/* A struct_time or a tuple of nine ints. */
static bool tuple_argument(Vm *vm, Value v, const char *function, struct tm *out) {
    int fields[9];
    if (!value_is_tuple(v)) return error_type(vm, "Tuple or struct_time argument required"), false;
    if (value_tuple(v)->count != 9) return error_type(vm, "%s(): illegal time tuple argument", function), false;
    for (int k = 0; k < 9; k++) {
        int64_t wide;
        if (!value_as_i64(vm, value_tuple(v)->items[k], &wide)) return false;
        if (wide > INT_MAX || wide < INT_MIN) {
            error_raise(vm, EXC_OverflowError, "signed integer is %s", wide > 0 ? "greater than maximum" : "less than minimum");
            return false;
        }
        fields[k] = (int)wide;
    }
    if (fields[0] < INT_MIN + 1900) return error_raise(vm, EXC_OverflowError, "year out of range"), false;
    memset(out, 0, sizeof *out);
    *out = (struct tm){.tm_year = fields[0] - 1900, .tm_mon = fields[1] - 1, .tm_mday = fields[2], .tm_hour = fields[3], .tm_min = fields[4],
                       .tm_sec = fields[5], .tm_wday = (fields[6] + 1) % 7, .tm_yday = fields[7] - 1, .tm_isdst = fields[8]};
    if (value_type(vm, v) == (Type *)value_object(MODULE_STATE(vm, time))) {
        Value zone = structseq_peek(v, 9), offset = structseq_peek(v, 10);
        if (value_is_str(zone) && value_str_peek(zone)->ascii) out->tm_zone = str_data(value_str_peek(zone));
        if (value_is_small(offset)) out->tm_gmtoff = value_small(offset);
    }
    return true;
}

/* Fields that strftime and asctime could not show. Month, day and day of the year may be 0: they mean the first. */
static bool check_fields(Vm *vm, struct tm *t) {
    const char *wrong = NULL;
    if (t->tm_mon == -1) t->tm_mon = 0;
    if (t->tm_mday == 0) t->tm_mday = 1;
    if (t->tm_yday == -1) t->tm_yday = 0;
    if (t->tm_mon < 0 || t->tm_mon > 11) wrong = "month";
    else if (t->tm_mday < 0 || t->tm_mday > 31) wrong = "day of month";
    else if (t->tm_hour < 0 || t->tm_hour > 23) wrong = "hour";
    else if (t->tm_min < 0 || t->tm_min > 59) wrong = "minute";
    else if (t->tm_sec < 0 || t->tm_sec > 61) wrong = "seconds";
    else if (t->tm_wday < 0) wrong = "day of week";
    else if (t->tm_yday < 0 || t->tm_yday > 365) wrong = "day of year";
    if (wrong) error_value(vm, "%s out of range", wrong);
    return !wrong;
}

static bool now_or_tuple(Vm *vm, Value v, const char *function, struct tm *out) {
    bool ok = value_is_empty(v) ? break_down(vm, v, true, out) : tuple_argument(vm, v, function, out);
    return ok && check_fields(vm, out);
}

static Value asctime_text(Vm *vm, const struct tm *t) {
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char day[3] = {(char)(t->tm_mday < 10 ? ' ' : '0' + t->tm_mday / 10), (char)('0' + t->tm_mday % 10), 0}, clock[16];
    strftime(clock, sizeof clock, "%H:%M:%S", t);
    return str_format(vm, "%.*s %.*s %s %s %d", 3, days + t->tm_wday * 3, 3, months + t->tm_mon * 3, day, clock, t->tm_year + 1900);
}

static Value time_asctime(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    struct tm t;
    return now_or_tuple(vm, args[0], "asctime", &t) ? asctime_text(vm, &t) : VALUE_ERROR;
}

static Value time_ctime(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    struct tm t;
    return break_down(vm, args[0], true, &t) ? asctime_text(vm, &t) : VALUE_ERROR;
}

static Value time_mktime(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    struct tm t;
    if (!tuple_argument(vm, args[0], "mktime", &t)) return VALUE_ERROR;
    t.tm_wday = -1; /* tells an error from the last second of 1969 */
    time_t seconds = mktime(&t);
    if (seconds == (time_t)-1 && t.tm_wday == -1) return error_raise(vm, EXC_OverflowError, "mktime argument out of range");
    return value_from_float((double)seconds);
}

/* strftime() into a block that grows until the text fits; a text of no characters cannot be told from one that does not. */
static Value formatted(Vm *vm, const char *format, size_t format_size, const struct tm *t) {
    for (size_t size = 1024;; size *= 2) {
        char *text = heap_alloc(&vm->heap, size);
        if (!text) return error_no_memory(vm);
        size_t length = strftime(text, size, format, t);
        Value v = VALUE_EMPTY;
        if (length || size >= 256 * format_size) v = str_value(str_from_utf8(vm, text, length));
        heap_free(&vm->heap, text, size);
        if (!value_is_empty(v)) return v;
    }
}

/* "(format, time_tuple=localtime(), /)" */
static Value time_strftime(Vm *vm, Value *args, int nargs) {
    (void)nargs;
    struct tm t;
    size_t size;
    if (!value_is_str(args[0])) return error_type(vm, "strftime() argument 1 must be str, not %T", args[0]);
    if (!now_or_tuple(vm, args[1], "strftime", &t)) return VALUE_ERROR;
    if (t.tm_isdst < -1) t.tm_isdst = -1;
    if (t.tm_isdst > 1) t.tm_isdst = 1;
    if (!value_str_peek(args[0])->length) return value_retain(args[0]);
    char *format = str_to_c(vm, value_str_peek(args[0]), &size, true);
    if (!format) return VALUE_ERROR;
    Value text = formatted(vm, format, size, &t);
    heap_free(&vm->heap, format, size);
    return text;
}

/* --- time zones --- */

/* timezone, altzone, daylight, tzname: from what the zone says of January and July. */
static bool add_zone(Vm *vm, Dict *d) {
    time_t now = time(NULL), year = 31556952;
    time_t january = now / year * year, july = january + year / 2;
    struct tm first, second;
    if (!localtime_r(&january, &first)) return error_os(vm, errno, VALUE_EMPTY), false;
    Str *first_name = str_from_ascii(vm, first.tm_zone); /* before tm_zone's memory is used again */
    if (!first_name || !localtime_r(&july, &second)) return release_object(vm, first_name), false;
    Str *second_name = str_from_ascii(vm, second.tm_zone);
    bool swap = first.tm_gmtoff > second.tm_gmtoff; /* the south: summer is in January */
    Tuple *names = second_name ? tuple_pack(vm, 2, value_from_object(swap ? second_name : first_name), value_from_object(swap ? first_name : second_name)) : NULL;
    long standard = -(swap ? second.tm_gmtoff : first.tm_gmtoff), summer = -(swap ? first.tm_gmtoff : second.tm_gmtoff);
    bool ok = names && dict_set_ascii(vm, d, "timezone", value_from_small(standard)) && dict_set_ascii(vm, d, "altzone", value_from_small(summer)) &&
              dict_set_ascii(vm, d, "daylight", value_from_small(standard != summer)) && dict_set_ascii(vm, d, "tzname", value_from_object(names));
    release_object(vm, first_name);
    release_object(vm, second_name);
    release_object(vm, names);
    return ok;
}

static Value time_tzset(Vm *vm, Value *args, int nargs) {
    (void)args, (void)nargs;
    tzset();
    Value module = dict_peek_ascii(vm, vm->modules, "time");
    return !value_is_module(module) || add_zone(vm, ((Module *)value_object(module))->dict) ? VALUE_NONE : VALUE_ERROR;
}

/* --- the module --- */

static bool time_init(Vm *vm, Value module) {
    static const struct {
        const char *name;
        int id;
    } ids[] = {{"CLOCK_REALTIME", CLOCK_REALTIME},           {"CLOCK_MONOTONIC", CLOCK_MONOTONIC},
               {"CLOCK_MONOTONIC_RAW", CLOCK_MONOTONIC_RAW}, {"CLOCK_PROCESS_CPUTIME_ID", CLOCK_PROCESS_CPUTIME_ID},
               {"CLOCK_BOOTTIME", CLOCK_BOOTTIME},           {"CLOCK_THREAD_CPUTIME_ID", CLOCK_THREAD_CPUTIME_ID},
               {"CLOCK_TAI", CLOCK_TAI}};
    Dict *d = ((Module *)value_object(module))->dict;
    if (value_is_empty(MODULE_STATE(vm, time))) {
        Type *type = structseq_type_new(vm, &time_spec);
        if (!type) return false;
        MODULE_STATE(vm, time) = value_retain(value_from_object(type));
    }
    for (size_t k = 0; k < sizeof ids / sizeof *ids; k++)
        if (!dict_set_ascii(vm, d, ids[k].name, value_from_small(ids[k].id))) return false;
    return dict_set_ascii(vm, d, "struct_time", MODULE_STATE(vm, time)) && add_zone(vm, d);
}

static const NativeDef time_functions[] = {
    {"time", time_time, "($module, /)", "Seconds since 1970.", NATIVE_METHOD},
    {"time_ns", time_time_ns, "($module, /)", "Nanoseconds since 1970.", NATIVE_METHOD},
    {"monotonic", time_monotonic, "($module, /)", "Seconds of a clock that never goes back.", NATIVE_METHOD},
    {"monotonic_ns", time_monotonic_ns, "($module, /)", "Nanoseconds of a clock that never goes back.", NATIVE_METHOD},
    {"perf_counter", time_perf_counter, "($module, /)", "Seconds of the finest clock.", NATIVE_METHOD},
    {"perf_counter_ns", time_perf_counter_ns, "($module, /)", "Nanoseconds of the finest clock.", NATIVE_METHOD},
    {"process_time", time_process_time, "($module, /)", "Seconds of processor time of the process.", NATIVE_METHOD},
    {"process_time_ns", time_process_time_ns, "($module, /)", "Nanoseconds of processor time of the process.", NATIVE_METHOD},
    {"thread_time", time_thread_time, "($module, /)", "Seconds of processor time of the thread.", NATIVE_METHOD},
    {"thread_time_ns", time_thread_time_ns, "($module, /)", "Nanoseconds of processor time of the thread.", NATIVE_METHOD},
    {"clock_gettime", time_clock_gettime, "($module, clk_id, /)", "Seconds of a clock (CLOCK_...).", NATIVE_METHOD},
    {"clock_gettime_ns", time_clock_gettime_ns, "($module, clk_id, /)", "Nanoseconds of a clock (CLOCK_...).", NATIVE_METHOD},
    {"clock_getres", time_clock_getres, "($module, clk_id, /)", "The resolution of a clock (CLOCK_...).", NATIVE_METHOD},
    {"get_clock_info", time_get_clock_info, "($module, name, /)", "What is known of a clock by its function's name.", NATIVE_METHOD},
    {"sleep", time_sleep, "($module, seconds, /)", "Waits.", NATIVE_METHOD},
    {"gmtime", time_gmtime, "($module, seconds=None, /)", "Seconds since 1970 (default: now) as a struct_time in UTC.", NATIVE_METHOD},
    {"localtime", time_localtime, "($module, seconds=None, /)", "Seconds since 1970 (default: now) as a struct_time in local time.", NATIVE_METHOD},
    {"mktime", time_mktime, "($module, tuple, /)", "A local time as seconds since 1970.", NATIVE_METHOD},
    {"asctime", time_asctime, "($module, tuple=<unrepresentable>, /)", "A time as text, 'Sat Jun 06 16:26:11 1998'.", NATIVE_METHOD},
    {"ctime", time_ctime, "($module, seconds=None, /)", "Seconds since 1970 as text in local time.", NATIVE_METHOD},
    {"strftime", time_strftime, "($module, format, tuple=<unrepresentable>, /)", "A time as text by a format.", NATIVE_METHOD},
    {"tzset", time_tzset, "($module, /)", "Reads the time zone anew.", NATIVE_METHOD},
    {0}};

const ModuleDef time_module = {.name = "time", .doc = "Clocks, sleeping and calendar times.", .functions = time_functions, .init = time_init};
