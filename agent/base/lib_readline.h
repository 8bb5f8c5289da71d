/* GNU readline: the line editor; opened when first used, see lib.h. A name that is missing here
 * fails when the program is linked. */
#ifndef SUNABA_BASE_LIB_READLINE_H
#define SUNABA_BASE_LIB_READLINE_H

#include <stdio.h>
#include <readline/history.h>
#include <readline/readline.h>

#include "agent/base/lib.h"

/* clang-format off */
#define LIB_READLINE(X) \
	X(add_history) \
	X(clear_history) \
	X(emacs_standard_keymap) \
	X(free_history_entry) \
	X(history_base) \
	X(history_get) \
	X(history_length) \
	X(remove_history) \
	X(rl_attempted_completion_function) \
	X(rl_attempted_completion_over) \
	X(rl_begin_undo_group) \
	X(rl_bind_keyseq_in_map) \
	X(rl_callback_handler_install) \
	X(rl_callback_handler_remove) \
	X(rl_callback_read_char) \
	X(rl_callback_sigcleanup) \
	X(rl_catch_signals) \
	X(rl_catch_sigwinch) \
	X(rl_change_environment) \
	X(rl_char_is_quoted_p) \
	X(rl_clear_visible_line) \
	X(rl_completer_quote_characters) \
	X(rl_completer_word_break_characters) \
	X(rl_completion_display_matches_hook) \
	X(rl_completion_matches) \
	X(rl_completion_suppress_append) \
	X(rl_crlf) \
	X(rl_deprep_terminal) \
	X(rl_end) \
	X(rl_end_undo_group) \
	X(rl_filename_completion_desired) \
	X(rl_filename_completion_function) \
	X(rl_forced_update_display) \
	X(rl_free_line_state) \
	X(rl_get_next_history) \
	X(rl_get_previous_history) \
	X(rl_getc_function) \
	X(rl_ignore_completion_duplicates) \
	X(rl_initialize) \
	X(rl_input_available_hook) \
	X(rl_insert_text) \
	X(rl_instream) \
	X(rl_line_buffer) \
	X(rl_newline) \
	X(rl_on_new_line) \
	X(rl_outstream) \
	X(rl_persistent_signal_handlers) \
	X(rl_point) \
	X(rl_pre_input_hook) \
	X(rl_prep_terminal) \
	X(rl_readline_name) \
	X(rl_redisplay) \
	X(rl_reset_screen_size) \
	X(rl_terminal_name) \
	X(rl_variable_bind) \
	X(stifle_history) \
	X(using_history) \
	X(vi_insertion_keymap) \
	X(vi_movement_keymap)

LIB_DECLARE(readline, LIB_READLINE)

#ifndef LIB_OPENS
#define add_history (*lib_readline()->add_history)
#define clear_history (*lib_readline()->clear_history)
#define emacs_standard_keymap (*lib_readline()->emacs_standard_keymap)
#define free_history_entry (*lib_readline()->free_history_entry)
#define history_base (*lib_readline()->history_base)
#define history_get (*lib_readline()->history_get)
#define history_length (*lib_readline()->history_length)
#define remove_history (*lib_readline()->remove_history)
#define rl_attempted_completion_function (*lib_readline()->rl_attempted_completion_function)
#define rl_attempted_completion_over (*lib_readline()->rl_attempted_completion_over)
#define rl_begin_undo_group (*lib_readline()->rl_begin_undo_group)
#define rl_bind_keyseq_in_map (*lib_readline()->rl_bind_keyseq_in_map)
#define rl_callback_handler_install (*lib_readline()->rl_callback_handler_install)
#define rl_callback_handler_remove (*lib_readline()->rl_callback_handler_remove)
#define rl_callback_read_char (*lib_readline()->rl_callback_read_char)
#define rl_callback_sigcleanup (*lib_readline()->rl_callback_sigcleanup)
#define rl_catch_signals (*lib_readline()->rl_catch_signals)
#define rl_catch_sigwinch (*lib_readline()->rl_catch_sigwinch)
#define rl_change_environment (*lib_readline()->rl_change_environment)
#define rl_char_is_quoted_p (*lib_readline()->rl_char_is_quoted_p)
#define rl_clear_visible_line (*lib_readline()->rl_clear_visible_line)
#define rl_completer_quote_characters (*lib_readline()->rl_completer_quote_characters)
#define rl_completer_word_break_characters (*lib_readline()->rl_completer_word_break_characters)
#define rl_completion_display_matches_hook (*lib_readline()->rl_completion_display_matches_hook)
#define rl_completion_matches (*lib_readline()->rl_completion_matches)
#define rl_completion_suppress_append (*lib_readline()->rl_completion_suppress_append)
#define rl_crlf (*lib_readline()->rl_crlf)
#define rl_deprep_terminal (*lib_readline()->rl_deprep_terminal)
#define rl_end (*lib_readline()->rl_end)
#define rl_end_undo_group (*lib_readline()->rl_end_undo_group)
#define rl_filename_completion_desired (*lib_readline()->rl_filename_completion_desired)
#define rl_filename_completion_function (*lib_readline()->rl_filename_completion_function)
#define rl_forced_update_display (*lib_readline()->rl_forced_update_display)
#define rl_free_line_state (*lib_readline()->rl_free_line_state)
#define rl_get_next_history (*lib_readline()->rl_get_next_history)
#define rl_get_previous_history (*lib_readline()->rl_get_previous_history)
#define rl_getc_function (*lib_readline()->rl_getc_function)
#define rl_ignore_completion_duplicates (*lib_readline()->rl_ignore_completion_duplicates)
#define rl_initialize (*lib_readline()->rl_initialize)
#define rl_input_available_hook (*lib_readline()->rl_input_available_hook)
#define rl_insert_text (*lib_readline()->rl_insert_text)
#define rl_instream (*lib_readline()->rl_instream)
#define rl_line_buffer (*lib_readline()->rl_line_buffer)
#define rl_newline (*lib_readline()->rl_newline)
#define rl_on_new_line (*lib_readline()->rl_on_new_line)
#define rl_outstream (*lib_readline()->rl_outstream)
#define rl_persistent_signal_handlers (*lib_readline()->rl_persistent_signal_handlers)
#define rl_point (*lib_readline()->rl_point)
#define rl_pre_input_hook (*lib_readline()->rl_pre_input_hook)
#define rl_prep_terminal (*lib_readline()->rl_prep_terminal)
#define rl_readline_name (*lib_readline()->rl_readline_name)
#define rl_redisplay (*lib_readline()->rl_redisplay)
#define rl_reset_screen_size (*lib_readline()->rl_reset_screen_size)
#define rl_terminal_name (*lib_readline()->rl_terminal_name)
#define rl_variable_bind (*lib_readline()->rl_variable_bind)
#define stifle_history (*lib_readline()->stifle_history)
#define using_history (*lib_readline()->using_history)
#define vi_insertion_keymap (*lib_readline()->vi_insertion_keymap)
#define vi_movement_keymap (*lib_readline()->vi_movement_keymap)
#endif
/* clang-format on */

#endif
