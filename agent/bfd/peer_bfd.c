/* SPDX-License-Identifier: MIT */
#include "agent/bfd/peer_bfd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/bfd/hint.h"
#include "agent/bfd/wanted.h"
#include "lib/list.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

/* A session, of all peers with this address. */
struct link {
	struct list_node node;
	struct peer_bfd *owner;
	struct bgp_peer_config peer; /* address and interface only */
	struct bfd_present present;
	struct bfd_session *session; /* NULL: it was refused, `error` says why */
	struct err error;
	mono_t made_at;
	bool wanted; /* while sessions are compared with what is wanted */
};

struct peer_bfd {
	sd_event *loop;
	struct bgp_speaker *speaker;
	struct bfd *bfd;
	struct list links;
	sd_event_source *update, *told_source, *limit;
	struct err trouble;
	mono_t trouble_at;
	bool stopping, told;
	peer_bfd_told_cb *done;
	void *userdata;
};

/* ---- What follows for BGP. ---- */

static bool has_peer(const struct link *l, const struct bgp_peer_config *c)
{
	return c->bfd.on && addr_equal(&l->peer.addr, &c->addr) &&
	       str_equal(l->peer.ifname, c->ifname);
}

enum path { PATH_UP, PATH_DOWN, PATH_UNKNOWN };

static void report(const struct link *l, enum path path, const char *why)
{
	struct bgp_speaker *speaker = l->owner->speaker;
	struct bgp_peer_status peer;
	for (size_t i = 0; i < bgp_speaker_n_peers(speaker); i++) {
		bgp_speaker_peer_status(speaker, i, &peer);
		if (!has_peer(l, peer.config))
			continue;
		switch (path) {
		case PATH_UP:
			bgp_speaker_path_up(speaker, i);
			break;
		case PATH_DOWN:
			bgp_speaker_path_down(speaker, i, why);
			break;
		case PATH_UNKNOWN:
			bgp_speaker_path_unknown(speaker, i);
			break;
		}
	}
}

/* The timers follow: until both sides have said so they are those of a session that is down. */
static void came_up(const struct link *l)
{
	char peer[BGP_PEER_NAME_MAX];
	log_event(LOG_INFO, "bgp", EVENT("bfd.up", .peer = bgp_peer_name(&l->peer, peer)),
		  "peer %s: BFD up", peer);
	report(l, PATH_UP, NULL);
}

/* RFC 5882 3.2: AdminDown is not a failure of the path. */
static void went_down(const struct link *l, const struct bfd_status *s)
{
	char peer[BGP_PEER_NAME_MAX], why[BFD_WHY_MAX], text[BFD_WHY_MAX + 16];
	bool told = s->down.diag == BFD_DIAG_NEIGHBOR_SIGNALED &&
		    s->down.remote_state == BFD_ADMIN_DOWN;
	bool failed = !told && s->down.diag != BFD_DIAG_NONE;
	snprintf(text, sizeof(text), "BFD down: %s", bfd_status_why(s, why));
	log_event(failed ? LOG_WARNING : LOG_INFO, "bgp",
		  EVENT("bfd.down", .peer = bgp_peer_name(&l->peer, peer)), "peer %s: %s%s", peer,
		  text, failed ? "" : "; the BGP session goes on");
	report(l, failed ? PATH_DOWN : PATH_UNKNOWN, text);
}

static void on_changed(struct bfd_session *session, const struct bfd_status *s, enum bfd_state from,
		       void *session_userdata)
{
	const struct link *l = session_userdata;
	(void)session;
	if (l->owner->stopping)
		return;
	if (s->state == BFD_UP && from != BFD_UP)
		came_up(l);
	else if (s->state != BFD_UP && from == BFD_UP)
		went_down(l, s);
}

static void on_trouble(const char *text, void *userdata)
{
	struct peer_bfd *p = userdata;
	err_set(&p->trouble, 0, "%s", text);
	p->trouble_at = loop_now(p->loop);
	log_error("bgp", "BFD: %s", text);
}

