/* Opening libraries at their first use: see lib.h.
 *
 * The names stand in an ELF note as well (section .note.dlopen, the format of the UAPI group's
 * "ELF dlopen metadata", 2024), so that packagers' tools see the dependencies. Two threads that
 * come first at once fill the table with the same values.
 *
 * Source: dlopen(3). Pinned by tests/e2e/test_startup.py. */
#define LIB_OPENS /* the names are fields here */
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "agent/base/lib_chafa.h"
#include "agent/base/lib_cjson.h"
#include "agent/base/lib_cmark.h"
#include "agent/base/lib_readline.h"
#include "agent/base/lib_unistring.h"
#include "agent/base/lib_yaml.h"
#include "agent/base/mem.h"
#include "sonames.h"

#define NOTE_TYPE_DLOPEN 0x407c0c0au

struct lib_row {
	const char *name;
	size_t at; /* in the table */
};

static bool
lib_find(const char *soname, const struct lib_row *rows, size_t n, void *table)
{
	void *h = dlopen(soname, RTLD_NOW | RTLD_LOCAL), *sym;

	for (size_t i = 0; h && i < n; i++) {
		sym = dlsym(h, rows[i].name);
		if (!sym)
			h = NULL;
		memcpy((char *)table + rows[i].at, &sym, sizeof(sym));
	}
	return h != NULL;
}

static void
lib_fill(const char *soname, const struct lib_row *rows, size_t n, void *table)
{
	char why[512];

	if (lib_find(soname, rows, n, table))
		return;
	snprintf(why, sizeof(why), "a library cannot be loaded: %s", dlerror());
	mem_die(why);
}

#define LIB_NOTE(lib, soname, why, priority)                                            \
	static const struct {                                                           \
		uint32_t name_size, desc_size, type;                                    \
		char name[4];                                                           \
		_Alignas(                                                               \
		    uint32_t) char json[sizeof(LIB_JSON(#lib, soname, why, priority))]; \
	} lib_note_##lib __attribute__((used, section(".note.dlopen"), aligned(4))) = { \
	    sizeof("FDO"), sizeof(LIB_JSON(#lib, soname, why, priority)),               \
	    NOTE_TYPE_DLOPEN, "FDO", LIB_JSON(#lib, soname, why, priority)};
#define LIB_JSON(lib, soname, why, priority)                                             \
	"[{\"feature\":\"" lib "\",\"description\":\"" why "\",\"priority\":\"" priority \
	"\",\"soname\":[\"" soname "\"]}]"

#define LIB_DEFINE(lib, soname, why, SYMBOLS)                                   \
	LIB_NOTE(lib, soname, why, "required")                                  \
	const struct lib_##lib *lib_##lib##_at;                                 \
	const struct lib_##lib *lib_##lib##_open(void)                          \
	{                                                                       \
		static const struct lib_row rows[] = {SYMBOLS(LIB_ROW)};        \
		static struct lib_##lib table;                                  \
                                                                                \
		lib_fill(soname, rows, sizeof(rows) / sizeof(rows[0]), &table); \
		__atomic_store_n(&lib_##lib##_at, &table, __ATOMIC_RELEASE);    \
		return &table;                                                  \
	}

#define LIB_DEFINE_OPTIONAL(lib, soname, why, SYMBOLS)                                \
	LIB_NOTE(lib, soname, why, "suggested")                                       \
	const struct lib_##lib *lib_##lib##_open(void)                                \
	{                                                                             \
		static const struct lib_row rows[] = {SYMBOLS(LIB_ROW)};              \
		static struct lib_##lib table;                                        \
                                                                                      \
		return lib_find(soname, rows, sizeof(rows) / sizeof(rows[0]), &table) \
			   ? &table                                                   \
			   : NULL;                                                    \
	}

#define LIB_ROW(sym) {#sym, offsetof(struct LIB_TABLE, sym)},

/* clang-format off */
#define LIB_TABLE lib_cjson
LIB_DEFINE(cjson, SONAME_CJSON, "Reading and writing JSON", LIB_CJSON)
#undef LIB_TABLE
#define LIB_TABLE lib_cmark
LIB_DEFINE(cmark, SONAME_CMARK, "Showing Markdown", LIB_CMARK)
#undef LIB_TABLE
#define LIB_TABLE lib_readline
LIB_DEFINE(readline, SONAME_READLINE, "Editing the prompt", LIB_READLINE)
#undef LIB_TABLE
#define LIB_TABLE lib_unistring
LIB_DEFINE(unistring, SONAME_UNISTRING, "Widths of characters", LIB_UNISTRING)
#undef LIB_TABLE
#define LIB_TABLE lib_yaml
LIB_DEFINE(yaml, SONAME_YAML, "Reading the config file", LIB_YAML)
#undef LIB_TABLE
#define LIB_TABLE lib_chafa
LIB_DEFINE_OPTIONAL(chafa, LIB_CHAFA_SONAME, "Drawing pictures", LIB_CHAFA)
/* clang-format on */

/* Opened in a process of their own: tools/picture_cell.c. */
LIB_NOTE(png, "libpng16.so.16", "Decoding PNG pictures", "suggested")
LIB_NOTE(turbojpeg, "libturbojpeg.so.0", "Decoding JPEG pictures", "suggested")
