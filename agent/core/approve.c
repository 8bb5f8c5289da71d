/* Deciding whether a step is run. See approve.h. Pinned by tests/unit/test_approve.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/base/sha256.h"
#include "agent/core/approve.h"
#include "agent/core/gate.h"

static void
approve_hash(const char *code, size_t n, char hex[SHA256_HEX_SIZE])
{
	unsigned char digest[SHA256_SIZE];

	sha256(code, n, digest);
	sha256_hex(digest, hex);
}

void
approve_prepare(struct session *s, struct step *step, const struct kernel *k,
		const char *code, size_t n, bool by_user)
{
	*step = (struct step){.number = s->steps + 1,
			      .kernel = k,
			      .code = code,
			      .len = n,
			      .by_user = by_user,
			      .unconfined =
				  s->conf.stand && s->conf.stand->rung == SBX_RUNG_NONE};
	approve_hash(code, n, step->sha256);
}

void
approve_release(struct decision *d)
{
	free(d->reason);
	free(d->code);
	*d = (struct decision){0};
}

/* Row of the languages table. */
static size_t
approve_row(const struct kernel *k)
{
	size_t i = 0;

	while (kernel_at(i) && kernel_at(i) != k)
		i++;
	return MIN_OF(i, (size_t)SESSION_KERNELS - 1);
}

static bool
approve_lifted(const struct session *s, const char *rule)
{
	for (size_t i = 0; rule && i < s->nlifted; i++)
		if (s->lifted[i] == rule)
			return true;
	return false;
}

/* A rule of the user that decides without a question; NULL: none does. */
static const char *
approve_by_rule(const struct session *s, struct step *step, struct decision *out,
		bool *asks)
{
	struct rule_match m =
	    rules_judge(&s->conf.rules, step->kernel, step->code, step->len);

	step->rule = m.rule;
	*asks = m.verdict == RULE_ASK && !approve_lifted(s, m.rule);
	if (m.verdict == RULE_ALLOW && s->conf.approve != APPROVE_NEVER)
		return "rule";
	if (m.verdict != RULE_DENY)
		return NULL;
	out->kind = DECIDE_NO;
	out->reason = mem_printf("my rules deny this (%s)", m.rule);
	return "rule";
}

/* The decision that needs no question, and who made it; NULL when the user must be asked. */
static const char *
approve_without_asking(const struct session *s, struct step *step, struct decision *out)
{
	bool asks = false;
	const char *by;

	out->kind = DECIDE_RUN;
	if (step->by_user)
		return "user";
	by = approve_by_rule(s, step, out, &asks);
	if (by)
		return by;
	if (s->conf.approve == APPROVE_NEVER) {
		out->kind = DECIDE_NO;
		out->reason = mem_strdup("running code is switched off");
		return "never";
	}
	if (s->conf.approve == APPROVE_AUTO && !asks)
		return "auto-run";
	if (s->always[approve_row(step->kernel)] && !asks)
		return "always";
	out->kind = DECIDE_NOBODY;
	return s->sink.ask ? NULL : "nobody";
}

/* "Always" is said to what asked: a rule, or the language. */
static void
approve_always(struct session *s, const struct step *step)
{
	if (!step->rule) {
		s->always[approve_row(step->kernel)] = true;
		return;
	}
	s->lifted = mem_array(s->lifted, s->nlifted + 1, sizeof(*s->lifted));
	s->lifted[s->nlifted++] = step->rule;
}

static enum err_kind
approve_ask(struct session *s, struct step *step, struct decision *out, struct err *e)
{
	enum err_kind kind = s->sink.ask(s->sink.arg, step, out, e);

	if (kind || out->kind != DECIDE_RUN)
		return kind;
	if (out->code) {
		step->code = out->code;
		step->len = out->len;
		approve_hash(step->code, step->len, step->sha256);
	}
	if (strcmp(out->sha256, step->sha256) != 0) /* nothing was shown, or other bytes */
		return err_set(e, ERR_INTERNAL, "the code shown is not the code to be run");
	if (out->always && !step->gate && !step->hidden)
		approve_always(s, step);
	return ERR_NONE;
}

/* The error of a run that ends at the gate, with what would let it go on. */
static enum err_kind
approve_stopped(const struct session *s, const struct step *step, struct err *e)
{
	if (step->gate->rule == GATE_HIDDEN) {
		err_set(e, ERR_GATE,
			"step %u (%s) is not what it looks like (%.*s) and nobody can be "
			"asked: not run",
			step->number, step->kernel->name,
			(int)strcspn(step->gate->lines, "\n"), step->gate->lines);
		err_hint(e, "run it in a terminal, or with --on-gate=ignore");
		return ERR_GATE;
	}
	err_set(
	    e, ERR_GATE,
	    "step %u (%s) follows text from a tool (%s) and nobody can be asked: not run",
	    step->number, step->kernel->name, step->gate->source);
	if (step->gate->rule == GATE_UNTRUSTED && !s->conf.trusted)
		err_hint(e, "run it in a terminal and without --json; or trust what is in "
			    "this folder: 'sunaba "
			    "trust', --trust-workspace; or --on-gate=ignore");
	else
		err_hint(
		    e, "run it in a terminal and without --json, or with --on-gate=ignore");
	return ERR_GATE;
}

/* What was decided for the case that nobody can be asked. `plain` is what would be done if there were
 * no gate: a run that is not let go on without asking is not by this. */
