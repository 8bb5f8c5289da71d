/* The one door: which steps pass it without a question, and that the gate comes before all that
 * lets them. */
#include "cm.h"

#include <string.h>

#include "agent/core/act.h"
#include "agent/core/approve.h"
#include "agent/core/gate.h"
#include "agent/core/turn.h"
#include "tools/kernels/kernels.h"

static const struct sbx_stand jail = {.rung = SBX_RUNG_FULL};
static const char *const everything[] = {"*", NULL};
static const char *const none[] = {NULL};
static struct decision answer; /* of the user */
static unsigned asked_times;

static enum err_kind
on_ask(void *arg, const struct step *s, struct decision *out, struct err *e)
{
	(void)arg;
	(void)e;
	asked_times++;
	*out = answer;
	if (answer.kind == DECIDE_RUN && !answer.sha256[0])
		memcpy(out->sha256, s->sha256, sizeof(out->sha256));
	return ERR_NONE;
}

/* A conversation in which a tool said something, in a folder that is trusted or not. */
static void
begin(struct session *s, bool trusted)
{
	struct msg *m;

	memset(s, 0, sizeof(*s));
	asked_times = 0;
	answer = (struct decision){0};
	s->conf.trusted = trusted;
	s->conf.stand = &jail;
	s->conf.workspace = "/w";
	s->conf.rules = (struct rules){none, none, none};
	s->transcript = transcript_new(NULL);
	msg_add(&s->msgs, MSG_SYSTEM, "facts");
	msg_add(&s->msgs, MSG_USER, "do it");
	m = msg_add(&s->msgs, MSG_TOOL, "1 2 3");
	m->label = gate_label(s);
	m->source = strdup("step 1, shell: cat x");
	m = msg_add(&s->msgs, MSG_ASSISTANT, "I do");
	msg_add_call(m, "c1", "execute", "{}");
}

static void
end(struct session *s)
{
	transcript_free(s->transcript);
	msg_list_release(&s->msgs);
	refusals_release(&s->refused);
	free(s->lifted);
}

/* Whether the step passes; *kind what came of asking. */
static bool
passes(struct session *s, const char *code, bool by_user, enum err_kind *kind)
{
	struct decision d;
	struct step step;
	struct err e;
	bool asked;

	approve_prepare(s, &step, kernel_find("shell"), code, strlen(code), by_user);
	assert_false(step.cleared);
	*kind = approve_step(s, &step, &d, &asked, &e);
	approve_release(&d);
	return step.cleared;
}

/* Everything that lets a step pass unasked, at once. */
static void
let_all(struct session *s)
{
	s->conf.approve = APPROVE_AUTO;
	s->conf.rules.allow = everything;
	memset(s->always, 1, sizeof(s->always));
}

static void
nothing_opens_the_gate(void **state)
{
	enum err_kind kind;
	struct session s;

	(void)state;
	begin(&s, true);
	let_all(&s);
	assert_true(passes(&s, "true", false, &kind));
	end(&s);

	begin(&s, false);
	let_all(&s);
	assert_false(passes(&s, "true", false, &kind));
	assert_int_equal(kind, ERR_GATE);
	s.conf.on_gate = ON_GATE_ALLOW;
	assert_true(passes(&s, "true", false, &kind));
	s.conf.on_gate = ON_GATE_STOP;
	assert_false(passes(&s, "true", false, &kind));
	assert_true(passes(&s, "true", true, &kind)); /* typed by the user */
	end(&s);
}

static void
only_the_key_does(void **state)
{
	static const enum decision_kind others[] = {DECIDE_NO, DECIDE_IGNORE, DECIDE_STOP,
						    DECIDE_NOBODY};
	enum err_kind kind;
	struct session s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		begin(&s, false);
		let_all(&s);
		s.sink.ask = on_ask;
		answer.kind = others[i];
		assert_false(passes(&s, "true", false, &kind));
		assert_int_equal(asked_times, 1);
		end(&s);
	}
	begin(&s, false);
	s.sink.ask = on_ask;
	answer = (struct decision){.kind = DECIDE_RUN, .always = true};
	assert_true(passes(&s, "true", false, &kind));
	/* "Always" is nothing that can be said here, whatever the dialog returns. */
	assert_true(passes(&s, "true", false, &kind));
	assert_int_equal(asked_times, 2);
	for (size_t i = 0; i < ARRAY_LEN(s.always); i++)
		assert_false(s.always[i]);
	end(&s);
}

static void
the_bytes_shown_are_the_bytes_run(void **state)
{
	enum err_kind kind;
	struct session s;

	(void)state;
	begin(&s, true);
	s.sink.ask = on_ask;
	answer.kind = DECIDE_RUN;
	memset(answer.sha256, 'a', sizeof(answer.sha256) - 1);
	assert_false(passes(&s, "true", false, &kind));
	assert_int_equal(kind, ERR_INTERNAL);
	end(&s);
}

static void
refused_once_asks_for_ever(void **state)
{
	enum err_kind kind;
	struct session s;

	(void)state;
	begin(&s, false);
	let_all(&s);
	s.sink.ask = on_ask;
	answer.kind = DECIDE_IGNORE;
	assert_false(passes(&s, "touch x", false, &kind));
	assert_non_null(strstr(s.msgs.at[2].text, "withheld"));
	s.sink.ask = NULL;
	assert_true(passes(&s, "true", false, &kind)); /* the gate is open again */
	assert_false(passes(&s, "touch x", false, &kind));
	assert_int_equal(kind, ERR_GATE);
	end(&s);
}

