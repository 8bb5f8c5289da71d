/* A step put to the user. See confirm.h. Pinned by tests/e2e/test_session.py. */
#include "agent/ui/ask.h"
#include "agent/ui/confirm.h"

enum err_kind
confirm_step(struct term *t, struct loop *l, const struct step *step, struct decision *out,
	     struct err *e)
{
	static const enum decision_kind kinds[] = {
	    [ASK_YES] = DECIDE_RUN,   [ASK_NO] = DECIDE_NO,
	    [ASK_EDIT] = DECIDE_RUN,  [ASK_ALWAYS] = DECIDE_RUN,
	    [ASK_STOP] = DECIDE_STOP, [ASK_NOBODY] = DECIDE_NOBODY};
	struct ask_step q = {.language = step->kernel->name,
			     .code = step->code,
			     .len = step->len,
			     .number = (int)step->number};
	static const char open[] = "NO SANDBOX: this runs with all of your rights";
	const struct ask_note note = {
	    .text = open, .len = sizeof(open) - 1, .danger = true};
	struct ask_result r = {0};
	enum err_kind kind;

	q.notes = &note;
	q.nnotes = step->unconfined ? 1 : 0;
	kind = ask_step(t, l, &q, &r, e);
	if (kind)
		return kind;
	*out = (struct decision){.kind = kinds[r.answer],
				 .always = r.answer == ASK_ALWAYS,
				 .reason = r.reason,
				 .code = r.edited,
				 .len = r.edited_len};
	sha256_hex(r.sha256, out->sha256);
	return ERR_NONE;
}
