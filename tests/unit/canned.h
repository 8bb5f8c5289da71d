/* A loopback server of canned bytes in a child process: one reply per request, in order, the
 * last one for ever. Requests are counted and kept in shared memory. */
#ifndef SUNABA_TESTS_CANNED_H
#define SUNABA_TESTS_CANNED_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CANNED_KEEP    16    /* requests that are kept */
#define CANNED_REQUEST 65536 /* bytes of each */

enum canned_then {
	CANNED_CLOSE,  /* a clean end */
	CANNED_NEXT,   /* the connection stays for another request */
	CANNED_RESET,  /* the connection breaks */
	CANNED_STALL,  /* nothing more, for ever */
	CANNED_SIGNAL, /* SIGINT to the test, then nothing more */
};

struct canned {
	const char *bytes;
	enum canned_then then;
};

struct canned_log {
	int requests, connections;
	char request[CANNED_KEEP][CANNED_REQUEST];
};

struct canned_server {
	pid_t pid;
	int port;
	char base[64]; /* "http://127.0.0.1:PORT" */
	struct canned_log *log;
};

/* Reads one request into `to`; false at the end of the connection. */
static bool
canned_read(int fd, char *to)
{
	size_t n = 0;

	for (;;) {
		ssize_t got = read(fd, to + n, CANNED_REQUEST - 1 - n);
		const char *head, *length;

		if (got <= 0)
			return false;
		n += (size_t)got;
		to[n] = '\0';
		head = strstr(to, "\r\n\r\n");
		length = strcasestr(to, "content-length:");
		if (head && n >= (size_t)(head + 4 - to) +
				     (length ? strtoul(length + 15, NULL, 10) : 0))
			return true;
	}
}

static void
canned_end(int fd, enum canned_then then)
{
	struct linger hard = {1, 0};

	if (then == CANNED_RESET)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	if (then == CANNED_SIGNAL)
		kill(getppid(), SIGINT);
	if (then == CANNED_STALL || then == CANNED_SIGNAL) {
		char c;

		while (read(fd, &c, 1) > 0)
			;
	}
	close(fd);
}

static void
canned_serve(int listener, const struct canned *replies, struct canned_log *log)
{
	size_t at = 0;

	for (;;) {
		int fd = accept(listener, NULL, NULL);
		const struct canned *r = replies;

		log->connections++;
		while (fd >= 0 &&
		       canned_read(fd, log->request[log->requests % CANNED_KEEP])) {
			log->requests++;
			r = &replies[at];
			at += replies[at + 1].bytes != NULL;
			if (write(fd, r->bytes, strlen(r->bytes)) < 0 ||
			    r->then != CANNED_NEXT)
				break;
		}
		canned_end(fd, r->then);
	}
}

static struct canned_server
canned_start(const struct canned *replies)
{
	struct canned_server s = {0};
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	s.log = mmap(NULL, sizeof(*s.log), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s.log == MAP_FAILED || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    listen(fd, 8) != 0 || getsockname(fd, (struct sockaddr *)&a, &len) != 0)
		abort();
	s.port = ntohs(a.sin_port);
	snprintf(s.base, sizeof(s.base), "http://127.0.0.1:%d", s.port);
	s.pid = fork();
	if (s.pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		signal(SIGINT, SIG_IGN);
		canned_serve(fd, replies, s.log);
	}
	close(fd);
	return s;
}

static void
canned_stop(struct canned_server *s)
{
	kill(s->pid, SIGKILL);
	while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
		;
	munmap(s->log, sizeof(*s->log));
}

#endif
