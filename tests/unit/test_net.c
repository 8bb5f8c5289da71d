/* The network's pure parsers: names, entries, addresses, HTTP heads, DNS messages. */
#include "tests/unit/cm.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "sandbox/net/dns.h"
#include "sandbox/net/http.h"

#define WITH_NUL(text) text, sizeof(text) - 1

static bool
host(const char *text)
{
	struct net_host h;

	return net_host_parse(text, strlen(text), &h);
}

static void
test_names(void **state)
{
	static const char *const good[] = {"example.com", "EXAMPLE.Com.", "a_b.c-d.e",
					   "localhost",	  "xn--fsq.jp",	  "1.example",
					   "127.0.0.1",	  "[::1]"};
	static const char *const bad[] = {"",
					  ".",
					  "..",
					  "a..b",
					  ".a",
					  "a b",
					  "user@host",
					  "a/b",
					  "a:80",
					  "\xc3\xa9.com",
					  "example.com..",
					  "2130706433",
					  "0x7f.1",
					  "0177.0.0.1",
					  "127.1",
					  "1.2.3.4.5",
					  "0x7f000001",
					  "[1.2.3.4]",
					  "[::ffff:127.0.0.1]",
					  "[::1",
					  "::1",
					  "[fe80::1%lo]",
					  "a\tb",
					  "-a.com",
					  "256.1.1.1",
					  "example.com#.b",
					  "a.0xff",
					  "[]",
					  "*"};
	struct net_host h;
	char longest[300];

	(void)state;
	for (size_t i = 0; i < SBX_LEN(good); i++)
		if (!host(good[i]))
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < SBX_LEN(bad); i++)
		if (host(bad[i]))
			fail_msg("taken: %s", bad[i]);
	assert_false(net_host_parse(WITH_NUL("allowed.com\0.evil"), &h));
	assert_true(net_host_parse("EXAMPLE.Com.", 12, &h));
	assert_string_equal(h.text, "example.com");
	memset(longest, 'a', sizeof(longest));
	for (size_t i = 63; i < sizeof(longest); i += 64)
		longest[i] = '.';
	assert_true(net_host_parse(longest, NET_NAME_MAX, &h));
	assert_false(net_host_parse(longest, NET_NAME_MAX + 1, &h));
	longest[63] = 'a';
	assert_false(net_host_parse(longest, 100, &h));
}

static bool
matches(const char *entry, const char *name, uint16_t port)
{
	struct net_rule r;
	struct net_host h;

	if (!net_rule_parse(entry, &r))
		fail_msg("no entry: %s", entry);
	if (!net_host_parse(name, strlen(name), &h))
		fail_msg("no host: %s", name);
	return net_rule_matches(&r, &h, port);
}

static void
test_entries(void **state)
{
	static const char *const bad[] = {"",
					  "*",
					  "*.com",
					  ".com",
					  "a b",
					  "a:0",
					  "a:65536",
					  "a:",
					  "a:80x",
					  "*.1.2.3.4",
					  "a=b",
					  "a=",
					  ".a.b=1.2.3.4",
					  "1.2.3.4=1.2.3.5",
					  "a:080",
					  "a=1.2.3.4:0"};

	(void)state;
	assert_true(matches("allowed.com", "ALLOWED.COM.", 443));
	assert_true(matches("allowed.com", "allowed.com", 80));
	assert_false(matches("allowed.com", "allowed.com", 22));
	assert_false(matches("allowed.com", "allowed.com.evil", 443));
	assert_false(matches("allowed.com", "evil-allowed.com", 443));
	assert_false(matches("allowed.com", "sub.allowed.com", 443));
	assert_true(matches(".allowed.com", "sub.allowed.com", 443));
	assert_true(matches(".allowed.com", "allowed.com", 443));
	assert_false(matches(".allowed.com", "evil-allowed.com", 443));
	assert_true(matches("*.allowed.com", "a.b.allowed.com", 443));
	assert_false(matches("*.allowed.com", "allowed.com", 443));
	assert_true(matches("a.com:8080", "a.com", 8080));
	assert_false(matches("a.com:8080", "a.com", 443));
	assert_true(matches("127.0.0.1:8123", "127.0.0.1", 8123));
	assert_false(matches("127.0.0.1:8123", "127.0.0.1", 80));
	assert_true(matches("[2001:db8::1]:8080", "[2001:DB8:0::1]", 8080));
	assert_true(matches("web.test=127.0.0.1:8123", "web.test", 80));
	assert_true(matches("web.test:99=127.0.0.1", "web.test", 99));
	assert_true(matches("git.corp.example=private", "git.corp.example", 443));
	for (size_t i = 0; i < SBX_LEN(bad); i++) {
		struct net_rule r;

		if (net_rule_parse(bad[i], &r))
			fail_msg("taken: %s", bad[i]);
	}
}

