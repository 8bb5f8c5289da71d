/* A model server for measuring: costs next to nothing, so that it does not blur the figures.
 *
 *	server FIRST LAST [STEPS [PACE_US]]
 *
 * FIRST and LAST are files of server-sent events. A chat request with fewer than STEPS (default 1)
 * tool results in it is answered by FIRST, others by LAST; each event goes out in a write of its
 * own, PACE_US apart. Prints its port, then for each request "nanoseconds bytes", and keeps the
 * bodies of the last run's first requests in FIRST.body and LAST.body. A thread a connection. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_MAX (64u << 20) /* bytes */

static struct file {
	const char *path;
	char *data;
	size_t size;
} replies[2];
static long steps = 1, pace_us;

static void
load(struct file *f, const char *path)
{
	FILE *in = fopen(path, "rb");

	if (!in)
		exit(2);
	f->path = path;
	fseek(in, 0, SEEK_END);
	f->size = (size_t)ftell(in);
	rewind(in);
	f->data = calloc(1, f->size + 1);
	if (!f->data || fread(f->data, 1, f->size, in) != f->size)
		exit(2);
	fclose(in);
}

static bool
send_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = send(fd, p, n, MSG_NOSIGNAL);

		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

static bool
send_events(int fd, const struct file *f)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
				   "Transfer-Encoding: chunked\r\n\r\n";
	const char *p = f->data, *end = f->data + f->size;
	char *frame = malloc(f->size + 32);
	bool good = frame && send_all(fd, head, sizeof head - 1);

	while (good && p < end) {
		const char *stop = strstr(p, "\n\n");
		size_t n = stop ? (size_t)(stop + 2 - p) : (size_t)(end - p);
		int lead = snprintf(frame, 32, "%zx\r\n", n);

		memcpy(frame + lead, p, n);
		memcpy(frame + (size_t)lead + n, "\r\n", 2);
		good = send_all(fd, frame, (size_t)lead + n + 2);
		if (pace_us > 0)
			nanosleep(&(struct timespec){0, pace_us * 1000}, NULL);
		p += n;
	}
	free(frame);
	return good && send_all(fd, "0\r\n\r\n", 5);
}

static long
count_results(const char *body)
{
	long n = 0;

	for (const char *p = body; (p = strstr(p, "\"role\":"));
	     n += !strncmp(p, "\"tool\"", 6)) {
		p += strlen("\"role\":");
		p += *p == ' ';
	}
	return n;
}

static void
keep_body(const struct file *f, const char *body, size_t n)
{
	char path[4096];
	FILE *out;

	snprintf(path, sizeof path, "%s.body", f->path);
	out = fopen(path, "wb");
	if (out) {
		fwrite(body, 1, n, out);
		fclose(out);
	}
}

static bool
answer(int fd, const char *head, const char *body, size_t n)
{
	static const char models[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
				     "Content-Length: 11\r\n\r\n{\"data\":[]}";
	struct timespec now;
	const struct file *f;

	if (strncmp(head, "POST", 4) != 0)
		return send_all(fd, models, sizeof models - 1);
	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("%lld %zu\n", (long long)now.tv_sec * 1000000000LL + now.tv_nsec, n);
	fflush(stdout);
	f = &replies[count_results(body) >= steps];
	if (steps <= 1)
		keep_body(f, body, n);
	return send_events(fd, f);
}

static void *
serve(void *arg)
{
	int fd = (int)(long)arg;
	size_t used = 0, cap = 1 << 16;
	char *in = malloc(cap + 1);

	while (in) {
		char *body, *length;
		size_t whole, want = 0;
		ssize_t got = recv(fd, in + used, cap - used, 0);

		if (got <= 0)
			break;
		used += (size_t)got;
		in[used] = 0;
		body = strstr(in, "\r\n\r\n");
		if (body) {
			body += 4;
			length = strcasestr(in, "content-length:");
			want = length && length < body ? strtoul(length + 15, NULL, 10) : 0;
		}
		whole = body ? (size_t)(body - in) + want : 0;
		if (body && used >= whole) {
			if (!answer(fd, in, body, want))
				break;
			memmove(in, in + whole, used - whole);
			used -= whole;
		} else if (whole > cap || used == cap) {
			cap = whole > cap ? whole : cap * 2;
			if (cap > REQUEST_MAX || !(in = realloc(in, cap + 1)))
				break;
		}
	}
	close(fd);
	free(in);
	return NULL;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof at;
	int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (argc < 3)
		return 2;
	load(&replies[0], argv[1]);
	load(&replies[1], argv[2]);
	steps = argc > 3 ? strtol(argv[3], NULL, 10) : 1;
	pace_us = argc > 4 ? strtol(argv[4], NULL, 10) : 0;
	if (bind(listener, (struct sockaddr *)&at, size) || listen(listener, 64) ||
	    getsockname(listener, (struct sockaddr *)&at, &size))
		return 2;
	printf("%d\n", ntohs(at.sin_port));
	fflush(stdout);
	for (;;) {
		pthread_t thread;
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		if (pthread_create(&thread, NULL, serve, (void *)(long)fd) == 0)
			pthread_detach(thread);
		else
			close(fd);
	}
}
