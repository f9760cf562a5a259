/* SPDX-License-Identifier: MIT */
/* Asks the kernel whether a socket listens on a port (sock_diag). Never binds anything; needs no
 * privilege. */
#ifndef NET_SOCKDIAG_H
#define NET_SOCKDIAG_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/err.h"
#include "net/listeners.h"

struct sockdiag;

int sockdiag_new(struct sockdiag **ret, struct err *err);
void sockdiag_free(struct sockdiag *sd);
/* Is a socket (TCP: listening; UDP: bound and unconnected) there that would receive what is sent to
 * the first address of the place? A microsecond. Sockets that are bound to a device are not seen. 0
 * and *ret_found, or -errno when the kernel could not be asked: the answer is then unknown, not
 * "no". */
int sockdiag_find(struct sockdiag *sd, const struct listener_place *place, bool *ret_found);
/* `port` is where it listens. */
typedef void sockdiag_cb(uint16_t port, const struct listener *l, void *userdata);
/* Walks over all such sockets on the port, fifty microseconds; of all ports if it is 0. While
 * sockets come and go the kernel may then leave one out. Some may come twice. */
int sockdiag_walk(struct sockdiag *sd, uint8_t proto, uint16_t port, sockdiag_cb *cb,
		  void *userdata);
/* Would a socket receive what is sent to this local address, loopback or not? */
int sockdiag_listening_at(struct sockdiag *sd, uint8_t proto, const struct addr *addr,
			  uint16_t port, bool *ret_listening);

#endif
