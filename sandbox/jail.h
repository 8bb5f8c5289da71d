/* How the agent's side and the jail's image find each other. */
#ifndef SUNABA_SANDBOX_JAIL_H
#define SUNABA_SANDBOX_JAIL_H

#define JAIL_NAME   "sunaba-jail" /* argv[0] */
#define JAIL_SOCKET 3
#define JAIL_INSIDE "sunaba-jail-inside" /* argv[1], in what bubblewrap made */

#endif
