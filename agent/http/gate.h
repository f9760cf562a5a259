/* SPDX-License-Identifier: MIT */
/*
 * The gate of the API: finds out who sends a request and whether it may, before anything is carried
 * out (agent/model/principal.h, agent/model/rights.h). The facts come from the kernel and from the
 * headers.
 */
#ifndef AGENT_HTTP_GATE_H
#define AGENT_HTTP_GATE_H

#include <stdbool.h>

#include "agent/http/refusals.h"
#include "agent/http/request.h"
#include "agent/http/tokens.h"
#include "agent/model/principal.h"
#include "lib/addr.h"

struct MHD_Connection;
struct gate;
struct tls;

/* Is it the address of a VIP? */
typedef bool gate_vip_cb(const struct addr *addr, void *userdata);

/* The socket that a request came in through. */
struct gate_door {
	bool read_only;     /* agent.read_addr */
	struct addr listen; /* its address, when it has a specific one */
	struct tls *tls;    /* NULL: it does not speak TLS */
};

/* `rules` and `refusals` must outlive it. Reads the tokens. */
struct gate *gate_new(const struct api_rules *rules, struct refusals *refusals, gate_vip_cb *is_vip,
		      void *userdata);
void gate_free(struct gate *g);
/* Other rules from now on. Takes their tokens over; NULL: reads them. */
void gate_set_rules(struct gate *g, const struct api_rules *rules, struct tokens *tokens);

/* Fills in the principal and, of a registration, what it keeps of it. A call that may not be made
 * becomes the error that refuses it. */
void gate_check(struct gate *g, const struct gate_door *door, struct MHD_Connection *conn,
		bool http_1_0, struct api_call *call);

#endif
