/* SPDX-License-Identifier: MIT */
/* BIRD 2, from the package that scripts/deps.sh unpacks for the tests. */
#ifndef BENCH_BIRD_H
#define BENCH_BIRD_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/subject.h"

/* False, with a message that `what` is left out: it is not there. */
bool bird_is_there(const char *what);
/* In the network namespace of the caller. */
void bird_start(struct subject *s, const char *config, size_t len);

#endif
