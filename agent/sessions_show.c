/* Showing sessions that were held. See sessions.h.
 *
 * Everything in a session file came from a model, a tool or a user: it leaves through the terminal's
 * writer alone, and what must stay on one line goes through escape.h.
 * Pinned by tests/e2e/test_sessions.py. */
#include <string.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/sessions.h"
#include "agent/ui/answer.h"
#include "agent/ui/escape.h"

#define SHOW_CODE_MAX 60 /* bytes of a step's first line in the list of decisions */

static unsigned
escape_look(const struct app *a)
{
	return ESCAPE_ONE_LINE | (term_unicode(a->term) ? 0 : ESCAPE_ASCII);
}

static void
show_pair(struct app *a, const char *name, const char *value)
{
	struct row r;

	if (!value)
		return;
	row_init(&r);
	row_addf(&r, STYLE_DIM, "%-10s ", name);
	escape_row(&r, STYLE_PLAIN, value, strlen(value), escape_look(a));
	term_row(a->term, TERM_ANSWER, &r);
	row_release(&r);
}

static void
show_head(struct app *a, const struct history *h)
{
	AUTO_FREE char *folder = h->workspace ? fs_shorten(h->workspace) : NULL;
	AUTO_FREE char *used =
	    mem_printf("%zu messages, %u step%s, %lld tokens in, %lld out", h->msgs.n - 1,
		       h->steps, h->steps == 1 ? "" : "s", (long long)h->total.input,
		       (long long)h->total.output);

	show_pair(a, "session", h->id);
	show_pair(a, "copy of", h->forked_from);
	show_pair(a, "folder", folder);
	show_pair(a, "model", h->model);
	show_pair(a, "began", h->began);
	show_pair(a, "last", h->last);
	show_pair(a, "holds", used);
}

/* "── 3 · assistant · untrusted · from execute ──" */
static void
show_part_head(struct app *a, const struct msg *m)
{
	const char *dash = term_unicode(a->term) ? "──" : "--";
	struct row r;

	term_line(a->term, TERM_ANSWER, STYLE_PLAIN, "");
	row_init(&r);
	row_addf(&r, STYLE_DIM, "%s ", dash);
	if (m->part)
		row_addf(&r, STYLE_DIM, "%u · ", m->part);
	row_addf(&r, STYLE_DIM, "%s · %s", msg_role_word(m->role),
		 msg_label_word(msg_counts(m)));
	if (m->source) {
		row_adds(&r, STYLE_DIM, " · ");
		escape_row(&r, STYLE_DIM, m->source, strlen(m->source), escape_look(a));
	}
	if (m->shortened)
		row_addf(&r, STYLE_DIM, " · %zu bytes shortened away", m->shortened);
	row_addf(&r, STYLE_DIM, " %s", dash);
	term_row(a->term, TERM_ANSWER, &r);
	row_release(&r);
}

static void
show_markdown(struct app *a, const char *text)
{
	struct md *m = answer_new(a->term, false);

	md_feed(m, text, strlen(text));
	md_finish(m);
	md_free(m);
}

static void
show_call(struct app *a, const struct msg_call *c)
{
	AUTO_BUF struct buf text = BUF_INIT(4 * MIB);
	cJSON *args = NULL;
	const char *language, *code;

	json_parse(c->args, strlen(c->args), JSON_REPAIR, &args, NULL);
	language = json_str(args, "language");
	code = json_str(args, "code");
	term_linef(a->term, TERM_ANSWER, STYLE_DIM, "%s %s", c->name,
		   language ? language : "");
	escape_text(&text, code ? code : c->args, strlen(code ? code : c->args),
		    term_unicode(a->term) ? 0 : ESCAPE_ASCII);
	term_line(a->term, TERM_ANSWER, STYLE_CODE, buf_str(&text));
	cJSON_Delete(args);
}

void
sessions_show(struct app *a, const struct history *h)
{
	show_head(a, h);
	for (size_t i = 1; i < h->msgs.n; i++) {
		const struct msg *m = &h->msgs.at[i];

		show_part_head(a, m);
		if (m->role == MSG_ASSISTANT && *m->text)
			show_markdown(a, m->text);
		else if (*m->text)
			term_line(a->term, TERM_ANSWER,
				  m->role == MSG_TOOL ? STYLE_OUTPUT : STYLE_PLAIN,
				  m->text);
		for (size_t k = 0; k < m->ncalls; k++)
			show_call(a, &m->calls[k]);
	}
}

void
sessions_show_problems(struct app *a, const struct history *h)
{
	if (h->torn)
		term_linef(a->term, TERM_SIDE, STYLE_WARN,
			   "sunaba: the last event was cut off (%zu bytes)", h->torn);
	for (size_t i = 0; i < h->nproblems && i < HISTORY_PROBLEMS_MAX; i++)
		term_linef(a->term, TERM_SIDE, STYLE_WARN, "sunaba: line %zu: %s",
			   h->problem[i].line, h->problem[i].text);
	if (h->nproblems > HISTORY_PROBLEMS_MAX)
		term_linef(a->term, TERM_SIDE, STYLE_WARN,
			   "sunaba: %zu more lines like these",
			   h->nproblems - HISTORY_PROBLEMS_MAX);
}

/* ---- decisions ---- */

