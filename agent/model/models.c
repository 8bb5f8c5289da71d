/* From what the user asked for to an open model. See models.h.
 *
 * A name is resolved in steps that get dearer: written provider, the address the user gave,
 * family of the name, and only then questions to servers on this machine. A key goes to the
 * address it was made for and nowhere else.
 * Pinned by tests/unit/test_models.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/model/addr.h"
#include "agent/model/curl_lib.h"
#include "agent/model/detect.h"
#include "agent/model/key.h"
#include "agent/model/models.h"
#include "agent/model/vendor.h"

#define CONNECT_LOCAL_MS 3000
#define CONNECT_FAR_MS	 10000
#define FIRST_LOCAL_MS	 600000 /* a local model may have to be loaded first */
#define FIRST_FAR_MS	 120000
#define IDLE_LOCAL_MS	 300000
#define IDLE_FAR_MS	 60000

/* A choice on its way to become a model. */
struct choice {
	const struct vendor *vendor;
	char *model;	    /* NULL: the vendor's default, or ask */
	char *base;	    /* NULL: the vendor's */
	bool base_from_env; /* the vendor's own variable: the vendor's key belongs to it */
};

void
model_split(const char *spec, char **provider, char **model)
{
	size_t n = strcspn(spec, ":/");
	AUTO_FREE char *left = mem_strndup(spec, n);

	*provider = NULL;
	if (vendor_find(left)) {
		*provider = TAKE(left);
		*model = mem_strdup(spec[n] ? spec + n + 1 : "");
	} else {
		*model = mem_strdup(spec);
	}
}

static void
choice_release(struct choice *c)
{
	free(c->model);
	free(c->base);
}

/* The vendor's address from its variables, where the user gave none. */
static enum err_kind
choice_base(struct choice *c, const char *given, struct err *e)
{
	const char *from = given;

	for (size_t i = 0; !from && i < ARRAY_LEN(c->vendor->base_var); i++) {
		from = key_env(c->vendor->base_var[i]);
		c->base_from_env = from != NULL;
	}
	if (!from && strcmp(c->vendor->name, "ollama") == 0)
		c->base = addr_ollama(key_env("OLLAMA_HOST"));
	else if (!from)
		c->base = mem_strdup(c->vendor->base);
	else if (strcmp(c->vendor->name, "ollama") == 0)
		c->base = addr_ollama(from);
	else
		c->base = addr_base(from);
	if (from && !c->base) {
		err_set(e, ERR_USAGE, "'%s' is not the address of a server", from);
		err_hint(e, "it looks like http://127.0.0.1:8080/v1");
		return ERR_USAGE;
	}
	return ERR_NONE;
}

static enum err_kind
choice_unknown(const char *spec, struct err *e)
{
	AUTO_FREE char *left = mem_strndup(spec, strcspn(spec, ":/"));
	const char *near = vendor_nearest(left);

	err_set(e, ERR_USAGE, "no model '%s' is known", spec);
	if (near && spec[strlen(left)])
		err_hint(e, "did you mean '%s%s'?", near, spec + strlen(left));
	else if (near)
		err_hint(e, "did you mean '%s'?", near);
	else
		err_hint(e, "name it as PROVIDER:MODEL, or see: sunaba models");
	return ERR_USAGE;
}

static bool
choice_own_base(const struct model_want *want)
{
	const struct vendor *v = vendor_find("openai");

	return (want->api_base && *want->api_base) || key_env(v->base_var[0]) ||
	       key_env(v->base_var[1]);
}

/* A bare name that one of the servers on this machine has. */
static bool
choice_local(const char *name, struct loop *loop, struct choice *c)
{
	struct model_found_list found = {0};
	bool hit = false;

	if (model_detect(loop, &found, NULL) != ERR_NONE)
		return false;
	for (size_t i = 0; i < found.n && !hit; i++) {
		AUTO_FREE char *provider = NULL;
		AUTO_FREE char *model = NULL;
		size_t n = strlen(name);

		model_split(found.at[i].spec, &provider, &model);
		hit = strncmp(model, name, n) == 0 &&
		      (!model[n] || strcmp(model + n, ":latest") == 0);
		if (hit) {
			c->vendor = vendor_find(provider);
			c->model = TAKE(model);
			c->base = mem_strdup(found.at[i].where);
		}
	}
	model_found_release(&found);
	return hit;
}

