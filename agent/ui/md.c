/* Markdown, streamed: intake and the public functions. See md.h.
 *
 * Bytes are repaired to UTF-8, CR and CRLF become LF, and complete lines go on to md_prep.c and
 * md_stream.c. Only complete lines change the parser's state, so it cannot matter where the
 * stream was cut. Sources: CommonMark 0.30, GFM 0.29.
 * Pinned by tests/unit/test_md.c, test_mdstream.c, test_table.c and tests/fuzz/fuzz_md.c. */
#include <stdlib.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/ui/md_int.h"

struct md *
md_new(const struct md_opts *o)
{
	struct md *m = mem_alloc(sizeof(*m));

	m->o = *o;
	buf_init(&m->repaired, MD_MESSAGE_MAX * 4);
	buf_init(&m->line, MD_LINE_MAX + 8);
	buf_init(&m->tail, MD_MESSAGE_MAX * 4);
	buf_init(&m->prelude, MD_PRELUDE_MAX);
	return m;
}

void
md_free(struct md *m)
{
	if (!m)
		return;
	buf_release(&m->repaired);
	buf_release(&m->line);
	buf_release(&m->tail);
	buf_release(&m->prelude);
	md_table_free(m->table);
	free(m);
}

static void
end_line(struct md *m)
{
	struct buf b = BUF_INIT(MD_LINE_MAX * 4);

	if (m->fence.open)
		buf_add(&b, buf_str(&m->line), m->line.len);
	else
		md_prep_line(&m->prep, &b, buf_str(&m->line), m->line.len);
	buf_addc(&b, '\n');
	buf_reset(&m->line);
	md_stream_line(m, buf_str(&b), b.len);
	buf_release(&b);
}

/* The end of a character at which a line that is too long may be cut. */
static size_t
line_room(const struct md *m, const char *p, size_t n)
{
	size_t room = MD_LINE_MAX - m->line.len;

	if (n <= room)
		return n;
	while (room > 0 && ((unsigned char)p[room] & 0xc0) == 0x80)
		room--;
	return room;
}

static void
add_to_line(struct md *m, const char *p, size_t n)
{
	size_t k;

	for (; n > 0; p += k, n -= k) {
		k = line_room(m, p, n);
		buf_add(&m->line, p, k);
		if (k < n)
			end_line(m);
	}
}

static void
take_text(struct md *m, const char *p, size_t n)
{
	size_t i = 0, k;

	while (i < n) {
		if (m->cr && p[i] == '\n') {
			m->cr = false;
			i++;
			continue;
		}
		m->cr = false;
		k = 0;
		while (i + k < n && p[i + k] != '\n' && p[i + k] != '\r')
			k++;
		add_to_line(m, p + i, k);
		i += k;
		if (i < n) {
			m->cr = p[i] == '\r';
			end_line(m);
			i++;
		}
	}
}

void
md_feed(struct md *m, const char *p, size_t n)
{
	size_t room = m->total < MD_MESSAGE_MAX ? MD_MESSAGE_MAX - m->total : 0;

	if (n > room) {
		m->cut = true;
		n = room;
	}
	m->total += n;
	m->dirty = true;
	buf_reset(&m->repaired);
	utf8_stream_feed(&m->utf8, &m->repaired, p, n);
	take_text(m, m->repaired.data, m->repaired.len);
}

static void
note(struct md *m, const char *text)
{
	struct md_emit e;
	struct md_text t;

	md_emit_init(m, &e);
	md_text_init(&t, NULL);
	md_text_add(&t, style_of(STYLE_NOTICE), text, strlen(text));
	md_emit_text(&e, &t);
	md_text_release(&t);
	md_emit_end(&e);
}

static void
notes(struct md *m)
{
	struct buf b = BUF_INIT(4 * KIB);

	if (m->cut)
		note(m, "(the rest is left out: the answer is over 8 MB)");
	if (m->count.total) {
		buf_adds(&b, m->o.unicode ? "⚠ " : "! ");
		gate_note(&b, &m->count, m->o.unicode);
		note(m, buf_str(&b));
	}
	buf_release(&b);
}

void
md_finish(struct md *m)
{
	buf_reset(&m->repaired);
	utf8_stream_end(&m->utf8, &m->repaired);
	take_text(m, m->repaired.data, m->repaired.len);
	if (m->line.len)
		end_line(m);
	md_stream_end(m);
	notes(m);
	m->total = 0;
	m->cut = m->cr = false;
	m->prep = (struct md_prep){0};
	m->flow = (struct md_flow){0};
	m->count = (struct gate_count){0};
	buf_reset(&m->prelude);
	m->dirty = true;
	md_refresh(m);
}

void
md_resize(struct md *m, int width)
{
	m->o.width = width;
	m->dirty = true;
}
