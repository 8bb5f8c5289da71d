/* Read-only after relocation, for a static program whose start leaves that out (musl's does as
 * of 1.2.5; glibc's and every dynamic loader do it themselves, for which this is once more the
 * same). A table of pointers to functions that stays writable is what an overwritten byte is
 * turned into code with.
 *
 * Source: elf(5), PT_GNU_RELRO. Pinned by tests/e2e/test_front.py. */
#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "front/relro.h"

/* The linker's word for the start of the image. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

void
front_relro(void)
{
	const ElfW(Phdr) *p = (const void *)getauxval(AT_PHDR);
	uintptr_t page = getauxval(AT_PAGESZ), image = (uintptr_t)__ehdr_start, from, to;

	for (unsigned long i = 0; p && i < getauxval(AT_PHNUM); i++) {
		if (p[i].p_type != PT_GNU_RELRO)
			continue;
		from = (image + p[i].p_vaddr) & -page;
		to = (image + p[i].p_vaddr + p[i].p_memsz) & -page;
		mprotect((void *)from, to - from, PROT_READ);
	}
}
