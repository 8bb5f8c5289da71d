/* Names of files: see names.h. Pinned by tests/unit/test_names.c. */
#include "sandbox/names.h"

#include <fnmatch.h>
#include <string.h>
#include <strings.h>

/* ".sunaba.yaml" is this program's own file of a project. */
static const char *const running[] = {".vscode",   ".idea",  ".envrc",
				      ".mcp.json", ".husky", ".sunaba.yaml"};

static const struct {
	const char *pattern;
	enum name_secret kind;
} secrets[] = {
    /* the first that fits decides */
    {".env.example", SECRET_NO},
    {".env.sample", SECRET_NO},
    {".env.template", SECRET_NO},
    {".env.*.example", SECRET_NO},
    {".env.*.sample", SECRET_NO},
    {".env.*.template", SECRET_NO},
    {".env", SECRET_YES},
    {".env.*", SECRET_YES},
    {"id_rsa", SECRET_YES},
    {"id_dsa", SECRET_YES},
    {"id_ecdsa", SECRET_YES},
    {"id_ed25519", SECRET_YES},
    {"service-account*.json", SECRET_YES},
    {".netrc", SECRET_YES},
    {".pypirc", SECRET_YES},
    {".git-credentials", SECRET_YES},
    {".npmrc", SECRET_TOKEN},
    {"*.pem", SECRET_KEY},
};

bool
name_runs(const char *name)
{
	for (size_t i = 0; i < SBX_LEN(running); i++)
		if (strcasecmp(running[i], name) == 0)
			return true;
	return false;
}

bool
name_skipped(const char *name)
{
	return strcmp(name, "node_modules") == 0 || strcmp(name, ".venv") == 0;
}

enum name_secret
name_secret(const char *name)
{
	/* Most names: no pattern is tried. */
	if (name[0] != '.' && name[0] != 'i' && name[0] != 's' && !strstr(name, ".pem"))
		return SECRET_NO;
	for (size_t i = 0; i < SBX_LEN(secrets); i++)
		if (fnmatch(secrets[i].pattern, name, 0) == 0)
			return secrets[i].kind;
	return SECRET_NO;
}

bool
name_secret_text(enum name_secret kind, const char *text, size_t n)
{
	static const char *const tokens[] = {"_authToken", "_auth", "_password"};

	if (kind == SECRET_KEY)
		return memmem(text, n, "PRIVATE KEY", 11) != NULL;
	for (size_t i = 0; i < SBX_LEN(tokens); i++)
		if (memmem(text, n, tokens[i], strlen(tokens[i])))
			return true;
	return false;
}
