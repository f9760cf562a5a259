/* SPDX-License-Identifier: MIT */
/* Asks the kernel who listens on a port (sock_diag). Never binds anything; needs no privilege. */
#ifndef NET_SOCKDIAG_H
#define NET_SOCKDIAG_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"

struct sockdiag;

int sockdiag_new(struct sockdiag **ret, struct err *err);
void sockdiag_free(struct sockdiag *sd);
/* Is a socket of `proto` (IPPROTO_TCP: listening; IPPROTO_UDP: bound and unconnected) there on
 * `port` (host order) at any local address, v4 or v6? 0 and *ret_listening, or -errno when the
 * kernel could not be asked: the answer is then unknown, not "no". */
int sockdiag_listening(struct sockdiag *sd, uint8_t proto, uint16_t port, bool *ret_listening);

#endif
