/* The options as the sandbox's policy, and its errors as ours. See policy.h.
 *
 * Free of the rest of a run: both programs need it (front/main.c).
 * Pinned by tests/jail/test_sandbox.py and tests/e2e/test_options.py. */
#include <errno.h>
#include <string.h>

#include "agent/base/util.h"
#include "agent/policy.h"

enum err_kind
app_sandbox_failed(const struct sbx_fail *f, enum err_kind kind, struct err *e)
{
	char msg[768], hint[448];

	sbx_fail_text(f, msg, sizeof(msg), hint, sizeof(hint));
	err_set(e, kind, "%s", msg);
	err_hint(e, "%s", hint);
	return kind;
}

/* The option that holds the path, or -1. The sandbox's own copy may be cut. */
static int
app_option_of_path(const struct opts *o, const struct sbx_fail *f)
{
	static const int ids[] = {OPT_ALLOW_READ, OPT_ALLOW_WRITE};

	if (strcmp(f->step, "policy path") != 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		for (const char *const *p = opt_list(o, ids[i], NULL); *p; p++)
			if (strncmp(*p, f->path, sizeof(f->path) - 1) == 0)
				return ids[i];
	return -1;
}

enum err_kind
app_policy_failed(const struct opts *o, const struct sbx_fail *f, struct err *e)
{
	int id = app_option_of_path(o, f);
	char msg[64], hint[448];
	enum opt_rank rank;

	if (id < 0)
		return app_sandbox_failed(f, ERR_SANDBOX, e);
	sbx_fail_text(f, msg, sizeof(msg), hint, sizeof(hint));
	errno = f->sys;
	err_sys(e, ERR_CONFIG, "'%s'", f->path);
	err_hint(e, "%s", hint);
	rank = opt_rank(o, id);
	if (rank != OPT_FROM_ARGV && rank != OPT_FROM_ENV)
		err_context(e, "%s", option_table[id].key); /* the source is a line */
	return err_context(e, "%s", opt_source(o, id));
}

/* A limit's option; 0 is the sandbox's default, which a project's file may lower but not raise. */
static uint64_t
app_limit(const struct opts *o, int id, uint64_t def)
{
	uint64_t value = (uint64_t)opt_int(o, id);

	return !value || (opt_rank(o, id) == OPT_FROM_PROJECT && value > def) ? def : value;
}

struct sbx_policy
app_policy(const struct opts *o)
{
	struct sbx_policy p;

	sbx_policy_default(&p);
	if (opt_str(o, OPT_CD))
		p.workspace = opt_str(o, OPT_CD);
	p.workspace_readonly = opt_flag(o, OPT_READ_ONLY);
	p.read = opt_list(o, OPT_ALLOW_READ, NULL);
	p.write = opt_list(o, OPT_ALLOW_WRITE, NULL);
	p.env_pass = opt_list(o, OPT_ENV_PASS, NULL);
	p.debug = opt_flag(o, OPT_DEBUG_TOOLS);
	p.explain = opt_flag(o, OPT_EXPLAIN);
	p.limits.memory = app_limit(o, OPT_LIMIT_MEMORY, p.limits.memory);
	p.limits.processes =
	    (uint32_t)app_limit(o, OPT_LIMIT_PROCESSES, p.limits.processes);
	p.limits.files = (uint32_t)app_limit(o, OPT_LIMIT_FILES, p.limits.files);
	p.limits.file_size = app_limit(o, OPT_LIMIT_FILE_SIZE, p.limits.file_size);
	p.limits.tmp_size = app_limit(o, OPT_LIMIT_TMP_SIZE, p.limits.tmp_size);
	if (opt_str(o, OPT_RUNG))
		p.rung = sbx_rung_by_name(opt_str(o, OPT_RUNG));
	if (opt_flag(o, OPT_NO_SANDBOX))
		p.rung = SBX_RUNG_NONE;
	return p;
}
