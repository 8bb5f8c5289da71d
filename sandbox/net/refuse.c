/* How a connection of the code's is told no: see proxy_int.h.
 *
 * The reason stands in the status line too, since many programs show nothing else of an answer;
 * a TLS client gets the alert that it knows for this. What it still sends is read away before the
 * connection is closed, or a reset would overtake the reason.
 *
 * Sources: RFC 9112 4 (reason phrase), RFC 8446 6.2 (access_denied). Pinned by
 * tests/unit/test_proxy.c. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "sandbox/net/proxy_int.h"

#define AWAY_STEP (4 * SBX_KIB)
#define DRAIN_MAX (64 * SBX_KIB) /* bytes read after a refusal */
#define TEXT_MAX  1024

/* Reads away what still comes, so that the refusal is not lost to a reset. */
void
refuse_ready(struct conn *c)
{
	unsigned char away[AWAY_STEP];
	ssize_t n = 0;

	if (!end_flush(&c->in)) {
		conn_end(c, true);
		return;
	}
	if (!queue_len(&c->in.out) && !c->in.shut) {
		c->in.shut = true;
		shutdown(c->in.w.fd, SHUT_WR);
	}
	for (size_t read = 0; c->in.shut && read < DRAIN_MAX; read += (size_t)n) {
		n = recv(c->in.w.fd, away, sizeof(away), MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
			conn_end(c, false);
			return;
		}
		if (n < 0)
			break;
	}
	conn_watch(c);
}

void
refuse_say(struct conn *c, int status, const char *text)
{
	static const char alert[] = {0x15, 3, 1, 0, 2, 2, 49};
	char answer[3 * TEXT_MAX];
	int n;

	sbx_shut(&c->out.w.fd);
	c->state = CONN_LAST;
	c->deadline = proxy_now() + NET_LINGER_MS;
	if (c->entrance == NET_TLS_PORT) {
		queue_add(&c->in.out, alert, sizeof(alert));
	} else if (c->entrance != NET_NAMES_PORT) {
		n = snprintf(answer, sizeof(answer),
			     "HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
			     "Content-Length: %zu\r\nConnection: close\r\n\r\n%s\n",
			     status, text, strlen(text) + 1, text);
		queue_add(&c->in.out, answer, (size_t)n);
	}
	refuse_ready(c);
}

/* The list's refusal. `why` may be "". */
void
refuse_listed(struct conn *c, const char *why)
{
	char place[NET_NAME_MAX + 16], text[TEXT_MAX];

	proxy_place(&c->host, c->port, place, sizeof(place));
	proxy_tell(c->p, &c->host, c->port, why);
	if (why[0])
		snprintf(text, sizeof(text), "sandbox: host %s not allowed: %s", place,
			 why);
	else
		snprintf(text, sizeof(text), "sandbox: host %s not allowed - %s%s", place,
			 c->p->o.remedy, place);
	refuse_say(c, 403, text);
}

void
refuse_fail(struct conn *c, int status, const char *why)
{
	char text[TEXT_MAX];

	snprintf(text, sizeof(text), "sandbox: host %s: %s", c->host.text, why);
	refuse_say(c, status, text);
}
