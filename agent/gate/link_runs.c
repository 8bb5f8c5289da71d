/* Files whose text an action runs: sed -n 5p FILE | sh, eval "$(head -1 FILE)", exec(open(FILE).read()).
 *
 * Such an action holds nothing of what it does, so there is nothing to compare: it is linked by the
 * file, when a tool showed it and the user did not ask to run it. Looked for are a program that only
 * reads files in front of a shell, or inside what a shell evaluates; text files handed to a shell; and
 * in other languages what is read from a file that is named, by the call that runs it or by way of a
 * variable. A project's own scripts (run.sh, ./configure) are ordinary work. Pinned by
 * tests/unit/test_link_made.c and tests/fuzz/fuzz_link.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/gate/link_int.h"

#define RUNS_SPAN  200 /* bytes from a call to the file that it reads */
#define RUNS_NAMES 64  /* variables that are followed to a call */

static bool
runs_in(const char *const *list, size_t count, const char *p, size_t n)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(list[i]) == n && memcmp(list[i], p, n) == 0)
			return true;
	return false;
}

static bool
runs_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* ---- shell ---- */

/* A part of a shell's line: a simple command, and what stands before and behind it. */
struct runs_part {
	const char *p;
	size_t n;
};

/* The word at *i of the part, with its quotes; bytes, 0: the end. */
static size_t
part_word(const struct runs_part *s, size_t *i)
{
	size_t from;
	char quote = 0;

	while (*i < s->n && strchr(" \t", s->p[*i]))
		(*i)++;
	for (from = *i; *i < s->n && (quote || !strchr(" \t", s->p[*i])); (*i)++) {
		if (s->p[*i] == quote)
			quote = 0;
		else if (!quote && (s->p[*i] == '"' || s->p[*i] == '\''))
			quote = s->p[*i];
	}
	return *i - from;
}

/* The program of the part without its folder, behind sudo, A=1 and <file; *i behind it. */
static const char *
part_program(const struct runs_part *s, size_t *i, size_t *n)
{
	static const char *const before[] = {"sudo", "env",  "nohup", "exec", "command",
					     "time", "then", "do",    "else", "doas"};
	const char *p, *slash;

	for (*i = 0; (*n = part_word(s, i)) > 0;) {
		p = s->p + *i - *n;
		if (*p == '<' && *n == 1)
			part_word(s, i);
		if (runs_in(before, ARRAY_LEN(before), p, *n) || memchr(p, '=', *n) ||
		    *p == '<')
			continue;
		slash = memrchr(p, '/', *n);
		*n -= slash ? (size_t)(slash + 1 - p) : 0;
		return slash ? slash + 1 : p;
	}
	return NULL;
}

static bool
part_is_shell(const struct runs_part *s, size_t *i)
{
	static const char *const shells[] = {"sh",     "bash", "dash", "zsh", "ksh",
					     "source", ".",    "ash",  "fish"};
	size_t n;
	const char *p = part_program(s, i, &n);

	if (p && n == 5 && memcmp(p, "xargs", 5) == 0) {
		while ((n = part_word(s, i)) > 0)
			if (runs_in(shells, 4, s->p + *i - n, n) ||
			    (n > 2 && memcmp(s->p + *i - n, "-I", 2) == 0 && *i == s->n))
				return true;
		return false;
	}
	return p && runs_in(shells, ARRAY_LEN(shells), p, n);
}

/* The file that a program reads which does nothing but read: its last word; or $(<file). */
static const char *
part_reads(const struct runs_part *s, size_t *n)
{
	static const char *const readers[] = {
	    "cat", "tac",  "head", "tail",    "sed", "grep", "egrep", "fgrep", "rg", "awk",
	    "nl",  "gawk", "cut",  "strings", "tr",  "sort", "uniq",  "jq",    "yq", "rev"};
	const char *p, *file = NULL;
	size_t i, len;

	p = part_program(s, &i, &len);
	if (!p)
		i = 0;
	if (!p ? !s->n || !memchr(s->p, '<', s->n)
	       : !runs_in(readers, ARRAY_LEN(readers), p, len))
		return NULL;
	while ((len = part_word(s, &i)) > 0) {
		p = s->p + i - len;
		if (*p == '<' && len > 1)
			p++, len--;
		if (*p != '-' && *p != '>' && *p != '<' && len > 1) {
			file = p;
			*n = len;
		}
	}
	return file;
}

struct runs {
	link_made_fn *found;
	void *ctx;
	const char *p; /* the action */
};

static void
runs_found(const struct runs *r, const char *file, size_t n)
{
	const char *slash;
	size_t from = (size_t)(file - r->p), to = from + n;

	while (n > 0 && strchr("\"'`", *file))
		file++, n--;
	while (n > 0 && strchr("\"'`)", file[n - 1]))
		n--;
	slash = memrchr(file, '/', n);
	if (slash) {
		n -= (size_t)(slash + 1 - file);
		file = slash + 1;
	}
	if (n > 1)
		r->found(r->ctx, file, n, from, to);
}