static void
add_text(const struct app *a, struct row *r, const char *before, const char *text)
{
	if (!text || !*text)
		return;
	row_adds(r, STYLE_DIM, before);
	escape_row(r, STYLE_PLAIN, text, strlen(text), escape_look(a));
}

static void
add_code(const struct app *a, struct row *r, const char *code)
{
	size_t n = code ? strcspn(code, "\n") : 0, cut = MIN_OF(n, (size_t)SHOW_CODE_MAX);

	if (!n)
		return;
	while (cut < n && cut > 0 && ((unsigned char)code[cut] & 0xC0) == 0x80)
		cut--;
	row_adds(r, STYLE_DIM, ": ");
	escape_row(r, STYLE_PLAIN, code, cut, escape_look(a));
	if (code[cut])
		row_adds(r, STYLE_DIM, term_unicode(a->term) ? " …" : " ...");
}

/* ", gate untrusted, part 4" */
static void
row_gate_part(struct row *r, const cJSON *event)
{
	const char *gate = json_str(event, "gate");
	int64_t part = 0;

	if (!gate || strspn(gate, "abcdefghijklmnopqrstuvwxyz") != strlen(gate))
		return;
	json_int(event, "gate_part", &part);
	row_addf(r, STYLE_PLAIN, ", gate %.16s, part %lld", gate, (long long)part);
}

/* Why a step waits: "gate step 3 shell: link host x.example, part 4 (step 2, shell: cat a): …". */
static void
row_gate(const struct app *a, struct row *r, const cJSON *event)
{
	int64_t step = 0, part = 0;

	json_int(event, "step", &step);
	json_int(event, "gate_part", &part);
	row_addf(r, STYLE_PLAIN, "gate step %lld", (long long)step);
	add_text(a, r, " ", json_str(event, "language"));
	add_text(a, r, " ", json_str(event, "rule"));
	add_text(a, r, " ", json_str(event, "token"));
	row_addf(r, STYLE_PLAIN, ", part %lld", (long long)part);
	add_text(a, r, " from ", json_str(event, "source"));
	add_code(a, r, json_str(event, "lines"));
}

/* "refused part 4", "trust part 4" */
static void
row_part(const struct app *a, struct row *r, const char *type, const cJSON *event)
{
	int64_t part = 0;

	if (!json_int(event, "refused_part", &part))
		json_int(event, "trusted_part", &part);
	row_addf(r, STYLE_PLAIN, "%s part %lld by user", type, (long long)part);
	add_text(a, r, ", sha256 ", json_str(event, "sha256"));
}

/* What the user decided about a step: "… step 3 python run by user (asked) sha256 ab12…". */
static void
row_decision(const struct app *a, struct row *r, const cJSON *event)
{
	int64_t step = 0;

	json_int(event, "step", &step);
	row_addf(r, STYLE_PLAIN, "step %lld ", (long long)step);
	add_text(a, r, "", json_str(event, "language"));
	add_text(a, r, " ", json_str(event, "decision"));
	if (json_bool(event, "edited", false))
		row_adds(r, STYLE_PLAIN, " edited");
	if (json_bool(event, "always", false))
		row_adds(r, STYLE_PLAIN, " always");
	add_text(a, r, " by ", json_str(event, "by"));
	add_text(a, r, ", ", json_str(event, "reason"));
	add_text(a, r, ", rule ", json_str(event, "rule"));
	row_gate_part(r, event);
	add_text(a, r, ", sha256 ", json_str(event, "sha256"));
	add_code(a, r, json_str(event, "code"));
}

static void
decision_event(void *arg, const char *type, const cJSON *event)
{
	static const char *const others[] = {"approve", "network", "allow",	  "gate",
					     "refused", "trust",   "trust_folder"};
	struct app *a = arg;
	struct row r;
	bool known = strcmp(type, "decision") == 0;

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		known |= strcmp(type, others[i]) == 0;
	if (!known)
		return;
	row_init(&r);
	add_text(a, &r, "", json_str(event, "time"));
	row_adds(&r, STYLE_PLAIN, "  ");
	if (strcmp(type, "decision") == 0) {
		row_decision(a, &r, event);
	} else if (strcmp(type, "gate") == 0) {
		row_gate(a, &r, event);
	} else if (strcmp(type, "refused") == 0 || strcmp(type, "trust") == 0) {
		row_part(a, &r, type, event);
	} else {
		row_adds(&r, STYLE_PLAIN, type);
		add_text(a, &r, " ", json_str(event, "text"));
	}
	term_row(a->term, TERM_ANSWER, &r);
	row_release(&r);
}

static void
decision_json(void *arg, const char *type, const cJSON *event)
{
	struct app *a = arg;
	char *line;

	if (strcmp(type, "decision") != 0 && strcmp(type, "gate") != 0 &&
	    strcmp(type, "refused") != 0 && strcmp(type, "trust") != 0)
		return;
	line = cJSON_PrintUnformatted(event);
	if (!line)
		return;
	term_source(a->term, line, strlen(line));
	term_source(a->term, "\n", 1);
	cJSON_free(line);
}

void
sessions_watch_decisions(struct app *a, struct history *h)
{
	h->on_event = opt_flag(a->opts, OPT_JSON) ? decision_json : decision_event;
	h->arg = a;
}
