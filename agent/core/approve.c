/* Deciding whether a step is run. See approve.h. Pinned by tests/unit/test_turn.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/base/sha256.h"
#include "agent/core/approve.h"

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

/* The decision that needs no question, and who made it; NULL when the user must be asked. */
static const char *
approve_without_asking(const struct session *s, const struct step *step,
		       struct decision *out)
{
	out->kind = DECIDE_RUN;
	if (step->by_user)
		return "user";
	if (s->conf.approve == APPROVE_AUTO)
		return "auto-run";
	if (s->always[approve_row(step->kernel)])
		return "always";
	if (s->conf.approve == APPROVE_NEVER) {
		out->kind = DECIDE_NO;
		out->reason = mem_strdup("running code is switched off");
		return "never";
	}
	out->kind = DECIDE_NOBODY;
	return s->sink.ask ? NULL : "nobody";
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
	if (strcmp(out->sha256, step->sha256) != 0)
		return err_set(e, ERR_INTERNAL, "the code shown is not the code to be run");
	if (out->always)
		s->always[approve_row(step->kernel)] = true;
	return ERR_NONE;
}

enum err_kind
approve_step(struct session *s, struct step *step, struct decision *out, bool *asked,
	     struct err *e)
{
	const char *by;
	enum err_kind kind = ERR_NONE;

	*out = (struct decision){0};
	*asked = false;
	by = approve_without_asking(s, step, out);
	if (!by) {
		*asked = true;
		by = "user";
		kind = approve_ask(s, step, out, e);
		if (!kind && out->kind == DECIDE_NOBODY)
			by = "nobody";
	}
	if (!kind)
		kind = transcript_decision(s->transcript, step, out, by, e);
	if (kind)
		approve_release(out);
	return kind;
}
