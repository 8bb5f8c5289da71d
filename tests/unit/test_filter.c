/* The compiled filter in all its shapes, run by an interpreter of its own: what each row of the
 * policy does where nobody listens, where somebody does, under --explain and --debug-tools. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "sandbox/calls.h"
#include "sandbox/util.h"

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#define ARCH AUDIT_ARCH_RISCV64
#endif

/* The few instructions that libseccomp makes; whatever else fails the test. */
static uint32_t
run_program(const struct sock_fprog *p, const struct seccomp_data *d)
{
	uint32_t acc = 0;

	for (size_t pc = 0; pc < p->len; pc++) {
		const struct sock_filter *op = &p->filter[pc];

		switch (op->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(op->k + 4 <= sizeof(*d));
			memcpy(&acc, (const char *)d + op->k, 4);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			acc &= op->k;
			break;
		case BPF_JMP | BPF_JA:
			pc += op->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += acc == op->k ? op->jt : op->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			pc += acc > op->k ? op->jt : op->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			pc += acc >= op->k ? op->jt : op->jf;
			break;
		case BPF_RET | BPF_K:
			return op->k;
		default:
			fail_msg("instruction 0x%x", op->code);
		}
	}
	fail_msg("ran off the end");
	return 0;
}

static uint32_t
verdict(enum filter_tell tell, bool debug, const struct seccomp_data *d)
{
	return run_program(filter_program(tell, debug, true), d);
}

static struct seccomp_data
call(int nr)
{
	return (struct seccomp_data){.nr = nr, .arch = ARCH};
}

