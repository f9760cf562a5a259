/* SPDX-License-Identifier: MIT */
/* What the kernel lets this process do (capabilities(7)). */
#ifndef PROCESS_CAPABILITY_H
#define PROCESS_CAPABILITY_H

#include <stdbool.h>
#include <stdint.h>

/* A bit for each CAP_… that is in effect. What this says holds for the user namespace that the
 * process is in; the network namespace may belong to another one, and the kernel refuse. */
uint64_t capability_effective(void);
bool capability_have(int number);

/* The lowest port that needs no CAP_NET_BIND_SERVICE; 0: none needs it. */
unsigned capability_first_free_port(void);

/* What was given to us to pass on (ambient capabilities, as systemd gives them to a service that
 * runs as a plain user) is not passed on to the commands that we run. We keep it ourselves. */
void capability_keep_to_ourselves(void);

#endif
