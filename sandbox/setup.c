/* Encoding and decoding of the policy and of jobs: see setup.h.
 * Pinned by tests/unit/test_session.c and tests/jail/test_sandbox.py. */
#include "sandbox/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "sandbox/net/proxy.h"
#include "sandbox/policy.h"
#include "sandbox/toolchain.h"

int
setup_open(const char *path)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};

	return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

/* A link that code planted in the workspace may stand anywhere in a path that the user names,
 * also when the path comes to the workspace by another name. */
static bool
leads_out(const char *path, const char *real, const char *workspace)
{
	char part[PATH_MAX], parent[PATH_MAX];
	size_t from, end = 0;
	struct stat st;

	if (policy_below(real, workspace))
		return false;
	for (;;) {
		from = end + strspn(path + end, "/");
		end = from + strcspn(path + from, "/");
		if (end == from)
			return false;
		if (end >= sizeof(part))
			return true;
		memcpy(part, path, end);
		part[end] = 0;
		if (lstat(part, &st))
			return true;
		if (!S_ISLNK(st.st_mode))
			continue;
		part[from] = 0;
		if (!realpath(from ? part : ".", parent) || policy_below(parent, workspace))
			return true;
	}
}

/* What is absent in the workspace may be named there, so that a sweep leaves it when it comes:
 * its folder must be there. */
static bool
absent_inside(const char *path, const char *workspace, char real[PATH_MAX])
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t n;

	if (strlen(path) >= sizeof(dir) || !*name || strcmp(name, "..") == 0)
		return false;
	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) : 1,
		 slash ? path : ".");
	if (!realpath(*dir ? dir : "/", real) || !policy_below(real, workspace))
		return false;
	n = strlen(real);
	return snprintf(real + n, PATH_MAX - n, "/%s", name) < (int)(PATH_MAX - n);
}

bool
setup_path(const char *path, const char *workspace, bool *fresh, char real[4096],
	   struct sbx_fail *f)
{
	int sys = 0;

	if (fresh)
		*fresh = false;
	if (!realpath(path, real)) {
		sys = errno;
		if (!fresh || sys != ENOENT || !absent_inside(path, workspace, real))
			return sbx_fail_set(f, "policy path", sys, path);
		*fresh = true;
	}
	if (strcmp(real, "/") == 0)
		return sbx_fail_set(f, "policy path", EINVAL, path);
	if (!sys && leads_out(path, real, workspace))
		return sbx_fail_set(f, "policy path", ELOOP, path);
	return true;
}

/* `absent` is the tag of what is not there yet; 0: it must be there. */
static bool
put_paths(const char *const *list, char tag, char absent, const char *workspace,
	  struct queue *q, struct sbx_fail *f)
{
	char real[PATH_MAX];
	size_t count = 0;
	bool fresh;

	for (; list && *list; list++) {
		if (!setup_path(*list, workspace, absent ? &fresh : NULL, real, f))
			return false;
		if (absent && policy_is_own(real))
			return sbx_fail_set(f, "policy path", EPERM, *list);
		if (++count > SETUP_PATHS_MAX / 2)
			return sbx_fail_set(f, "policy path", E2BIG, *list);
		wire_put_text(q, absent && fresh ? absent : tag, real);
	}
	return true;
}

static void
put_tools(const struct tools *t, struct queue *q)
{
	for (size_t i = 0; i < t->n; i++) {
		wire_put_text(q, 'T', t->at[i]);
		wire_put_text(q, 'U', t->real[i]);
	}
	for (size_t i = 0; i < t->nhide; i++)
		wire_put_text(q, 'K', t->hide[i]);
}

_Static_assert(SETUP_LOCAL_MAX == NET_LOCAL_MAX, "one limit");

/* Ports of the host's own address are what the jail has to know of the list. */
static bool
put_entries(const char *const *list, struct queue *q, struct sbx_fail *f)
{
	struct net_rule r;
	size_t locals = 0;
	uint16_t port;

	for (size_t n = 0; list && list[n]; n++) {
		if (!net_rule_parse(list[n], &r))
			return sbx_fail_set(f, "network entry", EINVAL, list[n]);
		if (n == NET_RULES_MAX)
			return sbx_fail_set(f, "network entry", E2BIG, list[n]);
		if (!net_rule_local(&r, &port) || !port)
			continue;
		if (port == NET_PROXY_PORT || port == NET_NAMES_PORT)
			return sbx_fail_set(f, "network entry", EADDRINUSE, list[n]);
		if (locals++ == SETUP_LOCAL_MAX)
			return sbx_fail_set(f, "network entry", E2BIG, list[n]);
		wire_put_number(q, 'l', port);
	}
	return true;
}

