/* SPDX-License-Identifier: MIT */
/* Events of a state machine of BGP, and one that has been taken to a state. Include after
 * cmocka.h. */
#ifndef TESTS_UNIT_FSM_EVENTS_H
#define TESTS_UNIT_FSM_EVENTS_H

#include "bgp/fsm.h"
#include "lib/array.h"

#define S  USEC_PER_SEC
#define T0 (1000 * S)

static const struct bgp_fsm_config plain = {
	.local_as = 65001,
	.router_id = 0x0a000001,
	.peer_as = 65000,
	.hold_time = 90 * S,
	.connect_retry = 1 * S,
	.connect_retry_max = 10 * S,
};

static const struct bgp_open good_open = {
	.version = 4,
	.as = 65000,
	.hold_time = 30,
	.router_id = 0x0a000002,
	.has_capabilities = true,
	.four_octet_as = true,
	.multiprotocol = true,
	.ipv4_unicast = true,
};

static const struct bgp_notification cease = { .code = BGP_ERR_CEASE,
					       .subcode = BGP_ERR_CEASE_ADMIN_SHUTDOWN };
static const struct bgp_notification bfd_down = { .code = BGP_ERR_CEASE,
						  .subcode = BGP_ERR_CEASE_BFD_DOWN };
static const struct bgp_notification malformed = { .code = BGP_ERR_UPDATE,
						   .subcode = BGP_ERR_UPDATE_MALFORMED };

static struct bgp_event make_event(enum bgp_event_type type, mono_t now)
{
	struct bgp_event ev = { .type = type, .now = now };
	switch (type) {
	case BGP_EV_OPEN:
		ev.open = &good_open;
		break;
	case BGP_EV_STOP:
	case BGP_EV_NOTIFICATION:
		ev.notification = &cease;
		break;
	case BGP_EV_BROKEN:
		ev.notification = &malformed;
		break;
	case BGP_EV_TCP_FAILED:
		ev.text = "connection refused";
		break;
	case BGP_EV_PATH_DOWN:
		ev.notification = &bfd_down;
		ev.text = "BFD down";
		break;
	case BGP_EV_START:
	case BGP_EV_DEFER:
	case BGP_EV_TIMER:
	case BGP_EV_TCP_CONNECTED:
	case BGP_EV_KEEPALIVE:
	case BGP_EV_UPDATE:
	case BGP_EV_REFRESH:
	case BGP_EV_SEND_BLOCKED:
	case BGP_EV_SEND_PROGRESS:
	case BGP_EV_SEND_DONE:
		break;
	}
	return ev;
}

static struct bgp_actions feed(struct bgp_fsm *fsm, enum bgp_event_type type, mono_t now)
{
	struct bgp_event ev = make_event(type, now);
	struct bgp_actions actions;
	bgp_fsm_step(fsm, &ev, &actions);
	assert_int_equal(actions.to, fsm->state);
	return actions;
}

/* Walks the usual way to `state`. */
static struct bgp_fsm fsm_in(enum bgp_state state, const struct bgp_fsm_config *config)
{
	struct bgp_fsm fsm;
	bgp_fsm_init(&fsm, config, T0);
	if (state == BGP_IDLE)
		return fsm;
	feed(&fsm, BGP_EV_START, T0);
	if (state >= BGP_OPENSENT)
		feed(&fsm, BGP_EV_TCP_CONNECTED, T0);
	if (state >= BGP_OPENCONFIRM)
		feed(&fsm, BGP_EV_OPEN, T0);
	if (state >= BGP_ESTABLISHED)
		feed(&fsm, BGP_EV_KEEPALIVE, T0);
	assert_int_equal(fsm.state, state);
	return fsm;
}

#endif
