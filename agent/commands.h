/* The sub-commands: one function a file, argv[0] is the command's name; the result is the exit
 * code (design.md's table). */
#ifndef SUNABA_AGENT_COMMANDS_H
#define SUNABA_AGENT_COMMANDS_H

/* Shows Markdown (a file or standard input) as an answer would look. */
int cmd_render(int argc, char **argv);

#endif
