/* Files with the names of secrets: hidden, unless that would do harm for nothing. See protect.h.
 *
 * What git has in the same bytes stays to be seen: `git show` gives it to code anyway, and an
 * empty file in its place would be recorded as the new version by the next `git commit -a`. What
 * git tracks in other bytes (edited since, encrypted in the repository) has no secret in the
 * history: it can be neither read nor taken for an empty file. Everything else is shown empty,
 * which programs that look for settings get along with.
 *
 * Code may have written the index. It names a content by its hash: to make one that fits, the
 * content must be known. Sources: gitformat-index(5), gitrepository-layout(5).
 * Pinned by tests/jail/test_protect.py, tests/jail/test_protect_git.py. */
#include "sandbox/protect_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sandbox/gitindex.h"
#include "sandbox/names.h"
#include "sandbox/policy.h"

#define SECRET_TEXT_MAX (256 * SBX_KIB) /* bytes in which a private key is looked for */
#define LOOKED_MAX	(256 * SBX_MIB) /* bytes read to compare with git, in one set-up */
#define READ_STEP	(64 * SBX_KIB)

static bool
user_reads(const struct protect *p, const struct ground *g, const char *path)
{
	char abs[2 * PATH_MAX];

	snprintf(abs, sizeof(abs), "%s/%s", g->abs, path);
	for (const char *const *r = p->setup->read; *r; r++)
		if (policy_below(*r, g->abs) && strcmp(*r, g->abs) != 0 &&
		    policy_below(abs, *r))
			return true;
	return user_allows(p, g, path);
}

/* A private key, a token: true when it cannot be read. */
static bool
holds_secret(const struct ground *g, const char *path, enum name_secret kind)
{
	char *text;
	ssize_t n;
	bool yes;

	if (kind == SECRET_YES)
		return true;
	text = sbx_grow(NULL, SECRET_TEXT_MAX);
	n = ground_read(g, path, text, SECRET_TEXT_MAX);
	yes = n < 0 || name_secret_text(kind, text, (size_t)n);
	free(text);
	return yes;
}

/* The index of the repository whose work tree has its top at `dir`: -1 with ENOENT when there is
 * no repository, or nothing was ever added. */
static int
open_index(const struct ground *g, const char *dir, bool *repo)
{
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
	char path[PATH_MAX], to[PATH_MAX], in[PATH_MAX], *value;
	struct stat st;
	ssize_t n;

	*repo = ground_part(path, dir, ".git") && there(g, path, &st);
	if (!*repo)
		return errno = ENOENT, -1;
	if (S_ISDIR(st.st_mode))
		return ground_part(to, path, "index") ? walk_open(g->top, to, flags) : -1;
	n = ground_read(g, path, to, sizeof(to) - sizeof("/index"));
	if (n < 8 || strncmp(to, "gitdir:", 7) != 0)
		return errno = EINVAL, -1;
	to[strcspn(to, "\r\n")] = 0;
	value = to + 7 + strspn(to + 7, " ");
	memcpy(value + strlen(value), "/index", sizeof("/index"));
	if (ground_join(g, dir, value, in, sizeof(in)))
		return walk_open(g->top, in, flags);
	/* Elsewhere; that it is a repository which names this folder back is asked for where it
	 * is placed. What is read here tells nothing but whether a hash fits. */
	if (value[0] == '/')
		return open(value, flags | O_NOFOLLOW | O_CLOEXEC);
	snprintf(in, sizeof(in), "%.*s", (int)sizeof(in) - 1, value);
	n = snprintf(path, sizeof(path), "%s/%s/%s", g->abs, dir, in);
	return n < (int)sizeof(path) ? open(path, flags | O_NOFOLLOW | O_CLOEXEC) : -1;
}

