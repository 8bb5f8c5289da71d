/* The offline tour. See tour.h, prompts/demo/tour.yaml. Pinned by tests/e2e/test_tour.py. */
#include <string.h>

#include "agent/core/turn.h"
#include "agent/model/provider_demo.h"
#include "agent/tour.h"

bool
tour_is_on(const struct app *a)
{
	return a->session->model && strcmp(a->session->model->provider->name, "demo") == 0;
}

size_t
tour_find(const char *text)
{
	size_t i;
	char number[24];

	for (i = 0; i < demo_count(); i++) {
		snprintf(number, sizeof(number), "%zu", i + 1);
		if (strcmp(text, number) == 0 || strcmp(text, demo_user(i)) == 0)
			break;
	}
	return i;
}

enum err_kind
tour_prepare(struct app *a, const char *text, struct err *e)
{
	size_t i = tour_is_on(a) ? tour_find(text) : demo_count();
	const char *setup = i < demo_count() ? demo_setup(i) : NULL;
	struct step_result r = {0};
	enum err_kind kind;

	if (!setup)
		return ERR_NONE;
	kind = executor_ask(a->session->executor, "shell", setup, &r, e);
	step_result_release(&r);
	return kind;
}

enum err_kind
tour_play(struct app *a, struct err *e)
{
	enum err_kind kind = ERR_NONE;

	for (size_t i = 0; i < demo_count() && !kind; i++) {
		term_linef(a->term, TERM_SIDE, STYLE_H2, "%s── %zu of %zu: %s ──",
			   i ? "\n" : "", i + 1, demo_count(), demo_title(i));
		term_linef(a->term, TERM_SIDE, STYLE_PROMPT, "> %s", demo_user(i));
		kind = tour_prepare(a, demo_user(i), e);
		if (!kind)
			kind = turn_run(a->session, demo_user(i), strlen(demo_user(i)), e);
	}
	return kind;
}
