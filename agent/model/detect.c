/* Servers on this machine and their models. See models.h.
 *
 * All known ports are asked at once and get 300 ms together; only loopback, without keys and
 * without proxies. Pinned by tests/unit/test_exchange.c. */
#include <string.h>

#include "agent/base/clock.h"
#include "agent/base/json.h"
#include "agent/base/mem.h"
#include "agent/model/addr.h"
#include "agent/model/detect.h"
#include "agent/model/http.h"
#include "agent/model/key.h"
#include "agent/model/vendor.h"

#define DETECT_MS   300
#define DETECT_BODY (4 * MIB) /* bytes of a list of models */
#define DETECT_MAX  64	      /* models taken from one server */

struct probe {
	const struct vendor *vendor;
	char *base, *url;
	struct buf body;
	struct http_xfer *xfer;
};

void
model_found_add(struct model_found_list *l, const char *spec, const char *where,
		const char *detail)
{
	l->at = mem_array(l->at, l->n + 1, sizeof(*l->at));
	l->at[l->n++] = (struct model_found){.spec = mem_strdup(spec),
					     .where = mem_strdup(where),
					     .detail = mem_strdup(detail)};
}

void
model_found_release(struct model_found_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->at[i].spec);
		free(l->at[i].where);
		free(l->at[i].detail);
	}
	free(l->at);
	*l = (struct model_found_list){0};
}

static enum http_more
probe_body(void *arg, const struct http_reply *r, const char *p, size_t n)
{
	struct probe *pr = arg;

	return r->status == 200 && buf_add(&pr->body, p, n) ? HTTP_MORE : HTTP_STOP;
}

static void
probe_begin(struct probe *pr, const struct vendor *v, struct http *h)
{
	bool ollama = strcmp(v->name, "ollama") == 0;
	struct http_request rq = {
	    .local = true, .connect_ms = DETECT_MS, .body_fn = probe_body, .arg = pr};

	pr->vendor = v;
	pr->body = BUF_INIT(DETECT_BODY);
	pr->base = ollama ? addr_ollama(key_env("OLLAMA_HOST")) : mem_strdup(v->base);
	pr->url = mem_printf("%s%s", pr->base, ollama ? "/api/tags" : "/models");
	rq.url = pr->url;
	if (addr_is_local(pr->base))
		http_begin(h, &rq, &pr->xfer, NULL);
}

static void
probe_detail(const cJSON *row, char *out, size_t cap)
{
	double bytes = json_num(row, "size", 0);
	const char *size = json_str(json_object(row, "details"), "parameter_size");

	if (bytes > 0)
		snprintf(out, cap, "%.1f GB%s%s", bytes / 1e9, size ? ", " : "",
			 size ? size : "");
	else
		out[0] = '\0';
}

static void
probe_read(struct probe *pr, struct model_found_list *out)
{
	cJSON *root = NULL;
	const cJSON *list, *row;
	int n = 0;

	json_parse(buf_str(&pr->body), pr->body.len, JSON_REPAIR, &root, NULL);
	list =
	    json_array(root, strcmp(pr->vendor->name, "ollama") == 0 ? "models" : "data");
	cJSON_ArrayForEach(row, list)
	{
		const char *id =
		    json_str(row, "id") ? json_str(row, "id") : json_str(row, "name");
		char detail[96];

		if (!id || strcasestr(id, "embed") || n++ == DETECT_MAX)
			continue;
		probe_detail(row, detail, sizeof(detail));
		AUTO_FREE char *spec = mem_printf("%s:%s", pr->vendor->name, id);
		model_found_add(out, spec, pr->base, detail);
	}
	cJSON_Delete(root);
}

static void
probe_end(struct probe *pr, struct model_found_list *out)
{
	struct http_reply res = {0};

	if (pr->xfer)
		http_end(pr->xfer, &res);
	if (res.status == 200)
		probe_read(pr, out);
	buf_release(&pr->body);
	free(pr->base);
	free(pr->url);
}

static bool
probes_done(const struct probe *pr, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (pr[i].xfer && !http_done(pr[i].xfer))
			return false;
	return true;
}

enum err_kind
model_detect(struct loop *loop, struct model_found_list *out, struct err *e)
{
	struct probe probes[8] = {0};
	size_t n = 0;
	struct http *h = NULL;
	int64_t end = clock_ms() + DETECT_MS;
	enum err_kind k = http_new(loop, &h, e);

	*out = (struct model_found_list){0};
	if (k != ERR_NONE)
		return k;
	for (size_t i = 0; vendor_at(i) && n < ARRAY_LEN(probes); i++)
		if (vendor_at(i)->local && vendor_at(i)->base)
			probe_begin(&probes[n++], vendor_at(i), h);
	while (!probes_done(probes, n) && clock_ms() < end)
		if (!http_turn(h, MAX_OF(end - clock_ms(), 1)))
			break;
	for (size_t i = 0; i < n; i++)
		probe_end(&probes[i], out);
	http_free(h);
	return ERR_NONE;
}

/* The address that a vendor's variable gives in place of its own, or NULL. */
static const char *
list_base(const struct vendor *v)
{
	const char *base = NULL;

	for (size_t i = 0; i < ARRAY_LEN(v->base_var) && !base; i++)
		base = key_env(v->base_var[i]);
	return base;
}

/* A vendor whose key is set. At another address its usual model means nothing. */
static void
list_vendor(const struct vendor *v, struct model_found_list *out)
{
	const char *var = key_env(v->key_var[0]) ? v->key_var[0] : NULL;
	const char *base = list_base(v);
	AUTO_FREE char *spec = NULL;
	AUTO_FREE char *detail = NULL;

	if (!var || !v->provider || !v->model)
		return;
	spec = mem_printf("%s:%s", v->name, base ? "" : v->model);
	detail = mem_printf("%s is set", var);
	model_found_add(out, spec, base ? base : v->base, detail);
}

enum err_kind
model_list(const struct model_want *want, struct loop *loop, struct model_found_list *out,
	   struct err *e)
{
	enum err_kind k = model_detect(loop, out, e);
	const struct vendor *own = vendor_find("openai");
	const char *base =
	    want && want->api_base && *want->api_base ? want->api_base : NULL;

	if (k != ERR_NONE)
		return k;
	if (want && want->model && *want->model)
		model_found_add(out, want->model, base ? base : "", "configured");
	else if (base)
		model_found_add(out, "openai:", base, "configured; its first model");
	else if (list_base(own) && !key_env(own->key_var[0]))
		model_found_add(out, "openai:", list_base(own),
				"configured; its first model");
	for (size_t i = 0; vendor_at(i); i++)
		list_vendor(vendor_at(i), out);
	return ERR_NONE;
}
