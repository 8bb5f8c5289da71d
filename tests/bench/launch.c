/* Starts a program once and prints what it cost.
 *
 *	launch [-t PATTERN] CMD [ARG...]
 *
 * Prints one line: wall, user and system time in microseconds, peak memory in KiB of the program
 * or the largest of the children it waited for, exit status. Small itself, since a program's peak
 * memory starts from its parent's. Standard output of CMD goes to /dev/null.
 *
 * With -t the program runs on a terminal of its own (80 by 24) whose position and mode queries
 * are answered. Once PATTERN was written, "ready" is printed with the microseconds until then and
 * the pid; when a line comes on standard input Ctrl-D is typed. "-" as PATTERN: only drain. The
 * last line then also holds the bytes written to the terminal. */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S 60	     /* a program that hangs ends with us: its terminal is gone */
#define SEEN_MAX   (1 << 20) /* bytes searched for PATTERN */

extern char **environ;

static long long
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
report(pid_t pid, long long start, long long bytes)
{
	struct rusage u;
	int status;

	if (wait4(pid, &status, 0, &u) < 0)
		exit(2);
	printf("%lld %lld %lld %ld %d", now_us() - start,
	       (long long)u.ru_utime.tv_sec * 1000000 + u.ru_utime.tv_usec,
	       (long long)u.ru_stime.tv_sec * 1000000 + u.ru_stime.tv_usec, u.ru_maxrss,
	       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	if (bytes >= 0)
		printf(" %lld", bytes);
	printf("\n");
}

static void
plain(char **argv)
{
	posix_spawn_file_actions_t files;
	long long start = now_us();
	pid_t pid;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &files, NULL, argv, environ) != 0)
		exit(2);
	report(pid, start, -1);
}

static void
play_terminal(int fd, const char *p, size_t n)
{
	static const struct {
		const char *query, *answer;
	} table[] = {{"\x1b[6n", "\x1b[1;3R"}, {"\x1b[?2027$p", "\x1b[?2027;0$y"}};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		for (const char *at = p;
		     (at = memmem(at, n - (size_t)(at - p), table[i].query,
				  strlen(table[i].query)));
		     at++)
			if (write(fd, table[i].answer, strlen(table[i].answer)) < 0)
				return;
}

static void
on_terminal(const char *pattern, char **argv)
{
	static char seen[SEEN_MAX], data[65536];
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	bool ready = strcmp(pattern, "-") == 0;
	long long bytes = 0, start = now_us();
	size_t used = 0;
	int fd;
	pid_t pid = forkpty(&fd, NULL, NULL, &size);

	if (pid < 0)
		exit(2);
	if (pid > 0)
		alarm(PATIENCE_S);
	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	struct pollfd waits[2] = {{fd, POLLIN, 0}, {0, POLLIN, 0}};
	for (;;) {
		ssize_t n;

		poll(waits, 2, -1);
		if (waits[1].revents) {
			waits[1].fd = -1;
			if (write(fd, "\x04", 1) < 0)
				break;
		}
		if (!waits[0].revents)
			continue;
		n = read(fd, data, sizeof data);
		if (n <= 0)
			break;
		bytes += n;
		play_terminal(fd, data, (size_t)n);
		if (ready || used + (size_t)n > SEEN_MAX)
			continue;
		memcpy(seen + used, data, (size_t)n);
		used += (size_t)n;
		ready = memmem(seen, used, pattern, strlen(pattern)) != NULL;
		if (ready) {
			printf("ready %lld %d\n", now_us() - start, pid);
			fflush(stdout);
		}
	}
	report(pid, start, bytes);
}

int
main(int argc, char **argv)
{
	if (argc > 3 && strcmp(argv[1], "-t") == 0)
		on_terminal(argv[2], argv + 3);
	else if (argc > 1)
		plain(argv + 1);
	else
		return 2;
	return 0;
}
