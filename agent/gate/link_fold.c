/* What an action makes of its own strings: constants that an expression puts together.
 *
 * A reader of expressions without a language: literals and letters (link_literal.c) of Python,
 * JavaScript, shell and their kin; what stands behind them ([::-1], .replace(),
 * .reverse(), .format(), %); and concatenation. Each constant that is more than a plain literal is
 * written out in its place, and told by itself when its letters were disguised, for then it may be a
 * command whatever the language is. Nothing is run, and what is not constant stays as it is. The
 * nesting and the length of values are bounded. Pinned by tests/unit/test_link_made.c and
 * tests/fuzz/fuzz_link.c. */
#include <string.h>

#include "agent/gate/link_fold.h"

#define FOLD_DEPTH 8  /* parentheses in each other */
#define FOLD_ARGS  8  /* strings of .format() and % */
#define FOLD_TIMES 16 /* bytes of a number behind the strings of .replace() */

static bool fold_expr(struct fold *f, size_t *i, struct value *v);

static void
fold_turn(struct value *v)
{
	struct buf *b = &v->text;

	for (size_t a = 0, z = b->len; a + 1 < z; a++, z--) {
		char c = b->data[a];

		b->data[a] = b->data[z - 1];
		b->data[z - 1] = c;
	}
	v->made = true;
}

static void
value_init(struct value *v)
{
	*v = (struct value){.text = BUF_INIT(2 * LINK_TOKEN_MAX)};
}

static void
value_move(struct value *to, struct buf *text)
{
	buf_release(&to->text);
	to->text = *text;
	*text = BUF_INIT(2 * LINK_TOKEN_MAX);
}

/* A number of a slice at *i, which may be left out. */
static bool
slice_part(const struct fold *f, size_t *i, long *out, bool *given)
{
	size_t at = fold_blanks(f, *i);
	bool minus = at < f->n && f->p[at] == '-';
	uint32_t n;

	at += minus;
	*given = fold_digits(f, &at, 10, 1, 6, &n);
	*out = minus ? -(long)n : (long)n;
	*i = fold_blanks(f, at);
	return *given || !minus;
}

/* "[1:9:-1]" at *i, applied. */
static bool
fold_slice(const struct fold *f, size_t *i, struct value *v)
{
	struct buf out = BUF_INIT(2 * LINK_TOKEN_MAX);
	long part[3] = {0, 0, 1}, len = (long)v->text.len, low, from, to;
	bool given[3] = {false};
	size_t at = *i + 1, parts = 0;

	while (parts < 3 && slice_part(f, &at, &part[parts], &given[parts])) {
		parts++;
		if (at >= f->n || f->p[at] != ':')
			break;
		at++;
	}
	if (parts < 2 || at >= f->n || f->p[at] != ']')
		return false;
	part[2] = given[2] && part[2] ? part[2] : 1;
	low = part[2] > 0 ? 0 : -1;
	for (size_t k = 0; k < 2; k++) {
		part[k] += given[k] && part[k] < 0 ? len : 0;
		part[k] = MAX_OF(low, MIN_OF(part[k], low + len));
	}
	from = given[0] ? part[0] : part[2] > 0 ? 0 : len - 1;
	to = given[1] ? part[1] : part[2] > 0 ? len : -1;
	for (long k = from; (part[2] > 0 ? k < to : k > to); k += part[2])
		buf_addc(&out, v->text.data[k]);
	value_move(v, &out);
	v->made = true;
	*i = at + 1;
	return true;
}

/* One argument: a literal, or what JavaScript writes as /x/g. */
static bool
fold_argument(struct fold *f, size_t *i, struct value *v)
{
	size_t at = fold_blanks(f, *i), end;

	if (at >= f->n || f->p[at] != '/') {
		*i = at;
		return fold_expr(f, i, v);
	}
	for (end = at + 1; end < f->n && f->p[end] != '/' && f->p[end] != '\n'; end++)
		if (f->p[end] != '\\')
			buf_addc(&v->text, f->p[end]);
	if (end >= f->n || f->p[end] != '/')
		return false;
	for (end++; end < f->n && fold_name_char(f->p[end]);)
		end++;
	*i = end;
	return true;
}

