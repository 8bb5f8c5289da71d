/* Sockets that appear in the workspace while the jail runs: see protect.h.
 *
 * One that a job made must stay, one of the host's must go, and both look the same in the file
 * system. So pid 1 connects, once: a listener outside of the jail has no process number here.
 * Between its coming and the end of the step a host's socket can be reached; datagram sockets
 * tell nothing and stay. Sources: unix(7), SO_PEERCRED. Pinned by tests/jail/test_protect.py. */
#include "sandbox/protect_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* The listener's process as it is numbered here; 0: outside; -1: nobody listens. */
static pid_t
listener(int at)
{
	static const int kinds[] = {SOCK_STREAM, SOCK_SEQPACKET};
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d", at);
	for (size_t i = 0; i < SBX_LEN(kinds); i++) {
		SBX_CLOSE int fd =
		    socket(AF_UNIX, kinds[i] | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		struct ucred peer;
		socklen_t n = sizeof(peer);

		if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
		    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0)
			return peer.pid;
	}
	return -1;
}

void
socket_found(struct protect *p, struct ground *g, const char *path)
{
	SBX_CLOSE int at = -1;
	struct sbx_fail f;
	struct guard *u;
	struct stat st;

	if (guard_find(g, path) || user_allows(p, g, path))
		return;
	at = walk_open(g->top, path, O_PATH);
	if (at < 0 || fstat(at, &st) || !S_ISSOCK(st.st_mode))
		return;
	for (size_t i = 0; i < ASKED_MAX; i++)
		if (g->asked[i] == st.st_ino)
			return;
	g->asked[g->nasked++ % ASKED_MAX] = st.st_ino;
	if (listener(at) != 0)
		return;
	guard_add(g, path, GUARD_SOCKET);
	u = guard_find(g, path);
	if (u && guard_apply(p, g, u, &f))
		tell(p, g, SBX_NOTE_SOCKET, 0, path, NULL);
}