/* Text by its name, and no program: "notes.txt". */
static bool
runs_is_text(const char *p, size_t n)
{
	static const char *const ends[] = {".md",   ".txt",  ".log",  ".csv",
					   ".json", ".rst",  ".html", ".yaml",
					   ".yml",  ".toml", ".ini",  ".cfg"};

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		size_t k = strlen(ends[i]);

		if (n > k && memcmp(p + n - k, ends[i], k) == 0)
			return true;
	}
	return false;
}

/* A shell, whose name ends at `behind`, that gets a file: "sh < FILE", "< FILE sh", "bash notes.txt". */
static void
runs_given(const struct runs *r, const struct runs_part *s, size_t behind)
{
	bool in = false;
	size_t i = 0, n;

	while ((n = part_word(s, &i)) > 0) {
		const char *p = s->p + i - n;

		if (*p == '<' && n > 1 && p[1] != '<' && p[1] != '(')
			runs_found(r, p + 1, n - 1);
		else if (in || (i > behind && *p != '-' && runs_is_text(p, n)))
			runs_found(r, p, n);
		in = n == 1 && *p == '<';
	}
}

/* The end of the simple command at i: ; | & ( ) ` or the line's, outside of single quotes. */
static size_t
runs_part_end(const char *p, size_t n, size_t i)
{
	for (bool quote = false; i < n && p[i] != '\n'; i++) {
		quote ^= p[i] == '\'';
		if (!quote && strchr(";|&()`", p[i]))
			break;
	}
	return i;
}

/* The word of the line that ends before i, blanks and quotes skipped: its bytes, *i where it begins. */
static size_t
runs_word_before(const char *p, size_t *i)
{
	size_t end;

	while (*i > 0 && strchr("\"' \t", p[*i - 1]))
		(*i)--;
	for (end = *i; *i > 0 && !strchr(" \t\n;|&(/", p[*i - 1]);)
		(*i)--;
	return end - *i;
}

/* Before i stands what makes a command of what is printed there: eval "$(, bash <(, or nothing. */
static bool
runs_evaluated(const char *p, size_t i)
{
	static const char *const words[] = {"eval", "source", ".",    "bash",
					    "sh",   "zsh",    "dash", "ksh"};
	size_t n;

	if (i > 1 && p[i - 1] == '(' && (p[i - 2] == '$' || p[i - 2] == '<'))
		i -= 2;
	else if (i > 0 && p[i - 1] == '`')
		i--;
	else
		return false;
	n = runs_word_before(p, &i);
	if (n > 0 && p[i] == '-' && p[i + n - 1] == 'c') /* bash -lc */
		n = runs_word_before(p, &i);
	return n == 0 || runs_in(words, ARRAY_LEN(words), p + i, n);
}

static void
runs_shell(const struct runs *r, size_t n)
{
	const char *p = r->p, *pending = NULL; /* read by a part in front of a pipe */
	size_t pending_n = 0, end, at, len;

	for (size_t i = 0; i < n; i = end + 1) {
		struct runs_part s = {p + i, 0};
		const char *file;

		end = runs_part_end(p, n, i);
		s.n = end - i;
		file = part_reads(&s, &len);
		if (file && runs_evaluated(p, i))
			runs_found(r, file, len);
		if (part_is_shell(&s, &at)) {
			if (pending)
				runs_found(r, pending, pending_n);
			runs_given(r, &s, at);
		}
		if (file) {
			pending = file;
			pending_n = len;
		}
		if (end >= n || p[end] != '|' || (end + 1 < n && p[end + 1] == '|'))
			pending = NULL;
	}
}

/* ---- other languages ---- */

/* Each with "(" behind it. */
static const char *const runs_calls[] = {
    "exec",	 "eval",	 "system", "popen",	 "subprocess.run",
    "execSync",	 "check_output", "Popen",  "check_call", "subprocess.call",
    "getoutput", "spawnSync",	 "source", "execfile",
};
static const char *const runs_reads[] = {
    "open(", "Path(", "readFileSync(", "readFile(", "file(", "readLines(", "File.read("};

/* The file that is read at p[i..n): a string right behind what reads; not to be written. */
static const char *
reads_at(const char *p, size_t n, size_t i, size_t *len)
{
	for (size_t k = 0; k < ARRAY_LEN(runs_reads); k++) {
		size_t at = i + strlen(runs_reads[k]);
		const char *end;

		if (at >= n || memcmp(p + i, runs_reads[k], at - i) != 0 ||
		    !strchr("\"'`", p[at]) || !p[at])
			continue;
		end = memchr(p + at + 1, p[at], n - at - 1);
		if (!end || memchr(p + at + 1, '\n', (size_t)(end - p) - at - 1))
			continue;
		*len = (size_t)(end - p) - at - 1;
		end++;
		if ((size_t)(end - p) + 4 < n && memmem(end, 5, "'w", 2))
			continue;
		return p + at + 1;
	}
	return NULL;
}

