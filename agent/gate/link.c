/* Links between actions and tool output. See link.h.
 *
 * The action's tokens are few, so they are what is kept: a table by hash of kind and bytes. Every
 * other text is walked once, and its tokens only looked up; the first place in a tool's text is
 * noted, and whether the user, or the model before that, said the same. Commands are found the
 * other way round, by their first word. Pinned by tests/unit/test_link.c and
 * tests/fuzz/fuzz_link.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/gate/link_int.h"
#include "agent/gate/scan_int.h"

#define LINK_SLOTS (4 * LINK_TOKENS_MAX)
#define LINK_FILES_MAX \
	256		 /* files that an action may run; beyond, the answer is "linked" */
#define LINK_COMPARES 64 /* commands of one first word that are compared at a place */

struct link_item {
	enum link_kind kind;
	char *text;
	size_t len;
	size_t start, end; /* in the action */
	bool user;	   /* a user's text has it */
	size_t model; /* the earliest of the model's texts that has it; SIZE_MAX: none */
	size_t tool;  /* of the tool text that has it first; SIZE_MAX: none */
	size_t tool_start, tool_end;
	size_t next; /* item with the same first word, +1; commands only */
};

struct link {
	const struct link_query *q;
	struct link_item *item;
	size_t n;
	bool full;
	size_t files;		   /* that may be run, asked about so far */
	uint32_t slot[LINK_SLOTS]; /* item + 1 by hash of kind and text */
	uint32_t word[LINK_SLOTS]; /* first command + 1 by hash of its first word */
	const struct scan_vocab *vocab;
	struct link_filter filter; /* of the items */
	enum link_kind as;	   /* of the commands being found */
	const char *whole;	   /* the text that is walked in parts */
	enum link_join join;	   /* and how it is read */
	/* of the text being walked */
	enum link_side side;
	size_t index, when;
	const struct link_clean *text;
	size_t offset_start, offset_end; /* of what was made: its source in the action */
	bool any_language;		 /* and it may be a command of a shell */
};

uint64_t
link_hash(uint64_t h, const char *p, size_t n)
{
	h = (h + 1) * UINT64_C(0x100000001B3);
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)p[i]) * UINT64_C(0x100000001B3);
	return h ^ (h >> 32);
}

static uint32_t *
link_find_slot(struct link *l, enum link_kind kind, const char *p, size_t n)
{
	size_t i = link_hash((uint64_t)kind, p, n) % LINK_SLOTS;

	for (; l->slot[i]; i = (i + 1) % LINK_SLOTS) {
		const struct link_item *it = &l->item[l->slot[i] - 1];

		if (it->kind == kind && it->len == n && memcmp(it->text, p, n) == 0)
			break;
	}
	return &l->slot[i];
}

/* A place in the clean text as one in its source. */
static size_t
link_source(const struct link_clean *t, size_t i)
{
	return t->base + (i < t->len ? t->from[i] : t->source);
}

/* Where [start, end) of the text being walked stood in the action. */
static void
link_place(const struct link *l, struct link_item *it, size_t start, size_t end)
{
	if (l->offset_end > 0) {
		it->start = l->offset_start;
		it->end = l->offset_end;
		return;
	}
	it->start = link_source(l->text, start);
	it->end = MAX_OF(link_source(l->text, end), it->start);
}

static struct link_item *
link_add(struct link *l, enum link_kind kind, const char *p, size_t n, size_t start,
	 size_t end)
{
	uint32_t *slot = link_find_slot(l, kind, p, n);
	struct link_item *it;

	if (*slot)
		return NULL;
	if (l->n == LINK_TOKENS_MAX) {
		l->full = true;
		return NULL;
	}
	it = &l->item[l->n++];
	*it = (struct link_item){.kind = kind,
				 .len = n,
				 .model = SIZE_MAX,
				 .tool = SIZE_MAX,
				 .text = mem_alloc(n + 1)};
	memcpy(it->text, p, n);
	link_place(l, it, start, end);
	link_filter_add(&l->filter, kind, p, n);
	*slot = (uint32_t)l->n;
	return it;
}

/* Another text has the item. */
static void
link_note(struct link *l, struct link_item *it, size_t start, size_t end)
{
	if (l->side == LINK_USER && l->when == SIZE_MAX) {
		it->user = true;
	} else if (l->side == LINK_USER) {
		it->model = MIN_OF(it->model, l->when);
	} else if (it->tool == SIZE_MAX) {
		it->tool = l->index;
		it->tool_start = link_source(l->text, start);
		it->tool_end = MAX_OF(link_source(l->text, end), it->tool_start);
	}
}

