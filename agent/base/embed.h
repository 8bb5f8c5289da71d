/* Files embedded into the program at build time, by the assembler's .incbin.
 *
 * EMBED(name, "path from the repository's root") defines name[] and name_end[]; a NUL follows
 * the bytes, so that text can be used as a C string. EMBED_TWO joins two files: `before`, the
 * first one, `between`, the second one; both words are in the assembler's notation. */
#ifndef SUNABA_BASE_EMBED_H
#define SUNABA_BASE_EMBED_H

#define EMBED(name, path)                                                \
	__asm__(".section .rodata\n"                                     \
		".global " #name "\n.global " #name "_end\n" #name ":\n" \
		".incbin \"" path "\"\n" #name "_end:\n"                 \
		".byte 0\n"                                              \
		".previous\n");                                          \
	extern const unsigned char name[], name##_end[]

#define EMBED_TWO(name, before, path, between, second)                   \
	__asm__(".section .rodata\n"                                     \
		".global " #name "\n.global " #name "_end\n" #name ":\n" \
		".ascii \"" before "\"\n"                                \
		".incbin \"" path "\"\n"                                 \
		".ascii \"" between "\"\n"                               \
		".incbin \"" second "\"\n" #name "_end:\n"               \
		".byte 0\n"                                              \
		".previous\n");                                          \
	extern const unsigned char name[], name##_end[]

#endif
