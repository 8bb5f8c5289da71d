/* Rows of what links and what does not, for test_link*.c: an action, what a tool said, what the user
 * said or NULL; `want` is the kind of the link, or NONE. */
#ifndef SUNABA_TESTS_LINK_ROWS_H
#define SUNABA_TESTS_LINK_ROWS_H

#include "tests/unit/cm.h"

#include <stdio.h>
#include <string.h>

#include "agent/gate/link.h"

#define NONE LINK_KINDS

struct row {
	enum link_kind want;
	const char *action, *tool, *user;
};

static struct link_text
text_of(const char *s, size_t when)
{
	return (struct link_text){.text = s, .len = s ? strlen(s) : 0, .when = when};
}

static enum link_kind
find(const struct row *r, const char *language, bool net, struct link_hit *hit)
{
	struct link_text tool = text_of(r->tool, 0), user = text_of(r->user, 0);
	struct link_query q = {.action = r->action,
			       .action_len = strlen(r->action),
			       .tools = &tool,
			       .ntools = 1,
			       .users = &user,
			       .nusers = r->user ? 1 : 0,
			       .workspace = "/home/mika/desk",
			       .home = "/home/mika",
			       .language = language,
			       .net = net};

	return link_find(&q, hit) ? hit->kind : NONE;
}

static void
check(const struct row *rows, size_t n, const char *language, bool net)
{
	for (size_t i = 0; i < n; i++) {
		struct link_hit hit;
		enum link_kind got = find(&rows[i], language, net, &hit);

		if (got != rows[i].want)
			print_message("action: %s\ntool: %s\ngot %s '%s'\n", rows[i].action,
				      rows[i].tool,
				      got == NONE ? "none" : link_kind_name(got),
				      got == NONE ? "" : hit.token);
		assert_int_equal(got, rows[i].want);
		link_hit_release(&hit);
	}
}

#endif
