/* bwrap's arguments: see donor.h. The same tree as root.c builds, in another's words: places in
 * order of their length, so that none hides another.
 * Source: bwrap(1) of 0.6. Pinned by tests/unit/test_rung.c and tests/jail/test_rungs.py. */
#include "sandbox/donor.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sandbox/policy.h"
#include "sandbox/protect.h"

#define SCRIPTS_SIZE (16 * SBX_MIB)
#define SHARES	     4 /* private places that divide the size of temporary files */
#define ARGS_STEP    64

struct list {
	char **at;
	size_t n;
};

enum kind { PRIVATE, SHOWN, OPEN, HIDDEN };

struct place {
	const char *path;
	enum kind kind;
	const char *mode; /* PRIVATE */
	uint64_t size;	  /* PRIVATE, bytes */
	const char *from; /* SHOWN: what is there; NULL: the same path */
	size_t turn;	  /* of two at one path the later one counts */
};

static void
put(struct list *l, const char *text)
{
	if (l->n % ARGS_STEP == 0)
		l->at = sbx_grow(l->at, (l->n + ARGS_STEP + 1) * sizeof(*l->at));
	l->at[l->n] = sbx_grow(NULL, strlen(text) + 1);
	memcpy(l->at[l->n++], text, strlen(text) + 1);
	l->at[l->n] = NULL;
}

/* NULL ends the texts. */
static void __attribute__((sentinel)) put_all(struct list *l, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, l);
	while ((text = va_arg(ap, const char *)))
		put(l, text);
	va_end(ap);
}

static void
put_system(struct list *l)
{
	char link[PATH_MAX];
	struct stat st;

	for (const char *const *p = policy_system; *p; p++) {
		ssize_t n;

		if (lstat(*p, &st))
			continue;
		n = S_ISLNK(st.st_mode) ? readlink(*p, link, sizeof(link) - 1) : -1;
		link[n > 0 ? n : 0] = 0;
		put_all(l, n > 0 ? "--symlink" : "--ro-bind", n > 0 ? link : *p, *p, NULL);
	}
	put_all(l, "--ro-bind-try", "/sys/devices/system/cpu", "/sys/devices/system/cpu",
		"--dev", "/dev", NULL);
}

static void
put_hidden(struct list *l, const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		return;
	if (S_ISDIR(st.st_mode))
		put_all(l, "--perms", "0000", "--tmpfs", path, NULL);
	else
		put_all(l, "--ro-bind", "/dev/null", path, NULL);
}

static void
put_place(struct list *l, const struct place *p)
{
	char size[32];

	if (p->kind == HIDDEN) {
		put_hidden(l, p->path);
		return;
	}
	if (p->kind != PRIVATE) {
		put_all(l, p->kind == SHOWN ? "--ro-bind" : "--bind",
			p->from ? p->from : p->path, p->path, NULL);
		return;
	}
	snprintf(size, sizeof(size), "%llu", (unsigned long long)p->size);
	put_all(l, "--perms", p->mode, "--size", size, "--tmpfs", p->path, NULL);
}

/* bwrap covers some of it by itself, where it finds that it could be written. */
static void
put_proc(struct list *l)
{
	static const char *const shown[] = {
	    "/proc/sys",  "/proc/irq",	"/proc/bus",	      "/proc/fs",
	    "/proc/acpi", "/proc/scsi", "/proc/sysrq-trigger"};
	static const char *const masked[] = {"/proc/kcore",	    "/proc/keys",
					     "/proc/key-users",	    "/proc/timer_list",
					     "/proc/latency_stats", "/proc/kallsyms",
					     "/proc/sched_debug",   "/proc/kmsg"};

	put_all(l, "--proc", "/proc", NULL);
	for (size_t i = 0; i < SBX_LEN(shown); i++)
		put_all(l, "--ro-bind-try", shown[i], shown[i], NULL);
	for (size_t i = 0; i < SBX_LEN(masked); i++)
		if (access(masked[i], F_OK) == 0)
			put_all(l, "--ro-bind", "/dev/null", masked[i], NULL);
}

