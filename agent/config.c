/* Config files: YAML, read event by event into the options table. See options.h.
 *
 * Keys are those of the rows; a dot in a key stands for a mapping within ("limits.memory").
 * Nothing else is accepted, so that a typing error never goes unseen: an unknown key names the
 * nearest one, a key given twice its first line. Anchors and aliases are refused (a small file
 * could stand for gigabytes), as are tags and further documents. Nesting needs no bound of its
 * own: only prefixes of known keys are entered, and a skipped value is counted.
 *
 * Source: YAML 1.1 as libyaml reads it. Pinned by tests/unit/test_config.c. */
#include <errno.h>
#include <string.h>

#include "agent/base/fs.h"
#include "agent/base/lib_yaml.h"
#include "agent/base/mem.h"
#include "agent/options.h"

#define CONFIG_MAX	 MIB /* bytes of a file */
#define CONFIG_KEY_MAX	 200 /* bytes of a key with its prefix */
#define CONFIG_DEPTH_MAX 32  /* nested collections of a value that is passed over */

struct config {
	struct opts *o;
	const char *path;
	char *label; /* the path's end, for sources */
	enum opt_rank rank;
	yaml_parser_t parser;
	yaml_event_t event;	/* the last one read */
	size_t seen[OPT_COUNT]; /* line of the key, 0: not yet */
	struct err *e;
};

