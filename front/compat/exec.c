/* execvp() as glibc has it: what is no program of any kind is a script of the shell. musl's says
 * "Exec format error", and users have such scripts.
 *
 * Source: execvp(3), POSIX. Pinned by tests/e2e/test_front.py. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARGS_MAX 4200 /* SETUP_ARGS_MAX, and the shell */

/* In a child that shares its parent's memory: nothing is allocated. The array is as long as the
 * arguments, which the sandbox has bounded. */
static void
run_by_shell(const char *path, char *const argv[])
{
	const char *words[ARGS_MAX] = {"/bin/sh", path};
	size_t n = 1;

	if (errno != ENOEXEC)
		return;
	while (argv[0] && argv[n] && n + 2 < ARGS_MAX) {
		words[n + 1] = argv[n];
		n++;
	}
	if (argv[0] && argv[n])
		errno = E2BIG;
	else
		execve(words[0], (char *const *)words, environ);
}

static void
execute(const char *path, char *const argv[])
{
	execve(path, argv, environ);
	run_by_shell(path, argv);
}

int
compat_execvp(const char *file, char *const argv[])
{
	const char *at = getenv("PATH"), *end;
	char path[PATH_MAX + NAME_MAX + 2];
	bool denied = false;

	errno = ENOENT;
	if (!*file)
		return -1;
	if (strchr(file, '/'))
		return execute(file, argv), -1;
	errno = ENAMETOOLONG;
	if (strlen(file) > NAME_MAX)
		return -1;
	for (at = at ? at : "/bin:/usr/bin"; at; at = *end ? end + 1 : NULL) {
		end = at + strcspn(at, ":");
		if (end - at > PATH_MAX)
			continue;
		snprintf(path, sizeof(path), "%.*s%s%s", (int)(end - at), at,
			 end > at ? "/" : "", file);
		execute(path, argv);
		denied |= errno == EACCES;
		if (errno != EACCES && errno != ENOENT && errno != ENOTDIR)
			return -1;
	}
	if (denied)
		errno = EACCES;
	return -1;
}
