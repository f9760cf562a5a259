/* SPDX-License-Identifier: MIT */
/* The launcher itself (process/launcher.h). */
#ifndef PROCESS_LAUNCH_SERVER_H
#define PROCESS_LAUNCH_SERVER_H

#include "process/spawn.h"

/* In the forked process: answers requests until the other end is closed, and never returns. Closes
 * all other file descriptors. */
_Noreturn void launch_serve(int socket, const struct child_user *const users[], size_t n_users);

#endif
