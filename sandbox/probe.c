/* What this machine offers, found out by doing it: see sandbox.h. Pinned by tests/jail. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/confine.h"
#include "sandbox/session.h"

#define PROBE_MS 3000 /* a jail stands within a few ms */

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

void
sbx_probe(struct sbx_probe *out)
{
	char place[] = "/tmp/sunaba-probe-XXXXXX";
	struct sbx_session *s = NULL;
	struct sbx_event ev = {.type = SBX_NOTHING};
	struct sbx_policy p;

	memset(out, 0, sizeof(*out));
	out->rung = "refused";
	out->landlock_abi = landlock_abi();
	out->landlock = out->landlock_abi > 0;
	sbx_policy_default(&p);
	p.workspace = mkdtemp(place);
	if (!p.workspace) {
		sbx_fail_set(&out->fail, "probe", 0, place);
		return;
	}
	if (sbx_session_start(&s, &out->fail) && sbx_session_setup(s, &p, &out->fail)) {
		if (wait_ready(s, &ev)) {
			out->rung = "full";
			out->seccomp = true;
			out->userns = memmem(ev.data, ev.len, "userns=yes", 10) != NULL;
		} else {
			out->fail = ev.fail;
		}
	}
	sbx_session_free(s);
	rmdir(place);
}
