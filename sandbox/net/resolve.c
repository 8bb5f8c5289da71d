/* Names to addresses without blocking the loop: see resolve.h.
 *
 * getaddrinfo() has no way to be waited for or stopped, so a few threads call it; questions and
 * answers are lists under one lock, an eventfd tells of an answer. Whoever lets go last, a
 * thread or the owner, frees the lists: a look-up that hangs holds nobody up.
 *
 * Sources: getaddrinfo(3), pthread_create(3). Pinned by tests/unit/test_proxy.c. */
#include "sandbox/net/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>

#define THREADS_MAX 4
#define STACK_SIZE  (256 * SBX_KIB) /* bytes; name service modules want some */

struct question {
	struct question *next;
	struct resolved answer;
	char host[NET_NAME_MAX + 1];
};

struct resolver {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct question *asked, *done; /* first in, first out; in any order */
	int threads, idle;
	int queued, waiting; /* not begun; begun or not, until taken */
	bool closing;
	int wake;
	sbx_resolve_fn *fn;
	void *arg;
};

static int
look_up(const char *host, struct net_addr *out, int max, void *arg)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *list, *i;
	int n = 0, rc;

	(void)arg;
	rc = getaddrinfo(host, NULL, &hints, &list);
	if (rc == EAI_NONAME || rc == EAI_NODATA)
		return 0;
	if (rc)
		return -1;
	for (i = list; i && n < max; i = i->ai_next)
		n += net_addr_of_sockaddr(i->ai_addr, &out[n]);
	freeaddrinfo(list);
	return n;
}

static void
free_list(struct question *q)
{
	while (q) {
		struct question *next = q->next;

		free(q);
		q = next;
	}
}

static void
destroy(struct resolver *r)
{
	free_list(r->asked);
	free_list(r->done);
	close(r->wake);
	pthread_cond_destroy(&r->more);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

/* With the lock held: the oldest question, or NULL when this thread shall end. */
static struct question *
take_question(struct resolver *r)
{
	struct question *q;

	r->idle++;
	while (!r->asked && !r->closing)
		pthread_cond_wait(&r->more, &r->lock);
	r->idle--;
	if (r->closing)
		return NULL;
	q = r->asked;
	r->asked = q->next;
	r->queued--;
	return q;
}

static void *
work(void *arg)
{
	struct resolver *r = arg;
	struct question *q;
	uint64_t one = 1;
	bool last;

	pthread_mutex_lock(&r->lock);
	while ((q = take_question(r))) {
		pthread_mutex_unlock(&r->lock);
		q->answer.n = r->fn(q->host, q->answer.addr, NET_ADDRS_MAX, r->arg);
		pthread_mutex_lock(&r->lock);
		q->next = r->done;
		r->done = q;
		/* It counts up to 2^64: the write cannot fail. */
		if (!r->closing && write(r->wake, &one, sizeof(one)) < 0)
			break;
	}
	last = --r->threads == 0 && r->closing;
	pthread_mutex_unlock(&r->lock);
	if (last)
		destroy(r);
	return NULL;
}

/* Signals are for the main thread. */
static bool
start_thread(struct resolver *r)
{
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t t;
	bool ok;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ok = pthread_create(&t, &attr, work, r) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	r->threads += ok;
	return ok;
}

bool
resolver_new(struct resolver **out, sbx_resolve_fn *fn, void *arg, struct sbx_fail *f)
{
	int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct resolver *r;

	if (wake < 0)
		return sbx_fail_set(f, "eventfd", errno, NULL);
	r = sbx_grow(NULL, sizeof(*r));
	memset(r, 0, sizeof(*r));
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->more, NULL);
	r->wake = wake;
	r->fn = fn ? fn : look_up;
	r->arg = arg;
	*out = r;
	return true;
}

void
resolver_free(struct resolver *r)
{
	bool last;

	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->closing = true;
	last = r->threads == 0;
	pthread_cond_broadcast(&r->more);
	pthread_mutex_unlock(&r->lock);
	if (last)
		destroy(r);
}

int
resolver_fd(const struct resolver *r)
{
	return r->wake;
}

bool
resolver_ask(struct resolver *r, uint64_t id, const char *host)
{
	struct question *q = sbx_grow(NULL, sizeof(*q)), **end;
	bool ok = true;

	memset(q, 0, sizeof(*q));
	q->answer.id = id;
	memcpy(q->host, host, strnlen(host, NET_NAME_MAX));
	pthread_mutex_lock(&r->lock);
	if (r->queued >= r->idle && r->threads < THREADS_MAX)
		ok = start_thread(r) || r->threads > 0;
	ok = ok && r->waiting < NET_CONNS_MAX;
	if (ok) {
		for (end = &r->asked; *end; end = &(*end)->next)
			;
		*end = q;
		r->queued++;
		r->waiting++;
		pthread_cond_signal(&r->more);
	}
	pthread_mutex_unlock(&r->lock);
	if (!ok)
		free(q);
	return ok;
}

bool
resolver_take(struct resolver *r, struct resolved *out)
{
	struct question *q;
	uint64_t count;

	pthread_mutex_lock(&r->lock);
	q = r->done;
	if (q) {
		r->done = q->next;
		r->waiting--;
	} else if (read(r->wake, &count, sizeof(count)) < 0) {
		/* Nothing came since the last time. */
		errno = 0;
	}
	pthread_mutex_unlock(&r->lock);
	if (!q)
		return false;
	*out = q->answer;
	free(q);
	return true;
}
