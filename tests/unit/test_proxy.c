/* The proxy at work on loopback sockets of this process, with a resolver of the test's. */
#include "tests/unit/cm.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "sandbox/net/dns.h"
#include "sandbox/net/proxy.h"

#define PATIENCE_MS 60000

static struct world {
	struct sbx_proxy *p;
	uint16_t port, web_port, names_port, server_port;
	int server; /* a listening socket */
	enum sbx_verdict verdict;
	int asked, refused;
	char last[1024], detail[256];
	atomic_int lookups;
} w;

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* "closed.test" and the like lead where a hostile zone would. */
static int
resolve(const char *host, struct net_addr *out, int max, void *arg)
{
	static const struct {
		const char *name, *addr[2];
	} zone[] = {{"loop.test", {"127.0.0.1", NULL}},
		    {"meta.test", {"169.254.169.254", NULL}},
		    {"mapped.test", {"::ffff:127.0.0.1", NULL}},
		    {"lan.test", {"10.1.2.3", NULL}},
		    {"both.test", {"127.0.0.1", "192.168.1.1"}}};
	int n = 0;

	(void)arg;
	atomic_fetch_add(&w.lookups, 1);
	for (size_t i = 0; i < SBX_LEN(zone); i++)
		for (int k = 0; k < 2 && n < max && strcmp(zone[i].name, host) == 0; k++)
			if (zone[i].addr[k])
				n += net_addr_parse(zone[i].addr[k], &out[n]);
	return n;
}

static enum sbx_verdict
ask(const char *name, uint16_t port, void *arg)
{
	(void)arg;
	w.asked++;
	snprintf(w.last, sizeof(w.last), "%s:%u", name, port);
	return w.verdict;
}

static void
refused(const struct sbx_notice *n, void *arg)
{
	(void)arg;
	w.refused++;
	snprintf(w.last, sizeof(w.last), "%s", n->what);
	snprintf(w.detail, sizeof(w.detail), "%s", n->detail);
}

static int
listener(int type, in_addr_t addr, uint16_t *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(addr)};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert_return_code(bind(fd, (struct sockaddr *)&a, sizeof(a)), errno);
	if (type == SOCK_STREAM)
		assert_return_code(listen(fd, 512), errno);
	getsockname(fd, (struct sockaddr *)&a, &n);
	*port = ntohs(a.sin_port);
	return fd;
}

static void
open_world(bool asks, unsigned head_ms)
{
	struct sbx_proxy_opts o = {.refused = refused,
				   .ask = asks ? ask : NULL,
				   .resolve = resolve,
				   .head_ms = head_ms,
				   .remedy = "/net allow "};
	struct sbx_fail f;
	int fd;

	memset(&w, 0, sizeof(w));
	assert_true(sbx_proxy_new(&w.p, &o, &f));
	fd = listener(SOCK_STREAM, INADDR_LOOPBACK, &w.port);
	sbx_proxy_listen(w.p, NET_PROXY_PORT, fd);
	fd = listener(SOCK_STREAM, 0x7f400001, &w.web_port);
	sbx_proxy_listen(w.p, NET_HTTP_PORT, fd);
	fd = listener(SOCK_DGRAM, INADDR_LOOPBACK, &w.names_port);
	sbx_proxy_listen(w.p, NET_NAMES_PORT, fd);
	w.server = listener(SOCK_STREAM, INADDR_LOOPBACK, &w.server_port);
	fcntl(w.server, F_SETFL, O_NONBLOCK);
}

static void
close_world(void)
{
	sbx_proxy_free(w.p);
	close(w.server);
}

static void
allow(const char *place, unsigned port)
{
	char entry[128];
	struct sbx_fail f;

	snprintf(entry, sizeof(entry), port ? "%s:%u" : "%s", place, port);
	assert_true(sbx_proxy_allow(w.p, entry, &f));
}

static int
dial_at(in_addr_t addr, uint16_t port)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(addr)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_return_code(connect(fd, (struct sockaddr *)&a, sizeof(a)), errno);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

/* Serves the proxy until `fd` is readable. */
static void
turn_until(int fd)
{
	struct pollfd p[] = {{.fd = sbx_proxy_fd(w.p), .events = POLLIN},
			     {.fd = fd, .events = POLLIN}};
	int64_t end = now_ms() + PATIENCE_MS;

	do {
		if (now_ms() > end)
			fail_msg("nothing within %d ms", PATIENCE_MS);
		poll(p, 2, 100);
		sbx_proxy_step(w.p);
	} while (!p[1].revents);
}

