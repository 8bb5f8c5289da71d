/* The network of a session: what the options say, and the proxy in the loop. See net.h; the
 * question and `/net` are in net_ask.c.
 *
 * The proxy is one more watch of the loop. Whatever it refuses is a fact about the step that
 * runs, and takes the way of the jail's own notices.
 * Pinned by tests/jail/test_network.py and tests/e2e/test_net.py. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/core/gate.h"
#include "agent/net_int.h"

#define NET_TEXT_MAX  1024 /* bytes of what the model is told */
#define NET_NAMED_MAX 12   /* hosts that are named to the model */

/* The whole network is for the user's own hand: not for a file, nor a variable that something
 * may have set. */
static enum err_kind
net_check_host(const struct opts *o, struct err *e)
{
	enum opt_rank rank = opt_rank(o, OPT_ALLOW_NET);

	if (rank == OPT_FROM_ARGV || rank == OPT_FROM_SESSION)
		return ERR_NONE;
	err_set(e, ERR_CONFIG, "%s: 'host', the whole network, may not be set here",
		opt_source(o, OPT_ALLOW_NET));
	err_hint(e, "give it on the command line: --allow-net=host");
	return ERR_CONFIG;
}

/* Before the sandbox is asked: what is wrong is the user's word, not the machine. */
static enum err_kind
net_check_entry(const struct opts *o, const char *entry, struct err *e)
{
	struct net_rule r;
	uint16_t port;

	if (net_rule_parse(entry, &r)) {
		if (!net_rule_local(&r, &port) ||
		    (port != NET_PROXY_PORT && port != NET_NAMES_PORT))
			return ERR_NONE;
		err_set(e, ERR_USAGE, "%s: the sandbox itself listens at port %u",
			opt_source(o, OPT_ALLOW_NET), port);
		err_hint(e, "write NAME=127.0.0.1:PORT and use that name");
		return ERR_USAGE;
	}
	err_set(e, ERR_USAGE, "%s: '%s' is no host", opt_source(o, OPT_ALLOW_NET), entry);
	err_hint(e, NET_ENTRY_HINT);
	return ERR_USAGE;
}

enum err_kind
net_policy(struct app *a, struct sbx_policy *p, bool *ask, struct err *e)
{
	size_t n, kept = 0;
	const char *const *list = opt_list(a->opts, OPT_ALLOW_NET, &n);

	*ask = false;
	if (!opt_is_set(a->opts, OPT_ALLOW_NET))
		return ERR_NONE;
	free(a->net_allow);
	a->net_allow = mem_array(NULL, n + 1, sizeof(*a->net_allow));
	p->net = SBX_NET_LIST;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i], NET_WORD_ASK) == 0)
			*ask = true;
		else if (strcmp(list[i], NET_WORD_HOST) == 0)
			p->net = SBX_NET_HOST;
		else if (strcmp(list[i], NET_WORD_OFF) == 0)
			p->net = SBX_NET_OFF;
		else if (net_check_entry(a->opts, list[i], e))
			return ERR_USAGE;
		else
			a->net_allow[kept++] = list[i];
	}
	a->net_allow[kept] = NULL;
	p->net_allow = a->net_allow;
	return p->net == SBX_NET_HOST ? net_check_host(a->opts, e) : ERR_NONE;
}

/* ---- the proxy ---- */

static void
net_refused(const struct sbx_notice *n, void *arg)
{
	struct net *net = arg;
	struct session *s = net->app->session;
	char msg[1536], hint[3072];

	if (!s || executor_tell(s->executor, n))
		return;
	sbx_notice_text(n, msg, sizeof(msg), hint, sizeof(hint));
	session_notice(s, NOTICE_WARN, "sandbox: %s - %s", msg, hint);
}

static void
net_io(int fd, short revents, void *arg)
{
	struct net *net = arg;

	(void)fd;
	(void)revents;
	/* Each step's result tells what was refused in it. */
	if (net->app->session && net->app->session->steps != net->step) {
		net->step = net->app->session->steps;
		sbx_proxy_forget_told(net->proxy);
		net_new_step(net);
	}
	sbx_proxy_step(net->proxy);
}

