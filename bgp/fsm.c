/* SPDX-License-Identifier: MIT */
#include "bgp/fsm.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bgp/notify.h"
#include "bgp/open.h"

static uint16_t seconds(span_t span)
{
	span_t s = span / USEC_PER_SEC;
	return s > UINT16_MAX ? UINT16_MAX : (uint16_t)s;
}

static struct bgp_action *add(struct bgp_actions *out, enum bgp_action_type type)
{
	struct bgp_action *a = &out->items[out->n++];
	*a = (struct bgp_action){ .type = type };
	return a;
}

static void __attribute__((format(printf, 2, 3))) set_why(struct bgp_fsm *fsm, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vsnprintf(fsm->why, sizeof(fsm->why), fmt, args);
	va_end(args);
}

/* ---- Timers. A deadline that is not set is USEC_NEVER. ---- */

static void stop_timers(struct bgp_fsm *fsm)
{
	fsm->connect_by = fsm->open_at = fsm->retry_at = USEC_NEVER;
	fsm->deferred_until = 0;
	fsm->hold_until = fsm->keepalive_at = fsm->send_hold_until = USEC_NEVER;
}

static void restart_hold(struct bgp_fsm *fsm, mono_t now)
{
	span_t hold = fsm->negotiated.hold_time * USEC_PER_SEC;
	fsm->hold_until = hold ? usec_add(now, hold) : USEC_NEVER;
}

static void restart_keepalive(struct bgp_fsm *fsm, const struct bgp_event *ev)
{
	span_t every = fsm->negotiated.keepalive * USEC_PER_SEC;
	fsm->keepalive_at = every ? usec_add(ev->now, jitter(every, ev->random)) : USEC_NEVER;
}

static span_t send_hold_time(const struct bgp_fsm *fsm)
{
	span_t twice = 2 * USEC_PER_SEC * fsm->negotiated.hold_time;
	if (fsm->config.send_hold_time)
		return fsm->config.send_hold_time;
	return twice > BGP_SEND_HOLD_TIME_MIN ? twice : BGP_SEND_HOLD_TIME_MIN;
}

mono_t bgp_fsm_retry_due(const struct bgp_fsm *fsm)
{
	return fsm->retry_at > fsm->deferred_until ? fsm->retry_at : fsm->deferred_until;
}

span_t bgp_fsm_connect_timeout(const struct bgp_fsm *fsm)
{
	return fsm->config.connect_timeout ? fsm->config.connect_timeout : BGP_CONNECT_TIMEOUT;
}

/* For as long as an attempt may take and no longer: a peer that connects again and again without
 * ever getting to a session must not keep us from trying. */
static void defer(struct bgp_fsm *fsm, mono_t until)
{
	if (fsm->retry_at != USEC_NEVER)
		fsm->deferred_until =
			usec_min(until, usec_add(fsm->retry_at, bgp_fsm_connect_timeout(fsm)));
}

mono_t bgp_fsm_deadline(const struct bgp_fsm *fsm)
{
	mono_t at = usec_min(usec_min(fsm->connect_by, fsm->open_at), bgp_fsm_retry_due(fsm));
	at = usec_min(at, usec_min(fsm->hold_until, fsm->keepalive_at));
	return usec_min(at, fsm->send_hold_until);
}

bool bgp_fsm_is_resting(const struct bgp_fsm *fsm)
{
	return fsm->state == BGP_IDLE && bgp_fsm_deadline(fsm) == USEC_NEVER;
}

/* ---- Moving between states. ---- */

/* A session that did not last is damped like an attempt that failed. */
static void leave_established(struct bgp_fsm *fsm, const struct bgp_event *ev,
			      struct bgp_actions *out)
{
	if (usec_sub(ev->now, fsm->state_since) >= fsm->config.connect_retry_max)
		backoff_reset(&fsm->backoff);
	fsm->without_capabilities = false;
	add(out, BGP_DO_SESSION_DOWN);
}

