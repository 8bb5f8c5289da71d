/* System calls that only a namespace makes harmless: see bare.h.
 *
 * Stacked on the filter of every rung: it sees the host's sockets, names and processes here.
 * One row is one comparison of the number and at most one of an argument's low 32 bits, so that
 * the program is laid out by a loop; *.policy stays what holds everywhere.
 *
 * Sources: seccomp(2), landlock(7) "Limitations", unix(7) for what a pair of datagram sockets can
 * still reach. Pinned by tests/jail/test_rungs.py, one row each. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "sandbox/bare.h"
#include "sandbox/confine.h"

enum when { ALWAYS, EQUAL, OTHER };

enum reach {
	ANY_NET,
	NET_OFF,  /* refused unless the user gives the host's network */
	NET_HOST, /* refused when he does: what is not the network still */
};

struct row {
	unsigned nr;
	int error;
	enum when when;
	unsigned arg;
	uint32_t mask, value;
	int below; /* refused on Landlock versions below this; 0: on all */
	enum reach reach;
};

#define ALL 0xffffffffu

static const struct row rows[] = {
    {SYS_socket, EACCES, ALWAYS, 0, 0, 0, 0, NET_OFF},
    {SYS_socket, EACCES, EQUAL, 0, ALL, AF_UNIX, 0, NET_HOST},
    /* A pair of datagram sockets may be connected anew, to any path. */
    {SYS_socketpair, EACCES, EQUAL, 1, 0xf, SOCK_DGRAM, 0, ANY_NET},
    /* … and for unix sockets this is another word for datagrams. */
    {SYS_socketpair, EACCES, EQUAL, 1, 0xf, SOCK_RAW, 0, ANY_NET},
    {SYS_connect, EACCES, ALWAYS, 0, 0, 0, 0, NET_OFF},
    {SYS_bind, EACCES, ALWAYS, 0, 0, 0, 0, NET_OFF},
    {SYS_listen, EACCES, ALWAYS, 0, 0, 0, 0, NET_OFF},
    /* Names that the whole machine shares. */
    {SYS_shmget, ENOSYS, ALWAYS, 0, 0, 0, 0, ANY_NET},
    {SYS_shmat, ENOSYS, ALWAYS, 0, 0, 0, 0, ANY_NET},
    {SYS_shmctl, ENOSYS, ALWAYS, 0, 0, 0, 0, ANY_NET},
    {SYS_semget, ENOSYS, ALWAYS, 0, 0, 0, 0, ANY_NET},
    {SYS_semctl, ENOSYS, ALWAYS, 0, 0, 0, 0, ANY_NET},
    {SYS_semop, ENOSYS, ALWAYS, 0, 0, 0, 0, ANY_NET},
    {SYS_semtimedop, ENOSYS, ALWAYS, 0, 0, 0, 0, ANY_NET},
    {SYS_msgget, ENOSYS, ALWAYS, 0, 0, 0, 0, ANY_NET},
    {SYS_msgctl, ENOSYS, ALWAYS, 0, 0, 0, 0, ANY_NET},
    {SYS_msgsnd, ENOSYS, ALWAYS, 0, 0, 0, 0, ANY_NET},
    {SYS_msgrcv, ENOSYS, ALWAYS, 0, 0, 0, 0, ANY_NET},
    {SYS_mq_open, ENOSYS, ALWAYS, 0, 0, 0, 0, ANY_NET},
    {SYS_mq_unlink, ENOSYS, ALWAYS, 0, 0, 0, 0, ANY_NET},
    /* Other processes of the same user. Landlock's own scope holds signals from version 6. */
    {SYS_kill, EPERM, EQUAL, 0, ALL, ALL, 0, ANY_NET},
    {SYS_prlimit64, EPERM, OTHER, 0, ALL, 0, 0, ANY_NET},
    {SYS_setpriority, EPERM, OTHER, 1, ALL, 0, 0, ANY_NET},
    {SYS_ioprio_set, EPERM, OTHER, 1, ALL, 0, 0, ANY_NET},
    {SYS_sched_setscheduler, EPERM, OTHER, 0, ALL, 0, 0, ANY_NET},
    {SYS_sched_setparam, EPERM, OTHER, 0, ALL, 0, 0, ANY_NET},
    {SYS_sched_setattr, EPERM, OTHER, 0, ALL, 0, 0, ANY_NET},
    /* Landlock asks for no right to these: paths anywhere would do. */
    {SYS_setxattr, EOPNOTSUPP, ALWAYS, 0, 0, 0, 0, ANY_NET},
    {SYS_lsetxattr, EOPNOTSUPP, ALWAYS, 0, 0, 0, 0, ANY_NET},
    {SYS_removexattr, EOPNOTSUPP, ALWAYS, 0, 0, 0, 0, ANY_NET},
    {SYS_lremovexattr, EOPNOTSUPP, ALWAYS, 0, 0, 0, 0, ANY_NET},
    /* … and these to a descriptor that only reads. */
    {SYS_fsetxattr, EOPNOTSUPP, ALWAYS, 0, 0, 0, 0, ANY_NET},
    {SYS_fremovexattr, EOPNOTSUPP, ALWAYS, 0, 0, 0, 0, ANY_NET},
    {SYS_truncate, EPERM, ALWAYS, 0, 0, 0, 3, ANY_NET},
#ifdef SYS_open
    {SYS_open, EPERM, EQUAL, 1, O_TRUNC | O_ACCMODE, O_TRUNC, 3, ANY_NET},
#endif
    {SYS_openat, EPERM, EQUAL, 2, O_TRUNC | O_ACCMODE, O_TRUNC, 3, ANY_NET},
};

#define LOAD(field) \
	(struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(field))
#define ANSWER(value) (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, (value))
/* Little-endian, as every architecture this is built for: the low half comes first. */
#define ARGUMENT(n) (offsetof(struct seccomp_data, args) + 8 * (n))
#define ROW_OPS	    6 /* at most */

static size_t
row_put(struct sock_filter *out, const struct row *r)
{
	bool plain = r->when == ALWAYS;
	uint8_t skip = plain ? 1 : 5;
	size_t n = 0;

	out[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, r->nr, 0, skip);
	if (!plain) {
		out[n++] = LOAD(ARGUMENT(r->arg));
		out[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, r->mask);
		out[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, r->value,
							r->when == EQUAL ? 0 : 1,
							r->when == EQUAL ? 1 : 0);
	}
	out[n++] = ANSWER(SECCOMP_RET_ERRNO | (uint32_t)r->error);
	if (!plain)
		out[n++] = LOAD(offsetof(struct seccomp_data, nr));
	return n;
}

bool
bare_filter(int abi, enum sbx_net net, struct sbx_fail *f)
{
	struct sock_filter ops[2 + ROW_OPS * SBX_LEN(rows)];
	struct sock_fprog prog = {.filter = ops};
	size_t n = 0;

	ops[n++] = LOAD(offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < SBX_LEN(rows); i++)
		if ((!rows[i].below || abi < rows[i].below) &&
		    (rows[i].reach == ANY_NET ||
		     rows[i].reach == (net == SBX_NET_HOST ? NET_HOST : NET_OFF)))
			n += row_put(ops + n, &rows[i]);
	ops[n++] = ANSWER(SECCOMP_RET_ALLOW);
	prog.len = (unsigned short)n;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog))
		return sbx_fail_set(f, "system call filter", errno, NULL);
	return true;
}
