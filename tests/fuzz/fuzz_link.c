/* The linker: action, tool text and user's text, parted by NUL; places are inside the texts,
 * and what the user's text holds as the action does is not linked. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/gate/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct link_text
part(const uint8_t **p, size_t *n)
{
	const uint8_t *end = *n > 0 ? memchr(*p, 0, *n) : NULL;
	struct link_text t = {.text = (const char *)*p,
			      .len = end ? (size_t)(end - *p) : *n};
	size_t step = end ? t.len + 1 : t.len;

	*p += step;
	*n -= step;
	return t;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct link_text action = part(&data, &size), tool = part(&data, &size);
	struct link_text user = part(&data, &size);
	struct link_query q = {.action = action.text,
			       .action_len = action.len,
			       .tools = &tool,
			       .ntools = 1,
			       .users = &user,
			       .nusers = 1,
			       .workspace = "/home/u/w",
			       .home = "/home/u",
			       .language = size % 2 ? "python" : NULL,
			       .net = size % 3 == 0};
	struct link_hit hit;
	bool linked = link_find(&q, &hit);

	if (linked) {
		if (hit.kind != LINK_SIZE &&
		    (hit.action_start > hit.action_end || hit.action_end > action.len ||
		     hit.tool_start > hit.tool_end || hit.tool_end > tool.len ||
		     hit.lines_start > hit.tool_start || hit.lines_end < hit.tool_end ||
		     hit.lines_end > tool.len || hit.first_line > hit.last_line))
			abort();
		link_hit_release(&hit);
	}
	if (tool.len < 4096 && user.len < 4096) { /* the same answer from an index */
		tool.id = 1;
		user.id = 2;
		q.cache = link_cache_new();
		if (link_find(&q, &hit) != linked)
			abort();
		link_hit_release(&hit);
		link_cache_free(TAKE(q.cache));
	}
	q.users = &tool; /* the user said all that the tool did */
	if (link_find(&q, &hit) && hit.kind != LINK_SIZE)
		abort();
	link_hit_release(&hit);
	return 0;
}
