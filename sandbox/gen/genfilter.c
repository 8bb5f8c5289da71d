/* Compiles *.policy files into C arrays of BPF, at build time, through libseccomp.
 *
 * A program has three parts: one that refuses by call and argument, behind it, for what that one
 * lets through, one that allows calls by number, as a tree over ranges of numbers, and one that
 * allows by argument and answers ENOSYS to the rest. libseccomp makes the first and the last; it
 * cannot say "this call, except with these arguments" in one, and has no ranges, which make the
 * program, loaded with each job, half as long. Joined they are loaded and run as one filter. The
 * first part comes in several shapes, which filter_program() finds: what it refuses can be told to
 * pid 1 or only fail, debuggers can be let in, and the `asks` rows can be told. The rows that are
 * told come out as a table too, so that pid 1 decides by the same text. A row that libseccomp does
 * not accept ends the build.
 *
 * Sources: seccomp_rule_add(3), seccomp_attr_set(3), seccomp_export_bpf(3) of 2.5.4.
 * Pinned by tests/unit/test_filter.c, tests/jail/test_policy_lines.py. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/calls.h"

#define WORDS_MAX      64
#define TREE	       2 /* SCMP_FLTATR_CTL_OPTIMIZE: binary tree */
#define API_WITH_NOTIF 5 /* seccomp_api_set(3): whatever the kernel that builds can do */
#define TELLS	       5 /* enum filter_tell of calls.h */
#define DENIES	       (TELLS * 4) /* times `debug`, times `asks` */
#define CALLS_MAX      1024	   /* numbers of calls end below */
#define JUMP_MAX       255	   /* instructions that a condition can skip */

enum kind { DENY, NOTIFY, DEBUG, EXPLAIN, BARE, ASKS };
static const char *const kinds[] = {"deny", "notify", "debug", "explain", "bare", "asks"};

/* One rule as it stands in a program, or one condition of a row in the table. */
struct range {
	unsigned arg;
	unsigned long mask, low, high;
};

struct row {
	enum kind kind;
	int error; /* 0: let through, and tell */
	const char *name;
	struct range range[2];
	unsigned n;
};

static const struct {
	const char *name;
	int value;
} errors[] = {{"EPERM", EPERM},
	      {"ENOSYS", ENOSYS},
	      {"EAFNOSUPPORT", EAFNOSUPPORT},
	      {"EBUSY", EBUSY},
	      {"allow", 0}};

static scmp_filter_ctx allow, deny[DENIES];
static bool allowed[CALLS_MAX], refused[CALLS_MAX]; /* whatever the arguments */
static FILE *table;
static const char *file;
static unsigned line_no;

static void
die(const char *what, const char *word, int code)
{
	fprintf(stderr, "%s:%u: %s '%s': %s\n", file, line_no, what, word, strerror(code));
	exit(1);
}

static int
call_number(const char *name)
{
	int nr = seccomp_syscall_resolve_name(name);

	if (nr == __NR_SCMP_ERROR)
		die("no such call", name, EINVAL);
	return nr; /* negative: known elsewhere, absent here */
}

static int
failure(const char *name)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].name, name) == 0)
			return errors[i].value;
	die("no such error", name, EINVAL);
	return 0;
}

static void
add(scmp_filter_ctx ctx, uint32_t action, const char *name, unsigned n,
    const struct scmp_arg_cmp *cmp)
{
	int nr = call_number(name), rc;

	if (nr < 0)
		return;
	rc = seccomp_rule_add_exact_array(ctx, action, nr, n, cmp);
	if (rc)
		die("rule refused for", name, -rc);
}

/* One of the two verdicts that a call can have by its number alone. */
static void
settle(const char *name, bool *verdict, const bool *other)
{
	int nr = call_number(name);

	if (nr >= CALLS_MAX)
		die("number too high of", name, ERANGE);
	if (nr >= 0 && other[nr])
		die("both allowed and refused", name, EEXIST);
	if (nr >= 0)
		verdict[nr] = true;
}

