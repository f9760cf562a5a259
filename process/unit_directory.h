/* SPDX-License-Identifier: MIT */
/* Directories that systemd makes for a unit (StateDirectory=, RuntimeDirectory=;
 * systemd.exec(5)). */
#ifndef PROCESS_UNIT_DIRECTORY_H
#define PROCESS_UNIT_DIRECTORY_H

#include <stddef.h>

/* The directory that the variable ("STATE_DIRECTORY") names, the first if it is a list; `otherwise`
 * when it is not set, not an absolute path or longer than the buffer. Returns buf or `otherwise`.
 */
const char *unit_directory(const char *variable, const char *otherwise, char *buf, size_t size);

#endif
