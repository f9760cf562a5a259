/* SPDX-License-Identifier: MIT */
#include "bench/service.h"

void service_announce(struct service *s, struct peer *p, const struct agent_setup *setup)
{
	listeners_start(&s->listeners, setup->port, 1);
	peer_listen(p);
	agent_start(&s->agent, setup);
	peer_come_up(p);
	peer_wait(p, TAG_FIRST, 0, setup->n_apps);
}

void service_end(struct service *s)
{
	listeners_kill(&s->listeners);
	subject_wait(&s->listeners.process);
}
