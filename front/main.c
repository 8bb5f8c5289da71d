/* The program that users start: it launches the sandbox itself and hands all else to the agent.
 *
 * `sunaba sandbox -- CMD` is to take no longer than it must, and most of what it took was not its
 * own: the start of the C library, which asks the processor dozens of times what it can do, and
 * each question leaves a virtual machine. So this program is small and, where musl is at hand,
 * static and built with that, whose start asks nothing. What it cannot do on the spot (a config
 * file, a list of hosts, layers, help, a mistake in the options) it does not try: the agent,
 * the second program, reads the same command line anew. There is one text for each message.
 *
 * Sources: proc(5) on /proc/PID/exe, getauxval(3). Pinned by tests/e2e/test_front.py and all of
 * tests/jail. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/commands.h"
#include "agent/policy.h"
#include "front/relro.h"

#define ELSEWHERE (-1) /* the agent's task */

/* The agent's place from the folder of this program: where it was built, and installed. Never
 * looked for elsewhere. */
static const char *const places[] = {"libexec/sunaba/sunaba", "../libexec/sunaba/sunaba"};

/* Whether there is a config file to read. The account's home is asked for by name services,
 * which the agent has. */
static bool
front_config(const struct opts *o)
{
	const char *home = getenv("HOME");
	AUTO_FREE char *path = NULL;

	if (!home || home[0] != '/' || opt_is_set(o, OPT_CONFIG_FILE) ||
	    opt_is_set(o, OPT_PROFILE))
		return true;
	path = fs_xdg_path(FS_CONFIG, "config.yaml");
	return path && (access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR));
}

static bool
front_can(const struct opts *o)
{
	return !opt_flag(o, OPT_HELP) && !opt_is_set(o, OPT_ALLOW_NET) &&
	       strcmp(opt_str(o, OPT_STAGED), "off") == 0 && !front_config(o);
}

/* The exit code; ELSEWHERE as long as nothing was done. */
static int
front_run(const struct opts *o)
{
	static char workspace[4096];
	struct sbx_policy p = app_policy(o);
	struct sbx_fail f = {.step = ""};
	struct err e = {0};
	int argc, code;
	char **argv = opts_args(o, &argc);

	if (argc == 0 || !sbx_policy_check(&p, workspace, &f))
		return ELSEWHERE;
	p.workspace = workspace;
	p.checked = true;
	p.quiet = opt_flag(o, OPT_QUIET);
	code = sbx_run(&p, argv, &f);
	/* What is wrong with the options is found before the environment is wiped. */
	if (code >= 0 || environ)
		return code;
	app_policy_failed(o, &f, &e);
	return cmd_fail(&e);
}

static int
front_sandbox(int argc, char **argv)
{
	struct opts *o = opts_new();
	struct err e = {0};
	int code = ELSEWHERE;

	if (!opts_argv(o, "sandbox", argc, argv, &e) && !opts_env(o, &e) && front_can(o))
		code = front_run(o);
	opts_free(o);
	return code;
}

/* The folder of this program's file, with its last slash. In a chroot there may be no /proc. */
static size_t
front_folder(char *path, size_t size)
{
	const char *self = (const char *)getauxval(AT_EXECFN), *slash;
	ssize_t n = readlink("/proc/self/exe", path, size - 1);

	if (n < 0)
		n = snprintf(path, size, "%s", self ? self : "");
	if (n < 0 || (size_t)n >= size)
		n = 0;
	path[n] = '\0';
	slash = strrchr(path, '/');
	return slash ? (size_t)(slash - path) + 1 : 0;
}

static int
front_agent(char **argv)
{
	char path[PATH_MAX + 64];
	size_t n = front_folder(path, PATH_MAX);
	struct err e = {0};

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		snprintf(path + n, sizeof(path) - n, "%s", places[i]);
		execv(path, argv);
		if (errno != ENOENT && errno != ENOTDIR)
			break;
	}
	err_sys(&e, ERR_IO, "cannot start the agent '%s'", path);
	err_hint(&e, "install sunaba again: bin/sunaba and libexec/sunaba/sunaba belong "
		     "together");
	return cmd_fail(&e);
}

int
main(int argc, char **argv)
{
	int code = ELSEWHERE;

	front_relro();
	sbx_jail_main_if_asked(argc, argv);
	fs_fill_streams();
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		code = cmd_version(NULL);
	else if (argc > 1 && strcmp(argv[1], "sandbox") == 0)
		code = front_sandbox(argc - 2, argv + 2);
	return code == ELSEWHERE ? front_agent(argv) : code;
}
