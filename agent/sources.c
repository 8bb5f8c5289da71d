/* `/sources`, `/trust`, the question about the folder. See sources.h.
 *
 * The question stands above the first prompt and is answered there with a word, so that who comes
 * with a task in mind types the task: then the folder stays untrusted and is asked about again
 * the next time. Pinned by tests/e2e/test_gate.py. */
#include <string.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/base/sha256.h"
#include "agent/core/gate.h"
#include "agent/sources.h"
#include "agent/trust.h"
#include "agent/ui/ask.h"

#define SOURCES_PART_MAX 1000000 /* number that /trust takes */

static void
say(struct app *a, const char *english, const char *japanese)
{
	term_line(a->term, TERM_SIDE, STYLE_NOTICE, ask_japanese() ? japanese : english);
}

static const char *
part_state(const struct msg *m)
{
	if (m->endorsed)
		return "trusted by you";
	if (m->refused)
		return "refused by you";
	return m->hits ? "reads like instructions" : "";
}

static void
show_part(struct app *a, size_t i)
{
	const struct msg *m = &a->session->msgs.at[i];
	const char *text = m->was ? m->was : m->text;
	const char *source = m->source;
	unsigned char digest[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];

	if (!source)
		source = m->role == MSG_USER   ? "typed by you"
			 : m->role == MSG_TOOL ? "sunaba"
					       : "the model";
	sha256(text, strlen(text), digest);
	sha256_hex(digest, hex);
	term_linef(a->term, TERM_SIDE,
		   m->hits && !m->endorsed && !m->refused ? STYLE_WARN : STYLE_PLAIN,
		   "%4u  %-9s  %8zu B  %.8s  %s%s%s", m->part,
		   msg_label_word(gate_effective(a->session, i)), strlen(text), hex, source,
		   *part_state(m) ? "  · " : "", part_state(m));
}

enum slash_end
slash_sources(struct app *a, const char *arg)
{
	const struct msg_list *l = &a->session->msgs;

	(void)arg;
	term_linef(a->term, TERM_SIDE, STYLE_NOTICE, "this folder is %strusted: %s",
		   a->session->conf.trusted ? "" : "not ", a->workspace);
	for (size_t i = 1; i < l->n; i++)
		show_part(a, i);
	if (l->n < 2)
		term_line(a->term, TERM_SIDE, STYLE_NOTICE, "nothing was said yet");
	else
		term_line(
		    a->term, TERM_SIDE, STYLE_NOTICE,
		    "/trust N trusts a part in this session, /trust folder the folder");
	return SLASH_DONE;
}

static void
set_folder(struct app *a, enum trust_answer answer)
{
	struct err e = {0};

	if (trust_set(a->workspace, answer, &e)) {
		term_error(a->term, &e);
		return;
	}
	a->trust_unasked = false;
	session_set_trusted(a->session, answer == TRUST_YES);
	if (answer == TRUST_YES)
		say(a,
		    "this folder is trusted from now on; 'sunaba trust remove' takes it "
		    "back",
		    "このフォルダーを信頼します (取り消しは 'sunaba trust remove')");
	else
		say(a, "not trusted: what steps read here is followed only with your key",
		    "信頼しません: ここで読んだ内容にもとづく操作は毎回確認します");
}

static void
trust_part(struct app *a, const char *arg)
{
	struct err e = {0};
	bool found = false;
	char *end;
	unsigned long part = strtoul(arg, &end, 10);

	if (*end || part == 0 || part > SOURCES_PART_MAX)
		part = 0;
	if (gate_endorse(a->session, (unsigned)part, &found, &e))
		term_error(a->term, &e);
	else if (found)
		term_linef(a->term, TERM_SIDE, STYLE_NOTICE,
			   "part %lu is trusted in this session", part);
	else
		term_linef(a->term, TERM_SIDE, STYLE_NOTICE,
			   "there is no part '%s' to trust; /sources lists them", arg);
}

enum slash_end
slash_trust(struct app *a, const char *arg)
{
	if (strcmp(arg, "folder") == 0)
		set_folder(a, TRUST_YES);
	else if (!*arg)
		return slash_sources(a, arg);
	else
		trust_part(a, arg);
	return SLASH_DONE;
}

void
sources_ask_folder(struct app *a)
{
	AUTO_FREE char *dir = fs_shorten(a->workspace);

	if (!a->trust_unasked)
		return;
	term_linef(a->term, TERM_SIDE, STYLE_WARN,
		   ask_japanese() ? "このフォルダーの内容を信頼しますか? %s"
				  : "Do you trust what is in this folder? %s",
		   dir);
	say(a,
	    "y: yes, n: no; or just go on. Until you say yes, each step that follows what "
	    "was "
	    "read here asks first.",
	    "y: はい、n: "
	    "いいえ。そのまま作業を始めることもできます。「はい」と答えるまでは、"
	    "ここで読んだ内容にもとづく手順を毎回確認します。");
}

bool
sources_answer(struct app *a, const char *line)
{
	bool yes = strcmp(line, "y") == 0 || strcmp(line, "yes") == 0;
	bool no = strcmp(line, "n") == 0 || strcmp(line, "no") == 0;

	if (!a->trust_unasked)
		return false;
	a->trust_unasked = false;
	if (yes || no)
		set_folder(a, yes ? TRUST_YES : TRUST_NO);
	return yes || no;
}
