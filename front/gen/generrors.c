/* Prints a table of this machine's words for errors, for a library that has others. At build
 * time. */
#include <stdio.h>
#include <string.h>

#define ERRORS 200 /* Linux has 134 */

int
main(void)
{
	puts("static const char *const error_words[] = {");
	for (int code = 0; code < ERRORS; code++)
		if (strncmp(strerror(code), "Unknown", strlen("Unknown")) != 0)
			printf("\t[%d] = \"%s\",\n", code, strerror(code));
	puts("};");
	return 0;
}
