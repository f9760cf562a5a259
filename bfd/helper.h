/* SPDX-License-Identifier: MIT */
/*
 * The process that sends and receives BFD packets (bfd.h): bfd/engine in a loop of its own, which
 * talks with the agent over a socket pair (message.h). It has no capability, no file, no other
 * descriptor of the agent's, and may make few system calls. It ends when its end of the socket is
 * closed and when the agent dies.
 */
#ifndef BFD_HELPER_H
#define BFD_HELPER_H

#include <stdint.h>
#include <sys/types.h>

#include "lib/err.h"

/* How often it asks whether the main loop runs. */
#define BFD_PING_INTERVAL (500 * USEC_PER_MSEC)

/* Forks it. *ret_socket (SEQPACKET, non-blocking) is the caller's. `sent` is shared memory, or
 * NULL: see bfd_engine_new(). */
int bfd_helper_start(uint32_t *sent, pid_t *ret_pid, int *ret_socket, struct err *err);

#endif
