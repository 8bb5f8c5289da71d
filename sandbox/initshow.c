/* One path more for a jail that stands. With mounts of its own that is protect_obey(); on the other
 * rungs it is a rule, or cannot be. Pinned by tests/e2e/test_allow.py and test_rungs.py. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/init_int.h"
#include "sandbox/protect.h"
#include "sandbox/rights.h"

/* Without mounts it is a Landlock rule, which jobs get when they start. */
static void
show_by_rule(struct setup *s, const char *path, bool write, struct sbx_notice *n)
{
	const char **list = write ? s->write : s->read;
	size_t i = 0;

	while (list[i])
		i++;
	if (s->rung == SBX_RUNG_LANDLOCK && i < SETUP_PATHS_MAX) {
		list[i] = strdup(path);
		snprintf(n->detail, sizeof(n->detail),
			 "%s for interpreters started from now on: /restart",
			 write ? "writable" : "read-only");
		return;
	}
	n->sys = ENOTSUP;
	snprintf(n->detail, sizeof(n->detail), "start again with --allow-%s",
		 write ? "write" : "read");
}

/* The user allows one path more; what was cloned of it came before the frame. */
void
init_show(struct init *in, const struct frame *fr)
{
	struct sbx_notice n = {.kind = SBX_NOTE_SHOWN};
	const char *path = (const char *)fr->payload;
	enum rights_kind kind;
	uint32_t number;
	int fd = -1;

	if (in->setup->rung == SBX_RUNG_FULL) {
		protect_obey(in->setup->protect, fr, in->rights, &in->up);
		return;
	}
	if (fr->len < 2 || path[0] != '/' || memchr(path, 0, fr->len) != path + fr->len - 1)
		_exit(1);
	if (rights_recv(in->rights, &kind, &number, &fd) == 1)
		sbx_shut(&fd);
	snprintf(n.what, sizeof(n.what), "%s", path);
	show_by_rule(in->setup, path, fr->detail == SBX_SHOW_WRITE, &n);
	up_notice(&in->up, 0, &n);
}
