/* The program's commands: one function each, called with argv from the command's name on.
 * They return the exit code. */
#ifndef SUNABA_COMMANDS_H
#define SUNABA_COMMANDS_H

int cmd_sandbox(int argc, char **argv); /* sandbox [OPTION...] [--] CMD ARG... */

#endif