static bool
put_policy(const struct sbx_policy *p, const char *workspace, struct queue *q,
	   struct sbx_fail *f)
{
	const char *home = policy_home();
	char state[PATH_MAX];
	size_t before = queue_len(q);
	struct tools tools;

	wire_put_text(q, 'W', workspace);
	if (p->workspace_readonly)
		wire_put(q, 'w', NULL, 0);
	wire_put_text(q, 'H', home);
	if (!put_paths(p->read, 'R', 0, workspace, q, f) ||
	    !put_paths(p->write, 'X', 'N', workspace, q, f))
		return false;
	limits_encode(&p->limits, q);
	wire_put_number(q, 'n', p->net);
	if (!put_entries(p->net_allow, q, f))
		return false;
	if (p->stage)
		wire_put_text(q, 'O', p->stage);
	if (p->explain)
		wire_put(q, 'x', NULL, 0);
	if (p->debug)
		wire_put(q, 'd', NULL, 0);
	/* Without mounts there is no layer: rather no run than one that writes directly. */
	if (p->stage && p->rung != SBX_RUNG_BEST && p->rung != SBX_RUNG_FULL)
		return sbx_fail_set(f, "staged folder", ENOTSUP, p->stage);
	wire_put_number(q, 'g', p->stage ? SBX_RUNG_FULL : p->rung);
	if (policy_state(state))
		wire_put_text(q, 'B', state);
	tools_find(&tools, getenv("PATH"), home, workspace);
	put_tools(&tools, q);
	env_encode(p, &tools, workspace, home, q);
	tools_release(&tools);
	if (queue_len(q) - before > SETUP_MAX)
		return sbx_fail_set(f, "environment", E2BIG, NULL);
	return true;
}

int
setup_encode(const struct sbx_policy *p, struct queue *q, struct sbx_fail *f)
{
	char found[4096];
	const char *canonical = p->checked ? p->workspace : found;
	int fd;

	if (!p->checked && !sbx_policy_check(p, found, f))
		return -1;
	/* What was checked is what is opened: no part of it became a link meanwhile. */
	fd = setup_open(canonical);
	if (fd < 0)
		return sbx_fail_set(f, "workspace", errno, canonical), -1;
	if (!put_policy(p, canonical, q, f)) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool
list_add(const char **list, size_t max, const char *text)
{
	size_t i = 0;

	while (i < max && list[i])
		i++;
	if (i == max || !text)
		return false;
	list[i] = text;
	return true;
}

static bool
take_limit(struct sbx_limits *l, const struct wire_item *it)
{
	uint64_t v = wire_number(it);

	switch (it->tag) {
	case 'm':
		l->memory = v;
		return v > 0;
	case 'p':
		l->processes = v > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)v;
		return v > 0;
	case 'f':
		l->files = v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
		return v > 0;
	case 's':
		l->file_size = v;
		return v > 0;
	case 't':
		l->tmp_size = v;
		return v > 0;
	default:
		return false;
	}
}

void
limits_encode(const struct sbx_limits *l, struct queue *q)
{
	const struct {
		char tag;
		uint64_t value;
	} items[] = {{'m', l->memory},
		     {'p', l->processes},
		     {'f', l->files},
		     {'s', l->file_size},
		     {'t', l->tmp_size}};

	for (size_t i = 0; i < SBX_LEN(items); i++)
		if (items[i].value)
			wire_put_number(q, items[i].tag, items[i].value);
}

bool
limits_decode(const unsigned char *p, size_t n, struct sbx_limits *l)
{
	struct wire_item it;
	int got;

	while ((got = wire_next(&p, &n, &it)) == 1)
		if (!take_limit(l, &it))
			return false;
	return got == 0;
}

