/* The gate's words for what it found, as the session and its transcript hold them, in Japanese. */
#ifndef SUNABA_UI_CONFIRM_WORDS_H
#define SUNABA_UI_CONFIRM_WORDS_H

/* A source ("the output of step 3") or what links an action to it ("host example.com"); heap.
 * What comes from outside stays as it is, and so does a text that is not known. */
char *confirm_japanese(const char *text);

#endif
