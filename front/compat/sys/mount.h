/* musl's <sys/mount.h>, with the calls of the newer mount interface that it lacks. */
#ifndef SUNABA_COMPAT_MOUNT_H
#define SUNABA_COMPAT_MOUNT_H

#include_next <sys/mount.h>

#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int
open_tree(int at, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, at, path, flags);
}

static inline int
move_mount(int from, const char *what, int to, const char *place, unsigned flags)
{
	return (int)syscall(SYS_move_mount, from, what, to, place, flags);
}

static inline int
fsopen(const char *type, unsigned flags)
{
	return (int)syscall(SYS_fsopen, type, flags);
}

static inline int
fsconfig(int fs, unsigned command, const char *key, const void *value, int aux)
{
	return (int)syscall(SYS_fsconfig, fs, command, key, value, aux);
}

static inline int
fsmount(int fs, unsigned flags, unsigned attributes)
{
	return (int)syscall(SYS_fsmount, fs, flags, attributes);
}

static inline int
fspick(int at, const char *path, unsigned flags)
{
	return (int)syscall(SYS_fspick, at, path, flags);
}

static inline int
mount_setattr(int at, const char *path, unsigned flags, struct mount_attr *a, size_t n)
{
	return (int)syscall(SYS_mount_setattr, at, path, flags, a, n);
}

#endif