static void
link_token(void *ctx, enum link_kind kind, const char *p, size_t n, size_t start,
	   size_t end)
{
	struct link *l = ctx;
	uint32_t *slot;

	if (l->side == LINK_ACTION) {
		link_add(l, kind, p, n, start, end);
		return;
	}
	slot = link_find_slot(l, kind, p, n);
	if (*slot)
		link_note(l, &l->item[*slot - 1], start, end);
}

/* The chain of a command's first word leads to it. */
static void
link_command_found(void *ctx, const struct link_command *c)
{
	struct link *l = ctx;
	AUTO_BUF struct buf text = BUF_INIT(LINK_TOKEN_MAX);
	size_t first;
	struct link_item *it;
	uint32_t *head;

	if (!link_command_text(c, &text, &first))
		return;
	it = link_add(l, l->as, text.data, text.len, c->start, c->end);
	if (!it)
		return;
	head = &l->word[link_hash(0, c->word[first], c->len[first]) % LINK_SLOTS];
	it->next = *head;
	*head = (uint32_t)(it - l->item) + 1;
}

static void
link_walk_commands(struct link *l, const struct link_clean *t)
{
	size_t i = 0, start, len, end;

	while (i < t->len) {
		size_t tries = 0;

		if (!link_word(t, &i, &start, &len))
			continue;
		for (uint32_t k = l->word[link_hash(0, t->text + start, len) % LINK_SLOTS];
		     k && tries < LINK_COMPARES;
		     k = (uint32_t)l->item[k - 1].next, tries++) {
			struct link_item *it = &l->item[k - 1];

			if (link_words_at(t, it->text, it->len, start, &end) ||
			    (it->kind == LINK_COMMAND &&
			     link_words_near(t, it->text, it->len, start, &end)))
				link_note(l, it, start, end);
		}
	}
}

static void
link_walk_clean(struct link *l, const struct link_clean *c)
{
	struct link_walk w = {
	    .text = c, .side = l->side, .query = l->q, .found = link_token, .ctx = l};

	l->text = c;
	link_walk_names(&w);
	link_walk_numbers(&w);
	if (l->side != LINK_ACTION) {
		link_walk_commands(l, c);
		return;
	}
	l->as = LINK_COMMAND;
	link_commands(c, l->any_language ? NULL : l->q->language, link_command_found, l);
	l->as = LINK_TEXT;
	link_says(c, l->vocab, link_command_found, l);
}

static void
link_walk_text(struct link *l, const char *p, size_t n, enum link_join join)
{
	struct link_clean c;

	link_clean(&c, p, n, join);
	link_walk_clean(l, &c);
	link_clean_release(&c);
}

/* A file whose text the action runs. */
static void
link_run_found(void *ctx, const char *p, size_t n, size_t from, size_t to)
{
	struct link *l = ctx;
	bool made = l->offset_end > 0;
	size_t tool, start, end;
	struct link_item *it;

	if (*link_find_slot(l, LINK_FILE, p, n))
		return;
	if (l->files++ >= LINK_FILES_MAX) {
		l->full = true;
		return;
	}
	if (!link_shown(l->q, p, n, &tool, &start, &end))
		return;
	if (!made) {
		l->offset_start = from;
		l->offset_end = to;
	}
	it = link_add(l, LINK_FILE, p, n, 0, 0);
	if (!made)
		l->offset_end = 0;
	if (!it)
		return;
	it->tool = tool;
	it->tool_start = start;
	it->tool_end = end;
}

/* A text that the action makes of its own words. */
static void
link_made_whole(void *ctx, const char *p, size_t n, size_t from, size_t to)
{
	struct link *l = ctx;

	l->offset_start = from;
	l->offset_end = to;
	link_walk_text(l, p, n, LINK_APART);
	link_walk_text(l, p, n, LINK_PLUS);
	link_runs(p, n, l->any_language || link_is_shell(l->q), link_run_found, l);
	l->offset_end = 0;
}

/* The same, where it may be a command whatever the language is. */
static void
link_made_piece(void *ctx, const char *p, size_t n, size_t from, size_t to)
{
	struct link *l = ctx;

	l->any_language = true;
	link_made_whole(ctx, p, n, from, to);
	l->any_language = false;
}

/* A part of another text. */
static void
link_walk_part(void *ctx, size_t from, size_t to)
{
	struct link *l = ctx;
	struct link_clean c;

	link_clean(&c, l->whole + from, to - from, l->join);
	c.base = from;
	link_walk_clean(l, &c);
	link_clean_release(&c);
}

static bool
link_any_tool(const struct link *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->item[i].tool != SIZE_MAX)
			return true;
	return false;
}

