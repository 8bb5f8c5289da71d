/* The allow-list for a program's escape sequences. See vt.h.
 *
 * The automaton is that of ECMA-48 in 7 bits. A sequence is gathered whole and looked up by its
 * private mark, intermediate and final byte; parameters are digits, ';' and ':' alone. C1
 * controls do not exist: as raw bytes they are ill-formed UTF-8, and as U+0080 to U+009F they are
 * left out, so that no terminal takes text behind them for a sequence that was not checked.
 *
 * Sources: ECMA-48 5.4, "XTerm Control Sequences" (ctlseqs, patch 390), console_codes(4).
 * Pinned by tests/unit/test_vt.c and tests/fuzz/fuzz_vt.c. */
#include <string.h>

#include "agent/base/utf8.h"
#include "agent/ui/vt.h"

#define VT_DIGITS_MAX 5 /* of a parameter */

enum {
	BEL = 7,
	BS = 8,
	HT = 9,
	LF = 10,
	CR = 13,
	SO = 14,
	SI = 15,
	CAN = 24,
	SUB = 26,
	ESC = 27
};

/* Origin mode is not passed on: its reset moves the cursor. */
/* Charsets back, attributes, scrolling region and keys as they were. Nothing that moves. */
#define VT_PLAIN  "\017\033(B\033[m\033[4l\033[?1l\033>\033[?5l\033[?7h"
#define VT_CURSOR "\033[?25h\033[?2026l\033[?2004l"
/* Resetting the region moves the cursor, which is put back. */
#define VT_REGION "\0337\033[r\0338"

/* On the main screen ?1049l goes to where the cursor was saved last: here. */
const char vt_undo[] = "\033[?2026l\0337\033[?1049l\033[?47l" VT_REGION VT_PLAIN VT_CURSOR;

static const struct {
	const char *number;
	unsigned mode; /* 0: passed on, but not kept in mind */
	bool off;      /* it is the reset that is out of the ordinary */
} modes[] = {
    {"?1", VT_CURSOR_KEYS, false}, {"?5", VT_REVERSED, false},
    {"?7", VT_NO_WRAP, true},	   {"?12", 0, false},
    {"?25", VT_HIDDEN, true},	   {"?47", VT_FULL, false},
    {"?1047", VT_FULL, false},	   {"?1048", 0, false},
    {"?1049", VT_FULL, false},	   {"?2004", VT_PASTE, false},
    {"?2026", 0, false},	   {"4", VT_INSERT, false},
};

void
vt_init(struct vt *v, bool plain)
{
	*v = (struct vt){.plain = plain};
}

/* One mode of "CSI ? 25 ; 1049 h"; it is written anew, alone. */
static void
vt_mode(struct vt *v, const char *number, bool on, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (strcmp(modes[i].number, number) != 0)
			continue;
		if (on != modes[i].off)
			v->modes |= modes[i].mode;
		else
			v->modes &= ~modes[i].mode;
		buf_addf(out, "\033[%s%c", number, on ? 'h' : 'l');
	}
}

/* The parameters of a sequence that sets or resets modes, each looked up by itself. */
static void
vt_modes(struct vt *v, const char *p, size_t n, bool on, struct buf *out)
{
	char number[VT_DIGITS_MAX + 2];
	bool private = n > 0 && *p == '?';

	p += private;
	n -= private;
	for (const char *end = p + n; p <= end; p++) {
		const char *semicolon = memchr(p, ';', (size_t)(end - p));
		size_t len = (size_t)((semicolon ? semicolon : end) - p);

		if (len > 0 && len <= VT_DIGITS_MAX) {
			snprintf(number, sizeof(number), "%s%.*s", private ? "?" : "",
				 (int)len, p);
			vt_mode(v, number, on, out);
		}
		p += len;
	}
}

/* Digits, not too many in a row, ';' and ':'. At most `max` parameters. */
static bool
vt_numbers(const char *p, size_t n, size_t max)
{
	size_t digits = 0, count = 1;

	for (size_t i = 0; i < n; i++) {
		bool digit = p[i] >= '0' && p[i] <= '9';

		if (!digit && p[i] != ';' && p[i] != ':')
			return false;
		digits = digit ? digits + 1 : 0;
		count += !digit;
		if (digits > VT_DIGITS_MAX)
			return false;
	}
	return count <= max;
}

