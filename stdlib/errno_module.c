/* Module errno: the system's error numbers by name, and errorcode, their names by number. */
#include <errno.h>

#include "vm/native.h"
#include "vm/types/dict.h"
#include "vm/types/function.h"
#include "vm/types/str.h"
#include "vm/vm.h"

static const struct {
    const char *name;
    int number;
} numbers[] = {
#define E(name) {#name, name}
    E(EPERM), E(ENOENT), E(ESRCH), E(EINTR), E(EIO), E(ENXIO), E(E2BIG), E(ENOEXEC), E(EBADF), E(ECHILD), E(EAGAIN), E(ENOMEM),
    E(EACCES), E(EFAULT), E(ENOTBLK), E(EBUSY), E(EEXIST), E(EXDEV), E(ENODEV), E(ENOTDIR), E(EISDIR), E(EINVAL), E(ENFILE),
    E(EMFILE), E(ENOTTY), E(ETXTBSY), E(EFBIG), E(ENOSPC), E(ESPIPE), E(EROFS), E(EMLINK), E(EPIPE), E(EDOM), E(ERANGE),
    E(EDEADLK), E(ENAMETOOLONG), E(ENOLCK), E(ENOSYS), E(ENOTEMPTY), E(ELOOP), E(EWOULDBLOCK), E(ENOMSG), E(EIDRM), E(ENOSTR),
    E(ENODATA), E(ETIME), E(ENOSR), E(EREMOTE), E(ENOLINK), E(EPROTO), E(EMULTIHOP), E(EBADMSG), E(EOVERFLOW), E(EILSEQ),
    E(EUSERS), E(ENOTSOCK), E(EDESTADDRREQ), E(EMSGSIZE), E(EPROTOTYPE), E(ENOPROTOOPT), E(EPROTONOSUPPORT), E(ESOCKTNOSUPPORT),
    E(EOPNOTSUPP), E(ENOTSUP), E(EPFNOSUPPORT), E(EAFNOSUPPORT), E(EADDRINUSE), E(EADDRNOTAVAIL), E(ENETDOWN), E(ENETUNREACH),
    E(ENETRESET), E(ECONNABORTED), E(ECONNRESET), E(ENOBUFS), E(EISCONN), E(ENOTCONN), E(ESHUTDOWN), E(ETOOMANYREFS),
    E(ETIMEDOUT), E(ECONNREFUSED), E(EHOSTDOWN), E(EHOSTUNREACH), E(EALREADY), E(EINPROGRESS), E(ESTALE), E(EDQUOT),
    E(ECANCELED), E(EOWNERDEAD), E(ENOTRECOVERABLE),
#undef E
};

static bool errno_init(Vm *vm, Value module) {
    Dict *d = ((Module *)value_object(module))->dict, *names = dict_new(vm);
    bool ok = names != NULL;
    for (size_t k = 0; ok && k < sizeof numbers / sizeof *numbers; k++) {
        Value number = value_from_small(numbers[k].number);
        Str *name = str_from_ascii(vm, numbers[k].name);
        ok = name && dict_set_str(vm, d, name, number) && dict_set(vm, names, number, value_from_object(name));
        release_object(vm, name);
    }
    ok = ok && dict_set_ascii(vm, d, "errorcode", value_from_object(names));
    release_object(vm, names);
    return ok;
}

const ModuleDef errno_module = {
    .name = "errno",
    .doc = "The system's error numbers by their names; errorcode maps numbers to names.",
    .init = errno_init,
};
