/* Options, headers and call-backs of a transfer. See http_xfer.h.
 *
 * Options follow the manual pages of libcurl 7.88. Call-backs only copy; a value that a header
 * carries is kept cut to its field's size. Pinned by tests/unit/test_exchange.c. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "agent/base/mem.h"
#include "agent/model/http_xfer.h"

static size_t
http_on_body(char *p, size_t size, size_t n, void *arg)
{
	struct http_xfer *x = arg;

	http_note_fed(x->h);
	return buf_add(&x->in, p, size * n) ? size * n : 0;
}

void
http_copy(char *out, size_t cap, const char *p, size_t n)
{
	while (n && isspace((unsigned char)*p)) {
		p++;
		n--;
	}
	while (n && isspace((unsigned char)p[n - 1]))
		n--;
	n = MIN_OF(n, cap - 1);
	memcpy(out, p, n);
	out[n] = '\0';
}

/* Also called for 1xx replies and for a proxy's answer to CONNECT: each status line begins the
 * reply anew, so that the last one counts. */
static size_t
http_on_header(char *p, size_t size, size_t n, void *arg)
{
	struct http_xfer *x = arg;
	struct http_reply *r = &x->res;
	const struct {
		const char *name;
		char *to;
		size_t cap;
	} wanted[] = {
	    {"content-type:", r->type, sizeof(r->type)},
	    {"retry-after:", r->retry_after, sizeof(r->retry_after)},
	    {"retry-after-ms:", r->retry_after_ms, sizeof(r->retry_after_ms)},
	    {"x-should-retry:", r->should_retry, sizeof(r->should_retry)},
	    {"location:", r->location, sizeof(r->location)},
	};

	n *= size;
	if (n > 9 && strncasecmp(p, "HTTP/", 5) == 0) {
		const char *sp = memchr(p, ' ', n);

		*r = (struct http_reply){0};
		for (sp = sp ? sp + 1 : p + n; sp < p + n && isdigit((unsigned char)*sp);
		     sp++)
			r->status = r->status < 1000 ? r->status * 10 + (*sp - '0') : 0;
		return n;
	}
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		size_t len = strlen(wanted[i].name);

		if (n > len && strncasecmp(p, wanted[i].name, len) == 0)
			http_copy(wanted[i].to, wanted[i].cap, p + len, n - len);
	}
	for (char *t = r->type; *t; t++)
		*t = (char)tolower((unsigned char)*t);
	return n;
}

/* libcurl's command-line tool reads these, the library does not. Empty means unset. */
static void
http_set_ca(struct http_xfer *x)
{
	const struct curl_lib *c = x->h->c;
	const char *file = getenv("CURL_CA_BUNDLE"), *dir = getenv("SSL_CERT_DIR");

	if (!file || !*file)
		file = getenv("SSL_CERT_FILE");
	if (file && *file)
		c->curl_easy_setopt(x->easy, CURLOPT_CAINFO, file);
	if (dir && *dir)
		c->curl_easy_setopt(x->easy, CURLOPT_CAPATH, dir);
}

static void
http_add_header(struct http_xfer *x, const char *line)
{
	struct curl_slist *l = x->h->c->curl_slist_append(x->headers, line);

	if (!l)
		mem_die("out of memory");
	x->headers = l;
}

static void
http_set_headers(struct http_xfer *x)
{
	const struct http_request *rq = &x->rq;

	http_add_header(x, "Expect:"); /* large bodies would wait a second for a "100" */
	if (rq->body)
		http_add_header(x, "Content-Type: application/json");
	if (rq->key) {
		char *line = mem_printf("Authorization: Bearer %s", rq->key);

		http_add_header(x, line);
		explicit_bzero(line, strlen(line));
		free(line);
	}
	for (size_t i = 0; rq->headers && rq->headers[i]; i++)
		http_add_header(x, rq->headers[i]);
	x->h->c->curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->headers);
}

void
http_setup(struct http_xfer *x)
{
	const struct http_request *rq = &x->rq;
	__typeof__(x->h->c->curl_easy_setopt) set = x->h->c->curl_easy_setopt;

	set(x->easy, CURLOPT_URL, rq->url);
	set(x->easy, CURLOPT_PRIVATE, x);
	set(x->easy, CURLOPT_ERRORBUFFER, x->errbuf);
	set(x->easy, CURLOPT_NOSIGNAL, 1L);
	/* Leaving must not wait for a name server that is silent. */
	set(x->easy, CURLOPT_QUICK_EXIT, 1L);
	set(x->easy, CURLOPT_TCP_KEEPALIVE, 1L);
	set(x->easy, CURLOPT_FOLLOWLOCATION, 0L);
	set(x->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	set(x->easy, CURLOPT_ACCEPT_ENCODING, "");
	set(x->easy, CURLOPT_USERAGENT, "sunaba/" SUNABA_VERSION);
	set(x->easy, CURLOPT_WRITEFUNCTION, http_on_body);
	set(x->easy, CURLOPT_WRITEDATA, x);
	set(x->easy, CURLOPT_HEADERFUNCTION, http_on_header);
	set(x->easy, CURLOPT_HEADERDATA, x);
	if (rq->connect_ms > 0)
		set(x->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)rq->connect_ms);
	if (rq->local)
		set(x->easy, CURLOPT_NOPROXY, "*");
	if (rq->body) {
		set(x->easy, CURLOPT_POST, 1L);
		set(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)rq->body_len);
		set(x->easy, CURLOPT_POSTFIELDS, rq->body);
	}
	http_set_ca(x);
	http_set_headers(x);
}