static bool
take_item(struct setup *s, const struct wire_item *it)
{
	switch (it->tag) {
	case 'W':
		return (s->workspace = wire_text(it)) && s->workspace[0] == '/';
	case 'w':
		s->workspace_readonly = true;
		return true;
	case 'H':
		return (s->home = wire_text(it)) && s->home[0] == '/';
	case 'R':
		return list_add(s->read, SETUP_PATHS_MAX, wire_text(it));
	case 'X':
		return list_add(s->write, SETUP_PATHS_MAX, wire_text(it));
	case 'N':
		return list_add(s->fresh, SETUP_PATHS_MAX, wire_text(it));
	case 'T':
		return list_add(s->tool_at, SETUP_TOOLS_MAX, wire_text(it));
	case 'U':
		return list_add(s->tool_real, SETUP_TOOLS_MAX, wire_text(it));
	case 'K':
		return list_add(s->tool_hide, SETUP_TOOLS_MAX, wire_text(it));
	case 'E':
		return list_add(s->env, SETUP_ENV_MAX, wire_text(it));
	case 'm':
	case 'p':
	case 'f':
	case 's':
	case 't':
		return take_limit(&s->limits, it);
	case 'n':
		s->net = (enum sbx_net)wire_number(it);
		return s->net <= SBX_NET_HOST;
	case 'l':
		if (s->nlocal == SETUP_LOCAL_MAX)
			return false;
		s->local[s->nlocal++] = (uint16_t)wire_number(it);
		return true;
	case 'O':
		return (s->stage = wire_text(it)) && s->stage[0] == '/';
	case 'x':
		return s->explain = true;
	case 'd':
		return s->debug = true;
	case 'g':
		s->rung = (enum sbx_rung)wire_number(it);
		return s->rung <= SBX_RUNG_NONE;
	case 'B':
		return (s->state = wire_text(it)) && s->state[0] == '/';
	default:
		return false;
	}
}

bool
setup_decode(const unsigned char *p, size_t n, struct setup *s)
{
	struct wire_item it;
	int got;

	memset(s, 0, sizeof(*s));
	while ((got = wire_next(&p, &n, &it)) == 1)
		if (!take_item(s, &it))
			return false;
	return got == 0 && s->workspace && s->home;
}

void
start_encode(const struct sbx_job_spec *spec, struct queue *q)
{
	for (const char *const *a = spec->argv; *a; a++)
		wire_put_text(q, 'A', *a);
	for (const char *const *e = spec->env; e && *e; e++)
		wire_put_text(q, 'E', *e);
	if (spec->cwd)
		wire_put_text(q, 'C', spec->cwd);
	if (spec->script_name) {
		wire_put_text(q, 'N', spec->script_name);
		wire_put(q, 'S', spec->script, spec->script_len);
	}
	if (spec->driver)
		wire_put(q, 'D', NULL, 0);
	if (spec->terminal == SBX_TERMINAL_INPUT)
		wire_put(q, 'I', NULL, 0);
	else if (spec->terminal == SBX_TERMINAL_ALL)
		wire_put(q, 'T', NULL, 0);
}

static bool
take_start(struct start *s, size_t *argc, const struct wire_item *it)
{
	const char *text = wire_text(it);

	switch (it->tag) {
	case 'A':
		if (!text || *argc >= SETUP_ARGS_MAX)
			return false;
		s->argv = sbx_grow(s->argv, (*argc + 2) * sizeof(*s->argv));
		s->argv[(*argc)++] = text;
		s->argv[*argc] = NULL;
		return true;
	case 'E':
		if (text)
			env_set(s->env, text);
		return text;
	case 'C':
		s->cwd = text;
		return text;
	case 'N':
		return (s->script_name = text) && text[0] && !strchr(text, '/') &&
		       text[0] != '.';
	case 'S':
		s->script = it->data;
		s->script_len = it->len;
		return true;
	case 'D':
		s->driver = true;
		return true;
	case 'I':
		s->terminal = SBX_TERMINAL_INPUT;
		return true;
	case 'T':
		s->terminal = SBX_TERMINAL_ALL;
		return true;
	default:
		return false;
	}
}

bool
start_decode(const unsigned char *p, size_t n, const struct setup *base, struct start *s)
{
	struct wire_item it;
	size_t argc = 0;
	int got;

	memset(s, 0, sizeof(*s));
	memcpy(s->env, base->env, sizeof(s->env));
	while ((got = wire_next(&p, &n, &it)) == 1)
		if (!take_start(s, &argc, &it))
			return false;
	return got == 0 && argc > 0;
}

void
start_release(struct start *s)
{
	free(s->argv);
	s->argv = NULL;
}