/* "a1&04000", "a1&3=1", "a1=0x5412", "a0=3-9" or "a1==1-4096". */
static struct range
condition(const char *word)
{
	struct range r = {.mask = UINT32_MAX};
	const char *p = word + 2;
	char *end = NULL;

	if (word[0] != 'a' || word[1] < '0' || word[1] > '5')
		die("bad condition", word, EINVAL);
	r.arg = (unsigned)(word[1] - '0');
	if (*p == '&') {
		r.mask = r.low = r.high = strtoul(p + 1, &end, 0);
		if (!*end)
			return r;
		p = end;
	} else if (p[0] == '=' && p[1] == '=') {
		r.mask = UINT64_MAX;
		p++;
	}
	if (*p != '=')
		die("bad condition", word, EINVAL);
	r.low = r.high = strtoul(p + 1, &end, 0);
	if (*end == '-')
		r.high = strtoul(end + 1, &end, 0);
	if (*end || r.low > r.high || (r.low & ~r.mask))
		die("bad condition", word, EINVAL);
	return r;
}

/* One or two conditions; the last may be a range, which becomes one rule for each block of
 * values that shares its upper bits: fewer instructions to load with each job. */
static void
conditional(scmp_filter_ctx ctx, uint32_t action, const char *name, const struct range *r,
	    unsigned n)
{
	const struct range *last = &r[n - 1];
	struct scmp_arg_cmp c[2];
	unsigned long block;

	for (unsigned i = 0; i < n; i++)
		c[i] = (struct scmp_arg_cmp){.arg = r[i].arg,
					     .op = SCMP_CMP_MASKED_EQ,
					     .datum_a = r[i].mask,
					     .datum_b = r[i].low};
	for (unsigned long value = last->low; value <= last->high; value += block) {
		block = 1;
		while (value < last->high && value % (block * 2) == 0 &&
		       value + block * 2 - 1 <= last->high)
			block *= 2;
		c[n - 1].datum_a = last->mask & ~(block - 1);
		c[n - 1].datum_b = value;
		add(ctx, action, name, n, c);
	}
}

static void
add_row(scmp_filter_ctx ctx, uint32_t action, const struct row *r)
{
	if (r->n)
		conditional(ctx, action, r->name, r->range, r->n);
	else
		add(ctx, action, r->name, 0, NULL);
}

static bool
is_condition(const char *word)
{
	return word[0] == 'a' && word[1] >= '0' && word[1] <= '5' &&
	       (word[2] == '=' || word[2] == '&');
}

static unsigned
conditions(char **word, unsigned n, struct range *out)
{
	unsigned i = 0;

	for (; i < n && is_condition(word[i]); i++) {
		if (i == 2)
			die("more than two conditions", word[i], EINVAL);
		out[i] = condition(word[i]);
	}
	return i;
}

/* In each shape of the first part: refused aloud, refused silently, or not at all. */
static void
refuse(const struct row *r)
{
	for (int i = 0; i < DENIES; i++) {
		int tell = i / 4;
		bool debug = i / 2 % 2, asks = i % 2;
		bool told = (r->kind == ASKS && asks && tell >= 1) ||
			    (r->kind == EXPLAIN && (tell == 2 || tell == 4)) ||
			    (r->kind == BARE && tell >= 3) ||
			    ((r->kind == NOTIFY || r->kind == DEBUG) && tell >= 1);

		if (r->kind == DEBUG && debug)
			continue;
		if (told)
			add_row(deny[i], SCMP_ACT_NOTIFY, r);
		else if (r->error)
			add_row(deny[i], SCMP_ACT_ERRNO((uint32_t)r->error), r);
	}
	/* Refused by the first part alone. */
	if (!r->n && r->error)
		settle(r->name, allowed, refused);
	if (r->kind == DENY || call_number(r->name) < 0)
		return;
	if (strlen(r->name) >= sizeof(((struct filter_row *)NULL)->name))
		die("too long", r->name, ENAMETOOLONG);
	fprintf(table, "\t{%d, %d, %u, \"%s\", {", call_number(r->name), r->error, r->n,
		r->name);
	for (unsigned i = 0; i < r->n; i++)
		fprintf(table, "{%u, 0x%lx, 0x%lx, 0x%lx}, ", r->range[i].arg,
			r->range[i].mask, r->range[i].low, r->range[i].high);
	fprintf(table, "}},\n");
}

