/* A step put to the user. See confirm.h. Pinned by tests/e2e/test_session.py, test_gate.py. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/core/gate.h"
#include "agent/ui/ask.h"
#include "agent/ui/confirm.h"
#include "agent/ui/confirm_words.h"

#define CONFIRM_NOTES 16 /* rows above the code */

struct notes {
	struct ask_note at[CONFIRM_NOTES];
	char *text[CONFIRM_NOTES];
	size_t n;
};

/* Takes the text over. */
static void
notes_add(struct notes *l, char *text, bool danger, bool quoted)
{
	if (l->n == CONFIRM_NOTES) {
		free(text);
		return;
	}
	l->text[l->n] = text;
	l->at[l->n++] = (struct ask_note){.text = text,
					  .len = strlen(text),
					  .warn = true,
					  .danger = danger,
					  .quoted = quoted};
}

static void
notes_release(struct notes *l)
{
	while (l->n > 0)
		free(l->text[--l->n]);
}

/* Why the gate is closed, in the user's language. */
static char *
gate_reason(const struct gate *g, bool ja)
{
	static const char *const why[][2] = {
	    [GATE_OPEN] = {"", ""},
	    [GATE_UNTRUSTED] = {"why: text that is not trusted is in the conversation",
				"理由: 信頼されていないテキストが会話に含まれています"},
	    [GATE_TEXT] = {"why: a tool's output reads like instructions",
			   "理由: ツールの出力に指示のような文があります"},
	    [GATE_LINK] = {"why: this repeats what only a tool's output said",
			   "理由: ツールの出力だけに現れた内容を使っています"},
	    [GATE_REFUSED] = {"why: you refused this very action before",
			      "理由: 以前に断ったものと同じ内容です"},
	    [GATE_HIDDEN] = {"why: the code is not what it looks like",
			     "理由: コードに見えない文字や紛らわしい文字があります"},
	};
	const char *text = why[g->rule][ja];
	AUTO_FREE char *token = NULL;

	if (!g->token)
		return mem_strdup(text);
	token = ja ? confirm_japanese(g->token) : mem_strdup(g->token);
	return mem_printf("%s: %s", text, token);
}

static void
gate_notes(struct notes *l, const struct gate *g, bool ja)
{
	AUTO_FREE char *source =
	    ja && g->source ? confirm_japanese(g->source) : mem_strdup(g->source);

	notes_add(l, gate_reason(g, ja), false, false);
	if (g->rule == GATE_HIDDEN) /* the view counts the same things itself */
		return;
	if (g->part)
		notes_add(l,
			  mem_printf(ja ? "出所: %s (パート %u)" : "from: %s (part %u)",
				     source, g->part),
			  false, false);
	if (g->lines && *g->lines)
		notes_add(l,
			  mem_strdup(ja ? "そこにある文:" : "it says, among other things:"),
			  false, false);
	for (const char *p = g->lines; p && *p;) {
		size_t n = strcspn(p, "\n");

		notes_add(l, mem_printf("%.*s", (int)n, p), true, true);
		p += n + (p[n] == '\n');
	}
}

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
			     .number = (int)step->number,
			     .gate = step->gate != NULL,
			     .no_always = step->gate != NULL};
	struct ask_result r = {0};
	bool ja = term_unicode(t) && ask_japanese();
	struct notes notes = {0};
	enum err_kind kind;

	if (step->unconfined)
		notes_add(
		    &notes,
		    mem_strdup(ja ? "サンドボックスなし: あなたの権限すべてで実行されます"
				  : "NO SANDBOX: this runs with all of your rights"),
		    true, false);
	if (step->gate)
		gate_notes(&notes, step->gate, ja);
	q.notes = notes.at;
	q.nnotes = notes.n;
	kind = ask_step(t, l, &q, &r, e);
	notes_release(&notes);
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
