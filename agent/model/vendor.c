/* The table of vendors. See vendor.h.
 *
 * Addresses and variables: the vendors' API pages as of 2026-05. Rows without a provider are
 * known by name only, so that asking for them gets a clear answer.
 * Pinned by tests/unit/test_models.c. */
#include <string.h>

#include "agent/model/vendor.h"

static const struct vendor vendors[] = {
    {.name = "openai",
     .provider = "openai",
     .base = "https://api.openai.com/v1",
     .base_var = {"OPENAI_BASE_URL", "OPENAI_API_BASE"},
     .key_var = {"OPENAI_API_KEY"},
     .model = "gpt-4o",
     .automatic = true},
    {.name = "ollama",
     .provider = "ollama",
     .base = "http://127.0.0.1:11434",
     .key_var = {"OLLAMA_API_KEY"},
     .start = "ollama serve",
     .local = true},
    {.name = "llamacpp",
     .provider = "openai",
     .base = "http://127.0.0.1:8080/v1",
     .start = "llama-server -m MODEL.gguf",
     .local = true},
    {.name = "lmstudio",
     .provider = "openai",
     .base = "http://127.0.0.1:1234/v1",
     .start = "lms server start",
     .local = true},
    {.name = "vllm",
     .provider = "openai",
     .base = "http://127.0.0.1:8000/v1",
     .start = "vllm serve MODEL --enable-auto-tool-choice --tool-call-parser PARSER",
     .local = true},
    {.name = "groq",
     .provider = "openai",
     .base = "https://api.groq.com/openai/v1",
     .key_var = {"GROQ_API_KEY"},
     .model = "llama-3.3-70b-versatile",
     .automatic = true},
    {.name = "mistral",
     .provider = "openai",
     .base = "https://api.mistral.ai/v1",
     .key_var = {"MISTRAL_API_KEY"},
     .model = "mistral-large-latest",
     .automatic = true},
    {.name = "deepseek",
     .provider = "openai",
     .base = "https://api.deepseek.com/v1",
     .key_var = {"DEEPSEEK_API_KEY"},
     .model = "deepseek-chat",
     .automatic = true},
    {.name = "openrouter",
     .provider = "openai",
     .base = "https://openrouter.ai/api/v1",
     .key_var = {"OPENROUTER_API_KEY"},
     .model = "openrouter/auto",
     .automatic = true},
    {.name = "xai",
     .provider = "openai",
     .base = "https://api.x.ai/v1",
     .key_var = {"XAI_API_KEY"},
     .model = "grok-4",
     .automatic = true},
    {.name = "together",
     .provider = "openai",
     .base = "https://api.together.xyz/v1",
     .key_var = {"TOGETHER_API_KEY"},
     .model = "meta-llama/Llama-3.3-70B-Instruct-Turbo",
     .automatic = true},
    {.name = "huggingface",
     .provider = "openai",
     .base = "https://router.huggingface.co/v1",
     .key_var = {"HF_TOKEN"},
     .model = "meta-llama/Llama-3.3-70B-Instruct"},
    {.name = "script", .provider = "script", .local = true},
    {.name = "demo", .provider = "demo", .local = true, .model = "tour"},
    {.name = "azure", .key_var = {"AZURE_OPENAI_API_KEY", "AZURE_API_KEY"}},
    {.name = "anthropic", .key_var = {"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"}},
    {.name = "gemini", .key_var = {"GEMINI_API_KEY", "GOOGLE_API_KEY"}},
    {.name = "bedrock", .key_var = {"AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID"}},
};

static const struct {
	const char *prefix, *vendor;
	int64_t context; /* tokens */
} families[] = {
    {"gpt-4.1", "openai", 1047576},    {"gpt-4o", "openai", 128000},
    {"gpt-4-turbo", "openai", 128000}, {"gpt-4", "openai", 8192},
    {"gpt-3.5", "openai", 16385},      {"gpt-5", "openai", 272000},
    {"gpt-", "openai", 128000},	       {"o1", "openai", 200000},
    {"o3", "openai", 200000},	       {"o4", "openai", 200000},
    {"chatgpt", "openai", 128000},     {"claude", "anthropic", 200000},
    {"gemini", "gemini", 1000000},     {"arn:aws:bedrock", "bedrock", 200000},
};

const struct vendor *
vendor_at(size_t i)
{
	return i < ARRAY_LEN(vendors) ? &vendors[i] : NULL;
}

const struct vendor *
vendor_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(vendors); i++)
		if (strcmp(vendors[i].name, name) == 0)
			return &vendors[i];
	return NULL;
}

static const char *
vendor_family(const char *model, int64_t *context)
{
	const char *v;

	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		size_t n = strlen(families[i].prefix);

		if (strncmp(model, families[i].prefix, n) != 0)
			continue;
		/* "o1" and "o1-mini", not "o1lama". */
		if (n == 2 && model[2] && model[2] != '-')
			continue;
		*context = families[i].context;
		return families[i].vendor;
	}
	/* Bedrock: "anthropic.claude-…-v1:0". */
	v = strrchr(model, ':');
	if (v && strchr(model, '.') && v[1] >= '0' && v[1] <= '9' && v - model > 3 &&
	    memmem(model, (size_t)(v - model), "-v", 2)) {
		*context = 200000;
		return "bedrock";
	}
	return NULL;
}

const struct vendor *
vendor_of_model(const char *model)
{
	int64_t context;
	const char *name = vendor_family(model, &context);

	return name ? vendor_find(name) : NULL;
}

int64_t
vendor_context(const char *model)
{
	int64_t context;
	const char *slash = strrchr(model, '/');

	return vendor_family(slash ? slash + 1 : model, &context) ? context : 0;
}

const char *
vendor_start_command(const struct vendor *v, const char *base_url)
{
	static const struct {
		const char *port, *vendor;
	} ports[] = {{":11434", "ollama"},
		     {":8080", "llamacpp"},
		     {":1234", "lmstudio"},
		     {":8000", "vllm"}};

	if (v && v->start)
		return v->start;
	for (size_t i = 0; base_url && i < ARRAY_LEN(ports); i++)
		if (strstr(base_url, ports[i].port))
			return vendor_find(ports[i].vendor)->start;
	return NULL;
}

#define NEAREST_NAME_MAX 24 /* bytes of a name that are compared */

static size_t
vendor_distance(const char *a, const char *b)
{
	size_t row[NEAREST_NAME_MAX + 1], na = strlen(a), nb = strlen(b);

	if (na > NEAREST_NAME_MAX || nb > NEAREST_NAME_MAX)
		return NEAREST_NAME_MAX;
	for (size_t j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t swap = diagonal + (a[i - 1] != b[j - 1]);
			size_t step = MIN_OF(row[j], row[j - 1]) + 1;

			diagonal = row[j];
			row[j] = MIN_OF(swap, step);
		}
	}
	return row[nb];
}

const char *
vendor_nearest(const char *name)
{
	const char *best = NULL;
	size_t least = 3; /* more than two slips is another word */

	for (size_t i = 0; i < ARRAY_LEN(vendors); i++) {
		size_t d = vendor_distance(name, vendors[i].name);

		if (d < least) {
			least = d;
			best = vendors[i].name;
		}
	}
	return best;
}
