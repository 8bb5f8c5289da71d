/* The system prompt and the facts. See prompt.h.
 *
 * The prompt file goes out word for word. What it promises is wider than what the sandbox
 * grants, so the facts that follow say what is true on this machine, and are written afresh for
 * each session. Kept short: a first request is at most 6 KB. Pinned by tests/unit/test_prompt.c. */
#include <string.h>
#include <sys/utsname.h>

#include "agent/base/embed.h"
#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "agent/core/prompt.h"
#include "agent/gate/scan.h"
#include "agent/model/spotlight.h"
#include "sandbox/sandbox.h"
#include "tools/kernels/kernels.h"

EMBED(prompt_open_interpreter, "prompts/open-interpreter.md");

static void
prompt_how_to_run(const struct prompt_facts *f, struct buf *out)
{
	if (!f->run) {
		buf_adds(out, "- Running code is switched off: answer with words only.\n");
		return;
	}
	if (f->tools)
		buf_adds(out,
			 "- To run code, call the tool `execute`. Code in fenced blocks is "
			 "shown to the user and not run.\n");
	else
		buf_adds(
		    out,
		    "- To run code, write one fenced block and name its language: "
		    "```shell. "
		    "Its output comes in the next message. A reply without such a block "
		    "ends the task.\n");
	buf_adds(out, "- Languages: ");
	kernels_add_installed(out, "none");
	buf_adds(out, ". Each keeps its variables, imports and folder from step to step.");
	kernels_add_notes(out);
	buf_adds(out, "\n");
	buf_addf(out,
		 "- Standard input of a step is %s. Output is cut in the middle when it "
		 "is long.",
		 f->terminal
		     ? "empty unless the user comes and types, so ask for nothing there"
		     : "empty");
	if (f->step_timeout_ms > 0)
		buf_addf(out, " A step may take %lld s.",
			 (long long)(f->step_timeout_ms / 1000));
	buf_adds(out, "\n");
	if (f->asks)
		buf_adds(out, "- The user is shown each step and may decline it.\n");
	if (f->spotlight)
		spotlight_explain(f->spotlight, out);
}

static void
prompt_places(const struct prompt_facts *f, enum sbx_rung rung, struct buf *out)
{
	buf_adds(out, "Writable besides: ");
	if (rung == SBX_RUNG_LANDLOCK)
		buf_adds(out, "$TMPDIR (not /tmp) and HOME, both private and empty at the "
			      "start");
	else
		buf_adds(out, "/tmp and HOME, both private and empty at the start");
	for (size_t i = 0; f->write && f->write[i]; i++)
		buf_addf(out, ", %s", f->write[i]);
	if (f->staged)
		buf_adds(out, ". Changes in the workspace wait: the user applies or "
			      "discards them later");
	buf_adds(out,
		 ". The system is read-only; other files of the user are not there.\n");
	if (rung == SBX_RUNG_LANDLOCK)
		buf_adds(out,
			 "- The sandbox is a reduced one: no sockets at all, not even on "
			 "localhost, no shared memory (Python's multiprocessing fails), no "
			 "/dev/shm.\n");
}

char *
prompt_folder(const char *path, bool trusted)
{
	const struct scan_report *report;
	bool plain = trusted && utf8_valid(path, strlen(path));
	struct scan *scan;

	for (const char *p = path; *p && plain; p++)
		plain = (unsigned char)*p >= 0x20 && *p != 0x7F;
	if (!plain)
		return mem_strdup("the current folder");
	scan = scan_text(path, strlen(path), &report);
	plain = !report->alarm;
	scan_free(scan);
	return mem_strdup(plain ? path : "the current folder");
}

static void
prompt_unconfined(const struct prompt_facts *f, struct buf *out)
{
	AUTO_FREE char *folder = prompt_folder(f->workspace, f->trusted);

	buf_addf(out,
		 "- There is no sandbox: code runs on the user's machine with the user's "
		 "rights. Code begins in %s. Change nothing outside of it that the task "
		 "does not need. $TMPDIR goes when the session ends.\n",
		 folder);
}

static void
prompt_sandbox(const struct prompt_facts *f, struct buf *out)
{
	AUTO_FREE char *folder = prompt_folder(f->workspace, f->trusted);
	enum sbx_rung rung = f->stand ? f->stand->rung : SBX_RUNG_FULL;

	if (rung == SBX_RUNG_NONE) {
		prompt_unconfined(f, out);
		return;
	}
	buf_addf(
	    out,
	    "- Code runs in a sandbox on the user's machine, in the workspace: %s (%s). ",
	    folder, f->workspace_readonly ? "read-only" : "writable");
	prompt_places(f, rung, out);
	buf_addf(out, "- %s No sudo.",
		 f->network ? f->network
			    : "The network is off: nothing can be downloaded or installed "
			      "unless the user opens a host (/net allow HOST).");
	if (f->memory)
		buf_addf(out, " Memory: %llu MiB.", (unsigned long long)(f->memory / MIB));
	buf_adds(out, "\n");
}

