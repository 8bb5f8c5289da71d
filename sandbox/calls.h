/* The policy's rows about system calls, as sandbox/gen/genfilter.c compiled them: programs for
 * the kernel, and the rows that pid 1 is told about. */
#ifndef SUNABA_SANDBOX_CALLS_H
#define SUNABA_SANDBOX_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct filter_row {
	int nr;
	int error;     /* what the call fails with; 0: it is made, and looked at before */
	unsigned n;    /* of conditions; none: always */
	char name[24]; /* here, so that no start has to relocate the table */
	struct {
		unsigned arg;
		uint64_t mask, low, high;
	} range[2];
};
/* The row that a call with these registers falls under: a refusing one if there is one. NULL:
 * nothing is said about it. */
const struct filter_row *filter_row_of(int nr, const uint64_t args[6]);
/* NULL behind the last. */
const struct filter_row *filter_row_at(size_t i);

enum filter_tell {
	FILTER_SILENT,	  /* refuses; nobody listens */
	FILTER_TOLD,	  /* refuses through the listener */
	FILTER_EXPLAINED, /* the `explain` rows as well */
	FILTER_BARE,	  /* FILTER_TOLD and the `bare` rows: see notify_mode.c */
	FILTER_BARE_EXPLAINED,
};
struct sock_fprog;
/* `debug`: lets debuggers in. `asks`: the `asks` rows are told. Static. */
const struct sock_fprog *filter_program(enum filter_tell tell, bool debug, bool asks);

#endif
