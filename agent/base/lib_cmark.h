/* cmark: reading Markdown; opened when first used, see lib.h. A name that is missing here
 * fails when the program is linked. */
#ifndef SUNABA_BASE_LIB_CMARK_H
#define SUNABA_BASE_LIB_CMARK_H

#include <cmark.h>

#include "agent/base/lib.h"

/* clang-format off */
#define LIB_CMARK(X) \
	X(cmark_consolidate_text_nodes) \
	X(cmark_iter_free) \
	X(cmark_iter_get_node) \
	X(cmark_iter_new) \
	X(cmark_iter_next) \
	X(cmark_node_append_child) \
	X(cmark_node_first_child) \
	X(cmark_node_free) \
	X(cmark_node_get_end_line) \
	X(cmark_node_get_heading_level) \
	X(cmark_node_get_list_delim) \
	X(cmark_node_get_list_start) \
	X(cmark_node_get_list_type) \
	X(cmark_node_get_literal) \
	X(cmark_node_get_start_column) \
	X(cmark_node_get_start_line) \
	X(cmark_node_get_type) \
	X(cmark_node_get_url) \
	X(cmark_node_last_child) \
	X(cmark_node_new) \
	X(cmark_node_next) \
	X(cmark_node_parent) \
	X(cmark_node_previous) \
	X(cmark_node_replace) \
	X(cmark_node_set_literal) \
	X(cmark_node_set_url) \
	X(cmark_parse_document) \
	X(cmark_parser_feed) \
	X(cmark_parser_finish) \
	X(cmark_parser_free) \
	X(cmark_parser_new) \
	X(cmark_render_html)

LIB_DECLARE(cmark, LIB_CMARK)

#ifndef LIB_OPENS
#define cmark_consolidate_text_nodes (*lib_cmark()->cmark_consolidate_text_nodes)
#define cmark_iter_free (*lib_cmark()->cmark_iter_free)
#define cmark_iter_get_node (*lib_cmark()->cmark_iter_get_node)
#define cmark_iter_new (*lib_cmark()->cmark_iter_new)
#define cmark_iter_next (*lib_cmark()->cmark_iter_next)
#define cmark_node_append_child (*lib_cmark()->cmark_node_append_child)
#define cmark_node_first_child (*lib_cmark()->cmark_node_first_child)
#define cmark_node_free (*lib_cmark()->cmark_node_free)
#define cmark_node_get_end_line (*lib_cmark()->cmark_node_get_end_line)
#define cmark_node_get_heading_level (*lib_cmark()->cmark_node_get_heading_level)
#define cmark_node_get_list_delim (*lib_cmark()->cmark_node_get_list_delim)
#define cmark_node_get_list_start (*lib_cmark()->cmark_node_get_list_start)
#define cmark_node_get_list_type (*lib_cmark()->cmark_node_get_list_type)
#define cmark_node_get_literal (*lib_cmark()->cmark_node_get_literal)
#define cmark_node_get_start_column (*lib_cmark()->cmark_node_get_start_column)
#define cmark_node_get_start_line (*lib_cmark()->cmark_node_get_start_line)
#define cmark_node_get_type (*lib_cmark()->cmark_node_get_type)
#define cmark_node_get_url (*lib_cmark()->cmark_node_get_url)
#define cmark_node_last_child (*lib_cmark()->cmark_node_last_child)
#define cmark_node_new (*lib_cmark()->cmark_node_new)
#define cmark_node_next (*lib_cmark()->cmark_node_next)
#define cmark_node_parent (*lib_cmark()->cmark_node_parent)
#define cmark_node_previous (*lib_cmark()->cmark_node_previous)
#define cmark_node_replace (*lib_cmark()->cmark_node_replace)
#define cmark_node_set_literal (*lib_cmark()->cmark_node_set_literal)
#define cmark_node_set_url (*lib_cmark()->cmark_node_set_url)
#define cmark_parse_document (*lib_cmark()->cmark_parse_document)
#define cmark_parser_feed (*lib_cmark()->cmark_parser_feed)
#define cmark_parser_finish (*lib_cmark()->cmark_parser_finish)
#define cmark_parser_free (*lib_cmark()->cmark_parser_free)
#define cmark_parser_new (*lib_cmark()->cmark_parser_new)
#define cmark_render_html (*lib_cmark()->cmark_render_html)
#endif
/* clang-format on */

#endif
