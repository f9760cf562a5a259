/* SPDX-License-Identifier: MIT */
/* File systems whose calls wait for another machine, or for another process: open() and stat() may
 * take as long as that is silent. */
#ifndef LIB_REMOTE_FS_H
#define LIB_REMOTE_FS_H

#include <stdint.h>

/* "nfs" for the f_type of struct statfs; NULL: it is on this host. */
const char *remote_fs_name(uint32_t type);

#endif
