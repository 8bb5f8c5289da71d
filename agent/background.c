/* Interpreters and what runs behind them. See background.h.
 *
 * A number of `/kill` means a row of the list that was shown last: it stands for one process by
 * pid and start time, so that a late `/kill` hits nothing else. Pinned by
 * tests/e2e/test_background.py. */
#include <string.h>

#include "agent/background.h"
#include "agent/base/mem.h"
#include "tools/joblist.h"
#include "tools/magic.h"
#include "tools/shown.h"

#define COMMAND_SHOWN 60   /* bytes of a command line */
#define LINE_SHOWN    1024 /* bytes of a variable */

static void
say(struct app *a, const char *text)
{
	term_line(a->term, TERM_SIDE, STYLE_NOTICE, text);
}

/* "35 s", "12 min", "3.5 h" */
static char *
age_text(int64_t ms)
{
	int64_t s = ms / 1000;

	if (s < 120)
		return mem_printf("%lld s", (long long)s);
	if (s < 7200)
		return mem_printf("%lld min", (long long)(s / 60));
	return mem_printf("%.1f h", (double)s / 3600);
}

static void
show_stray(struct app *a, const struct job_row *r)
{
	if (r->stray == 0)
		return;
	term_linef(a->term, TERM_SIDE, STYLE_DIM,
		   "      output since its last step: %zu bytes%s, for the next one; the "
		   "last line: %s",
		   r->stray, r->stray_lost ? " (more was not kept)" : "", r->last);
}

static void
show_row(struct app *a, const struct job_list *l, size_t i)
{
	const struct job_row *r = &l->row[i];
	const struct process *p = r->at == SIZE_MAX ? NULL : &l->all.at[r->at];
	AUTO_BUF struct buf what = BUF_INIT(4 * KIB);
	AUTO_FREE char *memory = magic_size(r->memory);
	AUTO_FREE char *age = age_text(p ? p->age_ms : 0);

	if (r->interpreter)
		buf_adds(&what, r->kernel->name);
	else
		shown_add(&what, p->command, strlen(p->command), COMMAND_SHOWN);
	if (p)
		term_linef(a->term, TERM_SIDE, STYLE_NOTICE,
			   "%3zu %s%s · %zu process%s · cpu %.1f s · %s · for %s", i + 1,
			   r->interpreter ? "" : "  ", buf_str(&what), r->count,
			   r->count == 1 ? "" : "es", (double)r->cpu_ms / 1000, memory,
			   age);
	else
		term_linef(a->term, TERM_SIDE, STYLE_NOTICE, "%3zu %s · ended", i + 1,
			   buf_str(&what));
	show_stray(a, r);
}

static void
list_again(struct app *a)
{
	if (!a->jobs)
		a->jobs = mem_alloc(sizeof(*a->jobs));
	job_list_release(a->jobs);
	executor_list(a->session->executor, a->jobs);
}

enum slash_end
background_slash_jobs(struct app *a, const char *arg)
{
	(void)arg;
	list_again(a);
	for (size_t i = 0; i < a->jobs->n; i++)
		show_row(a, a->jobs, i);
	if (a->jobs->n == 0)
		say(a, "no interpreter is running");
	else
		say(a, "/kill N ends one");
	return SLASH_DONE;
}

/* What goes with the interpreters of this language, or all (NULL); nothing when none runs. *held:
 * what they hold. */
static void
lost_text(const struct job_list *l, const struct kernel *k, struct buf *out,
	  const char **held)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct job_row *r = &l->row[i];

		if (!r->interpreter || r->at == SIZE_MAX || (k && r->kernel != k))
			continue;
		if (r->kernel->holds)
			*held = *held ? "variables, imports and working folder"
				      : r->kernel->holds;
		buf_addf(out, "%s%s", out->len ? ", " : "", r->kernel->name);
		if (r->count > 1)
			buf_addf(out, " (with %zu background process%s)", r->count - 1,
				 r->count == 2 ? "" : "es");
	}
}

