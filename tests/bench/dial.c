/* Connects, sends one byte, waits for it to come back, closes; again and again:
 * dial PORT COUNT [TARGET]: to 127.0.0.1:PORT, or through the HTTP proxy there to TARGET.
 * dial -s: an echo server; prints its port.
 * Prints p10 and median of one round in us. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_MAX 100000

static double
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int
serve(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	int s = socket(AF_INET, SOCK_STREAM, 0);
	char c;

	if (bind(s, (struct sockaddr *)&a, sizeof(a)) || listen(s, 128) ||
	    getsockname(s, (struct sockaddr *)&a, &n))
		return 1;
	printf("%u\n", ntohs(a.sin_port));
	fflush(stdout);
	for (;;) {
		int fd = accept(s, NULL, NULL);

		if (fd < 0)
			return 0;
		while (read(fd, &c, 1) == 1)
			if (write(fd, &c, 1) != 1)
				break;
		close(fd);
	}
}

static int
once(uint16_t port, const char *target)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons(port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int s = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	char text[512], c = 'x';
	int n = snprintf(text, sizeof(text), "CONNECT %s HTTP/1.1\r\n\r\n",
			 target ? target : "");

	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(s, (struct sockaddr *)&a, sizeof(a)))
		return -1;
	if (target && (write(s, text, (size_t)n) != n || read(s, text, sizeof(text)) < 12 ||
		       memcmp(text + 9, "200", 3) != 0))
		return -1;
	if (write(s, &c, 1) != 1 || read(s, &c, 1) != 1)
		return -1;
	return close(s);
}

int
main(int argc, char **argv)
{
	static double took[ROUNDS_MAX];
	long count;

	if (argc == 2 && strcmp(argv[1], "-s") == 0)
		return serve();
	if (argc < 3)
		return 2;
	count = strtol(argv[2], NULL, 10);
	if (count < 1 || count > ROUNDS_MAX)
		return 2;
	for (long i = 0; i < count; i++) {
		double start = now_us();

		if (once((uint16_t)strtol(argv[1], NULL, 10), argc > 3 ? argv[3] : NULL))
			return 1;
		took[i] = now_us() - start;
	}
	qsort(took, (size_t)count, sizeof(*took), by_size);
	printf("%.1f %.1f\n", took[count / 10], took[count / 2]);
	return 0;
}