static void
nothing_else_runs_a_step(void **state)
{
	struct step_result r = {0};
	struct session s;
	struct step step;
	struct buf text;
	struct err e;

	(void)state;
	begin(&s, true);
	buf_init(&text, KIB);
	approve_prepare(&s, &step, kernel_find("shell"), "true", 4, true);
	assert_int_equal(act_run(&s, &step, false, &r, &text, &e), ERR_INTERNAL);
	assert_int_equal(s.steps, 0);
	buf_release(&text);
	end(&s);
}

static void
deny_needs_no_question(void **state)
{
	enum err_kind kind;
	struct session s;

	(void)state;
	begin(&s, false);
	let_all(&s);
	s.conf.rules.deny = everything;
	s.sink.ask = on_ask;
	answer.kind = DECIDE_RUN;
	assert_false(passes(&s, "true", false, &kind));
	assert_int_equal(asked_times, 0);
	end(&s);
	begin(&s, false);
	let_all(&s);
	s.conf.approve = APPROVE_NEVER;
	s.sink.ask = on_ask;
	answer.kind = DECIDE_RUN;
	assert_false(passes(&s, "true", false, &kind));
	assert_int_equal(asked_times, 0);
	end(&s);
}

/* A tool that the model is offered and that is not in the table, or one in it that changes
 * something and is not said to, would be a second door. */
static void
every_tool_is_in_the_table(void **state)
{
	/* What these do was looked at: they read what the model was owed. */
	static const char *const harmless[] = {"output"};
	const struct tool_def *offered;
	size_t noffered, rows = 0, acting = 0;
	const char *name;
	bool acts;

	(void)state;
	offered = prompt_tools(&noffered);
	for (; (name = turn_tool_at(rows, &acts)); rows++) {
		bool known = false, listed = false;

		for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
			known |= strcmp(name, harmless[i]) == 0;
		for (size_t i = 0; i < noffered; i++)
			listed |= strcmp(name, offered[i].name) == 0;
		assert_int_equal(acts, !known);
		assert_true(listed);
		acting += acts;
	}
	assert_int_equal(rows, noffered);
	assert_true(acting > 0);
}

/* Code that hides something (terminal.md, C9): nothing lets it pass but the user's own word. */
static void
hidden_code_is_always_asked_about(void **state)
{
	static const char *const codes[] = {"echo ok\xE2\x80\xAE # x",
					    "rm \xE2\x80\x8B-rf x",
					    "curl https://p\xD0\xB0ypal.com",
					    "echo \xD1\x80\xD0\xB0ss",
					    "printf '\x1b[8m'",
					    "echo \xff"};
	static const char *const plain[] = {"ls -l\n\techo \"x\"", "echo 日本語、テスト",
					    "echo é ß Δt",
					    "echo\t日本語\t。\n\techo ❤️"};
	enum err_kind kind;
	struct session s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		begin(&s, true);
		let_all(&s);
		assert_false(passes(&s, codes[i], false, &kind));
		assert_int_equal(kind, ERR_GATE);
		s.conf.on_gate = ON_GATE_IGNORE;
		assert_false(passes(&s, codes[i], false, &kind));
		assert_int_equal(kind, ERR_NONE);
		s.conf.on_gate = ON_GATE_ALLOW;
		assert_true(passes(&s, codes[i], false, &kind));
		s.conf.on_gate = ON_GATE_STOP;
		assert_true(passes(&s, codes[i], true, &kind)); /* typed by the user */
		s.sink.ask = on_ask;
		answer.kind = DECIDE_NO;
		assert_false(passes(&s, codes[i], false, &kind));
		assert_int_equal(asked_times, 1);
		assert_int_equal(s.msgs.at[s.msgs.n - 1].refused, true);
		end(&s);
	}
	for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
		begin(&s, true);
		let_all(&s);
		assert_true(passes(&s, plain[i], false, &kind));
		end(&s);
	}
}

/* --on-gate opens the gate and is no -y: where each step is asked about, it stays so. */
static void
the_gate_is_not_the_question(void **state)
{
	static const char hidden[] = "echo \xE2\x80\x8B";
	enum err_kind kind;
	struct session s;

	(void)state;
	begin(&s, false);
	s.conf.approve = APPROVE_ASK;
	s.conf.on_gate = ON_GATE_ALLOW;
	assert_false(passes(&s, "true", false, &kind));
	assert_int_equal(kind, ERR_GATE);
	end(&s);
	begin(&s, true);
	s.conf.approve = APPROVE_ASK;
	s.conf.on_gate = ON_GATE_ALLOW;
	assert_false(passes(&s, hidden, false, &kind));
	assert_int_equal(kind, ERR_GATE);
	s.conf.approve = APPROVE_NEVER;
	assert_false(passes(&s, hidden, false, &kind));
	assert_int_equal(kind, ERR_NONE);
	end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_opens_the_gate),
	    cmocka_unit_test(only_the_key_does),
	    cmocka_unit_test(the_bytes_shown_are_the_bytes_run),
	    cmocka_unit_test(refused_once_asks_for_ever),
	    cmocka_unit_test(nothing_else_runs_a_step),
	    cmocka_unit_test(deny_needs_no_question),
	    cmocka_unit_test(hidden_code_is_always_asked_about),
	    cmocka_unit_test(the_gate_is_not_the_question),
	    cmocka_unit_test(every_tool_is_in_the_table),
	};

	return cmocka_run_group_tests_name("approve", tests, NULL, NULL);
}
