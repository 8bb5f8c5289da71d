/* musl's <sys/resource.h>, with the type that glibc's functions take. */
#ifndef SUNABA_COMPAT_RESOURCE_H
#define SUNABA_COMPAT_RESOURCE_H

#include_next <sys/resource.h>

typedef int __rlimit_resource_t;

#endif
