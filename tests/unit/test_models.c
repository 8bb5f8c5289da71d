/* Names of models, addresses of servers, keys, and what model_open makes of them. No network. */
#include "tests/unit/cm.h"

#include <stdlib.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/model/addr.h"
#include "agent/model/key.h"
#include "agent/model/models.h"
#include "agent/model/vendor.h"

static void
splits(void **state)
{
	static const struct {
		const char *spec, *provider, *model;
	} rows[] = {
	    {"ollama:llama3:8b", "ollama", "llama3:8b"},
	    {"openai/gpt-4o", "openai", "gpt-4o"},
	    {"openai:org/name", "openai", "org/name"},
	    {"llama3:8b", NULL, "llama3:8b"},
	    {"qwen/qwen3-32b", NULL, "qwen/qwen3-32b"},
	    {"anthropic.claude-3-5-sonnet-20241022-v2:0", NULL,
	     "anthropic.claude-3-5-sonnet-20241022-v2:0"},
	    {"arn:aws:bedrock:us-east-1:1:inference-profile/x", NULL,
	     "arn:aws:bedrock:us-east-1:1:inference-profile/x"},
	    {"groq:llama-3.3-70b", "groq", "llama-3.3-70b"},
	    {"script:/tmp/a:b.yaml", "script", "/tmp/a:b.yaml"},
	    {"demo", "demo", ""},
	    {"", NULL, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *provider, *model;

		model_split(rows[i].spec, &provider, &model);
		if (rows[i].provider)
			assert_string_equal(provider, rows[i].provider);
		else
			assert_null(provider);
		assert_string_equal(model, rows[i].model);
		free(provider);
		free(model);
	}
}

static void
ollama_hosts(void **state)
{
	static const struct {
		const char *host, *url;
	} rows[] = {
	    {NULL, "http://127.0.0.1:11434"},
	    {"", "http://127.0.0.1:11434"},
	    {"1.2.3.4", "http://1.2.3.4:11434"},
	    {":1234", "http://127.0.0.1:1234"},
	    {"1.2.3.4:5678", "http://1.2.3.4:5678"},
	    {"http://1.2.3.4", "http://1.2.3.4:80"},
	    {"https://1.2.3.4", "https://1.2.3.4:443"},
	    {"https://example.com:66000", "https://example.com:443"},
	    {"example.com:66000", "http://example.com:11434"},
	    {"https://example.com/ollama/", "https://example.com:443/ollama"},
	    {"[::1]", "http://[::1]:11434"},
	    {"[::1]:5", "http://[::1]:5"},
	    {"::1", "http://[::1]:11434"},
	    {"0.0.0.0", "http://127.0.0.1:11434"},
	    {"0.0.0.0:99", "http://127.0.0.1:99"},
	    {"[::]", "http://[::1]:11434"},
	    {" \"1.2.3.4\" ", "http://1.2.3.4:11434"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *url = addr_ollama(rows[i].host);

		assert_string_equal(url, rows[i].url);
		free(url);
	}
}

static void
bases(void **state)
{
	static const struct {
		const char *given, *url;
	} rows[] = {
	    {"http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080/v1"},
	    {"127.0.0.1:8080", "http://127.0.0.1:8080"},
	    {"https://api.example.com", "https://api.example.com"},
	    {" http://a//", "http://a"},
	    {"ftp://a", NULL},
	    {"file:///etc/passwd", NULL},
	    {"http://", NULL},
	    {"http:///x", NULL},
	    {"", NULL},
	    {"http://a b", NULL},
	    {"http://a\nb", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *url = addr_base(rows[i].given);

		if (rows[i].url)
			assert_string_equal(url, rows[i].url);
		else
			assert_null(url);
		free(url);
	}
}

static void
loopback(void **state)
{
	static const char *const yes[] = {"http://127.0.0.1:1",	   "http://localhost/v1",
					  "http://LOCALHOST:8080", "http://[::1]:80/x",
					  "http://127.9.9.9",	   "http://a.localhost:1",
					  "http://u:p@127.0.0.1/"};
	static const char *const no[] = {
	    "http://127.example.com",	      "http://10.0.0.1",
	    "http://localhost.example.com",   "https://x/127.0.0.1",
	    "http://127.0.0.1@evil.example/", "http://[::2]"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		assert_true(addr_is_local(yes[i]));
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		assert_false(addr_is_local(no[i]));
	assert_true(addr_same_host("https://A.b/v1", "https://a.b"));
	assert_false(addr_same_host("https://a.b.c/v1", "https://a.b"));
}

static void
families(void **state)
{
	(void)state;
	assert_string_equal(vendor_of_model("gpt-4o")->name, "openai");
	assert_string_equal(vendor_of_model("o1")->name, "openai");
	assert_string_equal(vendor_of_model("o3-mini")->name, "openai");
	assert_string_equal(vendor_of_model("claude-sonnet-4")->name, "anthropic");
	assert_string_equal(vendor_of_model("gemini-2.5-pro")->name, "gemini");
	assert_string_equal(
	    vendor_of_model("anthropic.claude-3-5-sonnet-20241022-v2:0")->name, "bedrock");
	assert_null(vendor_of_model("o1lama"));
	assert_null(vendor_of_model("llama3:8b"));
	assert_null(vendor_of_model("qwen2.5:7b"));
	assert_string_equal(vendor_nearest("opnai"), "openai");
	assert_string_equal(vendor_nearest("olama"), "ollama");
	assert_null(vendor_nearest("zzzzzzz"));
}

/* An environment without anything that names a model. */
static int
clean(void **state)
{
	static const char *const also[] = {"OLLAMA_HOST", "OPENAI_BASE_URL",
					   "OPENAI_API_BASE"};

	(void)state;
	for (size_t i = 0; vendor_at(i); i++)
		for (size_t k = 0; k < 2; k++)
			if (vendor_at(i)->key_var[k])
				unsetenv(vendor_at(i)->key_var[k]);
	for (size_t i = 0; i < ARRAY_LEN(also); i++)
		unsetenv(also[i]);
	return 0;
}

static enum err_kind
try_open(const struct model_want *want, struct model **m, struct err *e)
{
	struct loop *l;
	enum err_kind k;

	err_clear(e);
	assert_int_equal(loop_new(&l, NULL), ERR_NONE);
	k = model_open(want, l, m, e);
	loop_free(l);
	return k;
}

static void
unbuilt_providers_say_so(void **state)
{
	static const char *const names[] = {"azure:x", "anthropic:claude-3", "gemini:x",
					    "bedrock:x", "claude-sonnet-4"};
	struct model *m;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct model_want want = {.model = names[i]};

		assert_int_equal(try_open(&want, &m, &e), ERR_USAGE);
		assert_non_null(strstr(e.msg, "not built yet in this version"));
		assert_null(m);
	}
}

static void
missing_key_names_its_variable(void **state)
{
	struct model_want want = {.model = "groq:llama-3.3-70b"};
	struct model *m;
	struct err e;

	(void)state;
	assert_int_equal(try_open(&want, &m, &e), ERR_AUTH);
	assert_non_null(strstr(e.msg, "GROQ_API_KEY"));
	want.model = "gpt-4o";
	assert_int_equal(try_open(&want, &m, &e), ERR_AUTH);
	assert_non_null(strstr(e.msg, "OPENAI_API_KEY"));
}

static void
keys_stay_with_their_server(void **state)
{
	struct model_want want = {.model = "openai:x", .context = 1000};
	struct model *m;
	struct err e;

	(void)state;
	setenv("OPENAI_API_KEY", "sk-secret", 1);
	assert_int_equal(try_open(&want, &m, &e), ERR_NONE);
	assert_string_equal(m->key, "sk-secret");
	assert_string_equal(m->key_source, "OPENAI_API_KEY");
	assert_string_equal(m->base_url, "https://api.openai.com/v1");
	assert_int_equal(m->context, 1000);
	assert_string_equal(m->context_source, "config");
	assert_false(m->local);
	model_free(m);
	want.api_base = "https://elsewhere.example/v1";
	assert_int_equal(try_open(&want, &m, &e), ERR_NONE);
	assert_null(m->key);
	model_free(m);
	want.api_base = NULL;
	setenv("OPENAI_BASE_URL", "https://elsewhere.example/v1", 1);
	assert_int_equal(try_open(&want, &m, &e), ERR_NONE);
	assert_string_equal(m->key, "sk-secret");
	model_free(m);
	want.model = "groq:x";
	unsetenv("OPENAI_BASE_URL");
	assert_int_equal(try_open(&want, &m, &e), ERR_AUTH);
}

static void
slash_at_an_own_address(void **state)
{
	static const struct {
		const char *given, *model;
	} rows[] = {
	    {"mistral/devstral", "mistral/devstral"},
	    {"openai/gpt-oss", "gpt-oss"},
	    {"mistral:devstral", "devstral"},
	    {"qwen/qwen3", "qwen/qwen3"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct model_want want = {.model = rows[i].given,
					  .api_base = "http://192.0.2.1/v1",
					  .context = 1000};
		struct model *m;
		struct err e;

		assert_int_equal(try_open(&want, &m, &e), ERR_NONE);
		assert_string_equal(m->name, rows[i].model);
		model_free(m);
	}
}

static void
key_options(void **state)
{
	char *key, *source;
	struct err e = {0};

	(void)state;
	setenv("SUNABA_TEST_KEY", "k1", 1);
	assert_int_equal(
	    key_resolve("env:SUNABA_TEST_KEY", "config.yaml:3", &key, &source, &e),
	    ERR_NONE);
	assert_string_equal(key, "k1");
	assert_string_equal(source, "SUNABA_TEST_KEY");
	free(key);
	free(source);
	assert_int_equal(
	    key_resolve("cmd:printf 'k2\\nrest'", "config.yaml:3", &key, &source, &e),
	    ERR_NONE);
	assert_string_equal(key, "k2");
	assert_string_equal(source, "the command in config.yaml:3");
	free(key);
	free(source);
	assert_int_equal(key_resolve("plain", "config.yaml:3", &key, &source, &e),
			 ERR_NONE);
	assert_string_equal(key, "plain");
	assert_string_equal(source, "config.yaml:3");
	free(key);
	free(source);
	assert_int_equal(
	    key_resolve("env:SUNABA_TEST_NONE", "config.yaml:3", &key, &source, &e),
	    ERR_AUTH);
	assert_null(key);
	assert_int_equal(
	    key_resolve("cmd:echo x; exit 3", "config.yaml:3", &key, &source, &e),
	    ERR_AUTH);
	assert_null(key);
	assert_int_equal(key_resolve("cmd:true", "config.yaml:3", &key, &source, &e),
			 ERR_AUTH);
	unsetenv("SUNABA_TEST_KEY");
}

static void
bad_addresses(void **state)
{
	struct model_want want = {.model = "openai:x", .api_base = "ftp://x"};
	struct model *m;
	struct err e;

	(void)state;
	assert_int_equal(try_open(&want, &m, &e), ERR_USAGE);
	assert_non_null(strstr(e.msg, "ftp://x"));
	want.model = "script:";
	want.api_base = NULL;
	assert_int_equal(try_open(&want, &m, &e), ERR_USAGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(splits),
	    cmocka_unit_test(ollama_hosts),
	    cmocka_unit_test(bases),
	    cmocka_unit_test(loopback),
	    cmocka_unit_test(families),
	    cmocka_unit_test_setup(unbuilt_providers_say_so, clean),
	    cmocka_unit_test_setup(missing_key_names_its_variable, clean),
	    cmocka_unit_test_setup_teardown(keys_stay_with_their_server, clean, clean),
	    cmocka_unit_test_setup(slash_at_an_own_address, clean),
	    cmocka_unit_test(key_options),
	    cmocka_unit_test_setup(bad_addresses, clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
