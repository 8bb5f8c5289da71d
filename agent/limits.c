/* `/limits`: see limits.h. One row each; the value is read and bounded by the option's own row,
 * so that what the command line takes is taken here. Pinned by tests/e2e/test_rungs.py. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/limits.h"

#define LIMITS_GIB (1024.0 * 1024 * 1024) /* bytes */

enum limits_when { WHEN_NOW, WHEN_LATER, WHEN_AGENT };

static const struct limits_row {
	const char *name;
	enum opt_id id;
	enum limits_when when; /* LATER: interpreters that run keep theirs */
	const char *what;
} limits_rows[] = {
    {"memory", OPT_LIMIT_MEMORY, WHEN_NOW, "memory of the whole sandbox"},
    {"processes", OPT_LIMIT_PROCESSES, WHEN_LATER, "processes in the sandbox"},
    {"files", OPT_LIMIT_FILES, WHEN_LATER, "open files of one process"},
    {"file-size", OPT_LIMIT_FILE_SIZE, WHEN_LATER, "size of one file"},
    {"tmp", OPT_LIMIT_TMP_SIZE, WHEN_NOW, "private temporary files together"},
    {"time", OPT_STEP_TIMEOUT, WHEN_AGENT, "time of one step"},
    {"steps", OPT_MAX_STEPS, WHEN_AGENT, "steps of one task"},
    {"task-time", OPT_MAX_TIME, WHEN_AGENT, "time of one task"}};

static char *
limits_size(uint64_t bytes)
{
	if ((double)bytes >= LIMITS_GIB)
		return mem_printf("%.1f GiB", (double)bytes / LIMITS_GIB);
	return mem_printf("%llu MiB", (unsigned long long)(bytes / MIB));
}

/* What holds now, in words. */
static char *
limits_value(const struct app *a, enum opt_id id)
{
	const struct session_conf *c = &a->session->conf;

	switch ((int)id) {
	case OPT_LIMIT_MEMORY:
		return limits_size(c->limits.memory);
	case OPT_LIMIT_PROCESSES:
		return mem_printf("%u", c->limits.processes);
	case OPT_LIMIT_FILES:
		return mem_printf("%u", c->limits.files);
	case OPT_LIMIT_FILE_SIZE:
		return limits_size(c->limits.file_size);
	case OPT_LIMIT_TMP_SIZE:
		return limits_size(c->limits.tmp_size);
	case OPT_STEP_TIMEOUT:
		return c->execute.wall_ms
			   ? mem_printf("%lld s", (long long)(c->execute.wall_ms / 1000))
			   : mem_strdup("none");
	case OPT_MAX_STEPS:
		return c->max_steps ? mem_printf("%lld", (long long)c->max_steps)
				    : mem_strdup("none");
	default:
		return c->max_time_ms
			   ? mem_printf("%lld s", (long long)(c->max_time_ms / 1000))
			   : mem_strdup("none");
	}
}

static void
limits_show(struct app *a)
{
	for (size_t i = 0; i < ARRAY_LEN(limits_rows); i++) {
		AUTO_FREE char *value = limits_value(a, limits_rows[i].id);

		term_linef(a->term, TERM_SIDE, STYLE_NOTICE, "  %-10s %-10s %s",
			   limits_rows[i].name, value, limits_rows[i].what);
	}
	term_linef(a->term, TERM_SIDE, STYLE_NOTICE, "  %-10s %-10zu %s", "output",
		   a->session->conf.execute.show_bytes / KIB,
		   "KiB of a step's output to the model");
	term_linef(
	    a->term, TERM_SIDE, STYLE_NOTICE,
	    "  %-10s %-10zu MiB of a step's output kept in a file, %zu MiB a session", "",
	    a->session->conf.execute.spill_bytes / MIB,
	    a->session->conf.execute.spills_bytes / MIB);
	term_line(
	    a->term, TERM_SIDE, STYLE_NOTICE,
	    "/limits NAME VALUE changes one until the session ends: /limits memory 8G");
}

/* By its name or the beginning of one name alone. */
static const struct limits_row *
limits_find(const char *name, size_t n)
{
	const struct limits_row *found = NULL;

	for (size_t i = 0; i < ARRAY_LEN(limits_rows); i++) {
		if (n == 0 || strncmp(limits_rows[i].name, name, n) != 0)
			continue;
		if (!limits_rows[i].name[n])
			return &limits_rows[i];
		if (found)
			return NULL;
		found = &limits_rows[i];
	}
	return found;
}

static void
limits_apply(struct app *a)
{
	struct session_conf *c = &a->session->conf;

	c->limits = app_policy(a->opts).limits;
	c->max_steps = opt_int(a->opts, OPT_MAX_STEPS);
	c->max_time_ms = opt_int(a->opts, OPT_MAX_TIME);
	c->execute.wall_ms = opt_int(a->opts, OPT_STEP_TIMEOUT);
	executor_set_wall(a->session->executor, c->execute.wall_ms);
	sbx_session_limits(a->sandbox, &c->limits);
}

enum slash_end
slash_limits(struct app *a, const char *arg)
{
	size_t n = strcspn(arg, " \t=");
	const struct limits_row *row = limits_find(arg, n);
	const char *text = arg + n + strspn(arg + n, " \t=");
	AUTO_FREE char *value = NULL;
	struct err e = {0};

	if (!*arg) {
		limits_show(a);
		return SLASH_DONE;
	}
	if (!row || !*text) {
		term_linef(a->term, TERM_SIDE, STYLE_NOTICE,
			   row ? "/limits %.*s VALUE"
			       : "there is no limit '%.*s'; /limits lists them",
			   (int)n, arg);
		return SLASH_DONE;
	}
	if (opt_set(a->opts, (int)row->id, text, "/limits", &e)) {
		term_error(a->term, &e);
		return SLASH_DONE;
	}
	limits_apply(a);
	value = limits_value(a, row->id);
	term_linef(
	    a->term, TERM_SIDE, STYLE_NOTICE, "%s: %s from now on%s", row->what, value,
	    row->when == WHEN_LATER ? ", for interpreters that are started (/restart)"
				    : "");
	if (row->when != WHEN_AGENT)
		buf_addf(&a->session->aside,
			 "The sandbox's limits were changed by me: %s: %s.\n", row->what,
			 value);
	return SLASH_DONE;
}
