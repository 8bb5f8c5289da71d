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

static bool
mark_in(const char *const *list, size_t count, const char *name, size_t n)
{
	for (size_t i = 0; i < count; i++)
		if (list[i][0] == (name[0] | 0x20) && strlen(list[i]) == n &&
		    strncasecmp(list[i], name, n) == 0)
			return true;
	return false;
}

static bool
mark_name_char(char c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == '-';
}

/* True when the tag at p[0] == '<' hides its content; blanks in it do not matter. */
static bool
mark_hides(const char *p, size_t n)
{
	char tag[MARK_TAG_MAX];
	size_t o = 0;
	char last = 0;

	for (size_t i = 0; i < n && o + 1 < sizeof(tag); i++) {
		char c = p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 0x20);
		if (c == ' ' && (last == ' ' || last == ':' || last == ';'))
			continue;
		if (c == ':' && last == ' ')
			o--;
		tag[o++] = last = c;
		if (c == '>')
			break;
	}
	tag[o] = '\0';
	if (!strchr(tag, '='))
		return strstr(tag, " hidden>") != NULL;
	for (size_t i = 0; i < ARRAY_LEN(mark_hiding); i++) {
		const char *at = strstr(tag, mark_hiding[i]);

		/* "opacity:0.8", "background-color:white" and "font-size:0.9em" hide nothing. */
		if (at && at[strlen(mark_hiding[i])] != '.' &&
		    !(at > tag && at[-1] == '-' && mark_hiding[i][0] == 'c'))
			return true;
	}
	return false;
}

static void
mark_tag(struct scan *s, const struct scan_line *l, size_t i, size_t name, size_t n)
{
	struct scan_ctx *x = &s->ctx[l->depth];

	x->tag = true;
	x->block = !mark_in(mark_inline, ARRAY_LEN(mark_inline), l->p + name, n);
	if (x->block && x->ntok > 0)
		scan_sentence(s, x);
	x->place |= P_START;
	if (l->p[i + 1] == '/')
		x->unseen = false;
	else if (mark_hides(l->p + i, l->n - i))
		x->unseen = true;
}

void
scan_mark(struct scan *s, const struct scan_line *l, size_t i)
{
	struct scan_ctx *x = &s->ctx[l->depth];
	const char *p = l->p;
	size_t name = i + 1, end;
	bool pipe = false, tag = p[i] == '<';
	unsigned place = 0;

	if (tag && l->n - i >= 4 && memcmp(p + i, "<!--", 4) == 0) {
		if (x->ntok > 0)
			scan_sentence(s, x);
		x->comment = true;
		x->place |= P_START;
		return;
	}
	while (name < l->n && name - i < 4 && strchr("</|[ #", p[name])) {
		pipe = pipe || p[name] == '|' || (p[name] == '<' && tag);
		name++;
	}
	for (end = name;
	     end < l->n && end - name < MARK_NAME_MAX && mark_name_char(p[end]);)
		end++;
	x->place |= P_START;
	if (end == name)
		return;
	if (mark_in(mark_strong, ARRAY_LEN(mark_strong), p + name, end - name) &&
	    (tag ? pipe || end == l->n || !strchr(" =", p[end])
		 : end < l->n && p[end] == ']'))
		place = P_STRONG;
	else if (mark_in(mark_weak, ARRAY_LEN(mark_weak), p + name, end - name))
		place = pipe ? P_STRONG : P_WEAK;
	if (tag && !pipe)
		mark_tag(s, l, i, name, end - name);
	if (place)
		scan_push(s, l, C(ROLE), i, end, place | (tag ? 0 : P_QUOTE), 0);
}
