/* Where a key comes from. */
#ifndef SUNABA_MODEL_KEY_H
#define SUNABA_MODEL_KEY_H

#include "agent/base/err.h"

#define KEY_MAX (16 * KIB) /* bytes of a key */

/* An environment variable that is set and not empty, else NULL. */
const char *key_env(const char *name);
/* The value of an `api_key` option: "env:NAME", "cmd:COMMAND" (its first output line; /bin/sh),
 * or the key itself. `from` says where the option was set ("SUNABA_API_KEY", "config.yaml:3");
 * *source names the key's own place for messages. Both are the caller's. ERR_AUTH: the variable
 * is unset, the command failed or printed nothing. */
enum err_kind
key_resolve(const char *option, const char *from, char **key, char **source, struct err *e);

#endif
