/* What this machine offers, found out by doing it: see sandbox.h. Each rung is really started,
 * alone, so that doctor can say what each lacks. Pinned by tests/jail/test_rungs.py. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/confine.h"
#include "sandbox/rung.h"
#include "sandbox/session.h"

#define PROBE_MS 25000 /* a jail stands within a few ms, bubblewrap's within some 10 */

static bool
wait_ready(struct sbx_session *s, struct sbx_event *ev)
{
	for (;;) {
		struct pollfd p = {.fd = sbx_session_fd(s), .events = POLLIN};

		if (sbx_session_read(s, ev) != SBX_NOTHING)
			return ev->type == SBX_READY;
		if (poll(&p, 1, PROBE_MS) <= 0)
			return false;
	}
}

static bool
try_rung(const struct sbx_policy *p, struct sbx_stand *stand, struct sbx_fail *f)
{
	struct sbx_session *s = NULL;
	struct sbx_event ev = {.type = SBX_NOTHING};
	bool ok = sbx_session_start(&s, f) && sbx_session_setup(s, p, f);

	if (ok) {
		ok = wait_ready(s, &ev);
		if (ok)
			*stand = s->stand;
		else if (ev.fail.step[0])
			*f = ev.fail;
		else
			sbx_fail_set(f, "probe", 0, NULL);
	}
	sbx_session_free(s);
	return ok;
}

void
sbx_probe(struct sbx_probe *out)
{
	char place[] = "/tmp/sunaba-probe-XXXXXX";
	struct sbx_policy p;

	memset(out, 0, sizeof(*out));
	out->landlock_abi = landlock_abi();
	sbx_policy_default(&p);
	p.workspace = mkdtemp(place);
	if (!p.workspace) {
		sbx_fail_set(&out->fail, "probe", 0, place);
		return;
	}
	for (size_t i = 0; i < SBX_LEN(out->tried); i++) {
		struct sbx_stand stand;

		p.rung = out->tried[i].rung = (enum sbx_rung)(SBX_RUNG_FULL + i);
		out->tried[i].stands = try_rung(&p, &stand, &out->tried[i].fail);
		if (out->tried[i].stands && out->stand.rung == SBX_RUNG_BEST)
			out->stand = stand;
	}
	if (out->stand.rung != SBX_RUNG_FULL)
		out->fail = out->tried[0].fail;
	rmdir(place);
}
