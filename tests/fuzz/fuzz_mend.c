/* Calls written as text, and code that is a call: any bytes. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/core/mend.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO_FREE char *text = mem_strndup((const char *)data, n);
	size_t len = strlen(text);
	struct mend_call c;
	struct mend m;

	if (mend_text(text, len, &m))
		assert(m.n > 0 && m.before <= m.behind && m.behind <= len);
	mend_release(&m);
	if (mend_code("shell", text, len, &c))
		assert(c.language && c.code);
	mend_call_release(&c);
	return 0;
}
