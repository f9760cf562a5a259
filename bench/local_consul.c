/* SPDX-License-Identifier: MIT */
#include "bench/local_consul.h"

#include <stdlib.h>
#include <unistd.h>

#include "bench/http.h"

#define CONSUL_DEFAULT ".deps/consul/usr/bin/consul"

void local_consul_start(struct subject *s)
{
	const char *binary = getenv("CONSUL");
	subject_exec(s, (const char *const[]){ binary ? binary : CONSUL_DEFAULT, "agent", "-dev",
					       "-node", "bench", "-bind", "127.0.0.1", "-log-level",
					       "err", NULL });
	setenv("CONSUL_HTTP_ADDR", "127.0.0.1:8500", 1);
	setenv("CONSUL_NODE", "bench", 1);
	close(http_connect(CONSUL_PORT));
	sleep(3); /* it elects itself */
}

void local_consul_stop(struct subject *s)
{
	subject_stop(s);
	unsetenv("CONSUL_HTTP_ADDR");
	unsetenv("CONSUL_NODE");
}