/* The one place where a state is entered, with its entry actions. */
static void change_state(struct bgp_fsm *fsm, enum bgp_state to, const struct bgp_event *ev,
			 struct bgp_actions *out)
{
	if (fsm->state == BGP_ESTABLISHED)
		leave_established(fsm, ev, out);
	switch (to) {
	case BGP_IDLE:
	case BGP_ACTIVE:
		stop_timers(fsm);
		break;
	case BGP_CONNECT:
		stop_timers(fsm);
		fsm->connect_by = usec_add(ev->now, bgp_fsm_connect_timeout(fsm));
		add(out, BGP_DO_CONNECT);
		break;
	case BGP_OPENSENT:
		stop_timers(fsm);
		fsm->hold_until = usec_add(ev->now, BGP_OPEN_HOLD_TIME);
		add(out, BGP_DO_SEND_OPEN);
		break;
	case BGP_OPENCONFIRM:
		restart_hold(fsm, ev->now);
		restart_keepalive(fsm, ev);
		add(out, BGP_DO_SEND_KEEPALIVE);
		break;
	case BGP_ESTABLISHED:
		restart_hold(fsm, ev->now);
		add(out, BGP_DO_SESSION_UP);
		break;
	}
	fsm->state = to;
	fsm->state_since = ev->now;
	out->to = to;
}

/* A connection that the peer made is there from the start. */
static bool has_socket(const struct bgp_fsm *fsm)
{
	return fsm->state >= BGP_OPENSENT || fsm->state == BGP_CONNECT ||
	       (fsm->state == BGP_ACTIVE && fsm->config.incoming);
}

/* Closes the connection and waits for the next attempt. A connection that the peer made ends for
 * good: the peer makes another. */
static void fail(struct bgp_fsm *fsm, const struct bgp_event *ev, struct bgp_actions *out)
{
	if (has_socket(fsm))
		add(out, BGP_DO_CLOSE);
	bool waits_for_peer = fsm->config.passive && !fsm->config.incoming;
	change_state(fsm, waits_for_peer ? BGP_ACTIVE : BGP_IDLE, ev, out);
	if (!fsm->config.incoming && !fsm->config.passive)
		fsm->retry_at = usec_add(ev->now, backoff_next(&fsm->backoff, ev->random));
}

static void fail_with(struct bgp_fsm *fsm, const struct bgp_event *ev,
		      const struct bgp_notification *n, struct bgp_actions *out)
{
	char text[200];
	set_why(fsm, "sent NOTIFICATION %s", bgp_notification_text(n, text, sizeof(text)));
	add(out, BGP_DO_SEND_NOTIFICATION)->notification = *n;
	fail(fsm, ev, out);
}

static void fail_code(struct bgp_fsm *fsm, const struct bgp_event *ev, uint8_t code,
		      uint8_t subcode, struct bgp_actions *out)
{
	struct bgp_notification n = { .code = code, .subcode = subcode };
	fail_with(fsm, ev, &n, out);
}

/* RFC 6608 4: the data is the type of the message, where it was one. */
static uint8_t message_type(enum bgp_event_type event)
{
	switch (event) {
	case BGP_EV_OPEN:
		return BGP_MSG_OPEN;
	case BGP_EV_KEEPALIVE:
		return BGP_MSG_KEEPALIVE;
	case BGP_EV_UPDATE:
		return BGP_MSG_UPDATE;
	case BGP_EV_REFRESH:
		return BGP_MSG_ROUTE_REFRESH;
	case BGP_EV_START:
	case BGP_EV_DEFER:
	case BGP_EV_STOP:
	case BGP_EV_TIMER:
	case BGP_EV_TCP_CONNECTED:
	case BGP_EV_TCP_FAILED:
	case BGP_EV_NOTIFICATION:
	case BGP_EV_BROKEN:
	case BGP_EV_PATH_DOWN:
	case BGP_EV_SEND_BLOCKED:
	case BGP_EV_SEND_PROGRESS:
	case BGP_EV_SEND_DONE:
		break;
	}
	return 0;
}

/* RFC 6608: an event that the state does not know. */
static void fail_unexpected(struct bgp_fsm *fsm, const struct bgp_event *ev,
			    enum bgp_error_fsm subcode, struct bgp_actions *out)
{
	uint8_t type = message_type(ev->type);
	struct bgp_notification n = { .code = BGP_ERR_FSM,
				      .subcode = (uint8_t)subcode,
				      .data_len = type ? 1 : 0,
				      .own = { type } };
	fail_with(fsm, ev, &n, out);
}

