/* What a reply asks for, read from its calls. See call.h. Pinned by tests/unit/test_call.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/core/call.h"
#include "tools/kernels/kernels.h"

void
call_check_language(struct call *a)
{
	AUTO_BUF struct buf b = BUF_INIT(4 * KIB);
	const struct kernel *k = kernel_find(a->language);

	if (k && kernel_installed(k))
		return;
	if (k)
		buf_addf(&b, "Not run: %s is not installed on this machine. Installed: ",
			 k->name);
	else
		buf_addf(&b,
			 "Not run: there is no language '%.64s'. There are: ", a->language);
	kernels_add_installed(&b, "none");
	a->problem = buf_take(&b);
}

/* Code that is a call once more is what that one says. */
static void
call_mend(struct call *a)
{
	if (!mend_code(a->language, a->code, a->len, &a->mended))
		return;
	a->language = a->mended.language;
	a->code = a->mended.code;
	a->len = strlen(a->code);
}

bool
call_in_fence(const struct fence *f)
{
	return kernel_find(f->language);
}

struct call
call_read_fence(const struct fence *f)
{
	struct call a = {
	    .language = f->language, .code = f->code, .len = f->len, .text = true};

	if (f->closed) {
		call_mend(&a);
		call_check_language(&a);
	} else {
		a.problem =
		    mem_strdup("Not run: the last code block was not closed. Send it "
			       "again, whole, ended by a line of its own with the "
			       "closing fence.");
	}
	return a;
}

/* A whole number, also where it was written as a string. */
static bool
call_number(const cJSON *args, const char *key, int64_t *out)
{
	const char *text = json_str(args, key);
	char *end;

	if (!text)
		return json_int(args, key, out);
	*out = strtoll(text, &end, 10);
	return end != text && !*end;
}

static void
call_read_ask(struct call *a)
{
	a->ask = (struct output_ask){.from = 1};
	if (!call_number(a->args, "step", &a->ask.step))
		a->problem =
		    mem_strdup("Not run: 'step' must be given, the number of a step.");
	else if ((json_get(a->args, "from") &&
		  !call_number(a->args, "from", &a->ask.from)) ||
		 (json_get(a->args, "lines") &&
		  !call_number(a->args, "lines", &a->ask.lines)))
		a->problem = mem_strdup("Not run: 'from' and 'lines' are whole numbers.");
}

static void
call_finish(struct call *a)
{
	a->len = strlen(a->code);
	if (a->len > CALL_CODE_MAX) {
		a->problem =
		    mem_printf("Not run: the code is longer than %zu KiB. Write it in "
			       "smaller steps.",
			       CALL_CODE_MAX / KIB);
		return;
	}
	call_mend(a);
	call_check_language(a);
}

/* A tool that weak models make up: "python", whose arguments are {"code": …} or the code itself. */
static bool
call_of_language(struct call *a, const char *name, const char *args)
{
	const struct kernel *k = kernel_find(name);
	struct err e = {0};

	if (!k)
		return false;
	a->language = k->name;
	if (!json_parse(args, strlen(args), JSON_REPAIR, &a->args, &e))
		a->code = json_str(a->args, "code");
	else
		a->code = args;
	if (!a->code)
		return false;
	call_finish(a);
	return true;
}

/* Reads a call's arguments. A call that cannot be run gets a `problem` for the model. */
struct call
call_read(const struct msg_call *c)
{
	struct call a = {.call_id = c->id, .text = c->text};
	const char *name = c->name + (strncmp(c->name, "functions.", 10) == 0 ? 10 : 0);
	struct err e = {0};

	if (c->cut) {
		a.problem = mem_strdup("Not run: the reply reached the output limit in the "
				       "middle of this call. Call again with shorter code, "
				       "in several steps.");
		return a;
	}
	a.pages = strcmp(name, "output") == 0;
	if (!a.pages && strcmp(name, "execute") != 0) {
		if (call_of_language(&a, name, c->args))
			return a;
		a.problem =
		    mem_printf("Not run: there is no tool '%.64s'. The tools are "
			       "execute {language, code} and output {step, from, lines}.",
			       c->name);
		return a;
	}
	if (json_parse(*c->args ? c->args : "{}", *c->args ? strlen(c->args) : 2,
		       JSON_REPAIR, &a.args, &e)) {
		a.problem =
		    mem_printf("Not run: the arguments are no valid JSON (%s). Call "
			       "%s again with %s.",
			       e.msg, c->name,
			       a.pages ? "{\"step\": …, \"from\": …}"
				       : "{\"language\": …, \"code\": …}");
		return a;
	}
	if (a.pages) {
		call_read_ask(&a);
		return a;
	}
	a.language = json_str(a.args, "language");
	a.code = json_str(a.args, "code");
	if (!a.language || !a.code) {
		a.problem =
		    mem_strdup("Not run: 'language' and 'code' must both be given, as "
			       "strings.");
		return a;
	}
	call_finish(&a);
	return a;
}

void
call_release(struct call *a)
{
	free(a->problem);
	mend_call_release(&a->mended);
	cJSON_Delete(a->args);
}
