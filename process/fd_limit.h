/* SPDX-License-Identifier: MIT */
/*
 * The limit of file descriptors (RLIMIT_NOFILE), and who may have the last ones.
 *
 * The agent raises its soft limit to the hard one; commands get the old one back, since programs of
 * old use select(). Of what is left, some are reserved: sessions and the API come first, then
 * checks of what is registered, then new apps and processes to be watched. So whoever asks for too
 * much is refused, and nothing that runs is hurt.
 */
#ifndef PROCESS_FD_LIMIT_H
#define PROCESS_FD_LIMIT_H

#include <stdint.h>

#include "lib/err.h"

enum fd_use {
	FD_FOR_CHECKS, /* leaves what BGP and the API need */
	FD_FOR_NEW,    /* leaves what checks need as well */
};

/* Once, at the start. Keeps the limit that children get. */
void fd_limit_raise(void);
/* The soft limit as it is now. */
uint64_t fd_limit(void);
/* May one more be opened for this? 0, or -EMFILE with a text that says what to do. */
int fd_limit_check(enum fd_use use, struct err *err);

/* In a forked child: the limit that we were started with. */
void fd_limit_lower(void);

#endif
