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
/* The notebook's part stands in the driver as a string: it is compiled when it is needed. */
EMBED_THREE(driver_py, "NOTEBOOK = r'''", "tools/kernels/notebook.py",
	    "'''\\nDRIVER = r'''", "tools/kernels/driver.py", "'''\\n",
	    "tools/kernels/start.py");
EMBED(driver_js, "tools/kernels/driver.js");
EMBED(driver_rb, "tools/kernels/driver.rb");
EMBED(driver_pl, "tools/kernels/driver.pl");
EMBED(driver_r, "tools/kernels/driver.R");
EMBED(driver_c, "tools/kernels/driver_c.sh");
EMBED(driver_sql, "tools/kernels/driver_sql.py");
EMBED(driver_html, "tools/kernels/driver_html.sh");

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
	.holds = "variables, functions and working folder",
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
	.holds = "variables, imports and working folder",
	.note =
	    "python: display(x) works, open figures become PNG files that the user sees.",
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
	.holds = "variables, imports and working folder",
    },
    {
	.name = "ruby",
	.aliases = NAMES("rb", "irb"),
	.program = "ruby",
	.argv = NAMES("ruby", SBX_SCRIPT_DIR "/driver.rb"),
	.script_name = "driver.rb",
	.driver = driver_rb,
	.driver_end = driver_rb_end,
	.debian = "ruby",
	.about = "Ruby; names persist, the value of a last expression is shown",
	.holds = "variables, required files and working folder",
    },
    {
	.name = "perl",
	.aliases = NAMES("pl", "perl5"),
	.program = "perl",
	.argv = NAMES("perl", SBX_SCRIPT_DIR "/driver.pl"),
	.script_name = "driver.pl",
	.driver = driver_pl,
	.driver_end = driver_pl_end,
	.debian = "perl",
	.about = "Perl; my variables, subs and packages persist",
	.holds = "variables, modules and working folder",
    },
    {
	.name = "r",
	.aliases = NAMES("rscript", "rlang"),
	.program = "R",
	.argv = NAMES("R", "--no-echo", "--no-restore", "--no-save", "--no-init-file",
		      "--file=" SBX_SCRIPT_DIR "/driver.R"),
	.script_name = "driver.R",
	.driver = driver_r,
	.driver_end = driver_r_end,
	.debian = "r-base-core",
	.about = "R; names persist, visible values are printed, plots become PNG files",
	.note = "r: plots are saved as PNG files in the working folder.",
	.holds = "variables, packages and working folder",
    },
    {
	.name = "c",
	.aliases = NAMES("cc", "gcc", "clang"),
	.program = "cc",
	.argv = NAMES("bash", "--noprofile", "--norc", SBX_SCRIPT_DIR "/driver_c.sh"),
	.script_name = "driver_c.sh",
	.driver = driver_c,
	.driver_end = driver_c_end,
	.debian = "gcc libc6-dev",
	.about =
	    "C, compiled with cc and run; only files persist; without main() it is wrapped",
	.note = "c: each step is a whole program, only its files last; without main() it "
		"is wrapped in one.",
    },
    {
	.name = "sql",
	.aliases = NAMES("sqlite", "sqlite3"),
	.program = "python3",
	.argv = NAMES("python3", "-I", "-S", SBX_SCRIPT_DIR "/driver_sql.py"),
	.script_name = "driver_sql.py",
	.driver = driver_sql,
	.driver_end = driver_sql_end,
	.debian = "python3",
	.about = "SQLite: a database in memory persists; ATTACH 'file.db' AS x; .tables, "
		 ".schema",
	.note =
	    "sql: SQLite in memory; ATTACH 'FILE' AS x for files, .tables and .schema show "
	    "what is there.",
	.holds = "database in memory and attachments",
    },
    {
	.name = "html",
	.aliases = NAMES("htm"),
	.program = "bash",
	.argv = NAMES("bash", "--noprofile", "--norc", SBX_SCRIPT_DIR "/driver_html.sh"),
	.script_name = "driver_html.sh",
	.driver = driver_html,
	.driver_end = driver_html_end,
	.debian = "bash",
	.about =
	    "saved as page-N.html in the working folder, not run; the user can open it",
	.note = "html: saved as a file for the user, not run.",
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

void
kernels_add_notes(struct buf *out)
{
	const struct kernel *k;

	for (size_t i = 0; (k = kernel_at(i)); i++)
		if (k->note && kernel_installed(k))
			buf_addf(out, " %s", k->note);
}
