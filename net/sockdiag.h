/* SPDX-License-Identifier: MIT */
/* Asks the kernel whether a socket listens on a port (sock_diag). Never binds anything; needs no
 * privilege. */
#ifndef NET_SOCKDIAG_H
#define NET_SOCKDIAG_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/err.h"
#include "net/portset.h"

struct sockdiag;

int sockdiag_new(struct sockdiag **ret, struct err *err);
void sockdiag_free(struct sockdiag *sd);
/* Is a socket of `proto` (IPPROTO_TCP: listening; IPPROTO_UDP: bound and unconnected) there on
 * `port` (host order) that other hosts can reach, v4 or v6: not bound to a loopback address or to
 * lo? 0 and *ret_listening, or -errno when the kernel could not be asked: the answer is then
 * unknown, not "no". *ret_loopback is the address of one that is bound so where there is no other,
 * else its family is 0. */
int sockdiag_listening(struct sockdiag *sd, uint8_t proto, uint16_t port, bool *ret_listening,
		       struct addr *ret_loopback);
/* Would a socket receive what is sent to this local address, loopback or not? */
int sockdiag_listening_at(struct sockdiag *sd, uint8_t proto, const struct addr *addr,
			  uint16_t port, bool *ret_listening);
/* The same, but sockets bound to a device are not seen. */
int sockdiag_listening_exactly(struct sockdiag *sd, uint8_t proto, const struct addr *addr,
			       uint16_t port, bool *ret_listening);
/* As sockdiag_listening(), but sockets bound to a specific address are not seen: a microsecond, not
 * fifty. */
int sockdiag_listening_anywhere(struct sockdiag *sd, uint8_t proto, uint16_t port,
				bool *ret_listening);
/* All ports with a socket that other hosts can reach at once. While sockets come and go the kernel
 * may leave one out: ports in the set are served, for the others ask sockdiag_listening(). */
int sockdiag_all_listening(struct sockdiag *sd, uint8_t proto, struct port_set *ret);

#endif
