/* Speed of the detector on one core, beside memchr, wc and grep on the same bytes.
 *
 * The texts: the sandbox's and the tools' sources; headers, Python's library and documents of this
 * machine; made-up mail, a log, directory listings, JSON, HTML, a minified script, Japanese
 * prose, base64. Processor time, the best of ROUNDS; the goal is for each. Without a goal are the
 * sources and documents of this repository that are full of what the detector looks for, and have
 * to be read. */
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/base/mem.h"
#include "agent/gate/scan.h"

#define SIZE	  (16 * MIB) /* bytes of each text */
#define ROUNDS	  12
#define GOAL_MB_S 200.0

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Repeats what is in b until SIZE bytes are there. */
static void
fill(struct buf *b)
{
	while (b->len > 0 && b->len < SIZE) {
		size_t n = MIN_OF(b->len, SIZE - b->len);
		char *copy = mem_alloc(n);

		memcpy(copy, b->data, n);
		buf_add(b, copy, n);
		free(copy);
	}
}

static void
add_files(struct buf *b, const char *pattern)
{
	glob_t g;

	if (glob(pattern, 0, NULL, &g) != 0)
		return;
	for (size_t i = 0; i < g.gl_pathc; i++) {
		char block[65536];
		int fd = open(g.gl_pathv[i], O_RDONLY | O_CLOEXEC);
		ssize_t n;

		/* What is compressed is no text. */
		while (fd >= 0 && (n = read(fd, block, sizeof(block))) > 0 &&
		       !memchr(block, 0, (size_t)n))
			buf_add(b, block, (size_t)n);
		if (fd >= 0)
			close(fd);
	}
	globfree(&g);
}

static void
text_source(struct buf *b)
{
	add_files(b, "sandbox/*.c");
	add_files(b, "tools/*.c");
}

static void
text_headers(struct buf *b)
{
	add_files(b, "/usr/include/*.h");
	add_files(b, "/usr/include/linux/*.h");
}

static void
text_python(struct buf *b)
{
	add_files(b, "/usr/lib/python3.[0-9]*/*.py");
}

static void
text_documents(struct buf *b)
{
	add_files(b, "/usr/share/doc/*/README");
	add_files(b, "/usr/share/doc/*/README.[a-fh-z]*");
	add_files(b, "/usr/share/doc/*/*.txt");
	add_files(b, "/usr/share/common-licenses/*");
}

static void
text_own(struct buf *b)
{
	add_files(b, "agent/gate/*.c");
	add_files(b, "tests/lib/*.py");
	add_files(b, "README.md");
	add_files(b, "CHANGES.md");
	add_files(b, "docs/*");
}

static void
text_json(struct buf *b)
{
	for (unsigned i = 0; b->len < 2 * MIB; i++)
		buf_addf(b,
			 "  {\n    \"name\": \"item-%u\",\n    \"createdAt\": "
			 "\"2026-03-%02u\",\n"
			 "    \"path\": \"/var/lib/store/%x\",\n    \"sizeInBytes\": %u,\n"
			 "    \"text\": \"one\\ntwo \\\"quoted\\\"\"\n  },\n",
			 i, i % 28 + 1, i * 2654435761u, i * 31 % 100003);
}

static void
text_html(struct buf *b)
{
	for (unsigned i = 0; b->len < 2 * MIB; i++)
		buf_addf(
		    b,
		    "<li class=\"entry row-%u\"><a href=\"/wiki/page_%u.html\" "
		    "title=\"Page "
		    "%u\">The river at kilometre %u</a> &amp; its <em>bridges</em></li>\n",
		    i % 7, i, i, i % 313);
}

static void
text_log(struct buf *b)
{
	for (unsigned i = 0; b->len < 2 * MIB; i++)
		buf_addf(b,
			 "2026-03-%02u 12:%02u:%02u.%03u INFO  worker[%u] request id=%08x "
			 "path=/api/v1/"
			 "items/%u status=200 took %u ms, %u bytes sent\n",
			 i % 28 + 1, i % 60, i * 7 % 60, i * 13 % 1000, i % 16,
			 i * 2654435761u, i * 31 % 10007, i % 97, i * 17 % 65536);
}

static void
text_listing(struct buf *b)
{
	for (unsigned i = 0; b->len < 2 * MIB; i++)
		buf_addf(b,
			 "-rw-r--r-- 1 user user %7u Mar %2u %02u:%02u "
			 "src/module_%u/file-%u.test.js\n",
			 i * 37 % 999999, i % 28 + 1, i % 24, i % 60, i % 50, i);
}

static void
text_mail(struct buf *b)
{
	for (unsigned i = 0; b->len < 2 * MIB; i++)
		buf_addf(
		    b,
		    "Hi Anna,\n\nthanks for the photos of the lake. We\u2019ll take the "
		    "train at %u:%02u on\nSaturday; could you meet us at the station? I "
		    "haven't heard from Tom since the\nmeeting, but his part of the "
		    "report is done. Please let me know by Friday\nwhich of the %u "
		    "rooms you would like.\n\nBest regards,\nMaria\n\n",
		    i % 24, i % 60, i % 9 + 2);
}

