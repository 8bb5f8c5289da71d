/* Files embedded into the program at build time, by the assembler's .incbin.
 *
 * EMBED(name, "path from the repository's root") defines name[] and name_end[]; a NUL follows
 * the bytes, so that text can be used as a C string. EMBED_THREE joins three files with a text
 * before each, in the assembler's notation. */
#ifndef SUNABA_BASE_EMBED_H
#define SUNABA_BASE_EMBED_H

#define EMBED(name, path)                                                \
	__asm__(".section .rodata\n"                                     \
		".global " #name "\n.global " #name "_end\n" #name ":\n" \
		".incbin \"" path "\"\n" #name "_end:\n"                 \
		".byte 0\n"                                              \
		".previous\n");                                          \
	extern const unsigned char name[], name##_end[]

#define EMBED_THREE(name, before1, path1, before2, path2, before3, path3) \
	__asm__(".section .rodata\n"                                      \
		".global " #name "\n.global " #name "_end\n" #name ":\n"  \
		".ascii \"" before1 "\"\n"                                \
		".incbin \"" path1 "\"\n"                                 \
		".ascii \"" before2 "\"\n"                                \
		".incbin \"" path2 "\"\n"                                 \
		".ascii \"" before3 "\"\n"                                \
		".incbin \"" path3 "\"\n" #name "_end:\n"                 \
		".byte 0\n"                                               \
		".previous\n");                                           \
	extern const unsigned char name[], name##_end[]

#endif
