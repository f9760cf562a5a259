/* SPDX-License-Identifier: MIT */
/* The capabilities of this process (capabilities(7)). */
#ifndef PROCESS_CAPABILITY_H
#define PROCESS_CAPABILITY_H

#include <stdbool.h>
#include <stdint.h>

/* One bit for each effective CAP_…, in the user namespace of the process. The network namespace may
 * belong to another user namespace; then the kernel refuses in spite of the bit. */
uint64_t capability_effective(void);
bool capability_have(int number);

/* The lowest port that needs no CAP_NET_BIND_SERVICE; 0: no port needs it. */
unsigned capability_first_free_port(void);

/* Clears the ambient set, which systemd fills for a service that runs as a plain user: commands do
 * not inherit the capabilities. The agent keeps them. */
void capability_clear_ambient(void);

/* Gives up all others for good: effective, permitted and inheritable. 0 or -errno. */
int capability_keep_only(uint64_t keep);

#endif
