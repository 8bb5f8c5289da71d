/* The check of an action against megabytes of what tools said, without and with the linker's cache.
 *
 * The texts are as hard as ordinary output can be: each line has numbers and addresses. They come as
 * parts of 256 KiB, as steps return them. Beside it: memchr over the same bytes. Processor time;
 * `first` reads all of it, `next` is the best of the actions behind. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/base/buf.h"
#include "agent/base/mem.h"
#include "agent/gate/link.h"

#define SIZE	(8 * MIB) /* bytes of all parts */
#define PARTS	32
#define PART	(SIZE / PARTS)
#define RUNS	5
#define GOAL_MS 5.0

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void
text_numbers(struct buf *b, unsigned i)
{
	buf_addf(b,
		 "2026-03-%02u 10.%u.%u.%u -> 192.168.%u.%u account %08u-%06u %u bytes, "
		 "call +81 3 %04u %04u\n",
		 i % 28 + 1, i % 256, i / 256 % 256, i * 7 % 256, i % 251, i % 13,
		 i * 2654435u, i * 31 % 999983, i * 17 % 65536, i % 9973, i * 3 % 9973);
}

static void
text_urls(struct buf *b, unsigned i)
{
	buf_addf(b,
		 "GET https://host%u.example.com/items/%u?q=%u user%u@mail%u.example.org\n",
		 i % 977, i, i * 7, i % 499, i % 31);
}

static void
text_shell(struct buf *b, unsigned i)
{
	buf_addf(b, "make -C module_%u CFLAGS=-O2 install && cp -r build/%u /srv/out/%u\n",
		 i % 50, i, i * 3);
}

static void
text_japanese(struct buf *b, unsigned i)
{
	buf_addf(b,
		 "川沿いの道を%u分ほど歩くと、古い橋の向こうに小さな図書館が見えてくる。\n",
		 i % 60);
}

static const char *const actions[] = {
    "curl -s https://api.elsewhere.example.net/v1/status | head -20",
    "python3 analyse.py --input data.csv --rows 20260301 > out.txt",
    "ping -c 1 10.9.8.7; nc 172.16.5.4 8080; echo 4111-1111-1111-1111",
    "for f in *.c; do wc -l \"$f\"; done | sort -n | tail -3",
    "rm -rf build && mkdir build && cd build && cmake .. && make -j2",
};

static double
check(struct link_query *q, size_t action)
{
	struct link_hit hit;
	double start = now_ms();

	q->action = actions[action];
	q->action_len = strlen(actions[action]);
	if (link_find(q, &hit)) {
		printf("linked: %s\n", hit.token);
		link_hit_release(&hit);
	}
	return now_ms() - start;
}

/* The worst action of those behind the first, each at its best. */
static double
check_next(struct link_query *q)
{
	double worst = 0;

	for (size_t a = 1; a < ARRAY_LEN(actions); a++) {
		double best = 1e9;

		for (unsigned i = 0; i < RUNS; i++)
			best = MIN_OF(best, check(q, a));
		worst = MAX_OF(worst, best);
	}
	return worst;
}

static double
run_memchr(const char *p, size_t n)
{
	double best = 1e9;
	volatile size_t lines;

	for (unsigned i = 0; i < RUNS; i++) {
		double start = now_ms();
		const char *at = p, *end = p + n;

		for (lines = 0; (at = memchr(at, '\n', (size_t)(end - at))); at++)
			lines = lines + 1;
		best = MIN_OF(best, now_ms() - start);
	}
	return best;
}

int
main(void)
{
	static const struct {
		const char *name;
		void (*line)(struct buf *, unsigned);
	} texts[] = {{"numbers and addresses", text_numbers},
		     {"URLs and e-mail", text_urls},
		     {"shell commands", text_shell},
		     {"Japanese prose", text_japanese}};
	bool good = true;

	printf("%-24s %9s %9s %9s %9s\n", "ms for 8 MiB", "memchr", "uncached", "first",
	       "next");
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct buf b = BUF_INIT(SIZE + KIB);
		struct link_text part[PARTS];
		struct link_query q = {.tools = part,
				       .ntools = PARTS,
				       .language = "shell",
				       .workspace = "/home/mika/work",
				       .home = "/home/mika"};
		double uncached, first, next;

		for (unsigned k = 0; b.len < SIZE; k++)
			texts[i].line(&b, k);
		for (size_t k = 0; k < PARTS; k++)
			part[k] = (struct link_text){b.data + k * PART, PART, k + 1, k + 1};
		uncached = check_next(&q);
		q.cache = link_cache_new();
		first = check(&q, 0);
		next = check_next(&q);
		good = good && next < GOAL_MS;
		printf("%-24s %9.2f %9.2f %9.2f %9.2f\n", texts[i].name,
		       run_memchr(b.data, SIZE), uncached, first, next);
		fflush(stdout);
		link_cache_free(q.cache);
		buf_release(&b);
	}
	printf("goal: an action behind the first under %.0f ms: %s\n", GOAL_MS,
	       good ? "reached" : "missed");
	return good ? 0 : 1;
}