/* ---- Which sessions there are. ---- */

static struct link *find(const struct peer_bfd *p, const struct bgp_peer_config *c)
{
	list_for_each (it, &p->links) {
		struct link *l = list_entry(it, struct link, node);
		if (has_peer(l, c))
			return l;
	}
	return NULL;
}

static void end_session(struct link *l)
{
	if (l->session)
		bfd_session_free(l->session);
	l->session = NULL;
}

static void link_free(struct link *l)
{
	list_remove(&l->node);
	end_session(l);
	free(l);
}

static struct link *link_new(struct peer_bfd *p, const struct bgp_peer_config *c)
{
	struct link *l = mem_new(1, sizeof(*l));
	l->owner = p;
	l->peer.addr = c->addr;
	memcpy(l->peer.ifname, c->ifname, sizeof(c->ifname));
	list_append(&p->links, &l->node);
	return l;
}

static void refused(struct link *l, const struct err *why)
{
	char peer[BGP_PEER_NAME_MAX];
	if (str_equal(l->error.text, why->text))
		return;
	l->error = *why;
	log_error("bgp", "peer %s: no BFD: %s", bgp_peer_name(&l->peer, peer), why->text);
}

static void begin_session(struct link *l, const struct bfd_key *key,
			  const struct bfd_config *config)
{
	struct err err = { "" };
	struct peer_bfd *p = l->owner;
	l->present.key = *key;
	l->made_at = loop_now(p->loop);
	if (bfd_session_new(p->bfd, key, config, l, &l->session, &err) < 0)
		refused(l, &err);
	else
		l->error = (struct err){ "" };
}

/* Another key is another session: what the one before it found out says nothing any more. */
static void change_session(struct link *l, const struct bfd_key *key,
			   const struct bfd_config *config)
{
	struct err err = { "" };
	if (l->session && bfd_key_equal(&l->present.key, key)) {
		if (bfd_session_change(l->session, config, &err) < 0)
			refused(l, &err);
		return;
	}
	if (l->session)
		report(l, PATH_UNKNOWN, NULL);
	end_session(l);
	begin_session(l, key, config);
}

static bool is_up(const struct link *l)
{
	return l && l->session && bfd_session_status(l->session)->state == BFD_UP;
}

/* A path that is already up is reported again, for a peer that is new or did not ask before. */
static void compare(struct peer_bfd *p, size_t i, const struct bgp_peer_status *peer)
{
	struct bfd_key key;
	struct bfd_config config;
	struct link *l = find(p, peer->config);
	enum bfd_wanted_kind kind =
		bfd_wanted(peer, l && l->session ? &l->present : NULL, &key, &config);
	if (kind != BFD_WANTED_NONE && is_up(l) && peer->awaits_path)
		bgp_speaker_path_up(p->speaker, i);
	if (l && l->wanted) /* that of another port */
		return;
	if (kind == BFD_WANTED_SESSION) {
		l = l ? l : link_new(p, peer->config);
		change_session(l, &key, &config);
		l->present.path_source = bfd_route_source(peer);
	}
	if (l)
		l->wanted = kind != BFD_WANTED_NONE;
}

static int on_update(sd_event_source *source, void *userdata)
{
	struct peer_bfd *p = userdata;
	struct bgp_peer_status peer;
	(void)source;
	if (p->stopping)
		return 0;
	list_for_each (it, &p->links)
		list_entry(it, struct link, node)->wanted = false;
	for (size_t i = 0; i < bgp_speaker_n_peers(p->speaker); i++) {
		bgp_speaker_peer_status(p->speaker, i, &peer);
		compare(p, i, &peer);
	}
	list_for_each (it, &p->links) {
		struct link *l = list_entry(it, struct link, node);
		if (l->wanted)
			continue;
		report(l, PATH_UNKNOWN, NULL);
		link_free(l);
	}
	return 0;
}

