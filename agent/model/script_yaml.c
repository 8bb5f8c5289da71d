/* Reading YAML with places for errors. See script_yaml.h.
 *
 * libyaml's document keeps each alias as a reference to its node, so that a nest of aliases
 * costs nothing until it is written out; the writing out is bounded in depth and bytes.
 * Pinned by tests/unit/test_script.c. */
#include <stdlib.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/model/script_yaml.h"

#define SCRIPT_DEPTH_MAX 32 /* nested values in the arguments of a call */

enum err_kind
script_bad(struct script_read *r, const yaml_node_t *at, const char *what, const char *word)
{
	return err_set(r->e, ERR_CONFIG, "'%s' line %zu, column %zu: %s%s%s%s", r->name,
		       at->start_mark.line + 1, at->start_mark.column + 1, what,
		       word ? " '" : "", word ? word : "", word ? "'" : "");
}

yaml_node_t *
script_node(struct script_read *r, int id)
{
	return yaml_document_get_node(&r->doc, id);
}

enum err_kind
script_string(struct script_read *r, const yaml_node_t *n, char **out)
{
	if (n->type != YAML_SCALAR_NODE)
		return script_bad(r, n, "a text is wanted here", NULL);
	free(*out);
	*out = mem_strndup((const char *)n->data.scalar.value, n->data.scalar.length);
	return ERR_NONE;
}

enum err_kind
script_int(struct script_read *r, const yaml_node_t *n, int64_t *out)
{
	const char *s = (const char *)n->data.scalar.value;
	char *end;
	long long v;

	if (n->type != YAML_SCALAR_NODE)
		return script_bad(r, n, "a number is wanted here", NULL);
	v = strtoll(s, &end, 10);
	if (end == s || *end || v < 0)
		return script_bad(r, n, "not a whole number:", s);
	*out = v;
	return ERR_NONE;
}

enum err_kind
script_bool(struct script_read *r, const yaml_node_t *n, bool *out)
{
	const char *s = (const char *)n->data.scalar.value;

	if (n->type != YAML_SCALAR_NODE ||
	    (strcmp(s, "true") != 0 && strcmp(s, "false") != 0))
		return script_bad(r, n, "true or false is wanted here", NULL);
	*out = *s == 't';
	return ERR_NONE;
}

/* YAML 1.2's core schema for plain scalars, as JSON. */
static void
script_json_scalar(struct json_writer *w, const yaml_node_t *n)
{
	const char *s = (const char *)n->data.scalar.value;
	char *end;
	double d;

	if (n->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) {
		json_put_strn(w, s, n->data.scalar.length);
	} else if (strcmp(s, "true") == 0 || strcmp(s, "false") == 0) {
		json_put_bool(w, *s == 't');
	} else if (!*s || strcmp(s, "null") == 0 || strcmp(s, "~") == 0) {
		json_put_null(w);
	} else {
		d = strtod(s, &end);
		if (!*end && strspn(s, "+-.0123456789eE") == n->data.scalar.length)
			json_put_num(w, d);
		else
			json_put_strn(w, s, n->data.scalar.length);
	}
}

enum err_kind
script_json(struct script_read *r, struct json_writer *w, const yaml_node_t *n, int depth)
{
	enum err_kind k = ERR_NONE;

	if (depth > SCRIPT_DEPTH_MAX || w->out->full)
		return script_bad(r, n, "the arguments are too large or nested too deeply",
				  NULL);
	if (n->type == YAML_SEQUENCE_NODE) {
		json_open(w, '[');
		for (yaml_node_item_t *i = n->data.sequence.items.start;
		     k == ERR_NONE && i < n->data.sequence.items.top; i++)
			k = script_json(r, w, script_node(r, *i), depth + 1);
		json_close(w, ']');
	} else if (n->type == YAML_MAPPING_NODE) {
		json_open(w, '{');
		for (yaml_node_pair_t *p = n->data.mapping.pairs.start;
		     k == ERR_NONE && p < n->data.mapping.pairs.top; p++) {
			const yaml_node_t *key = script_node(r, p->key);

			if (key->type != YAML_SCALAR_NODE)
				return script_bad(r, key, "a key must be a text", NULL);
			json_key(w, (const char *)key->data.scalar.value);
			k = script_json(r, w, script_node(r, p->value), depth + 1);
		}
		json_close(w, '}');
	} else {
		script_json_scalar(w, n);
	}
	return k;
}