/* All that comes until the end of file, or -1 for a reset. */
static ssize_t
read_all(int fd, char *out, size_t max)
{
	size_t len = 0;
	ssize_t n;

	for (;;) {
		turn_until(fd);
		n = read(fd, out + len, max - 1 - len);
		if (n < 0 && errno == EAGAIN)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	out[len] = 0;
	return n < 0 ? -1 : (ssize_t)len;
}

static int
request(const char *text)
{
	int fd = dial_at(INADDR_LOOPBACK, w.port);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

static void
answers(const char *text, const char *want)
{
	static char got[8192];
	int fd = request(text);

	read_all(fd, got, sizeof(got));
	close(fd);
	if (!strstr(got, want))
		fail_msg("%s: %s is not in %s", text, want, got);
}

static void
connect_says(const char *target, const char *want)
{
	char text[512];

	snprintf(text, sizeof(text), "CONNECT %s HTTP/1.1\r\n\r\n", target);
	answers(text, want);
}

static void
test_empty_list(void **state)
{
	(void)state;
	open_world(false, 0);
	connect_says("a.com:443", "sandbox: host a.com not allowed - /net allow a.com");
	connect_says("127.0.0.1:80", "403");
	answers("GET http://a.com:81/ HTTP/1.1\r\n\r\n", "/net allow a.com:81");
	assert_int_equal(w.refused, 3);
	connect_says("a.com:443", "403");
	assert_int_equal(w.refused, 3); /* told once */
	sbx_proxy_forget_told(w.p);
	connect_says("a.com:443", "403");
	assert_int_equal(w.refused, 4);
	assert_int_equal(w.lookups, 0);
	close_world();
}

/* 144: each way to mean another host than the one that is listed. */
static void
test_names_checked(void **state)
{
	(void)state;
	open_world(false, 0);
	allow("allowed.test", 0);
	connect_says("allowed.test.evil:443", "403");
	connect_says("evil-allowed.test:443", "403");
	connect_says("user@allowed.test:443", "400");
	connect_says("allowed.test:22", "403");
	connect_says("2130706433:443", "400");
	connect_says("0177.0.0.1:443", "400");
	connect_says("[::ffff:127.0.0.1]:443", "400");
	connect_says("[::1]:443", "403");
	connect_says("ALLOWED.TEST.:443", "there is no such host"); /* passes the list */
	answers("CONNECT allowed.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n", "400");
	answers("GET http://allowed.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n", "400");
	answers("GET / HTTP/1.1\r\nHost: allowed.test\r\n\r\n", "400");
	assert_int_equal(w.lookups, 1);
	close_world();
}

/* 144: a listed name whose zone is hostile. */
static void
test_addresses_checked(void **state)
{
	static const char *const names[] = {"loop.test", "meta.test", "mapped.test",
					    "lan.test", "both.test"};
	char target[64];

	(void)state;
	open_world(false, 0);
	allow(".closed.test", 0);
	for (size_t i = 0; i < SBX_LEN(names); i++) {
		struct sbx_fail f;

		assert_true(sbx_proxy_allow(w.p, names[i], &f));
		snprintf(target, sizeof(target), "%s:443", names[i]);
		connect_says(target, "it leads to ");
		assert_int_equal(w.lookups, i + 1); /* looked up once */
	}
	assert_string_equal(w.last, "both.test");
	assert_non_null(strstr(w.detail, "127.0.0.1"));
	close_world();
}

/* Accepts what the proxy dialled. */
static int
accept_server(void)
{
	int fd;

	turn_until(w.server);
	fd = accept4(w.server, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_return_code(fd, errno);
	return fd;
}

static void
expect(int fd, const char *want)
{
	char got[4096] = "";
	size_t len = 0;

	while (len < strlen(want)) {
		ssize_t n;

		turn_until(fd);
		n = read(fd, got + len, strlen(want) - len);
		if (n <= 0)
			fail_msg("only '%s' of '%s'", got, want);
		len += (size_t)n;
	}
	assert_string_equal(got, want);
}

static void
say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* The code's end and the server's of a tunnel; `ahead` is sent with the head. */
static void
open_tunnel(const char *ahead, int *code, int *server)
{
	char text[256];

	open_world(false, 0);
	allow("127.0.0.1", w.server_port);
	snprintf(text, sizeof(text), "CONNECT 127.0.0.1:%u HTTP/1.1\r\n\r\n%s",
		 w.server_port, ahead);
	*code = request(text);
	*server = accept_server();
	expect(*code, "HTTP/1.1 200 Connection established\r\n\r\n");
}

/* A tunnel: bytes sent ahead, both directions, one end after the other. */
static void
test_tunnel(void **state)
{
	char text[256];
	int code, server;

	(void)state;
	open_tunnel("ahead", &code, &server);
	expect(server, "ahead");
	say(code, "ping");
	expect(server, "ping");
	say(server, "pong");
	expect(code, "pong");
	shutdown(code, SHUT_WR);
	assert_int_equal(read_all(server, text, sizeof(text)), 0);
	say(server, "last");
	close(server);
	assert_int_equal(read_all(code, text, sizeof(text)), 4);
	close(code);
	assert_int_equal(sbx_proxy_conns(w.p), 0);
	close_world();
}

/* A transfer that broke off must not look whole. */
static void
test_reset(void **state)
{
	const struct linger now = {.l_onoff = 1};
	char text[256];
	int code, server;

	(void)state;
	open_tunnel("", &code, &server);
	say(server, "half");
	expect(code, "half");
	setsockopt(server, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(server);
	assert_int_equal(read_all(code, text, sizeof(text)), -1);
	close(code);
	close_world();
}

static void
test_forward(void **state)
{
	char text[256];
	int code, server;

	(void)state;
	open_world(false, 0);
	allow("web.test=127.0.0.1", w.server_port);
	code = request(
	    "GET http://web.test/x HTTP/1.1\r\nProxy-Connection: keep-alive\r\n\r\n");
	server = accept_server();
	expect(server, "GET /x HTTP/1.1\r\nHost: web.test\r\nConnection: close\r\n\r\n");
	say(server, "HTTP/1.1 200 OK\r\n\r\nbody");
	close(server);
	assert_int_equal(read_all(code, text, sizeof(text)), 23);
	close(code);
	assert_int_equal(w.lookups, 0);
	close_world();
}

/* What the code sent behind its request does not cost it the answer. */
static void
test_forward_pipelined(void **state)
{
	static char text[300000];
	int code, server;

	(void)state;
	open_world(false, 0);
	allow("web.test=127.0.0.1", w.server_port);
	code = request("GET http://web.test/x HTTP/1.1\r\n\r\n");
	server = accept_server();
	expect(server, "GET /x HTTP/1.1\r\nHost: web.test\r\nConnection: close\r\n\r\n");
	memset(text, 'x', sizeof(text));
	fcntl(server, F_SETFL, 0);
	assert_int_equal(write(server, text, 200000), 200000);
	shutdown(server, SHUT_WR);
	say(code, "GET http://evil.test/ HTTP/1.1\r\n\r\n");
	for (int i = 0; i < 20; i++)
		sbx_proxy_step(w.p);
	say(code, "more");
	assert_int_equal(read_all(code, text, sizeof(text)), 200000);
	close(code);
	close(server);
	close_world();
}

static void
test_first_contact(void **state)
{
	int one, two;
	char text[1024];

	(void)state;
	open_world(true, 0);
	w.verdict = SBX_WAIT;
	one = request("CONNECT a.test:443 HTTP/1.1\r\n\r\n");
	two = request("CONNECT a.test:443 HTTP/1.1\r\n\r\n");
	while (sbx_proxy_conns(w.p) < 2 || !w.asked)
		sbx_proxy_step(w.p);
	for (int i = 0; i < 10; i++)
		sbx_proxy_step(w.p);
	assert_int_equal(w.asked, 1);
	assert_string_equal(w.last, "a.test:443");
	sbx_proxy_answer(w.p, "a.test", 443, false, false);
	read_all(one, text, sizeof(text));
	assert_non_null(strstr(text, "/net allow a.test"));
	close(one);
	read_all(two, text, sizeof(text));
	close(two);
	one = request("CONNECT a.test:443 HTTP/1.1\r\n\r\n");
	while (w.asked < 2)
		sbx_proxy_step(w.p);
	sbx_proxy_answer(w.p, "a.test", 443, true, true);
	read_all(one, text, sizeof(text));
	assert_non_null(strstr(text, "no such host"));
	close(one);
	assert_string_equal(sbx_proxy_entry(w.p, 0), "a.test");
	connect_says("a.test:443", "no such host");
	assert_int_equal(w.asked, 2);
	connect_says("1.2.3.4:443", "403"); /* an address is never asked about */
	assert_int_equal(w.asked, 2);
	close_world();
}

static void
test_questions_bounded(void **state)
{
	int fd[NET_ASKED_MAX + 1];
	char text[1024];

	(void)state;
	open_world(true, 0);
	w.verdict = SBX_WAIT;
	for (int i = 0; i <= NET_ASKED_MAX; i++) {
		snprintf(text, sizeof(text), "CONNECT h%d.test:443 HTTP/1.1\r\n\r\n", i);
		fd[i] = request(text);
		while (i < NET_ASKED_MAX && w.asked <= i)
			sbx_proxy_step(w.p);
	}
	read_all(fd[NET_ASKED_MAX], text, sizeof(text));
	assert_non_null(strstr(text, "403"));
	assert_int_equal(w.asked, NET_ASKED_MAX);
	for (int i = 0; i <= NET_ASKED_MAX; i++)
		close(fd[i]);
	close_world();
}

static size_t
open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* 144: connections that say nothing are bounded and end. */
static void
test_half_open(void **state)
{
	enum { MANY = NET_CONNS_MAX + 60 };
	static int fd[MANY];
	size_t before = open_fds();
	char text[1024];

	(void)state;
	open_world(false, 200);
	for (int i = 0; i < MANY; i++)
		fd[i] = dial_at(INADDR_LOOPBACK, w.port);
	for (int i = 0; i < 100; i++)
		sbx_proxy_step(w.p);
	assert_int_equal(sbx_proxy_conns(w.p), NET_CONNS_MAX);
	for (int i = 0; i < MANY; i++) {
		read_all(fd[i], text, sizeof(text));
		assert_non_null(strstr(text, "408"));
		close(fd[i]);
	}
	connect_says("a.com:443", "403");
	close_world();
	/* Fewer: a look-up of an earlier test had not ended when they were counted. */
	assert_in_range(open_fds(), 0, before);
}

/* A byte now and then does not keep a connection alive. */
static void
test_slow_head(void **state)
{
	static const char head[] =
	    "CONNECT a.com:443 HTTP/1.1\r\nX: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy";
	char text[1024];
	int fd;

	(void)state;
	open_world(false, 300);
	fd = dial_at(INADDR_LOOPBACK, w.port);
	for (size_t i = 0; i < sizeof(head) - 1 && sbx_proxy_conns(w.p) + (i < 5); i++) {
		struct pollfd p = {.fd = sbx_proxy_fd(w.p), .events = POLLIN};

		if (send(fd, head + i, 1, MSG_NOSIGNAL) < 0)
			break;
		poll(&p, 1, 20);
		sbx_proxy_step(w.p);
		p = (struct pollfd){.fd = fd, .events = POLLIN};
		if (poll(&p, 1, 10) > 0)
			break;
	}
	read_all(fd, text, sizeof(text));
	assert_non_null(strstr(text, "408"));
	close(fd);
	close_world();
}

static int
look_up(const char *name, unsigned char addr[4])
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons(w.names_port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	unsigned char q[512] = {0, 7, 1, 0, 0, 1}, *p = q + 12;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ssize_t n;

	while (*name) {
		size_t len = strcspn(name, ".");

		*p++ = (unsigned char)len;
		memcpy(p, name, len);
		p += len;
		name += len + (name[len] == '.');
	}
	memcpy(p, "\0\0\1\0\1", 5);
	assert_return_code(connect(fd, (struct sockaddr *)&a, sizeof(a)), errno);
	assert_int_equal(send(fd, q, (size_t)(p + 5 - q), 0), p + 5 - q);
	turn_until(fd);
	n = recv(fd, q, sizeof(q), 0);
	close(fd);
	assert_true(n > 12);
	if (q[7])
		memcpy(addr, q + n - 4, 4);
	return q[3] & 15;
}

/* 146, and programs that know no proxy. */
static void
test_names_and_capture(void **state)
{
	unsigned char addr[4];
	char text[1024];
	int code, server;

	(void)state;
	open_world(false, 0);
	allow("web.test=127.0.0.1", w.server_port);
	assert_int_equal(look_up("secret-bytes.evil.test", addr), NET_DNS_NXDOMAIN);
	assert_int_equal(w.lookups, 0);
	assert_string_equal(w.last, "secret-bytes.evil.test");
	assert_int_equal(look_up("localhost", addr), NET_DNS_NOERROR);
	assert_memory_equal(addr, "\x7f\0\0\1", 4);
	assert_int_equal(look_up("WEB.test", addr), NET_DNS_NOERROR);
	assert_memory_equal(addr, "\x7f\x40\0\1", 4);
	code = dial_at(0x7f400001, w.web_port);
	server = accept_server();
	say(code, "anything");
	expect(server, "anything");
	close(server);
	read_all(code, text, sizeof(text));
	close(code);
	connect_says("127.64.0.9:443", "403");
	close_world();
}

/* Names are the code's: what the user is told of them has an end, and says so. */
static void
test_telling_bounded(void **state)
{
	char target[64];

	(void)state;
	open_world(false, 0);
	for (int i = 0; i < 100; i++) {
		snprintf(target, sizeof(target), "h%d.test:443", i);
		connect_says(target, "403");
	}
	assert_int_equal(w.refused, 32);
	assert_string_equal(w.last, "*");
	close_world();
}

/* An address that was never given leads nowhere. */
static void
test_unknown_capture(void **state)
{
	char text[64];
	int code;

	(void)state;
	open_world(true, 0);
	w.verdict = SBX_ALLOW;
	code = dial_at(0x7f400001, w.web_port);
	assert_int_equal(read_all(code, text, sizeof(text)), -1);
	close(code);
	close_world();
}

static void
test_pool_goes_round(void **state)
{
	unsigned char first[4], addr[4];
	char name[32];

	(void)state;
	open_world(true, 0);
	look_up("first.test", first);
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "n%d.test", i);
		assert_int_equal(look_up(name, addr), NET_DNS_NOERROR);
	}
	look_up("first.test", addr);
	assert_memory_not_equal(first, addr, 4);
	assert_int_equal(w.lookups, 0);
	close_world();
}

static void
test_off(void **state)
{
	char text[256];
	int code, server;

	(void)state;
	open_tunnel("", &code, &server);
	sbx_proxy_off(w.p);
	assert_false(sbx_proxy_listens(w.p));
	assert_null(sbx_proxy_entry(w.p, 0));
	assert_int_equal(read_all(code, text, sizeof(text)), -1);
	close(code);
	close(server);
	close_world();
}

/* What the jail hands out may be anything. */
static void
test_hostile_listeners(void **state)
{
	size_t before = open_fds();
	uint16_t port;
	int pair[2];

	(void)state;
	open_world(false, 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	sbx_proxy_listen(w.p, 80, pair[0]);
	close(pair[1]);
	sbx_proxy_listen(w.p, 80, open("/dev/null", O_RDWR));
	sbx_proxy_listen(w.p, 80, socket(AF_INET, SOCK_STREAM, 0));
	sbx_proxy_listen(w.p, 53, listener(SOCK_DGRAM, INADDR_LOOPBACK, &port));
	for (int i = 0; i < 20; i++)
		sbx_proxy_listen(w.p, 80, listener(SOCK_STREAM, INADDR_LOOPBACK, &port));
	connect_says("a.com:443", "403");
	close_world();
	assert_int_equal(open_fds(), before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_empty_list),
	    cmocka_unit_test(test_names_checked),
	    cmocka_unit_test(test_addresses_checked),
	    cmocka_unit_test(test_tunnel),
	    cmocka_unit_test(test_reset),
	    cmocka_unit_test(test_forward),
	    cmocka_unit_test(test_forward_pipelined),
	    cmocka_unit_test(test_first_contact),
	    cmocka_unit_test(test_questions_bounded),
	    cmocka_unit_test(test_half_open),
	    cmocka_unit_test(test_slow_head),
	    cmocka_unit_test(test_names_and_capture),
	    cmocka_unit_test(test_unknown_capture),
	    cmocka_unit_test(test_telling_bounded),
	    cmocka_unit_test(test_pool_goes_round),
	    cmocka_unit_test(test_off),
	    cmocka_unit_test(test_hostile_listeners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