static void hold_timer_expired(struct bgp_fsm *fsm, const struct bgp_event *ev,
			       struct bgp_actions *out)
{
	unsigned held = fsm->state == BGP_OPENSENT ? seconds(BGP_OPEN_HOLD_TIME)
						   : fsm->negotiated.hold_time;
	fail_code(fsm, ev, BGP_ERR_HOLD_TIMER, 0, out);
	set_why(fsm, "hold timer expired: nothing received for %u s", held);
}

/* RFC 9687: a peer that reads nothing will not read a NOTIFICATION either; one is sent all the
 * same, as section 4 asks. */
static void send_hold_timer_expired(struct bgp_fsm *fsm, const struct bgp_event *ev,
				    struct bgp_actions *out)
{
	unsigned held = seconds(send_hold_time(fsm));
	fail_code(fsm, ev, BGP_ERR_SEND_HOLD_TIMER, 0, out);
	set_why(fsm, "send hold timer expired: the peer acknowledged nothing for %u s", held);
}

static void connection_lost(struct bgp_fsm *fsm, const struct bgp_event *ev,
			    struct bgp_actions *out)
{
	set_why(fsm, "%s", ev->text);
	fail(fsm, ev, out);
}

static void received_notification(struct bgp_fsm *fsm, const struct bgp_event *ev,
				  struct bgp_actions *out)
{
	const struct bgp_notification *n = ev->notification;
	char text[240];
	set_why(fsm, "received NOTIFICATION %s", bgp_notification_text(n, text, sizeof(text)));
	/* Attempts with and without capabilities alternate, so that they are back when the peer
	 * supports them. Not for "Unsupported Capability": that peer requires one. */
	bool refused = n->code == BGP_ERR_OPEN && n->subcode == BGP_ERR_OPEN_OPT_PARAM;
	fsm->without_capabilities = refused && !fsm->without_capabilities;
	fail(fsm, ev, out);
}

/* Sends the NOTIFICATION if it is connected, and stays down. */
static void stop(struct bgp_fsm *fsm, const struct bgp_event *ev, struct bgp_actions *out)
{
	bool open = has_socket(fsm) && fsm->state != BGP_CONNECT;
	if (open && ev->notification)
		add(out, BGP_DO_SEND_NOTIFICATION)->notification = *ev->notification;
	if (has_socket(fsm))
		add(out, open && !ev->notification ? BGP_DO_LEAVE : BGP_DO_CLOSE);
	backoff_reset(&fsm->backoff);
	fsm->why[0] = 0; /* no failure */
	change_state(fsm, BGP_IDLE, ev, out);
}

/* ---- OPEN. ---- */

static bool offers(const struct bgp_fsm_config *c, unsigned family)
{
	return !c->families || (c->families & family);
}

/* Inside an AS there are no roles (RFC 9234 4). */
static enum bgp_role role_towards(const struct bgp_fsm_config *c, uint32_t as)
{
	return as == c->local_as ? BGP_ROLE_NONE : c->role;
}

static bool check_external(const struct bgp_fsm_config *c, const struct bgp_open *remote,
			   struct bgp_notification *ret_error)
{
	if (!c->external || remote->as != c->local_as)
		return true;
	*ret_error =
		(struct bgp_notification){ .code = BGP_ERR_OPEN, .subcode = BGP_ERR_OPEN_PEER_AS };
	return false;
}

static bool check_role(const struct bgp_fsm_config *c, const struct bgp_open *remote,
		       struct bgp_notification *ret_error)
{
	if (bgp_role_fits(role_towards(c, remote->as), remote->role, c->role_strict))
		return true;
	*ret_error =
		(struct bgp_notification){ .code = BGP_ERR_OPEN, .subcode = BGP_ERR_OPEN_ROLE };
	return false;
}

