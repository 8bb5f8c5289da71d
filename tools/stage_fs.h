/* Reaching into trees that hostile code wrote, or writes at this moment.
 *
 * `root` is a descriptor of a folder, `path` relative to it ("" is the folder itself). Every look-up is bound to that
 * tree (openat2 with RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, RESOLVE_NO_XDEV): no link is followed
 * in any part of a path, no mount point crossed. Failures set errno: ELOOP a link, EXDEV another
 * mount or a way out. */
#ifndef SUNABA_TOOLS_STAGE_FS_H
#define SUNABA_TOOLS_STAGE_FS_H

#include <sys/stat.h>

#include "agent/base/util.h"

#define STAGE_PATH_MAX	3500		 /* bytes of a path below a root */
#define STAGE_DEPTH_MAX 256		 /* folders on the way to a file */
#define STAGE_NAMES_MAX ((size_t)200000) /* names in one folder */
#define STAGE_LINK_MAX	4096		 /* bytes of a link's target, with NUL */

/* A descriptor, close-on-exec, or -1. Never waits: a FIFO is opened without its other end. */
int stage_open(int root, const char *path, int flags);
/* The folder that holds path's last part, as O_PATH; *name is that part. */
int stage_parent(int root, const char *path, const char **name);
/* lstat(). */
bool stage_stat(int root, const char *path, struct stat *st);
/* A link's target with NUL behind; false when it is none. */
bool stage_link(int root, const char *path, char target[STAGE_LINK_MAX]);
/* An open folder's attribute says that what is below is hidden. */
bool stage_opaque(int dir);

/* Names in an open folder, sorted by bytes; `dir` must not be O_PATH. */
struct stage_names {
	char **at;
	size_t n;
};
bool stage_names(int dir, struct stage_names *out); /* E2BIG beyond STAGE_NAMES_MAX */
void stage_names_release(struct stage_names *l);
int stage_by_bytes(const void *a, const void *b); /* their order, for bsearch() */

/* Both files have the same bytes. false with errno 0 when not. */
bool stage_same(int a, int b);
/* All bytes of `from`, shared instead of copied where the file system can. */
bool stage_copy(int from, int to);

/* n bytes from one file's position to the other's. False when there are fewer. */
bool stage_append(int from, int to, off_t n);

/* What stands there must be what was looked at: same inode, size, times. */
bool stage_unchanged(const struct stat *was, const struct stat *is);

/* How something is put at a path. */
struct stage_put {
	const char *temp;	   /* name for what is not whole yet, in the same folder */
	const struct stat *expect; /* what must stand there; NULL: nothing. ESTALE if not */
	bool any;		   /* expect nothing in particular */
	const struct stat *source; /* the bytes must still be of that file's state when they
				      are copied; NULL: whatever they are. EAGAIN if not */
	mode_t mode;
	struct timespec mtime;
};
/* Put a whole file, a link, a folder at `path`, in one step; its folder must be there. A file
 * or link replaces a file or link, never a folder. A folder that is there is kept. */
bool stage_put_file(int root, const char *path, int from, const struct stage_put *p);
bool
stage_put_link(int root, const char *path, const char *target, const struct stage_put *p);
bool stage_put_dir(int root, const char *path, const struct stage_put *p);
/* Permission bits of what is there, if it is no link. */
bool stage_chmod(int root, const char *path, mode_t mode);
/* Takes away a file or a whole tree. ENOENT is success; ELOOP: it is too deep. */
bool stage_remove(int root, const char *path);
/* The same for a folder of ours with whatever is in it, however deep, closed or long. */
bool stage_remove_all(int root, const char *name);

#endif