/* How many parameters are passed on; more of them are other commands: mouse tracking, margins.
 * 0: no such sequence. */
static size_t
vt_parameters(char final)
{
	if (final == 'm')
		return VT_SEQ_MAX;
	if (strchr("Hfr", final))
		return 2;
	return strchr("ABCDEFGIJKLMPSTXZ@`abde", final) ? 1 : 0;
}

/* The cursor may be anywhere on a line. */
static void
vt_moved(struct vt *v)
{
	if (!(v->modes & VT_FULL))
		v->column = true;
}

/* "ESC [ params final", whole. */
static void
vt_csi(struct vt *v, struct buf *out)
{
	const char *p = v->seq + 2;
	size_t n = v->n - 3;
	char final = v->seq[v->n - 1];

	if (final == 'h' || final == 'l') {
		if (vt_numbers(p + (n > 0 && *p == '?'), n - (n > 0 && *p == '?'),
			       VT_SEQ_MAX))
			vt_modes(v, p, n, final == 'h', out);
		return;
	}
	if (n > 0 && p[n - 1] == ' ' && final == 'q' && vt_numbers(p, n - 1, 1)) {
		v->modes |= VT_SHAPE;
		buf_add(out, v->seq, v->n);
	} else if (n == 1 && *p == '!' && final == 'p') { /* soft reset */
		v->modes &= VT_FULL | VT_PASTE;
		buf_add(out, v->seq, v->n);
	} else if ((n == 0 && strchr("su", final)) ||
		   vt_numbers(p, n, vt_parameters(final))) {
		buf_add(out, v->seq, v->n);
		if (strchr("ABCDEFGHITZ`adefu", final))
			vt_moved(v);
	}
}

/* "ESC x" and "ESC ( x", whole. */
static void
vt_escape(struct vt *v, struct buf *out)
{
	char first = v->seq[1], last = v->seq[v->n - 1];

	if (v->n == 2 && strchr("78DEM=>", first)) {
		if (first == '=')
			v->modes |= VT_KEYPAD;
		else if (first == '>')
			v->modes &= ~(unsigned)VT_KEYPAD;
		buf_add(out, v->seq, v->n);
	} else if (v->n == 3 && strchr("()", first) && strchr("0AB", last)) {
		buf_add(out, v->seq, v->n);
	}
}

static void
vt_control(struct vt *v, unsigned char c, struct buf *out)
{
	switch (c) {
	case ESC:
		v->state = VT_ESC;
		v->n = 0;
		v->seq[v->n++] = (char)c;
		return;
	case LF:
		if (!(v->modes & VT_FULL))
			v->column = false;
		break;
	case CR:
	case BEL:
	case BS:
	case HT:
		break;
	case SO:
	case SI:
		if (v->plain)
			return;
		break;
	default:
		return;
	}
	buf_addc(out, (char)c);
}

/* A byte of text: characters are passed on whole. */
static void
vt_text(struct vt *v, char c, struct buf *out)
{
	uint32_t cp;
	size_t n;

	v->held[v->nheld++] = c;
	while (v->nheld > 0) {
		if (v->nheld < sizeof(v->held) && utf8_tail(v->held, v->nheld) == v->nheld)
			return; /* it may go on */
		n = utf8_decode(v->held, v->nheld, &cp);
		if (cp == UINT32_MAX)
			buf_adds(out, "\xEF\xBF\xBD");
		else if (cp >= 0xA0 || cp < 0x7F)
			buf_add(out, v->held, n);
		vt_moved(v);
		v->nheld -= n;
		memmove(v->held, v->held + n, v->nheld);
	}
}

/* What was begun and does not go on. */
static void
vt_text_end(struct vt *v, struct buf *out)
{
	if (v->nheld)
		buf_adds(out, "\xEF\xBF\xBD");
	v->nheld = 0;
}

