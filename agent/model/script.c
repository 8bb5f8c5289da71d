/* Reading dialogue files with libyaml. See script.h.
 *
 * One function per kind of mapping says which keys it has; script_yaml.c walks the document and
 * gives errors their place. Pinned by tests/unit/test_script.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/model/script.h"
#include "agent/model/script_yaml.h"

#define SCRIPT_ARGS_MAX MIB /* bytes of a call's arguments */

static struct script_call *
script_add_call(struct script_turn *t)
{
	t->calls = mem_array(t->calls, t->ncalls + 1, sizeof(*t->calls));
	t->calls[t->ncalls] = (struct script_call){0};
	return &t->calls[t->ncalls++];
}

static enum err_kind
script_run_key(struct script_read *r, const char *key, const yaml_node_t *v, void *arg)
{
	struct script_call *c = arg;

	if (strcmp(key, "language") == 0)
		return script_string(r, v, &c->language);
	if (strcmp(key, "code") == 0)
		return script_string(r, v, &c->code);
	return ERR_USAGE;
}

static enum err_kind
script_run(struct script_read *r, const yaml_node_t *n, void *arg)
{
	struct script_call *c = script_add_call(arg);
	struct buf b = BUF_INIT(SCRIPT_FILE_MAX);
	struct json_writer w = JSON_WRITER(&b);
	enum err_kind k = script_mapping(r, n, script_run_key, c);

	if (k == ERR_NONE && (!c->language || !c->code))
		k = script_bad(r, n, "'run' needs 'language' and 'code'", NULL);
	if (k != ERR_NONE)
		return k;
	json_open(&w, '{');
	json_kv_str(&w, "language", c->language);
	json_kv_str(&w, "code", c->code);
	json_close(&w, '}');
	c->name = mem_strdup("execute");
	c->args = buf_take(&b);
	return ERR_NONE;
}

static enum err_kind
script_call_key(struct script_read *r, const char *key, const yaml_node_t *v, void *arg)
{
	struct script_call *c = arg;
	AUTO_BUF struct buf b = BUF_INIT(SCRIPT_ARGS_MAX);
	struct json_writer w = JSON_WRITER(&b);
	enum err_kind k;

	if (strcmp(key, "name") == 0)
		return script_string(r, v, &c->name);
	if (strcmp(key, "args") != 0)
		return ERR_USAGE;
	if (v->type == YAML_SCALAR_NODE)
		return script_string(r, v, &c->args);
	k = script_json(r, &w, v, 0);
	free(c->args);
	c->args = buf_take(&b);
	return k;
}

static enum err_kind
script_raw_call(struct script_read *r, const yaml_node_t *n, void *arg)
{
	struct script_call *c = script_add_call(arg);
	enum err_kind k = script_mapping(r, n, script_call_key, c);

	if (k == ERR_NONE && !c->name)
		k = script_bad(r, n, "'call' needs 'name'", NULL);
	if (k == ERR_NONE && !c->args)
		c->args = mem_strdup("{}");
	return k;
}

static enum err_kind
script_expect(struct script_read *r, const yaml_node_t *n, void *arg)
{
	struct script_turn *t = arg;

	t->expect = mem_array(t->expect, t->nexpect + 1, sizeof(*t->expect));
	t->expect[t->nexpect++] = NULL;
	return script_string(r, n, &t->expect[t->nexpect - 1]);
}

static enum err_kind
script_usage_key(struct script_read *r, const char *key, const yaml_node_t *v, void *arg)
{
	struct usage *u = arg;
	const struct {
		const char *key;
		int64_t *to;
	} keys[] = {{"input", &u->input},
		    {"output", &u->output},
		    {"cached", &u->cached},
		    {"reasoning", &u->reasoning}};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(key, keys[i].key) == 0)
			return script_int(r, v, keys[i].to);
	return ERR_USAGE;
}

static enum err_kind
script_turn_key(struct script_read *r, const char *key, const yaml_node_t *v, void *arg)
{
	struct script_turn *t = arg;
	const struct {
		const char *key;
		char **text;
		int64_t *number;
		bool *flag;
		script_item_fn *list;
	} keys[] = {
	    {.key = "say", .text = &t->say},
	    {.key = "think", .text = &t->think},
	    {.key = "error", .text = &t->error},
	    {.key = "chunk", .number = &t->chunk},
	    {.key = "delay_ms", .number = &t->delay_ms},
	    {.key = "fence", .flag = &t->fence},
	    {.key = "cut", .flag = &t->cut},
	    {.key = "run", .list = script_run},
	    {.key = "call", .list = script_raw_call},
	    {.key = "expect", .list = script_expect},
	};

	if (strcmp(key, "usage") == 0)
		return script_mapping(r, v, script_usage_key, &t->usage);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (strcmp(key, keys[i].key) != 0)
			continue;
		if (keys[i].text)
			return script_string(r, v, keys[i].text);
		if (keys[i].number)
			return script_int(r, v, keys[i].number);
		if (keys[i].flag)
			return script_bool(r, v, keys[i].flag);
		return script_list(r, v, keys[i].list, t);
	}
	return ERR_USAGE;
}