static bool
is_debug(const char *name)
{
	static const char *const names[] = {"ptrace", "process_vm_readv",
					    "process_vm_writev", "pidfd_getfd",
					    "process_madvise"};

	for (size_t i = 0; i < SBX_LEN(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* Registers that fall under a row, at its lowest or highest values; the upper halves of those
 * that are compared in 32 bits full of what must not count. */
static struct seccomp_data
fitting(const struct filter_row *r, bool high)
{
	struct seccomp_data d = call(r->nr);

	for (unsigned i = 0; i < r->n; i++) {
		uint64_t v = high ? r->range[i].high : r->range[i].low;

		if (r->range[i].mask <= UINT32_MAX)
			v |= 0x1234ULL << 32;
		d.args[r->range[i].arg] = v;
	}
	return d;
}

static void
test_refusing_rows(void **state)
{
	(void)state;
	for (size_t i = 0; filter_row_at(i); i++) {
		const struct filter_row *r = filter_row_at(i);
		uint32_t fails = SECCOMP_RET_ERRNO | (uint32_t)r->error;

		for (int high = 0; r->error && high < 2; high++) {
			struct seccomp_data d = fitting(r, high);

			assert_int_equal(verdict(FILTER_SILENT, false, &d), fails);
			assert_int_equal(verdict(FILTER_TOLD, false, &d),
					 strcmp(r->name, "io_uring_setup") == 0
					     ? fails
					     : SECCOMP_RET_USER_NOTIF);
			assert_int_equal(verdict(FILTER_EXPLAINED, false, &d),
					 SECCOMP_RET_USER_NOTIF);
			assert_int_equal(verdict(FILTER_SILENT, true, &d),
					 is_debug(r->name) ? SECCOMP_RET_ALLOW : fails);
			assert_int_equal(verdict(FILTER_EXPLAINED, true, &d),
					 is_debug(r->name) ? SECCOMP_RET_ALLOW
							   : SECCOMP_RET_USER_NOTIF);
		}
	}
}

static void
test_modes_are_made_on_the_bare_rung(void **state)
{
	static const int calls[] = {SYS_fchmod, SYS_fchmodat, SYS_fchown, SYS_fchownat,
				    SYS_utimensat};

	(void)state;
	for (size_t i = 0; i < SBX_LEN(calls); i++) {
		struct seccomp_data d = call(calls[i]);

		assert_int_equal(verdict(FILTER_TOLD, false, &d), SECCOMP_RET_ALLOW);
		assert_int_equal(verdict(FILTER_BARE, false, &d), SECCOMP_RET_USER_NOTIF);
	}
}

/* Rows that only tell: silent without a listener, and never a refusal. */
static void
test_telling_rows(void **state)
{
	(void)state;
	for (size_t i = 0; filter_row_at(i); i++) {
		const struct filter_row *r = filter_row_at(i);
		struct seccomp_data d = fitting(r, false);

		if (r->error)
			continue;
		assert_int_equal(verdict(FILTER_SILENT, false, &d), SECCOMP_RET_ALLOW);
		/* Those of the rung without mounts are told there alone. */
		assert_int_equal(verdict(FILTER_BARE_EXPLAINED, false, &d),
				 SECCOMP_RET_USER_NOTIF);
		assert_int_equal(filter_row_of(r->nr, (const uint64_t *)d.args)->error, 0);
	}
}

/* What is told of has a row, whatever the registers: pid 1 never has to guess. */
static void
test_rows_and_programs_agree(void **state)
{
	static const uint64_t values[] = {
	    0,	      1,	  2,	      3,	  8,	     16,    17,
	    28,	      0x40,	  0x41,	      0x400,	  0x800,     04755, 0x20000,
	    0x400000, 0x10000000, 1ULL << 32, UINT32_MAX, UINT64_MAX};

	(void)state;
	for (int nr = 0; nr < 500; nr++)
		for (size_t v = 0; v < SBX_LEN(values) * SBX_LEN(values); v++) {
			struct seccomp_data d = call(nr);
			const struct filter_row *r;
			uint32_t got;

			for (int a = 0; a < 6; a++)
				d.args[a] = values[(a % 2 ? v : v / SBX_LEN(values)) %
						   SBX_LEN(values)];
			got = verdict(FILTER_BARE_EXPLAINED, false, &d);
			r = filter_row_of(nr, (const uint64_t *)d.args);
			if (got == SECCOMP_RET_USER_NOTIF && !r)
				fail_msg("call %d is told of and has no row", nr);
			/* What pid 1 lets go on is what the silent shape lets through. */
			if (got == SECCOMP_RET_USER_NOTIF)
				assert_int_equal(verdict(FILTER_SILENT, false, &d),
						 r->error ? SECCOMP_RET_ERRNO |
								(uint32_t)r->error
							  : SECCOMP_RET_ALLOW);
		}
}

/* The kernel translates a program anew for each job: some 0.3 us an instruction. */
static void
test_programs_are_short(void **state)
{
	(void)state;
	for (int tell = 0; tell < 3; tell++)
		for (int debug = 0; debug < 2; debug++)
			assert_true(
			    filter_program((enum filter_tell)tell, debug, debug)->len <
			    500);
}

static void
test_foreign_calls_are_killed(void **state)
{
	(void)state;
	for (int tell = 0; tell <= FILTER_BARE_EXPLAINED; tell++) {
		struct seccomp_data i386 = {.nr = 20, .arch = AUDIT_ARCH_I386};
		struct seccomp_data x32 = call(0x40000000 | 39);

		assert_int_equal(verdict((enum filter_tell)tell, true, &i386),
				 SECCOMP_RET_KILL_PROCESS);
		if (ARCH == AUDIT_ARCH_X86_64)
			assert_int_equal(verdict((enum filter_tell)tell, true, &x32),
					 SECCOMP_RET_KILL_PROCESS);
	}
}

/* A listener of the job's own could wave its calls through. */
static void
test_nobody_else_listens(void **state)
{
	struct seccomp_data d = call(SYS_seccomp);

	(void)state;
	d.args[0] = SECCOMP_SET_MODE_FILTER;
	for (int tell = 0; tell <= FILTER_BARE_EXPLAINED; tell++) {
		d.args[1] = SECCOMP_FILTER_FLAG_NEW_LISTENER;
		assert_int_equal(verdict((enum filter_tell)tell, true, &d),
				 SECCOMP_RET_ERRNO | EBUSY);
		d.args[1] = 0;
		assert_int_equal(verdict((enum filter_tell)tell, true, &d),
				 SECCOMP_RET_ALLOW);
	}
}

static void
test_unknown_calls(void **state)
{
	struct seccomp_data d = call(999);

	(void)state;
	for (int tell = 0; tell <= FILTER_BARE_EXPLAINED; tell++)
		assert_int_equal(verdict((enum filter_tell)tell, true, &d),
				 SECCOMP_RET_ERRNO | ENOSYS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_refusing_rows),
	    cmocka_unit_test(test_telling_rows),
	    cmocka_unit_test(test_modes_are_made_on_the_bare_rung),
	    cmocka_unit_test(test_rows_and_programs_agree),
	    cmocka_unit_test(test_programs_are_short),
	    cmocka_unit_test(test_foreign_calls_are_killed),
	    cmocka_unit_test(test_nobody_else_listens),
	    cmocka_unit_test(test_unknown_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
