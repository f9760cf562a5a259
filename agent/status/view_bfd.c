/* SPDX-License-Identifier: MIT */
#include "agent/status/view_bfd.h"

#include "agent/bfd/peer_bfd.h"

static json_t *dropped(const uint64_t counts[static BFD_DROP_N])
{
	json_t *o = json_object();
	for (size_t i = 0; i < BFD_DROP_N; i++)
		json_object_set_new(o, bfd_drop_name((enum bfd_drop)i),
				    json_integer(VIEW_INT(counts[i])));
	return o;
}

static json_t *packets(const struct bfd_status *s)
{
	return json_pack("{s:I, s:I, s:I, s:o}", "sent", VIEW_INT(s->sent), "send_errors",
			 VIEW_INT(s->send_errors), "received", VIEW_INT(s->received), "dropped",
			 dropped(s->dropped));
}

/* State of the router by its packets; null: none has been received. */
static json_t *remote(const struct bfd_status *s)
{
	if (s->received == 0)
		return json_null();
	return json_pack("{s:s, s:s, s:I, s:o, s:o, s:I, s:b}", "state",
			 bfd_state_name(s->remote_state), "diagnostic",
			 bfd_diag_name(s->remote_diag), "discriminator", VIEW_INT(s->remote_discr),
			 "min_transmit_seconds", view_span(s->remote_min_tx), "min_receive_seconds",
			 view_span(s->remote_min_rx), "multiplier", VIEW_INT(s->remote_multiplier),
			 "control_plane_independent", s->remote_independent);
}

static void add_session(json_t *o, const struct peer_bfd_status *session,
			const struct view_clock *clock)
{
	char why[BFD_WHY_MAX];
	const struct bfd_status *s = session->status;
	json_object_set_new(o, "state", json_string(bfd_state_name(s->state)));
	view_add_time(o, clock, "since", s->since ? s->since : session->made_at);
	json_object_set_new(o, "diagnostic", json_string(bfd_diag_name(s->diag)));
	json_object_set_new(o, "discriminator", json_integer(VIEW_INT(s->discr)));
	json_object_set_new(o, "local_address", view_addr(&session->key->local));
	json_object_set_new(o, "interface",
			    session->key->ifname[0] ? json_string(session->key->ifname)
						    : json_null());
	json_object_set_new(o, "multihop", json_boolean(session->key->multihop));
	json_object_set_new(o, "interval_seconds", view_span(s->tx_interval));
	json_object_set_new(o, "receive_interval_seconds", view_span(s->rx_interval));
	json_object_set_new(o, "detection_time_seconds", view_span(s->detection_time));
	json_object_set_new(o, "remote", remote(s));
	json_object_set_new(o, "up_events", json_integer(VIEW_INT(s->up_events)));
	json_object_set_new(o, "down_events", json_integer(VIEW_INT(s->down_events)));
	json_object_set_new(o, "last_down", json_string(bfd_status_why(s, why)));
	view_add_time(o, clock, "last_down_at", s->down_events ? s->down.at : USEC_NEVER);
	json_object_set_new(o, "last_down_diagnostic",
			    s->down_events ? json_string(bfd_diag_name(s->down.diag))
					   : json_null());
	json_object_set_new(o, "packets", packets(s));
	json_object_set_new(o, "hint", json_string(session->hint));
}

json_t *view_bfd(const struct status_sources *in, const struct bgp_peer_status *peer,
		 const struct view_clock *clock)
{
	const struct bgp_bfd_config *c = &peer->config->bfd;
	struct peer_bfd_status session;
	const char *error;
	if (!c->on)
		return json_null();
	json_t *o = json_pack("{s:s, s:b, s:b, s:I}", "state",
			      peer->disabled ? "admin-down" : "down", "required", c->required,
			      "passive", c->passive, "multiplier", VIEW_INT(c->multiplier));
	if (peer_bfd_find(in->bfd, peer, &session, &error))
		add_session(o, &session, clock);
	json_object_set_new(o, "error", view_text_or_null(error));
	return o;
}

json_t *view_bfd_summary(const struct status_sources *in, const struct view_clock *clock)
{
	struct peer_list peers;
	struct peer_bfd_status session;
	const char *error;
	mono_t trouble_at = USEC_NEVER;
	size_t n = 0, up = 0;
	peer_list_init(&peers, in->speaker);
	for (size_t i = 0; i < peers.n; i++) {
		n += peers.items[i].config->bfd.on;
		up += peer_bfd_find(in->bfd, &peers.items[i], &session, &error) &&
		      session.status->state == BFD_UP;
	}
	peer_list_done(&peers);
	if (n == 0)
		return json_null();
	const char *trouble = peer_bfd_trouble(in->bfd, &trouble_at);
	json_t *o = json_pack("{s:I, s:I, s:I, s:o}", "peers", VIEW_INT(n), "up", VIEW_INT(up),
			      "process_restarts", VIEW_INT(peer_bfd_restarts(in->bfd)),
			      "process_error", view_text_or_null(trouble));
	view_add_time(o, clock, "process_error_at", trouble_at);
	return o;
}
