/* The transcript: made with the first event, one line an event, private, one writer. */
#include "tests/unit/cm.h"
#include "tests/unit/tmp.h"

#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/core/transcript.h"

static const struct transcript_run run = {.workspace = "/w", .model = "demo:tour"};
static char folder[TMP_PATH];

static void
no_event_no_file(void **state)
{
	struct transcript *t = transcript_new(folder);

	(void)state;
	assert_null(transcript_path(t));
	transcript_free(t);
}

static void
each_event_is_a_line(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT(1 * MIB);
	struct transcript *t = transcript_new(folder);
	struct msg_list l = {0};
	struct err e = {0};
	struct stat st;
	cJSON *event;
	size_t lines = 0;

	(void)state;
	msg_add(&l, MSG_USER, "改行\nと \x1b[31m 色 \xff");
	assert_int_equal(transcript_run(t, &run, &e), ERR_NONE);
	assert_int_equal(transcript_msg(t, &l.at[0], NULL, &e), ERR_NONE);
	assert_int_equal(transcript_note(t, "notice", "x", &e), ERR_NONE);
	assert_int_equal(stat(transcript_path(t), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(fs_read(transcript_path(t), &text, &e), ERR_NONE);
	for (const char *p = buf_str(&text); *p; lines++) {
		size_t n = strcspn(p, "\n");

		assert_int_equal(json_parse(p, n, JSON_STRICT, &event, &e), ERR_NONE);
		assert_non_null(json_str(event, "type"));
		assert_int_equal(strlen(json_str(event, "time")), 24);
		cJSON_Delete(event);
		p += n + 1;
	}
	assert_int_equal(lines, 3);
	msg_list_release(&l);
	transcript_free(t);
}

static void
a_folder_that_cannot_be_made_is_an_error(void **state)
{
	struct transcript *t = transcript_new("/proc/nowhere");
	struct err e = {0};

	(void)state;
	assert_int_equal(transcript_run(t, &run, &e), ERR_IO);
	assert_non_null(strstr(e.msg, "/proc/nowhere"));
	assert_true(e.hint[0] != '\0');
	transcript_free(t);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int
clean(void **state)
{
	(void)state;
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_event_no_file),
	    cmocka_unit_test(each_event_is_a_line),
	    cmocka_unit_test(a_folder_that_cannot_be_made_is_an_error),
	};

	if (!tmp_folder(folder))
		return 1;
	return cmocka_run_group_tests_name("transcript", tests, NULL, clean);
}
