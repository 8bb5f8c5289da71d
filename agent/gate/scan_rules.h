/* The rows of the rule groups. Not for others; see scan_rules.c. */
#ifndef SUNABA_GATE_SCAN_RULES_H
#define SUNABA_GATE_SCAN_RULES_H

#include "agent/gate/scan_int.h"

#define RULE_WORDS 5

/* One kind of word of a rule: meanings, any of them, and a place it needs, all of it. */
struct rule_word {
	uint64_t any;
	unsigned place;
};

struct rule {
	enum scan_group group;
	unsigned weight;
	unsigned window; /* half words from the first to the last */
	bool ordered;
	struct rule_word word[RULE_WORDS];
};

#define ACTION (C(RUN) | C(SEND) | C(GET) | C(DESTROY) | C(PAY) | C(CHANGE))

_Static_assert(RULE_WORDS *SCAN_RULE_PARTS == SCAN_RULE_ROW, "struct scan_index");

extern const struct rule scan_rules[];
extern const size_t scan_rules_n;

#endif