static void
restart(struct app *a, const struct kernel *k)
{
	AUTO_BUF struct buf lost = BUF_INIT(4 * KIB);
	const char *held = NULL;

	list_again(a);
	lost_text(a->jobs, k, &lost, &held);
	executor_restart(a->session->executor, k ? k->name : NULL);
	if (a->session->begun)
		transcript_note(a->session->transcript, "restart", k ? k->name : "", NULL);
	job_list_release(a->jobs);
	if (lost.len && held)
		term_linef(a->term, TERM_SIDE, STYLE_NOTICE,
			   "ended: %s; %s are gone, the next step starts afresh",
			   buf_str(&lost), held);
	else if (lost.len)
		term_linef(a->term, TERM_SIDE, STYLE_NOTICE,
			   "ended: %s; the next step starts afresh", buf_str(&lost));
	else
		term_linef(a->term, TERM_SIDE, STYLE_NOTICE,
			   "%s: nothing was running, nothing is lost",
			   k ? k->name : "all interpreters");
}

enum slash_end
background_slash_restart(struct app *a, const char *arg)
{
	const struct kernel *k = *arg ? kernel_find(arg) : NULL;

	if (*arg && !k)
		term_linef(a->term, TERM_SIDE, STYLE_NOTICE, "there is no language '%s'",
			   arg);
	else
		restart(a, k);
	return SLASH_DONE;
}

enum slash_end
background_slash_reset(struct app *a, const char *arg)
{
	size_t n = a->session->msgs.n;

	(void)arg;
	restart(a, NULL);
	session_reset(a->session);
	term_linef(a->term, TERM_SIDE, STYLE_NOTICE,
		   "the conversation is forgotten: %zu messages", n > 0 ? n - 1 : 0);
	return SLASH_DONE;
}

static void
kill_row(struct app *a, const struct job_row *r)
{
	const struct process *p = &a->jobs->all.at[r->at];
	AUTO_BUF struct buf what = BUF_INIT(4 * KIB);

	shown_add(&what, p->command, strlen(p->command), COMMAND_SHOWN);
	if (process_end(&a->jobs->all, r->at))
		term_linef(a->term, TERM_SIDE, STYLE_NOTICE, "ended: %s", buf_str(&what));
	else
		term_linef(a->term, TERM_SIDE, STYLE_NOTICE, "it had ended already: %s",
			   buf_str(&what));
}

enum slash_end
background_slash_kill(struct app *a, const char *arg)
{
	char *end;
	long n = strtol(arg, &end, 10);

	if (!*arg || *end || !a->jobs || n < 1 || (size_t)n > a->jobs->n) {
		say(a, "/kill takes a number of the list that /jobs shows");
		return SLASH_DONE;
	}
	if (a->jobs->row[n - 1].interpreter)
		restart(a, a->jobs->row[n - 1].kernel);
	else
		kill_row(a, &a->jobs->row[n - 1]);
	return SLASH_DONE;
}

static void
show_lines(struct app *a, const char *text)
{
	while (*text) {
		AUTO_BUF struct buf line = BUF_INIT(64 * KIB);
		size_t n = strcspn(text, "\n");

		shown_add(&line, text, n, LINE_SHOWN);
		term_linef(a->term, TERM_SIDE, STYLE_NOTICE, "  %s", buf_str(&line));
		text += n + (text[n] == '\n');
	}
}

/* Asked of the shell itself, so that it is what code gets and not what we believe. */
enum slash_end
background_slash_env(struct app *a, const char *arg)
{
	static const char code[] = "command env | LC_ALL=C command sort";
	struct step_result r = {0};
	struct err e = {0};

	(void)arg;
	if (executor_ask(a->session->executor, "shell", code, &r, &e)) {
		term_error(a->term, &e);
		return SLASH_DONE;
	}
	show_lines(a, r.output ? r.output : "");
	if (r.note)
		show_lines(a, r.note);
	step_result_release(&r);
	return SLASH_DONE;
}

void
background_close(struct app *a)
{
	if (a->jobs)
		job_list_release(a->jobs);
	free(TAKE(a->jobs));
}
