/* Options: values with their sources. See opt.h.
 *
 * Every value is checked when it is set, so that getters cannot fail. Defaults are parsed when
 * the table is read: forty short texts, a few microseconds; --version pays for nothing else.
 * Pinned by tests/unit/test_opt.c. */
#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/base/opt_impl.h"

static bool
opt_is_list(const struct opt_row *row)
{
	return row->type == OPT_LIST || row->type == OPT_NAMES || row->type == OPT_PATHS;
}

static bool
opt_is_number(const struct opt_row *row)
{
	return row->type == OPT_INT || row->type == OPT_NUMBER ||
	       row->type == OPT_DURATION || row->type == OPT_SIZE;
}

struct opts *
opt_new(const struct opt_row *rows, size_t n)
{
	struct opts *o = mem_alloc(sizeof(*o) + n * sizeof(o->values[0]));

	o->rows = rows;
	o->n = n;
	o->args = mem_alloc(sizeof(char *));
	for (size_t i = 0; i < n; i++) {
		bool on = false;

		o->values[i].num = opt_is_number(&rows[i]) ? NAN : 0;
		if (rows[i].def && opt_is_number(&rows[i]))
			opt_parse_number(&rows[i], rows[i].def, &o->values[i].num, NULL);
		else if (rows[i].def && rows[i].type == OPT_FLAG &&
			 opt_parse_flag(rows[i].def, &on))
			o->values[i].num = on;
	}
	return o;
}

static void
opt_list_clear(struct opt_value *v)
{
	for (size_t i = 0; i < v->nlist; i++)
		free(v->list[i]);
	free(v->list);
	v->list = NULL;
	v->nlist = 0;
}

void
opts_free(struct opts *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->n; i++) {
		opt_list_clear(&o->values[i]);
		free(o->values[i].text);
		free(o->values[i].source);
	}
	for (size_t i = 0; i < o->nnotices; i++)
		free(o->notices[i]);
	free(o->notices);
	free(o->args);
	free(o);
}

const struct opt_row *
opt_rows(const struct opts *o, size_t *n)
{
	*n = o->n;
	return o->rows;
}

/* One item of a list; paths get their HOME. */
static void
opt_list_add(struct opt_value *v, const struct opt_row *row, const char *p, size_t n)
{
	AUTO_FREE char *item = mem_strndup(p, n);

	v->list = mem_array(v->list, v->nlist + 2, sizeof(char *));
	v->list[v->nlist++] = row->type == OPT_PATHS ? fs_expand(item) : TAKE(item);
	v->list[v->nlist] = NULL;
}

static bool
opt_is_variable(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && (p[i] == '_' || isalpha((unsigned char)p[i]) ||
			 (i > 0 && isdigit((unsigned char)p[i]))))
		i++;
	return i == n;
}

/* Adds the items of `text`; where it is cut depends on the row and on who says it. */
static enum err_kind
opt_list_text(struct opt_value *v, const struct opt_row *row, enum opt_rank rank,
	      const char *text, struct err *e)
{
	char cut = row->type != OPT_PATHS ? ',' : rank == OPT_FROM_ENV ? ':' : '\0';

	while (*text) {
		const char *end = cut ? strchr(text, cut) : NULL;
		size_t n = end ? (size_t)(end - text) : strlen(text);

		if (v->nlist == OPT_LIST_MAX)
			return err_set(e, ERR_USAGE, "more than %d items", OPT_LIST_MAX);
		if (row->type == OPT_NAMES && !opt_is_variable(text, n))
			return err_set(
			    e, ERR_USAGE,
			    "'%.*s' is not the name of a variable; give the "
			    "name alone, the value is taken from the environment",
			    (int)MIN_OF(n, (size_t)200), text);
		if (n > 0)
			opt_list_add(v, row, text, n);
		text += n + (end != NULL);
	}
	return ERR_NONE;
}

