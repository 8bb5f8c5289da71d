/* Going on with a session. See session.h, history.h.
 *
 * The model is told by facts what the end of the program took away, in the aside before the user's
 * next words. Nothing is run again: a call whose result was lost gets an answer that says what is
 * known of it. Nothing is trusted that was not before; what reads like instructions is looked for
 * again, as a newer detector may see more.
 * Pinned by tests/unit/test_history.c and tests/e2e/test_sessions.py. */
#include <string.h>

#include "agent/base/clock.h"
#include "agent/base/mem.h"
#include "agent/core/gate.h"
#include "agent/core/history.h"
#include "agent/core/session.h"
#include "tools/kernels/kernels.h"

#define RESUME_TEXT_MAX (8 * KIB) /* bytes of what the model is told */

/* Languages, bits by row of their table, whose interpreters are no more. */
static unsigned
resume_lost(const struct history *h)
{
	return h->ran | h->begun | h->gone;
}

static void
resume_languages(const struct history *h, struct buf *out)
{
	size_t from = out->len;

	for (size_t i = 0; i < HISTORY_LANGUAGES && kernel_at(i); i++)
		if (resume_lost(h) & 1u << i)
			buf_addf(out, "%s%s", out->len > from ? ", " : "",
				 kernel_at(i)->name);
}

/* The places that are empty again. */
static const char *
resume_private(const struct history *h)
{
	if (h->sandbox && strcmp(h->sandbox, sbx_rung_text(SBX_RUNG_NONE)) == 0)
		return "$TMPDIR";
	if (h->sandbox && strcmp(h->sandbox, sbx_rung_text(SBX_RUNG_LANDLOCK)) == 0)
		return "$TMPDIR and HOME";
	return "/tmp and HOME";
}

void
session_resume_lost(const struct history *h, struct buf *out)
{
	if (resume_lost(h)) {
		buf_adds(out, "the interpreters (");
		resume_languages(h, out);
		buf_addf(out,
			 ") with their variables, imports, functions and working folder; "
			 "what ran in the background; all files in the private %s",
			 resume_private(h));
	} else {
		buf_adds(out, "nothing (no interpreter held anything)");
	}
}

static void
resume_text(const struct session *s, const struct history *h, struct buf *out)
{
	AUTO_FREE char *folder = prompt_folder(s->conf.workspace, s->conf.trusted);
	char now[25];

	clock_iso(clock_wall_ms(), now);
	buf_addf(out,
		 "[sunaba: this session was resumed at %s; the program had ended before. "
		 "Interpreters start afresh. Gone: ",
		 now);
	session_resume_lost(h, out);
	buf_addf(out,
		 ". Kept: this conversation, and the files of the workspace (%s) as they "
		 "are now%s.",
		 folder,
		 h->staged
		     ? " (changes that waited in staged mode may have been applied or "
		       "discarded)"
		     : "");
	if (h->workspace && strcmp(h->workspace, s->conf.workspace) != 0) {
		AUTO_FREE char *before = prompt_folder(h->workspace, s->conf.trusted);
		bool named = strcmp(before, h->workspace) == 0;

		buf_addf(out, " The workspace was %s before.",
			 named ? before : "another folder");
	}
	if (h->copied)
		buf_adds(out,
			 " This session began as a copy of a part of another one: what was "
			 "done there later may be in the files.");
	if (resume_lost(h))
		buf_adds(out, " Import and define again what is needed.");
	buf_adds(out, "]\n");
}

/* The waiting results, to the conversation and the file. */
static enum err_kind
resume_answer(struct session *s, struct msg_list *gaps, struct err *e)
{
	enum err_kind kind = ERR_NONE;

	for (size_t i = 0; i < gaps->n && !kind; i++)
		kind = session_record(s, msg_move(&s->msgs, &gaps->at[i]), NULL, e);
	return kind;
}

static void
resume_notices(struct session *s, const struct history *h)
{
	size_t named = MIN_OF(h->nproblems, (size_t)HISTORY_PROBLEMS_MAX);

	if (h->torn)
		session_notice(
		    s, NOTICE_WARN,
		    "the last event of the session was cut off (%zu bytes): it is "
		    "left out",
		    h->torn);
	for (size_t i = 0; i < named; i++)
		session_notice(s, NOTICE_WARN, "the session's line %zu: %s",
			       h->problem[i].line, h->problem[i].text);
	if (h->nproblems > named)
		session_notice(s, NOTICE_WARN, "%zu more lines like these",
			       h->nproblems - named);
}

/* What was in memory when the program ended. */
static void
resume_state(struct session *s, struct history *h)
{
	outputs_release(&s->outputs);
	msg_list_release(&s->msgs);
	s->outputs = h->outputs;
	s->msgs = h->msgs;
	h->outputs = (struct outputs){0};
	h->msgs = (struct msg_list){0};
	s->msgs.at[0].label = LABEL_USER; /* the program writes it afresh */
	free(TAKE(s->msgs.at[0].source));
	s->refused = h->refused;
	h->refused = (struct refusals){0};
	aside_add(&s->typed, buf_str(&h->typed), h->typed.len);
	s->widened |= h->widened;
	s->steps = h->step;
	s->total = h->total;
	s->cost = h->cost;
}

enum err_kind
session_resume(struct session *s, struct history *h, struct err *e)
{
	AUTO_BUF struct buf note = BUF_INIT(RESUME_TEXT_MAX);
	struct msg_list gaps = {0};
	enum err_kind kind;

	history_gaps(h, &gaps);
	resume_text(s, h, &note);
	s->news = buf_take(&note);
	aside_add(&s->aside, buf_str(&h->aside), h->aside.len);
	s->aside_label = MAX_OF(s->aside_label, h->aside_label);
	resume_state(s, h);
	kind = session_write_begin(s, true, e);
	if (!kind)
		kind = resume_answer(s, &gaps, e);
	if (!kind)
		resume_notices(s, h);
	gate_hear_all(s);
	msg_list_release(&gaps);
	return kind;
}
