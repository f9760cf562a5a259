/* SPDX-License-Identifier: MIT */
/* The status of the connection to Consul, for the API and the metrics. Pure. */
#ifndef CONSUL_STATUS_H
#define CONSUL_STATUS_H

#include <stdint.h>

#include "consul/payload.h"
#include "lib/mono.h"

enum consul_contact { CONSUL_STARTING, CONSUL_IN_CONTACT, CONSUL_LOST };

struct consul_stream_status {
	uint64_t index;       /* 0: no answer was accepted yet */
	mono_t failing_since; /* USEC_NEVER */
	mono_t answered_at;   /* the last answer that was accepted; USEC_NEVER */
	uint64_t answers, failures;
	struct consul_skipped skipped; /* of the last answer that was accepted */
};

/* The texts are valid until the loop runs again. */
struct consul_client_status {
	const char *address; /* without secrets */
	const char *node;    /* "" when it is not known yet */
	enum consul_contact contact;
	mono_t contact_since;
	const char *error; /* of the last failure; "" when there was none */
	mono_t error_at;   /* USEC_NEVER */
	struct consul_stream_status catalog, checks;
};

#endif
