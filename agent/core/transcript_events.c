/* The shapes of the transcript's events. See transcript.h. The reader of each stands in history.c.
 * Pinned by tests/unit/test_transcript.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/base/sha256.h"
#include "agent/base/utf8.h"
#include "agent/core/gate.h"
#include "agent/core/transcript.h"

enum err_kind
transcript_run(struct transcript *t, const struct transcript_run *r, struct err *e)
{
	struct json_writer *w = transcript_begin(t, r->resumed ? "resume" : "session");

	json_kv_str(w, "id", transcript_id(t));
	json_kv_str(w, "version", SUNABA_VERSION);
	json_kv_int(w, "pid", getpid());
	json_kv_str(w, "workspace", r->workspace);
	json_kv_str(w, "model", r->model);
	if (r->local)
		json_kv_bool(w, "local", true);
	if (r->widened)
		json_kv_bool(w, "widened", true);
	if (r->sandbox)
		json_kv_str(w, "sandbox", r->sandbox);
	if (r->fork_id) {
		json_key(w, "fork");
		json_open(w, '{');
		json_kv_str(w, "id", r->fork_id);
		json_kv_int(w, "part", r->fork_part);
		json_close(w, '}');
	}
	return transcript_end(t, e);
}

static void
transcript_usage(struct json_writer *w, const struct usage *u)
{
	json_key(w, "usage");
	json_open(w, '{');
	json_kv_int(w, "input_tokens", u->input);
	json_kv_int(w, "cached_input_tokens", u->cached);
	json_kv_int(w, "output_tokens", u->output);
	json_kv_int(w, "reasoning_output_tokens", u->reasoning);
	if (u->priced)
		json_kv_num(w, "cost_usd", u->cost);
	json_close(w, '}');
}

void
transcript_hash(const char *text, char hex[SHA256_HEX_SIZE])
{
	AUTO_BUF struct buf b = BUF_INIT(SIZE_MAX / 2);
	unsigned char digest[SHA256_SIZE];
	size_t n = strlen(text);

	if (utf8_valid(text, n)) {
		sha256(text, n, digest);
	} else {
		utf8_repair(&b, text, n);
		sha256(buf_str(&b), b.len, digest);
	}
	sha256_hex(digest, hex);
}

enum err_kind
transcript_msg(struct transcript *t, const struct msg *m, const struct usage *u,
	       struct err *e)
{
	enum msg_label counts = msg_counts(m);
	struct json_writer *w = transcript_begin(t, msg_role_word(m->role));
	char hex[SHA256_HEX_SIZE];

	transcript_hash(m->text, hex);
	json_kv_int(w, "part", m->part);
	json_kv_str(w, "role", msg_role_word(m->role));
	json_kv_str(w, "label", msg_label_word(counts));
	if (m->role != MSG_ASSISTANT && m->label != counts)
		json_kv_str(w, "own", msg_label_word(m->label));
	json_kv_str(w, "source", m->source);
	json_kv_str(w, "sha256", hex);
	if (m->aside)
		json_kv_bool(w, "aside", true);
	json_kv_str(w, "text", m->text);
	if (m->head)
		json_kv_int(w, "head", (int64_t)m->head);
	if (m->named && *m->named)
		json_kv_str(w, "named", m->named);
	if (m->reasoning)
		json_kv_str(w, "reasoning", m->reasoning);
	if (m->call_id)
		json_kv_str(w, "call_id", m->call_id);
	if (m->name && (!m->source || strcmp(m->name, m->source) != 0))
		json_kv_str(w, "name", m->name);
	if (m->ncalls) {
		json_key(w, "calls");
		json_open(w, '[');
		for (size_t i = 0; i < m->ncalls; i++) {
			json_open(w, '{');
			json_kv_str(w, "id", m->calls[i].id);
			json_kv_str(w, "name", m->calls[i].name);
			json_kv_str(w, "arguments", m->calls[i].args);
			if (m->calls[i].cut)
				json_kv_bool(w, "cut", true);
			json_close(w, '}');
		}
		json_close(w, ']');
	}
	if (u)
		transcript_usage(w, u);
	return transcript_end(t, e);
}

static void
transcript_step_head(struct json_writer *w, const struct step *s)
{
	json_kv_int(w, "step", s->number);
	json_kv_str(w, "language", s->kernel->name);
	json_kv_str(w, "sha256", s->sha256);
	if (s->call_id)
		json_kv_str(w, "call_id", s->call_id);
	if (s->by_user)
		json_kv_bool(w, "typed", true);
}

/* Why the decision is what it is, where the user gave no words. */
static const char *
transcript_why(const struct step *s, const char *by)
{
	static const char *const rows[][2] = {{"user", "asked"},
					      {"auto-run", "steps run without asking (-y)"},
					      {"always", "the user said always"},
					      {"rule", "a rule of the user"},
					      {"on-gate", "set by --on-gate"},
					      {"never", "running code is switched off"},
					      {"nobody", "nobody can be asked"}};

	if (s->by_user)
		return "typed by the user";
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i][0], by) == 0)
			return rows[i][1];
	return NULL;
}

