/* SPDX-License-Identifier: MIT */
/*
 * One BFD session (RFC 5880 6.8): its variables, what a packet and the passing of time do to it,
 * and when it sends. Pure: `now` and random bits come in, at most one packet comes out of a step.
 *
 * Who calls it receives all packets that have arrived before it says that time has passed, so that
 * silence is never concluded from packets that were not read.
 *
 * Neither demand mode nor the echo function is ours: D is never set and Required Min Echo RX is 0,
 * so no peer may send echo packets. A peer in demand mode is sent nothing periodically (6.6).
 */
#ifndef BFD_FSM_H
#define BFD_FSM_H

#include "bfd/config.h"
#include "bfd/packet.h"
#include "bfd/status.h"

/* Not Up: packets leave no faster (6.8.3). */
#define BFD_SLOW_TX USEC_PER_SEC
/* A packet may leave so much before it is due, and no earlier than jitter allows: those of many
 * sessions leave together then. */
#define BFD_SLACK_MAX USEC_PER_MSEC
/* The peer is told AdminDown for so long at most. */
#define BFD_STOP_MAX USEC_PER_SEC

/* A Poll Sequence (6.5). */
enum bfd_poll {
	BFD_POLL_NONE,
	BFD_POLL_WANTED, /* behind the next packet, which has P clear */
	BFD_POLL_SENT,   /* P is set until F comes */
	BFD_POLL_STALE,  /* likewise, but the timers have changed since: another one follows */
};

struct bfd_fsm {
	struct bfd_config config;
	enum bfd_state state, remote_state;
	enum bfd_diag diag, remote_diag;
	uint32_t discr, remote_discr;
	span_t min_tx, min_rx;           /* as our packets say */
	span_t min_tx_used, min_rx_used; /* in use until the Poll Sequence has ended (6.8.3) */
	span_t remote_min_tx, remote_min_rx;
	uint8_t remote_multiplier; /* 0: nothing was received yet */
	bool remote_demand, remote_independent;
	enum bfd_poll poll;
	mono_t since, sent_at, heard_at;
	span_t tx_interval;      /* that tx_at was computed with */
	mono_t tx_at, detect_at; /* USEC_NEVER: not at all */
	bool excused;            /* a late detection was put off once */
	bool resumed; /* by another process, and the peer has not said yet that it is up too */
	unsigned stop_left; /* AdminDown: packets that the peer is still to be sent */
	uint64_t up_events, down_events;
	struct bfd_down down;
};

enum bfd_event_type {
	BFD_EV_START,
	BFD_EV_STOP,   /* AdminDown, for good */
	BFD_EV_CHANGE, /* another configuration */
	BFD_EV_PACKET, /* that is this session's, and authentic */
	BFD_EV_TIMER,  /* bfd_fsm_deadline() has come or is near, all that had arrived was read */
};

struct bfd_event {
	enum bfd_event_type type;
	mono_t now;
	uint32_t random; /* for jitter */
	union {
		const struct bfd_config *config; /* CHANGE */
		const struct bfd_packet *packet; /* PACKET */
		bool late; /* TIMER: this process did not run when it was due */
	};
};

struct bfd_actions {
	bool send;
	struct bfd_packet packet;
	bool dropped; /* the packet counts as dropped: BFD_DROP_ADMIN_DOWN */
	enum bfd_state from, to;
};

/* In state Down; START follows. */
void bfd_fsm_init(struct bfd_fsm *f, const struct bfd_config *config, uint32_t discr, mono_t now);
/* The same in state Up, as the process before had it: the peer may not have noticed that nothing
 * was sent for a moment. If it has, and says Down, that says nothing about the path: down.diag is
 * BFD_DIAG_NONE. Silence is judged by the rate of a peer that is down, whose detection time may
 * have passed. START follows. */
void bfd_fsm_resume(struct bfd_fsm *f, const struct bfd_config *config, const struct bfd_resume *r,
		    mono_t now);
/* Always fills *ret. */
void bfd_fsm_step(struct bfd_fsm *f, const struct bfd_event *event, struct bfd_actions *ret);
mono_t bfd_fsm_deadline(const struct bfd_fsm *f);
/* Silence has lasted too long, unless a packet is waiting. */
bool bfd_fsm_expects_packet(const struct bfd_fsm *f, mono_t now);
/* After STOP: the peer has been told often enough, or knows. */
bool bfd_fsm_is_finished(const struct bfd_fsm *f);
/* All but what the shell counts. */
void bfd_fsm_status(const struct bfd_fsm *f, struct bfd_status *ret);
/* 6.8.4; 0: nothing was received yet. */
span_t bfd_fsm_detection_time(const struct bfd_fsm *f);

#endif
