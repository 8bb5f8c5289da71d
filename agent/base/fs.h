/* Files of the user: bounded reads, atomic writes, the XDG folders.
 *
 * Source of the folders: XDG Base Directory Specification 0.8. Errors are ERR_IO with the path
 * in 'quotes' and errno in `sys`; a file larger than its bound is ERR_LIMIT. */
#ifndef SUNABA_BASE_FS_H
#define SUNABA_BASE_FS_H

#include <sys/types.h>

#include "agent/base/buf.h"
#include "agent/base/err.h"

/* Reads the whole file into the buffer (its bound is the file's bound). A FIFO or a device is
 * ERR_IO: a name from outside must not make us wait. */
enum err_kind fs_read(const char *path, struct buf *out, struct err *e);
/* Writes a temporary file beside `path`, flushes it to disk and renames it over `path`: the
 * old content or the new one is there at any moment, never a part. A symbolic link stays one,
 * what it points to is replaced; a device or FIFO is written to as it is. `mode`, less the umask,
 * is for a new file: one that is there keeps its own. */
enum err_kind
fs_write(const char *path, const void *p, size_t n, mode_t mode, struct err *e);
/* All n bytes, through EINTR and short writes. */
enum err_kind fs_write_all(int fd, const void *p, size_t n, struct err *e);
/* mkdir -p with this mode for the folders made. */
enum err_kind fs_mkdirs(const char *path, mode_t mode, struct err *e);

enum fs_xdg { FS_CONFIG, FS_STATE, FS_CACHE, FS_DATA };
/* "$XDG_…_HOME/sunaba[/rest]"; a variable that is unset, empty or relative means the default
 * under HOME. rest may be NULL. NULL when there is no HOME either. The caller frees it. */
char *fs_xdg_path(enum fs_xdg which, const char *rest);
/* HOME, or the password database's answer for this user; NULL when neither is there. */
char *fs_home(void);
/* The other way, for showing: a path below HOME begins with "~". The caller frees it. */
char *fs_shorten(const char *path);
/* "~" and "~/x" with HOME in their place; anything else as it is. The caller frees it. */
char *fs_expand(const char *path);

/* A closed standard stream would be the number of the next file that is opened: what is meant
 * for the user would be written into it. Opened for reading alone, so that writing fails as it
 * does on a closed one, and is told. */
void fs_fill_streams(void);

#endif