void peer_bfd_update(struct peer_bfd *p)
{
	if (p && !p->stopping)
		loop_defer(p->loop, &p->update, LOOP_BGP, on_update, p);
}

/* ---- Life. ---- */

static int on_told(sd_event_source *source, void *userdata)
{
	struct peer_bfd *p = userdata;
	peer_bfd_told_cb *done = p->done;
	(void)source;
	p->done = NULL;
	p->limit = sd_event_source_disable_unref(p->limit);
	if (done)
		done(p->userdata);
	return 0;
}

static int on_limit(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)usec;
	return on_told(source, userdata);
}

static void on_stopped(void *userdata)
{
	struct peer_bfd *p = userdata;
	p->told = true;
	on_told(NULL, p);
}

void peer_bfd_stop(struct peer_bfd *p, mono_t limit, peer_bfd_told_cb *done, void *userdata)
{
	if (!p) {
		done(userdata);
		return;
	}
	p->done = done;
	p->userdata = userdata;
	if (p->told) {
		loop_defer(p->loop, &p->told_source, LOOP_BGP, on_told, p);
		return;
	}
	loop_timer_set(p->loop, &p->limit, limit, LOOP_BGP, on_limit, p);
	if (p->stopping)
		return;
	p->stopping = true;
	bfd_stop(p->bfd);
}

int peer_bfd_new(sd_event *loop, struct bgp_speaker *speaker, struct peer_bfd **ret,
		 struct err *err)
{
	static const struct bfd_ops ops = { .changed = on_changed,
					    .trouble = on_trouble,
					    .stopped = on_stopped };
	struct peer_bfd *p = mem_new(1, sizeof(*p));
	p->loop = loop;
	p->speaker = speaker;
	list_init(&p->links);
	int rc = bfd_new(loop, &ops, p, &p->bfd, err);
	if (rc < 0) {
		free(p);
		return rc;
	}
	*ret = p;
	return 0;
}

void peer_bfd_free(struct peer_bfd *p)
{
	if (!p)
		return;
	list_for_each (it, &p->links) {
		struct link *l = list_entry(it, struct link, node);
		list_remove(it);
		free(l);
	}
	bfd_free(p->bfd);
	sd_event_source_disable_unref(p->update);
	sd_event_source_disable_unref(p->told_source);
	sd_event_source_disable_unref(p->limit);
	free(p);
}

/* ---- For operators. ---- */

bool peer_bfd_find(const struct peer_bfd *p, const struct bgp_peer_status *peer,
		   struct peer_bfd_status *ret, const char **ret_error)
{
	const struct link *l = p && peer->config->bfd.on ? find(p, peer->config) : NULL;
	bool wanted = peer->config->bfd.on && !peer->disabled;
	*ret_error = !wanted                 ? NULL
		     : l && l->error.text[0] ? l->error.text
					     : "waits for a path to the peer";
	if (!l || !l->session)
		return false;
	const struct bfd_status *s = bfd_session_status(l->session);
	*ret_error = l->error.text[0] ? l->error.text : s->error[0] ? s->error : NULL;
	*ret = (struct peer_bfd_status){
		.key = &l->present.key,
		.config = bfd_session_config(l->session),
		.status = s,
		.made_at = l->made_at,
		.hint = bfd_hint(peer, &l->present.key, s, l->made_at, loop_now(p->loop)),
	};
	return true;
}

const char *peer_bfd_trouble(const struct peer_bfd *p, mono_t *ret_at)
{
	if (!p || !p->trouble.text[0])
		return NULL;
	*ret_at = p->trouble_at;
	return p->trouble.text;
}

uint64_t peer_bfd_restarts(const struct peer_bfd *p)
{
	return p ? bfd_helper_restarts(p->bfd) : 0;
}

const struct bfd_counts *peer_bfd_counts(const struct peer_bfd *p)
{
	return p ? bfd_counts(p->bfd) : NULL;
}