static bool negotiate(struct bgp_fsm *fsm, const struct bgp_open *remote,
		      struct bgp_notification *ret_error)
{
	const struct bgp_fsm_config *c = &fsm->config;
	if (!bgp_open_check(remote, c->peer_as, c->local_as, c->router_id, ret_error) ||
	    !check_external(c, remote, ret_error) || !check_role(c, remote, ret_error))
		return false;
	struct bgp_open ours = bgp_fsm_open(fsm);
	struct bgp_negotiated n = {
		.hold_time =
			remote->hold_time < ours.hold_time ? remote->hold_time : ours.hold_time,
		.ibgp = remote->as == c->local_as,
		.four_octet_as = ours.four_octet_as && remote->four_octet_as,
		.route_refresh = ours.route_refresh && remote->route_refresh,
		.enhanced_refresh = ours.enhanced_refresh && remote->enhanced_refresh,
		.extended_messages = ours.extended_messages && remote->extended_messages,
		.ipv4_unicast =
			offers(c, BGP_OFFER_IPV4) &&
			(!ours.multiprotocol || !remote->multiprotocol || remote->ipv4_unicast),
		.ipv6_unicast = ours.ipv6_unicast && remote->ipv6_unicast,
		.extended_next_hop = ours.extended_next_hop && remote->extended_next_hop,
		.peer_as = remote->as,
		.peer_router_id = remote->router_id,
		.role = role_towards(c, remote->as),
		.peer_role = remote->role,
		.graceful_restart = ours.graceful.offered && remote->graceful.offered,
		.peer_graceful = remote->graceful,
	};
	n.graceful_notification = n.graceful_restart && remote->graceful.notification;
	n.long_lived = n.graceful_restart && ours.long_lived.offered && remote->long_lived.offered;
	n.keepalive = n.hold_time / 3;
	if (c->keepalive && seconds(c->keepalive) < n.keepalive)
		n.keepalive = seconds(c->keepalive);
	fsm->negotiated = n;
	return true;
}

/* Of the families that the graceful restart capability lists. */
static struct bgp_long_lived long_lived(const struct bgp_fsm_config *c, bool ipv4, bool ipv6)
{
	span_t s = c->long_lived_time / USEC_PER_SEC;
	uint32_t stale_time = s > BGP_LLGR_TIME_MAX ? BGP_LLGR_TIME_MAX : (uint32_t)s;
	return (struct bgp_long_lived){
		.offered = stale_time > 0,
		.ipv4 = { .listed = ipv4, .stale_time = stale_time },
		.ipv6 = { .listed = ipv6, .stale_time = stale_time },
	};
}

struct bgp_open bgp_fsm_open(const struct bgp_fsm *fsm)
{
	bool capable = !fsm->without_capabilities;
	bool ipv4 = offers(&fsm->config, BGP_OFFER_IPV4);
	bool ipv6 = offers(&fsm->config, BGP_OFFER_IPV6);
	return (struct bgp_open){
		.version = BGP_VERSION,
		.as = fsm->config.local_as,
		.hold_time = seconds(fsm->config.hold_time),
		.router_id = fsm->config.router_id,
		.has_capabilities = capable,
		.four_octet_as = capable,
		.route_refresh = capable,
		.enhanced_refresh = capable,
		.extended_messages = capable,
		.multiprotocol = capable,
		.ipv4_unicast = capable && ipv4,
		.ipv6_unicast = capable && ipv6,
		.extended_next_hop = capable && ipv4 && fsm->config.extended_next_hop,
		.role = capable ? role_towards(&fsm->config, fsm->config.peer_as) : BGP_ROLE_NONE,
		.graceful = { .offered = capable && fsm->config.graceful_restart,
			      .notification = true,
			      .restart_time = seconds(fsm->config.restart_time),
			      .ipv4.listed = ipv4,
			      .ipv6.listed = ipv6 },
		.long_lived = capable && fsm->config.graceful_restart
				      ? long_lived(&fsm->config, ipv4, ipv6)
				      : (struct bgp_long_lived){ 0 },
	};
}

static void set_why_rejected(struct bgp_fsm *fsm, const struct bgp_open *remote, uint8_t subcode)
{
	enum bgp_role ours = fsm->config.role;
	if (subcode == BGP_ERR_OPEN_PEER_AS && fsm->config.external)
		set_why(fsm,
			"the peer is AS %" PRIu32 ", which is ours; configured is peer_as external",
			remote->as);
	else if (subcode == BGP_ERR_OPEN_PEER_AS)
		set_why(fsm, "the peer is AS %" PRIu32 ", configured is peer_as %" PRIu32,
			remote->as, fsm->config.peer_as);
	else if (subcode == BGP_ERR_OPEN_IDENTIFIER)
		set_why(fsm, "the peer has the same router id: set bgp.router_id to another one");
	else if (subcode == BGP_ERR_OPEN_ROLE && remote->role == BGP_ROLE_NONE)
		set_why(fsm, "the peer announces no BGP role, required by role_strict");
	else if (subcode == BGP_ERR_OPEN_ROLE)
		set_why(fsm, "BGP role mismatch: the peer's role is %s, ours is %s, expected %s",
			bgp_role_name(remote->role), bgp_role_name(ours),
			bgp_role_name(bgp_role_counterpart(ours)));
}

