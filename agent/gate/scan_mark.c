/* Marks of chat templates, and markup that hides text.
 *
 * "<|im_start|>", "[INST]", "</tool_result>" and their kind end what a model takes for a tool's
 * result, if anything does; a tag like <system> or <information> may be honest and only adds.
 * Elements that style hides, and comments, are read on: what stands there is marked as unseen.
 * Names after the templates of ChatML, Llama 2 and 3, Gemma, Mistral and the tags in which
 * agents wrap results. Pinned by tests/unit/test_scan.c. */
#include <string.h>

#include "agent/gate/scan_int.h"

#define MARK_NAME_MAX 24  /* bytes */
#define MARK_TAG_MAX  600 /* bytes of a tag looked at for hiding style */

static const char *const mark_strong[] = {
    "im_start",
    "im_end",
    "im_sep",
    "endoftext",
    "eot_id",
    "eom_id",
    "start_header_id",
    "end_header_id",
    "begin_of_text",
    "end_of_text",
    "start_of_turn",
    "end_of_turn",
    "tool_result",
    "tool_results",
    "tool_response",
    "tool_output",
    "function_results",
    "function_result",
    "function_calls",
    "function_call",
    "tool_call",
    "tool_calls",
    "sys",
    "inst",
    "system_prompt",
    "system-reminder",
    "system_message",
    "system-message",
    "antml",
    "python_tag",
    "tool_use",
    "untrusted",
    "untrusted_data",
    "untrusted_text",
    "tool_outputs",
};
static const char *const mark_weak[] = {
    "system",	    "user",	      "assistant",   "human",	  "admin",
    "instructions", "instruction",    "information", "important", "override",
    "developer",    "prompt",	      "task",	     "secret",	  "agent",
    "ai",	    "reminder",	      "thinking",    "context",	  "document",
    "documents",    "search_results", "tool",	     "result",	  "results",
};
/* Tags inside a sentence; every other one ends it. */
static const char *const mark_inline[] = {
    "a",     "b",   "i",   "u",	  "s",	"em",  "strong", "span", "code", "font", "mark",
    "small", "sub", "sup", "kbd", "tt", "wbr", "abbr",	 "q",	 "var",	 "bdi",	 "bdo",
};
static const char *const mark_hiding[] = {
    "display:none",
    "visibility:hidden",
    "font-size:0",
    "font-size:1px",
    "opacity:0",
    "color:white",
    "color:#fff",
    "color:transparent",
    "left:-9999",
    "text-indent:-",
    "height:0",
    "width:0",
    "clip:rect(0",
    "color:rgb(255,255,255",
    "color=\"white\"",
    "color='white'",
    " hidden>",
    " hidden ",
    "aria-hidden=\"true\"",
    "sr-only",
};

static void
mark_lengths(uint32_t *lengths, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		lengths[list[i][0] & 31] |= UINT32_C(1) << strlen(list[i]);
}

void
scan_marks_init(struct scan_marks *m)
{
	mark_lengths(m->strong, mark_strong, ARRAY_LEN(mark_strong));
	mark_lengths(m->weak, mark_weak, ARRAY_LEN(mark_weak));
	mark_lengths(m->inside, mark_inline, ARRAY_LEN(mark_inline));
	for (unsigned i = 0; i < ARRAY_LEN(mark_hiding); i++) {
		m->first[(unsigned char)mark_hiding[i][0]] |= UINT32_C(1) << i;
		m->second[(unsigned char)mark_hiding[i][1]] |= UINT32_C(1) << i;
	}
}

/* n <= MARK_NAME_MAX; `lengths` are those of the list. */
static bool
mark_in(const uint32_t *lengths, const char *const *list, size_t count, const char *name,
	size_t n)
{
	if (!(lengths[name[0] & 31] >> n & 1))
		return false;
	for (size_t i = 0; i < count; i++)
		if (list[i][0] == (name[0] | 0x20) && strncasecmp(list[i], name, n) == 0 &&
		    !list[i][n])
			return true;
	return false;
}

/* What may stand between a mark and its name; a NUL too. */
static const bool mark_lead[256] = {
    ['<'] = true, ['/'] = true, ['|'] = true,  ['['] = true,
    [' '] = true, ['#'] = true, ['\0'] = true,
};

static const bool mark_name[256] = {
    ['a' ... 'z'] = true,
    ['A' ... 'Z'] = true,
    ['_'] = true,
    ['-'] = true,
};

