/* libcurl, opened when it is first needed: loading it costs more than everything else at the
 * start of the program, and most runs of the jail's side never talk to a server. */
#ifndef SUNABA_MODEL_CURL_LIB_H
#define SUNABA_MODEL_CURL_LIB_H

/* The checks are macros over the functions' names, which are fields here. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "agent/base/err.h"

#define CURL_LIB_FUNCTIONS(X)       \
	X(curl_global_init)         \
	X(curl_easy_init)           \
	X(curl_easy_setopt)         \
	X(curl_easy_getinfo)        \
	X(curl_easy_cleanup)        \
	X(curl_easy_strerror)       \
	X(curl_multi_init)          \
	X(curl_multi_cleanup)       \
	X(curl_multi_add_handle)    \
	X(curl_multi_remove_handle) \
	X(curl_multi_perform)       \
	X(curl_multi_poll)          \
	X(curl_multi_info_read)     \
	X(curl_slist_append)        \
	X(curl_slist_free_all)

struct curl_lib {
#define CURL_LIB_FIELD(name) __typeof__(name) *name;
	CURL_LIB_FUNCTIONS(CURL_LIB_FIELD)
#undef CURL_LIB_FIELD
};

/* Waits for the loading if it is under way. ERR_INTERNAL: not installed, or too old. */
enum err_kind curl_lib_get(const struct curl_lib **out, struct err *e);
/* Begins to load it on a thread; at most once. */
void curl_lib_preload(void);
/* The thread of curl_lib_preload() is still at work. */
bool curl_lib_busy(void);

#endif
