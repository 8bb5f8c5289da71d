/* The user's editor on a text that exists only in memory. See editor.h.
 *
 * The command is split at blanks, with quotes, and started without a shell: its words come from
 * the user's environment, its last argument is ours. The file lies in XDG_RUNTIME_DIR (memory,
 * mode 0700) where there is one. Ctrl-C inside the editor is the editor's: the signal is
 * ignored here meanwhile. Pinned by tests/unit/test_editor.c and tests/term/test_ask.py. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/ui/editor.h"

#define EDITOR_ARGS_MAX 32
#define EDITOR_DEFAULT	"vi"

extern char **environ;

/* Splits in place; quotes group, a backslash takes the next character. How many words. */
static size_t
editor_split(char *s, char **argv, size_t max)
{
	size_t n = 0;

	while (*s && n < max) {
		char *to, quote = 0;

		while (*s == ' ' || *s == '\t')
			s++;
		if (!*s)
			break;
		argv[n++] = to = s;
		for (; *s && (quote || (*s != ' ' && *s != '\t')); s++) {
			if (quote ? *s == quote : *s == '"' || *s == '\'')
				quote = quote ? 0 : *s;
			else if (*s == '\\' && s[1] && quote != '\'')
				*to++ = *++s;
			else
				*to++ = *s;
		}
		if (*s)
			s++;
		*to = '\0';
	}
	return n;
}

static const char *
editor_command(void)
{
	static const char *const names[] = {"VISUAL", "EDITOR"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *v = getenv(names[i]);

		if (v && v[strspn(v, " \t")])
			return v;
	}
	return EDITOR_DEFAULT;
}

/* The child gets default handlers again; SIGINT is ignored here while it runs. */
static enum err_kind
editor_spawn(char **argv, int *status, struct err *e)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, old_int, old_quit;
	posix_spawnattr_t attr;
	sigset_t defaults;
	pid_t pid;
	int rc;

	sigaction(SIGINT, &ignore, &old_int);
	sigaction(SIGQUIT, &ignore, &old_quit);
	sigfillset(&defaults);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawnp(&pid, argv[0], NULL, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	while (rc == 0 && waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
	sigaction(SIGINT, &old_int, NULL);
	sigaction(SIGQUIT, &old_quit, NULL);
	if (rc == 0)
		return ERR_NONE;
	err_set(e, ERR_USAGE, "cannot start the editor '%s': %s", argv[0], strerror(rc));
	err_hint(e, "set EDITOR to the editor you like");
	return ERR_USAGE;
}

static enum err_kind
editor_on_file(struct term *t, const char *path, struct err *e)
{
	AUTO_FREE char *command = mem_strdup(editor_command());
	char *argv[EDITOR_ARGS_MAX + 2], *file = mem_strdup(path);
	size_t n = editor_split(command, argv, EDITOR_ARGS_MAX);
	int status = 0;
	enum err_kind kind;

	argv[n] = file;
	argv[n + 1] = NULL;
	term_suspend(t);
	kind = editor_spawn(argv, &status, e);
	term_resume(t);
	if (kind == ERR_NONE && status != 0)
		kind =
		    err_set(e, ERR_USAGE, "the editor '%s' ended with an error", argv[0]);
	free(file);
	return kind;
}

static char *
editor_path(const char *suffix)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");

	if (!dir || dir[0] != '/' || access(dir, W_OK) != 0)
		dir = "/tmp";
	return mem_printf("%s/sunaba-XXXXXX%s", dir, suffix);
}

enum err_kind
editor_run(struct term *t, const char *p, size_t n, const char *suffix, struct buf *out,
	   struct err *e)
{
	AUTO_FREE char *path = editor_path(suffix);
	int fd = mkostemps(path, (int)strlen(suffix), O_CLOEXEC); /* mode 0600 */
	enum err_kind kind;

	if (fd < 0)
		return err_sys(e, ERR_IO, "cannot make '%s'", path);
	kind = fs_write_all(fd, p, n, e);
	close(fd);
	if (kind == ERR_NONE)
		kind = editor_on_file(t, path, e);
	if (kind == ERR_NONE)
		kind = fs_read(path, out, e);
	unlink(path);
	return kind;
}