/* Looks for the action's tokens in a text: where its index says, or else by reading it. */
static void
link_walk_other(struct link *l, const struct link_text *t, enum link_join join)
{
	struct link_index *x = link_cache_get(l->q, t, l->side, join);

	l->whole = t->text;
	l->join = join;
	if (x) {
		for (size_t i = 0; i < l->n; i++)
			link_index_find(x, l->item[i].kind, l->item[i].text,
					l->item[i].len);
		link_index_walk(x, link_walk_part, l);
	} else if (l->side == LINK_TOOL) {
		link_filter_walk(&l->filter, t->text, t->len, link_walk_part, l);
	} else {
		link_walk_text(l, t->text, t->len, join);
	}
}

static void
link_walk_others(struct link *l)
{
	const struct link_query *q = l->q;

	link_cache_begin(q);
	l->side = LINK_TOOL;
	for (l->index = 0; l->n > 0 && l->index < q->ntools; l->index++)
		link_walk_other(l, &q->tools[l->index], LINK_APART);
	if (!link_any_tool(l))
		return;
	l->side = LINK_USER;
	l->when = SIZE_MAX;
	for (size_t i = 0; i < q->nusers; i++)
		link_walk_other(l, &q->users[i], LINK_APART);
	for (size_t i = 0; i < q->nmodels; i++) {
		l->when = q->models[i].when;
		if (l->when > 0)
			link_walk_other(l, &q->models[i], LINK_PLUS);
	}
}

static bool
link_linked(const struct link *l, const struct link_item *it)
{
	size_t when;

	if (it->tool == SIZE_MAX || it->user)
		return false;
	when = l->q->tools[it->tool].when;
	return !(when > 0 && it->model < when);
}

static void
link_fill(const struct link *l, struct link_item *it, struct link_hit *hit)
{
	const struct link_text *t = &l->q->tools[it->tool];
	size_t a = MIN_OF(it->tool_start, t->len), b = MIN_OF(it->tool_end, t->len);
	const char *lf;

	hit->kind = it->kind;
	hit->token = TAKE(it->text);
	hit->action_start = it->start;
	hit->action_end = it->end;
	hit->tool = it->tool;
	hit->tool_start = a;
	hit->tool_end = b;
	lf = a > 0 ? memrchr(t->text, '\n', a) : NULL;
	hit->lines_start = lf ? (size_t)(lf - t->text) + 1 : 0;
	lf = b < t->len ? memchr(t->text + b, '\n', t->len - b) : NULL;
	hit->lines_end = lf ? (size_t)(lf - t->text) : t->len;
	hit->first_line = 1;
	for (size_t i = 0; i < a; i++)
		hit->first_line += t->text[i] == '\n';
	hit->last_line = hit->first_line;
	for (size_t i = a; i < b; i++)
		hit->last_line += t->text[i] == '\n';
}

bool
link_find(const struct link_query *q, struct link_hit *hit)
{
	struct link_item *best = NULL;
	struct link *l;
	bool full;

	*hit = (struct link_hit){.kind = LINK_SIZE};
	if (q->ntools == 0 || q->action_len == 0)
		return false;
	if (q->action_len > LINK_ACTION_MAX || q->ntools > LINK_TEXTS_MAX)
		return true;
	l = mem_alloc(sizeof(*l));
	l->q = q;
	l->vocab = scan_vocab();
	l->item = mem_array(NULL, LINK_TOKENS_MAX, sizeof(*l->item));
	l->side = LINK_ACTION;
	for (enum link_join join = LINK_APART; join < LINK_JOINS; join++)
		if (join <= LINK_COMMA || memchr(q->action, ',', q->action_len) ||
		    memchr(q->action, '/', q->action_len))
			link_walk_text(l, q->action, q->action_len, join);
	link_made(q, &(struct link_making){link_made_whole, link_made_piece, l});
	link_runs(q->action, q->action_len, link_is_shell(q), link_run_found, l);
	full = l->full;
	link_walk_others(l);
	for (size_t i = 0; i < l->n; i++)
		if (link_linked(l, &l->item[i]) && (!best || l->item[i].kind < best->kind))
			best = &l->item[i];
	if (best)
		link_fill(l, best, hit);
	for (size_t i = 0; i < l->n; i++)
		free(l->item[i].text);
	free(l->item);
	free(l);
	return best || full;
}

void
link_hit_release(struct link_hit *hit)
{
	free(hit->token);
	hit->token = NULL;
}

const char *
link_kind_name(enum link_kind k)
{
	static const char *const names[LINK_KINDS] = {
	    [LINK_URL] = "URL",
	    [LINK_EMAIL] = "e-mail address",
	    [LINK_ACCOUNT] = "account number",
	    [LINK_COMMAND] = "command line",
	    [LINK_TEXT] = "order from the output",
	    [LINK_FILE] = "lines run from the file",
	    [LINK_IP] = "IP address",
	    [LINK_HOST] = "host",
	    [LINK_PATH] = "path outside the workspace",
	    [LINK_SIZE] = "action too large to check",
	};

	return names[k];
}