static void received_open(struct bgp_fsm *fsm, const struct bgp_event *ev, struct bgp_actions *out)
{
	struct bgp_notification error = { 0 };
	if (negotiate(fsm, ev->open, &error)) {
		change_state(fsm, BGP_OPENCONFIRM, ev, out);
		return;
	}
	fail_with(fsm, ev, &error, out);
	if (error.code == BGP_ERR_OPEN)
		set_why_rejected(fsm, ev->open, error.subcode);
}

/* ---- The states. ---- */

static void start(struct bgp_fsm *fsm, const struct bgp_event *ev, struct bgp_actions *out)
{
	bool waits = fsm->config.passive || fsm->config.incoming;
	change_state(fsm, waits ? BGP_ACTIVE : BGP_CONNECT, ev, out);
	if (fsm->config.incoming)
		fsm->open_at = ev->until;
}

static void step_idle(struct bgp_fsm *fsm, const struct bgp_event *ev, struct bgp_actions *out)
{
	switch (ev->type) {
	case BGP_EV_START:
		start(fsm, ev, out);
		break;
	case BGP_EV_TIMER:
		if (ev->now >= bgp_fsm_retry_due(fsm))
			start(fsm, ev, out);
		break;
	case BGP_EV_DEFER:
		defer(fsm, ev->until);
		break;
	case BGP_EV_STOP:
		stop_timers(fsm); /* cancels a retry */
		break;
	case BGP_EV_TCP_CONNECTED:
	case BGP_EV_TCP_FAILED:
	case BGP_EV_OPEN:
	case BGP_EV_KEEPALIVE:
	case BGP_EV_UPDATE:
	case BGP_EV_REFRESH:
	case BGP_EV_NOTIFICATION:
	case BGP_EV_BROKEN:
	case BGP_EV_PATH_DOWN:
	case BGP_EV_SEND_BLOCKED:
	case BGP_EV_SEND_PROGRESS:
	case BGP_EV_SEND_DONE:
		break; /* RFC 4271 8.2.2: ignored in Idle */
	}
}

/* Connect and Active: there is no connection yet, so no message can arrive. */
static void step_connecting(struct bgp_fsm *fsm, const struct bgp_event *ev,
			    struct bgp_actions *out)
{
	switch (ev->type) {
	case BGP_EV_START:
	case BGP_EV_DEFER:
	case BGP_EV_PATH_DOWN: /* the attempt itself will tell */
		break;
	case BGP_EV_TCP_CONNECTED:
		change_state(fsm, BGP_OPENSENT, ev, out);
		break;
	case BGP_EV_TCP_FAILED:
		connection_lost(fsm, ev, out);
		break;
	case BGP_EV_TIMER:
		if (ev->now < fsm->connect_by)
			break;
		set_why(fsm, "no answer to the connection attempt within %u s",
			seconds(bgp_fsm_connect_timeout(fsm)));
		fail(fsm, ev, out);
		break;
	case BGP_EV_STOP:
		stop(fsm, ev, out);
		break;
	case BGP_EV_OPEN:
	case BGP_EV_KEEPALIVE:
	case BGP_EV_UPDATE:
	case BGP_EV_REFRESH:
	case BGP_EV_NOTIFICATION:
	case BGP_EV_BROKEN:
	case BGP_EV_SEND_BLOCKED:
	case BGP_EV_SEND_PROGRESS:
	case BGP_EV_SEND_DONE:
		set_why(fsm, "message received before the connection was up");
		fail(fsm, ev, out);
		break;
	}
}

static void timer_due(struct bgp_fsm *fsm, const struct bgp_event *ev, struct bgp_actions *out)
{
	if (ev->now >= fsm->hold_until) {
		hold_timer_expired(fsm, ev, out);
	} else if (ev->now >= fsm->send_hold_until) {
		send_hold_timer_expired(fsm, ev, out);
	} else if (ev->now >= fsm->keepalive_at) {
		add(out, BGP_DO_SEND_KEEPALIVE);
		restart_keepalive(fsm, ev);
	}
}

