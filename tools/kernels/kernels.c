/* The table of languages. See kernels.h.
 *
 * A row more makes a language more: its driver lies beside this file. The drivers are pinned by
 * tests/unit/test_kernels.c and, in the sandbox, by tests/unit/test_execute.c. */
#include <stdio.h>
#include <strings.h>

#include "agent/base/embed.h"
#include "sandbox/sandbox.h"
#include "tools/kernels/kernels.h"

EMBED(driver_sh, "tools/kernels/driver.sh");
EMBED(driver_py, "tools/kernels/driver.py");
EMBED(driver_js, "tools/kernels/driver.js");

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct kernel kernels[] = {
    {
	.name = "shell",
	.aliases = NAMES("bash", "sh", "zsh", "console", "terminal"),
	.program = "bash",
	/* Read from a command line, messages count the step's own lines and name no file. */
	.argv = NAMES("bash", "--noprofile", "--norc", "-c",
		      ". " SBX_SCRIPT_DIR "/driver.sh; eval \"$_sunaba_loop\"", "bash"),
	.script_name = "driver.sh",
	.driver = driver_sh,
	.driver_end = driver_sh_end,
	.debian = "bash",
	.about = "bash; variables, functions and the working folder persist",
    },
    {
	.name = "python",
	.aliases = NAMES("python3", "py", "ipython"),
	.program = "python3",
	.argv = NAMES("python3", SBX_SCRIPT_DIR "/driver.py"),
	.script_name = "driver.py",
	.driver = driver_py,
	.driver_end = driver_py_end,
	.debian = "python3",
	.about = "Python 3; names persist, the value of a last expression is shown",
    },
    {
	.name = "javascript",
	.aliases = NAMES("js", "node", "nodejs", "mjs"),
	.program = "node",
	.argv = NAMES("node", SBX_SCRIPT_DIR "/driver.js"),
	.script_name = "driver.js",
	.driver = driver_js,
	.driver_end = driver_js_end,
	.debian = "nodejs",
	.about =
	    "Node; names persist, top-level await, the value of a last expression is shown",
    },
};

static bool
kernel_is(const struct kernel *k, const char *language)
{
	if (strcasecmp(k->name, language) == 0)
		return true;
	for (const char *const *a = k->aliases; *a; a++)
		if (strcasecmp(*a, language) == 0)
			return true;
	return false;
}

const struct kernel *
kernel_find(const char *language)
{
	for (size_t i = 0; i < ARRAY_LEN(kernels); i++)
		if (kernel_is(&kernels[i], language))
			return &kernels[i];
	return NULL;
}

const struct kernel *
kernel_at(size_t i)
{
	return i < ARRAY_LEN(kernels) ? &kernels[i] : NULL;
}

bool
kernel_installed(const struct kernel *k)
{
	static const char *const folders[] = {"/usr/local/bin", "/usr/bin", "/bin"};
	char path[256];

	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", folders[i], k->program);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

void
kernels_add_installed(struct buf *out, const char *none)
{
	const char *comma = "";
	const struct kernel *k;

	for (size_t i = 0; (k = kernel_at(i)); i++) {
		if (!kernel_installed(k))
			continue;
		buf_addf(out, "%s%s", comma, k->name);
		comma = ", ";
	}
	if (!*comma)
		buf_adds(out, none);
}