static enum net_addr_class
class_of(const char *text)
{
	struct net_addr a;

	if (!net_addr_parse(text, &a))
		fail_msg("no address: %s", text);
	return net_addr_class(&a);
}

static void
test_addresses(void **state)
{
	static const char *const closed[] = {"0.0.0.0",
					     "127.0.0.1",
					     "127.64.0.1",
					     "169.254.169.254",
					     "224.0.0.1",
					     "255.255.255.255",
					     "100.100.100.200",
					     "168.63.129.16",
					     "::",
					     "::1",
					     "::127.0.0.1",
					     "::ffff:127.0.0.1",
					     "::ffff:169.254.169.254",
					     "fe80::1",
					     "ff02::1",
					     "64:ff9b::7f00:1",
					     "2002:7f00:1::",
					     "2001::1",
					     "fd00:ec2::254",
					     "192.0.0.192"};
	static const char *const private[] = {
	    "10.0.0.1",	  "172.16.0.1", "172.31.255.255", "192.168.1.1",
	    "100.64.0.1", "fd12::1",	"::ffff:10.0.0.1"};
	static const char *const public[] = {"93.184.216.34",  "172.32.0.1",
					     "100.128.0.1",    "2606:4700::1111",
					     "::ffff:8.8.8.8", "11.0.0.1"};
	struct net_addr a;

	(void)state;
	for (size_t i = 0; i < SBX_LEN(closed); i++)
		if (class_of(closed[i]) != NET_ADDR_CLOSED)
			fail_msg("not closed: %s", closed[i]);
	for (size_t i = 0; i < SBX_LEN(private); i++)
		if (class_of(private[i]) != NET_ADDR_PRIVATE)
			fail_msg("not private: %s", private[i]);
	for (size_t i = 0; i < SBX_LEN(public); i++)
		if (class_of(public[i]) != NET_ADDR_PUBLIC)
			fail_msg("not public: %s", public[i]);
	assert_true(net_addr_parse("127.0.0.1", &a) && net_addr_is_own(&a));
	assert_true(net_addr_parse("::ffff:127.0.0.1", &a) && net_addr_is_own(&a));
	assert_true(net_addr_parse("93.184.216.34", &a) && !net_addr_is_own(&a));
}

static enum net_head
head(const char *text, struct net_request *r)
{
	enum net_head what = net_http_parse(text, strlen(text), r);

	/* Whole or bad at its end, never before it knows. */
	for (size_t n = 0; what != NET_HEAD_BAD && n < strlen(text); n++)
		if (net_http_parse(text, n, r) != NET_HEAD_MORE)
			fail_msg("decided after %zu bytes of %s", n, text);
	return net_http_parse(text, strlen(text), r);
}

static void
test_heads(void **state)
{
	static const char *const bad[] = {
	    "GET / HTTP/1.1\r\n\r\n",
	    "CONNECT a.com HTTP/1.1\r\n\r\n",
	    "CONNECT user@a.com:443 HTTP/1.1\r\n\r\n",
	    "CONNECT a.com:443 HTTP/1.1\r\nHost: b.com:443\r\n\r\n",
	    "CONNECT a.com:443 HTTP/1.1\r\nHost: a.com\r\nHost: a.com\r\n\r\n",
	    "CONNECT a.com:443 HTTP/1.1\r\nbad line\r\n\r\n",
	    "CONNECT a.com:443 HTTP/1.1\r\nX: y\rz\r\n\r\n",
	    "CONNECT a.com:443 HTTP/1.1\r\n folded: x\r\n\r\n",
	    "CONNECT a.com:443 HTTP/2.0\r\n\r\n",
	    "CONNECT 0x7f.1:443 HTTP/1.1\r\n\r\n",
	    "GET http://user:pw@a.com/ HTTP/1.1\r\n\r\n",
	    "GET https://a.com/ HTTP/1.1\r\n\r\n",
	    "GET ftp://a.com/ HTTP/1.1\r\n\r\n",
	    "GET http://a.com/ HTTP/1.1\r\nHost: b.com\r\n\r\n",
	    "GET http://a.com/ x HTTP/1.1\r\n\r\n",
	    "G@T http://a.com/ HTTP/1.1\r\n\r\n",
	    "\x16\x03\x01\x02\n\r\n"};
	struct net_request r;

	(void)state;
	assert_int_equal(head("CONNECT a.com:443 HTTP/1.1\r\nHost: a.com:443\r\n\r\n", &r),
			 NET_HEAD_CONNECT);
	assert_string_equal(r.host.text, "a.com");
	assert_int_equal(r.port, 443);
	assert_int_equal(head("CONNECT [2001:db8::1]:443 HTTP/1.0\n\n", &r),
			 NET_HEAD_CONNECT);
	assert_int_equal(r.host.addr.family, AF_INET6);
	assert_int_equal(head("GET http://A.com?q HTTP/1.1\r\nHost: a.com\r\n\r\n", &r),
			 NET_HEAD_FORWARD);
	assert_int_equal(r.port, 80);
	for (size_t i = 0; i < SBX_LEN(bad); i++)
		if (net_http_parse(bad[i], strlen(bad[i]), &r) != NET_HEAD_BAD)
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(
	    net_http_parse(WITH_NUL("CONNECT allowed.com\0.evil:443 HTTP/1.1\r\n\r\n"), &r),
	    NET_HEAD_BAD);
}

