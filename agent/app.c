/* The parts of a run. See app.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "agent/app.h"
#include "agent/attach.h"
#include "agent/background.h"
#include "agent/staged.h"
#include "agent/base/fs.h"
#include "agent/base/json.h"
#include "agent/base/mem.h"
#include "agent/net.h"
#include "agent/resume.h"
#include "agent/show.h"
#include "agent/ui/width.h"

#define APP_SYSTEM_MAX (256 * KIB) /* bytes of --system FILE */

/* The program that executed this one, beside its folder as it was built, or installed; -1. */
static int
app_front(void)
{
	static const char *const places[] = {"../../sunaba", "../../bin/sunaba"};
	char path[PATH_MAX + 32];
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;
	int fd = -1;

	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	for (size_t i = 0; slash && fd < 0 && i < ARRAY_LEN(places); i++) {
		snprintf(slash + 1, sizeof(path) - (size_t)(slash + 1 - path), "%s",
			 places[i]);
		fd = open(path, O_PATH | O_CLOEXEC);
	}
	return fd;
}

/* As small as it is, it stands sooner than this program would once more. */
enum err_kind
app_start_jail(struct app *a, struct err *e)
{
	AUTO_CLOSE int front = app_front();
	struct sbx_fail f = {0};

	if (sbx_session_start_image(front, &a->sandbox, &f))
		return ERR_NONE;
	return app_sandbox_failed(&f, ERR_SANDBOX, e);
}

static enum term_when
app_color(const struct opts *o)
{
	const char *color = opt_str(o, OPT_COLOR);

	if (strcmp(color, "always") == 0)
		return TERM_ALWAYS;
	return strcmp(color, "never") == 0 ? TERM_NEVER : TERM_AUTO;
}

/* The user's --allow-read paths and the folder where long output is kept. */
static const char *const *
app_read_paths(struct app *a)
{
	size_t n;
	const char *const *list = opt_list(a->opts, OPT_ALLOW_READ, &n);
	const char *files = transcript_files_dir(a->transcript);

	a->read = mem_array(NULL, n + 2, sizeof(*a->read));
	memcpy(a->read, list, n * sizeof(*list));
	a->read[n] = files;
	a->read[n + (files != NULL)] = NULL;
	return a->read;
}

/* Without a jail, a mistake of the model's is the user's own; root's is the machine's. */
static enum err_kind
app_check_no_sandbox(const struct opts *o, struct err *e)
{
	if (!opt_flag(o, OPT_NO_SANDBOX) || geteuid() != 0 || opt_flag(o, OPT_YES_REALLY))
		return ERR_NONE;
	err_set(e, ERR_USAGE, "--no-sandbox is refused for root");
	err_hint(e, "run as an ordinary user; or add --yes-really if this machine may be "
		    "lost");
	return ERR_USAGE;
}

enum err_kind
app_setup_jail(struct app *a, struct sbx_policy *p, struct err *e)
{
	struct sbx_fail f = {0};
	enum err_kind kind;

	p->read = a->read;
	p->workspace = a->workspace;
	kind = staged_open(a, p, e);
	if (!kind && !sbx_session_setup(a->sandbox, p, &f))
		kind = app_policy_failed(a->opts, &f, e);
	return kind;
}

/* Checks the policy and lets the jail set itself up while the rest goes on. */
static enum err_kind
app_open_jail(struct app *a, struct err *e)
{
	AUTO_FREE char *sessions = fs_xdg_path(FS_STATE, "sessions");
	struct sbx_policy p = app_policy(a->opts);
	struct sbx_fail f = {0};
	enum err_kind kind = net_open(a, &p, e);

	if (kind || app_check_no_sandbox(a->opts, e))
		return e->kind;
	if (!sbx_policy_check(&p, a->workspace, &f))
		return app_sandbox_failed(&f, ERR_USAGE, e);
	if (!a->transcript)
		a->transcript = transcript_new(sessions);
	app_read_paths(a);
	return app_setup_jail(a, &p, e);
}

struct term_opts
app_term_opts(const struct opts *o)
{
	if (opt_is_set(o, OPT_AMBIGUOUS_WIDTH))
		width_conf.ambiguous =
		    strcmp(opt_str(o, OPT_AMBIGUOUS_WIDTH), "2") == 0 ? 2 : 1;
	return (struct term_opts){.color = app_color(o),
				  .plain = opt_flag(o, OPT_PLAIN),
				  .raw = opt_flag(o, OPT_RAW) || opt_flag(o, OPT_JSON),
				  .width = (int)opt_int(o, OPT_WIDTH),
				  .quiet = opt_flag(o, OPT_QUIET)};
}

