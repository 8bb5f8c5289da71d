/* Slices of JSON text that was checked already: for values which must go on exactly as they
 * came (numbers beyond a double's reach). Pure. */
#ifndef SUNABA_MODEL_RAWJSON_H
#define SUNABA_MODEL_RAWJSON_H

#include "agent/base/util.h"

struct slice {
	const char *p; /* NULL: not there */
	size_t n;
};

/* The value of a member of an object, the i-th item of an array. s must be valid JSON. */
struct slice raw_member(struct slice s, const char *key);
struct slice raw_item(struct slice s, size_t i);

#endif
