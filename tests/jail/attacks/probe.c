/* The attacks that need a processor's other door: one static program, built for the tests.
 *
 *	probe i386 | i386-connect PORT | i386-unix PATH | uring | uring-connect PORT | privilege
 *
 * Prints "BROKEN: ..." when it got through. */
#include <arpa/inet.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define I386_GETPID	20
#define I386_SOCKETCALL 102
#define CALL_SOCKET	1
#define CALL_CONNECT	3

static long
i386(long number, long a, long b)
{
#ifdef __x86_64__
	long got;

	__asm__ volatile("int $0x80"
			 : "=a"(got)
			 : "a"(number), "b"(a), "c"(b)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)got;
#else
	(void)number, (void)a, (void)b;
	return -1;
#endif
}

static int
broken(const char *what)
{
	printf("BROKEN: %s\n", what);
	return 0;
}

/* Arguments must lie below 4 GiB to be named by 32 bits. */
static unsigned *
low_memory(void)
{
	unsigned *p = mmap((void *)0x10000000, 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (p == MAP_FAILED)
		exit(3);
	return p;
}

static int
i386_connect(const struct sockaddr *to, unsigned len)
{
	unsigned *args = low_memory();
	char *address = (char *)args + 256;
	long fd;

	memcpy(address, to, len);
	args[0] = to->sa_family;
	args[1] = SOCK_STREAM;
	args[2] = 0;
	fd = i386(I386_SOCKETCALL, CALL_SOCKET, (long)args);
	if (fd < 0)
		return 1;
	args[0] = (unsigned)fd;
	args[1] = (unsigned)(unsigned long)address;
	args[2] = len;
	if (i386(I386_SOCKETCALL, CALL_CONNECT, (long)args) == 0)
		return broken("connected");
	return 1;
}

static struct sockaddr_in
loopback(const char *port)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_port = htons((unsigned short)strtol(port, NULL, 10)),
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};

	return in;
}

static int
uring_connect(const char *port)
{
	struct io_uring_params p = {0};
	struct sockaddr_in to = loopback(port);
	int ring = (int)syscall(SYS_io_uring_setup, 4, &p);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct io_uring_sqe *sqe;
	unsigned *sq;
	char *rings;

	if (ring < 0 || fd < 0)
		return 1;
	rings = mmap(NULL, p.sq_off.array + p.sq_entries * sizeof(unsigned) + 4096,
		     PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	sqe = mmap(NULL, p.sq_entries * sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED,
		   ring, IORING_OFF_SQES);
	if (rings == MAP_FAILED || sqe == MAP_FAILED)
		return 1;
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_CONNECT;
	sqe->fd = fd;
	sqe->addr = (unsigned long)&to;
	sqe->off = sizeof(to);
	sq = (unsigned *)(rings + p.sq_off.array);
	sq[0] = 0;
	__atomic_store_n((unsigned *)(rings + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	return 0; /* the listener knows whether it was reached */
}

static int
uring(void)
{
	struct io_uring_params p = {0};

	return syscall(SYS_io_uring_setup, 4, &p) >= 0 ? broken("io_uring_setup") : 1;
}

/* Run with the set-uid bit and root as its owner. */
static int
privilege(void)
{
	if (geteuid() == 0 && getuid() != 0)
		return broken("effective user 0");
	/* What is bounded counts only where a program may gain something at all. */
	for (int cap = 0; cap < 64 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1; cap++) {
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
			return broken("a capability can be gained");
	}
	return 1;
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "", *arg = argc > 2 ? argv[2] : "";
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct sockaddr_in in = loopback(arg);

	if (strcmp(what, "i386") == 0)
		return i386(I386_GETPID, 0, 0) > 0 ? broken("int 0x80") : 1;
	if (strcmp(what, "i386-connect") == 0)
		return i386_connect((struct sockaddr *)&in, sizeof(in));
	if (strcmp(what, "i386-unix") == 0) {
		snprintf(un.sun_path, sizeof(un.sun_path), "%s", arg);
		return i386_connect((struct sockaddr *)&un, sizeof(un));
	}
	if (strcmp(what, "uring") == 0)
		return uring();
	if (strcmp(what, "uring-connect") == 0)
		return uring_connect(arg);
	if (strcmp(what, "privilege") == 0)
		return privilege();
	return 2;
}