/* KIND ERR NAME..., or KIND ERR NAME CONDITION... */
static void
refusing(enum kind kind, char **word, unsigned n)
{
	struct row r = {.kind = kind, .error = failure(word[0])};

	if (kind == DENY && !r.error)
		die("cannot be denied", word[0], EINVAL);
	for (unsigned i = 1; i < n; i++) {
		r.name = word[i];
		r.n = conditions(word + i + 1, n - i - 1, r.range);
		if (!r.n && kind == DENY)
			die("a condition is missing for", r.name, EINVAL);
		i += r.n;
		refuse(&r);
	}
}

static void
row(char **word, unsigned n)
{
	struct range r[2];

	for (unsigned k = DENY; k <= ASKS; k++)
		if (strcmp(word[0], kinds[k]) == 0 && n > 2) {
			refusing((enum kind)k, word + 1, n - 1);
			return;
		}
	if (strcmp(word[0], "allow") == 0) {
		for (unsigned i = 1; i < n; i++)
			settle(word[i], allowed, refused);
	} else if (strcmp(word[0], "errno") == 0 && n > 2) {
		/* ENOSYS is what the last part answers by itself. */
		for (unsigned i = 2; i < n; i++) {
			settle(word[i], refused, allowed);
			if (failure(word[1]) != ENOSYS)
				add(allow, SCMP_ACT_ERRNO((uint32_t)failure(word[1])),
				    word[i], 0, NULL);
		}
	} else if (strcmp(word[0], "only") == 0 && n > 2) {
		if (conditions(word + 2, n - 2, r) != n - 2)
			die("bad condition for", word[1], EINVAL);
		conditional(allow, SCMP_ACT_ALLOW, word[1], r, n - 2);
	} else {
		die("bad row", word[0], EINVAL);
	}
}

static void
read_policy(const char *path)
{
	char line[512];
	FILE *in = fopen(path, "r");

	file = path;
	if (!in)
		die("cannot open", path, errno);
	for (line_no = 1; fgets(line, sizeof(line), in); line_no++) {
		char *word[WORDS_MAX], *save = NULL;
		unsigned n = 0;

		line[strcspn(line, "#\n")] = 0;
		for (char *w = strtok_r(line, " \t", &save); w && n < WORDS_MAX;
		     w = strtok_r(NULL, " \t", &save))
			word[n++] = w;
		if (n)
			row(word, n);
	}
	fclose(in);
}

static void
print_ops(scmp_filter_ctx ctx, bool then)
{
	struct sock_filter op[BPF_MAXINSNS];
	FILE *bpf = tmpfile();
	int rc = bpf ? seccomp_export_bpf(ctx, fileno(bpf)) : -errno;
	unsigned n;

	if (rc)
		die("cannot export", "program", -rc);
	rewind(bpf);
	n = (unsigned)fread(op, sizeof(op[0]), BPF_MAXINSNS, bpf);
	fclose(bpf);
	for (unsigned i = 0; i < n; i++) {
		/* What the first part lets through is for the second one to decide. */
		if (then && op[i].code == (BPF_RET | BPF_K) && op[i].k == SECCOMP_RET_ALLOW)
			op[i] = (struct sock_filter){BPF_JMP | BPF_JA, 0, 0, n - i - 1};
		printf("\t{0x%02x, %u, %u, 0x%08x},\n", op[i].code, op[i].jt, op[i].jf,
		       op[i].k);
	}
}

