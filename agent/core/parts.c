/* The parts of a conversation. See parts.h.
 *
 * A message holds the label of its own text; the one that counts is worked out over what stands
 * before it, each time anew: a part behind one that is not trusted was written in its sight and
 * has its label, until the user trusts or refuses the first.
 * Pinned by tests/unit/test_gate.c and tests/unit/test_history.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/base/sha256.h"
#include "agent/core/aside.h"
#include "agent/core/parts.h"

/* The label of a part by itself, whatever stands before it. */
static enum msg_label
parts_own(const struct msg *m)
{
	if (m->endorsed || m->refused || m->role == MSG_SYSTEM)
		return LABEL_USER;
	if (m->stained)
		return LABEL_UNTRUSTED;
	if (m->role == MSG_ASSISTANT)
		return LABEL_LOCAL;
	return m->label;
}

/* What the user typed is his, whatever he had read before. */
static bool
parts_inherits(const struct msg *m)
{
	return m->role != MSG_SYSTEM && !m->endorsed && !m->refused &&
	       !(m->role == MSG_USER && m->label == LABEL_USER);
}

enum msg_label *
parts_labels(const struct msg_list *l, size_t n)
{
	enum msg_label *labels = mem_array(NULL, n + 1, sizeof(*labels));
	enum msg_label lowest = LABEL_USER;

	for (size_t i = 0; i < n; i++) {
		labels[i] = parts_own(&l->at[i]);
		if (parts_inherits(&l->at[i]))
			labels[i] = MAX_OF(labels[i], lowest);
		lowest = MAX_OF(lowest, labels[i]);
	}
	labels[n] = lowest;
	return labels;
}

bool
parts_is_tool_text(const struct msg *m)
{
	return m->role == MSG_TOOL ? m->source != NULL
				   : m->role == MSG_USER && m->label != LABEL_USER;
}

/* The part's text goes to where only linking sees it; a note says what was there. */
static void
parts_withhold(struct msg *m, const char *why)
{
	const char *text = m->was ? m->was : m->text;
	unsigned char digest[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];
	size_t n = strlen(text);

	if (m->refused)
		return;
	sha256(text, n, digest);
	sha256_hex(digest, hex);
	msg_shorten(m, mem_printf("[%zu bytes with sha256 %s withheld: %s]", n, hex, why));
	m->refused = true;
}

/* The reply that wanted to act repeats the part's words in its text and its code. */
static void
parts_withhold_reply(struct msg *m)
{
	static const char code[] =
	    "{\"language\":\"shell\",\"code\":\": withheld, the user refused it\"}";

	parts_withhold(m, "a reply to instructions that the user refused");
	free(TAKE(m->reasoning));
	for (size_t i = 0; i < m->ncalls; i++) {
		free(m->calls[i].args);
		m->calls[i].args = mem_strdup(code);
	}
}

void
parts_refuse(struct msg_list *l, const struct refusal *r)
{
	enum msg_label *labels = parts_labels(l, l->n);

	for (size_t i = r->msg + 1; r->hard && i < l->n; i++)
		if (i != r->reply && labels[i] == LABEL_UNTRUSTED)
			l->at[i].stained = true;
	free(labels);
	if (r->msg > 0 && l->at[r->msg].role == MSG_ASSISTANT)
		parts_withhold_reply(&l->at[r->msg]);
	else if (r->msg > 0)
		parts_withhold(&l->at[r->msg], "the user refused the instructions in it");
	if (r->reply > 0 && r->reply != r->msg && l->at[r->reply].role == MSG_ASSISTANT)
		parts_withhold_reply(&l->at[r->reply]);
}

bool
parts_endorse(struct msg_list *l, unsigned part)
{
	for (size_t i = 1; part > 0 && i < l->n; i++)
		if (l->at[i].part == part && !l->at[i].refused) {
			l->at[i].endorsed = true;
			l->at[i].stained = false;
			return true;
		}
	return false;
}

void
parts_typed(struct buf *typed, const char *text, size_t n)
{
	aside_add(typed, text, MIN_OF(n, (size_t)(TYPED_MAX / 4)));
	aside_add(typed, "\n", 1);
}

void
parts_keep_stain(struct msg_list *l, size_t msg, size_t *why)
{
	if (l->at[msg].role == MSG_SYSTEM)
		return;
	if (*why < msg && parts_own(&l->at[*why]) == LABEL_UNTRUSTED)
		return; /* it is still there to see */
	for (size_t i = msg; i > 0; i--)
		if (parts_own(&l->at[i - 1]) == LABEL_UNTRUSTED) {
			*why = i - 1;
			return;
		}
	l->at[msg].stained = true;
}

void
refusals_add(struct refusals *r, const char *sha256)
{
	if (refusals_have(r, sha256))
		return;
	if (r->n == REFUSALS_MAX) {
		memmove(r->at, r->at + 1, (REFUSALS_MAX - 1) * sizeof(*r->at));
		r->n--;
	}
	r->at = mem_array(r->at, REFUSALS_MAX, sizeof(*r->at));
	snprintf(r->at[r->n++], sizeof(*r->at), "%s", sha256);
}

bool
refusals_have(const struct refusals *r, const char *sha256)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->at[i], sha256) == 0)
			return true;
	return false;
}

void
refusals_release(struct refusals *r)
{
	free(r->at);
	*r = (struct refusals){0};
}
