/* Compiles cell.calls into a C array of BPF, at build time, through libseccomp.
 *
 * What no row names kills the process, and so does another architecture than the machine's.
 *
 * Sources: seccomp_rule_add(3), seccomp_export_bpf(3) of 2.5.4. Pinned by tests/unit/test_cell.c. */
#include <errno.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static scmp_filter_ctx cell;

static void
die(const char *what, int code)
{
	fprintf(stderr, "gencell: %s: %s\n", what, strerror(code));
	exit(1);
}

static void
row(const char *kind, const char *name)
{
	int nr = seccomp_syscall_resolve_name(name), rc;

	if (nr == __NR_SCMP_ERROR)
		die(name, EINVAL);
	if (nr < 0) /* known elsewhere, absent here */
		return;
	if (strcmp(kind, "allow") == 0)
		rc = seccomp_rule_add_exact(cell, SCMP_ACT_ALLOW, nr, 0);
	else if (strcmp(kind, "memory") == 0)
		rc = seccomp_rule_add_exact(cell, SCMP_ACT_ALLOW, nr, 1,
					    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	else if (strcmp(kind, "fail") == 0)
		rc = seccomp_rule_add_exact(cell, SCMP_ACT_ERRNO(EPERM), nr, 0);
	else
		rc = -EINVAL;
	if (rc)
		die(name, -rc);
}

static void
read_rows(const char *path)
{
	FILE *in = fopen(path, "r");
	char line[512], *save, *kind;

	if (!in)
		die(path, errno);
	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "#\n")] = '\0';
		kind = strtok_r(line, " \t", &save);
		for (char *name; kind && (name = strtok_r(NULL, " \t", &save));)
			row(kind, name);
	}
	fclose(in);
}

static void
print_program(void)
{
	struct sock_filter op[BPF_MAXINSNS];
	FILE *bpf = tmpfile();
	int rc = bpf ? seccomp_export_bpf(cell, fileno(bpf)) : -errno;
	size_t n;

	if (rc)
		die("export", -rc);
	rewind(bpf);
	n = fread(op, sizeof(op[0]), BPF_MAXINSNS, bpf);
	fclose(bpf);
	printf("/* Made by sandbox/gen/gencell.c. */\nstatic const struct sock_filter "
	       "cell_filter[] = {\n");
	for (size_t i = 0; i < n; i++)
		printf("\t{0x%02x, %u, %u, 0x%08x},\n", op[i].code, op[i].jt, op[i].jf,
		       op[i].k);
	printf("};\n");
}

int
main(int argc, char **argv)
{
	int rc;

	cell = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (!cell || argc != 2)
		die("start", EINVAL);
	rc = seccomp_attr_set(cell, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (rc)
		die("set up", -rc);
	read_rows(argv[1]);
	print_program();
	return 0;
}
