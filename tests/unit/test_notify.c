/* Hostile addresses; what a notice says; how often it is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "sandbox/addr.h"
#include "sandbox/notify.h"

/* Whether the address is out of reach; n: 0 for its whole length. */
static bool
away(const char *host, unsigned port, size_t n, const char *want)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6,
				    .sin6_port = htons((uint16_t)port)};
	bool four = inet_pton(AF_INET, host, &sin.sin_addr) == 1;
	char text[ADDR_TEXT] = "";
	unsigned got = 0;
	bool is;
	enum addr where;

	if (!four)
		assert_int_equal(inet_pton(AF_INET6, host, &sin6.sin6_addr), 1);
	where = addr_of(four ? (unsigned char *)&sin : (unsigned char *)&sin6,
			n      ? n
			: four ? sizeof(sin)
			       : sizeof(sin6),
			text, &got);
	is = where == ADDR_AWAY;
	if (is && want) {
		assert_string_equal(text, want);
		assert_int_equal(got, port);
	}
	return is;
}

static void
test_addresses(void **state)
{
	static const char *const own[] = {
	    "127.0.0.1", "127.255.255.255",  "0.0.0.0",	  "::1",
	    "::",	 "::ffff:127.0.0.1", "127.1.0.7", "::ffff:0.0.0.0"};
	static const char *const out[] = {
	    "128.0.0.1",       "126.255.255.255", "0.0.0.1", "169.254.169.254",
	    "255.255.255.255", "224.0.0.1",	  "::2",     "fe80::1",
	    "::ffff:8.8.8.8",  "::127.0.0.1",	  "ff02::1"};

	(void)state;
	for (size_t i = 0; i < SBX_LEN(own); i++)
		assert_false(away(own[i], 80, 0, NULL));
	for (size_t i = 0; i < SBX_LEN(out); i++)
		assert_true(away(out[i], 80, 0, NULL));
	assert_true(away("93.184.216.34", 443, 0, "93.184.216.34:443"));
	assert_true(away("2001:db8::1", 65535, 0, "[2001:db8::1]:65535"));
	/* Cut short, as the kernel counts it: 16 and 24 bytes are the least. */
	assert_false(away("8.8.8.8", 53, 15, NULL));
	assert_true(away("8.8.8.8", 53, 16, NULL));
	assert_false(away("2001:db8::1", 53, 23, NULL));
	assert_true(away("2001:db8::1", 53, 24, NULL));
}

static void
test_other_families(void **state)
{
	unsigned char bytes[ADDR_BYTES];
	char text[ADDR_TEXT];
	unsigned port;

	(void)state;
	memset(bytes, 0xff, sizeof(bytes));
	for (unsigned family = 0; family < 50; family++) {
		sa_family_t f = (sa_family_t)family;

		memcpy(bytes, &f, sizeof(f));
		assert_int_equal(addr_of(bytes, sizeof(bytes), text, &port) != ADDR_OTHER,
				 family == AF_INET || family == AF_INET6);
	}
	for (size_t n = 0; n < 16; n++)
		assert_false(addr_of(bytes, n, text, &port) != ADDR_OTHER);
}

static unsigned told;
static struct sbx_notice last;

static void
count(const struct sbx_notice *n, void *arg)
{
	(void)arg;
	told++;
	last = *n;
}

static void
say(struct notify *n, int number, const char *detail)
{
	struct sbx_notice what = {.kind = SBX_NOTE_CALL};

	snprintf(what.what, sizeof(what.what), "call%d", number);
	snprintf(what.detail, sizeof(what.detail), "%s", detail);
	notify_tell(n, &what, count, NULL);
}

static void
test_once_a_step(void **state)
{
	struct notify n;

	(void)state;
	notify_init(&n);
	told = 0;
	for (int i = 0; i < 10; i++)
		say(&n, 1, "");
	assert_int_equal(told, 1);
	say(&n, 1, "otherwise");
	assert_int_equal(told, 2);
	notify_step(&n);
	say(&n, 1, "");
	assert_int_equal(told, 3);
}

static void
test_bound(void **state)
{
	struct notify n;

	(void)state;
	notify_init(&n);
	told = 0;
	for (int i = 0; i < NOTIFY_STEP_MAX - 1; i++)
		say(&n, i, "");
	assert_int_equal(told, NOTIFY_STEP_MAX - 1);
	assert_int_equal(last.kind, SBX_NOTE_CALL);
	for (int i = 0; i < 1000; i++)
		say(&n, NOTIFY_STEP_MAX + i, "");
	assert_int_equal(told, NOTIFY_STEP_MAX);
	assert_int_equal(last.kind, SBX_NOTE_LIMIT);
	notify_step(&n);
	say(&n, 1, "");
	assert_int_equal(told, NOTIFY_STEP_MAX + 1);
}