/* The tag at p[0] == '<' in lower case without blanks that do not matter; its length. *value: it
 * holds "=". */
static size_t
mark_copy(char tag[MARK_TAG_MAX], const char *p, size_t n, bool *value)
{
	size_t o = 0;
	char last = 0;

	*value = false;
	for (size_t i = 0; i < n && o + 1 < MARK_TAG_MAX; i++) {
		char c = p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 0x20);
		if (c == ' ' && (last == ' ' || last == ':' || last == ';'))
			continue;
		if (c == ':' && last == ' ')
			o--;
		*value = *value || c == '=';
		tag[o++] = last = c;
		if (c == '>' || c == '\0')
			break;
	}
	tag[o] = '\0';
	return o;
}

/* The number whose first digit is 0 and that goes on at p is above zero. */
static bool
mark_above_zero(const char *p)
{
	if (*p++ != '.')
		return false;
	while (*p == '0')
		p++;
	return *p >= '1' && *p <= '9';
}

/* The colon at i may be one of mark_hiding[]'s: the letters before it, the character behind. */
static bool
mark_may_colon(const char *p, size_t n, size_t i)
{
	static const char before[] = "ay ty ze or ft nt ht th ip ";
	size_t next = i + 1;

	while (next < n && p[next] == ' ')
		next++;
	while (i > 2 && p[i - 1] == ' ')
		i--;
	if (i < 3 || next == n || !p[next] || !strchr("nh01w#t-r", p[next] | 0x20))
		return false;
	for (size_t k = 0; before[k]; k += 3)
		if ((p[i - 2] | 0x20) == before[k] && (p[i - 1] | 0x20) == before[k + 1])
			return true;
	return false;
}

#ifdef __SSE2__
#define MARK_STEP 16 /* bytes */

/* Those of p[0..MARK_STEP) that mark_may_hide() has to look at, a bit each: an "=", "-" or "d" only
 * behind the letter that it asks for. p[-1] is read too. */
static unsigned
mark_looked_at(const char *p)
{
	const __m128i lower = _mm_set1_epi8(0x20);
	__m128i v = _mm_loadu_si128((const __m128i *)p),
		before = _mm_or_si128(_mm_loadu_si128((const __m128i *)(p - 1)), lower);

#define IS(v, c) _mm_cmpeq_epi8(v, _mm_set1_epi8(c))
	__m128i r = _mm_and_si128(IS(before, 'r'), _mm_or_si128(IS(v, '='), IS(v, '-'))),
		d = _mm_and_si128(IS(before, 'd'), IS(_mm_or_si128(v, lower), 'd')),
		ends = _mm_or_si128(IS(v, '>'), IS(v, '\0'));
#undef IS
	ends = _mm_or_si128(ends, _mm_cmpeq_epi8(v, _mm_set1_epi8(':')));
	return (unsigned)_mm_movemask_epi8(_mm_or_si128(ends, _mm_or_si128(r, d)));
}
#endif

/* The next byte from p[i] on, i > 0, that mark_may_hide() has to look at, or n; `room` bytes may be
 * read. */
static size_t
mark_next(const char *p, size_t i, size_t n, size_t room)
{
	static const char looked_at[256] = {
	    ['>'] = 1, ['\0'] = 1, [':'] = 1, ['='] = 1, ['-'] = 1, ['d'] = 1, ['D'] = 1,
	};

#ifdef __SSE2__
	for (; i < n && room - i >= MARK_STEP; i += MARK_STEP) {
		unsigned found = mark_looked_at(p + i);

		if (found)
			return MIN_OF(i + (size_t)__builtin_ctz(found), n);
	}
#else
	(void)room;
#endif
	while (i < n && !looked_at[(unsigned char)p[i]])
		i++;
	return MIN_OF(i, n);
}

/* False: the tag at p[0] certainly hides nothing. Each style that does has a colon between what
 * it sets and how, or is one of hidden, sr-only and color="white". */
static bool
mark_may_hide(const char *p, size_t n, size_t room)
{
	n = MIN_OF(n, (size_t)MARK_TAG_MAX);
	for (size_t i = 1; (i = mark_next(p, i, n, room)) < n; i++) {
		char a, b;

		if (p[i] == '>' || p[i] == '\0')
			return false;
		a = i > 1 ? (char)(p[i - 2] | 0x20) : 0;
		b = (char)(p[i - 1] | 0x20);
		if (p[i] == ':'	  ? mark_may_colon(p, n, i)
		    : p[i] == '=' ? a == 'o' && b == 'r'
		    : p[i] == '-' ? a == 's' && b == 'r'
				  : a == 'i' && b == 'd')
			return true;
	}
	return false;
}

