/* Where a key comes from. See key.h. Pinned by tests/unit/test_models.c. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "agent/base/buf.h"
#include "agent/base/mem.h"
#include "agent/model/key.h"

extern char **environ;

const char *
key_env(const char *name)
{
	const char *v = name ? getenv(name) : NULL;

	return v && *v ? v : NULL;
}

static pid_t
key_spawn(const char *command, int out_fd)
{
	char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, mem_strdup(command), NULL};
	posix_spawn_file_actions_t fa;
	pid_t pid = -1;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, out_fd, STDOUT_FILENO);
	if (posix_spawn(&pid, "/bin/sh", &fa, NULL, argv, environ) != 0)
		pid = -1;
	posix_spawn_file_actions_destroy(&fa);
	free(argv[2]);
	return pid;
}

static void
key_read(int fd, struct buf *out)
{
	char chunk[1024];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0 && !buf_add(out, chunk, (size_t)n))
			return;
}

static enum err_kind
key_command(const char *command, const char *from, char **key, struct err *e)
{
	AUTO_BUF struct buf out = BUF_INIT(KEY_MAX);
	int ends[2], status = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, ERR_INTERNAL, "pipe");
	pid = key_spawn(command, ends[1]);
	close(ends[1]);
	if (pid > 0)
		key_read(ends[0], &out);
	close(ends[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	buf_truncate(&out, strcspn(buf_str(&out), "\r\n"));
	if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0 || out.len == 0)
		return err_set(e, ERR_AUTH, "the command for the key (%s) gave none: '%s'",
			       from, command);
	*key = buf_take(&out);
	return ERR_NONE;
}

enum err_kind
key_resolve(const char *option, const char *from, char **key, char **source, struct err *e)
{
	enum err_kind k = ERR_NONE;

	*key = *source = NULL;
	if (strpbrk(option, "\r\n"))
		return err_set(e, ERR_AUTH, "the key in %s holds a line break", from);
	if (strncmp(option, "env:", 4) == 0) {
		const char *v = key_env(option + 4);

		if (!v)
			return err_set(e, ERR_AUTH,
				       "the variable '%s' for the key (%s) is not set",
				       option + 4, from);
		*key = mem_strdup(v);
		*source = mem_strdup(option + 4);
	} else if (strncmp(option, "cmd:", 4) == 0) {
		k = key_command(option + 4, from, key, e);
		if (k == ERR_NONE)
			*source = mem_printf("the command in %s", from);
	} else {
		*key = mem_strdup(option);
		*source = mem_strdup(from);
	}
	return k;
}