enum err_kind
transcript_decision(struct transcript *t, const struct step *s, const struct decision *d,
		    const char *by, struct err *e)
{
	static const char *const words[] = {[DECIDE_RUN] = "run",
					    [DECIDE_NO] = "no",
					    [DECIDE_IGNORE] = "ignore",
					    [DECIDE_STOP] = "stop",
					    [DECIDE_NOBODY] = "nobody"};
	struct json_writer *w = transcript_begin(t, "decision");

	transcript_step_head(w, s);
	json_kv_str(w, "decision", words[d->kind]);
	json_kv_str(w, "by", by);
	if (d->always)
		json_kv_bool(w, "always", true);
	if (d->code)
		json_kv_bool(w, "edited", true);
	json_kv_str(w, "reason", d->reason ? d->reason : transcript_why(s, by));
	if (d->reason && strcmp(by, "user") == 0)
		json_kv_bool(w, "worded", true);
	json_kv_str(w, "rule", s->rule);
	if (s->hidden)
		json_kv_bool(w, "hidden", true);
	if (s->gate) {
		json_kv_str(w, "gate", gate_rule_word(s->gate->rule));
		json_kv_int(w, "gate_part", s->gate->part);
	}
	json_key(w, "code");
	json_put_strn(w, s->code, s->len);
	return transcript_end(t, e);
}

enum err_kind
transcript_gate(struct transcript *t, const struct step *s, struct err *e)
{
	struct json_writer *w = transcript_begin(t, "gate");

	transcript_step_head(w, s);
	json_kv_str(w, "rule", gate_rule_word(s->gate->rule));
	json_kv_int(w, "gate_part", s->gate->part);
	json_kv_str(w, "source", s->gate->source);
	json_kv_str(w, "token", s->gate->token);
	json_kv_str(w, "lines", s->gate->lines ? s->gate->lines : "");
	json_key(w, "code");
	json_put_strn(w, s->code, s->len);
	return transcript_end(t, e);
}

enum err_kind
transcript_refused(struct transcript *t, const struct msg_list *l, const struct refusal *r,
		   const char *sha256, struct err *e)
{
	struct json_writer *w = transcript_begin(t, "refused");

	json_kv_int(w, "refused_part", r->msg ? l->at[r->msg].part : 0);
	json_kv_int(w, "reply_part", r->reply ? l->at[r->reply].part : 0);
	if (r->hard)
		json_kv_bool(w, "hard", true);
	json_kv_str(w, "sha256", sha256);
	return transcript_end(t, e);
}

enum err_kind
transcript_trust(struct transcript *t, unsigned part, struct err *e)
{
	json_kv_int(transcript_begin(t, "trust"), "trusted_part", part);
	return transcript_end(t, e);
}

enum err_kind
transcript_aside(struct transcript *t, const char *text, enum msg_label label,
		 struct err *e)
{
	struct json_writer *w = transcript_begin(t, "aside");

	json_kv_str(w, "label", msg_label_word(label));
	json_kv_str(w, "text", text);
	return transcript_end(t, e);
}

enum err_kind
transcript_step(struct transcript *t, const struct step *s, const struct step_result *r,
		struct err *e)
{
	static const char *const ends[] = {[STEP_DONE] = "done",
					   [STEP_EXITED] = "exited",
					   [STEP_TIMEOUT] = "timeout",
					   [STEP_INTERRUPTED] = "interrupted",
					   [STEP_NOT_RUN] = "not_run"};
	struct json_writer *w = transcript_begin(t, "step");

	transcript_step_head(w, s);
	json_kv_str(w, "end", ends[r->end]);
	json_kv_str(w, "label", msg_label_word(MAX_OF(s->label, LABEL_LOCAL)));
	json_kv_int(w, "status", r->status);
	if (r->signal)
		json_kv_int(w, "signal", r->signal);
	if (r->state_lost)
		json_kv_bool(w, "state_lost", true);
	json_kv_int(w, "wall_ms", r->wall_ms);
	json_kv_int(w, "cpu_ms", r->cpu_ms);
	json_kv_int(w, "total_bytes", (int64_t)r->total_bytes);
	json_kv_int(w, "omitted_bytes", (int64_t)r->omitted_bytes);
	if (r->spill_path)
		json_kv_str(w, "spill", r->spill_path);
	if (r->binary)
		json_kv_str(w, "binary", r->binary);
	if (r->cwd)
		json_kv_str(w, "cwd", r->cwd);
	if (r->note)
		json_kv_str(w, "note", r->note);
	if (r->notices)
		json_kv_str(w, "sandbox", r->notices);
	if (r->changes) {
		AUTO_BUF struct buf files = BUF_INIT(64 * KIB);

		change_list_text(r->changes, CHANGES_MAX, &files);
		json_kv_str(w, "files", buf_str(&files));
	}
	json_kv_str(w, "output", r->output ? r->output : "");
	return transcript_end(t, e);
}

enum err_kind
transcript_note(struct transcript *t, const char *type, const char *text, struct err *e)
{
	json_kv_str(transcript_begin(t, type), "text", text);
	return transcript_end(t, e);
}

enum err_kind
transcript_model(struct transcript *t, const char *model, bool local, struct err *e)
{
	struct json_writer *w = transcript_begin(t, "model");

	json_kv_str(w, "text", model);
	if (local)
		json_kv_bool(w, "local", true);
	return transcript_end(t, e);
}

enum err_kind
transcript_undo(struct transcript *t, unsigned part, struct err *e)
{
	json_kv_int(transcript_begin(t, "undo"), "part", part);
	return transcript_end(t, e);
}

enum err_kind
transcript_shortened(struct transcript *t, struct msg_list *l, struct err *e)
{
	struct json_writer *w = transcript_begin(t, "shortened");

	json_key(w, "parts");
	json_open(w, '[');
	for (size_t i = 0; i < l->n; i++) {
		struct msg *m = &l->at[i];

		if (m->shortened && !m->cut_noted && m->part)
			json_put_int(w, m->part);
		m->cut_noted = m->shortened > 0;
	}
	json_close(w, ']');
	return transcript_end(t, e);
}
