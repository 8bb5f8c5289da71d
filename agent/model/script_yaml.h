/* Reading YAML with places for errors: what script.c is made of. */
#ifndef SUNABA_MODEL_SCRIPT_YAML_H
#define SUNABA_MODEL_SCRIPT_YAML_H

#include "agent/base/json.h"
#include "agent/base/lib_yaml.h"

#define SCRIPT_LIST_MAX 10000 /* turns, calls, expectations */

struct script_read {
	const char *name;
	yaml_document_t doc;
	struct err *e;
};

/* What is done with one member of a mapping; ERR_USAGE: the key is not known. */
typedef enum err_kind
script_key_fn(struct script_read *r, const char *key, const yaml_node_t *v, void *arg);
/* What is done with one item of a list. */
typedef enum err_kind
script_item_fn(struct script_read *r, const yaml_node_t *v, void *arg);

/* ERR_CONFIG: "'name' line L, column C: what 'word'"; word may be NULL. */
enum err_kind script_bad(struct script_read *r, const yaml_node_t *at, const char *what,
			 const char *word);
yaml_node_t *script_node(struct script_read *r, int id);
enum err_kind script_string(struct script_read *r, const yaml_node_t *n, char **out);
enum err_kind script_int(struct script_read *r, const yaml_node_t *n, int64_t *out);
enum err_kind script_bool(struct script_read *r, const yaml_node_t *n, bool *out);
/* The value as JSON text; bounded in depth and by the writer's buffer. */
enum err_kind
script_json(struct script_read *r, struct json_writer *w, const yaml_node_t *n, int depth);
enum err_kind
script_mapping(struct script_read *r, const yaml_node_t *n, script_key_fn *fn, void *arg);
/* Each item of a list, or a single value in place of a list of one. */
enum err_kind
script_list(struct script_read *r, const yaml_node_t *n, script_item_fn *fn, void *arg);
/* Loads the one document; on success the caller deletes r->doc. */
enum err_kind script_load(struct script_read *r, const char *p, size_t n);

#endif
