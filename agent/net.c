/* The network of a session. See net.h. Pinned by tests/jail/test_network.py and
 * tests/e2e/test_net.py. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/net.h"
#include "sandbox/net/proxy.h"

#define NET_WORD_ASK  "ask"  /* ask at the first contact */
#define NET_WORD_HOST "host" /* the whole network of the host */
#define NET_WORD_OFF  "off"

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

	if (net_rule_parse(entry, &r))
		return ERR_NONE;
	err_set(e, ERR_USAGE, "%s: '%s' is no host", opt_source(o, OPT_ALLOW_NET), entry);
	err_hint(e, "write HOST, HOST:PORT, .HOST for a name and all below it, "
		    "NAME=ADDRESS or NAME=private");
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
