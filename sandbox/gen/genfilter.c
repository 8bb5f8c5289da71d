/* Compiles *.policy files into C arrays of BPF, at build time, through libseccomp.
 *
 * Two programs come out, to be stacked: one that lets through what is named and answers ENOSYS
 * to the rest, and one that lets everything through but refuses by argument. libseccomp cannot
 * say "this call, except with these arguments" in one program; the kernel takes the strictest
 * answer of both. A row that libseccomp does not accept ends the build.
 *
 * Sources: seccomp_rule_add(3), seccomp_attr_set(3), seccomp_export_bpf(3) of 2.5.4. */
#include <errno.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 64
#define TREE	  2 /* SCMP_FLTATR_CTL_OPTIMIZE: binary tree */

static const struct {
	const char *name;
	int value;
} errors[] = {{"EPERM", EPERM}, {"ENOSYS", ENOSYS}, {"EAFNOSUPPORT", EAFNOSUPPORT}};

static scmp_filter_ctx allow, deny;
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

static uint32_t
failure(const char *name)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].name, name) == 0)
			return SCMP_ACT_ERRNO((uint32_t)errors[i].value);
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

/* "a1&04000", "a1=0x5412", "a0=3-9" or "a1==1-4096"; the last value goes to *last. */
static struct scmp_arg_cmp
condition(const char *word, unsigned long *last)
{
	struct scmp_arg_cmp c = {.op = SCMP_CMP_MASKED_EQ};
	bool whole;
	char *end;

	if (word[0] != 'a' || word[1] < '0' || word[1] > '5' || !word[2])
		die("bad condition", word, EINVAL);
	c.arg = (unsigned)(word[1] - '0');
	whole = word[2] == '=' && word[3] == '=';
	c.datum_b = strtoul(word + 3 + whole, &end, 0);
	if (word[2] == '&')
		c.datum_a = c.datum_b;
	else
		c.datum_a = whole ? UINT64_MAX : UINT32_MAX;
	*last = *end == '-' ? strtoul(end + 1, &end, 0) : (unsigned long)c.datum_b;
	if ((word[2] != '&' && word[2] != '=') || *end)
		die("bad condition", word, EINVAL);
	return c;
}

/* One or two conditions; the last may be a range, which becomes one rule for each block of
 * values that shares its upper bits: fewer instructions to load with each job. */
static void
conditional(scmp_filter_ctx ctx, uint32_t action, char **word, unsigned n)
{
	struct scmp_arg_cmp c[2];
	unsigned long last = 0, value, whole;

	if (n < 2 || n > 3)
		die("one or two conditions for", word[0], EINVAL);
	for (unsigned i = 1; i < n; i++)
		c[i - 1] = condition(word[i], &last);
	value = (unsigned long)c[n - 2].datum_b;
	whole = c[n - 2].datum_a;
	if (value == last) {
		add(ctx, action, word[0], n - 1, c);
		return;
	}
	while (value <= last) {
		unsigned long block = 1;

		while (value % (block * 2) == 0 && value + block * 2 - 1 <= last)
			block *= 2;
		c[n - 2].datum_a = whole & ~(block - 1);
		c[n - 2].datum_b = value;
		add(ctx, action, word[0], n - 1, c);
		value += block;
	}
}

static void
row(char **word, unsigned n)
{
	if (strcmp(word[0], "allow") == 0) {
		for (unsigned i = 1; i < n; i++)
			add(allow, SCMP_ACT_ALLOW, word[i], 0, NULL);
	} else if (strcmp(word[0], "errno") == 0 && n > 2) {
		/* ENOSYS is what the first program answers by itself. */
		for (unsigned i = 2; i < n; i++)
			if (strcmp(word[1], "ENOSYS") == 0)
				call_number(word[i]);
			else
				add(allow, failure(word[1]), word[i], 0, NULL);
	} else if (strcmp(word[0], "deny") == 0 && n > 3) {
		conditional(deny, failure(word[1]), word + 2, n - 2);
	} else if (strcmp(word[0], "only") == 0 && n > 2) {
		conditional(allow, SCMP_ACT_ALLOW, word + 1, n - 1);
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
print_program(scmp_filter_ctx ctx, const char *name)
{
	struct sock_filter op;
	FILE *bpf = tmpfile();
	int rc = bpf ? seccomp_export_bpf(ctx, fileno(bpf)) : -errno;

	if (rc)
		die("cannot export", name, -rc);
	rewind(bpf);
	printf("static const struct sock_filter %s[] = {\n", name);
	while (fread(&op, sizeof(op), 1, bpf) == 1)
		printf("\t{0x%02x, %u, %u, 0x%08x},\n", op.code, op.jt, op.jf, op.k);
	printf("};\n");
	fclose(bpf);
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

int
main(int argc, char **argv)
{
	file = "genfilter";
	allow = program(SCMP_ACT_ERRNO(ENOSYS));
	deny = program(SCMP_ACT_ALLOW);
	for (int i = 1; i < argc; i++)
		read_policy(argv[i]);
	printf("/* Made by sandbox/gen/genfilter.c. */\n");
	/* libseccomp's token is the kernel's audit architecture. */
	printf("#define FILTER_ARCH 0x%08xu\n", seccomp_arch_native());
	print_program(allow, "filter_allow");
	print_program(deny, "filter_deny");
	return 0;
}