static void
text_script(struct buf *b)
{
	for (unsigned i = 0; b->len < 2 * MIB; i++) {
		/* As many "<" as libraries have. */
		buf_addf(b,
			 "function v%u(e,t){return\"function\"==typeof e&&e.length%st."
			 "nodeType?e.call(this,t):null}var s%u=/^[\\w-]+$/,q=%u;for(r=0;r"
			 "!=q&&!n[r].item;r++)o.push(n[r].getAttributeNode||\"\\n\");",
			 i, i % 4 ? "!=" : "<", i, i * 31 % 997);
		if (i % 400 == 399)
			buf_addc(b, '\n');
	}
}

static void
text_japanese(struct buf *b)
{
	for (unsigned i = 0; b->len < 2 * MIB; i++)
		buf_addf(
		    b,
		    "川沿いの道を%u分ほど歩くと、古い橋の向こうに小さな図書館が見えてくる。"
		    "館内では毎週土曜日に朗読会が開かれ、近所の人々が静かに耳を傾けている。"
		    "\n",
		    i % 60);
}

static void
text_base64(struct buf *b)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t x = 12345;

	for (unsigned i = 1; b->len < 2 * MIB; i++) {
		x = x * 1664525u + 1013904223u;
		buf_addc(b, i % 77 == 0 ? '\n' : digits[x >> 26]);
	}
}

static double
run_scan(const struct buf *b)
{
	const struct scan_report *r;
	double start = now();
	struct scan *s = scan_text(b->data, b->len, &r);
	double took = now() - start;

	scan_free(s);
	return took;
}

static double
run_memchr(const struct buf *b)
{
	volatile size_t lines = 0;
	double start = now();
	const char *p = b->data, *end = b->data + b->len;

	for (; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		lines = lines + 1;
	return now() - start;
}

static double
run_program(int fd, const char *name, const char *a, const char *pattern)
{
	struct rusage used;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		lseek(fd, 0, SEEK_SET);
		dup2(fd, 0);
		dup2(open("/dev/null", O_WRONLY), 1);
		execlp(name, name, a, pattern, (char *)NULL);
		_exit(127);
	}
	if (wait4(pid, &status, 0, &used) != pid)
		return 1e9;
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

struct text {
	const char *name;
	void (*make)(struct buf *);
	bool goal;
	struct buf bytes;
	int fd;
	double best[4]; /* seconds: scan, memchr, wc, grep */
};

static bool
text_open(struct text *t)
{
	t->bytes = (struct buf)BUF_INIT(SIZE + MIB);
	t->fd = memfd_create("text", MFD_CLOEXEC);
	for (size_t k = 0; k < ARRAY_LEN(t->best); k++)
		t->best[k] = 1e9;
	t->make(&t->bytes);
	if (t->bytes.len == 0)
		return true;
	fill(&t->bytes);
	return t->fd >= 0 &&
	       write(t->fd, t->bytes.data, t->bytes.len) == (ssize_t)t->bytes.len;
}

static void
text_round(struct text *t)
{
	const double took[] = {
	    run_scan(&t->bytes), run_memchr(&t->bytes),
	    run_program(t->fd, "wc", "-l", NULL),
	    run_program(t->fd, "grep", "-ciE", "ignore.*previous.*instructions")};

	for (size_t k = 0; k < ARRAY_LEN(took); k++)
		t->best[k] = MIN_OF(t->best[k], took[k]);
}

/* Whether its goal is reached. */
static bool
text_show(const struct text *t)
{
	const double mb = (double)SIZE / 1e6;

	if (t->bytes.len == 0) {
		printf("%-26s %9s\n", t->name, "none here");
		return true;
	}
	printf("%-26s %9.0f %9.0f %9.0f %9.0f\n", t->name, mb / t->best[0], mb / t->best[1],
	       mb / t->best[2], mb / t->best[3]);
	return !t->goal || mb / t->best[0] >= GOAL_MB_S;
}

int
main(int argc, char **argv)
{
	static struct text texts[] = {
	    {.name = "C", .make = text_source, .goal = true},
	    {.name = "C headers", .make = text_headers, .goal = true},
	    {.name = "Python", .make = text_python, .goal = true},
	    {.name = "documents", .make = text_documents, .goal = true},
	    {.name = "mail", .make = text_mail, .goal = true},
	    {.name = "log", .make = text_log, .goal = true},
	    {.name = "directory listing", .make = text_listing, .goal = true},
	    {.name = "JSON", .make = text_json, .goal = true},
	    {.name = "HTML", .make = text_html, .goal = true},
	    {.name = "minified script", .make = text_script, .goal = true},
	    {.name = "Japanese prose", .make = text_japanese, .goal = true},
	    {.name = "base64", .make = text_base64, .goal = true},
	    {.name = "about injections: no goal", .make = text_own},
	};
	const char *only = argc > 1 ? argv[1] : "";
	bool good = true;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (strstr(texts[i].name, only) && !text_open(&texts[i]))
			return 1;
	/* In turn, so that what else the machine does for a while hurts all alike. */
	for (unsigned round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < ARRAY_LEN(texts); i++)
			if (texts[i].bytes.len > 0)
				text_round(&texts[i]);
	printf("%-26s %9s %9s %9s %9s\n", "MB/s", "scan", "memchr", "wc -l", "grep -ci");
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (!strstr(texts[i].name, only))
			continue;
		good = text_show(&texts[i]) && good;
		close(texts[i].fd);
		buf_release(&texts[i].bytes);
	}
	printf("goal: %.0f MB/s on each: %s\n", GOAL_MB_S, good ? "reached" : "missed");
	return good ? 0 : 1;
}