static const char *
approve_unasked(const struct session *s, const struct step *step, enum decision_kind plain,
		struct decision *out)
{
	static const enum decision_kind kinds[] = {[ON_GATE_STOP] = DECIDE_NOBODY,
						   [ON_GATE_IGNORE] = DECIDE_IGNORE,
						   [ON_GATE_ALLOW] = DECIDE_RUN};

	out->kind = kinds[s->conf.on_gate];
	if (out->kind == DECIDE_RUN)
		out->kind = plain;
	if (out->kind == DECIDE_IGNORE && step->gate->rule == GATE_HIDDEN)
		out->reason =
		    mem_printf("the code holds characters that cannot be seen or "
			       "that deceive (%.*s)",
			       (int)strcspn(step->gate->lines, "\n"), step->gate->lines);
	return out->kind == DECIDE_NOBODY ? "nobody" : "on-gate";
}

/* The reply that holds the action. */
static size_t
approve_reply(const struct session *s)
{
	size_t i = s->msgs.n - 1;

	while (i > 0 && s->msgs.at[i].role != MSG_ASSISTANT)
		i--;
	return i;
}

/* The action is told of as one that waits at the gate. */
static enum err_kind
approve_announce(struct session *s, struct step *step, struct err *e)
{
	enum err_kind kind = transcript_gate(s->transcript, step, e);

	if (!kind && s->sink.gate)
		s->sink.gate(s->sink.arg, step);
	return kind;
}

/* An action that waits at the gate: the user's key, or what was decided in its place. */
static enum err_kind
approve_at_gate(struct session *s, struct step *step, struct decision *out, bool *asked,
		const char **by, struct err *e)
{
	enum decision_kind plain = out->kind;
	enum err_kind kind = approve_announce(s, step, e);

	if (kind)
		return kind;
	out->kind = DECIDE_NOBODY;
	if (s->sink.ask) {
		*asked = true;
		*by = "user";
		kind = approve_ask(s, step, out, e);
		if (!kind && out->kind == DECIDE_NO)
			out->kind = DECIDE_IGNORE;
	}
	if (!kind && out->kind == DECIDE_NOBODY) {
		*asked = false;
		*by = approve_unasked(s, step, plain, out);
	}
	return kind;
}

/* Code that hides something: the user types a word for it, whatever lets others pass. Where he cannot,
 * it waits at the gate. */
static enum err_kind
approve_hidden(struct session *s, struct step *step, const struct gate *hidden,
	       struct decision *out, bool *asked, const char **by, struct err *e)
{
	enum decision_kind plain = out->kind;
	enum err_kind kind = ERR_NONE;

	out->kind = DECIDE_NOBODY;
	*asked = s->sink.ask != NULL;
	*by = "user";
	if (*asked)
		kind = approve_ask(s, step, out, e);
	if (kind || out->kind != DECIDE_NOBODY)
		return kind;
	*asked = false;
	step->gate = hidden;
	kind = approve_announce(s, step, e);
	*by = approve_unasked(s, step, plain, out);
	return kind;
}

/* Decides and says who did. `gate` is why the step waits, if it does. */
static enum err_kind
approve_decide(struct session *s, struct step *step, const struct gate *gate,
	       struct decision *out, bool *asked, const char **by, struct err *e)
{
	enum err_kind kind;

	*by = approve_without_asking(s, step, out);
	if (out->kind != DECIDE_NO && step->gate)
		return approve_at_gate(s, step, out, asked, by, e);
	if (out->kind != DECIDE_NO && gate->rule == GATE_HIDDEN)
		return approve_hidden(s, step, gate, out, asked, by, e);
	if (*by)
		return ERR_NONE;
	*asked = true;
	*by = "user";
	kind = approve_ask(s, step, out, e);
	if (!kind && out->kind == DECIDE_NOBODY)
		*by = "nobody";
	return kind;
}

/* Why the step waits; true: for what a tool said. Code of the user's own does not wait. */
static bool
approve_waits(const struct session *s, struct step *step, const struct gate_action *a,
	      struct gate *g)
{
	struct gate hidden = {0};

	if (step->by_user)
		return false;
	step->hidden = gate_hidden(a, &hidden);
	if (gate_check(s, a, g)) {
		gate_release(&hidden);
		return true;
	}
	*g = hidden;
	return false;
}

enum err_kind
approve_step(struct session *s, struct step *step, struct decision *out, bool *asked,
	     struct err *e)
{
	struct gate_action action = {step->code, step->len, step->sha256,
				     step->kernel->name};
	struct gate gate = {0};
	const char *by = NULL;
	enum err_kind kind;

	*out = (struct decision){0};
	*asked = false;
	if (approve_waits(s, step, &action, &gate))
		step->gate = &gate;
	kind = approve_decide(s, step, &gate, out, asked, &by, e);
	if (!kind)
		kind = transcript_decision(s->transcript, step, out, by, e);
	if (!kind && *asked && out->reason)
		parts_typed(&s->typed, out->reason, strlen(out->reason));
	if (!kind && out->kind == DECIDE_IGNORE)
		kind = gate_refuse(s, &gate, &action, approve_reply(s), e);
	if (!kind && out->kind == DECIDE_NOBODY && step->gate)
		kind = approve_stopped(s, step, e);
	if (kind)
		approve_release(out);
	step->cleared = !kind && out->kind == DECIDE_RUN;
	step->gate = NULL;
	gate_release(&gate);
	return kind;
}
