/* Config files: any bytes are read or refused with a message; nothing is half set. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "agent/base/fs.h"
#include "agent/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_CLOSE int fd = memfd_create("config", MFD_CLOEXEC);
	char path[40];
	struct opts *o;
	struct err e = {0};
	enum err_kind kind;

	if (size == 0 || fs_write_all(fd, data, size, NULL))
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	o = opts_new();
	kind = opts_config(o, path, data[0] & 1, &e);
	if (kind != e.kind || (kind && !e.msg[0]))
		abort();
	for (int id = 0; id < OPT_COUNT; id++)
		free(opt_text(o, id));
	opts_free(o);
	return 0;
}