static int
by_length(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	size_t la = strlen(x->path), lb = strlen(y->path);

	if (la == lb)
		return x->turn < y->turn ? -1 : x->turn > y->turn;
	return la < lb ? -1 : 1;
}

static size_t
all_places(const struct setup *s, struct place *out)
{
	uint64_t size = s->limits.tmp_size / SHARES;
	const struct place fixed[] = {
	    {"/tmp", PRIVATE, "1777", size, NULL, 0},
	    {"/var/tmp", PRIVATE, "1777", size, NULL, 0},
	    {"/dev/shm", PRIVATE, "1777", size, NULL, 0},
	    {s->home, PRIVATE, "0700", size, NULL, 0},
	    {SBX_SCRIPT_DIR, PRIVATE, "0755", SCRIPTS_SIZE, NULL, 0}};
	size_t n = SBX_LEN(fixed);

	memcpy(out, fixed, sizeof(fixed));
	for (const char *const *r = s->read; *r; r++)
		out[n++] = (struct place){*r, SHOWN, NULL, 0, NULL, 0};
	for (const char *const *w = s->write; *w; w++)
		out[n++] = (struct place){*w, OPEN, NULL, 0, NULL, 0};
	for (size_t i = 0; s->tool_at[i]; i++)
		out[n++] =
		    (struct place){s->tool_at[i], SHOWN, NULL, 0, s->tool_real[i], 0};
	for (const char *const *h = s->tool_hide; *h; h++)
		out[n++] = (struct place){*h, HIDDEN, NULL, 0, NULL, 0};
	out[n++] = (struct place){
	    s->workspace, s->workspace_readonly ? SHOWN : OPEN, NULL, 0, NULL, 0};
	for (size_t i = 0; i < n; i++)
		out[i].turn = i;
	qsort(out, n, sizeof(*out), by_length);
	return n;
}

struct guard {
	char path[PATH_MAX];
	enum protect_as as;
};

static int
by_depth(const void *a, const void *b)
{
	size_t la = strlen(((const struct guard *)a)->path),
	       lb = strlen(((const struct guard *)b)->path);

	return la < lb ? -1 : la > lb;
}

/* Upper ones first, or they would cover what lies below them. */
static void
put_guards(struct list *l, const struct protect *p)
{
	struct guard *all = NULL;
	struct stat st;
	size_t n = 0;

	for (size_t i = 0;; i++) {
		all = sbx_grow(all, (n + 1) * sizeof(*all));
		if (!protect_guard(p, i, all[n].path, &all[n].as))
			break;
		if (all[n].path[0] && lstat(all[n].path, &st) == 0 && !S_ISLNK(st.st_mode))
			n++;
	}
	qsort(all, n, sizeof(*all), by_depth);
	for (size_t i = 0; i < n; i++) {
		if (all[i].as == PROTECT_HIDDEN)
			put_hidden(l, all[i].path);
		else
			put_all(l, all[i].as == PROTECT_PINNED ? "--bind" : "--ro-bind",
				all[i].path, all[i].path, NULL);
	}
	free(all);
}

char **
donor_arguments(const struct setup *s)
{
	struct place places[2 * SETUP_PATHS_MAX + 2 * SETUP_TOOLS_MAX + 8];
	struct list l = {0};
	size_t n = all_places(s, places);

	put_all(&l, "bwrap", "--unshare-user", "--unshare-ipc", "--unshare-pid",
		"--unshare-uts", "--unshare-cgroup-try", "--hostname", "sandbox",
		"--as-pid-1", "--die-with-parent", "--cap-drop", "ALL", NULL);
	if (s->net != SBX_NET_HOST)
		put(&l, "--unshare-net");
	put_system(&l);
	put_proc(&l);
	for (size_t i = 0; i < n; i++)
		put_place(&l, &places[i]);
	if (s->protect)
		put_guards(&l, s->protect);
	put_all(&l, "--dir", PROTECT_SHOWN, "--remount-ro", "/", "--chdir", s->workspace,
		NULL);
	return l.at;
}