static enum err_kind
script_turn(struct script_read *r, const yaml_node_t *n, void *arg)
{
	struct script *s = arg;
	struct script_turn *t;

	s->turns = mem_array(s->turns, s->nturns + 1, sizeof(*s->turns));
	t = &s->turns[s->nturns++];
	*t = (struct script_turn){.usage = USAGE_UNKNOWN, .line = n->start_mark.line + 1};
	if (n->type == YAML_SCALAR_NODE)
		return script_string(r, n, &t->say);
	return script_mapping(r, n, script_turn_key, t);
}

static enum err_kind
script_task_key(struct script_read *r, const char *key, const yaml_node_t *v, void *arg)
{
	struct script *s = arg;

	if (strcmp(key, "turns") == 0)
		return v->type == YAML_SEQUENCE_NODE
			   ? script_list(r, v, script_turn, s)
			   : script_bad(r, v, "'turns' must be a list", NULL);
	if (strcmp(key, "title") == 0)
		return script_string(r, v, &s->title);
	if (strcmp(key, "user") == 0)
		return script_string(r, v, &s->user);
	if (strcmp(key, "setup") == 0)
		return script_string(r, v, &s->setup);
	return ERR_USAGE;
}

struct script_tour {
	struct script *tasks;
	size_t n;
};

static enum err_kind
script_task(struct script_read *r, const yaml_node_t *n, void *arg)
{
	struct script_tour *tour = arg;
	struct script *s;
	enum err_kind k;

	tour->tasks = mem_array(tour->tasks, tour->n + 1, sizeof(*tour->tasks));
	s = &tour->tasks[tour->n++];
	*s = (struct script){0};
	k = script_mapping(r, n, script_task_key, s);
	if (k == ERR_NONE && (!s->title || !s->user || !s->nturns))
		k = script_bad(r, n, "a task needs 'title', 'user' and 'turns'", NULL);
	return k;
}

static enum err_kind
script_tour_key(struct script_read *r, const char *key, const yaml_node_t *v, void *arg)
{
	return strcmp(key, "tasks") == 0 ? script_list(r, v, script_task, arg) : ERR_USAGE;
}

enum err_kind
script_parse(const char *name, const char *p, size_t n, struct script *out, struct err *e)
{
	struct script_read r = {.name = name, .e = e};
	enum err_kind k = script_load(&r, p, n);
	yaml_node_t *root;

	*out = (struct script){0};
	if (k != ERR_NONE)
		return k;
	root = yaml_document_get_root_node(&r.doc);
	if (root->type == YAML_SEQUENCE_NODE)
		k = script_list(&r, root, script_turn, out);
	else if (root->type == YAML_MAPPING_NODE)
		k = script_mapping(&r, root, script_task_key, out);
	else
		k = script_bad(&r, root, "a list of turns is wanted here", NULL);
	yaml_document_delete(&r.doc);
	if (k != ERR_NONE)
		script_release(out);
	return k;
}

enum err_kind
script_parse_tour(const char *name, const char *p, size_t n, struct script **tasks,
		  size_t *ntasks, struct err *e)
{
	struct script_read r = {.name = name, .e = e};
	struct script_tour tour = {0};
	enum err_kind k = script_load(&r, p, n);

	*tasks = NULL;
	*ntasks = 0;
	if (k != ERR_NONE)
		return k;
	k = script_mapping(&r, yaml_document_get_root_node(&r.doc), script_tour_key, &tour);
	yaml_document_delete(&r.doc);
	if (k == ERR_NONE) {
		*tasks = tour.tasks;
		*ntasks = tour.n;
		return ERR_NONE;
	}
	for (size_t i = 0; i < tour.n; i++)
		script_release(&tour.tasks[i]);
	free(tour.tasks);
	return k;
}

static void
script_turn_release(struct script_turn *t)
{
	free(t->say);
	free(t->think);
	free(t->error);
	for (size_t i = 0; i < t->nexpect; i++)
		free(t->expect[i]);
	free(t->expect);
	for (size_t i = 0; i < t->ncalls; i++) {
		free(t->calls[i].name);
		free(t->calls[i].args);
		free(t->calls[i].language);
		free(t->calls[i].code);
	}
	free(t->calls);
}

void
script_release(struct script *s)
{
	for (size_t i = 0; i < s->nturns; i++)
		script_turn_release(&s->turns[i]);
	free(s->turns);
	free(s->title);
	free(s->user);
	free(s->setup);
	*s = (struct script){0};
}