static bool
opt_choice_ok(const char *choices, const char *text)
{
	size_t n = strlen(text);

	for (const char *p = choices; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
		if (n > 0 && strncmp(p, text, n) == 0 && (p[n] == '|' || p[n] == '\0'))
			return true;
	return false;
}

/* Parses `text` into a fresh value; *v is empty again after an error. */
static enum err_kind
opt_parse(const struct opt_row *row, enum opt_rank rank, const char *text,
	  struct opt_value *v, struct err *e)
{
	bool on = false;

	if (strlen(text) > OPT_TEXT_MAX)
		return err_set(e, ERR_USAGE, "longer than %zu bytes", OPT_TEXT_MAX);
	if (opt_is_number(row) && opt_parse_number(row, text, &v->num, e))
		return ERR_USAGE;
	if (row->type == OPT_FLAG && !opt_parse_flag(text, &on))
		return err_set(e, ERR_USAGE, "'%.200s' is neither true nor false", text);
	if (row->type == OPT_FLAG)
		v->num = on;
	if (row->type == OPT_CHOICE && !opt_choice_ok(row->choices, text))
		return err_set(e, ERR_USAGE, "'%.200s' is not one of %s", text,
			       row->choices);
	if (opt_is_list(row) && opt_list_text(v, row, rank, text, e)) {
		opt_list_clear(v);
		return ERR_USAGE;
	}
	v->text = row->type == OPT_PATH ? fs_expand(text) : mem_strdup(text);
	return ERR_NONE;
}

/* Moves the items of `from` behind those of `to`; ERR_USAGE when they are too many. */
static enum err_kind
opt_list_join(struct opt_value *to, struct opt_value *from, struct err *e)
{
	if (to->nlist + from->nlist > OPT_LIST_MAX)
		return err_set(e, ERR_USAGE, "more than %d items", OPT_LIST_MAX);
	if (from->nlist == 0)
		return ERR_NONE;
	to->list = mem_array(to->list, to->nlist + from->nlist + 1, sizeof(char *));
	memcpy(to->list + to->nlist, from->list, (from->nlist + 1) * sizeof(char *));
	to->nlist += from->nlist;
	free(from->list);
	from->list = NULL;
	from->nlist = 0;
	return ERR_NONE;
}

/* Puts `fresh` in the place of the old value, or behind it for a list of the same source. */
static enum err_kind
opt_store(struct opts *o, int id, struct opt_value *fresh, struct err *e)
{
	struct opt_value *v = &o->values[id];
	bool joins = opt_is_list(&o->rows[id]) && v->rank == fresh->rank &&
		     v->rank != OPT_FROM_SESSION && v->rank != OPT_FROM_DEFAULT;
	enum err_kind kind = ERR_NONE;

	if (joins)
		kind = opt_list_join(v, fresh, e);
	if (joins || fresh->rank < v->rank) { /* the loser is only checked */
		opt_list_clear(fresh);
		free(fresh->text);
		free(fresh->source);
		return kind;
	}
	opt_list_clear(v);
	free(v->text);
	free(v->source);
	*v = *fresh;
	return ERR_NONE;
}

/* A project's value that would give more room than the user's own. */
static bool
opt_widens(const struct opts *o, int id, double num)
{
	double now = o->values[id].num;

	if (num <= 0)
		return now > 0;
	return now > 0 && num > now;
}

enum err_kind
opt_assign(struct opts *o, int id, enum opt_rank rank, const char *text, const char *source,
	   struct err *e)
{
	const struct opt_row *row = &o->rows[id];
	struct opt_value fresh = {.rank = rank};
	bool on = false, own = rank == OPT_FROM_ARGV || rank == OPT_FROM_SESSION;
	enum err_kind kind;

	assert(id >= 0 && (size_t)id < o->n);
	if (row->stands_for && opt_parse_flag(text, &on))
		return opt_assign(o, row->stands_for - 1, rank, on ? row->on : row->off,
				  source, e);
	kind = opt_parse(row, rank, text, &fresh, e);
	if (!kind && rank == OPT_FROM_PROJECT && row->scope == OPT_TIGHTEN &&
	    opt_widens(o, id, fresh.num)) {
		opt_notice(o,
			   "%s: '%s' may only be lowered by a project's file; passed over",
			   source, row->key);
		free(fresh.text);
		return ERR_NONE;
	}
	if (!kind) {
		fresh.source = mem_strdup(source);
		kind = opt_store(o, id, &fresh, e);
	}
	if (kind && e)
		e->kind = own ? ERR_USAGE : ERR_CONFIG;
	return !kind ? ERR_NONE : own ? ERR_USAGE : ERR_CONFIG;
}

enum err_kind
opt_set(struct opts *o, int id, const char *text, const char *source, struct err *e)
{
	enum err_kind kind = opt_assign(o, id, OPT_FROM_SESSION, text, source, e);

	return kind ? err_context(e, "%s", source), kind : ERR_NONE;
}

enum err_kind
opts_env(struct opts *o, struct err *e)
{
	for (size_t i = 0; i < o->n; i++) {
		const char *text = o->rows[i].env ? getenv(o->rows[i].env) : NULL;

		if (!text || !text[0])
			continue;
		if (opt_assign(o, (int)i, OPT_FROM_ENV, text, o->rows[i].env, e)) {
			err_context(e, "%s", o->rows[i].env);
			err_hint(e, "correct or unset the variable %s", o->rows[i].env);
			return ERR_CONFIG;
		}
	}
	return ERR_NONE;
}

int
opt_find_key(const struct opts *o, const char *key)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->rows[i].key && strcmp(o->rows[i].key, key) == 0)
			return (int)i;
	return -1;
}

