/* The ladder's rules: see rung.h.
 *
 * Only what the machine refuses leads a rung down. A folder that is gone, a link put in its place
 * or a full disk must not: code could make those, and the next session would be a weaker one.
 *
 * Pinned by tests/unit/test_rung.c and tests/jail/test_rungs.py. */
#include "sandbox/rung.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sandbox/confine.h"

static const char *const names[] = {[SBX_RUNG_BEST] = "best",
				    [SBX_RUNG_FULL] = "full",
				    [SBX_RUNG_DONOR] = "donor",
				    [SBX_RUNG_LANDLOCK] = "landlock",
				    [SBX_RUNG_NONE] = "none"};

/* Steps that need a right, and whether any refusal counts: a place that cannot be shown
 * (EACCES, EINVAL) may be the fault of what is there. */
static const struct {
	const char *step;
	bool any;
} refused[] = {{"user namespace", true},
	       {"id map", true},
	       {"groups", true},
	       {"host name", true},
	       {"loopback", true},
	       {"private mounts", true},
	       {"leave chroot", true},
	       {"mount tmpfs", true},
	       {"attach tmpfs", true},
	       {"mount devpts", true},
	       {"pivot root", true},
	       {"read-only root", true},
	       {"chroot as mount point", true},
	       {"mount", false},
	       {"device", false}};

const char *
sbx_rung_text(enum sbx_rung rung)
{
	static const char *const texts[] = {[SBX_RUNG_BEST] = "none stands",
					    [SBX_RUNG_FULL] = "full",
					    [SBX_RUNG_DONOR] = "full (via bwrap)",
					    [SBX_RUNG_LANDLOCK] = "reduced (no namespaces)",
					    [SBX_RUNG_NONE] = "OFF"};

	return texts[rung];
}

const char *
rung_name(enum sbx_rung rung)
{
	return names[rung];
}

enum sbx_rung
sbx_rung_by_name(const char *name)
{
	for (size_t i = 0; i < SBX_LEN(names); i++)
		if (strcmp(names[i], name) == 0)
			return (enum sbx_rung)i;
	return SBX_RUNG_BEST;
}

enum sbx_rung
rung_first(enum sbx_rung wanted)
{
	return wanted == SBX_RUNG_BEST ? SBX_RUNG_FULL : wanted;
}

bool
rung_refused(const struct sbx_fail *f)
{
	for (size_t i = 0; i < SBX_LEN(refused); i++) {
		if (strcmp(refused[i].step, f->step) != 0)
			continue;
		if (f->sys == EPERM || f->sys == ENOSYS)
			return true;
		/* Too many of them; elsewhere it is a full disk. */
		if (f->sys == ENOSPC || f->sys == EUSERS)
			return i == 0;
		return refused[i].any && (f->sys == EACCES || f->sys == EINVAL);
	}
	return false;
}

enum sbx_rung
rung_below(enum sbx_rung rung, enum sbx_rung wanted, const struct sbx_fail *f)
{
	if (wanted != SBX_RUNG_BEST)
		return SBX_RUNG_BEST;
	if (rung == SBX_RUNG_FULL && rung_refused(f))
		return SBX_RUNG_DONOR;
	/* Not what went wrong once pid 1 stood: the command may have begun. */
	if (rung == SBX_RUNG_DONOR && strcmp(f->step, "bubblewrap") == 0)
		return SBX_RUNG_LANDLOCK;
	return SBX_RUNG_BEST;
}

void
rung_remember(struct sbx_fail *why, const struct sbx_fail *f)
{
	if (!why->step[0])
		*why = *f;
}

const char *
rung_plain(const char *msg)
{
	return strncmp(msg, "sandbox: ", 9) == 0 ? msg + 9 : msg;
}

size_t
rung_facts(char *out, size_t n, enum sbx_rung rung, bool userns, const struct sbx_fail *why)
{
	char msg[1200] = "", hint[600] = "";
	int len;

	if (why && why->step[0])
		sbx_fail_text(why, msg, sizeof(msg), hint, sizeof(hint));
	len = snprintf(out, n, "rung=%s\nuserns=%s\nlandlock=%d\nwhy=%s\nremedy=%s\n",
		       rung_name(rung), userns ? "yes" : "no", landlock_abi(),
		       rung_plain(msg), hint);
	return len < 0 || (size_t)len >= n ? 0 : (size_t)len;
}

/* The value of `key`, which starts a line, copied; "" when there is none. */
static void
fact(const char *facts, size_t n, const char *key, char *out, size_t nout)
{
	size_t nkey = strlen(key);

	out[0] = 0;
	for (const char *p = facts, *end = facts + n; p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((nl ? nl : end) - p);

		if (len > nkey && memcmp(p, key, nkey) == 0 && p[nkey] == '=') {
			snprintf(out, nout, "%.*s", (int)(len - nkey - 1), p + nkey + 1);
			return;
		}
		p += len + 1;
	}
}

bool
rung_read(const char *facts, size_t n, struct sbx_stand *out)
{
	char word[16];

	memset(out, 0, sizeof(*out));
	fact(facts, n, "rung", word, sizeof(word));
	out->rung = sbx_rung_by_name(word);
	fact(facts, n, "userns", word, sizeof(word));
	out->userns = strcmp(word, "yes") == 0;
	fact(facts, n, "landlock", word, sizeof(word));
	out->landlock_abi = (int)strtol(word, NULL, 10);
	fact(facts, n, "why", out->why, sizeof(out->why));
	fact(facts, n, "remedy", out->remedy, sizeof(out->remedy));
	return out->rung != SBX_RUNG_BEST;
}
