/* Editors and pagers on a job's terminal: see fullscreen.h.
 *
 * A step's output goes to pipes, by which programs tell that nobody sits there: no colours, no
 * pager, one name a line. Only those that are of no use then are started by a script that looks
 * whose standard output it has. What they write to the terminal reaches the agent all the same.
 *
 * Sources: pipe(7), proc(5). Pinned by tests/e2e/test_attach.py. */
#include "sandbox/fullscreen.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER	     SBX_SCRIPT_DIR "/bin"
#define SCRIPT	     SBX_SCRIPT_DIR "/screen.sh"
#define OUT_VARIABLE "SUNABA_STDOUT="

static const char *const names[] = {
    "dialog", "editor", "emacs", "htop", "hx",	 "joe",	    "less",    "mc",
    "mg",     "micro",	"more",	 "most", "nano", "nvim",    "pager",   "pg",
    "pico",   "top",	"vi",	 "view", "vim",	 "vimdiff", "whiptail"};

static const char script[] =
    "#!/bin/sh\n"
    "# A step's output is a pipe; this program is for a terminal.\n"
    "set -f\n"
    "rest= IFS=:\n"
    "for dir in $PATH; do\n"
    "\t[ \"$dir\" -ef " FOLDER " ] || rest=$rest:$dir\n" /* whatever it is called */
    "done\n"
    "unset IFS\n"
    "PATH=${rest#:}\n"
    "if [ \"$(readlink /proc/$$/fd/1)\" = \"$SUNABA_STDOUT\" ] && (: >/dev/tty) 2>&-; "
    "then\n"
    "\tset +f\n"
    "\texec \"${0##*/}\" \"$@\" >/dev/tty\n"
    "fi\n"
    "set +f\n"
    "exec \"${0##*/}\" \"$@\"\n";

static const char *
path_of(const struct start *st)
{
	for (size_t i = 0; st->env[i]; i++)
		if (strncmp(st->env[i], "PATH=", 5) == 0)
			return st->env[i] + 5;
	return NULL;
}

static bool
is_there(const char *path, const char *name)
{
	char file[PATH_MAX];

	for (const char *end; *path; path = end + (*end == ':')) {
		end = strchrnul(path, ':');
		if (*path == '/' &&
		    snprintf(file, sizeof(file), "%.*s/%s", (int)(end - path), path, name) <
			(int)sizeof(file) &&
		    access(file, X_OK) == 0)
			return true;
	}
	return false;
}

/* Once for all jobs; false when it cannot be had. */
static bool
put_script(void)
{
	SBX_CLOSE int fd = -1;

	if (mkdir(FOLDER, 0755))
		return errno == EEXIST;
	fd = open(SCRIPT, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	return fd >= 0 &&
	       write(fd, script, sizeof(script) - 1) == (ssize_t)sizeof(script) - 1;
}

void
fullscreen_offer(const struct setup *s, struct start *st, int out)
{
	static char path[PATH_MAX * 2], output[64];
	const char *old = path_of(st);
	char link[128];
	struct stat there;

	/* Without mounts the folder is the host's, where nothing may be executed. */
	if (s->scripts || !old || fstat(out, &there) || !put_script())
		return;
	for (size_t i = 0; i < SBX_LEN(names); i++) {
		snprintf(link, sizeof(link), FOLDER "/%s", names[i]);
		if (is_there(old, names[i]) && symlink("../screen.sh", link) &&
		    errno != EEXIST)
			return;
	}
	if (snprintf(path, sizeof(path), "PATH=" FOLDER ":%s", old) >= (int)sizeof(path))
		return;
	snprintf(output, sizeof(output), OUT_VARIABLE "pipe:[%llu]",
		 (unsigned long long)there.st_ino);
	env_set(st->env, path);
	env_set(st->env, output);
}
