/* The list of changed files: its words, and the pictures in it. See changes.h.
 *
 * Names come from code: what would move the cursor, hide or turn text around is written out, so
 * that the same line can go to the terminal and to the model. */
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "agent/base/mem.h"
#include "tools/changes_int.h"
#include "tools/shown.h"

#define LOOK_MAX       (256 * KIB) /* bytes of a picture that are read */
#define NAME_MAX_SHOWN 200	   /* bytes of a name */
#define LIST_TEXT_MAX  (4 * KIB)   /* bytes, then no further name is begun */

void
change_list_free(struct change_list *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n; i++)
		free(l->at[i].path);
	free(l);
}

/* ---- pictures ---- */

static bool
name_is_picture(const char *path)
{
	static const char *const ends[] = {".png", ".jpg", ".jpeg", ".gif"};
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot && i < ARRAY_LEN(ends); i++)
		if (strcasecmp(dot, ends[i]) == 0)
			return true;
	return false;
}

static void
change_look(struct change *c, int root)
{
	struct open_how how = {.flags = O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC,
			       .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
	AUTO_CLOSE int fd = (int)syscall(SYS_openat2, root, c->path, &how, sizeof(how));
	AUTO_FREE char *bytes = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return;
	bytes = mem_alloc(LOOK_MAX);
	n = pread(fd, bytes, LOOK_MAX, 0);
	if (n <= 0 || !magic_known(bytes, (size_t)n, &c->picture) || !c->picture.picture)
		c->picture = (struct magic){0};
}

void
change_list_look(struct change_list *l, int root)
{
	size_t looked = 0;

	for (size_t i = 0; i < l->n && looked < CHANGES_PICTURES; i++) {
		if (l->at[i].sign == '-' || !name_is_picture(l->at[i].path))
			continue;
		change_look(&l->at[i], root);
		looked++;
	}
}

/* ---- words ---- */

static void
name_text(const char *path, struct buf *out)
{
	bool quote = strpbrk(path, " '\"\\,") != NULL;

	if (quote)
		buf_addc(out, '\'');
	shown_add(out, path, strlen(path), NAME_MAX_SHOWN);
	if (quote)
		buf_addc(out, '\'');
}

void
change_list_text(const struct change_list *l, size_t most, struct buf *out)
{
	size_t n = MIN_OF(l->n, most), start = out->len, i;

	for (i = 0; i < n && out->len - start < LIST_TEXT_MAX; i++) {
		buf_addf(out, "%s%c", i ? " " : "", l->at[i].sign);
		name_text(l->at[i].path, out);
	}
	if (l->total > i)
		buf_addf(out, " and %zu more", l->total - i);
}

bool
change_list_has_picture(const struct change_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->at[i].picture.what)
			return true;
	return false;
}

void
change_list_pictures(const struct change_list *l, struct buf *out)
{
	for (size_t i = 0; i < l->n && out->len < LIST_TEXT_MAX; i++) {
		const struct change *c = &l->at[i];

		if (!c->picture.what)
			continue;
		if (out->len)
			buf_adds(out, ", ");
		name_text(c->path, out);
		if (c->picture.width && c->picture.height)
			buf_addf(out, " %ux%u", c->picture.width, c->picture.height);
	}
}
