/* Addresses of servers. Pure. */
#ifndef SUNABA_MODEL_ADDR_H
#define SUNABA_MODEL_ADDR_H

#include "agent/base/util.h"

/* "http://" in front when there is no scheme, no trailing slash. NULL: not http or https, or no
 * host. The caller frees it. */
char *addr_base(const char *given);
/* OLLAMA_HOST as Ollama itself reads it: no scheme means http and port 11434, a scheme alone
 * port 80 or 443, an address meaning "all interfaces" becomes loopback. NULL or "": default. */
char *addr_ollama(const char *host);
/* A loopback name or address: localhost, 127.x.x.x, [::1]. */
bool addr_is_local(const char *url);
/* Do both name the same host and port? */
bool addr_same_host(const char *a, const char *b);

#endif
