/* SPDX-License-Identifier: MIT */
#include "process/random.h"

#include <sys/random.h>

#include "process/loop.h"

bool random_unguessable(uint32_t *ret)
{
	bool ready = getrandom(ret, sizeof(*ret), GRND_NONBLOCK) == sizeof(*ret);
	if (!ready)
		*ret = loop_random();
	return ready;
}