/* At an address of the user's own, "mistral/x" is that server's name for a model and no vendor;
 * only "openai/" and "ollama/" are still read as the protocol. */
static bool
choice_is_org(const struct model_want *want, const char *provider)
{
	return want->model[strlen(provider)] == '/' && choice_own_base(want) &&
	       strcmp(provider, "openai") != 0 && strcmp(provider, "ollama") != 0;
}

static enum err_kind
choice_named(const struct model_want *want, struct loop *loop, struct choice *c,
	     struct err *e)
{
	AUTO_FREE char *provider = NULL;
	AUTO_FREE char *model = NULL;

	model_split(want->model, &provider, &model);
	if (provider && choice_is_org(want, provider)) {
		free(provider);
		free(model);
		provider = NULL;
		model = mem_strdup(want->model);
	}
	if (provider)
		c->vendor = vendor_find(provider);
	else if (choice_own_base(want))
		c->vendor = vendor_find("openai");
	else
		c->vendor = vendor_of_model(want->model);
	if (!c->vendor && choice_local(want->model, loop, c))
		return ERR_NONE;
	if (!c->vendor)
		return choice_unknown(want->model, e);
	if (*model)
		c->model = TAKE(model);
	return ERR_NONE;
}

static enum err_kind
choice_none(const struct model_found_list *found, struct err *e)
{
	AUTO_BUF struct buf b = BUF_INIT(sizeof(e->hint));

	if (!found->n) {
		err_set(e, ERR_CONFIG, "no model is configured and none was found");
		err_hint(e, "start a local server (ollama serve), or set a key such as "
			    "OPENAI_API_KEY, or take the offline tour: sunaba -m demo");
		return ERR_CONFIG;
	}
	for (size_t i = 0; i < found->n && b.len < 300; i++)
		buf_addf(&b, "%s%s", i ? ", " : "", found->at[i].spec);
	err_set(e, ERR_CONFIG, "several models were found and none is chosen");
	err_hint(e, "choose one with -m: %s", buf_str(&b));
	return ERR_CONFIG;
}

/* Nobody named a model: an address, a key, or a server on this machine decides. */
static enum err_kind
choice_found(const struct model_want *want, struct loop *loop, struct choice *c,
	     struct err *e)
{
	struct model_found_list found = {0};
	enum err_kind k;

	if (choice_own_base(want)) {
		c->vendor = vendor_find("openai");
		return ERR_NONE;
	}
	for (size_t i = 0; vendor_at(i); i++) {
		const struct vendor *v = vendor_at(i);

		if (v->automatic && (key_env(v->key_var[0]) || key_env(v->key_var[1]))) {
			c->vendor = v;
			return ERR_NONE;
		}
	}
	k = model_detect(loop, &found, e);
	if (k == ERR_NONE && found.n != 1) {
		k = choice_none(&found, e);
	} else if (k == ERR_NONE) {
		AUTO_FREE char *provider = NULL;

		model_split(found.at[0].spec, &provider, &c->model);
		c->vendor = vendor_find(provider);
		c->base = mem_strdup(found.at[0].where);
	}
	model_found_release(&found);
	return k;
}

/* The vendor's key goes to the vendor's address, or to the one its own variable names. */
static bool
choice_key_belongs(const struct choice *c)
{
	return c->base_from_env ||
	       (c->vendor->base && addr_same_host(c->base, c->vendor->base));
}

static enum err_kind
model_set_key(struct model *m, const struct choice *c, const struct model_want *want,
	      struct err *e)
{
	bool given = want->api_key && *want->api_key;
	const char *from = want->api_key_from ? want->api_key_from : "api_key";

