/* Links between actions and tool output. See link.h. */
#include <stdlib.h>

#include "agent/gate/link.h"

bool
link_find(const struct link_query *q, struct link_hit *hit)
{
	*hit = (struct link_hit){.kind = LINK_SIZE};
	return q->action_len > LINK_ACTION_MAX;
}

void
link_hit_release(struct link_hit *hit)
{
	free(hit->token);
	hit->token = NULL;
}

const char *
link_kind_name(enum link_kind k)
{
	static const char *const names[LINK_KINDS] = {
	    [LINK_URL] = "URL",
	    [LINK_EMAIL] = "e-mail address",
	    [LINK_ACCOUNT] = "account number",
	    [LINK_COMMAND] = "command line",
	    [LINK_IP] = "IP address",
	    [LINK_HOST] = "host",
	    [LINK_PATH] = "path outside the workspace",
	    [LINK_SIZE] = "action too large to check",
	};

	return names[k];
}
