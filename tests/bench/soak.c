/* Sessions in parallel, each with many jobs, from one agent process: what is left afterwards?
 *
 *	soak SESSIONS JOBS WORKSPACE
 *
 * Every job writes a file, starts a daemon that ignores signals, and ends; each third is killed
 * while it runs. Prints one line: jobs that ended, descriptors before and after, children left.
 * Exit 1 when a job is missing or something is left. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/sandbox.h"

#define SESSIONS_MAX 256
#define PATIENCE_S   240

struct one {
	struct sbx_session *s;
	int started, ended, alive;
};

static int sessions, jobs;

static int
descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static void
fail(const char *why)
{
	fprintf(stderr, "soak: %s\n", why);
	exit(1);
}

static void
open_one(struct one *o, const char *workspace)
{
	struct sbx_policy p;
	struct sbx_fail f;

	sbx_policy_default(&p);
	p.workspace = workspace;
	if (!sbx_session_start(&o->s, &f) || !sbx_session_setup(o->s, &p, &f))
		fail(f.step);
}

/* Two at a time in each session. */
static void
feed(struct one *o, int index)
{
	char script[256];
	const char *argv[] = {"sh", "-c", script, NULL};
	struct sbx_job_spec spec = {.argv = argv};

	while (o->alive < 2 && o->started < jobs) {
		int id = o->started % 60 + 1;

		snprintf(
		    script, sizeof(script),
		    "(trap '' TERM INT HUP; exec setsid sleep 300) & echo %d > s%d.%d; "
		    "echo x; %s",
		    o->started, index, o->started, o->started % 3 ? ":" : "sleep 300");
		if (!sbx_job_start(o->s, id, &spec))
			fail("a job cannot be started");
		if (o->started % 3 == 0)
			sbx_job_kill(o->s, id);
		o->started++;
		o->alive++;
	}
}

static void
take(struct one *o, int index)
{
	struct sbx_event ev;

	for (;;) {
		switch (sbx_session_read(o->s, &ev)) {
		case SBX_NOTHING:
			return;
		case SBX_FAILED:
			fail(ev.fail.step);
			return;
		case SBX_DEAD:
			fail("a session is dead");
			return;
		case SBX_READY:
			feed(o, index);
			break;
		case SBX_EXIT:
			o->ended++;
			o->alive--;
			feed(o, index);
			break;
		case SBX_STARTED:
		case SBX_OUTPUT:
		case SBX_DONE:
		case SBX_NOTICE:
		case SBX_WAITS:
		default:
			break;
		}
	}
}

static int
serve(struct one *o)
{
	struct pollfd p[SESSIONS_MAX];
	int total = 0;

	for (int i = 0; i < sessions; i++) {
		p[i] = (struct pollfd){.fd = sbx_session_fd(o[i].s), .events = POLLIN};
		if (sbx_session_wants_write(o[i].s))
			p[i].events |= POLLOUT;
	}
	poll(p, (nfds_t)sessions, 1000);
	for (int i = 0; i < sessions; i++) {
		take(&o[i], i);
		total += o[i].ended;
	}
	return total;
}

int
main(int argc, char **argv)
{
	static struct one all[SESSIONS_MAX];
	int before, after, total = 0, children;
	time_t end = time(NULL) + PATIENCE_S;

	sbx_jail_main_if_asked(argc, argv);
	sessions = argc == 4 ? (int)strtol(argv[1], NULL, 10) : 0;
	jobs = argc == 4 ? (int)strtol(argv[2], NULL, 10) : 0;
	if (sessions < 1 || sessions > SESSIONS_MAX || jobs < 1)
		return 2;
	before = descriptors();
	for (int i = 0; i < sessions; i++)
		open_one(&all[i], argv[3]);
	while (total < sessions * jobs && time(NULL) < end)
		total = serve(all);
	for (int i = 0; i < sessions; i++)
		sbx_session_free(all[i].s);
	after = descriptors();
	children = waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
	printf("%d of %d jobs, descriptors %d then %d, children %s\n", total,
	       sessions * jobs, before, after, children ? "left" : "none");
	return total < sessions * jobs || after != before || children;
}
