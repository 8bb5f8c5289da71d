/* Folders of layers: see stage.h, stage_place.h.
 *
 * An upper layer needs a file system with user attributes of its own; overlays (containers),
 * network and FUSE file systems cannot be one, and then memory is taken.
 * Source: Documentation/filesystems/overlayfs.rst. Pinned by tests/jail/test_staged.py. */
#include "tools/stage_place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"

#define PROBE_NAME "user.sunaba"
#define FUSE_MAGIC 0x65735546
#define CIFS_MAGIC 0xFF534D42
#define SMB2_MAGIC 0xFE534D42

static char *
name_of(size_t i)
{
	const char *run = getenv("XDG_RUNTIME_DIR");

	switch (i) {
	case 0:
		return fs_xdg_path(FS_STATE, "staged");
	case 1:
		return run && run[0] == '/' ? mem_printf("%s/sunaba-staged", run) : NULL;
	default:
		return mem_printf("/dev/shm/sunaba-staged-%u", geteuid());
	}
}

/* In a folder of everybody's, somebody else may have been quicker. */
static bool
is_ours(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	       !(st.st_mode & 0077);
}

char *
stage_place(size_t i, bool make)
{
	AUTO_FREE char *path = i < STAGE_PLACES ? name_of(i) : NULL;
	char *real;

	if (!path || (make && fs_mkdirs(path, 0700, NULL)))
		return NULL;
	real = realpath(path, NULL);
	/* In a folder of everybody's a link may lead to one of ours that is meant for something else. */
	if (real && (!is_ours(real) || (i == STAGE_PLACES - 1 && !is_ours(path)))) {
		free(real);
		return NULL;
	}
	return real;
}

bool
stage_place_fits(int dir)
{
	static const long cannot[] = {OVERLAYFS_SUPER_MAGIC,
				      NFS_SUPER_MAGIC,
				      V9FS_MAGIC,
				      FUSE_MAGIC,
				      CIFS_MAGIC,
				      SMB2_MAGIC,
				      ECRYPTFS_SUPER_MAGIC};
	struct statfs fs;

	if (fstatfs(dir, &fs))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(cannot); i++)
		if ((uint32_t)fs.f_type == (uint32_t)cannot[i])
			return false;
	return fsetxattr(dir, PROBE_NAME, "1", 1, 0) == 0;
}

bool
stage_place_lock(int dir)
{
	return flock(dir, LOCK_EX | LOCK_NB) == 0;
}

int
stage_place_workspace(const char *path)
{
	struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
			       .resolve = RESOLVE_NO_SYMLINKS};

	return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

void
stage_place_remove(const char *folder)
{
	AUTO_FREE char *dir = mem_strdup(folder);
	char *slash = strrchr(dir, '/');
	AUTO_CLOSE int at = -1;

	*slash = 0;
	at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (at >= 0)
		stage_remove_all(at, slash + 1);
}

/* ---- kept ones ---- */

static void
note(struct stage_kept_list *l, const char *place, const char *id)
{
	AUTO_FREE char *folder = mem_printf("%s/%s", place, id);
	AUTO_FREE char *file = mem_printf("%s/workspace", folder);
	AUTO_CLOSE int dir = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_BUF struct buf text = BUF_INIT(8 * KIB);
	struct stage_kept *k;
	struct stat st;

	if (strlen(id) != STAGE_ID_MAX - 1 || dir < 0 || stat(file, &st) ||
	    fs_read(file, &text, NULL))
		return;
	l->at = mem_array(l->at, l->n + 1, sizeof(*l->at));
	k = &l->at[l->n++];
	*k = (struct stage_kept){.folder = TAKE(folder), .workspace = buf_take(&text)};
	snprintf(k->id, sizeof(k->id), "%s", id);
	k->when = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
	k->used = !stage_place_lock(dir);
}

static int
newest_first(const void *a, const void *b)
{
	const struct stage_kept *x = a, *y = b;

	return (x->when < y->when) - (x->when > y->when);
}

void
stage_kept(struct stage_kept_list *out)
{
	*out = (struct stage_kept_list){.at = NULL};
	for (size_t i = 0; i < STAGE_PLACES; i++) {
		AUTO_FREE char *place = stage_place(i, false);
		AUTO_CLOSE int dir =
		    place ? open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
		struct stage_names names;

		if (dir < 0 || !stage_names(dir, &names))
			continue;
		for (size_t k = 0; k < names.n; k++)
			note(out, place, names.at[k]);
		stage_names_release(&names);
	}
	if (out->n > 1)
		qsort(out->at, out->n, sizeof(*out->at), newest_first);
}

void
stage_kept_release(struct stage_kept_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->at[i].folder);
		free(l->at[i].workspace);
	}
	free(l->at);
	*l = (struct stage_kept_list){.at = NULL};
}
