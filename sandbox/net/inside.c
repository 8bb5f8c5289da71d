/* Listeners, variables and files of the network inside: see inside.h.
 *
 * No relay runs in the jail: a socket keeps the network it was made in, so the listeners are
 * bound here and served from outside. With the host's network, its resolv.conf may be a link into
 * a /run that the jail does not have: a copy is bound over the link itself.
 *
 * Sources: network_namespaces(7), unix(7), resolv.conf(5), move_mount(2). Pinned by
 * tests/jail/test_network.py. */
#include "sandbox/net/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/openat2.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "sandbox/confine.h"
#include "sandbox/net/proxy.h"
#include "sandbox/rights.h"
#include "sandbox/root.h"

#define ABI_SCOPES 6 /* of Landlock: the first that knows scopes */
#define BACKLOG	   128
#define RESOLV_MAX (16 * SBX_KIB) /* bytes of the host's resolv.conf */
#define PLACE	   "127.0.0.1:3128"

static const struct listener_row {
	uint16_t port;
	uint32_t address;
	int type;
	enum rights_kind kind;
} listeners[] = {
    {NET_PROXY_PORT, INADDR_LOOPBACK, SOCK_STREAM, RIGHTS_LISTEN},
    {NET_HTTP_PORT, INADDR_ANY, SOCK_STREAM, RIGHTS_LISTEN},
    {NET_TLS_PORT, INADDR_ANY, SOCK_STREAM, RIGHTS_LISTEN},
    {NET_NAMES_PORT, INADDR_LOOPBACK, SOCK_STREAM, RIGHTS_LISTEN},
    {NET_NAMES_PORT, INADDR_LOOPBACK, SOCK_DGRAM, RIGHTS_NAMES},
};

/* In the host's network everybody on the machine would find the listeners. */
static bool
own_network(void)
{
	struct ifaddrs *list, *i;
	bool own = true;

	if (getifaddrs(&list))
		return false;
	for (i = list; i; i = i->ifa_next)
		own &= i->ifa_flags & IFF_LOOPBACK || !(i->ifa_flags & IFF_UP);
	freeifaddrs(list);
	return own;
}

/* *closed: a low port, where this process has no privilege for them. Programs that know proxies
 * get through all the same. */
static bool
bind_to(int fd, const struct listener_row *l, bool *closed)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons(l->port),
				.sin_addr.s_addr = htonl(l->address)};
	const int on = 1;

	*closed = false;
	if (l->type == SOCK_STREAM &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
		return false;
	if (bind(fd, (struct sockaddr *)&a, sizeof(a))) {
		*closed = errno == EACCES && l->port != NET_PROXY_PORT;
		return *closed;
	}
	return l->type != SOCK_STREAM || listen(fd, BACKLOG) == 0;
}

static bool
hand_out(const struct listener_row *l, int rights, struct sbx_fail *f)
{
	SBX_CLOSE int fd = socket(AF_INET, l->type | SOCK_CLOEXEC, 0);
	char name[16];
	bool closed;

	snprintf(name, sizeof(name), "port %u", l->port);
	if (fd < 0 || !bind_to(fd, l, &closed) ||
	    (!closed && !rights_send(rights, l->kind, l->port, fd)))
		return sbx_fail_set(f, "network listener", errno, name);
	return true;
}

bool
inside_listen(int rights, struct sbx_fail *f)
{
	if (!own_network())
		return sbx_fail_set(f, "network listener", EPERM, NULL);
	for (size_t i = 0; i < SBX_LEN(listeners); i++)
		if (!hand_out(&listeners[i], rights, f))
			return false;
	return true;
}

bool
inside_local(int rights, uint16_t port, struct sbx_fail *f)
{
	const struct listener_row l = {port, INADDR_LOOPBACK, SOCK_STREAM, RIGHTS_LISTEN};

	/* At any address these have a listener already. */
	if (port == NET_HTTP_PORT || port == NET_TLS_PORT)
		return true;
	if (!own_network())
		return sbx_fail_set(f, "network listener", EPERM, NULL);
	return hand_out(&l, rights, f);
}

void
inside_env(struct setup *s)
{
	static const char *const pairs[] = {
	    "HTTP_PROXY=http://" PLACE,		"http_proxy=http://" PLACE,
	    "HTTPS_PROXY=http://" PLACE,	"https_proxy=http://" PLACE,
	    "ALL_PROXY=http://" PLACE,		"all_proxy=http://" PLACE,
	    "NO_PROXY=localhost,127.0.0.1,::1", "no_proxy=localhost,127.0.0.1,::1"};

	for (size_t i = 0; i < SBX_LEN(pairs); i++)
		env_set(s->env, pairs[i]);
}

bool
inside_begin(struct setup *s, int rights, struct sbx_fail *f)
{
	if (s->net == SBX_NET_LIST) {
		inside_env(s);
		for (size_t i = 0; i < s->nlocal; i++)
			if (!inside_local(rights, s->local[i], f))
				return false;
		return inside_listen(rights, f);
	}
	/* Abstract sockets belong to the network namespace: only Landlock keeps them away. */
	if (s->net == SBX_NET_HOST && landlock_abi() < ABI_SCOPES)
		return sbx_fail_set(f, "host network", ENOSYS, NULL);
	return true;
}

static bool
write_file(int root, const char *path, const char *text, size_t n, struct sbx_fail *f)
{
	SBX_CLOSE int fd =
	    openat(root, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, n) != (ssize_t)n || fchmod(fd, 0644))
		return sbx_fail_set(f, "file", errno, path);
	return true;
}

/* Shows `from` of the tree at `at`, when the host has something there. */
static bool
cover(int root, const char *from, const char *at, struct sbx_fail *f)
{
	const struct open_how how = {.flags = O_PATH | O_CLOEXEC | O_NOFOLLOW,
				     .resolve = RESOLVE_IN_ROOT};
	SBX_CLOSE int place = (int)syscall(SYS_openat2, root, at, &how, sizeof(how));
	SBX_CLOSE int fd = -1;

	if (place < 0)
		return errno == ENOENT || sbx_fail_set(f, "mount", errno, at);
	fd = root_clone(root, from, TREE_RO);
	if (fd < 0 || move_mount(fd, "", place, "",
				 MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH))
		return sbx_fail_set(f, "mount", errno, at);
	return true;
}

bool
inside_files(int root, struct sbx_fail *f)
{
	SBX_CLOSE int fd = open("/etc/resolv.conf", O_RDONLY | O_CLOEXEC);
	char text[RESOLV_MAX];
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text));

	if (n <= 0)
		return true;
	return write_file(root, "run/resolv.conf", text, (size_t)n, f) &&
	       cover(root, "run/resolv.conf", "etc/resolv.conf", f);
}
