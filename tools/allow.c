/* Allowing a path: see allow.h. Pinned by tests/e2e/test_allow.py. */
#include <stdio.h>
#include <string.h>

#include "agent/base/clock.h"
#include "agent/base/mem.h"
#include "tools/allow.h"
#include "tools/step.h"

#define ANSWER_MS 20000 /* the jail may be looking through a large tree */

static enum err_kind
allow_failed(const struct sbx_fail *f, enum err_kind kind, struct err *e)
{
	char msg[1280], hint[512];

	sbx_fail_text(f, msg, sizeof(msg), hint, sizeof(hint));
	err_set(e, kind, "%s", msg);
	err_hint(e, "%s", hint);
	return kind;
}

enum err_kind
executor_allow(struct executor *x, const char *path, bool write, char **said, struct err *e)
{
	int64_t end = clock_ms() + ANSWER_MS, left;
	struct sbx_notice *answer = &x->jobs.shown;
	char real[4096], msg[2048], hint[256];
	enum err_kind kind = executor_ready(x, e);
	struct sbx_fail f;

	if (kind)
		return kind;
	answer->kind = 0;
	if (!sbx_session_show(x->o.sandbox, path, write ? SBX_SHOW_WRITE : SBX_SHOW_READ,
			      real, &f))
		return allow_failed(&f, ERR_USAGE, e);
	while (!answer->kind && !x->jobs.dead) {
		left = end - clock_ms();
		if (left <= 0)
			return err_set(e, ERR_SANDBOX, "the sandbox does not answer");
		executor_watch(x);
		loop_wait(x->o.loop, (int)left);
	}
	if (x->jobs.dead)
		return err_set(e, ERR_SANDBOX, "the sandbox is gone");
	if (answer->sys) {
		f = (struct sbx_fail){.step = "show", .sys = answer->sys};
		snprintf(f.path, sizeof(f.path), "%s", answer->what);
		return allow_failed(&f, ERR_SANDBOX, e);
	}
	sbx_notice_text(answer, msg, sizeof(msg), hint, sizeof(hint));
	*said = mem_strdup(msg);
	return ERR_NONE;
}