int
opt_find_name(const struct opts *o, const char *name)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->rows[i].name && strcmp(o->rows[i].name, name) == 0)
			return (int)i;
	return -1;
}

const char *
opt_str(const struct opts *o, int id)
{
	assert(!opt_is_list(&o->rows[id]));
	return o->values[id].text ? o->values[id].text : o->rows[id].def;
}

int64_t
opt_int(const struct opts *o, int id)
{
	assert(opt_is_number(&o->rows[id]));
	return isnan(o->values[id].num) ? 0 : (int64_t)o->values[id].num;
}

double
opt_num(const struct opts *o, int id)
{
	assert(opt_is_number(&o->rows[id]));
	return o->values[id].num;
}

bool
opt_flag(const struct opts *o, int id)
{
	const struct opt_row *row = &o->rows[id];

	assert(row->type == OPT_FLAG);
	if (row->stands_for) {
		const char *now = opt_str(o, row->stands_for - 1);

		return now && strcmp(now, row->on) == 0;
	}
	return o->values[id].num > 0;
}

const char *const *
opt_list(const struct opts *o, int id, size_t *n)
{
	static const char *const none[] = {NULL};
	const struct opt_value *v = &o->values[id];

	assert(opt_is_list(&o->rows[id]));
	if (n)
		*n = v->nlist;
	return v->list ? (const char *const *)v->list : none;
}

/* The row whose value counts for this one. */
static const struct opt_value *
opt_behind(const struct opts *o, int id)
{
	return &o->values[o->rows[id].stands_for ? o->rows[id].stands_for - 1 : id];
}

bool
opt_is_set(const struct opts *o, int id)
{
	return opt_behind(o, id)->rank != OPT_FROM_DEFAULT;
}

enum opt_rank
opt_rank(const struct opts *o, int id)
{
	return opt_behind(o, id)->rank;
}

const char *
opt_source(const struct opts *o, int id)
{
	const struct opt_value *v = opt_behind(o, id);

	return v->source ? v->source : "default";
}

char *
opt_text(const struct opts *o, int id)
{
	const struct opt_value *v = &o->values[id];
	const char *text;

	if (o->rows[id].type == OPT_FLAG)
		return mem_strdup(opt_flag(o, id) ? "true" : "false");
	if (opt_is_list(&o->rows[id])) {
		AUTO_BUF struct buf b = BUF_INIT(MIB);

		for (size_t i = 0; i < v->nlist; i++)
			buf_addf(&b, "%s%s", i ? ", " : "", v->list[i]);
		return buf_take(&b);
	}
	text = opt_str(o, id);
	return mem_strdup(text && o->rows[id].secret ? "***" : text ? text : "");
}

const char *const *
opts_notices(const struct opts *o, size_t *n)
{
	*n = o->nnotices;
	return (const char *const *)o->notices;
}

void
opt_notice(struct opts *o, const char *fmt, ...)
{
	va_list ap;

	o->notices = mem_array(o->notices, o->nnotices + 1, sizeof(char *));
	va_start(ap, fmt);
	o->notices[o->nnotices++] = mem_vprintf(fmt, ap);
	va_end(ap);
}
