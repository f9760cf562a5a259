/* SPDX-License-Identifier: MIT */
/*
 * A speaker that accepts sessions from any address, announces nothing and keeps no routes: the
 * other end of the demo, and a way to see what a router would receive. Events go to stdout, the log
 * to stderr.
 */
#include "agent/cli/cmd_listen.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-event.h>

#include "agent/cli/listen_event.h"
#include "bgp/speaker.h"
#include "bgp/update.h"
#include "lib/clock.h"
#include "lib/hash.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "process/loop.h"

#define DEFAULT_PLACE ":1790"
#define DEFAULT_PORT  1790
#define DEFAULT_AS    65000
#define STOP_MAX      (1 * USEC_PER_SEC)

/* A session that was reported as up. */
struct seen {
	struct addr peer; /* the key; no padding in it */
	UT_hash_handle hh;
};

struct receiver {
	sd_event *loop;
	struct bgp_speaker *speaker;
	struct seen *seen;
	sd_event_source *signals[2];
	bool json, stopping;
};

static void print(struct receiver *r, struct listen_event *e, const struct bgp_peer_status *status)
{
	e->at = wall_now();
	e->peer = status->config->addr;
	e->peer_as = status->peer_as;
	listen_event_print(e, r->json, stdout);
	if (ferror(stdout))
		sd_event_exit(r->loop, 1); /* the reader of the pipe is gone */
}

/* Sessions */

static struct seen *find_seen(struct receiver *r, const struct addr *peer)
{
	struct seen *seen;
	HASH_FIND(hh, r->seen, peer, sizeof(*peer), seen);
	return seen;
}

static void forget(struct receiver *r, struct seen *seen)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it loses track of uthash's head. */
	HASH_DELETE(hh, r->seen, seen);
	free(seen);
}

static void on_peer_changed(const struct bgp_peer_status *status, void *userdata)
{
	struct receiver *r = userdata;
	struct seen *seen = find_seen(r, &status->config->addr);
	bool up = status->state == BGP_ESTABLISHED;
	struct listen_event e = { .kind = up ? LISTEN_UP : LISTEN_DOWN,
				  .reason = status->last_error,
				  .graceful = status->peer_graceful };
	if (up == (seen != NULL))
		return;
	print(r, &e, status);
	if (seen) {
		forget(r, seen);
		return;
	}
	seen = mem_new(1, sizeof(*seen));
	seen->peer = status->config->addr;
	HASH_ADD(hh, r->seen, peer, sizeof(seen->peer), seen);
}

/* Routes */

static void print_nlri(struct receiver *r, const struct bgp_peer_status *status,
		       const struct bgp_nlri *nlri, struct listen_event *e)
{
	struct reader prefixes = nlri->prefixes;
	e->next_hop = nlri->next_hop;
	while (bgp_nlri_next(&prefixes, nlri->family, &e->prefix))
		print(r, e, status);
}

static void on_update(const struct bgp_peer_status *status, const struct bgp_update *update,
		      void *userdata)
{
	struct listen_event gone = { .kind = LISTEN_WITHDRAW };
	struct listen_event come = { .kind = LISTEN_ANNOUNCE, .attrs = &update->attrs };
	struct listen_event end = { .kind = LISTEN_END_OF_RIB };
	for (size_t i = 0; i < update->n_withdrawn; i++)
		print_nlri(userdata, status, &update->withdrawn[i], &gone);
	for (size_t i = 0; i < update->n_announced; i++)
		print_nlri(userdata, status, &update->announced[i], &come);
	end.family = update->end_of_rib4 ? AF_INET : update->end_of_rib6 ? AF_INET6 : 0;
	if (end.family)
		print(userdata, &end, status);
}

/* Life */

static void on_stopped(bool complete, void *userdata)
{
	(void)complete;
	struct receiver *r = userdata;
	sd_event_exit(r->loop, 0);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	(void)source, (void)info;
	struct receiver *r = userdata;
	if (r->stopping)
		return 0;
	r->stopping = true;
	bgp_speaker_stop(r->speaker, "vipherald listen: stopping",
			 usec_add(loop_now(r->loop), STOP_MAX), on_stopped, r);
	return 0;
}

static int start_loop(struct receiver *r)
{
	static const int numbers[] = { SIGTERM, SIGINT };
	sigset_t blocked;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	int rc = sd_event_new(&r->loop);
	for (size_t i = 0; i < 2 && rc >= 0; i++)
		rc = loop_signal_add(r->loop, &r->signals[i], numbers[i], LOOP_FLUSH, on_signal, r);
	return rc;
}

static int start(struct receiver *r, const struct bgp_config *config, struct err *err)
{
	static const struct bgp_speaker_ops ops = { .peer_changed = on_peer_changed,
						    .update_received = on_update };
	int rc = start_loop(r);
	if (rc < 0)
		return err_set(err, rc, "cannot create the event loop: %s", strerror(-rc));
	rc = bgp_speaker_new(r->loop, config, &ops, r, &r->speaker, err);
	if (rc == 0)
		bgp_speaker_start(r->speaker);
	return rc;
}

static void receiver_done(struct receiver *r)
{
	struct seen *seen, *next;
	bgp_speaker_free(r->speaker);
	HASH_ITER (hh, r->seen, seen, next)
		forget(r, seen);
	for (size_t i = 0; i < 2; i++)
		sd_event_source_disable_unref(r->signals[i]);
	sd_event_unref(r->loop);
}

/* Any value but 0 and the peer's own will do, as no routes are exchanged with others. */
static uint32_t router_id_of(const struct endpoint *at)
{
	uint32_t id = addr_to_v4(&at->addr);
	return id ? id : loop_random() | 1;
}

int cmd_listen(const char *where, uint32_t as, bool json)
{
	struct receiver r = { .json = json };
	struct err err = { "" };
	struct bgp_config config = {
		.local_as = as ? as : DEFAULT_AS,
		.listen = true,
		.accept_any = true,
	};
	int rc = endpoint_parse(where ? where : DEFAULT_PLACE, DEFAULT_PORT, &config.listen_at,
				&err);
	if (rc == 0 && config.listen_at.unix_path[0])
		rc = err_set(&err, -EINVAL,
			     "BGP does not run over a unix socket, expected ADDR:PORT");
	config.router_id = router_id_of(&config.listen_at);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (rc == 0)
		rc = start(&r, &config, &err);
	if (rc == 0)
		log_info("listen", "AS %u, listening on %s", config.local_as,
			 where ? where : DEFAULT_PLACE);
	else
		log_error("listen", "%s", err.text);
	if (rc == 0)
		rc = sd_event_loop(r.loop);
	receiver_done(&r);
	return rc == 0 ? 0 : 1;
}
