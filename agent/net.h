/* The network of a session: what the options allow, the proxy that serves it, the question at
 * the first contact with a host, `/net`. */
#ifndef SUNABA_NET_H
#define SUNABA_NET_H

#include "agent/app.h"

/* Fills p->net and p->net_allow from --allow-net; *ask: hosts outside the list are asked about.
 * `a` owns the list. ERR_USAGE for an entry that is no host, ERR_CONFIG for the whole network
 * from anywhere but the command line. */
enum err_kind net_policy(struct app *a, struct sbx_policy *p, bool *ask, struct err *e);

/* net_policy(), and what serves it, before the jail's set-up. */
enum err_kind net_open(struct app *a, struct sbx_policy *p, struct err *e);
/* Once the session is there: the model is told, steps may wait for the user. */
void net_begin(struct app *a);
void net_close(struct app *a);
/* Code reaches nothing, and no proxy serves the jail. */
bool net_is_off(const struct app *a);

/* " · net: 2 hosts", or "". Static storage. */
const char *net_banner(const struct app *a);
/* A line of warning while the whole network is open. */
void net_warn(struct app *a);
/* The prompt: "> ", or one that says that the whole network is open. */
const char *net_prompt(const struct app *a);
/* `/net`, `/net allow HOST`, `/net off`. */
void net_slash(struct app *a, const char *arg);

#endif
