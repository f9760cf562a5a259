/* SPDX-License-Identifier: MIT */
/* The sessions on the agent's side: what each is to be, and what the helper has said of it. */
#ifndef BFD_SESSIONS_H
#define BFD_SESSIONS_H

#include "bfd/config.h"
#include "bfd/message.h"
#include "bfd/status.h"
#include "lib/hash.h"
#include "lib/list.h"

struct bfd;

struct bfd_session {
	struct bfd *owner;
	uint32_t id;
	struct bfd_key key;
	struct bfd_config config;
	void *userdata;
	struct bfd_status status;
	struct bfd_status before; /* counters of helpers that have ended */
	struct bfd_resume resume; /* for the next helper; discr 0: it begins anew */
	struct list_node unsent;
	bool is_lost;    /* with the helper: to be reported down */
	bool is_known;   /* to the helper */
	bool is_leaving; /* the helper takes it to AdminDown */
	bool is_freed;   /* by the user: gone when the helper says so */
	UT_hash_handle hh;
};

struct bfd_sessions {
	struct bfd_session *by_id;
	uint32_t last_id;
	struct list unsent; /* those that the helper has to hear of */
};

void bfd_sessions_init(struct bfd_sessions *all);
void bfd_sessions_done(struct bfd_sessions *all); /* frees all */
/* In state Down, and unsent. */
struct bfd_session *bfd_sessions_add(struct bfd_sessions *all, const struct bfd_key *key,
				     const struct bfd_config *config, mono_t now);
void bfd_sessions_release(struct bfd_sessions *all, struct bfd_session *s);
struct bfd_session *bfd_sessions_find(const struct bfd_sessions *all, uint32_t id);
struct bfd_session *bfd_sessions_find_key(const struct bfd_sessions *all,
					  const struct bfd_key *key);
/* Of the user: those that it freed are not counted. */
size_t bfd_sessions_count(const struct bfd_sessions *all);
/* The helper knows of none, and has to hear of none. */
bool bfd_sessions_are_idle(const struct bfd_sessions *all);

void bfd_sessions_mark(struct bfd_sessions *all, struct bfd_session *s);
/* The message that brings the helper up to date on it. */
struct bfd_message bfd_session_message(const struct bfd_session *s);
/* Takes over a status report of the helper, but for the state, which is returned through report().
 */
void bfd_session_learn(struct bfd_session *s, const struct bfd_status *said);
/* The helper has ended, and the packets with it. The next one is to be told all; sessions that were
 * leaving have left. Those that are up go on there with `resume`, whose sequence numbers are in
 * `sent` (BFD_SLOTS of them, or NULL); the others are lost. */
void bfd_sessions_forget_helper(struct bfd_sessions *all, bool resume, const uint32_t *sent,
				mono_t now);
/* There is no next one to go on in. */
void bfd_sessions_give_up(struct bfd_sessions *all, mono_t now);

#endif
