/* libyaml: the config file and scripts; opened when first used, see lib.h. A name that is missing here
 * fails when the program is linked. */
#ifndef SUNABA_BASE_LIB_YAML_H
#define SUNABA_BASE_LIB_YAML_H

#include <yaml.h>

#include "agent/base/lib.h"

/* clang-format off */
#define LIB_YAML(X) \
	X(yaml_document_delete) \
	X(yaml_document_get_node) \
	X(yaml_document_get_root_node) \
	X(yaml_event_delete) \
	X(yaml_parser_delete) \
	X(yaml_parser_initialize) \
	X(yaml_parser_load) \
	X(yaml_parser_parse) \
	X(yaml_parser_set_encoding) \
	X(yaml_parser_set_input_string)

LIB_DECLARE(yaml, LIB_YAML)

#ifndef LIB_OPENS
#define yaml_document_delete (*lib_yaml()->yaml_document_delete)
#define yaml_document_get_node (*lib_yaml()->yaml_document_get_node)
#define yaml_document_get_root_node (*lib_yaml()->yaml_document_get_root_node)
#define yaml_event_delete (*lib_yaml()->yaml_event_delete)
#define yaml_parser_delete (*lib_yaml()->yaml_parser_delete)
#define yaml_parser_initialize (*lib_yaml()->yaml_parser_initialize)
#define yaml_parser_load (*lib_yaml()->yaml_parser_load)
#define yaml_parser_parse (*lib_yaml()->yaml_parser_parse)
#define yaml_parser_set_encoding (*lib_yaml()->yaml_parser_set_encoding)
#define yaml_parser_set_input_string (*lib_yaml()->yaml_parser_set_input_string)
#endif
/* clang-format on */

#endif