static void
fold_replace_all(struct value *v, const struct value *a, const struct value *b)
{
	struct buf out = BUF_INIT(2 * LINK_TOKEN_MAX);
	size_t at = 0, n = a->text.len;

	while (at < v->text.len) {
		if (n > 0 && v->text.len - at >= n &&
		    memcmp(v->text.data + at, a->text.data, n) == 0) {
			buf_add(&out, b->text.data, b->text.len);
			at += n;
		} else {
			buf_addc(&out, v->text.data[at++]);
		}
	}
	value_move(v, &out);
}

/* ".replace(A, B)" behind its parenthesis at *i, applied. */
static bool
fold_replace(struct fold *f, size_t *i, struct value *v)
{
	struct value a, b;
	size_t at = *i, end;
	bool good;

	if (f->depth == FOLD_DEPTH)
		return false;
	f->depth++;
	value_init(&a);
	value_init(&b);
	good = fold_argument(f, &at, &a) && (at = fold_blanks(f, at)) < f->n &&
	       f->p[at] == ',' && (at++, fold_argument(f, &at, &b));
	for (end = MIN_OF(f->n, at + FOLD_TIMES); good && at < end && f->p[at] != ')';)
		at++; /* how many times */
	good = good && at < f->n && f->p[at] == ')';
	if (good) {
		fold_replace_all(v, &a, &b);
		v->made = true;
		*i = at + 1;
	}
	buf_release(&a.text);
	buf_release(&b.text);
	f->depth--;
	return good;
}

/* The places "{}" or "%s" of v filled with the constants at *i, parted by commas. */
static bool
fold_fill(struct fold *f, size_t *i, struct value *v, bool percent)
{
	struct buf out = BUF_INIT(2 * LINK_TOKEN_MAX);
	size_t at = *i, done = 0;

	if (f->depth == FOLD_DEPTH)
		return false;
	f->depth++;
	for (size_t k = 0; k < FOLD_ARGS; k++) {
		struct value a;
		const char *place = NULL;

		value_init(&a);
		at = fold_blanks(f, at);
		if (fold_expr(f, &at, &a) && v->text.len > done)
			place = memmem(v->text.data + done, v->text.len - done,
				       percent ? "%s" : "{}", 2);
		if (place) {
			buf_add(&out, v->text.data + done,
				(size_t)(place - v->text.data) - done);
			buf_add(&out, a.text.data, a.text.len);
			done = (size_t)(place - v->text.data) + 2;
			*i = at;
		}
		buf_release(&a.text);
		at = fold_blanks(f, at);
		if (!place || at >= f->n || f->p[at++] != ',')
			break;
	}
	if (done > 0) {
		buf_add(&out, v->text.data + done, v->text.len - done);
		value_move(v, &out);
		v->joined++;
	}
	buf_release(&out);
	f->depth--;
	return done > 0;
}

/* A call of one of the methods at *i; *i behind its name. */
static bool
fold_method(const struct fold *f, size_t *i, const char *const *names, size_t count)
{
	for (size_t k = 0; k < count; k++)
		if (fold_is(f, *i, names[k])) {
			*i += strlen(names[k]);
			return true;
		}
	return false;
}

/* ".format(A, B)" and "% (A, B)" at *i, applied. */
static bool
fold_format(struct fold *f, size_t *i, struct value *v)
{
	static const char format[] = ".format(";
	bool percent = fold_is(f, *i, "%");
	size_t at = *i + 1;

	if (!percent && !fold_is(f, *i, format))
		return false;
	if (percent)
		at = fold_blanks(f, at), at += fold_is(f, at, "(");
	else
		at = *i + strlen(format);
	if (!fold_fill(f, &at, v, percent))
		return false;
	*i = at + fold_is(f, at, ")");
	return true;
}

