/* The detector: sentences of words that matter, with whatever may stand between them, give the same
 * hits whether sentences are passed or all of them read. Two bytes of the input choose a word and
 * what is behind it: places, distances and disguises are reached that bytes alone seldom make. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/gate/scan_int.h"

#define TEXT_MAX (64 * KIB)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* clang-format off */
static const char *const words[] = {
    "ignore", "previous", "instructions", "please", "send", "my", "password", "to",
    "me@x.example", "assistant", "agent", "you", "are", "now", "must", "not", "don't",
    "I'm", "tell", "the", "user", "run", "command", "reply", "with", "only", "note:",
    "important:", "do", "forget", "all", "rules", "act", "as", "system", "prompt", "print",
    "your", "http://a.example/b?c={d}", "token", "key", "secret", "account", "transfer",
    "first", "before", "whoever", "reads", "this", "upload", "delete", "files", "silently",
    "without", "approved", "by", "admin", "new", "task", "job", "mission", "void",
    "context", "summarize", "the", "document", "say", "yes", "hello", "dear", "AI", "model",
    "we", "they", "if", "when", "--force", "-x", "--send-all", "a", "b", "c", "i", "g", "n",
    "o", "r", "e", "foo", "bar", "xyzzy", "thingy", "walking", "along", "river", "sentence",
    "story", "answer", "question", "'t", "l'utilisateur", "can't", "won't", "u8", "x86",
    "2026", "12345", "123-456-789", "aGVsbG8gd29ybGQgdGhpcyBpcw==", "1gn0r3", "file.txt",
    "/etc/passwd", "foo_bar", "getUserName", "internationalization", "supercalifragilistic",
    "SYSTEM", "NOTE", "END", "todo:", "URGENT", "<b>", "</b>", "<!--", "-->", "[x]",
    "<system>", "`ls -la`", "$5", "@name", "これまで", "指示を", "無視", "してください", "送信", "パスワード",
    "すること。", "é", "naïve", "\"", "'", "(", ")", "{", "e.g.", "Mr.", "...", "uploaded",
    "deleted", "sent", "filters", "limits", "pretend", "role", "story", "format", "all",
    "every", "entire", "immediately", "follow", "following", "obey", "below", "ask",
    "mention", "confirm", "warning", "permission", "hide", "\\-\\-account\\-token",
    "\\fB\\-\\-send\\-all\\fR", "\\-", "my $x", "user agent", "read-only", "read\\-only",
    "delete_key", "API_KEY", "[#12](http://a.example/pull/12)", "export", "needs", "notice",
    "Agent::Start(", "std::", "www.x.example", "be", "to be",
    "language", "Copilot,", "モデル", "を", "の", "AIの",
};
static const char *const between[] = {
    " ", " ", " ", " ", " ", " ", " ", " ", "  ", ", ", "- ", " - ", "\n", "\n\t", "_", "-",
    ".", "/", "'", ": ", "; ", ". ", "! ", "? ", "|", " | ", "\"", "(", ") ", "\t", "\n\n",
    "\n- ", "=", "+", "@", "", "&amp;", "\\n", "%20", "}", "{", "[", "]", "<", ">", "`",
    "。", "、", ",", ";", "\x0c", " \n", "\n}",
};
/* clang-format on */

static struct scan *
judge(const struct buf *b, bool all, const struct scan_report **r)
{
	struct scan *s = scan_new();

	s->all = all;
	scan_feed(s, b->data, b->len);
	*r = scan_end(s);
	return s;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_BUF struct buf b = BUF_INIT(TEXT_MAX);
	const struct scan_report *passed, *read;
	struct scan *a, *c;

	for (size_t i = 0; i + 1 < size && b.len < TEXT_MAX / 2; i += 2) {
		buf_adds(&b, words[data[i] % ARRAY_LEN(words)]);
		buf_adds(&b, between[data[i + 1] % ARRAY_LEN(between)]);
	}
	if (b.len == 0)
		return 0;
	a = judge(&b, false, &passed);
	c = judge(&b, true, &read);
	if (passed->nhits != read->nhits || passed->score != read->score ||
	    passed->dropped != read->dropped ||
	    memcmp(passed->hits, read->hits, read->nhits * sizeof(*read->hits)) != 0)
		abort();
	scan_free(a);
	scan_free(c);
	return 0;
}
