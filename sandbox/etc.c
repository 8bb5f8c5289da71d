/* Files of /etc that are the jail's own: the host's names and name servers are no business of
 * code's that has no network. See root.h.
 *
 * Where /etc/resolv.conf is a link into /run, as systemd makes it, its target is made in the
 * jail's own /run. Sources: hosts(5), resolv.conf(5). Pinned by tests/jail/test_protect.py. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "sandbox/root.h"

static const struct {
	const char *name, *own, *text;
} files[] = {
    {"etc/hosts", "run/hosts",
     "127.0.0.1\tlocalhost sandbox\n::1\tlocalhost ip6-localhost ip6-loopback\n"},
    /* Nobody answers there unless the list of allowed hosts is served. */
    {"etc/resolv.conf", "run/resolv.conf", "nameserver 127.0.0.1\n"},
};

/* The host's file below the jail's root, or -1 when there is none and none can be made. */
static int
find(int root, const char *name)
{
	const struct open_how how = {.flags = O_PATH | O_CLOEXEC,
				     .resolve = RESOLVE_IN_ROOT};
	int at = (int)syscall(SYS_openat2, root, name, &how, sizeof(how));
	char link[256];
	const char *to = link;
	ssize_t n;

	if (at >= 0 || errno != ENOENT)
		return at;
	n = readlinkat(root, name, link, sizeof(link) - 1);
	if (n <= 0)
		return -1;
	link[n] = 0;
	/* /etc lies below the root: whatever goes further up stays there. */
	while (strncmp(to, "../", 3) == 0)
		to += 3;
	to += strspn(to, "/");
	return strncmp(to, "run/", 4) == 0 ? root_place(root, to, false) : -1;
}

bool
root_etc(int root, struct sbx_fail *f)
{
	for (size_t i = 0; i < SBX_LEN(files); i++) {
		size_t n = strlen(files[i].text);
		SBX_CLOSE int fd = -1, at = find(root, files[i].name), clone = -1;

		if (at < 0)
			continue;
		fd = openat(root, files[i].own, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			    0444);
		if (fd < 0 || write(fd, files[i].text, n) != (ssize_t)n)
			return sbx_fail_set(f, "file", errno, files[i].own);
		clone = root_clone(root, files[i].own, TREE_RO);
		if (clone < 0 ||
		    move_mount(clone, "", at, "",
			       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH))
			return sbx_fail_set(f, "mount", errno, files[i].name);
	}
	return true;
}
