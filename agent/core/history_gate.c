/* What the user said at the gate, read from a transcript: refusals and trust. See history.h.
 *
 * Each takes effect where it stands among the events, by the same functions as in the session. A
 * refusal whose part is not there any more is still remembered by the hash of its action.
 * Pinned by tests/unit/test_history.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/core/history_int.h"

void
history_refused(struct history *h, const cJSON *event)
{
	const char *hash = json_str(event, "sha256");
	int64_t part = 0, reply = 0;
	struct refusal r;

	json_int(event, "refused_part", &part);
	json_int(event, "reply_part", &reply);
	r = (struct refusal){.msg = history_part(h, part),
			     .reply = history_part(h, reply),
			     .hard = json_bool(event, "hard", false)};
	if (hash && strlen(hash) == 64)
		refusals_add(&h->refused, hash);
	if (!h->brief)
		parts_refuse(&h->msgs, &r);
}

void
history_trust(struct history *h, const cJSON *event)
{
	int64_t part = 0;

	json_int(event, "trusted_part", &part);
	if (part > 0 && part <= h->part)
		parts_endorse(&h->msgs, (unsigned)part);
}
