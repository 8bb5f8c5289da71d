/* Groups that are made while those who shall be in them come up: see cgroup.h.
 *
 * They enter by themselves, through descriptors that the launcher hands on: a move by others takes
 * a lock of all processes, which lasts for a grace period.
 * Source: cgroup_procs_write_start() in kernel/cgroup/cgroup.c of Linux 6.x. Pinned by
 * tests/jail/test_limits.py. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "sandbox/cgroup.h"
#include "sandbox/rights.h"

enum { ENTER, KILLS }; /* numbers of RIGHTS_GROUP */

void
cgroup_offer(const struct cgroup *c, bool born, int to)
{
	for (size_t i = 0; i < c->n && !born; i++)
		rights_send(to, RIGHTS_GROUP, ENTER, c->at[i].procs);
	if (c->killed >= 0)
		rights_send(to, RIGHTS_GROUP, KILLS, c->killed);
	send(to, "", 1, MSG_NOSIGNAL);
}

/* Where one cannot be entered the watch alone keeps the limits. */
static void
enter(int fd)
{
	while (write(fd, "0", 1) < 0 && errno == EINTR)
		;
	close(fd);
}

bool
cgroup_take(struct cgroup *c, int from, int relay)
{
	struct pollfd p = {.fd = from, .events = POLLIN};

	for (;;) {
		enum rights_kind kind;
		uint32_t number;
		int fd, got;

		while (poll(&p, 1, -1) < 0 && errno == EINTR)
			;
		got = rights_next(from, &kind, &number, &fd);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0)
			return got == 0;
		if (relay >= 0 && number == ENTER)
			rights_send(relay, RIGHTS_GROUP, ENTER, fd);
		if (!c || number == ENTER) {
			enter(fd);
		} else {
			sbx_shut(&c->killed);
			c->killed = fd;
		}
	}
}
