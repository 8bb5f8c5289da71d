/* The question at the first contact with a host, and `/net`. See net.h.
 *
 * The proxy holds the connection; the step that runs takes the question up in its own turn of
 * the loop (tools/step.c), so that nothing else is on the screen. Outside of a step nobody is
 * asked: a process in the background must not put questions between the user's own words.
 * "Once" and "no" are for the step, which may connect many times. Enter is no.
 * Pinned by tests/e2e/test_net.py. */
#include <string.h>

#include "agent/base/clock.h"
#include "agent/base/mem.h"
#include "agent/net_int.h"
#include "agent/ui/ask.h"

#define NET_LISTEN_MS 10000 /* until the jail must have opened its listeners */
#define NET_TURN_MS   50

static struct net_place *
net_place(struct net *net, const char *host, uint16_t port)
{
	for (size_t i = 0; i < net->nplaces; i++)
		if (net->place[i].port == port && strcmp(net->place[i].host, host) == 0)
			return &net->place[i];
	return NULL;
}

static void
net_drop_place(struct net *net, struct net_place *p)
{
	free(p->host);
	*p = net->place[--net->nplaces];
}

/* What was said for one step is said no more. */
void
net_new_step(struct net *net)
{
	for (size_t i = 0; i < net->nplaces;) {
		struct net_place *p = &net->place[i];

		if (p->said == NET_ASKED)
			sbx_proxy_answer(net->proxy, p->host, p->port, false, false);
		if (p->said != NET_NEVER)
			net_drop_place(net, p);
		else
			i++;
	}
}

static bool
net_can_ask(const struct net *net)
{
	const struct app *a = net->app;

	return a->session && executor_busy(a->session->executor) && !a->jsonl &&
	       term_can_ask(a->term);
}

enum sbx_verdict
net_first_contact(const char *host, uint16_t port, void *arg)
{
	struct net *net = arg;
	struct net_place *p = net_place(net, host, port);

	if (p && p->said == NET_ASKED)
		return SBX_WAIT;
	if (p && p->said == NET_STEP)
		return SBX_ALLOW;
	if (p || !net_can_ask(net) || net->nplaces == NET_PLACES_MAX)
		return SBX_REFUSE;
	net->place[net->nplaces++] =
	    (struct net_place){.host = mem_strdup(host), .port = port};
	return SBX_WAIT;
}

bool
net_question_waits(void *arg)
{
	const struct net *net = arg;

	for (size_t i = 0; i < net->nplaces; i++)
		if (net->place[i].said == NET_ASKED)
			return true;
	return false;
}

static void
net_note(const struct net *net, const struct net_place *p, bool allowed)
{
	AUTO_FREE char *text =
	    mem_printf("%s:%u %s", p->host, p->port, allowed ? "allowed" : "refused");

	transcript_note(net->app->session->transcript, "network", text, NULL);
}

/* Puts one question; false: interrupted, nothing more is asked. */
static bool
net_ask_place(struct net *net, struct net_place *p)
{
	static const struct ask_choice choices[][4] = {
	    {{'o', "once, for this step"},
	     {'a', "always in this session"},
	     {'n', "no (default)"},
	     {'v', "never in this session"}},
	    {{'o', "このステップだけ許可"},
	     {'a', "このセッションでは常に許可"},
	     {'n', "許可しない(既定)"},
	     {'v', "このセッションでは常に拒否"}}};
	enum { ONCE, ALWAYS, NO, NEVER };
	static const enum net_said said[] = {NET_STEP, NET_STEP, NET_NO, NET_NEVER};
	bool ja = term_unicode(net->app->term) && ask_japanese();
	AUTO_FREE char *question = mem_printf(
	    ja ? "コードが %s (ポート %u) に接続しようとしています。許可しますか?"
	       : "The code wants to reach %s, port %u. Allow it?",
	    p->host, p->port);
	struct app *a = net->app;
	size_t chosen = NO;
	enum err_kind kind;
	struct err e = {0};

	kind = ask_key(a->term, a->loop, question, choices[ja], ARRAY_LEN(choices[ja]), NO,
		       &chosen, &e);
	if (kind)
		chosen = NO;
	p->said = said[chosen];
	net_note(net, p, chosen == ONCE || chosen == ALWAYS);
	sbx_proxy_answer(net->proxy, p->host, p->port, chosen == ONCE || chosen == ALWAYS,
			 chosen == ALWAYS);
	if (chosen == ALWAYS) {
		net_describe(net);
		session_set_network(a->session, net->told);
	}
	return kind == ERR_NONE;
}

void
net_ask(void *arg)
{
	struct net *net = arg;
	bool more = true, attached = screen_detach(net->app->screen);

	screen_busy(net->app->screen, false);
	for (size_t i = 0; i < net->nplaces;) {
		struct net_place *p = &net->place[i];

		if (p->said != NET_ASKED) {
			i++;
		} else if (more) {
			more = net_ask_place(net, p);
			i = 0;
		} else {
			sbx_proxy_answer(net->proxy, p->host, p->port, false, false);
			net_drop_place(net, p);
		}
	}
	screen_busy(net->app->screen, true);
	if (attached)
		screen_attach(net->app->screen);
}