/* "FILE:LINE:COLUMN: " and the message; the position of the last event. */
static enum err_kind config_bad(struct config *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

static enum err_kind
config_bad(struct config *c, const char *fmt, ...)
{
	const yaml_mark_t *at = &c->event.start_mark;
	AUTO_FREE char *what = NULL;
	va_list ap;

	va_start(ap, fmt);
	what = mem_vprintf(fmt, ap);
	va_end(ap);
	return err_set(c->e, ERR_CONFIG, "%.400s:%zu:%zu: %s", c->path, at->line + 1,
		       at->column + 1, what);
}

/* What libyaml has to say, in its words. */
static enum err_kind
config_malformed(struct config *c)
{
	const yaml_parser_t *p = &c->parser;
	yaml_mark_t at = p->problem_mark;

	if (p->error == YAML_READER_ERROR)
		return err_set(c->e, ERR_CONFIG, "%.400s: byte %zu: %s", c->path,
			       p->problem_offset, p->problem);
	if (p->error == YAML_MEMORY_ERROR)
		mem_die("out of memory");
	err_set(c->e, ERR_CONFIG, "%.400s:%zu:%zu: %s", c->path, at.line + 1, at.column + 1,
		p->problem ? p->problem : "malformed YAML");
	if (p->problem && (strstr(p->problem, "any token") || strstr(p->problem, "tab")))
		err_hint(c->e, "indent with spaces, and quote values that begin with a "
			       "special character");
	else
		err_hint(c->e, "'key: value' lines are expected");
	return ERR_CONFIG;
}

static enum err_kind
config_next(struct config *c)
{
	yaml_event_delete(&c->event);
	memset(&c->event, 0, sizeof(c->event));
	if (!yaml_parser_parse(&c->parser, &c->event))
		return config_malformed(c);
	if (c->event.type == YAML_ALIAS_EVENT ||
	    (c->event.type == YAML_SCALAR_EVENT && c->event.data.scalar.anchor) ||
	    (c->event.type == YAML_SEQUENCE_START_EVENT &&
	     c->event.data.sequence_start.anchor) ||
	    (c->event.type == YAML_MAPPING_START_EVENT &&
	     c->event.data.mapping_start.anchor)) {
		config_bad(c, "anchors and aliases are not accepted");
		err_hint(c->e, "write the value out, or quote it if it begins with & or *");
		return ERR_CONFIG;
	}
	return ERR_NONE;
}

static const char *
config_scalar(const struct config *c)
{
	return (const char *)c->event.data.scalar.value;
}

/* Nothing stands behind the key: the same as no key. */
static bool
config_is_null(const struct config *c)
{
	const char *text = config_scalar(c);

	return c->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (!text[0] || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
}

static enum err_kind
config_assign(struct config *c, int id, const char *text, size_t line)
{
	size_t n;
	const char *key = opt_rows(c->o, &n)[id].key;
	AUTO_FREE char *source = mem_printf("%s:%zu", c->label, line);
	struct err why = {0};

	if (opt_assign(c->o, id, c->rank, text, source, &why)) {
		config_bad(c, "%s: %s", key, why.msg);
		err_hint(c->e, "see 'sunaba help config'");
		return ERR_CONFIG;
	}
	return ERR_NONE;
}

static bool
config_takes_list(const struct config *c, int id)
{
	size_t n;
	const struct opt_row *row = &opt_rows(c->o, &n)[id];

	return row->type == OPT_LIST || row->type == OPT_NAMES || row->type == OPT_PATHS;
}

/* The items of a list, from behind its start to its end. */
static enum err_kind
config_sequence(struct config *c, int id, size_t line)
{
	enum err_kind kind = config_assign(c, id, "", line);

	while (!kind && !(kind = config_next(c)) &&
	       c->event.type != YAML_SEQUENCE_END_EVENT) {
		if (c->event.type != YAML_SCALAR_EVENT)
			return config_bad(c, "an item of a list must be a plain text");
		if (strlen(config_scalar(c)) != c->event.data.scalar.length)
			return config_bad(c, "a text with a NUL in it");
		kind = config_assign(c, id, config_scalar(c), line);
	}
	return kind;
}

/* The value of a known key, which is the last event. */
static enum err_kind
config_value(struct config *c, int id, const char *key, size_t line)
{
	switch (c->event.type) {
	case YAML_SCALAR_EVENT:
		if (strlen(config_scalar(c)) != c->event.data.scalar.length)
			return config_bad(c, "a text with a NUL in it");
		return config_is_null(c) ? ERR_NONE
					 : config_assign(c, id, config_scalar(c), line);
	case YAML_SEQUENCE_START_EVENT:
		if (config_takes_list(c, id))
			return config_sequence(c, id, line);
		config_bad(c, "'%s' takes one value, not a list", key);
		break;
	case YAML_MAPPING_START_EVENT:
		config_bad(c, "'%s' takes %s, not a mapping", key,
			   config_takes_list(c, id) ? "a list" : "one value");
		break;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
	case YAML_ALIAS_EVENT:
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return config_bad(c, "'%s' has no value", key);
	}
	err_hint(c->e, "see 'sunaba help config'");
	return ERR_CONFIG;
}

/* Passes over the value that begins with the last event. */
static enum err_kind
config_skip(struct config *c)
{
	size_t depth = 0;

	for (;;) {
		enum err_kind kind;

		if (c->event.type == YAML_SEQUENCE_START_EVENT ||
		    c->event.type == YAML_MAPPING_START_EVENT)
			depth++;
		if (c->event.type == YAML_SEQUENCE_END_EVENT ||
		    c->event.type == YAML_MAPPING_END_EVENT)
			depth--;
		if (depth == 0)
			return ERR_NONE;
		if (depth > CONFIG_DEPTH_MAX)
			return config_bad(c, "nested deeper than %d", CONFIG_DEPTH_MAX);
		kind = config_next(c);
		if (kind)
			return kind;
	}
}

/* Whether `key` names a mapping that holds rows. */
static bool
config_is_section(const struct config *c, const char *key)
{
	size_t n, len = strlen(key);
	const struct opt_row *rows = opt_rows(c->o, &n);

	for (size_t i = 0; i < n; i++)
		if (rows[i].key && strncmp(rows[i].key, key, len) == 0 &&
		    rows[i].key[len] == '.')
			return true;
	return false;
}

static enum err_kind
config_unknown(struct config *c, const char *key)
{
	const char *keys[2 * OPT_COUNT], *near;
	char sections[OPT_COUNT][CONFIG_KEY_MAX];
	size_t n, have = 0;
	const struct opt_row *rows = opt_rows(c->o, &n);

	for (size_t i = 0; i < OPT_COUNT; i++) {
		const char *dot = rows[i].key ? strchr(rows[i].key, '.') : NULL;

		if (dot) { /* the section first: of equally near words it is the likelier */
			snprintf(sections[i], CONFIG_KEY_MAX, "%.*s",
				 (int)(dot - rows[i].key), rows[i].key);
			keys[have++] = sections[i];
		}
		if (rows[i].key)
			keys[have++] = rows[i].key;
	}
	near = opt_nearest(key, keys, have);
	config_bad(c, "unknown key '%s'", key);
	if (near)
		err_hint(c->e, "did you mean '%s'? see 'sunaba help config'", near);
	else
		err_hint(c->e, "see 'sunaba help config'");
	return ERR_CONFIG;
}

static enum err_kind config_mapping(struct config *c, const char *prefix);

static enum err_kind
config_section(struct config *c, const char *key)
{
	enum err_kind kind = config_next(c);

	if (kind)
		return kind;
	if (c->event.type == YAML_SCALAR_EVENT && config_is_null(c))
		return ERR_NONE;
	if (c->event.type != YAML_MAPPING_START_EVENT) {
		config_bad(c, "'%s' takes keys of its own, indented below it", key);
		err_hint(c->e, "see 'sunaba help config'");
		return ERR_CONFIG;
	}
	return config_mapping(c, key);
}

/* One key, which is the last event, and its value. */
static enum err_kind
config_member(struct config *c, const char *prefix)
{
	char key[CONFIG_KEY_MAX];
	size_t line = c->event.start_mark.line + 1, n;
	enum err_kind kind;
	int id, len;

	if (c->event.type != YAML_SCALAR_EVENT)
		return config_bad(c, "a key must be a plain word");
	len = snprintf(key, sizeof(key), "%s%s%s", prefix, prefix[0] ? "." : "",
		       config_scalar(c));
	id = opt_find_key(c->o, key);
	if (len >= CONFIG_KEY_MAX)
		return config_unknown(c, key);
	if (id < 0 && config_is_section(c, key))
		return config_section(c, key);
	if (id < 0 || strlen(config_scalar(c)) != c->event.data.scalar.length)
		return config_unknown(c, key);
	if (c->seen[id])
		return config_bad(c, "'%s' is given twice, first on line %zu", key,
				  c->seen[id]);
	c->seen[id] = line;
	if (id == OPT_PROFILE && c->rank == OPT_FROM_PROFILE)
		return config_bad(c, "a profile cannot name a profile");
	kind = config_next(c);
	if (kind)
		return kind;
	if (c->rank == OPT_FROM_PROJECT && opt_rows(c->o, &n)[id].scope == OPT_USER) {
		opt_notice(c->o, "%s:%zu: a project's file may not set '%s'; passed over",
			   c->label, line, key);
		return config_skip(c);
	}
	return config_value(c, id, key, line);
}

/* From behind a mapping's start to its end. */
static enum err_kind
config_mapping(struct config *c, const char *prefix)
{
	enum err_kind kind;

	while (!(kind = config_next(c)) && c->event.type != YAML_MAPPING_END_EVENT) {
		kind = config_member(c, prefix);
		if (kind)
			break;
	}
	return kind;
}

static enum err_kind
config_stream(struct config *c)
{
	enum err_kind kind = config_next(c); /* the stream's start */

	if (!kind)
		kind = config_next(c);
	if (kind || c->event.type == YAML_STREAM_END_EVENT)
		return kind; /* nothing but comments */
	kind = config_next(c);
	if (kind)
		return kind;
	if (c->event.type == YAML_MAPPING_START_EVENT) {
		kind = config_mapping(c, "");
	} else if (c->event.type != YAML_SCALAR_EVENT || !config_is_null(c)) {
		config_bad(c, "'key: value' lines are expected");
		err_hint(c->e, "see 'sunaba help config'");
		return ERR_CONFIG;
	}
	if (!kind)
		kind = config_next(c); /* the document's end */
	if (!kind)
		kind = config_next(c);
	if (!kind && c->event.type != YAML_STREAM_END_EVENT)
		return config_bad(c, "a second document in one file");
	return kind;
}

/* The end of the path that tells files apart: "config.yaml", "profiles/work.yaml". */
static char *
config_label(const char *path, enum opt_rank rank)
{
	const char *at = strrchr(path, '/');

	if (at && rank == OPT_FROM_PROFILE)
		while (at > path && at[-1] != '/')
			at--;
	else if (at)
		at++;
	return mem_strdup(at ? at : path);
}

static enum err_kind
config_read(struct opts *o, const char *path, enum opt_rank rank, struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(CONFIG_MAX);
	AUTO_FREE char *label = config_label(path, rank);
	struct config c = {.o = o, .path = path, .label = label, .rank = rank, .e = e};
	enum err_kind kind = fs_read(path, &text, e);

	if (kind == ERR_LIMIT)
		return err_set(e, ERR_CONFIG, "'%.400s' is larger than %zu bytes", path,
			       CONFIG_MAX);
	if (kind) {
		if (e)
			e->kind = ERR_CONFIG;
		return ERR_CONFIG;
	}
	if (!yaml_parser_initialize(&c.parser))
		mem_die("out of memory");
	yaml_parser_set_encoding(&c.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&c.parser, (const unsigned char *)buf_str(&text),
				     text.len);
	kind = config_stream(&c);
	yaml_event_delete(&c.event);
	yaml_parser_delete(&c.parser);
	return kind;
}

enum err_kind
opts_config(struct opts *o, const char *path, bool project, struct err *e)
{
	return config_read(o, path, project ? OPT_FROM_PROJECT : OPT_FROM_CONFIG, e);
}

enum err_kind
opts_profile(struct opts *o, const char *name, struct err *e)
{
	AUTO_FREE char *file = mem_printf("profiles/%s.yaml", name);
	AUTO_FREE char *path = fs_xdg_path(FS_CONFIG, file);
	enum err_kind kind;

	if (!name[0] || name[0] == '.' || strchr(name, '/') || strlen(name) > 100) {
		err_set(e, ERR_USAGE, "'%.100s' is no name of a profile", name);
		err_hint(e,
			 "a profile is a file profiles/NAME.yaml beside the config file");
		return ERR_USAGE;
	}
	if (!path)
		return err_set(e, ERR_CONFIG, "profile '%s': no home folder to look in",
			       name);
	kind = config_read(o, path, OPT_FROM_PROFILE, e);
	if (kind && e && e->sys == ENOENT) {
		err_set(e, ERR_CONFIG, "there is no profile '%s'", name);
		err_hint(e, "write it to %.300s", path);
		return ERR_CONFIG;
	}
	return kind;
}

char *
opts_config_path(const struct opts *o)
{
	const char *own = opt_str(o, OPT_CONFIG_FILE);

	return own ? mem_strdup(own) : fs_xdg_path(FS_CONFIG, "config.yaml");
}

enum err_kind
opts_load(struct opts *o, struct err *e)
{
	AUTO_FREE char *path = NULL;
	enum err_kind kind = opts_env(o, e);

	if (kind)
		return kind;
	path = opts_config_path(o);
	if (path && (opt_is_set(o, OPT_CONFIG_FILE) || access(path, F_OK) == 0 ||
		     (errno != ENOENT && errno != ENOTDIR)))
		kind = opts_config(o, path, false, e);
	if (!kind && opt_str(o, OPT_PROFILE))
		kind = opts_profile(o, opt_str(o, OPT_PROFILE), e);
	return kind;
}