/* Where the verdict changes from one number to the next. */
static unsigned
edges(unsigned *at)
{
	unsigned n = 0;

	for (unsigned nr = 0; nr < CALLS_MAX; nr++)
		if (allowed[nr] != (nr > 0 && allowed[nr - 1]))
			at[n++] = nr;
	return n;
}

/* How many edges are left of the middle one: as many instructions, in order, then those right
 * of it. */
static unsigned
middle(unsigned n)
{
	return n / 2;
}

/* A tree over the edges from `first`, `n` of them, whose instructions stand in the order of node,
 * left, right; `behind` instructions follow it before the two ends: allowed, and not. */
static void
print_tree(const unsigned *at, unsigned first, unsigned n, unsigned behind)
{
	unsigned left = middle(n), right = n - left - 1, edge = first + left;
	unsigned jt, jf;

	if (!n)
		return;
	/* No edge left or right: the parity of their number tells. */
	jt = right ? left : left + right + behind + (edge % 2 ? 1 : 0);
	jf = left ? 0 : left + right + behind + (edge % 2 ? 0 : 1);
	if (jt > JUMP_MAX || jf > JUMP_MAX)
		die("too many ranges", "allow", E2BIG);
	printf("\t{0x%02x, %u, %u, 0x%08x},\n", BPF_JMP | BPF_JGE | BPF_K, jt, jf,
	       at[edge]);
	print_tree(at, first, left, right + behind);
	print_tree(at, edge + 1, right, behind);
}

/* The architecture was looked at by the part before. */
static void
print_allowed(void)
{
	unsigned at[CALLS_MAX];

	printf("\t{0x%02x, 0, 0, 0},\n", BPF_LD | BPF_W | BPF_ABS);
	print_tree(at, 0, edges(at), 0);
	printf("\t{0x%02x, 0, 0, 0x%08x},\n", BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
}

static void
print_programs(void)
{
	for (int i = 0; i < DENIES; i++) {
		printf("static const struct sock_filter filter_%d[] = {\n", i);
		print_ops(deny[i], true);
		print_allowed();
		print_ops(allow, false);
		printf("};\n");
	}
	printf("static const struct sock_fprog filter_programs[%d] = {\n", DENIES);
	for (int i = 0; i < DENIES; i++)
		printf("\t{sizeof(filter_%d) / sizeof(struct sock_filter), "
		       "(struct sock_filter *)filter_%d},\n",
		       i, i);
	printf("};\n");
}

static scmp_filter_ctx
program(uint32_t action)
{
	scmp_filter_ctx ctx = seccomp_init(action);
	int rc;

	if (!ctx)
		die("cannot start", "libseccomp", ENOMEM);
	rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (!rc)
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, TREE);
	if (rc)
		die("cannot set up", "libseccomp", -rc);
	return ctx;
}

/* The rows that are told; filter.h's includer defines the struct. */
static void
print_table(void)
{
	char line[256];

	rewind(table);
	printf("static const struct filter_row filter_rows[] = {\n");
	while (fgets(line, sizeof(line), table))
		fputs(line, stdout);
	printf("};\n");
	fclose(table);
}

int
main(int argc, char **argv)
{
	file = "genfilter";
	table = tmpfile();
	if (!table || seccomp_api_set(API_WITH_NOTIF))
		die("cannot start", "libseccomp", EINVAL);
	allow = program(SCMP_ACT_ERRNO(ENOSYS));
	for (int i = 0; i < DENIES; i++)
		deny[i] = program(SCMP_ACT_ALLOW);
	for (int i = 1; i < argc; i++)
		read_policy(argv[i]);
	printf("/* Made by sandbox/gen/genfilter.c. */\n");
	/* libseccomp's token is the kernel's audit architecture. */
	printf("#define FILTER_ARCH 0x%08xu\n", seccomp_arch_native());
	print_programs();
	print_table();
	return 0;
}
