/* Starts commands in turn, round after round, and prints what each start-to-end took.
 *
 *	race ROUNDS :: CMD [ARG...] [:: CMD [ARG...]]...
 *
 * One line for each command: tenth percentile and median in microseconds, worst exit status.
 * Streams of the commands are /dev/null. Interleaved, so that a busy machine hurts all alike. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/clock.h"

#define COMMANDS_MAX 32
#define WARM	     2 /* rounds that are not counted */

extern char **environ;

static long
run(char **argv, int *worst)
{
	posix_spawn_file_actions_t files;
	long start = now_us();
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&files);
	for (int i = 0; i < 3; i++)
		posix_spawn_file_actions_addopen(&files, i, "/dev/null", O_RDWR, 0);
	if (posix_spawnp(&pid, argv[0], &files, NULL, argv, environ) != 0) {
		*worst = 127;
		return 0;
	}
	waitpid(pid, &status, 0);
	posix_spawn_file_actions_destroy(&files);
	if (status)
		*worst = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
	return now_us() - start;
}

int
main(int argc, char **argv)
{
	int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0, n = 0;
	char **command[COMMANDS_MAX];
	int worst[COMMANDS_MAX] = {0};
	long *took;

	for (int i = 2; i < argc; i++)
		if (strcmp(argv[i], "::") == 0) {
			argv[i] = NULL;
			if (n < COMMANDS_MAX)
				command[n++] = argv + i + 1;
		}
	if (rounds < 1 || n == 0)
		return 2;
	took = calloc((size_t)n * (size_t)rounds, sizeof(*took));
	for (int r = -WARM; took && r < rounds; r++)
		for (int c = 0; c < n; c++) {
			long us = run(command[c], &worst[c]);

			if (r >= 0)
				took[c * rounds + r] = us;
		}
	for (int c = 0; took && c < n; c++) {
		qsort(took + c * rounds, (size_t)rounds, sizeof(*took), by_size);
		printf("%ld %ld %d\n", took[c * rounds + rounds / 10],
		       took[c * rounds + rounds / 2], worst[c]);
	}
	free(took);
	return 0;
}