/* Common to OpenSent, OpenConfirm and Established. */
static void step_connected(struct bgp_fsm *fsm, const struct bgp_event *ev,
			   enum bgp_error_fsm unexpected, struct bgp_actions *out)
{
	switch (ev->type) {
	case BGP_EV_START:
	case BGP_EV_DEFER:
		break;
	case BGP_EV_STOP:
		stop(fsm, ev, out);
		break;
	case BGP_EV_TCP_FAILED:
		connection_lost(fsm, ev, out);
		break;
	case BGP_EV_TIMER:
		timer_due(fsm, ev, out);
		break;
	case BGP_EV_NOTIFICATION:
		received_notification(fsm, ev, out);
		break;
	case BGP_EV_BROKEN:
		fail_with(fsm, ev, ev->notification, out);
		break;
	case BGP_EV_PATH_DOWN:
		fail_with(fsm, ev, ev->notification, out);
		set_why(fsm, "%s", ev->text);
		break;
	case BGP_EV_SEND_BLOCKED:
		if (fsm->send_hold_until == USEC_NEVER)
			fsm->send_hold_until = usec_add(ev->now, send_hold_time(fsm));
		break;
	case BGP_EV_SEND_PROGRESS:
		fsm->send_hold_until = usec_add(ev->now, send_hold_time(fsm));
		break;
	case BGP_EV_SEND_DONE:
		fsm->send_hold_until = USEC_NEVER;
		break;
	case BGP_EV_TCP_CONNECTED:
	case BGP_EV_OPEN:
	case BGP_EV_KEEPALIVE:
	case BGP_EV_UPDATE:
	case BGP_EV_REFRESH:
		fail_unexpected(fsm, ev, unexpected, out);
		break;
	}
}

static void step_open_sent(struct bgp_fsm *fsm, const struct bgp_event *ev, struct bgp_actions *out)
{
	if (ev->type == BGP_EV_OPEN)
		received_open(fsm, ev, out);
	else
		step_connected(fsm, ev, BGP_ERR_FSM_OPENSENT, out);
}

static void step_open_confirm(struct bgp_fsm *fsm, const struct bgp_event *ev,
			      struct bgp_actions *out)
{
	if (ev->type == BGP_EV_KEEPALIVE)
		change_state(fsm, BGP_ESTABLISHED, ev, out);
	else
		step_connected(fsm, ev, BGP_ERR_FSM_OPENCONFIRM, out);
}

static void step_established(struct bgp_fsm *fsm, const struct bgp_event *ev,
			     struct bgp_actions *out)
{
	bool heard = ev->type == BGP_EV_KEEPALIVE || ev->type == BGP_EV_UPDATE;
	if (heard)
		restart_hold(fsm, ev->now);
	else if (ev->type != BGP_EV_REFRESH)
		step_connected(fsm, ev, BGP_ERR_FSM_ESTABLISHED, out);
}

void bgp_fsm_init(struct bgp_fsm *fsm, const struct bgp_fsm_config *config, mono_t now)
{
	*fsm = (struct bgp_fsm){
		.config = *config,
		.state = BGP_IDLE,
		.state_since = now,
		.backoff = { .first = config->connect_retry, .max = config->connect_retry_max },
	};
	stop_timers(fsm);
}

void bgp_fsm_hurry(struct bgp_fsm *fsm, mono_t now)
{
	backoff_reset(&fsm->backoff);
	if (fsm->retry_at != USEC_NEVER)
		fsm->retry_at = now;
}

void bgp_fsm_step(struct bgp_fsm *fsm, const struct bgp_event *event, struct bgp_actions *ret)
{
	ret->n = 0;
	ret->from = ret->to = fsm->state;
	switch (fsm->state) {
	case BGP_IDLE:
		step_idle(fsm, event, ret);
		break;
	case BGP_CONNECT:
	case BGP_ACTIVE:
		step_connecting(fsm, event, ret);
		break;
	case BGP_OPENSENT:
		step_open_sent(fsm, event, ret);
		break;
	case BGP_OPENCONFIRM:
		step_open_confirm(fsm, event, ret);
		break;
	case BGP_ESTABLISHED:
		step_established(fsm, event, ret);
		break;
	}
}