static void
vt_after_esc(struct vt *v, unsigned char c, struct buf *out)
{
	v->seq[v->n++] = (char)c;
	if (c == '[') {
		v->state = VT_CSI;
	} else if (strchr("]PX^_", c)) {
		v->state = VT_STRING;
		v->osc = c == ']';
	} else if (c < 0x30) {
		v->state = VT_ESC_MORE;
	} else {
		v->state = VT_TEXT;
		if (!v->plain)
			vt_escape(v, out);
	}
}

static void
vt_in_csi(struct vt *v, unsigned char c, struct buf *out)
{
	if (v->n == VT_SEQ_MAX)
		v->state = VT_CSI_BAD;
	if (v->state == VT_CSI)
		v->seq[v->n++] = (char)c;
	if (c < 0x40 || c == 0x7F)
		return;
	if (v->state == VT_CSI && !v->plain)
		vt_csi(v, out);
	v->state = VT_TEXT;
}

static void
vt_in_esc(struct vt *v, unsigned char c, struct buf *out)
{
	if (v->n < VT_SEQ_MAX)
		v->seq[v->n++] = (char)c;
	if (c < 0x30)
		return;
	v->state = VT_TEXT;
	if (!v->plain)
		vt_escape(v, out);
}

/* Nothing of it is kept. */
static void
vt_in_string(struct vt *v, unsigned char c)
{
	if (c == CAN || c == SUB || (c == BEL && v->osc))
		v->state = VT_TEXT;
}

static void
vt_byte(struct vt *v, unsigned char c, struct buf *out)
{
	bool string = v->state == VT_STRING;

	if (v->state == VT_TEXT && c >= 0x20 && c != 0x7F) {
		vt_text(v, (char)c, out);
		return;
	}
	vt_text_end(v, out);
	if (c == ESC) {
		/* Also where one ends a string: what follows is looked at afresh. */
		vt_control(v, c, out);
	} else if (string) {
		vt_in_string(v, c);
	} else if (c == CAN || c == SUB) {
		v->state = VT_TEXT;
	} else if (c < 0x20 || c == 0x7F) {
		vt_control(v, c, out); /* as terminals do, also within a sequence */
	} else if (c >= 0x80) {
		v->state = VT_TEXT;
		vt_text(v, (char)c, out);
	} else if (v->state == VT_ESC) {
		vt_after_esc(v, c, out);
	} else if (v->state == VT_ESC_MORE) {
		vt_in_esc(v, c, out);
	} else {
		vt_in_csi(v, c, out);
	}
}

void
vt_feed(struct vt *v, const char *p, size_t n, struct buf *out)
{
	size_t run;

	while (n > 0) {
		/* Nearly all of most output. */
		for (run = 0; run < n && p[run] >= 0x20 && p[run] < 0x7F; run++)
			;
		if (v->state == VT_TEXT && !v->nheld && run > 0) {
			buf_add(out, p, run);
			vt_moved(v);
		} else {
			run = 1;
			vt_byte(v, (unsigned char)*p, out);
		}
		p += run;
		n -= run;
	}
}

void
vt_enter(const struct vt *v, struct buf *out)
{
	if (v->plain)
		return;
	if (v->modes & VT_FULL)
		buf_adds(out, "\033[?1049h");
	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		if ((modes[i].mode & v->modes) && modes[i].mode != VT_FULL)
			buf_addf(out, "\033[%s%c", modes[i].number,
				 modes[i].off ? 'l' : 'h');
	if (v->modes & VT_KEYPAD)
		buf_adds(out, "\033=");
}

void
vt_leave(struct vt *v, struct buf *out)
{
	bool plain = v->plain;

	if (!plain && (v->modes & VT_FULL))
		buf_adds(out, "\033[?1049l");
	if (!plain)
		buf_adds(out, VT_REGION VT_PLAIN VT_CURSOR);
	if (v->modes & VT_SHAPE)
		buf_adds(out, "\033[0 q");
	if (v->column)
		buf_adds(out, "\r\n");
	vt_init(v, plain);
}
