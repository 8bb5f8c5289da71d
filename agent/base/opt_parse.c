/* Texts of options to values: flags, numbers, durations, sizes; and the nearest name.
 *
 * All of it is pure. A number-like row keeps a double in one unit (milliseconds, bytes); whole
 * numbers are exact up to 2^53, which is the bound of every row without one of its own.
 * Pinned by tests/unit/test_opt.c. */
#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "agent/base/opt_impl.h"

#define WHOLE_MAX	 9007199254740992.0 /* 2^53 */
#define OPT_DIGITS_MAX	 40		    /* of one number, its point included */
#define NEAREST_WORD_MAX 64		    /* bytes; longer words have no near one */

struct opt_unit {
	const char *name;
	double factor;
};

static const struct opt_unit duration_units[] = {
    {"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3},
};
static const struct opt_unit size_units[] = {
    {"K", 0x1p10},
    {"M", 0x1p20},
    {"G", 0x1p30},
    {"T", 0x1p40},
};

bool
opt_parse_flag(const char *text, bool *out)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {{"true", true}, {"false", false}, {"yes", true}, {"no", false},
		     {"on", true},   {"off", false},   {"1", true},   {"0", false}};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasecmp(text, words[i].word) == 0) {
			*out = words[i].value;
			return true;
		}
	return false;
}

/* A plain decimal number at *p, which is moved behind it. No sign, hex, "inf" or "nan"; not
 * strtod(), whose decimal point depends on the locale. */
static bool
opt_scan(const char **p, double *out)
{
	const char *s = *p;
	double value = 0, scale = 1;
	bool point = false;

	for (; isdigit((unsigned char)*s) || (*s == '.' && !point && s > *p); s++) {
		if (*s == '.') {
			point = true;
			continue;
		}
		value = value * 10 + (*s - '0');
		scale *= point ? 10 : 1;
	}
	if (s == *p || s[-1] == '.' || *s == '.' || s - *p > OPT_DIGITS_MAX)
		return false;
	*out = value / scale;
	*p = s;
	return true;
}

/* "1h30m": numbers with units in a row; a number alone is seconds. */
static bool
opt_parse_duration(const char *p, double *out)
{
	double sum = 0, v;

	do {
		size_t best = 0, i = 0, len = 0;

		if (!opt_scan(&p, &v))
			return false;
		for (; i < ARRAY_LEN(duration_units); i++) {
			size_t k = strlen(duration_units[i].name);

			if (k > len && strncmp(p, duration_units[i].name, k) == 0) {
				best = i;
				len = k;
			}
		}
		if (len == 0 && (*p || sum > 0))
			return false;
		sum += v * (len ? duration_units[best].factor : 1e3);
		p += len;
	} while (*p);
	*out = sum;
	return true;
}

/* "4G", "4GB", "4GiB", "4096". */
static bool
opt_parse_size(const char *p, double *out)
{
	if (!opt_scan(&p, out))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(size_units); i++) {
		if (toupper((unsigned char)*p) != size_units[i].name[0])
			continue;
		*out *= size_units[i].factor;
		p++;
		if (*p == 'i')
			p++;
		break;
	}
	if (*p == 'B')
		p++;
	*out = trunc(*out);
	return *p == '\0';
}

static bool
opt_parse_plain(const char *p, bool whole, double *out)
{
	double sign = 1;

	if (*p == '-' || *p == '+')
		sign = *p++ == '-' ? -1 : 1;
	if ((whole && strchr(p, '.')) || !opt_scan(&p, out) || *p)
		return false;
	*out *= sign;
	return true;
}

static const char *
opt_expects(const struct opt_row *row)
{
	switch (row->type) {
	case OPT_INT:
		return "a whole number";
	case OPT_NUMBER:
		return "a number";
	case OPT_DURATION:
		return "a time such as 90s, 2m or 1h30m";
	case OPT_SIZE:
		return "a size such as 512M or 4G";
	case OPT_FLAG:
	case OPT_STRING:
	case OPT_PATH:
	case OPT_CHOICE:
	case OPT_LIST:
	case OPT_NAMES:
	case OPT_PATHS:
		break;
	}
	return "a value";
}

/* A bound of the row in the unit the user writes. */
static void
opt_bound_text(const struct opt_row *row, double bound, char *out, size_t n)
{
	if (row->type == OPT_DURATION && bound >= 1000)
		snprintf(out, n, "%.15gs", bound / 1000);
	else if (row->type == OPT_DURATION)
		snprintf(out, n, "%.15gms", bound);
	else if (row->type == OPT_SIZE && bound >= 0x1p20)
		snprintf(out, n, "%.15gM", bound / 0x1p20);
	else
		snprintf(out, n, "%.15g", bound);
}

enum err_kind
opt_parse_number(const struct opt_row *row, const char *text, double *out, struct err *e)
{
	double v, min = row->min, max = row->max;
	char low[48], high[48];
	bool ok;

	if (min >= 0 && max <= 0 && min <= 0)
		max = WHOLE_MAX;
	if (row->type == OPT_DURATION)
		ok = opt_parse_duration(text, &v);
	else if (row->type == OPT_SIZE)
		ok = opt_parse_size(text, &v);
	else
		ok = opt_parse_plain(text, row->type == OPT_INT, &v);
	if (!ok)
		return err_set(e, ERR_USAGE, "'%.200s' is not %s", text, opt_expects(row));
	if (v < min || v > max) {
		opt_bound_text(row, min, low, sizeof(low));
		opt_bound_text(row, max, high, sizeof(high));
		return err_set(e, ERR_USAGE, "'%.200s' is not within %s and %s", text, low,
			       high);
	}
	*out = v;
	return ERR_NONE;
}

/* Edit distance with swapped neighbours counted once (optimal string alignment). */
static size_t
opt_distance(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);
	size_t row[3][NEAREST_WORD_MAX + 1];

	for (size_t j = 0; j <= nb; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t *now = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t cost = a[i - 1] != b[j - 1];

			now[j] = MIN_OF(up[j] + 1, now[j - 1] + 1);
			now[j] = MIN_OF(now[j], up[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = MIN_OF(now[j], up2[j - 2] + 1);
		}
	}
	return row[na % 3][nb];
}

const char *
opt_nearest(const char *word, const char *const *candidates, size_t n)
{
	const char *best = NULL;
	size_t len = strlen(word), least = MAX_OF(len / 3, (size_t)1) + 1;

	if (len > NEAREST_WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t have = candidates[i] ? strlen(candidates[i]) : SIZE_MAX, d;

		if (have > NEAREST_WORD_MAX)
			continue;
		/* A word cut short is nearer than its length says. */
		if (len >= 3 && strncmp(candidates[i], word, len) == 0)
			d = 1;
		else
			d = opt_distance(word, candidates[i]);
		if (d < least) {
			least = d;
			best = candidates[i];
		}
	}
	return best;
}