static void
test_head_bound(void **state)
{
	static char text[NET_HEAD_MAX + 64];
	struct net_request r;
	int n = snprintf(text, sizeof(text), "CONNECT a.com:443 HTTP/1.1\r\nX: ");

	(void)state;
	memset(text + n, 'x', sizeof(text) - (size_t)n);
	memcpy(text + NET_HEAD_MAX - 4, "\r\n\r\n", 4);
	assert_int_equal(net_http_parse(text, NET_HEAD_MAX - 1, &r), NET_HEAD_MORE);
	assert_int_equal(net_http_parse(text, NET_HEAD_MAX, &r), NET_HEAD_CONNECT);
	memset(text + NET_HEAD_MAX - 4, 'x', 4);
	assert_int_equal(net_http_parse(text, NET_HEAD_MAX, &r), NET_HEAD_BAD);
}

static void
rewritten(const char *text, const char *want)
{
	struct net_request r;
	struct queue q = {0};

	assert_int_equal(head(text, &r), NET_HEAD_FORWARD);
	net_http_rewrite(text, &r, &q);
	queue_add(&q, "", 1);
	assert_string_equal((const char *)queue_head(&q), want);
	queue_free(&q);
}

static void
test_rewrite(void **state)
{
	(void)state;
	rewritten(
	    "GET http://a.com/x?y#z HTTP/1.1\r\nHost: a.com\r\nProxy-Authorization: k\r\n"
	    "Connection: keep-alive\r\nAccept: *\r\n\r\n",
	    "GET /x?y HTTP/1.1\r\nHost: a.com\r\nAccept: *\r\nConnection: close\r\n\r\n");
	rewritten("POST http://A.com:81 HTTP/1.0\r\nContent-Length: 0\r\n\r\n",
		  "POST / HTTP/1.0\r\nHost: a.com:81\r\nContent-Length: 0\r\n"
		  "Connection: close\r\n\r\n");
	rewritten("GET http://a.com?q HTTP/1.1\r\nUpgrade: websocket\r\nConnection: "
		  "Upgrade\r\n\r\n",
		  "GET /?q HTTP/1.1\r\nHost: a.com\r\nUpgrade: websocket\r\n"
		  "Connection: Upgrade\r\n\r\n");
}

#define QUERY "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"

static bool
query(const char *p, size_t n, struct net_query *q)
{
	return net_dns_parse((const unsigned char *)p, n, q);
}

static void
test_dns(void **state)
{
	static const char a[] = QUERY "\x07"
				      "Example\x03"
				      "com\x00\x00\x01\x00\x01";
	static const char dot[] = QUERY "\x0b"
					"example.com\x00\x00\x01\x00\x01";
	static const char loop[] = QUERY "\xc0\x0c\x00\x01\x00\x01";
	static const char odd[] = QUERY "\x03"
					"a b\x03"
					"com\x00\x00\x01\x00\x01";
	static const unsigned char addr[] = {127, 64, 0, 1};
	unsigned char out[NET_DNS_MAX];
	struct net_query q;
	size_t n;

	(void)state;
	assert_true(query(a, sizeof(a) - 1, &q));
	assert_string_equal(q.host.text, "example.com");
	assert_int_equal(q.type, NET_DNS_A);
	for (size_t i = 0; i < sizeof(a) - 1; i++)
		assert_false(query(a, i, &q));
	assert_true(query(a, sizeof(a) - 1, &q));
	n = net_dns_answer((const unsigned char *)a, &q, NET_DNS_NOERROR, addr, out);
	assert_int_equal(n, sizeof(a) - 1 + 16);
	assert_memory_equal(out, "\x12\x34\x81\x80\x00\x01\x00\x01", 8);
	assert_memory_equal(out + n - 4, addr, 4);
	n = net_dns_answer((const unsigned char *)a, &q, NET_DNS_NXDOMAIN, NULL, out);
	assert_int_equal(n, sizeof(a) - 1);
	assert_int_equal(out[3] & 15, NET_DNS_NXDOMAIN);
	assert_false(query(dot, sizeof(dot) - 1, &q));
	assert_false(query(loop, sizeof(loop) - 1, &q));
	assert_true(query(odd, sizeof(odd) - 1, &q));
	assert_string_equal(q.host.text, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),      cmocka_unit_test(test_entries),
	    cmocka_unit_test(test_addresses),  cmocka_unit_test(test_heads),
	    cmocka_unit_test(test_head_bound), cmocka_unit_test(test_rewrite),
	    cmocka_unit_test(test_dns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
