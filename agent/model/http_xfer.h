/* The inside of a transfer, shared by http.c and http_setup.c only. */
#ifndef SUNABA_MODEL_HTTP_XFER_H
#define SUNABA_MODEL_HTTP_XFER_H

#include "agent/model/curl_lib.h"
#include "agent/model/http.h"

#define HTTP_GATHER_US 2000 /* how long pieces of a flood may gather */

struct http {
	const struct curl_lib *c;
	struct loop *loop;
	CURLM *multi;
	int active;
	int64_t fed_us; /* when bytes of a body came last */
	int rapid;	/* how often in a row they came within HTTP_GATHER_US */
};

void http_note_fed(struct http *h); /* bytes of a body came */

struct http_xfer {
	struct http *h;
	struct http_request rq;
	struct http_reply res;
	CURL *easy;
	struct curl_slist *headers;
	struct buf in;
	int64_t last_ms;   /* when the last byte came, or the start */
	int64_t told_ms;   /* wait_fn was last called */
	int64_t enough_ms; /* when the receiver had enough, or 0 */
	bool done, begun;
	char errbuf[CURL_ERROR_SIZE];
};

/* Sets every option of x->easy from x->rq. */
void http_setup(struct http_xfer *x);
/* p[0..n) without white space around it, cut to `cap`, NUL-terminated. */
void http_copy(char *out, size_t cap, const char *p, size_t n);

#endif
