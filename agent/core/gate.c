/* The gate. See gate.h.
 *
 * Which label counts is worked out in parts.c. What was refused leaves the conversation, not this
 * memory: an action that repeats something of it is linked to it still, and the bytes that were
 * refused are not run unasked. Choosing what to show is in gate_show.c.
 * Pinned by tests/unit/test_gate.c, tests/e2e/test_gate.py and `make check-gate`. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/core/aside.h"
#include "agent/core/gate.h"
#include "agent/core/gate_int.h"
#include "agent/gate/escape.h"
#include "agent/gate/scan.h"
#include "agent/model/provider_demo.h"

const char *
gate_rule_word(enum gate_rule r)
{
	static const char *const words[] = {
	    [GATE_OPEN] = "open", [GATE_UNTRUSTED] = "untrusted", [GATE_TEXT] = "text",
	    [GATE_LINK] = "link", [GATE_REFUSED] = "refused",	  [GATE_HIDDEN] = "hidden"};

	return words[r];
}

enum msg_label
gate_label(const struct session *s)
{
	const struct session_conf *c = &s->conf;
	/* Without mounts the process list, the texts of links and extended attributes of the
	 * whole machine can be read: nothing hides them. */
	bool hidden = c->stand &&
		      (c->stand->rung == SBX_RUNG_FULL || c->stand->rung == SBX_RUNG_DONOR);

	return c->trusted && hidden && !c->network && !s->widened ? LABEL_LOCAL
								  : LABEL_UNTRUSTED;
}

void
gate_widened(struct session *s)
{
	s->widened = true;
}

enum msg_label
gate_effective(const struct session *s, size_t msg)
{
	enum msg_label *labels = parts_labels(&s->msgs, msg + 1), l = labels[msg];

	free(labels);
	return l;
}

enum msg_label
gate_lowest(const struct session *s)
{
	enum msg_label *labels = parts_labels(&s->msgs, s->msgs.n), l = labels[s->msgs.n];

	free(labels);
	return l;
}

/* Output that reads like instructions since the user's last words, the newest; 0: none. What went
 * out with those words (an aside, data) was not read by a model before them. */
static size_t
gate_find_hits(const struct session *s)
{
	bool said = false;

	for (size_t i = s->msgs.n; i > 1; i--) {
		const struct msg *m = &s->msgs.at[i - 1];

		if (said && !(m->role == MSG_USER && m->label != LABEL_USER))
			return 0;
		said |= m->role == MSG_USER && m->label == LABEL_USER;
		if (m->hits && !m->endorsed && !m->refused)
			return i - 1;
	}
	return 0;
}

static bool
gate_set(struct gate *g, enum gate_rule rule, const struct session *s, size_t msg)
{
	const struct msg *m = &s->msgs.at[msg];

	g->rule = rule;
	g->msg = msg;
	g->part = m->part;
	g->source = mem_strdup(msg == 0	   ? "the name of this folder"
			       : m->source ? m->source
					   : "the model's own words");
	return true;
}

/* A step of the tour is the program's own, whatever was read before it; the soft gate shows itself
 * there all the same. Labels are what they are: another model may go on from here. */
static bool
gate_is_tour(const struct session *s, const struct gate_action *a)
{
	return s->model && strcmp(s->model->provider->name, "demo") == 0 &&
	       demo_wrote(a->text, a->len);
}

bool
gate_check(const struct session *s, const struct gate_action *a, struct gate *g)
{
	enum msg_label *labels = parts_labels(&s->msgs, s->msgs.n);
	bool hard = labels[s->msgs.n] == LABEL_UNTRUSTED && !gate_is_tour(s, a);
	size_t msg;

	*g = (struct gate){.rule = GATE_OPEN};
	if (hard) {
		msg = gate_choose(s, labels, a);
		gate_set(g, GATE_UNTRUSTED, s, msg);
		g->lines = gate_lines(&s->msgs.at[msg], a);
	} else if ((msg = gate_find_hits(s)) > 0) {
		gate_set(g, GATE_TEXT, s, msg);
		g->lines = gate_lines(&s->msgs.at[msg], a);
	} else if (gate_find_link(s, a, &msg, &g->token, &g->lines)) {
		gate_set(g, GATE_LINK, s, msg);
	} else if (refusals_have(&s->refused, a->sha256)) {
		gate_set(g, GATE_REFUSED, s, 0);
		g->part = 0;
		free(g->source);
		g->source = mem_strdup("an instruction that you refused");
	}
	free(labels);
	return g->rule != GATE_OPEN;
}

/* Printable ASCII, tabs and newlines: most code, and nothing to look at. */
static bool
gate_is_plain(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((p[i] < 0x20 || p[i] > 0x7E) && p[i] != '\n' && p[i] != '\t')
			return false;
	return true;
}

bool
gate_hidden(const struct gate_action *a, struct gate *g)
{
	struct escape_findings found = {0};
	struct buf lines = BUF_INIT(GATE_SHOWN_MAX);

	*g = (struct gate){.rule = GATE_OPEN};
	if (gate_is_plain(a->text, a->len))
		return false;
	escape_walk(a->text, a->len, 0, NULL, NULL, &found);
	if (!escape_is_suspicious(&found))
		return false;
	g->rule = GATE_HIDDEN;
	g->source = mem_strdup("the model's own words");
	escape_summary(&lines, &found);
	buf_addc(&lines, '\n');
	g->lines = buf_take(&lines);
	return true;
}

void
gate_release(struct gate *g)
{
	free(g->source);
	free(g->lines);
	free(g->token);
	*g = (struct gate){0};
}

enum err_kind
gate_refuse(struct session *s, const struct gate *g, const struct gate_action *a,
	    size_t reply, struct err *e)
{
	struct refusal r = {.hard = g->rule == GATE_UNTRUSTED};

	if (g->rule != GATE_REFUSED)
		r.msg = g->msg;
	if (reply > 0 && s->msgs.at[reply].role == MSG_ASSISTANT)
		r.reply = reply;
	refusals_add(&s->refused, a->sha256);
	parts_refuse(&s->msgs, &r);
	return s->transcript ? transcript_refused(s->transcript, &s->msgs, &r, a->sha256, e)
			     : ERR_NONE;
}

enum err_kind
gate_endorse(struct session *s, unsigned part, bool *found, struct err *e)
{
	*found = parts_endorse(&s->msgs, part);
	return *found && s->transcript ? transcript_trust(s->transcript, part, e)
				       : ERR_NONE;
}
