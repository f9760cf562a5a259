/* SPDX-License-Identifier: MIT */
/*
 * Closing a connection so that the final NOTIFICATION arrives.
 *
 * close() on a socket with unread input makes the kernel send RST, which can destroy a
 * NOTIFICATION before the peer has read it. So a connection that ends with one is handed over
 * here: the rest of the output is written, the direction is shut down, input is read and dropped
 * until the peer closes too or a second has passed. The session is over and can be established
 * anew meanwhile.
 */
#ifndef BGP_LINGER_H
#define BGP_LINGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct bgp_linger;

/* `empty` is called from the loop each time the last one is closed. */
struct bgp_linger *bgp_linger_new(sd_event *loop, void (*empty)(void *userdata), void *userdata);
/* Closes all at once. */
void bgp_linger_free(struct bgp_linger *l);
/* Takes the fd over; `rest` is output that was not written yet, and is copied. */
void bgp_linger_add(struct bgp_linger *l, int fd, const uint8_t *rest, size_t len);
bool bgp_linger_busy(const struct bgp_linger *l);

#endif
