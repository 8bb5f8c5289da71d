/* What net.c and net_ask.c share; nobody else includes this. */
#ifndef SUNABA_NET_INT_H
#define SUNABA_NET_INT_H

#include "agent/net.h"
#include "sandbox/net/proxy.h"

#define NET_WORD_ASK   "ask"  /* ask at the first contact */
#define NET_WORD_HOST  "host" /* the whole network of the host */
#define NET_WORD_OFF   "off"
#define NET_PLACES_MAX 64 /* hosts that the user was asked about and that are remembered */
#define NET_ENTRY_HINT                                               \
	"write HOST, HOST:PORT, .HOST for a name and all below it, " \
	"localhost:PORT, NAME=ADDRESS or NAME=private"

/* A host that no entry lists, and what the user said of it. */
struct net_place {
	char *host;
	uint16_t port;
	enum net_said {
		NET_ASKED,
		NET_STEP,
		NET_NO,
		NET_NEVER
	} said; /* STEP, NO: for this step */
};

struct net {
	struct app *app;
	enum sbx_net mode;
	bool ask;
	struct sbx_proxy *proxy; /* NULL: never needed so far */
	struct net_place place[NET_PLACES_MAX];
	size_t nplaces;
	unsigned step; /* the last in which something was told */
	char *told;    /* what the model is told, or NULL */
};

bool net_start(struct net *net, struct sbx_fail *f);
/* Sets net->told afresh. */
void net_describe(struct net *net);
/* sbx_proxy_opts.ask */
enum sbx_verdict net_first_contact(const char *host, uint16_t port, void *arg);
/* A step begins. */
void net_new_step(struct net *net);
bool net_question_waits(void *arg);
void net_ask(void *arg);

#endif
