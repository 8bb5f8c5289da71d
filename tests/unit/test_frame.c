/* Frames, items and the queue: every split point, every limit and one past it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "sandbox/frame.h"
#include "sandbox/setup.h"
#include "sandbox/wire.h"

static void
test_round_trip(void **state)
{
	unsigned char b[FRAME_HEAD + 5];
	struct frame f;
	size_t used = 0;

	(void)state;
	frame_head(b, FRAME_OUT, 2, 0x1234, 5);
	memcpy(b + FRAME_HEAD, "hello", 5);
	for (size_t n = 0; n < sizeof(b); n++)
		assert_int_equal(frame_read(b, n, true, &f, &used), FRAME_MORE);
	assert_int_equal(frame_read(b, sizeof(b), true, &f, &used), FRAME_WHOLE);
	assert_int_equal(used, sizeof(b));
	assert_int_equal(f.type, FRAME_OUT);
	assert_int_equal(f.detail, 2);
	assert_int_equal(f.job, 0x1234);
	assert_int_equal(f.len, 5);
	assert_memory_equal(f.payload, "hello", 5);
}

static enum frame_got
head_only(unsigned type, uint32_t len, bool up)
{
	unsigned char b[FRAME_HEAD];
	struct frame f;
	size_t used;

	frame_head(b, (enum frame_type)type, 0, 0, len);
	return frame_read(b, sizeof(b), up, &f, &used);
}

static void
test_limits(void **state)
{
	(void)state;
	assert_int_equal(head_only(FRAME_OUT, FRAME_UP_MAX, true), FRAME_MORE);
	assert_int_equal(head_only(FRAME_OUT, FRAME_UP_MAX + 1, true), FRAME_BAD);
	assert_int_equal(head_only(FRAME_RUN, FRAME_DOWN_MAX, false), FRAME_MORE);
	assert_int_equal(head_only(FRAME_RUN, FRAME_DOWN_MAX + 1, false), FRAME_BAD);
	assert_int_equal(head_only(FRAME_RUN, 0xffffffffu, false), FRAME_BAD);
	assert_int_equal(head_only(FRAME_STOP, 0, false), FRAME_WHOLE);
}

static void
test_types(void **state)
{
	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		bool down = type >= FRAME_SETUP && type <= FRAME_STEP;
		bool up = type >= FRAME_READY && type <= FRAME_WAITS;

		assert_int_equal(head_only(type, 0, false), down ? FRAME_WHOLE : FRAME_BAD);
		assert_int_equal(head_only(type, 0, true), up ? FRAME_WHOLE : FRAME_BAD);
	}
}

static void
test_queue(void **state)
{
	struct queue q = {0};
	unsigned char next = 0, want = 0;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		for (int i = 0; i < round % 50; i++, next++)
			queue_add(&q, &next, 1);
		for (int i = 0; i < round % 37 && queue_len(&q); i++, want++) {
			assert_int_equal(*queue_head(&q), want);
			queue_drop(&q, 1);
		}
	}
	queue_free(&q);
	assert_int_equal(queue_len(&q), 0);
}

static void
test_items(void **state)
{
	struct queue q = {0};
	struct wire_item it;
	const unsigned char *p;
	size_t n;

	(void)state;
	wire_put_text(&q, 'A', "text");
	wire_put_number(&q, 'n', 0x123456789abcdefull);
	wire_put(&q, 'x', "a\0b", 3);
	p = queue_head(&q);
	n = queue_len(&q);
	assert_int_equal(wire_next(&p, &n, &it), 1);
	assert_string_equal(wire_text(&it), "text");
	assert_int_equal(wire_number(&it), 0);
	assert_int_equal(wire_next(&p, &n, &it), 1);
	assert_true(wire_number(&it) == 0x123456789abcdefull);
	assert_int_equal(wire_next(&p, &n, &it), 1);
	assert_null(wire_text(&it));
	assert_int_equal(wire_next(&p, &n, &it), 0);
	n = queue_len(&q) - 1;
	p = queue_head(&q);
	wire_next(&p, &n, &it);
	wire_next(&p, &n, &it);
	assert_int_equal(wire_next(&p, &n, &it), -1);
	queue_free(&q);
}

static void
test_start(void **state)
{
	const char *const argv[] = {"sh", "-c", "x", NULL}, *const env[] = {"A=2", "B=3",
									    NULL};
	struct sbx_job_spec spec = {.argv = argv,
				    .env = env,
				    .script_name = "a.py",
				    .script = "print",
				    .script_len = 5,
				    .driver = true};
	struct setup base = {.env = {"A=1", "AB=0"}};
	struct queue q = {0};
	struct start st;

	(void)state;
	start_encode(&spec, &q);
	assert_true(start_decode(queue_head(&q), queue_len(&q), &base, &st));
	assert_string_equal(st.argv[2], "x");
	assert_null(st.argv[3]);
	assert_string_equal(st.env[0], "A=2");
	assert_string_equal(st.env[1], "AB=0");
	assert_string_equal(st.env[2], "B=3");
	assert_true(st.driver && st.script_len == 5 && !st.cwd);
	start_release(&st);
	for (size_t n = 0; n < queue_len(&q); n++) {
		start_decode(queue_head(&q), n, &base, &st);
		start_release(&st);
	}
	queue_free(&q);
	spec.script_name = "../a";
	start_encode(&spec, &q);
	assert_false(start_decode(queue_head(&q), queue_len(&q), &base, &st));
	start_release(&st);
	queue_free(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip), cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_types),      cmocka_unit_test(test_queue),
	    cmocka_unit_test(test_items),      cmocka_unit_test(test_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