/* What the options had to remark ("the project file may not set 'allow_write'"). */
static void
app_print_notices(struct app *a)
{
	size_t n;
	const char *const *list = opts_notices(a->opts, &n);

	for (size_t i = 0; i < n; i++)
		term_linef(a->term, TERM_SIDE, STYLE_WARN, "sunaba: %s", list[i]);
}

enum err_kind
app_open(struct app *a, bool interactive, struct err *e)
{
	const struct opts *o = a->opts;
	struct term_opts t = app_term_opts(o);
	struct screen_opts s = {.render = opt_flag(o, OPT_RENDER),
				.final_only = opt_flag(o, OPT_QUIET),
				.interactive = interactive,
				.verbose = opt_flag(o, OPT_VERBOSE),
				.files = show_changes,
				.files_arg = a};
	enum err_kind kind = loop_new(&a->loop, e);

	if (kind)
		return kind;
	a->term = term_new(&t);
	s.term = a->term;
	s.loop = a->loop;
	s.can_ask = term_can_ask(a->term);
	a->screen = screen_new(&s);
	app_print_notices(a);
	if (opt_flag(o, OPT_JSON))
		a->jsonl = jsonl_new(a->term);
	return app_open_jail(a, e);
}

struct model_want
app_want(const struct opts *o)
{
	return (struct model_want){.model = opt_str(o, OPT_MODEL),
				   .api_base = opt_str(o, OPT_API_BASE),
				   .api_key = opt_str(o, OPT_API_KEY),
				   .api_key_from = opt_source(o, OPT_API_KEY),
				   .api_key_first =
				       opt_rank(o, OPT_API_KEY) >= OPT_FROM_ENV,
				   .context = opt_int(o, OPT_CONTEXT)};
}

static enum err_kind
app_read_system(struct app *a, struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(APP_SYSTEM_MAX);
	const char *path = opt_str(a->opts, OPT_SYSTEM);
	enum err_kind kind;

	if (!path)
		return ERR_NONE;
	kind = fs_read(path, &text, e);
	if (kind) {
		e->kind = ERR_CONFIG;
		return err_context(e, "--system");
	}
	a->system = buf_take(&text);
	return ERR_NONE;
}

/* The row of a choice's word; the options know no other word. */
static unsigned
app_word(const struct opts *o, int id, const char *const *words, unsigned n)
{
	unsigned i = 0;

	while (i + 1 < n && strcmp(words[i], opt_str(o, id)) != 0)
		i++;
	return i;
}

static struct session_conf
app_conf(const struct app *a, bool interactive)
{
	const struct opts *o = a->opts;
	struct sbx_policy p = app_policy(o);
	struct session_conf c = {
	    .approve = app_word(o, OPT_APPROVE, approve_words, APPROVE_MODES),
	    .max_steps = opt_int(o, OPT_MAX_STEPS),
	    .max_time_ms = opt_int(o, OPT_MAX_TIME),
	    .max_cost = opt_num(o, OPT_MAX_COST),
	    .price_input =
		opt_is_set(o, OPT_PRICE_INPUT) ? opt_num(o, OPT_PRICE_INPUT) : -1,
	    .price_output =
		opt_is_set(o, OPT_PRICE_OUTPUT) ? opt_num(o, OPT_PRICE_OUTPUT) : -1,
	    .temperature =
		opt_is_set(o, OPT_TEMPERATURE) ? opt_num(o, OPT_TEMPERATURE) : -1,
	    .system = a->system,
	    .instructions = opt_str(o, OPT_INSTRUCTIONS),
	    .workspace = a->workspace,
	    .spill_dir = transcript_files_dir(a->transcript),
	    .write = p.write,
	    .staged = a->stage != NULL,
	    .limits = p.limits,
	    .stand = sbx_session_stand(a->sandbox),
	    .execute = execute_limits_default,
	    .interactive = interactive,
	    .trusted = a->trusted,
	    .reads_outside = p.read[0] || p.write[0],
	    .rules = {.allow = opt_list(o, OPT_ALLOW_RULES, NULL),
		      .ask = opt_list(o, OPT_ASK_RULES, NULL),
		      .deny = opt_list(o, OPT_DENY_RULES, NULL)},
	    .on_gate = app_word(o, OPT_ON_GATE, on_gate_words, ON_GATES),
	};

	c.policy = p;
	c.policy.workspace = a->workspace;
	c.policy.read = a->read;
	c.execute.wall_ms = opt_int(o, OPT_STEP_TIMEOUT);
	spotlight_init(&c.spotlight,
		       app_word(o, OPT_SPOTLIGHT, spotlight_words, SPOTLIGHT_MODES));
	return c;
}

