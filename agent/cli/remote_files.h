/* SPDX-License-Identifier: MIT */
/* Files that the agent asks for within its loop, and that are on a file system of the network. For
 * `check` alone: finding out may itself wait for the server. */
#ifndef AGENT_CLI_REMOTE_FILES_H
#define AGENT_CLI_REMOTE_FILES_H

#include <stdio.h>

#include "agent/config/config.h"

/* "nfs", of what the path, or the directory above that is there, is on; NULL: of this host, or of
 * the same file system as "/", without which nothing works. */
typedef const char *remote_fs_at_fn(const char *path);
const char *remote_fs_at(const char *path);

/* Prints a warning for each; returns how many. `at`: remote_fs_at(), or a test's. */
size_t remote_files_warn(const struct config *c, remote_fs_at_fn *at, const char *file, FILE *out);

#endif