	if (given && want->api_key_first)
		return key_resolve(want->api_key, from, &m->key, &m->key_source, e);
	for (size_t i = 0; choice_key_belongs(c) && i < ARRAY_LEN(c->vendor->key_var);
	     i++) {
		const char *v = key_env(c->vendor->key_var[i]);

		if (!v)
			continue;
		if (strpbrk(v, "\r\n")) /* it would end the header line */
			return err_set(e, ERR_AUTH, "the key in %s holds a line break",
				       c->vendor->key_var[i]);
		m->key = mem_strdup(v);
		m->key_source = mem_strdup(c->vendor->key_var[i]);
		return ERR_NONE;
	}
	if (given)
		return key_resolve(want->api_key, from, &m->key, &m->key_source, e);
	if (c->vendor->local || !c->vendor->base ||
	    !addr_same_host(c->base, c->vendor->base))
		return ERR_NONE;
	err_set(e, ERR_AUTH, "no key for '%s': %s is not set", c->vendor->name,
		c->vendor->key_var[0]);
	err_hint(e, "export %s=…, or choose a local model: sunaba models",
		 c->vendor->key_var[0]);
	return ERR_AUTH;
}

static void
model_set_clocks(struct model *m)
{
	m->connect_ms = m->local ? CONNECT_LOCAL_MS : CONNECT_FAR_MS;
	m->first_byte_ms = m->local ? FIRST_LOCAL_MS : FIRST_FAR_MS;
	m->idle_ms = m->local ? IDLE_LOCAL_MS : IDLE_FAR_MS;
}

static enum err_kind
model_build(struct model *m, struct choice *c, const struct model_want *want, struct err *e)
{
	enum err_kind k = ERR_NONE;

	if (!c->vendor->provider) {
		err_set(e, ERR_USAGE, "the provider '%s' is not built yet in this version",
			c->vendor->name);
		err_hint(e, "use a server that speaks the OpenAI or Ollama protocol");
		return ERR_USAGE;
	}
	m->vendor = c->vendor;
	m->provider = provider_find(c->vendor->provider);
	m->tools = MODEL_TOOLS_UNKNOWN;
	if (c->vendor->base) {
		if (!c->base)
			k = choice_base(
			    c, want->api_base && *want->api_base ? want->api_base : NULL,
			    e);
		if (k == ERR_NONE)
			k = model_set_key(m, c, want, e);
		m->local = c->base && addr_is_local(c->base);
		m->base_url = TAKE(c->base);
	}
	if (!c->model && !m->base_url)
		c->model = mem_strdup(c->vendor->model);
	else if (!c->model && c->vendor->model && !m->local && !want->api_base &&
		 !c->base_from_env)
		c->model = mem_strdup(c->vendor->model);
	m->name = TAKE(c->model);
	model_set_clocks(m);
	return k;
}

static enum err_kind
model_finish(struct model *m, const struct model_want *want, struct err *e)
{
	enum err_kind k = ERR_NONE;

	if (want->context > 0) {
		m->context = want->context;
		m->context_source = mem_strdup("config");
	}
	if (!m->base_url && !m->name) {
		err_set(e, ERR_USAGE, "'%s:' needs a file name", m->vendor->name);
		return ERR_USAGE;
	}
	if (m->provider->open)
		k = m->provider->open(m, e);
	if (k == ERR_NONE && m->context <= 0) {
		m->context = 128000;
		m->context_source = mem_strdup("default");
	}
	return k;
}

enum err_kind
model_open(const struct model_want *want, struct loop *loop, struct model **out,
	   struct err *e)
{
	struct choice c = {0};
	struct model *m = mem_alloc(sizeof(*m));
	enum err_kind k;

	*out = NULL;
	m->loop = loop;
	if (want->model && *want->model)
		k = choice_named(want, loop, &c, e);
	else
		k = choice_found(want, loop, &c, e);
	if (k == ERR_NONE)
		k = model_build(m, &c, want, e);
	if (k == ERR_NONE)
		k = model_finish(m, want, e);
	choice_release(&c);
	if (k == ERR_NONE)
		*out = m;
	else
		model_free(m);
	return k;
}

bool
model_preload_busy(void)
{
	return curl_lib_busy();
}

void
model_preload(void)
{
	curl_lib_preload();
}