/* A cost limit without prices would never be hit: say so before money is spent. */
static enum err_kind
app_check_prices(const struct opts *o, struct err *e)
{
	if (!(opt_num(o, OPT_MAX_COST) > 0) ||
	    (opt_is_set(o, OPT_PRICE_INPUT) && opt_is_set(o, OPT_PRICE_OUTPUT)))
		return ERR_NONE;
	err_set(e, ERR_CONFIG, "--max-cost needs the model's prices");
	err_hint(e, "set price_input and price_output (US dollars a million tokens) in the "
		    "config file");
	return ERR_CONFIG;
}

enum err_kind
app_session(struct app *a, bool interactive, bool need_model, struct err *why,
	    struct err *e)
{
	struct model_want want = app_want(a->opts);
	struct sink sink = a->jsonl ? jsonl_sink(a->jsonl) : screen_sink(a->screen);
	struct model *model = NULL;
	struct session_conf conf;
	enum err_kind kind = app_read_system(a, e);

	if (!kind)
		kind = app_check_prices(a->opts, e);
	if (!kind)
		kind = app_check_on_gate(a->opts, e);
	if (!kind)
		kind = app_look_trust(a, e);
	if (kind)
		return kind;
	kind = model_open(&want, a->loop, &model, why);
	if (kind && (need_model || kind != ERR_CONFIG || want.model)) {
		if (e != why)
			*e = *why;
		return kind;
	}
	kind = resume_check_model(a, model, e);
	if (kind) {
		model_free(model);
		return kind;
	}
	conf = app_conf(a, interactive);
	kind = rules_check(&conf.rules, e);
	if (kind) {
		model_free(model);
		return kind;
	}
	app_trust_tour(model, interactive, &conf);
	a->history = fs_xdg_path(FS_STATE, "history");
	a->session =
	    session_new(&conf, a->loop, a->sandbox, TAKE(a->transcript), model, &sink);
	attach_offer(a);
	net_begin(a);
	return ERR_NONE;
}

void
app_say_rung(struct app *a)
{
	const struct sbx_stand *s = sbx_session_stand(a->sandbox);

	if (s->rung == SBX_RUNG_NONE)
		session_notice(a->session, NOTICE_DANGER,
			       "NO SANDBOX: code runs with all of your rights");
	else if (s->rung == SBX_RUNG_DONOR)
		session_notice(a->session, NOTICE_INFO, "sandbox: %s: %s",
			       sbx_rung_text(s->rung), s->why);
	else if (s->rung != SBX_RUNG_FULL)
		session_notice(a->session, NOTICE_WARN, "sandbox: %s: %s",
			       sbx_rung_text(s->rung), s->why);
	else if (s->why[0])
		session_notice(a->session, NOTICE_INFO, "sandbox: %s", s->why);
	if (s->remedy[0] && s->rung != SBX_RUNG_NONE)
		session_notice(a->session, NOTICE_INFO, "%s", s->remedy);
}

void
app_close(struct app *a)
{
	session_free(TAKE(a->session));
	sbx_session_free(TAKE(a->sandbox));
	net_close(a);
	free(TAKE(a->net_allow));
	staged_close(a);
	transcript_free(TAKE(a->transcript));
	free(TAKE(a->read));
	buf_release(&a->allowed);
	jsonl_free(TAKE(a->jsonl));
	screen_free(TAKE(a->screen));
	term_free(TAKE(a->term));
	loop_free(TAKE(a->loop));
	background_close(a);
	free(TAKE(a->system));
	free(TAKE(a->history));
	resume_close(a);
	free(TAKE(a->picture));
}

int
app_fail(struct app *a, const struct err *e)
{
	if (!a->term)
		a->term = term_new(&(struct term_opts){0});
	term_error(a->term, e);
	return err_exit_code(e->kind);
}

void
app_json_row(struct app *a, const char *const (*pairs)[2], size_t n)
{
	AUTO_BUF struct buf line = BUF_INIT(MIB);
	struct json_writer w = JSON_WRITER(&line);

	json_open(&w, '{');
	for (size_t i = 0; i < n; i++)
		json_kv_str(&w, pairs[i][0], pairs[i][1]);
	json_close(&w, '}');
	buf_addc(&line, '\n');
	term_source(a->term, line.data, line.len);
}

int
app_end(struct app *a, enum err_kind kind, struct err *e)
{
	if (!kind)
		kind = term_flush(a->term, e);
	if (kind)
		app_fail(a, e);
	app_close(a);
	return err_exit_code(kind);
}
