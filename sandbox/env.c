/* Which variables code gets to see: an allow-list, collected on the agent's side, so that the
 * others never reach the jail's memory. Pinned by tests/jail/test_sandbox.py. */
#include "sandbox/setup.h"

#include <stdio.h>
#include <string.h>

#include "sandbox/policy.h"
#include "sandbox/toolchain.h"

extern char **environ;

#define PATH_VALUE_MAX 8192 /* bytes of PATH that are kept */

static const char *const kept[] = {"USER", "LOGNAME", "LANG", "TZ", "LANGUAGE", NULL};

static size_t
name_len(const char *pair)
{
	return strcspn(pair, "=");
}

void
env_set(const char **list, const char *pair)
{
	size_t n = name_len(pair);

	for (size_t i = 0; i < SETUP_ENV_MAX; i++) {
		bool same = list[i] && strncmp(list[i], pair, n) == 0 && list[i][n] == '=';

		if (same || !list[i]) {
			list[i] = pair;
			return;
		}
	}
}

static bool
named_in(const char *const *list, const char *pair, size_t n)
{
	for (; list && *list; list++)
		if (strlen(*list) == n && strncmp(*list, pair, n) == 0)
			return true;
	return false;
}

static bool
entry_shown(const struct sbx_policy *p, const struct tools *t, const char *workspace,
	    const char *entry)
{
	if (entry[0] != '/')
		return false;
	if (policy_is_system(entry) || policy_below(entry, workspace) ||
	    tools_show(t, entry))
		return true;
	for (const char *const *r = p->read; r && *r; r++)
		if (policy_below(entry, *r))
			return true;
	for (const char *const *w = p->write; w && *w; w++)
		if (policy_below(entry, *w))
			return true;
	return false;
}

static void
put_path(const struct sbx_policy *p, const struct tools *t, const char *workspace,
	 struct queue *q)
{
	char out[PATH_VALUE_MAX + 8] = "PATH=", entry[4096];
	const char *from = getenv("PATH");
	size_t n = 5;

	while (from && *from) {
		size_t len = strcspn(from, ":");

		if (len < sizeof(entry) && n + len + 1 < PATH_VALUE_MAX) {
			memcpy(entry, from, len);
			entry[len] = 0;
			if (entry_shown(p, t, workspace, entry))
				n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%s",
						      n > 5 ? ":" : "", entry);
		}
		from += len + (from[len] == ':');
	}
	wire_put_text(q, 'E', n > 5 ? out : "PATH=/usr/local/bin:/usr/bin:/bin");
}

static void
put_pair(struct queue *q, const char *name, const char *value)
{
	char pair[4200];

	snprintf(pair, sizeof(pair), "%s=%s", name, value);
	wire_put_text(q, 'E', pair);
}

void
env_encode(const struct sbx_policy *p, const struct tools *t, const char *workspace,
	   const char *home, struct queue *q)
{
	size_t room = SETUP_ENV_MAX / 2;

	put_path(p, t, workspace, q);
	put_pair(q, "HOME", home);
	put_pair(q, "TERM", "dumb");
	put_pair(q, "TMPDIR", "/tmp");
	put_pair(q, "SHELL", access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh");
	/* The leak checker attaches to its own threads, and fails a program when it may not. */
	put_pair(q, "LSAN_OPTIONS", "detect_leaks=0");
	for (char **e = environ; e && *e && room; e++) {
		size_t n = name_len(*e);

		if (!(*e)[n])
			continue;
		if (named_in(kept, *e, n) || strncmp(*e, "LC_", 3) == 0 ||
		    named_in(p->env_pass, *e, n)) {
			wire_put_text(q, 'E', *e);
			room--;
		}
	}
}
