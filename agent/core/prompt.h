/* What the model is told before the user's words: the system prompt and the facts. */
#ifndef SUNABA_CORE_PROMPT_H
#define SUNABA_CORE_PROMPT_H

#include "agent/base/buf.h"
#include "agent/model/provider.h"

struct prompt_facts {
	const char *system;	  /* replaces the built-in prompt, or NULL */
	const char *instructions; /* added by the user's config, or NULL */
	const char *workspace;
	bool trusted;	    /* the user trusts what is in it */
	const char *os;	    /* "Debian GNU/Linux 12 (bookworm), x86_64" */
	const char *locale; /* "ja_JP.UTF-8", or NULL */
	bool workspace_readonly;
	bool staged;		  /* changes wait until the user applies them */
	const char *const *write; /* further writable paths, or NULL */
	int64_t step_timeout_ms;
	uint64_t memory;	       /* bytes */
	const char *network;	       /* what can be reached, a sentence; NULL: nothing */
	const struct sbx_stand *stand; /* NULL: the whole jail */
	const struct spotlight *spotlight; /* how tools' words are marked; NULL: not */
	bool tools;			   /* code comes as calls; else as fenced blocks */
	bool run;			   /* code is run at all */
	bool terminal;			   /* the user's can be attached to steps */
	bool asks;			   /* the user is asked before each step */
};

/* How the model is told of a folder: by its path, or "the current folder". A folder's name may be the
 * choice of whoever made the repository, and the words of the program may not be: so it is named
 * only where the user trusts the folder, and never when it could pass for words. The caller frees. */
char *prompt_folder(const char *path, bool trusted);
/* The whole system message. */
void prompt_system(const struct prompt_facts *f, struct buf *out);
/* The tool `execute`, its schema naming the languages that are installed. Static storage. */
const struct tool_def *prompt_tool(void);
/* Both tools, `execute` first, then `output`. Static storage. */
const struct tool_def *prompt_tools(size_t *n);
/* "Debian GNU/Linux 12 (bookworm), x86_64" from /etc/os-release and uname; the caller's. */
char *prompt_os(void);

#endif