enum err_kind
script_mapping(struct script_read *r, const yaml_node_t *n, script_key_fn *fn, void *arg)
{
	if (n->type != YAML_MAPPING_NODE)
		return script_bad(r, n, "a mapping is wanted here", NULL);
	for (yaml_node_pair_t *p = n->data.mapping.pairs.start;
	     p < n->data.mapping.pairs.top; p++) {
		const yaml_node_t *key = script_node(r, p->key);
		enum err_kind k;

		if (key->type != YAML_SCALAR_NODE)
			return script_bad(r, key, "a key must be a text", NULL);
		k = fn(r, (const char *)key->data.scalar.value, script_node(r, p->value),
		       arg);
		if (k == ERR_USAGE)
			return script_bad(r, key, "unknown key",
					  (const char *)key->data.scalar.value);
		if (k != ERR_NONE)
			return k;
	}
	return ERR_NONE;
}

enum err_kind
script_list(struct script_read *r, const yaml_node_t *n, script_item_fn *fn, void *arg)
{
	enum err_kind k = ERR_NONE;

	if (n->type != YAML_SEQUENCE_NODE)
		return fn(r, n, arg);
	if (n->data.sequence.items.top - n->data.sequence.items.start > SCRIPT_LIST_MAX)
		return script_bad(r, n, "the list is too long", NULL);
	for (yaml_node_item_t *i = n->data.sequence.items.start;
	     k == ERR_NONE && i < n->data.sequence.items.top; i++)
		k = fn(r, script_node(r, *i), arg);
	return k;
}

/* Loads the one document; on success the caller deletes r->doc. */
/* The code unit of an escape "\\uXXXX" at p, or -1. */
static int
script_unit(const char *p, size_t n)
{
	char digits[5] = {0};

	if (n < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	memcpy(digits, p + 2, 4);
	if (strspn(digits, "0123456789abcdefABCDEF") != 4)
		return -1;
	return (int)strtol(digits, NULL, 16);
}

/* JSON writes characters beyond U+FFFF as two escapes, which YAML does not know. */
static void
script_join_pairs(const char *p, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n;) {
		int high = script_unit(p + i, n - i), low = -1;
		size_t one = p[i] == '\\' && i + 1 < n ? 2 : 1;

		if (high >= 0xd800 && high < 0xdc00)
			low = script_unit(p + i + 6, n - i - 6);
		if (low >= 0xdc00 && low < 0xe000) {
			buf_addf(out, "\\U%08X",
				 0x10000 + ((unsigned)(high - 0xd800) << 10) +
				     (unsigned)(low - 0xdc00));
			i += 12;
		} else if (high >= 0xd800 && high < 0xe000) {
			buf_adds(out, "\\uFFFD");
			i += 6;
		} else {
			buf_add(out, p + i, one);
			i += one;
		}
	}
}

enum err_kind
script_load(struct script_read *r, const char *p, size_t n)
{
	AUTO_BUF struct buf joined = BUF_INIT(n); /* never longer */
	yaml_parser_t y;
	enum err_kind k = ERR_NONE;
	size_t space = 0;

	while (space < n && strchr(" \t\r\n", p[space]))
		space++;
	if (space < n && (p[space] == '[' || p[space] == '{')) {
		script_join_pairs(p, n, &joined);
		p = buf_str(&joined);
		n = joined.len;
	}
	if (!yaml_parser_initialize(&y))
		mem_die("out of memory");
	yaml_parser_set_input_string(&y, (const unsigned char *)p, n);
	if (!yaml_parser_load(&y, &r->doc)) {
		k = err_set(r->e, ERR_CONFIG, "'%s' line %zu, column %zu: %s", r->name,
			    y.problem_mark.line + 1, y.problem_mark.column + 1,
			    y.problem ? y.problem : "not YAML");
	} else if (!yaml_document_get_root_node(&r->doc)) {
		yaml_document_delete(&r->doc);
		k = err_set(r->e, ERR_CONFIG, "'%s' is empty", r->name);
	}
	yaml_parser_delete(&y);
	return k;
}
