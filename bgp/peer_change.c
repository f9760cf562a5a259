/* SPDX-License-Identifier: MIT */
/*
 * A peer whose configuration changes while the agent runs. A change of parameters of the OPEN or of
 * the TCP connection needs a new session; the rest is applied to the one that is up.
 */
#include <stdlib.h>

#include "bgp/msg.h"
#include "bgp/notify.h"
#include "bgp/peer.h"
#include "bgp/peer_data.h"
#include "bgp/sockopt.h"
#include "bgp/wire.h"
#include "lib/array.h"
#include "lib/str.h"
#include "process/loop.h"

void bgp_peer_end_session(struct bgp_peer *p, const struct bgp_notification *why, bool hard)
{
	uint8_t data[BGP_HARD_RESET_DATA_MAX];
	const struct bgp_notification wrapped = bgp_notification_hard_reset(why, data);
	bool keeps = p->session && p->session->fsm.negotiated.graceful_notification;
	bool stopped = p->stopped;
	p->stopped = true; /* nothing connects before the new configuration is there */
	if (keeps && hard)
		bgp_conn_stop(p->session, &wrapped);
	bgp_peer_stop_all(p, why);
	p->stopped = stopped;
	if (keeps && !hard)
		graceful_session_down(&p->graceful, true, loop_now(p->env.loop));
}

static void end_session(struct bgp_peer *p)
{
	const struct bgp_notification why = { .code = BGP_ERR_CEASE,
					      .subcode = BGP_ERR_CEASE_CONFIG_CHANGE };
	bgp_peer_end_session(p, &why, false);
}

static void begin_again(struct bgp_peer *p)
{
	p->configured_at = loop_now(p->env.loop);
	if (!bgp_peer_lacks_router(p)) /* else that is what its trouble is */
		p->path = (struct bgp_path){ 0 };
	p->hint = "";
	p->last_error[0] = 0;
	if (!p->stopped)
		bgp_peer_start(p);
}

/* Where the kernel does not take it, the connection cannot go on. */
static void change_password(struct bgp_peer *p, struct bgp_conn *c)
{
	struct err err = { "" };
	if (c->fd >= 0 && bgp_socket_set_password(c->fd, &p->config, &err) < 0)
		bgp_conn_give_up(c, err.text);
}

static void change_timers(struct bgp_peer *p)
{
	p->out.fsm.config = bgp_peer_fsm_config(p, false);
	p->out.fsm.backoff.first = p->out.fsm.config.connect_retry;
	p->out.fsm.backoff.max = p->config.connect_retry_max;
	for (size_t i = 0; i < ARRAY_SIZE(p->incoming); i++)
		p->incoming[i].fsm.config = bgp_peer_fsm_config(p, true);
	p->graceful.enabled = p->config.graceful_restart;
	p->graceful.restart_time = p->config.restart_time;
	p->graceful.long_lived_time = p->config.long_lived_restart_time;
}

/* An attempt that waits, or one that is not to be made any more. */
static void change_passive(struct bgp_peer *p)
{
	if (!p->session && !p->stopped) {
		end_session(p);
		begin_again(p);
	}
}

static void apply(struct bgp_peer *p, const struct bgp_peer_config *before)
{
	if (!str_same(before->password, p->config.password)) {
		change_password(p, &p->out);
		change_password(p, p->challenger);
		change_password(p, p->in);
	}
	if (before->passive != p->config.passive)
		change_passive(p);
	bgp_peer_settle_wait(p);
	const struct bgp_peer_attrs peer_attrs = bgp_peer_attrs_of(p->env.config, &p->config);
	adj_out_set_peer_attrs(&p->adj, &peer_attrs);
	adj_out_recheck_filters(&p->adj);
	bgp_peer_recheck_next_hops(p);
	bgp_peer_flush(p);
}

void bgp_peer_has_no_past(struct bgp_peer *p)
{
	graceful_restored(&p->graceful);
	graceful_done(&p->graceful);
	graceful_session_down(&p->graceful, false, 0);
}

void bgp_peer_change(struct bgp_peer *p, const struct bgp_peer_config *config, bool reset)
{
	struct bgp_peer_config before = p->config;
	char *password = p->password, *description = p->description;
	if (reset)
		end_session(p);
	bgp_peer_copy_config(p, config);
	if (!str_same(before.description, p->config.description))
		p->named_since = loop_now(p->env.loop);
	change_timers(p);
	if (reset)
		begin_again(p);
	else
		apply(p, &before);
	bgp_lists_free(&before.communities, &before.ext_communities, &before.large_communities);
	free(password);
	free(description);
}
