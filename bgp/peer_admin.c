/* SPDX-License-Identifier: MIT */
/* Operator's commands for one peer while the speaker runs. */
#include <stdio.h>

#include "bgp/codec.h"
#include "bgp/notify.h"
#include "bgp/peer.h"
#include "bgp/peer_data.h"
#include "lib/backoff.h"
#include "process/loop.h"

/* The text ends where the shutdown communication ends that is made from it. */
void bgp_peer_set_disabled(struct bgp_peer *p, const char *text)
{
	uint8_t data[BGP_SHUTDOWN_DATA_MAX];
	struct bgp_notification n =
		bgp_notification_shutdown(BGP_ERR_CEASE_ADMIN_SHUTDOWN, text, data);
	if (!p->disabled)
		p->admin_since = loop_now(p->env.loop);
	p->disabled = true;
	p->stopped = true;
	snprintf(p->disabled_text, sizeof(p->disabled_text), "%.*s",
		 n.data_len > 0 ? (int)n.data_len - 1 : 0, text ? text : "");
	snprintf(p->disabled_why, sizeof(p->disabled_why), "disabled by the operator%s%s",
		 p->disabled_text[0] ? ": " : "", p->disabled_text);
}

void bgp_peer_disable(struct bgp_peer *p, const char *text)
{
	uint8_t data[BGP_SHUTDOWN_DATA_MAX];
	struct bgp_notification why =
		bgp_notification_shutdown(BGP_ERR_CEASE_ADMIN_SHUTDOWN, text, data);
	bgp_peer_set_disabled(p, text);
	bgp_peer_stop(p, &why);
	p->env.changed(p, p->env.userdata);
}

/* Earlier failures say nothing about the attempts to come. */
static void connect_at_once(struct bgp_peer *p)
{
	p->hint = "";
	backoff_reset(&p->out.fsm.backoff);
	bgp_peer_start(p);
}

void bgp_peer_enable(struct bgp_peer *p)
{
	if (!p->disabled)
		return;
	p->disabled = p->stopped = false;
	p->admin_since = loop_now(p->env.loop);
	p->last_error[0] = 0;
	connect_at_once(p);
	p->env.changed(p, p->env.userdata);
}

void bgp_peer_reset(struct bgp_peer *p, const char *text, bool hard)
{
	uint8_t data[BGP_SHUTDOWN_DATA_MAX];
	struct bgp_notification why =
		bgp_notification_shutdown(BGP_ERR_CEASE_ADMIN_RESET, text, data);
	if (p->stopped)
		return;
	snprintf(p->last_error, sizeof(p->last_error), "reset by the operator%s%s",
		 text && *text ? ": " : "", text ? text : "");
	bgp_peer_end_session(p, &why, hard);
	connect_at_once(p);
}

bool bgp_peer_refresh(struct bgp_peer *p)
{
	if (!p->session)
		return false;
	adj_out_refresh(&p->adj, BGP_AFI_IPV4);
	adj_out_refresh(&p->adj, BGP_AFI_IPV6);
	bgp_peer_flush(p);
	return true;
}

void bgp_peer_refuse_disabled(struct bgp_peer *p, int fd)
{
	uint8_t data[BGP_SHUTDOWN_DATA_MAX], buf[BGP_HEADER_SIZE + 2 + BGP_SHUTDOWN_DATA_MAX];
	struct bgp_notification n =
		bgp_notification_shutdown(BGP_ERR_CEASE_ADMIN_SHUTDOWN, p->disabled_text, data);
	bgp_linger_add(p->env.linger, fd, buf, bgp_encode_notification(buf, sizeof(buf), &n));
}