/* What changes the value behind it at *i; false: nothing. */
static bool
fold_behind(struct fold *f, size_t *i, struct value *v)
{
	static const char *const turns[] = {".reverse()", ".reversed()", ".reverse"};
	static const char *const passes[] = {
	    ".split('')",	".split(\"\")",	    ".join('')",   ".join(\"\")",
	    ".decode()",	".encode()",	    ".toString()", ".strip()",
	    ".trim()",		".decode('utf-8')", ".chars",	   ".to_s",
	    ".toString('utf8')"};
	static const char *const replaces[] = {".replace(", ".replaceAll(", ".gsub("};
	size_t at = fold_blanks(f, *i);

	if (*i < f->n && f->p[*i] == '[')
		return fold_slice(f, i, v);
	if (fold_method(f, i, passes, ARRAY_LEN(passes)))
		return true;
	if (fold_method(f, i, turns, ARRAY_LEN(turns))) {
		fold_turn(v);
		return true;
	}
	if (fold_method(f, &at, replaces, ARRAY_LEN(replaces)) ? !fold_replace(f, &at, v)
							       : !fold_format(f, &at, v))
		return false;
	*i = at;
	return true;
}

/* "(" or "reversed(" at *i, a constant and ")". */
static bool
fold_inside(struct fold *f, size_t *i, struct value *v)
{
	bool turned = fold_is(f, *i, "reversed(");
	size_t at = *i + (turned ? strlen("reversed(") : 1);

	if (f->depth == FOLD_DEPTH || !(turned || fold_is(f, *i, "(")))
		return false;
	f->depth++;
	at = fold_blanks(f, at);
	if (!fold_expr(f, &at, v))
		at = f->n;
	at = fold_blanks(f, at);
	f->depth--;
	if (at >= f->n || f->p[at] != ')')
		return false;
	if (turned)
		fold_turn(v);
	*i = at + 1;
	return true;
}

/* One constant at *i; `behind` another of the same expression. */
static bool
fold_one(struct fold *f, size_t *i, struct value *v, bool behind)
{
	size_t at = *i;
	bool begins =
	    behind || at == 0 || !(fold_name_char(f->p[at - 1]) || f->p[at - 1] == '.');

	if (at >= f->n)
		return false;
	if (begins && f->p[at] >= '0' && f->p[at] <= '9')
		return fold_codes(f, i, v);
	if (begins && (fold_chr(f, i, v) || fold_inside(f, i, v)))
		return true;
	while (begins && at < f->n && at - *i < 2 && strchr("bBrRuUfF$", f->p[at]))
		at++; /* b'', f"", $'' */
	if (at >= f->n || !strchr("\"'`", f->p[at]) || !fold_literal(f, &at, v))
		return false;
	*i = at;
	return true;
}

static bool
fold_expr(struct fold *f, size_t *i, struct value *v)
{
	bool any = false;
	size_t at = *i;

	for (;;) {
		struct value one;

		value_init(&one);
		if (!fold_one(f, &at, &one, any)) {
			buf_release(&one.text);
			break;
		}
		while (fold_behind(f, &at, &one))
			;
		buf_add(&v->text, one.text.data, one.text.len);
		v->made |= one.made;
		v->joined += one.joined + any;
		buf_release(&one.text);
		any = true;
		*i = at;
		at = fold_blanks(f, at);
		if (at < f->n && (f->p[at] == '+' || f->p[at] == '.'))
			at = fold_blanks(f, at + 1);
	}
	return any;
}

bool
link_fold(const char *p, size_t n, struct buf *out, link_made_fn *found, void *ctx)
{
	struct fold f = {.p = p, .n = n};
	bool any = false;

	for (size_t i = 0; i < n;) {
		size_t end = i;
		struct value v;

		value_init(&v);
		if (fold_expr(&f, &end, &v) && (v.made || v.joined)) {
			char mark =
			    buf_str(&v.text)[strcspn(buf_str(&v.text), "\"")] ? '\'' : '"';

			buf_addc(out, mark);
			buf_add(out, v.text.data, v.text.len);
			buf_addc(out, mark);
			if (v.made)
				found(ctx, v.text.data, v.text.len, i, end);
			any = true;
		} else {
			end = MAX_OF(end, i + 1);
			buf_add(out, p + i, end - i);
		}
		buf_release(&v.text);
		i = end;
	}
	return any;
}
