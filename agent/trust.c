/* Trusted folders. See trust.h. One small JSON object, path to true or false, written whole.
 * Two programs that answer at the same moment: the later file holds, as with any settings.
 * Pinned by tests/e2e/test_gate.py and test_gate_attack.py. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/base/json.h"
#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "agent/trust.h"
#include "sandbox/sandbox.h"

#define TRUST_FILE_MAX (1 * MIB)

static char *
trust_path(struct err *e)
{
	char *path = fs_xdg_path(FS_STATE, "trust.json");

	if (!path) {
		err_set(e, ERR_CONFIG, "there is no folder for the program's state");
		err_hint(e, "set HOME or XDG_STATE_HOME");
	}
	return path;
}

/* The file's object; *out NULL where there is none yet. */
static enum err_kind
trust_read(const char *path, cJSON **out, struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(TRUST_FILE_MAX);
	enum err_kind kind;

	*out = NULL;
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return ERR_NONE;
	kind = fs_read(path, &text, e);
	if (!kind)
		kind = json_parse(buf_str(&text), text.len, JSON_STRICT, out, e);
	if (!kind && !cJSON_IsObject(*out)) {
		cJSON_Delete(*out);
		*out = NULL;
		kind = err_set(e, ERR_PARSE, "no object");
	}
	if (!kind)
		return ERR_NONE;
	err_context(e, "'%s'", path);
	err_hint(e, "mend the file or remove it: the folders are then asked about anew");
	if (e)
		e->kind = ERR_CONFIG;
	return ERR_CONFIG;
}

bool
trust_below(const char *path, const char *top)
{
	size_t n = strlen(top);

	return strncmp(path, top, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

const char *
trust_barred(const char *dir)
{
	AUTO_FREE char *home = fs_home();
	AUTO_FREE char *real = home ? realpath(home, NULL) : NULL;

	if (strcmp(dir, "/") == 0)
		return "is the whole system";
	if (real && trust_below(real, dir))
		return strcmp(real, dir) == 0 ? "is the home folder" : "holds home folders";
	return NULL;
}

enum err_kind
trust_look(const char *dir, enum trust_answer *out, struct err *e)
{
	AUTO_FREE char *path = trust_path(NULL);
	cJSON *all = NULL;
	enum err_kind kind = path ? trust_read(path, &all, e) : ERR_NONE;
	size_t nearest = 0;

	*out = kind ? TRUST_NO : TRUST_UNASKED;
	for (const cJSON *c = all ? all->child : NULL; c; c = c->next) {
		size_t n = strlen(c->string);

		if (n <= nearest || !trust_below(dir, c->string) || trust_barred(c->string))
			continue;
		nearest = n;
		*out = cJSON_IsTrue(c) ? TRUST_YES : TRUST_NO;
	}
	cJSON_Delete(all);
	return kind;
}

/* The object with `dir` changed, as text. */
static void
trust_write_text(const cJSON *all, const char *dir, enum trust_answer answer,
		 struct buf *out)
{
	struct json_writer w = JSON_WRITER(out);

	json_open(&w, '{');
	for (const cJSON *c = all ? all->child : NULL; c; c = c->next)
		if (strcmp(c->string, dir) != 0)
			json_kv_bool(&w, c->string, cJSON_IsTrue(c));
	if (answer != TRUST_UNASKED)
		json_kv_bool(&w, dir, answer == TRUST_YES);
	json_close(&w, '}');
	buf_addc(out, '\n');
}

/* Trust holds for all that lies below: a folder that is no place to work in holds what is of others,
 * and so does one that everybody can write to. */
static enum err_kind
trust_check(const char *dir, struct err *e)
{
	const char *barred = trust_barred(dir);
	struct sbx_policy p;
	struct sbx_fail f;
	struct stat st;
	char real[4096];

	sbx_policy_default(&p);
	p.workspace = dir;
	if (!barred && !sbx_policy_check(&p, real, &f))
		barred = "is no folder to work in";
	if (!barred && stat(dir, &st) < 0) {
		err_set(e, ERR_USAGE, "'%s' cannot be trusted: it cannot be looked at: %s",
			dir, strerror(errno));
		err_hint(e, "name a folder that is there and that you may read");
		return ERR_USAGE;
	}
	if (!barred && (st.st_mode & S_IWOTH))
		barred = "can be written by everybody";
	/* The file is JSON: written with a substitute, the name would be another folder's. */
	if (!barred && !utf8_valid(dir, strlen(dir)))
		barred = "has a name that is not valid UTF-8";
	if (!barred)
		return ERR_NONE;
	err_set(e, ERR_USAGE, "'%s' cannot be trusted: it %s", dir, barred);
	err_hint(e, "trust the folder that the task is about, or for one run alone: "
		    "--trust-workspace");
	return ERR_USAGE;
}

enum err_kind
trust_set(const char *dir, enum trust_answer answer, struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(TRUST_FILE_MAX);
	AUTO_FREE char *path = trust_path(e);
	AUTO_FREE char *folder = fs_xdg_path(FS_STATE, NULL);
	cJSON *all = NULL;
	enum err_kind kind;

	if (answer == TRUST_YES && trust_check(dir, e))
		return e->kind;
	if (!path)
		return ERR_CONFIG;
	kind = fs_mkdirs(folder, 0700, e);
	if (!kind)
		kind = trust_read(path, &all, e);
	if (kind)
		return kind;
	trust_write_text(all, dir, answer, &text);
	cJSON_Delete(all);
	if (text.full)
		return err_set(e, ERR_LIMIT, "'%s' holds too many folders", path);
	return fs_write(path, text.data, text.len, 0600, e);
}

enum err_kind
trust_each(void (*fn)(const char *dir, enum trust_answer a, void *arg), void *arg,
	   struct err *e)
{
	AUTO_FREE char *path = trust_path(e);
	cJSON *all = NULL;
	enum err_kind kind = path ? trust_read(path, &all, e) : ERR_CONFIG;

	for (const cJSON *c = all ? all->child : NULL; c; c = c->next)
		fn(c->string, cJSON_IsTrue(c) ? TRUST_YES : TRUST_NO, arg);
	cJSON_Delete(all);
	return kind;
}
