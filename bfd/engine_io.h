/* SPDX-License-Identifier: MIT */
/* The sockets of the engine: those that sessions share to receive, and one for each to send. What
 * cannot be opened is tried again, and the agent is told why it is missing. */
#ifndef BFD_ENGINE_IO_H
#define BFD_ENGINE_IO_H

#include "bfd/engine_data.h"
#include "bfd/message.h"

/* An interface, an address or a port that is not there yet. */
#define BFD_ENGINE_RETRY (250 * USEC_PER_MSEC)

/* The agent is to be told of the session. */
void bfd_engine_tell(struct bfd_engine *e, struct session *s);
/* `buf` is the error of a session, a listener or a status. */
void bfd_engine_set_text(char *buf, const char *text);

/* NULL: there is none for it. */
struct listener *bfd_engine_find_listener(const struct bfd_engine *e, const struct bfd_key *key);
void bfd_engine_want_listener(struct bfd_engine *e, const struct bfd_key *key);
/* Those that no session uses. */
void bfd_engine_release_listeners(struct bfd_engine *e);

bool bfd_engine_is_port_used(const struct bfd_engine *e, uint16_t port);
void bfd_engine_open_sender(struct bfd_engine *e, struct session *s);
/* Not while the main loop has not been heard of for the hold time. */
void bfd_engine_transmit(struct bfd_engine *e, struct session *s, const struct bfd_packet *p,
			 mono_t now);
/* After each step of it: one that sends nothing may need another socket all the same. */
void bfd_engine_watch(struct bfd_engine *e, const struct session *s, mono_t now);
/* Tries once more to open sockets that failed, if that is due. */
void bfd_engine_retry(struct bfd_engine *e);

#endif
