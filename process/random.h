/* SPDX-License-Identifier: MIT */
/* Random numbers that cannot be guessed, as those of loop_random() can be during boot. */
#ifndef PROCESS_RANDOM_H
#define PROCESS_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

/* Never blocks. False: the kernel's generator is not ready yet (early boot, no entropy), and the
 * number is one of loop_random(). */
bool random_unguessable(uint32_t *ret);

#endif
