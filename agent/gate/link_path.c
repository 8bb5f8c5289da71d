/* Paths outside the workspace.
 *
 * Resolved by their letters alone: nothing is looked up. What the sandbox holds read-only or
 * private for every step is no place that an injected text could want (link.h lists it); what
 * begins with a name that no root folder has is a route or a pattern. Pinned by
 * tests/unit/test_link.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/gate/link_int.h"

static const char *const path_roots[] = {
    "/home/",
    ("/"
     "root/"),
    "/var/",
    "/mnt/",
    "/media/",
    "/srv/",
    "/boot/",
    "/users/",
    "/etc/",
    "/volumes/",
    "/data/",
    "/run/",
    "/private/",
};
static const char *const path_harmless[] = {
    "/var/tmp/", "/run/user/", "/var/lib/dpkg/", "/var/lib/apt/", "/var/cache/",
};
/* Below /etc only these are secret. */
static const char *const path_secret[] = {
    "/etc/shadow", "/etc/gshadow",     "/etc/sudoers",
    "/etc/ssh/",   "/etc/ssl/private", "/etc/cron",
};
static const char *const path_caches[] = {
    "~/.cache/", "~/.local/lib/", "~/.local/share/",
    "~/.npm/",	 "~/.nvm/",	  "~/.cargo/registry/",
};

/* Whether p, or p with a slash behind it, begins with one of the list. */
static bool
path_below(const char *const *list, size_t count, const char *p)
{
	size_t n = strlen(p);

	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(list[i]);

		if (strncmp(p, list[i], len) == 0 ||
		    (len == n + 1 && list[i][n] == '/' && strncmp(p, list[i], n) == 0))
			return true;
	}
	return false;
}

/* Appends p[0..n) to the path in out, without empty parts and dots; ".." takes one away. */
static void
path_append(struct buf *out, const char *p, size_t n)
{
	size_t i = 0;

	while (i < n) {
		const char *slash = memchr(p + i, '/', n - i);
		size_t len = slash ? (size_t)(slash - p) - i : n - i;

		if (len == 2 && p[i] == '.' && p[i + 1] == '.') {
			while (out->len > 0 && out->data[out->len - 1] != '/')
				buf_truncate(out, out->len - 1);
			if (out->len > 1)
				buf_truncate(out, out->len - 1);
		} else if (len > 0 && !(len == 1 && p[i] == '.')) {
			if (out->len == 0 || out->data[out->len - 1] != '/')
				buf_addc(out, '/');
			buf_add(out, p + i, len);
		}
		i += len + 1;
	}
}

/* Lower case, as the texts are. */
static void
path_lower(struct buf *b)
{
	for (size_t i = 0; i < b->len; i++)
		if (b->data[i] >= 'A' && b->data[i] <= 'Z')
			b->data[i] = (char)(b->data[i] | 0x20);
}

/* Whether the path is `folder` (in any case) or below it. */
static bool
path_in(const char *p, const char *folder)
{
	size_t n = folder ? strlen(folder) : 0;

	return n > 1 && strncasecmp(p, folder, n) == 0 && (p[n] == '/' || p[n] == '\0');
}

static bool
path_interests(const char *p, const struct link_query *q)
{
	if (path_in(p, q->workspace))
		return false;
	if (p[0] == '~')
		return p[1] == '/' && p[2] &&
		       !path_below(path_caches, ARRAY_LEN(path_caches), p);
	if (!path_below(path_roots, ARRAY_LEN(path_roots), p) ||
	    path_below(path_harmless, ARRAY_LEN(path_harmless), p))
		return false;
	if (path_in(p, "/etc"))
		return path_below(path_secret, ARRAY_LEN(path_secret), p);
	return strchr(p + 1, '/') != NULL; /* a root folder alone is only a word */
}

/* The home that p begins with: "~", "$HOME", "${HOME}" or its own name. Bytes, 0: none. */
static size_t
path_home(const char *p, size_t n, const char *home)
{
	static const char *const names[] = {"~", "$home", "${home}"};
	size_t len = home ? strlen(home) : 0;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t k = strlen(names[i]);

		if (n >= k && strncmp(p, names[i], k) == 0 && (n == k || p[k] == '/'))
			return k;
	}
	if (len > 1 && n >= len && strncasecmp(p, home, len) == 0 &&
	    (n == len || p[len] == '/'))
		return len;
	return 0;
}

bool
link_path(const struct link_walk *w, const char *p, size_t n, size_t start)
{
	AUTO_BUF struct buf path = BUF_INIT(2 * LINK_TOKEN_MAX);
	const struct link_query *q = w->query;
	size_t home;
	const char *out;

	while (n > 1 && strchr(".,:!?", p[n - 1]))
		n--;
	if (n == 0 || n > LINK_TOKEN_MAX)
		return false;
	home = path_home(p, n, q->home);
	if (home > 0 && !(q->workspace && p[home - 1] != '~' && path_in(p, q->workspace))) {
		if (q->workspace && q->home && path_in(q->workspace, q->home)) {
			/* The workspace is below the home: compare them in full. */
			path_append(&path, q->home, strlen(q->home));
			path_append(&path, p + home, n - home);
			path_lower(&path);
			if (path_in(buf_str(&path), q->workspace))
				return true;
			buf_reset(&path);
		}
		buf_addc(&path, '~');
		path_append(&path, p + home, n - home);
	} else if (p[0] == '/') {
		path_append(&path, p, n);
	} else if (n >= 3 && p[0] == '.' && p[1] == '.' && p[2] == '/' && q->workspace) {
		path_append(&path, q->workspace, strlen(q->workspace));
		path_append(&path, p, n);
	} else {
		return p[0] == '.';
	}
	path_lower(&path);
	out = buf_str(&path);
	if (path_interests(out, q))
		w->found(w->ctx, LINK_PATH, out, path.len, start, start + n);
	return true;
}
