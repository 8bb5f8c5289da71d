/* Code of the user himself. See turn.h. What it says is no word of his: it goes to the model as an
 * aside, with the label of where it ran. Pinned by tests/e2e/test_session.py, test_gate.py. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "agent/core/act.h"
#include "agent/core/approve.h"
#include "agent/core/aside.h"
#include "agent/core/gate.h"
#include "agent/core/turn.h"

#define TURN_RESULT_MAX (256 * KIB) /* bytes of one result */

/* Keeps what the user ran himself for his next message; the oldest goes where it is too much. */
static enum err_kind
turn_add_aside(struct session *s, const struct kernel *k, const char *code, size_t n,
	       const struct buf *result, struct err *e)
{
	AUTO_BUF struct buf b = BUF_INIT(ASIDE_STEP_MAX);
	size_t code_n = MIN_OF(n, ASIDE_STEP_MAX / 4),
	       result_n = MIN_OF(result->len, ASIDE_STEP_MAX / 2);

	buf_addf(&b, "I ran this %s" ASIDE_CODE, k->name);
	buf_add(&b, code, code_n - utf8_tail(code, code_n));
	buf_adds(&b, ASIDE_RESULT);
	buf_add(&b, result->data, result_n - utf8_tail(result->data, result_n));
	buf_addc(&b, '\n');
	s->aside_label = MAX_OF(s->aside_label, gate_label(s));
	aside_add(&s->aside, buf_str(&b), b.len);
	return transcript_aside(s->transcript, buf_str(&b), gate_label(s), e);
}

enum err_kind
turn_user_code(struct session *s, const struct kernel *k, const char *code, size_t n,
	       int *status, struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(TURN_RESULT_MAX);
	struct step_result r = {0};
	struct decision d;
	struct step step;
	bool asked;
	enum err_kind kind = session_begin(s, e);

	if (kind)
		return kind;
	parts_typed(&s->typed, code, n);
	approve_prepare(s, &step, k, code, n, true);
	kind = approve_step(s, &step, &d, &asked, e);
	if (kind)
		return kind;
	approve_release(&d);
	kind = act_run(s, &step, true, &r, &text, e);
	if (kind) {
		step_result_release(&r);
		return kind;
	}
	if (status)
		*status = r.status;
	step_result_release(&r);
	return turn_add_aside(s, k, code, n, &text, e);
}
