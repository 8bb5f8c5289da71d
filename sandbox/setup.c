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

#include "sandbox/policy.h"

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

static bool
put_paths(const char *const *list, char tag, const char *workspace, struct queue *q,
	  struct sbx_fail *f)
{
	char real[PATH_MAX];
	size_t count = 0;

	for (; list && *list; list++) {
		if (!realpath(*list, real))
			return sbx_fail_set(f, "policy path", errno, *list);
		if (strcmp(real, "/") == 0)
			return sbx_fail_set(f, "policy path", EINVAL, *list);
		if (leads_out(*list, real, workspace))
			return sbx_fail_set(f, "policy path", ELOOP, *list);
		if (++count > SETUP_PATHS_MAX / 2)
			return sbx_fail_set(f, "policy path", E2BIG, *list);
		wire_put_text(q, tag, real);
	}
	return true;
}

static bool
put_policy(const struct sbx_policy *p, const char *workspace, struct queue *q,
	   struct sbx_fail *f)
{
	const char *home = policy_home();
	size_t before = queue_len(q);

	wire_put_text(q, 'W', workspace);
	if (p->workspace_readonly)
		wire_put(q, 'w', NULL, 0);
	wire_put_text(q, 'H', home);
	if (!put_paths(p->read, 'R', workspace, q, f) ||
	    !put_paths(p->write, 'X', workspace, q, f))
		return false;
	wire_put_number(q, 'm', p->limits.memory);
	wire_put_number(q, 'p', p->limits.processes);
	wire_put_number(q, 'f', p->limits.files);
	wire_put_number(q, 's', p->limits.file_size);
	wire_put_number(q, 't', p->limits.tmp_size);
	env_encode(p, workspace, home, q);
	if (queue_len(q) - before > SETUP_MAX)
		return sbx_fail_set(f, "environment", E2BIG, NULL);
	return true;
}

int
setup_encode(const struct sbx_policy *p, struct queue *q, struct sbx_fail *f)
{
	char canonical[4096];
	int fd;

	if (!sbx_policy_check(p, canonical, f))
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
	case 'E':
		return list_add(s->env, SETUP_ENV_MAX, wire_text(it));
	case 'm':
		return s->limits.memory = wire_number(it), true;
	case 'p':
		return s->limits.processes = (uint32_t)wire_number(it), true;
	case 'f':
		return s->limits.files = (uint32_t)wire_number(it), true;
	case 's':
		return s->limits.file_size = wire_number(it), true;
	case 't':
		return s->limits.tmp_size = wire_number(it), true;
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
