/* Libraries that are opened when they are first used, since loading all of them costs more than
 * `sunaba --version` or a sandbox do themselves.
 *
 * A header lib_NAME.h lists the symbols that we use and defines each as a macro that reaches it
 * through a table, so that code is written as if the library were linked. The table is filled at
 * the first use; a library that is absent ends the program (mem_die), as the system's loader
 * would have, unless it is one that we can do without. Sonames come from the libraries that the
 * build was made with. */
#ifndef SUNABA_BASE_LIB_H
#define SUNABA_BASE_LIB_H

#define LIB_FIELD(sym) __typeof__(sym) *sym;

/* struct lib_NAME and lib_NAME(), which gives the filled table. */
#define LIB_DECLARE(name, SYMBOLS)                                              \
	struct lib_##name {                                                     \
		SYMBOLS(LIB_FIELD)                                              \
	};                                                                      \
	extern const struct lib_##name *lib_##name##_at;                        \
	const struct lib_##name *lib_##name##_open(void);                       \
	static inline const struct lib_##name *lib_##name(void)                 \
	{                                                                       \
		return lib_##name##_at ? lib_##name##_at : lib_##name##_open(); \
	}

/* struct lib_NAME and lib_NAME_open(), which gives the filled table, or NULL when the library is
 * not there; it is looked for anew each time then. */
#define LIB_DECLARE_OPTIONAL(name, SYMBOLS) \
	struct lib_##name {                 \
		SYMBOLS(LIB_FIELD)          \
	};                                  \
	const struct lib_##name *lib_##name##_open(void);

#endif