/* The name that "x = " or "for x in " before i gives what is read there; bytes. */
static size_t
reads_into(const char *p, size_t i, const char **name)
{
	size_t end;

	while (i > 0 && p[i - 1] == ' ')
		i--;
	if (i > 0 && p[i - 1] == '=')
		i--;
	else if (i > 2 && memcmp(p + i - 3, " in", 3) == 0)
		i -= 3;
	else
		return 0;
	while (i > 0 && p[i - 1] == ' ')
		i--;
	for (end = i; i > 0 && runs_word_char(p[i - 1]);)
		i--;
	*name = p + i;
	return end - i;
}

/* Something that runs commands is called with what begins with the name; or, with none, in the line
 * before `to`. */
static bool
runs_called(const char *p, size_t n, const char *name, size_t len)
{
	for (size_t k = 0; k < ARRAY_LEN(runs_calls); k++) {
		size_t size = strlen(runs_calls[k]);
		const char *at = p;

		while ((at = memmem(at, n - (size_t)(at - p), runs_calls[k], size))) {
			size_t i = (size_t)(at - p) + size + 1;

			at++;
			if (i > n || p[i - 1] != '(')
				continue;
			if (len == 0 || (n - i > len && memcmp(p + i, name, len) == 0 &&
					 !runs_word_char(p[i + len])))
				return true;
		}
	}
	return false;
}

static void
runs_other(const struct runs *r, size_t n)
{
	const char *p = r->p;
	unsigned names = 0;

	for (size_t i = 0; i < n; i++) {
		const char *file, *name = NULL, *lf;
		size_t len, from = i > RUNS_SPAN ? i - RUNS_SPAN : 0, nname;

		if (!strchr("oPrfF", p[i]) || (i > 0 && runs_word_char(p[i - 1])) ||
		    !(file = reads_at(p, n, i, &len)))
			continue;
		lf = memrchr(p + from, '\n', i - from);
		from = lf ? (size_t)(lf - p) : from;
		nname = reads_into(p, i, &name);
		if ((runs_is_text(file, len) && runs_called(p + from, i - from, NULL, 0)) ||
		    (nname > 0 && names++ < RUNS_NAMES && runs_called(p, n, name, nname)))
			runs_found(r, file, len);
	}
}

void
link_runs(const char *p, size_t n, bool shell, link_made_fn *found, void *ctx)
{
	struct runs r = {found, ctx, p};

	if (shell)
		runs_shell(&r, n);
	runs_other(&r, n);
}

/* ---- who knows of the file ---- */

/* The name stands in the text, and is no part of a longer one. */
static const char *
shown_in(const struct link_text *t, const char *name, size_t n)
{
	const char *at = t->text, *end = t->text + t->len;

	for (; at && (at = memmem(at, (size_t)(end - at), name, n)); at++)
		if ((at == t->text || !runs_word_char(at[-1])) &&
		    (at + n == end || !runs_word_char(at[n])))
			return at;
	return NULL;
}

/* The user names the file and asks to run something. */
static bool
shown_asked(const struct link_text *t, const char *name, size_t n)
{
	static const char *const words[] = {"run",  "Run",     "RUN",
					    "runs", "running", "Running"};
	static const char *const stems[] = {"execut", "Execut", "実行", "ausführ",
					    "exécut", "ejecut", "执行", "运行"};

	if (!shown_in(t, name, n))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (shown_in(t, words[i], strlen(words[i])))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(stems); i++)
		if (memmem(t->text, t->len, stems[i], strlen(stems[i])))
			return true;
	return false;
}

bool
link_shown(const struct link_query *q, const char *name, size_t n, size_t *tool,
	   size_t *start, size_t *end)
{
	size_t when = SIZE_MAX; /* the first of the model's texts that names it */

	*start = *end = 0;
	for (size_t i = 0; i < q->nusers; i++)
		if (shown_asked(&q->users[i], name, n))
			return false;
	for (*tool = 0; *tool < q->ntools; (*tool)++) {
		const struct link_text *t = &q->tools[*tool];
		const char *at = shown_in(t, name, n);

		if (!at)
			continue;
		*start = (size_t)(at - t->text);
		*end = *start + n;
		return true;
	}
	/* A step that named it printed it: what came behind. */
	for (size_t i = 0; i < q->nmodels; i++)
		if (q->models[i].when < when && shown_in(&q->models[i], name, n))
			when = q->models[i].when;
	for (*tool = 0; *tool < q->ntools && when < SIZE_MAX; (*tool)++)
		if (q->tools[*tool].when > when)
			return true;
	*tool = q->ntools - 1;
	return q->nmodels == 0;
}
