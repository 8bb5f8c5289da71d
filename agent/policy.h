/* What the options say of the sandbox's policy. */
#ifndef SUNABA_POLICY_H
#define SUNABA_POLICY_H

#include "agent/options.h"
#include "sandbox/sandbox.h"

/* Strings are borrowed from the options. The network and the layer are not in it. */
struct sbx_policy app_policy(const struct opts *o);
/* The sandbox's error as one of ours; returns `kind`. */
enum err_kind
app_sandbox_failed(const struct sbx_fail *f, enum err_kind kind, struct err *e);
/* Why the policy could not be put into force. A path that the user named is his mistake: exit
 * code 2, with the place where he named it; all else is ERR_SANDBOX. */
enum err_kind
app_policy_failed(const struct opts *o, const struct sbx_fail *f, struct err *e);

#endif
