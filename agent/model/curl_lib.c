/* Opening libcurl at run time. See curl_lib.h.
 *
 * The names stand in an ELF note as well (section .note.dlopen, the format of the UAPI group's
 * "ELF dlopen metadata", 2024), so that packagers' tools see the dependency. Loading is done
 * once, under pthread_once, by whichever thread asks first. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "agent/model/curl_lib.h"

#define NOTE_TYPE_DLOPEN 0x407c0c0au

static const char *const curl_lib_names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};

#define NOTE_JSON                                                                          \
	"[{\"feature\":\"http\",\"description\":\"Talking to model servers\","             \
	"\"priority\":\"required\",\"soname\":[\"libcurl.so.4\",\"libcurl-gnutls.so.4\"]}" \
	"]"

static const struct {
	uint32_t name_size, desc_size, type;
	char name[4];
	_Alignas(uint32_t) char json[sizeof(NOTE_JSON)];
} curl_lib_note __attribute__((used, section(".note.dlopen"), aligned(4))) = {
    sizeof("FDO"), sizeof(NOTE_JSON), NOTE_TYPE_DLOPEN, "FDO", NOTE_JSON};

static pthread_once_t curl_lib_once = PTHREAD_ONCE_INIT;
static struct curl_lib curl_lib;
static char curl_lib_why[256]; /* why loading failed, or empty */

static void
curl_lib_fail(const char *what, const char *detail)
{
	snprintf(curl_lib_why, sizeof(curl_lib_why), "%s: %s", what, detail ? detail : "?");
}

static void
curl_lib_load(void)
{
	void *h = NULL;

	for (size_t i = 0; i < ARRAY_LEN(curl_lib_names) && !h; i++)
		h = dlopen(curl_lib_names[i], RTLD_NOW | RTLD_LOCAL);
	if (!h) {
		curl_lib_fail("libcurl cannot be loaded", dlerror());
		return;
	}
	/* memcpy: ISO C has no cast from an object pointer to a function pointer. */
#define CURL_LIB_LOAD(sym)                                                       \
	{                                                                        \
		void *at = dlsym(h, #sym);                                       \
		if (!at)                                                         \
			curl_lib_fail("libcurl is too old", #sym " is missing"); \
		memcpy(&curl_lib.sym, &at, sizeof(at));                          \
	}
	CURL_LIB_FUNCTIONS(CURL_LIB_LOAD)
#undef CURL_LIB_LOAD
	if (!curl_lib_why[0] && curl_lib.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		curl_lib_fail("libcurl", "initialisation failed");
}

enum err_kind
curl_lib_get(const struct curl_lib **out, struct err *e)
{
	pthread_once(&curl_lib_once, curl_lib_load);
	if (curl_lib_why[0]) {
		err_set(e, ERR_INTERNAL, "%s", curl_lib_why);
		err_hint(e, "install the package 'libcurl4'");
		return ERR_INTERNAL;
	}
	*out = &curl_lib;
	return ERR_NONE;
}

static atomic_bool curl_lib_loading;

static void *
curl_lib_thread(void *arg)
{
	pthread_once(&curl_lib_once, curl_lib_load);
	atomic_store(&curl_lib_loading, false);
	return arg;
}

bool
curl_lib_busy(void)
{
	return atomic_load(&curl_lib_loading);
}

void
curl_lib_preload(void)
{
	pthread_t t;

	atomic_store(&curl_lib_loading, true);
	if (pthread_create(&t, NULL, curl_lib_thread, NULL) == 0)
		pthread_detach(t);
	else
		atomic_store(&curl_lib_loading, false); /* it is loaded when first used */
}
