/* The network of a session: what the options allow, the proxy that serves it, the question at
 * the first contact with a host, `/net`. */
#ifndef SUNABA_NET_H
#define SUNABA_NET_H

#include "agent/app.h"

/* Fills p->net and p->net_allow from --allow-net; *ask: hosts outside the list are asked about.
 * `a` owns the list. ERR_USAGE or ERR_CONFIG for the whole network from anywhere but the command
 * line. */
enum err_kind net_policy(struct app *a, struct sbx_policy *p, bool *ask, struct err *e);

#endif
