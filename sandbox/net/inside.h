/* The network as the jail sees it: what pid 1 does for net/proxy.h outside. */
#ifndef SUNABA_SANDBOX_NET_INSIDE_H
#define SUNABA_SANDBOX_NET_INSIDE_H

#include "sandbox/setup.h"

/* Binds the listeners in this network namespace and hands them out over `rights`; low ports
 * only with the privilege for them. Refuses where this is the host's network. Keeps no
 * descriptor. */
bool inside_listen(int rights, struct sbx_fail *f);
/* The same for one port of the loopback, which is to lead to the host's. */
bool inside_local(int rights, uint16_t port, struct sbx_fail *f);
/* In pid 1, after its namespaces are entered: does what s->net asks for. */
bool inside_begin(struct setup *s, int rights, struct sbx_fail *f);
/* Adds the variables that lead programs to the proxy. */
void inside_env(struct setup *s);
/* For the host's network: a copy of its resolv.conf, taken while its tree is still in reach, over
 * the one of the tree at `root`. What cannot be read is left as it is. */
bool inside_files(int root, struct sbx_fail *f);

#endif
