/* SPDX-License-Identifier: MIT */
/* Where a span ends that is drawn with the next number of a generator. */
#ifndef TESTS_UNIT_JITTERED_H
#define TESTS_UNIT_JITTERED_H

#include "lib/backoff.h"
#include "lib/mono.h"
#include "lib/xorshift.h"

/* `random` is a copy of its state. */
static inline mono_t jittered(mono_t from, span_t span, uint32_t random)
{
	return from + jitter(span, xorshift32(&random));
}

#endif