bool
scan_mark_hides(const struct scan *s, const struct scan_line *l, size_t i)
{
	const struct scan_marks *m = &s->marks;
	const char *p = l->p + i;
	size_t n = l->n - i;
	char tag[MARK_TAG_MAX];
	bool value;
	size_t len;
	uint32_t found, hiding = 0;

	if (!mark_may_hide(p, n, l->room - i))
		return false;
	len = mark_copy(tag, p, n, &value);
	if (!value)
		return strstr(tag, " hidden>") != NULL;
	for (size_t at = 0; at < len; at++) {
		found = m->first[(unsigned char)tag[at]] &
			m->second[(unsigned char)tag[at + 1]];
		for (; found; found &= found - 1) {
			unsigned style = (unsigned)__builtin_ctz(found);
			size_t size = strlen(mark_hiding[style]);

			if (strncmp(tag + at, mark_hiding[style], size) != 0)
				continue;
			/* "opacity:0.8", "background-color:white" and "font-size:0.9em"
			 * hide nothing. */
			if (mark_above_zero(tag + at + size))
				hiding &= ~(UINT32_C(1) << style);
			else if (!(at > 0 && tag[at - 1] == '-' &&
				   mark_hiding[style][0] == 'c'))
				hiding |= UINT32_C(1) << style;
		}
	}
	return hiding != 0;
}

/* The name that ends before p[end] is a tag's: no "<sys/stat.h>", no attribute or value. */
static bool
mark_ends(const char *p, size_t n, size_t end)
{
	if (end == n)
		return true;
	if (p[end] == '/')
		return end + 1 == n || p[end + 1] == '>';
	return !strchr(" =.", p[end]);
}

/* The tag at p[i], whose name is p[name..name + n). */
static void
mark_tag(const struct scan *s, const struct scan_line *l, size_t i, size_t name, size_t n,
	 struct scan_markup *m)
{
	m->tag = true;
	m->block =
	    !mark_in(s->marks.inside, mark_inline, ARRAY_LEN(mark_inline), l->p + name, n);
	m->closes = l->p[i + 1] == '/';
	m->styled = !m->closes && !(name + n < l->n && l->p[name + n] == '>');
}

void
scan_mark_name(const struct scan *s, const struct scan_line *l, size_t i,
	       struct scan_markup *m)
{
	const char *p = l->p;
	size_t name = i + 1, end;
	bool pipe = false, tag = p[i] == '<';

	*m = (struct scan_markup){0};
	if (tag && l->n - i >= 4 && memcmp(p + i, "<!--", 4) == 0) {
		m->comment = true;
		return;
	}
	while (name < l->n && name - i < 4 && mark_lead[(unsigned char)p[name]]) {
		pipe = pipe || p[name] == '|' || (p[name] == '<' && tag);
		name++;
	}
	for (end = name;
	     end < l->n && end - name < MARK_NAME_MAX && mark_name[(unsigned char)p[end]];)
		end++;
	if (end == name)
		return;
	m->end = end;
	if (mark_in(s->marks.strong, mark_strong, ARRAY_LEN(mark_strong), p + name,
		    end - name) &&
	    (tag ? pipe || mark_ends(p, l->n, end) : end < l->n && p[end] == ']'))
		m->role = P_STRONG;
	else if (mark_in(s->marks.weak, mark_weak, ARRAY_LEN(mark_weak), p + name,
			 end - name))
		m->role = pipe ? P_STRONG : P_WEAK;
	if (tag && !pipe)
		mark_tag(s, l, i, name, end - name, m);
}

void
scan_mark(struct scan *s, const struct scan_line *l, size_t i)
{
	struct scan_ctx *x = &s->ctx[l->depth];
	struct scan_markup m;

	scan_mark_name(s, l, i, &m);
	if ((m.comment || m.block) && x->ntok > 0)
		scan_sentence(s, x);
	x->comment = x->comment || m.comment;
	x->place |= P_START;
	if (m.tag) {
		x->tag = true;
		x->block = m.block;
		x->unseen =
		    m.closes ? false : x->unseen || (m.styled && scan_mark_hides(s, l, i));
	}
	if (m.role)
		scan_push(s, l, C(ROLE), i, m.end, m.role | (l->p[i] == '<' ? 0u : P_QUOTE),
			  0);
}
