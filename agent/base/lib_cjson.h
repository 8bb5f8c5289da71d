/* cJSON: reading and writing JSON; opened when first used, see lib.h. A name that is missing here
 * fails when the program is linked. */
#ifndef SUNABA_BASE_LIB_CJSON_H
#define SUNABA_BASE_LIB_CJSON_H

#include <cjson/cJSON.h>

#include "agent/base/lib.h"

/* clang-format off */
#define LIB_CJSON(X) \
	X(cJSON_Delete) \
	X(cJSON_GetArrayItem) \
	X(cJSON_GetArraySize) \
	X(cJSON_GetObjectItemCaseSensitive) \
	X(cJSON_GetStringValue) \
	X(cJSON_IsArray) \
	X(cJSON_IsBool) \
	X(cJSON_IsFalse) \
	X(cJSON_IsNull) \
	X(cJSON_IsNumber) \
	X(cJSON_IsObject) \
	X(cJSON_IsString) \
	X(cJSON_IsTrue) \
	X(cJSON_ParseWithLength) \
	X(cJSON_PrintUnformatted) \
	X(cJSON_free)

LIB_DECLARE(cjson, LIB_CJSON)

#ifndef LIB_OPENS
#define cJSON_Delete (*lib_cjson()->cJSON_Delete)
#define cJSON_GetArrayItem (*lib_cjson()->cJSON_GetArrayItem)
#define cJSON_GetArraySize (*lib_cjson()->cJSON_GetArraySize)
#define cJSON_GetObjectItemCaseSensitive (*lib_cjson()->cJSON_GetObjectItemCaseSensitive)
#define cJSON_GetStringValue (*lib_cjson()->cJSON_GetStringValue)
#define cJSON_IsArray (*lib_cjson()->cJSON_IsArray)
#define cJSON_IsBool (*lib_cjson()->cJSON_IsBool)
#define cJSON_IsFalse (*lib_cjson()->cJSON_IsFalse)
#define cJSON_IsNull (*lib_cjson()->cJSON_IsNull)
#define cJSON_IsNumber (*lib_cjson()->cJSON_IsNumber)
#define cJSON_IsObject (*lib_cjson()->cJSON_IsObject)
#define cJSON_IsString (*lib_cjson()->cJSON_IsString)
#define cJSON_IsTrue (*lib_cjson()->cJSON_IsTrue)
#define cJSON_ParseWithLength (*lib_cjson()->cJSON_ParseWithLength)
#define cJSON_PrintUnformatted (*lib_cjson()->cJSON_PrintUnformatted)
#define cJSON_free (*lib_cjson()->cJSON_free)
#endif
/* clang-format on */

#endif
