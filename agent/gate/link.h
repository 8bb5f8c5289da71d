/* Is an action linked to what a tool returned? Pure. (gate.md, rule 2b.)
 *
 * An action is linked when it holds one of these and the thing stands in tool output and in no
 * text of the user:
 *
 *   URL, host, IP		compared by host and path: "hxxps://evil[.]com./x" in the output is
 *				"https://EVIL.com/x" in the action; 2130706433, 0x7f000001 and
 *				0177.0.0.1 are 127.0.0.1
 *   e-mail address, account	IBAN, card, telephone and other numbers of eight digits or more;
 *				separators do not count
 *   command line		three words or more, of shell or of an argument list in another
 *				language, that stand in the output as one line or a run of its words,
 *				or behind the first in any order ("chmod 777 -R x"); the name of a
 *				package whose installation the output asks for;
 *				or two words that change the system (setenforce 0, sh x.sh)
 *   order			a sentence in the imperative that the action prints (echo, print) in the
 *				output's words, four or more
 *   path outside		absolute, ~ or .. and not below the workspace
 *   file			whose text the action runs (sed -n 5p FILE | sh), where a tool
 *				showed the file and the user did not ask to run it
 *
 * What the action hides is looked at too: literals put together by +, ., join, format or adjacency,
 * their escapes, character codes, slices and .replace(); base64 and hexadecimal digits, what is turned
 * round or comes out of rev, tr and sed; variables that it sets itself, $IFS, braces, the folder that
 * it goes to; Punycode.
 * What is looked for is normalised on both sides and hashed, so the cost grows with the bytes of
 * the two and not with their product; with a cache, a text costs once.
 *
 * Not linked, so that ordinary work is not interrupted (each is pinned by tests/unit/test_link.c):
 *  - a host that is a name without dots; and outside a URL or e-mail address, where no program
 *    or function of the network stands before it, one whose last label is also a file's ending,
 *    a method or a field ("data.py", "df.info", "user.name");
 *  - with the network off (`net` false): loopback URLs, hosts and addresses, since nobody but
 *    the sandbox's own processes can be behind them; 0.0.0.0 and ::1 with them;
 *  - the system's own folders, which are read-only to steps (/usr, /bin, /lib, /opt, /etc without
 *    its secrets), /dev/null and its kind, /proc, /sys, what is private to the sandbox (/tmp,
 *    /var/tmp, caches below the home), and names that only look like paths (the route "/login");
 *    other homes, /root, /var, /mnt and ~ with a name behind it are outside;
 *  - other commands of fewer than three words, or one whose words stand in the output but not
 *    together: "python3 analyse.py data.csv" after a listing that names both files; comments;
 *  - a plain number without separators of 8 to 12 digits, unless the output calls it an account,
 *    card or telephone; dates, times, versions, hashes, numbers inside longer words;
 *  - what the model itself wrote before the output said it (`models`).
 *
 * What stands in a user's text is never linked; a user who names a host has not named every URL
 * on it. */
#ifndef SUNABA_GATE_LINK_H
#define SUNABA_GATE_LINK_H

#include <stddef.h>
#include <stdint.h>

#include "agent/base/util.h"

#define LINK_TEXTS_MAX	4096	  /* tool texts; beyond, the answer is "linked" */
#define LINK_TOKENS_MAX 4096	  /* tokens of an action; beyond, the answer is "linked" */
#define LINK_ACTION_MAX (1 * MIB) /* bytes of an action; beyond, the answer is "linked" */

/* In order of weight: with several links the first of this list is reported. */
enum link_kind {
	LINK_URL,
	LINK_EMAIL,
	LINK_ACCOUNT,
	LINK_COMMAND,
	LINK_TEXT, /* an order of the output that the action prints in the same words */
	LINK_FILE, /* a file that a tool showed, whose text the action runs */
	LINK_IP,
	LINK_HOST,
	LINK_PATH,
	LINK_SIZE, /* the action is too large to be looked at whole: treat as linked */
	LINK_KINDS,
};

struct link_text {
	const char *text; /* any bytes */
	size_t len;
	size_t when; /* its place in the conversation; 0: unknown */
	uint64_t id; /* with a cache: names this text and no other, ever; 0: not kept */
};

/* What was read of texts, so that the next action need not read them again: about 9 bytes a word,
 * LINK_CACHE_MAX at most. A text with an id may not change; where workspace, home or network
 * differ it is read anew. */
struct link_cache;
#define LINK_CACHE_MAX (32 * MIB) /* bytes; texts beyond are read each time */
struct link_cache *link_cache_new(void);
void link_cache_free(struct link_cache *c); /* NULL is fine */

struct link_query {
	const char *action; /* the exact bytes that would run, be written or be sent */
	size_t action_len;
	const struct link_text *tools; /* outputs, oldest first */
	size_t ntools;
	const struct link_text *users; /* keystrokes, TASK, the user's files of prompts */
	size_t nusers;
	/* What the model wrote and ran. A thing that it wrote before any tool said it came from
	 * no tool, however often its own steps echo it; needs `when` on both. May be NULL. */
	const struct link_text *models;
	size_t nmodels;
	const char *language; /* of the action, "shell" or "python"; NULL: could be any */
	const char
	    *workspace; /* absolute path without trailing '/'; NULL: no folder is inside */
	const char *home;	  /* the user's home as tools may print it; NULL: unknown */
	bool net;		  /* the action could reach the network */
	struct link_cache *cache; /* or NULL */
};

struct link_hit {
	enum link_kind kind;
	char *token; /* normalised, as compared; hostile: escape for display */
	size_t action_start, action_end; /* where in the action, [start, end) */
	size_t tool;			 /* index into query.tools */
	size_t tool_start, tool_end;	 /* where in that text it stood first */
	size_t first_line, last_line;	 /* 1-based lines of that text */
	size_t lines_start,
	    lines_end; /* its bytes from line start to line end, LF excluded */
};

/* True when the action is linked; *hit is then filled and released by link_hit_release(). */
bool link_find(const struct link_query *q, struct link_hit *hit);
void link_hit_release(struct link_hit *hit);

/* "URL", "e-mail address": for the question and events. */
const char *link_kind_name(enum link_kind k);

#endif