/* ---- /net ---- */

static void
net_say(struct app *a, const char *text)
{
	term_line(a->term, TERM_SIDE, STYLE_NOTICE, text);
}

/* Where there is no network namespace, nothing can be opened or closed. Says so. */
static bool
net_fixed(struct app *a)
{
	enum sbx_rung rung = sbx_session_stand(a->sandbox)->rung;

	if (rung == SBX_RUNG_NONE)
		net_say(a, "there is no sandbox: code has the whole network");
	else if (rung == SBX_RUNG_LANDLOCK && a->net->mode != SBX_NET_HOST)
		net_say(a, "network: off; the reduced sandbox has no list of hosts");
	else
		return false;
	return true;
}

static void
net_show(struct net *net)
{
	struct app *a = net->app;
	const char *entry;

	if (net_fixed(a))
		return;
	if (net->mode == SBX_NET_OFF)
		net_say(a, "network: off; /net allow HOST lets code reach a host");
	else if (net->mode == SBX_NET_HOST)
		net_say(a, "network: the whole of this machine's (--allow-net=host)");
	else
		net_say(a, !net->ask ? "network: these hosts"
			   : sbx_proxy_entry(net->proxy, 0)
			       ? "network: these hosts, and you are asked about others"
			       : "network: no host yet, you are asked about each");
	for (size_t i = 0;
	     net->mode == SBX_NET_LIST && (entry = sbx_proxy_entry(net->proxy, i)); i++)
		term_linef(a->term, TERM_SIDE, STYLE_NOTICE, "  %s", entry);
	for (size_t i = 0; i < net->nplaces; i++)
		if (net->place[i].said == NET_NEVER)
			term_linef(a->term, TERM_SIDE, STYLE_NOTICE, "  never: %s",
				   net->place[i].host);
}

static void
net_changed(struct net *net)
{
	net_describe(net);
	session_set_network(net->app->session, net->told);
}

/* The jail opens its listeners when they are wanted for the first time. */
static bool
net_listen(struct net *net)
{
	int64_t end = clock_ms() + NET_LISTEN_MS;
	struct app *a = net->app;

	if (sbx_proxy_listens(net->proxy))
		return true;
	sbx_session_net(a->sandbox, net->proxy);
	while (!sbx_proxy_listens(net->proxy) && clock_ms() < end && !loop_pending(a->loop))
		loop_wait(a->loop, NET_TURN_MS);
	return sbx_proxy_listens(net->proxy);
}

static void
net_allow(struct net *net, const char *entry)
{
	struct app *a = net->app;
	struct sbx_fail f = {0};
	struct err e = {0};
	struct net_rule r;
	struct net_host h;
	uint16_t port;

	if (net_fixed(a))
		return;
	if (net->mode == SBX_NET_HOST) {
		net_say(a, "the whole network is open already (--allow-net=host)");
		return;
	}
	if (strcmp(entry, NET_WORD_HOST) == 0) {
		net_say(a, "the whole network is given on the command line alone: "
			   "--allow-net=host");
		return;
	}
	if (!net_start(net, &f) || !sbx_proxy_allow(net->proxy, entry, &f)) {
		app_sandbox_failed(&f, ERR_USAGE, &e);
		term_error(a->term, &e);
		return;
	}
	net_rule_parse(entry, &r);
	for (size_t i = 0; i < net->nplaces;)
		if (net_host_parse(net->place[i].host, strlen(net->place[i].host), &h) &&
		    net_rule_names(&r, &h))
			net_drop_place(net, &net->place[i]);
		else
			i++;
	if (!net_listen(net)) {
		net_say(a, "the sandbox opened no way out: start again with --allow-net");
		return;
	}
	/* Where code listens there already, it goes on doing so. */
	if (net_rule_local(&r, &port) && port)
		sbx_session_net_local(a->sandbox, port);
	net->mode = SBX_NET_LIST;
	net_changed(net);
	term_linef(a->term, TERM_SIDE, STYLE_NOTICE,
		   "code may reach %s; programs that started before may need /restart",
		   entry);
}

static void
net_off(struct net *net)
{
	if (net_fixed(net->app))
		return;
	if (net->mode == SBX_NET_HOST) {
		net_say(net->app,
			"the whole network was given at the start (--allow-net=host); "
			"start again without it");
		return;
	}
	if (net->proxy)
		sbx_proxy_off(net->proxy);
	while (net->nplaces)
		net_drop_place(net, &net->place[0]);
	net->mode = SBX_NET_OFF;
	net_changed(net);
	net_say(net->app, "network: off, connections are closed");
}

void
net_slash(struct app *a, const char *arg)
{
	size_t n = strcspn(arg, " \t");
	const char *rest = arg + n + strspn(arg + n, " \t");

	if (!*arg)
		net_show(a->net);
	else if (strcmp(arg, "off") == 0)
		net_off(a->net);
	else if (n == 5 && strncmp(arg, "allow", n) == 0 && *rest)
		net_allow(a->net, rest);
	else
		net_say(a,
			"/net shows, /net allow HOST[:PORT] adds a host, /net off closes "
			"all");
}