/* One for all name servers, and only for those that fail. */
static void
test_lookups(void **state)
{
	struct sbx_notice what = {
	    .kind = SBX_NOTE_CONNECT, .what = "10.0.0.1:53", .detail = NOTE_LOOKUP};
	struct notify n;

	(void)state;
	notify_init(&n);
	told = 0;
	notify_tell(&n, &what, count, NULL);
	snprintf(what.what, sizeof(what.what), "10.0.0.2:53");
	notify_tell(&n, &what, count, NULL);
	assert_int_equal(told, 1);
	assert_true(sbx_notice_idle(&what));
	what.detail[0] = 0;
	assert_false(sbx_notice_idle(&what));
}

static void
text(enum sbx_notice_kind kind, int sys, const char *what, const char *detail,
     const char *want, const char *how)
{
	struct sbx_notice n = {.kind = kind, .sys = sys};
	char msg[1536], hint[3072];

	snprintf(n.what, sizeof(n.what), "%s", what);
	snprintf(n.detail, sizeof(n.detail), "%s", detail);
	sbx_notice_text(&n, msg, sizeof(msg), hint, sizeof(hint));
	assert_string_equal(msg, want);
	assert_string_equal(hint, how);
}

static void
option(enum sbx_notice_kind kind, int sys, const char *what, const char *want)
{
	struct sbx_notice n = {.kind = kind, .sys = sys};
	char hint[3072];

	snprintf(n.what, sizeof(n.what), "%s", what);
	sbx_notice_option(&n, hint, sizeof(hint));
	assert_string_equal(hint, want);
}

/* A command line has no session: it is told its own remedies alone. */
static void
test_options(void **state)
{
	(void)state;
	option(SBX_NOTE_HIDDEN, 0, ".env", "--allow-read .env");
	option(SBX_NOTE_AUTORUN, 0, "x/.idea", "--allow-write x/.idea");
	option(SBX_NOTE_CONNECT, ENETUNREACH, "192.0.2.1:1", "--allow-net=HOST");
	option(SBX_NOTE_HOST, 0, "a.test", "--allow-net=a.test");
	option(SBX_NOTE_FILE, ENOENT, "/h/.aws", "--allow-read /h/.aws");
	option(SBX_NOTE_LIMIT, 0, "temporary files", "--limit-tmp-size SIZE");
	option(SBX_NOTE_LIMIT, 0, "workspace growth", "");
	option(SBX_NOTE_CALL, EPERM, "mount", "");
	option(SBX_NOTE_CALL, EPERM, "ptrace", "--debug-tools when sunaba is started");
}

static void
test_texts(void **state)
{
	(void)state;
	text(SBX_NOTE_CALL, EPERM, "ptrace", "", "ptrace is refused: debuggers are off",
	     "--debug-tools when sunaba is started");
	text(SBX_NOTE_CALL, EPERM, "mount", "",
	     "mount is refused: the file tree stays as the sandbox shows it", "");
	text(SBX_NOTE_CALL, EAFNOSUPPORT, "socket", "address family 17",
	     "socket is refused: sockets are unix, inet, inet6 or netlink route ones "
	     "(address family 17)",
	     "");
	text(SBX_NOTE_CALL, EPERM, "%s", "", "%s is refused", "");
	text(SBX_NOTE_CALL, EPERM, "moun", "", "moun is refused", "");
	text(SBX_NOTE_CONNECT, ENETUNREACH, "192.0.2.1:1", "",
	     "connect 192.0.2.1:1 is refused: the network is off",
	     "/net allow HOST, or --allow-net=HOST");
	text(SBX_NOTE_CONNECT, ENETUNREACH, "192.0.2.1:53", NOTE_LOOKUP,
	     "names of hosts are not looked up: the network is off",
	     "/net allow HOST, or --allow-net=HOST");
	text(SBX_NOTE_CONNECT, ENETUNREACH, "192.0.2.1:1", NOTE_BY_NAME,
	     "connect 192.0.2.1:1 is refused: allowed hosts are reached by their names",
	     "/net allow HOST, or --allow-net=HOST");
	text(SBX_NOTE_FILE, EROFS, "/usr/x", "remove", "/usr/x is read-only here (remove)",
	     "/allow write FOLDER, or --allow-write FOLDER");
	text(SBX_NOTE_FILE, ENOENT, "/h/.aws", "",
	     "/h/.aws is hidden: code sees the workspace and the system",
	     "/allow read /h/.aws, or --allow-read /h/.aws");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_addresses),	cmocka_unit_test(test_other_families),
	    cmocka_unit_test(test_once_a_step), cmocka_unit_test(test_bound),
	    cmocka_unit_test(test_lookups),	cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