/* All of an index; NULL: it is too large, or cannot be read. */
static char *
read_index(struct protect *p, int fd, size_t *n)
{
	struct stat st;
	char *text;
	ssize_t got;

	*n = 0;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > (off_t)GITINDEX_MAX ||
	    p->looked + (size_t)st.st_size > LOOKED_MAX)
		return NULL;
	p->looked += (size_t)st.st_size;
	text = sbx_grow(NULL, (size_t)st.st_size + 1);
	while (*n < (size_t)st.st_size &&
	       (got = read(fd, text + *n, (size_t)st.st_size - *n)) > 0)
		*n += (size_t)got;
	return text;
}

/* The file's content has this name in git. */
static bool
is_content(struct protect *p, const struct ground *g, const char *path,
	   const unsigned char name[SHA1_BYTES])
{
	SBX_CLOSE int fd = walk_open(g->top, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	SBX_FREE char *part = sbx_grow(NULL, READ_STEP);
	unsigned char is[SHA1_BYTES];
	struct stat st;
	struct sha1 s;
	char head[32];
	size_t have = 0;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) || p->looked + (size_t)st.st_size > LOOKED_MAX)
		return false;
	p->looked += (size_t)st.st_size;
	sha1_init(&s);
	n = snprintf(head, sizeof(head), "blob %lld", (long long)st.st_size);
	sha1_add(&s, head, (size_t)n + 1);
	while (have < (size_t)st.st_size && (n = read(fd, part, READ_STEP)) > 0) {
		sha1_add(&s, part, (size_t)n);
		have += (size_t)n;
	}
	sha1_end(&s, is);
	return memcmp(is, name, SHA1_BYTES) == 0;
}

/* How it is to be shown: GUARD_OPEN, GUARD_CLOSED or GUARD_HIDE. */
static enum guard_kind
judge(struct protect *p, const struct ground *g, const char *path)
{
	unsigned char name[SHA1_BYTES];
	enum gitindex is = GITINDEX_UNSURE;
	SBX_CLOSE int fd = -1;
	char dir[PATH_MAX];
	bool repo = false;
	char *text, *slash;
	size_t n, top;

	/* The innermost repository counts. */
	snprintf(dir, sizeof(dir), "%s", path);
	do {
		slash = strrchr(dir, '/');
		*(slash ? slash : dir) = 0;
		fd = open_index(g, dir, &repo);
	} while (fd < 0 && !repo && *dir);
	if (fd < 0)
		return errno == ENOENT ? GUARD_HIDE : GUARD_CLOSED;
	top = strlen(dir);
	text = read_index(p, fd, &n);
	if (text)
		is = gitindex_find(text, n, path + top + (top > 0), name);
	free(text);
	if (is == GITINDEX_ABSENT)
		return GUARD_HIDE;
	return is == GITINDEX_FOUND && is_content(p, g, path, name) ? GUARD_OPEN
								    : GUARD_CLOSED;
}

void
secret_found(struct look *l, const struct walk_entry *e, enum name_secret kind)
{
	char target[PATH_MAX], to[PATH_MAX];
	const char *path = e->path;
	enum guard_kind as;
	struct stat st;

	if (e->type == DT_LNK) {
		snprintf(target, sizeof(target), "%.*s", (int)(e->name - e->path), path);
		if (!read_link(l->g, path, to) ||
		    !ground_join(l->g, target, to, target, sizeof(target)))
			return;
		path = target;
	}
	if (fstatat(l->g->top, path, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode) ||
	    st.st_size == 0 || user_reads(l->p, l->g, path) ||
	    !holds_secret(l->g, path, kind))
		return;
	as = judge(l->p, l->g, path);
	if (as == GUARD_OPEN) {
		tell(l->p, l->g, SBX_NOTE_TRACKED, 0, path, NULL);
		return;
	}
	guard_add(l->g, path, as);
	tell(l->p, l->g, SBX_NOTE_HIDDEN, 0, path,
	     as == GUARD_CLOSED
		 ? "git has another version of it: it cannot be read, as git "
		   "would take an empty file for a change"
		 : NULL);
}
