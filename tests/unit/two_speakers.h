/* SPDX-License-Identifier: MIT */
/*
 * Two speakers in one loop, in a namespace of their own: the host on 127.0.0.1 and the router on
 * 127.0.0.2, over real sockets. Include after cmocka.h, once.
 */
#ifndef TESTS_UNIT_TWO_SPEAKERS_H
#define TESTS_UNIT_TWO_SPEAKERS_H

#include <stdbool.h>
#include <string.h>

#include "bgp/speaker.h"
#include "bgp/update.h"
#include "lib/mem.h"
#include "tests/unit/own_netns.h"

#define HOST   0x7f000001
#define ROUTER 0x7f000002

struct side {
	struct bgp_speaker *speaker;
	struct bgp_peer_config peers[2];
	size_t n_peers;
	struct bgp_config config;
	/* events */
	size_t announced, withdrawn, end_of_rib, told_withdrawn;
	bool up;
	char last_error[320];
};

struct bed {
	sd_event *loop;
	struct side host, router;
	bool done, complete;
};

static void peer_changed(const struct bgp_peer_status *status, void *userdata)
{
	struct side *s = userdata;
	s->up = status->state == BGP_ESTABLISHED;
	snprintf(s->last_error, sizeof(s->last_error), "%s", status->last_error);
}

static void update_received(const struct bgp_peer_status *status, const struct bgp_update *u,
			    void *userdata)
{
	struct side *s = userdata;
	struct prefix p;
	(void)status;
	s->end_of_rib += (size_t)u->end_of_rib4 + (size_t)u->end_of_rib6;
	for (size_t i = 0; i < u->n_withdrawn; i++)
		for (struct reader r = u->withdrawn[i].prefixes;
		     bgp_nlri_next(&r, u->withdrawn[i].family, &p);)
			s->withdrawn++;
	for (size_t i = 0; i < u->n_announced; i++)
		for (struct reader r = u->announced[i].prefixes;
		     bgp_nlri_next(&r, u->announced[i].family, &p);)
			s->announced++;
}

static void route_sent(const struct bgp_peer_config *peer, const struct bgp_sent *sent,
		       void *userdata)
{
	struct side *s = userdata;
	(void)peer;
	s->told_withdrawn += sent->withdrawn ? sent->n : 0;
}

static const struct bgp_speaker_ops ops = { .peer_changed = peer_changed,
					    .update_received = update_received,
					    .sent = route_sent };

static struct bgp_peer_config peer_of(uint32_t addr, uint32_t as, uint32_t local)
{
	return (struct bgp_peer_config){
		.addr = addr_v4(addr),
		.port = 1179,
		.peer_as = as,
		.local_ip = addr_v4(local),
		.hold_time = 90 * USEC_PER_SEC,
		.connect_timeout = 5 * USEC_PER_SEC,
		.connect_retry = 20 * USEC_PER_MSEC,
		.connect_retry_max = 100 * USEC_PER_MSEC,
	};
}

static struct bgp_config config_of(uint32_t addr, uint32_t as, bool listen)
{
	return (struct bgp_config){
		.local_as = as,
		.router_id = addr,
		.listen = listen,
		.listen_at = { .addr = addr_v4(addr), .port = 1179 },
	};
}

static int setup(void **state)
{
	struct bed *b = mem_new(1, sizeof(*b));
	if (sd_event_new(&b->loop) < 0)
		return -1;
	b->host.config = config_of(HOST, 65001, false);
	b->host.peers[b->host.n_peers++] = peer_of(ROUTER, 65000, HOST);
	b->router.config = config_of(ROUTER, 65000, true);
	b->router.peers[b->router.n_peers++] = peer_of(HOST, 65001, ROUTER);
	b->router.peers[0].passive = true;
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	bgp_speaker_free(b->host.speaker);
	bgp_speaker_free(b->router.speaker);
	sd_event_unref(b->loop);
	free(b);
	return 0;
}

static void start(struct bed *b, struct side *s)
{
	struct err err = { "" };
	s->config.peers = s->peers;
	s->config.n_peers = s->n_peers;
	if (bgp_speaker_new(b->loop, &s->config, &ops, s, &s->speaker, &err) < 0)
		fail_msg("%s", err.text);
	bgp_speaker_start(s->speaker);
}

static inline void start_both(struct bed *b)
{
	start(b, &b->router);
	start(b, &b->host);
}

static inline struct bgp_peer_status status_of(const struct side *s)
{
	struct bgp_peer_status status;
	bgp_speaker_peer_status(s->speaker, 0, &status);
	return status;
}

#endif
