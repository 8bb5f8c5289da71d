/* The terminal's guard: see guard.h. Sources: termios(3), setpgid(2) on orphaned groups. Pinned by tests/jail/test_terminal.py
 * and tests/e2e/test_attach.py. */
#include "sandbox/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sandbox/util.h"

#define FD_WAIT 3

static bool
same(const struct termios *a, const struct termios *b)
{
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag &&
	       a->c_lflag == b->c_lflag && memcmp(a->c_cc, b->c_cc, sizeof(a->c_cc)) == 0;
}

/* Waits until the other is gone, or done. Restores only what nobody else has set since. */
static void __attribute__((noreturn))
guard_main(int wait_fd, int terminal, const struct termios *before,
	   const struct termios *mode, int screen, const char *undo)
{
	struct termios now;
	sigset_t all;
	char c;

	/* SIGTTOU too: it may act in the background. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_NAME, "sunaba-terminal");
	wait_fd = fcntl(wait_fd, F_DUPFD, FD_WAIT + 1);
	terminal = fcntl(terminal, F_DUPFD, FD_WAIT + 1);
	screen = fcntl(screen, F_DUPFD, FD_WAIT + 1);
	dup2(terminal, STDIN_FILENO);
	dup2(screen, STDOUT_FILENO);
	close(STDERR_FILENO);
	dup2(wait_fd, FD_WAIT);
	syscall(SYS_close_range, FD_WAIT + 1, ~0u, 0);
	while (read(FD_WAIT, &c, 1) < 0 && errno == EINTR)
		;
	if (tcgetattr(STDIN_FILENO, &now) || !same(&now, mode))
		_exit(0);
	if (undo && write(STDOUT_FILENO, undo, strlen(undo)) < 0)
		undo = NULL;
	tcsetattr(STDIN_FILENO, TCSANOW, before);
	_exit(0);
}

void
guard_post(struct guard *g, int terminal, const struct termios *before,
	   const struct termios *mode, int screen, const char *undo)
{
	int p[2];

	*g = (struct guard){.fd = -1};
	if (pipe2(p, O_CLOEXEC))
		return;
	g->pid = fork();
	if (g->pid == 0)
		guard_main(p[0], terminal, before, mode, screen, undo);
	close(p[0]);
	if (g->pid < 0)
		close(p[1]);
	else
		g->fd = p[1];
}

void
guard_dismiss(struct guard *g)
{
	if (g->fd < 0)
		return;
	sbx_shut(&g->fd);
	while (waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

void
guard_stop(void)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL}, before;
	sigset_t stop, mask;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	sigemptyset(&dfl.sa_mask);
	sigprocmask(SIG_BLOCK, &stop, &mask);
	sigaction(SIGTSTP, &dfl, &before);
	raise(SIGTSTP);
	/* Here it stops. */
	sigprocmask(SIG_UNBLOCK, &stop, NULL);
	sigaction(SIGTSTP, &before, NULL);
	sigprocmask(SIG_SETMASK, &mask, NULL);
}
