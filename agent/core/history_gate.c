/* What the user said at the gate, read from a transcript: refusals and trust. See history.h.
 *
 * Each takes effect where it stands among the events, by the same functions as in the session. A
 * refusal whose part is not there any more is still remembered by the hash of its action.
 * Pinned by tests/unit/test_history.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/core/history_int.h"

/* Code and reasons that the user typed, of a decision. */
void
history_typed(struct history *h, const cJSON *event)
{
	const char *by = json_str(event, "by"), *text = NULL;

	if (json_bool(event, "typed", false))
		text = json_str(event, "code");
	else if (by && strcmp(by, "user") == 0 && json_bool(event, "worded", false))
		text = json_str(event, "reason");
	if (text && !h->brief)
		parts_typed(&h->typed, text, strlen(text));
}

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