bool
net_start(struct net *net, struct sbx_fail *f)
{
	const struct sbx_proxy_opts o = {.ask = net->ask ? net_first_contact : NULL,
					 .refused = net_refused,
					 .remedy = "/net allow ",
					 .arg = net};

	if (net->proxy)
		return true;
	if (!sbx_proxy_new(&net->proxy, &o, f))
		return false;
	loop_watch(net->app->loop, sbx_proxy_fd(net->proxy), POLLIN, net_io, net);
	return true;
}

void
net_describe(struct net *net)
{
	struct buf b = BUF_INIT(NET_TEXT_MAX);
	const char *entry;
	size_t i;

	free(TAKE(net->told));
	if (net->mode == SBX_NET_HOST) {
		net->told = mem_strdup("The network of the machine can be reached.");
		return;
	}
	if (net->mode == SBX_NET_OFF)
		return;
	buf_adds(&b, "Over the network these hosts can be reached, through the proxy that "
		     "HTTP_PROXY names: ");
	for (i = 0; i < NET_NAMED_MAX && (entry = sbx_proxy_entry(net->proxy, i)); i++)
		buf_addf(&b, "%s%.*s", i ? ", " : "", (int)strcspn(entry, "="), entry);
	buf_adds(&b, i == 0 ? "none" : sbx_proxy_entry(net->proxy, i) ? ", and more" : "");
	buf_adds(&b, net->ask ? "; the user is asked about others." : ".");
	net->told = buf_take(&b);
}

enum err_kind
net_open(struct app *a, struct sbx_policy *p, struct err *e)
{
	struct net *net = mem_alloc(sizeof(*net));
	struct sbx_fail f = {0};
	enum err_kind kind;
	bool ask;

	net->app = a;
	a->net = net;
	kind = net_policy(a, p, &ask, e);
	if (kind)
		return kind;
	net->mode = p->net;
	net->ask = ask;
	if (p->net == SBX_NET_LIST) {
		if (!net_start(net, &f))
			return app_sandbox_failed(&f, ERR_SANDBOX, e);
		for (const char *const *i = p->net_allow; i && *i; i++)
			if (!sbx_proxy_allow(net->proxy, *i, &f))
				return app_sandbox_failed(&f, ERR_USAGE, e);
		sbx_session_net(a->sandbox, net->proxy);
	}
	net_describe(net);
	return ERR_NONE;
}

void
net_begin(struct app *a)
{
	const struct executor_attend attend = {
	    .needed = net_question_waits, .attend = net_ask, .arg = a->net};

	a->session->conf.network = a->net->told;
	if (a->net->told) /* turned off later, what came by it is still there */
		gate_widened(a->session);
	executor_set_attend(a->session->executor, &attend);
	if (!a->session->conf.interactive)
		net_warn(a);
}

bool
net_is_off(const struct app *a)
{
	return !a->net || (a->net->mode == SBX_NET_OFF && !a->net->proxy);
}

void
net_close(struct app *a)
{
	struct net *net = TAKE(a->net);

	if (!net)
		return;
	if (net->proxy)
		loop_unwatch(a->loop, sbx_proxy_fd(net->proxy));
	sbx_proxy_free(net->proxy);
	for (size_t i = 0; i < net->nplaces; i++)
		free(net->place[i].host);
	free(net->told);
	free(net);
}

/* ---- what the user sees ---- */

const char *
net_banner(const struct app *a)
{
	static char text[48];
	size_t n = 0;

	switch (a->net->mode) {
	case SBX_NET_OFF:
		return "";
	case SBX_NET_HOST:
		return " · NETWORK OPEN";
	case SBX_NET_LIST:
	default:
		while (sbx_proxy_entry(a->net->proxy, n))
			n++;
		if (n || !a->net->ask)
			snprintf(text, sizeof(text), " · net: %zu host%s%s", n,
				 n == 1 ? "" : "s", a->net->ask ? ", asks" : "");
		else
			snprintf(text, sizeof(text), " · net: asks");
		return text;
	}
}

void
net_warn(struct app *a)
{
	if (a->net->mode == SBX_NET_HOST)
		term_line(a->term, TERM_SIDE, STYLE_WARN,
			  "code reaches the whole network, services of this machine "
			  "included (--allow-net=host)");
}

const char *
net_prompt(const struct app *a)
{
	return a->net->mode == SBX_NET_HOST ? "net=host> " : "> ";
}