/* "ja" of "ja_JP.UTF-8" as a name the model knows; NULL for C, POSIX and English. */
static const char *
prompt_language_name(const char *locale)
{
	static const struct {
		const char *code, *name;
	} rows[] = {{"ja", "Japanese"},	  {"zh", "Chinese"}, {"ko", "Korean"},
		    {"de", "German"},	  {"fr", "French"},  {"es", "Spanish"},
		    {"pt", "Portuguese"}, {"it", "Italian"}, {"ru", "Russian"}};

	for (size_t i = 0; locale && i < ARRAY_LEN(rows); i++)
		if (strncmp(locale, rows[i].code, 2) == 0)
			return rows[i].name;
	return NULL;
}

void
prompt_system(const struct prompt_facts *f, struct buf *out)
{
	const char *language = prompt_language_name(f->locale);
	size_t n = (size_t)(prompt_open_interpreter_end - prompt_open_interpreter);

	if (f->system)
		buf_adds(out, f->system);
	else
		buf_add(out, prompt_open_interpreter, n);
	buf_adds(out,
		 "\n\n# Facts about this session\nWhere they differ from the text above, "
		 "these hold.\n");
	buf_addf(out, "- System: %s.\n", f->os);
	buf_addf(out, "- Answer in the language the user writes in%s%s.\n",
		 language ? "; the locale says " : "", language ? language : "");
	prompt_how_to_run(f, out);
	if (f->run)
		prompt_sandbox(f, out);
	if (f->instructions)
		buf_addf(out, "\n# The user's standing instructions\n%s\n",
			 f->instructions);
}

const struct tool_def *
prompt_tool(void)
{
	static struct tool_def def = {
	    .name = "execute",
	    .description =
		"Runs code in the language's persistent interpreter and gives back "
		"its exit status and output.",
	};
	static char *schema;
	AUTO_BUF struct buf b = BUF_INIT(16 * KIB);

	if (schema)
		return &def;
	/* No `enum`: servers that turn the schema into a grammar would cut off a model that
	 * says "bash" or "py"; names and aliases are resolved here. */
	buf_adds(&b,
		 "{\"type\":\"object\",\"properties\":{\"language\":{\"type\":\"string\","
		 "\"description\":\"One of: ");
	kernels_add_installed(&b, "none");
	buf_adds(
	    &b, "\"},\"code\":{\"type\":\"string\",\"description\":\"The code, as it would "
		"stand in a file\"}},\"required\":[\"language\",\"code\"]}");
	schema = buf_take(&b);
	def.schema = schema;
	return &def;
}

const struct tool_def *
prompt_tools(size_t *n)
{
	static struct tool_def both[] = {
	    {0},
	    {.name = "output",
	     .description = "Reads on in the whole output of an earlier step, by lines.",
	     .schema =
		 "{\"type\":\"object\",\"properties\":{"
		 "\"step\":{\"type\":\"integer\",\"description\":\"Number of the step\"},"
		 "\"from\":{\"type\":\"integer\",\"description\":\"First line, from 1; "
		 "negative: from the end\"},"
		 "\"lines\":{\"type\":\"integer\",\"description\":\"At most 400\"}},"
		 "\"required\":[\"step\"]}"},
	};

	both[0] = *prompt_tool();
	*n = ARRAY_LEN(both);
	return both;
}

/* The value of KEY="value" in os-release text, or NULL; the caller's. */
static char *
prompt_release_value(const char *text, const char *key)
{
	size_t nkey = strlen(key);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		if (strncmp(line, key, nkey) == 0 && line[nkey] == '=') {
			line += nkey + 1;
			if (*line == '"')
				line++;
			return mem_strndup(line, strcspn(line, "\"\n"));
		}
	}
	return NULL;
}

char *
prompt_os(void)
{
	AUTO_BUF struct buf b = BUF_INIT(64 * KIB);
	AUTO_FREE char *name = NULL;
	struct utsname u;

	if (fs_read("/etc/os-release", &b, NULL) == ERR_NONE)
		name = prompt_release_value(buf_str(&b), "PRETTY_NAME");
	if (uname(&u) < 0)
		return mem_strdup(name ? name : "Linux");
	return mem_printf("%s, %s", name ? name : u.sysname, u.machine);
}
