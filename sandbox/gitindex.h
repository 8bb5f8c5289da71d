/* git's index, as far as it matters which contents of a file git knows: a pure reader.
 *
 * Code of an earlier session may have written the index. Fuzzed by tests/fuzz/fuzz_gitindex.c. */
#ifndef SUNABA_SANDBOX_GITINDEX_H
#define SUNABA_SANDBOX_GITINDEX_H

#include "sandbox/sha1.h"
#include "sandbox/util.h"

#define GITINDEX_MAX (64 * SBX_MIB) /* bytes of an index that is looked through */

enum gitindex {
	GITINDEX_ABSENT, /* git does not track it */
	GITINDEX_FOUND,	 /* a plain file with this content's name */
	GITINDEX_UNSURE, /* tracked in another way, or the index cannot be read through */
};
/* Looks `path`, from the work tree's top, up. */
enum gitindex
gitindex_find(const void *text, size_t n, const char *path, unsigned char name[SHA1_BYTES]);

#endif
